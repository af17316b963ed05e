//! A text with new values: only the lines that differ are written anew.

use super::{
    Document, Item, Kind, Value,
    emit::{self, Emitter},
    quote::{self, Style},
    read::{column, read},
};
use crate::{
    diag::{Problems, Sources},
    plain::PlainText,
};
use std::ops::Range;

/// Comparing more pairs of lines than this takes too long: then the whole collection is written anew.
const MANY_PAIRS: usize = 4_000_000;

/// The text of `new`, made from `text` by changing what differs from `old`, which was read from it. What is equal stays
/// byte for byte as far as it stands on lines of its own; where that cannot be had, all is written anew.
pub fn update(text: &str, old: &[Document], new: &[Document]) -> PlainText {
    edited(text, old, new).unwrap_or_else(|| emit::emit(new))
}

fn edited(text: &str, old: &[Document], new: &[Document]) -> Option<PlainText> {
    if old.len() != new.len() {
        return None;
    }
    let step = old.iter().find_map(|document| step(text, &document.items, 0)).unwrap_or(emit::STEP);
    let mut editor = Editor { text, step, changes: Vec::new() };
    for (old, new) in old.iter().zip(new) {
        editor.items(&old.items, &new.items)?;
    }
    let result = editor.apply()?;
    // What was written must be what was meant, whatever the layout of the old text.
    (ends_as_meant(text, &result, old, new) || reads_as(&result, new)).then_some(result)
}

fn reads_as(text: &str, documents: &[Document]) -> bool {
    let source = Sources::new().add("", "");
    read(text, source, &mut Problems::new()).as_deref() == Some(documents)
}

/// Does one document differ only from a key at the margin on, and is what stands there what was meant? Nothing before such
/// a key goes on behind it, so that the long text of a sealed file need not be read whole when its `sops` block changes.
fn ends_as_meant(text: &str, result: &str, old: &[Document], new: &[Document]) -> bool {
    let ([old], [new]) = (old, new) else { return false };
    let same = old.items.iter().zip(&new.items).take_while(|(old, new)| old == new).count();
    let first = old.items.get(same).and_then(|item| item.entry()?.key.as_ref()?.place);
    let start = first.map_or(0, |place| place.start as usize);
    let (Some(before), Some(after)) = (text.get(..start), result.get(start..)) else { return false };
    before.ends_with('\n')
        && after.starts_with(|c: char| c.is_ascii_alphanumeric())
        && result.starts_with(before)
        && reads_as(after, &[Document { items: new.items[same..].to_vec() }])
}

/// How much the first nested block is indented.
fn step(text: &str, items: &[Item], indent: usize) -> Option<usize> {
    items.iter().filter_map(Item::entry).find_map(|entry| {
        let Value::Map(inner) = &entry.node.value else { return None };
        let first = inner.iter().find_map(|item| item.entry()?.key.as_ref()?.place)?;
        let column = column(text, first.start as usize);
        let own_line = text[..first.start as usize].ends_with(&format!("\n{}", " ".repeat(column)));
        match own_line && column > indent {
            true => Some(column - indent),
            false => step(text, inner, column),
        }
    })
}

/// An entry with the comment beside it, or a comment on a line of its own.
type Row<'i> = &'i [Item];

fn rows(items: &[Item]) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let mut at = 0;
    while at < items.len() {
        let length = if emit::beside(items, at).is_some() { 2 } else { 1 };
        rows.push(&items[at..at + length]);
        at += length;
    }
    rows
}

/// One step from old rows to new ones.
#[derive(Clone, Copy)]
enum Step {
    Both(usize, usize),
    Old(usize),
    New(usize),
}

struct Editor<'t> {
    text: &'t str,
    step: usize,
    changes: Vec<(Range<usize>, PlainText)>,
}

impl Editor<'_> {
    /// `None` if lines cannot be told apart: then what is around it must be written anew.
    fn items(&mut self, old: &[Item], new: &[Item]) -> Option<()> {
        if old == new {
            return Some(());
        }
        let (before, after) = (rows(old), rows(new));
        let steps = align(&before, &after)?;
        let mut pending = Vec::new();
        for step in steps {
            match step {
                Step::New(at) => pending.push(at),
                Step::Old(at) => {
                    let lines = self.lines(&before, at)?;
                    self.insert(&before, at, &after, &mut pending)?;
                    self.changes.push((lines, PlainText::default()));
                }
                Step::Both(at, to) => {
                    self.insert(&before, at, &after, &mut pending)?;
                    let known = self.changes.len();
                    if before[at] != after[to] && self.row(before[at], after[to]).is_none() {
                        self.changes.truncate(known);
                        let lines = self.lines(&before, at)?;
                        let row = self.written(after[to], self.indent(before[at])?);
                        self.changes.push((lines, row));
                    }
                }
            }
        }
        if !pending.is_empty() {
            let last = before.len().checked_sub(1)?;
            let (end, indent) = (self.lines(&before, last)?.end, self.indent(before[last])?);
            for at in pending {
                let row = self.written(after[at], indent);
                self.changes.push((end..end, row));
            }
        }
        Some(())
    }

    /// Writes new rows before an old one.
    fn insert(&mut self, before: &[Row], at: usize, after: &[Row], pending: &mut Vec<usize>) -> Option<()> {
        if pending.is_empty() {
            return Some(());
        }
        let (start, indent) = (self.lines(before, at)?.start, self.indent(before[at])?);
        for new in pending.drain(..) {
            let row = self.written(after[new], indent);
            self.changes.push((start..start, row));
        }
        Some(())
    }

    fn written(&self, row: Row, indent: usize) -> PlainText {
        let mut emitter = Emitter::new(self.step);
        emitter.items(row, indent, false);
        emitter.out
    }

    /// Changes a value in its place.
    fn row(&mut self, old: Row, new: Row) -> Option<()> {
        let (Some(Item::Entry(was)), Some(Item::Entry(is))) = (old.last(), new.last()) else { return None };
        if old.len() != new.len() || (old.len() == 2 && old[0] != new[0]) {
            return None;
        }
        let place = was.node.place?.range();
        let written = self.text.get(place.clone())?;
        match (&was.node.value, &is.node.value) {
            (Value::Map(old), Value::Map(new)) | (Value::Seq(old), Value::Seq(new))
                if !old.is_empty() && !written.starts_with(['{', '[', '&', '!']) =>
            {
                self.items(old, new)
            }
            (Value::Scalar(_) | Value::Null, value) => {
                let value = inline(value)?;
                let simple = !written.is_empty()
                    && !written.starts_with(['|', '>', '&', '!', '*'])
                    && !written.contains('\n');
                simple.then(|| self.changes.push((place, value)))
            }
            _ => None,
        }
    }

    /// The lines of a row, up to the next one.
    fn lines(&self, rows: &[Row], at: usize) -> Option<Range<usize>> {
        let start = self.line(rows[at])?;
        let end = match rows.get(at + 1) {
            Some(next) => self.line(next)?,
            None => {
                let end = rows[at].iter().filter_map(end).max()?;
                self.text.get(end..)?.find('\n').map_or(self.text.len(), |n| end + n + 1)
            }
        };
        (start < end).then_some(start..end)
    }

    /// The start of the line that a row begins on, if nothing else does.
    fn line(&self, row: Row) -> Option<usize> {
        let (line, prefix) = self.prefix(row)?;
        let dash =
            if matches!(row.last(), Some(Item::Entry(entry)) if entry.key.is_none()) { "-" } else { "" };
        (prefix.trim() == dash).then_some(line)
    }

    fn indent(&self, row: Row) -> Option<usize> {
        let (_, prefix) = self.prefix(row)?;
        Some(prefix.len() - prefix.trim_start().len())
    }

    /// The start of a row's line, and what stands on it before the row.
    fn prefix(&self, row: Row) -> Option<(usize, &str)> {
        let place = match row.last()? {
            Item::Comment(comment) => comment.place?,
            Item::Entry(entry) => match &entry.key {
                Some(key) => key.place?,
                None => entry.node.place?,
            },
        };
        let start = place.start as usize;
        let line = self.text.get(..start)?.rfind('\n').map_or(0, |n| n + 1);
        Some((line, &self.text[line..start]))
    }

    fn apply(mut self) -> Option<PlainText> {
        self.changes.sort_by_key(|(range, _)| (range.start, range.end));
        let mut out = PlainText::default();
        let mut done = 0;
        for (range, new) in &self.changes {
            out.push_str(self.text.get(done..range.start)?);
            out.push_str(new);
            done = range.end;
        }
        out.push_str(self.text.get(done..)?);
        Some(out)
    }
}

/// The last byte of an item.
fn end(item: &Item) -> Option<usize> {
    match item {
        Item::Comment(comment) => comment.place.map(|place| place.end as usize),
        Item::Entry(entry) => {
            let own = [entry.key.as_ref().and_then(|key| key.place), entry.node.place];
            let own = own.into_iter().flatten().map(|place| place.end as usize);
            own.chain(entry.node.items().iter().filter_map(end)).max()
        }
    }
}

/// A value that fits on the line of its key.
fn inline(value: &Value) -> Option<PlainText> {
    let mut out = PlainText::default();
    match value {
        Value::Null => out.push_str("null"),
        Value::Scalar(scalar)
            if scalar.kind == Kind::Str && quote::style(&scalar.text, false) == Style::Block =>
        {
            return None;
        }
        Value::Scalar(scalar) => quote::inline(&mut out, scalar, false),
        Value::Map(_) | Value::Seq(_) => return None,
    }
    Some(out)
}

/// Are they one row, though its value may differ? Items of lists have no name: they must be equal.
fn is_same(old: Row, new: Row) -> bool {
    match (old.last(), new.last()) {
        (Some(Item::Entry(a)), Some(Item::Entry(b))) => {
            a.key == b.key && (a.key.is_some() || a.node == b.node)
        }
        (a, b) => a == b,
    }
}

/// The longest common subsequence; `None` if that takes too long.
fn align(old: &[Row], new: &[Row]) -> Option<Vec<Step>> {
    let head = old.iter().zip(new).take_while(|(a, b)| is_same(a, b)).count();
    let tail =
        old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| is_same(a, b)).count();
    let (olds, news) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let width = news.len() + 1;
    if olds.len().saturating_mul(width) > MANY_PAIRS {
        return None;
    }
    let mut lengths = vec![0_u32; (olds.len() + 1) * width];
    for i in (0..olds.len()).rev() {
        for j in (0..news.len()).rev() {
            lengths[i * width + j] = if is_same(olds[i], news[j]) {
                lengths[(i + 1) * width + j + 1] + 1
            } else {
                lengths[(i + 1) * width + j].max(lengths[i * width + j + 1])
            };
        }
    }
    let mut steps: Vec<Step> = (0..head).map(|at| Step::Both(at, at)).collect();
    let (mut i, mut j) = (0, 0);
    while i < olds.len() || j < news.len() {
        let both = i < olds.len() && j < news.len();
        if both && is_same(olds[i], news[j]) {
            steps.push(Step::Both(head + i, head + j));
            (i, j) = (i + 1, j + 1);
        } else if both
            && are_items(olds[i], news[j])
            && lengths[i * width + j] == lengths[(i + 1) * width + j + 1]
        {
            // An item of a list that changed.
            steps.push(Step::Both(head + i, head + j));
            (i, j) = (i + 1, j + 1);
        } else if j < news.len()
            && (i == olds.len() || lengths[i * width + j + 1] >= lengths[(i + 1) * width + j])
        {
            steps.push(Step::New(head + j));
            j += 1;
        } else {
            steps.push(Step::Old(head + i));
            i += 1;
        }
    }
    steps.extend((0..tail).map(|at| Step::Both(old.len() - tail + at, new.len() - tail + at)));
    Some(steps)
}

fn are_items(old: Row, new: Row) -> bool {
    let is_item = |row: Row| matches!(row.last(), Some(Item::Entry(entry)) if entry.key.is_none());
    is_item(old) && is_item(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the end alone answers for, and what it leaves to the whole text.
    #[test]
    fn the_end_answers_where_it_begins_with_a_key_at_the_margin() {
        let parse = |text: &str| read(text, Sources::new().add("", ""), &mut Problems::new()).unwrap();
        for (old, new, answers) in [
            ("# a\na: 1 # b\nsops:\n  x: 1\n", "# a\na: 1 # b\nsops:\n  x: 2\n", true),
            ("a: |+\n  1\n\nb: 1\n", "a: |+\n  1\n\nb: 2\n", true),
            ("a: 1\nb: 2\n", "a: 2\nb: 2\n", false),
            ("{\na: 1,\nb: 2}\n", "{\na: 1,\nb: 3}\n", false),
            ("a: 1\n\"b\": 2\n", "a: 1\n\"b\": 3\n", false),
            ("a: 1\nb: 2\n---\nc: 1\n", "a: 1\nb: 3\n---\nc: 1\n", false),
        ] {
            assert_eq!(ends_as_meant(old, new, &parse(old), &parse(new)), answers, "{old}");
            let other = new.replace(['2', '3'], "4");
            assert!(!ends_as_meant(old, &other, &parse(old), &parse(new)), "{old}");
        }
    }
}
