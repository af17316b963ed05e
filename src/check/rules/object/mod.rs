//! Objects as a whole.

pub(super) mod duplicate;
