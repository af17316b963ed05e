//! `secret/rule`: a sealed Secret with a rule of its own.

use crate::{
    check::{Check, Facts, Sealed},
    diag::{Diagnostic, Problems, Severity},
    seal::{ENCRYPTED_REGEX, is_secret},
};

/// See the module.
pub(crate) struct Rule;

impl Check for Rule {
    fn id(&self) -> &'static str {
        "secret/rule"
    }

    fn summary(&self) -> &'static str {
        "a sealed Secret that says itself what is encrypted"
    }

    fn explanation(&self) -> &'static str {
        "A file of SOPS remembers by which rule its values are encrypted, and whoever edits it follows that. With another rule than \
         `encrypted_regex: ^(data|stringData)$` a value that is added to a Secret can stay in the clear."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for Sealed { object, seal } in
            facts.wholly_sealed().filter(|sealed| is_secret(&sealed.object.document.node))
        {
            let (good, other): (Vec<_>, Vec<_>) = seal
                .rules
                .iter()
                .partition(|rule| (rule.name, &*rule.text) == ("encrypted_regex", ENCRYPTED_REGEX));
            // Rules about comments have a check of their own.
            let other = other.iter().find(|rule| !rule.name.ends_with("_comment_regex"));
            if other.is_none() && (!good.is_empty() || !seal.rules.is_empty()) {
                continue;
            }
            let name = object.document.name();
            let message = match other {
                Some(rule) => {
                    format!("the sealed Secret `{name}` has the rule `{}: {}`", rule.name, rule.text)
                }
                None => format!("the sealed Secret `{name}` does not say which of its values are encrypted"),
            };
            let said = Diagnostic::new(self.id(), self.severity(), message);
            let place = other.and_then(|rule| rule.place).or(seal.place).or(object.file.place);
            findings.push(
                said.at(place)
                    .output(facts.output(object.path))
                    .help(format!("seal it again, which writes `encrypted_regex: {ENCRYPTED_REGEX}`")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::messages;

    fn said(rule: &str) -> Vec<String> {
        let head = "apiVersion: v1, kind: Secret, metadata: {name: s, namespace: default}";
        messages(
            "secret/rule",
            &[("apps/a/s.sops.yaml", &format!("{{{head}, sops: {{mac: x{rule}, version: 3.0.0}}}}"))],
        )
    }

    #[test]
    fn only_one_rule_is_right() {
        assert_eq!(said(", encrypted_regex: ^(data|stringData)$"), [""; 0]);
        assert_eq!(said(", encrypted_comment_regex: x"), [""; 0], "that is told elsewhere");
        assert_eq!(said(""), ["the sealed Secret `s` does not say which of its values are encrypted"]);
        assert_eq!(
            said(", encrypted_regex: ^data$"),
            ["the sealed Secret `s` has the rule `encrypted_regex: ^data$`"]
        );
        assert_eq!(
            said(", unencrypted_suffix: _unencrypted"),
            ["the sealed Secret `s` has the rule `unencrypted_suffix: _unencrypted`"]
        );
    }
}
