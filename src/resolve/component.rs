//! One component: its pack, its inputs, its charts; first as a draft that references can look into,
//! then finished.

use super::{
    defaults,
    environment::{Surroundings, spots},
    faults::Faults,
    model::{Component, ComponentFlux, Patch, PodSecurity, Spot, Stage},
    references::Resolver,
    release, secrets,
};
use crate::{
    config::{ComponentFile, EnvironmentFile, When, source_rules},
    diag::{Diagnostic, Place, Problems, did_you_mean, list},
    load::{Pack, Project},
    schema::{Chain, Mode},
    yaml::{Map, Node},
};
use indexmap::IndexMap;
use std::sync::Arc;

/// A component before references are resolved.
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) pack: Arc<Pack>,
    file: ComponentFile,
    pub(super) node: Node,
    namespace: String,
    stage: Stage,
    /// `{name, namespace, pack, stage}`.
    pub(super) facts: Node,
    /// As written.
    pub(super) inputs: Node,
}

/// What components are finished with.
pub(super) struct Around<'a> {
    pub(super) project: &'a Project,
    pub(super) file: &'a EnvironmentFile,
    pub(super) environment: &'a Surroundings<'a>,
}

/// The components of a merged environment; those whose pack is unknown are told and left out.
pub(super) fn drafts(
    project: &Project,
    merged: &Node,
    file: &EnvironmentFile,
    faults: &Faults,
    problems: &mut Problems,
) -> Vec<Draft> {
    let written = merged.get("components").and_then(Node::as_map);
    let mut drafts = Vec::new();
    for (name, component) in &file.components {
        let Some((key, node)) = written.and_then(|m| m.entry(name)) else { continue };
        let place = key.place.or(node.place());
        if component.pack.is_none() && faults.at(&["components", name]) {
            continue;
        }
        let Some(pack) = pack(project, name, component, node, place, problems) else { continue };
        if let Some(most) = pack.file.name_max_length.filter(|most| name.len() > *most) {
            problems.push(
                Diagnostic::error(
                    "component/name-length",
                    format!("the name `{name}` is longer than {most} characters"),
                )
                .at(key.place)
                .because(format!(
                    "the chart of `{}` cuts longer names, and what it exports would not be there",
                    pack.name
                ))
                .help("give the component a shorter name"),
            );
        }
        let namespace = component.namespace.clone().or_else(|| pack.file.namespace.clone());
        let namespace = namespace.unwrap_or_else(|| name.clone());
        let stage = component.stage.unwrap_or(pack.file.stage);
        let facts = Map::from_iter([
            ("name", Node::new(name.as_str())),
            ("namespace", Node::new(namespace.as_str())),
            ("pack", Node::new(pack.name.as_str())),
            ("stage", Node::new(stage.as_str())),
        ]);
        drafts.push(Draft {
            name: name.clone(),
            place: place.unwrap_or(pack.place),
            pack,
            file: component.clone(),
            node: node.clone(),
            namespace,
            stage,
            facts: Node::new(facts),
            inputs: inputs_of(node),
        });
    }
    drafts
}

/// The inputs as written; without any, an empty mapping that stands where the component stands.
fn inputs_of(component: &Node) -> Node {
    match component.get("inputs") {
        Some(node) if !node.is_null() => node.clone(),
        _ => Node::with(Map::new(), component.origin.clone()),
    }
}

fn pack(
    project: &Project,
    name: &str,
    component: &ComponentFile,
    node: &Node,
    place: Option<Place>,
    problems: &mut Problems,
) -> Option<Arc<Pack>> {
    let known = || project.packs.keys().map(String::as_str);
    let Some(wanted) = &component.pack else {
        problems.push(
            Diagnostic::error(
                "component/no-pack",
                format!("the component `{name}` does not say which pack it uses"),
            )
            .at(place)
            .help(match project.packs.contains_key(name) {
                true => format!("add `pack: {name}`"),
                false => "add `pack:`; `gen pack list` names them".to_owned(),
            }),
        );
        return None;
    };
    if let Some(pack) = project.packs.get(wanted) {
        if let Some(why) = &pack.file.deprecated {
            problems.push(
                Diagnostic::warning(
                    "component/deprecated-pack",
                    format!("the pack `{wanted}` is deprecated"),
                )
                .at(node.get("pack").and_then(Node::place).or(place))
                .because(why.as_str()),
            );
        }
        return Some(pack.clone());
    }
    if !project.broken.packs.contains(wanted) {
        let diagnostic = Diagnostic::error("component/unknown-pack", format!("there is no pack `{wanted}`"))
            .at(node.get("pack").and_then(Node::place).or(place));
        problems.push(match did_you_mean(wanted, known()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("`gen pack list` names them"),
        });
    }
    None
}

/// Resolves, checks and defaults what a draft says.
pub(super) fn finish(
    draft: &Draft,
    around: &Around,
    resolver: &mut Resolver,
    problems: &mut Problems,
) -> Option<Component> {
    let inputs = inputs(draft, around.project, resolver, problems);
    let mut resolved = |key: &str| {
        let node = draft.node.get(key).filter(|n| !n.is_null());
        node.map(|n| resolver.value(n, problems))
    };
    let (values, patches, extra) = (resolved("values"), resolved("patches"), resolved("extra"));
    let releases = release::releases(draft, values, &inputs, around.project, problems);
    conditions(draft, problems);
    let when = |given: &IndexMap<String, When>, pack: &IndexMap<String, When>, key: &str| {
        groups(draft, given, pack, key, &inputs)
    };
    let pack = &draft.pack.file;
    let secrets = secrets::needed(draft.into(), &inputs, &around.file.secrets);
    let (sealed, unread) = secrets::sealed(around.project, around.environment.layers, &draft.name);
    Some(Component {
        name: draft.name.clone(),
        place: draft.place,
        pack: draft.pack.clone(),
        namespace: draft.namespace.clone(),
        stage: draft.stage,
        pod_security: pod_security(draft),
        needs: spots(draft.node.get("needs")),
        provides: when(&draft.file.provides, &pack.provides, "provides"),
        requires: when(&draft.file.requires, &pack.requires, "requires"),
        patches: patches.map(|p| patches_of(&p, problems)).unwrap_or_default(),
        extra: extra
            .as_ref()
            .into_iter()
            .flat_map(Node::members)
            .map(|(k, v)| (k.to_owned(), v.clone()))
            .collect(),
        base: base(draft, around.project)?,
        source: source(draft, problems),
        flux: flux(draft, around, problems),
        facts: draft.facts.clone(),
        releases: releases?,
        inputs,
        sealed,
        unread,
        secrets,
    })
}

impl<'a> From<&'a Draft> for secrets::Asker<'a> {
    fn from(draft: &'a Draft) -> Self {
        secrets::Asker { name: &draft.name, place: draft.place, pack: &draft.pack }
    }
}

fn inputs(draft: &Draft, project: &Project, resolver: &mut Resolver, problems: &mut Problems) -> Node {
    let poisoned = resolver.poisoned.len();
    let mut inputs = resolver.value(&draft.inputs, problems);
    let poisoned = &resolver.poisoned[poisoned..];
    let mut found = Problems::new();
    let path = format!("components.{}.inputs", draft.name);
    draft.pack.schema.check(&mut inputs, &path, &project.sources, &mut found, Mode::Inputs);
    // What is said about a reference that could not be followed is noise: that was told.
    found.0.retain(|d| !d.labels.first().is_some_and(|l| poisoned.iter().any(|p| l.place.within(*p))));
    problems.extend(found);
    inputs
}

fn pod_security(draft: &Draft) -> Option<(PodSecurity, Option<Place>)> {
    match draft.file.pod_security {
        Some(level) => Some((level, draft.node.get("podSecurity").and_then(Node::place))),
        None => draft.pack.file.pod_security.map(|level| (level, Some(draft.place))),
    }
}

/// WHEN: present and not false counts as true.
pub(super) fn holds(when: &When, inputs: &Node) -> bool {
    match when {
        When::Fixed(fixed) => *fixed,
        When::Input(path) => {
            let steps = path.strip_prefix("inputs.").unwrap_or(path).split('.');
            let found = steps.into_iter().try_fold(inputs, |node, step| node.get(step));
            found.is_some_and(|n| !n.is_null() && n.as_bool() != Some(false))
        }
    }
}

fn groups(
    draft: &Draft,
    given: &IndexMap<String, When>,
    pack: &IndexMap<String, When>,
    key: &str,
    inputs: &Node,
) -> Vec<Spot> {
    let mut all = pack.clone();
    all.extend(given.iter().map(|(k, v)| (k.clone(), v.clone())));
    let place = |group: &str| {
        let written = draft.node.get(key).or_else(|| draft.pack.node.get(key)).and_then(Node::as_map);
        written.and_then(|m| m.entry(group)).and_then(|(k, _)| k.place)
    };
    let held = all.into_iter().filter(|(_, when)| holds(when, inputs));
    held.map(|(text, _)| Spot { place: place(&text).or(Some(draft.place)), text }).collect()
}

/// Tells of conditions that name an input which the pack does not have: they would never hold.
fn conditions(draft: &Draft, problems: &mut Problems) {
    for (group, condition) in ["provides", "requires"].iter().flat_map(|key| draft.node.members_at(key)) {
        let Some(path) = condition.as_str().and_then(|path| path.strip_prefix("inputs.")) else { continue };
        let steps: Vec<&str> = path.split('.').collect();
        if let Chain::Unknown { known, .. } = draft.pack.schema.chain(&steps) {
            let message =
                format!("the condition of `{group}` names an input that there is not: `inputs.{path}`");
            let diagnostic = Diagnostic::error("component/condition", message).at(condition.place());
            problems.push(match did_you_mean(steps[steps.len() - 1], known.iter().map(String::as_str)) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help(format!("`gen pack show {}` tells its inputs", draft.pack.name)),
            });
        }
    }
}

/// Where the component lives, when elsewhere: what it says, over what its pack says. A `ref` is one choice: it is
/// replaced whole.
fn source(draft: &Draft, problems: &mut Problems) -> Option<Node> {
    let stated = |node: &Node| node.get("source").filter(|n| !n.is_null()).cloned();
    let (pack, own) = (stated(&draft.pack.node), stated(&draft.node));
    let Some(mut merged) = pack else { return own };
    let own = own.as_ref().and_then(Node::as_map).cloned().unwrap_or_default();
    if let Some(map) = merged.as_map_mut() {
        for (key, node) in own.into_iter().filter(|(_, node)| !node.is_null()) {
            map.insert(key, node);
        }
    }
    source_rules(&merged, problems);
    Some(merged)
}

/// The files of its base; `None` for one that cannot be used, which was told.
fn base(draft: &Draft, project: &Project) -> Option<Vec<crate::load::BaseFile>> {
    match &draft.file.base {
        Some(folder) if project.broken.bases.contains(folder) => None,
        Some(folder) => Some(project.bases.get(folder).cloned().unwrap_or_default()),
        None => Some(Vec::new()),
    }
}

fn flux(draft: &Draft, around: &Around, problems: &mut Problems) -> ComponentFlux {
    let (given, pack) = (&draft.file.flux, &draft.pack.file);
    shard(draft, around, problems);
    let or = |value: &Option<String>, default: &str| value.clone().unwrap_or_else(|| default.to_owned());
    ComponentFlux {
        interval: or(&given.interval, defaults::INTERVAL),
        retry_interval: or(&given.retry_interval, defaults::RETRY_INTERVAL),
        timeout: or(&given.timeout.clone().or_else(|| pack.timeout.clone()), defaults::TIMEOUT),
        wait: given.wait.unwrap_or(defaults::WAIT),
        suspend: given.suspend.unwrap_or(defaults::SUSPEND),
        on_failure: given.on_failure.or(pack.on_failure).unwrap_or(defaults::ON_FAILURE),
        shard: given.shard.clone(),
        account: around.file.flux.multitenant.unwrap_or(false).then(|| format!("{}-flux", draft.name)),
    }
}

/// Controllers that are not there would leave the component alone for ever.
fn shard(draft: &Draft, around: &Around, problems: &mut Problems) {
    let Some(asked) = &draft.file.flux.shard else { return };
    let shards = around.file.flux.sharding.as_ref().and_then(|sharding| sharding.shards.as_ref());
    if shards.is_some_and(|shards| shards.contains(asked))
        || around.environment.faults.at(&["flux", "sharding"])
    {
        return;
    }
    let place = draft.node.at(&["flux", "shard"]).and_then(Node::place).unwrap_or(draft.place);
    let message = format!("the component `{}` asks for the shard `{asked}`, which is not there", draft.name);
    let said = Diagnostic::error("component/shard", message).at(place);
    let near = did_you_mean(asked, shards.into_iter().flatten().map(String::as_str));
    problems.push(match near {
        Some(near) => said.help(format!("did you mean `{near}`?")),
        None => said.help(format!("add it to the environment: `flux: {{sharding: {{shards: [{asked}]}}}}`")),
    });
}

fn patches_of(written: &Node, problems: &mut Problems) -> Vec<Patch> {
    let mut patches = Vec::new();
    for (key, node) in written.as_map().into_iter().flat_map(Map::iter) {
        let patch = Patch { name: key.text.to_string(), place: key.place, node: node.clone() };
        let one = node.get("merge").is_some() != node.get("json").is_some();
        let shaped = node.get("target").is_none_or(|t| t.as_map().is_some())
            && node.get("json").is_none_or(|j| j.as_seq().is_some());
        if !one || !shaped {
            problems.push(
                Diagnostic::error("patch/shape", format!("the patch `{}` is not one", patch.name))
                    .at(node.place().or(key.place))
                    .help("a patch is `{target: {group, kind, name}, merge: {…}}` or `{target: {…}, json: [{op, path, value}]}`"),
            );
        }
        let fields =
            node.as_map().into_iter().flat_map(Map::iter).map(|(k, _)| (k, &["target", "merge", "json"][..]));
        let target = node.get("target").and_then(Node::as_map).into_iter().flat_map(Map::iter);
        let target = target.map(|(k, _)| (k, &["group", "kind", "name"][..]));
        for (key, known) in fields.chain(target).filter(|(k, known)| !known.contains(&&*k.text)) {
            let diagnostic =
                Diagnostic::error("patch/unknown", format!("unknown key `{}` in a patch", key.text))
                    .at(key.place);
            problems.push(match did_you_mean(&key.text, known.iter().copied()) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help(format!("it takes {}", list(known.iter().copied()))),
            });
        }
        patches.push(patch);
    }
    patches
}
