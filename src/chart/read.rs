//! A chart's files to facts: its own values, those of its subcharts under their keys, and its schema over both.

use super::{Facts, Field, Kinds, Others, Subchart, schema, templates, values};
use crate::{
    diag::{Problems, Sources},
    schema::parse_json,
    yaml::{RawKind, RawNode, raw},
};
use indexmap::IndexMap;

/// The texts of a chart.
#[derive(Clone, Debug, Default)]
pub struct ChartFiles<'t> {
    /// `Chart.yaml`.
    pub chart: &'t str,
    /// `values.yaml`; empty without one.
    pub values: &'t str,
    /// `values.schema.json`.
    pub schema: Option<&'t str>,
    /// The files under `templates/`, as far as they are there.
    pub templates: Vec<&'t str>,
    /// The charts under `charts/`, as far as they are there.
    pub subcharts: Vec<ChartFiles<'t>>,
}

/// The facts of a chart.
///
/// # Errors
/// A file that cannot be read as what it should be: its name, the line and what is wrong.
pub fn read(files: &ChartFiles) -> Result<Facts, String> {
    let mut facts = chart(files.chart)?;
    facts.values = values::read(files.values).map_err(|why| format!("{}: {why}", facts.name))?;
    let known = files.subcharts.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    for chart in &facts.subcharts {
        let below = known.iter().find(|below| below.name == chart.name);
        embed(&mut facts.values, chart, below);
    }
    files.templates.iter().for_each(|template| templates::add(&mut facts.values, template));
    if let Some(text) = files.schema {
        let node = parse_json(text).map_err(|why| format!("{}: values.schema.json: {why}", facts.name))?;
        schema::lay(&mut facts.values, &node);
        // What a schema leaves open here no template reads.
        if node.get("patternProperties").is_none() {
            facts.values.others = Others::None;
        }
    }
    facts.values.kinds = Kinds::MAP;
    // Helm hands it down to every subchart, whoever reads it.
    facts.values.members.entry("global".to_owned()).or_insert_with(|| Field::of(Kinds::MAP)).others =
        Others::Any;
    Ok(facts)
}

/// Puts the values of a subchart under its key.
fn embed(values: &mut Field, chart: &Subchart, below: Option<&Facts>) {
    let own = values.members.shift_remove(chart.key());
    let known = below.map_or_else(|| Field::of(Kinds::MAP), |facts| facts.values.clone());
    let field = own.map_or_else(|| known.clone(), |own| over(known.clone(), own));
    values.members.insert(chart.key().to_owned(), field);
    for path in &chart.conditions {
        let mut keys = path.split('.').peekable();
        let mut at = &mut *values;
        while let Some(key) = keys.next() {
            let fresh = if keys.peek().is_some() { Field::of(Kinds::MAP) } else { Field::of(Kinds::BOOL) };
            at = at.members.entry(key.to_owned()).or_insert(fresh);
        }
    }
}

/// A subchart's value as its parent sets it.
fn over(mut known: Field, own: Field) -> Field {
    let unknown = known == Field::of(Kinds::MAP);
    known.kinds = if unknown { own.kinds } else { known.kinds.or(own.kinds) };
    known.hint &= own.hint;
    if own.default.is_some() || own.long.is_some() {
        (known.default, known.long) = (own.default, own.long);
    }
    for (key, member) in own.members {
        match known.members.get_mut(&key) {
            Some(below) => *below = over(std::mem::take(below), member),
            None => drop(known.members.insert(key, member)),
        }
    }
    known
}

/// Name, versions and subcharts.
fn chart(text: &str) -> Result<Facts, String> {
    let mut sources = Sources::new();
    let source = sources.add("Chart.yaml", text);
    let mut problems = Problems::new();
    let documents = raw::parse(text, source, &mut problems);
    let documents = documents.ok_or_else(|| first(&problems, &sources))?;
    let root = documents.first().map(|document| &document.root);
    let word = |key: &str| root.and_then(|root| word(root, key));
    let named = |key: &str| word(key).ok_or_else(|| format!("Chart.yaml: it has no `{key}`"));
    let dependencies = root.and_then(|root| member(root, "dependencies"));
    let dependencies = match dependencies.map(|node| &node.kind) {
        Some(RawKind::Seq(items)) => items.as_slice(),
        _ => &[],
    };
    Ok(Facts {
        name: named("name")?,
        version: named("version")?,
        app_version: word("appVersion"),
        subcharts: dependencies.iter().filter_map(subchart).collect(),
        values: Field::closed(IndexMap::new()),
    })
}

fn subchart(node: &RawNode) -> Option<Subchart> {
    let name = word(node, "name")?;
    let conditions = word(node, "condition").unwrap_or_default();
    Some(Subchart {
        alias: word(node, "alias").filter(|alias| *alias != name),
        version: word(node, "version").unwrap_or_default(),
        conditions: conditions
            .split(',')
            .map(|path| path.trim().to_owned())
            .filter(|p| !p.is_empty())
            .collect(),
        name,
    })
}

fn member<'n>(node: &'n RawNode, key: &str) -> Option<&'n RawNode> {
    let RawKind::Map(pairs) = &node.kind else { return None };
    pairs
        .iter()
        .find(|(name, _)| name.scalar().is_some_and(|(text, _)| **text == *key))
        .map(|(_, value)| value)
}

/// The text of a scalar as it stands there: `1.10` stays `1.10`.
fn word(node: &RawNode, key: &str) -> Option<String> {
    let (text, _) = member(node, key)?.scalar()?;
    (!text.is_empty()).then(|| text.to_string())
}

/// The first problem, with its place.
pub(super) fn first(problems: &Problems, sources: &Sources) -> String {
    let Some(said) = problems.0.first() else { return "it cannot be read".to_owned() };
    let at =
        said.labels.first().map_or_else(String::new, |label| format!("{}: ", sources.locate(label.place)));
    format!("{at}{}", said.message)
}
