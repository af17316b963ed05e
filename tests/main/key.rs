//! `gen key`: made once, found where sops finds them, shown without what is secret, given only where that is meant.

use crate::sandbox::Sandbox;
use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Output};

/// TEST ONLY: a key that everyone knows, and its public half.
pub(crate) const KEY: &str = "AGE-SECRET-KEY-1H69TQUC6U3PY234F4DQNTRZHNJ0CZ2LMZY4UGJ4N9GKK932VCDMQVLNGKZ";
pub(crate) const PUBLIC: &str = "age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux";

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The folder above the project, which is `HOME` too.
pub(crate) fn home(sandbox: &Sandbox) -> std::path::PathBuf {
    sandbox.root().parent().unwrap().to_owned()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn with(sandbox: &Sandbox, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_gen"));
    command.envs(variables.iter().copied()).args(arguments).output().unwrap()
}

#[test]
fn a_new_key_is_the_owners_alone_and_never_overwritten() {
    let sandbox = Sandbox::new();
    sandbox.gen_(&["init"]);
    let made = sandbox.gen_(&["key", "new", "--name", "me"]);
    assert!(made.status.success(), "{}", err(&made));
    let public = out(&made).trim().to_owned();
    assert!(public.starts_with("age1") && err(&made).contains(&format!("keys:\n  me: {public}\n")));
    let file = home(&sandbox).join(".config/sops/age/keys.txt");
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    let text = fs::read_to_string(&file).unwrap();
    let private = text.lines().last().unwrap();
    assert!(private.starts_with("AGE-SECRET-KEY-1") && text.contains(&format!("# public key: {public}\n")));
    assert!(!(out(&made) + &err(&made)).contains("AGE-SECRET-KEY"));

    let again = sandbox.gen_(&["key", "new"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(err(&again).contains("error[key/exists]"), "{}", err(&again));
    assert_eq!(fs::read_to_string(&file).unwrap(), text);

    let inside = sandbox.gen_(&["key", "new", "keys/prod.agekey"]);
    assert!(err(&inside).contains("error[key/in-project]"), "{}", err(&inside));
    assert!(!sandbox.root().join("keys").exists());
    let elsewhere = sandbox.gen_(&["key", "new", "../a/prod.agekey", "--format", "json"]);
    assert!(out(&elsewhere).contains("\"file\": \"../a/prod.agekey\""), "{}", out(&elsewhere));
    assert_eq!(mode(&home(&sandbox).join("a/prod.agekey")), 0o600);
    let unwritable = sandbox.gen_(&["key", "new", "/proc/none/prod.agekey"]);
    assert!(err(&unwritable).contains("error[key/write]"), "{}", err(&unwritable));
    let homeless =
        sandbox.command(env!("CARGO_BIN_EXE_gen")).env_remove("HOME").args(["key", "new"]).output();
    assert!(err(&homeless.unwrap()).contains("error[key/no-home]"));
    let nobody = sandbox.gen_(&["key", "new", "../b.agekey", "--passphrase"]);
    assert!(err(&nobody).contains("error[key/passphrase]: there is no terminal"), "{}", err(&nobody));
}

#[test]
fn keys_are_found_where_sops_finds_them() {
    let sandbox = Sandbox::new();
    sandbox.write("environments/fleet.yaml", format!("keys: {{prod: {PUBLIC}}}\n").as_bytes());
    let none = sandbox.gen_(&["key", "show"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(out(&none).contains("SOPS_AGE_KEY: nothing\n"));
    let file = home(&sandbox).join("my keys");
    fs::write(&file, format!("# a comment\r\n\r\n{KEY}")).unwrap();
    let file = file.to_str().unwrap();
    let shown = |variables: &[(&str, &str)]| {
        let output = with(&sandbox, variables, &["key", "show"]);
        assert!(output.status.success(), "{}", err(&output));
        assert!(!(out(&output) + &err(&output)).contains("AGE-SECRET-KEY-1H"));
        out(&output)
    };
    let line = |place: &str| format!("{place}: {PUBLIC}  prod\n");
    assert!(shown(&[("SOPS_AGE_KEY", KEY)]).contains(&line("SOPS_AGE_KEY")));
    assert!(shown(&[("SOPS_AGE_KEY_FILE", file)]).contains(&line(file)));
    let command = format!("cat '{file}'");
    assert!(
        shown(&[("SOPS_AGE_KEY_CMD", &command), ("PATH", "/usr/bin:/bin")])
            .contains(&line("SOPS_AGE_KEY_CMD"))
    );
    let folder = home(&sandbox).join("xdg");
    fs::create_dir_all(folder.join("sops/age")).unwrap();
    fs::write(folder.join("sops/age/keys.txt"), KEY).unwrap();
    let found = shown(&[("XDG_CONFIG_HOME", folder.to_str().unwrap())]);
    assert!(found.contains(&line(folder.join("sops/age/keys.txt").to_str().unwrap())));
    let named = sandbox.gen_(&["key", "show", "--identity", file, "--format", "json"]);
    assert!(out(&named).contains(&format!("\"publicKey\": \"{PUBLIC}\"")), "{}", out(&named));

    fs::create_dir_all(home(&sandbox).join(".ssh")).unwrap();
    fs::write(home(&sandbox).join(".ssh/id_ed25519"), "never read").unwrap();
    let found = shown(&[("SOPS_AGE_KEY", KEY), ("SOPS_AGE_SSH_PRIVATE_KEY_CMD", "false")]);
    assert!(
        found.contains("an SSH key in `SOPS_AGE_SSH_PRIVATE_KEY_CMD` (line 1) is passed over"),
        "{found}"
    );
    assert!(found.contains(".ssh/id_ed25519` (line 1) is passed over"), "{found}");
}

#[test]
fn what_cannot_be_read_is_told() {
    let sandbox = Sandbox::new();
    let told = |variables: &[(&str, &str)]| {
        let output = with(&sandbox, variables, &["key", "show"]);
        assert_eq!(output.status.code(), Some(2));
        err(&output)
    };
    assert!(
        told(&[("SOPS_AGE_KEY_FILE", "/none")])
            .contains("error[secret/identity]: `/none` is named by `SOPS_AGE_KEY_FILE`, and is not there")
    );
    assert!(told(&[("SOPS_AGE_KEY_CMD", "/none")]).contains("`SOPS_AGE_KEY_CMD` cannot be run"));
    assert!(told(&[("SOPS_AGE_KEY_CMD", "'x")]).contains("`SOPS_AGE_KEY_CMD` has a ' without its end"));
    let failed = told(&[("SOPS_AGE_KEY_CMD", "sh -c 'echo geheim; exit 1'"), ("PATH", "/usr/bin:/bin")]);
    assert!(failed.contains("exit status: 1") && !failed.contains("geheim"), "{failed}");
    let broken = told(&[("SOPS_AGE_KEY", &KEY.replace("H69", "H68"))]);
    assert!(broken.contains("an age key with a mistake in it") && !broken.contains("TQUC6U3"), "{broken}");
}

#[test]
fn a_private_key_is_given_only_where_that_is_meant() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "environments/fleet.yaml",
        format!("{}keys: {{prod: {PUBLIC}}}\n", crate::cases::FLEET).as_bytes(),
    );
    sandbox.write(
        "environments/prod.yaml",
        b"extends: [base]\ncluster: {name: prod}\nsecrets: {cluster: prod, decryption: {secret: keys, key: x.agekey}}\n",
    );
    sandbox.write("environments/base.yaml", b"abstract: true\n");
    sandbox.write("environments/dev.yaml", b"cluster: {name: dev}\n");
    let key = [("SOPS_AGE_KEY", KEY)];
    let told = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = with(&sandbox, variables, arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty() && !err(&output).contains(KEY));
        err(&output)
    };
    assert!(told(&["key", "export", "prod", "--kubernetes"], &key).contains("error[key/reveal]"));
    assert!(told(&["key", "export", "prod", "--reveal"], &[]).contains("error[key/absent]"));
    assert!(told(&["key", "export", "--reveal"], &[]).contains("error[secret/no-identity]"));
    assert!(told(&["key", "export", "dev", "--reveal"], &key).contains("error[key/no-cluster]"));
    assert!(told(&["key", "export", "base", "--reveal"], &key).contains("error[usage/layer]"));
    sandbox.write("environments/odd.yaml", b"cluster: {name: odd}\nsecrets: {cluster: nobody}\n");
    let odd = told(&["key", "export", "odd", "--reveal"], &key);
    assert!(odd.contains("error[secret/incomplete]") && odd.contains("error[load/recipient]"), "{odd}");
    sandbox.remove("environments/odd.yaml");
    assert!(told(&["key", "export", "pro", "--reveal"], &key).contains("error[usage/unknown-owner]"));
    sandbox.gen_(&["key", "new", "../other"]);
    assert!(told(&["key", "export", "--reveal", "-i", "../other"], &key).contains("error[key/several]"));

    let given = with(&sandbox, &key, &["key", "export", "prod", "--kubernetes", "--reveal"]);
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n    name: keys\n    namespace: flux-system\nstringData:\n    x.agekey: |\n        # public key: {PUBLIC}\n        {KEY}\n"
    );
    assert_eq!((out(&given), err(&given)), (secret, String::new()));
    let given = with(&sandbox, &key, &["key", "export", "--reveal"]);
    assert_eq!(out(&given), format!("# public key: {PUBLIC}\n{KEY}\n"));
}
