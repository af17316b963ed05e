//! `kubernetes/pod-names`: two parts of a pod that the API server cannot tell apart.

use crate::{
    check::{
        Check, Facts, Object,
        facts::{containers, pod_template},
    },
    diag::{Problems, Severity},
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
        "two containers, volumes or mounts of a pod with one name or path"
    }

    fn explanation(&self) -> &'static str {
        "The API server refuses a pod in which two containers have one name, init containers and sidecars among them, \
         or two volumes, or in which a container mounts two volumes at one path. Names of containers and volumes are \
         DNS labels: at most 63 lower-case letters, digits and `-`."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.written() {
            let Some(spec) = pod_template(&object.document).and_then(|template| template.get("spec")) else {
                continue;
            };
            self.names(facts, object, "container", containers(spec), findings);
            let volumes = spec.get("volumes").and_then(Node::as_seq).unwrap_or_default();
            self.names(facts, object, "volume", volumes.iter(), findings);
            for container in containers(spec) {
                self.mounts(facts, object, container, findings);
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

    fn mounts(&self, facts: &Facts, object: &Object, container: &Node, findings: &mut Problems) {
        let mounts = container.get("volumeMounts").and_then(Node::as_seq).unwrap_or_default();
        let mut seen = BTreeSet::new();
        for node in mounts.iter().filter_map(|mount| mount.get("mountPath")) {
            let Some(path) = node.as_str() else { continue };
            if !seen.insert(path) {
                let name = container.get("name").and_then(Node::as_str).unwrap_or_default();
                let message = format!("the container `{name}` mounts two volumes at `{path}`");
                let finding = self.finding(facts, object, Some(node), message);
                findings.push(finding.help("give each of them a path of its own"));
            }
        }
    }
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
                "containers: [{name: a, volumeMounts: [{name: v, mountPath: /x}, {name: w, mountPath: /x}]}]"
            ),
            ["the container `a` mounts two volumes at `/x`"]
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
    }
}
