//! `gen secrets` and `gen diff`: what is seen of sealed files without their values.

use crate::{
    key::{KEY, PUBLIC, err},
    sealed::{BOB, CAROL, bad, changed, good, line, open, path, plain, policy, project, secret},
};
use std::fs;

/// What keeps Flux's substitution away.
const KEPT: &str = "    annotations:\n        kustomize.toolkit.fluxcd.io/substitute: disabled";

const COPY: &str = "environments/secrets/prod/other/copy.sops.yaml";

fn db(readers: &[&str]) -> String {
    secret("db", &[("user", "geheim-app"), ("password", "geheim-1")], readers)
}

#[test]
fn the_table_says_how_every_file_stands() {
    let sandbox = project("bob");
    sandbox.write(&path("db"), db(&[PUBLIC, BOB]).as_bytes());
    sandbox.write(&path("tls"), secret("tls", &[("tls.key", "geheim-2")], &[PUBLIC]).as_bytes());
    assert_eq!(
        good(&sandbox, &["secrets"]),
        "SECRET          KEYS            RECIPIENTS  MAC   TO REPLACE\n\
         prod/kuard/db   user, password  as wanted   good  -\n\
         prod/kuard/tls  tls.key         + bob       good  -\n"
    );
    let closed = sandbox.gen_(&["secrets", "list", "prod", "--format", "json"]);
    let text = String::from_utf8(closed.stdout).unwrap();
    assert!(
        closed.status.success()
            && text.contains("\"mac\": null")
            && text.contains("\"missing\": [\n        \"bob\""),
        "{text}"
    );
    sandbox.write(&path("bad"), b"a: b\n");
    let said = bad(&sandbox, 1, &["secrets"]);
    assert!(said.contains("error[load/not-sealed]") && said.contains("prod/kuard/tls"), "{said}");
}

#[test]
fn a_copy_is_for_its_own_place() {
    let sandbox = project("bob");
    sandbox.write("environments/dev.yaml", b"cluster: {name: dev, domain: dev.example.com}\nsecrets: {cluster: prod}\ncomponents: {kuard: {pack: raw, extra: {x: {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}}}}\n");
    let from = "environments/secrets/dev/kuard/db.sops.yaml";
    sandbox.write(from, db(&[PUBLIC]).as_bytes());
    let said = good(&sandbox, &["secrets", "copy", "dev/kuard/db", "prod/other/copy"]);
    assert_eq!(said, format!("{COPY}\n"));
    let text = sandbox.read(COPY);
    let wanted = plain(&sandbox.read(from))
        .replace("name: db", "name: copy")
        .replace("namespace: kuard", &format!("namespace: other\n{KEPT}"));
    assert_eq!((plain(&text), open(&text).sealed().recipients()), (wanted, vec![BOB, PUBLIC]));
    assert!(!text.contains("geheim"));
    // The same again writes nothing; other values only when that is meant, and what stays the same keeps its text.
    assert!(good(&sandbox, &["secrets", "copy", from, COPY]).contains("holds these values already"));
    assert_eq!(sandbox.read(COPY), text);
    sandbox.write(from, changed(&sandbox.read(from), &[("password", "geheim-9")]).as_bytes());
    assert!(bad(&sandbox, 2, &["secrets", "copy", from, COPY]).contains("error[secret/exists]"));
    policy(&sandbox, "");
    good(&sandbox, &["secrets", "exposed", "prod/other/copy", "password"]);
    // The two words that other commands take mean the same file.
    good(&sandbox, &["secrets", "replaced", "prod", "other/copy", "password"]);
    good(&sandbox, &["secrets", "exposed", "prod", "other/copy", "password"]);
    good(&sandbox, &["secrets", "copy", from, COPY, "--force"]);
    let after = sandbox.read(COPY);
    assert!(plain(&after).contains("geheim-9") && !after.contains("geheim"));
    // The new value is known to nobody; the other one to bob, who was removed on the way.
    let list = sandbox.read("environments/secrets/to-replace.txt");
    assert!(list.contains("  prod/other/copy  user  bob\n") && !list.contains("  password  "), "{list}");
    for (from, to, id) in [
        ("dev/kuard/none", "prod/other/copy", "secret/no-file"),
        ("dev/kuard/db", "prod/none/copy", "usage/unknown-component"),
        ("dev/kuard/db", "nowhere", "usage/sealed-file"),
    ] {
        assert!(
            bad(&sandbox, 2, &["secrets", "copy", from, to]).contains(&format!("error[{id}]")),
            "{from} {to}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_told_by_the_list_and_by_rekey() {
    let sandbox = project("");
    sandbox.write(&path("nul"), b"a: \0\n");
    sandbox.write(&format!("{}/x", path("folder")), b"x");
    sandbox.write(&path("plain").replace(".sops", ""), b"a: b\n");
    sandbox.write("environments/dev.yaml", b"a: [\n");
    let listed = bad(&sandbox, 1, &["secrets"]);
    for what in ["nul.sops.yaml", "folder.sops.yaml", "plain.yaml", "environments/dev.yaml"] {
        assert!(listed.contains(what), "{what}: {listed}");
    }
    let said = bad(&sandbox, 1, &["secrets", "--format", "json"]);
    assert!(said.contains("nul.sops.yaml"), "{said}");
    sandbox.remove("environments/dev.yaml");
    let said = bad(&sandbox, 2, &["rekey"]);
    assert!(said.contains("nul.sops.yaml") && !said.contains("as they should be"), "{said}");
}

#[test]
fn a_layer_whose_component_lives_in_two_namespaces_has_no_copy() {
    let sandbox = project("");
    sandbox.write(&path("db"), db(&[PUBLIC]).as_bytes());
    sandbox.write("environments/base.yaml", b"abstract: true\ncomponents: {app: {pack: raw, extra: {x: {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}}}}\n");
    for name in ["one", "two"] {
        let text = format!(
            "extends: [base]\ncluster: {{name: {name}, domain: {name}.example.com}}\nsecrets: {{cluster: prod}}\ncomponents: {{app: {{namespace: {name}}}}}\n"
        );
        sandbox.write(&format!("environments/{name}.yaml"), text.as_bytes());
    }
    let said = bad(&sandbox, 2, &["secrets", "copy", "prod/kuard/db", "base/app/db"]);
    assert!(said.contains("error[secret/namespace]") && said.contains("`one` and `two`"), "{said}");
}

#[test]
fn the_list_of_values_to_replace_is_not_lost() {
    let sandbox = project("");
    sandbox.write(&path("db"), db(&[PUBLIC, BOB]).as_bytes());
    sandbox.write("environments/secrets/to-replace.txt", b"something else\n");
    let said = bad(&sandbox, 2, &["rekey"]);
    assert!(said.contains("error[secret/to-replace]"), "{said}");
    assert!(bad(&sandbox, 2, &["secrets", "exposed", "prod/kuard/db"]).contains("error[secret/to-replace]"));
    assert!(bad(&sandbox, 2, &["render", "--all"]).contains("error[secret/to-replace]"));
    fs::remove_file(sandbox.root().join("environments/secrets/to-replace.txt")).unwrap();
    let said = bad(&sandbox, 2, &["secrets", "exposed", "prod/kuard/db", "pasword"]);
    assert!(said.contains("there is no key `pasword`"), "{said}");
    let none = bad(&sandbox, 2, &["secrets", "resolve", &path("db")]);
    assert!(none.contains("error[secret/index]"), "no repository: {none}");
}

#[test]
fn a_difference_shows_keys_and_recipients() {
    let sandbox = project("");
    let copy = "fleet-out/prod/apps/kuard/db.sops.yaml";
    let before = db(&[PUBLIC]);
    sandbox.write(&path("db"), before.as_bytes());
    let added = good(&sandbox, &["diff", "prod"]);
    assert!(
        added.contains(&format!("added: {copy}\n")) && added.contains("+ stringData.password\n"),
        "{added}"
    );
    assert!(added.contains("+ recipient prod\n") && !added.contains("ENC["), "{added}");
    good(&sandbox, &["render", "prod"]);
    sandbox.write(&path("db"), changed(&before, &[("password", "geheim-2"), ("new", "geheim-3")]).as_bytes());
    let shown = good(&sandbox, &["diff", "prod"]);
    assert_eq!(shown, format!("changed: {copy}\n~ stringData.password\n+ stringData.new\n"));
    let revealed = good(&sandbox, &["diff", "prod", "--reveal"]);
    assert!(
        revealed.contains("-    password: geheim-1\n+    password: geheim-2\n+    new: geheim-3\n"),
        "{revealed}"
    );
    let closed = sandbox.gen_(&["diff", "prod", "--reveal"]);
    assert_eq!(closed.status.code(), Some(2), "there is no key");
    assert!(!String::from_utf8_lossy(&closed.stdout).contains("geheim"));
    assert!(bad(&sandbox, 2, &["diff", "prod", "--reveal", "--format", "json"]).contains("usage/values"));
    // A new data key: only who can look inside knows that no value changed.
    good(&sandbox, &["render", "prod"]);
    policy(&sandbox, "bob");
    good(&sandbox, &["rotate"]);
    let sealed = |text: String| text.split("changed: .sops.yaml").next().unwrap().to_owned();
    assert_eq!(
        sealed(good(&sandbox, &["diff", "prod"])),
        format!(
            "changed: {copy}\n+ recipient bob\n~ every value is sealed anew; whether one changed only a key can tell\n"
        )
    );
    let key = sandbox.root().parent().unwrap().join("key");
    fs::write(&key, crate::key::KEY).unwrap();
    let inside = good(&sandbox, &["diff", "prod", "--identity", "../key"]);
    assert_eq!(sealed(inside), format!("changed: {copy}\n+ recipient bob\n"));
    assert_ne!(line(&sandbox.read(&path("db")), "user"), line(&before, "user"));
}

/// A base may be many environments', so only those whom none of them names are told.
#[test]
fn strangers_who_can_open_a_file_of_a_base_are_told() {
    let sandbox = project("bob");
    sandbox.edit(
        "environments/prod.yaml",
        "components:\n",
        "components:\n  b: {pack: raw, base: manifests/b, namespace: kuard}\n",
    );
    sandbox.write("manifests/b/kustomization.yaml", b"resources: [p.sops.yaml]\n");
    let sealed = |readers: &[&str]| {
        sandbox.write("manifests/b/p.sops.yaml", secret("p", &[("a", "geheim")], readers).as_bytes());
        let output = sandbox.gen_(&["render", "prod"]);
        assert!(output.status.success(), "{}", err(&output));
        err(&output)
    };
    let said = sealed(&[PUBLIC, CAROL]);
    assert!(
        said.contains("warning[secret/recipients]: `p` is sealed for somebody whom no environment names"),
        "{said}"
    );
    assert!(said.contains("for `carol`") && said.contains("help: run: gen seal FILE --for prod"), "{said}");
    assert!(!sealed(&[PUBLIC, BOB]).contains("secret/recipients"));
    let out = sandbox.gen_(&["seal", "manifests/b/p.sops.yaml", "--for", "prod"]);
    assert!(out.status.success(), "{}", err(&out));
}

/// Who was removed has seen what stays, and not what is new.
#[test]
fn a_value_that_is_new_is_not_to_be_replaced() {
    let sandbox = project("bob");
    sandbox.write(&path("db"), db(&[PUBLIC, BOB]).as_bytes());
    policy(&sandbox, "");
    let seal = |words: &[&str]| {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_gen"));
        let output =
            command.env("SOPS_AGE_KEY", KEY).args(["seal", "prod", "kuard/db"]).args(words).output().unwrap();
        assert!(output.status.success(), "{}", err(&output));
        err(&output)
    };
    let said = seal(&["--generate", "password=12"]);
    assert!(said.contains("for ever: replace `stringData.user` where they were issued"), "{said}");
    // Not only where a value has a `$`: that would tell of it.
    assert!(sandbox.read(&path("db")).contains(KEPT));
    sandbox.write(&path("db"), db(&[PUBLIC, BOB]).as_bytes());
    let said = seal(&["--generate", "password=12", "--generate", "user=12"]);
    assert!(said.contains("no longer for bob, who can read the history for ever\n"), "{said}");
}

/// A tree that is refused is not printed, and the values of its Secrets in no difference.
#[test]
fn what_is_refused_because_it_can_be_read_is_shown_nowhere() {
    let fleet = project("bob");
    let text = secret("x", &[("password", "geheim-1")], &[PUBLIC]);
    let line = line(&text, "password");
    fleet.write(&path("x"), text.replace(&line, "    password: geheim-1").as_bytes());
    let plain = "{apiVersion: v1, kind: Secret, metadata: {name: mine}, stringData: {password: geheim-2}}";
    fleet.edit(
        "environments/prod.yaml",
        "  other: {pack: raw, namespace: other, extra: {",
        &format!("  other: {{pack: raw, namespace: other, extra: {{mine: {plain}, "),
    );
    for (words, code) in [
        (["render", "prod"].as_slice(), 1),
        (&["render", "prod", "--stdout"], 1),
        (&["render", "prod", "--stdout", "--no-check"], 1),
        (&["render", "prod", "--format", "json"], 1),
        (&["diff", "prod"], 2),
        (&["diff", "prod", "--format", "json"], 2),
    ] {
        let said = bad(&fleet, code, words);
        assert!(said.contains("secret/clear") && said.contains("secret/plain"), "{said}");
        assert!(!said.contains("geheim"), "{words:?}: {said}");
    }
    let said = bad(&fleet, 1, &["render", "prod", "--stdout"]);
    assert!(said.contains("; nothing was printed") && !said.contains("kind: ConfigMap"), "{said}");
    let said = bad(&fleet, 2, &["diff", "prod"]);
    let hidden = "secret-mine.yaml\n~ not shown: values of a Secret stand in the clear\n";
    assert!(said.contains(hidden) && said.contains("+kind: ConfigMap"), "{said}");
}

/// A file that is no text is told once, and nothing is said to be missing because of it.
#[test]
fn what_is_no_text_is_told_once() {
    let fleet = project("bob");
    fleet.write(&path("db"), db(&[PUBLIC, BOB]).as_bytes());
    fleet.write(".sops.yaml", b"");
    fleet.write("environments/files/x.txt", b"x\n");
    fleet.edit(
        "environments/prod.yaml",
        "metadata: {name: x}}",
        "metadata: {name: x}, data: {x: {$file: x.txt}}}",
    );
    good(&fleet, &["render", "prod", "--force"]);
    let files = [
        path("db"),
        "environments/files/x.txt".to_owned(),
        "environments/prod.yaml".to_owned(),
        "environments/fleet.yaml".to_owned(),
    ];
    for file in files {
        let before = fleet.read(&file);
        fleet.write(&file, &[before.as_bytes(), b"# \xff\n"].concat());
        for words in [["render", "prod"], ["diff", "prod"]] {
            let said = bad(&fleet, 2, &words);
            assert!(
                said.contains(&format!("error[load/encoding]: `{file}` cannot be read as text")),
                "{said}"
            );
            assert_eq!(said.matches("error[").count(), 1, "{said}");
            assert!(!said.contains("removed: "), "{said}");
        }
        fleet.write(&file, before.as_bytes());
    }
}
