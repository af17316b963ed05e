//! The only place that knows a YAML library: parse with places and styles, resolve plain scalars as
//! Kubernetes does, and emit so that every reader gets the very same values.
//!
//! | want | use |
//! |---|---|
//! | bytes of a file as text | [`decode`] |
//! | a config file | [`read`], [`read_one`] |
//! | manifests made by others | [`read_manifests`] |
//! | what stands in the text, unresolved | [`raw::parse`], then [`scalar::literal`], [`key_text`], [`MapBuilder`] |
//! | what a plain scalar means, and whether readers agree | [`scalar::resolve`], [`scalar::disputed`] |
//! | text from values | [`emit`], [`emit_all`], [`emit_into`], after [`refused`] |
//! | text with its comments, to change and write back | [`commented`] |
//! | JSON from values | [`to_json`] |

pub mod commented;
mod decode;
mod emit;
mod json;
mod lint;
mod marks;
mod merge;
mod node;
pub mod raw;
mod read;
mod refused;
pub mod scalar;
mod strings;
mod syntax;

pub use decode::{Why, decode};
pub use emit::{emit, emit_all, emit_into};
pub use json::to_json;
pub use merge::MapBuilder;
pub use node::{Key, Map, Node, Origin, Read, Style, Trail, Value};
pub use raw::{RawDocument, RawKind, RawNode};
pub use read::{Rules, bad_merge, duplicate, key_text, read, read_manifests, read_one};
pub use refused::refused;
pub use scalar::{Scalar, disputed, resolve};
