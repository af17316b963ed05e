//! What must not be drawn, whatever is said about the line it stands on: values where an input is secret and wants a
//! reference, in any layer and whatever overrides them; values of plain Secrets; private keys; passwords in addresses.
//! Of files of secrets nothing is drawn at all: [`Sources::add`].
//!
//! It works on the files as written, before anything is merged, so that it holds for everything that is said later. What
//! it cannot know is what a value means whose pack cannot be read, or whose file is no YAML: there only the names of
//! members that are secret in some pack are gone by.

use super::{
    builtin::Builtin,
    model::{BaseFile, EnvironmentSource, InAddress, Pack},
};
use crate::{
    address,
    diag::{Place, Problems, SourceId, Sources, did_you_mean},
    seal,
    yaml::{self, Node, Value},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What of environments and layers must not be drawn.
pub(super) fn environments(
    environments: &BTreeMap<String, EnvironmentSource>,
    packs: &BTreeMap<String, Arc<Pack>>,
) -> Vec<Place> {
    let mut places = Vec::new();
    let written: Vec<&Node> = environments.values().map(EnvironmentSource::written).collect();
    let named = named_packs(&written);
    let follow = |path: &str| -> Vec<&Node> {
        let steps: Vec<&str> = path.trim().split('.').collect();
        let there = written.iter().filter(|_| steps.first() == Some(&"vars"));
        there.filter_map(|node| node.at(&steps)).collect()
    };
    for node in &written {
        for (name, component) in node.members_at("components") {
            let named = named.get(name).into_iter().flatten().copied();
            for pack in schemas(named, packs) {
                if let Some(inputs) = component.get("inputs") {
                    pack.schema.clear(inputs, &follow, &mut |node| leaves(node, &mut places));
                }
            }
            component.members_at("extra").for_each(|(_, object)| secret(object, &mut places));
        }
    }
    places
}

/// The packs that any file names for a component of this name.
fn named_packs<'n>(written: &[&'n Node]) -> BTreeMap<&'n str, BTreeSet<&'n str>> {
    let mut named: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, component) in written.iter().flat_map(|node| node.members_at("components")) {
        named.entry(name).or_default().extend(component.get("pack").and_then(Node::as_str));
    }
    named
}

/// The packs of these names; for one that cannot be used the nearest name, or all.
fn schemas<'p>(
    named: impl Iterator<Item = &'p str>,
    packs: &'p BTreeMap<String, Arc<Pack>>,
) -> Vec<&'p Arc<Pack>> {
    let mut found = Vec::new();
    for name in named {
        let near = || did_you_mean(name, packs.keys().map(String::as_str)).and_then(|near| packs.get(near));
        match packs.get(name).or_else(near) {
            Some(pack) => found.push(pack),
            None => return packs.values().collect(),
        }
    }
    found
}

/// The values of a Secret that is not sealed, or not all of it; those of a list of objects too.
fn secret(object: &Node, places: &mut Vec<Place>) {
    let items = object.get("items").and_then(Node::as_seq).unwrap_or_default();
    items.iter().for_each(|item| secret(item, places));
    if seal::is_secret(object) {
        places.extend(seal::clear(object).0.iter().filter_map(|clear| clear.node.place()));
    }
}

/// The values of plain Secrets in bases.
pub(super) fn bases(bases: &BTreeMap<String, Vec<BaseFile>>, sources: &Sources, places: &mut Vec<Place>) {
    for source in bases.values().flatten().filter_map(|file| file.place).map(|place| place.source) {
        let text = sources.text(source);
        if text.contains("Secret") {
            let objects = yaml::read_manifests(text, source, &mut Problems::new());
            objects.iter().flatten().for_each(|object| secret(object, places));
        }
    }
}

/// What a text that is no YAML may hold: what follows a member that is secret in some pack, to the end of the line, and
/// the lines of a block below it.
pub(super) fn unread(source: SourceId, text: &str, packs: &BTreeMap<String, Arc<Pack>>) -> Vec<Place> {
    let names: BTreeSet<&str> = packs.values().flat_map(|pack| pack.schema.secret_names()).collect();
    let mut places = Vec::new();
    let (mut at, mut block) = (0, None);
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        if block.is_some_and(|start| indent > start || line.trim().is_empty()) {
            places.push(Place::new(source, at..at + line.len()));
        } else {
            block = None;
            if let Some(value) = value_of(line, &names) {
                places.push(Place::new(source, at + value..at + line.len()));
                let text = line[value..].trim();
                block = text.starts_with(['|', '>', '"', '\'']).then_some(indent);
            }
        }
        at += line.len();
    }
    places
}

/// Where in a line the value of one of these members begins, if it is no mapping.
fn value_of(line: &str, names: &BTreeSet<&str>) -> Option<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let colons = line.match_indices(':').map(|(at, _)| at);
    colons.into_iter().find_map(|colon| {
        let key = line[..colon].trim_end_matches([' ', '"', '\'']);
        let start = key
            .rfind(|c| !is_word(c))
            .map_or(0, |at| at + key[at..].chars().next().map_or(1, char::len_utf8));
        let value = line[colon + 1..].trim_start();
        let plain = !value.is_empty() && !value.starts_with('{');
        (names.contains(&key[start..]) && plain).then(|| line.len() - value.len())
    })
}

/// Private keys of age, wherever they stand.
pub(super) fn private_keys(sources: &Sources) -> Vec<Place> {
    const START: &str = "AGE-SECRET-KEY-";
    let keys = sources.all().flat_map(|(source, text)| {
        text.match_indices(START).map(move |(at, _)| {
            let rest = text[at..].bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'-');
            Place::new(source, at..at + rest.count())
        })
    });
    keys.collect()
}

/// What is secret in the addresses of a project, wherever they stand. Of a value whose text is written otherwise than it
/// reads, such as `h\x75nter2`, the whole is the place.
pub(super) fn addresses(
    sources: &Sources,
    environments: &BTreeMap<String, EnvironmentSource>,
    packs: &BTreeMap<String, Arc<Pack>>,
) -> Vec<InAddress> {
    let mut found = as_written(sources);
    let written = environments.values().map(EnvironmentSource::written);
    for node in written.chain(packs.values().filter(|pack| !pack.builtin).map(|pack| &pack.node)) {
        texts(node, &mut |place, text| {
            let all = |text| {
                let secrets: Vec<address::Secret<'_>> = address::secrets(text);
                secrets.into_iter().map(move |secret| &text[secret.range])
            };
            let own: BTreeSet<&str> = all(sources.slice(place)).collect();
            let other = all(text).filter(|secret| !own.contains(secret));
            found.extend(other.map(|secret| InAddress { text: secret.into(), place }));
        });
    }
    found
}

/// All texts in a value that stand somewhere.
fn texts(node: &Node, each: &mut dyn FnMut(Place, &str)) {
    match &node.value {
        Value::Map(map) => map.iter().for_each(|(_, node)| texts(node, each)),
        Value::Seq(items) => items.iter().for_each(|node| texts(node, each)),
        Value::Str(text) => {
            if let Some(place) = node.place().filter(|_| text.contains("://")) {
                each(place, text);
            }
        }
        _ => {}
    }
}

fn as_written(sources: &Sources) -> Vec<InAddress> {
    let own = sources.all().filter(|(source, _)| !Builtin::has(sources.name(*source)));
    let secrets = own.flat_map(|(source, text)| {
        address::secrets(text).into_iter().map(move |secret| InAddress {
            text: text[secret.range.clone()].into(),
            place: Place::new(source, secret.range),
        })
    });
    secrets.collect()
}

fn leaves(node: &Node, places: &mut Vec<Place>) {
    match &node.value {
        Value::Map(map) => map.iter().for_each(|(_, node)| leaves(node, places)),
        Value::Seq(items) => items.iter().for_each(|node| leaves(node, places)),
        Value::Null => {}
        _ => places.extend(node.place()),
    }
}
