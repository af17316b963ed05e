//! What the API server made of an object: where what it holds is not what was written, and which of that is its right.

use super::object::Object;
use crate::{
    hostile::fleet::{self, Expected},
    objects,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value as Json;
use std::{collections::BTreeSet, fmt, sync::Mutex};

/// One difference.
#[derive(Debug)]
pub(crate) struct Change {
    /// Keys from the top, joined by dots; `[]` is an item of a list.
    pub(crate) path: String,
    /// `None`: not written.
    pub(crate) written: Option<Json>,
    /// `None`: not held.
    pub(crate) held: Option<Json>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let text = |value: &Option<Json>| value.as_ref().map_or("nothing".to_owned(), Json::to_string);
        write!(f, "{}: written {}, held {}", self.path, text(&self.written), text(&self.held))
    }
}

/// Fields that the API server keeps for itself, beside `status`.
const OWN: [&str; 5] = ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"];

/// What it adds to objects of a kind: path and value. `*` is any value: one that it chooses.
const ADDED: &[(&str, &str, &str)] = &[
    ("Bucket", "spec.provider", "\"generic\""),
    ("Bucket", "spec.timeout", "\"60s\""),
    ("Canary", "spec.service.gatewayRefs[].group", "\"gateway.networking.k8s.io\""),
    ("Canary", "spec.service.gatewayRefs[].kind", "\"Gateway\""),
    ("CronJob", "spec.jobTemplate.metadata", "{}"),
    ("CronJob", "spec.suspend", "false"),
    ("CustomResourceDefinition", "spec.conversion", r#"{"strategy":"None"}"#),
    ("DaemonSet", "metadata.annotations", r#"{"deprecated.daemonset.template.generation":"1"}"#),
    ("DaemonSet", "spec.revisionHistoryLimit", "10"),
    (
        "DaemonSet",
        "spec.updateStrategy",
        r#"{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":1,"maxSurge":0}}"#,
    ),
    ("Deployment", "spec.progressDeadlineSeconds", "600"),
    ("Deployment", "spec.replicas", "1"),
    ("Deployment", "spec.revisionHistoryLimit", "10"),
    (
        "Deployment",
        "spec.strategy",
        r#"{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"25%","maxSurge":"25%"}}"#,
    ),
    ("FluxInstance", "spec.cluster.domain", "\"cluster.local\""),
    ("FluxInstance", "spec.cluster.multitenant", "false"),
    ("FluxInstance", "spec.cluster.multitenantWorkloadIdentity", "false"),
    ("FluxInstance", "spec.cluster.networkPolicy", "true"),
    ("FluxInstance", "spec.cluster.type", "\"kubernetes\""),
    ("FluxInstance", "spec.migrateResources", "true"),
    ("FluxInstance", "spec.sharding.key", "\"sharding.fluxcd.io/key\""),
    ("FluxInstance", "spec.sync.interval", "\"1m\""),
    ("FluxInstance", "spec.wait", "true"),
    ("GitRepository", "spec.timeout", "\"60s\""),
    ("HTTPRoute", "spec.parentRefs[].group", "\"gateway.networking.k8s.io\""),
    ("HTTPRoute", "spec.parentRefs[].kind", "\"Gateway\""),
    ("HTTPRoute", "spec.rules[].backendRefs[].group", "\"\""),
    ("HTTPRoute", "spec.rules[].backendRefs[].kind", "\"Service\""),
    ("HTTPRoute", "spec.rules[].backendRefs[].weight", "1"),
    ("HelmRelease", "spec.chart.spec.reconcileStrategy", "\"ChartVersion\""),
    ("HelmRepository", "spec.provider", "\"generic\""),
    ("HorizontalPodAutoscaler", "spec.behavior.scaleDown.selectPolicy", "\"Max\""),
    (
        "HorizontalPodAutoscaler",
        "spec.behavior.scaleUp",
        r#"{"stabilizationWindowSeconds":0,"selectPolicy":"Max","policies":[{"type":"Pods","value":4,"periodSeconds":15},{"type":"Percent","value":100,"periodSeconds":15}]}"#,
    ),
    // A job's pods are found by its identity.
    ("Job", "metadata.labels", "*"),
    ("Job", "spec.completionMode", "\"NonIndexed\""),
    ("Job", "spec.completions", "1"),
    ("Job", "spec.manualSelector", "false"),
    ("Job", "spec.parallelism", "1"),
    ("Job", "spec.podReplacementPolicy", "\"TerminatingOrFailed\""),
    ("Job", "spec.selector", "*"),
    ("Job", "spec.suspend", "false"),
    ("Job", "spec.template.metadata.labels.batch.kubernetes.io/controller-uid", "*"),
    ("Job", "spec.template.metadata.labels.batch.kubernetes.io/job-name", "*"),
    ("Job", "spec.template.metadata.labels.controller-uid", "*"),
    ("Job", "spec.template.metadata.labels.job-name", "*"),
    ("Kustomization", "spec.force", "false"),
    // The greatest allowed is also what a container gets that asks for nothing.
    ("LimitRange", "spec.limits[].default", "*"),
    ("Namespace", "metadata.labels", "*"),
    ("Namespace", "metadata.labels.kubernetes.io/metadata.name", "*"),
    ("Namespace", "spec", r#"{"finalizers":["kubernetes"]}"#),
    ("OCIRepository", "spec.provider", "\"generic\""),
    ("OCIRepository", "spec.timeout", "\"60s\""),
    ("PersistentVolumeClaim", "metadata.finalizers", r#"["kubernetes.io/pvc-protection"]"#),
    ("PersistentVolumeClaim", "spec.volumeMode", "\"Filesystem\""),
    // The parts of a pod, wherever its template stands; `containers` are also initial ones, `probe` is any probe.
    ("Pod", "containers[].env[].valueFrom.fieldRef.apiVersion", "\"v1\""),
    ("Pod", "containers[].imagePullPolicy", "\"IfNotPresent\""),
    ("Pod", "containers[].ports[].protocol", "\"TCP\""),
    ("Pod", "containers[].probe.failureThreshold", "3"),
    ("Pod", "containers[].probe.httpGet.scheme", "\"HTTP\""),
    ("Pod", "containers[].probe.periodSeconds", "10"),
    ("Pod", "containers[].probe.successThreshold", "1"),
    ("Pod", "containers[].probe.timeoutSeconds", "1"),
    ("Pod", "containers[].resources", "{}"),
    ("Pod", "containers[].terminationMessagePath", "\"/dev/termination-log\""),
    ("Pod", "containers[].terminationMessagePolicy", "\"File\""),
    ("Pod", "dnsPolicy", "\"ClusterFirst\""),
    ("Pod", "restartPolicy", "\"Always\""),
    ("Pod", "securityContext", "{}"),
    ("Pod", "schedulerName", "\"default-scheduler\""),
    // The old name of `serviceAccountName`.
    ("Pod", "serviceAccount", "*"),
    ("Pod", "terminationGracePeriodSeconds", "30"),
    ("Pod", "volumes[].configMap.defaultMode", "420"),
    ("Pod", "volumes[].secret.defaultMode", "420"),
    ("Secret", "type", "\"Opaque\""),
    ("Service", "spec.allocateLoadBalancerNodePorts", "true"),
    ("Service", "spec.clusterIP", "*"),
    ("Service", "spec.clusterIPs", "*"),
    ("Service", "spec.externalTrafficPolicy", "\"Cluster\""),
    ("Service", "spec.internalTrafficPolicy", "\"Cluster\""),
    ("Service", "spec.ipFamilies", "[\"IPv4\"]"),
    ("Service", "spec.ipFamilyPolicy", "\"SingleStack\""),
    ("Service", "spec.ports[].nodePort", "*"),
    ("Service", "spec.ports[].protocol", "\"TCP\""),
    ("Service", "spec.ports[].targetPort", "*"),
    ("Service", "spec.sessionAffinity", "\"None\""),
    ("Service", "spec.type", "\"ClusterIP\""),
    (
        "StatefulSet",
        "spec.persistentVolumeClaimRetentionPolicy",
        r#"{"whenDeleted":"Retain","whenScaled":"Retain"}"#,
    ),
    ("StatefulSet", "spec.podManagementPolicy", "\"OrderedReady\""),
    ("StatefulSet", "spec.revisionHistoryLimit", "10"),
    ("StatefulSet", "spec.updateStrategy", r#"{"type":"RollingUpdate","rollingUpdate":{"partition":0}}"#),
    ("StatefulSet", "spec.volumeClaimTemplates[].apiVersion", "\"v1\""),
    ("StatefulSet", "spec.volumeClaimTemplates[].kind", "\"PersistentVolumeClaim\""),
    ("StatefulSet", "spec.volumeClaimTemplates[].spec.volumeMode", "\"Filesystem\""),
    ("StatefulSet", "spec.volumeClaimTemplates[].status", r#"{"phase":"Pending"}"#),
];

/// What it drops from objects of a kind: path and what was written there.
const DROPPED: &[(&str, &str, &str)] = &[
    // In a typed object, null is nothing, and so is an empty text that is the default.
    ("ConfigMap", "immutable", "null"),
    ("Pod", "containers[].env[].value", "\"\""),
];

/// What it rewrites in objects of a kind.
const REWRITTEN: &[(&str, &str)] = &[
    // Quantities take their shortest form: `1000m` is `1`.
    ("Pod", "containers[].resources.limits.cpu"),
    ("Pod", "containers[].resources.requests.memory"),
    // A whole number loses its fraction: `1e3`, read as 1000.0, is 1000.
    ("HelmRelease", "spec.values.1e3"),
];

/// The changes that were seen, so that a list of changes that do not happen any more is noticed.
#[derive(Default)]
pub(crate) struct Changes(Mutex<BTreeSet<String>>);

impl Changes {
    /// Every difference between an object as written and as held that is not listed above.
    pub(crate) fn unlisted(&self, written: &Object, held: &Json) -> Vec<Change> {
        let kind = written.json["kind"].as_str().unwrap();
        changes(written, held).into_iter().filter(|change| !self.listed(kind, change)).collect()
    }

    /// The lines of the lists that nothing has shown.
    pub(crate) fn unseen(&self) -> Vec<String> {
        let seen = self.0.lock().unwrap();
        let lines = ADDED.iter().chain(DROPPED).map(|(kind, path, _)| (kind, path));
        let lines = lines.chain(REWRITTEN.iter().map(|(kind, path)| (kind, path)));
        lines.map(|(kind, path)| format!("{kind} {path}")).filter(|line| !seen.contains(line)).collect()
    }

    fn listed(&self, kind: &str, change: &Change) -> bool {
        let (kind, path) = place(kind, &change.path);
        let value = |value: &Option<Json>| value.as_ref().map(Json::to_string);
        let is = |list: &[(&str, &str, &str)], text: Option<String>| {
            let mut lines = list.iter().filter(|(k, p, _)| *k == kind && *p == path);
            lines.any(|(_, _, line)| *line == "*" || text.as_deref() == Some(line))
        };
        let listed = match (&change.written, &change.held) {
            (None, held) => is(ADDED, value(held)),
            (written, None) => is(DROPPED, value(written)),
            (Some(written), Some(held)) => REWRITTEN.contains(&(kind, &path)) && equal(written, held),
        };
        if listed {
            self.0.lock().unwrap().insert(format!("{kind} {path}"));
        }
        listed
    }
}

/// What of a fleet of hostile texts is not held as it went in, but for an empty value of a variable, which is dropped.
pub(crate) fn missed(expected: &[Expected], held: impl Iterator<Item = Json>) -> Vec<String> {
    let held = held.map(|object| (objects::identity(&object), object)).collect();
    let mut missed = fleet::missed(expected, &held);
    missed.retain(|line| !line.contains("/env, ") || !line.ends_with(".value: expected \"\", found nothing"));
    missed
}

/// The kind and the path as the lists have it.
fn place<'k>(kind: &'k str, path: &str) -> (&'k str, String) {
    let template = match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => "spec.template.spec.",
        "CronJob" => "spec.jobTemplate.spec.template.spec.",
        _ => return (kind, path.to_owned()),
    };
    let Some(path) = path.strip_prefix(template) else { return (kind, path.to_owned()) };
    let mut path = path.replace("initContainers[]", "containers[]");
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        path = path.replace(probe, "probe");
    }
    ("Pod", path)
}

/// Equal as numbers or as quantities.
fn equal(written: &Json, held: &Json) -> bool {
    match (written, held) {
        (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        (Json::String(a), Json::String(b)) => quantity(a).is_some() && quantity(a) == quantity(b),
        _ => false,
    }
}

/// A quantity in thousandths of its unit.
fn quantity(text: &str) -> Option<f64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let units = [("m", 1.0), ("", 1e3), ("k", 1e6), ("M", 1e9), ("G", 1e12), ("Ki", 1.024e6)];
    let units = units.into_iter().chain([("Mi", 1_048_576e3), ("Gi", 1_073_741_824e3)]);
    let factor = units.into_iter().find(|(name, _)| *name == unit)?.1;
    Some(number.parse::<f64>().ok()? * factor)
}

/// Every difference, but for `status` and the API server's own metadata. A Secret's `stringData` is compared where it goes.
fn changes(written: &Object, held: &Json) -> Vec<Change> {
    let (mut written, mut held) = (written.json.clone(), held.clone());
    let object = held.as_object_mut().unwrap();
    object.remove("status");
    object["metadata"].as_object_mut().unwrap().retain(|key, _| !OWN.contains(&key.as_str()));
    if let (true, Some(Json::Object(texts))) =
        (written["kind"] == "Secret", written.as_object_mut().unwrap().remove("stringData"))
    {
        for (key, text) in texts {
            written["data"][key] = base64(text.as_str().unwrap().as_bytes()).into();
        }
    }
    let mut out = Vec::new();
    descend("", &written, &held, &mut out);
    out
}

fn descend(path: &str, written: &Json, held: &Json, out: &mut Vec<Change>) {
    match (written, held) {
        (Json::Object(a), Json::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => descend(&path, a, b, out),
                    (a, b) => out.push(Change { path, written: a.cloned(), held: b.cloned() }),
                }
            }
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).for_each(|(a, b)| descend(&format!("{path}[]"), a, b, out));
        }
        _ if written == held => {}
        _ => out.push(Change {
            path: path.to_owned(),
            written: Some(written.clone()),
            held: Some(held.clone()),
        }),
    }
}

/// As it stands under `data` of a Secret.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
