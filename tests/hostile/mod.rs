//! Strings that have broken some writer or reader of YAML, the same on every run; shared by the tests that need no other
//! program (`tests/main`) and those that do (`tests/conformance`).

pub(crate) mod fleet;

use fleetgen::yaml::{Map, Node};
use std::collections::BTreeSet;

/// A generator of numbers that needs no library and is the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below the limit.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

const FRAGMENTS: &[&str] = &[
    "a",
    "b c",
    "x",
    "0",
    "1",
    "7",
    "9",
    "10",
    "_",
    "-",
    "--",
    "---",
    "...",
    ".",
    ":",
    ": ",
    " :",
    "::",
    "#",
    " #",
    "# ",
    "'",
    "\"",
    "\\",
    "\\n",
    "\\u0041",
    "/",
    "\\/",
    "[",
    "]",
    "{",
    "}",
    "{{",
    "}}",
    "{{ x }}",
    "${X}",
    "$$",
    "%",
    "%YAML 1.2",
    "@",
    "`",
    "!",
    "!!str",
    "&",
    "&a",
    "*",
    "*a",
    "?",
    "? ",
    "|",
    "|-",
    ">",
    ">-",
    ",",
    ", ",
    "=",
    "<<",
    "~",
    "null",
    "Null",
    "true",
    "True",
    "no",
    "NO",
    "on",
    "Off",
    "yes",
    "y",
    "N",
    "0x1F",
    "0o14",
    "0b1",
    "012",
    "08",
    "1e3",
    "12e10",
    "1E5",
    "1_000",
    ".5",
    "5.",
    "+1",
    "-1",
    ".inf",
    "-.INF",
    ".nan",
    "12:30:45",
    "1:20",
    "190:20:30.15",
    "2024-04-01",
    "2001-12-14t21:59:43.10-05:00",
    " ",
    "  ",
    "\t",
    "\n",
    "\n\n",
    "\r",
    "\r\n",
    " \n",
    "\n ",
    "\n\t",
    "\u{0}",
    "\u{1}",
    "\u{7}",
    "\u{8}",
    "\u{b}",
    "\u{1b}",
    "\u{a0}",
    "\u{ad}",
    "\u{200b}",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "\u{e000}",
    "\u{fdd0}0\u{fdd1}",
    "\u{fdef}",
    "\u{fffd}",
    "é",
    "日本",
    "😀",
    "\u{1ffff}",
    "\u{10ffff}",
    "key: value",
    "- item",
    "500m",
    "10.0.0.0/8",
    "http://x:80/y?z=#w",
    "--flag=x",
    "-x",
    "./a",
    "../a",
    "it's",
    "\"q\"",
    "<a href=\"b\">",
    "a-long-word-",
];

/// Texts of people who reported that a tool of theirs changed or refused them.
const REPORTED: &[&str] = &[
    "58467965",
    "1e10",
    "6.10",
    "004",
    "0775",
    "0o755",
    "0189",
    "0123456",
    "12345678901234567890",
    "190:20:30",
    "2031-01-01T00:00:00Z",
    "echo ${HOME}",
    "AS $$ BEGIN\n  NULL;\nEND $$;",
    "$${HOME} $1 $(date)",
    "${REGION:=eu}",
    "${DS_PROMETHEUS}",
    "{{ $labels.instance }} down",
    "{{`{{ $labels.instance }}`}}",
    "{{pod}}",
    "#{ cloudflare.token }#",
    "a&b\"c'#{{x}}",
    "a #b",
    "foo: bar # baz",
    "\\.(?:css|js) ",
    "bla\nbla \n",
    "\n  leading blanks\nand lines\n",
    "line\r\nline\r\n",
    "\tstarts with a tab\n",
    "ends with a blank ",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    "{\"json\": [1, null, \"x\"]}",
    "*.example.com",
    "@every 1m",
    "%d %s",
    "!reference [x]",
    "- a\n- b\n",
    "a: 1\n---\nb: 2\n...\n",
    "ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]",
];

/// Strings that have broken some writer; none with a character that kustomize refuses.
pub(crate) fn hostile(count: usize) -> Vec<String> {
    let mut random = Random(3);
    let mut texts: BTreeSet<String> = FRAGMENTS.iter().chain(REPORTED).map(|f| (*f).to_owned()).collect();
    texts.insert(String::new());
    texts.insert("word ".repeat(60));
    texts.insert("x".repeat(300));
    texts.insert("k ".repeat(480));
    while texts.len() < count {
        let parts = 1 + random.below(7);
        texts.insert((0..parts).map(|_| FRAGMENTS[random.below(FRAGMENTS.len())]).collect());
    }
    texts.into_iter().collect()
}

/// Does kustomize lose the object that comes after one which ends with this text? `gen` refuses it.
pub(crate) fn loses_the_next(text: &str) -> bool {
    text.contains('\n') && text.ends_with(['\u{2028}', '\u{2029}'])
}

/// A mapping.
pub(crate) fn map(entries: Vec<(String, Node)>) -> Node {
    Node::new(entries.into_iter().collect::<Map>())
}

/// An object of this name.
pub(crate) fn object(name: String, spec: Node) -> Node {
    map(vec![
        ("apiVersion".into(), Node::new("example.com/v1")),
        ("kind".into(), Node::new("Hostile")),
        ("metadata".into(), map(vec![("name".into(), Node::new(name))])),
        ("spec".into(), spec),
    ])
}

/// The texts in objects of 500, each as value, key, list item, and nested in a list of lists of mappings.
pub(crate) fn objects(texts: &[String]) -> Vec<Node> {
    let text = |t: &String| Node::new(t.as_str());
    let objects = texts.chunks(500).enumerate().map(|(number, chunk)| {
        let values = chunk.iter().enumerate().map(|(i, t)| (format!("k{i}"), text(t))).collect();
        let keys = chunk.iter().filter(|t| *t != "<<").map(|t| (t.clone(), Node::new(1i64))).collect();
        let deep =
            chunk.iter().map(|t| Node::new(vec![map(vec![("v".into(), text(t)), ("w".into(), text(t))])]));
        let under =
            chunk.iter().filter(|t| *t != "<<").map(|t| (t.clone(), Node::new(vec![text(t)]))).collect();
        let spec = map(vec![
            ("values".into(), map(values)),
            ("keys".into(), map(keys)),
            ("under".into(), map(under)),
            ("deep".into(), Node::new(deep.collect::<Vec<_>>())),
            ("items".into(), Node::new(chunk.iter().map(text).collect::<Vec<_>>())),
        ]);
        object(format!("hostile-{number}"), spec)
    });
    objects.collect()
}
