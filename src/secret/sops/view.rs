//! Sealed files for people's eyes: what changed between two of them, and a text that can be compared line by line.

use super::{
    file::{Sealed, with_block},
    merge::Did,
    open::Opened,
    rule::Rule,
    value::looks_encrypted,
};
use crate::{
    hash::sha256,
    plain::PlainText,
    yaml::commented::{self, Comment, Document, Item, Node, Value},
};
use std::collections::BTreeMap;

/// How many digits of a hash stand for an encrypted value.
const DIGITS: usize = 10;

/// What changed between two versions of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Names of values, `stringData.password`, in the order of the new file, then those that are gone.
    pub values: Vec<(String, Did)>,
    /// Recipients that can open it now.
    pub added: Vec<String>,
    /// Recipients that could open it before.
    pub removed: Vec<String>,
    /// The new rule, if it is another one.
    pub rule: Option<Rule>,
    /// Every value has another text, and there was no key to look inside: whether values changed is not known.
    pub unknown: bool,
}

impl Difference {
    /// Is there none?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One version of a file, opened if there is a key.
#[derive(Clone, Copy)]
pub enum Version<'v> {
    /// Only its encrypted texts are to be seen.
    Sealed(&'v Sealed),
    /// Its values are.
    Opened(&'v Opened),
}

impl Version<'_> {
    fn sealed(&self) -> &Sealed {
        match self {
            Version::Sealed(sealed) => sealed,
            Version::Opened(opened) => opened.sealed(),
        }
    }
}

/// Compares two versions. Values are compared where both are opened; else their encrypted texts, which change only with
/// the value or the data key.
pub fn difference(before: Option<Version>, after: Option<Version>) -> Difference {
    let inside = [before, after].iter().flatten().all(|version| matches!(version, Version::Opened(_)));
    let values = |version: Option<Version>| {
        all(match version {
            Some(Version::Opened(opened)) if inside => opened.documents().to_vec(),
            Some(version) => version.sealed().documents(),
            None => Vec::new(),
        })
    };
    let (old, new) = (grouped(values(before)), grouped(values(after)));
    let recipients = |version: Option<Version>| -> Vec<String> {
        version.iter().flat_map(|v| v.sealed().recipients()).map(str::to_owned).collect()
    };
    let (had, has) = (recipients(before), recipients(after));
    let rule = |version: Option<Version>| version.map(|v| v.sealed().rule().clone());
    let mut difference = Difference {
        added: has.iter().filter(|key| !had.contains(key)).cloned().collect(),
        removed: had.iter().filter(|key| !has.contains(key)).cloned().collect(),
        rule: rule(after).filter(|new| rule(before).is_some_and(|old| old != *new)),
        ..Difference::default()
    };
    if !inside && rewritten(&old, &new) {
        difference.unknown = true;
    }
    for (name, values) in &new {
        match old.iter().find(|(other, _)| other == name) {
            None => difference.values.push((name.clone(), Did::Added)),
            Some((_, before)) if before != values && !(difference.unknown && is_sealed(values)) => {
                difference.values.push((name.clone(), Did::Changed));
            }
            Some(_) => {}
        }
    }
    let gone = old.iter().filter(|(name, _)| !new.iter().any(|(other, _)| other == name));
    difference.values.extend(gone.map(|(name, _)| (name.clone(), Did::Removed)));
    difference
}

/// The names of values, `stringData.password`, that are new or have changed from one opened version to the next.
pub fn changed(before: &[Document], after: &[Document]) -> Vec<String> {
    let (old, new) = (grouped(all(before.to_vec())), grouped(all(after.to_vec())));
    new.into_iter().filter(|value| !old.contains(value)).map(|(name, _)| name).collect()
}

/// Every value with its name.
fn all(documents: Vec<Document>) -> Vec<(String, PlainText)> {
    let mut found = Vec::new();
    let several = documents.len() > 1;
    for (at, document) in documents.into_iter().enumerate() {
        let prefix = if several { format!("document {}: ", at + 1) } else { String::new() };
        leaves(&Node::new(Value::Map(document.items)), &prefix, "", &mut found);
    }
    found
}

type Leaves = Vec<(String, Vec<PlainText>)>;

/// Values by name, in order; a list has all of its items.
fn grouped(leaves: Vec<(String, PlainText)>) -> Leaves {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut groups = Leaves::new();
    for (name, text) in leaves {
        let at = *places.entry(name.clone()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, texts)) => texts.push(text),
            None => groups.push((name, vec![text])),
        }
    }
    groups
}

fn is_sealed(texts: &[PlainText]) -> bool {
    texts.iter().any(|text| looks_encrypted(text))
}

/// Was everything encrypted anew?
fn rewritten(old: &Leaves, new: &Leaves) -> bool {
    let sealed = |leaves: &Leaves| -> Vec<PlainText> {
        leaves.iter().flat_map(|(_, texts)| texts).filter(|text| looks_encrypted(text)).cloned().collect()
    };
    let (old, new) = (sealed(old), sealed(new));
    old.len() > 1 && new.len() > 1 && !old.iter().any(|text| new.contains(text))
}

fn leaves(node: &Node, prefix: &str, path: &str, found: &mut Vec<(String, PlainText)>) {
    match &node.value {
        Value::Null => found.push((format!("{prefix}{path}"), PlainText::default())),
        Value::Scalar(scalar) => found.push((format!("{prefix}{path}"), scalar.text.clone())),
        Value::Map(items) | Value::Seq(items) => {
            for entry in items.iter().filter_map(Item::entry) {
                let path = match &entry.key {
                    Some(key) if path.is_empty() => key.text.clone(),
                    Some(key) => format!("{path}.{}", key.text),
                    None => path.to_owned(),
                };
                leaves(&entry.node, prefix, &path, found);
            }
        }
    }
}

/// A text of the file to be compared line by line: in place of each encrypted value a word that changes with it, in place
/// of the `sops` block who can open it. With `reveal` the values themselves; without it, what stands in clear below `data`
/// and `stringData` is not shown.
pub fn textconv(version: Version, reveal: bool) -> PlainText {
    let documents = match version {
        Version::Opened(opened) if reveal => opened.documents().to_vec(),
        _ => version
            .sealed()
            .documents()
            .into_iter()
            .map(|d| Document { items: veiled(d.items, false) })
            .collect(),
    };
    let sealed = version.sealed();
    let list = |texts: Vec<&str>| Value::Seq(texts.into_iter().map(Item::listed).collect());
    let mut block = vec![Item::member("recipients", list(sealed.recipients()))];
    let foreign: Vec<String> =
        sealed.foreign_keys().iter().map(|(service, key)| format!("{}: {key}", service.name())).collect();
    if !foreign.is_empty() {
        block.push(Item::member("others", list(foreign.iter().map(String::as_str).collect())));
    }
    block.push(Item::member(sealed.rule().kind.name(), sealed.rule().pattern.as_str()));
    commented::emit(&with_block(documents, &block))
}

fn veiled(items: Vec<Item>, secret: bool) -> Vec<Item> {
    let word = |text: &str| match looks_encrypted(text) {
        true => Some(format!("sealed {}", &sha256(text.as_bytes())[..DIGITS])),
        false => (secret && !text.is_empty()).then(|| "not sealed, and not shown".to_owned()),
    };
    let item = |item: Item| match item {
        Item::Comment(comment) => Item::Comment(match word(&comment.text) {
            Some(word) => Comment { text: format!(" {word}").into(), ..comment },
            None => comment,
        }),
        Item::Entry(mut entry) => {
            let secret =
                secret || entry.key.as_ref().is_some_and(|key| matches!(&*key.text, "data" | "stringData"));
            entry.node.value = match entry.node.value {
                Value::Map(items) => Value::Map(veiled(items, secret)),
                Value::Seq(items) => Value::Seq(veiled(items, secret)),
                Value::Scalar(scalar) => match word(&scalar.text) {
                    Some(word) => word.as_str().into(),
                    None => Value::Scalar(scalar),
                },
                Value::Null => Value::Null,
            };
            Item::Entry(entry)
        }
    };
    items.into_iter().map(item).collect()
}
