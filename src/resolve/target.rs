//! What references may name in a component: its inputs with defaults, its exports, its name.

use crate::{
    diag::{Problems, Sources},
    schema::{Mode, Schema},
    yaml::{Map, Node, Value},
};
use std::cell::OnceCell;

/// What references may name in a component.
pub(super) struct Target<'a> {
    /// As written, references not resolved.
    pub(super) raw: Node,
    /// The schema whose defaults fill `raw`; none for a stand-in.
    pub(super) schema: Option<&'a Schema>,
    /// The texts that the schema's check shows.
    pub(super) sources: &'a Sources,
    /// `raw` with its defaults, once somebody asked.
    pub(super) filled: OnceCell<Node>,
    /// `{name, namespace, pack, stage}`.
    pub(super) component: Node,
    /// The pack's `exports`.
    pub(super) exports: Option<&'a Node>,
}

impl Target<'_> {
    /// The inputs with defaults; references stay references.
    pub(super) fn inputs(&self) -> &Node {
        self.filled.get_or_init(|| filled(&self.raw, self.schema, self.sources))
    }
}

/// Inputs as written with their defaults; references stay references.
pub(super) fn filled(raw: &Node, schema: Option<&Schema>, sources: &Sources) -> Node {
    let mut filled = mask(raw);
    if let Some(schema) = schema {
        // What is wrong with the inputs is told when they are checked with references resolved.
        schema.check(&mut filled, "inputs", sources, &mut Problems::new(), Mode::Inputs);
    }
    unmask(&mut filled, raw);
    filled
}

/// References replaced by null, so that no default is filled into one.
fn mask(node: &Node) -> Node {
    let value = match &node.value {
        Value::Map(map) if reference(map).is_some() => Value::Null,
        Value::Map(map) => Value::Map(map.iter().map(|(k, v)| (k.clone(), mask(v))).collect()),
        Value::Seq(items) => Value::Seq(items.iter().map(mask).collect()),
        other => other.clone(),
    };
    Node { value, origin: node.origin.clone(), style: node.style }
}

/// References put back where [`mask`] took them out.
fn unmask(filled: &mut Node, raw: &Node) {
    match (&mut filled.value, &raw.value) {
        (_, Value::Map(map)) if reference(map).is_some() => *filled = raw.clone(),
        (Value::Map(filled), Value::Map(raw)) => {
            for (key, node) in raw.iter() {
                if let Some(member) = filled.get_mut(&key.text) {
                    unmask(member, node);
                }
            }
        }
        (Value::Seq(filled), Value::Seq(raw)) => {
            filled.iter_mut().zip(raw).for_each(|(filled, raw)| unmask(filled, raw));
        }
        _ => {}
    }
}

/// The reference key of a mapping and what it names.
pub fn reference(map: &Map) -> Option<(&str, &Node)> {
    map.iter().find(|(k, _)| matches!(&*k.text, "$from" | "$text" | "$file")).map(|(k, v)| (&*k.text, v))
}
