//! The one integration binary: the real `gen` in a cleared sandbox.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stderr, missing_docs)]

mod attacks;
mod bootstrap;
mod cache;
mod cases;
mod charts;
mod cli;
mod docs;
mod edit;
mod explain;
mod git;
#[path = "../hostile/mod.rs"]
mod hostile;
mod key;
mod kill;
mod kinds;
mod marker;
#[path = "../objects/mod.rs"]
mod objects;
mod readme;
mod rekey;
mod sandbox;
mod screens;
mod sealed;
mod schema;
mod secrets;
mod seal;
mod shells;
mod terminal;
mod tmux;
mod unseal;
mod texts;
mod watch;
