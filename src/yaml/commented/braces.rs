//! A mapping in braces that holds only comments, as go-yaml v3 writes it: its closing brace stands at the start of a line,
//! where the parser does not take it.

use std::borrow::Cow;

/// The text with such mappings written as `{}` and their comments as blanks; every other byte keeps its place.
///
/// ```yaml
/// a:
///     b: {
///         # comment
/// }
/// ```
pub(super) fn closed(text: &str) -> Cow<'_, str> {
    let mut shadow: Option<Vec<u8>> = None;
    let mut from = 0;
    while let Some(at) = text[from..].find("\n}") {
        let brace = from + at + 1;
        from = brace + 1;
        if !text[from..].lines().next().unwrap_or("").trim().is_empty() {
            continue;
        }
        let Some(open) = opened(&text[..brace]) else { continue };
        let bytes = shadow.get_or_insert_with(|| text.as_bytes().to_vec());
        // As many lines and bytes as before, but the closing brace stands behind the opening one.
        for byte in &mut bytes[open + 1..=brace] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        bytes[open + 1..=open + 2].copy_from_slice(b"}\n");
    }
    match shadow.map(String::from_utf8) {
        Some(Ok(shadow)) => Cow::Owned(shadow),
        _ => Cow::Borrowed(text),
    }
}

/// The brace that opens a mapping of nothing but comments which ends here.
fn opened(before: &str) -> Option<usize> {
    let mut end = before.len() - 1;
    loop {
        let line = before[..end].rfind('\n').map_or(0, |n| n + 1);
        let content = &before[line..end];
        if content.ends_with('{') {
            // The comments behind it have room for the brace that moves.
            return (end + 1 < before.len() - 1).then_some(end - 1);
        }
        if !content.trim_start().starts_with('#') || line == 0 {
            return None;
        }
        end = line - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::closed;

    #[test]
    fn only_mappings_of_comments_are_closed_early() {
        let text = "a:\n    b: {\n        # c\n        # é\n}\nd: 1\n";
        let shadow = closed(text);
        assert_eq!(shadow.split_whitespace().collect::<Vec<_>>(), ["a:", "b:", "{}", "d:", "1"]);
        assert_eq!((shadow.len(), shadow.find("d: 1")), (text.len(), text.find("d: 1")));
        assert_eq!(shadow.lines().count(), text.lines().count());
        for same in ["a: {\n}\n", "a: {\n b: 1\n}\n", "a: |\n {\n\n}\n", "\n}", "{\n}", "# {\n}\n", ""] {
            assert_eq!(closed(same), same, "{same:?}");
        }
    }
}
