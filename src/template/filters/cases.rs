//! What every filter, test and function gives, and what it says when it cannot.
#![allow(clippy::unwrap_used)]

use super::*;
use minijinja::{AutoEscape, UndefinedBehavior, context};
use proptest::prelude::*;

/// Stands for the slots: captured text reads `<…>`, filled in it reads `…`.
fn fill(value: &Value) -> Result<Value, Error> {
    Ok(match value.as_str().filter(|_| value.is_safe()) {
        Some(text) => Value::from(text.trim_start_matches('<').trim_end_matches('>')),
        None => value.clone(),
    })
}

fn environment() -> Environment<'static> {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    env.set_auto_escape_callback(|_| AutoEscape::Custom("yaml".into()));
    env.set_formatter(|out, _, value| out.write_fmt(format_args!("{value}")).map_err(Error::from));
    let files = [("a.json", "{}"), ("dash/b.json", "[1]"), ("dash/deep/c.json", "3"), ("x.txt", "text\n")];
    let files = files.into_iter().map(|(name, text)| (name.to_owned(), Arc::from(text))).collect();
    register(&mut env, Arc::new(files), Arc::from(["admin".to_owned(), "tls".to_owned()]), fill);
    env
}

fn eval(expression: &str) -> Result<Value, String> {
    let env = environment();
    let compiled = env.compile_expression(expression).map_err(|e| format!("{e:?}"))?;
    let captured = Value::from_safe_string("<  a b  >".to_owned());
    let context = context! {
        m => context! { b => 1, a => vec!["x", "y"] },
        captured,
        blank => Value::from_safe_string("<>".to_owned()),
        component => context! { name => "grafana" },
    };
    compiled.eval(context).map_err(|why| why.detail().unwrap_or("no detail").to_owned())
}

/// The result as JSON, or what was said.
fn json(expression: &str) -> String {
    match eval(expression) {
        Ok(value) if value.is_undefined() => "undefined".to_owned(),
        Ok(value) => crate::template::convert::to_node(&value)
            .map_or_else(|why| format!("{why:?}"), |node| crate::yaml::to_json(&node, None)),
        Err(why) => format!("! {why}"),
    }
}

#[test]
fn the_lists_are_sorted_and_say_what_exists() {
    let names = |table: Vec<(&'static str, Value)>| {
        let mut names: Vec<&str> = table.into_iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names(filter_table()), NAMES);
    assert_eq!(names(test_table()), TESTS);
    assert_eq!(names(function_table(Arc::default(), Arc::from([]))), FUNCTIONS);
    for gone in ["safe", "escape", "e", "format", "debug", "pprint", "attr"] {
        assert!(!NAMES.contains(&gone) && !TESTS.contains(&gone) && !FUNCTIONS.contains(&gone));
        assert!(eval(&format!("1 | {gone}")).is_err());
    }
}

#[test]
fn every_filter_but_default_refuses_undefined_by_its_name() {
    for name in NAMES {
        let said = json(&format!("nope | {name}"));
        match name {
            "default" | "d" => assert_eq!(said, "\"\""),
            "required" => assert!(said.starts_with("! the filter `required`"), "{said}"),
            _ => assert_eq!(said, format!("! the filter `{name}` was given an undefined value")),
        }
    }
    for name in TESTS.iter().filter(|t| t.starts_with(char::is_alphabetic)) {
        let said = json(&format!("nope is {name}"));
        match *name {
            "defined" => assert_eq!(said, "false"),
            "undefined" => assert_eq!(said, "true"),
            _ => assert_eq!(said, format!("! the test `{name}` was given an undefined value")),
        }
    }
    assert_eq!(json("'a' | replace('a', nope)"), "! an argument of the filter `replace` is undefined");
    assert_eq!(json("nope | default(2)"), "2");
    assert_eq!(json("'' | default('x', true)"), "\"x\"");
}

#[test]
fn captured_text_stays_captured_only_where_it_may() {
    for expression in
        ["captured | indent(2)", "captured | trim", "captured | default('x')", "nope | default(captured)"]
    {
        assert!(eval(expression).unwrap().is_safe(), "{expression}");
    }
    for expression in [
        "captured | upper",
        "captured | replace('a', 'b')",
        "'x' | replace('x', captured)",
        "captured | string",
    ] {
        let value = eval(expression).unwrap();
        assert!(!value.is_safe() && !value.as_str().unwrap().contains(['<', '>']), "{expression} {value}");
    }
    assert_eq!(json("blank | default('x', true)"), "\"x\"");
    assert!(eval("captured | default('x', true)").unwrap().is_safe());
    assert_eq!(json("captured | length"), "7");
    assert_eq!(json("[1, 2] | join(d=captured)"), "\"1  a b  2\"");
    assert_eq!(json("captured is startingwith('  a')"), "true");
}

#[test]
fn filters_of_the_engine() {
    for (expression, expected) in [
        ("m | keys", r#"["b","a"]"#),
        ("m | values", r#"[1,["x","y"]]"#),
        ("m | items", r#"[["b",1],["a",["x","y"]]]"#),
        ("m | dictsort", r#"[["a",["x","y"]],["b",1]]"#),
        ("[3, 1, 2] | sort | map('string') | join('-')", "\"1-2-3\""),
        ("['a', 'b'] | map('upper') | list", r#"["A","B"]"#),
        ("[{'n': 1}, {'n': 2}] | selectattr('n', '>', 1) | map(attribute='n') | list", "[2]"),
        ("range(3) | list", "[0,1,2]"),
        ("range(5, 0, -2) | list", "[5,3,1]"),
        ("dict(a=1)", r#"{"a":1}"#),
        ("'a,b' | split(',')", r#"["a","b"]"#),
        ("'a b/c?' | urlencode", "\"a%20b/c%3F\""),
        ("{'q': 'a b', 'r': 1} | urlencode", "\"q=a%20b&r=1\""),
        ("'abc' is containing('b')", "true"),
        ("m is containing('z')", "false"),
        ("1 | keys", "! the filter `keys`: it takes a mapping, not an integer"),
        ("'x' | int", "! the filter `int`: invalid float literal"),
    ] {
        assert_eq!(json(expression), expected, "{expression}");
    }
}

#[test]
fn texts() {
    for (expression, expected) in [
        ("m | tojson", r#""{\"b\":1,\"a\":[\"x\",\"y\"]}""#),
        ("'<a href=\"x\">&' | tojson", r#""\"<a href=\\\"x\\\">&\"""#),
        ("[1] | to_json(indent=2)", r#""[\n  1\n]""#),
        ("[1] | to_json(indent=99)", "! the filter `to_json`: `indent` is a number from 0 to 16"),
        ("m | to_yaml", r#""b: 1\na:\n  - x\n  - \"y\"""#),
        ("'1.10' | to_yaml", r#""\"1.10\"""#),
        ("'a: [1, x]' | from_yaml", r#"{"a":[1,"x"]}"#),
        ("'{\"a\": [1, 2.5, null]}' | from_json", r#"{"a":[1,2.5,null]}"#),
        (
            "'[1,' | from_json",
            "! the filter `from_json`: this is no JSON: EOF while parsing a value at line 1 column 3",
        ),
        (
            "'18446744073709551615' | from_json",
            "! the filter `from_json`: this is no JSON: an integer is beyond 64 bits",
        ),
        ("'hello' | b64encode", "\"aGVsbG8=\""),
        ("'aGVs\nbG8=' | b64decode", "\"hello\""),
        ("'secret!' | b64decode", "! the filter `b64decode`: the text is not base64"),
        ("'/w==' | b64decode", "! the filter `b64decode`: what is decoded is not text in UTF-8"),
        ("'abc' | sha256", "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\""),
        ("'' | required('set the host')", "! the filter `required`: set the host"),
        ("none | required('set the host')", "! the filter `required`: set the host"),
        ("nope | required('set the host')", "! the filter `required`: set the host"),
        ("0 | required('set the host')", "0"),
        ("'a1b22' | regex_replace('[0-9]+', '<$0>')", "\"a<1>b<22>\""),
        ("'abc' | regex_replace('(?P<x>b)', '${x}${x}')", "\"abbc\""),
        ("'abc' | regex_replace('', '-')", "\"-a-b-c-\""),
        ("'abc' | regex_match('^b')", "false"),
        ("'abc' is regex_match('b')", "true"),
        (
            "'abc' is regex_match('(')",
            "! the test `regex_match`: `(` is no regular expression: unclosed group",
        ),
        ("[1] | sha256", "! the filter `sha256`: it takes a string, not a list"),
    ] {
        assert_eq!(json(expression), expected, "{expression}");
    }
    assert!(json("'a: 1\na: 2' | from_yaml").contains("in line 2 of the text"));
}

#[test]
fn dns_labels() {
    for (expression, expected) in [
        ("'my-app' | dns_label", "my-app".to_owned()),
        ("'My App' | dns_label", format!("my-app-{}", &crate::hash::sha256(b"My App")[..8])),
        ("'my app' | dns_label", format!("my-app-{}", &crate::hash::sha256(b"my app")[..8])),
        ("'-' | dns_label", crate::hash::sha256(b"-")[..8].to_owned()),
        ("'' | dns_label", crate::hash::sha256(b"")[..8].to_owned()),
        ("'abcdefghij-klm' | dns_label(12)", format!("abc-{}", &crate::hash::sha256(b"abcdefghij-klm")[..8])),
    ] {
        assert_eq!(json(expression), format!("\"{expected}\""), "{expression}");
    }
    assert_eq!(json("'a' | dns_label(3)"), "! the filter `dns_label`: the length is a number from 9 to 253");
}

#[test]
fn amounts() {
    for (expression, expected) in [
        ("'1024Mi' | quantity", "\"1Gi\""),
        ("0.5 | quantity", "\"500m\""),
        ("'500m' | quantity_add('0.5')", "\"1\""),
        ("'1Gi' | quantity_mul(1.5)", "\"1536Mi\""),
        (
            "'1Gi' | quantity_mul('2k')",
            "! the filter `quantity_mul`: `2k` is no factor; write a number such as 1.5",
        ),
        ("'1Gi' | quantity_compare('1G')", "1"),
        ("'1Gi' | quantity_compare('1024Mi')", "0"),
        ("'1Gi' | to_bytes", "1073741824"),
        ("'1.5' | to_millicores", "1500"),
        ("'7Ei' | quantity_mul(2)", "! the filter `quantity_mul`: the result is too large for a quantity"),
        (
            "'1GB' | quantity",
            "! the filter `quantity`: `1GB` is no quantity: `GB` is not a suffix; they are n u m k M G T P E, Ki Mi Gi Ti Pi Ei and e3",
        ),
        ("'90m' | duration", "\"1h30m\""),
        ("'30d' | duration", "\"720h\""),
        ("'720h' | prom_duration", "\"30d\""),
        ("'1h' | duration_add('30s')", "\"1h30s\""),
        ("'1m' | duration_mul(1.5)", "\"1m30s\""),
        (
            "'1m' | duration_mul(-1)",
            "! the filter `duration_mul`: the result is too long for a duration, or negative",
        ),
        ("'1d' | duration_seconds", "86400"),
        ("'1500ms' | duration_seconds", "1.5"),
        (
            "'soon' | duration",
            "! the filter `duration`: `soon` is no duration: a number is missing before `soon`",
        ),
    ] {
        assert_eq!(json(expression), expected, "{expression}");
    }
}

#[test]
fn networks() {
    for (expression, expected) in [
        ("'10.0.0.0/24' | cidr_host(5)", "\"10.0.0.5\""),
        ("'10.0.0.7/24' | cidr_host(-1)", "\"10.0.0.255\""),
        ("'10.0.0.0/24' | cidr_host(256)", "! the filter `cidr_host`: 10.0.0.0/24 has no address number 256"),
        ("'fd00::/64' | cidr_host(17)", "\"fd00::11\""),
        ("'::/0' | cidr_host(-1)", "\"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\""),
        ("'10.0.0.0/16' | cidr_subnet(8, 3)", "\"10.0.3.0/24\""),
        (
            "'10.0.0.0/16' | cidr_subnet(8, 256)",
            "! the filter `cidr_subnet`: 10.0.0.0/16 has only 256 networks of /24",
        ),
        (
            "'10.0.0.0/16' | cidr_subnet(17, 0)",
            "! the filter `cidr_subnet`: 10.0.0.0/16 cannot be longer by 17 bits",
        ),
        ("'fd00::/48' | cidr_subnet(16, 162)", "\"fd00:0:0:a2::/64\""),
        ("'::/0' | cidr_subnet(128, 1)", "\"::1/128\""),
        ("'0.0.0.0/0' | cidr_subnet(0, 0)", "\"0.0.0.0/0\""),
        ("'10.0.0.0/20' | cidr_netmask", "\"255.255.240.0\""),
        ("'10.0.0.0/8' | cidr_contains('10.1.2.3')", "true"),
        ("'10.0.0.0/8' | cidr_contains('10.0.0.0/7')", "false"),
        ("'10.0.0.0/8' | cidr_contains('fd00::1')", "false"),
        (
            "'10.0.0/8' | cidr_netmask",
            "! the filter `cidr_netmask`: `10.0.0/8` is no network such as `10.0.0.0/16`",
        ),
    ] {
        assert_eq!(json(expression), expected, "{expression}");
    }
}

#[test]
fn versions() {
    for (expression, expected) in [
        ("'v1.34' | semver_compare('>=1.33, <2')", "true"),
        ("'1.2.3-rc.1' | semver_compare('>=1.2.3')", "false"),
        ("'1.2.3' | semver_compare('~1.3')", "false"),
        (
            "'1.2.3' | semver_compare('1.2')",
            "! the filter `semver_compare`: `1.2` does not say how to compare; write `=1.2`, `^1.2` or `>=1.2`",
        ),
        ("'1.2.3-rc.1+b5' | semver", r#"{"major":1,"minor":2,"patch":3,"prerelease":"rc.1","build":"b5"}"#),
        ("('1.34' | semver).minor", "34"),
        ("'latest' | semver", "! the filter `semver`: `latest` is no version such as `1.2.3`"),
    ] {
        assert_eq!(json(expression), expected, "{expression}");
    }
}

#[test]
fn what_belongs_to_the_pack() {
    for (expression, expected) in [
        ("file('x.txt')", r#""text\n""#),
        (
            "file('dash/b.jsn')",
            "! the function `file`: the pack has no file `files/dash/b.jsn`; did you mean `dash/b.json`?",
        ),
        ("files('*.json') | keys", r#"["a.json"]"#),
        ("files('dash/*') | keys", r#"["dash/b.json"]"#),
        ("files('**/*.json') | keys", r#"["a.json","dash/b.json","dash/deep/c.json"]"#),
        ("files('dash/**') | keys", r#"["dash/b.json","dash/deep/c.json"]"#),
        ("files('?.json')", r#"{"a.json":"{}"}"#),
        ("files('*.yaml')", "! the function `files`: no file under `files/` matches `*.yaml`"),
        ("secret_ref('admin')", "\"grafana-admin\""),
        (
            "secret_ref('amin')",
            "! the function `secret_ref`: the pack's `secrets:` does not declare `amin`; did you mean `admin`?",
        ),
        (
            "secret_ref('database')",
            "! the function `secret_ref`: the pack's `secrets:` does not declare `database`; it declares `admin` and `tls`",
        ),
        ("content_hash({'a': 1, 'b': 2}) == content_hash({'b': 2, 'a': 1})", "true"),
        ("content_hash('1') == content_hash(1)", "false"),
        ("content_hash('a') | length", "10"),
    ] {
        assert_eq!(json(expression), expected, "{expression}");
    }
}

#[test]
fn nothing_grows_without_bounds() {
    for (expression, expected) in [
        ("range(1000000000)", "! the function `range`: the range has more than 100,000 numbers"),
        (
            "range(-9223372036854775807, 9223372036854775807)",
            "! the function `range`: the range has more than 100,000 numbers",
        ),
        ("range(9223372036854775807, -9223372036854775807, -9223372036854775807) | length", "2"),
        ("range(1, 2, 0)", "! the function `range`: the step is 0"),
        ("'a' | indent(1000000000)", "! the filter `indent`: the width is more than 200"),
        ("'a' | indent(width=1000000000)", "! the filter `indent`: the width is more than 200"),
        (
            "range(100000) | join(range(100000) | join('xxxx'))",
            "! the filter `join`: the result is longer than 16 MiB",
        ),
        (
            "(range(100000) | join) | replace('1', range(100000) | join)",
            "! the filter `replace`: the result is longer than 16 MiB",
        ),
        (
            "(range(100000) | join) | regex_replace('1', range(100000) | join)",
            "! the filter `regex_replace`: the result is longer than 16 MiB",
        ),
        (
            "'a' | regex_match('(((a{1000}){1000}){1000})')",
            "! the filter `regex_match`: `(((a{1000}){1000}){1000})` is no regular expression: Compiled regex exceeds size limit of 1048576 bytes.",
        ),
    ] {
        assert_eq!(json(expression), expected, "{expression}");
    }
    assert_eq!(json("[1] | slice(100000000)"), "! the filter `slice`: the count is more than 10,000");
    assert_eq!(json("[1] | batch(100000000, 0)"), "! the filter `batch`: the count is more than 10,000");
}

fn argument() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i128>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-3_i64..3).prop_map(Value::from),
    ];
    let text = prop_oneof![
        "\\PC{0,20}".prop_map(Value::from),
        "[0-9.:/a-zA-Z%{}*?|()+-]{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "10.0.0.0/8",
            "::/0",
            "0.0.0.0/0",
            "1.2.3",
            "1Gi",
            "1h",
            "99999999y",
            "**",
            "upper",
            "-1"
        ])
        .prop_map(Value::from),
    ];
    let leaf = prop_oneof![
        number,
        text,
        any::<bool>().prop_map(Value::from),
        Just(Value::from(())),
        Just(Value::UNDEFINED),
        Just(Value::from_safe_string("<x>".to_owned())),
        Just(Value::from_bytes(vec![0, 255])),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((inner.clone(), inner), 0..3).prop_map(crate::template::convert::mapping),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_panics(arguments in prop::collection::vec(argument(), 1..5)) {
        let env = environment();
        let names = ["a", "b", "c", "d"];
        let context: BTreeMap<&str, Value> = names.into_iter().zip(arguments.iter().cloned()).collect();
        let list = names[1..arguments.len()].join(", ");
        for name in NAMES {
            let compiled = env.compile_expression_owned(format!("a | {name}({list})")).unwrap();
            let _ = compiled.eval(&context);
        }
        for name in TESTS.iter().filter(|t| t.starts_with(char::is_alphabetic)) {
            let compiled = env.compile_expression_owned(format!("a is {name}({list})")).unwrap();
            let _ = compiled.eval(&context);
        }
        for name in FUNCTIONS {
            let compiled = env.compile_expression_owned(format!("{name}({})", names[..arguments.len()].join(", "))).unwrap();
            let _ = compiled.eval(&context);
        }
    }

    #[test]
    fn labels_are_labels_and_differ_when_their_texts_do(a in "\\PC{0,80}", b in "\\PC{0,80}") {
        let label = |text: &str| {
            let env = environment();
            let value = env.compile_expression("t | dns_label").unwrap().eval(context! { t => text }).unwrap();
            value.as_str().unwrap().to_owned()
        };
        let (one, two) = (label(&a), label(&b));
        prop_assert!(crate::schema::Format::DnsLabel.check(&one).is_ok(), "{one}");
        prop_assert_eq!(label(&one), one.clone());
        prop_assert_eq!(a == b, one == two);
    }

    #[test]
    fn subnets_lie_in_their_network(a in any::<u32>(), length in 0_u8..=32, bits in 0_u8..=32, n in any::<u32>()) {
        let net = format!("{}/{length}", std::net::Ipv4Addr::from_bits(a));
        let env = environment();
        let context = context! { net, bits, n => u64::from(n) };
        let subnet = env.compile_expression("net | cidr_subnet(bits, n)").unwrap().eval(&context);
        let possible = length + bits <= 32 && u64::from(n) < 1_u64 << bits;
        prop_assert_eq!(subnet.is_ok(), possible);
        if let Ok(subnet) = subnet {
            let inside = env.compile_expression("net | cidr_contains(subnet)").unwrap();
            let inside = inside.eval(context! { subnet, ..context }).unwrap();
            prop_assert!(inside.is_true());
        }
    }

    #[test]
    fn data_survives_yaml_json_and_conversion(value in "\\PC{0,30}", n in any::<i64>(), f in -1e300_f64..1e300) {
        let data = crate::template::convert::mapping([
            (Value::from("text"), Value::from(value)),
            (Value::from("list"), Value::from(vec![Value::from(n), Value::from(f), Value::from(true), Value::from(())])),
        ]);
        let env = environment();
        for expression in ["d | to_json | from_json", "d | to_yaml | from_yaml"] {
            let again = env.compile_expression(expression).unwrap().eval(context! { d => data.clone() });
            prop_assert_eq!(&again.unwrap(), &data, "{}", expression);
        }
    }
}
