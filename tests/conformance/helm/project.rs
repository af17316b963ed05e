//! From the files of a user to what a chart sees: layers, `null`, texts and numbers.

use super::{
    chart::{Chart, merged, same},
    releases,
};
use crate::{
    cluster::project::Project,
    context::Context,
    suite::{Case, Verdict},
};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// Texts that a reader of values, or Helm's template language, could take for something else.
const TEXTS: &[&str] = &[
    "",
    " ",
    "~",
    "null",
    "true",
    "yes",
    "on",
    "0755",
    "1e3",
    "1_000",
    "12:30:45",
    "2024-04-01",
    ".5",
    "0x1F",
    "1.10",
    "<<",
    "- a",
    "a: b",
    "a #b",
    "&a",
    "*a",
    "!a",
    "|",
    "{{ .Values.secret }}",
    "{{",
    "}}",
    "{{- fail \"x\" -}}",
    "${X}",
    "$$",
    "a\n\n  b\n",
    "\ttab",
    "a\r\nb",
    "\u{2028}",
    "🦀",
];

pub(crate) fn cases(context: &Context) -> Vec<Case<'_>> {
    vec![
        Case::new("project/layers-and-null", || layers(context)),
        Case::new("project/texts", || texts(context)),
        Case::new("project/numbers", || numbers(context)),
        Case::judged("project/large-numbers", || large_numbers(context)),
        Case::judged("project/printed-numbers", || printed_numbers(context)),
        Case::new("project/values-from", || values_from(context)),
        Case::new("project/refuses", || refuses(context)),
    ]
}

/// A project with one layer, one environment and a pack that has a chart.
fn project<'c>(context: &'c Context, layer: &Json, environment: &Json) -> Project<'c> {
    let project = Project::new(context, "helm");
    project.write(
        "environments/fleet.yaml",
        "source: {kind: GitRepository, url: \"https://example.com/fleet\", ref: {branch: main}}\n\
         flux: {version: \"2.9\", sync: none}\n",
    );
    project.write(
        "templates/probe/pack.yaml",
        "description: Shows its values\nstage: apps\nnamespace: shop\npodSecurity: restricted\n\
         chart: {url: \"oci://example.com/charts/probe\", version: \"1.10.0\"}\n\
         inputs: {properties: {tag: {type: string, description: Tag}}, required: [tag]}\n",
    );
    project.write(
        "templates/probe/values.yaml.j2",
        "image:\n  tag: {{ inputs.tag }}\nprobe:\n  port: 8080\nnote: pack\n",
    );
    let component =
        |values: &Json| json!({"probe": {"pack": "probe", "inputs": {"tag": "1.10"}, "values": values}});
    // Some may not stand in a YAML file as they are.
    let text = |json: Json| json.to_string().replace('\u{2028}', "\\u2028");
    project.write("environments/base.yaml", &text(json!({"abstract": true, "components": component(layer)})));
    let mut components = component(environment);
    if let Some(patches) = environment.get("patches") {
        components["probe"]["patches"] = patches.clone();
        components["probe"]["extra"] = environment["extra"].clone();
        components["probe"]["values"] = environment["values"].clone();
    }
    let one = json!({"extends": ["base"], "kubernetes": "1.34", "cluster": {"name": "one"}, "components": components});
    project.write("environments/one.yaml", &text(one));
    project
}

/// The release's own values, and what helm-controller makes of them.
fn values(project: &Project) -> (Json, Json) {
    project.render("one");
    let release = releases(&project.tree("one")).remove(0);
    let merged = merged(project.context, &release.object, &[]).unwrap();
    (release.object["spec"]["values"].clone(), merged)
}

fn layers(context: &Context) {
    let layer = json!({"image": {"pull": "IfNotPresent"}, "probe": null, "list": ["b"], "note": "layer", "extra": {"x": 1}});
    let environment =
        json!({"gone": null, "note": null, "extra": {"x": null, "y": 2}, "was": {"$unset": true}});
    let (written, merged) = values(&project(context, &layer, &environment));
    let wanted = json!({
        "image": {"tag": "1.10", "pull": "IfNotPresent"}, "probe": null, "note": null, "list": ["b"],
        "extra": {"x": null, "y": 2}, "gone": null,
    });
    assert!(same(&written, &wanted) && same(&merged, &wanted), "{written}");
    let defaults = json!({
        "replicas": 1, "image": {"tag": "1", "pull": "Always", "registry": "example.com"}, "probe": {"path": "/", "port": 80},
        "list": ["a", "a"], "gone": {"a": 1}, "note": "default",
    });
    let chart = Chart::new(context, "probe", "1.10.0", &defaults);
    let seen = chart.values(&merged).unwrap();
    let wanted = json!({
        "replicas": 1, "image": {"tag": "1.10", "pull": "IfNotPresent", "registry": "example.com"}, "list": ["b"],
        "extra": {"x": null, "y": 2},
    });
    assert!(same(&seen, &wanted), "the chart sees {seen}");
    chart.lint(&merged).unwrap();
}

fn texts(context: &Context) {
    let texts: BTreeMap<String, &str> =
        (0..).map(|n| format!("text{n}")).zip(TEXTS.iter().copied()).collect();
    let keys: BTreeMap<&str, usize> = TEXTS.iter().copied().filter(|key| *key != "<<").zip(0..).collect();
    let given = json!({"texts": texts, "keys": keys, "list": TEXTS});
    let (_, merged) = values(&project(context, &json!({}), &given));
    let chart = Chart::new(context, "probe", "1.10.0", &json!({}));
    let seen = chart.values(&merged).unwrap();
    for key in ["texts", "keys", "list"] {
        assert!(same(&seen[key], &given[key]), "the chart sees {seen}\nof {merged}");
    }
    chart.lint(&merged).unwrap();
}

fn numbers(context: &Context) {
    let given = json!({"numbers": [0, -1, 80, 0.1, 1.5, -0.5, 1e21, 1e-7, 999_999, 1_000_000, 9_007_199_254_740_992_i64], "true": true});
    let (written, merged) = values(&project(context, &json!({}), &given));
    assert!(same(&written["numbers"], &given["numbers"]), "{written}");
    let chart = Chart::new(context, "probe", "1.10.0", &json!({}));
    let seen = chart.values(&merged).unwrap();
    assert!(same(&seen["numbers"], &given["numbers"]) && seen["true"] == true, "the chart sees {seen}");
}

/// What gen writes is right, and Helm still makes another number of it.
fn large_numbers(context: &Context) -> Verdict {
    let (written, merged) = values(&project(context, &json!({}), &json!({"id": 9_007_199_254_740_993_i64})));
    assert_eq!(written["id"], 9_007_199_254_740_993_i64);
    let seen = Chart::new(context, "probe", "1.10.0", &json!({})).values(&merged).unwrap();
    assert_eq!(seen["id"], 9_007_199_254_740_992_i64);
    Verdict::Explained(
        "Helm reads numbers as 64-bit floats, so whole numbers beyond 2^53 lose digits: quote them",
    )
}

fn printed_numbers(context: &Context) -> Verdict {
    let (_, merged) = values(&project(
        context,
        &json!({}),
        &json!({"small": 999_999, "large": 1_000_000, "text": "1000000"}),
    ));
    let chart = Chart::new(context, "probe", "1.10.0", &json!({}));
    let chart = ["small", "large", "text"]
        .into_iter()
        .fold(chart, |chart, key| chart.template(key, &format!("x{{{{ .Values.{key} }}}}")));
    let shown = ["small", "large", "text"].map(|key| chart.shown(key, &merged).unwrap());
    assert_eq!(shown, ["x999999", "x1e+06", "x1000000"]);
    Verdict::Explained(
        "a template prints a whole number of seven digits and more as 1e+06, unless it says `int`: quote what is a text",
    )
}

/// References come by a patch, from objects that stand in the same tree.
fn values_from(context: &Context) {
    let from = json!([{"kind": "ConfigMap", "name": "defaults"}, {"kind": "ConfigMap", "name": "defaults", "valuesKey": "tag", "targetPath": "image.digest", "literal": true}]);
    let config = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "defaults"},
        "data": {"values.yaml": "note: config\nimage: {tag: config, pull: Never}\n", "tag": "sha256:1,2"},
    });
    let environment = json!({
        "values": {"own": 1},
        "extra": {"defaults": config},
        "patches": {"values": {"target": {"kind": "HelmRelease"}, "merge": {"spec": {"valuesFrom": from}}}},
    });
    let project = project(context, &json!({}), &environment);
    project.render("one");
    let release = releases(&project.tree("one")).remove(0);
    let objects: Vec<Json> = crate::rendered::yaml_files(&project.tree("one"))
        .into_iter()
        .flat_map(|file| crate::cluster::object::Object::read(&std::fs::read_to_string(file).unwrap()))
        .map(|object| object.json)
        .filter(|object| object["kind"] == "ConfigMap")
        .collect();
    let merged = merged(context, &release.object, &objects).unwrap();
    let wanted = json!({
        "image": {"tag": "1.10", "pull": "Never", "digest": "sha256:1,2"}, "probe": {"port": 8080}, "note": "pack", "own": 1,
    });
    assert!(same(&merged, &wanted), "{merged}");
}

/// The judges are judged: what is wrong is refused, and what is lost is seen.
fn refuses(context: &Context) {
    let chart = Chart::new(context, "probe", "1.10.0", &json!({"kept": 1, "gone": 1}));
    chart.write("values.schema.json", r#"{"properties": {"port": {"type": "integer"}}}"#);
    assert!(chart.lint(&json!({"port": 80})).is_ok());
    assert!(chart.lint(&json!({"port": "80"})).unwrap_err().contains("got string, want integer"));
    assert!(chart.values(&json!({"port": "80"})).unwrap_err().contains("got string, want integer"));
    let chart = chart.template("must", "{{ required \"name it\" .Values.name }}");
    assert!(chart.values(&json!({})).unwrap_err().contains("name it"));
    let seen = chart.values(&json!({"name": "x", "gone": null})).unwrap();
    assert!(same(&seen, &json!({"kept": 1, "name": "x"})));
    assert!(!same(&seen, &chart.values(&json!({"name": "x"})).unwrap()), "a lost null is seen");
    chart.write("Chart.yaml", "{\"apiVersion\": \"v2\", \"name\": \"probe\", \"version\": \"one\"}");
    assert!(chart.lint(&json!({"name": "x"})).is_err());
}
