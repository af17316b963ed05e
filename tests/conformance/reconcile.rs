//! kustomize-controller reconciles what `gen` writes. What no machine here runs is stood in for, openly, by
//! `cluster/stand_in.rs`; what this proves and what not stands in `conformance/README.md`.

mod artifacts;
mod fleet;
mod mistakes;
mod names;
mod needs;
mod parent;
mod root;
mod sealed;
mod sync;
mod texts;

use crate::{
    cluster::{
        compare::Changes,
        flux::Flux,
        object::Identity,
        project::Project,
        tree::{self, Part},
    },
    context::{Context, output},
    suite::{Case, Judge},
};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, fs};

type Objects = BTreeMap<Identity, Json>;

pub(crate) const JUDGE: Judge = Judge {
    name: "kustomize-controller",
    programs: &["kustomize-controller", "kube-apiserver", "etcd", "kubectl", "sops"],
    waits: true,
    cases,
};

/// What the chart of a component defines.
const CHARTS: [(&str, &[(&str, &str)]); 2] = [
    (
        "prometheus-operator-crds",
        &[
            ("monitoring.coreos.com/v1", "ServiceMonitor"),
            ("monitoring.coreos.com/v1", "PrometheusRule"),
            ("monitoring.coreos.com/v1alpha1", "AlertmanagerConfig"),
        ],
    ),
    ("cert-manager", &[("cert-manager.io/v1", "ClusterIssuer"), ("cert-manager.io/v1", "Certificate")]),
];

fn cases(context: &Context) -> Vec<Case<'_>> {
    let case = |name: &str, run: fn(&Context)| Case::new(name, move || run(context));
    vec![
        case("fleet", fleet::fleet),
        case("sync", sync::sync),
        case("artifacts", artifacts::artifacts),
        case("upgrade", names::upgrade),
        case("rename", names::rename),
        case("parent", parent::parent),
        case("mistakes", mistakes::mistakes),
        case("sealed", sealed::sealed),
        case("texts", texts::texts),
    ]
}

/// A Secret `<component>-texts` in the namespace of that name.
fn texts(component: &str, text: &str) -> Json {
    let annotations = json!({"kustomize.toolkit.fluxcd.io/substitute": "disabled"});
    let metadata =
        json!({"name": format!("{component}-texts"), "namespace": component, "annotations": annotations});
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"text": text}})
}

/// Gives a component of the environment `one` a Secret, sealed for the test key by `sops`.
fn seal(project: &Project, component: &str, secret: &Json) {
    let name = secret["metadata"]["name"].as_str().unwrap();
    let path = format!("environments/secrets/one/{component}/{name}.sops.yaml");
    project.write(&path, &secret.to_string());
    let key = fs::read_to_string(tree::key(project.context)).unwrap();
    let recipient = key.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let mut sops = project.context.command("sops");
    sops.args(["encrypt", "--age", recipient, "--encrypted-regex", "^(data|stringData)$", "--in-place"]);
    output(sops.arg(project.folder.join(path)).current_dir(&project.folder));
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

/// What is not there any more, or is another object under the same name.
fn lost(before: &Objects, after: &Objects) -> Vec<String> {
    let uid = |all: &Objects, identity: &Identity| {
        all.get(identity).map(|object| object["metadata"]["uid"].clone())
    };
    let lost = before.keys().filter(|identity| uid(before, identity) != uid(after, identity));
    lost.map(ToString::to_string).collect()
}
