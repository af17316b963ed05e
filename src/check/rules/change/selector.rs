//! `change/selector`: a selector that cannot be changed any more.

use crate::{
    check::{Check, Facts},
    diag::{Problems, Severity},
    tree::{Document, Identity},
};
use std::collections::BTreeMap;

/// See the module.
pub(crate) struct ChangedSelector;

impl Check for ChangedSelector {
    fn id(&self) -> &'static str {
        "change/selector"
    }

    fn summary(&self) -> &'static str {
        "the selector of a workload that is there already was changed"
    }

    fn explanation(&self) -> &'static str {
        "`spec.selector` of a Deployment, StatefulSet or DaemonSet is immutable: the API server refuses the change, and \
         with it everything in the same component. Keep the selector, or rename the workload."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        let Some(before) = facts.before else { return };
        let documents = before.files().flat_map(|(_, file)| &file.documents);
        let before: BTreeMap<Identity, &Document> = documents
            .filter(|document| is_workload(document))
            .map(|document| (document.identity(), document))
            .collect();
        for object in facts.written().filter(|object| is_workload(&object.document)) {
            let Some(old) = before.get(&object.document.identity()) else { continue };
            let path = ["spec", "selector"];
            let (old, new) = (old.node.at(&path), object.document.node.at(&path));
            if let (Some(old), Some(new)) = (old, new)
                && !old.same(new)
            {
                let message = format!(
                    "the selector of the {} `{}` was changed, which is not allowed",
                    object.document.kind(),
                    object.document.name()
                );
                findings.push(
                    self.finding(facts, object, Some(new), message)
                        .help("take the change back, or rename the workload, so that a new one is made"),
                );
            }
        }
    }
}

fn is_workload(document: &Document) -> bool {
    document.group() == "apps" && matches!(document.kind(), "Deployment" | "StatefulSet" | "DaemonSet")
}

#[cfg(test)]
mod tests {
    use crate::check::{
        check,
        tests::{policy, tree},
    };

    fn said(old: &str, new: &str) -> Vec<String> {
        let text = |labels: &str| {
            format!(
                "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: a, namespace: default}},
                  spec: {{selector: {{matchLabels: {labels}}}, template: {{metadata: {{labels: {labels}}}}}}}}}"
            )
        };
        let (before, now) = (tree(&[("apps/a/x.yaml", &text(old))]), tree(&[("apps/a/y.yaml", &text(new))]));
        check(&now, Some(&before), &policy()).findings.0.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn a_changed_selector_is_found() {
        assert_eq!(
            said("{app: a}", "{app: a, team: x}"),
            ["the selector of the Deployment `a` was changed, which is not allowed"]
        );
    }

    #[test]
    fn the_same_in_another_order_is_not() {
        assert_eq!(said("{app: a, team: x}", "{team: x, app: a}"), [""; 0]);
    }
}
