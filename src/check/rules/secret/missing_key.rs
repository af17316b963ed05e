//! `secret/missing-key`: a sealed Secret without a key that is asked of it.

use super::missing::find;
use crate::{
    check::{Check, Facts, Needed, Object},
    diag::{Diagnostic, Problems, Severity, list},
    resolve::{NeededKey, NeededSecret, SealedPath, seal_command},
};

/// See the module.
pub(crate) struct MissingKey;

impl Check for MissingKey {
    fn id(&self) -> &'static str {
        "secret/missing-key"
    }

    fn summary(&self) -> &'static str {
        "a Secret without a key that a component needs"
    }

    fn explanation(&self) -> &'static str {
        "The keys of a sealed Secret can be read, its values cannot. A pod that takes a key that is not there does not start."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for needed in &facts.policy.needed {
            let Needed { environment, component, place, secret, .. } = needed;
            let Some(object) = find(facts, needed) else { continue };
            let lacking = lacking(object, secret);
            if lacking.is_empty() {
                continue;
            }
            let names = list(lacking.iter().map(|key| &*key.name));
            let severity =
                if facts.policy.allow_missing_secrets { Severity::Warning } else { self.severity() };
            let message = format!("the Secret `{}` lacks {names}", secret.name);
            let said = Diagnostic::new(self.id(), severity, message)
                .at(object.file.place)
                .label(*place, "needed here")
                .output(facts.output(object.path));
            let component = object.document.component.as_deref().unwrap_or(component);
            let path = SealedPath {
                owner: owner(facts, object).unwrap_or(environment).clone(),
                component: component.to_owned(),
                name: secret.name.clone(),
            };
            findings.push(said.help(format!("run: {}", seal_command(&path, None, &lacking))));
        }
    }
}

/// The keys that a Secret lacks.
pub(super) fn lacking(object: &Object, secret: &NeededSecret) -> Vec<NeededKey> {
    let has = |key: &&NeededKey| {
        ["data", "stringData"].iter().any(|part| object.document.node.at(&[part, &key.name]).is_some())
    };
    secret.keys.iter().filter(|key| !has(key)).cloned().collect()
}

/// The environment or layer that a sealed file belongs to.
pub(super) fn owner<'f>(facts: &'f Facts, object: &Object) -> Option<&'f String> {
    facts.policy.sealing.as_ref()?.owners.get(object.path.as_str())
}
