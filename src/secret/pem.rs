//! PEM (RFC 7468): what stands between `-----BEGIN …-----` and `-----END …-----`.

use crate::plain::{Plain, PlainText};
use base64::{Engine, engine::general_purpose::STANDARD};

/// One block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// `CERTIFICATE`, `RSA PRIVATE KEY`.
    pub(super) label: String,
    /// Headers such as `Proc-Type: 4,ENCRYPTED`, which old keys with a passphrase have.
    pub(super) has_headers: bool,
    /// The bytes.
    pub(super) bytes: Plain,
}

/// All blocks of a text; what stands around them is explanation. `None` if a block is cut off or no base64.
pub(super) fn blocks(text: &str) -> Option<Vec<Block>> {
    let mut found = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(label) = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----")) else {
            continue;
        };
        let end = format!("-----END {label}-----");
        let (mut encoded, mut has_headers, mut is_whole) = (PlainText::default(), false, false);
        for line in lines.by_ref() {
            if line == end {
                is_whole = true;
                break;
            }
            if line.contains(':') {
                has_headers = true;
            } else {
                encoded.push_str(line);
            }
        }
        if !is_whole {
            return None;
        }
        let bytes = match has_headers {
            // With a passphrase it is of no use anyway.
            true => Plain::default(),
            false => Plain::new(STANDARD.decode(encoded.as_bytes()).ok()?),
        };
        found.push(Block { label: label.to_owned(), has_headers, bytes });
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_in_what_explains_them() {
        let text = "subject=x\n-----BEGIN A B-----\nYQ==\n-----END A B-----\r\nmore\n-----BEGIN C-----\nProc-Type: 4,ENCRYPTED\n\nxx\n-----END C-----";
        let found = blocks(text).unwrap();
        assert_eq!(found[0], Block { label: "A B".to_owned(), has_headers: false, bytes: "a".into() });
        assert!(found[1].has_headers);
        assert_eq!(blocks("-----BEGIN A-----\nYQ==\n"), None);
        assert_eq!(blocks("-----BEGIN A-----\n!\n-----END A-----\n"), None);
        assert_eq!(blocks("hello"), Some(Vec::new()));
    }
}
