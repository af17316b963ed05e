//! How a tree gets its root changes, from each way to the next: nothing in the cluster is lost or made anew.

use super::{lost, root, snapshot};
use crate::{
    cluster::{flux::Flux, object::Identity, project::Project},
    context::Context,
};
use serde_json::json;

const ENVIRONMENT: &str = r#"
kubernetes: "1.34"
cluster: {name: one, domain: one.example.com}
components:
  flux-operator: {pack: flux-operator}
  app:
    pack: raw
    extra:
      config: {apiVersion: v1, kind: ConfigMap, metadata: {name: config}, data: {a: b}}
  base: {pack: raw, base: base}
"#;
/// A kustomize base of the user's own, which Flux builds.
const BASE: &str = "
namespace: base
configMapGenerator:
  - name: generated
    literals: [a=b]
";
const NAMES: [&str; 5] = ["app", "base", "flux-operator", "flux-system", "namespaces"];

/// From `classic` to `operator`, to `classic` again as `gen` says how, to `none`.
pub(crate) fn sync(context: &Context) {
    let project = Project::new(context, "sync");
    project.write("environments/one.yaml", ENVIRONMENT);
    project.write("base/kustomization.yaml", BASE);
    set(&project, "classic");
    let tree = project.environment("one");
    let flux = Flux::start(context, [].into_iter().collect());
    flux.journal.watch("v1", "ConfigMap");
    let source = root::classic(&flux, &tree);
    flux.publish(&source, &project.folder);
    flux.settle(&NAMES);
    let before = snapshot(&flux);
    assert!(before.keys().any(|id| id.namespace == "base" && id.name.starts_with("generated-")));
    let roots = |identity: &Identity| identity.name == "flux-system";

    set(&project, "operator");
    flux.publish(&source, &project.folder);
    flux.settle(&NAMES);
    assert_eq!(root::operator(&flux, &tree), source);
    flux.publish(&source, &project.folder);
    flux.settle(&NAMES);
    let mut after = snapshot(&flux);
    assert_eq!(lost(&before, &after), Vec::<String>::new(), "from classic to operator");
    let instance = Identity::new("fluxcd.controlplane.io/v1", "FluxInstance", "flux-system", "flux");
    assert!(after.contains_key(&instance));

    set(&project, "classic");
    flux.publish(&source, &project.folder);
    flux.settle(&NAMES);
    by_hand(&flux, &instance, &source);
    assert_eq!(root::classic(&flux, &tree), source);
    flux.publish(&source, &project.folder);
    flux.settle(&NAMES);
    let mut again = snapshot(&flux);
    after.retain(|identity, _| !roots(identity));
    assert_eq!(lost(&after, &again), Vec::<String>::new(), "from operator to classic");

    set(&project, "none");
    flux.publish(&source, &project.folder);
    flux.settle(&NAMES);
    again.remove(&instance);
    assert_eq!(lost(&again, &snapshot(&flux)), Vec::<String>::new(), "from classic to none");
}

fn set(project: &Project, sync: &str) {
    let text = "source: {kind: GitRepository, url: \"https://example.com/fleet\", ref: {branch: main}}\n";
    project.write("environments/fleet.yaml", &format!("{text}flux: {{version: \"2.9\", sync: {sync}}}\n"));
    project.render("one");
}

/// What `gen` says when a FluxInstance leaves the tree: the root is suspended, the FluxInstance loses its `sync`, and its
/// operator then deletes the root.
fn by_hand(flux: &Flux, instance: &Identity, source: &Identity) {
    let root = Identity::new("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "flux-system", "flux-system");
    flux.api.merge(&root, "", &json!({"spec": {"suspend": true}})).unwrap();
    flux.api.merge(instance, "", &json!({"spec": {"sync": null}})).unwrap();
    for gone in [&root, source] {
        flux.api.delete(gone);
        flux.until(&format!("{gone} is gone"), || flux.api.get(gone).is_none());
    }
}
