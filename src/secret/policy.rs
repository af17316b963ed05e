//! Who is to open a file, and what of it is encrypted: plain data, made from the config by whoever knows it.

use super::sops::Rule;
use crate::recipient::Recipient;

/// What is wanted of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Who is to open it, each key once.
    pub readers: Vec<Reader>,
    /// Which values are encrypted.
    pub rule: Rule,
}

/// One who is to open a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The name that people know the key by.
    pub name: String,
    /// The public key.
    pub recipient: Recipient,
}

impl Policy {
    /// For Kubernetes Secrets: all of `data` and `stringData`, whatever anyone's rule says. A key named twice counts once.
    pub fn secret(readers: impl IntoIterator<Item = Reader>) -> Self {
        let mut policy = Self { readers: Vec::new(), rule: Rule::secret() };
        for reader in readers {
            if !policy.readers.iter().any(|known| known.recipient == reader.recipient) {
                policy.readers.push(reader);
            }
        }
        policy
    }
}

/// A key that has no name but itself.
impl From<Recipient> for Reader {
    fn from(recipient: Recipient) -> Self {
        Self { name: recipient.to_string(), recipient }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_key_counts_once() {
        let key = Recipient::parse("age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux").unwrap();
        let reader = |name: &str| Reader { name: name.to_owned(), recipient: key.clone() };
        assert_eq!(Policy::secret([reader("a"), reader("b")]).readers, [reader("a")]);
        assert_eq!(Reader::from(key.clone()).name, key.as_str());
    }
}
