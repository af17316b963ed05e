//! `amtool check-config` accepts every configuration of Alertmanager that a tree holds. The stack's chart merges its
//! defaults below ours; a mapping of ours that is whole without them is whole with them, since lists replace.

use crate::{
    alerting::configurations,
    context::{Context, agrees},
    hostile::fleet::literal,
    objects::by_identity,
    suite::{Case, Judge},
    trees::documents,
};
use serde_json::Value as Json;
use std::fs;

pub(crate) const JUDGE: Judge = Judge { name: "amtool", programs: &["amtool"], waits: false, cases };

fn cases(context: &Context) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    for tree in context.trees() {
        for found in configurations(&tree.objects()) {
            let name = format!("{}/{}", tree.name, found.place.replace(' ', "/"));
            cases.push(Case::new(name, move || {
                check(context, &found.value).unwrap_or_else(|why| panic!("{why}"))
            }));
        }
    }
    assert!(cases.len() > 5, "only {} configurations are found", cases.len());
    cases.extend(MISTAKES.iter().map(|mistake| {
        Case::new(format!("no/{}", mistake.0), move || {
            let said = refused(context, mistake.1);
            assert!(said.contains(mistake.2), "{said}");
        })
    }));
    cases.push(Case::new("no/pattern", move || {
        let said = refused_object(
            context,
            "{receiver: a, routes: [{matchers: [{name: b, matchType: '=~', value: '('}]}]}",
        );
        assert!(said.contains("missing closing )"), "{said}");
    }));
    cases
}

fn check(context: &Context, configuration: &Json) -> Result<(), String> {
    let file = context.folder("alertmanager").join("alertmanager.yaml");
    fs::write(&file, literal(configuration)).unwrap();
    let mut command = context.command("amtool");
    agrees(command.args(["check-config", "--no-version-check"]).arg(file))
}

/// Values of a release of the stack that are wrong, and what is said of them.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "receiver",
        "alertmanager: {config: {route: {receiver: a, routes: [{receiver: b}]}, receivers: [{name: a}]}}",
        "undefined receiver \"b\" used in route",
    ),
    (
        "matcher",
        "alertmanager: {config: {route: {receiver: a, routes: [{matchers: ['x = \"y']}]}, receivers: [{name: a}]}}",
        "unescaped double quote",
    ),
    (
        "duration",
        "alertmanager: {config: {route: {receiver: a, group_wait: 1x}, receivers: [{name: a}]}}",
        "unknown unit",
    ),
    (
        "field",
        "alertmanager: {config: {route: {receiver: a}, receivers: [{name: a, slack_config: []}]}}",
        "field slack_config not found",
    ),
];

fn refused(context: &Context, values: &str) -> String {
    let release = format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: a}}\nspec:\n  values:\n    {values}\n"
    );
    let found = configurations(&by_identity(documents(&release).unwrap()).unwrap());
    assert_eq!(found.len(), 1);
    check(context, &found[0].value).unwrap_err()
}

/// What is said of an AlertmanagerConfig with these routes.
fn refused_object(context: &Context, route: &str) -> String {
    let object = format!(
        "apiVersion: monitoring.coreos.com/v1alpha1\nkind: AlertmanagerConfig\nmetadata: {{name: a}}\nspec: {{route: {route}, receivers: [{{name: a}}]}}\n"
    );
    let found = configurations(&by_identity(documents(&object).unwrap()).unwrap());
    assert_eq!(found.len(), 1);
    check(context, &found[0].value).unwrap_err()
}
