//! `secret/stays-sealed`: what Flux applies as it is.

use crate::{
    check::{Check, Facts, Object, Sealed},
    diag::{Diagnostic, Problems, Severity},
    seal::clear,
};

/// See the module.
pub(crate) struct StaysSealed;

impl Check for StaysSealed {
    fn id(&self) -> &'static str {
        "secret/stays-sealed"
    }

    fn summary(&self) -> &'static str {
        "a sealed object that Flux does not open"
    }

    fn explanation(&self) -> &'static str {
        "Flux decrypts an object that has a `sops` block with a `mac`, unless an annotation forbids it. Any other is applied as it \
         stands: what uses it gets the text `ENC[…]`, and nobody is told."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        let lost = |object: &&Object| {
            object.document.node.get("sops").is_none() && clear(&object.document.node).1 > 0
        };
        for object in facts.of("", "Secret").filter(lost) {
            let name = object.document.name();
            let message = format!("nobody opens the sealed Secret `{name}`: its `sops` block is missing");
            let said = Diagnostic::new(self.id(), self.severity(), message).at(object.file.place);
            findings.push(
                said.output(facts.output(object.path)).help("take the file back from Git, or seal it again"),
            );
        }
        for Sealed { object, seal } in facts.sealed() {
            let document = &object.document;
            let annotation = document.node.at(&["metadata", "annotations", ANNOTATION]);
            let forbidden = annotation
                .filter(|node| node.as_str().is_some_and(|text| text.eq_ignore_ascii_case("disabled")));
            let what = format!("the sealed {} `{}`", document.kind(), document.name());
            let not_opened = |why: &str| format!("Flux does not open {what}: {why}");
            let (message, place, help) = match forbidden {
                Some(node) => (not_opened("an annotation forbids it"), node.place(), "remove the annotation"),
                None if !seal.is_whole => (
                    format!("{what} is cut off: its `sops` block does not end with `version`"),
                    seal.place,
                    "take the whole file from where it came from, such as an earlier commit",
                ),
                None if !seal.has_mac => {
                    (not_opened("its `sops` block has no `mac`"), seal.place, "seal it again")
                }
                None => continue,
            };
            let said = Diagnostic::new(self.id(), self.severity(), message);
            findings.push(said.at(place.or(object.file.place)).output(facts.output(object.path)).help(help));
        }
    }
}

/// Tells kustomize-controller to leave an object sealed; its value is compared without case.
const ANNOTATION: &str = "kustomize.toolkit.fluxcd.io/decrypt";

#[cfg(test)]
mod tests {
    use crate::check::tests::messages;

    fn said(annotation: &str, sops: &str) -> Vec<String> {
        let metadata = format!("{{name: s, namespace: default, annotations: {{{annotation}}}}}");
        let text = format!("{{apiVersion: v1, kind: Secret, metadata: {metadata}, sops: {{{sops}}}}}");
        messages("secret/stays-sealed", &[("apps/a/s.sops.yaml", &text)])
    }

    #[test]
    fn a_lost_block_is_found() {
        let value = "ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]";
        let text = format!("{{apiVersion: v1, kind: Secret, metadata: {{name: s}}, data: {{a: '{value}'}}}}");
        assert_eq!(
            messages("secret/stays-sealed", &[("apps/a/base/s.yaml", &text)]),
            ["nobody opens the sealed Secret `s`: its `sops` block is missing"]
        );
    }

    #[test]
    fn what_flux_applies_as_it_stands_is_found() {
        let why = |why: &str| [format!("Flux does not open the sealed Secret `s`: {why}")];
        assert_eq!(said("", "mac: x, version: 3.0.0"), [""; 0]);
        assert_eq!(said("", "mac: '', version: 3.0.0"), why("its `sops` block has no `mac`"));
        assert_eq!(
            said("kustomize.toolkit.fluxcd.io/decrypt: Disabled", "mac: x, version: 3.0.0"),
            why("an annotation forbids it")
        );
        assert_eq!(said("kustomize.toolkit.fluxcd.io/decrypt: enabled", "mac: x, version: 3.0.0"), [""; 0]);
        assert_eq!(
            said("", "mac: x"),
            ["the sealed Secret `s` is cut off: its `sops` block does not end with `version`"]
        );
    }
}
