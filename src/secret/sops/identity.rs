//! Private keys that open files, and the files they stand in.

use super::age::{self, Closed};
use crate::{
    diag::{Diagnostic, Problems},
    plain::{Plain, PlainText},
};
use ::age::{secrecy::ExposeSecret, x25519};
use std::fmt;

/// A private X25519 key.
pub struct Identity(x25519::Identity);

/// All private keys at hand.
#[derive(Default)]
pub struct Identities {
    list: Vec<x25519::Identity>,
    passed_over: Vec<PassedOver>,
}

/// A private key of a kind that is not supported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// The file or variable it stands in.
    pub from: String,
    /// Its line, from 1.
    pub line: usize,
    /// What it is: `an SSH key`.
    pub what: &'static str,
}

/// Where keys stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A key file: one key a line.
    File,
    /// A variable such as `SOPS_AGE_KEY`: keys between blanks or commas, too.
    Variable,
}

/// Asks for the passphrase of a key file by its name; `None` if there is nobody to ask.
pub type Ask<'a> = &'a mut dyn FnMut(&str) -> Option<PlainText>;

impl Identity {
    /// A new key.
    pub fn generate() -> Self {
        Self(x25519::Identity::generate())
    }

    /// The recipient it opens for: `age1…`.
    pub fn recipient(&self) -> String {
        self.0.to_public().to_string()
    }

    /// The text of a key file, as `age-keygen` writes it; `created` is RFC 3339.
    pub fn file(&self, created: &str) -> PlainText {
        key_file(&format!("# created: {created}\n# public key: {}\n", self.recipient()), &self.0)
    }
}

fn key_file(comments: &str, identity: &x25519::Identity) -> PlainText {
    let mut text = PlainText::from(comments);
    text.push_str(identity.to_string().expose_secret());
    text.push_str("\n");
    text
}

/// The text of a key file, encrypted with a passphrase in ASCII armour as `age -p -a` does it.
pub fn protect(file: &PlainText, passphrase: &PlainText) -> String {
    age::protect(&Plain::from(file.clone()), passphrase, age::WORK)
}

impl Identities {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the keys of a file or variable. Comments, CRLF, a byte order mark, several keys and no final line feed are
    /// fine. A file protected by a passphrase is opened with what `ask` gives.
    pub fn add(&mut self, from: &str, content: &Plain, form: Form, ask: Ask, problems: &mut Problems) {
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        let start = content.trim_ascii_start();
        if start.starts_with(b"age-encryption.org/")
            || start.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----")
        {
            return self.protected(from, start, ask, problems);
        }
        if start.starts_with(b"-----BEGIN ") && start.windows(12).any(|w| w == b"PRIVATE KEY-") {
            return self.pass_over(from, 1, "an SSH key");
        }
        match std::str::from_utf8(content) {
            Ok(text) => self.lines(from, text, form, problems),
            Err(_) => problems.push(
                Diagnostic::error(
                    "secret/identity",
                    format!("`{from}` is no file of age keys: it is not UTF-8"),
                )
                .help("name a file of age keys, as `age-keygen` writes it"),
            ),
        }
    }

    fn protected(&mut self, from: &str, content: &[u8], ask: Ask, problems: &mut Problems) {
        let Some(passphrase) = ask(from) else {
            return problems.push(
                Diagnostic::error(
                    "secret/passphrase",
                    format!("`{from}` is protected by a passphrase, and there is nobody to ask"),
                )
                .help("run this in a terminal, or name a key file without a passphrase"),
            );
        };
        let (message, help) = match age::unprotect(content, &passphrase) {
            Ok(plain) => match plain.as_text() {
                Some(text) => return self.lines(from, text, Form::File, problems),
                None => ("holds no age keys", "name a file that holds keys"),
            },
            Err(Closed::NoKey) => ("does not open with this passphrase", "try again"),
            Err(Closed::NoPassphrase) => {
                ("is encrypted for keys, not with a passphrase", "decrypt it with `age` first")
            }
            Err(Closed::TooMuchWork) => {
                ("asks for more work than age allows", "protect it anew with `age -p`")
            }
            Err(Closed::Damaged) => ("is damaged", "take it from a backup"),
        };
        problems.push(Diagnostic::error("secret/passphrase", format!("`{from}` {message}")).help(help));
    }

    fn lines(&mut self, from: &str, text: &str, form: Form, problems: &mut Problems) {
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.starts_with('#') {
                continue;
            }
            match form {
                Form::File if line.is_empty() => {}
                Form::File => self.word(from, at + 1, line, problems),
                Form::Variable => line
                    .split(|c: char| c.is_whitespace() || c == ',')
                    .filter(|word| !word.is_empty())
                    .for_each(|word| self.word(from, at + 1, word, problems)),
            }
        }
    }

    fn word(&mut self, from: &str, line: usize, word: &str, problems: &mut Problems) {
        if word.starts_with("AGE-SECRET-KEY-PQ-1") {
            return self.pass_over(from, line, "a post-quantum key");
        }
        if word.starts_with("AGE-PLUGIN-") {
            return self.pass_over(from, line, "the key of a plugin");
        }
        let wrong = match word.parse::<x25519::Identity>() {
            Ok(identity) => return self.list.push(identity),
            Err(_) if word.starts_with("AGE-SECRET-KEY-1") => "an age key with a mistake in it",
            Err(_) if word.starts_with("age1") || word.starts_with("ssh-") => {
                "a public key, which opens nothing"
            }
            Err(_) => "no age key",
        };
        problems.push(
            Diagnostic::error("secret/identity", format!("line {line} of `{from}` is {wrong}")).help(
                "a private key of age begins with `AGE-SECRET-KEY-1`, one a line; comments begin with `#`",
            ),
        );
    }

    fn pass_over(&mut self, from: &str, line: usize, what: &'static str) {
        self.passed_over.push(PassedOver { from: from.to_owned(), line, what });
    }

    /// Is there none that can be used?
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The recipients they open for.
    pub fn recipients(&self) -> Vec<String> {
        self.list.iter().map(|identity| identity.to_public().to_string()).collect()
    }

    /// The text of a key file with the key that opens for a recipient, for whoever is to have it; `None` if it is not
    /// among them.
    pub fn key_file(&self, recipient: &str) -> Option<PlainText> {
        let identity = self.list.iter().find(|identity| identity.to_public().to_string() == recipient)?;
        Some(key_file(&format!("# public key: {recipient}\n"), identity))
    }

    /// Keys of kinds that are not supported, to be told where no other key fits.
    pub fn passed_over(&self) -> &[PassedOver] {
        &self.passed_over
    }

    /// Decrypts what is for any of them.
    pub(super) fn unwrap(&self, armoured: &str) -> Result<Plain, Closed> {
        age::unwrap(armoured, self.list.iter())
    }
}

impl From<Identity> for Identities {
    fn from(identity: Identity) -> Self {
        Self { list: vec![identity.0], passed_over: Vec::new() }
    }
}

/// Only the recipient.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.recipient())
    }
}

/// Only the recipients.
impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identities({})", self.recipients().join(", "))
    }
}

/// What is to be told of it.
impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} in `{}` (line {}) is passed over: only keys that begin with `AGE-SECRET-KEY-1` are supported",
            self.what, self.from, self.line
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// TEST ONLY: these keys are public.
    const ONE: &str = "AGE-SECRET-KEY-1H69TQUC6U3PY234F4DQNTRZHNJ0CZ2LMZY4UGJ4N9GKK932VCDMQVLNGKZ";
    const ONE_PUBLIC: &str = "age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux";

    fn read(content: &[u8], form: Form, passphrase: Option<&str>) -> (Vec<String>, Vec<String>, Vec<String>) {
        let (mut identities, mut problems) = (Identities::new(), Problems::new());
        let mut ask = |name: &str| {
            assert_eq!(name, "keys.txt");
            passphrase.map(PlainText::from)
        };
        identities.add("keys.txt", &Plain::from(content), form, &mut ask, &mut problems);
        let told = problems.0.iter().map(|p| format!("{} {}", p.id, p.message)).collect();
        (
            identities.recipients(),
            told,
            identities.passed_over().iter().map(|p| format!("{} {}", p.line, p.what)).collect(),
        )
    }

    #[test]
    fn key_files_have_many_forms() {
        let two = Identity::generate();
        let file = two.file("2026-01-01T00:00:00Z");
        for content in [
            format!("{ONE}\n{}", &*file),
            format!("\u{feff}# c\r\n\r\n{ONE}\r\n  {}  ", file.lines().last().unwrap()),
            format!("# a\n# b\n{ONE}\n{}", file.lines().last().unwrap()),
        ] {
            let (found, told, passed) = read(content.as_bytes(), Form::File, None);
            assert_eq!(found, [ONE_PUBLIC.to_owned(), two.recipient()], "{told:?} {passed:?}");
        }
        let several = format!("{ONE},{} {ONE}\n", file.lines().last().unwrap());
        assert_eq!(read(several.as_bytes(), Form::Variable, None).0.len(), 3);
        assert_eq!(read(b"", Form::File, None), (vec![], vec![], vec![]));
    }

    #[test]
    fn other_kinds_are_passed_over_by_name() {
        let text = format!("AGE-SECRET-KEY-PQ-1QQQ\nAGE-PLUGIN-YUBIKEY-1QQQ\n{ONE}\n");
        let (found, told, passed) = read(text.as_bytes(), Form::File, None);
        assert_eq!((found.len(), told.len()), (1, 0));
        assert_eq!(passed, ["1 a post-quantum key", "2 the key of a plugin"]);
        let ssh = b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n";
        assert_eq!(read(ssh, Form::File, None).2, ["1 an SSH key"]);
        let passed = PassedOver { from: "k".into(), line: 1, what: "an SSH key" };
        assert!(passed.to_string().starts_with("an SSH key in `k` (line 1) is passed over"));
    }

    #[test]
    fn mistakes_are_told_without_the_key() {
        let broken = ONE.replace("H69", "H68");
        let text = format!("{broken}\n{ONE_PUBLIC}\ngeheim\n");
        let (_, told, _) = read(text.as_bytes(), Form::File, None);
        assert_eq!(
            told,
            [
                "secret/identity line 1 of `keys.txt` is an age key with a mistake in it",
                "secret/identity line 2 of `keys.txt` is a public key, which opens nothing",
                "secret/identity line 3 of `keys.txt` is no age key",
            ]
        );
        assert_eq!(
            read(b"\xff\xfe", Form::File, None).1,
            ["secret/identity `keys.txt` is no file of age keys: it is not UTF-8"]
        );
    }

    #[test]
    fn a_key_file_may_be_protected_by_a_passphrase() {
        let protected =
            age::protect(&Plain::from(format!("# c\n{ONE}\n").as_str()), &"correct horse".into(), 8);
        assert!(protected.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"));
        assert_eq!(read(protected.as_bytes(), Form::File, Some("correct horse")).0, [ONE_PUBLIC]);
        let crlf = protected.replace('\n', "\r\n");
        assert_eq!(read(crlf.as_bytes(), Form::File, Some("correct horse")).0, [ONE_PUBLIC]);
        let told = |content: &str, passphrase| read(content.as_bytes(), Form::File, passphrase).1;
        assert_eq!(
            told(&protected, Some("wrong")),
            ["secret/passphrase `keys.txt` does not open with this passphrase"]
        );
        assert!(told(&protected, None)[0].contains("nobody to ask"));
        assert_eq!(told(&protected[..200], Some("x")), ["secret/passphrase `keys.txt` is damaged"]);
        let to_key = age::wrap(&Plain::from(ONE), &ONE_PUBLIC.parse().unwrap());
        assert!(told(&to_key, Some("x"))[0].contains("for keys"));
    }

    #[test]
    fn a_key_is_given_for_its_recipient_alone() {
        let identities = Identities::from(Identity(ONE.parse().unwrap()));
        let file = identities.key_file(ONE_PUBLIC).unwrap();
        assert_eq!(&*file, format!("# public key: {ONE_PUBLIC}\n{ONE}\n"));
        assert_eq!(identities.key_file("age1x"), None);
    }

    #[test]
    fn debug_shows_no_private_key() {
        let identity: Identity = Identity(ONE.parse().unwrap());
        assert_eq!(format!("{identity:?}"), format!("Identity({ONE_PUBLIC})"));
        assert_eq!(format!("{:?}", Identities::from(identity)), format!("Identities({ONE_PUBLIC})"));
    }
}
