//! `gen watch`, while files are edited as editors do it. How long it takes is measured by `examples/measure`.

use crate::sandbox::Sandbox;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

/// A running `gen watch`, and what it shows.
pub(crate) struct Watching {
    child: Child,
    screen: Receiver<Vec<u8>>,
    shown: String,
    /// All that it has shown.
    pub(crate) all: String,
}

impl Watching {
    fn start(sandbox: &Sandbox, words: &[&str]) -> Self {
        Self::start_after("", sandbox, words)
    }

    /// The same after something that a shell does.
    fn start_after(first: &str, sandbox: &Sandbox, words: &[&str]) -> Self {
        let mut command = sandbox.command("/bin/sh");
        let script = format!("{first} exec \"$0\" watch \"$@\"");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_gen")]).args(words);
        Self::run(command)
    }

    /// Runs `gen watch`, whatever it is called by.
    pub(crate) fn run(mut command: Command) -> Self {
        // One stream, so that what is shown is read in its order.
        let (mut pipe, end) = std::io::pipe().unwrap();
        command.stdout(end.try_clone().unwrap()).stderr(end).process_group(0);
        let child = command.spawn().unwrap();
        drop(command);
        let (send, screen) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = pipe.read(&mut bytes) {
                if send.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, screen, shown: String::new(), all: String::new() }
    }

    /// Waits until something new shows this text, which is then forgotten with all before it.
    pub(crate) fn expect(&mut self, text: &str) {
        let start = Instant::now();
        while !self.shown.contains(text) {
            assert!(start.elapsed() < Duration::from_secs(60), "no `{text}` in\n{}", self.shown);
            if let Ok(bytes) = self.screen.recv_timeout(Duration::from_millis(50)) {
                let text = String::from_utf8_lossy(&bytes);
                self.shown.push_str(&text);
                self.all.push_str(&text);
            }
        }
        let end = self.shown.find(text).unwrap() + text.len();
        self.shown.drain(..end);
    }

    /// Looks away: it ends when it has something to show. Changes are made until then.
    pub(crate) fn leave(mut self, mut change: impl FnMut(usize)) -> Option<i32> {
        self.screen = channel().1;
        let start = Instant::now();
        for turn in 0.. {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(start.elapsed() < Duration::from_secs(60), "it does not end");
            change(turn);
            thread::sleep(Duration::from_millis(100));
        }
        None
    }

    /// As Ctrl-C does it, which a run in the background ignores.
    fn end(mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watching {
    /// A test that failed leaves nothing running, nor what runs under strace.
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
    }
}

const PROD: &str = "extends: [base]\ncluster: {name: prod, domain: example.com}\ncomponents:\n  kuard:\n    inputs: {replicas: {min: 2, max: 10}}\n";

#[test]
fn saves_are_shown_and_mistakes_go_away() {
    let sandbox = Sandbox::new();
    assert!(sandbox.gen_(&["init"]).status.success());
    sandbox.write("environments/prod.yaml", PROD.as_bytes());
    let mut watching = Watching::start(&sandbox, &["prod"]);
    watching.expect("all is well");
    watching.expect("waiting for changes");
    // Written in place.
    sandbox.write("environments/prod.yaml", PROD.replace("min: 2", "min: 3").as_bytes());
    watching.expect("spec.minReplicas");
    watching.expect("+ 3");
    // Written beside, and renamed over it, as most editors do.
    let text = PROD.replace("min: 2", "min: 4");
    sandbox.write("environments/.prod.yaml.new", text.as_bytes());
    let folder = sandbox.root().join("environments");
    fs::rename(folder.join(".prod.yaml.new"), folder.join("prod.yaml")).unwrap();
    watching.expect("- 3");
    watching.expect("+ 4");
    // The old file is moved away first, as some do.
    fs::rename(folder.join("prod.yaml"), folder.join(".prod.yaml.old")).unwrap();
    thread::sleep(Duration::from_millis(5));
    sandbox.write("environments/prod.yaml", PROD.replace("min: 2", "min: 5").as_bytes());
    watching.expect("+ 5");
    // In two steps.
    let (first, second) = PROD.split_at(70);
    sandbox.write("environments/prod.yaml", first.as_bytes());
    thread::sleep(Duration::from_millis(5));
    sandbox.write("environments/prod.yaml", (first.to_owned() + second).as_bytes());
    watching.expect("- 5");
    watching.expect("+ 2");
    // A mistake, and mended; then the environment goes and comes back.
    sandbox.write("environments/prod.yaml", PROD.replace("min:", "mni:").as_bytes());
    watching.expect("error[input/unknown]");
    watching.expect("did you mean `min`?");
    watching.expect("1 error");
    sandbox.write("environments/prod.yaml", PROD.as_bytes());
    watching.expect("all is well again");
    fs::remove_file(folder.join("prod.yaml")).unwrap();
    watching.expect("error[usage/unknown-environment]");
    sandbox.write("environments/prod.yaml", PROD.as_bytes());
    watching.expect("all is well again");
    // A folder that was not there.
    sandbox.write("templates/own/pack.yaml", b"description: Own\nstage: apps\n");
    sandbox.write(
        "templates/own/a.yaml.j2",
        b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\ndata: {a: first}\n",
    );
    sandbox.write("environments/prod.yaml", format!("{PROD}  own: {{pack: own}}\n").as_bytes());
    watching.expect("component own");
    sandbox.edit("templates/own/a.yaml.j2", "first", "second");
    watching.expect("- first");
    watching.expect("+ second");
    // What is known of charts counts too.
    sandbox.write("charts/x-1.0.0.facts", b"nonsense\n");
    watching.expect("error[load/facts]");
    sandbox.remove("charts/x-1.0.0.facts");
    watching.expect("all is well again");
    assert_eq!(watching.end(), Some(0));
}

/// `nohup` and `&` start a program so: what they ignore ends nothing, and SIGTERM ends it as ever.
#[test]
fn what_is_ignored_at_the_start_stays_ignored() {
    let sandbox = Sandbox::new();
    assert!(sandbox.gen_(&["init"]).status.success());
    let mut watching = Watching::start_after("trap '' INT HUP;", &sandbox, &["prod"]);
    watching.expect("waiting for changes");
    for signal in [Signal::HUP, Signal::INT] {
        kill_process(Pid::from_child(&watching.child), signal).unwrap();
    }
    thread::sleep(Duration::from_millis(100));
    sandbox.edit("environments/prod.yaml", "min: 2", "min: 3");
    watching.expect("+ 3");
    assert_eq!(watching.end(), Some(0));
}

/// What nobody sees is not waited for.
#[test]
fn it_ends_when_its_output_takes_nothing() {
    let sandbox = Sandbox::new();
    assert!(sandbox.gen_(&["init"]).status.success());
    if !Path::new("/dev/full").exists() {
        return eprintln!("skipped: there is no /dev/full");
    }
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_gen"));
    let output = command.args(["watch", "prod"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("error: standard output cannot be written: "), "{said}");
    // A reader that is gone is no error.
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_gen"));
    let mut child = command.args(["watch", "prod"]).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// `gen watch prod | head -1`: it ends while it waits, though nothing changes.
#[test]
fn it_ends_when_its_reader_goes_while_it_waits() {
    let sandbox = Sandbox::new();
    assert!(sandbox.gen_(&["init"]).status.success());
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_gen"));
    let mut child =
        command.args(["watch", "prod"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // What is said after the first result: from now on it waits.
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("waiting for changes"), "{line}");
    thread::sleep(Duration::from_millis(300));
    assert_eq!(child.try_wait().unwrap(), None, "it waits as long as somebody reads");
    drop(child.stdout.take());
    let start = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if start.elapsed() > Duration::from_secs(20) => {
                child.kill().unwrap();
                panic!("it does not end");
            }
            None => thread::sleep(Duration::from_millis(10)),
        }
    };
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!((status.code(), rest.as_str()), (Some(0), ""));
}

/// Warnings are told with the result, when they come and when they go.
#[test]
fn warnings_are_told() {
    let sandbox = Sandbox::new();
    assert!(sandbox.gen_(&["init"]).status.success());
    let warned = PROD.replace("inputs: {", "inputs: {env: null, ");
    sandbox.write("environments/prod.yaml", warned.as_bytes());
    let mut watching = Watching::start(&sandbox, &["prod"]);
    watching.expect("warning[config/nothing-to-remove]");
    watching.expect(": rendered, 1 warning\n");
    // With a difference.
    sandbox.write("environments/prod.yaml", warned.replace("min: 2", "min: 3").as_bytes());
    watching.expect(": rendered, 1 warning\n");
    watching.expect("+ 3");
    // It goes and comes, and nothing else differs.
    sandbox.write("environments/prod.yaml", PROD.replace("min: 2", "min: 3").as_bytes());
    watching.expect(": all is well\n");
    sandbox.write("environments/prod.yaml", warned.replace("min: 2", "min: 3").as_bytes());
    watching.expect("warning[config/nothing-to-remove]");
    watching.expect(": rendered, 1 warning\n");
    // After a mistake.
    sandbox.write("environments/prod.yaml", PROD.replace("min:", "mni:").as_bytes());
    watching.expect("1 error");
    sandbox.write("environments/prod.yaml", warned.replace("min: 2", "min: 3").as_bytes());
    watching.expect(": rendered again, 1 warning\n");
    assert_eq!(watching.end(), Some(0));
}

#[test]
fn what_cannot_be_watched_is_told() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.gen_(&["watch", "prod"]).status.code(), Some(2));
    assert!(sandbox.gen_(&["init"]).status.success());
    let output = sandbox.gen_(&["watch", "prd"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("did you mean `prod`?"));
}

#[test]
fn results_for_programs_are_json() {
    let sandbox = Sandbox::new();
    assert!(sandbox.gen_(&["init"]).status.success());
    let mut watching = Watching::start(&sandbox, &["prod", "--format", "json"]);
    watching.expect("\"findings\": []\n}\n");
    sandbox.edit("environments/prod.yaml", "min: 2", "min: 3");
    watching.expect("\"field\": \"spec.minReplicas\"");
    watching.expect("\"value\": 3");
    assert_eq!(watching.end(), Some(0));
}
