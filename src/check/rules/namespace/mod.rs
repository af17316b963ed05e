//! Who lives where.

pub(super) mod scope;
pub(super) mod missing;
pub(super) mod pruned;
