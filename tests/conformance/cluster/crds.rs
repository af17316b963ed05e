//! The definitions of custom resources in `conformance/crds/`: only those that are asked for are applied.

use super::{api::Api, object::Object, until};
use serde_json::json;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Applies the definitions of the kinds that are not served yet, and waits until they are.
///
/// # Panics
/// If there is none for a kind that is not built in.
pub(crate) fn define(api: &Api, root: &Path, kinds: &BTreeSet<(String, String)>) {
    let missing = || kinds.iter().filter(|(version, kind)| !api.serves(version, kind)).collect::<Vec<_>>();
    let files = files(root);
    for (version, kind) in missing() {
        let group = version.split_once('/').map_or("", |(group, _)| group);
        if format!(".{group}").ends_with(".example.com") {
            api.must_apply(&anything(version, kind));
            continue;
        }
        let file = files.iter().find(|file| defines(file, group, kind));
        let file = file.unwrap_or_else(|| panic!("conformance/crds/ has no {version} {kind}"));
        for object in Object::read(&fs::read_to_string(file).unwrap()) {
            api.must_apply(&object);
        }
    }
    until(Duration::from_secs(60), &|| format!("{:?} are not served", missing()), || missing().is_empty());
}

/// A kind of the tests' own, that takes anything.
fn anything(version: &str, kind: &str) -> Object {
    let (group, version) = version.split_once('/').unwrap();
    let plural = kind.to_lowercase();
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let version = json!({"name": version, "served": true, "storage": true, "schema": schema});
    let names = json!({"kind": kind, "plural": plural});
    let spec = json!({"group": group, "names": names, "scope": "Namespaced", "versions": [version]});
    let metadata = json!({"name": format!("{plural}.{group}")});
    let kind = "CustomResourceDefinition";
    Object::new(
        json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": kind, "metadata": metadata, "spec": spec}),
    )
}

/// All definitions.
fn files(root: &Path) -> Vec<PathBuf> {
    let folder = fs::read_dir(root.join("conformance/crds")).unwrap();
    folder.map(|entry| entry.unwrap().path()).collect()
}

/// The file is named after the group and the plural; the kind stands in it.
fn defines(file: &Path, group: &str, kind: &str) -> bool {
    file.file_name().unwrap().to_str().unwrap().starts_with(&format!("{group}_"))
        && fs::read_to_string(file).unwrap().contains(&format!(r#""kind":"{kind}","listKind""#))
}
