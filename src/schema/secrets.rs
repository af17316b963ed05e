//! Finds the references to Secrets (`secret: true`) in a value.

use super::{Additional, DEEPEST, Rule, Schema, member};
use crate::yaml::{Node, Value};

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
}
