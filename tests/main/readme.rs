//! The README's five-minute walk and the pack in CONTRIBUTING, run as they stand.

use crate::sandbox::Sandbox;

#[test]
fn the_walk_in_the_readme_works() {
    let commands = walk(include_str!("../../README.md"), "## A five-minute walk");
    assert!(commands >= 5, "only {commands} commands were found");
}

#[test]
fn the_charts_in_the_readme_are_read() {
    let commands = walk(include_str!("../../README.md"), "## Values of charts");
    assert!(commands >= 4, "only {commands} commands were found");
}

#[test]
fn what_a_component_may_say_is_said() {
    let readme = include_str!("../../README.md");
    let heading = "## What a component may say";
    let commands = walk(readme, heading);
    assert!(commands >= 2, "only {commands} commands were found");
    // All keys that there are, from where they are declared.
    let section = readme.split(heading).nth(1).unwrap().split("\n## ").next().unwrap();
    let file = include_str!("../../src/config/environment.rs");
    let fields = file.split("pub struct ComponentFile {").nth(1).unwrap().split("\n}").next().unwrap();
    let names = fields.lines().filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(':'));
    let keys: Vec<String> = names.map(|(name, _)| name.replace("pod_security", "podSecurity")).collect();
    assert!(keys.len() > 12 && !keys.iter().any(|key| key.contains('_')), "{keys:?}");
    let untold: Vec<_> = keys.iter().filter(|key| !section.contains(&format!("`{key}`"))).collect();
    assert!(untold.is_empty(), "{untold:?}");
}

#[test]
fn the_walk_of_secrets_works() {
    let commands = walk(include_str!("../../README.md"), "## Secrets");
    assert!(commands >= 6, "only {commands} commands were found");
}

#[test]
fn the_way_to_an_app_that_is_watched_works() {
    let readme = include_str!("../../README.md");
    let heading = "## From nothing to an app that is watched";
    let commands = walk(readme, heading);
    assert!(commands >= 6, "only {commands} commands were found");
    let section = readme.split(heading).nth(1).unwrap();
    assert!(section.contains("--from-env-file ../slack.env"), "an address without a line break at its end");
    let environment = section.split("environments/prod.yaml\n").nth(2).unwrap().split("```").next().unwrap();
    assert!(environment.starts_with("extends:"), "{environment}");
    assert!(environment.lines().count() <= 40, "a newcomer has more than 40 lines to write");
}

#[test]
fn the_pack_in_contributing_works() {
    let commands = walk(include_str!("../../CONTRIBUTING.md"), "## A pack is one folder");
    assert!(commands >= 3, "only {commands} commands were found");
}

#[test]
fn the_ten_minutes_in_contributing_work() {
    let commands = walk(include_str!("../../CONTRIBUTING.md"), "## Your own pack in ten minutes");
    assert!(commands >= 9, "only {commands} commands were found");
}

/// Every fenced block marked `console` in the section: lines `$ gen …` are run in order in one sandbox; the lines
/// below must be what they print. Blocks marked with a language and a path are written, with the public key that
/// was printed last for `age1…`. The count of commands.
fn walk(page: &str, heading: &str) -> usize {
    let section = page.split(heading).nth(1).unwrap_or_else(|| panic!("no `{heading}`"));
    let section = section.split("\n## ").next().unwrap();
    let sandbox = Sandbox::new();
    let (mut commands, mut key, mut blocks) = (0, "age1…".to_owned(), section.split("```"));
    blocks.next();
    while let (Some(block), _) = (blocks.next(), blocks.next()) {
        let (head, body) = block.split_once('\n').unwrap();
        if let Some((_, path)) = head.split_once(' ') {
            sandbox.write(path, body.replace("age1…", &key).as_bytes());
        } else if head == "console" {
            commands += run_block(&sandbox, body, &mut key);
        }
    }
    commands
}

fn run_block(sandbox: &Sandbox, body: &str, key: &mut String) -> usize {
    let mut commands = body.split("$ gen ");
    let before = commands.next().unwrap_or_default();
    assert!(before.trim().is_empty(), "no command prints\n{before}");
    let mut count = 0;
    for command in commands {
        let (command, shown) = command.split_once('\n').unwrap_or((command, ""));
        let arguments: Vec<&str> = command.split_whitespace().map(|a| a.trim_matches('\'')).collect();
        let output = sandbox.gen_(&arguments);
        let printed =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        if let Some(word) = printed.split_whitespace().find(|word| word.starts_with("age1")) {
            word.clone_into(key);
        }
        if let Some(line) = untrue(&printed, shown) {
            panic!("below `gen {command}` the page shows\n{line}\nbut gen printed\n{printed}");
        }
        count += 1;
    }
    count
}

/// The first line of a page that is not what was printed. A line `…` stands for lines that are left out, `…` at the end of
/// one for its rest; empty lines do not count.
fn untrue<'p>(printed: &str, shown: &'p str) -> Option<&'p str> {
    let lines = |text: &'p str| text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let mut printed = printed.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let mut is_cut = false;
    for line in lines(shown) {
        if line == "…" {
            is_cut = true;
            continue;
        }
        let is_this = |printed: &str| match line.strip_suffix('…') {
            Some(start) => printed.starts_with(start),
            None => printed == line,
        };
        let found = if is_cut { printed.any(is_this) } else { printed.next().is_some_and(is_this) };
        if !found {
            return Some(line);
        }
        is_cut = false;
    }
    (!is_cut && printed.next().is_some()).then_some("(no more, and no `…`)")
}

#[test]
fn a_page_that_is_cut_says_so() {
    let printed = "one\n\ntwo\nthree\n";
    for shown in ["one\ntwo\nthree", "…\nthree", "one\n…", "o…\n\n…\nthree"] {
        assert_eq!(untrue(printed, shown), None, "{shown}");
    }
    for (shown, line) in [
        ("two\n…", "two"),
        ("one\nthree", "three"),
        ("one\ntwo", "(no more, and no `…`)"),
        ("…\nhree", "hree"),
    ] {
        assert_eq!(untrue(printed, shown), Some(line));
    }
}

#[test]
fn the_readme_lists_every_check_of_secrets() {
    let readme = include_str!("../../README.md");
    let listed: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `secret/")).collect();
    let checks = fleetgen::check::CHECKS.iter().filter(|check| check.id().starts_with("secret/"));
    let lines: Vec<String> =
        checks.map(|check| format!("| `{}` | {} |", check.id(), check.summary())).collect();
    assert_eq!(listed, lines);
}
