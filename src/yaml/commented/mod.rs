//! YAML with its comments, as go-yaml v3 (and so SOPS) sees it: comments are items between the entries of a mapping or
//! list, scalars have the types of that reader, and the layout that is written is its own with an indentation of four.
//!
//! Texts are [`PlainText`], because they may be secrets: nothing here shows one, in no message either.

mod braces;
mod build;
mod comments;
mod edit;
mod emit;
mod quote;
mod read;
mod time;
mod typing;

pub use edit::update;
pub use emit::emit;
pub use read::read;

use crate::{diag::Place, plain::PlainText};

/// One document: the items of its mapping.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// Entries with the comments between them.
    pub items: Vec<Item>,
}

/// What stands in a mapping or list.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A comment.
    Comment(Comment),
    /// A member of a mapping, or an item of a list.
    Entry(Entry),
}

/// A comment of one line.
#[derive(Clone, Debug)]
pub struct Comment {
    /// What follows the `#`.
    pub text: PlainText,
    /// Does it stand on the line of the entry that follows it as an item?
    pub beside: bool,
    /// Where it stands, `#` included, if it was read.
    pub place: Option<Place>,
}

/// A member of a mapping, or an item of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key; an item of a list has none.
    pub key: Option<Key>,
    /// The value.
    pub node: Node,
}

/// A key. Keys are never secret.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its text.
    pub text: String,
    /// Where it stands, if it was read.
    pub place: Option<Place>,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands, if it was read and is no copy made for an alias.
    pub place: Option<Place>,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~`, nothing.
    Null,
    /// Everything else that is no collection.
    Scalar(Scalar),
    /// A list.
    Seq(Vec<Item>),
    /// A mapping.
    Map(Vec<Item>),
}

/// A scalar with its type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scalar {
    /// Its type.
    pub kind: Kind,
    /// Its canonical text: the string itself; decimal; `True` or `False`; a float without exponent; RFC 3339.
    pub text: PlainText,
}

/// Types of scalars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Text.
    Str,
    /// An integer of 64 bits.
    Int,
    /// A float.
    Float,
    /// A boolean.
    Bool,
    /// A point in time.
    Time,
}

impl Document {
    /// The value of a key of the document.
    pub fn get(&self, key: &str) -> Option<&Node> {
        get(&self.items, key)
    }

    /// The text of a string at a path of keys.
    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.get(first)?, |node, key| node.get(key))?.as_str()
    }
}

impl Item {
    /// A member of a mapping.
    pub fn member(key: impl Into<String>, value: impl Into<Value>) -> Self {
        Item::Entry(Entry { key: Some(Key { text: key.into(), place: None }), node: Node::new(value) })
    }

    /// An item of a list.
    pub fn listed(value: impl Into<Value>) -> Self {
        Item::Entry(Entry { key: None, node: Node::new(value) })
    }

    /// A comment on a line of its own; `text` is what follows the `#`.
    pub fn comment(text: impl Into<PlainText>) -> Self {
        Item::Comment(Comment { text: text.into(), beside: false, place: None })
    }

    /// The entry, if it is one.
    pub fn entry(&self) -> Option<&Entry> {
        match self {
            Item::Entry(entry) => Some(entry),
            Item::Comment(_) => None,
        }
    }

    /// The entry, if it is one, to change.
    pub fn entry_mut(&mut self) -> Option<&mut Entry> {
        match self {
            Item::Entry(entry) => Some(entry),
            Item::Comment(_) => None,
        }
    }

    /// The key of a member of a mapping.
    pub fn key(&self) -> Option<&str> {
        self.entry()?.key.as_ref().map(|key| key.text.as_str())
    }
}

impl Node {
    /// A value that was not read.
    pub fn new(value: impl Into<Value>) -> Self {
        Self { value: value.into(), place: None }
    }

    /// The member of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(items) => get(items, key),
            _ => None,
        }
    }

    /// The items of a mapping or list.
    pub fn items(&self) -> &[Item] {
        match &self.value {
            Value::Map(items) | Value::Seq(items) => items,
            Value::Null | Value::Scalar(_) => &[],
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(Scalar { kind: Kind::Str, text }) => Some(text),
            _ => None,
        }
    }
}

/// The value of a key among items.
pub fn get<'i>(items: &'i [Item], key: &str) -> Option<&'i Node> {
    items.iter().find(|item| item.key() == Some(key))?.entry().map(|entry| &entry.node)
}

impl Scalar {
    /// Text.
    pub fn text(text: impl Into<PlainText>) -> Self {
        Self { kind: Kind::Str, text: text.into() }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Scalar(Scalar::text(text))
    }
}

impl From<PlainText> for Value {
    fn from(text: PlainText) -> Self {
        Value::Scalar(Scalar::text(text))
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Scalar(Scalar { kind: Kind::Bool, text: if truth { "True" } else { "False" }.into() })
    }
}

/// Equal text and place beside or above, wherever it was read.
impl PartialEq for Comment {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.beside == other.beside
    }
}

/// Equal text, wherever it was read.
impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Equal values, wherever they were read.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

#[cfg(test)]
pub(crate) mod tests;
