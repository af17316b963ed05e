//! `kubernetes/scale-metric`: an autoscaler that asks for metrics which nobody serves.

use crate::{
    check::{Check, Facts},
    diag::{Problems, Severity},
    yaml::Node,
};

/// The API group of metrics of neither pods nor objects.
const EXTERNAL: &str = "external.metrics.k8s.io";

/// The API group of KEDA, which serves them.
const KEDA: &str = "keda.sh";

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
         said to. KEDA serves `external.metrics.k8s.io`."
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        let served: Vec<&str> = facts
            .of("apiregistration.k8s.io", "APIService")
            .filter_map(|service| service.document.node.at(&["spec", "group"])?.as_str())
            .collect();
        for object in facts.of("autoscaling", "HorizontalPodAutoscaler").filter(|object| object.as_is) {
            let metrics = object.document.node.at(&["spec", "metrics"]).and_then(Node::as_seq);
            for metric in metrics.unwrap_or_default() {
                let (member, group) = match metric.get("type").and_then(Node::as_str) {
                    Some("Pods") => ("pods", "custom.metrics.k8s.io"),
                    Some("Object") => ("object", "custom.metrics.k8s.io"),
                    Some("External") => ("external", EXTERNAL),
                    _ => continue,
                };
                let by_keda = || group == EXTERNAL && has_keda(facts);
                if facts.policy.has_group(group) || served.contains(&group) || by_keda() {
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

/// Is KEDA there: its objects, its chart, or somebody who says so?
fn has_keda(facts: &Facts) -> bool {
    facts.policy.provides.as_ref().is_some_and(|groups| groups.contains(KEDA))
        || facts.objects.iter().any(|object| object.document.group() == KEDA)
        || facts.installed().any(|release| release.name == "keda")
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
        said_with(metric, provides, &service)
    }

    /// Beside another object.
    fn said_with(metric: &str, provides: Option<&[&str]>, beside: &str) -> Vec<String> {
        let hpa = format!(
            "{{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {{name: a, namespace: default}},
              spec: {{metrics: [{metric}]}}}}"
        );
        let provides =
            provides.map(|groups| groups.iter().map(|group| (*group).to_owned()).collect::<BTreeSet<_>>());
        let policy = crate::check::Policy { provides, ..tests::policy() };
        let found =
            check(&tests::tree(&[("apps/a/hpa.yaml", &hpa), ("apps/a/s.yaml", beside)]), None, &policy)
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
    fn keda_serves_external_metrics() {
        let external = "{type: External, external: {metric: {name: queue}}}";
        let pods = "{type: Pods, pods: {metric: {name: requests}}}";
        assert_eq!(said(external, Some(&["keda.sh"])), [""; 0]);
        assert_eq!(said(pods, Some(&["keda.sh"])).len(), 1, "those of pods it does not serve");
        for beside in [
            "{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: b, namespace: default}, spec: {scaleTargetRef: {name: b}}}",
            "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: keda, namespace: keda},
              spec: {chart: {spec: {chart: keda, version: 2.18.1, sourceRef: {kind: HelmRepository, name: keda}}}}}",
        ] {
            assert_eq!(said_with(external, Some(&[]), beside), [""; 0]);
            assert_eq!(said_with(pods, Some(&[]), beside).len(), 1);
        }
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
