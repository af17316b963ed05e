//! Examples of a pack: read when they are asked for, because a render has no use for them.

use super::{
    builtin::{Builtin, NAME},
    files::Files,
    model::{Example, Pack, Project},
    text::{Hidden, Text, in_turn, texts, walk},
};
use crate::{
    config::{self, ComponentFile, ConfigFile, ExampleFile},
    diag::{Problems, Sources},
    yaml::{self, Map, Node},
};
use std::collections::BTreeMap;

/// Reads the examples of a pack, sorted by name; their texts become sources of the project. One that cannot be used is
/// left out, and told of.
pub fn examples(
    files: &dyn Files,
    project: &mut Project,
    pack: &Pack,
    problems: &mut Problems,
) -> Vec<Example> {
    let (files, parent, name): (&dyn Files, _, _) = match pack.builtin {
        true => (&Builtin, pack.name.clone(), format!("{NAME}/")),
        false => (files, format!("templates/{}", pack.name), String::new()),
    };
    let sources = &mut project.sources;
    pack.examples.iter().filter_map(|case| example(files, &parent, &name, case, sources, problems)).collect()
}

fn example(
    files: &dyn Files,
    parent: &str,
    name: &str,
    case: &str,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Option<Example> {
    let folder = format!("{parent}/examples/{case}");
    let paths = walk(files, &folder, Hidden::Skip, problems);
    let read = texts(files, paths, |path| format!("{name}{path}"), &in_turn, sources, problems);
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
                    expected.insert(path.to_owned(), text.bytes);
                }
            }
        }
    }
    let (place, component) = component?;
    Some(Example { name: case.to_owned(), place, component, environment, expected })
}

fn checked<T: ConfigFile>(text: &Text, sources: &Sources, problems: &mut Problems) -> Option<Node> {
    let blank = text.text.trim().is_empty();
    let mut node =
        if blank { Node::new(Map::new()) } else { yaml::read_one(&text.text, text.source, problems)? };
    config::check::<T>(&mut node, sources, problems).then_some(node)
}
