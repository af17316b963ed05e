//! `name/object`: names that the API server refuses.

use crate::{
    check::{Check, Facts, syntax},
    diag::{Problems, Severity},
    tree::Document,
};

/// See the module.
pub(crate) struct ObjectName;

/// What a kind takes for a name.
struct Rule {
    holds: fn(&str) -> bool,
    takes: &'static str,
    longest: usize,
}

impl Check for ObjectName {
    fn id(&self) -> &'static str {
        "name/object"
    }

    fn summary(&self) -> &'static str {
        "a name that the API server refuses"
    }

    fn explanation(&self) -> &'static str {
        "Most names are DNS subdomains of at most 253 characters; those of Services and Namespaces are labels of at \
         most 63; CronJobs and StatefulSets take 52, because what they make gets a suffix. The API server refuses \
         anything else, and with it everything in the same component."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.written() {
            let document = &object.document;
            let (kind, name) = (document.kind(), document.name());
            let Some(rule) = rule(document) else { continue };
            let node = document.node.at(&["metadata", "name"]);
            let finding = if name.is_empty() {
                self.finding(facts, object, node, format!("a {kind} has no name"))
            } else if name.len() > rule.longest {
                let message = format!("the name of the {kind} `{name}` has {} characters", name.len());
                self.finding(facts, object, node, message)
                    .because(format!("at most {} are allowed", rule.longest))
            } else if !(rule.holds)(name) {
                self.finding(facts, object, node, format!("`{name}` is no name for a {kind}"))
                    .because(rule.takes)
            } else {
                continue;
            };
            let help = match object.copied {
                true => "give it another name",
                false => "give it another name; the filter `dns_label` makes one of any text",
            };
            findings.push(finding.help(help));
        }
    }
}

/// `None` where nothing is known for sure.
fn rule(object: &Document) -> Option<Rule> {
    const SUBDOMAIN: &str =
        "it takes lower-case letters, digits, `-` and `.`, with a letter or digit at both ends of each part";
    const LABEL: &str = "it takes lower-case letters, digits and `-`, with a letter or digit at both ends";
    const DNS_1035: &str =
        "it takes lower-case letters, digits and `-`, with a letter first and no `-` at the end";
    let label = |longest| Rule { holds: syntax::is_dns_label, takes: LABEL, longest };
    let subdomain = |longest| Rule { holds: syntax::is_dns_subdomain, takes: SUBDOMAIN, longest };
    Some(match (object.group(), object.kind()) {
        ("kustomize.config.k8s.io", _) | ("networking.k8s.io", "IPAddress") => return None,
        ("rbac.authorization.k8s.io", _) => {
            Rule { holds: syntax::is_path_segment, takes: "it takes no `/` and no `%`", longest: usize::MAX }
        }
        ("", "Namespace") => label(syntax::LABEL),
        ("", "Service") => Rule { holds: syntax::is_dns_1035_label, takes: DNS_1035, longest: syntax::LABEL },
        ("batch", "CronJob") => subdomain(52),
        ("apps", "StatefulSet") => subdomain(52),
        ("batch", "Job") => subdomain(syntax::LABEL),
        _ => subdomain(syntax::SUBDOMAIN),
    })
}

#[cfg(test)]
mod tests {
    use crate::check::tests::{findings, messages};

    fn said(api: &str, kind: &str, name: &str) -> Vec<String> {
        let text = format!(
            "{{apiVersion: {api}, kind: {kind}, metadata: {{name: \"{name}\", namespace: default}}}}"
        );
        messages("name/object", &[("apps/a/x.yaml", &text)])
    }

    #[test]
    fn bad_names_are_found() {
        assert_eq!(said("v1", "ConfigMap", "My_Config"), ["`My_Config` is no name for a ConfigMap"]);
        assert_eq!(said("v1", "Service", "1st"), ["`1st` is no name for a Service"]);
        assert_eq!(said("v1", "Namespace", "a.b"), ["`a.b` is no name for a Namespace"]);
        assert_eq!(said("v1", "ConfigMap", ""), ["a ConfigMap has no name"]);
        assert_eq!(said("rbac.authorization.k8s.io/v1", "Role", "a/b"), ["`a/b` is no name for a Role"]);
        let long = "a".repeat(53);
        assert_eq!(
            said("batch/v1", "CronJob", &long),
            [format!("the name of the CronJob `{long}` has 53 characters")]
        );
        assert_eq!(said("apps/v1", "StatefulSet", &long).len(), 1);
        assert_eq!(said("v1", "Service", &"a".repeat(64)).len(), 1);
        assert_eq!(said("example.com/v1", "Thing", &"a".repeat(254)).len(), 1);
    }

    #[test]
    fn good_names_are_not() {
        for (api, kind, name) in [
            ("v1", "ConfigMap", "1.a-b"),
            ("v1", "Service", "a-1"),
            ("rbac.authorization.k8s.io/v1", "ClusterRole", "system:Node_x"),
            ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "things.example.com"),
            ("batch/v1", "CronJob", &"a".repeat(52)),
            ("apps/v1", "Deployment", &"a".repeat(200)),
        ] {
            assert_eq!(said(api, kind, name), [""; 0], "{kind} {name}");
        }
    }

    #[test]
    fn a_base_may_still_be_renamed() {
        let text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: _}}";
        let base = |kustomization| {
            let files = [("apps/a/base/kustomization.yaml", kustomization), ("apps/a/base/x.yaml", text)];
            findings("name/object", &files).len()
        };
        assert_eq!(base("{resources: [x.yaml], namePrefix: a}"), 0);
        assert_eq!(base("{resources: [x.yaml]}"), 1);
    }

    #[test]
    fn what_kustomize_makes_of_a_base_is_judged() {
        let said = |text: &str| findings("name/object", &[("apps/a/base/x.yaml", text)]);
        let list = said(
            "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a_b}}]}",
        );
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].message, "`a_b` is no name for a ConfigMap");
        // There is no template in it.
        assert_eq!(list[0].help, ["give it another name"]);
        let local = "{apiVersion: v1, kind: Config, metadata: {name: _, annotations: {config.kubernetes.io/local-config: 'true'}}}";
        assert_eq!(said(local).len(), 0);
        assert_eq!(said(&local.replace("'true'", "'false'")).len(), 1);
    }
}
