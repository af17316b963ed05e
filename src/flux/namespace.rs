//! A Namespace with its Pod Security level.

use super::{Fields, PRUNE};
use crate::yaml::Node;

/// A namespace.
#[derive(Clone, Debug, PartialEq)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// `restricted`, `baseline` or `privileged`.
    pub pod_security: Option<Node>,
    /// Further labels, over those of Pod Security.
    pub labels: Option<Node>,
    /// Further annotations.
    pub annotations: Option<Node>,
}

impl Namespace {
    /// The object. It stays when it leaves the tree: with it would go everything in it.
    pub fn node(&self) -> Node {
        let mut labels = Fields::default();
        if let Some(level) = &self.pod_security {
            for mode in ["enforce", "warn", "audit"] {
                labels = labels
                    .put(&format!("pod-security.kubernetes.io/{mode}"), level.clone())
                    .put(&format!("pod-security.kubernetes.io/{mode}-version"), "latest");
            }
        }
        let labels = with(labels, self.labels.as_ref());
        let annotations = with(Fields::default().put(PRUNE, "disabled"), self.annotations.as_ref());
        let metadata = Fields::default()
            .put("name", self.name.as_str())
            .maybe("labels", (!labels.0.is_empty()).then_some(labels))
            .put("annotations", annotations);
        Fields::object("v1", "Namespace", metadata).node()
    }
}

fn with(mut fields: Fields, more: Option<&Node>) -> Fields {
    for (key, value) in more.and_then(Node::as_map).into_iter().flat_map(|map| map.iter()) {
        fields.0.insert(key.clone(), value.clone());
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{flux::json, yaml::Map};

    #[test]
    fn levels_labels_and_annotations() {
        let map = |key: &str, value: &str| Node::new(Map::from_iter([(key.to_owned(), Node::new(value))]));
        let namespace = Namespace {
            name: "monitoring".into(),
            pod_security: Some(Node::new("baseline")),
            labels: Some(map("pod-security.kubernetes.io/warn", "restricted")),
            annotations: Some(map("team", "x")),
        };
        assert_eq!(
            json(&namespace.node()),
            concat!(
                r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"monitoring","labels":{"#,
                r#""pod-security.kubernetes.io/enforce":"baseline","#,
                r#""pod-security.kubernetes.io/enforce-version":"latest","#,
                r#""pod-security.kubernetes.io/warn":"restricted","#,
                r#""pod-security.kubernetes.io/warn-version":"latest","#,
                r#""pod-security.kubernetes.io/audit":"baseline","#,
                r#""pod-security.kubernetes.io/audit-version":"latest"},"#,
                r#""annotations":{"kustomize.toolkit.fluxcd.io/prune":"disabled","team":"x"}}}"#
            )
        );
    }

    #[test]
    fn no_say_no_labels() {
        let plain = Namespace { name: "x".into(), pod_security: None, labels: None, annotations: None };
        assert_eq!(
            json(&plain.node()),
            concat!(
                r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"x","#,
                r#""annotations":{"kustomize.toolkit.fluxcd.io/prune":"disabled"}}}"#
            )
        );
    }
}
