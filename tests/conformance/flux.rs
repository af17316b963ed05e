//! `flux build kustomization` of every Flux Kustomization whose source is the fleet gives the objects in the files, also
//! with a variable to substitute, strictly; and the root, with all that it points at, gives all of them.
//!
//! What the program does to objects itself: it labels them with their Kustomization, and hides sealed values. It does
//! not decrypt, and knows nothing of order: that is judged in a cluster.

use crate::{
    context::Context,
    objects::{Objects, by_identity, differences},
    readers::Reader,
    suite::{Case, Judge},
    trees::{Kustomization, Tree, listed, remove_owner},
};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, fs};

pub(crate) const JUDGE: Judge = Judge { name: "flux", programs: &["flux", "kubectl"], waits: false, cases };

fn cases(context: &Context) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    for tree in context.trees() {
        cases.push(Case::new(format!("{}/substituting", tree.name), move || {
            must(each(context, &tree.copy(context), Some("A")));
        }));
        cases.push(Case::new(format!("{}/plain", tree.name), move || {
            let copy = tree.copy(context);
            must(if tree.has_root() { whole(context, &copy) } else { each(context, &copy, None) });
        }));
    }
    cases.push(Case::new("no/substituted", move || substituted(context)));
    cases.push(Case::new("no/path", move || wrong_path(context)));
    cases.push(Case::new("no/value", move || changed(context)));
    cases
}

fn must(answer: Result<(), String>) {
    answer.unwrap_or_else(|why| panic!("{why}"));
}

/// Builds every Kustomization by itself, with a variable of this name for its `postBuild`.
fn each(context: &Context, tree: &Tree, variable: Option<&str>) -> Result<(), String> {
    for mut kustomization in tree.kustomizations().into_iter().filter(|k| k.of_fleet) {
        let folder = tree.root.join(&kustomization.path);
        let expected = shown(listed(&folder)?.objects);
        if let Some(variable) = variable {
            kustomization.object["spec"]["postBuild"] = json!({"substitute": {variable: "substituted"}});
        }
        let found = build(context, tree, &kustomization, &[])?;
        // kustomize changes what is in bases.
        let has_base = !listed(&folder)?.bases.is_empty();
        let found = found.into_iter().filter(|(identity, _)| !has_base || expected.contains_key(identity));
        same(tree, kustomization.name(), &expected, &found.collect())?;
    }
    Ok(())
}

/// Builds the root, and all that it points at. Every other source has a ConfigMap where it is pointed at.
fn whole(context: &Context, tree: &Tree) -> Result<(), String> {
    let (mut expected, mut bases) = (Objects::new(), false);
    for folder in tree.pointed() {
        let folder = tree.root.join(folder);
        expected.extend(shown(listed(&folder)?.objects));
        bases |= !listed(&folder)?.bases.is_empty();
    }
    let (sources, elsewhere) = sources(context, tree, &expected);
    expected.extend(elsewhere);
    let kind = &tree.kustomizations()[0].object["spec"]["sourceRef"]["kind"];
    let root = Kustomization::new(json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "flux-system", "namespace": "flux-system"},
        "spec": {"interval": "10m", "path": format!("./{}/cluster", tree.path), "prune": true,
            "sourceRef": {"kind": kind, "name": "flux-system"}},
    }))
    .unwrap();
    let sources: Vec<String> = sources.into_iter().map(|(source, path)| format!("{source}={path}")).collect();
    let found = build(context, tree, &root, &["--recursive", "--local-sources", &sources.join(",")])?;
    let found = found.into_iter().filter(|(identity, _)| !bases || expected.contains_key(identity));
    same(tree, "flux-system", &expected, &found.collect())
}

/// Folders that stand for the sources of a tree's Kustomizations, and what is found in those that are not the fleet.
fn sources(context: &Context, tree: &Tree, objects: &Objects) -> (BTreeMap<String, String>, Objects) {
    let (mut sources, mut found) = (BTreeMap::new(), Objects::new());
    for kustomization in objects.values().cloned().filter_map(Kustomization::new) {
        let object = &kustomization.object;
        let [kind, name] = ["kind", "name"].map(|key| object["spec"]["sourceRef"][key].as_str().unwrap());
        let namespace = object["metadata"]["namespace"].as_str().unwrap();
        let mut folder = tree.root.clone();
        if !kustomization.of_fleet {
            folder = context.folder(name);
            let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}});
            let path = folder.join(&kustomization.path);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("kustomization.yaml"), "resources: [map.yaml]").unwrap();
            fs::write(path.join("map.yaml"), map.to_string()).unwrap();
            found.extend(by_identity(vec![map]).unwrap());
        }
        sources.insert(format!("{kind}/{namespace}/{name}"), folder.to_str().unwrap().to_owned());
    }
    (sources, found)
}

/// What `flux build` makes of a Kustomization, without its own labels. It writes into the tree.
fn build(
    context: &Context,
    tree: &Tree,
    kustomization: &Kustomization,
    arguments: &[&str],
) -> Result<Objects, String> {
    let file = context.folder("kustomization").join("kustomization.json");
    fs::write(&file, kustomization.object.to_string()).unwrap();
    let mut command = context.command("flux");
    command.current_dir(&tree.root).args(["build", "kustomization", kustomization.name(), "--path"]);
    command.arg(tree.root.join(&kustomization.path)).arg("--kustomization-file").arg(file);
    let output = command.args(["--dry-run", "--strict-substitute"]).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || !said.is_empty() {
        return Err(format!("{}, {}: flux says: {said}", tree.name, kustomization.name()));
    }
    let file = context.folder("built").join("built.yaml");
    fs::write(&file, output.stdout).unwrap();
    let mut objects = Reader::Kubectl.read(context, &file);
    objects.iter_mut().for_each(remove_owner);
    by_identity(objects)
}

/// Objects with sealed values as `flux build` shows them.
fn shown(mut objects: Objects) -> Objects {
    for object in objects.values_mut().filter_map(Json::as_object_mut) {
        if object.remove("sops").is_some() {
            for part in ["data", "stringData"] {
                let values = object.get_mut(part).and_then(Json::as_object_mut);
                values.into_iter().flatten().for_each(|(_, value)| *value = "**SOPS**".into());
            }
        }
    }
    objects
}

fn same(tree: &Tree, what: &str, expected: &Objects, found: &Objects) -> Result<(), String> {
    let told = differences(expected, found);
    if told.is_empty() { Ok(()) } else { Err(format!("{}, {what}: {}", tree.name, told.join("\n"))) }
}

fn tree(context: &Context, name: &str) -> Tree {
    context.tree(name).copy(context)
}

/// A text that looks like a variable is substituted without the annotation; if there is no such variable, it is refused.
fn substituted(context: &Context) {
    let tree = tree(context, "shapes/bucket");
    let file = "apps/objects/customresourcedefinition-texts.example.com.yaml";
    tree.edit(file, "    kustomize.toolkit.fluxcd.io/substitute: disabled\n", "");
    let said = each(context, &tree, Some("A")).unwrap_err();
    assert!(said.contains("variable not set"), "{said}");
    let said = each(context, &tree, Some("VAR")).unwrap_err();
    assert!(said.contains("found \"A `substituted`, a ${VAR}, a date"), "{said}");
    must(each(context, &tree, None));
}

/// The Flux Kustomization of the component `alerts`.
fn alerts(tree: &Tree) -> Kustomization {
    let mut all = tree.kustomizations().into_iter();
    all.find(|found| found.name() == "alerts").unwrap()
}

fn wrong_path(context: &Context) {
    let tree = tree(context, "prod");
    tree.edit("cluster/components/alerts.yaml", "/infrastructure/alerts", "/apps/alerts");
    let said = build(context, &tree, &alerts(&tree), &[]).unwrap_err();
    assert!(said.contains("prod, alerts: flux says:"), "{said}");
}

fn changed(context: &Context) {
    let tree = tree(context, "prod");
    let alerts = alerts(&tree);
    let expected = listed(&tree.root.join(&alerts.path)).unwrap().objects;
    tree.edit("infrastructure/alerts/prometheusrule.yaml", "15m", "10m");
    let said = same(&tree, "alerts", &expected, &build(context, &tree, &alerts, &[]).unwrap()).unwrap_err();
    assert!(said.contains("alerts, .spec.groups[0].rules[1].for: expected \"15m\", found \"10m\""), "{said}");
}
