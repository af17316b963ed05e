//! Files that are copied as they are: read leniently, because kustomize and SOPS have the last word.

use crate::{
    diag::Problems,
    tree::{Document, File, TreePath},
    yaml::{self, Node},
};

/// Is it a file of Kubernetes objects by its name?
pub(crate) fn is_manifest(path: &TreePath) -> bool {
    let name = path.file_name();
    (name.ends_with(".yaml") || name.ends_with(".yml"))
        && !matches!(name, "kustomization.yaml" | "kustomization.yml")
}

/// Its objects; none of what cannot be read, which is told elsewhere.
pub(super) fn read(file: &File) -> Vec<Document> {
    let Some(place) = file.place else { return Vec::new() };
    let Ok(text) = yaml::decode(&file.bytes) else { return Vec::new() };
    let nodes = yaml::read_manifests(&text, place.source, &mut Problems::new()).unwrap_or_default();
    nodes
        .into_iter()
        .filter(|node| node.get("kind").and_then(Node::as_str).is_some())
        .map(|node| Document {
            place: node.place().or(Some(place)),
            node,
            component: (!file.owner.is_empty()).then(|| file.owner.clone()),
        })
        .collect()
}
