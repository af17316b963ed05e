//! Files outside of a tree: those of a new project, and what is expected of a pack's examples.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write},
    path::Path,
};

/// Writes a file that is not there yet, with its folders; `false` if something is there, which stays as it is.
///
/// # Errors
/// What the system says.
pub fn create(root: &Path, path: &str, bytes: &[u8]) -> io::Result<bool> {
    let target = root.join(path);
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).open(&target) {
        Ok(mut file) => file.write_all(bytes).map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes a folder hold exactly these files: for `expected/` of an example, which is generated whole.
///
/// # Errors
/// What the system says.
pub fn replace_folder(root: &Path, folder: &str, files: &BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    let folder = root.join(folder);
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for (path, bytes) in files {
        let target = folder.join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(target, bytes)?;
    }
    Ok(())
}
