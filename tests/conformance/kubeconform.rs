//! kubeconform finds every object valid by the closed schemas of Kubernetes and of the custom resources.

use crate::{
    cluster::object::json,
    context::{Context, output},
    rendered,
    suite::{Case, Judge, Verdict},
};
use serde_json::{Value as Json, json};
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
    cases.push(Case::new("refuses", move || schemas.refuses()));
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

    /// The judge itself is judged: what is wrong is refused.
    fn refuses(&self) {
        let folder = self.context.folder("wrong");
        let config = |more: Json| {
            let mut object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "wrong"}});
            object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            object.to_string()
        };
        let release = |more: &str| {
            format!(
                "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: wrong}}\nspec: {{interval: 1h, {more}}}\n"
            )
        };
        let table = [
            (config(json!({"dataa": {}})), "statusInvalid", "additional properties 'dataa' not allowed"),
            (config(json!({"data": {"port": 80}})), "statusInvalid", "got number, want string"),
            (
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, name: b}\n".to_owned(),
                "statusError",
                "already set in map",
            ),
            (
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: wrong}\nspec: {replicas: 1}\n"
                    .to_owned(),
                "statusInvalid",
                "missing properties",
            ),
            (
                "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: old}\n".to_owned(),
                "statusError",
                "could not find schema",
            ),
            (
                release("chart: {spec: {chart: a, sourceRef: {kind: HelmRepository, name: a}}}, valuess: {}"),
                "statusInvalid",
                "additional properties 'valuess' not allowed",
            ),
            (release("install: {crds: Replace}"), "statusInvalid", "value must be one of"),
            (
                "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: unknown}\n".to_owned(),
                "statusError",
                "could not find schema",
            ),
        ];
        for (number, (text, status, why)) in table.iter().enumerate() {
            let file = folder.join(format!("{number}.yaml"));
            fs::write(&file, text).unwrap();
            let said = self.ask(&self.versions[0], std::slice::from_ref(&file));
            let said = said.get(Path::new(&file)).map(|said| said[0].clone()).unwrap_or_default();
            assert!(
                said["status"] == *status && said["msg"].as_str().unwrap().contains(why),
                "{text}\n{said:#}"
            );
        }
    }
}
