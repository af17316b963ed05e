//! The machine around the program: interruption, environment variables, other processes, the terminal, files outside of
//! the project. The only module that knows them.
#![expect(clippy::disallowed_methods, reason = "this is the door to the machine")]

mod cache;
mod interrupt;
mod keys;
mod private;
mod process;
mod terminal;
mod timing;
mod tools;
mod watch;

pub use cache::Cache;
pub use interrupt::{hold_interrupts, interrupted, watch_interrupts};
pub use keys::{Holds, KeyPlace, create_private, key_file, key_places};
pub use private::{PrivateFolder, editor};
pub use terminal::{NoAnswer, ask_consent, ask_secret, is_interactive};
pub use timing::{Spent, spent, timed};
pub use tools::{current_context, git_stage, run_with_input, succeeds};
pub use watch::Watch;

use crate::{plain::Plain, seal::MOST_BYTES};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{
    env,
    ffi::OsString,
    fs,
    io::{self, ErrorKind, IsTerminal},
    path::Path,
    thread,
    time::{Duration, Instant, SystemTime},
};

/// Lifts the limit of open files as far as the system lets a user: a lock is held on every tree that is
/// written, and macOS begins with 256. Where it cannot be lifted it stays. Gives how many may be open then.
pub fn allow_many_files() -> usize {
    /// More than any fleet needs; macOS refuses more than its own limit (10,240) even where it names none.
    const MOST: u64 = 10_000;
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(MOST, |maximum| maximum.min(MOST));
    if limit.current.is_some_and(|current| current < wanted) {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum });
    }
    getrlimit(Resource::Nofile).current.unwrap_or(MOST).try_into().unwrap_or(usize::MAX)
}

/// What this process holds in memory leaves no trace: no core dump, and no other process of the same user may look into
/// it. Where the system does not know how, it stays as it is.
pub fn keep_memory_private() {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Seconds since 1970, for what is sealed now. What is rendered knows no time.
pub fn seconds_since_1970() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A file that may be secret: a regular one, or what a shell gives as `<(…)`.
///
/// # Errors
/// Says why it cannot be read, to be put behind its name.
pub fn read_secret(path: &Path) -> Result<Plain, String> {
    let file = fs::File::open(path).map_err(|error| cannot_read(&error))?;
    if file.metadata().is_ok_and(|found| found.is_dir()) {
        return Err("is a folder".to_owned());
    }
    Plain::read_from(file, MOST_BYTES).map_err(|error| cannot_read(&error))
}

/// All of standard input.
///
/// # Errors
/// Says why it cannot be read, to be put behind its name.
pub fn read_stdin() -> Result<Plain, String> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err("is a terminal: pipe the value into it, or leave `--stdin` out to be asked".to_owned());
    }
    Plain::read_from(stdin.lock(), MOST_BYTES).map_err(|error| cannot_read(&error))
}

fn cannot_read(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "is not there".to_owned(),
        ErrorKind::PermissionDenied => "may not be read".to_owned(),
        ErrorKind::FileTooLarge => format!("is larger than {} MiB", MOST_BYTES >> 20),
        _ => format!("cannot be read: {error}"),
    }
}

/// Measures how long something takes, for progress on a terminal. What is rendered knows no time.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Two changes of a file in so short a time may have the same time: no file system that counts parts of seconds counts
/// coarser.
const TICK: Duration = Duration::from_millis(20);

/// Waits until a file that changes from now on has another time than one that changed before.
pub fn wait_a_tick() {
    thread::sleep(TICK + TICK / 2);
}

/// Did a file that changed at this time (seconds and nanoseconds since 1970) change so long ago that a change now would have
/// another time?
pub fn is_a_tick_ago((seconds, nanoseconds): (i64, i64)) -> bool {
    let (Ok(seconds), Ok(nanoseconds)) = (u64::try_from(seconds), u32::try_from(nanoseconds)) else {
        return false;
    };
    let then = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
    SystemTime::now().duration_since(then).is_ok_and(|since| since > TICK)
}

/// The words of the command line, the program's name first.
pub fn arguments() -> impl Iterator<Item = OsString> {
    env::args_os()
}

/// Is this a CI system? They say so in an environment variable.
pub fn is_ci() -> bool {
    ci_from(|name| env::var_os(name))
}

fn ci_from(var: impl Fn(&str) -> Option<OsString>) -> bool {
    // GitHub, GitLab, CircleCI, Buildkite, Drone and others set `CI`; Azure, Jenkins, TeamCity and CodeBuild do not.
    let said = |name| var(name).is_some_and(|v| !v.is_empty() && v != "false" && v != "0");
    ["CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION", "CODEBUILD_BUILD_ID"].into_iter().any(said)
}

/// The process that holds an advisory lock (flock) on the file or folder with this inode number, where
/// the system tells (Linux, `/proc/locks`).
pub fn lock_holder(inode: u64) -> Option<u32> {
    holder_in(&fs::read_to_string("/proc/locks").ok()?, inode)
}

/// Lines are `1: FLOCK  ADVISORY  WRITE 4711 fe:00:1234 0 EOF`, see proc_locks(5).
fn holder_in(locks: &str, inode: u64) -> Option<u32> {
    let mut holders = locks.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.nth(1)? == "FLOCK").then_some(())?;
        let process = words.nth(2)?.parse().ok().filter(|p| *p != 0)?;
        let file = words.next()?.rsplit_once(':')?.1;
        (file.parse() == Ok(inode)).then_some(process)
    });
    // Two file systems can share a number: with two candidates neither is named.
    let first = holders.next()?;
    holders.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars<'a>(set: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
        |name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| OsString::from(v))
    }

    #[test]
    fn ci_systems_are_known_by_their_variables() {
        assert!(ci_from(vars(&[("CI", "true")])));
        assert!(ci_from(vars(&[("JENKINS_URL", "https://ci.example.com")])));
        assert!(!ci_from(vars(&[("CI", "false")])));
        assert!(!ci_from(vars(&[("CI", "")])));
        assert!(!ci_from(vars(&[])));
    }

    #[test]
    fn the_holder_of_a_lock_is_found() {
        let locks = "1: POSIX  ADVISORY  WRITE 11 fe:00:42 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 12 fe:00:42 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 13 fe:00:42 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 14 fe:00:43 0 EOF\n\
                     4: FLOCK  ADVISORY  WRITE 15 fe:01:43 0 EOF\n";
        assert_eq!(holder_in(locks, 42), Some(12));
        assert_eq!(holder_in(locks, 43), None, "two candidates");
        assert_eq!(holder_in(locks, 44), None);
    }
}
