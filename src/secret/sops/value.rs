//! One encrypted value: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`, AES-256-GCM with the path of its keys as additional
//! data.

use crate::{
    plain::{Plain, PlainText},
    secret::random,
    yaml::commented::{Kind, Scalar},
};
use aes_gcm::{
    AeadInPlace, AesGcm, KeyInit, Tag,
    aead::{
        consts,
        generic_array::{ArrayLength, GenericArray},
    },
    aes::Aes256,
};
use base64::{Engine, engine::general_purpose::STANDARD};

/// The nonce that is written has 32 bytes.
const NONCE: usize = 32;

/// The key of a file's values, 32 bytes.
pub(super) struct DataKey {
    bytes: Plain,
    cipher: AesGcm<Aes256, consts::U32>,
}

/// What a value is, behind `type:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Type {
    /// A scalar.
    Scalar(Kind),
    /// Raw bytes, written by old versions; text is all that can be had of them.
    Bytes,
    /// A comment without its `#`.
    Comment,
}

/// An encrypted value, taken apart.
#[derive(Debug)]
pub(super) struct Encrypted {
    data: Vec<u8>,
    nonce: Vec<u8>,
    tag: Vec<u8>,
    kind: Type,
}

/// What an encrypted value holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Opened {
    Scalar(Scalar),
    Comment(PlainText),
}

/// Why a value cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It was changed, or belongs to another key path or file.
    Forged,
    /// Its nonce has a size that nobody writes.
    Nonce,
    /// What it holds does not fit its `type:`.
    Type,
}

impl Type {
    const ALL: [(&'static str, Type); 7] = [
        ("str", Type::Scalar(Kind::Str)),
        ("int", Type::Scalar(Kind::Int)),
        ("float", Type::Scalar(Kind::Float)),
        ("bool", Type::Scalar(Kind::Bool)),
        ("time", Type::Scalar(Kind::Time)),
        ("bytes", Type::Bytes),
        ("comment", Type::Comment),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("str", |(word, _)| word)
    }
}

/// Does this look like an encrypted value?
pub(super) fn looks_encrypted(text: &str) -> bool {
    text.starts_with("ENC[")
}

impl Encrypted {
    /// Takes a value apart; `None` if it is not of this form.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("ENC[AES256_GCM,")?.strip_suffix(']')?.split(',');
        let mut part = |name: &str| parts.next()?.strip_prefix(name);
        let (data, nonce, tag, kind) = (part("data:")?, part("iv:")?, part("tag:")?, part("type:")?);
        let decode = |text: &str| STANDARD.decode(text).ok();
        let (_, kind) = *Type::ALL.iter().find(|(word, _)| *word == kind)?;
        let value = Self { data: decode(data)?, nonce: decode(nonce)?, tag: decode(tag)?, kind };
        (parts.next().is_none() && value.tag.len() == 16 && !value.nonce.is_empty()).then_some(value)
    }
}

impl DataKey {
    /// A key from its bytes; `None` unless they are 32.
    pub(super) fn new(bytes: Plain) -> Option<Self> {
        let cipher = AesGcm::new_from_slice(&bytes).ok()?;
        Some(Self { bytes, cipher })
    }

    /// A new key.
    pub(super) fn generate() -> Self {
        let bytes = random::bytes(32);
        let cipher = AesGcm::new(GenericArray::from_slice(&bytes));
        Self { bytes, cipher }
    }

    pub(super) fn bytes(&self) -> &Plain {
        &self.bytes
    }

    /// Encrypts a scalar under its path; empty text stays empty.
    pub(super) fn scalar(&self, scalar: &Scalar, path: &str) -> String {
        self.seal(Type::Scalar(scalar.kind), &scalar.text, path, &random::bytes(NONCE))
    }

    /// Encrypts a comment under the path of what it stands in; an empty one stays empty.
    pub(super) fn comment(&self, text: &str, path: &str) -> String {
        self.seal(Type::Comment, text, path, &random::bytes(NONCE))
    }

    fn seal(&self, kind: Type, text: &str, path: &str, nonce: &[u8]) -> String {
        if text.is_empty() {
            return String::new();
        }
        let mut data = text.as_bytes().to_vec();
        let tag = self.cipher.encrypt_in_place_detached(
            GenericArray::from_slice(nonce),
            path.as_bytes(),
            &mut data,
        );
        let tag = tag.expect("a text is shorter than AES-GCM's limit of 64 GiB");
        let mut out = String::with_capacity(text.len() * 4 / 3 + 150);
        out.push_str("ENC[AES256_GCM,data:");
        STANDARD.encode_string(&data, &mut out);
        out.push_str(",iv:");
        STANDARD.encode_string(nonce, &mut out);
        out.push_str(",tag:");
        STANDARD.encode_string(tag, &mut out);
        out.push_str(",type:");
        out.push_str(kind.word());
        out.push(']');
        out
    }

    /// Decrypts a value that stands at `path`.
    pub(super) fn open(&self, value: &Encrypted, path: &str) -> Result<Opened, Refused> {
        let text = self.decrypt(value, path)?.into_text().map_err(|_| Refused::Type)?;
        match value.kind {
            Type::Comment => Ok(Opened::Comment(text)),
            Type::Bytes => Ok(Opened::Scalar(Scalar { kind: Kind::Str, text })),
            Type::Scalar(kind) => Scalar::canonical(kind, text).map(Opened::Scalar).ok_or(Refused::Type),
        }
    }

    /// Is this what would be encrypted of `text`, whatever its path? Then only the path or the tag is not what it was.
    pub(super) fn holds(&self, value: &Encrypted, text: &str) -> bool {
        value.nonce.len() == NONCE
            && Encrypted::parse(&self.seal(value.kind, text, "", &value.nonce))
                .is_some_and(|again| again.data == value.data)
    }

    fn decrypt(&self, value: &Encrypted, path: &str) -> Result<Plain, Refused> {
        /// The cipher for nonces of as many bytes as the value has.
        macro_rules! by_size {
            ($($bytes:literal $size:ident),*) => {
                match value.nonce.len() {
                    NONCE => decrypt_with(&self.cipher, value, path),
                    $($bytes => decrypt_with(&self.with_nonce::<consts::$size>(), value, path),)*
                    _ => return Err(Refused::Nonce),
                }
            };
        }
        let plain = by_size!(
            1 U1, 2 U2, 3 U3, 4 U4, 5 U5, 6 U6, 7 U7, 8 U8, 9 U9, 10 U10, 11 U11, 12 U12, 13 U13, 14 U14, 15 U15, 16 U16, 20 U20,
            24 U24, 28 U28, 48 U48, 64 U64
        );
        plain.ok_or(Refused::Forged)
    }

    fn with_nonce<N: ArrayLength<u8>>(&self) -> AesGcm<Aes256, N> {
        AesGcm::new(GenericArray::from_slice(&self.bytes))
    }
}

fn decrypt_with<N: ArrayLength<u8>>(
    cipher: &AesGcm<Aes256, N>,
    value: &Encrypted,
    path: &str,
) -> Option<Plain> {
    let mut data = value.data.clone();
    let (nonce, tag) = (GenericArray::from_slice(&value.nonce), Tag::from_slice(&value.tag));
    let good = cipher.decrypt_in_place_detached(nonce, path.as_bytes(), &mut data, tag).is_ok();
    let plain = Plain::new(data);
    good.then_some(plain)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> DataKey {
        DataKey::new(Plain::new((0..32).collect())).unwrap()
    }

    fn opened(key: &DataKey, text: &str, path: &str) -> Result<String, Refused> {
        key.open(&Encrypted::parse(text).unwrap(), path).map(|opened| match opened {
            Opened::Scalar(scalar) => format!("{:?} {}", scalar.kind, &*scalar.text),
            Opened::Comment(text) => format!("comment {}", &*text),
        })
    }

    /// Made by another implementation (OpenSSL, through Python's `cryptography`): key 00…1f, nonce 20…3f, path `a:b:`.
    #[test]
    fn known_vectors_of_another_implementation() {
        for (bytes, value) in VECTORS {
            assert_eq!(opened(&key(), value, "a:b:").as_deref(), Ok("Str geheim"), "{bytes} bytes of nonce");
        }
        let nonce: Vec<u8> = (32..64).collect();
        let again = key().seal(Type::Scalar(Kind::Str), "geheim", "a:b:", &nonce);
        assert_eq!(again, VECTORS[0].1);
    }

    const VECTORS: [(usize, &str); 3] = [
        (
            32,
            "ENC[AES256_GCM,data:cKSZLeRi,iv:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=,tag:hUPQAxA20F/eIU7wYvDGRQ==,type:str]",
        ),
        (12, "ENC[AES256_GCM,data:tV/OFQX1,iv:ICEiIyQlJicoKSor,tag:QfrAKGJT0wi5auXx82SVNQ==,type:str]"),
        (
            16,
            "ENC[AES256_GCM,data:rKnMg3Xs,iv:ICEiIyQlJicoKSorLC0uLw==,tag:qOvFb8Fl1wgyWegnPE4zXA==,type:str]",
        ),
    ];

    #[test]
    fn only_the_exact_form_is_read() {
        let good = key().scalar(&Scalar::text("x"), "a:");
        assert!(Encrypted::parse(&good).is_some());
        for bad in [
            good.replace("AES256_GCM", "AES128_GCM"),
            good.replace("type:str", "type:what"),
            good.replace(",tag:", ",tag:A"),
            good.replace(']', ""),
            format!("{good} "),
            good.replace(",type", ",more:x,type"),
            good.replace("data:", "data:*"),
            "ENC[]".to_owned(),
        ] {
            assert!(Encrypted::parse(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn types_are_read_as_sops_reads_them() {
        let key = key();
        let sealed = |kind: &str, text: &str| {
            key.scalar(&Scalar::text(text), "a:").replace("type:str", &format!("type:{kind}"))
        };
        assert_eq!(opened(&key, &sealed("bool", "1"), "a:").as_deref(), Ok("Bool True"));
        assert_eq!(opened(&key, &sealed("bool", "FALSE"), "a:").as_deref(), Ok("Bool False"));
        assert_eq!(opened(&key, &sealed("int", "+5"), "a:").as_deref(), Ok("Int 5"));
        assert_eq!(opened(&key, &sealed("float", "1e3"), "a:").as_deref(), Ok("Float 1000"));
        assert_eq!(opened(&key, &sealed("bytes", "raw"), "a:").as_deref(), Ok("Str raw"));
        assert_eq!(opened(&key, &sealed("comment", " c"), "a:").as_deref(), Ok("comment  c"));
        assert_eq!(opened(&key, &sealed("int", "x"), "a:"), Err(Refused::Type));
        assert_eq!(key.scalar(&Scalar::text(""), "a:"), "");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_value_opens_only_unchanged_and_in_its_place(text in ".{1,40}", path in "[a-z:]{0,9}", bit in any::<usize>()) {
            let key = key();
            let sealed = key.scalar(&Scalar::text(text.as_str()), &path);
            prop_assert_eq!(opened(&key, &sealed, &path), Ok(format!("Str {text}")));
            prop_assert_eq!(opened(&key, &sealed, &format!("{path}x:")), Err(Refused::Forged));
            prop_assert_eq!(opened(&DataKey::generate(), &sealed, &path), Err(Refused::Forged));
            let whole = Encrypted::parse(&sealed).unwrap();
            for part in 0..3 {
                let mut forged = Encrypted::parse(&sealed).unwrap();
                let bytes = [&mut forged.data, &mut forged.nonce, &mut forged.tag].into_iter().nth(part).unwrap();
                let bit = bit % (bytes.len() * 8);
                bytes[bit / 8] ^= 1 << (bit % 8);
                prop_assert!(key.open(&forged, &path) == Err(Refused::Forged));
            }
            let longer = format!("{text}x");
            prop_assert!(key.holds(&whole, &text) && !key.holds(&whole, &longer));
        }
    }
}
