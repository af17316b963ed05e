//! (being built)

mod file;
pub(crate) mod walk;
pub(crate) mod whitespace;

pub use file::{Delimiters, TemplateFile};
