//! Writes a [`Node`] as JSON (RFC 8259), for programs that read what `gen` prints.

use super::{Node, Value};
use std::fmt::Write;

/// JSON text: compact, or with `indent` blanks a level. Keys keep their order.
pub fn to_json(node: &Node, indent: Option<usize>) -> String {
    let mut out = String::new();
    write(&mut out, node, indent, 0);
    out
}

fn write(out: &mut String, node: &Node, indent: Option<usize>, level: usize) {
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(n) => out.push_str(&n.to_string()),
        // JSON has neither infinities nor NaN; nodes that were read cannot hold them.
        Value::Float(f) if f.is_finite() => out.push_str(&format!("{f:?}")),
        Value::Float(_) => out.push_str("null"),
        Value::Str(text) => string(out, text),
        Value::Seq(items) => {
            list(out, ('[', ']'), items.iter(), indent, level, |out, item, level| {
                write(out, item, indent, level)
            });
        }
        Value::Map(map) => list(out, ('{', '}'), map.iter(), indent, level, |out, (key, item), level| {
            string(out, &key.text);
            out.push_str(if indent.is_some() { ": " } else { ":" });
            write(out, item, indent, level);
        }),
    }
}

fn list<T>(
    out: &mut String,
    (open, close): (char, char),
    items: impl Iterator<Item = T>,
    indent: Option<usize>,
    level: usize,
    mut each: impl FnMut(&mut String, T, usize),
) {
    let line = |out: &mut String, level: usize| {
        if let Some(width) = indent {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', width * level));
        }
    };
    out.push(open);
    let mut any = false;
    for item in items {
        if any {
            out.push(',');
        }
        any = true;
        line(out, level + 1);
        each(out, item, level + 1);
    }
    if any {
        line(out, level);
    }
    out.push(close);
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' || matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Map;

    #[test]
    fn json_is_compact_or_indented_and_escaped() {
        let list = Node::new(vec![Node::new(1_i64), Node::new(1e21), Node::new(Value::Null)]);
        let map: Map = [("a\"", list), ("b", Node::new("\u{1}\u{2028}\n")), ("c", Node::new(Map::new()))]
            .into_iter()
            .collect();
        let node = Node::new(map);
        assert_eq!(to_json(&node, None), "{\"a\\\"\":[1,1e21,null],\"b\":\"\\u0001\\u2028\\n\",\"c\":{}}");
        assert_eq!(
            to_json(&node, Some(2)),
            "{\n  \"a\\\"\": [\n    1,\n    1e21,\n    null\n  ],\n  \"b\": \"\\u0001\\u2028\\n\",\n  \"c\": {}\n}"
        );
    }
}
