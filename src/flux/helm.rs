//! A HelmRelease and the source of its chart, the object beside it.

use super::{Fields, PRUNE, shard};
use crate::{
    diag::Spot,
    yaml::{Node, Origin},
};

/// What is in a chart artifact (Helm's OCI media type).
const CHART_CONTENT: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// How often a failed release is remedied before a person is needed.
const RETRIES: i64 = 3;

/// One Helm release.
#[derive(Clone, Debug)]
pub struct Release<'a> {
    /// Name of the HelmRelease, the source and the release in Helm.
    pub name: &'a str,
    /// Where all of it lives.
    pub namespace: &'a str,
    /// The chart.
    pub chart: Chart<'a>,
    /// How often source and release are reconciled, `1h`.
    pub interval: &'a str,
    /// How soon to try again under [`OnFailure::Retry`], `2m`.
    pub retry_interval: &'a str,
    /// How long an action of Helm may take, `5m`.
    pub timeout: &'a str,
    /// What happens when it fails.
    pub on_failure: OnFailure,
    /// What happens to the chart's CRDs.
    pub crds: Crds,
    /// Names of HelmReleases in the same namespace that come first.
    pub depends_on: Vec<String>,
    /// What drift detection leaves alone.
    pub ignore_drift: Vec<IgnoreDrift>,
    /// The ServiceAccount that it acts as, if not as Flux itself.
    pub account: Option<&'a str>,
    /// The controllers that look after it and its source.
    pub shard: Option<&'a str>,
    /// A mapping; an empty one is left out.
    pub values: Node,
}

/// Coordinates of a chart.
#[derive(Clone, Debug)]
pub struct Chart<'a> {
    /// `oci://…` with the chart's name, or the `https://…` of a repository.
    pub url: &'a Spot,
    /// The chart's name, for a repository.
    pub name: Option<&'a str>,
    /// The exact version.
    pub version: &'a str,
    /// `sha256:…`, for OCI.
    pub digest: Option<&'a str>,
    /// Where the version is written.
    pub origin: Origin,
}

/// What a release does when it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// Try again, without rolling back.
    Retry,
    /// Roll back, three times.
    Rollback,
}

/// What happens to the CRDs in a chart's `crds/`, on install and upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crds {
    /// They are created and replaced.
    CreateReplace,
    /// Someone else brings them.
    Skip,
}

/// What drift detection leaves alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoreDrift {
    /// A kind; absent, all.
    pub kind: Option<String>,
    /// A name; absent, all.
    pub name: Option<String>,
    /// JSON pointers.
    pub paths: Vec<String>,
}

/// The source of the chart, and the HelmRelease. `releaseName` is set and `targetNamespace` never: changing either
/// would install the chart anew.
pub fn release(release: Release) -> [Node; 2] {
    let oci = release.chart.url.text.starts_with("oci://");
    let source = if oci { oci_source(&release) } else { repository(&release) };
    let spec = Fields::default().put("interval", release.interval).put("timeout", release.timeout);
    let spec = spec.put("releaseName", release.name).maybe("serviceAccountName", release.account);
    let spec = if oci {
        spec.put("chartRef", Fields::default().put("kind", "OCIRepository").put("name", release.name))
    } else {
        let labels = shard(release.shard).map(|labels| Fields::default().put("labels", labels));
        spec.put("chart", Fields::default().maybe("metadata", labels).put("spec", chart(&release)))
    };
    let depends_on: Vec<Node> =
        release.depends_on.iter().map(|name| Fields::default().put("name", name.as_str()).node()).collect();
    let spec = spec
        .maybe("dependsOn", (!depends_on.is_empty()).then_some(depends_on))
        .put("install", action(&release, false))
        .put("upgrade", action(&release, true))
        .put("driftDetection", drift(&release.ignore_drift));
    let has_values = release.values.as_map().is_none_or(|values| !values.is_empty());
    let spec = spec.maybe("values", has_values.then_some(release.values));
    let metadata = Fields::named(release.name, release.namespace).maybe("labels", shard(release.shard));
    let object = Fields::object("helm.toolkit.fluxcd.io/v2", "HelmRelease", metadata).put("spec", spec);
    [source, object.node()]
}

/// The ServiceAccount that releases act as where Flux is locked down for tenants, with all rights: a chart may make
/// anything. Both stay when they leave the tree: they leave it together with the release, which Helm could not uninstall
/// without them.
pub fn account(name: &str, namespace: &str) -> [Node; 2] {
    let stays = || Fields::default().put(PRUNE, "disabled");
    let metadata = Fields::named(name, namespace).put("annotations", stays());
    let account = Fields::object("v1", "ServiceAccount", metadata).node();
    let rbac = "rbac.authorization.k8s.io";
    let role =
        Fields::default().put("apiGroup", rbac).put("kind", "ClusterRole").put("name", "cluster-admin");
    let subject =
        Fields::default().put("kind", "ServiceAccount").put("name", name).put("namespace", namespace);
    let metadata = Fields::default().put("name", name).put("annotations", stays());
    let binding = Fields::object(&format!("{rbac}/v1"), "ClusterRoleBinding", metadata)
        .put("roleRef", role)
        .put("subjects", vec![subject.node()]);
    [account, binding.node()]
}

fn written(text: &str, release: &Release) -> Node {
    Node::with(text, release.chart.origin.clone())
}

fn oci_source(release: &Release) -> Node {
    // `+` is no character of a tag; Helm pushes `_` instead.
    let tag = release.chart.version.replace('+', "_");
    let reference = Fields::default()
        .put("tag", written(&tag, release))
        .maybe("digest", release.chart.digest.map(|digest| written(digest, release)));
    let spec = Fields::default()
        .put("interval", release.interval)
        .put("url", release.chart.url)
        .put("ref", reference)
        .put("layerSelector", Fields::default().put("mediaType", CHART_CONTENT).put("operation", "copy"));
    source("OCIRepository", release, spec)
}

fn repository(release: &Release) -> Node {
    let spec = Fields::default().put("interval", release.interval).put("url", release.chart.url);
    source("HelmRepository", release, spec)
}

fn source(kind: &str, release: &Release, spec: Fields) -> Node {
    let metadata = Fields::named(release.name, release.namespace).maybe("labels", shard(release.shard));
    Fields::object("source.toolkit.fluxcd.io/v1", kind, metadata).put("spec", spec).node()
}

fn chart(release: &Release) -> Fields {
    Fields::default()
        .put("chart", written(release.chart.name.unwrap_or(release.name), release))
        .put("version", written(release.chart.version, release))
        .put("sourceRef", Fields::default().put("kind", "HelmRepository").put("name", release.name))
}

fn action(release: &Release, upgrade: bool) -> Fields {
    let crds = match release.crds {
        Crds::CreateReplace => "CreateReplace",
        Crds::Skip => "Skip",
    };
    let fields = Fields::default().put("crds", crds);
    match release.on_failure {
        OnFailure::Retry => fields.put(
            "strategy",
            Fields::default().put("name", "RetryOnFailure").put("retryInterval", release.retry_interval),
        ),
        OnFailure::Rollback => {
            fields.put("strategy", Fields::default().put("name", "RemediateOnFailure")).put(
                "remediation",
                Fields::default().put("retries", RETRIES).maybe("strategy", upgrade.then_some("rollback")),
            )
        }
    }
}

fn drift(ignore: &[IgnoreDrift]) -> Fields {
    let rules: Vec<Node> = ignore.iter().map(ignore_rule).collect();
    Fields::default().put("mode", "enabled").maybe("ignore", (!rules.is_empty()).then_some(rules))
}

fn ignore_rule(rule: &IgnoreDrift) -> Node {
    let paths: Vec<Node> = rule.paths.iter().map(|path| Node::new(path.as_str())).collect();
    let target = Fields::default().maybe("kind", rule.kind.as_deref()).maybe("name", rule.name.as_deref());
    let anything = rule.kind.is_none() && rule.name.is_none();
    Fields::default().put("paths", paths).maybe("target", (!anything).then_some(target)).node()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        diag::{Place, Sources},
        flux::json,
        yaml::Map,
    };

    #[test]
    fn an_account_stays_and_may_do_everything() {
        let [account, binding] = account("cache-flux", "cache");
        let stays = r#""annotations":{"kustomize.toolkit.fluxcd.io/prune":"disabled"}"#;
        assert_eq!(
            json(&account),
            format!(
                r#"{{"apiVersion":"v1","kind":"ServiceAccount","metadata":{{"name":"cache-flux","namespace":"cache",{stays}}}}}"#
            )
        );
        assert_eq!(
            json(&binding),
            format!(
                "{}{}{}",
                r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","#,
                format_args!(r#""metadata":{{"name":"cache-flux",{stays}}},"#),
                concat!(
                    r#""roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cluster-admin"},"#,
                    r#""subjects":[{"kind":"ServiceAccount","name":"cache-flux","namespace":"cache"}]}"#
                )
            )
        );
    }

    fn at(url: &str) -> Spot {
        Spot { text: url.to_owned(), place: None }
    }

    fn some(url: &Spot) -> Release<'_> {
        Release {
            name: "monitoring",
            namespace: "observability",
            chart: Chart { url, name: None, version: "88.5.3", digest: None, origin: Origin::None },
            interval: "1h",
            retry_interval: "2m",
            timeout: "10m",
            on_failure: OnFailure::Retry,
            crds: Crds::Skip,
            depends_on: vec![],
            ignore_drift: vec![],
            account: None,
            shard: None,
            values: Node::new(Map::new()),
        }
    }

    #[test]
    fn a_chart_by_oci() {
        let [source, object] = release(some(&at("oci://ghcr.io/x/charts/kube-prometheus-stack")));
        assert_eq!(
            json(&source),
            concat!(
                r#"{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"OCIRepository","#,
                r#""metadata":{"name":"monitoring","namespace":"observability"},"spec":{"interval":"1h","#,
                r#""url":"oci://ghcr.io/x/charts/kube-prometheus-stack","ref":{"tag":"88.5.3"},"#,
                r#""layerSelector":{"mediaType":"application/vnd.cncf.helm.chart.content.v1.tar+gzip","#,
                r#""operation":"copy"}}}"#
            )
        );
        assert_eq!(
            json(&object),
            concat!(
                r#"{"apiVersion":"helm.toolkit.fluxcd.io/v2","kind":"HelmRelease","#,
                r#""metadata":{"name":"monitoring","namespace":"observability"},"spec":{"interval":"1h","#,
                r#""timeout":"10m","releaseName":"monitoring","#,
                r#""chartRef":{"kind":"OCIRepository","name":"monitoring"},"#,
                r#""install":{"crds":"Skip","strategy":{"name":"RetryOnFailure","retryInterval":"2m"}},"#,
                r#""upgrade":{"crds":"Skip","strategy":{"name":"RetryOnFailure","retryInterval":"2m"}},"#,
                r#""driftDetection":{"mode":"enabled"}}}"#
            )
        );
    }

    #[test]
    fn a_chart_of_a_repository_with_everything() {
        let url = at("https://charts.example.com");
        let mut full = some(&url);
        full.chart.name = Some("metrics-server");
        full.on_failure = OnFailure::Rollback;
        full.crds = Crds::CreateReplace;
        full.depends_on = vec!["monitoring-crds".into()];
        full.ignore_drift = vec![
            IgnoreDrift { kind: Some("Deployment".into()), name: None, paths: vec!["/spec/replicas".into()] },
            IgnoreDrift { kind: None, name: None, paths: vec!["/metadata/annotations/x".into()] },
        ];
        full.values = Node::new(Map::from_iter([("args", Node::new(vec![Node::new("--x")]))]));
        let [source, object] = release(full);
        assert_eq!(
            json(source.get("spec").unwrap()),
            r#"{"interval":"1h","url":"https://charts.example.com"}"#
        );
        assert_eq!(source.get("kind").and_then(Node::as_str), Some("HelmRepository"));
        assert_eq!(
            json(object.get("spec").unwrap()),
            concat!(
                r#"{"interval":"1h","timeout":"10m","releaseName":"monitoring","chart":{"spec":{"#,
                r#""chart":"metrics-server","version":"88.5.3","#,
                r#""sourceRef":{"kind":"HelmRepository","name":"monitoring"}}},"#,
                r#""dependsOn":[{"name":"monitoring-crds"}],"#,
                r#""install":{"crds":"CreateReplace","strategy":{"name":"RemediateOnFailure"},"#,
                r#""remediation":{"retries":3}},"#,
                r#""upgrade":{"crds":"CreateReplace","strategy":{"name":"RemediateOnFailure"},"#,
                r#""remediation":{"retries":3,"strategy":"rollback"}},"#,
                r#""driftDetection":{"mode":"enabled","ignore":[{"paths":["/spec/replicas"],"#,
                r#""target":{"kind":"Deployment"}},{"paths":["/metadata/annotations/x"]}]},"#,
                r#""values":{"args":["--x"]}}"#
            )
        );
    }

    #[test]
    fn a_digest_pins_and_build_metadata_becomes_a_tag() {
        let place = Place::top(Sources::new().add("pack.yaml", "version: x\nurl: oci://x/y\n"));
        let address = Place { start: 16, end: 25, ..place };
        let url = Spot { place: Some(address), ..at("oci://x/y") };
        let mut pinned = some(&url);
        pinned.chart.version = "1.2.3+build.5";
        pinned.chart.digest = Some("sha256:abc");
        pinned.chart.origin = Origin::Config(place);
        let [source, _] = release(pinned);
        assert_eq!(
            json(source.at(&["spec", "ref"]).unwrap()),
            r#"{"tag":"1.2.3_build.5","digest":"sha256:abc"}"#
        );
        assert_eq!(source.at(&["spec", "ref", "tag"]).unwrap().place(), Some(place));
        assert_eq!(source.at(&["spec", "url"]).unwrap().place(), Some(address), "its own, not the version's");
        assert_eq!(source.at(&["spec", "interval"]).unwrap().place(), None);
    }
}
