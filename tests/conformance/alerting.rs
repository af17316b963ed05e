//! Rules of Prometheus and configurations of Alertmanager, wherever a tree has them: in a PrometheusRule, and by their
//! shape in the values of a HelmRelease (`additionalPrometheusRulesMap`, `alertmanager.config`, …) and in the texts of a
//! ConfigMap. An AlertmanagerConfig is taken as the operator writes it for Alertmanager.
//!
//! Not found, and so not judged: what a chart brings by itself, and sealed Secrets.

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

/// Configurations of Alertmanager, as it reads them.
pub(crate) fn configurations(objects: &Objects) -> Vec<Found> {
    let whole = |value: &Json| value["route"].is_object() && value["receivers"].is_array();
    let mut found = find(objects, &["HelmRelease"], &|value: &Json| whole(value).then(|| value.clone()));
    found.extend(find(objects, &["AlertmanagerConfig"], &|value| whole(value).then(|| of_operator(value))));
    found
}

/// What prometheus-operator makes of the `spec` of an AlertmanagerConfig. One whose root takes only some alerts is a
/// route of the Alertmanager's own configuration. Secrets are made up, files of certificates are left out.
fn of_operator(spec: &Json) -> Json {
    let list = |value: &Json| value.as_array().cloned().unwrap_or_default();
    let mut root = route(&spec["route"]);
    if root.get("matchers").is_some() || root.get("mute_time_intervals").is_some() {
        root["continue"] = json!(true);
        root = json!({"receiver": "null", "routes": [root]});
    }
    let receivers = list(&spec["receivers"]).into_iter().map(|receiver| {
        let members = receiver.as_object().unwrap().iter();
        let kinds = members
            .filter(|(key, _)| *key != "name")
            .map(|(key, configs)| (snake(key), list(configs).iter().map(notifier).collect()));
        let mut all: serde_json::Map<String, Json> = kinds.collect();
        all.insert("name".into(), receiver["name"].clone());
        Json::Object(all)
    });
    let inhibit = list(&spec["inhibitRules"]).into_iter().map(|rule| {
        json!({
            "source_matchers": matchers(&rule["sourceMatch"]),
            "target_matchers": matchers(&rule["targetMatch"]),
            "equal": list(&rule["equal"]),
        })
    });
    let intervals = list(&spec["muteTimeIntervals"]).into_iter().map(|named| {
        let of = list(&named["timeIntervals"]).into_iter().map(|mut interval| {
            let days = list(&interval["daysOfMonth"]).into_iter();
            let days: Vec<String> = days.map(|day| format!("{}:{}", day["start"], day["end"])).collect();
            let times = list(&interval["times"]).into_iter();
            let times: Vec<Json> = times
                .map(|time| json!({"start_time": time["startTime"], "end_time": time["endTime"]}))
                .collect();
            interval.as_object_mut().unwrap().remove("daysOfMonth");
            interval["days_of_month"] = json!(days);
            interval["times"] = json!(times);
            interval
        });
        json!({"name": named["name"], "time_intervals": of.collect::<Vec<_>>()})
    });
    json!({
        "route": root,
        "receivers": receivers.collect::<Vec<_>>(),
        "inhibit_rules": inhibit.collect::<Vec<_>>(),
        "time_intervals": intervals.collect::<Vec<_>>(),
    })
}

fn route(route: &Json) -> Json {
    let members = route.as_object().unwrap().iter().map(|(key, value)| match key.as_str() {
        "matchers" => (key.clone(), matchers(value)),
        "routes" => (key.clone(), value.as_array().unwrap().iter().map(self::route).collect()),
        _ => (snake(key), value.clone()),
    });
    Json::Object(members.collect())
}

fn matchers(list: &Json) -> Json {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let one = |m: &Json| {
        let name = m["name"].as_str().unwrap();
        let name = if name.chars().all(plain) { name.to_owned() } else { json!(name).to_string() };
        format!("{name}{}{}", m["matchType"].as_str().unwrap(), m["value"])
    };
    list.as_array().into_iter().flatten().map(one).collect()
}

/// One way in which a receiver is told.
fn notifier(config: &Json) -> Json {
    let members = config.as_object().unwrap().iter().map(|(key, value)| {
        let value = match key.as_str() {
            "httpConfig" => notifier(value),
            "tlsConfig" => json!({}),
            "basicAuth" => json!({"username": "user", "password": "made up"}),
            "authorization" => json!({"type": value["type"], "credentials": "made up"}),
            "details" | "headers" => {
                let pairs = value.as_array().unwrap().iter();
                pairs.map(|pair| (pair["key"].as_str().unwrap().to_owned(), pair["value"].clone())).collect()
            }
            "pagerDutyLinkConfigs" => {
                let links = value.as_array().unwrap().iter();
                links.map(|link| json!({"href": link["href"], "text": link["alt"]})).collect()
            }
            _ if value["key"].is_string() && key.to_lowercase().contains("url") => {
                json!("https://made-up.example.com")
            }
            _ if value["key"].is_string() => json!("made up"),
            _ => value.clone(),
        };
        (snake(key), value)
    });
    Json::Object(members.collect())
}

/// The name of a member as Alertmanager writes it.
fn snake(name: &str) -> String {
    match name {
        "pagerDutyLinkConfigs" => return "links".into(),
        "urlSecret" => return "url".into(),
        _ => {}
    }
    let mut snake = String::new();
    for c in name.replace("URL", "Url").replace("TLS", "Tls").chars() {
        if c.is_uppercase() {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
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
