//! `secret/recipients`: a sealed file that others can open than should.

use crate::{
    check::{Check, Facts, Sealed, Sealing},
    diag::{Diagnostic, Problems, Severity, list},
    resolve::{Reader, SealRule},
};

/// See the module.
pub(crate) struct Recipients;

impl Check for Recipients {
    fn id(&self) -> &'static str {
        "secret/recipients"
    }

    fn summary(&self) -> &'static str {
        "a sealed file that others can open than `secrets` says"
    }

    fn explanation(&self) -> &'static str {
        "Whom a file is sealed for stands in it, and stays when `keys` or `secrets` change. Who was added cannot open it \
         yet; who was removed still can, and has seen what it held. `gen secrets explain FILE` says who should, and why."
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        let Some(sealing) = facts.sealing() else { return };
        for sealed in
            facts.wholly_sealed().filter(|sealed| sealed.seal.groups == 1 && !sealed.seal.is_for_nobody())
        {
            let Some(owner) = sealing.owners.get(sealed.object.path.as_str()) else {
                findings.0.extend(self.strangers(facts, sealing, sealed));
                continue;
            };
            let rule = sealing.policy.rule(owner).filter(|rule| rule.complete);
            if let Some(rule) = rule.filter(|rule| !rule.readers.is_empty()) {
                findings.0.extend(self.compare(facts, sealing, sealed, rule));
            }
        }
    }
}

impl Recipients {
    /// Of a file that is no environment's own, such as one in a base, which several may use: those whom none of them names.
    fn strangers(&self, facts: &Facts, sealing: &Sealing, sealed: Sealed) -> Option<Diagnostic> {
        let Sealed { object, seal } = sealed;
        if sealing.policy.rules().any(|rule| !rule.complete) {
            return None;
        }
        let named =
            |key: &str| sealing.policy.rules().flat_map(SealRule::recipients).any(|r| r.as_str() == key);
        let strangers: Vec<_> = seal.recipients.iter().filter(|sealed| !named(&sealed.key)).collect();
        let message =
            format!("`{}` is sealed for somebody whom no environment names", object.document.name());
        let who: Vec<String> = strangers.iter().map(|sealed| sealing.policy.call(&sealed.key)).collect();
        let said = Diagnostic::new(self.id(), self.severity(), message)
            .at(strangers.first()?.place.or(object.file.place))
            .output(facts.output(object.path))
            .because(format!("for {}", who.join(", ")))
            .because("who opens a file outside of `environments/secrets/` is not kept by `gen rekey`");
        Some(said.help(format!("run: gen seal FILE --for {}", sealing.environment)))
    }

    fn compare(
        &self,
        facts: &Facts,
        sealing: &Sealing,
        sealed: Sealed,
        rule: &SealRule,
    ) -> Option<Diagnostic> {
        let Sealed { object, seal } = sealed;
        let difference = rule.difference(seal);
        // That the cluster cannot open it has a check of its own.
        let is_cluster =
            |reader: &Reader| sealing.secrets.cluster.as_ref().is_some_and(|c| c.text == reader.name);
        let missing = difference.missing.iter().filter(|reader| !is_cluster(reader));
        let missing: Vec<&str> = missing.map(|reader| &*reader.name).collect();
        let additional = difference.additional.iter().map(|sealed| sealing.policy.call(&sealed.key));
        let additional: Vec<String> = additional.collect();
        if missing.is_empty() && additional.is_empty() {
            return None;
        }
        let name = object.document.name();
        let message = format!("`{name}` is not sealed for those who should be able to open it");
        let place = difference.additional.first().and_then(|sealed| sealed.place).or(seal.place);
        let mut said = Diagnostic::new(self.id(), self.severity(), message)
            .at(place.or(object.file.place))
            .output(facts.output(object.path));
        if !missing.is_empty() {
            said = said.because(format!("not yet for {}", list(missing)));
        }
        if !additional.is_empty() {
            said = said.because(format!("still for {}", additional.join(", ")));
        }
        Some(said.help(format!("run: gen rekey {}", rule.owner)))
    }
}
