//! Syntax errors in our own words.

use crate::diag::{Diagnostic, Place, SourceId};
use std::sync::Arc;

/// Nested too deeply.
pub(super) fn too_deep(place: Place) -> Diagnostic {
    Diagnostic::error(
        "yaml/depth",
        format!("values are nested more than {} levels deep", super::raw::MAX_DEPTH),
    )
    .at(place)
    .help("flatten the structure")
}

/// Keys of more characters are refused by Kubernetes' reader unless written as `? key`.
pub(super) const MAX_KEY: usize = 1024;

/// A key longer than [`MAX_KEY`].
pub(super) fn long_key(place: Place) -> Diagnostic {
    Diagnostic::error("yaml/key", format!("a key has more than {MAX_KEY} characters"))
        .at(place)
        .help("shorten the key")
}

/// Aliases that multiply.
pub(super) fn too_many_aliases(place: Place) -> Diagnostic {
    Diagnostic::error("yaml/aliases", "anchors and aliases expand to too many values")
        .at(place)
        .help("write the values out, or use fewer aliases of aliases")
}

/// An alias that names nothing yet.
pub(super) fn bad_alias(name: &str, inside_itself: bool, place: Place) -> Diagnostic {
    let anchor = name.trim_start_matches('*');
    if inside_itself {
        return Diagnostic::error(
            "yaml/alias",
            format!("the alias `*{anchor}` stands inside its own anchor"),
        )
        .at(place)
        .help("a value cannot contain itself: write it out");
    }
    Diagnostic::error("yaml/alias", format!("no anchor `&{anchor}` stands before this alias in the document"))
        .at(place)
        .help(format!("set `&{anchor}` on an earlier value, or quote the text if no alias is meant"))
}

/// The end of a quoted scalar that starts (anchor and tag included) at `start`: one past the closing quote.
pub(super) fn quoted_end(text: &str, start: usize, limit: usize) -> usize {
    let bytes = &text.as_bytes()[..limit];
    let mut at = start;
    while matches!(bytes.get(at), Some(b'&' | b'!')) {
        at += bytes[at..].iter().position(u8::is_ascii_whitespace).unwrap_or(limit);
        at = at.min(limit);
        at += bytes[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    }
    let Some(&quote) = bytes.get(at) else { return limit };
    at += 1;
    while let Some(&b) = bytes.get(at) {
        match b {
            b'\\' if quote == b'"' => at += 2,
            b'\'' if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 2,
            _ if b == quote => return at + 1,
            _ => at += 1,
        }
    }
    limit
}

/// Where the `|` or `>` of a block scalar stands whose first line of content begins at `start`.
pub(super) fn block_header(text: &str, start: usize) -> usize {
    let before = text[..start].trim_end();
    let line_start = before.rfind('\n').map_or(0, |n| n + 1);
    let line = &before[line_start..];
    let header = line.match_indices(['|', '>']).find(|(at, _)| {
        let rest = line[at + 1..].trim_start_matches(|c: char| matches!(c, '+' | '-' | '1'..='9'));
        line[..*at].chars().next_back().is_none_or(|c| matches!(c, ' ' | '\t'))
            && (rest.is_empty() || (rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#')))
    });
    header.map_or(start, |(at, _)| line_start + at)
}

/// A block scalar without `+` at the end of a text whose last line has no line feed but the block's own indentation:
/// Kubernetes' reader takes that line for nothing, the parser for an empty one.
pub(super) fn clip(text: Arc<str>, written: &str) -> Arc<str> {
    let last = written.rsplit('\n').next().unwrap_or("");
    let header = written.lines().next().unwrap_or("").split('#').next().unwrap_or("");
    let keep = header.rsplit(['|', '>']).next().is_some_and(|marks| marks.contains('+'));
    match text.strip_suffix('\n') {
        Some(shorter)
            if shorter.ends_with('\n') && !keep && !last.is_empty() && last.bytes().all(|b| b == b' ') =>
        {
            shorter.into()
        }
        _ => text,
    }
}

/// What git leaves in a file that it could not merge: whatever the parser made of it, this is what is wrong.
pub(super) fn conflict(text: &str, source: SourceId) -> Option<Diagnostic> {
    let is_mark = |line: &&str| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ");
    // No hand puts two sealed versions together: each has its own code.
    let help = match text.contains("ENC[AES256_GCM,") {
        true => "`gen secrets resolve FILE` decides it, value by value",
        false => "keep what is right, and delete the lines `<<<<<<<`, `=======` and `>>>>>>>`",
    };
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if is_mark(&line) {
            return Some(
                Diagnostic::error("yaml/conflict", "a merge conflict is not resolved in this file")
                    .at(Place::new(source, at..at + line.trim_end().len()))
                    .help(help),
            );
        }
        at += line.len();
    }
    None
}

/// As [`bad_alias`], for a text that may be secret: `*` may be the first letter of a password.
pub(super) fn bad_alias_unseen(place: Place) -> Diagnostic {
    Diagnostic::error("yaml/alias", "an alias names no anchor that stands before it in the document")
        .at(place)
        .help("quote the text if no alias is meant")
}

/// As [`explain`], for a text that may be secret: nothing of it is in the words.
pub(super) fn explain_unseen(text: &str, source: SourceId, at: usize, info: &str) -> Diagnostic {
    let at = at.min(text.len());
    let at = if text[at..].is_empty() { text.trim_end().len() } else { at };
    if let Some(conflict) = conflict(text, source) {
        return conflict;
    }
    let place = spot(text, source, at);
    if info.contains("recursion limit") {
        return too_deep(place);
    }
    if info.contains("unknown anchor") {
        return bad_alias_unseen(place);
    }
    let known = WORDS.iter().find(|(parts, ..)| parts.iter().any(|part| info.contains(part)));
    let (message, help) = known.map_or(
        ("this is not valid YAML", "check indentation, quotes and colons around here"),
        |(_, message, help)| (message, help),
    );
    Diagnostic::error("yaml/syntax", message).at(place).help(help)
}

/// What the parser complained about at a byte, for people.
pub(super) fn explain(text: &str, source: SourceId, at: usize, info: &str) -> Diagnostic {
    let at = at.min(text.len());
    let at = if text[at..].is_empty() { text.trim_end().len() } else { at };
    let line_start = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let line = text[line_start..].lines().next().unwrap_or("");
    let place = spot(text, source, at);
    if let Some(conflict) = conflict(text, source) {
        return conflict;
    }
    if info.contains("recursion limit") {
        return too_deep(place);
    }
    if info.contains("unknown anchor") {
        let name: String =
            text[at..].chars().take_while(|c| !c.is_whitespace() && !",[]{}".contains(*c)).collect();
        return bad_alias(&name, false, Place::new(source, at..at + name.len()));
    }
    let indent = &line[..line.len() - line.trim_start().len()];
    let before = &text[line_start..at];
    if info.contains("tab") || before.ends_with('\t') || (indent.contains('\t') && !info.contains("quoted")) {
        let tab = line.find('\t').map_or(at, |n| line_start + n);
        return Diagnostic::error("yaml/tab", "a tab stands where YAML wants blanks")
            .at(Place::new(source, tab..tab + 1))
            .help("indent with blanks, never with tabs");
    }
    if info.contains("byte order mark") || text[at..].starts_with('\u{feff}') {
        return Diagnostic::error("yaml/control-character", "a byte order mark stands inside the text")
            .at(place)
            .help("remove it, or write it as `\\uFEFF` in double quotes");
    }
    if info.contains("mapping values") && at - line_start > MAX_KEY {
        let start = line_start + indent.len();
        return long_key(Place::new(source, start..start + 1));
    }
    let (message, help) = words(&text[at..], line, info);
    Diagnostic::error("yaml/syntax", message).at(place).help(help)
}

/// One character, or the end of the last line.
fn spot(text: &str, source: SourceId, at: usize) -> Place {
    let width = text[at..].chars().next().map_or(0, char::len_utf8);
    Place::new(source, at..at + width)
}

/// What the parser's complaint contains, what we say instead, and the remedy; the first match counts.
const WORDS: &[(&[&str], &str, &str)] = &[
    (
        &["mapping values are not allowed"],
        "a `:` stands where no key can end",
        "quote a text that contains `: `, and check the indentation",
    ),
    (
        &["directive"],
        "a line that begins with `%` is a directive, which Kubernetes refuses",
        "remove it, or quote the text",
    ),
    (
        &["unknown escape character"],
        "a backslash escape that YAML does not know",
        "use single quotes, or write the backslash twice",
    ),
    (
        &["hexadecimal", "invalid Unicode character escape"],
        "a `\\x`, `\\u` or `\\U` escape is not complete or no character",
        "use single quotes, or write the backslash twice",
    ),
    (
        &["unexpected end of stream", "document indicator"],
        "a quoted text that begins here never ends",
        "add the closing quote",
    ),
    (
        &["trailing content"],
        "text stands after a closing quote",
        "put the whole value into one pair of quotes",
    ),
    (
        &["indentation in quoted scalar"],
        "a line of a quoted text is indented less than its key",
        "add the closing quote, or indent its lines",
    ),
    (&["comments must"], "a `#` follows without a blank", "put a blank before a comment, or quote the text"),
    (
        &["indentation in flow"],
        "a line of a list in brackets or a mapping in braces is indented too little",
        "indent it more than the key it belongs to",
    ),
    (
        &["flow", "misplaced bracket", "':' must", ",[]{}"],
        "a list in brackets or a mapping in braces is not well formed",
        "check commas, brackets and braces, and quote a text that begins with `[` or `{`",
    ),
    (
        &["simple key", "did not find expected key"],
        "this line is no `key: value` like its neighbours",
        "put a `:` and a blank after the key, and check the indentation and the quotes above",
    ),
    (
        &["expected '-'", "block sequence entries are not allowed", "'-' ", "\"-\" is only valid"],
        "a list item stands where none can be",
        "give all items of a list the same indentation",
    ),
    (&["indentation", "wrongly indented"], INDENTATION.0, INDENTATION.1),
    (
        &["document"],
        "the document has ended before this line",
        "check the indentation, or separate documents with `---`",
    ),
    (
        &["block scalar"],
        "the line of a `|` or `>` has something else on it",
        "begin the text on the next line, indented",
    ),
    (
        &["anchor", "alias"],
        "an anchor or alias has no proper name",
        "quote a text that begins with `*` or `&`",
    ),
    (&["tag", "TAG", "handle"], "this tag is not well formed", "quote a text that begins with `!`"),
    (&["node content"], "a value is missing here", "write the value, or quote it if it is text"),
];

const BRACES: (&str, &str) = (
    "`{` begins a mapping in braces, and this one is not well formed",
    "quote a text that begins with `{{` or `{%`",
);

const INDENTATION: (&str, &str) = (
    "the indentation of this line fits nothing above it",
    "align it with the lines it belongs to; inside brackets, indent it more than the key",
);

/// Message and remedy for a complaint about what begins `here`, in a line.
fn words(here: &str, line: &str, info: &str) -> (String, &'static str) {
    let braces = line.contains("{{") || line.contains("{%");
    let key = info.contains("did not find expected key");
    if braces && (key || info.contains("flow")) {
        return (BRACES.0.to_owned(), BRACES.1);
    }
    if key && line.contains(": ") {
        return (INDENTATION.0.to_owned(), INDENTATION.1);
    }
    if info.contains("unexpected character") {
        let first = here.chars().next().unwrap_or(' ');
        return (format!("a plain value cannot begin with `{first}`"), "quote it");
    }
    let known = WORDS.iter().find(|(parts, ..)| parts.iter().any(|part| info.contains(part)));
    known.map_or_else(
        || (format!("this is not valid YAML ({info})"), "check indentation, quotes and colons around here"),
        |(_, message, help)| ((*message).to_owned(), *help),
    )
}
