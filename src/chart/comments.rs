//! The comments of a `values.yaml`: where they stand, the types that their conventions give, and keys that are only
//! there as comments.
//!
//! | convention | read |
//! |---|---|
//! | helm-docs | `# -- (string) …` above a key |
//! | readme-generator | `## @param a.b [object] …` anywhere |
//! | helm-values-schema-json | `# @schema type:[string, null]; additionalProperties:true` above a key or behind its value |
//! | helm-schema | lines of a schema between two `# @schema` above a key |
//! | cert-manager's | `# +docs:type=string` above a key |

use super::{Kinds, known};
use crate::{
    diag::{Problems, Sources},
    yaml::{self, Map, Node},
};
use std::collections::{BTreeMap, BTreeSet};

/// No comment has more lines.
const FARTHEST: usize = 200;

/// A `values.yaml` by lines.
pub(super) struct Comments<'t> {
    text: &'t str,
    /// The first byte of each line.
    starts: Vec<usize>,
    /// Lines that are nothing but a comment: the column of `#`, and what follows the marks.
    whole: BTreeMap<usize, (usize, &'t str)>,
    /// What `@param` says, by path.
    params: BTreeMap<&'t str, &'t str>,
    /// Lines of schemas.
    schemas: BTreeSet<usize>,
}

/// A key that stands in a comment.
pub(super) struct Hinted<'t> {
    pub(super) key: &'t str,
    pub(super) line: usize,
}

impl<'t> Comments<'t> {
    /// Reads the lines of a text; `inside` are the bytes of texts of several lines, where `#` begins no comment.
    pub(super) fn new(text: &'t str, inside: &[std::ops::Range<usize>]) -> Self {
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        let (mut whole, mut params) = (BTreeMap::new(), BTreeMap::new());
        let (mut schemas, mut in_schema) = (BTreeSet::new(), false);
        for (number, start) in starts.iter().enumerate() {
            let line = text[*start..].lines().next().unwrap_or_default();
            let column = line.len() - line.trim_start().len();
            let Some(said) = line.trim_start().strip_prefix('#') else {
                in_schema = false;
                continue;
            };
            if inside.iter().any(|range| range.contains(&(start + column))) {
                continue;
            }
            let said = said.trim_start_matches('#').trim_end();
            if let Some(rest) = said.trim_start().strip_prefix("@param ") {
                let (path, rest) = rest.trim_start().split_once(' ').unwrap_or((rest.trim(), ""));
                params.insert(path, rest.trim_start());
            }
            in_schema ^= said.trim() == "@schema";
            if in_schema {
                schemas.insert(number);
            }
            whole.insert(number, (column, said));
        }
        Self { text, starts, whole, params, schemas }
    }

    /// Line (from 0) and column (from 0) of a byte.
    pub(super) fn at(&self, byte: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= byte) - 1;
        (line, byte - self.starts[line])
    }

    /// Does a line begin in this column?
    pub(super) fn begins(&self, line: usize, column: usize) -> bool {
        let start = self.starts[line];
        self.text.get(start..start + column).is_some_and(|before| before.trim().is_empty())
    }

    /// How many lines there are.
    pub(super) fn lines(&self) -> usize {
        self.starts.len()
    }

    /// The comment lines right above a line, first to last.
    pub(super) fn above(&self, line: usize) -> Vec<&'t str> {
        let numbers = up(line).take_while(|number| self.whole.contains_key(number));
        let mut found: Vec<&str> = numbers.map(|number| self.whole[&number].1).collect();
        found.reverse();
        found
    }

    /// Is there a comment right above a line?
    pub(super) fn documented(&self, line: usize) -> bool {
        line > 0 && self.whole.contains_key(&(line - 1))
    }

    /// The comment behind the value that ends at a byte.
    fn behind(&self, byte: usize) -> Option<&'t str> {
        let rest = self.text[byte..].lines().next()?;
        let (before, said) = rest.split_once('#')?;
        before.trim_matches([' ', '\t', ':']).is_empty().then_some(said)
    }

    /// Keys of a mapping that stand in comments: on lines after `from` and before `to`, in the column of its keys.
    /// `empty` says whether the key on a line has an empty collection, whose example follows it.
    pub(super) fn hinted(
        &self,
        (from, to): (usize, usize),
        column: usize,
        empty: impl Fn(usize) -> bool,
    ) -> Vec<Hinted<'t>> {
        let lines = self.whole.range(from..to).filter(|(number, _)| !self.schemas.contains(number));
        let lines = lines.filter_map(|(number, (hash, said))| {
            let key = key_of(said.trim_start())?;
            let here = stands(*hash, said) == column
                && !self.nested(*number)
                && !self.example(*number, column, &empty);
            here.then_some(Hinted { key, line: *number })
        });
        lines.collect()
    }

    /// Is a comment line part of a key or an item that begins in the comment lines above?
    fn nested(&self, line: usize) -> bool {
        let column = |number: usize| self.whole.get(&number).map(|(hash, said)| stands(*hash, said));
        let Some(own) = column(line) else { return false };
        let above = up(line).map_while(|number| Some((column(number)?, self.whole[&number].1.trim_start())));
        let mut opens = above.filter(|(column, said)| {
            *column < own
                && (said.starts_with("- ") || key_of(said).is_some_and(|key| said.len() == key.len() + 1))
        });
        opens.next().is_some()
    }

    /// Does a comment line continue an empty collection right above, with nothing said between? Not if the example of
    /// that stands deeper.
    fn example(&self, line: usize, column: usize, empty: &impl Fn(usize) -> bool) -> bool {
        let yaml = |said: &str| {
            said.is_empty() || said.starts_with("- ") || key_of(said).is_some() || said.contains(": ")
        };
        let mut above = up(line)
            .skip_while(|number| self.whole.get(number).is_some_and(|(_, said)| yaml(said.trim_start())));
        above.next().is_some_and(|number| {
            let first = self.whole.get(&(number + 1)).map(|(hash, said)| stands(*hash, said));
            !self.whole.contains_key(&number) && empty(number) && first.is_none_or(|first| first <= column)
        })
    }

    /// The types that a comment above a line gives.
    pub(super) fn kinds(&self, line: usize) -> Option<Kinds> {
        // What stands above another key belongs to that.
        let own = self.above(line).into_iter().rev().take_while(|said| key_of(said.trim_start()).is_none());
        own.into_iter().find_map(|said| {
            let said = said.trim_start();
            if let Some(kind) = said.strip_prefix("+docs:type=") {
                return named(kind);
            }
            named(said.strip_prefix("-- (")?.split_once(')')?.0)
        })
    }

    /// What `@param` says of the value at a path: that it is documented as one, and its type.
    pub(super) fn param(&self, path: &str) -> Option<Option<Kinds>> {
        let rest = self.params.get(path)?;
        let words =
            rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or("", |(words, _)| words);
        Some(words.split(',').find_map(|word| named(word.trim())))
    }

    /// Is there an `@param` for something below a path?
    pub(super) fn param_below(&self, path: &str) -> bool {
        let start = format!("{path}.");
        self.params.range(&*start..).next().is_some_and(|(found, _)| found.starts_with(&start))
    }

    /// The schema that comments give: above the key on `line`, or behind a value that ends at a byte.
    pub(super) fn schema(&self, line: usize, end: usize) -> Option<Node> {
        let mut schema = Map::new();
        let above = self.above(line);
        let marks: Vec<usize> =
            above.iter().enumerate().filter(|(_, said)| said.trim() == "@schema").map(|(at, _)| at).collect();
        if let [.., first, last] = marks.as_slice() {
            let block: String = above[first + 1..*last].iter().map(|said| format!("{said}\n")).collect();
            if let Some(Node { value: yaml::Value::Map(map), .. }) = read(&block) {
                schema = map;
            }
        }
        let lines = above.into_iter().chain(self.behind(end));
        for rest in lines.filter_map(|said| said.trim_start().strip_prefix("@schema ")) {
            for (key, value) in rest.split(';').filter_map(|part| part.split_once(':')) {
                if let Some(value) = read(value) {
                    schema.insert(key.trim(), value);
                }
            }
        }
        (!schema.is_empty()).then(|| Node::new(schema))
    }

    /// Does a comment above a line say that what stands below is an example, or goes somewhere else as it is?
    pub(super) fn free(&self, line: usize) -> bool {
        let words =
            ["example", "e.g.", "passed", "added to", "toyaml", "arbitrary", "free-form", "key-value"];
        self.above(line).iter().any(|said| {
            let said = said.to_lowercase().replace("example.", "");
            words.iter().any(|word| said.contains(word))
        })
    }

    /// Does a comment above a line send readers to another page for all that may stand below?
    pub(super) fn elsewhere(&self, line: usize) -> bool {
        self.above(line).iter().any(|said| {
            said.contains("://") && said.split_once(" all ").is_some_and(|(_, rest)| rest.contains("options"))
        })
    }
}

/// The lines above a line, nearest first, as far as comments are looked at: without an end, a file of nothing but comments
/// would take time that grows with its square.
fn up(line: usize) -> impl Iterator<Item = usize> {
    (line.saturating_sub(FARTHEST)..line).rev()
}

fn read(text: &str) -> Option<Node> {
    let source = Sources::new().add("@schema", text);
    yaml::read_one(text, source, &mut Problems::new())
}

/// The column in which YAML in a comment would stand: that of the mark, if one blank follows it.
fn stands(hash: usize, said: &str) -> usize {
    hash + (said.len() - said.trim_start().len()).saturating_sub(1)
}

/// The key of a comment that is YAML and not prose: `pathType: ImplementationSpecific`.
fn key_of(said: &str) -> Option<&str> {
    let (key, value) = said.split_once(':')?;
    let good = key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        && !known::prose(key);
    let value = value.strip_prefix(' ').or(value.is_empty().then_some(""))?.trim();
    let sentence = !value.starts_with(['"', '\'', '[', '{', '|', '>']) && value.split(' ').count() > 3;
    (good && !sentence).then_some(key)
}

/// Types by the words that people use for them.
fn named(words: &str) -> Option<Kinds> {
    let mut kinds = None;
    for word in words.split(['/', '|', ',', ' ']) {
        let one = match word.trim().to_lowercase().as_str() {
            "bool" | "boolean" => Kinds::BOOL,
            "int" | "integer" | "float" | "number" => Kinds::NUMBER.or(Kinds::STRING),
            "string" | "tpl" => Kinds::STRING.or(Kinds::NUMBER),
            "list" | "array" => Kinds::LIST,
            "object" | "map" | "dict" => Kinds::MAP,
            _ => continue,
        };
        kinds = Some(kinds.map_or(one, |kinds: Kinds| kinds.or(one)));
    }
    kinds
}
