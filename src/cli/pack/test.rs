//! `gen pack test`: renders the examples of packs and compares with what is expected, byte for byte.

use super::choose;
use crate::{
    cli::{
        Exit, Format, Global, open,
        report::{self, mapping, print},
    },
    diag::{Diagnostic, Problems},
    load::{ExampleFiles, Pack},
    pipeline::Engine,
    resolve::Example,
    tree::Tree,
    write,
    yaml::Node,
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
    /// Write what was rendered as what is expected (only for packs in a folder)
    #[arg(long)]
    update: bool,
}

/// What came of one example.
pub(super) enum Outcome {
    Same,
    Differs(String),
    Updated,
    Broken,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    let folder = choose::folder(&arguments.packs).or(arguments.update.then_some("templates"));
    let Some(mut engine) = choose::engine(global, folder, &mut problems) else {
        return open::failed(global, &problems);
    };
    let packs = choose::packs(&engine, &arguments.packs, folder.is_some(), &mut problems);
    let root = open::root(global);
    let mut results = Vec::new();
    for pack in packs {
        for example in choose::examples(&mut engine, &root, &pack, folder, &mut problems) {
            let update = folder.filter(|_| arguments.update).map(|f| (root.as_path(), f));
            let outcome = one(&engine, &pack, &example, update, &mut problems);
            results.push((format!("{}/{}", pack.name, example.name), outcome));
        }
    }
    tell(global, &engine, &results, &problems)
}

/// Renders an example; `update` is where to write what came of it.
pub(super) fn one(
    engine: &Engine,
    pack: &Arc<Pack>,
    example: &ExampleFiles,
    update: Option<(&Path, &str)>,
    problems: &mut Problems,
) -> Outcome {
    let built = engine.example(&Example {
        pack: pack.clone(),
        component: example.component.clone(),
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
    if actual == example.expected {
        return Outcome::Same;
    }
    let Some((root, folder)) = update else {
        return Outcome::Differs(difference(&example.expected, &actual));
    };
    let expected = format!("{folder}/{}/examples/{}/expected", pack.name, example.name);
    if let Err(error) = write::replace_folder(root, &expected, &actual) {
        problems.push(
            Diagnostic::error("pack/update", format!("`{expected}` cannot be written: {error}"))
                .help("check the permissions"),
        );
    }
    Outcome::Updated
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
    let wiring = format!("cluster/components/{component}.yaml");
    let ours = |path: &str| {
        path == wiring || path.split('/').nth(1) == Some(component) && !path.starts_with("cluster/")
    };
    tree.files().filter(|(p, _)| ours(p.as_str())).map(|(p, f)| (p.to_string(), f.bytes.clone())).collect()
}

fn difference(expected: &BTreeMap<String, Vec<u8>>, actual: &BTreeMap<String, Vec<u8>>) -> String {
    let mut out = String::new();
    for path in expected.keys().filter(|p| !actual.contains_key(*p)) {
        out.push_str(&format!("  not rendered: {path}\n"));
    }
    for (path, bytes) in actual {
        match expected.get(path) {
            None => out.push_str(&format!("  not expected: {path}\n")),
            Some(old) if old != bytes => {
                out.push_str(&format!("  {path}\n{}", write::between(old, bytes, false)))
            }
            Some(_) => {}
        }
    }
    out
}

fn tell(global: &Global, engine: &Engine, results: &[(String, Outcome)], problems: &Problems) -> Exit {
    let word = |outcome: &Outcome| match outcome {
        Outcome::Same => "ok",
        Outcome::Updated => "updated",
        Outcome::Differs(_) | Outcome::Broken => "failed",
    };
    let count = |wanted: &str| results.iter().filter(|(_, o)| word(o) == wanted).count();
    if global.format == Format::Json {
        let one = |(name, outcome): &(String, Outcome)| {
            let difference = if let Outcome::Differs(text) = outcome { text.as_str() } else { "" };
            mapping([
                ("example", Node::new(name.as_str())),
                ("result", Node::new(word(outcome))),
                ("difference", Node::new(difference)),
            ])
        };
        report::json(&mapping([
            ("examples", Node::new(results.iter().map(one).collect::<Vec<_>>())),
            ("findings", report::to_node(problems, &engine.project.sources)),
        ]));
    } else {
        for (name, outcome) in results {
            match outcome {
                Outcome::Differs(difference) => print(&format!("{name}: FAILED\n{difference}")),
                Outcome::Broken => print(&format!("{name}: FAILED, it cannot be rendered\n")),
                _ => print(&format!("{name}: {}\n", word(outcome))),
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
