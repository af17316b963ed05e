//! Regular expressions as Go reads them (RE2), for what Flux and sops are told: creation rules, comments, tags.

use regex::{Regex, RegexBuilder};
use std::str::Chars;

/// A regular expression of Go.
#[derive(Clone, Debug)]
pub struct Expression(Regex);

impl Expression {
    /// Compiles one.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let compiled = RegexBuilder::new(&translated(pattern)?).size_limit(1 << 20).build();
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

/// What Go knows in a class as `[:name:]`.
const NAMED: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

/// Go's syntax as this engine reads it: there `\d`, `\s`, `\w` and `\b` know only ASCII.
fn translated(pattern: &str) -> Result<String, String> {
    let mut ours = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('Q') => literal(&mut chars, &mut ours),
                Some(escape) => ours.push_str(&ascii(escape, false)),
                None => ours.push('\\'),
            },
            '[' => class(&mut chars, &mut ours)?,
            c => ours.push(c),
        }
    }
    Ok(ours)
}

/// The rest of a class, behind its `[`. Nothing in it begins another, and no sign stands for what two have in common.
fn class(chars: &mut Chars, out: &mut String) -> Result<(), String> {
    out.push('[');
    if chars.as_str().starts_with('^') {
        out.extend(chars.next());
    }
    let mut is_first = true;
    while let Some(c) = chars.next() {
        if c == ']' && !is_first {
            out.push(']');
            break;
        }
        is_first = false;
        let rest = chars.as_str();
        if let Some((name, rest)) = rest.strip_prefix(':').and_then(|rest| rest.split_once(":]"))
            && c == '['
        {
            if !NAMED.contains(&name.strip_prefix('^').unwrap_or(name)) {
                return Err(format!("`[:{name}:]` is no class"));
            }
            out.push_str(&format!("[:{name}:]"));
            *chars = rest.chars();
            continue;
        }
        member(c, chars, out);
        let rest = chars.as_str();
        if rest.starts_with('-') && !rest.starts_with("-]") {
            out.extend(chars.next());
            if let Some(last) = chars.next() {
                member(last, chars, out);
            }
        }
    }
    Ok(())
}

/// A character of a class.
fn member(c: char, chars: &mut Chars, out: &mut String) {
    match (c, chars.as_str().chars().next()) {
        ('\\', Some(escape)) => {
            chars.next();
            out.push_str(&ascii(escape, true));
        }
        ('[' | ']' | '-' | '&' | '~', _) => out.extend(['\\', c]),
        _ => out.push(c),
    }
}

/// `\Q…\E`: the text as it stands.
fn literal(chars: &mut Chars, out: &mut String) {
    let (text, rest) = chars.as_str().split_once("\\E").unwrap_or((chars.as_str(), ""));
    out.push_str(&regex::escape(text));
    *chars = rest.chars();
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

    #[test]
    fn classes_are_those_of_go() {
        for (pattern, text, is_found) in [
            ("^[^:]+:[0-9]+$", "a:1", true),
            ("^[^:]+:[0-9]+$", "::1", false),
            ("^([^:]+):(v[0-9]+)$", "a:v1", true),
            ("^[a:]+[0-9]$", "a:1", true),
            ("^[-.:]?[a-z]+$", "abc", true),
            ("^[-.:]?[a-z]+$", ",abc", false),
            ("^[[:alpha:]]+$", "aZ", true),
            ("^[[:alpha:]]+$", "a:", false),
            ("^[[:alpha:]:]+$", "a:", true),
            ("^[:[:digit:]]+$", ":1", true),
            ("^[^[:digit:][:space:]]$", "1", false),
            ("^[[:^alpha:]]$", "1", true),
            ("^[[:^alpha:]]$", "a", false),
            ("^[:alpha:]$", ":", true),
            ("^[:alpha:]$", "b", false),
            ("^[[:a]$", "[", true),
            ("^[[:a]$", "b", false),
            ("^[]a]$", "]", true),
            ("^[]a]$", "b", false),
            ("^[^]a]$", "]", false),
            ("^[^]a]$", "b", true),
            (r"^[a\]b]$", "]", true),
            (r"^[a\]b]$", r"\", false),
            (r"^[\d-]+$", "1-2", true),
            (r"^[\w.-]+$", "a.b-c", true),
            (r"^[+\-]$", ",", false),
            ("^[*--]$", ",", true),
            ("^[--9]$", ".", true),
            ("^[a&&b~~]$", "a", true),
            (r"^[\x{41}-\x43\p{Greek}]+$", "Bα", true),
        ] {
            assert_eq!(Expression::new(pattern).unwrap().matches(text), is_found, "{pattern} {text}");
        }
        assert_eq!(Expression::new("[[:letter:]]").unwrap_err(), "`[:letter:]` is no class");
        assert_eq!(Expression::new("[a").unwrap_err(), "unclosed character class");
    }
}
