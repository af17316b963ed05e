//! Who secrets are sealed for: `keys` of the fleet, `secrets` of an environment.

use super::{member, members, text, texts};
use crate::{
    diag::{Diagnostic, Place, Problems},
    name::{is_data_key, is_subdomain},
    recipient::Recipient,
    yaml::Node,
};
use std::collections::BTreeMap;

/// `keys`: each a public key, each once.
pub(super) fn keys(node: &Node, problems: &mut Problems) {
    let mut seen: BTreeMap<Recipient, (&str, Option<Place>)> = BTreeMap::new();
    for (name, key) in members(member(node, "keys")) {
        let allowed = |c: char| c.is_alphanumeric() || "@._+-".contains(c);
        if name.text.is_empty() || !name.text.chars().all(allowed) {
            problems.push(
                Diagnostic::error("config/name", format!("`{}` cannot be the name of a key", name.text))
                    .at(name.place)
                    .help("use letters, digits, `-`, `_`, `.`, `+` and `@`"),
            );
        }
        let Some(written) = key.as_str() else { continue };
        let recipient = match Recipient::parse(written) {
            Ok(recipient) => recipient,
            Err(fault) => {
                let said = Diagnostic::error("config/key", format!("`keys.{}` {}", name.text, fault.why));
                let said = match fault.is_private {
                    true => said.at(name.place).secret(key.place()),
                    false => said.at(key.place().or(name.place)),
                };
                problems.push(said.help(fault.help));
                continue;
            }
        };
        if let Some((other, place)) = seen.insert(recipient, (&name.text, key.place())) {
            problems.push(
                Diagnostic::error(
                    "config/key",
                    format!("`keys.{}` is the same key as `keys.{other}`", name.text),
                )
                .label(key.place(), "this one")
                .label(place, "and this one")
                .help("remove one of them, and use the other's name"),
            );
        }
    }
}

/// `secrets`: names that Kubernetes takes, and a key that Flux looks at.
pub(super) fn secrets(node: &Node, problems: &mut Problems) {
    texts(member(node, "external")).for_each(|(name, at)| secret_name(name, at, problems));
    let Some(decryption) = member(node, "decryption") else { return };
    if let Some((name, at)) = text(decryption, "secret") {
        secret_name(name, at, problems);
    }
    if let Some((key, at)) = text(decryption, "key")
        && !(is_data_key(key) && [".agekey", ".asc"].iter().any(|end| key.ends_with(end)))
    {
        problems.push(
            Diagnostic::error("config/decryption", format!("Flux does not look at the key `{key}`"))
                .at(at.place())
                .because("it takes private keys of age from keys that end in `.agekey`, those of OpenPGP from `.asc`")
                .help("name it for example `age.agekey`"),
        );
    }
}

pub(super) fn secret_name(name: &str, at: &Node, problems: &mut Problems) {
    if !is_subdomain(name) {
        problems.push(
            Diagnostic::error("config/name", format!("`{name}` cannot be the name of a Secret"))
                .at(at.place())
                .help("use lower-case letters, digits, `-` and `.`, at most 253 characters"),
        );
    }
}
