//! An answer for programs. The shape is stable: members are added, never renamed or removed.
//!
//! Every answer has `environment` and `about`: `environment`, `config`, `output` or `line`.
//!
//! * `config`: `value`, `uses`, `outputs`, `notes`. A VALUE has `path`, `value` (null: not set), `set`, `references`,
//!   `parts`. `set` lists who says something, what counts first: `by` (`fleet`, `layer`, `pack`, `export`, `template`,
//!   `gen`), `name`, PLACE, `does` (`sets`, `refers`, `removes`, `replaces`), `written`, `wins`. A reference has `form`
//!   (`$from`, `$text`, `$file`), PLACE, `target`, `value` (a VALUE, or null for a file).
//! * `output`: PLACE in the output, `object`, `field`, `value`, `made`, `exact`, `overrode`, `values`, `parts`, `notes`.
//!   `made` has `by` (`template`, `config`, `gen`, `copy`) and what belongs to it: PLACE, `text`, `macro`, `literal`,
//!   `rule`. Each of `values` is a VALUE with `how`.
//! * `line`: `line`, `sets` (parts), `outputs`.
//! * `environment`: `name`, `facts`, `layers`, `components`, `secrets`, `complete`.
//!
//! A PLACE is `file`, `line`, `column`, null where something is written nowhere. `how` is `same`, `part`, `key`,
//! `computed` or `decides`; with the last two a place may change, with the others it does. One of `outputs` without a line
//! is a file, or with `/` at its end a folder, in which anything may change. Secret values are `(secret)`.

use crate::{
    cli::report::{mapping, number, words},
    diag::{Place, Sources},
    explain::{
        Answer, By, Config, Does, How, Line, Made, Output, Overview, Part, Presence, Reached, Reference,
        Setter, Used, Value,
    },
    yaml::{Map, Node, Value as Yaml},
};

/// The answer as data.
pub(super) fn answer(environment: &str, answer: &Answer, sources: &Sources) -> Node {
    let page = Page { sources };
    let (about, members) = match answer {
        Answer::Environment(overview) => ("environment", overview_node(overview, &page)),
        Answer::Config(config) => ("config", page.config(config)),
        Answer::Output(output) => ("output", page.output(output)),
        Answer::Line(line) => ("line", page.line(line)),
    };
    let head = [("environment", Node::new(environment)), ("about", Node::new(about))];
    mapping(head.into_iter().chain(members))
}

type Members = Vec<(&'static str, Node)>;

struct Page<'a> {
    sources: &'a Sources,
}

fn null() -> Node {
    Node::new(Yaml::Null)
}

fn or_null(node: Option<Node>) -> Node {
    node.unwrap_or_else(null)
}

fn text(text: &str) -> Node {
    Node::new(text)
}

fn texts(list: &[String]) -> Node {
    words(list.iter().map(String::as_str))
}

fn list(nodes: impl Iterator<Item = Node>) -> Node {
    Node::new(nodes.collect::<Vec<_>>())
}

fn shown(node: Option<&Node>) -> Node {
    or_null(node.cloned())
}

fn how(how: How) -> Node {
    text(match how {
        How::Same => "same",
        How::Part => "part",
        How::Key => "key",
        How::Computed => "computed",
        How::Decides => "decides",
    })
}

impl Page<'_> {
    fn place(&self, place: Option<Place>) -> Members {
        let Some(place) = place else { return vec![("file", null()), ("line", null()), ("column", null())] };
        let (line, column) = self.sources.line_column(place);
        let file = self.sources.name(place.source);
        vec![("file", text(file)), ("line", number(line)), ("column", number(column))]
    }

    fn config(&self, config: &Config) -> Members {
        vec![
            ("value", mapping(self.value(&config.value))),
            ("uses", list(config.uses.iter().map(|used| self.used(used)))),
            ("outputs", list(config.reaches.iter().map(|reached| self.reached(reached)))),
            ("notes", texts(&config.notes)),
        ]
    }

    fn used(&self, used: &Used) -> Node {
        let expression = self.sources.slice(used.place);
        mapping(
            self.place(Some(used.place))
                .into_iter()
                .chain([("text", text(expression)), ("how", how(used.how))]),
        )
    }

    fn value(&self, value: &Value) -> Members {
        vec![
            ("path", text(&value.path.to_string())),
            ("value", shown(value.value.as_ref())),
            ("set", list(value.setters.iter().map(|setter| self.setter(setter)))),
            ("references", list(value.refers.iter().map(|reference| self.reference(reference)))),
            ("parts", self.parts(&value.parts)),
        ]
    }

    fn setter(&self, setter: &Setter) -> Node {
        let (by, name) = match &setter.by {
            By::Fleet => ("fleet", "fleet"),
            By::Layer(name) => ("layer", name.as_str()),
            By::Pack(name) => ("pack", name.as_str()),
            By::Export(name) => ("export", name.as_str()),
            By::Template(name) => ("template", name.as_str()),
            By::Chart(name) => ("chart", name.as_str()),
            By::Gen(why) => ("gen", why.as_str()),
        };
        let does = match setter.does {
            Does::Sets => "sets",
            Does::Refers => "refers",
            Does::Removes => "removes",
            Does::Replaces => "replaces",
        };
        let head = [("by", text(by)), ("name", text(name))];
        let tail = [
            ("does", text(does)),
            ("written", shown(setter.written.as_ref())),
            ("wins", Node::new(setter.wins)),
        ];
        mapping(head.into_iter().chain(self.place(setter.place)).chain(tail))
    }

    fn reference(&self, reference: &Reference) -> Node {
        let value = reference.value.as_ref().map(|value| mapping(self.value(value)));
        let tail = [("target", text(&reference.target)), ("value", or_null(value))];
        let head = [("form", text(reference.word.as_str()))];
        mapping(head.into_iter().chain(self.place(reference.place)).chain(tail))
    }

    fn parts(&self, parts: &[Part]) -> Node {
        let part = |part: &Part| {
            let head = [("path", text(&part.path.to_string())), ("value", part.value.clone())];
            mapping(head.into_iter().chain(self.place(part.place)))
        };
        list(parts.iter().map(part))
    }

    fn reached(&self, reached: &Reached) -> Node {
        let by = reached.by.map(|place| mapping(self.place(Some(place))));
        mapping([
            ("file", text(&reached.file)),
            ("line", or_null(reached.at.map(|(line, _)| number(line)))),
            ("column", or_null(reached.at.map(|(_, column)| number(column)))),
            ("object", text(&reached.object)),
            ("field", or_null(reached.field.as_ref().map(|field| text(&field.to_string())))),
            ("value", shown(reached.value.as_ref())),
            ("how", how(reached.how)),
            ("why", or_null(reached.why.as_deref().map(text))),
            ("by", or_null(by)),
        ])
    }

    fn output(&self, output: &Output) -> Members {
        let (line, column) = output.at;
        let values = output
            .values
            .iter()
            .map(|(by, value)| mapping([("how", how(*by))].into_iter().chain(self.value(value))));
        vec![
            ("file", text(&output.file)),
            ("line", number(line)),
            ("column", number(column)),
            ("object", text(&output.object)),
            ("field", text(&output.field.to_string())),
            ("value", shown(output.value.as_ref())),
            ("made", or_null(output.made.as_ref().map(|made| self.made(made)))),
            ("exact", Node::new(output.exact)),
            ("overrode", list(output.overrode.iter().map(|place| mapping(self.place(Some(*place)))))),
            ("values", list(values)),
            ("parts", self.parts(&output.parts)),
            ("notes", texts(&output.notes)),
        ]
    }

    fn made(&self, made: &Made) -> Node {
        match made {
            Made::Template { place, within, literal } => {
                let within = within.as_ref().map(|(name, place)| {
                    mapping([("name", text(name))].into_iter().chain(self.place(*place)))
                });
                let tail = [
                    ("text", text(self.sources.slice(*place))),
                    ("literal", Node::new(*literal)),
                    ("macro", or_null(within)),
                ];
                mapping([("by", text("template"))].into_iter().chain(self.place(Some(*place))).chain(tail))
            }
            Made::Config(words) => mapping([("by", text("config")), ("rule", text(words))]),
            Made::Gen(rule) => mapping([("by", text("gen")), ("rule", text(rule))]),
            Made::Copied(place) => {
                mapping([("by", text("copy")), ("file", text(self.sources.name(place.source)))])
            }
        }
    }

    fn line(&self, line: &Line) -> Members {
        vec![
            ("line", text(&line.file)),
            ("sets", self.parts(&line.sets)),
            ("outputs", list(line.reaches.iter().map(|reached| self.reached(reached)))),
        ]
    }
}

fn overview_node(overview: &Overview, page: &Page<'_>) -> Members {
    let facts: Map = overview.facts.iter().map(|(name, value)| (*name, text(value))).collect();
    let layers = overview.layers.iter().map(|layer| {
        mapping([
            ("name", text(&layer.name)),
            ("file", text(&layer.file)),
            ("extends", texts(&layer.extends)),
        ])
    });
    let components = overview.components.iter().map(|used| {
        let head = [
            ("name", text(&used.name)),
            ("pack", text(&used.pack)),
            ("versions", texts(&used.versions)),
            ("stage", text(used.stage.as_str())),
            ("namespace", text(&used.namespace)),
            ("needs", texts(&used.needs)),
            ("objects", number(used.objects)),
        ];
        mapping(head.into_iter().chain(page.place(Some(used.place))))
    });
    let secrets = overview.secrets.iter().map(|secret| {
        let (is, file) = match &secret.is {
            Presence::Sealed(file) => ("sealed", text(file)),
            Presence::External => ("external", null()),
            Presence::Missing => ("missing", null()),
        };
        mapping([
            ("component", text(&secret.component)),
            ("name", text(&secret.name)),
            ("is", text(is)),
            ("file", file),
        ])
    });
    vec![
        ("name", text(&overview.name)),
        ("facts", Node::new(facts)),
        ("layers", list(layers)),
        ("components", list(components)),
        ("secrets", list(secrets)),
        ("complete", Node::new(overview.complete)),
    ]
}
