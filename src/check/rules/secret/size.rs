//! `secret/size`: a sealed file that is too large.

use crate::{
    check::{Check, Facts, Sealed},
    diag::{Diagnostic, Problems, Severity},
    seal::{MOST_BYTES, MOST_VALUES, is_sealed_file, is_secret, size},
};

/// See the module.
pub(crate) struct Size;

impl Check for Size {
    fn id(&self) -> &'static str {
        "secret/size"
    }

    fn summary(&self) -> &'static str {
        "a sealed file of more than 5 MiB, or a sealed Secret of more than 1 MiB"
    }

    fn explanation(&self) -> &'static str {
        "kustomize-controller refuses to decrypt a file of more than 5 MiB, and the whole Kustomization fails. The API server takes no \
         Secret of more than 1 MiB either."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for (path, file) in facts.tree.files().filter(|(_, file)| file.bytes.len() > MOST_BYTES) {
            if !std::str::from_utf8(&file.bytes).is_ok_and(is_sealed_file) {
                continue;
            }
            let message = format!("Flux does not open `{}`: it has more than 5 MiB", path.file_name());
            let said = Diagnostic::new(self.id(), self.severity(), message).at(file.place);
            findings.push(
                said.output(facts.output(path)).help("take out what is not secret, or make several of it"),
            );
        }
        for Sealed { object, .. } in facts.sealed().filter(|sealed| is_secret(&sealed.object.document.node)) {
            let size = size(&object.document.node);
            if size > MOST_VALUES {
                let name = object.document.name();
                let message = format!(
                    "the values of the Secret `{name}` have about {size} bytes; the API server takes at most {MOST_VALUES}"
                );
                let said = Diagnostic::new(self.id(), self.severity(), message).at(object.document.place);
                findings.push(said.output(facts.output(object.path)).help("make several Secrets of it"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        check::tests::{findings, messages},
        diag::{Sources, render},
        seal::MOST_BYTES,
    };

    #[test]
    fn large_sealed_files_are_found() {
        let head = "a: ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\nsops: {mac: x}\n# ";
        let said = |text: &str| messages("secret/size", &[("apps/a/base/x.yaml", text)]);
        let fill = |length: usize| format!("{head}{}", "x".repeat(length - head.len()));
        assert_eq!(said(&fill(MOST_BYTES)), [""; 0]);
        assert_eq!(said(&fill(MOST_BYTES + 1)), ["Flux does not open `x.yaml`: it has more than 5 MiB"]);
        assert_eq!(said(&fill(MOST_BYTES + 1).replace("sops", "soap")), [""; 0]);
        let secret = |part: &str, length: usize| {
            let data = "AAAA".repeat(length / 3);
            let value = format!("ENC[AES256_GCM,data:{data},iv:y,tag:z,type:str]");
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: a}}\n{part}: {{a: \"{value}\"}}\nsops: {{mac: x}}\n"
            )
        };
        let sized =
            |part: &str, length| messages("secret/size", &[("apps/a/s.sops.yaml", &secret(part, length))]);
        assert_eq!(sized("stringData", (1 << 20) - 1), [""; 0]);
        assert_eq!(
            sized("stringData", (1 << 20) + 2),
            ["the values of the Secret `s` have about 1048578 bytes; the API server takes at most 1048576"]
        );
        assert_eq!(sized("data", 1_390_000), [""; 0]);
        assert_eq!(sized("data", 1_410_000).len(), 1);
        let found = findings("secret/size", &[("apps/a/base/x.yaml", &fill(MOST_BYTES + 1))]);
        let text = render(&found[0], &Sources::new(), false);
        assert!(text.starts_with("error[secret/size]: Flux does not open `x.yaml`"), "{text}");
    }
}
