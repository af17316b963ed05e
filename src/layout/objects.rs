//! What layout changes in objects: `metadata.namespace` where it is missing, no `replicas` where an
//! autoscaler decides them, no pruning of definitions, no post-build substitution where text looks like it.

use super::scope;
use crate::{
    flux,
    resolve::Component,
    tree::Document,
    yaml::{Key, Map, Node, Value},
};

/// Prepares the objects of a component for the cluster.
pub(super) fn prepare(component: &Component, objects: &mut [Document]) {
    let own = own_cluster_scoped(objects);
    let is_cluster_scoped = |object: &Document| {
        let (group, kind) = (object.group(), object.kind());
        scope::is_cluster_scoped(group, kind)
            || own.iter().any(|(g, k)| g == group && k == kind)
            || component.pack.file.cluster_scoped.iter().any(|entry| {
                let (g, k) = entry.rsplit_once('/').unwrap_or(("", entry));
                g == group && k == kind
            })
    };
    for object in objects.iter_mut() {
        if object.namespace().is_empty() && !is_cluster_scoped(object) {
            fill_namespace(object, &component.namespace);
        }
    }
    release_replicas(objects);
    for object in objects.iter_mut() {
        if object.kind() == "CustomResourceDefinition" {
            keep_from_pruning(object);
        }
        keep_from_substitution(object);
    }
}

/// Kinds without a namespace that the objects themselves define.
fn own_cluster_scoped(objects: &[Document]) -> Vec<(String, String)> {
    let text = |object: &Document, path: &[&str]| {
        object.node.at(path).and_then(Node::as_str).unwrap_or("").to_owned()
    };
    objects
        .iter()
        .filter(|object| object.kind() == "CustomResourceDefinition")
        .filter(|object| text(object, &["spec", "scope"]) == "Cluster")
        .map(|object| (text(object, &["spec", "group"]), text(object, &["spec", "names", "kind"])))
        .collect()
}

/// Sets `metadata.namespace`, after the name.
pub fn fill_namespace(object: &mut Document, namespace: &str) {
    let Some(metadata) = member(&mut object.node, "metadata").and_then(Node::as_map_mut) else { return };
    let namespace = Node::new(namespace);
    if metadata.contains("namespace") {
        metadata.insert("namespace", namespace);
    } else {
        let index = metadata.0.get_index_of("name").map_or(0, |index| index + 1);
        metadata.0.shift_insert(index, Key::from("namespace"), namespace);
    }
}

/// An autoscaler decides how many replicas its target has; a number in Git would undo that at each reconciliation.
fn release_replicas(objects: &mut [Document]) {
    let targets: Vec<Target> = objects.iter().filter_map(scale_target).collect();
    for object in objects.iter_mut().filter(|object| targets.iter().any(|target| target.is(object))) {
        if let Some(spec) = member(&mut object.node, "spec").and_then(Node::as_map_mut) {
            spec.remove("replicas");
        }
    }
}

/// What an autoscaler scales.
struct Target {
    group: String,
    kind: String,
    namespace: String,
    name: String,
}

impl Target {
    fn is(&self, object: &Document) -> bool {
        object.kind() == self.kind
            && object.name() == self.name
            && object.group() == self.group
            && object.namespace() == self.namespace
    }
}

fn scale_target(object: &Document) -> Option<Target> {
    if object.kind() != "HorizontalPodAutoscaler" {
        return None;
    }
    let text = |key: &str| object.node.at(&["spec", "scaleTargetRef", key]).and_then(Node::as_str);
    let group = text("apiVersion").and_then(|api| api.rsplit_once('/')).map_or("", |(group, _)| group);
    Some(Target {
        group: group.to_owned(),
        kind: text("kind")?.to_owned(),
        namespace: object.namespace().to_owned(),
        name: text("name")?.to_owned(),
    })
}

/// Marks an object with a literal `${` or `$$`: with any variable about, Flux would change it. Nothing is escaped,
/// because without variables Flux would not unescape. To substitute, Flux also writes the object and reads it again, and
/// what it writes of several lines that begin with a tab, it cannot read.
pub(super) fn keep_from_substitution(object: &mut Document) {
    if is_hurt_by_substitution(&object.node) {
        annotate(object, flux::SUBSTITUTE);
    }
}

/// Lets an object stay in the cluster when it leaves the tree, since more would go with it: with a definition every object of
/// its kinds, with the root everything.
pub(super) fn keep_from_pruning(object: &mut Document) {
    annotate(object, flux::PRUNE);
}

/// Sets an annotation of Flux to `disabled`, unless the author says something about it.
fn annotate(object: &mut Document, annotation: &str) {
    let Some(metadata) = member(&mut object.node, "metadata").and_then(Node::as_map_mut) else { return };
    if metadata.get("annotations").and_then(Node::as_map).is_none() {
        metadata.insert("annotations", Node::new(Map::new()));
    }
    let annotations = metadata.get_mut("annotations").and_then(Node::as_map_mut);
    if let Some(annotations) = annotations.filter(|annotations| !annotations.contains(annotation)) {
        annotations.insert(annotation, Node::new("disabled"));
    }
}

fn is_hurt_by_substitution(node: &Node) -> bool {
    let text = |text: &str| {
        text.as_bytes().windows(2).any(|two| matches!(two, b"${" | b"$$"))
            || text.starts_with('\t') && text.contains('\n')
    };
    match &node.value {
        Value::Str(value) => text(value),
        Value::Seq(items) => items.iter().any(is_hurt_by_substitution),
        Value::Map(map) => map.iter().any(|(key, value)| text(&key.text) || is_hurt_by_substitution(value)),
        _ => false,
    }
}

fn member<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    node.as_map_mut().and_then(|map| map.get_mut(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        layout::tests::{component, parsed},
        yaml,
    };

    fn prepared(text: &str) -> String {
        let mut objects = parsed(text);
        prepare(&component("kuard"), &mut objects);
        yaml::emit_all(&objects.iter().map(|object| &object.node).collect::<Vec<_>>())
    }

    #[test]
    fn namespaces_are_filled_in_where_they_belong() {
        let text = "\
{apiVersion: v1, kind: Service, metadata: {name: a, labels: {x: y}}}
---
{apiVersion: v1, kind: Service, metadata: {name: a, namespace: other}}
---
{apiVersion: v1, kind: Service, metadata: {namespace: null, name: a}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec: {group: example.com, scope: Cluster, names: {kind: Thing}}
---
{apiVersion: example.com/v1, kind: Thing, metadata: {name: a}}
---
{apiVersion: example.org/v1, kind: Thing, metadata: {name: a}}
---
{apiVersion: packs.example.com/v1, kind: Wide, metadata: {name: a}}
";
        let mut objects = parsed(text);
        let mut component = component("kuard");
        let mut pack = (*component.pack).clone();
        pack.file.cluster_scoped = vec!["packs.example.com/Wide".to_owned()];
        component.pack = pack.into();
        prepare(&component, &mut objects);
        let namespaces: Vec<&str> = objects.iter().map(Document::namespace).collect();
        assert_eq!(namespaces, ["kuard", "other", "kuard", "", "", "", "kuard", ""]);
        let keys: Vec<&str> =
            objects[0].node.get("metadata").and_then(Node::as_map).into_iter().flat_map(Map::keys).collect();
        assert_eq!(keys, ["name", "namespace", "labels"]);
    }

    #[test]
    fn an_autoscaler_takes_the_replicas() {
        let text = prepared(
            "\
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 2, paused: false}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: b}, spec: {replicas: 3}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: other}, spec: {replicas: 4}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: a}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}
",
        );
        assert!(!text.contains("replicas: 2") && text.contains("paused: false"), "{text}");
        assert!(text.contains("replicas: 3") && text.contains("replicas: 4"), "{text}");
    }

    #[test]
    fn text_that_substitution_would_hurt_is_kept() {
        let marked = |data: &str| {
            let head = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: ";
            prepared(&format!("{head}{data}}}")).contains("kustomize.toolkit.fluxcd.io/substitute: disabled")
        };
        assert!(marked("{a: \"x ${Y} z\"}"));
        assert!(marked("{a: \"$$\"}"));
        assert!(marked("{\"${a}\": b}"));
        assert!(marked("{a: \"\\tone\\ntwo\"}") && marked("{\"\\tone\\n\": a}"));
        assert!(!marked("{a: \"\\tone\", b: \"one\\n\\ttwo\", c: \" \\t\\n\"}"));
        assert!(!marked("{a: \"$x $(y) {z}\"}"));
    }

    #[test]
    fn definitions_stay_when_they_leave_the_tree() {
        let head = "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a";
        let text = prepared(&format!("{head}}}}}"));
        assert!(text.contains("kustomize.toolkit.fluxcd.io/prune: disabled"), "{text}");
        let text =
            prepared(&format!("{head}, annotations: {{kustomize.toolkit.fluxcd.io/prune: enabled}}}}}}"));
        assert!(text.contains("prune: enabled") && !text.contains("disabled"), "{text}");
    }

    #[test]
    fn what_the_author_says_of_substitution_stays() {
        let text = prepared(
            "\
apiVersion: v1
kind: ConfigMap
metadata: {name: a, annotations: {kustomize.toolkit.fluxcd.io/substitute: enabled}}
data: {a: \"${X}\"}
",
        );
        assert!(text.contains("substitute: enabled") && !text.contains("disabled"), "{text}");
    }
}
