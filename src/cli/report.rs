//! Prints what was found, for people or for programs.

use super::{Format, Global};
use crate::{
    diag::{self, Diagnostic, Problems, Severity, Sources},
    yaml::{Map, Node, to_json},
};
use std::io::Write;

/// Writes to stdout. A reader that went away (`| head`) is nobody's fault.
pub(super) fn print(text: &str) {
    let mut out = anstream::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes a line of talk to stderr, unless told to be quiet.
pub(super) fn say(global: &Global, text: &str) {
    if !global.quiet {
        tell(text);
    }
}

/// Writes to stderr, quiet or not.
pub(super) fn tell(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "{text}");
}

/// Prints findings to stderr as text, worst last, with a count; nothing with `--format json`
/// (there they are part of the result).
pub(super) fn findings(global: &Global, problems: &Problems, sources: &Sources) {
    if global.format == Format::Json {
        return;
    }
    let mut sorted: Vec<&Diagnostic> = problems.0.iter().collect();
    sorted.sort_by_key(|d| d.severity);
    for diagnostic in sorted {
        if !global.quiet || diagnostic.severity == Severity::Error {
            tell(&format!("{}\n", diag::render(diagnostic, sources, true)));
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
    print(&format!("{}\n", to_json(node, Some(2))));
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
