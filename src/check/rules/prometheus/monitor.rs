//! `prometheus/monitor`: a ServiceMonitor that finds nothing to scrape.

use crate::{
    check::{Check, Facts, Object, facts::Selector},
    diag::{Problems, Severity, list},
    yaml::Node,
};

/// See the module.
pub(crate) struct Monitor;

impl Check for Monitor {
    fn id(&self) -> &'static str {
        "prometheus/monitor"
    }

    fn summary(&self) -> &'static str {
        "a ServiceMonitor that finds nothing to scrape"
    }

    fn explanation(&self) -> &'static str {
        "A ServiceMonitor selects Services by their labels, not by those of the pods, and names one of their ports. \
         Prometheus says nothing when it finds none. Not told where a chart or Flagger could make the Service, nor of \
         monitors that look into other namespaces."
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.of("monitoring.coreos.com", "ServiceMonitor").filter(|object| object.as_is) {
            let spec = |key: &str| object.document.node.at(&["spec", key]);
            let Some(selector) = spec("selector").filter(|_| spec("namespaceSelector").is_none()) else {
                continue;
            };
            let namespace = object.document.namespace();
            if !facts.must_be_here(object, "") || facts.of_flagger(namespace).next().is_some() {
                continue;
            }
            let services: Vec<&Object> = facts
                .within(namespace)
                .filter(|service| service.document.kind() == "Service" && service.document.group().is_empty())
                .filter(|service| {
                    Selector::Full(selector).selects(service.document.node.at(&["metadata", "labels"]))
                })
                .collect();
            if services.is_empty() {
                let message = format!("the ServiceMonitor `{}` selects no Service", object.document.name());
                let finding = self.finding(facts, object, Some(selector), message);
                findings.push(finding.help("select labels that are in `metadata.labels` of the Service"));
                continue;
            }
            self.ports(facts, object, &services, findings);
        }
    }
}

impl Monitor {
    fn ports(&self, facts: &Facts, object: &Object, services: &[&Object], findings: &mut Problems) {
        let ports = services
            .iter()
            .filter_map(|service| service.document.node.at(&["spec", "ports"])?.as_seq())
            .flatten();
        let known: Vec<&str> = ports.filter_map(|port| port.get("name")?.as_str()).collect();
        let endpoints =
            object.document.node.at(&["spec", "endpoints"]).and_then(Node::as_seq).unwrap_or_default();
        for port in endpoints.iter().filter_map(|endpoint| endpoint.get("port")) {
            let Some(name) = port.as_str().filter(|name| !known.contains(name)) else { continue };
            let message = format!(
                "the ServiceMonitor `{}` scrapes the port `{name}`, which its Services have not",
                object.document.name()
            );
            findings.push(
                self.finding(facts, object, Some(port), message)
                    .because("a ServiceMonitor names ports of the Service by name, never by number")
                    .help(format!("the names are {}", list(known.iter().copied()))),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{check::tests::findings, diag::Diagnostic};

    fn said(spec: &str, more: &[(&str, &str)]) -> Vec<Diagnostic> {
        let monitor = format!(
            "{{apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, metadata: {{name: a, namespace: default}}, spec: {{{spec}}}}}"
        );
        let service =
            "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: default, labels: {app: a}},
            spec: {ports: [{name: http, port: 80}]}}";
        let mut files = vec![("apps/a/monitor.yaml", &*monitor), ("apps/a/service.yaml", service)];
        files.extend(more);
        findings("prometheus/monitor", &files)
    }

    #[test]
    fn a_monitor_of_nothing_is_found() {
        let found = said("selector: {matchLabels: {app: b}}", &[]);
        assert_eq!(found[0].message, "the ServiceMonitor `a` selects no Service");
        let found = said("selector: {matchLabels: {app: a}}, endpoints: [{port: web}]", &[]);
        assert_eq!(
            found[0].message,
            "the ServiceMonitor `a` scrapes the port `web`, which its Services have not"
        );
        assert_eq!(found[0].help, ["the names are `http`"]);
    }

    #[test]
    fn one_of_something_or_of_what_is_unseen_is_not() {
        assert_eq!(said("selector: {matchLabels: {app: a}}, endpoints: [{port: http}]", &[]), []);
        assert_eq!(said("selector: {matchLabels: {app: b}}, namespaceSelector: {any: true}", &[]), []);
        let release = "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: x, namespace: default}}";
        assert_eq!(said("selector: {matchLabels: {app: b}}", &[("apps/x/r.yaml", release)]), []);
        let canary = "{apiVersion: flagger.app/v1beta1, kind: Canary, metadata: {name: x, namespace: default}, spec: {targetRef: {name: x}}}";
        assert_eq!(said("selector: {matchLabels: {app: b}}", &[("apps/x/c.yaml", canary)]), []);
    }
}
