//! One Secret of a component: where it lives, what the packs say of it, what is there already.

use super::{
    Arguments,
    given::{self, Question, Value, check_keys},
};
use crate::{
    cli::secret::{
        About, IdentityArguments, SealedProject, Written, about, credentials, difference, find, now,
    },
    diag::{Diagnostic, Problems},
    resolve::{self, NeededKey, SealedPath},
    secret::{
        Policy, manifest,
        sops::{self, Identities, Opened},
    },
    yaml::commented::Document,
};

/// What is to be done to one Secret.
pub(super) struct Job {
    pub(super) place: SealedPath,
    pub(super) policy: Policy,
    pub(super) namespace: String,
    /// The type, if it is said.
    pub(super) kind: Option<String>,
    /// The file that is there and stays but for what is given.
    pub(super) existing: Option<Existing>,
    /// Bytes of a file that is there.
    pub(super) before: Option<Vec<u8>>,
}

/// A file that is there, opened.
pub(super) struct Existing {
    opened: Opened,
    document: Document,
}

/// Private keys, looked for when the first file is to be opened.
pub(super) struct Keys<'a> {
    pub(super) arguments: &'a IdentityArguments,
    pub(super) found: Option<Identities>,
}

impl Keys<'_> {
    pub(super) fn get(&mut self, problems: &mut Problems) -> &Identities {
        self.found.get_or_insert_with(|| self.arguments.find(problems))
    }
}

/// Seals values into the Secret `name`, which is `COMPONENT/NAME`. `None` if an error was pushed.
pub(super) fn seal(
    project: &mut SealedProject,
    arguments: &Arguments,
    owner: &str,
    name: &str,
    keys: &[String],
    problems: &mut Problems,
) -> Option<Written> {
    let before = problems.errors();
    let place = match find::place(owner, name, &project.project, problems) {
        Some(place) => place,
        None => {
            // Of an environment that cannot be used it was told when the project was read.
            if problems.errors() == before {
                problems.extend(project.told.clone());
            }
            return None;
        }
    };
    let policy = project.policy_of(owner, problems)?;
    let about = about(project, &place, arguments.namespace.as_deref(), problems);
    let mut values = arguments.sign_in.values(problems);
    values.extend(arguments.given.values(problems));
    let mut named_keys: Vec<&str> = values.iter().map(|value| value.key.as_str()).collect();
    named_keys.extend(arguments.sign_in.asked_keys());
    named_keys.extend(keys.iter().map(String::as_str));
    check_keys(&named_keys, problems);
    about.doubts(&place, &named_keys, problems);
    let kind = arguments.kind.clone().or_else(|| arguments.sign_in.kind(problems).map(str::to_owned));
    let mut job = Job {
        namespace: about.namespace.clone()?,
        kind,
        existing: None,
        before: project.bytes(&place.to_string(), problems)?,
        place,
        policy,
    };
    if !arguments.replace {
        let mut identities = Keys { arguments: &arguments.identities, found: None };
        job.open(project, &mut identities, problems)?;
    }
    if job.existing.is_none() {
        job.kind = job.kind.or_else(|| about.needed.as_ref()?.secret_type.clone());
    }
    let wants = !keys.is_empty() || !arguments.given.is_empty() || !arguments.sign_in.is_empty();
    let questions = if wants { named(keys, &about) } else { job.lacking(&about) };
    if !wants && questions.is_empty() {
        problems.push(no_key(&job, &about));
    } else if !wants {
        job.for_prompts(&about, problems);
    }
    if problems.errors() > before {
        return None;
    }
    values.extend(arguments.sign_in.ask(job.existing.as_ref().map(|e| &e.document), problems)?);
    values.extend(given::ask(&questions, problems)?);
    job.write(project, &values, problems)
}

/// The questions for keys that are named.
fn named(keys: &[String], about: &About) -> Vec<Question> {
    let known = || about.needed.iter().flat_map(|needed| &needed.keys);
    let description = |name: &str| known().find(|key| key.name == name)?.description.as_deref();
    keys.iter().map(|key| Question::about(key, description(key))).collect()
}

fn no_key(job: &Job, about: &About) -> Diagnostic {
    let SealedPath { owner, component, name } = &job.place;
    let message = match about.needed {
        Some(_) => format!("`{name}` has every key that is needed of it, and no key is named"),
        None => format!("no key of `{name}` is named"),
    };
    Diagnostic::error("usage/no-key", message)
        .help(format!("name the keys to be asked for: `gen seal {owner} {component}/{name} KEY...`"))
}

impl Job {
    /// Opens the file that is there, if any. `None` if an error was pushed.
    pub(super) fn open(
        &mut self,
        project: &mut SealedProject,
        identities: &mut Keys,
        problems: &mut Problems,
    ) -> Option<()> {
        let Some(bytes) = &self.before else { return Some(()) };
        let path = self.place.to_string();
        let sealed = project.sealed(&path, bytes, problems)?;
        let before = problems.errors();
        let Some(opened) = sealed.open(identities.get(problems), problems) else {
            if problems
                .0
                .iter()
                .skip(before)
                .any(|p| p.id == "secret/no-identity" || p.id == "secret/wrong-key")
            {
                problems.push(
                    Diagnostic::warning("seal/replace", format!("`{path}` stays as it is"))
                        .because("to change one of its values the others must be read")
                        .help("`--replace` makes it anew without them, and needs no private key"),
                );
            }
            return None;
        };
        let [document] = opened.documents() else {
            problems.push(
                Diagnostic::error("seal/documents", format!("`{path}` holds several documents"))
                    .help("change it with `gen edit`"),
            );
            return None;
        };
        let document = document.clone();
        self.existing = Some(Existing { opened, document });
        Some(())
    }

    /// Reports that what is lacking has a form of its own, and is not asked for key by key.
    pub(super) fn for_prompts(&self, about: &About, problems: &mut Problems) {
        let said = about.needed.as_ref().and_then(|needed| needed.secret_type.as_deref());
        let kind = said.unwrap_or("Opaque");
        let keys = about.needed.as_ref().map(|needed| needed.keys.as_slice()).unwrap_or_default();
        if resolve::own_form(kind).is_some() {
            let command = resolve::seal_command(&self.place, Some(kind), keys);
            let message = format!("what `{}` holds is not typed at a prompt", self.place.name);
            problems.push(Diagnostic::error("seal/form", message).help(format!("run: {command}")));
        }
    }

    /// The keys that are needed and not there, as questions.
    fn lacking(&self, about: &About) -> Vec<Question> {
        let there = self.existing.as_ref().map(|e| manifest::keys(&e.document)).unwrap_or_default();
        let needed = about.needed.iter().flat_map(|needed| &needed.keys);
        let lacks = needed.filter(|key| !there.contains(&key.name.as_str()));
        lacks.map(|key: &NeededKey| Question::about(&key.name, key.description.as_deref())).collect()
    }

    /// Seals the values and puts the file in place. `None` if an error was pushed.
    pub(super) fn write(
        self,
        project: &mut SealedProject,
        values: &[Value],
        problems: &mut Problems,
    ) -> Option<Written> {
        let path = self.place.to_string();
        let before = problems.errors();
        let old = self.existing.as_ref().map(|existing| &existing.document);
        let mut document = old.cloned().unwrap_or_else(|| {
            let kind = self.kind.as_deref().filter(|kind| *kind != "Opaque");
            manifest::new(&self.place.name, &self.namespace, kind)
        });
        self.type_stays(problems);
        manifest::rename(&mut document, &self.place.name, &self.namespace);
        for value in values {
            manifest::set(&mut document, &value.key, &value.plain);
        }
        manifest::keep_from_substitution(&mut document);
        credentials::check(&document, now(), problems);
        let is_full = |key: &str| manifest::value(&document, key).is_none_or(|value| !value.is_empty());
        if !manifest::keys(&document).into_iter().any(is_full) {
            let message = format!("every value of `{}` is empty: there is nothing to seal", self.place.name);
            problems.push(
                Diagnostic::error("seal/value", message).help("give one that is not, or seal no such Secret"),
            );
        }
        if problems.errors() > before {
            return None;
        }
        let readers = self.policy.readers.iter().map(|reader| reader.recipient.as_str());
        let mut written = Written::of(&path, readers);
        written.keys = difference(old, &document);
        let text = match &self.existing {
            None => {
                let source = project.project.sources.add(written.path.as_str(), "");
                let text = sops::seal(&[document], source, &self.policy, now(), problems)?;
                project.forget(&written.path, problems).then_some(())?;
                written.changed = true;
                text
            }
            Some(existing) => {
                let outcome = existing.opened.update(&[document.clone()], &self.policy, now(), problems)?;
                project
                    .keep_in_mind(&written.path, &existing.opened, &[document], &outcome, problems)
                    .then_some(())?;
                written.take(&outcome);
                match outcome.text {
                    Some(text) => text,
                    None => return Some(written),
                }
            }
        };
        project.put(&written.path, self.before.as_deref(), text.as_bytes(), problems).then_some(written)
    }

    /// Kubernetes changes no Secret's type.
    fn type_stays(&self, problems: &mut Problems) {
        let Some(existing) = &self.existing else { return };
        let old = existing.document.text_at(&["type"]).unwrap_or("Opaque");
        if let Some(new) = self.kind.as_deref().filter(|new| *new != old) {
            problems.push(
                Diagnostic::error(
                    "seal/type",
                    format!("`{}` is of type `{old}`, not `{new}`", self.place.name),
                )
                .because("Kubernetes changes the type of no Secret that is there")
                .help("use another name; or delete the Secret in the cluster, and seal it with `--replace`"),
            );
        }
    }
}
