//! `gen key new`, `show`, `export`: the private keys that open sealed files.

use super::{
    Exit, Format, Global, open,
    report::{self, mapping, print, say},
    secret::{Ambient, IdentityArguments, SealedProject, ambient, now},
};
use crate::{
    diag::{Diagnostic, Problems, Sources, list},
    host::{self, NoAnswer},
    load,
    plain::{Plain, PlainText},
    resolve,
    secret::sops::{Identities, Identity, protect},
    yaml::Node,
};
use std::{io::IsTerminal, path::PathBuf};

/// Private keys that open sealed files: make one, see which are found, give one to a cluster
#[derive(Debug, clap::Subcommand)]
#[command(
    after_help = "Examples:\n  gen key new ../prod.agekey   a key for a cluster\n  gen key show                 which keys open sealed files here"
)]
pub(super) enum Command {
    New(New),
    Show(Show),
    Export(Export),
}

/// Makes a private key and writes it to a new file that only you can read
///
/// The file is never overwritten. Printed is the public key, which others seal for.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen key new                                 your own, where sops finds it\n  gen key new ../prod.agekey --name prod-eu   a key for a cluster\n  gen key new ../mine.agekey --passphrase     protected by a passphrase"
)]
pub(super) struct New {
    /// The file [default: where sops looks for your own keys]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// What the key is to be called under `keys`
    #[arg(long, value_name = "NAME", default_value = "NAME")]
    name: String,
    /// Protect the file by a passphrase, which is asked for; Flux cannot use such a file
    #[arg(long)]
    passphrase: bool,
}

/// The private keys that are found, by where they stand and by their public keys
///
/// Looks where sops does: `SOPS_AGE_KEY`, `SOPS_AGE_KEY_FILE`, what `SOPS_AGE_KEY_CMD` prints, and `sops/age/keys.txt` in
/// your folder for configuration. Says no (exit code 1) if there is none.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gen key show\n  gen key show --identity ../prod.agekey")]
pub(super) struct Show {
    #[command(flatten)]
    identities: IdentityArguments,
}

/// Prints a private key: for a cluster as the Secret that Flux reads, else as a key file
///
/// With ENV it is the key of that cluster (`secrets.cluster`), under the name that its Kustomizations expect.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen key export prod --kubernetes --reveal | kubectl apply -f -\n  gen key export --identity ../prod.agekey --reveal > ../backup.agekey"
)]
pub(super) struct Export {
    /// The environment whose cluster is to have the key [default: the key that is found, if it is one]
    #[arg(value_name = "ENV")]
    environment: Option<String>,
    /// As the Secret that Flux reads
    #[arg(long)]
    kubernetes: bool,
    /// Yes, print a private key
    #[arg(long)]
    reveal: bool,
    #[command(flatten)]
    identities: IdentityArguments,
}

pub(super) fn run(global: &Global, command: &Command) -> Exit {
    match command {
        Command::New(arguments) => new(global, arguments),
        Command::Show(arguments) => show(global, arguments),
        Command::Export(arguments) => export(global, arguments),
    }
}

fn new(global: &Global, arguments: &New) -> Exit {
    let mut problems = Problems::new();
    let Some((file, key)) = make(arguments, &mut problems) else {
        return open::failed(global, &problems);
    };
    let recipient = key.recipient();
    if global.format == Format::Json {
        report::json(&mapping([
            ("file", Node::new(file.display().to_string())),
            ("publicKey", Node::new(recipient.as_str())),
            ("findings", report::to_node(&problems, &Sources::new())),
        ]));
    } else {
        print(&format!("{recipient}\n"));
        say(
            global,
            &format!(
                "\nThe private key is in {}; keep a copy elsewhere: without it nothing opens.",
                file.display()
            ),
        );
        say(
            global,
            &format!(
                "To seal for it, write into environments/fleet.yaml:\nkeys:\n  {}: {recipient}\nand its name under `secrets.cluster` or `secrets.recipients` of an environment or layer.",
                arguments.name
            ),
        );
    }
    Exit::Yes
}

fn make(arguments: &New, problems: &mut Problems) -> Option<(PathBuf, Identity)> {
    let file = arguments.file.clone().or_else(host::key_file);
    let Some(file) = file else {
        problems.push(
            Diagnostic::error("key/no-home", "there is no folder for a key file: `HOME` is not set")
                .help("name the file: `gen key new FILE`"),
        );
        return None;
    };
    // Where the user's own keys belong there may well be a folder `environments` far above.
    if arguments.file.is_some() && load::project_of(&file).is_some() {
        problems.push(
            Diagnostic::error("key/in-project", format!("`{}` would be in the project", file.display()))
                .because("what is in a repository is committed some day, and a private key opens everything that was ever sealed for it")
                .help("name a file elsewhere, such as `../prod.agekey`"),
        );
        return None;
    }
    let key = Identity::generate();
    let mut text = key.file(&now().to_string());
    if arguments.passphrase {
        text = protect(&text, &passphrase(problems)?).into();
    }
    let said = match host::create_private(&file, &Plain::from(text)) {
        Ok(true) => return Some((file, key)),
        Ok(false) => Diagnostic::error("key/exists", format!("there is a file `{}` already", file.display()))
            .because("a key that is overwritten is lost, and with it all that is sealed for it alone")
            .help("name another file; `gen key show` says which keys are found"),
        Err(error) => {
            Diagnostic::error("key/write", format!("`{}` cannot be written: {error}", file.display()))
                .help("name a file in a folder that you can write to")
        }
    };
    problems.push(said);
    None
}

fn passphrase(problems: &mut Problems) -> Option<PlainText> {
    let answers =
        host::ask_secret("Passphrase: ").and_then(|first| Ok((first, host::ask_secret("The same again: ")?)));
    let (message, help) = match answers {
        Ok((first, _)) if first.is_empty() => ("a passphrase must not be empty", "type one"),
        Ok((first, again)) if first == again => return Some(first),
        Ok(_) => ("the two passphrases differ", "try again"),
        Err(NoAnswer::Nobody) => ("there is no terminal to ask for a passphrase", "run this in a terminal"),
        Err(NoAnswer::Refused) => ("no passphrase was given", "nothing was written"),
        Err(NoAnswer::NoText) => ("the passphrase is no UTF-8 text", "try again"),
    };
    problems.push(Diagnostic::error("key/passphrase", message).help(help));
    None
}

fn show(global: &Global, arguments: &Show) -> Exit {
    let mut problems = Problems::new();
    let places = ambient(&arguments.identities, &mut problems);
    let secrets = SealedProject::open(global, &mut Problems::new());
    let call = |recipient: &str| secrets.as_ref().and_then(|secrets| secrets.policy.name(recipient));
    let found = places.iter().any(|place| !place.identities.is_empty());
    if global.format == Format::Json {
        let one = |place: &Ambient| {
            let key = |recipient: &String| {
                mapping([
                    ("publicKey", Node::new(recipient.as_str())),
                    ("name", call(recipient).map_or(Node::new(crate::yaml::Value::Null), Node::new)),
                ])
            };
            let passed: Vec<String> =
                place.identities.passed_over().iter().map(ToString::to_string).collect();
            mapping([
                ("source", Node::new(place.name.as_str())),
                ("keys", Node::new(place.identities.recipients().iter().map(key).collect::<Vec<_>>())),
                ("passedOver", report::words(passed.iter().map(String::as_str))),
            ])
        };
        report::json(&mapping([
            ("places", Node::new(places.iter().map(one).collect::<Vec<_>>())),
            ("findings", report::to_node(&problems, &Sources::new())),
        ]));
    } else {
        print(&places.iter().map(|place| lines(place, call)).collect::<String>());
        report::findings(global, &problems, &Sources::new());
    }
    match (problems.has_errors(), found) {
        (true, _) => Exit::Unknown,
        (false, true) => Exit::Yes,
        (false, false) => Exit::No,
    }
}

fn lines<'s>(place: &Ambient, call: impl Fn(&str) -> Option<&'s str>) -> String {
    if !place.is_there {
        return format!("{}: nothing\n", place.name);
    }
    let key = |recipient: String| {
        let name = call(&recipient).map(|name| format!("  {name}")).unwrap_or_default();
        format!("{}: {recipient}{name}\n", place.name)
    };
    let passed = place.identities.passed_over().iter().map(|passed| format!("{passed}\n"));
    place.identities.recipients().into_iter().map(key).chain(passed).collect()
}

fn export(global: &Global, arguments: &Export) -> Exit {
    let mut problems = Problems::new();
    let mut sources = Sources::new();
    let text = exported(global, arguments, &mut sources, &mut problems);
    let Some(text) = text else { return open::failed_in(global, &problems, &sources) };
    report::findings(global, &problems, &sources);
    report::raw(text.as_bytes());
    Exit::Yes
}

fn exported(
    global: &Global,
    arguments: &Export,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Option<PlainText> {
    if !arguments.reveal {
        let to = if std::io::stdout().is_terminal() { "your terminal" } else { "standard output" };
        problems.push(
            Diagnostic::error("key/reveal", format!("this prints a private key to {to}"))
                .because("who has it opens everything that was ever sealed for it")
                .help("say `--reveal` if that is meant, and pipe it to where it belongs"),
        );
        return None;
    }
    let (recipient, decryption) = match &arguments.environment {
        None => (None, resolve::Decryption::default()),
        Some(name) => {
            let secrets = SealedProject::open(global, problems)?;
            let cluster = secrets.cluster(name, problems);
            *sources = secrets.project.sources;
            let (recipient, decryption) = cluster?;
            (Some(recipient), decryption)
        }
    };
    let identities = arguments.identities.find(problems);
    let file = chosen(&identities, recipient.as_deref(), problems)?;
    Some(if arguments.kubernetes { manifest(&file, &decryption) } else { file })
}

/// The Secret that Flux reads the key for a recipient from. `None` if an error was pushed.
pub(super) fn cluster_secret(
    identities: &Identities,
    recipient: &str,
    decryption: &resolve::Decryption,
    problems: &mut Problems,
) -> Option<PlainText> {
    Some(manifest(&chosen(identities, Some(recipient), problems)?, decryption))
}

/// The key file for a recipient, or of the only key there is.
fn chosen(identities: &Identities, recipient: Option<&str>, problems: &mut Problems) -> Option<PlainText> {
    let mut found = identities.recipients();
    found.dedup();
    let recipient = match (recipient, found.as_slice()) {
        (Some(recipient), _) => recipient,
        (None, [only]) => only,
        (None, []) => {
            problems.push(
                Diagnostic::error("secret/no-identity", "no private key is found")
                    .help("name its file with `--identity`"),
            );
            return None;
        }
        (None, several) => {
            problems.push(
                Diagnostic::error(
                    "key/several",
                    "several private keys are found, and nothing says which is meant",
                )
                .because(format!("they are those of {}", list(several.iter().map(String::as_str))))
                .help("name the environment whose cluster is to have it"),
            );
            return None;
        }
    };
    let file = identities.key_file(recipient);
    if file.is_none() {
        let said = Diagnostic::error("key/absent", format!("the private key of `{recipient}` is not found"));
        let said = said.help("name its file with `--identity`; `gen key show` says which keys are found");
        let passed_over = identities.passed_over().iter().map(ToString::to_string);
        problems.push(passed_over.fold(said, Diagnostic::because));
    }
    file
}

/// The Secret that Flux reads the key from.
fn manifest(file: &PlainText, decryption: &resolve::Decryption) -> PlainText {
    let mut document = crate::secret::manifest::new(&decryption.secret, "flux-system", None);
    crate::secret::manifest::set(&mut document, &decryption.key, &Plain::from(file.clone()));
    crate::yaml::commented::emit(&[document])
}
