//! Any folder of manifests, `gen`'s or anyone's, as a [`Tree`].

use super::{
    files::{Files, file_name},
    text::{Hidden, no_text, walk},
};
use crate::{
    diag::{Diagnostic, Place, Problems, Sources},
    tree::{Document, File, Tree, TreePath},
    yaml::{self, Node},
};
use std::sync::Arc;

/// Reads all files below a folder, hidden ones left out. YAML files that hold objects are read as such; what cannot be
/// read is an error, and stays in the tree as bytes. The tree bears the folder's name.
pub fn tree(files: &dyn Files, folder: &str, sources: &mut Sources, problems: &mut Problems) -> Tree {
    let mut tree = Tree::new(folder);
    let start = if folder.is_empty() { 0 } else { folder.len() + 1 };
    for path in walk(files, folder, Hidden::Skip, problems) {
        let bytes = match files.read(&path) {
            Ok(bytes) => bytes,
            Err(why) => {
                problems.push(
                    Diagnostic::error("load/file", format!("`{path}` {why}")).help("check the permissions"),
                );
                continue;
            }
        };
        let Ok(at) = TreePath::new(&path[start..]) else { continue };
        let owner = owner(at.as_str());
        let (place, documents) = objects(&path, &bytes, &owner, sources, problems);
        // two equal paths cannot come out of one walk
        let _ = tree.insert(at, File { owner, bytes, documents, place });
    }
    tree
}

/// Who a file belongs to by its path, as `layout` places files; anyone's tree: its first folder.
fn owner(path: &str) -> Arc<str> {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["infrastructure" | "apps" | "outside", component, _, ..] => (*component).into(),
        ["cluster", "components", file] => file.strip_suffix(".yaml").unwrap_or(file).into(),
        [first, _, ..] => (*first).into(),
        _ => "".into(),
    }
}

fn objects(
    path: &str,
    bytes: &[u8],
    owner: &Arc<str>,
    sources: &mut Sources,
    problems: &mut Problems,
) -> (Option<Place>, Vec<Document>) {
    let name = file_name(path);
    if ![".yaml", ".yml", ".json"].iter().any(|ending| name.ends_with(ending)) {
        return (None, Vec::new());
    }
    let text = match yaml::decode(bytes) {
        Ok(text) => text,
        Err(why) => {
            problems.push(no_text(path, &why));
            return (None, Vec::new());
        }
    };
    let source = sources.add(path, text.as_str());
    let place = Some(Place::top(source));
    if matches!(name, "kustomization.yaml" | "kustomization.yml") {
        return (place, Vec::new());
    }
    let nodes = yaml::read_manifests(&text, source, problems).unwrap_or_default();
    let documents = nodes
        .into_iter()
        .filter(|node| node.get("kind").and_then(Node::as_str).is_some() && node.get("apiVersion").is_some())
        .filter(|node| node.get("sops").is_none())
        .map(|node| Document { place: node.place().or(place), component: Some(Arc::clone(owner)), node })
        .collect();
    (place, documents)
}
