//! The manners of the command line: exit codes, streams, formats, colours, help.

use crate::{sandbox::Sandbox, terminal::Terminal};
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Output, Stdio},
};

/// A new project as `gen init` makes it, rendered.
fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    assert!(sandbox.gen_(&["init"]).status.success());
    assert!(sandbox.gen_(&["render", "--all"]).status.success());
    sandbox
}

/// The same with an environment that has a mistake.
fn broken() -> Sandbox {
    let sandbox = project();
    sandbox.write("environments/dev.yaml", b"extends: [base]\ncluster: {name: dev, domian: x.example.com}\n");
    sandbox
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn code(sandbox: &Sandbox, line: &str) -> i32 {
    run(sandbox, line).status.code().unwrap()
}

fn run(sandbox: &Sandbox, line: &str) -> Output {
    let words: Vec<&str> = line.split_whitespace().map(|word| word.trim_matches('\'')).collect();
    sandbox.gen_(&words)
}

/// The help of a command and of all below it, by the words that call it.
pub(crate) fn helps(sandbox: &Sandbox, command: &str, found: &mut Vec<(String, String)>) {
    let text = out(&run(sandbox, &format!("{command} --help")));
    let commands = text.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or("");
    let names = commands.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    for name in names.filter(|name| !name.is_empty() && *name != "help") {
        helps(sandbox, format!("{command} {name}").trim(), found);
    }
    found.push((command.to_owned(), text));
}

#[test]
fn every_command_has_examples_that_are_understood() {
    let sandbox = project();
    let mut found = Vec::new();
    helps(&sandbox, "", &mut found);
    assert!(found.len() >= 9, "only {} commands found", found.len());
    for (command, text) in found {
        let examples = text.split("Example:\n").nth(1).or(text.split("Examples:\n").nth(1));
        let examples = examples.unwrap_or_else(|| panic!("`gen {command} --help` has no example"));
        let calls: Vec<&str> = examples.lines().filter_map(|line| line.trim().strip_prefix("gen ")).collect();
        assert!(calls.iter().any(|call| call.starts_with(&command)), "gen {command}: {examples}");
        for call in calls {
            // What follows several blanks says what it is for; what follows `&&` or `|` is another command, what follows
            // `>` a file.
            let call = call.split("   ").next().unwrap().split("  ").next().unwrap();
            let call = [" && ", " | ", " > ", " >> ", " < "]
                .iter()
                .fold(call, |call, end| call.split(end).next().unwrap());
            // It would wait for changes.
            let call = call.replacen("watch dev", "watch nobody", 1);
            let output = run(&sandbox, &call);
            assert!(!err(&output).contains("Usage:"), "gen {call}: {}", err(&output));
        }
    }
}

#[test]
fn where_one_environment_is_meant_a_glob_is_none() {
    let sandbox = project();
    sandbox.write("environments/bad.yaml", b"extends: [none]\n");
    for line in ["compare pr* dev", "explain pr*", "bootstrap pr*", "watch pr*"] {
        let output = run(&sandbox, line);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(err(&output).contains("there is no environment `pr*`"), "{line}: {}", err(&output));
    }
    let broken = err(&run(&sandbox, "bootstrap bad"));
    assert!(broken.contains("error[") && !broken.contains("there is no environment `bad`"), "{broken}");
}

#[test]
fn exit_codes_are_yes_no_and_could_not_tell() {
    let good = project();
    for line in [
        "render --all",
        "render prod --check",
        "diff --all --exit-code",
        "list",
        "explain prod",
        "explain fleet-out/prod/apps/kuard/service.yaml:2",
        "pack list",
        "--help",
        "--version",
    ] {
        assert_eq!(code(&good, line), 0, "gen {line}");
    }
    good.write("fleet-out/prod/apps/kuard/service.yaml", b"edited: by hand\n");
    for line in ["render prod --check", "diff prod --exit-code", "render prod"] {
        assert_eq!(code(&good, line), 1, "gen {line}");
    }
    assert_eq!(code(&good, "diff prod"), 0, "a difference is no answer where none was asked for");
    let broken = broken();
    for line in [
        "render --all",
        "render --all --check",
        "diff --all",
        "list",
        "render",
        "render nobody",
        "explain nobody",
        "explain prod vars.nothing",
        "pack show nobody",
    ] {
        assert_eq!(code(&broken, line), 2, "gen {line}");
    }
    for line in [
        "",
        "rendr",
        "render --nope",
        "render --all --shard 3/2",
        "render --all prod",
        "render --check --force --all",
        "list --format yaml",
        "explain",
        "explain prod vars.x y",
        "pack",
        "pack show",
        "-C /nowhere render --all",
    ] {
        assert_eq!(code(&good, line), 2, "gen {line}");
        assert!(run(&good, line).stdout.is_empty(), "gen {line}");
    }
}

#[test]
fn results_go_to_stdout_and_talk_to_stderr() {
    let good = project();
    let rendered = run(&good, "render --all");
    assert!(rendered.stdout.is_empty() && !rendered.stderr.is_empty());
    for line in [
        "list",
        "explain prod cluster.name",
        "pack list",
        "pack show loki",
        "render prod --stdout",
        "--help",
        "--version",
    ] {
        let output = run(&good, line);
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "gen {line}: {}", err(&output));
    }
    let diff = run(&good, "diff --all");
    assert!(diff.stdout.is_empty() && diff.stderr.is_empty(), "no difference, nothing to say");
    let failed = run(&broken(), "render --all");
    assert!(failed.stdout.is_empty() && err(&failed).contains("did you mean `domain`?"));
}

#[test]
fn quiet_says_nothing_but_errors() {
    let good = project();
    for line in ["render --all -q", "diff --all -q", "init -q", "--quiet render prod"] {
        let output = run(&good, line);
        assert!(
            output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(),
            "gen {line}"
        );
    }
    assert!(!run(&good, "list -q").stdout.is_empty(), "results are no talk");
    assert!(err(&run(&broken(), "render --all -q")).contains("error["));
}

#[test]
fn json_is_json_whatever_the_answer() {
    let (good, broken, empty) = (project(), broken(), Sandbox::new());
    let lines = [
        "render --all",
        "render --all --check",
        "render prod --stdout",
        "render nobody",
        "diff --all",
        "list",
        "list nobody",
        "explain prod",
        "explain prod cluster.name",
        "explain prod Service/kuard metadata.name",
        "explain dev cluster.domain",
        "explain nobody",
        "pack list",
        "pack show web-app",
        "pack show nobody",
        "pack test alerts",
        "pack test nobody",
        "init",
    ];
    for (what, sandbox) in [("good", good), ("broken", broken), ("empty", empty)] {
        for line in lines {
            let plain = code(&sandbox, line);
            let output = run(&sandbox, &format!("{line} --format json"));
            let text = out(&output);
            let parsed: Result<serde_json::Value, _> = serde_json::from_str(&text);
            assert!(parsed.is_ok(), "{what}: gen {line}: {text}{}", err(&output));
            assert!(output.stderr.is_empty(), "{what}: gen {line}: {}", err(&output));
            assert_eq!(output.status.code(), Some(plain), "{what}: gen {line}: {text}");
            if plain == 2 {
                assert!(text.contains("\"severity\": \"error\""), "{what}: gen {line} says not why: {text}");
            }
        }
    }
}

#[test]
fn no_colours_into_a_pipe_unless_asked_for() {
    let broken = broken();
    for line in ["render --all", "diff prod", "list", "--help", "pack show loki", "render --nope"] {
        let output = run(&broken, line);
        let escapes =
            |output: &Output| [&output.stdout, &output.stderr].iter().any(|text| text.contains(&0x1b));
        assert!(!escapes(&output), "gen {line}");
        assert!(!escapes(&run(&broken, &format!("{line} --color never"))), "gen {line} --color never");
    }
}

/// Is there a colour or another style? Other escapes move the cursor.
fn has_style(text: &str) -> bool {
    text.split("\u{1b}[")
        .skip(1)
        .any(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'))
}

#[test]
fn colours_are_where_they_are_asked_for() {
    let sandbox = broken();
    sandbox.edit("environments/prod.yaml", "min: 2", "min: 3");
    for line in ["render dev", "diff prod", "--help", "diff --help", "render --nope", "diff nobody"] {
        for (when, in_pipe, on_terminal) in
            [("auto", false, true), ("always", true, true), ("never", false, false)]
        {
            for colour in [format!("--color {when}"), format!("--color={when}")] {
                let words = format!("{colour} {line}");
                let output = run(&sandbox, &words);
                let said = out(&output) + &err(&output);
                assert_eq!(has_style(&said), in_pipe, "gen {words} | cat: {said}");
                let mut command = sandbox.command(env!("CARGO_BIN_EXE_gen"));
                command.args(words.split(' ')).env("TERM", "xterm");
                let shown = Terminal::run_all(command).end().0;
                assert_eq!(has_style(&shown), on_terminal, "gen {words}: {shown}");
            }
        }
    }
    // What a program reads has none.
    assert!(!has_style(&out(&run(&sandbox, "diff prod --format json --color always"))));
}

/// A pipe or a disk that took only a part must not look like the whole.
#[test]
fn what_cannot_be_written_is_an_error() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        eprintln!("skipped: there is no /dev/full");
        return;
    };
    let sandbox = project();
    let lines = "schema\nrender --all --stdout\nrender --all --format json\ndiff --all --format json\nlist\n\
        compare dev prod\nexplain dev\nexplain-error config/name\npack list\npack show web-app\nbootstrap dev\n\
        secrets --format json\nkey show --format json\nman\ncompletions bash\nkey new --help\n--version";
    for line in lines.lines() {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_gen"));
        let output =
            command.args(line.split_whitespace()).stdout(full.try_clone().unwrap()).output().unwrap();
        let said = err(&output);
        assert_eq!(output.status.code(), Some(2), "gen {line}: {said}");
        assert!(
            said.ends_with(
                "error: standard output cannot be written: No space left on device (os error 28)\n"
            ),
            "{said}"
        );
    }
}

#[test]
fn a_reader_that_goes_away_is_nobodys_fault() {
    let sandbox = project();
    for line in ["render --all --stdout", "pack show web-app --format json", "pack list", "list", "--help"] {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_gen"));
        let mut process = command.args(line.split_whitespace()).stdout(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::with_capacity(1, process.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let mut said = String::new();
        process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((process.wait().unwrap().code(), said.as_str()), (Some(0), ""), "gen {line}");
        assert!(!first.is_empty());
    }
    let shell = format!("{} render nobody 2>&-; test $? = 2", env!("CARGO_BIN_EXE_gen"));
    assert!(sandbox.command("/bin/sh").args(["-c", &shell]).output().unwrap().status.success());
}

/// What is set in an environment that cannot be rendered is not known.
#[test]
fn a_chart_that_may_be_in_use_is_not_said_to_be_fine() {
    let sandbox = project();
    for (folder, values) in [("old", "a: 1\nold: 2\n"), ("new", "a: 1\n")] {
        sandbox.write(&format!("{folder}/Chart.yaml"), b"apiVersion: v2\nname: app\nversion: 1.0.0\n");
        sandbox.write(&format!("{folder}/values.yaml"), values.as_bytes());
    }
    assert_eq!(code(&sandbox, "chart diff old new --exit-code"), 0);
    sandbox.write(
        "environments/bad.yaml",
        b"cluster: {name: bad}\ncomponents: {x: {pack: web-app, inputs: {}}}\n",
    );
    let output = run(&sandbox, "chart diff old new --exit-code");
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    assert!(err(&output).contains("error[input/required]"), "{}", err(&output));
    assert_eq!(code(&sandbox, "chart diff old new --used --project /nowhere"), 2);
}

/// What a command does not give it does not offer.
#[test]
fn pages_for_documents_are_offered_where_there_are_some() {
    let sandbox = project();
    let offers = |words: &[&str]| {
        let help = sandbox.gen_(&[words, &["--help"]].concat());
        String::from_utf8(help.stdout).unwrap().contains("- markdown:")
    };
    for words in [["compare", "dev", "prod"].as_slice(), &["pack", "list"], &["pack", "show", "web-app"]] {
        assert!(offers(&words[..words.len().min(2)]), "{words:?}");
        for (format, begins) in [("markdown", '#'), ("json", '{')] {
            let page = sandbox.gen_(&[words, &["--format", format]].concat());
            let text = String::from_utf8(page.stdout).unwrap();
            assert!(page.status.success() && text.starts_with(begins), "{words:?} {format}: {text}");
        }
    }
    for words in [["render", "prod"].as_slice(), &["list"], &["pack", "lint"], &["secrets", "list"]] {
        assert!(!offers(words), "{words:?}");
        let page = sandbox.gen_(&[words, &["--format", "markdown"]].concat());
        assert_eq!(page.status.code(), Some(2), "{words:?}");
    }
}

/// Whatever leads there.
#[cfg(unix)]
#[test]
fn no_tree_is_put_over_the_root_or_the_project() {
    let sandbox = Sandbox::new();
    let project = sandbox.root().join("nest/prod");
    let run = |words: &[&str]| {
        sandbox.command(env!("CARGO_BIN_EXE_gen")).current_dir(&project).args(words).output()
    };
    fs::create_dir_all(&project).unwrap();
    assert!(run(&["init"]).unwrap().status.success());
    std::os::unix::fs::symlink("/", project.join("root")).unwrap();
    std::os::unix::fs::symlink("..", project.join("above")).unwrap();
    for (out, why) in [
        ("root", "is the root of the file system"),
        ("..", "would put the tree around the project"),
        ("above", "would put the tree around the project"),
    ] {
        let output = run(&["render", "prod", "--out", out]).unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(
            err(&output).contains(&format!("error[write/name]: `--out {out}` {why}")),
            "{}",
            err(&output)
        );
    }
    assert!(!project.join("apps").exists() && !project.join(".gen-inventory").exists());
    assert!(run(&["render", "dev", "--out", ".."]).unwrap().status.success(), "that is a folder beside it");
}

/// A file that stands there is left as it is; what Git must know of `gen` is told.
#[test]
fn lines_that_a_file_for_git_lacks_are_told() {
    let sandbox = Sandbox::new();
    sandbox.write(".gitignore", b"target/\n.gen-tmp-*\n");
    let output = sandbox.gen_(&["init"]);
    assert!(output.status.success());
    assert!(
        err(&output).contains("kept    .gitignore\nadd to .gitignore:\n    /.gen/\n\n"),
        "{}",
        err(&output)
    );
    assert_eq!(sandbox.read(".gitignore"), "target/\n.gen-tmp-*\n");
    let again = String::from_utf8(sandbox.gen_(&["init", "--format", "json"]).stdout).unwrap();
    assert!(again.contains("\"missing\": {\n    \".gitignore\": [\n      \"/.gen/\"\n    ]\n  }"), "{again}");
}

/// What turns the direction of writing, or moves a cursor, is shown and not obeyed.
#[test]
fn nothing_that_a_terminal_obeys_is_printed() {
    let sandbox = Sandbox::new();
    assert!(sandbox.gen_(&["init"]).status.success());
    sandbox.write("db/Chart.yaml", b"name: db\nversion: 1.0.0\n");
    sandbox.write("db/values.yaml", b"size: 1Gi\n");
    sandbox.write("new/Chart.yaml", b"name: db\nversion: 2.0.0\n");
    sandbox.write("new/values.yaml", b"size: 1Gi\n\"a\\u202eb\\u001b[31m\": 1\n");
    for words in
        [["chart", "diff", "db", "new"].as_slice(), &["chart", "diff", "db", "new", "--format", "json"]]
    {
        let output = sandbox.gen_(words);
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("202e") && !said.contains(['\u{202e}', '\u{1b}']), "{said:?}");
    }
    // A key that Helm refuses is not passed over.
    sandbox.write("new/values.yaml", b"size: 1Gi\nnull: 1\n");
    let refused = run(&sandbox, "chart diff db new");
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("values.yaml:2:1: a key is missing or null"), "{}", err(&refused));
}

/// One cause is told once.
#[test]
fn a_cluster_without_a_name_is_told_as_such() {
    let sandbox = project();
    sandbox.write("environments/prod.yaml", b"extends: [base]\ncluster: {name: null}\n");
    let refused = run(&sandbox, "render prod");
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("error[environment/no-cluster]"), "{}", err(&refused));
    assert!(!err(&refused).contains("config/nothing-to-remove"), "{}", err(&refused));
}
