//! An answer as text, to be read from the top: what it is, who set it, where it goes.

use crate::{
    diag::{self, Place, Sources},
    explain::{
        Answer, By, Config, Does, How, Line, Made, Output, Overview, Part, Presence, Reached, Reference,
        SECRET, Setter, Used, Value,
    },
    resolve::reference,
    schema::short,
    yaml::Node,
};
use std::collections::BTreeSet;

/// Lists end after so many lines; programs get all.
const MOST: usize = 40;

/// The answer as text.
pub(super) fn answer(answer: &Answer, sources: &Sources) -> String {
    let mut page = Page { sources, out: String::new() };
    match answer {
        Answer::Environment(overview) => page.overview(overview),
        Answer::Config(config) => page.config(config),
        Answer::Output(output) => page.output(output),
        Answer::Line(line) => page.line(line),
    }
    diag::visible(&page.out).into_owned()
}

struct Page<'a> {
    sources: &'a Sources,
    out: String,
}

/// `3 lines`, `1 line`.
fn count(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

impl Page<'_> {
    fn say(&mut self, line: &str) {
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    /// Rows in columns, each as wide as its widest; the last is not filled up. Long lists are cut.
    fn table(&mut self, indent: usize, rows: &[Vec<String>]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells =
                rows.iter().filter(|row| row.len() > column + 1).map(|row| row[column].chars().count());
            cells.max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in rows.iter().take(MOST) {
            let mut line = " ".repeat(indent);
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.push_str(&" ".repeat(width.saturating_sub(cell.chars().count()) + 2));
            }
            self.say(&line);
        }
        if rows.len() > MOST {
            self.say(&format!(
                "{}and {} more; `--format json` has all",
                " ".repeat(indent),
                rows.len() - MOST
            ));
        }
    }

    fn at(&self, place: Place) -> String {
        self.sources.locate(place)
    }

    /// The line of a file that a place begins on, as it is written.
    fn source_line(&self, place: Place) -> String {
        let (line, _) = self.sources.line_column(place);
        let text = self.sources.text(place.source).lines().nth(line - 1).unwrap_or_default().trim();
        let cut: String = text.chars().take(100).collect();
        if cut.len() < text.len() { format!("{cut}…") } else { cut }
    }

    fn config(&mut self, config: &Config) {
        self.value(&config.value, 0);
        if !config.uses.is_empty() {
            self.say("\nused in templates");
            // Two expressions on one line are one line to read.
            let mut lines = BTreeSet::new();
            let line = |used: &&Used| (used.place.source, self.sources.line_column(used.place).0);
            let uses = config.uses.iter().filter(|used| lines.insert(line(used)));
            let rows: Vec<Vec<String>> = uses.map(|used| self.used(used)).collect();
            self.table(2, &rows);
        }
        self.reaches(&config.reaches);
        self.notes(&config.notes);
    }

    fn used(&self, used: &Used) -> Vec<String> {
        let mark = if used.how == How::Decides { "decides: " } else { "" };
        vec![self.at(used.place), format!("{mark}{}", self.source_line(used.place))]
    }

    /// A value, who set it, and what its references name.
    fn value(&mut self, value: &Value, indent: usize) {
        let blank = " ".repeat(indent);
        let what = match &value.value {
            Some(node) if value.parts.is_empty() => format!("{} = {}", value.path, short(node)),
            Some(node) => format!("{}: {}", value.path, node.value.kind().trim_start_matches("a ")),
            None => format!("{} is not set", value.path),
        };
        self.say(&format!("{blank}{what}"));
        let mut over = false;
        let rows: Vec<Vec<String>> =
            value.setters.iter().map(|setter| self.setter(setter, &mut over)).collect();
        self.table(indent + 2, &rows);
        for reference in &value.refers {
            self.reference(reference, indent + 2);
        }
        if indent == 0 && !value.parts.is_empty() {
            self.parts(&value.parts);
        }
    }

    /// `over`: was something before it already set?
    fn setter(&self, setter: &Setter, over: &mut bool) -> Vec<String> {
        let by_layer = matches!(setter.by, By::Fleet | By::Layer(_));
        let word = match (setter.does, &setter.by) {
            (Does::Removes, _) => "removed",
            (Does::Replaces, _) => "replaced",
            (_, By::Export(_)) => "export",
            (_, By::Gen(_)) if setter.place.is_some() => "key",
            (_, By::Pack(_) | By::Gen(_) | By::Chart(_)) => "default",
            (_, By::Template(_)) => "template",
            _ if setter.wins && *over => "and",
            _ if setter.wins => "set",
            _ => "over",
        };
        *over |= setter.wins && by_layer;
        let place = match (setter.place, &setter.by) {
            (Some(place), _) => self.at(place),
            (None, By::Gen(_)) => "gen".to_owned(),
            (None, By::Chart(chart)) => format!("chart {chart}"),
            (None, By::Pack(pack) | By::Export(pack) | By::Template(pack)) => format!("pack {pack}"),
            (None, _) => String::new(),
        };
        // Of a mapping that is merged with others no line says what it is.
        let merged = |node: &Node| {
            let own = node.as_map().filter(|map| !map.is_empty() && reference(map).is_none());
            own.is_some() && setter.does == Does::Sets
        };
        let written = match (&setter.written, setter.place) {
            (Some(node), _) if merged(node) => String::new(),
            (Some(node), _) => short(node),
            (None, Some(place)) => self.sources.slice(place).lines().next().unwrap_or_default().to_owned(),
            (None, None) => String::new(),
        };
        let written = match &setter.by {
            By::Gen(why) if why != "the default" => format!("{written}  ({why})"),
            _ => written,
        };
        vec![word.to_owned(), place, written]
    }

    fn reference(&mut self, reference: &Reference, indent: usize) {
        let blank = " ".repeat(indent);
        match &reference.value {
            Some(value) => {
                self.say(&format!("{blank}{}", reference.word.as_str()));
                self.value(value, indent + 2);
            }
            None => self.say(&format!("{blank}{} {}", reference.word.as_str(), reference.target)),
        }
    }

    fn parts(&mut self, parts: &[Part]) {
        self.say("");
        let rows: Vec<Vec<String>> = parts
            .iter()
            .map(|part| {
                let place = part.place.map(|place| self.at(place)).unwrap_or_default();
                vec![format!("{} = {}", part.path, short(&part.value)), place]
            })
            .collect();
        self.table(2, &rows);
    }

    fn reaches(&mut self, reaches: &[Reached]) {
        let (certain, perhaps): (Vec<&Reached>, Vec<&Reached>) =
            reaches.iter().partition(|r| r.how < How::Computed);
        for (head, list) in [("comes to", certain), ("may change", perhaps)] {
            if list.is_empty() {
                continue;
            }
            // What is said of all is said once.
            let mut whys = list.iter().map(|reached| self.why(reached));
            let first = whys.next().unwrap_or_default();
            let once = list.len() > 1 && whys.all(|why| why == first);
            let head = if once && !first.is_empty() { format!("{head} ({first})") } else { head.to_owned() };
            self.say(&format!("\n{head}"));
            let rows: Vec<Vec<String>> = list.iter().map(|reached| self.reached(reached, !once)).collect();
            self.table(2, &rows);
        }
    }

    /// Why a place is reached, and where in a template that is decided.
    fn why(&self, reached: &Reached) -> String {
        let by = reached.by.map(|place| format!("at {}", self.at(place)));
        reached.why.iter().cloned().chain(by).collect::<Vec<_>>().join(" ")
    }

    fn reached(&self, reached: &Reached, with_why: bool) -> Vec<String> {
        let place = match reached.at {
            Some((line, column)) => format!("{}:{line}:{column}", reached.file),
            None => reached.file.clone(),
        };
        let field = match (&reached.field, &reached.value) {
            (Some(field), Some(node)) => format!("{field} = {}", short(node)),
            (Some(field), None) => field.to_string(),
            (None, _) => String::new(),
        };
        let what = [reached.object.clone(), field].join(" ").trim().to_owned();
        let why = self.why(reached);
        let why = if why.is_empty() || !with_why { String::new() } else { format!("({why})") };
        vec![place, format!("{what}  {why}").trim().to_owned()]
    }

    fn notes(&mut self, notes: &[String]) {
        if !notes.is_empty() {
            self.say("");
        }
        notes.iter().for_each(|note| self.say(&format!("note: {note}")));
    }

    fn output(&mut self, output: &Output) {
        let (line, column) = output.at;
        self.say(&format!("{}:{line}:{column}", output.file));
        let field = output.field.to_string();
        let what = match (&output.value, output.parts.is_empty()) {
            (Some(node), true) => format!("{} {field} = {}", output.object, short(node)),
            _ => format!("{} {field}", output.object),
        };
        if !what.trim().is_empty() {
            self.say(what.trim());
        }
        let secret = output.value.as_ref().and_then(Node::as_str) == Some(SECRET);
        if let Some(made) = &output.made {
            self.say("");
            self.made(made, secret);
        }
        if !output.overrode.is_empty() {
            let text = |place: &Place| if secret { String::new() } else { self.source_line(*place) };
            let row = |place: &Place| vec!["over".to_owned(), self.at(*place), text(place)];
            let rows: Vec<Vec<String>> = output.overrode.iter().map(row).collect();
            self.table(2, &rows);
        }
        let mut before = None;
        for (how, value) in &output.values {
            let head = match how {
                How::Same => "from",
                How::Part => "with a part from",
                How::Key => "the key of",
                How::Computed if output.exact => "made with",
                How::Computed => "computed from, perhaps among others",
                How::Decides => "decided by",
            };
            if before.replace(head) != Some(head) {
                self.say(&format!("\n{head}"));
            }
            self.value(value, 2);
        }
        if !output.parts.is_empty() {
            self.parts(&output.parts);
        }
        self.notes(&output.notes);
    }

    fn made(&mut self, made: &Made, secret: bool) {
        match made {
            Made::Template { place, within, literal } => {
                self.say(if *literal { "text of the template" } else { "printed by" });
                let text = if *literal && secret { String::new() } else { self.source_line(*place) };
                let line = vec![vec![self.at(*place), text]];
                self.table(2, &line);
                if let Some((name, place)) = within {
                    let place = place.map(|place| format!(", {}", self.at(place))).unwrap_or_default();
                    self.say(&format!("  in the macro `{name}`{place}"));
                }
            }
            Made::Config(words) => self.say(words),
            Made::Gen(rule) => self.say(&format!("written by gen: {rule}")),
            Made::Copied(place) => self.say(&format!("copied from {}", self.sources.name(place.source))),
        }
    }

    fn line(&mut self, line: &Line) {
        self.say(&line.file);
        if !line.sets.is_empty() {
            self.parts(&line.sets);
        }
        self.reaches(&line.reaches);
    }

    fn overview(&mut self, overview: &Overview) {
        self.say(&overview.name);
        let facts: Vec<Vec<String>> =
            overview.facts.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()]).collect();
        self.table(2, &facts);
        self.say("\nlayers, lowest first");
        let layers: Vec<Vec<String>> = overview
            .layers
            .iter()
            .map(|layer| {
                let extends = if layer.extends.is_empty() {
                    String::new()
                } else {
                    format!("extends {}", layer.extends.join(", "))
                };
                vec![layer.name.clone(), layer.file.clone(), extends]
            })
            .collect();
        self.table(2, &layers);
        self.say(&format!("\n{}", count(overview.components.len(), "component")));
        let rows: Vec<Vec<String>> = overview
            .components
            .iter()
            .map(|used| {
                let needs = if used.needs.is_empty() {
                    String::new()
                } else {
                    format!("after {}", used.needs.join(", "))
                };
                let pack = [std::slice::from_ref(&used.pack), used.versions.as_slice()].concat().join(" ");
                let home = format!("{}/{}", used.stage.as_str(), used.namespace);
                vec![used.name.clone(), pack, home, count(used.objects, "object"), self.at(used.place), needs]
            })
            .collect();
        self.table(2, &rows);
        if !overview.secrets.is_empty() {
            self.say("\nsecrets");
            let rows: Vec<Vec<String>> = overview
                .secrets
                .iter()
                .map(|secret| {
                    let is = match &secret.is {
                        Presence::Sealed(file) => file.clone(),
                        Presence::External => "comes from elsewhere".to_owned(),
                        Presence::Missing => "missing".to_owned(),
                    };
                    vec![secret.component.clone(), secret.name.clone(), is]
                })
                .collect();
            self.table(2, &rows);
        }
        if !overview.complete {
            let said = format!("it cannot be rendered now: `gen render {}` says why", overview.name);
            self.notes(&[said]);
        }
    }
}
