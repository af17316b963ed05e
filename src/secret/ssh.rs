//! Private keys of SSH, as far as a cluster can use them.

use super::pem;
use crate::plain::Plain;

/// What is wrong with a key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SshFault {
    /// It holds no private key.
    NoKey,
    /// It holds the public key.
    Public,
    /// It is protected by a passphrase, which nobody in a cluster can type.
    Passphrase,
}

/// What begins a key in OpenSSH's own form.
const MAGIC: &[u8] = b"openssh-key-v1\0";

/// Is this a private key without a passphrase?
///
/// # Errors
/// What is wrong.
pub fn private_key(file: &Plain) -> Result<(), SshFault> {
    let text = file.as_text().ok_or(SshFault::NoKey)?;
    if ["ssh-", "ecdsa-", "sk-", "---- BEGIN SSH2"].iter().any(|start| text.starts_with(start)) {
        return Err(SshFault::Public);
    }
    let blocks = pem::blocks(text).ok_or(SshFault::NoKey)?;
    let [block] = blocks.as_slice() else { return Err(SshFault::NoKey) };
    match &*block.label {
        _ if block.has_headers => Err(SshFault::Passphrase),
        "OPENSSH PRIVATE KEY" => match cipher(&block.bytes) {
            Some(b"none") => Ok(()),
            Some(_) => Err(SshFault::Passphrase),
            None => Err(SshFault::NoKey),
        },
        "ENCRYPTED PRIVATE KEY" => Err(SshFault::Passphrase),
        "RSA PRIVATE KEY" | "EC PRIVATE KEY" | "PRIVATE KEY" => Ok(()),
        _ => Err(SshFault::NoKey),
    }
}

/// The name of the cipher, with its length before it.
fn cipher(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<4>()?;
    rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::STANDARD};

    #[test]
    fn keys_with_a_passphrase_and_public_ones_are_told() {
        let openssh = |cipher: &[u8]| {
            let mut bytes = MAGIC.to_vec();
            bytes.extend(u32::try_from(cipher.len()).unwrap().to_be_bytes());
            bytes.extend(cipher);
            let encoded = STANDARD.encode(bytes);
            format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{encoded}\n-----END OPENSSH PRIVATE KEY-----\n")
        };
        let told = |text: &str| private_key(&Plain::from(text));
        assert_eq!(told(&openssh(b"none")), Ok(()));
        assert_eq!(told(&openssh(b"aes256-ctr")), Err(SshFault::Passphrase));
        assert_eq!(told(&openssh(b"none")[..60]), Err(SshFault::NoKey));
        assert_eq!(told(include_str!("tls/test-only/rsa1.pem")), Ok(()));
        assert_eq!(told(include_str!("tls/test-only/enc1.pem")), Err(SshFault::Passphrase));
        assert_eq!(told(include_str!("tls/test-only/ec.crt")), Err(SshFault::NoKey));
        assert_eq!(told("ssh-ed25519 AAAA me@example.com"), Err(SshFault::Public));
        assert_eq!(told(""), Err(SshFault::NoKey));
    }
}
