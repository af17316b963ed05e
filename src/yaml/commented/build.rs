//! From the flat form that was read to documents, with aliases written out and comments in their places.

use super::{
    Comment, Document, Entry, Item, Key, Node, Value,
    comments::{self, Notes},
    read::{Arena, Content},
};
use crate::{
    diag::{Diagnostic, Place, Problems, SourceId},
    yaml::{
        raw::{ALIAS_BUDGET, MAX_DEPTH},
        syntax,
    },
};
use std::collections::HashSet;

/// The documents of what was read.
pub(super) fn documents(
    text: &str,
    source: SourceId,
    arena: &Arena,
    problems: &mut Problems,
) -> Vec<Document> {
    let notes = comments::place(text, arena);
    let mut build = Build { arena, notes, source, text, spent: 0, problems };
    arena.documents.iter().map(|root| build.document(*root)).collect()
}

struct Build<'a> {
    arena: &'a Arena,
    notes: Notes,
    source: SourceId,
    text: &'a str,
    /// What aliases have added.
    spent: usize,
    problems: &'a mut Problems,
}

impl Build<'_> {
    fn document(&mut self, root: Option<usize>) -> Document {
        Document { items: root.map_or_else(Vec::new, |root| self.items(root, None, 0)) }
    }

    /// `copied`: the place of the alias that this is a copy for.
    fn items(&mut self, collection: usize, copied: Option<Place>, depth: usize) -> Vec<Item> {
        if depth > MAX_DEPTH {
            self.problems.push(syntax::too_deep(copied.unwrap_or(Place::top(self.source))));
            return Vec::new();
        }
        let owner = &self.arena.collections[collection];
        let mut items = Vec::with_capacity(owner.entries.len());
        let mut known = HashSet::new();
        items.extend(self.comments(comments::Spot::Start(collection), copied));
        for number in &owner.entries {
            let member = &self.arena.entries[*number];
            if let (Some((text, start, end)), None) = (&member.key, copied)
                && !known.insert(text.as_str())
            {
                let place = Place::new(self.source, *start..*end);
                self.problems.push(
                    Diagnostic::error("yaml/duplicate-key", format!("the key `{text}` is given twice"))
                        .label(place, "again here")
                        .help("keep one of them"),
                );
            }
            items.extend(self.comments(comments::Spot::Before(*number), copied));
            let key = member.key.as_ref().map(|(text, start, end)| Key {
                text: text.clone(),
                place: copied.is_none().then(|| Place::new(self.source, *start..*end)),
            });
            let node = self.node(&member.content, copied, depth);
            items.push(Item::Entry(Entry { key, node }));
        }
        items.extend(self.comments(comments::Spot::End(collection), copied));
        items
    }

    fn node(&mut self, content: &Content, copied: Option<Place>, depth: usize) -> Node {
        let place = |start: usize, end: usize| copied.is_none().then(|| Place::new(self.source, start..end));
        match content {
            Content::Nothing => Node { value: Value::Null, place: None },
            Content::Scalar(value, start, end) => {
                let weight = if copied.is_some() { 1 + (end - start) / 32 } else { 0 };
                let place = place(*start, *end);
                self.spend(weight, copied);
                Node { value: value.clone(), place }
            }
            Content::Collection(number) => {
                let owner = &self.arena.collections[*number];
                let place = place(owner.start, owner.end);
                self.spend(usize::from(copied.is_some()), copied);
                let items = if self.spent > ALIAS_BUDGET {
                    Vec::new()
                } else {
                    self.items(*number, copied, depth + 1)
                };
                Node { value: if owner.is_map { Value::Map(items) } else { Value::Seq(items) }, place }
            }
            Content::Copy(of, start, end) => {
                let alias = copied.unwrap_or(Place::new(self.source, *start..*end));
                self.node(of, Some(alias), depth)
            }
        }
    }

    fn spend(&mut self, weight: usize, alias: Option<Place>) {
        let before = self.spent;
        self.spent += weight;
        if before <= ALIAS_BUDGET && self.spent > ALIAS_BUDGET {
            self.problems.push(syntax::too_many_aliases(alias.unwrap_or(Place::top(self.source))));
        }
    }

    fn comments(&self, spot: comments::Spot, copied: Option<Place>) -> Vec<Item> {
        let item = |note: &comments::Note| {
            Item::Comment(Comment {
                text: self.text[note.start + 1..note.end].into(),
                beside: note.beside,
                place: copied.is_none().then(|| Place::new(self.source, note.start..note.end)),
            })
        };
        self.notes.get(spot).iter().map(item).collect()
    }
}
