//! The objects that `gen` writes itself: plain data in, [`Node`] out, fields in canonical order, absent
//! fields absent. Formats: Flux 2.9 (`kustomize.toolkit.fluxcd.io/v1`, `helm.toolkit.fluxcd.io/v2`,
//! `source.toolkit.fluxcd.io/v1`), flux-operator (`fluxcd.controlplane.io/v1`), kustomize, Kubernetes.

mod artifacts;
pub mod helm;
mod instance;
mod kustomization;
mod kustomize;
mod namespace;
mod source;

pub use artifacts::{ARTIFACT, generator};
pub use instance::Instance;
pub use kustomization::{Kustomization, SourceRef};
pub use kustomize::resources;
pub use namespace::Namespace;
pub use source::{Reference, Source, SourceKind};

use crate::{
    diag::Spot,
    yaml::{Map, Node, Origin},
};

/// The namespace of Flux and of every source and Kustomization of ours.
pub const NAMESPACE: &str = "flux-system";
/// The name of the root source and the root Kustomization.
pub const ROOT: &str = "flux-system";
/// The annotation that keeps an object in the cluster when it leaves the tree, with the value `disabled`.
pub const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";
/// The annotation that keeps an object from post-build substitution, with the value `disabled`.
pub const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// The ServiceAccount of kustomize-controller, which may do everything.
pub const ACCOUNT: &str = "kustomize-controller";

/// Labels of an object that the controllers of a shard look after.
fn shard(name: Option<&str>) -> Option<Fields> {
    name.map(|name| Fields::default().put("sharding.fluxcd.io/key", name))
}

/// A mapping under construction.
#[derive(Default)]
struct Fields(Map);

impl Fields {
    /// The head of an object: `apiVersion`, `kind`, `metadata`.
    fn object(api_version: &str, kind: &str, metadata: Fields) -> Self {
        Self::default().put("apiVersion", api_version).put("kind", kind).put("metadata", metadata)
    }

    fn named(name: &str, namespace: &str) -> Self {
        Self::default().put("name", name).put("namespace", namespace)
    }

    fn put(mut self, key: &str, value: impl Into<Field>) -> Self {
        self.0.insert(key, value.into().0);
        self
    }

    fn maybe(self, key: &str, value: Option<impl Into<Field>>) -> Self {
        match value {
            Some(value) => self.put(key, value),
            None => self,
        }
    }

    fn node(self) -> Node {
        Node::new(self.0)
    }
}

/// A value under construction.
struct Field(Node);

impl From<&str> for Field {
    fn from(text: &str) -> Self {
        Field(Node::new(text))
    }
}

impl From<bool> for Field {
    fn from(bool: bool) -> Self {
        Field(Node::new(bool))
    }
}

impl From<i64> for Field {
    fn from(int: i64) -> Self {
        Field(Node::new(int))
    }
}

impl From<Node> for Field {
    fn from(node: Node) -> Self {
        Field(node)
    }
}

impl From<Fields> for Field {
    fn from(fields: Fields) -> Self {
        Field(fields.node())
    }
}

impl From<Vec<Node>> for Field {
    fn from(items: Vec<Node>) -> Self {
        Field(Node::new(items))
    }
}

impl From<&Spot> for Field {
    fn from(spot: &Spot) -> Self {
        Field(Node::with(spot.text.as_str(), spot.place.map_or(Origin::None, Origin::Config)))
    }
}

/// The object in one line.
#[cfg(test)]
fn json(node: &Node) -> String {
    crate::yaml::to_json(node, None)
}
