//! `secret/generator`: Secrets that kustomize makes of what everyone can read, or of what nobody opens.

use crate::{
    check::{
        Check, Facts,
        facts::{self, kustomizations},
    },
    diag::{Diagnostic, Problems, Severity},
    seal::is_sealed_file,
    tree::TreePath,
    yaml::Node,
};

/// See the module.
pub(crate) struct Generator;

impl Check for Generator {
    fn id(&self) -> &'static str {
        "secret/generator"
    }

    fn summary(&self) -> &'static str {
        "a `secretGenerator` of plain text, or a sealed file that no generator opens"
    }

    fn explanation(&self) -> &'static str {
        "What `secretGenerator` takes is committed as it stands: texts under `literals` and files that are not sealed are \
         there for everyone who can read the repository. Flux opens sealed files of a `secretGenerator`, but not those of a \
         `configMapGenerator`, and none in a kustomize Component."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for (path, node) in kustomizations(facts.tree) {
            self.kustomization(facts, path, &node, findings);
        }
    }
}

impl Generator {
    fn kustomization(&self, facts: &Facts, path: &TreePath, node: &Node, findings: &mut Problems) {
        let is_component = node.get("kind").and_then(Node::as_str) == Some("Component");
        let list = |key: &str| node.get(key).and_then(Node::as_seq).unwrap_or_default();
        let mut told = |message: String, help: &str| {
            // No label: it would print the line with the value.
            let said = Diagnostic::new(self.id(), self.severity(), message).output(facts.output(path));
            findings.push(said.help(help));
        };
        for generator in list("secretGenerator") {
            let name = generator.get("name").and_then(Node::as_str).unwrap_or_default();
            let literals = generator.get("literals").and_then(Node::as_seq).unwrap_or_default();
            if !literals.is_empty() {
                let message = format!("the generated Secret `{name}` has its values in plain text");
                told(message, "seal them as a Secret of their own, or as a file that the generator takes");
            }
            for (file, sealed) in inputs(facts, path, generator) {
                if !sealed {
                    let message =
                        format!("the generated Secret `{name}` is made of `{file}`, which is not sealed");
                    told(message, "encrypt the file with `sops`");
                } else if is_component {
                    let message =
                        format!("nobody opens `{file}`: Flux opens no sealed files of a kustomize Component");
                    told(message, "generate the Secret in a Kustomization");
                }
            }
        }
        for generator in list("configMapGenerator") {
            for (file, _) in inputs(facts, path, generator).into_iter().filter(|(_, sealed)| *sealed) {
                let message =
                    format!("nobody opens `{file}`: Flux opens no sealed files of a `configMapGenerator`");
                told(message, "use a `secretGenerator`");
            }
        }
    }
}

/// The files of the tree that a generator takes, and whether each is sealed.
fn inputs(facts: &Facts, kustomization: &TreePath, generator: &Node) -> Vec<(String, bool)> {
    let taken = facts::inputs(facts.tree, kustomization, generator).into_iter();
    taken
        .map(|(_, written, _, file)| (written, std::str::from_utf8(&file.bytes).is_ok_and(is_sealed_file)))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::check::tests::{findings, messages};

    fn said(kustomization: &str) -> Vec<String> {
        let sealed = "A=ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\nsops_mac=x\n";
        messages(
            "secret/generator",
            &[
                ("apps/a/base/sub/kustomization.yaml", kustomization),
                ("apps/a/base/sealed.env", sealed),
                ("apps/a/base/sub/plain.env", "A=hunter2\n"),
            ],
        )
    }

    #[test]
    fn plain_values_are_found_and_not_told() {
        let text = "secretGenerator: [{name: s, literals: [a=hunter2], envs: [plain.env, ../sealed.env], files: [k=plain.env]}]";
        assert_eq!(
            said(text),
            [
                "the generated Secret `s` has its values in plain text",
                "the generated Secret `s` is made of `plain.env`, which is not sealed",
            ]
        );
        let found = findings("secret/generator", &[("apps/a/base/kustomization.yaml", text)]);
        assert!(!found.is_empty() && !format!("{found:?}").contains("hunter2"));
    }

    #[test]
    fn what_nobody_opens_is_found() {
        assert_eq!(
            said("configMapGenerator: [{name: c, envs: [../sealed.env, plain.env]}]"),
            ["nobody opens `../sealed.env`: Flux opens no sealed files of a `configMapGenerator`"]
        );
        assert_eq!(
            said("{kind: Component, secretGenerator: [{name: c, env: ../sealed.env}]}"),
            ["nobody opens `../sealed.env`: Flux opens no sealed files of a kustomize Component"]
        );
        assert_eq!(
            said("secretGenerator: [{name: c, env: ../sealed.env}, {name: d, files: [../../../../x]}]"),
            [""; 0]
        );
    }
}
