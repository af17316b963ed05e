//! Differences as text: [`Changes`] as a unified diff with sealed values folded, and what is secret in addresses hidden.

use super::{Change, Changes, INVENTORY};
use crate::{address, diag::visible, hash::sha256};
use similar::{ChangeTag, TextDiff};
use std::{borrow::Cow, fmt::Write};

const BOLD: &str = "\u{1b}[1m";
const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const CYAN: &str = "\u{1b}[36m";
const RESET: &str = "\u{1b}[0m";

impl Changes {
    /// The changes as a unified diff, paths as people know them; empty if nothing changes.
    pub fn unified(&self, colour: bool) -> String {
        self.unified_with(colour, false, &mut |_| None)
    }

    /// The same, where `told` may say in its own words what changes in a file, and secrets in addresses may be revealed.
    pub fn unified_with(
        &self,
        colour: bool,
        reveal: bool,
        told: &mut dyn FnMut(&Change) -> Option<String>,
    ) -> String {
        let mut out = String::new();
        for change in &self.list {
            let name = format!("{}/{}", self.shown, change.path);
            let (before, after) = (change.before.as_deref(), change.after.as_deref());
            match told(change) {
                Some(lines) => {
                    head(&mut out, &format!("{}: {name}", word(before, after)), colour);
                    out.push_str(&lines);
                }
                None => out.push_str(&difference(&name, (before, after), colour, reveal)),
            }
        }
        if self.list.is_empty() && self.rewrites_inventory() {
            head(&mut out, &format!("rewritten: {}/{INVENTORY}", self.shown), colour);
        }
        out
    }
}

/// One file as a unified diff, its path as people know it; empty if nothing changes.
pub(super) fn file_difference(
    name: &str,
    before: Option<&[u8]>,
    after: Option<&[u8]>,
    colour: bool,
) -> String {
    difference(name, (before, after), colour, false)
}

fn difference(
    name: &str,
    (before, after): (Option<&[u8]>, Option<&[u8]>),
    colour: bool,
    reveal: bool,
) -> String {
    if before == after {
        return String::new();
    }
    let mut out = String::new();
    head(&mut out, &format!("{}: {name}", word(before, after)), colour);
    let side = |there: bool, letter: char| {
        if there { format!("{letter}/{name}") } else { "/dev/null".to_owned() }
    };
    head(&mut out, &format!("--- {}", side(before.is_some(), 'a')), colour);
    head(&mut out, &format!("+++ {}", side(after.is_some(), 'b')), colour);
    out.push_str(&hunks(before.unwrap_or_default(), after.unwrap_or_default(), colour, reveal));
    out
}

fn word(before: Option<&[u8]>, after: Option<&[u8]>) -> &'static str {
    match (before, after) {
        (None, _) => "added",
        (Some(_), Some(_)) => "changed",
        (Some(_), None) => "removed",
    }
}

fn head(out: &mut String, text: &str, colour: bool) {
    paint(out, &visible(text), BOLD, colour);
}

fn paint(out: &mut String, line: &str, style: &str, colour: bool) {
    if colour && !style.is_empty() {
        out.extend([style, line, RESET, "\n"]);
    } else {
        out.extend([line, "\n"]);
    }
}

/// The hunks from one text to another with three lines around each, without the names of files. Sealed values are
/// folded, control characters shown as escapes.
pub fn between(before: &[u8], after: &[u8], colour: bool) -> String {
    hunks(before, after, colour, true)
}

/// The same; what is secret in addresses only if it is to be revealed.
fn hunks(before: &[u8], after: &[u8], colour: bool, reveal: bool) -> String {
    let (Ok(before), Ok(after)) = (std::str::from_utf8(before), std::str::from_utf8(after)) else {
        return "binary files differ\n".to_owned();
    };
    let (before, after) = (fold_armour(before), fold_armour(after));
    let diff = TextDiff::from_lines(&*before, &*after);
    let mut unified = diff.unified_diff();
    let mut out = String::new();
    for hunk in unified.context_radius(3).iter_hunks() {
        paint(&mut out, &hunk.header().to_string(), CYAN, colour);
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ('-', RED),
                ChangeTag::Insert => ('+', GREEN),
                ChangeTag::Equal => (' ', ""),
            };
            let value: &str = change.value();
            let line = value.strip_suffix('\n').unwrap_or(value);
            let line = if reveal { Cow::Borrowed(line) } else { address::masked(line) };
            paint(&mut out, &format!("{sign}{}", visible(&fold(&line))), style, colour);
            if change.missing_newline() {
                out.push_str("\\ No newline at end of file\n");
            }
        }
    }
    out
}

/// The hunks of an edit by hand, without colour.
pub(super) fn edit(rendered: &[u8], typed: &[u8]) -> String {
    hunks(rendered, typed, false, false)
}

/// Every sealed value `ENC[…]` without its inside.
pub(super) fn fold(line: &str) -> Cow<'_, str> {
    let Some(mut start) = line.find("ENC[") else {
        return Cow::Borrowed(line);
    };
    let mut out = String::new();
    let mut rest = line;
    while let Some(length) = rest[start..].find(']') {
        out.push_str(&rest[..start]);
        out.push_str("ENC[…]");
        rest = &rest[start + length + 1..];
        match rest.find("ENC[") {
            Some(next) => start = next,
            None => break,
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// An age armour is a page of letters: one line with a short hash stands for its inside.
fn fold_armour(text: &str) -> Cow<'_, str> {
    const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
    const END: &str = "-----END AGE ENCRYPTED FILE-----";
    if !text.contains(BEGIN) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut inside: Option<String> = None;
    for line in text.split_inclusive('\n') {
        if line.contains(END)
            && let Some(body) = inside.take()
        {
            let blanks: String = line.chars().take_while(|c| *c == ' ').collect();
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{blanks}… {}", &sha256(body.as_bytes())[..8]);
        }
        match &mut inside {
            Some(body) => body.push_str(line),
            None => out.push_str(line),
        }
        if line.contains(BEGIN) && !line.contains(END) {
            inside = Some(String::new());
        }
    }
    // An armour without an end is shown as it is.
    out.push_str(&inside.unwrap_or_default());
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks_have_three_lines_around() {
        let before = "a\nb\nc\nd\ne\n";
        assert_eq!(
            between(before.as_bytes(), b"a\nb\nc\nd\nE", false),
            "@@ -2,4 +2,4 @@\n b\n c\n d\n-e\n+E\n\\ No newline at end of file\n"
        );
        assert_eq!(between(b"", b"a\n", true), "\u{1b}[36m@@ -0,0 +1 @@\u{1b}[0m\n\u{1b}[32m+a\u{1b}[0m\n");
        assert_eq!(between(b"\xff", b"a\n", false), "binary files differ\n");
        assert_eq!(between(b"a\n", b"a\n", false), "");
    }

    #[test]
    fn sealed_values_are_folded_and_still_differ() {
        let sealed = |data: &str| format!("a: ENC[AES256_GCM,data:{data},type:str]\nb: 1\n");
        assert_eq!(
            between(sealed("x==").as_bytes(), sealed("y==").as_bytes(), false),
            "@@ -1,2 +1,2 @@\n-a: ENC[…]\n+a: ENC[…]\n b: 1\n"
        );
        assert_eq!(fold("ENC[a] and ENC[b]!"), "ENC[…] and ENC[…]!");
        assert_eq!(fold("ENC[open"), "ENC[open");
    }

    #[test]
    fn what_is_secret_in_addresses_is_hidden() {
        let text = |password: &str| format!("url: https://u:{password}@h/?token={password}\n");
        let (before, after) = (text("hunter1"), text("hunter2"));
        let hidden = "url: https://u:***@h/?token=***\n";
        assert_eq!(edit(before.as_bytes(), after.as_bytes()), format!("@@ -1 +1 @@\n-{hidden}+{hidden}"));
        let shown = file_difference("a", Some(before.as_bytes()), Some(after.as_bytes()), false);
        assert!(shown.ends_with(&format!("-{hidden}+{hidden}")), "{shown}");
        assert!(between(before.as_bytes(), after.as_bytes(), false).contains("hunter2"));
    }

    #[test]
    fn an_age_armour_is_one_line() {
        let armour = |body: &str| {
            format!(
                "  enc: |\n    -----BEGIN AGE ENCRYPTED FILE-----\n{body}    -----END AGE ENCRYPTED FILE-----\n"
            )
        };
        let text =
            between(armour("    aa\n    bb\n").as_bytes(), armour("    aa\n    cc\n").as_bytes(), false);
        assert_eq!(text.lines().filter(|l| l.starts_with('-')).count(), 1, "{text}");
        assert!(!text.contains("aa"), "{text}");
        let open = "-----BEGIN AGE ENCRYPTED FILE-----\naa\n";
        assert_eq!(fold_armour(open), open);
    }

    #[test]
    fn a_terminal_is_not_steered() {
        assert_eq!(between(b"", b"\x1b[2Jx\r\n", false), "@@ -0,0 +1 @@\n+\\u{1b}[2Jx\\r\n");
    }
}
