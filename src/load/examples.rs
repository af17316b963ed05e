//! Examples of a pack: read when they are asked for, because a render has no use for them.

use super::{
    files::{Files, Kind, join},
    model::ExampleFiles,
    text::{Hidden, Text, in_turn, texts, walk},
};
use crate::{
    config::{self, ComponentFile, ConfigFile, ExampleFile},
    diag::{Problems, Sources},
    yaml::{self, Map, Node},
};
use std::collections::BTreeMap;

/// Reads the examples of the pack in `folder`, sorted by name. One that cannot be used is left out, and told of.
pub fn examples(
    files: &dyn Files,
    folder: &str,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Vec<ExampleFiles> {
    let parent = join(folder, "examples");
    let mut examples = Vec::new();
    for case in files.list(&parent).unwrap_or_default() {
        let folder = join(&parent, &case.name);
        if files.kind(&join(&folder, "component.yaml")) == Kind::File {
            examples.extend(example(files, &case.name, &folder, sources, problems));
        }
    }
    examples
}

fn example(
    files: &dyn Files,
    name: &str,
    folder: &str,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Option<ExampleFiles> {
    let paths = walk(files, folder, Hidden::Skip, problems);
    let read = texts(files, paths, &in_turn, sources, problems);
    let (mut component, mut environment, mut expected) = (None, None, BTreeMap::new());
    for text in read {
        let below = &text.path[folder.len() + 1..];
        match below {
            "component.yaml" => {
                component =
                    checked::<ComponentFile>(&text, sources, problems).map(|node| (text.place(), node));
            }
            "environment.yaml" => environment = checked::<ExampleFile>(&text, sources, problems),
            _ => {
                if let Some(path) = below.strip_prefix("expected/") {
                    expected.insert(path.to_owned(), text.bytes.to_vec());
                }
            }
        }
    }
    let (place, component) = component?;
    Some(ExampleFiles { name: name.to_owned(), place, component, environment, expected })
}

fn checked<T: ConfigFile>(text: &Text, sources: &Sources, problems: &mut Problems) -> Option<Node> {
    let blank = text.text.trim().is_empty();
    let mut node =
        if blank { Node::new(Map::new()) } else { yaml::read_one(&text.text, text.source, problems)? };
    config::check::<T>(&mut node, sources, problems).then_some(node)
}
