//! `secret/key-groups`: a file whose key is shared out.

use crate::{
    check::{Check, Facts, Sealed},
    diag::{Diagnostic, Problems, Severity},
};

/// See the module.
pub(crate) struct KeyGroups;

impl Check for KeyGroups {
    fn id(&self) -> &'static str {
        "secret/key-groups"
    }

    fn summary(&self) -> &'static str {
        "a sealed file whose key is shared out among groups"
    }

    fn explanation(&self) -> &'static str {
        "With several key groups the key of a file is cut into shares, and whoever opens it needs a key from as many groups as its \
         threshold says. Flux does too; and `gen` can open such a file, but changes nobody who can."
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for Sealed { object, seal } in facts.wholly_sealed().filter(|sealed| sealed.seal.groups > 1) {
            let message = format!(
                "the key of the sealed {} `{}` is shared out among {} groups",
                object.document.kind(),
                object.document.name(),
                seal.groups
            );
            let said = Diagnostic::new(self.id(), self.severity(), message);
            findings.push(
                said.at(seal.place.or(object.file.place))
                    .output(facts.output(object.path))
                    .because("so it is not compared with `secrets.recipients`")
                    .help("see to it that the cluster has keys of enough groups, or seal it anew"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::messages;

    #[test]
    fn several_groups_are_told() {
        let said = |groups: &str| {
            let text = format!(
                "{{apiVersion: v1, kind: Secret, metadata: {{name: s}}, sops: {{mac: x, key_groups: {groups}, version: 3.0.0}}}}"
            );
            messages("secret/key-groups", &[("apps/a/s.sops.yaml", &text)])
        };
        assert_eq!(said("[{}, {}]"), ["the key of the sealed Secret `s` is shared out among 2 groups"]);
        assert_eq!(said("[{}]"), [""; 0]);
    }
}
