//! `flux/controller`: objects of Flux that no installed controller looks after.

use crate::{
    check::{Check, Facts, Object},
    diag::{Problems, Severity},
};

/// The controller of each API group.
const CONTROLLERS: [(&str, &str); 6] = [
    ("source.toolkit.fluxcd.io", "source-controller"),
    ("kustomize.toolkit.fluxcd.io", "kustomize-controller"),
    ("helm.toolkit.fluxcd.io", "helm-controller"),
    ("notification.toolkit.fluxcd.io", "notification-controller"),
    ("image.toolkit.fluxcd.io", "image-reflector-controller"),
    ("source.extensions.fluxcd.io", "source-watcher"),
];

/// See the module.
pub(crate) struct Controller;

impl Check for Controller {
    fn id(&self) -> &'static str {
        "flux/controller"
    }

    fn summary(&self) -> &'static str {
        "objects of Flux that no installed controller looks after"
    }

    fn explanation(&self) -> &'static str {
        "`flux.components` says which controllers of Flux there are; by default those of sources, Kustomizations, Helm \
         releases and notifications. The definitions of a controller come with it: without it the API server refuses \
         its objects. Images are scanned by `image-reflector-controller`, and changed in Git by \
         `image-automation-controller`."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        let Some(installed) = &facts.policy.controllers else { return };
        let mut told: Vec<&str> = Vec::new();
        for object in facts.written() {
            let Some(controller) = controller(object) else { continue };
            if installed.iter().any(|name| name == controller) || told.contains(&controller) {
                continue;
            }
            told.push(controller);
            let (kind, name) = (object.document.kind(), object.document.name());
            let message =
                format!("the {kind} `{name}` is for `{controller}`, with which Flux is not installed here");
            let all = installed.iter().map(String::as_str).chain([controller]).collect::<Vec<_>>().join(", ");
            let help = format!("write `flux: {{components: [{all}]}}`, or leave out what needs it");
            findings.push(self.finding(facts, object, None, message).help(help));
        }
    }
}

fn controller(object: &Object) -> Option<&'static str> {
    let group = object.document.group();
    if object.document.kind() == "ImageUpdateAutomation" {
        return Some("image-automation-controller");
    }
    CONTROLLERS.iter().find(|(own, _)| *own == group).map(|(_, controller)| *controller)
}

#[cfg(test)]
mod tests {
    use crate::check::{Policy, check, tests};

    fn said(controllers: Option<&[&str]>) -> Vec<String> {
        let release = |name: &str| {
            format!(
                "{{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {{name: {name}, namespace: default}}}}"
            )
        };
        let controllers = controllers.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        let policy = Policy { controllers, ..tests::policy() };
        let (a, b) = (release("a"), release("b"));
        let tree = tests::tree(&[("apps/a/helmrelease.yaml", &a), ("apps/b/helmrelease.yaml", &b)]);
        let found = check(&tree, None, &policy).findings.0;
        let ours = found.into_iter().filter(|finding| finding.id == "flux/controller");
        ours.map(|finding| finding.message).collect()
    }

    #[test]
    fn what_nobody_looks_after_is_told_once() {
        assert_eq!(
            said(Some(&["source-controller", "kustomize-controller"])),
            ["the HelmRelease `a` is for `helm-controller`, with which Flux is not installed here"]
        );
        assert_eq!(said(Some(&["helm-controller"])), [""; 0]);
        assert_eq!(said(None), [""; 0]);
    }
}
