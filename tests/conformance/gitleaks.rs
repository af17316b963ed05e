//! gitleaks finds no secret in what we commit, and finds one that is put there.

use crate::{
    context::Context,
    hostile::Random,
    suite::{Case, Judge, Verdict},
};
use serde_json::Value as Json;
use std::{
    fs,
    path::{Path, PathBuf},
};

pub(crate) const JUDGE: Judge = Judge { name: "gitleaks", programs: &["gitleaks"], waits: false, cases };

/// The key of the tests, which says so.
const KEY: &str = "tests/keys/test-only.agekey";
/// Private keys of the tests of TLS Secrets.
const TEST_ONLY: &str = "src/secret/tls/test-only";

/// What a line holds that is meant, and why; the first that fits.
const MEANT: [(&str, &str); 4] = [
    ("\"key\": \"age1", "a public key"),
    ("TESTQNLY", "letters in the place of a key, which open nothing"),
    ("bWU6cCJ3XGQK", "the made-up sign-in of a test"),
    ("\"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", "letters in the place of a key, which open nothing"),
];

fn cases(context: &Context) -> Vec<Case<'_>> {
    let mut cases = vec![Case::new("fleet-out, rendered anew", || nothing(&leaks(context, context.fleet())))];
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) =
        entries(context.root()).into_iter().partition(|entry| entry.is_dir());
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        cases.push(Case::judged(name, move || of_repository(context, &folder)));
    }
    cases.push(Case::new("files at the top", move || {
        let folder = context.folder("top");
        for file in &files {
            fs::copy(file, folder.join(file.file_name().unwrap())).unwrap();
        }
        nothing(&leaks(context, &folder));
    }));
    for (name, secret, ours) in secrets() {
        cases.push(Case::judged(format!("finds/{name}"), move || planted(context, &secret, ours)));
    }
    cases.push(Case::judged("finds/plain-secret", || plain(context)));
    cases.push(Case::new("finds/nothing-sealed", || sealed(context)));
    cases
}

/// What stands at the top of this repository, but what is built.
fn entries(root: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.retain(|path| ![".git", ".gen", "target"].map(|name| root.join(name)).contains(path));
    entries.sort();
    entries
}

/// Finds nothing but what is meant.
fn of_repository(context: &Context, entry: &Path) -> Verdict {
    let (meant, leaks): (Vec<Leak>, Vec<Leak>) =
        leaks(context, entry).into_iter().partition(|leak| reason(context, leak).is_some());
    nothing(&leaks);
    // gitleaks tells them in no order.
    meant.iter().filter_map(|leak| reason(context, leak)).min().map_or(Verdict::Agreed, Verdict::Explained)
}

fn reason(context: &Context, leak: &Leak) -> Option<&'static str> {
    if leak.file.parent() == Some(&context.root().join(TEST_ONLY)) {
        return Some("a private key for tests, which says so and protects nothing");
    }
    let text = fs::read_to_string(&leak.file).unwrap();
    let line = text.lines().nth(usize::try_from(leak.line).unwrap() - 1).unwrap();
    let key = fs::read_to_string(context.root().join(KEY)).unwrap();
    let of_tests = |word: &str| word.contains("age1") || word.contains("AGE-SECRET-KEY-1");
    if key.split_whitespace().any(|word| of_tests(word) && line.contains(word)) {
        return Some("a key for tests, which says so and opens nothing else");
    }
    MEANT.iter().find(|(part, _)| line.contains(part)).map(|(_, why)| *why)
}

fn nothing(leaks: &[Leak]) {
    assert!(leaks.is_empty(), "{leaks:#?}");
}

/// A secret that was found; what it is stays unsaid.
#[derive(Debug)]
struct Leak {
    #[allow(dead_code, reason = "shown in the message")]
    rule: String,
    file: PathBuf,
    #[allow(dead_code, reason = "shown in the message")]
    line: u64,
}

fn leaks(context: &Context, folder: &Path) -> Vec<Leak> {
    let report = context.folder("leaks").join("report.json");
    let mut command = context.command("gitleaks");
    command.args([
        "dir",
        "--no-banner",
        "--redact",
        "--exit-code",
        "3",
        "--report-format",
        "json",
        "--report-path",
    ]);
    let output = command.arg(&report).arg(folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(matches!(output.status.code(), Some(0 | 3)), "{said}");
    let found: Vec<Json> = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    assert_eq!(found.is_empty(), output.status.success(), "{said}");
    let text = |leak: &Json, key: &str| leak[key].as_str().unwrap().to_owned();
    let leak = |leak: &Json| Leak {
        rule: text(leak, "RuleID"),
        file: text(leak, "File").into(),
        line: leak["StartLine"].as_u64().unwrap(),
    };
    found.iter().map(leak).collect()
}

/// A secret: what it is called, itself, and the ids of what `gen` says where it stands in an environment.
type Secret = (&'static str, String, &'static [&'static str]);

/// Secrets of no one, put together here so that this file holds none.
fn secrets() -> Vec<Secret> {
    let lower = "abcdefghijklmnopqrstuvwxyz0123456789";
    let upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bech32 = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
    let digits = "0123456789";
    vec![
        ("age-secret-key", ["AGE-SECRET", "-KEY-1"].concat() + &noise(bech32, 58), &["secret/private-key"]),
        ("github-pat", ["gh", "p_"].concat() + &noise(lower, 36), &[]),
        ("aws-access-token", ["AK", "IA"].concat() + &noise(upper, 16), &[]),
        (
            "slack-bot-token",
            format!(
                "{}{}-{}-{}",
                ["xo", "xb-"].concat(),
                noise(digits, 12),
                noise(digits, 12),
                noise(lower, 24)
            ),
            &[],
        ),
        (
            "private-key",
            [
                "-----BEGIN PRIVATE",
                " KEY-----\\n",
                &noise(lower, 64),
                "\\n",
                &noise(lower, 64),
                "\\n-----END PRIVATE",
                " KEY-----",
            ]
            .concat(),
            &[],
        ),
    ]
}

/// Letters that repeat themselves as little as a secret's, and are the same in every run.
fn noise(letters: &str, length: usize) -> String {
    let letters: Vec<char> = letters.chars().collect();
    let mut random = Random(7);
    (0..length).map(|_| letters[random.below(letters.len())]).collect()
}

/// A secret is found in the tree of an environment and in its file; `gen` says of it what stands in the table.
fn planted(context: &Context, secret: &str, ours: &[&str]) -> Verdict {
    let folder = context.folder("planted");
    let config =
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\ndata:\n  token: \"{secret}\"\n");
    let environment = format!(
        "components:\n  app:\n    pack: web-app\n    inputs:\n      env:\n        TOKEN: \"{secret}\"\n"
    );
    for (path, text) in
        [("fleet-out/prod/apps/app/configmap.yaml", config), ("environments/prod.yaml", environment)]
    {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        let found = leaks(context, &folder.join(path.split('/').next().unwrap()));
        assert!(found.iter().any(|leak| leak.file == file), "not found in {path}: {found:?}");
    }
    let app = format!(
        "pack: web-app\ninputs:\n  image: example.com/app:1\n  port: 80\n  env:\n    TOKEN: \"{secret}\"\n"
    );
    assert_eq!(context.findings(&app), ours);
    match ours.is_empty() {
        true => {
            Verdict::Explained("gitleaks knows the look of others' keys; `gen` knows that of age's alone yet")
        }
        false => Verdict::Agreed,
    }
}

/// A password in a Secret that is not sealed: it looks like nothing, so `gen` goes by where it stands.
fn plain(context: &Context) -> Verdict {
    let secret =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: it}\nstringData: {password: correct horse}\n";
    let ours = context.findings_of(secret);
    assert_eq!(ours, ["secret/plain"]);
    let folder = context.folder("plain");
    fs::write(folder.join("secret.yaml"), secret).unwrap();
    match leaks(context, &folder).is_empty() {
        true => Verdict::Explained(
            "gitleaks passes over a plain Secret whose value has no look of a key; `gen` does not",
        ),
        false => Verdict::Agreed,
    }
}

/// What is sealed is no secret: the same file with its text sealed, as the fleet has it.
fn sealed(context: &Context) {
    let folder = context.folder("sealed");
    let files = crate::rendered::yaml_files(context.fleet());
    let sealed: Vec<&PathBuf> =
        files.iter().filter(|file| file.to_string_lossy().ends_with(".sops.yaml")).collect();
    assert!(sealed.len() > 3, "only {} sealed files", sealed.len());
    for (number, file) in sealed.into_iter().enumerate() {
        let text = fs::read_to_string(file).unwrap();
        assert!(text.contains("ENC[AES256_GCM,"), "{} is not sealed", file.display());
        fs::write(folder.join(format!("{number}.yaml")), text).unwrap();
    }
    nothing(&leaks(context, &folder));
}
