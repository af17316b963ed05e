//! The API server takes every object of every environment and of every example of a pack without an error or a warning,
//! holds what we wrote, and admits the pods.

use crate::{
    cluster::{
        ControlPlane,
        api::{Api, Refused},
        compare::{self, Changes},
        crds,
        object::{Identity, Object, json},
        project::Project,
        tree::{self, Part},
    },
    context::Context,
    hostile::fleet,
    suite::{Case, Judge},
    trees::Tree,
};
use serde_json::{Value as Json, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::{Arc, Mutex},
};

pub(crate) const JUDGE: Judge = Judge {
    name: "kube-apiserver",
    programs: &["kube-apiserver", "etcd", "kubectl", "sops"],
    waits: true,
    cases,
};

/// What the cases share. They come one after another, and each clears away its objects.
struct Court<'c> {
    context: &'c Context,
    control: ControlPlane,
    changes: Changes,
    /// The cases that were asked.
    asked: Mutex<usize>,
}

fn cases(context: &Context) -> Vec<Case<'_>> {
    let control = ControlPlane::start(context);
    control.namespace("flux-system", &json!({}));
    let court = Arc::new(Court { context, control, changes: Changes::default(), asked: Mutex::new(0) });
    let mut cases = Vec::new();
    for tree in context.trees() {
        let court = court.clone();
        cases.push(Case::new(tree.name.clone(), move || court.tree(tree)));
    }
    let mut more = |name: &str, run: fn(&Court)| {
        let court = court.clone();
        cases.push(Case::new(name, move || run(&court)));
    };
    more("own-changes", own_changes);
    let all = cases.len();
    let last = court.clone();
    cases.push(Case::new("changes-are-listed", move || {
        let unseen = last.changes.unseen();
        assert!(*last.asked.lock().unwrap() < all || unseen.is_empty(), "not seen any more: {unseen:#?}");
    }));
    cases.push(Case::new("refuses", move || refuses(&court)));
    cases
}

impl Court<'_> {
    fn tree(&self, tree: &Tree) {
        let parts = tree::parts(self.context, tree);
        if tree.has_root() {
            at_home(&parts);
        } else {
            self.home(tree, &parts);
        }
        let held = self.judge(&parts);
        if tree.name == "hostile" {
            let missed = compare::missed(&fleet::expected(), held.into_values());
            assert!(missed.is_empty(), "{}", missed.join("\n"));
        }
    }

    /// Applies the parts in order, reads every object back, tries their pods, and clears all away but namespaces. What
    /// the API server held.
    fn judge(&self, parts: &[Part]) -> BTreeMap<Identity, Json> {
        let api = &self.control.api;
        let objects: Vec<&Object> = parts.iter().flat_map(|part| &part.objects).collect();
        assert!(!objects.is_empty(), "no object");
        crds::define(api, self.context.root(), &tree::kinds(objects.iter().copied()));
        let (mut wrong, mut all) = (Vec::new(), BTreeMap::new());
        for object in &objects {
            let found = self
                .one(object, &mut all)
                .into_iter()
                .chain(pod(object).and_then(|pod| admission(api, &pod)));
            wrong.extend(found.map(|what| format!("{}: {what}", object.identity())));
        }
        for object in objects.iter().rev().filter(|object| object.json["kind"] != "Namespace") {
            api.clear_away(&object.identity());
        }
        *self.asked.lock().unwrap() += 1;
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        all
    }

    /// What is wrong with an object when it is applied and read back.
    fn one(&self, object: &Object, all: &mut BTreeMap<Identity, Json>) -> Vec<String> {
        match self.control.api.apply(object) {
            Err(Refused { status, message }) => vec![format!("{status} {message}")],
            Ok(applied) => {
                let held = self.control.api.get(&object.identity()).unwrap();
                let changes = self.changes.unlisted(object, &held);
                all.insert(object.identity(), held);
                applied.warnings.into_iter().chain(changes.iter().map(ToString::to_string)).collect()
            }
        }
    }

    /// The namespaces of an example, at the level that its component or its pack says.
    fn home(&self, tree: &Tree, parts: &[Part]) {
        let (pack, example) = tree.name.rsplit_once('/').unwrap();
        let pack = self.context.root().join(pack);
        let read = |file: &str| json(&fs::read_to_string(pack.join(file)).unwrap());
        let (component, pack) = (read(&format!("examples/{example}/component.yaml")), read("pack.yaml"));
        let level = component.get("podSecurity").or(pack.get("podSecurity")).unwrap_or(&Json::Null);
        let labels =
            ["enforce", "warn"].map(|mode| (format!("pod-security.kubernetes.io/{mode}"), level.clone()));
        let labels: Json = labels.into_iter().filter(|(_, level)| !level.is_null()).collect();
        let objects = parts.iter().flat_map(|part| &part.objects);
        let names: BTreeSet<String> = objects.map(|object| object.identity().namespace).collect();
        names.iter().filter(|name| !name.is_empty()).for_each(|name| self.control.namespace(name, &labels));
    }
}

/// Every object is in a namespace that the tree brings, or that every cluster has. Other environments' are there too.
fn at_home(parts: &[Part]) {
    let objects = || parts.iter().flat_map(|part| &part.objects).map(Object::identity);
    let brought = objects().filter(|id| id.kind == "Namespace").map(|id| id.name);
    let homes: BTreeSet<String> =
        brought.chain(["", "flux-system", "kube-system"].map(str::to_owned)).collect();
    let strange: Vec<String> =
        objects().filter(|id| !homes.contains(&id.namespace)).map(|id| id.to_string()).collect();
    assert!(strange.is_empty(), "in no namespace of the tree: {strange:?}");
}

/// A pod as the controller of a workload would make it.
fn pod(object: &Object) -> Option<Json> {
    let template = match object.json["kind"].as_str()? {
        "Deployment" | "DaemonSet" | "StatefulSet" | "Job" => object.json.pointer("/spec/template"),
        "CronJob" => object.json.pointer("/spec/jobTemplate/spec/template"),
        _ => None,
    };
    let mut pod = template?.clone();
    pod["apiVersion"] = "v1".into();
    pod["kind"] = "Pod".into();
    pod["metadata"]["name"] = object.json["metadata"]["name"].clone();
    pod["metadata"]["namespace"] = object.json["metadata"]["namespace"].clone();
    for claim in object.json["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten() {
        let name = &claim["metadata"]["name"];
        let volume = json!({"name": name, "persistentVolumeClaim": {"claimName": name}});
        match &mut pod["spec"]["volumes"] {
            Json::Array(volumes) => volumes.push(volume),
            none => *none = json!([volume]),
        }
    }
    Some(pod)
}

/// Why a pod is not admitted without a word. Its priority class is the cluster's matter.
fn admission(api: &Api, pod: &Json) -> Option<String> {
    if let Some(name) = pod.pointer("/spec/priorityClassName") {
        let class = json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": 1});
        api.must_apply(&Object::new(class));
    }
    match api.try_create(pod) {
        Err(why) => Some(format!("its pod: {} {}", why.status, why.message)),
        Ok(made) if made.warnings.is_empty() => None,
        Ok(made) => Some(format!("its pod: {}", made.warnings.join(", "))),
    }
}

/// A fleet that provokes what the API server changes by itself, and what it must not change.
fn own_changes(court: &Court) {
    let project = Project::new(court.context, "own-changes");
    project.write(
        "environments/fleet.yaml",
        "source: {kind: GitRepository, url: \"https://example.com/fleet\", ref: {branch: main}}\n\
         flux: {version: \"2.9\", sync: none}\n",
    );
    let values = json!({
        "gone": null, "kept": {"gone": null, "list": [null]}, "on": "on", "y": "n", "octal": "0755", "float": 1.5,
        "large": 9_007_199_254_740_993_i64, "empty": {}, "list": [], "text": "", "blank": " ", "lines": "a\n\n b\n",
    });
    let config =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "null"}, "immutable": null});
    let resources = json!({"requests": {"cpu": "100m", "memory": "1024Ki"}, "limits": {"cpu": "1000m"}});
    let chart = json!({"url": "oci://example.com/charts/release", "version": "1.10.0"});
    let components = json!({
        "app": {"pack": "web-app", "inputs": {"image": "example.com/app:1.10", "port": 8080, "resources": resources}},
        "release": {"pack": "helm-release", "chart": chart, "values": values},
        "null": {"pack": "raw", "extra": {"null": config}},
    });
    let cluster = json!({"name": "one", "domain": "one.example.com"});
    let one = json!({"kubernetes": "1.34", "cluster": cluster, "components": components});
    project.write("environments/one.yaml", &one.to_string());
    project.render("one");
    let held = court.judge(&project.parts("one"));
    let release = held.iter().find(|(identity, _)| identity.kind == "HelmRelease").unwrap().1;
    assert_eq!(release["spec"]["values"], values);
}

/// The judge itself is judged: what is wrong is refused or warned of.
fn refuses(court: &Court) {
    let api = &court.control.api;
    let strict = json!({"pod-security.kubernetes.io/enforce": "restricted"});
    court.control.namespace("refuses", &strict);
    let refused = |text: &str, why: &str| {
        let object = &Object::read(text)[0];
        let message = api.apply(object).err().expect(text).message;
        assert!(message.contains(why), "{message}");
    };
    let head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: wrong\n  namespace: refuses\n";
    refused(&format!("{head}dataa: {{}}\n"), "field not declared in schema");
    refused(&format!("{head}data:\n  port: 80\n"), "expected string");
    refused(&format!("{head}data:\n  on: yes\n"), "expected string");
    let pod = |security: Json| {
        let container = json!({"name": "main", "image": "example.com/main:1", "securityContext": security});
        let metadata = json!({"name": "wrong", "namespace": "refuses"});
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}})
    };
    let message = admission(api, &pod(json!({"privileged": true}))).unwrap();
    assert!(message.contains("violates PodSecurity \"restricted:latest\""), "{message}");
    let warned =
        json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "old", "namespace": "refuses"}});
    let warnings = api.try_create(&warned).unwrap().warnings;
    assert!(warnings.iter().any(|warning| warning.contains("deprecated")), "{warnings:?}");
    twice(api);
}

/// What `kubernetes/service-port`, `kubernetes/pod-names` and `kubernetes/port-reference` find is refused; one port of two
/// containers, of which `kubernetes/port-clash` warns, is not.
fn twice(api: &Api) {
    let apply = |kind: &str, name: &str, spec: &str| {
        let head = format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: refuses}}\n");
        api.apply(&Object::read(&format!("{head}spec: {spec}\n"))[0])
    };
    let refused = |kind: &str, spec: &str, why: &str| {
        let message = apply(kind, "twice", spec).err().unwrap_or_else(|| panic!("{spec} is taken")).message;
        assert!(message.contains(why), "{spec}: {message}");
    };
    refused("Service", "{ports: [{name: a, port: 80}, {name: b, port: 80}]}", "duplicate");
    let pod = |containers: &str, more: &str| {
        let secure =
            "securityContext: {runAsNonRoot: true, runAsUser: 1, seccompProfile: {type: RuntimeDefault}}";
        format!("{{{secure}, containers: [{containers}]{more}}}")
    };
    let main = |more: &str| {
        let secure = "{allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}";
        format!("{{name: a, image: a, securityContext: {secure}{more}}}")
    };
    let one = |more: &str| pod(&main(more), ", volumes: [{name: v, emptyDir: {}}, {name: w, emptyDir: {}}]");
    let other = main("").replace("name: a", "name: b");
    assert_eq!(apply("Pod", "once", &one("")).err().map(|refused| refused.message), None);
    refused("Pod", &pod(&format!("{}, {}", main(""), main("")), ""), "duplicate");
    refused("Pod", &pod(&main(""), &format!(", initContainers: [{}]", main(""))), "Duplicate");
    refused(
        "Pod",
        &pod(&main(""), ", volumes: [{name: v, emptyDir: {}}, {name: v, emptyDir: {}}]"),
        "duplicate",
    );
    refused("Pod", &one(", volumeMounts: [{name: v, mountPath: /x}, {name: w, mountPath: /x}]"), "duplicate");
    refused("Pod", &one(", volumeMounts: [{name: other, mountPath: /x}]"), "Not found");
    refused("Pod", &one(", env: [{name: A, value: a}, {name: A, value: b}]"), "duplicate");
    refused(
        "Pod",
        &one(", ports: [{name: x, containerPort: 80}, {name: y, containerPort: 80}]"),
        "duplicate",
    );
    let ports = ", ports: [{containerPort: 80}]";
    let both = pod(&format!("{}, {}", main(ports), other.replacen(", sec", &format!("{ports}, sec"), 1)), "");
    assert_eq!(apply("Pod", "both", &both).err().map(|refused| refused.message), None);
}
