//! A rendered tree as Flux goes through it: the objects of `cluster/`, then each Flux Kustomization after those that it
//! depends on.

use super::object::{Object, json};
use crate::{
    context::{Context, output},
    rendered::files,
    trees::{Kustomization, Tree},
};
use serde_json::Value as Json;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Kinds that Flux applies before others, in this order, the first three of them as a stage of its own; those of
/// [`LAST`] come after all others (fluxcd/pkg/ssa 0.76, sort.go).
const FIRST: [&str; 23] = [
    "CustomResourceDefinition",
    "Namespace",
    "ClusterRole",
    "ClusterClass",
    "RuntimeClass",
    "PriorityClass",
    "StorageClass",
    "VolumeSnapshotClass",
    "IngressClass",
    "GatewayClass",
    "ClusterRoleBinding",
    "ResourceQuota",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Secret",
    "Service",
    "LimitRange",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// What one Flux Kustomization applies.
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) needs: Vec<String>,
    /// In Flux's order; Secrets decrypted.
    pub(crate) objects: Vec<Object>,
}

/// What the root applies first, itself called `cluster`, then the others in an order that their needs allow. An example of a
/// pack has no root; of it, all files in `cluster/` are taken for it.
pub(crate) fn parts(context: &Context, tree: &Tree) -> Vec<Part> {
    let cluster = tree.folder().join("cluster");
    let mut root = if tree.has_root() {
        objects(context, &cluster)
    } else {
        files(&cluster).iter().flat_map(|file| read(context, file)).collect()
    };
    in_order(&mut root);
    let mut rest: Vec<Part> = root.iter().filter_map(|object| part(context, tree, object)).collect();
    let mut parts = vec![Part { name: "cluster".to_owned(), needs: Vec::new(), objects: root }];
    let examples = !tree.has_root();
    while !rest.is_empty() {
        let done = |name: &String| examples || parts.iter().any(|part| part.name == *name);
        let next = rest.iter().position(|part| part.needs.iter().all(done));
        let next = next.unwrap_or_else(|| panic!("{}: dependsOn never ends", tree.name));
        parts.push(rest.remove(next));
    }
    parts
}

/// The part that a Flux Kustomization applies, if its source is the tree's own.
fn part(context: &Context, tree: &Tree, object: &Object) -> Option<Part> {
    let kustomization = Kustomization::new(object.json.clone()).filter(|one| one.of_fleet)?;
    // The root itself, with `sync: classic`.
    if kustomization.name() == "flux-system" {
        return None;
    }
    let mut objects = objects(context, &tree.root.join(&kustomization.path));
    in_order(&mut objects);
    let needs = object.json["spec"]["dependsOn"].as_array().into_iter().flatten();
    let needs = needs.map(|need| need["name"].as_str().unwrap().to_owned()).collect();
    Some(Part { name: kustomization.name().to_owned(), needs, objects })
}

fn in_order(objects: &mut [Object]) {
    let rank = |object: &Object| {
        let kind = object.json["kind"].as_str().unwrap_or_default();
        let first = FIRST.iter().position(|first| *first == kind);
        let last = LAST.iter().position(|last| *last == kind).map(|last| FIRST.len() + 1 + last);
        (first.or(last).unwrap_or(FIRST.len()), object.identity())
    };
    objects.sort_by_cached_key(rank);
}

/// The objects of the files that a folder's `kustomization.yaml` lists; what kustomize builds of the folders in it.
fn objects(context: &Context, folder: &Path) -> Vec<Object> {
    let list = json(&fs::read_to_string(folder.join("kustomization.yaml")).unwrap());
    let resources = list["resources"].as_array().into_iter().flatten();
    let paths = resources.map(|resource| folder.join(resource.as_str().unwrap()));
    paths.flat_map(|path| read(context, &path)).collect()
}

fn read(context: &Context, path: &Path) -> Vec<Object> {
    if path.is_dir() {
        return Object::read(&output(context.command("kubectl").arg("kustomize").arg(path)));
    }
    let objects = Object::read(&fs::read_to_string(path).unwrap());
    if objects.iter().any(|object| object.json.get("sops").is_some()) {
        return Object::read(&decrypted(context, path));
    }
    objects
}

/// A sealed file as `sops` decrypts it with the test key.
pub(crate) fn decrypted(context: &Context, file: &Path) -> String {
    let mut sops = context.command("sops");
    output(sops.env("SOPS_AGE_KEY_FILE", key(context)).arg("decrypt").arg(file))
}

/// The key that the example fleet's secrets are sealed for.
pub(crate) fn key(context: &Context) -> PathBuf {
    context.root().join("tests/keys/test-only.agekey")
}

/// Every kind of these objects.
pub(crate) fn kinds<'o>(
    objects: impl IntoIterator<Item = &'o Object>,
) -> std::collections::BTreeSet<(String, String)> {
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    objects.into_iter().map(|o| (text(&o.json["apiVersion"]), text(&o.json["kind"]))).collect()
}
