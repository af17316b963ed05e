//! The `sops` block of a file.

use super::rule::{Rule, RuleKind};
use crate::{
    diag::{Diagnostic, Place, Problems},
    plain::PlainText,
    yaml::commented::{self, Item, Kind, Node, Scalar, Value},
};

/// The key of the block.
pub(super) const KEY: &str = "sops";

/// The version of SOPS whose format is written.
pub(super) const VERSION: &str = "3.13.3";

/// What the block says.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    /// Keys that open the file: one group, or several of which `threshold` are needed.
    pub(super) groups: Vec<Vec<KeyEntry>>,
    pub(super) threshold: usize,
    /// When values were last changed, RFC 3339 with seconds: the additional data of the MAC.
    pub(super) modified: String,
    /// The encrypted MAC, and where it stands.
    pub(super) mac: Option<(String, Option<Place>)>,
    pub(super) rule: Rule,
    pub(super) mac_only_encrypted: bool,
    /// Where the block stands.
    pub(super) place: Option<Place>,
}

/// A key that the data key is encrypted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyEntry {
    pub(super) service: Service,
    /// The recipient, fingerprint or address.
    pub(super) name: String,
    /// The data key, encrypted.
    pub(super) enc: String,
    pub(super) place: Option<Place>,
}

/// Who keeps a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// age.
    Age,
    /// Azure Key Vault.
    Azure,
    /// Google Cloud KMS.
    Google,
    /// HashiCorp Vault.
    Vault,
    /// Huawei Cloud KMS.
    Huawei,
    /// AWS KMS.
    Aws,
    /// OpenPGP.
    Pgp,
}

impl Service {
    /// All, with the key of their list and the field that names a key of theirs.
    const ALL: [(Service, &'static str, &'static str, &'static str); 7] = [
        (Service::Age, "age", "recipient", "age"),
        (Service::Azure, "azure_kv", "name", "Azure Key Vault"),
        (Service::Google, "gcp_kms", "resource_id", "Google Cloud KMS"),
        (Service::Vault, "hc_vault", "key_name", "HashiCorp Vault"),
        (Service::Huawei, "hckms", "key_id", "Huawei Cloud KMS"),
        (Service::Aws, "kms", "arn", "AWS KMS"),
        (Service::Pgp, "pgp", "fp", "PGP"),
    ];

    /// Its name for people.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(service, ..)| *service == self).map_or("", |(.., name)| name)
    }
}

/// The block of a document.
pub(super) fn block(items: &[Item]) -> Option<&Node> {
    commented::get(items, KEY)
}

/// Reads a block; `None` if an error was pushed.
pub(super) fn read(block: &Node, problems: &mut Problems) -> Option<Metadata> {
    let before = problems.errors();
    let place = block.place;
    let Value::Map(items) = &block.value else {
        problems.push(malformed("the `sops` block is no mapping").at(place));
        return None;
    };
    if text(items, "version").is_none() {
        problems.push(
            Diagnostic::error(
                "secret/truncated",
                "the `sops` block does not end with `version`: the file is cut off",
            )
            .at(place)
            .help("take the whole file from where it came from, such as an earlier commit"),
        );
        return None;
    }
    let metadata = Metadata {
        groups: groups(items, problems),
        threshold: text(items, "shamir_threshold").and_then(|text| text.parse().ok()).unwrap_or(0),
        modified: modified(items, place, problems),
        mac: commented::get(items, "mac").and_then(|node| Some((scalar(node)?.to_owned(), node.place))),
        rule: rule(items, place, problems),
        mac_only_encrypted: text(items, "mac_only_encrypted")
            .is_some_and(|text| matches!(text, "True" | "true" | "1")),
        place,
    };
    if metadata.groups.iter().all(Vec::is_empty) {
        problems.push(
            Diagnostic::error("secret/recipients-none", "the `sops` block names no key that opens the file")
                .at(place)
                .help("nobody can open it: seal it again from its values"),
        );
    }
    (problems.errors() == before).then_some(metadata)
}

fn malformed(message: &str) -> Diagnostic {
    Diagnostic::error("secret/metadata", message)
        .help("the block is written by programs only: take the file from an earlier commit, or seal it again")
}

fn scalar(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(scalar) => Some(&scalar.text),
        _ => None,
    }
}

fn text<'i>(items: &'i [Item], key: &str) -> Option<&'i str> {
    commented::get(items, key).and_then(scalar).filter(|text| !text.is_empty())
}

/// When the file was last changed, without a fraction, as SOPS writes it into the additional data.
fn modified(items: &[Item], place: Option<Place>, problems: &mut Problems) -> String {
    let node = commented::get(items, "lastmodified");
    let text = node.and_then(scalar).unwrap_or("");
    let time = Scalar::canonical(Kind::Time, text.into()).filter(|_| text.contains('T'));
    let Some(time) = time else {
        problems.push(
            malformed("`lastmodified` is no point in time").at(node.and_then(|node| node.place).or(place)),
        );
        return String::new();
    };
    match time.text.split_once('.') {
        None => time.text.to_string(),
        Some((seconds, rest)) => {
            format!("{seconds}{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
    }
}

fn rule(items: &[Item], place: Option<Place>, problems: &mut Problems) -> Rule {
    let mut rules = RuleKind::ALL
        .into_iter()
        .filter_map(|kind| Some(Rule { kind, pattern: text(items, kind.name())?.to_owned() }));
    let rule = rules.next().unwrap_or_default();
    if let Some(second) = rules.next() {
        let message = format!(
            "both `{}` and `{}` are given, and only one rule counts",
            rule.kind.name(),
            second.kind.name()
        );
        problems.push(malformed(&message).at(place));
    }
    if let Err(why) = rule.matcher() {
        let at = commented::get(items, rule.kind.name()).and_then(|node| node.place).or(place);
        problems.push(malformed(&format!("`{}` is no regular expression: {why}", rule.kind.name())).at(at));
    }
    rule
}

fn groups(items: &[Item], problems: &mut Problems) -> Vec<Vec<KeyEntry>> {
    let own = entries(items, problems);
    if !own.is_empty() {
        return vec![own];
    }
    let groups = commented::get(items, "key_groups").map_or(&[][..], Node::items);
    groups.iter().filter_map(Item::entry).map(|group| entries(group.node.items(), problems)).collect()
}

fn entries(items: &[Item], problems: &mut Problems) -> Vec<KeyEntry> {
    let mut found = Vec::new();
    for (service, key, name, _) in Service::ALL {
        for entry in commented::get(items, key).map_or(&[][..], Node::items).iter().filter_map(Item::entry) {
            let fields = entry.node.items();
            match (text(fields, name), text(fields, "enc")) {
                (Some(name), Some(enc)) => found.push(KeyEntry {
                    service,
                    name: name.to_owned(),
                    enc: enc.to_owned(),
                    place: entry.node.place,
                }),
                _ => problems.push(
                    malformed(&format!("an entry of `{key}` lacks `{name}` or `enc`")).at(entry.node.place),
                ),
            }
        }
    }
    found
}

/// A new block.
pub(super) fn new(rule: &Rule, mac_only_encrypted: bool) -> Vec<Item> {
    let mut items = Vec::new();
    set(&mut items, "version", VERSION.into());
    set_rule(&mut items, rule);
    if mac_only_encrypted {
        set(&mut items, "mac_only_encrypted", true.into());
    }
    items
}

/// Sets a key of the block; a new one stands in the order of names, as SOPS writes them.
pub(super) fn set(items: &mut Vec<Item>, key: &str, value: Value) {
    match items
        .iter_mut()
        .filter_map(Item::entry_mut)
        .find(|entry| entry.key.as_ref().is_some_and(|k| k.text == key))
    {
        Some(entry) if entry.node.value == value => {}
        Some(entry) => entry.node.value = value,
        None => {
            let at = items
                .iter()
                .position(|item| item.key().is_some_and(|other| other > key))
                .unwrap_or(items.len());
            items.insert(at, Item::member(key, value));
        }
    }
}

/// Sets the rule and removes any other.
pub(super) fn set_rule(items: &mut Vec<Item>, rule: &Rule) {
    let other = |key: &str| RuleKind::ALL.iter().any(|kind| kind.name() == key) && key != rule.kind.name();
    items.retain(|item| !item.key().is_some_and(other));
    set(items, rule.kind.name(), rule.pattern.as_str().into());
}

/// Sets the age recipients: an entry of the block whose recipient and key are wanted stays as it is.
pub(super) fn set_age(items: &mut Vec<Item>, wanted: &[(String, String)]) {
    let known = commented::get(items, "age").map_or(&[][..], Node::items);
    let entry = |(recipient, enc): &(String, String)| {
        let same = |item: &&Item| {
            let fields = item.entry().map_or(&[][..], |entry| entry.node.items());
            text(fields, "recipient") == Some(recipient) && text(fields, "enc") == Some(enc)
        };
        known.iter().find(same).cloned().unwrap_or_else(|| {
            let fields = [("enc", enc), ("recipient", recipient)];
            let fields = fields.map(|(key, text)| Item::member(key, PlainText::from(text.as_str())));
            Item::listed(Value::Map(fields.into()))
        })
    };
    let list = wanted.iter().map(entry).collect();
    set(items, "age", Value::Seq(list));
}

/// Takes keys of OpenPGP out.
pub(super) fn remove_pgp(items: &mut Vec<Item>, fingerprints: &[String]) {
    let Some(Value::Seq(list)) = items
        .iter_mut()
        .filter_map(Item::entry_mut)
        .find(|entry| entry.key.as_ref().is_some_and(|key| key.text == "pgp"))
        .map(|entry| &mut entry.node.value)
    else {
        return;
    };
    let is_gone = |item: &Item| {
        let fields = item.entry().map_or(&[][..], |entry| entry.node.items());
        text(fields, "fp").is_some_and(|fp| fingerprints.iter().any(|gone| gone.eq_ignore_ascii_case(fp)))
    };
    let count = list.len();
    list.retain(|item| !is_gone(item));
    if list.is_empty() && count > 0 {
        items.retain(|item| item.key() != Some("pgp"));
    }
}
