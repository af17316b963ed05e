//! Which values of a file are encrypted.

use crate::{expression::Expression, seal::ENCRYPTED_REGEX};

/// The rule of a file: at most one of these stands in its metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it looks at.
    pub kind: RuleKind,
    /// The suffix or regular expression (Go's RE2 syntax, matches anywhere).
    pub pattern: String,
}

/// The six kinds of rules, by the names they have in the metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleKind {
    /// `encrypted_comment_regex`: what stands under a comment that matches, but not the comment.
    EncryptedCommentRegex,
    /// `encrypted_regex`: what has a key on its path that matches.
    EncryptedRegex,
    /// `encrypted_suffix`: what has a key on its path that ends so.
    EncryptedSuffix,
    /// `unencrypted_comment_regex`: all but what stands under a comment that matches.
    UnencryptedCommentRegex,
    /// `unencrypted_regex`: all but what has a key on its path that matches.
    UnencryptedRegex,
    /// `unencrypted_suffix`: all but what has a key on its path that ends so.
    UnencryptedSuffix,
}

impl RuleKind {
    /// All, in the order of their names.
    pub const ALL: [RuleKind; 6] = [
        RuleKind::EncryptedCommentRegex,
        RuleKind::EncryptedRegex,
        RuleKind::EncryptedSuffix,
        RuleKind::UnencryptedCommentRegex,
        RuleKind::UnencryptedRegex,
        RuleKind::UnencryptedSuffix,
    ];

    /// Its name in the metadata.
    pub fn name(self) -> &'static str {
        match self {
            RuleKind::EncryptedCommentRegex => "encrypted_comment_regex",
            RuleKind::EncryptedRegex => "encrypted_regex",
            RuleKind::EncryptedSuffix => "encrypted_suffix",
            RuleKind::UnencryptedCommentRegex => "unencrypted_comment_regex",
            RuleKind::UnencryptedRegex => "unencrypted_regex",
            RuleKind::UnencryptedSuffix => "unencrypted_suffix",
        }
    }
}

/// What SOPS takes when a file names no rule.
impl Default for Rule {
    fn default() -> Self {
        Self { kind: RuleKind::UnencryptedSuffix, pattern: "_unencrypted".to_owned() }
    }
}

impl Rule {
    /// The rule for Kubernetes Secrets: all of `data` and `stringData`.
    pub fn secret() -> Self {
        Self { kind: RuleKind::EncryptedRegex, pattern: ENCRYPTED_REGEX.to_owned() }
    }

    /// Made ready to be asked.
    ///
    /// # Errors
    /// Says what is wrong with the regular expression.
    pub(super) fn matcher(&self) -> Result<Matcher, String> {
        let matches = match self.kind {
            RuleKind::EncryptedSuffix | RuleKind::UnencryptedSuffix => Matches::Suffix(self.pattern.clone()),
            _ if self.pattern == ENCRYPTED_REGEX => Matches::Secret,
            _ => Matches::Expression(Expression::new(&self.pattern)?),
        };
        Ok(Matcher { kind: self.kind, matches })
    }
}

/// A rule with its expression compiled.
#[derive(Clone, Debug)]
pub(super) struct Matcher {
    kind: RuleKind,
    matches: Matches,
}

#[derive(Clone, Debug)]
enum Matches {
    Suffix(String),
    /// The rule that nearly every file has, without an engine.
    Secret,
    Expression(Expression),
}

impl Matches {
    fn is(&self, text: &str) -> bool {
        match self {
            Matches::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Matches::Secret => matches!(text, "data" | "stringData"),
            Matches::Expression(expression) => expression.matches(text),
        }
    }
}

/// Where a value or comment stands.
pub(super) struct Position<'a> {
    /// The keys from the top.
    pub(super) keys: &'a [&'a str],
    /// For each level the comments that stand right before, with the comment itself at the end if it is one.
    pub(super) comments: &'a [Vec<&'a str>],
    pub(super) is_comment: bool,
}

impl Matcher {
    /// Is what stands there encrypted?
    pub(super) fn encrypts(&self, at: &Position) -> bool {
        let key = || at.keys.iter().any(|key| self.matches.is(key));
        match self.kind {
            RuleKind::EncryptedSuffix | RuleKind::EncryptedRegex => key(),
            RuleKind::UnencryptedSuffix | RuleKind::UnencryptedRegex => !key(),
            RuleKind::UnencryptedCommentRegex => {
                !at.comments.iter().flatten().any(|text| self.matches.is(text))
            }
            RuleKind::EncryptedCommentRegex => {
                // The comment that says so stays readable itself.
                let last = at.comments.last().map_or(0, Vec::len);
                let own = |level: usize, number: usize| {
                    at.is_comment && level + 1 == at.comments.len() && number + 1 == last
                };
                at.comments.iter().enumerate().any(|(level, texts)| {
                    texts
                        .iter()
                        .enumerate()
                        .any(|(number, text)| !own(level, number) && self.matches.is(text))
                })
            }
        }
    }

    /// May an encrypted comment not be mistaken for one that the rule looks for?
    pub(super) fn confuses(&self, encrypted_comment: &str) -> bool {
        self.kind == RuleKind::UnencryptedCommentRegex && self.matches.is(encrypted_comment)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn encrypts(
        kind: RuleKind,
        pattern: &str,
        keys: &[&str],
        comments: &[Vec<&str>],
        is_comment: bool,
    ) -> bool {
        let matcher = Rule { kind, pattern: pattern.to_owned() }.matcher().unwrap();
        matcher.encrypts(&Position { keys, comments, is_comment })
    }

    #[test]
    fn any_key_on_the_path_decides() {
        let with = |kind, pattern: &str, keys: &[&str]| encrypts(kind, pattern, keys, &[], false);
        assert!(with(RuleKind::EncryptedRegex, "^(data|stringData)$", &["data", "x"]));
        assert!(!with(RuleKind::EncryptedRegex, "^(data|stringData)$", &["metadata", "x"]));
        assert!(with(RuleKind::EncryptedRegex, "data", &["metadata", "x"]), "expressions are not anchored");
        assert!(with(RuleKind::UnencryptedRegex, "^a$", &["b", "c"]));
        assert!(!with(RuleKind::UnencryptedRegex, "^a$", &["b", "a", "c"]));
        assert!(!with(RuleKind::UnencryptedSuffix, "_unencrypted", &["a_unencrypted", "b"]));
        assert!(with(RuleKind::UnencryptedSuffix, "_unencrypted", &[]));
        assert!(with(RuleKind::EncryptedSuffix, "_secret", &["a_secret"]));
        assert!(!with(RuleKind::EncryptedSuffix, "_secret", &["a"]));
        assert!(with(RuleKind::EncryptedSuffix, "", &["a"]));
    }

    #[test]
    fn a_comment_that_asks_for_encryption_stays_readable() {
        let kind = RuleKind::EncryptedCommentRegex;
        assert!(!encrypts(kind, "^ sealed$", &["a"], &[vec![" sealed"]], true));
        assert!(encrypts(kind, "^ sealed$", &["a"], &[vec![" sealed"]], false));
        assert!(encrypts(kind, "^ sealed$", &["a"], &[vec![" sealed", " more"]], true));
        assert!(encrypts(kind, "^ sealed$", &["a", "b"], &[vec![" sealed"], vec![]], false));
        assert!(!encrypts(RuleKind::UnencryptedCommentRegex, "clear", &["a"], &[vec!["clear"]], true));
    }
}
