//! `namespaces/`: each namespace once, whoever lives in it, with the Pod Security level they agree on.

use super::{
    objects,
    part::{Part, list},
};
use crate::{
    diag::{Diagnostic, Place, Problems},
    flux,
    resolve::{Component, Environment, PodSecurity, Stage},
    tree::{Document, File, TreePath},
    yaml::{self, Node, Origin},
};
use std::{collections::BTreeMap, sync::Arc};

/// Is it there in every cluster, before anything of ours?
pub fn is_given(namespace: &str) -> bool {
    namespace == "default" || namespace == flux::NAMESPACE || namespace.starts_with("kube-")
}

/// The files of `namespaces/`; none if there is no namespace to write.
pub(super) fn files(env: &Environment, parts: &[Part], problems: &mut Problems) -> Vec<(TreePath, File)> {
    let mut residents: BTreeMap<&str, Vec<&Component>> = BTreeMap::new();
    for (part, component) in parts.iter().filter_map(|part| Some((part, env.components.get(part.index)?))) {
        if component.stage != Stage::Outside && lives_there(component, part) {
            residents.entry(&component.namespace).or_default().push(component);
        }
    }
    for (name, said) in &env.namespaces {
        if is_given(name) {
            problems.push(
                Diagnostic::warning(
                    "layout/given-namespace",
                    format!("`gen` never writes the namespace `{name}`"),
                )
                .label(said.place, "so this has no effect")
                .help("remove it"),
            );
        }
        residents.entry(name).or_default();
    }
    residents.retain(|name, _| !is_given(name));
    let owner: Arc<str> = "namespaces".into();
    let mut files = Vec::new();
    let mut listed = Vec::new();
    for (name, residents) in residents {
        let said = env.namespaces.get(name);
        let node = flux::Namespace {
            name: name.to_owned(),
            pod_security: level(env, name, &residents, problems),
            labels: said.and_then(|said| said.labels.clone()),
            annotations: said.and_then(|said| said.annotations.clone()),
        }
        .node();
        let place =
            said.and_then(|said| said.place).or_else(|| residents.first().map(|component| component.place));
        let mut document = Document { node, component: None, place };
        objects::keep_from_substitution(&mut document);
        let file = File {
            owner: owner.clone(),
            bytes: yaml::emit(&document.node).into_bytes(),
            documents: vec![document],
            place,
        };
        // A name with other characters is no namespace; the checks tell.
        let file_name = format!("namespace-{}.yaml", name.replace('/', "-"));
        if let Ok(path) = TreePath::new(format!("namespaces/{file_name}")) {
            files.push((path, file));
            listed.push(file_name);
        }
    }
    if let (Ok(path), false) = (TreePath::new("namespaces/kustomization.yaml"), listed.is_empty()) {
        listed.sort();
        files.push((path, list(&owner, listed.iter().map(String::as_str))));
    }
    files
}

/// Does anything of the component live in its namespace?
fn lives_there(component: &Component, part: &Part) -> bool {
    !component.sealed.is_empty()
        || !component.base.is_empty()
        || part.objects().any(|object| object.namespace() == component.namespace)
}

/// What the environment says; else what the components agree on.
fn level(env: &Environment, name: &str, residents: &[&Component], problems: &mut Problems) -> Option<Node> {
    let node = |level: PodSecurity, place: Option<Place>| {
        Some(Node::with(level.as_str(), place.map_or(Origin::None, Origin::Config)))
    };
    if let Some(said) = env.namespaces.get(name)
        && let Some(level) = said.pod_security
    {
        return node(level, said.place);
    }
    let said: Vec<(&Component, PodSecurity, Option<Place>)> = residents
        .iter()
        .filter_map(|component| component.pod_security.map(|(level, place)| (*component, level, place)))
        .collect();
    let weakest = said.iter().max_by_key(|(_, level, _)| *level)?;
    if said.iter().all(|(_, level, _)| *level == weakest.1) {
        return node(weakest.1, said[0].2);
    }
    let mut diagnostic = Diagnostic::error(
        "layout/pod-security",
        format!("components of the namespace `{name}` run under different Pod Security levels"),
    );
    for (component, level, _) in &said {
        diagnostic = diagnostic
            .label(component.place, format!("`{}` runs under `{}`", component.name, level.as_str()));
    }
    problems.push(
        diagnostic
            .because("a namespace has one level, and the weaker one weakens all of its pods")
            .help(format!("say so: `namespaces: {{{name}: {{podSecurity: {}}}}}`", weakest.1.as_str()))
            .help("or give one of them a `namespace` of its own"),
    );
    None
}
