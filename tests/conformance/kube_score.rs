//! kube-score has no critical word about a rendered object that is not answered here.

use crate::{
    context::Context,
    rendered,
    suite::{Case, Judge, Verdict},
};
use serde_json::Value as Json;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

pub(crate) const JUDGE: Judge = Judge { name: "kube-score", programs: &["kube-score"], waits: false, cases };

/// A critical word and why it is not followed.
struct Answer {
    check: &'static str,
    /// What the word begins with.
    says: &'static str,
    /// The trees that it is about; none named, all.
    trees: &'static [&'static str],
    why: &'static str,
}

const ANSWERS: &[Answer] = &[
    Answer {
        check: "container-resources",
        says: "CPU limit is not set",
        trees: &[],
        why: "a CPU limit holds back what would run on idle cores; the request shares busy ones",
    },
    Answer {
        check: "container-resources",
        says: "Memory limit is not set",
        trees: &["packs/web-app/"],
        why: "how much memory an app may take is for its owner to say: a default would kill the one that needs more",
    },
    Answer {
        check: "container-ephemeral-storage-request-and-limit",
        says: "Ephemeral Storage",
        trees: &[],
        why: "root file systems are read-only, and a volume on the node takes a `sizeLimit`",
    },
    Answer {
        check: "container-image-pull-policy",
        says: "ImagePullPolicy is not set to Always",
        trees: &[],
        why: "tags do not move here, and a registry that is down must not stop a pod whose image is there",
    },
    Answer {
        check: "container-security-context-readonlyrootfilesystem",
        says: "The pod has a container with a writable root filesystem",
        trees: &["packs/web-app/tls"],
        why: "this example asks for it with an input",
    },
    Answer {
        check: "pod-networkpolicy",
        says: "The pod does not have a matching NetworkPolicy",
        trees: &["packs/web-app/gateway"],
        why: "this example switches the network policy off",
    },
    Answer {
        check: "pod-networkpolicy",
        says: "The pod does not have a matching NetworkPolicy",
        trees: &["local", "prod", "staging", "templates/smoke-test/"],
        why: "a job that asks an address listens to nobody",
    },
    Answer {
        check: "networkpolicy-targets-pod",
        says: "The NetworkPolicys selector doesn't match any pods",
        trees: &["packs/tenant/"],
        why: "it is for the pods of the team, which stand in the team's repository",
    },
    Answer {
        check: "ingress-targets-service",
        says: "No service match was found",
        trees: &["staging"],
        why: "Flagger makes the Service",
    },
    Answer {
        check: "deployment-has-poddisruptionbudget",
        says: "No matching PodDisruptionBudget was found",
        trees: &["packs/web-app/hostile"],
        why: "a budget for an app that may have one replica would hold up every drain",
    },
];

impl Answer {
    fn answers(&self, tree: &str, check: &str, says: &str) -> bool {
        let here = |name: &&str| tree == *name || name.ends_with('/') && tree.starts_with(*name);
        self.check == check
            && says.starts_with(self.says)
            && (self.trees.is_empty() || self.trees.iter().any(here))
    }
}

fn cases(context: &Context) -> Vec<Case<'_>> {
    let (mut cases, mut used) = (Vec::new(), BTreeSet::new());
    for (tree, folder) in rendered::all(context) {
        for object in score(context, &files(&folder)) {
            let name = format!("{tree}/{}", object["object_name"].as_str().unwrap());
            let words = critical(&object);
            if words.is_empty() {
                cases.push(Case::new(name.clone(), || {}));
            }
            for (check, says) in words {
                let answer = ANSWERS.iter().position(|answer| answer.answers(&tree, &check, &says));
                used.extend(answer);
                let name = format!("{name}: {says}");
                let verdict = move || match answer {
                    Some(answer) => Verdict::Explained(ANSWERS[answer].why),
                    None => Verdict::Disagreed(format!("{check}: {says}")),
                };
                cases.push(Case::judged(name, verdict));
            }
        }
    }
    assert!(cases.len() > 100, "only {} words", cases.len());
    cases.push(Case::new("answers-are-needed", move || {
        let idle: Vec<&str> =
            (0..ANSWERS.len()).filter(|at| !used.contains(at)).map(|at| ANSWERS[at].why).collect();
        assert!(idle.is_empty(), "nothing asks for these any more: {idle:?}");
    }));
    cases.push(Case::new("refuses", || refuses(context)));
    cases
}

/// Objects that an API server reads; sealed ones are nothing that it scores.
fn files(folder: &Path) -> Vec<PathBuf> {
    let others = |file: &PathBuf| {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        name == "kustomization.yaml"
            || name.ends_with(".sops.yaml")
            || file.starts_with(folder.join("outside"))
    };
    rendered::yaml_files(folder).into_iter().filter(|file| !others(file)).collect()
}

/// What kube-score says of each object that it knows.
fn score(context: &Context, files: &[PathBuf]) -> Vec<Json> {
    if files.is_empty() {
        return Vec::new();
    }
    let mut command = context.command("kube-score");
    command.args(["score", "--kubernetes-version", "v1.34", "--output-format", "json"]).args(files);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    // It fails when it has a critical word, and says `null` of objects that it does not know.
    let objects: Option<Vec<Json>> =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {said}"));
    objects.unwrap_or_default()
}

/// The critical words, each once: the check and what it says, with the container.
fn critical(object: &Json) -> BTreeSet<(String, String)> {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let checks = object["checks"].as_array().unwrap().iter();
    let bad = checks.filter(|check| check["skipped"] == false && check["grade"] == 1);
    bad.flat_map(|check| {
        let comments = check["comments"].as_array().unwrap().iter();
        comments.map(|comment| {
            let said = format!("{} {}", text(&comment["summary"]), text(&comment["path"]));
            (text(&check["check"]["id"]), said.trim().to_owned())
        })
    })
    .collect()
}

/// The judge itself is judged: a careless Deployment is told.
fn refuses(context: &Context) {
    let file = context.folder("careless").join("deployment.yaml");
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: careless, namespace: shop}\nspec:\n  replicas: 3\n  \
        selector: {matchLabels: {app: careless}}\n  template:\n    metadata: {labels: {app: other}}\n    spec:\n      containers:\n        \
        - {name: main, image: \"example.com/app:latest\", securityContext: {privileged: true}}\n";
    fs::write(&file, text).unwrap();
    let said: BTreeSet<String> =
        score(context, &[file]).iter().flat_map(critical).map(|(check, _)| check).collect();
    for check in [
        "container-resources",
        "container-image-tag",
        "container-security-context-privileged",
        "container-security-context-readonlyrootfilesystem",
        "pod-networkpolicy",
        "deployment-has-poddisruptionbudget",
        "deployment-pod-selector-labels-match-template-metadata-labels",
    ] {
        assert!(said.contains(check), "{check} is not told: {said:?}");
    }
}
