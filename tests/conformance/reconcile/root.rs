//! How a tree gets its root, in each of the ways that `flux.sync` knows.

use crate::{
    cluster::{
        flux::Flux,
        object::{Identity, Object},
    },
    trees::Tree,
};
use serde_json::{Value as Json, json};
use std::fs;

/// `sync: operator`: what flux-operator makes of the FluxInstance in the tree, which bootstrap applies. The source.
pub(crate) fn operator(flux: &Flux, tree: &Tree) -> Identity {
    let objects = sync(tree);
    let [instance] = &objects[..] else { panic!("one FluxInstance") };
    flux.api.must_apply(instance);
    adopt(flux, instance)
}

/// What flux-operator makes of a FluxInstance. The source.
fn adopt(flux: &Flux, instance: &Object) -> Identity {
    let sync = &instance.json["spec"]["sync"];
    let reference = match sync["kind"].as_str().unwrap() {
        "GitRepository" => json!({"name": sync["ref"]}),
        _ => json!({"tag": sync["ref"]}),
    };
    let spec = json!({"interval": "1m", "url": sync["url"], "ref": reference});
    let source = object("source.toolkit.fluxcd.io/v1", sync["kind"].as_str().unwrap(), spec);
    let source_ref = json!({"kind": sync["kind"], "name": "flux-system"});
    let mut spec = json!({"interval": "10m", "path": sync["path"], "prune": true, "sourceRef": source_ref});
    if instance.json["spec"]["cluster"]["multitenant"] == true {
        spec["serviceAccountName"] = json!("kustomize-controller");
    }
    let root = object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", spec);
    flux.api.must_apply_as("flux-operator", &source);
    flux.api.must_apply_as("flux-operator", &root);
    source.identity()
}

/// An object `flux-system/flux-system`.
pub(crate) fn object(api_version: &str, kind: &str, spec: Json) -> Object {
    let metadata = json!({"name": "flux-system", "namespace": "flux-system"});
    Object::new(json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}))
}

/// `sync: classic`: what stands in the tree, applied once by hand. The source.
pub(crate) fn classic(flux: &Flux, tree: &Tree) -> Identity {
    let objects = sync(tree);
    objects.iter().for_each(|object| drop(flux.api.must_apply(object)));
    objects[0].identity()
}

/// The objects of the root that stand in the tree.
fn sync(tree: &Tree) -> Vec<Object> {
    Object::read(&fs::read_to_string(tree.folder().join("cluster/sync.yaml")).unwrap())
}

/// `sync: none`: the Kustomization that `gen` prints.
pub(crate) fn printed(said: &str) -> Object {
    let (_, printed) = said.split_once("add this Kustomization:\n\n").unwrap_or_else(|| panic!("{said}"));
    let objects = Object::read(printed.split("\n\n").next().unwrap());
    let [object] = objects.try_into().unwrap_or_else(|_| panic!("{said}"));
    object
}
