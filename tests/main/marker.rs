//! A secret goes through every verb and is seen nowhere: not in what is said, in arguments or variables of any process, in
//! the project, among temporary files, or in any file that was written on the way. strace looks where it is on the machine.

use crate::{
    key::{KEY, PUBLIC, err, home, out},
    sandbox::Sandbox,
    sealed::{BOB, open, path, policy, project, secret},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// TEST ONLY: the secret that is looked for.
const MARKER: &str = "Vergissmeinnicht-4711-geheim";

/// The forms in which it would be known again: as it is, and in base64 wherever in a text it stands.
fn forms() -> Vec<String> {
    let shifted = |by: usize| {
        let text = STANDARD.encode(format!("{}{MARKER}", "x".repeat(by)));
        // What hangs on the neighbours of the marker is left out.
        text[(by * 8).div_ceil(6)..text.len() - 4].to_owned()
    };
    let key = KEY.strip_prefix("AGE-SECRET-KEY-1").unwrap().to_owned();
    vec![MARKER.into(), shifted(0), shifted(1), shifted(2), key]
}

fn shows(text: &[u8]) -> Option<String> {
    forms().into_iter().find(|form| text.windows(form.len()).any(|part| part == form.as_bytes()))
}

struct Bench {
    sandbox: Sandbox,
    strace: bool,
}

impl Bench {
    fn new() -> Self {
        let sandbox = project("bob");
        for folder in ["run", "tmp", "given"] {
            fs::create_dir_all(home(&sandbox).join(folder)).unwrap();
        }
        let bench = Self { sandbox, strace: Command::new("strace").arg("-V").output().is_ok() };
        if !bench.strace {
            eprintln!("skipped: no strace, so what is written on the way is not looked at");
        }
        // Outside of the project, for reading only.
        bench.give("key.agekey", &format!("# TEST ONLY\n{KEY}\n"));
        bench
    }

    fn given(&self) -> PathBuf {
        home(&self.sandbox).join("given")
    }

    fn give(&self, name: &str, text: &str) -> String {
        let path = self.given().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn trace(&self) -> PathBuf {
        home(&self.sandbox).join("trace")
    }

    fn command(&self, words: &[&str]) -> Command {
        let gen_ = env!("CARGO_BIN_EXE_gen");
        let mut command = self.sandbox.command(if self.strace { "strace" } else { gen_ });
        if self.strace {
            // Whole texts, the paths of files, the environment of every process that is begun.
            command.args(["-f", "-y", "-v", "-qq", "-s", "1000000", "-o"]).arg(self.trace());
            command.args(["-e", "trace=write,writev,pwrite64,pwritev,sendto,sendmsg,openat,execve,rename"]);
            command.arg(gen_);
        }
        command
            .args(words)
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("SOPS_AGE_KEY_FILE", self.given().join("key.agekey"))
            .env("XDG_RUNTIME_DIR", home(&self.sandbox).join("run"))
            .env("TMPDIR", home(&self.sandbox).join("tmp"))
            .env("EDITOR", format!("sh {}", self.given().join("editor.sh").display()));
        command
    }

    /// Runs `gen`, which ends with this code, and looks everywhere. `meant`: what it may write to, apart from files that
    /// only an editor sees.
    fn run(&self, words: &[&str], input: &str, code: i32, meant: &[&str]) -> Output {
        let mut child = self.command(words).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {}", err(&output));
        assert_eq!(shows(&output.stderr), None, "{words:?}: {}", err(&output));
        if !meant.contains(&"stdout") {
            assert_eq!(shows(&output.stdout), None, "{words:?}");
        }
        self.nothing_written(words, meant);
        self.nothing_left(words);
        output
    }

    /// Every call of every process: arguments and variables of programs, names of files, and what is written to them.
    fn nothing_written(&self, words: &[&str], meant: &[&str]) {
        if !self.strace {
            return;
        }
        let trace = fs::read_to_string(self.trace()).unwrap();
        fs::remove_file(self.trace()).unwrap();
        assert!(trace.contains("execve("), "{words:?}: strace saw nothing: {trace}");
        let run = format!("<{}/", home(&self.sandbox).join("run").display());
        for line in trace.lines().filter(|line| shows(line.as_bytes()).is_some()) {
            let for_the_editor = line.contains("write(") && line.contains(&run);
            let said = meant.contains(&"stdout") && line.contains(" write(") && line.contains("<pipe:");
            assert!(for_the_editor || said, "{words:?}: {line}");
        }
    }

    /// What is on the disk.
    fn nothing_left(&self, words: &[&str]) {
        let mut folders = vec![home(&self.sandbox)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry == self.given() {
                    continue;
                }
                assert_eq!(shows(entry.as_os_str().as_encoded_bytes()), None, "{words:?}");
                if entry.is_dir() {
                    folders.push(entry);
                } else {
                    assert_eq!(shows(&fs::read(&entry).unwrap()), None, "{words:?}: {}", entry.display());
                }
            }
        }
        let run = home(&self.sandbox).join("run");
        assert_eq!(fs::read_dir(run).unwrap().count(), 0, "{words:?}: something is left for an editor");
    }

    fn value(&self, name: &str, key: &str) -> String {
        let text = self.sandbox.read(&path(name));
        fleetgen::secret::manifest::value(&open(&text).documents()[0], key)
            .unwrap()
            .as_text()
            .unwrap()
            .to_owned()
    }
}

#[test]
fn the_search_finds_it() {
    for before in ["", "a", "ab", "abc"] {
        assert!(
            shows(STANDARD.encode(format!("{before}{MARKER} and more")).as_bytes()).is_some(),
            "{before}"
        );
    }
    assert!(shows(format!("x{MARKER}y").as_bytes()).is_some() && shows(KEY.as_bytes()).is_some());
    assert!(shows(PUBLIC.as_bytes()).is_none());
}

#[test]
fn no_verb_shows_a_secret() {
    let bench = Bench::new();
    let marked = format!("a {MARKER} b");
    let file = bench.give("token", &marked);
    let variables = bench.give("env", &format!("E={MARKER}\n"));
    let words = ["seal", "prod", "kuard/db", "--stdin", "in", "--from-file"];
    let from = format!("file={file}");
    let words = [&words[..], &[&from, "--from-env-file", &variables, "--generate", "made=30"]].concat();
    bench.run(&words, &marked, 0, &[]);
    assert_eq!((bench.value("db", "in"), bench.value("db", "E")), (marked.clone(), MARKER.into()));
    // As JSON, and over what is there.
    let words = ["seal", "prod", "kuard/db", "--stdin", "in", "--format", "json"];
    bench.run(&words, &format!("{marked} again"), 0, &[]);
    let password = ["seal", "prod", "kuard/basic", "--basic-auth", "me", "--password-stdin"];
    bench.run(&password, MARKER, 0, &[]);
    let docker = ["seal", "prod", "kuard/pull", "--docker", "ghcr.io=me", "--password-stdin"];
    bench.run(&docker, MARKER, 0, &[]);
    assert!(bench.value("pull", ".dockerconfigjson").contains(MARKER));

    // A manifest that stood there in the clear.
    bench.sandbox.write(
        &path("clear"),
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: clear, namespace: kuard}}\nstringData: {{a: {MARKER}}}\ndata: {{b: {}}}\n", STANDARD.encode(&marked)).as_bytes(),
    );
    bench.run(&["seal", &path("clear")], "", 0, &[]);
    assert_eq!((bench.value("clear", "a"), bench.value("clear", "b")), (MARKER.into(), marked));

    bench.give("editor.sh", "sed -i 's/again/changed/' \"$1\"");
    bench.run(&["edit", "prod", "kuard/db"], "", 0, &[]);
    assert!(bench.value("db", "in").ends_with("changed"));
    bench.give("editor.sh", "printf '  broken: [\\n' >> \"$1\"");
    bench.run(&["edit", "prod", "kuard/db"], "", 2, &[]);

    let shown = bench.run(&["unseal", &path("db"), "--key", "E"], "", 0, &["stdout"]);
    assert_eq!(shown.stdout, MARKER.as_bytes());
    bench.run(&["rekey"], "", 0, &[]);
    policy(&bench.sandbox, "");
    bench.run(&["rekey"], "", 0, &[]);
    bench.run(&["rotate"], "", 0, &[]);
    bench.run(&["secrets", "copy", "prod/kuard/db", "prod/other/copy"], "", 0, &[]);
    bench.run(&["secrets"], "", 0, &[]);
    bench.run(&["secrets", "list", "--format", "json"], "", 0, &[]);
    bench.run(&["secrets", "explain", "prod", "kuard/db"], "", 0, &[]);
    bench.run(&["secrets", "exposed", "prod/kuard/db", "E"], "", 0, &[]);
    bench.run(&["secrets", "replaced", "prod/kuard/db", "E"], "", 0, &[]);
    bench.run(&["secrets", "textconv", &path("db")], "", 0, &[]);
    bench.run(&["render", "--all"], "", 0, &[]);
    bench.run(&["render", "--all", "--stdout"], "", 0, &[]);
    bench.run(&["explain", "prod"], "", 0, &[]);
    bench.run(&["seal", "prod", "kuard/db", "--stdin", "E"], &format!("{MARKER}2"), 0, &[]);
    bench.run(&["diff", "prod"], "", 0, &[]);
    let revealed = bench.run(&["diff", "prod", "--reveal"], "", 0, &["stdout"]);
    assert!(shows(&revealed.stdout).is_some());
    bench.run(&["key", "show"], "", 0, &[]);
}

#[test]
fn no_merge_shows_a_secret() {
    let bench = Bench::new();
    let version = |value: &str| secret("db", &[("a", value), ("b", "geheim")], &[PUBLIC, BOB]);
    for (name, value) in [("base", "old"), ("ours", MARKER), ("theirs", &format!("{MARKER}2"))] {
        bench.sandbox.write(name, version(value).as_bytes());
    }
    let repository = unmerged(&bench.sandbox);
    bench.run(&["secrets", "merge", "base", "ours", "theirs", &path("db")], "", 1, &[]);
    let Some(()) = repository else { return };
    bench.sandbox.write(&path("db"), b"");
    bench.run(&["secrets", "resolve", &path("db")], "", 2, &[]);
    bench.run(&["secrets", "resolve", &path("db"), "--theirs"], "", 0, &[]);
    assert_eq!(bench.value("db", "a"), format!("{MARKER}2"));
}

/// A clone in the middle of a merge of the three files; `None` if there is no git.
fn unmerged(sandbox: &Sandbox) -> Option<()> {
    let git = |words: &[&str], input: &str| {
        let mut command = sandbox.command("git");
        let command = command.env("PATH", std::env::var_os("PATH").unwrap()).args(words);
        let mut child = command.stdin(Stdio::piped()).spawn().ok()?;
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", err(&output));
        Some(out(&output))
    };
    if git(&["init", "--quiet"], "").is_none() {
        eprintln!("skipped: no git");
        return None;
    }
    let mut index = String::new();
    for (stage, name) in [(1, "base"), (2, "ours"), (3, "theirs")] {
        let object = git(&["hash-object", "-w", name], "")?;
        index.push_str(&format!("100644 {} {stage}\t{}\n", object.trim(), path("db")));
    }
    git(&["update-index", "--index-info"], &index).map(|_| ())
}

/// Mistakes are told by file, key and line.
#[test]
fn no_mistake_shows_a_secret() {
    let bench = Bench::new();
    let head = "apiVersion: v1\nkind: Secret\nmetadata: {name: bad, namespace: kuard}\n";
    for text in [
        format!("{head}stringData: {{a: {MARKER}\n"),
        format!("{head}stringData:\n  a: {MARKER}\n  a: {MARKER}2\n"),
        format!("{head}stringData: [{MARKER}]\n"),
        format!("{head}stringData: {MARKER}\n"),
        format!("{head}stringData: {{a: {{b: {MARKER}}}}}\n"),
        format!("{head}data: {{a: {MARKER}}}\n"),
        format!("{head}stringData: {{a: !!binary {MARKER}}}\n"),
        format!("{head}stringData: {{a: *{MARKER}}}\n"),
        format!("{head}stringData: {{a: \"{MARKER}\\q\"}}\n"),
        format!("{head}type: kubernetes.io/tls\nstringData: {{tls.crt: {MARKER}, tls.key: {MARKER}}}\n"),
        format!("{head}type: kubernetes.io/dockerconfigjson\nstringData: {{.dockerconfigjson: {MARKER}}}\n"),
        format!("{head}type: kubernetes.io/ssh-auth\nstringData: {{ssh-privatekey: {MARKER}}}\n"),
    ] {
        let bad = bench.give("bad.yaml", &text);
        for format in ["text", "json"] {
            bench.run(&["seal", "--for", "prod", &bad, "--format", format], "", 2, &[]);
        }
    }
    let variables = bench.give("env", &format!("{MARKER}\nA {MARKER}\n={MARKER}\n"));
    bench.run(&["seal", "prod", "kuard/db", "--from-env-file", &variables], "", 2, &[]);
    let text = bench.give("pem", MARKER);
    bench.run(&["seal", "prod", "kuard/db", "--tls", &text, &text], "", 2, &[]);
    bench.run(&["seal", "prod", "kuard/db", "--ssh-key", &text], "", 2, &[]);
    // A private key where a public one belongs, and one that is cut.
    bench.sandbox.write("cut", b"");
    let cut = bench.give("cut.agekey", &KEY[..KEY.len() - 2]);
    bench.sandbox.write(&path("db"), secret("db", &[("a", MARKER)], &[BOB]).as_bytes());
    bench.run(&["unseal", &path("db"), "--identity", &cut], "", 2, &[]);
    assert!(Path::new(&cut).exists());
}

/// Files of secrets in which the marker stands in the clear, in every form that somebody may leave there by mistake.
fn plain_by_mistake() -> Vec<String> {
    let sealed = secret("NAME", &[("a", "x"), ("b", "y")], &[PUBLIC, BOB]);
    let line = |start: &str| {
        sealed.lines().find(|line| line.trim_start().starts_with(start)).unwrap_or_else(|| panic!("{start}"))
    };
    let with = |start: &str, value: &str| {
        let old = line(start);
        sealed.replacen(old, &format!("{}: {value}", old.split_once(':').unwrap().0), 1)
    };
    let mut texts: Vec<String> =
        ["TOKEN=@", "- @", "\"@", "@", "@: x\n@: y", "TOKEN: @", "TOKEN: !@ x", "TOKEN: &@"]
            .into_iter()
            .chain([
                "TOKEN: *@",
                "TOKEN: !!int @",
                "? [@]\n: x",
                "a: {@",
                "a: '@",
                "%@",
                "@\\q: \"@\\q\"",
                "a:\t@",
                "x\u{7}@: @",
            ])
            .map(|text| format!("{text}\n"))
            .collect();
    for text in ["# @", "kind: @", "type: Opaque # @", "kind: Secret\nmetadata: {name: @ X}", "<<<<<<< @"] {
        texts.push(format!("{text}\n{sealed}"));
    }
    for more in ["TOKEN=@", "TOKEN: @", "- @", "@", "\"@", "# @", "a: [@"] {
        texts.push(format!("{sealed}---\n{more}\n"));
    }
    for key in ["a:", "b:", "namespace:", "kind:", "mac:", "lastmodified:", "encrypted_regex:", "version:"] {
        for value in
            ["@", "ENC[AES256_GCM,data:@", "ENC[AES256_GCM,data:@,iv:@,tag:@,type:str]", "[@]", "!!int @"]
        {
            texts.push(with(key, value));
        }
    }
    texts.push(sealed.replace("metadata:", "metadata:\n    annotations: {x: @, x: @}"));
    texts.push(sealed.replace("sops:", "sops: @\nx:"));
    texts.push(sealed[..sealed.find("mac:").unwrap()].to_owned() + "mac: @");
    texts.iter().map(|text| text.replace('@', MARKER)).collect()
}

/// What is plain in a file that is to be sealed is never drawn, whoever finds it and in whatever way it is broken.
#[test]
fn what_is_plain_in_a_file_of_secrets_is_not_drawn() {
    let bench = Bench { strace: false, ..Bench::new() };
    let shown = std::cell::RefCell::new(Vec::new());
    let looked = |words: &[&str], text: &str| {
        let output = bench.command(words).stdin(Stdio::null()).output().unwrap();
        // `unseal` prints what it opens, and `textconv` what a sealed file has beside its values: that is what they are for.
        let meant =
            words[0] == "unseal" || (words[1] == "textconv" && !output.stdout.starts_with(b"# not shown"));
        for stream in [&output.stdout, &output.stderr].into_iter().skip(usize::from(meant)) {
            let said = String::from_utf8_lossy(stream);
            let lines =
                said.lines().filter(|line| shows(line.as_bytes()).is_some() || line.contains("99999999"));
            let found = lines.map(|line| format!("{words:?} of {text:?}: {line}"));
            shown.borrow_mut().extend(found);
        }
    };
    bench.give("editor.sh", "true");
    let good = path("good");
    bench.sandbox.write(&good, secret("good", &[("a", "x")], &[PUBLIC, BOB]).as_bytes());
    bench.run(&["render", "--all"], "", 0, &[]);
    let mut texts = plain_by_mistake();
    texts.push("TOKEN: 99999999999999999999\nX: 1e999999999999999999999\n".into());
    for (number, text) in texts.iter().enumerate() {
        let name = format!("n{number}");
        let file = path(&name);
        bench.sandbox.write(&file, text.replace("NAME", &name).as_bytes());
        let which = format!("kuard/{name}");
        looked(&["unseal", &file], text);
        looked(&["secrets", "textconv", &file], text);
        // These read files as `unseal` does.
        if number % 7 == 0 {
            looked(&["edit", &file], text);
            looked(&["seal", "prod", &which, "--generate", "k"], text);
        }
    }
    for format in ["text", "json"] {
        for words in [
            &["render", "--all"][..],
            &["secrets"],
            &["diff", "--all"],
            &["rekey"],
            &["rotate"],
            &["explain", "prod"],
            &["bootstrap", "prod"],
            &["secrets", "explain", "prod", "kuard/n0"],
        ] {
            looked(&[words, &["--format", format]].concat(), "");
        }
    }
    let files: Vec<String> = (0..texts.len()).map(|number| path(&format!("n{number}"))).collect();
    looked(&[&["seal"][..], &files.iter().map(String::as_str).collect::<Vec<_>>()].concat(), "");
    files.iter().for_each(|file| bench.sandbox.remove(file));
    // The copy in the tree.
    let copy = "fleet-out/prod/apps/kuard/good.sops.yaml";
    for text in texts.iter().step_by(9) {
        bench.sandbox.write(copy, text.as_bytes());
        for words in [["render", "--all"], ["diff", "--all"]] {
            looked(&words, text);
        }
    }
    let shown = shown.into_inner();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}
