//! Data keys and key files encrypted with age: X25519 recipients, and passphrases (scrypt).

use crate::plain::{Plain, PlainText};
use age::{
    DecryptError, Decryptor, Encryptor,
    armor::{ArmoredReader, ArmoredWriter, Format},
    scrypt, x25519,
};
use std::io::{self, Read, Write};

/// The work that opening a key file may cost at most, as a power of two: age's own limit.
const MOST_WORK: u8 = 22;
/// The work that is written: age's own.
pub(super) const WORK: u8 = 18;

/// The most bytes that are read of what was encrypted.
const MOST_BYTES: u64 = 1 << 20;

/// Why something cannot be decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// It is for others.
    NoKey,
    /// It is not what age writes, or was changed.
    Damaged,
    /// It is protected by other means than a passphrase.
    NoPassphrase,
    /// The passphrase would take too much work.
    TooMuchWork,
}

/// Encrypts for one recipient, in ASCII armour with a line feed at its end.
pub(super) fn wrap(plain: &Plain, recipient: &x25519::Recipient) -> String {
    let encryptor = Encryptor::with_recipients([recipient as &dyn age::Recipient].into_iter());
    armoured(encryptor.expect("one X25519 recipient can always be encrypted to"), plain)
}

/// Encrypts with a passphrase, in ASCII armour; `work` is a power of two.
pub(super) fn protect(plain: &Plain, passphrase: &PlainText, work: u8) -> String {
    let mut recipient = scrypt::Recipient::new(passphrase.to_string().into());
    recipient.set_work_factor(work);
    let encryptor = Encryptor::with_recipients([&recipient as &dyn age::Recipient].into_iter());
    armoured(encryptor.expect("one passphrase can always be encrypted to"), plain)
}

fn armoured(encryptor: Encryptor, plain: &Plain) -> String {
    let write = || -> io::Result<Vec<u8>> {
        let armour = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
        let mut writer = encryptor.wrap_output(armour)?;
        writer.write_all(plain)?;
        writer.finish()?.finish()
    };
    let bytes = write().expect("writing to memory does not fail");
    String::from_utf8(bytes).expect("armour is ASCII")
}

/// Decrypts with any of the identities.
pub(super) fn unwrap<'i>(
    armoured: &str,
    identities: impl Iterator<Item = &'i x25519::Identity>,
) -> Result<Plain, Closed> {
    let decryptor =
        Decryptor::new_buffered(ArmoredReader::new(armoured.as_bytes())).map_err(|_| Closed::Damaged)?;
    let reader = decryptor.decrypt(identities.map(|identity| identity as &dyn age::Identity));
    read(reader.map_err(closed)?)
}

/// Decrypts a key file that is protected by a passphrase.
pub(super) fn unprotect(bytes: &[u8], passphrase: &PlainText) -> Result<Plain, Closed> {
    let decryptor = Decryptor::new_buffered(ArmoredReader::new(bytes)).map_err(|_| Closed::Damaged)?;
    if !decryptor.is_scrypt() {
        return Err(Closed::NoPassphrase);
    }
    let mut identity = scrypt::Identity::new(passphrase.to_string().into());
    identity.set_max_work_factor(MOST_WORK);
    read(decryptor.decrypt([&identity as &dyn age::Identity].into_iter()).map_err(closed)?)
}

fn closed(error: DecryptError) -> Closed {
    match error {
        DecryptError::NoMatchingKeys | DecryptError::KeyDecryptionFailed | DecryptError::DecryptionFailed => {
            Closed::NoKey
        }
        DecryptError::ExcessiveWork { .. } => Closed::TooMuchWork,
        _ => Closed::Damaged,
    }
}

fn read(reader: impl Read) -> Result<Plain, Closed> {
    // As large as a data key or an ordinary key file, so that it does not move.
    let mut bytes = Vec::with_capacity(4096);
    let read = reader.take(MOST_BYTES).read_to_end(&mut bytes);
    let plain = Plain::new(bytes);
    read.map(|_| plain).map_err(|_| Closed::Damaged)
}
