//! flate, which renders Flux trees offline with code of its own, finds the Kustomizations and HelmReleases that we wrote,
//! builds the objects in the files, one Kustomization after those that it depends on, and shows of a change what changed.
//!
//! It cannot be kept from fetching what a tree names: so releases, sources and Kustomizations of other sources are
//! suspended before it sees them. Not judged, then: what charts make of values, and sources. Sealed files
//! it shows as they are.

use crate::{
    context::{Context, output},
    objects::{Objects, by_identity, differences},
    rendered::files,
    suite::{Case, Judge, Verdict},
    trees::{self, Kustomization, Tree, listed, remove_owner},
};
use serde_json::{Value as Json, json};
use std::{collections::BTreeSet, fs, process::Command, sync::Arc};

pub(crate) const JUDGE: Judge = Judge { name: "flate", programs: &["flate"], waits: false, cases };

fn cases(context: &Context) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    for tree in context.trees().iter().filter(|tree| tree.has_root()) {
        let quiet = Arc::new(quiet(context, tree));
        // It is large, and what is special about it are the objects.
        let hostile = tree.name == "hostile";
        for (name, ask) in ASKED.into_iter().filter(|(name, _)| !hostile || *name == "objects") {
            let quiet = quiet.clone();
            cases.push(Case::new(format!("{}/{name}", tree.name), move || {
                ask(context, &quiet, &quiet).unwrap_or_else(|why| panic!("{}: {why}", quiet.name));
            }));
        }
    }
    cases.push(Case::judged("lost-text", move || lost_text(context)));
    cases.push(Case::new("diff", move || diff(context)));
    for damage in DAMAGES {
        cases.push(Case::new(format!("no/{}", damage.name), move || damage.is_seen(context)));
    }
    cases
}

/// Asks flate about one tree, and compares with what is written in another: the same but in tests of this test.
type Ask = fn(&Context, &Tree, &Tree) -> Result<(), String>;

/// What is asked of a tree.
const ASKED: [(&str, Ask); 4] =
    [("kustomizations", kustomizations), ("releases", releases), ("objects", objects), ("order", order)];

/// A copy of a tree in a repository of its own, with what would be fetched suspended, and read from Git: of sources of
/// other kinds flate knows only how to fetch them. Without the text `<<`, see [`lost_text`].
fn quiet(context: &Context, tree: &Tree) -> Tree {
    let copy = tree.copy(context);
    fs::create_dir(copy.root.join(".git")).unwrap();
    let cluster = copy.folder().join("cluster");
    for file in files(&copy.folder()) {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let documents = text.split_inclusive("\n---\n").map(|document| {
            let document = &of_the_whole(document);
            let of_fleet = document.contains("\n    name: flux-system\n");
            let is_root = document.contains("\n  name: flux-system\n");
            let kind = |kind: &str| document.contains(&format!("\nkind: {kind}\n"));
            let sources = ["HelmRelease", "HelmRepository", "OCIRepository", "GitRepository", "Bucket"];
            let flux = document.contains(".toolkit.fluxcd.io/v");
            let fetches = sources.into_iter().any(kind) || kind("Kustomization") && !of_fleet;
            let mut document = document.replace("\"<<\"\n", "\"<\"\n");
            if file.starts_with(&cluster) && (of_fleet || is_root) {
                for other in ["Bucket", "OCIRepository"] {
                    document = document.replace(&format!("kind: {other}\n"), "kind: GitRepository\n");
                }
            }
            if flux && fetches && !is_root && !document.contains("\n  suspend: true\n") {
                document = document.replacen("\nspec:\n", "\nspec:\n  suspend: true\n", 1);
            }
            document
        });
        fs::write(&file, documents.collect::<String>()).unwrap();
    }
    copy
}

/// A Kustomization of an artifact of its folder as one of the whole fleet, in which the folder has the same path: what
/// makes artifacts, source-watcher, flate does not know.
fn of_the_whole(document: &str) -> String {
    let Some((before, after)) = document.split_once("    kind: ExternalArtifact\n    name: ") else {
        return document.to_owned();
    };
    let (_, after) = after.split_once('\n').unwrap();
    format!("{before}    kind: GitRepository\n    name: flux-system\n{after}")
}

fn flate(context: &Context, tree: &Tree, arguments: &[&str]) -> Command {
    let mut command = context.command("flate");
    // Whatever it would fetch, it gets nowhere.
    for proxy in ["HTTP_PROXY", "HTTPS_PROXY"] {
        command.env(proxy, "http://127.0.0.1:9");
    }
    command.args(arguments).arg("--path").arg(tree.folder().join("cluster"));
    command.args(["--no-progress", "--source-retry-attempts=1", "--skip-crds=false", "--skip-secrets=false"]);
    command.arg("--cache-dir").arg(context.folder("flate"));
    command
}

fn list(context: &Context, tree: &Tree, arguments: &[&str]) -> Result<Vec<Json>, String> {
    let output = flate(context, tree, arguments).args(["--output", "json"]).output().unwrap();
    if !output.status.success() {
        return Err(format!("flate says: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(serde_json::from_slice(&output.stdout).unwrap())
}

/// Objects whose kind is one of Flux's own, in all that is pointed at.
fn of_kind(tree: &Tree, kind: &str) -> Vec<Json> {
    let is = |object: &Json| {
        object["kind"] == kind && object["apiVersion"].as_str().unwrap().contains(".toolkit.fluxcd.io/")
    };
    tree.objects().into_values().filter(is).collect()
}

/// Entries of a list by what they are about.
fn named(list: impl IntoIterator<Item = Json>) -> Objects {
    let name = |item: &Json| format!("{} {} {}", item["kind"], item["namespace"], item["name"]);
    list.into_iter().map(|item| (name(&item), item)).collect()
}

/// Is it the same, but for what comes out of bases of the user's own?
fn same(tree: &Tree, expected: &Objects, mut found: Objects) -> Result<(), String> {
    if tree.pointed().iter().any(|folder| !listed(&tree.root.join(folder)).unwrap().bases.is_empty()) {
        found.retain(|identity, _| expected.contains_key(identity));
    }
    let told = differences(expected, &found);
    if told.is_empty() { Ok(()) } else { Err(told.join("\n")) }
}

/// `get ks` lists the Kustomizations of the tree.
fn kustomizations(context: &Context, tree: &Tree, written: &Tree) -> Result<(), String> {
    let expected = of_kind(written, "Kustomization").into_iter().map(|object| {
        let (metadata, spec) = (&object["metadata"], &object["spec"]);
        let mut entry = json!({
            "kind": "Kustomization", "name": metadata["name"], "namespace": metadata["namespace"],
            "path": spec["path"], "prune": spec["prune"], "wait": spec["wait"] == true, "sourceRef": spec["sourceRef"],
        });
        entry["sourceRef"]["namespace"] = metadata["namespace"].clone();
        if spec["suspend"] == true {
            entry["suspend"] = json!(true);
        }
        entry
    });
    same(written, &named(expected), named(list(context, tree, &["get", "ks"])?))
}

/// `get hr` lists its HelmReleases, with the chart's version that stands in their source.
fn releases(context: &Context, tree: &Tree, written: &Tree) -> Result<(), String> {
    let sources = of_kind(written, "OCIRepository");
    let expected = of_kind(written, "HelmRelease").into_iter().map(|object| {
        let (metadata, spec) = (&object["metadata"], &object["spec"]);
        let chart = &spec["chart"]["spec"];
        let reference = if chart.is_object() { &chart["sourceRef"] } else { &spec["chartRef"] };
        let oci = sources.iter().find(|source| {
            reference["kind"] == "OCIRepository"
                && source["metadata"]["name"] == reference["name"]
                && source["metadata"]["namespace"] == metadata["namespace"]
        });
        let version = oci.map_or(&chart["version"], |source| match &source["spec"]["ref"] {
            pinned if pinned["digest"].is_string() => &pinned["digest"],
            tagged => &tagged["tag"],
        });
        let mut entry = json!({
            "kind": "HelmRelease", "name": metadata["name"], "namespace": metadata["namespace"],
            "releaseName": spec["releaseName"], "version": version, "source": reference["name"],
            "sourceRef": reference, "suspend": true,
        });
        entry["sourceRef"]["namespace"] = metadata["namespace"].clone();
        entry
    });
    let mut found = list(context, tree, &["get", "hr"])?;
    // Namespace and name of the source, and the chart's name where it has one.
    found.iter_mut().for_each(|entry| drop(entry.as_object_mut().unwrap().remove("chart")));
    same(written, &named(expected), named(found))
}

/// `build ks` gives the objects in the files.
fn objects(context: &Context, tree: &Tree, written: &Tree) -> Result<(), String> {
    let mut expected = Objects::new();
    let all = written.objects();
    let kustomizations = all.values().cloned().filter_map(Kustomization::new);
    for kustomization in kustomizations.filter(|k| k.of_fleet && k.object["spec"]["suspend"] != true) {
        expected.extend(listed(&written.root.join(&kustomization.path))?.objects);
    }
    let mut found = list(context, tree, &["build", "ks"])?;
    found.iter_mut().for_each(remove_owner);
    same(written, &expected, by_identity(found)?)
}

/// `build ks --stream` gives objects when their Kustomization is done: those of one that is needed come first.
fn order(context: &Context, tree: &Tree, written: &Tree) -> Result<(), String> {
    let output = flate(context, tree, &["build", "ks", "--stream"]).output().unwrap();
    if !output.status.success() {
        return Err(format!("flate says: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let owners = text.lines().filter_map(|line| line.strip_prefix("    kustomize.toolkit.fluxcd.io/name: "));
    let owners: Vec<&str> = owners.collect();
    for kustomization in written.kustomizations() {
        let name = kustomization.name();
        let Some(first) = owners.iter().position(|owner| *owner == name) else { continue };
        for need in kustomization.object["spec"]["dependsOn"].as_array().into_iter().flatten() {
            let last = owners.iter().rposition(|owner| *owner == need["name"].as_str().unwrap());
            if last.is_some_and(|last| last > first) {
                return Err(format!("{name} needs {}, which comes later", need["name"]));
            }
        }
    }
    Ok(())
}

/// `diff ks` of two trees shows the objects of which `gen diff` changes the files, and of the same tree nothing.
fn diff(context: &Context) {
    let tree = context.tree("none-oci/prod");
    let project = tree.copy(context);
    for folder in ["environments", "templates", "manifests"] {
        trees::copy(&tree.root.join(folder), &project.root.join(folder));
    }
    let old = quiet(context, &project);
    let layer = project.root.join("environments/prod.yaml");
    let text = fs::read_to_string(&layer).unwrap();
    let changed = text.replace("amd64:blue", "amd64:green").replace("retention: 30d", "retention: 31d");
    assert_ne!(text, changed);
    fs::write(layer, changed).unwrap();
    let said = context.run_gen(&project.root, &["diff", "prod"]).stdout;
    let said = String::from_utf8(said).unwrap();
    context.must_gen(&project.root, &["render", "prod"]);
    let new = quiet(context, &project);
    let shown = |new: &Tree, old: &Tree| -> BTreeSet<String> {
        let mut command = flate(context, new, &["diff", "ks", "--output", "diff"]);
        let text = output(command.arg("--path-orig").arg(old.folder().join("cluster")));
        text.lines().filter_map(|line| line.strip_prefix("--- ")).map(str::to_owned).collect()
    };
    let expected =
        ["Deployment kuard/kuard", "HelmRelease monitoring/loki", "HelmRelease monitoring/monitoring"];
    assert_eq!(shown(&new, &old), expected.map(str::to_owned).into(), "gen diff: {said}");
    for file in ["kuard/deployment", "loki/helmrelease", "monitoring/helmrelease"] {
        assert!(said.contains(&format!("{file}.yaml")), "{said}");
    }
    assert!(shown(&new, &new).is_empty());
}

/// kustomize writes the text `<<` bare, and reads it back as a text, as Kubernetes does. flate takes it for a merge key.
fn lost_text(context: &Context) -> Verdict {
    let good = context.tree("prod");
    let tree = quiet(context, good);
    let smoke = |text: &str| {
        tree.edit(
            "apps/smoke-test/cronjob.yaml",
            "spec:\n  schedule",
            &format!("spec:\n  text: {text}\n  schedule"),
        );
    };
    smoke("\"<<\"");
    let answer = objects(context, &tree, &tree).unwrap_err();
    assert!(answer.contains(".spec.text: expected \"<<\", found nothing"), "{answer}");
    Verdict::Explained("flate loses a text that is `<<`; kubectl and Flux read it")
}

/// Something wrong with the tree of `prod`.
struct Damage {
    name: &'static str,
    /// `(file in cluster/, text, what stands there instead)`.
    edits: &'static [(&'static str, &'static str, &'static str)],
    ask: Ask,
    /// What is said.
    says: &'static str,
}

/// The judge can say no.
const DAMAGES: &[Damage] = &[
    Damage {
        name: "dangling",
        edits: &[("components/loki.yaml", "- name: namespaces", "- name: namespace")],
        ask: objects,
        says: "flux-system/namespace  not found",
    },
    Damage {
        name: "cycle",
        edits: &[("components/ingress.yaml", "- name: namespaces", "- name: kuard")],
        ask: objects,
        says: "dependency cycle detected",
    },
    Damage {
        name: "path",
        edits: &[("components/kuard.yaml", "/apps/kuard", "/apps/kaurd")],
        ask: objects,
        says: "path is not a directory: ./fleet-out/prod/apps/kaurd",
    },
    Damage {
        name: "prune",
        edits: &[("components/alloy.yaml", "prune: true", "prune: false")],
        ask: kustomizations,
        says: ".prune: expected true, found false",
    },
    Damage {
        name: "order",
        edits: &[
            ("namespaces.yaml", "spec:\n", "spec:\n  dependsOn: [{name: access}]\n"),
            ("components/access.yaml", "  dependsOn:\n    - name: namespaces\n", ""),
        ],
        ask: order,
        says: "access needs \"namespaces\", which comes later",
    },
    Damage {
        name: "version",
        edits: &[("../infrastructure/loki/ocirepository.yaml", "tag: ", "tag: 0.0.1-")],
        ask: releases,
        says: ".version: expected ",
    },
    Damage {
        name: "value",
        edits: &[("../infrastructure/alerts/prometheusrule.yaml", "for: 15m", "for: 10m")],
        ask: objects,
        says: ".spec.groups[0].rules[1].for: expected \"15m\", found \"10m\"",
    },
];

impl Damage {
    fn is_seen(&self, context: &Context) {
        let good = context.tree("prod");
        let (written, bad) = (quiet(context, good), quiet(context, good));
        for (file, old, new) in self.edits {
            bad.edit(&format!("cluster/{file}"), old, new);
        }
        let said = (self.ask)(context, &bad, &written).unwrap_err();
        assert!(said.contains(self.says), "{said}");
    }
}
