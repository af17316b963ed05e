//! `secret/unnamed-cluster`: which of the recipients is the cluster?

use crate::{
    check::{Check, Facts},
    diag::{Diagnostic, Problems, Severity, list},
};

/// See the module.
pub(crate) struct UnnamedCluster;

impl Check for UnnamedCluster {
    fn id(&self) -> &'static str {
        "secret/unnamed-cluster"
    }

    fn summary(&self) -> &'static str {
        "an environment that does not say which recipient is its cluster"
    }

    fn explanation(&self) -> &'static str {
        "All that a cluster reads must be sealed for its own key. Which one that is, `secrets.cluster` says; of several \
         recipients any could be it, and then nobody sees when the cluster's is missing. A single recipient is the cluster's."
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        let Some(sealing) = facts.sealing() else { return };
        let (None, Some(first)) = (&sealing.secrets.cluster, sealing.secrets.recipients.first()) else {
            return;
        };
        let message =
            format!("`{}` does not say which of its recipients is its cluster", sealing.environment);
        let names = sealing.secrets.recipients.iter().map(|spot| &*spot.text);
        let said =
            Diagnostic::new(self.id(), self.severity(), message).at(first.place.unwrap_or(sealing.place));
        findings.push(said.help(format!(
            "add `secrets: {{cluster: NAME}}` with one of {} to environments/{}.yaml",
            list(names),
            sealing.environment
        )));
    }
}
