//! Rules of Prometheus and configurations of Alertmanager, wherever a tree has them: in a PrometheusRule, and by their
//! shape in the values of a HelmRelease (`additionalPrometheusRulesMap`, `alertmanager.config`, …) and in the texts of a
//! ConfigMap.
//!
//! Not found, and so not judged: what a chart brings by itself, sealed Secrets, and AlertmanagerConfig objects.

use crate::{objects::Objects, trees::documents};
use serde_json::{Value as Json, json};

/// Something that was found.
pub(crate) struct Found {
    /// The object, and the way to it.
    pub(crate) place: String,
    pub(crate) value: Json,
}

/// Files of rules: `{groups: […]}`.
pub(crate) fn rules(objects: &Objects) -> Vec<Found> {
    let groups = |value: &Json| {
        let groups = value["groups"].as_array().filter(|groups| groups.iter().any(|g| g["rules"].is_array()));
        groups.map(|groups| json!({"groups": groups}))
    };
    find(objects, &["PrometheusRule", "HelmRelease"], &groups)
}

/// Configurations of Alertmanager.
pub(crate) fn configurations(objects: &Objects) -> Vec<Found> {
    find(objects, &["HelmRelease"], &|value: &Json| {
        (value["route"].is_object() && value["receivers"].is_array()).then(|| value.clone())
    })
}

fn find(objects: &Objects, kinds: &[&str], is: &dyn Fn(&Json) -> Option<Json>) -> Vec<Found> {
    let mut found = Vec::new();
    for (identity, object) in objects {
        let kind = object["kind"].as_str().unwrap_or_default();
        if kinds.contains(&kind) {
            search(&object["spec"], &format!("{identity}, spec"), is, &mut found);
        }
        for (key, text) in object["data"].as_object().into_iter().flatten().filter(|_| kind == "ConfigMap") {
            for document in documents(text.as_str().unwrap_or_default()).unwrap_or_default() {
                search(&document, &format!("{identity}, data.{key}"), is, &mut found);
            }
        }
    }
    found
}

fn search(value: &Json, place: &str, is: &dyn Fn(&Json) -> Option<Json>, found: &mut Vec<Found>) {
    if let Some(value) = is(value) {
        found.push(Found { place: place.to_owned(), value });
        return;
    }
    let members = value.as_object().into_iter().flatten();
    members.for_each(|(key, value)| search(value, &format!("{place}.{key}"), is, found));
    let items = value.as_array().into_iter().flatten().enumerate();
    items.for_each(|(n, value)| search(value, &format!("{place}[{n}]"), is, found));
}
