//! What `pack.yaml` reads of its own inputs: a condition or export of an input that does not exist would
//! silently be false, or absent. An export that names anything else could not be made, wherever it is used.

use crate::{
    config::path::{self, Piece},
    diag::{Diagnostic, Problems, did_you_mean, list},
    schema::{Chain, Schema},
    yaml::{Map, Node},
};
use std::borrow::Cow;

/// Tells of paths that the schema of the inputs does not know.
pub(super) fn reads(pack: &Node, schema: &Schema, problems: &mut Problems) {
    input_paths(pack).into_iter().for_each(|(path, at)| read(&path, at, schema, problems));
    let exports = pack.get("exports").and_then(Node::as_map).into_iter().flat_map(Map::iter);
    exports.for_each(|(name, export)| facts(&name.text, export, problems));
}

/// The paths that a `pack.yaml` reads, `inputs.route` and others, with the value that names each: in conditions and
/// exports.
pub fn input_paths(pack: &Node) -> Vec<(Cow<'_, str>, &Node)> {
    let members =
        |key: &str| pack.get(key).and_then(Node::as_map).into_iter().flat_map(Map::iter).map(|(_, n)| n);
    let conditions = members("provides").chain(members("requires"));
    let owners = members("secrets").chain(members("charts"));
    let conditions = conditions.chain(owners.filter_map(|owner| owner.get("when")));
    let mut paths: Vec<(Cow<str>, &Node)> =
        conditions.filter_map(|node| Some((Cow::Borrowed(node.as_str()?), node))).collect();
    for export in members("exports") {
        let text = |key: &str| export.get(key).and_then(|node| Some((node.as_str()?, node)));
        paths.extend(text("$from").map(|(path, at)| (Cow::Borrowed(path), at)));
        if let Some((text, at)) = text("$text") {
            let pieces = path::pieces(text).unwrap_or_default().into_iter();
            paths.extend(pieces.filter_map(|piece| match piece {
                Piece::Path(path) => Some((Cow::Owned(path), at)),
                Piece::Text(_) => None,
            }));
        }
    }
    paths
}

/// What exports may name beside inputs, with its members; those of variables are the environment's.
const FACTS: [(&str, &[&str]); 3] = [
    ("component", &["name", "namespace", "pack", "stage"]),
    ("cluster", &["name", "domain", "provides"]),
    ("environment", &["name", "kubernetes", "flux"]),
];

/// Tells of paths of an export that nothing can answer: badly written ones, and those to a fact that is not there.
fn facts(name: &str, export: &Node, problems: &mut Problems) {
    let mut say = |at: &Node, wrong: String, help: String| {
        let said = Diagnostic::error("pack/export", format!("the export `{name}` cannot be made: {wrong}"));
        problems.push(said.at(at.place()).help(help));
    };
    let mut paths = Vec::new();
    if let Some((from, at)) = export.get("$from").and_then(|at| Some((at.as_str()?, at))) {
        paths.push((from.to_owned(), at));
    }
    if let Some((text, at)) = export.get("$text").and_then(|at| Some((at.as_str()?, at))) {
        match path::pieces(text) {
            Ok(pieces) => paths.extend(pieces.into_iter().filter_map(|piece| match piece {
                Piece::Path(path) => Some((path, at)),
                Piece::Text(_) => None,
            })),
            Err(why) => say(at, format!("its text {why}"), "write `{PATH}` for a value".to_owned()),
        }
    }
    for (path, at) in paths {
        let steps = match path::steps(&path) {
            Ok(steps) => steps,
            Err(why) => {
                let help = "a path is written like `component.namespace` or `inputs.port`".to_owned();
                say(at, format!("the path `{path}` {why}"), help);
                continue;
            }
        };
        let roots = || FACTS.iter().map(|(root, _)| *root).chain(["inputs", "vars"]);
        let help = |step: &str, known: &mut dyn Iterator<Item = &'static str>| {
            let known: Vec<&str> = known.collect();
            match did_you_mean(step, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is {}", list(known)),
            }
        };
        let (root, members) = (steps[0].as_str(), FACTS.iter().find(|(root, _)| *root == steps[0]));
        match (members, steps.get(1)) {
            (None, _) if matches!(root, "inputs" | "vars") => {}
            (None, _) => say(at, format!("a path cannot begin with `{root}`"), help(root, &mut roots())),
            (Some((_, members)), Some(step)) if !members.contains(&step.as_str()) => {
                say(at, format!("`{root}` has no `{step}`"), help(step, &mut members.iter().copied()));
            }
            (Some(_), _) => {}
        }
    }
}

fn read(path: &str, at: &Node, schema: &Schema, problems: &mut Problems) {
    let Some(steps) = path::steps(path).ok().filter(|steps| steps[0] == "inputs") else { return };
    let below: Vec<&str> = steps[1..].iter().map(String::as_str).collect();
    let Chain::Unknown { at: wrong, known } = schema.chain(&below) else { return };
    let (before, whole) = (path::join(&steps[..=wrong]), path::join(&steps[..wrong + 2]));
    let said = Diagnostic::error("pack/input", format!("there is no input `{whole}`")).at(at.place());
    let names = || known.iter().map(String::as_str);
    problems.push(match did_you_mean(below[wrong], names()) {
        Some(near) => said.help(format!("did you mean `{before}.{near}`?")),
        None if known.is_empty() => said.help(format!("`{before}` has no members")),
        None => said.help(format!("`{before}` has {}", list(names()))),
    });
}
