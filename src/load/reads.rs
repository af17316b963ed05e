//! What `pack.yaml` reads of its own inputs: a condition or export of an input that does not exist would
//! silently be false, or absent.

use crate::{
    diag::{Diagnostic, Problems, did_you_mean, list},
    schema::{Chain, Schema},
    yaml::{Map, Node},
};

/// Tells of paths that the schema of the inputs does not know.
pub(super) fn reads(pack: &Node, schema: &Schema, problems: &mut Problems) {
    let members =
        |key: &str| pack.get(key).and_then(Node::as_map).into_iter().flat_map(Map::iter).map(|(_, n)| n);
    let conditions = members("provides").chain(members("requires"));
    let owners = members("secrets").chain(members("charts"));
    for condition in conditions.chain(owners.filter_map(|owner| owner.get("when"))) {
        condition.as_str().into_iter().for_each(|path| read(path, condition, schema, problems));
    }
    for export in members("exports") {
        if let Some((path, at)) = export.get("$from").and_then(|n| n.as_str().map(|path| (path, n))) {
            read(path, at, schema, problems);
        }
        if let Some((text, at)) = export.get("$text").and_then(|n| n.as_str().map(|text| (text, n))) {
            let pieces = text.split('{').skip(1).filter_map(|piece| piece.split_once('}'));
            pieces.for_each(|(path, _)| read(path, at, schema, problems));
        }
    }
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
