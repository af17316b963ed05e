//! `sops` opens what `gen` seals and `gen` what `sops` does: the same values, order and comments, also after the other
//! has changed the file; and neither opens a file that was tampered with.

mod matrix;

use crate::{
    context::{Context, output},
    suite::{Case, Judge, Verdict},
};
use fleetgen::{
    diag::{Problems, SourceId, Sources, render},
    plain::Plain,
    recipient::Recipient,
    secret::{
        Moment, Policy, manifest,
        sops::{Form, Identities, Identity, Opened, Rule, RuleKind, Sealed, seal},
    },
    yaml::commented::{self, Document, Item, Kind, Node, Value},
};
use matrix::{SAMPLES, Sample};
use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

pub(crate) const JUDGE: Judge =
    Judge { name: "sops", programs: &["sops", "age", "age-keygen"], waits: false, cases };

fn cases<'c>(context: &'c Context) -> Vec<Case<'c>> {
    let mut cases = Vec::new();
    for sample in SAMPLES {
        let name = |what: &str| format!("{what}/{}", sample.name);
        cases.push(Case::new(name("we-open"), move || we_open(context, sample)));
        cases.push(Case::new(name("sops-opens"), move || sops_opens(context, sample)));
        cases.push(Case::new(name("we-change"), move || we_change(context, sample)));
        cases.push(Case::new(name("sops-changes"), move || sops_changes(context, sample)));
    }
    let mut one = |name: &'static str, run: fn(&Bench)| {
        cases.push(Case::new(name, move || run(&Bench::new(context, name))));
    };
    one("recipients/several", several_recipients);
    one("recipients/we-add-and-remove", we_rekey);
    one("recipients/sops-adds", sops_adds_a_recipient);
    one("key-groups", key_groups);
    one("keys/age-keygen-reads-ours", age_keygen_reads_ours);
    one("keys/age-opens-a-stanza", age_opens_a_stanza);
    cases.push(Case::judged("text-that-begins-with-a-tab", move || begins_with_a_tab(context)));
    cases.extend(ATTACKS.iter().map(|(name, attack)| {
        Case::judged(format!("attacks/{name}"), move || attacked(&Bench::new(context, name), *attack))
    }));
    cases
}

/// A folder with a key and the program.
struct Bench<'c> {
    context: &'c Context,
    folder: PathBuf,
    key: Identity,
}

impl<'c> Bench<'c> {
    fn new(context: &'c Context, name: &str) -> Self {
        let (folder, key) = (context.folder(name), Identity::generate());
        fs::write(folder.join("key.txt"), &*key.file("2026-01-01T00:00:00Z")).unwrap();
        Self { context, folder, key }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn sops(&self, arguments: &[&str]) -> Command {
        let mut command = self.context.command("sops");
        command.current_dir(&self.folder).env("SOPS_AGE_KEY_FILE", self.path("key.txt")).args(arguments);
        command
    }

    /// What `sops` makes of a plain text.
    fn encrypt(&self, text: &str, rule: (&str, &str), mac_only_encrypted: bool) -> String {
        let config = format!(
            "creation_rules:\n- age: {}\n  {}: '{}'\n  mac_only_encrypted: {mac_only_encrypted}\n",
            self.key.recipient(),
            rule.0,
            rule.1
        );
        fs::write(self.path(".sops.yaml"), config).unwrap();
        fs::write(self.path("plain.yaml"), text).unwrap();
        output(&mut self.sops(&["encrypt", "plain.yaml"]))
    }

    fn try_decrypt(&self, text: &str) -> Output {
        fs::write(self.path("sealed.yaml"), text).unwrap();
        self.sops(&["decrypt", "sealed.yaml"]).output().unwrap()
    }

    fn decrypt(&self, text: &str) -> String {
        let output = self.try_decrypt(text);
        assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn identities(&self) -> Identities {
        identities(&self.key)
    }

    fn policy(&self, rule: (&str, &str)) -> Policy {
        policy(&[&self.key], rule)
    }
}

fn identities(key: &Identity) -> Identities {
    let mut identities = Identities::new();
    let file = Plain::from(key.file("2026-01-01T00:00:00Z"));
    identities.add("key", &file, Form::File, &mut |_| None, &mut Problems::new());
    identities
}

fn policy(keys: &[&Identity], (kind, pattern): (&str, &str)) -> Policy {
    let recipients = keys.iter().map(|key| Recipient::parse(&key.recipient()).unwrap().into());
    let kind = RuleKind::ALL.into_iter().find(|known| known.name() == kind).unwrap();
    Policy { rule: Rule { kind, pattern: pattern.to_owned() }, ..Policy::secret(recipients) }
}

const NOW: Moment = Moment { seconds: 1_790_000_000 };

/// What `gen` makes of a text, or what it says.
fn on<T>(text: &str, run: impl FnOnce(SourceId, &mut Problems) -> Option<T>) -> Result<T, String> {
    let (mut sources, mut problems) = (Sources::new(), Problems::new());
    let source = sources.add("a.yaml", text);
    let result = run(source, &mut problems);
    result.ok_or_else(|| problems.0.iter().map(|problem| render(problem, &sources, false)).collect())
}

fn parse(text: &str) -> Vec<Document> {
    on(text, |source, problems| commented::read(text, source, problems))
        .unwrap_or_else(|why| panic!("{why}{text}"))
}

fn seal_for(text: &str, policy: &Policy) -> String {
    let sealed = on(text, |source, problems| seal(&parse(text), source, policy, NOW, problems));
    sealed.unwrap_or_else(|why| panic!("{why}{text}"))
}

fn try_open(text: &str, identities: &Identities) -> Result<Opened, String> {
    on(text, |source, problems| Sealed::read(text, source, problems)?.open(identities, problems))
}

fn open(text: &str, identities: &Identities) -> Opened {
    try_open(text, identities).unwrap_or_else(|why| panic!("{why}{text}"))
}

/// Values with their paths and types, and comments, in their order. A comment beside a value and one above it are the
/// same: `sops` itself forgets where one stood.
fn told(documents: &[Document]) -> Vec<String> {
    fn items(list: &[Item], path: &str, out: &mut Vec<String>) {
        let mut number = 0;
        for item in list {
            match item {
                Item::Comment(comment) => out.push(format!("#{}", &*comment.text)),
                Item::Entry(entry) => {
                    let key = entry
                        .key
                        .as_ref()
                        .map_or_else(|| number.to_string(), |key| format!("{:?}", key.text));
                    node(&entry.node, &format!("{path}/{key}"), out);
                    number += 1;
                }
            }
        }
    }
    fn node(node: &Node, path: &str, out: &mut Vec<String>) {
        match &node.value {
            Value::Null => out.push(format!("{path} null")),
            // The YAML that `sops` writes of 3.0 is `3`, and of -0.0 `-0`, which is an integer.
            Value::Scalar(scalar) if matches!(scalar.kind, Kind::Int | Kind::Float) => {
                let number = if &*scalar.text == "-0" { "0" } else { &*scalar.text };
                out.push(format!("{path} number {number}"));
            }
            Value::Scalar(scalar) => out.push(format!("{path} {:?} {:?}", scalar.kind, &*scalar.text)),
            Value::Map(list) | Value::Seq(list) => {
                if !list.iter().any(|item| item.entry().is_some()) {
                    out.push(format!(
                        "{path} {}",
                        if matches!(node.value, Value::Map(_)) { "{}" } else { "[]" }
                    ));
                }
                items(list, path, out);
            }
        }
    }
    let mut out = Vec::new();
    for document in documents {
        items(&document.items, "", &mut out);
        out.push("---".to_owned());
    }
    out
}

fn same(ours: &[Document], theirs: &[Document], text: &str) {
    let (ours, theirs) = (told(ours), told(theirs));
    let differ = ours.iter().zip(&theirs).find(|(a, b)| a != b);
    assert!(ours == theirs, "{differ:?}\n{}\n---- theirs\n{}\n{text}", ours.join("\n"), theirs.join("\n"));
}

fn we_open(context: &Context, sample: &Sample) {
    let bench = Bench::new(context, sample.name);
    let sealed = bench.encrypt(sample.text, sample.rule, sample.mac_only_encrypted);
    let opened = open(&sealed, &bench.identities());
    same(opened.documents(), &parse(&bench.decrypt(&sealed)), &sealed);
    // And nothing is written of a file that is only opened and closed.
    let outcome = on(&sealed, |_, problems| opened.reseal(opened.documents(), NOW, problems));
    assert_eq!(outcome.unwrap_or_else(|why| panic!("{why}")).text, None);
}

fn sops_opens(context: &Context, sample: &Sample) {
    let bench = Bench::new(context, sample.name);
    let sealed = seal_for(sample.text, &bench.policy(sample.rule));
    let decrypted = parse(&bench.decrypt(&sealed));
    same(open(&sealed, &bench.identities()).documents(), &decrypted, &sealed);
    // What `sops` makes of the same text decrypts to the same.
    let theirs = bench.encrypt(sample.text, sample.rule, sample.mac_only_encrypted);
    let (mut ours, mut theirs) = (told(&decrypted), told(&parse(&bench.decrypt(&theirs))));
    if sample.name == "comments-between-blank-lines" {
        // There SOPS takes two comments for those of other neighbours than people would.
        ours.sort();
        theirs.sort();
    }
    assert_eq!(ours, theirs);
}

/// A file of `sops` to which we add a value.
fn we_change(context: &Context, sample: &Sample) {
    let bench = Bench::new(context, sample.name);
    let sealed = bench.encrypt(sample.text, sample.rule, sample.mac_only_encrypted);
    let opened = open(&sealed, &bench.identities());
    let mut documents = opened.documents().to_vec();
    let inner = Value::Map(vec![Item::comment(" why"), Item::member("added", "new")]);
    documents[0].items.push(Item::member("stringDatax", inner));
    let outcome = on(&sealed, |_, problems| opened.reseal(&documents, NOW, problems));
    let text = outcome.unwrap_or_else(|why| panic!("{why}")).text.unwrap();
    same(&documents, &parse(&bench.decrypt(&text)), &text);
    let kept = sealed.lines().filter(|line| line.contains("ENC[") && !line.contains(" mac: "));
    kept.for_each(|line| assert!(text.contains(line), "{line} is gone:\n{text}"));
}

/// A file of ours to which `sops` adds a value.
fn sops_changes(context: &Context, sample: &Sample) {
    let bench = Bench::new(context, sample.name);
    let sealed = seal_for(sample.text, &bench.policy(sample.rule));
    fs::write(bench.path("ours.yaml"), &sealed).unwrap();
    output(&mut bench.sops(&["set", "ours.yaml", "[\"stringDatax\"][\"added\"]", "\"new\""]));
    let changed = fs::read_to_string(bench.path("ours.yaml")).unwrap();
    let opened = open(&changed, &bench.identities());
    assert_eq!(opened.documents()[0].text_at(&["stringDatax", "added"]), Some("new"));
    same(opened.documents(), &parse(&bench.decrypt(&changed)), &changed);
}

const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n    name: a\n    namespace: b\nstringData:\n    # who\n    user: app\n    password: hunter2\n";
const DATA: (&str, &str) = ("encrypted_regex", "^(data|stringData)$");

/// With another key alone.
fn decrypt_with(bench: &Bench, key: &Identity, text: &str) -> Output {
    fs::write(bench.path("other.txt"), &*key.file("2026-01-01T00:00:00Z")).unwrap();
    fs::write(bench.path("sealed.yaml"), text).unwrap();
    bench
        .sops(&["decrypt", "sealed.yaml"])
        .env("SOPS_AGE_KEY_FILE", bench.path("other.txt"))
        .output()
        .unwrap()
}

fn several_recipients(bench: &Bench) {
    let other = Identity::generate();
    let sealed = seal_for(SECRET, &policy(&[&bench.key, &other], DATA));
    assert_eq!(String::from_utf8(decrypt_with(bench, &other, &sealed).stdout).unwrap(), SECRET);
    assert_eq!(bench.decrypt(&sealed), SECRET);
}

fn we_rekey(bench: &Bench) {
    let other = Identity::generate();
    let theirs = bench.encrypt(SECRET, DATA, false);
    let opened = open(&theirs, &bench.identities());
    let both = policy(&[&bench.key, &other], DATA);
    let added = on(&theirs, |_, problems| opened.rekey(&both, NOW, problems)).unwrap();
    let added = added.text.unwrap();
    assert!(decrypt_with(bench, &other, &added).status.success() && bench.decrypt(&added) == SECRET);
    let opened = open(&added, &bench.identities());
    let removed = on(&added, |_, problems| opened.rekey(&bench.policy(DATA), NOW, problems)).unwrap();
    let removed = removed.text.unwrap();
    assert!(!decrypt_with(bench, &other, &removed).status.success());
    assert_eq!(bench.decrypt(&removed), SECRET);
}

fn sops_adds_a_recipient(bench: &Bench) {
    let other = Identity::generate();
    fs::write(bench.path("ours.yaml"), seal_for(SECRET, &bench.policy(DATA))).unwrap();
    let config = format!("creation_rules:\n- age: {},{}\n", bench.key.recipient(), other.recipient());
    fs::write(bench.path(".sops.yaml"), config).unwrap();
    output(&mut bench.sops(&["updatekeys", "--yes", "ours.yaml"]));
    let text = fs::read_to_string(bench.path("ours.yaml")).unwrap();
    same(open(&text, &identities(&other)).documents(), &parse(SECRET), &text);
}

/// Three groups, of which two are needed.
fn key_groups(bench: &Bench) {
    let (second, third) = (Identity::generate(), Identity::generate());
    let keys = [&bench.key, &second, &third].map(|key| format!("  - age: [{}]\n", key.recipient())).concat();
    let config = format!("creation_rules:\n- shamir_threshold: 2\n  key_groups:\n{keys}");
    fs::write(bench.path(".sops.yaml"), config).unwrap();
    fs::write(bench.path("plain.yaml"), "a: x\n# c\nb: [1]\n").unwrap();
    let sealed = output(&mut bench.sops(&["encrypt", "plain.yaml"]));
    let both: String = [&bench.key, &third].map(|key| key.file("2026-01-01T00:00:00Z").to_string()).concat();
    fs::write(bench.path("key.txt"), &both).unwrap();
    let mut identities = Identities::new();
    let file = Plain::from(both.as_str());
    identities.add("key", &file, Form::File, &mut |_| None, &mut Problems::new());
    let opened = open(&sealed, &identities);
    same(opened.documents(), &parse(&bench.decrypt(&sealed)), &sealed);
    let why = try_open(&sealed, &bench.identities()).unwrap_err();
    assert!(why.contains("your keys open 1 of the key groups of this file, and 2 are needed"), "{why}");
    let changed = parse("a: changed\n# c\nb: [1]\n");
    let text = on(&sealed, |_, problems| opened.reseal(&changed, NOW, problems)).unwrap().text.unwrap();
    same(&changed, &parse(&bench.decrypt(&text)), &text);
}

fn age_keygen_reads_ours(bench: &Bench) {
    let mut command = bench.context.command("age-keygen");
    let public = output(command.arg("-y").arg(bench.path("key.txt")));
    assert_eq!(public.trim(), bench.key.recipient());
    let made = output(&mut bench.context.command("age-keygen"));
    let mut identities = Identities::new();
    identities.add("made", &Plain::from(made.as_str()), Form::File, &mut |_| None, &mut Problems::new());
    assert!(made.contains(&identities.recipients()[0]));
}

/// The data key of a file of ours is an ordinary age file of 32 bytes.
fn age_opens_a_stanza(bench: &Bench) {
    let sealed = seal_for(SECRET, &bench.policy(DATA));
    let start = sealed.find("            -----BEGIN AGE").unwrap();
    let end = sealed.find("          recipient:").unwrap();
    let stanza: String = sealed[start..end].lines().map(|line| format!("{}\n", line.trim())).collect();
    fs::write(bench.path("stanza.age"), stanza).unwrap();
    let mut command = bench.context.command("age");
    command
        .arg("-d")
        .arg("-i")
        .arg(bench.path("key.txt"))
        .arg("-o")
        .arg(bench.path("data-key"))
        .arg(bench.path("stanza.age"));
    output(&mut command);
    assert_eq!(fs::read(bench.path("data-key")).unwrap().len(), 32);
}

/// What SOPS loses we put where it does not.
fn begins_with_a_tab(context: &Context) -> Verdict {
    let bench = Bench::new(context, "tab");
    let text = "\tone\ntwo\n";
    let sealed = seal_for("a: \"\\tone\\ntwo\\n\"\n", &bench.policy(("unencrypted_suffix", "_x")));
    let ours = open(&sealed, &bench.identities());
    assert_eq!(ours.documents()[0].text_at(&["a"]), Some(text));
    let mut secret = manifest::new("a", "b", None);
    manifest::set(&mut secret, "a", &text.into());
    let sealed_secret = seal_for(&commented::emit(&[secret]), &bench.policy(DATA));
    let theirs = parse(&bench.decrypt(&sealed_secret));
    assert_eq!(manifest::value(&theirs[0], "a"), Some(text.into()));
    match bench.decrypt(&sealed).as_str() {
        "a: null\n" => Verdict::Explained(
            "sops reads a text of several lines that begins with a tab as nothing; in a Secret it stands under `data`",
        ),
        _ => Verdict::Agreed,
    }
}

type Attack = fn(&str) -> String;

/// Ways to tamper with a file.
const ATTACKS: &[(&str, Attack)] = &[
    ("data", |text| flipped(text, "data:")),
    ("iv", |text| flipped(text, "iv:")),
    ("tag", |text| flipped(text, "tag:")),
    ("swapped", |text| {
        let (user, password) = (value(text, "user"), value(text, "password"));
        text.replace(user, "<>").replace(password, user).replace("<>", password)
    }),
    ("renamed", |text| text.replace("    user: ", "    admin: ")),
    ("removed", |text| text.replace(&format!("    user: {}\n", value(text, "user")), "")),
    ("clear-value-changed", |text| text.replace("namespace: b", "namespace: c")),
    ("clear-value-added", |text| text.replace("metadata:", "immutable: true\nmetadata:")),
    ("mac-changed", |text| {
        text.replace(value(text, "mac"), &value(text, "mac").replace("data:", "data:AAAA"))
    }),
    ("mac-removed", |text| text.replace(&format!("    mac: {}\n", value(text, "mac")), "")),
    ("mac-emptied", |text| text.replace(value(text, "mac"), "\"\"")),
    ("lastmodified", |text| text.replace("lastmodified: \"2026", "lastmodified: \"2025")),
    ("in-clear", |text| text.replace(value(text, "user"), "clear")),
    ("rule-weakened", |text| text.replace("^(data|stringData)$", "^data$")),
    ("mac-only-encrypted", |text| text.replace("    version:", "    mac_only_encrypted: true\n    version:")),
    ("stanza", |text| text.replacen("YWdl", "WWdl", 1)),
    ("cut-off", |text| text[..text.find("    lastmodified").unwrap()].to_owned()),
];

fn value<'t>(text: &'t str, key: &str) -> &'t str {
    let line = text.lines().find(|line| line.starts_with(&format!("    {key}: "))).unwrap();
    line.split_once(": ").unwrap().1
}

/// The first letter of a part of the first value, changed.
fn flipped(text: &str, part: &str) -> String {
    let start = text.find("    user: ENC[").unwrap();
    let at = start + text[start..].find(part).unwrap() + part.len();
    format!("{}{}{}", &text[..at], if &text[at..=at] == "A" { "B" } else { "A" }, &text[at + 1..])
}

/// Files of either side, attacked: neither may open them.
fn attacked(bench: &Bench, attack: Attack) -> Verdict {
    for sealed in [seal_for(SECRET, &bench.policy(DATA)), bench.encrypt(SECRET, DATA, false)] {
        let forged = attack(&sealed);
        assert_ne!(forged, sealed);
        assert!(try_open(&forged, &bench.identities()).is_err(), "we open it:\n{forged}");
        if bench.try_decrypt(&forged).status.success() {
            return Verdict::Disagreed(format!("sops opens it:\n{forged}"));
        }
    }
    Verdict::Agreed
}
