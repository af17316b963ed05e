//! What is never shown: values that something was said about as secret, of Secrets that are not sealed, those that are
//! masked where they are written, and passwords in addresses.

use super::path::{Path, leaves};
use crate::{
    address,
    diag::{Place, Sources},
    pipeline::Built,
    yaml::{Node, Value},
};
use std::collections::BTreeSet;

/// What stands for a secret value.
pub const SECRET: &str = "(secret)";

/// The secret values of some environments.
#[derive(Clone, Debug)]
pub struct Secrets<'a> {
    sources: &'a Sources,
    places: BTreeSet<Place>,
}

impl<'a> Secrets<'a> {
    /// Those of what was built.
    pub fn of(sources: &'a Sources, built: &[&Built]) -> Self {
        let told = built.iter().flat_map(|built| [&built.problems, &built.findings]);
        let told = told.flat_map(|problems| &problems.0).flat_map(|d| d.secrets.iter().copied());
        Self { sources, places: told.chain(built.iter().flat_map(|built| plain(built))).collect() }
    }

    /// A value as it is shown: what is secret in it is replaced.
    pub fn shown(&self, node: &Node) -> Node {
        let value = match &node.value {
            Value::Map(map) => {
                Value::Map(map.iter().map(|(key, node)| (key.clone(), self.shown(node))).collect())
            }
            Value::Seq(items) => Value::Seq(items.iter().map(|node| self.shown(node)).collect()),
            _ if self.has(node) => Value::from(SECRET),
            Value::Str(text) => Value::from(&*address::masked(text)),
            scalar => scalar.clone(),
        };
        Node { value, origin: node.origin.clone(), style: node.style }
    }

    fn has(&self, node: &Node) -> bool {
        let Some(own) = node.place() else { return false };
        let written = self.sources.slice(own);
        let masked = !written.is_empty() && written.chars().all(|c| c == '*' || c.is_whitespace());
        let within =
            |outer: &Place| own.source == outer.source && own.start >= outer.start && own.end <= outer.end;
        masked && node.as_str() != Some(written) || self.places.iter().any(within)
    }
}

/// Where the values of Secrets stand that are not sealed.
fn plain(built: &Built) -> Vec<Place> {
    let files = built.tree.iter().flat_map(|tree| tree.files());
    let objects = files.flat_map(|(_, file)| &file.documents).filter(|object| object.kind() == "Secret");
    let parts = objects.flat_map(|object| ["data", "stringData"].map(|part| object.node.get(part)));
    let mut places = Vec::new();
    for node in parts.flatten() {
        leaves(node, &Path::default(), &mut |_, node| places.extend(node.place()));
    }
    places
}
