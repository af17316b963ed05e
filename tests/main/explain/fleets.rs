//! Fleets made by a seeded generator: layers over layers, references, defaults, several components, packs that print,
//! decide, compute and write keys in all the ways that templates have.

use crate::hostile::Random;
use fleetgen::load::Memory;
use serde_json::{Map, Value, json};

/// A fleet: its files, and the environments in it.
pub(crate) struct Fleet {
    pub(crate) files: Memory,
    pub(crate) environments: [&'static str; 2],
}

/// The pack with every way that a template has to use a value.
const PACK: &str = r##"
description: What templates can do
stage: apps
podSecurity: restricted
inputs:
  required: [image]
  properties:
    image: {description: Image, type: string}
    port: {description: Port, type: integer, default: 8080}
    level: {description: Level, type: string, default: level1}
    key: {description: A key, type: string, default: key1}
    debug: {description: Debug, type: boolean, default: false}
    count: {description: Count, type: integer, default: 1}
    replicas:
      description: Replicas
      type: object
      default: {}
      properties:
        min: {description: Least, type: integer, default: 1}
        max: {description: Most, type: integer}
    env: {description: Variables, type: object, default: {}, additionalProperties: {type: string}}
    sidecars:
      description: Sidecars
      type: object
      default: {}
      additionalProperties:
        type: object
        required: [image]
        properties:
          image: {description: Image, type: string}
          port: {description: Port, type: integer, default: 9090}
          args: {description: Arguments, type: array, default: [], items: {type: string}}
    words: {description: Words, type: array, default: [], items: {type: string}}
    numbers: {description: Numbers, type: array, default: [], items: {type: integer}}
    config: {description: Anything, type: object, additionalProperties: true}
    tag: {description: A tag, type: string}
    url: {description: Of another, type: string}
exports:
  url: {$text: "http://{component.name}.{component.namespace}:{inputs.port}/{inputs.level}"}
  port: {$from: inputs.port}
  image: {$from: inputs.image}
"##;

const MACROS: &str = r#"
{% macro container(name, c, level) %}
name: {{ name }}
image: {{ c.image }}
ports:
  - containerPort: {{ c.port }}
args:
  {% for arg in c.args | default([]) %}
  - {{ arg }}
  {% endfor %}
level: {{ level }}
{% if c.port > 8085 %}
high: true
{% endif %}
{{ entry(level, c.port) }}
{% endmacro %}
{% macro entry(key, value) %}
twice: {{ value * 2 }}
{{ key }}: {{ value }}
{% endmacro %}
"#;

const DEPLOYMENT: &str = r#"{% from "_m.yaml.j2" import container %}
{% set total = inputs.count + inputs.replicas.min %}
{% set level = inputs.level %}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ component.name }}
  labels:
    level: {{ level }}
    image-and-port: "{{ inputs.image }}-{{ inputs.port }}"
    {% if total > 12 %}
    many: "yes"
    {% endif %}
    {{ inputs.key }}: of-a-key
spec:
  replicas: {{ inputs.replicas.min }}
  total: {{ total }}
  most: {{ [inputs.count, inputs.port] | max }}
  chosen: {{ inputs.level if inputs.debug else inputs.key }}
  tag: {{ inputs.tag | default(omit) }}
  url: {{ inputs.url | default("none") }}
  team: {{ vars.team | default(omit) }}
  cluster: {{ cluster.name }}
  env:
    {% for name, text in inputs.env | items %}
    - name: {{ name }}
      value: {{ text }}
      {% if text == "v7" %}
      seventh: true
      {% endif %}
    {% endfor %}
  words: {{ inputs.words }}
  sorted:
    {% for word in inputs.words | sort %}
    - {{ word }}
    {% endfor %}
  big:
    {% for number in inputs.numbers | select("gt", 50) %}
    - {{ number }}
    {% endfor %}
  all: {{ inputs.numbers | sum }}
  containers:
    - {{ container(component.name, inputs, inputs.level) | indent(6) }}
    {% for name, s in inputs.sidecars | items %}
    - {{ container(name, s, "fixed") | indent(6) }}
    {% endfor %}
"#;

const OBJECTS: &str = r#"
{% if inputs.debug %}
apiVersion: v1
kind: Service
metadata:
  name: {{ component.name }}-debug
spec:
  port: {{ inputs.port }}
{% endif %}
{% for name, s in inputs.sidecars | items if s.port > 9100 %}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: "{{ component.name }}-{{ name }}"
data:
  image: {{ s.image }}
  {% if inputs.count > 20 %}
  many: "true"
  {% endif %}
{% endfor %}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ component.name }}-config
data:
  config.yaml: |
    {{ inputs.config | default({}) | to_yaml }}
  {{ inputs.level }}.txt: "{{ inputs.image }}"
  namespace: {{ component.namespace }}
  minor: {{ environment.kubernetes | default("none") }}
"#;

const CHART: &str = r#"
description: A chart
stage: infrastructure
chart:
  url: oci://registry.example.com/charts/thing
  version: "1.0.0"
timeout: 3m
inputs:
  properties:
    size: {description: Size, type: string, default: 10Gi}
    crds: {description: Definitions, type: boolean, default: false}
    mode: {description: Mode, type: string, default: mode1}
provides: {things.example.com: inputs.crds}
exports:
  size: {$from: inputs.size}
"#;

const VALUES: &str = r#"
fullnameOverride: {{ component.name }}
size: {{ inputs.size }}
modes: {first: "{{ inputs.mode }}", second: fixed}
{% if inputs.crds %}
crds: {install: true}
{% endif %}
"#;

/// A fleet of two environments over two layers.
pub(crate) fn fleet(seed: u64) -> Fleet {
    let mut make = Maker { random: Random(seed.wrapping_mul(7919) + 17), next: 10 };
    let base = make.layer(true);
    let more = make.layer(false);
    let (one, two) = (make.environment("one", &["base", "more"]), make.environment("two", &["base"]));
    let mut base = merged(base, json!({"abstract": true, "kubernetes": "1.34"}));
    put(&mut base, "vars", json!({"unused": "u1", "list": ["l1", {"$from": "vars.team"}]}));
    let more = merged(more, json!({"abstract": true, "extends": ["base"]}));
    let fleet = json!({
        "source": {"kind": "GitRepository", "url": "https://example.com/fleet1", "ref": {"branch": "main1"}},
        "flux": {"version": "2.9", "sync": "classic"},
    });
    let text = |value: &Value| serde_json::to_string_pretty(value).unwrap() + "\n";
    let files = [
        ("environments/fleet.yaml", text(&fleet)),
        ("environments/base.yaml", text(&base)),
        ("environments/more.yaml", text(&more)),
        ("environments/one.yaml", text(&one)),
        ("environments/two.yaml", text(&two)),
        ("templates/app/pack.yaml", PACK.to_owned()),
        ("templates/app/_m.yaml.j2", MACROS.to_owned()),
        ("templates/app/deployment.yaml.j2", DEPLOYMENT.to_owned()),
        ("templates/app/objects.yaml.j2", OBJECTS.to_owned()),
        ("templates/chart/pack.yaml", CHART.to_owned()),
        ("templates/chart/values.yaml.j2", VALUES.to_owned()),
    ];
    Fleet { files: files.into_iter().collect(), environments: ["one", "two"] }
}

fn put(value: &mut Value, key: &str, more: Value) {
    let own = value.as_object_mut().unwrap().entry(key).or_insert_with(|| json!({}));
    *own = merged(own.take(), more);
}

/// The second over the first, deeply.
fn merged(lower: Value, upper: Value) -> Value {
    match (lower, upper) {
        (Value::Object(mut lower), Value::Object(upper)) => {
            for (key, value) in upper {
                let below = lower.remove(&key).unwrap_or(Value::Null);
                lower.insert(key, merged(below, value));
            }
            Value::Object(lower)
        }
        (_, upper) => upper,
    }
}

struct Maker {
    random: Random,
    /// Numbers in values go up, so that few are equal by chance.
    next: usize,
}

impl Maker {
    fn number(&mut self) -> usize {
        self.next += 1 + self.random.below(3);
        self.next
    }

    fn word(&mut self, start: &str) -> Value {
        json!(format!("{start}{}", self.number()))
    }

    fn often(&mut self) -> bool {
        self.random.below(10) < 6
    }

    fn environment(&mut self, name: &str, extends: &[&str]) -> Value {
        let layer = self.layer(false);
        merged(
            layer,
            json!({"extends": extends, "cluster": {"name": format!("{name}1"), "domain": format!("{name}9.example.com"), "provides": ["things.example.com"]}}),
        )
    }

    /// What a layer says; the lowest says all that must be said.
    fn layer(&mut self, lowest: bool) -> Value {
        let mut vars = Map::new();
        for name in ["team", "size", "port", "shared"] {
            if lowest || self.often() {
                let value = if name == "port" { json!(8000 + self.number()) } else { self.word(name) };
                vars.insert(name.to_owned(), value);
            }
        }
        if lowest || self.often() {
            let nested = json!({"image": self.word("img:"), "port": 9000 + self.number(), "args": [self.word("a"), self.word("b")]});
            vars.insert("sidecar".to_owned(), nested);
        }
        if lowest {
            vars.insert("alias".to_owned(), json!({"$from": "vars.shared"}));
            vars.insert("text".to_owned(), json!({"$text": "{vars.alias}-of-{cluster.name}"}));
        }
        let mut components = Map::new();
        for name in ["alpha", "beta"] {
            let inputs = self.app(lowest, name);
            let mut component = json!({"inputs": inputs});
            if lowest {
                component["pack"] = json!("app");
            }
            if self.often() {
                component["flux"] = json!({"interval": format!("{}m", self.number())});
            }
            if name == "beta" && lowest {
                component["needs"] = json!(["alpha"]);
                component["namespace"] = json!("home1");
            }
            components.insert(name.to_owned(), component);
        }
        components.insert("gamma".to_owned(), self.chart(lowest));
        if lowest {
            components.insert("delta".to_owned(), self.raw());
            components.insert("web".to_owned(), self.web());
        }
        json!({"vars": vars, "components": components})
    }

    fn app(&mut self, lowest: bool, name: &str) -> Value {
        let mut inputs = Map::new();
        let mut set = |key: &str, value: Value| drop(inputs.insert(key.to_owned(), value));
        if lowest || self.often() {
            set(
                "image",
                if self.often() {
                    self.word("img:")
                } else {
                    json!({"$text": "{vars.shared}/{vars.team}:1"})
                },
            );
        }
        if self.often() {
            set(
                "port",
                if self.often() { json!(8000 + self.number()) } else { json!({"$from": "vars.port"}) },
            );
        }
        if self.often() {
            set("level", if self.often() { self.word("level") } else { json!({"$from": "vars.alias"}) });
        }
        if self.often() {
            set("key", self.word("key"));
        }
        if self.often() {
            set("debug", json!(self.often()));
        }
        if self.often() {
            set("count", json!(self.random.below(40)));
        }
        if self.often() {
            set("replicas", json!({"min": self.number()}));
        }
        if self.often() {
            set("env", json!({"A": self.word("v"), "B": {"$from": "vars.text"}, "C": "v7"}));
        }
        if self.often() {
            let own = json!({"image": self.word("img:"), "port": 9000 + self.number(), "args": [self.word("x"), {"$from": "vars.size"}]});
            set("sidecars", json!({"proxy": own, "log": {"$from": "vars.sidecar"}}));
        }
        if self.often() {
            set("words", json!([self.word("w"), self.word("w"), {"$from": "vars.team"}]));
        }
        if self.often() {
            set("numbers", json!([self.random.below(99), self.random.below(99), self.number()]));
        }
        if self.often() {
            set(
                "config",
                json!({"a.b": {"c": self.word("c"), "d": [self.number(), {"$from": "vars.size"}]}}),
            );
        }
        if self.often() {
            set("tag", self.word("tag"));
        }
        if name == "beta" && self.often() {
            set(
                "url",
                if self.often() {
                    json!({"$from": "components.alpha.url"})
                } else {
                    json!({"$text": "x-{components.alpha.image}-{components.gamma.size}"})
                },
            );
        }
        Value::Object(inputs)
    }

    fn chart(&mut self, lowest: bool) -> Value {
        let mut component =
            if lowest { json!({"pack": "chart", "podSecurity": "baseline"}) } else { json!({}) };
        if self.often() {
            component["inputs"] = json!({"size": self.word("s"), "mode": {"$from": "vars.shared"}});
        }
        if self.often() {
            component["values"] = json!({"modes": {"second": self.word("m"), "third": [self.number(), null]}, "extra": {"$from": "vars.sidecar"}});
        }
        if self.often() {
            component["chart"] = json!({"version": format!("1.2.{}", self.number())});
        }
        if self.often() {
            component["flux"] = json!({"timeout": format!("{}m", self.number()), "retryInterval": format!("{}m", self.number())});
        }
        component
    }

    fn raw(&mut self) -> Value {
        let merge = json!({"data": {"b": self.word("patched"), "c": {"$from": "vars.size"}}});
        json!({
            "pack": "raw",
            "extra": {
                "one": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": self.word("cm")}, "data": {"a": self.word("d"), "b": "over1"}},
                "two": {"apiVersion": "things.example.com/v1", "kind": "Thing", "metadata": {"name": "thing1"}, "spec": {"size": {"$from": "components.gamma.size"}, "host": {"$text": "{component1.x}".replace("component1.x", "cluster.domain")}}},
            },
            "patches": {"p": {"target": {"kind": "ConfigMap"}, "merge": merge}},
        })
    }

    fn web(&mut self) -> Value {
        json!({
            "pack": "web-app",
            "inputs": {
                "image": "gcr.io/kuard-demo/kuard-amd64:blue1",
                "port": 8000 + self.number(),
                "replicas": {"min": 1 + self.random.below(3), "max": 40 + self.number()},
                "host": {"$text": "web.{cluster.domain}"},
                "networkPolicy": {"from": {"ingress": {"namespace": "ingress"}}},
                "probes": {"readiness": {"path": self.word("/ready")}},
                "resources": {"limits": {"memory": format!("{}Mi", 100 + self.number())}},
                "env": {"SIZE": {"$from": "vars.size"}, "OWN": self.word("own")},
                "podLabels": {"level": self.word("l")},
            },
        })
    }
}
