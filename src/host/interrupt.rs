//! Signals that end a program: they are kept in mind, and long work stops where it can.

use super::process;
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM},
    flag,
    iterator::Signals,
    low_level::emulate_default_handler,
};
use std::{
    ffi::c_int,
    fs, mem,
    sync::{
        Arc, LazyLock, Once,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// Raised by the handlers themselves: whoever is told by another process of a signal that it sent sees it.
static INTERRUPTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);
static HELD: AtomicBool = AtomicBool::new(false);
static WATCHED: Once = Once::new();

/// From now on Ctrl-C, SIGTERM and SIGHUP do not kill: they raise the flag that [`interrupted`] reads. A second one ends
/// the process at once, which is safe at any point of a write; so does SIGQUIT (Ctrl-\).
///
/// Ctrl-C, SIGQUIT and SIGHUP stay ignored where they were ignored at the start, as `nohup` and a shell's `&` do it. Where
/// no handler can be set, signals keep their usual effect. A second call does nothing.
pub fn watch_interrupts() {
    WATCHED.call_once(|| {
        let ignored = ignored();
        let signals =
            IGNORABLE.map(|(signal, _)| signal).into_iter().filter(|signal| !ignored.contains(signal));
        let handled: Vec<c_int> = signals.chain([SIGTERM]).collect();
        let Ok(mut signals) = Signals::new(&handled) else { return };
        for signal in handled {
            let _ = flag::register(signal, Arc::clone(&INTERRUPTED));
        }
        thread::spawn(move || {
            let mut again = false;
            for signal in signals.forever() {
                let held = HELD.load(Ordering::SeqCst);
                if signal == SIGQUIT && !held {
                    let _ = emulate_default_handler(signal);
                }
                if mem::replace(&mut again, true) && !held {
                    // 128 + SIGINT, as shells report it.
                    #[allow(clippy::exit, reason = "a second Ctrl-C must end a run that does not listen")]
                    std::process::exit(130);
                }
            }
        });
    });
}

/// From now on no signal that can be caught ends the process, be it a second one or SIGQUIT: there is something to be saved.
/// For the short end of a run; whoever waits looks at [`interrupted`].
pub fn hold_interrupts() {
    HELD.store(true, Ordering::SeqCst);
    watch_interrupts();
}

/// Was the run told to stop? Long work looks at this between two units and stops cleanly.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// What `nohup` and a shell's `&` start programs to ignore, with the name that a shell knows.
const IGNORABLE: [(c_int, &str); 3] = [(SIGINT, "INT"), (SIGQUIT, "QUIT"), (SIGHUP, "HUP")];

/// Which of them this process was started to ignore.
fn ignored() -> Vec<c_int> {
    let status = fs::read_to_string("/proc/self/status").ok();
    status.and_then(|status| listed(&status)).unwrap_or_else(probed)
}

/// The line is `SigIgn:`, a tab and `0000000000001003`, bit 0 for signal 1: see proc_pid_status(5).
fn listed(status: &str) -> Option<Vec<c_int>> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
    let signals = IGNORABLE.map(|(signal, _)| signal).into_iter();
    Some(signals.filter(|signal| mask >> (signal - 1) & 1 == 1).collect())
}

/// Where the system keeps no such list: what is ignored when a shell starts it cannot trap (POSIX, `trap`).
fn probed() -> Vec<c_int> {
    let script: String =
        IGNORABLE.map(|(_, name)| format!("trap 'echo {name}' {name}; kill -{name} $$; ")).concat();
    let caught = process::output(&["sh", "-c", &script].map(str::to_owned)).unwrap_or_default();
    let caught = caught.as_text().unwrap_or_default();
    let is_caught = |name: &str| caught.lines().any(|line| line == name);
    IGNORABLE.into_iter().filter(|(_, name)| !is_caught(name)).map(|(signal, _)| signal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_is_known_from_the_list_of_the_system() {
        let status = |mask| format!("Name:\tgen\nSigBlk:\t0000000000000003\nSigIgn:\t{mask}\nSigCgt:\t0\n");
        assert_eq!(listed(&status("0000000000001000")), Some(vec![]));
        assert_eq!(listed(&status("0000000000001001")), Some(vec![SIGHUP]));
        assert_eq!(listed(&status("0000000000000007")), Some(vec![SIGINT, SIGQUIT, SIGHUP]));
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
