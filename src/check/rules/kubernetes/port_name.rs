//! `kubernetes/port-name`: a name of a port that the API server refuses.

use crate::{
    check::{
        Check, Facts, Object,
        facts::{containers, pod_spec},
    },
    diag::{Problems, Severity},
    name::is_label,
    yaml::Node,
};
use std::collections::BTreeSet;

/// See the module.
pub(crate) struct PortName;

impl Check for PortName {
    fn id(&self) -> &'static str {
        "kubernetes/port-name"
    }

    fn summary(&self) -> &'static str {
        "a name of a port that the API server refuses"
    }

    fn explanation(&self) -> &'static str {
        "The name of a container's port has at most 15 characters: lower-case letters, digits and single `-`, with a \
         letter among them (RFC 6335). That of a Service's port is a DNS label. A name stands once in a container or \
         Service, and a Service with several ports names them all."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.written() {
            let document = &object.document;
            if document.group().is_empty() && document.kind() == "Service" {
                self.service(facts, object, findings);
            }
            let spec = pod_spec(document);
            for container in spec.into_iter().flat_map(containers) {
                let remedy =
                    "use at most 15 lower-case letters, digits and single `-`, with a letter among them";
                self.ports(facts, object, container.get("ports"), is_service_name, remedy, findings);
            }
        }
    }
}

impl PortName {
    fn service(&self, facts: &Facts, object: &Object, findings: &mut Problems) {
        let ports = object.document.node.at(&["spec", "ports"]);
        let remedy = "use at most 63 lower-case letters, digits and `-`";
        self.ports(facts, object, ports, is_label, remedy, findings);
        let list = ports.and_then(Node::as_seq).unwrap_or_default();
        let unnamed = |port: &Node| name_of(port).is_none_or(Node::is_null);
        for port in list.iter().filter(|port| list.len() > 1 && unnamed(port)) {
            let message =
                format!("the Service `{}` has several ports, and this has no name", object.document.name());
            findings
                .push(self.finding(facts, object, Some(port), message).help("add `name:` to each of them"));
        }
    }

    fn ports(
        &self,
        facts: &Facts,
        object: &Object,
        ports: Option<&Node>,
        good: fn(&str) -> bool,
        remedy: &str,
        findings: &mut Problems,
    ) {
        let mut seen = BTreeSet::new();
        for node in ports.and_then(Node::as_seq).into_iter().flatten().filter_map(name_of) {
            let Some(name) = node.as_str() else { continue };
            if !good(name) {
                let message = format!("`{name}` cannot be the name of a port");
                findings.push(self.finding(facts, object, Some(node), message).help(remedy));
            }
            if !seen.insert(name) {
                let message = format!("two ports have the name `{name}`");
                findings.push(
                    self.finding(facts, object, Some(node), message).help("give each port a name of its own"),
                );
            }
        }
    }
}

/// The name of a port; an empty one is none to the API server.
fn name_of(port: &Node) -> Option<&Node> {
    port.get("name").filter(|name| name.as_str() != Some(""))
}

/// A service name of RFC 6335, as Kubernetes asks of a container's port.
fn is_service_name(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let hyphens = name.starts_with('-') || name.ends_with('-') || name.contains("--");
    plain && !hyphens && (1..=15).contains(&name.len()) && name.bytes().any(|b| b.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::is_service_name;
    use crate::check::tests::messages;

    fn said(object: &str) -> Vec<String> {
        messages("kubernetes/port-name", &[("apps/a/x.yaml", object)])
    }

    #[test]
    fn bad_and_equal_names_are_found() {
        assert_eq!(
            said(
                "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: default}, spec: {containers: [\
                  {name: c, ports: [{name: http}, {name: http}, {name: a-name-too-long-by-far}]}]}}"
            ),
            ["two ports have the name `http`", "`a-name-too-long-by-far` cannot be the name of a port"]
        );
        assert_eq!(
            said(
                "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: default}, spec: {ports: [\
                  {port: 80}, {port: 81, name: B}]}}"
            ),
            ["`B` cannot be the name of a port", "the Service `a` has several ports, and this has no name",]
        );
    }

    #[test]
    fn good_names_are_not() {
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: default}, spec: {containers: [\
                    {name: c, ports: [{name: http}, {containerPort: 1}, {name: ''}, {name: ''}]}, {name: d, ports: [{name: http}]}]}}";
        assert!(said(pod).is_empty());
        let service = "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: default}, spec: {ports: [\
                        {port: 80, name: ''}]}}";
        assert!(said(service).is_empty());
    }

    #[test]
    fn the_rule_of_rfc_6335() {
        assert!(["http", "a", "1a", "fifteen-letters"].iter().all(|name| is_service_name(name)));
        assert!(
            !["", "80", "a--b", "-a", "a-", "A", "sixteen-letters-"].iter().any(|name| is_service_name(name))
        );
    }
}
