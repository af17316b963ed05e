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

/// What the parser complained about at a byte, for people.
pub(super) fn explain(text: &str, source: SourceId, at: usize, info: &str) -> Diagnostic {
    let at = at.min(text.len());
    let at = if text[at..].is_empty() { text.trim_end().len() } else { at };
    let line_start = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let line = text[line_start..].lines().next().unwrap_or("");
    let place = spot(text, source, at);
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
    let (message, help) = words(&text[at..], line, info);
    let mut diagnostic = Diagnostic::error("yaml/syntax", message).at(place);
    if let Some(help) = help {
        diagnostic = diagnostic.help(help);
    }
    diagnostic
}

/// One character, or the end of the last line.
fn spot(text: &str, source: SourceId, at: usize) -> Place {
    let width = text[at..].chars().next().map_or(0, char::len_utf8);
    Place::new(source, at..at + width)
}

type Words = (String, Option<&'static str>);

fn words(here: &str, line: &str, info: &str) -> Words {
    let has = |part: &str| info.contains(part);
    let known: (&str, Option<&'static str>) = if has("mapping values are not allowed") {
        (
            "a `:` stands where no key can end",
            Some("quote a text that contains `: `, and check the indentation"),
        )
    } else if has("directive") {
        (
            "a line that begins with `%` is a directive, which Kubernetes refuses",
            Some("remove it, or quote the text"),
        )
    } else if has("unknown escape character") {
        (
            "a backslash escape that YAML does not know",
            Some("use single quotes, or write the backslash twice"),
        )
    } else if has("hexadecimal") || has("invalid Unicode character escape") {
        (
            "a `\\x`, `\\u` or `\\U` escape is not complete",
            Some("use single quotes, or write the backslash twice"),
        )
    } else if has("unexpected end of stream") || has("document indicator") {
        ("a quoted text that begins here never ends", Some("add the closing quote"))
    } else if has("trailing content") {
        ("text stands after a closing quote", Some("put the whole value into one pair of quotes"))
    } else if has("indentation in quoted scalar") {
        (
            "a line of a quoted text is indented less than its key",
            Some("add the closing quote, or indent its lines"),
        )
    } else if has("comments must") {
        ("a `#` follows without a blank", Some("put a blank before a comment, or quote the text"))
    } else if has("indentation in flow") {
        (
            "a line of a list in brackets or a mapping in braces is indented too little",
            Some("indent it more than the key it belongs to"),
        )
    } else if has("flow") || has("misplaced bracket") || has("':' must") || has("',[]{}") {
        flow(line)
    } else if has("simple key") || has("did not find expected key") {
        (
            "this line is no `key: value` like its neighbours",
            Some("put a `:` and a blank after the key, and check the indentation and the quotes above"),
        )
    } else if has("expected '-'") || has("block sequence entries are not allowed") || has("'-' ") {
        ("a list item stands where none can be", Some("give all items of a list the same indentation"))
    } else if has("indentation") || has("wrongly indented") {
        (
            "the indentation of this line fits nothing above it",
            Some("align it with the lines it belongs to; inside brackets, indent it more than the key"),
        )
    } else if has("document") {
        (
            "the document has ended before this line",
            Some("check the indentation, or separate documents with `---`"),
        )
    } else if has("block scalar") {
        (
            "the line of a `|` or `>` has something else on it",
            Some("begin the text on the next line, indented"),
        )
    } else if has("anchor") || has("alias") {
        ("an anchor or alias has no proper name", Some("quote a text that begins with `*` or `&`"))
    } else if has("tag") || has("TAG") || has("handle") {
        ("this tag is not well formed", Some("quote a text that begins with `!`"))
    } else if has("unexpected character") {
        return start_character(here);
    } else if has("node content") {
        ("a value is missing here", Some("write the value, or quote it if it is text"))
    } else {
        return (
            format!("this is not valid YAML ({info})"),
            Some("check indentation, quotes and colons around here"),
        );
    };
    (known.0.to_owned(), known.1)
}

fn flow(line: &str) -> (&'static str, Option<&'static str>) {
    if line.contains("{{") || line.contains("{%") {
        return (
            "`{` begins a mapping in braces, and this one is not well formed",
            Some("quote a text that begins with `{{` or `{%`"),
        );
    }
    (
        "a list in brackets or a mapping in braces is not well formed",
        Some("check commas, brackets and braces, and quote a text that begins with `[` or `{`"),
    )
}

fn start_character(here: &str) -> Words {
    let first = here.chars().next().unwrap_or(' ');
    (format!("a plain value cannot begin with `{first}`"), Some("quote it"))
}
