//! Other programs that read YAML: kubectl (go-yaml, and kustomize) and python3 with PyYAML. A test asks whether one is
//! there and says `skipped: …` where it is not; with `GEN_JUDGES=required` it fails instead.

use serde_json::Value as Json;
use std::{path::Path, process::Command};

/// Runs a program; `None` if it is not there.
pub(crate) fn run(program: &str, args: &[&str]) -> Option<(bool, String, String)> {
    let output = Command::new(program).args(args).output().ok()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Some((output.status.success(), text(output.stdout), text(output.stderr)))
}

/// Is kubectl there?
pub(crate) fn kubectl() -> bool {
    there("kubectl", &["version", "--client"], "kubectl")
}

/// Is python3 there, with PyYAML?
pub(crate) fn pyyaml() -> bool {
    there("python3", &["-c", "import yaml"], "python3 with PyYAML")
}

fn there(program: &str, args: &[&str], name: &str) -> bool {
    let there = run(program, args).is_some_and(|(good, ..)| good);
    let required = std::env::var_os("GEN_JUDGES").is_some_and(|value| value == "required");
    assert!(there || !required, "no {name}, and GEN_JUDGES=required");
    if !there {
        eprintln!("skipped: no {name}");
    }
    there
}

/// What kustomize builds of a folder.
pub(crate) fn kustomize(folder: &Path) -> String {
    let (good, out, err) = run("kubectl", &["kustomize", folder.to_str().unwrap()]).unwrap();
    assert!(good, "kustomize refuses {}: {err}", folder.display());
    out
}

/// The objects of a file as kubectl reads them, without the label that makes it print them (an object with empty `labels` loses
/// them).
pub(crate) fn read_by_kubectl(file: &Path) -> Vec<Json> {
    let args = ["label", "--local", "-f", file.to_str().unwrap(), "read=by", "-o", "json"];
    let (good, out, err) = run("kubectl", &args).unwrap();
    assert!(good, "kubectl refuses {}: {err}", file.display());
    let mut objects = Vec::new();
    for value in serde_json::Deserializer::from_str(&out).into_iter::<Json>() {
        match value.unwrap() {
            Json::Object(mut list) if list.get("kind").is_some_and(|k| k == "List") => {
                objects.extend(list.remove("items").unwrap().as_array().unwrap().clone());
            }
            object => objects.push(object),
        }
    }
    objects.iter_mut().for_each(remove_label);
    objects
}

fn remove_label(object: &mut Json) {
    let metadata = object["metadata"].as_object_mut().unwrap();
    let labels = metadata["labels"].as_object_mut().unwrap();
    labels.remove("read");
    if labels.is_empty() {
        metadata.remove("labels");
    }
}

/// The documents of a file as PyYAML reads them.
pub(crate) fn read_by_python(file: &Path) -> Vec<Json> {
    let script = "import sys, json, yaml\n\
        for d in yaml.load_all(open(sys.argv[1], encoding='utf-8', newline=''), yaml.SafeLoader):\n    \
        print(json.dumps(d))";
    let (good, out, err) = run("python3", &["-c", script, file.to_str().unwrap()]).unwrap();
    assert!(good, "PyYAML refuses {}: {err}", file.display());
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
