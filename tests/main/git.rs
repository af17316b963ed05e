//! Sealed files in real Git: branches merged key by key, conflicts that can be read and decided, differences without
//! values. Skipped, and told, where there is no Git.

use crate::{
    key::{KEY, PUBLIC, err, out},
    sandbox::Sandbox,
    sealed::{BOB, bad, changed, good, line, open, path, plain, policy, project, secret},
};
use std::process::{Command, Output};

const VALUES: [(&str, &str); 3] = [("user", "geheim-app"), ("password", "geheim-1"), ("token", "geheim-2")];

/// A repository with one sealed file and its rendered tree; Git merges and compares as `gen init` sets it up.
struct Repository {
    sandbox: Sandbox,
}

impl Repository {
    fn new(recipients: &str, readers: &[&str]) -> Option<Self> {
        if Command::new("git").arg("--version").output().is_err() {
            eprintln!("skipped: there is no git");
            return None;
        }
        let repository = Self { sandbox: project(recipients) };
        repository.git(&["init", "--quiet", "--initial-branch=main", "."]);
        let attributes = include_bytes!("../../src/cli/init/gitattributes");
        repository.sandbox.write(".gitattributes", attributes);
        let gen_ = env!("CARGO_BIN_EXE_gen");
        let config = include_str!("../../src/cli/init/gitconfig").replace("= gen ", &format!("= {gen_} "));
        repository.sandbox.write(".gitconfig", config.as_bytes());
        repository.git(&["config", "--local", "include.path", "../.gitconfig"]);
        repository.sandbox.write(&path("db"), secret("db", &VALUES, readers).as_bytes());
        repository.commit("base");
        Some(repository)
    }

    fn run(&self, key: bool, arguments: &[&str]) -> Output {
        let mut command = self.sandbox.command("git");
        command
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .args(["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"])
            .args(arguments);
        if key {
            command.env("SOPS_AGE_KEY", KEY);
        }
        command.output().unwrap()
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = self.run(true, arguments);
        assert!(output.status.success(), "{arguments:?}: {}{}", out(&output), err(&output));
        out(&output) + &err(&output)
    }

    /// Renders and commits.
    fn commit(&self, message: &str) {
        good(&self.sandbox, &["render", "--all"]);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    fn file(&self) -> String {
        self.sandbox.read(&path("db"))
    }

    /// Two branches, each with a change of its own to the sealed file; `main` is checked out.
    fn branches(&self, ours: &[(&str, &str)], theirs: &[(&str, &str)]) {
        let base = self.file();
        self.git(&["checkout", "--quiet", "-b", "topic"]);
        self.sandbox.write(&path("db"), changed(&base, theirs).as_bytes());
        self.commit("theirs");
        self.git(&["checkout", "--quiet", "main"]);
        self.sandbox.write(&path("db"), changed(&base, ours).as_bytes());
        self.commit("ours");
    }

    fn merge(&self, key: bool) -> Output {
        self.run(key, &["merge", "--no-edit", "topic"])
    }
}

#[test]
fn branches_that_change_different_keys_merge() {
    let Some(repository) = Repository::new("", &[PUBLIC]) else { return };
    let base = repository.file();
    repository.branches(&[("user", "geheim-ours")], &[("password", "geheim-theirs"), ("new", "geheim-3")]);
    let ours = repository.file();
    let merged = repository.merge(true);
    let said = out(&merged) + &err(&merged);
    assert!(!said.contains("geheim"), "{said}");
    let text = repository.file();
    let wanted = plain(&base).replace("geheim-app", "geheim-ours").replace("geheim-1", "geheim-theirs");
    assert_eq!(plain(&text), wanted + "    new: geheim-3\n");
    assert_eq!((line(&text, "user"), line(&text, "token")), (line(&ours, "user"), line(&base, "token")));
    assert!(!text.contains("<<<<<<<") && !text.contains("geheim"));
    // The copy in the tree is rendered again, whatever the merge made of it and of the inventory.
    good(&repository.sandbox, &["render", "--all"]);
    good(&repository.sandbox, &["render", "--all", "--check"]);
    assert_eq!(repository.sandbox.read("fleet-out/prod/apps/kuard/db.sops.yaml"), text);
    repository.git(&["add", "--all"]);
    repository.git(&["commit", "--quiet", "--message", "merged"]);
    // A merge of what is merged changes nothing.
    assert!(repository.git(&["merge", "topic"]).contains("Already up to date"));
}

#[test]
fn the_same_key_conflicts_readably_and_is_decided() {
    let Some(repository) = Repository::new("", &[PUBLIC]) else { return };
    repository.branches(
        &[("password", "geheim-ours"), ("user", "geheim-me")],
        &[("password", "geheim-theirs"), ("token", "geheim-they")],
    );
    let merged = repository.merge(true);
    assert_eq!(merged.status.code(), Some(1), "{}", out(&merged));
    let said = out(&merged) + &err(&merged);
    assert!(said.contains("`stringData.password`: either side changes it in its own way"), "{said}");
    let text = repository.file();
    assert!(text.starts_with(
        "<<<<<<< ours\n# `stringData.password`: either side changes it in its own way\n=======\n"
    ));
    assert!(!(said + &text).contains("geheim"));
    // Nobody takes it for done, and everybody says what decides it.
    for words in [&["render", "--all"][..], &["unseal", &path("db")], &["seal", &path("db")]] {
        let said = bad(&repository.sandbox, 2, words);
        assert!(
            said.contains("error[yaml/conflict]") && said.contains("`gen secrets resolve FILE`"),
            "{said}"
        );
        assert!(!said.contains("secret/top") && !said.contains("delete the lines"), "{said}");
    }
    let undecided = bad(&repository.sandbox, 2, &["secrets", "resolve", &path("db")]);
    assert!(undecided.contains("error[secret/conflict]") && undecided.contains("stringData.password"));
    for (side, password) in [("--ours", "geheim-ours"), ("--theirs", "geheim-theirs")] {
        good(&repository.sandbox, &["secrets", "resolve", &path("db"), side]);
        let plain = plain(&repository.file());
        for value in [password, "geheim-me", "geheim-they"] {
            assert!(plain.contains(value), "{side}: {plain}");
        }
    }
    good(&repository.sandbox, &["render", "--all"]);
    repository.git(&["add", "--all"]);
    repository.git(&["commit", "--quiet", "--message", "merged"]);
    assert!(
        bad(&repository.sandbox, 2, &["secrets", "resolve", &path("db"), "--ours"])
            .contains("error[secret/no-conflict]")
    );
}

#[test]
fn without_a_key_both_versions_stand_there_until_there_is_one() {
    let Some(repository) = Repository::new("", &[PUBLIC]) else { return };
    repository.branches(&[("user", "geheim-ours")], &[("password", "geheim-theirs")]);
    let ours = repository.file();
    let merged = repository.merge(false);
    assert_eq!(merged.status.code(), Some(1));
    assert!(err(&merged).contains("error[secret/no-identity]"), "{}", err(&merged));
    let text = repository.file();
    assert!(
        text.starts_with(&format!("<<<<<<< ours\n{ours}=======\n")) && text.ends_with(">>>>>>> theirs\n")
    );
    good(&repository.sandbox, &["secrets", "resolve", &path("db")]);
    let plain = plain(&repository.file());
    assert!(plain.contains("geheim-ours") && plain.contains("geheim-theirs"), "{plain}");
}

#[test]
fn whoever_either_side_removed_stays_removed() {
    let Some(repository) = Repository::new("bob", &[PUBLIC, BOB]) else { return };
    let base = repository.file();
    repository.git(&["checkout", "--quiet", "-b", "topic"]);
    repository
        .sandbox
        .write(&path("db"), changed(&base, &[("password", "geheim-theirs"), ("new", "geheim-3")]).as_bytes());
    repository.commit("theirs");
    repository.git(&["checkout", "--quiet", "main"]);
    policy(&repository.sandbox, "");
    good(&repository.sandbox, &["rekey"]);
    repository.commit("ours");
    let merged = repository.merge(true);
    let said = out(&merged) + &err(&merged);
    let text = repository.file();
    assert_eq!(open(&text).sealed().recipients(), [PUBLIC]);
    assert!(plain(&text).contains("geheim-theirs") && !text.contains("geheim"));
    for key in ["user", "password", "token"] {
        assert_ne!(line(&text, key), line(&base, key), "{key} is sealed with a key that bob knows");
    }
    // `new` was sealed for bob as well.
    assert!(said.contains("gen secrets exposed"), "{said}");
    good(&repository.sandbox, &["secrets", "exposed", &path("db"), "new", "--to", "bob"]);
    let list = repository.sandbox.read("environments/secrets/to-replace.txt");
    assert_eq!(list.lines().filter(|line| line.ends_with("  bob")).count(), 4, "{list}");
}

#[test]
fn lists_of_values_to_replace_merge() {
    let Some(repository) = Repository::new("", &[PUBLIC]) else { return };
    let expose = |key: &str, who: &str| {
        good(&repository.sandbox, &["secrets", "exposed", "prod/kuard/db", key, "--to", who]);
        repository.commit(key);
    };
    repository.git(&["checkout", "--quiet", "-b", "topic"]);
    expose("user", "a log");
    repository.git(&["checkout", "--quiet", "main"]);
    expose("password", "bob");
    repository.git(&["merge", "--no-edit", "topic"]);
    assert!(good(&repository.sandbox, &["secrets"]).contains("password, user\n"));
    good(&repository.sandbox, &["secrets", "replaced", "prod/kuard/db"]);
}

#[test]
fn differences_show_keys_and_no_values() {
    let Some(repository) = Repository::new("", &[PUBLIC]) else { return };
    let base = repository.file();
    repository.sandbox.write(&path("db"), changed(&base, &[("password", "geheim-other")]).as_bytes());
    let shown = out(&repository.run(false, &["diff", "--", &path("db")]));
    let lines = |mark: char| shown.lines().filter(|line| line.starts_with(mark)).skip(1).collect::<Vec<_>>();
    assert_eq!((lines('+').len(), lines('-').len()), (1, 1), "{shown}");
    assert!(lines('+')[0].starts_with("+    password: sealed ") && !shown.contains("geheim"), "{shown}");
    // A version that was never sealed does not keep Git from showing the rest, and is not shown.
    repository.sandbox.write(&path("db"), plain(&base).as_bytes());
    repository.git(&["commit", "--quiet", "--all", "--message", "a mistake"]);
    repository.sandbox.write(&path("db"), base.as_bytes());
    repository.git(&["commit", "--quiet", "--all", "--message", "mended"]);
    let log = repository.git(&["log", "-p", "--", &path("db")]);
    assert!(log.contains("# not shown: the file is not sealed") && !log.contains("geheim"), "{log}");
    let revealed = good(&repository.sandbox, &["secrets", "textconv", &path("db"), "--reveal"]);
    assert!(revealed.contains("    password: geheim-1\n"));
}

/// Larger than a pipe holds and than a Secret may be, as base64 in a sealed file is.
#[test]
fn a_large_file_in_conflict_is_resolved() {
    let Some(repository) = Repository::new("", &[PUBLIC]) else { return };
    let big = "x".repeat(900_000);
    repository.branches(&[("password", "geheim-ours"), ("user", &big)], &[("password", "geheim-theirs")]);
    assert_eq!(repository.merge(true).status.code(), Some(1));
    good(&repository.sandbox, &["secrets", "resolve", &path("db"), "--ours"]);
    let plain = plain(&repository.file());
    assert!(plain.contains("geheim-ours") && plain.contains(&big));
}
