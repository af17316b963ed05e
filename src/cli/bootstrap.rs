//! `gen bootstrap`: what an empty cluster needs before Flux looks after it, printed or done.

use super::{
    Exit, Format, Global,
    key::cluster_secret,
    open,
    report::{self, exact, mapping, say, words},
    secret::IdentityArguments,
    select,
};
use crate::{
    bootstrap::{Command, Input, Step, own_context, steps},
    diag::{self, Diagnostic, Problems, Sources},
    flux::NAMESPACE,
    host::{self, NoAnswer},
    pipeline::{Built, Engine},
    plain::{Plain, PlainText},
    resolve::{Environment, shell_word},
    seal,
    secret::{manifest, sops::Sealed},
    tree::Tree,
    write,
    yaml::{self, Node, commented},
};
use std::path::PathBuf;

/// What an empty cluster needs before Flux looks after it, in order: printed, or done
///
/// A kind cluster where the environment has one, the namespace, the Flux operator or Flux itself, the cluster's private
/// key, the Secret to read the source with, and what Flux is to follow. With `--run` it is done with your `kubectl`,
/// `helm`, `flux` and `kind`, after you were asked; what is done already is left as it is, so that a run that stopped
/// can be run again. Secrets go through pipes only: never into arguments or files.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen bootstrap dev\n  gen bootstrap prod --run --context prod-eu --identity ../prod.agekey\n  gen bootstrap prod --run --yes --pull-secret ../pull-secret.sops.yaml"
)]
pub(super) struct Arguments {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// Do it
    #[arg(long)]
    run: bool,
    /// Do not ask before it is done
    #[arg(long, requires = "run")]
    yes: bool,
    /// The cluster, as your kubeconfig calls it [default: that of kind, or the current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// A Secret to read the source with, sealed or not: its name and namespace are set
    #[arg(long, value_name = "FILE")]
    pull_secret: Option<PathBuf>,
    #[command(flatten)]
    identities: IdentityArguments,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    let Some(engine) = open::engine(global, &mut problems) else { return open::failed(global, &problems) };
    let Some((environment, tree)) = built(&engine, &arguments.environment, &mut problems) else {
        return open::failed_in(global, &problems, &engine.project.sources);
    };
    not_rendered(global, &environment, &tree, &mut problems);
    // A plan that something is wrong with is not to be followed.
    if problems.has_errors() {
        return open::failed_in(global, &problems, &engine.project.sources);
    }
    let steps = steps(&environment, &tree, arguments.context.as_deref());
    if !arguments.run {
        match global.format {
            Format::Json => report::json(&mapping([
                (
                    "steps",
                    Node::new(steps.iter().map(|step| to_node(step, &environment)).collect::<Vec<_>>()),
                ),
                ("findings", report::to_node(&problems, &engine.project.sources)),
            ])),
            Format::Text | Format::Markdown => {
                report::findings(global, &problems, &engine.project.sources);
                exact(&report::content(&script(&steps, &environment, &arguments.identities)));
            }
        }
        return Exit::Yes;
    }
    let running = Running { global, arguments, engine: &engine, environment: &environment, tree: &tree };
    let done = running.all(&steps, &mut problems);
    if global.format == Format::Json {
        report::json(&mapping([
            ("done", Node::new(done)),
            ("findings", report::to_node(&problems, &engine.project.sources)),
        ]));
    }
    report::findings(global, &problems, &engine.project.sources);
    if done { Exit::Yes } else { Exit::Unknown }
}

/// The environment and its tree; `None` if an error was pushed. Findings of checks are told by `gen render`.
fn built(engine: &Engine, name: &str, problems: &mut Problems) -> Option<(Environment, Tree)> {
    if !select::one(name, &select::Choice::of(engine), problems) {
        return None;
    }
    let Built { environment, tree, problems: told, .. } = engine.build(name);
    problems.extend(told);
    Some((environment?, tree?))
}

/// Flux reads what is committed: a tree that is not rendered is none.
fn not_rendered(global: &Global, environment: &Environment, tree: &Tree, problems: &mut Problems) {
    let shown = format!("fleet-out/{}", environment.name);
    let state = super::render::target(None, &open::root(global), &environment.name, &shown)
        .and_then(|target| target.read(tree));
    let differs = match state {
        Ok(state) => !write::plan(state, tree, true, &mut Problems::new()).is_empty(),
        Err(_) => true,
    };
    if differs {
        problems.push(
            Diagnostic::warning("bootstrap/not-rendered", format!("`{shown}` is not what a render gives"))
                .because("Flux follows what is committed and pushed")
                .help(format!("run `gen render {}`, commit and push", environment.name)),
        );
    }
}

/// The words of a command with the file it reads.
fn full(command: &Command, file: &str) -> String {
    let mut words: Vec<String> = command.words.iter().map(|word| shell_word(word)).collect();
    if command.input != Input::Nothing {
        words.push(shell_word(file));
    }
    words.join(" ")
}

/// The steps as lines for a shell.
fn script(steps: &[Step], environment: &Environment, identities: &IdentityArguments) -> String {
    let mut out = String::new();
    for (number, step) in steps.iter().enumerate() {
        out.push_str(&comment(&format!("{}. {}", number + 1, step.title)));
        if let Some(note) = step.note.as_ref().filter(|_| !is_pull(step)) {
            out.push_str(&comment(&format!("   {note}")));
        }
        match &step.command {
            None => {}
            Some(command) => match &command.input {
                Input::Nothing => out.push_str(&full(command, "")),
                Input::File(path) => {
                    out.push_str(&full(command, &format!("fleet-out/{}/{path}", environment.name)));
                }
                Input::Text(text) => out.push_str(&format!("{} <<'EOF'\n{text}EOF", full(command, "-"))),
                Input::ClusterKey => {
                    let mut export = ["gen", "key", "export", &environment.name, "--kubernetes", "--reveal"]
                        .map(str::to_owned)
                        .to_vec();
                    export.extend(identities.words());
                    if !identities.are_named() {
                        out.push_str(&comment(
                            "   add `--identity FILE` if the key is not where sops looks for keys",
                        ));
                    }
                    let export: Vec<String> = export.iter().map(|word| shell_word(word)).collect();
                    out.push_str(&format!("{} | {}", export.join(" "), full(command, "-")));
                }
                Input::PullSecret => {
                    let holds = step.note.as_deref().unwrap_or_default();
                    out.push_str(&comment(&format!("   a Secret with {holds}")));
                    out.push_str(&full(command, "PULL-SECRET.yaml"));
                }
            },
        }
        out.push_str(if step.command.is_some() { "\n\n" } else { "\n" });
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// A line that a shell passes over, whatever it quotes: nothing in it ends the line.
fn comment(text: &str) -> String {
    let text: String = diag::visible(text).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("# {text}\n")
}

fn is_pull(step: &Step) -> bool {
    step.command.as_ref().is_some_and(|command| command.input == Input::PullSecret)
}

fn to_node(step: &Step, environment: &Environment) -> Node {
    let input = |command: &Command| match &command.input {
        Input::Nothing => Node::new(yaml::Value::Null),
        Input::File(path) => Node::new(format!("fleet-out/{}/{path}", environment.name)),
        Input::Text(text) => Node::new(text.as_str()),
        Input::ClusterKey => Node::new("the Secret with the cluster's private key"),
        Input::PullSecret => Node::new("the Secret to read the source with"),
    };
    let command = step.command.as_ref();
    mapping([
        ("title", Node::new(step.title.as_str())),
        ("command", words(command.into_iter().flat_map(|command| &command.words).map(String::as_str))),
        ("reads", command.map_or(Node::new(yaml::Value::Null), input)),
        ("doneIf", words(step.done_if.iter().flatten().map(String::as_str))),
        ("note", step.note.as_deref().map_or(Node::new(yaml::Value::Null), Node::new)),
    ])
}

/// The steps being done.
struct Running<'a> {
    global: &'a Global,
    arguments: &'a Arguments,
    engine: &'a Engine,
    environment: &'a Environment,
    tree: &'a Tree,
}

impl Running<'_> {
    /// Does them; `false` if an error was pushed. What they need is looked for before the first.
    fn all(&self, steps: &[Step], problems: &mut Problems) -> bool {
        let before = problems.errors();
        let inputs: Vec<Option<Plain>> = steps.iter().map(|step| self.input(step, problems)).collect();
        if problems.errors() > before || !self.consents(steps.len(), problems) {
            return false;
        }
        for (number, (step, input)) in steps.iter().zip(inputs).enumerate() {
            let title = format!("{}/{} {}", number + 1, steps.len(), step.title);
            if step.done_if.as_ref().is_some_and(|command| host::succeeds(command)) {
                say(self.global, &format!("{title}: there already"));
                continue;
            }
            let Some(command) = &step.command else {
                say(self.global, &format!("{title}: {}", step.note.as_deref().unwrap_or_default()));
                continue;
            };
            say(self.global, &title);
            if is_pull(step) && input.is_none() {
                problems.push(self.no_pull_secret(step));
                return false;
            }
            let mut words = command.words.clone();
            if command.input != Input::Nothing {
                words.push("-".to_owned());
            }
            if let Err(why) = host::run_with_input(&words, input.as_ref()) {
                let message = format!("`{}` {why}", words.join(" "));
                problems.push(
                    Diagnostic::error("bootstrap/failed", message)
                        .because(format!("this was step {}: {}", number + 1, step.title))
                        .help("see to it, and run this again: what is done already is left as it is"),
                );
                return false;
            }
        }
        true
    }

    /// What a step's command reads. Errors are pushed.
    fn input(&self, step: &Step, problems: &mut Problems) -> Option<Plain> {
        match &step.command.as_ref()?.input {
            Input::Nothing => None,
            Input::File(path) => self.tree.get(path.as_str()).map(|file| Plain::from(&*file.bytes)),
            Input::Text(text) => Some(Plain::from(text.as_str())),
            Input::ClusterKey => self.cluster_key(problems).map(Plain::from),
            Input::PullSecret => self.pull_secret(problems).map(Plain::from),
        }
    }

    fn cluster_key(&self, problems: &mut Problems) -> Option<PlainText> {
        let secrets = &self.environment.secrets;
        let name = secrets.cluster.as_ref()?;
        let key = self.engine.project.fleet.keys.as_ref().and_then(|keys| keys.get(&name.text));
        // A name without a usable key was told.
        let recipient = key?.recipient.as_ref()?.to_string();
        let identities = self.arguments.identities.find(problems);
        cluster_secret(&identities, &recipient, &secrets.decryption, problems)
    }

    /// The Secret to read the source with, if a file is named.
    fn pull_secret(&self, problems: &mut Problems) -> Option<PlainText> {
        let file = self.arguments.pull_secret.as_ref()?;
        let name = file.display().to_string();
        let content = match host::read_secret(file) {
            Ok(content) => content,
            Err(why) => {
                problems.push(
                    Diagnostic::error("load/file", format!("`{name}` {why}"))
                        .help("name the file of a Secret"),
                );
                return None;
            }
        };
        let text = content.as_text().unwrap_or_default();
        let mut found = Problems::new();
        let source = Sources::new().add_hidden(name.as_str(), text);
        let documents = if seal::is_sealed_file(text) {
            let sealed = Sealed::read(text, source, &mut found);
            let opened = sealed.and_then(|s| s.open(&self.arguments.identities.find(problems), &mut found));
            opened.map(|opened| opened.documents().to_vec())
        } else {
            commented::read(text, source, &mut found)
        };
        let document = documents.and_then(|documents| documents.into_iter().find(manifest::is_secret));
        let Some(mut document) = document else {
            let said = Diagnostic::error(
                "bootstrap/pull-secret",
                format!("`{name}` holds no Secret that can be used"),
            );
            let said = found.0.iter().fold(said, |said, problem| said.because(problem.message.clone()));
            problems.push(
                said.help("write one with the keys that Flux asks for, and seal it if it is to be kept"),
            );
            return None;
        };
        manifest::rename(&mut document, self.environment.source.secret.as_deref()?, NAMESPACE);
        Some(commented::emit(&[document]))
    }

    fn no_pull_secret(&self, step: &Step) -> Diagnostic {
        let name = self.environment.source.secret.as_deref().unwrap_or_default();
        Diagnostic::error(
            "bootstrap/pull-secret",
            format!("the Secret `{name}` is not in the cluster, and no file is named"),
        )
        .because(format!("it holds {}", step.note.as_deref().unwrap_or_default()))
        .help("write it into a file outside of the repository, and name it: `--pull-secret FILE`")
    }

    fn consents(&self, count: usize, problems: &mut Problems) -> bool {
        if self.arguments.yes {
            return true;
        }
        let context = self.arguments.context.clone().or_else(|| own_context(self.tree));
        let context = context.or_else(host::current_context).unwrap_or_else(|| "(none)".to_owned());
        let question = format!(
            "Bootstrap `{}`: {count} steps in the cluster `{context}` of your kubeconfig. Go on? [y/N] ",
            self.environment.name
        );
        let said = match host::ask_consent(&question) {
            Ok(true) => return true,
            Ok(false) | Err(NoAnswer::Refused | NoAnswer::NoText) => {
                Diagnostic::error("bootstrap/refused", "nothing was done").help("answer `y` to go on")
            }
            Err(NoAnswer::Nobody) => {
                Diagnostic::error("bootstrap/refused", "there is no terminal to ask at, and nothing was done")
                    .help("say `--yes` if the steps that are printed without `--run` are meant")
            }
        };
        problems.push(said);
        false
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_that_is_quoted_ends_a_comment() {
        let line = super::comment("1. the key `a`\ntouch /tmp/x\r\tb\u{85}\u{1b}[2Kc\u{2028}\u{202e}d");
        assert_eq!(line.lines().count(), 1, "{line:?}");
        assert!(line.starts_with("# 1. the key `a` touch"), "{line:?}");
        assert!(!line.trim_end().contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
    }
}
