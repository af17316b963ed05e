//! `gen rekey`: recipients to policy. `gen rotate`, which makes new data keys besides, does it by the same steps.

use super::{
    Exit, Format, Global, open, progress,
    report::{self, mapping, print, say, words},
    secret::{IdentityArguments, SealedProject, now},
};
use crate::{
    diag::{Diagnostic, Problems},
    host, load, pipeline,
    secret::{
        Policy,
        sops::{Identities, Outcome, Sealed, Status},
    },
    write::{self, Beside},
    yaml::{self, Node},
};
use std::{collections::BTreeMap, sync::Arc};

/// So many files are written beside their places before one flush and their renames, each held open; fewer where not so
/// many may be open.
const AT_ONCE: usize = 1000;

/// Brings the recipients of sealed files to what `keys` and `secrets` say
///
/// Adding a recipient keeps the file's data key, and every value its text. Removing one makes a new data key, seals every
/// value anew, and puts the values on the list `environments/secrets/to-replace.txt`: whoever was removed can read them
/// in the history for ever, so each is to be replaced where it was issued. Each file is wholly old or wholly new at any
/// moment; what was stopped is completed by running it again. Files that cannot be opened are told, and the others done.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen rekey --dry-run      what would change, without any key\n  gen rekey --dry-run --exit-code   say no (exit code 1) if anything would\n  gen rekey                every file\n  gen rekey prod 'edge/*'  their files, and those of their layers"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    scope: Scope,
    /// With --dry-run: say no (exit code 1) if a file is to be written
    #[arg(long, requires = "dry_run")]
    exit_code: bool,
}

/// What both commands take.
#[derive(Debug, clap::Args)]
pub(super) struct Scope {
    /// Environments with their layers, or layers alone: names or globs; or single files, `ENV/COMPONENT/NAME`
    /// [default: all]
    #[arg(value_name = "ENV")]
    named: Vec<String>,
    /// Only say what would be done; needs no key
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    identities: IdentityArguments,
}

/// What is done to the files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Recipients to policy, where they differ.
    Rekey,
    /// A new data key for each.
    Rotate,
}

/// A file that is to be written again.
struct Job {
    path: String,
    before: Arc<[u8]>,
    sealed: Sealed,
    policy: Arc<Policy>,
    status: Status,
}

/// What became of it, or would.
struct Done {
    path: String,
    before: Arc<[u8]>,
    outcome: Outcome,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    match rewrite(global, &arguments.scope, What::Rekey) {
        Ok(files) if files > 0 && arguments.exit_code => Exit::No,
        Ok(_) => Exit::Yes,
        Err(exit) => exit,
    }
}

/// Does it: what is to be done, new texts in memory, the list of values to replace, then the files. How many files were
/// written, or would be.
///
/// # Errors
/// The exit code, if anything is wrong; it was told.
pub(super) fn rewrite(global: &Global, scope: &Scope, what: What) -> Result<usize, Exit> {
    host::watch_interrupts();
    let mut problems = Problems::new();
    let Some(mut project) = host::timed("load", || SealedProject::open(global, &mut problems)) else {
        return Err(open::failed(global, &problems));
    };
    trusted(&project, &mut problems);
    let jobs = host::timed("read", || jobs(&project, scope, what, &mut problems));
    if problems.has_errors() {
        return Err(open::failed_in(global, &problems, &project.project.sources));
    }
    problems.extend(project.told_of_files());
    let mut done = if scope.dry_run || jobs.is_empty() {
        jobs.into_iter().map(|job| foreseen(job, what)).collect()
    } else {
        let identities = scope.identities.find(&mut problems);
        let bar = progress::bar(global, jobs.len(), "files opened");
        let done = host::timed("open", || opened(jobs, &identities, what, &bar, &mut problems));
        bar.finish();
        done
    };
    done.retain(|done| scope.dry_run || done.outcome.text.is_some());
    if !scope.dry_run {
        done = write(global, &mut project, done, &mut problems);
    }
    tell(global, &project, scope, &done, &problems);
    if problems.has_errors() { Err(Exit::Unknown) } else { Ok(done.len()) }
}

/// Refuses where what is wrong in the project may hide a recipient: it would be taken out of every file. What is wrong
/// with single sealed files hides none.
fn trusted(project: &SealedProject, problems: &mut Problems) {
    let told = project.told_elsewhere();
    if told.has_errors() {
        problems.extend(told);
        problems.push(
            Diagnostic::error(
                "secret/untrusted",
                "recipients are not changed while the project has mistakes",
            )
            .because(
                "an environment that cannot be read may name some, and they would be taken out of its files",
            )
            .help("correct what else is told, then run this again"),
        );
    }
}

/// The files that are meant and are to be written.
fn jobs(project: &SealedProject, scope: &Scope, what: What, problems: &mut Problems) -> Vec<Job> {
    let mut found = Vec::new();
    for (owner, files) in project.meant(&scope.named, problems) {
        let Some(policy) = project.policy_of(owner, problems).map(Arc::new) else { continue };
        if policy.readers.is_empty() {
            problems.push(
                Diagnostic::error("secret/nobody", format!("nobody is to open the secrets of `{owner}`"))
                    .help("name keys of `keys` under `secrets.cluster` and `secrets.recipients`"),
            );
            continue;
        }
        found.extend(files.into_iter().map(|(path, file)| (path, file, Arc::clone(&policy))));
    }
    let read = pipeline::parallel(found, |(path, file, policy)| {
        let mut problems = Problems::new();
        let before = Arc::clone(&file.bytes);
        // Not the text of the sources, in which what is secret may be masked.
        let text = yaml::decode(&before).unwrap_or_default();
        let job = Sealed::read(&text, file.place.source, &mut problems).and_then(|sealed| {
            let status = sealed.status(&policy);
            let wanted = what == What::Rotate || !status.is_as_wanted();
            wanted.then_some(Job { path, before, sealed, policy, status })
        });
        (job, problems)
    });
    let mut jobs = Vec::new();
    for (job, told) in read {
        jobs.extend(job);
        problems.extend(told);
    }
    jobs
}

/// What would be done, as far as it can be known without a key.
fn foreseen(job: Job, what: What) -> Done {
    let Status { missing, extra, secrets, .. } = job.status;
    let values = secrets.into_iter().flat_map(|secret| secret.keys);
    let outcome = Outcome {
        text: None,
        added: missing.iter().map(|reader| reader.recipient.to_string()).collect(),
        new_key: what == What::Rotate || !extra.is_empty(),
        to_replace: if extra.is_empty() { Vec::new() } else { values.collect() },
        removed: extra,
    };
    Done { path: job.path, before: job.before, outcome }
}

/// The new texts, in memory.
fn opened(
    jobs: Vec<Job>,
    identities: &Identities,
    what: What,
    bar: &progress::Bar,
    problems: &mut Problems,
) -> Vec<Done> {
    let now = now();
    let one = |job: Job| {
        let mut problems = Problems::new();
        if host::interrupted() {
            problems.push(Diagnostic::error(write::INTERRUPTED, "interrupted"));
            return (None, problems);
        }
        let Job { path, before, sealed, policy, .. } = job;
        let outcome = sealed.open(identities, &mut problems).and_then(|opened| match what {
            What::Rekey => opened.rekey(&policy, now, &mut problems),
            What::Rotate => opened.rotate(&policy, now, &mut problems),
        });
        bar.step();
        (outcome.map(|outcome| Done { path, before, outcome }), problems)
    };
    let mut done = Vec::new();
    let mut stopped = false;
    for (one, mut told) in pipeline::parallel(jobs, one) {
        done.extend(one);
        // Ctrl-C stops all that is not begun: that is one thing to say.
        let is_stop = told.0.iter().any(|problem| problem.id == write::INTERRUPTED);
        if is_stop && stopped {
            told.0.clear();
        }
        stopped |= is_stop;
        problems.extend(told);
    }
    if stopped { Vec::new() } else { done }
}

/// Puts the files in place, and gives those that are. What is wrong with one does not keep the others from it.
fn write(
    global: &Global,
    project: &mut SealedProject,
    done: Vec<Done>,
    problems: &mut Problems,
) -> Vec<Done> {
    let bar = progress::bar(global, done.len(), "files written");
    let at_once = AT_ONCE.min(host::allow_many_files() / 2);
    let mut written = Vec::new();
    let mut rest = done.into_iter();
    loop {
        let some: Vec<Done> = rest.by_ref().take(at_once).collect();
        if some.is_empty() {
            break;
        }
        if host::interrupted() {
            problems.push(Diagnostic::error(write::INTERRUPTED, "interrupted"));
            break;
        }
        match chunk(project, some, &bar, problems) {
            Some(put) => written.extend(put),
            None => break,
        }
    }
    bar.finish();
    written
}

/// Some files: written beside, made durable by one flush, then renamed. Before that the list has what they expose, so that
/// a run that is killed in between leaves it at least. Gives those that are in place; `None` if none can be.
fn chunk(
    project: &mut SealedProject,
    some: Vec<Done>,
    bar: &progress::Bar,
    problems: &mut Problems,
) -> Option<Vec<Done>> {
    let root = project.root().to_owned();
    let staged = host::timed("write", || {
        pipeline::parallel(&some, |done| {
            let text = done.outcome.text.as_deref().unwrap_or_default();
            Beside::write(&root, &done.path, Some(&done.before), text.as_bytes())
        })
    });
    let mut list = project.project.to_replace.list.clone();
    for (done, _) in some.iter().zip(&staged).filter(|(_, staged)| staged.is_ok()) {
        project.expose(&mut list, &done.path, &done.outcome);
    }
    let ready = project.put_to_replace(&list).and_then(|()| host::timed("flush", || write::flush(&root)));
    if let Err(problem) = ready {
        problems.push(*problem);
        return None;
    }
    let put = |file: Result<Beside, Box<Diagnostic>>| {
        bar.step();
        file?.put()
    };
    let put = host::timed("put", || pipeline::parallel(staged, put));
    let mut written = Vec::new();
    for (done, put) in some.into_iter().zip(put) {
        match put {
            Ok(()) => written.push(done),
            Err(problem) => problems.push(*problem),
        }
    }
    Some(written)
}

fn tell(global: &Global, project: &SealedProject, scope: &Scope, done: &[Done], problems: &Problems) {
    let sources = &project.project.sources;
    if global.format == Format::Json {
        return report::json(&mapping([
            ("written", Node::new(!scope.dry_run && !done.is_empty())),
            ("files", Node::new(done.iter().map(to_node).collect::<Vec<_>>())),
            ("findings", report::to_node(problems, sources)),
        ]));
    }
    let call = |key: &String| project.policy.name(key).unwrap_or(key).to_owned();
    for Done { path, outcome, .. } in done {
        let added = outcome.added.iter().map(|key| format!("+ {}", call(key)));
        let removed = outcome.removed.iter().map(|key| format!("- {}", call(key)));
        let key = outcome.new_key.then(|| "new data key".to_owned());
        let what: Vec<String> = added.chain(removed).chain(key).collect();
        let what = if what.is_empty() { "sealed by the wanted rule".to_owned() } else { what.join(", ") };
        print(&format!("{path}: {what}\n"));
    }
    report::findings(global, problems, sources);
    let values = values(done);
    for (name, values) in &values {
        say(global, &format!("to be replaced where it was issued: {name}: {}", values.join(", ")));
    }
    if !values.is_empty() {
        say(global, &format!("{} has the list of them", load::TO_REPLACE));
    }
    let count = done.len();
    let files = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
    match (scope.dry_run, count) {
        (_, 0) if problems.has_errors() => {}
        (_, 0) => say(global, "the recipients of every file are as they should be"),
        (true, _) => say(global, &format!("{files} to be written")),
        (false, _) => say(global, &format!("{files} written; next: gen render --all")),
    }
}

/// Values to replace by file.
fn values(done: &[Done]) -> BTreeMap<&str, &[String]> {
    let exposed = done.iter().filter(|done| !done.outcome.to_replace.is_empty());
    exposed.map(|done| (load::to_replace_name(&done.path), done.outcome.to_replace.as_slice())).collect()
}

fn to_node(done: &Done) -> Node {
    let Done { path, outcome, .. } = done;
    let list = |texts: &[String]| words(texts.iter().map(String::as_str));
    mapping([
        ("path", Node::new(path.as_str())),
        ("added", list(&outcome.added)),
        ("removed", list(&outcome.removed)),
        ("newKey", Node::new(outcome.new_key)),
        ("toReplace", list(&outcome.to_replace)),
    ])
}
