//! `cluster/`: what Flux is pointed at. The root source and Kustomization or a FluxInstance, and one
//! Flux Kustomization for each component.

use super::{
    objects,
    part::{Part, list},
};
use crate::{
    diag::{Diagnostic, Place, Problems, Spot},
    flux::{self, Instance, Kustomization, Reference, Source, SourceKind},
    resolve::{Component, Environment, SourceRef, Sync, defaults},
    schema::duration::Duration,
    seal,
    tree::{Document, File, TreePath},
    yaml::{self, Node},
};
use std::sync::Arc;

/// How often the root is reconciled, and its source looked at.
const ROOT_INTERVAL: &str = "10m";
const SOURCE_INTERVAL: &str = "1m";
/// Times of the namespaces' Kustomization, and of the root's.
const INTERVAL: &str = "1h";
const RETRY_INTERVAL: &str = "2m";
const TIMEOUT: &str = "5m";

/// The files of `cluster/`.
pub(super) struct Cluster<'a> {
    env: &'a Environment,
    owner: Arc<str>,
    files: Vec<(TreePath, File)>,
    /// Components that read an artifact of their own folder.
    artifacts: Vec<(String, String)>,
}

impl<'a> Cluster<'a> {
    pub(super) fn new(env: &'a Environment) -> Self {
        Self { env, owner: "cluster".into(), files: Vec::new(), artifacts: Vec::new() }
    }

    /// The files, with the list of them; none at all if there is nothing to list.
    pub(super) fn finish(mut self) -> Vec<(TreePath, File)> {
        if !self.artifacts.is_empty() {
            let folders = self.artifacts.iter().map(|(name, folder)| (name.as_str(), folder.as_str()));
            let node = flux::generator(source_kind(self.env), folders);
            let owner = self.owner.clone();
            self.add("artifacts.yaml", &owner, vec![node], false, None);
        }
        let mut listed: Vec<&str> =
            self.files.iter().filter_map(|(path, _)| path.as_str().strip_prefix("cluster/")).collect();
        if self.env.own_flux_system.is_some() {
            listed.push("flux-system");
        }
        listed.sort_unstable();
        if let (Ok(path), false) = (TreePath::new("cluster/kustomization.yaml"), listed.is_empty()) {
            let file = list(&self.owner, listed);
            self.files.push((path, file));
        }
        self.files
    }

    fn add(&mut self, name: &str, owner: &Arc<str>, nodes: Vec<Node>, component: bool, place: Option<Place>) {
        let component = component.then(|| owner.clone());
        let mut documents: Vec<Document> =
            nodes.into_iter().map(|node| Document { node, component: component.clone(), place }).collect();
        documents.iter_mut().for_each(objects::keep_from_substitution);
        // With another `sync` the root's own objects leave the tree: the root would prune itself, and then all it made.
        let roots = documents.iter_mut().filter(|document| document.name() == flux::ROOT);
        roots.for_each(objects::keep_from_pruning);
        let bytes =
            yaml::emit_all(&documents.iter().map(|document| &document.node).collect::<Vec<_>>()).into_bytes();
        if let Ok(path) = TreePath::new(format!("cluster/{name}")) {
            self.files.push((path, File { owner: owner.clone(), bytes, documents, place }));
        }
    }

    /// The Kustomization of the namespaces.
    pub(super) fn namespaces(&mut self) {
        let node = Kustomization {
            name: "namespaces".to_owned(),
            interval: INTERVAL.to_owned(),
            retry_interval: RETRY_INTERVAL.to_owned(),
            timeout: TIMEOUT.to_owned(),
            path: source_path(self.env, "namespaces"),
            source: root_source(self.env),
            prune: true,
            wait: true,
            suspend: false,
            depends_on: Vec::new(),
            decryption: None,
            account: account(self.env),
            shard: None,
        }
        .node();
        let owner = self.owner.clone();
        self.add("namespaces.yaml", &owner, vec![node], false, None);
    }

    /// The Kustomization of a component; its source too, if it lives elsewhere.
    pub(super) fn component(
        &mut self,
        component: &Component,
        part: &Part,
        depends_on: Vec<String>,
        problems: &mut Problems,
    ) {
        let times = &component.flux;
        let sealed_base =
            component.base.iter().any(|file| str::from_utf8(&file.bytes).is_ok_and(seal::is_sealed_file));
        let sealed_object = part.objects().any(|object| object.node.get("sops").is_some());
        let mut kustomization = Kustomization {
            name: component.name.clone(),
            interval: times.interval.clone(),
            retry_interval: times.retry_interval.clone(),
            timeout: longest(&times.timeout, part),
            path: source_path(self.env, &format!("{}/{}", component.stage.as_str(), component.name)),
            source: root_source(self.env),
            prune: true,
            wait: times.wait,
            suspend: times.suspend,
            depends_on,
            decryption: (!part.sealed.is_empty() || sealed_base || sealed_object)
                .then(|| self.env.secrets.decryption.secret.clone()),
            account: account(self.env),
            shard: times.shard.clone(),
        };
        let mut nodes = Vec::new();
        if let Some(elsewhere) = &component.source {
            let Some(source) = own_source(component, elsewhere, problems) else { return };
            let text = |key: &str| elsewhere.get(key).and_then(Node::as_str);
            kustomization.path = join("", text("path").unwrap_or(defaults::SOURCE_ROOT));
            kustomization.prune =
                elsewhere.get("prune").and_then(Node::as_bool).unwrap_or(defaults::SOURCE_PRUNE);
            kustomization.source = flux::SourceRef { kind: source.kind.as_str(), name: source.name.clone() };
            nodes.push(source.node());
        } else if self.env.flux.artifacts {
            kustomization.source = flux::SourceRef { kind: flux::ARTIFACT, name: component.name.clone() };
            self.artifacts.push((component.name.clone(), kustomization.path.clone()));
        }
        nodes.push(kustomization.node());
        let owner: Arc<str> = component.name.as_str().into();
        self.add(&format!("components/{}.yaml", component.name), &owner, nodes, true, Some(component.place));
    }

    /// `sync.yaml`, as `flux.sync` says.
    pub(super) fn sync(&mut self, problems: &mut Problems) {
        let env = self.env;
        own_root(env, problems);
        for_an_instance(env, problems);
        if env.flux.sync == Sync::None {
            return;
        }
        let kind = source_kind(env);
        check_reference(kind, &env.source.reference, env.source.place.unwrap_or(env.place), problems);
        let nodes = match env.flux.sync {
            Sync::Classic => vec![classic_source(env).node(), root_kustomization(env)],
            _ => vec![instance(env, problems).node()],
        };
        let owner = self.owner.clone();
        self.add("sync.yaml", &owner, nodes, false, env.flux.place.or(env.source.place));
    }
}

/// A Kustomization waits for its releases: at least as long as the longest of them may take. Ties and what is no
/// duration leave the component's own.
fn longest(own: &str, part: &Part) -> String {
    let nanos = |text: &str| Duration::go(text).map_or(0, Duration::nanos);
    let releases = part.objects().filter(|object| object.kind() == "HelmRelease");
    let timeouts = releases.filter_map(|object| object.node.at(&["spec", "timeout"]).and_then(Node::as_str));
    timeouts
        .fold(own, |longest, other| if nanos(other) > nanos(longest) { other } else { longest })
        .to_owned()
}

/// The root Kustomization: written by `sync: classic`, made by the FluxInstance, or what `sync: none` leaves to the user.
pub fn root_kustomization(env: &Environment) -> Node {
    Kustomization {
        name: flux::ROOT.to_owned(),
        interval: ROOT_INTERVAL.to_owned(),
        retry_interval: RETRY_INTERVAL.to_owned(),
        timeout: TIMEOUT.to_owned(),
        path: source_path(env, "cluster"),
        source: root_source(env),
        prune: true,
        wait: false,
        suspend: false,
        depends_on: Vec::new(),
        decryption: None,
        account: account(env),
        shard: None,
    }
    .node()
}

/// Where Flux is locked down, what names no account may do nothing.
fn account(env: &Environment) -> Option<String> {
    env.flux.multitenant.then(|| flux::ACCOUNT.to_owned())
}

fn root_source(env: &Environment) -> flux::SourceRef {
    flux::SourceRef { kind: source_kind(env).as_str(), name: flux::ROOT.to_owned() }
}

fn source_kind(env: &Environment) -> SourceKind {
    SourceKind::new(&env.source.kind).unwrap_or(SourceKind::GitRepository)
}

/// A folder of the environment's tree, as seen from the source: `./fleet-out/prod/apps/kuard`; the tree itself for the
/// empty one.
pub fn source_path(env: &Environment, folder: &str) -> String {
    join(&env.source.root, &format!("fleet-out/{}/{folder}", env.name))
}

/// Two paths as one that begins with `./`.
fn join(root: &str, path: &str) -> String {
    let parts = root.split('/').chain(path.split('/')).filter(|part| !part.is_empty() && *part != ".");
    let joined: Vec<&str> = parts.collect();
    format!("./{}", joined.join("/"))
}

fn classic_source(env: &Environment) -> Source {
    let source = &env.source;
    let here = |text: &String| Spot { text: text.clone(), place: source.place };
    Source {
        name: flux::ROOT.to_owned(),
        kind: source_kind(env),
        url: source.url.clone(),
        reference: reference(&source.reference),
        interval: SOURCE_INTERVAL.to_owned(),
        timeout: None,
        secret: source.secret.as_ref().map(here),
        provider: source.provider.as_ref().map(here),
    }
}

fn reference(given: &SourceRef) -> Reference {
    Reference {
        branch: given.branch.clone(),
        tag: given.tag.clone(),
        semver: given.semver.clone(),
        semver_filter: given.semver_filter.clone(),
        name: given.name.clone(),
        commit: given.commit.clone(),
        digest: given.digest.clone(),
    }
}

fn instance(env: &Environment, problems: &mut Problems) -> Instance {
    let (flux, source) = (&env.flux, &env.source);
    let version = &flux.version;
    Instance {
        version: if version.split('.').count() > 2 { version.clone() } else { format!("{version}.x") },
        registry: flux.registry.clone(),
        components: flux.components.clone(),
        kind: source_kind(env),
        url: source.url.clone(),
        reference: instance_reference(env, problems),
        path: source_path(env, "cluster"),
        secret: source.secret.clone(),
        provider: source.provider.clone(),
        cluster: flux.cluster.clone(),
        sharding: flux.sharding.clone(),
        storage: flux.storage.clone(),
        over: flux.instance.clone(),
    }
}

/// What only a FluxInstance would be told, and there is none.
fn for_an_instance(env: &Environment, problems: &mut Problems) {
    let flux = &env.flux;
    if flux.sync == Sync::Operator {
        return;
    }
    let cluster = |key| flux.cluster.as_ref().and_then(|cluster| cluster.get(key));
    let said = [
        ("size", cluster("size")),
        ("networkPolicy", cluster("networkPolicy")),
        ("storage", flux.storage.as_ref()),
        ("instance", flux.instance.as_ref()),
    ];
    for (key, node) in said.into_iter().filter_map(|(key, node)| Some((key, node?))) {
        problems.push(
            Diagnostic::warning(
                "layout/no-instance",
                format!("`flux.{key}` is for a FluxInstance, and there is none"),
            )
            .at(node.place().or(flux.place))
            .help("say `flux: {sync: operator}`, or leave it out"),
        );
    }
}

/// The one string that a FluxInstance takes for a revision.
fn instance_reference(env: &Environment, problems: &mut Problems) -> Option<Spot> {
    let given = &env.source.reference;
    for (field, spot) in [("semver", &given.semver), ("commit", &given.commit), ("digest", &given.digest)] {
        if let Some(spot) = spot {
            problems.push(
                Diagnostic::error("layout/instance-ref", format!("a FluxInstance cannot follow a `{field}`"))
                    .at(spot.place.or(env.source.place))
                    .because("its `sync.ref` is one string: a branch, a tag or a full reference")
                    .help(format!(
                        "use `flux: {{sync: classic}}` for `{field}`, or follow a branch or a tag"
                    )),
            );
        }
    }
    let full =
        |kind: &str, spot: &Spot| Spot { text: format!("refs/{kind}/{}", spot.text), place: spot.place };
    match source_kind(env) {
        SourceKind::GitRepository => given
            .name
            .clone()
            .or_else(|| given.tag.as_ref().map(|tag| full("tags", tag)))
            .or_else(|| given.branch.as_ref().map(|branch| full("heads", branch))),
        SourceKind::OCIRepository => {
            given.tag.clone().or_else(|| Some(Spot { text: "latest".to_owned(), place: None }))
        }
        SourceKind::Bucket => None,
    }
}

/// What a kind of source can follow.
fn check_reference(kind: SourceKind, given: &SourceRef, place: Place, problems: &mut Problems) {
    let all = [
        ("branch", &given.branch),
        ("tag", &given.tag),
        ("semver", &given.semver),
        ("semverFilter", &given.semver_filter),
        ("name", &given.name),
        ("commit", &given.commit),
        ("digest", &given.digest),
    ];
    let allowed = kind.references();
    for (field, spot) in all {
        if let (Some(spot), false) = (spot, allowed.contains(&field)) {
            let message = format!("a source of kind {} does not know `ref.{field}`", kind.as_str());
            let diagnostic = Diagnostic::error("layout/source-ref", message).at(spot.place.unwrap_or(place));
            problems.push(match allowed {
                [] => diagnostic.help("remove `ref`"),
                allowed => {
                    diagnostic.help(format!("use one of {}", crate::diag::list(allowed.iter().copied())))
                }
            });
        }
    }
    if let (Some(filter), None) = (&given.semver_filter, &given.semver) {
        problems.push(
            Diagnostic::error("layout/source-ref", "`ref.semverFilter` stands without a `ref.semver`")
                .at(filter.place.unwrap_or(place))
                .because("it says which tags count for a range; without one it chooses nothing")
                .help("add a `semver`, for example `semver: \">=1.0.0\"`, or remove the filter"),
        );
    }
    if kind == SourceKind::GitRepository && all.iter().all(|(_, spot)| spot.is_none()) {
        problems.push(
            Diagnostic::error("layout/source-ref", "the source does not say what to follow")
                .at(place)
                .because("without a word, Flux follows the branch `master`")
                .help("add `ref: {branch: main}`"),
        );
    }
}

/// The source of a component that lives elsewhere. `None` if an error was pushed.
fn own_source(component: &Component, node: &Node, problems: &mut Problems) -> Option<Source> {
    let spot_at = |path: &[&str]| {
        let found = node.at(path)?;
        Some(Spot { text: found.as_str()?.to_owned(), place: found.place() })
    };
    let spot = |key: &str| spot_at(&[key]);
    let place = node.place().unwrap_or(component.place);
    let kind = spot("kind").and_then(|kind| SourceKind::new(&kind.text)).unwrap_or(SourceKind::GitRepository);
    let given = SourceRef {
        branch: spot_at(&["ref", "branch"]),
        tag: spot_at(&["ref", "tag"]),
        semver: spot_at(&["ref", "semver"]),
        semver_filter: spot_at(&["ref", "semverFilter"]),
        commit: spot_at(&["ref", "commit"]),
        name: spot_at(&["ref", "name"]),
        digest: spot_at(&["ref", "digest"]),
    };
    check_reference(kind, &given, place, problems);
    let Some(url) = spot("url") else {
        let message = format!("the `source` of `{}` has no `url`", component.name);
        problems.push(Diagnostic::error("layout/source-url", message).at(place).help("add `url`"));
        return None;
    };
    Some(Source {
        name: component.name.clone(),
        kind,
        url,
        reference: reference(&given),
        interval: component.flux.interval.clone(),
        timeout: spot("timeout"),
        secret: spot("secret"),
        provider: spot("provider"),
    })
}

/// Nobody else may make the root that we make.
fn own_root(env: &Environment, problems: &mut Problems) {
    let Some(own) = &env.own_flux_system else { return };
    if env.flux.sync == Sync::None || own.objects.is_empty() {
        return;
    }
    let mut diagnostic = Diagnostic::error(
        "layout/own-root",
        format!("`{}` and `flux.sync` both make the root `flux-system`", own.path),
    );
    for object in &own.objects {
        diagnostic = diagnostic.label(object.place, format!("a {} named `flux-system`", object.text));
    }
    problems.push(
        diagnostic
            .label(env.flux.place, "`gen` makes one too")
            .help("say `flux: {sync: none}`, or remove them from your folder"),
    );
}
