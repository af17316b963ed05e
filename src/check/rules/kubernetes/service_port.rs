//! `kubernetes/service-port`: two ports of a Service that are one.

use crate::{
    check::{
        Check, Facts, Object,
        facts::{port_number, protocol},
    },
    diag::{Problems, Severity},
    yaml::Node,
};
use std::collections::BTreeMap;

/// See the module.
pub(crate) struct ServicePort;

impl Check for ServicePort {
    fn id(&self) -> &'static str {
        "kubernetes/service-port"
    }

    fn summary(&self) -> &'static str {
        "two ports of a Service with one number and protocol"
    }

    fn explanation(&self) -> &'static str {
        "The API server refuses a Service in which a number stands twice with the same protocol, as `port` or as \
         `nodePort`. The same number once for TCP and once for UDP is right. Its ports come from the app, its sidecars \
         and the port of the Service itself: each needs a number of its own."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.of("", "Service").filter(|object| object.as_is) {
            for field in ["port", "nodePort"] {
                self.numbers(facts, object, field, findings);
            }
        }
    }
}

impl ServicePort {
    fn numbers(&self, facts: &Facts, object: &Object, field: &str, findings: &mut Problems) {
        let ports = object.document.node.at(&["spec", "ports"]).and_then(Node::as_seq).unwrap_or_default();
        let mut seen = BTreeMap::new();
        for port in ports {
            // A `nodePort` of 0 is none: Kubernetes chooses.
            let Some((node, number)) = port_number(port, field).filter(|(_, number)| *number != 0) else {
                continue;
            };
            let protocol = protocol(port);
            let Some(first) = seen.insert((number, protocol), port) else { continue };
            let name = object.document.name();
            let message = format!("two ports of the Service `{name}` have the {field} {number}, {protocol}");
            let mut finding = self.finding(facts, object, Some(node), message);
            if let Some(first) = first.get("name").and_then(Node::as_str) {
                finding = finding.because(format!("the other is `{first}`"));
            }
            findings.push(finding.help("give each of them a number of its own"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::{findings, messages};

    fn service(ports: &str) -> String {
        format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: a, namespace: default}}, spec: {{ports: [{ports}]}}}}"
        )
    }

    fn said(ports: &str) -> Vec<String> {
        messages("kubernetes/service-port", &[("apps/a/service.yaml", &service(ports))])
    }

    #[test]
    fn one_number_and_protocol_twice_is_found() {
        let port = "two ports of the Service `a` have the port 80, TCP";
        assert_eq!(said("{name: a, port: 80}, {name: b, port: 80}"), [port]);
        assert_eq!(said("{name: a, port: 80}, {name: b, port: 80, protocol: TCP}"), [port]);
        assert_eq!(
            said(
                "{name: a, port: 80, nodePort: 30080, protocol: UDP}, {name: b, port: 81, nodePort: 30080, protocol: UDP}"
            ),
            ["two ports of the Service `a` have the nodePort 30080, UDP"]
        );
        let all = service("{name: a, port: 80}, {name: b, port: 80}, {name: c, port: 80}");
        let found = findings("kubernetes/service-port", &[("apps/a/service.yaml", &all)]);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].because, ["the other is `a`"]);
    }

    #[test]
    fn numbers_of_their_own_are_not() {
        assert_eq!(said("{name: a, port: 53}, {name: b, port: 53, protocol: UDP}"), [""; 0]);
        assert_eq!(said("{name: a, port: 80, nodePort: 0}, {name: b, port: 81, nodePort: 0}"), [""; 0]);
        assert_eq!(
            said("{name: a, port: 80, targetPort: 8080}, {name: b, port: 81, targetPort: 8080}"),
            [""; 0]
        );
        let copied = service("{name: a, port: 80, $patch: delete}, {name: b, port: 80}");
        assert_eq!(
            messages(
                "kubernetes/service-port",
                &[
                    ("apps/a/base/kustomization.yaml", "{resources: [x], patches: [{path: patch.yaml}]}"),
                    ("apps/a/base/patch.yaml", &copied)
                ]
            ),
            [""; 0],
            "a file of a base may be a patch"
        );
    }
}
