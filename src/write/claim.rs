//! Whose is a file on disk? The rule of ownership, by bytes alone.

use super::inventory::Entry;
use crate::hash::sha256;

/// What the bytes of a file say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// They are what this render writes.
    Same,
    /// Ours, as recorded.
    Ours,
    /// Ours but for line endings, which Git changed.
    LineEndings,
    /// Ours, with the marks of a merge conflict: both sides are in Git.
    Conflict,
    /// Ours, changed by somebody else.
    Edited,
    /// Not ours.
    Foreign,
}

/// Judges a file by its bytes, what is recorded of it, and what this render writes there.
pub(super) fn claim(bytes: &[u8], recorded: Option<&Entry>, rendered: Option<&[u8]>) -> Claim {
    if rendered == Some(bytes) {
        return Claim::Same;
    }
    let known = |bytes: &[u8]| recorded.is_some_and(|entry| entry.knows(&sha256(bytes)));
    if known(bytes) {
        return Claim::Ours;
    }
    let lf = without_cr(bytes);
    let rendered_lf = rendered.and_then(without_cr);
    if lf.is_some() || rendered_lf.is_some() {
        let plain = lf.as_deref().unwrap_or(bytes);
        if rendered_lf.as_deref().or(rendered) == Some(plain) || (lf.is_some() && known(plain)) {
            return Claim::LineEndings;
        }
    }
    match recorded {
        None => Claim::Foreign,
        Some(_) if has_conflict(bytes) => Claim::Conflict,
        Some(_) => Claim::Edited,
    }
}

/// The bytes with `\n` for every `\r\n`; `None` if there is none.
fn without_cr(bytes: &[u8]) -> Option<Vec<u8>> {
    bytes.windows(2).any(|pair| pair == b"\r\n").then(|| {
        let next = bytes.iter().skip(1).map(Some).chain([None]);
        bytes
            .iter()
            .zip(next)
            .filter(|(b, next)| **b != b'\r' || *next != Some(&b'\n'))
            .map(|(b, _)| *b)
            .collect()
    })
}

/// Are the three marks that Git writes into a conflicted file there, in order, each at the start of a line?
fn has_conflict(bytes: &[u8]) -> bool {
    let mut marks: &[&[u8]] = &[b"<<<<<<< ", b"=======", b">>>>>>> "];
    for line in bytes.split(|b| *b == b'\n') {
        match marks {
            [mark, rest @ ..] if line.starts_with(mark) => marks = rest,
            [] => break,
            _ => {}
        }
    }
    marks.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(contents: &[&str]) -> Entry {
        Entry { owner: "x".into(), hashes: contents.iter().map(|c| sha256(c.as_bytes())).collect() }
    }

    #[test]
    fn bytes_decide() {
        let entry = recorded(&["old\n", "pending\n"]);
        let judge = |bytes: &str| claim(bytes.as_bytes(), Some(&entry), Some(b"new\n"));
        assert_eq!(judge("new\n"), Claim::Same);
        assert_eq!(judge("old\n"), Claim::Ours);
        assert_eq!(judge("pending\n"), Claim::Ours);
        assert_eq!(judge("typed\n"), Claim::Edited);
        assert_eq!(claim(b"old\n", None, Some(b"new\n")), Claim::Foreign);
        assert_eq!(claim(b"new\n", None, Some(b"new\n")), Claim::Same);
        assert_eq!(claim(b"old\n", Some(&entry), None), Claim::Ours);
        assert_eq!(claim(b"typed\n", Some(&entry), None), Claim::Edited);
    }

    #[test]
    fn line_endings_of_git_are_no_edit() {
        let entry = recorded(&["a\nb\n"]);
        assert_eq!(claim(b"a\r\nb\r\n", Some(&entry), Some(b"c\n")), Claim::LineEndings);
        assert_eq!(claim(b"a\r\nb\r\n", None, Some(b"a\nb\n")), Claim::LineEndings);
        assert_eq!(
            claim(b"a\nb\n", None, Some(b"a\r\nb\r\n")),
            Claim::LineEndings,
            "a copied file, normalised"
        );
        assert_eq!(claim(b"a\r\nX\r\n", Some(&entry), Some(b"a\nb\n")), Claim::Edited);
        assert_eq!(claim(b"a\rb\n", Some(&entry), Some(b"a\nb\n")), Claim::Edited, "a lone CR is content");
    }

    #[test]
    fn conflict_marks_count_only_in_files_of_ours() {
        let text = b"a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> topic\n";
        let entry = recorded(&["old\n"]);
        assert_eq!(claim(text, Some(&entry), Some(b"new\n")), Claim::Conflict);
        assert_eq!(claim(text, None, Some(b"new\n")), Claim::Foreign);
        assert_eq!(claim(b"=======\n<<<<<<< HEAD\n", Some(&entry), Some(b"new\n")), Claim::Edited);
    }
}
