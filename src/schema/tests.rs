//! Tests of the schema walker: what is accepted, what is said, what is filled.
#![allow(clippy::unwrap_used)]

use super::{Chain, Mode, Schema, canonical_json, member, short};
use crate::{
    config::{EnvironmentFile, FleetFile, PackFile},
    diag::{Diagnostic, Problems, Sources},
    yaml::{Node, read_one},
};
use proptest::prelude::*;

fn read(text: &str, name: &str, sources: &mut Sources) -> Node {
    let id = sources.add(name, text);
    let mut problems = Problems::new();
    let node = read_one(text, id, &mut problems);
    node.unwrap_or_else(|| panic!("{problems:?} in {text}"))
}

/// One line: `id line:column message | because | help`.
fn line(said: &Diagnostic, sources: &Sources) -> String {
    let place = said.labels.first().map_or("-".to_owned(), |l| {
        let (line, column) = sources.line_column(l.place);
        format!("{line}:{column}")
    });
    let more: Vec<&str> = said.because.iter().chain(&said.help).map(String::as_str).collect();
    format!(
        "{} {place} {}{}{}",
        said.id,
        said.message,
        if more.is_empty() { "" } else { " | " },
        more.join(" | ")
    )
}

fn parse_errors(text: &str) -> Vec<String> {
    let mut sources = Sources::new();
    let node = read(text, "pack.yaml", &mut sources);
    let mut problems = Problems::new();
    let schema = Schema::parse(&node, &sources, &mut problems);
    assert_eq!(schema.is_none(), problems.has_errors());
    problems.0.iter().map(|d| line(d, &sources)).collect()
}

/// The value after the check and what was said.
fn check(schema: &str, value: &str) -> (String, Vec<String>) {
    let mut sources = Sources::new();
    let node = read(schema, "pack.yaml", &mut sources);
    let mut problems = Problems::new();
    let schema = Schema::parse(&node, &sources, &mut problems);
    let schema = schema.unwrap_or_else(|| panic!("{problems:?}"));
    let mut value = read(value, "prod.yaml", &mut sources);
    schema.check(&mut value, "inputs", &sources, &mut problems, Mode::Inputs);
    (short(&value), problems.0.iter().map(|d| line(d, &sources)).collect())
}

fn says(schema: &str, value: &str) -> Vec<String> {
    check(schema, value).1
}

#[test]
fn mistakes_in_a_schema_are_all_reported_at_their_places() {
    let said = parse_errors(
        "required: [image, prot]
properties:
  image: {type: strin}
  port: {typ: integer}
  a: {pattern: '(['}
  b: {format: dns-lable}
  c: {$ref: '#/$defs/x'}
  d: {$ref: '#/$defs/loop'}
  e: {minLength: -1, required: true}
  f: {type: 'null'}
  g: text
$defs:
  xy: {type: string}
  loop: {oneOf: [{$ref: '#/$defs/loop'}, {type: string}]}
",
    );
    assert_eq!(
        said,
        [
            "pack/schema-type 3:17 `strin` is not a type | did you mean `string`?",
            "pack/schema-keyword 4:10 `typ` is not a keyword of input schemas here | did you mean `type`?",
            "pack/schema-pattern 5:16 this pattern is no regular expression | unclosed character class",
            "pack/schema-format 6:15 `dns-lable` is not a format | did you mean `dns-label`?",
            "pack/schema 9:18 `minLength` takes a whole number from 0, not an integer",
            "pack/schema 9:32 `required` takes a list of names, beside `properties`, not a boolean",
            "pack/schema-type 10:13 `null` is not a type | leave it away: an input that is not set is undefined in templates",
            "pack/schema 11:6 a schema is a mapping, not a string | write `{type: string}`, for example",
            "pack/schema-required 1:19 `prot` is required but not declared | did you mean `port`?",
            "pack/schema-ref 7:13 there is no `$defs` entry `x` | did you mean `xy`?",
            "pack/schema-ref 14:25 `loop` refers to itself endlessly | loop → loop | a definition may use itself only inside `properties`, `items` or `additionalProperties`",
        ]
    );
}

#[test]
fn a_default_must_fit_its_own_schema() {
    assert_eq!(
        parse_errors(
            "properties: {port: {type: integer, maximum: 10, default: 80}, v: {type: string, default: 1.10}}"
        ),
        [
            "input/range 1:58 `default` must be at most 10, not 80 | a default must fit its own schema",
            "input/quote 1:90 `default` takes a string, but `1.10` without quotes is a number | a default must fit its own schema | quote it: `\"1.10\"`",
        ]
    );
    let endless = "properties: {a: {$ref: '#/$defs/a', default: {}}}
$defs: {a: {type: object, properties: {l: {$ref: '#/$defs/a', default: {}}, r: {$ref: '#/$defs/a', default: {}}}}}";
    assert!(
        parse_errors(endless).iter().any(|l| l.contains("contain themselves") || l.contains("too deeply"))
    );
}

#[test]
fn inputs_are_closed_and_typed_and_everything_is_said_at_once() {
    let schema = "required: [image]
properties:
  image: {type: string, description: The image.}
  port: {type: integer, minimum: 1, maximum: 65535}
  ratio: {type: number}
  tls: {type: boolean}
  names: {type: array, uniqueItems: true, minItems: 1, items: {type: string, maxLength: 3}}
  mode: {enum: [fast, slow]}
  open: {type: object}
  labels: {type: object, additionalProperties: {type: string}}
  retention: {type: string, format: prometheus-duration}
";
    assert_eq!(
        says(schema, "{image: nginx, port: 80, ratio: 1, tls: true, open: {x: [null]}, labels: {a: b}}"),
        [""; 0]
    );
    assert_eq!(
        says(
            schema,
            "prot: 80
port: 70000
ratio: high
tls: 'true'
names: [a, abcd, a]
mode: fats
labels: {a: 1}
retention: 30 days
open: []
"
        ),
        [
            "input/required 1:1 `inputs.image` is required | `image`: The image. | set `inputs.image`",
            "input/unknown 1:1 unknown key `prot` in `inputs` | did you mean `port`?",
            "input/range 2:7 `inputs.port` must be at most 65535, not 70000",
            "input/type 3:8 `inputs.ratio` takes a number, not a string",
            "input/type 4:6 `inputs.tls` takes `true` or `false`, not a string | write `true` without quotes, it is a boolean then",
            "input/unique 5:18 `inputs.names[2]` is there twice",
            "input/length 5:12 `inputs.names[1]` takes at most 3 characters, not 4",
            "input/choice 6:7 `inputs.mode` cannot be `fats` | did you mean `fast`? | it is one of `fast` and `slow`",
            "input/quote 7:13 `inputs.labels.a` takes a string, but `1` without quotes is a number | quote it: `\"1\"`",
            "input/format 8:12 `inputs.retention` is not a valid Prometheus duration | ` days` is not a unit; they are y, w, d, h, m, s, ms | write a duration such as `30s`, `12h` or `30d`",
            "input/type 9:7 `inputs.open` takes a mapping, not a list",
        ]
    );
}

#[test]
fn plain_scalars_that_readers_disagree_on_are_to_be_quoted() {
    let schema = "properties: {v: {type: string}}";
    for (text, kind) in [
        ("1.10", "a number"),
        ("1e10", "a number"),
        ("0123", "a number"),
        ("yes", "a boolean"),
        ("2026-11-03", "a date"),
        ("2026-11-03T10:00:00Z", "a date"),
    ] {
        let expected = format!(
            "input/quote 1:4 `inputs.v` takes a string, but `{text}` without quotes is {kind} | quote it: `\"{text}\"`"
        );
        assert_eq!(says(schema, &format!("v: {text}")), [expected]);
        assert_eq!(says(schema, &format!("v: '{text}'")), [""; 0]);
    }
    assert_eq!(says(schema, "v: 2026-11-03-rc"), [""; 0]);
    assert_eq!(
        says("properties: {v: {type: string, format: duration}}", "v: 30"),
        [
            "input/quote 1:4 `inputs.v` takes a string, but `30` without quotes is a number | write a duration such as `30s`, `5m` or `1h30m`"
        ]
    );
    assert_eq!(
        says("properties: {i: {type: integer}}", "i: 3.0"),
        [
            "input/type 1:4 `inputs.i` takes an integer, not a number | write `3`, or divide with `//`, which gives integers"
        ]
    );
}

#[test]
fn defaults_are_filled_at_every_depth_and_stand_first() {
    let schema = "properties:
  replicas: {type: integer, default: 2}
  image: {type: string}
  probe: {type: object, properties: {path: {type: string, default: /}}}
  resources:
    type: object
    default: {}
    properties: {cpu: {type: string, default: 100m}, memory: {type: string}}
  ports: {type: object, additionalProperties: {$ref: '#/$defs/port'}}
$defs:
  port: {type: object, required: [number], properties: {number: {type: integer}, protocol: {enum: [TCP, UDP], default: TCP}}}
";
    assert_eq!(check(schema, "{}"), ("{replicas: 2, resources: {cpu: 100m}}".to_owned(), vec![]));
    assert_eq!(
        check(
            schema,
            "{image: x, resources: {memory: 1Gi}, replicas: 2, ports: {web: {number: 80}}, probe: {}}"
        ),
        (
            short(&read(
                "{replicas: 2, resources: {cpu: 100m, memory: 1Gi}, image: x, ports: {web: {protocol: TCP, number: 80}}, probe: {path: /}}",
                "x",
                &mut Sources::new()
            )),
            vec![]
        )
    );
    let mut sources = Sources::new();
    let node = read(schema, "pack.yaml", &mut sources);
    let parsed = Schema::parse(&node, &sources, &mut Problems::new()).unwrap();
    let mut value = read("{}", "prod.yaml", &mut sources);
    parsed.check(&mut value, "inputs", &sources, &mut Problems::new(), Mode::Inputs);
    let place = value.at(&["resources", "cpu"]).unwrap().place().unwrap();
    assert_eq!((sources.name(place.source), sources.slice(place)), ("pack.yaml", "100m"));
}

#[test]
fn secrets_take_only_a_name_and_a_key_and_are_never_shown() {
    let schema = "properties: {password: {secret: true}}";
    assert_eq!(says(schema, "password: {secret: grafana, key: admin}"), [""; 0]);
    for bad in ["hunter2", "{secret: hunter2}", "{secret: hunter2, key: a, more: b}", "[hunter2]"] {
        let said = says(schema, &format!("password: {bad}"));
        assert_eq!(
            said,
            [
                "input/secret - `inputs.password` is a secret: it takes only `{secret: NAME, key: KEY}` | it is set at prod.yaml:1:11 | seal the value, and name the Secret and its key here"
            ]
        );
    }
}

#[test]
fn a_secret_where_none_belongs_is_known_for_one() {
    assert_eq!(
        says("properties: {a: {type: string}}", "a: {secret: db, key: password}"),
        [
            "input/type 1:4 `inputs.a` takes a string, not a mapping | a Secret is named only where an input is a secret | `gen pack show PACK` tells which inputs are"
        ]
    );
}

#[test]
fn one_of_explains_the_nearest_form() {
    let schema = "properties:
  host: {oneOf: [{type: string}, {type: object, required: [name], properties: {name: {type: string}, tls: {type: boolean}}}]}
  auth:
    oneOf:
    - {type: object, required: [kind], properties: {kind: {const: basic}, user: {type: string}}}
    - {type: object, required: [kind], properties: {kind: {const: token}, header: {type: string}}}
";
    assert_eq!(says(schema, "{host: a, auth: {kind: token, header: X}}"), [""; 0]);
    assert_eq!(says(schema, "{host: {name: b, tls: true}, auth: {kind: basic}}"), [""; 0]);
    assert_eq!(
        says(schema, "host: []"),
        ["input/type 1:7 `inputs.host` takes a string or a mapping, not a list"]
    );
    assert_eq!(
        says(schema, "host: 1.10"),
        [
            "input/quote 1:7 `inputs.host` takes a string, but `1.10` without quotes is a number | quote it: `\"1.10\"`"
        ]
    );
    assert_eq!(
        says(schema, "host: {name: b, tsl: true}"),
        ["input/unknown 1:17 unknown key `tsl` in `inputs.host` | did you mean `tls`?"]
    );
    assert_eq!(
        says(schema, "auth: {kind: token, user: X}"),
        [
            "input/unknown 1:21 unknown key `user` in `inputs.auth` | `inputs.auth` takes mapping with kind, user, or mapping with kind, header | the nearest is mapping with kind, header | it takes `kind` and `header`"
        ]
    );
    let both = "properties: {a: {oneOf: [{type: integer}, {type: number}]}}";
    assert_eq!(
        says(both, "a: 1"),
        ["input/form 1:4 `inputs.a` fits more than one of its forms | it could be integer, or number"]
    );
    let around = "properties: {a: {type: object, properties: {m: {type: string}}, oneOf: [{properties: {x: {type: string}}, required: [x]}, {properties: {z: {type: string}}, required: [z]}]}}";
    assert_eq!(says(around, "a: {m: '1', z: '2'}"), [""; 0]);
    assert_eq!(says(around, "a: {m: '1', x: '1', w: '2'}").len(), 1);
}

#[test]
fn deprecated_inputs_warn_where_they_are_set() {
    let schema = "properties: {old: {type: string, deprecated: true, default: x, description: Use new.}}";
    assert_eq!(says(schema, "old: z"), ["input/deprecated 1:6 `inputs.old` is deprecated | Use new."]);
    assert_eq!(says(schema, "{}"), [""; 0]);
}

#[test]
fn chains_are_judged_by_the_schema() {
    let mut sources = Sources::new();
    let text = "properties:
  a: {type: object, properties: {b: {type: string}}}
  m: {type: object, additionalProperties: {$ref: '#/$defs/p'}}
  l: {type: array, items: {$ref: '#/$defs/p'}}
  o: {type: object}
  f: {oneOf: [{type: string}, {type: object, properties: {x: {type: integer}}}]}
  s: {secret: true}
$defs: {p: {type: object, properties: {port: {type: integer}}}}
";
    let node = read(text, "pack.yaml", &mut sources);
    let schema = Schema::parse(&node, &sources, &mut Problems::new()).unwrap();
    let chain = |text: &str| schema.chain(&text.split('.').collect::<Vec<_>>());
    let unknown =
        |at, known: &[&str]| Chain::Unknown { at, known: known.iter().map(|s| (*s).to_owned()).collect() };
    for known in ["a", "a.b", "m.web.port", "l.0.port", "f.x", "s.key"] {
        assert_eq!(chain(known), Chain::Known, "{known}");
    }
    assert_eq!(chain("o.anything.below"), Chain::Open);
    assert_eq!(chain("a.c"), unknown(1, &["b"]));
    assert_eq!(chain("a.b.c"), unknown(2, &[]));
    assert_eq!(chain("m.web.prot"), unknown(2, &["port"]));
    assert_eq!(chain("l.port"), unknown(1, &[]));
    assert_eq!(chain("f.q"), unknown(1, &["x"]));
    assert_eq!(chain("m.*.port"), Chain::Known);
    assert_eq!(chain("m.*.prot"), unknown(2, &["port"]));
    assert_eq!(chain("l.*.zz"), chain("l.0.zz"));
    assert_eq!(chain("a.*"), Chain::Known);
    assert_eq!(chain("o.*.x"), Chain::Open);
    assert_eq!(chain("s.name"), unknown(1, &["secret", "key"]));
    assert_eq!(chain("zz"), unknown(0, &["a", "m", "l", "o", "f", "s"]));
    assert_eq!(Schema::empty().chain(&["a"]), unknown(0, &[]));
}

#[test]
fn inputs_describe_themselves() {
    let mut sources = Sources::new();
    let text = "required: [image]
properties:
  image: {type: string, format: image, description: The image.}
  port: {type: integer, minimum: 1, maximum: 65535, default: 8080}
  tree: {$ref: '#/$defs/tree'}
  list: {type: array, items: {type: object, properties: {host: {type: string}}}}
$defs: {tree: {type: object, description: A tree., properties: {left: {$ref: '#/$defs/tree'}, mode: {enum: [a, b]}}}}
";
    let node = read(text, "pack.yaml", &mut sources);
    let schema = Schema::parse(&node, &sources, &mut Problems::new()).unwrap();
    let table: Vec<String> = schema
        .inputs()
        .iter()
        .map(|d| {
            let default = d.default.as_deref().unwrap_or("-");
            format!(
                "{} ({}) {} {} {}",
                d.path,
                d.kind,
                d.required,
                default,
                d.description.as_deref().unwrap_or("-")
            )
        })
        .collect();
    assert_eq!(
        table,
        [
            "image (image reference) true - The image.",
            "port (integer from 1 to 65535) false 8080 -",
            "tree (mapping) false - A tree.",
            "tree.left (mapping) false - A tree.",
            "tree.mode (one of a, b) false - -",
            "list (list of mapping with host) false - -",
            "list[].host (string) false - -",
        ]
    );
}

fn config<T: schemars::JsonSchema>(text: &str) -> Vec<String> {
    let json = schemars::schema_for!(T).to_value();
    let schema = Schema::from_json(&json).unwrap_or_else(|why| panic!("{why} in {json:#}"));
    let mut sources = Sources::new();
    let mut value = read(text, "x.yaml", &mut sources);
    let mut problems = Problems::new();
    schema.check(&mut value, "", &sources, &mut problems, Mode::Config);
    problems.0.iter().map(|d| line(d, &sources)).collect()
}

#[test]
fn our_own_types_are_judged_by_the_same_walker() {
    let good = "extends: [base]
kubernetes: '1.34'
cluster: {name: prod, domain: null}
vars: {a: {b: [1]}}
components: {a: {pack: web-app, inputs: {x: 1}, flux: {interval: 1h, suspend: true}}, b: null}
";
    assert_eq!(config::<EnvironmentFile>(good), [""; 0]);
    assert_eq!(
        config::<EnvironmentFile>(
            "extend: [base]\nkubernetes: 1.34\ncomponents: {a: {pak: x, stage: app}}\n"
        ),
        [
            "input/unknown 1:1 unknown key `extend` | did you mean `extends`?",
            "input/quote 2:13 `kubernetes` takes a string, but `1.34` without quotes is a number | quote it: `\"1.34\"`",
            "input/unknown 3:18 unknown key `pak` in `components.a` | did you mean `pack`?",
            "input/choice 3:33 `components.a.stage` cannot be `app` | did you mean `apps`? | it is one of `infrastructure`, `apps` and `outside`",
        ]
    );
    assert_eq!(config::<FleetFile>("flux: {version: '2.9', sync: operator}"), [""; 0]);
    assert_eq!(config::<PackFile>("description: x\nstage: apps\nprovides: {x.io: true}"), [""; 0]);
}

#[test]
fn schemas_of_built_in_packs_parse() {
    for text in [
        include_str!("../../packs/web-app/pack.yaml"),
        include_str!("../../packs/alerts/pack.yaml"),
        include_str!("../../packs/kube-prometheus-stack/pack.yaml"),
        include_str!("../../packs/loki/pack.yaml"),
    ] {
        let mut sources = Sources::new();
        let node = read(text, "pack.yaml", &mut sources);
        let mut problems = Problems::new();
        let schema = Schema::parse(node.get("inputs").unwrap(), &sources, &mut problems);
        assert_eq!(problems.0.iter().map(|d| line(d, &sources)).collect::<Vec<_>>(), [""; 0]);
        assert!(schema.unwrap().inputs().len() > 5);
    }
}

#[test]
fn paths_are_written_as_users_write_them() {
    assert_eq!(member("", "a"), "a");
    assert_eq!(member("a", "b-c"), "a.b-c");
    assert_eq!(member("a", "b.c"), "a[\"b.c\"]");
}

fn any_node() -> impl Strategy<Value = Node> {
    use crate::yaml::{Map, Value};
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-1e9..1e9).prop_map(Value::Float),
        "[a-z0-9$/#]{0,8}".prop_map(Value::from),
        prop::sample::select(vec!["string", "object", "array", "#/$defs/a"]).prop_map(Value::from),
    ]
    .prop_map(Node::new);
    let keys = [
        "properties",
        "items",
        "oneOf",
        "$ref",
        "type",
        "default",
        "$defs",
        "a",
        "required",
        "enum",
        "additionalProperties",
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|v| Node::new(Value::Seq(v))),
            prop::collection::vec((prop::sample::select(keys.to_vec()), inner), 0..6)
                .prop_map(|m| Node::new(Value::Map(m.into_iter().collect::<Map>()))),
        ]
    })
}

proptest! {
    #[test]
    fn no_schema_and_no_value_panics(schema in any_node(), value in any_node()) {
        let sources = Sources::new();
        let mut problems = Problems::new();
        if let Some(schema) = Schema::parse(&schema, &sources, &mut problems) {
            let mut value = value;
            schema.check(&mut value, "inputs", &sources, &mut problems, Mode::Inputs);
            let _ = (schema.inputs(), schema.chain(&["a", "0"]));
        }
    }

    #[test]
    fn checking_twice_changes_nothing(value in any_node()) {
        let mut sources = Sources::new();
        let text = "properties: {a: {type: object, default: {}, properties: {type: {default: x}, a: {default: 1}}}, items: {default: [1]}}";
        let node = read(text, "pack.yaml", &mut sources);
        let schema = Schema::parse(&node, &sources, &mut Problems::new()).unwrap();
        let mut once = value;
        schema.check(&mut once, "inputs", &sources, &mut Problems::new(), Mode::Inputs);
        let mut twice = once.clone();
        schema.check(&mut twice, "inputs", &sources, &mut Problems::new(), Mode::Inputs);
        prop_assert_eq!(&once, &twice);
        prop_assert_eq!(canonical_json(&once), canonical_json(&twice));
    }
}
