//! What `gen` sealed arrives in the cluster with the values that went in: the Secrets of the example fleet, all of them, and
//! hostile texts and bytes. Flux is given variables too, which change none of it.

use super::root;
use crate::{
    cluster::{
        compare::base64,
        flux::Flux,
        object::{Identity, Object},
        project::Project,
        tree,
    },
    context::Context,
    hostile,
};
use serde_json::{Map, Value as Json, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

pub(crate) fn sealed(context: &Context) {
    let project = Project::example(context);
    let (file, values) = texts(&project);
    let files = files(&project.folder.join("environments/secrets"));
    assert!(files.contains(&file) && files.len() > 5, "{files:?}");
    let flux = Flux::start(context, [].into_iter().collect());
    flux.bring_key(context);
    let spec = json!({"interval": "1m", "url": "https://example.com/fleet"});
    let source = root::object("source.toolkit.fluxcd.io/v1", "GitRepository", spec);
    flux.api.must_apply(&source);
    let mut expected = Vec::new();
    for (number, path) in files.iter().enumerate() {
        let name = format!("s{number}");
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains("kustomize.toolkit.fluxcd.io/substitute: disabled"), "{}", path.display());
        project.write(&format!("fleet-out/sealed/{name}/secret.yaml"), &text);
        let (secret, data) = match *path == file {
            true => ("kuard-texts".to_owned(), values.clone()),
            false => as_sops_says(context, path),
        };
        expected.push((Identity::new("v1", "Secret", &name, &secret), data));
        flux.api.must_apply(&Object::new(
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
        ));
        flux.api.must_apply(&kustomization(&name));
    }
    flux.publish(&source.identity(), &project.folder);
    let names: Vec<String> = (0..files.len()).map(|number| format!("s{number}")).collect();
    flux.settle(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for (identity, data) in expected {
        let held = flux.api.get(&identity).unwrap_or_else(|| panic!("there is no {identity}"));
        let held = held["data"].as_object().unwrap();
        let wrong: Vec<&String> = data.keys().filter(|key| held.get(*key) != data.get(*key)).collect();
        assert!(wrong.is_empty() && held.len() == data.len(), "{identity}: {wrong:?}");
    }
}

/// A Secret of hostile texts and bytes, sealed by `gen` from files: its file, and its values in base64.
fn texts(project: &Project) -> (PathBuf, Map<String, Json>) {
    let mut values: Vec<Vec<u8>> = hostile::hostile(400).into_iter().map(String::into_bytes).collect();
    values.extend([b"${HOME} $$ ${x:=y} $x".to_vec(), b"\tx\ny".to_vec(), vec![0xff, 0, 10], Vec::new()]);
    let mut words: Vec<String> = ["seal", "prod", "kuard/kuard-texts"].map(str::to_owned).to_vec();
    let mut data = Map::new();
    for (number, value) in values.iter().enumerate() {
        let (key, file) = (format!("k{number}"), format!("values/{number}"));
        fs::create_dir_all(project.folder.join("values")).unwrap();
        fs::write(project.folder.join(&file), value).unwrap();
        words.extend(["--from-file".to_owned(), format!("{key}={file}")]);
        data.insert(key, json!(base64(value)));
    }
    project.context.must_gen(&project.folder, &words.iter().map(String::as_str).collect::<Vec<_>>());
    (project.folder.join("environments/secrets/prod/kuard/kuard-texts.sops.yaml"), data)
}

/// Name and values of a Secret, as the API server holds them.
fn as_sops_says(context: &Context, path: &Path) -> (String, Map<String, Json>) {
    let secrets = Object::read(&tree::decrypted(context, path));
    let [secret] = &secrets[..] else { panic!("{} holds one Secret", path.display()) };
    let part = |name: &str| secret.json[name].as_object().cloned().unwrap_or_default();
    let mut data = part("data");
    data.extend(part("stringData").into_iter().map(|(key, value)| {
        let value = json!(base64(value.as_str().unwrap().as_bytes()));
        (key, value)
    }));
    (secret.identity().name, data)
}

fn kustomization(name: &str) -> Object {
    let spec = json!({
        "interval": "1m",
        "path": format!("./fleet-out/sealed/{name}"),
        "prune": true,
        "targetNamespace": name,
        "sourceRef": {"kind": "GitRepository", "name": "flux-system"},
        "decryption": {"provider": "sops", "secretRef": {"name": "sops-age"}},
        "postBuild": {"substitute": {"HOME": "changed", "X": "changed", "x": "changed"}},
    });
    let metadata = json!({"name": name, "namespace": "flux-system"});
    Object::new(
        json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": metadata, "spec": spec}),
    )
}

/// All sealed files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() { folders.push(entry) } else { files.push(entry) }
        }
    }
    files.retain(|file| file.to_str().unwrap().ends_with(".sops.yaml"));
    files.sort();
    files
}
