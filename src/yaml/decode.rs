//! Bytes of a file to text.

/// Why bytes are no YAML text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// The first byte that is wrong.
    pub offset: usize,
    /// A sentence for a message, lower case without full stop.
    pub message: &'static str,
    /// What to do about it.
    pub help: &'static str,
}

/// Decodes UTF-8 and takes one leading byte order mark off.
///
/// # Errors
/// UTF-16, NUL bytes, and bytes that are not UTF-8.
pub fn decode(bytes: &[u8]) -> Result<String, Why> {
    let utf16 =
        |offset| Why { offset, message: "the file is UTF-16, not UTF-8", help: "save the file as UTF-8" };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(utf16(0));
    }
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let skipped = bytes.len() - body.len();
    if let Some(at) = body.iter().position(|b| *b == 0) {
        let every_second =
            body.len() > 3 && (body[0] == 0) == (body[2] == 0) && (body[1] == 0) == (body[3] == 0);
        if every_second && (body[0] == 0) != (body[1] == 0) {
            return Err(utf16(skipped));
        }
        return Err(Why {
            offset: skipped + at,
            message: "the file has a NUL byte",
            help: "this is no text file: remove it, or the byte",
        });
    }
    match std::str::from_utf8(body) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => Err(Why {
            offset: skipped + error.valid_up_to(),
            message: "the file is not valid UTF-8",
            help: "save the file as UTF-8",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_order_mark_is_taken_off() {
        assert_eq!(decode(b"\xef\xbb\xbfa: 1\r\n").as_deref(), Ok("a: 1\r\n"));
        assert_eq!(decode("\u{feff}\u{feff}x".as_bytes()).as_deref(), Ok("\u{feff}x"));
        assert_eq!(decode(b"").as_deref(), Ok(""));
    }

    #[test]
    fn what_is_no_utf8_is_told_apart() {
        let told = |bytes: &[u8]| decode(bytes).map_err(|w| (w.offset, w.message));
        assert_eq!(told(b"\xff\xfea\0"), Err((0, "the file is UTF-16, not UTF-8")));
        assert_eq!(told(b"\xfe\xff\0a"), Err((0, "the file is UTF-16, not UTF-8")));
        assert_eq!(told(b"a\0:\0 \0"), Err((0, "the file is UTF-16, not UTF-8")));
        assert_eq!(told(b"\0a\0:"), Err((0, "the file is UTF-16, not UTF-8")));
        assert_eq!(told(b"abc: \0"), Err((5, "the file has a NUL byte")));
        assert_eq!(told(b"\xef\xbb\xbfab\xe9c"), Err((5, "the file is not valid UTF-8")));
    }
}
