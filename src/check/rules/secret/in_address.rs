//! `secret/in-address`: a password inside an address.

use crate::{
    check::{Check, Facts},
    diag::{Problems, Severity},
    yaml::{Node, Value},
};

/// What tokens of Git hosts begin with, which stand for a name.
const TOKENS: [&str; 6] = ["ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "gldt-"];

/// See the module.
pub(crate) struct InAddress;

impl Check for InAddress {
    fn id(&self) -> &'static str {
        "secret/in-address"
    }

    fn summary(&self) -> &'static str {
        "a password or token inside an address"
    }

    fn explanation(&self) -> &'static str {
        "An address may hold a name and a password before its host. What is committed is there for everyone who can read the \
         repository, for ever, and addresses are printed in logs and in `kubectl describe` besides. What is a variable, such \
         as `$(PASSWORD)`, is none."
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        // Secrets in plain text are told as such.
        for object in facts.objects.iter().filter(|object| object.document.kind() != "Secret") {
            let mut found = Vec::new();
            texts(&object.document.node, &mut found);
            for (node, host) in found {
                let message = format!("the address at `{host}` holds a password or token");
                let finding = self.finding(facts, object, Some(node), message);
                let places: Vec<_> = finding.labels.iter().map(|label| label.place).collect();
                let finding = places.into_iter().fold(finding, |finding, place| finding.secret(Some(place)));
                findings.push(
                    finding
                        .help("name a Secret instead: `secret:` beside `url:` of a source, the input for it of a pack")
                        .help("if it was committed before, it is known and must be replaced where it was issued"),
                );
            }
        }
    }
}

/// The texts with such an address, each with its host.
fn texts<'n>(node: &'n Node, found: &mut Vec<(&'n Node, &'n str)>) {
    match &node.value {
        Value::Str(text) => found.extend(host(text).map(|host| (node, host))),
        Value::Seq(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Map(map) => map.iter().for_each(|(_, value)| texts(value, found)),
        _ => {}
    }
}

/// The host of the first address in a text that has a password before it (RFC 3986, 3.2).
fn host(text: &str) -> Option<&str> {
    text.match_indices("://").find_map(|(at, slashes)| {
        let rest = &text[at + slashes.len()..];
        let ends = |c: char| c.is_whitespace() || "/?#\"'`,|<>\\".contains(c);
        let (user, host) = rest[..rest.find(ends).unwrap_or(rest.len())].rsplit_once('@')?;
        let secret = match user.split_once(':') {
            Some((_, password)) => !password.is_empty() && !password.contains(['$', '{', '%', '*']),
            None => TOKENS.iter().any(|token| user.starts_with(token)),
        };
        (secret && !host.is_empty()).then_some(host)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::findings;

    #[test]
    fn passwords_are_told_from_variables_and_names() {
        for (text, found) in [
            ("https://user:hunter2@git.example.com/a", Some("git.example.com")),
            ("see https://example.com or postgres://app:hunter2@db:5432/app?x=1", Some("db:5432")),
            ("https://ghp_abc@github.com/a", Some("github.com")),
            ("redis://:hunter2@cache", Some("cache")),
            ("postgres://app:$(PASSWORD)@db", None),
            ("postgres://app:${PASSWORD}@db", None),
            ("amqp://app:{{ .Values.password }}@mq", None),
            ("https://example@dev.azure.com/example/_git/a", None),
            ("ssh://git@git.example.com:2222/a", None),
            ("ssh://git:@git.example.com/a", None),
            ("https://example.com/a:b@c", None),
            ("http://localhost:9090 by a@b", None),
            ("://", None),
        ] {
            assert_eq!(host(text), found, "{text}");
        }
    }

    #[test]
    fn what_it_is_is_not_told() {
        let text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: [x], b: 'https://u:hunter2@h/'}}";
        let found = findings("secret/in-address", &[("apps/a/c.yaml", text)]);
        assert_eq!(found.len(), 1);
        assert!(!format!("{found:?}").contains("hunter2"));
    }
}
