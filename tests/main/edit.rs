//! `gen edit`: only what changed, and nothing in the clear is left behind, whatever ends it.

use crate::{
    key::{KEY, err, home, out},
    sandbox::{self, Sandbox},
    terminal::Terminal,
    unseal::fleet,
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output},
    thread,
    time::{Duration, Instant},
};

const FILE: &str = "environments/secrets/prod/monitoring/monitoring-mimir.sops.yaml";

/// `gen edit` with a script for an editor; the private folder stands below `run`.
fn edit(sandbox: &Sandbox, script: &str) -> Command {
    let folder = runtime(sandbox);
    fs::create_dir_all(&folder).unwrap();
    let editor = home(sandbox).join("editor.sh");
    fs::write(&editor, script).unwrap();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_gen"));
    command
        .env("SOPS_AGE_KEY", KEY)
        .env("PATH", "/usr/bin:/bin")
        .env("XDG_RUNTIME_DIR", folder)
        .env("EDITOR", format!("sh '{}'", editor.display()))
        .args(["edit", "prod", "monitoring/monitoring-mimir"]);
    command
}

fn runtime(sandbox: &Sandbox) -> PathBuf {
    home(sandbox).join("run")
}

fn left(sandbox: &Sandbox) -> Vec<PathBuf> {
    fs::read_dir(runtime(sandbox)).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn told(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{}", err(output));
    err(output)
}

#[test]
fn one_value_changes_alone() {
    let fleet = fleet();
    let before = fleet.read(FILE);
    let script = "sed -i 's/^    username: .*/    username: somebody/' \"$1\"; ls -ld \"$(dirname \"$1\")\" \"$1\" > \"$HOME/seen\"";
    let output = edit(&fleet, script).output().unwrap();
    assert!(output.status.success(), "{}", err(&output));
    assert!(
        err(&output).contains(&format!("sealed {FILE}\n  changed username\n  for test-only")),
        "{}",
        err(&output)
    );
    let (old, new) = (before.lines().collect::<Vec<_>>(), fleet.read(FILE));
    let new: Vec<&str> = new.lines().collect();
    let changed: Vec<&str> = old.iter().filter(|line| !new.contains(line)).map(|line| line.trim()).collect();
    assert!(changed.len() == 3 && changed[0].starts_with("username:"), "{changed:?}");
    let seen = fs::read_to_string(home(&fleet).join("seen")).unwrap();
    assert!(seen.contains("drwx------") && seen.contains("-rw-------"), "{seen}");
    assert!(left(&fleet).is_empty());

    assert!(err(&output).ends_with("next: gen render prod\n"), "{}", err(&output));

    // A comment beside values is sealed; one elsewhere is not, and that is told, once.
    let output =
        edit(&fleet, "echo '    # geheim-1' >> \"$1\"; sed -i '1i # geheim-2' \"$1\"").output().unwrap();
    let said = err(&output);
    assert!(output.status.success() && said.matches("warning[edit/comment]").count() == 1, "{said}");
    assert!(!said.contains("geheim") && !fleet.read(FILE).contains("geheim-1"), "{said}");
    let output = edit(&fleet, "sed -i 's/somebody/anybody/' \"$1\"").output().unwrap();
    assert!(output.status.success() && !err(&output).contains("edit/comment"), "{}", err(&output));
    edit(&fleet, "sed -i 's/anybody/somebody/' \"$1\"").output().unwrap();

    let before = fleet.read(FILE);
    let output = edit(&fleet, "touch \"$1\"").output().unwrap();
    assert!(output.status.success() && err(&output).contains("nothing changed"), "{}", err(&output));
    assert_eq!(fleet.read(FILE), before);
    let json = edit(&fleet, "sed -i 's/somebody/other/' \"$1\"").args(["--format", "json"]).output().unwrap();
    assert!(out(&json).contains("\"key\": \"username\"") && !out(&json).contains("other"), "{}", out(&json));
}

#[test]
fn what_cannot_be_sealed_is_refused_and_nothing_is_written() {
    let fleet = fleet();
    let before = fleet.read(FILE);
    for (script, said) in [
        ("exit 3", "error[edit/editor]: the editor `sh` ended with exit status: 3"),
        ("rm \"$1\"", "error[edit/editor]: the edited file is not there"),
        ("echo '    x: [geheim' >> \"$1\"", "error[yaml/"),
        ("echo '    x: {geheim: 1}' >> \"$1\"", "error[secret/not-text]"),
        ("sed -i 's/name: monitoring-mimir/name: other/' \"$1\"", "error[seal/name]"),
        ("sed -i 's/namespace: .*/namespace: other/' \"$1\"", "error[seal/namespace]"),
        ("echo > \"$1\"", "error[edit/editor]: what was typed cannot be sealed"),
        ("printf '\\377' > \"$1\"", "it is no UTF-8 text; bytes go under `data` as base64"),
        ("sed -i 's/^kind: Secret/&\\ntype: \"x y\"/' \"$1\"", "error[seal/type]: `x y` cannot be the type"),
        (
            "printf '    big: \"' >> \"$1\"; head -c 1048577 /dev/zero | tr '\\0' x >> \"$1\"; echo '\"' >> \"$1\"",
            "the API server takes at most 1048576",
        ),
    ] {
        let output = edit(&fleet, script).output().unwrap();
        assert!(told(&output).contains(said), "{script}\n{}", err(&output));
        assert!(!err(&output).contains("geheim"), "{}", err(&output));
        assert_eq!(fleet.read(FILE), before);
        assert!(left(&fleet).is_empty(), "{script}");
        // What was typed is kept, sealed, whatever it is.
        let kept = err(&output).contains("what you typed is kept, sealed, in `.gen/edits/");
        assert_eq!(
            kept,
            !script.starts_with("exit 3") && !script.starts_with("rm") && script != "echo > \"$1\"",
            "{}",
            err(&output)
        );
        assert!(!fleet.tree(".gen").contains("geheim"));
    }
    let mut none = edit(&fleet, "");
    let none = none.env("EDITOR", "/none/editor").output().unwrap();
    assert!(told(&none).contains("there is no program `/none/editor`"), "{}", err(&none));
    let mut none = edit(&fleet, "");
    let none = none.env_remove("EDITOR").env("PATH", "/none").output().unwrap();
    assert!(told(&none).contains("is named by none of `SOPS_EDITOR`"), "{}", err(&none));
    let other = "printf 'somebody: else\\n' > \"$GEN_FILE\"; echo '    x: \"1\"' >> \"$1\"";
    let mut replaced = edit(&fleet, other);
    let replaced = replaced.env("GEN_FILE", fleet.root().join(FILE)).output().unwrap();
    let said = told(&replaced);
    assert!(said.contains("error[write/changed]"), "{said}");
    assert_eq!(fleet.read(FILE), "somebody: else\n");
    // What was typed is not lost, and is not in the clear.
    let kept = kept(&said)[0];
    assert!(fleet.read(kept).contains("x: ENC["), "{}", fleet.read(kept));
    assert_eq!(shown(&fleet, &[kept, "--key", "x"]), "1");
    // A slip, as it was typed.
    let slip = ".gen/edits/prod/monitoring/1-monitoring-mimir.sops.yaml";
    let text = shown(&fleet, &[slip, "--key", "typed"]);
    assert!(text.starts_with("apiVersion: v1\n") && text.ends_with("\n    x: [geheim\n"), "{text}");
}

/// The words behind `gen unseal`, as they were told.
fn kept(said: &str) -> Vec<&str> {
    said.split("`gen unseal ").nth(1).unwrap().split('`').next().unwrap().split(' ').collect()
}

fn shown(fleet: &Sandbox, words: &[&str]) -> String {
    let mut command = fleet.command(env!("CARGO_BIN_EXE_gen"));
    let output = command.env("SOPS_AGE_KEY", KEY).arg("unseal").args(words).output().unwrap();
    assert!(output.status.success(), "{}", err(&output));
    out(&output)
}

/// What an editor saved is kept when a signal ends the edit, or the editor itself.
#[test]
fn what_was_saved_is_kept_when_a_signal_ends_it() {
    let fleet = fleet();
    let before = fleet.read(FILE);
    let typed = "echo '    x: [geheim-' >> \"$1\"; ";
    let one = |script: &str| {
        let output = edit(&fleet, &format!("{typed}{script}")).output().unwrap();
        let said = told(&output);
        let words = kept(&said);
        assert!(shown(&fleet, &words).ends_with("\n    x: [geheim-\n"), "{said}");
        assert!(!said.contains("geheim") && !fleet.read(words[0]).contains("geheim"), "{said}");
        assert_eq!(fleet.read(FILE), before);
        assert!(left(&fleet).is_empty());
        said
    };
    assert!(one("kill -TERM $PPID; exec sleep 30").contains("error[edit/editor]: it was interrupted"));
    assert!(one("kill -TERM $PPID").contains("it was interrupted"));
    if !sandbox::ignores(Signal::HUP) {
        assert!(one("kill -HUP $PPID; exec sleep 30").contains("it was interrupted"));
    }
    assert!(one("kill -KILL $$").contains("ended with signal: 9"));
    assert!(one("exit 3").contains("exit status: 3"));
}

/// Signals come in pairs: a terminal window that is closed sends two, and who is impatient too.
#[test]
fn what_was_saved_is_kept_when_signals_end_it() {
    let fleet = fleet();
    let before = fleet.read(FILE);
    let pid = home(&fleet).join("pid");
    let pairs = [
        (Signal::HUP, 0, Signal::HUP),
        (Signal::HUP, 10, Signal::HUP),
        (Signal::HUP, 300, Signal::HUP),
        (Signal::HUP, 10, Signal::TERM),
        (Signal::INT, 10, Signal::INT),
        (Signal::QUIT, 10, Signal::QUIT),
        (Signal::TERM, 300, Signal::QUIT),
    ];
    for (first, pause, second) in pairs {
        if sandbox::ignores(first) || sandbox::ignores(second) {
            eprintln!("skipped: {first:?} is ignored");
            continue;
        }
        let _ = fs::remove_file(&pid);
        let script = "echo '    x: [geheim-' >> \"$1\"; echo $$ > \"$HOME/pid\"; exec sleep 30";
        let mut command = edit(&fleet, script);
        let child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
        let id = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
        let wait = Instant::now();
        while !pid.exists() && wait.elapsed() < Duration::from_secs(30) {
            thread::sleep(Duration::from_millis(5));
        }
        kill_process(id, first).unwrap();
        thread::sleep(Duration::from_millis(pause));
        let _ = kill_process(id, second);
        let said = told(&child.wait_with_output().unwrap());
        assert!(said.contains("error[edit/editor]: it was interrupted"), "{first:?} {second:?}: {said}");
        assert!(shown(&fleet, &kept(&said)).ends_with("\n    x: [geheim-\n"), "{said}");
        assert_eq!(fleet.read(FILE), before);
        assert!(left(&fleet).is_empty());
    }
}

/// What was saved in one turn is not lost because the next one saves nothing.
#[test]
fn what_was_saved_is_kept_when_a_later_turn_ends() {
    let fleet = fleet();
    let before = fleet.read(FILE);
    for end in ["kill -TERM $PPID; exec sleep 30", "kill -KILL $$", "exit 3", "rm \"$1\""] {
        let script =
            format!("if grep -q '^#: ' \"$1\"; then {end}; else echo '    x: [geheim-' >> \"$1\"; fi");
        let (_, output) = Terminal::run(edit(&fleet, &script)).end();
        let said = told(&output);
        let text = shown(&fleet, &kept(&said));
        assert!(text.starts_with("apiVersion: ") && text.ends_with("\n    x: [geheim-\n"), "{end}: {said}");
        assert_eq!(fleet.read(FILE), before);
        assert!(left(&fleet).is_empty());
    }
    // Taken back in the second turn: there is nothing to keep.
    let script = "if grep -q '^#: ' \"$1\"; then sed -i '/x: \\[/d' \"$1\"; exit 3; else echo '    x: [geheim-' >> \"$1\"; fi";
    let (_, output) = Terminal::run(edit(&fleet, script)).end();
    assert!(!told(&output).contains("is kept"), "{}", err(&output));
}

/// An editor that nobody named, into a pipe, would print the text.
#[test]
fn an_editor_that_nobody_named_needs_a_terminal() {
    let fleet = fleet();
    let folder = home(&fleet).join("bin");
    fs::create_dir_all(&folder).unwrap();
    let vim = folder.join("vim");
    fs::write(&vim, "#!/bin/sh\ncat \"$HOME\"/run/*/*\n").unwrap();
    fs::set_permissions(&vim, fs::Permissions::from_mode(0o755)).unwrap();
    let unnamed = || {
        let mut command = edit(&fleet, "");
        command.env_remove("EDITOR").env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
        command
    };
    for (shown, output) in [(String::new(), unnamed().output().unwrap()), Terminal::run(unnamed()).end()] {
        let said = told(&output);
        assert!(said.contains("the editor is named by none of `SOPS_EDITOR`, `VISUAL` and `EDITOR`, and there is no terminal"), "{said}");
        assert!(!format!("{shown}{}", out(&output)).contains("username"), "{shown}{}", out(&output));
    }
    let (shown, output) = Terminal::run_whole(unnamed()).end();
    assert!(output.status.success() && shown.contains("username"), "{shown}{}", err(&output));
    // A script that is named may print what it likes.
    let named = edit(&fleet, "cat \"$1\"").output().unwrap();
    assert!(named.status.success() && out(&named).contains("username"), "{}", err(&named));
}

/// Nothing that was kept is overwritten, and what cannot be kept is shown, sealed.
#[test]
fn edits_that_are_refused_are_all_kept() {
    let refused = |fleet: &Sandbox| {
        let other = "printf 'somebody: else\\n' > \"$GEN_FILE\"; echo '    x: \"1\"' >> \"$1\"";
        let before = fleet.read(FILE);
        let mut command = edit(fleet, other);
        let said = told(&command.env("GEN_FILE", fleet.root().join(FILE)).output().unwrap());
        assert!(said.contains("error[write/changed]"), "{said}");
        fs::write(fleet.root().join(FILE), before).unwrap();
        said
    };
    let fleet = fleet();
    let kept = |number| format!(".gen/edits/prod/monitoring/{number}-monitoring-mimir.sops.yaml");
    assert!(refused(&fleet).contains(&format!("`{}`", kept(1))));
    let first = fleet.read(&kept(1));
    assert!(refused(&fleet).contains(&format!("`{}`", kept(2))));
    assert_eq!(fleet.read(&kept(1)), first);
    assert!(fleet.read(&kept(2)).contains("x: ENC["));

    fs::remove_dir_all(fleet.root().join(".gen")).unwrap();
    fs::write(fleet.root().join(".gen"), "in the way\n").unwrap();
    let said = refused(&fleet);
    assert!(said.contains("x: ENC[") && said.contains("what you typed stands above, sealed"), "{said}");
    assert!(said.contains("gen cannot keep it: cannot"), "{said}");
}

/// The list of values to replace cannot be written: then nothing is, and what was typed is kept all the same.
#[test]
fn what_was_typed_is_kept_where_something_else_cannot_be_written() {
    let fleet = fleet();
    let before = fleet.read(FILE);
    let line = "2026-01-31  prod/monitoring/monitoring-mimir  username  bob\n";
    let list = fleet.root().join("environments/secrets/to-replace.txt");
    fs::write(&list, line).unwrap();
    let script = format!(
        "echo '# mine' >> '{}'; sed -i 's/^    username: .*/    username: other/' \"$1\"",
        list.display()
    );
    let output = edit(&fleet, &script).output().unwrap();
    let said = told(&output);
    assert!(said.contains("`environments/secrets/to-replace.txt` was changed while `gen` ran"), "{said}");
    assert!(said.contains("what you typed is kept, sealed, in `.gen/edits/prod/monitoring/1-"), "{said}");
    assert_eq!(fleet.read(FILE), before);
    assert_eq!(fs::read_to_string(&list).unwrap(), format!("{line}# mine\n"));
}

/// Somebody at a terminal is shown what is wrong, in the text itself.
#[test]
fn a_mistake_opens_the_editor_again() {
    let fleet = fleet();
    let script = "if grep -q '^#: ' \"$1\"; then cp \"$1\" \"$HOME/seen\"; sed -i 's/x: 1/x: \"1\"/' \"$1\"; else echo '    x: 1' >> \"$1\"; fi";
    let (_, output) = Terminal::run(edit(&fleet, script)).end();
    assert!(output.status.success(), "{}", err(&output));
    assert!(err(&output).contains("\n  added x\n"), "{}", err(&output));
    let seen = fs::read_to_string(home(&fleet).join("seen")).unwrap();
    let wrong = seen.lines().position(|line| line == "    x: 1").unwrap() + 1;
    let note =
        format!("#: line {wrong}, column 8: `stringData.x` is a number, and Kubernetes takes only text\n");
    assert!(seen.contains(&note), "{seen}");
    assert!(!fleet.read(FILE).contains("#:"));
    // Closed as it is: given up.
    let before = fleet.read(FILE);
    let script = "if ! grep -q '^#: ' \"$1\"; then echo '    z: 1' >> \"$1\"; fi";
    let (_, output) = Terminal::run(edit(&fleet, script)).end();
    assert!(told(&output).contains("error[secret/not-text]") && err(&output).contains("error[edit/editor]"));
    assert_eq!(fleet.read(FILE), before);
    assert!(left(&fleet).is_empty());
}

/// A real vim keeps no swap, backup or undo file, and obeys no modeline.
#[test]
fn vim_keeps_no_copies() {
    if !["/usr/bin/vim", "/usr/bin/vim.tiny"].iter().any(|path| fs::metadata(path).is_ok()) {
        eprintln!("skipped: no vim");
        return;
    }
    let fleet = fleet();
    fs::write(
        home(&fleet).join(".vimrc"),
        "set backup writebackup swapfile modeline\nsilent! set undofile\n",
    )
    .unwrap();
    let mut command = edit(&fleet, "");
    command.env("EDITOR", "vim").env("TERM", "xterm");
    let mut terminal = Terminal::run_whole(command);
    terminal.expect("username");
    let alone = || {
        let folders = left(&fleet);
        let during = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
        let during: Vec<PathBuf> = during.map(|entry| entry.unwrap().path()).collect();
        assert_eq!(during.len(), 1, "{during:?}");
    };
    alone();
    terminal.types(":%s/username: .*/username: vim/\r:w\r");
    thread::sleep(Duration::from_millis(500));
    alone();
    terminal.types(":q\r");
    let (shown, output) = terminal.end();
    assert!(output.status.success(), "{}\n{shown}", err(&output));
    assert!(err(&output).contains("changed username"), "{}", err(&output));
    for file in [".viminfo", ".vim"] {
        assert!(!home(&fleet).join(file).exists(), "{file}");
    }
    assert!(left(&fleet).is_empty());
}

/// Killed at any moment, by any signal: the sealed file is as it was, and no private folder stays.
#[test]
fn killed_it_leaves_nothing_in_the_clear() {
    let fleet = fleet();
    let before = fleet.read(FILE);
    let mut signals = [Signal::KILL, Signal::TERM, Signal::INT, Signal::HUP];
    for signal in &mut signals[2..] {
        // As `&` and `nohup` start the tests: ignored by all that they start.
        if sandbox::ignores(*signal) {
            *signal = Signal::TERM;
        }
    }
    let script = "echo $$ > \"$HOME/pid\"; echo '    x: \"1\"' >> \"$1\"; exec sleep 30";
    let mut edited = 0;
    for turn in 0..24_u64 {
        let _ = fs::remove_file(home(&fleet).join("pid"));
        let mut child = edit(&fleet, script).spawn().unwrap();
        let id = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
        // Some before the editor runs, most while it does.
        let wait = Instant::now();
        let pid = home(&fleet).join("pid");
        while turn % 4 != 0 && !pid.exists() && wait.elapsed() < Duration::from_secs(30) {
            thread::sleep(Duration::from_millis(5));
        }
        thread::sleep(Duration::from_millis(turn * 7 % 60));
        edited += usize::from(!left(&fleet).is_empty());
        let signal = signals[usize::try_from(turn).unwrap() / 4 % 4];
        let _ = kill_process(id, signal);
        // A second one changes nothing.
        if turn % 3 == 0 {
            let _ = kill_process(id, signal);
        }
        assert!(!child.wait().unwrap().success());
        let wait = Instant::now();
        while !left(&fleet).is_empty() {
            assert!(wait.elapsed() < Duration::from_secs(20), "turn {turn}: {:?} stays", left(&fleet));
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(fleet.read(FILE), before, "turn {turn}");
        // An editor that outlives the kill of its parent is not ours to wait for.
        let orphan =
            fs::read_to_string(&pid).ok().and_then(|text| text.trim().parse().ok()).and_then(Pid::from_raw);
        if let Some(pid) = orphan {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
    assert!(edited > 5, "only {edited} of the kills came while something was there");
}

/// What is in memory is not dumped, and the text is nobody else's.
#[test]
fn the_process_leaves_no_dump() {
    let fleet = fleet();
    let script = "cp /proc/$PPID/limits \"$HOME/limits\"; stat -c %a \"$1\" > \"$HOME/mode\"";
    let output = edit(&fleet, script).output().unwrap();
    let Ok(limits) = fs::read_to_string(home(&fleet).join("limits")) else {
        return eprintln!("skipped: no /proc");
    };
    assert!(output.status.success(), "{}", err(&output));
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"], "{core}");
    assert_eq!(fs::read_to_string(home(&fleet).join("mode")).unwrap(), "600\n");
    assert_eq!(fs::metadata(runtime(&fleet)).unwrap().permissions().mode() & 0o700, 0o700);
}
