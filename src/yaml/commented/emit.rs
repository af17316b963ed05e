//! Documents to text, in the layout that go-yaml v3 writes with an indentation of four.

use super::{
    Comment, Document, Entry, Item, Key, Kind, Scalar, Value,
    quote::{self, Style},
};
use crate::plain::PlainText;

/// SOPS's own indentation.
pub(super) const STEP: usize = 4;

/// All documents, with `---` between them.
pub fn emit(documents: &[Document]) -> PlainText {
    let mut emitter = Emitter::new(STEP);
    for (at, document) in documents.iter().enumerate() {
        if at > 0 {
            emitter.out.push_str("---\n");
        }
        if document.items.iter().any(|item| item.entry().is_some()) {
            emitter.items(&document.items, 0, false);
        } else {
            document.items.iter().for_each(|item| emitter.comment_line(item, 0));
            emitter.out.push_str("{}\n");
        }
    }
    emitter.out
}

/// Writes items with a step of indentation.
pub(super) struct Emitter {
    pub(super) out: PlainText,
    step: usize,
}

impl Emitter {
    pub(super) fn new(step: usize) -> Self {
        Self { out: PlainText::default(), step }
    }

    fn blanks(&mut self, count: usize) {
        for _ in 0..count {
            self.out.push_str(" ");
        }
    }

    fn comment_line(&mut self, item: &Item, indent: usize) {
        if let Item::Comment(comment) = item {
            self.blanks(indent);
            self.hash(comment);
            self.out.push_str("\n");
        }
    }

    fn hash(&mut self, comment: &Comment) {
        self.out.push_str("#");
        self.out.push_str(&comment.text);
    }

    /// `begun`: the first line has its indentation already.
    pub(super) fn items(&mut self, items: &[Item], indent: usize, begun: bool) {
        let mut begun = begun;
        for (at, item) in items.iter().enumerate() {
            match item {
                Item::Comment(_) if beside(items, at).is_some() => {}
                Item::Comment(_) => self.comment_line(item, indent),
                Item::Entry(entry) => {
                    let note = at.checked_sub(1).and_then(|before| beside(items, before));
                    self.entry(entry, note, indent, begun);
                    begun = false;
                }
            }
        }
    }

    fn entry(&mut self, entry: &Entry, note: Option<&Comment>, indent: usize, begun: bool) {
        if !begun {
            let mut comments = Vec::new();
            above(entry, &mut comments);
            comments.into_iter().for_each(|item| self.comment_line(item, indent));
            self.blanks(indent);
        }
        match &entry.key {
            Some(key) => {
                self.key(key);
                self.out.push_str(":");
            }
            None => self.out.push_str("-"),
        }
        let value = &entry.node.value;
        let inner = match value {
            Value::Map(items) | Value::Seq(items) => &items[leading(entry)..],
            Value::Null | Value::Scalar(_) => &[],
        };
        match value {
            Value::Map(_) | Value::Seq(_) if inner.is_empty() => {
                self.out.push_str(if matches!(value, Value::Map(_)) { " {}\n" } else { " []\n" });
            }
            Value::Map(_) | Value::Seq(_) if entry.key.is_none() => {
                self.out.push_str(" ");
                self.items(inner, indent + 2, true);
            }
            Value::Map(_) | Value::Seq(_) => {
                self.out.push_str("\n");
                self.items(inner, self.deeper(indent), false);
            }
            Value::Null => self.line(&Scalar::text("null"), true, note),
            Value::Scalar(scalar)
                if scalar.kind == Kind::Str && quote::style(&scalar.text, false) == Style::Block =>
            {
                let indent = if entry.key.is_none() { indent + 2 } else { self.deeper(indent) };
                self.block(&scalar.text, note, indent);
            }
            Value::Scalar(scalar) => self.line(scalar, false, note),
        }
    }

    /// Indentations are multiples of the step, whatever dashes came before.
    fn deeper(&self, indent: usize) -> usize {
        self.step * ((indent + self.step) / self.step)
    }

    fn key(&mut self, key: &Key) {
        quote::inline(&mut self.out, &Scalar::text(key.text.as_str()), true);
    }

    fn line(&mut self, scalar: &Scalar, bare: bool, note: Option<&Comment>) {
        self.out.push_str(" ");
        if bare {
            self.out.push_str(&scalar.text);
        } else {
            quote::inline(&mut self.out, scalar, false);
        }
        self.note(note);
        self.out.push_str("\n");
    }

    fn note(&mut self, note: Option<&Comment>) {
        if let Some(comment) = note {
            self.out.push_str(" ");
            self.hash(comment);
        }
    }

    fn block(&mut self, text: &str, note: Option<&Comment>, indent: usize) {
        let body = text.trim_end_matches('\n');
        self.out.push_str(match text.len() - body.len() {
            0 => " |-",
            1 => " |",
            _ => " |+",
        });
        self.note(note);
        self.out.push_str("\n");
        for line in body.split('\n') {
            if !line.is_empty() {
                self.blanks(indent);
                self.out.push_str(line);
            }
            self.out.push_str("\n");
        }
        for _ in body.len() + 1..text.len() {
            self.out.push_str("\n");
        }
    }
}

/// The comment at this place, if it stands on the line of the entry behind it.
pub(super) fn beside(items: &[Item], at: usize) -> Option<&Comment> {
    let Some(Item::Comment(comment)) = items.get(at) else { return None };
    let Some(Item::Entry(entry)) = items.get(at + 1) else { return None };
    let takes = matches!(entry.node.value, Value::Null | Value::Scalar(_));
    (comment.beside && takes).then_some(comment)
}

/// How many comments at the start of the value are written above the entry: those at the start of what follows a dash,
/// and all of a collection without entries.
fn leading(entry: &Entry) -> usize {
    let items = entry.node.items();
    let Some(first) = items.iter().position(|item| item.entry().is_some()) else { return items.len() };
    let shared = first.checked_sub(1).is_some_and(|at| beside(items, at).is_some());
    if entry.key.is_none() { first - usize::from(shared) } else { 0 }
}

/// The comments inside the value that are written above the entry.
fn above<'e>(entry: &'e Entry, found: &mut Vec<&'e Item>) {
    let items = entry.node.items();
    found.extend(&items[..leading(entry)]);
    if entry.key.is_none()
        && let Some(first) = items.iter().find_map(Item::entry)
    {
        above(first, found);
    }
}
