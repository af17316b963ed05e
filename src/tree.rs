//! Output as a value: [`Document`], [`TreePath`], [`Tree`]. Two files at one path cannot be built.

use crate::{
    diag::Place,
    yaml::{Node, Value},
};
use std::{borrow::Borrow, collections::BTreeMap, fmt, ops::Bound, sync::Arc};

/// One Kubernetes object with what is known of its making.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The object.
    pub node: Node,
    /// The component it belongs to; absent for what `gen` adds around the components.
    pub component: Option<Arc<str>>,
    /// Where the object as a whole was written: a template, `extra`, a chart in `pack.yaml`.
    pub place: Option<Place>,
}

/// The objects of one component, as `render` makes them and `layout` takes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// Which component: an index into `Environment::components`.
    pub index: usize,
    /// Its objects, `metadata.namespace` still as written.
    pub objects: Vec<Document>,
}

/// What makes an object one and the same for a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// API group, empty for the core.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace, empty when cluster-scoped or not given.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl Document {
    /// `apiVersion`, empty if missing.
    pub fn api_version(&self) -> &str {
        self.text(&["apiVersion"])
    }

    /// The API group, empty for the core.
    pub fn group(&self) -> &str {
        self.api_version().rsplit_once('/').map_or("", |(group, _)| group)
    }

    /// `kind`, empty if missing.
    pub fn kind(&self) -> &str {
        self.text(&["kind"])
    }

    /// `metadata.name`, empty if missing.
    pub fn name(&self) -> &str {
        self.text(&["metadata", "name"])
    }

    /// `metadata.namespace`, empty if missing.
    pub fn namespace(&self) -> &str {
        self.text(&["metadata", "namespace"])
    }

    /// What makes it one and the same object.
    pub fn identity(&self) -> Identity {
        Identity {
            group: self.group().to_owned(),
            kind: self.kind().to_owned(),
            namespace: self.namespace().to_owned(),
            name: self.name().to_owned(),
        }
    }

    fn text(&self, path: &[&str]) -> &str {
        self.node.at(path).and_then(Node::as_str).unwrap_or("")
    }

    /// Calls `visit` with every node below and at the object.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Node)) {
        fn down<'a>(node: &'a Node, visit: &mut impl FnMut(&'a Node)) {
            visit(node);
            match &node.value {
                Value::Seq(items) => items.iter().for_each(|n| down(n, visit)),
                Value::Map(map) => map.iter().for_each(|(_, n)| down(n, visit)),
                _ => {}
            }
        }
        down(&self.node, visit);
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        if !self.namespace.is_empty() {
            write!(f, " {}/{}", self.namespace, self.name)
        } else {
            write!(f, " {}", self.name)
        }
    }
}

/// A path inside a tree: relative, `/` only, no `.` or `..`, no empty part, no control character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreePath(Arc<str>);

impl TreePath {
    /// Checks a path.
    ///
    /// # Errors
    /// Says in a few words what is wrong with it.
    pub fn new(path: impl Into<Arc<str>>) -> Result<Self, &'static str> {
        let path: Arc<str> = path.into();
        if path.is_empty() {
            return Err("is empty");
        }
        if path.starts_with('/') {
            return Err("is absolute");
        }
        if path.contains('\\') || path.chars().any(char::is_control) {
            return Err("has a backslash or a control character");
        }
        if path.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
            return Err("has an empty part, `.` or `..`");
        }
        Ok(Self(path))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder it is in, empty at the top.
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The last part.
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }
}

/// Paths are in the order of their texts.
impl Borrow<str> for TreePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A file of a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// Who it belongs to: a component's name, `cluster` or `namespaces`.
    pub owner: Arc<str>,
    /// What is written.
    pub bytes: Vec<u8>,
    /// The objects in it; empty for files that are copied as they are (sealed ones, bases) and for
    /// `kustomization.yaml`.
    pub documents: Vec<Document>,
    /// Where it came from as a whole: the sealed file, the base's file, the component's line.
    pub place: Option<Place>,
}

/// The rendered output of one environment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// The environment's name, or the folder's.
    pub name: String,
    files: BTreeMap<TreePath, File>,
}

impl Tree {
    /// An empty tree.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), files: BTreeMap::new() }
    }

    /// Adds a file.
    ///
    /// # Errors
    /// Gives the new file back if there is one at this path already.
    pub fn insert(&mut self, path: TreePath, file: File) -> Result<(), Box<File>> {
        match self.files.entry(path) {
            std::collections::btree_map::Entry::Occupied(_) => Err(Box::new(file)),
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(file);
                Ok(())
            }
        }
    }

    /// The file at a path.
    pub fn get(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }

    /// All files, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = (&TreePath, &File)> {
        self.files.iter()
    }

    /// The files in a folder and below it, sorted by path; all, if it has no name.
    pub fn below(&self, folder: &str) -> impl Iterator<Item = (&TreePath, &File)> {
        let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let from = (Bound::Included(folder.as_str()), Bound::Unbounded);
        self.files.range::<str, _>(from).take_while(move |(path, _)| path.as_str().starts_with(&folder))
    }

    /// How many files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Is there nothing in it?
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tree_paths_cannot_escape() {
        assert!(TreePath::new("apps/kuard/service.yaml").is_ok());
        for bad in ["", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "a\\b", "a\nb"] {
            assert!(TreePath::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn two_files_at_one_path_cannot_be_built() {
        let file = || File { owner: "a".into(), bytes: vec![], documents: vec![], place: None };
        let path = TreePath::new("a.yaml").expect("a valid path");
        let mut tree = Tree::new("prod");
        assert!(tree.insert(path.clone(), file()).is_ok());
        assert!(tree.insert(path, file()).is_err());
    }

    #[test]
    fn what_is_below_a_folder_has_its_whole_name_before_it() {
        let file = || File { owner: "a".into(), bytes: vec![], documents: vec![], place: None };
        let mut tree = Tree::new("prod");
        for path in ["a", "a-b/x", "a/b/x", "a/y", "a0", "b/a/x"] {
            tree.insert(TreePath::new(path).expect("a valid path"), file()).expect("one at each");
        }
        let below = |folder| tree.below(folder).map(|(path, _)| path.as_str()).collect::<Vec<_>>();
        assert_eq!(below("a"), ["a/b/x", "a/y"]);
        assert_eq!(below("a/b"), ["a/b/x"]);
        assert!(below("c").is_empty());
        assert_eq!(below("").len(), tree.len());
    }
}
