//! A fleet made of hostile texts: in every place of a template, in inputs, values, extras and patches.

use super::{hostile, loses_the_next};
use crate::objects::{self, Objects};
use serde_json::{Map, Value as Json, json};
use std::{fmt::Write as _, fs, path::Path};

const FLEET: &str = "source: {kind: GitRepository, url: \"https://github.com/example/fleet\", ref: {branch: main}}\nflux: {version: \"2.9\", sync: none}\n";

/// What an object of the tree must hold.
pub(crate) struct Expected {
    /// `apiVersion kind namespace name`.
    pub(crate) identity: String,
    pub(crate) pointer: &'static str,
    pub(crate) value: Json,
}

/// Where the objects of the tree hold something else, a line each.
pub(crate) fn missed(expected: &[Expected], objects: &Objects) -> Vec<String> {
    let at = |e: &Expected| format!("{} {}", e.identity, e.pointer);
    let wanted: Objects = expected.iter().map(|e| (at(e), e.value.clone())).collect();
    let found = expected.iter().filter_map(|e| Some((at(e), objects.get(&e.identity)?.pointer(e.pointer)?)));
    objects::differences(&wanted, &found.map(|(at, value)| (at, value.clone())).collect())
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
pub(crate) fn literal(value: &Json) -> String {
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
    texts.retain(|text| !loses_the_next(text));
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

/// Writes a project of hostile texts in every place of a pack of its own, in `values`, `extra`, `patches` and inputs of
/// built-in packs: its one environment is `hostile`. What must come of it.
pub(crate) fn write(project: &Path) -> Vec<Expected> {
    let (environment, expected) = made();
    put(project, "templates/rows/pack.yaml", PACK);
    put(project, "templates/rows/rows.yaml.j2", ROWS);
    put(project, "environments/fleet.yaml", FLEET);
    put(project, "environments/hostile.yaml", &environment);
    expected
}

/// What must come of it, wherever it was written.
#[allow(dead_code, reason = "not all that share this file ask for it")]
pub(crate) fn expected() -> Vec<Expected> {
    made().1
}

/// The environment, and what must come of it.
fn made() -> (String, Vec<Expected>) {
    let mut expected: Vec<(String, &str, Json)> = Vec::new();
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
        if chunk.iter().any(|text| text.contains("${") || text.contains("$$") || tab(&json!(text))) {
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
    expected.push(calm(&mut components, &texts));
    let environment = format!(
        "kubernetes: \"1.34\"\ncluster: {{name: hostile, domain: example.com, provides: [example.com]}}\ncomponents:\n{components}"
    );
    let expected =
        expected.into_iter().map(|(identity, pointer, value)| Expected { identity, pointer, value });
    (environment, expected.collect())
}

fn put(project: &Path, path: &str, text: &str) {
    let path = project.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// An object without anything that Flux would take for a variable, so that it is written, substituted and read again by
/// whoever has variables.
fn calm(components: &mut String, texts: &[String]) -> (String, &'static str, Json) {
    let hurt = |t: &str| t.contains("${") || t.contains("$$") || t.starts_with('\t') && t.contains('\n');
    let calm: Vec<String> = texts.iter().filter(|text| !hurt(text)).cloned().collect();
    let spec = json!({"keys": keyed(&calm), "list": calm});
    let object =
        json!({"apiVersion": "example.com/v1", "kind": "Calm", "metadata": {"name": "calm"}, "spec": spec});
    let _ = writeln!(components, "  calm: {{pack: raw, extra: {{calm: {}}}}}", literal(&object));
    ("example.com/v1 Calm calm calm".to_owned(), "/spec", spec)
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
