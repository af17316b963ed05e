//! `grafana/dashboard`: a dashboard that Grafana does not load.

use super::{LABEL, boards};
use crate::{
    check::{
        Check, Facts, Object,
        facts::{inputs, kustomizations},
    },
    diag::{Diagnostic, Place, Problems, Severity},
    schema::{json_fault, parse_json},
    tree::{File, TreePath},
    yaml::{self, Node},
};
use std::collections::BTreeMap;

const HELP: &str = "export it from Grafana again, or mend the text";

/// See the module.
pub(crate) struct Dashboard;

impl Check for Dashboard {
    fn id(&self) -> &'static str {
        "grafana/dashboard"
    }

    fn summary(&self) -> &'static str {
        "a dashboard that Grafana does not load"
    }

    fn explanation(&self) -> &'static str {
        "A dashboard is one JSON object with a `title`, as Grafana exports it. Its sidecar hands on whatever a ConfigMap \
         with the label `grafana_dashboard` holds, and Grafana leaves out what it cannot read, with a line in its log \
         and nothing else. Looked at are keys that end in `.json`, also where kustomize makes the ConfigMap."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for (object, _, key, value) in boards(facts) {
            self.dashboard(facts, object, (key, value), findings);
        }
        // A file that several take is told once.
        let mut taken = BTreeMap::new();
        for (path, node) in kustomizations(facts.tree) {
            let generators = node.get("configMapGenerator").and_then(Node::as_seq).unwrap_or_default();
            for generator in generators.iter().filter(|generator| is_labelled(&node, generator)) {
                let files = inputs(facts.tree, path, generator).into_iter();
                let boards = files.filter(|(key, ..)| key.ends_with(".json"));
                taken.extend(boards.map(|(_, _, path, file)| (path, file)));
            }
        }
        for (path, file) in taken {
            self.copied(facts, &path, file, findings);
        }
    }
}

impl Dashboard {
    /// A file of a base, from which kustomize makes a ConfigMap.
    fn copied(&self, facts: &Facts, path: &TreePath, file: &File, findings: &mut Problems) {
        let Ok(text) = yaml::decode(&file.bytes) else { return };
        let Some((at, why)) = json_fault(&text) else { return };
        let message = format!("the file `{}` is no JSON: {why}", path.file_name());
        let finding = Diagnostic::new(self.id(), self.severity(), message).output(facts.output(path));
        findings.push(finding.at(file.place.and_then(|place| byte(place, at))).help(HELP));
    }

    fn dashboard(&self, facts: &Facts, object: &Object, (key, node): (&str, &Node), findings: &mut Problems) {
        let Some(text) = node.as_str() else { return };
        let (at, wrong) = match json_fault(text) {
            Some((at, why)) => (at, format!("is no JSON: {why}")),
            None => match parse_json(text).ok() {
                Some(board) if board.as_map().is_none() => (0, "is no JSON object".to_owned()),
                Some(board)
                    if board.get("title").is_none_or(|title| matches!(title.as_str(), None | Some(""))) =>
                {
                    (0, "has no `title`".to_owned())
                }
                _ => return,
            },
        };
        let before = &text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let mut finding = self.finding(facts, object, Some(node), format!("the dashboard `{key}` {wrong}"));
        // Where the text is that of a file, the very place in it.
        let file = facts.policy.files.iter().find(|file| *file.text == *text);
        finding = match file.and_then(|file| byte(file.place, at)) {
            Some(place) => {
                let asked = finding.labels.first().map(|label| label.place);
                finding.labels.clear();
                finding.at(place).label(asked, "it is taken from there")
            }
            None if at > 0 => finding.because(format!("at line {line}, column {column} of the text")),
            None => finding,
        };
        findings.push(finding.help(HELP));
    }
}

/// Does kustomize give the label to what a generator makes?
fn is_labelled(kustomization: &Node, generator: &Node) -> bool {
    let sets = kustomization.get("labels").and_then(Node::as_seq).unwrap_or_default();
    let pairs = sets.iter().filter_map(|set| set.get("pairs"));
    let own = [generator.at(&["options", "labels"]), kustomization.at(&["generatorOptions", "labels"])];
    let all = own.into_iter().chain([kustomization.get("commonLabels")]).flatten().chain(pairs);
    all.into_iter().any(|labels| labels.get(LABEL).is_some())
}

/// A byte of a file.
fn byte(file: Place, at: usize) -> Option<Place> {
    let start = u32::try_from(at).ok()?;
    Some(Place { start, end: start + 1, ..file })
}

#[cfg(test)]
mod tests {
    use crate::check::tests::messages;

    fn said(labels: &str, key: &str, text: &str) -> Vec<String> {
        let map = format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a, namespace: default, labels: {{{labels}}}}}, data: {{{key}: '{text}'}}}}"
        );
        messages("grafana/dashboard", &[("apps/a/configmap.yaml", &map)])
    }

    #[test]
    fn what_is_no_dashboard_is_found() {
        let board = |text: &str| said("grafana_dashboard: '1'", "a.json", text);
        assert_eq!(board(r#"{"title": "A",}"#), ["the dashboard `a.json` is no JSON: key must be a string"]);
        assert_eq!(board("[]"), ["the dashboard `a.json` is no JSON object"]);
        assert_eq!(board(r#"{"panels": []}"#), ["the dashboard `a.json` has no `title`"]);
        assert_eq!(board(r#"{"title": ""}"#).len(), 1);
        assert_eq!(board(""), ["the dashboard `a.json` is no JSON: EOF while parsing a value"]);
    }

    #[test]
    fn of_what_kustomize_takes_only_dashboards_are_looked_at() {
        let said = |kustomization: &str| {
            messages(
                "grafana/dashboard",
                &[
                    ("apps/a/base/kustomization.yaml", kustomization),
                    ("apps/a/base/a.json", "{\"title\": \"A\",}"),
                    ("apps/a/base/events.json", "{}\n{}\n"),
                    ("apps/a/base/empty.json", ""),
                ],
            )
        };
        let found = ["the file `a.json` is no JSON: key must be a string"];
        let label = "labels: {grafana_dashboard: '1'}";
        let files = "files: [a.json, text=events.json]";
        for one in [
            format!("configMapGenerator: [{{name: a, {files}, options: {{{label}}}}}]"),
            format!(
                "{{generatorOptions: {{{label}}}, configMapGenerator: [{{name: a, {files}}}, {{name: b, {files}}}]}}"
            ),
            "{labels: [{pairs: {grafana_dashboard: '1'}}], configMapGenerator: [{name: a, files: [b.json=./a.json]}]}"
                .to_owned(),
        ] {
            assert_eq!(said(&one), found, "{one}");
        }
        assert_eq!(
            said("configMapGenerator: [{name: a, files: [a.json, events.json, empty.json]}]"),
            [""; 0]
        );
        assert_eq!(said(&format!("{{generatorOptions: {{{label}}}, resources: [a.json]}}")), [""; 0]);
    }

    #[test]
    fn others_are_not() {
        assert_eq!(said("grafana_dashboard: '1'", "a.json", r#"{"title": "A"}"#), [""; 0]);
        assert_eq!(said("grafana_dashboard: '1'", "notes.txt", "-"), [""; 0]);
        assert_eq!(said("app: a", "a.json", "-"), [""; 0]);
    }
}
