//! Environments side by side, and the example fleet.

use super::*;
use crate::{
    diag::Problems,
    load::{Disk, Files, Memory},
};

fn engine(files: &dyn Files) -> Engine {
    Engine::open(files, &mut Problems::new()).expect("a project")
}

fn two(one: &str, two: &str) -> (Engine, Comparison) {
    let files: Memory = [
        (
            "environments/fleet.yaml",
            "source: {url: \"https://a\", ref: {branch: main}}\nflux: {sync: none}\n",
        ),
        ("environments/dev.yaml", one),
        ("environments/prod.yaml", two),
    ]
    .into_iter()
    .collect();
    let engine = engine(&files);
    let [dev, prod] = ["dev", "prod"].map(|name| engine.build(name));
    let comparison = compare((&engine, &dev), (&engine, &prod))
        .unwrap_or_else(|| panic!("{:?} {:?}", dev.problems, prod.problems));
    (engine, comparison)
}

/// An environment with one object.
fn object(name: &str, spec: &str) -> String {
    format!(
        "cluster: {{name: {name}-1, domain: {name}.example.com, provides: [x.example.com]}}\ncomponents:\n  a:\n    pack: raw\n    extra:\n      o:\n        \
         apiVersion: x.example.com/v1\n        kind: Thing\n        metadata: {{name: o}}\n        spec: {spec}\n"
    )
}

fn fields_of(one: &str, other: &str) -> Vec<String> {
    let (_, comparison) = two(&object("dev", one), &object("prod", other));
    let changed = comparison.changed.iter().filter(|changed| changed.thing.name.starts_with("Thing"));
    let shown =
        |side: &Option<Side>| side.as_ref().map_or("-".to_owned(), |s| crate::schema::short(&s.value));
    let line = |change: &Change| {
        let mark = if change.names_only { " (names)" } else { "" };
        format!("{} {} {}{mark}", change.field, shown(&change.sides[0]), shown(&change.sides[1]))
    };
    changed.flat_map(|changed| &changed.fields).map(line).collect()
}

#[test]
fn fields_differ_one_by_one() {
    assert_eq!(
        fields_of("{a: 1, b: {c: 2, d: 3}}", "{b: {d: 4, c: 2}, e: {f: []}}"),
        ["spec.a 1 -", "spec.b.d 3 4", "spec.e.f - []",]
    );
}

/// `dev` and `dev-1`, the environment and its cluster, have one sign, and are two objects all the same.
#[test]
fn objects_whose_names_have_one_sign_stay_two() {
    let with = |name: &str, value: &str| {
        let map = |object: &str, value: &str| {
            format!(
                "      {object}: {{apiVersion: v1, kind: ConfigMap, metadata: {{name: {object}}}, data: {{a: {value}}}}}\n"
            )
        };
        format!(
            "cluster: {{name: {name}-1, domain: {name}.example.com}}\ncomponents:\n  a:\n    pack: raw\n    extra:\n{}{}",
            map("dev", value),
            map("dev-1", "same")
        )
    };
    let (_, comparison) = two(&with("dev", "one"), &with("dev", "two"));
    let changed: Vec<&str> = comparison.changed.iter().map(|changed| &*changed.thing.name).collect();
    assert!(changed.contains(&"ConfigMap a/dev"), "{changed:?}");
    assert!(!changed.contains(&"ConfigMap a/dev-1"), "{changed:?}");
}

/// A name of the one environment that is a word of what both have: it is the same on both sides, and is compared.
#[test]
fn a_name_that_is_a_word_of_an_objects_name_hides_nothing() {
    let with = |name: &str, value: &str| {
        format!(
            "cluster: {{name: {name}, domain: {name}.example.com}}\ncomponents:\n  my-tools:\n    pack: raw\n    extra:\n      \
             a: {{apiVersion: v1, kind: ConfigMap, metadata: {{name: blog-tools}}, data: {{a: {value}}}}}\n      \
             b: {{apiVersion: v1, kind: ConfigMap, metadata: {{name: of-{name}}}, data: {{a: {value}}}}}\n"
        )
    };
    let (_, comparison) = two(&with("tools", "one"), &with("blog", "two"));
    assert_eq!(comparison.only, [vec![], vec![]]);
    assert_eq!(comparison.components, [Vec::<String>::new(), vec![]]);
    let changed: Vec<String> = comparison
        .changed
        .iter()
        .flat_map(|changed| changed.fields.iter().map(|field| (&changed.thing.name, field)))
        .filter(|(_, field)| !field.names_only)
        .map(|(name, field)| format!("{name} {}", field.field))
        .collect();
    assert_eq!(changed, ["ConfigMap my-tools/blog-tools data.a", "ConfigMap my-tools/of-tools data.a"]);
}

#[test]
fn items_with_names_are_compared_by_name() {
    assert_eq!(
        fields_of(
            "{l: [{name: a, v: 1}, {name: b, v: 2}]}",
            "{l: [{name: z, v: 0}, {name: a, v: 1}, {name: b, v: 3}]}"
        ),
        ["spec.l[b].v 2 3", "spec.l[z].name - z", "spec.l[z].v - 0"]
    );
    // An order may mean something, and is no difference of each item.
    assert_eq!(
        fields_of(
            "{l: [{name: x}, {name: a, v: 1}, {name: b, v: 2}]}",
            "{l: [{name: b, v: 2}, {name: w}, {name: a, v: 1}]}"
        ),
        ["spec.l[] [a, b] [b, a]", "spec.l[x].name x -", "spec.l[w].name - w"]
    );
    assert_eq!(fields_of("{l: []}", "{l: [{name: a}]}"), ["spec.l[a].name - a"]);
}

/// Each item is written out once, not once for each of the other side.
#[test]
fn long_lists_without_names_take_no_time() {
    let list = |first: usize| {
        let items: Vec<String> =
            (0..300).map(|n| format!("{{id: {}, v: {}}}", first + n, "long".repeat(2000))).collect();
        format!("{{l: [{}]}}", items.join(", "))
    };
    let start = crate::host::Stopwatch::start();
    let fields = fields_of(&list(1000), &list(2000));
    assert_eq!((fields.len(), &*fields[299]), (300, "spec.l[299].id 1299 2299"));
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn items_are_compared_by_the_key_that_kubernetes_merges_by() {
    for (key, [a, b, new]) in [
        ("containerPort", ["80", "443", "8080"]),
        ("port", ["80", "443", "8080"]),
        ("mountPath", ["/a", "/b", "/c"]),
        ("topologyKey", ["zone", "host", "rack"]),
    ] {
        let (one, other) = (
            format!("{{l: [{{{key}: {a}, v: 1}}, {{{key}: {b}, v: 2}}]}}"),
            format!("{{l: [{{{key}: {new}}}, {{{key}: {a}, v: 1}}, {{{key}: {b}, v: 3}}]}}"),
        );
        let expected = [format!("spec.l[{key}={b}].v 2 3"), format!("spec.l[{key}={new}].{key} - {new}")];
        assert_eq!(fields_of(&one, &other), expected);
    }
    // Two ports of one number: no name for either.
    assert_eq!(
        fields_of(
            "{l: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]}",
            "{l: [{port: 80, protocol: TCP}, {port: 53, protocol: UDP}, {port: 53, protocol: TCP}]}"
        ),
        ["spec.l[0].port - 80", "spec.l[0].protocol - TCP"]
    );
}

#[test]
fn items_without_names_are_the_same_where_they_are_alike() {
    assert_eq!(fields_of("{l: [{v: 1}, {v: 2}]}", "{l: [{v: 1}, {v: 3}]}"), ["spec.l[1].v 2 3"]);
    assert_eq!(
        fields_of("{l: [{v: 1}, {v: 2}]}", "{l: [{v: 2}, {v: 1}]}"),
        ["spec.l[0].v 1 2", "spec.l[1].v 2 1"]
    );
    assert_eq!(fields_of("{l: [{v: 1}, {v: 2}]}", "{l: [{v: 0}, {v: 1}, {v: 2}]}"), ["spec.l[0].v - 0"]);
    assert_eq!(
        fields_of(
            "{l: [{host: a.dev.example.com}, {host: b}]}",
            "{l: [{host: new}, {host: a.prod.example.com}, {host: b}]}"
        ),
        ["spec.l[0].host a.dev.example.com a.prod.example.com (names)", "spec.l[0].host - new"]
    );
}

#[test]
fn texts_of_lists_are_there_or_not() {
    assert_eq!(fields_of("{l: [a, b]}", "{l: [a, c]}"), ["spec.l[1] b c"]);
    assert_eq!(
        fields_of("{l: [a, b, b]}", "{l: [b, c, a, d]}"),
        ["spec.l[] b -", "spec.l[] - c", "spec.l[] - d"]
    );
    // A text that both have is no other because a name is a word of it.
    assert_eq!(fields_of("{l: [a-dev, b]}", "{l: [a-dev]}"), ["spec.l[] b -"]);
    assert_eq!(
        fields_of("{hosts: [a-dev, b]}", "{hosts: [a-prod]}"),
        ["spec.hosts[] a-dev a-prod (names)", "spec.hosts[] b -"]
    );
}

/// Containers, variables, volumes, ports and members of mappings that are named after environment or cluster.
#[test]
fn names_inside_of_lists_and_mappings_are_folded() {
    assert_eq!(
        fields_of(
            "{containers: [{name: a}, {name: web-dev, image: \"x:1\", env: [{name: E, value: dev}]}]}",
            "{containers: [{name: a}, {name: web-prod, image: \"x:2\", env: [{name: NEW}, {name: E, value: prod}]}]}"
        ),
        [
            "spec.containers[web-dev].name web-dev web-prod (names)",
            "spec.containers[web-dev].image x:1 x:2",
            "spec.containers[web-dev].env[E].value dev prod",
            "spec.containers[web-dev].env[NEW].name - NEW",
        ]
    );
    assert_eq!(
        fields_of("{l: [{mountPath: /data/dev-1, v: 1}]}", "{l: [{mountPath: /data/prod-1, v: 2}]}"),
        [
            "spec.l[mountPath=/data/dev-1].mountPath /data/dev-1 /data/prod-1 (names)",
            "spec.l[mountPath=/data/dev-1].v 1 2",
        ]
    );
    assert_eq!(
        fields_of("{m: {dev.yaml: {v: 1}, b: 1}}", "{m: {b: 1, prod.yaml: {v: 2}}}"),
        ["spec.m[\"dev.yaml\"] dev.yaml prod.yaml (names)", "spec.m[\"dev.yaml\"].v 1 2"]
    );
}

#[test]
fn names_of_environment_and_cluster_are_folded() {
    assert_eq!(
        fields_of(
            "{a: x.dev.example.com/y, b: dev-1, c: developer, d: dev}",
            "{a: x.prod.example.com/y, b: prod-1, c: product, d: dev}"
        ),
        [
            "spec.a x.dev.example.com/y x.prod.example.com/y (names)",
            "spec.b dev-1 prod-1",
            "spec.c developer product",
        ]
    );
    let (_, comparison) =
        two(&object("dev", "{host: dev.example.com}"), &object("prod", "{host: prod.example.com}"));
    assert!(!comparison.differs(), "{comparison:?}");
    assert_eq!(comparison.folded, 3, "the host, and the paths of two Kustomizations");
}

/// What runs, and what a program is told, is no name, though it may be the same word.
#[test]
fn a_value_that_happens_to_be_a_name_is_not_folded() {
    let spec = |name: &str| {
        format!(
            "{{containers: [{{name: c, image: \"x:{name}\", args: [--mode={name}], env: [{{name: E, value: {name}}}, \
             {{name: DB_HOST, value: db-{name}}}, {{name: ENVIRONMENT, value: {name}}}]}}], ref: {{branch: {name}}}, \
             image: {{name: \"x/{name}\", tag: {name}}}, url: \"oci://x/{name}\", clusterName: {name}, secretName: {name}-tls, \
             matchLabels: {{a: {name}, \"app/version\": {name}}}, dir: /data/{name}, link: \"https://x/{name}\", \
             text: \"mode: {name}\\nurl: https://{name}\\n\", webURL: {name}, domains: [{name}]}}"
        )
    };
    let all = fields_of(&spec("dev"), &spec("prod"));
    let (folded, told): (Vec<&str>, Vec<&str>) =
        all.iter().map(String::as_str).partition(|line| line.ends_with("(names)"));
    let fields = |lines: &[&str]| {
        lines.iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        fields(&told),
        [
            "spec.containers[c].image",
            "spec.containers[c].args[0]",
            "spec.containers[c].env[E].value",
            "spec.ref.branch",
            "spec.image.name",
            "spec.image.tag",
            "spec.url",
            "spec.matchLabels[\"app/version\"]",
            "spec.text",
        ]
    );
    assert_eq!(
        fields(&folded),
        [
            "spec.containers[c].env[DB_HOST].value",
            "spec.containers[c].env[ENVIRONMENT].value",
            "spec.clusterName",
            "spec.secretName",
            "spec.matchLabels.a",
            "spec.dir",
            "spec.link",
            "spec.webURL",
            "spec.domains[0]",
        ]
    );
}

#[test]
fn what_only_one_has_is_told_once() {
    let more =
        "  b:\n    pack: raw\n    extra: {c: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}}\n";
    let extra = "      p: {apiVersion: v1, kind: ConfigMap, metadata: {name: p}}\n";
    let (_, comparison) = two(&(object("dev", "{}") + extra), &(object("prod", "{}") + more));
    assert_eq!(comparison.components, [vec![], vec!["b".to_owned()]]);
    let names =
        |side: usize| comparison.only[side].iter().map(|thing| thing.name.as_str()).collect::<Vec<_>>();
    assert_eq!((names(0), names(1)), (vec!["ConfigMap a/p"], vec!["Namespace b"]));
}

#[test]
fn values_of_secrets_are_compared_and_not_shown() {
    let secret = |value: &str| {
        format!(
            "cluster: {{name: {value}}}\ncomponents: {{a: {{pack: raw, extra: {{s: {{apiVersion: v1, kind: Secret, metadata: {{name: s}}, stringData: {{p: {value}}}}}}}}}}}\n"
        )
    };
    let (_, comparison) = two(&secret("hunter2"), &secret("hunter3"));
    let changed =
        comparison.changed.iter().find(|changed| changed.thing.name == "Secret a/s").expect("it differs");
    let shown: Vec<&str> =
        changed.fields[0].sides.iter().flatten().filter_map(|side| side.value.as_str()).collect();
    assert_eq!(shown, ["(secret)", "(secret)"]);
}

/// Every environment of the example fleet against every other: nothing differs from itself, and the way back tells the
/// same.
#[test]
fn both_ways_tell_the_same() {
    let disk = Disk::new(std::path::Path::new(env!("CARGO_MANIFEST_DIR"))).expect("this repository");
    let engine = engine(&disk);
    let built: Vec<Built> = engine.environments().into_iter().map(|name| engine.build(name)).collect();
    for one in &built {
        for other in &built {
            let there = compare((&engine, one), (&engine, other)).expect("both can be rendered");
            let back = compare((&engine, other), (&engine, one)).expect("both can be rendered");
            assert_eq!(there.only[0], back.only[1]);
            assert_eq!(there.components[0], back.components[1]);
            assert_eq!((there.folded, there.differs()), (back.folded, back.differs()));
            assert_eq!(there.differs() || there.folded > 0, one.name != other.name);
            let count =
                |comparison: &Comparison| comparison.changed.iter().map(|c| c.fields.len()).sum::<usize>();
            assert_eq!(count(&there), count(&back), "{} and {}", one.name, other.name);
            for change in there.changed.iter().flat_map(|changed| &changed.fields) {
                let [a, b] = &change.sides;
                assert!(a.is_some() || b.is_some());
            }
        }
    }
}
