//! `kubernetes/text`: a number or boolean where the API server takes nothing but text.

use crate::{
    check::{Check, Facts, Object, facts::pod_spec},
    diag::{Problems, Severity},
    yaml::Node,
};

/// See the module.
pub(crate) struct Text;

impl Check for Text {
    fn id(&self) -> &'static str {
        "kubernetes/text"
    }

    fn summary(&self) -> &'static str {
        "a number or boolean where the API server takes nothing but text"
    }

    fn explanation(&self) -> &'static str {
        "The values of a ConfigMap, of a Secret and of environment variables are text. `debug: true` or `port: 80` \
         there is refused with the whole object: quote it."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.written() {
            let document = &object.document;
            if document.group().is_empty() && matches!(document.kind(), "ConfigMap" | "Secret") {
                for field in ["data", "binaryData", "stringData"] {
                    self.members(facts, object, field, findings);
                }
            }
            let spec = pod_spec(document);
            let lists =
                ["containers", "initContainers"].into_iter().filter_map(|list| spec?.get(list)?.as_seq());
            for container in lists.flatten() {
                self.variables(facts, object, container, findings);
            }
        }
    }
}

impl Text {
    fn members(&self, facts: &Facts, object: &Object, field: &str, findings: &mut Problems) {
        let members = object.document.node.get(field).and_then(Node::as_map);
        for (key, value) in members.into_iter().flat_map(|map| map.iter()) {
            if value.as_str().is_none() {
                let kind = object.document.kind();
                let message = format!(
                    "`{field}.{}` of the {kind} `{}` is {}",
                    key.text,
                    object.document.name(),
                    value.value.kind()
                );
                self.tell(facts, object, value, message, findings);
            }
        }
    }

    fn variables(&self, facts: &Facts, object: &Object, container: &Node, findings: &mut Problems) {
        let variables = container.get("env").and_then(Node::as_seq).unwrap_or_default();
        for variable in variables {
            let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) else { continue };
            if value.as_str().is_none() && !value.is_null() {
                let name = name.as_str().unwrap_or("?");
                let message = format!("the environment variable `{name}` is {}", value.value.kind());
                self.tell(facts, object, value, message, findings);
            }
        }
    }

    fn tell(&self, facts: &Facts, object: &Object, value: &Node, message: String, findings: &mut Problems) {
        let finding = self.finding(facts, object, Some(value), message);
        let scalar = value.as_map().is_none() && value.as_seq().is_none();
        findings.push(finding.because("the API server takes nothing but text").help(match scalar {
            true => "quote it; in a template write `\"{{ … }}\"`",
            false => "write it as a text, with `|` after the key; in a template with the filter `to_yaml` or `tojson`",
        }));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::messages;

    fn said(object: &str) -> Vec<String> {
        messages("kubernetes/text", &[("apps/a/x.yaml", object)])
    }

    #[test]
    fn what_is_no_text_is_found() {
        assert_eq!(
            said(
                "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: default}, \
                  data: {port: 80, debug: true, list: [a], good: \"80\"}}"
            ),
            [
                "`data.port` of the ConfigMap `a` is an integer",
                "`data.debug` of the ConfigMap `a` is a boolean",
                "`data.list` of the ConfigMap `a` is a list",
            ]
        );
        assert_eq!(
            said(
                "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: default}, spec: {\
                  initContainers: [{name: i, env: [{name: A, value: 1}]}], \
                  containers: [{name: c, env: [{name: B, value: false}, {name: C, value: x}]}]}}"
            ),
            ["the environment variable `B` is a boolean", "the environment variable `A` is an integer"]
        );
    }

    #[test]
    fn text_is_not_and_other_kinds_have_data_of_their_own() {
        assert_eq!(
            said(
                "{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: default}, stringData: {a: \"1\"}}"
            ),
            [""; 0]
        );
        assert_eq!(
            said(
                "{apiVersion: example.com/v1, kind: ConfigMap, metadata: {name: a, namespace: default}, data: {a: 1}}"
            ),
            [""; 0]
        );
        assert_eq!(
            said(
                "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: default}, spec: {containers: \
                  [{name: c, env: [{name: A, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]}]}}"
            ),
            [""; 0]
        );
    }
}
