//! `gen bootstrap`: what is printed can be run; what is run is that, in order, with secrets in pipes only. The programs
//! are played by scripts that write down what they were called with.

use crate::{
    key::{KEY, PUBLIC, err, home, out},
    sandbox::Sandbox,
    sealed::{bad, good, secret},
};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Output},
};

/// Notes its name, its arguments and what it reads; there is nothing in the cluster, and what `BROKEN` names fails.
const TOOL: &str = r#"#!/bin/sh
case " $* " in
  *" current-context "*) echo my-context; exit 0 ;;
  *" get "*) test -n "$THERE"; exit ;;
esac
printf '%s\n' "${0##*/} $*" >> "$LOG"
case " $* " in
  *" - ") cat >> "$LOG" ;;
esac
case " $* " in
  *" $BROKEN "*) exit 3 ;;
esac
"#;

fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "environments/fleet.yaml",
        format!(
            "source: {{kind: GitRepository, url: \"https://example.com/fleet\", ref: {{branch: main}}, secret: pull}}\n\
             flux: {{version: \"2.9\", sync: operator}}\nkeys: {{dev-cluster: {PUBLIC}}}\n"
        )
        .as_bytes(),
    );
    sandbox.write(
        "environments/dev.yaml",
        b"cluster: {name: dev, domain: example.com}\nsecrets: {cluster: dev-cluster}\n\
          components:\n  local: {pack: kind}\n  flux-operator: {pack: flux-operator}\n",
    );
    for tool in ["kubectl", "helm", "flux", "kind"] {
        let path = home(&sandbox).join("bin").join(tool);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, TOOL).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(home(&sandbox).join("dev.agekey"), format!("# TEST ONLY\n{KEY}\n")).unwrap();
    fs::write(home(&sandbox).join("pull.sops.yaml"), secret("any", &[("password", "geheim-7")], &[PUBLIC]))
        .unwrap();
    sandbox
}

const KEYED: [&str; 5] = ["--yes", "--identity", "../dev.agekey", "--pull-secret", "../pull.sops.yaml"];

fn run(sandbox: &Sandbox, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let path = format!("{}:{}", home(sandbox).join("bin").display(), std::env::var("PATH").unwrap());
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_gen"));
    command.env("PATH", path).env("LOG", home(sandbox).join("log")).env("BROKEN", "nothing-is");
    command
        .envs(variables.iter().copied())
        .args(["bootstrap", "dev", "--run"])
        .args(arguments)
        .output()
        .unwrap()
}

/// What was called, and the whole log; a new one begins.
fn log(sandbox: &Sandbox) -> (Vec<String>, String) {
    let file = home(sandbox).join("log");
    let text = fs::read_to_string(&file).unwrap_or_default();
    let _ = fs::remove_file(file);
    let is_call =
        |line: &&str| ["kubectl ", "helm ", "flux ", "kind "].iter().any(|tool| line.starts_with(tool));
    (text.lines().filter(is_call).map(str::to_owned).collect(), text)
}

#[test]
fn what_is_printed_is_a_script() {
    let sandbox = project();
    let printed = sandbox.gen_(&["bootstrap", "dev"]);
    assert_eq!(printed.status.code(), Some(0));
    assert!(err(&printed).contains("warning[bootstrap/not-rendered]"), "{}", err(&printed));
    let script = out(&printed);
    for line in [
        "kind create cluster --config fleet-out/dev/outside/local/cluster.yaml\n",
        "kubectl --context kind-dev create namespace flux-system\n",
        "gen key export dev --kubernetes --reveal | kubectl --context kind-dev apply --server-side -f -\n",
        "kubectl --context kind-dev apply --server-side -f fleet-out/dev/cluster/sync.yaml\n",
    ] {
        assert!(script.contains(line), "{script}");
    }
    let checked = Command::new("sh").arg("-n").arg("-c").arg(&script).output().unwrap();
    assert!(checked.status.success(), "{}", err(&checked));
    assert!(script.contains("#    add `--identity FILE` if"), "{script}");
    let named = out(&sandbox.gen_(&["bootstrap", "dev", "--identity", "../my key.txt"]));
    let export = "gen key export dev --kubernetes --reveal --identity '../my key.txt' | kubectl";
    assert!(named.contains(export) && !named.contains("add `--identity"), "{named}");
    let json = good(&sandbox, &["bootstrap", "dev", "--format", "json"]);
    assert!(json.contains("\"command\": [") && json.contains("fleet-out/dev/cluster/sync.yaml"), "{json}");
    good(&sandbox, &["render", "--all", "--allow-missing-secrets"]);
    assert!(!good(&sandbox, &["bootstrap", "dev"]).contains("not-rendered"));
    assert!(bad(&sandbox, 2, &["bootstrap", "dve"]).contains("did you mean `dev`?"));
}

#[test]
fn nothing_is_printed_of_what_has_errors() {
    let sandbox = project();
    sandbox.edit("environments/dev.yaml", "name: dev,", "name: \"x`\\ntouch INJECTED #\",");
    let refused = sandbox.gen_(&["bootstrap", "dev"]);
    assert_eq!((refused.status.code(), out(&refused).as_str()), (Some(2), ""));
    assert!(err(&refused).contains("error[config/name]") && err(&refused).contains("dev.yaml:1:17"));
    sandbox.edit("environments/dev.yaml", "name: \"x`\\ntouch INJECTED #\",", "name: dev,");
    sandbox.edit("environments/dev.yaml", "cluster: dev-cluster", "cluster: \"dev\\ntouch INJECTED #\"");
    for more in [&[][..], &["--format", "json"], &["--run", "--yes"]] {
        let refused = sandbox.gen_(&[&["bootstrap", "dev"], more].concat());
        assert_eq!(refused.status.code(), Some(2), "{}", err(&refused));
        assert!(!out(&refused).contains("kubectl"), "{}", out(&refused));
    }
}

#[test]
fn it_is_done_in_order_and_secrets_go_through_pipes() {
    let sandbox = project();
    let done = run(&sandbox, &[], &KEYED);
    assert!(done.status.success(), "{}", err(&done));
    let (calls, text) = log(&sandbox);
    let starts = [
        "kind create cluster --config -",
        "kubectl --context kind-dev create namespace flux-system",
        "helm --kube-context kind-dev upgrade --install flux-operator oci://",
        "kubectl --context kind-dev apply --server-side -f -",
        "kubectl --context kind-dev apply --server-side -f -",
        "kubectl --context kind-dev apply --server-side -f -",
        "kubectl --context kind-dev wait ",
    ];
    assert!(
        calls.len() == 7 && calls.iter().zip(starts).all(|(call, start)| call.starts_with(start)),
        "{calls:#?}"
    );
    // The key, then the pull Secret under the name that the source gives it.
    assert!(
        text.contains(KEY) && text.contains("    name: sops-age\n    namespace: flux-system\n"),
        "{text}"
    );
    assert!(
        text.contains("    name: pull\n    namespace: flux-system\n")
            && text.contains("    password: geheim-7\n")
    );
    assert!(text.contains("kind: FluxInstance\n") && text.contains("kind: Cluster\n"));
    let said = calls.join("\n") + &out(&done) + &err(&done);
    assert!(!said.contains("AGE-SECRET-KEY") && !said.contains("geheim"), "{said}");
    assert!(err(&done).contains("1/7 the cluster `dev` on this machine\n"));
    // What is there already is left as it is.
    let again = run(&sandbox, &[("THERE", "yes")], &KEYED);
    assert!(again.status.success());
    let (calls, _) = log(&sandbox);
    assert!(calls.len() == 4 && calls[0].starts_with("helm "), "{calls:#?}");
    assert!(err(&again).contains("1/7 the cluster `dev` on this machine: there already\n"));
}

#[test]
fn nothing_is_done_before_all_is_there_and_somebody_agreed() {
    let sandbox = project();
    let told = |arguments: &[&str], id: &str| {
        let output = run(&sandbox, &[], arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(err(&output).contains(id), "{}", err(&output));
        assert!(!(out(&output) + &err(&output)).contains("geheim"));
    };
    told(&KEYED[1..], "error[bootstrap/refused]");
    told(&["--yes", "--pull-secret", "../pull.sops.yaml"], "error[key/absent]");
    told(&["--yes", "--identity", "../dev.agekey", "--pull-secret", "../none"], "error[load/file]");
    fs::write(home(&sandbox).join("other.yaml"), "kind: ConfigMap\napiVersion: v1\ndata: {a: geheim}\n")
        .unwrap();
    told(
        &["--yes", "--identity", "../dev.agekey", "--pull-secret", "../other.yaml"],
        "error[bootstrap/pull-secret]",
    );
    assert!(log(&sandbox).0.is_empty());
    // Without a file it is there already, or that is where it ends.
    told(&["--yes", "--identity", "../dev.agekey"], "error[bootstrap/pull-secret]");
    assert_eq!(log(&sandbox).0.len(), 4);
}

#[test]
fn a_step_that_fails_ends_it() {
    let sandbox = project();
    let failed = run(&sandbox, &[("BROKEN", "--install")], &[&KEYED[..], &["--context", "eu"]].concat());
    assert_eq!(failed.status.code(), Some(2));
    assert!(
        err(&failed).contains("error[bootstrap/failed]: `helm --kube-context eu upgrade"),
        "{}",
        err(&failed)
    );
    let (calls, _) = log(&sandbox);
    assert!(calls.len() == 3 && calls[2].starts_with("helm --kube-context eu"), "{calls:#?}");
    let json = run(&sandbox, &[("BROKEN", "wait")], &[&KEYED[..], &["--format", "json"]].concat());
    assert!(
        out(&json).contains("\"done\": false") && out(&json).contains("bootstrap/failed"),
        "{}",
        out(&json)
    );
}
