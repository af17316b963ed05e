//! Sealed Secrets: `environments/secrets/<environment or layer>/<component>/<name>.sops.yaml`.

use super::{
    environments::{SEALED, SECRETS},
    files::{Files, file_name},
    model::{Broken, EnvironmentSource, SealedFile},
    text::{Each, Hidden, Text, gather, walk},
};
use crate::{
    diag::{Diagnostic, Problems, did_you_mean, list},
    name::is_subdomain,
    seal::MOST_BYTES,
    yaml::{self, Map, Node},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Sealed files by owner, then component.
pub(super) type Secrets = BTreeMap<String, BTreeMap<String, Vec<SealedFile>>>;

/// The paths of all sealed files, also of those that cannot be used; sorted.
pub fn sealed_paths(files: &dyn Files) -> Vec<String> {
    let mut paths = walk(files, SECRETS.trim_end_matches('/'), Hidden::Skip, &mut Problems::new());
    paths.retain(|path| path.ends_with(SEALED));
    paths
}

/// Reads sealed files and checks that what they belong to is there.
pub(super) fn secrets(
    texts: &[Text],
    environments: &BTreeMap<String, EnvironmentSource>,
    broken: &mut Broken,
    each: Each,
    problems: &mut Problems,
) -> Secrets {
    let read = gather(each, texts.len(), |index| {
        let mut found = Problems::new();
        let text = &texts[index];
        let owner = belongs(text).map_or("", |(owner, _)| owner);
        let file = sealed(text, owner, &mut found);
        (file, found)
    });
    let mut secrets = Secrets::new();
    for (text, (file, found)) in texts.iter().zip(read) {
        problems.extend(found);
        let Some((owner, component)) = belongs(text) else {
            problems.push(
                Diagnostic::error("load/sealed-place", "a sealed file is in no component's folder")
                    .at(text.place())
                    .help(format!("move it to `{SECRETS}ENVIRONMENT/COMPONENT/`")),
            );
            continue;
        };
        match file {
            Some(file) => {
                secrets
                    .entry(owner.to_owned())
                    .or_default()
                    .entry(component.to_owned())
                    .or_default()
                    .push(file);
            }
            None => drop(broken.sealed.insert(text.path.clone())),
        }
    }
    for (owner, components) in &secrets {
        owners(owner, components, environments, broken, problems);
    }
    secrets
}

/// The owner and the component whose folder a file is in.
fn belongs(text: &Text) -> Option<(&str, &str)> {
    let below = text.path.strip_prefix(SECRETS).unwrap_or(&text.path);
    below.rsplit_once('/').and_then(|(folder, _)| folder.rsplit_once('/'))
}

fn owners(
    owner: &str,
    components: &BTreeMap<String, Vec<SealedFile>>,
    environments: &BTreeMap<String, EnvironmentSource>,
    broken: &Broken,
    problems: &mut Problems,
) {
    let first = |files: &[SealedFile]| files.first().map(|file| file.place);
    if broken.environments.contains(owner) {
        return;
    }
    if !environments.contains_key(owner) {
        let said =
            Diagnostic::error("load/sealed-owner", format!("there is no environment or layer `{owner}`"))
                .label(components.values().find_map(|files| first(files)), "for which this file is sealed");
        problems.push(match did_you_mean(owner, environments.keys().map(String::as_str)) {
            Some(near) => said.help(format!("did you mean `{SECRETS}{near}/`?")),
            None => said.help(format!("there are {}", list(environments.keys().map(String::as_str)))),
        });
        return;
    }
    let known = components_of(owner, environments);
    for (component, files) in components.iter().filter(|(name, _)| !known.contains(&***name)) {
        let said =
            Diagnostic::error("load/sealed-component", format!("`{owner}` has no component `{component}`"))
                .label(first(files), "for which this file is sealed");
        problems.push(match did_you_mean(component, known.iter().copied()) {
            Some(near) => said.help(format!("did you mean `{SECRETS}{owner}/{near}/`?")),
            None => said.help("remove the folder, or add the component"),
        });
    }
}

/// The components of all environments that the owner is a layer of: those that it can have sealed files for.
pub fn components_of<'a>(
    owner: &str,
    environments: &'a BTreeMap<String, EnvironmentSource>,
) -> BTreeSet<&'a str> {
    environments
        .values()
        .filter(|source| source.layers.iter().any(|layer| layer == owner))
        .flat_map(|source| &source.layers)
        .filter_map(|layer| environments.get(layer))
        .filter_map(|layer| layer.node.get("components").and_then(Node::as_map))
        .flat_map(Map::keys)
        .collect()
}

/// The one object of a file, which is not larger than Flux takes.
fn object(text: &Text, problems: &mut Problems) -> Option<Node> {
    if text.bytes.len() > MOST_BYTES {
        problems.push(
            Diagnostic::error("load/sealed-size", format!("`{}` has more than 5 MiB", text.path))
                .because(
                    "Flux does not open larger files, and the API server takes no Secret of more than 1 MiB",
                )
                .help("take out what is not secret, or make several of it"),
        );
        return None;
    }
    let mut found = Problems::new();
    let read = yaml::read_manifests(&text.text, text.source, &mut found);
    found.0.into_iter().for_each(|said| problems.push(said.without_words_of(&text.text)));
    let mut documents = read?;
    match (documents.len(), documents.pop()) {
        (1, Some(node)) => Some(node),
        (count, _) => {
            problems.push(
                Diagnostic::error(
                    "load/sealed-documents",
                    format!("a sealed file holds one object, not {count}"),
                )
                .at(text.place())
                .help("give each Secret a file of its own"),
            );
            None
        }
    }
}

/// Is there no block of SOPS, or something else in its place?
fn not_sealed(text: &Text, node: &Node) -> Option<Diagnostic> {
    let said =
        |why: &str| Diagnostic::error("load/not-sealed", format!("`{}` is not sealed: {why}", text.path));
    match node.get("sops") {
        Some(block) if block.as_map().is_some() => None,
        Some(block) => Some(
            said("its `sops` block is no mapping")
                .at(block.place())
                .help("take the file from an earlier commit, or seal its values again"),
        ),
        None => Some(
            said("it has no `sops` block")
                .help(format!("run: gen seal {}", text.path))
                .help("if it was committed before, what it holds is known and must be replaced"),
        ),
    }
}

/// Reads one sealed file. It is a foreign manifest: written by SOPS, not by hand.
fn sealed(text: &Text, owner: &str, problems: &mut Problems) -> Option<SealedFile> {
    let file_name = file_name(&text.path);
    let stem = file_name.strip_suffix(SEALED).unwrap_or(file_name);
    let node = object(text, problems)?;
    let before = problems.errors();
    problems.0.extend(not_sealed(text, &node));
    let word = |path: &[&str]| node.at(path).and_then(Node::as_str).unwrap_or("");
    if word(&["kind"]) != "Secret" {
        problems.push(
            Diagnostic::error("load/sealed-kind", "a sealed file holds a Secret")
                .label(node.get("kind").and_then(Node::place).or(Some(text.place())), "not this")
                .help("seal the Secret again, or move the file away"),
        );
    }
    let name = word(&["metadata", "name"]);
    if name != stem {
        // What is no name may be anything.
        let is_name = name.is_empty() || is_subdomain(name);
        let message = match is_name {
            true => format!("the file is named `{stem}`, and the Secret `{name}`"),
            false => format!("the file is named `{stem}`, and the Secret has a name that is none"),
        };
        problems.push(
            Diagnostic::error("load/sealed-name", message)
                .at(node.at(&["metadata", "name"]).and_then(Node::place).or(Some(text.place())))
                .because("the name is sealed with the rest, so it cannot be edited in place")
                .help(match name {
                    "" => "give the Secret a `metadata.name`, and seal it again".to_owned(),
                    _ if !is_name => "seal the Secret again, under the file's name".to_owned(),
                    name => format!("rename the file to `{name}{SEALED}`"),
                }),
        );
    }
    (problems.errors() == before).then(|| SealedFile {
        owner: owner.to_owned(),
        file_name: file_name.to_owned(),
        bytes: Arc::clone(&text.bytes),
        place: text.place(),
        node,
    })
}
