//! kubectl (go-yaml, as the API server and helm read) and PyYAML (YAML 1.1) read the very values that we wrote, and we
//! read what they read. So the other judges may read our files with our own reader.

use crate::{
    context::{Context, output},
    hostile::{self, Random, fleet, hostile, loses_the_next, map},
    objects::{Objects, by_identity, differences, identity},
    suite::{Case, Judge},
    trees::{Tree, documents, documents_of, listed},
};
use fleetgen::{
    diag::Problems,
    yaml::{self, Node, Scalar},
};
use serde_json::Value as Json;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

pub(crate) const JUDGE: Judge =
    Judge { name: "readers", programs: &["kubectl", "python3-yaml"], waits: false, cases };

/// A program that reads YAML.
#[derive(Clone, Copy)]
pub(crate) enum Reader {
    Kubectl,
    PyYaml,
}

const READERS: [Reader; 2] = [Reader::Kubectl, Reader::PyYaml];

impl Reader {
    fn name(self) -> &'static str {
        match self {
            Self::Kubectl => "kubectl",
            Self::PyYaml => "pyyaml",
        }
    }

    /// The objects of a file.
    pub(crate) fn read(self, context: &Context, file: &Path) -> Vec<Json> {
        match self {
            Self::Kubectl => kubectl(context, file),
            Self::PyYaml => pyyaml(context, file),
        }
    }
}

/// Without the label that makes kubectl print them; an object with empty `labels` loses them.
fn kubectl(context: &Context, file: &Path) -> Vec<Json> {
    let said = output(
        context.command("kubectl").args(["label", "--local", "read=by", "-o", "json", "-f"]).arg(file),
    );
    let mut objects = Vec::new();
    for value in serde_json::Deserializer::from_str(&said).into_iter::<Json>() {
        match value.unwrap() {
            Json::Object(mut list) if list.get("kind").is_some_and(|k| k == "List") => {
                objects.extend(list.remove("items").unwrap().as_array().unwrap().clone());
            }
            object => objects.push(object),
        }
    }
    for object in &mut objects {
        let metadata = object["metadata"].as_object_mut().unwrap();
        let labels = metadata["labels"].as_object_mut().unwrap();
        labels.remove("read");
        if labels.is_empty() {
            metadata.remove("labels");
        }
    }
    objects
}

fn pyyaml(context: &Context, file: &Path) -> Vec<Json> {
    let script = "import sys, json, yaml\n\
        for d in yaml.load_all(open(sys.argv[1], encoding='utf-8', newline=''), yaml.SafeLoader):\n    \
        print(json.dumps(d))";
    let said = output(context.command("python3-yaml").args(["-c", script]).arg(file));
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn cases(context: &Context) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    for reader in READERS {
        let name = |what: &str| format!("{what}/{}", reader.name());
        cases.push(Case::new(name("texts"), move || texts(context, reader)));
        cases.push(Case::new(name("texts-after-kustomize"), move || after_kustomize(context, reader)));
        cases.push(Case::new(name("numbers"), move || numbers(context, reader)));
        cases.push(Case::new(name("a-change-is-seen"), move || a_change_is_seen(context, reader)));
        cases.push(Case::new(name("inputs"), move || inputs(context, reader)));
        cases.push(Case::new(name("trees"), move || trees(context, reader)));
    }
    cases.push(Case::new("refusals-are-right", move || refusals_are_right(context)));
    cases.push(Case::new("plain-scalars/kubectl", move || scalars_of_kubectl(context)));
    cases.push(Case::new("plain-scalars/pyyaml", move || scalars_of_pyyaml(context)));
    cases
}

fn json(node: &Node) -> Json {
    serde_json::from_str(&yaml::to_json(node, None)).unwrap()
}

fn file(context: &Context, text: &str) -> PathBuf {
    let path = context.folder("read").join("objects.yaml");
    fs::write(&path, text).unwrap();
    path
}

fn agree(expected: &Objects, found: Vec<Json>) {
    let differences = differences(expected, &by_identity(found).unwrap());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// 4000 texts that break writers, as values, keys, items.
fn texts(context: &Context, reader: Reader) {
    let objects = hostile::objects(&hostile(4000));
    let file = file(context, &yaml::emit_all(&objects.iter().collect::<Vec<_>>()));
    agree(&by_identity(objects.iter().map(json).collect()).unwrap(), reader.read(context, &file));
}

/// The same after kustomize; and each text as the last of an object, as value and as key (PyYAML would take a minute).
fn after_kustomize(context: &Context, reader: Reader) {
    // PyYAML refuses these two written bare, as kustomize does; kubectl reads them right.
    let mut texts = hostile(4000);
    texts.retain(|text| text != "=" && text != "<<" && !loses_the_next(text));
    let mut objects = hostile::objects(&texts);
    let singles = texts.iter().step_by(4).filter(|_| matches!(reader, Reader::Kubectl));
    for (number, text) in singles.enumerate() {
        objects.push(single(&format!("value-{number}"), "z", text));
        objects.push(single(&format!("key-{number}"), text, "z"));
    }
    let mut problems = Problems::new();
    objects.iter().for_each(|object| yaml::refused(object, &mut problems));
    assert!(problems.is_empty(), "{problems:?}");
    // The more objects, the longer kustomize takes for each.
    let built: Vec<String> = objects.chunks(250).map(|some| kustomize(context, some).unwrap()).collect();
    let built = file(context, &built.join("---\n"));
    agree(&by_identity(objects.iter().map(json).collect()).unwrap(), reader.read(context, &built));
}

fn single(name: &str, key: &str, value: &str) -> Node {
    hostile::object(name.to_owned(), map(vec![(key.to_owned(), Node::new(value))]))
}

/// What kustomize builds of objects, or why not.
fn kustomize(context: &Context, objects: &[Node]) -> Result<String, String> {
    let written = file(context, &yaml::emit_all(&objects.iter().collect::<Vec<_>>()));
    let folder = written.parent().unwrap();
    fs::write(folder.join("kustomization.yaml"), "resources: [objects.yaml]\n").unwrap();
    let output = context.command("kubectl").arg("kustomize").arg(folder).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// What we refuse because of kustomize, it fails on or damages.
fn refusals_are_right(context: &Context) {
    let annotated = |text: &str| {
        let mut object = single("annotated", "z", "z");
        let metadata = object.as_map_mut().unwrap().get_mut("metadata").unwrap().as_map_mut().unwrap();
        metadata.insert("annotations", map(vec![("a".to_owned(), Node::new(text))]));
        object
    };
    let mut refused: Vec<Node> =
        ["\u{7f}", "\u{85}", "\u{9f}", "\u{fffe}", "\u{ffff}"].map(|text| single("text", "z", text)).into();
    refused.extend(["<<", &"k".repeat(1100)].map(|key| single("key", key, "z")));
    refused.push(annotated("\tone\ntwo"));
    // With a carriage return in it, for one, kustomize quotes the text, and it comes through; we do not split hairs.
    refused.extend(["a\n\u{2028}", "a\nb\u{2029}", "\n\u{2028}"].map(|text| single("last", "z", text)));
    for object in refused {
        let mut problems = Problems::new();
        yaml::refused(&object, &mut problems);
        assert!(!problems.is_empty(), "{object:?} is not refused");
        let objects = [object, single("zz-next", "a", "b")];
        let Ok(built) = kustomize(context, &objects) else { continue };
        let expected = by_identity(objects.iter().map(json).collect()).unwrap();
        let found = by_identity(kubectl(context, &file(context, &built))).unwrap();
        assert!(!differences(&expected, &found).is_empty(), "{:?} comes through", objects[0]);
    }
}

fn numbers(context: &Context, reader: Reader) {
    let mut random = Random(7);
    let mut numbers: Vec<f64> = vec![0.5, 1.0, -1.5, 1e21, 1e-7, 1e300, 5e-324, 1.7e308, 123_456.789];
    while numbers.len() < 2000 {
        let bits = (random.below(1 << 31) as u64) << 33 | (random.below(1 << 31) as u64) << 2;
        numbers.extend(Some(f64::from_bits(bits)).filter(|f| f.is_finite()));
    }
    let items = numbers.iter().map(|f| Node::new(*f)).chain([i64::MAX, i64::MIN, 0].map(Node::new));
    let spec = map(vec![("items".into(), Node::new(items.collect::<Vec<_>>()))]);
    let node = hostile::object("numbers".into(), spec);
    let file = file(context, &yaml::emit(&node));
    agree(&by_identity(vec![json(&node)]).unwrap(), reader.read(context, &file));
}

/// The files of all trees, read by us and by the reader.
fn trees(context: &Context, reader: Reader) {
    let all: Vec<(&Tree, PathBuf)> = context
        .trees()
        .iter()
        .flat_map(|tree| files(tree).into_iter().map(move |file| (tree, file)))
        .collect();
    let ours = all.iter().flat_map(|(tree, file)| documents_of(file).into_iter().map(move |o| (*tree, o)));
    let ours: Vec<(&Tree, Json)> = ours.collect();
    let theirs = read_all(context, reader, all.iter().map(|(_, file)| file.as_path()));
    assert_eq!(ours.len(), theirs.len());
    let named =
        |n: usize, object: &Json| (format!("{}, {}", ours[n].0.name, identity(object)), object.clone());
    let expected = ours.iter().enumerate().map(|(n, (_, object))| named(n, object)).collect();
    let found = theirs.iter().enumerate().map(|(n, object)| named(n, object)).collect();
    let differences = differences(&expected, &found);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// What the reader finds in the hostile fleet is what went into it.
fn inputs(context: &Context, reader: Reader) {
    let tree = context.tree("hostile");
    let read = read_all(context, reader, files(tree).iter().map(PathBuf::as_path));
    let missed = fleet::missed(&fleet::expected(), &by_identity(read).unwrap());
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

fn files(tree: &Tree) -> Vec<PathBuf> {
    tree.pointed().iter().flat_map(|folder| listed(&tree.root.join(folder)).unwrap().files).collect()
}

fn read_all<'f>(context: &Context, reader: Reader, files: impl Iterator<Item = &'f Path>) -> Vec<Json> {
    let texts: Vec<String> = files.map(|file| fs::read_to_string(file).unwrap()).collect();
    reader.read(context, &file(context, &texts.join("---\n")))
}

/// The comparison sees a text that became a number or a date, a lost null, a lost item.
fn a_change_is_seen(context: &Context, reader: Reader) {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  octal: 012\n  gone: 1\n  items: [1]\n";
    let expected =
        text.replace("012", "\"012\"").replace("gone: 1", "gone: 1\n  lost: null").replace("[1]", "[1, 2]");
    let expected = by_identity(documents(&expected).unwrap()).unwrap();
    let found = by_identity(reader.read(context, &file(context, text))).unwrap();
    let said = differences(&expected, &found);
    let wanted = [
        "v1 ConfigMap  x, .data.items: expected 2 items, found 1",
        "v1 ConfigMap  x, .data.lost: expected null, found nothing",
        "v1 ConfigMap  x, .data.octal: expected \"012\", found 10",
    ];
    assert_eq!(said, wanted);
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

/// Plain scalars mean what kubectl says.
fn scalars_of_kubectl(context: &Context) {
    let scalars = plain_scalars();
    let items: String = scalars.iter().map(|s| format!("  - {s}\n")).collect();
    let text = format!("apiVersion: v1\nkind: X\nmetadata: {{name: x}}\nspec:\n{items}");
    let read = kubectl(context, &file(context, &text)).remove(0);
    let read = read["spec"].as_array().unwrap();
    assert_eq!(scalars.len(), read.len());
    for (scalar, theirs) in scalars.iter().zip(read) {
        assert!(reads_alike(scalar, theirs), "{scalar}: {:?}, kubectl {theirs}", yaml::resolve(scalar));
    }
}

/// Where PyYAML disagrees with Kubernetes, a scalar is disputed.
fn scalars_of_pyyaml(context: &Context) {
    let scalars: Vec<String> = plain_scalars().into_iter().filter(|s| s != "=").collect();
    let text: String = scalars.iter().map(|s| format!("- {s}\n")).collect();
    let script = "import sys, json, yaml\n\
        class L(yaml.SafeLoader): pass\n\
        L.add_constructor('tag:yaml.org,2002:timestamp', lambda l, n: {'date': n.value})\n\
        def read(line):\n    \
            try: x = yaml.load(line, L)[0]\n    \
            except ValueError: x = {'refused': line}\n    \
            return repr(x) if x != x else x\n\
        print(json.dumps([read(line) for line in open(sys.argv[1])]))";
    let file = file(context, &text);
    let said = output(context.command("python3-yaml").args(["-c", script]).arg(file));
    let read: Vec<Json> = serde_json::from_str(&said).unwrap();
    assert_eq!(scalars.len(), read.len());
    for (scalar, theirs) in scalars.iter().zip(&read) {
        let known = reads_alike(scalar, theirs) || yaml::disputed(scalar).is_some();
        assert!(known, "{scalar}: {:?}, PyYAML {theirs}", yaml::resolve(scalar));
    }
}
