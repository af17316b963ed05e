//! Addresses that hold what is secret: a password before the host, a token in the query (RFC 3986, 3.2.1 and 3.4).

use std::{borrow::Cow, ops::Range};

/// What is secret in an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret<'t> {
    /// The host of the address, with its port.
    pub host: &'t str,
    /// Where in the text the password or token stands.
    pub range: Range<usize>,
}

/// What stands for a secret value that is not shown.
const HIDDEN: &str = "***";

/// What tokens of Git hosts begin with, which stand for a name.
const TOKENS: [&str; 8] = ["ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-", "gldt-"];

/// Schemes in which `:` and `@` before the host separate a port or version, not a password.
const NO_PASSWORD: [&str; 9] = ["sip", "sips", "xmpp", "npm", "jsr", "pypi", "gem", "cargo", "nuget"];

/// Names of what is secret in a query: small letters, without `-`, `_` and `.`.
const SECRETS: [&str; 33] = [
    "accesskey",
    "accesstoken",
    "apikey",
    "apisecret",
    "apitoken",
    "authkey",
    "authtoken",
    "bearertoken",
    "clientsecret",
    "dbpassword",
    "idtoken",
    "jobtoken",
    "keystorepassword",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "privatetoken",
    "pwd",
    "refreshtoken",
    "secret",
    "secretkey",
    "sessiontoken",
    "sig",
    "signature",
    "sslpassword",
    "token",
    "truststorepassword",
    "userpassword",
    "xamzsecuritytoken",
    "xamzsignature",
    "xgoogsignature",
];

/// What variables begin and end with; what stands between may be anything.
const VARIABLES: [(&str, &str); 3] = [("{{", "}}"), ("${", "}"), ("$(", ")")];

/// All of a text, in its order. What stands for a value that comes from elsewhere, such as `$(PASSWORD)` or `***`, is none.
pub fn secrets(text: &str) -> Vec<Secret<'_>> {
    let mut found = Vec::new();
    for (at, slashes) in text.match_indices("://") {
        let start = at + slashes.len();
        let end = start + length(&text[start..], "/?#;");
        let (user, host) = match text[start..end].rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, &text[start..end]),
        };
        let host = host.split([',', ')', ']', '}']).next().filter(|_| !host.starts_with('[')).unwrap_or(host);
        if let Some(password) = user.and_then(|user| password(scheme(&text[..at]), user, host)) {
            found.push(Secret { host, range: start + password.start..start + password.end });
        }
        let rest = end + length(&text[end..], "");
        found.extend(parameters(text, end..rest).map(|range| Secret { host, range }));
    }
    // An address may stand in the query of another.
    found.sort_by_key(|secret| secret.range.start);
    found.dedup_by_key(|secret| secret.range.start);
    found
}

/// The text as it is shown: without its secrets.
pub fn masked(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut rest = 0;
    for secret in secrets(text).iter().filter(|secret| !secret.range.is_empty()) {
        if let Some(before) = text.get(rest..secret.range.start) {
            shown.extend([before, HIDDEN]);
            rest = secret.range.end;
        }
    }
    if rest == 0 { Cow::Borrowed(text) } else { Cow::Owned(shown + &text[rest..]) }
}

/// What stands before `://`.
fn scheme(before: &str) -> &str {
    let is_own = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    before.rfind(|c| !is_own(c)).map_or(before, |at| before[at..].trim_start_matches(|c| !is_own(c)))
}

/// How much of a text belongs to an address, up to one of `stops`. A variable belongs to it with all that is in it.
fn length(text: &str, stops: &str) -> usize {
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() || "\"'`|<>\\".contains(c) || stops.contains(c) {
            break;
        }
        at += variable(&text[at..]).map_or(c.len_utf8(), str::len);
    }
    at
}

/// The variable that a text begins with, such as `${NAME}`.
fn variable(text: &str) -> Option<&str> {
    let (open, close) = VARIABLES.iter().find(|(open, _)| text.starts_with(open))?;
    let line = text.split('\n').next()?;
    let end = line[open.len()..].find(close)?;
    Some(&line[..open.len() + end + close.len()])
}

/// Where in what stands before `@` a password or token is.
fn password(scheme: &str, user: &str, host: &str) -> Option<Range<usize>> {
    if host.is_empty() || is_no_host(host) || NO_PASSWORD.contains(&scheme.to_ascii_lowercase().as_str()) {
        return None;
    }
    match user.split_once(':') {
        Some((name, password)) => (!stands_for_another(password)).then_some(name.len() + 1..user.len()),
        None => TOKENS.iter().any(|token| user.starts_with(token)).then_some(0..user.len()),
    }
}

/// A digest of an image or a version: what stands behind `@` in their names. Of the last part of a host only that of a
/// number of four parts is a number.
fn is_no_host(host: &str) -> bool {
    let mut parts = host.split('.');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let version = parts.clone().count() != 4 && parts.next_back().is_some_and(is_number);
    host.starts_with("sha256:") || host.starts_with("sha512:") || version
}

/// Where in the rest of an address, behind its host, the values of secret parameters stand. Drivers of databases write
/// them with `;` too, and what has no server takes tokens behind `#`.
fn parameters(text: &str, range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let all = &text[range.clone()];
    let ends = |at: usize| at + length(&all[at..], "?&;#");
    let begins = all.match_indices(['?', '&', ';', '#']).map(|(at, _)| at + 1);
    begins.filter_map(move |at| {
        let parameter = &all[at..ends(at)];
        let (name, value) = parameter.split_once('=')?;
        let name: String = name.chars().filter(|c| !matches!(c, '-' | '_' | '.')).collect();
        let secret = SECRETS.contains(&name.to_ascii_lowercase().as_str());
        let flag = ["true", "false", "null", "none"].contains(&value);
        let end = range.start + at + parameter.len();
        (secret && !flag && !stands_for_another(value)).then_some(end - value.len()..end)
    })
}

/// Does a whole value stand for another one: empty, a variable, what hides it or what a text about addresses would say?
fn stands_for_another(value: &str) -> bool {
    // Flux takes away the first of two.
    let once = value.strip_prefix('$').filter(|rest| rest.starts_with('$')).unwrap_or(value);
    is_variable(once) || is_word_for_one(value.trim_matches(['<', '>', '[', ']', '{', '}', '(', ')', '*']))
}

fn is_variable(value: &str) -> bool {
    let is_name = |name: &str| {
        name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-')) && !name.is_empty()
    };
    let within = |open: &str, close: &str| value.strip_prefix(open)?.strip_suffix(close);
    let whole = variable(value) == Some(value);
    match value.strip_prefix("${") {
        // With another default than none it holds a value: `${NAME:-value}`.
        Some(_) => {
            whole && within("${", "}").is_some_and(|name| is_name(name.trim_end_matches([':', '-', '='])))
        }
        None => {
            whole
                || value.strip_prefix('$').is_some_and(is_name)
                || within("%(", ")s").or(within("%", "%")).is_some_and(is_name)
                || within("<", ">").or(within("[", "]")).or(within("{", "}")).is_some()
                || matches!(value, "%s" | "%v" | "%q")
        }
    }
}

fn is_word_for_one(word: &str) -> bool {
    const HIDES: [&str; 6] = ["redacted", "removed", "hidden", "masked", "omitted", "placeholder"];
    const NAMES: [&str; 7] = ["PASS", "PWD", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "SIGNATURE"];
    let small = word.to_ascii_lowercase();
    let same = |of: &str| small.len() > 1 && of.chars().any(|c| small.chars().all(|own| own == c));
    let capitals = word.bytes().all(|b| b.is_ascii_uppercase() || matches!(b, b'_' | b'-'));
    word.is_empty()
        || same("x.-_#•…")
        || HIDES.contains(&small.as_str())
        || (capitals && NAMES.iter().any(|name| word.contains(name)))
        || ["your-", "your_", "yourp", "yourt"].iter().any(|start| small.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<(&str, &str)> {
        secrets(text).into_iter().map(|secret| (secret.host, &text[secret.range])).collect()
    }

    #[test]
    fn passwords_are_found() {
        for (text, host, password) in [
            ("https://user:hunter2@git.example.com/a", "git.example.com", "hunter2"),
            ("see https://example.com or postgres://app:hunter2@db:5432/app?x=1", "db:5432", "hunter2"),
            ("https://ghp_abc@github.com/a", "github.com", "ghp_abc"),
            ("redis://:hunter2@cache", "cache", "hunter2"),
            ("postgres://app:p%40ss@db", "db", "p%40ss"),
            ("postgres://app:pa$$word@db", "db", "pa$$word"),
            ("postgres://app:hunter$2@db", "db", "hunter$2"),
            ("postgres://app:a{{b@db", "db", "a{{b"),
            ("postgres://app:a{{ b }}c@db", "db", "a{{ b }}c"),
            ("postgres://app:a,b*c@db", "db", "a,b*c"),
            ("postgres://app:123456@10.0.0.1:5432/app", "10.0.0.1:5432", "123456"),
            ("postgres://app:${PASSWORD:-hunter2}@db", "db", "${PASSWORD:-hunter2}"),
            ("postgres://app:p@ss@db", "db", "p@ss"),
            ("amqp://app:hunter2@[::1]:5672/x", "[::1]:5672", "hunter2"),
            ("[a](https://u:hunter2@h)", "h", "hunter2"),
            ("mongodb://u:hunter2@a:1,b:2/x", "a:1", "hunter2"),
        ] {
            assert_eq!(said(text), [(host, password)], "{text}");
        }
    }

    #[test]
    fn what_stands_for_a_password_is_none() {
        for password in [
            "",
            "$(PASSWORD)",
            "${PASSWORD}",
            "$${PASSWORD}",
            "${PASSWORD:-}",
            "$PASSWORD",
            "$$PASSWORD",
            "{{ .Values.a }}",
            "{{x}}",
            "%s",
            "%(password)s",
            "%PASSWORD%",
            "***",
            "*",
            "<password>",
            "<your password>",
            "[REDACTED]",
            "{password}",
            "xxxxx",
            "XXX",
            "...",
            "REDACTED",
            "redacted",
            "PASSWORD",
            "DB_PASSWORD",
            "YOUR-TOKEN",
            "your-password",
        ] {
            assert_eq!(said(&format!("postgres://app:{password}@db/app")), [], "{password}");
            assert_eq!(said(&format!("https://h/a?token={password}&b=1")), [], "{password}");
        }
    }

    #[test]
    fn not_every_colon_comes_before_a_password() {
        for text in [
            "https://example@dev.azure.com/example/_git/a",
            "ssh://git@git.example.com:2222/a",
            "https://example.com/a:b@c",
            "http://localhost:9090 by a@b",
            "https://USERNAME:PASSWORD@h",
            "sip://alice:5060@h",
            "npm://foo:bar@1.2.3",
            "any://foo:bar@1.2.3",
            "docker://alpine:3.20@sha256:0123",
            "://",
            "://@",
        ] {
            assert_eq!(said(text), [], "{text}");
        }
    }

    #[test]
    fn tokens_in_queries_are_found() {
        for (text, host, token) in [
            ("https://h/a?token=abc", "h", "abc"),
            ("https://h:80?x=1&Access_Token=abc#top", "h:80", "abc"),
            ("'https://h/?api-key=abc'", "h", "abc"),
            ("https://h/a?x=1&amp;apikey=abc", "h", "abc"),
            ("https://a.blob.example.com/c?sv=1&sig=a%2Bb&se=2", "a.blob.example.com", "a%2Bb"),
            ("https://h/a?X-Amz-Signature=abc", "h", "abc"),
            ("jdbc:sqlserver://h:1433;user=sa;password=abc;encrypt=true", "h:1433", "abc"),
            ("jdbc:mysql://h/app?user=a&password=p%40s", "h", "p%40s"),
            ("https://h/#access_token=abc", "h", "abc"),
            ("https://h/?next=https://g/?token=abc", "h", "abc"),
        ] {
            let found = said(text);
            assert_eq!(found.first().map(|(_, token)| *token), Some(token), "{text}");
            assert!(found.len() == 1 && text.contains(host), "{text}: {found:?}");
        }
        for text in [
            "https://h/a?tokens=5&max=1",
            "https://h/a?token=true",
            "https://h/token=abc",
            "https://h/a?page_token=abc",
            "https://h/a ?token=abc",
            "https://h/a?token={{ .token }}&password=${A}",
            "token=abc",
        ] {
            assert_eq!(said(text), [], "{text}");
        }
    }

    #[test]
    fn what_is_shown_has_none() {
        let text = "a https://u:hunter2@h/?x=1&token=abc#x b postgres://:p@db";
        assert_eq!(masked(text), "a https://u:***@h/?x=1&token=***#x b postgres://:***@db");
        assert_eq!(masked("https://u:***@h"), "https://u:***@h");
        assert!(matches!(masked("https://h/ä"), Cow::Borrowed(_)));
    }
}
