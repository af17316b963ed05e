//! `pack.yaml`: what a pack is and takes. Its name is its folder's.

use super::{ClusterFile, ComponentSourceFile, Open, OpenMap, When, words};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// What a pack is and takes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PackFile {
    /// What it is, in one sentence.
    pub description: String,
    /// Why it should no longer be used, and what to use instead.
    pub deprecated: Option<String>,
    /// Where its components go.
    pub stage: words::Stage,
    /// Where its objects live; the component's name by default.
    pub namespace: Option<String>,
    /// The longest name that a component of it may have, where a chart cuts longer ones.
    pub name_max_length: Option<usize>,
    /// The least Pod Security level its pods run under; absent: it has no pods.
    pub pod_security: Option<words::PodSecurity>,
    /// The schema of its inputs.
    pub inputs: Option<OpenMap>,
    /// The chart of its one Helm release.
    pub chart: Option<ChartFile>,
    /// The charts of its Helm releases, by release.
    #[serde(default)]
    pub charts: IndexMap<String, ReleaseFile>,
    /// Where its components live, when elsewhere; it has no objects of its own then.
    pub source: Option<ComponentSourceFile>,
    /// How long it may take to be ready; `5m` by default.
    pub timeout: Option<String>,
    /// What its releases do when they fail; `retry` by default.
    pub on_failure: Option<words::OnFailure>,
    /// What the drift detection of its releases leaves alone, by name.
    #[serde(default)]
    pub ignore_drift: IndexMap<String, IgnoreDrift>,
    /// API groups whose custom resource definitions it brings.
    #[serde(default)]
    pub provides: IndexMap<String, When>,
    /// API groups of custom resources hidden in its charts.
    #[serde(default)]
    pub requires: IndexMap<String, When>,
    /// Facts that it publishes for others: a scalar, `$from` or `$text` over `inputs.`, `component.`, `cluster.`
    /// and `vars.`.
    #[serde(default)]
    pub exports: IndexMap<String, Open>,
    /// The Secrets that it needs, by suffix: `<component>-<suffix>`.
    #[serde(default)]
    pub secrets: IndexMap<String, PackSecret>,
    /// Kinds without a namespace that `gen` does not know, `<group>/<Kind>`.
    #[serde(default)]
    pub cluster_scoped: Vec<String>,
    /// The marks its templates are written with, when not `{{ }}`, `{% %}` and `{# #}`; files of `_lib` keep those.
    pub delimiters: Option<DelimitersFile>,
}

/// Coordinates of a chart.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChartFile {
    /// `oci://…` with the chart's name, or the `https://…` of a chart repository.
    pub url: String,
    /// The chart's name in a repository.
    pub name: Option<String>,
    /// The exact version.
    pub version: String,
    /// The digest of an OCI chart, `sha256:…`.
    pub digest: Option<String>,
}

/// One of several Helm releases.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseFile {
    /// `oci://…` with the chart's name, or the `https://…` of a chart repository.
    pub url: String,
    /// The chart's name in a repository.
    pub name: Option<String>,
    /// The exact version.
    pub version: String,
    /// The digest of an OCI chart, `sha256:…`.
    pub digest: Option<String>,
    /// Releases of this pack that come first.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Whether it is installed; `true` by default.
    pub when: Option<When>,
}

/// What drift detection leaves alone.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IgnoreDrift {
    /// The kind of object; all kinds by default.
    pub kind: Option<String>,
    /// The object's name; all objects by default.
    pub object: Option<String>,
    /// JSON pointers, such as `/spec/replicas`.
    pub paths: Vec<String>,
}

/// A Secret that a pack needs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PackSecret {
    /// What it is for.
    pub description: String,
    /// Its type; `Opaque` by default.
    pub r#type: Option<String>,
    /// Whether it is needed; `true` by default.
    pub when: Option<When>,
    /// The keys that it must have.
    pub keys: IndexMap<String, PackSecretKey>,
}

/// A key of a Secret.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PackSecretKey {
    /// What it holds.
    pub description: Option<String>,
    /// How a value can be made up.
    pub generate: Option<Generate>,
}

/// How a secret value is made up.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Generate {
    /// How many characters; 32 by default.
    pub length: Option<u16>,
    /// The characters to choose among; letters and digits by default.
    pub alphabet: Option<String>,
}

/// The marks of templates: each a start and an end; all three or none.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DelimitersFile {
    /// Around expressions, such as `["[[", "]]"]`.
    pub variable: Vec<String>,
    /// Around tags, such as `["[%", "%]"]`.
    pub block: Vec<String>,
    /// Around comments, such as `["[#", "#]"]`.
    pub comment: Vec<String>,
}

/// `examples/<case>/environment.yaml`: the surroundings of an example.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExampleFile {
    /// The minor version of Kubernetes.
    pub kubernetes: Option<String>,
    /// The cluster; name `example`, domain `example.com` and every API group by default.
    #[serde(default)]
    pub cluster: ClusterFile,
    /// Variables.
    pub vars: Option<OpenMap>,
    /// What other components export: `{<component>: {<export>: value}}`.
    #[serde(default)]
    pub exports: IndexMap<String, OpenMap>,
}
