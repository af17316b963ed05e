//! `grafana/uid`: two dashboards with one `uid`.

use super::boards;
use crate::{
    check::{Check, Facts, Object},
    diag::{Problems, Severity},
    schema::parse_json,
};
use std::collections::BTreeMap;

/// See the module.
pub(crate) struct Uid;

impl Check for Uid {
    fn id(&self) -> &'static str {
        "grafana/uid"
    }

    fn summary(&self) -> &'static str {
        "two dashboards with one `uid`"
    }

    fn explanation(&self) -> &'static str {
        "A dashboard is known by its `uid`. Of two that Grafana is given with one, it keeps neither up to date, and says so \
         in its log only. Compared are the ConfigMaps of one namespace whose label `grafana_dashboard` has one value: \
         others may be for another Grafana. A copy of a dashboard gets a `uid` of its own, or none."
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        let mut seen: BTreeMap<_, (&Object, &str)> = BTreeMap::new();
        for (object, label, key, node) in boards(facts) {
            let board = node.as_str().and_then(|text| parse_json(text).ok());
            let uid = board.as_ref().and_then(|board| board.get("uid")?.as_str());
            let Some(uid) = uid.filter(|uid| !uid.is_empty()) else { continue };
            let place = (object.document.namespace(), label, uid.to_owned());
            let Some((first, name)) = seen.get(&place) else {
                seen.insert(place, (object, key));
                continue;
            };
            let message = format!("the dashboards `{name}` and `{key}` both have the `uid` `{uid}`");
            let finding = self.finding(facts, object, Some(node), message);
            let because = format!("`{name}` is of {}", first.document.identity());
            let help =
                "give one of them another `uid`, or none: then Grafana makes one; keep one of two copies";
            findings.push(finding.because(because).help(help));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::messages;

    fn said(second: (&str, &str, &str), text: &str) -> Vec<String> {
        let map = |(name, namespace, label): (&str, &str, &str), text: &str| {
            format!(
                "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, namespace: {namespace}, labels: {{grafana_dashboard: '{label}'}}}}, data: {{{name}.json: '{text}'}}}}"
            )
        };
        let first = map(("a", "default", "1"), r#"{"title": "A", "uid": "x"}"#);
        messages("grafana/uid", &[("apps/a/a.yaml", &first), ("apps/a/b.yaml", &map(second, text))])
    }

    #[test]
    fn only_dashboards_of_one_grafana_are_compared() {
        let twin = r#"{"title": "B", "uid": "x"}"#;
        let found = ["the dashboards `a.json` and `b.json` both have the `uid` `x`"];
        assert_eq!(said(("b", "default", "1"), twin), found);
        assert_eq!(said(("b", "other", "1"), twin), [""; 0]);
        assert_eq!(said(("b", "default", "2"), twin), [""; 0]);
        for other in
            [r#"{"title": "B", "uid": "y"}"#, r#"{"title": "B", "uid": ""}"#, r#"{"title": "B"}"#, "{"]
        {
            assert_eq!(said(("b", "default", "1"), other), [""; 0], "{other}");
        }
    }
}
