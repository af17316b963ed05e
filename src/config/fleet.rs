//! `environments/fleet.yaml`: what all environments share.

use super::{OpenMap, words};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// What all environments share.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FleetFile {
    /// The versions of `gen` that may render this project, such as `">=0.1, <2"`.
    pub r#gen: Option<String>,
    /// The source that Flux reads the fleet from; the lowest layer.
    pub source: Option<SourceFile>,
    /// How Flux is installed and told to sync; the lowest layer.
    pub flux: Option<FluxFile>,
    /// Public keys by name: people's and clusters'.
    #[serde(default)]
    pub keys: IndexMap<String, String>,
}

/// The source that Flux reads the fleet from. It is named `flux-system` in the cluster.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceFile {
    /// What kind of source.
    pub kind: Option<words::SourceKind>,
    /// Its address: `https://…`, `http://…` or `ssh://…` of a Git repository, `oci://…` without a tag.
    pub url: Option<String>,
    /// Which revision.
    pub r#ref: Option<RefFile>,
    /// Where the root of this project lies in the source; `./` by default.
    pub root: Option<String>,
    /// The pull Secret in `flux-system`.
    pub secret: Option<String>,
    /// How Flux signs in.
    pub provider: Option<words::Provider>,
}

/// Which revision of a source: one of these, but `commit` may stand beside its `branch`, and `semverFilter` stands beside
/// `semver`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefFile {
    /// A branch of a Git repository.
    pub branch: Option<String>,
    /// A tag.
    pub tag: Option<String>,
    /// A range of versions, such as `">=1.0.0 <2.0.0"`.
    pub semver: Option<String>,
    /// Which tags of an OCI repository count for `semver`: a regular expression, such as `.*-rc.*`.
    pub semver_filter: Option<String>,
    /// A commit of a Git repository, in full.
    pub commit: Option<String>,
    /// A full reference of a Git repository, such as `refs/heads/main`.
    pub name: Option<String>,
    /// A digest of an OCI artifact, `sha256:…`.
    pub digest: Option<String>,
}

/// How Flux is installed and told to sync.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FluxFile {
    /// The minor version of Flux, such as `"2.9"`.
    pub version: Option<String>,
    /// Who makes the root source and Kustomization.
    pub sync: Option<words::Sync>,
    /// Where Flux's images come from; `ghcr.io/fluxcd` by default.
    pub registry: Option<String>,
    /// The controllers; source, kustomize, helm and notification by default.
    pub components: Option<Vec<words::Controller>>,
    /// How large the cluster is; the operator gives Flux its resources and its concurrency by it.
    pub size: Option<words::ClusterSize>,
    /// Does the operator keep Flux's pods from others by network policies? `true` by default.
    pub network_policy: Option<bool>,
    /// Is Flux locked down for tenants? Whatever does not name a ServiceAccount may do nothing, no object refers to
    /// another namespace, no kustomization to a remote base. What `gen` writes names accounts that may do everything:
    /// `kustomize-controller` in `flux-system`, and for each component with a chart `<component>-flux` in its namespace,
    /// in which no tenant may be.
    pub multitenant: Option<bool>,
    /// More controllers of each kind, for large fleets; a component names its shard with `flux: {shard: …}`.
    pub sharding: Option<ShardingFile>,
    /// A volume on which source-controller keeps its artifacts, so that it need not fetch them again.
    pub storage: Option<FluxStorageFile>,
    /// Does a component reconcile only when something in its own folder changes? An ArtifactGenerator (of the controller
    /// source-watcher) makes an artifact of each folder; for large repositories.
    pub artifacts: Option<bool>,
    /// Merged last into the FluxInstance's `spec`.
    pub instance: Option<OpenMap>,
}

/// More controllers of each kind.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShardingFile {
    /// Names of the shards.
    pub shards: Option<Vec<String>>,
    /// Does the source-controller of each shard keep its artifacts? Needs `storage`.
    pub storage: Option<words::ShardStorage>,
}

/// A volume of source-controller.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FluxStorageFile {
    /// Storage class.
    pub class: Option<String>,
    /// Size, such as `10Gi`.
    pub size: Option<String>,
}
