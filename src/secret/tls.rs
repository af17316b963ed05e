//! A certificate and its private key: do they belong together? Only numbers are compared; no chain is verified.

use super::{
    Moment,
    der::{self, Element, GENERALIZED_TIME, INTEGER, OBJECT_ID, OCTET_STRING, SEQUENCE, UTC_TIME, context},
    pem,
};
use crate::{hash::Sha512, plain::Plain};
use curve25519_dalek::EdwardsPoint;

/// Algorithms by their object identifiers (RFC 8017, 5480, 8410).
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// What is wrong with a certificate and its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate file holds no certificate.
    NoCertificate,
    /// The certificate file holds a certificate that is cut off or damaged.
    DamagedCertificate,
    /// The certificate file holds a private key beside its certificates.
    KeyBeside,
    /// The key file holds no private key.
    NoKey,
    /// The key file holds a private key that is cut off or damaged.
    DamagedKey,
    /// The key is protected by a passphrase, which nobody in a cluster can type.
    Passphrase,
    /// The key fits none of the certificates.
    Foreign,
    /// The key fits a certificate that is not the first, by its number from 1: servers send the first as their own.
    Order(usize),
}

/// What is to be known of a pair that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsPair {
    /// When the certificate begins and ends to be valid, RFC 3339; absent if it says so in no usual way.
    pub validity: Option<(String, String)>,
    /// Was the key compared? Not if its kind is none that is known here.
    pub compared: bool,
}

impl TlsPair {
    /// Is the certificate valid at a point in time? Unknown counts as yes.
    pub fn is_valid(&self, now: Moment) -> bool {
        let now = now.to_string();
        self.validity.as_ref().is_none_or(|(from, until)| *from <= now && now <= *until)
    }
}

/// A public key in a form that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Public {
    /// Modulus and exponent.
    Rsa(Vec<u8>, Vec<u8>),
    /// The point, as it is written.
    Point(Vec<u8>),
    /// The point of Ed25519.
    Edwards(Vec<u8>),
    Unknown,
}

/// The key and the validity of a certificate.
type Certificate = (Public, Option<(String, String)>);

/// Compares a certificate (PEM, perhaps with its chain) with a private key (PEM).
///
/// # Errors
/// What is wrong.
pub fn pair(certificates: &Plain, key: &Plain) -> Result<TlsPair, TlsFault> {
    let text = certificates.as_text().ok_or(TlsFault::NoCertificate)?;
    let blocks = pem::blocks(text).ok_or(TlsFault::DamagedCertificate)?;
    let certificates: Option<Vec<Certificate>> = blocks
        .iter()
        .filter(|block| matches!(&*block.label, "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE"))
        .map(|block| certificate(&block.bytes))
        .collect();
    let certificates = certificates.ok_or(TlsFault::DamagedCertificate)?;
    let Some((_, validity)) = certificates.first() else { return Err(TlsFault::NoCertificate) };
    if blocks.iter().any(|block| block.label.ends_with("PRIVATE KEY")) {
        return Err(TlsFault::KeyBeside);
    }
    let own = private(key)?;
    let known = own != Public::Unknown && certificates.iter().all(|(public, _)| *public != Public::Unknown);
    match certificates.iter().position(|(public, _)| *public == own) {
        Some(0) => Ok(TlsPair { validity: validity.clone(), compared: known }),
        _ if !known => Ok(TlsPair { validity: validity.clone(), compared: false }),
        Some(at) => Err(TlsFault::Order(at + 1)),
        None => Err(TlsFault::Foreign),
    }
}

/// The public key and the validity of a certificate (RFC 5280, 4.1).
fn certificate(bytes: &[u8]) -> Option<Certificate> {
    let to_be_signed = der::sequence(bytes)?.first()?.within(SEQUENCE)?;
    let has_version = to_be_signed.first()?.tag == context(0);
    let at = |index: usize| to_be_signed.get(index + usize::from(has_version)).copied();
    let validity = at(3)?.within(SEQUENCE)?;
    let times = validity.first().copied().and_then(time).zip(validity.get(1).copied().and_then(time));
    let key = at(5)?.within(SEQUENCE)?;
    let algorithm = key.first()?.within(SEQUENCE)?.first()?.is(OBJECT_ID)?;
    let bits = key.get(1)?.bits()?;
    let public = match algorithm {
        RSA => rsa(der::sequence(bits)?.as_slice())?,
        EC => Public::Point(bits.to_vec()),
        ED25519 => Public::Edwards(bits.to_vec()),
        _ => Public::Unknown,
    };
    Some((public, times))
}

/// RFC 3339 of `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn time(element: Element) -> Option<String> {
    let text = std::str::from_utf8(element.content).ok()?;
    let text = match element.tag {
        UTC_TIME if text.get(..2)? < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let digits = text.strip_suffix('Z').filter(|d| d.len() == 14 && d.bytes().all(|b| b.is_ascii_digit()))?;
    let part = |from: usize, to: usize| &digits[from..to];
    Some(format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(8, 10),
        part(10, 12),
        part(12, 14)
    ))
}

fn rsa(numbers: &[Element]) -> Option<Public> {
    let number = |element: &Element| {
        let bytes = element.is(INTEGER)?;
        Some(bytes[bytes.iter().take_while(|byte| **byte == 0).count()..].to_vec())
    };
    Some(Public::Rsa(number(numbers.first()?)?, number(numbers.get(1)?)?))
}

/// The public half of a private key.
fn private(key: &Plain) -> Result<Public, TlsFault> {
    let blocks = pem::blocks(key.as_text().ok_or(TlsFault::NoKey)?).ok_or(TlsFault::DamagedKey)?;
    let block = blocks.iter().find(|block| block.label.ends_with("PRIVATE KEY")).ok_or(TlsFault::NoKey)?;
    if block.label.starts_with("ENCRYPTED") || block.has_headers {
        return Err(TlsFault::Passphrase);
    }
    let public = match &*block.label {
        "RSA PRIVATE KEY" => pkcs1(&block.bytes),
        "EC PRIVATE KEY" => sec1(&block.bytes),
        "PRIVATE KEY" => pkcs8(&block.bytes),
        _ => Some(Public::Unknown),
    };
    public.ok_or(TlsFault::DamagedKey)
}

/// RFC 8017, A.1.2: version, modulus, public exponent, and what is secret.
fn pkcs1(bytes: &[u8]) -> Option<Public> {
    rsa(der::sequence(bytes)?.get(1..)?)
}

/// RFC 5915: version, private key, `[0]` curve, `[1]` public key, which may be left out.
fn sec1(bytes: &[u8]) -> Option<Public> {
    let members = der::sequence(bytes)?;
    members.get(1)?.is(OCTET_STRING)?;
    let public = members.iter().find(|member| member.tag == context(1));
    Some(match public.map(|public| der::elements(public.content)) {
        Some(inside) => Public::Point(inside?.first()?.bits()?.to_vec()),
        None => Public::Unknown,
    })
}

/// RFC 5208: version, algorithm, the key in the algorithm's own form.
fn pkcs8(bytes: &[u8]) -> Option<Public> {
    let members = der::sequence(bytes)?;
    let algorithm = members.get(1)?.within(SEQUENCE)?.first()?.is(OBJECT_ID)?;
    let inside = members.get(2)?.is(OCTET_STRING)?;
    match algorithm {
        RSA => pkcs1(inside),
        EC => sec1(inside),
        ED25519 => edwards(der::elements(inside)?.first()?.is(OCTET_STRING)?),
        _ => Some(Public::Unknown),
    }
}

/// RFC 8032, 5.1.5.
fn edwards(seed: &[u8]) -> Option<Public> {
    if seed.len() != 32 {
        return None;
    }
    let mut hash = Sha512::new();
    hash.update(seed);
    let scalar = hash.bytes().first_chunk::<32>().copied()?;
    Some(Public::Edwards(EdwardsPoint::mul_base_clamped(scalar).compress().to_bytes().to_vec()))
}

#[cfg(test)]
mod tests;
