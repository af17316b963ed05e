//! The language server that editors run, with the schemas of a project that `gen init` made: what it completes, explains
//! and complains about.

use crate::{
    context::Context,
    suite::{Case, Judge},
};
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, channel},
    },
    thread,
    time::Duration,
};

pub(crate) const JUDGE: Judge =
    Judge { name: "language-server", programs: &["yaml-language-server", "node"], waits: true, cases };

/// An answer takes a second, the first one more on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is wanted of the place `|` in a text.
enum Wanted {
    /// Among others, these are offered.
    Completes(&'static [&'static str]),
    /// The box that shows there has this in it.
    Explains(&'static [&'static str]),
    /// These complaints and no others: line from 1, what is said.
    Says(&'static [(u64, &'static str)]),
}
use Wanted::{Completes, Explains, Says};

/// A name, a file of the project, its text, and what is wanted of it.
type Situation = (&'static str, &'static str, &'static str, Wanted);

const SITUATIONS: &[Situation] = &[
    (
        "complete/fields",
        "environments/a.yaml",
        "|\n",
        Completes(&["extends", "kubernetes", "cluster", "vars", "components", "namespaces"]),
    ),
    (
        "complete/packs",
        "environments/a.yaml",
        "components:\n  shop:\n    pack: |\n",
        Completes(&["web-app", "loki", "own-app"]),
    ),
    (
        "complete/inputs",
        "environments/a.yaml",
        "components:\n  shop:\n    pack: web-app\n    inputs:\n      |\n",
        Completes(&["image", "port", "replicas", "probes"]),
    ),
    (
        "complete/inputs-of-a-pack-of-the-project",
        "environments/a.yaml",
        "components:\n  shop:\n    pack: own-app\n    inputs:\n      |\n",
        Completes(&["size", "colour"]),
    ),
    (
        "complete/inputs-of-a-pack-in-a-layer",
        "environments/a.yaml",
        "components:\n  kuard:\n    inputs:\n      |\n",
        Completes(&["image", "port", "replicas"]),
    ),
    (
        "complete/words",
        "environments/a.yaml",
        "components:\n  kuard:\n    inputs:\n      imagePullPolicy: |\n",
        Completes(&["Always", "IfNotPresent", "Never"]),
    ),
    (
        "complete/paths",
        "environments/a.yaml",
        "components:\n  kuard:\n    inputs:\n      host: {$from: |}\n",
        Completes(&["cluster.domain", "environment.name", "components.kuard.url", "vars.zone"]),
    ),
    (
        "complete/references",
        "environments/a.yaml",
        "components:\n  kuard:\n    inputs:\n      host:\n        $|\n",
        Completes(&["$from", "$text", "$file"]),
    ),
    (
        "complete/needs",
        "environments/a.yaml",
        "components:\n  kuard:\n    needs:\n      - |\n",
        Completes(&["kuard", "metrics"]),
    ),
    (
        "complete/values",
        "environments/a.yaml",
        "components:\n  metrics:\n    pack: traefik\n    values:\n      deployment:\n        |\n",
        Completes(&["replicas", "podAnnotations"]),
    ),
    (
        "complete/values-of-a-chart-that-was-added",
        "environments/a.yaml",
        "components:\n  db:\n    values:\n      |\n",
        Completes(&["size", "replicas"]),
    ),
    ("complete/layers", "environments/nested/a.yaml", "extends:\n  - |\n", Completes(&["base"])),
    (
        "explain/field",
        "environments/a.yaml",
        "components:\n  kuard:\n    nee|ds: []\n",
        Explains(&["Components that must be ready first"]),
    ),
    (
        "explain/input",
        "environments/a.yaml",
        "components:\n  kuard:\n    inputs:\n      po|rt: 8080\n",
        Explains(&["Port on which the container speaks HTTP", "8080"]),
    ),
    (
        "explain/input-with-default",
        "environments/a.yaml",
        "components:\n  shop:\n    pack: own-app\n    inputs:\n      colo|ur: red\n",
        Explains(&["Its colour", "Default", "blue"]),
    ),
    (
        "explain/value",
        "environments/a.yaml",
        "components:\n  db:\n    values:\n      si|ze: 2Gi\n",
        Explains(&["Default", "1Gi"]),
    ),
    (
        "explain/pack",
        "environments/a.yaml",
        "components:\n  kuard:\n    pack: web|-app\n",
        Explains(&["An HTTP service"]),
    ),
    (
        "complain/fields",
        "environments/a.yaml",
        "componets: {}\nextends: [bas]\n",
        Says(&[(1, "Property componets is not allowed."), (2, "there is no such layer")]),
    ),
    (
        "complain/inputs",
        "environments/a.yaml",
        "components:\n  kuard:\n    inputs:\n      prot: 80\n      port: http\n      replicas: {mni: 1}\n",
        Says(&[
            (4, "Property prot is not allowed."),
            (5, "Incorrect type. Expected \"integer\"."),
            (6, "Property mni is not allowed."),
        ]),
    ),
    (
        "complain/names",
        "environments/a.yaml",
        "components:\n  kuard:\n    pack: webapp\n    needs: [ingres]\n    stage: app\n",
        Says(&[
            (3, "there is no such pack"),
            (4, "there is no such component"),
            (5, "Value must be \"infrastructure\" | \"apps\" | \"outside\"."),
        ]),
    ),
    (
        "complain/paths",
        "environments/a.yaml",
        "components:\n  kuard:\n    inputs:\n      host: {$from: cluster.domian}\n",
        Says(&[(4, "this project has nothing at this path")]),
    ),
    (
        "complain/values",
        "environments/a.yaml",
        "components:\n  db:\n    values:\n      sise: 2Gi\n      replicas: many\n",
        Says(&[(4, "Property sise is not allowed."), (5, "Incorrect type. Expected \"integer\".")]),
    ),
    (
        "complain/only-of-mistakes",
        "environments/a.yaml",
        "extends: [base]\ncluster: {name: a, domain: null}\nvars: {any: [1, {thing: goes}]}\ncomponents:\n  kuard:\n    namespace: null\n    inputs:\n      port: {$unset: true}\n      host: {$text: \"a.{cluster.domain}\"}\n      env: {A: {$from: cluster.domain}}\n    patches: {p: {target: {kind: Deployment}, merge: {spec: {paused: true}}}}\n",
        Says(&[]),
    ),
    (
        "complain/not-of-sealed-files",
        "environments/secrets/prod/kuard/a.sops.yaml",
        "apiVersion: v1\nkind: Secret\n",
        Says(&[]),
    ),
    (
        "packs/complete",
        "templates/first/pack.yaml",
        "description: x\nstage: apps\n|\n",
        Completes(&["inputs", "exports", "chart", "podSecurity"]),
    ),
    (
        "packs/complain",
        "templates/second/pack.yaml",
        "description: x\nstage: app\ninputs:\n  properties:\n    size: {type: number, minimun: 1, format: minutes}\n",
        Says(&[
            (2, "Value must be \"infrastructure\" | \"apps\" | \"outside\"."),
            (5, "Property minimun is not allowed."),
            (5, "Value is not accepted."),
        ]),
    ),
];

fn cases(context: &Context) -> Vec<Case<'_>> {
    let root = project(context);
    let server = Arc::new(Mutex::new(Server::start(context, &root)));
    let mut cases = vec![files(Arc::clone(&server), &root)];
    for (number, (name, file, text, wanted)) in SITUATIONS.iter().enumerate() {
        let server = Arc::clone(&server);
        // Each its own file, so that no answer is about another's text.
        let file = match file.rsplit_once('/') {
            Some((folder, "a.yaml")) => format!("{folder}/a{number}.yaml"),
            _ => (*file).to_owned(),
        };
        cases.push(Case::new(*name, move || server.lock().unwrap().ask(&file, text, wanted)));
    }
    cases
}

/// No complaint of any file that `gen init` made, nor of the example fleet with its own schema.
fn files(server: Arc<Mutex<Server>>, root: &Path) -> Case<'static> {
    let root = root.to_owned();
    Case::new("complain/not-of-what-init-made", move || {
        for file in ["fleet", "base", "dev", "prod"].map(|name| format!("environments/{name}.yaml")) {
            let text = fs::read_to_string(root.join(&file)).unwrap();
            server.lock().unwrap().ask(&file, &text, &Says(&[]));
        }
    })
}

/// A project with a pack and a chart of its own, and its schemas.
fn project(context: &Context) -> PathBuf {
    let root = context.folder("editor").canonicalize().unwrap();
    let generate = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_gen")).args(arguments).current_dir(&root).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    generate(&["init"]);
    for (path, text) in [
        (
            "templates/own-app/pack.yaml",
            "description: One of ours\nstage: apps\ninputs:\n  properties:\n    size: {description: Its size, type: integer}\n    colour: {description: Its colour, type: string, default: blue}\n",
        ),
        (
            "environments/more.yaml",
            "abstract: true\nvars: {zone: a}\ncomponents:\n  metrics: {pack: metrics-server}\n  db: {pack: helm-release, chart: {url: \"oci://registry.example.com/charts/db\", version: 1.2.0}}\n",
        ),
        ("environments/stage.yaml", "extends: [base, more]\ncluster: {name: stage, domain: example.com}\n"),
        ("read/db/Chart.yaml", "name: db\nversion: 1.2.0\n"),
        ("read/db/values.yaml", "size: 1Gi\nreplicas: 1\n"),
        ("read/db/values.schema.json", "{\"properties\": {\"replicas\": {\"type\": \"integer\"}}}"),
    ] {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    generate(&["chart", "add", "read/db"]);
    generate(&["schema", "--write"]);
    root
}

/// The server, spoken to over its pipes (Language Server Protocol).
struct Server {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Json>,
    root: PathBuf,
    /// What VS Code would read from `.vscode/settings.json`.
    settings: Json,
    number: u64,
    complaints: BTreeMap<String, Json>,
}

impl Server {
    fn start(context: &Context, root: &Path) -> Self {
        let mut command = context.command("yaml-language-server");
        let command = command.arg("--stdio").current_dir(root).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        thread::spawn(move || read(output).try_for_each(|message| sender.send(message)));
        let given: Json =
            serde_json::from_str(&fs::read_to_string(root.join(".vscode/settings.json")).unwrap()).unwrap();
        let settings = json!({
            "validate": true, "hover": true, "completion": true, "schemaStore": {"enable": false},
            "schemas": given["yaml.schemas"],
        });
        let input = child.stdin.take().unwrap();
        let mut server = Self {
            child,
            input,
            messages,
            root: root.to_owned(),
            settings,
            number: 0,
            complaints: BTreeMap::new(),
        };
        let folder = json!({"uri": server.uri(""), "name": "project"});
        server.request(
            "initialize",
            json!({"processId": null, "rootUri": server.uri(""), "workspaceFolders": [folder], "capabilities": {
                "workspace": {"configuration": true, "workspaceFolders": true},
                "textDocument": {"completion": {"completionItem": {"snippetSupport": true}}},
            }}),
        );
        server.tell("initialized", json!({}));
        let settings = json!({"settings": {"yaml": server.settings}});
        server.tell("workspace/didChangeConfiguration", settings);
        server
    }

    fn uri(&self, file: &str) -> String {
        format!("file://{}", self.root.join(file).display())
    }

    fn ask(&mut self, file: &str, text: &str, wanted: &Wanted) {
        let uri = self.uri(file);
        let at = text.find('|').filter(|_| !matches!(wanted, Says(_)));
        let plain = at.map_or_else(|| text.to_owned(), |at| format!("{}{}", &text[..at], &text[at + 1..]));
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": plain});
        self.complaints.remove(&uri);
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
        let before = &text[..at.unwrap_or(0)];
        let line = before.matches('\n').count();
        let character = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
        let place = json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": character}});
        match wanted {
            Completes(labels) => {
                let answer = self.request("textDocument/completion", place);
                let items = answer["items"].as_array().or(answer.as_array());
                let offered: Vec<&str> =
                    items.into_iter().flatten().filter_map(|item| item["label"].as_str()).collect();
                let missing: Vec<_> = labels.iter().filter(|label| !offered.contains(label)).collect();
                assert!(missing.is_empty(), "{missing:?} are not offered, but {offered:?}");
            }
            Explains(texts) => {
                let answer = self.request("textDocument/hover", place);
                let shown = answer["contents"].to_string();
                let missing: Vec<_> = texts.iter().filter(|text| !shown.contains(**text)).collect();
                assert!(missing.is_empty(), "{missing:?} are not shown, but {shown}");
            }
            Says(wanted) => self.complains(&uri, wanted),
        }
        self.tell("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
    }

    fn complains(&mut self, uri: &str, wanted: &[(u64, &str)]) {
        while !self.complaints.contains_key(uri) {
            let message = self.next();
            assert!(message.get("method").is_some(), "an answer that nobody asked for: {message}");
        }
        let found = self.complaints[uri].as_array().cloned().unwrap_or_default();
        let mut found: Vec<(u64, String)> = found
            .iter()
            .map(|said| {
                let line = said["range"]["start"]["line"].as_u64().unwrap() + 1;
                (line, said["message"].as_str().unwrap().to_owned())
            })
            .collect();
        found.sort();
        let same = found.len() == wanted.len()
            && found
                .iter()
                .zip(wanted)
                .all(|(found, wanted)| found.0 == wanted.0 && found.1.starts_with(wanted.1));
        assert!(same, "{wanted:?} are wanted, and {found:?} are said");
    }

    fn request(&mut self, method: &str, parameters: Json) -> Json {
        self.number += 1;
        let number = self.number;
        self.send(&json!({"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}));
        loop {
            let mut message = self.next();
            if message.get("method").is_none() && message["id"] == number {
                assert!(message.get("error").is_none(), "{message}");
                return message["result"].take();
            }
        }
    }

    fn tell(&mut self, method: &str, parameters: Json) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": parameters}));
    }

    fn send(&mut self, message: &Json) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    /// The next message; what the server asks of the editor is answered, complaints are kept.
    fn next(&mut self) -> Json {
        let message = self.messages.recv_timeout(PATIENCE).expect("the language server answers");
        let parameters = &message["params"];
        match message["method"].as_str() {
            Some("textDocument/publishDiagnostics") => {
                let uri = parameters["uri"].as_str().unwrap().to_owned();
                self.complaints.insert(uri, parameters["diagnostics"].clone());
            }
            Some("workspace/configuration") => {
                let items = parameters["items"].as_array().unwrap().iter();
                let settings = items
                    .map(|item| if item["section"] == "yaml" { self.settings.clone() } else { Json::Null });
                let settings: Vec<Json> = settings.collect();
                self.send(&json!({"jsonrpc": "2.0", "id": message["id"], "result": settings}));
            }
            Some(_) if message.get("id").is_some() => {
                self.send(&json!({"jsonrpc": "2.0", "id": message["id"], "result": null}));
            }
            _ => {}
        }
        message
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The messages that come through a pipe, until it ends.
fn read(mut output: impl BufRead) -> impl Iterator<Item = Json> {
    std::iter::from_fn(move || {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if output.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", number)) => length = number.parse().ok()?,
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        output.read_exact(&mut body).ok()?;
        serde_json::from_slice(&body).ok()
    })
}
