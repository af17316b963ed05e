//! Environments made by hand, and whole trees as text.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    config::{PackFile, When},
    diag::{Severity, Sources, Spot},
    resolve::{
        BaseFile, Cluster, Component, ComponentFlux, Flux, Namespace, OnFailure, OwnFluxSystem, PodSecurity,
        SealedFile, Source, SourceRef, Sync,
    },
    schema::Schema,
    tree::Document,
    yaml::{Map, Node, read_manifests},
};
use indexmap::IndexMap;

fn place() -> Place {
    Place::top(Sources::new().add("environments/prod.yaml", ""))
}

fn at(byte: usize) -> Place {
    Place::new(Sources::new().add("environments/prod.yaml", ""), byte..byte + 1)
}

pub(super) fn object(api: &str, kind: &str, namespace: &str, name: &str) -> Document {
    let mut metadata = Map::new();
    for (key, value) in [("name", name), ("namespace", namespace)] {
        if !value.is_empty() {
            metadata.insert(key, Node::new(value));
        }
    }
    let node = Node::new(Map::from_iter([
        ("apiVersion", Node::new(api)),
        ("kind", Node::new(kind)),
        ("metadata", Node::new(metadata)),
    ]));
    Document { node, component: None, place: None }
}

pub(super) fn parsed(text: &str) -> Vec<Document> {
    let source = Sources::new().add("test.yaml", text);
    let nodes = read_manifests(text, source, &mut Problems::new()).unwrap();
    nodes.into_iter().map(|node| Document { place: node.place(), node, component: None }).collect()
}

fn pack(name: &str) -> Pack {
    Pack {
        name: name.to_owned(),
        builtin: true,
        place: place(),
        file: PackFile {
            description: "x".to_owned(),
            deprecated: None,
            stage: Stage::Apps,
            namespace: None,
            name_max_length: None,
            pod_security: None,
            inputs: None,
            chart: None,
            charts: IndexMap::new(),
            source: None,
            timeout: None,
            on_failure: None,
            ignore_drift: IndexMap::new(),
            provides: IndexMap::new(),
            requires: IndexMap::new(),
            exports: IndexMap::new(),
            secrets: IndexMap::new(),
            cluster_scoped: Vec::new(),
            delimiters: None,
        },
        node: Node::new(Map::new()),
        schema: Schema::default(),
        delimiters: None,
        templates: Vec::new(),
        files: BTreeMap::new(),
        examples: Vec::new(),
        releases: Vec::new(),
    }
}

pub(super) fn component(name: &str) -> Component {
    Component {
        name: name.to_owned(),
        place: place(),
        pack: Arc::new(pack("raw")),
        namespace: name.to_owned(),
        stage: Stage::Apps,
        pod_security: None,
        releases: Vec::new(),
        needs: Vec::new(),
        provides: Vec::new(),
        requires: Vec::new(),
        facts: Node::new(Map::new()),
        inputs: Node::new(Map::new()),
        patches: Vec::new(),
        extra: IndexMap::new(),
        base: Vec::new(),
        source: None,
        flux: ComponentFlux {
            interval: "1h".to_owned(),
            retry_interval: "2m".to_owned(),
            timeout: "5m".to_owned(),
            wait: true,
            suspend: false,
            on_failure: OnFailure::Retry,
            shard: None,
            account: None,
        },
        unread: Vec::new(),
        sealed: Vec::new(),
        secrets: Vec::new(),
    }
}

fn spot(text: &str) -> Spot {
    Spot { text: text.to_owned(), place: None }
}

fn environment(components: Vec<Component>) -> Environment {
    Environment {
        name: "prod".to_owned(),
        place: place(),
        kubernetes: None,
        cluster: Cluster {
            name: "prod".to_owned(),
            domain: None,
            provides: Vec::new(),
            node: Node::new(Map::new()),
        },
        vars: Node::new(Map::new()),
        facts: Node::new(Map::new()),
        source: Source {
            kind: "GitRepository".to_owned(),
            url: spot("https://github.com/example/fleet"),
            reference: SourceRef { branch: Some(spot("main")), ..SourceRef::default() },
            root: "./".to_owned(),
            secret: None,
            provider: None,
            place: None,
        },
        flux: Flux {
            version: "2.9".to_owned(),
            sync: Sync::None,
            registry: "ghcr.io/fluxcd".to_owned(),
            components: vec!["source-controller".to_owned()],
            cluster: None,
            sharding: None,
            storage: None,
            multitenant: false,
            artifacts: false,
            instance: None,
            place: None,
        },
        secrets: crate::resolve::Secrets::default(),
        namespaces: IndexMap::new(),
        components,
        complete: true,
        own_flux_system: None,
    }
}

/// A component with a ConfigMap, so that it is not empty.
fn some(name: &str) -> (Component, String) {
    (component(name), format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}}}"))
}

fn built(env: &Environment, texts: &[&str]) -> (Option<Tree>, Problems) {
    let mut packs = BTreeMap::new();
    let mut crds = pack("prometheus-operator-crds");
    crds.file.provides.insert("monitoring.coreos.com".to_owned(), When::Fixed(true));
    packs.insert(crds.name.clone(), Arc::new(crds));
    let rendered =
        texts.iter().enumerate().map(|(index, text)| Rendered { index, objects: parsed(text) }).collect();
    let mut problems = Problems::new();
    let tree = build(env, &packs, rendered, &mut problems);
    (tree, problems)
}

fn text(env: &Environment, texts: &[&str]) -> String {
    let (tree, problems) = built(env, texts);
    assert!(problems.is_empty(), "{problems:?}");
    let mut text = String::new();
    for (path, file) in tree.unwrap().files() {
        text.push_str(&format!("# {path} ({})\n{}", file.owner, String::from_utf8_lossy(&file.bytes)));
    }
    text
}

fn file(env: &Environment, texts: &[&str], path: &str) -> String {
    let (tree, problems) = built(env, texts);
    assert!(!problems.has_errors(), "{problems:?}");
    let tree = tree.unwrap();
    let file = tree.get(path).unwrap_or_else(|| panic!("no {path}"));
    String::from_utf8(file.bytes.clone()).unwrap()
}

/// The ids and messages of what was found.
fn said(env: &Environment, texts: &[&str]) -> Vec<String> {
    let (tree, problems) = built(env, texts);
    assert_eq!(tree.is_none(), problems.has_errors());
    problems.0.iter().map(|d| format!("{}: {}", d.id, d.message)).collect()
}

fn sealed(name: &str, namespace: &str) -> SealedFile {
    let text = format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n  namespace: {namespace}\ndata: {{}}\nsops: {{}}\n"
    );
    SealedFile {
        owner: "prod".to_owned(),
        file_name: format!("{name}.sops.yaml"),
        node: parsed(&text).remove(0).node,
        bytes: text.into_bytes().into(),
        place: place(),
    }
}

#[test]
fn a_whole_tree() {
    let mut crds = component("prometheus-operator-crds");
    crds.stage = Stage::Infrastructure;
    crds.namespace = "monitoring".to_owned();
    crds.provides = vec![spot("monitoring.coreos.com")];
    let mut kuard = component("kuard");
    kuard.pod_security = Some((PodSecurity::Restricted, None));
    kuard.sealed = vec![sealed("kuard-tls", "kuard")];
    kuard.flux.timeout = "10m".to_owned();
    let mut kind = component("kind");
    kind.stage = Stage::Outside;
    let mut env = environment(vec![crds, kuard, kind]);
    env.flux.sync = Sync::Classic;
    env.source.root = "./fleet/".to_owned();
    env.source.secret = Some("pull".to_owned());
    let text = text(
        &env,
        &[
            "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: prometheus-operator-crds}}",
            "\
{apiVersion: apps/v1, kind: Deployment, metadata: {name: kuard}, spec: {replicas: 1}}
---
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: kuard},
 spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: kuard}}}
---
{apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, metadata: {name: kuard-metrics}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: kuard}, data: {script: \"echo ${HOME}\"}}
",
            "{apiVersion: kind.x-k8s.io/v1alpha4, kind: Cluster, name: local}",
        ],
    );
    assert_eq!(text, include_str!("golden.txt"));
}

#[test]
fn operator_writes_an_instance_and_merges_what_the_user_says() {
    let (mut operator, _) = some("flux-operator");
    operator.namespace = "flux-system".to_owned();
    operator.provides = vec![spot("fluxcd.controlplane.io")];
    let mut env = environment(vec![operator]);
    env.flux.sync = Sync::Operator;
    env.flux.instance = Some(parsed("{cluster: {size: small}}").remove(0).node);
    let release =
        "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: flux-operator}}";
    assert_eq!(
        file(&env, &[release], "cluster/sync.yaml"),
        "\
apiVersion: fluxcd.controlplane.io/v1
kind: FluxInstance
metadata:
  name: flux
  namespace: flux-system
  annotations:
    kustomize.toolkit.fluxcd.io/prune: disabled
spec:
  distribution:
    version: \"2.9.x\"
    registry: ghcr.io/fluxcd
  components:
    - source-controller
  sync:
    kind: GitRepository
    url: https://github.com/example/fleet
    ref: refs/heads/main
    path: ./fleet-out/prod/cluster
  cluster:
    size: small
"
    );
    // Nothing but what Flux has already lives in flux-system, so there is no namespace to wait for.
    let kustomization = file(&env, &[release], "cluster/components/flux-operator.yaml");
    assert!(!kustomization.contains("dependsOn"), "{kustomization}");
}

#[test]
fn references_of_an_instance() {
    let of = |kind: &str, reference: SourceRef| {
        let mut env = environment(vec![]);
        env.flux.sync = Sync::Operator;
        env.cluster.provides = vec![spot("fluxcd.controlplane.io")];
        env.source.kind = kind.to_owned();
        env.source.reference = reference;
        env
    };
    let line = |env: &Environment| {
        let sync = file(env, &[], "cluster/sync.yaml");
        sync.lines().find_map(|line| line.trim().strip_prefix("ref: ").map(str::to_owned)).unwrap_or_default()
    };
    let none = SourceRef::default;
    assert_eq!(line(&of("GitRepository", SourceRef { tag: Some(spot("v1")), ..none() })), "refs/tags/v1");
    assert_eq!(
        line(&of("GitRepository", SourceRef { name: Some(spot("refs/pull/1/head")), ..none() })),
        "refs/pull/1/head"
    );
    assert_eq!(line(&of("OCIRepository", SourceRef { tag: Some(spot("stable")), ..none() })), "stable");
    assert_eq!(line(&of("OCIRepository", none())), "latest");
    assert_eq!(
        said(&of("OCIRepository", SourceRef { semver: Some(spot("1.x")), ..none() }), &[]),
        ["layout/instance-ref: a FluxInstance cannot follow a `semver`"]
    );
    let alone = SourceRef { semver_filter: Some(spot(".")), ..none() };
    assert_eq!(
        said(&of("OCIRepository", alone), &[]),
        ["layout/source-ref: `ref.semverFilter` stands without a `ref.semver`"]
    );
    assert_eq!(
        said(&of("OCIRepository", SourceRef { branch: Some(spot("main")), ..none() }), &[]),
        ["layout/source-ref: a source of kind OCIRepository does not know `ref.branch`"]
    );
    assert_eq!(
        said(&of("GitRepository", none()), &[]),
        ["layout/source-ref: the source does not say what to follow"]
    );
}

#[test]
fn sync_operator_needs_an_operator_of_the_right_name() {
    let (other, text) = some("other");
    let mut env = environment(vec![other]);
    env.flux.sync = Sync::Operator;
    assert_eq!(
        said(&env, &[&text]),
        ["layout/no-flux-operator: `sync: operator` needs flux-operator, and nothing brings it"]
    );
    env.components[0].provides = vec![spot("fluxcd.controlplane.io")];
    assert_eq!(
        said(&env, &[&text]),
        [
            "layout/flux-operator-name: flux-operator must be the component `flux-operator` in `flux-system`, not `other` in `other`"
        ]
    );
}

#[test]
fn a_root_of_the_users_own_is_listed_and_allows_no_second() {
    let (one, text) = some("one");
    let mut env = environment(vec![one]);
    let own = |objects| OwnFluxSystem {
        path: "fleet-out/prod/cluster/flux-system/kustomization.yaml".to_owned(),
        objects,
    };
    env.own_flux_system = Some(own(vec![spot("Kustomization")]));
    let list = file(&env, &[&text], "cluster/kustomization.yaml");
    assert!(
        list.ends_with("resources:\n  - components/one.yaml\n  - flux-system\n  - namespaces.yaml\n"),
        "{list}"
    );
    env.flux.sync = Sync::Classic;
    assert_eq!(
        said(&env, &[&text]),
        [
            "layout/own-root: `fleet-out/prod/cluster/flux-system/kustomization.yaml` and `flux.sync` both make the root `flux-system`"
        ]
    );
    env.own_flux_system = Some(own(vec![]));
    let list = file(&env, &[&text], "cluster/kustomization.yaml");
    assert!(list.ends_with("  - flux-system\n  - namespaces.yaml\n  - sync.yaml\n"), "{list}");
}

#[test]
fn pod_security_is_agreed_on_or_said() {
    let member = |name: &str, level: PodSecurity| {
        let (mut component, text) = some(name);
        component.namespace = "shared".to_owned();
        component.pod_security = Some((level, None));
        (component, text)
    };
    let (a, a_text) = member("a", PodSecurity::Restricted);
    let (b, b_text) = member("b", PodSecurity::Privileged);
    let mut env = environment(vec![a, b]);
    let texts: &[&str] = &[&a_text, &b_text];
    let (_, problems) = built(&env, texts);
    assert_eq!(problems.0[0].id, "layout/pod-security");
    assert_eq!(problems.0[0].help[0], "say so: `namespaces: {shared: {podSecurity: privileged}}`");
    let say =
        Namespace { pod_security: Some(PodSecurity::Baseline), labels: None, annotations: None, place: None };
    env.namespaces.insert("shared".to_owned(), say);
    let namespace = file(&env, texts, "namespaces/namespace-shared.yaml");
    assert!(namespace.contains("pod-security.kubernetes.io/enforce: baseline"), "{namespace}");
}

#[test]
fn a_namespace_with_text_that_looks_like_a_variable_is_kept_from_substitution() {
    let (one, text) = some("one");
    let mut env = environment(vec![one]);
    let annotations = Node::new(Map::from_iter([("shell".to_owned(), Node::new("${HOME}"))]));
    let say = Namespace { pod_security: None, labels: None, annotations: Some(annotations), place: None };
    env.namespaces.insert("one".to_owned(), say);
    let namespace = file(&env, &[&text], "namespaces/namespace-one.yaml");
    assert!(
        namespace.ends_with("    shell: ${HOME}\n    kustomize.toolkit.fluxcd.io/substitute: disabled\n"),
        "{namespace}"
    );
}

#[test]
fn given_namespaces_are_never_written() {
    let (mut one, text) = some("one");
    one.namespace = "kube-system".to_owned();
    let mut env = environment(vec![one]);
    let (tree, problems) = built(&env, &[&text]);
    let tree = tree.unwrap();
    assert!(problems.is_empty());
    assert!(tree.files().all(|(path, _)| !path.as_str().contains("namespace")), "{tree:?}");
    let say = Namespace { pod_security: None, labels: None, annotations: None, place: None };
    env.namespaces.insert("flux-system".to_owned(), say);
    assert_eq!(
        said(&env, &[&text]),
        ["layout/given-namespace: `gen` never writes the namespace `flux-system`"]
    );
}

#[test]
fn a_namespace_that_nothing_lives_in_is_not_written() {
    let issuers = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a}}";
    let env = environment(vec![component("roles")]);
    let (tree, _) = built(&env, &[issuers]);
    assert!(tree.unwrap().get("namespaces/kustomization.yaml").is_none());
}

#[test]
fn needs_become_edges_and_mistakes_are_told() {
    let (ingress, ingress_text) = some("ingress");
    let (mut kuard, kuard_text) = some("kuard");
    kuard.needs = vec![spot("ingress")];
    let mut env = environment(vec![ingress, kuard, component("empty"), component("kind")]);
    env.components[3].stage = Stage::Outside;
    let texts: &[&str] = &[&ingress_text, &kuard_text, "", "{kind: Cluster}"];
    let kustomization = file(&env, texts, "cluster/components/kuard.yaml");
    assert!(
        kustomization.contains("  dependsOn:\n    - name: namespaces\n    - name: ingress\n"),
        "{kustomization}"
    );
    env.components[1].needs = vec![spot("empty"), spot("kind")];
    let (_, problems) = built(&env, texts);
    let said: Vec<(&str, &str)> =
        problems.0.iter().map(|d| (d.message.as_str(), d.help[0].as_str())).collect();
    assert_eq!(
        said,
        [
            ("the component `empty` has no objects", "remove it, or set the inputs that make its objects"),
            (
                "`kuard` needs `empty`, which has no objects and so nothing that becomes ready",
                "remove `empty` from `needs`"
            ),
            (
                "`kuard` needs `kind`, which is outside the cluster and never becomes ready",
                "remove `kind` from `needs`"
            ),
        ]
    );
}

const MONITOR: &str = "{apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, metadata: {name: m}}";

#[test]
fn custom_resources_come_after_their_definitions() {
    let (mut crds, crds_text) = some("crds");
    crds.provides = vec![spot("monitoring.coreos.com")];
    let (mut hidden, hidden_text) = some("hidden");
    hidden.requires = vec![spot("monitoring.coreos.com")];
    let env = environment(vec![crds, component("own"), hidden]);
    let texts: &[&str] = &[&crds_text, MONITOR, &hidden_text];
    for name in ["own", "hidden"] {
        let kustomization = file(&env, texts, &format!("cluster/components/{name}.yaml"));
        assert!(kustomization.contains("    - name: crds\n"), "{kustomization}");
    }
    let kustomization = file(&env, texts, "cluster/components/crds.yaml");
    assert!(!kustomization.contains("name: crds\n  interval"), "{kustomization}");
}

#[test]
fn definitions_among_the_objects_count_too() {
    let crd = "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: x}, spec: {group: example.com}}";
    let own = "{apiVersion: example.com/v1, kind: Thing, metadata: {name: x}}";
    let env = environment(vec![component("both"), component("user")]);
    let both = format!("{crd}\n---\n{own}");
    let texts: &[&str] = &[&both, "{apiVersion: example.com/v1, kind: Thing, metadata: {name: y}}"];
    assert!(file(&env, texts, "cluster/components/user.yaml").contains("- name: both\n"));
    assert!(!file(&env, texts, "cluster/components/both.yaml").contains("- name: both\n"));
}

#[test]
fn nobody_provides() {
    let mut env = environment(vec![component("own")]);
    let (_, problems) = built(&env, &[MONITOR]);
    assert_eq!(problems.0.len(), 1);
    assert_eq!(
        problems.0[0].message,
        "nothing brings the custom resource definitions of `monitoring.coreos.com`, used by `own`"
    );
    assert_eq!(
        problems.0[0].help,
        [
            "add a component with the pack `prometheus-operator-crds`",
            "or, if the cluster has them: `cluster: {provides: [monitoring.coreos.com]}`"
        ]
    );
    for given in ["monitoring.coreos.com", "*"] {
        env.cluster.provides = vec![spot(given)];
        assert!(built(&env, &[MONITOR]).0.is_some());
    }
    env.cluster.provides.clear();
    let typo = "{apiVersion: networking.k8s.oi/v1, kind: Ingress, metadata: {name: x}}";
    let (_, problems) = built(&env, &[typo]);
    assert_eq!(problems.0[0].help[0], "did you mean the API group `networking.k8s.io`?");
}

#[test]
fn two_provide() {
    let two = |group: &str| {
        let provider = |name: &str| {
            let (mut component, text) = some(name);
            component.provides = vec![spot(group)];
            (component, text)
        };
        let ((a, a_text), (b, b_text)) = (provider("a"), provider("b"));
        said(&environment(vec![a, b]), &[&a_text, &b_text])
    };
    assert_eq!(
        two("monitoring.coreos.com"),
        [
            "layout/two-providers: more than one component brings the custom resource definitions of `monitoring.coreos.com`: `a` and `b`"
        ]
    );
    for group in ["metrics.k8s.io", "custom.metrics.k8s.io"] {
        assert_eq!(
            two(group),
            [format!("layout/two-providers: more than one component serves the API `{group}`: `a` and `b`")]
        );
    }
}

#[test]
fn own_release_brings_the_definitions_of_own_objects() {
    let mut stack = component("stack");
    stack.provides = vec![spot("monitoring.coreos.com")];
    stack.releases = vec![crate::resolve::Release {
        key: String::new(),
        name: "stack".to_owned(),
        chart: crate::resolve::Chart {
            url: spot("oci://x"),
            name: None,
            version: "1.0.0".to_owned(),
            digest: None,
            place: None,
        },
        needs: Vec::new(),
        values: None,
    }];
    assert_eq!(
        said(&environment(vec![stack]), &[MONITOR]),
        [
            "layout/own-definitions: `stack` has objects of `monitoring.coreos.com`, whose definitions its own release brings"
        ]
    );
}

#[test]
fn a_cycle_shows_its_path() {
    let (mut crds, crds_text) = some("crds");
    crds.provides = vec![spot("monitoring.coreos.com")];
    crds.needs = vec![Spot { text: "a".to_owned(), place: Some(at(1)) }];
    let (mut before, before_text) = some("before");
    before.needs = vec![spot("a")];
    let mut a = component("a");
    a.needs = vec![Spot { text: "b".to_owned(), place: Some(at(2)) }];
    let env = environment(vec![before, a, component("b"), crds]);
    let a_text = "{apiVersion: v1, kind: Service, metadata: {name: a}}";
    let (_, problems) = built(&env, &[&before_text, a_text, MONITOR, &crds_text]);
    assert_eq!(problems.0.len(), 1);
    let diagnostic = &problems.0[0];
    assert_eq!(diagnostic.id, "layout/cycle");
    assert_eq!(diagnostic.message, "components wait for each other: `a` → `b` → `crds` → `a`");
    let labels: Vec<&str> = diagnostic.labels.iter().map(|label| label.text.as_str()).collect();
    assert_eq!(
        labels,
        ["`a` needs `b`", "`b` uses `monitoring.coreos.com`, which `crds` brings", "`crds` needs `a`"]
    );
}

#[test]
fn sealed_files_are_copied_listed_and_opened_by_flux() {
    let mut one = component("one");
    one.sealed = vec![sealed("token", "one")];
    let env = environment(vec![one]);
    assert!(file(&env, &[""], "apps/one/token.sops.yaml").ends_with("sops: {}\n"));
    assert!(file(&env, &[""], "apps/one/kustomization.yaml").ends_with("resources:\n  - token.sops.yaml\n"));
    let kustomization = file(&env, &[""], "cluster/components/one.yaml");
    assert!(
        kustomization.ends_with("  decryption:\n    provider: sops\n    secretRef:\n      name: sops-age\n")
    );
}

#[test]
fn a_sealed_secret_for_another_namespace_is_refused_with_the_remedy() {
    let mut one = component("one");
    one.sealed = vec![sealed("token", "elsewhere")];
    let (_, problems) = built(&environment(vec![one]), &[""]);
    assert_eq!(problems.0[0].id, "layout/sealed-namespace");
    assert_eq!(
        problems.0[0].help,
        [
            "with a private key: gen edit prod one/token, and say `namespace: one` in it",
            "without one: gen seal prod one/token --replace"
        ]
    );
}

#[test]
fn a_base_is_copied_file_for_file() {
    let mut one = component("one");
    let base = |path: &str, text: &str| BaseFile {
        path: path.to_owned(),
        bytes: Arc::from(text.as_bytes()),
        place: None,
    };
    one.base = vec![base("kustomization.yaml", "#x\n"), base("sub/a.yaml", "#x\n")];
    let mut env = environment(vec![one]);
    assert_eq!(file(&env, &[""], "apps/one/base/sub/a.yaml"), "#x\n");
    assert!(file(&env, &[""], "apps/one/kustomization.yaml").ends_with("resources:\n  - base\n"));
    assert!(!file(&env, &[""], "cluster/components/one.yaml").contains("decryption"));
    let value = "ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]";
    env.components[0].base.push(base("x.env", &format!("A={value}\nsops_mac=x\n")));
    env.secrets.decryption.secret = "our-key".to_owned();
    assert!(file(&env, &[""], "cluster/components/one.yaml").contains("name: our-key\n"));
}

#[test]
fn a_component_that_lives_elsewhere_has_no_folder() {
    let mut crds = component("gateway-api-crds");
    crds.provides = vec![spot("gateway.networking.k8s.io")];
    let source = "{kind: GitRepository, url: 'https://github.com/kubernetes-sigs/gateway-api', ref: {tag: v1.4.0}, path: ./config/crd, prune: false}";
    crds.source = Some(parsed(source).remove(0).node);
    let mut env = environment(vec![crds, component("route")]);
    let route = "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: route}}";
    assert_eq!(
        file(&env, &["", route], "cluster/components/gateway-api-crds.yaml"),
        "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: gateway-api-crds
  namespace: flux-system
spec:
  interval: 1h
  url: https://github.com/kubernetes-sigs/gateway-api
  ref:
    tag: v1.4.0
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: gateway-api-crds
  namespace: flux-system
spec:
  dependsOn:
    - name: namespaces
  interval: 1h
  retryInterval: 2m
  timeout: 5m
  sourceRef:
    kind: GitRepository
    name: gateway-api-crds
  path: ./config/crd
  prune: false
  wait: true
"
    );
    let (tree, _) = built(&env, &["", route]);
    let tree = tree.unwrap();
    assert!(tree.files().all(|(path, _)| !path.as_str().starts_with("apps/gateway-api-crds")));
    assert!(tree.get("namespaces/namespace-gateway-api-crds.yaml").is_none());
    env.components[0].sealed = vec![sealed("token", "x")];
    assert_eq!(
        said(&env, &["", route]),
        [
            "layout/source-with-objects: the component `gateway-api-crds` lives elsewhere, so it has no folder for objects"
        ]
    );
}

#[test]
fn one_object_twice_is_an_error_with_both_places() {
    let (a, _) = some("a");
    let (b, _) = some("b");
    let mut env = environment(vec![a, b]);
    env.components[1].sealed = vec![sealed("s", "b")];
    let a_text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: a}}";
    let b_text =
        format!("# other place\n{a_text}\n---\n{{apiVersion: v1, kind: Secret, metadata: {{name: s}}}}");
    let (_, problems) = built(&env, &[a_text, &b_text]);
    let said: Vec<&str> = problems.0.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(said, ["ConfigMap a/x is written twice", "Secret b/s is written twice"]);
    let labels: Vec<&str> = problems.0[0].labels.iter().map(|label| label.text.as_str()).collect();
    assert_eq!(labels, ["in `apps/b/configmap-x.yaml`", "first in `apps/a/configmap-x.yaml`"]);
}

#[test]
fn a_namespace_of_a_components_own_is_a_duplicate() {
    let (one, text) = some("one");
    let both = format!("{text}\n---\n{{apiVersion: v1, kind: Namespace, metadata: {{name: one}}}}");
    let (_, problems) = built(&environment(vec![one]), &[&both]);
    assert_eq!(problems.0[0].message, "Namespace one is written twice");
    assert_eq!(problems.0[0].help, ["remove it here, and say what it needs under `namespaces:`"]);
}

#[test]
fn names_of_ours_in_flux_system_are_taken() {
    let (mut one, _) = some("one");
    one.namespace = "flux-system".to_owned();
    let own = "{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {name: one}}";
    assert_eq!(
        said(&environment(vec![one]), &[own]),
        [
            "layout/duplicate-object: Kustomization.kustomize.toolkit.fluxcd.io flux-system/one is written twice"
        ]
    );
}

#[test]
fn an_environment_without_anything_is_an_empty_tree() {
    let (tree, problems) = built(&environment(vec![]), &[]);
    assert!(tree.unwrap().is_empty() && problems.is_empty());
}

#[test]
fn warnings_alone_do_not_stop() {
    let (tree, problems) = built(&environment(vec![component("empty")]), &[""]);
    assert!(tree.is_some());
    assert_eq!(problems.0[0].severity, Severity::Warning);
    assert_eq!(problems.0[0].id, "layout/empty-component");
}

#[test]
fn objects_outside_stay_as_they_are() {
    let mut kind = component("kind");
    kind.stage = Stage::Outside;
    let env = environment(vec![kind]);
    let text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: \"${b}\"}}";
    assert_eq!(
        file(&env, &[text], "outside/kind/configmap-x.yaml"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  a: ${b}\n"
    );
    let (tree, _) = built(&env, &[text]);
    assert_eq!(tree.unwrap().len(), 1);
}

#[test]
fn the_same_in_any_order_of_arrival() {
    let ((a, a_text), (b, b_text)) = (some("a"), some("b"));
    let env = environment(vec![a, b]);
    let part = |index: usize, text: &str| super::component(&env, Rendered { index, objects: parsed(text) });
    let packs = BTreeMap::new();
    let mut problems = Problems::new();
    let one = join(&env, &packs, vec![part(0, &a_text), part(1, &b_text)], &mut problems);
    let other = join(&env, &packs, vec![part(1, &b_text), part(0, &a_text)], &mut problems);
    assert_eq!(one, other);
    assert!(one.is_some());
}
