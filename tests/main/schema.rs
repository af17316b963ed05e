//! Schemas for editors: what is right has no complaint, what is wrong has one. The real language server is asked in
//! `tests/conformance/language_server.rs`.

use crate::{
    charts::{HINTS, MISTYPED},
    sandbox::Sandbox,
};
use fleetgen::{
    diag::{Problems, Sources},
    editor,
    load::{self, Disk},
    yaml::{self, Node, to_json},
};
use jsonschema::Validator;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn validator(schema: &Node) -> Validator {
    let schema: Value = serde_json::from_str(&to_json(schema, None)).unwrap();
    jsonschema::draft7::meta::validate(&schema).unwrap();
    jsonschema::draft7::new(&schema).unwrap()
}

fn of_project(root: &Path) -> Validator {
    let project = load::project(&Disk::new(root).unwrap(), &mut Problems::new()).unwrap();
    validator(&editor::project(&project))
}

fn value(text: &str) -> Value {
    let source = Sources::new().add("a.yaml", text);
    let node = yaml::read_one(text, source, &mut Problems::new()).unwrap();
    serde_json::from_str(&to_json(&node, None)).unwrap()
}

fn complaints(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// The files below a folder with this name or ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["secrets", "files", "expected"].contains(&name.as_str()) {
            found.extend(files(&path, ending));
        } else if path.is_file() && name.ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn the_example_fleet_fits() {
    let validator = of_project(root());
    let files = files(&root().join("environments"), ".yaml");
    assert!(files.len() > 7);
    for file in files {
        let found = complaints(&validator, &value(&fs::read_to_string(&file).unwrap()));
        assert!(found.is_empty(), "{}:\n{}", file.display(), found.join("\n"));
    }
}

#[test]
fn every_example_of_a_pack_fits() {
    let validator = of_project(root());
    let mut faults = Vec::new();
    let files = files(&root().join("packs"), "component.yaml");
    assert!(files.len() > 80, "{}", files.len());
    for file in files {
        let mut component = value(&fs::read_to_string(&file).unwrap());
        let pack = file.ancestors().nth(3).unwrap().file_name().unwrap().to_string_lossy().into_owned();
        if component.is_null() {
            component = serde_json::json!({});
        }
        component["pack"] = Value::from(pack);
        let mut found =
            complaints(&validator, &serde_json::json!({"components": {"of-no-layer": component}}));
        // The project of these examples is another: they know of others what their `environment.yaml` says.
        found.retain(|said| !said.contains("/needs/") && !said.contains("$from"));
        faults.extend(found.into_iter().map(|said| format!("{}{said}", file.display())));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The values of a chart in a component of the pack that installs it.
fn of_chart(chart: &str, values: Value) -> Value {
    let facts = files(&root().join("packs"), &format!("{chart}.facts"));
    let folder = facts[0].ancestors().nth(2).unwrap();
    let file = value(&fs::read_to_string(folder.join("pack.yaml")).unwrap());
    // Of a pack with several charts, values are by release.
    let release = file["charts"].as_object().and_then(|charts| charts.keys().next());
    let values = release.map_or(values.clone(), |release| serde_json::json!({release: values}));
    let pack = folder.file_name().unwrap().to_string_lossy().into_owned();
    serde_json::json!({"components": {"of-no-layer": {"pack": pack, "values": values}}})
}

#[test]
fn values_after_public_practice_fit_and_mistyped_ones_do_not() {
    let validator = of_project(root());
    let mut faults = Vec::new();
    for file in files(&root().join("tests/charts"), ".yaml") {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let values = value(&fs::read_to_string(&file).unwrap());
        let found = complaints(&validator, &of_chart(name.split('.').next().unwrap(), values));
        faults.extend(found.into_iter().map(|said| format!("{name}{said}")));
    }
    for &(chart, path, _) in
        MISTYPED.iter().filter(|(chart, ..)| !HINTS.iter().any(|(hint, ..)| hint == chart))
    {
        let values = path.split('.').rev().fold(Value::from(1), |value, key| serde_json::json!({key: value}));
        if validator.is_valid(&of_chart(chart, values)) {
            faults.push(format!("{chart}: {path} fits"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_built_in_pack_fits_the_schema_of_packs() {
    let validator = validator(&editor::packs());
    for file in files(&root().join("packs"), "pack.yaml") {
        let found = complaints(&validator, &value(&fs::read_to_string(&file).unwrap()));
        assert!(found.is_empty(), "{}:\n{}", file.display(), found.join("\n"));
    }
    for wrong in [
        "{stage: apps}",
        "{description: x, stage: app}",
        "{description: x, stage: apps, input: {}}",
        "{description: x, stage: apps, inputs: {properties: {a: {type: text}}}}",
        "{description: x, stage: apps, inputs: {properties: {a: {format: minutes}}}}",
        "{description: x, stage: apps, inputs: {properties: {a: {desc: x}}}}",
        "{description: x, stage: apps, inputs: {properties: {a: {items: {minimun: 1}}}}}",
    ] {
        assert!(!validator.is_valid(&value(wrong)), "{wrong}");
    }
}

#[test]
fn what_removes_or_stands_for_a_value_fits() {
    let validator = of_project(root());
    for right in [
        "{kubernetes: null, vars: {$unset: true}, components: {kuard: null}}",
        "{components: {kuard: {inputs: {port: null, image: {$unset: true}}, needs: null}}}",
        "{components: {kuard: {inputs: {host: {$text: \"a.{cluster.domain}\"}, port: {$from: vars.storageClass}}}}}",
        "{components: {kuard: {inputs: {env: {$from: cluster.name}, replicas: {min: {$from: vars.storageClass}}}}}}",
        "{components: {monitoring: {values: {grafana: {enabled: null, adminUser: {$from: cluster.name}}}}}}",
        "{components: {new: {pack: web-app}}}",
        "{gen: \">=0.1\", flux: {version: \"2.9\"}, keys: {me: age1x}}",
    ] {
        let found = complaints(&validator, &value(right));
        assert!(found.is_empty(), "{right}:\n{}", found.join("\n"));
    }
}

#[test]
fn mistakes_do_not_fit() {
    let validator = of_project(root());
    for (what, wrong) in [
        ("a field", "{componets: {}}"),
        ("a field of a component", "{components: {kuard: {input: {}}}}"),
        ("a pack", "{components: {new: {pack: webapp}}}"),
        ("an input, its pack in this file", "{components: {new: {pack: web-app, inputs: {prot: 80}}}}"),
        ("an input, its pack in a layer", "{components: {kuard: {inputs: {prot: 80}}}}"),
        ("an input's type", "{components: {kuard: {inputs: {port: http}}}}"),
        ("an input's range", "{components: {kuard: {inputs: {port: 70000}}}}"),
        ("an input's word", "{components: {kuard: {inputs: {imagePullPolicy: Often}}}}"),
        ("an input in an input", "{components: {kuard: {inputs: {replicas: {mni: 1}}}}}"),
        ("a chart's value", "{components: {monitoring: {values: {grafana: {adminpassword: x}}}}}"),
        ("a chart's type", "{components: {monitoring: {values: {grafana: {enabled: \"yes\"}}}}}"),
        (
            "a value of a chart without a pack",
            "{components: {ingress: {values: {deployment: {replica: 2}}}}}",
        ),
        ("a path of `$from`", "{components: {kuard: {inputs: {host: {$from: cluster.domian}}}}}"),
        ("a reference", "{components: {kuard: {inputs: {host: {$form: cluster.domain}}}}}"),
        ("a component", "{components: {kuard: {needs: [ingres]}}}"),
        ("a layer", "{extends: [bas]}"),
        ("a key", "{secrets: {recipients: [nobody]}}"),
        ("a word", "{components: {kuard: {stage: app}}}"),
        ("what only fleet.yaml has", "{keys: {a: age1x}, components: {}}"),
    ] {
        assert!(!validator.is_valid(&value(wrong)), "{what}: {wrong} fits");
    }
}

fn path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

#[test]
fn a_new_project_has_its_schema_and_points_to_it() {
    let sandbox = Sandbox::new();
    let made = sandbox.gen_(&["init", "."]);
    assert!(made.status.success());
    let schema = sandbox.read(".gen/schema.json");
    let printed = sandbox.gen_(&["schema"]);
    assert_eq!(String::from_utf8_lossy(&printed.stdout), schema);
    let validator = of_project(&sandbox.root());
    for file in files(&sandbox.root().join("environments"), ".yaml") {
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("# yaml-language-server: $schema=../.gen/schema.json\n"),
            "{}",
            file.display()
        );
        assert_eq!(complaints(&validator, &value(&text)), [""; 0], "{}", file.display());
    }
    // It is made anew anywhere: Git does not take it.
    let git = sandbox.command("git").args(["init", "--quiet"]).env("PATH", path()).status();
    if git.is_ok_and(|status| status.success()) {
        let seen =
            sandbox.command("git").args(["status", "--short", "-uall"]).env("PATH", path()).output().unwrap();
        let seen = String::from_utf8(seen.stdout).unwrap();
        assert!(seen.contains("?? .gitignore\n") && !seen.contains(".gen/"), "{seen}");
    } else {
        eprintln!("skipped: there is no git");
    }
    let kept = sandbox.gen_(&["schema", "--write"]);
    assert_eq!(
        String::from_utf8_lossy(&kept.stderr),
        "kept  .gen/schema.json\nkept  .gen/pack.schema.json\n"
    );
    // A render makes it follow the packs, and only them; one that somebody else put there stays.
    let wrote = |sandbox: &Sandbox| {
        String::from_utf8_lossy(&sandbox.gen_(&["render", "--all"]).stderr).contains(".gen/")
    };
    assert!(!wrote(&sandbox));
    sandbox.write("templates/own/pack.yaml", b"description: Own\nstage: apps\n");
    sandbox.write("templates/own/a.yaml.j2", b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\n");
    assert!(
        !String::from_utf8_lossy(&sandbox.gen_(&["render", "--all", "--check"]).stderr).contains(".gen/")
    );
    // Nor does one that goes to another folder: the project stays as it is.
    let before = sandbox.tree(".gen");
    let elsewhere = sandbox.gen_(&["render", "--all", "--out", "../elsewhere"]);
    assert!(elsewhere.status.success() && sandbox.root().join("../elsewhere/prod/cluster").is_dir());
    assert_eq!(sandbox.tree(".gen"), before);
    // It helps to mend what is wrong: then it is all that is written.
    let said = |sandbox: &Sandbox| String::from_utf8(sandbox.gen_(&["render", "--all"]).stderr).unwrap();
    let base = sandbox.read("environments/base.yaml");
    sandbox.write("environments/base.yaml", (base.clone() + "oops: 1\n").as_bytes());
    let refused = said(&sandbox);
    assert!(refused.ends_with("\n1 error; nothing but `.gen/schema.json` was written\n"), "{refused}");
    assert!(!refused.contains("follows") && sandbox.read(".gen/schema.json").contains("\"own\""));
    let refused = said(&sandbox);
    assert!(refused.ends_with("\n1 error; nothing was written\n"), "{refused}");
    sandbox.write("environments/base.yaml", base.as_bytes());
    sandbox.edit("templates/own/pack.yaml", "Own", "Another");
    let rendered = said(&sandbox);
    assert!(rendered.ends_with("\n.gen/schema.json: follows packs and charts\n"), "{rendered}");
    assert!(!wrote(&sandbox));
    // One that is damaged or gone is made anew; what somebody else put in its place stays, though packs change.
    let whole = sandbox.tree(".gen");
    let cut = sandbox.read(".gen/schema.json")[..1000].to_owned();
    sandbox.write(".gen/schema.json", cut.as_bytes());
    sandbox.remove(".gen/pack.schema.json");
    let said = String::from_utf8(sandbox.gen_(&["render", "--all"]).stderr).unwrap();
    for path in [".gen/schema.json", ".gen/pack.schema.json"] {
        assert!(said.contains(&format!("{path}: made anew, it was damaged\n")), "{said}");
    }
    assert_eq!(sandbox.tree(".gen"), whole);
    assert!(!wrote(&sandbox));
    sandbox.write(".gen/schema.json", b"{\"type\": \"object\"}\n");
    sandbox.edit("templates/own/pack.yaml", "Another", "Mine");
    assert!(!wrote(&sandbox));
    assert_eq!(sandbox.read(".gen/schema.json"), "{\"type\": \"object\"}\n");
    sandbox.gen_(&["schema", "--write"]);
    sandbox.remove(".gen/schema.made-of");
    sandbox.remove("templates");
    assert!(!wrote(&sandbox) && sandbox.read(".gen/schema.json").contains("\"own\""));
    sandbox.gen_(&["schema", "--write"]);
    assert!(!sandbox.read(".gen/schema.json").contains("\"own\""));
    sandbox.edit("environments/base.yaml", "kuard:", "renamed:");
    let wrote = sandbox.gen_(&["schema", "--write"]);
    assert!(String::from_utf8_lossy(&wrote.stderr).starts_with("wrote .gen/schema.json\n"));
    assert!(sandbox.read(".gen/schema.json").contains("component.renamed"));
}
