//! `flux/depends-on`: waiting for what never comes.

use crate::{
    check::{Check, Facts, Object},
    diag::{Diagnostic, Problems, Severity, did_you_mean},
    yaml::Node,
};

/// The kinds that wait, each for its own.
const WAITING: [(&str, &str); 2] =
    [("kustomize.toolkit.fluxcd.io", "Kustomization"), ("helm.toolkit.fluxcd.io", "HelmRelease")];

/// See the module.
pub(crate) struct DependsOn;

impl Check for DependsOn {
    fn id(&self) -> &'static str {
        "flux/depends-on"
    }

    fn summary(&self) -> &'static str {
        "`dependsOn` names what is not there"
    }

    fn explanation(&self) -> &'static str {
        "A Flux Kustomization can wait for Kustomizations, a HelmRelease for HelmReleases, in its own namespace unless \
         another is given. Waiting for anything else never ends."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for (group, kind) in WAITING {
            for object in facts.of(group, kind).filter(|object| !object.copied) {
                let list = object.document.node.at(&["spec", "dependsOn"]).and_then(Node::as_seq);
                for entry in list.unwrap_or_default() {
                    findings.0.extend(self.entry(facts, object, entry));
                }
            }
        }
    }
}

impl DependsOn {
    fn entry(&self, facts: &Facts, object: &Object, entry: &Node) -> Option<Diagnostic> {
        let node = entry.get("name")?;
        let name = node.as_str()?;
        let (group, kind) = (object.document.group(), object.document.kind());
        let own = object.document.namespace();
        let namespace = entry.get("namespace").and_then(Node::as_str).unwrap_or(own);
        if facts.find(group, kind, namespace, name).is_some() || !facts.must_be_seen(object, name) {
            return None;
        }
        let message =
            format!("the {kind} `{}` waits for `{name}`, which is not there", object.document.name());
        let mut finding = self.finding(facts, object, Some(node), message);
        let other = WAITING
            .iter()
            .find(|(g, k)| (*g, *k) != (group, kind) && facts.find(g, k, namespace, name).is_some());
        if let Some((_, other)) = other {
            finding = finding
                .because(format!("there is a {other} `{name}`, but a {kind} only waits for its own kind"));
        }
        let same = || facts.of(group, kind).map(|object| &object.document);
        if let Some(there) = same().find(|document| document.name() == name) {
            return Some(finding.help(format!("add `namespace: {}`", there.namespace())));
        }
        let names =
            same().filter(|document| document.namespace() == namespace).map(|document| document.name());
        Some(match did_you_mean(name, names) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding.help("remove it from `dependsOn`"),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{check::tests::findings, diag::Diagnostic};

    fn said(depends_on: &str) -> Vec<Diagnostic> {
        let release = |namespace: &str, name: &str, spec: &str| {
            format!(
                "{{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease,
                  metadata: {{name: {name}, namespace: {namespace}}}, spec: {{{spec}}}}}"
            )
        };
        let kustomization = "{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {name: infra, namespace: flux-system}}";
        let first = release("flux-system", "first", "");
        let other = release("default", "other", "");
        let last = release("flux-system", "last", &format!("dependsOn: [{depends_on}]"));
        let files = [
            ("cluster/components/infra.yaml", kustomization),
            ("apps/a/first.yaml", &*first),
            ("apps/a/other.yaml", &*other),
            ("apps/a/last.yaml", &*last),
        ];
        findings("flux/depends-on", &files)
    }

    #[test]
    fn what_is_not_there_is_found() {
        let found = said("{name: frist}, {name: infra}, {name: other}");
        let messages: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "the HelmRelease `last` waits for `frist`, which is not there",
                "the HelmRelease `last` waits for `infra`, which is not there",
                "the HelmRelease `last` waits for `other`, which is not there",
            ]
        );
        assert_eq!(found[0].help, ["did you mean `first`?"]);
        assert_eq!(
            found[1].because,
            ["there is a Kustomization `infra`, but a HelmRelease only waits for its own kind"]
        );
        assert_eq!(found[2].help, ["add `namespace: default`"]);
    }

    #[test]
    fn what_is_there_is_not() {
        assert_eq!(said("{name: first}, {name: other, namespace: default}"), []);
    }
}
