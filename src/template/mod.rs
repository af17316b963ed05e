//! (being built)

pub(crate) mod whitespace;
