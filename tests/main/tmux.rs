//! A terminal that draws: a tmux server of our own, what is typed into it, what stands on its screen.

use crate::{sandbox::Sandbox, shells::skipped};
use std::{
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A program on a screen of 120 columns and 50 lines. The server goes with it.
pub(crate) struct Tmux {
    socket: PathBuf,
}

impl Tmux {
    /// Runs a command line in a project, with these programs in reach; none, and a message, if there is no tmux.
    pub(crate) fn run(sandbox: &Sandbox, path: &str, line: &str) -> Option<Self> {
        let there = Command::new("tmux").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if there.is_err() {
            skipped("tmux");
            return None;
        }
        let tmux = Self { socket: sandbox.root().with_file_name("tmux") };
        let mut server = sandbox.command("tmux");
        server.env("PATH", path).env("LANG", "C.UTF-8").args(["-f", "/dev/null", "-S"]).arg(&tmux.socket);
        server.args(["new-session", "-d", "-x", "120", "-y", "50", line]);
        let output = server.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(tmux)
    }

    /// Types a text as it stands.
    pub(crate) fn types(&self, text: &str) -> &Self {
        self.ask(&["send-keys", "-l", text]);
        self
    }

    /// Presses a key by its name: `Tab`, `C-u`.
    pub(crate) fn presses(&self, key: &str) -> &Self {
        self.ask(&["send-keys", key]);
        self
    }

    /// Waits until the screen shows this.
    pub(crate) fn expect(&self, text: &str) -> &Self {
        self.until(&format!("`{text}`"), |screen| screen.contains(text))
    }

    /// Waits until this line stands alone on the screen.
    pub(crate) fn expect_alone(&self, line: &str) -> &Self {
        self.until(&format!("`{line}` alone"), |screen| screen.trim_end() == line)
    }

    fn until(&self, what: &str, holds: impl Fn(&str) -> bool) -> &Self {
        let start = Instant::now();
        loop {
            let screen = self.ask(&["capture-pane", "-p"]);
            if holds(&screen) {
                return self;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "no {what} on\n{screen}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn ask(&self, words: &[&str]) -> String {
        let output = Command::new("tmux").arg("-S").arg(&self.socket).args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = Command::new("tmux").arg("-S").arg(&self.socket).arg("kill-server").output();
    }
}
