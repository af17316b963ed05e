//! A rendered tree as Flux goes through it: the objects of `cluster/`, then each Flux Kustomization after those that it
//! depends on.

use super::object::{Object, json};
use crate::context::{Context, output};
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

/// A rendered tree.
pub(crate) struct Tree<'c> {
    pub(crate) context: &'c Context,
    /// The name of the environment, as it stands in the paths.
    pub(crate) name: &'c str,
    pub(crate) folder: &'c Path,
}

impl Tree<'_> {
    /// What the root applies first, itself called `cluster`, then the others in an order that their needs allow.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let mut root = objects(self.context, &self.folder.join("cluster"));
        in_order(&mut root);
        let mut rest: Vec<Part> = root.iter().filter_map(|object| self.part(object)).collect();
        let mut parts = vec![Part { name: "cluster".to_owned(), needs: Vec::new(), objects: root }];
        while !rest.is_empty() {
            let done = |name: &String| parts.iter().any(|part| part.name == *name);
            let next = rest.iter().position(|part| part.needs.iter().all(done));
            let next = next.unwrap_or_else(|| panic!("{}: dependsOn never ends", self.name));
            parts.push(rest.remove(next));
        }
        parts
    }

    /// The part that a Flux Kustomization applies, if its source is the tree's own.
    pub(crate) fn part(&self, object: &Object) -> Option<Part> {
        let spec = &object.json["spec"];
        if object.json["kind"] != "Kustomization" || spec["sourceRef"]["name"] != "flux-system" {
            return None;
        }
        let path = spec["path"].as_str().unwrap();
        let inside = path.strip_prefix(&format!("./fleet-out/{}/", self.name));
        let inside = inside.unwrap_or_else(|| panic!("{}: the path {path}", self.name));
        let mut objects = objects(self.context, &self.folder.join(inside));
        in_order(&mut objects);
        let needs = spec["dependsOn"].as_array().into_iter().flatten();
        let needs = needs.map(|need| need["name"].as_str().unwrap().to_owned()).collect();
        Some(Part { name: object.json["metadata"]["name"].as_str().unwrap().to_owned(), needs, objects })
    }
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
pub(crate) fn objects(context: &Context, folder: &Path) -> Vec<Object> {
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
