//! A folder `fleet-out/<environment>/cluster/flux-system/` of the user's own, as `flux bootstrap` leaves
//! it. It is read from the project, never from where a render writes.

use super::{
    files::{Files, Kind, join},
    model::{EnvironmentSource, OwnFluxSystem},
};
use crate::{
    diag::{Place, Problems, Sources, Spot},
    yaml::{self, Node},
};
use std::collections::BTreeMap;

/// What makes Flux's root, when named `flux-system`.
const ROOTS: [&str; 4] = ["GitRepository", "OCIRepository", "Bucket", "Kustomization"];

/// Finds the folders of all environments.
pub(super) fn own_flux_systems(
    files: &dyn Files,
    environments: &BTreeMap<String, EnvironmentSource>,
    sources: &mut Sources,
) -> BTreeMap<String, OwnFluxSystem> {
    let mut own = BTreeMap::new();
    for source in environments.values().filter(|source| !source.is_abstract) {
        let folder = format!("fleet-out/{}/cluster/flux-system", source.name);
        let path = join(&folder, "kustomization.yaml");
        if files.kind(&path) == Kind::File {
            let objects = roots(files, &folder, sources);
            own.insert(source.name.clone(), OwnFluxSystem { path, objects });
        }
    }
    own
}

/// The objects named `flux-system` that make a root. What cannot be read here is for checks of the tree to tell.
fn roots(files: &dyn Files, folder: &str, sources: &mut Sources) -> Vec<Spot> {
    let mut spots = Vec::new();
    for entry in files.list(folder).unwrap_or_default() {
        if entry.kind != Kind::File || !(entry.name.ends_with(".yaml") || entry.name.ends_with(".yml")) {
            continue;
        }
        let path = join(folder, &entry.name);
        let Some(text) = files.read(&path).ok().and_then(|bytes| yaml::decode(&bytes).ok()) else { continue };
        // Flux's own manifests are long: only parts that may hold a root are parsed
        let parts: Vec<&str> = text.split("\n---").filter(|part| may_hold_root(part)).collect();
        let source = sources.add(path, text.as_str());
        for part in parts {
            for node in yaml::read_manifests(part, source, &mut Problems::new()).unwrap_or_default() {
                let kind = node.get("kind").and_then(Node::as_str).unwrap_or("");
                let name = node.at(&["metadata", "name"]).and_then(Node::as_str);
                let flux = node
                    .get("apiVersion")
                    .and_then(Node::as_str)
                    .is_some_and(|v| v.contains(".toolkit.fluxcd.io/"));
                if flux && name == Some("flux-system") && ROOTS.contains(&kind) {
                    spots.push(Spot { text: kind.to_owned(), place: Some(Place::top(source)) });
                }
            }
        }
    }
    spots
}

fn may_hold_root(part: &str) -> bool {
    part.contains("flux-system")
        && part.lines().any(|line| {
            line.starts_with('{')
                || line.strip_prefix("kind:").is_some_and(|kind| ROOTS.iter().any(|root| kind.contains(root)))
        })
}
