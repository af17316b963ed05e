//! What the name of a key tells, where nothing else does: Kubernetes' own fields, which charts pass on whole, and what
//! people call a switch, a configuration or a template.

use super::Kinds;

/// Kubernetes' own objects and those of the Prometheus operator: charts pass them on (`toYaml`), so a default names just
/// some of their fields.
const PASSED_ON: [&str; 45] = [
    "affinity",
    "authorization",
    "basicAuth",
    "behavior",
    "capabilities",
    "containers",
    "cookieConfig",
    "dnsConfig",
    "emptyDir",
    "env",
    "envFrom",
    "ephemeralVolumeClaimTemplate",
    "externalLabels",
    "hostAliases",
    "httpGet",
    "initContainers",
    "labels",
    "annotations",
    "lifecycle",
    "lifecycleHooks",
    "matchExpressions",
    "matchLabels",
    "nodeAffinity",
    "oauth2",
    "persistentVolumeClaimRetentionPolicy",
    "podAffinity",
    "podAntiAffinity",
    "podDNSConfig",
    "queueConfig",
    "relabelings",
    "resources",
    "rollingUpdate",
    "seLinuxOptions",
    "seccompProfile",
    "sessionAffinityConfig",
    "sidecars",
    "spec",
    "storageSpec",
    "sysctls",
    "tlsConfig",
    "tolerations",
    "topologySpreadConstraints",
    "updateStrategy",
    "volumes",
    "volumeMounts",
];
/// Ends of such names, in lower case.
const PASSED_ON_ENDS: [&str; 13] = [
    "annotations",
    "labels",
    "selector",
    "securitycontext",
    "probe",
    "strategy",
    "resources",
    "volumeclaimtemplate",
    "volumeclaimspec",
    "tolerations",
    "affinity",
    "dnsconfig",
    "headers",
];
/// Configuration of the program that is installed.
const CONFIGURATION: [&str; 7] =
    ["conf", "config", "configuration", "data", "settings", "structuredConfig", "args"];
/// Whole numbers to Kubernetes.
const COUNTS: [&str; 7] = [
    "maxReplicas",
    "minReplicas",
    "replicaCount",
    "replicas",
    "revisionHistoryLimit",
    "terminationGracePeriodSeconds",
    "backoffLimit",
];
/// Words that only switches begin or end with.
const SWITCH_STARTS: [&str; 9] =
    ["enable", "disable", "create", "use", "automount", "allow", "host", "skip", "force"];
const SWITCH_ENDS: [&str; 3] = ["enabled", "create", "disabled"];

/// Keys that templates read of a mapping of this name (empty: of all values), whether `values.yaml` shows them or not.
pub(super) fn usual(name: &str) -> &'static [&'static str] {
    match name {
        "service" => &[
            "annotations",
            "clusterIP",
            "externalIPs",
            "externalTrafficPolicy",
            "ipFamilies",
            "ipFamilyPolicy",
            "labels",
            "loadBalancerClass",
            "loadBalancerIP",
            "loadBalancerSourceRanges",
            "nodePort",
            "sessionAffinity",
            "targetPort",
            "type",
        ],
        // What `helm create` writes into the helpers of every chart.
        "" => &["fullnameOverride", "nameOverride"],
        _ => &[],
    }
}

/// Is a mapping of this name passed on whole?
pub(super) fn passed_on(name: &str) -> bool {
    let lower = name.to_lowercase();
    PASSED_ON.contains(&name) || PASSED_ON_ENDS.iter().any(|end| lower.ends_with(end)) || is_file(name)
}

/// Is it the configuration of a program, if nothing speaks against it?
pub(super) fn configuration(name: &str) -> bool {
    CONFIGURATION.contains(&name)
}

/// `grafana.ini`, `template_1.tmpl`: a key that is a file's name holds its content.
fn is_file(name: &str) -> bool {
    name.contains(['.', '/'])
}

/// Keys that nobody declares: names of files, labels, with blanks.
pub(super) fn is_data(key: &str) -> bool {
    key.chars().any(|c| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
}

/// What may stand where `false` is the default: a switch takes a boolean, but some charts write `false` for "none", and
/// take an address or a number.
pub(super) fn of_false(name: &str) -> Kinds {
    let lower = name.to_lowercase();
    let switch = SWITCH_ENDS.iter().any(|end| lower.ends_with(end))
        || SWITCH_STARTS.iter().any(|start| name.starts_with(start));
    if switch { Kinds::BOOL } else { Kinds::SCALAR }
}

/// What may stand where a whole number is the default: `25%`, `500m`, `http` and templates too.
pub(super) fn of_int(name: &str) -> Kinds {
    if COUNTS.contains(&name) { Kinds::INT.or(Kinds::STRING) } else { Kinds::NUMBER.or(Kinds::STRING) }
}

/// What may stand where an empty text is the default: any scalar, and a list where the name is a plural.
pub(super) fn of_empty_text(name: &str) -> Kinds {
    if plural(name) { Kinds::ANY } else { Kinds::SCALAR }
}

/// Does a name say that there are several?
pub(super) fn plural(name: &str) -> bool {
    name.ends_with('s') && !name.ends_with("ss") && !["images", "metrics"].contains(&name)
}

/// Are its keys names of ports, of which users have their own?
pub(super) fn ports(name: &str) -> bool {
    let lower = name.to_lowercase();
    lower.ends_with("port") || lower.ends_with("ports")
}

/// What may stand where an empty mapping is the default: text as well, since charts run templates over it, unless the
/// name says what it is.
pub(super) fn of_empty_map(name: &str) -> Kinds {
    let lower = name.to_lowercase();
    let sure = PASSED_ON_ENDS.iter().any(|end| lower.ends_with(end)) && !lower.ends_with("affinity");
    if sure { Kinds::MAP } else { Kinds::MAP.or(Kinds::STRING) }
}

/// What may stand where a list is the default: what is "extra" is often a template or a mapping by name.
pub(super) fn of_list(name: &str) -> Kinds {
    let loose = ["extra", "additional", "init", "sidecar"].iter().any(|start| name.starts_with(start));
    if loose { Kinds::LIST.or(Kinds::MAP).or(Kinds::STRING) } else { Kinds::LIST }
}

/// Words before a colon in prose.
pub(super) fn prose(word: &str) -> bool {
    [
        "default",
        "defaults",
        "deprecated",
        "docs",
        "e.g",
        "eg",
        "example",
        "examples",
        "http",
        "https",
        "i.e",
        "issue",
        "link",
        "note",
        "or",
        "ref",
        "refs",
        "see",
        "source",
        "warning",
    ]
    .contains(&word)
}
