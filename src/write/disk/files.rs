//! Files outside of a tree: those of a new project, single ones, and what is expected of a pack's examples.

use super::{look, said_failed, said_link, see_to_it};
use crate::diag::Diagnostic;
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

/// The id of the error that something else stands by now where a file is to be put.
pub const CHANGED: &str = "write/changed";

/// What temporary names begin with; `.gitignore` knows it.
const TEMPORARY: &str = ".gen-tmp-";

/// What the system said of a single file, which then is what it was: no other run completes it.
fn failed(shown: &str, doing: &str, path: &Path, error: &io::Error) -> Box<Diagnostic> {
    said_failed(shown, (doing, path), error, &format!("`{shown}` is as it was"), see_to_it(error))
}

fn link(path: &Path) -> Box<Diagnostic> {
    said_link(path, "put a file or folder of its own in the place of the link")
}

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
    if let Some(after) = after {
        return Beside::write(root, path, before, after)?.put_durably();
    }
    let target = root.join(path);
    if standing(root, &target, path)?.is_none() {
        return Ok(());
    }
    unchanged(root, &target, path, before)?;
    fs::remove_file(&target).map_err(|error| failed(path, "delete", &target, &error))
}

/// Makes a file what it is to be, whatever stands there; its folder and that of `root` are made if they are not there.
/// `false` if it is that already.
///
/// # Errors
/// As [`replace`].
pub fn put(root: &Path, path: &str, bytes: &[u8]) -> Result<bool, Box<Diagnostic>> {
    fs::create_dir_all(root).map_err(|error| failed(path, "make the folder", root, &error))?;
    let before = standing(root, &root.join(path), path)?;
    replace(root, path, before.as_deref(), Some(bytes))?;
    Ok(before.as_deref() != Some(bytes))
}

/// A file that is written beside its place: many can be written, made durable by one [`flush`](super::flush), and then
/// each be put in its place. One that is not put leaves nothing.
#[derive(Debug)]
pub struct Beside<'p> {
    root: &'p Path,
    path: &'p str,
    before: Option<&'p [u8]>,
    target: PathBuf,
    /// Absent where the file stands there already.
    temporary: Option<(PathBuf, File)>,
}

impl<'p> Beside<'p> {
    /// Writes the bytes that are to stand at a path; `before` is what must stand there.
    ///
    /// # Errors
    /// As [`replace`].
    pub fn write(
        root: &'p Path,
        path: &'p str,
        before: Option<&'p [u8]>,
        after: &[u8],
    ) -> Result<Self, Box<Diagnostic>> {
        let target = root.join(path);
        let mut beside = Self { root, path, before, target, temporary: None };
        let there = standing(root, &beside.target, path)?;
        if there.as_deref() == Some(after) {
            return Ok(beside);
        }
        folders(root, path)?;
        let name = beside.target.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let temporary = beside.target.with_file_name(format!("{TEMPORARY}{}", name.trim_start_matches('.')));
        let file = hold(&temporary, &beside.target, path)?;
        let (_, file) = beside.temporary.insert((temporary, file));
        same(path, there.as_deref(), before)?;
        let fail = |error: io::Error| failed(path, "write", &beside.target, &error);
        file.set_len(0).and_then(|()| file.write_all(after)).map_err(fail)?;
        if let Ok(there) = fs::metadata(&beside.target) {
            file.set_permissions(there.permissions()).map_err(fail)?;
        }
        Ok(beside)
    }

    /// Puts the file in its place; call it after a [`flush`](super::flush).
    ///
    /// # Errors
    /// As [`replace`].
    pub fn put(mut self) -> Result<(), Box<Diagnostic>> {
        let Some((temporary, _)) = &self.temporary else { return Ok(()) };
        unchanged(self.root, &self.target, self.path, self.before)?;
        fs::rename(temporary, &self.target)
            .map_err(|error| failed(self.path, "replace", &self.target, &error))?;
        self.temporary = None;
        Ok(())
    }

    /// The same, with a flush of its own.
    fn put_durably(self) -> Result<(), Box<Diagnostic>> {
        let Some((_, file)) = &self.temporary else { return Ok(()) };
        file.sync_all().map_err(|error| failed(self.path, "write", &self.target, &error))?;
        let target = self.target.clone();
        self.put()?;
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        // The file is in place: a folder that cannot be flushed is no reason to say otherwise.
        let _ = File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

impl Drop for Beside<'_> {
    fn drop(&mut self) {
        // Ours as long as the lock on it is held.
        if let Some((temporary, _file)) = self.temporary.take() {
            let _ = fs::remove_file(temporary);
        }
    }
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

/// The temporary file, made or left over, once no other run has it.
fn hold(temporary: &Path, target: &Path, path: &str) -> Result<File, Box<Diagnostic>> {
    let fail = |error: io::Error| {
        let said = failed(path, "write", target, &error);
        match fs::symlink_metadata(temporary) {
            Ok(_) => Box::new(said.because(format!("`{}` is in its way", temporary.display()))),
            Err(_) => said,
        }
    };
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

/// The bytes at a path; `None` if there is nothing. Neither it nor a folder on the way from the root may be a link.
fn standing(root: &Path, target: &Path, path: &str) -> Result<Option<Vec<u8>>, Box<Diagnostic>> {
    let below = target.ancestors().take_while(|above| *above != root && !above.as_os_str().is_empty());
    if let Some(found) = below.filter(|at| fs::symlink_metadata(at).is_ok_and(|m| m.is_symlink())).last() {
        return Err(link(found));
    }
    match fs::read(target) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, "read", target, &error)),
    }
}

/// Does what was read still stand there?
fn unchanged(root: &Path, target: &Path, path: &str, before: Option<&[u8]>) -> Result<(), Box<Diagnostic>> {
    same(path, standing(root, target, path)?.as_deref(), before)
}

fn same(path: &str, there: Option<&[u8]>, before: Option<&[u8]>) -> Result<(), Box<Diagnostic>> {
    if there == before {
        return Ok(());
    }
    Err(changed_meanwhile(path))
}

pub(super) fn changed_meanwhile(path: &str) -> Box<Diagnostic> {
    let message = format!("`{path}` was changed while `gen` ran");
    Box::new(Diagnostic::error(CHANGED, message).help("run it again"))
}

/// Makes the files of a folder, by their paths in it, other ones: for `expected/` of an example. What neither `before`
/// nor `after` names stays; folders that become empty go. Nothing is written before all that is to be replaced was found
/// to be what `before` says, without a link on the way.
///
/// # Errors
/// As [`replace`].
pub fn replace_files(
    root: &Path,
    folder: &str,
    before: &BTreeMap<String, Vec<u8>>,
    after: &BTreeMap<String, Vec<u8>>,
) -> Result<(), Box<Diagnostic>> {
    let gone = before.keys().filter(|path| !after.contains_key(*path));
    let changed: Vec<(&String, String)> = gone
        .chain(after.keys())
        .filter(|path| before.get(*path) != after.get(*path))
        .map(|path| (path, format!("{folder}/{path}")))
        .collect();
    let old = |path: &String| before.get(path).map(Vec::as_slice);
    for (path, whole) in &changed {
        unchanged(root, &root.join(whole), whole, old(path))?;
    }
    for (path, whole) in &changed {
        let new = after.get(*path).map(Vec::as_slice);
        replace(root, whole, old(path), new)?;
        if new.is_none() {
            // One that holds something else stays.
            let above = Path::new(path.as_str()).ancestors().skip(1).filter(|at| !at.as_os_str().is_empty());
            above.for_each(|empty| drop(fs::remove_dir(root.join(folder).join(empty))));
        }
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
        assert_eq!((put(root, ".a", b"2").unwrap(), put(root, "b/c", b"1").unwrap()), (false, true));
        assert!(put(&root.join("b"), "c", b"2").unwrap());
        assert_eq!(fs::read(root.join("b/c")).unwrap(), b"2");
        fs::remove_dir_all(root.join("b")).unwrap();
        assert_eq!(id(replace(root, ".a", Some(b"2"), None)), Ok(()));
        assert_eq!(id(replace(root, ".a", Some(b"2"), None)), Ok(()), "it is gone already");
        assert!(names().is_empty());
    }

    #[test]
    fn what_is_written_beside_is_put_or_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let count = || fs::read_dir(root).unwrap().count();
        fs::write(root.join("a"), "1").unwrap();
        let write = |path| Beside::write(root, path, Some(b"1"), b"2").map_err(|problem| problem.id);
        let beside = write("a").unwrap();
        assert_eq!((fs::read(root.join("a")).unwrap(), count()), (b"1".to_vec(), 2));
        beside.put().unwrap();
        assert_eq!((fs::read(root.join("a")).unwrap(), count()), (b"2".to_vec(), 1));
        write("a").unwrap().put().unwrap();
        assert_eq!(write("b").unwrap_err(), "write/changed");
        fs::write(root.join("a"), "1").unwrap();
        let late = write("a").unwrap();
        fs::write(root.join("a"), "3").unwrap();
        assert_eq!(late.put().unwrap_err().id, "write/changed");
        assert_eq!((fs::read(root.join("a")).unwrap(), count()), (b"3".to_vec(), 1));
    }

    /// A single file is not completed by another run, and no `--out` puts it elsewhere.
    #[test]
    fn what_fails_leaves_the_file_as_it_was_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "1").unwrap();
        let said = replace(folder.path(), "file/a", None, Some(b"2")).unwrap_err();
        assert_eq!(said.id, "write/failed");
        assert_eq!(said.because, ["`file/a` is as it was"]);
        assert_eq!(said.help, ["see to it, and run again"]);
        let denied = failed("a", "replace", Path::new("a"), &ErrorKind::PermissionDenied.into());
        assert!(!denied.help[0].contains("--out"), "{denied:?}");
        // What is written beside it is named only if it is in the way.
        fs::create_dir(folder.path().join(".gen-tmp-b")).unwrap();
        let (target, beside) = (folder.path().join("b"), folder.path().join(".gen-tmp-b"));
        let said = replace(folder.path(), "b", None, Some(b"2")).unwrap_err();
        assert!(said.message.starts_with(&format!("cannot write `{}`: ", target.display())), "{said:?}");
        assert_eq!(
            said.because,
            ["`b` is as it was".into(), format!("`{}` is in its way", beside.display())]
        );
        fs::remove_dir(&beside).unwrap();
        let root = folder.path().join("file");
        let said = replace(&root, "b", None, Some(b"2")).unwrap_err();
        assert!(!format!("{said:?}").contains("gen-tmp"), "{said:?}");
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
        let before = BTreeMap::from([("a".to_owned(), b"x".to_vec())]);
        let said = replace_files(folder.path(), ".", &before, &BTreeMap::new()).map_err(|problem| problem.id);
        assert_eq!(said, Err("write/link"));
        assert!(folder.path().join("a").is_symlink());
    }

    #[test]
    fn files_of_a_folder_are_replaced_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let files = |list: &[(&str, &str)]| {
            list.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
        };
        let (old, new) =
            (files(&[("a/x", "1"), ("b/y", "1"), ("c/z", "1")]), files(&[("a/x", "2"), ("d", "1")]));
        replace_files(root, "e", &files(&[]), &old).unwrap();
        fs::write(root.join("e/c/own"), "mine").unwrap();
        fs::write(root.join("e/d"), "mine").unwrap();
        let said = replace_files(root, "e", &old, &new).map_err(|problem| problem.id);
        assert_eq!(said, Err("write/changed"), "a file of somebody stands where one is to be");
        assert_eq!(fs::read(root.join("e/a/x")).unwrap(), b"1");
        fs::remove_file(root.join("e/d")).unwrap();
        replace_files(root, "e", &old, &new).unwrap();
        assert_eq!(fs::read(root.join("e/a/x")).unwrap(), b"2");
        assert!(!root.join("e/b").exists() && !root.join("e/c/z").exists());
        assert_eq!(fs::read(root.join("e/c/own")).unwrap(), b"mine");
    }

    #[test]
    fn folders_are_made() {
        let folder = tempfile::tempdir().unwrap();
        replace(folder.path(), "a/b/c", None, Some(b"1")).unwrap();
        replace(folder.path(), "a/b/d", None, Some(b"2")).unwrap();
        assert_eq!(fs::read(folder.path().join("a/b/c")).unwrap(), b"1");
    }
}
