//! With an artifact of each component's folder, and Flux locked down for tenants: all comes to be in the right order, a
//! change reaches only the component that it is in, and what names no account may do nothing.

use super::{arrived, root};
use crate::{
    cluster::{
        flux::{Flux, condition},
        object::{Identity, Object},
        project::Project,
    },
    context::Context,
    trees,
};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

const FLEET: &str = r#"
source: {kind: OCIRepository, url: "oci://registry.example.com/fleet", ref: {tag: latest}}
flux:
  version: "2.9"
  sync: operator
  components: [source-controller, kustomize-controller, helm-controller, notification-controller, source-watcher]
  artifacts: true
  multitenant: true
"#;
const ENVIRONMENT: &str = r#"
kubernetes: "1.34"
cluster: {name: one, domain: one.example.com}
components:
  flux-operator: {pack: flux-operator}
  config:
    pack: raw
    extra: {config: {apiVersion: v1, kind: ConfigMap, metadata: {name: config}, data: {a: before}}}
  app:
    pack: web-app
    needs: [config]
    inputs: {image: "registry.example.com/app:1.0", port: 8080}
  base: {pack: raw, base: base}
"#;
const NAMES: [&str; 6] = ["app", "base", "config", "flux-operator", "flux-system", "namespaces"];
/// What flux-operator gives the controller for `multitenant` and for source-watcher.
const LOCKED: [&str; 4] = [
    "--no-cross-namespace-refs=true",
    "--no-remote-bases=true",
    "--default-service-account=default",
    "--feature-gates=ExternalArtifact=true",
];

pub(crate) fn artifacts(context: &Context) {
    let project = Project::new(context, "artifacts");
    project.write("environments/fleet.yaml", FLEET);
    project.write("environments/one.yaml", ENVIRONMENT);
    project.write(
        "base/kustomization.yaml",
        "namespace: base\nconfigMapGenerator:\n  - name: a\n    literals: [a=b]\n",
    );
    project.render("one");
    let flux = Flux::start_with(context, BTreeMap::new(), &LOCKED);
    let parts = project.parts("one");
    flux.watch_all(&parts);
    accounts(&flux);
    let source = root::operator(&flux, &project.environment("one"));
    flux.publish(&source, &project.folder);
    watch(&flux, &project);
    flux.settle(&NAMES);
    arrived(&flux, &parts);

    let before = revisions(&flux);
    project.replace("environments/one.yaml", "before", "after");
    project.render("one");
    flux.publish(&source, &project.folder);
    watch(&flux, &project);
    flux.settle(&NAMES);
    let now = revisions(&flux);
    let changed: Vec<&str> = NAMES.into_iter().filter(|name| before[*name] != now[*name]).collect();
    assert_eq!(
        changed,
        ["config", "flux-system", "namespaces"],
        "those of the fleet as a whole, and the component"
    );
    nothing_by_default(&flux);
}

/// The accounts of the controllers, as an installation of Flux brings them.
fn accounts(flux: &Flux) {
    let role =
        json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"});
    let subject =
        json!({"kind": "ServiceAccount", "name": "kustomize-controller", "namespace": "flux-system"});
    flux.api.must_apply(&Object::new(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "cluster-reconciler"}, "roleRef": role, "subjects": [subject],
    })));
}

/// Stands in for source-watcher: makes of the generator in the cluster what it asks for, of the tree in the project.
fn watch(flux: &Flux, project: &Project) {
    let generator = Identity::new(
        "source.extensions.fluxcd.io/v1beta1",
        "ArtifactGenerator",
        "flux-system",
        "components",
    );
    flux.until("the generator is there", || flux.api.get(&generator).is_some());
    let generator = flux.api.get(&generator).unwrap();
    for artifact in generator["spec"]["artifacts"].as_array().unwrap() {
        let name = artifact["name"].as_str().unwrap();
        let folder = project.context.folder(&format!("artifact-{name}"));
        for copy in artifact["copy"].as_array().unwrap() {
            let [from, to] = ["from", "to"].map(|key| copy[key].as_str().unwrap());
            let from = from.strip_prefix("@fleet/").unwrap().strip_suffix("/**").unwrap();
            let to = to.strip_prefix("@artifact/").unwrap();
            trees::copy(&project.folder.join(from), &folder.join(to));
        }
        let made = Object::new(json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "ExternalArtifact",
            "metadata": {"name": name, "namespace": "flux-system"},
            "spec": {"sourceRef": {
                "apiVersion": generator["apiVersion"], "kind": "ArtifactGenerator", "name": "components", "namespace": "flux-system",
            }},
        }));
        flux.api.must_apply_as("source-watcher", &made);
        flux.publish(&made.identity(), &folder);
    }
}

/// What each Kustomization applied.
fn revisions(flux: &Flux) -> BTreeMap<String, Json> {
    let all = flux.kustomizations().into_iter();
    all.map(|(name, object)| (name, object["status"]["lastAppliedRevision"].clone())).collect()
}

/// A Kustomization that names no account may do nothing, and none may read the sources of another namespace: or the
/// lockdown would be none, and this case no proof.
fn nothing_by_default(flux: &Flux) {
    let tenant = |name: &str, namespace: &str, source: Json| {
        let spec = json!({"interval": "1h", "path": "./fleet-out/one/apps/config", "prune": false, "sourceRef": source});
        let metadata = json!({"name": name, "namespace": namespace});
        let object = Object::new(json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": metadata, "spec": spec,
        }));
        flux.api.must_apply(&object);
        object.identity()
    };
    let said = |identity: &Identity, words: &str| {
        flux.until(&format!("{identity} is refused: {words}"), || {
            let ready = flux.api.get(identity).map(|object| condition(&object, "Ready")).unwrap_or_default();
            ready.starts_with("False ") && ready.contains(words)
        });
    };
    let here = tenant("tenant", "flux-system", json!({"kind": "ExternalArtifact", "name": "config"}));
    said(&here, "system:serviceaccount:flux-system:default");
    let there = json!({"kind": "ExternalArtifact", "name": "config", "namespace": "flux-system"});
    said(&tenant("tenant", "config", there), "cross-namespace");
}
