//! The suite judges itself: what it starts ends with it, also after a panic and when it is killed, and whoever would leave
//! this machine is noticed.

use crate::{
    cluster::{Guard, until},
    context::Context,
    outside::Outside,
    suite::{Case, Judge},
};
use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

pub(crate) const JUDGE: Judge =
    Judge { name: "harness", programs: &["helm", "sh", "sleep"], waits: true, cases };

/// Names the folder in which a suite that is about to be killed starts its programs.
const HOLD: &str = "GEN_CONFORMANCE_HOLD";
const LIMIT: Duration = Duration::from_secs(30);

fn cases(context: &Context) -> Vec<Case<'_>> {
    if let Some(folder) = env::var_os(HOLD) {
        return vec![Case::new("hold", move || hold(context, Path::new(&folder)))];
    }
    vec![
        Case::new("panic", || panics(context)),
        Case::new("kill", || is_killed(context)),
        Case::new("leave", || leaves(context)),
    ]
}

/// A program that starts another and says who both are.
fn two(context: &Context, folder: &Path) -> Guard {
    let script = "sleep 600 & echo $$ $! >pids.new; mv pids.new pids; wait";
    Guard::start(context, folder, "sh", &[], ["-c", script])
}

/// The two, once they are there.
fn pids(folder: &Path) -> Vec<String> {
    let file = folder.join("pids");
    until(LIMIT, &|| "they never started".to_owned(), || file.exists());
    let pids: Vec<String> = fs::read_to_string(file).unwrap().split_whitespace().map(str::to_owned).collect();
    assert_eq!(pids.len(), 2);
    pids
}

/// Does it run? One that has ended and that nobody has asked about does not.
fn runs(pid: &str) -> bool {
    let ended = |stat: String| stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('Z'));
    let there = Command::new("sh").args(["-c", "kill -0 \"$1\"", "sh", pid]).stderr(Stdio::null()).status();
    there.unwrap().success() && !fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(ended)
}

fn all_end(pids: &[String]) {
    until(LIMIT, &|| format!("{pids:?} still run"), || !pids.iter().any(|pid| runs(pid)));
}

fn panics(context: &Context) {
    let folder = context.folder("panics");
    let mut found = Vec::new();
    let died = catch_unwind(AssertUnwindSafe(|| {
        let _guard = two(context, &folder);
        found = pids(&folder);
        assert!(found.iter().all(|pid| runs(pid)), "{found:?} do not run");
        panic!("on purpose");
    }));
    assert!(died.is_err() && found.len() == 2, "{found:?}");
    all_end(&found);
}

/// This suite once more, killed while its programs run.
fn is_killed(context: &Context) {
    let folder = context.folder("killed");
    let mut suite = Command::new(env::current_exe().unwrap());
    suite.arg("harness").env(HOLD, &folder).env("TMPDIR", &folder).current_dir(context.root());
    let mut suite = suite.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let found = catch_unwind(|| pids(&folder));
    let ran = found.as_ref().is_ok_and(|pids| pids.iter().all(|pid| runs(pid)));
    suite.kill().unwrap();
    suite.wait().unwrap();
    assert!(ran, "{found:?} do not run");
    all_end(&found.unwrap());
}

fn hold(context: &Context, folder: &Path) {
    let _guard = two(context, folder);
    thread::sleep(LIMIT * 2);
}

/// A program that asks for something outside is refused and remembered. That no judge does is asked when all have been.
fn leaves(context: &Context) {
    let outside = Outside::new();
    let mut helm = context.command("helm");
    helm.args(["pull", "https://charts.example.com/chart.tgz"]).current_dir(context.folder("leaves"));
    let output = outside.keep(&mut helm).output().unwrap();
    assert!(!output.status.success());
    assert_eq!(outside.asked(), ["CONNECT charts.example.com:443"]);
}
