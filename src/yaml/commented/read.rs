//! YAML text to documents: first the entries with their places, then the comments between them.

use super::{
    Document, Value, braces, build, comments,
    typing::{self, Unfit},
};
use crate::{
    diag::{Diagnostic, Place, Problems, SourceId},
    plain::PlainText,
    yaml::{
        lint,
        marks::Marks,
        raw::{MAX_DEPTH, tag_text},
        syntax,
    },
};
use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use std::{borrow::Cow, collections::HashMap};

/// Reads all documents; aliases are written out. No message shows anything of the text but keys.
///
/// `None` if an error was pushed: bad syntax, nesting and aliases without bounds, a document that is no mapping, keys
/// that are no text or equal, `<<`, and integers beyond 64 bits.
pub fn read(text: &str, source: SourceId, problems: &mut Problems) -> Option<Vec<Document>> {
    let (before, told) = (problems.errors(), problems.0.len());
    lint::characters(text, source, problems);
    let shadow = braces::closed(text);
    let mut reader = Reader::new(text, &shadow, source);
    if problems.errors() == before {
        reader.run(&shadow, problems);
    }
    if problems.errors() > before {
        // Whatever else was made of it, this is what is wrong.
        if let Some(conflict) = syntax::conflict(text, source) {
            problems.0.truncate(told);
            problems.push(conflict);
        }
        return None;
    }
    let documents = build::documents(text, source, &reader.arena, problems);
    (problems.errors() == before).then_some(documents)
}

/// What was read, flat: collections and entries by number.
#[derive(Default)]
pub(super) struct Arena {
    pub(super) collections: Vec<Collection>,
    pub(super) entries: Vec<Member>,
    /// In the order of the text.
    pub(super) marks: Vec<Mark>,
    /// The mapping of each document; an empty document has none.
    pub(super) documents: Vec<Option<usize>>,
}

pub(super) struct Collection {
    pub(super) is_map: bool,
    /// In brackets or braces.
    pub(super) flow: bool,
    /// The entry whose value it is; `None` for the top of a document.
    pub(super) parent: Option<usize>,
    /// The column of keys or dashes.
    pub(super) indent: usize,
    pub(super) entries: Vec<usize>,
    pub(super) start: usize,
    pub(super) end: usize,
}

pub(super) struct Member {
    pub(super) collection: usize,
    pub(super) key: Option<(String, usize, usize)>,
    /// Where it begins: its key, or its dash.
    pub(super) start: usize,
    pub(super) content: Content,
}

pub(super) enum Content {
    Nothing,
    Scalar(Value, usize, usize),
    Collection(usize),
    /// A copy for an alias, and where that stands.
    Copy(Box<Content>, usize, usize),
}

/// Content that comments are placed by.
pub(super) struct Mark {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The key of an entry.
    Key(usize),
    /// The scalar value of an entry.
    Value(usize),
    /// `[` or `{`.
    Open(usize),
    /// `]` or `}`.
    Close(usize),
}

struct Reader<'t> {
    text: &'t str,
    source: SourceId,
    marks: Marks<'t>,
    arena: Arena,
    /// Collections that are open, and in a mapping the entry whose value is awaited.
    stack: Vec<(usize, Option<usize>)>,
    anchors: HashMap<usize, Content>,
    open_anchors: Vec<(usize, usize)>,
    /// One past the last content.
    cursor: usize,
}

type Fault = Box<Diagnostic>;

impl<'t> Reader<'t> {
    fn new(text: &'t str, shadow: &'t str, source: SourceId) -> Self {
        Self {
            text,
            source,
            marks: Marks::new(shadow),
            arena: Arena::default(),
            stack: Vec::new(),
            anchors: HashMap::new(),
            open_anchors: Vec::new(),
            cursor: 0,
        }
    }

    fn place(&self, start: usize, end: usize) -> Place {
        Place::new(self.source, start..end.max(start))
    }

    fn run(&mut self, shadow: &str, problems: &mut Problems) {
        let mut parser = Parser::new_from_str(shadow);
        while let Some(next) = parser.next_event() {
            let step = match next {
                Ok((event, span)) => self.event(event, span, problems),
                Err(error) => {
                    let at = self.marks.byte(error.marker().index());
                    Err(Box::new(syntax::explain_unseen(self.text, self.source, at, error.info())))
                }
            };
            if let Err(error) = step {
                return problems.push(*error);
            }
        }
    }

    fn event(&mut self, event: Event<'_>, span: Span, problems: &mut Problems) -> Result<(), Fault> {
        let (start, end) = (self.marks.byte(span.start.index()), self.marks.byte(span.end.index()));
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(_) => {
                self.anchors.clear();
                self.arena.documents.push(None);
                self.cursor = self.cursor.max(end);
            }
            Event::Scalar(text, style, anchor, tag) => {
                let text = PlainText::new(text.into_owned());
                self.scalar(text, style, anchor, tag, (start, end), problems)?;
            }
            Event::Alias(id) => self.alias(id, start, end)?,
            Event::SequenceStart(anchor, tag) => self.open(false, anchor, tag, start, problems)?,
            Event::MappingStart(anchor, tag) => self.open(true, anchor, tag, start, problems)?,
            Event::SequenceEnd | Event::MappingEnd => self.close(start),
        }
        Ok(())
    }

    /// The entry that the next value belongs to; a new one in a list. `None` at the top of a document.
    fn entry(&mut self) -> Option<usize> {
        let (collection, awaited) = self.stack.last_mut()?;
        if let Some(entry) = awaited.take() {
            return Some(entry);
        }
        let collection = *collection;
        let flow = self.arena.collections[collection].flow;
        let start = if flow { self.next_content(self.cursor) } else { self.dash() };
        Some(self.add(collection, None, start))
    }

    fn add(&mut self, collection: usize, key: Option<(String, usize, usize)>, start: usize) -> usize {
        let number = self.arena.entries.len();
        self.arena.entries.push(Member { collection, key, start, content: Content::Nothing });
        let owner = &mut self.arena.collections[collection];
        if owner.entries.is_empty() && !owner.flow {
            owner.indent = column(self.text, start);
        }
        owner.entries.push(number);
        number
    }

    /// Where the dash of the next item stands; the cursor moves behind it.
    fn dash(&mut self) -> usize {
        let mut at = self.next_content(self.cursor);
        // Anchors, tags and the colon of the key stand between.
        while at < self.text.len() && !self.text[at..].starts_with('-') {
            at += self.text[at..].find(|c: char| c.is_whitespace()).unwrap_or(self.text.len() - at);
            at = self.next_content(at);
        }
        self.cursor = (at + 1).min(self.text.len());
        at
    }

    /// The next byte that is neither white space nor comment.
    fn next_content(&self, from: usize) -> usize {
        comments::skip(self.text, from)
    }

    fn open(
        &mut self,
        is_map: bool,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        start: usize,
        problems: &mut Problems,
    ) -> Result<(), Fault> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(Box::new(syntax::too_deep(self.place(start, start + 1))));
        }
        if let Some(tag) = tag.map(|tag| tag_text(&tag))
            && tag.starts_with("!!")
            && &*tag != if is_map { "!!map" } else { "!!seq" }
        {
            problems.push(unfit(Unfit::UnknownTag).at(self.place(start, start + 1)));
        }
        if self.awaits_key() {
            return Err(Box::new(no_key().at(self.place(start, start + 1))));
        }
        let parent = self.entry();
        if parent.is_none() && !is_map {
            return Err(Box::new(top("a list").at(self.place(start, start + 1))));
        }
        let number = self.arena.collections.len();
        let from = self.text[start..].find(|c: char| !c.is_whitespace()).map_or(start, |n| start + n);
        let flow = self.bracket(from, is_map);
        self.arena.collections.push(Collection {
            is_map,
            flow: flow.is_some(),
            parent,
            indent: column(self.text, from),
            entries: Vec::new(),
            start: from,
            end: from,
        });
        if let Some(at) = flow {
            self.mark(at, at + 1, What::Open(number));
        }
        match parent {
            Some(entry) => self.arena.entries[entry].content = Content::Collection(number),
            None => {
                if let Some(document) = self.arena.documents.last_mut() {
                    *document = Some(number);
                }
            }
        }
        if anchor != 0 {
            self.open_anchors.push((anchor, number));
        }
        self.stack.push((number, None));
        Ok(())
    }

    /// Where the bracket of a collection that begins at `from` stands, if it has one; anchor and tag come first.
    fn bracket(&self, from: usize, is_map: bool) -> Option<usize> {
        let mut at = from;
        while self.text[at..].starts_with(['&', '!']) {
            at += self.text[at..].find(|c: char| c.is_whitespace())?;
            at = self.next_content(at);
        }
        self.text[at..].starts_with(if is_map { '{' } else { '[' }).then_some(at)
    }

    fn awaits_key(&self) -> bool {
        self.stack.last().is_some_and(|(at, awaited)| self.arena.collections[*at].is_map && awaited.is_none())
    }

    fn mark(&mut self, start: usize, end: usize, what: What) {
        self.arena.marks.push(Mark { start, end, what });
        self.cursor = self.cursor.max(end);
    }

    fn close(&mut self, start: usize) {
        let Some((number, _)) = self.stack.pop() else { return };
        if self.arena.collections[number].flow {
            let at = self.next_content(self.cursor.max(start));
            let end = (at + 1).min(self.text.len());
            self.mark(at, end, What::Close(number));
        }
        self.arena.collections[number].end = self.cursor;
        self.open_anchors.retain(|(anchor, collection)| {
            if *collection == number {
                self.anchors.insert(*anchor, Content::Collection(number));
            }
            *collection != number
        });
    }

    fn alias(&mut self, id: usize, start: usize, end: usize) -> Result<(), Fault> {
        let place = self.place(start, end);
        if self.awaits_key() {
            return Err(Box::new(no_key().at(place)));
        }
        let content = match self.anchors.get(&id) {
            Some(Content::Collection(number)) => Content::Collection(*number),
            Some(Content::Scalar(value, start, end)) => Content::Scalar(value.clone(), *start, *end),
            _ => return Err(Box::new(syntax::bad_alias_unseen(place))),
        };
        let Some(entry) = self.entry() else { return Err(Box::new(top("an alias").at(place))) };
        self.arena.entries[entry].content = Content::Copy(Box::new(content), start, end);
        self.mark(start, end, What::Value(entry));
        Ok(())
    }

    fn scalar(
        &mut self,
        text: PlainText,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        (start, end): (usize, usize),
        problems: &mut Problems,
    ) -> Result<(), Fault> {
        let tag = tag.map(|tag| tag_text(&tag));
        let written = !(text.is_empty() && style == ScalarStyle::Plain && anchor == 0 && tag.is_none());
        let (start, end) =
            if written { self.extent(style, start, end, text.is_empty()) } else { (start, start) };
        let place = self.place(start, end);
        let text = if style == ScalarStyle::Literal && end == self.text.len() {
            PlainText::from(&*syntax::clip((&*text).into(), &self.text[start..]))
        } else {
            text
        };
        let value = typing::value(&text, style == ScalarStyle::Plain, tag.as_deref()).unwrap_or_else(|why| {
            problems.push(unfit(why).at(place));
            Value::Null
        });
        if self.awaits_key() {
            return self.key(&value, style == ScalarStyle::Plain && tag.is_none(), start, end);
        }
        if anchor != 0 {
            self.anchors.insert(anchor, Content::Scalar(value.clone(), start, end));
        }
        let Some(entry) = self.entry() else {
            return if value == Value::Null {
                Ok(())
            } else {
                Err(Box::new(top("a single value").at(place)))
            };
        };
        self.arena.entries[entry].content = Content::Scalar(value, start, end);
        if written {
            self.mark(start, end, What::Value(entry));
        }
        Ok(())
    }

    fn key(&mut self, value: &Value, plain: bool, start: usize, end: usize) -> Result<(), Fault> {
        let place = self.place(start, end);
        let text = match value {
            Value::Scalar(scalar) if scalar.kind == super::Kind::Str => scalar.text.to_string(),
            _ => return Err(Box::new(no_key().at(place))),
        };
        if plain && text == "<<" {
            return Err(Box::new(
                Diagnostic::error("yaml/merge", "`<<` is not kept in a sealed file")
                    .at(place)
                    .help("write the merged entries out"),
            ));
        }
        let Some((collection, _)) = self.stack.last().copied() else { return Ok(()) };
        let entry = self.add(collection, Some((text, start, end)), start);
        self.mark(start, end, What::Key(entry));
        if let Some((_, awaited)) = self.stack.last_mut() {
            *awaited = Some(entry);
        }
        Ok(())
    }

    /// The bytes of a scalar with anchor, tag, quotes and header.
    fn extent(&self, style: ScalarStyle, start: usize, end: usize, empty: bool) -> (usize, usize) {
        let end = end.max(start);
        let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let start = if block && !empty { syntax::block_header(self.text, start) } else { start };
        let end = start + self.text[start..end.max(start)].trim_end().len();
        let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
        (start, if quoted { syntax::quoted_end(self.text, start, end) } else { end })
    }
}

/// The column of a byte in its line, in characters from 0.
pub(super) fn column(text: &str, at: usize) -> usize {
    let line = text[..at].rfind('\n').map_or(0, |n| n + 1);
    text[line..at].chars().count()
}

fn no_key() -> Diagnostic {
    Diagnostic::error("yaml/key", "a key must be text").help("quote it")
}

fn top(what: &str) -> Diagnostic {
    Diagnostic::error("secret/top", format!("the document is {what}, and only a mapping can be sealed"))
        .help("put it under a key")
}

fn unfit(why: Unfit) -> Diagnostic {
    match why {
        Unfit::Integer => Diagnostic::error("yaml/integer", "the integer does not fit into 64 bits")
            .help("quote it if it is meant as text"),
        Unfit::Tag => Diagnostic::error("yaml/tag", "the value does not fit its tag")
            .help("remove the tag or correct the value"),
        Unfit::UnknownTag => Diagnostic::error("yaml/tag", "the tag has no meaning here")
            .help("remove it; bytes of a Secret stand under `data` as base64"),
    }
}
