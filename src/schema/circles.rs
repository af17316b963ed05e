//! `$ref`s of a schema: each leads somewhere, not round in a circle, and not to more forms than anyone can try.

use super::{Rule, Schema, parse::each};
use crate::diag::{Diagnostic, Place, Problems, did_you_mean};
use std::collections::{BTreeSet, HashMap};

/// No value is read in more ways than this.
const MOST_WAYS: usize = 1000;

/// A `$ref` leads over no more definitions than this.
const LONGEST_WAY: usize = 100;

/// Each `$ref` must lead somewhere, and not in a circle without taking a step into the value.
pub(super) fn references(schema: &Schema, found: &mut Problems) {
    let before = found.0.len();
    for rule in std::iter::once(&schema.root).chain(schema.defs.values()) {
        each(rule, &mut |rule| {
            let Some((name, place)) = &rule.reference else { return };
            if !schema.defs.contains_key(name) {
                let mut said =
                    Diagnostic::error("pack/schema-ref", format!("there is no `$defs` entry `{name}`"))
                        .at(*place);
                if let Some(near) = did_you_mean(name, schema.defs.keys().map(|k| &**k)) {
                    said = said.help(format!("did you mean `{near}`?"));
                }
                found.push(said);
            }
        });
    }
    let mut clean = BTreeSet::new();
    for name in schema.defs.keys() {
        let mut path = vec![&**name];
        let Some(place) = circle(schema, &schema.defs[name], &mut path, &mut clean) else { continue };
        let (said, help) = match path.len() > LONGEST_WAY {
            true => (
                format!("`{name}` refers over more than {LONGEST_WAY} definitions"),
                "refer to the definition that says something itself",
            ),
            false => (
                format!("`{name}` refers to itself endlessly"),
                "a definition may use itself only inside `properties`, `items` or `additionalProperties`",
            ),
        };
        path.truncate(12);
        let said = Diagnostic::error("pack/schema-ref", said).at(place).because(path.join(" → "));
        found.push(said.help(help));
    }
    // Circles have no end to count to.
    if found.0.len() == before {
        multiplied(schema, found);
    }
}

/// Forms of forms multiply: forty definitions of two forms each are a million million ways to read one value.
fn multiplied(schema: &Schema, found: &mut Problems) {
    let mut known = HashMap::new();
    for (name, rule) in &schema.defs {
        if ways(schema, rule, &mut known) > MOST_WAYS {
            let said = format!("`{name}` has more than {MOST_WAYS} ways to read a value");
            let said = Diagnostic::error("pack/schema-forms", said).at(rule.place);
            found.push(said.help("name the forms side by side in one `oneOf`, not in each other"));
            return;
        }
    }
}

/// `clean`: the definitions from which no circle can be reached.
fn circle<'a>(
    schema: &'a Schema,
    rule: &'a Rule,
    path: &mut Vec<&'a str>,
    clean: &mut BTreeSet<&'a str>,
) -> Option<Option<Place>> {
    if let Some((name, place)) = rule.reference.as_ref().filter(|(name, _)| !clean.contains(&**name)) {
        let again = path.contains(&&**name) || path.len() > LONGEST_WAY;
        path.push(name);
        if again {
            return Some(*place);
        }
        if let Some(found) = schema.defs.get(name).and_then(|target| circle(schema, target, path, clean)) {
            return Some(found);
        }
        path.pop();
        clean.insert(name);
    }
    rule.forms.iter().find_map(|form| circle(schema, form, path, clean))
}

/// In how many ways a value may be read: by each form of each form. There is no circle.
fn ways<'a>(schema: &'a Schema, rule: &'a Rule, known: &mut HashMap<&'a str, usize>) -> usize {
    let mut all = rule.forms.iter().fold(1_usize, |all, form| all.saturating_add(ways(schema, form, known)));
    if let Some((name, _)) = &rule.reference {
        let count = match known.get(&**name) {
            Some(count) => *count,
            None => schema.defs.get(name).map_or(0, |target| ways(schema, target, known)),
        };
        known.insert(name, count);
        all = all.saturating_add(count);
    }
    all
}
