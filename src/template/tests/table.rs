//! Every row of the table of slots, in every kind of collection; and white space.

use super::*;

const INPUTS: &str = r#"
port: 8080
name: "it's: #1"
ratio: 0.5
one: 1.0
flag: true
text: "a\n  b\n\nc\n"
map: {b: 1, a: "2", "": {x: [1]}}
list: [1, "1", {k: v}]
empty: {}
none: []
nothing: null
key: "a: b"
looks: "{{ inputs.port }}"
"#;

/// Template and JSON of what it gives.
#[track_caller]
fn gives(template: &str, expected: &str) {
    assert_eq!(json(template, INPUTS), expected, "\n{template}");
}

#[track_caller]
fn fails(template: &str, id: &str, words: &str) {
    let messages = json(template, INPUTS);
    assert!(
        messages.contains(&format!("error[{id}]")) && messages.contains(words),
        "\n{template}\n{messages}"
    );
}

#[test]
fn a_whole_plain_scalar_keeps_its_type() {
    gives("a: {{ inputs.port }}\n", r#"{"a":8080}"#);
    gives("a: {{ inputs.name }}\n", r##"{"a":"it's: #1"}"##);
    gives("a: {{ inputs.ratio }}\nb: {{ inputs.one }}\n", r#"{"a":0.5,"b":1.0}"#);
    gives("a: {{ inputs.flag }}\n", r#"{"a":true}"#);
    gives("a: {{ inputs.text }}\n", r#"{"a":"a\n  b\n\nc\n"}"#);
    gives("a: {{ inputs.looks }}\n", r#"{"a":"{{ inputs.port }}"}"#);
    gives("a: {{ 10 // 3 }}\nb: {{ \"8080\" }}\nc: {{ 1 == 1 }}\n", r#"{"a":3,"b":"8080","c":true}"#);
}

#[test]
fn mappings_and_lists_go_anywhere_at_any_indentation() {
    let map = r#"{"b":1,"a":"2","":{"x":[1]}}"#;
    let list = r#"[1,"1",{"k":"v"}]"#;
    gives("a: {{ inputs.map }}\n", &format!("{{\"a\":{map}}}"));
    gives("a:\n        b:\n         - {{ inputs.map }}\n", &format!("{{\"a\":{{\"b\":[{map}]}}}}"));
    gives("a:\n- - {{ inputs.list }}\n  - {{ inputs.map }}\n", &format!("{{\"a\":[[{list},{map}]]}}"));
    gives(
        "a: [{{ inputs.list }}, { b: {{ inputs.map }} }]\n",
        &format!("{{\"a\":[{list},{{\"b\":{map}}}]}}"),
    );
    gives("{{ inputs.map }}\n", map);
    gives("a:\n  {{ inputs.map }}\n", &format!("{{\"a\":{map}}}"));
    gives("a: {{ inputs.empty }}\nb: {{ inputs.none }}\n", r#"{"a":{},"b":[]}"#);
    gives("a: {{ {'x': inputs.list, 1: [true]} }}\n", &format!("{{\"a\":{{\"x\":{list},\"1\":[true]}}}}"));
    gives(
        "a: {{ range(3) }}\nb: {{ inputs.map | items }}\n",
        r#"{"a":[0,1,2],"b":[["b",1],["a","2"],["",{"x":[1]}]]}"#,
    );
}

#[test]
fn null_stands_only_under_values() {
    fails(
        "a: {{ inputs.nothing }}\n",
        "template/null",
        "`inputs.nothing` is null, and null may stand only under `values`",
    );
    fails("a: {{ none }}\n", "template/null", "default(omit)");
    fails("a: {{ [1, none] }}\n", "template/null", "null");
    fails("a: null\n", "template/null", "null may stand only under `values`");
    fails("a: ~\n", "template/null", "quote the word");
    let values = |template: &str| {
        let world = World::new(&[("values.yaml.j2", template)], INPUTS);
        world.render().map(|nodes| yaml::to_json(&nodes[0], None))
    };
    assert_eq!(
        values("a: null\nb: {{ inputs.nothing }}\nc: [{{ none }}]\nd:\n").as_deref(),
        Ok(r#"{"a":null,"b":null,"c":[null]}"#)
    );
    gives(
        "kind: HelmRelease\nspec:\n  values:\n    a: null\n    b: {{ inputs.nothing }}\n",
        r#"{"kind":"HelmRelease","spec":{"values":{"a":null,"b":null}}}"#,
    );
    fails("kind: HelmRelease\nspec:\n  other: null\n", "template/null", "values");
    fails("kind: Other\nspec:\n  values:\n    a: null\n", "template/null", "values");
}

#[test]
fn quotes_and_text_around_make_a_string() {
    gives("a: \"{{ inputs.port }}\"\nb: '{{ inputs.flag }}'\n", r#"{"a":"8080","b":"true"}"#);
    gives(
        "a: x{{ inputs.port }}\nb: {{ inputs.port }}{{ inputs.ratio }}\n",
        r#"{"a":"x8080","b":"80800.5"}"#,
    );
    gives(
        "a: \"<{{ inputs.name }}>\"\nb: [0{{ inputs.port }}, '{{ inputs.text }}']\n",
        r##"{"a":"<it's: #1>","b":["08080","a\n  b\n\nc\n"]}"##,
    );
    gives("a: !!str {{ inputs.port }}\nb: !!str 1\n", r#"{"a":"8080","b":"1"}"#);
    fails("a: \"{{ inputs.map }}\"\n", "template/text", "{{ inputs.map | to_yaml }}");
    fails("a: x{{ inputs.list }}\n", "template/text", "`inputs.list` is a list");
    fails("a: x{{ inputs.nothing }}\n", "template/text", "null");
    fails("a: x{{ omit }}\n", "template/text", "default(\"\")");
}

#[test]
fn block_scalars_take_values_verbatim() {
    gives("a: |\n  {{ inputs.text }}\n  end\n", r#"{"a":"a\n  b\n\nc\n\nend\n"}"#);
    gives("a:\n      - |-\n          x={{ inputs.text }}\n", r#"{"a":["x=a\n  b\n\nc\n"]}"#);
    gives("a: >-\n  x\n  {{ inputs.text }}\n  y\n", r#"{"a":"x a\n  b\n\nc\n y"}"#);
    gives("a: |-\n  {{ inputs.port }}\n", r#"{"a":"8080"}"#);
    gives("a: |\n  {{ inputs.missing | default(omit) }}\nb: 1\n", r#"{"b":1}"#);
    gives("a: |\n  {{ inputs.map | to_yaml }}\n", r#"{"a":"b: 1\na: \"2\"\n\"\":\n  x:\n    - 1\n"}"#);
    fails("a: |\n  {{ inputs.map }}\n", "template/text", "to_yaml");
}

#[test]
fn keys_are_text() {
    gives(
        "{{ inputs.key }}: 1\n{{ inputs.port }}: 2\nx-{{ inputs.flag }}: 3\n",
        r#"{"a: b":1,"8080":2,"x-true":3}"#,
    );
    gives(
        "a: {{ '{' }}{{ '}' }}\n\"{{ inputs.name }}\": {b-{{ inputs.key }}: 1}\n",
        r##"{"a":"{}","it's: #1":{"b-a: b":1}}"##,
    );
    gives("{{ omit }}: 1\nb: 2\n", r#"{"b":2}"#);
    fails("{{ none }}: 1\n", "template/text", "cannot be part of a key");
    fails("{{ inputs.map }}: 1\n", "template/text", "a mapping, which cannot be part of a key");
    fails("{{ inputs.list }}: 1\n", "template/text", "a list");
    fails("a: 1\n{{ 'a' }}: 2\n", "yaml/duplicate-key", "`a` is given twice");
    fails("y: 1\n", "yaml/key", "quote it: `\"y\"`");
    fails("a: {x: 1, y: 2}\n", "yaml/key", "quote it: `\"y\"`");
}

#[test]
fn merged_mappings_do_not_override() {
    gives("a: 1\n<<: {{ inputs.map }}\nc: 3\n", r#"{"a":1,"b":1,"":{"x":[1]},"c":3}"#);
    gives("<<: {{ inputs.empty }}\n", "{}");
    gives("x: {<<: {{ inputs.map }}, b: 2}\n", r#"{"x":{"a":"2","":{"x":[1]},"b":2}}"#);
    gives("<<: [{{ {'a': 1} }}, {{ {'a': 2, 'b': 2} }}]\n", r#"{"a":1,"b":2}"#);
    gives("a: 1\n<<: {{ omit }}\n<<:\n", r#"{"a":1}"#);
    fails("<<: {{ inputs.port }}\n", "yaml/merge", "mapping");
    fails("<<: {{ inputs.list }}\n", "yaml/merge", "mapping");
}

#[test]
fn omitted_and_empty_entries_go_away() {
    gives("a: {{ inputs.missing | default(omit) }}\nb: 1\n", r#"{"b":1}"#);
    gives("a: [1, {{ omit }}, 2]\nb:\n  - {{ omit }}\n  - x\n", r#"{"a":[1,2],"b":["x"]}"#);
    gives("a: \"{{ omit }}\"\nb: 1\n", r#"{"b":1}"#);
    gives("a:\nb:\n  {% for x in inputs.none %}\n  - {{ x }}\n  {% endfor %}\nc: 1\n", r#"{"c":1}"#);
    gives("a: {{ {'x': omit, 'y': [1, omit]} }}\n", r#"{"a":{"y":[1]}}"#);
    gives("a:\n  b: {{ omit }}\n", r#"{"a":{}}"#);
    gives("a: {{ 1 if inputs.port == 1 else omit }}\nb: {{ 1 if inputs.port else omit }}\n", r#"{"b":1}"#);
    gives("{{ omit }}\n", "");
    gives("a: !!str\n", r#"{"a":""}"#);
    fails("a: {{ 'x' ~ omit }}\n", "template/value", "`omit`");
}

#[test]
fn captured_text_is_spliced_and_one_slot_keeps_its_type() {
    gives(
        "{% macro m(x) %}{{ x }}{% endmacro %}\na: {{ m(inputs.map) }}\nb: {{ m(8080) }}\n",
        r#"{"a":{"b":1,"a":"2","":{"x":[1]}},"b":8080}"#,
    );
    gives(
        "{% set x %}{{ inputs.port }}{% endset %}\na: {{ x }}\nb: \"{{ x }}\"\nc: {{ x | int + 1 }}\n",
        r#"{"a":8080,"b":"8080","c":8081}"#,
    );
    gives(
        "{% macro m() %}\nx: {{ inputs.name }}\nz:\n  - {{ inputs.list }}\n{% endmacro %}\na:\n  {{ m() | indent(2) }}\n",
        r##"{"a":{"x":"it's: #1","z":[[1,"1",{"k":"v"}]]}}"##,
    );
    gives(
        "{% macro m() %}<{{ inputs.name }}>{% endmacro %}\na: {{ 'a: ' ~ m() }}\nb: {{ m() | upper }}\n",
        r##"{"a":"a: <it's: #1>","b":"<IT'S: #1>"}"##,
    );
    gives(
        "{% macro m() %}<{{ caller() }}>{% endmacro %}\na: {% call m() %}{{ inputs.key }}{% endcall %}\n",
        r#"{"a":"<a: b>"}"#,
    );
    gives("{% filter upper %}a: {{ inputs.key }}{% endfilter %}\n", "\"A: A: B\"");
}

#[test]
fn anchors_tags_comments_and_blanks() {
    gives(
        "a: &x {{ inputs.map }}\nb: *x\n",
        r#"{"a":{"b":1,"a":"2","":{"x":[1]}},"b":{"b":1,"a":"2","":{"x":[1]}}}"#,
    );
    gives(
        "a: &x [\"{{ inputs.port }}\", {{ inputs.port }}]\nb: *x # {{ inputs.port }}\n",
        r#"{"a":["8080",8080],"b":["8080",8080]}"#,
    );
    gives("# {{ inputs.text }} {{ inputs.map }}\na: 1 # {{ omit }}\n", r#"{"a":1}"#);
    fails("a: &x{{ inputs.port }} 1\n", "template/anchor", "the name of an anchor");
    fails("a: !{{ inputs.port }} 1\n", "yaml/syntax", "tag");
    fails("a: !!int {{ inputs.port }}\n", "template/tag", "`!!int`");
    fails("a: !x 1\n", "template/tag", "`!x`");
    fails("{a:{{ inputs.port }}}\n", "template/blank", "a blank is missing after the colon");
    fails("x: 1\na:{{ inputs.port }}\nb: 1\n", "template/blank", "a blank is missing");
    fails("a: 1\nb: *y{{ inputs.port }}\n", "yaml/alias", "alias");
    fails("a: \"\\uFDD00\\uFDD1\"\nb: {{ inputs.port }}\n", "template/slot-character", "U+FDD0");
    fails("a: {{ \"\\ufdd00\\ufdd1\" }}\n", "template/slot-character", "U+FDD0");
}

#[test]
fn literals_that_readers_disagree_on_are_refused() {
    for literal in ["on", "0755", "2024-04-01", "1e3", "12:30:45", "yes"] {
        fails(&format!("a: {literal}\n"), "template/disputed", &format!("quote it: `\"{literal}\"`"));
        gives(&format!("a: \"{literal}\"\n"), &format!("{{\"a\":\"{literal}\"}}"));
    }
    gives("a: 1\nb: 1.5\nc: true\nd: text\ne: 25%\n", r#"{"a":1,"b":1.5,"c":true,"d":"text","e":"25%"}"#);
    fails("a: 99999999999999999999\n", "yaml/integer", "64 bits");
}

#[test]
fn computed_floats_without_a_fraction_are_refused() {
    fails("a: {{ inputs.port / 2 }}\n", "template/float", "divide with `//`: `inputs.port // 2`");
    fails("a: \"{{ 6 / 2 }}\"\n", "template/float", "`6 / 2` is a float where an integer is meant");
    fails("a: {{ [6 / 2] }}\n", "template/float", "//");
    gives(
        "a: {{ inputs.one }}\nb: [{{ 1 / 2 }}, {{ 7 // 2 }}]\nc: {{ [inputs.one] }}\n",
        r#"{"a":1.0,"b":[0.5,3],"c":[1.0]}"#,
    );
    fails("a: {{ 9223372036854775807 + 1 }}\n", "template/integer", "64 bits");
}

#[test]
fn several_documents_and_empty_ones() {
    gives(
        "a: {{ inputs.port }}\n---\n{% if inputs.missing is defined %}\nb: 1\n{% endif %}\n---\n# {{ inputs.port }}\n---\nc: {{ inputs.port }}\n",
        "{\"a\":8080}\n{\"c\":8080}",
    );
    gives(
        "{% for x in inputs.list %}\n---\na: {{ x }}\n{% endfor %}\n",
        "{\"a\":1}\n{\"a\":\"1\"}\n{\"a\":{\"k\":\"v\"}}",
    );
    gives("", "");
}

#[test]
fn lines_of_tags_vanish_in_blocks_lists_and_flow() {
    gives("a: |\n  x\n  {% if inputs.flag %}\n    y\n  {% endif %}\n  z\n", r#"{"a":"x\n  y\nz\n"}"#);
    gives("a: |-\n  {% for x in [1, 2] %}\n  {{ x }}\n  {% endfor %}\nb: 1\n", r#"{"a":"1\n2","b":1}"#);
    gives(
        "a:\n  {%- for x in [1, 2] %}\n  - {{ x }}\n  {%- endfor %}\n  {# done #}\n  - 3\n",
        r#"{"a":[1,2,3]}"#,
    );
    gives("a: [\n  {% for x in [1, 2] %}\n  {{ x }},\n  {% endfor %}\n  ]\n", r#"{"a":[1,2]}"#);
    gives("a: [{% for x in [1, 2] %}{{ x }}, {% endfor %}]\n", r#"{"a":[1,2]}"#);
    gives("a: |\n  {% raw %}\n  {{ $labels.x }}\n  {% endraw %}\n", r#"{"a":"{{ $labels.x }}\n"}"#);
}
