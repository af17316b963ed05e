//! What all judges share: programs, a temporary folder, and trees rendered by the `gen` that was just built.

use crate::{
    outside::Outside,
    programs::Programs,
    trees::{self, Tree},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Lives as long as the suite; its folder vanishes with it.
pub(crate) struct Context {
    pub(crate) programs: Programs,
    /// Where judges would ask who look for something outside this machine.
    pub(crate) outside: Outside,
    /// `GEN_JUDGES=required`: a missing judge fails.
    pub(crate) required: bool,
    scratch: tempfile::TempDir,
    numbers: AtomicUsize,
    fleet: OnceLock<PathBuf>,
    trees: OnceLock<Vec<Tree>>,
}

impl Context {
    pub(crate) fn new() -> Self {
        Self {
            programs: Programs::new(),
            outside: Outside::new(),
            required: std::env::var_os("GEN_JUDGES").is_some_and(|value| value == "required"),
            scratch: tempfile::Builder::new().prefix("gen-conformance-").tempdir().unwrap(),
            numbers: AtomicUsize::new(0),
            fleet: OnceLock::new(),
            trees: OnceLock::new(),
        }
    }

    /// This repository.
    pub(crate) fn root(&self) -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    /// A new empty folder of one's own; the name is for people.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let folder = self.scratch.path().join(format!("{number}-{}", name.replace('/', "-")));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// A program of a judge, with a cleared environment, a home of its own, and no way out of this machine.
    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = self.programs.command(name, self.scratch.path());
        self.outside.keep(&mut command);
        command
    }

    /// Runs `gen` in a folder, with a cleared environment.
    pub(crate) fn run_gen(&self, folder: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gen"));
        command.current_dir(folder).env_clear().env("HOME", self.scratch.path());
        self.outside.keep(&mut command).args(arguments).output().unwrap()
    }

    /// Runs `gen`, which must succeed.
    pub(crate) fn must_gen(&self, folder: &Path, arguments: &[&str]) -> String {
        let output = self.run_gen(folder, arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "gen {}: {}", arguments.join(" "), text(&output.stderr));
        text(&output.stdout)
    }

    /// What `gen` finds in an environment `one` with this component, by the ids of its findings, sorted; nothing is
    /// written.
    pub(crate) fn findings(&self, component: &str) -> Vec<String> {
        let project = self.folder("findings");
        let cluster = "cluster: {name: one, domain: one.example.com, provides: [example.com]}";
        let indented: String = component.lines().map(|line| format!("    {line}\n")).collect();
        let fleet = "source: {kind: GitRepository, url: \"https://example.com/fleet\", ref: {branch: main}}\n\
                     flux: {version: \"2.9\", sync: none}\n";
        let one = format!("kubernetes: \"1.34\"\n{cluster}\ncomponents:\n  it:\n{indented}");
        fs::create_dir(project.join("environments")).unwrap();
        fs::write(project.join("environments/fleet.yaml"), fleet).unwrap();
        fs::write(project.join("environments/one.yaml"), one).unwrap();
        let said = self.run_gen(&project, &["render", "one", "--check", "--format", "json"]);
        let said: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
        let findings = said["findings"].as_array().unwrap().iter();
        let mut ids: Vec<String> = findings.map(|said| said["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    }

    /// The same of a component that brings just this object.
    pub(crate) fn findings_of(&self, object: &str) -> Vec<String> {
        let indented: String = object.lines().map(|line| format!("    {line}\n")).collect();
        self.findings(&format!("pack: raw\nextra:\n  it:\n{indented}"))
    }

    /// The example fleet of this repository, rendered anew: the folder that holds a folder an environment.
    pub(crate) fn fleet(&self) -> &Path {
        self.fleet.get_or_init(|| {
            let out = self.folder("fleet").join("fleet-out");
            self.must_gen(self.root(), &["render", "--all", "--out", out.to_str().unwrap()]);
            out
        })
    }

    /// Every tree that is judged, rendered once.
    pub(crate) fn trees(&self) -> &[Tree] {
        self.trees.get_or_init(|| trees::all(self))
    }

    /// The tree of this name.
    pub(crate) fn tree(&self, name: &str) -> &Tree {
        self.trees()
            .iter()
            .find(|tree| tree.name == name)
            .unwrap_or_else(|| panic!("there is no tree {name}"))
    }

    /// Names of the environments of the example fleet, sorted, with their trees.
    pub(crate) fn environments(&self) -> Vec<(String, PathBuf)> {
        let list = self.must_gen(self.root(), &["list", "--format", "json"]);
        let list: serde_json::Value = serde_json::from_str(&list).unwrap();
        let names =
            list["environments"].as_array().unwrap().iter().map(|e| e["name"].as_str().unwrap().to_owned());
        names.map(|name| (name.clone(), self.fleet().join(&name))).collect()
    }
}

/// Does a judge say yes?
///
/// # Errors
/// All that it says otherwise.
pub(crate) fn agrees(command: &mut Command) -> Result<(), String> {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = || String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() { Ok(()) } else { Err(said()) }
}

/// Runs a command that must succeed; its standard output.
pub(crate) fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?} says {}: {}", output.status, text(&output.stderr));
    text(&output.stdout)
}
