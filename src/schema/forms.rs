//! `oneOf` and `anyOf`: which form a value has, and what to say when it has none.

use super::{
    Rule,
    check::{Check, Outer},
};
use crate::{
    diag::{Diagnostic, Problems, Severity},
    yaml::{Map, Node},
};

impl<'a> Check<'a> {
    /// Checks a value against the forms of a rule, and takes over what the fitting one filled.
    pub(super) fn forms(
        &mut self,
        rule: &'a Rule,
        value: &mut Node,
        path: &str,
        outer: &[Outer<'a>],
        depth: usize,
    ) {
        let takes = |form: &&'a Rule| {
            let types = self.schema.types(form, 0);
            types.is_empty() || types.iter().any(|t| t.takes(&value.value))
        };
        let likely: Vec<&'a Rule> = rule.forms.iter().filter(takes).collect();
        if likely.is_empty() {
            let types = super::unique(rule.forms.iter().flat_map(|f| self.schema.types(f, 0)));
            return self.wrong_type(&types, value, path, rule);
        }
        let mut around = outer.to_vec();
        around.push(Outer::Form(rule));
        let mut tried = Vec::new();
        for form in likely {
            let mut copy = value.clone();
            let before = std::mem::take(&mut self.found);
            self.rule(form, &mut copy, path, &around, depth + 1);
            tried.push((form, copy, std::mem::replace(&mut self.found, before)));
        }
        let good = tried.iter().filter(|(_, _, said)| !said.has_errors()).count();
        if good > 1 && rule.one_form {
            let said = self.error("input/form", value, format!("`{path}` fits more than one of its forms"));
            let shown: Vec<String> =
                tried.iter().filter(|t| !t.2.has_errors()).map(|t| self.schema.words(t.0)).collect();
            self.found.push(said.because(format!("it could be {}", shown.join(", or "))));
        } else if let Some((_, copy, said)) = tried.iter().find(|t| !t.2.has_errors()) {
            *value = copy.clone();
            self.found.extend(said.clone());
        } else {
            self.nearest(rule, value, path, tried);
        }
    }

    /// No form fits: what is wrong with the one that was most likely meant.
    fn nearest(&mut self, rule: &Rule, value: &Node, path: &str, tried: Vec<(&'a Rule, Node, Problems)>) {
        let weight = |said: &Problems| -> usize {
            let of = |d: &Diagnostic| match d.id {
                "input/choice" => 20,
                "input/unknown" => 3,
                _ => 2,
            };
            said.0.iter().map(of).sum()
        };
        let many = tried.len() > 1;
        let known = |form: &Rule| {
            let keys = value.as_map().into_iter().flat_map(Map::keys);
            keys.filter(|k| self.schema.knows(form, k, 0)).count()
        };
        let best = tried.iter().min_by_key(|(form, _, said)| (weight(said), usize::MAX - known(form)));
        let Some((form, _, said)) = best else { return };
        let all: Vec<String> = rule.forms.iter().map(|f| self.schema.words(f)).collect();
        let words = self.schema.words(form);
        for mut one in said.0.clone() {
            if many && one.severity == Severity::Error {
                one = one
                    .because(format!("`{path}` takes {}", all.join(", or ")))
                    .because(format!("the nearest is {words}"));
            }
            self.found.push(one);
        }
    }
}
