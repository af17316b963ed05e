//! `secret/no-recipients`: secrets that are sealed for nobody in particular.

use crate::{
    check::{Check, Facts},
    diag::{Diagnostic, Problems, Severity},
};

/// See the module.
pub(crate) struct NoRecipients;

impl Check for NoRecipients {
    fn id(&self) -> &'static str {
        "secret/no-recipients"
    }

    fn summary(&self) -> &'static str {
        "an environment with secrets that does not say whom they are sealed for"
    }

    fn explanation(&self) -> &'static str {
        "`secrets: {cluster: NAME, recipients: [NAME, …]}` says who can open what is sealed: the cluster's own key, and \
         people. Without it nothing can be sealed, and nobody sees whether the cluster can open what is there."
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        let named = |sealing: &&crate::check::Sealing| {
            sealing.secrets.cluster.is_none() && sealing.secrets.recipients.is_empty()
        };
        let Some(sealing) = facts.sealing().filter(named) else { return };
        let name = &sealing.environment;
        let message = format!("`{name}` does not say whom its secrets are sealed for");
        let said = Diagnostic::new(self.id(), self.severity(), message).at(sealing.place);
        findings.push(said.help(
            "add `secrets: {cluster: NAME}` with the name of the cluster's key under `keys` of environments/fleet.yaml",
        ));
    }
}
