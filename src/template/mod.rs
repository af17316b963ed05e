//! (being built)

pub(crate) mod convert;
mod file;
pub(crate) mod walk;
pub(crate) mod filters;
pub(crate) mod whitespace;

pub use file::{Delimiters, TemplateFile};
