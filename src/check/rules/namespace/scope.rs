//! `namespace/scope`: a namespace where there is none, or none where there must be one.

use crate::{
    check::{Check, Facts},
    diag::{Problems, Severity},
    layout,
};

/// See the module.
pub(crate) struct Scope;

impl Check for Scope {
    fn id(&self) -> &'static str {
        "namespace/scope"
    }

    fn summary(&self) -> &'static str {
        "an object of the whole cluster with a namespace, or one of Kubernetes itself without"
    }

    fn explanation(&self) -> &'static str {
        "Kinds such as ClusterRole live in no namespace, kinds such as Service must live in one. Flux would apply an \
         object without a namespace into `default`, or refuse it."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        // A base without namespaces is one on purpose, or finds its way to them elsewhere.
        for object in facts.written().filter(|object| !object.copied) {
            let document = &object.document;
            let (group, kind, namespace) = (document.group(), document.kind(), document.namespace());
            let node = document.node.at(&["metadata", "namespace"]);
            let cluster_scoped = layout::is_cluster_scoped(group, kind);
            if cluster_scoped && !namespace.is_empty() {
                let message = format!("a {kind} lives in no namespace, but this one says `{namespace}`");
                let finding = self.finding(facts, object, node, message);
                findings.push(finding.help("remove `metadata.namespace`"));
            }
            // Kinds of others may have no namespace without our knowing; in foreign trees a parent may add it.
            let known = layout::is_built_in(group) || layout::is_flux(group);
            if !cluster_scoped && known && namespace.is_empty() && facts.policy.laid_out {
                let message = format!("the {kind} `{}` has no namespace", document.name());
                let finding = self.finding(facts, object, document.node.at(&["metadata", "name"]), message);
                findings.push(finding.help("say `metadata.namespace`, as text"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        check::{
            Policy, check,
            tests::{messages, tree},
        },
        diag::Diagnostic,
    };

    fn object(kind: &str, rest: &str) -> String {
        format!("{{apiVersion: {kind}, metadata: {{name: a{rest}}}}}")
    }

    #[test]
    fn both_mistakes_are_found() {
        let role = object("rbac.authorization.k8s.io/v1, kind: ClusterRole", ", namespace: x");
        let service = object("v1, kind: Service", "");
        assert_eq!(
            messages("namespace/scope", &[("apps/a/role.yaml", &role), ("apps/a/service.yaml", &service)]),
            [
                "a ClusterRole lives in no namespace, but this one says `x`",
                "the Service `a` has no namespace"
            ]
        );
    }

    #[test]
    fn what_is_right_or_unknown_is_not() {
        let role = object("rbac.authorization.k8s.io/v1, kind: ClusterRole", "");
        let service = object("v1, kind: Service", ", namespace: default");
        let thing = object("example.com/v1, kind: Thing", "");
        let files = [("apps/a/a.yaml", &*role), ("apps/a/b.yaml", &*service), ("apps/a/c.yaml", &*thing)];
        assert_eq!(messages("namespace/scope", &files), [""; 0]);
    }

    #[test]
    fn in_a_foreign_tree_a_parent_may_add_it() {
        let tree = tree(&[("apps/a/b.yaml", &object("v1, kind: Service", ""))]);
        let found = check(&tree, None, &Policy::of_folder("clusters")).findings.0;
        assert_eq!(found, [] as [Diagnostic; 0]);
    }
}
