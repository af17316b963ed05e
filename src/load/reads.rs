//! What `pack.yaml` reads of its own inputs: a condition or export of an input that does not exist would
//! silently be false, or absent.

use crate::{
    diag::{Diagnostic, Problems, did_you_mean, list},
    schema::{Chain, Schema},
    yaml::{Map, Node},
};

/// Tells of paths that the schema of the inputs does not know.
pub(super) fn reads(pack: &Node, schema: &Schema, problems: &mut Problems) {
    input_paths(pack).into_iter().for_each(|(path, at)| read(path, at, schema, problems));
}

/// The paths that a `pack.yaml` reads, `inputs.route` and others, with the value that names each: in conditions and
/// exports.
pub fn input_paths(pack: &Node) -> Vec<(&str, &Node)> {
    let members =
        |key: &str| pack.get(key).and_then(Node::as_map).into_iter().flat_map(Map::iter).map(|(_, n)| n);
    let conditions = members("provides").chain(members("requires"));
    let owners = members("secrets").chain(members("charts"));
    let conditions = conditions.chain(owners.filter_map(|owner| owner.get("when")));
    let mut paths: Vec<(&str, &Node)> = conditions.filter_map(|node| Some((node.as_str()?, node))).collect();
    for export in members("exports") {
        let text = |key: &str| export.get(key).and_then(|node| Some((node.as_str()?, node)));
        paths.extend(text("$from"));
        if let Some((text, at)) = text("$text") {
            let pieces = text.split('{').skip(1).filter_map(|piece| piece.split_once('}'));
            paths.extend(pieces.map(|(path, _)| (path, at)));
        }
    }
    paths
}

fn read(path: &str, at: &Node, schema: &Schema, problems: &mut Problems) {
    // keys in brackets are for `resolve` to follow
    let Some(below) = path.trim().strip_prefix("inputs.").filter(|below| !below.contains('[')) else {
        return;
    };
    let steps: Vec<&str> = below.split('.').collect();
    let Chain::Unknown { at: wrong, known } = schema.chain(&steps) else { return };
    let before = steps[..wrong].iter().fold("inputs".to_owned(), |path, step| format!("{path}.{step}"));
    let said = Diagnostic::error("pack/input", format!("there is no input `{before}.{}`", steps[wrong]))
        .at(at.place());
    let names = || known.iter().map(String::as_str);
    problems.push(match did_you_mean(steps[wrong], names()) {
        Some(near) => said.help(format!("did you mean `{before}.{near}`?")),
        None if known.is_empty() => said.help(format!("`{before}` has no members")),
        None => said.help(format!("`{before}` has {}", list(names()))),
    });
}
