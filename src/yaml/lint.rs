//! What is legal YAML but refused or read differently by Kubernetes' reader.

use super::{
    RawNode,
    syntax::{self, MAX_KEY},
};
use crate::diag::{Diagnostic, Place, Problems, SourceId};
use std::ops::Range;

/// More problems of one text than this help nobody.
const MANY: usize = 100;

/// Reports a problem of a kind that a text may have thousands of.
pub(super) fn report(diagnostic: Diagnostic, problems: &mut Problems) {
    if problems.0.len() < MANY {
        problems.push(diagnostic);
    }
}

/// Control characters and line separators that may not stand in YAML text as they are; the first of each is reported.
pub(super) fn characters(text: &str, source: SourceId, problems: &mut Problems) {
    let suspicious =
        |b: u8| (b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')) || matches!(b, 0x7f | 0xc2 | 0xe2 | 0xef);
    let mut seen = Vec::new();
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(next) = bytes[from..].iter().position(|b| suspicious(*b)) {
        let at = from + next;
        let Some(c) = text[at..].chars().next() else { break };
        from = at + c.len_utf8();
        if !refused(c) || seen.contains(&c) {
            continue;
        }
        seen.push(c);
        problems.push(
            Diagnostic::error(
                "yaml/control-character",
                format!("the character U+{:04X} may not stand in YAML as it is", u32::from(c)),
            )
            .at(Place::new(source, at..from))
            .help(format!("remove it, or write it as `{}` in double quotes", escape(c))),
        );
        if seen.len() == 8 {
            break;
        }
    }
}

fn refused(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
}

fn escape(c: char) -> String {
    format!("\\u{:04X}", u32::from(c))
}

/// A directive (`%YAML 1.2`) between two documents.
pub(super) fn directive(text: &str, source: SourceId, between: Range<usize>) -> Option<Diagnostic> {
    let mut at = between.start;
    for line in text.get(between)?.split_inclusive('\n') {
        let content = line.trim_start_matches('\u{feff}');
        if content.starts_with('%') {
            let start = at + line.len() - content.len();
            let end = start + content.trim_end().len();
            return Some(
                Diagnostic::error("yaml/directive", "Kubernetes refuses YAML directives")
                    .at(Place::new(source, start..end))
                    .help("remove this line"),
            );
        }
        at += line.len();
    }
    None
}

/// The escape `\/`, which Kubernetes' reader does not know; the first of a text.
pub(super) fn escapes(text: &str, place: Place, problems: &mut Problems) {
    let range = place.range();
    let Some(written) = text.get(range.clone()) else { return };
    let mut bytes = written.bytes().enumerate();
    while let Some((at, b)) = bytes.next() {
        if b == b'\\' && bytes.next().is_some_and(|(_, escaped)| escaped == b'/') {
            let start = range.start + at;
            let error = Diagnostic::error("yaml/escape", "Kubernetes refuses the escape `\\/`")
                .at(Place::new(place.source, start..start + 2))
                .help("write `/`");
            return report(error, problems);
        }
    }
}

/// A key that Kubernetes' reader does not take for one: too long, or on several lines.
pub(super) fn key(text: &str, key: &RawNode, problems: &mut Problems) {
    let Place { source, start, end } = key.place;
    let Some(written) = text.get(key.place.range()) else { return };
    let long = (end - start) as usize > MAX_KEY;
    if key.alias.is_some() || (!long && !written.contains('\n')) || key.scalar().is_none() {
        return;
    }
    let start = start as usize;
    if text[..start].trim_end().ends_with('?') {
        return;
    }
    let place = Place::new(source, start..start + 1);
    if long && written.chars().count() > MAX_KEY {
        report(syntax::long_key(place), problems);
    } else if written.contains('\n') {
        let error = Diagnostic::error("yaml/key", "a key stands on several lines").at(place);
        report(error.help("write the key on one line; check commas and colons around it"), problems);
    }
}
