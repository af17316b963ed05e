//! `secret/plain`: Secrets that anyone who reads the repository can read.

use crate::{
    check::{Check, Facts},
    diag::{Diagnostic, Problems, Severity},
    resolve::{NeededKey, SealedPath, seal_command},
    seal,
    tree::{Document, TreePath},
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
        // What is not for Flux is committed all the same.
        let outside = facts.tree.files().filter(|(path, _)| path.as_str().starts_with("outside/"));
        let outside =
            outside.flat_map(|(path, file)| file.documents.iter().map(move |document| (path, document)));
        let objects = facts.objects.iter().map(|object| (object.path, &*object.document));
        for (path, document) in objects.chain(outside) {
            let items = match document.kind() {
                "List" | "SecretList" => document.node.get("items").and_then(Node::as_seq),
                _ => None,
            };
            for node in items.unwrap_or_default().iter().chain([&document.node]) {
                if seal::is_secret(node) && node.get("sops").is_none() && !seal::clear(node).0.is_empty() {
                    findings.push(self.plain(facts, path, document, node));
                }
            }
        }
    }
}

impl Plain {
    fn plain(&self, facts: &Facts, path: &TreePath, document: &Document, secret: &Node) -> Diagnostic {
        let owner = document.component.as_deref().unwrap_or("the tree");
        let name = secret.at(&["metadata", "name"]).and_then(Node::as_str).unwrap_or_default();
        let message = format!("the Secret `{name}` of `{owner}` would be committed in plain text");
        // No label: it would print the lines with the values.
        let said = Diagnostic::new(self.id(), self.severity(), message).output(facts.output(path));
        let (true, Some(component)) = (facts.policy.laid_out, document.component.as_deref()) else {
            return said.help("seal it in place, and replace its values if it was committed before");
        };
        let parts = ["data", "stringData"].into_iter().filter_map(|part| secret.get(part)?.as_map());
        let keys: Vec<NeededKey> = parts.flat_map(Map::keys).map(NeededKey::named).collect();
        let sealed = SealedPath {
            owner: facts.tree.name.clone(),
            component: component.to_owned(),
            name: name.to_owned(),
        };
        let secret_type = secret.get("type").and_then(Node::as_str);
        said.help(format!("run: {}", seal_command(&sealed, secret_type, &keys)))
            .help("and remove it here; if it was committed before, its values are known and must be replaced")
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
        for path in ["apps/a/secret.yaml", "apps/a/base/secret.yaml", "outside/a/secret.yaml"] {
            assert_eq!(said(path, ", stringData: {password: hunter2}"), [plain]);
            assert_eq!(said(path, ", data: {password: aHVudGVyMg==}"), [plain]);
        }
        let text =
            "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {password: hunter2}, type: x}";
        let found = findings("secret/plain", &[("apps/a/s.yaml", text)]);
        assert!(!format!("{found:?}").contains("hunter2"));
        assert_eq!(found[0].help[0], "run: gen seal prod a/s password --type x");
        let list = format!("{{apiVersion: v1, kind: List, items: [{text}, {text}]}}");
        assert_eq!(messages("secret/plain", &[("apps/a/base/list.yaml", &list)]), [plain]);
    }

    #[test]
    fn sealed_and_empty_ones_are_not() {
        assert_eq!(said("apps/a/secret.yaml", ", stringData: {a: '', b: null}"), [""; 0]);
        let sealed = ", stringData: {a: 'ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]'}";
        assert_eq!(said("apps/a/secret.yaml", sealed), [""; 0], "that is told elsewhere");
        assert_eq!(said("apps/a/s.sops.yaml", ", stringData: {password: ENC}, sops: {}"), [""; 0]);
        assert_eq!(
            said("apps/a/secret.yaml", ", data: {}, type: kubernetes.io/service-account-token"),
            [""; 0]
        );
    }
}
