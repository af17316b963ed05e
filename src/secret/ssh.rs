//! Private keys of SSH, as far as a cluster can use them.

use super::pem;
use crate::plain::Plain;
use base64::{Engine, engine::general_purpose::STANDARD};

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

/// Does every line name hosts and their key, as sshd(8) has it? Empty lines and comments aside, one at least must.
///
/// # Errors
/// The number of the first line that does not, from 1.
pub fn known_hosts(file: &Plain) -> Result<(), usize> {
    let mut found = false;
    for (at, line) in file.as_text().ok_or(1_usize)?.lines().enumerate() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let mut words = line.split_whitespace().peekable();
        words.next_if(|word| matches!(*word, "@cert-authority" | "@revoked"));
        let (_hosts, kind, key) = (words.next(), words.next(), words.next());
        let is_key = |(kind, key): (&str, &str)| {
            let bytes = STANDARD.decode(key).ok()?;
            let (length, rest) = bytes.split_first_chunk::<4>()?;
            let name = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
            Some(name == kind.as_bytes())
        };
        if kind.zip(key).and_then(is_key) != Some(true) {
            return Err(at + 1);
        }
        found = true;
    }
    if found { Ok(()) } else { Err(1) }
}

/// The name of the cipher, with its length before it.
fn cipher(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<4>()?;
    rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn hosts_are_known_by_their_keys() {
        let told = |text: &str| known_hosts(&Plain::from(text));
        let key = STANDARD.encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x02ab");
        let line = format!("example.com,192.0.2.1 ssh-ed25519 {key}");
        assert_eq!(
            told(&format!("# a comment\r\n{line}\r\n\n@revoked {line} more\n|1|a=|b= ssh-ed25519 {key}\n")),
            Ok(())
        );
        for bad in [
            "",
            "# nothing\n",
            "garbage",
            "example.com ssh-ed25519",
            "example.com ssh-ed25519 %%",
            &format!("h ssh-rsa {key}"),
        ] {
            assert_eq!(told(bad), Err(1), "{bad}");
        }
        assert_eq!(told(&format!("{line}\nexample.com ssh-ed25519 AAAA\n")), Err(2));
    }
}
