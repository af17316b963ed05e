//! Templates that are refused, each with its place and message, and templates that are not.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    diag::{Sources, render},
    template::whitespace::prepare,
};
use std::sync::LazyLock;

const FILTERS: &[&str] = &[
    "default", "required", "d", "indent", "trim", "upper", "items", "dictsort", "sort", "join", "string",
    "map", "select", "length",
];
const TESTS: &[&str] = &["defined", "undefined", "string", "mapping"];
const FUNCTIONS: &[&str] = &["range", "dict", "namespace", "secret_ref"];
const ROOTS: &[&str] = &["inputs", "vars", "cluster", "environment", "component"];

/// The members that exist; `*` is any entry, `**` anything at all.
const MEMBERS: &[&str] = &[
    "inputs.name",
    "inputs.image",
    "inputs.replicas",
    "inputs.web.port",
    "inputs.web.host",
    "inputs.containers.*.port",
    "inputs.containers.*.pull",
    "inputs.routes.*.path",
    "inputs.ports.*",
    "inputs.labels.**",
    "vars.**",
];

fn chain(members: &[&str]) -> ChainVerdict {
    let paths: Vec<Vec<&str>> = MEMBERS.iter().map(|path| path.split('.').collect()).collect();
    for (at, member) in members.iter().enumerate() {
        let before = |path: &&Vec<&str>| {
            path.len() > at && path.iter().zip(&members[..at]).all(|(p, m)| p == m || *p == "*")
        };
        let open = paths.iter().any(|path| {
            path.iter().position(|p| *p == "**").is_some_and(|end| end <= at && path[..end] == members[..end])
        });
        let here: Vec<&str> = paths.iter().filter(before).map(|path| path[at]).collect();
        if !open && !here.is_empty() && !here.iter().any(|p| p == member || *p == "*") {
            return ChainVerdict::Unknown { at, candidates: here.iter().map(|p| (*p).to_owned()).collect() };
        }
    }
    ChainVerdict::Fine
}

fn syntax() -> &'static SyntaxConfig {
    static SYNTAX: LazyLock<SyntaxConfig> =
        LazyLock::new(|| SyntaxConfig::builder().keep_trailing_newline(true).build().unwrap());
    &SYNTAX
}

/// Checks files of a pack: `file:line:column id: message`, and all of it as it is printed.
fn checked(files: &[(&str, &str)]) -> (Vec<String>, String) {
    let mut sources = Sources::new();
    let mut problems = Problems::new();
    let mut texts = Vec::new();
    for (name, written) in files {
        let source = sources.add(*name, *written);
        match prepare(written, syntax()) {
            Ok(prepared) => texts.push((*name, *written, source, prepared)),
            Err(error) => problems.push(syntax_error(&error, source, written, syntax())),
        }
    }
    let units: Vec<Unit<'_>> = texts
        .iter()
        .map(|(name, written, source, text)| Unit {
            written,
            name,
            source: *source,
            text,
            syntax: syntax(),
            partial: name.starts_with('_'),
        })
        .collect();
    let known = Known {
        filters: FILTERS,
        tests: TESTS,
        functions: FUNCTIONS,
        roots: ROOTS,
        chain: &|members| chain(members),
    };
    check(&units, &known, &mut problems);
    let printed = problems.0.iter().map(|d| render(d, &sources, false)).collect();
    for problem in &problems.0 {
        assert!(!problem.help.is_empty(), "no remedy: {problem:?}");
        assert!(!problem.labels.is_empty(), "no place: {problem:?}");
    }
    let lines = problems
        .0
        .iter()
        .map(|d| format!("{} {}: {}", sources.locate(d.labels[0].place), d.id, d.message))
        .collect();
    (lines, printed)
}

fn refused(text: &str, expected: &[&str]) {
    let (lines, printed) = checked(&[("a.yaml.j2", text)]);
    let expected: Vec<String> = expected.iter().map(|line| format!("a.yaml.j2:{line}")).collect();
    assert_eq!(lines, expected, "{text}\n{printed}");
}

fn accepted(files: &[(&str, &str)]) {
    let (lines, printed) = checked(files);
    assert!(lines.is_empty(), "{files:?}\n{printed}");
}

/// A macro and a block whose text is captured, on lines 1 and 2.
const CAPTURED: &str = "{% macro m(x) %}{{ x }}{% endmacro %}\n{% set t %}a{{ inputs.name }}{% endset %}\n";

#[test]
fn what_looks_at_captured_text_is_refused() {
    let cases = [
        ("a: {{ m(1) == 'x' }}", "3:7", "m(1)", "compared"),
        ("a: {{ 'x' != t }}", "3:14", "t", "compared"),
        ("a: {{ 1 < 2 < t }}", "3:15", "t", "compared"),
        ("a: {{ 'x' in t }}", "3:14", "t", "searched with `in`"),
        ("a: {{ t not in ['x'] }}", "3:7", "t", "searched with `in`"),
        ("a: {{ t - 1 }}", "3:7", "t", "used in arithmetic"),
        ("a: {{ -t }}", "3:8", "t", "used in arithmetic"),
        ("a: {{ not t }}", "3:11", "t", "tested for truth"),
        ("{% if t %}\n{% endif %}", "3:7", "t", "tested for truth"),
        ("{% if 0 %}\n{% elif m(1) | trim %}\n{% endif %}", "4:9", "m(1) | trim", "tested for truth"),
        ("a: {{ t and 1 }}", "3:7", "t", "tested for truth"),
        ("a: {{ m(2) or 1 }}", "3:7", "m(2)", "tested for truth"),
        ("a: {{ 1 if t else 2 }}", "3:12", "t", "tested for truth"),
        ("{% for x in [1] if m(x) %}\n{% endfor %}", "3:20", "m(x)", "tested for truth"),
        ("{% for x in t %}\n{% endfor %}", "3:13", "t", "looped over"),
        ("a: {{ t[0] }}", "3:7", "t", "asked for a member"),
        ("a: {{ m(1).x }}", "3:7", "m(1)", "asked for a member"),
        ("a: {{ inputs.labels[t] }}", "3:21", "t", "used as a subscript"),
        ("a: {{ t[:2] }}", "3:7", "t", "sliced"),
        ("a: {{ [t] }}", "3:8", "t", "put into a list"),
        ("a: {{ (1, t) }}", "3:11", "t", "put into a list"),
        ("a: {{ {'k': t} }}", "3:13", "t", "put into a mapping"),
        ("a: {{ {t: 1} }}", "3:8", "t", "put into a mapping"),
        ("{% set ns = namespace() %}\n{% set ns.x = t %}", "4:15", "t", "put into a namespace"),
        ("{% set a, b = t %}", "3:15", "t", "taken apart"),
        ("a: {{ m(*t) }}", "3:10", "t", "spread over arguments"),
        ("a: {{ dict(x=t) }}", "3:14", "t", "given to something that is not a macro of the pack"),
        ("a: {{ 1 is string(t) }}", "3:19", "t", "given to the test `string` as an argument"),
        ("a: {{ [1] | join(t) }}", "3:18", "t", "given to the filter `join` as an argument"),
        ("a: {{ ('x' ~ t) == 'xa' }}", "3:8", "'x' ~ t", "compared"),
        ("a: {{ ('x' if 1 else t) == 'xa' }}", "3:8", "'x' if 1 else t", "compared"),
        ("a: {{ inputs.name | default(t) == 'x' }}", "3:7", "inputs.name | default(t)", "compared"),
        ("{% set u = t | indent(2) %}\na: {{ u == 'x' }}", "4:7", "u", "compared"),
        ("{% with u = m(1), v = u %}\na: {{ v == 'x' }}\n{% endwith %}", "4:7", "v", "compared"),
        ("{% macro n(y) %}{{ y == 1 }}{% endmacro %}\na: {{ n(t) }}", "3:20", "y", "compared"),
        ("{% macro n(y) %}{{ y == 1 }}{% endmacro %}\na: {{ n(y=t) }}", "3:20", "y", "compared"),
        ("{% macro n(y=t) %}{{ y == 1 }}{% endmacro %}\na: {{ n() }}", "3:22", "y", "compared"),
        (
            "{% macro n() %}{{ caller() == 1 }}{% endmacro %}\n{% call n() %}x{% endcall %}",
            "3:19",
            "caller()",
            "compared",
        ),
        (
            "{% macro n() %}{{ caller(t) }}{% endmacro %}\n{% call(z) n() %}{{ z == 1 }}{% endcall %}",
            "4:21",
            "z",
            "compared",
        ),
    ];
    for (text, at, captured, what) in cases {
        let expected = format!("{at} template/captured-text: captured text `{captured}` is {what}");
        refused(&format!("{CAPTURED}{text}\n"), &[&expected]);
    }
}

#[test]
fn captured_text_is_found_across_files_through_an_alias() {
    let lib = "{% macro labels(of) %}{{ of }}{% endmacro %}\n{% macro test(x) %}{{ 1 if x else 2 }}{% endmacro %}\n";
    let user = "{% from \"_lib/l.j2\" import labels as tags, test as probe %}\n{% import \"_lib/l.j2\" as l %}\n\
                {% set a = tags(1) %}\na: {{ a == 1 }}\nb: {{ probe(l.labels(2)) }}\n";
    let (lines, printed) = checked(&[("_lib/l.j2", lib), ("a.yaml.j2", user)]);
    assert_eq!(
        lines,
        [
            "_lib/l.j2:2:28 template/captured-text: captured text `x` is tested for truth",
            "a.yaml.j2:4:7 template/captured-text: captured text `a` is compared",
        ],
        "{printed}"
    );
    assert!(printed.contains("captured here"), "{printed}");
}

#[test]
fn an_included_template_sets_names_of_the_one_that_includes_it() {
    let (lines, printed) = checked(&[
        ("_x.j2", "{% set t %}{{ inputs.name }}{% endset %}\n"),
        ("a.yaml.j2", "{% set t = 1 %}\n{% include \"_x.j2\" %}\na: {{ t == 1 }}\n"),
    ]);
    assert_eq!(lines, ["a.yaml.j2:3:7 template/captured-text: captured text `t` is compared"], "{printed}");
}

#[test]
fn what_no_template_may_say_is_refused() {
    refused(
        "a: {{ inputs.name if inputs.web }}\n",
        &["1:7 template/inline-if: an inline `if` without `else` gives an undefined value"],
    );
    refused(
        "{% autoescape false %}x{% endautoescape %}\n",
        &["1:4 template/unsupported-tag: `autoescape` does not exist in templates of `gen`"],
    );
    refused(
        "{% block x %}{% endblock %}\n",
        &["1:4 template/unsupported-tag: `block` does not exist in templates of `gen`"],
    );
    refused(
        "{% extends 'a.yaml.j2' %}\n",
        &["1:4 template/unsupported-tag: `extends` does not exist in templates of `gen`"],
    );
    refused(
        "{% include inputs.name %}\n",
        &["1:12 template/computed-path: the path of an `import` or `include` is computed"],
    );
    refused(
        "{% include ['a.yaml.j2'] %}\n",
        &["1:12 template/computed-path: the path of an `import` or `include` is computed"],
    );
    refused(
        "{% include '_x.j2' ignore missing %}\n",
        &["1:12 template/unknown-template: there is no template `_x.j2`"],
    );
    refused("a: {{ 1 | uper }}\n", &["1:11 template/unknown-filter: there is no filter `uper`"]);
    refused(
        "a: {{ inputs.name | upper | safe }}\n",
        &["1:29 template/unknown-filter: there is no filter `safe`"],
    );
    refused("a: {{ [1] | map('uper') }}\n", &["1:17 template/unknown-filter: there is no filter `uper`"]);
    refused(
        "{% if inputs.name is maping %}\n{% endif %}\n",
        &["1:22 template/unknown-test: there is no test `maping`"],
    );
    refused(
        "{% filter uper %}a{% endfilter %}\n",
        &["1:11 template/unknown-filter: there is no filter `uper`"],
    );
    let slot = "template/slot-character: the characters U+FDD0 to U+FDD2 may not stand in a template";
    refused("a: \u{fdd0}0\u{fdd1}\n", &[&format!("1:4 {slot}"), &format!("1:6 {slot}")]);
    refused("a: {{ '\\ufdd0' ~ 1 }}\n", &[&format!("1:7 {slot}")]);
    refused("a: \"\\uFDD00\"\nb: \"\\U0000fdd1\"\n", &[&format!("1:5 {slot}"), &format!("2:5 {slot}")]);
}

#[test]
fn unknown_names_are_refused() {
    refused(
        "{% set w = inputs.web | required('why') %}\na: {{ w.prot }}\n",
        &["2:9 template/unknown-member: `inputs.web` has no member `prot`"],
    );
    refused("a: {{ inputs.repicas }}\n", &["1:14 template/unknown-member: `inputs` has no member `repicas`"]);
    refused(
        "{% if inputs.repicas.min %}\n{% endif %}\n",
        &["1:14 template/unknown-member: `inputs` has no member `repicas`"],
    );
    refused(
        "a: {{ inputs['repicas'] }}\n",
        &["1:14 template/unknown-member: `inputs` has no member `repicas`"],
    );
    refused(
        "a: {{ (inputs.web | default({})).prot }}\n",
        &["1:34 template/unknown-member: `inputs.web` has no member `prot`"],
    );
    refused("a: {{ cluster.nmae }}\n", &["1:15 template/unknown-member: `cluster` has no member `nmae`"]);
    refused(
        "{% for name, c in inputs.containers | items %}\n{{ name }}: {{ c.prot }}\n{% endfor %}\n",
        &["2:18 template/unknown-member: `inputs.containers[…]` has no member `prot`"],
    );
    refused(
        "{% for name, c in inputs.containers | dictsort | sort %}\n- {{ c.pul | default(1) }}\n{% endfor %}\n",
        &["2:8 template/unknown-member: `inputs.containers[…]` has no member `pul`"],
    );
    refused(
        "{% for r in inputs.routes %}\n- {{ r.pth }}\n{% endfor %}\n",
        &["2:8 template/unknown-member: `inputs.routes[…]` has no member `pth`"],
    );
    refused(
        "{% set w = inputs.web %}\na: {{ w.prot }}\n",
        &["2:9 template/unknown-member: `inputs.web` has no member `prot`"],
    );
    refused(
        "a: {{ inputs.containers[inputs.name].prot }}\n",
        &["1:38 template/unknown-member: `inputs.containers[…]` has no member `prot`"],
    );
    refused(
        "a: {{ environment.kubernets }}{{ component['stge'] }}{{ environment.flux.version }}\n",
        &[
            "1:19 template/unknown-member: `environment` has no member `kubernets`",
            "1:44 template/unknown-member: `component` has no member `stge`",
        ],
    );
    refused("a: {{ replicas }}\n", &["1:7 template/unknown-variable: nothing is called `replicas` here"]);
    refused(
        "{% for x in [1] %}\n{% set y = x %}\n{% endfor %}\na: {{ y }}\n",
        &["4:7 template/unknown-variable: nothing is called `y` here"],
    );
    refused("a: {{ loop.index }}\n", &["1:7 template/unknown-variable: there is no loop around `loop`"]);
    refused(
        "{% for x in [1] %}\n- {{ loop.idx }}\n{% endfor %}\n",
        &["2:11 template/unknown-member: `loop` has no member `idx`"],
    );
    refused("a: {{ rnge(3) }}\n", &["1:7 template/unknown-function: there is no function or macro `rnge`"]);
    refused(
        "{% for k, v in inputs.labels.items() %}\n{% endfor %}\n",
        &["1:16 template/unknown-function: `inputs.labels.items` cannot be called"],
    );
    let m = "{% macro m(x) %}{{ x }}{% endmacro %}\n";
    refused(&format!("{m}a: {{{{ m }}}}\n"), &["2:7 template/macro-value: `m` is a macro, not a value"]);
    refused(&format!("{m}{{% set f = m %}}\n"), &["2:12 template/macro-value: `m` is a macro, not a value"]);
    refused(
        &format!("{m}a: {{{{ m(1, 2) }}}}\n"),
        &["2:7 template/macro-call: macro `m` takes 1 arguments, 2 are given"],
    );
    refused(
        &format!("{m}a: {{{{ m(y=2) }}}}\n"),
        &["2:11 template/macro-call: macro `m` has no parameter `y`"],
    );
    refused(
        &format!("{m}{{% call m(1) %}}x{{% endcall %}}\n"),
        &["2:9 template/macro-call: macro `m` never says `caller()`, so `call` has no place for its body"],
    );
    let (lines, _) = checked(&[
        ("_lib/l.j2", m),
        (
            "a.yaml.j2",
            "{% from '_lib/l.j2' import n %}\n{% import '_lib/l.j2' as l %}\na: {{ l.mm(1) }}\n{% include '_libs/l.j2' %}\n",
        ),
    ]);
    assert_eq!(
        lines,
        [
            "a.yaml.j2:1:28 template/unknown-import: `_lib/l.j2` has no macro or value `n`",
            "a.yaml.j2:4:12 template/unknown-template: there is no template `_libs/l.j2`",
            "a.yaml.j2:3:9 template/unknown-import: `_lib/l.j2` has no macro or value `mm`",
        ]
    );
}

#[test]
fn syntax_errors_are_said_in_our_words_with_their_place() {
    refused("a\n{% if inputs.web %}\nb\n", &["2:4 template/syntax: `if` is never closed"]);
    refused(
        "{% for x in [1] %}\n{% if 1 %}\n{% endfor %}\n",
        &["3:4 template/syntax: `endfor` closes nothing that is open here"],
    );
    refused("{% fro x in [1] %}\n{% endfor %}\n", &["1:4 template/syntax: there is no tag `fro`"]);
    refused(
        "a: {{ inputs.name name }}\n",
        &["1:19 template/syntax: unexpected identifier, expected end of variable block"],
    );
    refused("a: {{ 'x }}\n", &["1:7 template/syntax: unexpected end of string"]);
    refused("a\n  {# c\n", &["2:3 template/syntax: unexpected end of comment"]);
    refused("{# b #}\n {# c\n", &["2:2 template/syntax: unexpected end of comment"]);
    refused("a: 1\n{% raw %}\n", &["2:1 template/syntax: unexpected end of raw block"]);
    refused("a: {{ 1\n", &["1:7 template/syntax: unexpected end of input, expected end of variable block"]);
    refused("{% endif %}\n", &["1:4 template/syntax: `endif` closes nothing that is open here"]);
    let (_, printed) = checked(&[("a.yaml.j2", "{% for x in [1] %}\n{% if 1 %}\n{% endfor %}\n")]);
    assert!(printed.contains("`{% endif %}`") && printed.contains("`if` is open"), "{printed}");
}

#[test]
fn remedies_name_what_was_meant() {
    let cases = [
        ("a: {{ inputs.repicas }}\n", "did you mean `replicas`?"),
        ("a: {{ name }}\n", "an input is read as `inputs.name`"),
        ("a: {{ 1 | uper }}\n", "did you mean `upper`?"),
        ("a: {{ inputs.name if inputs.web else none if 1 }}\n", "else omit"),
        ("{% for k, v in inputs.labels.items() %}\n{% endfor %}\n", "| items"),
        ("{% fro x in [1] %}\n{% endfor %}\n", "did you mean `for`?"),
    ];
    for (text, remedy) in cases {
        let (_, printed) = checked(&[("a.yaml.j2", text)]);
        assert!(printed.contains(remedy), "{printed}");
    }
}

#[test]
fn good_templates_are_accepted() {
    accepted(&[(
        "a.yaml.j2",
        &format!(
            "{CAPTURED}a: {{{{ t }}}}\nb: {{{{ 'x' ~ t ~ m(1) }}}}\nc: {{{{ m(t) | trim | indent(2) }}}}\n"
        ),
    )]);
    accepted(&[(
        "a.yaml.j2",
        &format!(
            "{CAPTURED}a: {{{{ t | upper == 'A' }}}}\nb: {{{{ t is defined }}}}\nc: {{{{ (t | string)[0] }}}}\n"
        ),
    )]);
    accepted(&[(
        "a.yaml.j2",
        "{% macro n(a, b=1) %}{{ a }}{{ caller() if caller is defined else omit }}{% endmacro %}\n\
         {% call n(1) %}x{% endcall %}\n{{ n(1, b=2) }}\n",
    )]);
    accepted(&[(
        "a.yaml.j2",
        "{% for name, c in inputs.containers | items %}\n{{ name }}: {{ c.port | default(omit) }} {{ loop.index }}\n{% else %}\n[]\n{% endfor %}\n",
    )]);
    accepted(&[(
        "a.yaml.j2",
        "{% set ns = namespace(n=0) %}\n{% for i in range(3) %}\n{% set ns.n = ns.n + i %}\n{% endfor %}\na: {{ ns.n }}\n\
         {% if ns.n == 3 and secret_ref('x') == 'y' %}\n{% endif %}\nb: {{ vars.any.thing }} {{ inputs.labels['a/b'] }}\n",
    )]);
    accepted(&[(
        "a.yaml.j2",
        "{% macro tree(n) %}{% for c in n recursive %}{{ loop(c) }}{% endfor %}{{ later }}{% endmacro %}\n{% set later = 1 %}\n{{ tree([]) }}\n",
    )]);
    accepted(&[
        ("_part.j2", "{{ item.x }}: {{ helper(1) }}{{ loop.index }}\n"),
        ("_lib/l.j2", "{% macro helper(x) %}{{ x }}{% endmacro %}\n{% set kind = 'a' %}\n"),
        (
            "a.yaml.j2",
            "{% from '_lib/l.j2' import helper, kind %}\n{% import '_lib/l.j2' as l %}\n{% for item in inputs.routes %}\n\
             {% include '_part.j2' %}\n{% endfor %}\na: {{ l.kind == kind }}{{ l.helper(2) }}\n",
        ),
    ]);
    // A name that is a loop's variable here and captured text in another file.
    accepted(&[("a.yaml.j2", "{% for t in [1] %}\n- {{ t == 1 }}\n{% endfor %}\n"), ("b.yaml.j2", CAPTURED)]);
    accepted(&[(
        "a.yaml.j2",
        "{% set w = inputs.web %}\n{% set w = inputs.labels %}\na: {{ w.anything }}\n",
    )]);
    accepted(&[("a.yaml.j2", "a: \"\\\\u00e9 \\uFDD3\"\n")]);
}

#[test]
fn expressions_are_found_by_the_range_of_an_output_span() {
    let lib = "# x\n{% macro m(x) %}\n{{ x }}{{ inputs.name }}\n{% endmacro %}\n";
    let text = "{% from '_lib/l.j2' import m as n %}\n{% set i = inputs.image | upper %}\n{% set b %}x{% endset %}\n\
                {% for name, c in inputs.containers | items %}\n{{ name }}: {{ c.port | default(1) }} {{ c['pull'] }}\n\
                {% endfor %}\n{{ i }} {{ b }} {{ n(1) | trim }} {{ inputs.web.port + 1 }} {{ inputs.ports[0] }}\n\
                {{ inputs.containers[inputs.name].port }} {{ component.name }} {{ inputs.image | required('x') }}\n";
    let texts = [prepare(lib, syntax()).unwrap(), prepare(text, syntax()).unwrap()];
    let mut sources = Sources::new();
    let mut unit = |name, text| Unit {
        name,
        source: sources.add("x", "x"),
        text,
        written: text,
        syntax: syntax(),
        partial: false,
    };
    let units = [unit("_lib/l.j2", texts[0].as_str()), unit("a.yaml.j2", texts[1].as_str())];
    let all = Expressions::of(&units);
    let chain = |path: &str| Expression::Chain(path.split('.').map(str::to_owned).collect());
    let of = |path: &str| Some(path.split('.').map(str::to_owned).collect());
    let local = |name: &str, bound_to: &str, of, kind| Expression::Local {
        name: name.to_owned(),
        bound_to: bound_to.to_owned(),
        of,
        kind,
    };
    let cases = [
        ("name", local("name", "inputs.containers | items", of("inputs.containers"), LocalKind::Loop)),
        ("inputs.image | required('x')", chain("inputs.image")),
        ("c.port | default(1)", chain("c.port")),
        ("c['pull']", chain("c.pull")),
        ("i", local("i", "inputs.image | upper", None, LocalKind::Set)),
        ("b", local("b", "", None, LocalKind::Block)),
        ("n(1) | trim", Expression::Call { name: "m".into(), template: "_lib/l.j2".into(), line: 2 }),
        ("inputs.web.port + 1", Expression::Computed),
        ("inputs.ports[0]", chain("inputs.ports.0")),
        ("inputs.containers[inputs.name].port", chain("inputs.containers.*.port")),
        ("component.name", chain("component.name")),
    ];
    for (written, expected) in cases {
        let start = text.find(&format!("{{{{ {written} }}}}")).unwrap() + 3;
        assert_eq!(all.find("a.yaml.j2", &(start..start + written.len())), Some(&expected), "{written}");
    }
    let start = lib.find("x }}").unwrap();
    let parameter = local("x", "", None, LocalKind::Parameter);
    assert_eq!(all.find("_lib/l.j2", &(start..start + 1)), Some(&parameter));
    assert_eq!(all.find("a.yaml.j2", &(0..1)), None);
}

#[test]
fn spans_of_the_renderer_are_those_of_the_lookup() {
    let text = "{% macro m() %}{{ caller() }}{% endmacro %}\na: {{ inputs.name | default('x') }}\n\
                b: {{ (1 if inputs.name else 2) }}\n{% call m() %}t{% endcall %}{% filter upper %}u{% endfilter %}\n";
    let prepared = prepare(text, syntax()).unwrap();
    let mut sources = Sources::new();
    let unit = Unit {
        name: "a",
        source: sources.add("a", text),
        text: &prepared,
        written: text,
        syntax: syntax(),
        partial: false,
    };
    let all = Expressions::of(&[unit]);
    let mut environment = minijinja::Environment::new();
    environment.set_syntax(syntax().clone());
    environment.add_template("a", &prepared).unwrap();
    let context = minijinja::context! { inputs => minijinja::context! { name => "n" } };
    let (_, spans) = environment.get_template("a").unwrap().render_with_spans(context).unwrap();
    let found: Vec<bool> = spans
        .iter()
        .filter(|span| span.kind() == minijinja::OutputSpanKind::Expression)
        .map(|span| all.find("a", &span.source_range()).is_some())
        .collect();
    assert_eq!(found, [true; 4]);
}
