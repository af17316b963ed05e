//! `kubernetes/selector`: a workload that does not select its own pods.

use crate::{
    check::{
        Check, Facts,
        facts::{Selector, pod_template},
    },
    diag::{Problems, Severity},
};

/// See the module.
pub(crate) struct WorkloadSelector;

impl Check for WorkloadSelector {
    fn id(&self) -> &'static str {
        "kubernetes/selector"
    }

    fn summary(&self) -> &'static str {
        "a workload that does not select its own pods"
    }

    fn explanation(&self) -> &'static str {
        "The labels of the pod template must fit `spec.selector`, else the API server refuses the workload. The \
         selector cannot be changed later, so keep versions and the like out of it."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.written().filter(|object| object.document.group() == "apps") {
            let document = &object.document;
            let (kind, name) = (document.kind(), document.name());
            let Some(template) = pod_template(document) else { continue };
            let Some(selector) = document.node.at(&["spec", "selector"]) else {
                let finding =
                    self.finding(facts, object, None, format!("the {kind} `{name}` has no selector"));
                findings
                    .push(finding.help("add `spec.selector.matchLabels` with labels of its pod template"));
                continue;
            };
            let labels = template.at(&["metadata", "labels"]);
            if Selector::Full(selector).selects(labels) {
                continue;
            }
            let message = format!("the selector of the {kind} `{name}` does not fit the labels of its pods");
            findings.push(
                self.finding(facts, object, Some(selector), message)
                    .label(labels.and_then(|labels| labels.place()), "the labels")
                    .help("use the same labels in `spec.selector.matchLabels` and `spec.template.metadata.labels`"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::messages;

    fn said(selector: &str) -> Vec<String> {
        let text = format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: a, namespace: default}},
              spec: {{{selector} template: {{metadata: {{labels: {{app: a, tier: web}}}}}}}}}}"
        );
        messages("kubernetes/selector", &[("apps/a/x.yaml", &text)])
    }

    #[test]
    fn a_selector_that_does_not_fit_is_found() {
        let misfit = "the selector of the Deployment `a` does not fit the labels of its pods";
        assert_eq!(said("selector: {matchLabels: {app: b}},"), [misfit]);
        assert_eq!(said("selector: {matchLabels: {app: a, more: x}},"), [misfit]);
        assert_eq!(said(""), ["the Deployment `a` has no selector"]);
    }

    #[test]
    fn one_that_fits_is_not() {
        assert_eq!(said("selector: {matchLabels: {app: a}},"), [""; 0]);
    }
}
