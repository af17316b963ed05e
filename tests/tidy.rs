//! The rules of CONTRIBUTING.md that a machine can keep: order of modules, doors to libraries and to the disk, sizes,
//! names, and nothing of the machine this was written on.
#![allow(clippy::disallowed_methods)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Where a file may touch the disk or the machine.
const DOORS: [&str; 3] = ["src/host/mod.rs", "src/load/disk.rs", "src/write/disk/mod.rs"];

/// A Rust file: path from the root with `/`, text, and the text with comments and literals blanked.
struct Source {
    path: String,
    text: String,
    code: String,
}

impl Source {
    /// Is all of it a test?
    fn is_test(&self) -> bool {
        !self.path.starts_with("src/") || self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// The blanked text before its tests.
    fn body(&self) -> &str {
        let opens = |at: usize| {
            let mut lines = self.code[at + 1..].lines().skip_while(|line| line.starts_with("#["));
            lines.next().is_some_and(|line| line.contains("mod "))
        };
        let marks = self.code.match_indices("\n#[cfg(test)]").map(|(at, _)| at);
        marks.into_iter().find(|at| opens(*at)).map_or(&self.code, |at| &self.code[..=at])
    }

    /// The path in words of modules: `src/yaml/node.rs` is `yaml/node`, `src/diag/mod.rs` is `diag`.
    fn module(&self) -> String {
        let path = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        path.trim_end_matches("/mod").to_owned()
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below the root but what is built or not committed.
fn files() -> Vec<PathBuf> {
    fn down(folder: &Path, out: &mut Vec<PathBuf>) {
        let mut entries: Vec<_> =
            fs::read_dir(folder).expect("a folder").flatten().map(|e| e.path()).collect();
        entries.sort();
        for path in entries {
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            if ["target", ".git", ".gen"].contains(&name) {
                continue;
            }
            if path.is_dir() { down(&path, out) } else { out.push(path) }
        }
    }
    let mut out = Vec::new();
    down(root(), &mut out);
    out
}

fn name(path: &Path) -> String {
    path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/")
}

fn sources() -> Vec<Source> {
    let rust = files().into_iter().filter(|p| p.extension().is_some_and(|e| e == "rs"));
    let sources: Vec<Source> = rust
        .map(|path| {
            let text = fs::read_to_string(&path).expect("readable text");
            Source { path: name(&path), code: blank(&text), text }
        })
        .collect();
    assert!(sources.len() > 20, "only {} files found", sources.len());
    sources
}

/// Replaces comments, strings and characters by blanks; every line keeps its number.
fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    while at < chars.len() {
        let end = literal(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// The end of the comment or literal that begins here, or `at`.
fn literal(chars: &[char], at: usize) -> usize {
    let starts = |at: usize, word: &str| word.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c));
    let find =
        |from: usize, word: &str| (from..chars.len()).find(|i| starts(*i, word)).unwrap_or(chars.len());
    let in_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    let raw = at + if starts(at, "br") { 2 } else { 1 };
    if starts(at, "//") {
        return find(at, "\n");
    }
    if starts(at, "/*") {
        return find(at, "*/") + 2;
    }
    if !in_word && (starts(at, "r\"") || starts(at, "r#") || starts(at, "br\"") || starts(at, "br#")) {
        let marks = chars[raw..].iter().take_while(|c| **c == '#').count();
        if chars.get(raw + marks) == Some(&'"') {
            return find(raw + marks + 1, &format!("\"{}", "#".repeat(marks))) + 1 + marks;
        }
    }
    if chars[at] == '"' {
        return quoted(chars, at, '"');
    }
    // 'x' and '\n' are characters, 'x without the second quote is a lifetime.
    if chars[at] == '\'' && (starts(at + 1, "\\") || chars.get(at + 2) == Some(&'\'')) {
        return quoted(chars, at, '\'');
    }
    at
}

fn quoted(chars: &[char], at: usize, mark: char) -> usize {
    let mut end = at + 1;
    while end < chars.len() && chars[end] != mark {
        end += if chars[end] == '\\' { 2 } else { 1 };
    }
    (end + 1).min(chars.len())
}

/// The words that follow every `prefix::`, also inside `prefix::{a::b, c}`.
fn after(code: &str, prefix: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut words = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let Some(inside) = rest.strip_prefix('{') else {
            words.push(word(rest));
            continue;
        };
        let mut depth = 0_usize;
        let mut start = 0;
        for (i, c) in inside.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    words.push(word(&inside[start..i]));
                    start = i + 1;
                    if c == '}' {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    words.retain(|w| !w.is_empty());
    words
}

/// The modules of `src/lib.rs` in order.
fn order() -> Vec<String> {
    let lib = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    let modules = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    modules.map(str::to_owned).collect()
}

fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn a_module_uses_only_those_above_it() {
    let order = order();
    let place = |module: &str| order.iter().position(|m| m == module);
    let mut faults = Vec::new();
    let mut uses = 0;
    for source in sources().iter().filter(|s| s.path.starts_with("src/") && !s.is_test()) {
        let Some(own) = source.module().split('/').next().and_then(place) else { continue };
        for word in after(source.body(), "crate::") {
            uses += 1;
            match place(&word) {
                Some(used) if used <= own => {}
                Some(_) => faults.push(format!("{} uses `{word}`, which stands below it", source.path)),
                None => faults.push(format!("{} uses `crate::{word}`, which is no module", source.path)),
            }
        }
    }
    none(faults);
    assert!(uses > 50, "only {uses} uses found");
}

/// Libraries and who may know them, as the comments in `Cargo.toml` say: "Only a/, b.rs and c know it." or "Any
/// module may use it."; a library without a comment shares the one above.
fn libraries() -> BTreeMap<String, Option<Vec<String>>> {
    let text = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let start = text.find("[dependencies]").expect("dependencies");
    let section = &text[start..text.find("[dev-dependencies]").expect("dev-dependencies")];
    let (mut comment, mut fresh) = (String::new(), true);
    let mut libraries = BTreeMap::new();
    for line in section.lines().skip(1) {
        if let Some(more) = line.strip_prefix("# ") {
            if fresh {
                comment.clear();
                fresh = false;
            }
            comment.push_str(more);
            comment.push(' ');
        } else if let Some((library, _)) = line.split_once(" = ") {
            fresh = true;
            let only = comment.split("Only ").nth(1).and_then(|rest| rest.split(" know").next());
            let only = only.map(|names| {
                let names = names.replace(" and ", ", ");
                let clean = |n: &str| n.trim().trim_end_matches(".rs").trim_end_matches('/').to_owned();
                names.split(", ").map(clean).collect::<Vec<_>>()
            });
            assert!(only.is_some() || comment.contains("Any module may use it"), "who may know `{library}`?");
            libraries.insert(library.trim().replace('-', "_"), only);
        }
    }
    libraries
}

#[test]
fn a_library_is_known_to_the_modules_that_cargo_toml_names() {
    let libraries = libraries();
    assert!(libraries.len() > 15);
    let mut faults = Vec::new();
    for source in sources().iter().filter(|s| s.path.starts_with("src/") && !s.is_test()) {
        let module = source.module();
        for (library, only) in &libraries {
            let Some(only) = only else { continue };
            let known = only.iter().any(|o| module == *o || module.starts_with(&format!("{o}/")));
            if !known && !after(source.body(), &format!("{library}::")).is_empty() {
                faults.push(format!("{} knows `{library}`, which is for {}", source.path, only.join(", ")));
            }
        }
    }
    none(faults);
}

#[test]
fn only_the_doors_open_the_disk_and_the_machine() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|s| !s.is_test()) {
        let opens = source.body().contains("clippy::disallowed_methods");
        if opens && !DOORS.contains(&source.path.as_str()) {
            faults.push(format!("{} is no door", source.path));
        }
    }
    none(faults);
    for door in DOORS {
        assert!(root().join(door).exists(), "{door} is gone");
    }
}

#[test]
fn files_and_functions_are_short() {
    let mut faults = Vec::new();
    let mut functions = 0;
    for source in sources().iter().filter(|s| !s.is_test()) {
        let lines = source.body().lines().count();
        if lines > 500 {
            faults.push(format!("{} has {lines} lines before its tests; 500 are allowed", source.path));
        }
        for (name, lines) in lengths(source.body()) {
            functions += 1;
            if lines > 60 {
                faults.push(format!("{}: `{name}` has {lines} lines; 60 are allowed", source.path));
            }
        }
    }
    none(faults);
    assert!(functions > 200, "only {functions} functions found");
}

/// Names and lengths of the functions with a body in blanked code, from `fn` to the closing brace.
fn lengths(code: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at..];
        let name: String = rest[3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let (mut depth, mut brackets) = (0_usize, 0_usize);
        for (i, c) in rest.char_indices() {
            match c {
                '[' | '(' => brackets += 1,
                ']' | ')' => brackets = brackets.saturating_sub(1),
                ';' if depth == 0 && brackets == 0 => break,
                '{' => depth += 1,
                '}' if depth <= 1 => {
                    found.push((name, rest[..i].lines().count()));
                    break;
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
    }
    found
}

#[test]
fn every_file_says_what_it_is_and_has_a_telling_name() {
    let mut faults = Vec::new();
    for source in &sources() {
        if !source.text.starts_with("//! ") {
            faults.push(format!("{} does not begin with `//!`", source.path));
        }
        let vague = ["util", "utils", "helper", "helpers", "common", "misc", "shared"];
        if source.path.trim_end_matches(".rs").split('/').any(|part| vague.contains(&part)) {
            faults.push(format!("{} has a name that says nothing", source.path));
        }
    }
    none(faults);
}

#[test]
fn every_file_is_compiled() {
    let sources = sources();
    let declared = |parent: &str, module: &str| {
        sources.iter().any(|s| {
            s.path == parent
                && s.code.lines().any(|line| line.trim_end().ends_with(&format!("mod {module};")))
        })
    };
    let mut faults = Vec::new();
    for path in sources.iter().map(|s| s.path.as_str()) {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let crate_root = ["src/lib.rs", "src/main.rs", "build.rs"].contains(&path)
            || ["tests", "benches", "examples"].contains(&folder)
            || path.starts_with("tests/") && file == "main.rs";
        if crate_root || !["src/", "tests/"].iter().any(|top| path.starts_with(top)) {
            continue;
        }
        let module =
            if file == "mod.rs" { folder.rsplit('/').next().unwrap_or("") } else { &file[..file.len() - 3] };
        let above = if file == "mod.rs" { folder.rsplit_once('/').map_or("", |(f, _)| f) } else { folder };
        let parents = ["mod.rs", "lib.rs", "main.rs"].map(|f| format!("{above}/{f}"));
        // A test's module may be declared by a file beside its folder, or by a test that shares it.
        let beside = format!("{above}.rs");
        let shared = above == "tests" && sources.iter().any(|s| declared(&s.path, module));
        if !parents.iter().chain([&beside]).any(|parent| declared(parent, module)) && !shared {
            faults.push(format!("{path} is in no module"));
        }
    }
    none(faults);
}

#[test]
fn nothing_is_unfinished_or_of_this_machine() {
    // Written apart, so that this file does not hold them.
    let words = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["todo", "!("],
        ["unimplemented", "!("],
        ["/wo", "rk/"],
        ["/ro", "ot/"],
        ["../sha", "red"],
        ["/tmp/ba", "sh"],
    ]
    .map(|parts| parts.concat());
    let mut faults = Vec::new();
    for path in files() {
        let name = name(&path);
        // Copies of what others wrote keep their words.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for (number, line) in text.lines().enumerate() {
            if let Some(word) = words.iter().find(|w| line.contains(w.as_str())) {
                faults.push(format!("{name}:{}: `{word}`", number + 1));
            }
        }
    }
    none(faults);
}

#[test]
fn commands_that_messages_name_are_there() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for path in files().into_iter().filter(|path| name(path).starts_with("src/")) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        for (at, start) in text.match_indices("`gen ") {
            let rest = &text[at + start.len()..];
            let command: String = rest.chars().take_while(|c| c.is_ascii_lowercase()).collect();
            seen += 1;
            if !command.is_empty() && !root().join(format!("src/cli/{command}.rs")).is_file() {
                faults.push(format!("{}: there is no `gen {command}`", name(&path)));
            }
        }
    }
    assert!(seen > 5, "the messages name commands");
    none(faults);
}

#[test]
fn libraries_come_from_the_public_registry() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock");
    let sources: Vec<&str> = lock.lines().filter(|line| line.starts_with("source = ")).collect();
    assert!(sources.len() > 20);
    for source in sources {
        assert_eq!(source, "source = \"registry+https://github.com/rust-lang/crates.io-index\"");
    }
    for path in ["Cargo.toml", ".cargo/config.toml", "rust-toolchain.toml"] {
        let text = fs::read_to_string(root().join(path)).unwrap_or_default();
        assert!(!text.contains("replace-with") && !text.contains("[source"), "{path} names a mirror");
    }
}

#[test]
fn the_reader_of_code_used_here_reads_code() {
    let code = "let a = \"crate::x\"; // crate::y\nlet b = r#\"fn \"z\" {\"#; let c = '{'; fn f<'a>() {\n}\n";
    let blanked = blank(code);
    assert_eq!(blanked.lines().count(), code.lines().count());
    assert!(!blanked.contains("crate::") && !blanked.contains("'{'") && blanked.contains("fn f<'a>() {"));
    assert_eq!(lengths(&blanked), [("f".to_owned(), 1)]);
    assert_eq!(after("use crate::{a::{b, c}, d}; crate::e::f", "crate::"), ["a", "d", "e"]);
}
