//! `yaml/readers`: plain text that YAML readers disagree on, in files that `gen` copies or did not write.

use crate::{
    check::{Check, Facts, facts::is_manifest},
    diag::{Diagnostic, Problems, Severity},
    yaml::{self, RawKind, RawNode, Style, disputed},
};

/// See the module.
pub(crate) struct Readers;

impl Check for Readers {
    fn id(&self) -> &'static str {
        "yaml/readers"
    }

    fn summary(&self) -> &'static str {
        "plain text that YAML readers disagree on"
    }

    fn explanation(&self) -> &'static str {
        "`yes`, `0755`, `1e3` or a date mean one thing to kubectl, another to kustomize and a third to YAML 1.2. What \
         `gen` writes is quoted where it must be; in files that are copied as they are, quote it by hand."
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for (path, file) in facts.tree.files() {
            let copied = file.documents.is_empty() && path.as_str().contains("/base/");
            let ours = facts.policy.laid_out && !copied;
            if ours || path.as_str().contains(".sops.") || !is_manifest(path) {
                continue;
            }
            let (Some(place), Ok(text)) = (file.place, yaml::decode(&file.bytes)) else { continue };
            let documents = yaml::raw::parse(&text, place.source, &mut Problems::new()).unwrap_or_default();
            for document in documents {
                self.node(&document.root, &facts.output(path), findings);
            }
        }
    }
}

impl Readers {
    fn node(&self, node: &RawNode, output: &str, findings: &mut Problems) {
        match &node.kind {
            RawKind::Scalar { text, style: Style::Plain, .. } if node.tag.is_none() => {
                if let Some(why) = disputed(text).filter(|_| &**text != "<<") {
                    let message = format!("YAML readers disagree on the plain `{text}`");
                    let finding =
                        Diagnostic::new(self.id(), self.severity(), message).at(node.place).output(output);
                    findings.push(
                        finding.because(why).help("quote it, or write it in a way that all read alike"),
                    );
                }
            }
            RawKind::Scalar { .. } => {}
            RawKind::Seq(items) => items.iter().for_each(|item| self.node(item, output, findings)),
            RawKind::Map(pairs) => {
                for (key, value) in pairs {
                    self.node(key, output, findings);
                    self.node(value, output, findings);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::{
        Policy, check,
        tests::{messages, tree},
    };

    const TEXT: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {on: yes, mode: 0755, day: 2024-04-01}}";

    #[test]
    fn disputed_text_of_a_base_is_found() {
        assert_eq!(
            messages("yaml/readers", &[("apps/a/base/x.yaml", TEXT)]),
            [
                "YAML readers disagree on the plain `on`",
                "YAML readers disagree on the plain `yes`",
                "YAML readers disagree on the plain `0755`",
                "YAML readers disagree on the plain `2024-04-01`",
            ]
        );
    }

    #[test]
    fn so_is_that_of_a_foreign_tree() {
        let found = check(&tree(&[("x.yaml", TEXT)]), None, &Policy::of_folder("clusters")).findings.0;
        assert_eq!(found.iter().filter(|finding| finding.id == "yaml/readers").count(), 4);
        assert_eq!(found[0].outputs.first().map(String::as_str), Some("clusters/x.yaml"));
    }

    #[test]
    fn quoted_and_undisputed_text_is_not() {
        let text = "{data: {a: \"yes\", b: '0755', c: 1, d: true, e: text, f: 1.5, g: null}}";
        assert_eq!(messages("yaml/readers", &[("apps/a/base/x.yaml", text)]), [""; 0]);
        assert_eq!(messages("yaml/readers", &[("apps/a/base/x.sops.yaml", TEXT)]), [""; 0]);
    }
}
