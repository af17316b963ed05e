//! `promtool check rules`, with every lint fatal, accepts all rules that a tree holds; and `promtool test rules` of the
//! files in `promtool/` shows that every alert fires and stays silent when it should.
//!
//! A file there is what promtool takes, with `trees:`, whose rules it tests, instead of `rule_files:`. That it tests an
//! alert is shown by promtool: with an alert that never fires, or always, a test must fail.

use crate::{
    alerting::rules,
    context::{Context, agrees},
    hostile::fleet::literal,
    objects::by_identity,
    rendered::files,
    suite::{Case, Judge},
    trees::{documents, documents_of},
};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, fs, sync::Arc};

pub(crate) const JUDGE: Judge = Judge { name: "promtool", programs: &["promtool"], waits: false, cases };

/// Rules by the tree that has them; those that other trees have as well are there for each.
type Rules = BTreeMap<String, Vec<Json>>;

/// A file of unit tests.
struct Tests {
    name: String,
    trees: Vec<String>,
    /// Without `trees`.
    file: Json,
}

fn cases(context: &Context) -> Vec<Case<'_>> {
    let (mut cases, mut all) = (Vec::new(), Rules::new());
    for tree in context.trees() {
        for found in rules(&tree.objects()) {
            let groups = found.value["groups"].as_array().unwrap().clone();
            all.entry(tree.name.clone()).or_default().extend(groups);
            let name = format!("rules/{}/{}", tree.name, found.place.replace(' ', "/"));
            cases.push(Case::new(name, move || {
                check(context, &found.value).unwrap_or_else(|why| panic!("{why}"))
            }));
        }
    }
    let (all, tests) = (Arc::new(all), Arc::new(tests(context)));
    for number in 0..tests.len() {
        let (all, tests) = (all.clone(), tests.clone());
        let name = format!("tests/{}", tests[number].name);
        cases.push(Case::new(name, move || passes(context, &tests[number], &all)));
    }
    let mut seen: Vec<&Vec<Json>> = Vec::new();
    for (tree, groups) in all.iter() {
        if seen.contains(&groups) {
            continue;
        }
        seen.push(groups);
        for alert in alerts(groups) {
            let (all, tests, tree) = (all.clone(), tests.clone(), tree.clone());
            let name = format!("alerts/{tree}/{}-{}", alert.name, alert.rule);
            cases.push(Case::new(name, move || is_tested(context, &alert, &all[&tree], &all, &tests)));
        }
    }
    cases.extend(MISTAKES.iter().map(|(name, groups, what)| {
        Case::new(format!("no/{name}"), move || {
            let said = refused(context, groups);
            assert!(said.contains(what), "{said}");
        })
    }));
    cases
}

fn tests(context: &Context) -> Vec<Tests> {
    let files = files(&context.root().join("tests/conformance/promtool")).into_iter();
    let read = files.map(|path| {
        let mut file = documents_of(&path).remove(0);
        let trees = file.as_object_mut().unwrap().remove("trees").unwrap();
        let trees = trees.as_array().unwrap().iter().map(|tree| tree.as_str().unwrap().to_owned()).collect();
        Tests { name: path.file_stem().unwrap().to_str().unwrap().to_owned(), trees, file }
    });
    read.collect()
}

fn check(context: &Context, rules: &Json) -> Result<(), String> {
    let file = context.folder("rules").join("rules.yaml");
    fs::write(&file, literal(rules)).unwrap();
    let mut command = context.command("promtool");
    agrees(command.args(["check", "rules", "--lint=all", "--lint-fatal"]).arg(file))
}

/// Runs the tests of a file against rules.
fn test(context: &Context, file: &Json, groups: &[Json]) -> Result<(), String> {
    let folder = context.folder("tests");
    // Two objects may have groups of one name, a file may not.
    let named = groups.iter().enumerate().map(|(n, group)| {
        let mut group = group.clone();
        group["name"] = json!(format!("{n} {}", group["name"].as_str().unwrap()));
        group
    });
    fs::write(folder.join("rules.yaml"), literal(&json!({"groups": named.collect::<Vec<_>>()}))).unwrap();
    let mut file = file.clone();
    file["rule_files"] = json!(["rules.yaml"]);
    fs::write(folder.join("tests.yaml"), literal(&file)).unwrap();
    let mut command = context.command("promtool");
    agrees(command.args(["test", "rules"]).arg(folder.join("tests.yaml")))
}

/// The tests of a file hold for the rules of every tree that it names; and it tests no alert that is not there.
fn passes(context: &Context, tests: &Tests, all: &Rules) {
    for tree in &tests.trees {
        let groups = all.get(tree).unwrap_or_else(|| panic!("{tree} has no rules"));
        let known = alerts(groups);
        for entry in entries(&tests.file) {
            let name = entry["alertname"].as_str().unwrap();
            assert!(known.iter().any(|alert| alert.name == name), "{tree} has no alert {name}");
        }
        test(context, &tests.file, groups).unwrap_or_else(|why| panic!("{tree}: {why}"));
    }
}

fn entries(file: &Json) -> impl Iterator<Item = &Json> {
    let tests = file["tests"].as_array().into_iter().flatten();
    tests.flat_map(|test| test["alert_rule_test"].as_array().into_iter().flatten())
}

/// An alert among groups of rules.
struct Alert {
    name: String,
    group: usize,
    rule: usize,
}

fn alerts(groups: &[Json]) -> Vec<Alert> {
    let mut found = Vec::new();
    for (group, rules) in groups.iter().enumerate() {
        for (rule, json) in rules["rules"].as_array().into_iter().flatten().enumerate() {
            found.extend(json["alert"].as_str().map(|name| Alert { name: name.to_owned(), group, rule }));
        }
    }
    found
}

/// Were the alert never to fire, a test of one that fires would fail; were it to fire always, one of one that is silent.
/// A dead man's switch does fire always.
fn is_tested(context: &Context, alert: &Alert, groups: &[Json], all: &Rules, tests: &[Tests]) {
    for (expression, fires, what) in
        [("vector(0) > 1", true, "no test sees it fire"), ("vector(1)", false, "no test sees it stay silent")]
    {
        if groups[alert.group]["rules"][alert.rule]["expr"] == expression {
            continue;
        }
        let mut wrong = groups.to_vec();
        wrong[alert.group]["rules"][alert.rule]["expr"] = json!(expression);
        let mut of_these =
            tests.iter().filter(|t| t.trees.iter().any(|tree| all.get(tree).is_some_and(|g| g == groups)));
        let noticed = of_these.any(|tests| {
            let mut file = tests.file.clone();
            for test in file["tests"].as_array_mut().unwrap() {
                if let Some(entries) = test["alert_rule_test"].as_array_mut() {
                    entries.retain(|entry| {
                        entry["alertname"] == alert.name.as_str() && entry["exp_alerts"].is_array() == fires
                    });
                }
            }
            test(context, &file, &wrong).is_err()
        });
        assert!(noticed, "{}: {what}", alert.name);
    }
}

/// Groups that are wrong, and what is said of them.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("expression", "[{name: a, rules: [{alert: A, expr: 'up ==', for: 1m}]}]", "parse error"),
    ("duration", "[{name: a, rules: [{alert: A, expr: up, for: 5 m}]}]", "unknown unit"),
    (
        "template",
        "[{name: a, rules: [{alert: A, expr: up, annotations: {summary: '{{ x }}'}}]}]",
        "function \"x\" not defined",
    ),
    (
        "label",
        "[{name: a, rules: [{record: 'a:b', expr: up, labels: {__name__: x}}]}]",
        "invalid label name: __name__",
    ),
    ("name", "[{name: a, rules: [{record: 'a{b}', expr: up}]}]", "braces present in the recording rule name"),
    (
        "twice",
        "[{name: a, rules: [{record: 'a:b', expr: up}, {record: 'a:b', expr: up}]}]",
        "duplicate rule(s) found",
    ),
    (
        "group",
        "[{name: a, rules: [{record: 'a:b', expr: up}]}, {name: a, rules: []}]",
        "is repeated in the same file",
    ),
    ("field", "[{name: a, rules: [{record: 'a:b', expr: up, severity: x}]}]", "field severity not found"),
];

fn refused(context: &Context, groups: &str) -> String {
    let release = format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: a}}\nspec:\n  values: {{additionalPrometheusRulesMap: {{mine: {{groups: {groups}}}}}}}\n"
    );
    let found = rules(&by_identity(documents(&release).unwrap()).unwrap());
    assert_eq!(found.len(), 1);
    check(context, &found[0].value).unwrap_err()
}
