//! One component's folder: namespaces filled in, one object a file, sealed files and bases beside them,
//! and the `kustomization.yaml` that lists all of it.

use super::{names, objects};
use crate::{
    diag::{Diagnostic, Place, Problems},
    flux,
    name::is_label,
    resolve::{BaseFile, Component, Environment, NeededKey, SealedFile, SealedPath, Stage, seal_command},
    tree::{Document, File, Identity, Rendered, TreePath},
    yaml,
};
use std::sync::Arc;

/// What one component brings to the tree, before it is wired.
#[derive(Clone, Debug)]
pub struct Part {
    /// Which component: an index into `Environment::components`.
    pub index: usize,
    /// Its files.
    pub(super) files: Vec<(TreePath, File)>,
    /// Its sealed Secrets: what they are, their text, their file.
    pub(super) sealed: Vec<(Identity, Place, TreePath)>,
    /// What was found.
    pub problems: Problems,
}

impl Part {
    /// Its objects, without sealed ones and those of a base.
    pub(super) fn objects(&self) -> impl Iterator<Item = &Document> {
        self.files.iter().flat_map(|(_, file)| &file.documents)
    }

    /// Is there nothing to deploy?
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    fn add(&mut self, path: String, file: File) {
        match TreePath::new(path.as_str()) {
            Ok(path) => self.files.push((path, file)),
            Err(why) => self.problems.push(
                Diagnostic::error("layout/path", format!("the path `{path}` {why}"))
                    .at(file.place)
                    .help("rename the file"),
            ),
        }
    }
}

/// Lays out one component; components are independent of each other.
pub fn component(env: &Environment, rendered: Rendered) -> Part {
    let mut part =
        Part { index: rendered.index, files: Vec::new(), sealed: Vec::new(), problems: Problems::new() };
    let Some(component) = env.components.get(rendered.index) else { return part };
    let mut documents = rendered.objects;
    if component.source.is_some() {
        elsewhere_is_alone(component, &documents, &mut part.problems);
        return part;
    }
    if component.stage == Stage::Outside {
        outside_has_no_secrets(component, &mut part.problems);
    } else {
        objects::prepare(component, &mut documents);
    }
    let owner: Arc<str> = component.name.as_str().into();
    let folder = format!("{}/{}", component.stage.as_str(), component.name);
    let taken: Vec<&str> = component.sealed.iter().map(|sealed| sealed.file_name.as_str()).collect();
    let mut listed = names::file_names(&component.name, &documents, &taken);
    for (name, document) in listed.iter().zip(documents) {
        let file = File {
            owner: owner.clone(),
            bytes: yaml::emit(&document.node).into_bytes(),
            place: document.place,
            documents: vec![document],
        };
        part.add(format!("{folder}/{name}"), file);
    }
    if component.stage == Stage::Outside {
        return part;
    }
    seal(component, &folder, &owner, &mut part);
    listed.extend(component.sealed.iter().map(|sealed| sealed.file_name.clone()));
    for base in &component.base {
        let file = copy(&owner, &base.bytes, base.place);
        part.add(format!("{folder}/base/{}", base.path), file);
    }
    listed.extend(base_resources(&component.base));
    listed.sort();
    if !part.is_empty() {
        part.add(format!("{folder}/kustomization.yaml"), list(&owner, listed.iter().map(String::as_str)));
    }
    part
}

/// A `kustomization.yaml`.
pub(super) fn list<'a>(owner: &Arc<str>, resources: impl IntoIterator<Item = &'a str>) -> File {
    let bytes = yaml::emit(&flux::resources(resources)).into_bytes();
    File { owner: owner.clone(), bytes, documents: Vec::new(), place: None }
}

fn copy(owner: &Arc<str>, bytes: &[u8], place: Option<Place>) -> File {
    File { owner: owner.clone(), bytes: bytes.to_vec(), documents: Vec::new(), place }
}

fn seal(component: &Component, folder: &str, owner: &Arc<str>, part: &mut Part) {
    for sealed in &component.sealed {
        let document = Document { node: sealed.node.clone(), component: None, place: Some(sealed.place) };
        if document.namespace() != component.namespace {
            let stem = sealed.name();
            let place = document.node.at(&["metadata", "namespace"]).and_then(yaml::Node::place);
            // What is no name may be anything.
            let sealed_for = match document.namespace() {
                name if is_label(name) => format!("sealed for `{name}`"),
                _ => "sealed for another".to_owned(),
            };
            part.problems.push(
                Diagnostic::error(
                    "layout/sealed-namespace",
                    format!("the sealed Secret `{stem}` is not for the namespace `{}`", component.namespace),
                )
                .label(place.unwrap_or(sealed.place), sealed_for)
                .label(component.place, format!("`{}` lives in `{}`", component.name, component.namespace))
                .because("what is sealed cannot be changed, so its namespace cannot be filled in")
                .help(format!(
                    "with a private key: gen edit {} {}/{stem}, and say `namespace: {}` in it",
                    sealed.owner, component.name, component.namespace
                ))
                .help(format!("without one: {} --replace", command(component, sealed, stem))),
            );
        }
        let path = format!("{folder}/{}", sealed.file_name);
        if let Ok(path) = TreePath::new(path.as_str()) {
            part.sealed.push((document.identity(), sealed.place, path));
        }
        part.add(path, copy(owner, &sealed.bytes, Some(sealed.place)));
    }
}

/// The command that seals it anew, for the component's namespace.
fn command(component: &Component, sealed: &SealedFile, name: &str) -> String {
    let path =
        SealedPath { owner: sealed.owner.clone(), component: component.name.clone(), name: name.to_owned() };
    let parts = ["data", "stringData"].into_iter().filter_map(|part| sealed.node.get(part)?.as_map());
    let keys: Vec<NeededKey> = parts.flat_map(yaml::Map::keys).map(NeededKey::named).collect();
    seal_command(&path, sealed.node.get("type").and_then(yaml::Node::as_str), &keys)
}

/// What of a base is listed: the folder if it is a kustomize base, else its manifests; a folder in it that is a base
/// stands for what it holds, as when Flux makes the list.
fn base_resources(base: &[BaseFile]) -> Vec<String> {
    let folder = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    let bases: Vec<String> = base
        .iter()
        .filter(|file| {
            let name = file.path.rsplit('/').next().unwrap_or_default();
            matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization")
        })
        .map(|file| folder(&file.path))
        .collect();
    let within = |path: &str, base: &str| {
        base.is_empty() || path.strip_prefix(base).is_some_and(|rest| rest.starts_with('/'))
    };
    let mut listed = Vec::new();
    for file in base {
        let outermost = bases.iter().filter(|b| within(&file.path, b)).min_by_key(|b| b.len());
        match outermost {
            Some(base) if base.is_empty() => listed.push("base".to_owned()),
            Some(base) => listed.push(format!("base/{base}")),
            None if file.path.ends_with(".yaml") || file.path.ends_with(".yml") => {
                listed.push(format!("base/{}", file.path));
            }
            None => {}
        }
    }
    listed.sort();
    listed.dedup();
    listed
}

fn elsewhere_is_alone(component: &Component, documents: &[Document], problems: &mut Problems) {
    let first = documents.first().and_then(|document| document.place);
    let sealed = component.sealed.first().map(|sealed| sealed.place);
    let base = component.base.first().and_then(|file| file.place);
    if documents.is_empty() && component.sealed.is_empty() && component.base.is_empty() {
        return;
    }
    problems.push(
        Diagnostic::error(
            "layout/source-with-objects",
            format!("the component `{}` lives elsewhere, so it has no folder for objects", component.name),
        )
        .label(first.or(sealed).or(base), "this has no place")
        .label(component.place, "with a `source` of its own")
        .help("put the objects into a component of their own that `needs` this one"),
    );
}

fn outside_has_no_secrets(component: &Component, problems: &mut Problems) {
    let Some(sealed) = component.sealed.first() else { return };
    problems.push(
        Diagnostic::error(
            "layout/sealed-outside",
            format!(
                "the component `{}` is not for Flux, so nobody would open its sealed files",
                component.name
            ),
        )
        .label(sealed.place, "this file")
        .label(component.place, "of stage `outside`")
        .help("move the file to the component that uses it"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(paths: &[&str]) -> Vec<String> {
        let file =
            |path: &&str| BaseFile { path: (*path).to_owned(), bytes: Arc::from(&b""[..]), place: None };
        base_resources(&paths.iter().map(file).collect::<Vec<_>>())
    }

    #[test]
    fn a_kustomize_base_is_listed_as_a_folder() {
        assert_eq!(listed(&["kustomization.yaml", "a.yaml", "overlay/kustomization.yml"]), ["base"]);
    }

    #[test]
    fn plain_manifests_are_listed_one_by_one() {
        assert_eq!(
            listed(&[
                "b.yml",
                "a.yaml",
                "README.md",
                "sub/c.yaml",
                "kust/Kustomization",
                "kust/d.yaml",
                "kust2.yaml"
            ]),
            ["base/a.yaml", "base/b.yml", "base/kust", "base/kust2.yaml", "base/sub/c.yaml"]
        );
    }
}
