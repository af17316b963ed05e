//! The texts that diagnostics point into, and places in them.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, OnceLock},
};

/// A text that was read: a config file, a template, a pack's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

/// A range of bytes in a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which text.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A word and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The word: a component's name, an API group.
    pub text: String,
    /// Where, if it was written.
    pub place: Option<Place>,
}

#[derive(Clone, Debug)]
struct Source {
    name: Arc<str>,
    text: Arc<str>,
    /// The first byte of each line but the first, made when first asked for.
    lines: OnceLock<Vec<usize>>,
}

/// Is it by its name a file of secrets? What stands in it may be plain by mistake, so nothing of it is ever drawn.
/// `.sops.yaml` itself, which configures SOPS, is none.
fn is_secret(name: &str) -> bool {
    let file = name.rsplit_once('/').map_or(name, |(_, file)| file);
    name.starts_with("environments/secrets/") || file.find(".sops.").is_some_and(|at| at > 0)
}

/// All texts of a project, in the order they were read. Append-only.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    list: Vec<Source>,
}

impl Sources {
    /// No text yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with these places masked; see [`mask`](Self::mask).
    #[must_use]
    pub fn masked<'p>(&self, places: impl IntoIterator<Item = &'p Place>) -> Self {
        let mut masked = self.clone();
        masked.mask(places);
        masked
    }

    /// Masks these places, byte for byte, so that nothing that is drawn or quoted from now on shows what stands there.
    pub fn mask<'p>(&mut self, places: impl IntoIterator<Item = &'p Place>) {
        let mut by_source: BTreeMap<SourceId, Vec<Range<usize>>> = BTreeMap::new();
        for place in places {
            by_source.entry(place.source).or_default().push(place.range());
        }
        for (id, ranges) in by_source {
            let Some(source) = self.list.get_mut(id.0 as usize) else { continue };
            let mut bytes = source.text.as_bytes().to_vec();
            for range in ranges {
                let end = range.end.min(bytes.len());
                let hidden = bytes.get_mut(range.start..end).into_iter().flatten();
                hidden.filter(|byte| **byte != b'\n').for_each(|byte| *byte = b'*');
            }
            // A place cut inside of a character leaves no text: then nothing of it is drawn.
            source.text = String::from_utf8(bytes).unwrap_or_default().into();
        }
    }

    /// Adds a text under the name people know it by: a path relative to the project with `/`, or
    /// `<built-in>/loki/pack.yaml`. That of a sealed file, by its name, is hidden as by [`add_hidden`](Self::add_hidden).
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> SourceId {
        let (name, text) = (name.into(), text.into());
        match is_secret(&name) {
            true => self.add_hidden(name, &text),
            false => self.push(name, text),
        }
    }

    fn push(&mut self, name: Arc<str>, text: Arc<str>) -> SourceId {
        let id = SourceId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        self.list.push(Source { name, text, lines: OnceLock::new() });
        id
    }

    /// Adds a text that nothing shows: lines and columns can be told, what stands there cannot.
    pub fn add_hidden(&mut self, name: impl Into<Arc<str>>, text: &str) -> SourceId {
        let hidden: String = text.bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }).collect();
        self.push(name.into(), hidden.into())
    }

    /// All texts.
    pub fn all(&self) -> impl Iterator<Item = (SourceId, &str)> {
        let id = |at: usize| SourceId(u32::try_from(at).unwrap_or(u32::MAX));
        self.list.iter().enumerate().map(move |(at, source)| (id(at), &*source.text))
    }

    /// The name of a text.
    pub fn name(&self, id: SourceId) -> &str {
        self.list.get(id.0 as usize).map_or("?", |s| &s.name)
    }

    /// The text.
    pub fn text(&self, id: SourceId) -> &str {
        self.list.get(id.0 as usize).map_or("", |s| &s.text)
    }

    /// What stands at a place; empty if the place is not in the text.
    pub fn slice(&self, place: Place) -> &str {
        self.text(place.source).get(place.start as usize..place.end as usize).unwrap_or("")
    }

    /// Line and column of the start of a place, both from 1, the column in characters.
    pub fn line_column(&self, place: Place) -> (usize, usize) {
        let text = self.text(place.source);
        let mut start = (place.start as usize).min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let (line, begin) = self.line(place);
        (line, text[begin..start].chars().count() + 1)
    }

    /// The line that a place begins in, from 1, and the first byte of that line.
    pub(super) fn line(&self, place: Place) -> (usize, usize) {
        let Some(source) = self.list.get(place.source.0 as usize) else { return (1, 0) };
        let lines =
            source.lines.get_or_init(|| source.text.match_indices('\n').map(|(at, _)| at + 1).collect());
        let before = lines.partition_point(|first| *first <= (place.start as usize).min(source.text.len()));
        (before + 1, before.checked_sub(1).map_or(0, |last| lines[last]))
    }

    /// `environments/prod.yaml:12:5`.
    pub fn locate(&self, place: Place) -> String {
        let (line, column) = self.line_column(place);
        format!("{}:{line}:{column}", self.name(place.source))
    }
}

impl Place {
    /// Does it lie in another one?
    pub fn within(self, outer: Place) -> bool {
        self.source == outer.source && self.start >= outer.start && self.end <= outer.end
    }

    /// A range of bytes; ranges beyond 4 GiB are cut.
    pub fn new(source: SourceId, range: std::ops::Range<usize>) -> Self {
        let fit = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { source, start: fit(range.start), end: fit(range.end) }
    }

    /// The empty range at the start of a text: "the file as such".
    pub fn top(source: SourceId) -> Self {
        Self { source, start: 0, end: 0 }
    }

    /// The same place, one or more bytes wide, for carets.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_masked_keeps_its_size() {
        let mut sources = Sources::new();
        let id = sources.add("a.yaml", "p: gehëim\nq: 1\n");
        let end = "p: gehëim".len();
        let masked = sources.masked([&Place::new(id, 3..end)]);
        assert_eq!(masked.text(id), "p: *******\nq: 1\n");
        assert_eq!(masked.locate(Place::new(id, end + 1..end + 2)), "a.yaml:2:1");
        assert_eq!(sources.slice(Place::new(id, 3..end)), "gehëim");
        sources.mask(&[
            Place::new(id, 3..5),
            Place::new(id, end + 4..end + 5),
            Place::new(id, 90..99),
            Place::new(id, end + 4..99),
        ]);
        assert_eq!(sources.text(id), "p: **hëim\nq: *\n");
    }

    #[test]
    fn what_is_hidden_can_only_be_located() {
        let mut sources = Sources::new();
        let id = sources.add_hidden("a.yaml", "p: x\nq: geheim\n");
        assert_eq!(sources.text(id), "****\n*********\n");
        assert_eq!(sources.locate(Place::new(id, 8..9)), "a.yaml:2:4");
    }

    #[test]
    fn files_of_secrets_are_hidden_by_their_name() {
        let mut sources = Sources::new();
        let mut shown = |name: &str| {
            let id = sources.add(name, "geheim\n");
            sources.text(id) == "geheim\n"
        };
        for name in ["environments/secrets/prod/a/b.sops.yaml", "x/b.sops.yaml", "b.sops.yml", "b.sops.json"]
        {
            assert!(!shown(name), "{name}");
        }
        assert!(!shown("environments/secrets/prod/a/plain.yaml"));
        assert!(shown(".sops.yaml") && shown("environments/prod.yaml") && shown("x/.sops.yaml"));
    }

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let mut sources = Sources::new();
        let id = sources.add("a.yaml", "ä: 1\nb: ö x\n");
        let start = "ä: 1\nb: ö ".len();
        assert_eq!(sources.locate(Place::new(id, start..start + 1)), "a.yaml:2:6");
        assert_eq!(sources.slice(Place::new(id, start..start + 1)), "x");
    }
}
