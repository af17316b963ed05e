//! How fast the stages are: `cargo bench`. Figures are per call; those with a size are also given as bytes a second.
#![allow(clippy::disallowed_methods)]

use divan::{Bencher, black_box, counter::BytesCount};
use fleetgen::{
    diag::{Problems, SourceId, Sources},
    load::Memory,
    pipeline::Engine,
    schema::Schema,
    template::{Context, Root, TemplateFile, TemplateSet, compile},
    tree::{File, Tree, TreePath},
    write::{Changes, Target, flush, plan},
    yaml::{self, Map, Node},
};
use std::{collections::BTreeMap, fmt::Write, path::Path};

fn main() {
    divan::main();
}

/// A Deployment as charts and templates write them, about 60 lines.
fn deployment(number: usize) -> String {
    let mut text = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{number}\n  namespace: apps\n  labels:\n    \
         app.kubernetes.io/name: app-{number}\n    app.kubernetes.io/version: \"1.{number}\"\nspec:\n  replicas: 3\n  \
         selector:\n    matchLabels:\n      app.kubernetes.io/name: app-{number}\n  template:\n    spec:\n      \
         containers:\n        - name: main\n          image: registry.example.com/app:v1.{number}\n          env:\n"
    );
    for variable in 0..12 {
        // Writing to a String cannot fail.
        let _ =
            write!(text, "            - name: VARIABLE_{variable}\n              value: \"{variable}\"\n");
    }
    text.push_str("          command:\n            - sh\n            - -c\n            - |\n");
    for line in 0..12 {
        let _ = writeln!(text, "              echo step {line} of $$ && true");
    }
    text
}

fn source() -> SourceId {
    Sources::new().add("bench.yaml", "")
}

#[divan::bench]
fn read_a_deployment(bencher: Bencher) {
    let (text, source) = (deployment(1), source());
    bencher
        .counter(BytesCount::of_str(&text))
        .bench_local(|| yaml::read_one(black_box(&text), source, &mut Problems::new()).expect("valid YAML"));
}

#[divan::bench]
fn emit_a_deployment(bencher: Bencher) {
    let text = deployment(1);
    let node = yaml::read_one(&text, source(), &mut Problems::new()).expect("valid YAML");
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| yaml::emit(black_box(&node)));
}

/// A Deployment as packs write it, about 60 lines with 30 values.
const TEMPLATE: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ component.name }}
  labels:
    app.kubernetes.io/name: {{ component.name }}
    app.kubernetes.io/version: \"{{ inputs.version }}\"
spec:
  replicas: {{ inputs.replicas }}
  selector:
    matchLabels:
      app.kubernetes.io/name: {{ component.name }}
  template:
    spec:
      containers:
        - name: main
          image: {{ inputs.image }}
          env:
          {% for name in inputs.env %}
            - name: {{ name }}
              value: \"{{ inputs.env[name] }}\"
          {% endfor %}
          command:
            - sh
            - -c
            - |
              echo {{ inputs.version }}
              exec {{ inputs.image }}
";

fn context() -> Context {
    let env: Map = (0..12).map(|n| (format!("VARIABLE_{n}"), Node::new(format!("value {n}")))).collect();
    let inputs: Map = [
        ("version", Node::new("1.10")),
        ("replicas", Node::new(3_i64)),
        ("image", Node::new("registry.example.com/app:v1")),
        ("env", Node::new(env)),
    ]
    .into_iter()
    .collect();
    let component: Map = [("name", Node::new("kuard"))].into_iter().collect();
    let root = |name, map: Map| Root::new(name, &Node::new(map), &mut Problems::new()).expect("plain values");
    Context {
        inputs: root("inputs", inputs),
        vars: root("vars", Map::new()),
        cluster: root("cluster", Map::new()),
        environment: root("environment", Map::new()),
        component: root("component", component),
    }
}

/// Text with values in it to nodes with origins: all that happens to a template for each component.
#[divan::bench]
fn render_a_template(bencher: Bencher) {
    let path = "deployment.yaml.j2";
    let source = Sources::new().add(path, TEMPLATE);
    let templates = [TemplateFile { path: path.into(), source, text: TEMPLATE.into() }];
    let (files, schema) = (BTreeMap::new(), Schema::default());
    let set = TemplateSet {
        pack: "bench",
        templates: &templates,
        lib: &[],
        files: &files,
        delimiters: None,
        schema: &schema,
        secrets: &[],
    };
    let mut problems = Problems::new();
    let compiled = compile(&set, &mut problems).unwrap_or_else(|| panic!("{problems:#?}"));
    let context = context();
    bencher.bench_local(|| {
        let mut problems = Problems::new();
        compiled.render(path, black_box(&context), &mut problems).unwrap_or_else(|| panic!("{problems:#?}"))
    });
}

/// A project of ten environments with so many web apps each.
fn project(apps: usize) -> Memory {
    let mut base = String::from("abstract: true\ncomponents:\n");
    for app in 0..apps {
        let _ = write!(
            base,
            "  app-{app}:\n    pack: web-app\n    inputs:\n      image: registry.example.com/app:1.0.{app}\n      \
             port: 8080\n      replicas: {{min: 2, max: 6}}\n      host: {{$text: \"app-{app}.{{cluster.domain}}\"}}\n      \
             networkPolicy: {{from: {{ingress: {{namespace: ingress}}}}}}\n"
        );
    }
    let fleet = "source: {kind: GitRepository, url: \"https://github.com/example/fleet\", ref: {branch: main}}\nflux: {sync: classic}\n";
    let shared = [("fleet.yaml".to_owned(), fleet.to_owned()), ("base.yaml".to_owned(), base)];
    let own = (0..10).map(|shop| {
        let text =
            format!("extends: [base]\ncluster: {{name: shop-{shop}, domain: shop-{shop}.example.com}}\n");
        (format!("shop-{shop}.yaml"), text)
    });
    shared.into_iter().chain(own).map(|(name, text)| (format!("environments/{name}"), text)).collect()
}

/// Reading a project and compiling its packs: once for a run.
#[divan::bench(args = [1, 50])]
fn open_a_project(bencher: Bencher, apps: usize) {
    let files = project(apps);
    bencher.bench_local(|| Engine::open(black_box(&files), &mut Problems::new()).expect("a project"));
}

/// All stages but the disk: ten environments of one project to ten judged trees, on all cores.
#[divan::bench(args = [1, 50])]
fn project_to_trees(bencher: Bencher, apps: usize) {
    let engine = Engine::open(&project(apps), &mut Problems::new()).expect("a project");
    let names = engine.environments();
    let files = |built: fleetgen::pipeline::Built| match built.tree {
        Some(tree) => tree.len(),
        None => panic!("{:#?}", built.problems),
    };
    bencher.bench_local(|| engine.each(black_box(&names), files));
}

/// A tree of that many files, ten a folder.
fn tree(files: usize, flavour: usize) -> Tree {
    let mut tree = Tree::new("bench");
    for number in 0..files {
        let path = format!("apps/app-{}/deployment-{number}.yaml", number / 10);
        let path = TreePath::new(path).expect("a valid path");
        let bytes = deployment(number + flavour).into_bytes();
        let file = File { owner: "bench".into(), bytes, documents: vec![], place: None };
        tree.insert(path, file).expect("a path of its own");
    }
    tree
}

fn changes(target: &Target, tree: &Tree) -> Changes {
    plan(target.read(tree).expect("readable"), tree, false, &mut Problems::new())
}

fn write(project: &Path, tree: &Tree) {
    let target = Target::new(project, "fleet-out/bench", "fleet-out/bench").expect("a valid folder");
    let lock = target.lock().expect("nobody else writes here");
    let mut staged = lock.stage(&changes(&target, tree)).expect("writable");
    flush(project).expect("a file system that flushes");
    staged.commit().expect("writable");
}

#[divan::bench(args = [100, 5000])]
fn first_write(bencher: Bencher, files: usize) {
    let tree = tree(files, 0);
    bencher.with_inputs(|| tempfile::tempdir().expect("a temporary folder")).bench_local_values(|project| {
        write(project.path(), &tree);
        project
    });
}

#[divan::bench(args = [100, 5000])]
fn every_file_changes(bencher: Bencher, files: usize) {
    let project = tempfile::tempdir().expect("a temporary folder");
    let trees = [tree(files, 0), tree(files, 1)];
    let mut turns = trees.iter().cycle();
    bencher.bench_local(|| write(project.path(), turns.next().expect("an endless cycle")));
}

#[divan::bench(args = [100, 5000])]
fn nothing_changes(bencher: Bencher, files: usize) {
    let project = tempfile::tempdir().expect("a temporary folder");
    let tree = tree(files, 0);
    write(project.path(), &tree);
    let target = Target::new(project.path(), "fleet-out/bench", "fleet-out/bench").expect("a valid folder");
    bencher.bench_local(|| changes(&target, black_box(&tree)));
}

#[divan::bench]
fn differences_as_text(bencher: Bencher) {
    let project = tempfile::tempdir().expect("a temporary folder");
    write(project.path(), &tree(100, 0));
    let target = Target::new(project.path(), "fleet-out/bench", "fleet-out/bench").expect("a valid folder");
    let changes = changes(&target, &tree(100, 1));
    bencher.bench_local(|| black_box(&changes).unified(false));
}
