//! `gen diff`: the very changes that `gen render` would apply, as a unified diff.

mod charts;
mod sealed;

use super::{
    Exit, Format, Global, open, progress,
    render::{sops_config, target},
    report::{self, exact, mapping, say},
    secret::IdentityArguments,
    select::{self, Selection},
};
use crate::{
    check::Policy,
    diag::{Diagnostic, Problems},
    pipeline::{Built, Engine},
    secret::sops::Identities,
    write,
    yaml::Node,
};
use charts::Bump;
use sealed::Comparing;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// What a render would change on disk, as a unified diff
///
/// Where a chart gets another version, it tells what that takes differently of what you set, and other defaults, as far as
/// facts of both are known. Of sealed files it shows which keys and recipients are added, changed (`~`) or removed; values
/// only with `--reveal` and a private key; passwords in addresses also with `--reveal`. Files that are not gen's are no
/// difference.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen diff prod\n  gen diff --all --exit-code   say no (exit code 1) if anything differs\n  gen diff prod --reveal       with the values of sealed files"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Say no (exit code 1) if anything differs
    #[arg(long)]
    exit_code: bool,
    /// Compare with another folder than `fleet-out/`
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Only warn of Secrets that are needed and not sealed; not in CI
    #[arg(long)]
    allow_missing_secrets: bool,
    /// Show values of sealed files, for which a private key is needed, and passwords in addresses
    #[arg(long)]
    reveal: bool,
    #[command(flatten)]
    identities: IdentityArguments,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    let Some(mut engine) = open::engine(global, &mut problems) else {
        return open::failed(global, &problems);
    };
    open::missing_secrets(arguments.allow_missing_secrets, &mut engine, &mut problems);
    let names = select::choose(&arguments.selection, &select::Choice::of(&engine), &mut problems);
    // Where something is wrong a render writes nothing, and what is left of an environment is not the environment.
    let broken = problems.has_errors();
    let root = open::root(global);
    // For people; what a stream must not have is taken out where it is written.
    let colour = global.format == Format::Text;
    let sops_config = match arguments.out {
        // What was edited by hand is a difference like any other here: it is shown, not refused.
        None => sops_config(&engine, true, &mut problems).unified(colour),
        Some(_) => String::new(),
    };
    let identities = identities(global, arguments, &mut problems);
    let comparing =
        Comparing { policy: &engine.policy, identities: &identities, reveal: arguments.reveal, colour };
    let bar = progress::bar(global, names.len(), "environments");
    let outcomes = engine.each(&names, |built| {
        let outcome = match broken || built.problems.has_errors() {
            true => Outcome::without(built),
            false => difference(&engine, built, arguments, &root, &comparing),
        };
        bar.step();
        outcome
    });
    bar.finish();
    let mut texts = Vec::new();
    for Outcome { name, text, bumps, problems: found } in outcomes {
        problems.extend(found);
        texts.push((name, text, bumps));
    }
    let broken = problems.has_errors();
    let differs = !sops_config.is_empty() || texts.iter().any(|(_, text, _)| !text.is_empty());
    if global.format == Format::Json {
        report::json(&mapping([
            ("environments", Node::new(texts.iter().map(to_node).collect::<Vec<_>>())),
            ("sopsConfig", Node::new(sops_config.as_str())),
            ("findings", report::to_node(&problems, &engine.project.sources)),
        ]));
    } else {
        report::findings(global, &problems, &engine.project.sources);
        texts.iter().for_each(|(_, text, _)| exact(text));
        exact(&sops_config);
        for (name, _, bumps) in &texts {
            bumps.iter().for_each(|bump| say(global, &format!("{name}: {}", bump.text().trim_end())));
        }
    }
    match (broken, arguments.exit_code && differs) {
        (true, _) => Exit::Unknown,
        (false, true) => Exit::No,
        (false, false) => Exit::Yes,
    }
}

fn to_node((name, text, bumps): &(String, String, Vec<Bump>)) -> Node {
    mapping([
        ("name", Node::new(name.as_str())),
        ("diff", Node::new(text.as_str())),
        ("charts", Node::new(bumps.iter().map(Bump::to_node).collect::<Vec<_>>())),
    ])
}

/// Keys to look inside of sealed files with: those that are named, all with `--reveal`.
fn identities(global: &Global, arguments: &Arguments, problems: &mut Problems) -> Identities {
    if arguments.reveal && global.format == Format::Json {
        problems.push(
            Diagnostic::error("usage/values", "values are not printed as JSON")
                .because("what reads JSON tends to log it")
                .help("leave `--format` out, or `--reveal`"),
        );
        return Identities::new();
    }
    match arguments.reveal || arguments.identities.are_named() {
        true => arguments.identities.find(problems),
        false => Identities::new(),
    }
}

/// The files whose Secrets anyone can read, by what is said of them.
fn in_the_clear(findings: &Problems) -> BTreeSet<String> {
    let told = findings.0.iter().filter(|finding| matches!(finding.id, "secret/plain" | "secret/clear"));
    told.flat_map(|finding| &finding.outputs).cloned().collect()
}

/// What is told of one environment.
struct Outcome {
    name: String,
    text: String,
    bumps: Vec<Bump>,
    problems: Problems,
}

impl Outcome {
    /// Only what was found.
    fn without(built: Built) -> Self {
        let Built { name, mut problems, findings, .. } = built;
        problems.extend(findings);
        Self { name, text: String::new(), bumps: Vec::new(), problems }
    }
}

fn difference(
    engine: &Engine,
    built: Built,
    arguments: &Arguments,
    root: &Path,
    comparing: &Comparing,
) -> Outcome {
    let Built { name, environment, tree, mut problems, findings } = built;
    let clear = in_the_clear(&findings);
    problems.extend(findings);
    let (Some(tree), Some(environment)) = (tree, environment) else {
        return Outcome { name, text: String::new(), bumps: Vec::new(), problems };
    };
    let shown = match &arguments.out {
        Some(folder) => folder.join(&name).display().to_string(),
        None => format!("fleet-out/{name}"),
    };
    let read = target(arguments.out.as_deref(), root, &name, &shown).and_then(|target| target.read(&tree));
    match read {
        Ok(state) => {
            // What was edited by hand is a difference like any other here: it is shown, not refused.
            let changes = write::plan(state, &tree, true, &mut problems);
            let mut told = Problems::new();
            let text = changes.unified_with(comparing.colour, arguments.reveal, &mut |change| match clear
                .contains(&format!("fleet-out/{name}/{}", change.path))
                && !arguments.reveal
            {
                true => Some(comparing.line('~', "not shown: values of a Secret stand in the clear")),
                false => comparing.lines(change, &mut told),
            });
            problems.extend(told);
            let known = Policy::of(&environment).knowing(&environment, &engine.project).charts;
            let (root, folder) = match &arguments.out {
                Some(out) => (out.as_path(), name.clone()),
                None => (root, format!("fleet-out/{name}")),
            };
            let sources = &engine.project.sources;
            let bumps =
                known.map(|known| charts::bumps(&known, &tree, &changes.list, (root, &folder), sources));
            Outcome { name, text, bumps: bumps.unwrap_or_default(), problems }
        }
        Err(problem) => {
            problems.push(*problem);
            Outcome { name, text: String::new(), bumps: Vec::new(), problems }
        }
    }
}
