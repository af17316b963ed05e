//! `secret/missing`: a Secret that a component needs, and that nobody brings.

use super::missing_key;
use crate::{
    check::{Check, Facts, Needed, Object, ToSeal},
    diag::{Diagnostic, Problems, Severity},
    resolve::{NeededSecret, SealedPath, seal_command},
    yaml::Node,
};

/// See the module.
pub(crate) struct Missing;

impl Check for Missing {
    fn id(&self) -> &'static str {
        "secret/missing"
    }

    fn summary(&self) -> &'static str {
        "a Secret that a component needs, and that is not sealed"
    }

    fn explanation(&self) -> &'static str {
        "A pack says which Secrets its components need, and an input can name one. Without it pods do not start. Seal it, or \
         name it under `secrets.external` if it comes from elsewhere. `--allow-missing-secrets` makes it a warning, but not \
         in CI."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for needed in facts.policy.needed.iter().filter(|needed| is_missing(facts, needed)) {
            let Needed { environment, component, secret, place, .. } = needed;
            let message = format!("`{component}` needs the Secret `{}`, which is not sealed", secret.name);
            let severity =
                if facts.policy.allow_missing_secrets { Severity::Warning } else { self.severity() };
            let keys: Vec<&str> = secret.keys.iter().map(|key| &*key.name).collect();
            let command =
                |owner: &str| seal_command(&path(owner, needed), secret.secret_type.as_deref(), &secret.keys);
            let mut said = Diagnostic::new(self.id(), severity, message)
                .at(*place)
                .because(format!(
                    "{}; its keys: {}",
                    secret.description.trim_end_matches('.'),
                    keys.join(", ")
                ))
                .help(format!("run: {}", command(environment)));
            if let Some(layer) = &needed.layer {
                said = said.help(format!("or, for all that extend `{layer}`: {}", command(layer)));
            }
            let help = format!("or name it under `secrets.external` of environments/{environment}.yaml");
            findings.push(said.help(help));
        }
    }
}

/// Does nobody bring it?
fn is_missing(facts: &Facts, needed: &Needed) -> bool {
    find(facts, needed).is_none() && !is_made(facts, needed)
}

/// What is to be sealed so that neither this check nor `secret/missing-key` finds anything.
pub(in crate::check) fn to_seal<'f>(facts: &'f Facts) -> Vec<ToSeal> {
    let one = |needed: &'f Needed| {
        if is_missing(facts, needed) {
            return Some(ToSeal { needed: needed.clone(), path: path(&needed.environment, needed) });
        }
        let object = find(facts, needed)?;
        // What is not sealed (in a base, by hand) is not for us to add to.
        let owner = missing_key::owner(facts, object)?;
        let component = object.document.component.as_deref().unwrap_or(&needed.component);
        let path = SealedPath { component: component.to_owned(), ..path(owner, needed) };
        let keys = missing_key::lacking(object, &needed.secret);
        let secret = NeededSecret { keys, secret_type: None, ..needed.secret.clone() };
        (!secret.keys.is_empty()).then(|| ToSeal { needed: Needed { secret, ..needed.clone() }, path })
    };
    facts.policy.needed.iter().filter_map(one).collect()
}

/// The file that the Secret would be sealed in.
fn path(owner: &str, needed: &Needed) -> SealedPath {
    SealedPath {
        owner: owner.to_owned(),
        component: needed.component.clone(),
        name: needed.secret.name.clone(),
    }
}

/// The Secret of this name: in the component's namespace, or sealed for the component, wherever that may be: layout tells
/// of a wrong namespace.
pub(super) fn find<'f, 'a>(facts: &'f Facts<'a>, needed: &Needed) -> Option<&'f Object<'a>> {
    let fits = |object: &&Object| {
        let document = &object.document;
        // kustomize may put an object of a base into the namespace.
        let within =
            document.namespace() == needed.namespace || object.copied && document.namespace().is_empty();
        let own = || object.copied && document.component.as_deref() == Some(&*needed.component);
        document.name() == needed.secret.name && (within || own())
    };
    facts.of("", "Secret").find(fits)
}

/// Does something in the namespace make it?
fn is_made(facts: &Facts, needed: &Needed) -> bool {
    let name = &*needed.secret.name;
    facts.within(&needed.namespace).any(|object| {
        let document = &object.document;
        let text = |path: &[&str]| document.node.at(path).and_then(Node::as_str);
        match (document.group(), document.kind()) {
            ("bitnami.com", "SealedSecret") => document.name() == name,
            ("external-secrets.io", "ExternalSecret") => {
                text(&["spec", "target", "name"]).unwrap_or(document.name()) == name
            }
            ("cert-manager.io", "Certificate") => text(&["spec", "secretName"]) == Some(name),
            _ => false,
        }
    })
}
