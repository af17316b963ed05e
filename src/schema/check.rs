//! Checks a value against a schema: all problems, each at the value's place, and fills defaults.

use super::{
    Additional, DEEPEST, Rule, Schema, Type, canonical_json, member, nouns,
    scalars::{as_written, compare, is_plain_date},
    secrets::is_secret_reference,
    short,
};
use crate::{
    diag::{Diagnostic, Problems, Sources, did_you_mean, list},
    yaml::{Key, Map, Node, Style, Value},
};
use indexmap::IndexMap;
use std::{collections::BTreeSet, sync::Arc};

/// What is being checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A component's inputs after merging: null is a value, defaults are filled.
    Inputs,
    /// A configuration file before merging: null is accepted anywhere, because it removes what lower layers
    /// set, and nothing is filled.
    Config,
}

/// Not more defaults than this are filled in one value: a schema whose defaults contain themselves.
const MOST_DEFAULTS: usize = 10_000;

/// Mappings with one of these keys stand for a value.
const REFERENCES: [&str; 3] = ["$from", "$text", "$file"];

impl Schema {
    /// Checks `value`, which a user knows as `path`, and in [`Mode::Inputs`] fills its defaults.
    ///
    /// Every problem is pushed at the place where the value was set. Filled defaults keep the origin that they
    /// have in the schema. In an object that has members with defaults these stand first, in the schema's
    /// order, whether they were set or filled: setting a value to its default changes no byte.
    pub fn check(
        &self,
        value: &mut Node,
        path: &str,
        sources: &Sources,
        problems: &mut Problems,
        mode: Mode,
    ) {
        self.check_rule(&self.root, value, path, sources, problems, mode);
    }

    /// The same for a rule inside.
    pub(super) fn check_rule(
        &self,
        rule: &Rule,
        value: &mut Node,
        path: &str,
        sources: &Sources,
        problems: &mut Problems,
        mode: Mode,
    ) {
        let mut check = Check { schema: self, sources, mode, found: Problems::new(), filling: 0, filled: 0 };
        check.rule(rule, value, path, &[], 0);
        problems.extend(check.found);
    }
}

pub(super) struct Check<'a> {
    pub(super) schema: &'a Schema,
    sources: &'a Sources,
    mode: Mode,
    pub(super) found: Problems,
    /// Inside how many defaults we are.
    filling: usize,
    /// How many defaults were filled.
    filled: usize,
}

/// A rule around the one at hand, for the same value: its members count as known.
#[derive(Clone, Copy)]
pub(super) enum Outer<'a> {
    /// The one at hand is a form of it.
    Form(&'a Rule),
    /// The one at hand is what it refers to.
    Reference(&'a Rule),
}

impl<'a> Outer<'a> {
    fn rule(&self) -> &'a Rule {
        match self {
            Outer::Form(rule) | Outer::Reference(rule) => rule,
        }
    }

    /// What else of it applies to the value: to a form what the rule refers to, to the target the forms.
    fn beside(&self, schema: &'a Schema) -> Vec<&'a Rule> {
        match self {
            Outer::Form(rule) => schema.target(rule).into_iter().collect(),
            Outer::Reference(rule) => rule.forms.iter().collect(),
        }
    }
}

impl<'a> Check<'a> {
    /// An error at a value; a value that came by reference also shows the reference.
    pub(super) fn error(&self, id: &'static str, value: &Node, message: String) -> Diagnostic {
        let said = Diagnostic::error(id, message).at(value.place());
        match value.origin.trail().via.first() {
            Some(place) => said.label(*place, "through this reference"),
            None => said,
        }
    }

    /// `outer`: the rules whose members also count as known, because this rule is one form of them.
    pub(super) fn rule(
        &mut self,
        rule: &'a Rule,
        value: &mut Node,
        path: &str,
        outer: &[Outer<'a>],
        depth: usize,
    ) {
        if value.is_null() && self.mode == Mode::Config {
            return;
        }
        if depth > DEEPEST {
            let said = self.error("input/depth", value, format!("`{path}` is nested too deeply"));
            self.found.push(said);
            return;
        }
        if rule.deprecated && self.filling == 0 {
            let said = Diagnostic::warning("input/deprecated", format!("`{path}` is deprecated"));
            let said = rule.description.iter().fold(said, |s, why| s.because(&**why));
            self.found.push(said.at(value.place()));
        }
        if rule.secret {
            return self.secret(value, path);
        }
        if let Some(target) = self.schema.target(rule) {
            let mut around = outer.to_vec();
            around.push(Outer::Reference(rule));
            self.rule(target, value, path, &around, depth + 1);
        }
        if !self.types(rule, value, path) || !self.choices(rule, value, path) {
            return;
        }
        match &value.value {
            Value::Str(text) => self.text(rule, value, text, path),
            Value::Int(_) | Value::Float(_) => self.range(rule, value, path),
            Value::Seq(_) => self.sequence(rule, value, path, depth),
            Value::Map(_) => self.object(rule, value, path, outer, depth),
            Value::Null | Value::Bool(_) => {}
        }
        if !rule.forms.is_empty() {
            self.forms(rule, value, path, outer, depth);
        }
    }

    fn secret(&mut self, value: &Node, path: &str) {
        if is_secret_reference(value) {
            return;
        }
        // no label: its line holds nothing but what is masked
        let said = Diagnostic::error(
            "input/secret",
            format!("`{path}` is a secret: it takes only `{{secret: NAME, key: KEY}}`"),
        );
        let said = match value.place() {
            Some(place) => said.because(format!("it is set at {}", self.sources.locate(place))),
            None => said,
        };
        let said = said.secret(value.place());
        let both = ["secret", "key"].iter().all(|key| value.get(key).and_then(Node::as_str).is_some());
        let said = match both && value.as_map().is_some_and(|map| map.len() == 2) {
            true => said
                .because("a Secret's name has lower-case letters, digits, `-` and `.`, a key also `_` and upper-case letters"),
            false => said,
        };
        self.found.push(said.help("seal the value, and name the Secret and its key here"));
    }

    fn types(&mut self, rule: &Rule, value: &Node, path: &str) -> bool {
        let types = if rule.types.is_empty() && rule.choices.is_some() {
            self.schema.types(rule, 0)
        } else {
            rule.types.clone()
        };
        if types.is_empty() {
            return true;
        }
        if types.iter().any(|t| t.takes(&value.value)) {
            let date = types.contains(&Type::String) && is_plain_date(value);
            if date {
                self.quote(value, path, "a date", rule);
            }
            return !date;
        }
        self.wrong_type(&types, value, path, rule);
        false
    }

    pub(super) fn wrong_type(&mut self, types: &[Type], value: &Node, path: &str, rule: &Rule) {
        let scalar = matches!(value.value, Value::Bool(_) | Value::Int(_) | Value::Float(_));
        if types.contains(&Type::String) && scalar && value.style == Style::Plain {
            let kind = if matches!(value.value, Value::Bool(_)) { "a boolean" } else { "a number" };
            return self.quote(value, path, kind, rule);
        }
        let message = format!("`{path}` takes {}, not {}", nouns(types), value.value.kind());
        let said = self.error("input/type", value, message);
        let said = match &value.value {
            Value::Float(f) if types.contains(&Type::Integer) => match f.fract() == 0.0 {
                true => said.help(format!("write `{f:.0}`, or divide with `//`, which gives integers")),
                false => said,
            },
            Value::Null if self.filling == 0 => said.help("leave the key away, or give it a value"),
            Value::Str(text) => match as_written(types, text) {
                Some(kind) => said.help(format!("write `{text}` without quotes, it is {kind}")),
                None if rule
                    .items
                    .as_ref()
                    .is_some_and(|item| self.schema.types(item, 0).contains(&Type::String)) =>
                {
                    said.help(format!("write it in brackets: `[{text}]`"))
                }
                None => said,
            },
            Value::Map(_) if is_secret_reference(value) => said
                .because("a Secret is named only where an input is a secret")
                .help("`gen pack show PACK` tells which inputs are"),
            Value::Map(map) => match map.keys().next().filter(|_| map.len() == 1) {
                Some(key) if key.starts_with('$') && !REFERENCES.contains(&key) => {
                    let said =
                        said.because(format!("`{key}` is no reference: those are {}", list(REFERENCES)));
                    match did_you_mean(key, REFERENCES) {
                        Some(near) => said.help(format!("did you mean `{near}`?")),
                        None => said,
                    }
                }
                _ => said,
            },
            _ => said,
        };
        self.found.push(said);
    }

    /// A plain scalar where a string belongs.
    fn quote(&mut self, value: &Node, path: &str, kind: &str, rule: &Rule) {
        let text = value.place().map_or("", |p| self.sources.slice(p)).trim();
        let fits = rule.format.is_none_or(|f| f.check(text).is_ok());
        let said = if text.is_empty() {
            self.error("input/quote", value, format!("`{path}` takes a string, not {kind}")).help("quote it")
        } else {
            let message = format!("`{path}` takes a string, but `{text}` without quotes is {kind}");
            let said = self.error("input/quote", value, message);
            match rule.format.filter(|_| !fits) {
                Some(format) => said.help(format!("write {}", format.example())),
                None => said.help(format!("quote it: `\"{text}\"`")),
            }
        };
        self.found.push(said);
    }

    fn choices(&mut self, rule: &Rule, value: &Node, path: &str) -> bool {
        let Some(choices) = &rule.choices else { return true };
        if choices.iter().any(|c| c.same(value)) {
            return true;
        }
        let said = match choices.as_slice() {
            [one] => format!("`{path}` must be `{}`", short(one)),
            _ => format!("`{path}` cannot be `{}`", short(value)),
        };
        let said = self.error("input/choice", value, said);
        let texts: Vec<&str> = choices.iter().filter_map(Node::as_str).collect();
        let near = value.as_str().and_then(|s| did_you_mean(s, texts.iter().copied()));
        let words: Vec<String> = choices.iter().map(short).collect();
        let said = match (near, words.len()) {
            (Some(near), 2..) => said.help(format!("did you mean `{near}`?")),
            _ => said,
        };
        let said = match words.len() {
            0 | 1 => said,
            _ => said.help(format!("it is one of {}", list(words.iter().map(String::as_str)))),
        };
        self.found.push(said);
        false
    }

    fn text(&mut self, rule: &Rule, value: &Node, text: &str, path: &str) {
        let many = text.chars().count();
        if !rule.length.hold(many) {
            let message =
                format!("`{path}` takes {}, not {many}", rule.length.words("character", "characters"));
            self.found.push(self.error("input/length", value, message));
        }
        if let Some(pattern) = rule.pattern.as_ref().filter(|p| !p.is_match(text)) {
            let said = self.error("input/pattern", value, format!("`{path}` does not match its pattern"));
            let said = said.because(format!("the pattern is `{pattern}`"));
            let said =
                rule.description.iter().fold(said, |s, d| s.because(format!("`{path}`: {}", d.trim())));
            self.found.push(rule.example.iter().fold(said, |s, e| s.help(format!("write it as in `{e}`"))));
        }
        if let Some((format, why)) = rule.format.and_then(|f| f.check(text).err().map(|why| (f, why))) {
            let message = format!("`{path}` is not a valid {}", format.words());
            let said = self.error("input/format", value, message).because(why);
            self.found.push(said.help(format!("write {}", format.example())));
        }
    }

    fn range(&mut self, rule: &Rule, value: &Node, path: &str) {
        use std::cmp::Ordering::{Greater, Less};
        let low = rule.minimum.as_ref().filter(|m| compare(value, m) == Some(Less));
        let high = rule.maximum.as_ref().filter(|m| compare(value, m) == Some(Greater));
        let message = match (low, high) {
            (Some(low), _) => format!("`{path}` must be at least {}, not {}", short(low), short(value)),
            (_, Some(high)) => format!("`{path}` must be at most {}, not {}", short(high), short(value)),
            (None, None) => return,
        };
        self.found.push(self.error("input/range", value, message));
    }

    fn sequence(&mut self, rule: &'a Rule, value: &mut Node, path: &str, depth: usize) {
        let items = value.as_seq().unwrap_or_default();
        if !rule.count.hold(items.len()) {
            let words = rule.count.words("item", "items");
            let message = format!("`{path}` takes {words}, not {}", items.len());
            self.found.push(self.error("input/length", value, message));
        }
        if rule.unique {
            let mut seen = BTreeSet::new();
            for (index, item) in items.iter().enumerate() {
                if !seen.insert(canonical_json(item)) {
                    let message = format!("`{path}[{index}]` is there twice");
                    self.found.push(self.error("input/unique", item, message));
                }
            }
        }
        let Some(inner) = &rule.items else { return };
        let Value::Seq(items) = &mut value.value else { return };
        for (index, item) in items.iter_mut().enumerate() {
            self.rule(inner, item, &format!("{path}[{index}]"), &[], depth + 1);
        }
    }

    fn object(&mut self, rule: &'a Rule, value: &mut Node, path: &str, outer: &[Outer<'a>], depth: usize) {
        let count = value.as_map().map_or(0, Map::len);
        if !rule.members.hold(count) {
            let words = rule.members.words("member", "members");
            let message = format!("`{path}` takes {words}, not {count}");
            self.found.push(self.error("input/length", value, message));
        }
        let missing: Vec<&Arc<str>> = rule
            .required
            .iter()
            .filter(|name| value.get(name).is_none())
            .filter(|name| self.mode == Mode::Config || self.default_at(rule, outer, name).is_none())
            .filter(|name| !is_misspelt(rule, value, name))
            .collect();
        for name in missing {
            let full = member(path, name);
            let said = self.error("input/required", value, format!("`{full}` is required"));
            let about =
                rule.properties.as_ref().and_then(|p| p.get(name)).and_then(|r| r.description.as_ref());
            let said = about.iter().fold(said, |s, d| s.because(format!("`{name}`: {}", d.trim())));
            self.found.push(said.help(format!("set `{full}`")));
        }
        let Value::Map(map) = &mut value.value else { return };
        for (key, item) in map.iter_mut() {
            let below = member(path, &key.text);
            match (rule.properties.as_ref().and_then(|p| p.get(&key.text)), &rule.additional) {
                (Some(known), _) => self.rule(known, item, &below, &[], depth + 1),
                (None, Additional::Each(each)) => self.rule(each, item, &below, &[], depth + 1),
                (None, Additional::Open) => {}
                (None, Additional::Unsaid) if rule.properties.is_none() => {}
                (None, Additional::Unsaid | Additional::Closed) => self.unknown(rule, outer, key, item, path),
            }
        }
        if self.mode == Mode::Inputs {
            self.fill(rule, map, path, depth);
        }
    }

    fn unknown(&mut self, rule: &'a Rule, outer: &[Outer<'a>], key: &Key, item: &Node, path: &str) {
        let beside = |outer: &Outer<'a>| outer.beside(self.schema);
        let around: Vec<&Rule> = std::iter::once(rule).chain(outer.iter().flat_map(beside)).collect();
        let own = |r: &Rule| r.properties.as_ref().is_some_and(|p| p.contains_key(&key.text));
        if around.iter().any(|r| self.schema.knows(r, &key.text, 0)) || outer.iter().any(|o| own(o.rule())) {
            return;
        }
        let told = |outer: &Outer<'a>| {
            let rule = outer.rule();
            let closed = rule.properties.is_some() && !matches!(rule.additional, Additional::Open);
            matches!(outer, Outer::Form(_)) && closed && !self.schema.knows(rule, &key.text, 0)
        };
        if outer.iter().any(told) {
            return;
        }
        let mut names = Vec::new();
        around.iter().for_each(|r| self.schema.names(r, &mut names, 0));
        names.extend(
            outer.iter().flat_map(|o| o.rule().properties.iter().flat_map(IndexMap::keys)).map(|k| &**k),
        );
        let shown = if path.is_empty() { String::new() } else { format!(" in `{path}`") };
        let said = Diagnostic::error("input/unknown", format!("unknown key `{}`{shown}", key.text))
            .at(key.place.or(item.place()));
        let said = match did_you_mean(&key.text, names.iter().copied()) {
            Some(near) => said.help(format!("did you mean `{near}`?")),
            None if names.is_empty() => said.help("nothing can be set here: take it out"),
            None => said.help(format!("it takes {}", list(names))),
        };
        self.found.push(said);
    }

    /// The default of a member, wherever the member is declared.
    fn default_at(&self, rule: &'a Rule, outer: &[Outer<'a>], name: &str) -> Option<&'a Node> {
        std::iter::once(rule)
            .chain(outer.iter().map(Outer::rule))
            .filter_map(|r| r.properties.as_ref().and_then(|p| p.get(name)))
            .find_map(|r| self.schema.default_of(r))
    }

    /// Members with a default come first, in the schema's order.
    fn fill(&mut self, rule: &'a Rule, map: &mut Map, path: &str, depth: usize) {
        let Some(properties) = &rule.properties else { return };
        let mut first = Map::new();
        for (name, inner) in properties {
            let Some(default) = self.schema.default_of(inner) else { continue };
            match map.0.shift_remove_entry(&**name) {
                Some((key, node)) => {
                    first.insert(key, node);
                }
                None => {
                    if self.filled >= MOST_DEFAULTS {
                        let message = format!("the defaults of `{path}` contain themselves");
                        self.found.push(Diagnostic::error("input/defaults", message).at(default.place()));
                        break;
                    }
                    let mut node = default.clone();
                    self.filling += 1;
                    self.filled += 1;
                    self.rule(inner, &mut node, &member(path, name), &[], depth + 1);
                    self.filling -= 1;
                    first.insert(name.clone(), node);
                }
            }
        }
        if !first.is_empty() {
            first.0.extend(std::mem::take(map));
            *map = first;
        }
    }
}

/// Is a member there under a name that is told to be a slip for this one?
fn is_misspelt(rule: &Rule, value: &Node, name: &str) -> bool {
    let Some(known) = &rule.properties else { return false };
    let closed = matches!(rule.additional, Additional::Unsaid | Additional::Closed);
    let mut unknown = value.members().map(|(key, _)| key).filter(|key| !known.contains_key(*key));
    closed && unknown.any(|key| did_you_mean(key, known.keys().map(|k| &**k)) == Some(name))
}

impl super::Bounds {
    /// `at least 1 item`, `3 to 5 items`.
    fn words(self, one: &str, more: &str) -> String {
        let noun = |n: usize| if n == 1 { one.to_owned() } else { more.to_owned() };
        match (self.min, self.max) {
            (Some(min), Some(max)) if min == max => format!("{min} {}", noun(min)),
            (Some(min), Some(max)) => format!("{min} to {max} {more}"),
            (Some(min), None) => format!("at least {min} {}", noun(min)),
            (None, Some(max)) => format!("at most {max} {}", noun(max)),
            (None, None) => format!("any number of {more}"),
        }
    }
}
