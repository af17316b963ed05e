//! The JSON Schema subset of pack inputs: parsed with places, checked with all problems at once,
//! defaults filled at every depth.
//!
//! The same walker judges the project's own configuration files, from the schemas that `schemars`
//! makes of their types ([`Schema::from_json`]).

mod check;
mod circles;
mod describe;
pub mod duration;
mod format;
mod forms;
mod json;
mod parse;
mod scalars;
mod secrets;
pub mod quantity;

pub use check::Mode;
pub use describe::{Chain, Described};
pub use format::Format;
pub use json::{canonical_json, json_fault, parse_json, short};
pub use parse::KEYWORDS;
pub use secrets::Follow;

use crate::{
    diag::Place,
    yaml::{Node, Value},
};
use indexmap::IndexMap;
use regex::Regex;
use std::sync::Arc;

/// A schema: an object, its members and its named definitions.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    root: Rule,
    defs: IndexMap<Arc<str>, Rule>,
}

/// What JSON Schema calls a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    String,
    Integer,
    Number,
    Boolean,
    Object,
    Array,
}

/// Least and greatest count, both included.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bounds {
    min: Option<usize>,
    max: Option<usize>,
}

/// What an object may hold beside its `properties`.
#[derive(Clone, Debug, Default)]
pub(crate) enum Additional {
    /// Nothing was said: closed if there are `properties`.
    #[default]
    Unsaid,
    /// `false`
    Closed,
    /// `true`
    Open,
    /// A schema for each of them.
    Each(Box<Rule>),
}

/// One schema in a schema. Everything that is absent allows everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rule {
    place: Option<Place>,
    types: Vec<Type>,
    properties: Option<IndexMap<Arc<str>, Rule>>,
    required: Vec<Arc<str>>,
    additional: Additional,
    items: Option<Box<Rule>>,
    forms: Vec<Rule>,
    /// `oneOf`: not more than one of `forms` may fit; else `anyOf`.
    one_form: bool,
    reference: Option<(Arc<str>, Option<Place>)>,
    choices: Option<Vec<Node>>,
    pattern: Option<Regex>,
    format: Option<Format>,
    minimum: Option<Node>,
    maximum: Option<Node>,
    length: Bounds,
    count: Bounds,
    members: Bounds,
    unique: bool,
    default: Option<Node>,
    description: Option<Arc<str>>,
    /// The first of `examples`, if it is a text.
    example: Option<String>,
    deprecated: bool,
    secret: bool,
    /// Is it, or anything in it, secret? Noted when all is parsed.
    holds_secret: bool,
}

/// Rules do not nest deeper than this through references, nor do values.
const DEEPEST: usize = 100;

impl Type {
    /// The word of JSON Schema.
    fn word(self) -> &'static str {
        match self {
            Type::String => "string",
            Type::Integer => "integer",
            Type::Number => "number",
            Type::Boolean => "boolean",
            Type::Object => "object",
            Type::Array => "array",
        }
    }

    /// The word in a sentence.
    fn noun(self) -> &'static str {
        match self {
            Type::String => "a string",
            Type::Integer => "an integer",
            Type::Number => "a number",
            Type::Boolean => "`true` or `false`",
            Type::Object => "a mapping",
            Type::Array => "a list",
        }
    }

    /// Is the value of this type?
    fn takes(self, value: &Value) -> bool {
        matches!(
            (self, value),
            (Type::String, Value::Str(_))
                | (Type::Integer | Type::Number, Value::Int(_))
                | (Type::Number, Value::Float(_))
                | (Type::Boolean, Value::Bool(_))
                | (Type::Object, Value::Map(_))
                | (Type::Array, Value::Seq(_))
        )
    }

    /// The type of a value; null has none.
    fn of(value: &Value) -> Option<Type> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(_) => Type::Boolean,
            Value::Int(_) => Type::Integer,
            Value::Float(_) => Type::Number,
            Value::Str(_) => Type::String,
            Value::Seq(_) => Type::Array,
            Value::Map(_) => Type::Object,
        })
    }
}

impl Schema {
    /// The schema of a pack without inputs: an object that takes no member.
    pub fn empty() -> Self {
        let root = Rule { types: vec![Type::Object], properties: Some(IndexMap::new()), ..Rule::default() };
        Self { root, defs: IndexMap::new() }
    }

    /// What a rule's `$ref` stands for.
    fn target(&self, rule: &Rule) -> Option<&Rule> {
        rule.reference.as_ref().and_then(|(name, _)| self.defs.get(name))
    }

    /// The types that a rule takes, through references and forms; empty: any.
    fn types(&self, rule: &Rule, depth: usize) -> Vec<Type> {
        if !rule.types.is_empty() {
            return rule.types.clone();
        }
        if rule.secret || rule.properties.is_some() {
            return vec![Type::Object];
        }
        if let Some(choices) = &rule.choices {
            return unique(choices.iter().filter_map(|c| Type::of(&c.value)));
        }
        if depth >= DEEPEST {
            return Vec::new();
        }
        if let Some(target) = self.target(rule) {
            return self.types(target, depth + 1);
        }
        let forms: Vec<Vec<Type>> = rule.forms.iter().map(|f| self.types(f, depth + 1)).collect();
        if forms.iter().any(Vec::is_empty) {
            return Vec::new();
        }
        unique(forms.into_iter().flatten())
    }

    /// The default of a rule: its own, or that of what it refers to.
    fn default_of<'a>(&'a self, rule: &'a Rule) -> Option<&'a Node> {
        let mut rule = rule;
        for _ in 0..DEEPEST {
            if rule.default.is_some() {
                return rule.default.as_ref();
            }
            rule = self.target(rule)?;
        }
        None
    }

    /// Does any form, or what the rule refers to, know this member?
    fn knows(&self, rule: &Rule, key: &str, depth: usize) -> bool {
        rule.properties.as_ref().is_some_and(|p| p.contains_key(key))
            || (depth < DEEPEST
                && (rule.forms.iter().any(|f| self.knows(f, key, depth + 1))
                    || self.target(rule).is_some_and(|t| self.knows(t, key, depth + 1))))
    }

    /// Adds the names of all members that a rule declares, in order.
    fn names<'a>(&'a self, rule: &'a Rule, names: &mut Vec<&'a str>, depth: usize) {
        for name in rule.properties.iter().flat_map(IndexMap::keys) {
            if !names.contains(&&**name) {
                names.push(name);
            }
        }
        if depth < DEEPEST {
            for form in rule.forms.iter().chain(self.target(rule)) {
                self.names(form, names, depth + 1);
            }
        }
    }
}

/// Each type once, in order; a number takes integers.
fn unique(types: impl Iterator<Item = Type>) -> Vec<Type> {
    let mut list: Vec<Type> = Vec::new();
    for one in types {
        if !list.contains(&one) {
            list.push(one);
        }
    }
    list
}

/// `a string or a mapping`.
fn nouns(types: &[Type]) -> String {
    let words: Vec<&str> = types.iter().map(|t| t.noun()).collect();
    match words.as_slice() {
        [] => "anything".to_owned(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// The path of a member, as a user would write it: `a.b`, or `a["b.c"]`.
pub fn member(path: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
    match (path.is_empty(), plain) {
        (true, true) => key.to_owned(),
        (false, true) => [path, ".", key].concat(),
        _ => format!("{path}[{key:?}]"),
    }
}

#[cfg(test)]
mod tests;
