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

/// Which revision of a source: one of these, but `commit` may stand beside its `branch`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefFile {
    /// A branch of a Git repository.
    pub branch: Option<String>,
    /// A tag.
    pub tag: Option<String>,
    /// A range of versions, such as `">=1.0.0 <2.0.0"`.
    pub semver: Option<String>,
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
    /// Merged last into the FluxInstance's `spec`.
    pub instance: Option<OpenMap>,
}
