//! `gen render`: builds, judges, writes; or only says what it would write.

mod memory;
mod said;

use self::{
    memory::Memories,
    said::{tell, to_node},
};
use super::{
    Exit, Format, Global, open, progress, report, schema,
    select::{self, Selection},
};
use crate::{
    diag::{Diagnostic, Place, Problems},
    host, layout, load,
    pipeline::{self, Built, Engine},
    resolve::Sync,
    tree::{Tree, TreePath},
    write::{self, Changes, Lock, SopsConfigChange, Staged, Target},
    yaml,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// Renders environments, checks them and writes `fleet-out/<environment>/`
///
/// Nothing is written if anything is wrong anywhere. Files that you edited by hand stop it, and it says which
/// line to edit instead; files that are not gen's are never touched.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen render prod\n  gen render 'edge/*' --check   is what is committed what would be rendered?\n  gen render --all --shard 1/4  a quarter of the fleet, for CI jobs side by side\n  gen render prod --stdout      print the objects, write nothing"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Write nothing; say no (exit code 1) if anything would change
    #[arg(long, conflicts_with_all = ["stdout", "force"])]
    check: bool,
    /// Print the files instead of writing them; nothing if anything is wrong
    #[arg(long, conflicts_with = "force")]
    stdout: bool,
    /// Write to another folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Overwrite files of gen's that were edited by hand
    #[arg(long)]
    force: bool,
    /// Do not judge what was rendered; what is said about secrets stays
    #[arg(long)]
    no_check: bool,
    /// Only warn of Secrets that are needed and not sealed; not in CI
    #[arg(long)]
    allow_missing_secrets: bool,
}

/// What became of one environment.
struct Outcome {
    name: String,
    /// Errors of the stages: broken input.
    broken: bool,
    problems: Problems,
    changes: Option<Changes>,
    staged: Option<Staged>,
    /// The tree's text, for `--stdout`.
    text: String,
    /// The Kustomization that the user adds by hand, with `sync: none`.
    root: Option<String>,
    /// Was it built, without a word? Then it can be remembered.
    quiet: bool,
    /// How its files stood before they were read.
    seen: Option<String>,
    /// Is it known from an earlier run, and was not rendered?
    remembered: bool,
}

impl Outcome {
    fn new(name: String, problems: Problems) -> Self {
        Self {
            name,
            broken: false,
            problems,
            changes: None,
            staged: None,
            text: String::new(),
            root: None,
            quiet: false,
            seen: None,
            remembered: false,
        }
    }
}

/// A schema that was made anew, and why.
type Followed = (&'static str, &'static str);

/// What became of all that was asked for.
struct All {
    outcomes: Vec<Outcome>,
    sops_config: SopsConfigChange,
    /// What was found in `.sops.yaml`.
    told: Problems,
    /// The schemas for editors that were made anew, whatever comes of the rest: with them a mistake is mended.
    followed: Vec<Followed>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    host::watch_interrupts();
    host::allow_many_files();
    let mut problems = Problems::new();
    let Some((mut engine, notes)) = open::recorded(global, &mut problems) else {
        return open::failed(global, &problems);
    };
    // What goes to another folder leaves the project as it is.
    let followed = match !arguments.check && !arguments.stdout && arguments.out.is_none() {
        true => schema::follow(global, &engine, &notes),
        false => Vec::new(),
    };
    open::missing_secrets(arguments.allow_missing_secrets, &mut engine, &mut problems);
    let mut names = select::choose(&arguments.selection, &select::Choice::of(&engine), &mut problems);
    if arguments.selection.all && arguments.out.is_none() && !arguments.stdout {
        open::left_over(global, &engine, &mut problems);
    }
    let root = open::root(global);
    let mut locks = BTreeMap::new();
    if !arguments.check
        && !arguments.stdout
        && let Err(problem) = lock(&names, arguments, &root, &mut locks)
    {
        // What another run is writing cannot be compared with.
        if problem.id == write::LOCKED {
            names.clear();
        }
        problems.push(*problem);
    }
    let mut told = Problems::new();
    let sops_config = match arguments.out.is_none() && !arguments.stdout {
        true => sops_config(&engine, arguments.force, &mut told),
        false => SopsConfigChange::default(),
    };
    let locks = Mutex::new(locks);
    let memories = Memories::new(&engine, &notes, arguments, &root);
    let bar = progress::bar(global, names.len(), "environments");
    let outcomes = engine.each_unless(
        &names,
        |name| memories.as_ref()?.unchanged(name).inspect(|_| bar.step()),
        |built| {
            let lock = locks.lock().unwrap_or_else(PoisonError::into_inner).remove(&built.name);
            let outcome = outcome(built, lock, arguments, &root);
            bar.step();
            outcome
        },
    );
    bar.finish();
    let all = All { outcomes, sops_config, told, followed };
    finish(global, arguments, &engine, all, (problems, memories.as_ref()), &root)
}

/// What becomes of `.sops.yaml`, whichever environments are meant: it is about all of them.
pub(super) fn sops_config(engine: &Engine, force: bool, problems: &mut Problems) -> SopsConfigChange {
    let (project, policy) = (&engine.project, &engine.policy);
    write::sops_config(policy, project.sops_config.as_ref(), &project.sources, force, problems)
}

/// Takes the right to write each tree, in the order of names and before any work: so of two runs at once one gets
/// all that it asks for.
fn lock(
    names: &[&str],
    arguments: &Arguments,
    root: &Path,
    locks: &mut BTreeMap<String, Lock>,
) -> Result<(), Box<Diagnostic>> {
    for name in names {
        let lock = target(arguments.out.as_deref(), root, name, &shown(arguments, name))?.lock()?;
        locks.insert((*name).to_owned(), lock);
    }
    Ok(())
}

fn outcome(built: Built, lock: Option<Lock>, arguments: &Arguments, root: &Path) -> Outcome {
    let Built { name, environment, tree, mut problems, mut findings } = built;
    let broken = problems.has_errors();
    if arguments.no_check {
        // What is committed in plain text cannot be taken back.
        findings.0.retain(|finding| finding.id.starts_with("secret/"));
    }
    problems.extend(findings);
    let sync = environment.as_ref().map(|e| (e.flux.sync, e.flux.place));
    let root_object = environment
        .filter(|e| e.flux.sync == Sync::None)
        .map(|e| yaml::emit(&layout::root_kustomization(&e)));
    let mut outcome = Outcome { broken, root: root_object, ..Outcome::new(name, problems) };
    let Some(tree) = tree else { return outcome };
    if arguments.stdout {
        outcome.text = text(&tree, &shown(arguments, &outcome.name));
        return outcome;
    }
    match host::timed("plan", || plan(&mut outcome, &tree, lock, arguments, root)) {
        Ok(changes) => {
            if let Some((sync, place)) =
                sync.filter(|(sync, _)| *sync != Sync::Operator && drops_instance(&changes))
            {
                outcome.problems.push(instance_stays(&outcome.name, sync, place));
            }
            outcome.changes = Some(changes.without_contents());
            outcome.quiet = outcome.problems.0.is_empty();
        }
        Err(problem) => {
            outcome.broken = true;
            outcome.problems.push(*problem);
        }
    }
    outcome
}

/// Compares with the disk; with the right to write the tree also writes its temporary files.
fn plan(
    outcome: &mut Outcome,
    tree: &Tree,
    lock: Option<Lock>,
    arguments: &Arguments,
    root: &Path,
) -> Result<Changes, Box<Diagnostic>> {
    if host::interrupted() {
        return Err(Box::new(Diagnostic::error(write::INTERRUPTED, "interrupted")));
    }
    let shown = shown(arguments, &outcome.name);
    let target = target(arguments.out.as_deref(), root, &outcome.name, &shown)?;
    if lock.is_some() {
        outcome.seen = target.seen(&tree.files().map(|(path, _)| path.clone()).collect::<Vec<TreePath>>());
    }
    let state = target.read(tree)?;
    let changes = write::plan(state, tree, arguments.force, &mut outcome.problems);
    if let Some(lock) = lock
        && !outcome.problems.has_errors()
    {
        outcome.staged = Some(lock.stage(&changes)?);
    }
    Ok(changes)
}

/// Does a FluxInstance go that stood in the tree?
fn drops_instance(changes: &Changes) -> bool {
    let has = |bytes: &Option<Vec<u8>>| {
        bytes.as_deref().is_some_and(|b| String::from_utf8_lossy(b).contains("\nkind: FluxInstance\n"))
    };
    let sync = changes.list.iter().find(|c| c.path.as_str() == "cluster/sync.yaml");
    sync.is_some_and(|c| has(&c.before) && !has(&c.after))
}

/// A FluxInstance is never pruned: Flux would go with it. So it stays in charge until it is told. Its operator deletes
/// the root Kustomization with its `sync`, and that everything that it made, unless it is suspended.
fn instance_stays(name: &str, sync: Sync, place: Option<Place>) -> Diagnostic {
    let message = format!("the FluxInstance of `{name}` stays in the cluster and goes on syncing");
    let diagnostic = Diagnostic::warning("render/instance-stays", message)
        .at(place)
        .because("it is not pruned, because Flux would be uninstalled with it")
        .help("first keep what the root made from being deleted with it: `kubectl -n flux-system patch kustomization flux-system --type=merge -p '{\"spec\": {\"suspend\": true}}'`")
        .help("then take its sync away by hand: `kubectl -n flux-system patch fluxinstance flux --type=json -p '[{\"op\": \"remove\", \"path\": \"/spec/sync\"}]'`");
    let resume = "and, if it is still suspended, `flux resume kustomization flux-system`";
    match sync {
        Sync::None => {
            diagnostic.help(format!("then apply the root Kustomization that a first render prints, {resume}"))
        }
        _ => diagnostic.help(format!(
            "then apply `cluster/sync.yaml`, which makes the root source and Kustomization, {resume}"
        )),
    }
}

/// Where the tree of an environment goes.
pub(super) fn target(
    out: Option<&Path>,
    root: &Path,
    name: &str,
    shown: &str,
) -> Result<Target, Box<Diagnostic>> {
    let Some(folder) = out else { return Target::new(root, &format!("fleet-out/{name}"), shown) };
    // A tree among the inputs would be read as one the next time, and one in another tree would belong to both.
    let (read, own) = (["environments", "templates", "charts", ".git"], [".gen", "fleet-out"]);
    let place = load::real_path(folder).unwrap_or_else(|| folder.to_owned());
    let project = load::real_path(root).unwrap_or_else(|| root.to_owned());
    let below = load::project_path(root, folder);
    let first = below.as_deref().and_then(|below| below.split('/').next()).unwrap_or_default();
    let why = match below.as_deref() {
        _ if place.parent().is_none() => "is the root of the file system",
        Some("") => "is the project's own folder",
        Some(_) if read.contains(&first) => "is a folder that `gen` reads from",
        Some(below) if own.contains(&first) && below != "fleet-out" => "is a folder of `gen` itself",
        _ if project.starts_with(place.join(name)) => "would put the tree around the project",
        _ => return Target::new(folder, name, shown),
    };
    let message = format!("`--out {}` {why}", folder.display());
    Err(Box::new(Diagnostic::error("write/name", message).help("name a folder of its own for the output")))
}

fn shown(arguments: &Arguments, name: &str) -> String {
    match &arguments.out {
        Some(folder) => folder.join(name).display().to_string(),
        None => format!("fleet-out/{name}"),
    }
}

/// All files of a tree as one stream of documents, each under its path.
fn text(tree: &Tree, shown: &str) -> String {
    let one = |(path, file): (&crate::tree::TreePath, &crate::tree::File)| {
        format!("---\n# {shown}/{path}\n{}", String::from_utf8_lossy(&file.bytes))
    };
    tree.files().map(one).collect()
}

fn finish(
    global: &Global,
    arguments: &Arguments,
    engine: &Engine,
    All { mut outcomes, sops_config, told, followed }: All,
    (mut problems, memories): (Problems, Option<&Memories>),
    root: &Path,
) -> Exit {
    let mut broken = problems.has_errors();
    problems.extend(told);
    for outcome in &mut outcomes {
        broken |= outcome.broken;
        problems.extend(std::mem::take(&mut outcome.problems));
    }
    // Ctrl-C stops every environment that is not yet staged: that is one thing to say.
    let mut stopped = 0;
    problems.0.retain(|problem| {
        stopped += usize::from(problem.id == write::INTERRUPTED);
        problem.id != write::INTERRUPTED || stopped == 1
    });
    let refused = problems.has_errors();
    if !refused && !arguments.check {
        let failures = host::timed("write", || {
            let mut failures = commit(&mut outcomes, arguments.out.as_deref().unwrap_or(root));
            if !failures.has_errors()
                && let Err(problem) = sops_config.apply(root)
            {
                failures.push(*problem);
            }
            failures
        });
        broken |= failures.has_errors();
        problems.extend(failures);
    }
    let failed = problems.has_errors();
    if let Some(memories) = memories.filter(|_| !failed) {
        memories.keep(&outcomes);
    }
    let differs = sops_config.kind().is_some()
        || outcomes.iter().filter_map(|o| o.changes.as_ref()).any(|c| !c.is_empty());
    if global.format == Format::Json {
        let written = !arguments.check && differs && (!failed || begun(&outcomes));
        report::json(&to_node(
            &outcomes,
            &sops_config,
            &problems,
            &engine.project.sources,
            (&followed, written),
        ));
    } else {
        report::findings(global, &problems, &engine.project.sources);
        tell(global, arguments, (&outcomes, &sops_config, &followed), &problems);
    }
    match (broken, failed, arguments.check && differs) {
        (true, ..) => Exit::Unknown,
        (false, true, _) | (false, _, true) => Exit::No,
        (false, false, false) => Exit::Yes,
    }
}

/// One flush for all; then, if nothing that is to be replaced was changed in the meantime, each tree is put in place.
fn commit(outcomes: &mut [Outcome], anchor: &Path) -> Problems {
    let mut problems = Problems::new();
    let staged: Vec<&mut Staged> =
        outcomes.iter_mut().filter_map(|o| o.staged.as_mut()).filter(|staged| !staged.is_empty()).collect();
    if staged.is_empty() {
        return problems;
    }
    if let Err(problem) = write::flush(anchor) {
        problems.push(*problem);
        return problems;
    }
    let changed = pipeline::parallel(&staged, |staged| staged.changed());
    changed.into_iter().flatten().for_each(|problem| problems.push(*problem));
    if !problems.has_errors() {
        let done = pipeline::parallel(staged, Staged::commit);
        done.into_iter().filter_map(Result::err).for_each(|problem| problems.push(*problem));
    }
    problems
}

/// Is anything of what was rendered in place?
fn begun(outcomes: &[Outcome]) -> bool {
    outcomes.iter().any(|outcome| outcome.staged.as_ref().is_some_and(Staged::has_begun))
}
