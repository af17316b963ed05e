//! An environment in short.

use super::known::Known;
use crate::{
    address,
    diag::Place,
    resolve::{Component, Stage},
    schema::short,
    yaml::Node,
};

/// An environment in short.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Its name.
    pub name: String,
    /// Its layers with what each extends, lowest first, itself last.
    pub layers: Vec<Layer>,
    /// Facts of it: what they are called, and what they are; absent ones are left out.
    pub facts: Vec<(&'static str, String)>,
    /// Its components.
    pub components: Vec<Used>,
    /// Its Secrets.
    pub secrets: Vec<Secret>,
    /// Is it as it would be rendered? Else something is wrong with it.
    pub complete: bool,
}

/// A layer.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// The layers that it names.
    pub extends: Vec<String>,
}

/// A component in short.
#[derive(Clone, Debug)]
pub struct Used {
    /// Its name.
    pub name: String,
    /// Its pack.
    pub pack: String,
    /// The versions of its charts.
    pub versions: Vec<String>,
    /// Where it goes.
    pub stage: Stage,
    /// Where it lives.
    pub namespace: String,
    /// What must be ready first, also by what it uses; without the namespaces.
    pub needs: Vec<String>,
    /// How many objects it has in the output.
    pub objects: usize,
    /// Where it begins.
    pub place: Place,
}

/// A Secret that a component needs or has.
#[derive(Clone, Debug)]
pub struct Secret {
    /// The component.
    pub component: String,
    /// Its name.
    pub name: String,
    /// How it is there.
    pub is: Presence,
}

/// How a Secret is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Sealed in this file.
    Sealed(String),
    /// It comes from elsewhere.
    External,
    /// It is needed and not there.
    Missing,
}

impl Known<'_> {
    /// The environment in short.
    pub(super) fn overview(&self) -> Overview {
        let project = self.project();
        let own = project.environments.get(&self.built.name);
        let layers =
            own.into_iter().flat_map(|own| &own.layers).filter_map(|name| project.environments.get(name));
        let layer = |layer: &crate::load::EnvironmentSource| Layer {
            name: layer.name.clone(),
            file: self.sources().name(layer.place.source).to_owned(),
            extends: layer.extends.iter().map(|spot| spot.text.clone()).collect(),
        };
        let components = self.environment().into_iter().flat_map(|environment| &environment.components);
        Overview {
            name: self.built.name.clone(),
            layers: layers.map(layer).collect(),
            facts: self.facts(),
            components: components.clone().map(|component| self.used(component)).collect(),
            secrets: components.flat_map(|component| self.secrets(component)).collect(),
            complete: self.built.tree.is_some(),
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let at = |path: &[&str]| self.whole.at(path).map(short);
        let mut facts = Vec::new();
        let cluster = at(&["cluster", "name"]).map(|name| match at(&["cluster", "domain"]) {
            Some(domain) => format!("{name}, {domain}"),
            None => name,
        });
        facts.extend(cluster.map(|cluster| ("cluster", cluster)));
        facts.extend(at(&["kubernetes"]).map(|version| ("kubernetes", version)));
        let flux = at(&["flux", "version"]).zip(at(&["flux", "sync"]));
        facts.extend(flux.map(|(version, sync)| ("flux", format!("{version}, sync {sync}"))));
        if let Some(url) = at(&["source", "url"]) {
            let kind = at(&["source", "kind"]).unwrap_or_default();
            let reference =
                self.whole.at(&["source", "ref"]).and_then(Node::as_map).and_then(|map| map.iter().next());
            let reference =
                reference.map(|(key, node)| format!(" {} {}", key.text, short(node))).unwrap_or_default();
            facts.push(("source", format!("{kind} {}{reference}", address::masked(&url))));
        }
        let recipients = self.whole.at(&["secrets", "recipients"]).and_then(Node::as_seq).unwrap_or_default();
        if !recipients.is_empty() {
            let names: Vec<String> = recipients.iter().map(short).collect();
            facts.push(("recipients", names.join(", ")));
        }
        facts
    }

    fn used(&self, component: &Component) -> Used {
        let tree = self.built.tree.as_ref();
        let wiring = tree.and_then(|tree| tree.get(&format!("cluster/components/{}.yaml", component.name)));
        let waits = wiring
            .into_iter()
            .flat_map(|file| &file.documents)
            .filter_map(|d| d.node.at(&["spec", "dependsOn"]));
        let waits = waits.filter_map(Node::as_seq).flatten().filter_map(|need| need.get("name")).map(short);
        let needs: Vec<String> = match tree {
            Some(_) => waits.filter(|name| name != "namespaces").collect(),
            None => component.needs.iter().map(|need| need.text.clone()).collect(),
        };
        Used {
            name: component.name.clone(),
            pack: component.pack.name.clone(),
            versions: component.releases.iter().map(|release| release.chart.version.clone()).collect(),
            stage: component.stage,
            namespace: component.namespace.clone(),
            needs,
            objects: self.documents(&component.name).count(),
            place: component.place,
        }
    }

    fn secrets(&self, component: &Component) -> Vec<Secret> {
        let sealed = component.sealed.iter().map(|file| {
            (file.name().to_owned(), Presence::Sealed(self.sources().name(file.place.source).to_owned()))
        });
        let mut all: Vec<(String, Presence)> = sealed.collect();
        for secret in &component.secrets {
            if all.iter().all(|(name, _)| *name != secret.name) {
                let is = if secret.external { Presence::External } else { Presence::Missing };
                all.push((secret.name.clone(), is));
            }
        }
        let named = |(name, is)| Secret { component: component.name.clone(), name, is };
        all.into_iter().map(named).collect()
    }
}
