//! The source map: from the rendered text and its slots back to templates and to the config lines.

use super::{
    compile::Compiled,
    inputs::{Context, Kind, Tracked},
    slots::{self, Piece, Session},
    walk::{Expression, LocalKind},
};
use crate::{
    diag::{Diagnostic, Place},
    yaml::{Origin, Read, Trail, Value as Yaml},
};
use minijinja::{OutputSpan, OutputSpanKind, value::Value};
use std::{borrow::Cow, collections::HashMap, ops::Range, sync::Arc};

/// So many inputs are named for a computed value, no more.
const MOST_READS: usize = 64;

/// A rendered text with everything that is known of it.
pub(super) struct Rendered<'r> {
    /// The pack it comes from.
    pub(super) compiled: &'r Compiled,
    /// What the templates saw.
    pub(super) context: &'r Context,
    /// The template that was rendered.
    pub(super) template: &'r str,
    /// The start of that template, which most places are in.
    start: Place,
    /// The text, with slots.
    pub(super) text: String,
    /// Which template wrote what.
    pub(super) spans: Vec<OutputSpan>,
    /// The values.
    pub(super) session: Session,
    /// Texts of inputs that were read, by identity, with the number of the read.
    texts: HashMap<usize, usize>,
}

/// Where a slot comes from.
pub(super) struct Found {
    /// The expression that printed it.
    pub(super) place: Place,
    /// The origin of its value.
    pub(super) origin: Origin,
    /// Its input, if it is that input's value unchanged.
    pub(super) input: Option<Arc<Tracked>>,
}

impl<'r> Rendered<'r> {
    /// Prepares the look-up.
    pub(super) fn new(
        compiled: &'r Compiled,
        context: &'r Context,
        template: &'r str,
        (text, spans): (String, Vec<OutputSpan>),
        session: Session,
    ) -> Self {
        let mut texts = HashMap::with_capacity(session.log.len() * 2);
        for (number, node) in session.log.iter().enumerate() {
            texts.insert(identity(&node.key.text), number);
            if let Kind::Scalar(Yaml::Str(text), _) = &node.kind {
                texts.insert(identity(text), number);
            }
        }
        let start = compiled.place(template, 0..0);
        Self { compiled, context, template, start, text, spans, session, texts }
    }

    /// A range of a template as a place.
    fn at(&self, template: &str, range: Range<usize>) -> Place {
        match template == self.template {
            true => Place::new(self.start.source, range),
            false => self.compiled.place(template, range),
        }
    }

    fn span(&self, at: usize) -> Option<&OutputSpan> {
        let index = self.spans.partition_point(|span| span.output_range().end <= at);
        self.spans.get(index).or(self.spans.last())
    }

    /// The place in a template that wrote a range of the text: the literal text itself, or the expression that
    /// stands at its start.
    pub(super) fn place(&self, range: Range<usize>) -> Place {
        let Some(span) = self.span(range.start) else { return self.start };
        let (output, source) = (span.output_range(), span.source_range());
        if span.kind() == OutputSpanKind::Expression {
            return self.at(span.name(), source);
        }
        let start = source.start + (range.start.min(output.end) - output.start);
        let end = if range.end <= output.end { start + range.len() } else { self.end(range.end, span) };
        self.at(span.name(), start..end.clamp(start, start.max(source.end).max(end)))
    }

    /// Where in the template of `first` a range ends that goes on in later spans: after the last of them that
    /// is written in the same template.
    fn end(&self, end: usize, first: &OutputSpan) -> usize {
        let fallback = first.source_range().end;
        let Some(last) = end.checked_sub(1).and_then(|at| self.span(at)) else { return fallback };
        if last.name() != first.name() || last.source_range().start < fallback {
            return fallback;
        }
        let (output, source) = (last.output_range(), last.source_range());
        match last.kind() {
            OutputSpanKind::Raw => source.start + (end.min(output.end) - output.start),
            _ => source.end,
        }
    }

    /// A place in the rendered text as a place in the templates.
    pub(super) fn translate(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        for label in &mut diagnostic.labels {
            label.place = self.place(label.place.range());
            label.text = readable(&label.text);
        }
        diagnostic.message = readable(&diagnostic.message);
        for line in diagnostic.because.iter_mut().chain(&mut diagnostic.help) {
            *line = readable(line);
        }
        self.in_macro(diagnostic)
    }

    /// Names the macro, if what is wrong was written by one.
    pub(super) fn in_macro(&self, diagnostic: Diagnostic) -> Diagnostic {
        let within = diagnostic.labels.first().and_then(|label| {
            let template = self.compiled.template_of(label.place)?;
            self.within(self.compiled.expressions.find(template, &label.place.range()))
        });
        match within {
            Some((name, place)) => diagnostic.label(place, format!("in the macro `{name}`")),
            None => diagnostic,
        }
    }

    /// Names the `include`, if what stands at an offset of the text was written by an included template.
    pub(super) fn in_include(&self, diagnostic: Diagnostic, offset: usize) -> Diagnostic {
        let Some(span) = self.span(offset).filter(|span| span.name() != self.template) else {
            return diagnostic;
        };
        // The tag stands behind what its own template wrote last before.
        let index =
            self.spans.partition_point(|other| other.output_range().start < span.output_range().start);
        let written = |by: &str| {
            let last = self.spans[..index].iter().rev().find(|other| other.name() == by);
            last.map_or(0, |last| last.source_range().end)
        };
        let includes = || self.compiled.expressions.includes(span.name());
        let found = includes().find(|include| include.range.start >= written(&include.by));
        match found.or_else(|| includes().next()) {
            Some(tag) => diagnostic.label(self.compiled.place(&tag.by, tag.range.clone()), "included here"),
            None => diagnostic,
        }
    }

    /// An expression as it is written, on one line.
    pub(super) fn expression(&self, place: Place) -> Cow<'_, str> {
        self.compiled.expression(place)
    }

    /// Where in the text the `nth` slot of a range stands.
    pub(super) fn slot_offset(&self, range: Range<usize>, nth: usize) -> usize {
        let text = self.text.get(range.clone()).unwrap_or("");
        text.match_indices(slots::OPEN).nth(nth).map_or(range.start, |(at, _)| range.start + at)
    }

    /// Where the slot that stands at an offset comes from.
    pub(super) fn find(&self, number: usize, offset: usize) -> Found {
        let place = self.place(offset..offset);
        let what = self.span(offset).and_then(|span| self.what(span));
        let within = self.within(what);
        let Some(slot) = self.session.slots.get(number) else {
            return Found { place, origin: Origin::Template(place), input: None };
        };
        let window = &self.session.log[slot.reads.clone()];
        let input = self.input(&slot.value, window, what);
        let origin = match &input {
            Some((node, as_key)) => direct(node, *as_key, place, &within),
            None => computed(&slot.value, &self.read_for(window, what, place), place, within),
        };
        Found { place, origin, input: input.filter(|(_, as_key)| !as_key).map(|(node, _)| node) }
    }

    /// The macro that an expression calls: its name and first line.
    fn within(&self, what: Option<&Expression>) -> Option<(Arc<str>, Option<Place>)> {
        match what {
            Some(Expression::Call { name, template, line }) => {
                Some((Arc::from(name.as_str()), self.compiled.line(template, *line)))
            }
            _ => None,
        }
    }

    /// The origin of literal text at a range: its place, or the call of the macro that it stands in.
    pub(super) fn literal(&self, range: Range<usize>) -> Origin {
        let place = self.place(range.clone());
        match self.span(range.start).and_then(|span| self.within(self.what(span))) {
            None => Origin::Template(place),
            within => Trail { template: Some(place), within, ..Trail::default() }.into(),
        }
    }

    /// What the expression of a span is; `None` for literal text.
    fn what(&self, span: &OutputSpan) -> Option<&Expression> {
        match span.kind() {
            OutputSpanKind::Expression => self.compiled.expressions.find(span.name(), &span.source_range()),
            _ => None,
        }
    }

    /// The inputs that were read for a computed value: of those read since the last emission the ones that the
    /// expression names; if there are none, what it names without reading it just now. In a macro all of both.
    fn read_for(
        &self,
        window: &[Arc<Tracked>],
        what: Option<&Expression>,
        place: Place,
    ) -> Vec<Arc<Tracked>> {
        let text = self.compiled.text(place);
        let mut named = self.named(text);
        match what {
            Some(Expression::Local { of: Some(chain), .. }) => named.extend(self.resolve(members(chain))),
            Some(Expression::Local { bound_to, .. }) => named.extend(self.named(bound_to)),
            _ => {}
        }
        if let Some(Expression::Call { .. }) = what {
            // Which expression of the macro it was is not known: it may print what it read, or what it was given.
            return window.iter().take(MOST_READS).chain(&named).cloned().collect();
        }
        let is_named = |node: &&Arc<Tracked>| {
            mentions(text, &node.key.text)
                || named.iter().any(|named| named.path == node.path || below(node, named))
        };
        let read: Vec<Arc<Tracked>> = window.iter().filter(is_named).take(MOST_READS).cloned().collect();
        match (read.is_empty(), named.is_empty()) {
            (false, _) => read,
            (true, false) => named,
            (true, true) => window.iter().take(MOST_READS).cloned().collect(),
        }
    }

    /// The inputs that an expression names by their whole path.
    fn named(&self, expression: &str) -> Vec<Arc<Tracked>> {
        let chains = expression.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '.');
        let paths = chains.filter(|chain| chain.contains('.'));
        paths.filter_map(|path| self.resolve(path.split('.'))).collect()
    }

    /// The input whose value was printed unchanged, and whether it is the input's key.
    fn input(
        &self,
        value: &Value,
        window: &[Arc<Tracked>],
        what: Option<&Expression>,
    ) -> Option<(Arc<Tracked>, bool)> {
        if let Some(node) = value.downcast_object::<Tracked>() {
            return Some((node, false));
        }
        if let Some(text) = value.as_str().and_then(|_| value.to_str()) {
            let number = self.texts.get(&identity(&text))?;
            // The text itself is shared, so it cannot be another's: only equal inputs may share it.
            let of_window = window.iter().rev().find(|node| holds(node, &text));
            let node = of_window.unwrap_or(&self.session.log[*number]);
            return Some((node.clone(), identity(&node.key.text) == identity(&text)));
        }
        let equal = |node: &&Arc<Tracked>| matches!(&node.kind, Kind::Scalar(_, scalar) if scalar == value);
        let node = match what? {
            Expression::Chain(chain) => {
                let last = chain.last()?;
                let fits = |node: &&Arc<Tracked>| last == "*" || *node.key.text == **last;
                window.iter().rev().find(|node| fits(node) && equal(node)).cloned()
            }
            Expression::Local { kind: LocalKind::Loop, .. } => window.iter().find(equal).cloned(),
            Expression::Local { kind: LocalKind::Set, of: Some(chain), .. } => {
                self.resolve(members(chain)).filter(|node| equal(&node))
            }
            _ => None,
        };
        node.map(|node| (node, false))
    }

    /// The input that a chain of members from a root names, if there is one; of a chain with a computed member
    /// the part before it.
    fn resolve<'s>(&self, mut chain: impl Iterator<Item = &'s str>) -> Option<Arc<Tracked>> {
        let mut node = self.context.root(chain.next()?)?.0.clone();
        for member in chain.take_while(|member| *member != "*") {
            let next = match &node.kind {
                Kind::Map(map) => map.get(member)?.clone(),
                Kind::Seq(items) => items.get(member.parse::<usize>().ok()?)?.clone(),
                Kind::Scalar(..) => return None,
            };
            node = next;
        }
        Some(node)
    }
}

/// The steps of a chain.
fn members(chain: &[String]) -> impl Iterator<Item = &str> {
    chain.iter().map(String::as_str)
}

/// The address of a shared text: equal only for the very same one.
fn identity(text: &Arc<str>) -> usize {
    Arc::as_ptr(text).cast::<u8>() as usize
}

fn holds(node: &Tracked, text: &Arc<str>) -> bool {
    matches!(&node.kind, Kind::Scalar(Yaml::Str(own), _) if Arc::ptr_eq(own, text))
}

/// The origin of an input's value (or key) that an expression printed unchanged.
pub(super) fn direct(
    node: &Tracked,
    as_key: bool,
    place: Place,
    within: &Option<(Arc<str>, Option<Place>)>,
) -> Origin {
    let mut trail = match (as_key, node.key.place) {
        (true, Some(key)) => Trail { config: Some(key), exact: true, ..Trail::default() },
        _ => node.origin.trail(),
    };
    trail.template = Some(place);
    trail.within.clone_from(within);
    trail.reads = vec![Read { path: node.path.clone(), place: trail.config.or_else(|| node.origin.place()) }];
    trail.exact = true;
    trail.into()
}

/// The origin of a computed value: the inputs that were read for it, likeliest first.
fn computed(
    value: &Value,
    nodes: &[Arc<Tracked>],
    place: Place,
    within: Option<(Arc<str>, Option<Place>)>,
) -> Origin {
    let mut reads: Vec<Read> = Vec::new();
    let equal = |node: &Tracked| matches!(&node.kind, Kind::Scalar(_, scalar) if scalar == value);
    let leaf = |node: &Tracked| matches!(node.kind, Kind::Scalar(..));
    let inner = |node: &&Arc<Tracked>| !nodes.iter().any(|other| below(other, node));
    let mut ordered: Vec<&Arc<Tracked>> = nodes.iter().filter(inner).collect();
    ordered.sort_by_key(|node| (!equal(node), !leaf(node)));
    for node in ordered {
        if !reads.iter().any(|read| read.path == node.path) {
            reads.push(Read { path: node.path.clone(), place: node.origin.place() });
        }
    }
    if reads.is_empty() && within.is_none() {
        return Trail { template: Some(place), exact: true, ..Trail::default() }.into();
    }
    Trail { template: Some(place), within, reads, ..Trail::default() }.into()
}

/// Does an expression name a member?
pub(super) fn mentions(expression: &str, name: &str) -> bool {
    expression.match_indices(name).any(|(at, _)| {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        !expression[..at].ends_with(word) && !expression[at + name.len()..].starts_with(word)
    })
}

/// Is the first a member, at any depth, of the second? What was read on the way to an input says nothing.
pub(super) fn below(node: &Tracked, of: &Tracked) -> bool {
    node.path.len() > of.path.len()
        && node.path.starts_with(&*of.path)
        && matches!(node.path.as_bytes()[of.path.len()], b'.' | b'[')
}

/// Joins what is known of the parts of a text.
pub(super) fn joined(parts: &[Found], place: Place) -> Origin {
    let mut trail = Trail { template: Some(place), ..Trail::default() };
    for part in parts {
        let own = part.origin.trail();
        trail.within = trail.within.or(own.within);
        for read in own.reads {
            if !trail.reads.contains(&read) {
                trail.reads.push(read);
            }
        }
    }
    trail.exact = trail.reads.is_empty() && trail.within.is_none();
    trail.into()
}

/// Text for people: slots as `{{ … }}`.
pub(super) fn readable(text: &str) -> String {
    if slots::forbidden(text).is_none() {
        return text.to_owned();
    }
    slots::pieces(text)
        .map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Slot(_) | Piece::Broken => "{{ … }}",
        })
        .collect()
}
