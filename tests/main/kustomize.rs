//! `kubectl kustomize` builds every folder that a Flux Kustomization of ours points at, and its objects are those in the
//! files: for the example fleet of this repository, and for a fleet made of hostile texts, where what readers load is
//! also what went in.
//!
//! Bases of the user's own are left out: kustomize changes their objects, which is what they are for.

use crate::{
    hostile::hostile,
    judges::{kubectl, kustomize, pyyaml, read_by_kubectl, read_by_python},
    sandbox::Sandbox,
};
use serde_json::{Map, Value as Json, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

type Objects = BTreeMap<String, Json>;

/// Objects by identity; no two are equal.
fn by_identity(list: Vec<Json>) -> Objects {
    let mut objects = Objects::new();
    for object in list {
        let text = |pointer| object.pointer(pointer).and_then(Json::as_str).unwrap_or_default();
        let identity = ["/apiVersion", "/kind", "/metadata/namespace", "/metadata/name"].map(text).join(" ");
        assert!(!text("/metadata/name").is_empty(), "an object without a name: {identity}");
        let before = objects.insert(identity.clone(), object);
        assert!(before.is_none(), "two objects {identity}");
    }
    objects
}

fn read(files: &[PathBuf], scratch: &Path) -> Objects {
    by_identity(read_by_kubectl(&joined(files, scratch)))
}

/// All documents of the files in one.
fn joined(files: &[PathBuf], scratch: &Path) -> PathBuf {
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    write(scratch, "joined.yaml", &texts.collect::<Vec<_>>().join("---\n"))
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

/// Where two values first differ.
fn difference(one: &Json, other: &Json, at: &str) -> Option<String> {
    match (one, other) {
        (Json::Object(a), Json::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            let null = Json::Null;
            keys.into_iter().find_map(|key| match (a.get(key), b.get(key)) {
                (Some(a), Some(b)) => difference(a, b, &format!("{at}.{key:?}")),
                (a, b) => Some(format!("{at}.{key:?}: {:?}, {:?}", a.unwrap_or(&null), b.unwrap_or(&null))),
            })
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b).enumerate();
            pairs.find_map(|(i, (a, b))| difference(a, b, &format!("{at}[{i}]")))
        }
        _ => (one != other).then(|| format!("{at}: {one} and {other}")),
    }
}

fn same(expected: &Objects, found: &Objects, what: &str) {
    for (identity, object) in expected {
        let built = found.get(identity).unwrap_or_else(|| panic!("{what}: {identity} is missing"));
        if let Some(difference) = difference(object, built, "") {
            panic!("{what}: {identity} {difference}");
        }
    }
}

/// The objects of a rendered tree as kubectl reads its files, after proof that kustomize builds the same from every
/// folder that Flux is pointed at.
fn judge(tree: &Path, spec_path: &str) -> Objects {
    let scratch = tempfile::tempdir().unwrap();
    let mut pointed = BTreeSet::from(["cluster".to_owned()]);
    let (files, _) = resources(&tree.join("cluster"));
    for object in read(&files, scratch.path()).values() {
        let path = object.pointer("/spec/path").and_then(Json::as_str).unwrap_or_default();
        pointed.extend(path.strip_prefix(&format!("{spec_path}/")).map(str::to_owned));
    }
    assert_eq!(
        pointed,
        folders(tree),
        "every folder that kustomize can build is one that Flux is pointed at"
    );
    let (mut files, mut built, mut bases) = (Vec::new(), String::new(), false);
    for folder in &pointed {
        let (listed, base) = resources(&tree.join(folder));
        files.extend(listed);
        bases |= base;
        let _ = writeln!(built, "{}---", kustomize(&tree.join(folder)));
    }
    let built = write(scratch.path(), "built.yaml", &built);
    let built = by_identity(read_by_kubectl(&built));
    let read = read(&files, scratch.path());
    same(&read, &built, "after kustomize");
    assert!(
        bases || read.len() == built.len(),
        "kustomize builds {}, in files are {}",
        built.len(),
        read.len()
    );
    read
}

/// The files that a folder's kustomization lists, all that are there; and whether it has a base.
fn resources(folder: &Path) -> (Vec<PathBuf>, bool) {
    let text = fs::read_to_string(folder.join("kustomization.yaml")).unwrap();
    let listed: BTreeSet<&str> = text.lines().filter_map(|line| line.strip_prefix("  - ")).collect();
    let mut files: BTreeSet<String> = BTreeSet::new();
    let mut bases = false;
    for below in ["", "components/"] {
        for entry in fs::read_dir(folder.join(below)).into_iter().flatten() {
            let entry = entry.unwrap();
            let name = format!("{below}{}", entry.file_name().to_str().unwrap());
            if entry.path().is_file() && name != "kustomization.yaml" {
                files.insert(name);
            }
        }
    }
    if folder.join("base").is_dir() {
        bases = true;
        files.insert("base".to_owned());
    }
    assert_eq!(files.iter().map(String::as_str).collect::<BTreeSet<_>>(), listed, "{}", folder.display());
    files.remove("base");
    (files.into_iter().map(|name| folder.join(name)).collect(), bases)
}

/// The folders of a tree that have a kustomization, but bases.
fn folders(tree: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![tree.to_owned()];
    while let Some(folder) = open.pop() {
        if folder.join("kustomization.yaml").is_file() {
            found.insert(folder.strip_prefix(tree).unwrap().to_str().unwrap().to_owned());
        }
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "base") {
                open.push(path);
            }
        }
    }
    found
}

#[test]
fn kustomize_builds_the_example_fleet_as_it_is_in_the_files() {
    if !kubectl() {
        return;
    }
    let sandbox = Sandbox::new();
    let out = sandbox.root().join("out");
    let project = env!("CARGO_MANIFEST_DIR");
    let rendered = sandbox.gen_(&["-C", project, "render", "--all", "--out", out.to_str().unwrap()]);
    assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
    let environments = ["edge/store-001", "edge/store-002", "local", "prod", "staging"];
    for environment in environments {
        let objects = judge(&out.join(environment), &format!("./fleet-out/{environment}"));
        assert!(objects.len() > 20, "{environment}: only {} objects", objects.len());
    }
    let trees = folders(&out).into_iter().filter(|folder| folder.ends_with("/cluster")).count();
    assert_eq!(trees, environments.len(), "an environment is missing in this test");
}

/// A template with a value in every place where one may stand.
const ROWS: &str = r#"{% macro captured(text) %}{{ text }}{% endmacro %}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ component.name }}
  annotations:
    {% for name, text in inputs.annotations|items %}
    example.com/{{ name }}: {{ text }}
    {% endfor %}
data:
  {% for name, text in inputs.texts|items %}
  {{ name }}: {{ text }}
  block-{{ name }}: |-
    {{ text }}
  {% endfor %}
---
apiVersion: example.com/v1
kind: Rows
metadata:
  name: {{ component.name }}
spec:
  rows:
    {% for name, text in inputs.texts|items %}
    {{ name }}:
      plain: {{ text }}
      double: "{{ text }}"
      single: '{{ text }}'
      within: before {{ text }} after
      twice: "a\t{{ text }}'{{ text }}"
      literal: |
        {{ text }}
      strip: |-
        {{ text }}
      keep: |+
        {{ text }}
      middle: |
        first
          x {{ text }} y
        last
      folded: >-
        {{ text }}
      list:
        - {{ text }}
        - - {{ text }}
          - "{{ text }}"
      flow: [{{ text }}, {a: {{ text }}, b: "{{ text }}"}]
      captured: {{ captured(text) }}
      capturedWithin: see {{ captured(text) }}
      joined: {{ "x" ~ text ~ "y" }}
      encoded: {{ text | b64encode | b64decode }}
    {% endfor %}
  whole: {{ inputs.texts }}
  list: {{ inputs.list }}
  keys:
    {% for key, text in inputs.keys|items %}
    {{ key }}: {{ text }}
    {% endfor %}
  quotedKeys:
    {% for key, text in inputs.keys|items %}
    "x{{ key }}": {{ text }}
    {% endfor %}
  flowKeys: { {% for key, text in inputs.keys|items %}{{ key }}: {{ text }}, {% endfor %} }
  merged:
    t0: kept
    <<: {{ inputs.texts }}
"#;

const PACK: &str = "description: A value in every place\nstage: apps\ninputs:\n  required: [texts, keys, list, annotations]\n  \
    properties:\n    texts: {type: object, additionalProperties: {type: string}}\n    \
    keys: {type: object, additionalProperties: {type: string}}\n    list: {type: array, items: {type: string}}\n    annotations: {type: object, additionalProperties: {type: string}}\n";

/// What `ROWS` must give.
fn rows(texts: &Map<String, Json>, keys: &Map<String, Json>) -> Json {
    let row = |text: &Json| {
        let t = text.as_str().unwrap();
        json!({
            "plain": t, "double": t, "single": t, "within": format!("before {t} after"),
            "twice": format!("a\t{t}'{t}"), "literal": format!("{t}\n"), "strip": t, "keep": format!("{t}\n"),
            "middle": format!("first\n  x {t} y\nlast\n"), "folded": t, "list": [t, [t, t]],
            "flow": [t, {"a": t, "b": t}], "captured": t, "capturedWithin": format!("see {t}"),
            "joined": format!("x{t}y"), "encoded": t,
        })
    };
    let mut merged = texts.clone();
    merged.insert("t0".to_owned(), json!("kept"));
    json!({
        "rows": texts.iter().map(|(name, text)| (name.clone(), row(text))).collect::<Map<_, _>>(),
        "whole": texts, "list": texts.values().collect::<Vec<_>>(), "keys": keys,
        "quotedKeys": keys.iter().map(|(key, text)| (format!("x{key}"), text.clone())).collect::<Map<_, _>>(),
        "flowKeys": keys, "merged": merged,
    })
}

/// JSON that YAML reads as the same: everything but printable ASCII is escaped by its code.
fn literal(value: &Json) -> String {
    match value {
        Json::String(text) => {
            let mut out = String::from("\"");
            for c in text.chars() {
                let _ = match c {
                    '"' | '\\' => write!(out, "\\{c}"),
                    ' '..='~' => write!(out, "{c}"),
                    c => write!(out, "\\U{:08X}", u32::from(c)),
                };
            }
            out + "\""
        }
        Json::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Json::Object(members) => {
            let member =
                |(key, value): (&String, &Json)| format!("? {} : {}", literal(&json!(key)), literal(value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// Hostile texts that may be inputs: all but those in which U+FDD0 to U+FDD2 stand for slots.
fn texts(count: usize) -> Vec<String> {
    let mut texts = hostile(count);
    texts.retain(|text| !text.contains(['\u{fdd0}', '\u{fdd1}', '\u{fdd2}']));
    texts.extend(
        ["\u{fdd3}0\u{fdd4}", "\\uFDD00\\uFDD1", "{% raw %}", "{{ inputs.texts }}", "$${X}", "{#"]
            .map(str::to_owned),
    );
    texts
}

fn named(texts: &[String]) -> Map<String, Json> {
    texts.iter().enumerate().map(|(i, text)| (format!("t{i}"), json!(text))).collect()
}

fn keyed(texts: &[String]) -> Map<String, Json> {
    texts.iter().filter(|key| *key != "<<").map(|key| (key.clone(), json!(key))).collect()
}

/// A project of hostile texts in every place of a pack of its own, in `values`, `extra`, `patches` and inputs of built-in
/// packs; what the objects must hold, by identity and the pointer to it.
fn hostile_fleet(sandbox: &Sandbox) -> Vec<(String, &'static str, Json)> {
    let mut expected = Vec::new();
    let mut components = String::new();
    let texts = texts(1000);
    for (number, chunk) in texts.chunks(250).enumerate() {
        let (named, keys) = (named(chunk), keyed(chunk));
        let list: Vec<&Json> = named.values().collect();
        // kustomize fails on annotations like these, and `gen` refuses them.
        let tab = |text: &Json| text.as_str().is_some_and(|t| t.starts_with('\t') && t.contains('\n'));
        let annotations: Map<_, _> =
            named.iter().filter(|(_, t)| !tab(t)).map(|(k, t)| (k.clone(), t.clone())).collect();
        let inputs = json!({"texts": named, "keys": keys, "list": list, "annotations": annotations});
        let _ = writeln!(components, "  rows-{number}: {{pack: rows, inputs: {}}}", literal(&inputs));
        let id = format!("rows-{number} rows-{number}");
        expected.push((format!("example.com/v1 Rows {id}"), "/spec", rows(&named, &keys)));
        let with = |prefix: &str, of: &Map<String, Json>| {
            of.iter().map(|(k, v)| (format!("{prefix}{k}"), v.clone())).collect::<Vec<_>>()
        };
        let data = with("", &named).into_iter().chain(with("block-", &named)).collect::<Map<_, _>>();
        expected.push((format!("v1 ConfigMap {id}"), "/data", Json::Object(data)));
        let mut annotations = with("example.com/", &annotations).into_iter().collect::<Map<_, _>>();
        if chunk.iter().any(|text| text.contains("${") || text.contains("$$")) {
            annotations.insert("kustomize.toolkit.fluxcd.io/substitute".to_owned(), json!("disabled"));
        }
        expected.push((format!("v1 ConfigMap {id}"), "/metadata/annotations", Json::Object(annotations)));
    }
    let (named, keys) = (named(&texts), keyed(&texts));
    let values = json!({"texts": named, "keys": keys, "list": texts, "null": null, "empty": {}, "none": [],
        "nested": [[null, {"": [texts[3]]}]], "numbers": [0, -1, 1.5, 9_007_199_254_740_993_i64], "yes": true});
    let _ = writeln!(
        components,
        "  release: {{pack: helm-release, chart: {{url: oci://example.com/c, version: \"1.0.0\"}}, podSecurity: restricted, values: {}}}",
        literal(&values)
    );
    expected.push((
        "helm.toolkit.fluxcd.io/v2 HelmRelease release release".to_owned(),
        "/spec/values",
        values,
    ));
    let object = json!({"apiVersion": "example.com/v1", "kind": "Own", "metadata": {"name": "own"}, "spec": {"keys": keys, "list": texts}});
    let patch = json!({"spec": {"patched": named, "keys": {"=": "patched"}}});
    let _ = writeln!(
        components,
        "  own: {{pack: raw, extra: {{own: {}}}, patches: {{p: {{target: {{kind: Own, name: own}}, merge: {}}}}}}}",
        literal(&object),
        literal(&patch)
    );
    let mut spec = object["spec"].clone();
    spec["patched"] = json!(named);
    spec["keys"]["="] = json!("patched");
    expected.push(("example.com/v1 Own own own".to_owned(), "/spec", spec));
    expected.push(web(&mut components, &texts));
    sandbox.write("templates/rows/pack.yaml", PACK.as_bytes());
    sandbox.write("templates/rows/rows.yaml.j2", ROWS.as_bytes());
    sandbox.write("environments/fleet.yaml", crate::cases::FLEET.as_bytes());
    let environment = format!(
        "kubernetes: \"1.34\"\ncluster: {{name: hostile, domain: example.com, provides: [example.com]}}\ncomponents:\n{components}"
    );
    sandbox.write("environments/hostile.yaml", environment.as_bytes());
    expected
}

/// A web app with a hostile environment.
fn web(components: &mut String, texts: &[String]) -> (String, &'static str, Json) {
    let allowed: Vec<&String> = texts.iter().filter(|text| !text.contains('\0')).collect();
    let env: Map<String, Json> =
        allowed.iter().enumerate().map(|(i, text)| (format!("T{i}"), json!(text))).collect();
    let inputs = json!({"image": "example.com/web:1.0.0", "port": 8080, "env": env});
    let _ = writeln!(components, "  web: {{pack: web-app, inputs: {}}}", literal(&inputs));
    let list = env.iter().map(|(name, value)| json!({"name": name, "value": value}));
    ("apps/v1 Deployment web web".to_owned(), "/spec/template/spec/containers/0/env", list.collect())
}

#[test]
fn hostile_texts_come_out_as_they_went_in_for_every_reader_and_after_kustomize() {
    let (go, python) = (kubectl(), pyyaml());
    let sandbox = Sandbox::new();
    let expected = hostile_fleet(&sandbox);
    let rendered = sandbox.gen_(&["render", "hostile"]);
    let said = String::from_utf8_lossy(&rendered.stderr);
    assert!(rendered.status.success(), "{}", said.chars().take(9000).collect::<String>());
    let tree = sandbox.root().join("fleet-out/hostile");
    let mut readings = Vec::new();
    if go {
        readings.push(("kubectl", judge(&tree, "./fleet-out/hostile")));
    }
    if python {
        let files: Vec<PathBuf> = folders(&tree).iter().flat_map(|f| resources(&tree.join(f)).0).collect();
        let scratch = tempfile::tempdir().unwrap();
        readings.push(("PyYAML", by_identity(read_by_python(&joined(&files, scratch.path())))));
    }
    for (reader, objects) in readings {
        for (identity, pointer, value) in &expected {
            let object = objects.get(identity).unwrap_or_else(|| panic!("{reader}: no {identity}"));
            let found = object.pointer(pointer).unwrap_or(&Json::Null);
            if let Some(difference) = difference(value, found, pointer) {
                panic!("{reader}: {identity} {difference}");
            }
        }
    }
}

#[test]
fn a_text_that_is_a_slot_is_refused_as_an_input() {
    let sandbox = Sandbox::new();
    hostile_fleet(&sandbox);
    for text in ["\u{fdd0}0\u{fdd1}", "a\u{fdd2}"] {
        let inputs = json!({"texts": {"t": text}, "keys": {}, "list": [], "annotations": {}});
        let environment = format!(
            "cluster: {{name: slot, domain: example.com, provides: [example.com]}}\ncomponents:\n  rows: {{pack: rows, inputs: {}}}\n",
            literal(&inputs)
        );
        sandbox.write("environments/slot.yaml", environment.as_bytes());
        let rendered = sandbox.gen_(&["render", "slot"]);
        assert_eq!(rendered.status.code(), Some(2), "{}", String::from_utf8_lossy(&rendered.stderr));
        assert!(!sandbox.root().join("fleet-out").exists());
    }
}
