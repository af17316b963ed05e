//! Two versions of a file and the one they come from, merged key by key in memory.

use super::{
    change::Outcome,
    open::Opened,
    value::Opened as Plainly,
    view::changed,
    wanted::{Key, Wanted},
};
use crate::{
    diag::Problems,
    secret::Moment,
    yaml::commented::{Document, Entry, Item, Node, Value},
};
use std::fmt;

/// One of the two versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What the branch has that is merged into.
    Ours,
    /// What comes in.
    Theirs,
}

/// A merged file. It is whole and genuine also where there are conflicts: then one side's value stands there.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The text of the file.
    pub text: String,
    /// What both sides changed in different ways.
    pub conflicts: Vec<Conflict>,
    /// Values that a recipient who was removed by one side knows.
    pub to_replace: Vec<String>,
}

/// What both sides changed in different ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The name of the value, `stringData.password`; `document 2: …` in a file of several.
    pub name: String,
    /// What ours did.
    pub ours: Did,
    /// What theirs did.
    pub theirs: Did,
}

/// What one side did to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// It was not there before.
    Added,
    /// It has another value now.
    Changed,
    /// It is gone.
    Removed,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |did| match did {
            Did::Added => "adds it",
            Did::Changed => "changes it",
            Did::Removed => "removes it",
        };
        match self.ours == self.theirs {
            true => write!(f, "`{}`: either side {} in its own way", self.name, word(self.ours)),
            false => write!(f, "`{}`: ours {}, theirs {}", self.name, word(self.ours), word(self.theirs)),
        }
    }
}

/// Merges two versions; `base` is what both come from, if there is any. `favour` decides conflicts; without it ours
/// stands there, and the conflicts are to be told. `None` if an error was pushed.
///
/// A recipient that either side removed stays removed, and gets no key to the result.
pub fn merge(
    base: Option<&Opened>,
    ours: &Opened,
    theirs: &Opened,
    favour: Option<Side>,
    now: Moment,
    problems: &mut Problems,
) -> Option<Merged> {
    let mut merging =
        Merging { favour: favour.unwrap_or(Side::Ours), path: Vec::new(), conflicts: Vec::new() };
    let documents =
        merging.documents(base.map_or(&[][..], Opened::documents), ours.documents(), theirs.documents());
    let wanted = wanted(base, ours, theirs, &mut merging);
    let loses = |side: &Opened| Wanted::from(side.sealed()).keys.iter().any(|key| !wanted.has(&key.text));
    // Whoever was removed knows the data key of the side that did not remove them.
    let (from, other) = if loses(ours) && !loses(theirs) { (theirs, ours) } else { (ours, theirs) };
    let Outcome { text, .. } = from.write_with(&documents, &wanted, Some(other), now, problems)?;
    let mut to_replace = Vec::new();
    for value in [ours, theirs].into_iter().filter(|side| loses(side)).flat_map(|side| kept(side, &documents))
    {
        if !to_replace.contains(&value) {
            to_replace.push(value);
        }
    }
    Some(Merged {
        text: text.unwrap_or_else(|| from.sealed().text().to_owned()),
        conflicts: merging.conflicts,
        to_replace,
    })
}

/// The values of a side that are what they were.
fn kept(side: &Opened, merged: &[Document]) -> Vec<String> {
    let changed = changed(side.documents(), merged);
    let is_changed =
        |name: &String| changed.iter().any(|other| other.rsplit(": ").next() == Some(name.as_str()));
    let values = side.known.iter().filter(|known| matches!(known.value, Plainly::Scalar(_)));
    values
        .map(|known| known.path.trim_end_matches(':').replace(':', "."))
        .filter(|name| !is_changed(name))
        .collect()
}

/// Keys and rule, merged.
fn wanted(base: Option<&Opened>, ours: &Opened, theirs: &Opened, merging: &mut Merging) -> Wanted {
    let of = |side: &Opened| Wanted::from(side.sealed());
    let (base, ours, theirs) = (base.map(of), of(ours), of(theirs));
    let had = |key: &Key| base.as_ref().is_some_and(|base| base.has(&key.text));
    let mut keys: Vec<Key> =
        ours.keys.iter().filter(|key| theirs.has(&key.text) || !had(key)).cloned().collect();
    let new = theirs.keys.iter().filter(|key| !ours.has(&key.text) && !had(key)).cloned();
    keys.extend(new);
    let before = base.as_ref().map(|base| &base.rule);
    let rule = choose(before, Some(&ours.rule), Some(&theirs.rule)).flatten().unwrap_or_else(|| {
        let name = "the rule of the `sops` block".to_owned();
        merging.conflicts.push(Conflict { name, ours: Did::Changed, theirs: Did::Changed });
        if merging.favour == Side::Ours { &ours.rule } else { &theirs.rule }
    });
    Wanted { keys, rule: rule.clone() }
}

struct Merging {
    favour: Side,
    path: Vec<String>,
    conflicts: Vec<Conflict>,
}

/// An entry with the comments that belong to it.
struct Row<'i> {
    comments: Vec<&'i Item>,
    entry: &'i Entry,
}

/// The rows of a mapping, and the comments behind the last.
fn rows(items: &[Item]) -> (Vec<Row<'_>>, Vec<&Item>) {
    let (mut rows, mut comments) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            Item::Comment(_) => comments.push(item),
            Item::Entry(entry) => rows.push(Row { comments: std::mem::take(&mut comments), entry }),
        }
    }
    (rows, comments)
}

fn find<'r, 'i>(rows: &'r [Row<'i>], key: &str) -> Option<&'r Row<'i>> {
    rows.iter().find(|row| row.entry.key.as_ref().is_some_and(|own| own.text == key))
}

fn above<'i>(row: Option<&Row<'i>>) -> Vec<&'i Item> {
    row.map(|row| row.comments.clone()).unwrap_or_default()
}

/// The three-way choice; `None` is a conflict.
fn choose<T: PartialEq>(base: T, ours: T, theirs: T) -> Option<T> {
    if ours == theirs || theirs == base {
        Some(ours)
    } else if ours == base {
        Some(theirs)
    } else {
        None
    }
}

impl Merging {
    fn documents(&mut self, base: &[Document], ours: &[Document], theirs: &[Document]) -> Vec<Document> {
        if let Some(chosen) = choose(base, ours, theirs) {
            return chosen.to_vec();
        }
        if ours.len() != theirs.len() {
            self.path.push("the number of documents".to_owned());
            self.conflict(true, true, true);
            self.path.pop();
            return if self.favour == Side::Ours { ours.to_vec() } else { theirs.to_vec() };
        }
        let empty = Document::default();
        let several = ours.len() > 1;
        let merged = ours.iter().zip(theirs).enumerate().map(|(at, (ours, theirs))| {
            if several {
                self.path.push(format!("document {}: ", at + 1));
            }
            let items = self.items(&base.get(at).unwrap_or(&empty).items, &ours.items, &theirs.items);
            self.path.clear();
            Document { items }
        });
        merged.collect()
    }

    fn items(&mut self, base: &[Item], ours: &[Item], theirs: &[Item]) -> Vec<Item> {
        let ((base, base_end), (ours, ours_end), (theirs, theirs_end)) =
            (rows(base), rows(ours), rows(theirs));
        let mut merged: Vec<(String, Vec<Item>)> = Vec::new();
        for row in &ours {
            let key = row.entry.key.as_ref().map_or_else(String::new, |key| key.text.clone());
            let items = self.row(find(&base, &key), Some(row), find(&theirs, &key), &key);
            merged.push((key, items));
        }
        let mut last = None;
        for row in &theirs {
            let key = row.entry.key.as_ref().map_or_else(String::new, |key| key.text.clone());
            if find(&ours, &key).is_none() {
                let items = self.row(find(&base, &key), None, Some(row), &key);
                let after = last.and_then(|last: String| merged.iter().position(|(key, _)| *key == last));
                merged.insert(after.map_or(0, |at| at + 1), (key.clone(), items));
            }
            last = Some(key);
        }
        let end = choose(&base_end, &ours_end, &theirs_end).unwrap_or(&ours_end);
        merged
            .into_iter()
            .flat_map(|(_, items)| items)
            .chain(end.iter().map(|item| (*item).clone()))
            .collect()
    }

    fn row(&mut self, base: Option<&Row>, ours: Option<&Row>, theirs: Option<&Row>, key: &str) -> Vec<Item> {
        self.path.push(key.to_owned());
        let node = |row: Option<&Row>| row.map(|row| row.entry.node.clone());
        let merged = self.node(node(base), node(ours), node(theirs));
        self.path.pop();
        let Some(node) = merged else { return Vec::new() };
        let (b, o, t) = (above(base), above(ours), above(theirs));
        let chosen = match (ours, theirs) {
            (Some(_), Some(_)) => choose(b, o.clone(), t).unwrap_or(o),
            (Some(_), None) => o,
            (None, _) => t,
        };
        let key = ours.or(theirs).or(base).and_then(|row| row.entry.key.clone());
        chosen.into_iter().cloned().chain([Item::Entry(Entry { key, node })]).collect()
    }

    fn node(&mut self, base: Option<Node>, ours: Option<Node>, theirs: Option<Node>) -> Option<Node> {
        if let Some(chosen) = choose(&base, &ours, &theirs) {
            return chosen.clone();
        }
        if let (Some(Value::Map(o)), Some(Value::Map(t))) =
            (ours.as_ref().map(|n| &n.value), theirs.as_ref().map(|n| &n.value))
        {
            let none = Vec::new();
            let b = match base.as_ref().map(|node| &node.value) {
                Some(Value::Map(items)) => items,
                _ => &none,
            };
            return Some(Node::new(Value::Map(self.items(b, o, t))));
        }
        self.conflict(base.is_some(), ours.is_some(), theirs.is_some());
        if self.favour == Side::Ours { ours } else { theirs }
    }

    fn conflict(&mut self, base: bool, ours: bool, theirs: bool) {
        let did = |now: bool| match (base, now) {
            (_, false) => Did::Removed,
            (false, true) => Did::Added,
            (true, true) => Did::Changed,
        };
        let name = match self.path.split_first() {
            Some((document, keys)) if document.ends_with(": ") => format!("{document}{}", keys.join(".")),
            _ => self.path.join("."),
        };
        self.conflicts.push(Conflict { name, ours: did(ours), theirs: did(theirs) });
    }
}
