//! `.gen-inventory`: which files of a tree are ours, and with which bytes.
//!
//! One line a file, sorted by path: `hash  owner  path`, two blanks between. While a write is under way a
//! line has both hashes, the one before and the one after: `hash,hash  owner  path`. Nothing is escaped: a
//! hash is hexadecimal, an owner has no blanks, the path is the rest of the line and holds no control
//! characters ([`TreePath`]).

use crate::tree::TreePath;
use std::{collections::BTreeMap, sync::Arc};

/// What is recorded of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// A component's name, `cluster` or `namespaces`.
    pub owner: Arc<str>,
    /// SHA-256 of every content that is ours: one, or several after an interruption or a merge.
    pub hashes: Vec<String>,
}

/// The recorded files by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    entries: BTreeMap<TreePath, Entry>,
}

impl Inventory {
    /// Nothing recorded.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads an inventory. What is no entry (the marks of a merge conflict, rubbish) is left out; the flag says
    /// whether there was any. A path that stands there twice, as after a merge, has the hashes of both lines.
    pub fn parse(bytes: &[u8]) -> (Self, bool) {
        let text = String::from_utf8_lossy(bytes);
        let mut inventory = Self::new();
        let mut damaged = false;
        for line in text.lines() {
            match parse_line(line) {
                Some((path, owner, hashes)) => {
                    for hash in hashes.split(',') {
                        inventory.record(&path, owner, hash);
                    }
                }
                None => damaged = true,
            }
        }
        (inventory, damaged)
    }

    /// Adds a hash to a path; the owner named last counts.
    pub fn record(&mut self, path: &TreePath, owner: &str, hash: &str) {
        match self.entries.get_mut(path) {
            Some(entry) => {
                if !entry.knows(hash) {
                    entry.hashes.push(hash.to_owned());
                }
                if &*entry.owner != owner {
                    entry.owner = owner.into();
                }
            }
            None => {
                let entry = Entry { owner: owner.into(), hashes: vec![hash.to_owned()] };
                self.entries.insert(path.clone(), entry);
            }
        }
    }

    /// What is recorded of a path.
    pub fn get(&self, path: &TreePath) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// All entries, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&TreePath, &Entry)> {
        self.entries.iter()
    }

    /// Is nothing recorded?
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The text of the file.
    pub fn to_text(&self) -> String {
        let mut text = String::with_capacity(self.entries.len() * 128);
        for (path, entry) in &self.entries {
            text.push_str(&entry.hashes.join(","));
            for field in [&*entry.owner, path.as_str()] {
                text.push_str("  ");
                text.push_str(field);
            }
            text.push('\n');
        }
        text
    }
}

impl Entry {
    /// Is this one of the recorded hashes?
    pub fn knows(&self, hash: &str) -> bool {
        self.hashes.iter().any(|h| h == hash)
    }
}

/// `cluster/flux-system/` is the user's own: whatever an inventory says, `gen` never wrote there, so it deletes and
/// overwrites nothing there.
fn is_ours(path: &str) -> bool {
    !path.starts_with("cluster/flux-system/")
}

fn parse_line(line: &str) -> Option<(TreePath, &str, &str)> {
    let (hashes, rest) = line.split_once("  ")?;
    let (owner, path) = rest.split_once("  ")?;
    let is_hash = |h: &str| h.len() == 64 && h.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let good = !owner.is_empty() && hashes.split(',').all(is_hash) && is_ours(path);
    good.then(|| TreePath::new(path).ok()).flatten().map(|path| (path, owner, hashes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::sha256;
    use proptest::prelude::*;

    fn path(text: &str) -> TreePath {
        TreePath::new(text).expect("a valid path")
    }

    #[test]
    fn nothing_in_the_folder_of_the_users_own_flux_is_ours() {
        let text = format!("{}  cluster  cluster/flux-system/gotk.yaml\n", sha256(b"a"));
        assert_eq!(Inventory::parse(text.as_bytes()), (Inventory::new(), true));
    }

    #[test]
    fn one_sorted_line_a_file() {
        let mut inventory = Inventory::new();
        inventory.record(&path("b c.yaml"), "kuard", &sha256(b"b"));
        inventory.record(&path("a.yaml"), "cluster", &sha256(b"a"));
        let (a, b) = (sha256(b"a"), sha256(b"b"));
        assert_eq!(inventory.to_text(), format!("{a}  cluster  a.yaml\n{b}  kuard  b c.yaml\n"));
    }

    #[test]
    fn pending_lines_have_the_hash_before_and_after() {
        let mut inventory = Inventory::new();
        inventory.record(&path("a.yaml"), "x", &sha256(b"old"));
        inventory.record(&path("a.yaml"), "x", &sha256(b"new"));
        let text = inventory.to_text();
        assert_eq!(text, format!("{},{}  x  a.yaml\n", sha256(b"old"), sha256(b"new")));
        assert_eq!(Inventory::parse(text.as_bytes()), (inventory, false));
    }

    #[test]
    fn a_merge_conflict_gives_the_hashes_of_both_sides() {
        let (one, two) = (sha256(b"1"), sha256(b"2"));
        let text = format!(
            "<<<<<<< HEAD\r\n{one}  x  a.yaml\r\n=======\r\n{two}  x  a.yaml\r\n{two}  x  b.yaml\r\n>>>>>>> topic\r\n"
        );
        let (inventory, damaged) = Inventory::parse(text.as_bytes());
        assert!(damaged);
        let entry = inventory.get(&path("a.yaml")).expect("recorded");
        assert!(entry.knows(&one) && entry.knows(&two));
        assert!(inventory.get(&path("b.yaml")).expect("recorded").knows(&two));
    }

    #[test]
    fn rubbish_and_paths_that_escape_are_left_out() {
        let hash = sha256(b"");
        for line in
            ["x".to_owned(), format!("{hash}  x  ../a"), format!("{hash}  x  /etc/passwd"), "z".repeat(9)]
        {
            assert_eq!(Inventory::parse(line.as_bytes()), (Inventory::new(), true), "{line}");
        }
        assert_eq!(Inventory::parse(b"\xff\xfe\0"), (Inventory::new(), true));
        assert_eq!(Inventory::parse(b""), (Inventory::new(), false));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(names in proptest::collection::btree_map("[^\\p{C}/\\\\]{1,9}", "[a-z]{1,3}", 0..9)) {
            let mut inventory = Inventory::new();
            for (name, content) in &names {
                if let Ok(path) = TreePath::new(name.as_str()) {
                    inventory.record(&path, "owner", &sha256(content.as_bytes()));
                }
            }
            prop_assert_eq!(Inventory::parse(inventory.to_text().as_bytes()), (inventory, false));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let (inventory, _) = Inventory::parse(&bytes);
            prop_assert!(!Inventory::parse(inventory.to_text().as_bytes()).1);
        }
    }
}
