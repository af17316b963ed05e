//! What Grafana takes.

pub(super) mod dashboard;
pub(super) mod uid;

use crate::{
    check::{Facts, Object},
    yaml::{Map, Node},
};

/// The label of a ConfigMap from which Grafana's sidecar takes dashboards, as its charts have it.
const LABEL: &str = "grafana_dashboard";

/// The dashboards of ConfigMaps: the object, the value of its label, the key, the text.
fn boards<'f>(facts: &'f Facts) -> impl Iterator<Item = (&'f Object<'f>, &'f str, &'f str, &'f Node)> {
    facts.of("", "ConfigMap").filter(|object| object.as_is).flat_map(|object| {
        let label = object.document.node.at(&["metadata", "labels", LABEL]);
        let data = label.and_then(|_| object.document.node.get("data")?.as_map());
        let label = label.and_then(Node::as_str).unwrap_or_default();
        let files = data.into_iter().flat_map(Map::iter).filter(|(key, _)| key.text.ends_with(".json"));
        files.map(move |(key, node)| (object, label, &*key.text, node))
    })
}
