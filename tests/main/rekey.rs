//! `gen rekey` and `gen rotate`: recipients to policy, new data keys, the list of what to replace; killed and attacked.

use crate::{
    hostile::Random,
    key::{KEY, PUBLIC},
    sealed::{BOB, CAROL, bad, gen_, good, line, open, path, plain, policy, project, secret},
};
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{MetadataExt, symlink},
    process::Stdio,
    time::{Duration, Instant},
};

const LIST: &str = "environments/secrets/to-replace.txt";

fn db(readers: &[&str]) -> String {
    secret("db", &[("user", "geheim-app"), ("password", "geheim-1")], readers)
}

/// Whom a file that opens is for.
fn who(text: &str) -> BTreeSet<String> {
    open(text).sealed().recipients().into_iter().map(str::to_owned).collect()
}

fn set<const N: usize>(keys: [&str; N]) -> BTreeSet<String> {
    keys.map(str::to_owned).into()
}

#[test]
fn adding_keeps_every_value_and_a_second_run_writes_nothing() {
    let sandbox = project("bob");
    let before = db(&[PUBLIC]);
    sandbox.write(&path("db"), before.as_bytes());
    let foreseen = sandbox.gen_(&["rekey", "--dry-run"]);
    assert_eq!(foreseen.status.code(), Some(0), "no key is needed");
    assert_eq!(String::from_utf8_lossy(&foreseen.stdout), format!("{}: + bob\n", path("db")));
    assert_eq!(sandbox.read(&path("db")), before);
    // What CI asks.
    let due: [&[&str]; 2] = [&["rekey", "--dry-run", "--exit-code"], &["secrets", "list", "--exit-code"]];
    assert_eq!(due.map(|words| sandbox.gen_(words).status.code()), [Some(1); 2]);
    assert_eq!(sandbox.gen_(&["secrets", "list"]).status.code(), Some(0));
    assert_eq!(sandbox.gen_(&["rekey", "--exit-code"]).status.code(), Some(2), "only a dry run asks");
    let said = good(&sandbox, &["rekey"]);
    assert_eq!(due.map(|words| sandbox.gen_(words).status.code()), [Some(0); 2]);
    assert!(said.contains("db.sops.yaml: + bob\n") && said.contains("1 file written"), "{said}");
    let after = sandbox.read(&path("db"));
    for key in ["user", "password"] {
        assert_eq!(line(&before, key), line(&after, key));
    }
    let block =
        |text: &str, key: &str| text.lines().find(|l| l.trim_start().starts_with(key)).unwrap().to_owned();
    assert_eq!(
        (block(&before, "mac:"), block(&before, "lastm")),
        (block(&after, "mac:"), block(&after, "lastm"))
    );
    assert_eq!(who(&after), set([PUBLIC, BOB]));
    assert_eq!(sandbox.read(LIST), "(there is none)\n");
    let file = fs::metadata(sandbox.root().join(path("db"))).unwrap();
    assert!(good(&sandbox, &["rekey"]).contains("the recipients of every file are as they should be"));
    let again = fs::metadata(sandbox.root().join(path("db"))).unwrap();
    assert_eq!((file.ino(), file.mtime_nsec()), (again.ino(), again.mtime_nsec()));
}

#[test]
fn removing_makes_a_new_key_and_lists_what_to_replace() {
    let sandbox = project("carol");
    let before = db(&[PUBLIC, BOB]);
    sandbox.write(&path("db"), before.as_bytes());
    let foreseen = good(&sandbox, &["rekey", "prod", "--dry-run"]);
    assert!(foreseen.contains(": + carol, - bob, new data key\n"), "{foreseen}");
    assert!(
        foreseen.contains("to be replaced where it was issued: prod/kuard/db: user, password\n"),
        "{foreseen}"
    );
    assert_eq!(sandbox.read(LIST), "(there is none)\n");
    good(&sandbox, &["rekey", "prod"]);
    let after = sandbox.read(&path("db"));
    assert_eq!((plain(&after), who(&after)), (plain(&before), set([PUBLIC, CAROL])));
    for key in ["user", "password"] {
        assert_ne!(line(&before, key), line(&after, key));
    }
    let list = sandbox.read(LIST);
    let lines: Vec<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 2, "{list}");
    assert!(
        lines[0].ends_with("  prod/kuard/db  password  bob")
            && lines[1].ends_with("  prod/kuard/db  user  bob")
    );
    assert!(!list.contains("geheim"));
    // It is kept, whatever else is done, until each value is replaced.
    good(&sandbox, &["rotate"]);
    good(&sandbox, &["rekey"]);
    assert_eq!(sandbox.read(LIST), list);
    assert!(good(&sandbox, &["secrets"]).contains("password, user\n"));
    assert!(
        bad(&sandbox, 2, &["secrets", "replaced", "prod/kuard/db", "x"]).contains("error[secret/not-listed]")
    );
    good(&sandbox, &["secrets", "replaced", &path("db"), "user"]);
    assert!(!sandbox.read(LIST).contains("  user  ") && sandbox.read(LIST).contains("  password  "));
    fs::remove_file(sandbox.root().join(path("db"))).unwrap();
    assert!(good(&sandbox, &["secrets"]).contains("the file is gone"), "whoever knows it still does");
    good(&sandbox, &["secrets", "replaced", "prod/kuard/db"]);
    assert_eq!(sandbox.read(LIST), "(there is none)\n");
}

#[test]
fn rotating_seals_every_value_anew() {
    let sandbox = project("bob");
    let before = db(&[PUBLIC, BOB]);
    sandbox.write(&path("db"), before.as_bytes());
    assert!(good(&sandbox, &["rotate", "--dry-run"]).contains("new data key"));
    let said = good(&sandbox, &["rotate", "--format", "json"]);
    assert!(said.contains("\"newKey\": true") && said.contains("\"toReplace\": []"), "{said}");
    assert!(said.contains("\"written\": true"), "{said}");
    let after = sandbox.read(&path("db"));
    assert_eq!(plain(&before), plain(&after));
    assert!(["user", "password"].iter().all(|key| line(&before, key) != line(&after, key)));
}

#[test]
fn one_file_may_be_named_as_the_list_prints_it() {
    let sandbox = project("bob");
    let (db, other) = (db(&[PUBLIC, BOB]), secret("two", &[("a", "geheim-2")], &[PUBLIC, BOB]));
    sandbox.write(&path("db"), db.as_bytes());
    sandbox.write(&path("two"), other.as_bytes());
    for named in ["prod/kuard/db", &path("db")] {
        let before = sandbox.read(&path("db"));
        let said = good(&sandbox, &["rotate", named]);
        assert!(said.contains(&format!("{}: new data key\n", path("db"))) && said.contains("1 file written"));
        assert_ne!(sandbox.read(&path("db")), before);
        assert_eq!(plain(&sandbox.read(&path("db"))), plain(&db));
        assert_eq!(sandbox.read(&path("two")), other);
        let listed = good(&sandbox, &["secrets", "list", named]);
        assert!(listed.contains("prod/kuard/db") && !listed.contains("two"), "{listed}");
    }
    // Beside another, and from another folder; what is as it should be is not written.
    assert!(good(&sandbox, &["rotate", "--dry-run", "prod/kuard/db", "prod/kuard/two"]).contains("2 files"));
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_gen"));
    command.current_dir(sandbox.root().join("environments/secrets/prod"));
    let output = command.args(["rotate", "--dry-run", "kuard/two.sops.yaml"]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{}: new data key\n", path("two")));
    assert!(good(&sandbox, &["rekey", "prod/kuard/db"]).contains("are as they should be"));
    let said = bad(&sandbox, 2, &["rotate", "prod/kuard/none"]);
    assert!(said.contains("error[usage/unknown-owner]"), "{said}");
    assert!(said.contains(&format!("nor is there a sealed file `{}`", path("none"))), "{said}");
    assert_eq!(sandbox.read(&path("two")), other);
}

#[test]
fn entries_of_other_services_stay_to_the_byte() {
    let sandbox = project("bob");
    let kms = "    kms:\n        - arn: arn:aws:kms:eu-west-1:000000000000:key/x\n          created_at: \"2026-01-01T00:00:00Z\"\n          enc: AQICAHh=\n          aws_profile: \"\"\n";
    let before = db(&[PUBLIC]).replace("sops:\n", &format!("sops:\n{kms}"));
    sandbox.write(&path("db"), before.as_bytes());
    good(&sandbox, &["rekey"]);
    let after = sandbox.read(&path("db"));
    assert!(after.contains(kms), "{after}");
    assert_eq!(who(&after), set([PUBLIC, BOB]));
    // A new data key could not be given to them.
    policy(&sandbox, "");
    let said = bad(&sandbox, 2, &["rekey"]);
    assert!(said.contains("error[secret/foreign]"), "{said}");
    assert_eq!(sandbox.read(&path("db")), after);
}

#[test]
fn a_secret_may_be_named_like_a_file() {
    let sandbox = project("bob");
    let file = path("db.sops.yaml");
    sandbox.write(&file, secret("db.sops.yaml", &[("user", "geheim")], &[PUBLIC]).as_bytes());
    let said = good(&sandbox, &["rekey"]);
    assert!(said.contains(&format!("{file}: + bob\n")), "{said}");
    assert_eq!(who(&sandbox.read(&file)), set([PUBLIC, BOB]));
}

#[test]
fn an_environment_means_its_layers_too() {
    let sandbox = project("bob");
    sandbox.write("environments/base.yaml", b"abstract: true\ncomponents: {kuard: {pack: raw, extra: {other: {apiVersion: v1, kind: ConfigMap, metadata: {name: y}}}}}\n");
    sandbox.write(
        "environments/dev.yaml",
        b"extends: [base]\ncluster: {name: dev, domain: example.com}\nsecrets: {cluster: prod}\n",
    );
    let files =
        ["base", "dev", "prod"].map(|owner| format!("environments/secrets/{owner}/kuard/db.sops.yaml"));
    files.iter().for_each(|file| sandbox.write(file, db(&[PUBLIC, CAROL]).as_bytes()));
    let touched = |arguments: &[&str]| {
        let said = good(&sandbox, &[&["rekey", "--dry-run"], arguments].concat());
        files.each_ref().map(|file| said.contains(file.as_str()))
    };
    assert_eq!(touched(&["dev"]), [true, true, false]);
    assert_eq!(touched(&["base"]), [true, false, false]);
    assert_eq!(touched(&["p*"]), [false, false, true]);
    assert_eq!(touched(&[]), [true, true, true]);
    assert!(bad(&sandbox, 2, &["rekey", "prd"]).contains("did you mean `prod`?"));
    // What cannot be read may name somebody, who would be taken out of every file.
    sandbox.write("environments/dev.yaml", b"extends: [base\n");
    let said = bad(&sandbox, 2, &["rekey", "base"]);
    assert!(said.contains("error[secret/untrusted]"), "{said}");
    sandbox.write("environments/dev.yaml", b"extends: [base]\nsecrets: {recipients: 7}\n");
    assert!(bad(&sandbox, 2, &["rekey", "base"]).contains("error[secret/untrusted]"));
}

#[test]
fn what_cannot_be_opened_is_told_and_the_others_are_done() {
    let sandbox = project("bob");
    let locked = db(&[CAROL]);
    sandbox.write(&path("db"), locked.as_bytes());
    sandbox.write(&path("two"), secret("two", &[("a", "geheim-2")], &[PUBLIC]).as_bytes());
    let said = bad(&sandbox, 2, &["rekey"]);
    assert!(said.contains("error[secret/wrong-key]") && said.contains("two.sops.yaml: + bob"), "{said}");
    assert_eq!(sandbox.read(&path("db")), locked);
    assert_eq!(who(&sandbox.read(&path("two"))), set([PUBLIC, BOB]));
    let nobody = sandbox.gen_(&["rekey"]);
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("error[secret/no-identity]"));
}

/// Neither is the list told of what did not change.
#[test]
fn what_cannot_be_written_is_told_and_the_others_are_done() {
    let sandbox = project("carol");
    let (db, other) = (db(&[PUBLIC, BOB]), secret("two", &[("a", "geheim-2")], &[PUBLIC, BOB]));
    sandbox.write(&path("db"), db.as_bytes());
    sandbox.write(&path("two"), other.as_bytes());
    // A folder has the name of the temporary file.
    let in_the_way = path("db").replace("db.sops", ".gen-tmp-db.sops");
    fs::create_dir(sandbox.root().join(&in_the_way)).unwrap();
    let said = bad(&sandbox, 2, &["rekey"]);
    assert!(said.contains("error[write/failed]") && said.contains("1 file written"), "{said}");
    assert_eq!(sandbox.read(&path("db")), db);
    assert_eq!(who(&sandbox.read(&path("two"))), set([PUBLIC, CAROL]));
    assert!(sandbox.read(LIST).contains("  prod/kuard/two  a  bob") && !sandbox.read(LIST).contains("/db"));
    fs::remove_dir(sandbox.root().join(&in_the_way)).unwrap();
    good(&sandbox, &["rekey"]);
    assert_eq!(who(&sandbox.read(&path("db"))), set([PUBLIC, CAROL]));
    assert!(sandbox.read(LIST).contains("  prod/kuard/db  user  bob"));
}

#[test]
fn attacks_fail_closed() {
    let genuine = db(&[PUBLIC, CAROL]);
    let swapped = {
        let (user, password) = (line(&genuine, "user"), line(&genuine, "password"));
        let value = |line: &str| line.split_once(": ").unwrap().1.to_owned();
        genuine
            .replace(&user, &format!("    user: {}", value(&password)))
            .replace(&password, &format!("    password: {}", value(&user)))
    };
    let flip = |part: &str| {
        let at = genuine.find(part).unwrap() + part.len();
        let other = if &genuine[at..=at] == "A" { "B" } else { "A" };
        format!("{}{other}{}", &genuine[..at], &genuine[at + 1..])
    };
    let mac = genuine.lines().find(|line| line.trim_start().starts_with("mac:")).unwrap();
    let modified = genuine.lines().find(|line| line.trim_start().starts_with("lastmodified:")).unwrap();
    for (what, text, id) in [
        ("a bit of a value", flip("AES256_GCM,data:"), "secret/value"),
        ("a bit of a nonce", flip("iv:"), "secret/value"),
        ("a bit of a tag", flip("tag:"), "secret/value"),
        ("two values swapped", swapped, "secret/moved"),
        ("no code", genuine.replace(&format!("{mac}\n"), ""), "secret/mac-missing"),
        (
            "another time",
            genuine.replace(modified, "    lastmodified: \"2026-09-22T00:00:01Z\""),
            "secret/modified",
        ),
        ("a clear part changed", genuine.replace("type: Opaque", "type: other"), "secret/mac"),
    ] {
        let sandbox = project("bob");
        sandbox.write(&path("db"), text.as_bytes());
        for verb in ["rekey", "rotate"] {
            let said = bad(&sandbox, 2, &[verb]);
            assert!(said.contains(&format!("error[{id}")), "{what}: {said}");
            assert!(!said.contains("geheim"), "{what}: {said}");
            assert_eq!(sandbox.read(&path("db")), text, "{what}");
        }
        let listed = bad(&sandbox, 1, &["secrets"]);
        assert!(listed.contains("BROKEN") && !listed.contains("geheim"), "{what}: {listed}");
    }
}

#[test]
fn stanzas_that_policy_does_not_know_are_seen_and_go() {
    let sandbox = project("");
    // An attacker who can write adds a key: the file still opens, but is not as policy says.
    let other = db(&[CAROL]);
    let stanza = &other[other.find("        - enc:").unwrap()..other.find("    encrypted_regex").unwrap()];
    let genuine = db(&[PUBLIC]);
    let forged = genuine.replacen("    encrypted_regex", &format!("{stanza}    encrypted_regex"), 1);
    assert_eq!(who(&forged), set([PUBLIC, CAROL]));
    sandbox.write(&path("db"), forged.as_bytes());
    assert!(good(&sandbox, &["secrets"]).contains("- carol"));
    assert!(good(&sandbox, &["rekey"]).contains("- carol, new data key"));
    assert_eq!(who(&sandbox.read(&path("db"))), set([PUBLIC]));
}

#[test]
fn no_link_is_written_through() {
    let sandbox = project("bob");
    let text = db(&[PUBLIC]);
    sandbox.write("environments/elsewhere.md", text.as_bytes());
    fs::create_dir_all(sandbox.root().join("environments/secrets/prod/kuard")).unwrap();
    symlink("../../../elsewhere.md", sandbox.root().join(path("db"))).unwrap();
    let said = bad(&sandbox, 2, &["rekey"]);
    assert!(said.contains("error[write/link]"), "{said}");
    assert_eq!(sandbox.read("environments/elsewhere.md"), text);
}

/// Killed at random points, `gen rekey` leaves files that are each old or new, and completes when it is run again. As
/// many rounds as `GEN_KILLS` says.
#[test]
fn killed_anywhere_every_file_is_old_or_new() {
    let rounds = std::env::var("GEN_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(6_usize);
    const FILES: usize = 200;
    let sandbox = project("bob");
    let names: Vec<String> = (0..FILES).map(|number| format!("s{number:03}")).collect();
    for name in &names {
        let text = secret(name, &[("a", "geheim-1"), ("b", "geheim-2")], &[PUBLIC, BOB]);
        sandbox.write(&path(name), text.as_bytes());
    }
    let mut random = Random(7);
    let (mut killed, mut halfway) = (0, 0);
    let mut whole = Duration::ZERO;
    for round in 0..=rounds {
        // Each round removes one and adds another: new data keys. The first tells how long it takes when nobody kills it.
        let (old, new) = if round % 2 == 0 { (BOB, CAROL) } else { (CAROL, BOB) };
        policy(&sandbox, if round % 2 == 0 { "carol" } else { "bob" });
        let before: Vec<String> = names.iter().map(|name| sandbox.read(&path(name))).collect();
        let mut child = sandbox
            .command(env!("CARGO_BIN_EXE_gen"))
            .env("SOPS_AGE_KEY", KEY)
            .arg("rekey")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        if round == 0 {
            child.wait().unwrap();
            whole = begun.elapsed();
        } else {
            std::thread::sleep(whole.mul_f64(random.below(1000) as f64 / 900.0));
            child.kill().unwrap();
            killed += usize::from(!child.wait().unwrap().success());
        }
        let mut done = 0;
        for (name, before) in names.iter().zip(&before) {
            let now = sandbox.read(&path(name));
            if now == *before {
                continue;
            }
            done += 1;
            assert_eq!(who(&now), set([PUBLIC, new]), "{name} is neither old nor new");
            let list = sandbox.read(LIST);
            let who = if old == BOB { "bob" } else { "carol" };
            let listed =
                list.lines().any(|l| l.contains(&format!("  prod/kuard/{name}  a  ")) && l.contains(who));
            assert!(listed, "{name} is new, and the list does not say so");
        }
        halfway += usize::from(done > 0 && done < FILES);
        good(&sandbox, &["rekey"]);
        for name in &names {
            assert_eq!(who(&sandbox.read(&path(name))), set([PUBLIC, new]));
        }
        let left = fs::read_dir(sandbox.root().join("environments/secrets/prod/kuard")).unwrap();
        let left: Vec<_> =
            left.map(|e| e.unwrap().file_name()).filter(|n| n.to_string_lossy().starts_with('.')).collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
    eprintln!("{rounds} rounds of {FILES} files: {killed} killed, {halfway} of them halfway");
    assert!(rounds < 4 || killed > 0, "no run was killed");
}

#[test]
fn quiet_says_nothing_and_json_says_all() {
    let sandbox = project("bob");
    sandbox.write(&path("db"), db(&[PUBLIC]).as_bytes());
    let output = gen_(&sandbox, &["rekey", "--quiet"]);
    assert!(output.status.success() && output.stderr.is_empty());
    let said = good(&sandbox, &["rekey", "--format", "json"]);
    assert!(said.contains("\"written\": false") && said.contains("\"files\": []"), "{said}");
}
