//! The definitions of custom resources in `conformance/crds/`: only those that are asked for are applied.

use super::{api::Api, object::Object, until};
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
        let file = files.iter().find(|file| defines(file, group, kind));
        let file = file.unwrap_or_else(|| panic!("conformance/crds/ has no {version} {kind}"));
        for object in Object::read(&fs::read_to_string(file).unwrap()) {
            api.must_apply(&object);
        }
    }
    until(Duration::from_secs(60), &|| format!("{:?} are not served", missing()), || missing().is_empty());
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
