//! From a [`Tree`](crate::tree::Tree) to files on disk: what is ours there, what a render changes, and the write
//! itself.
//!
//! ```text
//! Target::lock ─ Target::read ─ plan ─ Lock::stage ─ flush ─ Staged::commit
//!               what is there   Changes  temporary    one     renames, deletions,
//!                                        files        sync    final inventory
//! ```
//!
//! Nothing before `commit` changes a file of the user's. Just before the first one `Staged::changed` looks once more at
//! all that is to be replaced or deleted: what somebody changed in the meantime stops the whole write. A run killed at
//! any point leaves files that are each wholly old or wholly new, and an inventory that knows both, so that the next run
//! completes it whatever its inputs are. `gen diff` stops after `plan`.

mod claim;
mod creation;
mod disk;
mod edited;
mod inventory;
mod plan;
mod unified;

pub use creation::{CreationRule, Lookup, SopsConfigChange, lookup, sops_config, sops_config_difference};
pub use disk::{
    Beside, CHANGED, Fault, INTERRUPTED, LOCKED, Lock, Staged, Step, Target, create, flush, put, replace,
    replace_files,
};
pub use inventory::{Entry, Inventory};
pub use plan::{Found, State, plan};
pub use unified::between;

use crate::tree::TreePath;
use std::{fmt, sync::Arc};

/// The name of the inventory at the top of a tree.
pub const INVENTORY: &str = ".gen-inventory";

/// What a render changes in one tree on disk; made by [`plan`].
#[derive(Clone, Debug)]
pub struct Changes {
    /// The tree's folder as people know it, `fleet-out/prod`.
    pub shown: String,
    /// The files to add, change and remove, sorted by path.
    pub list: Vec<Change>,
    /// How many files are as they should be.
    pub unchanged: usize,
    after: Writing,
}

/// A file to add, change or remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where, from the top of the tree.
    pub path: TreePath,
    /// Whose it is: a component, `cluster` or `namespaces`.
    pub owner: Arc<str>,
    /// The bytes on disk; absent for a file to add.
    pub before: Option<Vec<u8>>,
    /// The bytes rendered; absent for a file to remove.
    pub after: Option<Vec<u8>>,
}

/// What the write needs beside the list.
#[derive(Clone, Debug, Default)]
struct Writing {
    /// The text of the inventory on disk.
    inventory_before: Option<Vec<u8>>,
    /// Old and new hashes.
    pending: Inventory,
    /// What is ours afterwards.
    recorded: Inventory,
    /// Recorded before, neither rendered nor on disk: their folders may have stayed behind.
    gone: Vec<TreePath>,
    /// Empty folders, deepest first, where files must be.
    in_the_way: Vec<TreePath>,
    /// Temporary files of a killed run are there.
    leftovers: bool,
    /// A problem forbids the write.
    blocked: bool,
}

/// How a file differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Not on disk.
    Added,
    /// Other bytes on disk.
    Changed,
    /// On disk, no longer rendered.
    Removed,
}

impl Change {
    /// How the file differs.
    pub fn kind(&self) -> Kind {
        match (&self.before, &self.after) {
            (None, _) => Kind::Added,
            (Some(_), Some(_)) => Kind::Changed,
            (Some(_), None) => Kind::Removed,
        }
    }
}

impl Changes {
    /// Nothing: so many files stand as they should.
    pub fn none(shown: String, unchanged: usize) -> Self {
        let inventory_before = Some(Inventory::default().to_text().into_bytes());
        Self { shown, list: Vec::new(), unchanged, after: Writing { inventory_before, ..Writing::default() } }
    }

    /// What is ours afterwards, with its hashes.
    pub fn recorded(&self) -> &Inventory {
        &self.after.recorded
    }

    /// Does the disk hold what was rendered, to the byte, the inventory included?
    pub fn is_empty(&self) -> bool {
        self.list.is_empty() && !self.rewrites_inventory()
    }

    /// The same without the bytes, when only names and counts are wanted of it any more: a fleet's worth of them
    /// need not stay in memory.
    #[must_use]
    pub fn without_contents(mut self) -> Self {
        for change in &mut self.list {
            change.before = change.before.take().map(|_| Vec::new());
            change.after = change.after.take().map(|_| Vec::new());
        }
        self
    }

    /// How many files differ in this way.
    pub fn count(&self, kind: Kind) -> usize {
        self.list.iter().filter(|c| c.kind() == kind).count()
    }

    /// Does the inventory change? It does when a file does, and after a merge or a loss.
    pub fn rewrites_inventory(&self) -> bool {
        let text = self.after.recorded.to_text();
        self.after.inventory_before.as_deref().unwrap_or_default() != text.as_bytes()
    }
}

/// `2 added, 1 changed, 97 unchanged`.
impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.count(Kind::Added), "added"),
            (self.count(Kind::Changed), "changed"),
            (self.count(Kind::Removed), "removed"),
            (self.unchanged, "unchanged"),
        ];
        let said: Vec<String> =
            counts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
        f.write_str(if said.is_empty() { "no files" } else { "" })?;
        f.write_str(&said.join(", "))
    }
}
