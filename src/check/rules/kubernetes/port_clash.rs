//! `kubernetes/port-clash`: two containers of a pod that want one port.

use crate::{
    check::{
        Check, Facts, Object,
        facts::{pod_spec, port_number, protocol, running},
    },
    diag::{Problems, Severity},
    yaml::Node,
};
use std::collections::BTreeMap;

/// See the module.
pub(crate) struct PortClash;

impl Check for PortClash {
    fn id(&self) -> &'static str {
        "kubernetes/port-clash"
    }

    fn summary(&self) -> &'static str {
        "two containers of a pod with one port"
    }

    fn explanation(&self) -> &'static str {
        "The containers of a pod share its address. Of two that listen on one port with the same protocol, the second \
         fails and restarts for ever; of two ports with one name, a Service that names it leads to the first. \
         Init containers count if they stay as sidecars (`restartPolicy: Always`)."
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.written() {
            let spec = pod_spec(&object.document);
            let Some(spec) = spec else { continue };
            self.pod(facts, object, spec, findings);
        }
    }
}

impl PortClash {
    fn pod(&self, facts: &Facts, object: &Object, spec: &Node, findings: &mut Problems) {
        let (mut numbers, mut names) = (BTreeMap::new(), BTreeMap::new());
        for (index, container) in running(spec).enumerate() {
            let name_of = container.get("name").and_then(Node::as_str).unwrap_or_default();
            for port in container.get("ports").and_then(Node::as_seq).unwrap_or_default() {
                if let Some((node, number)) = port_number(port, "containerPort") {
                    let protocol = protocol(port);
                    let first = *numbers.entry((number, protocol)).or_insert((index, name_of));
                    if first.0 != index {
                        let message = format!(
                            "the containers `{}` and `{name_of}` of a pod both listen on port {number}, {protocol}",
                            first.1
                        );
                        let finding = self.finding(facts, object, Some(node), message);
                        findings.push(finding.help("let one of them listen on another port"));
                    }
                }
                let Some(node) = port.get("name") else { continue };
                let Some(name) = node.as_str().filter(|name| !name.is_empty()) else { continue };
                let first = *names.entry((name, protocol(port))).or_insert((index, name_of));
                if first.0 != index {
                    let message = format!(
                        "the containers `{}` and `{name_of}` of a pod both have a port `{name}`",
                        first.1
                    );
                    let finding = self.finding(facts, object, Some(node), message);
                    let because = format!("a Service that names it leads to that of `{}`", first.1);
                    findings.push(finding.because(because).help("give each port a name of its own"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::messages;

    fn said(spec: &str) -> Vec<String> {
        let pod = format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: a, namespace: default}}, spec: {{{spec}}}}}"
        );
        messages("kubernetes/port-clash", &[("apps/a/pod.yaml", &pod)])
    }

    #[test]
    fn one_port_of_two_containers_is_found() {
        let both = "the containers `a` and `b` of a pod both listen on port 80, TCP";
        assert_eq!(
            said(
                "containers: [{name: a, ports: [{containerPort: 80}]}, {name: b, ports: [{containerPort: 80, protocol: TCP}]}]"
            ),
            [both]
        );
        assert_eq!(
            said(
                "containers: [{name: a, ports: [{containerPort: 80}]}], \
                 initContainers: [{name: b, restartPolicy: Always, ports: [{containerPort: 80}]}]"
            ),
            [both]
        );
        assert_eq!(
            said(
                "containers: [{name: a, ports: [{name: x, containerPort: 80}]}, {name: b, ports: [{name: x, containerPort: 81}]}]"
            ),
            ["the containers `a` and `b` of a pod both have a port `x`"]
        );
        assert_eq!(
            said(
                "containers: [{name: a, ports: [{name: x, containerPort: 53, protocol: UDP}]}, {name: b, ports: [{name: x, containerPort: 53}]}]"
            ),
            [""; 0],
            "a Service asks for a name and a protocol"
        );
    }

    #[test]
    fn ports_that_do_not_meet_are_not() {
        assert_eq!(
            said(
                "containers: [{name: a, ports: [{name: x, containerPort: 80}, {name: y, containerPort: 82}]}, \
                 {name: b, ports: [{containerPort: 80, protocol: UDP}, {name: ''}]}], \
                 initContainers: [{name: c, ports: [{containerPort: 80}, {name: ''}]}]"
            ),
            [""; 0]
        );
    }
}
