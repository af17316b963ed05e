//! A secret goes through every verb and is seen nowhere: not in what is said, in arguments or variables of any process, in
//! the project, among temporary files, or in any file that was written on the way. strace looks where it is on the machine.

use crate::{
    cli::helps,
    key::{KEY, PUBLIC, err, home, out},
    sandbox::Sandbox,
    sealed::{BOB, open, path, plain, policy, project, secret},
    terminal::Terminal,
    watch::Watching,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::{
    cell::RefCell,
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// TEST ONLY: the secret that is looked for.
const MARKER: &str = "Vergissmeinnicht-4711-geheim";

/// What shows a secret because that is what it is for: words of the command, where it shows it, and why.
const ON_PURPOSE: [(&[&str], Shown, &str); 6] = [
    (&["unseal"], Shown::Output, "it prints what a file holds"),
    (&["diff", "--reveal"], Shown::Output, "it was told to show values"),
    (
        &["key", "export", "--reveal"],
        Shown::Output,
        "it was told to print a private key, for a cluster or a backup",
    ),
    (&["key", "new"], Shown::Given, "the file of the new key is what it makes"),
    (&["edit"], Shown::Editor, "the editor reads a file, which is in memory"),
    (
        &["bootstrap", "--run"],
        Shown::Tool,
        "`kubectl` reads the cluster's key and the pull Secret from a pipe",
    ),
];

/// Where a secret may be seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// On standard output, which is a pipe.
    Output,
    /// In a file outside of the project that the command names.
    Given,
    /// In a file that only an editor sees, and that is gone after it.
    Editor,
    /// In the pipe to another program.
    Tool,
}

/// Where the command may show a secret.
fn on_purpose(words: &[&str]) -> Option<Shown> {
    let meant = ON_PURPOSE.iter().find(|(meant, ..)| meant.iter().all(|word| words.contains(word)));
    meant.map(|(_, shown, _)| *shown)
}

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
    /// The command lines that were run.
    ran: RefCell<Vec<String>>,
}

impl Bench {
    fn new() -> Self {
        Self::of(project("bob"))
    }

    fn of(sandbox: Sandbox) -> Self {
        for folder in ["run", "tmp", "given"] {
            fs::create_dir_all(home(&sandbox).join(folder)).unwrap();
        }
        let strace = Command::new("strace").arg("-V").output().is_ok();
        let bench = Self { sandbox, strace, ran: RefCell::default() };
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

    /// The form of the secret that a text shows: of the marker, or of a private key that was given or made.
    fn shows(&self, text: &[u8]) -> Option<String> {
        let keys = fs::read_dir(self.given()).unwrap().map(|entry| entry.unwrap().path());
        let keys = keys.filter(|path| path.extension().is_some_and(|ending| ending == "agekey"));
        let keys = keys.map(|path| fs::read_to_string(path).unwrap());
        let made = keys.flat_map(|text| {
            let keys = text.lines().filter_map(|line| line.strip_prefix("AGE-SECRET-KEY-1"));
            keys.map(str::to_owned).collect::<Vec<_>>()
        });
        let text_has = |form: &String| text.windows(form.len()).any(|part| part == form.as_bytes());
        forms().into_iter().chain(made).find(text_has)
    }

    fn trace(&self) -> PathBuf {
        home(&self.sandbox).join("trace")
    }

    fn command(&self, words: &[&str]) -> Command {
        self.ran.borrow_mut().push(words.join(" "));
        let gen_ = env!("CARGO_BIN_EXE_gen");
        let mut command = self.sandbox.command(if self.strace { "strace" } else { gen_ });
        if self.strace {
            // Whole texts, the paths of files, the environment of every process that is begun.
            command.args(["-f", "-y", "-v", "-qq", "-s", "1000000", "-o"]).arg(self.trace());
            command.args(["-e", "trace=write,writev,pwrite64,pwritev,sendto,sendmsg,openat,execve,rename"]);
            command.arg(gen_);
        }
        let tools = home(&self.sandbox).join("bin");
        command
            .args(words)
            .env("PATH", format!("{}:{}", tools.display(), std::env::var("PATH").unwrap()))
            .env("SOPS_AGE_KEY_FILE", self.given().join("key.agekey"))
            .env("XDG_RUNTIME_DIR", home(&self.sandbox).join("run"))
            .env("TMPDIR", home(&self.sandbox).join("tmp"))
            .env("EDITOR", format!("sh {}", self.given().join("editor.sh").display()));
        command
    }

    /// Runs `gen`, which ends with this code, and looks everywhere but where it shows a secret on purpose.
    fn run(&self, words: &[&str], input: &str, code: i32) -> Output {
        let mut child = self.command(words).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {}", err(&output));
        self.look(words, &output);
        output
    }

    /// The same at a terminal, where lines are typed when they are asked for; what it shows on its screen.
    fn type_in(&self, words: &[&str], typed: &[(&str, &str)]) {
        let mut terminal = Terminal::run(self.command(words));
        for (question, line) in typed {
            terminal.expect(question).types(&format!("{line}\n"));
        }
        let (screen, output) = terminal.end();
        assert!(output.status.success(), "{words:?}: {}", err(&output));
        assert_eq!(self.shows(screen.as_bytes()), None, "{words:?}: {screen}");
        self.look(words, &output);
    }

    fn look(&self, words: &[&str], output: &Output) {
        assert_eq!(self.shows(&output.stderr), None, "{words:?}: {}", err(output));
        let shown = self.shows(&output.stdout);
        match on_purpose(words) {
            Some(Shown::Output) => assert!(shown.is_some() || !output.status.success(), "{words:?}"),
            _ => assert_eq!(shown, None, "{words:?}"),
        }
        self.nothing_written(words);
        self.nothing_left(words);
    }

    /// Every call of every process: arguments and variables of programs, names of files, and what is written to them.
    fn nothing_written(&self, words: &[&str]) {
        if !self.strace {
            return;
        }
        let trace = fs::read_to_string(self.trace()).unwrap();
        fs::remove_file(self.trace()).unwrap();
        assert!(trace.contains("execve("), "{words:?}: strace saw nothing: {trace}");
        let below = |folder: PathBuf| format!("<{}/", folder.display());
        let place = on_purpose(words).map(|shown| match shown {
            Shown::Output | Shown::Tool => "<pipe:".to_owned(),
            Shown::Given => below(self.given()),
            Shown::Editor => below(home(&self.sandbox).join("run")),
        });
        let mut seen = false;
        for line in trace.lines().filter(|line| self.shows(line.as_bytes()).is_some()) {
            let is_meant =
                place.as_ref().is_some_and(|place| line.contains(" write(") && line.contains(place));
            assert!(is_meant, "{words:?}: {line}");
            seen = true;
        }
        // What is never seen needs no exception.
        let failed = trace.lines().any(|line| line.contains("error["));
        assert!(seen || failed || place.is_none(), "{words:?} shows nothing");
    }

    /// What is on the disk.
    fn nothing_left(&self, words: &[&str]) {
        let mut folders = vec![home(&self.sandbox)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry == self.given() {
                    continue;
                }
                assert_eq!(self.shows(entry.as_os_str().as_encoded_bytes()), None, "{words:?}");
                if entry.is_dir() {
                    folders.push(entry);
                } else {
                    assert_eq!(
                        self.shows(&fs::read(&entry).unwrap()),
                        None,
                        "{words:?}: {}",
                        entry.display()
                    );
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

/// Every verb, each group in a project of its own; none is left out.
#[test]
fn no_verb_shows_a_secret() {
    let groups: [fn() -> Vec<String>; 6] = [secrets, merges, keys, projects, watches, clusters];
    let running = groups.map(std::thread::spawn);
    let ran: Vec<String> = running.into_iter().flat_map(|group| group.join().unwrap()).collect();
    let mut known = Vec::new();
    helps(&Sandbox::new(), "", &mut known);
    let known: Vec<String> = known.into_iter().map(|(verb, _)| verb).collect();
    let below = |verb: &str, line: &str| verb.is_empty() || line.starts_with(&format!("{verb} "));
    let verbs: Vec<&String> =
        known.iter().filter(|verb| !known.iter().any(|other| below(verb, other))).collect();
    assert!(verbs.len() > 30, "only {verbs:?}");
    let is_run = |verb: &&&String| ran.iter().any(|line| line == **verb || below(verb, line));
    let left: Vec<&&String> = verbs.iter().filter(|verb| !is_run(verb)).collect();
    assert!(left.is_empty(), "no test looks for a secret in what these show or write: {left:?}");
}

/// What seals, opens and rewrites.
fn secrets() -> Vec<String> {
    let bench = Bench::new();
    let marked = format!("a {MARKER} b");
    let file = bench.give("token", &marked);
    let variables = bench.give("env", &format!("E={MARKER}\n"));
    let words = ["seal", "prod", "kuard/db", "--stdin", "in", "--from-file"];
    let from = format!("file={file}");
    let words = [&words[..], &[&from, "--from-env-file", &variables, "--generate", "made=30"]].concat();
    bench.run(&words, &marked, 0);
    assert_eq!((bench.value("db", "in"), bench.value("db", "E")), (marked.clone(), MARKER.into()));
    // As JSON, and over what is there.
    let words = ["seal", "prod", "kuard/db", "--stdin", "in", "--format", "json"];
    bench.run(&words, &format!("{marked} again"), 0);
    let password = ["seal", "prod", "kuard/basic", "--basic-auth", "me", "--password-stdin"];
    bench.run(&password, MARKER, 0);
    let docker = ["seal", "prod", "kuard/pull", "--docker", "ghcr.io=me", "--password-stdin"];
    bench.run(&docker, MARKER, 0);
    assert!(bench.value("pull", ".dockerconfigjson").contains(MARKER));

    // A manifest that stood there in the clear.
    bench.sandbox.write(
        &path("clear"),
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: clear, namespace: kuard}}\nstringData: {{a: {MARKER}}}\ndata: {{b: {}}}\n", STANDARD.encode(&marked)).as_bytes(),
    );
    bench.run(&["seal", &path("clear")], "", 0);
    assert_eq!((bench.value("clear", "a"), bench.value("clear", "b")), (MARKER.into(), marked));

    bench.give("editor.sh", "sed -i 's/again/changed/' \"$1\"");
    bench.run(&["edit", "prod", "kuard/db"], "", 0);
    assert!(bench.value("db", "in").ends_with("changed"));
    bench.give("editor.sh", "printf '  broken: [\\n' >> \"$1\"");
    bench.run(&["edit", "prod", "kuard/db"], "", 2);

    let shown = bench.run(&["unseal", &path("db"), "--key", "E"], "", 0);
    assert_eq!(shown.stdout, MARKER.as_bytes());
    bench.run(&["rekey"], "", 0);
    policy(&bench.sandbox, "");
    bench.run(&["rekey"], "", 0);
    bench.run(&["rotate"], "", 0);
    bench.run(&["secrets", "copy", "prod/kuard/db", "prod/other/copy"], "", 0);
    bench.run(&["secrets"], "", 0);
    bench.run(&["secrets", "list", "--format", "json"], "", 0);
    bench.run(&["secrets", "explain", "prod", "kuard/db"], "", 0);
    bench.run(&["secrets", "exposed", "prod/kuard/db", "E"], "", 0);
    bench.run(&["secrets", "replaced", "prod/kuard/db", "E"], "", 0);
    bench.run(&["secrets", "textconv", &path("db")], "", 0);
    bench.run(&["render", "--all"], "", 0);
    bench.run(&["render", "--all", "--stdout"], "", 0);
    bench.run(&["explain", "prod"], "", 0);
    bench.run(&["seal", "prod", "kuard/db", "--stdin", "E"], &format!("{MARKER}2"), 0);
    bench.run(&["diff", "prod"], "", 0);
    let revealed = bench.run(&["diff", "prod", "--reveal"], "", 0);
    assert!(shows(&revealed.stdout).is_some());
    bench.ran.take()
}

/// Private keys: those that are there, and one that is made.
fn keys() -> Vec<String> {
    let bench = Bench::new();
    bench.run(&["key", "show"], "", 0);
    bench.run(&["key", "show", "--format", "json"], "", 0);
    let new = bench.given().join("new.agekey");
    bench.run(&["key", "new", new.to_str().unwrap()], "", 0);
    assert!(bench.shows(&fs::read(&new).unwrap()).is_some());
    bench.run(&["key", "new", new.to_str().unwrap()], "", 2);
    bench.run(&["key", "export", "prod"], "", 2);
    let exported = bench.run(&["key", "export", "prod", "--kubernetes", "--reveal"], "", 0);
    assert!(out(&exported).contains(KEY));
    bench.ran.take()
}

/// What is done with projects, packs and charts, in one whose sealed files hold the marker.
fn projects() -> Vec<String> {
    let bench = Bench::new();
    bench.sandbox.write(&path("db"), secret("db", &[("a", MARKER)], &[PUBLIC, BOB]).as_bytes());
    let prod = bench.sandbox.read("environments/prod.yaml");
    bench.sandbox.write("environments/dev.yaml", prod.replace("name: prod", "name: dev").as_bytes());
    bench.sandbox.write("chart/Chart.yaml", b"apiVersion: v2\nname: x\nversion: 1.0.0\n");
    bench.sandbox.write("chart/values.yaml", b"a: 1\n");
    for line in [
        "init ../another",
        "list",
        "explain prod",
        "explain prod components.kuard",
        "compare prod dev",
        "compare prod dev --format json",
        "schema",
        "schema --write",
        "explain-error secret/mac",
        "pack list",
        "pack show web-app",
        "pack new mine",
        "pack eject alerts",
        "pack test mine",
        "pack lint mine",
        "chart add chart",
        "chart diff chart chart",
        "completions bash",
        "man",
        "man ../pages",
        "render --all",
        "render --all --check",
        "bootstrap prod",
    ] {
        bench.run(&line.split(' ').collect::<Vec<_>>(), "", 0);
    }
    // What is needed is typed.
    bench.sandbox.write(
        "templates/own/pack.yaml",
        b"description: Own\nstage: apps\nsecrets: {x: {description: Its own, keys: {token: {}}}}\n",
    );
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ component.name }}}\n";
    bench.sandbox.write("templates/own/a.yaml.j2", text.as_bytes());
    bench.sandbox.write("environments/prod.yaml", format!("{prod}  own: {{pack: own}}\n").as_bytes());
    bench.type_in(&["seal", "prod", "--missing"], &[("token of own-x", MARKER)]);
    let sealed = bench.sandbox.read("environments/secrets/prod/own/own-x.sops.yaml");
    assert!(plain(&sealed).contains(MARKER));
    bench.ran.take()
}

/// Secrets come and change while it watches, one of them in the clear.
fn watches() -> Vec<String> {
    let bench = Bench::new();
    let words = ["watch", "prod"];
    let mut watching = Watching::run(bench.command(&words));
    watching.expect("waiting for changes");
    let sandbox = &bench.sandbox;
    sandbox.write(&path("db"), secret("db", &[("a", MARKER)], &[PUBLIC, BOB]).as_bytes());
    let head = "apiVersion: v1\nkind: Secret\nmetadata: {name: clear, namespace: kuard}\n";
    sandbox.write(&path("clear"), format!("{head}stringData: {{a: {MARKER}}}\n").as_bytes());
    watching.expect("error[load/not-sealed]");
    sandbox.write(&path("clear"), format!("{head}stringData: {{a: {MARKER}\n").as_bytes());
    watching.expect("error[");
    sandbox.remove(&path("clear"));
    watching.expect("apps/kuard/db.sops.yaml");
    sandbox.write(&path("db"), secret("db", &[("a", "x"), ("b", MARKER)], &[PUBLIC, BOB]).as_bytes());
    sandbox.edit("environments/prod.yaml", "metadata: {name: x}", "metadata: {name: x}, data: {seen: y}");
    watching.expect("seen");
    assert_eq!(bench.shows(watching.all.as_bytes()), None, "{}", watching.all);
    let text = sandbox.read("environments/prod.yaml");
    let turn = |turn: usize| {
        sandbox
            .write("environments/prod.yaml", text.replace("seen: y", &format!("seen: y{turn}")).as_bytes());
    };
    assert_eq!(watching.leave(turn), Some(0));
    bench.nothing_written(&words);
    bench.nothing_left(&words);
    bench.ran.take()
}

/// An empty cluster, played by scripts that read what they are given and keep nothing.
fn clusters() -> Vec<String> {
    const TOOL: &str = "#!/bin/sh\ncase \" $* \" in\n  *\" current-context \"*) echo my-context; exit 0 ;;\n  *\" get \"*) exit 1 ;;\n  *\" - \") while read -r line; do read=\"$read $line\"; done ;;\nesac\n";
    let bench = Bench::new();
    for tool in ["kubectl", "helm", "flux", "kind"] {
        let file = home(&bench.sandbox).join("bin").join(tool);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, TOOL).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    bench.sandbox.edit("environments/fleet.yaml", "{branch: main}", "{branch: main}, secret: pull");
    let pull = bench.give("pull.sops.yaml", &secret("any", &[("password", MARKER)], &[PUBLIC]));
    bench.run(&["bootstrap", "prod"], "", 0);
    bench.run(&["bootstrap", "prod", "--format", "json"], "", 0);
    bench.run(&["bootstrap", "prod", "--run", "--yes", "--pull-secret", &pull], "", 0);
    bench.run(&["bootstrap", "prod", "--run", "--yes", "--pull-secret", "none"], "", 2);
    bench.ran.take()
}

/// What merges.
fn merges() -> Vec<String> {
    let bench = Bench::new();
    let version = |value: &str| secret("db", &[("a", value), ("b", "geheim")], &[PUBLIC, BOB]);
    for (name, value) in [("base", "old"), ("ours", MARKER), ("theirs", &format!("{MARKER}2"))] {
        bench.sandbox.write(name, version(value).as_bytes());
    }
    let repository = unmerged(&bench.sandbox);
    bench.run(&["secrets", "merge", "base", "ours", "theirs", &path("db")], "", 1);
    bench.sandbox.write(&path("db"), b"");
    bench.run(&["secrets", "resolve", &path("db")], "", 2);
    let Some(()) = repository else { return bench.ran.take() };
    bench.run(&["secrets", "resolve", &path("db"), "--theirs"], "", 0);
    assert_eq!(bench.value("db", "a"), format!("{MARKER}2"));
    bench.ran.take()
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
            bench.run(&["seal", "--for", "prod", &bad, "--format", format], "", 2);
        }
    }
    let variables = bench.give("env", &format!("{MARKER}\nA {MARKER}\n={MARKER}\n"));
    bench.run(&["seal", "prod", "kuard/db", "--from-env-file", &variables], "", 2);
    let text = bench.give("pem", MARKER);
    bench.run(&["seal", "prod", "kuard/db", "--tls", &text, &text], "", 2);
    bench.run(&["seal", "prod", "kuard/db", "--ssh-key", &text], "", 2);
    // A private key where a public one belongs, and one that is cut.
    bench.sandbox.write("cut", b"");
    let cut = bench.give("cut.agekey", &KEY[..KEY.len() - 2]);
    bench.sandbox.write(&path("db"), secret("db", &[("a", MARKER)], &[BOB]).as_bytes());
    bench.run(&["unseal", &path("db"), "--identity", &cut], "", 2);
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
    let shown = RefCell::new(Vec::new());
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
    bench.run(&["render", "--all"], "", 0);
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
            &["list"],
            &["compare", "prod", "prod"],
            &["schema"],
            &["seal", "prod", "--missing"],
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
