//! Layers merged, references resolved, defaults filled, everything checked: [`Environment`].

mod component;
pub mod defaults;
mod environment;
mod faults;
mod history;
mod merge;
mod model;
mod policy;
mod references;
mod release;
mod seal_command;
mod secrets;
mod target;

pub use crate::config::path::steps;
pub use environment::{EVERY_GROUP, Example, cluster_names, environment, example};
pub use history::{FLEET, Said, What, default_below, history, layers, merged};
pub use merge::overlay_values;
pub use model::{
    BaseFile, Chart, Cluster, Component, ComponentFlux, Environment, Flux, Generate, IgnoreDrift, Namespace,
    NeededKey, NeededSecret, OnFailure, OwnFluxSystem, Patch, PodSecurity, Release, SealedFile, Source,
    SourceRef, Spot, Stage, Sync, is_aggregated,
};
pub use policy::{Decryption, Difference, Reader, Reason, SealPolicy, SealRule, SealedPath, Secrets};
pub use seal_command::{GENERATED_LENGTH, own_form, seal_command, shell_word};
pub use target::reference;
