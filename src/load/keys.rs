//! The public keys of the fleet, and who names them.

use super::{
    environments::FLEET,
    model::{EnvironmentSource, Fleet, FleetKey},
};
use crate::{
    diag::{Diagnostic, Problems, did_you_mean, list},
    recipient::Recipient,
    yaml::{Map, Node},
};
use indexmap::IndexMap;

/// `keys` of the fleet file, those that are none too: that was told.
pub(super) fn keys(fleet: &Node) -> IndexMap<String, FleetKey> {
    let written = fleet.get("keys").and_then(Node::as_map).into_iter().flat_map(Map::iter);
    let key = |node: &Node| FleetKey {
        recipient: node.as_str().and_then(|text| Recipient::parse(text).ok()),
        place: node.place(),
    };
    written.map(|(name, node)| (name.text.to_string(), key(node))).collect()
}

/// Who is named in an environment as one that secrets are sealed for: `secrets.cluster`, `secrets.recipients`.
fn named_in(environment: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let secrets = environment.get("secrets");
    let recipients = secrets.and_then(|s| s.get("recipients")).and_then(Node::as_seq).unwrap_or_default();
    let cluster = secrets.and_then(|s| s.get("cluster"));
    cluster.into_iter().chain(recipients).filter_map(|node| node.as_str().map(|name| (name, node)))
}

/// Tells of names that no key has.
pub(super) fn named<'e>(
    fleet: &Fleet,
    environments: impl Iterator<Item = &'e EnvironmentSource>,
    problems: &mut Problems,
) {
    let Some(keys) = &fleet.keys else { return };
    let known = || keys.keys().map(String::as_str);
    for source in environments {
        for (name, at) in named_in(&source.node).filter(|(name, _)| !keys.contains_key(*name)) {
            let said =
                Diagnostic::error("load/recipient", format!("no key is named `{name}`")).at(at.place());
            problems.push(match did_you_mean(name, known()) {
                Some(near) => said.help(format!("did you mean `{near}`?")),
                None if keys.is_empty() => said.help(format!("add it under `keys` of `{FLEET}`")),
                None => said.help(format!("add it under `keys` of `{FLEET}`; there are {}", list(known()))),
            });
        }
    }
}
