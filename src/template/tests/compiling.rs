//! A pack as a whole: partials, `_lib`, delimiters, files, Secrets, the schema; and one pack on many threads.

use super::*;

fn file(sources: &mut Sources, path: &str, text: &str) -> TemplateFile {
    TemplateFile { path: path.into(), source: sources.add(path, text), text: text.into() }
}

/// A world whose only template is this, with what else a pack may have.
fn pack(template: &str) -> World {
    World::new(&[("o.yaml.j2", template)], "{port: 80, m: {a: {port: 1}}}")
}

/// All that belongs to a world's pack.
fn set<'a>(world: &'a World, schema: &'a Schema) -> TemplateSet<'a> {
    TemplateSet {
        pack: "test",
        templates: &world.templates,
        lib: &[],
        files: &world.files,
        delimiters: None,
        schema,
        secrets: &world.secrets,
    }
}

fn rendered(set: &TemplateSet<'_>, world: &World) -> Result<String, String> {
    let mut problems = Problems::new();
    let compiled = compile(set, &mut problems);
    let nodes = compiled.and_then(|compiled| compiled.render("o.yaml.j2", &world.context, &mut problems));
    nodes.map(|nodes| yaml::to_json(&nodes[0], None)).ok_or_else(|| world.messages(&problems))
}

#[test]
fn partials_are_not_rendered_alone() {
    let world =
        World::new(&[("a.yaml.j2", "a: 1\n"), ("_p.yaml.j2", "b: 1\n"), ("sub/c.yaml.j2", "c: 1\n")], "{}");
    let compiled = world.compile(&mut Problems::new()).expect("good");
    assert_eq!(compiled.templates().collect::<Vec<_>>(), ["a.yaml.j2", "sub/c.yaml.j2"]);
}

#[test]
fn lib_files_are_found_and_the_first_of_a_path_wins() {
    let mut sources = Sources::new();
    let macros = "{% from '_lib/b.j2' import y %}{% macro x() %}{{ y() }}{% endmacro %}";
    let lib = [
        file(&mut sources, "_lib/a.j2", macros),
        file(&mut sources, "_lib/b.j2", "{% macro y() %}own{% endmacro %}"),
        file(&mut sources, "_lib/b.j2", "{% macro y() %}built in{% endmacro %}"),
        file(&mut sources, "_lib/unused.j2", "{% nonsense %}"),
    ];
    let world = pack("{% from '_lib/a.j2' import x %}\na: {{ x() }}\n");
    let schema = Schema::default();
    let set = TemplateSet { lib: &lib, ..set(&world, &schema) };
    assert_eq!(rendered(&set, &world).as_deref(), Ok(r#"{"a":"own"}"#));
}

#[test]
fn other_delimiters_leave_braces_alone() {
    let pair = |open: &str, close: &str| (open.to_owned(), close.to_owned());
    let marks = Delimiters { variable: pair("<<", ">>"), block: pair("<%", "%>"), comment: pair("<#", "#>") };
    let world =
        pack("<% if inputs.port %>\na: << inputs.port >>\nb: \"{{ $labels.x }}\" <# no #>\n<% endif %>\n");
    let schema = Schema::default();
    let set = TemplateSet { delimiters: Some(&marks), ..set(&world, &schema) };
    assert_eq!(rendered(&set, &world).as_deref(), Ok(r#"{"a":80,"b":"{{ $labels.x }}"}"#));
    let same = Delimiters { variable: pair("<%", "%>"), ..marks.clone() };
    let message = rendered(&TemplateSet { delimiters: Some(&same), ..set }, &world).expect_err("refused");
    assert!(message.contains("the `delimiters` of pack `test` cannot be told apart"), "{message}");
}

#[test]
fn lib_files_have_the_usual_delimiters_in_every_pack() {
    let pair = |open: &str, close: &str| (open.to_owned(), close.to_owned());
    let marks = Delimiters { variable: pair("<<", ">>"), block: pair("<%", "%>"), comment: pair("<#", "#>") };
    let mut sources = Sources::new();
    let macros = "{% macro x(port) %}{# no #}{{ port }}{% endmacro %}\n";
    let lib = [file(&mut sources, "_lib/a.j2", macros)];
    let world = pack("<% from '_lib/a.j2' import x %>\na: << x(inputs.port) >>\nb: \"{{ $labels.x }}\"\n");
    let schema = Schema::default();
    let set = TemplateSet { lib: &lib, delimiters: Some(&marks), ..set(&world, &schema) };
    assert_eq!(rendered(&set, &world).as_deref(), Ok(r#"{"a":80,"b":"{{ $labels.x }}"}"#));
}

#[test]
fn files_and_secrets_of_the_pack_are_at_hand() {
    let mut world =
        pack("a: |-\n  {{ file('x.json') }}\nb: {{ secret_ref('admin') }}\nc: {{ files('*.json') }}\n");
    world.files.insert("x.json".to_owned(), "{{ raw }}: ${x}\n".into());
    world.secrets.push("admin".to_owned());
    let schema = Schema::default();
    let expected = r#"{"a":"{{ raw }}: ${x}\n","b":"kuard-admin","c":{"x.json":"{{ raw }}: ${x}\n"}}"#;
    assert_eq!(rendered(&set(&world, &schema), &world).as_deref(), Ok(expected));
}

#[test]
fn chains_are_checked_against_the_schema_at_load() {
    let mut world = pack(
        "a: {{ inputs.prot }}\n{% for n, c in inputs.m | items %}\nb: {{ c.prot }}\n{% endfor %}\nc: {{ inputs.m.x.port }}\n\
         {% if cluster.nme %}\nd: 1\n{% endif %}\n",
    );
    let text = "properties:\n  port: {type: integer}\n  m: {type: object, additionalProperties: {type: object, properties: {port: {type: integer}}}}\n";
    let id = world.sources.add("pack.yaml", text);
    let node = yaml::read_one(text, id, &mut Problems::new()).expect("YAML");
    let schema = Schema::parse(&node, &world.sources, &mut Problems::new()).expect("a schema");
    let messages = rendered(&set(&world, &schema), &world).expect_err("refused");
    let found: Vec<&str> =
        messages.lines().filter(|line| line.contains("error[") || line.contains("did you mean")).collect();
    assert_eq!(
        found,
        [
            "error[template/unknown-member]: `inputs` has no member `prot`",
            "  = help: did you mean `port`?",
            "error[template/unknown-member]: `inputs.m[…]` has no member `prot`",
            "  = help: did you mean `port`?",
            "error[template/unknown-member]: `cluster` has no member `nme`",
            "  = help: did you mean `name`?",
        ],
        "{messages}"
    );
}

#[test]
fn one_pack_is_shared_by_many_threads() {
    let world = pack("a: {{ inputs.port }}\nb: {{ inputs.m }}\n");
    let compiled = world.compile(&mut Problems::new()).expect("good");
    std::thread::scope(|scope| {
        for port in 0..8_i64 {
            let (compiled, context) = (&compiled, world.context.clone());
            scope.spawn(move || {
                let map: yaml::Map =
                    [("port", Node::new(port)), ("m", Node::new(yaml::Map::new()))].into_iter().collect();
                let inputs = Root::new("inputs", &Node::new(map), &mut Problems::new()).expect("plain");
                let context = Context { inputs, ..context };
                for _ in 0..50 {
                    let nodes =
                        compiled.render("o.yaml.j2", &context, &mut Problems::new()).expect("renders");
                    assert_eq!(nodes[0].get("a").and_then(Node::as_int), Some(port));
                }
            });
        }
    });
}

#[test]
fn templates_have_no_way_out() {
    for bad in [
        "a: {{ inputs.port | safe }}\n",
        "a: {{ inputs.port | escape }}\n",
        "{% autoescape false %}\na: 1\n{% endautoescape %}\n",
        "{% extends 'x' %}\n",
        "{% block x %}{% endblock %}\n",
        "{% include inputs.port %}\n",
        "a: {{ 1 if inputs.port }}\n",
        "a: {{ debug() }}\n",
        "a: {{ nope }}\n",
        "{% set x %}1{% endset %}\na: {{ 1 if x == '1' else 2 }}\n",
    ] {
        let world = pack(bad);
        let schema = Schema::default();
        assert!(compile(&set(&world, &schema), &mut Problems::new()).is_none(), "{bad}");
    }
}
