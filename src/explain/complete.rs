//! The whole config of an environment in one node: merged, references resolved, every default filled in. What no layer
//! sets has the origin that it has in `pack.yaml`, or none where `gen` itself decides.

use crate::{
    load::Pack,
    resolve::{Component, Environment, Release, defaults},
    yaml::{Map, Node},
};

/// Completes a merged config with what is known of its environment; a part that could not be resolved stays as written.
pub(super) fn complete(merged: &Node, environment: Option<&Environment>) -> Node {
    let mut whole = merged.clone();
    let (Some(root), Some(environment)) = (whole.as_map_mut(), environment) else { return whole };
    root.insert("cluster", environment.cluster.node.clone());
    if root.contains("vars") {
        root.insert("vars", environment.vars.clone());
    }
    for (path, node) in defaults::of_environment() {
        put(root, path, node);
    }
    let components = member(root, "components");
    for component in &environment.components {
        if let Some(map) = components.get_mut(&component.name).and_then(Node::as_map_mut) {
            one(map, component);
        }
    }
    whole
}

/// What a pack says of a field of its components, as `pack.yaml` has it; the release's key stands in for `chart`.
pub(super) fn of_pack<'p>(pack: &'p Pack, field: &[&str]) -> Option<&'p Node> {
    let release = |key: &str| pack.releases.iter().find(|release| release.key == key);
    match field {
        ["namespace" | "stage" | "podSecurity"] => pack.node.get(field[0]),
        ["source", ..] => pack.node.at(field),
        ["provides" | "requires", group] => pack.node.at(&[field[0], group]),
        ["flux", "timeout"] => pack.node.get("timeout"),
        ["flux", "onFailure"] => pack.node.get("onFailure"),
        ["chart", coordinate] => release("")?.node.get(coordinate),
        ["charts", key, coordinate] if *coordinate != "needs" => release(key)?.node.get(coordinate),
        _ => None,
    }
}

/// The mapping under a key, made if there is none.
fn member<'m>(map: &'m mut Map, key: &str) -> &'m mut Map {
    if map.get(key).and_then(Node::as_map).is_none() {
        map.insert(key, Node::new(Map::new()));
    }
    map.get_mut(key).and_then(Node::as_map_mut).expect("a mapping was just put there")
}

/// Puts a value at a path where there is none.
fn put(map: &mut Map, path: &[&str], node: Node) {
    match path {
        [] => {}
        [key] => fill(map, key, Some(node)),
        [key, rest @ ..] => put(member(map, key), rest, node),
    }
}

fn fill(map: &mut Map, key: &str, node: Option<Node>) {
    if let (None | Some(true), Some(node)) = (map.get(key).map(Node::is_null), node) {
        map.insert(key, node);
    }
}

fn one(map: &mut Map, component: &Component) {
    let pack = &component.pack;
    let said = |field: &[&str]| of_pack(pack, field).cloned();
    fill(map, "namespace", Some(said(&["namespace"]).unwrap_or_else(|| Node::new(component.name.as_str()))));
    fill(map, "stage", said(&["stage"]));
    fill(map, "podSecurity", said(&["podSecurity"]));
    for key in ["provides", "requires"] {
        let groups = pack.node.get(key).and_then(Node::as_map);
        for (group, when) in groups.into_iter().flat_map(Map::iter) {
            fill(member(map, key), &group.text, Some(when.clone()));
        }
    }
    for release in &component.releases {
        match release.key.as_str() {
            "" => chart(member(map, "chart"), release, &|part| said(&["chart", part])),
            key => chart(member(member(map, "charts"), key), release, &|part| said(&["charts", key, part])),
        }
    }
    map.insert("inputs", component.inputs.clone());
    if map.contains("values") {
        map.insert("values", values(component));
    }
    if map.contains("patches") {
        let patches = component.patches.iter().map(|patch| (patch.name.as_str(), patch.node.clone()));
        map.insert("patches", Node::new(patches.collect::<Map>()));
    }
    if map.contains("extra") {
        let extra = component.extra.iter().map(|(name, node)| (name.as_str(), node.clone()));
        map.insert("extra", Node::new(extra.collect::<Map>()));
    }
    fill(member(map, "flux"), "timeout", said(&["flux", "timeout"]));
    fill(member(map, "flux"), "onFailure", said(&["flux", "onFailure"]));
    if let Some(source) = &component.source {
        map.insert("source", source.clone());
    }
    for (path, node) in defaults::of_component(component.source.is_some()) {
        put(map, path, node);
    }
}

/// The coordinates that count: a digest of the pack's falls away with its version.
fn chart(map: &mut Map, release: &Release, said: &dyn Fn(&str) -> Option<Node>) {
    let chart = &release.chart;
    for (part, text) in [
        ("url", Some(&chart.url.text)),
        ("name", chart.name.as_ref()),
        ("version", Some(&chart.version)),
        ("digest", chart.digest.as_ref()),
    ] {
        if let Some(text) = text {
            fill(map, part, Some(said(part).unwrap_or_else(|| Node::new(text.as_str()))));
        }
    }
}

fn values(component: &Component) -> Node {
    let mut all = Map::new();
    for release in &component.releases {
        match (&release.values, release.key.as_str()) {
            (Some(values), "") => return values.clone(),
            (Some(values), key) => drop(all.insert(key, values.clone())),
            (None, _) => {}
        }
    }
    Node::new(all)
}
