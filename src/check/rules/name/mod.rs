//! Names and labels, as the API server takes them.

pub(super) mod object;
pub(super) mod release;
pub(super) mod label;
pub(super) mod annotation;
