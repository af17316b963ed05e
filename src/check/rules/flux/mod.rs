//! What Flux's objects refer to.

pub(super) mod path;
pub(super) mod depends_on;
pub(super) mod source_ref;
pub(super) mod controller;
