//! `kubernetes/config-reference`: pods that read a ConfigMap, or a key of one, that is not there.

use crate::{
    check::{
        Check, Facts, Object,
        facts::{containers, is_named_after, pod_spec},
    },
    diag::{Problems, Severity, did_you_mean},
    yaml::{Map, Node},
};

/// See the module.
pub(crate) struct ConfigReference;

impl Check for ConfigReference {
    fn id(&self) -> &'static str {
        "kubernetes/config-reference"
    }

    fn summary(&self) -> &'static str {
        "pods read a ConfigMap or key that is not there"
    }

    fn explanation(&self) -> &'static str {
        "A pod does not start without the ConfigMaps that it reads, unless they are marked `optional`. A ConfigMap is \
         missed only if it is called as its component and no chart could make it; a key only if the ConfigMap is \
         written here."
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.written() {
            let Some(spec) = pod_spec(&object.document) else {
                continue;
            };
            let references = references(spec).into_iter();
            let needed = references.filter(|one| one.get("optional").and_then(Node::as_bool) != Some(true));
            for reference in needed {
                self.reference(facts, object, reference, findings);
            }
        }
    }
}

impl ConfigReference {
    fn reference(&self, facts: &Facts, object: &Object, reference: &Node, findings: &mut Problems) {
        let Some(node) = reference.get("name") else { return };
        let Some(name) = node.as_str() else { return };
        let own = format!("{} `{}`", object.document.kind(), object.document.name());
        let Some(found) = facts.find("", "ConfigMap", object.document.namespace(), name) else {
            if is_named_after(object, name) && facts.must_be_here(object, name) {
                let message =
                    format!("the pods of the {own} read the ConfigMap `{name}`, which is not there");
                let finding = self.finding(facts, object, Some(node), message);
                findings.push(finding.help("add it, or mark the reference `optional: true`"));
            }
            return;
        };
        let items = reference.get("items").and_then(Node::as_seq).unwrap_or_default();
        let keys = reference.get("key").into_iter().chain(items.iter().filter_map(|item| item.get("key")));
        for key in keys.filter(|_| found.as_is) {
            let Some(text) = key.as_str() else { continue };
            let known = || {
                ["data", "binaryData"]
                    .into_iter()
                    .filter_map(|field| found.document.node.get(field)?.as_map())
            };
            if known().any(|map| map.contains(text)) {
                continue;
            }
            let message = format!(
                "the pods of the {own} read the key `{text}` of the ConfigMap `{name}`, which it has not"
            );
            let finding =
                self.finding(facts, object, Some(key), message).label(found.document.place, "the ConfigMap");
            findings.push(match did_you_mean(text, known().flat_map(Map::keys)) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding.help("add the key, or mark the reference `optional: true`"),
            });
        }
    }
}

/// All references to ConfigMaps in the spec of a pod.
fn references(spec: &Node) -> Vec<&Node> {
    let mut found = Vec::new();
    for container in containers(spec) {
        let from = container.get("envFrom").and_then(Node::as_seq).unwrap_or_default();
        found.extend(from.iter().filter_map(|one| one.get("configMapRef")));
        let env = container.get("env").and_then(Node::as_seq).unwrap_or_default();
        found.extend(env.iter().filter_map(|one| one.at(&["valueFrom", "configMapKeyRef"])));
    }
    for volume in spec.get("volumes").and_then(Node::as_seq).unwrap_or_default() {
        found.extend(volume.get("configMap"));
        let sources = volume.at(&["projected", "sources"]).and_then(Node::as_seq).unwrap_or_default();
        found.extend(sources.iter().filter_map(|one| one.get("configMap")));
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::{check::tests::findings, diag::Diagnostic};

    fn said(spec: &str) -> Vec<Diagnostic> {
        let pod = format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: a, namespace: default}}, spec: {{{spec}}}}}"
        );
        let config = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a-env, namespace: default}, data: {LEVEL: debug}}";
        findings("kubernetes/config-reference", &[("apps/a/pod.yaml", &pod), ("apps/a/c.yaml", config)])
    }

    #[test]
    fn what_is_not_there_is_found() {
        let found = said("containers: [{envFrom: [{configMapRef: {name: a-enw}}]}]");
        assert_eq!(
            found[0].message,
            "the pods of the Pod `a` read the ConfigMap `a-enw`, which is not there"
        );
        assert_eq!(said("volumes: [{configMap: {name: a-files}}]").len(), 1);
        assert_eq!(said("volumes: [{projected: {sources: [{configMap: {name: a-files}}]}}]").len(), 1);
        let found =
            said("initContainers: [{env: [{valueFrom: {configMapKeyRef: {name: a-env, key: LEVL}}}]}]");
        assert_eq!(
            found[0].message,
            "the pods of the Pod `a` read the key `LEVL` of the ConfigMap `a-env`, which it has not"
        );
        assert_eq!(found[0].help, ["did you mean `LEVEL`?"]);
    }

    #[test]
    fn what_is_there_optional_or_anothers_is_not() {
        assert_eq!(said("containers: [{envFrom: [{configMapRef: {name: a-env}}]}]"), []);
        assert_eq!(
            said("containers: [{env: [{valueFrom: {configMapKeyRef: {name: a-env, key: LEVEL}}}]}]"),
            []
        );
        assert_eq!(said("volumes: [{configMap: {name: a-files, optional: true}}]"), []);
        assert_eq!(said("volumes: [{configMap: {name: kube-root-ca.crt}}]"), []);
    }
}
