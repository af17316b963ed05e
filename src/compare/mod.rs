//! Two environments side by side: which objects only one of them has, and the fields in which the others differ, each with
//! the line that set it. What differs only by the names of environment and cluster is folded.
//!
//! Objects are the same if kind, API group, namespace and name are, else if these are the same but for the names of
//! environment and cluster; items of a list if their `name` is, or by what else Kubernetes merges such a list; members of a
//! mapping likewise.

mod fields;
mod names;

use crate::{
    diag::Place,
    explain::Secrets,
    load::SEALED,
    pipeline::{Built, Engine},
    tree::{Document, File, Identity, Tree, TreePath},
    yaml::Node,
};
use fields::fields;
use names::{Names, pairs};
use std::collections::{BTreeMap, BTreeSet};

/// Two environments side by side.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Their names.
    pub names: [String; 2],
    /// Components that only one has; their objects are not listed one by one.
    pub components: [Vec<String>; 2],
    /// What only one has.
    pub only: [Vec<Thing>; 2],
    /// What differs.
    pub changed: Vec<Changed>,
    /// How many fields differ only by the names of environment and cluster; they are in `changed` too, marked.
    pub folded: usize,
}

/// An object, or a file that holds none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Thing {
    /// The component it belongs to; empty for what `gen` adds around the components.
    pub component: String,
    /// `Deployment kuard/kuard`, or the file's path in the tree.
    pub name: String,
    /// Its API group; empty for the core, and for a file.
    pub group: String,
}

/// An object that both have.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Which.
    pub thing: Thing,
    /// Where it stands in each tree.
    pub files: [String; 2],
    /// The fields that differ.
    pub fields: Vec<Change>,
}

/// A field that differs.
#[derive(Clone, Debug)]
pub struct Change {
    /// The field, `spec.containers[kuard].image`.
    pub field: String,
    /// What each has there; `None`: nothing.
    pub sides: [Option<Side>; 2],
    /// Does it differ only by the names of environment and cluster?
    pub names_only: bool,
}

/// A value.
#[derive(Clone, Debug)]
pub struct Side {
    /// What it is; a secret value is replaced.
    pub value: Node,
    /// The line that set it.
    pub place: Option<Place>,
}

impl Comparison {
    /// Do they differ by more than their names?
    pub fn differs(&self) -> bool {
        let only =
            self.components.iter().any(|list| !list.is_empty()) || self.only.iter().any(|l| !l.is_empty());
        only || self.changed.iter().flat_map(|changed| &changed.fields).any(|change| !change.names_only)
    }
}

/// An object in a tree, or a file without objects.
struct Found<'t> {
    path: &'t TreePath,
    file: &'t File,
    document: Option<&'t Document>,
}

/// Compares what was built of two environments, each by its engine: places are of that engine's sources. `None` if one of
/// them could not be rendered.
pub fn compare((first, one): (&Engine, &Built), (second, two): (&Engine, &Built)) -> Option<Comparison> {
    let trees = [one.tree.as_ref()?, two.tree.as_ref()?];
    let names = [Names::of(one), Names::of(two)];
    let found = trees.map(things);
    let keys = [0, 1].map(|side| found[side].keys().map(String::as_str).collect::<Vec<_>>());
    let pairs = pairs([&keys[0], &keys[1]], &names);
    // What one engine knows to be secret is secret on both sides.
    let of = |engine: &Engine| {
        let same = [(first, one), (second, two)].into_iter().filter(|(own, _)| std::ptr::eq(*own, engine));
        same.map(|(_, built)| built).collect::<Vec<_>>()
    };
    let secrets = [first, second].map(|engine| Secrets::of(&engine.project.sources, &of(engine)));
    let components = components(one, two);
    let mut comparison = Comparison {
        names: [one.name.clone(), two.name.clone()],
        only: [0, 1].map(|side| only(&found[side], &pairs, side, &components)),
        components,
        changed: Vec::new(),
        folded: 0,
    };
    for [left, right] in &pairs {
        let (left, right) = (&found[0][*left], &found[1][*right]);
        let fields = match (left.document, right.document) {
            (Some(left), Some(right)) => fields([&left.node, &right.node], &names, &secrets),
            _ => file(left.file, right.file, left.path),
        };
        if !fields.is_empty() {
            comparison.folded += fields.iter().filter(|change| change.names_only).count();
            let files = [left.path.to_string(), right.path.to_string()];
            comparison.changed.push(Changed { thing: thing(left), files, fields });
        }
    }
    comparison.changed.sort_by(|a, b| a.thing.cmp(&b.thing));
    Some(comparison)
}

/// The components that only one has.
fn components(one: &Built, two: &Built) -> [Vec<String>; 2] {
    let names = |built: &Built| -> BTreeSet<String> {
        let all = built.environment.iter().flat_map(|environment| &environment.components);
        all.map(|component| component.name.clone()).collect()
    };
    let (one, two) = (names(one), names(two));
    [one.difference(&two).cloned().collect(), two.difference(&one).cloned().collect()]
}

/// All objects, and the files without objects, by what they are. Lists of files say nothing that the files do not say.
fn things(tree: &Tree) -> BTreeMap<String, Found<'_>> {
    let mut all = BTreeMap::new();
    for (path, file) in tree.files() {
        for document in &file.documents {
            let key = match is_outside(path) {
                true => path.to_string(),
                false => identity(&document.identity()),
            };
            all.insert(key, Found { path, file, document: Some(document) });
        }
        if file.documents.is_empty() && path.file_name() != "kustomization.yaml" {
            all.insert(format!("file {path}"), Found { path, file, document: None });
        }
    }
    all
}

fn is_outside(path: &TreePath) -> bool {
    path.as_str().starts_with("outside/")
}

fn identity(identity: &Identity) -> String {
    [identity.group.as_str(), &identity.kind, &identity.namespace, &identity.name].join("\u{0}")
}

fn thing(found: &Found<'_>) -> Thing {
    let owner = found.file.owner.as_ref();
    let component = if matches!(owner, "cluster" | "namespaces") { "" } else { owner };
    let (name, group) = match found.document.map(Document::identity) {
        Some(Identity { group, kind, namespace, name }) if !name.is_empty() => {
            (format!("{kind} {namespace}{}{name}", if namespace.is_empty() { "" } else { "/" }), group)
        }
        _ => (found.path.to_string(), String::new()),
    };
    Thing { component: component.to_owned(), name, group }
}

/// What only one side has, but for what belongs to a component that only one has.
fn only(
    own: &BTreeMap<String, Found<'_>>,
    pairs: &[[&str; 2]],
    side: usize,
    components: &[Vec<String>; 2],
) -> Vec<Thing> {
    let paired: BTreeSet<&str> = pairs.iter().map(|pair| pair[side]).collect();
    let alone = |thing: &Thing| components.iter().any(|list| list.contains(&thing.component));
    let left = own.iter().filter(|(key, _)| !paired.contains(key.as_str()));
    let mut list: Vec<Thing> = left.map(|(_, found)| thing(found)).filter(|thing| !alone(thing)).collect();
    list.sort();
    list
}

/// A file that is copied as it is: equal or not. Sealed values cannot be compared.
fn file(left: &File, right: &File, path: &TreePath) -> Vec<Change> {
    if left.bytes == right.bytes || path.as_str().ends_with(SEALED) {
        return Vec::new();
    }
    let side = |file: &File| Some(Side { value: Node::new("other content"), place: file.place });
    vec![Change { field: String::new(), sides: [side(left), side(right)], names_only: false }]
}

#[cfg(test)]
mod tests;
