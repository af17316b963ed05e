//! Judgement of a tree: [`check`] runs every [`Check`] over [`Facts`] that are gathered once. Checks judge
//! and change nothing, and work alike on a tree just rendered and on any folder of manifests.
//!
//! A check is one file under `rules/`, its `mod` line there, and one line in [`rules::CHECKS`].

mod facts;
mod rules;
mod syntax;

pub use facts::{Facts, Installed, Object, Sealed};
pub use rules::CHECKS;

use crate::{
    diag::{Diagnostic, Place, Problems, Severity},
    layout,
    load::{ChartFacts, ChartRef, Charts, EnvironmentSource, FileText, InAddress, Pack, Project, SEALED},
    resolve::{
        EVERY_GROUP, Environment, NeededSecret, Reader, SealPolicy, SealedPath, Secrets, Sync as FluxSync,
    },
    tree::{Document, File, Tree, TreePath},
    yaml::Node,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// One thing that is looked for.
pub trait Check: Sync {
    /// A stable id, `group/name`.
    fn id(&self) -> &'static str;
    /// What it finds, in one line.
    fn summary(&self) -> &'static str;
    /// Why it matters and what to do, in a few sentences.
    fn explanation(&self) -> &'static str;
    /// How much a finding weighs.
    fn severity(&self) -> Severity;
    /// Looks for it.
    fn run(&self, facts: &Facts, findings: &mut Problems);

    /// A finding about a part of an object, at the lines that made it.
    fn finding(&self, facts: &Facts, object: &Object, node: Option<&Node>, message: String) -> Diagnostic {
        let config = node.and_then(|node| node.origin.config());
        let template = node.and_then(|node| node.origin.template());
        let finding = Diagnostic::new(self.id(), self.severity(), message).output(facts.output(object.path));
        let word = if config.is_some() { "written by this template" } else { "" };
        let finding = finding.at(config).label(template.filter(|place| Some(*place) != config), word);
        if finding.labels.is_empty() {
            finding.at(object.document.place.or(object.file.place))
        } else {
            finding
        }
    }

    /// Says of `metadata.labels` or `metadata.annotations` that it is no mapping.
    fn shape(&self, facts: &Facts, object: &Object, member: &str, findings: &mut Problems) {
        let node = object.document.node.at(&["metadata", member]);
        if let Some(node) = node.filter(|node| node.as_map().is_none() && !node.is_null()) {
            let message = format!("`metadata.{member}` is {}, not a mapping", node.value.kind());
            findings.push(
                self.finding(facts, object, Some(node), message)
                    .help("write `KEY: VALUE` pairs, or remove it"),
            );
        }
    }
}

/// What the checks are to know about a tree.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// What paths in findings begin with: `fleet-out/prod`.
    pub output: String,
    /// The tree's folder as `spec.path` of Flux names it, `./fleet-out/prod`; absent when that is not known.
    pub folder: Option<String>,
    /// The kind of the root source; absent when that is not known.
    pub source_kind: Option<String>,
    /// The minor version of Flux, `2.9`; absent when that is not known.
    pub flux: Option<String>,
    /// The controllers of Flux that are installed; absent when that is not known.
    pub controllers: Option<Vec<String>>,
    /// The API groups that its components and its cluster provide; absent when that is not known.
    pub provides: Option<BTreeSet<String>>,
    /// Whom its sealed files should be sealed for; absent when that is not known.
    pub sealing: Option<Sealing>,
    /// The Secrets that its components need.
    pub needed: Vec<Needed>,
    /// Is a needed Secret that is not there only worth a warning?
    pub allow_missing_secrets: bool,
    /// What is known of the charts that it installs; absent when nothing is.
    pub charts: Option<KnownCharts>,
    /// The texts that `$file` takes, and their files.
    pub files: Vec<FileText>,
    /// What is secret in addresses that it may have from the user's files, and where it stands there.
    pub addresses: Vec<InAddress>,
    /// Was it laid out by `gen`, so that nothing changes its objects on the way to the cluster? Else parents may
    /// add namespaces, patches and prefixes.
    pub laid_out: bool,
}

impl Policy {
    /// For the tree of an environment.
    pub fn of(env: &Environment) -> Self {
        let output = format!("fleet-out/{}", env.name);
        let of_components = env.components.iter().flat_map(|component| &component.provides);
        let provides = env.cluster.provides.iter().chain(of_components).map(|group| group.text.clone());
        let said = env.flux.instance.as_ref().is_some_and(|spec| spec.get("components").is_some());
        let own = env.flux.sync == FluxSync::Classic && env.own_flux_system.is_some();
        let known = env.flux.sync != FluxSync::None && !said && !own;
        Self {
            provides: Some(provides.collect()),
            controllers: known.then(|| env.flux.components.clone()),
            folder: Some(layout::source_path(env, "")),
            source_kind: Some(env.source.kind.clone()),
            flux: Some(env.flux.version.clone()),
            laid_out: true,
            output,
            ..Self::default()
        }
    }

    /// Is an API group there, as far as that is known?
    fn has_group(&self, group: &str) -> bool {
        let there = |all: &BTreeSet<String>| all.contains(group) || all.contains(EVERY_GROUP);
        self.provides.as_ref().is_none_or(there)
    }

    /// With what is known of the charts that its components install, and of the files of the project.
    #[must_use]
    pub fn knowing(self, env: &Environment, project: &Project) -> Self {
        let packs =
            env.components.iter().map(|component| (component.name.clone(), Arc::clone(&component.pack)));
        let charts = KnownCharts { charts: Arc::clone(&project.charts), packs: packs.collect() };
        let files = project.files.values().cloned().collect();
        let layers = project.environments.get(&env.name).map_or(&[][..], |source| &source.layers);
        // It has nothing from the files of environments that are no layers of it.
        let own = |address: &&InAddress| {
            let is_there = |file: &&EnvironmentSource| file.place.source == address.place.source;
            project.environments.values().find(is_there).is_none_or(|file| layers.contains(&file.name))
        };
        let addresses = project.addresses.iter().filter(own).cloned().collect();
        Self { charts: Some(charts), files, addresses, ..self }
    }

    /// With the Secrets that its components need and that do not come from elsewhere.
    #[must_use]
    pub fn needing(mut self, env: &Environment, project: &Project) -> Self {
        for component in &env.components {
            let introduced = |source: &&EnvironmentSource| source.place.source == component.place.source;
            let layer = project.environments.values().find(introduced).filter(|source| source.is_abstract);
            // What is wrong with a file that stands there was told.
            let unread =
                |name: &str| component.unread.iter().any(|file| file.strip_suffix(SEALED) == Some(name));
            let needed = component.secrets.iter().filter(|secret| !secret.external && !unread(&secret.name));
            self.needed.extend(needed.map(|secret| Needed {
                environment: env.name.clone(),
                layer: layer.map(|source| source.name.clone()),
                component: component.name.clone(),
                namespace: component.namespace.clone(),
                place: secret.place.unwrap_or(component.place),
                secret: secret.clone(),
            }));
        }
        self
    }

    /// With what is known of who should be able to open its sealed files.
    #[must_use]
    pub fn sealed_by(mut self, env: &Environment, policy: &Arc<SealPolicy>) -> Self {
        let files = env.components.iter().flat_map(|component| {
            let folder = format!("{}/{}", component.stage.as_str(), component.name);
            component
                .sealed
                .iter()
                .map(move |file| (format!("{folder}/{}", file.file_name), file.owner.clone()))
        });
        self.sealing = Some(Sealing {
            policy: Arc::clone(policy),
            environment: env.name.clone(),
            place: env.place,
            secrets: env.secrets.clone(),
            owners: files.collect(),
        });
        self
    }

    /// For any folder of manifests.
    pub fn of_folder(folder: &str) -> Self {
        Self { output: folder.to_owned(), ..Self::default() }
    }
}

/// What is known of the charts that an environment installs.
#[derive(Clone, Debug)]
pub struct KnownCharts {
    /// All facts.
    pub charts: Arc<Charts>,
    /// The packs by component.
    pub packs: BTreeMap<String, Arc<Pack>>,
}

impl KnownCharts {
    /// What is known of a chart that a component installs: as [`Charts::of`].
    pub fn of(&self, component: Option<&str>, chart: ChartRef) -> Vec<&ChartFacts> {
        let pack = component.and_then(|component| self.packs.get(component));
        self.charts.of(pack.map(|pack| pack.name.as_str()), chart)
    }
}

/// A Secret that a component needs.
#[derive(Clone, Debug)]
pub struct Needed {
    /// The environment.
    pub environment: String,
    /// The layer that brings the component in, if one does: it could be sealed there for all that extend it.
    pub layer: Option<String>,
    /// The component.
    pub component: String,
    /// Where the component lives, and the Secret with it.
    pub namespace: String,
    /// Where it was asked for.
    pub place: Place,
    /// The Secret.
    pub secret: NeededSecret,
}

/// A Secret that is to be sealed, or sealed again with the keys that it lacks.
#[derive(Clone, Debug)]
pub struct ToSeal {
    /// Who needs it; its keys are those that are not there.
    pub needed: Needed,
    /// Its file: of the environment, or the one that is there.
    pub path: SealedPath,
}

/// Whom the sealed files of a tree should be sealed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealing {
    /// Of the project.
    pub policy: Arc<SealPolicy>,
    /// The environment of the tree.
    pub environment: String,
    /// Its file.
    pub place: Place,
    /// Whom the environment names.
    pub secrets: Secrets,
    /// The environment or layer that a sealed file belongs to, by its path in the tree.
    pub owners: BTreeMap<String, String>,
}

impl Sealing {
    /// Who can open what is sealed for the environment itself.
    pub fn readers(&self) -> &[Reader] {
        self.policy.rule(&self.environment).map_or(&[], |rule| &rule.readers)
    }

    /// The cluster's own key; where the environment does not say which, all that could be it.
    pub fn cluster(&self) -> impl Iterator<Item = &Reader> {
        self.readers().iter().filter(|reader| match &self.secrets.cluster {
            Some(cluster) => reader.name == cluster.text,
            None => reader.recipient.kind().is_read_by_flux(),
        })
    }
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The findings: by check in the order of [`CHECKS`], by file within.
    pub findings: Problems,
    /// How many objects were looked at.
    pub objects: usize,
}

/// Judges a tree, and what has changed since `before`.
pub fn check(now: &Tree, before: Option<&Tree>, policy: &Policy) -> Report {
    let facts = Facts::new(now, before, policy);
    let mut findings = Problems::new();
    for check in CHECKS {
        check.run(&facts, &mut findings);
    }
    Report { findings, objects: facts.objects.len() }
}

/// What can be said of an environment of which no tree could be made: which Secrets it needs and does not have, as far
/// as its sealed files, `extra` and bases show.
pub fn without_tree(env: &Environment, policy: &Policy) -> Problems {
    let tree = stand_in(env);
    let facts = Facts::new(&tree, None, policy);
    let mut findings = Problems::new();
    rules::WITHOUT_TREE.iter().for_each(|check| check.run(&facts, &mut findings));
    findings
}

/// The Secrets that an environment needs and does not have, as far as it can be seen: in its tree if there is one.
pub fn to_seal(env: &Environment, tree: Option<&Tree>, policy: &Policy) -> Vec<ToSeal> {
    let made = tree.is_none().then(|| stand_in(env));
    tree.or(made.as_ref()).map(|tree| rules::to_seal(&Facts::new(tree, None, policy))).unwrap_or_default()
}

/// The sealed files, `extra` and bases of an environment of which no tree could be made.
fn stand_in(env: &Environment) -> Tree {
    let mut tree = Tree::new(env.name.as_str());
    for component in &env.components {
        let owner: Arc<str> = component.name.as_str().into();
        let folder = format!("{}/{}", component.stage.as_str(), component.name);
        let mut add = |path: String, bytes: &[u8], documents: Vec<Document>, place: Option<Place>| {
            let Ok(path) = TreePath::new(path) else { return };
            // Two files at one path are told by layout.
            let _ = tree.insert(path, File { owner: owner.clone(), bytes: bytes.to_vec(), documents, place });
        };
        for file in &component.sealed {
            add(format!("{folder}/{}", file.file_name), &file.bytes, Vec::new(), Some(file.place));
        }
        for file in &component.base {
            add(format!("{folder}/base/{}", file.path), &file.bytes, Vec::new(), file.place);
        }
        for (name, node) in &component.extra {
            let mut document =
                Document { node: node.clone(), component: Some(owner.clone()), place: Some(component.place) };
            if document.namespace().is_empty() {
                layout::fill_namespace(&mut document, &component.namespace);
            }
            add(format!("{folder}/{name}.yaml"), &[], vec![document], Some(component.place));
        }
    }
    tree
}

#[cfg(test)]
mod tests;
