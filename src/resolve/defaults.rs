//! What `gen` itself takes where neither a layer nor a pack says anything.

use super::policy::Decryption;
use crate::{
    config::{Controller, OnFailure, SourceKind, Sync},
    yaml::Node,
};

/// `source.kind`, also of a component's own source.
pub const SOURCE_KIND: SourceKind = SourceKind::GitRepository;
/// `source.root`, and `source.path` of a component's own source.
pub const SOURCE_ROOT: &str = "./";
/// `source.prune` of a component's own source.
pub const SOURCE_PRUNE: bool = true;
/// `flux.version`.
pub const FLUX_VERSION: &str = "2.9";
/// `flux.sync`.
pub const FLUX_SYNC: Sync = Sync::Operator;
/// `flux.registry`.
pub const FLUX_REGISTRY: &str = "ghcr.io/fluxcd";
/// `flux.components`.
pub const FLUX_COMPONENTS: [Controller; 4] = [
    Controller::SourceController,
    Controller::KustomizeController,
    Controller::HelmController,
    Controller::NotificationController,
];
/// `flux.interval` of a component.
pub const INTERVAL: &str = "1h";
/// `flux.retryInterval` of a component.
pub const RETRY_INTERVAL: &str = "2m";
/// `flux.timeout` of a component.
pub const TIMEOUT: &str = "5m";
/// `flux.wait` of a component.
pub const WAIT: bool = true;
/// `flux.suspend` of a component.
pub const SUSPEND: bool = false;
/// `flux.onFailure` of a component.
pub const ON_FAILURE: OnFailure = OnFailure::Retry;

/// A path and its value.
pub type Default = (&'static [&'static str], Node);

/// Paths and values of an environment. The components' are [`of_component`].
pub fn of_environment() -> Vec<Default> {
    let decryption = Decryption::default();
    let controllers: Vec<Node> = FLUX_COMPONENTS.iter().map(|c| Node::new(c.as_str())).collect();
    vec![
        (&["source", "kind"], Node::new(SOURCE_KIND.as_str())),
        (&["source", "root"], Node::new(SOURCE_ROOT)),
        (&["flux", "version"], Node::new(FLUX_VERSION)),
        (&["flux", "sync"], Node::new(FLUX_SYNC.as_str())),
        (&["flux", "registry"], Node::new(FLUX_REGISTRY)),
        (&["flux", "components"], Node::new(controllers)),
        (&["secrets", "decryption", "secret"], Node::new(decryption.secret)),
        (&["secrets", "decryption", "key"], Node::new(decryption.key)),
    ]
}

/// Paths, from the component, and values; those of `source` only for one that lives elsewhere.
pub fn of_component(elsewhere: bool) -> Vec<Default> {
    let source: [Default; 3] = [
        (&["source", "kind"], Node::new(SOURCE_KIND.as_str())),
        (&["source", "path"], Node::new(SOURCE_ROOT)),
        (&["source", "prune"], Node::new(SOURCE_PRUNE)),
    ];
    let flux: [Default; 6] = [
        (&["flux", "interval"], Node::new(INTERVAL)),
        (&["flux", "retryInterval"], Node::new(RETRY_INTERVAL)),
        (&["flux", "timeout"], Node::new(TIMEOUT)),
        (&["flux", "wait"], Node::new(WAIT)),
        (&["flux", "suspend"], Node::new(SUSPEND)),
        (&["flux", "onFailure"], Node::new(ON_FAILURE.as_str())),
    ];
    source.into_iter().filter(|_| elsewhere).chain(flux).collect()
}
