//! `environments/<name>.yaml`: an environment or a layer, and the components in it. Every field is
//! optional, because a layer may say any part of it.

use super::{FluxFile, OpenMap, RefFile, SourceFile, When, words};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// An environment, or a layer that environments extend.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvironmentFile {
    /// The layers below this file, by name; later ones win. Not inherited.
    #[serde(default)]
    pub extends: Vec<String>,
    /// A layer: never rendered alone. Not inherited.
    #[serde(default)]
    pub r#abstract: bool,
    /// The minor version of Kubernetes, such as `"1.34"`.
    pub kubernetes: Option<String>,
    /// The cluster.
    #[serde(default)]
    pub cluster: ClusterFile,
    /// Variables of your own, for `$from`, `$text` and templates.
    pub vars: Option<OpenMap>,
    /// Who can open the sealed Secrets, and which Secrets come from elsewhere.
    #[serde(default)]
    pub secrets: SecretsFile,
    /// What is to be said about namespaces beyond what the components say.
    #[serde(default)]
    pub namespaces: IndexMap<String, NamespaceFile>,
    /// The source that Flux reads the fleet from, over that of `fleet.yaml`.
    #[serde(default)]
    pub source: SourceFile,
    /// How Flux is installed and told to sync, over that of `fleet.yaml`.
    #[serde(default)]
    pub flux: FluxFile,
    /// The components by name.
    #[serde(default)]
    pub components: IndexMap<String, ComponentFile>,
}

/// A cluster.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterFile {
    /// Its name, unique in the fleet.
    pub name: Option<String>,
    /// Its public DNS zone, such as `prod.example.com`.
    pub domain: Option<String>,
    /// API groups that are there without any component, such as `gateway.networking.k8s.io`.
    #[serde(default)]
    pub provides: Vec<String>,
}

/// Sealed Secrets.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretsFile {
    /// The cluster's own key: a name under `keys` of `fleet.yaml`. All that the cluster reads is sealed to it; by
    /// default the one recipient, where there is only one.
    pub cluster: Option<String>,
    /// Who else can open them: names under `keys` of `fleet.yaml`.
    #[serde(default)]
    pub recipients: Vec<String>,
    /// Names of needed Secrets that come from elsewhere.
    #[serde(default)]
    pub external: Vec<String>,
    /// Where Flux finds the cluster's private key.
    #[serde(default)]
    pub decryption: DecryptionFile,
}

/// Where Flux finds the cluster's private key.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DecryptionFile {
    /// The Secret in `flux-system`; `sops-age` by default.
    pub secret: Option<String>,
    /// The key in it, which ends in `.agekey`; `age.agekey` by default.
    pub key: Option<String>,
}

/// A namespace.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamespaceFile {
    /// Its Pod Security level, whatever its components say.
    pub pod_security: Option<words::PodSecurity>,
    /// Further labels.
    #[serde(default)]
    pub labels: IndexMap<String, String>,
    /// Annotations.
    #[serde(default)]
    pub annotations: IndexMap<String, String>,
}

/// One use of a pack. Only `pack` is required, after merging.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComponentFile {
    /// The pack; `gen pack list` names them.
    pub pack: Option<String>,
    /// Where its objects live; the pack's default, else the component's name.
    pub namespace: Option<String>,
    /// Where it goes, over the pack's.
    pub stage: Option<words::Stage>,
    /// The least Pod Security level its pods run under, over the pack's.
    pub pod_security: Option<words::PodSecurity>,
    /// Coordinates of the chart, over the pack's.
    pub chart: Option<ChartChange>,
    /// Coordinates of the charts of a pack with several, by release, over the pack's.
    #[serde(default)]
    pub charts: IndexMap<String, ChartChange>,
    /// Components that must be ready first.
    #[serde(default)]
    pub needs: Vec<String>,
    /// API groups whose custom resource definitions it brings, over the pack's.
    #[serde(default)]
    pub provides: IndexMap<String, When>,
    /// API groups of custom resources hidden in its charts, over the pack's.
    #[serde(default)]
    pub requires: IndexMap<String, When>,
    /// What the pack takes; `gen pack show` explains it.
    pub inputs: Option<OpenMap>,
    /// Merged last into the values of its HelmRelease; by release for a pack with several charts.
    pub values: Option<OpenMap>,
    /// Changes to its objects by name: `{target: {group, kind, name}, merge: {…}}` or `json: […]`.
    pub patches: Option<OpenMap>,
    /// Further objects by name.
    pub extra: Option<OpenMap>,
    /// A folder of plain manifests or a kustomize base, copied as it is (pack `raw`).
    pub base: Option<String>,
    /// Where the component lives, when elsewhere (pack `raw`), over the pack's.
    pub source: Option<ComponentSourceFile>,
    /// Times and behaviour of its Flux objects.
    #[serde(default)]
    pub flux: ComponentFluxFile,
}

/// Coordinates of a chart, over those of the pack.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChartChange {
    /// `oci://…` with the chart's name, or the `https://…` of a chart repository.
    pub url: Option<String>,
    /// The chart's name in a repository.
    pub name: Option<String>,
    /// The exact version.
    pub version: Option<String>,
    /// The digest of an OCI chart, `sha256:…`.
    pub digest: Option<String>,
}

/// A source of a component's own.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComponentSourceFile {
    /// What kind of source.
    pub kind: Option<words::SourceKind>,
    /// Its address: `https://…`, `http://…` or `ssh://…` of a Git repository, `oci://…` without a tag.
    pub url: Option<String>,
    /// Which revision.
    pub r#ref: Option<RefFile>,
    /// The folder in it; `./` by default.
    pub path: Option<String>,
    /// The pull Secret in `flux-system`.
    pub secret: Option<String>,
    /// How Flux signs in.
    pub provider: Option<words::Provider>,
    /// How long a fetch may take, in `ms`, `s` and `m`.
    pub timeout: Option<String>,
    /// Are objects deleted that vanish from it? `true` by default.
    pub prune: Option<bool>,
}

/// Times and behaviour of a component's Flux objects.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComponentFluxFile {
    /// How often to reconcile; `1h` by default.
    pub interval: Option<String>,
    /// How soon to try again after a failure; `2m` by default.
    pub retry_interval: Option<String>,
    /// How long to wait for it to be ready; the pack's by default.
    pub timeout: Option<String>,
    /// Wait for everything to be ready? `true` by default.
    pub wait: Option<bool>,
    /// Suspend the Kustomization? `false` by default.
    pub suspend: Option<bool>,
    /// What its releases do when they fail; the pack's by default.
    pub on_failure: Option<words::OnFailure>,
    /// The controllers that look after it: one of `flux.sharding.shards`.
    pub shard: Option<String>,
}
