//! kubeconform finds every object valid by the closed schemas of Kubernetes and of the custom resources.

use crate::{
    cluster::object::json,
    context::{Context, output},
    rendered,
    suite::{Case, Judge, Verdict},
};
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

pub(crate) const JUDGE: Judge =
    Judge { name: "kubeconform", programs: &["kubeconform", "make-schemas"], waits: false, cases };

/// Files that kustomize and kind read, and no API server.
const OF_OTHERS: &str = "kustomize.config.k8s.io/v1beta1/Kustomization,kind.x-k8s.io/v1alpha4/Cluster";

struct Schemas<'c> {
    context: &'c Context,
    /// The versions of Kubernetes that there are schemas of.
    versions: Vec<String>,
    kubernetes: PathBuf,
    crds: PathBuf,
}

fn cases(context: &Context) -> Vec<Case<'_>> {
    let schemas = Arc::new(Schemas::new(context));
    let mut cases = Vec::new();
    for (name, folder) in rendered::all(context) {
        let files = rendered::yaml_files(&folder);
        let (sealed, plain): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|file| file.to_string_lossy().ends_with(".sops.yaml"));
        let court = schemas.clone();
        cases.push(Case::new(name.clone(), move || court.valid(&plain)));
        if !sealed.is_empty() {
            let court = schemas.clone();
            cases.push(Case::judged(format!("{name}/sealed"), move || court.sealed(&sealed)));
        }
    }
    for (number, wrong) in wrongs().into_iter().enumerate() {
        let court = schemas.clone();
        cases.push(Case::judged(format!("refuses/{number}"), move || court.refuses(&wrong)));
    }
    cases
}

impl<'c> Schemas<'c> {
    fn new(context: &'c Context) -> Self {
        let kubernetes = context.programs.beside("schemas").expect("the schemas beside the programs");
        let ending = "-standalone-strict";
        let entries = fs::read_dir(&kubernetes).unwrap().map(|entry| entry.unwrap().file_name());
        let names = entries.map(|name| name.to_string_lossy().into_owned());
        let versions: Vec<String> = names
            .filter_map(|name| Some(name.strip_suffix(ending)?.trim_start_matches('v').to_owned()))
            .collect();
        assert!(!versions.is_empty(), "no schemas in {}", kubernetes.display());
        let crds = context.folder("schemas");
        output(
            context
                .command("make-schemas")
                .arg("crds")
                .arg(context.root().join("conformance/crds"))
                .arg(&crds),
        );
        Self { context, versions, kubernetes, crds }
    }

    /// What kubeconform says of each object, by file, under one version of Kubernetes.
    fn ask(&self, version: &str, files: &[PathBuf]) -> BTreeMap<PathBuf, Vec<Json>> {
        let mut command = self.context.command("kubeconform");
        command.args([
            "-strict",
            "-output",
            "json",
            "-verbose",
            "-skip",
            OF_OTHERS,
            "-kubernetes-version",
            version,
        ]);
        command.arg("-schema-location").arg(&self.kubernetes);
        command.arg("-schema-location").arg(
            self.crds.join("crds{{.StrictSuffix}}/{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"),
        );
        let said = command.args(files).output().unwrap().stdout;
        let said: Json = serde_json::from_slice(&said).unwrap();
        let mut by_file: BTreeMap<PathBuf, Vec<Json>> = BTreeMap::new();
        for resource in said["resources"].as_array().unwrap() {
            by_file.entry(resource["filename"].as_str().unwrap().into()).or_default().push(resource.clone());
        }
        by_file
    }

    /// Every file has objects, and all are valid.
    fn valid(&self, files: &[PathBuf]) {
        for version in &self.versions {
            let said = self.ask(version, files);
            for file in files {
                let objects =
                    said.get(file).unwrap_or_else(|| panic!("nothing is said of {}", file.display()));
                for object in objects {
                    let [version_of, kind] = ["version", "kind"].map(|key| object[key].as_str().unwrap());
                    let ours = !OF_OTHERS.split(',').any(|other| other == format!("{version_of}/{kind}"));
                    let wanted = if ours { "statusValid" } else { "statusSkipped" };
                    assert_eq!(object["status"], wanted, "Kubernetes {version}: {object:#}");
                }
            }
        }
    }

    /// A sealed Secret has one key too many, and is valid without it.
    fn sealed(&self, files: &[PathBuf]) -> Verdict {
        let folder = self.context.folder("opened");
        for version in &self.versions {
            for (file, said) in self.ask(version, files) {
                let errors = said[0]["validationErrors"].to_string();
                let one = said.len() == 1 && errors.matches("\"msg\"").count() == 1;
                assert!(one && errors.contains("additional properties 'sops' not allowed"), "{said:?}");
                let mut secret = json(&fs::read_to_string(&file).unwrap());
                secret.as_object_mut().unwrap().remove("sops").unwrap();
                let copy = folder.join(file.file_name().unwrap());
                fs::write(&copy, secret.to_string()).unwrap();
                self.valid(std::slice::from_ref(&copy));
            }
        }
        Verdict::Explained("a sealed Secret has the key `sops`, which Flux takes away before it applies it")
    }

    /// What is wrong is refused, and `gen` says of it what stands in the table.
    fn refuses(&self, wrong: &Wrong) -> Verdict {
        let file = self.context.folder("wrong").join("wrong.yaml");
        fs::write(&file, &wrong.text).unwrap();
        let said = self.ask(&self.versions[0], std::slice::from_ref(&file));
        let said = said.get(Path::new(&file)).map(|said| said[0].clone()).unwrap_or_default();
        let told = said["msg"].as_str().unwrap_or_default();
        assert!(said["status"] == wrong.status && told.contains(wrong.why), "{}\n{said:#}", wrong.text);
        let ours = self.context.findings_of(&wrong.text);
        assert_eq!(ours, wrong.ours, "{}", wrong.text);
        match ours.is_empty() {
            true => Verdict::Explained(
                "kubeconform refuses what no check of `gen` looks at: it judges by no schema yet",
            ),
            false => Verdict::Agreed,
        }
    }
}

/// An object that is wrong.
struct Wrong {
    text: String,
    /// What kubeconform says of it.
    status: &'static str,
    why: &'static str,
    /// The ids of what `gen` says of it.
    ours: &'static [&'static str],
}

fn wrongs() -> Vec<Wrong> {
    let config = |more: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: wrong}}\n{more}\n");
    let release = |more: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: wrong}}\nspec: {{interval: 1h, {more}}}\n"
        )
    };
    let chart = "chart: {spec: {chart: a, sourceRef: {kind: HelmRepository, name: a}}}";
    let invalid = "statusInvalid";
    let error = "statusError";
    let table: [(String, _, _, &[_]); 8] = [
        (config("dataa: {}"), invalid, "additional properties 'dataa' not allowed", &[]),
        (config("data: {port: 80}"), invalid, "got number, want string", &["kubernetes/text"]),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, name: b}\n".to_owned(),
            error,
            "already set in map",
            &["yaml/duplicate-key"],
        ),
        (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: wrong}\nspec: {replicas: 1}\n"
                .to_owned(),
            invalid,
            "missing properties",
            &[],
        ),
        (
            "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: old}\n".to_owned(),
            error,
            "could not find schema",
            &[],
        ),
        (
            release(&format!("{chart}, valuess: {{}}")),
            invalid,
            "additional properties 'valuess' not allowed",
            &["flux/source-ref"],
        ),
        (release("install: {crds: Replace}"), invalid, "value must be one of", &[]),
        (
            "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: unknown}\n".to_owned(),
            error,
            "could not find schema",
            &[],
        ),
    ];
    let wrong = |(text, status, why, ours)| Wrong { text, status, why, ours };
    table.map(wrong).into()
}
