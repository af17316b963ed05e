//! `object/duplicate`: one object in two files.

use crate::{
    check::{Check, Facts},
    diag::{Problems, Severity},
};

/// See the module.
pub(crate) struct Duplicate;

impl Check for Duplicate {
    fn id(&self) -> &'static str {
        "object/duplicate"
    }

    fn summary(&self) -> &'static str {
        "one object is written twice"
    }

    fn explanation(&self) -> &'static str {
        "Two files hold the same kind, namespace and name. In one component kustomize refuses that; in two, Flux \
         writes one over the other for ever, and deletes the object when one of them goes."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for objects in facts.repeated() {
            let written: Vec<_> = objects.into_iter().filter(|object| !object.copied).collect();
            let [first, others @ ..] = written.as_slice() else { continue };
            for other in others {
                let identity = other.document.identity();
                // Bases, overlays and patches of others are many documents for one object.
                let different_trees = !facts.policy.laid_out && first.path.folder() != other.path.folder();
                if identity.name.is_empty() || different_trees {
                    continue;
                }
                findings.push(
                    self.finding(facts, other, None, format!("{identity} is written twice"))
                        .label(first.document.place, format!("first in `{}`", facts.output(first.path)))
                        .help("rename or remove one of the two"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::{
        Policy, check,
        tests::{messages, tree},
    };

    const ONE: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: default}}";

    #[test]
    fn one_object_in_two_files_is_found() {
        assert_eq!(
            messages("object/duplicate", &[("apps/a/x.yaml", ONE), ("apps/b/x.yaml", ONE)]),
            ["ConfigMap default/a is written twice"]
        );
    }

    #[test]
    fn different_objects_are_not() {
        let other = ONE.replace("default", "kube-system");
        let role = ONE.replace("ConfigMap", "Secret");
        let files = [("apps/a/x.yaml", ONE), ("apps/a/y.yaml", &*other), ("apps/a/z.yaml", &*role)];
        assert_eq!(messages("object/duplicate", &files), [""; 0]);
    }

    #[test]
    fn in_a_foreign_tree_folders_may_be_overlays_of_each_other() {
        let policy = Policy::of_folder("clusters");
        let apart = tree(&[("base/x.yaml", ONE), ("prod/x.yaml", ONE)]);
        assert_eq!(check(&apart, None, &policy).findings.0, []);
        let together = tree(&[("prod/x.yaml", ONE), ("prod/y.yaml", ONE)]);
        assert_eq!(check(&together, None, &policy).findings.0.len(), 1);
    }
}
