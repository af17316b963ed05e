//! What packs know of their charts: every key that is set in the values of a HelmRelease is there in its chart, with the
//! right type; public practice is no false alarm; mistyped keys are caught.

use crate::sandbox::Sandbox;
use fleetgen::{
    chart::{self, Facts, Field, Kinds, Misfit, Wrong},
    diag::{Problems, Sources},
    yaml::{self, Map, Node, Value},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Charts whose data are of another version than the pack's pin, with both: what they say is a hint.
pub(crate) const HINTS: [(&str, &str, &str); 3] = [
    ("external-secrets", "1.3.1", "2.10.0"),
    ("flux-operator", "0.49.0", "0.58.1"),
    ("metrics-server", "3.13.1", "3.14.0"),
];

/// Charts that no facts are known of, and why: what is set in their values is judged by nobody.
const WITHOUT: [(&str, &str); 1] = [("hostile", "there is no such chart")];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// The facts of all packs, by chart, with the pack.
fn facts() -> BTreeMap<String, (String, Facts)> {
    let mut all = BTreeMap::new();
    let ends = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "facts");
    for path in files(&root().join("packs")).into_iter().filter(ends) {
        let text = fs::read_to_string(&path).unwrap();
        let facts = chart::parse(&text).unwrap_or_else(|why| panic!("{}: {why:?}", path.display()));
        assert_eq!(chart::write(&facts), text, "{}", path.display());
        assert!(text.len() < 150_000, "{} is too long to be read by people", path.display());
        let pack = path.ancestors().nth(2).unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let other = all.insert(facts.name.clone(), (pack, facts));
        assert!(other.is_none(), "two packs have facts as {}", path.display());
    }
    all
}

fn documents(text: &str) -> Vec<Node> {
    let source = Sources::new().add("a.yaml", text);
    let mut problems = Problems::new();
    yaml::read_manifests(text, source, &mut problems).unwrap_or_else(|| panic!("{problems:?}"))
}

fn misfits(facts: &Facts, values: &Node) -> Vec<String> {
    chart::judge(facts, values)
        .iter()
        .map(|Misfit { path, wrong, .. }| format!("{}: {wrong:?}", path.join(".")))
        .collect()
}

/// Every HelmRelease in a folder of trees: its file, the name and version of its chart, its values.
fn releases(folder: &Path) -> Vec<(PathBuf, String, String, Option<Node>)> {
    let mut found = Vec::new();
    let objects = files(folder).into_iter().filter(|path| path.extension().is_some_and(|e| e == "yaml"));
    let objects: Vec<(PathBuf, Node)> = objects
        .flat_map(|path| {
            let documents = documents(&fs::read_to_string(&path).unwrap());
            documents.into_iter().map(move |node| (path.clone(), node))
        })
        .collect();
    let text = |node: &Node, path: &[&str]| node.at(path).and_then(Node::as_str).map(str::to_owned);
    for (path, node) in
        objects.iter().filter(|(_, node)| text(node, &["kind"]).is_some_and(|kind| kind == "HelmRelease"))
    {
        let (chart, version) = match node.at(&["spec", "chart", "spec"]) {
            Some(chart) => (text(chart, &["chart"]).unwrap(), text(chart, &["version"]).unwrap()),
            None => {
                let name = text(node, &["spec", "chartRef", "name"]);
                // The source stands beside the release.
                let source = objects.iter().find(|(file, node)| {
                    file.parent() == path.parent()
                        && text(node, &["kind"]).is_some_and(|kind| kind == "OCIRepository")
                        && text(node, &["metadata", "name"]) == name
                });
                let (_, source) = source.unwrap_or_else(|| panic!("{} has no source", path.display()));
                let url = text(source, &["spec", "url"]).unwrap();
                (
                    url.rsplit('/').next().unwrap().to_owned(),
                    text(source, &["spec", "ref", "tag"]).unwrap_or_default(),
                )
            }
        };
        found.push((path.clone(), chart, version, node.at(&["spec", "values"]).cloned()));
    }
    found
}

#[test]
fn every_value_that_is_set_is_there_in_its_chart() {
    let facts = facts();
    let (mut judged, mut faults) = (0, Vec::new());
    let mut without = BTreeSet::new();
    let mut trees = vec![root().join("fleet-out")];
    trees.extend(files(&root().join("packs")).iter().filter_map(|path| {
        let case = path.ancestors().find(|path| path.ends_with("expected"))?;
        Some(case.to_owned())
    }));
    trees.dedup();
    for (path, chart, _, values) in trees.iter().flat_map(|tree| releases(tree)) {
        let Some(values) = values else { continue };
        let Some((_, facts)) = facts.get(&chart) else {
            without.insert(chart);
            continue;
        };
        judged += 1;
        faults
            .extend(misfits(facts, &values).into_iter().map(|fault| format!("{}: {fault}", path.display())));
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(judged > 20, "only {judged} releases judged");
    assert!(without.iter().eq(WITHOUT.iter().map(|(chart, _)| chart)), "no facts of {without:?}");
}

/// The charts that built-in packs install: pack, name and version.
fn installed() -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for path in files(&root().join("packs")).into_iter().filter(|path| path.ends_with("pack.yaml")) {
        let text = fs::read_to_string(&path).unwrap();
        let pack = &documents(&text)[0];
        let several = pack.get("charts").and_then(Node::as_map).into_iter().flat_map(Map::iter);
        for chart in pack.get("chart").into_iter().chain(several.map(|(_, chart)| chart)) {
            let word = |key: &str| chart.get(key).and_then(Node::as_str);
            let name = word("name").or(word("url").and_then(|url| url.rsplit('/').next())).unwrap();
            let folder = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
            found.push((folder, name.to_owned(), word("version").unwrap().to_owned()));
        }
    }
    // One pack may have two releases of a chart.
    found.dedup();
    found
}

#[test]
fn a_pack_knows_the_version_of_its_chart() {
    let facts = facts();
    let installed = installed();
    assert!(installed.len() >= 15, "{installed:?}");
    for (pack, chart, pinned) in &installed {
        let (of, facts) = facts.get(chart).unwrap_or_else(|| panic!("packs/{pack}: no facts of {chart}"));
        assert_eq!(of, pack, "{chart}");
        let hint = HINTS.iter().find(|(hint, ..)| hint == chart);
        let wanted = hint.map_or((&**pinned, &**pinned), |(_, known, pinned)| (*known, *pinned));
        assert_eq!((&*facts.version, &**pinned), wanted, "{chart}: known and pinned");
    }
    let stale: Vec<&String> =
        facts.keys().filter(|chart| !installed.iter().any(|(_, other, _)| other == *chart)).collect();
    assert!(stale.is_empty(), "no pack installs {stale:?}");
}

#[test]
fn public_practice_is_no_false_alarm() {
    let facts = facts();
    let mut count = 0;
    let mut faults = Vec::new();
    let mut without: BTreeSet<&str> = facts.keys().map(String::as_str).collect();
    for path in files(&root().join("tests/charts")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let chart = name.split('.').next().unwrap();
        let (_, facts) = facts.get(chart).unwrap_or_else(|| panic!("no facts for {name}"));
        let values = documents(&fs::read_to_string(&path).unwrap());
        count += 1;
        without.remove(chart);
        faults.extend(misfits(facts, &values[0]).into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(count >= 20, "only {count} files");
    assert!(without.is_empty(), "tests/charts has no values for {without:?}");
}

/// A chart, a mistyped key, and the key that is meant, if it can be told.
pub(crate) const MISTYPED: &[(&str, &str, &str)] = &[
    ("kube-prometheus-stack", "promtheus", "prometheus"),
    ("kube-prometheus-stack", "prometheus.prometheusspec", "prometheusSpec"),
    ("kube-prometheus-stack", "prometheus.prometheusSpec.retentionsize", "retentionSize"),
    (
        "kube-prometheus-stack",
        "prometheus.prometheusSpec.serviceMonitorSelectorNilUseHelmValues",
        "serviceMonitorSelectorNilUsesHelmValues",
    ),
    ("kube-prometheus-stack", "prometheus.prometheusSpec.storageSpecs", "storageSpec"),
    ("kube-prometheus-stack", "alertmanager.alertmanagerSpec.replica", "replicas"),
    ("kube-prometheus-stack", "alertmanager.ingress.hostnames", ""),
    ("kube-prometheus-stack", "alertmanager.route.main.hostname", "hostnames"),
    ("kube-prometheus-stack", "defaultRules.rules.kubeScheduler", "kubeSchedulerAlerting"),
    ("kube-prometheus-stack", "nodeExporter.enable", "enabled"),
    ("kube-prometheus-stack", "kubeStateMetric", "kubeStateMetrics"),
    ("kube-prometheus-stack", "grafana.adminpassword", "adminPassword"),
    ("kube-prometheus-stack", "grafana.additionalDatasources", "additionalDataSources"),
    ("kube-prometheus-stack", "grafana.persistance", "persistence"),
    ("kube-prometheus-stack", "kube-state-metrics.metricLabelsAllowList", "metricLabelsAllowlist"),
    ("kube-prometheus-stack", "prometheus-node-exporter.service.nodeport", "nodePort"),
    ("loki", "deployementMode", "deploymentMode"),
    ("loki", "loki.authEnabled", "auth_enabled"),
    ("loki", "loki.limit_config", "limits_config"),
    ("loki", "singleBinary.replica", "replicas"),
    ("loki", "singleBinary.persistence.storageClassName", "storageClass"),
    ("loki", "chunkCache", "chunksCache"),
    ("alloy", "alloy.configmap", "configMap"),
    ("alloy", "controller.toleration", "tolerations"),
    ("traefik", "deployment.replica", "replicas"),
    ("traefik", "ports.websecure.tls", ""),
    ("traefik", "providers.kubernetesCrd", "kubernetesCRD"),
    ("cert-manager", "crds.enable", "enabled"),
    ("cert-manager", "replicasCount", "replicaCount"),
    ("external-secrets", "replicasCount", "replicaCount"),
    ("external-secrets", "webhook.podDisruptionBudget.minAvailabel", "minAvailable"),
    ("external-secrets", "serviceMonitor.enable", "enabled"),
    ("ingress-nginx", "controller.ingressClassResources", "ingressClassResource"),
    ("ingress-nginx", "controller.metrics.serviceMonitor.enable", "enabled"),
    ("prometheus-adapter", "rules.resources", "resource"),
    ("metrics-server", "arg", "args"),
    ("sealed-secrets", "fullNameOverride", "fullnameOverride"),
    ("flagger", "meshprovider", "meshProvider"),
    ("flux-operator", "multitenancy.enable", "enabled"),
    ("gateway-helm", "deployment.envoygateway", "envoyGateway"),
];

#[test]
fn mistyped_keys_are_caught_with_the_right_suggestion() {
    let facts = facts();
    let mut faults = Vec::new();
    for &(chart, path, near) in MISTYPED {
        let text = path.split('.').rev().fold("1".to_owned(), |value, key| format!("{{{key}: {value}}}"));
        let found = chart::judge(&facts[chart].1, &documents(&text)[0]);
        let wanted = Wrong::Key { near: Some(near.to_owned()).filter(|near| !near.is_empty()) };
        if found.len() != 1 || found[0].wrong != wanted || found[0].path.join(".") != path {
            faults.push(format!("{chart}: {path} gives {found:?}"));
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// What people make of a key; nothing where it is the same again.
fn slips(key: &str, turn: usize) -> BTreeSet<String> {
    let letters: Vec<char> = key.chars().collect();
    // Never the last letter: that and the next are to change places.
    let at = turn % letters.len().saturating_sub(1).max(1);
    let after = (at + 1).min(letters.len() - 1);
    let with = |change: &dyn Fn(&mut Vec<char>)| {
        let mut letters = letters.clone();
        change(&mut letters);
        letters.into_iter().collect::<String>()
    };
    let other_case =
        |c: char| if c.is_ascii_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() };
    let hump = letters.iter().position(|c| c.is_ascii_uppercase());
    let slips = [
        with(&|letters| {
            letters.remove(at);
        }),
        with(&|letters| letters.insert(at, letters[at])),
        with(&|letters| letters.swap(at, after)),
        with(&|letters| letters[at] = other_case(letters[at])),
        with(&|letters| letters[at] = 'x'),
        with(&|letters| letters.push('s')),
        key.replace('-', "_"),
        key.replace('_', "-"),
        with(&|letters| {
            if let Some(hump) = hump.filter(|at| *at > 0) {
                letters.insert(hump, '_')
            }
        }),
    ];
    slips.into_iter().filter(|slip| slip != key && !slip.is_empty()).collect()
}

/// Are two keys, whatever their case, no more than one letter apart: one more, another one, or two in the other order?
fn near(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.to_lowercase().chars().collect(), b.to_lowercase().chars().collect());
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same..], &b[same..]);
    let same = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&a[..a.len() - same], &b[..b.len() - same]) {
        ([a, other], [b, another]) => a == another && b == other,
        (a, b) => a.len() <= 1 && b.len() <= 1,
    }
}

/// Every named key of a mapping that knows all its keys, after the keys that lead to it, with its siblings.
fn closed<'f>(field: &'f Field, path: &[&'f str], found: &mut Vec<(Vec<&'f str>, &'f Field)>) {
    for (key, member) in &field.members {
        let path: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
        if !field.open() {
            found.push((path.clone(), field));
        }
        closed(member, &path, found);
    }
}

#[test]
fn slips_of_all_charts_are_caught_with_the_right_suggestion() {
    /// Keys of a chart that are looked at, evenly over its tree.
    const KEYS: usize = 60;
    let mut faults = Vec::new();
    for (chart, (_, facts)) in facts() {
        let mut keys = Vec::new();
        closed(&facts.values, &[], &mut keys);
        let (mut caught, mut ambiguous) = (0, 0);
        let step = keys.len().div_ceil(KEYS);
        for (turn, (path, parent)) in keys.iter().step_by(step).enumerate() {
            let (key, above) = path.split_last().unwrap();
            for slip in slips(key, turn) {
                // The slip is another key, or as near to one.
                if parent.members.keys().any(|other| other != key && near(other, &slip)) {
                    ambiguous += 1;
                    continue;
                }
                let wrong: Vec<&str> = above.iter().copied().chain([slip.as_str()]).collect();
                let values = wrong.iter().rev().fold(Node::new(Value::Null), |node, key| {
                    Node::new([(*key, node)].into_iter().collect::<Map>())
                });
                let found = chart::judge(&facts, &values);
                let meant = Wrong::Key { near: Some((*key).to_owned()) };
                match found.as_slice() {
                    [misfit]
                        if misfit.wrong == meant
                            && misfit.path.iter().map(|key| &**key).eq(wrong.iter().copied()) =>
                    {
                        caught += 1
                    }
                    _ => faults.push(format!("{chart}: {} for {key} gives {found:?}", wrong.join("."))),
                }
            }
        }
        assert!(caught >= 30, "{chart}: only {caught} slips caught");
        assert!(ambiguous * 20 <= caught, "{chart}: {ambiguous} slips are ambiguous, {caught} caught");
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn values_of_another_type_are_caught() {
    let table = [
        ("kube-prometheus-stack", "{grafana: {enabled: \"true\"}}", "grafana.enabled"),
        (
            "kube-prometheus-stack",
            "{prometheus: {prometheusSpec: {tolerations: {key: x}}}}",
            "prometheus.prometheusSpec.tolerations",
        ),
        (
            "kube-prometheus-stack",
            "{prometheus: {prometheusSpec: {retention: {days: 3}}}}",
            "prometheus.prometheusSpec.retention",
        ),
        ("kube-prometheus-stack", "{prometheus: []}", "prometheus"),
        ("loki", "{loki: {auth_enabled: \"no\"}}", "loki.auth_enabled"),
        ("loki", "{singleBinary: {replicas: \"1\"}}", "singleBinary.replicas"),
        ("traefik", "{ports: {web: {port: http}}}", "ports.web.port"),
        ("traefik", "{additionalArguments: --x}", "additionalArguments"),
        ("cert-manager", "{extraArgs: {x: y}}", "extraArgs"),
        ("external-secrets", "{leaderElect: \"yes\"}", "leaderElect"),
        ("ingress-nginx", "{controller: {annotations: [a]}}", "controller.annotations"),
        ("metrics-server", "{imagePullSecrets: regcred}", "imagePullSecrets"),
        ("flux-operator", "{extraArgs: [1]}", "extraArgs.0"),
    ];
    let facts = facts();
    for (chart, text, path) in table {
        let found = chart::judge(&facts[chart].1, &documents(text)[0]);
        let types = matches!(found.as_slice(), [Misfit { wrong: Wrong::Type { .. }, path: at, .. }] if at.join(".") == path);
        assert!(types, "{chart}: {text} gives {found:?}");
    }
}

/// A value of each type that a field takes.
fn samples(field: &Field) -> Vec<Value> {
    let samples = [
        Value::Bool(true),
        Value::Int(1),
        Value::Float(0.5),
        Value::from("text"),
        Value::from(vec![]),
        Value::from(Map::new()),
    ];
    let takes = |value: &Value| Kinds::of(value).is_some_and(|kind| field.kinds.has(kind));
    samples.into_iter().filter(takes).chain([Value::Null]).chain(field.default.clone()).collect()
}

/// Judges every named key alone, with its default and a value of each of its types; counts the keys.
fn every_key(facts: &Facts, field: &Field, path: &mut Vec<String>, faults: &mut Vec<String>) -> usize {
    let mut count = 0;
    for (key, member) in &field.members {
        path.push(key.clone());
        for value in samples(member) {
            let values = path.iter().rev().fold(Node::new(value), |node, key| {
                Node::new([(key.as_str(), node)].into_iter().collect::<Map>())
            });
            faults.extend(misfits(facts, &values));
        }
        count += 1 + every_key(facts, member, path, faults);
        path.pop();
    }
    count
}

#[test]
fn every_key_that_is_named_is_known() {
    for (chart, (_, facts)) in facts() {
        let mut faults = Vec::new();
        let count = every_key(&facts, &facts.values, &mut Vec::new(), &mut faults);
        assert!(faults.is_empty(), "{chart}:\n{}", faults.join("\n"));
        assert!(count > 10, "{chart}: only {count} keys");
    }
}

#[test]
fn facts_are_not_read_through_a_link() {
    let sandbox = Sandbox::new();
    assert!(sandbox.gen_(&["init"]).status.success());
    std::os::unix::fs::symlink("/etc", sandbox.root().join("charts")).unwrap();
    let said = sandbox.gen_(&["list"]);
    let said = String::from_utf8_lossy(&said.stderr);
    assert!(
        said.contains("warning[load/file]: `charts` is a symbolic link that leads out of the project"),
        "{said}"
    );
}

#[test]
fn facts_are_not_written_through_a_link() {
    let sandbox = Sandbox::new();
    assert!(sandbox.gen_(&["init"]).status.success());
    let elsewhere = tempfile::tempdir().unwrap();
    sandbox.write("app/Chart.yaml", b"{name: app, version: 1.0.0}");
    std::os::unix::fs::symlink(elsewhere.path(), sandbox.root().join("charts")).unwrap();
    let output = sandbox.gen_(&["chart", "add", "app"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("error[write/link]") && !said.contains("--out"), "{said}");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn a_link_out_of_a_chart_is_told_as_one() {
    let sandbox = Sandbox::new();
    assert!(sandbox.gen_(&["init"]).status.success());
    sandbox.write("app/Chart.yaml", b"{name: app, version: 1.0.0}");
    std::os::unix::fs::symlink("/etc/hostname", sandbox.root().join("app/values.yaml")).unwrap();
    let said = sandbox.gen_(&["chart", "add", "app"]);
    let said = String::from_utf8_lossy(&said.stderr);
    assert!(said.contains("is a symbolic link that leads out of the chart"), "{said}");
}
