//! `secret/plain`: Secrets that anyone who reads the repository can read.

use crate::{
    check::{Check, Facts},
    diag::{Diagnostic, Problems, Severity},
    yaml::{Map, Node},
};

/// See the module.
pub(crate) struct Plain;

impl Check for Plain {
    fn id(&self) -> &'static str {
        "secret/plain"
    }

    fn summary(&self) -> &'static str {
        "a Secret in plain text"
    }

    fn explanation(&self) -> &'static str {
        "What is committed is there for everyone who can read the repository, for ever: base64 hides nothing. A sealed \
         Secret can be read only in the cluster."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.objects.iter().filter(|object| object.document.kind() == "Secret") {
            let document = &object.document;
            let filled = |key| {
                let member: Option<&Node> = document.node.get(key);
                member.is_some_and(|node| node.as_map().map_or(!node.is_null(), |map: &Map| !map.is_empty()))
            };
            let sealed = document.node.get("sops").is_some();
            if !document.group().is_empty() || sealed || !(filled("data") || filled("stringData")) {
                continue;
            }
            let owner = document.component.as_deref().unwrap_or("the tree");
            let name = document.name();
            let message = format!("the Secret `{name}` of `{owner}` would be committed in plain text");
            // No label: it would print the lines with the values.
            let said = Diagnostic::new(self.id(), self.severity(), message).output(facts.output(object.path));
            findings.push(said.help(format!(
                "encrypt it with `sops` as `environments/secrets/<environment>/{owner}/{name}.sops.yaml`, and remove it here"
            )));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::{findings, messages};

    fn said(path: &str, members: &str) -> Vec<String> {
        let text =
            format!("{{apiVersion: v1, kind: Secret, metadata: {{name: s, namespace: default}}{members}}}");
        messages("secret/plain", &[(path, &text)])
    }

    #[test]
    fn plain_values_are_found_and_not_told() {
        let plain = "the Secret `s` of `a` would be committed in plain text";
        assert_eq!(said("apps/a/secret.yaml", ", stringData: {password: hunter2}"), [plain]);
        assert_eq!(said("apps/a/secret.yaml", ", data: {password: aHVudGVyMg==}"), [plain]);
        assert_eq!(said("apps/a/base/secret.yaml", ", data: {password: aHVudGVyMg==}"), [plain]);
        let text = "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {password: hunter2}}";
        assert!(!format!("{:?}", findings("secret/plain", &[("apps/a/s.yaml", text)])).contains("hunter2"));
    }

    #[test]
    fn sealed_and_empty_ones_are_not() {
        assert_eq!(said("apps/a/s.sops.yaml", ", stringData: {password: ENC}, sops: {}"), [""; 0]);
        assert_eq!(
            said("apps/a/secret.yaml", ", data: {}, type: kubernetes.io/service-account-token"),
            [""; 0]
        );
    }
}
