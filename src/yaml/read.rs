//! YAML text to values, as Kubernetes reads them, with every problem at its place.

use super::{Key, MapBuilder, Node, Origin, RawKind, RawNode, Style, Value, lint, raw, scalar};
use crate::diag::{Diagnostic, Place, Problems, SourceId};
use std::sync::Arc;

/// How much a reader forgives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// A file of the user's own: a key must be text, or an integer, to every reader.
    Config,
    /// A manifest made by others: keys are resolved as Kubernetes does it.
    Manifest,
}

impl Rules {
    /// A tag of an application's own in a foreign manifest means text to Kubernetes.
    fn tag(self, tag: Option<&str>) -> Option<&str> {
        tag.map(|tag| if self == Rules::Manifest && !tag.starts_with("!!") { "!" } else { tag })
    }
}

/// Reads all documents of a config file; `None` if an error was pushed.
pub fn read(text: &str, source: SourceId, problems: &mut Problems) -> Option<Vec<Node>> {
    documents(text, source, Rules::Config, problems)
}

/// Reads all documents of foreign manifests; `None` if an error was pushed.
pub fn read_manifests(text: &str, source: SourceId, problems: &mut Problems) -> Option<Vec<Node>> {
    documents(text, source, Rules::Manifest, problems)
}

/// Reads a config file that must hold exactly one document; `None` if an error was pushed.
pub fn read_one(text: &str, source: SourceId, problems: &mut Problems) -> Option<Node> {
    let mut documents = read(text, source, problems)?;
    if documents.len() == 1 {
        return documents.pop();
    }
    problems.push(match documents.get(1) {
        None => Diagnostic::error("yaml/empty", "the file has no content")
            .at(Place::top(source))
            .help("write a mapping, or `{}`"),
        Some(second) => Diagnostic::error("yaml/documents", "the file has more than one document")
            .label(second.place(), "the second begins here")
            .help("keep one document and remove `---`"),
    });
    None
}

fn documents(text: &str, source: SourceId, rules: Rules, problems: &mut Problems) -> Option<Vec<Node>> {
    let mut reader = Reader { rules, source: text, problems: Problems::new() };
    let documents = raw::parse_all(text, source, &mut reader.problems);
    let nodes = documents.into_iter().map(|d| reader.node(d.root)).collect();
    let good = !reader.problems.has_errors();
    problems.extend(reader.problems);
    good.then_some(nodes)
}

struct Reader<'t> {
    rules: Rules,
    source: &'t str,
    problems: Problems,
}

impl Reader<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        lint::report(diagnostic, &mut self.problems);
    }

    fn node(&mut self, raw: RawNode) -> Node {
        let origin = Origin::Config(raw.place);
        let (value, style) = match raw.kind {
            RawKind::Scalar { text, style, .. } => {
                let tag = self.rules.tag(raw.tag.as_deref());
                let value = scalar::literal(&text, style, tag).unwrap_or_else(|error| {
                    self.report(error.at(raw.place));
                    Value::Null
                });
                (value, if raw.tag.is_some() && style == Style::Plain { Style::Quoted } else { style })
            }
            RawKind::Seq(items) => {
                self.collection_tag(raw.tag.as_deref(), "!!seq", raw.place);
                (Value::Seq(items.into_iter().map(|item| self.node(item)).collect()), Style::None)
            }
            RawKind::Map(pairs) => {
                self.collection_tag(raw.tag.as_deref(), "!!map", raw.place);
                (self.map(pairs), Style::None)
            }
        };
        Node { value, origin, style }
    }

    fn collection_tag(&mut self, tag: Option<&str>, wanted: &str, place: Place) {
        if let Some(tag) = self.rules.tag(tag).filter(|tag| *tag != wanted && *tag != "!") {
            self.report(scalar::unknown_tag(tag).at(place));
        }
    }

    fn map(&mut self, pairs: Vec<(RawNode, RawNode)>) -> Value {
        let mut builder = MapBuilder::with_capacity(pairs.len());
        let mut merge: Option<Place> = None;
        for (key, value) in pairs {
            if key.is_merge() {
                if let (Some(first), Rules::Config) = (merge.replace(key.place), self.rules) {
                    self.report(duplicate("<<", key.place, Some(first)).help("merge a list: `<<: [*a, *b]`"));
                }
                let place = value.place;
                let node = self.node(value);
                if builder.merge(node).is_err() {
                    self.report(bad_merge().at(place));
                }
                continue;
            }
            let place = key.place;
            let text = key_text(&key, self.rules).unwrap_or_else(|error| {
                let error = error.at(place);
                self.report(self.hint(error, &key));
                self.source.get(place.range()).unwrap_or("").into()
            });
            let node = self.node(value);
            if let Err(first) = builder.insert(Key::new(text.clone(), Some(place)), node) {
                self.report(duplicate(&text, place, first.place).help("keep one of them"));
            }
        }
        Value::Map(builder.finish())
    }

    /// A value that begins with `{{` reads as a mapping with a mapping as its key.
    fn hint(&self, error: Diagnostic, key: &RawNode) -> Diagnostic {
        let start = key.place.start as usize;
        if start > 0 && self.source[..start].ends_with('{') && self.source[start..].starts_with('{') {
            return error.help("quote a text that begins with `{{`");
        }
        error
    }
}

/// Two equal keys in one mapping.
pub fn duplicate(key: &str, place: Place, first: Option<Place>) -> Diagnostic {
    Diagnostic::error("yaml/duplicate-key", format!("the key `{key}` is given twice"))
        .label(place, "again here")
        .label(first, "first here")
}

/// `<<` with something that cannot be merged; without a place yet.
pub fn bad_merge() -> Diagnostic {
    Diagnostic::error("yaml/merge", "`<<` takes a mapping or a list of mappings")
        .help("name a mapping, or write `\"<<\"` if the key itself is meant")
}

/// The text of a key as it is written.
///
/// # Errors
/// A key that is a list, a mapping or null, has an unknown tag, or (under [`Rules::Config`]) is not text or an integer
/// to every reader. The diagnostic has no place yet.
pub fn key_text(key: &RawNode, rules: Rules) -> Result<Arc<str>, Box<Diagnostic>> {
    let Some((text, style)) = key.scalar() else {
        return Err(Box::new(
            Diagnostic::error("yaml/key", "a key must be text, not a list or a mapping").help("quote it"),
        ));
    };
    if style != Style::Plain && key.tag.is_none() {
        return Ok(text.clone());
    }
    let value = scalar::literal(text, style, rules.tag(key.tag.as_deref()))?;
    let untagged = key.tag.is_none();
    if rules == Rules::Config && untagged {
        let reason = match (&value, scalar::disputed(text)) {
            (_, Some(reason)) => Some(reason.to_owned()),
            (Value::Str(_) | Value::Int(_), None) => None,
            (value, None) => Some(format!("it is {}", value.kind())),
        };
        if let Some(reason) = reason {
            return Err(Box::new(
                Diagnostic::error("yaml/key", format!("the key `{text}` is not text to every reader"))
                    .because(reason)
                    .help(format!("quote it: `\"{text}\"`")),
            ));
        }
    }
    Ok(match value {
        Value::Str(text) => text,
        Value::Bool(b) => if b { "true" } else { "false" }.into(),
        Value::Int(i) => i.to_string().into(),
        Value::Float(f) => scalar::float_key(f).into(),
        Value::Null | Value::Seq(_) | Value::Map(_) => {
            return Err(Box::new(
                Diagnostic::error("yaml/key", "a key is missing or null")
                    .help("write the key, quoted if it is text"),
            ));
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        diag::{Sources, render},
        yaml::to_json,
    };

    fn sources(text: &str) -> (Sources, SourceId) {
        let mut sources = Sources::new();
        let id = sources.add("a.yaml", text);
        (sources, id)
    }

    /// Each document as JSON.
    fn values(text: &str, rules: Rules) -> Vec<String> {
        let (sources, id) = sources(text);
        let mut problems = Problems::new();
        let read = documents(text, id, rules, &mut problems);
        let told: String = problems.0.iter().map(|p| render(p, &sources, false)).collect();
        read.unwrap_or_else(|| panic!("{told}")).iter().map(|node| to_json(node, None)).collect()
    }

    /// `line:column id message`, further labels as `also line:column`.
    fn told(text: &str, rules: Rules) -> Vec<String> {
        let (sources, id) = sources(text);
        let mut problems = Problems::new();
        assert!(documents(text, id, rules, &mut problems).is_none(), "{text:?} was read");
        let told = problems.0.iter().map(|problem| {
            assert!(!problem.help.is_empty(), "{problem:?}");
            let mut places = problem.labels.iter().map(|label| {
                let (line, column) = sources.line_column(label.place);
                format!("{line}:{column}")
            });
            let mut line =
                format!("{} {} {}", places.next().unwrap_or_default(), problem.id, problem.message);
            places.for_each(|place| line += &format!(", also {place}"));
            line
        });
        told.collect()
    }

    #[test]
    fn documents_are_read_as_kubernetes_reads_them() {
        let text = "a: yes\nb: 0755\nc: [1.50, \"1.50\", ~]\nd: 2024-04-01\n---\n- x\n- |\n  l1\n   l2\n\n- >-\n  f1\n  f2\n";
        assert_eq!(
            values(text, Rules::Config),
            [r#"{"a":true,"b":493,"c":[1.5,"1.50",null],"d":"2024-04-01"}"#, r#"["x","l1\n l2\n","f1 f2"]"#]
        );
    }

    #[test]
    fn a_byte_order_mark_and_crlf_are_read() {
        assert_eq!(
            values("\u{feff}a: |\r\n  x\r\n  y\r\nb: \"q\r\n  r\"\r\n", Rules::Config),
            [r#"{"a":"x\ny\n","b":"q r"}"#]
        );
        assert_eq!(values("a: |\n  x", Rules::Config), [r#"{"a":"x\n"}"#]);
        assert_eq!(values("a: |\n  x\n  ", Rules::Config), [r#"{"a":"x\n"}"#]);
        assert_eq!(values("a: |+\n  x\n  ", Rules::Config), [r#"{"a":"x\n\n"}"#]);
    }

    #[test]
    fn merge_keys_are_applied_and_the_explicit_key_wins_wherever_it_stands() {
        let text = "b: &b {k: 1, l: 2}\nc: &c {k: 3, m: 4}\n\
            one: {k: 9, <<: *b}\ntwo: {<<: *b, k: 9}\nmany: {<<: [*b, *c], z: 0}\ntext: {\"<<\": 1}\n";
        assert_eq!(
            values(text, Rules::Config),
            [
                r#"{"b":{"k":1,"l":2},"c":{"k":3,"m":4},"one":{"k":9,"l":2},"two":{"l":2,"k":9},"many":{"k":1,"l":2,"m":4,"z":0},"text":{"<<":1}}"#
            ]
        );
        assert_eq!(
            told("a: {<<: 3}\nb: {<<: }\n", Rules::Config),
            [
                "1:9 yaml/merge `<<` takes a mapping or a list of mappings",
                "2:5 yaml/merge `<<` takes a mapping or a list of mappings",
            ]
        );
        let twice = "a: &a {k: 1}\nb: &b {l: 1}\nc:\n  <<: *a\n  <<: *b\n";
        assert_eq!(
            told(twice, Rules::Config),
            ["5:3 yaml/duplicate-key the key `<<` is given twice, also 4:3"]
        );
        assert_eq!(values(twice, Rules::Manifest), [r#"{"a":{"k":1},"b":{"l":1},"c":{"k":1,"l":1}}"#]);
    }

    #[test]
    fn keys_of_config_are_text_or_integers_to_every_reader() {
        assert_eq!(
            values("8080: a\n-1: b\n\"y\": c\n\"1.5\": d\n? e\n: f\n!!str on: g\n", Rules::Config),
            [r#"{"8080":"a","-1":"b","y":"c","1.5":"d","e":"f","on":"g"}"#]
        );
        assert_eq!(
            told("y: 1\ntrue: 2\n1.10: 3\n0755: 4\n~: 5\n[a]: 6\n: 7\n", Rules::Config),
            [
                "1:1 yaml/key the key `y` is not text to every reader",
                "2:1 yaml/key the key `true` is not text to every reader",
                "3:1 yaml/key the key `1.10` is not text to every reader",
                "4:1 yaml/key the key `0755` is not text to every reader",
                "5:1 yaml/key the key `~` is not text to every reader",
                "6:1 yaml/key a key must be text, not a list or a mapping",
                "7:1 yaml/key the key `` is not text to every reader",
            ]
        );
    }

    #[test]
    fn keys_of_manifests_are_resolved_as_kubernetes_does_it() {
        let text = "on: a\nno: b\n1e3: c\n1.10: d\n0755: e\n2024-04-01: f\n!custom x: !custom 1\n";
        assert_eq!(
            values(text, Rules::Manifest),
            [r#"{"true":"a","false":"b","1000":"c","1.1":"d","493":"e","2024-04-01":"f","x":"1"}"#]
        );
        assert_eq!(
            told("on: a\ntrue: b\n\"true\": c\nnull: d\n", Rules::Manifest),
            [
                "2:1 yaml/duplicate-key the key `true` is given twice, also 1:1",
                "3:1 yaml/duplicate-key the key `true` is given twice, also 1:1",
                "4:1 yaml/key a key is missing or null",
            ]
        );
    }

    #[test]
    fn every_problem_is_told_at_its_place() {
        let text =
            "a: 1\nb: {c: .inf, c: 2}\nd: 99999999999999999999\na: 2\ne: !x y\nf: \"p\\/q\"\ng: \"\\d\"\n";
        assert_eq!(
            told(text, Rules::Config),
            [
                "6:6 yaml/escape Kubernetes refuses the escape `\\/`",
                "7:4 yaml/syntax a backslash escape that YAML does not know",
                "2:8 yaml/float `.inf` is no number that Kubernetes can hold",
                "2:14 yaml/duplicate-key the key `c` is given twice, also 2:5",
                "3:4 yaml/integer the integer `99999999999999999999` does not fit into 64 bits",
                "4:1 yaml/duplicate-key the key `a` is given twice, also 1:1",
                "5:4 yaml/tag the tag `!x` has no meaning here",
            ]
        );
    }

    #[test]
    fn syntax_errors_are_told_in_our_own_words() {
        let long = "k".repeat(1025);
        let table = [
            ("a:\n\tb: 1\n", "2:1 yaml/tab a tab stands where YAML wants blanks"),
            ("a:\tb\n", "1:3 yaml/tab a tab stands where YAML wants blanks"),
            ("a: @b\n", "1:4 yaml/syntax a plain value cannot begin with `@`"),
            ("a: `b\n", "1:4 yaml/syntax a plain value cannot begin with ```"),
            ("a: %b\n", "1:4 yaml/syntax a plain value cannot begin with `%`"),
            ("a: b: c\n", "1:5 yaml/syntax a `:` stands where no key can end"),
            ("a: \"b\nc: 1\n", "1:4 yaml/syntax a line of a quoted text is indented less than its key"),
            ("a: \"b", "1:4 yaml/syntax a quoted text that begins here never ends"),
            ("a: \"b\" c\n", "1:8 yaml/syntax text stands after a closing quote"),
            ("a: \"b\"#c\n", "1:7 yaml/syntax a `#` follows without a blank"),
            (
                "a: \"\\x4\"\n",
                "1:4 yaml/syntax a `\\x`, `\\u` or `\\U` escape is not complete or no character",
            ),
            ("a:\n  b: 1\n c: 2\n", "3:2 yaml/syntax the indentation of this line fits nothing above it"),
            ("a: 1\nb\n", "2:2 yaml/syntax this line is no `key: value` like its neighbours"),
            ("a: [1, 2\n", "1:9 yaml/syntax a list in brackets or a mapping in braces is not well formed"),
            (
                "a: {{ x }} y\n",
                "1:12 yaml/syntax `{` begins a mapping in braces, and this one is not well formed",
            ),
            ("a: *x\n", "1:4 yaml/alias no anchor `&x` stands before this alias in the document"),
            ("a: - b\n", "1:4 yaml/syntax a list item stands where none can be"),
            ("%YAML 1.2\n---\na: 1\n", "1:1 yaml/directive Kubernetes refuses YAML directives"),
            ("a: 1\n...\n%TAG ! x\n---\n", "3:1 yaml/directive Kubernetes refuses YAML directives"),
            (
                "a: x\u{1}y\n",
                "1:5 yaml/control-character the character U+0001 may not stand in YAML as it is",
            ),
            (
                "a: x\u{85}y\n",
                "1:5 yaml/control-character the character U+0085 may not stand in YAML as it is",
            ),
            (
                "# \u{2028}\n",
                "1:3 yaml/control-character the character U+2028 may not stand in YAML as it is",
            ),
            ("a: x\u{feff}y\n", "1:5 yaml/control-character a byte order mark stands inside the text"),
            ("a: {b\n  c: 1}\n", "1:5 yaml/key a key stands on several lines"),
            (&format!("{long}: 1\n"), "1:1 yaml/key a key has more than 1024 characters"),
            (&format!("a: {{\"{long}\": 1}}\n"), "1:5 yaml/key a key has more than 1024 characters"),
            (&format!("\"{long}\": 1\n"), "1:1 yaml/key a key has more than 1024 characters"),
        ];
        for (text, expected) in table {
            let found = told(text, Rules::Config);
            assert_eq!(found.first().map(String::as_str), Some(expected), "{text:?}");
        }
        assert_eq!(values(&format!("? {long}\n: 1\n"), Rules::Config), [format!("{{\"{long}\":1}}")]);
        assert_eq!(values("a: \"\\\\/\"\n", Rules::Config), [r#"{"a":"\\/"}"#]);
    }

    #[test]
    fn braces_of_templates_in_config_are_explained() {
        let text = "a: {{ x }}\n";
        let (_, id) = sources(text);
        let mut problems = Problems::new();
        assert!(read(text, id, &mut problems).is_none());
        assert_eq!(problems.0[0].help, ["quote it", "quote a text that begins with `{{`"]);
    }

    #[test]
    fn exactly_one_document() {
        let one = |text: &str| {
            let (_, id) = sources(text);
            let mut problems = Problems::new();
            read_one(text, id, &mut problems).ok_or_else(|| problems.0[0].message.clone())
        };
        assert_eq!(one("---\na: 1\n---\n").map(|n| to_json(&n, None)).as_deref(), Ok(r#"{"a":1}"#));
        assert_eq!(one("# nothing\n"), Err("the file has no content".to_owned()));
        assert_eq!(one("a: 1\n---\nb: 1\n"), Err("the file has more than one document".to_owned()));
    }

    #[test]
    fn values_know_where_and_how_they_were_written() {
        let text = "a: 1\nb: 'x'\nc: |\n  y\nd: !!str 5\n";
        let (sources, id) = sources(text);
        let node = read_one(text, id, &mut Problems::new()).unwrap();
        let at = |key: &str| {
            let (key, value) = node.as_map().unwrap().entry(key).unwrap();
            let locate = |place: Option<Place>| sources.line_column(place.unwrap());
            (locate(key.place), locate(value.place()), value.style)
        };
        assert_eq!(at("a"), ((1, 1), (1, 4), Style::Plain));
        assert_eq!(at("b"), ((2, 1), (2, 4), Style::Quoted));
        assert_eq!(at("c"), ((3, 1), (3, 4), Style::Block));
        assert_eq!(at("d"), ((5, 1), (5, 4), Style::Quoted));
    }
}
