//! `kubernetes/backend`: a route to a Service that is not there, or to a port that it has not.

use crate::{
    check::{Check, Facts, Object},
    diag::{Problems, Severity, did_you_mean, list},
    yaml::{Node, Value},
};

/// See the module.
pub(crate) struct Backend;

/// What a route sends requests to.
struct Target<'a> {
    name: &'a Node,
    port: Option<&'a Node>,
}

impl Check for Backend {
    fn id(&self) -> &'static str {
        "kubernetes/backend"
    }

    fn summary(&self) -> &'static str {
        "a route to a Service or port that is not there"
    }

    fn explanation(&self) -> &'static str {
        "An Ingress or a route of the Gateway API names Services of its own namespace and one of their ports. Requests \
         to others are answered with errors. Not told where a chart could make the Service, nor of those that Flagger \
         makes."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.written() {
            let targets = match (object.document.group(), object.document.kind()) {
                ("networking.k8s.io", "Ingress") => ingress(&object.document.node),
                (
                    "gateway.networking.k8s.io",
                    "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute" | "UDPRoute",
                ) => route(&object.document.node, object.document.namespace()),
                _ => continue,
            };
            for target in targets {
                self.target(facts, object, &target, findings);
            }
        }
    }
}

impl Backend {
    fn target(&self, facts: &Facts, object: &Object, target: &Target, findings: &mut Problems) {
        let Some(name) = target.name.as_str() else { return };
        let (kind, own) = (object.document.kind(), object.document.name());
        let namespace = object.document.namespace();
        let Some(service) = facts.find("", "Service", namespace, name) else {
            let made = facts.of_flagger(namespace).any(|service| service == name);
            if !made && facts.must_be_here(object, name) {
                let message = format!("the {kind} `{own}` leads to the Service `{name}`, which is not there");
                let finding = self.finding(facts, object, Some(target.name), message);
                let services = facts.of("", "Service").map(|object| &object.document);
                let names = services.filter(|s| s.namespace() == namespace).map(|s| s.name());
                findings.push(match did_you_mean(name, names) {
                    Some(near) => finding.help(format!("did you mean `{near}`?")),
                    None => finding.help(format!("name a Service in `{namespace}`")),
                });
            }
            return;
        };
        let Some(port) = target.port.filter(|_| service.as_is) else { return };
        let ports = service.document.node.at(&["spec", "ports"]).and_then(Node::as_seq).unwrap_or_default();
        let fits = |one: &Node| match &port.value {
            Value::Str(name) => one.get("name").and_then(Node::as_str) == Some(name),
            _ => one.get("port").is_some_and(|number| number.same(port)),
        };
        if ports.is_empty() || ports.iter().any(fits) {
            return;
        }
        let wanted = port_text(port);
        let known: Vec<String> = ports
            .iter()
            .flat_map(|one| [one.get("name"), one.get("port")])
            .flatten()
            .map(port_text)
            .collect();
        let message =
            format!("the {kind} `{own}` leads to port `{wanted}` of the Service `{name}`, which it has not");
        findings.push(
            self.finding(facts, object, Some(port), message)
                .label(service.document.place, "the Service")
                .help(format!("use {}", list(known.iter().map(String::as_str)))),
        );
    }
}

fn port_text(port: &Node) -> String {
    match &port.value {
        Value::Str(text) => text.to_string(),
        Value::Int(number) => number.to_string(),
        other => other.kind().to_owned(),
    }
}

fn items(node: Option<&Node>) -> impl Iterator<Item = &Node> {
    node.and_then(Node::as_seq).unwrap_or_default().iter()
}

fn ingress(node: &Node) -> Vec<Target<'_>> {
    let paths = items(node.at(&["spec", "rules"])).flat_map(|rule| items(rule.at(&["http", "paths"])));
    let backends = paths.filter_map(|path| path.get("backend")).chain(node.at(&["spec", "defaultBackend"]));
    let services = backends.filter_map(|backend| backend.get("service"));
    services
        .filter_map(|service| {
            let port = service.at(&["port", "name"]).or_else(|| service.at(&["port", "number"]));
            Some(Target { name: service.get("name")?, port })
        })
        .collect()
}

fn route<'a>(node: &'a Node, namespace: &str) -> Vec<Target<'a>> {
    let references = items(node.at(&["spec", "rules"])).flat_map(|rule| items(rule.get("backendRefs")));
    references
        .filter(|reference| {
            let is = |key: &str, value: &str| {
                reference.get(key).and_then(Node::as_str).is_none_or(|given| given == value)
            };
            is("group", "") && is("kind", "Service") && is("namespace", namespace)
        })
        .filter_map(|reference| Some(Target { name: reference.get("name")?, port: reference.get("port") }))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::{check::tests::findings, diag::Diagnostic};

    const SERVICE: &str = "{apiVersion: v1, kind: Service, metadata: {name: kuard, namespace: default}, spec: {ports: [{name: http, port: 80}]}}";

    fn with(route: &str) -> Vec<Diagnostic> {
        findings("kubernetes/backend", &[("apps/a/route.yaml", route), ("apps/a/service.yaml", SERVICE)])
    }

    fn ingress(service: &str) -> Vec<Diagnostic> {
        with(&format!(
            "{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: a, namespace: default}},
              spec: {{rules: [{{http: {{paths: [{{backend: {{service: {{{service}}}}}}}]}}}}]}}}}"
        ))
    }

    fn route(reference: &str) -> Vec<Diagnostic> {
        with(&format!(
            "{{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {{name: a, namespace: default}},
              spec: {{rules: [{{backendRefs: [{{{reference}}}]}}]}}}}"
        ))
    }

    #[test]
    fn services_and_ports_that_are_not_there_are_found() {
        let found = ingress("name: kuad, port: {number: 80}");
        assert_eq!(found[0].message, "the Ingress `a` leads to the Service `kuad`, which is not there");
        assert_eq!(found[0].help, ["did you mean `kuard`?"]);
        let found = ingress("name: kuard, port: {number: 8080}");
        assert_eq!(
            found[0].message,
            "the Ingress `a` leads to port `8080` of the Service `kuard`, which it has not"
        );
        assert_eq!(found[0].help, ["use `http` and `80`"]);
        assert_eq!(ingress("name: kuard, port: {name: web}").len(), 1);
        assert_eq!(route("name: other, port: 80").len(), 1);
        assert_eq!(route("name: kuard, port: 81").len(), 1);
    }

    #[test]
    fn those_that_are_there_or_may_be_are_not() {
        assert_eq!(ingress("name: kuard, port: {number: 80}"), []);
        assert_eq!(ingress("name: kuard, port: {name: http}"), []);
        assert_eq!(route("name: kuard, port: 80"), []);
        assert_eq!(route("name: x, kind: Bucket, group: example.com"), []);
        assert_eq!(route("name: x, namespace: elsewhere"), []);
        let release = "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: x, namespace: default}}";
        let ingress =
            "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, namespace: default},
            spec: {defaultBackend: {service: {name: x-grafana, port: {number: 80}}}}}";
        assert_eq!(
            findings("kubernetes/backend", &[("apps/a/i.yaml", ingress), ("apps/x/r.yaml", release)]),
            []
        );
        assert_eq!(findings("kubernetes/backend", &[("apps/a/i.yaml", ingress)]).len(), 1);
    }

    #[test]
    fn those_that_flagger_makes_are_there() {
        let found = |target: &str| {
            let canary = format!(
                "{{apiVersion: flagger.app/v1beta1, kind: Canary, metadata: {{name: a, namespace: default}}, spec: {{{target}}}}}"
            );
            let route = "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a, namespace: default},
                spec: {rules: [{backendRefs: [{name: kuard, port: 80}, {name: kuard-canary, port: 80}]}]}}";
            findings("kubernetes/backend", &[("apps/a/c.yaml", &canary), ("apps/a/r.yaml", route)]).len()
        };
        assert_eq!(found("targetRef: {kind: Deployment, name: kuard}"), 0);
        assert_eq!(found("targetRef: {kind: Deployment, name: other}, service: {name: kuard}"), 0);
        assert_eq!(found("targetRef: {kind: Deployment, name: kuard}, service: {name: other}"), 2);
    }
}
