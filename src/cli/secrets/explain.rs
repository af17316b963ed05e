//! `gen secrets explain`: which rule applies to a sealed file, who should be able to open it and why, and who can.

mod data;
mod text;

use crate::{
    cli::{
        Exit, Format, Global, open, report,
        secret::{WhichArguments, find::has},
    },
    diag::{Diagnostic, Problems, did_you_mean},
    load::SealedFile,
    pipeline::Engine,
    resolve::{self, NeededSecret, SealRule, SealedPath},
    seal::Seal,
};

/// Who can open a sealed file, and why: the rule, the recipients, and whether the file agrees
///
/// The file need not be there yet. Says no (exit code 1) if it is there and sealed for others than it should be.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen secrets explain prod kuard/kuard-tls\n  gen secrets explain environments/secrets/prod/kuard/kuard-tls.sops.yaml\n  gen secrets explain fleet-out/prod/apps/kuard/kuard-tls.sops.yaml"
)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    which: WhichArguments,
}

/// All that there is to say of a file.
struct Explained<'p> {
    engine: &'p Engine,
    path: SealedPath,
    rule: &'p SealRule,
    file: Option<&'p SealedFile>,
    /// Environments that use it, or would if it were there.
    users: Vec<&'p str>,
    /// Environments that have a nearer file of this name.
    nearer: Vec<&'p str>,
    /// The environments that need such a Secret, each with what it asks.
    needed: Vec<(&'p str, NeededSecret)>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    let Some(engine) = open::engine(global, &mut problems) else { return open::failed(global, &problems) };
    let found = arguments.which.place(global, &engine.project, &mut problems);
    let Some(explained) = found.and_then(|path| explain(&engine, path, &mut problems)) else {
        return open::failed_in(global, &problems, &engine.project.sources);
    };
    match global.format {
        Format::Json => {
            let findings = report::to_node(&problems, &engine.project.sources);
            report::json(&explained.to_node(findings));
        }
        Format::Text | Format::Markdown => {
            report::print(&explained.text());
            report::findings(global, &problems, &engine.project.sources);
        }
    }
    match (problems.has_errors(), explained.agrees()) {
        (true, _) => Exit::Unknown,
        (false, false) => Exit::No,
        (false, true) => Exit::Yes,
    }
}

fn explain<'p>(engine: &'p Engine, path: SealedPath, problems: &mut Problems) -> Option<Explained<'p>> {
    let project = &engine.project;
    let rule = engine.policy.rule(&path.owner)?;
    let files = project.secrets.get(&path.owner).and_then(|owner| owner.get(&path.component));
    let file = files.into_iter().flatten().find(|file| file.name() == path.name);
    let mut explained =
        Explained { engine, file, rule, users: Vec::new(), nearer: Vec::new(), needed: Vec::new(), path };
    let mut names: Vec<String> = files.into_iter().flatten().map(|file| file.name().to_owned()).collect();
    for environment in &rule.environments {
        let path = &explained.path;
        let layers = project.environments.get(environment).map(|source| source.layers.as_slice());
        let above = layers.unwrap_or_default().iter().rev().take_while(|layer| **layer != path.owner);
        let is_nearer = above.into_iter().any(|layer| has(project, layer, path));
        // What is wrong with an environment is told when it is rendered.
        let resolved = resolve::environment(project, environment, &mut Problems::new());
        let components = resolved.map(|resolved| resolved.components).unwrap_or_default();
        let component = components.into_iter().find(|component| component.name == path.component);
        let Some(component) = component else { continue };
        if is_nearer {
            explained.nearer.push(environment)
        } else {
            explained.users.push(environment)
        }
        for secret in component.secrets.into_iter().filter(|secret| !secret.external) {
            names.push(secret.name.clone());
            if secret.name == explained.path.name && !is_nearer {
                explained.needed.push((environment, secret));
            }
        }
    }
    if file.is_none() && explained.needed.is_empty() {
        unknown(&explained.path, &names, problems);
    }
    Some(explained)
}

/// A file that is not there and that nobody asks for may be misspelt.
fn unknown(path: &SealedPath, names: &[String], problems: &mut Problems) {
    let Some(near) = did_you_mean(&path.name, names.iter().map(String::as_str)) else { return };
    let message = format!("`{}` is not there, and nobody needs it", path.name);
    problems.push(
        Diagnostic::warning("usage/unknown-secret", message)
            .help(format!("did you mean `{} {}/{near}`?", path.owner, path.component)),
    );
}

impl Explained<'_> {
    fn seal(&self) -> Option<Seal> {
        self.file.and_then(|file| Seal::of(&file.node))
    }

    /// Is the file there, but broken?
    fn is_unread(&self) -> bool {
        self.engine.project.broken.sealed.contains(&self.path.to_string())
    }

    /// Is the file, if there is one, sealed for those who should be able to open it? A key that is shared out, and an
    /// owner that names nobody, cannot be compared.
    fn agrees(&self) -> bool {
        let seal = self.seal().filter(|seal| seal.groups == 1 && !self.rule.readers.is_empty());
        seal.is_none_or(|seal| seal.is_whole && self.rule.difference(&seal).is_empty())
    }
}
