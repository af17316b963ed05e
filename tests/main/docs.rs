//! Pages under `docs/` that must agree with the program. `GEN_GOLDEN=rewrite` writes what is made.

use crate::{kinds::kinds, sandbox::Sandbox};
use std::{collections::BTreeMap, fs, path::PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Compares a page with what it should be, or writes it.
fn page(name: &str, wanted: &str) {
    let path = root().join("docs").join(name);
    if std::env::var_os("GEN_GOLDEN").is_some_and(|value| value == "rewrite") {
        fs::write(&path, wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let first = found.lines().zip(wanted.lines()).find(|(found, wanted)| found != wanted);
    assert!(
        found == wanted,
        "docs/{name} is not true any more: {first:?}\nmake it by GEN_GOLDEN=rewrite cargo test --test main docs"
    );
}

#[test]
fn the_page_of_packs_is_true() {
    let output = Sandbox::new().gen_(&["pack", "list", "--format", "markdown"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("\n## web-app\n") && text.contains("| `image` | image reference | **required** |"));
    page("packs.md", &text);
}

#[test]
fn there_is_nothing_to_mend_in_built_in_packs() {
    let output = Sandbox::new().gen_(&["pack", "lint"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stdout));
}

/// What `docs/errors.md` says of an error: why it is one, and what it looks like.
fn sections(page: &str) -> BTreeMap<String, (String, String)> {
    let one = |section: &str| {
        let (id, rest) = section.split_once('\n')?;
        let (reason, rest) = rest.split_once("```text\n")?;
        let (example, _) = rest.split_once("```")?;
        Some((id.to_owned(), (reason.trim().to_owned(), example.to_owned())))
    };
    page.split("\n## ").skip(1).map(|section| one(section).unwrap_or_else(|| panic!("{section}"))).collect()
}

/// Messages as golden cases show them, by id: first the shortest with a remedy.
fn examples() -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut folders = vec![root().join("tests/golden")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let mut open: Option<(String, String)> = None;
            for line in text.lines().chain([""]) {
                let id = id(line);
                if line.is_empty() || line.starts_with("-- ") || id.is_some() {
                    open.take().into_iter().for_each(|(id, text)| found.entry(id).or_default().push(text));
                }
                open = open.map(|(id, text)| (id, format!("{text}{line}\n")));
                open = id.map(|id| (id, format!("{line}\n"))).or(open);
            }
        }
    }
    for texts in found.values_mut() {
        texts.sort_by_key(|text| (!text.contains("= help: "), text.len(), text.clone()));
    }
    found
}

/// The id that a message begins with.
fn id(line: &str) -> Option<String> {
    let rest = ["error[", "warning[", "info["].iter().find_map(|start| line.strip_prefix(start))?;
    rest.split_once("]: ").map(|(id, _)| id.to_owned())
}

#[test]
fn every_error_is_explained() {
    let (kinds, _) = kinds();
    let path = root().join("docs/errors.md");
    let text = fs::read_to_string(&path).unwrap();
    let (head, _) = text.split_once("\n## ").unwrap();
    let mut sections = sections(&text);
    let shown = examples();
    for check in fleetgen::check::CHECKS {
        let section = sections.entry(check.id().to_owned()).or_default();
        section.0 = check.explanation().to_owned();
    }
    for (id, (_, example)) in &mut sections {
        // Any message that a golden case shows will do, so that a new case changes nothing here.
        if let Some(texts) = shown.get(id).filter(|texts| !texts.contains(example)) {
            *example = texts[0].clone();
        }
    }
    let made = sections
        .iter()
        .map(|(id, (reason, example))| format!("\n## {id}\n\n{reason}\n\n```text\n{example}```\n"));
    page("errors.md", &format!("{head}{}", made.collect::<String>()));
    let unexplained: Vec<&String> = kinds.iter().filter(|kind| !sections.contains_key(*kind)).collect();
    assert!(unexplained.is_empty(), "docs/errors.md says nothing of {unexplained:#?}");
    let gone: Vec<&String> = sections.keys().filter(|id| !kinds.contains(*id)).collect();
    assert!(gone.is_empty(), "docs/errors.md explains what is never said: {gone:#?}");
    for (own, (reason, example)) in &sections {
        assert!(reason.len() > 40 && reason.ends_with(['.', '`']), "{own}: {reason}");
        assert_eq!(id(example).as_ref(), Some(own), "the example of {own} is one of it");
    }
}

#[test]
fn errors_are_explained_on_the_command_line() {
    let sandbox = Sandbox::new();
    let say = |words: &[&str]| {
        let output = sandbox.gen_(words);
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr),
        )
    };
    let text = fs::read_to_string(root().join("docs/errors.md")).unwrap();
    let all: serde_json::Value =
        serde_json::from_str(&say(&["explain-error", "--format", "json"]).1).unwrap();
    let all = all["errors"].as_array().unwrap();
    let sections = sections(&text);
    assert_eq!(all.len(), sections.len());
    for error in all {
        let (reason, example) = &sections[error["id"].as_str().unwrap()];
        assert_eq!(
            (error["reason"].as_str(), error["example"].as_str()),
            (Some(&**reason), Some(&**example))
        );
    }
    let (code, said) = say(&["explain-error", "input/quote"]);
    let (reason, example) = &sections["input/quote"];
    let indented: Vec<String> = example.lines().map(|line| format!("  {line}")).collect();
    assert!(code == 0 && said.contains(reason) && said.contains(&indented.join("\n")), "{said}");
    assert!(say(&["explain-error"]).1.lines().any(|line| line.starts_with("input/quote ")));
    assert!(say(&["explain-error", "error[input/quote]:"]).1.starts_with("input/quote\n"));
    assert_eq!(say(&["explain-error", "input/quot"]).0, 2);
    assert!(say(&["explain-error", "x"]).1.starts_with("error[usage/unknown-error]: there is no error `x`"));
    assert!(say(&["explain-error", "input/quot"]).1.contains("did you mean `input/quote`?"));
    assert!(say(&["explain-error", "inputs/quote"]).1.contains("did you mean `input/quote`?"));
}

#[test]
fn every_built_in_pack_shows_the_least_the_worst_and_one_more() {
    let mut packs = 0;
    for pack in fs::read_dir(root().join("packs")).unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(examples) = fs::read_dir(pack.join("examples")) else { continue };
        let names: Vec<String> =
            examples.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let has = |name: &str| names.iter().any(|example| example == name);
        assert!(names.len() >= 3 && has("minimal") && has("hostile"), "{}: {names:?}", pack.display());
        packs += 1;
    }
    assert!(packs > 20, "only {packs}");
}
