//! What is remembered of a render, so that an environment of which nothing changed is not rendered again: a key of all that
//! went into it, and a seal of the files that came out. Pure; where it is kept is `host`'s, what stands on the disk
//! `write`'s.
//!
//! The key holds more than need be, never less: every file that was read and is not another environment's alone, who can
//! open what is sealed, the options, and the engine itself. Only an environment of which nothing was said is remembered, so
//! that no warning is ever silenced.

use crate::{
    hash::sha256,
    load::{CHARTS, SOPS_CONFIG},
    pipeline::Engine,
    resolve::SealedPath,
    tree::TreePath,
};
use std::{collections::BTreeMap, fmt::Write};

/// The engine: a hash of its source, its packs and its dependencies, made when it is built.
const ENGINE: &str = env!("GEN_ENGINE");
/// The first line of what is remembered.
const HEAD: &str = "gen render 1";

/// The keys of all environments of a project.
#[derive(Debug)]
pub struct Keys<'e> {
    engine: &'e Engine,
    shared: String,
    own: BTreeMap<String, String>,
}

impl<'e> Keys<'e> {
    /// Of what was noted when the project was read, and of what else decides about the outcome.
    pub fn new(engine: &'e Engine, notes: &BTreeMap<String, String>, options: &str) -> Self {
        let mut shared = format!("{ENGINE}\n{options}\n");
        let mut own: BTreeMap<String, String> = BTreeMap::new();
        for (path, what) in notes.iter().filter(|(path, what)| counts(path, what)) {
            let text = match owner(engine, path) {
                Some(owner) => own.entry(owner).or_default(),
                None => &mut shared,
            };
            let _ = writeln!(text, "{path} {what}");
        }
        let own = own.into_iter().map(|(owner, text)| (owner, sha256(text.as_bytes()))).collect();
        Self { engine, shared: sha256(shared.as_bytes()), own }
    }

    /// The key of an environment: other than before if anything that it is made of is.
    pub fn of(&self, environment: &str) -> Option<String> {
        let layers = &self.engine.project.environments.get(environment)?.layers;
        let mut text = format!("{environment}\n{}\n", self.shared);
        for layer in layers {
            let own = self.own.get(layer).map_or("", String::as_str);
            let _ = writeln!(text, "{layer} {own}");
            for reader in self.engine.policy.rule(layer).iter().flat_map(|rule| &rule.readers) {
                let cluster = reader.reasons.iter().filter(|reason| reason.is_cluster);
                let clusters: Vec<&str> = cluster.map(|reason| reason.environment.as_str()).collect();
                let _ = writeln!(text, "{} {} {clusters:?}", reader.name, reader.recipient);
            }
        }
        Some(sha256(text.as_bytes()))
    }
}

/// What packs and charts there are, and which `gen`: what the schema for editors is made of, besides names.
pub fn packs_and_charts(notes: &BTreeMap<String, String>) -> String {
    let mut text = format!("{ENGINE}\n");
    let is_meant =
        |path: &str| ["templates", CHARTS].iter().any(|folder| path.split('/').next() == Some(folder));
    for (path, what) in notes.iter().filter(|(path, _)| is_meant(path)) {
        let _ = writeln!(text, "{path} {what}");
    }
    sha256(text.as_bytes())
}

/// Does it count? Which environments and sealed files there are does not, each of them does; nor what `gen` writes beside
/// the trees.
fn counts(path: &str, what: &str) -> bool {
    let listed = path.is_empty() || path == "environments" || path.starts_with("environments/");
    !(listed && what.contains("Ok([")) && path != SOPS_CONFIG
}

/// The environment or layer whose alone a file is; what is everybody's has none.
fn owner(engine: &Engine, path: &str) -> Option<String> {
    if let Some(sealed) = SealedPath::parse(path) {
        return Some(sealed.owner);
    }
    let known = |name: &str| engine.project.environments.contains_key(name).then(|| name.to_owned());
    let ancestors =
        |path| std::iter::successors(Some(path), |path: &&str| path.rsplit_once('/').map(|(above, _)| above));
    if let Some(file) = path.strip_prefix("environments/") {
        return file.strip_suffix(".yaml").and_then(known);
    }
    ancestors(path.strip_prefix("fleet-out/")?).find_map(known)
}

/// What is remembered of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The key of what went in.
    pub key: String,
    /// The files that came out, as `write` found them afterwards.
    pub seen: String,
    /// Their paths, sorted.
    pub paths: Vec<TreePath>,
}

impl Memory {
    /// As text.
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEAD}\n{}\n{}\n", self.key, self.seen);
        for path in &self.paths {
            text.push_str(path.as_str());
            text.push('\n');
        }
        let hash = sha256(text.as_bytes());
        text.push_str(&hash);
        text.push('\n');
        text
    }

    /// Back from text; `None` if it is not whole, or of another version.
    pub fn parse(text: &str) -> Option<Self> {
        let (above, hash) = text.strip_suffix('\n')?.rsplit_once('\n')?;
        let above = format!("{above}\n");
        if sha256(above.as_bytes()) != hash {
            return None;
        }
        let mut lines = above.lines();
        let (head, key, seen) = (lines.next()?, lines.next()?.to_owned(), lines.next()?.to_owned());
        let paths: Option<Vec<TreePath>> = lines.map(|line| TreePath::new(line).ok()).collect();
        (head == HEAD).then_some(Self { key, seen, paths: paths? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{diag::Problems, load};

    const FLEET: &str =
        "source: {kind: GitRepository, url: \"https://example.com/x\", ref: {branch: main}}\n";

    fn files() -> BTreeMap<String, String> {
        let raw = "components: {a: {pack: raw, extra: {x: {apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: {$file: text}}}}}}\n";
        [
            ("environments/fleet.yaml", FLEET.to_owned()),
            ("environments/base.yaml", format!("abstract: true\n{raw}")),
            (
                "environments/one.yaml",
                "extends: [base]\ncluster: {name: one, domain: example.com}\n".to_owned(),
            ),
            ("environments/edge/two.yaml", "cluster: {name: two, domain: example.com}\n".to_owned()),
            ("environments/files/text", "a".to_owned()),
            ("templates/own/pack.yaml", "description: Own\nstage: apps\n".to_owned()),
        ]
        .map(|(path, text)| (path.to_owned(), text))
        .into()
    }

    /// The keys of `one` and `edge/two`.
    fn keys(files: &BTreeMap<String, String>, options: &str) -> [String; 2] {
        let memory: load::Memory = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let recorded = load::Recorded::new(&memory);
        let mut problems = Problems::new();
        let engine = Engine::open(&recorded, &mut problems).unwrap();
        let notes = recorded.notes();
        let keys = Keys::new(&engine, &notes, options);
        ["one", "edge/two"].map(|name| keys.of(name).unwrap())
    }

    #[test]
    fn a_key_changes_with_what_the_environment_is_made_of_and_with_nothing_else() {
        let before = keys(&files(), "");
        assert_eq!(before, keys(&files(), ""));
        let changed = |change: &dyn Fn(&mut BTreeMap<String, String>)| {
            let mut files = files();
            change(&mut files);
            let after = keys(&files, "");
            [0, 1].map(|at| before[at] != after[at])
        };
        let append = |path: &'static str| {
            move |files: &mut BTreeMap<String, String>| files.get_mut(path).unwrap().push_str("# more\n")
        };
        let add = |path: &'static str, text: &'static str| {
            move |files: &mut BTreeMap<String, String>| drop(files.insert(path.to_owned(), text.to_owned()))
        };
        assert_eq!(changed(&append("environments/one.yaml")), [true, false]);
        assert_eq!(changed(&append("environments/edge/two.yaml")), [false, true]);
        assert_eq!(changed(&append("environments/base.yaml")), [true, false]);
        assert_eq!(changed(&append("environments/fleet.yaml")), [true, true]);
        assert_eq!(changed(&append("environments/files/text")), [true, true]);
        assert_eq!(changed(&append("templates/own/pack.yaml")), [true, true]);
        assert_eq!(changed(&add("templates/own/a.yaml.j2", "")), [true, true]);
        assert_eq!(changed(&add("environments/three.yaml", "cluster: {name: three}\n")), [false, false]);
        assert_eq!(changed(&add("environments/secrets/one/a/x.sops.yaml", "a: b\n")), [true, false]);
        assert_eq!(changed(&add("environments/secrets/base/a/x.sops.yaml", "a: b\n")), [true, false]);
        assert_eq!(changed(&add("environments/secrets/edge/two/a/x.sops.yaml", "a: b\n")), [false, true]);
        assert_eq!(changed(&add(".sops.yaml", "creation_rules: []\n")), [false, false]);
        let own = "fleet-out/edge/two/cluster/flux-system/kustomization.yaml";
        assert_eq!(changed(&add(own, "resources: []\n")), [false, true]);
        assert!(before.iter().zip(keys(&files(), "x")).all(|(before, after)| *before != after));
    }

    #[test]
    fn who_can_open_is_part_of_the_key() {
        let secrets = |readers: &str| {
            let mut files = files();
            files.insert(
                "environments/fleet.yaml".to_owned(),
                format!("{FLEET}keys:\n  a: age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux\n  b: age1g3u0gmnwzlt5r0992tnd3z0z9x4ypt79mjnl2ak5kjr3ad366a6s2u3ehv\n"),
            );
            let three = format!(
                "extends: [base]\ncluster: {{name: three, domain: x.example.com}}\nsecrets: {{recipients: [{readers}]}}\n"
            );
            files.insert("environments/three.yaml".to_owned(), three);
            keys(&files, "")
        };
        // `one` reads the layer's files, which are sealed for `three` too.
        let (before, after) = (secrets("a"), secrets("b"));
        assert!(before[0] != after[0] && before[1] == after[1]);
    }

    #[test]
    fn what_is_remembered_comes_back_whole_or_not_at_all() {
        let paths = ["a.yaml", "b/c.yaml"].map(|path| TreePath::new(path).unwrap()).to_vec();
        let memory = Memory { key: "k".into(), seen: "s".into(), paths };
        let text = memory.to_text();
        assert_eq!(Memory::parse(&text), Some(memory));
        for wrong in [&text[..text.len() - 1], &text[1..], "", "\n", &text.replace("b/c", "b/d")] {
            assert_eq!(Memory::parse(wrong), None, "{wrong}");
        }
    }
}
