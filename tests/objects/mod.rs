//! Objects by identity, and where two sets of them differ.

use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// Objects by `apiVersion kind namespace name`.
pub(crate) type Objects = BTreeMap<String, Json>;

/// How many differences are told.
const TOLD: usize = 20;

/// `apiVersion kind namespace name` of an object.
pub(crate) fn identity(object: &Json) -> String {
    let text = |pointer| object.pointer(pointer).and_then(Json::as_str).unwrap_or_default();
    ["/apiVersion", "/kind", "/metadata/namespace", "/metadata/name"].map(text).join(" ")
}

/// Objects by identity.
///
/// # Errors
/// One has no name, or two are the same.
pub(crate) fn by_identity(list: Vec<Json>) -> Result<Objects, String> {
    let mut objects = Objects::new();
    for object in list {
        let identity = identity(&object);
        if identity.ends_with(' ') {
            return Err(format!("an object without a name: {object}"));
        }
        if objects.insert(identity.clone(), object).is_some() {
            return Err(format!("two objects {identity}"));
        }
    }
    Ok(objects)
}

/// Every difference, a line each: `identity, path: expected …, found …`. Empty if there is none.
pub(crate) fn differences(expected: &Objects, found: &Objects) -> Vec<String> {
    let mut told = Vec::new();
    for identity in expected.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
        match (expected.get(identity), found.get(identity)) {
            (Some(expected), Some(found)) => {
                walk(expected, found, "", &mut |path, what| told.push(format!("{identity}, {path}: {what}")));
            }
            (Some(_), None) => told.push(format!("{identity}: expected, not found")),
            (None, _) => told.push(format!("{identity}: found, not expected")),
        }
    }
    let more = told.len().saturating_sub(TOLD);
    if more > 0 {
        told.truncate(TOLD);
        told.push(format!("and {more} more"));
    }
    told
}

fn walk(expected: &Json, found: &Json, path: &str, tell: &mut dyn FnMut(&str, String)) {
    match (expected, found) {
        (Json::Object(a), Json::Object(b)) => {
            for key in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
                let path = format!("{path}.{}", key_text(key));
                match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => walk(a, b, &path, tell),
                    (Some(a), None) => tell(&path, format!("expected {}, found nothing", text(a))),
                    (None, b) => {
                        tell(&path, format!("expected nothing, found {}", text(b.unwrap_or(&Json::Null))));
                    }
                }
            }
        }
        (Json::Array(a), Json::Array(b)) => {
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                walk(a, b, &format!("{path}[{i}]"), tell);
            }
            if a.len() != b.len() {
                tell(path, format!("expected {} items, found {}", a.len(), b.len()));
            }
        }
        (a, b) if same(a, b) => {}
        (a, b) => tell(path, format!("expected {}, found {}", text(a), text(b))),
    }
}

/// A value, or its beginning.
fn text(value: &Json) -> String {
    let text = value.to_string();
    let end = text.char_indices().nth(200).map(|(at, _)| format!("{}…", &text[..at]));
    end.unwrap_or(text)
}

/// Integers are the same if they are equal, other numbers if they are the same to a reader of 64-bit floats (`1.0` and `1`).
fn same(expected: &Json, found: &Json) -> bool {
    match (expected, found) {
        (Json::Number(a), Json::Number(b)) if a.is_f64() => a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

fn key_text(key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if plain { key.to_owned() } else { format!("{key:?}") }
}
