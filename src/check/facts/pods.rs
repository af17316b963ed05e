//! Pod templates, and selectors of labels.

use crate::{
    tree::Document,
    yaml::{Map, Node, Value},
};

/// The pod template of a workload, `{metadata, spec}`; a Pod is its own.
pub(crate) fn pod_template(object: &Document) -> Option<&Node> {
    let node = &object.node;
    match (object.group(), object.kind()) {
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch", "Job")
        | ("", "ReplicationController") => node.at(&["spec", "template"]),
        ("batch", "CronJob") => node.at(&["spec", "jobTemplate", "spec", "template"]),
        ("", "Pod") => Some(node),
        _ => None,
    }
}

/// The spec of the pods of a workload.
pub(crate) fn pod_spec(object: &Document) -> Option<&Node> {
    pod_template(object)?.get("spec")
}

/// The containers of a pod's spec: first those that it runs, then those that run before.
pub(crate) fn containers(spec: &Node) -> impl Iterator<Item = &Node> {
    let init = spec.get("initContainers").and_then(Node::as_seq).unwrap_or_default();
    spec.get("containers").and_then(Node::as_seq).unwrap_or_default().iter().chain(init)
}

/// The containers that run at one time: sidecars among the init containers (`restartPolicy: Always`) too.
pub(crate) fn running(spec: &Node) -> impl Iterator<Item = &Node> {
    let list = |field: &str| spec.get(field).and_then(Node::as_seq).unwrap_or_default().iter();
    let stays = |container: &&Node| container.get("restartPolicy").and_then(Node::as_str) == Some("Always");
    list("containers").chain(list("initContainers").filter(stays))
}

/// Does the `metadata` of a pod or namespace ask that something puts containers into pods, as service meshes and agents
/// do: `sidecar.istio.io/inject`, `linkerd.io/inject`, `vault.hashicorp.com/agent-inject`? `None`: it says nothing of it.
pub(crate) fn injection(metadata: &Node) -> Option<bool> {
    let said = ["labels", "annotations"].into_iter().flat_map(|part| metadata.members_at(part));
    let mut asked = None;
    for (key, value) in said {
        let key = key.to_ascii_lowercase();
        if key.contains("inject") || matches!(&*key, "istio.io/rev" | "dapr.io/enabled") {
            let refuses = matches!(value.value, Value::Bool(false))
                || value
                    .as_str()
                    .is_some_and(|word| matches!(word, "false" | "disabled" | "no" | "off" | ""));
            asked = Some(asked == Some(true) || !refuses);
        }
    }
    asked
}

/// A number of a port, and where it stands.
pub(crate) fn port_number<'n>(port: &'n Node, field: &str) -> Option<(&'n Node, i64)> {
    let node = port.get(field)?;
    match node.value {
        Value::Int(number) => Some((node, number)),
        _ => None,
    }
}

/// The protocol of a port of a container or Service; Kubernetes' default is TCP.
pub(crate) fn protocol(port: &Node) -> &str {
    port.get("protocol").and_then(Node::as_str).unwrap_or("TCP")
}

/// A selector of labels.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Selector<'a> {
    /// `{key: value}`, as in a Service.
    Plain(&'a Map),
    /// `{matchLabels, matchExpressions}`.
    Full(&'a Node),
}

impl Selector<'_> {
    /// Does it select an object with these labels? What it says in a way that no reader knows selects everything.
    pub(crate) fn selects(self, labels: Option<&Node>) -> bool {
        self.may_select(labels, |_| true)
    }

    /// The same of an object that may have more labels: of which keys is it known what it has?
    pub(crate) fn may_select(self, labels: Option<&Node>, is_known: impl Fn(&str) -> bool) -> bool {
        let has = |key: &str, value: &Node| {
            !is_known(key) || labels.and_then(|labels| labels.get(key)).is_some_and(|l| l.same(value))
        };
        let all = |map: &Map| map.iter().all(|(key, value)| has(&key.text, value));
        match self {
            Selector::Plain(map) => all(map),
            Selector::Full(node) => {
                node.get("matchLabels").and_then(Node::as_map).is_none_or(all)
                    && node
                        .get("matchExpressions")
                        .and_then(Node::as_seq)
                        .is_none_or(|list| list.iter().all(|one| expression(one, labels, &is_known)))
            }
        }
    }
}

fn expression(node: &Node, labels: Option<&Node>, is_known: impl Fn(&str) -> bool) -> bool {
    let Some(key) = node.get("key").and_then(Node::as_str).filter(|key| is_known(key)) else { return true };
    let label = labels.and_then(|labels| labels.get(key));
    let values = node.get("values").and_then(Node::as_seq).unwrap_or_default();
    let among = label.is_some_and(|label| values.iter().any(|value| value.same(label)));
    match node.get("operator").and_then(Node::as_str) {
        Some("In") => among,
        Some("NotIn") => !among,
        Some("Exists") => label.is_some(),
        Some("DoesNotExist") => label.is_none(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::node;

    #[test]
    fn injection_is_asked_for_or_refused() {
        for (metadata, asked) in [
            ("{labels: {sidecar.istio.io/inject: 'true'}}", Some(true)),
            ("{labels: {istio.io/rev: stable}}", Some(true)),
            ("{labels: {istio-injection: enabled}}", Some(true)),
            ("{annotations: {linkerd.io/inject: ingress}}", Some(true)),
            ("{annotations: {kuma.io/sidecar-injection: enabled}}", Some(true)),
            ("{annotations: {vault.hashicorp.com/agent-inject: 'true'}}", Some(true)),
            (
                "{annotations: {sidecar.opentelemetry.io/inject: 'true'}, labels: {sidecar.istio.io/inject: 'false'}}",
                Some(true),
            ),
            ("{annotations: {appmesh.k8s.aws/sidecarInjectorWebhook: disabled}}", Some(false)),
            ("{labels: {sidecar.istio.io/inject: 'false'}}", Some(false)),
            ("{labels: {app: a}}", None),
            ("{}", None),
        ] {
            assert_eq!(injection(&node(metadata)), asked, "{metadata}");
        }
    }

    #[test]
    fn selectors_select() {
        let labels = node("{app: a, tier: web}");
        let selects = |text: &str| Selector::Full(&node(text)).selects(Some(&labels));
        assert!(selects("{matchLabels: {app: a}}"));
        assert!(!selects("{matchLabels: {app: b}}"));
        assert!(selects("{}"));
        assert!(selects("{matchExpressions: [{key: app, operator: In, values: [a, b]}]}"));
        assert!(!selects("{matchExpressions: [{key: app, operator: NotIn, values: [a]}]}"));
        assert!(selects("{matchExpressions: [{key: tier, operator: Exists}]}"));
        assert!(!selects("{matchExpressions: [{key: tier, operator: DoesNotExist}]}"));
        assert!(!Selector::Full(&node("{matchLabels: {app: a}}")).selects(None));
        let plain = node("{tier: web}");
        assert!(plain.as_map().is_some_and(|map| Selector::Plain(map).selects(Some(&labels))));
    }
}
