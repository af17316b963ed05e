//! Which rule of a `.sops.yaml` applies to a file, as `sops` looks it up: the first whose `path_regex`, not anchored,
//! matches the path below the folder of `.sops.yaml`.

use crate::{
    diag::{Place, Problems, Sources},
    expression::Expression,
    load::SopsConfig,
    yaml::{self, Node},
};

/// What `sops` would find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// No rule matches: `sops` refuses to make such a file.
    None,
    /// The file is no YAML, or a rule is none that `sops` understands.
    Unreadable,
    /// The first rule that matches.
    Rule(CreationRule),
}

/// A creation rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreationRule {
    /// Its number, from 1.
    pub number: usize,
    /// Its `path_regex`; absent if it matches every path.
    pub pattern: Option<String>,
    /// Where it stands.
    pub place: Option<Place>,
    /// Recipients of age and fingerprints of OpenPGP.
    pub recipients: Vec<String>,
    /// Other key services that it names: `kms`, `hc_vault` and so on.
    pub services: Vec<String>,
    /// How many key groups.
    pub groups: usize,
    /// What it encrypts, if it says so by this.
    pub encrypted_regex: Option<String>,
}

/// Key services in a rule and in a key group.
const SERVICES: [&str; 9] = [
    "kms",
    "gcp_kms",
    "hckms",
    "azure_keyvault",
    "azure_kv",
    "hc_vault",
    "hc_vault_transit_uri",
    "hc_vault_uris",
    "plugins",
];

/// Looks up the rule for a path of the project.
pub fn lookup(config: &SopsConfig, sources: &Sources, path: &str) -> Lookup {
    let Some(source) = config.source else { return Lookup::Unreadable };
    let Some(documents) = yaml::read_manifests(sources.text(source), source, &mut Problems::new()) else {
        return Lookup::Unreadable;
    };
    let rules = documents.first().and_then(|node| node.get("creation_rules")).and_then(Node::as_seq);
    for (index, rule) in rules.unwrap_or_default().iter().enumerate() {
        let pattern = rule.get("path_regex").and_then(Node::as_str).filter(|pattern| !pattern.is_empty());
        match pattern.map(Expression::new) {
            Some(Err(_)) => return Lookup::Unreadable,
            Some(Ok(pattern)) if !pattern.matches(path) => {}
            _ => return Lookup::Rule(read(index + 1, pattern, rule)),
        }
    }
    Lookup::None
}

fn read(number: usize, pattern: Option<&str>, rule: &Node) -> CreationRule {
    let groups = rule.get("key_groups").and_then(Node::as_seq).filter(|groups| !groups.is_empty());
    let mut read = CreationRule {
        number,
        pattern: pattern.map(str::to_owned),
        place: rule.get("path_regex").and_then(Node::place).or(rule.place()),
        recipients: Vec::new(),
        services: Vec::new(),
        groups: groups.map_or(1, <[Node]>::len),
        encrypted_regex: rule.get("encrypted_regex").and_then(Node::as_str).map(str::to_owned),
    };
    match groups {
        Some(groups) => groups.iter().for_each(|group| keys(group, &mut read)),
        None => keys(rule, &mut read),
    }
    read
}

/// The keys of a rule or a group: a list, or a text with commas; those of other groups merged in.
fn keys(node: &Node, into: &mut CreationRule) {
    let merged = node.get("merge").and_then(Node::as_seq).unwrap_or_default();
    merged.iter().for_each(|group| keys(group, into));
    for member in ["age", "pgp"] {
        let Some(written) = node.get(member) else { continue };
        let texts = written.as_str().into_iter();
        let texts = texts.chain(written.as_seq().into_iter().flatten().filter_map(Node::as_str));
        for text in texts.flat_map(|text| text.split(',')).map(str::trim).filter(|text| !text.is_empty()) {
            let key =
                crate::recipient::Recipient::parse(text).map_or_else(|_| text.to_owned(), |r| r.to_string());
            if !into.recipients.contains(&key) {
                into.recipients.push(key);
            }
        }
    }
    for service in SERVICES {
        let there = node.get(service).is_some_and(|node| !node.is_null());
        if there && !into.services.iter().any(|known| known == service) {
            into.services.push(service.to_owned());
        }
    }
}
