//! From a node to the type of its file: first the schema that `schemars` makes of the type, with all
//! problems at once, then the rules that a schema cannot say; reading the type cannot fail after that.

use super::{ComponentFile, EnvironmentFile, ExampleFile, FleetFile, PackFile, rules};
use crate::{
    diag::{Diagnostic, Place, Problems, Severity, Sources},
    schema::{Mode, Schema},
    yaml::{Map, Node, Value},
};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{
    Deserializer,
    de::{
        DeserializeOwned, IntoDeserializer, Visitor,
        value::{BorrowedStrDeserializer, Error, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Value as Json, json};
use std::{collections::BTreeSet, sync::LazyLock};

/// A file of the user's that has a type.
pub trait ConfigFile: DeserializeOwned + JsonSchema {
    /// What the file is, in a sentence: `an environment`.
    const WHAT: &'static str;

    /// The schema, made once.
    fn schema() -> &'static Schema;

    /// Pushes what a schema cannot say, for one file or for merged ones.
    fn rules(node: &Node, problems: &mut Problems);
}

macro_rules! files {
    ($($file:ident: $what:literal, $rules:path;)*) => {$(
        impl ConfigFile for $file {
            const WHAT: &'static str = $what;

            fn schema() -> &'static Schema {
                static SCHEMA: LazyLock<Schema> = LazyLock::new(schema_of::<$file>);
                &SCHEMA
            }

            fn rules(node: &Node, problems: &mut Problems) {
                $rules(node, problems);
            }
        }
    )*};
}

files! {
    FleetFile: "the fleet file", rules::fleet;
    EnvironmentFile: "an environment", rules::environment;
    ComponentFile: "a component", rules::component;
    PackFile: "a pack", rules::pack;
    ExampleFile: "the surroundings of an example", rules::example;
}

/// Checks a file by itself. Null and `{$unset: true}` are accepted wherever they may remove something.
/// True if nothing was wrong.
pub fn check<T: ConfigFile>(node: &mut Node, sources: &Sources, problems: &mut Problems) -> bool {
    let mut found = Problems::new();
    // An empty file says nothing; a written null would take away what it stands for, without a word.
    let nothing = node.is_null() && node.place().is_none_or(|place| sources.slice(place).trim().is_empty());
    if node.as_map().is_none() && !nothing {
        found.push(
            Diagnostic::error("config/shape", format!("{} is a mapping, not {}", T::WHAT, node.value.kind()))
                .at(node.place())
                .help("write `KEY: VALUE` lines"),
        );
    } else if unsets(node) {
        let mut copy = node.clone();
        lift(&mut copy);
        T::schema().check(&mut copy, "", sources, &mut found, Mode::Config);
    } else {
        T::schema().check(node, "", sources, &mut found, Mode::Config);
    }
    references(node, &mut found);
    rules::characters(node, &mut found);
    T::rules(node, &mut found);
    let good = !found.has_errors();
    problems.extend(found);
    good
}

/// Adds to what was said of a value of the wrong type that it is a reference where none can stand.
fn references(node: &Node, found: &mut Problems) {
    fn places(node: &Node, into: &mut BTreeSet<Place>) {
        match &node.value {
            Value::Map(map) => {
                if ["$from", "$text", "$file"].iter().any(|key| map.contains(key)) {
                    into.extend(node.place());
                }
                map.iter().for_each(|(_, member)| places(member, into));
            }
            Value::Seq(items) => items.iter().for_each(|item| places(item, into)),
            _ => {}
        }
    }
    if !found.0.iter().any(|d| d.id == "input/type") {
        return;
    }
    let mut written = BTreeSet::new();
    places(node, &mut written);
    for said in found.0.iter_mut().filter(|d| d.id == "input/type") {
        if said.labels.first().is_some_and(|label| written.contains(&label.place)) {
            said.because
                .push("references stand only in `inputs`, `values`, `patches` and `extra`".to_owned());
            said.help.push("write the value itself".to_owned());
        }
    }
}

/// Checks a file by itself, and takes out what is wrong in it, so that later stages can tell the rest. Gives it whole if
/// anything was.
pub fn check_and_prune<T: ConfigFile>(
    node: &mut Node,
    sources: &Sources,
    problems: &mut Problems,
) -> Option<Node> {
    let mut found = Problems::new();
    let whole = node.clone();
    let good = check::<T>(node, sources, &mut found);
    if !good {
        let errors = found.0.iter().filter(|d| d.severity == Severity::Error);
        prune(node, &errors.filter_map(|d| d.labels.first()).map(|label| label.place).collect());
    }
    problems.extend(found);
    (!good).then_some(whole)
}

fn prune(node: &mut Node, bad: &BTreeSet<Place>) {
    let is_bad = |place: Option<Place>| place.is_some_and(|place| bad.contains(&place));
    match &mut node.value {
        Value::Map(map) => {
            map.0.retain(|key, member| !is_bad(key.place) && !is_bad(member.place()));
            map.iter_mut().for_each(|(_, member)| prune(member, bad));
        }
        Value::Seq(items) => {
            items.retain(|item| !is_bad(item.place()));
            items.iter_mut().for_each(|item| prune(item, bad));
        }
        _ => {}
    }
}

/// Reads files that were checked and merged as their type, and applies the rules again to the whole;
/// `None` only if an error was pushed.
pub fn decode<T: ConfigFile>(node: &Node, sources: &Sources, problems: &mut Problems) -> Option<T> {
    let empty = Node::with(Map::new(), node.origin.clone());
    let node = if removes(node) { &empty } else { node };
    match T::deserialize(Reader(node)) {
        Ok(value) => {
            let mut found = Problems::new();
            T::rules(node, &mut found);
            let good = !found.has_errors();
            problems.extend(found);
            good.then_some(value)
        }
        Err(error) => {
            if check::<T>(&mut node.clone(), sources, problems) {
                let message = format!("{} cannot be read: {error}", T::WHAT);
                problems.push(Diagnostic::error("config/read", message).at(node.place()));
            }
            None
        }
    }
}

/// The JSON Schema of a file, draft-07, for editors.
pub fn json_schema<T: ConfigFile>() -> String {
    let schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<T>();
    serde_json::to_string_pretty(&schema).unwrap_or_default()
}

fn schema_of<T: JsonSchema>() -> Schema {
    let mut json = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
    simplify(&mut json);
    Schema::from_json(&json).expect("our own types use only keywords that our own walker knows")
}

/// Says the same in forms that give better messages: an enumeration with documented words is an `enum`, and an
/// optional value is the value, because null is accepted everywhere.
fn simplify(json: &mut Json) {
    let Json::Object(members) = json else {
        if let Json::Array(items) = json {
            items.iter_mut().for_each(simplify);
        }
        return;
    };
    if let Some(Json::Array(forms)) = members.get("oneOf") {
        let words: Option<Vec<Json>> = forms.iter().map(|form| form.get("const").cloned()).collect();
        if let Some(words) = words {
            members.shift_remove("oneOf");
            members.insert("type".into(), json!("string"));
            members.insert("enum".into(), Json::Array(words));
        }
    }
    if let Some(Json::Array(forms)) = members.get_mut("anyOf") {
        forms.retain(|form| form.get("type") != Some(&json!("null")));
        if let [Json::Object(only)] = forms.as_mut_slice() {
            let only = std::mem::take(only);
            members.shift_remove("anyOf");
            members.extend(only);
        }
    }
    if let Some(Json::Array(types)) = members.get_mut("type") {
        types.retain(|t| t != "null");
    }
    members.shift_remove("default");
    members.values_mut().for_each(simplify);
}

/// Does this value stand for nothing: null or `{$unset: true}`?
pub(super) fn removes(node: &Node) -> bool {
    node.is_null()
        || node
            .as_map()
            .is_some_and(|m| m.len() == 1 && m.get("$unset").and_then(Node::as_bool) == Some(true))
}

/// Is there a `{$unset: true}` in it?
fn unsets(node: &Node) -> bool {
    match &node.value {
        Value::Map(map) => removes(node) || map.iter().any(|(_, member)| unsets(member)),
        Value::Seq(items) => items.iter().any(unsets),
        _ => false,
    }
}

/// Turns each `{$unset: true}` into null.
fn lift(node: &mut Node) {
    if removes(node) {
        node.value = Value::Null;
    }
    match &mut node.value {
        Value::Map(map) => map.iter_mut().for_each(|(_, member)| lift(member)),
        Value::Seq(items) => items.iter_mut().for_each(lift),
        _ => {}
    }
}

/// A node as serde reads it; members that remove something are not there.
#[derive(Clone, Copy)]
struct Reader<'n>(&'n Node);

impl<'n> Deserializer<'n> for Reader<'n> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.0.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(b) => visitor.visit_bool(*b),
            Value::Int(i) => visitor.visit_i64(*i),
            Value::Float(f) => visitor.visit_f64(*f),
            Value::Str(s) => visitor.visit_borrowed_str(s),
            Value::Seq(items) => visitor.visit_seq(SeqDeserializer::new(items.iter().map(Reader))),
            Value::Map(map) => visitor.visit_map(MapDeserializer::new(
                map.iter()
                    .filter(|(_, node)| !removes(node))
                    .map(|(key, node)| (BorrowedStrDeserializer::new(&key.text), Reader(node))),
            )),
        }
    }

    fn deserialize_option<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.is_null() {
            true => visitor.visit_none(),
            false => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'n>>(
        self,
        name: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.0.value {
            Value::Str(word) => BorrowedStrDeserializer::new(word).deserialize_enum(name, words, visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        <V: Visitor<'n>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'n> IntoDeserializer<'n, Error> for Reader<'n> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_walker_knows_every_keyword_of_our_types() {
        FleetFile::schema();
        EnvironmentFile::schema();
        ComponentFile::schema();
        PackFile::schema();
        ExampleFile::schema();
    }
}
