//! Who is to open a file, and what of it is encrypted: plain data, made from the config by whoever knows it.

use super::sops::Rule;

/// What is wanted of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Who is to open it, each once.
    pub recipients: Vec<Recipient>,
    /// Which values are encrypted.
    pub rule: Rule,
}

/// A public key with the name that people know it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Its name in the config; the key itself if it has none.
    pub name: String,
    /// The key: `age1…`.
    pub key: String,
    /// What it is.
    pub kind: RecipientKind,
}

/// Kinds of public keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipientKind {
    /// `age1…`: what can be sealed for.
    X25519,
    /// `age1pq1…`.
    PostQuantum,
    /// `age1tag1…` and `age1tagpq1…`.
    Tagged,
    /// `age1NAME1…`.
    Plugin,
    /// `ssh-ed25519 …` and `ssh-rsa …`.
    Ssh,
    /// A fingerprint of OpenPGP.
    Pgp,
    /// A key of AWS, Google, Azure, HashiCorp or Huawei.
    KeyService,
}

impl RecipientKind {
    /// What it is called in messages.
    pub fn name(self) -> &'static str {
        match self {
            RecipientKind::X25519 => "an age recipient",
            RecipientKind::PostQuantum => "a post-quantum age recipient",
            RecipientKind::Tagged => "an age recipient of a hardware key",
            RecipientKind::Plugin => "a recipient of an age plugin",
            RecipientKind::Ssh => "an SSH key",
            RecipientKind::Pgp => "a PGP key",
            RecipientKind::KeyService => "a key of a key service",
        }
    }

    fn of(key: &str) -> Option<Self> {
        let begins = |words: &[&str]| words.iter().any(|word| key.starts_with(word));
        let hex = |s: &str| s.len() == 40 && s.bytes().all(|b| b.is_ascii_hexdigit());
        Some(match key {
            _ if begins(&["age1pq1"]) => RecipientKind::PostQuantum,
            _ if begins(&["age1tag1", "age1tagpq1"]) => RecipientKind::Tagged,
            // Bech32 has no `1` behind its separator.
            _ if begins(&["age1"]) && key[4..].contains('1') => RecipientKind::Plugin,
            _ if begins(&["age1"]) => RecipientKind::X25519,
            _ if begins(&["ssh-ed25519 ", "ssh-rsa ", "ecdsa-"]) => RecipientKind::Ssh,
            _ if hex(&key.replace(' ', "")) => RecipientKind::Pgp,
            _ if begins(&["arn:aws", "projects/", "https://", "http://"]) => RecipientKind::KeyService,
            _ => return None,
        })
    }
}

impl Recipient {
    /// A public key.
    ///
    /// # Errors
    /// Says in a few words what is wrong with it, to be put behind its name.
    pub fn new(name: &str, key: &str) -> Result<Self, String> {
        let key = key.trim();
        if key.starts_with("AGE-SECRET-KEY-") || key.starts_with("AGE-PLUGIN-") {
            return Err(
                "is a private key: whoever can read this file can open what is sealed for it".to_owned()
            );
        }
        let kind = RecipientKind::of(key)
            .ok_or("is no public key: those of age begin with `age1`, and `age-keygen -y` prints them")?;
        if kind == RecipientKind::X25519 {
            super::sops::check_recipient(key)?;
        }
        Ok(Self { name: name.to_owned(), key: key.to_owned(), kind })
    }
}

impl Policy {
    /// For Kubernetes Secrets: all of `data` and `stringData`, whatever anyone's rule says. A key named twice counts once.
    pub fn secret(recipients: impl IntoIterator<Item = Recipient>) -> Self {
        let mut policy = Self { recipients: Vec::new(), rule: Rule::secret() };
        for recipient in recipients {
            if !policy.recipients.iter().any(|known| known.key == recipient.key) {
                policy.recipients.push(recipient);
            }
        }
        policy
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const KEY: &str = "age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux";

    #[test]
    fn public_keys_are_known_by_their_kind() {
        for (key, kind) in [
            (KEY, RecipientKind::X25519),
            (" age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux\n", RecipientKind::X25519),
            ("age1pq1qqq", RecipientKind::PostQuantum),
            ("age1tag1qqq", RecipientKind::Tagged),
            ("age1tagpq1qqq", RecipientKind::Tagged),
            ("age1yubikey1qqq", RecipientKind::Plugin),
            ("ssh-ed25519 AAAA alice", RecipientKind::Ssh),
            ("85D77543B3D624B63CEA9E6DBC17301B491B3F21", RecipientKind::Pgp),
            ("arn:aws:kms:eu-west-1:1:key/x", RecipientKind::KeyService),
            ("projects/p/locations/l/keyRings/r/cryptoKeys/k", RecipientKind::KeyService),
        ] {
            assert_eq!(Recipient::new("x", key).unwrap().kind, kind, "{key}");
        }
    }

    #[test]
    fn what_is_no_public_key_is_told() {
        let why = |key: &str| Recipient::new("x", key).unwrap_err();
        assert!(why("AGE-SECRET-KEY-1QQQ").contains("private"));
        assert!(why("alice").contains("no public key"));
        assert!(why(&KEY.replace("jrxx", "jrxy")).contains("mistake"));
    }

    #[test]
    fn a_key_counts_once() {
        let key = |name: &str| Recipient::new(name, KEY).unwrap();
        assert_eq!(Policy::secret([key("a"), key("b")]).recipients.len(), 1);
    }
}
