//! Charts that show their values, and what Helm and helm-controller do with values.

use crate::context::Context;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value as Json, json};
use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

/// A chart of the tests' own.
pub(crate) struct Chart<'c> {
    context: &'c Context,
    folder: PathBuf,
}

impl<'c> Chart<'c> {
    /// A chart that shows all its values.
    pub(crate) fn new(context: &'c Context, name: &str, version: &str, defaults: &Json) -> Self {
        let chart = Self { context, folder: context.folder(name).join(name) };
        let about = json!({"apiVersion": "v2", "name": name, "version": version, "icon": "https://example.com/icon.png"});
        chart.write("Chart.yaml", &about.to_string());
        chart.write("values.yaml", &defaults.to_string());
        // JSON holds every text; base64 holds every JSON.
        chart.template("values", "{{ toJson .Values | b64enc }}")
    }

    /// Adds a ConfigMap that shows something else.
    pub(crate) fn template(self, name: &str, shows: &str) -> Self {
        let text =
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  shown: {shows}\n");
        self.write(&format!("templates/{name}.yaml"), &text);
        self
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.folder.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// What the chart sees.
    ///
    /// # Errors
    /// What Helm says.
    pub(crate) fn values(&self, values: &Json) -> Result<Json, String> {
        let shown = self.shown("values", values)?;
        Ok(serde_json::from_slice(&BASE64_STANDARD.decode(shown).unwrap()).unwrap())
    }

    /// What one of its ConfigMaps shows.
    ///
    /// # Errors
    /// What Helm says.
    pub(crate) fn shown(&self, name: &str, values: &Json) -> Result<String, String> {
        let text =
            self.helm(&["template", "release"], &["--show-only", &format!("templates/{name}.yaml")], values)?;
        let line = text.lines().find_map(|line| line.strip_prefix("  shown: ")).unwrap();
        Ok(line.to_owned())
    }

    /// Does `helm lint --strict` find nothing?
    ///
    /// # Errors
    /// What Helm says.
    pub(crate) fn lint(&self, values: &Json) -> Result<(), String> {
        self.helm(&["lint", "--strict"], &[], values).map(drop)
    }

    fn helm(&self, first: &[&str], last: &[&str], values: &Json) -> Result<String, String> {
        let file = self.context.folder("values").join("values.json");
        // Helm reads it as YAML, in which a separator of lines ends one.
        fs::write(&file, values.to_string().replace('\u{2028}', "\\u2028")).unwrap();
        let mut command = self.context.command("helm");
        command.args(first).arg(&self.folder).arg("--values").arg(file).args(last);
        run(&mut command, "")
    }
}

/// The values of a HelmRelease as helm-controller merges them; `objects` are the ConfigMaps and Secrets that it finds.
///
/// # Errors
/// What the controller says.
pub(crate) fn merged(context: &Context, release: &Json, objects: &[Json]) -> Result<Json, String> {
    let input = json!({"release": release, "objects": objects});
    let text = run(&mut context.command("helm-values"), &input.to_string())?;
    Ok(serde_json::from_str(&text).unwrap())
}

fn run(command: &mut Command, input: &str) -> Result<String, String> {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // A program that reads nothing has closed it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stdout) + &text(output.stderr))
    }
}

/// The values of a chart as Helm makes them of its defaults and what is given: mappings merge, all else replaces, and
/// `null` takes a default away. A `null` without a default stays.
pub(crate) fn coalesce(defaults: &Json, given: &Json) -> Json {
    let (Json::Object(defaults), Json::Object(given)) = (defaults, given) else { return given.clone() };
    let mut merged = defaults.clone();
    for (key, value) in given {
        match (defaults.get(key), value) {
            (Some(_), Json::Null) => drop(merged.remove(key)),
            (Some(default), value) => drop(merged.insert(key.clone(), coalesce(default, value))),
            (None, value) => drop(merged.insert(key.clone(), value.clone())),
        }
    }
    Json::Object(merged)
}

/// Equal to readers that take every number for a 64-bit float.
pub(crate) fn same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => one.as_f64() == other.as_f64(),
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Json::Object(one), Json::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}
