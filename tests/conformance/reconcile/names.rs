//! What bears another name, or comes from another version of `gen`: a component that is renamed, and the tree of an older
//! version (`older/`) that today's takes over.

use super::{CHARTS, Objects, arrived, lost, root, seal, snapshot};
use crate::{
    cluster::{flux::Flux, object::Identity, project::Project},
    context::Context,
    trees,
};
use serde_json::json;
use std::fs;

const NAMES: [&str; 9] = [
    "alerts",
    "cache",
    "flux-operator",
    "flux-system",
    "namespaces",
    "prometheus-operator-crds",
    "settings",
    "shop",
    "user",
];

/// The older version's project and tree.
fn older<'c>(context: &'c Context, name: &str) -> Project<'c> {
    let project = Project::new(context, name);
    let older = context.root().join("tests/conformance/older/0.1");
    trees::copy(&older, &project.folder);
    project
}

/// A cluster that has the tree of a project.
fn cluster(project: &Project) -> (Flux, Identity) {
    let flux = Flux::start(project.context, CHARTS.into_iter().collect());
    flux.bring_key(project.context);
    flux.watch_all(&project.parts("one"));
    let source = root::operator(&flux, &project.environment("one"));
    flux.publish(&source, &project.folder);
    flux.settle(&NAMES);
    (flux, source)
}

/// To today's tree, and back.
pub(crate) fn upgrade(context: &Context) {
    let project = older(context, "upgrade");
    let (flux, source) = cluster(&project);
    let before = snapshot(&flux);
    project.render("one");
    flux.publish(&source, &project.folder);
    flux.settle(&NAMES);
    arrived(&flux, &project.parts("one"));
    let today = snapshot(&flux);
    assert_eq!(lost(&before, &today), Vec::<String>::new(), "on the way up");
    flux.publish(&source, &older(context, "back").folder);
    flux.settle(&NAMES);
    let back = snapshot(&flux);
    assert_eq!(lost(&before, &back), Vec::<String>::new(), "on the way back");
    // It is a way: the two versions do not write the same.
    let shared = Identity::new("v1", "Namespace", "", "shared");
    let word = |all: &Objects| {
        let annotations = &all[&shared]["metadata"]["annotations"];
        annotations["kustomize.toolkit.fluxcd.io/substitute"].as_str().map(str::to_owned)
    };
    assert_eq!([&before, &today, &back].map(word), [None, Some("disabled".to_owned()), None]);
}

/// Two components are renamed in their namespace: one whose objects bear its name, one whose objects bear their own. A third
/// moves to another stage and is not touched by it.
pub(crate) fn rename(context: &Context) {
    let project = older(context, "rename");
    project.render("one");
    let (flux, source) = cluster(&project);
    let before = snapshot(&flux);
    let one = "environments/one.yaml";
    project.replace(one, "\n  shop:\n", "\n  store:\n");
    project.replace(one, "needs: [shop]", "needs: [store]");
    project.replace(one, "name: shop}]", "name: store}]");
    project.replace(one, "\n  settings:\n", "\n  options:\n");
    project.replace(one, "\n  user:\n", "\n  user:\n    stage: infrastructure\n");
    let secrets = project.folder.join("environments/secrets/one");
    fs::remove_dir_all(secrets).unwrap();
    let metadata = json!({"name": "store-tls", "namespace": "shared"});
    let texts = json!({"tls.crt": "a", "tls.key": "b"});
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/tls", "stringData": texts});
    seal(&project, "store", &secret);
    project.render("one");
    flux.publish(&source, &project.folder);
    flux.settle(&["options", "store", "user"]);
    flux.until("the old names are gone", || {
        let all = flux.kustomizations();
        !all.contains_key("shop") && !all.contains_key("settings")
    });
    flux.settle(&["options", "store", "user"]);
    let after = snapshot(&flux);
    let named = |all: &Objects, name: &str| -> Vec<String> {
        let found = all.keys().filter(|id| id.namespace == "shared" && id.name.starts_with(name));
        found.map(ToString::to_string).collect()
    };
    assert_eq!(named(&after, "shop"), ["PersistentVolumeClaim shared/shop-data"]);
    let renamed: Vec<String> = named(&before, "shop").iter().map(|id| id.replace("shop", "store")).collect();
    assert_eq!(named(&after, "store"), renamed);
    for (kind, name) in [("ConfigMap", "fixed"), ("Role", "reader"), ("RoleBinding", "readers")] {
        let found = after.iter().find(|(id, _)| id.kind == kind && id.name == name);
        let (_, object) = found.unwrap_or_else(|| panic!("{kind} {name} is gone"));
        assert_eq!(object["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"], "options");
    }
    let user = Identity::new("v1", "ConfigMap", "shared", "user");
    let only = |all: &Objects| Objects::from([(user.clone(), all[&user].clone())]);
    assert_eq!(lost(&only(&before), &only(&after)), Vec::<String>::new());
}
