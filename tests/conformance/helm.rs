//! Helm takes the values that we write, as helm-controller merges them, and charts see what was meant.
//!
//! The charts are the tests' own: they show their values. Where a pack knows its chart, the defaults are those of the
//! real one. Installing is not judged.

mod chart;
mod order;
mod project;

use crate::{
    cluster::object::Object,
    context::Context,
    rendered,
    suite::{Case, Judge},
};
use chart::{Chart, coalesce, same};
use fleetgen::chart::{Facts, Field, Kinds};
use serde_json::{Map, Value as Json, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

pub(crate) const JUDGE: Judge =
    Judge { name: "helm", programs: &["helm", "helm-values"], waits: false, cases };

fn cases(context: &Context) -> Vec<Case<'_>> {
    let facts = Arc::new(facts(context.root()));
    let mut cases = Vec::new();
    for (tree, folder) in rendered::all(context) {
        for release in releases(&folder) {
            let facts = facts.clone();
            cases.push(Case::new(format!("{tree}/{}", release.name), move || release.judge(context, &facts)));
        }
    }
    assert!(cases.len() > 20, "only {} releases", cases.len());
    cases.extend(order::cases(context));
    cases.extend(project::cases(context));
    cases
}

/// A HelmRelease, and which chart it installs.
struct Release {
    name: String,
    object: Json,
    chart: String,
    version: String,
}

impl Release {
    /// Nothing gets lost between what we wrote and what the chart sees.
    fn judge(&self, context: &Context, facts: &BTreeMap<String, Facts>) {
        let written = self.object.pointer("/spec/values").cloned().unwrap_or_else(|| json!({}));
        let merged = chart::merged(context, &self.object, &[]).unwrap();
        assert!(same(&merged, &written), "helm-controller makes {merged}\nof {written}");
        let defaults = facts.get(&self.chart).map_or_else(|| json!({}), |facts| defaults(&facts.values));
        let chart = Chart::new(context, &self.chart, &self.version, &defaults);
        let seen = chart.values(&merged).unwrap();
        let wanted = coalesce(&defaults, &merged);
        assert!(same(&seen, &wanted), "the chart sees {seen}\nnot {wanted}");
        chart.lint(&merged).unwrap();
    }
}

/// The releases of a tree.
fn releases(folder: &Path) -> Vec<Release> {
    let files = rendered::yaml_files(folder);
    let objects: Vec<(PathBuf, Json)> = files
        .into_iter()
        .flat_map(|file| {
            let objects = Object::read(&fs::read_to_string(&file).unwrap());
            objects.into_iter().map(move |object| (file.clone(), object.json))
        })
        .collect();
    let text =
        |object: &Json, pointer: &str| object.pointer(pointer).and_then(Json::as_str).map(str::to_owned);
    let releases = objects.iter().filter(|(_, object)| object["kind"] == "HelmRelease");
    let release = |(file, object): &(PathBuf, Json)| {
        let (chart, version) = match text(object, "/spec/chart/spec/chart") {
            Some(chart) => (chart, text(object, "/spec/chart/spec/version")),
            None => {
                // Its source stands beside it.
                let source = objects.iter().find(|(beside, source)| {
                    beside.parent() == file.parent()
                        && source["kind"] == "OCIRepository"
                        && source["metadata"]["name"] == object["spec"]["chartRef"]["name"]
                });
                let (_, source) = source.unwrap();
                let url = text(source, "/spec/url").unwrap();
                (url.rsplit('/').next().unwrap().to_owned(), text(source, "/spec/ref/tag"))
            }
        };
        Release {
            name: text(object, "/metadata/name").unwrap(),
            chart,
            // A digest alone says no version.
            version: version
                .map_or_else(|| "1.0.0".to_owned(), |version| version.trim_start_matches('v').to_owned()),
            object: object.clone(),
        }
    };
    releases.map(release).collect()
}

/// What packs know of charts, by chart.
fn facts(root: &Path) -> BTreeMap<String, Facts> {
    let mut found = BTreeMap::new();
    for file in rendered::files(&root.join("packs"))
        .iter()
        .filter(|file| file.extension().is_some_and(|e| e == "facts"))
    {
        let facts = fleetgen::chart::parse(&fs::read_to_string(file).unwrap()).unwrap();
        found.insert(facts.name.clone(), facts);
    }
    found
}

/// The defaults of a chart, as far as they are known.
fn defaults(field: &Field) -> Json {
    let known = field.members.iter().filter(|(_, member)| !member.hint);
    let default = |member: &Field| match &member.default {
        Some(value) => {
            serde_json::from_str(&fleetgen::yaml::to_json(&fleetgen::yaml::Node::new(value.clone()), None))
                .unwrap()
        }
        None if !member.members.is_empty() || member.kinds == Kinds::MAP => defaults(member),
        None if member.kinds == Kinds::LIST => json!([]),
        None => Json::Null,
    };
    let members: Map<String, Json> = known.map(|(key, member)| (key.clone(), default(member))).collect();
    // A default that is null is none.
    Json::Object(members.into_iter().filter(|(_, value)| !value.is_null()).collect())
}
