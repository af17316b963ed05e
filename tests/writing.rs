//! The write as a whole, on a real disk: killed, failed and interrupted at every step, and run again with the same
//! and with other inputs; files of others; merges; two runs at once.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stderr)]

use fleetgen::{
    diag::{Diagnostic, Problems, Severity},
    tree::{File, Tree, TreePath},
    write::{CHANGED, Changes, Fault, INVENTORY, Kind, Step, Target, flush, plan},
};
use proptest::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{Error, ErrorKind},
    path::{Path, PathBuf},
};

const SHOWN: &str = "fleet-out/prod";

/// A tree of small files; the owner is the second part of the path.
fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new("prod");
    for (path, text) in files {
        let owner = path.split('/').nth(1).unwrap_or("cluster").into();
        let file = File { owner, bytes: text.as_bytes().to_vec(), documents: vec![], place: None };
        tree.insert(TreePath::new(*path).unwrap(), file).unwrap();
    }
    tree
}

fn target(project: &Path) -> Target {
    Target::new(project, SHOWN, SHOWN).unwrap()
}

fn look(project: &Path, tree: &Tree, force: bool) -> (Changes, Problems) {
    let mut problems = Problems::new();
    let state = target(project).read(tree).unwrap();
    let changes = plan(state, tree, force, &mut problems);
    (changes, problems)
}

/// Renders with a hook before every step.
fn render_with(
    project: &Path,
    tree: &Tree,
    force: bool,
    hook: &mut dyn FnMut(&Step) -> Result<(), Fault>,
) -> Result<Problems, Vec<Diagnostic>> {
    let lock = target(project).lock().map_err(|d| vec![*d])?;
    let (changes, problems) = look(project, tree, force);
    if problems.has_errors() {
        return Err(problems.0);
    }
    let mut staged = lock.stage_with(&changes, hook).map_err(|d| vec![*d])?;
    staged.commit_with(hook).map_err(|d| vec![*d])?;
    Ok(problems)
}

fn render(project: &Path, tree: &Tree) -> Result<Problems, Vec<Diagnostic>> {
    render_with(project, tree, false, &mut |_| Ok(()))
}

/// Everything below the tree's folder, folders with a slash at the end.
fn snapshot(project: &Path) -> BTreeMap<String, Vec<u8>> {
    fn down(root: &Path, at: &Path, out: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(at).into_iter().flatten() {
            let entry = entry.unwrap();
            let name = entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if entry.file_type().unwrap().is_dir() {
                out.insert(format!("{name}/"), vec![]);
                down(root, &entry.path(), out);
            } else {
                out.insert(name, fs::read(entry.path()).unwrap_or_default());
            }
        }
    }
    let (mut out, root) = (BTreeMap::new(), project.join(SHOWN));
    down(&root, &root, &mut out);
    out
}

fn place(project: &Path, path: &str, text: &str) {
    let path = project.join(SHOWN).join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A project where somebody else's files stand beside ours.
fn project_with(before: &Tree) -> tempfile::TempDir {
    let project = tempfile::tempdir().unwrap();
    place(project.path(), "cluster/flux-system/kustomization.yaml", "of the user\n");
    place(project.path(), "apps/gone/README.md", "of the user\n");
    render(project.path(), before).unwrap();
    project
}

/// What a render of this tree into a fresh project gives.
fn fresh(tree: &Tree) -> BTreeMap<String, Vec<u8>> {
    snapshot(project_with(tree).path())
}

fn first() -> Tree {
    tree(&[
        ("cluster/kustomization.yaml", "resources: [a]\n"),
        ("apps/kuard/deployment.yaml", "replicas: 1\n"),
        ("apps/kuard/service.yaml", "port: 80\n"),
        ("apps/gone/config.yaml", "a: 1\n"),
        ("apps/gone/deep/er/config.yaml", "b: 1\n"),
        ("apps/old/x.yaml", "x: 1\n"),
        ("apps/raw/base/thing", "a file\n"),
        ("apps/raw/base/dir/one.yaml", "1\n"),
        ("apps/raw/base/dir/two/three.yaml", "3\n"),
        ("apps/raw/base/Case.yaml", "c: 1\n"),
    ])
}

/// Changed, added, removed, a file that becomes a folder, a folder that becomes a file, a name in other case.
fn second() -> Tree {
    tree(&[
        ("cluster/kustomization.yaml", "resources: [a, b]\n"),
        ("apps/kuard/deployment.yaml", "replicas: 2\n"),
        ("apps/kuard/service.yaml", "port: 80\n"),
        ("apps/new/deep/y.yaml", "y: 1\n"),
        ("apps/raw/base/thing/inside.yaml", "a folder\n"),
        ("apps/raw/base/dir", "a file\n"),
        ("apps/raw/base/case.yaml", "c: 2\n"),
    ])
}

fn third() -> Tree {
    tree(&[
        ("cluster/kustomization.yaml", "resources: [c]\n"),
        ("apps/kuard/deployment.yaml", "replicas: 3\n"),
        ("apps/gone/config.yaml", "a: 3\n"),
        ("apps/new/z.yaml", "z: 1\n"),
    ])
}

/// Runs from `before` to `wanted` with a fault at step `at`; `None` if the run had no such step.
fn broken_run(
    before: Option<&Tree>,
    wanted: &Tree,
    at: usize,
    fault: fn() -> Fault,
) -> Option<tempfile::TempDir> {
    let project = match before {
        Some(before) => project_with(before),
        None => {
            let project = tempfile::tempdir().unwrap();
            place(project.path(), "cluster/flux-system/kustomization.yaml", "of the user\n");
            place(project.path(), "apps/gone/README.md", "of the user\n");
            project
        }
    };
    let mut count = 0;
    let run = render_with(project.path(), wanted, false, &mut |_| {
        count += 1;
        if count == at + 1 { Err(fault()) } else { Ok(()) }
    });
    run.is_err().then_some(project)
}

#[test]
fn killed_at_any_step_the_next_run_completes_whatever_it_renders() {
    let nothing = Tree::new("prod");
    let mut steps = 0;
    for before in [None, Some(first())] {
        for next in [first(), second(), third(), nothing.clone()] {
            let wanted = fresh(&next);
            for at in 0.. {
                let Some(project) = broken_run(before.as_ref(), &second(), at, || Fault::Killed) else {
                    break;
                };
                steps += 1;
                render(project.path(), &next).unwrap_or_else(|e| panic!("after step {at}: {e:#?}"));
                assert_eq!(snapshot(project.path()), wanted, "after step {at}");
                assert!(look(project.path(), &next, false).0.is_empty());
            }
        }
    }
    assert!(steps > 100, "only {steps} steps");
}

#[test]
fn killed_twice_with_other_inputs_it_still_completes() {
    let wanted = fresh(&first());
    for at in 0.. {
        let Some(project) = broken_run(Some(&first()), &second(), at, || Fault::Killed) else { break };
        for again in (0..40).step_by(3) {
            let mut count = 0;
            let _ = render_with(project.path(), &third(), false, &mut |_| {
                count += 1;
                if count == again + 1 { Err(Fault::Killed) } else { Ok(()) }
            });
        }
        render(project.path(), &first()).unwrap();
        assert_eq!(snapshot(project.path()), wanted, "after step {at}");
    }
}

#[test]
fn killed_in_a_forced_write_it_completes_without_force() {
    for at in 0.. {
        let project = project_with(&first());
        place(project.path(), "apps/kuard/deployment.yaml", "typed by hand\n");
        let mut count = 0;
        let run = render_with(project.path(), &second(), true, &mut |_| {
            count += 1;
            if count == at + 1 { Err(Fault::Killed) } else { Ok(()) }
        });
        if run.is_ok() {
            break;
        }
        let renamed = snapshot(project.path())[INVENTORY] != fresh(&first())[INVENTORY];
        assert_eq!(render(project.path(), &second()).is_ok(), renamed, "after step {at}");
    }
}

/// Renders one tree after the other without end: the process that [`really_killed_it_completes`] kills.
#[test]
#[ignore = "the other process of `really_killed_it_completes`"]
fn renders_without_end() {
    let project = PathBuf::from(std::env::var("GEN_TEST_PROJECT").unwrap());
    fs::write(project.join("started"), "").unwrap();
    for tree in [second(), third(), first()].iter().cycle() {
        render(&project, tree).unwrap();
    }
}

#[test]
fn really_killed_it_completes() {
    use std::process::{Command, Stdio};
    let project = project_with(&first());
    for round in 0..24_u64 {
        let mut other = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "renders_without_end", "--ignored"])
            .env("GEN_TEST_PROJECT", project.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while fs::remove_file(project.path().join("started")).is_err() {
            std::thread::yield_now();
        }
        std::thread::sleep(std::time::Duration::from_micros(370 * round));
        assert!(other.try_wait().unwrap().is_none(), "it ended by itself");
        other.kill().unwrap();
        other.wait().unwrap();
        let tree = if round % 2 == 0 { first() } else { second() };
        render(project.path(), &tree).unwrap();
        assert_eq!(snapshot(project.path()), fresh(&tree), "round {round}");
    }
}

#[test]
fn a_full_disk_at_any_step_loses_nothing_and_leaves_no_temporary_file() {
    let old = fresh(&first());
    let full = || Fault::Failed(Error::from(ErrorKind::StorageFull));
    for at in 0.. {
        let Some(project) = broken_run(Some(&first()), &second(), at, full) else { break };
        let now = snapshot(project.path());
        assert!(!now.keys().any(|name| name.contains("gen-tmp")), "after step {at}");
        let whole = |name: &str| {
            let (old, new) = (old.get(name).cloned(), second().get(name).map(|f| f.bytes.clone()));
            [old, new].contains(&now.get(name).cloned())
        };
        assert!(first().files().all(|(path, _)| whole(path.as_str()) || !now.contains_key(path.as_str())));
        render(project.path(), &second()).unwrap();
        assert_eq!(snapshot(project.path()), fresh(&second()), "after step {at}");
    }
}

#[test]
fn an_error_of_the_disk_says_what_to_do() {
    for (kind, help) in [
        (ErrorKind::StorageFull, "free some space, and run again"),
        (
            ErrorKind::PermissionDenied,
            "make the folder writable for you, or write elsewhere with `--out DIR`",
        ),
        (ErrorKind::ReadOnlyFilesystem, "write elsewhere with `--out DIR`"),
    ] {
        let project = tempfile::tempdir().unwrap();
        let said = render_with(project.path(), &first(), false, &mut |step| match step {
            Step::WriteFile(_) => Err(Fault::Failed(kind.into())),
            _ => Ok(()),
        })
        .unwrap_err();
        assert_eq!((said[0].id, said[0].help[0].as_str()), ("write/failed", help));
    }
}

/// Of the user's files: temporary ones are no business of theirs.
#[test]
fn an_error_of_the_disk_names_the_file_that_was_to_be_written() {
    let mut named = BTreeSet::new();
    for at in 0.. {
        let project = project_with(&first());
        let (mut count, mut failed) = (0, false);
        let result = render_with(project.path(), &second(), false, &mut |step| {
            failed |= count == at;
            count += 1;
            match step {
                _ if count != at + 1 => Ok(()),
                Step::Clear(_) => Ok(()),
                _ => Err(Fault::Failed(ErrorKind::StorageFull.into())),
            }
        });
        if !failed {
            break;
        }
        for said in result.err().into_iter().flatten() {
            let path = said.message.split('`').nth(1).unwrap().to_owned();
            assert!(!path.contains("gen-tmp"), "{said:?}");
            let below = Path::new(&path).strip_prefix(project.path().join(SHOWN)).unwrap();
            named.insert((said.message.split(" `").next().unwrap().to_owned(), below.display().to_string()));
        }
    }
    let changed: Vec<String> = second()
        .files()
        .filter(|(path, file)| {
            first().get(path.as_str()).map(|f| f.bytes.clone()) != Some(file.bytes.clone())
        })
        .map(|(path, _)| path.to_string())
        .collect();
    for path in changed.into_iter().chain([".gen-inventory".to_owned()]) {
        for doing in ["cannot write", "cannot replace"] {
            assert!(named.contains(&(doing.to_owned(), path.clone())), "{doing} {path}: {named:?}");
        }
    }
    assert!(named.contains(&("cannot write into".to_owned(), String::new())), "{named:?}");
}

#[test]
fn interrupted_before_the_first_rename_everything_is_as_before() {
    let old = fresh(&first());
    let mut renames_seen = false;
    for at in 0.. {
        let project = project_with(&first());
        let mut count = 0;
        let run = render_with(project.path(), &second(), false, &mut |step| {
            renames_seen |= matches!(step, Step::Rename(_));
            count += 1;
            if count == at + 1 && !renames_seen { Err(Fault::Interrupted) } else { Ok(()) }
        });
        if renames_seen {
            assert!(run.is_ok());
            break;
        }
        assert_eq!(run.unwrap_err()[0].id, "write/interrupted");
        assert_eq!(snapshot(project.path()), old, "after step {at}");
    }
}

#[test]
fn a_first_write_that_fails_leaves_no_empty_folder() {
    let project = tempfile::tempdir().unwrap();
    let run = render_with(project.path(), &first(), false, &mut |_| Err(Fault::Interrupted));
    assert!(run.is_err());
    assert_eq!(fs::read_dir(project.path()).unwrap().count(), 0);
}

#[test]
fn rendering_twice_writes_nothing() {
    let project = project_with(&first());
    let times = |project: &Path| -> Vec<_> {
        let names = snapshot(project).into_keys().chain([String::new()]);
        names.map(|name| fs::metadata(project.join(SHOWN).join(name)).unwrap().modified().unwrap()).collect()
    };
    let before = times(project.path());
    let mut steps = Vec::new();
    render_with(project.path(), &first(), false, &mut |step| {
        steps.push(step.clone());
        Ok(())
    })
    .unwrap();
    assert_eq!(steps, vec![]);
    assert_eq!(times(project.path()), before);
}

#[test]
fn only_files_whose_bytes_change_are_rewritten() {
    let project = project_with(&first());
    let same = project.path().join(SHOWN).join("apps/kuard/service.yaml");
    let before = fs::metadata(&same).unwrap().modified().unwrap();
    render(project.path(), &second()).unwrap();
    assert_eq!(fs::metadata(&same).unwrap().modified().unwrap(), before);
    let (changes, _) = look(project.path(), &first(), false);
    assert_eq!(changes.unchanged, 1);
    assert_eq!(changes.to_string(), "7 added, 2 changed, 4 removed, 1 unchanged");
}

#[cfg(unix)]
#[test]
fn new_files_are_readable_by_others_as_the_umask_says() {
    use std::os::unix::fs::PermissionsExt;
    let project = project_with(&first());
    place(project.path(), "plain", "");
    let mode = |path: &str| fs::metadata(project.path().join(SHOWN).join(path)).unwrap().permissions().mode();
    assert_eq!(mode("apps/kuard/service.yaml"), mode("plain"));
    assert_eq!(mode(INVENTORY), mode("plain"));
}

#[test]
fn a_tree_without_files_takes_its_folder_away() {
    let project = tempfile::tempdir().unwrap();
    render(project.path(), &first()).unwrap();
    render(project.path(), &Tree::new("prod")).unwrap();
    assert!(!project.path().join(SHOWN).exists());
    let project = project_with(&first());
    render(project.path(), &Tree::new("prod")).unwrap();
    let left: Vec<String> =
        snapshot(project.path()).into_keys().filter(|name| !name.ends_with('/')).collect();
    assert_eq!(left, ["apps/gone/README.md", "cluster/flux-system/kustomization.yaml"]);
}

#[test]
fn a_hand_edit_stops_the_render_until_force() {
    let project = project_with(&first());
    place(project.path(), "apps/kuard/deployment.yaml", "replicas: 9\n");
    place(project.path(), "apps/old/x.yaml", "x: mine\n");
    let before = snapshot(project.path());
    let said = render(project.path(), &second()).unwrap_err();
    let outputs: Vec<_> = said.iter().map(|d| (d.id, d.outputs[0].clone())).collect();
    assert_eq!(
        outputs,
        [
            ("write/edited-by-hand", "fleet-out/prod/apps/kuard/deployment.yaml".to_owned()),
            ("write/edited-by-hand", "fleet-out/prod/apps/old/x.yaml".to_owned()),
        ]
    );
    assert!(said[0].because.iter().any(|b| b.contains("-replicas: 2\n+replicas: 9")), "{said:#?}");
    assert_eq!(snapshot(project.path()), before, "nothing was written");
    render_with(project.path(), &second(), true, &mut |_| Ok(())).unwrap();
    assert_eq!(snapshot(project.path()), fresh(&second()));
}

#[test]
fn blocked_changes_cannot_be_staged() {
    let project = project_with(&first());
    place(project.path(), "apps/kuard/deployment.yaml", "replicas: 9\n");
    let (changes, problems) = look(project.path(), &second(), false);
    assert!(problems.has_errors());
    assert_eq!(target(project.path()).lock().unwrap().stage(&changes).unwrap_err().id, "write/blocked");
}

#[test]
fn a_hand_edit_that_is_what_is_rendered_now_is_no_edit() {
    let project = project_with(&first());
    place(project.path(), "apps/kuard/deployment.yaml", "replicas: 2\n");
    render(project.path(), &second()).unwrap();
    assert_eq!(snapshot(project.path()), fresh(&second()));
}

#[test]
fn what_somebody_changes_while_it_runs_is_noticed_before_anything_is_replaced() {
    let project = project_with(&first());
    let staged = |project: &Path| {
        let lock = target(project).lock().unwrap();
        let (changes, problems) = look(project, &second(), false);
        assert!(!problems.has_errors());
        lock.stage(&changes).unwrap()
    };
    assert!(staged(project.path()).changed().is_empty(), "also where files become folders and the reverse");
    let mut held = staged(project.path());
    for (path, text) in [
        ("apps/kuard/deployment.yaml", "replicas: 9\n"),
        ("apps/new/deep/y.yaml", "of the user\n"),
        ("apps/old/x.yaml", "x: 2\n"),
        ("apps/kuard/service.yaml", "not written, so it is looked at by the next render\n"),
    ] {
        place(project.path(), path, text);
    }
    fs::remove_file(project.path().join(SHOWN).join("cluster/kustomization.yaml")).unwrap();
    let said: Vec<_> = held.changed().into_iter().map(|problem| (problem.id, problem.message)).collect();
    let expected = [
        "apps/kuard/deployment.yaml",
        "apps/new/deep/y.yaml",
        "apps/old/x.yaml",
        "cluster/kustomization.yaml",
    ];
    assert_eq!(said, expected.map(|path| (CHANGED, format!("`{SHOWN}/{path}` was changed while `gen` ran"))));
    // Only what calls it may go on.
    assert!(!held.has_begun());
    held.commit().unwrap();
    assert!(held.has_begun());
}

#[test]
fn it_has_begun_as_soon_as_anything_is_in_place() {
    for (last, begun) in [(0, false), (1, true), (5, true)] {
        let project = project_with(&first());
        let lock = target(project.path()).lock().unwrap();
        let mut staged = lock.stage(&look(project.path(), &second(), false).0).unwrap();
        let mut steps = 0;
        let result = staged.commit_with(&mut |_| {
            steps += 1;
            if steps > last { Err(Fault::Failed(ErrorKind::Other.into())) } else { Ok(()) }
        });
        assert!(result.is_err());
        assert_eq!(staged.has_begun(), begun, "{last}");
    }
    let project = project_with(&first());
    let lock = target(project.path()).lock().unwrap();
    let mut staged = lock.stage(&look(project.path(), &first(), false).0).unwrap();
    staged.commit().unwrap();
    assert!(!staged.has_begun(), "nothing was to do");
}

#[test]
fn a_foreign_file_is_never_overwritten_even_with_force() {
    let project = project_with(&first());
    place(project.path(), "apps/new/deep/y.yaml", "of the user\n");
    for force in [false, true] {
        let said = render_with(project.path(), &second(), force, &mut |_| Ok(())).unwrap_err();
        assert_eq!(said[0].id, "write/foreign-file");
        assert_eq!(said[0].outputs.first().map(String::as_str), Some("fleet-out/prod/apps/new/deep/y.yaml"));
    }
    place(project.path(), "apps/new/deep/y.yaml", "y: 1\n");
    render(project.path(), &second()).unwrap();
    assert_eq!(snapshot(project.path()), fresh(&second()));
}

#[test]
fn a_foreign_file_where_a_folder_must_be_and_the_reverse() {
    let project = project_with(&first());
    place(project.path(), "apps/new", "of the user\n");
    let said = render(project.path(), &second()).unwrap_err();
    assert!(
        said[0].message.contains("`fleet-out/prod/apps/new` stands where `gen` needs a folder"),
        "{said:?}"
    );
    let project = project_with(&first());
    place(project.path(), "apps/raw/base/dir/mine.txt", "of the user\n");
    let said = render(project.path(), &second()).unwrap_err();
    assert!(
        said[0].message.contains("a folder with `fleet-out/prod/apps/raw/base/dir/mine.txt`"),
        "{said:?}"
    );
}

#[test]
fn a_folder_of_others_is_named_once() {
    let project = tempfile::tempdir().unwrap();
    place(project.path(), "apps/kuard/deployment.yaml", "theirs\n");
    place(project.path(), "apps/kuard/service.yaml", "theirs\n");
    let said = render(project.path(), &first()).unwrap_err();
    assert_eq!(said.len(), 1);
    assert!(said[0].because[0].contains("`fleet-out/prod/apps/kuard/service.yaml`"), "{said:?}");
}

/// Two branches, merged: `ours` and `theirs` changed different components.
#[test]
fn a_merge_never_blocks_when_the_bytes_agree() {
    let base = [("apps/a/x.yaml", "1\n"), ("apps/b/x.yaml", "1\n"), ("apps/c/x.yaml", "1\n")];
    let ours = [("apps/a/x.yaml", "2\n"), ("apps/b/x.yaml", "1\n"), ("apps/c/x.yaml", "1\n")];
    let theirs = [("apps/a/x.yaml", "1\n"), ("apps/b/x.yaml", "2\n"), ("apps/d/x.yaml", "1\n")];
    let merged = [("apps/a/x.yaml", "2\n"), ("apps/b/x.yaml", "2\n"), ("apps/d/x.yaml", "1\n")];
    let inventory =
        |files: &[(&str, &str)]| String::from_utf8(fresh(&tree(files))[INVENTORY].clone()).unwrap();
    let conflict =
        format!("<<<<<<< HEAD\n{}=======\n{}>>>>>>> topic\n", inventory(&ours), inventory(&theirs));
    for text in
        [conflict, inventory(&ours), inventory(&theirs), inventory(&base), "rubbish\n".into(), String::new()]
    {
        // Git merged the files; `c` went on their side.
        let project = project_with(&tree(&merged));
        place(project.path(), INVENTORY, &text);
        render(project.path(), &tree(&merged)).unwrap_or_else(|e| panic!("{text}: {e:#?}"));
        assert_eq!(snapshot(project.path()), fresh(&tree(&merged)), "{text}");
    }
    let project = project_with(&tree(&merged));
    fs::remove_file(project.path().join(SHOWN).join(INVENTORY)).unwrap();
    let (changes, _) = look(project.path(), &tree(&merged), false);
    assert!(!changes.is_empty() && changes.rewrites_inventory());
    assert_eq!(changes.unified(false), "rewritten: fleet-out/prod/.gen-inventory\n");
    render(project.path(), &tree(&merged)).unwrap();
    assert_eq!(snapshot(project.path()), fresh(&tree(&merged)));
}

#[test]
fn a_conflict_inside_a_file_of_ours_is_rendered_anew() {
    let project = project_with(&first());
    let text = "<<<<<<< HEAD\nreplicas: 5\n=======\nreplicas: 7\n>>>>>>> topic\n";
    place(project.path(), "apps/kuard/deployment.yaml", text);
    let problems = render(project.path(), &second()).unwrap();
    assert_eq!((problems.0[0].id, problems.0[0].severity), ("write/conflict", Severity::Info));
    assert_eq!(snapshot(project.path()), fresh(&second()));
}

#[test]
fn a_clone_with_other_line_endings_is_ours() {
    let project = project_with(&first());
    for (name, bytes) in snapshot(project.path()) {
        if !name.ends_with('/') && !name.ends_with("README.md") && !name.contains("flux-system") {
            place(project.path(), &name, &String::from_utf8(bytes).unwrap().replace('\n', "\r\n"));
        }
    }
    let problems = render(project.path(), &second()).unwrap();
    assert_eq!((problems.0[0].id, problems.0[0].severity), ("write/line-endings", Severity::Warning));
    assert_eq!(snapshot(project.path()), fresh(&second()));
}

#[test]
fn two_runs_at_once_the_second_is_told() {
    let project = tempfile::tempdir().unwrap();
    let lock = target(project.path()).lock().unwrap();
    let said = target(project.path()).lock().unwrap_err();
    assert_eq!(said.id, "write/locked");
    #[cfg(target_os = "linux")]
    assert!(said.message.contains(&format!("process {}", std::process::id())), "{}", said.message);
    drop(lock);
    assert!(target(project.path()).lock().is_ok());
}

#[test]
fn a_folder_that_another_run_takes_away_is_made_again() {
    let project = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    match target(project.path()).lock() {
                        Ok(lock) => {
                            assert!(project.path().join(SHOWN).is_dir(), "locked a folder that is gone");
                            drop(lock);
                        }
                        Err(said) => assert_eq!(said.id, "write/locked", "{said:#?}"),
                    }
                }
            });
        }
    });
    assert!(target(project.path()).lock().is_ok());
}

#[test]
fn many_runs_at_once_leave_one_whole_tree() {
    let project = project_with(&first());
    let trees = [first(), second(), third()];
    std::thread::scope(|scope| {
        for tree in &trees {
            scope.spawn(|| {
                for _ in 0..30 {
                    match render(project.path(), tree) {
                        Ok(_) => {}
                        Err(said) => assert_eq!(said[0].id, "write/locked", "{said:#?}"),
                    }
                }
            });
        }
    });
    let now = snapshot(project.path());
    assert!(trees.iter().any(|tree| fresh(tree) == now));
}

#[cfg(unix)]
mod links {
    use super::*;
    use std::os::unix::fs::symlink;

    fn elsewhere() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("victim");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("deployment.yaml"), "precious\n").unwrap();
        (folder, path)
    }

    fn untouched(victim: &Path) {
        assert_eq!(fs::read_dir(victim).unwrap().count(), 1);
        assert_eq!(fs::read_to_string(victim.join("deployment.yaml")).unwrap(), "precious\n");
    }

    #[test]
    fn the_trees_folder_and_those_above_may_be_no_link() {
        for (link, part) in [("fleet-out", "fleet-out"), ("fleet-out/prod", "fleet-out/prod")] {
            let (project, (_keep, victim)) = (tempfile::tempdir().unwrap(), elsewhere());
            fs::create_dir_all(project.path().join(part).parent().unwrap()).unwrap();
            symlink(&victim, project.path().join(link)).unwrap();
            assert_eq!(target(project.path()).lock().unwrap_err().id, "write/link");
            assert_eq!(target(project.path()).read(&first()).unwrap_err().id, "write/link");
            untouched(&victim);
        }
    }

    #[test]
    fn a_linked_folder_or_file_is_not_written_through() {
        let (project, (_keep, victim)) = (project_with(&third()), elsewhere());
        let link = project.path().join(SHOWN).join("apps/kuard");
        fs::remove_dir_all(&link).unwrap();
        symlink(&victim, &link).unwrap();
        for force in [false, true] {
            let said = render_with(project.path(), &second(), force, &mut |_| Ok(())).unwrap_err();
            assert_eq!(said[0].id, "write/link", "{said:#?}");
        }
        untouched(&victim);
        let project = project_with(&third());
        let link = project.path().join(SHOWN).join("apps/kuard/deployment.yaml");
        fs::remove_file(&link).unwrap();
        symlink(victim.join("deployment.yaml"), &link).unwrap();
        assert_eq!(render(project.path(), &second()).unwrap_err()[0].id, "write/link");
        untouched(&victim);
    }

    #[test]
    fn stale_files_behind_a_link_are_not_deleted() {
        let (_keep, victim) = elsewhere();
        fs::write(victim.join("deployment.yaml"), "replicas: 1\n").unwrap();
        let project = project_with(&first());
        let link = project.path().join(SHOWN).join("apps/kuard");
        fs::remove_dir_all(&link).unwrap();
        symlink(&victim, &link).unwrap();
        render(project.path(), &Tree::new("prod")).unwrap();
        assert!(victim.join("deployment.yaml").exists());
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn temporary_files_and_inventory_may_be_no_link() {
        let (project, (_keep, victim)) = (project_with(&first()), elsewhere());
        symlink(&victim, project.path().join(SHOWN).join(".gen-tmp-write")).unwrap();
        render(project.path(), &second()).unwrap();
        assert_eq!(snapshot(project.path()), fresh(&second()));
        untouched(&victim);
        let inventory = project.path().join(SHOWN).join(INVENTORY);
        fs::remove_file(&inventory).unwrap();
        symlink(victim.join("deployment.yaml"), &inventory).unwrap();
        assert_eq!(target(project.path()).read(&first()).unwrap_err().id, "write/link");
        untouched(&victim);
    }
}

#[test]
fn an_inventory_cannot_reach_outside_the_tree() {
    let project = project_with(&first());
    fs::write(project.path().join("precious"), "x").unwrap();
    let hash = fleetgen::hash::sha256(b"x");
    let inventory = String::from_utf8(fresh(&first())[INVENTORY].clone()).unwrap();
    place(project.path(), INVENTORY, &format!("{inventory}{hash}  x  ../../precious\n"));
    render(project.path(), &second()).unwrap();
    assert_eq!(fs::read_to_string(project.path().join("precious")).unwrap(), "x");
}

#[test]
fn names_that_a_file_system_cannot_hold_side_by_side_are_refused() {
    let long = format!("apps/{}", "x".repeat(256));
    for (files, id) in [
        (vec![("apps/raw/A.yaml", ""), ("apps/raw/a.yaml", "")], "write/equal-names"),
        (vec![("apps/RAW/b.yaml", ""), ("apps/raw/a.yaml", "")], "write/equal-names"),
        (vec![("apps/raw/\u{e9}.yaml", ""), ("apps/raw/e\u{301}.yaml", "")], "write/equal-names"),
        (vec![("apps/raw", ""), ("apps/raw/a.yaml", "")], "write/equal-names"),
        (vec![("apps/raw/.Git/config", "")], "write/name"),
        (vec![(".gen-inventory", "")], "write/name"),
        (vec![("apps/.gen-tmp-write/x", "")], "write/name"),
        (vec![(long.as_str(), "")], "write/name"),
    ] {
        let project = tempfile::tempdir().unwrap();
        let said = render(project.path(), &tree(&files)).unwrap_err();
        assert_eq!(said[0].id, id, "{files:?}");
        assert!(!project.path().join("fleet-out").exists());
    }
    for folder in ["", "/tmp", "../x", "fleet-out/../..", "a//b"] {
        assert_eq!(Target::new(Path::new("."), folder, folder).unwrap_err().id, "write/name");
    }
}

#[test]
fn another_folder_that_is_not_empty_is_used_under_the_same_rule() {
    let out = tempfile::tempdir().unwrap();
    fs::create_dir(out.path().join("prod")).unwrap();
    fs::write(out.path().join("prod/notes.txt"), "mine").unwrap();
    let target = Target::new(out.path(), "prod", "prod").unwrap();
    let lock = target.lock().unwrap();
    let mut problems = Problems::new();
    let changes = plan(target.read(&first()).unwrap(), &first(), false, &mut problems);
    assert_eq!((problems, changes.count(Kind::Added)), (Problems::new(), first().len()));
    let mut staged = lock.stage(&changes).unwrap();
    flush(out.path()).unwrap();
    staged.commit().unwrap();
    assert_eq!(fs::read_to_string(out.path().join("prod/notes.txt")).unwrap(), "mine");
    assert!(out.path().join("prod/apps/kuard/service.yaml").exists());
}

/// Runs a test on a file system of its own of 64 KiB, where this machine allows to mount one.
#[cfg(target_os = "linux")]
fn on_a_small_disk(test: impl FnOnce(&Path)) {
    use std::process::Command;
    struct Mounted(tempfile::TempDir);
    impl Drop for Mounted {
        fn drop(&mut self) {
            let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let mount =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "none"]).arg(folder.path()).output();
    if !mount.is_ok_and(|o| o.status.success()) {
        eprintln!("skipped: no right to mount a file system here; the hook plays its errors in other tests");
        return;
    }
    let mounted = Mounted(folder);
    test(mounted.0.path());
}

#[cfg(target_os = "linux")]
#[test]
fn a_really_full_disk_is_survived() {
    on_a_small_disk(|project| {
        let big = "x".repeat(200_000);
        render(project, &tree(&[("apps/a/x.yaml", "small\n")])).unwrap();
        let before = snapshot(project);
        let said =
            render(project, &tree(&[("apps/a/x.yaml", "new\n"), ("apps/b/x.yaml", &big)])).unwrap_err();
        assert_eq!(said[0].help, ["free some space, and run again"]);
        assert_eq!(snapshot(project), before);
        render(project, &tree(&[("apps/a/x.yaml", "new\n")])).unwrap();
        assert_eq!(snapshot(project)["apps/a/x.yaml"], b"new\n");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_became_read_only_is_told_before_anything_is_tried() {
    on_a_small_disk(|project| {
        render(project, &first()).unwrap();
        let before = snapshot(project);
        let remount = std::process::Command::new("mount").args(["-o", "remount,ro"]).arg(project).status();
        assert!(remount.unwrap().success());
        let mut steps = 0;
        let said = render_with(project, &second(), false, &mut |_| {
            steps += 1;
            Ok(())
        })
        .unwrap_err();
        assert_eq!(
            (said[0].id, said[0].help[0].as_str()),
            ("write/failed", "write elsewhere with `--out DIR`")
        );
        assert_eq!((steps, snapshot(project)), (0, before));
        assert!(render(project, &first()).is_ok(), "nothing to write, nothing to complain of");
    });
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_is_told_before_anything_changes() {
    use std::os::unix::fs::PermissionsExt;
    let project = project_with(&first());
    let folder = project.path().join(SHOWN).join("apps/kuard");
    let mode = |mode| fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o555);
    if fs::write(folder.join("probe"), "").is_ok() {
        eprintln!("skipped: root may write everywhere; the hook plays the refusal in another test");
        return;
    }
    let before = snapshot(project.path());
    let said = render(project.path(), &second()).unwrap_err();
    assert!(said[0].message.contains("cannot write into"), "{said:?}");
    assert_eq!(snapshot(project.path()), before);
    mode(0o755);
    render(project.path(), &second()).unwrap();
    assert_eq!(snapshot(project.path()), fresh(&second()));
}

/// Trees of few names, so that files meet files, and files meet folders.
fn any_tree() -> impl Strategy<Value = Tree> {
    let path = proptest::collection::vec("[abc]", 1..4).prop_map(|parts| parts.join("/"));
    proptest::collection::btree_map(path, "[01]", 0..8).prop_map(|files| {
        let names: Vec<&String> = files.keys().collect();
        let is_folder = |name: &str| names.iter().any(|n| n.starts_with(&format!("{name}/")));
        let files: Vec<(&str, &str)> =
            files.iter().filter(|(n, _)| !is_folder(n)).map(|(n, t)| (n.as_str(), t.as_str())).collect();
        tree(&files)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn any_tree_becomes_any_other(a in any_tree(), b in any_tree(), kill in 0_usize..30, mine in "[abc]{1,2}/[de]{1,2}") {
        let (project, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        // A file of the user's, where no tree has one.
        let in_the_way = |tree: &Tree| tree.files().any(|(p, _)| mine.starts_with(&format!("{p}/")));
        if !in_the_way(&a) && !in_the_way(&b) {
            place(project.path(), &mine, "mine\n");
            place(other.path(), &mine, "mine\n");
        }
        // A folder of the user's stands where a tree needs a file: refused, and tested elsewhere.
        let folder = mine.split('/').next().unwrap();
        prop_assume!(a.get(folder).is_none() && b.get(folder).is_none());
        prop_assert!(render(project.path(), &a).is_ok());
        let mut count = 0;
        let _ = render_with(project.path(), &b, false, &mut |_| {
            count += 1;
            if count == kill + 1 { Err(Fault::Killed) } else { Ok(()) }
        });
        prop_assert!(render(project.path(), &b).is_ok());
        prop_assert!(render(other.path(), &b).is_ok());
        prop_assert_eq!(snapshot(project.path()), snapshot(other.path()));
        prop_assert!(look(project.path(), &b, false).0.is_empty());
    }
}
