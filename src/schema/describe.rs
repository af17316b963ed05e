//! What a schema says of itself: chains of members for the check of templates, and the table of
//! `gen pack show`.

use super::{Additional, DEEPEST, Rule, Schema, Type, member, short};
use indexmap::IndexMap;
use std::sync::Arc;

/// Does a chain like `inputs.a.b` exist?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chain {
    /// The schema declares it.
    Known,
    /// The schema leaves open what is there.
    Open,
    /// The step `at` (from 0) does not exist; these do.
    Unknown {
        /// Index of the first wrong step.
        at: usize,
        /// What could stand there; empty if nothing can (a scalar, a list).
        known: Vec<String>,
    },
}

/// One input, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// `port`, `containers.<name>.image`, `routes[].host`.
    pub path: String,
    /// `string`, `integer from 1 to 65535`, `one of a, b`.
    pub kind: String,
    /// Must it be set? Inside an optional object: if the object is there.
    pub required: bool,
    /// Its default as short YAML.
    pub default: Option<String>,
    /// What it is.
    pub description: Option<Arc<str>>,
    /// Does it take `{secret: NAME, key: KEY}`?
    pub secret: bool,
    /// Is it on its way out?
    pub deprecated: bool,
}

impl Schema {
    /// Does the schema know a chain of members? Through `properties`, `additionalProperties`, `items` (an
    /// index), `oneOf` (any form) and `$ref`. The step `*` stands for any member or item.
    pub fn chain(&self, steps: &[&str]) -> Chain {
        self.steps(&[&self.root], steps)
    }

    fn steps<'a>(&'a self, start: &[&'a Rule], steps: &[&str]) -> Chain {
        let mut here: Vec<&Rule> = start.to_vec();
        for (at, step) in steps.iter().enumerate() {
            let mut next = Vec::new();
            let mut open = false;
            for rule in &here {
                open |= self.step(rule, step, &mut next, 0);
            }
            if open && (next.is_empty() || *step == "*") {
                return Chain::Open;
            }
            if next.is_empty() {
                let mut names = Vec::new();
                here.iter().for_each(|r| self.names(r, &mut names, 0));
                let secret = here.iter().any(|r| self.is_secret(r, 0));
                names.extend(["secret", "key"].iter().filter(|_| secret));
                return Chain::Unknown { at, known: names.into_iter().map(str::to_owned).collect() };
            }
            here = next;
        }
        Chain::Known
    }

    fn is_secret(&self, rule: &Rule, depth: usize) -> bool {
        rule.secret || (depth < DEEPEST && self.target(rule).is_some_and(|t| self.is_secret(t, depth + 1)))
    }

    /// Adds what a step leads to; true if anything may be there.
    fn step<'a>(&'a self, rule: &'a Rule, step: &str, next: &mut Vec<&'a Rule>, depth: usize) -> bool {
        if rule.secret {
            if matches!(step, "secret" | "key") {
                next.push(leaf());
            }
            return false;
        }
        let every = step == "*";
        if let Some(found) = rule.properties.as_ref().and_then(|p| p.get(step)) {
            next.push(found);
            return false;
        }
        if every {
            next.extend(rule.properties.iter().flat_map(IndexMap::values));
        }
        let mut open = false;
        let inner = rule.forms.iter().chain(self.target(rule)).filter(|_| depth < DEEPEST);
        for rule in inner {
            open |= self.step(rule, step, next, depth + 1);
        }
        let index = every || step.parse::<i64>().is_ok();
        match (&rule.additional, &rule.items) {
            (Additional::Each(each), _) if every || next.is_empty() => next.push(each),
            (Additional::Open, _) => open = true,
            (_, Some(items)) if index => next.push(items),
            _ => {}
        }
        let bare = rule.forms.is_empty() && rule.reference.is_none() && rule.choices.is_none();
        let any = rule.types.is_empty() && bare && rule.items.is_none();
        let object = rule.types.contains(&Type::Object) && bare && rule.properties.is_none();
        let array = rule.types.contains(&Type::Array) && rule.items.is_none() && index;
        open || ((any || object) && matches!(rule.additional, Additional::Unsaid)) || array
    }

    /// All inputs, in order, objects before their members.
    pub fn inputs(&self) -> Vec<Described> {
        let mut list = Vec::new();
        self.members(&self.root, "", &mut list, &mut Vec::new());
        list
    }

    fn members<'a>(&'a self, rule: &'a Rule, path: &str, list: &mut Vec<Described>, on: &mut Vec<&'a str>) {
        if on.len() > DEEPEST {
            return;
        }
        for (name, inner) in rule.properties.iter().flatten() {
            let required = rule.required.contains(name);
            self.describe(inner, &member(path, name), required, list, on);
        }
        if let Additional::Each(each) = &rule.additional {
            let below = if path.is_empty() { "<name>".to_owned() } else { format!("{path}.<name>") };
            self.describe(each, &below, false, list, on);
        }
        if let Some(items) = &rule.items {
            self.members(items, &format!("{path}[]"), list, on);
        }
        for form in &rule.forms {
            self.members(form, path, list, on);
        }
        let reference = rule.reference.iter().find(|(name, _)| !on.contains(&&**name));
        if let (Some((name, _)), Some(target)) = (reference, self.target(rule)) {
            on.push(name);
            self.members(target, path, list, on);
            on.pop();
        }
    }

    fn describe<'a>(
        &'a self,
        rule: &'a Rule,
        path: &str,
        required: bool,
        list: &mut Vec<Described>,
        on: &mut Vec<&'a str>,
    ) {
        if list.iter().any(|d| d.path == path) {
            return;
        }
        let target = self.target(rule);
        list.push(Described {
            path: path.to_owned(),
            kind: self.words_at(rule, 0),
            required: required && self.default_of(rule).is_none(),
            default: self.default_of(rule).map(short),
            description: rule.description.clone().or_else(|| target.and_then(|t| t.description.clone())),
            secret: self.is_secret(rule, 0),
            deprecated: rule.deprecated || target.is_some_and(|t| t.deprecated),
        });
        self.members(rule, path, list, on);
    }

    /// A rule in a few words: `string`, `list of integer`, `mapping with a, b`.
    pub(super) fn words(&self, rule: &Rule) -> String {
        self.words_at(rule, 1)
    }

    fn words_at(&self, rule: &Rule, depth: usize) -> String {
        if rule.secret {
            return "secret".to_owned();
        }
        if let Some(choices) = &rule.choices {
            let shown: Vec<String> = choices.iter().take(12).map(short).collect();
            let prefix = if choices.len() == 1 { "" } else { "one of " };
            return format!("{prefix}{}", shown.join(", "));
        }
        if depth > 4 {
            return "…".to_owned();
        }
        if let Some(target) = self.target(rule) {
            return self.words_at(target, depth);
        }
        if !rule.forms.is_empty() && (rule.types.is_empty() || rule.properties.is_none()) {
            let shown: Vec<String> = rule.forms.iter().map(|f| self.words_at(f, depth + 1)).collect();
            return shown.join(" or ");
        }
        let shown: Vec<String> = rule.types.iter().map(|t| self.type_words(*t, rule, depth)).collect();
        if shown.is_empty() { "anything".to_owned() } else { shown.join(" or ") }
    }

    fn type_words(&self, one: Type, rule: &Rule, depth: usize) -> String {
        match one {
            Type::String => rule.format.map_or_else(|| "string".to_owned(), |f| f.words().to_owned()),
            Type::Integer | Type::Number => {
                let edge = |n: &Option<crate::yaml::Node>| n.as_ref().map(short);
                match (edge(&rule.minimum), edge(&rule.maximum)) {
                    (None, None) => one.word().to_owned(),
                    (Some(low), None) => format!("{} from {low}", one.word()),
                    (None, Some(high)) => format!("{} up to {high}", one.word()),
                    (Some(low), Some(high)) => format!("{} from {low} to {high}", one.word()),
                }
            }
            Type::Boolean => one.word().to_owned(),
            Type::Array => match &rule.items {
                Some(items) => format!("list of {}", self.words_at(items, depth + 1)),
                None => "list".to_owned(),
            },
            Type::Object => match (&rule.properties, &rule.additional) {
                (None, Additional::Each(each)) => format!("mapping of {}", self.words_at(each, depth + 1)),
                (Some(p), _) if depth > 0 && !p.is_empty() => format!("mapping with {}", members(p)),
                _ => "mapping".to_owned(),
            },
        }
    }
}

fn members(properties: &IndexMap<Arc<str>, Rule>) -> String {
    let shown: Vec<&str> = properties.keys().take(6).map(|k| &**k).collect();
    let more = if properties.len() > 6 { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// A member about which nothing more is known than that it is a string.
fn leaf() -> &'static Rule {
    static LEAF: std::sync::OnceLock<Rule> = std::sync::OnceLock::new();
    LEAF.get_or_init(|| Rule { types: vec![Type::String], ..Rule::default() })
}
