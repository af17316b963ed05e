//! The user's files as written: one field one key, each with its documentation. JSON Schemas come
//! from the same types. Parts that are open (inputs, values, patches, variables) stay nodes.

mod decode;
mod environment;
mod fleet;
mod open;
mod pack;
pub mod path;
mod rules;
mod words;

pub use decode::{ConfigFile, check, check_and_prune, decode, json_schema};
pub use environment::{
    ChartChange, ClusterFile, ComponentFile, ComponentFluxFile, ComponentSourceFile, DecryptionFile,
    EnvironmentFile, NamespaceFile, SecretsFile,
};
pub use fleet::{FleetFile, FluxFile, FluxStorageFile, RefFile, ShardingFile, SourceFile};
pub use open::{Open, OpenMap, When};
pub use pack::{
    ChartFile, DelimitersFile, ExampleFile, Generate, IgnoreDrift, PackFile, PackSecret, PackSecretKey,
    ReleaseFile,
};
pub use rules::{chart as chart_rules, component_source as source_rules, reference as reference_rules};
pub use words::{Controller, OnFailure, PodSecurity, Provider, SourceKind, Stage, Sync};
