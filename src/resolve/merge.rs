//! Lays one layer over another. Mappings merge deeply, lists and scalars replace, `null` and
//! `{$unset: true}` remove; every leaf remembers the line that set it and what it overrode.

use crate::{
    diag::{Diagnostic, Problems},
    yaml::{Key, Map, Node, Value},
};

/// Keys that make a mapping a reference, which stands for a value and never merges.
const REFERENCES: [&str; 3] = ["$from", "$text", "$file"];
/// Members of a component in which `null` is data, because Helm needs it.
const NULL_IS_DATA: [&str; 3] = ["values", "patches", "extra"];

/// Is this a mapping that stands for a value (`{$from: …}`)?
pub(super) fn is_reference(node: &Node) -> bool {
    node.as_map().is_some_and(|map| map.len() == 1 && map.keys().any(|k| REFERENCES.contains(&k)))
}

/// Lays `over` on `base` (the lower layers, merged). Removing what is not there is a warning.
pub(super) fn overlay(base: &mut Node, over: &Node, problems: &mut Problems) {
    let mut path = Vec::new();
    if let (Value::Map(base), Value::Map(over)) = (&mut base.value, &over.value) {
        merge_maps(base, over, &mut path, problems);
    }
}

/// Values merged with Helm's meaning: mappings merge deeply, everything else replaces, `null` is data.
pub fn overlay_values(base: &mut Node, over: &Node) {
    match (&mut base.value, &over.value) {
        (Value::Map(lower), Value::Map(upper)) => {
            for (key, node) in upper.iter() {
                match lower.get_mut(&key.text) {
                    Some(old) => overlay_values(old, node),
                    None => {
                        lower.insert(key.clone(), node.clone());
                    }
                }
            }
        }
        _ => {
            let old = std::mem::replace(base, over.clone());
            base.overrides(&old);
        }
    }
}

fn merge_maps<'a>(base: &mut Map, over: &'a Map, path: &mut Vec<&'a str>, problems: &mut Problems) {
    for (key, node) in over.iter() {
        path.push(&key.text);
        merge_member(base, key, node, path, problems);
        path.pop();
    }
}

fn merge_member<'a>(
    base: &mut Map,
    key: &Key,
    node: &'a Node,
    path: &mut Vec<&'a str>,
    problems: &mut Problems,
) {
    if removes(node, path) {
        // A cluster without a name is told as such.
        if base.remove(&key.text).is_none() && *path != ["cluster", "name"] {
            problems.push(
                Diagnostic::warning(
                    "config/nothing-to-remove",
                    format!("nothing below this layer sets `{}`", path.join(".")),
                )
                .label(node.place().or(key.place), "removes nothing")
                .help("delete the line, or check the spelling against the lower layers"),
            );
        }
        return;
    }
    if let Some(old) = base.get_mut(&key.text) {
        if let (Value::Map(_), Value::Map(upper)) = (&old.value, &node.value)
            && !is_reference(old)
            && !is_reference(node)
        {
            if let Value::Map(lower) = &mut old.value {
                merge_maps(lower, upper, path, problems);
            }
            return;
        }
        let mut new = fresh(node, path, problems);
        new.overrides(old);
        *old = new;
    } else {
        let new = fresh(node, path, problems);
        base.insert(key.clone(), new);
    }
}

/// A node that meets nothing in the lower layers: what it removes is not there.
fn fresh<'a>(node: &'a Node, path: &mut Vec<&'a str>, problems: &mut Problems) -> Node {
    match &node.value {
        Value::Map(map) if !is_reference(node) => {
            let mut new = Map::new();
            merge_maps(&mut new, map, path, problems);
            Node { value: Value::Map(new), origin: node.origin.clone(), style: node.style }
        }
        _ => node.clone(),
    }
}

/// Does a layer that says this at a path remove what lower layers say there?
pub(super) fn removes(node: &Node, path: &[&str]) -> bool {
    if node.as_map().is_some_and(|m| m.len() == 1 && m.get("$unset").and_then(Node::as_bool) == Some(true)) {
        return true;
    }
    let data = path.len() > 3 && path[0] == "components" && NULL_IS_DATA.contains(&path[2]);
    node.is_null() && !data
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{diag::Sources, yaml};
    use proptest::prelude::*;

    fn layers(texts: &[&str]) -> (Node, Problems, Sources) {
        let (mut sources, mut problems) = (Sources::new(), Problems::new());
        let mut merged = Node::new(Map::new());
        for (n, text) in texts.iter().enumerate() {
            let id = sources.add(format!("{n}.yaml"), *text);
            let node = yaml::read_one(text, id, &mut problems).unwrap();
            overlay(&mut merged, &node, &mut problems);
        }
        (merged, problems, sources)
    }

    fn merged(texts: &[&str]) -> String {
        yaml::emit(&layers(texts).0)
    }

    #[test]
    fn mappings_merge_deeply_and_keep_the_place_of_first_appearance() {
        assert_eq!(
            merged(&["a: {x: 1, w: 2}\nb: 1\n", "b: 2\na: {w: 3, z: 4}\n"]),
            "a:\n  x: 1\n  w: 3\n  z: 4\nb: 2\n"
        );
    }

    #[test]
    fn lists_and_scalars_replace() {
        assert_eq!(merged(&["a: [1, 2]\n", "a: [3]\n"]), "a:\n  - 3\n");
        assert_eq!(merged(&["a: {x: 1}\n", "a: 3\n"]), "a: 3\n");
    }

    #[test]
    fn null_removes_and_is_data_under_values() {
        assert_eq!(merged(&["a: {x: 1, w: 2}\n", "a: {x: null}\n"]), "a:\n  w: 2\n");
        let component = "components:\n  m:\n    values:\n      a: null\n";
        assert_eq!(merged(&[component]), component);
        assert_eq!(
            merged(&[component, "components: {m: {values: {a: {$unset: true}, b: 1}}}\n"]),
            "components:\n  m:\n    values:\n      b: 1\n"
        );
        assert_eq!(
            merged(&[component, "components: {m: {values: null, pack: raw}}\n"]),
            "components:\n  m:\n    pack: raw\n"
        );
    }

    #[test]
    fn removing_nothing_is_a_warning() {
        let (_, problems, sources) = layers(&["a: {x: 1}\n", "a: {z: null}\n"]);
        assert_eq!(problems.0.len(), 1);
        assert_eq!(problems.0[0].message, "nothing below this layer sets `a.z`");
        assert_eq!(sources.locate(problems.0[0].labels[0].place), "1.yaml:1:8");
    }

    #[test]
    fn references_replace_and_are_replaced_whole() {
        assert_eq!(merged(&["a: {$from: vars.x}\n", "a: {b: 1}\n"]), "a:\n  b: 1\n");
        assert_eq!(merged(&["a: {b: 1}\n", "a: {$from: vars.x}\n"]), "a:\n  $from: vars.x\n");
    }

    #[test]
    fn leaves_remember_what_they_overrode_nearest_first() {
        let (node, _, sources) = layers(&["a: 1\n", "a: 2\n", "a: 3\n"]);
        let leaf = node.get("a").unwrap();
        assert_eq!(sources.locate(leaf.place().unwrap()), "2.yaml:1:4");
        let lower: Vec<String> = leaf.origin.overrode().iter().map(|p| sources.locate(*p)).collect();
        assert_eq!(lower, ["1.yaml:1:4", "0.yaml:1:4"]);
    }

    fn values() -> impl Strategy<Value = Node> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Node::new),
            "[a-c]{1,2}".prop_map(Node::new),
            Just(Node::new(vec![Node::new(1_i64)])),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop::collection::vec(("[a-d]", inner), 0..4)
                .prop_map(|m| Node::new(m.into_iter().collect::<Map>()))
        })
    }

    proptest! {
        #[test]
        fn laying_a_layer_over_itself_changes_nothing(a in values()) {
            let over = Node::new([("k", a)].into_iter().collect::<Map>());
            let mut base = Node::new(Map::new());
            overlay(&mut base, &over, &mut Problems::new());
            let once = base.clone();
            overlay(&mut base, &over, &mut Problems::new());
            prop_assert_eq!(once, base);
        }

        #[test]
        fn merging_is_associative(a in values(), b in values(), c in values()) {
            let wrap = |n: Node| Node::new([("k", n)].into_iter().collect::<Map>());
            let lay = |x: &Node, y: &Node| { let mut m = x.clone(); overlay(&mut m, y, &mut Problems::new()); m };
            let (a, b, c) = (wrap(a), wrap(b), wrap(c));
            prop_assert!(lay(&lay(&a, &b), &c).same(&lay(&a, &lay(&b, &c))) || crosses(&a, &b, &c));
        }
    }

    /// Replacing a mapping by a scalar in the middle is where order of merging may matter.
    fn crosses(a: &Node, b: &Node, c: &Node) -> bool {
        let scalar = |n: &Node| n.get("k").is_none_or(|k| k.as_map().is_none());
        scalar(a) || scalar(b) || scalar(c) || deep_cross(a, b) || deep_cross(b, c) || deep_cross(a, c)
    }

    fn deep_cross(a: &Node, b: &Node) -> bool {
        match (&a.value, &b.value) {
            (Value::Map(a), Value::Map(b)) => {
                a.iter().any(|(k, v)| b.get(&k.text).is_some_and(|w| deep_cross(v, w)))
            }
            (Value::Map(_), _) | (_, Value::Map(_)) => true,
            _ => false,
        }
    }
}
