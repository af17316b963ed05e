//! `secret/size`: a sealed file that is too large.

use crate::{
    check::{Check, Facts},
    diag::{Diagnostic, Problems, Severity},
    seal::{MOST_BYTES, is_sealed_file},
};

/// See the module.
pub(crate) struct Size;

impl Check for Size {
    fn id(&self) -> &'static str {
        "secret/size"
    }

    fn summary(&self) -> &'static str {
        "a sealed file of more than 5 MiB"
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
        let found = findings("secret/size", &[("apps/a/base/x.yaml", &fill(MOST_BYTES + 1))]);
        let text = render(&found[0], &Sources::new(), false);
        assert!(text.starts_with("error[secret/size]: Flux does not open `x.yaml`"), "{text}");
    }
}
