//! An environment of which nothing changed is not rendered again, and nothing that did change is missed.

use crate::{
    key::{err, home, out},
    sandbox::Sandbox,
};
use std::{fs, process::Output, thread::sleep, time::Duration};

const FILE: &str = "fleet-out/prod/apps/kuard/service.yaml";

fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    good(&sandbox.gen_(&["init"]));
    sandbox
}

fn good(output: &Output) -> String {
    assert!(output.status.success(), "{}", err(output));
    out(output)
}

/// The environments that a run renders, and whether it changes a file.
fn rendered(sandbox: &Sandbox, words: &[&str]) -> (Vec<String>, bool) {
    let words = [&["render", "--format", "json"], words].concat();
    let said: serde_json::Value = serde_json::from_str(&good(&sandbox.gen_(&words))).unwrap();
    let environments = said["environments"].as_array().unwrap();
    let names = environments.iter().filter(|one| one["rendered"] == true);
    let names = names.map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    let empty = |one: &serde_json::Value, key: &str| one[key].as_array().is_some_and(Vec::is_empty);
    let same = |one: &serde_json::Value| ["added", "changed", "removed"].iter().all(|key| empty(one, key));
    (names, !environments.iter().all(same))
}

#[test]
fn what_did_not_change_is_not_rendered_again() {
    let sandbox = project();
    let all = |sandbox: &Sandbox| rendered(sandbox, &["--all"]);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(all(&sandbox), (names(&["dev", "prod"]), true));
    let first = sandbox.tree("fleet-out");
    assert_eq!(all(&sandbox), (names(&[]), false));
    let files = sandbox.tree("fleet-out/prod").matches("=== ").count();
    let said = err(&sandbox.gen_(&["render", "prod"]));
    assert_eq!(said, format!("prod: {files} unchanged\n"));
    sandbox.edit("environments/prod.yaml", "max: 10", "max: 11");
    assert_eq!(all(&sandbox), (names(&["prod"]), true));
    sandbox.edit("environments/prod.yaml", "max: 11", "max: 10");
    assert_eq!(rendered(&sandbox, &["prod"]), (names(&["prod"]), true));
    assert_eq!(sandbox.tree("fleet-out"), first);
    sandbox.edit("environments/base.yaml", "port: 8080", "port: 8081");
    assert_eq!(all(&sandbox), (names(&["dev", "prod"]), true));
    // Another folder is another tree.
    assert_eq!(rendered(&sandbox, &["--all", "--out", "other"]).0, names(&["dev", "prod"]));
    assert_eq!(rendered(&sandbox, &["--all", "--out", "../project/other"]).0, names(&[]));
    assert_eq!(all(&sandbox), (names(&[]), false));
    assert!(rendered(&sandbox, &["--all", "--no-check"]).0 == names(&["dev", "prod"]));
}

#[test]
fn whatever_happened_to_a_file_is_seen() {
    let sandbox = project();
    good(&sandbox.gen_(&["render", "--all"]));
    let text = sandbox.read(FILE);
    let set = |text: &str| {
        sleep(Duration::from_millis(20));
        sandbox.write(FILE, text.as_bytes());
    };
    // By hand, with as many bytes and the old time.
    let before = fs::metadata(sandbox.root().join(FILE)).unwrap().modified().unwrap();
    set(&text.replace("ClusterIP", "ClusterIp").replace("8080", "8081"));
    fs::File::options().write(true).open(sandbox.root().join(FILE)).unwrap().set_modified(before).unwrap();
    let told = sandbox.gen_(&["render", "prod"]);
    assert_eq!(told.status.code(), Some(1), "{}", err(&told));
    assert!(err(&told).contains("error[write/edited-by-hand]"), "{}", err(&told));
    assert!(sandbox.gen_(&["render", "prod", "--force"]).status.success());
    assert_eq!(sandbox.read(FILE), text);
    sandbox.remove(FILE);
    assert_eq!(rendered(&sandbox, &["prod"]), (vec!["prod".to_owned()], true));
    assert_eq!(sandbox.read(FILE), text);
    sandbox.remove("fleet-out");
    assert_eq!(rendered(&sandbox, &["--all"]).0.len(), 2);
    assert_eq!(rendered(&sandbox, &["--all"]).0.len(), 0);
}

#[test]
fn what_compares_and_what_is_for_ci_asks_no_memory() {
    let sandbox = project();
    good(&sandbox.gen_(&["render", "--all"]));
    assert_eq!(rendered(&sandbox, &["--all", "--check"]).0.len(), 2);
    let mut ci = sandbox.command(env!("CARGO_BIN_EXE_gen"));
    let output = ci.env("CI", "true").args(["render", "--all", "--format", "json"]).output().unwrap();
    assert_eq!(good(&output).matches("\"rendered\": true").count(), 2);
}

/// A warning is told each time.
#[test]
fn what_has_something_to_say_is_not_remembered() {
    let sandbox = project();
    sandbox.edit("environments/prod.yaml", "components:", "vars: {gone: null}\ncomponents:");
    let said = || err(&sandbox.gen_(&["render", "--all"]));
    let first = said();
    assert!(first.contains("warning["), "{first}");
    let again = said();
    assert_eq!(first.matches("warning[").count(), again.matches("warning[").count(), "{again}");
    assert_eq!(rendered(&sandbox, &["--all"]).0, ["prod"]);
}

#[test]
fn a_memory_that_is_spoilt_or_cannot_be_kept_is_none() {
    let sandbox = project();
    good(&sandbox.gen_(&["render", "--all"]));
    let cache = home(&sandbox).join("cache/fleetgen/renders");
    let entries = fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path());
    let entries: Vec<_> = entries.filter(|path| !path.ends_with(".swept")).collect();
    assert_eq!(entries.len(), 2);
    for entry in entries {
        let text = fs::read_to_string(&entry).unwrap();
        fs::write(&entry, text.replace("service.yaml", "deployment.yaml")).unwrap();
    }
    assert_eq!(rendered(&sandbox, &["--all"]), (vec!["dev".to_owned(), "prod".to_owned()], false));
    fs::remove_dir_all(home(&sandbox).join("cache")).unwrap();
    fs::write(home(&sandbox).join("cache"), "in the way").unwrap();
    assert_eq!(rendered(&sandbox, &["--all"]).0.len(), 2);
    assert_eq!(rendered(&sandbox, &["--all"]).0.len(), 2);
    let mut homeless = sandbox.command(env!("CARGO_BIN_EXE_gen"));
    homeless.env_remove("HOME").env_remove("XDG_CACHE_HOME").args(["render", "--all"]);
    good(&homeless.output().unwrap());
}

/// As soon as the files are written somebody edits one, while the run still looks at them.
#[test]
fn an_edit_on_the_heels_of_a_write_is_seen_the_next_time() {
    let sandbox = project();
    good(&sandbox.gen_(&["render", "--all"]));
    for round in 0..3 {
        let inventory = sandbox.read("fleet-out/prod/.gen-inventory");
        sandbox.edit(
            "environments/prod.yaml",
            &format!("max: {}", 10 + round),
            &format!("max: {}", 11 + round),
        );
        let mut run = sandbox.command(env!("CARGO_BIN_EXE_gen")).args(["render", "--all"]).spawn().unwrap();
        let text = loop {
            let now = sandbox.read("fleet-out/prod/.gen-inventory");
            // While it writes, a line has two hashes.
            if now != inventory && now.lines().all(|line| line.split("  ").next().unwrap().len() == 64) {
                break sandbox.read(FILE);
            }
            assert!(run.try_wait().unwrap().is_none_or(|status| status.success()));
        };
        assert!(text.contains("ClusterIP"));
        sandbox.write(FILE, text.replace("ClusterIP", "ClusterIp").as_bytes());
        assert!(run.wait().unwrap().success());
        let told = sandbox.gen_(&["render", "prod"]);
        assert!(err(&told).contains("error[write/edited-by-hand]"), "round {round}: {}", err(&told));
        sandbox.write(FILE, text.as_bytes());
    }
}
