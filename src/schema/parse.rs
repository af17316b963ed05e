//! From the `inputs:` of a `pack.yaml` to a [`Schema`]: every mistake at its place.

use super::{Additional, Bounds, DEEPEST, Format, Mode, Rule, Schema, Type};
use crate::{
    diag::{Diagnostic, Place, Problems, Sources, did_you_mean, list},
    yaml::{Key, Map, Node, Value},
};
use indexmap::IndexMap;
use regex::RegexBuilder;
use std::sync::Arc;

/// Whose schema it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    /// Of a pack's inputs: the subset that DESIGN.md names.
    Pack,
    /// Of our own types, made by `schemars`.
    Types,
}

/// The keywords of a pack's inputs.
pub const KEYWORDS: [&str; 25] = [
    "properties",
    "required",
    "type",
    "enum",
    "const",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "items",
    "additionalProperties",
    "oneOf",
    "$defs",
    "$ref",
    "default",
    "description",
    "examples",
    "deprecated",
    "secret",
    "title",
];

/// What `schemars` writes beyond them.
const MORE: [&str; 7] =
    ["anyOf", "$schema", "minProperties", "maxProperties", "readOnly", "writeOnly", "unevaluatedProperties"];

impl Schema {
    /// Reads the `inputs:` of a pack, one object schema.
    ///
    /// Errors are pushed at their places: unknown keywords, bad types, patterns and formats, a `$ref` to
    /// nothing or in a circle, a default that its own schema refuses, a required name that is not declared.
    /// `None` only if an error was pushed.
    pub fn parse(node: &Node, sources: &Sources, problems: &mut Problems) -> Option<Schema> {
        Self::parse_as(node, Flavour::Pack, sources, problems)
    }

    /// The same for either flavour.
    pub(super) fn parse_as(
        node: &Node,
        flavour: Flavour,
        sources: &Sources,
        problems: &mut Problems,
    ) -> Option<Schema> {
        let mut parser = Parser { flavour, found: Problems::new() };
        let mut schema = parser.schema(node);
        if flavour == Flavour::Pack {
            if schema.root.types.iter().any(|t| *t != Type::Object) {
                parser.error("pack/schema", "the inputs of a pack are one object", node.place());
            }
            schema.root.types = vec![Type::Object];
            schema.root.properties.get_or_insert_default();
        }
        super::circles::references(&schema, &mut parser.found);
        if !parser.found.has_errors() && flavour == Flavour::Pack {
            defaults(&schema, sources, &mut parser.found);
        }
        let good = !parser.found.has_errors();
        problems.extend(parser.found);
        schema.mark_secrets();
        good.then_some(schema)
    }
}

struct Parser {
    flavour: Flavour,
    found: Problems,
}

impl Parser {
    fn error(&mut self, id: &'static str, message: impl Into<String>, place: Option<Place>) {
        self.found.push(Diagnostic::error(id, message).at(place));
    }

    /// The whole, with its definitions.
    fn schema(&mut self, node: &Node) -> Schema {
        let mut defs = IndexMap::new();
        if let Some(given) = node.get("$defs") {
            for (key, value) in self.map(given, "$defs").into_iter().flat_map(Map::iter) {
                let rule = self.rule(value, 1);
                defs.insert(key.text.clone(), rule);
            }
        }
        Schema { root: self.rule(node, 0), defs }
    }

    /// One schema. What is wrong is reported and left out.
    fn rule(&mut self, node: &Node, depth: usize) -> Rule {
        let mut rule = Rule { place: node.place(), ..Rule::default() };
        match &node.value {
            Value::Bool(true) => return rule,
            Value::Map(map) if depth < DEEPEST => {
                for (key, value) in map.iter() {
                    self.keyword(&mut rule, key, value, depth);
                }
            }
            Value::Map(_) => self.error("pack/schema", "this schema is nested too deeply", node.place()),
            other => self.found.push(
                Diagnostic::error("pack/schema", format!("a schema is a mapping, not {}", other.kind()))
                    .at(node.place())
                    .help("write `{type: string}`, for example"),
            ),
        }
        if rule.properties.is_some() && rule.types.is_empty() {
            rule.types = vec![Type::Object];
        }
        self.declared(&rule, node);
        self.fold_constants(&mut rule);
        rule
    }

    fn keyword(&mut self, rule: &mut Rule, key: &Key, value: &Node, depth: usize) {
        match &*key.text {
            "properties" => rule.properties = self.rules(value, "properties", depth),
            "required" => rule.required = self.texts(value, "required"),
            "type" => self.types(rule, value),
            "enum" => rule.choices = self.seq(value, "enum").map(<[Node]>::to_vec),
            "const" => rule.choices = Some(vec![value.clone()]),
            "pattern" => self.pattern(rule, value),
            "format" => self.format(rule, value),
            "minimum" => rule.minimum = self.number(value, "minimum"),
            "maximum" => rule.maximum = self.number(value, "maximum"),
            "minLength" => rule.length.min = self.count(value, "minLength"),
            "maxLength" => rule.length.max = self.count(value, "maxLength"),
            "minItems" => rule.count.min = self.count(value, "minItems"),
            "maxItems" => rule.count.max = self.count(value, "maxItems"),
            "uniqueItems" => rule.unique = self.flag(value, "uniqueItems"),
            "items" => rule.items = Some(Box::new(self.rule(value, depth + 1))),
            "additionalProperties" => rule.additional = self.additional(value, depth),
            "oneOf" => self.forms(rule, value, true, depth),
            "$ref" => self.reference(rule, value),
            "default" => rule.default = Some(value.clone()),
            "description" => rule.description = self.text(value, "description"),
            "title" => {
                self.text(value, "title");
            }
            "examples" => {
                let first = self.seq(value, "examples").and_then(<[Node]>::first);
                rule.example = first.and_then(Node::as_str).map(str::to_owned);
            }
            "deprecated" => rule.deprecated = self.flag(value, "deprecated"),
            "secret" => rule.secret = self.flag(value, "secret"),
            "$defs" if depth == 0 => {}
            "anyOf" if self.flavour == Flavour::Types => self.forms(rule, value, false, depth),
            "minProperties" if self.flavour == Flavour::Types => {
                rule.members.min = self.count(value, "minProperties");
            }
            "maxProperties" if self.flavour == Flavour::Types => {
                rule.members.max = self.count(value, "maxProperties");
            }
            other if self.flavour == Flavour::Types && (MORE.contains(&other) || other.starts_with("x-")) => {
            }
            _ => self.unknown(key),
        }
    }

    fn unknown(&mut self, key: &Key) {
        let mut said = Diagnostic::error(
            "pack/schema-keyword",
            format!("`{}` is not a keyword of input schemas here", key.text),
        )
        .at(key.place);
        said = match did_you_mean(&key.text, KEYWORDS) {
            Some(near) => said.help(format!("did you mean `{near}`?")),
            None => said.help(format!("the keywords are {}", words(&KEYWORDS))),
        };
        self.found.push(said);
    }

    fn rules(&mut self, value: &Node, word: &str, depth: usize) -> Option<IndexMap<Arc<str>, Rule>> {
        let map = self.map(value, word)?;
        Some(map.iter().map(|(key, node)| (key.text.clone(), self.rule(node, depth + 1))).collect())
    }

    fn types(&mut self, rule: &mut Rule, value: &Node) {
        let names = match &value.value {
            Value::Seq(_) => self.texts(value, "type"),
            _ => self.text(value, "type").into_iter().collect(),
        };
        for name in names {
            match &*name {
                "string" => rule.types.push(Type::String),
                "integer" => rule.types.push(Type::Integer),
                "number" => rule.types.push(Type::Number),
                "boolean" => rule.types.push(Type::Boolean),
                "object" => rule.types.push(Type::Object),
                "array" => rule.types.push(Type::Array),
                "null" if self.flavour == Flavour::Types => {}
                other => self.unknown_type(other, value.place()),
            }
        }
    }

    fn unknown_type(&mut self, name: &str, place: Option<Place>) {
        let known = ["string", "integer", "number", "boolean", "object", "array"];
        let near = match name {
            "map" | "mapping" | "dict" => Some("object"),
            "list" | "seq" | "sequence" => Some("array"),
            "str" | "text" => Some("string"),
            "float" | "double" => Some("number"),
            other => did_you_mean(other, known),
        };
        let mut said = Diagnostic::error("pack/schema-type", format!("`{name}` is not a type")).at(place);
        said = match near {
            _ if name == "null" => {
                said.help("leave it away: an input that is not set is undefined in templates")
            }
            Some(near) => said.help(format!("did you mean `{near}`?")),
            None => said.help(format!("the types are {}", list(known))),
        };
        self.found.push(said);
    }

    fn pattern(&mut self, rule: &mut Rule, value: &Node) {
        let Some(text) = self.text(value, "pattern") else { return };
        match RegexBuilder::new(&text).size_limit(1 << 20).build() {
            Ok(regex) => rule.pattern = Some(regex),
            Err(error) => {
                let why = error.to_string();
                let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                self.found.push(
                    Diagnostic::error("pack/schema-pattern", "this pattern is no regular expression")
                        .at(value.place())
                        .because(why),
                );
            }
        }
    }

    fn format(&mut self, rule: &mut Rule, value: &Node) {
        let Some(name) = self.text(value, "format") else { return };
        rule.format = Format::named(&name);
        if rule.format.is_none() && self.flavour == Flavour::Pack {
            let mut said = Diagnostic::error("pack/schema-format", format!("`{name}` is not a format"))
                .at(value.place());
            said = match did_you_mean(&name, Format::NAMES) {
                Some(near) => said.help(format!("did you mean `{near}`?")),
                None => said.help(format!("the formats are {}", words(&Format::NAMES))),
            };
            self.found.push(said);
        }
    }

    fn additional(&mut self, value: &Node, depth: usize) -> Additional {
        match value.value {
            Value::Bool(true) => Additional::Open,
            Value::Bool(false) => Additional::Closed,
            _ => Additional::Each(Box::new(self.rule(value, depth + 1))),
        }
    }

    fn forms(&mut self, rule: &mut Rule, value: &Node, one: bool, depth: usize) {
        let Some(given) = self.seq(value, if one { "oneOf" } else { "anyOf" }) else { return };
        let null = |n: &&Node| n.get("type").and_then(Node::as_str) == Some("null");
        rule.one_form = one;
        let pack = self.flavour == Flavour::Pack;
        rule.forms = given.iter().filter(|n| pack || !null(n)).map(|n| self.rule(n, depth + 1)).collect();
        if rule.forms.is_empty() {
            self.error("pack/schema", "`oneOf` needs at least one form", value.place());
        }
    }

    fn reference(&mut self, rule: &mut Rule, value: &Node) {
        let Some(text) = self.text(value, "$ref") else { return };
        match text.strip_prefix("#/$defs/") {
            Some(name) => rule.reference = Some((name.into(), value.place())),
            None => self.found.push(
                Diagnostic::error("pack/schema-ref", format!("`{text}` leads nowhere"))
                    .at(value.place())
                    .help("write `#/$defs/NAME`"),
            ),
        }
    }

    /// Names under `required` that `properties` does not have.
    fn declared(&mut self, rule: &Rule, node: &Node) {
        let Some(properties) = &rule.properties else { return };
        let open = !matches!(rule.additional, Additional::Unsaid | Additional::Closed);
        if open || rule.reference.is_some() || !rule.forms.is_empty() {
            return;
        }
        let places = node.get("required").and_then(Node::as_seq).unwrap_or_default();
        for name in &rule.required {
            if !properties.contains_key(name) {
                let place = places.iter().find(|n| n.as_str() == Some(name)).and_then(Node::place);
                let mut said = Diagnostic::error(
                    "pack/schema-required",
                    format!("`{name}` is required but not declared"),
                )
                .at(place);
                said = match did_you_mean(name, properties.keys().map(|k| &**k)) {
                    Some(near) => said.help(format!("did you mean `{near}`?")),
                    None => said.help(format!("declare `{name}` under `properties`")),
                };
                self.found.push(said);
            }
        }
    }

    /// `oneOf` of nothing but constants is an `enum`.
    fn fold_constants(&mut self, rule: &mut Rule) {
        let simple = |f: &Rule| {
            f.choices.is_some() && f.properties.is_none() && f.forms.is_empty() && f.reference.is_none()
        };
        if rule.choices.is_none() && !rule.forms.is_empty() && rule.forms.iter().all(simple) {
            rule.choices = Some(rule.forms.drain(..).filter_map(|f| f.choices).flatten().collect());
        }
    }

    fn wrong(&mut self, value: &Node, word: &str, noun: &str) {
        let message = format!("`{word}` takes {noun}, not {}", value.value.kind());
        self.error("pack/schema", message, value.place());
    }

    fn map<'a>(&mut self, value: &'a Node, word: &str) -> Option<&'a Map> {
        let map = value.as_map();
        if map.is_none() {
            self.wrong(value, word, "a mapping");
        }
        map
    }

    fn seq<'a>(&mut self, value: &'a Node, word: &str) -> Option<&'a [Node]> {
        let seq = value.as_seq();
        if seq.is_none() {
            let hint = if word == "required" { "a list of names, beside `properties`" } else { "a list" };
            self.wrong(value, word, hint);
        }
        seq
    }

    fn text(&mut self, value: &Node, word: &str) -> Option<Arc<str>> {
        if let Value::Str(text) = &value.value {
            return Some(text.clone());
        }
        self.wrong(value, word, "a string");
        None
    }

    fn texts(&mut self, value: &Node, word: &str) -> Vec<Arc<str>> {
        let seq = self.seq(value, word).unwrap_or_default();
        seq.iter().filter_map(|n| self.text(n, word)).collect()
    }

    fn flag(&mut self, value: &Node, word: &str) -> bool {
        if value.as_bool().is_none() {
            self.wrong(value, word, "`true` or `false`");
        }
        value.as_bool().unwrap_or_default()
    }

    fn number(&mut self, value: &Node, word: &str) -> Option<Node> {
        if Type::Number.takes(&value.value) {
            return Some(value.clone());
        }
        self.wrong(value, word, "a number");
        None
    }

    fn count(&mut self, value: &Node, word: &str) -> Option<usize> {
        let count = value.as_int().and_then(|i| usize::try_from(i).ok());
        if count.is_none() {
            self.wrong(value, word, "a whole number from 0");
        }
        count
    }
}

impl Bounds {
    /// Is the count inside?
    pub(super) fn hold(self, count: usize) -> bool {
        self.min.is_none_or(|m| count >= m) && self.max.is_none_or(|m| count <= m)
    }
}

/// All names of a short list.
fn words(names: &[&str]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

/// Visits a rule and all rules in it, not through references.
pub(super) fn each<'a>(rule: &'a Rule, visit: &mut impl FnMut(&'a Rule)) {
    visit(rule);
    let inner =
        rule.properties.iter().flat_map(IndexMap::values).chain(rule.items.as_deref()).chain(&rule.forms);
    let extra = if let Additional::Each(each) = &rule.additional { Some(&**each) } else { None };
    for rule in inner.chain(extra) {
        each(rule, visit);
    }
}

/// Follows references and forms until a name comes again; gives the place of the last step.
/// Each default must fit its own schema.
fn defaults(schema: &Schema, sources: &Sources, found: &mut Problems) {
    for rule in std::iter::once(&schema.root).chain(schema.defs.values()) {
        each(rule, &mut |rule| {
            let Some(default) = &rule.default else { return };
            let mut scratch = Problems::new();
            schema.check_rule(rule, &mut default.clone(), "default", sources, &mut scratch, Mode::Inputs);
            for mut said in scratch.0 {
                if said.severity == crate::diag::Severity::Error {
                    if said.labels.is_empty() {
                        said = said.at(default.place().or(rule.place));
                    }
                    found.push(said.because("a default must fit its own schema"));
                }
            }
        });
    }
}
