//! Which layer said what: the layers of an environment one after the other, as [`merged`] lays them over each other.

use super::{
    merge::{self, is_reference, removes},
    target,
};
use crate::{
    diag::{Place, Problems, Sources},
    load::{Pack, Project},
    yaml::{Map, Node, Value},
};

/// The name of the lowest layer: `environments/fleet.yaml`. No environment can have it.
pub const FLEET: &str = "fleet";

/// What of the fleet's file every environment takes over.
const SHARED: [&str; 2] = ["source", "flux"];

/// What one layer says about a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The layer, or [`FLEET`].
    pub layer: String,
    /// What it does.
    pub what: What,
    /// Where: the value, or what removes it.
    pub place: Option<Place>,
}

/// What a layer does at a path.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Sets it, to what is written there: a scalar, a list, a reference, or a mapping that is merged with those of
    /// lower layers.
    Sets(Node),
    /// Sets something above it to a reference: the value is a part of what that names.
    Refers {
        /// The reference, `{$from: …}`.
        reference: Node,
        /// How many steps of the path lead to it.
        depth: usize,
    },
    /// Removes it, or something above it, by `null` or `{$unset: true}`.
    Removes,
    /// Sets something above it to what has no such part: a list, a scalar.
    Replaces,
}

/// The layers of an environment with what each says, lowest first: the shared part of the fleet's file, then the
/// layers, itself last.
pub fn layers<'p>(project: &'p Project, name: &str) -> Vec<(&'p str, &'p Node)> {
    let own = project.environments.get(name).map(|e| e.layers.as_slice()).unwrap_or_default();
    let own = own.iter().filter_map(|layer| project.environments.get(layer));
    let fleet = (FLEET, &project.fleet.node);
    std::iter::once(fleet).chain(own.map(|layer| (layer.name.as_str(), &layer.node))).collect()
}

/// All layers of an environment in one node, references as written.
pub fn merged(project: &Project, name: &str, problems: &mut Problems) -> Node {
    let mut merged = Node::new(Map::new());
    for (layer, node) in layers(project, name) {
        merge::overlay(&mut merged, &shared(layer, node), problems);
    }
    if let Some(map) = merged.as_map_mut() {
        map.remove("extends");
        map.remove("abstract");
    }
    merged
}

/// Of the fleet's file only what environments take over.
fn shared<'n>(layer: &str, node: &'n Node) -> std::borrow::Cow<'n, Node> {
    if layer != FLEET {
        return std::borrow::Cow::Borrowed(node);
    }
    let members = node.as_map().into_iter().flat_map(Map::iter).filter(|(k, _)| SHARED.contains(&&*k.text));
    let members: Map = members.map(|(k, v)| (k.clone(), v.clone())).collect();
    std::borrow::Cow::Owned(Node::new(members))
}

/// What each layer of an environment says about a path, lowest first; layers without a say are left out. The last is
/// what counts. A path is steps through mappings (keys) and lists (numbers).
pub fn history(project: &Project, name: &str, path: &[String]) -> Vec<Said> {
    let steps: Vec<&str> = path.iter().map(String::as_str).collect();
    let mut merged = Node::new(Map::new());
    let mut all = Vec::new();
    for (layer, node) in layers(project, name) {
        let node = shared(layer, node);
        let before = is_there(&merged, &steps);
        merge::overlay(&mut merged, &node, &mut Problems::new());
        let after = is_there(&merged, &steps);
        let said = said(&node, &steps);
        let (what, place) = match said {
            // A layer may take something away by saying nothing of it: in another list, beside another reference.
            Some((What::Sets(_) | What::Refers { .. }, _)) if !after => continue,
            Some((What::Removes | What::Replaces, _)) if !before => continue,
            Some(said) => said,
            None if before && !after => (What::Replaces, nearest(&node, &steps)),
            None => continue,
        };
        all.push(Said { layer: layer.to_owned(), what, place });
    }
    all
}

/// Is there a value, or a reference that may lead to it?
fn is_there(merged: &Node, steps: &[&str]) -> bool {
    let mut node = merged;
    for step in steps {
        if is_reference(node) {
            return true;
        }
        match node.part(step) {
            Some(next) => node = next,
            None => return false,
        }
    }
    true
}

/// What a layer by itself says about a path.
fn said(layer: &Node, steps: &[&str]) -> Option<(What, Option<Place>)> {
    let mut node = layer;
    for depth in 0..=steps.len() {
        if depth > 0 && removes(node, &steps[..depth]) {
            return Some((What::Removes, node.place()));
        }
        let Some(step) = steps.get(depth) else { break };
        if is_reference(node) {
            return Some((What::Refers { reference: node.clone(), depth }, node.place()));
        }
        node = match (&node.value, node.part(step)) {
            (_, Some(next)) => next,
            (Value::Map(_), None) => return None,
            (_, None) => return Some((What::Replaces, node.place())),
        };
    }
    Some((What::Sets(node.clone()), node.place()))
}

/// Where a layer says the most that it says on the way to a path.
fn nearest(layer: &Node, steps: &[&str]) -> Option<Place> {
    let mut node = layer;
    for step in steps {
        match node.part(step) {
            Some(next) => node = next,
            None => break,
        }
    }
    node.place()
}

/// What the pack's schema fills in for an input when no layer sets it, with its origin in `pack.yaml`. `inputs` are
/// those of the component as written, `path` leads from there.
pub fn default_below(pack: &Pack, inputs: &Node, path: &[String], sources: &Sources) -> Option<Node> {
    let mut without = inputs.clone();
    remove(&mut without, path);
    let filled = target::filled(&without, Some(&pack.schema), sources);
    path.iter().try_fold(&filled, |node, step| node.part(step)).cloned()
}

fn remove(node: &mut Node, path: &[String]) {
    let Some((last, parents)) = path.split_last() else {
        node.value = Value::Map(Map::new());
        return;
    };
    let parent = parents.iter().try_fold(node, |node, step| node.as_map_mut().and_then(|m| m.get_mut(step)));
    if let Some(map) = parent.and_then(Node::as_map_mut) {
        map.remove(last);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::load::{Memory, project};

    const FLEET_FILE: &str = "source: {url: \"https://a\", ref: {branch: main}}\nkeys: {}\n";

    fn told(files: &[(&str, &str)], path: &str) -> Vec<String> {
        let files = files.iter().map(|(name, text)| (format!("environments/{name}.yaml"), *text));
        let files: Memory = files.chain([("environments/fleet.yaml".to_owned(), FLEET_FILE)]).collect();
        let project = project(&files, &mut Problems::new()).unwrap();
        let path = crate::config::path::steps(path).unwrap();
        let said = history(&project, "prod", &path);
        let last = said.last().map(|s| s.what.clone());
        // What it says last is what is there.
        let merged = merged(&project, "prod", &mut Problems::new());
        let found = path.iter().try_fold(&merged, |node, step| node.part(step));
        match (&last, found) {
            (Some(What::Sets(said)), Some(found)) if found.as_map().is_none() => assert!(said.same(found)),
            (Some(What::Sets(_)), Some(_)) | (Some(What::Refers { .. }), None) => {}
            (None | Some(What::Removes | What::Replaces), None) => {}
            other => panic!("{other:?}"),
        }
        let one = |said: &Said| {
            let word = match &said.what {
                What::Sets(node) => format!("sets {}", crate::yaml::to_json(node, None)),
                What::Refers { depth, .. } => format!("refers at {depth}"),
                What::Removes => "removes".to_owned(),
                What::Replaces => "replaces".to_owned(),
            };
            let place = said.place.map(|p| project.sources.locate(p)).unwrap_or_default();
            format!("{}: {word} {}", said.layer, place.trim_start_matches("environments/"))
        };
        said.iter().map(one).collect()
    }

    const BASE: (&str, &str) = ("base", "abstract: true\nvars: {a: {b: 1, c: 2}, l: [1, 2]}\n");
    const HEAD: &str = "extends: [base]\ncluster: {name: prod}\n";

    #[test]
    fn layers_are_told_lowest_first() {
        let prod = format!("{HEAD}vars: {{a: {{b: 3}}}}\n");
        assert_eq!(
            told(&[BASE, ("prod", &prod)], "vars.a.b"),
            ["base: sets 1 base.yaml:2:15", "prod: sets 3 prod.yaml:3:15"]
        );
        assert_eq!(told(&[BASE, ("prod", &prod)], "vars.a.c"), ["base: sets 2 base.yaml:2:21"]);
        assert_eq!(told(&[BASE, ("prod", &prod)], "vars.a.x"), [] as [&str; 0]);
        assert_eq!(
            told(&[BASE, ("prod", HEAD)], "source.url"),
            [r#"fleet: sets "https://a" fleet.yaml:1:15"#]
        );
        assert_eq!(told(&[BASE, ("prod", HEAD)], "keys"), [] as [&str; 0], "the fleet's alone");
    }

    #[test]
    fn removed_and_replaced_is_told_with_its_place() {
        for (text, path, last) in [
            ("vars: {a: {b: null}}", "vars.a.b", "prod: removes prod.yaml:3:15"),
            ("vars: {a: {$unset: true}}", "vars.a.b", "prod: removes prod.yaml:3:11"),
            ("vars: {a: 7}", "vars.a.b", "prod: replaces prod.yaml:3:11"),
            ("vars: {l: [5]}", "vars.l[1]", "prod: replaces prod.yaml:3:11"),
            ("vars: {a: {$from: cluster.name}}", "vars.a.b", "prod: refers at 2 prod.yaml:3:11"),
        ] {
            let told = told(&[BASE, ("prod", &format!("{HEAD}{text}\n"))], path);
            assert_eq!((told.len(), told[1].as_str()), (2, last), "{text}");
        }
    }

    #[test]
    fn a_mapping_over_a_reference_takes_all_of_it_away() {
        let base = ("base", "abstract: true\nvars: {x: {b: 1}, a: {$from: vars.x}}\n");
        let prod = format!("{HEAD}vars: {{a: {{c: 2}}}}\n");
        assert_eq!(
            told(&[base, ("prod", &prod)], "vars.a.b"),
            ["base: refers at 2 base.yaml:2:22", "prod: replaces prod.yaml:3:11"]
        );
    }
}
