//! How fast sealed files are sealed, opened and given other recipients, beside `sops` as a process for each file, as
//! people run it: `cargo bench --bench sealed`. Figures are per call, and files a second.
//!
//! `sops` is taken from the judges (`conformance/judges/build sops`); without it its lines are left out. Commands are run
//! in a file system in memory where there is one, so that programs are compared and not the disk; `rekey_on_disk` has the
//! disk, and there `gen` waits for its flush, which `sops` does not ask for.
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

use divan::{Bencher, black_box, counter::ItemsCount};
use fleetgen::{
    diag::{Problems, SourceId, Sources},
    plain::Plain,
    recipient::Recipient,
    secret::{
        Moment, Policy, Reader, manifest,
        sops::{Form, Identities, Opened, Sealed, seal},
    },
    yaml::commented::Document,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, OnceLock},
};

/// TEST ONLY: a key that everyone knows, its public half, and that of a key that nobody has.
const KEY: &str = "AGE-SECRET-KEY-1H69TQUC6U3PY234F4DQNTRZHNJ0CZ2LMZY4UGJ4N9GKK932VCDMQVLNGKZ";
const PUBLIC: &str = "age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux";
const OTHER: &str = "age1g3u0gmnwzlt5r0992tnd3z0z9x4ypt79mjnl2ak5kjr3ad366a6s2u3ehv";

/// How many files: ten times as many must take ten times as long.
const FILES: [usize; 3] = [10, 100, 1000];
/// So many for `sops`, of which each is a process.
const PROCESSES: [usize; 1] = [20];

const NOW: Moment = Moment { seconds: 1_790_000_000 };

fn main() {
    let divan = divan::Divan::from_args();
    match sops() {
        Some(_) => divan.main(),
        None => {
            eprintln!("there is no sops among the judges: its lines are left out");
            divan.skip_regex("sops").main();
        }
    }
    USED.lock().expect("no bench panicked").clear();
}

/// The program, if it was built.
fn sops() -> Option<&'static Path> {
    static SOPS: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || {
        let build = concat!(env!("CARGO_MANIFEST_DIR"), "/conformance/judges/build");
        let folder = Command::new(build).arg("--print-dir").output().ok()?;
        let path = Path::new(std::str::from_utf8(&folder.stdout).ok()?.trim()).join("sops");
        path.is_file().then_some(path)
    };
    SOPS.get_or_init(find).as_deref()
}

fn source() -> SourceId {
    Sources::new().add("bench.yaml", "")
}

/// A Secret as applications have them: a few words and a certificate's worth of text.
fn plain(number: usize) -> Document {
    let mut document = manifest::new(&format!("s{number}"), "bench", Some("Opaque"));
    for (key, value) in [("user", format!("user-{number}")), ("password", format!("{number:032}"))] {
        manifest::set(&mut document, key, &Plain::from(value.as_str()));
    }
    manifest::set(&mut document, "tls.crt", &Plain::from("0123456789abcdef".repeat(80).as_str()));
    document
}

fn policy(keys: &[&str]) -> Policy {
    let reader = |key: &&str| Reader::from(Recipient::parse(key).expect("a public key"));
    Policy::secret(keys.iter().map(reader))
}

fn identities() -> Identities {
    let mut identities = Identities::new();
    identities.add("bench", &Plain::from(KEY), Form::File, &mut |_| None, &mut Problems::new());
    identities
}

fn sealed(document: Document, policy: &Policy) -> String {
    let mut problems = Problems::new();
    seal(&[document], source(), policy, NOW, &mut problems).unwrap_or_else(|| panic!("{problems:?}"))
}

fn texts(count: usize) -> Vec<String> {
    let policy = policy(&[PUBLIC]);
    (0..count).map(|number| sealed(plain(number), &policy)).collect()
}

fn open(text: &str, identities: &Identities) -> Opened {
    let mut problems = Problems::new();
    let opened = Sealed::read(text, source(), &mut problems).and_then(|s| s.open(identities, &mut problems));
    opened.unwrap_or_else(|| panic!("{problems:?}"))
}

#[divan::bench(args = FILES, sample_count = 5, sample_size = 1)]
fn seal_in_memory(bencher: Bencher, count: usize) {
    let (documents, policy) = ((0..count).map(plain).collect::<Vec<_>>(), policy(&[PUBLIC]));
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        documents.iter().map(|document| sealed(document.clone(), &policy).len()).sum::<usize>()
    });
}

#[divan::bench(args = FILES, sample_count = 5, sample_size = 1)]
fn open_in_memory(bencher: Bencher, count: usize) {
    let (texts, identities) = (texts(count), identities());
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        texts.iter().map(|text| open(black_box(text), &identities).documents().len()).sum::<usize>()
    });
}

#[divan::bench(args = FILES, sample_count = 5, sample_size = 1)]
fn rekey_in_memory(bencher: Bencher, count: usize) {
    let (texts, identities, wanted) = (texts(count), identities(), policy(&[PUBLIC, OTHER]));
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        let one = |text: &String| {
            let mut problems = Problems::new();
            open(text, &identities).rekey(&wanted, NOW, &mut problems).is_some()
        };
        texts.iter().filter(|text| one(text)).count()
    });
}

/// The folders that were used stay until the end: where many files were just deleted, ext4 makes new ones slowly.
static USED: Mutex<Vec<tempfile::TempDir>> = Mutex::new(Vec::new());

/// Where temporary folders are made in memory, if anywhere.
fn memory() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() }
}

/// A project with so many sealed files, for a cluster and for somebody who is yet to be added.
fn project(count: usize, within: &Path) -> PathBuf {
    let folder = tempfile::tempdir_in(within).expect("a folder");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    write("environments/fleet.yaml", &format!("keys: {{prod: {PUBLIC}, other: {OTHER}}}\n"));
    write(
        "environments/prod.yaml",
        "cluster: {name: prod, domain: example.com}\nsecrets: {cluster: prod, recipients: [other]}\ncomponents: {bench: {pack: raw}}\n",
    );
    write(
        ".sops.yaml",
        &format!("creation_rules:\n  - encrypted_regex: ^(data|stringData)$\n    age: {PUBLIC},{OTHER}\n"),
    );
    for (number, text) in texts(count).iter().enumerate() {
        write(&path(number), text);
    }
    let path = folder.path().to_owned();
    USED.lock().expect("no bench panicked").push(folder);
    path
}

fn path(number: usize) -> String {
    format!("environments/secrets/prod/bench/s{number}.sops.yaml")
}

fn run(folder: &Path, program: &Path, arguments: &[&str]) {
    let mut command = Command::new(program);
    command.current_dir(folder).args(arguments).env("SOPS_AGE_KEY", KEY);
    let output = command.stdin(Stdio::null()).output().expect("a program that runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn rekey(bencher: Bencher, count: usize, within: &Path) {
    bencher
        .counter(ItemsCount::new(count))
        .with_inputs(|| project(count, within))
        .bench_local_refs(|folder| run(folder, Path::new(env!("CARGO_BIN_EXE_gen")), &["rekey"]));
}

/// The whole command.
#[divan::bench(args = FILES, sample_count = 5, sample_size = 1)]
fn rekey_command(bencher: Bencher, count: usize) {
    rekey(bencher, count, &memory());
}

/// The whole command, from the disk to the disk, with its flush.
#[divan::bench(args = FILES, sample_count = 5, sample_size = 1)]
fn rekey_on_disk(bencher: Bencher, count: usize) {
    rekey(bencher, count, &std::env::temp_dir());
}

fn with_sops(bencher: Bencher, count: usize, arguments: impl Fn(&str) -> Vec<String>) {
    let sops = sops().expect("it was looked for");
    let input = || project(count, &memory());
    bencher.counter(ItemsCount::new(count)).with_inputs(input).bench_local_refs(|folder| {
        for number in 0..count {
            let arguments = arguments(&path(number));
            run(folder, sops, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
        }
    });
}

#[divan::bench(args = PROCESSES, sample_count = 3, sample_size = 1)]
fn sops_seal(bencher: Bencher, count: usize) {
    let sops = sops().expect("it was looked for");
    let folder = project(0, &memory());
    let text = fleetgen::yaml::commented::emit(&[plain(1)]);
    fs::write(folder.join("plain.yaml"), text.as_bytes()).expect("a file");
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        for _ in 0..count {
            run(
                &folder,
                sops,
                &["encrypt", "--age", PUBLIC, "--encrypted-regex", "^(data|stringData)$", "plain.yaml"],
            );
        }
    });
}

#[divan::bench(args = PROCESSES, sample_count = 3, sample_size = 1)]
fn sops_open(bencher: Bencher, count: usize) {
    with_sops(bencher, count, |path| ["decrypt", path].map(str::to_owned).to_vec());
}

#[divan::bench(args = PROCESSES, sample_count = 3, sample_size = 1)]
fn sops_rekey(bencher: Bencher, count: usize) {
    with_sops(bencher, count, |path| ["updatekeys", "--yes", path].map(str::to_owned).to_vec());
}
