//! Prints what was found, for people or for programs.

use super::{Format, Global};
use crate::{
    address,
    diag::{self, Diagnostic, Place, Problems, Severity, Sources},
    yaml::{Map, Node, Value, to_json},
};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs::File,
    io::{ErrorKind, IsTerminal, Write},
    os::fd::AsFd,
    sync::OnceLock,
};

/// No more findings of one severity are printed for people.
const MOST: usize = 200;

/// Why standard output could not be written, the first time that it could not.
static UNWRITTEN: OnceLock<std::io::Error> = OnceLock::new();

/// Writes to stdout, for people: without what a terminal would obey rather than show.
pub(super) fn print(text: &str) {
    exact(&diag::visible(text));
}

/// Writes to stdout as it is, styles too. What cannot be written is told at the end: see [`unwritten`].
pub(super) fn exact(text: &str) {
    let mut out = anstream::stdout().lock();
    note(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// Keeps that a write to stdout failed.
pub(super) fn note(written: std::io::Result<()>) {
    if let Err(error) = written {
        let _ = UNWRITTEN.set(error);
    }
}

/// Does standard output take nothing more? Then nobody sees what would come.
pub(super) fn is_closed() -> bool {
    UNWRITTEN.get().is_some()
}

/// Tells that not all of the result was written; `false` if it was. A reader that went away (`| head`) is nobody's fault.
pub(super) fn unwritten() -> bool {
    let Some(why) = UNWRITTEN.get().filter(|error| error.kind() != ErrorKind::BrokenPipe) else {
        return false;
    };
    tell(&format!("error: standard output cannot be written: {why}"));
    true
}

/// Writes bytes to stdout as they are, past every buffer.
pub(super) fn raw(bytes: &[u8]) {
    let out = std::io::stdout().as_fd().try_clone_to_owned().map(File::from);
    note(out.and_then(|mut out| out.write_all(bytes)));
}

/// The text of a file for stdout: as it is, but on a terminal without what that would obey.
pub(super) fn content(text: &str) -> Cow<'_, str> {
    if std::io::stdout().is_terminal() { diag::visible(text) } else { Cow::Borrowed(text) }
}

/// Writes a line of talk to stderr, unless told to be quiet.
pub(super) fn say(global: &Global, text: &str) {
    if !global.quiet {
        tell(text);
    }
}

/// Writes to stderr, quiet or not: without what a terminal would obey rather than show.
pub(super) fn tell(text: &str) {
    styled(&diag::visible(text));
}

/// Writes to stderr with its styles.
fn styled(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "{text}");
}

/// Prints findings to stderr as text, worst last, with a count; nothing with `--format json`
/// (there they are part of the result).
pub(super) fn findings(global: &Global, problems: &Problems, sources: &Sources) {
    if global.format == Format::Json {
        return;
    }
    let secrets: Vec<&Place> = problems.0.iter().flat_map(|d| &d.secrets).collect();
    let masked = (!secrets.is_empty()).then(|| sources.masked(secrets));
    let sources = masked.as_ref().unwrap_or(sources);
    let mut sorted: Vec<&Diagnostic> = problems.0.iter().collect();
    sorted.sort_by_key(|d| d.severity);
    let mut told: BTreeMap<Severity, usize> = BTreeMap::new();
    for diagnostic in sorted {
        let many = told.entry(diagnostic.severity).or_default();
        *many += 1;
        if *many <= MOST && (!global.quiet || diagnostic.severity == Severity::Error) {
            styled(&format!("{}\n", diag::render(diagnostic, sources, true)));
        }
    }
    for (severity, many) in told.into_iter().filter(|(_, many)| *many > MOST) {
        if !global.quiet || severity == Severity::Error {
            let word = self::severity(severity);
            tell(&format!("and {} more of severity {word}; `--format json` lists all\n", many - MOST));
        }
    }
}

/// `2 errors, 1 warning`, or nothing when there is nothing to count.
pub(super) fn count(problems: &Problems) -> Option<String> {
    let of = |severity| problems.0.iter().filter(|d| d.severity == severity).count();
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let parts: Vec<String> = [(of(Severity::Error), "error"), (of(Severity::Warning), "warning")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| plural(n, word))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Findings as data: `[{id, severity, message, places: [{file, line, column, text}], outputs, because, help}]`.
pub(super) fn to_node(problems: &Problems, sources: &Sources) -> Node {
    let strings = |list: &[String]| Node::new(list.iter().map(|s| Node::new(s.as_str())).collect::<Vec<_>>());
    let one = |d: &Diagnostic| {
        let places = d.labels.iter().map(|label| {
            let (line, column) = sources.line_column(label.place);
            mapping([
                ("file", Node::new(sources.name(label.place.source))),
                ("line", number(line)),
                ("column", number(column)),
                ("text", Node::new(label.text.as_str())),
            ])
        });
        mapping([
            ("id", Node::new(d.id)),
            ("severity", Node::new(severity(d.severity))),
            ("message", Node::new(d.message.as_str())),
            ("places", Node::new(places.collect::<Vec<_>>())),
            ("outputs", strings(&d.outputs)),
            ("because", strings(&d.because)),
            ("help", strings(&d.help)),
        ])
    };
    Node::new(problems.0.iter().map(one).collect::<Vec<_>>())
}

/// Prints a result for programs.
pub(super) fn json(node: &Node) {
    // JSON escapes the control characters of one byte; what else a terminal obeys stands in strings only.
    let text = to_json(node, Some(2));
    let obeyed = |c| matches!(c, '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let text = text.chars().fold(String::with_capacity(text.len() + 1), |mut safe, c| {
        if obeyed(c) {
            safe.push_str(&format!("\\u{:04x}", u32::from(c)))
        } else {
            safe.push(c)
        }
        safe
    });
    exact(&(text + "\n"));
}

/// A value as it is shown: without what is secret in addresses, in keys neither.
pub(super) fn masked(node: &Node) -> Node {
    let text = |text: &str| address::masked(text).into_owned();
    let value = match &node.value {
        Value::Map(map) => {
            let members = map.iter().map(|(key, node)| (text(&key.text), masked(node)));
            Value::Map(members.collect::<Map>())
        }
        Value::Seq(items) => Value::Seq(items.iter().map(masked).collect()),
        Value::Str(own) => Value::from(text(own).as_str()),
        scalar => scalar.clone(),
    };
    Node { value, origin: node.origin.clone(), style: node.style }
}

/// A mapping from names to values.
pub(super) fn mapping<'a>(members: impl IntoIterator<Item = (&'a str, Node)>) -> Node {
    Node::new(members.into_iter().collect::<Map>())
}

/// A count as a value.
pub(super) fn number(n: usize) -> Node {
    Node::new(i64::try_from(n).unwrap_or(i64::MAX))
}

/// A list of words as a value.
pub(super) fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> Node {
    Node::new(words.into_iter().map(Node::new).collect::<Vec<_>>())
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}
