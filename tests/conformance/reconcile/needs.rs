//! What must come before what in an environment, by what its files ask and by what its objects are. Not by `dependsOn`,
//! which is what is judged.

use super::CHARTS;
use crate::cluster::{object::json, project::Project, tree::Part};
use serde_json::Value as Json;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

/// Names of Flux Kustomizations: one, and another that must be ready before it.
pub(super) type Edges = BTreeSet<(String, String)>;

/// Those of an environment, whose parts these are.
pub(super) fn of(project: &Project, environment: &str, parts: &[Part]) -> Edges {
    let mut edges = Edges::new();
    for (component, needs) in asked(project, environment) {
        edges.extend(needs.into_iter().map(|need| (component.clone(), need)));
    }
    for part in parts.iter().filter(|part| !["cluster", "namespaces"].contains(&part.name.as_str())) {
        edges.insert((part.name.clone(), "namespaces".to_owned()));
        // Objects of kinds that a chart defines.
        for (chart, kinds) in CHARTS.into_iter().filter(|(chart, _)| *chart != part.name) {
            let text = |object: &Json, key: &str| object[key].as_str().unwrap_or_default().to_owned();
            let defined =
                |object: &Json| kinds.contains(&(&*text(object, "apiVersion"), &*text(object, "kind")));
            if part.objects.iter().any(|object| defined(&object.json)) {
                edges.insert((part.name.clone(), chart.to_owned()));
            }
        }
    }
    edges
}

/// Everything that needs it, directly or not.
pub(super) fn needing<'e>(edges: &'e Edges, name: &str) -> BTreeSet<&'e str> {
    let mut found = BTreeSet::new();
    loop {
        let reached = |need: &String| need == name || found.contains(need.as_str());
        let more: Vec<&str> =
            edges.iter().filter(|(_, need)| reached(need)).map(|(part, _)| part.as_str()).collect();
        let before = found.len();
        found.extend(more);
        if found.len() == before {
            return found;
        }
    }
}

/// The `needs` of each component; a later layer's list replaces an earlier one's.
fn asked(project: &Project, environment: &str) -> BTreeMap<String, Vec<String>> {
    let mut layers = Vec::new();
    add_layers(project, environment, &mut layers);
    let mut asked = BTreeMap::new();
    for layer in &layers {
        for (component, settings) in layer["components"].as_object().into_iter().flatten() {
            if let Some(needs) = settings["needs"].as_array() {
                let needs = needs.iter().map(|need| need.as_str().unwrap().to_owned());
                asked.insert(component.clone(), needs.collect());
            }
        }
    }
    asked
}

/// Depth first; each once, at its first place, comes to the same here: `needs` are not set twice on the way.
fn add_layers(project: &Project, name: &str, layers: &mut Vec<Json>) {
    let file = project.folder.join(format!("environments/{name}.yaml"));
    let layer = json(&fs::read_to_string(file).unwrap());
    for below in layer["extends"].as_array().into_iter().flatten() {
        add_layers(project, below.as_str().unwrap(), layers);
    }
    if !layers.contains(&layer) {
        layers.push(layer);
    }
}
