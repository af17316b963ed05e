//! The messages, as people see them.

use super::*;

const INPUTS: &str = "\
components:
  kuard:
    port: 8080
    ports: [1]
    half: 1
nothing: null
secret: hunter2
big: 9223372036854775807
";

/// The messages for a template are these.
#[track_caller]
fn says(template: &str, expected: &str) {
    let partial = ("_p.j2", "a: {{ inputs.components.kuard.host }}\n");
    let world = World::new(&[("object.yaml.j2", template), partial], INPUTS);
    let messages = world.render().expect_err("a bad template");
    assert!(messages == expected.trim_matches('\n'), "\n{messages}\n");
    assert!(!messages.contains("hunter2") || template.contains("hunter2"));
}

#[test]
fn what_is_not_set_is_named_with_the_place_to_set_it() {
    says(
        "a: {{ inputs.components.kuard.host }}\n",
        r#"
error[template/undefined]: `inputs.components.kuard.host` is not set
 --> templates/test/object.yaml.j2:1:7
  |
1 | a: {{ inputs.components.kuard.host }}
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ used here
  |
 ::: environments/prod.yaml:3:5
  |
3 |     port: 8080
  |     ---------- set `host` here
  |
  = help: set `inputs.components.kuard.host`, or give a default in the template or the pack's schema; `| default(omit)` leaves the key out
"#,
    );
    says(
        "a: {{ inputs.components.kuard.host | upper }}\n",
        r#"
error[template/undefined]: `inputs.components.kuard.host` is not set
 --> templates/test/object.yaml.j2:1:7
  |
1 | a: {{ inputs.components.kuard.host | upper }}
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ used here
  |
 ::: environments/prod.yaml:3:5
  |
3 |     port: 8080
  |     ---------- set `host` here
  |
  = help: set `inputs.components.kuard.host`, or give a default in the template or the pack's schema; `| default(omit)` leaves the key out
"#,
    );
    says(
        "a: [{{ [inputs.host] }}]\n",
        r#"
error[template/undefined]: `inputs.host` is not set
 --> templates/test/object.yaml.j2:1:8
  |
1 | a: [{{ [inputs.host] }}]
  |        ^^^^^^^^^^^^^ used here
  |
 ::: environments/prod.yaml:1:1
  |
1 | components:
  | ----------- set `host` here
  |
  = help: set `inputs.host`, or give a default in the template or the pack's schema; `| default(omit)` leaves the key out
"#,
    );
    says(
        "a: {{ inputs.components.kuard.port + inputs.host }}\n",
        r#"
error[template/undefined]: `inputs.host` is not set
 --> templates/test/object.yaml.j2:1:7
  |
1 | a: {{ inputs.components.kuard.port + inputs.host }}
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ used here
  |
 ::: environments/prod.yaml:1:1
  |
1 | components:
  | ----------- set `host` here
  |
  = help: set `inputs.host`, or give a default in the template or the pack's schema; `| default(omit)` leaves the key out
"#,
    );
}

#[test]
fn errors_in_includes_are_shown_where_they_happen() {
    says(
        "{% include '_p.j2' %}\n",
        r#"
error[template/undefined]: `inputs.components.kuard.host` is not set
 --> templates/test/_p.j2:1:7
  |
1 | a: {{ inputs.components.kuard.host }}
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ used here
  |
 ::: environments/prod.yaml:3:5
  |
3 |     port: 8080
  |     ---------- set `host` here
  |
  = help: set `inputs.components.kuard.host`, or give a default in the template or the pack's schema; `| default(omit)` leaves the key out
"#,
    );
}

#[test]
fn values_in_the_wrong_place() {
    says(
        "a: {{ inputs.components.kuard.ports }}-x\n",
        r#"
error[template/text]: `inputs.components.kuard.ports` is a list, which cannot be part of a text
 --> templates/test/object.yaml.j2:1:7
  |
1 | a: {{ inputs.components.kuard.ports }}-x
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
 ::: environments/prod.yaml:4:12
  |
4 |     ports: [1]
  |            --- set here
  |
  = help: write it as YAML text with `{{ inputs.components.kuard.ports | to_yaml }}`
  = help: or put the expression alone after the key, without quotes, to keep the structure
"#,
    );
    says(
        "a: {{ inputs.nothing }}\n",
        r#"
error[template/null]: `inputs.nothing` is null, and null may stand only under `values`
 --> templates/test/object.yaml.j2:1:7
  |
1 | a: {{ inputs.nothing }}
  |       ^^^^^^^^^^^^^^
  |
 ::: environments/prod.yaml:6:10
  |
6 | nothing: null
  |          ---- set here
  |
  = help: leave the key out: `| default(omit)` for what may be absent, `else omit` in a condition
"#,
    );
    says(
        "a: 1\n{{ 'a' }}: 2\n",
        r#"
error[yaml/duplicate-key]: the key `a` is given twice
 --> templates/test/object.yaml.j2:2:4
  |
2 | {{ 'a' }}: 2
  |    ^^^ again here
  |
 ::: templates/test/object.yaml.j2:1:1
  |
1 | a: 1
  | - first here
  |
  = help: keep one of them
"#,
    );
    says(
        "a: {{ inputs.components.kuard.half / 1 }}\n",
        r#"
error[template/float]: `inputs.components.kuard.half / 1` is a float where an integer is meant
 --> templates/test/object.yaml.j2:1:7
  |
1 | a: {{ inputs.components.kuard.half / 1 }}
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = note: `/` always gives a float, and readers differ on `3.0`
  = help: divide with `//`: `inputs.components.kuard.half // 1`
"#,
    );
}

#[test]
fn all_that_a_macro_wrote_wrong_names_the_macro() {
    says(
        "{% macro m(x) %}\nk: on\nv: {{ x }}-\n{% endmacro %}\na:\n  {{ m(inputs.components) | indent(2) }}\n",
        r#"
error[template/disputed]: readers of YAML disagree on `on`
 --> templates/test/object.yaml.j2:6:6
  |
6 |   {{ m(inputs.components) | indent(2) }}
  |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
 ::: templates/test/object.yaml.j2:1:1
  |
1 | {% macro m(x) %}
  | ---------------- in the macro `m`
  |
  = note: some readers take it for a boolean, others for text
  = help: quote it: `"on"`

error[template/text]: `inputs.components` is a mapping, which cannot be part of a text
 --> templates/test/object.yaml.j2:6:6
  |
6 |   {{ m(inputs.components) | indent(2) }}
  |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
 ::: environments/prod.yaml:2:3
  |
2 |   kuard:
  |   ------ set here
  |
 ::: templates/test/object.yaml.j2:1:1
  |
1 | {% macro m(x) %}
  | ---------------- in the macro `m`
  |
  = help: write it as YAML text with `{{ inputs.components | to_yaml }}`
  = help: or put the expression alone after the key, without quotes, to keep the structure
"#,
    );
}

#[test]
fn yaml_errors_stand_at_the_line_of_the_template() {
    says(
        "a: 1\n{% if true %}\n b: 2\n{% endif %}\n",
        r#"
error[yaml/syntax]: a `:` stands where no key can end
 --> templates/test/object.yaml.j2:3:3
  |
3 |  b: 2
  |   ^
  |
  = help: quote a text that contains `: `, and check the indentation
"#,
    );
    says(
        "x: {{ inputs.components.kuard.port }}\na:{{ inputs.nothing }}\n",
        r#"
error[template/blank]: a blank is missing after the colon
 --> templates/test/object.yaml.j2:2:1
  |
2 | a:{{ inputs.nothing }}
  | ^^^^^^^^^^^^^^^^^^^
  |
  = note: without it YAML takes name, colon and value together for one word
  = help: write `key: {{ … }}`
"#,
    );
}

#[test]
fn endless_templates_end() {
    says(
        "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}\na: {{ m(1) }}\n",
        r#"
error[template/recursion]: macros or includes nest too deeply
 --> templates/test/object.yaml.j2:1:20
  |
1 | {% macro m(n) %}{{ m(n + 1) }}{% endmacro %}
  |                    ^^^^^^^^ stopped here
  |
  = help: look for a macro that calls itself, or a template that includes itself
"#,
    );
    says(
        "{% for a in range(10000) %}\n{% for b in range(10000) %}\n{% endfor %}\n{% endfor %}\n",
        r#"
error[template/endless]: rendering this template takes too long
 --> templates/test/object.yaml.j2:2:1
  |
2 | {% for b in range(10000) %}
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^ stopped here
  |
  = note: it took more than 5000000 steps, or as many pieces of text
  = help: look for loops in loops, or for a macro that calls itself
"#,
    );
}

#[test]
fn what_cannot_be_computed_shows_no_value() {
    says(
        "a: {{ inputs.secret - inputs.components.kuard.port }}\n",
        r#"
error[template/failed]: tried to use - operator on unsupported types string and number
 --> templates/test/object.yaml.j2:1:7
  |
1 | a: {{ inputs.secret - inputs.components.kuard.port }}
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: check what `inputs.secret - inputs.components.kuard.port` is given
"#,
    );
    says(
        "a: {{ inputs.big * inputs.big * inputs.big }}\n",
        r#"
error[template/failed]: this has no result: the numbers are too large, or one is zero
 --> templates/test/object.yaml.j2:1:7
  |
1 | a: {{ inputs.big * inputs.big * inputs.big }}
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: check what `inputs.big * inputs.big * inputs.big` is given
"#,
    );
    says(
        "a: {{ inputs.secret | int }}\n",
        r#"
error[template/failed]: the filter `int`: invalid float literal
 --> templates/test/object.yaml.j2:1:7
  |
1 | a: {{ inputs.secret | int }}
  |       ^^^^^^^^^^^^^^^^^^^
  |
  = help: check what `inputs.secret | int` is given
"#,
    );
}
