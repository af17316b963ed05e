//! `kubernetes/scale-metric`: an autoscaler that asks for metrics which nobody serves.

use crate::{
    check::{Check, Facts},
    diag::{Problems, Severity},
    yaml::Node,
};

/// See the module.
pub(crate) struct ScaleMetric;

impl Check for ScaleMetric {
    fn id(&self) -> &'static str {
        "kubernetes/scale-metric"
    }

    fn summary(&self) -> &'static str {
        "an autoscaler that asks for metrics which nobody serves"
    }

    fn explanation(&self) -> &'static str {
        "Kubernetes itself has no metrics of requests or queues: an autoscaler takes those of pods and objects from \
         `custom.metrics.k8s.io`, others from `external.metrics.k8s.io`, which an adapter serves. Without one it scales \
         nothing, and says so only in its status. Told where no component provides the group and the cluster is not \
         said to."
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        let served: Vec<&str> = facts
            .of("apiregistration.k8s.io", "APIService")
            .filter_map(|service| service.document.node.at(&["spec", "group"])?.as_str())
            .collect();
        for object in facts.of("autoscaling", "HorizontalPodAutoscaler").filter(|object| !object.copied) {
            let metrics = object.document.node.at(&["spec", "metrics"]).and_then(Node::as_seq);
            for metric in metrics.unwrap_or_default() {
                let (member, group) = match metric.get("type").and_then(Node::as_str) {
                    Some("Pods") => ("pods", "custom.metrics.k8s.io"),
                    Some("Object") => ("object", "custom.metrics.k8s.io"),
                    Some("External") => ("external", "external.metrics.k8s.io"),
                    _ => continue,
                };
                if facts.policy.has_group(group) || served.contains(&group) {
                    continue;
                }
                let node = metric.at(&[member, "metric", "name"]);
                let Some(metric) = node.and_then(Node::as_str) else { continue };
                let message = format!(
                    "the autoscaler `{}` asks for the metric `{metric}`, and nothing serves `{group}`",
                    object.document.name(),
                );
                findings.push(
                    self.finding(facts, object, node, message)
                        .help("add a component that does, such as one of the pack `prometheus-adapter`")
                        .help(format!("or, if the cluster has it: `cluster: {{provides: [{group}]}}`")),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::{check, tests};
    use std::collections::BTreeSet;

    fn said(metric: &str, provides: Option<&[&str]>) -> Vec<String> {
        said_beside(metric, provides, "custom.metrics.example.com")
    }

    /// Beside what serves an API group.
    fn said_beside(metric: &str, provides: Option<&[&str]>, group: &str) -> Vec<String> {
        let service = format!(
            "{{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {{name: v1beta1.{group}}}, spec: {{group: {group}}}}}"
        );
        let hpa = format!(
            "{{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {{name: a, namespace: default}},
              spec: {{metrics: [{metric}]}}}}"
        );
        let provides =
            provides.map(|groups| groups.iter().map(|group| (*group).to_owned()).collect::<BTreeSet<_>>());
        let policy = crate::check::Policy { provides, ..tests::policy() };
        let found =
            check(&tests::tree(&[("apps/a/hpa.yaml", &hpa), ("apps/a/s.yaml", &service)]), None, &policy)
                .findings
                .0;
        let ours = found.into_iter().filter(|finding| finding.id == "kubernetes/scale-metric");
        ours.map(|finding| finding.message).collect()
    }

    #[test]
    fn metrics_that_nobody_serves_are_found() {
        let pods = "{type: Pods, pods: {metric: {name: requests}}}";
        assert_eq!(
            said(pods, Some(&["metrics.k8s.io"])),
            ["the autoscaler `a` asks for the metric `requests`, and nothing serves `custom.metrics.k8s.io`"]
        );
        let external = "{type: External, external: {metric: {name: queue}}}";
        assert_eq!(said(external, Some(&["custom.metrics.k8s.io"])).len(), 1);
    }

    #[test]
    fn others_are_not() {
        let pods = "{type: Pods, pods: {metric: {name: requests}}}";
        assert_eq!(said(pods, Some(&["custom.metrics.k8s.io"])), [""; 0]);
        assert_eq!(said(pods, Some(&["*"])), [""; 0]);
        assert_eq!(said_beside(pods, Some(&[]), "custom.metrics.k8s.io"), [""; 0]);
        assert_eq!(said(pods, None), [""; 0]);
        assert_eq!(said("{type: Pods}", Some(&[])), [""; 0], "the API server tells what is missing");
        assert_eq!(said("{type: Resource, resource: {name: cpu}}", Some(&[])), [""; 0]);
    }
}
