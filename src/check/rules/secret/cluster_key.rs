//! `secret/cluster-key`: a sealed file that its cluster cannot open.

use crate::{
    check::{Check, Facts, Sealed},
    diag::{Diagnostic, Problems, Severity, list},
    resolve::Reader,
};

/// See the module.
pub(crate) struct ClusterKey;

impl Check for ClusterKey {
    fn id(&self) -> &'static str {
        "secret/cluster-key"
    }

    fn summary(&self) -> &'static str {
        "a sealed file that the cluster cannot open"
    }

    fn explanation(&self) -> &'static str {
        "All that a cluster reads must be sealed for its own key, the one that `secrets.cluster` names. Flux tells of a file \
         that it cannot open only when it is there, and applies nothing of its component."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        let Some(sealing) = facts.sealing() else { return };
        let cluster: Vec<&Reader> = sealing.cluster().collect();
        if cluster.is_empty() {
            return;
        }
        for Sealed { object, seal } in facts.wholly_sealed().filter(|sealed| sealed.seal.groups == 1) {
            let opens = |key: &str| cluster.iter().any(|reader| reader.recipient.as_str() == key);
            // A key service may let the cluster in.
            if !seal.services.is_empty() || seal.recipients.iter().any(|sealed| opens(&sealed.key)) {
                continue;
            }
            let name = object.document.name();
            let message = format!("the cluster of `{}` cannot open `{name}`", sealing.environment);
            let keys: Vec<&str> = cluster.iter().map(|reader| &*reader.name).collect();
            let for_whom = seal.recipients.iter().map(|sealed| sealing.policy.call(&sealed.key));
            let said = Diagnostic::new(self.id(), self.severity(), message)
                .at(seal.place.or(object.file.place))
                .output(facts.output(object.path))
                .because(match keys.as_slice() {
                    [one] => format!("it is not sealed for the cluster's own key, `{one}`"),
                    many => format!("it is sealed for none of {}", list(many.iter().copied())),
                })
                .because(match for_whom.collect::<Vec<_>>() {
                    none if none.is_empty() => "it is sealed for nobody".to_owned(),
                    some => format!("it is sealed for {}", some.join(", ")),
                });
            findings.push(match sealing.owners.get(object.path.as_str()) {
                _ if seal.is_for_nobody() => said.help("nobody can open it: seal it again from its values"),
                Some(owner) => said.help(format!("run: gen rekey {owner}")),
                None => said.help("seal it for that key too"),
            });
        }
    }
}
