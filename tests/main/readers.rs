//! What other programs read from what we write, and whether we read what they read: kubectl (go-yaml, also through
//! kustomize) and PyYAML (YAML 1.1).

use crate::{
    hostile::{Random, hostile},
    judges::{kubectl, kustomize, pyyaml, read_by_kubectl, read_by_python, run},
};
use fleetgen::{
    diag::{Problems, Sources},
    yaml::{self, Map, Node, Scalar, Value},
};
use serde_json::Value as Json;
use std::{collections::BTreeSet, fs};

fn json(node: &Node) -> Json {
    serde_json::from_str(&yaml::to_json(node, None)).unwrap()
}

fn map(entries: Vec<(String, Node)>) -> Node {
    Node::new(entries.into_iter().collect::<Map>())
}

/// An object that holds the texts as values, keys and list items.
fn object(name: String, spec: Node) -> Node {
    map(vec![
        ("apiVersion".into(), Node::new("example.com/v1")),
        ("kind".into(), Node::new("Hostile")),
        ("metadata".into(), map(vec![("name".into(), Node::new(name))])),
        ("spec".into(), spec),
    ])
}

/// The texts in objects of 500, each as value, key, list item, and nested in a list of lists of mappings.
fn hostile_objects(texts: &[String]) -> Vec<Node> {
    let text = |t: &String| Node::new(t.as_str());
    let objects = texts.chunks(500).enumerate().map(|(number, chunk)| {
        let values = chunk.iter().enumerate().map(|(i, t)| (format!("k{i}"), text(t))).collect();
        let keys = chunk.iter().filter(|t| *t != "<<").map(|t| (t.clone(), Node::new(1i64))).collect();
        let deep =
            chunk.iter().map(|t| Node::new(vec![map(vec![("v".into(), text(t)), ("w".into(), text(t))])]));
        let under =
            chunk.iter().filter(|t| *t != "<<").map(|t| (t.clone(), Node::new(vec![text(t)]))).collect();
        let spec = map(vec![
            ("values".into(), map(values)),
            ("keys".into(), map(keys)),
            ("under".into(), map(under)),
            ("deep".into(), Node::new(deep.collect::<Vec<_>>())),
            ("items".into(), Node::new(chunk.iter().map(text).collect::<Vec<_>>())),
        ]);
        object(format!("hostile-{number}"), spec)
    });
    objects.collect()
}

fn check(expected: &[Json], read: &[Json], reader: &str) {
    assert_eq!(expected.len(), read.len(), "{reader}: number of documents");
    for (expected, read) in expected.iter().zip(read) {
        for part in ["values", "keys", "under"] {
            let (expected, read) = (&expected["spec"][part], &read["spec"][part]);
            for (key, value) in expected.as_object().unwrap() {
                assert_eq!(Some(value), read.get(key), "{reader}: {part} {key:?}");
            }
        }
        for part in ["items", "deep"] {
            let list = |json: &Json| json["spec"][part].as_array().unwrap().clone();
            for (expected, read) in list(expected).iter().zip(&list(read)) {
                assert_eq!(expected, read, "{reader}: {part}");
            }
        }
        assert_eq!(expected, read, "{reader}");
    }
}

#[test]
fn kubectl_and_python_read_the_very_strings_that_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let objects = hostile_objects(&hostile(4000));
    let expected: Vec<Json> = objects.iter().map(json).collect();
    let file = folder.path().join("objects.yaml");
    fs::write(&file, yaml::emit_all(&objects.iter().collect::<Vec<_>>())).unwrap();
    if kubectl() {
        check(&expected, &read_by_kubectl(&file), "kubectl");
    }
    if pyyaml() {
        check(&expected, &read_by_python(&file), "PyYAML");
    }
}

#[test]
fn strings_survive_kustomize() {
    if !kubectl() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // PyYAML refuses these two written bare, as kustomize does; kubectl reads them right.
    let texts: Vec<String> = hostile(4000).into_iter().filter(|t| t != "=" && t != "<<").collect();
    let objects = hostile_objects(&texts);
    let mut problems = Problems::new();
    objects.iter().for_each(|object| yaml::refused(object, &mut problems));
    assert!(problems.is_empty(), "{problems:?}");
    let mut expected: Vec<Json> = objects.iter().map(json).collect();
    fs::write(folder.path().join("objects.yaml"), yaml::emit_all(&objects.iter().collect::<Vec<_>>()))
        .unwrap();
    fs::write(folder.path().join("kustomization.yaml"), "resources: [objects.yaml]\n").unwrap();
    let built = folder.path().join("built.yaml");
    fs::write(&built, kustomize(folder.path())).unwrap();
    let name = |json: &Json| json["metadata"]["name"].as_str().unwrap().to_owned();
    expected.sort_by_key(name);
    let mut read = read_by_kubectl(&built);
    read.sort_by_key(name);
    check(&expected, &read, "kubectl after kustomize");
    if pyyaml() {
        let mut read = read_by_python(&built);
        read.sort_by_key(name);
        check(&expected, &read, "PyYAML after kustomize");
    }
}

#[test]
fn numbers_are_the_same_for_all_readers() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(7);
    let mut numbers: Vec<f64> = vec![0.5, 1.0, -1.5, 1e21, 1e-7, 1e300, 5e-324, 1.7e308, 123_456.789];
    while numbers.len() < 2000 {
        let bits = (random.below(1 << 31) as u64) << 33 | (random.below(1 << 31) as u64) << 2;
        numbers.extend(Some(f64::from_bits(bits)).filter(|f| f.is_finite()));
    }
    let items = numbers.iter().map(|f| Node::new(*f)).chain([i64::MAX, i64::MIN, 0].map(Node::new));
    let node = object("numbers".into(), map(vec![("items".into(), Node::new(items.collect::<Vec<_>>()))]));
    let file = folder.path().join("numbers.yaml");
    fs::write(&file, yaml::emit(&node)).unwrap();
    let list = |json: &Json| json["spec"]["items"].as_array().unwrap().clone();
    let expected = list(&json(&node));
    let mut readers = Vec::new();
    if kubectl() {
        readers.extend(read_by_kubectl(&file));
    }
    if pyyaml() {
        readers.extend(read_by_python(&file));
    }
    for read in readers {
        for (expected, read) in expected.iter().zip(list(&read)) {
            assert_eq!(expected.as_f64(), read.as_f64(), "{expected}");
            assert_eq!(
                expected.as_i64().is_some(),
                read.as_i64().is_some_and(|_| expected.is_i64()),
                "{expected}"
            );
        }
    }
}

/// Plain scalars of every kind that readers quarrel about.
fn plain_scalars() -> Vec<String> {
    let mut random = Random(11);
    let words = "y Y yes Yes n N no on On ON off tRue true TRUE false ~ null nUll 012 0777 08 0189 0o14 0O14 0o8 0x1F 0X1F \
        0x1_F 0b101 -0b1 0b-1 1_000 1__0 0x_ 0b_ ._ _1 1:20 12:30:45 2024-04-01 2024-4-1 .5 -.5 .5_0 ._5 1. 1e3 1E5 12e10 \
        685_230.15 1e1000 = 1.10 3.0 0 -0 00 -012 500m 64Mi 1.2.3 0x 1e 1e+";
    let mut scalars: BTreeSet<String> = words.split_whitespace().map(str::to_owned).collect();
    let alphabet: Vec<char> = "0011789_.+-eExXoObBaf:".chars().collect();
    while scalars.len() < 4000 {
        let length = 1 + random.below(7);
        let text: String = (0..length).map(|_| alphabet[random.below(alphabet.len())]).collect();
        let structural =
            text.starts_with(':') || text.ends_with(':') || text.chars().all(|c| matches!(c, '-' | '.'));
        if !structural {
            scalars.insert(text);
        }
    }
    scalars.into_iter().filter(|s| !matches!(yaml::resolve(s), Scalar::Huge | Scalar::NonFinite)).collect()
}

#[test]
fn plain_scalars_mean_what_kubectl_says() {
    if !kubectl() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let scalars = plain_scalars();
    let text: String = scalars.iter().map(|s| format!("  - {s}\n")).collect();
    let file = folder.path().join("scalars.yaml");
    fs::write(&file, format!("apiVersion: v1\nkind: X\nmetadata: {{name: x}}\nspec:\n{text}")).unwrap();
    let read = read_by_kubectl(&file);
    for (scalar, theirs) in scalars.iter().zip(read[0]["spec"].as_array().unwrap()) {
        let same = reads_alike(scalar, theirs);
        assert!(same, "{scalar}: {:?}, kubectl {theirs}", yaml::resolve(scalar));
    }
}

/// Did the other reader read a plain scalar as we do?
fn reads_alike(scalar: &str, theirs: &Json) -> bool {
    match yaml::resolve(scalar) {
        Scalar::Null => theirs.is_null(),
        Scalar::Bool(b) => theirs.as_bool() == Some(b),
        Scalar::Int(i) => theirs.as_i64() == Some(i),
        Scalar::Float(f) => theirs.as_f64() == Some(f),
        Scalar::Str => theirs.as_str() == Some(scalar),
        Scalar::Huge | Scalar::NonFinite => false,
    }
}

#[test]
fn where_python_disagrees_with_kubernetes_a_scalar_is_disputed() {
    if !pyyaml() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let scalars: Vec<String> = plain_scalars().into_iter().filter(|s| s != "=").collect();
    let text: String = scalars.iter().map(|s| format!("- {s}\n")).collect();
    let file = folder.path().join("scalars.yaml");
    fs::write(&file, &text).unwrap();
    let script = "import sys, json, yaml\n\
        class L(yaml.SafeLoader): pass\n\
        L.add_constructor('tag:yaml.org,2002:timestamp', lambda l, n: {'date': n.value})\n\
        def read(line):\n    \
            try: x = yaml.load(line, L)[0]\n    \
            except ValueError: x = {'refused': line}\n    \
            return repr(x) if x != x else x\n\
        print(json.dumps([read(line) for line in open(sys.argv[1])]))";
    let (good, out, err) = run("python3", &["-c", script, file.to_str().unwrap()]).unwrap();
    assert!(good, "{err}");
    let read: Vec<Json> = serde_json::from_str(&out).unwrap();
    assert_eq!(scalars.len(), read.len());
    for (scalar, theirs) in scalars.iter().zip(&read) {
        let same = reads_alike(scalar, theirs);
        assert!(
            same || yaml::disputed(scalar).is_some(),
            "{scalar}: {:?}, PyYAML {theirs}",
            yaml::resolve(scalar)
        );
    }
}

#[test]
fn we_read_what_we_wrote() {
    let objects = hostile_objects(&hostile(4000));
    let text = yaml::emit_all(&objects.iter().collect::<Vec<_>>());
    let source = Sources::new().add("objects.yaml", "");
    let mut problems = Problems::new();
    let read = yaml::read(&text, source, &mut problems).unwrap();
    assert_eq!(read, objects);
    assert!(read.iter().all(|node| matches!(node.value, Value::Map(_))));
}
