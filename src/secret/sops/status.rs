//! What can be said of a sealed file without a key: its keys, its recipients against policy, what stands in clear.

use super::{
    file::Sealed,
    rule::Rule,
    value::looks_encrypted,
    wanted::{self, Wanted},
};
use crate::{
    diag::Place,
    secret::{Policy, Reader, manifest},
    yaml::commented::{Document, Item, Node, Value},
};

/// A sealed file beside what is wanted of it.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// The Secrets in it: name, namespace, and keys in the order of the file.
    pub secrets: Vec<SealedSecret>,
    /// Readers that are wanted and cannot open it.
    pub missing: Vec<Reader>,
    /// Keys that can open it and are not wanted; those of key services, which no policy names, are not among them.
    pub extra: Vec<String>,
    /// The rule of the file, if it is not the wanted one.
    pub other_rule: Option<Rule>,
    /// Values under `data` and `stringData` that stand in clear: their names and places.
    pub clear: Vec<(String, Option<Place>)>,
    /// Is nothing encrypted at all?
    pub nothing: bool,
}

impl Status {
    /// Are recipients and rule those of the policy that it was asked with?
    pub fn is_as_wanted(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty() && self.other_rule.is_none()
    }
}

/// A Secret in a sealed file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealedSecret {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`.
    pub namespace: String,
    /// The keys of `data` and `stringData`.
    pub keys: Vec<String>,
}

impl Status {
    /// Is the file as it is wanted?
    pub fn is_good(&self) -> bool {
        self.missing.is_empty()
            && self.extra.is_empty()
            && self.other_rule.is_none()
            && self.clear.is_empty()
            && !self.nothing
    }
}

impl Sealed {
    /// Compares the file with policy. What is encrypted is taken for genuine: only a key can tell.
    pub fn status(&self, policy: &Policy) -> Status {
        let mut status = Status::default();
        let now: Vec<String> =
            self.entries().filter(|entry| wanted::is_named(entry)).map(wanted::text).collect();
        let has = |reader: &&Reader| now.iter().any(|text| text == reader.recipient.as_str());
        status.missing = policy.readers.iter().filter(|reader| !has(reader)).cloned().collect();
        let wanted = Wanted::from(policy);
        status.extra = now.into_iter().filter(|text| !wanted.has(text)).collect();
        status.other_rule = (*self.rule() != policy.rule).then(|| self.rule().clone());
        let mut encrypted = 0;
        for document in self.documents() {
            for part in document.items.iter().filter_map(Item::entry) {
                let name = part.key.as_ref().map_or("", |key| key.text.as_str());
                let counts = manifest::is_secret(&document) && matches!(name, "data" | "stringData");
                leaves(&part.node, name, &mut |name, node, text| {
                    encrypted += usize::from(looks_encrypted(text));
                    if counts && !text.is_empty() && !looks_encrypted(text) {
                        status.clear.push((name.to_owned(), node.place));
                    }
                });
            }
            if manifest::is_secret(&document) {
                status.secrets.push(secret(&document));
            }
        }
        status.nothing = encrypted == 0;
        status
    }
}

fn secret(document: &Document) -> SealedSecret {
    let text = |path: &[&str]| document.text_at(path).unwrap_or_default().to_owned();
    SealedSecret {
        name: text(&["metadata", "name"]),
        namespace: text(&["metadata", "namespace"]),
        keys: manifest::keys(document).into_iter().map(str::to_owned).collect(),
    }
}

/// Each value with its name and text.
fn leaves(node: &Node, name: &str, each: &mut dyn FnMut(&str, &Node, &str)) {
    match &node.value {
        Value::Map(items) | Value::Seq(items) => {
            for entry in items.iter().filter_map(Item::entry) {
                match &entry.key {
                    Some(key) => leaves(&entry.node, &format!("{name}.{}", key.text), each),
                    None => leaves(&entry.node, name, each),
                }
            }
        }
        Value::Null => {}
        Value::Scalar(scalar) => each(name, node, &scalar.text),
    }
}
