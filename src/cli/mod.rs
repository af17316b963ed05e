//! The command line: one file a command; the only place that prints or decides an exit code.
//!
//! Exit codes: 0 yes, 1 no (findings, or a difference where one was asked for), 2 could not tell
//! (usage, I/O, broken input). Results go to stdout, talk to stderr.

mod bootstrap;
mod chart;
mod compare;
mod completions;
mod diff;
mod edit;
mod explain;
mod explain_error;
mod init;
mod key;
mod list;
mod man;
mod open;
mod pack;
mod progress;
mod rekey;
mod render;
mod report;
mod rotate;
mod schema;
mod seal;
mod secret;
mod secrets;
mod select;
mod unseal;
mod watch;

use crate::host;
use clap::{
    CommandFactory, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use std::{io::Write, panic, path::PathBuf, process::ExitCode};

/// GitOps repository generator: typed environments in, a tree that Flux reconciles out.
///
/// `gen render prod` renders one environment, checks it and writes `fleet-out/prod/`.
#[derive(Debug, Parser)]
#[command(
    name = "gen",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Examples:\n  gen init my-fleet      a small working project to start with\n  gen render --all       render every environment\n  gen help render        more about a command\n\nExit codes: 0 yes, 1 no (findings or a difference), 2 could not tell."
)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, clap::Args)]
struct Global {
    /// The project: a folder with `environments/` [default: this folder or the nearest above it]
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    project: Option<PathBuf>,
    /// How results and findings are printed
    #[arg(long, global = true, value_parser = for_all(), default_value = "text")]
    format: Format,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    color: Colour,
    /// Say nothing but errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say at the end how long each stage took
    #[arg(short, long, global = true)]
    verbose: bool,
}

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// For documents
    Markdown,
}

/// The formats of every command.
fn for_all() -> impl TypedValueParser<Value = Format> {
    let values = [Format::Text, Format::Json].iter().filter_map(ValueEnum::to_possible_value);
    PossibleValuesParser::new(values).try_map(|word| Format::from_str(&word, false))
}

/// `--format` of a command that has a page for documents, in the place of the one of every command.
#[derive(Debug, clap::Args)]
struct WithMarkdown {
    /// How results and findings are printed
    #[arg(id = "format", long, value_enum, default_value_t = Format::Text)]
    _format: Format,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Colour {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Arguments),
    Render(render::Arguments),
    Diff(diff::Arguments),
    List(list::Arguments),
    Explain(explain::Arguments),
    Compare(compare::Arguments),
    Schema(schema::Arguments),
    Watch(watch::Arguments),
    ExplainError(explain_error::Arguments),
    #[command(subcommand)]
    Pack(pack::Command),
    #[command(subcommand)]
    Chart(chart::Command),
    #[command(subcommand)]
    Key(key::Command),
    Seal(Box<seal::Arguments>),
    Edit(edit::Arguments),
    Unseal(unseal::Arguments),
    Rekey(rekey::Arguments),
    Rotate(rotate::Arguments),
    Secrets(secrets::Arguments),
    Bootstrap(bootstrap::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// The three answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Yes: done, nothing found.
    Yes,
    /// No: findings, or a difference where one was asked for.
    No,
    /// Could not tell: usage, I/O, broken input.
    Unknown,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Yes => ExitCode::SUCCESS,
            Exit::No => ExitCode::from(1),
            Exit::Unknown => ExitCode::from(2),
        }
    }
}

/// Runs the program: parses the arguments, runs the command, gives the exit code.
pub fn main() -> ExitCode {
    // Whatever the command is: a private key may come into memory, and no run should leave a dump of it.
    host::keep_memory_private();
    // What a failed assertion says may quote a secret: only its place is told.
    panic::set_hook(Box::new(|failure| {
        let place = failure.location().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(anstream::stderr(), "gen: a fault of gen itself, at {place}: please report it");
    }));
    panic::catch_unwind(run).unwrap_or_else(|_| Exit::Unknown.into())
}

fn run() -> ExitCode {
    match colour() {
        Colour::Auto => {}
        Colour::Always => anstream::ColorChoice::Always.write_global(),
        Colour::Never => anstream::ColorChoice::Never.write_global(),
    }
    match completions::answer(Arguments::command) {
        Ok(false) => {}
        Ok(true) => return Exit::Yes.into(),
        Err(error) => {
            let _ = error.print();
            return Exit::Unknown.into();
        }
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to stdout and are a success.
            let printed = error.print();
            if error.use_stderr() {
                return Exit::Unknown.into();
            }
            report::note(printed);
            return all_written(Exit::Yes).into();
        }
    };
    let global = &arguments.global;
    let exit = dispatch(global, &arguments.command);
    if global.verbose {
        report::tell(&timings());
    }
    all_written(exit).into()
}

/// What `--color` says: looked for before all is parsed, since help and complaints of the command line have colours too.
fn colour() -> Colour {
    let words = host::arguments().take_while(|word| word != "--");
    let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let equals = words.iter().find_map(|word| word.strip_prefix("--color="));
    let after = words.iter().skip_while(|word| *word != "--color").nth(1).map(String::as_str);
    equals.or(after).and_then(|word| Colour::from_str(word, false).ok()).unwrap_or(Colour::Auto)
}

/// What the exit code says is of no use where the result did not get out.
fn all_written(exit: Exit) -> Exit {
    if report::unwritten() { Exit::Unknown } else { exit }
}

/// What the stages took, for people who wait.
fn timings() -> String {
    let line = |spent: &host::Spent| {
        let times = if spent.times == 1 { String::new() } else { format!("  {} times", spent.times) };
        format!("  {:<8} {:>8.1} ms{times}", spent.stage, spent.time.as_secs_f64() * 1000.0)
    };
    let lines: Vec<String> = host::spent().iter().map(line).collect();
    format!("time by stage, added up over all threads:\n{}", lines.join("\n"))
}

fn dispatch(global: &Global, command: &Command) -> Exit {
    match command {
        Command::Init(arguments) => init::run(global, arguments),
        Command::Render(arguments) => render::run(global, arguments),
        Command::Diff(arguments) => diff::run(global, arguments),
        Command::List(arguments) => list::run(global, arguments),
        Command::Explain(arguments) => explain::run(global, arguments),
        Command::Compare(arguments) => compare::run(global, arguments),
        Command::Schema(arguments) => schema::run(global, arguments),
        Command::Watch(arguments) => watch::run(global, arguments),
        Command::ExplainError(arguments) => explain_error::run(global, arguments),
        Command::Pack(command) => pack::run(global, command),
        Command::Chart(command) => chart::run(global, command),
        Command::Key(command) => key::run(global, command),
        Command::Seal(arguments) => seal::run(global, arguments),
        Command::Edit(arguments) => edit::run(global, arguments),
        Command::Unseal(arguments) => unseal::run(global, arguments),
        Command::Rekey(arguments) => rekey::run(global, arguments),
        Command::Rotate(arguments) => rotate::run(global, arguments),
        Command::Secrets(arguments) => secrets::run(global, arguments),
        Command::Bootstrap(arguments) => bootstrap::run(global, arguments),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Man(arguments) => man::run(global, arguments),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_tree_is_well_formed() {
        super::Arguments::command().debug_assert();
    }
}
