//! What templates decide by values that they do not print.

use super::*;

/// Where the first template looks at a path: the expressions, `!` for whether there are objects, `=` for what is printed.
fn looks(templates: &[(&str, &str)], path: &str) -> Vec<String> {
    let world = World::new(templates, "{}");
    let compiled = world.compile(&mut Problems::new()).expect("good templates");
    let steps: Vec<String> = path.split('.').map(str::to_owned).collect();
    let decisions = compiled.decisions();
    let seen = decisions.of(templates[0].0).iter().filter(|d| !d.prints && d.looks_at(&steps));
    let told = |decision: &Decision| {
        let mark = if decision.objects { "!" } else { "" };
        let printed = if decision.emitted.is_some() { "=" } else { "" };
        format!("{mark}{printed}{}", world.sources.slice(decision.place))
    };
    seen.map(told).collect()
}

fn looks_in(template: &str, path: &str) -> Vec<String> {
    looks(&[("o.yaml.j2", template)], path)
}

#[test]
fn conditions_and_loops_decide_and_printing_does_not() {
    let template = "{% if inputs.a is defined %}\nkind: X\n{% endif %}\nb: {{ inputs.b }}\nc: \"{{ inputs.c }}\"\n\
        {% for d in inputs.d if d > 1 %}\n{% if inputs.e and d %}\nf: 1\n{% endif %}\n{% endfor %}\n";
    assert_eq!(looks_in(template, "inputs.a"), ["!inputs.a"]);
    assert_eq!(looks_in(template, "inputs.b"), [] as [&str; 0]);
    assert_eq!(looks_in(template, "inputs.c"), [] as [&str; 0]);
    assert_eq!(looks_in(template, "inputs.d"), ["inputs.d"]);
    assert_eq!(looks_in(template, "inputs.d.0"), ["d", "d"], "the loop's own condition, and the one inside");
    assert_eq!(looks_in(template, "inputs.e"), ["inputs.e"]);
}

#[test]
fn what_chooses_a_printed_value_is_seen_there() {
    let template = "a: {{ inputs.a if inputs.b else inputs.c }}\nd: {{ inputs.m[inputs.k] | default(inputs.e) }}\n\
        f: {{ [inputs.f, inputs.g] | max }}\n";
    assert_eq!(looks_in(template, "inputs.a"), [] as [&str; 0]);
    assert_eq!(looks_in(template, "inputs.b"), ["=inputs.b"]);
    assert_eq!(looks_in(template, "inputs.k"), ["=inputs.k"]);
    assert_eq!(looks_in(template, "inputs.e"), [] as [&str; 0]);
    assert_eq!(looks_in(template, "inputs.f"), ["=inputs.f"]);
}

#[test]
fn whatever_looks_inside_matters_with_all_that_is_inside() {
    let template = "{% if 'x' in inputs.a %}\nb: 1\n{% endif %}\n{% if inputs.c | length > 1 %}\nd: 1\n{% endif %}\n\
        {% for e in inputs.e | sort(attribute='weight') %}\n- {{ e.name }}\n{% endfor %}\n";
    assert_eq!(looks_in(template, "inputs.a.0"), ["inputs.a"]);
    assert_eq!(looks_in(template, "inputs.c"), ["inputs.c"]);
    assert_eq!(looks_in(template, "inputs.e.0.weight"), ["inputs.e", "'weight'"]);
}

#[test]
fn macros_of_other_templates_decide_by_what_they_are_given() {
    let own = "{% from '_m.j2' import m %}\na:\n  {{ m(inputs.p) | indent(2) }}\nb: {{ inputs.q.path }}\n";
    let templates = [
        ("o.yaml.j2", own),
        ("_m.j2", "{% macro m(p) %}\n{% if p.path %}\nx: {{ p.port }}\n{% endif %}\n{% endmacro %}\n"),
    ];
    assert_eq!(looks(&templates, "inputs.p"), [] as [&str; 0], "it is handed on");
    assert_eq!(looks(&templates, "inputs.p.path"), ["p.path"]);
    assert_eq!(looks(&templates, "inputs.p.port"), [] as [&str; 0]);
    assert_eq!(looks(&templates, "inputs.q.path"), [] as [&str; 0], "no call gives the macro `inputs.q`");
}

#[test]
fn names_that_are_set_stand_for_what_they_were_set_to() {
    let template = "{% set a = inputs.a %}\n{% if a > 1 %}\nkind: X\n{% endif %}\n\
        {% if inputs.x %}\n{% set b = inputs.b %}\n{% else %}\n{% set b = 1 %}\n{% endif %}\nb: {{ b }}\n";
    assert_eq!(looks_in(template, "inputs.a"), ["!a"]);
    assert_eq!(looks_in(template, "inputs.b"), ["!inputs.b"], "what comes of it is not known");
}

#[test]
fn reads_are_what_was_read_in_this_rendering() {
    let template = "{% if inputs.a %}\nb: {{ inputs.b.c }}\n{% else %}\nd: {{ inputs.d }}\n{% endif %}\n\
        {% if inputs.b.x is defined %}\ne: 1\n{% endif %}\n";
    let world = World::new(&[("o.yaml.j2", template)], "{a: true, b: {c: 1}, d: 2}");
    let compiled = world.compile(&mut Problems::new()).expect("good templates");
    let reads = compiled.reads("o.yaml.j2", &world.context);
    let paths: Vec<&str> = reads.paths.iter().map(|path| &**path).collect();
    assert_eq!(paths, ["inputs.a", "inputs.b", "inputs.b.c"]);
    assert_eq!(reads.misses.into_iter().collect::<Vec<_>>(), ["inputs.b.x"]);
}
