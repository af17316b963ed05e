//! Examples of a pack: read when they are asked for, because a render has no use for them.

use super::{
    files::{Files, Kind, file_name, join},
    model::ExampleFiles,
    text::{Hidden, Text, in_turn, texts, walk},
};
use crate::{
    config::{self, ComponentFile, ConfigFile, ExampleFile},
    diag::{Diagnostic, Problems, Sources},
    yaml::{self, Map, Node},
};
use std::collections::BTreeMap;

/// Reads the examples of the pack in `folder`, sorted by name. Of one that cannot be used it is told.
pub fn examples(
    files: &dyn Files,
    folder: &str,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Vec<ExampleFiles> {
    let (parent, pack) = (join(folder, "examples"), file_name(folder));
    let mut examples = Vec::new();
    for case in files.list(&parent).unwrap_or_default() {
        let folder = join(&parent, &case.name);
        if files.kind(&join(&folder, "component.yaml")) == Kind::File {
            examples.extend(example(files, pack, (&case.name, &folder), sources, problems));
        }
    }
    examples
}

fn example(
    files: &dyn Files,
    pack: &str,
    (name, folder): (&str, &str),
    sources: &mut Sources,
    problems: &mut Problems,
) -> Option<ExampleFiles> {
    let paths = walk(files, folder, Hidden::Skip, problems);
    let read = texts(files, paths, &in_turn, sources, problems);
    let (mut place, mut component, mut environment, mut expected) = (None, None, None, BTreeMap::new());
    let mut good = true;
    for text in read {
        let below = &text.path[folder.len() + 1..];
        match below {
            "component.yaml" => {
                place = Some(text.place());
                component = checked::<ComponentFile>(&text, sources, problems)
                    .filter(|node| is_of(pack, node, problems));
            }
            "environment.yaml" => {
                environment = checked::<ExampleFile>(&text, sources, problems);
                good = environment.is_some();
            }
            _ => {
                if let Some(path) = below.strip_prefix("expected/") {
                    expected.insert(path.to_owned(), text.bytes.to_vec());
                }
            }
        }
    }
    let component = component.filter(|_| good);
    Some(ExampleFiles { name: name.to_owned(), place: place?, component, environment, expected })
}

/// An example shows the pack that it lies in. That it names none is told later.
fn is_of(pack: &str, component: &Node, problems: &mut Problems) -> bool {
    let named = component.get("pack").and_then(|node| Some((node.as_str()?, node)));
    let Some((other, node)) = named.filter(|(other, _)| *other != pack) else { return true };
    problems.push(
        Diagnostic::error(
            "pack/example",
            format!("an example of the pack `{pack}` cannot be one of `{other}`"),
        )
        .at(node.place())
        .help(format!("write `pack: {pack}`, or move the example to the pack `{other}`")),
    );
    false
}

fn checked<T: ConfigFile>(text: &Text, sources: &Sources, problems: &mut Problems) -> Option<Node> {
    let blank = text.text.trim().is_empty();
    let mut node =
        if blank { Node::new(Map::new()) } else { yaml::read_one(&text.text, text.source, problems)? };
    config::check::<T>(&mut node, sources, problems).then_some(node)
}
