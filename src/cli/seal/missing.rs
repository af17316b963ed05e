//! All Secrets that environments need and do not have.

use super::{
    Arguments,
    given::{self, Question, Value},
    target::{Job, Keys},
};
use crate::{
    check::ToSeal,
    cli::{
        secret::{About, SealedProject, Written},
        select::{self, Choice, Selection},
    },
    diag::{Diagnostic, Problems},
    pipeline::Engine,
    plain::Plain,
    resolve::{self, NeededKey},
    secret,
};

/// The Secrets that the chosen environments lack; each file once.
pub(super) fn lacking(engine: &Engine, arguments: &Arguments, problems: &mut Problems) -> Vec<ToSeal> {
    let options = [
        (!arguments.given.is_empty() || !arguments.sign_in.is_empty(), "values"),
        (arguments.kind.is_some(), "`--type`"),
        (arguments.owner.is_some(), "`--for`"),
    ];
    for (_, what) in options.iter().filter(|(is_given, _)| *is_given) {
        problems.push(
            Diagnostic::error("usage/with-missing", format!("{what} cannot be given with `--missing`"))
                .help("the packs say what is needed, and the values are asked for"),
        );
    }
    let selection = Selection { environments: arguments.words.clone(), all: arguments.all, shard: None };
    let names = select::choose(&selection, &Choice::of(engine), problems);
    let mut found: Vec<ToSeal> = Vec::new();
    for name in names {
        let mut of_environment = Problems::new();
        let lacks = engine.to_seal(name, &mut of_environment);
        // What is wrong otherwise is told by a render; here only if nothing can be known of the environment.
        if lacks.is_empty() {
            problems.extend(of_environment);
        }
        for lack in lacks {
            match found.iter_mut().find(|known| known.path == lack.path) {
                Some(known) => add(known, lack),
                None => found.push(lack),
            }
        }
    }
    found
}

/// Seals them; one that cannot be sealed does not keep the others from it.
pub(super) fn seal(
    project: &mut SealedProject,
    lacking: &[ToSeal],
    arguments: &Arguments,
    problems: &mut Problems,
) -> Vec<Written> {
    let mut keys = Keys { arguments: &arguments.identities, found: None };
    let mut written = Vec::new();
    for lack in lacking {
        written.extend(one(project, lack, &mut keys, problems));
    }
    written
}

fn one(
    project: &mut SealedProject,
    lack: &ToSeal,
    keys: &mut Keys,
    problems: &mut Problems,
) -> Option<Written> {
    let secret = &lack.needed.secret;
    let command = resolve::seal_command(&lack.path, secret.secret_type.as_deref(), &secret.keys);
    let before = problems.errors();
    let mut job = Job {
        policy: project.policy_of(&lack.path.owner, problems)?,
        namespace: lack.needed.namespace.clone(),
        kind: secret.secret_type.clone(),
        existing: None,
        before: project.bytes(&lack.path.to_string(), problems)?,
        place: lack.path.clone(),
    };
    job.for_prompts(&About::needing(secret.clone()), problems);
    if problems.errors() > before {
        return None;
    }
    job.open(project, keys, problems)?;
    let (made, asked): (Vec<&NeededKey>, Vec<&NeededKey>) =
        secret.keys.iter().partition(|key| key.generate.is_some());
    let questions: Vec<Question> = asked.iter().map(|key| question(lack, key)).collect();
    let Some(mut values) = given::ask(&questions, problems) else {
        let said = problems.0.last_mut().map(|problem| &mut problem.help);
        said.into_iter().for_each(|help| help.push(format!("alone it is: {command}")));
        return None;
    };
    for key in made {
        let generate = key.generate.as_ref()?;
        let length = usize::from(generate.length.unwrap_or(resolve::GENERATED_LENGTH));
        match secret::generate(length, generate.alphabet.as_deref().unwrap_or(secret::ALPHABET)) {
            Ok(text) => values.push(Value { key: key.name.clone(), plain: Plain::from(text) }),
            Err(why) => {
                let message = format!("no value can be made for `{}` of `{}`: {why}", key.name, secret.name);
                problems.push(Diagnostic::error("seal/generate", message).help(format!("run: {command}")));
                return None;
            }
        }
    }
    job.write(project, &values, problems)
}

/// Says of which Secret it is, since many are asked for, and what belongs there: what the pack says of the key, else of the
/// Secret, or which input names it.
fn question(lack: &ToSeal, key: &NeededKey) -> Question {
    let described = key.description.as_ref().unwrap_or(&lack.needed.secret.description).trim_end_matches('.');
    let text = format!("{}: {} of {} ({described})", lack.path.owner, key.name, lack.path.name);
    Question { key: key.name.clone(), text }
}

/// The keys that another environment lacks of the same file.
fn add(known: &mut ToSeal, other: ToSeal) {
    let keys = &mut known.needed.secret.keys;
    let new = other.needed.secret.keys.into_iter();
    let new: Vec<NeededKey> = new.filter(|key| keys.iter().all(|known| known.name != key.name)).collect();
    keys.extend(new);
}
