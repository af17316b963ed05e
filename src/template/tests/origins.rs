//! The source map: which template line and which config line a value came from.

use super::*;
use crate::yaml::Origin;

const INPUTS: &str = "\
image: registry/app:1
port: 8080
pull: Always
ports: [80, 443]
names: [alpha, beta]
scalars: {FIRST: one, SECOND: two, THIRD: one}
numbers: {a: 1, b: 2}
web:
  blue: {port: 81, image: x}
  green: {port: 82}
m: {k: {p: 5}}
";

/// What is known of a value: `exact`, the text of the config line, the text of the template, the inputs read.
fn told(world: &World, origin: &Origin) -> String {
    let trail = origin.trail();
    let line = |place: Option<diag::Place>| {
        place.map_or("-".to_owned(), |place| {
            let (line, column) = world.sources.line_column(place);
            let name = world.sources.name(place.source).rsplit('/').next().unwrap_or("");
            format!("{name}:{line}:{column} {}", world.sources.slice(place).lines().next().unwrap_or(""))
        })
    };
    let reads: Vec<&str> = trail.reads.iter().map(|read| &*read.path).collect();
    let within = trail.within.map_or(String::new(), |(name, place)| format!(" in {name} @ {}", line(place)));
    let exact = if trail.exact { "exact" } else { "computed" };
    format!("{exact} | {} | {}{within} | {}", line(trail.config), line(trail.template), reads.join(", "))
}

/// The origins of all leaves, with their paths.
fn leaves(world: &World, node: &Node, path: &str, all: &mut Vec<String>) {
    match &node.value {
        yaml::Value::Map(map) => {
            map.iter().for_each(|(k, v)| leaves(world, v, &format!("{path}.{}", k.text), all))
        }
        yaml::Value::Seq(items) => {
            items.iter().enumerate().for_each(|(i, v)| leaves(world, v, &format!("{path}.{i}"), all));
        }
        _ => all.push(format!("{} = {}", &path[1..], told(world, &node.origin))),
    }
}

#[track_caller]
fn maps(template: &str, expected: &[&str]) {
    let world = World::new(&[("o.j2", template)], INPUTS);
    let nodes = world.render().unwrap_or_else(|messages| panic!("{messages}"));
    let mut all = Vec::new();
    nodes.iter().for_each(|node| leaves(&world, node, "", &mut all));
    assert_eq!(all, expected, "\n{template}");
}

#[test]
fn literal_text_is_exact_to_the_byte() {
    maps(
        "{% if inputs.port %}\na: text # no\n{% endif %}\nb: [1, 'q']\nc: |\n  x\n  y\n",
        &[
            "a = exact | - | o.j2:2:4 text | ",
            "b.0 = exact | - | o.j2:4:5 1 | ",
            "b.1 = exact | - | o.j2:4:8 'q' | ",
            "c = exact | - | o.j2:5:4 | | ",
        ],
    );
}

#[test]
fn direct_reads_are_exact() {
    maps(
        "a: {{ inputs.port }}\nb: \"{{ inputs.web['blue'].port }}\"\n{% if inputs.image and inputs.pull %}\nc: {{ inputs.m.k.p }}\n{% endif %}\n",
        &[
            "a = exact | prod.yaml:2:7 8080 | o.j2:1:7 inputs.port | inputs.port",
            "b = exact | prod.yaml:9:16 81 | o.j2:2:8 inputs.web['blue'].port | inputs.web.blue.port",
            "c = exact | prod.yaml:11:12 5 | o.j2:4:7 inputs.m.k.p | inputs.m.k.p",
        ],
    );
}

#[test]
fn loops_over_mappings_and_lists_are_exact() {
    maps(
        "{% for name, c in inputs.web | dictsort %}\n{{ name }}:\n  port: {{ c.port }}\n  pull: {{ c.pull | default(inputs.pull) }}\n{% endfor %}\n",
        &[
            "blue.port = exact | prod.yaml:9:16 81 | o.j2:3:12 c.port | inputs.web.blue.port",
            "blue.pull = exact | prod.yaml:3:7 Always | o.j2:4:12 c.pull | default(inputs.pull) | inputs.pull",
            "green.port = exact | prod.yaml:10:17 82 | o.j2:3:12 c.port | inputs.web.green.port",
            "green.pull = exact | prod.yaml:3:7 Always | o.j2:4:12 c.pull | default(inputs.pull) | inputs.pull",
        ],
    );
    maps(
        "a:\n  {% for p in inputs.ports %}\n  - {{ p }}\n  {% endfor %}\nb:\n  {% for n in inputs.names | sort(reverse=true) %}\n  - {{ n }}\n  {% endfor %}\n",
        &[
            "a.0 = exact | prod.yaml:4:9 80 | o.j2:3:8 p | inputs.ports[0]",
            "a.1 = exact | prod.yaml:4:13 443 | o.j2:3:8 p | inputs.ports[1]",
            "b.0 = exact | prod.yaml:5:16 beta | o.j2:7:8 n | inputs.names[1]",
            "b.1 = exact | prod.yaml:5:9 alpha | o.j2:7:8 n | inputs.names[0]",
        ],
    );
    maps(
        "env:\n  {% for name, v in inputs.scalars | items %}\n  - {name: {{ name }}, value: {{ v }}}\n  {% endfor %}\n",
        &[
            "env.0.name = exact | prod.yaml:6:11 FIRST | o.j2:3:15 name | inputs.scalars.FIRST",
            "env.0.value = exact | prod.yaml:6:18 one | o.j2:3:34 v | inputs.scalars.FIRST",
            "env.1.name = exact | prod.yaml:6:23 SECOND | o.j2:3:15 name | inputs.scalars.SECOND",
            "env.1.value = exact | prod.yaml:6:31 two | o.j2:3:34 v | inputs.scalars.SECOND",
            "env.2.name = exact | prod.yaml:6:36 THIRD | o.j2:3:15 name | inputs.scalars.THIRD",
            "env.2.value = exact | prod.yaml:6:43 one | o.j2:3:34 v | inputs.scalars.THIRD",
        ],
    );
}

#[test]
fn whole_mappings_keep_the_origins_of_their_leaves() {
    maps(
        "{% macro m(x) %}{{ x }}{% endmacro %}\na: {{ inputs.web }}\n<<: {{ m(inputs.m) }}\n",
        &[
            "a.blue.port = exact | prod.yaml:9:16 81 | o.j2:2:7 inputs.web | inputs.web.blue.port",
            "a.blue.image = exact | prod.yaml:9:27 x | o.j2:2:7 inputs.web | inputs.web.blue.image",
            "a.green.port = exact | prod.yaml:10:17 82 | o.j2:2:7 inputs.web | inputs.web.green.port",
            "k.p = exact | prod.yaml:11:12 5 | o.j2:3:8 m(inputs.m) in m @ o.j2:1:1 {% macro m(x) %}{{ x }}{% endmacro %} | inputs.m.k.p",
        ],
    );
}

#[test]
fn macros_name_themselves_and_the_call_line() {
    let in_macro =
        "o.j2:6:6 c(inputs.image, inputs.port) | indent(2) in c @ o.j2:1:1 {% macro c(image, port) %}";
    maps(
        "{% macro c(image, port) %}\nimage: {{ image }}\nport: {{ port + 1 }}\nkind: x\n{% endmacro %}\na: {{ c(inputs.image, inputs.port) | indent(2) }}\n"
            .replace("a: {{ c", "- {{ c")
            .as_str(),
        &[
            &format!("0.image = exact | prod.yaml:1:8 registry/app:1 | {in_macro} | inputs.image"),
            &format!("0.port = computed | - | {in_macro} | inputs.image, inputs.port"),
            &format!("0.kind = computed | - | {in_macro} | "),
        ],
    );
}

#[test]
fn computed_values_name_what_was_read() {
    maps(
        "a: {{ inputs.port + 1 }}\nb: \"{{ inputs.image }}-{{ inputs.pull }}\"\nc: {{ inputs.names | length }}\nd: {{ inputs.web | to_json }}\ne: {{ 1 + 1 }}\n",
        &[
            "a = computed | - | o.j2:1:7 inputs.port + 1 | inputs.port",
            "b = computed | - | o.j2:2:4 \"{{ inputs.image }}-{{ inputs.pull }}\" | inputs.image, inputs.pull",
            "c = computed | - | o.j2:3:7 inputs.names | length | inputs.names",
            "d = computed | - | o.j2:4:7 inputs.web | to_json | inputs.web.blue.port, inputs.web.blue.image, inputs.web.green.port",
            "e = exact | - | o.j2:5:7 1 + 1 | ",
        ],
    );
}

#[test]
fn local_names_lead_to_what_they_were_bound_to() {
    maps(
        "{% set x = inputs.image %}\n{% set y = inputs.port %}\n{% set z = inputs.port + 1 %}\na: {{ inputs.pull }}\nb: {{ x }}\nc: {{ y }}\nd: {{ z }}\n",
        &[
            "a = exact | prod.yaml:3:7 Always | o.j2:4:7 inputs.pull | inputs.pull",
            "b = exact | prod.yaml:1:8 registry/app:1 | o.j2:5:7 x | inputs.image",
            "c = exact | prod.yaml:2:7 8080 | o.j2:6:7 y | inputs.port",
            "d = computed | - | o.j2:7:7 z | inputs.port",
        ],
    );
}

#[test]
fn included_templates_are_their_own_place() {
    let world =
        World::new(&[("o.j2", "{% include '_p.j2' %}\n"), ("_p.j2", "b: {{ inputs.port }}\nc: 1\n")], INPUTS);
    let nodes = world.render().unwrap_or_else(|messages| panic!("{messages}"));
    let mut all = Vec::new();
    leaves(&world, &nodes[0], "", &mut all);
    assert_eq!(
        all,
        [
            "b = exact | prod.yaml:2:7 8080 | _p.j2:1:7 inputs.port | inputs.port",
            "c = exact | - | _p.j2:2:4 1 | "
        ]
    );
}

#[test]
fn layers_and_references_of_an_input_stay_with_it() {
    let mut sources = Sources::new();
    let id = sources.add("x", "0123456789");
    let at = |n: usize| diag::Place::new(id, n..n + 1);
    let trail = yaml::Trail {
        config: Some(at(1)),
        overrode: vec![at(2)],
        via: vec![at(3)],
        exact: true,
        ..yaml::Trail::default()
    };
    let inputs: yaml::Map = [("p", Node::with(1_i64, trail.into()))].into_iter().collect();
    let world = World::with(&[("o.j2", "a: {{ inputs.p }}\nb: {{ inputs }}\n")], &Node::new(inputs), sources);
    let nodes = world.render().unwrap_or_else(|messages| panic!("{messages}"));
    for path in [&["a"][..], &["b", "p"]] {
        let trail = nodes[0].at(path).expect("there").origin.trail();
        assert_eq!(
            (trail.config, trail.overrode, trail.via, trail.exact),
            (Some(at(1)), vec![at(2)], vec![at(3)], true)
        );
    }
}
