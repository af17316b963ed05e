//! What charts take.

pub(super) mod values;
