//! One environment, complete: nothing is optional that has a default.

use super::policy::Secrets;
use crate::{
    diag::Place,
    load::{ChartRef, Pack},
    yaml::Node,
};
use indexmap::IndexMap;
use std::sync::Arc;

pub use crate::{
    config::{Generate, IgnoreDrift, OnFailure, PodSecurity, Stage, Sync},
    diag::Spot,
    load::{BaseFile, OwnFluxSystem, SealedFile},
};

/// One environment, merged, resolved, defaulted and cross-checked.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its name: the path under `environments/` without the ending.
    pub name: String,
    /// Its file.
    pub place: Place,
    /// The Kubernetes minor, `1.34`, if stated.
    pub kubernetes: Option<String>,
    /// The cluster.
    pub cluster: Cluster,
    /// The open variables.
    pub vars: Node,
    /// The environment as templates see it: `{name, kubernetes, flux}`.
    pub facts: Node,
    /// The source that Flux reads.
    pub source: Source,
    /// How Flux is installed and told to sync.
    pub flux: Flux,
    /// Whom its secrets are sealed for.
    pub secrets: Secrets,
    /// What the environment says about namespaces.
    pub namespaces: IndexMap<String, Namespace>,
    /// The components, in the order of their first appearance, lowest layer first.
    pub components: Vec<Component>,
    /// Are they all here? One with which something is wrong is left out: then there is no tree, only more to tell.
    pub complete: bool,
    /// The folder `fleet-out/<environment>/cluster/flux-system/` of the user's own, if it has a `kustomization.yaml`.
    pub own_flux_system: Option<OwnFluxSystem>,
}

/// The cluster of an environment.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Unique in the fleet.
    pub name: String,
    /// Public DNS zone.
    pub domain: Option<String>,
    /// API groups that are there without any component of ours.
    pub provides: Vec<Spot>,
    /// As templates see it: `{name, domain, provides}`.
    pub node: Node,
}

/// The source that Flux reads the fleet from.
#[derive(Clone, Debug)]
pub struct Source {
    /// `GitRepository` or `OCIRepository` (or `Bucket`).
    pub kind: String,
    /// Its address.
    pub url: Spot,
    /// `branch`, `tag`, `semver` and so on as given.
    pub reference: SourceRef,
    /// Where the repository's root lies in the artifact, `./` by default.
    pub root: String,
    /// The pull Secret in `flux-system`.
    pub secret: Option<String>,
    /// `generic`, `aws`, `azure`, `gcp`, `github`.
    pub provider: Option<String>,
    /// Where it was set.
    pub place: Option<Place>,
}

/// Which revision of a source.
#[derive(Clone, Debug, Default)]
pub struct SourceRef {
    /// A branch (Git).
    pub branch: Option<Spot>,
    /// A tag.
    pub tag: Option<Spot>,
    /// A range of versions.
    pub semver: Option<Spot>,
    /// Which tags count for it, a regular expression (OCI).
    pub semver_filter: Option<Spot>,
    /// A commit (Git).
    pub commit: Option<Spot>,
    /// A full reference name (Git).
    pub name: Option<Spot>,
    /// A digest (OCI).
    pub digest: Option<Spot>,
}

/// Flux itself.
#[derive(Clone, Debug)]
pub struct Flux {
    /// The minor, `2.9`.
    pub version: String,
    /// Who makes the root.
    pub sync: Sync,
    /// Where Flux's images come from.
    pub registry: String,
    /// The controllers, `source-controller` and so on.
    pub components: Vec<String>,
    /// The FluxInstance's `cluster`, `sharding` and `storage`, as far as anything is said.
    pub cluster: Option<Node>,
    /// See `cluster`; `{shards, storage}`.
    pub sharding: Option<Node>,
    /// See `cluster`; `{class, size}`.
    pub storage: Option<Node>,
    /// Does every object name the ServiceAccount that it acts as?
    pub multitenant: bool,
    /// Does each component read an artifact of its own folder?
    pub artifacts: bool,
    /// Merged last into the FluxInstance's `spec`.
    pub instance: Option<Node>,
    /// Where `sync` was set.
    pub place: Option<Place>,
}

/// What an environment says about a namespace.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Its Pod Security level.
    pub pod_security: Option<PodSecurity>,
    /// Further labels (string values).
    pub labels: Option<Node>,
    /// Annotations (string values).
    pub annotations: Option<Node>,
    /// Where the namespace is named.
    pub place: Option<Place>,
}

/// One use of a pack.
#[derive(Clone, Debug)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// Its key in the environment (or layer) that introduced it.
    pub place: Place,
    /// The pack.
    pub pack: Arc<Pack>,
    /// Where its objects live.
    pub namespace: String,
    /// Which folder.
    pub stage: Stage,
    /// The least Pod Security level its pods run under, if it has a say, and where that was said.
    pub pod_security: Option<(PodSecurity, Option<Place>)>,
    /// Its Helm releases, in the pack's order.
    pub releases: Vec<Release>,
    /// `needs:`: components that must be ready first.
    pub needs: Vec<Spot>,
    /// API groups whose CRDs it brings.
    pub provides: Vec<Spot>,
    /// API groups used by custom resources hidden in its charts.
    pub requires: Vec<Spot>,
    /// The component as templates see it: `{name, namespace, pack, stage}`.
    pub facts: Node,
    /// Its inputs: checked, defaulted, references resolved.
    pub inputs: Node,
    /// Changes to its objects.
    pub patches: Vec<Patch>,
    /// Objects of the user's own.
    pub extra: IndexMap<String, Node>,
    /// A kustomize base or plain manifests of the user's own, copied to `base/` (pack `raw`).
    pub base: Vec<BaseFile>,
    /// A source of its own (pack `raw`): the component lives elsewhere. Fields `kind, url, ref, path, …`.
    pub source: Option<Node>,
    /// Times and behaviour of its Flux objects.
    pub flux: ComponentFlux,
    /// Its sealed Secrets, nearest layer's wins, sorted by name.
    pub sealed: Vec<SealedFile>,
    /// Names of the sealed files that are there for it and cannot be used, sorted.
    pub unread: Vec<String>,
    /// The Secrets that it needs.
    pub secrets: Vec<NeededSecret>,
}

impl Component {
    /// Does it bring custom resource definitions?
    pub fn brings_definitions(&self) -> bool {
        self.provides.iter().any(|group| !is_aggregated(&group.text))
    }
}

/// Is an API group served by a server of its own (an `APIService`)? There are no definitions of it. The metrics
/// APIs are the ones that fleets install.
pub fn is_aggregated(group: &str) -> bool {
    group == "metrics.k8s.io" || group.ends_with(".metrics.k8s.io")
}

/// One Helm release of a component.
#[derive(Clone, Debug)]
pub struct Release {
    /// The pack's key in `charts:`; empty with a single `chart:`.
    pub key: String,
    /// Name of HelmRelease, source and Helm release.
    pub name: String,
    /// The chart.
    pub chart: Chart,
    /// Keys of the releases of this component that come first.
    pub needs: Vec<String>,
    /// The component's `values`, merged last.
    pub values: Option<Node>,
}

/// Coordinates of a chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// `oci://…` (with the chart's name) or `https://…` (a repository).
    pub url: Spot,
    /// The chart's name, for `https`.
    pub name: Option<String>,
    /// The exact version.
    pub version: String,
    /// `sha256:…`, for OCI.
    pub digest: Option<String>,
    /// Where the version is written.
    pub place: Option<Place>,
}

impl Chart {
    /// By what facts of it are found.
    pub fn chart_ref(&self) -> ChartRef<'_> {
        ChartRef::new(&self.url.text, self.name.as_deref(), &self.version)
    }
}

/// A patch of the user's own.
#[derive(Clone, Debug)]
pub struct Patch {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Option<Place>,
    /// `{target: {group, kind, name}, merge: {…} | json: […]}`, references resolved.
    pub node: Node,
}

/// Times and behaviour of a component's Flux objects. Durations as Flux writes them.
#[derive(Clone, Debug)]
pub struct ComponentFlux {
    /// How often to reconcile.
    pub interval: String,
    /// How often to retry after a failure.
    pub retry_interval: String,
    /// How long to wait.
    pub timeout: String,
    /// Wait for everything to be ready?
    pub wait: bool,
    /// Suspend the Kustomization?
    pub suspend: bool,
    /// What its releases do when they fail.
    pub on_failure: OnFailure,
    /// The controllers that look after it.
    pub shard: Option<String>,
    /// The ServiceAccount that its releases act as, where Flux is locked down for tenants.
    pub account: Option<String>,
}

/// A Secret that a component needs.
#[derive(Clone, Debug)]
pub struct NeededSecret {
    /// Its name.
    pub name: String,
    /// Its type, if the pack says one.
    pub secret_type: Option<String>,
    /// The keys that it must have, sorted by name.
    pub keys: Vec<NeededKey>,
    /// Why: the pack's description, or the input that names it.
    pub description: String,
    /// Where it was asked for.
    pub place: Option<Place>,
    /// Named under `secrets.external`: comes from elsewhere.
    pub external: bool,
}

/// A key that a needed Secret must have.
#[derive(Clone, Debug)]
pub struct NeededKey {
    /// Its name.
    pub name: String,
    /// What it holds, if the pack says so.
    pub description: Option<String>,
    /// How a value can be made up, if it can.
    pub generate: Option<Generate>,
}

impl NeededKey {
    /// A key of which nothing but the name is known.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), description: None, generate: None }
    }
}
