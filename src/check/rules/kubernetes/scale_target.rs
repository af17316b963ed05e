//! `kubernetes/scale-target`: an autoscaler of nothing.

use crate::{
    check::{Check, Facts},
    diag::{Problems, Severity, did_you_mean},
    yaml::Node,
};

/// See the module.
pub(crate) struct ScaleTarget;

impl Check for ScaleTarget {
    fn id(&self) -> &'static str {
        "kubernetes/scale-target"
    }

    fn summary(&self) -> &'static str {
        "an autoscaler whose target is not there"
    }

    fn explanation(&self) -> &'static str {
        "`spec.scaleTargetRef` names a workload in the autoscaler's namespace by `apiVersion`, `kind` and `name`. Not \
         told where a chart could make it."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.of("autoscaling", "HorizontalPodAutoscaler").filter(|object| object.as_is) {
            let Some(target) = object.document.node.at(&["spec", "scaleTargetRef"]) else { continue };
            let text = |key: &str| target.get(key).and_then(Node::as_str);
            let (Some(kind), Some(name)) = (text("kind"), text("name")) else { continue };
            let group =
                text("apiVersion").and_then(|api| api.rsplit_once('/')).map_or("", |(group, _)| group);
            let namespace = object.document.namespace();
            if facts.find(group, kind, namespace, name).is_some() || !facts.must_be_here(object, name) {
                continue;
            }
            let message = format!(
                "the autoscaler `{}` scales the {kind} `{name}`, which is not there",
                object.document.name()
            );
            let finding = self.finding(facts, object, target.get("name"), message);
            let nearby = facts.objects.iter().map(|object| &object.document);
            let nearby =
                nearby.filter(|document| document.namespace() == namespace && document.kind() == kind);
            let finding = match nearby.clone().find(|document| document.name() == name) {
                Some(other) => finding
                    .because(format!("there is one, but its `apiVersion` is `{}`", other.api_version())),
                None => finding,
            };
            findings.push(
                match did_you_mean(name, nearby.map(|document| document.name())).filter(|near| *near != name)
                {
                    Some(near) => finding.help(format!("did you mean `{near}`?")),
                    None => finding.help("name a workload of the same namespace"),
                },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{check::tests::findings, diag::Diagnostic};

    fn said(target: &str, more: &[(&str, &str)]) -> Vec<Diagnostic> {
        let hpa = format!(
            "{{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {{name: a, namespace: default}},
              spec: {{scaleTargetRef: {{{target}}}}}}}"
        );
        let deployment =
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: kuard, namespace: default}}";
        let mut files = vec![("apps/a/hpa.yaml", &*hpa), ("apps/a/deployment.yaml", deployment)];
        files.extend(more);
        findings("kubernetes/scale-target", &files)
    }

    #[test]
    fn a_target_that_is_not_there_is_found() {
        let found = said("apiVersion: apps/v1, kind: Deployment, name: kuad", &[]);
        assert_eq!(found[0].message, "the autoscaler `a` scales the Deployment `kuad`, which is not there");
        assert_eq!(found[0].help, ["did you mean `kuard`?"]);
        let found = said("apiVersion: extensions/v1beta1, kind: Deployment, name: kuard", &[]);
        assert_eq!(found[0].because, ["there is one, but its `apiVersion` is `apps/v1`"]);
    }

    #[test]
    fn one_that_is_there_or_may_be_is_not() {
        assert_eq!(said("apiVersion: apps/v1, kind: Deployment, name: kuard", &[]), []);
        let release = "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: x, namespace: default}}";
        assert_eq!(
            said("apiVersion: apps/v1, kind: Deployment, name: x", &[("apps/x/release.yaml", release)]),
            []
        );
        let base = "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}";
        assert_eq!(
            said("apiVersion: apps/v1, kind: Deployment, name: x", &[("apps/x/base/x.yaml", base)]),
            []
        );
    }
}
