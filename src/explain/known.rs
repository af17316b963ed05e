//! Everything that is known of one environment, indexed for questions.

use super::{
    complete::complete,
    path::{Path, Step},
    secrets::Secrets,
};
use crate::{
    diag::{Place, Problems, Sources},
    load::{Pack, Project},
    pipeline::{Built, Engine},
    resolve::{self, Component, Environment},
    yaml::{Node, Value},
};
use std::{cell::RefCell, collections::HashMap, rc::Rc};

/// One environment and what was made of it.
pub(super) struct Known<'a> {
    pub(super) engine: &'a Engine,
    pub(super) built: &'a Built,
    /// All layers merged, references as written.
    pub(super) merged: Node,
    /// The same with references resolved and defaults.
    pub(super) whole: Node,
    /// Where values and references of the merged config stand.
    places: HashMap<Place, Vec<Path>>,
    /// The paths of the whole config by their text.
    texts: HashMap<String, Path>,
    /// Values that are never shown.
    secrets: Secrets<'a>,
    /// What paths lead to by references, at any remove.
    pub(super) origins: RefCell<HashMap<Path, Rc<super::references::Origins>>>,
    /// What the templates of components read, and what those of packs decide.
    pub(super) templates: super::templates::Cache,
}

impl<'a> Known<'a> {
    pub(super) fn new(engine: &'a Engine, built: &'a Built) -> Self {
        let merged = resolve::merged(&engine.project, &built.name, &mut Problems::new());
        let whole = complete(&merged, built.environment.as_ref());
        let mut places: HashMap<Place, Vec<Path>> = HashMap::new();
        every(&merged, &Path::default(), &mut |path, node| {
            if let Some(place) = node.place() {
                places.entry(place).or_default().push(path.clone());
            }
        });
        let mut texts = HashMap::new();
        every(&whole, &Path::default(), &mut |path, _| drop(texts.insert(path.to_string(), path.clone())));
        let secrets = Secrets::of(&engine.project.sources, &[built]);
        Self {
            engine,
            built,
            merged,
            whole,
            places,
            texts,
            secrets,
            origins: RefCell::default(),
            templates: Default::default(),
        }
    }

    pub(super) fn project(&self) -> &'a Project {
        &self.engine.project
    }

    pub(super) fn sources(&self) -> &'a Sources {
        &self.engine.project.sources
    }

    pub(super) fn environment(&self) -> Option<&'a Environment> {
        self.built.environment.as_ref()
    }

    pub(super) fn component(&self, name: &str) -> Option<&'a Component> {
        self.environment()?.components.iter().find(|component| component.name == name)
    }

    /// The pack of a component, also of one that could not be resolved.
    pub(super) fn pack(&self, component: &str) -> Option<&'a Pack> {
        let name = self.merged.at(&["components", component, "pack"])?.as_str()?;
        self.project().packs.get(name).map(|pack| &**pack)
    }

    /// The paths whose value, or whose reference, stands at a place.
    pub(super) fn at(&self, place: Place) -> &[Path] {
        self.places.get(&place).map_or(&[], Vec::as_slice)
    }

    /// The path with this text in the whole config.
    pub(super) fn named(&self, text: &str) -> Option<&Path> {
        self.texts.get(text)
    }

    /// Steps as texts as a path: a number is an item where there is a list.
    pub(super) fn typed<'s>(&self, steps: impl IntoIterator<Item = &'s str>) -> Path {
        let (mut path, mut node) = (Path::default(), Some(&self.whole));
        for step in steps {
            let item = match (node.map(|node| &node.value), step.parse::<usize>()) {
                (Some(Value::Seq(_)), Ok(index)) => Some(index),
                _ => None,
            };
            let step = item.map_or_else(|| Step::Key(step.into()), Step::Item);
            node = node.and_then(|node| Path(vec![step.clone()]).of(node));
            path.0.push(step);
        }
        path
    }

    /// A value as it is shown: what is secret in it is replaced.
    pub(super) fn shown(&self, node: &Node) -> Node {
        self.secrets.shown(node)
    }
}

/// Calls `visit` with every value and its path, mappings before their members. The text that a reference is made of
/// counts as the reference.
fn every<'n>(node: &'n Node, at: &Path, visit: &mut impl FnMut(&Path, &'n Node)) {
    visit(at, node);
    match &node.value {
        Value::Map(map) => match resolve::reference(map) {
            Some((_, target)) => visit(at, target),
            None => map.iter().for_each(|(key, node)| every(node, &at.key(&key.text), visit)),
        },
        Value::Seq(items) => {
            items.iter().enumerate().for_each(|(index, node)| every(node, &at.item(index), visit));
        }
        _ => {}
    }
}
