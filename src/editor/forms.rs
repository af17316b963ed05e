//! Parts that schemas are made of.

use crate::yaml::{Map, Node, Value, to_json};

/// What may stand for a value: a reference, `$unset`, null.
const REFERENCE: &str = "reference";
/// What may stand for a field that takes no reference: `$unset`, null.
const REMOVAL: &str = "removal";
/// A key of a Secret.
pub(super) const SECRET_REF: &str = "secretRef";
/// Paths of references.
const PATH: &str = "path";
/// Files of references.
const FILE: &str = "file";

/// Longer defaults are not told.
const LONGEST: usize = 60;

/// A mapping.
pub(super) fn object<'a>(members: impl IntoIterator<Item = (&'a str, Node)>) -> Node {
    Node::new(members.into_iter().collect::<Map>())
}

/// A list of words.
pub(super) fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> Node {
    Node::new(words.into_iter().map(Node::new).collect::<Vec<_>>())
}

/// `{$ref: …}` to a definition.
pub(super) fn refer(definition: &str) -> Node {
    object([("$ref", Node::new(format!("#/definitions/{definition}")))])
}

/// A choice of words; anything where none is known, because a list of none would refuse everything.
pub(super) fn choice<'a>(names: impl IntoIterator<Item = &'a str>, otherwise: &str) -> Node {
    let names: Vec<&str> = names.into_iter().collect();
    let mut node = object([("type", Node::new("string"))]);
    if !names.is_empty() {
        put(&mut node, "enum", words(names));
        put(&mut node, "errorMessage", Node::new(otherwise));
    }
    node
}

/// Sets a keyword.
pub(super) fn put(node: &mut Node, key: &str, value: Node) {
    if let Some(map) = node.as_map_mut() {
        map.insert(key, value);
    }
}

/// Takes a keyword away.
pub(super) fn take(node: &mut Node, key: &str) -> Option<Node> {
    node.as_map_mut()?.remove(key)
}

/// The part at a path of keywords and, in lists, numbers.
pub(super) fn at<'n>(node: &'n mut Node, path: &[&str]) -> Option<&'n mut Node> {
    path.iter().try_fold(node, |node, step| match &mut node.value {
        Value::Map(map) => map.get_mut(step),
        Value::Seq(items) => items.get_mut(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Sets the keyword at a path of keywords that are there.
pub(super) fn put_at(node: &mut Node, path: &[&str], key: &str, value: Node) {
    if let Some(node) = at(node, path) {
        put(node, key, value);
    }
}

/// Does it describe a mapping, and nothing else?
pub(super) fn is_object(schema: &Node) -> bool {
    let typed = schema.get("type").and_then(Node::as_str) == Some("object");
    typed || schema.get("type").is_none() && schema.get("properties").is_some()
}

/// A value in whose place something else may stand: null, `$unset`, and where `references` says so a reference.
pub(super) fn replaceable(mut schema: Node, references: bool) -> Node {
    let plain = ["anyOf", "oneOf", "allOf", "enum", "const"].iter().all(|key| schema.get(key).is_none());
    if is_object(&schema) && plain {
        put(&mut schema, "type", words(["object", "null"]));
        put(&mut schema, "patternProperties", marks(references));
        return schema;
    }
    if schema.get("$ref").is_some() || schema.as_map().is_none_or(Map::is_empty) {
        return schema;
    }
    let mut outer = object([]);
    for key in ["description", "default", "examples", "deprecationMessage"] {
        if let Some(node) = take(&mut schema, key) {
            put(&mut outer, key, node);
        }
    }
    let several =
        schema.as_map().is_some_and(|map| map.len() == 1).then(|| take(&mut schema, "anyOf")).flatten();
    let mut forms = several.as_ref().and_then(Node::as_seq).map_or_else(|| vec![schema], <[Node]>::to_vec);
    forms.push(refer(if references { REFERENCE } else { REMOVAL }));
    put(&mut outer, "anyOf", Node::new(forms));
    outer
}

/// The keys of references, which may stand in any mapping.
pub(super) fn marks(references: bool) -> Node {
    let unset = ("^\\$unset$", object([("const", Node::new(true))]));
    match references {
        false => object([unset]),
        true => object([
            ("^\\$from$", refer(PATH)),
            ("^\\$file$", refer(FILE)),
            ("^\\$text$", object([("type", Node::new("string"))])),
            ("^\\$\\$", object([])),
            unset,
        ]),
    }
}

/// Adds to a description what the default is, which editors do not show.
pub(super) fn tell_default(schema: &mut Node) {
    let default = schema.get("default").filter(|node| !node.is_null());
    let Some(default) = default.map(|node| to_json(node, None)) else { return };
    if default.len() <= LONGEST {
        let said = schema.get("description").and_then(Node::as_str).unwrap_or_default();
        let blank = if said.is_empty() { "" } else { "\n\n" };
        let said = format!("{said}{blank}Default: `{default}`");
        put(schema, "description", Node::new(said));
    }
}

/// A mapping of one key, or null.
fn one_of_them<'a>(keys: impl IntoIterator<Item = (&'a str, Node)>) -> Node {
    object([
        ("type", words(["object", "null"])),
        ("properties", object(keys)),
        ("additionalProperties", Node::new(false)),
        ("minProperties", Node::new(1)),
    ])
}

/// The definitions that all schemas of a project share; `paths` are those that references may name, `files` the texts.
pub(super) fn shared<'a>(
    paths: impl IntoIterator<Item = &'a str>,
    files: impl IntoIterator<Item = &'a str>,
) -> [(&'static str, Node); 5] {
    let said = |text: &str| object([("type", Node::new("string")), ("description", Node::new(text))]);
    let text =
        said("Text with paths in braces: `https://{cluster.domain}/`; `{{` and `}}` are literal braces");
    let unset = || object([("const", Node::new(true))]);
    let reference = [("$from", refer(PATH)), ("$text", text), ("$file", refer(FILE)), ("$unset", unset())];
    let mut path =
        choice(paths, "this project has nothing at this path; new ones are known after `gen schema --write`");
    let roots = "A path: `vars.…`, `cluster.…`, `environment.…`, `components.<name>.…`";
    put(&mut path, "description", Node::new(roots));
    let mut file = choice(
        files,
        "there is no such file under environments/files/; new ones are known after `gen schema --write`",
    );
    put(&mut file, "description", Node::new("A file under `environments/files/`: its text"));
    let mut secret = object([("type", Node::new("object"))]);
    let members = [("secret", said("The name of the Secret")), ("key", said("The key in it"))];
    put(&mut secret, "properties", object(members.map(|(key, node)| (key, replaceable(node, true)))));
    put(&mut secret, "additionalProperties", Node::new(false));
    [
        (REFERENCE, one_of_them(reference)),
        (REMOVAL, one_of_them([("$unset", unset())])),
        (PATH, path),
        (FILE, file),
        (SECRET_REF, replaceable(secret, true)),
    ]
}
