//! `secret/clear`: a Secret that is sealed only in part.

use crate::{
    check::{Check, Facts, Object, Sealed},
    diag::{Diagnostic, Problems, Severity},
    seal::{Clear as Value, clear, is_secret},
};

/// See the module.
pub(crate) struct Clear;

impl Check for Clear {
    fn id(&self) -> &'static str {
        "secret/clear"
    }

    fn summary(&self) -> &'static str {
        "a value in the clear in a sealed Secret"
    }

    fn explanation(&self) -> &'static str {
        "SOPS encrypts what its rule matches and says nothing about the rest. In a Secret all of `data` and `stringData` is to be \
         encrypted; an empty text holds nothing and stays. What was committed in the clear is known and must be replaced."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for Sealed { object, .. } in facts.sealed().filter(|sealed| is_secret(&sealed.object.document.node)) {
            let (clear, sealed) = clear(&object.document.node);
            let name = object.document.name();
            if clear.is_empty() && sealed == 0 {
                let message = format!("nothing in the sealed Secret `{name}` is encrypted");
                findings.push(self.at(facts, object, message).help("seal its values, or remove the file"));
            }
            let (damaged, open): (Vec<_>, Vec<_>) = clear.into_iter().partition(|value| value.is_damaged);
            if !open.is_empty() {
                let message = format!("the Secret `{name}` is sealed, but not all of it");
                let said = open.iter().fold(self.at(facts, object, message), masked);
                findings.push(said.help("seal it again, and replace what stood there: it is known by now"));
            }
            if !damaged.is_empty() {
                let message = format!("the sealed Secret `{name}` has values that nobody can open");
                let said = damaged.iter().fold(self.at(facts, object, message), masked);
                findings.push(said.help("take the file back from Git, or seal these values again"));
            }
        }
    }
}

impl Clear {
    fn at(&self, facts: &Facts, object: &Object, message: String) -> Diagnostic {
        Diagnostic::new(self.id(), self.severity(), message).output(facts.output(object.path))
    }
}

/// Shows where a value stands, and not what.
fn masked(said: Diagnostic, value: &Value) -> Diagnostic {
    let place = value.node.place();
    said.label(place, format!("`{}`", value.path)).secret(place)
}

#[cfg(test)]
mod tests {
    use crate::check::tests::messages;

    const SEALED: &str = "ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]";

    fn said(path: &str, members: &str) -> Vec<String> {
        let head = "apiVersion: v1, kind: Secret, metadata: {name: s, namespace: default}, sops: {mac: x}";
        messages("secret/clear", &[(path, &format!("{{{head}{members}}}"))])
    }

    #[test]
    fn values_in_the_clear_are_found() {
        for path in ["apps/a/s.sops.yaml", "apps/a/base/s.yaml", "apps/a/secret.yaml"] {
            assert_eq!(
                said(path, &format!(", data: {{a: '{SEALED}'}}, stringData: {{b: hunter2}}")),
                ["the Secret `s` is sealed, but not all of it"]
            );
        }
        let path = "apps/a/s.sops.yaml";
        assert_eq!(said(path, ""), ["nothing in the sealed Secret `s` is encrypted"]);
        assert_eq!(said(path, ", data: {a: ''}"), ["nothing in the sealed Secret `s` is encrypted"]);
        assert_eq!(
            said(path, &format!(", data: {{a: '{SEALED}', b: 'ENC[AES256_GCM,data'}}")),
            ["the sealed Secret `s` has values that nobody can open"]
        );
    }

    #[test]
    fn sealed_and_empty_ones_are_not() {
        assert_eq!(
            said("apps/a/s.sops.yaml", &format!(", data: {{a: '{SEALED}', b: '', c: null}}")),
            [""; 0]
        );
    }
}
