//! A control plane with kustomize-controller in it, which reconciles the trees that a test publishes.

use super::{
    ControlPlane, Guard,
    api::Api,
    artifacts::Artifacts,
    crds, free_ports,
    journal::Journal,
    object::{Identity, Object},
    stand_in::{Charts, StandIn},
    tree::{self, Part},
    until,
};
use crate::context::Context;
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, fs, path::Path, sync::Arc, time::Duration};

/// What the controllers of Flux and the operator work on.
const KINDS: [(&str, &str); 11] = [
    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
    ("source.toolkit.fluxcd.io/v1", "GitRepository"),
    ("source.toolkit.fluxcd.io/v1", "OCIRepository"),
    ("source.toolkit.fluxcd.io/v1", "Bucket"),
    ("source.toolkit.fluxcd.io/v1", "HelmRepository"),
    ("source.toolkit.fluxcd.io/v1", "ExternalArtifact"),
    ("source.extensions.fluxcd.io/v1beta1", "ArtifactGenerator"),
    ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
    ("notification.toolkit.fluxcd.io/v1beta3", "Provider"),
    ("notification.toolkit.fluxcd.io/v1beta3", "Alert"),
    ("fluxcd.controlplane.io/v1", "FluxInstance"),
];
/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(90);

/// A control plane that runs kustomize-controller.
pub(crate) struct Flux {
    pub(crate) api: Api,
    pub(crate) journal: Arc<Journal>,
    pub(crate) stand_in: Arc<StandIn>,
    artifacts: Artifacts,
    // Dropped in this order.
    controller: Guard,
    _control: ControlPlane,
}

impl Flux {
    /// Starts one, with the namespace of Flux and nothing in it.
    pub(crate) fn start(context: &Context, charts: Charts) -> Self {
        Self::start_with(context, charts, &[])
    }

    /// Starts one whose controller has more arguments.
    pub(crate) fn start_with(context: &Context, charts: Charts, arguments: &[&str]) -> Self {
        let control = ControlPlane::start(context);
        let api = control.api.clone();
        let kinds = KINDS.iter().map(|(version, kind)| (version.to_string(), kind.to_string())).collect();
        crds::define(&api, context.root(), &kinds);
        control.namespace("flux-system", &json!({}));
        let (stand_in, journal) = StandIn::start(&api, context.root().to_owned(), charts);
        for (version, kind) in KINDS {
            journal.watch(version, kind);
        }
        let controller = controller(context, &control, arguments);
        let artifacts = Artifacts::new(context);
        Self { api, journal, stand_in, artifacts, controller, _control: control }
    }

    /// Watches every kind of a tree that is served now; those of charts are watched when they come.
    pub(crate) fn watch_all(&self, parts: &[Part]) {
        for (version, kind) in tree::kinds(parts.iter().flat_map(|part| &part.objects)) {
            if self.api.serves(&version, &kind) {
                self.journal.watch(&version, &kind);
            }
        }
    }

    /// The key of the cluster, as `gen bootstrap` would bring it.
    pub(crate) fn bring_key(&self, context: &Context) {
        let key = fs::read_to_string(tree::key(context)).unwrap();
        let metadata = json!({"name": "sops-age", "namespace": "flux-system"});
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"age.agekey": key}});
        self.api.must_apply(&Object::new(secret));
    }

    /// Publishes a project's trees at a source; the revision.
    pub(crate) fn publish(&self, source: &Identity, project: &Path) -> String {
        let artifact = self.artifacts.make(&source.kind, project);
        let revision = artifact["revision"].as_str().unwrap().to_owned();
        self.stand_in.publish(source, artifact);
        revision
    }

    /// The Kustomizations of Flux's namespace, by name.
    pub(crate) fn kustomizations(&self) -> BTreeMap<String, Json> {
        let found = self.journal.now(|identity| identity.kind == "Kustomization");
        found.into_iter().map(|(identity, object)| (identity.name, object)).collect()
    }

    /// Waits until these Kustomizations are there, and all that are have reconciled what their source holds.
    pub(crate) fn settle(&self, names: &[&str]) {
        self.until("all are ready", || {
            let all = self.kustomizations();
            names.iter().all(|name| all.contains_key(*name)) && all.values().all(|one| self.is_ready(one))
        });
    }

    /// Has a Kustomization reconciled what its source holds, at its present generation?
    pub(crate) fn is_ready(&self, kustomization: &Json) -> bool {
        let source = &kustomization["spec"]["sourceRef"];
        let [kind, name] = ["kind", "name"].map(|key| source[key].as_str().unwrap_or_default());
        let source = Identity::new("source.toolkit.fluxcd.io/v1", kind, "flux-system", name);
        self.stand_in.revision(&source).is_some_and(|revision| is_ready(kustomization, &revision))
    }

    /// What the controller did with objects at a revision, by `Kind/namespace/name`, but for those that it left alone.
    pub(crate) fn done(&self, revision: &str) -> BTreeMap<String, String> {
        let words = self.controller.words();
        let lines = words.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
        let mut done = BTreeMap::new();
        for line in lines.filter(|line| line["revision"] == revision) {
            for (object, action) in line["output"].as_object().into_iter().flatten() {
                let action = action.as_str().unwrap_or_default().to_owned();
                done.insert(object.clone(), action);
            }
        }
        assert!(!done.is_empty(), "nothing was done at {revision}");
        done.retain(|_, action| action != "unchanged");
        done
    }

    /// Waits for something, and tells what is known where it does not come.
    pub(crate) fn until(&self, what: &str, so: impl FnMut() -> bool) {
        let known = || {
            let mut text = format!("{what}\n");
            for (name, object) in self.kustomizations() {
                text.push_str(&format!("{name}: {}\n", condition(&object, "Ready")));
            }
            text + &self.controller.last_words()
        };
        until(LIMIT, &known, so);
    }
}

fn controller(context: &Context, control: &ControlPlane, more: &[&str]) -> Guard {
    let [metrics, health] = free_ports();
    let own = [
        "--watch-all-namespaces".to_owned(),
        "--enable-leader-election=false".to_owned(),
        "--requeue-dependency=1s".to_owned(),
        "--concurrent=8".to_owned(),
        format!("--metrics-addr=127.0.0.1:{metrics}"),
        format!("--health-addr=127.0.0.1:{health}"),
    ];
    let arguments = own.into_iter().chain(more.iter().map(|argument| (*argument).to_owned()));
    let kubeconfig = control.kubeconfig.to_str().unwrap();
    let environment = [("KUBECONFIG", kubeconfig), ("RUNTIME_NAMESPACE", "flux-system")];
    Guard::start(context, &control.folder, "kustomize-controller", &environment, arguments)
}

/// A condition of an object: status, reason and message, or nothing.
pub(crate) fn condition(object: &Json, kind: &str) -> String {
    let conditions = object.pointer("/status/conditions").and_then(Json::as_array);
    let found = conditions.into_iter().flatten().find(|condition| condition["type"] == kind);
    let text = |key: &str| found.and_then(|condition| condition[key].as_str()).unwrap_or_default();
    format!("{} {}: {}", text("status"), text("reason"), text("message"))
}

/// Has a Kustomization reconciled this revision at its present generation?
pub(crate) fn is_ready(kustomization: &Json, revision: &str) -> bool {
    let status = &kustomization["status"];
    condition(kustomization, "Ready").starts_with("True ")
        && status["observedGeneration"] == kustomization["metadata"]["generation"]
        && status["lastAppliedRevision"] == revision
}
