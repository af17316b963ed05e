//! The table of times in the README: `gen` and others beside it, on one machine, one after the other, each the quietest
//! of several runs.

use super::{
    build, fleet, peers, root, said,
    watch::{self, SAVES},
};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

/// So often each is run.
const RUNS: usize = 3;
/// The environment of which an input changes.
const CHANGED: &str = "shop-0002";

/// What one run took.
#[derive(Clone, Copy, Default)]
pub(super) struct Cost {
    /// Seconds on the clock.
    pub(super) wall: f64,
    /// Seconds of all cores.
    cpu: Option<f64>,
    /// Bytes at most in memory, of the program itself.
    memory: Option<u64>,
}

/// A line of a table: what was run, in words and as a command, and what it took.
pub(super) struct Row {
    pub(super) what: String,
    pub(super) command: String,
    pub(super) cost: Cost,
}

/// Measures a fleet of `n` environments with `m` components each, and prints Markdown.
pub(super) fn print(n: usize, m: usize) -> Result<(), String> {
    if n < 2 {
        return Err("it takes two environments, to change one of them".to_owned());
    }
    let gen_path = build(root(), &root().join("target"), &[])?;
    let temporary = tempfile::tempdir().map_err(|e| e.to_string())?;
    let folder = temporary.path();
    fleet::write(n, m, &folder.join("fleet")).map_err(|e| e.to_string())?;
    let own = of_gen(&gen_path, folder, n)?;
    let (files, bytes) = size(&folder.join("tree")).map_err(|e| e.to_string())?;
    println!(
        "A fleet of {n} environments with {m} components each: {files} files, {} MB. {}",
        (bytes + 500_000) / 1_000_000,
        machine()?
    );
    println!("Each line is the quietest of {RUNS} runs.\n");
    println!("| | wall | CPU | peak memory |\n|---|---|---|---|");
    for row in &own {
        println!(
            "| {} | {} | {} | {} |",
            row.what,
            seconds(row.cost.wall),
            row.cost.cpu(),
            row.cost.memory()
        );
    }
    println!();
    for row in &own {
        println!("    {}", row.command);
    }
    peers::print(&gen_path, folder, n)
}

/// What `gen` does to a fleet, and a plain copy.
fn of_gen(gen_path: &Path, folder: &Path, n: usize) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    let mut add = |what: &str, arguments: &str, prepare: &mut dyn FnMut() -> Result<(), String>| {
        let command = || gen_command(gen_path, folder, arguments);
        let cost = quietest(prepare, command)?;
        rows.push(Row { what: what.to_owned(), command: shown(arguments), cost });
        Ok::<_, String>(())
    };
    let (all, mut anew) = ("-C fleet render --all --out tree", emptier(folder, "tree"));
    add("`gen --version`", "--version", &mut || Ok(()))?;
    add("first render, checked, written and flushed", all, &mut anew)?;
    let some: Vec<String> = (1..=n / 10).map(|index| format!("shop-{index:04}")).collect();
    if !some.is_empty() {
        let tenth = format!("-C fleet render {} --out tenth", some.join(" "));
        add("the same of a tenth of the environments", &tenth, &mut emptier(folder, "tenth"))?;
    }
    add("second render, nothing changed", all, &mut || Ok(()))?;
    let file = folder.join(format!("fleet/environments/{CHANGED}.yaml"));
    let change = |key: &str| {
        let text = fs::read_to_string(&file).map_err(|e| e.to_string())?;
        let at = text.find(key).ok_or("the fleet is not what it was")? + key.len();
        let other = if text[at..].starts_with('3') { "4" } else { "3" };
        fs::write(&file, format!("{}{other}{}", &text[..at], &text[at + 1..])).map_err(|e| e.to_string())
    };
    let one = format!("-C fleet render {CHANGED} --out tree");
    add("one input of one environment changed, that one rendered", &one, &mut || change("min: "))?;
    add("the same, `--all`", all, &mut || change("min: "))?;
    let check = "-C fleet render --all --check --out tree";
    add("`--check`, which remembers nothing and reads every file", check, &mut || Ok(()))?;
    // Nothing waits for the end of `gen watch`: there is a time and no cost.
    let cost = Cost { wall: watch::median(gen_path, folder)?, ..Cost::default() };
    let what = format!("`gen watch`, the example fleet: from a save to its result, median of {SAVES}");
    rows.push(Row { what, command: "gen -C example watch prod --format json".to_owned(), cost });
    let copy = || shell(folder, "cp -r tree copy && sync -f copy");
    // The memory would be that of the shell.
    let cost = Cost { memory: None, ..quietest(&mut emptier(folder, "copy"), copy)? };
    let what = "`cp -r` of the same tree and `sync -f`, for comparison".to_owned();
    let at = rows.iter().position(|row| row.what.starts_with("second")).unwrap_or(rows.len());
    rows.insert(at, Row { what, command: "sh -c 'cp -r tree copy && sync -f copy'".to_owned(), cost });
    Ok(rows)
}

/// The command, with one name of many.
fn shown(arguments: &str) -> String {
    let mut words: Vec<&str> = arguments.split(' ').collect();
    words.dedup_by(|word, before| word.starts_with("shop-") && before.starts_with("shop-"));
    let names = arguments.matches("shop-").count();
    let words: Vec<String> = words
        .into_iter()
        .map(
            |word| {
                if names > 1 && word.starts_with("shop-") { format!("{word} …") } else { word.to_owned() }
            },
        )
        .collect();
    format!("gen {}", words.join(" "))
}

/// `gen` in a folder, with a memory of its own.
pub(super) fn gen_command(gen_path: &Path, folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(gen_path);
    command.current_dir(folder).args(arguments.split(' ')).env_remove("CI");
    command.env("XDG_CACHE_HOME", folder.join("cache"));
    command
}

pub(super) fn shell(folder: &Path, script: &str) -> Command {
    let mut command = Command::new("sh");
    command.current_dir(folder).args(["-c", script]);
    command
}

/// Moves what a run wrote out of the way. It is not deleted: ext4 is slow to make files for minutes after that.
pub(super) fn emptier(folder: &Path, name: &str) -> impl FnMut() -> Result<(), String> {
    let (folder, name) = (folder.to_owned(), name.to_owned());
    move || {
        let there = folder.join(&name);
        let away = (1..).map(|turn| folder.join(format!("{name}-{turn}"))).find(|away| !away.exists());
        match (there.exists(), away) {
            (true, Some(away)) => fs::rename(&there, away).map_err(|e| e.to_string()),
            _ => Ok(()),
        }
    }
}

/// The run with the shortest time.
pub(super) fn quietest(
    prepare: &mut dyn FnMut() -> Result<(), String>,
    command: impl Fn() -> Command,
) -> Result<Cost, String> {
    let mut best: Option<Cost> = None;
    for _ in 0..RUNS {
        prepare()?;
        let cost = run(command())?;
        best = Some(best.filter(|best| best.wall <= cost.wall).unwrap_or(cost));
    }
    Ok(best.unwrap_or_default())
}

/// Runs a program to its end; it must go well.
pub(super) fn run(mut command: Command) -> Result<Cost, String> {
    let shown = format!("{command:?}");
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("{shown}: {e}"))?;
    let (wall, memory) = watch(&child, start);
    // It is over and not yet forgotten: the system still tells the time that it took.
    let cpu = spent(child.id());
    let status = child.wait().map_err(|e| e.to_string())?;
    match status.success() {
        true => Ok(Cost { wall, cpu, memory }),
        false => Err(format!("{shown} failed: {status}")),
    }
}

/// Waits for the end: when that was, and the peak of memory, which the system tells only before.
fn watch(child: &Child, start: Instant) -> (f64, Option<u64>) {
    let status = format!("/proc/{}/status", child.id());
    let running = Arc::new(AtomicBool::new(true));
    let seen = running.clone();
    let peak = thread::spawn(move || {
        let mut peak = None;
        while seen.load(Relaxed) {
            let text = fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let size = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
            peak = size.map(|size| size * 1024).or(peak);
            thread::sleep(Duration::from_millis(5));
        }
        peak
    });
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    let _ = waitid(WaitId::Pid(Pid::from_child(child)), options);
    let wall = start.elapsed().as_secs_f64();
    running.store(false, Relaxed);
    (wall, peak.join().unwrap_or(None))
}

/// Seconds of all cores that a process and those that it waited for took (`proc(5)`: `utime`, `stime`, `cutime`, `cstime`,
/// in hundredths of a second).
fn spent(process: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, behind) = text.rsplit_once(") ")?;
    let ticks = behind.split(' ').skip(11).take(4).map(|field| field.parse::<u32>().ok());
    ticks.sum::<Option<u32>>().map(|ticks| f64::from(ticks) / 100.0)
}

/// What it ran on, in words.
fn machine() -> Result<String, String> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let name = name.map_or("a processor without a name", |(_, name)| name);
    let system = said(Command::new("uname").args(["-sr"]))?;
    let files = file_system(&std::env::temp_dir()).unwrap_or_else(|| "an unknown file system".to_owned());
    Ok(format!(
        "{cores} cores ({name}), {system}, {files}, everything in the page cache, one run after the other."
    ))
}

/// The kind of the file system that a folder is on: of the mounts above it the nearest (`proc(5)`).
fn file_system(folder: &Path) -> Option<String> {
    let text = fs::read_to_string("/proc/mounts").ok()?;
    let fields = text.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?)).filter(|(mount, _)| folder.starts_with(mount))
    });
    fields.max_by_key(|(mount, _)| mount.len()).map(|(_, kind)| kind.to_owned())
}

/// Files below a folder, and their bytes.
fn size(folder: &Path) -> std::io::Result<(u64, u64)> {
    let mut sum = (0, 0);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (files, bytes) = match entry.file_type()?.is_dir() {
            true => size(&entry.path())?,
            false => (1, entry.metadata()?.len()),
        };
        sum = (sum.0 + files, sum.1 + bytes);
    }
    Ok(sum)
}

/// Two digits that count.
pub(super) fn seconds(time: f64) -> String {
    match time {
        ..0.095 => format!("{:.0} ms", time * 1000.0),
        ..0.995 => format!("{time:.2} s"),
        _ => format!("{time:.1} s"),
    }
}

impl Cost {
    fn cpu(self) -> String {
        self.cpu.map_or(String::new(), seconds)
    }

    fn memory(self) -> String {
        self.memory.map_or(String::new(), |bytes| format!("{} MB", bytes / 1_000_000))
    }
}
