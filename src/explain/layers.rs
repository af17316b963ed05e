//! Who set a value of the config: the layers, and below them the pack and `gen` itself.

use super::{
    answer::{By, Does, Part, Reference, Setter, Value},
    complete::of_pack,
    known::Known,
    path::{Path, Step, leaves},
    references::{Target, is_reference},
};
use crate::{
    diag::Place,
    load::ChartFacts,
    resolve::{self, Component, Release, What, defaults},
    yaml::{Map, Node},
};
use std::collections::BTreeSet;

impl Known<'_> {
    /// What a path comes to, also if it is no field of the config but a fact or an export.
    pub(super) fn value_of(&self, path: &Path) -> Option<Node> {
        path.of(&self.whole).cloned().or_else(|| self.fact(path))
    }

    /// Who set a path, with all that its references lead to.
    pub(super) fn value(&self, path: &Path) -> Value {
        self.value_within(path, &mut BTreeSet::new())
    }

    /// `told`: paths whose references were told before.
    fn value_within(&self, path: &Path, told: &mut BTreeSet<Path>) -> Value {
        let value = self.value_of(path);
        let refers = if told.insert(path.clone()) { self.refers(path, told) } else { Vec::new() };
        let parts = match &value {
            Some(node) if node.as_map().is_some() || node.as_seq().is_some() => self.parts(path, node),
            _ => Vec::new(),
        };
        let value = value.map(|node| self.shown(&node));
        Value { path: path.clone(), setters: self.setters(path), refers, parts, value }
    }

    fn refers(&self, path: &Path, told: &mut BTreeSet<Path>) -> Vec<Reference> {
        let mut all = Vec::new();
        for edge in self.edges(path) {
            let (target, value) = match edge.to {
                Target::Path(to) => (to.to_string(), Some(self.value_within(&to, told))),
                Target::File(file) => (format!("environments/files/{file}"), None),
            };
            all.push(Reference { word: edge.word, place: edge.place, target, value });
        }
        all
    }

    pub(super) fn parts(&self, path: &Path, node: &Node) -> Vec<Part> {
        let mut parts = Vec::new();
        leaves(node, path, &mut |path, node| {
            if !path.0.is_empty() {
                parts.push(Part { path: path.clone(), value: self.shown(node), place: node.place() });
            }
        });
        parts
    }

    /// All who say something about a path, what counts first.
    fn setters(&self, path: &Path) -> Vec<Setter> {
        let mut all = self.below(path);
        let steps = path.steps();
        for said in resolve::history(self.project(), &self.built.name, &steps) {
            let by = if said.layer == resolve::FLEET { By::Fleet } else { By::Layer(said.layer) };
            let (does, written) = match said.what {
                What::Sets(node) => (Does::Sets, Some(node)),
                What::Refers { reference, .. } => (Does::Refers, Some(reference)),
                What::Removes => (Does::Removes, None),
                What::Replaces => (Does::Replaces, None),
            };
            all.push(Setter { does, ..self.setter(by, said.place, written) });
        }
        all.reverse();
        self.win(path, &mut all);
        all
    }

    /// One who sets something.
    fn setter(&self, by: By, place: Option<Place>, written: Option<Node>) -> Setter {
        let written = written.map(|node| self.shown(&node));
        Setter { by, place, written, does: Does::Sets, wins: false }
    }

    /// Marks what counts: the first that sets something; of a mapping that is merged, every layer's. What is removed
    /// takes the layers below with it, the defaults stay.
    fn win(&self, path: &Path, all: &mut [Setter]) {
        if self.value_of(path).is_none() {
            return;
        }
        let merges = path.of(&self.merged).is_some_and(|node| node.as_map().is_some() && !is_reference(node));
        let (mut found, mut removed) = (false, false);
        for setter in all {
            let layer = matches!(setter.by, By::Fleet | By::Layer(_));
            let sets = matches!(setter.does, Does::Sets | Does::Refers);
            removed |= layer && !sets;
            setter.wins = sets && !(layer && removed) && (!found || layer && merges);
            found |= setter.wins;
        }
    }

    /// Who speaks below all layers: `gen` lowest, then the pack.
    fn below(&self, path: &Path) -> Vec<Setter> {
        let mut all = Vec::new();
        let mut push = |by: By, node: Option<Node>| {
            if let Some(node) = node {
                all.push(self.setter(by, node.place(), Some(node)));
            }
        };
        let keys: Option<Vec<&str>> = (0..path.0.len()).map(|at| path.text(at)).collect();
        let keys = keys.unwrap_or_default();
        if let Some((component, export)) = self.export(path) {
            let pack = self.pack(component).map(|pack| pack.name.clone()).unwrap_or_default();
            push(By::Export(pack), Some(export.clone()));
            return all;
        }
        let ["components", component, field @ ..] = keys.as_slice() else {
            let found = defaults::of_environment().into_iter().find(|(path, _)| **path == *keys);
            push(By::Gen("the default".to_owned()), found.map(|(_, node)| node));
            if keys == ["environment", "name"] {
                push(By::Gen("the path of its file".to_owned()), self.fact(path));
            }
            return all;
        };
        let elsewhere = self.component(component).is_some_and(|c| c.source.is_some());
        let default = defaults::of_component(elsewhere).into_iter().find(|(path, _)| *path == field);
        push(By::Gen("the default".to_owned()), default.map(|(_, node)| node));
        match field {
            ["namespace"] => push(By::Gen("the component's name".to_owned()), Some(Node::new(*component))),
            ["name"] => push(By::Gen("its key".to_owned()), self.fact(path)),
            _ => {}
        }
        if let Some(pack) = self.pack(component) {
            push(By::Pack(pack.name.clone()), of_pack(pack, field).cloned());
        }
        all.extend(self.of_inputs(path));
        all.extend(self.of_values(path).into_iter().flatten());
        all
    }

    /// The pack's default for an input.
    fn of_inputs(&self, path: &Path) -> Option<Setter> {
        let component = path.text(1)?;
        let rest =
            path.below(&Path::keys(["components", component, "inputs"])).filter(|rest| !rest.is_empty())?;
        let pack = self.pack(component)?;
        let empty = Node::new(Map::new());
        let inputs = self.merged.at(&["components", component, "inputs"]).unwrap_or(&empty);
        let steps: Vec<String> = rest.iter().map(ToString::to_string).collect();
        let node = resolve::default_below(pack, inputs, &steps, self.sources())?;
        let by = By::Pack(pack.name.clone());
        Some(self.setter(by, node.place(), Some(node)))
    }

    /// What is said of a value of a chart below what the component says: its own default, then the pack's template.
    fn of_values(&self, path: &Path) -> Option<Vec<Setter>> {
        let component = self.component(path.text(1)?)?;
        let (release, rest) = self.value_path(path)?;
        let keys: Vec<String> = rest.iter().map(ToString::to_string).collect();
        let facts = self.facts_of(component, release);
        let default = facts.and_then(|known| {
            let default = known.facts()?.field(&keys)?.default.clone()?;
            let by = By::Chart(format!("{} {}", known.name, known.version));
            Some(self.setter(by, None, Some(Node::new(default))))
        });
        Some(default.into_iter().chain(self.of_values_template(component, release, rest)).collect())
    }

    /// The release that a path of `values` is about, and the path in it.
    pub(super) fn value_path<'p>(&self, path: &'p Path) -> Option<(&Release, &'p [Step])> {
        let component = self.component(path.text(1)?)?;
        let rest = path.below(&Path::keys(["components", &component.name, "values"]))?;
        match component.releases.as_slice() {
            [one] if one.key.is_empty() => Some((one, rest)),
            several => {
                let key = path.text(3)?;
                Some((several.iter().find(|release| release.key == key)?, rest.get(1..)?))
            }
        }
    }

    /// What is known of the chart of a release.
    pub(super) fn facts_of(&self, component: &Component, release: &Release) -> Option<&ChartFacts> {
        self.project().charts.of(Some(&component.pack.name), release.chart.chart_ref()).first().copied()
    }

    /// What the pack's own template says.
    fn of_values_template(&self, component: &Component, release: &Release, rest: &[Step]) -> Option<Setter> {
        let object = self.release(&component.name, &release.name)?;
        let node = Path::keys(["spec", "values"]).join(rest);
        let node = node.of(object).filter(|_| !rest.is_empty())?;
        let is_template = |place: &Place| component.pack.templates.iter().any(|t| t.source == place.source);
        let own = node.origin.template().filter(is_template);
        let place = own.or_else(|| node.origin.overrode().iter().copied().find(is_template))?;
        let written = own.map(|_| node.clone());
        Some(self.setter(By::Template(component.pack.name.clone()), Some(place), written))
    }

    /// A HelmRelease of a component.
    pub(super) fn release(&self, component: &str, name: &str) -> Option<&Node> {
        let tree = self.built.tree.as_ref()?;
        let documents = tree.files().flat_map(|(_, file)| &file.documents);
        let mut of_component = documents.filter(|d| d.component.as_deref() == Some(component));
        of_component.find(|d| d.kind() == "HelmRelease" && d.name() == name).map(|d| &d.node)
    }

    /// Every path of the config: the fields that are set or have a value all the same, and the exports.
    pub(super) fn all_paths(&self) -> Vec<Path> {
        fn down(node: &Node, at: &Path, all: &mut Vec<Path>) {
            node.members().for_each(|(key, node)| {
                all.push(at.key(key));
                down(node, &at.key(key), all);
            });
            for (index, node) in node.as_seq().unwrap_or_default().iter().enumerate() {
                all.push(at.item(index));
                down(node, &at.item(index), all);
            }
        }
        let mut all = Vec::new();
        down(&self.whole, &Path::default(), &mut all);
        for (component, _) in self.whole.members_at("components") {
            all.extend(self.exports(component).into_iter().filter(|path| self.value_of(path).is_some()));
        }
        all
    }
}
