//! The words that config files choose among.

use schemars::JsonSchema;
use serde::Deserialize;

/// Where a component goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// `infrastructure/`
    Infrastructure,
    /// `apps/`
    Apps,
    /// `outside/`: written beside the tree, not for Flux
    Outside,
}

impl Stage {
    /// The folder's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Infrastructure => "infrastructure",
            Stage::Apps => "apps",
            Stage::Outside => "outside",
        }
    }
}

/// A Pod Security level, weakest last: `Restricted < Baseline < Privileged`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PodSecurity {
    /// `restricted`
    Restricted,
    /// `baseline`
    Baseline,
    /// `privileged`
    Privileged,
}

impl PodSecurity {
    /// As Kubernetes writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            PodSecurity::Restricted => "restricted",
            PodSecurity::Baseline => "baseline",
            PodSecurity::Privileged => "privileged",
        }
    }
}

/// Who makes the root source and Kustomization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Sync {
    /// A FluxInstance
    Operator,
    /// A source and a root Kustomization
    Classic,
    /// Nobody: only the tree is written
    None,
}

impl Sync {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Sync::Operator => "operator",
            Sync::Classic => "classic",
            Sync::None => "none",
        }
    }
}

/// How large a cluster is, as a FluxInstance takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ClusterSize {
    /// `small`
    Small,
    /// `medium`
    Medium,
    /// `large`
    Large,
}

/// Where the source-controllers of shards keep their artifacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ShardStorage {
    /// In the pod
    Ephemeral,
    /// On a volume
    Persistent,
}

/// What a release does when it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OnFailure {
    /// `RetryOnFailure`
    Retry,
    /// `RemediateOnFailure` with three retries, rolling back on upgrade
    Rollback,
}

impl OnFailure {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            OnFailure::Retry => "retry",
            OnFailure::Rollback => "rollback",
        }
    }
}

/// The kinds of sources that Flux reads a fleet or a component from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
pub enum SourceKind {
    /// A Git repository
    GitRepository,
    /// An OCI artifact
    OCIRepository,
    /// A bucket of an object store
    Bucket,
}

impl SourceKind {
    /// As Flux writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            SourceKind::GitRepository => "GitRepository",
            SourceKind::OCIRepository => "OCIRepository",
            SourceKind::Bucket => "Bucket",
        }
    }
}

/// How Flux signs in at a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Provider {
    /// By the Secret, if there is one
    Generic,
    /// Amazon
    Aws,
    /// Microsoft
    Azure,
    /// Google
    Gcp,
    /// A GitHub App
    Github,
}

impl Provider {
    /// As Flux writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Provider::Generic => "generic",
            Provider::Aws => "aws",
            Provider::Azure => "azure",
            Provider::Gcp => "gcp",
            Provider::Github => "github",
        }
    }
}

/// A controller of Flux.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Controller {
    /// Fetches sources
    SourceController,
    /// Applies Kustomizations
    KustomizeController,
    /// Installs Helm releases
    HelmController,
    /// Sends and receives events
    NotificationController,
    /// Scans image registries
    ImageReflectorController,
    /// Commits new image tags
    ImageAutomationController,
    /// Splits and joins sources
    SourceWatcher,
}

impl Controller {
    /// As Flux writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Controller::SourceController => "source-controller",
            Controller::KustomizeController => "kustomize-controller",
            Controller::HelmController => "helm-controller",
            Controller::NotificationController => "notification-controller",
            Controller::ImageReflectorController => "image-reflector-controller",
            Controller::ImageAutomationController => "image-automation-controller",
            Controller::SourceWatcher => "source-watcher",
        }
    }
}
