//! The README's five-minute walk, run as it stands.

use crate::sandbox::Sandbox;

/// Every fenced block marked `console` in the README's walk: lines `$ gen …` are run in order in one
/// sandbox; the lines below must appear in what they print. Blocks marked `yaml path` are written.
#[test]
fn the_walk_in_the_readme_works() {
    let readme = include_str!("../../README.md");
    let walk = readme.split("## A five-minute walk").nth(1).expect("the README has a walk");
    let walk = walk.split("\n## ").next().unwrap();
    let sandbox = Sandbox::new();
    let (mut commands, mut blocks) = (0, walk.split("```"));
    blocks.next();
    while let (Some(block), _) = (blocks.next(), blocks.next()) {
        let (head, body) = block.split_once('\n').unwrap();
        if let Some(path) = head.strip_prefix("yaml ") {
            sandbox.write(path, body.as_bytes());
        } else if head == "console" {
            commands += run_block(&sandbox, body);
        }
    }
    assert!(commands >= 5, "only {commands} commands were found");
}

fn run_block(sandbox: &Sandbox, body: &str) -> usize {
    let (mut commands, mut printed) = (0, String::new());
    for line in body.lines() {
        if let Some(command) = line.strip_prefix("$ gen ") {
            let arguments: Vec<&str> = command.split_whitespace().map(|a| a.trim_matches('\'')).collect();
            let output = sandbox.gen_(&arguments);
            printed = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            commands += 1;
        } else if !line.trim().is_empty() && line.trim() != "…" {
            assert!(
                printed.contains(line.trim_end()),
                "the README shows\n{line}\nbut gen printed\n{printed}"
            );
        }
    }
    commands
}
