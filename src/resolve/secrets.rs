//! Which Secrets a component needs, and which sealed files it gets.

use super::{component::holds, model::NeededSecret};
use crate::{
    config::{SecretsFile, When},
    diag::{Diagnostic, Place, Problems},
    load::{Pack, Project, SealedFile},
    yaml::Node,
};
use std::collections::{BTreeMap, BTreeSet};

/// The component that asks.
pub(super) struct Asker<'a> {
    pub(super) name: &'a str,
    pub(super) place: Place,
    pub(super) pack: &'a Pack,
}

/// The Secrets that the pack asks for, and those that its `secret: true` inputs name; sorted by name.
pub(super) fn needed(asker: Asker, inputs: &Node, file: &SecretsFile) -> Vec<NeededSecret> {
    let mut found: BTreeMap<String, (BTreeSet<String>, String, Option<Place>)> = BTreeMap::new();
    for (suffix, secret) in &asker.pack.file.secrets {
        if holds(secret.when.as_ref().unwrap_or(&When::Fixed(true)), inputs) {
            let keys = secret.keys.keys().cloned().collect();
            found.insert(
                format!("{}-{suffix}", asker.name),
                (keys, secret.description.clone(), Some(asker.place)),
            );
        }
    }
    asker.pack.schema.secrets(inputs, &mut |path, node| {
        let text = |key: &str| node.get(key).and_then(Node::as_str).unwrap_or_default().to_owned();
        let why = format!("the input `{path}` names it");
        let entry = found.entry(text("secret")).or_insert_with(|| (BTreeSet::new(), why, node.place()));
        entry.0.insert(text("key"));
    });
    let one = |(name, (keys, description, place)): (String, (BTreeSet<String>, String, Option<Place>))| {
        NeededSecret {
            external: file.external.contains(&name),
            keys: keys.into_iter().collect(),
            name,
            description,
            place,
        }
    };
    found.into_iter().map(one).collect()
}

/// The sealed files of a component: the nearest layer's wins for each name; sorted.
pub(super) fn sealed(project: &Project, layers: &[String], component: &str) -> Vec<SealedFile> {
    let mut found: BTreeMap<&str, &SealedFile> = BTreeMap::new();
    for layer in layers.iter().rev() {
        let files = project.secrets.get(layer).and_then(|owner| owner.get(component));
        for file in files.into_iter().flatten() {
            found.entry(&file.file_name).or_insert(file);
        }
    }
    found.into_values().cloned().collect()
}

/// Warns of Secrets that are neither sealed nor said to come from elsewhere, and of missing keys.
pub(super) fn missing(
    needed: &[NeededSecret],
    sealed: &[SealedFile],
    asker: Asker,
    environment: &str,
    problems: &mut Problems,
) {
    for secret in needed.iter().filter(|s| !s.external) {
        let file = sealed.iter().find(|f| f.file_name.strip_suffix(".sops.yaml") == Some(&*secret.name));
        let Some(file) = file else {
            problems.push(
                Diagnostic::warning("secret/missing", format!("`{}` needs the Secret `{}`, which is not sealed", asker.name, secret.name))
                    .at(secret.place.unwrap_or(asker.place))
                    .because(format!("{}; its keys: {}", secret.description.trim_end_matches('.'), secret.keys.join(", ")))
                    .help(format!(
                        "seal it with `sops` as environments/secrets/{environment}/{}/{}.sops.yaml, or name it under `secrets.external`",
                        asker.name, secret.name
                    )),
            );
            continue;
        };
        let has = |key: &str| ["data", "stringData"].iter().any(|part| file.node.at(&[part, key]).is_some());
        let lacking: Vec<&str> = secret.keys.iter().map(String::as_str).filter(|k| !has(k)).collect();
        if !lacking.is_empty() {
            problems.push(
                Diagnostic::warning(
                    "secret/missing-key",
                    format!("the sealed Secret `{}` lacks {}", secret.name, crate::diag::list(lacking)),
                )
                .at(file.place)
                .label(secret.place, "needed here")
                .help("seal it again with all its keys"),
            );
        }
    }
}
