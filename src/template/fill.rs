//! Puts the values into the structure: the rendered text was parsed with slots in place of values, and here
//! each slot is replaced where it stands. No value is ever read as YAML.

use super::{
    give::Spot,
    origin::{Found, Rendered, joined, readable},
    slots::{self, NoText, Piece},
};
use crate::{
    diag::{Diagnostic, Place, Problems},
    yaml::{self, Key, MapBuilder, Node, RawKind, RawNode, Rules, Style, Value, scalar},
};
use minijinja::value::Value as Given;
use std::sync::Arc;

/// Fills the slots of one rendered text.
pub(super) struct Filler<'r, 'p> {
    pub(super) rendered: &'r Rendered<'r>,
    pub(super) problems: &'p mut Problems,
    /// How many slots were met in scalars and tags that are no copies made by aliases.
    met: usize,
    /// How many parts of values were given.
    pub(super) parts: usize,
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct At {
    level: Level,
    /// In what an alias stands for: seen before.
    copy: bool,
}

/// How far the way to `values` is, under which null is data.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    Values,
    /// The top of a HelmRelease.
    Release,
    /// Its `spec`.
    Spec,
    Else,
}

impl At {
    fn member(self, key: &str) -> Self {
        let level = match (self.level, key) {
            (Level::Values, _) | (Level::Spec, "values") => Level::Values,
            (Level::Release, "spec") => Level::Spec,
            _ => Level::Else,
        };
        Self { level, ..self }
    }

    fn item(self) -> Self {
        self.member("")
    }

    fn nulls(self) -> bool {
        self.level == Level::Values
    }
}

/// Is a template the values of a chart, so that null is data in it?
pub(super) fn is_values(template: &str) -> bool {
    let name = template.rsplit('/').next().unwrap_or(template);
    name == "values.yaml.j2" || name.ends_with(".values.yaml.j2")
}

/// The documents of a rendered text; those that went away are left out.
pub(super) fn documents(
    rendered: &Rendered<'_>,
    documents: &[yaml::RawDocument],
    problems: &mut Problems,
) -> Vec<Node> {
    let mut filler = Filler { rendered, problems, met: 0, parts: 0 };
    let values = is_values(rendered.template);
    let mut nodes = Vec::with_capacity(documents.len());
    for document in documents {
        let level = match values {
            true => Level::Values,
            false if is_release(&document.root) => Level::Release,
            false => Level::Else,
        };
        nodes.extend(filler.node(&document.root, At { level, copy: false }));
    }
    filler.all_met(documents);
    nodes
}

fn is_release(root: &RawNode) -> bool {
    let RawKind::Map(pairs) = &root.kind else { return false };
    let is = |node: &RawNode, text: &str| node.scalar().is_some_and(|(own, _)| **own == *text);
    pairs.iter().any(|(key, value)| is(key, "kind") && is(value, "HelmRelease"))
}

impl Filler<'_, '_> {
    pub(super) fn push(&mut self, problem: Diagnostic) {
        self.problems.push(self.rendered.in_macro(problem));
    }

    fn place(&self, raw: &RawNode) -> Place {
        self.rendered.place(raw.place.range())
    }

    /// `None`: it goes away, or an error was pushed.
    fn node(&mut self, raw: &RawNode, at: At) -> Option<Node> {
        let at = At { copy: at.copy || raw.alias.is_some(), ..at };
        match &raw.kind {
            RawKind::Scalar { text, style, .. } => self.scalar(raw, text, *style, at),
            RawKind::Seq(items) => {
                self.collection_tag(raw, "!!seq");
                let items = items.iter().filter_map(|item| self.node(item, at.item())).collect::<Vec<_>>();
                Some(Node::with(items, self.rendered.literal(raw.place.range())))
            }
            RawKind::Map(pairs) => {
                self.collection_tag(raw, "!!map");
                let map = self.map(pairs, at);
                Some(Node::with(map, self.rendered.literal(raw.place.range())))
            }
        }
    }

    fn collection_tag(&mut self, raw: &RawNode, wanted: &str) {
        if let Some(tag) = raw.tag.as_deref().filter(|tag| *tag != wanted) {
            let place = self.place(raw);
            self.push(bad_tag(tag).at(place));
        }
    }

    fn map(&mut self, pairs: &[(RawNode, RawNode)], at: At) -> yaml::Map {
        let mut builder = MapBuilder::with_capacity(pairs.len());
        for (key, value) in pairs {
            if key.is_merge() {
                let merged = self.node(value, at);
                if merged.is_some_and(|node| builder.merge(node).is_err()) {
                    let place = self.place(value);
                    self.push(yaml::bad_merge().at(place));
                }
                continue;
            }
            let Some(key) = self.key(key, value, at) else { continue };
            let Some(node) = self.node(value, at.member(&key.text)) else { continue };
            let (text, place) = (key.text.clone(), key.place);
            if let (Err(first), Some(place)) = (builder.insert(key, node), place) {
                self.push(yaml::duplicate(&text, place, first.place).help("keep one of them"));
            }
        }
        builder.finish()
    }

    /// `None`: the entry goes away, or an error was pushed.
    fn key(&mut self, key: &RawNode, value: &RawNode, at: At) -> Option<Key> {
        let copy = at.copy || key.alias.is_some();
        let place = self.place(key);
        let with_slots = key.scalar().filter(|(text, _)| slots::forbidden(text).is_some());
        let Some((text, style)) = with_slots else {
            return match yaml::key_text(key, Rules::Config) {
                Ok(text) => Some(Key::new(text, Some(place))),
                Err(error) => {
                    self.push(error.at(place));
                    None
                }
            };
        };
        if style == Style::Plain && value.is_empty() && blank_is_missing(text) {
            self.count(text, copy);
            self.push(missing_blank().at(place));
            return None;
        }
        let parts = self.pieces(key, text, style, copy)?;
        if let [Part::Slot(value, found)] = parts.as_slice() {
            if slots::is_omit(value) {
                return None;
            }
            let (value, place) = (value.clone(), found.place);
            let text = self.text(&value, found, Use::Key)?;
            return Some(Key::new(text, Some(place)));
        }
        let (text, _) = self.assemble(parts, Use::Key)?;
        Some(Key::new(text, Some(place)))
    }

    fn scalar(&mut self, raw: &RawNode, text: &Arc<str>, style: Style, at: At) -> Option<Node> {
        if slots::forbidden(text).is_none() {
            return self.literal(raw, text, style, at);
        }
        let parts = self.pieces(raw, text, style, at.copy)?;
        let plain = style == Style::Plain && raw.tag.is_none();
        match parts.as_slice() {
            [Part::Slot(value, found)] if plain => {
                let spot = Spot { place: found.place, origin: found.origin.clone(), nulls: at.nulls() };
                let (value, input) = (value.clone(), found.input.clone());
                return self.value(&value, input.as_ref(), &spot);
            }
            [Part::Slot(value, _)] if slots::is_omit(value) => return None,
            [Part::Slot(value, _), Part::Text(rest)]
                if slots::is_omit(value) && rest.trim_matches('\n').is_empty() =>
            {
                return None;
            }
            _ => {}
        }
        let (text, found) = self.assemble(parts, Use::Text)?;
        let origin = match <[Found; 1]>::try_from(found) {
            // Alone in its quotes, or in a block with no more than the block's own line break.
            Ok([only]) if text_is_only_slot(raw) => only.origin,
            Ok(one) => joined(&one, self.place(raw)),
            Err(many) => joined(&many, self.place(raw)),
        };
        Some(Node::with(Value::Str(text), origin))
    }

    /// A scalar of the template's own.
    fn literal(&mut self, raw: &RawNode, text: &Arc<str>, style: Style, at: At) -> Option<Node> {
        if raw.is_empty() {
            return None;
        }
        let place = self.place(raw);
        if let Some(tag) = raw.tag.as_deref().filter(|tag| !is_str(tag)) {
            self.push(bad_tag(tag).at(place));
            return None;
        }
        if style == Style::Plain
            && raw.tag.is_none()
            && let Some(why) = scalar::disputed(text)
        {
            self.push(disputed(text, why).at(place));
            return None;
        }
        match scalar::literal(text, style, raw.tag.as_deref()) {
            Ok(Value::Null) if !at.nulls() => {
                self.push(
                    Diagnostic::error("template/null", "null may stand only under `values`")
                        .at(place)
                        .help("remove the key, or quote the word if it is text: `\"null\"`"),
                );
                None
            }
            Ok(value) => {
                let style = if raw.tag.is_some() { Style::Quoted } else { style };
                Some(Node { value, origin: self.rendered.literal(raw.place.range()), style })
            }
            Err(error) => {
                self.push(error.at(place));
                None
            }
        }
    }

    fn count(&mut self, text: &str, copy: bool) -> usize {
        let slots = text.matches(slots::OPEN).count();
        self.met += if copy { 0 } else { slots };
        slots
    }

    /// The parts of a scalar with slots. `None` if an error was pushed.
    fn pieces<'t>(
        &mut self,
        raw: &RawNode,
        text: &'t str,
        style: Style,
        copy: bool,
    ) -> Option<Vec<Part<'t>>> {
        let slots = self.count(text, copy);
        let range = raw.place.range();
        let written = self.rendered.text.get(range.clone()).unwrap_or("");
        if style == Style::Quoted && written.matches(slots::OPEN).count() != slots {
            let place = self.place(raw);
            self.push(super::inputs::forbidden(slots::OPEN).at(place));
            return None;
        }
        if let Some(tag) = raw.tag.as_deref().filter(|tag| !is_str(tag)) {
            let place = self.place(raw);
            self.push(bad_tag(&readable(tag)).at(place));
            return None;
        }
        let mut parts = Vec::new();
        let mut nth = 0;
        for piece in slots::pieces(text) {
            let number = match piece {
                Piece::Text(text) => {
                    parts.push(Part::Text(text));
                    continue;
                }
                Piece::Slot(number) => number,
                Piece::Broken => usize::MAX,
            };
            let Some(slot) = self.rendered.session.slots.get(number) else {
                let place = self.place(raw);
                self.push(
                    Diagnostic::error("template/cut", "captured text was cut in the middle of a value")
                        .at(place)
                        .help("write the text whole where it is used, without cutting or replacing in it"),
                );
                return None;
            };
            let offset = self.rendered.slot_offset(range.clone(), nth);
            nth += 1;
            parts.push(Part::Slot(slot.value.clone(), self.rendered.find(number, offset)));
        }
        Some(parts)
    }

    /// The text of all parts, and where its slots come from. `None` if an error was pushed.
    fn assemble(&mut self, parts: Vec<Part<'_>>, wanted: Use) -> Option<(Arc<str>, Vec<Found>)> {
        let mut text = String::new();
        let mut all = Vec::new();
        let mut good = true;
        for part in parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Slot(value, found) => {
                    match self.text(&value, &found, wanted) {
                        Some(part) => text.push_str(&part),
                        None => good = false,
                    }
                    all.push(found);
                }
            }
        }
        good.then(|| (text.into(), all))
    }

    /// The text of a value. `None` if an error was pushed.
    fn text(&mut self, value: &Given, found: &Found, wanted: Use) -> Option<Arc<str>> {
        if let Some(problem) = self.integral(value, found.place, &found.origin, found.input.is_some()) {
            self.push(problem);
            return None;
        }
        match slots::text_of(value) {
            Ok(text) => Some(text),
            Err(why) => {
                let name = match &found.input {
                    Some(node) => node.path.to_string(),
                    None => self.rendered.expression(found.place).into_owned(),
                };
                let problem =
                    no_text(&name, why, wanted).at(found.place).label(found.origin.config(), "set here");
                self.push(problem);
                None
            }
        }
    }

    /// Reports slots of the text that stand in no scalar: in the name of an anchor or alias. Those in comments
    /// are nothing.
    fn all_met(&mut self, documents: &[yaml::RawDocument]) {
        let text = self.rendered.text.as_str();
        if text.matches(slots::OPEN).count() == self.met || documents.is_empty() {
            return;
        }
        for (at, _) in text.match_indices(slots::OPEN) {
            let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
            let before = &text[line..at];
            let word = before
                .rfind([' ', '\t', ',', '[', '{', '}', ']'])
                .map_or(before, |blank| &before[blank + 1..]);
            if !word.starts_with(['&', '*']) || before.starts_with('#') || before.contains(" #") {
                continue;
            }
            let what = if word.starts_with('&') { "an anchor" } else { "an alias" };
            let place = self.rendered.place(at..at);
            self.push(
                Diagnostic::error("template/anchor", format!("an expression stands in the name of {what}"))
                    .at(place)
                    .help("write the name out, or quote the text if none is meant"),
            );
        }
    }
}

/// A part of a scalar with slots.
enum Part<'t> {
    Text(&'t str),
    Slot(Given, Found),
}

/// What a text is wanted for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Use {
    Key,
    Text,
}

fn is_str(tag: &str) -> bool {
    matches!(tag, "!!str" | "!")
}

fn text_is_only_slot(raw: &RawNode) -> bool {
    let Some((text, _)) = raw.scalar() else { return false };
    let text = text.trim_end_matches('\n');
    text.starts_with(slots::OPEN)
        && text.find(slots::CLOSE).is_some_and(|at| at + slots::CLOSE.len_utf8() == text.len())
}

/// Does a `:` stand right before a slot?
fn blank_is_missing(text: &str) -> bool {
    text.match_indices(slots::OPEN).any(|(at, _)| text[..at].ends_with(':'))
}

/// `{a:{{ x }}}`; without a place yet.
pub(super) fn missing_blank() -> Diagnostic {
    Diagnostic::error("template/blank", "a blank is missing after the colon")
        .because("without it YAML takes name, colon and value together for one word")
        .help("write `key: {{ … }}`")
}

fn bad_tag(tag: &str) -> Diagnostic {
    Diagnostic::error("template/tag", format!("the tag `{tag}` may not stand in a template"))
        .help("remove it; only `!!str` is known, and quotes say the same")
}

fn disputed(text: &str, why: &str) -> Diagnostic {
    Diagnostic::error("template/disputed", format!("readers of YAML disagree on `{text}`"))
        .because(why)
        .help(format!("quote it: `\"{text}\"`"))
}

fn no_text(name: &str, why: NoText, wanted: Use) -> Diagnostic {
    let whole = match wanted {
        Use::Key => "a key",
        Use::Text => "a text",
    };
    let problem = Diagnostic::error(
        "template/text",
        format!("`{name}` is {}, which cannot be part of {whole}", why.noun()),
    );
    match (why, wanted) {
        (NoText::List | NoText::Mapping, Use::Text) => problem
            .help(format!("write it as YAML text with `{{{{ {name} | to_yaml }}}}`"))
            .help("or put the expression alone after the key, without quotes, to keep the structure"),
        (NoText::Omit, _) => problem.help("write `default(\"\")` to leave nothing there"),
        (NoText::Null, _) => problem.help("write a text in its place, or leave the whole key out"),
        (NoText::Code, _) => problem.help(format!("call it: `{name}()`")),
        _ => problem.help("use a text, a number or a boolean"),
    }
}
