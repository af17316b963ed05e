//! What can be known of a file that SOPS encrypted without opening it: for whom, by which rule, and what stands in it
//! in the clear. Nothing here is proven by the file: SOPS authenticates no recipient.

use crate::{
    diag::Place,
    recipient::Recipient,
    yaml::{Node, Value},
};

/// Flux refuses to decrypt larger files.
pub const MOST_BYTES: usize = 5 << 20;

/// The API server refuses a Secret whose values have more bytes together (`MaxSecretSize` of Kubernetes).
pub const MOST_VALUES: usize = 1 << 20;

/// What is encrypted in a Secret, as the rule `encrypted_regex` says it: all of `data` and `stringData`.
pub const ENCRYPTED_REGEX: &str = "^(data|stringData)$";

/// The `sops` block of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// For whom: keys of age and fingerprints of OpenPGP, each once.
    pub recipients: Vec<SealedFor>,
    /// Entries of other key services, `kms` and so on, by name.
    pub services: Vec<String>,
    /// How many key groups share the key; 1 without any.
    pub groups: usize,
    /// What says which values are encrypted: `encrypted_regex` and its like. SOPS writes at most one.
    pub rules: Vec<EncryptionRule>,
    /// Has it an integrity code? Flux takes a document without one for plain.
    pub has_mac: bool,
    /// Does it end with `version`, as SOPS writes it? One that does not is cut off.
    pub is_whole: bool,
    /// Where it stands.
    pub place: Option<Place>,
}

/// One that a file is sealed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedFor {
    /// The key as it stands there, an SSH key without its comment.
    pub key: String,
    /// Where.
    pub place: Option<Place>,
}

/// What says which values are encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptionRule {
    /// `encrypted_regex` and its like.
    pub name: &'static str,
    /// The text.
    pub text: String,
    /// Where.
    pub place: Option<Place>,
}

/// A value below `data` or `stringData` that is not sealed.
#[derive(Clone, Debug)]
pub struct Clear<'n> {
    /// Its path, `stringData.password`.
    pub path: String,
    /// The value.
    pub node: &'n Node,
    /// Does it look like a sealed one, but is none?
    pub is_damaged: bool,
}

/// The keys of the rules, as SOPS writes them.
const RULES: [&str; 6] = [
    "unencrypted_suffix",
    "encrypted_suffix",
    "unencrypted_regex",
    "encrypted_regex",
    "unencrypted_comment_regex",
    "encrypted_comment_regex",
];
/// The keys of key services that `gen` does not know by itself.
const SERVICES: [&str; 5] = ["kms", "gcp_kms", "hckms", "azure_kv", "hc_vault"];

impl Seal {
    /// The seal of a document; `None` if it has no `sops` block.
    pub fn of(document: &Node) -> Option<Self> {
        let block = document.get("sops")?;
        block.as_map()?;
        let groups = block.get("key_groups").and_then(Node::as_seq).filter(|groups| !groups.is_empty());
        let mut seal = Self {
            recipients: Vec::new(),
            services: Vec::new(),
            groups: groups.map_or(1, <[Node]>::len),
            rules: Vec::new(),
            has_mac: block.get("mac").and_then(Node::as_str).is_some_and(|mac| !mac.is_empty()),
            is_whole: block.get("version").and_then(Node::as_str).is_some_and(|version| !version.is_empty()),
            place: block.place(),
        };
        std::iter::once(block).chain(groups.into_iter().flatten()).for_each(|group| seal.keys(group));
        for name in RULES {
            if let Some((text, node)) = block.get(name).and_then(|node| Some((node.as_str()?, node))) {
                seal.rules.push(EncryptionRule { name, text: text.to_owned(), place: node.place() });
            }
        }
        Some(seal)
    }

    /// Is there nobody who could open the file?
    pub fn is_for_nobody(&self) -> bool {
        self.recipients.is_empty() && self.services.is_empty()
    }

    fn keys(&mut self, group: &Node) {
        for (list, member) in [("age", "recipient"), ("pgp", "fp")] {
            for entry in group.get(list).and_then(Node::as_seq).unwrap_or_default() {
                let Some((text, node)) = entry.get(member).and_then(|node| Some((node.as_str()?, node)))
                else {
                    continue;
                };
                let key = Recipient::parse(text).map_or_else(|_| text.to_owned(), |key| key.to_string());
                if self.recipients.iter().all(|known| known.key != key) {
                    self.recipients.push(SealedFor { key, place: node.place() });
                }
            }
        }
        for service in SERVICES {
            let there = group.get(service).and_then(Node::as_seq).is_some_and(|list| !list.is_empty());
            if there && !self.services.iter().any(|known| known == service) {
                self.services.push(service.to_owned());
            }
        }
    }
}

/// What stands below `data` and `stringData` of a Secret in the clear: empty texts and nulls aside, which hold nothing
/// and which SOPS leaves as they are. The other number is that of sealed values.
pub fn clear(secret: &Node) -> (Vec<Clear<'_>>, usize) {
    let (mut found, mut sealed) = (Vec::new(), 0);
    for part in ["data", "stringData"] {
        if let Some(node) = secret.get(part) {
            below(node, part, &mut found, &mut sealed);
        }
    }
    (found, sealed)
}

fn below<'n>(node: &'n Node, path: &str, found: &mut Vec<Clear<'n>>, sealed: &mut usize) {
    match &node.value {
        Value::Map(map) => {
            map.iter().for_each(|(key, node)| below(node, &format!("{path}.{}", key.text), found, sealed))
        }
        Value::Seq(items) => items.iter().for_each(|node| below(node, path, found, sealed)),
        Value::Null => {}
        Value::Str(text) if text.is_empty() => {}
        Value::Str(text) if is_sealed_value(text) => *sealed += 1,
        Value::Str(text) => {
            found.push(Clear { path: path.to_owned(), node, is_damaged: text.starts_with("ENC[") });
        }
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
            found.push(Clear { path: path.to_owned(), node, is_damaged: false });
        }
    }
}

/// How many bytes the sealed values of a Secret have together: encryption changes no length.
pub fn size(secret: &Node) -> usize {
    let length =
        |base64: &str| base64.len() / 4 * 3 - base64.bytes().rev().take_while(|b| *b == b'=').count().min(2);
    let part = |name: &str| {
        let values = secret.get(name).and_then(Node::as_map).into_iter().flat_map(|map| map.iter());
        let sealed = values.filter_map(|(_, value)| value.as_str().filter(|text| is_sealed_value(text)));
        let data = sealed.filter_map(|text| text.strip_prefix("ENC[AES256_GCM,data:")?.split(',').next());
        data.map(length).sum::<usize>()
    };
    // What stands under `data` is base64 of it; line breaks in it are few.
    part("stringData") + part("data") / 4 * 3
}

/// Is it `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`?
pub fn is_sealed_value(text: &str) -> bool {
    let Some(inside) = text.strip_prefix("ENC[AES256_GCM,").and_then(|rest| rest.strip_suffix(']')) else {
        return false;
    };
    let base64 = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    let mut members = inside.split(',');
    let mut member = |name: &str| members.next().and_then(|member| member.strip_prefix(name));
    let parts = ["data:", "iv:", "tag:"].map(|name| member(name).filter(|part| base64(part)));
    let kind = member("type:").filter(|kind| !kind.is_empty());
    let whole = parts.iter().all(Option::is_some) && parts[1..].iter().flatten().all(|part| !part.is_empty());
    whole && kind.is_some() && members.next().is_none()
}

/// Is it a file that SOPS encrypted, whatever its format: YAML, JSON (also for binary files), dotenv or ini?
pub fn is_sealed_file(text: &str) -> bool {
    let starts = |start: &str| text.lines().any(|line| line.starts_with(start));
    let json = || text.trim_start().starts_with('{') && text.contains("\"sops\"") && text.contains("\"mac\"");
    text.contains("ENC[AES256_GCM,") && (starts("sops:") || starts("sops_mac=") || starts("[sops]") || json())
}

/// Is it a Secret of Kubernetes?
pub fn is_secret(document: &Node) -> bool {
    let word = |key: &str| document.get(key).and_then(Node::as_str);
    word("kind") == Some("Secret") && word("apiVersion").is_none_or(|version| version == "v1")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        diag::{Problems, Sources},
        yaml,
    };

    const KEY: &str = "age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux";

    fn node(text: &str) -> Node {
        let source = Sources::new().add("a.yaml", text);
        yaml::read_manifests(text, source, &mut Problems::new()).unwrap().remove(0)
    }

    #[test]
    fn a_seal_says_for_whom_and_by_which_rule() {
        let sealed = include_str!("../environments/secrets/prod/kuard/kuard-tls.sops.yaml");
        let seal = Seal::of(&node(sealed)).unwrap();
        assert_eq!(seal.recipients.iter().map(|r| &*r.key).collect::<Vec<_>>(), [KEY]);
        assert_eq!((seal.groups, seal.has_mac, seal.is_whole, seal.services.len()), (1, true, true, 0));
        let rules: Vec<_> = seal.rules.iter().map(|rule| (rule.name, &*rule.text)).collect();
        assert_eq!(rules, [("encrypted_regex", "^(data|stringData)$")]);
        let secret = node(sealed);
        let (clear, sealed) = clear(&secret);
        assert_eq!((clear.len(), sealed), (0, 2));
    }

    #[test]
    fn other_services_groups_and_odd_blocks_are_read() {
        let seal = |block: &str| Seal::of(&node(&format!("a: b\nsops: {block}")));
        let groups = seal(&format!(
            "{{key_groups: [{{age: [{{recipient: {KEY}}}, {{}}]}}, {{pgp: [{{fp: ab}}], kms: [{{arn: x}}]}}], kms: []}}"
        ));
        let groups = groups.unwrap();
        assert_eq!(groups.recipients.iter().map(|r| &*r.key).collect::<Vec<_>>(), [KEY, "ab"]);
        assert_eq!((groups.groups, groups.has_mac, groups.is_whole), (2, false, false));
        assert_eq!(groups.services, ["kms"]);
        assert_eq!(seal("hello"), None);
        assert_eq!(Seal::of(&node("a: b")), None);
    }

    #[test]
    fn clear_values_are_found_at_any_depth() {
        let secret = node(
            "data: {a: '', b: null, c: {d: [x, 'ENC[AES256_GCM,data:,iv:aa==,tag:bb==,type:str]']}}\n\
             stringData: {e: true, f: 'ENC[AES256_GCM,data:x]', g: ENC, h: 1.5}\ntype: y\n",
        );
        let (found, sealed) = clear(&secret);
        let found: Vec<_> = found.iter().map(|clear| (&*clear.path, clear.is_damaged)).collect();
        assert_eq!(
            found,
            [
                ("data.c.d", false),
                ("stringData.e", false),
                ("stringData.f", true),
                ("stringData.g", false),
                ("stringData.h", false)
            ]
        );
        assert_eq!(sealed, 1);
    }

    #[test]
    fn sealed_files_of_every_format_are_known() {
        let value = "ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]";
        for text in [
            format!("a: {value}\nsops:\n  mac: x\n"),
            format!("{{\n\t\"data\": \"{value}\",\n\t\"sops\": {{\"mac\": \"x\"}}\n}}"),
            format!("A={value}\nsops_mac=x\n"),
            format!("[a]\nb={value}\n[sops]\nmac=x\n"),
        ] {
            assert!(is_sealed_file(&text), "{text}");
        }
        assert!(!is_sealed_file("sops: {mac: x}\na: b\n") && !is_sealed_file(&format!("a: {value}\n")));
    }
}
