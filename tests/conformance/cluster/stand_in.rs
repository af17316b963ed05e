//! Stands in, openly, for the controllers that do not run here: it gives a status to what they would work on, as
//! kstatus, which kustomize-controller asks for health, wants to see it (fluxcd/cli-utils 1.2).

use super::{
    NOW,
    api::Api,
    crds,
    journal::{Entry, Journal},
    object::Identity,
};
use serde_json::{Value as Json, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, Weak},
};

/// The kinds that it looks after, with their versions.
const KINDS: &[(&str, &str)] = &[
    ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
    ("source.toolkit.fluxcd.io/v1", "GitRepository"),
    ("source.toolkit.fluxcd.io/v1", "OCIRepository"),
    ("source.toolkit.fluxcd.io/v1", "HelmRepository"),
    ("fluxcd.controlplane.io/v1", "FluxInstance"),
    ("apps/v1", "Deployment"),
    ("v1", "PersistentVolumeClaim"),
];

/// What a HelmRelease brings: its name, and the kinds that its chart defines.
pub(crate) type Charts = BTreeMap<&'static str, &'static [(&'static str, &'static str)]>;

/// The stand-in for source-controller, helm-controller, flux-operator and the controllers of Kubernetes.
pub(crate) struct StandIn {
    api: Api,
    root: PathBuf,
    charts: Charts,
    /// Held back from health: kind and name.
    held: Mutex<BTreeSet<(String, String)>>,
    /// What sources hold.
    artifacts: Mutex<BTreeMap<Identity, Json>>,
    journal: OnceLock<Weak<Journal>>,
}

impl StandIn {
    /// Begins to watch and to answer; the journal ends it.
    pub(crate) fn start(api: &Api, root: PathBuf, charts: Charts) -> (Arc<Self>, Arc<Journal>) {
        let (held, artifacts) = (Mutex::default(), Mutex::default());
        let this =
            Arc::new(Self { api: api.clone(), root, charts, held, artifacts, journal: OnceLock::new() });
        let reacting = this.clone();
        let journal = Arc::new(Journal::new(api.clone(), move |entry| reacting.react(entry)));
        let _ = this.journal.set(Arc::downgrade(&journal));
        KINDS.iter().for_each(|(version, kind)| journal.watch(version, kind));
        (this, journal)
    }

    /// Keeps an object, not there yet, from becoming healthy.
    pub(crate) fn hold(&self, kind: &str, name: &str) {
        self.held.lock().unwrap().insert((kind.to_owned(), name.to_owned()));
    }

    /// Makes it healthy after all.
    pub(crate) fn heal(&self, identity: &Identity) {
        self.held.lock().unwrap().remove(&(identity.kind.clone(), identity.name.clone()));
        let object = self.api.get(identity).unwrap_or_else(|| panic!("there is no {identity}"));
        self.give(identity, &object);
    }

    /// What a source holds from now on.
    pub(crate) fn publish(&self, source: &Identity, artifact: Json) {
        self.artifacts.lock().unwrap().insert(source.clone(), artifact);
        let object = self.api.get(source).unwrap_or_else(|| panic!("there is no {source}"));
        self.give(source, &object);
    }

    /// The revision that a source holds.
    pub(crate) fn revision(&self, source: &Identity) -> Option<String> {
        self.artifacts.lock().unwrap().get(source)?["revision"].as_str().map(str::to_owned)
    }

    fn react(&self, entry: &Entry) {
        let ours = KINDS.contains(&(entry.identity.api_version.as_str(), entry.identity.kind.as_str()));
        let key = (entry.identity.kind.clone(), entry.identity.name.clone());
        if !ours || entry.event == "DELETED" || self.held.lock().unwrap().contains(&key) {
            return;
        }
        self.give(&entry.identity, &entry.object);
    }

    /// Gives the object its status, unless it has it.
    fn give(&self, identity: &Identity, object: &Json) {
        let generation = &object["metadata"]["generation"];
        let mut status = match identity.kind.as_str() {
            "Deployment" => deployment(object),
            "PersistentVolumeClaim" => json!({"phase": "Bound"}),
            _ => json!({"conditions": [ready(generation)]}),
        };
        if identity.kind != "PersistentVolumeClaim" {
            status["observedGeneration"] = generation.clone();
        }
        if let Some(artifact) = self.artifacts.lock().unwrap().get(identity) {
            status["artifact"] = artifact.clone();
        }
        if contains(&object["status"], &status) {
            return;
        }
        if let (Some(kinds), "HelmRelease") = (self.charts.get(identity.name.as_str()), &*identity.kind) {
            self.install(kinds);
        }
        // It may be gone again.
        let _ = self.api.merge(identity, "/status", &json!({"status": status}));
    }

    /// The chart's definitions, as helm-controller would apply them.
    fn install(&self, kinds: &[(&str, &str)]) {
        let wanted = kinds.iter().map(|(version, kind)| (version.to_string(), kind.to_string())).collect();
        crds::define(&self.api, &self.root, &wanted);
        if let Some(journal) = self.journal.get().and_then(Weak::upgrade) {
            kinds.iter().for_each(|(version, kind)| journal.watch(version, kind));
        }
    }
}

fn ready(generation: &Json) -> Json {
    json!({
        "type": "Ready", "status": "True", "reason": "Succeeded", "message": "the suite stands in",
        "lastTransitionTime": NOW, "observedGeneration": generation,
    })
}

fn deployment(object: &Json) -> Json {
    let replicas = &object["spec"]["replicas"];
    let condition = |kind: &str, reason: &str| json!({"type": kind, "status": "True", "reason": reason, "lastTransitionTime": NOW, "lastUpdateTime": NOW});
    let conditions = [
        condition("Available", "MinimumReplicasAvailable"),
        condition("Progressing", "NewReplicaSetAvailable"),
    ];
    json!({
        "replicas": replicas, "updatedReplicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas,
        "conditions": conditions,
    })
}

/// Are all fields of `part` in `whole`, with their values?
fn contains(whole: &Json, part: &Json) -> bool {
    match (whole, part) {
        (Json::Object(whole), Json::Object(part)) => {
            part.iter().all(|(key, value)| whole.get(key).is_some_and(|held| contains(held, value)))
        }
        (Json::Array(whole), Json::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(whole, part)| contains(whole, part))
        }
        _ => whole == part,
    }
}
