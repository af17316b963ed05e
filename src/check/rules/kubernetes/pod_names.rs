//! `kubernetes/pod-names`: two parts of a pod that the API server cannot tell apart.

use crate::{
    check::{
        Check, Facts, Object,
        facts::{containers, pod_spec, port_number, protocol},
    },
    diag::{Problems, Severity, did_you_mean},
    name::is_label,
    yaml::Node,
};
use std::collections::BTreeSet;

/// See the module.
pub(crate) struct PodNames;

impl Check for PodNames {
    fn id(&self) -> &'static str {
        "kubernetes/pod-names"
    }

    fn summary(&self) -> &'static str {
        "parts of a pod with one name, or a mount of no volume"
    }

    fn explanation(&self) -> &'static str {
        "The API server refuses a pod in which two containers have one name, init containers and sidecars among them, \
         or two volumes; and a container with two variables of one name, two ports of one number and protocol, two \
         mounts at one path, or a mount of a volume that the pod has not. Names of containers and volumes are DNS \
         labels: at most 63 lower-case letters, digits and `-`."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.written() {
            let Some(spec) = pod_spec(&object.document) else {
                continue;
            };
            self.names(facts, object, "container", containers(spec), findings);
            self.names(facts, object, "volume", items(spec, "volumes"), findings);
            let claims = object.document.node.at(&["spec", "volumeClaimTemplates"]).and_then(Node::as_seq);
            let claims = claims.into_iter().flatten().filter_map(|claim| claim.at(&["metadata", "name"]));
            let own = items(spec, "volumes").filter_map(|volume| volume.get("name"));
            let volumes: BTreeSet<&str> = own.chain(claims).filter_map(Node::as_str).collect();
            for container in containers(spec) {
                self.container(facts, object, container, &volumes, findings);
            }
        }
    }
}

impl PodNames {
    fn names<'n>(
        &self,
        facts: &Facts,
        object: &Object,
        what: &str,
        parts: impl Iterator<Item = &'n Node>,
        findings: &mut Problems,
    ) {
        let mut seen = BTreeSet::new();
        for node in parts.filter_map(|part| part.get("name")) {
            let Some(name) = node.as_str() else { continue };
            if !is_label(name) {
                let message = format!("`{name}` cannot be the name of a {what}");
                let finding = self.finding(facts, object, Some(node), message);
                findings.push(finding.help("use at most 63 lower-case letters, digits and `-`"));
            }
            if !seen.insert(name) {
                let message = format!("two {what}s of the pod have the name `{name}`");
                let finding = self.finding(facts, object, Some(node), message);
                findings.push(finding.help("give each of them a name of its own"));
            }
        }
    }

    fn container(
        &self,
        facts: &Facts,
        object: &Object,
        container: &Node,
        volumes: &BTreeSet<&str>,
        findings: &mut Problems,
    ) {
        let name = container.get("name").and_then(Node::as_str).unwrap_or_default();
        let mut say = |node: &Node, what: String, help: &str| {
            let message = format!("the container `{name}` {what}");
            findings.push(self.finding(facts, object, Some(node), message).help(help));
        };
        let mut seen = BTreeSet::new();
        for node in items(container, "env").filter_map(|variable| variable.get("name")) {
            let Some(variable) = node.as_str().filter(|variable| !seen.insert(*variable)) else { continue };
            say(node, format!("has the variable `{variable}` twice"), "remove one of them");
        }
        let mut seen = BTreeSet::new();
        for port in items(container, "ports") {
            let Some((node, number)) = port_number(port, "containerPort") else { continue };
            let protocol = protocol(port);
            if !seen.insert((number, protocol)) {
                say(node, format!("has the port {number}, {protocol}, twice"), "one name for it is enough");
            }
        }
        let mut seen = BTreeSet::new();
        for mount in items(container, "volumeMounts") {
            if let Some((node, volume)) = mount.get("name").and_then(|node| Some((node, node.as_str()?)))
                && !volumes.contains(volume)
            {
                let help = match did_you_mean(volume, volumes.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "add the volume to the pod".to_owned(),
                };
                say(node, format!("mounts the volume `{volume}`, which the pod has not"), &help);
            }
            let path = mount.get("mountPath").and_then(|node| Some((node, node.as_str()?)));
            if let Some((node, path)) = path.filter(|(_, path)| !seen.insert(*path)) {
                say(node, format!("mounts two volumes at `{path}`"), "give each of them a path of its own");
            }
        }
    }
}

/// The items of a list.
fn items<'n>(node: &'n Node, list: &str) -> impl Iterator<Item = &'n Node> + use<'n> {
    node.get(list).and_then(Node::as_seq).unwrap_or_default().iter()
}

#[cfg(test)]
mod tests {
    use crate::check::tests::messages;

    fn said(spec: &str) -> Vec<String> {
        let pods = format!(
            "{{apiVersion: apps/v1, kind: DaemonSet, metadata: {{name: a, namespace: default}}, spec: {{template: {{spec: {{{spec}}}}}}}}}"
        );
        messages("kubernetes/pod-names", &[("apps/a/daemonset.yaml", &pods)])
    }

    #[test]
    fn parts_of_one_name_are_found() {
        assert_eq!(
            said("containers: [{name: a}, {name: b}, {name: a}]"),
            ["two containers of the pod have the name `a`"]
        );
        assert_eq!(
            said("containers: [{name: a}], initContainers: [{name: b}, {name: a}]"),
            ["two containers of the pod have the name `a`"]
        );
        assert_eq!(
            said("containers: [{name: A_b}], volumes: [{name: v}, {name: v}]"),
            ["`A_b` cannot be the name of a container", "two volumes of the pod have the name `v`"]
        );
        assert_eq!(
            said(
                "containers: [{name: a, volumeMounts: [{name: v, mountPath: /x}, {name: w, mountPath: /x}]}], \
                 volumes: [{name: v}, {name: w}]"
            ),
            ["the container `a` mounts two volumes at `/x`"]
        );
        assert_eq!(
            said("containers: [{name: a, volumeMounts: [{name: v, mountPath: /x}]}]"),
            ["the container `a` mounts the volume `v`, which the pod has not"]
        );
        assert_eq!(
            said("containers: [{name: a, env: [{name: A}, {name: B}, {name: A}]}]"),
            ["the container `a` has the variable `A` twice"]
        );
        assert_eq!(
            said("containers: [{name: a, ports: [{containerPort: 1}, {containerPort: 1, protocol: TCP}]}]"),
            ["the container `a` has the port 1, TCP, twice"]
        );
    }

    #[test]
    fn others_are_not() {
        assert_eq!(
            said(
                "containers: [{name: a, volumeMounts: [{name: v, mountPath: /x}, {name: v, mountPath: /y}]}, \
                 {name: b, volumeMounts: [{name: v, mountPath: /x}]}], initContainers: [{name: c}], volumes: [{name: v}]"
            ),
            [""; 0]
        );
        assert_eq!(
            said("containers: [{name: a, ports: [{containerPort: 1}, {containerPort: 1, protocol: UDP}]}]"),
            [""; 0]
        );
        let claimed =
            "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a, namespace: default}, spec: {
            volumeClaimTemplates: [{metadata: {name: v}}], template: {spec: {containers: [
            {name: a, volumeMounts: [{name: v, mountPath: /x}]}]}}}}";
        assert_eq!(messages("kubernetes/pod-names", &[("apps/a/statefulset.yaml", claimed)]), [""; 0]);
    }
}
