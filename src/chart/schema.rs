//! What a JSON Schema adds to facts: Helm refuses values that break it, so its types count more than a default's.
//!
//! Read are `type enum const properties additionalProperties patternProperties items allOf anyOf oneOf default` and `$ref`
//! within the schema. What else a schema says makes nothing wrong here.

use super::{Field, Kinds, Others, values};
use crate::yaml::{Node, Value};
use std::cell::Cell;

/// Nesting beyond this is left open: schemas may name themselves.
const DEEPEST: usize = 24;
/// What comes after so many steps is left open: a schema that names itself at several places has more than can be gone.
const MOST: usize = 200_000;

/// Where `$ref` begins, and the steps that are left.
struct Root<'n> {
    node: &'n Node,
    left: Cell<usize>,
}

/// Lays a schema over what is known of a value. `$ref` begins at the schema itself.
pub(super) fn lay(field: &mut Field, schema: &Node) {
    deeper(field, schema, &Root { node: schema, left: Cell::new(MOST) }, 0);
}

fn deeper(field: &mut Field, schema: &Node, root: &Root, depth: usize) {
    let left = root.left.get();
    root.left.set(left.saturating_sub(1));
    if left == 0 || depth > DEEPEST || schema.as_map().is_none() {
        return loosen(field);
    }
    if let Some(path) = schema.get("$ref").and_then(Node::as_str) {
        match pointer(path, root.node) {
            Some(target) => deeper(field, target, root, depth + 1),
            None => loosen(field),
        }
    }
    let parts = |word: &str| schema.get(word).and_then(Node::as_seq).unwrap_or_default();
    for part in parts("allOf") {
        deeper(field, part, root, depth + 1);
    }
    if let Some(kinds) = kinds(schema) {
        field.kinds = kinds;
    }
    for word in ["anyOf", "oneOf"] {
        either(field, parts(word), root, depth);
    }
    members(field, schema, root, depth);
    if let Some(items) = schema.get("items").filter(|items| items.as_map().is_some()) {
        let mut known = field.items.take().map_or_else(Field::default, |items| *items);
        deeper(&mut known, items, root, depth + 1);
        field.items = Some(Box::new(known)).filter(|items| **items != Field::default());
    }
    tidy(field);
}

/// The value of one of several schemas.
fn either(field: &mut Field, parts: &[Node], root: &Root, depth: usize) {
    if parts.is_empty() {
        return;
    }
    let outer = field.kinds;
    let mut union = Kinds::NONE;
    for part in parts {
        let mut one = Field { kinds: outer, ..field.clone() };
        deeper(&mut one, part, root, depth + 1);
        union = union.or(one.kinds);
        for (key, member) in one.members {
            field.members.entry(key).or_insert(member);
        }
    }
    field.kinds = union;
    field.others = Others::Any;
}

fn members(field: &mut Field, schema: &Node, root: &Root, depth: usize) {
    let properties = schema.get("properties").and_then(Node::as_map);
    for (key, property) in properties.into_iter().flat_map(|map| map.iter()) {
        let member = field.members.entry(key.text.to_string()).or_insert_with(|| fresh(property));
        member.hint = false;
        deeper(member, property, root, depth + 1);
    }
    let more = schema.get("additionalProperties");
    if schema.get("patternProperties").is_some() {
        field.others = Others::Any;
    }
    match more.map(|node| &node.value) {
        None => {}
        Some(Value::Bool(false)) if schema.get("patternProperties").is_none() => {
            field.members.retain(|_, member| !member.hint);
            field.others = Others::None;
        }
        Some(Value::Map(map)) if !map.is_empty() => {
            let each = more.map_or_else(Field::default, |node| {
                let mut each = fresh(node);
                deeper(&mut each, node, root, depth + 1);
                each
            });
            for member in field.members.values_mut() {
                if let Some(node) = more.filter(|_| properties.is_none()) {
                    deeper(member, node, root, depth + 1);
                }
            }
            field.others = if each == Field::default() { Others::Any } else { Others::Each(Box::new(each)) };
        }
        Some(_) if properties.is_none() => {
            field.members.values_mut().for_each(loosen);
            field.others = Others::Any;
        }
        Some(_) => field.others = Others::Any,
    }
}

/// A key that only the schema names.
fn fresh(schema: &Node) -> Field {
    let default = schema.get("default").map(|node| node.value.clone()).filter(values::short);
    Field { default, ..Field::default() }
}

/// Keeps what is known, and makes nothing wrong.
pub(super) fn loosen(field: &mut Field) {
    field.kinds = Kinds::ANY;
    field.others = Others::Any;
    field.items = None;
    field.members.values_mut().for_each(loosen);
}

/// What a value cannot be has neither members nor items.
fn tidy(field: &mut Field) {
    if !field.kinds.has(Kinds::MAP) {
        field.members.clear();
        field.others = Others::None;
    }
    if !field.kinds.has(Kinds::LIST) {
        field.items = None;
    }
}

fn kinds(schema: &Node) -> Option<Kinds> {
    let union = |kinds: &mut dyn Iterator<Item = Kinds>| kinds.fold(Kinds::NONE, Kinds::or);
    if let Some(types) = schema.get("type") {
        let word = |node: &Node| {
            Some(match node.as_str()? {
                "boolean" => Kinds::BOOL,
                "integer" => Kinds::INT,
                "number" => Kinds::NUMBER,
                "string" => Kinds::STRING,
                "array" => Kinds::LIST,
                "object" => Kinds::MAP,
                "null" => Kinds::NONE,
                _ => Kinds::ANY,
            })
        };
        return match types.as_seq() {
            Some(several) => Some(union(&mut several.iter().filter_map(word))),
            None => word(types),
        };
    }
    let values =
        schema.get("enum").and_then(Node::as_seq).or(schema.get("const").map(std::slice::from_ref))?;
    Some(union(&mut values.iter().filter_map(|node| Kinds::of(&node.value))))
}

/// What `#/$defs/a` names.
fn pointer<'n>(path: &str, root: &'n Node) -> Option<&'n Node> {
    let path = path.strip_prefix('#')?;
    let mut keys = path.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~"));
    keys.try_fold(root, |node, key| node.get(&key))
}
