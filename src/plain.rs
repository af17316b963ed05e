//! Bytes and text that must not be seen: zeroed when they go, never shown by `Debug`. The only place that knows how
//! memory is zeroed.
//!
//! What other libraries copy while they work (a YAML parser, an operating system) is out of reach.

use std::{
    fmt,
    hash::{Hash, Hasher},
    io::{self, ErrorKind, Read},
    ops::Deref,
};
use zeroize::Zeroizing;

/// Secret bytes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Plain(Zeroizing<Vec<u8>>);

/// Secret text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PlainText(Zeroizing<String>);

impl Plain {
    /// Takes bytes over.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads to the end; what is outgrown on the way is zeroed.
    ///
    /// # Errors
    /// Of the reader; [`ErrorKind::FileTooLarge`] beyond `most` bytes.
    pub fn read_from(mut reader: impl Read, most: usize) -> io::Result<Self> {
        let mut bytes = Zeroizing::new(vec![0; 4096]);
        let mut filled = 0;
        loop {
            if filled == bytes.len() {
                let mut larger = Zeroizing::new(vec![0; filled * 2]);
                larger[..filled].copy_from_slice(&bytes);
                bytes = larger;
            }
            match reader.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if filled > most {
                return Err(ErrorKind::FileTooLarge.into());
            }
        }
        bytes.truncate(filled);
        Ok(Self(bytes))
    }

    /// The bytes as text, if they are UTF-8.
    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The bytes as text.
    ///
    /// # Errors
    /// The bytes again if they are not UTF-8.
    pub fn into_text(mut self) -> Result<PlainText, Plain> {
        match String::from_utf8(std::mem::take(&mut *self.0)) {
            Ok(text) => Ok(PlainText::new(text)),
            Err(error) => Err(Plain::new(error.into_bytes())),
        }
    }
}

impl PlainText {
    /// Takes text over.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, to add to. What it outgrows is zeroed when it grows by [`PlainText::push_str`], not by other means.
    pub fn push_str(&mut self, more: &str) {
        if self.0.capacity() - self.0.len() < more.len() {
            let mut larger = Zeroizing::new(String::with_capacity((self.0.len() + more.len()) * 2));
            larger.push_str(&self.0);
            // The old buffer is zeroed as it goes.
            self.0 = larger;
        }
        self.0.push_str(more);
    }
}

impl Hash for PlainText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_str().hash(state);
    }
}

impl Deref for Plain {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Deref for PlainText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&[u8]> for Plain {
    fn from(bytes: &[u8]) -> Self {
        Self::new(bytes.to_vec())
    }
}

impl From<&str> for Plain {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes().to_vec())
    }
}

impl From<PlainText> for Plain {
    fn from(mut text: PlainText) -> Self {
        Self::new(std::mem::take(&mut *text.0).into_bytes())
    }
}

impl From<&str> for PlainText {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

impl From<String> for PlainText {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// Nothing of it.
impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain(…)")
    }
}

/// Nothing of it.
impl fmt::Debug for PlainText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainText(…)")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_shown() {
        assert_eq!(
            format!("{:?} {:?}", Plain::from("geheim"), PlainText::from("geheim")),
            "Plain(…) PlainText(…)"
        );
        assert_eq!(format!("{:#?}", Some(Plain::from("geheim"))), "Some(\n    Plain(…),\n)");
    }

    #[test]
    fn bytes_are_read_up_to_a_limit() {
        let bytes: Vec<u8> = (0..10_000).map(|n| (n % 251) as u8).collect();
        assert_eq!(Plain::read_from(&bytes[..], 10_000).unwrap(), Plain::new(bytes.clone()));
        assert_eq!(Plain::read_from(&b""[..], 0).unwrap(), Plain::default());
        assert_eq!(Plain::read_from(&bytes[..], 9_999).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn text_grows_and_turns_into_bytes_and_back() {
        let mut text = PlainText::default();
        for _ in 0..100 {
            text.push_str("abc");
        }
        assert_eq!(text.len(), 300);
        let bytes = Plain::from(text.clone());
        assert_eq!(bytes.as_text(), Some(&*text));
        assert_eq!(bytes.into_text().unwrap(), text);
        assert_eq!(Plain::new(vec![0xff]).into_text().unwrap_err(), Plain::new(vec![0xff]));
    }
}
