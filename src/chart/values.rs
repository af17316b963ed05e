//! `values.yaml` to facts: types from defaults, and what comments and names tell where a default does not.

use super::{Field, Kinds, Others, comments::Comments, known, schema};
use crate::{
    diag::{Diagnostic, Problems, Sources},
    hash::sha256,
    yaml::{Node, RawKind, RawNode, Rules, Style, Value, key_text, raw, scalar, to_json},
};
use indexmap::IndexMap;
use std::{collections::BTreeSet, ops::Range};

/// Longer defaults are left out.
const LONGEST: usize = 80;

/// The facts of a `values.yaml`: a mapping.
///
/// # Errors
/// Says where it is no YAML, or that it is no mapping.
pub(super) fn read(text: &str) -> Result<Field, String> {
    let mut sources = Sources::new();
    let source = sources.add("values.yaml", text);
    let mut problems = Problems::new();
    let documents = raw::parse(text, source, &mut problems);
    let documents = documents.ok_or_else(|| super::read::first(&problems, &sources))?;
    let Some(root) = documents.first().map(|document| &document.root) else {
        return Ok(nothing());
    };
    let mut seen = Seen::default();
    seen.look(root, text);
    if !seen.bad.is_empty() {
        problems.0.append(&mut seen.bad);
        return Err(super::read::first(&problems, &sources));
    }
    let reader = Reader { comments: Comments::new(text, &seen.texts), empty: BTreeSet::new() };
    let empty = seen.empty.iter().map(|byte| reader.comments.at(*byte).0).collect();
    let reader = Reader { empty, ..reader };
    match &root.kind {
        RawKind::Map(pairs) => {
            let until = reader.comments.lines();
            Ok(Field::closed(reader.members(pairs, &Spot { until, ..Spot::default() })))
        }
        _ if root.is_empty() => Ok(nothing()),
        _ => Err("values.yaml: it is no mapping".to_owned()),
    }
}

/// Values of which nothing is written.
fn nothing() -> Field {
    let mut members = IndexMap::new();
    usual("", &mut members);
    Field::closed(members)
}

/// Is a default kept?
pub(super) fn short(value: &Value) -> bool {
    match value {
        Value::Str(text) => text.chars().count() <= LONGEST && !text.contains('\n'),
        Value::Seq(_) | Value::Map(_) => false,
        _ => true,
    }
}

/// How many digits of a hash are kept.
pub(super) const DIGEST: usize = 8;

/// The beginning of a hash of a default, whatever the way it is written.
fn digest(node: &RawNode) -> Box<str> {
    let mut text = String::new();
    spell(node, &mut text);
    sha256(text.as_bytes())[..DIGEST].into()
}

fn spell(node: &RawNode, out: &mut String) {
    match &node.kind {
        RawKind::Scalar { text, style, .. } => {
            let value = scalar::literal(text, *style, node.tag.as_deref()).unwrap_or(Value::Null);
            out.push_str(&to_json(&Node::new(value), None));
        }
        RawKind::Seq(items) => {
            out.push('[');
            for item in items {
                spell(item, out);
                out.push(',');
            }
            out.push(']');
        }
        RawKind::Map(pairs) => {
            out.push('{');
            for (key, value) in pairs {
                spell(key, out);
                out.push(':');
                spell(value, out);
                out.push(',');
            }
            out.push('}');
        }
    }
}

/// What a first look at the text finds.
#[derive(Default)]
struct Seen {
    /// The bytes of texts of several lines.
    texts: Vec<Range<usize>>,
    /// Where keys of empty collections stand.
    empty: Vec<usize>,
    /// Keys that are no text and no number: Helm refuses a chart with one.
    bad: Vec<Diagnostic>,
}

impl Seen {
    fn look(&mut self, node: &RawNode, text: &str) {
        match &node.kind {
            RawKind::Scalar { .. } => {
                let range = node.place.range();
                if text.get(range.clone()).is_some_and(|written| written.contains('\n')) {
                    self.texts.push(range);
                }
            }
            RawKind::Seq(items) => items.iter().for_each(|item| self.look(item, text)),
            RawKind::Map(pairs) => {
                for (key, value) in pairs {
                    if let Err(problem) = key_text(key, Rules::Manifest)
                        && !key.is_merge()
                    {
                        self.bad.push(problem.at(key.place));
                    }
                    if matches!(&value.kind, RawKind::Seq(items) if items.is_empty())
                        || matches!(&value.kind, RawKind::Map(pairs) if pairs.is_empty())
                    {
                        self.empty.push(key.place.range().start);
                    }
                    self.look(value, text);
                }
            }
        }
    }
}

/// Where a value stands.
#[derive(Default)]
struct Spot {
    /// Its key.
    name: String,
    /// The keys that lead to it, with points.
    path: String,
    /// The line of its key.
    line: usize,
    /// The byte after its key.
    key_end: usize,
    /// The line of the next key that is not below it.
    until: usize,
    /// Is it part of something that the chart passes on?
    free: bool,
}

struct Reader<'t> {
    comments: Comments<'t>,
    /// Lines of keys with empty collections.
    empty: BTreeSet<usize>,
}

impl Reader<'_> {
    fn value(&self, node: &RawNode, spot: &Spot) -> Field {
        let mut field = match &node.kind {
            RawKind::Scalar { text, style, .. } => {
                let value = scalar::literal(text, *style, node.tag.as_deref()).unwrap_or(Value::Null);
                let long = (!short(&value)).then(|| digest(node));
                Field { long, ..self.scalar(value, *style, spot) }
            }
            RawKind::Seq(_) => {
                let long = Some(digest(node));
                Field { long, ..Field::of(self.widened(known::of_list(&spot.name), spot)) }
            }
            RawKind::Map(pairs) => self.map(pairs, spot),
        };
        if spot.free {
            schema::loosen(&mut field);
        }
        // A value on lines of its own has its comment behind the key.
        let (start, end) = (node.place.range().start, node.place.range().end);
        let end = if self.comments.at(start).0 == spot.line { end } else { spot.key_end };
        if let Some(said) = self.comments.schema(spot.line, end).filter(|_| node.alias.is_none()) {
            schema::lay(&mut field, &said);
        }
        field
    }

    fn scalar(&self, value: Value, style: Style, spot: &Spot) -> Field {
        let text = || if style == Style::Block { Kinds::STRING } else { Kinds::STRING.or(Kinds::NUMBER) };
        let kinds = match &value {
            Value::Null => self.said(spot).unwrap_or(Kinds::ANY),
            Value::Bool(true) => self.widened(Kinds::BOOL, spot),
            Value::Bool(false) => self.widened(known::of_false(&spot.name), spot),
            Value::Int(_) => self.widened(known::of_int(&spot.name), spot),
            Value::Float(_) => self.widened(Kinds::NUMBER.or(Kinds::STRING), spot),
            Value::Str(empty) if empty.is_empty() => self.widened(known::of_empty_text(&spot.name), spot),
            _ => self.widened(text(), spot),
        };
        Field { default: Some(value).filter(short), ..Field::of(kinds) }
    }

    /// The types that comments give.
    fn said(&self, spot: &Spot) -> Option<Kinds> {
        self.comments.param(&spot.path).flatten().or_else(|| self.comments.kinds(spot.line))
    }

    fn widened(&self, kinds: Kinds, spot: &Spot) -> Kinds {
        self.said(spot).map_or(kinds, |said| kinds.or(said))
    }

    fn map(&self, pairs: &[(RawNode, RawNode)], spot: &Spot) -> Field {
        if pairs.is_empty() {
            return Field::of(self.widened(known::of_empty_map(&spot.name), spot));
        }
        let free = spot.free
            || known::passed_on(&spot.name)
            || self.is_configuration(pairs, spot)
            || self.comments.elsewhere(spot.line);
        let members = self.members(pairs, &Spot { free, ..copy(spot) });
        let leaf = self.comments.param(&spot.path).is_some() && !self.comments.param_below(&spot.path);
        let data = members.keys().any(|key| known::is_data(key)) || self.comments.free(spot.line);
        let others = if free || leaf || data { Others::Any } else { alike(&spot.name, &members) };
        Field { kinds: self.widened(Kinds::MAP, spot), members, others, ..Field::default() }
    }

    /// The configuration of a program: named so, and not described key by key.
    fn is_configuration(&self, pairs: &[(RawNode, RawNode)], spot: &Spot) -> bool {
        let described = |key: &RawNode| self.comments.documented(self.comments.at(key.place.range().start).0);
        let count = pairs.iter().filter(|(key, _)| described(key)).count();
        known::configuration(&spot.name) && count * 2 < pairs.len()
    }

    fn members(&self, pairs: &[(RawNode, RawNode)], spot: &Spot) -> IndexMap<String, Field> {
        let mut members: IndexMap<String, Field> = IndexMap::with_capacity(pairs.len());
        let line = |key: &RawNode| self.comments.at(key.place.range().start);
        for (index, (key, value)) in pairs.iter().enumerate() {
            let until = pairs.get(index + 1).map_or(spot.until, |(next, _)| line(next).0);
            if key.is_merge() {
                let merged = self.value(value, &Spot { until, ..copy(spot) });
                for (key, field) in merged.members {
                    members.entry(key).or_insert(field);
                }
                continue;
            }
            let Ok(name) = key_text(key, Rules::Manifest) else { continue };
            let path = if spot.path.is_empty() { name.to_string() } else { format!("{}.{name}", spot.path) };
            let key_end = key.place.range().end;
            let below =
                Spot { name: name.to_string(), path, line: line(key).0, key_end, until, free: spot.free };
            members.insert(name.to_string(), self.value(value, &below));
        }
        if let Some((first, _)) = pairs.first().filter(|_| !spot.free) {
            self.hinted(line(first), spot, &mut members);
            usual(&spot.name, &mut members);
        }
        members
    }

    /// Adds keys that stand in comments; `first` is where the first real key stands.
    fn hinted(&self, first: (usize, usize), spot: &Spot, members: &mut IndexMap<String, Field>) {
        let (line, column) = first;
        // `{a: 1}` behind its key has no lines of its own.
        if !self.comments.begins(line, column) {
            return;
        }
        let from = if spot.path.is_empty() { 0 } else { spot.line + 1 };
        for hinted in self.comments.hinted((from, spot.until), column, |line| self.empty.contains(&line)) {
            if !members.contains_key(hinted.key) {
                let kinds = self.comments.kinds(hinted.line).unwrap_or(Kinds::ANY);
                members.insert(hinted.key.to_owned(), Field { hint: true, ..Field::of(kinds) });
            }
        }
    }
}

/// Adds keys that go without saying.
fn usual(name: &str, members: &mut IndexMap<String, Field>) {
    for key in known::usual(name) {
        members.entry((*key).to_owned()).or_insert_with(|| Field { hint: true, ..Field::default() });
    }
}

fn copy(spot: &Spot) -> Spot {
    Spot { name: spot.name.clone(), path: spot.path.clone(), ..*spot }
}

/// Mappings under names that users choose: `route: {main: {…}}`, `ports: {web: {…}, metrics: {…}}`.
fn alike(name: &str, members: &IndexMap<String, Field>) -> Others {
    let shape = |field: &Field| field.members.keys().filter(|_| !field.open()).cloned().collect::<Vec<_>>();
    let real: Vec<(&String, &Field)> = members.iter().filter(|(_, field)| !field.hint).collect();
    let [(key, first), ..] = real.as_slice() else { return Others::None };
    let keys = shape(first);
    let same = real.iter().all(|(_, field)| shape(field) == keys);
    let maps = real.iter().all(|(_, field)| !field.members.is_empty());
    let main = real.len() == 1 && ["main", "default"].contains(&key.as_str());
    if main && !maps {
        return Others::Any;
    }
    if maps && same && (main || real.len() > 1 && keys.len() > 1 && !["image", "images"].contains(&name)) {
        let mut each = (*first).clone();
        forget(&mut each);
        return Others::Each(Box::new(each));
    }
    if known::ports(name) || known::plural(name) && maps { Others::Any } else { Others::None }
}

/// Defaults belong to the key that was there.
fn forget(field: &mut Field) {
    field.default = None;
    field.long = None;
    field.members.values_mut().for_each(forget);
}
