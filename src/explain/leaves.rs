//! The output of an environment, value by value, with the lines they stand on.

use super::path::{Path, Step};
use crate::{
    diag::{Place, Problems, SourceId, Sources},
    tree::{Document, File, Tree, TreePath},
    yaml::{self, Key, Node, Value},
};

/// A value of the output.
#[derive(Clone, Debug)]
pub(super) struct Leaf<'t> {
    /// The file it stands in.
    pub(super) path: &'t TreePath,
    pub(super) file: &'t File,
    /// Which document of the file; none in a list of files.
    pub(super) document: Option<usize>,
    /// The field.
    pub(super) field: Path,
    /// The value with its origin; none in a list of files.
    pub(super) node: Option<&'t Node>,
}

impl<'t> Leaf<'t> {
    /// The object it belongs to.
    pub(super) fn object(&self) -> Option<&'t Document> {
        self.file.documents.get(self.document?)
    }
}

/// Every value of a tree that has no parts; of copied files none.
pub(super) fn all(tree: &Tree) -> Vec<Leaf<'_>> {
    let mut all = Vec::new();
    for (path, file) in tree.files() {
        for (index, document) in file.documents.iter().enumerate() {
            super::path::leaves(&document.node, &Path::default(), &mut |field, node| {
                all.push(Leaf { path, file, document: Some(index), field: field.clone(), node: Some(node) });
            });
        }
        if is_list(path, file) {
            let text = Text::of(file);
            let mut fields = Vec::new();
            for root in &text.documents {
                super::path::leaves(root, &Path::default(), &mut |field, _| fields.push(field.clone()));
            }
            let leaf = |field| Leaf { path, file, document: None, field, node: None };
            all.extend(fields.into_iter().map(leaf));
        }
    }
    all
}

/// Is it a `kustomization.yaml` that `gen` makes?
pub(super) fn is_list(path: &TreePath, file: &File) -> bool {
    path.file_name() == "kustomization.yaml" && file.place.is_none() && file.documents.is_empty()
}

/// The text of a file of the output, read again: where its values stand.
pub(super) struct Text {
    sources: Sources,
    source: SourceId,
    pub(super) documents: Vec<Node>,
}

impl Text {
    pub(super) fn of(file: &File) -> Self {
        Self::new(&file.bytes)
    }

    pub(super) fn new(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut sources = Sources::new();
        let source = sources.add("", text.as_ref());
        let documents = yaml::read_manifests(&text, source, &mut Problems::new()).unwrap_or_default();
        Self { sources, source, documents }
    }

    /// Line and column of a field of a document, from 1: of the value, of an empty path of the document.
    pub(super) fn position(&self, document: usize, field: &Path) -> Option<(usize, usize)> {
        let place = field.of(self.documents.get(document)?)?.place()?;
        Some(self.sources.line_column(place))
    }

    /// The field on a line: the document, its path, and the value as it stands there. With a column the one that the
    /// column is in; without, the first that begins on the line, or the text of several lines that it is in.
    pub(super) fn field(&self, line: usize, column: Option<usize>) -> Option<(usize, Path, &Node)> {
        let mut best: Option<(Rank, usize, Path, &Node)> = None;
        for (document, root) in self.documents.iter().enumerate() {
            self.down(root, None, &Path::default(), &mut |path, key, node| {
                let Some(rank) = self.rank(key, node, path, line, column) else { return };
                if best.as_ref().is_none_or(|(known, ..)| rank < *known) {
                    best = Some((rank, document, path.clone(), node));
                }
            });
        }
        best.map(|(_, document, path, node)| (document, path, node))
    }

    /// How many lines there are.
    pub(super) fn lines(&self) -> usize {
        self.sources.text(self.source).lines().count()
    }

    fn down<'n>(
        &self,
        node: &'n Node,
        key: Option<&Key>,
        at: &Path,
        visit: &mut impl FnMut(&Path, Option<&Key>, &'n Node),
    ) {
        visit(at, key, node);
        match &node.value {
            Value::Map(map) => {
                map.iter().for_each(|(key, node)| self.down(node, Some(key), &at.key(&key.text), visit));
            }
            Value::Seq(items) => {
                let items = items.iter().enumerate();
                items.for_each(|(index, node)| self.down(node, None, &at.with(Step::Item(index)), visit));
            }
            _ => {}
        }
    }

    /// How well a value fits a line; `None`: not at all.
    fn rank(
        &self,
        key: Option<&Key>,
        node: &Node,
        path: &Path,
        line: usize,
        column: Option<usize>,
    ) -> Option<Rank> {
        let key = key.and_then(|key| key.place);
        let value = node.place()?;
        let leaf = !matches!(&node.value, Value::Map(m) if !m.is_empty())
            && !matches!(&node.value, Value::Seq(s) if !s.is_empty());
        let on = |place: Place| self.sources.line_column(place).0 == line;
        let begins = key.is_some_and(on) || (leaf || key.is_none()) && on(value);
        let inside = leaf && self.lines_of(value).contains(&line);
        if !begins && !inside {
            return None;
        }
        let depth = usize::MAX - path.0.len();
        let Some(column) = column else {
            return Some(Rank(!begins, !leaf, 0, if leaf { 0 } else { depth }));
        };
        // The nearest that begins at the column or before it.
        let start = self.sources.line_column(key.filter(|key| on(*key)).unwrap_or(value)).1;
        (start <= column || inside).then_some(Rank(!begins, false, column.saturating_sub(start), depth))
    }

    fn lines_of(&self, place: Place) -> std::ops::RangeInclusive<usize> {
        let first = self.sources.line_column(place).0;
        let text = self.sources.slice(place).trim_end_matches('\n');
        first..=first + text.matches('\n').count()
    }
}

/// Less is better: begins on the line, is a value without parts, distance to the column, depth.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank(bool, bool, usize, usize);

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
apiVersion: v1
metadata:
  name: a
data:
  script: |
    one
    two
  list:
    - x: 1
      z: {}
    - plain
  empty: []
---
kind: Second
";

    fn at(line: usize, column: Option<usize>) -> String {
        match Text::new(TEXT.as_bytes()).field(line, column) {
            Some((document, path, _)) => format!("{document} {path}"),
            None => "nothing".to_owned(),
        }
    }

    #[test]
    fn a_line_has_a_value() {
        let lines: Vec<String> = (1..=14).map(|line| at(line, None)).collect();
        let expected = [
            "0 apiVersion",
            "0 metadata",
            "0 metadata.name",
            "0 data",
            "0 data.script",
            "0 data.script",
            "0 data.script",
            "0 data.list",
            "0 data.list[0].x",
            "0 data.list[0].z",
            "0 data.list[1]",
            "0 data.empty",
            "nothing",
            "1 kind",
        ];
        assert_eq!(lines, expected);
        assert_eq!(at(15, None), "nothing");
    }

    #[test]
    fn a_column_chooses_and_a_position_is_found() {
        assert_eq!(at(9, Some(7)), "0 data.list[0].x");
        assert_eq!(at(9, Some(10)), "0 data.list[0].x");
        assert_eq!(at(3, Some(9)), "0 metadata.name");
        let text = Text::new(TEXT.as_bytes());
        let field = Path::keys(["data", "list"]).item(1);
        assert_eq!(text.position(0, &field), Some((11, 7)));
        assert_eq!(text.lines(), 14);
    }
}
