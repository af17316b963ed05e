//! Texts: JSON, YAML, base64, hashes, regular expressions, names.

use super::builtin::fits;
use crate::{
    diag::{Problems, Sources},
    hash::sha256 as hash,
    schema,
    template::convert::{error, from_node, key_text, kind, to_node},
    yaml,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use minijinja::{
    Error, Value,
    value::{Kwargs, ValueKind},
};
use regex::{Regex, RegexBuilder};

pub(super) fn table() -> Vec<(&'static str, Value)> {
    vec![
        ("b64decode", Value::from_function(b64decode)),
        ("b64encode", Value::from_function(b64encode)),
        ("dns_label", Value::from_function(dns_label)),
        ("from_json", Value::from_function(from_json)),
        ("from_yaml", Value::from_function(from_yaml)),
        ("regex_match", Value::from_function(regex_match)),
        ("regex_replace", Value::from_function(regex_replace)),
        ("required", Value::from_function(required)),
        ("sha256", Value::from_function(sha256)),
        ("to_json", Value::from_function(to_json)),
        ("to_yaml", Value::from_function(to_yaml)),
        ("tojson", Value::from_function(to_json)),
        ("urlencode", Value::from_function(urlencode)),
    ]
}

/// The text of a string or a number.
pub(super) fn text_of(value: &Value) -> Result<String, Error> {
    match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None if value.is_number() && !value.is_integer() => Ok(format!("{}", f64::try_from(value.clone())?)),
        None if value.is_number() => Ok(value.to_string()),
        None => Err(error(format!("it takes a string, not {}", kind(value)))),
    }
}

/// A text for a message: itself if it is short.
pub(super) fn shown(text: &str) -> String {
    if text.chars().count() <= 40 && !text.contains(char::is_control) {
        format!("`{text}`")
    } else {
        format!("a text of {} characters", text.chars().count())
    }
}

/// JSON: compact, or with `indent=N` (or `true`: two) over lines; keys keep their order.
fn to_json(value: &Value, indent: Option<Value>, kwargs: Kwargs) -> Result<String, Error> {
    let indent = match indent {
        Some(indent) => Some(indent),
        None => kwargs.get::<Option<Value>>("indent")?,
    };
    kwargs.assert_all_used()?;
    let width = match indent {
        None => None,
        Some(flag) if flag.is_none() || flag == Value::from(false) => None,
        Some(flag) if flag == Value::from(true) && !flag.is_number() => Some(2),
        Some(width) => match width.as_usize() {
            Some(width) if width <= 16 => Some(width),
            _ => return Err(error("`indent` is a number from 0 to 16")),
        },
    };
    Ok(yaml::to_json(&to_node(value)?, width))
}

/// YAML as `gen` writes it, without a line break at the end.
fn to_yaml(value: &Value) -> Result<String, Error> {
    let mut text = yaml::emit(&to_node(value)?);
    if text.ends_with('\n') {
        text.pop();
    }
    Ok(text)
}

fn from_yaml(value: &str) -> Result<Value, Error> {
    let mut sources = Sources::new();
    let id = sources.add("the text", value);
    let mut problems = Problems::new();
    if let Some(node) = yaml::read_one(value, id, &mut problems) {
        return Ok(from_node(&node));
    }
    let said = problems.0.first();
    let line = said.and_then(|d| d.labels.first()).map_or(1, |l| sources.line_column(l.place).0);
    let what = said.map_or("it cannot be read", |d| d.message.as_str());
    Err(error(format!("this is no YAML: {what}, in line {line} of the text")))
}

fn from_json(value: &str) -> Result<Value, Error> {
    schema::parse_json(value)
        .map(|node| from_node(&node))
        .map_err(|why| error(format!("this is no JSON: {why}")))
}

fn b64encode(value: &Value) -> Result<String, Error> {
    let text = text_of(value)?;
    fits(text.len().saturating_mul(2))?;
    Ok(STANDARD.encode(text))
}

/// Blanks and line breaks in the text do not matter; the result must be text. Messages never show it.
fn b64decode(value: &str) -> Result<String, Error> {
    let dense: String = value.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(dense).map_err(|_| error("the text is not base64"))?;
    String::from_utf8(bytes).map_err(|_| error("what is decoded is not text in UTF-8"))
}

/// SHA-256 of the text, 64 hexadecimal digits.
fn sha256(value: &Value) -> Result<String, Error> {
    Ok(hash(text_of(value)?.as_bytes()))
}

/// Percent-encodes a text, all but letters, digits and `-._~/`; a mapping becomes `a=b&c=d`, without `/`.
fn urlencode(value: &Value) -> Result<String, Error> {
    let encoded = |text: &str, slash: bool| -> Result<String, Error> {
        fits(text.len().saturating_mul(3))?;
        let mut out = String::with_capacity(text.len());
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (slash && byte == b'/') {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        Ok(out)
    };
    if value.kind() != ValueKind::Map {
        return encoded(&text_of(value)?, true);
    }
    let mut parts = Vec::new();
    for key in value.try_iter()? {
        let item = text_of(&value.get_item(&key)?)?;
        parts.push(format!("{}={}", encoded(&key_text(&key)?, false)?, encoded(&item, false)?));
    }
    Ok(parts.join("&"))
}

/// Fails with the author's own sentence when there is nothing.
fn required(value: &Value, message: &str) -> Result<Value, Error> {
    if value.is_undefined() || value.is_none() || value.as_str() == Some("") {
        return Err(error(message));
    }
    Ok(value.clone())
}

fn compiled(pattern: &str) -> Result<Regex, Error> {
    RegexBuilder::new(pattern).size_limit(1 << 20).dfa_size_limit(1 << 20).build().map_err(|why| {
        let why = why.to_string();
        let last = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        error(format!("{} is no regular expression: {last}", shown(pattern)))
    })
}

/// Does the pattern match anywhere in the text? Anchor it with `^` and `$` to match the whole.
pub(super) fn regex_match(value: &Value, pattern: &str) -> Result<bool, Error> {
    Ok(compiled(pattern)?.is_match(&text_of(value)?))
}

/// Replaces every match; `$1` and `${name}` stand for groups, `$$` for `$`.
fn regex_replace(value: &Value, pattern: &str, replacement: &str) -> Result<String, Error> {
    let text = text_of(value)?;
    let regex = compiled(pattern)?;
    let mut out = String::new();
    let mut from = 0;
    for found in regex.captures_iter(&text) {
        let Some(whole) = found.get(0) else { continue };
        out.push_str(&text[from..whole.start()]);
        found.expand(replacement, &mut out);
        fits(out.len())?;
        from = whole.end();
    }
    out.push_str(&text[from..]);
    fits(out.len())?;
    Ok(out)
}

/// A DNS label of at most 63 characters (or `length`): lower case, other characters as `-`; what had to be
/// changed or cut gets eight digits of a hash of the original, so that different texts stay different.
fn dns_label(value: &Value, length: Option<usize>) -> Result<String, Error> {
    let text = text_of(value)?;
    let most = length.unwrap_or(63);
    if !(9..=253).contains(&most) {
        return Err(error("the length is a number from 9 to 253"));
    }
    let letter = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_lowercase() || c.is_ascii_digit() => c,
        _ => '-',
    };
    let changed: String = text.chars().map(letter).collect();
    let label = changed.trim_matches('-');
    if label == text && !label.is_empty() && label.len() <= most {
        return Ok(text);
    }
    let digits = &hash(text.as_bytes())[..8];
    let kept = label[..label.len().min(most - 9)].trim_end_matches('-');
    Ok(if kept.is_empty() { digits.to_owned() } else { format!("{kept}-{digits}") })
}
