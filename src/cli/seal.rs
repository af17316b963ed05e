//! `gen seal`: values into sealed files: from a prompt, files, standard input, or made up. Never from the command line.

mod file;
mod given;
mod missing;
mod signin;
mod target;

use super::{
    Exit, Format, Global, open,
    report::{self, mapping, say},
    secret::{IdentityArguments, SealedProject, Written},
};
use crate::{
    diag::{Diagnostic, Problems, did_you_mean},
    yaml::Node,
};
use std::path::Path;

/// Seals values for whoever is to open them: into a Secret of a component, or whole files in place
///
/// With ENV and COMPONENT/NAME: the keys that are named are asked for, without showing what is typed; others come from
/// files, from standard input, or are made up. A file that is there keeps what is not named, and every value that did not
/// change keeps its text. With FILE: manifests are sealed where they stand. With --missing: all that the packs need.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen seal prod monitoring/monitoring-mimir username password\n  gen seal prod kuard/kuard-db url --generate password=40\n  gen seal prod kuard/kuard-tls --tls fullchain.pem privkey.pem\n  gen seal base kuard/kuard-pull --docker ghcr.io=robot\n  gen seal environments/secrets/prod/kuard/kuard-db.sops.yaml\n  gen seal prod --missing"
)]
pub(super) struct Arguments {
    /// What is sealed: `ENV COMPONENT/NAME [KEY...]` (ENV may be a layer), `FILE...`, or `ENV...` with --missing
    #[arg(value_name = "WHAT")]
    words: Vec<String>,
    /// All Secrets that the environments need and do not have: what can be made up is, the rest is asked for
    #[arg(long)]
    missing: bool,
    /// With --missing: every environment
    #[arg(long, requires = "missing")]
    all: bool,
    #[command(flatten)]
    given: given::GivenArguments,
    #[command(flatten)]
    sign_in: signin::SignInArguments,
    /// The type of the Secret [default: what the pack says, else Opaque]
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// The namespace, where no environment says which
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// Replace a file that is there whole: no private key is needed, and its other values are lost
    #[arg(long, conflicts_with = "missing")]
    replace: bool,
    /// With FILE: the environment or layer whose recipients it is for, if it does not stand under environments/secrets/
    #[arg(long = "for", value_name = "ENV")]
    owner: Option<String>,
    #[command(flatten)]
    identities: IdentityArguments,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    let Some((project, written)) = seal(global, arguments, &mut problems) else {
        return open::failed(global, &problems);
    };
    let text = written.iter().map(|written| written.text(&project)).collect::<Vec<_>>();
    if global.format == Format::Json {
        report::json(&mapping([
            ("files", Node::new(written.iter().map(|w| w.to_node(&project)).collect::<Vec<_>>())),
            ("findings", report::to_node(&problems, &project.project.sources)),
        ]));
    } else {
        text.iter().for_each(|text| say(global, text));
        report::findings(global, &problems, &project.project.sources);
    }
    if problems.has_errors() { Exit::Unknown } else { Exit::Yes }
}

fn seal(
    global: &Global,
    arguments: &Arguments,
    problems: &mut Problems,
) -> Option<(SealedProject, Vec<Written>)> {
    if arguments.missing {
        let mut told = Problems::new();
        let Some(engine) = open::engine(global, &mut told) else {
            problems.extend(told);
            return None;
        };
        let lacking = missing::lacking(&engine, arguments, problems);
        let mut project = SealedProject::of(global, engine, told, problems)?;
        let written = missing::seal(&mut project, &lacking, arguments, problems);
        if problems.has_errors() {
            // What is wrong with the project may be why.
            let more = project.told.0.iter().filter(|problem| !problems.0.contains(problem)).cloned();
            let more: Vec<Diagnostic> = more.collect();
            more.into_iter().for_each(|problem| problems.push(problem));
        }
        return Some((project, written));
    }
    let mut project = SealedProject::open(global, problems)?;
    let written = named(&mut project, arguments, problems);
    Some((project, written))
}

/// One Secret, or files in place.
fn named(project: &mut SealedProject, arguments: &Arguments, problems: &mut Problems) -> Vec<Written> {
    let Some(first) = arguments.words.first() else {
        problems.push(
            Diagnostic::error("usage/nothing-named", "nothing is named that is to be sealed")
                .help("name a Secret, `gen seal ENV COMPONENT/NAME KEY`, or files, `gen seal FILE...`")
                .help("`gen seal ENV --missing` seals all that the packs need"),
        );
        return Vec::new();
    };
    let environments = &project.project.environments;
    let is_owner = environments.contains_key(first) || project.project.broken.environments.contains(first);
    let looks_like_file = first.ends_with(".yaml") || first.ends_with(".yml") || first.starts_with('.');
    let is_file = || project.is_file(Path::new(first));
    if !is_owner && (looks_like_file || is_file()) {
        return file::seal(project, arguments, problems);
    }
    let [owner, name, keys @ ..] = arguments.words.as_slice() else {
        let said = match is_owner {
            true => Diagnostic::error("usage/no-secret", format!("which Secret of `{first}`?"))
                .help(format!("name it: `gen seal {first} COMPONENT/NAME`"))
                .help(format!("`gen seal {first} --missing` seals all that its packs need")),
            false => {
                let message = format!("`{first}` is no environment, no layer and no file");
                let said = Diagnostic::error("usage/unknown-owner", message);
                match did_you_mean(first, environments.keys().map(String::as_str)) {
                    Some(near) => said.help(format!("did you mean `{near}`?")),
                    None => said.help("name an environment or layer, or a file"),
                }
            }
        };
        problems.push(said);
        return Vec::new();
    };
    target::seal(project, arguments, owner, name, keys, problems).into_iter().collect()
}
