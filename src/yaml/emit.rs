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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        diag::{Problems, Sources},
        yaml::{disputed, read, refused, resolve, scalar::Scalar},
    };
    use proptest::prelude::*;

    fn map(entries: &[(&str, Node)]) -> Node {
        Node::new(entries.iter().cloned().collect::<Map>())
    }

    fn text(text: &str) -> Node {
        Node::new(text)
    }

    fn list(items: &[Node]) -> Node {
        Node::new(items.to_vec())
    }

    const OBJECT: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    "y": "on"
spec:
  containers:
    - name: web
      args:
        - --port=8080
        - -v
        - "- x"
      env:
        - name: A
          value: "1"
        - name: B
      command:
        - - a
          - b
        - []
      resources: {}
  replicas: 3
data:
  run.sh: |
    #!/bin/sh

      echo
  cut: |-
    a
    b
  keep: |+
    a


nothing: null
last: "a\n\n"
"#;

    #[test]
    fn an_object_reads_as_people_write_it() {
        let container = map(&[
            ("name", text("web")),
            ("args", list(&[text("--port=8080"), text("-v"), text("- x")])),
            ("env", list(&[map(&[("name", text("A")), ("value", text("1"))]), map(&[("name", text("B"))])])),
            ("command", list(&[list(&[text("a"), text("b")]), list(&[])])),
            ("resources", map(&[])),
        ]);
        let node = map(&[
            ("spec", map(&[("containers", list(&[container])), ("replicas", Node::new(3i64))])),
            ("metadata", map(&[("name", text("web")), ("labels", map(&[("y", text("on"))]))])),
            ("kind", text("Deployment")),
            (
                "data",
                map(&[
                    ("run.sh", text("#!/bin/sh\n\n  echo\n")),
                    ("cut", text("a\nb")),
                    ("keep", text("a\n\n\n")),
                ]),
            ),
            ("apiVersion", text("apps/v1")),
            ("nothing", Node::new(Value::Null)),
            ("last", text("a\n\n")),
        ]);
        assert_eq!(emit(&node), OBJECT);
    }

    #[test]
    fn only_objects_are_reordered() {
        let node = map(&[("metadata", text("m")), ("kind", text("k"))]);
        assert_eq!(emit(&node), "metadata: m\nkind: k\n");
    }

    #[test]
    fn a_document_may_be_anything_and_documents_are_separated() {
        assert_eq!(emit(&text("x")), "x\n");
        assert_eq!(emit(&text("a\nb\n")), "|\n  a\n  b\n");
        assert_eq!(emit(&text("a\nb")), "|-\n  a\n  b\n");
        assert_eq!(emit(&map(&[])), "{}\n");
        assert_eq!(emit(&list(&[])), "[]\n");
        assert_eq!(emit_all(&[&text("x"), &map(&[("a", Node::new(true))])]), "x\n---\na: true\n");
        assert_eq!(emit_all(&[]), "");
    }

    const PLAIN: &[&str] = &[
        "a",
        "a b",
        "web-1",
        "500m",
        "64Mi",
        "30d",
        "10.0.0.0/8",
        "ghcr.io/example/web:1.2.3",
        "http://x:80/y?z=#w",
        "/etc/x",
        "./apps",
        "$HOME",
        "_x",
        "--flag=x",
        "-v",
        "it's",
        "a\"b",
        "a\\b",
        "a#b",
        "a:b",
        "yellow",
        "none",
        "a,b",
        "a [b] {c}",
        "1.2.3-rc1",
        "0xyz",
        "x=y",
    ];

    const QUOTED: &[&str] = &[
        "",
        "y",
        "No",
        "ON",
        "null",
        "~",
        "true",
        "1",
        "0755",
        "1e3",
        "1.10",
        "1.2.3",
        "1_000",
        "12:30:45",
        "2024-04-01",
        "0x1F",
        "0xdef",
        "+1",
        "-1",
        "--1",
        "-",
        "- a",
        ".5",
        ".inf",
        "=",
        "<<",
        "a: b",
        "a:",
        "a #b",
        " a",
        "a ",
        "#a",
        "@a",
        "`a",
        "%a",
        "!a",
        "&a",
        "*a",
        "? a",
        "|",
        ">",
        "'a'",
        "[a",
        "{a",
        "{{ a }}",
        "${A}x: ",
        "a, b: c",
        "é",
        "---",
        "...",
        ":a",
        ",a",
    ];

    #[test]
    fn strings_are_quoted_where_a_reader_could_retype_them() {
        for text in PLAIN {
            assert_eq!(emit(&Node::new(*text)), format!("{text}\n"));
        }
        for text in QUOTED {
            assert_eq!(emit(&Node::new(*text)), format!("\"{text}\"\n"));
        }
        assert_eq!(
            emit(&text("a\"\\\t\r\u{0}\u{7f}\u{85}\u{2028}\u{feff}\u{fdd0}é😀")),
            "\"a\\\"\\\\\\t\\r\\u0000\\u007F\\u0085\\u2028\\uFEFF\\uFDD0é😀\"\n"
        );
    }

    #[test]
    fn blocks_are_written_only_where_they_are_safe() {
        for safe in ["a\nb", "a\n\n b\n", "é\n", "a\tb\n", "#!/bin/sh\n"] {
            assert!(emit(&map(&[("k", text(safe))])).starts_with("k: |"), "{safe:?}");
        }
        for unsafe_text in [
            "\na",
            " a\nb",
            "\ta\nb",
            "a \nb",
            "a\t\nb",
            "a\n\tb",
            "a\n b ",
            "a\r\nb",
            "a\u{2028}\nb",
            "\n",
            "a\u{7}\n",
        ] {
            assert!(emit(&map(&[("k", text(unsafe_text))])).starts_with("k: \""), "{unsafe_text:?}");
        }
    }

    #[test]
    fn long_keys_stand_behind_a_question_mark() {
        let key = "k".repeat(101);
        let inner = map(&[("a", list(&[text("b")])), ("c", text("d"))]);
        let node = map(&[(&key, inner), (&format!("{key}\n"), text("a\nb")), ("z", text("x"))]);
        let expected = format!("? {key}\n: a:\n    - b\n  c: d\n? \"{key}\\n\"\n: |-\n  a\n  b\nz: x\n");
        assert_eq!(emit(&node), expected);
    }

    #[test]
    fn numbers_look_like_numbers_to_every_reader() {
        let table = [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (-2.5, "-2.5"),
            (1e21, "1.0e+21"),
            (1e-7, "1.0e-7"),
            (1.5e300, "1.5e+300"),
            (f64::NAN, ".nan"),
            (f64::INFINITY, ".inf"),
            (f64::NEG_INFINITY, "-.inf"),
        ];
        for (float, text) in table {
            assert_eq!(emit(&Node::new(float)), format!("{text}\n"));
        }
        assert_eq!(emit(&Node::new(i64::MIN)), "-9223372036854775808\n");
    }

    #[test]
    fn what_kustomize_would_damage_is_refused() {
        let told = |node: &Node| {
            let mut problems = Problems::new();
            refused(node, &mut problems);
            problems.0.into_iter().map(|p| format!("{} {}", p.id, p.message)).collect::<Vec<_>>()
        };
        let node = map(&[
            ("<<", text("a")),
            ("a\u{7f}", list(&[text("x\u{85}y"), text("\u{fffe}"), text("©é\u{feff}\u{2028}")])),
            (&"ä".repeat(1001), Node::new(f64::NAN)),
            (&"ä".repeat(1000), Node::new(1.5)),
        ]);
        assert_eq!(
            told(&node),
            [
                "yaml/merge-key kustomize loses an entry with the key `<<`",
                "yaml/control-character the key has the character U+007F",
                "yaml/control-character the text has the character U+0085",
                "yaml/control-character the text has the character U+FFFE",
                "yaml/key a key has more than 1000 characters",
                "yaml/float `NaN` is no number that Kubernetes can hold",
            ]
        );
    }

    /// Texts in which readers have found something else than was meant.
    fn hostile() -> impl Strategy<Value = String> {
        let fragment = prop_oneof![
            "[a-z0-9 ]{1,6}",
            "[-?:,\\[\\]{}#&*!|>'\"%@`~=<./\\\\_+$]{1,3}",
            "[0-9]{1,4}[-:._eExobTt ][0-9]{1,3}",
            "(yes|No|ON|off|true|FALSE|null|~|\\.inf|\\.NaN|<<|=|0o14|0x1F|1_000|2024-04-01|12:30:45|1e3|---|\\.\\.\\.|: | #|- |\\? )",
            "[ \\t\\r\\n]{1,3}",
            "[\u{0}-\u{1f}]",
            any::<char>().prop_map(String::from),
            "(\u{a0}|\u{200b}|\u{2028}|\u{2029}|\u{feff}|\u{fdd0}1\u{fdd1}|\u{fffd}|é|😀)",
            "(\\{\\{ x \\}\\}|\\$\\{X\\}|\\{% if %\\}|key: value)",
            "[a-z]{90,130}",
        ];
        prop::collection::vec(fragment, 0..6).prop_map(|parts| parts.concat())
    }

    fn any_node() -> impl Strategy<Value = Node> {
        let leaf = prop_oneof![
            4 => hostile().prop_map(Node::new),
            1 => any::<i64>().prop_map(Node::new),
            1 => any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Node::new),
            1 => any::<bool>().prop_map(Node::new),
            1 => Just(Node::new(Value::Null)),
        ];
        leaf.prop_recursive(5, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Node::new),
                prop::collection::vec((hostile(), inner), 0..6)
                    .prop_map(|entries| Node::new(entries.into_iter().collect::<Map>())),
            ]
        })
    }

    fn read_back(text: &str) -> Vec<Node> {
        let source = Sources::new().add("a.yaml", "");
        let mut problems = Problems::new();
        read(text, source, &mut problems).unwrap_or_else(|| panic!("{text}\n{problems:?}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn what_was_written_is_read_back(node in any_node()) {
            let written = emit(&node);
            prop_assert!(written.ends_with('\n') && !written.ends_with("\n\n"), "{}", written);
            let read = read_back(&written);
            prop_assert_eq!(read.len(), 1);
            prop_assert!(read[0].same(&node), "{}\n{:?}", written, read[0].value);
            prop_assert_eq!(emit(&read[0]), written);
        }

        #[test]
        fn a_hostile_string_survives_everywhere(text in hostile(), next in hostile()) {
            let value = || Node::new(text.as_str());
            let inner = map(&[(&text, value()), (&format!("{next}2"), list(&[value(), list(&[value()])]))]);
            let node = map(&[("a", inner.clone()), ("b", list(&[value(), inner.clone(), list(&[inner])])), ("c", value())]);
            let read = read_back(&emit_all(&[&node, &value(), &node]));
            prop_assert_eq!(read, vec![node.clone(), value(), node]);
        }

        #[test]
        fn what_stands_without_quotes_is_text_to_every_reader(text in hostile()) {
            if strings::is_plain(&text) {
                prop_assert_eq!(resolve(&text), Scalar::Str);
                prop_assert_eq!(disputed(&text), None);
            }
        }
    }
}
