//! JSON Schemas for editors: of `fleet.yaml`, environments and layers of one project ([`project()`]), and of `pack.yaml`
//! files ([`packs`]).
//!
//! They say what can be known while somebody writes a file: fields, inputs of packs, values of charts, names that are
//! there. A file may be a layer and say any part of a thing, so nothing is required and everything may be removed with
//! null; `gen render` has the last word. Draft-07, in the keywords that yaml-language-server understands; a sibling of
//! `$ref` is a description and nothing that judges.

mod files;
mod forms;
mod inputs;
mod known;
mod values;

pub use files::{packs, project};

/// Where a project keeps its schema. It is made from the project and the program, so it is no file to commit.
pub const PROJECT_SCHEMA: &str = ".gen/schema.json";
/// Where a project keeps the schema of its packs.
pub const PACK_SCHEMA: &str = ".gen/pack.schema.json";
