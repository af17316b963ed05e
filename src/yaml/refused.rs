//! What kustomize would damage or refuse in the finished tree.

use super::{Node, Value};
use crate::diag::{Diagnostic, Place, Problems};

/// kustomize fails on keys of somewhat more characters than this.
const MAX_KEY: usize = 1000;

/// Reports text that does not survive kustomize: U+007F–U+009F, U+FFFE and U+FFFF in keys and values, the key `<<`, keys
/// over 1,000 characters; values of several lines that end with U+2028 or U+2029; in `metadata.annotations` texts of
/// several lines that begin with a tab; and floats that are no numbers. Literal text of templates counts too.
pub fn refused(node: &Node, problems: &mut Problems) {
    damaged(node, problems);
    if let Some(Value::Map(annotations)) = node.at(&["metadata", "annotations"]).map(|node| &node.value) {
        annotations.iter().for_each(|(key, value)| annotation(&key.text, value, problems));
    }
}

/// kustomize writes annotations anew, as a block, and cannot read a block back that begins with a tab.
fn annotation(key: &str, value: &Node, problems: &mut Problems) {
    if value.as_str().is_some_and(|text| text.starts_with('\t') && text.contains('\n')) {
        problems.push(
            Diagnostic::error(
                "yaml/annotation",
                format!("the annotation `{key}` has several lines and begins with a tab"),
            )
            .at(value.place())
            .because("kustomize fails on it")
            .help("begin with something else, or indent with blanks"),
        );
    }
}

fn damaged(node: &Node, problems: &mut Problems) {
    match &node.value {
        Value::Str(text) => {
            characters(text, "the text", node.place(), problems);
            separator(text, node.place(), problems);
        }
        Value::Float(float) if !float.is_finite() => problems.push(
            Diagnostic::error("yaml/float", format!("`{float}` is no number that Kubernetes can hold"))
                .at(node.place())
                .help("use a finite number, or text"),
        ),
        Value::Seq(items) => items.iter().for_each(|item| damaged(item, problems)),
        Value::Map(map) => {
            for (key, value) in map.iter() {
                self::key(&key.text, key.place.or_else(|| value.place()), problems);
                damaged(value, problems);
            }
        }
        _ => {}
    }
}

fn key(text: &str, place: Option<Place>, problems: &mut Problems) {
    if text == "<<" {
        problems.push(
            Diagnostic::error("yaml/merge-key", "kustomize loses an entry with the key `<<`")
                .at(place)
                .help("choose another key"),
        );
    }
    if text.len() > MAX_KEY && text.chars().count() > MAX_KEY {
        problems.push(
            Diagnostic::error("yaml/key", format!("a key has more than {MAX_KEY} characters"))
                .at(place)
                .because("kustomize refuses it")
                .help("shorten the key"),
        );
    }
    characters(text, "the key", place, problems);
}

/// kustomize takes the separator at the end of a block for the end of the line; so the next object begins on that line,
/// and is lost.
fn separator(text: &str, place: Option<Place>, problems: &mut Problems) {
    if text.ends_with(['\u{2028}', '\u{2029}']) && text.contains('\n') {
        problems.push(
            Diagnostic::error("yaml/separator", "the text has several lines and ends with U+2028 or U+2029")
                .at(place)
                .because("kustomize loses the object that comes after it")
                .help("remove the separator, or end the text with a newline"),
        );
    }
}

fn characters(text: &str, what: &str, place: Option<Place>, problems: &mut Problems) {
    if !text.bytes().any(|b| matches!(b, 0x7f | 0xc2 | 0xef)) {
        return;
    }
    if let Some(c) = text.chars().find(|c| matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')) {
        problems.push(
            Diagnostic::error(
                "yaml/control-character",
                format!("{what} has the character U+{:04X}", u32::from(c)),
            )
            .at(place)
            .because("kustomize refuses it or turns it into a blank")
            .help("remove it; binary content belongs in `binaryData`, as base64"),
        );
    }
}
