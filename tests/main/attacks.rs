//! Input that means harm: it is refused, at its place, in no time and with no more memory than it deserves.

use super::sandbox::Sandbox;
use std::time::{Duration, Instant};

const FLEET: &str = "source: {kind: GitRepository, url: \"https://example.com/fleet\", ref: {branch: main}, root: ./}\nflux: {version: \"2.9\", sync: none}\n";
const HEAD: &str = "cluster: {name: dev, domain: example.com}\n";
const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n";

fn project(environment: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("environments/fleet.yaml", FLEET.as_bytes());
    sandbox.write("environments/dev.yaml", format!("{HEAD}{environment}").as_bytes());
    sandbox
}

/// What a render that must fail says; that it wrote nothing.
fn refused(sandbox: &Sandbox) -> String {
    let output = sandbox.gen_(&["render", "dev"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(matches!(output.status.code(), Some(1 | 2)), "{:?}: {said}", output.status);
    assert_eq!(sandbox.tree("fleet-out"), "");
    said
}

fn first(said: &str) -> &str {
    said.lines().next().unwrap()
}

/// An environment whose one component has this template.
fn template(pack: &str, text: &str, inputs: &str) -> Sandbox {
    let sandbox = project(&format!("components: {{a: {{pack: p, inputs: {inputs}}}}}\n"));
    sandbox.write("templates/p/pack.yaml", format!("description: x\nstage: apps\n{pack}").as_bytes());
    sandbox.write("templates/p/x.yaml.j2", text.as_bytes());
    sandbox
}

fn extra(object: &str, more: &str) -> Sandbox {
    project(&format!("components: {{a: {{pack: raw, extra: {{x: {object}}}{more}}}}}\n"))
}

#[test]
fn twenty_thousand_mistakes_are_told_by_the_first_and_their_number() {
    let keys: String = (0..20_000).map(|n| format!("k{n}: 1\n")).collect();
    let said = refused(&project(&keys));
    assert_eq!(said.matches("error[input/unknown]").count(), 200);
    assert!(said.contains("and 19800 more of severity error"), "{}", &said[said.len() - 300..]);
    assert!(said.ends_with("20000 errors; nothing was written\n"), "{}", &said[said.len() - 300..]);
}

#[test]
fn long_chains_in_templates_do_not_end_the_stack() {
    let many = 50_000;
    for chain in [
        format!("1{}", "+1".repeat(many)),
        format!("{}1", "-".repeat(many)),
        format!("{}1", "not ".repeat(many)),
        format!("1{}", "|string".repeat(many)),
        format!("vars{}", ".a".repeat(many)),
        format!("1{}", " if 1 else 1".repeat(many)),
        format!("vars{}", "[1]".repeat(many)),
    ] {
        let said = refused(&template("", &format!("{OBJECT}  a: {{{{ {chain} }}}}\n"), "{}"));
        assert!(said.starts_with("error[template/syntax]: "), "{}", first(&said));
    }
    let elifs = format!("{{% if 1 %}}{}{{% endif %}}\n{OBJECT}", "{% elif 1 %}".repeat(many));
    let said = refused(&template("", &elifs, "{}"));
    assert!(said.starts_with("error[template/syntax]: more than 200 "), "{}", first(&said));
}

#[test]
fn chains_that_people_write_are_fine() {
    let sums = vec!["1 + 1"; 500].join(", ");
    let text = format!(
        "{OBJECT}  a: {{{{ [{sums}] | length | string }}}}\n  b: \"{{{{ 1{} }}}}\"\n",
        " + 1".repeat(150)
    );
    let sandbox = template("", &text, "{}");
    let output = sandbox.gen_(&["render", "dev"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(sandbox.tree("fleet-out/dev/apps").contains("\n  a: \"500\"\n  b: \"151\"\n"));
}

#[test]
fn values_that_double_have_an_end() {
    let double =
        "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}\n";
    let said = refused(&template("", &format!("{double}{OBJECT}  a: {{{{ ns.s }}}}\n"), "{}"));
    assert_eq!(first(&said), "error[template/size]: `ns.s` brings the values past 1000000 parts");
}

#[test]
fn references_that_multiply_have_an_end() {
    for (one, of_ten) in [("{$from: vars.kN}, ", "[T]"), ("{vars.kN}", "{$text: \"T\"}")] {
        let line = |n: usize| {
            let ten = one.replace('N', &(n + 1).to_string()).repeat(10);
            format!("  k{n}: {}\n", of_ten.replace('T', &ten))
        };
        let vars: String = (0..30).map(line).collect();
        let said = refused(&project(&format!("vars:\n{vars}  k30: xxxxxxxxxx\n")));
        assert!(said.starts_with("error[config/reference-size]: references bring "), "{}", first(&said));
    }
}

#[test]
fn forms_of_forms_have_an_end() {
    let defs: String = (0..40)
        .map(|n| {
            format!(
                "    a{n}: {{oneOf: [{{$ref: \"#/$defs/a{m}\"}}, {{$ref: \"#/$defs/a{m}\"}}]}}\n",
                m = n + 1
            )
        })
        .collect();
    let pack = format!(
        "inputs:\n  properties: {{m: {{$ref: \"#/$defs/a0\"}}}}\n  $defs:\n{defs}    a40: {{type: string}}\n"
    );
    let said = refused(&template(&pack, OBJECT, "{m: x}"));
    assert!(said.starts_with("error[pack/schema-forms]: `a0` has more than 1000 ways"), "{}", first(&said));
}

#[test]
fn an_object_of_ill_shape_is_no_object_before_and_after_patches() {
    let cm = |metadata: &str| format!("{{apiVersion: v1, kind: ConfigMap, metadata: {metadata}}}");
    let metadata = "`metadata` of an object is a mapping, not a list";
    let name = "`metadata.name` of an object is a string, not an integer";
    let namespace = "`metadata.namespace` of an object is a string, not an integer";
    for (object, patch, message) in [
        ("[]", "", metadata),
        ("{name: 5}", "", name),
        ("{name: x, namespace: 5}", "", namespace),
        ("{name: x}", "merge: {metadata: {namespace: 5}}", namespace),
        ("{name: x}", "json: [{op: replace, path: /metadata, value: []}]", metadata),
        ("{name: x}", "merge: {kind: null}", "the object has no `kind`"),
    ] {
        let patches = format!(", patches: {{p: {{target: {{kind: ConfigMap}}, {patch}}}}}");
        let said = refused(&extra(&cm(object), if patch.is_empty() { "" } else { &patches }));
        assert_eq!(first(&said), format!("error[render/not-an-object]: {message}"));
    }
}

#[test]
fn a_plain_secret_is_refused_and_not_told() {
    let secret = "{apiVersion: v1, kind: Secret, metadata: {name: x}, stringData: {password: hunter2}}";
    let said = refused(&extra(secret, ""));
    assert_eq!(first(&said), "error[secret/plain]: the Secret `x` of `a` would be committed in plain text");
    assert!(!said.contains("hunter2"));
}

#[test]
fn an_environment_that_is_null_is_not_passed_over() {
    let sandbox = project("");
    sandbox.write("environments/other.yaml", b"null\n");
    let output = sandbox.gen_(&["render", "--all"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(first(&said), "error[config/shape]: an environment is a mapping, not null");
}

#[test]
fn texts_full_of_addresses_take_no_time_that_grows_with_their_square() {
    let sandbox = project("");
    for part in [
        "a://",
        "a://{{",
        "a://h/?{{",
        "a://$({{${",
        "a://h/?token={{",
        "https://example.com/a/b?c=d&e,",
        "postgres://app:hunter2@db/?token=hunter3,",
    ] {
        sandbox.write("environments/files/x", part.repeat(300_000 / part.len()).as_bytes());
        let start = Instant::now();
        let output = sandbox.gen_(&["list"]);
        let time = start.elapsed();
        assert!(output.status.success(), "{part}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(time < Duration::from_secs(20), "{part}: {time:?}");
    }
}
