//! The schemas of files: the model of the config with what a project knows put in its places.

use super::{
    forms::{at, choice, object, put, put_at, refer, replaceable, shared, take, words},
    inputs::inputs,
    known::{Names, Use, names},
    values::{leaves, values},
};
use crate::{
    config::{ConfigFile, EnvironmentFile, FleetFile, PackFile, json_schema},
    load::{Pack, Project},
    schema::{Format, KEYWORDS, parse_json},
    yaml::{Map, Node, Value},
};

/// What draft it is.
const DRAFT: &str = "http://json-schema.org/draft-07/schema#";
/// The types of inputs.
const TYPES: [&str; 6] = ["string", "integer", "number", "boolean", "object", "array"];
/// What only environments and layers have.
const OF_ENVIRONMENTS: [&str; 8] =
    ["extends", "abstract", "kubernetes", "cluster", "vars", "secrets", "namespaces", "components"];

/// The schema of `fleet.yaml`, environments and layers of a project.
pub fn project(project: &Project) -> Node {
    let names = names(project);
    let mut definitions = Map::new();
    model::<FleetFile>("fleet", &mut definitions);
    model::<EnvironmentFile>("environment", &mut definitions);
    let mut definitions = Node::new(definitions);
    known(&mut definitions, project, &names);
    let paths = names.paths.iter().map(String::as_str);
    for (name, definition) in shared(paths, names.files.iter().copied()) {
        put(&mut definitions, name, definition);
    }
    for (name, definition) in leaves() {
        put(&mut definitions, &name, definition);
    }
    for pack in project.packs.values() {
        of_pack(&mut definitions, project, pack);
    }
    for (name, known) in &names.components {
        of_component(&mut definitions, project, name, known);
    }
    let has = |key: &str| object([("required", words([key]))]);
    let any =
        |keys: &[&str]| object([("anyOf", Node::new(keys.iter().map(|key| has(key)).collect::<Vec<_>>()))]);
    let fleet = vec![any(&["gen", "keys"]), object([("not", any(&OF_ENVIRONMENTS))])];
    object([
        ("$schema", Node::new(DRAFT)),
        ("if", object([("allOf", Node::new(fleet))])),
        ("then", refer("fleet")),
        ("else", refer("environment")),
        ("definitions", definitions),
    ])
}

/// The schema of `pack.yaml` files.
pub fn packs() -> Node {
    let mut definitions = Map::new();
    model_as::<PackFile>("pack", &mut definitions, false);
    let mut definitions = Node::new(definitions);
    put_at(&mut definitions, &["pack", "properties"], "inputs", refer("inputs"));
    put(&mut definitions, "inputs", keywords());
    object([
        ("$schema", Node::new(DRAFT)),
        ("allOf", Node::new(vec![refer("pack")])),
        ("definitions", definitions),
    ])
}

/// The schema of one of our types, and those in it, as definitions.
fn model<T: ConfigFile>(name: &str, definitions: &mut Map) {
    model_as::<T>(name, definitions, true);
}

fn model_as<T: ConfigFile>(name: &str, definitions: &mut Map, merged: bool) {
    let mut schema = parse_json(&json_schema::<T>()).expect("our own types give JSON");
    let inner = take(&mut schema, "definitions");
    for (key, node) in inner.as_ref().and_then(Node::as_map).into_iter().flat_map(Map::iter) {
        definitions.insert(&*key.text, simple(node, merged));
    }
    take(&mut schema, "$schema");
    take(&mut schema, "title");
    definitions.insert(name, simple(&schema, merged));
}

/// What `schemars` says, in forms that editors tell better; where files are merged, any part may stand alone or be removed.
fn simple(written: &Node, merged: bool) -> Node {
    let Value::Map(map) = &written.value else { return written.clone() };
    let mut schema = object([]);
    for (key, node) in map.iter() {
        match &*key.text {
            "default" | "format" => {}
            "required" if merged => {}
            "properties" => {
                let members = node.members().map(|(key, node)| (key, simple(node, merged)));
                put(&mut schema, "properties", object(members));
            }
            "type" => put(&mut schema, "type", without_null(node)),
            "allOf" | "anyOf" | "oneOf" => {
                let forms = node.as_seq().unwrap_or_default().iter();
                let is_null = |form: &&Node| form.get("type").and_then(Node::as_str) == Some("null");
                let forms: Vec<&Node> = forms.filter(|form| !is_null(form)).collect();
                match forms.as_slice() {
                    [one] => one.members().for_each(|(key, node)| put(&mut schema, key, node.clone())),
                    several => put(
                        &mut schema,
                        &key.text,
                        Node::new(several.iter().map(|f| (*f).clone()).collect::<Vec<_>>()),
                    ),
                }
            }
            "items" | "additionalProperties" => put(&mut schema, &key.text, simple(node, merged)),
            word => put(&mut schema, word, node.clone()),
        }
    }
    if merged { replaceable(schema, false) } else { schema }
}

/// `["string", "null"]` is `string`: null is accepted everywhere.
fn without_null(types: &Node) -> Node {
    let Some(several) = types.as_seq() else { return types.clone() };
    let left: Vec<&Node> = several.iter().filter(|node| node.as_str() != Some("null")).collect();
    match left.as_slice() {
        [one] => (*one).clone(),
        several => Node::new(several.iter().map(|node| (*node).clone()).collect::<Vec<_>>()),
    }
}

/// Puts names that are known in their places.
fn known(definitions: &mut Node, project: &Project, names: &Names) {
    let fresh = "new ones are known after `gen schema --write`";
    let layers = choice(names.layers.iter().copied(), &format!("there is no such layer; {fresh}"));
    put_in(definitions, &["environment", "properties", "extends"], "items", layers);
    let keys = choice(names.keys.iter().copied(), &format!("`keys` of fleet.yaml has no such name; {fresh}"));
    put_in(definitions, &["SecretsFile", "properties", "recipients"], "items", keys.clone());
    for (key, node) in keys.members() {
        put_in(definitions, &["SecretsFile", "properties", "cluster"], key, node.clone());
    }
    let components = names.components.keys().map(String::as_str);
    let needs = choice(components, &format!("there is no such component; {fresh}"));
    put_in(definitions, &["ComponentFile", "properties", "needs"], "items", needs);
    let said = |name: &String| project.packs.get(name).map_or("", |pack| pack.file.description.as_str());
    let packs: Vec<&String> = project.packs.keys().chain(&project.broken.packs).collect();
    let choice = choice(packs.iter().map(|name| name.as_str()), &format!("there is no such pack; {fresh}"));
    for (key, node) in choice.members() {
        put_in(definitions, &["ComponentFile", "properties", "pack"], key, node.clone());
    }
    let descriptions = words(packs.iter().map(|name| said(name)));
    put_in(definitions, &["ComponentFile", "properties", "pack"], "enumDescriptions", descriptions);
    let whole = choose(project.packs.keys());
    put_at(definitions, &["ComponentFile"], "allOf", whole);
    let named = names.components.keys().map(|name| (name.as_str(), refer(&format!("component.{name}"))));
    put_at(definitions, &["environment", "properties", "components"], "properties", object(named));
}

/// Sets a keyword of a value that may be wrapped.
fn put_in(definitions: &mut Node, path: &[&str], key: &str, value: Node) {
    let inner = [path, &["anyOf", "0"]].concat();
    let path = if at(definitions, &inner).is_some() { inner.as_slice() } else { path };
    put_at(definitions, path, key, value);
}

/// Of a component that says its pack: what that takes.
fn choose<'a>(packs: impl Iterator<Item = &'a String>) -> Node {
    let one = |name: &String| {
        let is = object([("pack", object([("const", Node::new(name.as_str()))]))]);
        object([
            ("if", object([("required", words(["pack"])), ("properties", is)])),
            ("then", refer(&format!("pack.{name}"))),
        ])
    };
    Node::new(packs.map(one).collect::<Vec<_>>())
}

/// What a component of a pack takes: `inputs.NAME`, `values.NAME`, and both as `pack.NAME`.
fn of_pack(definitions: &mut Node, project: &Project, pack: &Pack) {
    let name = format!("inputs.{}", pack.name);
    put(definitions, &name, inputs(pack.node.get("inputs"), &name));
    let mut parts = vec![("inputs", refer(&name))];
    let mut by_release = Vec::new();
    for release in &pack.releases {
        let chart = release.chart_ref();
        let facts = project.charts.of(Some(&pack.name), chart).into_iter().next();
        if let Some((known, facts)) = facts.and_then(|known| Some((known, known.facts()?))) {
            by_release.push((release.key.as_str(), values(facts, known.is_of(chart.version))));
        } else {
            by_release.push((release.key.as_str(), open()));
        }
    }
    let of_values = match by_release.as_slice() {
        [] => None,
        [("", one)] => Some(one.clone()),
        _ => Some(closed(by_release)),
    };
    if let Some(schema) = of_values {
        let name = format!("values.{}", pack.name);
        put(definitions, &name, schema);
        parts.push(("values", refer(&name)));
    }
    put(definitions, &format!("pack.{}", pack.name), object([("properties", object(parts))]));
}

/// A component of this name: its pack may stand in another layer.
fn of_component(definitions: &mut Node, project: &Project, name: &str, known: &Use) {
    let mut all = vec![refer("ComponentFile")];
    let mut packs = known.packs.iter();
    if let (Some(pack), None) = (packs.next(), packs.next())
        && project.packs.contains_key(pack)
    {
        let silent = object([("not", object([("required", words(["pack"]))]))]);
        all.push(object([("if", silent), ("then", refer(&format!("pack.{pack}")))]));
    }
    let charts =
        known.charts.iter().filter_map(|(key, known)| Some((key.as_str(), values(known.facts()?, true))));
    let charts: Vec<(&str, Node)> = charts.collect();
    let of_values = match charts.as_slice() {
        [] => None,
        [("", one)] => Some(one.clone()),
        _ => Some(object([("properties", object(charts))])),
    };
    if let Some(schema) = of_values {
        all.push(object([("properties", object([("values", schema)]))]));
    }
    put(definitions, &format!("component.{name}"), object([("allOf", Node::new(all))]));
}

fn open() -> Node {
    object([("type", words(["object", "null"]))])
}

fn closed(members: Vec<(&str, Node)>) -> Node {
    let schema = object([
        ("type", Node::new("object")),
        ("properties", object(members)),
        ("additionalProperties", Node::new(false)),
    ]);
    replaceable(schema, true)
}

/// What a schema of inputs may say, at every depth.
fn keywords() -> Node {
    let inputs = || refer("inputs");
    let each = || object([("type", Node::new("object")), ("additionalProperties", inputs())]);
    let count = || object([("type", Node::new("integer")), ("minimum", Node::new(0))]);
    let typed = |word: &str| object([("type", Node::new(word))]);
    let list = |items: Node| object([("type", Node::new("array")), ("items", items)]);
    let word = |key: &str| match key {
        "properties" | "$defs" => each(),
        "items" => inputs(),
        "oneOf" => list(inputs()),
        "additionalProperties" => object([("anyOf", Node::new(vec![typed("boolean"), inputs()]))]),
        "required" => list(typed("string")),
        "type" => {
            let one = object([("enum", words(TYPES))]);
            object([("anyOf", Node::new(vec![one.clone(), list(one)]))])
        }
        "format" => object([("enum", words(Format::NAMES))]),
        "minLength" | "maxLength" | "minItems" | "maxItems" => count(),
        "minimum" | "maximum" => typed("number"),
        "uniqueItems" | "secret" | "deprecated" => typed("boolean"),
        "pattern" | "$ref" | "description" | "title" => typed("string"),
        "enum" | "examples" => list(object([])),
        _ => object([]),
    };
    object([
        ("type", words(["object", "boolean"])),
        ("properties", object(KEYWORDS.iter().map(|key| (*key, word(key))))),
        ("additionalProperties", Node::new(false)),
    ])
}
