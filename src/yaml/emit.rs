//! Our own canonical emitter: two-space indent (also of list items under a key), `apiVersion, kind, metadata` first,
//! literal blocks for text of several lines, everything else that any reader could take for something else in double
//! quotes. No anchors, no `<<`, no flow collections but `{}` and `[]`, no folding, LF only.

use super::{Key, Map, Node, Value, strings};
use std::fmt::Write;

/// Keys of more bytes are written as `? key`: a simple one is refused by readers from 1,024 characters on.
const LONG_KEY: usize = 100;

/// One document: ends with exactly one line feed, has no `---`.
pub fn emit(node: &Node) -> String {
    let mut out = String::new();
    emit_into(&mut out, node);
    out
}

/// Several documents with `---` between them.
pub fn emit_all(nodes: &[&Node]) -> String {
    let mut out = String::new();
    for (index, node) in nodes.iter().enumerate() {
        if index > 0 {
            out.push_str("---\n");
        }
        emit_into(&mut out, node);
    }
    out
}

/// Appends one document.
pub fn emit_into(out: &mut String, node: &Node) {
    match &node.value {
        Value::Map(map) if !map.is_empty() && map.contains("apiVersion") && map.contains("kind") => {
            let first = ["apiVersion", "kind", "metadata"];
            let ahead = first.iter().filter_map(|key| map.entry(key));
            let rest = map.iter().filter(|(key, _)| !first.contains(&&*key.text));
            entries(out, ahead.chain(rest), map.len(), 0, true);
        }
        Value::Map(map) if !map.is_empty() => mapping(out, map, 0, true),
        Value::Seq(items) if !items.is_empty() => list(out, items, 0, true),
        _ => {
            scalar(out, node, 2, true);
            if !out.ends_with('\n') {
                out.push('\n');
            }
        }
    }
}

/// Appends blanks.
pub(super) fn blanks(out: &mut String, count: usize) {
    const BLANKS: &str = "                                                                ";
    let mut left = count;
    while left > 0 {
        let now = left.min(BLANKS.len());
        out.push_str(&BLANKS[..now]);
        left -= now;
    }
}

/// The first line is indented already.
fn mapping(out: &mut String, map: &Map, indent: usize, last: bool) {
    entries(out, map.iter(), map.len(), indent, last);
}

fn entries<'n>(
    out: &mut String,
    entries: impl Iterator<Item = (&'n Key, &'n Node)>,
    count: usize,
    indent: usize,
    last: bool,
) {
    for (index, (key, node)) in entries.enumerate() {
        if index > 0 {
            blanks(out, indent);
        }
        let last = last && index + 1 == count;
        if key.text.len() > LONG_KEY {
            out.push_str("? ");
            key_text(out, &key.text);
            out.push('\n');
            blanks(out, indent);
            out.push_str(": ");
            compact(out, node, indent + 2, last);
            continue;
        }
        key_text(out, &key.text);
        out.push(':');
        match &node.value {
            Value::Map(map) if !map.is_empty() => {
                out.push('\n');
                blanks(out, indent + 2);
                mapping(out, map, indent + 2, last);
            }
            Value::Seq(items) if !items.is_empty() => {
                out.push('\n');
                blanks(out, indent + 2);
                list(out, items, indent + 2, last);
            }
            _ => {
                out.push(' ');
                scalar(out, node, indent + 2, last);
                end_line(out, node);
            }
        }
    }
}

/// The first line is indented already.
fn list(out: &mut String, items: &[Node], indent: usize, last: bool) {
    for (index, node) in items.iter().enumerate() {
        if index > 0 {
            blanks(out, indent);
        }
        out.push_str("- ");
        compact(out, node, indent + 2, last && index + 1 == items.len());
    }
}

/// After `- ` or `: `: a collection begins on the same line.
fn compact(out: &mut String, node: &Node, indent: usize, last: bool) {
    match &node.value {
        Value::Map(map) if !map.is_empty() => mapping(out, map, indent, last),
        Value::Seq(items) if !items.is_empty() => list(out, items, indent, last),
        _ => {
            scalar(out, node, indent, last);
            end_line(out, node);
        }
    }
}

/// A block ends its last line itself.
fn end_line(out: &mut String, node: &Node) {
    if !(matches!(node.value, Value::Str(_)) && out.ends_with('\n')) {
        out.push('\n');
    }
}

fn key_text(out: &mut String, text: &str) {
    if strings::is_plain(text) {
        out.push_str(text);
    } else {
        strings::quoted(out, text);
    }
}

/// `indent`: where the lines of a block stand.
fn scalar(out: &mut String, node: &Node, indent: usize, last: bool) {
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Int(int) => {
            // Writing to a string cannot fail.
            let _ = write!(out, "{int}");
        }
        Value::Float(float) => number(out, *float),
        Value::Str(text) if strings::is_plain(text) => out.push_str(text),
        Value::Str(text) if strings::is_block(text, last) => strings::block(out, text, indent),
        Value::Str(text) => strings::quoted(out, text),
        Value::Seq(_) => out.push_str("[]"),
        Value::Map(_) => out.push_str("{}"),
    }
}

/// A dot in the mantissa and a sign in the exponent: without them YAML 1.1 readers see text.
fn number(out: &mut String, float: f64) {
    if float.is_nan() {
        return out.push_str(".nan");
    }
    if float.is_infinite() {
        return out.push_str(if float > 0.0 { ".inf" } else { "-.inf" });
    }
    let text = format!("{float:?}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return out.push_str(&text) };
    out.push_str(mantissa);
    if !mantissa.contains('.') {
        out.push_str(".0");
    }
    out.push('e');
    if !exponent.starts_with('-') {
        out.push('+');
    }
    out.push_str(exponent);
}
