//! What environments extend: unknown layers, circles, and the order of merging.

use super::model::EnvironmentSource;
use crate::{
    diag::{Diagnostic, Problems, did_you_mean, list},
    name::EnvName,
};
use std::collections::{BTreeMap, BTreeSet};

/// Checks `extends` and fills `layers`; an environment whose name holds another's is an error.
pub(super) fn layers(
    environments: &mut BTreeMap<String, EnvironmentSource>,
    broken: &BTreeSet<String>,
    problems: &mut Problems,
) {
    unknown(environments, broken, problems);
    let mut told = BTreeSet::new();
    let names: Vec<String> = environments.keys().cloned().collect();
    let mut orders = Vec::new();
    for name in &names {
        let mut walk = Walk { environments, path: Vec::new(), order: Vec::new(), told: &mut told, problems };
        walk.visit(name);
        orders.push(walk.order);
    }
    for (name, order) in names.iter().zip(orders) {
        if let Some(source) = environments.get_mut(name) {
            source.layers = order;
        }
    }
    prefixes(environments, problems);
}

fn unknown(
    environments: &BTreeMap<String, EnvironmentSource>,
    broken: &BTreeSet<String>,
    problems: &mut Problems,
) {
    for source in environments.values() {
        for (index, layer) in source.extends.iter().enumerate() {
            let said = match environments.get(&layer.text) {
                _ if source.extends[..index].iter().any(|l| l.text == layer.text) => {
                    Diagnostic::error("load/extends", format!("`{}` is extended twice", layer.text))
                        .help("remove it: a layer applies once, at its first place")
                }
                Some(found) if found.is_abstract || found.name == source.name => continue,
                Some(found) => Diagnostic::error("load/extends", format!("`{}` is not a layer", layer.text))
                    .because("only a file that says `abstract: true` can be extended")
                    .label(layer.place, "extended here")
                    .label(found.place, "this would be rendered by itself too")
                    .help(format!(
                        "add `abstract: true` to `environments/{}.yaml`, or move what both need to a layer",
                        layer.text
                    )),
                None if broken.contains(&layer.text) => continue,
                None => {
                    let names = environments.keys().chain(broken).map(String::as_str);
                    let said =
                        Diagnostic::error("load/extends", format!("there is no layer `{}`", layer.text));
                    let layers = || environments.values().filter(|e| e.is_abstract).map(|e| &*e.name);
                    match did_you_mean(&layer.text, names.filter(|name| **name != *source.name)) {
                        Some(near) => said.help(format!("did you mean `{near}`?")),
                        None if layers().next().is_some() => {
                            said.help(format!("the layers are {}", list(layers())))
                        }
                        None => said.help(format!("write `environments/{}.yaml`", layer.text)),
                    }
                }
            };
            let said = if said.labels.is_empty() { said.at(layer.place) } else { said };
            problems.push(said);
        }
    }
}

struct Walk<'a> {
    environments: &'a BTreeMap<String, EnvironmentSource>,
    /// From the environment down to the layer at hand.
    path: Vec<&'a str>,
    /// Lowest first.
    order: Vec<String>,
    /// Circles that were told, by their members.
    told: &'a mut BTreeSet<BTreeSet<String>>,
    problems: &'a mut Problems,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, name: &str) {
        let environments = self.environments;
        let Some(source) = environments.get(name) else { return };
        if self.order.iter().any(|n| n == name) {
            return;
        }
        self.path.push(&source.name);
        for layer in &source.extends {
            match self.path.iter().position(|n| *n == layer.text) {
                Some(start) => self.circle(start),
                None => self.visit(&layer.text),
            }
        }
        self.path.pop();
        self.order.push(source.name.clone());
    }

    fn circle(&mut self, start: usize) {
        let circle = &self.path[start..];
        if !self.told.insert(circle.iter().map(|n| (*n).to_owned()).collect()) {
            return;
        }
        let mut said = Diagnostic::error(
            "load/extends-cycle",
            match circle {
                [one] => format!("`{one}` extends itself"),
                many => {
                    format!("layers extend each other in a circle: `{}` → `{}`", many.join("` → `"), many[0])
                }
            },
        );
        for (index, name) in circle.iter().enumerate() {
            let next = circle[(index + 1) % circle.len()];
            let spot = self.environments.get(*name).and_then(|s| s.extends.iter().find(|l| l.text == next));
            said = said.label(spot.and_then(|s| s.place), "");
        }
        self.problems.push(said.help("remove one of these"));
    }
}

/// `edge` and `edge/store-001` would be folders in each other.
fn prefixes(environments: &BTreeMap<String, EnvironmentSource>, problems: &mut Problems) {
    let rendered: Vec<(EnvName, &EnvironmentSource)> = environments
        .values()
        .filter(|source| !source.is_abstract)
        .filter_map(|source| Some((EnvName::new(&source.name).ok()?, source)))
        .collect();
    for (outer, source) in &rendered {
        if let Some((inner, other)) = rendered.iter().find(|(name, _)| outer.holds(name)) {
            problems.push(
                Diagnostic::error(
                    "load/prefix",
                    format!("the environment `{outer}` is a part of `{inner}`'s name"),
                )
                .label(source.place, "its tree would hold the other one's")
                .label(other.place, "")
                .help(format!(
                    "rename `environments/{outer}.yaml`, or make it a layer with `abstract: true`"
                )),
            );
        }
    }
}
