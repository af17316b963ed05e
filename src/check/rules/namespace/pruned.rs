//! `namespace/pruned`: namespaces that go, with all that is in them, when a component goes.

use crate::{
    check::{Check, Facts},
    diag::{Problems, Severity},
};

/// What keeps Flux from deleting an object.
const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";

/// See the module.
pub(crate) struct Pruned;

impl Check for Pruned {
    fn id(&self) -> &'static str {
        "namespace/pruned"
    }

    fn summary(&self) -> &'static str {
        "a namespace that is deleted together with a component"
    }

    fn explanation(&self) -> &'static str {
        "Flux deletes what a component no longer has, and with a Namespace everything that lives in it, also what others \
         put there. `gen` writes namespaces such that they stay; an object of a component's own needs the same \
         annotation."
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        if !facts.policy.laid_out {
            return;
        }
        for object in facts.of("", "Namespace").filter(|object| !object.copied) {
            // Those of `gen` itself.
            if object.path.as_str().starts_with("namespaces/") {
                continue;
            }
            let kept = object.document.node.at(&["metadata", "annotations", PRUNE]);
            if kept.and_then(|node| node.as_str()) == Some("disabled") {
                continue;
            }
            let name = object.document.name();
            let message =
                format!("the namespace `{name}` is deleted with all that is in it when its component goes");
            findings.push(
                self.finding(facts, object, None, message)
                    .help(format!("let `gen` write it instead: `namespaces: {{{name}: {{}}}}`"))
                    .help(format!("or give it the annotation `{PRUNE}: disabled`")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::messages;

    fn said(annotations: &str) -> Vec<String> {
        let text = format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: other, annotations: {{{annotations}}}}}}}"
        );
        messages("namespace/pruned", &[("apps/a/namespace.yaml", &text)])
    }

    #[test]
    fn those_that_go_are_found() {
        assert_eq!(
            said(""),
            ["the namespace `other` is deleted with all that is in it when its component goes"]
        );
    }

    #[test]
    fn those_that_stay_are_not() {
        assert_eq!(said("kustomize.toolkit.fluxcd.io/prune: disabled"), [""; 0]);
    }
}
