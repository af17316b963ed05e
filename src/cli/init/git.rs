//! What a file for Git that somebody has already says: which lines of ours it lacks. A line of another form that comes to
//! the same is enough.

use globset::GlobBuilder;
use std::collections::BTreeMap;

/// The lines of ours that a file lacks, in their order.
pub(super) fn missing<'o>(path: &str, ours: &'o str, there: &str) -> Vec<&'o str> {
    let ours = ours.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    // A line may undo one before it, also one that is yet to be added.
    let mut there = there.to_owned();
    let lacks = |line: &&'o str| {
        let lacks = match path {
            ".gitignore" => !ignores(&there, line),
            ".gitattributes" => !gives(&there, line),
            _ => !there.lines().any(|other| setting(other) == setting(line)),
        };
        if lacks {
            there.push_str(&format!("\n{line}\n"));
        }
        lacks
    };
    ours.filter(lacks).collect()
}

/// Does a pattern mean this path of a project? Without a slash inside, a name at any depth: see gitignore(5).
fn means(pattern: &str, path: &str) -> bool {
    let anchored = pattern.trim_end_matches('/').contains('/');
    let pattern = pattern.trim_start_matches('/');
    // To Git braces are characters like any others.
    let pattern = pattern.replace('{', "[{]").replace('}', "[}]");
    let pattern = if anchored { pattern } else { format!("**/{pattern}") };
    let glob = GlobBuilder::new(&pattern).literal_separator(true).backslash_escape(true).build();
    glob.is_ok_and(|glob| glob.compile_matcher().is_match(path))
}

/// Paths that a line of ours is about.
fn probes(line: &str) -> &'static [&'static str] {
    match line.split_whitespace().next().unwrap_or_default() {
        "/.gen/" => &[".gen/schema.json", ".gen/a"],
        ".gen-tmp-*" => &[".gen-tmp-a", "charts/.gen-tmp-b.facts", "fleet-out/a/.gen-tmp-write/0"],
        "fleet-out/**" => &["fleet-out/a/b.yaml", "fleet-out/a/.gen-inventory"],
        "*.sops.yaml" => &["a.sops.yaml", "environments/secrets/a/b/c.sops.yaml"],
        ".sops.yaml" => &[".sops.yaml"],
        "environments/secrets/to-replace.txt" => &["environments/secrets/to-replace.txt"],
        _ => &[],
    }
}

/// Does a `.gitignore` ignore what the line of ours does?
fn ignores(there: &str, line: &str) -> bool {
    let probes = probes(line);
    !probes.is_empty() && probes.iter().all(|path| is_ignored(there, path))
}

/// The last pattern that means a path decides, and in a folder that is ignored nothing is looked at.
fn is_ignored(there: &str, path: &str) -> bool {
    let ends = path.match_indices('/').map(|(at, _)| (at, true)).chain([(path.len(), false)]);
    ends.into_iter().any(|(end, is_folder)| {
        let decides = |line: &str| {
            let (pattern, ignored) = line.strip_prefix('!').map_or((line, true), |rest| (rest, false));
            let fits = is_folder || !pattern.ends_with('/');
            (fits && means(pattern.trim_end_matches('/'), &path[..end])).then_some(ignored)
        };
        let lines =
            there.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.rev().find_map(decides) == Some(true)
    })
}

/// What attributes a path has: `-text` as `false`, `text` as `true`. See gitattributes(5).
fn attributes<'t>(there: &'t str, path: &str) -> BTreeMap<&'t str, &'t str> {
    let mut all = BTreeMap::new();
    for line in there.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let mut words = line.split_whitespace();
        if !words.next().is_some_and(|pattern| means(pattern, path)) {
            continue;
        }
        for word in words {
            match (word.strip_prefix('-'), word.strip_prefix('!'), word.split_once('=')) {
                (Some("binary"), ..) => {}
                (Some(name), ..) => drop(all.insert(name, "false")),
                (_, Some(name), _) => drop(all.remove(name)),
                (.., Some((name, value))) => drop(all.insert(name, value)),
                _ if word == "binary" => all.extend(["diff", "merge", "text"].map(|name| (name, "false"))),
                _ => drop(all.insert(word, "true")),
            }
        }
    }
    all
}

/// Does a `.gitattributes` give the paths of the line what it gives them?
fn gives(there: &str, line: &str) -> bool {
    let probes = probes(line);
    let names = line
        .split_whitespace()
        .skip(1)
        .map(|word| word.trim_start_matches(['-', '!']).split('=').next().unwrap_or_default());
    let names: Vec<&str> = names.collect();
    let same = |path: &&str| {
        let (wanted, given) = (attributes(line, path), attributes(there, path));
        names.iter().all(|name| wanted.get(name) == given.get(name))
    };
    !probes.is_empty() && probes.iter().all(same)
}

/// A line of a configuration: its key in lower case, and what stands behind the `=`.
fn setting(line: &str) -> (String, &str) {
    match line.split_once('=') {
        Some((key, value)) => (key.trim().to_ascii_lowercase(), value.trim()),
        None => (line.trim().to_owned(), ""),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::FILES, *};

    fn lacks(path: &str, there: &str) -> Vec<&'static str> {
        let (_, ours) = FILES.into_iter().find(|(own, _)| *own == path).expect("a file of ours");
        missing(path, ours, there)
    }

    /// Every line of ours has paths that it is about, without which it would be asked for for ever.
    #[test]
    fn what_we_write_lacks_nothing() {
        for (path, ours) in FILES.into_iter().filter(|(path, _)| path.starts_with(".git")) {
            assert_eq!(lacks(path, ours), [""; 0], "{path}");
            let lines = ours.lines().filter(|line| !line.starts_with('#')).count();
            assert_eq!(lacks(path, "").len(), lines, "{path}");
            assert_eq!(lacks(path, &ours.replace('\n', "\r\n")), [""; 0], "{path}");
        }
    }

    #[test]
    fn a_pattern_that_ignores_it_is_enough() {
        let gen_is_ignored = |there: &str| !lacks(".gitignore", there).contains(&"/.gen/");
        for there in [
            ".gen",
            ".gen/",
            "/.gen",
            "/.gen/",
            "**/.gen/",
            "**/.gen",
            ".gen/*",
            ".gen/**",
            ".ge?/",
            ".*",
            "*",
            "a\n.gen  \nb",
        ] {
            assert!(gen_is_ignored(there), "{there}");
        }
        for there in [
            "",
            "# .gen",
            "gen",
            ".gen-tmp-*",
            "a/.gen",
            ".gen/*.json",
            ".gen/schema.json",
            ".gen/\n!.gen/",
            "!.gen",
            "{.gen,a}",
        ] {
            assert!(!gen_is_ignored(there), "{there}");
        }
        assert_eq!(lacks(".gitignore", ".gen\n"), [".gen-tmp-*"]);
        assert_eq!(lacks(".gitignore", ".gen*\n"), [""; 0]);
        assert_eq!(lacks(".gitignore", "/.gen\n/.gen-tmp-*\n"), [".gen-tmp-*"]);
    }

    #[test]
    fn attributes_that_come_to_the_same_are_enough() {
        const SEALED: &str = "*.sops.yaml -text diff=gen-sealed merge=gen-sealed";
        const TREE: &str = "fleet-out/** -text linguist-generated";
        let has = |there: &str, line| !lacks(".gitattributes", there).contains(&line);
        for there in [
            "/fleet-out/**\tlinguist-generated  -text",
            "fleet-out/** -text linguist-generated=true -diff",
            "* -text\nfleet-out/** linguist-generated",
            "fleet-out/** text\nfleet-out/** linguist-generated -text",
        ] {
            assert!(has(there, TREE), "{there}");
        }
        for there in [
            "fleet-out/** -text",
            "fleet-out/* -text linguist-generated",
            "fleet-out/ -text linguist-generated",
            "# fleet-out/** -text linguist-generated",
            "fleet-out/** -text linguist-generated\n* text=auto",
        ] {
            assert!(!has(there, TREE), "{there}");
        }
        assert!(has("**/*.sops.yaml -text diff=gen-sealed\n*.sops.yaml merge=gen-sealed", SEALED));
        assert!(!has("*.sops.yaml -text diff=other merge=gen-sealed", SEALED));
        // What the line before it would do has to be undone.
        let there =
            "* -text\nenvironments/secrets/to-replace.txt merge=union\nfleet-out/** linguist-generated\n";
        assert_eq!(lacks(".gitattributes", there), [SEALED, ".sops.yaml -text !diff !merge"]);
    }

    #[test]
    fn settings_are_the_same_whatever_the_blanks() {
        let there = "[diff \"gen-sealed\"]\n  TextConv=gen secrets textconv\n[merge \"gen-sealed\"]\nname=sealed files, key by key\n\tdriver = gen secrets merge %O %A %B %P\n";
        assert_eq!(lacks(".gitconfig", there), ["\trecursive = binary"]);
    }
}
