//! `flux/source-ref`: a source that is not there.

use crate::{
    check::{Check, Facts, Object},
    diag::{Problems, Severity, did_you_mean},
    flux::{NAMESPACE, ROOT},
    yaml::Node,
};

/// The API group of sources.
const GROUP: &str = "source.toolkit.fluxcd.io";

/// See the module.
pub(crate) struct SourceRef;

impl Check for SourceRef {
    fn id(&self) -> &'static str {
        "flux/source-ref"
    }

    fn summary(&self) -> &'static str {
        "a reference to a source that is not there"
    }

    fn explanation(&self) -> &'static str {
        "A Flux Kustomization names the source that it reads, a HelmRelease the source of its chart: by kind, name and, \
         when it is not its own, namespace. The root source `flux-system` is taken for given."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.written() {
            let reference: &[&str] = match (object.document.group(), object.document.kind()) {
                ("kustomize.toolkit.fluxcd.io", "Kustomization") => &["spec", "sourceRef"],
                ("helm.toolkit.fluxcd.io", "HelmRelease")
                    if object.document.node.at(&["spec", "chartRef"]).is_some() =>
                {
                    &["spec", "chartRef"]
                }
                ("helm.toolkit.fluxcd.io", "HelmRelease") => &["spec", "chart", "spec", "sourceRef"],
                _ => continue,
            };
            if let Some(node) = object.document.node.at(reference) {
                self.reference(facts, object, node, findings);
            }
        }
    }
}

impl SourceRef {
    fn reference(&self, facts: &Facts, object: &Object, node: &Node, findings: &mut Problems) {
        let text = |key: &str| node.get(key).and_then(Node::as_str);
        let (Some(kind), Some(name)) = (text("kind"), text("name")) else { return };
        let namespace = text("namespace").unwrap_or(object.document.namespace());
        let given = name == ROOT
            && namespace == NAMESPACE
            && facts.policy.source_kind.as_deref().is_none_or(|root| root == kind);
        // Made by controllers.
        let made = matches!(kind, "ExternalArtifact" | "HelmChart");
        if given
            || made
            || facts.find(GROUP, kind, namespace, name).is_some()
            || !facts.must_be_seen(object, name)
        {
            return;
        }
        let message = format!(
            "the {} `{}` reads the {kind} `{name}`, which is not in `{namespace}`",
            object.document.kind(),
            object.document.name()
        );
        let finding = self.finding(facts, object, node.get("name"), message);
        let sources = || {
            facts.objects.iter().map(|object| &object.document).filter(|document| document.group() == GROUP)
        };
        let finding = match sources().find(|source| source.name() == name) {
            Some(other) => finding.because(format!("there is {}", other.identity())),
            None => finding,
        };
        let names = sources().filter(|source| source.namespace() == namespace).map(|source| source.name());
        findings.push(match did_you_mean(name, names).filter(|near| *near != name) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding.help("add the source, or correct kind, name and namespace"),
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::{check::tests::findings, diag::Diagnostic};

    const SOURCE: &str = "{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {name: chart, namespace: default}}";

    fn release(spec: &str) -> Vec<Diagnostic> {
        let text = format!(
            "{{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {{name: a, namespace: default}}, spec: {{{spec}}}}}"
        );
        findings("flux/source-ref", &[("apps/a/x.yaml", &text), ("apps/a/y.yaml", SOURCE)])
    }

    fn kustomization(reference: &str) -> Vec<Diagnostic> {
        let text = format!(
            "{{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {{name: a, namespace: flux-system}},
              spec: {{sourceRef: {{{reference}}}}}}}"
        );
        findings("flux/source-ref", &[("cluster/components/a.yaml", &text)])
    }

    #[test]
    fn what_is_not_there_is_found() {
        let found = release("chartRef: {kind: OCIRepository, name: chrat}");
        assert_eq!(
            found[0].message,
            "the HelmRelease `a` reads the OCIRepository `chrat`, which is not in `default`"
        );
        assert_eq!(found[0].help, ["did you mean `chart`?"]);
        let found = release("chart: {spec: {sourceRef: {kind: HelmRepository, name: chart}}}");
        assert_eq!(found[0].because, ["there is OCIRepository.source.toolkit.fluxcd.io default/chart"]);
        assert_eq!(kustomization("kind: OCIRepository, name: flux-system").len(), 1);
    }

    #[test]
    fn what_is_there_or_given_is_not() {
        assert_eq!(release("chartRef: {kind: OCIRepository, name: chart}"), []);
        assert_eq!(release("chartRef: {kind: ExternalArtifact, name: x}"), []);
        assert_eq!(kustomization("kind: GitRepository, name: flux-system"), []);
    }
}
