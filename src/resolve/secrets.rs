//! Which Secrets a component needs, and which sealed files it gets.

use super::{
    component::holds,
    model::{NeededKey, NeededSecret},
};
use crate::{
    config::{PackSecretKey, SecretsFile, When},
    diag::Place,
    load::{Pack, Project, SECRETS, SealedFile},
    yaml::Node,
};
use std::collections::BTreeMap;

/// The component that asks.
pub(super) struct Asker<'a> {
    pub(super) name: &'a str,
    pub(super) place: Place,
    pub(super) pack: &'a Pack,
}

/// The Secrets that the pack asks for, and those that its `secret: true` inputs name; sorted by name.
pub(super) fn needed(asker: Asker, inputs: &Node, file: &SecretsFile) -> Vec<NeededSecret> {
    let mut found: BTreeMap<String, NeededSecret> = BTreeMap::new();
    for (suffix, secret) in &asker.pack.file.secrets {
        if holds(secret.when.as_ref().unwrap_or(&When::Fixed(true)), inputs) {
            let key = |(name, key): (&String, &PackSecretKey)| NeededKey {
                name: name.clone(),
                description: key.description.clone(),
                generate: key.generate.clone(),
            };
            let name = format!("{}-{suffix}", asker.name);
            let needed = NeededSecret {
                external: file.external.contains(&name),
                secret_type: secret.r#type.clone(),
                keys: secret.keys.iter().map(key).collect(),
                description: secret.description.clone(),
                place: Some(asker.place),
                name: name.clone(),
            };
            found.insert(name, needed);
        }
    }
    asker.pack.schema.secrets(inputs, &mut |path, node| {
        let text = |key: &str| node.get(key).and_then(Node::as_str).unwrap_or_default().to_owned();
        let needed = found.entry(text("secret")).or_insert_with(|| NeededSecret {
            external: file.external.contains(&text("secret")),
            secret_type: None,
            keys: Vec::new(),
            description: format!("the input `{path}` names it"),
            place: node.place(),
            name: text("secret"),
        });
        if needed.keys.iter().all(|key| key.name != text("key")) {
            needed.keys.push(NeededKey::named(&text("key")));
        }
    });
    let mut found: Vec<NeededSecret> = found.into_values().collect();
    found.iter_mut().for_each(|needed| needed.keys.sort_by(|a, b| a.name.cmp(&b.name)));
    found
}

/// The sealed files of a component, and the names of those that are there and cannot be used: the nearest layer's wins for
/// each name; sorted.
pub(super) fn sealed(
    project: &Project,
    layers: &[String],
    component: &str,
) -> (Vec<SealedFile>, Vec<String>) {
    let mut found: BTreeMap<&str, Option<&SealedFile>> = BTreeMap::new();
    for layer in layers.iter().rev() {
        let files = project.secrets.get(layer).and_then(|owner| owner.get(component));
        for file in files.into_iter().flatten() {
            found.entry(&file.file_name).or_insert(Some(file));
        }
        let folder = format!("{SECRETS}{layer}/{component}/");
        let broken = project.broken.sealed.iter().filter_map(|path| path.strip_prefix(&folder));
        for name in broken {
            found.entry(name).or_insert(None);
        }
    }
    let unread =
        found.iter().filter(|(_, file)| file.is_none()).map(|(name, _)| (*name).to_owned()).collect();
    (found.into_values().flatten().cloned().collect(), unread)
}
