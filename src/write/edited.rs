//! A file of ours was edited by hand: what was edited, and the input line to edit instead.

use super::unified;
use crate::{
    address,
    diag::{Diagnostic, Place, Problems, Sources},
    load::SEALED,
    tree::{Document, File},
    yaml::{self, Map, Node, to_json},
};

/// More places than these say nothing more.
const MOST_PLACES: usize = 6;
/// A longer difference is cut; `gen diff` shows all of it.
const MOST_LINES: usize = 40;

/// A leaf that differs.
struct Edit {
    path: String,
    rendered: Option<String>,
    typed: Option<String>,
    /// Where the rendered value was set.
    place: Option<Place>,
    /// Is that a line of the config, not of a template?
    config: bool,
}

/// The error for a file that is still rendered.
pub(super) fn rendered(name: &str, on_disk: &[u8], file: &File) -> Diagnostic {
    let message = format!("`{name}` was edited by hand, and a render would undo that");
    let mut diagnostic = Diagnostic::error("write/edited-by-hand", message).output(name);
    if name.ends_with(SEALED) {
        return diagnostic
            .label(file.place, "the file is made from this")
            .because("the edit is not shown: it may be plain, and what is plain in it is known")
            .help("edit the file that it is copied from with `gen edit` instead, and render again")
            .help("`gen render --force` overwrites the edit");
    }
    let mut edits = edits(on_disk, &file.documents);
    if let Some(edits) = &mut edits {
        edits.sort_by_key(|edit| !edit.config);
    }
    let placed = edits.iter().flatten().filter(|e| e.place.is_some()).take(MOST_PLACES);
    for edit in placed {
        diagnostic = diagnostic.label(edit.place, edit.sentence());
    }
    let found_place = !diagnostic.labels.is_empty();
    if !found_place {
        diagnostic = diagnostic.label(file.place, "the file is made from this");
    }
    if edits.as_ref().is_some_and(Vec::is_empty) {
        diagnostic = diagnostic.because("its values are as rendered: only comments or layout were edited");
    }
    for edit in edits.iter().flatten().filter(|e| e.place.is_none()).take(MOST_PLACES) {
        diagnostic = diagnostic.because(edit.sentence());
    }
    diagnostic = diagnostic.because(format!("the edit:\n{}", shorten(&unified::edit(&file.bytes, on_disk))));
    let instead = if edits.iter().flatten().any(|e| e.config) {
        "change the line shown instead, and render again"
    } else if found_place {
        "change it by the component's `inputs`, `values` or `patches` instead, or in the template shown, and render \
         again"
    } else if file.documents.is_empty() {
        "edit the file that it is copied or made from instead, and render again"
    } else {
        "change it by the component's `inputs`, `values` or `patches` instead, and render again"
    };
    diagnostic.help(instead).help("`gen render --force` overwrites the edit")
}

/// The error for a file that is no longer rendered.
pub(super) fn stale(name: &str) -> Diagnostic {
    let message = format!("`{name}` is no longer rendered, but was edited by hand");
    Diagnostic::error("write/edited-by-hand", message)
        .output(name)
        .help("move what you need out of the tree; `gen render --force` deletes it")
}

/// What differs between a file and the objects rendered for it; `None` if the file is not YAML.
fn edits(on_disk: &[u8], documents: &[Document]) -> Option<Vec<Edit>> {
    if documents.is_empty() {
        return None;
    }
    let text = std::str::from_utf8(on_disk).ok()?;
    // The file is no input: what is said about it points to places nobody needs.
    let mut sources = Sources::new();
    let source = sources.add("", text);
    let typed = yaml::read(text, source, &mut Problems::new())?;
    let mut edits = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        match typed.get(index) {
            Some(node) => compare(&document.node, node, String::new(), &mut edits),
            None => edits.push(Edit {
                path: document.identity().to_string(),
                rendered: Some("an object".to_owned()),
                typed: None,
                place: document.place,
                config: false,
            }),
        }
    }
    Some(edits)
}

fn compare(rendered: &Node, typed: &Node, path: String, edits: &mut Vec<Edit>) {
    if rendered.same(typed) {
        return;
    }
    if let (Some(a), Some(b)) = (rendered.as_map(), typed.as_map()) {
        return compare_maps(rendered, a, b, &path, edits);
    }
    if let (Some(a), Some(b)) = (rendered.as_seq(), typed.as_seq())
        && a.len() == b.len()
    {
        for (index, (a, b)) in a.iter().zip(b).enumerate() {
            compare(a, b, format!("{path}[{index}]"), edits);
        }
        return;
    }
    edits.push(Edit {
        path,
        rendered: Some(short(rendered)),
        typed: Some(short(typed)),
        place: rendered.place(),
        config: rendered.origin.config().is_some(),
    });
}

fn compare_maps(rendered: &Node, a: &Map, b: &Map, path: &str, edits: &mut Vec<Edit>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    for (key, node) in a.iter() {
        match b.get(&key.text) {
            Some(other) => compare(node, other, below(&key.text), edits),
            None => edits.push(Edit {
                path: below(&key.text),
                rendered: Some(short(node)),
                typed: None,
                place: node.place().or(key.place),
                config: node.origin.config().is_some(),
            }),
        }
    }
    for (key, node) in b.iter().filter(|(key, _)| !a.contains(&key.text)) {
        edits.push(Edit {
            path: below(&key.text),
            rendered: None,
            typed: Some(short(node)),
            place: rendered.place(),
            config: rendered.origin.config().is_some(),
        });
    }
}

impl Edit {
    fn sentence(&self) -> String {
        let Edit { path, rendered, typed, .. } = self;
        match (rendered, typed) {
            (Some(rendered), Some(typed)) => format!("`{path}` is {rendered} here, {typed} in the file"),
            (Some(rendered), None) => format!("`{path}` is {rendered} here, and missing in the file"),
            (None, typed) => {
                format!("`{path}` is not set here, {} in the file", typed.as_deref().unwrap_or("set"))
            }
        }
    }
}

/// A value as compact JSON, cut after 60 characters.
fn short(node: &Node) -> String {
    let text = to_json(node, None);
    let text = address::masked(&unified::fold(&text)).into_owned();
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn shorten(difference: &str) -> String {
    let mut lines: Vec<&str> = difference.lines().collect();
    let more = lines.len().saturating_sub(MOST_LINES);
    lines.truncate(MOST_LINES);
    let text = lines.join("\n");
    if more > 0 { format!("{text}\n… {more} more lines") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Origin, Value};

    fn node(value: impl Into<Value>, place: Place) -> Node {
        Node::with(value, Origin::Config(place))
    }

    #[test]
    fn the_input_line_of_an_edited_value_is_named() {
        let mut sources = Sources::new();
        let text = "port: 8080\nreplicas: 2\n";
        let source = sources.add("environments/prod.yaml", text);
        let place = Place::new(source, 21..22);
        let spec: Map =
            [("replicas", node(2_i64, place)), ("paused", Node::new(false))].into_iter().collect();
        let object: Map =
            [("kind", Node::new("Deployment")), ("spec", Node::new(spec))].into_iter().collect();
        let document = Document { node: Node::new(object), component: None, place: None };
        let file = File {
            owner: "kuard".into(),
            bytes: b"kind: Deployment\nspec:\n  replicas: 2\n  paused: false\n".to_vec(),
            documents: vec![document],
            place: None,
        };
        let typed = b"kind: Deployment\nspec:\n  replicas: 5\n  extra: yes\n";
        let diagnostic = rendered("fleet-out/prod/apps/kuard/deployment.yaml", typed, &file);
        assert_eq!(sources.locate(diagnostic.labels[0].place), "environments/prod.yaml:2:11");
        assert_eq!(diagnostic.labels[0].text, "`spec.replicas` is 2 here, 5 in the file");
        assert_eq!(diagnostic.because[0], "`spec.paused` is false here, and missing in the file");
        assert_eq!(diagnostic.because[1], "`spec.extra` is not set here, true in the file");
        assert!(
            diagnostic.because[2].contains("-  replicas: 2\n-  paused: false\n+  replicas: 5\n+  extra: yes")
        );
    }

    #[test]
    fn comments_alone_are_called_so() {
        let object: Map = [("kind", Node::new("Deployment"))].into_iter().collect();
        let document = Document { node: Node::new(object), component: None, place: None };
        let file = File {
            owner: "x".into(),
            bytes: b"kind: Deployment\n".to_vec(),
            documents: vec![document],
            place: None,
        };
        let diagnostic = rendered("a.yaml", b"# mine\nkind: Deployment\n", &file);
        assert_eq!(diagnostic.because[0], "its values are as rendered: only comments or layout were edited");
    }
}
