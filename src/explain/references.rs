//! What a path of the config is made of by references: `$from`, `$text`, `$file`, and the exports of packs.

use super::{
    known::Known,
    path::{Path, Step},
};
use crate::{
    config::path,
    diag::Place,
    resolve,
    yaml::{Node, Origin, to_json},
};
use std::{collections::BTreeMap, rc::Rc};

/// Fields of a component: any other name behind a component is one of its exports.
pub(super) const FIELDS: [&str; 16] = [
    "pack",
    "namespace",
    "stage",
    "podSecurity",
    "chart",
    "charts",
    "needs",
    "provides",
    "requires",
    "inputs",
    "values",
    "patches",
    "extra",
    "base",
    "source",
    "flux",
];

/// How a value goes into another, weakest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// It is the value.
    Same,
    /// It is a part of a text, for certain.
    Part,
    /// Its key is the value.
    Key,
    /// The value is computed from it, and from others perhaps.
    Computed,
    /// Something is decided by it: whether the value is there, or which it is.
    Decides,
}

/// The form of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// `$from`, or the same in a pack's export.
    From,
    /// `$text`.
    Text,
    /// `$file`.
    File,
    /// The condition of `provides` or `requires`.
    When,
}

impl Word {
    /// The key it is written with.
    pub fn as_str(self) -> &'static str {
        match self {
            Word::From => "$from",
            Word::Text => "$text",
            Word::File => "$file",
            Word::When => "when",
        }
    }
}

/// What a reference names.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    /// A path of the config, or an export.
    Path(Path),
    /// A file below `environments/files/`.
    File(String),
}

/// A reference.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Edge {
    pub(super) word: Word,
    pub(super) to: Target,
    /// Where it stands.
    pub(super) place: Option<Place>,
}

/// What a path is made of, itself among it.
pub(super) type Origins = BTreeMap<Path, How>;

impl Known<'_> {
    /// The references that the value at a path is made of, directly.
    pub(super) fn edges(&self, path: &Path) -> Vec<Edge> {
        if let Some((component, export)) = self.export(path) {
            return self.targets(export, &path.0[3..], Some(component));
        }
        if let Some(edge) = self.condition(path) {
            return vec![edge];
        }
        let mut node = &self.merged;
        for depth in 0..=path.0.len() {
            if is_reference(node) {
                return self.targets(node, &path.0[depth..], None);
            }
            let step = path.0.get(depth).and_then(|step| Path(vec![step.clone()]).of(node));
            match step {
                Some(next) => node = next,
                None => break,
            }
        }
        Vec::new()
    }

    /// The input that an API group of `provides` or `requires` depends on.
    fn condition(&self, path: &Path) -> Option<Edge> {
        let (Some("components"), Some(component), Some("provides" | "requires"), 4) =
            (path.text(0), path.text(1), path.text(2), path.0.len())
        else {
            return None;
        };
        let node = path.of(&self.whole)?;
        let steps: Vec<&str> = node.as_str()?.split('.').collect();
        let to = Target::Path(self.seen(&steps, Some(component)));
        Some(Edge { word: Word::When, to, place: node.place() })
    }

    /// An export that a path names: the component, and what the pack says of it.
    pub(super) fn export<'p>(&'p self, path: &'p Path) -> Option<(&'p str, &'p Node)> {
        let (Some("components"), Some(component), Some(name)) = (path.text(0), path.text(1), path.text(2))
        else {
            return None;
        };
        if FIELDS.contains(&name) {
            return None;
        }
        Some((component, self.pack(component)?.node.at(&["exports", name])?))
    }

    /// What a reference names; `rest` leads on from there. In an export also `inputs` and `component` of its own.
    fn targets(&self, node: &Node, rest: &[Step], component: Option<&str>) -> Vec<Edge> {
        let Some((word, target)) = node.as_map().and_then(resolve::reference) else { return Vec::new() };
        let Some(text) = target.as_str() else { return Vec::new() };
        let place = target.place();
        let to = |text: &str| self.target(text, component);
        match word {
            "$from" => {
                let edge = |path: Path| Edge { word: Word::From, to: Target::Path(path.join(rest)), place };
                to(text).map(edge).into_iter().collect()
            }
            "$text" => {
                let pieces = path::pieces(text).unwrap_or_default().into_iter();
                let paths = pieces.filter_map(|piece| match piece {
                    path::Piece::Path(path) => to(&path),
                    path::Piece::Text(_) => None,
                });
                paths.map(|path| Edge { word: Word::Text, to: Target::Path(path), place }).collect()
            }
            _ => vec![Edge { word: Word::File, to: Target::File(text.to_owned()), place }],
        }
    }

    /// The path of the config that a reference's path means.
    pub(super) fn target(&self, text: &str, component: Option<&str>) -> Option<Path> {
        let steps = path::steps(text).ok()?;
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        Some(self.seen(&steps, component))
    }

    /// The path of the config that a path means as exports and templates see it: `inputs.port`, `component.namespace`,
    /// `environment.flux`.
    pub(super) fn seen(&self, steps: &[&str], component: Option<&str>) -> Path {
        match (steps, component) {
            (["environment", "kubernetes"], _) => Path::keys(["kubernetes"]),
            (["environment", "flux"], _) => Path::keys(["flux", "version"]),
            (["inputs", rest @ ..], Some(component)) => {
                self.typed(["components", component, "inputs"].iter().chain(rest).copied())
            }
            (["component", rest @ ..], Some(component)) => {
                self.typed(["components", component].iter().chain(rest).copied())
            }
            (steps, _) => self.typed(steps.iter().copied()),
        }
    }

    /// All that a path is made of, by references at any remove; itself among it.
    pub(super) fn origins_of(&self, path: &Path) -> Rc<Origins> {
        if let Some(known) = self.origins.borrow().get(path) {
            return known.clone();
        }
        let mut all = Origins::new();
        self.follow(path, How::Same, &mut all);
        let all = Rc::new(all);
        self.origins.borrow_mut().insert(path.clone(), all.clone());
        all
    }

    /// Is a path, by itself and not by a part of it, made of another or of a part of that?
    pub(super) fn leads_to(&self, path: &Path, asked: &Path, depth: usize) -> bool {
        path.below(asked).is_some()
            || depth < 64
                && self.edges(path).into_iter().any(|edge| match edge.to {
                    Target::Path(to) => self.leads_to(&to, asked, depth + 1),
                    Target::File(_) => false,
                })
    }

    fn follow(&self, path: &Path, how: How, all: &mut Origins) {
        if all.get(path).is_some_and(|known| *known <= how) {
            return;
        }
        all.insert(path.clone(), how);
        for edge in self.edges(path) {
            if let Target::Path(to) = edge.to {
                let least = match edge.word {
                    Word::From => How::Same,
                    Word::Text | Word::File => How::Part,
                    Word::When => How::Decides,
                };
                self.follow(&to, how.max(least), all);
            }
        }
        // A list or mapping that holds references is made of what they name.
        let inside = path.of(&self.merged).filter(|node| !is_reference(node));
        for inner in inside.map(|node| references_in(node, path)).unwrap_or_default() {
            self.follow(&inner, how.max(How::Computed), all);
        }
    }

    /// The value that an export or a fact has: `components.loki.url`, `components.loki.name`, `environment.name`.
    pub(super) fn fact(&self, path: &Path) -> Option<Node> {
        let text = |at| path.text(at);
        match (text(0), text(1), text(2), path.0.len()) {
            (Some("environment"), Some("name"), None, 2) => Some(Node::new(self.built.name.as_str())),
            (Some("components"), Some(component), Some("name"), 3) if self.export(path).is_none() => {
                let (key, _) = self.merged.get("components")?.as_map()?.entry(component)?;
                let origin = key.place.map_or(Origin::None, Origin::Config);
                Some(Node::with(component, origin))
            }
            _ => self.exported(path, 0),
        }
    }

    /// What an export comes to.
    fn exported(&self, path: &Path, depth: usize) -> Option<Node> {
        let value = |path: &Path| match path.of(&self.whole) {
            Some(node) => Some(node.clone()),
            None if depth < 64 => match self.export(path) {
                Some(_) => self.exported(path, depth + 1),
                None => self.fact(path),
            },
            None => None,
        };
        let (component, node) = self.export(path)?;
        let Some((word, target)) = node.as_map().and_then(resolve::reference) else {
            return Some(node.clone());
        };
        let text = target.as_str()?;
        if word == "$from" {
            return value(&self.target(text, Some(component))?.join(&path.0[3..]));
        }
        let mut out = String::new();
        for piece in path::pieces(text).ok()? {
            match piece {
                path::Piece::Text(text) => out.push_str(&text),
                path::Piece::Path(path) => {
                    let node = value(&self.target(&path, Some(component))?)?;
                    match node.as_str() {
                        Some(text) => out.push_str(text),
                        None => out.push_str(&to_json(&node, None)),
                    }
                }
            }
        }
        Some(Node::with(out, target.origin.clone()))
    }

    /// The exports of a component, and its name.
    pub(super) fn exports(&self, component: &str) -> Vec<Path> {
        let own = self
            .pack(component)
            .into_iter()
            .flat_map(|pack| pack.node.members_at("exports"))
            .map(|(name, _)| name);
        own.chain(["name"]).map(|name| Path::keys(["components", component, name])).collect()
    }
}

/// Is it `{$from: …}`, `{$text: …}` or `{$file: …}`?
pub(super) fn is_reference(node: &Node) -> bool {
    node.as_map().and_then(resolve::reference).is_some()
}

/// The paths of the references inside of a list or mapping.
fn references_in(node: &Node, at: &Path) -> Vec<Path> {
    fn down(node: &Node, at: &Path, found: &mut Vec<Path>) {
        if is_reference(node) {
            return found.push(at.clone());
        }
        node.members().for_each(|(key, node)| down(node, &at.key(key), found));
        let items = node.as_seq().unwrap_or_default().iter().enumerate();
        items.for_each(|(index, node)| down(node, &at.item(index), found));
    }
    let mut found = Vec::new();
    down(node, at, &mut found);
    found
}
