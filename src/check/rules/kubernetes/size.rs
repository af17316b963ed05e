//! `kubernetes/size`: a ConfigMap that is too large.

use crate::{
    check::{Check, Facts},
    diag::{Problems, Severity},
    yaml::{Map, Node},
};

/// What a ConfigMap may hold: the API server adds up the bytes of its values.
const MOST: usize = 1024 * 1024;

/// See the module.
pub(crate) struct Size;

impl Check for Size {
    fn id(&self) -> &'static str {
        "kubernetes/size"
    }

    fn summary(&self) -> &'static str {
        "a ConfigMap of more than 1 MiB"
    }

    fn explanation(&self) -> &'static str {
        "The API server refuses a ConfigMap whose values together have more than 1,048,576 bytes. Large dashboards and \
         scripts stand in a ConfigMap each, or in an image."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.written() {
            let document = &object.document;
            if !document.group().is_empty() || document.kind() != "ConfigMap" {
                continue;
            }
            let node = &document.node;
            let bytes = sum(node, "data", |text| text.len())
                + sum(node, "binaryData", |text| text.trim_end_matches('=').len() * 3 / 4);
            if bytes > MOST {
                let message = format!("the ConfigMap `{}` holds {bytes} bytes", document.name());
                let largest = ["data", "binaryData"].iter().flat_map(|field| members(node, field));
                let largest = largest.max_by_key(|value| value.as_str().map_or(0, str::len));
                findings.push(
                    self.finding(facts, object, largest, message)
                        .because("the API server takes no more than 1 MiB (1048576 bytes)")
                        .help("make several of it, each with a part of its keys, or shorten this value"),
                );
            }
        }
    }
}

fn sum(node: &Node, field: &str, bytes: impl Fn(&str) -> usize) -> usize {
    members(node, field).filter_map(Node::as_str).map(bytes).sum()
}

fn members<'n>(node: &'n Node, field: &str) -> impl Iterator<Item = &'n Node> + use<'n> {
    node.get(field).and_then(Node::as_map).into_iter().flat_map(Map::iter).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::MOST;
    use crate::{
        check::tests::{findings, messages},
        diag::{Sources, render},
    };

    fn object(kind: &str, fields: &str) -> String {
        format!("{{apiVersion: v1, kind: {kind}, metadata: {{name: a, namespace: default}}, {fields}}}")
    }

    fn said(text: &str) -> Vec<String> {
        messages("kubernetes/size", &[("apps/a/x.yaml", text)])
    }

    #[test]
    fn what_the_api_server_would_refuse_is_found() {
        let of =
            |length: usize| object("ConfigMap", &format!("data: {{a: x, b: {}}}", "y".repeat(length - 1)));
        assert_eq!(said(&of(MOST)), [""; 0]);
        assert_eq!(said(&of(MOST + 1)), ["the ConfigMap `a` holds 1048577 bytes"]);
        let binary =
            |bytes: usize| object("ConfigMap", &format!("binaryData: {{a: {}}}", "AAAA".repeat(bytes / 3)));
        assert_eq!(said(&binary(MOST)), [""; 0]);
        assert_eq!(said(&binary(MOST + 3)), ["the ConfigMap `a` holds 1048578 bytes"]);
        assert_eq!(said(&object("Note", &format!("data: {{a: {}}}", "y".repeat(MOST + 1)))), [""; 0]);
    }

    #[test]
    fn the_text_says_what_to_do() {
        let text = object("ConfigMap", &format!("data: {{a: {}}}", "y".repeat(MOST + 1)));
        let found = findings("kubernetes/size", &[("apps/a/x.yaml", &text)]);
        let shown = render(&found[0], &Sources::new(), false);
        assert!(shown.contains("error[kubernetes/size]: the ConfigMap `a` holds 1048577 bytes"), "{shown}");
        assert!(shown.contains("make several of it"), "{shown}");
    }
}
