//! `secret/post-quantum`: one classical key beside post-quantum ones.

use crate::{
    check::{Check, Facts},
    diag::{Diagnostic, Problems, Severity},
};

/// See the module.
pub(crate) struct PostQuantum;

impl Check for PostQuantum {
    fn id(&self) -> &'static str {
        "secret/post-quantum"
    }

    fn summary(&self) -> &'static str {
        "one classical key beside post-quantum ones"
    }

    fn explanation(&self) -> &'static str {
        "SOPS gives the key of a file to each recipient by itself. So whoever can break one classical key, today or later, \
         opens the file, however strong the other keys are: one classical recipient undoes the post-quantum ones."
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        let Some(sealing) = facts.sealing() else { return };
        let is = |wanted: bool| {
            let readers = sealing.readers().iter();
            readers.filter(move |reader| reader.recipient.kind().is_post_quantum() == Some(wanted))
        };
        let (Some(strong), Some(weak)) = (is(true).next(), is(false).next()) else { return };
        let message = format!("`{}` undoes the post-quantum keys of `{}`", weak.name, sealing.environment);
        let named = |reader: &crate::resolve::Reader| reader.reasons.first().and_then(|reason| reason.place);
        findings.push(
            Diagnostic::new(self.id(), self.severity(), message)
                .label(named(weak), format!("this is {}", weak.recipient.kind()))
                .label(named(strong), format!("and this {}", strong.recipient.kind()))
                .because("every recipient gets the key of a file by itself, so the weakest decides")
                .help("give everyone a post-quantum key, or nobody"),
        );
    }
}
