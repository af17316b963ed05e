//! Templates: text with expressions in, documents out. The only place that knows MiniJinja.
//!
//! No value can change the structure of the output, because no value is ever in the text. An expression
//! writes a *slot* (`slots`); the text is parsed as YAML; each slot is replaced where it stands in the parsed
//! structure (`fill`). What the templates read are objects that log the reads (`inputs`), and with the
//! spans of the rendered text (`origin`) every value knows the template line and the config line it came from.
//!
//! [`compile`](compile()) once a pack, [`Compiled::render`] once a template and component.

mod compile;
pub(crate) mod convert;
mod decide;
mod error;
mod file;
mod fill;
pub(crate) mod filters;
mod give;
mod inputs;
mod origin;
mod parsed;
mod render;
mod slots;
pub(crate) mod walk;
pub(crate) mod whitespace;

pub use compile::{Compiled, TemplateSet, compile};
pub use decide::{Decision, Decisions, Reads};
pub use file::{Delimiters, TemplateFile};
pub use inputs::{Context, Root};

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
