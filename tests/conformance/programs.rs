//! Where the judges' programs are: in the folders that `conformance/judges/build` and `conformance/language-server/install`
//! fill, else on the machine.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
};

/// Programs by name.
pub(crate) struct Programs {
    folder: Option<PathBuf>,
    /// Where npm puts programs.
    node_modules: Option<PathBuf>,
    found: Mutex<BTreeMap<String, Option<PathBuf>>>,
}

impl Programs {
    pub(crate) fn new() -> Self {
        let node_modules = printed("conformance/language-server/install").map(|dir| dir.join("node_modules"));
        Self { folder: printed("conformance/judges/build"), node_modules, found: Mutex::default() }
    }

    /// The programs that are not there. `python3-yaml` is python3 with PyYAML.
    pub(crate) fn missing(&self, names: &[&'static str]) -> Vec<&'static str> {
        names.iter().copied().filter(|name| self.find(name).is_none()).collect()
    }

    /// The path of a program that the judge has named.
    ///
    /// # Panics
    /// If it is not there.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.find(name).unwrap_or_else(|| panic!("no {name} (just judges)"))
    }

    /// A program to run, with nothing of the user's environment but `PATH`, and a home that vanishes.
    pub(crate) fn command(&self, name: &str, home: &Path) -> Command {
        let mut command = Command::new(self.path(name));
        command.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    /// A file or folder that is built beside the programs, such as `schemas/`.
    pub(crate) fn beside(&self, name: &str) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(name)).filter(|path| path.exists())
    }

    /// The pinned version of a program of ours; of others, that they are the machine's.
    pub(crate) fn version(&self, name: &str) -> String {
        let package = self.node_modules.as_ref().map(|dir| dir.join(name).join("package.json"));
        if let Some(text) = package.and_then(|file| fs::read_to_string(file).ok()) {
            let package: serde_json::Value = serde_json::from_str(&text).unwrap();
            return format!("v{}", package["version"].as_str().unwrap());
        }
        let list = self.beside("versions").map(|file| fs::read_to_string(file).unwrap()).unwrap_or_default();
        let line = list.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or_else(|| "the machine's".to_owned(), str::to_owned)
    }

    fn find(&self, name: &str) -> Option<PathBuf> {
        let mut found = self.found.lock().unwrap();
        found.entry(name.to_owned()).or_insert_with(|| self.look(name)).clone()
    }

    fn look(&self, name: &str) -> Option<PathBuf> {
        if name == "python3-yaml" {
            let python = on_path("python3")?;
            let good = Command::new(&python).args(["-c", "import yaml"]).output().ok()?.status.success();
            return good.then_some(python);
        }
        let ours = self.folder.as_ref().map(|folder| folder.join(name)).filter(|path| path.is_file());
        let installed = self.node_modules.as_ref().map(|dir| dir.join(".bin").join(name));
        ours.or(installed.filter(|path| path.is_file())).or_else(|| on_path(name))
    }
}

/// The folder that a script of ours fills.
fn printed(script: &str) -> Option<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    let output =
        Command::new(script).arg("--print-dir").output().ok().filter(|output| output.status.success())?;
    Some(PathBuf::from(String::from_utf8(output.stdout).unwrap().trim()))
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}
