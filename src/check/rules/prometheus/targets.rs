//! Which pods of this tree a monitor scrapes, and at which port.

use crate::{
    check::{
        Facts, Object,
        facts::{Selector, declared, pod_template, protocol, running},
    },
    yaml::Node,
};

/// A workload whose pods are scraped, and the number of the port.
pub(super) type Target<'f, 'a> = (&'f Object<'a>, i64);

/// What a ServiceMonitor or PodMonitor scrapes.
pub(super) fn endpoints<'n>(monitor: &'n Object) -> &'n [Node] {
    let field = if is_of_pods(monitor) { "podMetricsEndpoints" } else { "endpoints" };
    monitor.document.node.at(&["spec", field]).and_then(Node::as_seq).unwrap_or_default()
}

/// What names the port of an endpoint.
pub(super) fn port_of(endpoint: &Node) -> Option<&Node> {
    ["port", "portNumber", "targetPort"].into_iter().find_map(|key| endpoint.get(key))
}

/// What of this tree is certainly scraped for an endpoint.
pub(super) fn targets<'f, 'a>(
    facts: &'f Facts<'a>,
    monitor: &Object,
    endpoint: &Node,
) -> Vec<Target<'f, 'a>> {
    let selector = monitor.document.node.at(&["spec", "selector"]);
    let (Some(selector), Some(port), false) = (selector, port_of(endpoint), is_led_elsewhere(endpoint))
    else {
        return Vec::new();
    };
    let namespaces = facts.namespaces().filter(|namespace| looks_into(monitor, namespace));
    let near = namespaces.flat_map(|namespace| facts.within(namespace)).filter(|object| object.as_is);
    let selected = |metadata: &Node| Selector::Full(selector).selects(metadata.get("labels"));
    if is_of_pods(monitor) {
        let pods = near.filter_map(|object| Some((object, pod_template(&object.document)?)));
        let pods = pods.filter(|(_, template)| template.get("metadata").is_some_and(selected));
        return pods.flat_map(|(object, template)| of_pods(object, template, port)).collect();
    }
    let is_service =
        |object: &&Object| object.document.kind() == "Service" && object.document.group().is_empty();
    near.filter(is_service)
        .filter(|service| service.document.node.get("metadata").is_some_and(selected))
        .flat_map(|service| behind(facts, service, endpoint, port))
        .collect()
}

fn is_of_pods(monitor: &Object) -> bool {
    monitor.document.kind() == "PodMonitor"
}

/// Does a monitor look for its targets in a namespace?
fn looks_into(monitor: &Object, namespace: &str) -> bool {
    let selector = |key: &str| monitor.document.node.at(&["spec", "namespaceSelector", key]);
    let names = selector("matchNames").and_then(Node::as_seq).unwrap_or_default();
    selector("any").and_then(Node::as_bool) == Some(true)
        || names.iter().any(|name| name.as_str() == Some(namespace))
        || (names.is_empty() && namespace == monitor.document.namespace())
}

/// Is an endpoint scraped through a proxy, or does it choose its targets or their addresses by rules?
fn is_led_elsewhere(endpoint: &Node) -> bool {
    let rules = endpoint.get("relabelings").and_then(Node::as_seq).unwrap_or_default();
    let text = |rule: &Node, key: &str| rule.get(key).and_then(Node::as_str).map(str::to_ascii_lowercase);
    endpoint.get("proxyUrl").or_else(|| endpoint.get("proxyFromEnvironment")).is_some()
        || rules.iter().any(|rule| {
            let action = text(rule, "action").unwrap_or_default();
            let chooses = ["keep", "drop", "keepequal", "dropequal", "labelmap"].contains(&&*action);
            chooses || text(rule, "targetLabel").as_deref() == Some("__address__")
        })
}

/// The pods of a workload, at a port that they declare.
fn of_pods<'f, 'a>(workload: &'f Object<'a>, template: &Node, port: &Node) -> Vec<Target<'f, 'a>> {
    let containers = template.get("spec").into_iter().flat_map(running);
    declared(containers, port).map(|number| (workload, number)).collect()
}

/// The pods behind a Service; none where Flagger could make it lead elsewhere.
fn behind<'f, 'a>(
    facts: &'f Facts<'a>,
    service: &Object,
    endpoint: &Node,
    port: &Node,
) -> Vec<Target<'f, 'a>> {
    let (node, namespace) = (&service.document.node, service.document.namespace());
    let selector = node.at(&["spec", "selector"]).and_then(Node::as_map).filter(|map| !map.is_empty());
    let Some(selector) = selector.filter(|_| facts.of_flagger(namespace).next().is_none()) else {
        return Vec::new();
    };
    // `port` is one of the Service, by name; `targetPort` one of the pods.
    let ports = node.at(&["spec", "ports"]).and_then(Node::as_seq).unwrap_or_default();
    let own = endpoint.get("port").map(|name| {
        let is_it = |one: &&Node| protocol(one) == "TCP" && one.get("name").is_some_and(|n| n.same(name));
        ports.iter().find(is_it).and_then(|one| one.get("targetPort").or_else(|| one.get("port")))
    });
    let Some(port) = own.unwrap_or(Some(port)) else { return Vec::new() };
    let workloads = facts.within(namespace).filter_map(|object| {
        let template = pod_template(&object.document)?;
        Selector::Plain(selector).selects(template.at(&["metadata", "labels"])).then_some((object, template))
    });
    workloads
        .flat_map(|(object, template)| match port.as_int().filter(|_| own.is_some()) {
            Some(number) => vec![(object, number)],
            None => of_pods(object, template, port),
        })
        .collect()
}
