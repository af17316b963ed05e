//! Compares what is on disk with a rendered tree: what to write, and what forbids it. Pure: the disk was read
//! before.

use super::{
    Change, Changes, INVENTORY, Writing,
    claim::{Claim, claim},
    edited,
    inventory::{Entry, Inventory},
};
use crate::{
    diag::{Diagnostic, Problems, Severity, list},
    hash::sha256,
    name::folded,
    tree::{File, Tree, TreePath},
};
use std::collections::{BTreeMap, BTreeSet};

/// The part of a folder on disk that matters to a render: the inventory and what stands at the paths that are
/// recorded or rendered.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The folder as people know it, `fleet-out/prod`.
    pub shown: String,
    /// The text of the inventory, if there is one.
    pub inventory: Option<Vec<u8>>,
    /// What stands at a path; a path where nothing is has no entry.
    pub found: BTreeMap<TreePath, Found>,
    /// Are there temporary files of a killed run?
    pub leftovers: bool,
}

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A file with these bytes.
    File(Vec<u8>),
    /// A folder: the paths of what is in it at any depth, first everything that is no folder, then the folders,
    /// deepest first.
    Folder(Vec<TreePath>, Vec<TreePath>),
    /// A symbolic link, here or at a folder on the way; which.
    Link(String),
    /// A file stands where a folder on the way should be; which.
    Blocked(TreePath),
    /// A socket, a device.
    Other,
    /// It cannot be read; why.
    Unreadable(String),
}

/// Compares. Files of ours that were edited by hand are errors unless `force`; files that are not ours where we must
/// write are errors always. With an error the changes are for showing only: staging them is refused.
pub fn plan(state: State, tree: &Tree, force: bool, problems: &mut Problems) -> Changes {
    let State { shown, inventory, found, leftovers } = state;
    let (recorded, damaged) = inventory.as_deref().map(Inventory::parse).unwrap_or_default();
    let mut said = Problems::new();
    if damaged {
        said.push(rebuilt(&shown));
    }
    refuse_names(tree, &shown, &mut said);
    let mut plan = Plan {
        changes: Changes {
            shown,
            list: Vec::new(),
            unchanged: 0,
            after: Writing {
                pending: recorded.clone(),
                inventory_before: inventory,
                leftovers,
                ..Writing::default()
            },
        },
        recorded,
        found,
        force,
        problems: said,
        foreign: Vec::new(),
        line_endings: 0,
        conflicts: Vec::new(),
    };
    for (path, file) in tree.files() {
        plan.rendered(path, file, tree);
    }
    for (path, entry) in plan.recorded.clone().iter().filter(|(path, _)| tree.get(path.as_str()).is_none()) {
        plan.stale(path, entry);
    }
    plan.finish(problems)
}

struct Plan {
    changes: Changes,
    recorded: Inventory,
    found: BTreeMap<TreePath, Found>,
    force: bool,
    problems: Problems,
    foreign: Vec<Diagnostic>,
    line_endings: usize,
    conflicts: Vec<TreePath>,
}

impl Plan {
    fn name(&self, path: &TreePath) -> String {
        format!("{}/{path}", self.changes.shown)
    }

    /// A file that this render writes.
    fn rendered(&mut self, path: &TreePath, file: &File, tree: &Tree) {
        let hash = sha256(&file.bytes);
        self.changes.after.recorded.record(path, &file.owner, &hash);
        let before = match self.found.remove(path) {
            None => None,
            Some(Found::File(bytes)) => {
                if !self.may_replace(path, file, &bytes) {
                    return;
                }
                Some(bytes)
            }
            Some(other) => {
                if !self.makes_way(path, file, other, tree) {
                    return;
                }
                None
            }
        };
        self.changes.after.pending.record(path, &file.owner, &hash);
        if before.as_deref() == Some(&file.bytes) {
            self.changes.unchanged += 1;
            return;
        }
        let (owner, after) = (file.owner.clone(), Some(file.bytes.clone()));
        self.changes.list.push(Change { path: path.clone(), owner, before, after });
    }

    fn may_replace(&mut self, path: &TreePath, file: &File, bytes: &[u8]) -> bool {
        match claim(bytes, self.recorded.get(path), Some(&file.bytes)) {
            Claim::Same => return true,
            Claim::Ours => {}
            Claim::LineEndings => self.line_endings += 1,
            Claim::Conflict => self.conflicts.push(path.clone()),
            Claim::Edited if self.force => {}
            Claim::Edited => self.problems.push(edited::rendered(&self.name(path), bytes, file)),
            Claim::Foreign => {
                self.foreign(path, file, "a file that `gen` did not write stands where it must write one");
                return false;
            }
        }
        // An interrupted `--force` is completed without it.
        self.changes.after.pending.record(path, &file.owner, &sha256(bytes));
        true
    }

    /// Something that is no file stands at a path to write: can it make way?
    fn makes_way(&mut self, path: &TreePath, file: &File, found: Found, tree: &Tree) -> bool {
        let stale = |p: &TreePath| self.recorded.get(p).is_some() && tree.get(p.as_str()).is_none();
        match found {
            Found::Folder(files, folders) if files.iter().all(stale) => {
                self.changes.after.in_the_way.extend(folders);
                self.changes.after.in_the_way.push(path.clone());
                return true;
            }
            Found::Blocked(by) if stale(&by) => return true,
            Found::Folder(files, _) => {
                let strange = files.iter().find(|p| !stale(p)).map(|p| self.name(p)).unwrap_or_default();
                let message = format!("a folder with `{strange}` in it stands where `gen` must write a file");
                self.foreign(path, file, &message);
            }
            Found::Blocked(by) => {
                let message = format!("the file `{}` stands where `gen` needs a folder", self.name(&by));
                self.foreign(path, file, &message);
            }
            Found::Link(link) => self.problems.push(
                Diagnostic::error(
                    "write/link",
                    format!("`{link}` is a symbolic link; `gen` writes through none"),
                )
                .output(self.name(path))
                .label(file.place, "this is what would be written there")
                .help("remove the link, or write elsewhere with `--out DIR`"),
            ),
            Found::Other => {
                self.foreign(path, file, "something that is no file stands where `gen` must write")
            }
            Found::Unreadable(why) => self.unreadable(path, &why),
            Found::File(_) => {}
        }
        false
    }

    /// A file that is recorded and no longer rendered.
    fn stale(&mut self, path: &TreePath, entry: &Entry) {
        let bytes = match self.found.remove(path) {
            Some(Found::File(bytes)) => bytes,
            Some(Found::Unreadable(why)) => return self.unreadable(path, &why),
            // It was replaced by hand by something else, or is not there: nothing of ours is left.
            other => {
                if matches!(other, None | Some(Found::Blocked(_))) {
                    self.changes.after.gone.push(path.clone());
                }
                return;
            }
        };
        match claim(&bytes, Some(entry), None) {
            Claim::Edited if !self.force => self.problems.push(edited::stale(&self.name(path))),
            Claim::Conflict => self.conflicts.push(path.clone()),
            Claim::LineEndings => self.line_endings += 1,
            _ => {}
        }
        self.changes.after.pending.record(path, &entry.owner, &sha256(&bytes));
        let owner = entry.owner.clone();
        self.changes.list.push(Change { path: path.clone(), owner, before: Some(bytes), after: None });
    }

    fn foreign(&mut self, path: &TreePath, file: &File, message: &str) {
        let diagnostic = Diagnostic::error("write/foreign-file", message)
            .output(self.name(path))
            .label(file.place, "this is what would be written there")
            .because("a file is of `gen` if its inventory records it, or if it is what this render writes")
            .help("move it away, or delete it if it is not needed; `--force` does not overwrite it");
        self.foreign.push(diagnostic);
    }

    fn unreadable(&mut self, path: &TreePath, why: &str) {
        let message = format!("cannot read `{}`: {why}", self.name(path));
        self.problems.push(Diagnostic::error("write/unreadable", message).help("make it readable"));
    }

    fn finish(mut self, problems: &mut Problems) -> Changes {
        self.changes.list.sort_by(|a, b| a.path.cmp(&b.path));
        let shown = &self.changes.shown;
        if self.changes.after.inventory_before.is_none() && self.foreign.len() > 1 {
            self.problems.push(unknown_folder(shown, &self.foreign));
        } else {
            self.problems.0.append(&mut self.foreign);
        }
        if self.line_endings > 0 {
            self.problems.push(line_endings(shown, self.line_endings));
        }
        if !self.conflicts.is_empty() {
            self.problems.push(conflicts(shown, &self.conflicts));
        }
        self.changes.after.blocked = self.problems.has_errors();
        problems.extend(self.problems);
        self.changes
    }
}

fn rebuilt(shown: &str) -> Diagnostic {
    let message = format!("`{shown}/{INVENTORY}` is damaged or in conflict, and is rebuilt");
    Diagnostic::new("write/inventory", Severity::Info, message).because(
        "files whose bytes are recorded on either side, or are what this render writes, are of `gen`",
    )
}

fn unknown_folder(shown: &str, foreign: &[Diagnostic]) -> Diagnostic {
    let paths = foreign.iter().filter_map(|d| d.outputs.first().map(String::as_str));
    let message = format!(
        "`{shown}` has no inventory, and {} files in it are not what this render writes there",
        foreign.len()
    );
    Diagnostic::error("write/foreign-file", message).because(format!("they are {}", list(paths))).help(format!(
        "if `gen` wrote them, restore the inventory (`git checkout -- {shown}/{INVENTORY}`) or delete the folder; \
         otherwise write elsewhere with `--out DIR`"
    ))
}

fn line_endings(shown: &str, count: usize) -> Diagnostic {
    let files = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
    let message = format!("Git changed the line endings of {files} in `{shown}`");
    Diagnostic::warning("write/line-endings", message)
        .because("the tree is compared and applied byte for byte")
        .help("add the line `fleet-out/** -text linguist-generated` to `.gitattributes`")
}

fn conflicts(shown: &str, paths: &[TreePath]) -> Diagnostic {
    let message = format!("files in `{shown}` hold a merge conflict, and are rendered anew");
    Diagnostic::new("write/conflict", Severity::Info, message)
        .because(format!("they are {}", list(paths.iter().map(TreePath::as_str))))
}

/// Refuses names that some file system cannot hold, or cannot hold side by side, and names of our own.
fn refuse_names(tree: &Tree, shown: &str, problems: &mut Problems) {
    let files: BTreeSet<&str> = tree.files().map(|(path, _)| path.as_str()).collect();
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (path, file) in tree.files() {
        let text = path.as_str();
        let ends = text.match_indices('/').map(|(at, _)| at).chain([text.len()]);
        for prefix in ends.map(|end| &text[..end]) {
            let first = *seen.entry(folded(prefix)).or_insert(prefix);
            if first != prefix {
                let message = format!("`{first}` and `{prefix}` differ only in case or Unicode form");
                problems.push(
                    Diagnostic::error("write/equal-names", message)
                        .output(format!("{shown}/{text}"))
                        .at(file.place)
                        .because("they are one file on macOS and Windows")
                        .help("rename one of them"),
                );
            }
            if prefix != text && files.contains(prefix) {
                let message = format!("`{prefix}` would be a file and a folder");
                problems.push(
                    Diagnostic::error("write/equal-names", message)
                        .output(format!("{shown}/{text}"))
                        .at(file.place)
                        .help("rename one of them"),
                );
            }
        }
        if let Some(why) = text.split('/').find_map(refused_part) {
            problems.push(
                Diagnostic::error("write/name", format!("`{text}` cannot be written: {why}"))
                    .at(file.place)
                    .help("rename it"),
            );
        }
    }
}

fn refused_part(part: &str) -> Option<&'static str> {
    let lower = part.to_lowercase();
    if part.len() > 255 {
        Some("a name may have 255 bytes")
    } else if lower.starts_with(".gen-") {
        Some("names that begin with `.gen-` are kept for `gen`")
    } else if lower == ".git" {
        Some("`.git` belongs to Git")
    } else {
        None
    }
}
