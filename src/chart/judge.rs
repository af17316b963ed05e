//! What of some values a chart does not take.

use super::{Facts, Field, Kinds};
use crate::{
    diag::{Place, did_you_mean},
    yaml::{Node, Value},
};
use std::sync::Arc;

/// A value that does not fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit {
    /// The keys that lead to it; items of lists by their number.
    pub path: Vec<Arc<str>>,
    /// Where it is set: the key, or the value if that is of the wrong type.
    pub place: Option<Place>,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Wrong {
    /// The chart knows no such key.
    Key {
        /// The nearest one that it knows.
        near: Option<String>,
    },
    /// It is of another type than the chart takes.
    Type {
        /// What it takes: `a boolean or a string`.
        takes: String,
        /// What was given: `a mapping`.
        given: &'static str,
    },
}

/// What of `values` does not fit a chart, in their order. `null` always does: it takes a default away.
pub fn judge(facts: &Facts, values: &Node) -> Vec<Misfit> {
    let mut found = Vec::new();
    value(&facts.values, values, &mut Vec::new(), &mut found);
    found
}

fn value(field: &Field, node: &Node, path: &mut Vec<Arc<str>>, found: &mut Vec<Misfit>) {
    let Some(kind) = Kinds::of(&node.value) else { return };
    if !field.kinds.has(kind) {
        let wrong = Wrong::Type { takes: takes(field.kinds), given: node.value.kind() };
        return found.push(Misfit { path: path.clone(), place: node.place(), wrong });
    }
    match &node.value {
        Value::Map(map) => {
            for (key, node) in map.iter() {
                path.push(Arc::clone(&key.text));
                match field.member(&key.text) {
                    Some(member) => value(member, node, path, found),
                    None => {
                        let wrong = Wrong::Key { near: near(&key.text, field).map(str::to_owned) };
                        found.push(Misfit { path: path.clone(), place: key.place, wrong });
                    }
                }
                path.pop();
            }
        }
        Value::Seq(items) => {
            for (index, node) in items.iter().enumerate() {
                let Some(item) = field.items.as_deref() else { break };
                path.push(index.to_string().into());
                value(item, node, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

/// The known key that was meant: mistyped, or of which more or less was written (`storageClassName`, `storageClass`).
fn near<'f>(key: &str, field: &'f Field) -> Option<&'f str> {
    let known = || field.members.keys().map(String::as_str);
    let part =
        |known: &&str| known.len().min(key.len()) >= 5 && (known.starts_with(key) || key.starts_with(known));
    did_you_mean(key, known())
        .or_else(|| known().filter(part).min_by_key(|known| known.len().abs_diff(key.len())))
}

/// Types in words.
fn takes(kinds: Kinds) -> String {
    let mut words: Vec<&str> = [
        (Kinds::BOOL, "a boolean"),
        (Kinds::NUMBER, "a number"),
        (Kinds::INT, "an integer"),
        (Kinds::STRING, "a string"),
        (Kinds::LIST, "a list"),
        (Kinds::MAP, "a mapping"),
    ]
    .into_iter()
    .filter(|(kind, word)| kinds.has(*kind) && !(*word == "an integer" && kinds.has(Kinds::NUMBER)))
    .map(|(_, word)| word)
    .collect();
    match words.pop() {
        None => "nothing but null".to_owned(),
        Some(last) if words.is_empty() => last.to_owned(),
        Some(last) => format!("{} or {last}", words.join(", ")),
    }
}
