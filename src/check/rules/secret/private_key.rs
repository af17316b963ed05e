//! `secret/private-key`: a private key in a tree.

use crate::{
    check::{Check, Facts},
    diag::{Diagnostic, Problems, Severity},
};

/// See the module.
pub(crate) struct PrivateKey;

impl Check for PrivateKey {
    fn id(&self) -> &'static str {
        "secret/private-key"
    }

    fn summary(&self) -> &'static str {
        "a private key of age in a file of the tree"
    }

    fn explanation(&self) -> &'static str {
        "Whoever reads the repository can open with it all that is sealed for it, in every commit. Such a key belongs into the cluster, \
         from where Flux reads it, and into the hands of people."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for (path, _) in facts.tree.files().filter(|(_, file)| holds_key(&file.bytes)) {
            let message = format!("`{}` holds a private key of age", path.file_name());
            // No label: it would print the line with the key.
            let said = Diagnostic::new(self.id(), self.severity(), message).output(facts.output(path));
            findings.push(
                said.help("take it out, make a new key, and seal everything again for that")
                    .help("and replace every value that was sealed for the old one"),
            );
        }
    }
}

/// `AGE-SECRET-KEY-1` or `AGE-SECRET-KEY-PQ-1` and as many letters as a key has.
fn holds_key(bytes: &[u8]) -> bool {
    const START: &str = "AGE-SECRET-KEY-";
    const LETTERS: usize = 58;
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    text.match_indices(START).any(|(at, _)| {
        let rest = &text[at + START.len()..];
        let rest = rest.strip_prefix("PQ-").unwrap_or(rest);
        let is_letter = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit();
        rest.strip_prefix('1').is_some_and(|rest| rest.bytes().take_while(is_letter).count() >= LETTERS)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_keys_are_found() {
        let key = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE";
        assert!(holds_key(format!("a: AGE-SECRET-KEY-1{key}\n").as_bytes()));
        assert!(holds_key(format!("AGE-SECRET-KEY-PQ-1{key}").as_bytes()));
        assert!(!holds_key(format!("AGE-SECRET-KEY-1{}", &key[1..]).as_bytes()));
        assert!(!holds_key(b"keys begin with AGE-SECRET-KEY-1"));
        assert!(!holds_key(b""));
    }
}
