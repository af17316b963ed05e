//! Signals that end a program: they are kept in mind, and long work stops where it can.

use super::{private, process};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};
use std::{
    ffi::c_int,
    fs,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static WATCHED: Once = Once::new();

/// From now on Ctrl-C, SIGTERM and SIGHUP do not kill: they raise the flag that [`interrupted`] reads. A second one ends
/// the process at once, which is safe at any point of a write.
///
/// Ctrl-C and SIGHUP stay ignored where they were ignored at the start, as `nohup` and a shell's `&` do it. Where no handler
/// can be set, signals keep their usual effect. A second call does nothing.
pub fn watch_interrupts() {
    WATCHED.call_once(|| {
        let ignored = ignored();
        let signals =
            [SIGINT, SIGHUP].into_iter().filter(|signal| !ignored.contains(signal)).chain([SIGTERM]);
        let Ok(mut signals) = Signals::new(signals) else { return };
        thread::spawn(move || {
            for _ in signals.forever() {
                if INTERRUPTED.swap(true, Ordering::SeqCst) {
                    private::remove_all();
                    // 128 + SIGINT, as shells report it.
                    #[allow(clippy::exit, reason = "a second Ctrl-C must end a run that does not listen")]
                    std::process::exit(130);
                }
            }
        });
    });
}

/// Was the run told to stop? Long work looks at this between two units and stops cleanly.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Which of SIGINT and SIGHUP this process was started to ignore.
fn ignored() -> Vec<c_int> {
    let status = fs::read_to_string("/proc/self/status").ok();
    status.and_then(|status| listed(&status)).unwrap_or_else(probed)
}

/// The line is `SigIgn:`, a tab and `0000000000001003`, bit 0 for signal 1: see proc_pid_status(5).
fn listed(status: &str) -> Option<Vec<c_int>> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
    Some([SIGINT, SIGHUP].into_iter().filter(|signal| mask >> (signal - 1) & 1 == 1).collect())
}

/// Where the system keeps no such list: what is ignored when a shell starts it cannot trap (POSIX, `trap`).
fn probed() -> Vec<c_int> {
    let script = "trap 'echo INT' INT; kill -INT $$; trap 'echo HUP' HUP; kill -HUP $$";
    let caught = process::output(&["sh", "-c", script].map(str::to_owned)).unwrap_or_default();
    let caught = caught.as_text().unwrap_or_default();
    let is_caught = |name: &str| caught.lines().any(|line| line == name);
    [(SIGINT, "INT"), (SIGHUP, "HUP")]
        .into_iter()
        .filter(|(_, name)| !is_caught(name))
        .map(|(s, _)| s)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_is_known_from_the_list_of_the_system() {
        let status = |mask| format!("Name:\tgen\nSigBlk:\t0000000000000003\nSigIgn:\t{mask}\nSigCgt:\t0\n");
        assert_eq!(listed(&status("0000000000001000")), Some(vec![]));
        assert_eq!(listed(&status("0000000000001001")), Some(vec![SIGHUP]));
        assert_eq!(listed(&status("0000000000000003")), Some(vec![SIGINT, SIGHUP]));
        assert_eq!(listed("Name:\tgen\n"), None);
    }

    /// Both ways see this very process alike, however the tests were started.
    #[test]
    fn a_shell_tells_the_same() {
        if fs::metadata("/proc/self/status").is_ok() {
            assert_eq!(probed(), ignored());
        }
    }
}
