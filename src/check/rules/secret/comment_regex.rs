//! `secret/comment-regex`: a rule about comments that Flux 2.9 does not keep.

use super::minor;
use crate::{
    check::{Check, Facts, Sealed},
    diag::{Diagnostic, Problems, Severity},
};

/// See the module.
pub(crate) struct CommentRegex;

impl Check for CommentRegex {
    fn id(&self) -> &'static str {
        "secret/comment-regex"
    }

    fn summary(&self) -> &'static str {
        "values chosen by comments, which Flux 2.9 loses"
    }

    fn explanation(&self) -> &'static str {
        "With `encrypted_comment_regex` or `unencrypted_comment_regex` a comment beside a value says whether it is encrypted. The \
         kustomize-controller of Flux 2.9 drops comments before it decrypts; only that of 2.10 opens such files rightly."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        let version = facts.policy.flux.as_deref().and_then(minor);
        if version.is_none_or(|version| version >= FIRST) {
            return;
        }
        for Sealed { object, seal } in facts.wholly_sealed() {
            let Some(rule) = seal.rules.iter().find(|rule| rule.name.ends_with("_comment_regex")) else {
                continue;
            };
            let name = object.document.name();
            let message =
                format!("Flux {} cannot open `{name}`", facts.policy.flux.as_deref().unwrap_or_default());
            let said = Diagnostic::new(self.id(), self.severity(), message);
            findings.push(
                said.at(rule.place.or(seal.place).or(object.file.place))
                    .output(facts.output(object.path))
                    .because(format!("its values are chosen by comments (`{}`), and these are lost on the way", rule.name))
                    .help("seal it again by `encrypted_regex`, or say `flux: {version: \"2.10\"}` when that is there"),
            );
        }
    }
}

/// The first version of Flux that keeps the comments.
const FIRST: (u32, u32) = (2, 10);

#[cfg(test)]
mod tests {
    use crate::check::{
        check,
        tests::{policy, tree},
    };

    fn said(flux: Option<&str>, rule: &str) -> usize {
        let head = "apiVersion: v1, kind: ConfigMap, metadata: {name: s, namespace: default}";
        let tree = tree(&[(
            "apps/a/base/s.yaml",
            &format!("{{{head}, sops: {{mac: x, {rule}: x, version: 3.0.0}}}}"),
        )]);
        let policy = crate::check::Policy { flux: flux.map(str::to_owned), ..policy() };
        check(&tree, None, &policy).findings.0.iter().filter(|d| d.id == "secret/comment-regex").count()
    }

    #[test]
    fn only_older_versions_lose_comments() {
        for rule in ["encrypted_comment_regex", "unencrypted_comment_regex"] {
            assert_eq!(said(Some("2.9"), rule), 1);
            assert_eq!(said(Some("2.10"), rule), 0);
            assert_eq!(said(None, rule), 0);
        }
        assert_eq!(said(Some("2.9"), "encrypted_regex"), 0);
    }
}
