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
const VARIABLES: [(&str, &str); 6] = [
    ("{{", "}}"),
    ("${", "}"),
    ("$(", ")"),
    // Of Grafana.
    ("$__env{", "}"),
    ("$__file{", "}"),
    ("$__vault{", "}"),
];

/// Where variables say that their value comes from, before a `:`: those of the OpenTelemetry Collector, of Kafka's
/// providers of configuration and of log4j. Behind other names stands a value, as in Spring's `${NAME:value}`.
const PROVIDERS: [&str; 10] =
    ["env", "file", "dir", "directory", "secret", "secrets", "configmap", "configmaps", "sys", "vault"];

/// All of a text, in its order. What stands for a value that comes from elsewhere, such as `$(PASSWORD)` or `***`, is none.
/// It takes time in proportion to the text, whatever stands in it.
pub fn secrets(text: &str) -> Vec<Secret<'_>> {
    let mut found = Vec::new();
    within(text, 0, None, &mut found);
    // An address may stand in a variable of another.
    found.sort_by_key(|secret| secret.range.start);
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

/// Adds those of a text from a place on. In a variable of an address, what comes before another address belongs to the
/// one with this host. No variable holds another of its kind, so a text is read no oftener than there are kinds.
fn within<'t>(text: &'t str, mut at: usize, outer: Option<&'t str>, found: &mut Vec<Secret<'t>>) {
    let mut variables = Variables::of(text);
    while let Some(rest) = text.get(at..) {
        let next = if outer.is_some() { Some(0) } else { rest.find("://") };
        let Some(start) = next.map(|next| at + next) else { return };
        let run = Run::read(start, &mut variables);
        run.secrets(outer, found);
        let end = start + run.plain.len();
        at = end + text[end..].chars().next().map_or(1, char::len_utf8);
    }
}

/// What is written without a space, in which addresses may follow one another.
struct Run<'t> {
    /// The text that it is a part of.
    text: &'t str,
    start: usize,
    /// What is written there, with `_` for all that is a variable: that may hold anything.
    plain: String,
    /// Where in the text the insides of the variables stand.
    variables: Vec<Range<usize>>,
}

impl<'t> Run<'t> {
    fn read(start: usize, variables: &mut Variables<'t>) -> Self {
        let text = variables.text;
        let mut run = Self { text, start, plain: String::new(), variables: Vec::new() };
        let mut at = start;
        let belongs = |at: usize, c: char| match c {
            '\'' => is_apostrophe(&text[at..]),
            c => !c.is_whitespace() && !"\"`|<>\\".contains(c),
        };
        while let Some(c) = text[at..].chars().next().filter(|c| belongs(at, *c)) {
            match variables.at(at) {
                Some((inside, end)) => {
                    run.plain.extend(std::iter::repeat_n('_', end - at));
                    run.variables.push(inside);
                    at = end;
                }
                None => {
                    run.plain.push(c);
                    at += c.len_utf8();
                }
            }
        }
        run
    }

    /// Adds what is secret in it. An address ends where the next one begins.
    fn secrets(&self, outer: Option<&'t str>, found: &mut Vec<Secret<'t>>) {
        let starts: Vec<usize> = self.plain.match_indices("://").map(|(at, _)| at + 3).collect();
        let next = |index: usize| starts.get(index).copied().unwrap_or(self.plain.len());
        let mut sections = vec![(0..next(0), outer)];
        let mut before = outer;
        for (index, &start) in starts.iter().enumerate() {
            let end = self.server_end(start, next(index + 1));
            let host = Some(self.server(start..end, found));
            // `&` ends no host, but an address in the query of another.
            sections.extend([(start..end, before), (end..next(index + 1), host)]);
            before = host;
        }
        let mut variables = self.variables.iter().peekable();
        for (section, host) in sections {
            let end = self.start + section.end;
            if let Some(host) = host {
                found.extend(self.parameters(section).map(|range| Secret { host, range }));
            }
            while let Some(inside) = variables.next_if(|inside| inside.start < end) {
                within(&self.text[..inside.end], inside.start, host, found);
            }
        }
    }

    /// Where the server ends that begins here: before the path. A password may hold what else ends it, as one in base64
    /// holds `/`: that is one behind the `:` of a name, if `@` and a host follow and it begins with no port.
    fn server_end(&self, start: usize, next: usize) -> usize {
        let end = self.end(start, ['/', '?', '#', ';']);
        let server = &self.plain[start..end];
        let more = self.plain[end..next].starts_with(['/', ';']);
        let Some((user, first)) = server.split_once(':').filter(|_| more && !server.contains('@')) else {
            return end;
        };
        let is_name = user.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '%'));
        let is_port = first.split([',', ')', ']', '}']).next().is_none_or(|port| {
            let written = &self.text[self.start + end - first.len()..self.start + end];
            port.bytes().all(|b| b.is_ascii_digit()) || stands_for_another(written)
        });
        let query = self.plain[end..next].find(['?', '#']).map_or(next, |length| end + length);
        match self.plain[end..query].rfind('@').filter(|_| is_name && !is_port) {
            Some(at) => {
                let host = end + at + 1;
                self.plain[host..query].find(['/', ';']).map_or(query, |length| host + length)
            }
            None => end,
        }
    }

    /// Adds the password of what stands between `://` and the path; its host.
    fn server(&self, range: Range<usize>, found: &mut Vec<Secret<'t>>) -> &'t str {
        let start = self.start + range.start;
        let all = &self.text[start..self.start + range.end];
        let (user, host) = match all.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, all),
        };
        let host = host.split([',', ')', ']', '}']).next().filter(|_| !host.starts_with('[')).unwrap_or(host);
        let scheme = scheme(&self.text[..start - "://".len()]);
        if let Some(password) = user.and_then(|user| password(scheme, user, host)) {
            found.push(Secret { host, range: start + password.start..start + password.end });
        }
        host
    }

    /// Where in the text the values of secret parameters stand that begin here, behind a host. Drivers of databases write
    /// them with `;` too, and what has no server takes tokens behind `#`. An address in one belongs to its value.
    fn parameters(&self, section: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        const BEFORE: [char; 4] = ['?', '&', ';', '#'];
        let begins = self.plain[section.clone()].match_indices(BEFORE);
        begins.map(move |(at, _)| section.start + at + 1).filter_map(|at| {
            let end = self.start + self.end(at, BEFORE);
            let (name, value) = self.text[self.start + at..end].split_once('=')?;
            let name: String = name.chars().filter(|c| !matches!(c, '-' | '_' | '.')).collect();
            let name = name.to_ascii_lowercase();
            let secret = SECRETS.contains(&name.as_str());
            // A parameter that is only called `secret` may name a Secret.
            let none = is_flag(value) || stands_for_another(value) || (name == "secret" && is_words(value));
            (secret && !none).then_some(end - value.len()..end)
        })
    }

    /// Where one of these signs comes next, or the end.
    fn end(&self, at: usize, signs: [char; 4]) -> usize {
        self.plain[at..].find(signs).map_or(self.plain.len(), |length| at + length)
    }
}

/// Does the quotation mark that a text begins with belong to what it stands in, as in `it's`? What it ends is followed by
/// another sign. In YAML two stand for one.
fn is_apostrophe(text: &str) -> bool {
    let rest = text.strip_prefix("''").or_else(|| text.strip_prefix('\'')).unwrap_or_default();
    rest.starts_with(|c: char| c.is_alphanumeric() || c == '@')
}

/// Is a value of a parameter none that anybody keeps secret: a yes or no, a number of two digits, the version of a method?
fn is_flag(value: &str) -> bool {
    let number = value.strip_prefix('v').unwrap_or(value);
    let is_number = number.len() < 3 && number.bytes().all(|b| b.is_ascii_digit());
    is_number || ["true", "false", "null", "none"].contains(&value)
}

/// Words of small letters with `-` between them, as objects in a cluster are named.
fn is_words(value: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    value.contains('-') && value.split('-').all(is_word)
}

/// What stands before `://`.
fn scheme(before: &str) -> &str {
    let is_own = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    before.rfind(|c| !is_own(c)).map_or(before, |at| before[at..].trim_start_matches(|c| !is_own(c)))
}

/// The variables of a text, asked for from its start to its end, so that it is searched once.
struct Variables<'t> {
    text: &'t str,
    /// Where each kind of variable ends next, and the line; 0 if nobody asked yet.
    next: [usize; VARIABLES.len() + 1],
}

impl<'t> Variables<'t> {
    fn of(text: &'t str) -> Self {
        Self { text, next: [0; VARIABLES.len() + 1] }
    }

    /// The variable that begins at a place, such as `${NAME}`: what is in it, and where it ends. It ends in its line.
    fn at(&mut self, at: usize) -> Option<(Range<usize>, usize)> {
        let kind = VARIABLES.iter().position(|(open, _)| self.text[at..].starts_with(open))?;
        let (open, close) = VARIABLES[kind];
        let start = at + open.len();
        let end = self.next(kind, close, start);
        (end < self.next(VARIABLES.len(), "\n", start))
            .then_some((start..end, end.saturating_add(close.len())))
    }

    fn next(&mut self, index: usize, sign: &str, from: usize) -> usize {
        if self.next[index] < from {
            self.next[index] = self.text[from..].find(sign).map_or(usize::MAX, |length| from + length);
        }
        self.next[index]
    }
}

/// Where in what stands before `@` a password or token is.
fn password(scheme: &str, user: &str, host: &str) -> Option<Range<usize>> {
    let scheme = scheme.to_ascii_lowercase();
    if host.is_empty() || is_no_host(host) || NO_PASSWORD.contains(&scheme.as_str()) {
        return None;
    }
    // Servers of databases do have passwords that are numbers.
    let is_port = |number: &str| scheme.starts_with("http") && number.parse::<u16>().is_ok();
    match user.split_once(':') {
        Some((name, password)) => {
            let none = stands_for_another(password) || is_version(password) || is_port(password);
            (!none).then_some(name.len() + 1..user.len())
        }
        None => TOKENS.iter().any(|token| user.starts_with(token)).then_some(0..user.len()),
    }
}

/// A digest of an image or a version: what stands behind `@` in their names. Of the last part of a host only that of a
/// number of four parts is a number.
fn is_no_host(host: &str) -> bool {
    let mut parts = host.split('.');
    let version = parts.clone().count() != 4 && parts.next_back().is_some_and(is_number);
    host.starts_with("sha256:") || host.starts_with("sha512:") || host == "latest" || version
}

/// Three numbers: `1.2.3`, `v1.2.3`.
fn is_version(text: &str) -> bool {
    let parts = text.strip_prefix('v').unwrap_or(text).split('.');
    parts.clone().count() == 3 && parts.into_iter().all(is_number)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Does a whole value stand for another one: empty, a variable, what hides it or what a text about addresses would say?
fn stands_for_another(value: &str) -> bool {
    // Flux takes away the first of two.
    let once = value.strip_prefix('$').filter(|rest| rest.starts_with('$')).unwrap_or(value);
    is_variable(once) || is_word_for_one(value.trim_matches(['<', '>', '[', ']', '{', '}', '(', ')', '*']))
}

/// One variable, or several with signs between them.
fn is_variable(value: &str) -> bool {
    let is_first = |name: &str| is_name(name) && !name.starts_with(|c: char| c.is_ascii_digit());
    let within = |open: &str, close: &str| value.strip_prefix(open)?.strip_suffix(close);
    let bare = value.strip_prefix('$').map(|name| name.strip_prefix("env:").unwrap_or(name));
    are_variables(value)
        || bare.is_some_and(|names| is_name(names) || names.split('$').all(is_first))
        || within("%(", ")s").or(within("%%", "%%")).or(within("%", "%")).is_some_and(is_name)
        || within("@@", "@@").or(within("@", "@")).is_some_and(is_name)
        || within("<", ">").or(within("[", "]")).or(within("{", "}")).is_some()
        || matches!(value, "%s" | "%v" | "%q")
}

/// Variables with an end, and but for signs between them no more.
fn are_variables(value: &str) -> bool {
    let mut variables = Variables::of(value);
    let (mut at, mut any) = (0, false);
    while let Some(c) = value[at..].chars().next() {
        match variables.at(at) {
            Some((inside, end)) => {
                if value[at..].starts_with("${") && !names_another(&value[inside]) {
                    return false;
                }
                (at, any) = (end, true);
            }
            None if "-_.:+~,@".contains(c) => at += c.len_utf8(),
            None => return false,
        }
    }
    any
}

/// Does what stands in `${}` come from elsewhere? With another default than none it holds a value: `${NAME:-value}`.
fn names_another(inside: &str) -> bool {
    // What follows `?` is said if there is no value.
    let needed = inside.split_once('?').map(|(name, _)| name.strip_suffix(':').unwrap_or(name));
    let provided = match inside.split_once(':') {
        Some((provider, name)) if PROVIDERS.contains(&provider) => {
            let default = name.split_once(":-").or_else(|| name.split_once(":="));
            !name.is_empty() && default.is_none_or(|(_, default)| default.is_empty())
        }
        _ => false,
    };
    provided || needed.is_some_and(is_name) || is_name(inside.trim_end_matches([':', '-', '=']))
}

fn is_name(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-')) && !name.is_empty()
}

fn is_word_for_one(word: &str) -> bool {
    const HIDES: [&str; 10] = [
        "redacted",
        "removed",
        "hidden",
        "masked",
        "omitted",
        "placeholder",
        "password",
        "changeme",
        "change-me",
        "change_me",
    ];
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
            ("postgres://app:it'shunter2@db/x", "db", "it'shunter2"),
            ("postgres://app:hunter2'@db/x", "db", "hunter2'"),
            ("'postgres://app:it''shunter2@db/x'", "db", "it''shunter2"),
            ("postgres://app:hun/ter2@db/x", "db", "hun/ter2"),
            ("postgres://app:a/b/c+d==@db:5432/x?y=u@v", "db:5432", "a/b/c+d=="),
            ("redis://:hun/ter2@cache", "cache", "hun/ter2"),
            ("postgres://app:hun;ter2@db/x", "db", "hun;ter2"),
            ("postgres://app:1234@db/x", "db", "1234"),
            ("postgres://app:${env:A:-hunter2}@db", "db", "${env:A:-hunter2}"),
            ("postgres://app:${A:hunter2}@db", "db", "${A:hunter2}"),
            ("postgres://app:${A:-?b}@db", "db", "${A:-?b}"),
            ("postgres://app:${A}-hunter2@db", "db", "${A}-hunter2"),
            ("postgres://app:${A}-${B:-hunter2}@db", "db", "${A}-${B:-hunter2}"),
            ("postgres://app:$2a$10$abc@db", "db", "$2a$10$abc"),
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
            "changeme",
            "password",
            "${env:X}",
            "${env:X:-}",
            "$__env{X}",
            "$__file{/etc/secrets/x}",
            "${file:/opt/kafka/x.properties:key}",
            "${secrets:ns/name:key}",
            "${PASSWORD:?required}",
            "${X?}",
            "%%PASS%%",
            "@@PASS@@",
            "$env:X",
            "${A}-${B}",
            "$A$B",
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
            "http://user:8080@h",
            "pkg://name:1.0.0@latest",
            "pkg://name:1.0.0@h",
            "http://localhost:8080/a@b",
            "http://h:${PORT}/a@b",
            "http://h:<port>/a@b",
            "http://h:$PORT/a@b",
            "cassandra://a:1,b:2/x@y",
            "ssh://github.com:org/repo@v",
            "file://c:/a@b",
            "sqlserver://h:1433;user=sa@h",
            "'http://h:80','a@b'",
            "'http://u:'+pass+'@'+h",
            "'http://'+u+':'+pass+'@'+h",
            "npm://a:b/c@d",
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
            ("https://h/?next=https://g/?token=abc", "g", "abc"),
            ("https://h/?next=https://g&token=abc", "h", "abc"),
            ("https://h/?token=https://g/a,b", "h", "https://g/a,b"),
            ("https://a/,https://b/?token=abc", "b", "abc"),
            ("https://h/{{ .a }}?token=abc", "h", "abc"),
            ("https://h/a?x={{ 'https://g/' }}&token=abc", "h", "abc"),
            ("https://h/a${QUERY:-?token=abc}", "h", "abc"),
            ("https://h/?token=it'sabc&x", "h", "it'sabc"),
            ("https://h/?secret=hunter2", "h", "hunter2"),
            ("https://h/?token=ab-cd", "h", "ab-cd"),
            ("https://h/?pass=123", "h", "123"),
            ("https://h/a?x={{ 'https://g/?token=abc' }}&y", "g", "abc"),
        ] {
            assert_eq!(said(text), [(host, token)], "{text}");
        }
        for text in [
            "https://h/a?tokens=5&max=1",
            "https://h/a?token=true",
            "https://h/a?pass=1",
            "https://h/a?secret=my-secret-name",
            "https://h/a?sig=v1",
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
