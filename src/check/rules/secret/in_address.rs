//! `secret/in-address`: a password inside an address.

use crate::{
    address,
    check::{Check, Facts},
    diag::{Diagnostic, Place, Problems, Severity},
    yaml::{Node, Value},
};

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
        "An address may hold a name and a password before its host, or a token in its query (`?token=`). What is committed \
         is there for everyone who can read the repository, for ever, and addresses are printed in logs and in `kubectl \
         describe` besides. What stands for a value from elsewhere is none: a variable such as `$(PASSWORD)`, or what hides \
         it, such as `***` or `<password>`."
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        // Secrets in plain text are told as such.
        for object in facts.objects.iter().filter(|object| object.document.kind() != "Secret") {
            let mut found = Vec::new();
            texts(&object.document.node, &mut found);
            for (node, host, text) in found {
                let message = format!("the address at `{host}` holds a password or token");
                let mut finding = self.finding(facts, object, Some(node), message);
                let written = written(facts, node, text);
                if written.is_empty() {
                    finding.secrets = finding.labels.iter().map(|label| label.place).collect();
                } else {
                    finding.labels.clear();
                }
                findings.push(
                    written
                        .into_iter()
                        .fold(finding, Diagnostic::at)
                        .help("name a Secret instead: `secret:` beside `url:` of a source, the input for it of a pack")
                        .help("if it was committed before, it is known and must be replaced where it was issued"),
                );
            }
        }
    }
}

/// The texts with such an address, each with the host and what is secret.
fn texts<'n>(node: &'n Node, found: &mut Vec<(&'n Node, &'n str, &'n str)>) {
    match &node.value {
        Value::Str(text) => {
            let secrets = address::secrets(text).into_iter();
            found.extend(secrets.map(|secret| (node, secret.host, &text[secret.range])));
        }
        Value::Seq(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Map(map) => map.iter().for_each(|(_, value)| texts(value, found)),
        _ => {}
    }
}

/// Where the user wrote it: in what the value comes from, or, where only a template is known, anywhere.
fn written(facts: &Facts, node: &Node, text: &str) -> Vec<Place> {
    let all = facts.policy.addresses.iter().filter(|address| *address.text == *text);
    let all: Vec<Place> = all.map(|address| address.place).collect();
    let from = [node.origin.config(), node.origin.template()];
    let own = |place: &Place| from.iter().flatten().any(|from| place.within(*from));
    let nearest: Vec<Place> = all.iter().copied().filter(own).collect();
    if nearest.is_empty() { all } else { nearest }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::findings;

    #[test]
    fn what_it_is_is_not_told() {
        let text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: [x], b: 'https://u:hunter2@h/'}}";
        let found = findings("secret/in-address", &[("apps/a/c.yaml", text)]);
        assert_eq!(found.len(), 1);
        assert!(!format!("{found:?}").contains("hunter2"));
        assert_eq!(found[0].secrets.len(), 1);
    }

    #[test]
    fn each_is_told() {
        let text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: 'https://u:hunter2@h/ redis://:hunter3@i', b: 'https://h/'}}";
        assert_eq!(findings("secret/in-address", &[("apps/a/c.yaml", text)]).len(), 2);
    }
}
