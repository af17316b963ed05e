//! What a Flux Kustomization applies, by its path.

use super::Facts;
use crate::{seal::is_sealed_file, tree::TreePath};

/// A path of the source as a folder of the tree; `None` if it lies elsewhere.
pub(crate) fn inside(facts: &Facts, path: &str) -> Option<String> {
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
    };
    let tree = parts(facts.policy.folder.as_deref()?);
    let path = parts(path);
    path.strip_prefix(tree.as_slice()).map(|rest| rest.join("/"))
}

/// The sealed files in a folder and below it, those that kustomize makes something of too.
pub(crate) fn sealed_below<'a>(facts: &Facts<'a>, folder: &str) -> impl Iterator<Item = &'a TreePath> {
    facts.tree.below(folder).filter_map(|(path, file)| {
        let own = file.documents.iter().any(|document| document.node.get("sops").is_some());
        let copied =
            || file.documents.is_empty() && std::str::from_utf8(&file.bytes).is_ok_and(is_sealed_file);
        (own || copied()).then_some(path)
    })
}
