//! `gen compare`: two environments side by side.

use super::{
    Exit, Format, Global, WithMarkdown, open,
    report::{self, mapping, number},
    select::{self, Choice},
};
use crate::{
    address,
    compare::{self, Change, Changed, Comparison, Side, Thing},
    diag::{Problems, Sources},
    schema::short,
    yaml::{Node, Value},
};

/// Two environments: what only one has, and the fields that differ, each with the line that set it
///
/// Objects are compared by kind, namespace and name, items of lists by their `name` or by what else Kubernetes merges them
/// by (`containerPort`, `mountPath`, …). An environment with errors is not compared. What differs only by the names of
/// environment, cluster and domain is folded: in fields of names, hosts, paths and labels, in addresses, and in texts with
/// the domain. Elsewhere a name is a value as any other, and never folded is what chooses an image, a version or a branch.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen compare dev prod                      what differs\n  gen compare dev prod --all                also what differs only by name\n  gen compare dev prod --format markdown    for a pull request\n  gen compare dev prod --exit-code          say no (exit code 1) if anything differs"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    _format: WithMarkdown,
    /// The one environment
    #[arg(value_name = "A")]
    one: String,
    /// The other
    #[arg(value_name = "B")]
    two: String,
    /// Show what differs only by the names of environment, cluster and domain as well
    #[arg(long)]
    all: bool,
    /// Say no (exit code 1) if anything differs
    #[arg(long)]
    exit_code: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    let Some(engine) = open::engine(global, &mut problems) else { return open::failed(global, &problems) };
    let (wanted, choice) = ([&arguments.one, &arguments.two], Choice::of(&engine));
    let known = wanted.map(|name| select::one(name, &choice, &mut problems));
    if known.contains(&false) {
        return open::failed_in(global, &problems, &engine.project.sources);
    }
    let [one, two] = wanted.map(|name| engine.build(name));
    let comparison = compare::compare((&engine, &one), (&engine, &two));
    let title = format!("{} → {}", one.name, two.name);
    problems.extend(one.problems);
    problems.extend(two.problems);
    let sources = &engine.project.sources;
    // Where something is wrong, what is left of an environment is not the environment.
    let Some(comparison) = comparison.filter(|_| !problems.has_errors()) else {
        return open::failed_in(global, &problems, sources);
    };
    report::findings(global, &problems, sources);
    let page = Page { sources: [sources, sources], comparison: &comparison, all: arguments.all, title };
    match global.format {
        Format::Json => {
            let mut node = page.json();
            node.as_map_mut().map(|map| map.insert("findings", report::to_node(&problems, sources)));
            report::json(&report::masked(&node));
        }
        Format::Text => report::print(&address::masked(&page.text())),
        Format::Markdown => report::print(&address::masked(&page.markdown())),
    }
    if arguments.exit_code && comparison.differs() { Exit::No } else { Exit::Yes }
}

/// A comparison as it is printed.
pub(super) struct Page<'a> {
    /// Where each side's places are.
    pub(super) sources: [&'a Sources; 2],
    pub(super) comparison: &'a Comparison,
    /// Also what differs only by name?
    pub(super) all: bool,
    /// Its first line.
    pub(super) title: String,
}

impl Page<'_> {
    /// What differs, without what is folded.
    fn changed(&self) -> impl Iterator<Item = (&Changed, Vec<&Change>)> {
        self.comparison.changed.iter().filter_map(|changed| {
            let fields: Vec<&Change> =
                changed.fields.iter().filter(|change| self.all || !change.names_only).collect();
            (!fields.is_empty()).then_some((changed, fields))
        })
    }

    /// Is there nothing to show?
    pub(super) fn is_empty(&self) -> bool {
        !self.comparison.differs() && self.folded().is_none() && self.changed().next().is_none()
    }

    /// How many fields were folded away.
    fn folded(&self) -> Option<String> {
        let count = self.comparison.folded;
        let plural = if count == 1 { "field differs" } else { "fields differ" };
        (count > 0 && !self.all).then(|| {
            format!(
                "{count} {plural} only by the names of environment, cluster and domain; `--all` shows them"
            )
        })
    }

    fn place(&self, sides: &[Option<Side>; 2], at: usize) -> String {
        let place = sides[at].as_ref().and_then(|side| side.place);
        place.map(|place| self.sources[at].locate(place)).unwrap_or_default()
    }

    pub(super) fn text(&self) -> String {
        let Comparison { names, components, only, .. } = self.comparison;
        let mut out = format!("{}\n", self.title);
        for side in 0..2 {
            if components[side].is_empty() && only[side].is_empty() {
                continue;
            }
            out.push_str(&format!("\nonly in {}\n", names[side]));
            components[side].iter().for_each(|name| out.push_str(&format!("  component {name}\n")));
            only[side].iter().for_each(|thing| out.push_str(&format!("  {}\n", title(thing))));
        }
        for (changed, fields) in self.changed() {
            out.push_str(&format!("\n{}\n", title(&changed.thing)));
            for change in fields {
                out.push_str(&format!(
                    "  {}\n",
                    if change.field.is_empty() { "content" } else { &change.field }
                ));
                let width =
                    change.sides.iter().map(|side| value(side.as_ref()).chars().count()).max().unwrap_or(0);
                for (at, sign) in ["-", "+"].into_iter().enumerate() {
                    let Some(side) = &change.sides[at] else { continue };
                    let line =
                        format!("    {sign} {:width$}  {}", value(Some(side)), self.place(&change.sides, at));
                    out.push_str(line.trim_end());
                    out.push('\n');
                }
            }
        }
        out.extend(self.folded().map(|folded| format!("\n{folded}\n")));
        if self.is_empty() {
            out.push_str("\nno difference\n");
        }
        out
    }

    fn markdown(&self) -> String {
        let Comparison { names, components, only, .. } = self.comparison;
        let mut out = format!("## {}\n", self.title);
        for side in 0..2 {
            if components[side].is_empty() && only[side].is_empty() {
                continue;
            }
            out.push_str(&format!("\nOnly in `{}`:\n\n", names[side]));
            components[side].iter().for_each(|name| out.push_str(&format!("* component `{name}`\n")));
            only[side].iter().for_each(|thing| out.push_str(&format!("* {}\n", code(&title(thing)))));
        }
        for (changed, fields) in self.changed() {
            out.push_str(&format!("\n### {}\n\n", code(&title(&changed.thing))));
            out.push_str(&format!("| field | {} | {} |\n|---|---|---|\n", names[0], names[1]));
            for change in fields {
                let field = if change.field.is_empty() { "content".to_owned() } else { code(&change.field) };
                let cell = |at: usize| {
                    let Some(side) = &change.sides[at] else { return String::new() };
                    let place = self.place(&change.sides, at);
                    let place = if place.is_empty() { place } else { format!("<br>{}", code(&place)) };
                    format!("{}{place}", code(&value(Some(side))))
                };
                out.push_str(&format!("| {field} | {} | {} |\n", cell(0), cell(1)));
            }
        }
        out.extend(self.folded().map(|folded| format!("\n{folded}\n")));
        if self.is_empty() {
            out.push_str("\nNo difference.\n");
        }
        out
    }

    /// `{a, b, components, only, changed, folded}`: `components` and `only` by side; `changed` with `component`, `object`,
    /// `group`, `files` and `fields` of `field`, `namesOnly`, `a`, `b`, each `{value, file, line, column}` or null.
    pub(super) fn json(&self) -> Node {
        let Comparison { names, components, only, folded, .. } = self.comparison;
        let by_side = |list: [Node; 2]| {
            let [a, b] = list;
            mapping([("a", a), ("b", b)])
        };
        let things = |list: &[Thing]| {
            let one = |thing: &Thing| {
                mapping([
                    ("component", Node::new(thing.component.as_str())),
                    ("object", Node::new(thing.name.as_str())),
                    ("group", Node::new(thing.group.as_str())),
                ])
            };
            Node::new(list.iter().map(one).collect::<Vec<_>>())
        };
        let changed = self.changed().map(|(changed, fields)| {
            let fields: Vec<Node> = fields.into_iter().map(|change| self.change(change)).collect();
            mapping([
                ("component", Node::new(changed.thing.component.as_str())),
                ("object", Node::new(changed.thing.name.as_str())),
                ("group", Node::new(changed.thing.group.as_str())),
                ("files", by_side([0, 1].map(|side| Node::new(changed.files[side].as_str())))),
                ("fields", Node::new(fields)),
            ])
        });
        mapping([
            ("a", Node::new(names[0].as_str())),
            ("b", Node::new(names[1].as_str())),
            (
                "components",
                by_side([0, 1].map(|side| report::words(components[side].iter().map(String::as_str)))),
            ),
            ("only", by_side([0, 1].map(|side| things(&only[side])))),
            ("changed", Node::new(changed.collect::<Vec<_>>())),
            ("folded", number(*folded)),
        ])
    }

    fn change(&self, change: &Change) -> Node {
        let null = || Node::new(Value::Null);
        let side = |at: usize| {
            let (Some(side), sources) = (&change.sides[at], self.sources[at]) else { return null() };
            let place = side.place.map(|place| (sources.name(place.source), sources.line_column(place)));
            mapping([
                ("value", side.value.clone()),
                ("file", place.map_or_else(null, |(file, _)| Node::new(file))),
                ("line", place.map_or_else(null, |(_, (line, _))| number(line))),
                ("column", place.map_or_else(null, |(_, (_, column))| number(column))),
            ])
        };
        mapping([
            ("field", Node::new(change.field.as_str())),
            ("namesOnly", Node::new(change.names_only)),
            ("a", side(0)),
            ("b", side(1)),
        ])
    }
}

fn title(thing: &Thing) -> String {
    match thing.component.as_str() {
        "" => thing.name.clone(),
        component => format!("{component}: {}", thing.name),
    }
}

fn value(side: Option<&Side>) -> String {
    side.map(|side| short(&side.value)).unwrap_or_default()
}

/// A text as code in a cell of a table.
fn code(text: &str) -> String {
    let marks = if text.contains('`') { "``" } else { "`" };
    format!("{marks}{}{marks}", text.replace('|', "\\|").replace('\n', " "))
}
