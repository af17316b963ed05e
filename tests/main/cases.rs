//! Golden cases: each file under `tests/golden/` is a project, commands, and what must come of them.
//!
//! A case is sections headed `-- … --`:
//!
//! * `-- path --`: a file of the project (written before the next command); `-- rm path --` deletes one;
//! * `-- edit path old new --`: replaces a text in a file by hand;
//! * `-- $ render prod --`: runs `gen render prod` (`-- $ CI=true render prod --` with a variable of the environment);
//!   below it stand `exit N`, then stdout, then `[stderr]` and stderr;
//! * `-- tree fleet-out/prod --`: all files of that folder, byte for byte: an extra or a missing one fails;
//! * `-- file .sops.yaml --`: what stands in that file.
//!
//! A case that has no `environments/fleet.yaml` gets a small one. `GEN_GOLDEN=rewrite cargo test`
//! rewrites what is expected: look at the difference. `GEN_CASE=explain` runs only the files with that in their path.

use crate::sandbox::Sandbox;
use std::{fs, path::PathBuf};

pub(crate) const FLEET: &str = "source: {kind: GitRepository, url: \"https://github.com/example/fleet\", ref: {branch: main}}\nflux: {version: \"2.9\", sync: none}\n";

#[test]
fn every_case_gives_what_it_says() {
    let only = std::env::var("GEN_CASE").unwrap_or_default();
    let mut failed = Vec::new();
    let mut count = 0;
    for path in case_files().into_iter().filter(|path| path.to_string_lossy().contains(&only)) {
        let text = fs::read_to_string(&path).unwrap();
        let actual = run(&text);
        count += 1;
        if actual != text {
            if std::env::var_os("GEN_GOLDEN").is_some_and(|v| v == "rewrite") {
                fs::write(&path, &actual).unwrap();
            } else {
                failed.push(format!("{}\n{}", path.display(), difference(&text, &actual)));
            }
        }
    }
    assert!(count > 0, "no case was found");
    assert!(failed.is_empty(), "{} of {count} cases differ\n\n{}", failed.len(), failed.join("\n\n"));
}

fn case_files() -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"))];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "case") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The case with its expectations replaced by what really came.
fn run(text: &str) -> String {
    let sandbox = Sandbox::new();
    if !text.contains("-- environments/fleet.yaml --") && !text.contains("-- no fleet --") {
        sandbox.write("environments/fleet.yaml", FLEET.as_bytes());
    }
    let mut out = String::new();
    for (head, body) in sections(text) {
        let Some(head) = head else {
            out.push_str(body);
            continue;
        };
        out.push_str(&format!("-- {head} --\n"));
        if let Some(arguments) = head.strip_prefix("$ ") {
            out.push_str(&command(&sandbox, arguments));
        } else if let Some(folder) = head.strip_prefix("tree ") {
            out.push_str(&sandbox.tree(folder));
        } else if let Some(path) = head.strip_prefix("file ") {
            out.push_str(&sandbox.read(path));
        } else if let Some(path) = head.strip_prefix("rm ") {
            sandbox.remove(path);
        } else if let Some(edit) = head.strip_prefix("edit ") {
            let words: Vec<&str> = edit.split(' ').collect();
            let [path, old, new] = words[..] else { panic!("`-- edit PATH OLD NEW --`, not `{head}`") };
            sandbox.edit(path, old, new);
        } else if head != "no fleet" {
            sandbox.write(head, body.as_bytes());
            out.push_str(body);
        }
    }
    out
}

fn command(sandbox: &Sandbox, arguments: &str) -> String {
    let words = arguments.split_whitespace().map(|a| a.trim_matches('\''));
    let is_variable = |word: &&str| {
        word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase()))
    };
    let variables = words.clone().take_while(is_variable).filter_map(|word| word.split_once('='));
    let arguments = words.clone().skip_while(is_variable);
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_gen"));
    let output = command.envs(variables).args(arguments).output().unwrap();
    let root = sandbox.root();
    let clean = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(root.to_str().unwrap(), "PROJECT");
    let mut text = format!("exit {}\n{}", output.status.code().unwrap_or(-1), clean(&output.stdout));
    if !output.stderr.is_empty() {
        text.push_str("[stderr]\n");
        // Trailing blanks and empty lines at the end are the drawing library's, not ours.
        let lines: Vec<String> = clean(&output.stderr).lines().map(|l| l.trim_end().to_owned()).collect();
        text.push_str(lines.join("\n").trim_end());
        text.push('\n');
    }
    text
}

fn sections(text: &str) -> Vec<(Option<&str>, &str)> {
    let mut found = Vec::new();
    let (mut head, mut start, mut at) = (None, 0, 0);
    for line in text.split_inclusive('\n') {
        if let Some(name) = line.trim_end().strip_prefix("-- ").and_then(|l| l.strip_suffix(" --")) {
            found.push((head, &text[start..at]));
            head = Some(name);
            start = at + line.len();
        }
        at += line.len();
    }
    found.push((head, &text[start..]));
    found.retain(|(head, body)| head.is_some() || !body.is_empty());
    found
}

fn difference(expected: &str, actual: &str) -> String {
    let (expected, actual): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), actual.lines().collect());
    let same = expected.iter().zip(&actual).take_while(|(a, b)| a == b).count();
    let show = |lines: &[&str]| lines.iter().skip(same).take(12).copied().collect::<Vec<_>>().join("\n");
    format!("line {}\nexpected:\n{}\nbut got:\n{}", same + 1, show(&expected), show(&actual))
}
