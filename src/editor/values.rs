//! The values of a chart as an editor's schema, from its facts.

use super::forms::{marks, object, put, refer, replaceable, tell_default, words};
use crate::{
    chart::{Facts, Field, Kinds, Others},
    yaml::Node,
};

/// Types and JSON Schema's words for them.
const WORDS: [(Kinds, &str); 6] = [
    (Kinds::BOOL, "boolean"),
    (Kinds::NUMBER, "number"),
    (Kinds::INT, "integer"),
    (Kinds::STRING, "string"),
    (Kinds::LIST, "array"),
    (Kinds::MAP, "object"),
];

/// The schema of a chart's values. Where the facts are of another version than is installed (`sure` is false), no key
/// and no type is wrong.
pub(super) fn values(facts: &Facts, sure: bool) -> Node {
    let mut schema = field(&facts.values, sure);
    let text = format!("Values of the chart {} {}, merged last", facts.name, facts.version);
    put(&mut schema, "description", Node::new(text));
    schema
}

fn field(field: &Field, sure: bool) -> Node {
    let mut schema = match field.kinds.has(Kinds::MAP) || field.items.is_some() {
        true => collection(field, sure),
        false if sure => leaf(field.kinds),
        false => object([]),
    };
    if let Some(default) = &field.default {
        put(&mut schema, "default", Node::new(default.clone()));
        tell_default(&mut schema);
    }
    schema
}

fn collection(field: &Field, sure: bool) -> Node {
    let mut schema = object([]);
    if sure && field.kinds != Kinds::ANY {
        // A reference is a mapping, and null takes a default away.
        put(&mut schema, "type", words(names(field.kinds.or(Kinds::MAP)).chain(["null"])));
    }
    if let Some(items) = field.items.as_deref().filter(|items| **items != Field::default()) {
        put(&mut schema, "items", self::field(items, sure));
    }
    if !field.members.is_empty() {
        let members = field.members.iter().map(|(key, member)| (key.as_str(), self::field(member, sure)));
        put(&mut schema, "properties", object(members));
    }
    let others = match &field.others {
        Others::None if sure => Some(Node::new(false)),
        Others::None | Others::Any => None,
        Others::Each(each) => Some(self::field(each, sure)),
    };
    if let Some(others) = others {
        put(&mut schema, "patternProperties", marks(true));
        put(&mut schema, "additionalProperties", others);
    }
    schema
}

/// Each set of types of a leaf has one definition, so that thousands of values need not repeat it.
fn leaf(kinds: Kinds) -> Node {
    refer(&leaf_name(kinds))
}

fn leaf_name(kinds: Kinds) -> String {
    let names: Vec<&str> = names(kinds).collect();
    if names.is_empty() { "value.null".to_owned() } else { format!("value.{}", names.join("-")) }
}

fn names(kinds: Kinds) -> impl Iterator<Item = &'static str> {
    let number = kinds.has(Kinds::NUMBER);
    WORDS
        .into_iter()
        .filter(move |(kind, word)| kinds.has(*kind) && !(number && *word == "integer"))
        .map(|(_, word)| word)
}

/// The definitions of all sets of types that leaves have.
pub(super) fn leaves() -> Vec<(String, Node)> {
    let single = [Kinds::BOOL, Kinds::INT, Kinds::NUMBER, Kinds::STRING, Kinds::LIST];
    let mut all: Vec<Kinds> = vec![Kinds::NONE];
    for kind in single {
        let with: Vec<Kinds> = all.iter().map(|kinds| kinds.or(kind)).collect();
        all.extend(with);
    }
    let mut definitions: Vec<(String, Node)> = Vec::new();
    for kinds in all {
        let name = leaf_name(kinds);
        if !definitions.iter().any(|(known, _)| *known == name) {
            let types: Vec<&str> = names(kinds).collect();
            let types = match types.as_slice() {
                [] => Node::new("null"),
                [one] => Node::new(*one),
                several => words(several.iter().copied()),
            };
            definitions.push((name, replaceable(object([("type", types)]), true)));
        }
    }
    definitions
}
