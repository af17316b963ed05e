//! In which order helm-controller merges values: a table, and the surprises in it.

use super::chart::{Chart, coalesce, merged, same};
use crate::{
    context::Context,
    suite::{Case, Verdict},
};
use serde_json::{Value as Json, json};

/// What one release refers to, what it says itself, and what comes of it.
struct Row {
    name: &'static str,
    /// `valuesFrom`; the objects are below.
    from: Json,
    values: Json,
    merged: Json,
    /// Why it is not what one would expect.
    surprise: Option<&'static str>,
}

/// The release's own values are merged before a target path, and again at the end. A mapping that nothing else set is
/// the very one of the release, so the target path changes that too; a copy it does not.
const OWN_VALUES_WIN: &str = "a value with `targetPath` is lost where the release's own `values` set the same key at the top, or in a mapping that an earlier reference sets too";

fn rows() -> Vec<Row> {
    let row = |name, from, values, merged| Row { name, from, values, merged, surprise: None };
    let base = || json!({"kind": "ConfigMap", "name": "base"});
    let more = || json!({"kind": "ConfigMap", "name": "more"});
    let secret =
        |path: &str| json!({"kind": "Secret", "name": "secret", "valuesKey": "password", "targetPath": path});
    vec![
        row("nothing", json!([]), json!({}), json!({})),
        row("own", json!([]), json!({"a": null, "b": {"c": null}}), json!({"a": null, "b": {"c": null}})),
        row(
            "later-wins",
            json!([base(), more()]),
            json!({}),
            json!({"a": {"from": "more", "base": 1, "more": 2}, "list": [2]}),
        ),
        row(
            "earlier-loses",
            json!([more(), base()]),
            json!({}),
            json!({"a": {"from": "base", "base": 1, "more": 2}, "list": [1, 1]}),
        ),
        row(
            "own-wins",
            json!([base(), more()]),
            json!({"a": {"from": "own"}, "list": []}),
            json!({"a": {"from": "own", "base": 1, "more": 2}, "list": []}),
        ),
        row("own-null-stays", json!([base()]), json!({"a": null}), json!({"a": null, "list": [1, 1]})),
        row("text-over-map", json!([base()]), json!({"a": "text"}), json!({"a": "text", "list": [1, 1]})),
        row(
            "optional",
            json!([{"kind": "ConfigMap", "name": "none", "optional": true}, base()]),
            json!({}),
            json!({"a": {"from": "base", "base": 1}, "list": [1, 1]}),
        ),
        row(
            "target",
            json!([secret("db.password")]),
            json!({"db": {"user": "app"}}),
            json!({"db": {"user": "app", "password": "word"}}),
        ),
        row(
            "target-in-list",
            json!([secret("users[0].password")]),
            json!({}),
            json!({"users": [{"password": "word"}]}),
        ),
        row(
            "target-over-earlier",
            json!([base(), secret("a.from")]),
            json!({}),
            json!({"a": {"from": "word", "base": 1}, "list": [1, 1]}),
        ),
        row(
            "target-under-later",
            json!([secret("a.from"), base()]),
            json!({}),
            json!({"a": {"from": "base", "base": 1}, "list": [1, 1]}),
        ),
        row(
            "target-over-own",
            json!([secret("db.password")]),
            json!({"db": {"password": "own"}}),
            json!({"db": {"password": "word"}}),
        ),
        Row {
            surprise: Some(OWN_VALUES_WIN),
            ..row(
                "target-and-own",
                json!([secret("password")]),
                json!({"password": "own"}),
                json!({"password": "own"}),
            )
        },
        Row {
            surprise: Some(OWN_VALUES_WIN),
            ..row(
                "target-and-own-deeper",
                json!([base(), secret("a.from")]),
                json!({"a": {"from": "own"}}),
                json!({"a": {"from": "own", "base": 1}, "list": [1, 1]}),
            )
        },
        row(
            "types",
            json!([
                typed("number", false),
                typed("flag", false),
                typed("none", false),
                typed("quoted", false)
            ]),
            json!({}),
            json!({"number": 80, "flag": true, "none": null, "quoted": "80"}),
        ),
        row(
            "literal",
            json!([typed("number", true), typed("comma", true)]),
            json!({}),
            json!({"number": "80", "comma": "a,b={c}"}),
        ),
        Row {
            surprise: Some(
                "a value with `targetPath` is read as `--set` reads it: a comma begins another value, unless `literal` is set",
            ),
            ..row("comma", json!([typed("assign", false)]), json!({}), json!({"assign": "a", "b": "c"}))
        },
    ]
}

fn typed(key: &str, literal: bool) -> Json {
    json!({"kind": "ConfigMap", "name": "typed", "valuesKey": key, "targetPath": key, "literal": literal})
}

fn objects() -> [Json; 4] {
    let object = |kind: &str, name: &str, data: Json| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "shop"}, "data": data});
    [
        object("ConfigMap", "base", json!({"values.yaml": "a: {from: base, base: 1}\nlist: [1, 1]\n"})),
        object("ConfigMap", "more", json!({"values.yaml": "a: {from: more, more: 2}\nlist: [2]\n"})),
        object(
            "ConfigMap",
            "typed",
            json!({"number": "80", "flag": "true", "none": "null", "quoted": "'80'", "comma": "a,b={c}", "assign": "a,b=c"}),
        ),
        // "word", as a Secret holds it.
        object("Secret", "secret", json!({"password": "d29yZA=="})),
    ]
}

fn release(from: &Json, values: &Json) -> Json {
    json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
        "metadata": {"name": "app", "namespace": "shop"},
        "spec": {"interval": "1h", "valuesFrom": from, "values": values},
    })
}

pub(crate) fn cases(context: &Context) -> Vec<Case<'_>> {
    let ask = |row: Row| {
        let values = merged(context, &release(&row.from, &row.values), &objects()).unwrap();
        assert!(same(&values, &row.merged), "{values}\nnot {}", row.merged);
        let defaults = json!({"a": {"default": true}, "password": "default", "none": 1});
        let chart = Chart::new(context, "app", "1.10.0", &defaults);
        let seen = chart.values(&values).unwrap();
        assert!(same(&seen, &coalesce(&defaults, &row.merged)), "the chart sees {seen}");
        chart.lint(&values).unwrap();
        row.surprise.map_or(Verdict::Agreed, Verdict::Explained)
    };
    let mut cases: Vec<Case> =
        rows().into_iter().map(|row| Case::judged(format!("order/{}", row.name), move || ask(row))).collect();
    cases.push(Case::new("order/refuses", || {
        for (from, why) in [
            (json!([{"kind": "ConfigMap", "name": "none"}]), "'shop/none'"),
            (json!([{"kind": "Secret", "name": "secret", "valuesKey": "none"}]), "key not found"),
            (json!([{"kind": "Secret", "name": "secret", "valuesKey": "password"}]), "could not resolve"),
        ] {
            let said = merged(context, &release(&from, &json!({})), &objects()).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }));
    cases
}
