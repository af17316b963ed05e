//! Documents to a [`Tree`]: folders, files and the Flux wiring around the components. [`component`] works
//! on one component and may run in parallel; [`join`] puts the parts together.

mod names;
mod namespaces;
mod objects;
mod order;
mod part;
mod root;
mod scope;

pub use namespaces::is_given;
pub use objects::fill_namespace;
pub use part::{Part, component};
pub use root::{root_kustomization, source_path};
pub use scope::{is_built_in, is_cluster_scoped, is_flux};

use crate::{
    diag::{Diagnostic, Place, Problems},
    load::Pack,
    resolve::{Environment, Stage},
    tree::{File, Identity, Rendered, Tree, TreePath},
};
use std::{collections::BTreeMap, sync::Arc};

/// Lays out an environment. `packs` are those of the project, to name one that brings what is missing. `None` if an
/// error was pushed.
pub fn build(
    env: &Environment,
    packs: &BTreeMap<String, Arc<Pack>>,
    rendered: Vec<Rendered>,
    problems: &mut Problems,
) -> Option<Tree> {
    let parts = rendered.into_iter().map(|rendered| component(env, rendered)).collect();
    join(env, packs, parts, problems)
}

/// Puts the components of an environment together. `None` if an error was pushed.
pub fn join(
    env: &Environment,
    packs: &BTreeMap<String, Arc<Pack>>,
    mut parts: Vec<Part>,
    problems: &mut Problems,
) -> Option<Tree> {
    let mut found = Problems::new();
    parts.sort_by_key(|part| part.index);
    for part in &mut parts {
        found.extend(std::mem::take(&mut part.problems));
    }
    empty(env, &parts, &mut found);
    let namespaces = namespaces::files(env, &parts, &mut found);
    let order = order::order(env, packs, &parts, &mut found);
    let mut cluster = root::Cluster::new(env);
    for part in &parts {
        let Some(component) = env.components.get(part.index) else { continue };
        if order::is_deployed(component, part) {
            let namespaces = (!namespaces.is_empty()).then(|| "namespaces".to_owned());
            let depends_on = namespaces.into_iter().chain(order[part.index].iter().cloned()).collect();
            cluster.component(component, part, depends_on, &mut found);
        }
    }
    if !namespaces.is_empty() {
        cluster.namespaces();
    }
    cluster.sync(&mut found);
    let cluster = cluster.finish();
    let around = || namespaces.iter().chain(&cluster);
    duplicates(&parts, around().map(|(path, file)| (path, file)), &mut found);
    let failed = found.has_errors();
    problems.extend(found);
    if failed {
        return None;
    }
    let mut tree = Tree::new(env.name.as_str());
    let files = parts.into_iter().flat_map(|part| part.files).chain(namespaces).chain(cluster);
    for (path, file) in files {
        if let Err(file) = tree.insert(path.clone(), file) {
            problems.push(same_path(&path, &file));
        }
    }
    (!problems.has_errors()).then_some(tree)
}

fn same_path(path: &TreePath, file: &File) -> Diagnostic {
    Diagnostic::error("layout/path", format!("two files would be written to `{path}`"))
        .at(file.place)
        .help("rename one of the two")
}

fn empty(env: &Environment, parts: &[Part], problems: &mut Problems) {
    for part in parts {
        let Some(component) = env.components.get(part.index) else { continue };
        if part.is_empty() && (component.source.is_none() || component.stage == Stage::Outside) {
            problems.push(
                Diagnostic::warning(
                    "layout/empty-component",
                    format!("the component `{}` has no objects", component.name),
                )
                .label(component.place, "so there is nothing to write for it")
                .help("remove it, or set the inputs that make its objects"),
            );
        }
    }
}

/// One object in two files: two of our Kustomizations, or kustomize itself, would fight over it.
fn duplicates<'a>(
    parts: &'a [Part],
    around: impl Iterator<Item = (&'a TreePath, &'a File)>,
    problems: &mut Problems,
) {
    let mut seen: BTreeMap<Identity, (Option<Place>, &TreePath)> = BTreeMap::new();
    let ours = parts.iter().flat_map(|part| part.files.iter().map(|(path, file)| (path, file)));
    let objects = around.chain(ours.filter(|(path, _)| !path.as_str().starts_with("outside/"))).flat_map(
        |(path, file)| file.documents.iter().map(move |object| (object.identity(), object.place, path)),
    );
    let sealed = parts.iter().flat_map(|part| &part.sealed);
    let sealed = sealed.map(|(identity, place, path)| (identity.clone(), Some(*place), path));
    for (identity, place, path) in objects.chain(sealed) {
        let Some((first, other)) = seen.get(&identity) else {
            seen.insert(identity, (place, path));
            continue;
        };
        let mut diagnostic =
            Diagnostic::error("layout/duplicate-object", format!("{identity} is written twice"))
                .label(place, format!("in `{path}`"));
        if *first != place {
            diagnostic = diagnostic.label(*first, format!("first in `{other}`"));
        }
        problems.push(diagnostic.help(match identity.kind.as_str() {
            "Namespace" if other.as_str().starts_with("namespaces/") => {
                "remove it here, and say what it needs under `namespaces:`"
            }
            _ => "rename or remove one of the two",
        }));
    }
}

#[cfg(test)]
mod tests;
