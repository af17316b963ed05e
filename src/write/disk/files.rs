//! Files outside of a tree: those of a new project, single ones, and what is expected of a pack's examples.

use super::{failed, link, look};
use crate::diag::Diagnostic;
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    path::Path,
};

/// What temporary names begin with; `.gitignore` knows it.
const TEMPORARY: &str = ".gen-tmp-";

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

/// Replaces a file of a project whole or not at all, also when the process is killed: `before` is what must stand there,
/// absent for nothing, and `after` what is to stand there. Folders that are missing are made. No symbolic link below
/// `root` is followed.
///
/// # Errors
/// `write/changed` if something else stands there by now, `write/link` for a symbolic link, `write/failed`.
pub fn replace(
    root: &Path,
    path: &str,
    before: Option<&[u8]>,
    after: Option<&[u8]>,
) -> Result<(), Box<Diagnostic>> {
    folders(root, path)?;
    let target = root.join(path);
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let temporary = target.with_file_name(format!("{TEMPORARY}{}", name.trim_start_matches('.')));
    let mut file = hold(&temporary, path)?;
    let put = put(&target, path, (&temporary, &mut file), before, after);
    if !matches!(put, Ok(Put::Replaced)) {
        // Ours as long as the lock on it is held.
        let _ = fs::remove_file(&temporary);
    }
    put.map(|_| ())
}

/// Makes the folders that a file is in.
fn folders(root: &Path, path: &str) -> Result<(), Box<Diagnostic>> {
    let mut folder = root.to_owned();
    for part in Path::new(path).parent().into_iter().flat_map(Path::components) {
        folder.push(part);
        match fs::symlink_metadata(&folder) {
            Ok(found) if found.is_symlink() => return Err(link(&folder)),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => match fs::create_dir(&folder) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    return Err(failed(path, "make the folder", &folder, &error));
                }
                _ => {}
            },
            Err(error) => return Err(failed(path, "look at", &folder, &error)),
        }
    }
    Ok(())
}

/// What became of the temporary file.
enum Put {
    Replaced,
    Left,
}

/// The temporary file, made or left over, once no other run has it.
fn hold(temporary: &Path, path: &str) -> Result<File, Box<Diagnostic>> {
    let fail = |error: io::Error| failed(path, "write beside", temporary, &error);
    for _ in 0..8 {
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(temporary).map_err(fail)?;
        // A file system without locks has no other run to wait for.
        let _ = file.lock();
        let held = file.metadata().map_err(fail)?;
        match fs::symlink_metadata(temporary) {
            Ok(there) if there.is_symlink() => return Err(link(temporary)),
            Ok(there) if look::inode(&there) == look::inode(&held) => return Ok(file),
            _ => {}
        }
    }
    Err(fail(ErrorKind::NotFound.into()))
}

fn put(
    target: &Path,
    path: &str,
    (temporary, file): (&Path, &mut File),
    before: Option<&[u8]>,
    after: Option<&[u8]>,
) -> Result<Put, Box<Diagnostic>> {
    let fail = |doing: &'static str| move |error: io::Error| failed(path, doing, target, &error);
    let standing = match fs::symlink_metadata(target) {
        Ok(found) if found.is_symlink() => return Err(link(target)),
        Ok(_) => Some(fs::read(target).map_err(fail("read"))?),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(fail("look at")(error)),
    };
    if standing.as_deref() == after {
        return Ok(Put::Left);
    }
    if standing.as_deref() != before {
        let message = format!("`{path}` was changed while `gen` ran");
        return Err(Box::new(Diagnostic::error("write/changed", message).help("run it again")));
    }
    let Some(bytes) = after else {
        return fs::remove_file(target).map(|()| Put::Left).map_err(fail("delete"));
    };
    file.set_len(0).and_then(|()| file.write_all(bytes)).map_err(fail("write beside"))?;
    if let Ok(there) = fs::metadata(target) {
        file.set_permissions(there.permissions()).map_err(fail("write beside"))?;
    }
    file.sync_all().and_then(|()| fs::rename(temporary, target)).map_err(fail("replace"))?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    // The file is in place: a folder that cannot be flushed is no reason to say otherwise.
    let _ = File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all());
    Ok(Put::Replaced)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_only_if_it_is_what_was_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let names = || {
            let mut names: Vec<_> = fs::read_dir(root).unwrap().map(|e| e.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let id = |result: Result<(), Box<Diagnostic>>| result.map_err(|problem| problem.id);
        assert_eq!(id(replace(root, ".a", None, Some(b"1"))), Ok(()));
        assert_eq!(fs::read(root.join(".a")).unwrap(), b"1");
        assert_eq!(id(replace(root, ".a", None, Some(b"2"))), Err("write/changed"));
        assert_eq!(id(replace(root, ".a", Some(b"0"), Some(b"2"))), Err("write/changed"));
        assert_eq!(id(replace(root, ".a", Some(b"0"), Some(b"1"))), Ok(()), "it stands there already");
        fs::write(root.join(".gen-tmp-a"), "left by a run that was killed, and longer").unwrap();
        assert_eq!(id(replace(root, ".a", Some(b"1"), Some(b"2"))), Ok(()));
        assert_eq!(fs::read(root.join(".a")).unwrap(), b"2");
        assert_eq!(names(), [".a"]);
        assert_eq!(id(replace(root, ".a", Some(b"2"), None)), Ok(()));
        assert_eq!(id(replace(root, ".a", Some(b"2"), None)), Ok(()), "it is gone already");
        assert!(names().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_written_through() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let outside = elsewhere.path().join("x");
        fs::write(&outside, "x").unwrap();
        for name in ["a", ".gen-tmp-b"] {
            std::os::unix::fs::symlink(&outside, folder.path().join(name)).unwrap();
        }
        for name in ["a", "b"] {
            let said = replace(folder.path(), name, Some(b"x"), Some(b"y")).map_err(|problem| problem.id);
            assert_eq!(said, Err("write/link"));
        }
        assert_eq!(fs::read(&outside).unwrap(), b"x");
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("c")).unwrap();
        let said = replace(folder.path(), "c/x", Some(b"x"), Some(b"y")).map_err(|problem| problem.id);
        assert_eq!(said, Err("write/link"));
        assert_eq!(fs::read(&outside).unwrap(), b"x");
    }

    #[test]
    fn folders_are_made() {
        let folder = tempfile::tempdir().unwrap();
        replace(folder.path(), "a/b/c", None, Some(b"1")).unwrap();
        replace(folder.path(), "a/b/d", None, Some(b"2")).unwrap();
        assert_eq!(fs::read(folder.path().join("a/b/c")).unwrap(), b"1");
    }
}
