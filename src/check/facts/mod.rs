//! What checks look things up in, gathered once for a tree.

mod copied;
mod installed;
mod pods;
mod policies;
mod reach;

pub(super) use copied::{inputs, is_manifest, kustomizations};
pub use installed::Installed;
pub(super) use pods::{Selector, containers, pod_spec, pod_template, port_number, protocol, running};
pub(super) use policies::{NAMESPACE, Refusal, declared};
pub(super) use reach::{inside, sealed_below};

use super::{Policy, Sealing};
use crate::{
    flux, layout,
    seal::Seal,
    tree::{Document, File, Identity, Tree, TreePath},
    yaml::Node,
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

/// A tree, indexed.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The tree.
    pub tree: &'a Tree,
    /// The tree that it takes the place of.
    pub before: Option<&'a Tree>,
    /// What is known about it.
    pub policy: &'a Policy,
    /// Its objects for the cluster, in the order of their files.
    pub objects: Vec<Object<'a>>,
    /// The number and the seal of those that have one.
    seals: Vec<(usize, Seal)>,
    index: BTreeMap<Identity, Vec<usize>>,
    kinds: BTreeMap<String, Vec<usize>>,
    namespaces: BTreeMap<String, Vec<usize>>,
    /// Namespaces in which a chart makes objects that are not to be seen here.
    charts: BTreeSet<String>,
    /// Are there bases or sources elsewhere, whose objects may be anywhere?
    hidden: bool,
}

/// An object of a tree.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    /// The object.
    pub document: Cow<'a, Document>,
    /// Its file.
    pub path: &'a TreePath,
    /// What is known of the file.
    pub file: &'a File,
    /// Read from a file that is copied as it is: sealed, or in a base.
    pub copied: bool,
    /// Does it reach the cluster as it stands here: ours, or of a base in which kustomize changes nothing?
    pub as_is: bool,
}

/// An object that SOPS encrypted.
#[derive(Clone, Copy, Debug)]
pub struct Sealed<'f, 'a> {
    /// The object.
    pub object: &'f Object<'a>,
    /// Its `sops` block.
    pub seal: &'f Seal,
}

impl<'a> Facts<'a> {
    /// Gathers them.
    pub fn new(tree: &'a Tree, before: Option<&'a Tree>, policy: &'a Policy) -> Self {
        let mut objects = Vec::new();
        let mut hidden = false;
        let mut plain = None;
        for (path, file) in tree.files().filter(|(path, _)| !path.as_str().starts_with("outside/")) {
            let own = file.documents.iter();
            objects.extend(own.map(|document| Object {
                document: Cow::Borrowed(document),
                path,
                file,
                copied: false,
                as_is: true,
            }));
            if file.documents.is_empty() && is_manifest(path) {
                let bases = plain.get_or_insert_with(|| copied::plain(tree));
                let as_is = bases.get(path).filter(|_| policy.laid_out);
                let read = copied::read(file, as_is.and_then(Option::as_deref)).into_iter();
                objects.extend(read.map(|document| Object {
                    as_is: as_is.is_some() && !copied::is_local(&document.node),
                    document: Cow::Owned(document),
                    path,
                    file,
                    copied: true,
                }));
                hidden |= path.as_str().contains("/base/");
            }
        }
        let seal = |(number, object): (usize, &Object)| Some((number, Seal::of(&object.document.node)?));
        let mut facts = Self {
            seals: objects.iter().enumerate().filter_map(seal).collect(),
            tree,
            before,
            policy,
            index: BTreeMap::new(),
            kinds: group(&objects, Document::kind),
            namespaces: group(&objects, Document::namespace),
            charts: charts(&objects),
            hidden: hidden || objects.iter().any(is_elsewhere),
            objects,
        };
        for (index, object) in facts.objects.iter().enumerate() {
            facts.index.entry(object.document.identity()).or_default().push(index);
        }
        facts
    }

    /// The path of a file, as findings name it.
    pub fn output(&self, path: &TreePath) -> String {
        if self.policy.output.is_empty() {
            path.to_string()
        } else {
            format!("{}/{path}", self.policy.output)
        }
    }

    /// The objects that reach the cluster as they stand here: not those that kustomize may change.
    pub fn written(&self) -> impl Iterator<Item = &Object<'a>> {
        self.objects.iter().filter(|object| object.as_is)
    }

    /// The objects that SOPS encrypted, those of bases too.
    pub fn sealed<'f>(&'f self) -> impl Iterator<Item = Sealed<'f, 'a>> {
        self.seals
            .iter()
            .filter_map(|(number, seal)| Some(Sealed { object: self.objects.get(*number)?, seal }))
    }

    /// Those whose seal is not cut off: of the others only that is told.
    pub fn wholly_sealed<'f>(&'f self) -> impl Iterator<Item = Sealed<'f, 'a>> {
        self.sealed().filter(|sealed| sealed.seal.is_whole)
    }

    /// Whom secrets are sealed for, where there are any: sealed ones, or some that are needed.
    pub fn sealing(&self) -> Option<&'a Sealing> {
        let any = !self.seals.is_empty() || !self.policy.needed.is_empty();
        self.policy.sealing.as_ref().filter(|_| any)
    }

    /// All objects of a kind, those of bases too.
    pub fn of(&self, group: &str, kind: &str) -> impl Iterator<Item = &Object<'a>> {
        self.those(self.kinds.get(kind)).filter(move |object| object.document.group() == group)
    }

    /// All objects in a namespace, those of bases too.
    pub fn within(&self, namespace: &str) -> impl Iterator<Item = &Object<'a>> {
        self.those(self.namespaces.get(namespace))
    }

    /// The namespaces that objects live in, sorted; empty for those that are in none.
    pub fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.namespaces.keys().map(String::as_str)
    }

    fn those<'f>(&'f self, indices: Option<&'f Vec<usize>>) -> impl Iterator<Item = &'f Object<'a>> {
        indices.into_iter().flatten().filter_map(|index| self.objects.get(*index))
    }

    /// The object of this kind and name in a namespace.
    pub fn find(&self, group: &str, kind: &str, namespace: &str, name: &str) -> Option<&Object<'a>> {
        let identity = Identity {
            group: group.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        self.index.get(&identity).and_then(|found| self.objects.get(*found.first()?))
    }

    /// Objects that are there more than once.
    pub fn repeated(&self) -> impl Iterator<Item = Vec<&Object<'a>>> {
        let many = self.index.values().filter(|found| found.len() > 1);
        many.map(|found| found.iter().filter_map(|index| self.objects.get(*index)).collect())
    }

    /// Must something of this name, which `object` refers to, be in this tree if it is to be there at all? Only then is
    /// its absence worth a word: bases and sources elsewhere have objects that cannot be seen here, and so may parents
    /// in a foreign tree.
    pub fn must_be_seen(&self, object: &Object, name: &str) -> bool {
        self.policy.laid_out && (!self.hidden || is_named_after(object, name))
    }

    /// The same for what a chart could make in the object's own namespace.
    pub fn must_be_here(&self, object: &Object, name: &str) -> bool {
        self.must_be_seen(object, name) && !self.charts.contains(object.document.namespace())
    }

    /// The names of the Services that Flagger makes for the Canaries of a namespace.
    pub fn of_flagger(&self, namespace: &str) -> impl Iterator<Item = String> {
        let canaries =
            self.of("flagger.app", "Canary").filter(move |object| object.document.namespace() == namespace);
        let names = canaries.filter_map(|canary| {
            let said = |path: &[&str]| canary.document.node.at(path)?.as_str();
            said(&["spec", "service", "name"]).or_else(|| said(&["spec", "targetRef", "name"]))
        });
        names.flat_map(|name| ["", "-primary", "-canary"].map(|suffix| format!("{name}{suffix}")))
    }

    /// May a pod of this template in a namespace have containers that are not written in it?
    pub(super) fn is_injected(&self, template: &Node, namespace: &str) -> bool {
        let of_namespace = || {
            let object = self.find("", "Namespace", "", namespace)?;
            object.document.node.get("metadata").and_then(pods::injection)
        };
        template.get("metadata").and_then(pods::injection).or_else(of_namespace) == Some(true)
    }

    /// Is a namespace there: given, or written by this tree?
    pub fn has_namespace(&self, name: &str) -> bool {
        layout::is_given(name) || self.find("", "Namespace", "", name).is_some()
    }
}

/// The numbers of the objects that have the same text.
fn group(objects: &[Object], text: impl Fn(&Document) -> &str) -> BTreeMap<String, Vec<usize>> {
    let mut groups = BTreeMap::<String, Vec<usize>>::new();
    for (number, object) in objects.iter().enumerate() {
        let text = text(&object.document);
        match groups.get_mut(text) {
            Some(group) => group.push(number),
            None => drop(groups.insert(text.to_owned(), vec![number])),
        }
    }
    groups
}

/// Is something called as the object's component, or with a suffix?
pub(super) fn is_named_after(object: &Object, name: &str) -> bool {
    object.document.component.as_deref().is_some_and(|component| {
        name.strip_prefix(component).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

/// Namespaces that releases install into.
fn charts(objects: &[Object]) -> BTreeSet<String> {
    let releases = objects.iter().filter(|object| object.document.kind() == "HelmRelease");
    releases
        .flat_map(|object| {
            let target = object.document.node.at(&["spec", "targetNamespace"]).and_then(Node::as_str);
            [Some(object.document.namespace()), target]
        })
        .flatten()
        .map(str::to_owned)
        .collect()
}

/// Does a Flux Kustomization apply what is not in this tree?
fn is_elsewhere(object: &Object) -> bool {
    let source = object.document.node.at(&["spec", "sourceRef", "name"]).and_then(Node::as_str);
    object.document.group() == "kustomize.toolkit.fluxcd.io"
        && object.document.kind() == "Kustomization"
        && source.is_some_and(|source| source != flux::ROOT)
}
