//! `secret/generator`: Secrets that kustomize makes of what everyone can read, or of what nobody opens.

use crate::{
    check::{Check, Facts},
    diag::{Diagnostic, Problems, Severity},
    load::inside,
    seal::is_sealed_file,
    tree::TreePath,
    yaml::{self, Node},
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
        for (path, file) in facts.tree.files() {
            let is_kustomization =
                matches!(path.file_name(), "kustomization.yaml" | "kustomization.yml" | "Kustomization");
            let (true, Some(place)) = (is_kustomization, file.place) else { continue };
            let Ok(text) = yaml::decode(&file.bytes) else { continue };
            let nodes = yaml::read_manifests(&text, place.source, &mut Problems::new()).unwrap_or_default();
            for node in &nodes {
                self.kustomization(facts, path, node, findings);
            }
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
    let texts = |key: &str| {
        generator.get(key).and_then(Node::as_seq).unwrap_or_default().iter().filter_map(Node::as_str)
    };
    let one = generator.get("env").and_then(Node::as_str).into_iter();
    let named = texts("files").map(|file| file.split_once('=').map_or(file, |(_, file)| file));
    let folder = kustomization.folder();
    one.chain(texts("envs"))
        .chain(named)
        .filter_map(|file| {
            let found = facts.tree.get(&inside(folder, file)?)?;
            let sealed = std::str::from_utf8(&found.bytes).is_ok_and(is_sealed_file);
            Some((file.to_owned(), sealed))
        })
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
