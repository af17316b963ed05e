//! The inputs of a pack as an editor's schema.

use super::forms::{SECRET_REF, object, put, refer, replaceable, take, tell_default};
use crate::yaml::{Map, Node, Value};

/// Keywords whose members are schemas.
const SCHEMAS: [&str; 2] = ["properties", "$defs"];

/// The schema of the inputs of a pack; `name` is the definition's, under which its own `$defs` stand.
pub(super) fn inputs(written: Option<&Node>, name: &str) -> Node {
    let empty = object([("properties", object([]))]);
    let mut schema = one(written.filter(|node| !node.is_null()).unwrap_or(&empty), name, true);
    put(&mut schema, "description", Node::new("What the pack takes; `gen pack show` explains it"));
    schema
}

/// `part`: may it say a part only, because layers are merged? Items of lists are whole.
fn one(written: &Node, name: &str, part: bool) -> Node {
    replaceable(bare(written, name, part), true)
}

/// The same, for which no reference stands.
fn bare(written: &Node, name: &str, part: bool) -> Node {
    let Value::Map(map) = &written.value else { return plain(written) };
    if map.get("secret").and_then(Node::as_bool) == Some(true) {
        let mut schema = refer(SECRET_REF);
        map.get("description").into_iter().for_each(|said| put(&mut schema, "description", plain(said)));
        return schema;
    }
    let mut schema = object([]);
    for (key, node) in map.iter() {
        match &*key.text {
            "required" if part => {}
            // Kubernetes' and Prometheus' formats mean nothing to an editor; what others mean to it is not quite ours.
            "format" => describe_format(&mut schema, node),
            "pattern" if node.as_str().is_some_and(|pattern| pattern.contains("(?")) => {}
            "secret" | "title" => {}
            "deprecated" if node.as_bool() == Some(true) => {
                put(&mut schema, "deprecationMessage", Node::new("deprecated"));
            }
            "deprecated" => {}
            "$ref" => {
                let path = node.as_str().unwrap_or_default().trim_start_matches('#');
                put(&mut schema, "$ref", Node::new(format!("#/definitions/{name}{path}")));
            }
            // Of schemas that say parts several may fit, and a reference stands for all of them.
            "oneOf" => {
                let forms = node.as_seq().unwrap_or_default().iter().map(|form| bare(form, name, part));
                put(&mut schema, "anyOf", Node::new(forms.collect::<Vec<_>>()));
            }
            "items" => put(&mut schema, "items", one(node, name, false)),
            "additionalProperties" if node.as_map().is_some() => {
                put(&mut schema, "additionalProperties", one(node, name, part));
            }
            word if SCHEMAS.contains(&word) => {
                let members = node.as_map().into_iter().flat_map(Map::iter);
                let members = members.map(|(key, node)| (&*key.text, one(node, name, part)));
                put(&mut schema, word, object(members));
            }
            word => put(&mut schema, word, plain(node)),
        }
    }
    if schema.get("properties").is_some() && schema.get("additionalProperties").is_none() {
        put(&mut schema, "additionalProperties", Node::new(false));
    }
    let said = take(&mut schema, "format-words");
    if let Some(said) = said.as_ref().and_then(Node::as_str) {
        let text = schema.get("description").and_then(Node::as_str).unwrap_or_default();
        let text = format!("{text} ({said})");
        put(&mut schema, "description", Node::new(text));
    }
    tell_default(&mut schema);
    schema
}

fn describe_format(schema: &mut Node, format: &Node) {
    let words = format.as_str().unwrap_or_default().replace('-', " ");
    put(schema, "format-words", Node::new(words));
}

/// Data without origins.
fn plain(node: &Node) -> Node {
    Node::new(match &node.value {
        Value::Seq(items) => Value::Seq(items.iter().map(plain).collect()),
        Value::Map(map) => Value::Map(map.iter().map(|(key, node)| (&*key.text, plain(node))).collect()),
        scalar => scalar.clone(),
    })
}
