//! The folder that `base: DIR` of a component names: plain manifests or a kustomize base, copied file
//! for file. `gen` never builds kustomize, so it refuses what would be fetched or lies elsewhere.

use super::{
    files::{Files, Kind, file_name},
    model::{BaseFile, Broken, EnvironmentSource},
    text::{Hidden, walk},
};
use crate::{
    diag::{Diagnostic, Place, Problems, Severity, SourceId, Sources},
    yaml::{self, Node},
};
use std::collections::{BTreeMap, BTreeSet};

/// The names under which kustomize finds its file.
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// Members of a kustomization that name files and folders.
const LISTS: [&str; 4] = ["resources", "bases", "components", "crds"];

/// Reads the bases that components name, by the path as written.
pub(super) fn bases(
    files: &dyn Files,
    environments: &BTreeMap<String, EnvironmentSource>,
    sources: &mut Sources,
    broken: &mut Broken,
    problems: &mut Problems,
) -> BTreeMap<String, Vec<BaseFile>> {
    let mut bases = BTreeMap::new();
    for source in environments.values() {
        let components = source.node.get("components").and_then(Node::as_map);
        for written in components.into_iter().flat_map(|map| map.iter()).filter_map(|(_, c)| c.get("base")) {
            let Some(folder) = written.as_str().filter(|folder| !bases.contains_key(*folder)) else {
                continue;
            };
            let read = base(files, folder, written.place(), sources, problems);
            if read.is_none() {
                broken.bases.insert(folder.to_owned());
            }
            bases.insert(folder.to_owned(), read.unwrap_or_default());
        }
    }
    bases
}

/// Reads a base, a folder of the project. `None` only if an error was pushed.
pub fn base(
    files: &dyn Files,
    folder: &str,
    at: Option<Place>,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Option<Vec<BaseFile>> {
    let path = match folder_of(files, folder) {
        Ok(path) => path,
        Err((why, help)) => {
            let said = Diagnostic::error("load/base", format!("the base `{folder}` {why}"));
            problems.push(said.at(at).help(help));
            return None;
        }
    };
    let before = problems.errors();
    let paths: BTreeSet<String> = walk(files, &path, Hidden::Take, problems).into_iter().collect();
    let mut read = Vec::new();
    for file in &paths {
        let bytes = match files.read(file) {
            Ok(bytes) => bytes,
            Err(why) => {
                problems.push(
                    Diagnostic::error("load/file", format!("`{file}` {why}")).help("check the permissions"),
                );
                continue;
            }
        };
        let text = yaml::decode(&bytes).ok();
        let source = text.as_ref().map(|text| sources.add(file.clone(), text.as_str()));
        if KUSTOMIZATIONS.contains(&file_name(file)) {
            match (&text, source) {
                (Some(text), Some(source)) => {
                    for node in yaml::read_manifests(text, source, problems).unwrap_or_default() {
                        kustomization(&node, &path, file, &paths, problems);
                    }
                }
                _ => problems.push(
                    Diagnostic::error("load/encoding", format!("`{file}` cannot be read as text"))
                        .help("save the file as UTF-8"),
                ),
            }
        }
        if let (Some(text), Some(source)) = (&text, source) {
            unreadable(file, text, source, problems);
        }
        let below = file[path.len() + 1..].to_owned();
        read.push(BaseFile { path: below, bytes: bytes.into(), place: source.map(Place::top) });
    }
    (problems.errors() == before).then_some(read)
}

/// Warns of a manifest that is no YAML: it is copied as it is, and kustomize stops at it if it is listed.
fn unreadable(file: &str, text: &str, source: SourceId, problems: &mut Problems) {
    let name = file_name(file);
    if KUSTOMIZATIONS.contains(&name) || !(name.ends_with(".yaml") || name.ends_with(".yml")) {
        return;
    }
    let mut found = Problems::new();
    yaml::read_manifests(text, source, &mut found);
    for mut said in found.0 {
        said.severity = Severity::Warning;
        problems.push(said.because("the file is copied as it is; kustomize stops at it if it is listed"));
    }
}

/// The path of a base in the project, or why it cannot be one, and what to do.
fn folder_of(files: &dyn Files, folder: &str) -> Result<String, (&'static str, &'static str)> {
    if folder.contains('\\') {
        return Err(("is not written as paths are here", "write `/` between folders, on Windows too"));
    }
    let bad = folder.contains("://") || folder.starts_with(['/', '~']);
    if bad || folder.split('/').any(|part| part == "..") {
        let help = "name a folder below the project's, such as `manifests/podinfo`; what lives elsewhere is a `source`";
        return Err(("is not a folder of this project", help));
    }
    let parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.first().is_none_or(|first| ["environments", "templates", "fleet-out"].contains(first)) {
        return Err((
            "is a folder of gen's own",
            "keep bases in a folder of their own, such as `manifests/`",
        ));
    }
    let path = parts.join("/");
    match files.kind(&path) {
        Kind::Folder if files.list(&path).is_ok_and(|entries| entries.is_empty()) => {
            Err(("is empty", "put manifests there"))
        }
        Kind::Folder => Ok(path),
        Kind::Refused(why) => Err((why, "replace the link by what it leads to")),
        Kind::File => Err(("is a file", "name the folder that it is in")),
        Kind::Missing => Err(("is not there", "name a folder below the project's")),
    }
}

/// Everything that a kustomization lists is in the base.
fn kustomization(node: &Node, base: &str, file: &str, paths: &BTreeSet<String>, problems: &mut Problems) {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let listed = LISTS.iter().filter_map(|key| node.get(key).and_then(Node::as_seq)).flatten();
    for (entry, at) in listed.filter_map(|n| n.as_str().map(|entry| (entry, n))) {
        let said = |why: &str| Diagnostic::error("load/base", format!("`{entry}` {why}")).at(at.place());
        if is_remote(entry) {
            problems.push(
                said("is fetched from elsewhere")
                    .because("the tree must say all that is deployed, and Flux may refuse it")
                    .help("copy the files into the base, or use `source` of a component of its own"),
            );
            continue;
        }
        let inside =
            inside(folder, entry).filter(|path| path == base || path.starts_with(&format!("{base}/")));
        let Some(path) = inside else {
            problems.push(said("leaves the base").help("copy the files into the base"));
            continue;
        };
        let folder = format!("{path}/");
        if !paths.contains(&path) && !paths.iter().any(|p| p.starts_with(&folder)) {
            problems.push(said("is not there").help("remove the entry, or add the file"));
        }
    }
}

/// Would kustomize fetch this?
fn is_remote(entry: &str) -> bool {
    entry.contains("://")
        || entry.contains("::")
        || entry.contains("?ref=")
        || entry.starts_with("git@")
        || ["github.com/", "gitlab.com/", "bitbucket.org/"].iter().any(|host| entry.starts_with(host))
}

/// The path that an entry of a kustomization means, seen from its folder; `None` if it leaves the project.
pub fn inside(folder: &str, entry: &str) -> Option<String> {
    if entry.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in entry.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
