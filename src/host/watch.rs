//! Changes of files while the program runs. The only place that knows `notify`.

use super::interrupted;
use notify::{ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    io,
    path::PathBuf,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::Duration,
};

/// Ctrl-C, and that nobody reads any more, are seen after at most this.
const GLANCE: Duration = Duration::from_millis(100);
/// A program that writes without end does not keep the result back for ever.
const MOST_BURSTS: usize = 50;

/// Folders that are watched, until this goes.
#[derive(Debug)]
pub struct Watch {
    events: Receiver<()>,
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Watches folders, those marked with all that is in them. One that is not there is left out.
    ///
    /// # Errors
    /// Says why the system refuses.
    pub fn new(folders: &[(PathBuf, bool)]) -> Result<Self, String> {
        let (send, events) = mpsc::channel();
        let heard = move |event: notify::Result<Event>| {
            // That a file was opened or read changes nothing; of an error nobody knows.
            if event.map_or(true, |event| !event.kind.is_access()) {
                let _ = send.send(());
            }
        };
        let mut watcher = notify::recommended_watcher(heard).map_err(|error| error.to_string())?;
        for (folder, below) in folders {
            let mode = if *below { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
            match watcher.watch(folder, mode) {
                Err(error) if is_absent(&error) => {}
                watched => watched.map_err(|error| error.to_string())?,
            }
        }
        Ok(Self { events, _watcher: watcher })
    }

    /// Waits until something changes, and then until nothing has for a while. `false` when the program is to stop, or nobody
    /// reads its standard output any more.
    pub fn changed(&self, quiet: Duration) -> bool {
        loop {
            if interrupted() || nobody_reads() {
                return false;
            }
            match self.events.recv_timeout(GLANCE) {
                Ok(()) => break,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
        for _ in 0..MOST_BURSTS {
            if !self.changes_within(quiet) {
                break;
            }
        }
        true
    }

    /// Does something change within this time?
    pub fn changes_within(&self, time: Duration) -> bool {
        self.events.recv_timeout(time).is_ok()
    }
}

/// Is the other end of standard output closed? A pipe without a reader is in error on Linux, and hung up elsewhere: see
/// poll(2). What has no other end, a file, never is.
fn nobody_reads() -> bool {
    let output = io::stdout();
    let mut polled = [PollFd::new(&output, PollFlags::empty())];
    let seen = poll(&mut polled, Some(&Timespec::default()));
    seen.is_ok() && polled[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

fn is_absent(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}
