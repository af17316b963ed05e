//! `kubernetes/service-selector`: a Service in front of nothing.

use crate::{
    check::{
        Check, Facts,
        facts::{Selector, pod_template},
    },
    diag::{Problems, Severity},
    yaml::Node,
};

/// See the module.
pub(crate) struct ServiceSelector;

impl Check for ServiceSelector {
    fn id(&self) -> &'static str {
        "kubernetes/service-selector"
    }

    fn summary(&self) -> &'static str {
        "a Service that selects no pods"
    }

    fn explanation(&self) -> &'static str {
        "No pod template in the Service's namespace has the labels that it selects, so it has no endpoints. Told only \
         of components with workloads of their own, in namespaces where no chart makes pods."
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.of("", "Service").filter(|object| object.as_is && facts.must_be_here(object, ""))
        {
            let service = &object.document;
            let node = service.node.at(&["spec", "selector"]);
            let Some(selector) = node.and_then(Node::as_map).filter(|map| !map.is_empty()) else { continue };
            let nearby = facts.within(service.namespace());
            let pods: Vec<_> =
                nearby.filter_map(|other| Some((other, pod_template(&other.document)?))).collect();
            let has_own = pods.iter().any(|(other, _)| other.document.component == service.component);
            let selected =
                |template: &Node| Selector::Plain(selector).selects(template.at(&["metadata", "labels"]));
            if !has_own || pods.iter().any(|(_, template)| selected(template)) {
                continue;
            }
            let message = format!("the Service `{}` selects no pods", service.name());
            findings.push(
                self.finding(facts, object, node, message)
                    .help("select labels that are in `spec.template.metadata.labels` of a workload"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::messages;

    const SERVICE: &str = "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: default}, spec: {selector: {app: a}}}";

    fn pods(app: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: a, namespace: default}},
              spec: {{selector: {{matchLabels: {{app: {app}}}}}, template: {{metadata: {{labels: {{app: {app}}}}}}}}}}}"
        )
    }

    #[test]
    fn a_service_without_pods_is_found() {
        let files = [("apps/a/service.yaml", SERVICE), ("apps/a/deployment.yaml", &*pods("b"))];
        assert_eq!(messages("kubernetes/service-selector", &files), ["the Service `a` selects no pods"]);
    }

    #[test]
    fn one_with_pods_or_pods_unseen_is_not() {
        let files = [("apps/a/service.yaml", SERVICE), ("apps/a/deployment.yaml", &*pods("a"))];
        assert_eq!(messages("kubernetes/service-selector", &files), [""; 0]);
        let release = "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: x, namespace: default}}";
        let (own, other) = (pods("b"), pods("b"));
        let chart = [
            ("apps/a/service.yaml", SERVICE),
            ("apps/a/deployment.yaml", &*own),
            ("apps/b/release.yaml", release),
        ];
        assert_eq!(messages("kubernetes/service-selector", &chart), [""; 0]);
        let alone = [("apps/a/service.yaml", SERVICE), ("apps/b/deployment.yaml", &*other)];
        assert_eq!(messages("kubernetes/service-selector", &alone), [""; 0]);
    }
}
