//! Finds the references to Secrets (`secret: true`) in a value, and what stands in the clear where one belongs.

use super::{Additional, DEEPEST, Rule, Schema, Type, member};
use crate::{
    diag::did_you_mean,
    name::{is_data_key, is_subdomain},
    yaml::{Node, Value},
};
use std::{collections::BTreeSet, sync::Arc};

/// What stands at a path of a reference, in all places that it could come from.
pub type Follow<'a, 'n> = &'a dyn Fn(&str) -> Vec<&'n Node>;

/// Is it `{secret: NAME, key: KEY}`, with a name that a Secret can have and a key that can stand in it?
pub(super) fn is_secret_reference(value: &Node) -> bool {
    let word = |key: &str| value.get(key).and_then(Node::as_str);
    value.as_map().is_some_and(|map| map.len() == 2)
        && word("secret").is_some_and(is_subdomain)
        && word("key").is_some_and(is_data_key)
}

impl Schema {
    /// Calls `visit` with the path and the `{secret, key}` of every input that is a secret and is set.
    pub fn secrets<'n>(&self, value: &'n Node, visit: &mut dyn FnMut(&str, &'n Node)) {
        self.secrets_below(&self.root, value, "", visit, 0);
    }

    fn secrets_below<'n>(
        &self,
        rule: &Rule,
        value: &'n Node,
        path: &str,
        visit: &mut dyn FnMut(&str, &'n Node),
        depth: usize,
    ) {
        if depth > DEEPEST {
            return;
        }
        if rule.secret {
            if value.get("secret").and_then(Node::as_str).is_some() {
                visit(path, value);
            }
            return;
        }
        for inner in self.target(rule).into_iter().chain(&rule.forms) {
            self.secrets_below(inner, value, path, visit, depth + 1);
        }
        match &value.value {
            Value::Map(map) => {
                for (key, node) in map.iter() {
                    let known = rule.properties.as_ref().and_then(|p| p.get(&key.text));
                    let each = match &rule.additional {
                        Additional::Each(each) => Some(&**each),
                        _ => None,
                    };
                    if let Some(inner) = known.or(each) {
                        self.secrets_below(inner, node, &member(path, &key.text), visit, depth + 1);
                    }
                }
            }
            Value::Seq(items) => {
                for (index, node) in items.iter().enumerate() {
                    if let Some(inner) = &rule.items {
                        self.secrets_below(inner, node, &format!("{path}[{index}]"), visit, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }
}

impl Schema {
    /// Calls `visit` with everything that stands where a secret belongs and is no reference to a Secret, or that may be a
    /// misspelt one: a value of one file as written, before anything is merged or checked. `follow` finds what references
    /// lead to.
    pub fn clear<'n>(&self, value: &'n Node, follow: Follow<'_, 'n>, visit: &mut dyn FnMut(&'n Node)) {
        Clear { schema: self, follow, visit, followed: BTreeSet::new() }.value(&[&self.root], value, 0);
    }

    /// The rules with what they refer to and their forms, each once.
    fn applying<'r>(&'r self, rules: &[&'r Rule]) -> Vec<&'r Rule> {
        let mut all: Vec<&Rule> = rules.to_vec();
        let mut next = 0;
        while let Some(rule) = all.get(next).copied() {
            for more in self.target(rule).into_iter().chain(&rule.forms) {
                if !all.iter().any(|known| std::ptr::eq(*known, more)) {
                    all.push(more);
                }
            }
            next += 1;
        }
        all
    }

    /// Notes on every rule whether it, or anything in it, is secret.
    pub(super) fn mark_secrets(&mut self) {
        let mut holding: BTreeSet<Arc<str>> = BTreeSet::new();
        // Definitions may refer to each other in circles: until none is found any more.
        loop {
            let before = holding.len();
            for (name, rule) in &mut self.defs {
                if rule.mark(&holding) {
                    holding.insert(Arc::clone(name));
                }
            }
            if holding.len() == before {
                break;
            }
        }
        self.root.mark(&holding);
    }

    /// The names of all members that are secret, at any depth.
    pub fn secret_names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        let mut rules: Vec<&Rule> = self.defs.values().chain([&self.root]).collect();
        while let Some(rule) = rules.pop() {
            for (name, inner) in rule.properties.iter().flatten() {
                if self.applying(&[inner]).iter().any(|rule| rule.secret) {
                    names.insert(&**name);
                }
            }
            rules.extend(rule.inner());
        }
        names
    }
}

/// The walk of [`Schema::clear`].
struct Clear<'a, 'n> {
    schema: &'a Schema,
    follow: Follow<'a, 'n>,
    visit: &'a mut dyn FnMut(&'n Node),
    /// References that were followed, each with the rules that it was followed by: they may lead in circles.
    followed: BTreeSet<(String, Vec<usize>)>,
}

impl<'a, 'n> Clear<'a, 'n> {
    fn value(&mut self, rules: &[&'a Rule], value: &'n Node, depth: usize) {
        let rules = self.schema.applying(rules);
        let unset = value.get("$unset").is_some();
        if depth > DEEPEST || unset || value.is_null() || !rules.iter().any(|rule| rule.holds_secret) {
            return;
        }
        if rules.iter().any(|rule| rule.secret) && is_secret_reference(value) {
            return;
        }
        if let Some(path) = value.get("$from").and_then(Node::as_str) {
            let by = rules.iter().map(|rule| std::ptr::from_ref(*rule).addr()).collect();
            if self.followed.insert((path.to_owned(), by)) {
                (self.follow)(path).into_iter().for_each(|to| self.value(&rules, to, depth + 1));
            }
            return;
        }
        if let Some(text) = value.get("$text").and_then(Node::as_str) {
            let paths = text.split('{').skip(1).filter_map(|piece| piece.split_once('}'));
            paths.flat_map(|(path, _)| (self.follow)(path)).for_each(&mut *self.visit);
            return (self.visit)(value);
        }
        let others: Vec<&Rule> = rules.into_iter().filter(|rule| !rule.secret).collect();
        match &value.value {
            Value::Map(map) if others.iter().any(|rule| rule.takes_members()) => {
                map.iter().for_each(|(key, node)| self.member(&others, &key.text, node, depth));
            }
            Value::Seq(items) if others.iter().any(|rule| rule.items.is_some()) => {
                let inner: Vec<&Rule> = others.iter().filter_map(|rule| rule.items.as_deref()).collect();
                items.iter().for_each(|item| self.value(&inner, item, depth + 1));
            }
            // Another form takes it as it stands.
            scalar if others.iter().any(|rule| rule.types.iter().any(|t| t.takes_scalar(scalar))) => {}
            _ => (self.visit)(value),
        }
    }

    fn member(&mut self, rules: &[&'a Rule], key: &str, node: &'n Node, depth: usize) {
        let declared = |name: &str| -> Vec<&'a Rule> {
            rules.iter().filter_map(|rule| rule.properties.as_ref().and_then(|p| p.get(name))).collect()
        };
        let mut inner = declared(key);
        inner.extend(rules.iter().filter_map(|rule| match &rule.additional {
            Additional::Each(each) => Some(&**each),
            _ => None,
        }));
        if inner.is_empty() {
            let names = || rules.iter().filter_map(|rule| rule.properties.as_ref()).flat_map(|p| p.keys());
            inner = did_you_mean(key, names().map(|name| &**name)).map(declared).unwrap_or_default();
            // Beside a secret a key that nobody knows may hold one.
            let is_secret = |name: &str| self.schema.applying(&declared(name)).iter().any(|rule| rule.secret);
            if names().any(|name| is_secret(name)) && !is_secret_reference(node) {
                return (self.visit)(node);
            }
        }
        self.value(&inner, node, depth + 1);
    }
}

impl Rule {
    /// The rules written in it.
    fn inner(&self) -> impl Iterator<Item = &Rule> {
        let each = match &self.additional {
            Additional::Each(each) => Some(&**each),
            _ => None,
        };
        let properties = self.properties.iter().flat_map(|properties| properties.values());
        properties.chain(each).chain(self.items.as_deref()).chain(&self.forms)
    }

    fn mark(&mut self, holding: &BTreeSet<Arc<str>>) -> bool {
        let mut holds =
            self.secret || self.reference.as_ref().is_some_and(|(name, _)| holding.contains(name));
        let each = match &mut self.additional {
            Additional::Each(each) => Some(&mut **each),
            _ => None,
        };
        let properties = self.properties.iter_mut().flat_map(|properties| properties.values_mut());
        for rule in properties.chain(each).chain(self.items.as_deref_mut()).chain(&mut self.forms) {
            holds |= rule.mark(holding);
        }
        self.holds_secret = holds;
        holds
    }

    fn takes_members(&self) -> bool {
        self.properties.is_some() || matches!(self.additional, Additional::Each(_))
    }
}

impl Type {
    fn takes_scalar(self, value: &Value) -> bool {
        !matches!(value, Value::Map(_) | Value::Seq(_)) && self.takes(value)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::{diag::Problems, diag::Sources, schema::Schema, yaml};

    #[test]
    fn secrets_are_found_at_every_depth() {
        let (mut sources, mut problems) = (Sources::new(), Problems::new());
        let text = "properties:\n  a: {secret: true}\n  m: {type: object, additionalProperties: {properties: {token: {$ref: '#/$defs/t'}}}}\n  l: {type: array, items: {oneOf: [{secret: true}, {type: string}]}}\n$defs: {t: {secret: true}}\n";
        let id = sources.add("pack.yaml", text);
        let node = yaml::read_one(text, id, &mut problems).unwrap();
        let schema = Schema::parse(&node, &sources, &mut problems).unwrap();
        let text =
            "a: {secret: s, key: k}\nm: {x: {token: {secret: t, key: k}}}\nl: [plain, {secret: u, key: k}]\n";
        let value = yaml::read_one(text, id, &mut problems).unwrap();
        let mut found = Vec::new();
        schema.secrets(&value, &mut |path, node| {
            found.push(format!("{path}={}", node.get("secret").unwrap().as_str().unwrap()))
        });
        assert_eq!(found, ["a=s", "m.x.token=t", "l[1]=u"]);
    }

    /// What of a value in a file stands in the clear, by the texts of its leaves.
    fn clear(schema: &str, value: &str, vars: &str) -> Vec<String> {
        let (mut sources, mut problems) = (Sources::new(), Problems::new());
        let mut read = |text: &str| {
            let id = sources.add("x.yaml", text);
            yaml::read_one(text, id, &mut problems).unwrap()
        };
        let (schema, value, vars) = (read(schema), read(value), read(vars));
        let schema = Schema::parse(&schema, &sources, &mut problems).unwrap();
        let follow =
            |path: &str| path.strip_prefix("vars.").and_then(|name| vars.get(name)).into_iter().collect();
        let mut found = Vec::new();
        schema
            .clear(&value, &follow, &mut |node| found.push(sources.slice(node.place().unwrap()).to_owned()));
        found
    }

    #[test]
    fn what_stands_where_a_secret_belongs_is_found() {
        let schema = "properties:\n  auth: {type: object, properties: {user: {type: string}, password: {secret: true}}}\n  list: {type: array, items: {$ref: '#/$defs/t'}}\n  env: {type: object, additionalProperties: {oneOf: [{type: string}, {secret: true}]}}\n  port: {type: integer}\n  headers: {type: object, additionalProperties: {secret: true}}\n$defs: {t: {secret: true}}\n";
        let clear = |value: &str| {
            clear(
                schema,
                value,
                "{pw: hunter2, good: {secret: a, key: b}, all: {user: x, password: hunter3}}",
            )
        };
        let none: [&str; 0] = [];
        assert_eq!(clear("{auth: {user: u, password: {secret: a, key: b.c}}, port: 1, env: {A: x}}"), none);
        assert_eq!(
            clear("{auth: {password: hunter2}, list: [hunter3, {secret: a, key: b}], headers: {X: h4}}"),
            ["hunter2", "hunter3", "h4"]
        );
        assert_eq!(clear("auth: hunter2"), ["hunter2"], "a scalar in place of a mapping");
        assert_eq!(clear("{auth: [hunter2], list: {a: hunter3}}"), ["[hunter2]", "{a: hunter3}"]);
        assert_eq!(clear("auth: {pasword: hunter2, other: hunter3, user: u}"), ["hunter2", "hunter3"]);
        assert_eq!(
            clear("{auht: {password: hunter2, user: u}, prot: 1}"),
            ["hunter2"],
            "a misspelt key above it"
        );
        assert_eq!(clear("auth: {password: {secret: a, kee: hunter2}}"), ["{secret: a, kee: hunter2}"]);
        assert_eq!(clear("auth: {password: {secret: Hunter2, key: b}}"), ["{secret: Hunter2, key: b}"]);
        assert_eq!(
            clear("auth: {password: {secret: a, key: b, more: hunter2}}"),
            ["{secret: a, key: b, more: hunter2}"]
        );
        assert_eq!(
            clear("{auth: {password: {$from: vars.pw}}, headers: {X: {$from: vars.good}}}"),
            ["hunter2"]
        );
        assert_eq!(clear("auth: {$from: vars.all}"), ["hunter3"]);
        assert_eq!(clear("auth: {password: {$text: 'x{vars.pw}'}}"), ["hunter2", "{$text: 'x{vars.pw}'}"]);
        assert_eq!(clear("{auth: {password: {$from: vars.round}}}"), none);
        assert_eq!(clear("{auth: {password: null}, env: {A: {x: hunter2}}}"), ["{x: hunter2}"]);
    }

    #[test]
    fn the_names_of_secret_members_are_known() {
        let (mut sources, mut problems) = (Sources::new(), Problems::new());
        let text = "properties:\n  a: {secret: true}\n  m: {type: object, additionalProperties: {properties: {token: {$ref: '#/$defs/t'}, x: {type: string}}}}\n$defs: {t: {secret: true}}\n";
        let id = sources.add("pack.yaml", text);
        let node = yaml::read_one(text, id, &mut problems).unwrap();
        let schema = Schema::parse(&node, &sources, &mut problems).unwrap();
        assert_eq!(Vec::from_iter(schema.secret_names()), ["a", "token"]);
    }
}
