//! What a file for Git that somebody has already says: which lines of ours it lacks. A few other ways to write a line are
//! known; of any other the line is told as missing, which harms nobody.

/// The lines of ours that a file lacks, in their order.
pub(super) fn missing<'o>(path: &str, ours: &'o str, there: &str) -> Vec<&'o str> {
    let there = lines(there);
    let lacks = |line: &&str| !there.iter().any(|other| same(path, other, line));
    lines(ours).into_iter().filter(lacks).collect()
}

/// The lines that say something.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// Does a line do what one of ours does?
fn same(path: &str, there: &str, ours: &str) -> bool {
    match path {
        ".gitignore" => plain(there, ours) == plain(ours, ours),
        ".gitattributes" => {
            let (mut there, mut ours) = (there.split_whitespace(), ours.split_whitespace());
            let (pattern, wanted) = (there.next().unwrap_or_default(), ours.next().unwrap_or_default());
            let given: Vec<&str> = there.collect();
            plain(pattern, wanted) == plain(wanted, wanted) && ours.all(|word| given.contains(&word))
        }
        _ => setting(there) == setting(ours),
    }
}

/// A pattern without what, beside one of ours, does not make it mean less: `.gen`, `**/.gen/` and `/.gen/` are alike to
/// `/.gen/`. Without a slash inside, one of ours means a name at any depth, and `/` before it would be less.
fn plain<'p>(pattern: &'p str, ours: &str) -> &'p str {
    let pattern = pattern.strip_prefix("**/").unwrap_or(pattern);
    let folder = ours.strip_suffix('/');
    let pattern = if folder.is_some() { pattern.strip_suffix('/').unwrap_or(pattern) } else { pattern };
    let anchored = folder.unwrap_or(ours).contains('/');
    if anchored { pattern.strip_prefix('/').unwrap_or(pattern) } else { pattern }
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

    #[test]
    fn what_we_write_lacks_nothing() {
        for (path, ours) in FILES.into_iter().filter(|(path, _)| path.starts_with(".git")) {
            assert_eq!(lacks(path, ours), [""; 0], "{path}");
            let lines = ours.lines().filter(|line| !line.starts_with('#')).count();
            assert_eq!(lacks(path, "").len(), lines, "{path}");
            assert_eq!(lacks(path, &ours.replace('\n', "  \r\n")), [""; 0], "{path}");
        }
    }

    #[test]
    fn a_pattern_that_ignores_it_is_enough() {
        let gen_is_ignored = |there: &str| !lacks(".gitignore", there).contains(&"/.gen/");
        for there in [".gen", ".gen/", "/.gen", "/.gen/", "**/.gen/", "**/.gen", "a\n.gen  \r\nb"] {
            assert!(gen_is_ignored(there), "{there}");
        }
        for there in [
            "",
            "# .gen",
            "gen",
            ".gen-tmp-*",
            "a/.gen",
            "**/a/.gen",
            ".gen/*.json",
            "!.gen",
            " .gen",
            "{.gen,a}",
        ] {
            assert!(!gen_is_ignored(there), "{there}");
        }
        assert_eq!(lacks(".gitignore", ".gen\n"), [".gen-tmp-*"]);
        assert_eq!(lacks(".gitignore", ".gen\n**/.gen-tmp-*\n"), [""; 0]);
        // In the first folder only, or folders only, is less.
        for less in ["/.gen-tmp-*", ".gen-tmp-*/"] {
            assert_eq!(lacks(".gitignore", &format!("/.gen\n{less}\n")), [".gen-tmp-*"], "{less}");
        }
    }

    #[test]
    fn attributes_in_another_order_and_more_of_them_are_enough() {
        const SEALED: &str = "*.sops.yaml -text diff=gen-sealed merge=gen-sealed";
        const TREE: &str = "fleet-out/** -text linguist-generated";
        let has = |there: &str, line| !lacks(".gitattributes", there).contains(&line);
        for there in [
            "/fleet-out/**\tlinguist-generated  -text",
            "fleet-out/** -text linguist-generated -diff",
            "**/fleet-out/** -text linguist-generated",
        ] {
            assert!(has(there, TREE), "{there}");
        }
        for there in [
            "fleet-out/** -text",
            "fleet-out/* -text linguist-generated",
            "fleet-out/ -text linguist-generated",
            "# fleet-out/** -text linguist-generated",
        ] {
            assert!(!has(there, TREE), "{there}");
        }
        assert!(has("**/*.sops.yaml merge=gen-sealed -text diff=gen-sealed", SEALED));
        assert!(!has("/*.sops.yaml -text diff=gen-sealed merge=gen-sealed", SEALED));
        assert!(!has("*.sops.yaml -text diff=other merge=gen-sealed", SEALED));
    }

    #[test]
    fn settings_are_the_same_whatever_the_blanks() {
        let there = "[diff \"gen-sealed\"]\n  TextConv=gen secrets textconv\n[merge \"gen-sealed\"]\nname=sealed files, key by key\n\tdriver = gen secrets merge %O %A %B %P\n";
        assert_eq!(lacks(".gitconfig", there), ["\trecursive = binary"]);
    }
}
