//! `gen seal`: values from everywhere but the command line, stable, refused where something is wrong.

use crate::{
    key::{KEY, PUBLIC, err, home, out},
    sandbox::Sandbox,
    terminal::Terminal,
};
use std::{
    fs,
    io::Write,
    process::{Command, Output},
};

const FLEET: &str = "source: {kind: GitRepository, url: \"https://github.com/example/fleet\", ref: {branch: main}}\nflux: {version: \"2.9\", sync: none}\n";

/// A pack that needs two Secrets, in two environments; only the test key opens what is sealed.
fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("environments/fleet.yaml", format!("{FLEET}keys: {{prod: {PUBLIC}}}\n").as_bytes());
    sandbox.write(
        "environments/base.yaml",
        b"abstract: true\nsecrets: {cluster: prod}\ncomponents: {db: {pack: db}}\n",
    );
    sandbox.write(
        "environments/dev.yaml",
        b"extends: [base]\ncluster: {name: dev}\ncomponents: {db: {namespace: dev-db}}\n",
    );
    sandbox.write("environments/prod.yaml", b"extends: [base]\ncluster: {name: prod}\n");
    let pack = "description: A database\nstage: apps\nnamespace: data\nsecrets:\n  admin:\n    description: Its first user\n    keys:\n      user: {description: Its name.}\n      password: {generate: {length: 20, alphabet: abc}}\n  tls: {description: Its certificate, type: kubernetes.io/tls, keys: {tls.crt: {}, tls.key: {}}}\n";
    sandbox.write("templates/db/pack.yaml", pack.as_bytes());
    sandbox.write(
        "templates/db/config.yaml.j2",
        b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ component.name }}}\ndata: {a: b}\n",
    );
    sandbox
}

const FILE: &str = "environments/secrets/prod/db/db-admin.sops.yaml";

fn command(sandbox: &Sandbox, words: &[&str]) -> Command {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_gen"));
    command.env("SOPS_AGE_KEY", KEY).args(words);
    command
}

fn run(sandbox: &Sandbox, words: &[&str]) -> Output {
    command(sandbox, words).output().unwrap()
}

/// Runs it with something on standard input.
fn piped(sandbox: &Sandbox, words: &[&str], input: &str) -> Output {
    let mut child = command(sandbox, words).stdin(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn good(output: &Output) -> String {
    assert!(output.status.success(), "{}", err(output));
    err(output)
}

fn told(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{}", err(output));
    err(output)
}

fn value(sandbox: &Sandbox, secret: &str, key: &str) -> String {
    let output = run(sandbox, &["unseal", "prod", secret, "--key", key]);
    assert!(output.status.success(), "{}", err(&output));
    out(&output)
}

#[test]
fn values_come_from_files_standard_input_and_chance() {
    let sandbox = project();
    let files = home(&sandbox);
    fs::write(files.join("token"), "from a file\n").unwrap();
    fs::write(files.join("binary"), [0xff, 0x00, 0x0a]).unwrap();
    fs::write(files.join("env"), "# a comment\n\nA=1 = one\nexport B= two \r\nC='x'\n").unwrap();
    let words = ["seal", "prod", "db/db-admin", "--from-file", "../token", "--from-file", "bytes=../binary"];
    let words =
        [&words[..], &["--from-env-file", "../env", "--stdin", "in", "--generate", "made=30:xyz"]].concat();
    let said = good(&piped(&sandbox, &words, "two\nlines\n"));
    assert!(
        said.contains(&format!("sealed {FILE}\n  added token, A, B, C, in, made, bytes\n  for prod")),
        "{said}"
    );
    assert!(said.contains("warning[seal/env-file]: the value of `C`"), "{said}");
    assert!(said.contains("warning[seal/line-break]: the value of `token` ends with a line break"), "{said}");
    assert_eq!(said.matches("warning[seal/line-break]").count(), 1, "{said}");
    let value = |key| value(&sandbox, "db/db-admin", key);
    assert_eq!(value("token"), "from a file\n");
    assert_eq!((value("A"), value("B"), value("C")), ("1 = one".into(), " two ".into(), "'x'".into()));
    assert_eq!(value("in"), "two\nlines\n");
    let made = value("made");
    assert!(made.len() == 30 && made.chars().all(|c| "xyz".contains(c)), "{made}");
    let bytes = run(&sandbox, &["unseal", FILE, "--key", "bytes"]).stdout;
    assert_eq!(bytes, [0xff, 0x00, 0x0a]);
    let text = sandbox.read(FILE);
    assert!(
        text.contains("    name: db-admin\n    namespace: data\n    annotations:\n        kustomize.toolkit.fluxcd.io/substitute: disabled\n") && !text.contains("type: Opaque"),
        "{text}"
    );
    assert!(
        !sandbox
            .root()
            .join(FILE)
            .parent()
            .unwrap()
            .read_dir()
            .unwrap()
            .any(|e| { e.unwrap().file_name().to_string_lossy().starts_with('.') }),
        "no temporary file stays"
    );
}

#[test]
fn one_value_changes_alone_and_twice_the_same_is_nothing() {
    let sandbox = project();
    good(&piped(
        &sandbox,
        &["seal", "prod", "db/db-admin", "--stdin", "user", "--generate", "password=8"],
        "me",
    ));
    let before = sandbox.read(FILE);
    let same = good(&piped(&sandbox, &["seal", "prod", "db/db-admin", "--stdin", "user"], "me"));
    assert!(same.contains("nothing changed"), "{same}");
    assert_eq!(sandbox.read(FILE), before);
    let changed = good(&piped(&sandbox, &["seal", "prod", "db/db-admin", "--stdin", "user"], "you"));
    assert!(changed.contains("\n  changed user\n"), "{changed}");
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (old, new) = (lines(&before), lines(&sandbox.read(FILE)));
    let other: Vec<&str> = old.iter().filter(|line| !new.contains(line)).map(|line| line.trim()).collect();
    assert!(
        other.len() <= 3
            && other
                .iter()
                .all(|line| ["user:", "lastmodified:", "mac:"].iter().any(|k| line.starts_with(k))),
        "{other:?}"
    );
    let all = good(&piped(&sandbox, &["seal", "prod", "db/db-admin", "--stdin", "user", "--replace"], "she"));
    assert!(all.contains("\n  added user\n"), "{all}");
    assert!(!sandbox.read(FILE).contains("password"));
}

#[test]
fn what_a_person_types_is_not_shown() {
    let sandbox = project();
    let mut terminal = Terminal::run(command(&sandbox, &["seal", "prod", "db/db-admin", "user", "other"]));
    terminal.expect("user (Its name): ").types("root of all\n").expect("other: ").types(" pass phrase \n");
    let (shown, output) = terminal.end();
    good(&output);
    assert!(!shown.contains("root") && !shown.contains("pass"), "{shown}");
    assert_eq!(value(&sandbox, "db/db-admin", "user"), "root of all");
    assert_eq!(value(&sandbox, "db/db-admin", "other"), " pass phrase ");

    for (typed, said) in [
        ("\n", "nothing was typed for `user`"),
        ("\u{4}", "`user` was not given"),
        ("-----BEGIN X-----\n", "has several lines"),
    ] {
        let mut terminal = Terminal::run(command(&sandbox, &["seal", "dev", "db/db-admin", "user"]));
        terminal.expect("user (Its name): ").types(typed);
        let (_, output) = terminal.end();
        assert!(told(&output).contains(said), "{}", err(&output));
    }
    assert!(!sandbox.root().join("environments/secrets/dev").exists());
}

/// Whatever ends it, the terminal shows again what is typed.
#[test]
fn an_interrupted_prompt_leaves_the_terminal_as_it_was() {
    use rustix::process::{Pid, Signal, kill_process};
    let sandbox = project();
    let mut child = command(&sandbox, &["seal", "prod", "db/db-admin", "user"]);
    child.stderr(std::process::Stdio::piped());
    let mut terminal = Terminal::run(child);
    terminal.expect("user (Its name): ");
    let id = Pid::from_raw(terminal.id().try_into().unwrap()).unwrap();
    kill_process(id, Signal::TERM).unwrap();
    terminal.wait();
    assert!(terminal.echoes(), "what is typed is shown again");
    let (_, output) = terminal.end();
    assert!(told(&output).contains("`user` was not given"));
}

#[test]
fn all_that_is_missing_is_asked_for_or_made() {
    let sandbox = project();
    let mut terminal = Terminal::run(command(&sandbox, &["seal", "prod", "dev", "--missing"]));
    terminal.expect("dev: user of db-admin (Its name): ").types("a\n");
    terminal.expect("prod: user of db-admin (Its name): ").types("b\n");
    let (_, output) = terminal.end();
    let said = told(&output);
    assert!(said.contains("error[seal/form]: what `db-tls` holds is not typed at a prompt"), "{said}");
    assert!(said.contains("run: gen seal prod db/db-tls --tls CERTIFICATE.pem KEY.pem"), "{said}");
    assert!(said.contains(&format!("sealed {FILE}\n  added user, password\n")), "{said}");
    assert_eq!(value(&sandbox, "db/db-admin", "user"), "b");
    assert!(value(&sandbox, "db/db-admin", "password").chars().all(|c| "abc".contains(c)));
    assert!(sandbox.read("environments/secrets/dev/db/db-admin.sops.yaml").contains("namespace: dev-db\n"));
    let tls = concat!(env!("CARGO_MANIFEST_DIR"), "/src/secret/tls/test-only");
    let (crt, key) = (format!("{tls}/ec.crt"), format!("{tls}/ec8.pem"));
    for environment in ["prod", "dev"] {
        good(&run(&sandbox, &["seal", environment, "db/db-tls", "--tls", &crt, &key]));
    }
    good(&run(&sandbox, &["seal", "--all", "--missing"]));
    let rendered = run(&sandbox, &["render", "--all"]);
    assert!(rendered.status.success(), "{}", err(&rendered));

    // One key more that a file lacks: only that is asked for, and the rest stays as it is.
    sandbox.edit(
        "templates/db/pack.yaml",
        "user: {description: Its name.}",
        "user: {}\n      extra: {generate: {length: 5}}",
    );
    let before = value(&sandbox, "db/db-admin", "password");
    let said = good(&run(&sandbox, &["seal", "prod", "--missing"]));
    assert!(said.contains("\n  added extra\n"), "{said}");
    assert_eq!(value(&sandbox, "db/db-admin", "password"), before);
    sandbox.remove(FILE);
    let nobody = told(&run(&sandbox, &["seal", "prod", "--missing"]));
    assert!(nobody.contains("there is no terminal"), "{nobody}");
    assert!(nobody.contains("gen seal prod db/db-admin user --generate"), "{nobody}");
    for (words, said) in [
        (&["seal", "prod", "--missing", "--type", "x"][..], "error[usage/with-missing]"),
        (&["seal", "--missing"], "error[usage/no-environment]"),
        (&["seal", "base", "--missing"], "error[usage/layer]"),
    ] {
        assert!(told(&run(&sandbox, words)).contains(said), "{words:?}");
    }
}

#[test]
fn credentials_of_usual_kinds_are_checked() {
    let sandbox = project();
    let tls = concat!(env!("CARGO_MANIFEST_DIR"), "/src/secret/tls/test-only");
    let pem = |name: &str| format!("{tls}/{name}");
    let said = |crt: &str, key: &str| {
        told(&run(&sandbox, &["seal", "prod", "db/db-tls", "--tls", &pem(crt), &pem(key)]))
    };
    assert!(said("ec.crt", "rsa.pem").contains("error[seal/tls]: the private key in `tls.key` does not fit"));
    assert!(said("ec.crt", "enc.pem").contains("protected by a passphrase"));
    assert!(said("ec1.pem", "ec1.pem").contains("`tls.crt` is no certificate"));
    assert!(said("ec.crt", "none").contains("error[seal/value]"));
    let cut = fs::read_to_string(pem("ec.crt")).unwrap();
    fs::write(home(&sandbox).join("cut"), &cut[..100]).unwrap();
    let cut = run(&sandbox, &["seal", "prod", "db/db-tls", "--tls", "../cut", &pem("ec1.pem")]);
    assert!(told(&cut).contains("`tls.crt` holds a certificate that is cut off or damaged"), "{}", err(&cut));
    let both = fs::read_to_string(pem("ec.crt")).unwrap() + &fs::read_to_string(pem("ec1.pem")).unwrap();
    fs::write(home(&sandbox).join("both"), both).unwrap();
    let both = run(&sandbox, &["seal", "prod", "db/db-tls", "--tls", "../both", &pem("ec1.pem")]);
    assert!(told(&both).contains("`tls.crt` holds a private key beside its certificate"), "{}", err(&both));
    let chain = fs::read_to_string(pem("rsa.crt")).unwrap() + &fs::read_to_string(pem("ec.crt")).unwrap();
    fs::write(home(&sandbox).join("chain"), chain).unwrap();
    let order = run(&sandbox, &["seal", "prod", "db/db-tls", "--tls", "../chain", &pem("ec1.pem")]);
    assert!(told(&order).contains("fits the certificate number 2 in `tls.crt`, not the first"));
    good(&run(&sandbox, &["seal", "prod", "db/db-tls", "--tls", &pem("ec.crt"), &pem("ec1.pem")]));
    assert!(
        sandbox.read("environments/secrets/prod/db/db-tls.sops.yaml").contains("type: kubernetes.io/tls\n")
    );
    let half =
        run(&sandbox, &["seal", "prod", "db/db-tls", "--from-file", &format!("tls.key={}", pem("rsa.pem"))]);
    assert!(told(&half).contains("does not fit"));

    let docker = |registry: &str| {
        piped(&sandbox, &["seal", "prod", "db/db-pull", "--docker", registry, "--password-stdin"], "p\n")
    };
    good(&docker("ghcr.io=a"));
    good(&docker("docker.io=b"));
    assert_eq!(
        value(&sandbox, "db/db-pull", ".dockerconfigjson"),
        r#"{"auths":{"ghcr.io":{"username":"a","password":"p","auth":"YTpw"},"https://index.docker.io/v1/":{"username":"b","password":"p","auth":"Yjpw"}}}"#
    );
    assert!(told(&docker("ghcr.io")).contains("error[seal/docker]: `ghcr.io` is not REGISTRY=USER"));
    let with_password = docker("ghcr.io=a:geheim");
    assert!(
        told(&with_password).contains("write `--docker ghcr.io=a`")
            && !err(&with_password).contains("geheim")
    );
    fs::write(home(&sandbox).join("auth.json"), r#"{"auths":{"ghcr.io":{"auth":"geheim"}}}"#).unwrap();
    let auth = run(&sandbox, &["seal", "prod", "db/db-x", "--from-file", ".dockerconfigjson=../auth.json"]);
    assert!(told(&auth).contains("is no base64 of `USER:PASSWORD`") && !err(&auth).contains("geheim"));
    fs::write(home(&sandbox).join("config.json"), r#"{"auths":{"ghcr.io":{}},"credsStore":"desktop"}"#)
        .unwrap();
    let elsewhere = ["seal", "prod", "db/db-x", "--from-file", ".dockerconfigjson=../config.json"];
    assert!(told(&run(&sandbox, &elsewhere)).contains("names a program that keeps them"));

    let basic = ["seal", "prod", "db/db-web", "--basic-auth", "me", "--password-stdin"];
    good(&piped(&sandbox, &basic, "secret\n"));
    assert_eq!(value(&sandbox, "db/db-web", "password"), "secret");
    assert!(told(&piped(&sandbox, &basic, "")).contains("standard input holds nothing"));
    let ssh = |file: &str| {
        run(&sandbox, &["seal", "prod", "db/db-ssh", "--ssh-key", file, "--known-hosts", "../hosts"])
    };
    fs::write(home(&sandbox).join("hosts"), "garbage\n").unwrap();
    assert!(told(&ssh(&pem("ec1.pem"))).contains("error[seal/ssh]: line 1 of `known_hosts` names no host"));
    // TEST ONLY: no host has this key.
    fs::write(home(&sandbox).join("hosts"), "example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAAmFi\n")
        .unwrap();
    good(&ssh(&pem("ec1.pem")));
    assert!(told(&ssh(&pem("enc1.pem"))).contains("error[seal/ssh]"));
    let both =
        ["seal", "prod", "db/db-y", "--basic-auth", "me", "--ssh-key", &pem("ec1.pem"), "--password-stdin"];
    assert!(told(&piped(&sandbox, &both, "x")).contains("error[seal/type]: a Secret is either"));
    let lacks = ["seal", "prod", "db/db-z", "--stdin", "x", "--type", "kubernetes.io/tls"];
    assert!(told(&piped(&sandbox, &lacks, "x")).contains("must have a key `tls.crt`"));
    let other = ["seal", "prod", "db/db-web", "--stdin", "x", "--type", "Opaque"];
    assert!(
        told(&piped(&sandbox, &other, "x")).contains("is of type `kubernetes.io/basic-auth`, not `Opaque`")
    );
    let odd = ["seal", "prod", "db/db-z", "--stdin", "x", "--type", "x\ny: z"];
    assert!(told(&piped(&sandbox, &odd, "x")).contains("error[seal/type]"));
    let empty = piped(&sandbox, &["seal", "prod", "db/db-z", "--stdin", "x"], "");
    assert!(told(&empty).contains("error[seal/value]: every value of `db-z` is empty"), "{}", err(&empty));
    let big = piped(&sandbox, &["seal", "prod", "db/db-z", "--stdin", "x"], &"x".repeat((1 << 20) + 1));
    assert!(
        told(&big).contains("error[secret/size]: the values of `db-z` have 1048577 bytes"),
        "{}",
        err(&big)
    );
    let late =
        good(&run(&sandbox, &["seal", "prod", "db/db-old", "--tls", &pem("expired.crt"), &pem("ed.pem")]));
    assert!(late.contains("warning[seal/validity]"), "{late}");
    assert!(late.contains("it is from 2020-01-01T00:00:00Z to 2020-02-01T00:00:00Z"), "{late}");
}

#[test]
fn what_is_wrong_is_told_and_nothing_is_written() {
    let sandbox = project();
    let cases: &[(&[&str], &str)] = &[
        (
            &["prod", "db/db-admin", "password=geheim"],
            "error[seal/key]: the value of `password` is not taken from the command line",
        ),
        (&["prod", "db/db-admin", "a b"], "error[seal/key]: `a b` cannot be a key"),
        (
            &["prod", "db/db-admin", "user", "--stdin", "user"],
            "error[seal/key]: the key `user` is given twice",
        ),
        (&["prod", "db/db-admin", "--generate", "a=0"], "error[seal/generate]"),
        (&["prod", "db/db-admin", "--generate", "a=x"], "the length is no number"),
        (&["prod", "db/db-admin", "--generate", "a=8:x"], "between 2 and 256 characters"),
        (&["prod", "db/db-admin", "--from-file", "a=/none"], "error[seal/value]: `/none` is not there"),
        (
            &["prod", "db/db-admin", "--from-env-file", "environments/base.yaml"],
            "error[seal/env-file]: line 1",
        ),
        (
            &["prod", "db/db-admin", "user"],
            "error[seal/answer]: `user` is to be asked for, and there is no terminal",
        ),
        (&["prod", "db/db-tls"], "error[seal/form]"),
        (&["prod"], "error[usage/no-secret]"),
        (&[], "error[usage/nothing-named]"),
        (&["prd"], "error[usage/unknown-owner]: `prd` is no environment, no layer and no file"),
        (
            &["prd", "db/db-admin", "user"],
            "error[usage/unknown-owner]: there is no environment or layer `prd`",
        ),
        (&["prod", "dbb/db-admin", "user"], "error[usage/unknown-component]"),
        (&["prod", "db", "user"], "error[usage/sealed-file]"),
        (&["prod", "db/Admin", "user"], "error[usage/sealed-file]: `Admin` cannot be the name of a Secret"),
        (&["base", "db/db-admin", "user"], "error[seal/namespace]: `db` lives in different namespaces"),
        (
            &["prod", "db/db-admin", "user", "--namespace", "x"],
            "error[seal/namespace]: `db` lives in the namespace `data`",
        ),
        (&["none.yaml"], "error[usage/owner]"),
        (&["environments/secrets/prod/db/none.sops.yaml"], "error[secret/no-file]"),
        (&["environments/prod.yaml", "--type", "x"], "error[usage/with-file]"),
    ];
    for (words, said) in cases {
        let words: Vec<&str> = ["seal"].into_iter().chain(words.iter().copied()).collect();
        let output = run(&sandbox, &words);
        assert!(told(&output).contains(said), "{words:?}\n{}", err(&output));
        assert!(!err(&output).contains("geheim"));
        assert!(!sandbox.root().join("environments/secrets").exists(), "{words:?}");
    }
    // What looks misspelt is a warning.
    let near = piped(&sandbox, &["seal", "prod", "db/db-admn", "--stdin", "a"], "x");
    assert!(good(&near).contains("warning[usage/unknown-secret]: `db` needs no Secret `db-admn`"));
    let near = piped(&sandbox, &["seal", "prod", "db/db-admin", "--stdin", "usr"], "x");
    assert!(good(&near).contains("warning[usage/unknown-key]: `db` needs no key `usr`"), "{}", err(&near));
    let full =
        piped(&sandbox, &["seal", "prod", "db/db-admin", "--stdin", "user", "--generate", "password=9"], "x");
    good(&full);
    assert!(told(&run(&sandbox, &["seal", "prod", "db/db-admin"])).contains("error[usage/no-key]"));
    // Without a key the other values cannot be kept.
    let strangers = sandbox.gen_(&["seal", "prod", "db/db-admin", "--generate", "user=9"]);
    assert!(
        told(&strangers).contains("error[secret/no-identity]")
            && err(&strangers).contains("warning[seal/replace]")
    );
    good(&sandbox.gen_(&["seal", "prod", "db/db-admin", "--generate", "user=9", "--replace"]));
    sandbox.edit("environments/fleet.yaml", PUBLIC, "age1nonsense");
    assert!(
        told(&run(&sandbox, &["seal", "prod", "db/db-admin", "--generate", "user=9"]))
            .contains("error[secret/incomplete]")
    );
    sandbox.edit("environments/base.yaml", "secrets: {cluster: prod}\n", "");
    assert!(
        told(&run(&sandbox, &["seal", "dev", "db/db-admin", "--generate", "user=9"]))
            .contains("error[secret/nobody]")
    );
}

#[test]
fn manifests_are_sealed_where_they_stand() {
    let sandbox = project();
    let plain = "# kept\napiVersion: v1\nkind: Secret\nmetadata: {name: db-admin}\nstringData:\n  # hidden\n  user: geheim\n";
    sandbox.write(FILE, plain.as_bytes());
    let said = good(&run(&sandbox, &["seal", FILE]));
    assert!(said.contains("added user") && said.contains("info[seal/was-clear]"), "{said}");
    let sealed = sandbox.read(FILE);
    assert!(
        sealed.starts_with("# kept\n") && sealed.contains("namespace: data\n") && !sealed.contains("hidden"),
        "{sealed}"
    );
    assert_eq!(value(&sandbox, "db/db-admin", "user"), "geheim");
    assert!(good(&sandbox.gen_(&["seal", FILE])).contains("nothing changed"), "it needs no key to see that");
    assert_eq!(sandbox.read(FILE), sealed);

    // Elsewhere, with several documents, for whom it is said.
    let two = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: geheim}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: b}\ndata: {y: Z2VoZWlt}\n";
    sandbox.write("extra/two.yaml", two.as_bytes());
    assert!(told(&run(&sandbox, &["seal", "extra/two.yaml"])).contains("error[usage/owner]"));
    good(&run(&sandbox, &["seal", "extra/two.yaml", "--for", "prod"]));
    let sealed = sandbox.read("extra/two.yaml");
    assert!(
        sealed.matches("\nsops:\n").count() == 2
            && !sealed.contains("geheim")
            && !sealed.contains("Z2VoZWlt")
    );
    let opened = out(&run(&sandbox, &["unseal", "extra/two.yaml"]));
    assert!(opened.contains("x: geheim\n") && opened.contains("\"y\": Z2VoZWlt\n"), "{opened}");

    // For others than before: brought to what is wanted, and told.
    let new = out(&sandbox.gen_(&["key", "new", "../new.agekey"])).trim().to_owned();
    sandbox.edit("environments/fleet.yaml", PUBLIC, &format!("{new}, old: {PUBLIC}"));
    let said = good(&run(&sandbox, &["seal", FILE]));
    assert!(
        said.contains(
            "\n  for prod\n  no longer for old, who can read the history for ever: replace `stringData.user`"
        ),
        "{said}"
    );
    assert!(told(&run(&sandbox, &["unseal", FILE])).contains("error[secret/wrong-key]"));
    assert!(run(&sandbox, &["unseal", FILE, "-i", "../new.agekey"]).status.success());
}

#[test]
fn manifests_that_cannot_be_sealed_stay_as_they_are() {
    let sandbox = project();
    let secret = |text: &str| format!("apiVersion: v1\nkind: Secret\n{text}");
    for (text, said) in [
        (secret("metadata: {name: other}\nstringData: {a: geheim}\n"), "error[seal/name]"),
        (
            secret("metadata: {name: db-admin, namespace: x}\nstringData: {a: geheim}\n"),
            "error[seal/namespace]",
        ),
        (secret("metadata: {name: db-admin}\nstringData: {a: 1, b: geheim}\n"), "error[secret/not-text]"),
        (secret("metadata: {name: db-admin}\ndata: {a: geheim!}\n"), "error[secret/base64]"),
        (secret("metadata: {name: db-admin}\n"), "error[secret/nothing]"),
        (secret("metadata: {name: db-admin}\nstringData: {a: geheim, a: geheim}\n"), "error[yaml/"),
        (secret("metadata: {name: db-admin}\nstringData: {a: 'geheim}\n"), "error[yaml/"),
        (
            "kind: ConfigMap\nmetadata: {name: db-admin}\ndata: {a: geheim}\n".to_owned(),
            "error[seal/documents]",
        ),
        (
            format!("{}---\n{}", secret("data: {}\n"), secret("stringData: {a: geheim}\n")),
            "error[seal/documents]",
        ),
    ] {
        sandbox.write(FILE, text.as_bytes());
        let output = run(&sandbox, &["seal", FILE]);
        assert!(told(&output).contains(said), "{text}\n{}", err(&output));
        assert!(!err(&output).contains("geheim"), "{}", err(&output));
        assert_eq!(sandbox.read(FILE), text);
    }
    sandbox.write(FILE, b"\xff\xfe\x00");
    assert!(told(&run(&sandbox, &["seal", FILE])).contains("error[load/encoding]"));

    // What keeps one file from being sealed, and is said once, keeps the next from it as well.
    sandbox.write("environments/fleet.yaml", format!("keys: {{prod: {PUBLIC}}}\n").as_bytes());
    let (tls, text) = (FILE.replace("admin", "tls"), |name| {
        secret(&format!("metadata: {{name: db-{name}}}\nstringData: {{a: x}}\n"))
    });
    sandbox.write(FILE, text("admin").as_bytes());
    sandbox.write(&tls, text("tls").as_bytes());
    let said = told(&run(&sandbox, &["seal", FILE, &tls]));
    assert_eq!(said.matches("error[environment/no-source]").count(), 1, "{said}");
    assert_eq!((sandbox.read(FILE), sandbox.read(&tls)), (text("admin"), text("tls")));
    let owner = run(&sandbox, &["seal", FILE, "--for", "dev"]);
    assert!(told(&owner).contains("error[usage/owner]"));
}

/// Neither a link nor a file that somebody else wrote in the meantime is written over.
#[test]
fn only_what_was_read_is_written_over() {
    let sandbox = project();
    let outside = home(&sandbox).join("outside.yaml");
    fs::write(&outside, "kind: Secret\nstringData: {a: geheim}\n").unwrap();
    let folder = sandbox.root().join("environments/secrets/prod/db");
    fs::create_dir_all(&folder).unwrap();
    let link = folder.join("db-admin.sops.yaml");
    std::os::unix::fs::symlink(&outside, &link).unwrap();
    let words = ["seal", "prod", "db/db-admin", "--generate", "user=9", "--replace"];
    assert!(told(&run(&sandbox, &words)).contains("is a symbolic link that leads out of the project"));
    assert!(told(&run(&sandbox, &["seal", FILE])).contains("error[secret/outside]"));
    fs::remove_file(&link).unwrap();
    fs::write(folder.join("real.yaml"), "x: 1\n").unwrap();
    std::os::unix::fs::symlink("real.yaml", &link).unwrap();
    assert!(told(&run(&sandbox, &words)).contains("error[write/link]"), "{}", err(&run(&sandbox, &words)));
    assert_eq!(fs::read_to_string(folder.join("real.yaml")).unwrap(), "x: 1\n");
    fs::remove_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink(home(&sandbox), &folder).unwrap();
    assert!(told(&run(&sandbox, &words)).contains("is a symbolic link"));
    assert!(!home(&sandbox).join("db-admin.sops.yaml").exists());
    fs::remove_file(&folder).unwrap();

    let mut terminal = Terminal::run(command(&sandbox, &["seal", "prod", "db/db-admin", "user"]));
    terminal.expect("user (Its name): ");
    sandbox.write(FILE, b"somebody: else\n");
    terminal.types("me\n");
    let (_, output) = terminal.end();
    assert!(told(&output).contains("error[write/changed]"), "{}", err(&output));
    assert_eq!(sandbox.read(FILE), "somebody: else\n");
}

/// Lines of it that cannot be read would be lost.
#[test]
fn a_damaged_list_of_values_to_replace_stays() {
    let sandbox = project();
    let pack = "description: A database\nstage: apps\nsecrets: {admin: {description: x, keys: {password: {generate: {length: 20}}}}}\n";
    sandbox.write("templates/db/pack.yaml", pack.as_bytes());
    let list = "environments/secrets/to-replace.txt";
    let text = "2026-01-01  prod/db/db-admin  stringData.password  bob\nwhat is this\n";
    sandbox.write(list, text.as_bytes());
    let said = told(&run(&sandbox, &["seal", "prod", "--missing"]));
    assert!(said.contains("error[secret/to-replace]"), "{said}");
    assert_eq!(sandbox.read(list), text);
}
