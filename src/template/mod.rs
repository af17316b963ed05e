//! (being built)

mod file;
pub(crate) mod whitespace;

pub use file::{Delimiters, TemplateFile};
