//! Programs that end with this process, however it ends.

use crate::context::Context;
use std::{
    ffi::OsStr,
    fs::{self, File},
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

/// Runs its arguments, waits for the end of its input, which only the suite holds, and ends its process group.
const GUARD: &str = r#""$@" </dev/null & read -r nothing; kill -KILL 0"#;

/// A program that runs in the background, with its output in a file. It ends when this value is dropped, and also when
/// the suite is killed.
pub(crate) struct Guard {
    shell: Child,
    log: PathBuf,
}

impl Guard {
    /// Starts a judge's program; its log and its temporary files are in `folder`.
    pub(crate) fn start<S: AsRef<OsStr>>(
        context: &Context,
        folder: &Path,
        program: &str,
        environment: &[(&str, &str)],
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        let log = folder.join(format!("{program}.log"));
        let out = File::create(&log).unwrap();
        let mut command = context.command("sh");
        command.args(["-c", GUARD, "sh"]).arg(context.programs.path(program)).args(arguments);
        command.env("TMPDIR", folder).envs(environment.iter().copied()).current_dir(folder).process_group(0);
        command.stdin(Stdio::piped()).stdout(out.try_clone().unwrap()).stderr(out);
        Self { shell: command.spawn().unwrap(), log }
    }

    /// All that it said.
    pub(crate) fn words(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }

    /// The last lines of what it said.
    pub(crate) fn last_words(&self) -> String {
        let text = self.words();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// Different ports of this machine that nothing listens on.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    let listeners: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind(("127.0.0.1", 0)).unwrap());
    std::array::from_fn(|number| listeners[number].local_addr().unwrap().port())
}
