//! One environment: its layers merged, its own fields defaulted, its components resolved.

use super::{
    component::{self, Draft},
    defaults,
    faults::Faults,
    history::merged,
    model::{Cluster, Environment, Flux, Namespace, Source, SourceRef, Spot},
    policy::Secrets,
    references::{Resolver, Roots},
    target::Target,
};
use crate::{
    config::{self, ClusterFile, Controller, EnvironmentFile, ExampleFile, Sync},
    diag::{Diagnostic, Place, Problems, Sources, did_you_mean, list},
    load::{OwnFluxSystem, Pack, Project},
    yaml::{Key, Map, Node, Value},
};
use indexmap::IndexMap;
use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What `cluster.provides` says when every API group is there: in examples of packs.
pub const EVERY_GROUP: &str = "*";

/// An example of a pack, as read: `component.yaml`, and its surroundings.
#[derive(Clone, Debug)]
pub struct Example {
    /// The pack.
    pub pack: Arc<Pack>,
    /// The component as an environment writes it.
    pub component: Node,
    /// `environment.yaml`, if there is one.
    pub environment: Option<Node>,
    /// The component's file as such.
    pub place: Place,
}

/// Resolves the environment `name`; everything wrong is told. `None` if something is wrong with what all components
/// share; else a component with which something is wrong is left out, so that the others can still be rendered for what
/// is wrong with them.
pub fn environment(project: &Project, name: &str, problems: &mut Problems) -> Option<Environment> {
    let source = project.environments.get(name)?;
    let mut found = Problems::new();
    let merged = merged(project, name, &mut found);
    let surroundings = Surroundings {
        name,
        place: source.place,
        fleet_is_read: project.fleet.keys.is_some(),
        faults: Faults::of(project, &source.layers),
        layers: &source.layers,
        own_flux_system: project.own_flux_system.get(name).cloned(),
        shown: None,
        exports: IndexMap::new(),
    };
    let environment = build(project, &merged, &surroundings, &mut found);
    surroundings.faults.hush(&mut found);
    problems.extend(found);
    needs(&merged, &surroundings.faults, problems);
    environment
}

/// Tells of needed components that are not there. An environment with such a mistake is resolved all the same:
/// layout tells what else is wrong with the order.
fn needs(merged: &Node, faults: &Faults, problems: &mut Problems) {
    let components = merged.get("components").and_then(Node::as_map);
    for (component, node) in components.into_iter().flat_map(Map::iter) {
        let others = || components.into_iter().flat_map(Map::keys).filter(|other| **other != *component.text);
        for need in spots(node.get("needs")) {
            if components.is_some_and(|map| map.contains(&need.text))
                || faults.at(&["components", &need.text])
            {
                continue;
            }
            let message = format!("`{}` needs `{}`, which is no component here", component.text, need.text);
            let said = Diagnostic::error("component/needs", message).at(need.place.or(component.place));
            problems.push(match did_you_mean(&need.text, others()) {
                Some(near) => said.help(format!("did you mean `{near}`?")),
                None if others().next().is_none() => said.help("remove it: there is no other component"),
                None => said.help(format!("the components are {}", list(others()))),
            });
        }
    }
}

/// Resolves an example of a pack: the cluster `example` at `example.com` with every API group, and the
/// component under the pack's name.
pub fn example(project: &Project, example: &Example, problems: &mut Problems) -> Option<Environment> {
    let mut found = Problems::new();
    let given = match &example.environment {
        Some(node) => config::decode::<ExampleFile>(node, &project.sources, &mut found)?,
        None => ExampleFile::default(),
    };
    let empty = Node::new(Map::new());
    let written = example.environment.as_ref().unwrap_or(&empty);
    let mut merged = Map::new();
    for key in ["kubernetes", "vars"] {
        if let Some(node) = written.get(key) {
            merged.insert(key, node.clone());
        }
    }
    merged.insert("cluster", example_cluster(&given.cluster, written.get("cluster")));
    merged.insert(
        "source",
        Node::new(Map::from_iter([
            ("kind", Node::new("GitRepository")),
            ("url", Node::new("https://github.com/example/fleet")),
        ])),
    );
    merged.insert("flux", Node::new(Map::from_iter([("sync", Node::new("none"))])));
    let component = [(Key::new(&*example.pack.name, Some(example.place)), example.component.clone())];
    merged.insert("components", Node::new(component.into_iter().collect::<Map>()));
    let exports = written.get("exports").and_then(Node::as_map).into_iter().flat_map(Map::iter);
    let surroundings = Surroundings {
        name: "example",
        place: example.place,
        fleet_is_read: true,
        faults: Faults::default(),
        layers: &[],
        own_flux_system: None,
        shown: Some(&example.pack.name),
        exports: exports.map(|(k, v)| (k.text.to_string(), v.clone())).collect(),
    };
    let merged = Node::new(merged);
    let environment = build(project, &merged, &surroundings, &mut found);
    let failed = found.has_errors();
    problems.extend(found);
    needs(&merged, &surroundings.faults, problems);
    environment.filter(|_| !failed)
}

fn example_cluster(given: &ClusterFile, written: Option<&Node>) -> Node {
    let mut cluster = written.and_then(Node::as_map).cloned().unwrap_or_default();
    if given.name.is_none() {
        cluster.insert("name", Node::new("example"));
    }
    if given.domain.is_none() {
        cluster.insert("domain", Node::new("example.com"));
    }
    if !cluster.contains("provides") {
        cluster.insert("provides", Node::new(vec![Node::new(EVERY_GROUP)]));
    }
    Node::new(cluster)
}

/// Tells of environments that share a `cluster.name`.
pub fn cluster_names(project: &Project, problems: &mut Problems) {
    let mut seen: BTreeMap<&str, (&str, Option<Place>)> = BTreeMap::new();
    for source in project.environments.values().filter(|e| !e.is_abstract) {
        let node = source.layers.iter().rev().find_map(|layer| {
            project
                .environments
                .get(layer)
                .and_then(|e| e.node.at(&["cluster", "name"]))
                .filter(|n| !n.is_null())
        });
        let Some((node, name)) = node.and_then(|n| n.as_str().map(|s| (n, s))) else { continue };
        if let Some((other, place)) = seen.insert(name, (&source.name, node.place())) {
            problems.push(
                Diagnostic::error(
                    "environment/cluster-name",
                    format!("`{}` and `{other}` have the same cluster name `{name}`", source.name),
                )
                .label(node.place(), format!("for `{}`", source.name))
                .label(place.filter(|p| Some(*p) != node.place()), format!("for `{other}`"))
                .help("give each environment a `cluster.name` of its own"),
            );
        }
    }
}

/// What is known of an environment besides its merged file.
pub(super) struct Surroundings<'a> {
    pub(super) name: &'a str,
    pub(super) place: Place,
    /// Could the fleet's file be read?
    pub(super) fleet_is_read: bool,
    pub(super) faults: Faults<'a>,
    /// Lowest first, itself last.
    pub(super) layers: &'a [String],
    pub(super) own_flux_system: Option<OwnFluxSystem>,
    /// The component whose exports must all be sound, used or not (examples).
    pub(super) shown: Option<&'a str>,
    /// Exports of components that are not there (examples).
    pub(super) exports: IndexMap<String, Node>,
}

fn build(
    project: &Project,
    merged: &Node,
    around: &Surroundings,
    problems: &mut Problems,
) -> Option<Environment> {
    let file = config::decode::<EnvironmentFile>(merged, &project.sources, problems)?;
    let cluster = cluster(&file.cluster, merged, around, problems);
    let source = source(merged, &file, around, problems);
    let flux = flux(merged, &file);
    unfinished(&flux, project, around, problems);
    let empty = Node::new(Map::new());
    let vars = merged.get("vars").unwrap_or(&empty);
    let facts = facts(around, &file, &flux);
    let before = problems.errors();
    let drafts = component::drafts(project, merged, &file, &around.faults, problems);
    let of_drafts = problems.errors() - before;
    let texts = |path: &str| project.files.get(path).map(|file| file.text.clone());
    let mut resolver = Resolver::new(Roots {
        vars,
        cluster: &cluster.node,
        environment: &facts,
        components: targets(&drafts, around, &project.sources),
        files: &texts,
        file_names: project.files.keys().cloned().collect(),
        broken: unusable(&file, &drafts),
        faults: &around.faults,
    });
    let vars = resolver.value(vars, problems);
    let shared_is_sound = problems.errors() == of_drafts;
    let surroundings = component::Around { project, file: &file, environment: around };
    let components: Vec<_> = drafts
        .iter()
        .filter_map(|draft| {
            let before = (problems.errors(), resolver.poisoned.len());
            let finished = component::finish(draft, &surroundings, &mut resolver, problems);
            finished.filter(|_| before == (problems.errors(), resolver.poisoned.len()))
        })
        .collect();
    resolver.end(around.shown, problems);
    let environment = Environment {
        name: around.name.to_owned(),
        place: around.place,
        kubernetes: file.kubernetes.clone(),
        cluster,
        vars,
        facts,
        source: source?,
        flux,
        secrets: Secrets::of(merged),
        namespaces: namespaces(merged, &file),
        complete: components.len() == file.components.len()
            && components.iter().all(|component| component.unread.is_empty()),
        components,
        own_flux_system: around.own_flux_system.clone(),
    };
    shared_is_sound.then_some(environment)
}

/// Components without a draft: what is wrong with them was told.
fn unusable(file: &EnvironmentFile, drafts: &[Draft]) -> BTreeSet<String> {
    let usable: BTreeSet<&str> = drafts.iter().map(|draft| draft.name.as_str()).collect();
    file.components.keys().filter(|name| !usable.contains(name.as_str())).cloned().collect()
}

/// `environment` as references and templates see it; `kubernetes` is absent if nobody states it.
fn facts(around: &Surroundings, file: &EnvironmentFile, flux: &Flux) -> Node {
    let mut facts = Map::from_iter([("name", Node::new(around.name))]);
    if let Some(kubernetes) = &file.kubernetes {
        facts.insert("kubernetes", Node::new(kubernetes.as_str()));
    }
    facts.insert("flux", Node::new(flux.version.as_str()));
    Node::new(facts)
}

/// What references to components look into.
fn targets<'a>(
    drafts: &'a [Draft],
    around: &'a Surroundings,
    sources: &'a Sources,
) -> IndexMap<String, Target<'a>> {
    let own = drafts.iter().map(|draft| (draft.name.clone(), target(draft, sources)));
    let given = around.exports.iter();
    own.chain(given.map(|(name, exports)| (name.clone(), stand_in(name, exports, sources)))).collect()
}

fn target<'a>(draft: &'a Draft, sources: &'a Sources) -> Target<'a> {
    Target {
        raw: draft.inputs.clone(),
        schema: Some(&draft.pack.schema),
        sources,
        filled: OnceCell::new(),
        component: draft.facts.clone(),
        exports: draft.pack.node.get("exports"),
    }
}

fn stand_in<'a>(name: &str, exports: &'a Node, sources: &'a Sources) -> Target<'a> {
    let text = |key: &str| exports.get(key).and_then(Node::as_str).unwrap_or(name).to_owned();
    let component = Map::from_iter([("name", Node::new(name)), ("namespace", Node::new(text("namespace")))]);
    Target {
        raw: Node::new(Map::new()),
        schema: None,
        sources,
        filled: OnceCell::new(),
        component: Node::new(component),
        exports: Some(exports),
    }
}

fn cluster(file: &ClusterFile, merged: &Node, around: &Surroundings, problems: &mut Problems) -> Cluster {
    let name = file.name.clone().unwrap_or_else(|| {
        let own = around.name.replace('/', "-");
        if !around.faults.at(&["cluster"]) {
            let message = format!("`{}` does not say which cluster it is", around.name);
            problems.push(
                Diagnostic::error("environment/no-cluster", message)
                    .at(around.place)
                    .help(format!("add `cluster: {{name: {own}}}`")),
            );
        }
        own
    });
    let node = merged.get("cluster");
    let member = |key: &str, value: Node| node.and_then(|n| n.get(key)).cloned().unwrap_or(value);
    let mut seen = Map::from_iter([("name", member("name", Node::new(name.as_str())))]);
    if file.domain.is_some() {
        seen.insert("domain", member("domain", Node::new(Value::Null)));
    }
    seen.insert("provides", member("provides", Node::new(Vec::new())));
    Cluster {
        name,
        domain: file.domain.clone(),
        provides: spots(node.and_then(|n| n.get("provides"))),
        node: Node::new(seen),
    }
}

/// The strings of a list with their places.
pub(super) fn spots(node: Option<&Node>) -> Vec<Spot> {
    let items = node.and_then(Node::as_seq).unwrap_or_default();
    items
        .iter()
        .filter_map(|n| n.as_str().map(|text| Spot { text: text.to_owned(), place: n.place() }))
        .collect()
}

fn source(
    merged: &Node,
    file: &EnvironmentFile,
    around: &Surroundings,
    problems: &mut Problems,
) -> Option<Source> {
    let node = merged.get("source");
    let spot = |key: &str| {
        let found = node.and_then(|n| n.at(&["ref", key]));
        found.and_then(|n| n.as_str().map(|text| Spot { text: text.to_owned(), place: n.place() }))
    };
    let needed = file.flux.sync.unwrap_or(defaults::FLUX_SYNC) != Sync::None;
    if file.source.url.is_none() && needed {
        // What a broken fleet file says of it is not known.
        let faults = &around.faults;
        if !around.fleet_is_read || faults.at(&["source"]) || faults.at(&["flux", "sync"]) {
            return None;
        }
        problems.push(
            Diagnostic::error("environment/no-source", format!("`{}` does not say where Flux reads it from", around.name))
                .at(node.and_then(Node::place).unwrap_or(around.place))
                .help("add `source: {kind: GitRepository, url: \"https://…\", ref: {branch: main}}` to environments/fleet.yaml"),
        );
        return None;
    }
    Some(Source {
        kind: file.source.kind.unwrap_or(defaults::SOURCE_KIND).as_str().to_owned(),
        url: Spot {
            text: file.source.url.clone().unwrap_or_default(),
            place: node.and_then(|source| source.get("url")?.place()),
        },
        reference: SourceRef {
            branch: spot("branch"),
            tag: spot("tag"),
            semver: spot("semver"),
            semver_filter: spot("semverFilter"),
            commit: spot("commit"),
            name: spot("name"),
            digest: spot("digest"),
        },
        root: file.source.root.clone().unwrap_or_else(|| defaults::SOURCE_ROOT.to_owned()),
        secret: file.source.secret.clone(),
        provider: file.source.provider.map(|p| p.as_str().to_owned()),
        place: node.and_then(Node::place),
    })
}

fn flux(merged: &Node, file: &EnvironmentFile) -> Flux {
    let mut controllers = file.flux.components.clone().unwrap_or_else(|| defaults::FLUX_COMPONENTS.to_vec());
    let artifacts = file.flux.artifacts.unwrap_or(false);
    if artifacts && !controllers.contains(&Controller::SourceWatcher) {
        controllers.push(Controller::SourceWatcher);
    }
    let said = |key: &str| merged.at(&["flux", key]).filter(|node| !node.is_null()).cloned();
    let cluster = ["size", "networkPolicy", "multitenant"].into_iter();
    let cluster: Map = cluster.filter_map(|key| Some((key, said(key)?))).collect();
    Flux {
        version: file.flux.version.clone().unwrap_or_else(|| defaults::FLUX_VERSION.to_owned()),
        sync: file.flux.sync.unwrap_or(defaults::FLUX_SYNC),
        registry: file.flux.registry.clone().unwrap_or_else(|| defaults::FLUX_REGISTRY.to_owned()),
        components: controllers.into_iter().map(|c| c.as_str().to_owned()).collect(),
        cluster: (!cluster.is_empty()).then(|| Node::new(cluster)),
        sharding: said("sharding"),
        storage: said("storage"),
        multitenant: file.flux.multitenant.unwrap_or(false),
        artifacts,
        instance: merged.at(&["flux", "instance"]).cloned(),
        place: merged.at(&["flux", "sync"]).and_then(Node::place),
    }
}

/// Tells what the parts of `flux` lack that say something only together.
fn unfinished(flux: &Flux, project: &Project, around: &Surroundings, problems: &mut Problems) {
    let parts = [
        ("sharding", &flux.sharding, "shards", "[shard1]"),
        ("storage", &flux.storage, "class", "standard"),
        ("storage", &flux.storage, "size", "10Gi"),
    ];
    let layers = || around.layers.iter().rev().filter_map(|layer| project.environments.get(layer));
    for (part, node, key, example) in parts {
        // Without a FluxInstance nobody is told of it, and that is what is said.
        if part == "storage" && flux.sync != Sync::Operator {
            continue;
        }
        let Some(node) = node.as_ref().filter(|node| node.get(key).is_none_or(Node::is_null)) else {
            continue;
        };
        if around.fleet_is_read && !around.faults.at(&["flux", part]) {
            // Where a layer takes it away.
            let mut taken = layers().filter_map(|layer| layer.node.at(&["flux", part, key])?.place());
            problems.push(
                Diagnostic::error("config/flux", format!("`flux.{part}` has no `{key}`"))
                    .at(taken.next().or(node.place()).or(flux.place))
                    .help(format!("add it, for example `{key}: {example}`")),
            );
        }
    }
}

fn namespaces(merged: &Node, file: &EnvironmentFile) -> IndexMap<String, Namespace> {
    let written = merged.get("namespaces").and_then(Node::as_map);
    let one = |name: &String| {
        let (key, node) = written.and_then(|m| m.entry(name))?;
        let namespace = Namespace {
            pod_security: file.namespaces.get(name).and_then(|n| n.pod_security),
            labels: node.get("labels").cloned(),
            annotations: node.get("annotations").cloned(),
            place: key.place,
        };
        Some((name.clone(), namespace))
    };
    file.namespaces.keys().filter_map(one).collect()
}
