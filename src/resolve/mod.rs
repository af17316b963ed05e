//! Layers merged, references resolved, defaults filled, everything checked: [`Environment`].

mod model;

pub use model::{
    BaseFile, Chart, Cluster, Component, ComponentFlux, Environment, Flux, Namespace, NeededSecret,
    OnFailure, Patch, PodSecurity, Release, SealedFile, Source, SourceRef, Spot, Stage, Sync,
};
