//! Which trees stand in `fleet-out/`, whether or not there is still an environment for them.

use super::files::{Files, Kind};

const OUT: &str = "fleet-out";

/// The names of the trees in `fleet-out/`, sorted: folders with an inventory. Folders that cannot be read are passed
/// over: who writes there tells it.
pub fn rendered(files: &dyn Files) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![OUT.to_owned()];
    while let Some(folder) = folders.pop() {
        if files.kind(&format!("{folder}/.gen-inventory")) == Kind::File {
            found.extend(folder.strip_prefix("fleet-out/").map(str::to_owned));
            continue;
        }
        let entries = files.list(&folder).unwrap_or_default();
        folders.extend(
            entries.iter().filter(|e| e.kind == Kind::Folder).map(|e| format!("{folder}/{}", e.name)),
        );
    }
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Memory;

    #[test]
    fn trees_are_found_at_any_depth_and_nothing_else_is() {
        let files: Memory = [
            ("fleet-out/prod/.gen-inventory", ""),
            ("fleet-out/prod/apps/a/.gen-inventory", ""),
            ("fleet-out/edge/store-001/.gen-inventory", ""),
            ("fleet-out/mine/readme.md", ""),
            ("other/prod/.gen-inventory", ""),
        ]
        .into_iter()
        .collect();
        assert_eq!(rendered(&files), ["edge/store-001", "prod"]);
        assert_eq!(rendered(&Memory::default()), [""; 0]);
    }
}
