//! `gen secrets copy`: a sealed Secret for another environment or component, sealed for those who open secrets there.

use crate::{
    cli::{
        Exit, Format, Global, open,
        report::{self, mapping, print, say},
        secret::{IdentityArguments, SealedProject, find, now},
    },
    diag::{Diagnostic, Problems, list},
    resolve::{self, SealedPath},
    secret::{manifest, sops},
    yaml::Node,
};

/// Copies a sealed Secret to another place, sealed for those who open secrets there
///
/// Name and namespace become those of the target. Values go from one seal to the other in memory. A target that is there
/// is written again only with `--force`, and then keeps the text of every value that stays the same.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen secrets copy staging/kuard/kuard-tls prod/kuard/kuard-tls\n  gen secrets copy prod/kuard/kuard-tls prod/kuard-two/kuard-two-tls --force"
)]
pub(in crate::cli) struct Arguments {
    /// `ENVIRONMENT/COMPONENT/NAME`, or the path of the file
    #[arg(value_name = "FROM")]
    from: String,
    /// The same of the new file
    #[arg(value_name = "TO")]
    to: String,
    /// Write over a file that is there with other values
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    identities: IdentityArguments,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    let Some(mut project) = SealedProject::open(global, &mut problems) else {
        return open::failed(global, &problems);
    };
    let Some((path, written)) = copied(global, &mut project, arguments, &mut problems) else {
        return open::failed_in(global, &problems, &project.project.sources);
    };
    if global.format == Format::Json {
        report::json(&mapping([
            ("path", Node::new(path.as_str())),
            ("written", Node::new(written)),
            ("findings", report::to_node(&problems, &project.project.sources)),
        ]));
    } else {
        report::findings(global, &problems, &project.project.sources);
        match written {
            true => print(&format!("{path}\n")),
            false => say(global, &format!("{path} holds these values already")),
        }
    }
    Exit::Yes
}

/// The path of the new file, and whether it was written. `None` if an error was pushed.
fn copied(
    global: &Global,
    project: &mut SealedProject,
    arguments: &Arguments,
    problems: &mut Problems,
) -> Option<(String, bool)> {
    let from = find::named(global, &project.project, &arguments.from, problems);
    let to = find::named(global, &project.project, &arguments.to, problems);
    let (from, to) = (from?, to?);
    let policy = project.policy_of(&to.owner, problems)?;
    let namespace = namespace(project, &to, problems)?;
    let (_, sealed) = project.read(&from.to_string(), problems)?;
    let identities = arguments.identities.find(problems);
    let opened = sealed.open(&identities, problems)?;
    let mut documents = opened.documents().to_vec();
    for document in documents.iter_mut().filter(|document| manifest::is_secret(document)) {
        manifest::rename(document, &to.name, &namespace);
        manifest::keep_from_substitution(document);
    }
    let path = to.to_string();
    let before = project.bytes(&path, problems)?;
    let text = match &before {
        None => sops::seal(&documents, opened.sealed().source(), &policy, now(), problems)?,
        Some(bytes) => {
            let there = project.sealed(&path, bytes, problems)?.open(&identities, problems)?;
            if there.documents() != documents && !arguments.force {
                problems.push(
                    Diagnostic::error(
                        "secret/exists",
                        format!("`{path}` is there, and holds something else"),
                    )
                    .help("say `--force` if it is to be written over"),
                );
                return None;
            }
            let outcome = there.update(&documents, &policy, now(), problems)?;
            let Some(text) = outcome.text.clone() else { return Some((path, false)) };
            if !project.keep_in_mind(&path, &there, &documents, &outcome, problems) {
                return None;
            }
            text
        }
    };
    project.put(&path, before.as_deref(), text.as_bytes(), problems).then_some((path, true))
}

/// Where the component of a sealed file lives. `None` if an error was pushed.
fn namespace(project: &SealedProject, path: &SealedPath, problems: &mut Problems) -> Option<String> {
    let rule = project.rule(&path.owner, problems)?;
    let mut found: Vec<String> = Vec::new();
    for name in &rule.environments {
        let mut told = Problems::new();
        let environment = resolve::environment(&project.project, name, &mut told);
        let components = environment.map(|environment| environment.components).unwrap_or_default();
        found.extend(components.into_iter().filter(|c| c.name == path.component).map(|c| c.namespace));
    }
    found.sort();
    found.dedup();
    match found.as_slice() {
        [only] => Some(only.clone()),
        several => {
            let message = format!("the namespace of `{}` in `{}` is not known", path.component, path.owner);
            let said = Diagnostic::error("secret/namespace", message);
            problems.push(match several.is_empty() {
                true => said.help("`gen render` says what is wrong with its environments"),
                false => said
                    .because(format!("it lives in {}", list(several.iter().map(String::as_str))))
                    .help("give each environment a file of its own"),
            });
            None
        }
    }
}
