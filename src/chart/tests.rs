//! Charts of our own, whose facts are known.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    diag::{Problems, Sources},
    yaml::{self, Node},
};
use proptest::prelude::*;

const CHART: &str = "name: app\nversion: 1.2.0\nappVersion: 1.10\n";

fn facts(values: &str) -> Facts {
    read(&ChartFiles { chart: CHART, values, ..ChartFiles::default() }).unwrap()
}

fn with_schema(values: &str, schema: &str) -> Facts {
    read(&ChartFiles { chart: CHART, values, schema: Some(schema), ..ChartFiles::default() }).unwrap()
}

/// The lines of the values, without those that every chart has.
fn lines(facts: &Facts) -> String {
    let text = write(facts);
    let values = text.split_once("values:\n").unwrap().1;
    let own =
        |line: &&str| ![" fullnameOverride?: any", " nameOverride?: any", " global: open"].contains(line);
    let bare = |line: &str| line.split_once(" ~ ").map_or(line, |(line, _)| line).to_owned();
    values.lines().filter(own).map(|line| bare(line) + "\n").collect()
}

fn node(text: &str) -> Node {
    let source = Sources::new().add("values.yaml", text);
    yaml::read_one(text, source, &mut Problems::new()).unwrap()
}

fn wrong(facts: &Facts, values: &str) -> Vec<String> {
    let said = |misfit: &Misfit| match &misfit.wrong {
        Wrong::Key { near: None } => format!("{}?", misfit.path.join(".")),
        Wrong::Key { near: Some(near) } => format!("{}: {near}?", misfit.path.join(".")),
        Wrong::Type { takes, given } => format!("{}: {given}, not {takes}", misfit.path.join(".")),
    };
    judge(facts, &node(values)).iter().map(said).collect()
}

#[test]
fn types_come_from_defaults_and_names() {
    let values = "\
enabled: true
useHost: false
sampleLimit: false
replicas: 2
port: 80
ratio: 0.5
tag: v1
none: ''
namespaces: ''
unset:
tilde: ~
text: |
  a
  b
list: [a]
extraVolumes: []
free: {}
podLabels: {}
";
    let wanted = " enabled: bool = true
 useHost: bool = false
 sampleLimit: scalar = false
 replicas: int|string = 2
 port: number|string = 80
 ratio: number|string = 0.5
 tag: number|string = \"v1\"
 none: scalar = \"\"
 namespaces: any = \"\"
 unset: any = null
 tilde: any = null
 text: string
 list: list
 extraVolumes: string|list|open
 free: string|open
 podLabels: open
";
    assert_eq!(lines(&facts(values)), wanted);
}

#[test]
fn a_mapping_is_closed_unless_something_speaks_for_more() {
    let values = "\
image: {repository: a, tag: b}
securityContext: {runAsUser: 1, capabilities: {drop: [ALL]}}
app.ini: {server: {port: 1}}
config:
  level: info
  port: 1
settings:
  # -- The level
  level: info
  # -- The port
  port: 1
route:
  main: {enabled: false, host: ''}
ports:
  web: {port: 80, name: web}
  metrics: {port: 90, name: metrics}
containerPort: {http: 80}
files: {a.txt: x}
# Passed on to the object as it is
object: {kind: x}
";
    let wanted = " image: map
  repository: number|string = \"a\"
  tag: number|string = \"b\"
 securityContext: open
  runAsUser: any = 1
  capabilities: any
   drop: any
 app.ini: open
  server: any
   port: any = 1
 config: open
  level: any = \"info\"
  port: any = 1
 settings: map
  level: number|string = \"info\"
  port: number|string = 1
 route: open
  main: map
   enabled: bool = false
   host: scalar = \"\"
  *: map
   enabled: bool
   host: scalar
 ports: open
  web: map
   port: number|string = 80
   name: number|string = \"web\"
  metrics: map
   port: number|string = 90
   name: number|string = \"metrics\"
  *: map
   port: number|string
   name: number|string
 containerPort: open
  http: number|string = 80
 files: open
  a.txt: number|string = \"x\"
 object: open
  kind: number|string = \"x\"
";
    let facts = facts(values);
    assert_eq!(lines(&facts), wanted);
    assert_eq!(
        wrong(&facts, "image: {tags: x}\nsecurityContext: {x: 1}\nroute: {other: {hosts: []}}"),
        ["image.tags: tag?", "route.other.hosts: host?"]
    );
}

#[test]
fn comments_name_keys_and_types() {
    let values = "\
service:
  annotations: {}
  # example.com/x: y
  port: 443
  # clusterIP: 192.0.2.1
# -- (int) How many
limit:
# -- (string/bool) What
# mode: strict
rules:
  list: []
    # - a: b
    #   nested: c
  # resource:
  #   cpu: x
## Example that belongs to labels
labels: {}
# team: shop

# Note: nothing of this is a key, see https://example.com
# This: is a whole sentence that is prose
# pathType: Prefix
## @param image.tag [string] The tag
## @param free [object] Whatever
image:
  tag: ''
free:
  a: 1
";
    let wanted = " service: map
  annotations: open
  port: number|string = 443
  clusterIP?: any
 limit: number|string = null
 rules: map
  list: list
  resource?: any
 labels: open
 image: map
  tag: scalar = \"\"
 free: open
  a: number|string = 1
 mode?: scalar
 pathType?: any
";
    let usual = known::usual("service").iter().map(|key| format!("  {key}?: any\n"));
    let lines = usual.fold(lines(&facts(values)), |lines, line| {
        if line.contains("clusterIP?") { lines } else { lines.replace(&line, "") }
    });
    assert_eq!(lines, wanted);
}

#[test]
fn text_of_several_lines_holds_no_comments() {
    let values = "a:\n  text: |\n    # x: 1\n    y\n  folded: \"\n    # z: 1\"\n  b: 1 # @schema type:[integer, null]\n";
    let wanted = " a: map\n  text: string\n  folded: number|string = \" # z: 1\"\n  b: int = 1\n";
    assert_eq!(lines(&facts(values)), wanted);
}

#[test]
fn what_templates_read_is_known() {
    let values = "image: ''\nserver: {port: 80}\nlabels: {}\n";
    let template = "{{- if .Values.threads }}{{ $.Values.threads.min }}{{ .Values.server.host | quote }}{{ end }}
{{ .Values.image.tag }} {{ .Values.labels.app }} {{ .Values.server.port }} {{ .Values.global.x }} {{ .Values.nameOverride }}.";
    let facts =
        read(&ChartFiles { chart: CHART, values, templates: vec![template], ..ChartFiles::default() })
            .unwrap();
    let wanted = " image: scalar|open = \"\"\n server: map\n  port: number|string = 80\n  host?: any\n labels: open\n threads?: any\n";
    assert_eq!(lines(&facts), wanted);
    assert_eq!(parse(&write(&facts)).as_ref(), Ok(&facts));
    let given = "{threads: 2, image: {tag: a}, server: {host: x, hots: y}, thread: 1}";
    assert_eq!(wrong(&facts, given), ["server.hots: host?", "thread: threads?"]);
    // A schema that knows all keys is right about them.
    let closed = r#"{"properties": {"server": {"additionalProperties": false, "properties": {"port": {}}}}}"#;
    let files = ChartFiles {
        chart: CHART,
        values,
        schema: Some(closed),
        templates: vec![template],
        ..ChartFiles::default()
    };
    assert_eq!(wrong(&read(&files).unwrap(), "{server: {host: x}}"), ["server.host: port?"]);
}

#[test]
fn a_mapping_whose_options_are_listed_elsewhere_is_passed_on() {
    let values = "\
config:
  # Visit https://example.com/api to view all options.
  app:
    provider: {type: a}
  # All options: a, b
  # See https://example.com
  mode: {name: a}
";
    let facts = facts(values);
    let given = "{config: {app: {provider: {kubernetes: {}}, limits: {}}, mode: {nam: b}, aap: {}}}";
    assert_eq!(wrong(&facts, given), ["config.mode.nam: name?", "config.aap: app?"]);
}

#[test]
fn comments_may_be_a_schema() {
    let values = "\
# @schema additionalProperties:true
open:
  a: 1
# @schema
# type: [string, 'null']
# @schema
# The text
text:
closed:  # @schema additionalProperties: false
  b: x
  # c: y
list: []  # @schema item: string; type: array
";
    let wanted = " open: open\n  a: any = 1\n text: string = null\n closed: map\n  b: number|string = \"x\"\n list: list\n";
    assert_eq!(lines(&facts(values)), wanted);
}

#[test]
fn a_schema_counts_more_than_defaults() {
    let values = "tag: ''\nreplicas: 1\nmap: {a: 1}\nports: {web: {port: 1}}\nfree: {a: {b: 1}}\n";
    let schema = r##"{
        "$defs": {"port": {"type": "object", "properties": {"port": {"type": "integer"}, "name": {"type": "string", "default": "x"}}, "additionalProperties": false},
                  "tree": {"type": "object", "properties": {"child": {"$ref": "#/$defs/tree"}}}},
        "properties": {
            "tag": {"type": ["string", "null"]},
            "replicas": {"anyOf": [{"type": "integer"}, {"const": "auto"}]},
            "map": {"additionalProperties": false, "properties": {"a": {"enum": [1, "one"]}}},
            "ports": {"type": "object", "additionalProperties": {"$ref": "#/$defs/port"}},
            "free": {"type": "object", "additionalProperties": true},
            "hidden": {"type": "array", "items": {"type": "string"}},
            "remote": {"$ref": "https://example.com/x.json"},
            "tree": {"$ref": "#/$defs/tree"}
        }
    }"##;
    let facts = with_schema(values, schema);
    let text = lines(&facts);
    let wanted = " tag: string = \"\"
 replicas: int|string = 1
 map: map
  a: int|string = 1
 ports: open
  web: map
   port: int = 1
   name: string = \"x\"
  *: map
   port: int
   name: string = \"x\"
 free: open
  a: any
   b: any = 1
 hidden: list
  -: string
 remote: any
 tree: open
";
    assert_eq!(&text[..wanted.len()], wanted);
    let given = "{tag: 1, replicas: [], map: {other: 1}, ports: {x: {port: http, nam: y}}, free: {z: 1}, hidden: [1], remote: {a: 1}, more: 1}";
    assert_eq!(
        wrong(&facts, given),
        [
            "tag: an integer, not a string",
            "replicas: a list, not an integer or a string",
            "map.other?",
            "ports.x.port: a string, not an integer",
            "ports.x.nam: name?",
            "hidden.0: an integer, not a string",
            "more?"
        ]
    );
}

#[test]
fn subcharts_stand_under_their_keys() {
    let parent = "name: stack\nversion: 1.0.0\ndependencies:\n  - {name: store, alias: logs, version: 2.x, condition: 'logs.enabled,all.enabled'}\n  - {name: far, version: 1.0.0}\n";
    let store = ChartFiles {
        chart: "name: store\nversion: 2.1.0\n",
        values: "size: 1\nmode: a\n# color: red\n",
        ..ChartFiles::default()
    };
    let files = ChartFiles {
        chart: parent,
        values: "logs: {size: 2, extra: '', color: blue}\n",
        subcharts: vec![store],
        ..ChartFiles::default()
    };
    let facts = read(&files).unwrap();
    let wanted = "chart: stack 1.0.0
subchart: store 2.x as logs if logs.enabled or all.enabled
subchart: far 1.0.0
values:
 fullnameOverride?: any
 nameOverride?: any
 logs: map
  size: number|string = 2
  mode: number|string = \"a\"
  color: any = \"blue\"
  fullnameOverride?: any
  nameOverride?: any
  global: open
  extra: scalar = \"\"
  enabled: bool
 all: open
  enabled: bool
 far: open
 global: open
";
    assert_eq!(write(&facts), wanted);
    assert_eq!(wrong(&facts, "{logs: {siz: 1}, far: {x: 1}, global: {z: 1}}"), ["logs.siz: size?"]);
    assert_eq!(wrong(&facts, "{logs: {size: null}, all: null}"), Vec::<String>::new());
}

/// Minutes if each line looked at all above it.
#[test]
fn ten_thousand_lines_of_comments_are_no_matter() {
    let lines: String = (0..10_000).map(|number| format!("# key{number}: {number}\n")).collect();
    let facts = facts(&format!("a: 1\n{lines}b: 1\n"));
    assert!(facts.values.members.contains_key("key9999"));
}

#[test]
fn what_cannot_be_read_is_told() {
    let read = |chart, values, schema| {
        read(&ChartFiles { chart, values, schema, ..ChartFiles::default() }).unwrap_err()
    };
    assert_eq!(read("version: 1.0.0\n", "", None), "Chart.yaml: it has no `name`");
    assert_eq!(
        read(CHART, "a: [1\n", None),
        "app: values.yaml:1:6: a list in brackets or a mapping in braces is not well formed"
    );
    assert_eq!(read(CHART, "- a\n", None), "app: values.yaml: it is no mapping");
    assert!(read(CHART, "", Some("{")).starts_with("app: values.schema.json: EOF while parsing"));
    // Deeper than any stack would bear.
    let deep: String = (1..4000).map(|depth| format!("{}a: map\n", " ".repeat(depth))).collect();
    let said = parse(&format!("chart: a 1.0.0\nvalues:\n{deep}")).unwrap_err();
    assert_eq!(said.why, "it is nested too deeply");
}

/// What `parse` says of a text, with line, column and what is marked.
fn refused(text: &str) -> String {
    let NoFacts { at, why } = parse(text).expect_err(text);
    let (before, marked) = (&text[..at.start], &text[at]);
    let column = before.len() - before.rfind('\n').map_or(0, |end| end + 1) + 1;
    format!("{}:{column} `{marked}`: {why}", before.matches('\n').count() + 1)
}

#[test]
fn a_text_that_is_no_facts_is_refused_at_its_place() {
    for (text, said) in [
        ("", "1:1 ``: facts begin with `chart:` and end with `values:`"),
        ("chart: a 1.0.0\n", "1:1 `chart: a 1.0.0`: facts begin with `chart:` and end with `values:`"),
        ("values:\n", "1:1 `values:`: not a line of facts"),
        ("chart: a 1.0.0\nchart: a 1.0.0\nvalues:\n", "2:1 `chart: a 1.0.0`: not a line of facts"),
        ("chart: a 1.0.0\nsubchart: b\nvalues:\n", "2:1 `subchart: b`: not a line of facts"),
        ("chart: a 1.0.0\nsubchart: b 1 as\nvalues:\n", "2:1 `subchart: b 1 as`: no subchart"),
        ("chart: a  1.0.0\nvalues:\n", "1:1 `chart: a  1.0.0`: not a line of facts"),
        ("chart: \"a 1.0.0\nvalues:\n", "1:8 `\"a 1.0.0`: a string has no end"),
    ] {
        assert_eq!(refused(text), said);
    }
    for (lines, said) in [
        (" a: integer", "3:5 `integer`: `integer` is no type"),
        (" a: map\r\n  b: integer", "4:6 `integer`: `integer` is no type"),
        ("  a: int", "3:1 `  a: int`: not a line of facts"),
        ("\ta: int", "3:1 `\ta: int`: not a line of facts"),
        (" a: map\n   b: int", "4:1 `   b: int`: not a line of facts"),
        (" a:int", "3:2 `a:int`: no `: `"),
        (" a", "3:2 `a`: no `: `"),
        (" \"a: int", "3:2 `\"a: int`: a string has no end"),
        (" \"\\x\": int", "3:2 `\"\\x\": int`: no string of JSON"),
        (" a: int = x", "3:11 `x`: no text, number, boolean or null of JSON"),
        (" a: int =  2", "3:11 ` 2`: no text, number, boolean or null of JSON"),
        (" a: int = 2 ", "3:11 `2 `: no text, number, boolean or null of JSON"),
        (" a: list = [1]", "3:12 `[1]`: no text, number, boolean or null of JSON"),
        (" a: int =2", "3:5 `int =2`: `int =2` is no type"),
        (" a: int  = 2", "3:5 `int `: `int ` is no type"),
        (" a: list ~ 4f53cda", "3:12 `4f53cda`: `4f53cda` is no hash of 8 digits `0-9a-f`"),
        (" a: list ~ 4f53cda12", "3:12 `4f53cda12`: `4f53cda12` is no hash of 8 digits `0-9a-f`"),
        (" a: list ~ 4F53CDA1", "3:12 `4F53CDA1`: `4F53CDA1` is no hash of 8 digits `0-9a-f`"),
        (" a: list ~ 4f53cdag", "3:12 `4f53cdag`: `4f53cdag` is no hash of 8 digits `0-9a-f`"),
        (" a: list ~  4f53cda1", "3:12 ` 4f53cda1`: ` 4f53cda1` is no hash of 8 digits `0-9a-f`"),
        (" a: list ~ 4f53cda1 ", "3:12 `4f53cda1 `: `4f53cda1 ` is no hash of 8 digits `0-9a-f`"),
        (" a: list ~ ", "3:12 ``: `` is no hash of 8 digits `0-9a-f`"),
        (" a: list ~", "3:5 `list ~`: `list ~` is no type"),
        (" a: list ~4f53cda1", "3:5 `list ~4f53cda1`: `list ~4f53cda1` is no type"),
        (" a: list ~ 4f53cda1 = \"x\"", "3:23 `\"x\"`: a default stands here, and the hash of one before it"),
        (" a: list ~ h = \"x\"", "3:12 `h`: `h` is no hash of 8 digits `0-9a-f`"),
        (" a: int\n b: int\n a: int", "5:2 `a`: `a` is given twice"),
        (" a: map\n  *: int\n  *: int", "5:3 `*`: `*` is given twice"),
        (" a: list\n  -: int\n  -: int", "5:3 `-`: `-` is given twice"),
    ] {
        assert_eq!(refused(&format!("chart: a 1.0.0\nvalues:\n{lines}\n")), said);
    }
}

fn default() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        Just(None),
        Just(Some(Value::Null)),
        any::<bool>().prop_map(|b| Some(b.into())),
        any::<i64>().prop_map(|i| Some(i.into())),
        "\\PC{0,8}".prop_map(|text| Some(text.into())),
    ]
}

fn field() -> impl Strategy<Value = Field> {
    let kinds = prop::sample::subsequence(
        vec![Kinds::BOOL, Kinds::INT, Kinds::NUMBER, Kinds::STRING, Kinds::LIST, Kinds::MAP],
        0..=6,
    );
    let kinds = kinds.prop_map(|kinds| kinds.into_iter().fold(Kinds::NONE, Kinds::or));
    let leaf = (kinds.clone(), default(), any::<bool>()).prop_map(|(kinds, default, hint)| Field {
        default,
        hint,
        ..Field::of(kinds)
    });
    leaf.prop_recursive(4, 32, 4, move |inner| {
        let members = prop::collection::hash_map("\\PC{0,6}|[*-]", inner.clone(), 0..4);
        let more = prop_oneof![
            Just(Others::None),
            Just(Others::Any),
            inner.clone().prop_map(|field| Others::Each(Box::new(Field { hint: false, ..field })))
        ];
        let items = prop::option::of(inner.prop_map(|field| Box::new(Field { hint: false, ..field })));
        (kinds.clone(), default(), any::<bool>(), members, more, items).prop_map(
            |(kinds, default, hint, members, others, items)| Field {
                kinds: kinds.or(Kinds::MAP).or(Kinds::LIST),
                long: default.is_none().then(|| "0a1b2c3d".into()),
                default,
                hint,
                members: members.into_iter().collect(),
                others,
                items,
            },
        )
    })
}

/// Text of a `values.yaml` that may have been written by people.
fn values() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::from(0.5)),
        "[a-zA-Z0-9 .:#/{}-]{0,12}".prop_map(Value::from),
        Just(Value::from("a\n# b: 1\nc\n")),
    ];
    let keys = "main|default|config|labels|resources|image|ports|extraArgs|service|a[.]b|[a-z]{1,6}";
    let tree = leaf.prop_map(Node::new).prop_recursive(5, 48, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Node::new),
            prop::collection::hash_map(keys, inner, 0..5)
                .prop_map(|map| Node::new(map.into_iter().collect::<yaml::Map>()))
        ]
    });
    prop::collection::hash_map(keys, tree, 0..6)
        .prop_map(|map| Node::new(map.into_iter().collect::<yaml::Map>()))
}

/// Lists and longer texts are not kept, and that they change is to be seen.
#[test]
fn other_long_defaults_differ_and_other_spellings_do_not() {
    let long = "x".repeat(90);
    let old = format!("a: [1, b]\nt: |\n  x\n  y\nl: {long}\ns: short\ne: []\n");
    let told = |values: &str| {
        let all = difference(&facts(&old), &facts(values));
        all.into_iter().map(|one| (one.path.join("."), one.what)).collect::<Vec<_>>()
    };
    let other = |was, is| Differs::Default { was, is };
    assert_eq!(told(&old.replace("[1, b]", "# 1\n- 1\n- 'b'")), []);
    assert_eq!(told(&old.replace("[1, b]", "[1, c]")), [("a".to_owned(), other(Given::Long, Given::Long))]);
    assert_eq!(told(&old.replace("[1, b]", "['1', b]")).len(), 1, "a text is no number");
    assert_eq!(told(&old.replace("  y", "  z")).len(), 1);
    assert_eq!(told(&old.replace("e: []", "e: [1]")).len(), 1);
    assert_eq!(told(&old.replace(&long, &long.replace('x', "y"))).len(), 1);
    let short = Given::Short(Value::from("short"));
    assert_eq!(told(&old.replace("short", &long)), [("s".to_owned(), other(short, Given::Long))]);
    let mut older = facts(&old);
    older.values.members["a"].long = None;
    assert_eq!(
        difference(&older, &facts(&old.replace("[1, b]", "[2]"))),
        [],
        "older facts tell nothing of it"
    );
}

proptest! {
    #[test]
    fn facts_are_the_same_when_read_again(
        values in field(), words in prop::collection::vec("\\PC{1,8}", 3), alias in prop::option::of("\\PC{1,8}")
    ) {
        let facts = Facts {
            name: words[0].clone(),
            version: words[1].clone(),
            app_version: Some(words[2].clone()),
            subcharts: vec![Subchart { name: words[1].clone(), version: words[0].clone(), alias, conditions: words.clone() }],
            values: Field { kinds: Kinds::MAP, default: None, long: None, hint: false, ..values },
        };
        let facts = Facts { values: Field { others: Others::None, ..facts.values }, ..facts };
        prop_assert_eq!(parse(&write(&facts)), Ok(facts));
    }

    #[test]
    fn the_own_values_of_a_chart_fit_it(values in values()) {
        let text = yaml::emit(&values);
        let facts = facts(&text);
        prop_assert_eq!(judge(&facts, &values), Vec::new(), "{}", text);
        prop_assert_eq!(parse(&write(&facts)), Ok(facts));
    }

    #[test]
    fn nothing_that_is_written_breaks_the_reader(values in "([a-c#:{}\\[\\]|&* -]|@schema |@param |: |\n|\n  |- ){0,60}", schema in "\\PC{0,20}") {
        let _ = read(&ChartFiles { chart: CHART, values: &values, schema: Some(&schema), ..ChartFiles::default() });
        if let Ok(facts) = read(&ChartFiles { chart: CHART, values: &values, ..ChartFiles::default() }) {
            prop_assert_eq!(parse(&write(&facts)), Ok(facts));
        }
    }
}
