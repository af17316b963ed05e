//! `gen secrets merge`: the merge driver of Git for sealed files. `gen secrets resolve`: the same for a conflict that
//! it left, with a side named, or where there was no key.

use crate::{
    cli::{
        Exit, Format, Global, open, report,
        secret::{IdentityArguments, SealedProject, now},
    },
    diag::{Diagnostic, Problems, Sources, list},
    host,
    plain::Plain,
    secret::sops::{self, Identities, Merged, Opened, Sealed, Side},
    write,
};
use std::path::{Path, PathBuf};

/// Merges two versions of a sealed file key by key, as the merge driver of Git
///
/// All three are opened in memory, and the result is sealed again: a value that only one side changed keeps that side's
/// text. A recipient that either side removed stays removed. Where both sides changed a key in different ways, the file
/// holds ours and, above it, the names of those keys between the marks of a conflict; `gen secrets resolve` decides them.
///
/// Exit codes are those that Git expects: 0 merged, 1 conflict.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  gen secrets merge base.sops.yaml ours.sops.yaml theirs.sops.yaml\n\nFor Git, once in each clone:\n  git config merge.gen-sealed.name \"sealed files, key by key\"\n  git config merge.gen-sealed.driver \"gen secrets merge %O %A %B %P\"\nand in .gitattributes:\n  *.sops.yaml merge=gen-sealed"
)]
pub(in crate::cli) struct Arguments {
    /// What both come from (%O); empty if they have nothing in common
    #[arg(value_name = "BASE")]
    base: PathBuf,
    /// Ours (%A); the result is written there
    #[arg(value_name = "OURS")]
    ours: PathBuf,
    /// Theirs (%B)
    #[arg(value_name = "THEIRS")]
    theirs: PathBuf,
    /// The path of the file in the repository (%P), for messages
    #[arg(value_name = "PATH")]
    path: Option<String>,
    #[command(flatten)]
    identities: IdentityArguments,
}

/// Decides a conflict in a sealed file that a merge left
///
/// The three versions are taken from Git's index and merged again; `--ours` or `--theirs` says whose value counts where
/// both sides changed a key. Other keys keep what either side made of them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen secrets resolve environments/secrets/prod/kuard/kuard-tls.sops.yaml --theirs\n  gen secrets resolve environments/secrets/prod/kuard/kuard-tls.sops.yaml           where there was no key before"
)]
pub(in crate::cli) struct Resolve {
    /// The files
    #[arg(value_name = "FILE", required = true)]
    sealed: Vec<PathBuf>,
    /// What we changed counts
    #[arg(long, conflicts_with = "theirs")]
    ours: bool,
    /// What they changed counts
    #[arg(long)]
    theirs: bool,
    #[command(flatten)]
    identities: IdentityArguments,
}

/// The texts of the three versions.
struct Versions {
    base: Option<Plain>,
    ours: Plain,
    theirs: Plain,
}

const OURS: &str = "<<<<<<< ours\n";
const MIDDLE: &str = "=======\n";
const THEIRS: &str = ">>>>>>> theirs\n";

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let (mut sources, mut problems) = (Sources::new(), Problems::new());
    let name = arguments.path.clone().unwrap_or_else(|| arguments.ours.display().to_string());
    let Some(versions) = read(arguments, &mut problems) else { return open::failed(global, &problems) };
    // What is rendered is rendered again after a merge, from the file that it is a copy of.
    if arguments.path.as_deref().is_some_and(|path| path.split('/').any(|part| part == "fleet-out")) {
        report::say(global, &format!("{name}: ours stays, for `gen render` to write anew"));
        return Exit::Yes;
    }
    let identities = arguments.identities.find(&mut problems);
    let merged = merge(&versions, &name, &identities, None, &mut sources, &mut problems);
    let (text, exit) = match &merged {
        Some(merged) if merged.conflicts.is_empty() => (merged.text.clone().into_bytes(), Exit::Yes),
        Some(merged) => (conflict(merged, &name), Exit::No),
        None => (both(&versions), Exit::No),
    };
    let (folder, file) = split(&arguments.ours);
    if let Err(problem) = write::replace(&folder, &file, Some(&versions.ours), Some(&text)) {
        problems.push(*problem);
        return open::failed_in(global, &problems, &sources);
    }
    report::findings(global, &problems, &sources);
    match &merged {
        Some(merged) => tell(global, merged, &name),
        None => report::tell(&format!(
            "{name}: not merged; both versions stand there. When the cause is mended: gen secrets resolve {name}"
        )),
    }
    exit
}

fn read(arguments: &Arguments, problems: &mut Problems) -> Option<Versions> {
    let mut file = |path: &Path| {
        let read = host::read_secret(path);
        let failed = |why| {
            Diagnostic::error("load/file", format!("`{}` {why}", path.display())).help("name the three files")
        };
        read.map_err(|why| problems.push(failed(why))).ok()
    };
    let (base, ours, theirs) = (file(&arguments.base), file(&arguments.ours), file(&arguments.theirs));
    Some(Versions { base: Some(base?).filter(|base| !base.is_empty()), ours: ours?, theirs: theirs? })
}

/// A file and its folder.
fn split(path: &Path) -> (PathBuf, String) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned());
    (folder.to_owned(), file.unwrap_or_default())
}

/// The three versions merged. `None` if an error was pushed.
fn merge(
    versions: &Versions,
    name: &str,
    identities: &Identities,
    favour: Option<Side>,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Option<Merged> {
    let mut open = |which: &str, content: &Plain, problems: &mut Problems| {
        let text = content.as_text().unwrap_or_default();
        let source = sources.add_hidden(format!("{name} ({which})"), text);
        Sealed::read(text, source, problems)?.open(identities, problems)
    };
    let base: Option<Option<Opened>> = versions.base.as_ref().map(|content| open("base", content, problems));
    let ours = open("ours", &versions.ours, problems);
    let theirs = open("theirs", &versions.theirs, problems);
    // A version that is wanted and does not open was told of.
    let base = match base {
        Some(opened) => Some(opened?),
        None => None,
    };
    sops::merge(base.as_ref(), &ours?, &theirs?, favour, now(), problems)
}

/// The whole file with what is to be decided above it: no YAML, so that nobody takes it for done.
fn conflict(merged: &Merged, name: &str) -> Vec<u8> {
    let lines: String = merged.conflicts.iter().map(|conflict| format!("# {conflict}\n")).collect();
    let how = format!(
        "# Below stands ours. To take it:  gen secrets resolve {name} --ours\n# To take theirs:               gen secrets resolve {name} --theirs\n"
    );
    [OURS, &lines, MIDDLE, &how, THEIRS, &merged.text].concat().into_bytes()
}

/// Both versions, where they could not be opened.
fn both(versions: &Versions) -> Vec<u8> {
    let whole = |content: &Plain| {
        let mut bytes = content.to_vec();
        if !bytes.is_empty() && !bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
        bytes
    };
    let (ours, theirs) = (whole(&versions.ours), whole(&versions.theirs));
    [OURS.as_bytes(), &ours, MIDDLE.as_bytes(), &theirs, THEIRS.as_bytes()].concat()
}

fn tell(global: &Global, merged: &Merged, name: &str) {
    for conflict in &merged.conflicts {
        report::tell(&format!("{name}: {conflict}"));
    }
    if !merged.to_replace.is_empty() {
        report::say(
            global,
            &format!(
                "{name}: whoever one side removed knows {}; to keep that in mind: gen secrets exposed {name}",
                list(merged.to_replace.iter().map(String::as_str))
            ),
        );
    }
}

pub(super) fn resolve(global: &Global, arguments: &Resolve) -> Exit {
    let mut problems = Problems::new();
    let Some(mut project) = SealedProject::open(global, &mut problems) else {
        return open::failed(global, &problems);
    };
    let identities = arguments.identities.find(&mut problems);
    let favour = match (arguments.ours, arguments.theirs) {
        (true, _) => Some(Side::Ours),
        (_, true) => Some(Side::Theirs),
        _ => None,
    };
    let mut done = Vec::new();
    for file in &arguments.sealed {
        let Some(path) = project.path(file, &mut problems) else { continue };
        if let Some(merged) = one(&mut project, &path, &identities, favour, &mut problems) {
            done.push((path, merged));
        }
    }
    if global.format == Format::Json {
        report::json(&report::mapping([
            ("resolved", report::words(done.iter().map(|(path, _)| path.as_str()))),
            ("findings", report::to_node(&problems, &project.project.sources)),
        ]));
    } else {
        report::findings(global, &problems, &project.project.sources);
        for (path, merged) in &done {
            report::say(global, &format!("{path}: resolved; next: git add {path}"));
            tell(global, &Merged { conflicts: Vec::new(), ..merged.clone() }, path);
        }
    }
    if problems.has_errors() { Exit::Unknown } else { Exit::Yes }
}

/// One file from the index, merged and put in place. `None` if an error was pushed.
fn one(
    project: &mut SealedProject,
    path: &str,
    identities: &Identities,
    favour: Option<Side>,
    problems: &mut Problems,
) -> Option<Merged> {
    let stage = |stage: u8| host::git_stage(project.root(), path, stage);
    let (base, ours, theirs) = match (stage(1), stage(2), stage(3)) {
        (Ok(base), Ok(Some(ours)), Ok(Some(theirs))) => (base, ours, theirs),
        (Err(why), ..) | (_, Err(why), _) | (.., Err(why)) => {
            problems.push(
                Diagnostic::error("secret/index", format!("Git's index cannot be read: {why}"))
                    .help("run this in the clone where the merge was begun"),
            );
            return None;
        }
        _ => {
            problems.push(
                Diagnostic::error("secret/no-conflict", format!("Git knows of no two versions of `{path}`"))
                    .because(
                        "only a file that both sides have and that a merge left in conflict can be resolved",
                    )
                    .help("see `git status`"),
            );
            return None;
        }
    };
    let there = project.bytes(path, problems)?;
    let versions = Versions { base, ours, theirs };
    let merged = merge(&versions, path, identities, favour, &mut project.project.sources, problems)?;
    if favour.is_none() && !merged.conflicts.is_empty() {
        let said =
            Diagnostic::error("secret/conflict", format!("both sides changed the same keys of `{path}`"));
        let said = merged.conflicts.iter().fold(said, |said, conflict| said.because(conflict.to_string()));
        problems.push(said.help("say whose values count: `--ours` or `--theirs`"));
        return None;
    }
    project.put(path, there.as_deref(), merged.text.as_bytes(), problems).then_some(merged)
}
