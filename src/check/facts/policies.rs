//! Who may connect to pods, by the NetworkPolicies that select them.

use super::{Facts, Object, Selector, containers, pod_template, protocol};
use crate::yaml::{Node, Value};
use std::cell::Cell;

/// The API group of NetworkPolicies.
const GROUP: &str = "networking.k8s.io";

/// The label that every namespace has: its name.
pub(crate) const NAMESPACE: &str = "kubernetes.io/metadata.name";

/// A label by which Istio takes the connections of pods over without a container of its own in them.
const AMBIENT: &str = "istio.io/dataplane-mode";

/// How labels begin that controllers give to pods beside those of the template.
const OF_CONTROLLERS: [&str; 8] = [
    "apps.kubernetes.io/",
    "batch.kubernetes.io/",
    "controller-revision-hash",
    "controller-uid",
    "job-name",
    "pod-template-",
    "statefulset.kubernetes.io/",
    "topology.kubernetes.io/",
];

/// Policies that let nobody of a namespace reach a port.
#[derive(Debug)]
pub(crate) struct Refusal<'f, 'a> {
    /// Those that select the pods; at least one.
    pub by: Vec<&'f Object<'a>>,
    /// The one of them that lets the namespace in, to other ports, and its rule.
    pub other_ports: Option<(&'f Object<'a>, &'f Node)>,
}

impl<'a> Facts<'a> {
    /// Are there NetworkPolicies, and do only they say who connects to whom? Cilium, Calico, Antrea and the cluster's
    /// administrator (AdminNetworkPolicy) have kinds of their own that add to them or stand above them; Kyverno makes
    /// some.
    pub(crate) fn has_only_network_policies(&self) -> bool {
        let is_other = |object: &Object| {
            let (group, kind) = (object.document.group(), object.document.kind());
            group.ends_with("kyverno.io") || (group != GROUP && kind.ends_with("NetworkPolicy"))
        };
        self.of(GROUP, "NetworkPolicy").next().is_some() && !self.objects.iter().any(is_other)
    }

    /// Is it certain that no pod of a namespace can reach a TCP port of a workload's pods? `None`: it may, or something
    /// that is not written in this tree decides it.
    pub(crate) fn refusal<'f>(
        &'f self,
        workload: &'f Object<'a>,
        port: i64,
        from: &str,
    ) -> Option<Refusal<'f, 'a>> {
        let namespace = workload.document.namespace();
        let template = pod_template(&workload.document)?;
        let spec = template.get("spec")?;
        // Policies say nothing of pods in the network of the node.
        let on_node = spec.get("hostNetwork").and_then(Node::as_bool) == Some(true);
        if on_node
            || !workload.as_is
            || !self.must_be_here(workload, "")
            || self.is_meshed(template, namespace)
        {
            return None;
        }
        let labels = template.at(&["metadata", "labels"]);
        let (mut by, mut other_ports) = (Vec::new(), None);
        for policy in self.within(namespace).filter(|object| is_for_ingress(object)) {
            let Some(is_sure) = selects(policy, labels) else { continue };
            let rules = listed(policy.document.node.at(&["spec", "ingress"])).iter();
            let letting_in: Vec<&Node> = rules.filter(|rule| self.lets_in(rule, namespace, from)).collect();
            if !policy.as_is || letting_in.iter().any(|rule| opens(rule, spec, port)) {
                return None;
            }
            if is_sure {
                other_ports = other_ports.or(letting_in.first().map(|rule| (policy, *rule)));
                by.push(policy);
            }
        }
        (!by.is_empty()).then_some(Refusal { by, other_ports })
    }

    /// Does a mesh take connections to other ports than those that they were meant for?
    fn is_meshed(&self, template: &Node, namespace: &str) -> bool {
        let is_ambient = |node: &Node| node.at(&["metadata", "labels", AMBIENT]).is_some();
        let of_namespace = self.find("", "Namespace", "", namespace);
        self.is_injected(template, namespace)
            || is_ambient(template)
            || of_namespace.is_some_and(|object| is_ambient(&object.document.node))
    }

    /// May a rule of a policy let in pods of a namespace? Which labels they have is not known.
    fn lets_in(&self, rule: &Node, own: &str, from: &str) -> bool {
        let peers = listed(rule.get("from"));
        peers.is_empty()
            || peers.iter().any(|peer| {
                let said = |key: &str| peer.get(key).filter(|node| !node.is_null());
                match (said("namespaceSelector"), said("podSelector")) {
                    _ if said("ipBlock").is_some() => true,
                    (Some(selector), _) => self.may_select_namespace(selector, from),
                    (None, Some(_)) => own == from,
                    (None, None) => true,
                }
            })
    }

    /// Something in the cluster may give a namespace labels that are not written here: to one that is not of this tree
    /// any, to one of ours such as have a domain before them (Rancher, OpenShift).
    pub(crate) fn may_select_namespace(&self, selector: &Node, namespace: &str) -> bool {
        let object = self.find("", "Namespace", "", namespace).filter(|object| object.as_is);
        let written = object.and_then(|object| object.document.node.at(&["metadata", "labels"])?.as_map());
        let mut labels = written.cloned().unwrap_or_default();
        labels.insert(NAMESPACE, Node::new(namespace));
        let labels = Node::new(labels);
        let is_known = |key: &str| labels.get(key).is_some() || (object.is_some() && !key.contains('/'));
        Selector::Full(selector).may_select(Some(&labels), is_known)
    }
}

/// Is it a policy that says who may connect to its pods? One without `policyTypes` does.
fn is_for_ingress(object: &Object) -> bool {
    let types = listed(object.document.node.at(&["spec", "policyTypes"]));
    let is_policy = object.document.group() == GROUP && object.document.kind() == "NetworkPolicy";
    is_policy && (types.is_empty() || types.iter().any(|kind| kind.as_str() == Some("Ingress")))
}

/// Does a policy select pods of these labels, and is that sure? Not if it depends on labels that a controller gives them.
fn selects(policy: &Object, labels: Option<&Node>) -> Option<bool> {
    let is_sure = Cell::new(true);
    let is_known = |key: &str| {
        let is_written = labels.is_some_and(|labels| labels.get(key).is_some());
        let is_known = is_written || !OF_CONTROLLERS.iter().any(|start| key.starts_with(start));
        is_sure.set(is_sure.get() && is_known);
        is_known
    };
    let selector = policy.document.node.at(&["spec", "podSelector"]);
    let selects = selector.is_none_or(|selector| Selector::Full(selector).may_select(labels, is_known));
    selects.then(|| is_sure.get())
}

/// Does a rule open a TCP port of pods with this spec?
fn opens(rule: &Node, spec: &Node, port: i64) -> bool {
    let ports = listed(rule.get("ports"));
    ports.is_empty()
        || ports.iter().filter(|one| protocol(one) == "TCP").any(|one| {
            match one.get("port").map(|node| &node.value) {
                Some(Value::Int(first)) => {
                    let last = one.get("endPort").and_then(Node::as_int).unwrap_or(*first);
                    (*first..=last).contains(&port)
                }
                Some(Value::Str(name)) => {
                    declared(containers(spec), &Node::new(&**name)).any(|of| of == port)
                }
                _ => true,
            }
        })
}

/// The numbers of the TCP ports of containers that are called by this name or number.
pub(crate) fn declared<'n>(
    containers: impl Iterator<Item = &'n Node>,
    called: &Node,
) -> impl Iterator<Item = i64> {
    let ports = containers.flat_map(|container| listed(container.get("ports")));
    ports.filter(|port| protocol(port) == "TCP").filter_map(move |port| {
        let is_it = |key: &str| port.get(key).is_some_and(|node| node.same(called));
        port.get("containerPort")?.as_int().filter(|_| is_it("name") || is_it("containerPort"))
    })
}

/// The items of a list; none where there is none.
fn listed(node: Option<&Node>) -> &[Node] {
    node.and_then(Node::as_seq).unwrap_or_default()
}
