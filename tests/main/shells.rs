//! Completion in real shells, through a terminal and on the screen of tmux, each skipped with a message where it is
//! missing; and what scripts and pages are printed.

use crate::{sandbox::Sandbox, terminal::Terminal, tmux::Tmux};
use std::{
    path::Path,
    process::{Command, Stdio},
};

/// What is typed, and what stands there after Tab.
const TYPED: [(&str, &str); 7] = [
    ("gen rend", "gen render"),
    ("gen render pr", "gen render prod"),
    ("gen -C . diff de", "gen -C . diff dev"),
    ("gen pack show web-a", "gen pack show web-app"),
    ("gen pack show web-app imagePullPo", "gen pack show web-app imagePullPolicy"),
    (
        "gen explain prod components.kuard.inputs.imagePullS",
        "gen explain prod components.kuard.inputs.imagePullSecrets",
    ),
    ("gen explain-error input/qu", "gen explain-error input/quote"),
];

fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    assert!(sandbox.gen_(&["init"]).status.success());
    sandbox
}

/// Says that a program is missing, which fails with `GEN_SHELLS=required`.
pub(crate) fn skipped(program: &str) {
    let required = std::env::var_os("GEN_SHELLS").is_some_and(|value| value == "required");
    assert!(!required, "GEN_SHELLS=required, and {program} is not installed");
    eprintln!("skipped: {program} is not installed");
}

/// Where programs are looked for, `gen` first; none if there is no such shell.
fn path(shell: &str) -> Option<String> {
    let there = Command::new(shell).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if there.is_err() {
        skipped(shell);
        return None;
    }
    let own = Path::new(env!("CARGO_BIN_EXE_gen")).parent().unwrap().display().to_string();
    Some(format!("{own}:/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin"))
}

/// A shell that finds `gen`; none if it is not installed.
fn shell(sandbox: &Sandbox, name: &str) -> Option<Command> {
    let mut command = sandbox.command("/bin/sh");
    command.env("PATH", path(name)?).env("TERM", "xterm");
    Some(command)
}

/// Types into an interactive shell, and presses Tab.
fn typed(mut command: Command, (start, setup): (&str, &str)) {
    command.args(["-c", &format!("exec {start} 2>&1")]);
    let mut terminal = Terminal::run_whole(command);
    terminal.types(setup).types("\n");
    terminal.types("echo rea\"\"dy\n").expect("ready\r\n");
    for (before, after) in TYPED {
        terminal.shown.clear();
        terminal.types(before).expect(before);
        terminal.types("\t").expect(after);
        // Ctrl-U: the line is forgotten.
        terminal.types("\u{15}");
    }
    terminal.types("\u{15}exit\n");
    terminal.wait();
}

/// How a shell is started, and what makes it ready.
const BASH: (&str, &str) = ("bash --noprofile --norc -i", "PS1='> '; eval \"$(gen completions bash)\"");
const ZSH: (&str, &str) =
    ("zsh -f -i", "PS1='> '; autoload -Uz compinit && compinit -D -u; eval \"$(gen completions zsh)\"");
/// Without its suggestions, which show a completion before it is asked for.
const FISH: (&str, &str) = (
    "fish --no-config",
    "function fish_prompt; echo '> '; end; set -g fish_autosuggestion_enabled 0; gen completions fish | source",
);

#[test]
fn bash_completes() {
    let sandbox = project();
    let Some(command) = shell(&sandbox, "bash") else { return };
    typed(command, BASH);
}

#[test]
fn zsh_completes() {
    let sandbox = project();
    let Some(command) = shell(&sandbox, "zsh") else { return };
    typed(command, ZSH);
}

/// The same, on a screen: what is completed stands alone on it, and of several each is told with what it does, where the
/// shell tells that.
fn drawn(name: &str, (start, setup): (&str, &str), tells: bool) {
    let sandbox = project();
    let Some(path) = path(name) else { return };
    let Some(tmux) = Tmux::run(&sandbox, &path, start) else { return };
    tmux.types(setup).presses("Enter").types("echo rea\"\"dy").presses("Enter").expect("\nready\n");
    let fresh = || tmux.presses("C-u").presses("C-l").expect_alone(">");
    for (before, after) in TYPED {
        fresh().types(before).expect_alone(&format!("> {before}")).presses("Tab");
        tmux.expect_alone(&format!("> {after}"));
    }
    fresh().types("gen re").expect_alone("> gen re").presses("Tab").presses("Tab");
    for (command, does) in [
        ("render", "Renders environments, checks them"),
        ("rekey", "Brings the recipients of sealed files to what"),
    ] {
        tmux.expect(if tells { does } else { command });
    }
}

#[test]
fn bash_completes_on_a_screen() {
    drawn("bash", BASH, false);
}

#[test]
fn zsh_completes_on_a_screen() {
    drawn("zsh", ZSH, true);
}

#[test]
fn fish_completes_on_a_screen() {
    drawn("fish", FISH, true);
}

#[test]
fn fish_completes() {
    let sandbox = project();
    let Some(mut command) = shell(&sandbox, "fish") else { return };
    let ask = |(before, _): &(&str, &str)| format!("complete -C '{before}'; echo --");
    let asks: Vec<String> = TYPED.iter().map(ask).collect();
    sandbox.write("ask.fish", format!("gen completions fish | source\n{}\n", asks.join("\n")).as_bytes());
    let output = command.args(["-c", "exec fish --no-config ask.fish"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<&str> = text.split("--\n").collect();
    for ((before, after), answer) in TYPED.iter().zip(answers) {
        let word = after.rsplit(' ').next().unwrap();
        let offered = answer.lines().filter_map(|line| line.split('\t').next()).any(|line| line == word);
        assert!(
            offered,
            "`{before}` is not completed to `{word}`: {answer}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// As its script does it: the words behind `--`, the shell's name in a variable.
#[test]
fn powershell_is_answered() {
    let sandbox = project();
    let script = sandbox.gen_(&["completions", "powershell"]);
    let script = String::from_utf8(script.stdout).unwrap();
    assert!(script.contains("Register-ArgumentCompleter") && script.contains("GEN_COMPLETE"), "{script}");
    for (before, after) in TYPED {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_gen"));
        let words = before.split(' ');
        let output = command.env("GEN_COMPLETE", "powershell").arg("--").args(words).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let word = after.rsplit(' ').next().unwrap();
        let offered = text.lines().filter_map(|line| line.split('\t').next()).any(|line| line == word);
        assert!(offered, "`{before}` is not completed to `{word}`: {text}");
    }
}

#[test]
fn secrets_are_offered() {
    let sandbox = project();
    sandbox.write(
        "environments/dev.yaml",
        b"extends: [base]\ncluster: {name: dev, domain: dev.example.com}\ncomponents: {kuard: {inputs: {host: a.example.com, tls: {sealed: true}}}}\n",
    );
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_gen"));
    let words = ["--", "gen", "seal", "dev", ""];
    let output = command.env("GEN_COMPLETE", "fish").args(words).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().any(|line| line.starts_with("kuard/kuard-tls")), "{text}");
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let sandbox = Sandbox::new();
    assert!(sandbox.gen_(&["man", "pages"]).status.success());
    for page in ["gen.1", "gen-render.1", "gen-pack-new.1"] {
        let text = sandbox.read(&format!("pages/{page}"));
        assert!(text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"), "{page}: {text}");
    }
    let again = sandbox.gen_(&["man", "pages"]);
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    let first = String::from_utf8(sandbox.gen_(&["man"]).stdout).unwrap();
    assert_eq!(first, sandbox.read("pages/gen.1"));
}

#[test]
fn stages_are_timed_when_asked() {
    let sandbox = project();
    let output = sandbox.gen_(&["render", "--all", "--verbose"]);
    let said = String::from_utf8(output.stderr).unwrap();
    for stage in ["load", "compile", "resolve", "render", "layout", "check", "plan", "write"] {
        assert!(
            said.lines().any(|line| line.trim_start().starts_with(stage) && line.contains(" ms")),
            "{stage}: {said}"
        );
    }
    assert!(!String::from_utf8(sandbox.gen_(&["list"]).stderr).unwrap().contains(" ms"));
}

/// On a terminal there are colours, unless `NO_COLOR` or `--color` says otherwise.
#[test]
fn colours_are_for_terminals_that_want_them() {
    let sandbox = project();
    sandbox.write("environments/dev.yaml", b"extends: [base]\ncluster: {nmae: dev}\n");
    let shown = |variable: Option<&str>, words: &str| {
        let mut command = sandbox.command("/bin/sh");
        command.env("TERM", "xterm-256color");
        if let Some(name) = variable {
            command.env(name, "1");
        }
        command.args(["-c", &format!("exec {} {words} 2>&1", env!("CARGO_BIN_EXE_gen"))]);
        let terminal = Terminal::run_whole(command);
        terminal.end().0
    };
    let red = |text: &str| text.contains("\u{1b}[");
    assert!(red(&shown(None, "render dev")));
    assert!(!red(&shown(Some("NO_COLOR"), "render dev")));
    assert!(!red(&shown(None, "render dev --color never")));
    assert!(red(&shown(Some("NO_COLOR"), "render dev --color always")));
}
