//! A temporary project and the real binary with a cleared environment.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// A folder that vanishes.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn root(&self) -> PathBuf {
        let project = self.folder.path().join("project");
        fs::create_dir_all(&project).unwrap();
        project
    }

    pub(crate) fn write(&self, path: &str, text: &[u8]) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap_or_else(|_| "(there is none)\n".to_owned())
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.root().join(path);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }

    /// Replaces a text in a file that has it.
    pub(crate) fn edit(&self, path: &str, old: &str, new: &str) {
        let file = self.root().join(path);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(old), "{path} has no `{old}`");
        fs::write(file, text.replace(old, new)).unwrap();
    }

    /// Runs `gen` with these arguments in the project.
    pub(crate) fn gen_(&self, arguments: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_gen")).args(arguments).output().unwrap()
    }

    /// A program to run in the project, with a cleared environment; its standard streams are pipes.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.root())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("XDG_CACHE_HOME", self.folder.path().join("cache"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// All files under a folder as one text: `=== path`, then the content. Sorted.
    pub(crate) fn tree(&self, folder: &str) -> String {
        let root = self.root().join(folder);
        let mut files = Vec::new();
        walk(&root, &mut files);
        files.sort();
        let mut text = String::new();
        for file in files {
            let name = file.strip_prefix(&root).unwrap().to_str().unwrap();
            if name == ".gen-inventory" {
                continue;
            }
            let content = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
            text.push_str(&format!("=== {name}\n{content}"));
            if !content.ends_with('\n') {
                text.push_str("\n(no final newline)\n");
            }
        }
        text
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

/// Is a signal ignored by what the tests start? Known where there is a /proc.
pub(crate) fn ignores(signal: rustix::process::Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask >> (signal.as_raw() - 1) & 1 == 1
}
