//! The fields in which two objects differ.

use super::{
    Change, Side,
    names::{Names, alike, folds, pairs},
};
use crate::{
    explain::Secrets,
    schema::member,
    yaml::{Map, Node, Origin, Value, to_json},
};
use std::collections::{BTreeMap, BTreeSet};

/// All fields in which two objects differ, in the order of the first.
pub(super) fn fields(nodes: [&Node; 2], names: &[Names; 2], secrets: &[Secrets<'_>; 2]) -> Vec<Change> {
    let mut walk = Walk { names, secrets, found: Vec::new() };
    walk.nodes("", [Some(nodes[0]), Some(nodes[1])]);
    walk.found
}

struct Walk<'a> {
    names: &'a [Names; 2],
    secrets: &'a [Secrets<'a>; 2],
    found: Vec<Change>,
}

impl Walk<'_> {
    fn nodes(&mut self, path: &str, [left, right]: [Option<&Node>; 2]) {
        if let (Some(left), Some(right)) = (left, right) {
            if left.same(right) {
                return;
            }
            match (&left.value, &right.value) {
                (Value::Map(left), Value::Map(right)) => return self.maps(path, left, right),
                (Value::Seq(left), Value::Seq(right)) => return self.lists(path, left, right),
                _ => {}
            }
        }
        match (left, right) {
            (Some(node), None) if has_parts(node) => self.side(path, node, 0),
            (None, Some(node)) if has_parts(node) => self.side(path, node, 1),
            (left, right) => self.change(path, [left, right]),
        }
    }

    fn maps(&mut self, path: &str, left: &Map, right: &Map) {
        let members = |map: &Map| map.keys().map(str::to_owned).collect::<Vec<_>>();
        let key = |map: &Map, name: &str| {
            map.entry(name).map(|(key, _)| Node::with(name, key.place.map_or(Origin::None, Origin::Config)))
        };
        for [own, other] in self.rows([&members(left), &members(right)]) {
            let path = member(path, own.or(other).unwrap_or_default());
            if let (Some(own), Some(other)) = (own, other)
                && own != other
            {
                // Only names make two keys a pair.
                self.push(&path, [key(left, own).as_ref(), key(right, other).as_ref()], true);
            }
            self.nodes(&path, [own.and_then(|own| left.get(own)), other.and_then(|other| right.get(other))]);
        }
    }

    /// Items with names are the same by name; texts and numbers are there or not. Of the rest those are the same that are
    /// alike, and what then remains goes by position.
    fn lists(&mut self, path: &str, left: &[Node], right: &[Node]) {
        let is_flat = left.iter().chain(right).all(|node| !has_parts(node));
        match keyed([left, right]) {
            Some((key, names)) => self.named(path, [left, right], key, &names),
            None if is_flat && left.len() == right.len() => self.positions(path, left, right),
            None => self.items(path, left, right, is_flat),
        }
    }

    fn positions(&mut self, path: &str, left: &[Node], right: &[Node]) {
        for index in 0..left.len().max(right.len()) {
            self.nodes(&format!("{path}[{index}]"), [left.get(index), right.get(index)]);
        }
    }

    /// Items by their names. That both have them in another order is a difference too: Kubernetes starts init containers
    /// one after the other, and a variable may use one before it.
    fn named(&mut self, path: &str, lists: [&[Node]; 2], key: &str, names: &[Vec<String>; 2]) {
        let rows = self.rows([&names[0], &names[1]]);
        let at = |side: usize, name: &str| names[side].iter().position(|own| own == name);
        let both: Vec<[&str; 2]> =
            rows.iter().filter_map(|[own, other]| Some([(*own)?, (*other)?])).collect();
        let mut there = both.clone();
        there.sort_by_key(|[_, other]| at(1, other));
        if there != both {
            let order = |pairs: &[[&str; 2]], side: usize| {
                Node::new(pairs.iter().map(|pair| Node::new(pair[side])).collect::<Vec<_>>())
            };
            self.change(&format!("{path}[]"), [Some(&order(&both, 0)), Some(&order(&there, 1))]);
        }
        for row in rows {
            let path = item(path, key, row[0].or(row[1]).unwrap_or_default());
            self.nodes(&path, [0, 1].map(|side| lists[side].get(at(side, row[side]?)?)));
        }
    }

    /// Which names of two sides are the same, in the order of the first; then those that only the second has.
    fn rows<'k>(&self, names: [&'k [String]; 2]) -> Vec<[Option<&'k str>; 2]> {
        let keys = names.map(|list| list.iter().map(String::as_str).collect::<Vec<_>>());
        let pairs: BTreeMap<&str, &str> =
            pairs([&keys[0], &keys[1]], self.names).into_iter().map(|[own, other]| (own, other)).collect();
        let taken: BTreeSet<&str> = pairs.values().copied().collect();
        let [left, right] = keys;
        let new = right.into_iter().filter(|name| !taken.contains(name)).map(|name| [None, Some(name)]);
        left.into_iter().map(|name| [Some(name), pairs.get(name).copied()]).chain(new).collect()
    }

    /// Items without names: those that are equal are taken away first, then those that differ only by names.
    fn items(&mut self, path: &str, left: &[Node], right: &[Node], is_flat: bool) {
        let (mut gone, mut new) = (items(left), items(right));
        take_pairs(&mut gone, &mut new, |one, other| one.node.same(other.node));
        if gone.is_empty() && new.is_empty() {
            return self.positions(path, left, right);
        }
        let names = [&self.names[0], &self.names[1]];
        let mut pairs = take_pairs(&mut gone, &mut new, |one, other| alike(names, [&one.text, &other.text]));
        // What is flat is there or not.
        let both = if is_flat { 0 } else { gone.len().min(new.len()) };
        pairs.extend(gone.drain(..both).zip(new.drain(..both)));
        let path = |index: usize| match is_flat {
            true => format!("{path}[]"),
            false => format!("{path}[{index}]"),
        };
        for (left, right) in pairs {
            self.nodes(&path(left.index), [Some(left.node), Some(right.node)]);
        }
        gone.into_iter().for_each(|item| self.nodes(&path(item.index), [Some(item.node), None]));
        new.into_iter().for_each(|item| self.nodes(&path(item.index), [None, Some(item.node)]));
    }

    /// Everything in what only one has.
    fn side(&mut self, path: &str, node: &Node, side: usize) {
        let sides = |node| if side == 0 { [Some(node), None] } else { [None, Some(node)] };
        match &node.value {
            Value::Map(map) => {
                map.iter().for_each(|(key, node)| self.nodes(&member(path, &key.text), sides(node)));
            }
            Value::Seq(items) => {
                let key = keyed([items, &[]]);
                for (index, node) in items.iter().enumerate() {
                    let path = match &key {
                        Some((key, [names, _])) => item(path, key, &names[index]),
                        None => format!("{path}[{index}]"),
                    };
                    self.nodes(&path, sides(node));
                }
            }
            _ => self.change(path, sides(node)),
        }
    }

    fn change(&mut self, path: &str, nodes: [Option<&Node>; 2]) {
        let text = |side: usize| nodes[side].and_then(Node::as_str);
        let names_only = matches!((text(0), text(1)), (Some(one), Some(other))
            if folds(path, [&self.names[0], &self.names[1]], [one, other]));
        self.push(path, nodes, names_only);
    }

    fn push(&mut self, path: &str, nodes: [Option<&Node>; 2], names_only: bool) {
        let side = |at: usize| {
            let shown =
                |node: &Node| Side { value: self.secrets[at].shown(node), place: node.origin.place() };
            nodes[at].map(shown)
        };
        let sides = [side(0), side(1)];
        self.found.push(Change { field: path.to_owned(), sides, names_only });
    }
}

/// An item of a list.
struct Item<'n> {
    index: usize,
    node: &'n Node,
    /// All of it, as JSON: made once, as it is compared with every item of the other list.
    text: String,
}

fn items(nodes: &[Node]) -> Vec<Item<'_>> {
    let item = |(index, node)| Item { index, node, text: to_json(node, None) };
    nodes.iter().enumerate().map(item).collect()
}

/// Takes from both lists what the other has too, each item once; what was taken.
fn take_pairs<'n>(
    left: &mut Vec<Item<'n>>,
    right: &mut Vec<Item<'n>>,
    same: impl Fn(&Item, &Item) -> bool,
) -> Vec<(Item<'n>, Item<'n>)> {
    let mut pairs = Vec::new();
    for own in std::mem::take(left) {
        match right.iter().position(|other| same(&own, other)) {
            Some(at) => pairs.push((own, right.remove(at))),
            None => left.push(own),
        }
    }
    pairs
}

fn has_parts(node: &Node) -> bool {
    match &node.value {
        Value::Map(map) => !map.is_empty(),
        Value::Seq(items) => !items.is_empty(),
        _ => false,
    }
}

/// By what Kubernetes knows an item of a list from the others: `x-kubernetes-patch-merge-key` of its OpenAPI document, the
/// usual one first.
const KEYS: [&str; 9] =
    ["name", "containerPort", "port", "mountPath", "devicePath", "topologyKey", "ip", "uid", "type"];

/// The names of the items of two lists and the key that holds them: the first one by which each item of a list has a name
/// of its own.
fn keyed(lists: [&[Node]; 2]) -> Option<(&'static str, [Vec<String>; 2])> {
    KEYS.into_iter().find_map(|key| Some((key, [names(lists[0], key)?, names(lists[1], key)?])))
}

fn names(items: &[Node], key: &str) -> Option<Vec<String>> {
    let name = |item: &Node| match &item.get(key)?.value {
        Value::Str(text) => Some(text.to_string()),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    };
    let names: Vec<String> = items.iter().map(name).collect::<Option<_>>()?;
    (names.iter().collect::<BTreeSet<_>>().len() == items.len()).then_some(names)
}

/// `env[LEVEL]`, `ports[containerPort=80]`.
fn item(path: &str, key: &str, name: &str) -> String {
    if key == "name" { format!("{path}[{name}]") } else { format!("{path}[{key}={name}]") }
}
