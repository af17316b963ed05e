//! A Kubernetes Secret: its name, and its values under `stringData` and `data`.

use crate::{
    diag::{Diagnostic, Problems},
    flux,
    name::SUBDOMAIN_MAX,
    plain::{Plain, PlainText},
    yaml::commented::{Document, Entry, Item, Key, Kind, Node, Scalar, Value, get},
};
use base64::{Engine, engine::general_purpose::STANDARD};

/// Name and namespace.
const METADATA: &str = "metadata";
/// What tools are told.
const ANNOTATIONS: &str = "annotations";
/// Where text stands.
const TEXT: &str = "stringData";
/// Where other bytes stand, as base64.
const BYTES: &str = "data";

/// Is this document a Secret?
pub fn is_secret(document: &Document) -> bool {
    let version = document.text_at(&["apiVersion"]);
    document.text_at(&["kind"]) == Some("Secret") && version.is_none_or(|version| version == "v1")
}

/// A new Secret without values. Both names are checked by whoever knows where it goes.
pub fn new(name: &str, namespace: &str, kind: Option<&str>) -> Document {
    let metadata = vec![Item::member("name", name), Item::member("namespace", namespace)];
    let mut items = vec![
        Item::member("apiVersion", "v1"),
        Item::member("kind", "Secret"),
        Item::member("metadata", Value::Map(metadata)),
    ];
    items.extend(kind.map(|kind| Item::member("type", kind)));
    Document { items }
}

/// Keeps a Secret from Flux's substitution, which takes `${…}` and `$$` in a value for its own; what it says of that itself
/// stays. Every Secret that Flux opens is given this: whether it holds such a value is nobody's business.
pub fn keep_from_substitution(document: &mut Document) {
    let Some(metadata) = part_mut(document, METADATA) else { return };
    let at = metadata.iter().position(|item| item.key() == Some(ANNOTATIONS)).unwrap_or_else(|| {
        metadata.push(Item::member(ANNOTATIONS, Value::Null));
        metadata.len() - 1
    });
    let Some(annotations) = metadata[at].entry_mut() else { return };
    if annotations.node.value == Value::Null {
        annotations.node.value = Value::Map(Vec::new());
    }
    if let Value::Map(items) = &mut annotations.node.value
        && get(items, flux::SUBSTITUTE).is_none()
    {
        items.push(Item::member(flux::SUBSTITUTE, "disabled"));
    }
}

/// Gives a Secret another name and namespace.
pub fn rename(document: &mut Document, name: &str, namespace: &str) {
    if part_mut(document, METADATA).is_none() {
        document.items.retain(|item| item.key() != Some(METADATA));
        document.items.push(Item::member(METADATA, Value::Map(Vec::new())));
    }
    let Some(items) = part_mut(document, METADATA) else { return };
    for (key, text) in [("name", name), ("namespace", namespace)] {
        match items.iter_mut().filter_map(Item::entry_mut).find(|entry| is(entry, key)) {
            Some(entry) => entry.node.value = text.into(),
            None => items.push(Item::member(key, text)),
        }
    }
}

/// Can this be the type of a Secret? Kubernetes takes any text; what is in use is a name, perhaps with a domain before it.
pub fn is_type(kind: &str) -> bool {
    let ends = |c: char| c.is_ascii_alphanumeric();
    kind.starts_with(ends)
        && kind.ends_with(ends)
        && kind.len() <= SUBDOMAIN_MAX
        && kind.chars().all(|c| ends(c) || matches!(c, '.' | '-' | '_' | '/'))
}

/// The keys of a Secret in the order of the document, those of `data` and `stringData` alike.
pub fn keys(document: &Document) -> Vec<&str> {
    let mut keys: Vec<&str> = Vec::new();
    let parts = document.items.iter().filter(|item| matches!(item.key(), Some(TEXT | BYTES)));
    for key in parts.filter_map(Item::entry).flat_map(|entry| entry.node.items()).filter_map(Item::key) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// The value of a key; `stringData` counts before `data`, as in the cluster. `None` if there is none, or if it is no text
/// and no base64.
pub fn value(document: &Document, key: &str) -> Option<Plain> {
    if let Some(text) = document.text_at(&[TEXT, key]) {
        return Some(Plain::from(text));
    }
    decode(document.text_at(&[BYTES, key])?)
}

/// Base64 with line breaks, as people paste it.
fn decode(text: &str) -> Option<Plain> {
    let joined = PlainText::new(text.split_whitespace().collect());
    STANDARD.decode(joined.as_bytes()).ok().map(Plain::new)
}

/// Sets a key: text under `stringData`, other bytes as base64 under `data`. A key stands in one of them only; one that is
/// there keeps its place.
pub fn set(document: &mut Document, key: &str, value: &Plain) {
    let (part, other, text) = match value.as_text().filter(|text| is_text(text)) {
        Some(text) => (TEXT, BYTES, PlainText::from(text)),
        None => (BYTES, TEXT, PlainText::new(STANDARD.encode(&**value))),
    };
    if let Some(items) = part_mut(document, other) {
        items.retain(|item| item.key() != Some(key));
    }
    drop_empty(document, other);
    if part_mut(document, part).is_none() {
        document.items.retain(|item| item.key() != Some(part));
        document.items.push(Item::member(part, Value::Map(Vec::new())));
    }
    let Some(items) = part_mut(document, part) else { return };
    let known = items.iter_mut().filter_map(Item::entry_mut).find(|entry| is(entry, key));
    match known {
        Some(entry) => entry.node.value = text.into(),
        None => items.push(Item::Entry(Entry {
            key: Some(Key { text: key.to_owned(), place: None }),
            node: Node::new(text),
        })),
    }
}

/// Removes a key; `false` if there is none.
pub fn remove(document: &mut Document, key: &str) -> bool {
    let mut found = false;
    for part in [TEXT, BYTES] {
        if let Some(items) = part_mut(document, part) {
            let count = items.len();
            items.retain(|item| item.key() != Some(key));
            found |= items.len() < count;
        }
        drop_empty(document, part);
    }
    found
}

fn is(entry: &Entry, key: &str) -> bool {
    entry.key.as_ref().is_some_and(|own| own.text == key)
}

fn part_mut<'d>(document: &'d mut Document, part: &str) -> Option<&'d mut Vec<Item>> {
    let entry = document.items.iter_mut().filter_map(Item::entry_mut).find(|entry| is(entry, part))?;
    match &mut entry.node.value {
        Value::Map(items) => Some(items),
        _ => None,
    }
}

fn drop_empty(document: &mut Document, part: &str) {
    if part_mut(document, part).is_some_and(|items| items.is_empty()) {
        document.items.retain(|item| item.key() != Some(part));
    }
}

/// Does SOPS lose it? It writes such a text in a form that it cannot read itself, and then gives nothing: so does Flux.
fn is_lost(text: &str) -> bool {
    text.starts_with('\t') && text.contains('\n')
}

/// Text that survives every reader as such: no control characters but tab and line feed.
fn is_text(text: &str) -> bool {
    !is_lost(text)
        && text.chars().all(|c| {
            matches!(c, '\t' | '\n') || !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{feff}')
        })
}

/// Reports what Kubernetes would refuse in a Secret, or read differently: values that are no strings, `data` that is no
/// base64, a key under both.
pub(super) fn check(document: &Document, problems: &mut Problems) {
    if !is_secret(document) {
        return;
    }
    for part in [TEXT, BYTES] {
        let Some(node) = document.get(part) else { continue };
        let Value::Map(items) = &node.value else {
            problems.push(
                Diagnostic::error(
                    "secret/not-text",
                    format!("`{part}` of a Secret is a mapping of keys to text"),
                )
                .at(node.place)
                .secret(node.place)
                .help("write one line a key: `KEY: value`"),
            );
            continue;
        };
        for entry in items.iter().filter_map(Item::entry) {
            leaf(part, entry, problems);
        }
    }
    let Some(Value::Map(items)) = document.get(BYTES).map(|node| &node.value) else { return };
    for key in items.iter().filter_map(Item::entry).filter_map(|entry| entry.key.as_ref()) {
        let text = document.get(TEXT).is_some_and(|node| get(node.items(), &key.text).is_some());
        if text {
            problems.push(
                Diagnostic::error(
                    "secret/twice",
                    format!("the key `{}` stands under `data` and under `stringData`", key.text),
                )
                .at(key.place)
                .because("only the one under `stringData` would count")
                .help("remove one of them"),
            );
        }
    }
}

fn leaf(part: &str, entry: &Entry, problems: &mut Problems) {
    let name = entry.key.as_ref().map_or("", |key| key.text.as_str());
    match &entry.node.value {
        Value::Scalar(Scalar { kind: Kind::Str, text }) if part == TEXT && is_lost(text) => problems.push(
            Diagnostic::error(
                "secret/lost",
                format!("`{part}.{name}` begins with a tab and has several lines"),
            )
            .at(entry.node.place)
            .secret(entry.node.place)
            .because("sops and Flux read such a text as nothing")
            .help("put it under `data` as base64, or begin with something else"),
        ),
        Value::Scalar(Scalar { kind: Kind::Str, text }) if part == TEXT || decode(text).is_some() => {}
        Value::Scalar(Scalar { kind: Kind::Str, .. }) => problems.push(
            Diagnostic::error("secret/base64", format!("`{part}.{name}` is no base64"))
                .at(entry.node.place)
                .secret(entry.node.place)
                .help("put text under `stringData`"),
        ),
        value => {
            let what = match value {
                Value::Null => "nothing",
                Value::Scalar(Scalar { kind: Kind::Int | Kind::Float, .. }) => "a number",
                Value::Scalar(Scalar { kind: Kind::Bool, .. }) => "a boolean",
                Value::Scalar(_) => "a date",
                Value::Seq(_) => "a list",
                Value::Map(_) => "a mapping",
            };
            problems.push(
                Diagnostic::error(
                    "secret/not-text",
                    format!("`{part}.{name}` is {what}, and Kubernetes takes only text"),
                )
                .at(entry.node.place)
                .secret(entry.node.place)
                .help("quote the value"),
            );
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{diag::Sources, yaml::commented};
    use proptest::prelude::*;

    fn read(text: &str) -> Document {
        let source = Sources::new().add("a.yaml", "");
        commented::read(text, source, &mut Problems::new()).unwrap().remove(0)
    }

    fn told(text: &str) -> Vec<String> {
        let mut problems = Problems::new();
        check(&read(text), &mut problems);
        problems.0.iter().map(|p| format!("{} {}", p.id, p.message)).collect()
    }

    #[test]
    fn text_and_bytes_have_their_places() {
        let mut secret = new("db", "shop", Some("Opaque"));
        set(&mut secret, "password", &"s3cret\n".into());
        set(&mut secret, "key.bin", &Plain::new(vec![0xff, 0]));
        assert_eq!(
            &*commented::emit(&[secret.clone()]),
            "apiVersion: v1\nkind: Secret\nmetadata:\n    name: db\n    namespace: shop\ntype: Opaque\nstringData:\n    password: |\n        s3cret\ndata:\n    key.bin: /wA=\n"
        );
        assert_eq!(keys(&secret), ["password", "key.bin"]);
        set(&mut secret, "tab", &"\tx\n".into());
        assert_eq!(secret.text_at(&["data", "tab"]), Some("CXgK"));
        remove(&mut secret, "tab");
        set(&mut secret, "key.bin", &"now text".into());
        assert_eq!(secret.get("data"), None, "an empty part goes");
        assert_eq!(value(&secret, "key.bin"), Some("now text".into()));
        assert!(remove(&mut secret, "password") && !remove(&mut secret, "password"));
        assert_eq!(keys(&secret), ["key.bin"]);
    }

    #[test]
    fn names_are_set_where_they_belong() {
        let mut secret =
            read("apiVersion: v1\nkind: Secret\nmetadata: {name: a, labels: {x: y}}\nstringData: {a: b}\n");
        rename(&mut secret, "b", "shop");
        assert_eq!(
            &*commented::emit(&[secret]),
            "apiVersion: v1\nkind: Secret\nmetadata:\n    name: b\n    labels:\n        x: \"y\"\n    namespace: shop\nstringData:\n    a: b\n"
        );
    }

    #[test]
    fn substitution_is_kept_away_unless_somebody_says_otherwise() {
        let kept = |metadata: &str| {
            let mut secret = read(&format!("apiVersion: v1\nkind: Secret\nmetadata: {metadata}\n"));
            keep_from_substitution(&mut secret);
            commented::emit(&[secret]).split_once("metadata:\n").unwrap().1.to_owned()
        };
        let disabled = "    annotations:\n        kustomize.toolkit.fluxcd.io/substitute: disabled\n";
        assert_eq!(kept("{name: a}"), format!("    name: a\n{disabled}"));
        assert_eq!(kept("{annotations: }"), disabled);
        let enabled = "    annotations:\n        kustomize.toolkit.fluxcd.io/substitute: enabled\n";
        assert_eq!(kept("{annotations: {kustomize.toolkit.fluxcd.io/substitute: enabled}}"), enabled);
    }

    #[test]
    fn values_are_read_as_the_cluster_reads_them() {
        let secret = read(
            "data: {a: aGVs bG8=, b: '*', c: eA==}\nstringData: {c: y}\n"
                .replace("aGVs bG8=", "'aGVs\n\n  bG8='")
                .as_str(),
        );
        assert_eq!(value(&secret, "a"), Some("hello".into()));
        assert_eq!(value(&secret, "b"), None);
        assert_eq!(value(&secret, "c"), Some("y".into()));
        assert_eq!(value(&secret, "d"), None);
    }

    #[test]
    fn what_kubernetes_refuses_is_told_without_the_value() {
        let head = "apiVersion: v1\nkind: Secret\n";
        let text = format!(
            "{head}stringData: {{a: 123456, b: true, c: ~, d: [geheim], e: 2020-01-01}}\ndata: {{f: geheim!, a: eA==}}\n"
        );
        assert_eq!(
            told(&text),
            [
                "secret/not-text `stringData.a` is a number, and Kubernetes takes only text",
                "secret/not-text `stringData.b` is a boolean, and Kubernetes takes only text",
                "secret/not-text `stringData.c` is nothing, and Kubernetes takes only text",
                "secret/not-text `stringData.d` is a list, and Kubernetes takes only text",
                "secret/not-text `stringData.e` is a date, and Kubernetes takes only text",
                "secret/base64 `data.f` is no base64",
                "secret/twice the key `a` stands under `data` and under `stringData`",
            ]
        );
        assert_eq!(
            told(&format!("{head}data: geheim\n")),
            ["secret/not-text `data` of a Secret is a mapping of keys to text"]
        );
        assert_eq!(
            told(&format!("{head}stringData: {{a: \"\\tgeheim\\n\", b: \"\\tx\", c: \"x\\n\\ty\"}}\n")),
            ["secret/lost `stringData.a` begins with a tab and has several lines"]
        );
        assert_eq!(told("kind: ConfigMap\ndata: {a: 1}\n"), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn every_value_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..40), text in ".{0,20}") {
            let mut secret = new("a", "b", None);
            set(&mut secret, "x", &Plain::new(bytes.clone()));
            set(&mut secret, "y", &text.as_str().into());
            let again = read(&commented::emit(&[secret]));
            prop_assert_eq!(value(&again, "x"), Some(Plain::new(bytes)));
            prop_assert_eq!(value(&again, "y"), Some(text.as_str().into()));
        }
    }
}
