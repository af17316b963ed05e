//! Just enough of DER (X.690) to find the public key in a certificate, a private key and its public half.

/// An element: its tag and its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element<'d> {
    pub(super) tag: u8,
    pub(super) content: &'d [u8],
}

/// Tags that are asked for.
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_ID: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;

/// `[0]`, `[1]`: constructed and context-specific.
pub(super) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// The elements that stand in a row; `None` if they do not fill the bytes.
pub(super) fn elements(mut bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (element, rest) = first(bytes)?;
        found.push(element);
        bytes = rest;
    }
    Some(found)
}

fn first(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((Element { tag, content }, rest))
}

impl<'d> Element<'d> {
    /// The elements in it, if it has this tag.
    pub(super) fn within(self, tag: u8) -> Option<Vec<Element<'d>>> {
        elements(self.is(tag)?)
    }

    /// Its content, if it has this tag.
    pub(super) fn is(self, tag: u8) -> Option<&'d [u8]> {
        (self.tag == tag).then_some(self.content)
    }

    /// The bytes of a bit string without unused bits.
    pub(super) fn bits(self) -> Option<&'d [u8]> {
        self.is(BIT_STRING)?.strip_prefix(&[0])
    }
}

/// The one sequence that the bytes are.
pub(super) fn sequence(bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    match elements(bytes)?.as_slice() {
        [only] => only.within(SEQUENCE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_and_what_is_cut_off_is_none() {
        let bytes = [0x30, 6, 2, 1, 5, 4, 1, 9];
        let inside = sequence(&bytes).unwrap();
        assert_eq!(inside[0].is(INTEGER), Some(&[5][..]));
        assert_eq!(inside[1].is(OCTET_STRING), Some(&[9][..]));
        assert_eq!(inside[1].is(INTEGER), None);
        for end in 1..bytes.len() {
            assert_eq!(sequence(&bytes[..end]), None);
        }
        let mut long = vec![4, 0x82, 1, 0];
        long.extend([7; 256]);
        assert_eq!(elements(&long).unwrap()[0].content.len(), 256);
        assert_eq!(elements(&[4, 0x80]), None, "a length that is not given is no DER");
        assert_eq!(elements(&[4, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(Element { tag: BIT_STRING, content: &[0, 1] }.bits(), Some(&[1][..]));
        assert_eq!(Element { tag: BIT_STRING, content: &[3, 8] }.bits(), None);
    }
}
