//! `gen explain` tells the truth: over generated fleets, whoever is named as the one that counts gives the value, and another
//! value at the named line changes the output where that was said and nowhere else.

mod fleets;

use crate::hostile::Random;
use fleetgen::{
    diag::{Place, Problems},
    explain::{self, Answer, By, Config, Does, How, Question, Reached},
    load::Memory,
    pipeline::{Built, Engine},
    resolve,
    yaml::{Node, Value, to_json},
};
use std::collections::{BTreeMap, BTreeSet};

/// Fleets, and questions about each.
const FLEETS: u64 = 6;
const QUESTIONS: usize = 24;

/// A value of the output: file and field; an empty field is the whole of a file that holds no objects.
type Field = (String, explain::Path);

/// All values of an output.
fn values(built: &Built) -> BTreeMap<Field, String> {
    fn down(node: &Node, path: &explain::Path, file: &str, all: &mut BTreeMap<Field, String>) {
        match &node.value {
            Value::Map(map) if !map.is_empty() => {
                map.iter().for_each(|(key, node)| down(node, &path.key(&key.text), file, all));
            }
            Value::Seq(items) if !items.is_empty() => {
                items.iter().enumerate().for_each(|(index, node)| down(node, &path.item(index), file, all));
            }
            _ => drop(all.insert((file.to_owned(), path.clone()), to_json(node, None))),
        }
    }
    let mut all = BTreeMap::new();
    for (path, file) in built.tree.iter().flat_map(|tree| tree.files()) {
        let path = format!("fleet-out/{}/{path}", built.name);
        if file.documents.is_empty() {
            all.insert((path, explain::Path::default()), String::from_utf8_lossy(&file.bytes).into_owned());
        } else {
            for document in &file.documents {
                down(&document.node, &explain::Path::default(), &path, &mut all);
            }
        }
    }
    all
}

/// Another value of the same kind for what is written; `None`: there is none that surely fits.
fn other(written: &str) -> Option<String> {
    match written {
        "true" => return Some("false".to_owned()),
        "false" => return Some("true".to_owned()),
        _ => {}
    }
    let end = written.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = written[..end].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    let number: u64 = written[start..end].parse().ok()?;
    Some(format!("{}{}{}", &written[..start], number + 1, &written[end..]))
}

/// The same files with another text at a place.
fn changed(files: &Memory, name: &str, place: Place, text: &str) -> Memory {
    let mut files = files.clone();
    files.0.get_mut(name).expect("a file of the project").splice(place.range(), text.bytes());
    files
}

fn asked(engine: &Engine, built: &Built, path: &str) -> Config {
    match explain::explain(engine, built, &Question::Path(path.to_owned())) {
        Ok(Answer::Config(config)) => *config,
        other => panic!("{path}: {other:?}"),
    }
}

/// The one that counts, if it is a layer that writes the value itself.
fn winner(config: &Config) -> Option<(Place, Node)> {
    let setter = config.value.setters.iter().find(|setter| setter.wins)?;
    let written = setter.written.clone().filter(|node| node.as_map().is_none() && node.as_seq().is_none())?;
    let layer = matches!(setter.by, By::Fleet | By::Layer(_)) && setter.does == Does::Sets;
    layer.then_some(())?;
    Some((setter.place?, written))
}

fn names(reached: &Reached, (file, field): &Field) -> bool {
    let same_file = match reached.file.strip_suffix('/') {
        Some(folder) => file.starts_with(folder),
        None => *file == reached.file,
    };
    same_file && (reached.at.is_none() || field.0.is_empty() || reached.field.as_ref() == Some(field))
}

/// Is a new field one that was named under another key?
fn renamed(reached: &Reached, (file, field): &Field, after: &BTreeMap<Field, String>) -> bool {
    let Some(old) = &reached.field else { return false };
    let gone = !after.contains_key(&(reached.file.clone(), old.clone()));
    let steps =
        old.0.len() == field.0.len() && old.0.iter().zip(&field.0).filter(|(a, b)| a != b).count() == 1;
    gone && steps && *file == reached.file
}

#[derive(Default, Debug)]
struct Count {
    questions: usize,
    refused: usize,
    /// Changes of values in files that stay.
    changes: usize,
    /// Of them, named value by value.
    named: usize,
    /// Of them, said to be certain.
    certain: usize,
}

/// One question: the value is that of the named line, and another value changes what was named.
fn check(files: &Memory, engine: &Engine, built: &Built, path: &str, count: &mut Count) {
    let config = asked(engine, built, path);
    let Some((place, written)) = winner(&config) else { return };
    let value = config.value.value.as_ref().expect("somebody sets it");
    assert!(value.same(&written), "{path}: {value:?} is not {written:?}");
    for reached in config.reaches.iter().filter(|reached| reached.how == How::Same && reached.value.is_some())
    {
        let shown = reached.value.as_ref().unwrap();
        let alike = shown.same(value) || shown.as_str() == Some(&to_json(value, None));
        assert!(alike, "{path}: at {reached:?} stands {shown:?}, not {value:?}");
    }
    let name = engine.project.sources.name(place.source);
    let Some(text) = other(engine.project.sources.slice(place)) else { return };
    let after = Engine::open(&changed(files, name, place, &text), &mut Problems::new()).expect("a project");
    let after = after.build(&built.name);
    if after.tree.is_none() {
        count.refused += 1;
        return;
    }
    count.questions += 1;
    compare(&config, path, &values(built), &values(&after), count);
}

/// What differs was named, and what was said to be certain differs.
fn compare(
    config: &Config,
    path: &str,
    before: &BTreeMap<Field, String>,
    after: &BTreeMap<Field, String>,
    count: &mut Count,
) {
    let keys: BTreeSet<&Field> = before.keys().chain(after.keys()).collect();
    let different: BTreeSet<&Field> =
        keys.into_iter().filter(|key| before.get(*key) != after.get(*key)).collect();
    for place in &different {
        let is_meant = |reached: &&Reached| {
            names(reached, place) || !before.contains_key(*place) && renamed(reached, place, after)
        };
        let by: Vec<&Reached> = config.reaches.iter().filter(is_meant).collect();
        assert!(!by.is_empty(), "{path} changes {place:?}, which was not named: {:#?}", config.reaches);
        let stays = |all: &BTreeMap<Field, String>| all.keys().any(|(file, _)| *file == place.0);
        if stays(before) && stays(after) && !place.1.0.is_empty() {
            count.changes += 1;
            count.named += usize::from(by.iter().any(|reached| reached.at.is_some()));
            count.certain += usize::from(by.iter().any(|reached| reached.how < How::Computed));
        }
    }
    for reached in config.reaches.iter().filter(|reached| reached.how < How::Computed) {
        assert!(different.iter().any(|place| names(reached, place)), "{path} should change {reached:?}");
    }
}

/// `GEN_EXPLAIN_FLEETS=200 cargo test --test main explain` asks more fleets.
#[test]
fn what_is_named_counts_and_what_it_changes_is_named() {
    let mut count = Count::default();
    let fleets = std::env::var("GEN_EXPLAIN_FLEETS").ok().and_then(|n| n.parse().ok()).unwrap_or(FLEETS);
    for seed in 0..fleets {
        let fleet = fleets::fleet(seed);
        let mut problems = Problems::new();
        let engine = Engine::open(&fleet.files, &mut problems).expect("a project");
        assert!(!problems.has_errors(), "{problems:?}");
        for name in fleet.environments {
            let built = engine.build(name);
            assert!(built.tree.is_some(), "fleet {seed}: {name}: {:?}", built.problems.0);
            let mut paths = explain::paths(&engine, &built);
            let mut random = Random(seed);
            for _ in 0..QUESTIONS.min(paths.len()) {
                let path = paths.swap_remove(random.below(paths.len()));
                check(&fleet.files, &engine, &built, &path, &mut count);
            }
        }
    }
    eprintln!("{count:?}");
    assert!(count.questions > 40 && count.refused * 10 < count.questions, "{count:?}");
    // Value by value, not by naming whole files; most of it for certain.
    assert!(count.named * 10 > count.changes * 9 && count.certain * 10 > count.changes * 6, "{count:?}");
}

/// The environment and its layers, for the tests above to mean something.
#[test]
fn fleets_have_layers_that_override_each_other() {
    let fleet = fleets::fleet(1);
    let engine = Engine::open(&fleet.files, &mut Problems::new()).expect("a project");
    assert_eq!(resolve::layers(&engine.project, "one").len(), 4);
    let built = engine.build("one");
    let over = explain::paths(&engine, &built).into_iter().filter(|path| {
        asked(&engine, &built, path)
            .value
            .setters
            .iter()
            .filter(|setter| matches!(setter.by, By::Layer(_)))
            .count()
            > 1
    });
    assert!(over.count() > 10);
}
