//! A walk over documents in their order, that gives each value and comment its path and says whether it is encrypted.

use super::{
    rule::{Matcher, Position},
    value::Opened,
};
use crate::{
    diag::Place,
    yaml::commented::{Comment, Document, Entry, Item, Node, Scalar, Value},
};

/// Where something stands.
pub(super) struct Site<'a> {
    /// The keys from the top, each with a `:` behind it: the additional data of what is encrypted there. Items of lists add
    /// nothing to it. At the top itself it is one `:`.
    pub(super) path: &'a str,
    pub(super) keys: &'a [&'a str],
    /// Does the rule of the file encrypt it?
    pub(super) encrypted: bool,
    /// Where it was read.
    pub(super) place: Option<Place>,
    /// Does it stand in a list?
    pub(super) listed: bool,
}

/// A value or comment.
pub(super) enum Leaf<'a> {
    Scalar(&'a Scalar),
    Comment(&'a Comment),
}

/// What becomes of it.
pub(super) enum Becomes {
    Scalar(Scalar),
    Comment(Comment),
    /// It stays.
    Same,
}

impl From<Opened> for Becomes {
    fn from(opened: Opened) -> Self {
        match opened {
            Opened::Scalar(scalar) => Becomes::Scalar(scalar),
            Opened::Comment(text) => Becomes::Comment(Comment { text, beside: false, place: None }),
        }
    }
}

/// The documents with every value and comment replaced by what `each` makes of it.
pub(super) fn map(
    documents: &[Document],
    matcher: &Matcher,
    each: &mut dyn FnMut(&Site, Leaf) -> Becomes,
) -> Vec<Document> {
    documents
        .iter()
        .map(|of| {
            let mut walk = Walk { matcher, each, keys: Vec::new(), comments: Vec::new() };
            Document { items: walk.items(&of.items, false) }
        })
        .collect()
}

struct Walk<'w> {
    matcher: &'w Matcher,
    each: &'w mut dyn FnMut(&Site, Leaf) -> Becomes,
    keys: Vec<&'w str>,
    comments: Vec<Vec<&'w str>>,
}

impl<'w> Walk<'w> {
    fn items<'d: 'w>(&mut self, items: &'d [Item], listed: bool) -> Vec<Item> {
        self.comments.push(Vec::new());
        let level = self.comments.len() - 1;
        let mut mapped = Vec::with_capacity(items.len());
        for item in items {
            let becomes = match item {
                Item::Comment(comment) => {
                    self.comments[level].push(&comment.text);
                    self.comment(comment, listed)
                }
                Item::Entry(entry) => self.entry(entry, listed),
            };
            if let (Item::Entry(_), Item::Entry(_)) = (item, &becomes) {
                self.comments[level].clear();
            }
            mapped.push(becomes);
        }
        self.comments.pop();
        mapped
    }

    fn ask(&mut self, leaf: Leaf, place: Option<Place>, listed: bool) -> Becomes {
        let is_comment = matches!(leaf, Leaf::Comment(_));
        let position = Position { keys: &self.keys, comments: &self.comments, is_comment };
        let encrypted = self.matcher.encrypts(&position);
        let path = self.keys.join(":") + ":";
        let site = Site { path: &path, keys: &self.keys, encrypted, place, listed };
        (self.each)(&site, leaf)
    }

    fn comment(&mut self, comment: &Comment, listed: bool) -> Item {
        let place = comment.place;
        match self.ask(Leaf::Comment(comment), place, listed) {
            Becomes::Comment(new) => Item::Comment(Comment { beside: comment.beside, place, ..new }),
            Becomes::Scalar(scalar) => {
                Item::Entry(Entry { key: None, node: Node { value: Value::Scalar(scalar), place } })
            }
            Becomes::Same => Item::Comment(comment.clone()),
        }
    }

    fn entry<'d: 'w>(&mut self, entry: &'d Entry, listed: bool) -> Item {
        let place = entry.node.place;
        let with = |value: Value| Item::Entry(Entry { key: entry.key.clone(), node: Node { value, place } });
        if let Some(key) = &entry.key {
            self.keys.push(&key.text);
        }
        let item = match &entry.node.value {
            Value::Null => Item::Entry(entry.clone()),
            Value::Map(items) => with(Value::Map(self.items(items, false))),
            Value::Seq(items) => with(Value::Seq(self.items(items, true))),
            Value::Scalar(scalar) => match self.ask(Leaf::Scalar(scalar), place, listed) {
                Becomes::Scalar(new) => with(Value::Scalar(new)),
                Becomes::Comment(comment) if listed => Item::Comment(Comment { place, ..comment }),
                Becomes::Comment(_) | Becomes::Same => Item::Entry(entry.clone()),
            },
        };
        if entry.key.is_some() {
            self.keys.pop();
        }
        item
    }
}
