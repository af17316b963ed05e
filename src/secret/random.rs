//! The only randomness of the program: keys, nonces, generated values. It comes from the operating system.

use crate::plain::{Plain, PlainText};
use aes_gcm::aead::{OsRng, rand_core::RngCore};

/// What a generated value is made of unless the user says otherwise: letters and digits, safe in URLs and shells.
pub const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The most characters of a generated value.
pub const LONGEST: usize = 4096;

/// Random bytes.
pub(super) fn bytes(count: usize) -> Plain {
    let mut bytes = vec![0; count];
    OsRng.fill_bytes(&mut bytes);
    Plain::new(bytes)
}

/// A random text of `length` characters of an alphabet, each as likely as any other.
///
/// # Errors
/// Says what is wrong: a length of 0 or beyond [`LONGEST`], an alphabet with fewer than two characters or one twice.
pub fn generate(length: usize, alphabet: &str) -> Result<PlainText, String> {
    let letters: Vec<char> = alphabet.chars().collect();
    if length == 0 || length > LONGEST {
        return Err(format!("the length must be between 1 and {LONGEST}"));
    }
    if letters.len() < 2 || letters.len() > 256 {
        return Err("the alphabet must have between 2 and 256 characters".to_owned());
    }
    if let Some((at, twice)) = letters.iter().enumerate().find(|(at, c)| letters[..*at].contains(c)) {
        return Err(format!("the alphabet has {twice:?} twice, the second time at character {}", at + 1));
    }
    // Bytes beyond the last whole multiple would make the first letters likelier.
    let fair = 256 - 256 % letters.len();
    let mut text = PlainText::default();
    let mut left = length;
    while left > 0 {
        let random = bytes(left * 2);
        for byte in random.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair).take(left) {
            text.push_str(letters[byte % letters.len()].encode_utf8(&mut [0; 4]));
            left -= 1;
        }
    }
    Ok(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn values_have_the_length_and_alphabet_asked_for() {
        let text = generate(1000, "ab é").unwrap();
        assert_eq!(text.chars().count(), 1000);
        assert!(text.chars().all(|c| "ab é".contains(c)));
        assert_ne!(generate(32, ALPHABET).unwrap(), generate(32, ALPHABET).unwrap());
    }

    /// 62 letters of 256 bytes: without care the first eight would come a quarter more often.
    #[test]
    fn every_letter_is_as_likely() {
        let mut count: BTreeMap<char, usize> = BTreeMap::new();
        for _ in 0..50 {
            generate(LONGEST, ALPHABET).unwrap().chars().for_each(|c| *count.entry(c).or_default() += 1);
        }
        let wanted = 50 * LONGEST / 62;
        // Ten times the standard deviation of about 57.
        assert!(count.values().all(|n| n.abs_diff(wanted) < 570), "{count:?}");
        assert_eq!(count.len(), 62);
    }

    #[test]
    fn what_cannot_be_generated_is_told() {
        assert!(generate(0, ALPHABET).unwrap_err().contains("length"));
        assert!(generate(LONGEST + 1, ALPHABET).unwrap_err().contains("length"));
        assert!(generate(8, "a").unwrap_err().contains("alphabet"));
        assert_eq!(
            generate(8, "aba").unwrap_err(),
            "the alphabet has 'a' twice, the second time at character 3"
        );
    }
}
