//! `kubernetes/port-reference`: a name of a port that no container has.

use crate::{
    check::{
        Check, Facts, Object,
        facts::{Selector, containers, pod_template, running},
    },
    diag::{Problems, Severity, did_you_mean},
    yaml::Node,
};

/// See the module.
pub(crate) struct PortReference;

impl Check for PortReference {
    fn id(&self) -> &'static str {
        "kubernetes/port-reference"
    }

    fn summary(&self) -> &'static str {
        "a probe or Service that names a port that no container has"
    }

    fn explanation(&self) -> &'static str {
        "A probe names a port of its own container: where there is none, it fails, and the container restarts or never \
         gets requests. A Service names a port of the pods that it selects: where none has it, nothing answers. Of \
         Services, told only where all pods that they select are written here. Where something puts containers into the \
         pods, as labels or annotations of pod or namespace ask (Istio, Linkerd), only what looks like a mistyped name is \
         told, as a warning."
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
            let Some(template) = pod_template(document) else { continue };
            let injected = facts.is_injected(template, document.namespace());
            for container in template.get("spec").into_iter().flat_map(containers) {
                self.probes((facts, object, injected), container, findings);
            }
        }
    }
}

/// What is judged: an object, and whether its pods may have containers that are not written here.
type Subject<'f, 'a> = (&'f Facts<'a>, &'f Object<'a>, bool);

impl PortReference {
    fn probes(&self, of: Subject, container: &Node, findings: &mut Problems) {
        let name = container.get("name").and_then(Node::as_str).unwrap_or_default();
        let known: Vec<&str> = names(container).collect();
        let probes = [&["startupProbe"][..], &["livenessProbe"], &["readinessProbe"]];
        let hooks = [&["lifecycle", "postStart"][..], &["lifecycle", "preStop"]];
        for probe in probes.into_iter().chain(hooks).filter_map(|path| container.at(path)) {
            let ports = ["httpGet", "tcpSocket"].into_iter().filter_map(|how| probe.at(&[how, "port"]));
            for (node, port) in ports.filter_map(|node| Some((node, node.as_str()?))) {
                if !known.contains(&port) {
                    let message =
                        format!("a probe of the container `{name}` asks its port `{port}`, which it has not");
                    self.say(of, node, (message, port, &known), findings);
                }
            }
        }
    }

    fn service(&self, facts: &Facts, object: &Object, findings: &mut Problems) {
        let service = &object.document;
        let selector = service.node.at(&["spec", "selector"]).and_then(Node::as_map);
        let Some(selector) = selector.filter(|map| !map.is_empty() && facts.must_be_here(object, "")) else {
            return;
        };
        let pods = facts.within(service.namespace()).filter_map(|other| {
            let template = pod_template(&other.document)?;
            let labels = template.at(&["metadata", "labels"]);
            Selector::Plain(selector).selects(labels).then_some((other, template))
        });
        let pods: Vec<(&Object, &Node)> = pods.collect();
        if pods.is_empty() || pods.iter().any(|(other, _)| !other.as_is) {
            return;
        }
        let injected = pods.iter().any(|(_, template)| facts.is_injected(template, service.namespace()));
        let specs = pods.iter().filter_map(|(_, template)| template.get("spec"));
        let known: Vec<&str> = specs.flat_map(running).flat_map(names).collect();
        let ports = service.node.at(&["spec", "ports"]).and_then(Node::as_seq).unwrap_or_default();
        for (node, port) in ports
            .iter()
            .filter_map(|port| port.get("targetPort"))
            .filter_map(|node| Some((node, node.as_str()?)))
        {
            if !known.contains(&port) {
                let message = format!(
                    "the Service `{}` leads to the port `{port}`, which its pods have not",
                    service.name()
                );
                self.say((facts, object, injected), node, (message, port, &known), findings);
            }
        }
    }

    fn say(
        &self,
        (facts, object, injected): Subject,
        node: &Node,
        (message, port, known): (String, &str, &[&str]),
        findings: &mut Problems,
    ) {
        let near = did_you_mean(port, known.iter().copied());
        if injected && near.is_none() {
            // It may be a port of a container that is not written here.
            return;
        }
        let mut finding = self.finding(facts, object, Some(node), message);
        if injected {
            finding.severity = Severity::Warning;
        }
        findings.push(match near {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding.help("name a port that is under `ports`, or give its number"),
        });
    }
}

/// The names of a container's ports.
fn names(container: &Node) -> impl Iterator<Item = &str> {
    let ports = container.get("ports").and_then(Node::as_seq).unwrap_or_default();
    ports.iter().filter_map(|port| port.get("name")?.as_str())
}

#[cfg(test)]
mod tests {
    use crate::{
        check::tests::findings,
        diag::{Diagnostic, Severity},
    };

    fn said(container: &str, target: &str) -> Vec<String> {
        let found = found(container, target, "{app: a}", "{}");
        found.into_iter().map(|finding| finding.message).collect()
    }

    /// With these labels of the pods and of their namespace.
    fn found(container: &str, target: &str, labels: &str, of_namespace: &str) -> Vec<Diagnostic> {
        let namespace =
            format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: a, labels: {of_namespace}}}}}");
        let pods = format!(
            "{{apiVersion: apps/v1, kind: DaemonSet, metadata: {{name: a, namespace: a}}, spec: {{
               selector: {{matchLabels: {{app: a}}}}, template: {{metadata: {{labels: {labels}}}, spec: {{
               containers: [{{name: a, ports: [{{name: http, containerPort: 80}}], {container}}}]}}}}}}}}"
        );
        let service = format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: a, namespace: a}}, spec: {{
               selector: {{app: a}}, ports: [{{port: 80, targetPort: {target}}}]}}}}"
        );
        findings(
            "kubernetes/port-reference",
            &[
                ("apps/a/daemonset.yaml", &pods),
                ("apps/a/service.yaml", &service),
                ("namespaces/namespace-a.yaml", &namespace),
            ],
        )
    }

    #[test]
    fn ports_that_are_not_there_are_found() {
        let probe = "a probe of the container `a` asks its port `web`, which it has not";
        assert_eq!(said("livenessProbe: {httpGet: {path: /, port: web}}", "http"), [probe]);
        assert_eq!(said("readinessProbe: {tcpSocket: {port: web}}", "80"), [probe]);
        assert_eq!(
            said("tty: true", "web"),
            ["the Service `a` leads to the port `web`, which its pods have not"]
        );
    }

    #[test]
    fn ports_of_injected_containers_are_not_known() {
        let probe = "readinessProbe: {httpGet: {path: /, port: http-envoy-prom}}";
        let near = "readinessProbe: {httpGet: {path: /, port: htpp}}";
        let (plain, meshed) = ("{app: a}", "{app: a, sidecar.istio.io/inject: 'true'}");
        for (labels, of_namespace) in [(meshed, "{}"), (plain, "{istio-injection: enabled}")] {
            assert_eq!(found(probe, "http-envoy-prom", labels, of_namespace), []);
            let told = found(near, "http", labels, of_namespace);
            assert_eq!(told.len(), 1);
            assert_eq!(told[0].severity, Severity::Warning);
        }
        let refused = "{app: a, sidecar.istio.io/inject: 'false'}";
        let told = found(probe, "http-envoy-prom", refused, "{istio-injection: enabled}");
        assert_eq!(told.len(), 2);
        assert!(told.iter().all(|finding| finding.severity == Severity::Error));
    }

    #[test]
    fn others_are_not() {
        assert_eq!(said("livenessProbe: {httpGet: {path: /, port: http}}", "http"), [""; 0]);
        assert_eq!(said("livenessProbe: {httpGet: {path: /, port: 81}}", "81"), [""; 0]);
        assert_eq!(said("livenessProbe: {exec: {command: [a]}}", "http"), [""; 0]);
    }
}
