//! `flux/path`: a Flux Kustomization that points at nothing.

use crate::{
    check::{Check, Facts, facts::inside},
    diag::{Problems, Severity, did_you_mean},
    flux::ROOT,
    yaml::Node,
};
use std::collections::BTreeSet;

/// See the module.
pub(crate) struct Path;

impl Check for Path {
    fn id(&self) -> &'static str {
        "flux/path"
    }

    fn summary(&self) -> &'static str {
        "a Flux Kustomization that points at nothing"
    }

    fn explanation(&self) -> &'static str {
        "`spec.path` is a folder of the source, written with `/`. If there is none, Flux says \"kustomization path not \
         found\" and applies nothing."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        let folders = folders(facts);
        for object in facts.of("kustomize.toolkit.fluxcd.io", "Kustomization").filter(|object| !object.copied)
        {
            let Some(node) = object.document.node.at(&["spec", "path"]) else { continue };
            let Some(path) = node.as_str().filter(|path| !path.contains("${")) else { continue };
            let name = object.document.name();
            if path.contains('\\') || path.split('/').any(|part| part == "..") {
                let message =
                    format!("the path `{path}` of the Flux Kustomization `{name}` leaves the source");
                let finding = self.finding(facts, object, Some(node), message);
                findings.push(finding.help("write a folder of the source with `/`, such as `./apps`"));
                continue;
            }
            let from = object.document.node.at(&["spec", "sourceRef", "name"]).and_then(Node::as_str);
            let Some(folder) = inside(facts, path).filter(|_| from == Some(ROOT)) else { continue };
            if folder.is_empty() || folders.contains(folder.as_str()) {
                continue;
            }
            let message =
                format!("the Flux Kustomization `{name}` points at `{path}`, where there is nothing");
            let finding = self.finding(facts, object, Some(node), message);
            findings.push(match did_you_mean(&folder, folders.iter().copied()) {
                Some(near) => finding.help(format!(
                    "did you mean `{}/{near}`?",
                    facts.policy.folder.as_deref().unwrap_or(".")
                )),
                None => finding.help("correct `spec.path`, or add what it is to apply"),
            });
        }
    }
}

/// All folders with a file in or below them.
fn folders<'a>(facts: &Facts<'a>) -> BTreeSet<&'a str> {
    let mut folders = BTreeSet::new();
    for (path, _) in facts.tree.files() {
        let mut folder = path.folder();
        while !folder.is_empty() && folders.insert(folder) {
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }
    folders
}

#[cfg(test)]
mod tests {
    use crate::check::tests::findings;

    fn said(path: &str, source: &str) -> Vec<(String, String)> {
        let text = format!(
            "{{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {{name: a, namespace: flux-system}},
              spec: {{path: '{path}', sourceRef: {{kind: GitRepository, name: {source}}}}}}}"
        );
        let config_map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: default}}";
        let files = [("cluster/components/a.yaml", &*text), ("apps/kuard/x.yaml", config_map)];
        findings("flux/path", &files).into_iter().map(|f| (f.message, f.help.join(""))).collect()
    }

    #[test]
    fn a_folder_that_is_not_there_is_found() {
        assert_eq!(
            said("./fleet-out/prod/apps/kuad", "flux-system"),
            [(
                "the Flux Kustomization `a` points at `./fleet-out/prod/apps/kuad`, where there is nothing"
                    .to_owned(),
                "did you mean `./fleet-out/prod/apps/kuard`?".to_owned()
            )]
        );
        assert_eq!(said("apps\\kuard", "x").len(), 1);
        assert_eq!(said("./a/../b", "x").len(), 1);
    }

    #[test]
    fn folders_that_are_there_or_elsewhere_are_not() {
        for path in
            ["./fleet-out/prod/apps/kuard", "fleet-out/prod/apps/kuard/", "./fleet-out/prod", "./elsewhere"]
        {
            assert_eq!(said(path, "flux-system"), [], "{path}");
        }
        assert_eq!(said("./fleet-out/prod/nothing", "other"), []);
    }
}
