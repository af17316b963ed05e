//! Judges, their cases, and how they are run and told.

use crate::{context::Context, table};
use std::{
    cell::Cell,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

/// A program, or several that are one judge.
pub(crate) struct Judge {
    /// What `-- NAME` asks for, and the table's first column.
    pub(crate) name: &'static str,
    /// The programs it needs, as [`crate::programs`] finds them. The first gives the version in the table.
    pub(crate) programs: &'static [&'static str],
    /// Cases wait more than they work (a cluster): the judge has a thread of its own, and its cases come one after another.
    pub(crate) waits: bool,
    /// The cases. May prepare what they share; a panic here is a disagreement of the whole judge.
    pub(crate) cases: for<'c> fn(&'c Context) -> Vec<Case<'c>>,
}

/// One question to a judge.
pub(crate) struct Case<'c> {
    /// Short, unique within the judge.
    pub(crate) name: String,
    /// Asks it. A panic is a disagreement.
    pub(crate) run: Box<dyn FnOnce() -> Verdict + Send + 'c>,
}

/// What came of a case.
pub(crate) enum Verdict {
    /// The judge agrees.
    Agreed,
    /// It does not, and that is right; the reason stands in the table.
    Explained(&'static str),
    /// It does not.
    Disagreed(String),
}

impl<'c> Case<'c> {
    /// A case that agrees unless it panics.
    pub(crate) fn new(name: impl Into<String>, run: impl FnOnce() + Send + 'c) -> Self {
        Self::judged(name, move || {
            run();
            Verdict::Agreed
        })
    }

    /// A case that says what came of it.
    pub(crate) fn judged(name: impl Into<String>, run: impl FnOnce() -> Verdict + Send + 'c) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }
}

/// What a judge said in all.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) agreed: usize,
    pub(crate) explained: Vec<(String, &'static str)>,
    pub(crate) disagreed: Vec<(String, String)>,
    /// Programs that are missing: no case was asked.
    pub(crate) missing: Vec<&'static str>,
    pub(crate) seconds: f64,
}

impl Tally {
    pub(crate) fn cases(&self) -> usize {
        self.agreed + self.explained.len() + self.disagreed.len()
    }

    fn add(&mut self, name: String, verdict: Verdict, took: Duration) {
        self.seconds += took.as_secs_f64();
        match verdict {
            Verdict::Agreed => self.agreed += 1,
            Verdict::Explained(why) => self.explained.push((name, why)),
            Verdict::Disagreed(what) => self.disagreed.push((name, what)),
        }
    }
}

/// What the command line asks for. Flags of other test programs are passed over, since `cargo test` hands them to all.
struct Asked {
    filters: Vec<String>,
    list: bool,
    table: bool,
}

impl Asked {
    fn read() -> Self {
        let (flags, filters): (Vec<_>, Vec<_>) =
            std::env::args().skip(1).partition(|argument| argument.starts_with('-'));
        let has = |flag: &str| flags.iter().any(|given| given == flag);
        Self { filters, list: has("--list"), table: has("--table") }
    }

    fn judge(&self, judge: &Judge) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|f| f.split('/').next() == Some(judge.name))
    }

    fn case(&self, judge: &Judge, case: &Case) -> bool {
        let name = format!("{}/{}", judge.name, case.name);
        self.filters.is_empty()
            || self.filters.iter().any(|f| f == judge.name || name.starts_with(f.as_str()))
    }
}

type Queue<'c> = Mutex<VecDeque<(usize, Case<'c>)>>;

/// Runs what is asked for and prints a line a judge.
pub(crate) fn main(judges: &[&Judge]) -> ExitCode {
    let asked = Asked::read();
    if asked.list {
        judges.iter().for_each(|judge| println!("{}: test", judge.name));
        return ExitCode::SUCCESS;
    }
    let chosen: Vec<&Judge> = judges.iter().copied().filter(|judge| asked.judge(judge)).collect();
    if chosen.is_empty() {
        return ExitCode::SUCCESS;
    }
    keep_panics();
    let context = Context::new();
    let tallies = run(&chosen, &asked, &context);
    let good = tell(&chosen, &tallies, &context) & nobody_left(&context);
    let whole = asked.filters.is_empty() && tallies.iter().all(|tally| tally.missing.is_empty());
    let current = !whole || table::keep(&chosen, &tallies, &context, asked.table);
    if good && current { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run<'c>(judges: &[&Judge], asked: &Asked, context: &'c Context) -> Vec<Tally> {
    let tallies: Vec<Mutex<Tally>> = judges.iter().map(|_| Mutex::default()).collect();
    let queue: Queue<'c> = Mutex::default();
    let ask = |number: usize, case: Case<'c>| {
        let started = Instant::now();
        let verdict = catch(case.run).unwrap_or_else(Verdict::Disagreed);
        tallies[number].lock().unwrap().add(case.name, verdict, started.elapsed());
    };
    let cases = |number: usize| -> Vec<Case<'c>> {
        let judge = judges[number];
        let missing = context.programs.missing(judge.programs);
        if !missing.is_empty() {
            tallies[number].lock().unwrap().missing = missing;
            return Vec::new();
        }
        let mut cases = catch(|| (judge.cases)(context))
            .unwrap_or_else(|what| vec![Case::judged("preparation", || Verdict::Disagreed(what))]);
        cases.retain(|case| case.name == "preparation" || asked.case(judge, case));
        cases
    };
    thread::scope(|scope| {
        let (ask, cases, queue) = (&ask, &cases, &queue);
        for number in (0..judges.len()).filter(|&number| judges[number].waits) {
            scope.spawn(move || cases(number).into_iter().for_each(|case| ask(number, case)));
        }
        for number in (0..judges.len()).filter(|&number| !judges[number].waits) {
            queue.lock().unwrap().extend(cases(number).into_iter().map(|case| (number, case)));
        }
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(move || {
                loop {
                    let next = queue.lock().unwrap().pop_front();
                    let Some((number, case)) = next else { break };
                    ask(number, case);
                }
            });
        }
    });
    tallies.into_iter().map(|tally| tally.into_inner().unwrap()).collect()
}

thread_local! {
    static PANIC: Cell<String> = const { Cell::new(String::new()) };
}

/// What a panic says, with its place, is told with the case and not between the lines of others.
fn keep_panics() {
    std::panic::set_hook(Box::new(|info| PANIC.set(info.to_string())));
}

/// What `run` gives, or what its panic said.
fn catch<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| PANIC.take())
}

/// Nobody asked for anything outside this machine.
fn nobody_left(context: &Context) -> bool {
    let asked = context.outside.asked();
    asked.iter().for_each(|asked| println!("conformance: somebody left this machine: {asked}"));
    asked.is_empty()
}

/// One line a judge, then what it disagrees with. True if all is well.
fn tell(judges: &[&Judge], tallies: &[Tally], context: &Context) -> bool {
    let (mut skipped, mut bad) = (0, 0);
    for (judge, tally) in judges.iter().zip(tallies) {
        if !tally.missing.is_empty() {
            skipped += 1;
            let npm = tally.missing.contains(&"yaml-language-server");
            let how = if npm { "just language-server" } else { "just judges" };
            println!("{:24} skipped: no {} ({how})", judge.name, tally.missing.join(", "));
            continue;
        }
        let (agreed, explained, disagreed) = (tally.agreed, tally.explained.len(), tally.disagreed.len());
        println!(
            "{:24} {:4} cases  {agreed:4} agreed  {explained:3} explained  {disagreed:3} disagreed  {:6.1} s",
            judge.name,
            tally.cases(),
            tally.seconds
        );
        for (case, what) in &tally.disagreed {
            println!("\n{}/{case}:\n{what}\n", judge.name);
        }
        bad += disagreed;
        if tally.cases() == 0 {
            println!("{}: no case was asked", judge.name);
        }
    }
    println!("conformance: {} judges, {skipped} skipped, {bad} disagreements", judges.len());
    if skipped > 0 && context.required {
        println!("conformance: GEN_JUDGES=required, and {skipped} judges are missing");
    }
    bad == 0 && (skipped == 0 || !context.required)
}
