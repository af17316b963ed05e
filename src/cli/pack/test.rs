//! `gen pack test`: renders the examples of packs and compares with what is expected, byte for byte.

use super::choose;
use crate::{
    address,
    cli::{
        Exit, Format, Global, open,
        report::{self, mapping, print, words},
    },
    diag::{Diagnostic, Problems, Sources},
    load::{ExampleFiles, Pack},
    pipeline::Engine,
    resolve::Example,
    tree::Tree,
    write,
    yaml::{self, Node},
};
use std::{collections::BTreeMap, path::Path, sync::Arc};

/// Renders the examples of packs and compares with what is expected
///
/// An example is `examples/<case>/component.yaml`, optionally `environment.yaml`, and `expected/`. Extra and
/// missing files fail like different ones.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen pack test                       every pack of this project and every built-in one\n  gen pack test web-app loki          some\n  gen pack test ./templates --update  those in a folder; writes what is expected: read the difference"
)]
pub(in crate::cli) struct Arguments {
    /// Packs, or one folder of packs (written `./DIR`)
    #[arg(value_name = "PACK|./DIR")]
    packs: Vec<String>,
    /// Write what was rendered as what is expected (of packs in a folder) [default folder: ./templates]
    #[arg(long)]
    update: bool,
}

/// What came of one example.
enum Outcome {
    Same,
    /// What was rendered, by path.
    Differs(BTreeMap<String, Vec<u8>>),
    /// The files that were deleted.
    Updated(Vec<String>),
    Broken,
}

/// An example and what came of it.
pub(super) struct Tested {
    pack: String,
    example: ExampleFiles,
    outcome: Outcome,
}

impl Tested {
    fn name(&self) -> String {
        format!("{}/{}", self.pack, self.example.name)
    }
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    let folder = choose::folder(&arguments.packs).or(arguments.update.then_some("templates"));
    let Some(mut engine) = choose::engine(global, &arguments.packs, folder, &mut problems) else {
        return open::failed(global, &problems);
    };
    let packs = choose::packs(&engine, &arguments.packs, folder.is_some(), &mut problems);
    let root = open::root(global);
    let mut results = Vec::new();
    for pack in packs {
        if arguments.update && pack.builtin {
            let message =
                format!("what `{}` is expected to give cannot be written: it is built in", pack.name);
            problems.push(
                Diagnostic::error("pack/update", message)
                    .help(format!("`gen pack eject {}` makes it one of this project's own", pack.name)),
            );
            continue;
        }
        let examples = choose::examples(&mut engine, &root, &pack, folder, &mut problems);
        results.extend(all(&engine, &pack, examples, &mut problems));
    }
    if let Some(folder) = folder.filter(|_| arguments.update) {
        update(&root, folder, &mut results, &mut problems);
    }
    tell(global, &engine, &results, &problems)
}

/// Renders examples of a pack.
pub(super) fn all(
    engine: &Engine,
    pack: &Arc<Pack>,
    examples: Vec<ExampleFiles>,
    problems: &mut Problems,
) -> Vec<Tested> {
    let test =
        |example| Tested { outcome: one(engine, pack, &example, problems), pack: pack.name.clone(), example };
    examples.into_iter().map(test).collect()
}

fn one(engine: &Engine, pack: &Arc<Pack>, example: &ExampleFiles, problems: &mut Problems) -> Outcome {
    let Some(component) = example.component.clone() else { return Outcome::Broken };
    let built = engine.example(&Example {
        pack: pack.clone(),
        component,
        environment: example.environment.clone(),
        place: example.place,
    });
    let mut found = built.problems;
    let failed = found.has_errors();
    // That a pack is deprecated is known to whoever tests it.
    found.0.retain(|d| d.id != "component/deprecated-pack");
    found.0.iter_mut().for_each(|diagnostic| of_example(diagnostic, pack, example));
    problems.extend(found);
    let Some(tree) = built.tree.filter(|_| !failed) else { return Outcome::Broken };
    let actual = own_files(&tree, &pack.name);
    if actual == example.expected { Outcome::Same } else { Outcome::Differs(actual) }
}

/// Writes what was rendered as what is expected; nothing of anything where there is an error.
pub(super) fn update(root: &Path, folder: &str, results: &mut [Tested], problems: &mut Problems) {
    let expected =
        |tested: &Tested| format!("{folder}/{}/examples/{}/expected", tested.pack, tested.example.name);
    for tested in results.iter() {
        let Outcome::Differs(actual) = &tested.outcome else { continue };
        for path in foreign(&tested.example.expected, actual, &tested.pack) {
            let message = format!("`{}/{path}` is no file that a render writes", expected(tested));
            problems.push(
                Diagnostic::error("pack/update", message)
                    .help("move it away: `expected/` holds nothing else"),
            );
        }
    }
    if problems.has_errors() {
        return;
    }
    for tested in results {
        let Outcome::Differs(actual) = &tested.outcome else { continue };
        let (whole, before) = (expected(tested), &tested.example.expected);
        if let Err(problem) = write::replace_files(root, &whole, before, actual) {
            return problems.push(*problem);
        }
        let gone = before.keys().filter(|path| !actual.contains_key(*path));
        tested.outcome = Outcome::Updated(gone.map(|path| format!("{whole}/{path}")).collect());
    }
}

/// Names the example instead of outputs that are never written, and of its component: what is wrong in several
/// examples is then said once, of all of them.
fn of_example(diagnostic: &mut Diagnostic, pack: &Pack, example: &ExampleFiles) {
    if diagnostic.outputs.is_empty() {
        return;
    }
    diagnostic.outputs = vec![format!("{}/examples/{}", pack.name, example.name)];
    let mut first = true;
    diagnostic.labels.retain(|label| std::mem::take(&mut first) || label.place != example.place);
}

/// The component's folder and its Flux Kustomization.
fn own_files(tree: &Tree, component: &str) -> BTreeMap<String, Vec<u8>> {
    let files = tree.files().filter(|(path, _)| is_own(path.as_str(), component));
    files.map(|(path, file)| (path.to_string(), file.bytes.clone())).collect()
}

/// Is this path in a tree of the component: in its folder in a stage, or its Flux Kustomization?
fn is_own(path: &str, component: &str) -> bool {
    let mut parts = path.split('/');
    match (parts.next(), parts.next()) {
        (Some("infrastructure" | "apps" | "outside"), Some(folder)) => {
            folder == component && parts.next().is_some()
        }
        _ => path == format!("cluster/components/{component}.yaml"),
    }
}

/// The files beside those that were rendered, now or when `before` was, which nobody but a person can have put there. A
/// render lists what it writes in a `kustomization.yaml`; of stage `outside`, it is as `gen` writes YAML.
fn foreign<'b>(
    before: &'b BTreeMap<String, Vec<u8>>,
    actual: &BTreeMap<String, Vec<u8>>,
    component: &str,
) -> Vec<&'b String> {
    let gone = before.iter().filter(|(path, _)| !actual.contains_key(*path));
    let written = |path: &str, bytes: &[u8]| {
        let mut parts = path.splitn(3, '/');
        let (Some(stage), Some(folder), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return false;
        };
        if stage == "cluster" || rest == LIST {
            return true;
        }
        match before.get(&format!("{stage}/{folder}/{LIST}")) {
            None => stage == "outside" && is_canonical(bytes),
            Some(list) => resources(list).any(|listed| {
                listed == rest || rest.starts_with("base/") && listed.split('/').next() == Some("base")
            }),
        }
    };
    gone.filter(|(path, bytes)| !(is_own(path, component) && written(path, bytes)))
        .map(|(path, _)| path)
        .collect()
}

/// What lists the files of a folder.
const LIST: &str = "kustomization.yaml";

/// What a `kustomization.yaml` lists.
fn resources(bytes: &[u8]) -> impl Iterator<Item = String> {
    let list = documents(bytes).and_then(|mut list| list.pop());
    let resources = list.as_ref().and_then(|list| list.get("resources")?.as_seq()).unwrap_or_default();
    let names: Vec<String> = resources.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect();
    names.into_iter()
}

/// Is it YAML as `gen` writes it?
fn is_canonical(bytes: &[u8]) -> bool {
    let read = documents(bytes).filter(|read| !read.is_empty());
    read.is_some_and(|read| yaml::emit_all(&read.iter().collect::<Vec<_>>()).as_bytes() == bytes)
}

fn documents(bytes: &[u8]) -> Option<Vec<Node>> {
    let text = std::str::from_utf8(bytes).ok()?;
    yaml::read_manifests(text, Sources::new().add("", text), &mut Problems::new())
}

fn difference(expected: &BTreeMap<String, Vec<u8>>, actual: &BTreeMap<String, Vec<u8>>) -> String {
    let mut out = String::new();
    if expected.is_empty() {
        return "  nothing is expected yet: run with `--update`, and read what it writes to `expected/`\n"
            .to_owned();
    }
    for path in expected.keys().filter(|p| !actual.contains_key(*p)) {
        out.push_str(&format!("  not rendered: {path}\n"));
    }
    for (path, bytes) in actual {
        match expected.get(path) {
            None => out.push_str(&format!("  not expected: {path}\n")),
            Some(old) if old != bytes => {
                let lines = write::between(old, bytes, false);
                out.push_str(&format!("  {path}\n{}", address::masked(&lines)));
            }
            Some(_) => {}
        }
    }
    out
}

fn tell(global: &Global, engine: &Engine, results: &[Tested], problems: &Problems) -> Exit {
    let word = |outcome: &Outcome| match outcome {
        Outcome::Same => "ok",
        Outcome::Updated(_) => "updated",
        Outcome::Differs(_) | Outcome::Broken => "failed",
    };
    let count = |wanted: &str| results.iter().filter(|tested| word(&tested.outcome) == wanted).count();
    if global.format == Format::Json {
        let one = |tested: &Tested| {
            let (difference, deleted) = match &tested.outcome {
                Outcome::Differs(actual) => (difference(&tested.example.expected, actual), [].as_slice()),
                Outcome::Updated(deleted) => (String::new(), deleted.as_slice()),
                Outcome::Same | Outcome::Broken => (String::new(), [].as_slice()),
            };
            mapping([
                ("example", Node::new(tested.name())),
                ("result", Node::new(word(&tested.outcome))),
                ("difference", Node::new(difference)),
                ("deleted", words(deleted.iter().map(String::as_str))),
            ])
        };
        report::json(&mapping([
            ("examples", Node::new(results.iter().map(one).collect::<Vec<_>>())),
            ("findings", report::to_node(problems, &engine.project.sources)),
        ]));
    } else {
        for tested in results {
            let name = tested.name();
            match &tested.outcome {
                Outcome::Differs(actual) => {
                    print(&format!("{name}: FAILED\n{}", difference(&tested.example.expected, actual)));
                }
                Outcome::Broken => print(&format!("{name}: FAILED, it cannot be rendered\n")),
                outcome => print(&format!("{name}: {}\n", word(outcome))),
            }
            if let Outcome::Updated(deleted) = &tested.outcome {
                deleted.iter().for_each(|path| print(&format!("  deleted {path}\n")));
            }
        }
        report::findings(global, problems, &engine.project.sources);
        print(&format!("{} passed, {} failed, {} updated\n", count("ok"), count("failed"), count("updated")));
    }
    match (count("failed"), problems.has_errors()) {
        (0, false) => Exit::Yes,
        (0, true) => Exit::Unknown,
        _ => Exit::No,
    }
}
