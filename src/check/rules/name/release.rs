//! `name/release`: names of Helm releases that are too long.

use crate::{
    check::{Check, Facts},
    diag::{Problems, Severity},
    yaml::Node,
};

/// Helm's limit: a release's name and a suffix must fit a DNS label.
const LONGEST: usize = 53;

/// See the module.
pub(crate) struct ReleaseName;

impl Check for ReleaseName {
    fn id(&self) -> &'static str {
        "name/release"
    }

    fn summary(&self) -> &'static str {
        "the name of a Helm release is too long"
    }

    fn explanation(&self) -> &'static str {
        "Helm takes names of at most 53 characters. Flux cuts a longer default name and adds a hash; a longer \
         `releaseName` is refused."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.of("helm.toolkit.fluxcd.io", "HelmRelease").filter(|object| object.as_is) {
            let spec = |key: &str| object.document.node.at(&["spec", key]);
            let text = |key: &str| spec(key).and_then(Node::as_str);
            let (node, name) = match (text("releaseName"), text("targetNamespace")) {
                (Some(name), _) => (spec("releaseName"), name.to_owned()),
                (None, Some(target)) => {
                    (spec("targetNamespace"), format!("{target}-{}", object.document.name()))
                }
                (None, None) => {
                    (object.document.node.at(&["metadata", "name"]), object.document.name().to_owned())
                }
            };
            if name.len() > LONGEST {
                let message = format!("the Helm release `{name}` has a name of {} characters", name.len());
                findings.push(
                    self.finding(facts, object, node, message)
                        .because(format!("Helm takes at most {LONGEST}"))
                        .help("choose a shorter name for the component"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::messages;

    fn said(name: &str, spec: &str) -> usize {
        let head = "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {namespace: default, name: ";
        let text = format!("{head}{name}}}, spec: {{{spec}}}}}");
        messages("name/release", &[("apps/a/x.yaml", &text)]).len()
    }

    #[test]
    fn fifty_three_characters_are_the_most() {
        let (most, more) = ("a".repeat(53), "a".repeat(54));
        assert_eq!((said(&most, ""), said(&more, "")), (0, 1));
        assert_eq!(said("a", &format!("releaseName: {more}")), 1);
        assert_eq!(said(&more, "releaseName: a"), 0);
        assert_eq!(said(&"a".repeat(40), &format!("targetNamespace: {}", "b".repeat(13))), 1);
    }
}
