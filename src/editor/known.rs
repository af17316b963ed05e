//! What a project has names for: components and their packs, paths of references, keys, layers, files.

use crate::{
    diag::Problems,
    explain::Path,
    load::{ChartFacts, Project},
    resolve,
    yaml::Node,
};
use std::collections::{BTreeMap, BTreeSet};

/// A component by its name, over all environments and layers.
#[derive(Default)]
pub(super) struct Use<'p> {
    /// The packs that it uses.
    pub(super) packs: BTreeSet<String>,
    /// What is known of the charts that it installs and its pack does not pin, by release.
    pub(super) charts: BTreeMap<String, &'p ChartFacts>,
}

/// All names.
pub(super) struct Names<'p> {
    pub(super) components: BTreeMap<String, Use<'p>>,
    pub(super) paths: BTreeSet<String>,
    pub(super) layers: Vec<&'p str>,
    pub(super) keys: Vec<&'p str>,
    pub(super) files: Vec<&'p str>,
}

/// Reads them off a project; what is wrong in it is left out.
pub(super) fn names(project: &Project) -> Names<'_> {
    let mut names = Names {
        components: BTreeMap::new(),
        paths: BTreeSet::new(),
        layers: Vec::new(),
        keys: project.fleet.keys.iter().flatten().map(|(name, _)| name.as_str()).collect(),
        files: project.files.keys().map(String::as_str).collect(),
    };
    for source in project.environments.values() {
        // A layer that nothing extends has a say too.
        let merged = resolve::merged(project, &source.name, &mut Problems::new());
        names.components(&merged);
        names.vars(&merged);
        if source.is_abstract {
            names.layers.push(&source.name);
        } else if let Some(environment) = resolve::environment(project, &source.name, &mut Problems::new()) {
            names.charts(project, &environment);
        }
    }
    let fixed =
        ["cluster.name", "cluster.domain", "cluster.provides", "environment.name", "environment.kubernetes"];
    names.paths.extend(fixed.iter().chain(&["environment.flux"]).map(|path| (*path).to_owned()));
    names.exports(project);
    names
}

impl Names<'_> {
    fn components(&mut self, merged: &Node) {
        for (name, component) in merged.members_at("components") {
            let known = self.components.entry(name.to_owned()).or_default();
            known.packs.extend(component.get("pack").and_then(Node::as_str).map(str::to_owned));
        }
    }

    fn vars(&mut self, merged: &Node) {
        fn down(node: &Node, path: &Path, paths: &mut BTreeSet<String>) {
            for (key, node) in node.members() {
                let path = path.key(key);
                paths.insert(path.to_string());
                down(node, &path, paths);
            }
            for (index, node) in node.as_seq().unwrap_or_default().iter().enumerate() {
                let path = path.item(index);
                paths.insert(path.to_string());
                down(node, &path, paths);
            }
        }
        if let Some(vars) = merged.get("vars") {
            down(vars, &Path::keys(["vars"]), &mut self.paths);
        }
    }

    fn exports(&mut self, project: &Project) {
        for (name, known) in &self.components {
            let path = |export: &str| format!("components.{name}.{export}");
            self.paths.extend(["name", "namespace"].map(path));
            let packs = known.packs.iter().filter_map(|pack| project.packs.get(pack));
            self.paths.extend(packs.flat_map(|pack| pack.file.exports.keys()).map(|export| path(export)));
        }
    }
}

impl<'p> Names<'p> {
    fn charts(&mut self, project: &'p Project, environment: &resolve::Environment) {
        for component in &environment.components {
            let Some(known) = self.components.get_mut(&component.name) else { continue };
            for release in &component.releases {
                let pinned = component
                    .pack
                    .releases
                    .iter()
                    .any(|own| own.key == release.key && own.chart.version == release.chart.version);
                let chart = release.chart.chart_ref();
                let facts = project.charts.of(Some(&component.pack.name), chart);
                let exact = facts.into_iter().next().filter(|facts| facts.is_of(chart.version));
                if let Some(facts) = exact.filter(|_| !pinned) {
                    known.charts.insert(release.key.clone(), facts);
                }
            }
        }
    }
}
