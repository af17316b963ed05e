//! `prometheus/receiver`: a route of Alertmanager to a receiver that is not there.

use crate::{
    check::{Check, Facts, Object},
    diag::{Problems, Severity, did_you_mean, list},
    yaml::{Node, Value},
};

/// See the module.
pub(crate) struct Receiver;

impl Check for Receiver {
    fn id(&self) -> &'static str {
        "prometheus/receiver"
    }

    fn summary(&self) -> &'static str {
        "a route of Alertmanager to a receiver that is not there"
    }

    fn explanation(&self) -> &'static str {
        "Alertmanager takes no configuration in which a route names a receiver that is not in its list: it keeps the one \
         before, or does not start. Looked at is `alertmanager.config` in the values of releases, after all are merged: a \
         list under `values` replaces that of the pack. Not told where values come from elsewhere (`valuesFrom`), or \
         where the chart takes the configuration from somewhere else."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.of("helm.toolkit.fluxcd.io", "HelmRelease").filter(|object| object.as_is) {
            let spec = |path: &[&str]| object.document.node.get("spec").and_then(|spec| spec.at(path));
            let Some(alertmanager) = spec(&["values", "alertmanager"]) else { continue };
            let config = |key: &str| alertmanager.at(&["config", key]);
            let (Some(route), Some(receivers)) =
                (config("route"), config("receivers").and_then(Node::as_seq))
            else {
                continue;
            };
            if spec(&["valuesFrom"]).is_none() && counts(alertmanager) {
                let known: Vec<&str> =
                    receivers.iter().filter_map(|receiver| receiver.get("name")?.as_str()).collect();
                self.route(facts, object, (route, &known), findings);
            }
        }
    }
}

/// Does the chart take `config`? Other values switch it off, or make a template of it.
fn counts(alertmanager: &Node) -> bool {
    let is_set = |path: &[&str]| {
        let value = alertmanager.at(path).map(|node| &node.value);
        !value.is_none_or(|value| match value {
            Value::Null | Value::Bool(false) => true,
            Value::Str(text) => text.is_empty(),
            Value::Map(map) => map.is_empty(),
            _ => false,
        })
    };
    let elsewhere: [&[&str]; 5] = [
        &["tplConfig"],
        &["stringConfig"],
        &["alertmanagerSpec", "useExistingSecret"],
        &["alertmanagerSpec", "configSecret"],
        &["alertmanagerSpec", "alertmanagerConfiguration"],
    ];
    alertmanager.get("enabled").and_then(Node::as_bool) != Some(false)
        && !elsewhere.iter().any(|path| is_set(path))
}

impl Receiver {
    /// A route and those below it.
    fn route(
        &self,
        facts: &Facts,
        object: &Object,
        (route, known): (&Node, &[&str]),
        findings: &mut Problems,
    ) {
        if let Some(receiver) = route.get("receiver") {
            let near = |name| match did_you_mean(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "add it to `receivers`".to_owned(),
                None => format!("there are {}", list(known.iter().copied())),
            };
            let wrong = match receiver.as_str() {
                Some(name) if known.contains(&name) => None,
                Some(name) => Some((format!("a route leads to `{name}`, which is no receiver"), near(name))),
                None => {
                    let message = format!("the `receiver` of a route is {}", receiver.value.kind());
                    Some((message, "write its name as a text, also `\"null\"`".to_owned()))
                }
            };
            if let Some((message, help)) = wrong {
                findings.push(self.finding(facts, object, Some(receiver), message).help(help));
            }
        }
        for child in route.get("routes").and_then(Node::as_seq).unwrap_or_default() {
            self.route(facts, object, (child, known), findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::messages;

    fn said(alertmanager: &str, more: &str) -> Vec<String> {
        let release = format!(
            "{{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {{name: a, namespace: default}}, spec: {{values: {{alertmanager: {alertmanager}}}{more}}}}}"
        );
        messages("prometheus/receiver", &[("apps/a/helmrelease.yaml", &release)])
    }

    const CONFIG: &str = "config: {receivers: [{name: 'null'}, {name: chat}], route: {receiver: 'null', routes: [{receiver: chat, routes: [{receiver: pager}]}, {receiver: null}, {matchers: []}]}}";

    #[test]
    fn routes_that_lead_nowhere_are_found() {
        assert_eq!(
            said(&format!("{{{CONFIG}}}"), ""),
            ["a route leads to `pager`, which is no receiver", "the `receiver` of a route is null"]
        );
        assert_eq!(said(&format!("{{stringConfig: '', tplConfig: false, {CONFIG}}}"), "").len(), 2);
    }

    #[test]
    fn what_is_not_taken_or_not_known_is_not() {
        for other in [
            "enabled: false",
            "tplConfig: true",
            "stringConfig: x",
            "alertmanagerSpec: {configSecret: x}",
            "alertmanagerSpec: {alertmanagerConfiguration: {name: x}}",
        ] {
            assert_eq!(said(&format!("{{{other}, {CONFIG}}}"), ""), [""; 0], "{other}");
        }
        assert_eq!(said(&format!("{{{CONFIG}}}"), ", valuesFrom: [{kind: ConfigMap, name: x}]"), [""; 0]);
        assert_eq!(said("{config: {route: {receiver: chat}}}", ""), [""; 0]);
    }
}
