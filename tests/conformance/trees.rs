//! The trees that are judged: every environment and every example of a pack, a fleet of hostile texts, and the example
//! fleet under every way to sync and every kind of source. And how a tree is read: by our own reader, of which
//! `readers.rs` proves that others read the same.

use crate::{
    context::Context,
    hostile,
    objects::{Objects, by_identity},
    rendered::{self, files},
};
use fleetgen::{
    diag::{Problems, Sources},
    yaml,
};
use serde_json::Value as Json;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The output of one environment, where it stands in its source.
#[derive(Clone)]
pub(crate) struct Tree {
    /// `prod`, `packs/web-app/full`, `classic-git/prod`.
    pub(crate) name: String,
    /// The root of the source.
    pub(crate) root: PathBuf,
    /// The tree below it: `fleet-out/prod`.
    pub(crate) path: String,
}

/// A Flux Kustomization that a tree holds.
pub(crate) struct Kustomization {
    pub(crate) object: Json,
    /// The folder that it applies, below the root of its source.
    pub(crate) path: String,
    /// Is its source the fleet, and not one of the component's own?
    pub(crate) of_fleet: bool,
}

impl Kustomization {
    pub(crate) fn new(object: Json) -> Option<Self> {
        let text = |pointer| object.pointer(pointer).and_then(Json::as_str).unwrap_or_default();
        let path = text("/spec/path").trim_start_matches("./").to_owned();
        // An artifact of a component's folder is a part of the fleet.
        let of_fleet = text("/spec/sourceRef/name") == "flux-system"
            || text("/spec/sourceRef/kind") == "ExternalArtifact";
        text("/apiVersion").starts_with("kustomize.toolkit.fluxcd.io/").then_some(())?;
        Some(Self { path, of_fleet, object })
    }

    pub(crate) fn name(&self) -> &str {
        self.object["metadata"]["name"].as_str().unwrap()
    }
}

impl Tree {
    pub(crate) fn folder(&self) -> PathBuf {
        self.root.join(&self.path)
    }

    /// The Kustomizations in `cluster/`, in the order of the files.
    pub(crate) fn kustomizations(&self) -> Vec<Kustomization> {
        let files = files(&self.folder().join("cluster"));
        let files = files.iter().filter(|file| !file.ends_with("kustomization.yaml"));
        files.flat_map(|file| documents_of(file)).filter_map(Kustomization::new).collect()
    }

    /// Is it a whole environment, with the folder `cluster/` that Flux begins with?
    pub(crate) fn has_root(&self) -> bool {
        self.folder().join("cluster/kustomization.yaml").is_file()
    }

    /// The folders of the source that Flux is pointed at, of the fleet's own.
    pub(crate) fn pointed(&self) -> BTreeSet<String> {
        let listed = self.kustomizations().into_iter().filter(|k| k.of_fleet).map(|k| k.path);
        listed.chain(self.has_root().then(|| format!("{}/cluster", self.path))).collect()
    }

    /// The objects in the files of all folders that Flux is pointed at.
    pub(crate) fn objects(&self) -> Objects {
        self.pointed().iter().flat_map(|folder| listed(&self.root.join(folder)).unwrap().objects).collect()
    }

    /// A copy in a folder of its own, to be damaged.
    pub(crate) fn copy(&self, context: &Context) -> Self {
        let root = context.folder(&self.name);
        copy(&self.folder(), &root.join(&self.path));
        Self { name: self.name.clone(), root, path: self.path.clone() }
    }

    /// Replaces a text in a file that has it.
    pub(crate) fn edit(&self, file: &str, old: &str, new: &str) {
        edit(&self.folder().join(file), old, new);
    }
}

/// What a folder that Flux is pointed at lists.
pub(crate) struct Listed {
    /// The objects in its files.
    pub(crate) objects: Objects,
    /// Folders of the user's own, which kustomize builds as it likes.
    pub(crate) bases: Vec<PathBuf>,
    /// The files.
    pub(crate) files: Vec<PathBuf>,
}

/// Reads a folder by its `kustomization.yaml`.
///
/// # Errors
/// A file is not listed, what is listed is not there or not sorted, or two objects are the same.
pub(crate) fn listed(folder: &Path) -> Result<Listed, String> {
    let kustomization = documents_of(&folder.join("kustomization.yaml")).remove(0);
    let resources = kustomization["resources"].as_array().cloned().unwrap_or_default();
    let paths: Vec<PathBuf> = resources.iter().map(|r| folder.join(r.as_str().unwrap_or_default())).collect();
    // Without an order, a diff shows more than what changed.
    if !resources.is_sorted_by_key(Json::as_str) {
        return Err(format!("{}: the resources are not sorted", folder.display()));
    }
    let below = |file: &PathBuf| paths.iter().any(|path| file.starts_with(path));
    let mut all = files(folder).into_iter().filter(|file| *file != folder.join("kustomization.yaml"));
    if let Some(file) = all.find(|file| !below(file)) {
        return Err(format!("{} is not listed", file.display()));
    }
    if let Some(path) = paths.iter().find(|path| !path.exists()) {
        return Err(format!("{} is listed and not there", path.display()));
    }
    let (bases, files): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.is_dir());
    let objects = by_identity(files.iter().flat_map(|file| documents_of(file)).collect())?;
    Ok(Listed { objects, bases, files })
}

/// Takes away the labels by which Flux knows whose an object is.
pub(crate) fn remove_owner(object: &mut Json) {
    let metadata = object["metadata"].as_object_mut().unwrap();
    let labels = metadata["labels"].as_object_mut().unwrap();
    for name in ["name", "namespace"] {
        labels.remove(&format!("kustomize.toolkit.fluxcd.io/{name}"));
    }
    if labels.is_empty() {
        metadata.remove("labels");
    }
}

/// The documents of a text.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn documents(text: &str) -> Result<Vec<Json>, String> {
    let mut problems = Problems::new();
    let source = Sources::new().add("text", "");
    let nodes = yaml::read_manifests(text, source, &mut problems).ok_or_else(|| format!("{problems:?}"))?;
    Ok(nodes.iter().map(|node| serde_json::from_str(&yaml::to_json(node, None)).unwrap()).collect())
}

/// The documents of a file.
pub(crate) fn documents_of(file: &Path) -> Vec<Json> {
    let text = fs::read_to_string(file).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
    documents(&text).unwrap_or_else(|why| panic!("{}: {why}", file.display()))
}

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let to = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(file, to).unwrap();
    }
}

fn edit(file: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(old), "{} has no `{old}`", file.display());
    fs::write(file, text.replace(old, new)).unwrap();
}

/// All of them.
pub(crate) fn all(context: &Context) -> Vec<Tree> {
    let mut trees = environments_and_examples(context);
    trees.push(hostile_texts(context));
    trees.extend(variants(context));
    trees.extend(shapes(context));
    trees
}

/// Every environment, and every example of a pack that is not written for outside the cluster alone.
fn environments_and_examples(context: &Context) -> Vec<Tree> {
    let mut trees = Vec::new();
    for (name, folder) in rendered::all(context) {
        if folder.starts_with(context.fleet()) {
            let root = context.fleet().parent().unwrap().to_owned();
            trees.push(Tree { path: format!("fleet-out/{name}"), name, root });
        } else if folder.join("cluster").is_dir() {
            let tree = Tree { root: context.folder(&name), name, path: "fleet-out/example".to_owned() };
            copy(&folder, &tree.folder());
            trees.push(tree);
        }
    }
    trees
}

fn hostile_texts(context: &Context) -> Tree {
    let root = context.folder("hostile");
    hostile::fleet::write(&root);
    context.must_gen(&root, &["render", "hostile"]);
    Tree { name: "hostile".to_owned(), root, path: "fleet-out/hostile".to_owned() }
}

/// The example fleet's `prod`, synced in every way, from several kinds of source, also from below its root.
fn variants(context: &Context) -> Vec<Tree> {
    let git = "kind: GitRepository\n  url: https://github.com/example/fleet\n  ref: {branch: main}";
    let oci = "kind: OCIRepository\n  url: oci://ghcr.io/example/fleet\n  ref: {tag: latest}";
    let variants = [
        ("operator", oci, ""),
        ("operator", git, "clusters/"),
        ("classic", git, ""),
        ("classic", oci, "clusters/eu/"),
        ("none", oci, ""),
    ];
    let tree = |(sync, source, below): (&str, &str, &str)| {
        let name = format!("{sync}-{}{below}", if source == git { "git" } else { "oci" });
        let root = context.folder(&name);
        let project = root.join(below);
        for folder in ["environments", "templates", "manifests"] {
            copy(&context.root().join(folder), &project.join(folder));
        }
        let fleet = project.join("environments/fleet.yaml");
        edit(&fleet, git, source);
        edit(&fleet, "root: ./", &format!("root: ./{below}"));
        edit(&fleet, "sync: operator", &format!("sync: {sync}"));
        context.must_gen(&project, &["render", "prod"]);
        Tree {
            name: format!("{}/prod", name.trim_end_matches('/')),
            root,
            path: format!("{below}fleet-out/prod"),
        }
    };
    variants.into_iter().map(tree).collect()
}

/// A small fleet of what the example fleet lacks, and a `flux-system/` of the user's own in one of its trees.
fn shapes(context: &Context) -> Vec<Tree> {
    let root = context.folder("shapes");
    let shapes = context.root().join("tests/conformance/shapes");
    for folder in ["environments", "templates", "base"] {
        copy(&shapes.join(folder), &root.join(folder));
    }
    copy(&shapes.join("flux-system"), &root.join("fleet-out/own/cluster/flux-system"));
    context.must_gen(&root, &["render", "--all"]);
    let tree = |name: &str| Tree {
        name: format!("shapes/{name}"),
        root: root.clone(),
        path: format!("fleet-out/{name}"),
    };
    ["artifacts", "bucket", "locked", "own"].map(tree).into()
}
