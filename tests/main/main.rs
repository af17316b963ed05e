//! The one integration binary: the real `gen` in a cleared sandbox.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs)]

mod cases;
mod readme;
mod sandbox;
