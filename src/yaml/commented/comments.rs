//! Which mapping or list a comment belongs to, and before which entry it stands, as go-yaml v3 decides it.
//!
//! A comment on the line of a scalar belongs to its entry. Comments on lines of their own form runs, which that reader cuts
//! where a line stands further left than the block they are in, or at the first blank line: what comes before a cut belongs
//! to what stands above it, the rest to what follows.

use super::read::{Arena, Mark, What, column};
use std::collections::HashMap;

/// A place for comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Spot {
    /// The first thing in a collection.
    Start(usize),
    /// Before an entry.
    Before(usize),
    /// The last thing in a collection.
    End(usize),
}

/// A comment: its bytes with the `#`, and whether it stands beside the entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) beside: bool,
}

/// All comments by their places, each in the order of the text.
#[derive(Default)]
pub(super) struct Notes(HashMap<Spot, Vec<Note>>);

impl Notes {
    pub(super) fn get(&self, spot: Spot) -> &[Note] {
        self.0.get(&spot).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, spot: Spot, line: &Line, beside: bool) {
        self.0.entry(spot).or_default().push(Note { start: line.start, end: line.end, beside });
    }
}

/// The first byte from here on that is neither white space nor comment.
pub(super) fn skip(text: &str, from: usize) -> usize {
    let mut at = from;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        if !text[at..].starts_with('#') {
            return at;
        }
        at += text[at..].find('\n').unwrap_or(text.len() - at);
    }
}

/// A line with a comment.
#[derive(Debug)]
struct Line {
    /// Of the `#`.
    start: usize,
    end: usize,
    column: usize,
    /// Nothing else stands on it.
    own: bool,
    /// Are there blank lines before it, and after it?
    blank_before: bool,
    blank_after: bool,
}

/// Finds the places of all comments.
pub(super) fn place(text: &str, arena: &Arena) -> Notes {
    let mut notes = Notes::default();
    let mut from = 0;
    for next in 0..=arena.marks.len() {
        let until = arena.marks.get(next).map_or(text.len(), |mark| mark.start);
        if text[from..until.max(from)].contains('#') {
            let gap = Gap {
                text,
                arena,
                previous: next.checked_sub(1).map(|at| &arena.marks[at]),
                next: arena.marks.get(next),
            };
            gap.place(from, until, &mut notes);
        }
        if let Some(mark) = arena.marks.get(next) {
            header(text, mark, &mut notes);
            from = mark.end.max(from);
        }
    }
    notes
}

/// The comment behind the `|` or `>` of a block.
fn header(text: &str, mark: &Mark, notes: &mut Notes) {
    let What::Value(entry) = mark.what else { return };
    let line = text[mark.start..mark.end].lines().next().unwrap_or("");
    let indicator = line.split_whitespace().find(|word| !word.starts_with(['&', '!']));
    if !indicator.is_some_and(|word| word.starts_with(['|', '>'])) {
        return;
    }
    if let Some(at) = line.find(" #") {
        let start = mark.start + at + 1;
        let end = mark.start + line.len();
        notes.0.entry(Spot::Before(entry)).or_default().push(Note { start, end, beside: true });
    }
}

/// What lies between two marks.
struct Gap<'a> {
    text: &'a str,
    arena: &'a Arena,
    previous: Option<&'a Mark>,
    next: Option<&'a Mark>,
}

impl Gap<'_> {
    fn place(&self, from: usize, until: usize, notes: &mut Notes) {
        let (before, after) = self.lines(from, until);
        let Some(separated) = after else { return self.group(&before, self.next, false, notes) };
        match self.previous {
            Some(_) => self.group(&before, None, true, notes),
            None => before.iter().for_each(|line| self.ahead(line, notes)),
        }
        separated.iter().for_each(|line| self.ahead(line, notes));
    }

    /// The comments of the gap; those after a `---` or `...` apart.
    fn lines(&self, from: usize, until: usize) -> (Vec<Line>, Option<Vec<Line>>) {
        let (mut before, mut after): (Vec<Line>, Option<Vec<Line>>) = (Vec::new(), None);
        let mut at = from;
        let mut blank = false;
        for piece in self.text[from..until].split_inclusive('\n') {
            let begins = at == 0 || self.text[..at].ends_with('\n');
            let marker = |word: &str| {
                piece
                    .strip_prefix(word)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
            };
            let separates = begins && (marker("---") || marker("..."));
            if separates {
                after.get_or_insert_default();
                blank = false;
            }
            let list = after.as_mut().unwrap_or(&mut before);
            if begins && piece.trim().is_empty() && piece.ends_with('\n') {
                blank = true;
                if let Some(last) = list.last_mut() {
                    last.blank_after = true;
                }
            } else if let Some(hash) = hash(piece) {
                let start = at + hash;
                let line = self.text[..start].rfind('\n').map_or(0, |n| n + 1);
                let own = self.text[line..start].trim_start_matches('\u{feff}').trim().is_empty();
                let end = at + piece.trim_end_matches(['\r', '\n']).len();
                let column = column(self.text, start);
                list.push(Line { start, end, column, own, blank_before: blank, blank_after: false });
                blank = false;
            }
            at += piece.len();
        }
        (before, after)
    }

    /// Places the comments between the previous mark and the next one, or the end of the document.
    fn group(&self, lines: &[Line], next: Option<&Mark>, separated: bool, notes: &mut Notes) {
        let shared = lines.iter().take_while(|line| !line.own).count();
        lines[..shared].iter().for_each(|line| self.shared(line, notes));
        // `- # comment` on a line below.
        let own: Vec<&Line> = lines[shared..].iter().filter(|line| line.own).collect();
        lines[shared..].iter().filter(|line| !line.own).for_each(|line| self.ahead(line, notes));
        if own.is_empty() {
            return;
        }
        let chain = self.previous.map_or_else(Vec::new, |mark| self.chain(mark));
        let flow = chain.first().is_some_and(|at| self.arena.collections[*at].flow);
        if self.previous.is_none() || flow {
            return own.iter().for_each(|line| self.ahead(line, notes));
        }
        let run = Run { gap: self, own, chain, next, separated };
        run.place(notes);
    }

    /// A comment on a line with something else.
    fn shared(&self, line: &Line, notes: &mut Notes) {
        let beside = self.previous.filter(|mark| !self.text[mark.end..line.start].contains('\n'));
        match beside.map(|mark| mark.what) {
            Some(What::Value(entry)) => notes.add(Spot::Before(entry), line, true),
            Some(What::Key(entry)) => notes.add(Spot::Before(entry), line, false),
            Some(What::Close(collection)) => match self.arena.collections[collection].parent {
                Some(entry) if !self.arena.collections[self.arena.entries[entry].collection].is_map => {
                    notes.add(Spot::Before(entry), line, true);
                }
                _ => notes.add(Spot::Start(collection), line, false),
            },
            Some(What::Open(_)) | None => self.ahead(line, notes),
        }
    }

    /// A comment that belongs to what follows it.
    fn ahead(&self, line: &Line, notes: &mut Notes) {
        let spot = match self.next.map(|mark| mark.what) {
            Some(What::Key(entry) | What::Value(entry)) => self.outermost(entry, line.start),
            Some(What::Open(collection)) => match self.arena.collections[collection].parent {
                Some(entry) => self.outermost(entry, line.start),
                None => Spot::Start(collection),
            },
            Some(What::Close(collection)) => Spot::End(collection),
            None => {
                match self.previous.map(|mark| self.chain(mark)).and_then(|chain| chain.last().copied()) {
                    Some(root) => Spot::End(root),
                    None => return,
                }
            }
        };
        notes.add(spot, line, false);
    }

    /// The outermost entry that begins after a position and begins with this entry.
    fn outermost(&self, entry: usize, after: usize) -> Spot {
        let mut entry = entry;
        while let Some(parent) = self.arena.collections[self.arena.entries[entry].collection].parent
            && self.arena.entries[parent].start > after
        {
            entry = parent;
        }
        Spot::Before(entry)
    }

    /// The collections that are open after a mark, innermost first.
    fn chain(&self, mark: &Mark) -> Vec<usize> {
        let parent = |collection: usize| {
            self.arena.collections[collection].parent.map(|entry| self.arena.entries[entry].collection)
        };
        let first = match mark.what {
            What::Key(entry) | What::Value(entry) => Some(self.arena.entries[entry].collection),
            What::Open(collection) => Some(collection),
            What::Close(collection) => Some(parent(collection).unwrap_or(collection)),
        };
        std::iter::successors(first, |collection| parent(*collection)).collect()
    }
}

/// Where a comment begins in a piece of text without scalars.
fn hash(piece: &str) -> Option<usize> {
    piece
        .match_indices('#')
        .map(|(at, _)| at)
        .find(|at| piece[..*at].chars().next_back().is_none_or(|c| c.is_whitespace() || c == '\u{feff}'))
}

/// Comments on lines of their own, in a block.
struct Run<'a> {
    gap: &'a Gap<'a>,
    own: Vec<&'a Line>,
    chain: Vec<usize>,
    next: Option<&'a Mark>,
    separated: bool,
}

/// How a part of a run ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// It belongs to what stands above.
    Foot,
    /// As well, but it stands further left than the block above.
    Dedented,
    /// It belongs to what follows.
    Head,
}

impl Run<'_> {
    fn indent(&self, collection: usize) -> usize {
        self.gap.arena.collections[collection].indent
    }

    fn place(&self, notes: &mut Notes) {
        let mut from = 0;
        let mut first = true;
        while from < self.own.len() {
            let (until, part) = self.part(from);
            for at in from..until {
                let spot = match part {
                    Part::Foot if first => self.above(),
                    Part::Foot | Part::Dedented => self.closing_at(from),
                    Part::Head => None,
                };
                match (spot, self.next) {
                    (Some(spot), _) => notes.add(spot, self.own[at], false),
                    (None, Some(_)) => self.gap.ahead(self.own[at], notes),
                    (None, None) => {
                        if let Some(root) = self.chain.last() {
                            notes.add(Spot::End(*root), self.own[at], false);
                        }
                    }
                }
            }
            (from, first) = (until, false);
        }
    }

    /// Where the part that begins here ends, and how.
    fn part(&self, from: usize) -> (usize, Part) {
        let block = self.chain.first().map_or(0, |at| self.indent(*at));
        let start = self.own[from].column;
        let first_blank = self.own[..=from].iter().all(|line| !line.blank_before);
        let below_key = matches!(self.gap.previous.map(|mark| mark.what), Some(What::Key(_)));
        for at in from..self.own.len() {
            let last = at + 1 == self.own.len();
            let earlier = self.own[from..at].iter().all(|line| !line.blank_after);
            let ends = self.own[at].blank_after || (last && self.next.is_none() && !self.separated);
            if ends && first_blank && earlier {
                if start < block {
                    return (at + 1, Part::Dedented);
                }
                if from == 0 && !below_key {
                    return (at + 1, Part::Foot);
                }
            }
            let following = match self.own.get(at + 1) {
                Some(line) => Some(line.column),
                None if self.separated => Some(0),
                None => self.next.map(|_| column(self.gap.text, skip(self.gap.text, self.own[at].end))),
            };
            if following.is_some_and(|column| column < block && column != start) {
                return (at + 1, Part::Foot);
            }
        }
        (self.own.len(), Part::Head)
    }

    /// Behind the entry above: the end of its collection if that closes here.
    fn above(&self) -> Option<Spot> {
        let innermost = *self.chain.first()?;
        self.closes(innermost).then_some(Spot::End(innermost))
    }

    fn closes(&self, collection: usize) -> bool {
        self.next.is_none_or(|mark| !self.gap.chain(mark).contains(&collection))
    }

    /// The end of the innermost closing block that a comment from here on is aligned with; behind it, if it is a list.
    fn closing_at(&self, from: usize) -> Option<Spot> {
        let closing = self.chain.iter().copied().filter(|at| self.closes(*at));
        let aligned = |at: &usize| self.own[from..].iter().any(|line| line.column == self.indent(*at));
        let found = closing.into_iter().find(aligned)?;
        let collection = &self.gap.arena.collections[found];
        match collection.parent {
            Some(entry) if !collection.is_map => {
                let outer = self.gap.arena.entries[entry].collection;
                self.closes(outer).then_some(Spot::End(outer))
            }
            _ => Some(Spot::End(found)),
        }
    }
}
