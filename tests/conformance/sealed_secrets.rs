//! Sealed Secrets: what `kubeseal` sealed goes through `gen` and the API server, and opens to what went in; the controller
//! takes the settings that the pack gives it. The controller itself does not run here: it takes the key of its service
//! account from a path of a pod.

use crate::{
    cluster::{
        ControlPlane,
        compare::base64,
        crds,
        object::Object,
        project::Project,
        tree::{self, Part},
    },
    context::{Context, output},
    rendered,
    suite::{Case, Judge},
    trees::documents_of,
};
use serde_json::{Value as Json, json};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

pub(crate) const JUDGE: Judge = Judge {
    name: "sealed-secrets",
    programs: &["kubeseal", "sealed-secrets-controller", "kube-apiserver", "etcd", "kubectl"],
    waits: true,
    cases,
};

const FLEET: &str = "source: {kind: GitRepository, url: \"https://example.com/fleet\", ref: {branch: main}}\n\
    flux: {version: \"2.9\", sync: none}\n";
const HEAD: &str = "kubernetes: \"1.34\"\ncluster: {name: one, domain: one.example.com, provides: [bitnami.com]}\ncomponents:\n";
/// Texts that are easily lost.
const TEXTS: [(&str, &str); 6] = [
    ("yes", "yes"),
    ("octal", "0755"),
    ("lines", "a\n\n  b\n"),
    ("shell", "${HOME} $$ $(x)"),
    ("template", "{{ .Values.x }}"),
    ("crab", "🦀"),
];

fn cases(context: &Context) -> Vec<Case<'_>> {
    vec![
        Case::new("opens", || opens(context)),
        Case::new("scopes", || scopes(context)),
        Case::new("settings", || settings(context)),
    ]
}

/// A control plane, and a project whose components bring what was sealed for its key.
struct Bench<'c> {
    project: Project<'c>,
    control: ControlPlane,
}

impl<'c> Bench<'c> {
    fn new(context: &'c Context, name: &str) -> Self {
        let project = Project::new(context, name);
        project.write("environments/fleet.yaml", FLEET);
        Self { project, control: ControlPlane::start(context) }
    }

    /// What `kubeseal` makes of a Secret.
    fn seal(&self, secret: &Json, scope: &str) -> Json {
        let mut kubeseal = self.project.context.command("kubeseal");
        kubeseal.args(["--format", "json", "--scope", scope, "--cert"]).arg(self.control.certificate());
        serde_json::from_str(&output(fed(&mut kubeseal, &self.project.folder, secret))).unwrap()
    }

    /// What the API server holds of components, each in the namespace of its name, that bring one object each.
    fn held(&self, objects: &[(&str, Json)]) -> Vec<Json> {
        let components = objects.iter().map(|(name, object)| {
            format!("  {name}: {{pack: raw, namespace: {name}, extra: {{it: {object}}}}}\n")
        });
        self.project.write("environments/one.yaml", &(HEAD.to_owned() + &components.collect::<String>()));
        self.project.render("one");
        let parts = self.project.parts("one");
        let all: Vec<&Object> = parts.iter().flat_map(|part: &Part| &part.objects).collect();
        crds::define(&self.control.api, self.project.context.root(), &tree::kinds(all.iter().copied()));
        self.control.namespace("flux-system", &json!({}));
        all.iter().for_each(|object| drop(self.control.api.must_apply(object)));
        let of = |name: &str| {
            let part = parts.iter().find(|part| part.name == name).unwrap();
            self.control.api.get(&part.objects[0].identity()).unwrap()
        };
        objects.iter().map(|(name, _)| of(name)).collect()
    }

    /// The Secret that a SealedSecret opens to, or what `kubeseal` says.
    fn open(&self, sealed: &Json) -> Result<Json, String> {
        let mut kubeseal = self.project.context.command("kubeseal");
        kubeseal.args(["--recovery-unseal", "--format", "json", "--recovery-private-key"]);
        let opened = fed(kubeseal.arg(self.control.key()), &self.project.folder, sealed).output().unwrap();
        match opened.status.success() {
            true => Ok(serde_json::from_slice(&opened.stdout).unwrap()),
            false => Err(String::from_utf8_lossy(&opened.stderr).into_owned()),
        }
    }
}

/// A command that reads an object.
fn fed<'c>(command: &'c mut Command, folder: &Path, object: &Json) -> &'c mut Command {
    let file = folder.join("object.json");
    fs::write(&file, object.to_string()).unwrap();
    command.stdin(Stdio::from(fs::File::open(file).unwrap()))
}

fn secret(namespace: &str, name: &str) -> Json {
    let texts: Json = TEXTS.iter().map(|(key, text)| ((*key).to_owned(), Json::from(*text))).collect();
    let metadata = json!({
        "name": name, "namespace": namespace,
        "labels": {"app": "on"}, "annotations": {"example.com/shell": "${HOME}", "example.com/date": "2024-04-01"},
    });
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "stringData": texts})
}

/// Data, labels, annotations and type are those of the Secret that was sealed.
fn is(opened: &Json, secret: &Json) {
    let data: Json =
        TEXTS.iter().map(|(key, text)| ((*key).to_owned(), Json::from(base64(text.as_bytes())))).collect();
    assert_eq!(opened["data"], data);
    assert_eq!(opened["type"], secret["type"]);
    for part in ["labels", "annotations"] {
        for (key, text) in secret["metadata"][part].as_object().unwrap() {
            assert_eq!(opened["metadata"][part][key], *text, "{part}.{key}");
        }
    }
}

/// As `kubeseal` wrote it, and with the namespace left to `gen`.
fn opens(context: &Context) {
    let bench = Bench::new(context, "sealed-secrets");
    let (named, filled) = (secret("named", "named"), secret("filled", "it"));
    let mut without = bench.seal(&filled, "strict");
    without["metadata"].as_object_mut().unwrap().remove("namespace").unwrap();
    let held = bench.held(&[("named", bench.seal(&named, "strict")), ("filled", without)]);
    is(&bench.open(&held[0]).unwrap(), &named);
    is(&bench.open(&held[1]).unwrap(), &filled);
    // The annotation is for the Secret, and Flux must leave it alone.
    let word = "/metadata/annotations/kustomize.toolkit.fluxcd.io~1substitute";
    assert!(held.iter().all(|object| object.pointer(word) == Some(&"disabled".into())), "{held:#?}");
}

/// What is sealed for one namespace or name does not open elsewhere, and what is sealed for all does.
fn scopes(context: &Context) {
    let bench = Bench::new(context, "scopes");
    let elsewhere = |scope: &str, name: &str| {
        let mut object = bench.seal(&secret("home", "it"), scope);
        object["metadata"].as_object_mut().unwrap().remove("namespace").unwrap();
        object["metadata"]["name"] = name.into();
        object
    };
    let held = bench.held(&[
        ("a", elsewhere("strict", "it")),
        ("b", elsewhere("cluster-wide", "other")),
        ("home", elsewhere("namespace-wide", "other")),
    ]);
    let why = bench.open(&held[0]).unwrap_err();
    assert!(why.contains("no key could decrypt secret"), "{why}");
    is(&bench.open(&held[1]).unwrap(), &secret("home", "it"));
    is(&bench.open(&held[2]).unwrap(), &secret("home", "it"));
}

/// The controller reads what the pack's examples set as the chart hands it on; what the pack refuses, it refuses too.
fn settings(context: &Context) {
    let takes = |prefix: &str, renew: &str, ttl: &str| {
        let mut controller = context.command("sealed-secrets-controller");
        controller.args(["--key-prefix", prefix, "--key-renew-period", renew, "--key-ttl", ttl, "--version"]);
        controller.output().unwrap().status.success()
    };
    let examples = context.root().join("packs/sealed-secrets/examples");
    let files = rendered::yaml_files(&examples).into_iter().filter(|file| file.ends_with("helmrelease.yaml"));
    let mut asked = 0;
    for file in files {
        let values = &documents_of(&file)[0]["spec"]["values"];
        let [prefix, renew, ttl] =
            ["secretName", "keyrenewperiod", "keyttl"].map(|key| values[key].as_str().unwrap());
        assert!(takes(prefix, renew, ttl), "{}: {prefix} {renew} {ttl}", file.display());
        asked += 1;
    }
    assert!(asked >= 3, "only {asked}");
    assert!(!takes("seal", "30d", "1h") && !takes("seal", "1h", "1y"));
}
