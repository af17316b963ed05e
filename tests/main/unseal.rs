//! `gen unseal`: to the byte, only whole and genuine files, never into the project.

use crate::{
    key::{KEY, err, home, out},
    sandbox::Sandbox,
};
use std::{fs, os::unix::fs::PermissionsExt, process::Output};

/// The example fleet with its sealed files, and the key that opens them.
pub(crate) fn fleet() -> Sandbox {
    let sandbox = Sandbox::new();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/environments");
    copy(root.as_ref(), &sandbox.root().join("environments"));
    sandbox
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

fn unseal(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_gen"));
    command.env("SOPS_AGE_KEY", KEY).arg("unseal").args(arguments).output().unwrap()
}

const FILE: &str = "environments/secrets/prod/kuard/kuard-tls.sops.yaml";

#[test]
fn a_file_is_given_whole_or_one_value_of_it() {
    let fleet = fleet();
    let whole = unseal(&fleet, &["prod", "kuard/kuard-tls"]);
    assert!(whole.status.success(), "{}", err(&whole));
    assert!(out(&whole).contains("kind: Secret\n") && !out(&whole).contains("ENC["));
    assert_eq!(out(&unseal(&fleet, &[FILE])), out(&whole));
    assert_eq!(out(&unseal(&fleet, &["prod/kuard/kuard-tls"])), out(&whole), "as `gen secrets` names it");
    let one = out(&unseal(&fleet, &[FILE, "--key", "tls.crt"]));
    assert!(one.starts_with("-----BEGIN CERTIFICATE-----\n"), "{one}");
    let file = home(&fleet).join("new/tls.yaml");
    let written = unseal(&fleet, &[FILE, "--out", "../new/tls.yaml"]);
    assert!(written.status.success() && written.stdout.is_empty());
    assert_eq!(fs::read_to_string(&file).unwrap(), out(&whole));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let again = unseal(&fleet, &[FILE, "--out", "../new/tls.yaml"]);
    assert!(err(&again).contains("error[secret/exists]"), "{}", err(&again));
}

#[test]
fn what_is_refused_says_why_and_gives_nothing() {
    let fleet = fleet();
    let told = |arguments: &[&str]| {
        let output = unseal(&fleet, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!out(&output).contains("-----BEGIN"));
        err(&output) + &out(&output)
    };
    assert!(told(&[FILE, "--out", "tls.yaml"]).contains("error[secret/in-project]"));
    assert!(!fleet.root().join("tls.yaml").exists());
    assert!(told(&[FILE, "--out", "/proc/none/x"]).contains("error[secret/write]"));
    assert!(told(&[FILE, "--key", "tls.cert"]).contains("did you mean `tls.crt`?"));
    assert!(told(&[FILE, "--key", "nothing"]).contains("error[secret/key]"));
    assert!(told(&[FILE, "--format", "json"]).contains("usage/values"));
    assert!(
        told(&["prod", "kuard/kuard-tsl"])
            .contains("did you mean `environments/secrets/prod/kuard/kuard-tls.sops.yaml`?")
    );
    assert!(told(&["prod", "kuard"]).contains("error[usage/sealed-file]"));
    assert!(told(&["environments/none.yaml"]).contains("error[secret/no-file]"));
    assert!(told(&["../elsewhere.yaml"]).contains("error[secret/outside]"));
    assert!(told(&["environments"]).contains("is a folder"));
    fleet
        .write("environments/secrets/prod/kuard/plain.sops.yaml", b"kind: Secret\nstringData: {a: geheim}\n");
    let plain = told(&["prod", "kuard/plain"]);
    assert!(plain.contains("error[secret/not-sealed]") && !plain.contains("geheim"), "{plain}");
    let strangers = fleet.gen_(&["unseal", FILE]);
    assert!(err(&strangers).contains("error[secret/no-identity]"), "{}", err(&strangers));
    fleet.edit(FILE, "name: kuard-tls", "name: other");
    assert!(told(&[FILE]).contains("error[secret/mac]"));
}
