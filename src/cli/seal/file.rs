//! Manifests sealed where they stand.

use super::{Arguments, target::Keys};
use crate::{
    cli::secret::{SealedProject, Written, credentials, difference, fits, now},
    diag::{Diagnostic, Problems, Severity},
    resolve::SealedPath,
    seal,
    secret::{Policy, manifest, sops},
    yaml::{self, commented},
};
use std::path::Path;

/// Seals files; what is wrong with one does not keep the others from it.
pub(super) fn seal(
    project: &mut SealedProject,
    arguments: &Arguments,
    problems: &mut Problems,
) -> Vec<Written> {
    let options = [
        (!arguments.given.is_empty() || !arguments.sign_in.is_empty(), "values"),
        (arguments.kind.is_some(), "`--type`"),
        (arguments.namespace.is_some(), "`--namespace`"),
        (arguments.replace, "`--replace`"),
    ];
    for (_, what) in options.iter().filter(|(is_given, _)| *is_given) {
        problems.push(
            Diagnostic::error("usage/with-file", format!("{what} cannot be given with a file"))
                .help("name the Secret instead: `gen seal ENV COMPONENT/NAME`"),
        );
    }
    if problems.has_errors() {
        return Vec::new();
    }
    let mut keys = Keys { arguments: &arguments.identities, found: None };
    let words = arguments.words.iter();
    words.filter_map(|word| one(project, word, arguments, &mut keys, problems)).collect()
}

fn one(
    project: &mut SealedProject,
    word: &str,
    arguments: &Arguments,
    keys: &mut Keys,
    problems: &mut Problems,
) -> Option<Written> {
    let path = project.path(Path::new(word), problems)?;
    let place = SealedPath::parse(&path);
    let owner = owner(place.as_ref(), arguments.owner.as_deref(), &path, problems)?;
    let policy = project.policy_of(&owner, problems)?;
    let Some(bytes) = project.bytes(&path, problems)? else {
        problems.push(
            Diagnostic::error("secret/no-file", format!("there is no file `{path}`"))
                .help("to make one, name the Secret: `gen seal ENV COMPONENT/NAME KEY`"),
        );
        return None;
    };
    let written = Written::of(&path, policy.readers.iter().map(|reader| reader.recipient.as_str()));
    match yaml::decode(&bytes) {
        Ok(text) if seal::is_sealed_file(&text) => again(project, written, &bytes, &policy, keys, problems),
        Ok(text) => first(project, written, (&bytes, &text), place.as_ref(), &policy, problems),
        Err(why) => {
            let message = format!("`{}` cannot be read as text: {}", written.path, why.message);
            problems.push(Diagnostic::error("load/encoding", message).help(why.help));
            None
        }
    }
}

/// Whose recipients a file is for. `None` if an error was pushed.
fn owner(
    place: Option<&SealedPath>,
    given: Option<&str>,
    path: &str,
    problems: &mut Problems,
) -> Option<String> {
    let said = match (place, given) {
        (Some(place), Some(given)) if place.owner != given => Diagnostic::error(
            "usage/owner",
            format!("`{path}` belongs to `{}`, not to `{given}`", place.owner),
        )
        .help("leave `--for` out"),
        (Some(place), _) => return Some(place.owner.clone()),
        (None, Some(given)) => return Some(given.to_owned()),
        (None, None) => Diagnostic::error("usage/owner", format!("nothing says who is to open `{path}`"))
            .help("name the environment or layer with `--for ENV`")
            .help("or put it at `environments/secrets/ENVIRONMENT/COMPONENT/NAME.sops.yaml`"),
    };
    problems.push(said);
    None
}

/// A file that is sealed already: nothing, or brought to policy.
fn again(
    project: &mut SealedProject,
    mut written: Written,
    bytes: &[u8],
    policy: &Policy,
    keys: &mut Keys,
    problems: &mut Problems,
) -> Option<Written> {
    let sealed = project.sealed(&written.path, bytes, problems)?;
    if sealed.status(policy).is_good() {
        return Some(written);
    }
    let opened = sealed.open(keys.get(problems), problems)?;
    let outcome = opened.update(opened.documents(), policy, now(), problems)?;
    project.keep_in_mind(&written.path, &opened, opened.documents(), &outcome, problems).then_some(())?;
    written.take(&outcome);
    let put = match outcome.text {
        Some(text) => project.put(&written.path, Some(bytes), text.as_bytes(), problems),
        None => true,
    };
    put.then_some(written)
}

/// A file in the clear.
fn first(
    project: &mut SealedProject,
    mut written: Written,
    (bytes, text): (&[u8], &str),
    place: Option<&SealedPath>,
    policy: &Policy,
    problems: &mut Problems,
) -> Option<Written> {
    let before = problems.errors();
    let source = project.project.sources.add_hidden(written.path.as_str(), text);
    let mut found = Problems::new();
    let documents = commented::read(text, source, &mut found);
    found.0.into_iter().for_each(|said| problems.push(said.without_words_of(text)));
    let mut documents = documents?;
    if let Some(place) = place {
        fits(project, place, &mut documents, problems);
        documents.iter_mut().for_each(manifest::keep_from_substitution);
    }
    for document in documents.iter().filter(|document| manifest::is_secret(document)) {
        credentials::check(document, now(), problems);
        written.keys.extend(difference(None, document));
    }
    if problems.errors() > before {
        return None;
    }
    let sealed = sops::seal(&documents, source, policy, now(), problems)?;
    if !project.put(&written.path, Some(bytes), sealed.as_bytes(), problems) {
        return None;
    }
    written.changed = true;
    problems.push(
        Diagnostic::new(
            "seal/was-clear",
            Severity::Info,
            format!("`{}` stood there in the clear", written.path),
        )
        .help("if it was ever committed so, what it holds is known: replace it where it was issued"),
    );
    Some(written)
}
