//! kustomize-controller reconciles what `gen` writes. What no machine here runs is stood in for, openly, by
//! `cluster/stand_in.rs`; what this proves and what not stands in `conformance/README.md`.

mod fleet;
mod root;
mod sync;

use crate::{
    cluster::{compare::Changes, flux::Flux, object::Identity, tree::Part},
    context::Context,
    suite::{Case, Judge},
};
use serde_json::Value as Json;
use std::collections::BTreeMap;

type Objects = BTreeMap<Identity, Json>;

pub(crate) const JUDGE: Judge = Judge {
    name: "kustomize-controller",
    programs: &["kustomize-controller", "kube-apiserver", "etcd", "kubectl", "sops"],
    waits: true,
    cases,
};

fn cases(context: &Context) -> Vec<Case<'_>> {
    let case = |name: &str, run: fn(&Context)| Case::new(name, move || run(context));
    vec![case("fleet", fleet::fleet), case("sync", sync::sync)]
}

/// Every object of the watched kinds, as the API server holds it.
fn snapshot(flux: &Flux) -> Objects {
    let kinds = flux.journal.kinds();
    let all = kinds.iter().flat_map(|(version, kind)| flux.api.list(version, kind));
    all.map(|object| (Identity::of(&object), object)).collect()
}

/// The objects of these parts are in the cluster as they were written, Secrets as they were sealed; Flux adds two labels,
/// and a finalizer to its own.
fn arrived(flux: &Flux, parts: &[Part]) {
    let changes = Changes::default();
    let mut wrong = Vec::new();
    for object in parts.iter().flat_map(|part| &part.objects) {
        let identity = object.identity();
        let mut held = flux.api.get(&identity).unwrap_or_else(|| panic!("there is no {identity}"));
        let metadata = held["metadata"].as_object_mut().unwrap();
        if identity.kind == "Kustomization" {
            metadata.remove("finalizers");
        }
        let labels = metadata["labels"].as_object_mut().unwrap();
        for label in ["name", "namespace"] {
            let label = labels.remove(&format!("kustomize.toolkit.fluxcd.io/{label}"));
            assert!(label.is_some(), "{identity} is not labelled as Flux's");
        }
        if labels.is_empty() {
            metadata.remove("labels");
        }
        let found = changes.unlisted(object, &held);
        wrong.extend(found.iter().map(|change| format!("{identity}: {change}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
