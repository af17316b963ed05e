//! The real process, ended and disturbed while it writes: killed, interrupted, twice at once, between the branches of a
//! Git repository. What is written afterwards is what a render in a fresh folder writes.

use crate::{cases::FLEET, hostile::Random, sandbox::Sandbox};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Child, Output},
    sync::OnceLock,
    thread::sleep,
    time::{Duration, Instant},
};

const ENVIRONMENTS: usize = 6;
const COMPONENTS: usize = 8;
const VERSIONS: usize = 4;

/// Files of others, in folders of ours and beside them.
const FOREIGN: [&str; 4] = [
    "fleet-out/README.md",
    "fleet-out/shop-0/apps/NOTES.md",
    "fleet-out/shop-1/apps/app-2/NOTES.md",
    "fleet-out/shop-2/mine/deep/x.yaml",
];

/// Writes the inputs of one version. Versions differ in images, and each lacks two of the components.
fn inputs(sandbox: &Sandbox, version: usize) {
    let mut base = String::from("abstract: true\nkubernetes: \"1.34\"\ncomponents:\n");
    for app in (0..COMPONENTS).filter(|app| app % VERSIONS != version) {
        let _ = writeln!(
            base,
            "  app-{app}: {{pack: web-app, inputs: {{image: \"example.com/app-{app}:1.{}.0\", port: 8080}}}}",
            if app % 2 == 0 { version } else { 9 }
        );
    }
    sandbox.write("environments/fleet.yaml", FLEET.as_bytes());
    sandbox.write("environments/base.yaml", base.as_bytes());
    for index in 0..ENVIRONMENTS {
        let text =
            format!("extends: [base]\ncluster: {{name: shop-{index}, domain: shop-{index}.example.com}}\n");
        sandbox.write(&format!("environments/shop-{index}.yaml"), text.as_bytes());
    }
}

fn project(version: usize) -> Sandbox {
    let sandbox = Sandbox::new();
    inputs(&sandbox, version);
    FOREIGN.iter().for_each(|path| sandbox.write(path, b"of others\n"));
    sandbox
}

/// Everything below a folder: files with their bytes, folders with a slash at the end.
fn snapshot(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn down(root: &Path, at: &Path, out: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(at).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                out.insert(format!("{name}/"), Vec::new());
                down(root, &path, out);
            } else {
                out.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut out = BTreeMap::new();
    down(root, root, &mut out);
    out
}

fn written(sandbox: &Sandbox) -> BTreeMap<String, Vec<u8>> {
    snapshot(&sandbox.root().join("fleet-out"))
}

/// What each version gives in a fresh folder.
fn fresh() -> &'static [BTreeMap<String, Vec<u8>>] {
    static FRESH: OnceLock<Vec<BTreeMap<String, Vec<u8>>>> = OnceLock::new();
    let one = |version| {
        let sandbox = project(version);
        render(&sandbox);
        written(&sandbox)
    };
    FRESH.get_or_init(|| (0..VERSIONS).map(one).collect())
}

fn render(sandbox: &Sandbox) {
    good(&sandbox.gen_(&["render", "--all"]));
}

fn good(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
}

fn said(output: &Output) -> String {
    format!("{:?}\n{}", output.status, String::from_utf8_lossy(&output.stderr))
}

/// Names where two snapshots differ; short enough to be read.
fn same(expected: &BTreeMap<String, Vec<u8>>, found: &BTreeMap<String, Vec<u8>>, when: &str) {
    let names = expected.keys().chain(found.keys()).filter(|name| expected.get(*name) != found.get(*name));
    let names: Vec<&String> = names.take(9).collect();
    assert!(names.is_empty(), "{when}: {names:?}");
}

fn start(sandbox: &Sandbox) -> Child {
    sandbox.command(env!("CARGO_BIN_EXE_gen")).args(["render", "--all"]).spawn().unwrap()
}

/// Waits until the process writes temporary files, or has ended.
fn wait_for_writing(sandbox: &Sandbox, process: &mut Child) {
    let root = sandbox.root().join("fleet-out");
    let writes = || (0..ENVIRONMENTS).any(|index| root.join(format!("shop-{index}/.gen-tmp-write")).exists());
    while !writes() && process.try_wait().unwrap().is_none() {
        sleep(Duration::from_micros(100));
    }
}

/// How long a render of changed inputs takes, in microseconds.
fn duration(sandbox: &Sandbox) -> usize {
    let start = Instant::now();
    render(sandbox);
    usize::try_from(start.elapsed().as_micros()).unwrap()
}

#[test]
fn killed_at_any_moment_the_next_run_completes_with_the_same_and_with_other_inputs() {
    let fresh = fresh();
    let sandbox = project(0);
    let whole = duration(&sandbox);
    let mut random = Random(5);
    let (mut killed, mut version) = (0, 0);
    for round in 0..12 {
        version = (version + 1 + random.below(VERSIONS - 1)) % VERSIONS;
        inputs(&sandbox, version);
        let mut process = start(&sandbox);
        if round % 4 != 0 {
            wait_for_writing(&sandbox, &mut process);
        }
        sleep(Duration::from_micros(random.below(whole / 2) as u64));
        process.kill().unwrap();
        killed += usize::from(!process.wait_with_output().unwrap().status.success());
        if round % 2 == 0 {
            version = (version + random.below(VERSIONS)) % VERSIONS;
            inputs(&sandbox, version);
        }
        render(&sandbox);
        same(&fresh[version], &written(&sandbox), &format!("round {round}"));
    }
    assert!(killed > 3, "only {killed} of 12 runs were killed before they ended");
}

#[test]
fn interrupted_all_is_as_before_or_as_rendered() {
    let fresh = fresh();
    let sandbox = project(0);
    let whole = duration(&sandbox);
    let mut random = Random(6);
    let (mut stopped, mut version) = (0, 0);
    for round in 0..6 {
        let before = written(&sandbox);
        version = (version + 1) % VERSIONS;
        inputs(&sandbox, version);
        let mut process = start(&sandbox);
        if round % 2 == 0 {
            wait_for_writing(&sandbox, &mut process);
        } else {
            sleep(Duration::from_micros(random.below(whole) as u64));
        }
        let signal = sandbox.command("sh").args(["-c", &format!("kill -INT {}", process.id())]).output();
        let output = process.wait_with_output().unwrap();
        let after = written(&sandbox);
        if output.status.success() {
            same(&fresh[version], &after, "ended well");
            continue;
        }
        assert!(signal.unwrap().status.success());
        same(&before, &after, "interrupted");
        // Without a code it was so early that the process had not yet asked to be told.
        if output.status.code().is_some() {
            stopped += 1;
            assert_eq!(output.status.code(), Some(2), "{}", said(&output));
            let text = String::from_utf8_lossy(&output.stderr);
            assert_eq!(text, "error[write/interrupted]: interrupted\n\n1 error; nothing was written\n");
        }
        render(&sandbox);
        same(&fresh[version], &written(&sandbox), "run again");
    }
    assert!(stopped > 0, "no run was interrupted before it ended");
}

#[test]
fn two_runs_at_once_leave_a_whole_tree_and_say_who_writes() {
    let fresh = fresh();
    let sandbox = project(0);
    let mut refused = 0;
    for round in 1..5 {
        inputs(&sandbox, round % VERSIONS);
        let processes = [start(&sandbox), start(&sandbox)];
        let outputs = processes.map(|process| process.wait_with_output().unwrap());
        let mut wrote = false;
        for output in &outputs {
            let text = said(output);
            wrote |= output.status.success();
            if !output.status.success() {
                refused += 1;
                assert_eq!(output.status.code(), Some(2), "{text}");
                assert!(text.contains("another run") && text.contains("is writing `fleet-out/"), "{text}");
                assert!(text.contains("run again"), "{text}");
            }
        }
        assert!(wrote, "neither of two runs wrote anything");
        same(&fresh[round % VERSIONS], &written(&sandbox), "after both");
    }
    assert!(refused > 0, "no two runs met");
}

#[test]
fn rendering_twice_touches_nothing() {
    let sandbox = project(0);
    render(&sandbox);
    let look = || {
        let names = written(&sandbox).into_keys();
        let stamp = |name: String| {
            let data = fs::metadata(sandbox.root().join("fleet-out").join(&name)).unwrap();
            (name, data.ino(), data.mtime(), data.mtime_nsec(), data.ctime_nsec())
        };
        names.map(stamp).collect::<Vec<_>>()
    };
    let before = look();
    sleep(Duration::from_millis(20));
    render(&sandbox);
    assert!(sandbox.gen_(&["render", "--all", "--check"]).status.success());
    assert!(sandbox.gen_(&["diff", "--all", "--exit-code"]).status.success());
    assert_eq!(before, look());
}

#[test]
fn a_target_that_cannot_be_written_is_told() {
    let sandbox = project(0);
    // Nobody can make a folder there, root neither.
    let output = sandbox.gen_(&["render", "--all", "--out", "/proc/fleet"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("error[write/failed]") && said(&output).contains("nothing was written"));
    render(&sandbox);
    let (before, folder) = (written(&sandbox), sandbox.root().join("fleet-out/shop-3"));
    let mode = |mode| {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o555);
    if fs::write(folder.join("probe"), "").is_ok() {
        return eprintln!("skipped: root may write everywhere");
    }
    inputs(&sandbox, 1);
    let output = sandbox.gen_(&["render", "--all"]);
    mode(0o755);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("fleet-out/shop-3"), "{}", said(&output));
    same(&before, &written(&sandbox), "one of the folders may not be written");
}

/// Runs git; the user's and the machine's settings do not count.
fn git(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut command = sandbox.command("git");
    command.env("PATH", path).env("GIT_CONFIG_NOSYSTEM", "1");
    command.args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]);
    command.args(arguments).output().unwrap()
}

fn git_is_there() -> bool {
    let there = std::process::Command::new("git").arg("--version").output().is_ok();
    if !there {
        eprintln!("skipped: no git");
    }
    there
}

fn commit(sandbox: &Sandbox, message: &str) {
    good(&git(sandbox, &["add", "-A"]));
    good(&git(sandbox, &["commit", "-q", "-m", message]));
}

/// One more component in one environment, and all rendered.
fn change(sandbox: &Sandbox, environment: &str, component: &str) {
    let path = sandbox.root().join(format!("environments/{environment}.yaml"));
    let mut text = fs::read_to_string(&path).unwrap();
    let _ = writeln!(
        text,
        "{}  {component}: {{pack: web-app, inputs: {{image: \"example.com/x:1\", port: 8080}}}}",
        if text.contains("components:") { "" } else { "components:\n" }
    );
    fs::write(path, text).unwrap();
    render(sandbox);
}

#[test]
fn a_merge_of_two_rendered_branches_is_rendered_without_force() {
    if !git_is_there() {
        return;
    }
    let sandbox = project(0);
    render(&sandbox);
    good(&git(&sandbox, &["init", "-q"]));
    commit(&sandbox, "first");
    good(&git(&sandbox, &["checkout", "-q", "-b", "topic"]));
    // The same environment in two files, so that the inputs merge and the outputs do not.
    change(&sandbox, "shop-0", "left");
    sandbox.write("environments/more.yaml", b"abstract: true\nextends: [base]\ncomponents: {also: {pack: web-app, inputs: {image: \"example.com/y:1\", port: 80}}}\n");
    commit(&sandbox, "topic");
    good(&git(&sandbox, &["checkout", "-q", "main"]));
    let base = fs::read_to_string(sandbox.root().join("environments/base.yaml")).unwrap();
    let added = "  lift: {pack: web-app, inputs: {image: \"example.com/z:1\", port: 80}}\n";
    sandbox.write("environments/base.yaml", (base + added).as_bytes());
    render(&sandbox);
    commit(&sandbox, "main");
    let merge = git(&sandbox, &["merge", "-q", "topic", "-m", "merge"]);
    let inventory = fs::read_to_string(sandbox.root().join("fleet-out/shop-0/.gen-inventory")).unwrap();
    assert!(!merge.status.success() && inventory.contains("<<<<<<<"), "the branches were to conflict");
    let unmerged = git(&sandbox, &["diff", "--name-only", "--diff-filter=U"]);
    let unmerged = String::from_utf8(unmerged.stdout).unwrap();
    assert!(unmerged.lines().all(|path| path.starts_with("fleet-out/")), "{unmerged}");
    render(&sandbox);
    let elsewhere = project(0);
    for entry in fs::read_dir(sandbox.root().join("environments")).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("environments/{}", path.file_name().unwrap().to_str().unwrap());
        elsewhere.write(&name, &fs::read(path).unwrap());
    }
    render(&elsewhere);
    same(&written(&elsewhere), &written(&sandbox), "after the merge");
}

#[test]
fn an_inventory_in_conflict_alone_is_no_difference_of_files() {
    let sandbox = project(0);
    render(&sandbox);
    let good_tree = written(&sandbox);
    let path = "fleet-out/shop-0/.gen-inventory";
    let text = fs::read_to_string(sandbox.root().join(path)).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    let conflict =
        format!("<<<<<<< HEAD\n{first}\n=======\n{}\n>>>>>>> topic\n{rest}", first.replace('a', "b"));
    sandbox.write(path, conflict.as_bytes());
    render(&sandbox);
    same(&good_tree, &written(&sandbox), "a conflict");
    sandbox.remove(path);
    render(&sandbox);
    same(&good_tree, &written(&sandbox), "no inventory");
}

#[test]
fn a_clone_with_other_line_endings_is_rendered_without_force() {
    if !git_is_there() {
        return;
    }
    for attributes in [false, true] {
        let sandbox = project(0);
        if attributes {
            sandbox.write(".gitattributes", b"fleet-out/** -text linguist-generated\n");
        }
        render(&sandbox);
        good(&git(&sandbox, &["init", "-q"]));
        commit(&sandbox, "first");
        let clone = Sandbox::new();
        let from = sandbox.root();
        let arguments = ["clone", "-q", "-c", "core.autocrlf=true", from.to_str().unwrap(), "."];
        good(&git(&clone, &arguments));
        let file = fs::read(clone.root().join("fleet-out/shop-0/cluster/kustomization.yaml")).unwrap();
        let input = fs::read(clone.root().join("environments/base.yaml")).unwrap();
        assert!(input.contains(&b'\r') && file.contains(&b'\r') != attributes);
        assert_eq!(clone.gen_(&["render", "--all", "--check"]).status.success(), attributes);
        render(&clone);
        let ours = |sandbox: &Sandbox| {
            let mut tree = written(sandbox);
            tree.retain(|name, _| !FOREIGN.contains(&format!("fleet-out/{name}").as_str()));
            tree
        };
        same(&ours(&sandbox), &ours(&clone), "after the clone");
    }
}

#[test]
fn a_low_limit_of_open_files_is_lifted() {
    let sandbox = project(0);
    let script = format!("ulimit -Sn 9; exec {} render --all", env!("CARGO_BIN_EXE_gen"));
    good(&sandbox.command("/bin/sh").args(["-c", &script]).output().unwrap());
    same(&fresh()[0], &written(&sandbox), "with few files");
}
