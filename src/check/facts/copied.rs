//! Files that are copied as they are: read leniently, because kustomize and SOPS have the last word.

use crate::{
    diag::Problems,
    load::inside,
    tree::{Document, File, Tree, TreePath},
    yaml::{self, Node},
};

/// Is it a file of Kubernetes objects by its name?
pub(crate) fn is_manifest(path: &TreePath) -> bool {
    let name = path.file_name();
    (name.ends_with(".yaml") || name.ends_with(".yml"))
        && !matches!(name, "kustomization.yaml" | "kustomization.yml")
}

/// The files that kustomize reads first, in a folder of the user's own, with what they say.
pub(crate) fn kustomizations(tree: &Tree) -> impl Iterator<Item = (&TreePath, Node)> {
    let is_one = |path: &TreePath| {
        matches!(path.file_name(), "kustomization.yaml" | "kustomization.yml" | "Kustomization")
    };
    tree.files().filter(move |(path, _)| is_one(path)).flat_map(|(path, file)| {
        let text = file.place.and_then(|place| Some((place, yaml::decode(&file.bytes).ok()?)));
        let nodes =
            text.and_then(|(place, text)| yaml::read_manifests(&text, place.source, &mut Problems::new()));
        nodes.unwrap_or_default().into_iter().map(move |node| (path, node))
    })
}

/// The files of the tree that a generator of such a file takes: the key, empty where the file has several, the path as it
/// is written, the path in the tree, the file.
pub(crate) fn inputs<'a>(
    tree: &'a Tree,
    kustomization: &TreePath,
    generator: &Node,
) -> Vec<(String, String, TreePath, &'a File)> {
    let texts = |key: &str| {
        generator.get(key).and_then(Node::as_seq).unwrap_or_default().iter().filter_map(Node::as_str)
    };
    let one = generator.get("env").and_then(Node::as_str).into_iter();
    let named = texts("files").map(|file| match file.split_once('=') {
        Some((key, file)) => (key, file),
        None => (file.rsplit('/').next().unwrap_or(file), file),
    });
    let several = one.chain(texts("envs")).map(|file| ("", file));
    several
        .chain(named)
        .filter_map(|(key, file)| {
            let path = TreePath::new(inside(kustomization.folder(), file)?).ok()?;
            let found = tree.get(path.as_str())?;
            Some((key.to_owned(), file.to_owned(), path, found))
        })
        .collect()
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
