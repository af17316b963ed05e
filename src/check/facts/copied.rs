//! Files that are copied as they are: read leniently, because kustomize and SOPS have the last word.

use crate::{
    diag::Problems,
    layout,
    load::inside,
    tree::{Document, File, Tree, TreePath},
    yaml::{self, Node, Value},
};
use std::collections::BTreeMap;

/// Is it a file of Kubernetes objects by its name?
pub(crate) fn is_manifest(path: &TreePath) -> bool {
    let name = path.file_name();
    (name.ends_with(".yaml") || name.ends_with(".yml"))
        && !matches!(name, "kustomization.yaml" | "kustomization.yml")
}

/// The files that kustomize reads first, in a folder of the user's own, with what they say.
pub(crate) fn kustomizations(tree: &Tree) -> impl Iterator<Item = (&TreePath, Node)> {
    let is_one = |path: &TreePath| {
        matches!(path.file_name(), "kustomization.yaml" | "kustomization.yml" | "Kustomization")
    };
    tree.files().filter(move |(path, _)| is_one(path)).flat_map(|(path, file)| {
        let text = file.place.and_then(|place| Some((place, yaml::decode(&file.bytes).ok()?)));
        let nodes =
            text.and_then(|(place, text)| yaml::read_manifests(&text, place.source, &mut Problems::new()));
        nodes.unwrap_or_default().into_iter().map(move |node| (path, node))
    })
}

/// The files of the tree that a generator of such a file takes: the key, empty where the file has several, the path as it
/// is written, the path in the tree, the file.
pub(crate) fn inputs<'a>(
    tree: &'a Tree,
    kustomization: &TreePath,
    generator: &Node,
) -> Vec<(String, String, TreePath, &'a File)> {
    let texts = |key: &str| {
        generator.get(key).and_then(Node::as_seq).unwrap_or_default().iter().filter_map(Node::as_str)
    };
    let one = generator.get("env").and_then(Node::as_str).into_iter();
    let named = texts("files").map(|file| match file.split_once('=') {
        Some((key, file)) => (key, file),
        None => (file.rsplit('/').next().unwrap_or(file), file),
    });
    let several = one.chain(texts("envs")).map(|file| ("", file));
    several
        .chain(named)
        .filter_map(|(key, file)| {
            let path = TreePath::new(inside(kustomization.folder(), file)?).ok()?;
            let found = tree.get(path.as_str())?;
            Some((key.to_owned(), file.to_owned(), path, found))
        })
        .collect()
}

/// What a kustomization may say that changes nothing in objects that a check looks at, but for `namespace`.
const PLAIN: [&str; 9] = [
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "namespace",
    "images",
    "replicas",
    "sortOptions",
    "buildMetadata",
];

/// The manifests of bases whose objects kustomize takes as they stand, each with the namespace that it puts in, if any:
/// no kustomization above them has patches, generators, labels or the like, and they are listed.
pub(super) fn plain(tree: &Tree) -> BTreeMap<&TreePath, Option<String>> {
    let is_in_base = |path: &TreePath| path.as_str().contains("/base/");
    let mut lists: BTreeMap<String, Node> = kustomizations(tree)
        .filter(|(path, _)| is_in_base(path))
        .map(|(path, node)| (path.folder().to_owned(), node))
        .collect();
    let above = |path: &str| {
        let is_above =
            |folder: &&String| path.strip_prefix(&***folder).is_some_and(|rest| rest.starts_with('/'));
        lists.keys().find(is_above).cloned()
    };
    let manifests = tree.files().map(|(path, _)| path).filter(|path| is_in_base(path) && is_manifest(path));
    let manifests: BTreeMap<&str, &TreePath> = manifests.map(|path| (path.as_str(), path)).collect();
    // Without any, all is listed.
    let listed = manifests.values().filter(|path| above(path.as_str()).is_none());
    let mut found: BTreeMap<&TreePath, Option<String>> = listed.map(|path| (*path, None)).collect();
    let outermost: Vec<String> = lists.keys().filter(|folder| above(folder).is_none()).cloned().collect();
    let mut open: Vec<(String, Option<String>)> =
        outermost.into_iter().map(|folder| (folder, None)).collect();
    while let Some((folder, namespace)) = open.pop() {
        let Some(node) = lists.remove(&folder) else { continue };
        if node.members().any(|(key, _)| !PLAIN.contains(&key)) {
            continue;
        }
        let own = || node.get("namespace").and_then(Node::as_str).map(str::to_owned);
        let namespace = namespace.or_else(own);
        let entries = node.get("resources").and_then(Node::as_seq).unwrap_or_default();
        for path in entries.iter().filter_map(|entry| inside(&folder, entry.as_str()?)) {
            match manifests.get(&*path) {
                Some(file) => drop(found.insert(file, namespace.clone())),
                None => open.push((path, namespace.clone())),
            }
        }
    }
    found
}

/// kustomize takes `yes`, `on` and the like for texts, which readers of YAML 1.1 take for booleans.
fn words(node: &mut Node, text: &str) {
    match &mut node.value {
        Value::Map(map) => map.iter_mut().for_each(|(_, node)| words(node, text)),
        Value::Seq(items) => items.iter_mut().for_each(|node| words(node, text)),
        Value::Bool(_) => {
            let written = node.place().and_then(|place| text.get(place.range()));
            let is_word = |word: &&str| word.bytes().all(|b| b.is_ascii_alphabetic());
            let is_bool = |word: &&str| ["true", "false"].contains(&&*word.to_ascii_lowercase());
            let word = written.filter(is_word).filter(|word| !is_bool(word));
            node.value = word.map_or_else(|| node.value.clone(), Value::from);
        }
        _ => {}
    }
}

/// kustomize takes a list apart, of whatever API it is (`List`, `ConfigMapList`), and lists in it too.
fn expanded(node: Node, into: &mut Vec<Node>) {
    let is_list = node.get("kind").and_then(Node::as_str).is_some_and(|kind| kind.ends_with("List"));
    match node.get("items").map(|items| items.value.clone()) {
        Some(Value::Seq(items)) if is_list && node.get("sops").is_none() => {
            items.into_iter().for_each(|item| expanded(item, into));
        }
        Some(Value::Null) if is_list => {}
        _ => into.push(node),
    }
}

/// Is it for tools only? kustomize gives no such object to the cluster: one with this annotation, whatever it says but
/// `false`.
pub(super) fn is_local(node: &Node) -> bool {
    let annotation = node.at(&["metadata", "annotations", "config.kubernetes.io/local-config"]);
    annotation.is_some_and(|said| said.value != Value::Bool(false) && said.as_str() != Some("false"))
}

/// Its objects, in the namespace that kustomize puts them in; none of what cannot be read, which is told elsewhere, and
/// none of what is for tools only, but for Secrets: where they are committed they must be sealed.
pub(super) fn read(file: &File, namespace: Option<&str>) -> Vec<Document> {
    let Some(place) = file.place else { return Vec::new() };
    let Ok(text) = yaml::decode(&file.bytes) else { return Vec::new() };
    let nodes = yaml::read_manifests(&text, place.source, &mut Problems::new()).unwrap_or_default();
    let mut objects = Vec::new();
    nodes.into_iter().for_each(|node| expanded(node, &mut objects));
    objects
        .into_iter()
        .filter(|node| {
            let kind = node.get("kind").and_then(Node::as_str);
            kind.is_some_and(|kind| kind == "Secret" || !is_local(node))
        })
        .map(|node| Document {
            place: node.place().or(Some(place)),
            node,
            component: (!file.owner.is_empty()).then(|| file.owner.clone()),
        })
        .map(|mut document| {
            words(&mut document.node, &text);
            let lives_in_one = !layout::is_cluster_scoped(document.group(), document.kind());
            if let Some(namespace) = namespace.filter(|_| lives_in_one) {
                layout::fill_namespace(&mut document, namespace);
            }
            document
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::tree;

    #[test]
    fn what_kustomize_only_lists_stands_as_it_is() {
        let object = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}";
        let tree = tree(&[
            ("apps/a/base/x.yaml", object),
            ("apps/a/base/sub/y.yaml", object),
            ("apps/a/base/patched/kustomization.yaml", "{resources: [p.yaml], patches: [{path: q.yaml}]}"),
            ("apps/a/base/patched/p.yaml", object),
            ("apps/a/base/patched/q.yaml", object),
            ("apps/b/base/kustomization.yaml", "{namespace: b, resources: [x.yaml, ./sub, labelled, .]}"),
            ("apps/b/base/x.yaml", object),
            ("apps/b/base/unlisted.yaml", object),
            (
                "apps/b/base/sub/kustomization.yaml",
                "{namespace: other, images: [{name: a, newTag: '1'}], resources: [y.yaml]}",
            ),
            ("apps/b/base/sub/y.yaml", object),
            ("apps/b/base/labelled/kustomization.yaml", "{resources: [z.yaml], commonLabels: {a: b}}"),
            ("apps/b/base/labelled/z.yaml", object),
        ]);
        let found = plain(&tree);
        let found: Vec<_> = found.iter().map(|(path, ns)| (path.as_str(), ns.as_deref())).collect();
        assert_eq!(
            found,
            [
                ("apps/a/base/sub/y.yaml", None),
                ("apps/a/base/x.yaml", None),
                ("apps/b/base/sub/y.yaml", Some("b")),
                ("apps/b/base/x.yaml", Some("b")),
            ]
        );
    }

    #[test]
    fn the_namespace_is_that_of_the_kustomization() {
        let text = "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: x}}\n---\n{apiVersion: v1, kind: Namespace, metadata: {name: b}}";
        let tree = tree(&[("apps/a/base/x.yaml", text)]);
        let file = tree.get("apps/a/base/x.yaml").unwrap();
        let namespaces = |namespace| -> Vec<String> {
            read(file, namespace).iter().map(|document| document.namespace().to_owned()).collect()
        };
        assert_eq!(namespaces(Some("b")), ["b", ""]);
        assert_eq!(namespaces(None), ["x", ""]);
    }

    #[test]
    fn a_list_is_what_is_in_it() {
        let read = |text: &str| -> Vec<String> {
            let tree = tree(&[("apps/a/base/x.yaml", text)]);
            let read = read(tree.get("apps/a/base/x.yaml").unwrap(), Some("b"));
            read.iter().map(|d| format!("{} {}/{}", d.kind(), d.namespace(), d.name())).collect()
        };
        let a = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}";
        let list = |items: &str| format!("{{apiVersion: v1, kind: List, items: {items}}}");
        assert_eq!(read(&list(&format!("[{a}, {}]", list(&format!("[{a}]"))))), ["ConfigMap b/a"; 2]);
        assert_eq!(
            read(&format!("{{apiVersion: x/v2, kind: ConfigMapList, items: [{a}]}}")),
            ["ConfigMap b/a"]
        );
        assert!(read(&list("[]")).is_empty() && read(&list("")).is_empty());
        // Without `items` it is an object as any other.
        let own = "{apiVersion: x/v1, kind: AllowList, metadata: {name: w}}";
        assert_eq!(read(own), ["AllowList b/w"]);
        let items = own.replace("}}", "}, items: [a]}").replace("AllowList", "Allow");
        assert_eq!(read(&items), ["Allow b/w"]);
    }

    #[test]
    fn what_is_for_tools_only_is_not_there() {
        let read = |kind: &str, said: &str| {
            let text = format!(
                "{{apiVersion: v1, kind: {kind}, metadata: {{name: a, annotations: {{config.kubernetes.io/local-config: {said}}}}}}}"
            );
            let tree = tree(&[("apps/a/base/x.yaml", &text)]);
            read(tree.get("apps/a/base/x.yaml").unwrap(), None).len()
        };
        assert_eq!(["\"true\"", "true", "''", "yes", ""].map(|said| read("ConfigMap", said)), [0; 5]);
        assert_eq!(read("ConfigMap", "\"false\""), 1);
        assert_eq!(read("Secret", "\"true\""), 1);
    }

    #[test]
    fn words_are_what_kustomize_takes_them_for() {
        let tree =
            tree(&[("apps/a/base/x.yaml", "{kind: A, a: yes, b: [on, 'no', True], c: !!bool yes, d: 1}")]);
        let read = read(tree.get("apps/a/base/x.yaml").unwrap(), None);
        let shown: Vec<Value> =
            ["a", "c", "d"].iter().map(|key| read[0].node.get(key).unwrap().value.clone()).collect();
        assert_eq!(shown, [Value::from("yes"), Value::Bool(true), Value::Int(1)]);
        let items = read[0].node.get("b").and_then(Node::as_seq).unwrap();
        let items: Vec<Value> = items.iter().map(|node| node.value.clone()).collect();
        assert_eq!(items, [Value::from("on"), Value::from("no"), Value::Bool(true)]);
    }
}
