//! `namespace/missing`: objects in a namespace that nobody makes.

use crate::{
    check::{Check, Facts, Object},
    diag::{Problems, Severity, did_you_mean},
};

/// See the module.
pub(crate) struct Missing;

impl Check for Missing {
    fn id(&self) -> &'static str {
        "namespace/missing"
    }

    fn summary(&self) -> &'static str {
        "an object in a namespace that nobody makes"
    }

    fn explanation(&self) -> &'static str {
        "The tree has no Namespace object for it, and it is none that every cluster has. If nothing else makes it, \
         Flux cannot apply what lives in it. `gen` writes the namespace of each component and those under \
         `namespaces:`."
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        if !facts.policy.laid_out {
            return;
        }
        for namespace in facts.namespaces().filter(|name| !name.is_empty() && !facts.has_namespace(name)) {
            let objects: Vec<&Object> = facts.within(namespace).filter(|object| !object.copied).collect();
            let Some(object) = objects.first() else { continue };
            let node = object.document.node.at(&["metadata", "namespace"]);
            let message = match objects.len() {
                1 => format!("{} lives in a namespace that nobody makes", object.document.identity()),
                count => format!("{count} objects live in the namespace `{namespace}`, which nobody makes"),
            };
            let mut finding = self.finding(facts, object, node, message);
            let known = facts.of("", "Namespace").map(|object| object.document.name());
            if let Some(near) = did_you_mean(namespace, known) {
                finding = finding.help(format!("did you mean `{near}`?"));
            }
            findings.push(finding.help(format!("let `gen` write it: `namespaces: {{{namespace}: {{}}}}`")));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::findings;

    fn config_map(namespace: &str) -> String {
        format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a, namespace: {namespace}}}}}")
    }

    const NAMESPACE: &str = "{apiVersion: v1, kind: Namespace, metadata: {name: monitoring}}";

    #[test]
    fn a_namespace_that_nobody_makes_is_found_once() {
        let (one, two) = (config_map("monitorin"), config_map("monitorin").replace("name: a", "name: b"));
        let files = [("apps/a/x.yaml", &*one), ("apps/a/y.yaml", &*two), ("namespaces/n.yaml", NAMESPACE)];
        let found = findings("namespace/missing", &files);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].message, "2 objects live in the namespace `monitorin`, which nobody makes");
        assert_eq!(
            found[0].help,
            ["did you mean `monitoring`?", "let `gen` write it: `namespaces: {monitorin: {}}`"]
        );
    }

    #[test]
    fn made_and_given_ones_are_not() {
        let (one, two, three) = (config_map("monitoring"), config_map("kube-system"), config_map("based"));
        let base = "{apiVersion: v1, kind: Namespace, metadata: {name: based}}";
        let files = [
            ("apps/a/x.yaml", &*one),
            ("apps/a/y.yaml", &*two),
            ("apps/a/z.yaml", &*three),
            ("apps/b/base/n.yaml", base),
            ("namespaces/n.yaml", NAMESPACE),
        ];
        assert_eq!(findings("namespace/missing", &files), []);
    }
}
