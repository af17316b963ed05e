//! The example fleet's `prod`, as it comes to be, changes and shrinks.

use super::{
    CHARTS, arrived,
    needs::{self, Edges},
    root, snapshot,
};
use crate::{
    cluster::{
        flux::{Flux, condition, is_ready},
        object::Identity,
        project::Project,
        tree::Part,
    },
    context::Context,
};
use serde_json::Value as Json;

/// A component more, with a volume.
const STORE: &str = "
  store:
    pack: web-app
    inputs: {image: example.com/store:1.0, port: 8080, volumes: {data: {claim: {size: 1Gi}}}, mounts: {data: {path: /data}}}
";

pub(crate) fn fleet(context: &Context) {
    let project = Project::example(context);
    let old = std::fs::read_to_string(project.folder.join("environments/prod.yaml")).unwrap();
    project.write("environments/prod.yaml", &(old.clone() + STORE));
    project.render("prod");
    let parts = project.parts("prod");
    let edges = needs::of(&project, "prod", &parts);
    written(&edges, &parts);
    let flux = Flux::start(context, CHARTS.into_iter().collect());
    flux.bring_key(context);
    flux.watch_all(&parts);
    let source = root::operator(&flux, &project.environment("prod"));
    let revision = comes_to_be(&flux, &source, &project, &parts, &edges);
    in_order(&flux, &parts, &edges, &revision);
    arrived(&flux, &parts);
    one_input(&flux, &source, &project);
    project.write("environments/prod.yaml", &old);
    goes(&flux, &source, &project);
}

/// Each need stands in the tree, for Flux to keep.
fn written(edges: &Edges, parts: &[Part]) {
    for (component, need) in [("alloy", "loki"), ("kuard", "ingress"), ("alerts", "prometheus-operator-crds")]
    {
        assert!(edges.contains(&(component.to_owned(), need.to_owned())), "{edges:?}");
    }
    for (name, need) in edges {
        let part = parts.iter().find(|part| part.name == *name).unwrap_or_else(|| panic!("no {name}"));
        assert!(part.needs.contains(need), "{name} needs {need}, and its `dependsOn` is {:?}", part.needs);
    }
}

/// With a sick dependency first: it holds back exactly what needs it. The revision.
fn comes_to_be(flux: &Flux, source: &Identity, project: &Project, parts: &[Part], edges: &Edges) -> String {
    flux.stand_in.hold("HelmRelease", "ingress");
    let revision = flux.publish(source, &project.folder);
    let waiting = needs::needing(edges, "ingress");
    assert!(waiting.contains("kuard") && waiting.contains("smoke-test"), "{waiting:?}");
    let names = names(parts);
    flux.until("all but what needs the ingress are ready", || {
        let all = flux.kustomizations();
        names.iter().all(|name| {
            let Some(object) = all.get(*name) else { return false };
            match *name {
                "ingress" => condition(object, "Healthy").starts_with("Unknown Progressing"),
                name if waiting.contains(name) => {
                    condition(object, "Ready").starts_with("False DependencyNotReady")
                }
                _ => is_ready(object, &revision),
            }
        })
    });
    let held = parts.iter().filter(|part| waiting.contains(part.name.as_str()));
    for object in held.flat_map(|part| &part.objects) {
        assert!(flux.api.get(&object.identity()).is_none(), "{} is there", object.identity());
    }
    flux.stand_in.heal(&Identity::new("helm.toolkit.fluxcd.io/v2", "HelmRelease", "ingress", "ingress"));
    flux.settle(&names);
    revision
}

/// The names of the Kustomizations, the root's too.
fn names(parts: &[Part]) -> Vec<&str> {
    let names = parts.iter().map(|part| part.name.as_str());
    names.map(|name| if name == "cluster" { "flux-system" } else { name }).collect()
}

/// No object was made before all that its component needs was ready.
fn in_order(flux: &Flux, parts: &[Part], edges: &Edges, revision: &str) {
    let first = |about: &dyn Fn(&Identity, &Json) -> bool| {
        let found = flux.journal.entries(|entry| about(&entry.identity, &entry.object));
        found.first().unwrap_or_else(|| panic!("nothing was seen")).version
    };
    let mut judged = 0;
    for (name, need) in edges {
        let part = parts.iter().find(|part| part.name == *name).unwrap();
        let is_need = |id: &Identity, object: &Json| {
            id.kind == "Kustomization" && id.name == *need && is_ready(object, revision)
        };
        let ready = first(&is_need);
        for object in &part.objects {
            let identity = object.identity();
            let made = first(&|id, _| *id == identity);
            assert!(made > ready, "{identity} of {} was made before {need} was ready", part.name);
            judged += 1;
        }
    }
    assert!(judged > 50, "only {judged}");
}

/// Another image: nothing but the Deployment changes. Flux sees no other difference either, so nothing drifts for ever.
fn one_input(flux: &Flux, source: &Identity, project: &Project) {
    let before = snapshot(flux);
    project.replace("environments/prod.yaml", "kuard-amd64:blue", "kuard-amd64:green");
    project.render("prod");
    let revision = flux.publish(source, &project.folder);
    flux.settle(&["kuard"]);
    let done: Vec<String> = flux.done(&revision).into_keys().collect();
    assert_eq!(done, ["Deployment/kuard/kuard"]);
    let after = snapshot(flux);
    let version = |object: &Json| match object["kind"].as_str() {
        // Their status names the revision.
        Some("Kustomization" | "GitRepository") => object["metadata"]["generation"].to_string(),
        _ => object["metadata"]["resourceVersion"].to_string(),
    };
    let keys = |all: &super::Objects| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&before), keys(&after));
    let changed = after.iter().filter(|(identity, object)| version(object) != version(&before[*identity]));
    let changed: Vec<String> = changed.map(|(identity, _)| identity.to_string()).collect();
    assert_eq!(changed, ["Deployment kuard/kuard"]);
    let deployment = &after[&Identity::new("apps/v1", "Deployment", "kuard", "kuard")];
    let image = &deployment["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(image, "gcr.io/kuard-demo/kuard-amd64:green");
}

/// A component goes: its objects are pruned, its namespace and its volume claim stay.
fn goes(flux: &Flux, source: &Identity, project: &Project) {
    let before = snapshot(flux);
    project.replace("environments/prod.yaml", "kuard-amd64:blue", "kuard-amd64:green");
    project.render("prod");
    flux.publish(source, &project.folder);
    flux.settle(&["kuard"]);
    flux.until("the component is gone", || !flux.kustomizations().contains_key("store"));
    let after = snapshot(flux);
    let gone: Vec<&Identity> = before.keys().filter(|identity| !after.contains_key(identity)).collect();
    let of_store = |identity: &Identity| identity.namespace == "store" || identity.name == "store";
    let left: Vec<String> = after.keys().filter(|id| of_store(id)).map(ToString::to_string).collect();
    assert_eq!(left, ["Namespace store", "PersistentVolumeClaim store/store-data"]);
    assert!(gone.len() > 4 && gone.iter().all(|identity| of_store(identity)), "{gone:?}");
    // Nothing here ends a deletion of a namespace or a claim: what is being deleted still stands there.
    let leaving = |object: &&Json| object.pointer("/metadata/deletionTimestamp").is_some();
    assert_eq!(after.values().find(leaving), None);
}
