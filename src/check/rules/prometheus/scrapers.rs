//! Which Prometheus takes up a monitor, and from which namespace it scrapes.

use crate::{
    check::{Facts, Installed, Object, facts::Selector},
    yaml::Node,
};
use std::collections::BTreeSet;

/// The API group of Prometheus' operator.
pub(super) const GROUP: &str = "monitoring.coreos.com";

/// The chart that brings Prometheus with its operator.
const CHART: &str = "kube-prometheus-stack";

/// Parts of the names of charts whose programs can take up monitors too.
const OTHER_CHARTS: [&str; 5] =
    ["alloy", "grafana-agent", "k8s-monitoring", "opentelemetry", "victoria-metrics"];

/// Kinds that can, by their groups.
const OTHER_KINDS: [(&str, &str); 2] =
    [("operator.victoriametrics.com", "VMAgent"), ("opentelemetry.io", "OpenTelemetryCollector")];

/// The namespaces from which a monitor's targets may be scraped.
#[derive(Debug, Default)]
pub(super) struct Scrapers<'f> {
    /// Those of every Prometheus that may take it up; at least one.
    pub prometheus: BTreeSet<&'f str>,
    /// Those of other programs that may.
    pub others: BTreeSet<&'f str>,
}

impl<'f> Scrapers<'f> {
    /// Beside these releases. `None`: there is no Prometheus, or it is not known from where it scrapes.
    pub(super) fn of(facts: &'f Facts, releases: &[Installed<'f, '_>], monitor: &Object) -> Option<Self> {
        let mut found = Self::default();
        for kind in ["Prometheus", "PrometheusAgent"] {
            for object in facts.of(GROUP, kind) {
                let spec = object.document.node.get("spec")?;
                if !object.as_is || is_on_node(spec) {
                    return None;
                }
                if takes(facts, object, spec, monitor) {
                    found.prometheus.insert(object.document.namespace());
                }
            }
        }
        let other = |name: &str| OTHER_CHARTS.iter().any(|part| name.contains(part));
        for release in releases {
            if release.name == CHART {
                found.prometheus.extend(of_chart(release, monitor)?);
            } else if other(release.name) {
                found.others.insert(into(release));
            }
        }
        let objects = OTHER_KINDS.iter().flat_map(|(group, kind)| facts.of(group, kind));
        found.others.extend(objects.map(|object| object.document.namespace()));
        (!found.prometheus.is_empty()).then_some(found)
    }

    /// All of them, those of Prometheus first.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &'f str> {
        self.prometheus.iter().chain(&self.others).copied()
    }
}

/// Does a Prometheus of this spec scrape with the address of its node?
fn is_on_node(spec: &Node) -> bool {
    spec.get("hostNetwork").and_then(Node::as_bool) == Some(true)
}

/// The fields of a Prometheus that select monitors by their labels, and by their namespaces.
fn selectors<'n>(spec: Option<&'n Node>, monitor: &Object) -> (Option<&'n Node>, Option<&'n Node>) {
    let (own, namespaces) = match monitor.document.kind() {
        "PodMonitor" => ("podMonitorSelector", "podMonitorNamespaceSelector"),
        _ => ("serviceMonitorSelector", "serviceMonitorNamespaceSelector"),
    };
    let said = |key: &str| spec?.get(key).filter(|node| !node.is_null());
    (said(own), said(namespaces))
}

/// May an object of kind Prometheus take up a monitor? Without a selector it takes none, without one of namespaces those
/// of its own.
fn takes(facts: &Facts, prometheus: &Object, spec: &Node, monitor: &Object) -> bool {
    let (own, namespaces) = selectors(Some(spec), monitor);
    let namespace = monitor.document.namespace();
    let is_near = match namespaces {
        Some(selector) => facts.may_select_namespace(selector, namespace),
        None => prometheus.document.namespace() == namespace,
    };
    is_near && own.is_some_and(|selector| selects(selector, monitor))
}

/// The namespace of the chart's Prometheus, if it may take up a monitor. `None`: its values are not all here.
fn of_chart<'f>(release: &Installed<'f, '_>, monitor: &Object) -> Option<Option<&'f str>> {
    if release.object.document.node.at(&["spec", "valuesFrom"]).is_some() {
        return None;
    }
    let value = |path: &[&str]| release.values?.at(path);
    if value(&["prometheus", "enabled"]).and_then(Node::as_bool) == Some(false) {
        return Some(None);
    }
    let spec = value(&["prometheus", "prometheusSpec"]);
    if spec.is_some_and(is_on_node) {
        return None;
    }
    let only_own = match monitor.document.kind() {
        "PodMonitor" => "podMonitorSelectorNilUsesHelmValues",
        _ => "serviceMonitorSelectorNilUsesHelmValues",
    };
    let is_own = || {
        let label = monitor.document.node.at(&["metadata", "labels", "release"]).and_then(Node::as_str);
        let object = &release.object.document;
        let said = |key: &str| object.node.at(&["spec", key]).and_then(Node::as_str);
        let made = || said("targetNamespace").map(|target| format!("{target}-{}", object.name()));
        let name = said("releaseName").map(str::to_owned).or_else(made);
        label == Some(name.as_deref().unwrap_or(object.name()))
    };
    let takes = match selectors(spec, monitor).0 {
        Some(selector) if selector.as_map().is_some_and(|map| !map.is_empty()) => selects(selector, monitor),
        _ => spec.and_then(|spec| spec.get(only_own)?.as_bool()) == Some(false) || is_own(),
    };
    let namespace = value(&["namespaceOverride"]).and_then(Node::as_str).filter(|name| !name.is_empty());
    Some(takes.then(|| namespace.unwrap_or(into(release))))
}

fn selects(selector: &Node, monitor: &Object) -> bool {
    Selector::Full(selector).selects(monitor.document.node.at(&["metadata", "labels"]))
}

/// The namespace that a release installs into.
fn into<'f>(release: &Installed<'f, '_>) -> &'f str {
    let object = &release.object.document;
    object.node.at(&["spec", "targetNamespace"]).and_then(Node::as_str).unwrap_or(object.namespace())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{policy, tree};

    /// The namespaces of Prometheus and of others.
    fn found(files: &[(&str, &str)], labels: &str) -> Option<(Vec<String>, Vec<String>)> {
        let monitor = format!(
            "{{apiVersion: monitoring.coreos.com/v1, kind: PodMonitor, metadata: {{name: a, namespace: a, labels: {labels}}}}}"
        );
        let mut files = files.to_vec();
        files.push(("apps/a/monitor.yaml", &monitor));
        let (tree, policy) = (tree(&files), policy());
        let facts = Facts::new(&tree, None, &policy);
        let releases: Vec<Installed> = facts.installed().collect();
        let found = Scrapers::of(&facts, &releases, facts.of(GROUP, "PodMonitor").next()?)?;
        let names = |all: BTreeSet<&str>| all.into_iter().map(str::to_owned).collect();
        Some((names(found.prometheus), names(found.others)))
    }

    fn only(namespace: &str) -> Option<(Vec<String>, Vec<String>)> {
        Some((vec![namespace.to_owned()], Vec::new()))
    }

    #[test]
    fn a_prometheus_takes_up_what_it_selects() {
        let object = |spec: &str| {
            let text = format!(
                "{{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {{name: p, namespace: watch}}, spec: {{{spec}}}}}"
            );
            found(&[("apps/p/p.yaml", &text)], "{app: a}")
        };
        assert_eq!(object("podMonitorSelector: {}, podMonitorNamespaceSelector: {}"), only("watch"));
        let labelled =
            "podMonitorSelector: {matchLabels: {app: a}}, podMonitorNamespaceSelector: {matchLabels: {x: y}}";
        // The namespace of the monitor is not of this tree and may have the label.
        assert_eq!(object(labelled), only("watch"));
        assert_eq!(object("podMonitorNamespaceSelector: {}"), None);
        assert_eq!(object("podMonitorSelector: {}"), None);
        assert_eq!(
            object("podMonitorSelector: {matchLabels: {app: b}}, podMonitorNamespaceSelector: {}"),
            None
        );
        assert_eq!(
            object("podMonitorSelector: {}, podMonitorNamespaceSelector: {}, hostNetwork: true"),
            None
        );
        assert_eq!(found(&[], "{}"), None);
    }

    #[test]
    fn so_does_that_of_the_chart() {
        let chart = |name: &str, namespace: &str, spec: &str| {
            format!(
                "{{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {{name: {name}, namespace: {namespace}}}, spec: {{url: 'oci://example.com/{name}', ref: {{tag: 1.0.0}}}}}}
---
{{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {{name: {name}, namespace: {namespace}}}, spec: {{chartRef: {{kind: OCIRepository, name: {name}}}, {spec}}}}}"
            )
        };
        let released =
            |spec: &str, labels: &str| found(&[("apps/p/p.yaml", &chart(CHART, "watch", spec))], labels);
        let all = "prometheusSpec: {podMonitorSelectorNilUsesHelmValues: false}";
        let given = |values: &str| released(&format!("values: {{{values}}}"), "{app: a}");
        assert_eq!(given(&format!("prometheus: {{{all}}}")), only("watch"));
        assert_eq!(given(&format!("prometheus: {{{all}}}, namespaceOverride: other")), only("other"));
        assert_eq!(given(&format!("prometheus: {{enabled: false, {all}}}")), None);
        assert_eq!(
            given("prometheus: {prometheusSpec: {podMonitorSelector: {matchLabels: {app: a}}}}"),
            only("watch")
        );
        assert_eq!(
            given("prometheus: {prometheusSpec: {podMonitorSelector: {matchLabels: {app: b}}}}"),
            None
        );
        assert_eq!(given(&format!("prometheus: {{{}}}", all.replace('}', ", hostNetwork: true}"))), None);
        // The chart's own default: monitors with the label of the release.
        assert_eq!(given(""), None);
        assert_eq!(released("releaseName: x", "{release: x}"), only("watch"));
        assert_eq!(released("targetNamespace: t", "{release: t-kube-prometheus-stack}"), only("t"));
        assert_eq!(released("releaseName: x, valuesFrom: [{kind: Secret, name: x}]", "{release: x}"), None);
        let (stack, alloy) =
            (chart(CHART, "watch", "releaseName: x"), chart("alloy", "logs", "releaseName: y"));
        let both = [("apps/p/p.yaml", &*stack), ("apps/q/q.yaml", &*alloy)];
        assert_eq!(found(&both, "{release: x}"), Some((vec!["watch".to_owned()], vec!["logs".to_owned()])));
    }
}
