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
                let tag = raw.tag.as_deref().map(|tag| if self.foreign(tag) { "!" } else { tag });
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

    /// A tag of an application's own in a foreign manifest, which Kubernetes ignores.
    fn foreign(&self, tag: &str) -> bool {
        self.rules == Rules::Manifest && !tag.starts_with("!!")
    }

    fn collection_tag(&mut self, tag: Option<&str>, wanted: &str, place: Place) {
        if let Some(tag) = tag.filter(|tag| *tag != wanted && *tag != "!" && !self.foreign(tag)) {
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
    let value = scalar::literal(text, style, key.tag.as_deref())?;
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
