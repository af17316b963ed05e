//! `name/label`: labels that the API server refuses.

use crate::{
    check::{Check, Facts, Object, facts::pod_template, syntax},
    diag::{Problems, Severity},
    yaml::{Key, Node},
};

/// See the module.
pub(crate) struct Label;

impl Check for Label {
    fn id(&self) -> &'static str {
        "name/label"
    }

    fn summary(&self) -> &'static str {
        "a label that the API server refuses"
    }

    fn explanation(&self) -> &'static str {
        "A label's key is `name` or `prefix/name`, its value is text of at most 63 characters; both take letters, \
         digits, `-`, `_` and `.`, with a letter or digit at both ends. Versions and file names often break that: cut \
         them, then trim what is left at the end."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.written() {
            let template = pod_template(&object.document);
            self.shape(facts, object, "labels", findings);
            let own = object.document.node.at(&["metadata", "labels"]);
            // A pod is its own template.
            let pods = template.and_then(|template| template.at(&["metadata", "labels"]));
            let pods = pods.filter(|pods| own.is_none_or(|own| !std::ptr::eq(*pods, own)));
            let selected =
                object.document.node.at(&["spec", "selector", "matchLabels"]).filter(|_| template.is_some());
            for (key, value) in
                [own, pods, selected].into_iter().flatten().filter_map(Node::as_map).flat_map(|m| m.iter())
            {
                self.label(facts, object, key, value, findings);
            }
        }
    }
}

impl Label {
    fn label(&self, facts: &Facts, object: &Object, key: &Key, value: &Node, findings: &mut Problems) {
        if let Some(why) = syntax::key_fault(&key.text) {
            let message = format!("`{}` is no key of a label", key.text);
            findings.push(
                self.finding(facts, object, Some(value), message).because(why).help("rename the label"),
            );
        }
        match value.as_str() {
            None => findings.push(
                self.finding(
                    facts,
                    object,
                    Some(value),
                    format!("the label `{}` is {}", key.text, value.value.kind()),
                )
                .because("the API server takes nothing but text")
                .help("quote it"),
            ),
            Some(text) => {
                if let Some(why) = syntax::value_fault(text) {
                    let message = format!("the label `{}` cannot have the value `{text}`", key.text);
                    findings.push(
                        self.finding(facts, object, Some(value), message)
                            .because(why)
                            .help("shorten or change it, or write it as an annotation"),
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::messages;

    fn said(labels: &str) -> Vec<String> {
        let text = format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: a, namespace: default, labels: {labels}}}}}"
        );
        messages("name/label", &[("apps/a/x.yaml", &text)])
    }

    #[test]
    fn bad_labels_are_found() {
        assert_eq!(said("{\"a b\": c}"), ["`a b` is no key of a label"]);
        assert_eq!(said("{version: v1+abc}"), ["the label `version` cannot have the value `v1+abc`"]);
        assert_eq!(said("{port: 80}"), ["the label `port` is an integer"]);
        assert_eq!(said(&format!("{{a: {}}}", "x".repeat(64))).len(), 1);
    }

    #[test]
    fn what_is_no_mapping_is_found() {
        assert_eq!(said("[a]"), ["`metadata.labels` is a list, not a mapping"]);
    }

    #[test]
    fn good_labels_are_not() {
        assert_eq!(said("{app.kubernetes.io/version: v1.2.3, empty: ''}"), [""; 0]);
    }

    #[test]
    fn pods_and_selectors_are_looked_at() {
        let text = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, namespace: default}
spec: {selector: {matchLabels: {a: b.}}, template: {metadata: {labels: {a: b.}}}}
";
        assert_eq!(messages("name/label", &[("apps/a/x.yaml", text)]).len(), 2);
    }
}
