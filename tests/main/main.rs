//! The one integration binary: the real `gen` in a cleared sandbox.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stderr, missing_docs)]

mod attacks;
mod cases;
mod charts;
mod cli;
mod hostile;
mod judges;
mod kill;
mod kinds;
mod kustomize;
mod readers;
mod readme;
mod sandbox;
