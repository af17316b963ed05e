//! What the environments say of a Secret: the namespace of its component, and what is needed of it.

use super::SealedProject;
use crate::{
    diag::{Diagnostic, Problems, did_you_mean, list},
    resolve::{self, NeededSecret, SealedPath},
    secret::manifest,
    yaml::commented::Document,
};
use std::collections::BTreeMap;

/// What the environments say of a Secret.
#[derive(Debug, Default)]
pub(in crate::cli) struct About {
    /// The namespace of its component.
    pub(in crate::cli) namespace: Option<String>,
    /// What is needed of it, if anybody needs it: of all environments together.
    pub(in crate::cli) needed: Option<NeededSecret>,
    /// The names of all Secrets that the component needs.
    names: Vec<String>,
}

/// What the environments that may read a Secret say of it.
pub(in crate::cli) fn about(
    project: &SealedProject,
    place: &SealedPath,
    given: Option<&str>,
    problems: &mut Problems,
) -> About {
    let mut about = About::default();
    let mut namespaces: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut found = Problems::new();
    let environments = project.policy.rule(&place.owner).map(|rule| rule.environments.as_slice());
    for name in environments.unwrap_or_default() {
        let environment = resolve::environment(&project.project, name, &mut found);
        let components = environment.map(|environment| environment.components).unwrap_or_default();
        let Some(component) = components.into_iter().find(|c| c.name == place.component) else { continue };
        namespaces.entry(component.namespace).or_default().push(name);
        about.names.extend(component.secrets.iter().map(|secret| secret.name.clone()));
        if let Some(secret) = component.secrets.into_iter().find(|secret| secret.name == place.name) {
            about.add(secret);
        }
    }
    let known: Vec<&String> = namespaces.keys().collect();
    match (known.as_slice(), given) {
        ([], Some(given)) => about.namespace = Some(given.to_owned()),
        ([only], None) => about.namespace = Some((*only).clone()),
        ([only], Some(given)) if *only == given => about.namespace = Some(given.to_owned()),
        // An environment that cannot be used would have said it.
        ([], None) if found.has_errors() => problems.extend(found),
        ([], None) => problems.push(
            Diagnostic::error(
                "seal/namespace",
                format!("nothing says in which namespace `{}` lives", place.component),
            )
            .because("what is sealed holds its namespace, and Kubernetes looks for it there")
            .help("say it with `--namespace NAMESPACE`"),
        ),
        ([only], Some(given)) => problems.push(
            Diagnostic::error(
                "seal/namespace",
                format!("`{}` lives in the namespace `{only}`, not in `{given}`", place.component),
            )
            .help("leave `--namespace` out"),
        ),
        (_, _) => {
            let message = format!("`{}` lives in different namespaces", place.component);
            let said = Diagnostic::error("seal/namespace", message);
            let said = namespaces.iter().fold(said, |said, (namespace, environments)| {
                said.because(format!("in `{namespace}` for {}", list(environments.iter().copied())))
            });
            problems.push(said.help("a Secret lives in one: seal it for each of these environments"));
        }
    }
    about
}

impl About {
    /// Of a Secret that is needed.
    pub(in crate::cli) fn needing(secret: NeededSecret) -> Self {
        Self { needed: Some(secret), ..Self::default() }
    }

    fn add(&mut self, secret: NeededSecret) {
        match &mut self.needed {
            None => self.needed = Some(secret),
            Some(known) => {
                known.secret_type = known.secret_type.take().or(secret.secret_type);
                for key in secret.keys {
                    if known.keys.iter().all(|other| other.name != key.name) {
                        known.keys.push(key);
                    }
                }
            }
        }
    }

    /// Warns of names that look misspelt.
    pub(in crate::cli) fn doubts(&self, place: &SealedPath, keys: &[&str], problems: &mut Problems) {
        let SealedPath { component, name, .. } = place;
        let Some(needed) = &self.needed else {
            // What all of them begin with makes none of them alike.
            let suffix = |name: &'_ str| name.strip_prefix(&format!("{component}-")).map(str::to_owned);
            let suffixes: Vec<String> = self.names.iter().filter_map(|name| suffix(name)).collect();
            let own = suffix(name).unwrap_or_else(|| name.clone());
            if let Some(near) = did_you_mean(&own, suffixes.iter().map(String::as_str)) {
                let near = format!("{component}-{near}");
                let message = format!("`{component}` needs no Secret `{name}`");
                problems.push(
                    Diagnostic::warning("usage/unknown-secret", message)
                        .help(format!("did you mean `{near}`?")),
                );
            }
            return;
        };
        for key in keys.iter().filter(|key| needed.keys.iter().all(|known| known.name != **key)) {
            if let Some(near) = did_you_mean(key, needed.keys.iter().map(|known| known.name.as_str())) {
                let message = format!("`{component}` needs no key `{key}` of `{name}`");
                problems.push(
                    Diagnostic::warning("usage/unknown-key", message).help(format!("did you mean `{near}`?")),
                );
            }
        }
    }
}

/// What stands under `environments/secrets/` is one Secret, with the name of its file, in its component's namespace; one
/// without a namespace gets it.
pub(in crate::cli) fn fits(
    project: &SealedProject,
    place: &SealedPath,
    documents: &mut [Document],
    problems: &mut Problems,
) {
    let [document] = documents else {
        let message = format!("`{place}` holds {} documents, and must hold one Secret", documents.len());
        return problems
            .push(Diagnostic::error("seal/documents", message).help("give each Secret a file of its own"));
    };
    if !manifest::is_secret(document) {
        return problems.push(
            Diagnostic::error("seal/documents", format!("`{place}` holds no Secret"))
                .help("move it away: sealed files of components are Secrets"),
        );
    }
    let text = |path: &[&str]| document.text_at(path).map(str::to_owned);
    let (name, namespace) = (text(&["metadata", "name"]), text(&["metadata", "namespace"]));
    if name.as_deref().is_some_and(|name| name != place.name) {
        let message = format!("the file is named `{}`, and the Secret otherwise", place.name);
        problems.push(
            Diagnostic::error("seal/name", message).help("rename one of them: both must have one name"),
        );
    }
    let wanted = about(project, place, None, problems).namespace;
    let Some(wanted) = wanted.or(namespace.clone()) else { return };
    if namespace.is_some_and(|namespace| namespace != wanted) {
        let message =
            format!("`{}` lives in the namespace `{wanted}`, and this Secret in another", place.component);
        problems.push(
            Diagnostic::error("seal/namespace", message)
                .help("correct `metadata.namespace`, or leave it out"),
        );
        return;
    }
    manifest::rename(document, &place.name, &wanted);
}
