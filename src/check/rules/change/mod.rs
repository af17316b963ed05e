//! What must not change in an object that is there already.

pub(super) mod selector;
