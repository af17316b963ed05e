//! Trees made by hand for the tests of checks.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    diag::{Place, Sources},
    tree::{Document, File, TreePath},
    yaml::{self, read_manifests},
};
use std::sync::Arc;

/// A value.
pub(super) fn node(text: &str) -> Node {
    let source = Sources::new().add("test.yaml", text);
    read_manifests(text, source, &mut Problems::new()).unwrap().remove(0)
}

/// A tree of files: those under `base/` and `*.sops.yaml` are copied, all others hold objects of ours.
pub(super) fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new("prod");
    let mut sources = Sources::new();
    for (path, text) in files {
        let path = TreePath::new(*path).unwrap();
        let source = sources.add(path.as_str(), *text);
        let owner: Arc<str> = path.as_str().split('/').nth(1).unwrap_or("cluster").into();
        let copied = path.as_str().contains("/base/") || path.as_str().ends_with(".sops.yaml");
        let document = |node: Node| Document { place: node.place(), node, component: Some(owner.clone()) };
        let documents: Vec<Document> = match copied {
            true => Vec::new(),
            false => read_manifests(text, source, &mut Problems::new())
                .unwrap()
                .into_iter()
                .map(document)
                .collect(),
        };
        let place = Some(Place::top(source));
        tree.insert(path, File { owner, bytes: text.as_bytes().to_vec(), documents, place }).unwrap();
    }
    tree
}

pub(super) fn policy() -> Policy {
    Policy {
        output: "fleet-out/prod".to_owned(),
        folder: Some("./fleet-out/prod".to_owned()),
        source_kind: Some("GitRepository".to_owned()),
        flux: Some("2.9".to_owned()),
        laid_out: true,
        ..Policy::default()
    }
}

/// What a check says of a tree that `gen` laid out.
pub(super) fn findings(id: &str, files: &[(&str, &str)]) -> Vec<Diagnostic> {
    check(&tree(files), None, &policy()).findings.0.into_iter().filter(|finding| finding.id == id).collect()
}

/// The messages of it.
pub(super) fn messages(id: &str, files: &[(&str, &str)]) -> Vec<String> {
    findings(id, files).into_iter().map(|finding| finding.message).collect()
}

#[test]
fn every_check_is_told_apart_and_explained() {
    let mut ids: Vec<&str> = CHECKS.iter().map(|check| check.id()).collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count);
    for check in CHECKS {
        assert!(check.id().split('/').count() == 2, "{}", check.id());
        assert!(!check.summary().ends_with('.') && check.explanation().ends_with('.'), "{}", check.id());
    }
}

#[test]
fn a_sound_tree_has_no_findings() {
    let report = check(&tree(SOUND), None, &policy());
    assert_eq!(report.findings.0, []);
    assert_eq!(report.objects, 9);
}

/// A tree with everything in it that checks look at.
const SOUND: &[(&str, &str)] = &[
    ("namespaces/namespace-kuard.yaml", "{apiVersion: v1, kind: Namespace, metadata: {name: kuard}}"),
    (
        "cluster/components/kuard.yaml",
        "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: kuard, namespace: flux-system}
spec: {path: ./fleet-out/prod/apps/kuard, sourceRef: {kind: GitRepository, name: flux-system}}
",
    ),
    (
        "apps/kuard/deployment.yaml",
        "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: kuard, namespace: kuard, labels: {app.kubernetes.io/name: kuard}}
spec:
  selector: {matchLabels: {app: kuard}}
  template:
    metadata: {labels: {app: kuard}}
    spec: {containers: [{name: kuard, envFrom: [{configMapRef: {name: kuard-env}}]}]}
",
    ),
    (
        "apps/kuard/configmap-kuard-env.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: kuard-env, namespace: kuard}}",
    ),
    (
        "apps/kuard/service.yaml",
        "\
apiVersion: v1
kind: Service
metadata: {name: kuard, namespace: kuard, labels: {app: kuard}}
spec: {selector: {app: kuard}, ports: [{name: http, port: 80}]}
",
    ),
    (
        "apps/kuard/horizontalpodautoscaler.yaml",
        "\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: kuard, namespace: kuard}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: kuard}}
",
    ),
    (
        "apps/kuard/ingress.yaml",
        "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: kuard, namespace: kuard}
spec: {rules: [{http: {paths: [{path: /, backend: {service: {name: kuard, port: {name: http}}}}]}}]}
",
    ),
    (
        "apps/kuard/httproute.yaml",
        "\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: kuard, namespace: kuard}
spec: {rules: [{backendRefs: [{name: kuard, port: 80}]}]}
",
    ),
    (
        "apps/kuard/servicemonitor.yaml",
        "\
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: kuard, namespace: kuard}
spec: {selector: {matchLabels: {app: kuard}}, endpoints: [{port: http}]}
",
    ),
];

#[test]
fn outside_is_not_judged() {
    let bad = "{apiVersion: v1, kind: ConfigMap, metadata: {name: _}}";
    assert_eq!(check(&tree(&[("outside/kind/x.yaml", bad)]), None, &policy()).findings.0, []);
    assert_ne!(check(&tree(&[("apps/kind/x.yaml", bad)]), None, &policy()).findings.0, []);
}

#[test]
fn a_finding_shows_where_the_value_was_set_and_written() {
    let mut sources = Sources::new();
    let (config, template) =
        (sources.add("prod.yaml", "name: _x"), sources.add("a.yaml.j2", "name: {{ x }}"));
    let (config, template) = (Place::top(config), Place::top(template));
    let mut tree = tree(&[(
        "apps/a/b.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: default}}",
    )]);
    let mut file = tree.get("apps/a/b.yaml").unwrap().clone();
    let trail =
        yaml::Trail { config: Some(config), template: Some(template), exact: true, ..Default::default() };
    let name = Node::with("_x", yaml::Origin::from(trail));
    let metadata = file.documents[0].node.as_map_mut().unwrap().get_mut("metadata").unwrap();
    metadata.as_map_mut().unwrap().insert("name", name);
    tree = Tree::new("prod");
    tree.insert(TreePath::new("apps/a/b.yaml").unwrap(), file).unwrap();
    let findings = check(&tree, None, &policy()).findings.0;
    let places: Vec<Place> = findings[0].labels.iter().map(|label| label.place).collect();
    assert_eq!(places, [config, template]);
    assert_eq!(findings[0].outputs.first().map(String::as_str), Some("fleet-out/prod/apps/a/b.yaml"));
}
