//! Between the template engine's values and ours.

use crate::yaml::{Key, Map, Node, Value as Yaml};
use indexmap::IndexMap;
use minijinja::{Error, ErrorKind, Value, value::ValueKind};

/// Values nest at most this deep, and hold at most this many parts.
const DEEPEST: usize = 100;
const MOST: usize = 1_000_000;

/// A sentence of ours as an error of the engine.
pub(crate) fn error(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

/// What a value is called in messages: `a string`, `a mapping`.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value.kind() {
        ValueKind::Undefined => "an undefined value",
        ValueKind::None => "null",
        ValueKind::Bool => "a boolean",
        ValueKind::Number if value.is_integer() => "an integer",
        ValueKind::Number => "a number",
        ValueKind::String => "a string",
        ValueKind::Bytes => "bytes",
        ValueKind::Seq | ValueKind::Iterable => "a list",
        ValueKind::Map => "a mapping",
        _ => "something that is no data",
    }
}

/// A value of the engine as plain data, without origins.
///
/// # Errors
/// Undefined values, functions and the like, bytes, integers beyond 64 bits, numbers that are not finite,
/// nesting without end, two keys that are equal as text.
pub(crate) fn to_node(value: &Value) -> Result<Node, Error> {
    plain(value, 0, &mut 0)
}

fn plain(value: &Value, depth: usize, count: &mut usize) -> Result<Node, Error> {
    *count += 1;
    if depth > DEEPEST || *count > MOST {
        return Err(error("the value is nested too deeply or too large"));
    }
    let data = match value.kind() {
        ValueKind::None => Yaml::Null,
        ValueKind::Bool => Yaml::Bool(value.is_true()),
        ValueKind::Number if value.is_integer() => {
            Yaml::Int(value.as_i64().ok_or_else(|| error("an integer is beyond 64 bits"))?)
        }
        ValueKind::Number => {
            let float = f64::try_from(value.clone())?;
            if !float.is_finite() {
                return Err(error("a number is not finite"));
            }
            Yaml::Float(float)
        }
        ValueKind::String => Yaml::from(value.as_str().unwrap_or_default()),
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter()?.map(|item| plain(&item, depth + 1, count));
            Yaml::Seq(items.collect::<Result<_, _>>()?)
        }
        ValueKind::Map => {
            let mut map = Map::new();
            for key in value.try_iter()? {
                let item = plain(&value.get_item(&key)?, depth + 1, count)?;
                let text = key_text(&key)?;
                if map.insert(Key::from(text.as_str()), item).is_some() {
                    return Err(error(format!("the key `{text}` is there twice")));
                }
            }
            Yaml::Map(map)
        }
        _ => return Err(error(format!("{} cannot be written as data", kind(value)))),
    };
    Ok(Node::new(data))
}

/// The text of a key: of a string, an integer or a boolean.
///
/// # Errors
/// Everything else.
pub(crate) fn key_text(key: &Value) -> Result<String, Error> {
    match key.kind() {
        ValueKind::String => Ok(key.as_str().unwrap_or_default().to_owned()),
        ValueKind::Bool => Ok(key.is_true().to_string()),
        ValueKind::Number if key.is_integer() => Ok(key.to_string()),
        _ => Err(error(format!("{} cannot be a key", kind(key)))),
    }
}

/// Plain data as a value of the engine; mappings keep their order.
pub(crate) fn from_node(node: &Node) -> Value {
    match &node.value {
        Yaml::Null => Value::from(()),
        Yaml::Bool(b) => Value::from(*b),
        Yaml::Int(i) => Value::from(*i),
        Yaml::Float(f) => Value::from(*f),
        Yaml::Str(s) => Value::from(s.clone()),
        Yaml::Seq(items) => Value::from(items.iter().map(from_node).collect::<Vec<_>>()),
        Yaml::Map(map) => {
            mapping(map.iter().map(|(key, item)| (Value::from(key.text.clone()), from_node(item))))
        }
    }
}

/// A mapping in the given order.
pub(crate) fn mapping(members: impl IntoIterator<Item = (Value, Value)>) -> Value {
    Value::from_object(members.into_iter().collect::<IndexMap<Value, Value>>())
}
