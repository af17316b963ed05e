//! The files under `environments/`: which is what, and environments and layers read one by one.

use super::{
    files::{Files, Kind, file_name},
    keys,
    model::{Broken, EnvironmentSource, FileText, Fleet},
    text::{Each, Hidden, Text, gather, reserved, texts, walk},
};
use crate::{
    config::{self, EnvironmentFile, FleetFile},
    diag::{Diagnostic, Place, Problems, SourceId, Sources, Spot},
    name::EnvName,
    yaml::{self, Map, Node},
};
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};

/// The folder of environments.
const FOLDER: &str = "environments/";
/// What all environments share.
pub(super) const FLEET: &str = "environments/fleet.yaml";
/// The folder of sealed Secrets.
pub const SECRETS: &str = "environments/secrets/";
/// Values to be replaced where they were issued.
pub const TO_REPLACE: &str = "environments/secrets/to-replace.txt";
/// Texts for `$file`.
const FILES: &str = "environments/files/";
/// The ending of a sealed file.
pub const SEALED: &str = ".sops.yaml";

/// What was read under `environments/`.
pub(super) struct Environments {
    pub(super) fleet: Fleet,
    pub(super) environments: BTreeMap<String, EnvironmentSource>,
    pub(super) broken: Broken,
    pub(super) files: BTreeMap<String, FileText>,
    pub(super) sealed: Vec<Text>,
    /// Environments that are no YAML.
    pub(super) unread: Vec<SourceId>,
}

impl Environments {
    /// Keeps in mind that a file is there and is no text.
    fn without(&mut self, path: String, sources: &mut Sources) {
        if path == FLEET {
            self.fleet.keys = None;
        } else if path.starts_with(SECRETS) {
            self.broken.sealed.insert(path);
        } else if let Some(name) = path.strip_prefix(FILES) {
            // Who names it need not be told again.
            let place = Place::top(sources.add(path.as_str(), ""));
            self.files.insert(name.to_owned(), FileText { text: "".into(), place });
        } else {
            self.broken.environments.insert(name_of(&path).to_owned());
        }
    }
}

/// Reads everything under `environments/`.
pub(super) fn environments(
    files: &dyn Files,
    each: Each,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Environments {
    let paths = walk(files, FOLDER.trim_end_matches('/'), Hidden::Skip, problems);
    if paths.iter().all(|path| path != FLEET) {
        missing(files, problems);
    }
    let (mut broken, mut wanted) = (Broken::default(), Vec::new());
    for path in paths {
        if belongs(&path, &mut broken, problems) {
            wanted.push(path);
        }
    }
    let mut read = Environments {
        fleet: no_fleet(),
        environments: BTreeMap::new(),
        broken,
        files: BTreeMap::new(),
        sealed: Vec::new(),
        unread: Vec::new(),
    };
    let all = wanted.clone();
    let texts = texts(files, wanted, each, sources, problems);
    let known: BTreeSet<&str> = texts.iter().map(|text| text.path.as_str()).collect();
    let unread: Vec<String> = all.into_iter().filter(|path| !known.contains(path.as_str())).collect();
    let mut layers = Vec::new();
    for text in texts {
        if let Some(path) = text.path.strip_prefix(FILES) {
            reserved(&text, problems);
            let place = text.place();
            read.files.insert(path.to_owned(), FileText { text: text.text, place });
        } else if text.path.starts_with(SECRETS) {
            read.sealed.push(text);
        } else if text.path == FLEET {
            read.fleet = fleet(&text, sources, problems);
        } else {
            layers.push(text);
        }
    }
    let nodes = gather(each, layers.len(), |index| {
        let mut found = Problems::new();
        (environment(&layers[index], sources, &mut found), found)
    });
    for (text, (source, found)) in layers.iter().zip(nodes) {
        problems.extend(found);
        let name = name_of(&text.path).to_owned();
        match source {
            Some(source) => drop(read.environments.insert(name, source)),
            None => {
                read.unread.push(text.source);
                read.broken.environments.insert(name);
            }
        }
    }
    unread.into_iter().for_each(|path| read.without(path, sources));
    keys::named(&read.fleet, read.environments.values(), problems);
    read
}

fn missing(files: &dyn Files, problems: &mut Problems) {
    // one with the wrong ending is told of as such
    if files.kind("environments/fleet.yml") != Kind::File {
        problems.push(
            Diagnostic::error("load/no-project", format!("`{FLEET}` is missing"))
                .help("`gen init` writes one in a new project; it may be empty"),
        );
    }
}

/// The name of the environment in a file.
fn name_of(path: &str) -> &str {
    path.strip_prefix(FOLDER).and_then(|name| name.strip_suffix(".yaml")).unwrap_or(path)
}

/// Is this a file that is read? Others are told of.
fn belongs(path: &str, broken: &mut Broken, problems: &mut Problems) -> bool {
    if path.starts_with(FILES) || path == FLEET {
        return true;
    }
    let ending = |wrong: &str, right: &str| {
        let better = format!("{}{right}", path.strip_suffix(wrong).unwrap_or(path));
        Diagnostic::error("load/ending", format!("`{path}` ends in `{wrong}`, and would not be read"))
            .help(format!("rename it to `{better}`"))
    };
    if path == TO_REPLACE {
        return false;
    }
    let name = file_name(path);
    let said = if path.starts_with(SECRETS) {
        match name {
            name if name.ends_with(SEALED) => return true,
            name if name.ends_with(".sops.yml") => {
                broken.sealed.insert(path.replace(".sops.yml", SEALED));
                ending(".sops.yml", SEALED)
            }
            name if name.ends_with(".md") => return false,
            _ => Diagnostic::error("load/stray", format!("`{path}` is not a sealed Secret"))
                .because(format!(
                    "only files that end in `{SEALED}` are, and a plain one must not be committed"
                ))
                .help("seal it (`NAME.sops.yaml`), or move it away"),
        }
    } else if name.ends_with(SEALED) || name.ends_with(".sops.yml") {
        Diagnostic::error("load/stray", format!("`{path}` is a sealed file, but not where those are read"))
            .help(format!("move it to `{SECRETS}ENVIRONMENT/COMPONENT/`"))
    } else if name.ends_with(".yml") {
        broken.environments.insert(name_of(&path.replace(".yml", ".yaml")).to_owned());
        ending(".yml", ".yaml")
    } else if name.ends_with(".yaml") {
        match EnvName::new(name_of(path)) {
            Ok(_) => return true,
            Err(why) => {
                broken.environments.insert(name_of(path).to_owned());
                Diagnostic::error("load/name", format!("`{path}` cannot be an environment: its name {why}"))
                    .help("rename it; texts for `$file` belong under `environments/files/`")
            }
        }
    } else if name.ends_with(".md") {
        return false;
    } else {
        Diagnostic::error("load/stray", format!("`{path}` is not an environment"))
            .because("environments are files that end in `.yaml`")
            .help("move it to `environments/files/` if inputs name it by `$file`, else away")
    };
    problems.push(said.of(path));
    false
}

/// A fleet file that says nothing.
fn no_fleet() -> Fleet {
    Fleet {
        file: FleetFile::default(),
        node: Node::new(Map::new()),
        whole: None,
        place: None,
        keys: Some(IndexMap::new()),
    }
}

fn fleet(text: &Text, sources: &Sources, problems: &mut Problems) -> Fleet {
    let place = Some(text.place());
    let nothing = Fleet { place, ..no_fleet() };
    if blank(text) {
        return nothing;
    }
    let Some(mut node) = yaml::read_one(&text.text, text.source, problems) else {
        return Fleet { keys: None, ..nothing };
    };
    let keys = Some(keys::keys(&node));
    let whole = config::check_and_prune::<FleetFile>(&mut node, sources, problems);
    let file = config::decode(&node, sources, problems).unwrap_or_default();
    Fleet { file, node, whole, place, keys }
}

/// Nothing but blanks and comments: a file that says nothing.
fn blank(text: &Text) -> bool {
    text.text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}

/// Reads one environment or layer; what is wrong in it is told and taken out. `None` if it is no YAML.
fn environment(text: &Text, sources: &Sources, problems: &mut Problems) -> Option<EnvironmentSource> {
    let mut node = match blank(text) {
        true => Node::new(Map::new()),
        false => yaml::read_one(&text.text, text.source, problems)?,
    };
    let whole = config::check_and_prune::<EnvironmentFile>(&mut node, sources, problems);
    node.as_map()?;
    let extends = node.get("extends").and_then(Node::as_seq).unwrap_or_default();
    Some(EnvironmentSource {
        name: name_of(&text.path).to_owned(),
        place: text.place(),
        is_abstract: node.get("abstract").and_then(Node::as_bool).unwrap_or(false),
        extends: extends
            .iter()
            .filter_map(|layer| Some(Spot { text: layer.as_str()?.to_owned(), place: layer.place() }))
            .collect(),
        layers: Vec::new(),
        node,
        whole,
    })
}
