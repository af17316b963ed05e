//! `prometheus/unreachable`: a monitor of pods that no NetworkPolicy lets Prometheus reach.

use super::{
    scrapers::{GROUP, Scrapers},
    targets::{Target, endpoints, port_of, targets},
};
use crate::{
    check::{
        Check, Facts, Installed, Object,
        facts::{NAMESPACE, Refusal},
    },
    diag::{Diagnostic, Label, Place, Problems, Severity, list},
    load::Pack,
    schema::Described,
    yaml::{Node, Value},
};
use std::collections::BTreeSet;

/// See the module.
pub(crate) struct Unreachable;

impl Check for Unreachable {
    fn id(&self) -> &'static str {
        "prometheus/unreachable"
    }

    fn summary(&self) -> &'static str {
        "a monitor of pods that no NetworkPolicy lets Prometheus reach"
    }

    fn explanation(&self) -> &'static str {
        "A NetworkPolicy lets in to its pods only whom it or another one names. A ServiceMonitor or PodMonitor opens \
         nothing: the scrape times out, and only Prometheus knows. Told where it is certain: Prometheus (its object, or \
         the chart `kube-prometheus-stack`), the pods and all policies of their namespace are in this tree, and no rule \
         could let its namespace in to the port. Not told where a chart makes objects in that namespace, nor of pods in \
         a mesh, nor beside policies of Cilium, Calico or Kyverno."
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        if !facts.has_only_network_policies() {
            return;
        }
        let releases: Vec<Installed> = facts.installed().collect();
        let monitors = ["ServiceMonitor", "PodMonitor"].into_iter().flat_map(|kind| facts.of(GROUP, kind));
        for monitor in monitors.filter(|object| object.as_is && facts.must_be_seen(object, "")) {
            let Some(scrapers) = Scrapers::of(facts, &releases, monitor) else { continue };
            let mut told = BTreeSet::new();
            for endpoint in endpoints(monitor) {
                let refused: Vec<Refused> = targets(facts, monitor, endpoint)
                    .into_iter()
                    .filter_map(|target| Refused::of(facts, target, &scrapers))
                    .filter(|refused| told.insert((refused.workload.document.identity(), refused.port)))
                    .collect();
                if let Some(first) = refused.first() {
                    let finding = self.said(facts, (monitor, endpoint), &scrapers, &refused);
                    let mut finding = first.helped(facts, finding);
                    if is_default(facts, monitor, endpoint) {
                        first.lead(facts, &mut finding);
                    }
                    findings.push(finding);
                }
            }
        }
    }
}

impl Unreachable {
    fn said(
        &self,
        facts: &Facts,
        (monitor, endpoint): (&Object, &Node),
        scrapers: &Scrapers,
        refused: &[Refused],
    ) -> Diagnostic {
        let (kind, name) = (monitor.document.kind(), monitor.document.name());
        let message = format!("the {kind} `{name}` scrapes pods that no NetworkPolicy lets Prometheus reach");
        let node = port_of(endpoint).unwrap_or(endpoint);
        let finding = self.finding(facts, monitor, Some(node), message);
        let prometheus = list(scrapers.prometheus.iter().copied());
        refused.iter().fold(finding, |finding, Refused { workload, port, .. }| {
            let pods = workload.document.identity();
            finding.because(format!("Prometheus in {prometheus} does not get to the port {port} of {pods}"))
        })
    }
}

/// Pods that no Prometheus can reach.
struct Refused<'f, 'a> {
    workload: &'f Object<'a>,
    port: i64,
    /// The namespace that is to be let in, and why it is not.
    from: &'f str,
    refusal: Refusal<'f, 'a>,
}

impl<'f, 'a> Refused<'f, 'a> {
    /// Can none of those that may scrape the target reach it?
    fn of(facts: &'f Facts<'a>, (workload, port): Target<'f, 'a>, by: &Scrapers<'f>) -> Option<Self> {
        let refused = by.namespaces().map(|from| {
            facts.refusal(workload, port, from).map(|refusal| Refused { workload, port, from, refusal })
        });
        let refused: Vec<Self> = refused.collect::<Option<_>>()?;
        // The remedy is for Prometheus, and best where little is to do.
        let mut own = refused.into_iter().filter(|one| by.prometheus.contains(one.from));
        let first = own.next()?;
        let is_near = |one: &Self| one.refusal.other_ports.is_some();
        if is_near(&first) { Some(first) } else { own.find(is_near).or(Some(first)) }
    }

    /// Puts what the user said before a default, which is nothing to mend: of the policy, else of the pods.
    fn lead(&self, facts: &Facts, finding: &mut Diagnostic) {
        finding.labels.rotate_right(1);
        let policies = self.refusal.by.iter().map(|policy| policy.document.place);
        let written = finding.labels.first().map(|label| label.place);
        let pods = said_in(facts, self.workload, &self.workload.document.node);
        if let Some(place) = pods.filter(|_| policies.into_iter().any(|place| place == written)) {
            finding.labels.insert(0, Label { place, text: "of these pods".to_owned() });
        }
    }

    /// The finding, with the policy and what to do to it.
    fn helped(&self, facts: &Facts, finding: Diagnostic) -> Diagnostic {
        let Refused { port, from, .. } = self;
        if let Some((policy, rule)) = self.refusal.other_ports {
            let what =
                if has_input(facts, policy) { port.to_string() } else { format!("`{{port: {port}}}`") };
            let said = |node: &Node| said_in(facts, policy, node);
            let place = rule.get("ports").and_then(said).or_else(|| said(rule));
            return finding
                .label(place.or(policy.document.place), format!("lets `{from}` in to other ports only"))
                .help(format!("add {what} to these `ports`"));
        }
        let own = self.refusal.by.iter().find(|policy| has_input(facts, policy));
        let Some(policy) = own.or(self.refusal.by.first()) else { return finding };
        let rules = policy.document.node.at(&["spec", "ingress"]);
        let is_empty = rules.and_then(Node::as_seq).is_none_or(<[Node]>::is_empty);
        let word = if is_empty { "lets nobody in" } else { "lets only others in" };
        let place = rules.and_then(|rules| said_in(facts, policy, rules));
        let finding = finding.label(place.or(policy.document.place), word);
        finding.help(match (own, &policy.document.component) {
            (Some(_), Some(component)) => format!(
                "let it in, by an input of `{component}`: `networkPolicy: {{from: {{prometheus: {{namespace: {from}}}}}}}`"
            ),
            _ => format!(
                "let it in, by a rule under `spec.ingress` of {}: `from: [{{namespaceSelector: {{matchLabels: {{{NAMESPACE}: {from}}}}}}}]`",
                policy.document.identity()
            ),
        })
    }
}

/// Does the port of an endpoint stand in no file of the user's?
fn is_default(facts: &Facts, monitor: &Object, endpoint: &Node) -> bool {
    port_of(endpoint).is_some_and(|port| said_in(facts, monitor, port).is_none())
}

fn pack_of<'f>(facts: &'f Facts, object: &Object) -> Option<&'f Pack> {
    let packs = &facts.policy.charts.as_ref()?.packs;
    packs.get(object.document.component.as_deref()?).map(|pack| &**pack)
}

/// Does the pack that made a policy have the input that lets others in?
fn has_input(facts: &Facts, policy: &Object) -> bool {
    let is_it = |input: &Described| input.path == "networkPolicy.from";
    pack_of(facts, policy).is_some_and(|pack| pack.schema.inputs().iter().any(is_it))
}

/// The first line that made a part of an object, in a file of the user's: not as a default of its pack.
fn said_in(facts: &Facts, object: &Object, node: &Node) -> Option<Place> {
    let below = match &node.value {
        Value::Map(map) => map.iter().find_map(|(_, node)| said_in(facts, object, node)),
        Value::Seq(list) => list.iter().find_map(|node| said_in(facts, object, node)),
        _ => None,
    };
    let is_default =
        |place: &Place| pack_of(facts, object).is_some_and(|pack| pack.place.source == place.source);
    below.or_else(|| node.origin.config().filter(|place| !is_default(place)))
}

#[cfg(test)]
mod tests {
    use crate::{check::tests::findings, diag::Diagnostic};

    const NAMESPACES: &str = "\
{apiVersion: v1, kind: Namespace, metadata: {name: a}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: watch, labels: {team: ops, example.com/zone: inner}}}
";

    const PROMETHEUS: &str = "{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {name: p, namespace: watch},
        spec: {serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: {}, podMonitorSelector: {}, podMonitorNamespaceSelector: {}}}";

    const PODS: &str = "containers: [{name: a, ports: [{name: http, containerPort: 8080}, {name: udp, containerPort: 8080, protocol: UDP}]}]";

    const MONITOR: &str = "selector: {matchLabels: {app: a}}, endpoints: [{port: web}]";

    fn workload(metadata: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: a, namespace: a}}, spec: {{
               selector: {{matchLabels: {{app: a}}}},
               template: {{metadata: {{{metadata}}}, spec: {{{spec}}}}}}}}}"
        )
    }

    fn monitor(kind: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: monitoring.coreos.com/v1, kind: {kind}, metadata: {{name: a, namespace: a}}, spec: {{{spec}}}}}"
        )
    }

    fn policy(spec: &str) -> String {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: a, namespace: a}}, spec: {{{spec}}}}}"
        )
    }

    /// A sound tree but for what is given.
    fn tree(given: &[(&str, &str)]) -> Vec<Diagnostic> {
        let (pods, scraped, closed) = (
            workload("labels: {app: a}", PODS),
            monitor("ServiceMonitor", MONITOR),
            policy("podSelector: {}"),
        );
        let service = "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: a, labels: {app: a}},
            spec: {selector: {app: a}, ports: [{name: web, port: 80, targetPort: http}]}}";
        let mut files = vec![
            ("namespaces/namespaces.yaml", NAMESPACES),
            ("apps/watch/prometheus.yaml", PROMETHEUS),
            ("apps/a/deployment.yaml", &*pods),
            ("apps/a/monitor.yaml", &*scraped),
            ("apps/a/policy.yaml", &*closed),
            ("apps/a/service.yaml", service),
        ];
        for (path, text) in given {
            files.retain(|(known, _)| known != path);
            files.push((path, text));
        }
        files.retain(|(_, text)| !text.is_empty());
        findings("prometheus/unreachable", &files)
    }

    fn told_of_policy(spec: &str) -> usize {
        tree(&[("apps/a/policy.yaml", &policy(&format!("podSelector: {{}}, {spec}")))]).len()
    }

    fn told_of(path: &str, text: &str) -> usize {
        tree(&[(path, text)]).len()
    }

    #[test]
    fn a_closed_door_is_found() {
        let found = tree(&[]);
        assert_eq!(
            found[0].message,
            "the ServiceMonitor `a` scrapes pods that no NetworkPolicy lets Prometheus reach"
        );
        assert_eq!(
            found[0].because,
            ["Prometheus in `watch` does not get to the port 8080 of Deployment.apps a/a"]
        );
        assert_eq!(
            found[0].help,
            [
                "let it in, by a rule under `spec.ingress` of NetworkPolicy.networking.k8s.io a/a: `from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: watch}}}]`"
            ]
        );
        let twice =
            monitor("ServiceMonitor", "selector: {}, endpoints: [{port: web}, {port: web, path: /more}]");
        assert_eq!(told_of("apps/a/monitor.yaml", &twice), 1);
        for closed in [
            "policyTypes: [Ingress]",
            "policyTypes: [Ingress, Egress], ingress: []",
            "ingress: [{from: [{podSelector: {}}]}]",
            "ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: b}}}]}]",
            "ingress: [{from: [{namespaceSelector: {matchLabels: {team: shop}}, podSelector: {}}]}]",
            "ingress: [{from: [{namespaceSelector: {matchLabels: {name: watch}}}]}]",
            "ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: [ops]}]}}]}]",
            "ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}]}]",
            "ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: name, operator: Exists}]}}]}]",
            "ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 9090}]}]",
            "ingress: [{ports: [{port: 8080, protocol: UDP}, {port: udp}, {port: 80}, {port: 8000, endPort: 8079}]}]",
        ] {
            assert_eq!(told_of_policy(closed), 1, "{closed}");
        }
        let ports = policy("ingress: [{ports: [{port: 9090}]}]");
        let found = tree(&[("apps/a/policy.yaml", &ports)]);
        assert_eq!(found[0].help, ["add `{port: 8080}` to these `ports`"]);
    }

    #[test]
    fn one_that_may_be_open_is_not() {
        for open in [
            "policyTypes: [Egress]",
            "ingress: [{}]",
            "ingress: [{from: []}]",
            "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]",
            "ingress: [{from: [{namespaceSelector: {}}]}]",
            "ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: watch}}, podSelector: {matchLabels: {app: x}}}]}]",
            "ingress: [{from: [{namespaceSelector: {matchLabels: {team: ops}}}]}]",
            "ingress: [{from: [{namespaceSelector: {matchLabels: {field.cattle.io/projectId: p-1}}}]}]",
            "ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [ops]}]}}]}]",
            "ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: name, operator: DoesNotExist}]}}]}]",
            "ingress: [{ports: [{port: 8080}]}]",
            "ingress: [{ports: [{port: http}]}]",
            "ingress: [{ports: [{protocol: TCP}]}]",
            "ingress: [{ports: [{port: 8000, endPort: 8080}]}]",
        ] {
            assert_eq!(told_of_policy(open), 0, "{open}");
        }
        assert_eq!(told_of("apps/a/policy.yaml", ""), 0);
        assert_eq!(told_of("apps/a/policy.yaml", &policy("podSelector: {matchLabels: {app: b}}")), 0);
        let second = policy("podSelector: {}, ingress: [{}]").replace("name: a,", "name: b,");
        assert_eq!(told_of("apps/a/second.yaml", &second), 0);
        // A policy of some pods that their controller labels.
        for (selector, told) in [
            ("{matchLabels: {statefulset.kubernetes.io/pod-name: a-0}}", 0),
            ("{matchExpressions: [{key: job-name, operator: DoesNotExist}]}", 0),
            ("{matchLabels: {app.kubernetes.io/name: b}}", 1),
        ] {
            let second =
                policy(&format!("podSelector: {selector}, ingress: [{{}}]")).replace("name: a,", "name: b,");
            assert_eq!(told_of("apps/a/second.yaml", &second), told, "{selector}");
        }
        assert_eq!(
            told_of(
                "apps/a/policy.yaml",
                &policy("podSelector: {matchExpressions: [{key: job-name, operator: DoesNotExist}]}")
            ),
            0
        );
        // Labels of a namespace that is not of this tree are not known.
        let unknown = policy("ingress: [{from: [{namespaceSelector: {matchLabels: {team: shop}}}]}]");
        let own = "{apiVersion: v1, kind: Namespace, metadata: {name: a}}";
        let foreign = [("apps/a/policy.yaml", &*unknown), ("namespaces/namespaces.yaml", own)];
        assert_eq!(tree(&foreign), []);
        let other = unknown.replace("{team: shop}", "{kubernetes.io/metadata.name: b}");
        let foreign = [("apps/a/policy.yaml", &*other), ("namespaces/namespaces.yaml", own)];
        assert_eq!(tree(&foreign).len(), 1);
    }

    #[test]
    fn pods_are_known_or_nothing_is_said() {
        let host = workload("labels: {app: a}", &format!("hostNetwork: true, {PODS}"));
        let meshed = workload("labels: {app: a, sidecar.istio.io/inject: 'true'}", PODS);
        let ambient = workload("labels: {app: a, istio.io/dataplane-mode: ambient}", PODS);
        for pods in [host, meshed, ambient, workload("labels: {app: b}", PODS)] {
            assert_eq!(told_of("apps/a/deployment.yaml", &pods), 0, "{pods}");
        }
        let of_pods = |endpoint: &str| {
            let spec =
                format!("selector: {{matchLabels: {{app: a}}}}, podMetricsEndpoints: [{{{endpoint}}}]");
            told_of("apps/a/monitor.yaml", &monitor("PodMonitor", &spec))
        };
        assert_eq!([of_pods("port: http"), of_pods("portNumber: 8080"), of_pods("targetPort: http")], [1; 3]);
        assert_eq!([of_pods("port: web"), of_pods("portNumber: 80"), of_pods("path: /metrics")], [0; 3]);
        let of_services = |endpoint: &str| {
            let spec = format!("selector: {{matchLabels: {{app: a}}}}, endpoints: [{{{endpoint}}}]");
            told_of("apps/a/monitor.yaml", &monitor("ServiceMonitor", &spec))
        };
        assert_eq!([of_services("targetPort: http"), of_services("targetPort: 8080")], [1; 2]);
        assert_eq!([of_services("port: http"), of_services("port: web, proxyUrl: 'http://p'")], [0; 2]);
        let relabelled = |rule: &str| of_services(&format!("port: web, relabelings: [{{{rule}}}]"));
        assert_eq!(relabelled("targetLabel: node"), 1);
        assert_eq!([relabelled("action: Drop"), relabelled("targetLabel: __address__")], [0; 2]);
        let elsewhere = |selector: &str| {
            let text = monitor("ServiceMonitor", &format!("namespaceSelector: {selector}, {MONITOR}"));
            told_of("apps/a/monitor.yaml", &text.replace("namespace: a}", "namespace: b}"))
        };
        assert_eq!([elsewhere("{any: true}"), elsewhere("{matchNames: [a]}")], [1; 2]);
        assert_eq!([elsewhere("{}"), elsewhere("{matchNames: [c]}")], [0; 2]);
    }

    #[test]
    fn one_prometheus_that_gets_there_is_enough() {
        let open = policy(
            "ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: b}}}]}]",
        );
        let said = |second: &str| {
            let second = PROMETHEUS.replace("namespace: watch", second);
            tree(&[("apps/a/policy.yaml", &open), ("apps/b/prometheus.yaml", &second)])
        };
        assert_eq!(said("namespace: b"), []);
        let found = said("namespace: c");
        assert_eq!(
            found[0].because,
            ["Prometheus in `c` and `watch` does not get to the port 8080 of Deployment.apps a/a"]
        );
    }

    #[test]
    fn nothing_is_said_where_others_have_a_say() {
        let named = |group: &str, kind: &str, namespace: &str| {
            format!(
                "{{apiVersion: {group}/v1, kind: {kind}, metadata: {{name: x, namespace: {namespace}}}, spec: {{targetRef: {{name: x}}}}}}"
            )
        };
        for (group, kind, namespace, told) in [
            ("cilium.io", "CiliumNetworkPolicy", "b", 0),
            ("crd.projectcalico.org", "NetworkPolicy", "b", 0),
            ("policy.networking.k8s.io", "AdminNetworkPolicy", "b", 0),
            ("kyverno.io", "Policy", "b", 0),
            ("flagger.app", "Canary", "a", 0),
            ("flagger.app", "Canary", "b", 1),
            ("helm.toolkit.fluxcd.io", "HelmRelease", "a", 0),
            ("helm.toolkit.fluxcd.io", "HelmRelease", "b", 1),
        ] {
            assert_eq!(told_of("apps/x/x.yaml", &named(group, kind, namespace)), told, "{kind} {namespace}");
        }
        let base = "{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: b}}";
        assert_eq!(told_of("apps/x/base/x.yaml", base), 0);
    }
}
