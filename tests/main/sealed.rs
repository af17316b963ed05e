//! Projects with sealed files, sealed by the library with a key that everyone knows.

use crate::{
    key::{KEY, PUBLIC, err, out},
    sandbox::Sandbox,
};
use fleetgen::{
    diag::{Problems, Sources},
    plain::Plain,
    recipient::Recipient,
    secret::{
        Moment, Policy, Reader, manifest,
        sops::{Form, Identities, Opened, Sealed, seal},
    },
    yaml::commented,
};
use std::process::Output;

/// TEST ONLY: public halves of keys that nobody has.
pub(crate) const BOB: &str = "age1g3u0gmnwzlt5r0992tnd3z0z9x4ypt79mjnl2ak5kjr3ad366a6s2u3ehv";
pub(crate) const CAROL: &str = "age1527vl7a9al5pnu924vxqh66nd7hl8rpvsdan93ckqtf82z8jdfhq937qwa";

pub(crate) fn identities() -> Identities {
    let mut identities = Identities::new();
    identities.add("test", &Plain::from(KEY), Form::File, &mut |_| None, &mut Problems::new());
    identities
}

/// A sealed Secret with these values.
pub(crate) fn secret(name: &str, values: &[(&str, &str)], readers: &[&str]) -> String {
    let mut document = manifest::new(name, "kuard", Some("Opaque"));
    values.iter().for_each(|(key, value)| manifest::set(&mut document, key, &Plain::from(*value)));
    let readers = readers.iter().map(|key| Reader::from(Recipient::parse(key).unwrap()));
    let (source, mut problems) = (Sources::new().add("x", ""), Problems::new());
    let text =
        seal(&[document], source, &Policy::secret(readers), Moment { seconds: 1_790_000_000 }, &mut problems);
    text.unwrap_or_else(|| panic!("{problems:?}"))
}

pub(crate) fn open(text: &str) -> Opened {
    let (source, mut problems) = (Sources::new().add("x", text), Problems::new());
    let opened = Sealed::read(text, source, &mut problems)
        .and_then(|sealed| sealed.open(&identities(), &mut problems));
    opened.unwrap_or_else(|| panic!("{problems:?}\n{text}"))
}

/// What a sealed file holds.
pub(crate) fn plain(text: &str) -> String {
    commented::emit(open(text).documents()).to_string()
}

/// The file with these values set.
pub(crate) fn changed(text: &str, values: &[(&str, &str)]) -> String {
    let opened = open(text);
    let mut documents = opened.documents().to_vec();
    values.iter().for_each(|(key, value)| manifest::set(&mut documents[0], key, &Plain::from(*value)));
    let mut problems = Problems::new();
    let outcome = opened.reseal(&documents, Moment { seconds: 1_790_000_100 }, &mut problems);
    outcome.unwrap_or_else(|| panic!("{problems:?}")).text.unwrap()
}

/// The line of a key.
pub(crate) fn line(text: &str, key: &str) -> String {
    let start = format!("    {key}: ");
    text.lines()
        .find(|line| line.starts_with(&start))
        .unwrap_or_else(|| panic!("no {key} in\n{text}"))
        .to_owned()
}

/// The path of a sealed file of `kuard` in `prod`.
pub(crate) fn path(name: &str) -> String {
    format!("environments/secrets/prod/kuard/{name}.sops.yaml")
}

/// Whom the secrets of `prod` are for.
pub(crate) fn policy(sandbox: &Sandbox, recipients: &str) {
    sandbox.write(
        "environments/prod.yaml",
        format!(
            "cluster: {{name: prod, domain: example.com}}\nsecrets: {{cluster: prod, recipients: [{recipients}]}}\n\
             components:\n  kuard: {{pack: raw, namespace: kuard, extra: {{x: {{apiVersion: v1, kind: ConfigMap, metadata: {{name: x}}}}}}}}\n\
             \x20 other: {{pack: raw, namespace: other, extra: {{x: {{apiVersion: v1, kind: ConfigMap, metadata: {{name: x}}}}}}}}\n"
        )
        .as_bytes(),
    );
}

/// A project with one environment `prod`, whose cluster has the key that everyone knows.
pub(crate) fn project(recipients: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "environments/fleet.yaml",
        format!(
            "source: {{kind: GitRepository, url: \"https://example.com/fleet\", ref: {{branch: main}}}}\n\
             flux: {{version: \"2.9\", sync: none}}\nkeys:\n  prod: {PUBLIC}\n  bob: {BOB}\n  carol: {CAROL}\n"
        )
        .as_bytes(),
    );
    policy(&sandbox, recipients);
    sandbox
}

/// Runs `gen` with the key.
pub(crate) fn gen_(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_gen"));
    command.env("SOPS_AGE_KEY", KEY).args(arguments).output().unwrap()
}

/// What it prints where it must succeed: both streams.
pub(crate) fn good(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let output = gen_(sandbox, arguments);
    let said = out(&output) + &err(&output);
    assert!(output.status.success(), "{arguments:?}: {:?}\n{said}", output.status);
    said
}

/// What it says where it must fail with this code.
pub(crate) fn bad(sandbox: &Sandbox, code: i32, arguments: &[&str]) -> String {
    let output = gen_(sandbox, arguments);
    let said = out(&output) + &err(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{said}");
    said
}
