//! The fields in which two objects differ.

use super::{
    Change, Side,
    names::{Names, alike},
};
use crate::{
    explain::Secrets,
    schema::member,
    yaml::{Map, Node, Value, to_json},
};
use std::collections::BTreeSet;

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
        for (key, node) in left.iter() {
            self.nodes(&member(path, &key.text), [Some(node), right.get(&key.text)]);
        }
        for (key, node) in right.iter().filter(|(key, _)| !left.contains(&key.text)) {
            self.nodes(&member(path, &key.text), [None, Some(node)]);
        }
    }

    /// Items with names are the same by name; texts and numbers are there or not; the rest goes by position.
    fn lists(&mut self, path: &str, left: &[Node], right: &[Node]) {
        if let (Some(left), Some(right)) = (named(left), named(right)) {
            for (name, node) in &left {
                self.nodes(&format!("{path}[{name}]"), [Some(node), by_name(&right, name)]);
            }
            for (name, node) in right.iter().filter(|(name, _)| by_name(&left, name).is_none()) {
                self.nodes(&format!("{path}[{name}]"), [None, Some(node)]);
            }
        } else if left.iter().chain(right).all(|node| !has_parts(node)) && left.len() != right.len() {
            self.items(path, left, right);
        } else {
            for index in 0..left.len().max(right.len()) {
                self.nodes(&format!("{path}[{index}]"), [left.get(index), right.get(index)]);
            }
        }
    }

    /// Items of which only one list has so many: those that are alike are taken away first, then those that differ only by
    /// names.
    fn items<'n>(&mut self, path: &str, left: &'n [Node], right: &'n [Node]) {
        let texts = |list: &'n [Node]| list.iter().map(|node| (to_json(node, None), node)).collect();
        let (mut gone, mut new): (Vec<Item>, Vec<Item>) = (texts(left), texts(right));
        let names = [&self.names[0], &self.names[1]];
        take_pairs(&mut gone, &mut new, |one, other| one == other);
        take_pairs(&mut gone, &mut new, |one, other| alike(names, [one, other]));
        let path = format!("{path}[]");
        gone.into_iter().for_each(|(_, node)| self.change(&path, [Some(node), None]));
        new.into_iter().for_each(|(_, node)| self.change(&path, [None, Some(node)]));
    }

    /// Everything in what only one has.
    fn side(&mut self, path: &str, node: &Node, side: usize) {
        let sides = |node| if side == 0 { [Some(node), None] } else { [None, Some(node)] };
        match &node.value {
            Value::Map(map) => {
                map.iter().for_each(|(key, node)| self.nodes(&member(path, &key.text), sides(node)));
            }
            Value::Seq(items) => {
                let names: Vec<String> = match named(items) {
                    Some(named) => named.into_iter().map(|(name, _)| name).collect(),
                    None => (0..items.len()).map(|index| index.to_string()).collect(),
                };
                let items = items.iter().zip(names);
                items.for_each(|(node, name)| self.nodes(&format!("{path}[{name}]"), sides(node)));
            }
            _ => self.change(path, sides(node)),
        }
    }

    fn change(&mut self, path: &str, nodes: [Option<&Node>; 2]) {
        let text = |side: usize| nodes[side].and_then(Node::as_str);
        let names_only = matches!((text(0), text(1)), (Some(one), Some(other))
            if alike([&self.names[0], &self.names[1]], [one, other]));
        let side = |at: usize| {
            let shown =
                |node: &Node| Side { value: self.secrets[at].shown(node), place: node.origin.place() };
            nodes[at].map(shown)
        };
        let sides = [side(0), side(1)];
        self.found.push(Change { field: path.to_owned(), sides, names_only });
    }
}

/// An item of a list, after its text.
type Item<'n> = (String, &'n Node);

/// Takes from both lists what the other has too, each item once.
fn take_pairs(left: &mut Vec<Item>, right: &mut Vec<Item>, same: impl Fn(&str, &str) -> bool) {
    left.retain(|(text, _)| match right.iter().position(|(other, _)| same(text, other)) {
        Some(index) => {
            right.remove(index);
            false
        }
        None => true,
    });
}

fn has_parts(node: &Node) -> bool {
    match &node.value {
        Value::Map(map) => !map.is_empty(),
        Value::Seq(items) => !items.is_empty(),
        _ => false,
    }
}

/// The items with their names, if all have one and no two the same.
fn named(items: &[Node]) -> Option<Vec<(String, &Node)>> {
    let named: Option<Vec<(String, &Node)>> =
        items.iter().map(|item| Some((item.get("name")?.as_str()?.to_owned(), item))).collect();
    let names: BTreeSet<&str> = named.as_ref()?.iter().map(|(name, _)| name.as_str()).collect();
    if names.len() == items.len() { named.filter(|list| !list.is_empty()) } else { None }
}

fn by_name<'n>(items: &[(String, &'n Node)], name: &str) -> Option<&'n Node> {
    items.iter().find(|(own, _)| own == name).map(|(_, node)| *node)
}
