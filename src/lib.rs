//! `gen` turns a typed description of environments into a Git tree that Flux reconciles.
//!
//! One straight line, see [`pipeline`]: load → resolve → render → layout → check → write.
//! The order of the modules below is a rule: a module uses only those listed above it
//! (`tests/tidy.rs` keeps it).

pub mod address;
pub mod diag;
pub mod hash;
pub mod plain;
pub mod name;
pub mod recipient;
pub mod expression;
pub mod yaml;
pub mod seal;
pub mod schema;
pub mod chart;
pub mod tree;
pub mod flux;
pub mod host;
pub mod secret;
pub mod config;
pub mod template;
pub mod load;
pub mod resolve;
pub mod render;
pub mod layout;
pub mod check;
pub mod write;
pub mod pipeline;
pub mod cache;
pub mod lint;
pub mod explain;
pub mod editor;
pub mod bootstrap;
pub mod compare;
pub mod cli;
