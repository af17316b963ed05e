//! The text of `.sops.yaml`, and which lines are ours.

use crate::{
    recipient::Recipient,
    resolve::{SealPolicy, SealRule},
    seal::ENCRYPTED_REGEX,
};
use std::ops::Range;

/// The first line: by it a file is known to be ours. A later version of `gen` that writes other lines below must still
/// know these.
const FIRST: &str = "# Who can open what, for sops. Made by gen from `keys` and `secrets` under environments/: change it there.";
const BEFORE: &str = "  - path_regex: ^environments/secrets/";
const AFTER: &str = r"/[^/]+/[^/]+\.sops\.yaml$";
const KEY: &str = "          - ";

/// The file for a policy; `None` if there is nobody to name.
pub(super) fn text(policy: &SealPolicy) -> Option<String> {
    let mut rules: Vec<&SealRule> = policy.rules().filter(|rule| !rule.readers.is_empty()).collect();
    // sops takes the first that matches: those of deeper folders stand first.
    let depth = |rule: &SealRule| rule.owner.matches('/').count();
    rules.sort_by(|a, b| depth(b).cmp(&depth(a)).then_with(|| a.owner.cmp(&b.owner)));
    let rules: String = rules.into_iter().map(rule).collect();
    (!rules.is_empty()).then(|| format!("{FIRST}\ncreation_rules:\n{rules}"))
}

/// One rule: an anchored path, what is encrypted, who can open it. Names of environments have no character that means
/// something in a regular expression.
pub(super) fn rule(rule: &SealRule) -> String {
    let mut text =
        format!("{BEFORE}{}{AFTER}\n    encrypted_regex: {ENCRYPTED_REGEX}\n    key_groups:\n", rule.owner);
    let mut start = "      - ";
    for (member, is_age) in [("age", true), ("pgp", false)] {
        let of_kind = || rule.readers.iter().filter(|reader| reader.recipient.kind().is_age() == is_age);
        if of_kind().next().is_none() {
            continue;
        }
        text.push_str(&format!("{start}{member}:\n"));
        start = "        ";
        of_kind().for_each(|reader| text.push_str(&format!("{KEY}{} # {}\n", reader.recipient, reader.name)));
    }
    text
}

/// Is this a file that `gen` made, whatever became of it since?
pub(super) fn is_ours(text: &str) -> bool {
    // A conflict of two branches that both made the file puts a mark above it.
    text.lines().take(2).any(|line| line.trim_end() == FIRST)
}

/// The first line that `gen` does not write; `None` if there is none but marks of a conflict.
pub(super) fn edited(text: &str) -> Option<Range<usize>> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.trim_end().len();
        if !is_our_line(line.trim_end()) {
            return Some(at..end);
        }
        at += line.len();
    }
    None
}

fn is_our_line(line: &str) -> bool {
    let fixed =
        ["", FIRST, "creation_rules:", "    key_groups:", "      - age:", "      - pgp:", "        pgp:"];
    let mark = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark));
    let owner = line.strip_prefix(BEFORE).and_then(|rest| rest.strip_suffix(AFTER));
    let key = line.strip_prefix(KEY).and_then(|rest| rest.split_once(" # "));
    fixed.contains(&line)
        || mark
        || line.strip_prefix("    encrypted_regex: ") == Some(ENCRYPTED_REGEX)
        || owner.is_some_and(|owner| owner.bytes().all(|b| b.is_ascii_alphanumeric() || b"-/".contains(&b)))
        || key.is_some_and(|(key, _)| Recipient::parse(key).is_ok())
}
