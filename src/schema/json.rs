//! Schemas as JSON: those that `schemars` makes of our own types come in, values go out in one canonical
//! line.

use super::{Schema, parse::Flavour};
use crate::{
    address,
    diag::{Problems, Sources},
    yaml::{Map, Node, Value},
};

impl Schema {
    /// The schema of one of our own types, as `schemars` writes it.
    ///
    /// # Errors
    /// A sentence that names what this subset does not know: a mistake of ours, not of a user's.
    pub fn from_json(json: &serde_json::Value) -> Result<Schema, String> {
        let mut problems = Problems::new();
        let schema = Self::parse_as(&node(json), Flavour::Types, &Sources::new(), &mut problems);
        schema.ok_or_else(|| problems.0.into_iter().map(|d| d.message).collect::<Vec<_>>().join("; "))
    }
}

/// A value without origins. Integers beyond `i64` become floats.
fn node(json: &serde_json::Value) -> Node {
    use serde_json::Value as Json;
    Node::new(match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => match n.as_i64() {
            Some(i) => Value::Int(i),
            None => Value::Float(n.as_f64().unwrap_or(f64::MAX)),
        },
        Json::String(s) => Value::from(s.as_str()),
        Json::Array(items) => Value::Seq(items.iter().map(node).collect()),
        Json::Object(members) => {
            Value::Map(members.iter().map(|(k, v)| (k.as_str(), node(v))).collect::<Map>())
        }
    })
}

/// Reads JSON text as data without origins.
///
/// # Errors
/// A sentence that says what is wrong and where; integers between 2^63 and 2^64 are refused, larger ones are
/// floats.
pub fn parse_json(text: &str) -> Result<Node, String> {
    let json: serde_json::Value = serde_json::from_str(text).map_err(|why| why.to_string())?;
    if huge(&json) {
        return Err("an integer is beyond 64 bits".to_owned());
    }
    Ok(node(&json))
}

/// The byte at which a text stops to be JSON, and why; `None` for one that is JSON.
pub fn json_fault(text: &str) -> Option<(usize, String)> {
    let error = serde_json::from_str::<serde::de::IgnoredAny>(text).err()?;
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let mut at = (before + error.column().saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let said = error.to_string();
    let why = said.rsplit_once(" at line ").map_or(said.as_str(), |(why, _)| why);
    Some((at, why.to_owned()))
}

fn huge(json: &serde_json::Value) -> bool {
    use serde_json::Value as Json;
    match json {
        Json::Number(n) => n.is_u64() && !n.is_i64(),
        Json::Array(items) => items.iter().any(huge),
        Json::Object(members) => members.values().any(huge),
        _ => false,
    }
}

/// One line of JSON with sorted keys: equal for equal values, whatever the order of keys.
pub fn canonical_json(node: &Node) -> String {
    let mut text = String::new();
    write(node, &mut text);
    text
}

fn write(node: &Node, out: &mut String) {
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(i) => out.push_str(&i.to_string()),
        Value::Float(f) => out.push_str(&format!("{f:?}")),
        Value::Str(s) => quoted(s, out),
        Value::Seq(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by(|a, b| a.0.text.cmp(&b.0.text));
            out.push('{');
            for (index, (key, item)) in members.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                quoted(&key.text, out);
                out.push(':');
                write(item, out);
            }
            out.push('}');
        }
    }
}

fn quoted(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// A value in a few words for messages and tables: scalars bare, `[a, b]`, `{a: 1}`, cut after 60
/// characters, without what is secret in addresses.
pub fn short(node: &Node) -> String {
    let mut text = String::new();
    shorten(node, &mut text);
    // Before it is cut: of half an address nobody knows what is secret.
    let mut text = address::masked(&text).into_owned();
    if text.chars().count() > 60 {
        text = text.chars().take(59).chain(['…']).collect();
    }
    text
}

fn shorten(node: &Node, out: &mut String) {
    if out.len() > 400 {
        return;
    }
    match &node.value {
        Value::Str(s) if s.is_empty() || s.contains(['\n', '\t']) || s.trim() != &**s => quoted(s, out),
        Value::Str(s) => out.push_str(s),
        Value::Seq(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                shorten(item, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                out.push_str(&key.text);
                out.push_str(": ");
                shorten(item, out);
            }
            out.push('}');
        }
        _ => write(node, out),
    }
}
