//! Private keys of age where `sops` looks for them: variables, a command, files of the user's.

use super::{process, read_secret};
use crate::plain::Plain;
use std::{
    ffi::OsString,
    fs,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

/// A place where private keys may stand.
#[derive(Debug)]
pub struct KeyPlace {
    /// The variable or the file.
    pub name: String,
    /// What is there.
    pub holds: Holds,
}

/// What is at such a place.
#[derive(Debug)]
pub enum Holds {
    /// Nothing: the variable is not set, the file is not there.
    Nothing,
    /// The content of a file, or what a command printed.
    File(Plain),
    /// The content of a variable.
    Variable(Plain),
    /// A private key of SSH; it was not read.
    Ssh,
    /// It cannot be read: why, to be put behind the name.
    Unreadable(String),
}

/// The environment and the files that are asked.
struct Machine<'a> {
    variable: &'a dyn Fn(&str) -> Option<OsString>,
    is_macos: bool,
}

/// The places where `sops` looks, in its order.
pub fn key_places() -> Vec<KeyPlace> {
    Machine { variable: &|name| std::env::var_os(name), is_macos: cfg!(target_os = "macos") }.places()
}

/// The file that `sops` and `gen key new` take for the user's own keys: `sops/age/keys.txt` in the folder for
/// configuration. `None` without a home.
pub fn key_file() -> Option<PathBuf> {
    Machine { variable: &|name| std::env::var_os(name), is_macos: cfg!(target_os = "macos") }.key_file()
}

impl Machine<'_> {
    fn places(&self) -> Vec<KeyPlace> {
        let mut places = Vec::new();
        let mut place = |name: String, holds| places.push(KeyPlace { name, holds });
        let set = |name: &str| (self.variable)(name).filter(|value| !value.is_empty());
        place(
            "SOPS_AGE_KEY".to_owned(),
            set("SOPS_AGE_KEY").map_or(Holds::Nothing, |keys| Holds::Variable(Plain::new(keys.into_vec()))),
        );
        match set("SOPS_AGE_KEY_FILE").map(PathBuf::from) {
            None => place("SOPS_AGE_KEY_FILE".to_owned(), Holds::Nothing),
            Some(path) => {
                place(path.display().to_string(), read(&path, "is named by `SOPS_AGE_KEY_FILE`, and "))
            }
        }
        place(
            "SOPS_AGE_KEY_CMD".to_owned(),
            set("SOPS_AGE_KEY_CMD").map_or(Holds::Nothing, |command| run(&command.to_string_lossy())),
        );
        if let Some(path) = self.key_file() {
            let holds = if path.exists() { read(&path, "") } else { Holds::Nothing };
            place(path.display().to_string(), holds);
        }
        for name in ["SOPS_AGE_SSH_PRIVATE_KEY_FILE", "SOPS_AGE_SSH_PRIVATE_KEY_CMD"] {
            if set(name).is_some() {
                place(name.to_owned(), Holds::Ssh);
            }
        }
        for name in ["id_ed25519", "id_rsa"] {
            let path = set("HOME").map(|home| PathBuf::from(home).join(".ssh").join(name));
            if let Some(path) = path.filter(|path| path.is_file()) {
                place(path.display().to_string(), Holds::Ssh);
            }
        }
        places
    }

    fn key_file(&self) -> Option<PathBuf> {
        let folder = |name: &str| (self.variable)(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let below = if self.is_macos { "Library/Application Support" } else { ".config" };
        let base = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(below)))?;
        Some(base.join("sops/age/keys.txt"))
    }
}

fn read(path: &Path, why: &str) -> Holds {
    match read_secret(path) {
        Ok(content) => Holds::File(content),
        Err(error) => Holds::Unreadable(format!("{why}{error}")),
    }
}

/// What a command prints, split into words as a shell would, without one.
fn run(command: &str) -> Holds {
    let printed = process::words(command).and_then(|words| process::output(&words));
    match printed {
        Ok(printed) => Holds::File(printed),
        Err(error) => Holds::Unreadable(error),
    }
}

/// Makes a new file that only its owner can read, with the folders it is in; `false` if something is there, which stays
/// as it is.
///
/// # Errors
/// What the system says.
pub fn create_private(path: &Path, content: &Plain) -> std::io::Result<bool> {
    use std::{
        io::Write,
        os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Ok(mut file) => file.write_all(content).and_then(|()| file.sync_all()).map(|()| true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}
