//! Is this working tree slower than the last release? Instructions, not time, so that a busy machine says the same:
//! it fails where a command or a stage needs more than [`LIMIT`] percent more than before.
//!
//! Both are built in the same way below `target/instructions`; the other side is the commit that is named, else the last tag
//! `v*`, else the commit before this one. Needs `valgrind` and `git`.

use super::{build, fleet, root, said};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// So many percent more are a fault. Random seeds of maps and of encryption make less than one of it.
const LIMIT: f64 = 3.0;
/// Environments, and components of each.
const FLEET: (usize, usize) = (4, 50);

/// TEST ONLY: the public half of a key that everyone knows.
const PUBLIC: &str = "age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux";

/// What is run, in this order, in one project: its name and its arguments.
const COMMANDS: [(&str, &str); 9] = [
    ("version", "--version"),
    (FIRST, "render --all"),
    ("nothing changed", "render --all"),
    ("every file compared", "render --all --check"),
    (EDIT, "diff shop-0002"),
    ("one input changed", "render shop-0002"),
    ("explain a value", "explain shop-0002 components.app-002.inputs.replicas.max"),
    ("list", "list"),
    (SEAL, "seal shop-0001 app-001/token --stdin value"),
];
/// Whose stages are told too.
const FIRST: &str = "first render";
/// Before this one an input is changed.
const EDIT: &str = "what one input changes";
/// This one reads a value.
const SEAL: &str = "seal a value";

/// The stages of a first render, by the functions that are entered for them.
const STAGES: [(&str, &[&str]); 7] = [
    // Files are read and parsed on other threads.
    ("- load", &["fleetgen::load::project_with", "fleetgen::load::text::gather::{{closure}}"]),
    ("- compile", &["fleetgen::template::compile::compile"]),
    ("- resolve", &["fleetgen::resolve::environment::environment"]),
    ("- render", &["fleetgen::render::component"]),
    ("- layout", &["fleetgen::layout::part::component", "fleetgen::layout::join"]),
    ("- check", &["fleetgen::check::check"]),
    ("- plan", &["fleetgen::write::plan::plan"]),
];

/// Builds, measures and prints; is nothing slower than it may be?
pub(super) fn compare(named: Option<&str>) -> Result<bool, String> {
    for program in ["valgrind", "git", "tar"] {
        let found =
            Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        found.map_err(|_| format!("this needs `{program}`, which is not installed"))?;
    }
    let root = root();
    let (commit, shown) = base(root, named)?;
    let folder = root.join("target/instructions");
    let before = named_build(&unpacked(root, &folder, &commit)?, &folder, &commit)?;
    let after = named_build(root, &folder, "now")?;
    let (before, after) = (measure(&before)?, measure(&after)?);
    println!(
        "Instructions in millions, one thread, {} environments of {} components; before: {shown}\n",
        FLEET.0, FLEET.1
    );
    println!("| | before | now | |\n|---|---|---|---|");
    let mut good = true;
    for ((what, before), (_, after)) in before.iter().zip(&after) {
        good &= row(what, *before, *after);
    }
    if !good {
        println!("\nslower by more than {LIMIT} %");
    }
    Ok(good)
}

/// One line of the table; is it as fast as it must be? A stage whose function one of the two does not have says nothing.
fn row(what: &str, before: u64, after: u64) -> bool {
    let shown = |count: u64| if count == 0 { "-".to_owned() } else { format!("{:.1}", count as f64 / 1e6) };
    let percent = (after as f64 / before as f64 - 1.0) * 100.0;
    let known = before > 0 && after > 0;
    let change = if known { format!("{percent:+.1} %") } else { String::new() };
    let slower = known && percent > LIMIT;
    println!(
        "| {what} | {} | {} | {change}{} |",
        shown(before),
        shown(after),
        if slower { ", slower" } else { "" }
    );
    !slower
}

/// What is compared with: its commit, and as people know it.
fn base(root: &Path, named: Option<&str>) -> Result<(String, String), String> {
    let git = |arguments: &str| said(Command::new("git").current_dir(root).args(arguments.split(' ')));
    let tag = || git("describe --tags --abbrev=0 --match v*").ok();
    let name = named.map(str::to_owned).or_else(tag).unwrap_or_else(|| "HEAD~".to_owned());
    let commit = git(&format!("rev-parse --short=12 {name}^{{commit}}"))?;
    Ok((commit.clone(), format!("{name} ({commit})")))
}

/// The source of a commit, unpacked once; those of other commits go.
fn unpacked(root: &Path, folder: &Path, commit: &str) -> Result<PathBuf, String> {
    let source = folder.join("source").join(commit);
    if !source.join("Cargo.toml").is_file() {
        let _ = fs::remove_dir_all(folder.join("source"));
        fs::create_dir_all(&source).map_err(|e| e.to_string())?;
        let archive = folder.join("source.tar");
        said(Command::new("git").current_dir(root).args(["archive", "--output"]).arg(&archive).arg(commit))?;
        // Now is when the files came here: by their time Cargo sees what is new.
        said(Command::new("tar").args(["-xmf"]).arg(&archive).arg("-C").arg(&source))?;
        fs::remove_file(&archive).map_err(|e| e.to_string())?;
    }
    Ok(source)
}

/// A release build that keeps the names of functions, under a name of its own.
fn named_build(source: &Path, folder: &Path, name: &str) -> Result<PathBuf, String> {
    let built = build(source, folder, &["--config", "profile.release.strip=false"])?;
    let program = folder.join(format!("gen-{name}"));
    fs::copy(built, &program).map_err(|e| e.to_string())?;
    Ok(program)
}

/// The instructions of each command in a project of its own, and those of the stages of the first render.
fn measure(program: &Path) -> Result<Vec<(&'static str, u64)>, String> {
    let temporary = tempfile::tempdir().map_err(|e| e.to_string())?;
    let project = temporary.path().join("fleet");
    project_of(&project).map_err(|e| e.to_string())?;
    let mut found = Vec::new();
    for (what, arguments) in COMMANDS {
        if what == EDIT {
            edit(&project.join("environments/shop-0002.yaml")).map_err(|e| e.to_string())?;
        }
        let profile = temporary.path().join("profile");
        let mut command = Command::new("valgrind");
        command
            .args(["--quiet", "--tool=callgrind"])
            .arg(format!("--callgrind-out-file={}", profile.display()));
        command.arg(program).args(arguments.split(' ')).current_dir(&project).stdin(Stdio::null());
        command
            .env("RAYON_NUM_THREADS", "1")
            .env("XDG_CACHE_HOME", temporary.path().join("cache"))
            .env_remove("CI");
        if what == SEAL {
            command.stdin(fs::File::open(project.join("value")).map_err(|e| e.to_string())?);
        }
        // A difference, too, is an exit code.
        let output = command.output().map_err(|e| e.to_string())?;
        if output.status.code().is_none_or(|code| code > 1) {
            return Err(format!("`gen {arguments}` failed\n{}", String::from_utf8_lossy(&output.stderr)));
        }
        let text = fs::read_to_string(&profile).map_err(|e| e.to_string())?;
        let costs =
            Costs::parse(&text).ok_or_else(|| format!("`gen {arguments}`: no total of instructions"))?;
        found.push((what, costs.total));
        if what == FIRST {
            found.extend(
                STAGES.map(|(stage, functions)| (stage, functions.iter().map(|f| costs.of(f)).sum())),
            );
        }
    }
    Ok(found)
}

/// The fleet, with a key for what is sealed.
fn project_of(folder: &Path) -> std::io::Result<()> {
    fleet::write(FLEET.0, FLEET.1, folder)?;
    let append = |path: &str, text: String| {
        let path = folder.join(path);
        fs::write(&path, fs::read_to_string(&path)? + &text)
    };
    append("environments/fleet.yaml", format!("keys: {{shop: {PUBLIC}}}\n"))?;
    append("environments/shop-0001.yaml", "secrets: {cluster: shop}\n".to_owned())?;
    fs::write(folder.join("value"), "a value")
}

/// Another number in the file of an environment.
fn edit(file: &Path) -> std::io::Result<()> {
    fs::write(file, fs::read_to_string(file)?.replacen("min: 3", "min: 4", 1))
}

/// What a run of callgrind says: all instructions, and by function those of all calls to it.
#[derive(Default)]
struct Costs {
    total: u64,
    of: BTreeMap<String, u64>,
}

impl Costs {
    /// Of the file that callgrind writes (its manual, "Callgrind Format Specification"): lines of costs belong to the
    /// function `fn`; the one below `calls` is that of the function `cfn` and all that it calls. A name stands at the
    /// first use of its number. `None` without a total: there is no run of no instructions.
    fn parse(text: &str) -> Option<Self> {
        let mut costs = Self::default();
        let mut names: BTreeMap<&str, &str> = BTreeMap::new();
        let (mut called, mut is_call) = ("", false);
        for line in text.lines() {
            if let Some(written) = line.strip_prefix("cfn=").or_else(|| line.strip_prefix("fn=")) {
                let (number, name) = written.split_once(' ').unwrap_or((written, ""));
                let name = *names.entry(number).or_insert(name);
                if line.starts_with('c') {
                    called = name;
                }
            } else if line.starts_with("calls=") {
                is_call = true;
            } else if let Some(count) = line.strip_prefix("totals:").or_else(|| line.strip_prefix("summary:"))
            {
                costs.total = count.trim().parse().ok()?;
            } else if is_call {
                is_call = false;
                let count: u64 = line.split(' ').nth(1).and_then(|count| count.parse().ok()).unwrap_or(0);
                *costs.of.entry(called.to_owned()).or_default() += count;
            }
        }
        (costs.total > 0).then_some(costs)
    }

    fn of(&self, function: &str) -> u64 {
        self.of.get(function).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "events: Ir\nfn=(1) main\n3 10\ncfn=(2) fleetgen::load::project_with\ncalls=1 7\n4 500\n\nfn=(2)\n7 500\ncfn=(2)\ncalls=1 7\n8 20\ntotals: 510\n";

    #[test]
    fn costs_are_read_and_a_run_without_a_total_is_none() {
        let costs = Costs::parse(PROFILE).unwrap();
        assert_eq!(
            (costs.total, costs.of("fleetgen::load::project_with"), costs.of("another")),
            (510, 520, 0)
        );
        for without in ["", "totals: 0", "totals: many", "totals:"] {
            assert!(Costs::parse(&PROFILE.replace("totals: 510", without)).is_none(), "{without}");
        }
    }

    #[test]
    fn more_than_the_limit_is_slower_and_a_stage_that_one_lacks_is_not() {
        assert!(row("x", 1000, 1029) && row("x", 1000, 500) && row("- x", 0, 10) && row("- x", 10, 0));
        assert!(!row("x", 1000, 1031));
    }
}
