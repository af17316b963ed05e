//! Patches of the user's own, applied by `gen` itself with their origins: a merge patch (RFC 7386)
//! or a JSON patch (RFC 6902). A patch that matches nothing is an error.

use crate::{
    diag::{Diagnostic, Problems, did_you_mean, list},
    resolve::Patch,
    tree::Document,
    yaml::{Map, Node, Value},
};

/// Applies all patches of a component to its objects, in order.
pub(super) fn apply(patches: &[Patch], objects: &mut [Document], problems: &mut Problems) {
    for patch in patches {
        let known = objects.iter().map(|d| format!("{}/{}", d.kind(), d.name())).collect::<Vec<_>>();
        let mut matched = false;
        for object in objects.iter_mut().filter(|d| matches(patch, d)) {
            matched = true;
            one(patch, object, problems);
        }
        if !matched {
            problems.push(unmatched(patch, &known));
        }
    }
}

fn matches(patch: &Patch, object: &Document) -> bool {
    let wants = |key: &str, value: &str| {
        patch.node.at(&["target", key]).and_then(Node::as_str).is_none_or(|wanted| wanted == value)
    };
    wants("group", object.group()) && wants("kind", object.kind()) && wants("name", object.name())
}

fn unmatched(patch: &Patch, known: &[String]) -> Diagnostic {
    let target = patch.node.get("target");
    let text = |key: &str| target.and_then(|t| t.get(key)).and_then(Node::as_str).unwrap_or("*");
    let wanted = format!("{}/{}", text("kind"), text("name"));
    let diagnostic =
        Diagnostic::error("patch/no-target", format!("the patch `{}` matches no object", patch.name))
            .label(target.and_then(Node::place).or(patch.place), format!("no {wanted} here"));
    match did_you_mean(&wanted, known.iter().map(String::as_str)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("the component has {}", list(known.iter().map(String::as_str)))),
    }
}

fn one(patch: &Patch, object: &mut Document, problems: &mut Problems) {
    if let Some(merge) = patch.node.get("merge") {
        merge_patch(&mut object.node, merge);
    }
    for operation in patch.node.get("json").and_then(Node::as_seq).unwrap_or_default() {
        if let Err(why) = operate(&mut object.node, operation) {
            problems.push(
                Diagnostic::error(
                    "patch/json",
                    format!("the patch `{}` cannot be applied: {why}", patch.name),
                )
                .label(operation.place().or(patch.place), "this operation")
                .because(format!("it was applied to {}", object.identity())),
            );
            return;
        }
    }
}

/// RFC 7386: mappings merge, `null` removes, everything else replaces.
fn merge_patch(target: &mut Node, patch: &Node) {
    let Value::Map(members) = &patch.value else {
        put(target, patch.clone());
        return;
    };
    if target.as_map().is_none() {
        put(target, Node::with(Map::new(), patch.origin.clone()));
    }
    let Some(map) = target.as_map_mut() else { return };
    for (key, node) in members.iter() {
        if node.is_null() {
            map.remove(&key.text);
        } else if let Some(old) = map.get_mut(&key.text) {
            merge_patch(old, node);
        } else {
            let mut new = Node::new(Value::Null);
            merge_patch(&mut new, node);
            map.insert(key.clone(), new);
        }
    }
}

/// Puts a value in the place of another, and notes what it overrode.
fn put(target: &mut Node, value: Node) {
    let old = std::mem::replace(target, value);
    target.overrides(&old);
}

fn operate(root: &mut Node, operation: &Node) -> Result<(), String> {
    let text = |key: &str| operation.get(key).and_then(Node::as_str);
    let path = pointer(text("path").ok_or("`path` is missing")?)?;
    let value = || operation.get("value").cloned().ok_or_else(|| "`value` is missing".to_owned());
    match text("op") {
        Some("add") => add(root, &path, value()?),
        Some("replace") => {
            put(find(root, &path)?, value()?);
            Ok(())
        }
        Some("remove") => remove(root, &path).map(drop),
        Some("test") => {
            let found = find(root, &path)?;
            if found.same(&value()?) { Ok(()) } else { Err("`test` found another value".to_owned()) }
        }
        Some("move") => {
            let node = remove(root, &pointer(text("from").ok_or("`from` is missing")?)?)?;
            add(root, &path, node)
        }
        Some("copy") => {
            let node = find(root, &pointer(text("from").ok_or("`from` is missing")?)?)?.clone();
            add(root, &path, node)?;
            if values(root) > MOST { Err(format!("the object grows past {MOST} values")) } else { Ok(()) }
        }
        _ => Err("`op` is one of `add`, `remove`, `replace`, `move`, `copy` and `test`".to_owned()),
    }
}

/// An object grows no larger by copies of its parts: thirty copies of the whole double it thirty times.
const MOST: usize = 100_000;

fn values(node: &Node) -> usize {
    1 + match &node.value {
        Value::Seq(items) => items.iter().map(values).sum(),
        Value::Map(map) => map.iter().map(|(_, node)| values(node)).sum(),
        _ => 0,
    }
}

/// The steps of a JSON pointer (RFC 6901).
fn pointer(text: &str) -> Result<Vec<String>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let rest = text.strip_prefix('/').ok_or_else(|| format!("`{text}` does not begin with `/`"))?;
    let ill = |at: usize| !matches!(rest.as_bytes().get(at + 1), Some(b'0' | b'1'));
    if rest.match_indices('~').any(|(at, _)| ill(at)) {
        return Err(format!("`{text}` has a `~` that is neither `~0` (for `~`) nor `~1` (for `/`)"));
    }
    Ok(rest.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect())
}

fn find<'n>(root: &'n mut Node, path: &[String]) -> Result<&'n mut Node, String> {
    let mut node = root;
    for step in path {
        node = match &mut node.value {
            Value::Map(map) => map.get_mut(step),
            Value::Seq(items) => step.parse::<usize>().ok().and_then(|n| items.get_mut(n)),
            _ => None,
        }
        .ok_or_else(|| format!("there is no `/{}`", path.join("/")))?;
    }
    Ok(node)
}

fn add(root: &mut Node, path: &[String], value: Node) -> Result<(), String> {
    let Some((last, parent)) = path.split_last() else {
        *root = value;
        return Ok(());
    };
    match &mut find(root, parent)?.value {
        Value::Map(map) => {
            match map.get_mut(last) {
                Some(old) => put(old, value),
                None => drop(map.insert(last.as_str(), value)),
            }
            Ok(())
        }
        Value::Seq(items) => {
            let at = if last == "-" { Some(items.len()) } else { last.parse().ok() };
            let at = at
                .filter(|n| *n <= items.len())
                .ok_or_else(|| format!("`{last}` is no position in the list"))?;
            items.insert(at, value);
            Ok(())
        }
        other => Err(format!("`/{}` is {}, which has no members", parent.join("/"), other.kind())),
    }
}

fn remove(root: &mut Node, path: &[String]) -> Result<Node, String> {
    let missing = || format!("there is no `/{}`", path.join("/"));
    let (last, parent) = path.split_last().ok_or("the whole object cannot be removed")?;
    match &mut find(root, parent)?.value {
        Value::Map(map) => map.remove(last).ok_or_else(missing),
        Value::Seq(items) => {
            let at = last.parse::<usize>().ok().filter(|n| *n < items.len()).ok_or_else(missing)?;
            Ok(items.remove(at))
        }
        _ => Err(missing()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{diag::Sources, yaml};

    fn node(text: &str) -> Node {
        yaml::read_one(text, Sources::new().add("t", text), &mut Problems::new()).unwrap()
    }

    fn patched(object: &str, patch: &str) -> (String, Problems) {
        let mut objects = [Document { node: node(object), component: None, place: None }];
        let mut problems = Problems::new();
        apply(&[Patch { name: "p".into(), place: None, node: node(patch) }], &mut objects, &mut problems);
        (yaml::emit(&objects[0].node), problems)
    }

    const OBJECT: &str =
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  ports:\n    - 1\n    - 2\n";

    #[test]
    fn a_merge_patch_merges_removes_and_replaces() {
        let (text, problems) = patched(
            OBJECT,
            "target: {kind: Service}\nmerge: {metadata: {labels: {x: 'y'}}, spec: {ports: null, a: {b: null, c: 1}}}",
        );
        assert!(problems.is_empty());
        assert_eq!(
            text,
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  labels:\n    x: \"y\"\nspec:\n  a:\n    c: 1\n"
        );
    }

    #[test]
    fn a_json_patch_does_all_six_operations() {
        let (text, problems) = patched(
            OBJECT,
            "target: {name: a}\njson:\n  - {op: test, path: /spec/ports/0, value: 1}\n  - {op: add, path: /spec/ports/-, value: 3}\n  - {op: add, path: /metadata/annotations, value: {}}\n  - {op: add, path: /metadata/annotations/a~1b, value: x}\n  - {op: remove, path: /spec/ports/0}\n  - {op: replace, path: /spec/ports/0, value: 9}\n  - {op: copy, from: /spec/ports, path: /spec/more}\n  - {op: move, from: /spec/more, path: /spec/other}\n",
        );
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(
            text,
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  annotations:\n    a/b: x\nspec:\n  ports:\n    - 9\n    - 3\n  other:\n    - 9\n    - 3\n"
        );
    }

    #[test]
    fn copies_of_copies_have_an_end() {
        let copies: String =
            (0..40).map(|n| format!("  - {{op: copy, from: /data, path: /data/a{n}}}\n")).collect();
        let (_, problems) =
            patched("{metadata: {name: a}, data: {k: v}}", &format!("target: {{name: a}}\njson:\n{copies}"));
        assert_eq!(
            problems.0[0].message,
            "the patch `p` cannot be applied: the object grows past 100000 values"
        );
    }

    #[test]
    fn a_tilde_stands_for_itself_in_no_pointer() {
        for step in ["~", "a~", "~2"] {
            assert!(pointer(&format!("/{step}")).is_err(), "{step}");
        }
        assert_eq!(pointer("/a~01~1b"), Ok(vec!["a~1/b".to_owned()]));
    }

    #[test]
    fn mistakes_are_told() {
        assert_eq!(
            patched(OBJECT, "target: {kind: Servce, name: a}\nmerge: {}").1.0[0].help,
            ["did you mean `Service/a`?"]
        );
        let (_, problems) = patched(OBJECT, "target: {}\njson: [{op: remove, path: /spec/nope}]");
        assert_eq!(problems.0[0].message, "the patch `p` cannot be applied: there is no `/spec/nope`");
        assert!(patched(OBJECT, "target: {}\njson: [{op: test, path: /kind, value: X}]").1.has_errors());
    }
}
