//! The only place that knows a YAML library: parse with places and styles, resolve plain scalars as
//! Kubernetes does, and emit so that every reader gets the very same values.

mod json;
mod node;

pub use json::to_json;
pub use node::{Key, Map, Node, Origin, Read, Style, Trail, Value};
