//! `gen watch`: renders on every change, and shows what comes of it.

use super::{
    Exit, Format, Global,
    compare::Page,
    open,
    report::{self, mapping, number, print},
    select::{self, Choice},
};
use crate::{
    compare,
    diag::{Diagnostic, Problems, Sources},
    host::{self, Stopwatch, Watch},
    load::CHARTS,
    pipeline::{Built, Engine},
    yaml::{Node, Value},
};
use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    time::Duration,
};

/// A save is over when nothing happened for so long.
const QUIET: Duration = Duration::from_millis(10);
/// A mistake is told only if no other change follows so soon: some editors write a file in two steps.
const HALF_WRITTEN: Duration = Duration::from_millis(30);

/// Renders an environment whenever a file changes, and shows what that changed, or what is wrong
///
/// Nothing is written. Objects are compared with those of the last time that all was well. On a terminal the screen shows
/// the last result only; a mistake goes away when it is mended. Ctrl-C ends it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  gen watch dev    then edit environments/dev.yaml or a template, and save"
)]
pub(super) struct Arguments {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
}

/// What came of the files as they stand now.
struct Outcome {
    engine: Option<Engine>,
    built: Option<Built>,
    problems: Problems,
}

/// What a project is, when nothing is wrong with it.
struct Good {
    engine: Engine,
    built: Built,
    /// What was said of it all the same.
    warnings: Vec<String>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    host::watch_interrupts();
    let root = open::root(global);
    let name = &arguments.environment;
    let mut good: Option<Good> = None;
    let mut broken = false;
    let mut first = true;
    let mut bases = Vec::new();
    loop {
        // The folders are watched before they are read: no change falls between.
        let watch = match Watch::new(&folders(&root, &bases)) {
            Ok(watch) => watch,
            Err(why) => return cannot_watch(global, &root, &why),
        };
        let start = Stopwatch::start();
        let result = build(global, name);
        let is_wrong = result.problems.has_errors();
        if first && result.unknown(name) {
            return unknown(global, &result);
        }
        if is_wrong && !first && watch.changes_within(HALF_WRITTEN) {
            continue;
        }
        let new_bases: Vec<String> =
            result.engine.iter().flat_map(|engine| engine.project.bases.keys().cloned()).collect();
        // A base that was named just now is not watched yet: one more look.
        let again = new_bases != bases;
        bases = new_bases;
        let screen = Screen { global, name, first, was_broken: broken, time: start.elapsed() };
        screen.show(&result, good.as_ref());
        (broken, first) = (is_wrong, false);
        let warnings = result.said();
        if let (false, Some(engine), Some(built)) = (is_wrong, result.engine, result.built) {
            good = Some(Good { engine, built, warnings });
        }
        // Nobody sees what comes: the end says why.
        if report::is_closed() || (!again && !watch.changed(QUIET)) {
            return Exit::Yes;
        }
    }
}

/// What a project is read from. The project itself without what is below: `.sops.yaml`, and folders that come and go.
fn folders(root: &Path, bases: &[String]) -> Vec<(PathBuf, bool)> {
    let below = ["environments", "templates", CHARTS].into_iter().chain(bases.iter().map(String::as_str));
    let below = below.map(|folder| (root.join(folder), true));
    std::iter::once((root.to_owned(), false)).chain(below).collect()
}

fn build(global: &Global, name: &str) -> Outcome {
    let mut problems = Problems::new();
    let engine = open::engine(global, &mut problems);
    let known = |engine: &&Engine| engine.environments().contains(&name);
    let mut built = engine.as_ref().filter(known).map(|engine| engine.build(name));
    if let Some(built) = &mut built {
        // They stay where they are as well: what is secret is known by them.
        problems.extend(built.problems.clone());
        problems.extend(built.findings.clone());
    } else if let Some(engine) = &engine {
        select::one(name, &Choice::of(engine), &mut problems);
    }
    Outcome { engine, built, problems }
}

impl Outcome {
    /// Is there no such environment, not even a broken one?
    fn unknown(&self, name: &str) -> bool {
        let broken = |engine: &Engine| engine.project.broken.environments.contains(name);
        self.built.is_none() && !self.engine.as_ref().is_some_and(broken)
    }

    /// What is said, wherever it now stands.
    fn said(&self) -> Vec<String> {
        self.problems.0.iter().map(|problem| format!("{} {}", problem.id, problem.message)).collect()
    }
}

fn unknown(global: &Global, result: &Outcome) -> Exit {
    match &result.engine {
        Some(engine) => open::failed_in(global, &result.problems, &engine.project.sources),
        None => open::failed(global, &result.problems),
    }
}

fn cannot_watch(global: &Global, root: &Path, why: &str) -> Exit {
    let mut problems = Problems::new();
    problems.push(
        Diagnostic::error("watch/refused", format!("`{}` cannot be watched: {why}", root.display())).help(
            "on Linux `fs.inotify.max_user_watches` and `max_user_instances` set how much may be watched",
        ),
    );
    open::failed(global, &problems)
}

/// Where results are shown.
struct Screen<'a> {
    global: &'a Global,
    name: &'a str,
    first: bool,
    was_broken: bool,
    time: Duration,
}

impl Screen<'_> {
    fn show(&self, result: &Outcome, good: Option<&Good>) {
        let comparison = match (good, &result.engine, &result.built) {
            (Some(good), Some(engine), Some(built)) if !result.problems.has_errors() => {
                compare::compare((&good.engine, &good.built), (engine, built))
            }
            _ => None,
        };
        let empty = Sources::new();
        let sources = result.engine.as_ref().map_or(&empty, |engine| &engine.project.sources);
        let mut page = comparison.as_ref().zip(good).map(|(comparison, good)| Page {
            sources: [&good.engine.project.sources, sources],
            comparison,
            all: true,
            title: String::new(),
        });
        if self.global.format == Format::Json {
            return self.json(&result.problems, sources, page.as_ref());
        }
        let is_wrong = result.problems.has_errors();
        let title = format!("{} ({} ms)", self.name, self.time.as_millis());
        let again = if self.was_broken { " again" } else { "" };
        let count = report::count(&result.problems);
        let outcome = match &count {
            Some(count) if is_wrong => format!("{title}: {count}"),
            Some(count) => format!("{title}: rendered{again}, {count}"),
            None => format!("{title}: all is well{again}"),
        };
        if let Some(page) = &mut page {
            page.title = if count.is_some() { outcome.clone() } else { title };
        }
        let differs = page.as_ref().is_some_and(|page| !page.is_empty());
        let news = self.first || self.was_broken || good.is_some_and(|good| good.warnings != result.said());
        if !(news || is_wrong || differs) {
            return;
        }
        let is_terminal = std::io::stdout().is_terminal();
        if is_terminal {
            report::exact("\u{1b}[2J\u{1b}[3J\u{1b}[H");
        }
        // What was said before still stands above, but for a screen that was cleared.
        if news || is_wrong || is_terminal {
            report::findings(self.global, &result.problems, sources);
        }
        match page {
            _ if is_wrong => report::tell(&outcome),
            Some(page) if differs => print(&page.text()),
            _ => print(&format!("{outcome}\n")),
        }
        if self.first {
            report::say(self.global, "waiting for changes; Ctrl-C ends it");
        }
    }

    /// One document a result: `{environment, milliseconds, comparison, findings}`; `comparison` as `gen compare` has it, or
    /// null where there is nothing to compare.
    fn json(&self, problems: &Problems, sources: &Sources, page: Option<&Page>) {
        report::json(&mapping([
            ("environment", Node::new(self.name)),
            ("milliseconds", number(usize::try_from(self.time.as_millis()).unwrap_or(usize::MAX))),
            ("comparison", page.map_or_else(|| Node::new(Value::Null), Page::json)),
            ("findings", report::to_node(problems, sources)),
        ]));
    }
}
