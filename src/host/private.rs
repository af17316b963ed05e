//! A folder that nobody else can look into, for what an editor is to see, and that is gone afterwards whatever happens.
//!
//! It is removed when it is dropped, and no signal that can be caught ends the process before. A process of its own waits
//! beside it for the case that this one is killed: its standard input ends then, and it removes the folder.

use super::{create_private, hold_interrupts, interrupted, process, read_secret};
use crate::plain::Plain;
use std::{
    env, fs,
    io::{self, ErrorKind, IsTerminal},
    os::unix::{
        fs::{DirBuilderExt, MetadataExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How often it is looked whether an editor ended or a signal came, and how long an editor has to end after a signal.
const MOMENT: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(1);

/// What is told after a signal.
const STOPPED: &str = "it was interrupted";

/// What the process beside does: waits until this one is gone, then removes the folder.
const WATCH: &str = "trap '' INT QUIT TERM HUP; cat >/dev/null; rm -rf -- \"$1\"";

/// A private folder.
#[derive(Debug)]
pub struct PrivateFolder {
    path: PathBuf,
    in_memory: bool,
    watch: Option<Child>,
}

impl PrivateFolder {
    /// Makes one: below `XDG_RUNTIME_DIR`, else in `/dev/shm`, both of which are in memory; else among the temporary
    /// files. From now on signals do not end the process, see [`hold_interrupts`].
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        hold_interrupts();
        let own = |path: &PathBuf| {
            let found = fs::metadata(path);
            path.is_absolute()
                && found
                    .is_ok_and(|found| found.is_dir() && found.uid() == rustix::process::getuid().as_raw())
        };
        let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(own);
        let shared = Some(PathBuf::from("/dev/shm")).filter(|path| path.is_dir());
        let mut failed = None;
        let places = [(runtime, true), (shared, true), (Some(env::temp_dir()), false)];
        for (place, in_memory) in places.into_iter().filter_map(|(path, in_memory)| Some((path?, in_memory)))
        {
            match make(&place) {
                Ok(path) => return Self::watched(path, in_memory),
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.unwrap_or_else(|| ErrorKind::NotFound.into()))
    }

    fn watched(path: PathBuf, in_memory: bool) -> io::Result<Self> {
        let mut folder = Self { path, in_memory, watch: None };
        let watch = Command::new("sh")
            .args(["-c", WATCH, "gen"])
            .arg(&folder.path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What kills this process with its group is not to kill that one.
            .process_group(0)
            .spawn()?;
        folder.watch = Some(watch);
        Ok(folder)
    }

    /// Is it in memory, not on a disk?
    pub fn is_in_memory(&self) -> bool {
        self.in_memory
    }

    /// Lets the user edit a text in a file of this name, and gives what it became.
    ///
    /// # Errors
    /// Says what went wrong, with what the file holds then: an editor that was killed may have saved something.
    pub fn edit(
        &self,
        editor: &[String],
        name: &str,
        text: &Plain,
    ) -> Result<Plain, (String, Option<Plain>)> {
        let file = self.path.join(name);
        Self::edited(editor, &file, text).map_err(|why| (why, read_secret(&file).ok()))
    }

    fn edited(editor: &[String], file: &Path, text: &Plain) -> Result<Plain, String> {
        // Between two turns.
        if interrupted() {
            return Err(STOPPED.to_owned());
        }
        let told = |error: io::Error| format!("the file to be edited cannot be written: {error}");
        if file.exists() {
            fs::remove_file(file).map_err(told)?;
        }
        create_private(file, text).map_err(told)?;
        let mut words = editor.to_vec();
        words.push(file.display().to_string());
        let (program, arguments) = words.split_first().ok_or("there is no editor")?;
        let child = Command::new(program).args(arguments).spawn();
        let mut child =
            child.map_err(|error| format!("the editor {}", process::cannot_run(program, &error)))?;
        let ended = wait(&mut child).map_err(|error| format!("the editor cannot be waited for: {error}"))?;
        match ended {
            None => Err(STOPPED.to_owned()),
            Some(ended) if !ended.success() => Err(format!("the editor `{program}` ended with {ended}")),
            Some(_) => read_secret(file).map_err(|why| format!("the edited file {why}")),
        }
    }
}

/// Waits for an editor; `None` if a signal came. Then it gets a moment to end by itself.
fn wait(child: &mut Child) -> io::Result<Option<std::process::ExitStatus>> {
    let mut since = None;
    loop {
        match child.try_wait()? {
            Some(ended) => return Ok(Some(ended).filter(|_| !interrupted())),
            None if interrupted() && since.get_or_insert_with(Instant::now).elapsed() > PATIENCE => {
                child.kill()?;
                child.wait()?;
                return Ok(None);
            }
            None => std::thread::sleep(MOMENT),
        }
    }
}

fn make(place: &Path) -> io::Result<PathBuf> {
    let process = std::process::id();
    for number in 0..1000 {
        let path = place.join(format!("gen-edit-{process}-{number}"));
        match fs::DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
        if let Some(mut watch) = self.watch.take() {
            drop(watch.stdin.take());
            let _ = watch.wait();
        }
    }
}

/// The user's editor with its arguments: `SOPS_EDITOR`, `VISUAL`, `EDITOR`, else vim, nano or vi. Where it is known how,
/// it is told to keep no copies of what it edits. One that nobody named is taken at a terminal only: elsewhere it would print
/// the text.
///
/// # Errors
/// Says what is wrong, to be put behind `the editor`.
pub fn editor() -> Result<Vec<String>, String> {
    let set = |name: &&str| env::var(name).ok().filter(|value| !value.trim().is_empty());
    let words = match ["SOPS_EDITOR", "VISUAL", "EDITOR"].iter().find_map(set) {
        Some(line) => process::words(&line).map_err(|why| format!("`{line}` {why}"))?,
        None if !(io::stdin().is_terminal() && io::stdout().is_terminal()) => {
            let why = "is named by none of `SOPS_EDITOR`, `VISUAL` and `EDITOR`, and there is no terminal for vim or another";
            return Err(why.to_owned());
        }
        None => {
            let found = ["vim", "nano", "vi"].into_iter().find(|name| in_path(name).is_some());
            let found = found.ok_or(
                "is named by none of `SOPS_EDITOR`, `VISUAL` and `EDITOR`, and there is no vim, nano or vi",
            )?;
            vec![found.to_owned()]
        }
    };
    let program = words.first().map(|word| program(word)).unwrap_or_default();
    Ok(careful(words, &program))
}

fn in_path(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// What a program is called in the end: `vi` is often a link to a vim.
fn program(word: &str) -> String {
    let path = if word.contains('/') { Some(PathBuf::from(word)) } else { in_path(word) };
    let real = path.and_then(|path| fs::canonicalize(path).ok()).unwrap_or_else(|| PathBuf::from(word));
    real.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// No swap file, backup, undo file, history and modelines in vim and its kin; no backups in emacs; editors with windows
/// wait until the file is closed.
fn careful(mut words: Vec<String>, program: &str) -> Vec<String> {
    const VIM: [&str; 8] = [
        "-n",
        "-i",
        "NONE",
        "--cmd",
        "set noswapfile nobackup nowritebackup noundofile nomodeline modelines=0",
        "--cmd",
        "silent! autocmd BufReadPre * setlocal noswapfile noundofile nomodeline",
        "-c",
    ];
    const VIM_AFTER: &str = "set nobackup nowritebackup noundofile noswapfile";
    const EMACS: [&str; 2] =
        ["--eval", "(setq make-backup-files nil auto-save-default nil create-lockfiles nil)"];
    let is = |names: &[&str]| names.contains(&program);
    let more: Vec<&str> = if program.contains("vim") || program == "vimx" {
        VIM.into_iter().chain([VIM_AFTER]).collect()
    } else if program.starts_with("emacs") && !program.starts_with("emacsclient") {
        EMACS.to_vec()
    } else if is(&["code", "code-insiders", "codium", "subl", "zed"])
        && !words.iter().any(|w| w == "--wait" || w == "-w")
    {
        vec!["--wait"]
    } else {
        Vec::new()
    };
    words.splice(1..1, more.into_iter().map(str::to_owned));
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_folder_is_private_and_goes_with_what_is_in_it() {
        let folder = PrivateFolder::new().unwrap();
        let path = folder.path.clone();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        let sh = |script: &str| ["sh", "-c", script, "editor"].map(str::to_owned);
        let text = Plain::from("a: 1\n");
        assert_eq!(folder.edit(&sh("true"), "x.yaml", &text).unwrap(), text);
        assert_eq!(folder.edit(&sh("echo b: 2 > \"$1\""), "x.yaml", &text).unwrap(), Plain::from("b: 2\n"));
        let mode =
            folder.edit(&sh("stat -c %a \"$1\" > \"$1.new\" && mv \"$1.new\" \"$1\""), "x.yaml", &text);
        assert_eq!(mode.unwrap(), Plain::from("600\n"));
        assert!(folder.edit(&sh("exit 3"), "x.yaml", &text).unwrap_err().0.contains("exit status: 3"));
        let (why, left) = folder.edit(&sh("echo c: 3 > \"$1\"; kill $$"), "x.yaml", &text).unwrap_err();
        assert!(why.contains("signal: 15") && left == Some(Plain::from("c: 3\n")), "{why}");
        let gone = folder.edit(&sh("rm \"$1\""), "x.yaml", &text).unwrap_err();
        assert_eq!(gone, ("the edited file is not there".to_owned(), None));
        assert!(folder.edit(&["/none".to_owned()], "x.yaml", &text).unwrap_err().0.contains("/none"));
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn editors_are_told_to_keep_no_copies() {
        let careful = |line: &str, program| careful(process::words(line).unwrap(), program).join(" ");
        assert!(careful("vi -X", "vim.basic").starts_with("vi -n -i NONE --cmd set noswapfile nobackup"));
        assert!(careful("nvim", "nvim").ends_with("nowritebackup noundofile noswapfile"));
        assert!(careful("emacs -nw", "emacs-29").starts_with("emacs --eval (setq make-backup-files nil"));
        assert_eq!(careful("code", "code"), "code --wait");
        assert_eq!(careful("code -w", "code"), "code -w");
        assert_eq!(careful("nano", "nano"), "nano");
        assert_eq!(careful("emacsclient", "emacsclient"), "emacsclient");
    }
}
