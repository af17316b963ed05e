//! The keys of a file against those that are wanted.

use super::{
    age,
    file::Sealed,
    metadata::{KeyEntry, Service},
    rule::Rule,
    value::DataKey,
};
use crate::{
    diag::{Diagnostic, Problems},
    recipient::{Kind, Recipient},
    secret::Policy,
};

/// Keys and rule that a file is to have.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) keys: Vec<Key>,
    pub(super) rule: Rule,
}

/// A public key: one of age or OpenPGP, the kinds that policy can name.
#[derive(Clone)]
pub(super) struct Key {
    /// The name that people know it by.
    pub(super) name: String,
    /// As it stands in a file.
    pub(super) text: String,
    /// `None` for a text that is no key we know.
    pub(super) recipient: Option<Recipient>,
}

impl From<&Policy> for Wanted {
    fn from(policy: &Policy) -> Self {
        let keys = policy.readers.iter().map(|reader| Key {
            name: reader.name.clone(),
            text: reader.recipient.to_string(),
            recipient: Some(reader.recipient.clone()),
        });
        Self { keys: keys.collect(), rule: policy.rule.clone() }
    }
}

impl From<&Sealed> for Wanted {
    fn from(sealed: &Sealed) -> Self {
        let keys = sealed.entries().filter(|entry| is_named(entry)).map(|entry| Key {
            name: entry.name.clone(),
            text: text(entry),
            recipient: Recipient::parse(&entry.name).ok(),
        });
        Self { keys: keys.collect(), rule: sealed.rule().clone() }
    }
}

impl Wanted {
    pub(super) fn has(&self, text: &str) -> bool {
        self.keys.iter().any(|key| key.text == text)
    }
}

/// Is it a key that policy can name? Those of key services are not: they stay as they are.
pub(super) fn is_named(entry: &KeyEntry) -> bool {
    matches!(entry.service, Service::Age | Service::Pgp)
}

/// The key of an entry as policy writes it: an SSH key without its comment.
pub(super) fn text(entry: &KeyEntry) -> String {
    Recipient::parse(&entry.name).map_or_else(|_| entry.name.clone(), |recipient| recipient.to_string())
}

/// The data key for each of the keys.
pub(super) fn wrap_all<'k>(
    keys: impl IntoIterator<Item = &'k Key>,
    data_key: &DataKey,
    problems: &mut Problems,
) -> Vec<(String, String)> {
    keys.into_iter().filter_map(|key| Some((key.text.clone(), wrap(key, data_key, problems)?))).collect()
}

/// The data key for one key; `None` and an error for kinds that cannot be sealed for yet.
fn wrap(key: &Key, data_key: &DataKey, problems: &mut Problems) -> Option<String> {
    let kind = key.recipient.as_ref().map(Recipient::kind);
    let parsed = if kind == Some(Kind::X25519) { key.text.parse().ok() } else { None };
    if parsed.is_none() {
        let what = kind.map_or_else(|| "no key that `gen` knows".to_owned(), |kind| kind.to_string());
        problems.push(
            Diagnostic::error(
                "secret/recipient-kind",
                format!("`{}` is {what}, and `gen` seals for age keys (`age1…`) only, so far", key.name),
            )
            .because(
                "what stands in a file for such a key is kept as long as the file's own key stays the same",
            )
            .help("use a key that `age-keygen` made, or leave this one out"),
        );
    }
    Some(age::wrap(data_key.bytes(), &parsed?))
}

/// Reports that there is nobody to seal for.
pub(super) fn somebody(wanted: &Wanted, problems: &mut Problems) {
    if wanted.keys.is_empty() {
        problems.push(
            Diagnostic::error("secret/nobody", "there is nobody to seal for").help(
                "name keys of `keys` under `secrets.cluster` and `secrets.recipients` of the environment or of a layer",
            ),
        );
    }
}
