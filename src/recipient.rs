//! Public keys that secrets are sealed to: which kind a key is, and whether it is whole. Nothing is encrypted here.

use base64::{Engine, engine::general_purpose::STANDARD};
use std::{fmt, sync::Arc};

/// A public key that secrets are sealed to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Recipient {
    text: Arc<str>,
    kind: Kind,
}

/// What kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `age1…`: X25519.
    X25519,
    /// `age1pq1…`: ML-KEM-768 with X25519 (age 1.3).
    PostQuantum,
    /// `age1tag1…`, `age1tagpq1…`: a key in hardware that anyone can encrypt to.
    Tag {
        /// With ML-KEM-768.
        post_quantum: bool,
    },
    /// `age1<plugin>1…`: needs the program `age-plugin-<plugin>`.
    Plugin,
    /// `ssh-ed25519 …`.
    SshEd25519,
    /// `ssh-rsa …`.
    SshRsa,
    /// The fingerprint of an OpenPGP key, 40 hexadecimal digits.
    Pgp,
}

/// Why a text is no public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// To be put behind its name: `is a private key`.
    pub why: String,
    /// What to do.
    pub help: String,
    /// It must not be shown.
    pub is_private: bool,
}

/// The length of an X25519 key, and of one of ML-KEM-768 with X25519, in bytes.
const X25519: usize = 32;
const ML_KEM_768_X25519: usize = 1184 + X25519;
/// The fingerprint of an OpenPGP key of version 4, in hexadecimal digits.
const FINGERPRINT: usize = 40;
/// age refuses shorter RSA keys.
const SHORTEST_RSA: usize = 2048;

const USUAL: &str = "give the public one, which begins with `age1`";
const COPY: &str = "copy it again from where it was made";

impl Recipient {
    /// Reads a public key; the comment of an SSH key is left out.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let is = |starts: &[&str]| starts.iter().any(|start| text.starts_with(start));
        let upper = text.to_ascii_uppercase();
        if ["AGE-SECRET-KEY-", "AGE-PLUGIN-", "-----BEGIN"].iter().any(|start| upper.starts_with(start)) {
            let help = format!(
                "{USUAL}; if it was committed, replace it, and seal everything again for the new one"
            );
            return Err(Fault { why: "is a private key".to_owned(), help, is_private: true });
        }
        if text.contains(',') {
            return Err(fault("holds several keys", "give each one a name of its own"));
        }
        if is(&["ssh-", "ecdsa-", "sk-"]) {
            return ssh(text);
        }
        if let Some(service) = key_service(text) {
            let why = format!("is a key of {service}, and `gen` seals for none");
            return Err(fault(&why, USUAL));
        }
        let digits: String = text.chars().filter(|c| *c != ' ').collect();
        if digits.len() >= 8 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return pgp(&digits);
        }
        if text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("age1")) {
            return age(text);
        }
        Err(fault(
            "is not a public key of age",
            "give one that begins with `age1`, `ssh-ed25519` or `ssh-rsa`",
        ))
    }

    /// The key as SOPS writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What kind of key it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// `age1jrxx…`: enough to tell it from others.
    pub fn short(&self) -> String {
        match self.kind {
            Kind::SshEd25519 | Kind::SshRsa => {
                let tail = self.text.len().saturating_sub(8);
                format!("{}…{}", self.text.split(' ').next().unwrap_or_default(), &self.text[tail..])
            }
            _ => format!("{}…", &self.text[..self.text.len().min(16)]),
        }
    }
}

impl Kind {
    /// Can Flux have the private key? It reads those of age, of its plugins and of OpenPGP, but none of SSH.
    pub fn is_read_by_flux(self) -> bool {
        !matches!(self, Kind::SshEd25519 | Kind::SshRsa)
    }

    /// Does it withstand a quantum computer? `None` where only its plugin knows.
    pub fn is_post_quantum(self) -> Option<bool> {
        match self {
            Kind::PostQuantum => Some(true),
            Kind::Tag { post_quantum } => Some(post_quantum),
            Kind::Plugin => None,
            Kind::X25519 | Kind::SshEd25519 | Kind::SshRsa | Kind::Pgp => Some(false),
        }
    }

    /// Does SOPS keep it under `age`? Else under `pgp`.
    pub fn is_age(self) -> bool {
        self != Kind::Pgp
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::X25519 => "an age key",
            Kind::PostQuantum => "a post-quantum age key",
            Kind::Tag { .. } => "an age key in hardware",
            Kind::Plugin => "a key of an age plugin",
            Kind::SshEd25519 | Kind::SshRsa => "an SSH key",
            Kind::Pgp => "an OpenPGP key",
        })
    }
}

fn fault(why: &str, help: &str) -> Fault {
    Fault { why: why.to_owned(), help: help.to_owned(), is_private: false }
}

/// Key services of SOPS, by what their keys look like.
fn key_service(text: &str) -> Option<&'static str> {
    let path = |part: &str| text.contains(part);
    if text.starts_with("arn:") {
        Some("AWS KMS")
    } else if path("/cryptoKeys/") {
        Some("Google Cloud KMS")
    } else if path(".vault.azure.net/") {
        Some("Azure Key Vault")
    } else if text.starts_with("http") && path("/keys/") {
        Some("Vault")
    } else {
        None
    }
}

/// The kinds that are written in bech32, told apart by what stands before the last `1`: an X25519 key may well begin
/// with `age1pq`.
fn age(text: &str) -> Result<Recipient, Fault> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(fault("has upper-case letters, and a public key of age has none", COPY));
    }
    let (prefix, data) = bech32(text).map_err(|why| fault(&why, COPY))?;
    let (kind, length) = match prefix {
        "age" => (Kind::X25519, Some(X25519)),
        "age1pq" => (Kind::PostQuantum, Some(ML_KEM_768_X25519)),
        "age1tag" => (Kind::Tag { post_quantum: false }, None),
        "age1tagpq" => (Kind::Tag { post_quantum: true }, None),
        _ => (Kind::Plugin, None),
    };
    match length.filter(|length| *length != data.len()) {
        Some(length) => {
            let why = format!("holds {} bytes, and {kind} has {length}", data.len());
            Err(fault(&why, COPY))
        }
        None => Ok(Recipient { text: text.into(), kind }),
    }
}

/// The prefix and the bytes of a bech32 text (BIP 173, without its limit on length); its letters are of one case.
fn bech32(text: &str) -> Result<(&str, Vec<u8>), String> {
    const LETTERS: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const CHECKSUM: usize = 6;
    let cut = "is cut off: it has no room for a checksum".to_owned();
    let (prefix, rest) = text.rsplit_once('1').ok_or(cut.clone())?;
    let letter = |c: char| LETTERS.iter().position(|letter| char::from(*letter) == c);
    let mut values: Vec<u8> = Vec::with_capacity(rest.len());
    for c in rest.chars() {
        let value = letter(c).ok_or_else(|| format!("has the character {c:?}, which no such key has"))?;
        values.push(u8::try_from(value).unwrap_or_default());
    }
    if values.len() < CHECKSUM {
        return Err(cut);
    }
    let high = prefix.bytes().map(|b| b >> 5);
    let low = prefix.bytes().map(|b| b & 31);
    if checksum(high.chain([0]).chain(low).chain(values.iter().copied())) != 1 {
        return Err("does not fit its own checksum: a character is wrong, missing or too many".to_owned());
    }
    let (mut bytes, mut pending, mut bits) = (Vec::new(), 0_u32, 0);
    for value in &values[..values.len() - CHECKSUM] {
        pending = (pending << 5 | u32::from(*value)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((pending >> bits & 0xff) as u8);
        }
    }
    match bits < 5 && pending & ((1 << bits) - 1) == 0 {
        true => Ok((prefix, bytes)),
        false => Err("does not end on a whole byte".to_owned()),
    }
}

/// The checksum of BIP 173: 1 for a text that is whole.
fn checksum(values: impl Iterator<Item = u8>) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    values.fold(1, |sum, value| {
        let top = sum >> 25;
        let next = (sum & 0x01ff_ffff) << 5 ^ u32::from(value);
        let applied = GENERATOR.iter().enumerate().filter(|(bit, _)| top >> bit & 1 == 1);
        applied.fold(next, |sum, (_, generator)| sum ^ generator)
    })
}

/// An SSH public key as it stands in an `authorized_keys` line: a type, base64 of the key (RFC 4253, 6.6), a comment.
fn ssh(text: &str) -> Result<Recipient, Fault> {
    let mut words = text.split_ascii_whitespace();
    let (name, encoded) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let kind = match name {
        "ssh-ed25519" => Kind::SshEd25519,
        "ssh-rsa" => Kind::SshRsa,
        _ => {
            let why = format!("is a key of the type `{name}`, which age does not know");
            return Err(fault(
                &why,
                "use a key of the type `ssh-ed25519` or `ssh-rsa`, or better one of age",
            ));
        }
    };
    let damaged = || fault("is damaged: its second word is no such key", COPY);
    let bytes = STANDARD.decode(encoded).map_err(|_| damaged())?;
    let mut rest = bytes.as_slice();
    let mut field = || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (field, after) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        rest = after;
        Some(field)
    };
    let (named, first) = (field(), field());
    let second = if kind == Kind::SshRsa { field() } else { Some(&[][..]) };
    let (Some(first), Some(second)) = (first, second) else { return Err(damaged()) };
    let sized = kind == Kind::SshRsa || first.len() == X25519;
    if named != Some(name.as_bytes()) || !sized || !rest.is_empty() {
        return Err(damaged());
    }
    let modulus = second.iter().position(|b| *b != 0).map_or(&[][..], |start| &second[start..]);
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |b| b.leading_zeros() as usize);
    if kind == Kind::SshRsa && bits < SHORTEST_RSA {
        let why = format!("is an RSA key of {bits} bits, and age takes none below {SHORTEST_RSA}");
        return Err(fault(&why, "use a longer one, or better a key of age"));
    }
    Ok(Recipient { text: format!("{name} {encoded}").into(), kind })
}

fn pgp(digits: &str) -> Result<Recipient, Fault> {
    if digits.len() != FINGERPRINT {
        let why = format!(
            "has {} hexadecimal digits, and a fingerprint of OpenPGP has {FINGERPRINT}",
            digits.len()
        );
        return Err(fault(&why, "give the whole fingerprint, as `gpg --fingerprint` shows it"));
    }
    Ok(Recipient { text: digits.to_ascii_uppercase().into(), kind: Kind::Pgp })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux";
    const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE2QZJpnwknT5OBtXcyOhvZnUoEtmmcoBSyxOHUTiv15";
    const RSA_2048: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCxolnnM/EwLAHP1Qf10XZaY6+HfS3Nj20SebG3DMlGDx0FAsuFufMYuwCAkokceIoojYbHDacR4KExXMfG91fMbWuQFBkMRGrwoaB3pD4L0WfuUK+V7jjDXXTRKR9FFQwuxFXsI+8V/LZCIiDVP/NxFQREauQcd/A/hePdekxzc/izArONBrYsgG/ucNpXVz6ER8p8mQok8183PKLlESAaBWqCUciE5NvKSzRkPGjaa450ADzqse8ms6pG6IXuV4TD51ZIpOj9HLPwkA9rc4HofYoyaVXc9d66LmGb3V0B+x9IUOjWeRq+7iWi/0ykj0tbTELp0xPLzJlp6UTpAVFt";
    const RSA_1024: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQCulUP3PMGsPVdvlE7hNREQvXHr4KaezJlorVBes2/T38KusFl8AN0KEnR+LL3wOsw7l46MOAa4eYotf/r8Mn0sQ32X9o2YwRVwUAzd8m6QUH0KagPP7y3pICejg/RhrrMwfqlne0pMBgWdbYjtTy6tN58J//+VYLWwldcIpUnT2w==";

    fn kind(text: &str) -> Kind {
        Recipient::parse(text).unwrap_or_else(|fault| panic!("{text}: {}", fault.why)).kind()
    }

    fn why(text: &str) -> String {
        Recipient::parse(text).expect_err(text).why
    }

    /// Bech32 of bytes, as BIP 173 has it.
    fn encode(prefix: &str, bytes: &[u8]) -> String {
        let letters = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
        let bits: Vec<u8> = bytes.iter().flat_map(|b| (0..8).rev().map(move |i| b >> i & 1)).collect();
        let mut values: Vec<u8> =
            bits.chunks(5).map(|c| c.iter().enumerate().map(|(i, bit)| bit << (4 - i)).sum()).collect();
        let head = prefix.bytes().map(|b| b >> 5).chain([0]).chain(prefix.bytes().map(|b| b & 31));
        let sum = checksum(head.chain(values.iter().copied()).chain([0; 6])) ^ 1;
        values.extend((0..6).map(|i| (sum >> (5 * (5 - i)) & 31) as u8));
        values
            .iter()
            .fold(format!("{prefix}1"), |text, v| text + &char::from(letters[usize::from(*v)]).to_string())
    }

    #[test]
    fn every_kind_is_known() {
        assert_eq!(kind(KEY), Kind::X25519);
        assert_eq!(kind(&format!(" {KEY}\n")), Kind::X25519);
        // A key of X25519 that begins as a post-quantum one does.
        assert_eq!(kind("age1pqw26wvuhkqsmmqh0flpkkt7hmn2mrwmr83v84fm8zjmalnqavuq2tj4sg"), Kind::X25519);
        assert_eq!(kind(&encode("age1pq", &[7; 1216])), Kind::PostQuantum);
        assert_eq!(kind(&encode("age1tag", &[2; 33])), Kind::Tag { post_quantum: false });
        assert_eq!(kind(&encode("age1tagpq", &[2; 1249])), Kind::Tag { post_quantum: true });
        assert_eq!(kind(&encode("age1yubikey", &[2; 33])), Kind::Plugin);
        assert_eq!(kind(&format!("{ED25519} alice@example.com")), Kind::SshEd25519);
        assert_eq!(kind(RSA_2048), Kind::SshRsa);
        assert_eq!(kind("FBC7 B9E2 A4F9 289A C0C1  D484 3D16 CEE4 A27381B4"), Kind::Pgp);
    }

    #[test]
    fn the_key_is_kept_as_sops_writes_it() {
        let text = |text: &str| Recipient::parse(text).unwrap().as_str().to_owned();
        assert_eq!(text(&format!("{ED25519} alice@example.com")), ED25519);
        assert_eq!(
            text("fbc7 b9e2 a4f9 289a c0c1  d484 3d16 cee4 a27381b4"),
            "FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4"
        );
        assert_eq!(Recipient::parse(KEY).unwrap().short(), "age1jrxx9epnkdym…");
        assert_eq!(Recipient::parse(ED25519).unwrap().short(), "ssh-ed25519…OHUTiv15");
    }

    /// Any one character changed, left out, doubled or swapped with its neighbour is found: bech32 promises it for
    /// changes; lengths are ours.
    #[test]
    fn a_damaged_key_is_found() {
        for at in 5..KEY.len() {
            let (before, after) = (&KEY[..at], &KEY[at + 1..]);
            let other = if &KEY[at..=at] == "q" { "p" } else { "q" };
            for bad in [
                format!("{before}{other}{after}"),
                format!("{before}{after}"),
                format!("{before}{}{}", &KEY[at..=at], &KEY[at..]),
            ] {
                assert!(Recipient::parse(&bad).is_err(), "{bad}");
            }
        }
        assert_eq!(
            why(&KEY.replace("jrxx", "jrxq")),
            "does not fit its own checksum: a character is wrong, missing or too many"
        );
        assert_eq!(why(&KEY.replace("jrxx", "jrbx")), "has the character 'b', which no such key has");
        assert_eq!(why("age1jrxx"), "is cut off: it has no room for a checksum");
        assert_eq!(why("age1"), "is cut off: it has no room for a checksum");
        assert_eq!(why(&KEY.to_uppercase()), "has upper-case letters, and a public key of age has none");
        assert_eq!(why(&encode("age", &[1; 31])), "holds 31 bytes, and an age key has 32");
        assert_eq!(why(&encode("age1pq", &[1; 32])), "holds 32 bytes, and a post-quantum age key has 1216");
        assert_eq!(why(&ED25519[..70]), "is damaged: its second word is no such key");
        assert_eq!(why("ssh-rsa"), "is damaged: its second word is no such key");
        assert_eq!(
            why(&ED25519.replace("ssh-ed25519", "ssh-rsa")),
            "is damaged: its second word is no such key"
        );
        assert_eq!(why(RSA_1024), "is an RSA key of 1024 bits, and age takes none below 2048");
    }

    #[test]
    fn what_is_no_key_is_told_by_name() {
        assert_eq!(why("AGE-SECRET-KEY-1ABC"), "is a private key");
        assert_eq!(why("age-secret-key-1abc"), "is a private key");
        assert_eq!(why("-----BEGIN OPENSSH PRIVATE KEY-----"), "is a private key");
        assert!(Recipient::parse("AGE-PLUGIN-YUBIKEY-1").is_err_and(|fault| fault.is_private));
        assert_eq!(why(&format!("{KEY},{KEY}")), "holds several keys");
        assert_eq!(
            why("ecdsa-sha2-nistp256 AAAA"),
            "is a key of the type `ecdsa-sha2-nistp256`, which age does not know"
        );
        assert_eq!(
            why("arn:aws:kms:eu-west-1:111122223333:key/x"),
            "is a key of AWS KMS, and `gen` seals for none"
        );
        assert_eq!(
            why("projects/p/locations/l/keyRings/r/cryptoKeys/k"),
            "is a key of Google Cloud KMS, and `gen` seals for none"
        );
        assert_eq!(
            why("https://x.vault.azure.net/keys/k/1"),
            "is a key of Azure Key Vault, and `gen` seals for none"
        );
        assert_eq!(
            why("https://vault.example.com/v1/transit/keys/k"),
            "is a key of Vault, and `gen` seals for none"
        );
        assert_eq!(why("3D16CEE4A27381B4"), "has 16 hexadecimal digits, and a fingerprint of OpenPGP has 40");
        assert_eq!(why("alice"), "is not a public key of age");
        assert_eq!(why(""), "is not a public key of age");
        assert_eq!(why("aäöü"), "is not a public key of age");
    }
}
