//! Hostile values in every row of the table: what goes in comes out, and nothing else changes.

use super::*;
use proptest::prelude::*;
use std::fmt::Write;

/// Fragments that mean something to YAML, to templates, to Flux, or to slots.
const NASTY: [&str; 62] = [
    "",
    " ",
    "  ",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    " #",
    "# ",
    ": ",
    ":",
    "-",
    "- ",
    "? ",
    "!",
    "!!str ",
    "&a ",
    "*a",
    "|",
    ">",
    "%YAML",
    "---\n",
    "...\n",
    "@",
    "`",
    "'",
    "\"",
    "\\",
    "\\u",
    "[",
    "]",
    "{",
    "}",
    ",",
    "{{ inputs.x }}",
    "{% if x %}",
    "{# x #}",
    "${VAR}",
    "$$",
    "<<",
    "=",
    "~",
    "null",
    "true",
    "yes",
    "0755",
    "1e3",
    "1.0",
    "0x1f",
    "2024-04-01",
    ".inf",
    "\u{0}",
    "\u{1b}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{fffe}",
    "\u{e000}",
    "😀",
    "é",
    "0",
];

fn hostile() -> impl Strategy<Value = String> {
    let fragment = prop_oneof![
        8 => prop::sample::select(&NASTY[..]).prop_map(str::to_owned),
        2 => any::<char>().prop_map(String::from),
        1 => Just("x".repeat(200)),
    ];
    prop::collection::vec(fragment, 0..7)
        .prop_map(|parts| parts.concat().replace([slots::OPEN, slots::CLOSE, slots::POISON], ""))
}

/// One row of the table: a template, and the structure with `V` for the text.
type Row = (&'static str, fn(&str) -> Node);

fn text(text: &str) -> Node {
    Node::new(text)
}

fn map<const N: usize>(entries: [(&str, Node); N]) -> Node {
    Node::new(entries.into_iter().collect::<yaml::Map>())
}

fn list<const N: usize>(items: [Node; N]) -> Node {
    Node::new(Vec::from(items))
}

const ROWS: [Row; 20] = [
    ("a: {{ inputs.v }}\nb: 1\n", |v| map([("a", text(v)), ("b", Node::new(1_i64))])),
    ("a: \"{{ inputs.v }}\"\nb: 1\n", |v| map([("a", text(v)), ("b", Node::new(1_i64))])),
    ("a: '{{ inputs.v }}'\nb: 1\n", |v| map([("a", text(v)), ("b", Node::new(1_i64))])),
    ("a: x{{ inputs.v }}y\n", |v| map([("a", text(&format!("x{v}y")))])),
    ("a: \"<{{ inputs.v }}{{ inputs.v }}>\"\n", |v| map([("a", text(&format!("<{v}{v}>")))])),
    ("a: |\n  {{ inputs.v }}\nb: x\n", |v| map([("a", text(&format!("{v}\n"))), ("b", text("x"))])),
    ("a:\n    - |-\n        x {{ inputs.v }}\n        y\n", |v| {
        map([("a", list([text(&format!("x {v}\ny"))]))])
    }),
    ("a: >-\n  x\n  {{ inputs.v }}\n", |v| map([("a", text(&format!("x {v}")))])),
    ("{{ inputs.v }}: 1\n", |v| map([(v, Node::new(1_i64))])),
    ("\"k{{ inputs.v }}\": {z{{ inputs.v }}: 1}\n", |v| {
        map([(&format!("k{v}"), map([(&format!("z{v}"), Node::new(1_i64))]))])
    }),
    ("- {{ inputs.v }}\n-   - {{ inputs.v }}\n", |v| list([text(v), list([text(v)])])),
    ("a: [{{ inputs.v }}, {b: {{ inputs.v }}}]\n", |v| map([("a", list([text(v), map([("b", text(v))])]))])),
    ("a: 1\n<<: {{ inputs.m }}\n", |v| map([("a", Node::new(1_i64)), (&format!("k{v}"), text(v))])),
    ("a: {{ inputs.m }}\n", |v| map([("a", map([(&format!("k{v}"), text(v))]))])),
    ("a: {{ [inputs.v, {inputs.v: inputs.v}] }}\n", |v| map([("a", list([text(v), map([(v, text(v))])]))])),
    ("{% macro m(x) %}{{ x }}{% endmacro %}\na: {{ m(inputs.v) }}\nb: {{ 'x: ' ~ m(inputs.v) }}\n", |v| {
        map([("a", text(v)), ("b", text(&format!("x: {v}")))])
    }),
    (
        "{% macro m(x) %}\nk: {{ x }}\nl: |\n  {{ x }}\n{% endmacro %}\na:\n  {{ m(inputs.v) | indent(2) }}\n",
        |v| map([("a", map([("k", text(v)), ("l", text(&format!("{v}\n")))]))]),
    ),
    ("{% set x %}{{ inputs.v }}{% endset %}\na: {{ x }}\nb: \"{{ x | replace('\\u0007', '') }}\"\n", |v| {
        map([("a", text(v)), ("b", text(&v.replace('\u{7}', "")))])
    }),
    ("a: &x {{ inputs.v }} # {{ inputs.v }}\n# {{ inputs.v }}\nb: *x\nc: !!str {{ inputs.v }}\n", |v| {
        map([("a", text(v)), ("b", text(v)), ("c", text(v))])
    }),
    ("{% for k, v in inputs.m | items %}\n- name: {{ k }}\n  value: {{ v ~ '!' }}\n{% endfor %}\n", |v| {
        list([map([("name", text(&format!("k{v}"))), ("value", text(&format!("{v}!")))])])
    }),
];

fn inputs(v: &str) -> Node {
    map([("v", text(v)), ("m", map([(&format!("k{v}"), text(v))]))])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_value_stays_itself_in_every_row(values in prop::collection::vec(hostile(), ROWS.len())) {
        thread_local! {
            static ROWS_COMPILED: Vec<(World, Compiled)> = ROWS.iter().map(|(template, _)| {
                let world = World::with(&[("object.yaml.j2", template)], &inputs(""), Sources::new());
                let compiled = world.compile(&mut Problems::new()).expect("good templates");
                (world, compiled)
            }).collect();
        }
        ROWS_COMPILED.with(|rows| {
            for (((world, compiled), (template, expected)), value) in rows.iter().zip(ROWS).zip(&values) {
                let mut problems = Problems::new();
                let inputs = Root::new("inputs", &inputs(value), &mut problems).expect("no slot characters");
                let context = Context { inputs, ..world.context.clone() };
                let nodes = compiled.render("object.yaml.j2", &context, &mut problems);
                prop_assert!(problems.is_empty(), "{}\n{:?}", template, problems);
                let nodes = nodes.expect("no problems");
                prop_assert_eq!(&nodes, &vec![expected(value)], "{}", template);
                written(&nodes[0])?;
            }
            Ok(())
        })?;
    }
}

/// Parts of templates, good and bad.
const PARTS: [&str; 44] = [
    "a: ",
    "b: ",
    "é: ",
    "- ",
    "\n",
    "\n",
    "\n  ",
    "    ",
    "{{ inputs.v }}",
    "{{ inputs.m }}",
    "{{ inputs.nope }}",
    "{{ omit }}",
    "{{ none }}",
    "{{ 6 / 2 }}",
    "{{ m(inputs.v) }}",
    "{{ m(inputs.m) | indent(2) }}",
    "{% if inputs.v %}",
    "{% endif %}",
    "{% for x in inputs.m %}",
    "{{ x }}",
    "{% endfor %}",
    "{% macro m(x) %}",
    "{% endmacro %}",
    "{% set y %}",
    "{% endset %}",
    "{{ y }}",
    "\"",
    "'",
    "|\n  ",
    ">-\n  ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    ": ",
    "&x ",
    "*x",
    "!!str ",
    "# ",
    "---\n",
    "<<: ",
    "\t",
    "ü€😀",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_template_panics_and_every_message_can_be_drawn(parts in prop::collection::vec(prop::sample::select(&PARTS[..]), 0..24)) {
        let macros = "{% macro m(x) %}k: {{ x }}{% endmacro %}";
        let world = World::with(&[("o.j2", &format!("{macros}\n{}", parts.concat()))], &inputs("é: 1"), Sources::new());
        if let Err(messages) = world.render() {
            prop_assert!(!messages.contains([slots::OPEN, slots::CLOSE, slots::POISON]), "{}", messages);
        }
    }
}

/// What is written is read back as the very same, unless it is refused before writing.
fn written(node: &Node) -> Result<(), TestCaseError> {
    let mut problems = Problems::new();
    yaml::refused(node, &mut problems);
    if !problems.is_empty() {
        return Ok(());
    }
    let out = yaml::emit(node);
    let id = Sources::new().add("out", "");
    let mut problems = Problems::new();
    let read = yaml::read_manifests(&out, id, &mut problems);
    prop_assert!(problems.is_empty(), "{}\n{:?}", out, problems);
    prop_assert_eq!(&read.expect("no problems")[..], std::slice::from_ref(node), "{}", out);
    Ok(())
}

#[test]
fn slot_characters_in_inputs_and_files_are_refused() {
    for c in ['\u{fdd0}', '\u{fdd1}', '\u{fdd2}'] {
        let mut problems = Problems::new();
        let nested = map([("a", list([map([(&format!("k{c}"), text("v"))])]))]);
        assert!(Root::new("inputs", &nested, &mut problems).is_none());
        assert!(Root::new("inputs", &text(&format!("x{c}0")), &mut problems).is_none());
        assert_eq!(problems.0[0].id, "template/slot-character");
        let mut world = World::new(&[("o.j2", "a: 1\n")], "{}");
        world.files.insert("x.json".to_owned(), format!("{c}").into());
        let messages = world.render().expect_err("refused");
        assert!(messages.contains("`files/x.json` of pack `test`"), "{messages}");
    }
}

#[test]
fn many_slots_take_time_in_proportion() {
    let mut template = String::new();
    for index in 0..20_000 {
        let _ = writeln!(template, "k{index}: [{{{{ inputs.v }}}}, \"{{{{ inputs.v }}}}\"]");
    }
    let world = World::with(&[("o.j2", &template)], &inputs("v"), Sources::new());
    let nodes = world.render().expect("renders");
    assert_eq!(nodes[0].as_map().map(yaml::Map::len), Some(20_000));
}
