//! Every kind of error, warning and finding has a test that shows it as users see it.

use std::{collections::BTreeSet, fs, path::Path};

/// Kinds that no project of a few files brings about.
const ELSEWHERE: [&str; 25] = [
    // Said only on a terminal; only where the system has no place in memory; only where findings are JSON.
    "secret/binary",
    "edit/disk",
    "usage/values",
    // The disk, another run or a signal: `tests/writing.rs`, and the tests beside the code.
    "init/write",
    "watch/refused",
    "write/blocked",
    "write/conflict",
    "write/equal-names",
    "write/inventory",
    "write/killed",
    "write/line-endings",
    "write/locked",
    "write/unreadable",
    // Guards behind an earlier check that tells it better.
    "config/read",
    "input/defaults",
    "layout/path",
    "template/caller",
    "template/cut",
    "template/delimiters",
    "template/depth",
    "template/missing",
    "template/value",
    // Told as `yaml/kustomize`.
    "yaml/annotation",
    "yaml/merge-key",
    "yaml/separator",
];

/// Findings about trees that no render gives: an earlier one beside the new one, a folder that is not ours.
const OF_OTHER_TREES: [&str; 2] = ["change/selector", "object/duplicate"];

/// Every id in the code, and all texts of tests in which users' messages stand.
pub(crate) fn kinds() -> (BTreeSet<String>, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut kinds = BTreeSet::new();
    let mut shown = String::new();
    for path in files(&root.join("src")) {
        let text = fs::read_to_string(&path).unwrap();
        let is_test = path.components().any(|c| c.as_os_str() == "tests") || path.ends_with("tests.rs");
        let code = if is_test { "" } else { &text[..tests_begin(&text)] };
        kinds.extend(code.split('"').filter(|t| is_kind(t)).map(str::to_owned));
        shown.push_str(&text[code.len()..]);
    }
    for path in files(&root.join("tests/golden")).into_iter().chain(files(&root.join("tests/main"))) {
        shown.push_str(&fs::read_to_string(&path).unwrap());
    }
    (kinds, shown)
}

#[test]
fn every_kind_has_a_case() {
    let (kinds, shown) = kinds();
    assert!(kinds.len() > 150, "only {} kinds were found", kinds.len());
    let seen =
        |kind: &str| ["error", "warning", "info"].iter().any(|s| shown.contains(&format!("{s}[{kind}]")));
    let elsewhere = || ELSEWHERE.iter().chain(&OF_OTHER_TREES);
    let missing: Vec<&String> =
        kinds.iter().filter(|kind| !seen(kind) && !elsewhere().any(|e| e == kind)).collect();
    assert!(missing.is_empty(), "no test shows these as users see them: {missing:#?}");
    let needless: Vec<&&str> = elsewhere().filter(|kind| seen(kind) || !kinds.contains(**kind)).collect();
    assert!(needless.is_empty(), "these are shown, or are no longer said: {needless:?}");
}

fn tests_begin(text: &str) -> usize {
    ["#[cfg(test)]", "#[cfg(all(test"].iter().filter_map(|start| text.find(start)).min().unwrap_or(text.len())
}

/// `group/name`, as ids of diagnostics are written.
fn is_kind(text: &str) -> bool {
    let word = |w: &str| !w.is_empty() && w.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let is_file = matches!(text, "init/gitattributes" | "init/gitconfig" | "init/gitignore");
    text.split_once('/').is_some_and(|(group, name)| word(group) && word(name)) && !is_file
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "rs" || e == "case") {
            found.push(path);
        }
    }
    found
}
