//! Regular expressions as Go reads them (RE2), for what Flux and sops are told: creation rules, comments, tags.

use regex::{Regex, RegexBuilder};

/// A regular expression of Go.
#[derive(Clone, Debug)]
pub struct Expression(Regex);

impl Expression {
    /// Compiles one.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let compiled = RegexBuilder::new(&translated(pattern)).size_limit(1 << 20).build();
        compiled.map(Self).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "it is too big".to_owned(),
            error => {
                error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
            }
        })
    }

    /// Is it found anywhere in a text?
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// Go's syntax as this engine reads it: there `\d`, `\s`, `\w` and `\b` know only ASCII.
fn translated(pattern: &str) -> String {
    let mut ours = String::with_capacity(pattern.len());
    let mut in_class = false;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('Q') => literal(&mut chars, &mut ours),
                Some(escape) => ours.push_str(&ascii(escape, in_class)),
                None => ours.push('\\'),
            },
            '[' if !in_class => {
                in_class = true;
                ours.push('[');
                if chars.peek() == Some(&'^') {
                    ours.extend(chars.next());
                }
                if chars.peek() == Some(&']') {
                    chars.next();
                    ours.push_str("\\]");
                }
            }
            '[' if chars.peek() != Some(&':') => ours.push_str("\\["),
            ']' if in_class && !ours.ends_with(':') => {
                in_class = false;
                ours.push(']');
            }
            '&' | '~' if in_class => ours.extend(['\\', c]),
            c => ours.push(c),
        }
    }
    ours
}

/// `\Q…\E`: the text as it stands.
fn literal(chars: &mut std::iter::Peekable<std::str::Chars>, out: &mut String) {
    while let Some(c) = chars.next() {
        if c == '\\' && chars.peek() == Some(&'E') {
            chars.next();
            return;
        }
        out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
    }
}

fn ascii(escape: char, in_class: bool) -> String {
    let class = match escape {
        'd' | 'D' => "0-9",
        's' | 'S' => "\\t\\n\\f\\r ",
        'w' | 'W' => "0-9A-Za-z_",
        'b' | 'B' if !in_class => return format!("(?-u:\\{escape})"),
        _ => return format!("\\{escape}"),
    };
    match (escape.is_ascii_uppercase(), in_class) {
        (false, true) => class.to_owned(),
        (negated, _) => format!("[{}{class}]", if negated { "^" } else { "" }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_those_of_go() {
        let is = |pattern: &str, text: &str| Expression::new(pattern).unwrap().matches(text);
        assert!(is(r"^\d+$", "12") && !is(r"^\d+$", "١٢"), "only ASCII digits");
        assert!(is(r"^[\w.]+$", "a.b") && !is(r"^[\w.]+$", "é"));
        assert!(is(r"^\W$", "é") && is(r"a\b", "aé"));
        assert!(is(r"^\Qa.b\E$", "a.b") && !is(r"^\Qa.b\E$", "axb"));
        assert!(
            is(r"^[[:alpha:]&&]+$", "a&") && is("^[]a]$", "]") && is("^[^]a]$", "b") && is("^[a[b]$", "[")
        );
        assert!(is(r"(?i)^PASS", "password") && is(r"\Aa\z", "a") && is(r"^\pL$", "é"));
        assert_eq!(Expression::new("(").unwrap_err(), "unclosed group");
    }
}
