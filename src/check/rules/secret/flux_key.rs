//! `secret/flux-key`: a cluster whose key Flux cannot use.

use super::minor;
use crate::{
    check::{Check, Facts, Sealing},
    diag::{Diagnostic, Problems, Severity, list},
    recipient::Kind,
    resolve::Reader,
};

/// See the module.
pub(crate) struct FluxKey;

impl Check for FluxKey {
    fn id(&self) -> &'static str {
        "secret/flux-key"
    }

    fn summary(&self) -> &'static str {
        "a cluster whose key Flux cannot use"
    }

    fn explanation(&self) -> &'static str {
        "Flux opens sealed files with private keys of age and of OpenPGP, with post-quantum ones of age since 2.9. SSH keys \
         are fine for people, but Flux reads none. For a key of an age plugin its program must be in the controller's image."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        let Some(sealing) = facts.sealing().filter(|sealing| !sealing.readers().is_empty()) else { return };
        match sealing.secrets.cluster.is_some() {
            true => {
                sealing.cluster().for_each(|reader| findings.0.extend(self.own(facts, sealing, reader)));
            }
            false if sealing.cluster().next().is_none() => findings.push(self.nobody(sealing)),
            false => {}
        }
    }
}

impl FluxKey {
    fn own(&self, facts: &Facts, sealing: &Sealing, reader: &Reader) -> Option<Diagnostic> {
        let kind = reader.recipient.kind();
        let (severity, why, help) = match kind {
            Kind::SshEd25519 | Kind::SshRsa => (
                self.severity(),
                "and Flux reads no private keys of SSH",
                "name a key of age, which begins with `age1`",
            ),
            Kind::PostQuantum
                if facts.policy.flux.as_deref().and_then(minor).is_some_and(|minor| minor < (2, 9)) =>
            {
                (
                    self.severity(),
                    "which Flux reads from 2.9 on",
                    "use a key that begins with `age1`, or a newer Flux",
                )
            }
            Kind::Plugin | Kind::Tag { .. } => (
                Severity::Warning,
                "and only a kustomize-controller with the plugin's program in its image can use it",
                "use a key that begins with `age1`, or see to it that the program is there",
            ),
            Kind::X25519 | Kind::PostQuantum | Kind::Pgp => return None,
        };
        let message = format!("the key of the cluster of `{}` is {kind}, {why}", sealing.environment);
        let said = sealing.secrets.cluster.as_ref().and_then(|cluster| cluster.place);
        let finding = Diagnostic::new(self.id(), severity, message).label(said, "named here");
        Some(finding.label(reader.place, format!("`{}`", reader.name)).help(help))
    }

    fn nobody(&self, sealing: &Sealing) -> Diagnostic {
        let message = format!("no key of `{}` is one that Flux can use", sealing.environment);
        let place = sealing.secrets.recipients.first().and_then(|spot| spot.place);
        let names = list(sealing.readers().iter().map(|reader| &*reader.name));
        Diagnostic::new(self.id(), self.severity(), message)
            .at(place.unwrap_or(sealing.place))
            .because(format!("Flux reads no private keys of SSH, and {names} have no other"))
            .help("add a key of age for the cluster, and name it by `secrets.cluster`")
    }
}
