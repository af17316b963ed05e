//! Documents as people and SOPS write them, and arbitrary ones.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::diag::{Problems, Sources};
use proptest::prelude::*;

fn parse(text: &str) -> Vec<Document> {
    let mut problems = Problems::new();
    let source = Sources::new().add("a.yaml", "");
    read(text, source, &mut problems).unwrap_or_else(|| panic!("{text}: {:?}", problems.0))
}

fn told(text: &str) -> Vec<String> {
    let mut problems = Problems::new();
    let source = Sources::new().add("a.yaml", "");
    assert!(read(text, source, &mut problems).is_none(), "{text:?} was read");
    problems.0.iter().map(|problem| format!("{} {}", problem.id, problem.message)).collect()
}

/// One item a word: `#c` a comment, `#=c` one beside, `k` a key, `"v"` a scalar, brackets around collections.
fn shape(items: &[Item]) -> String {
    let words: Vec<String> = items
        .iter()
        .map(|item| match item {
            Item::Comment(comment) => format!("#{}{}", if comment.beside { "=" } else { "" }, &*comment.text),
            Item::Entry(entry) => {
                let key = entry.key.as_ref().map_or(String::new(), |key| format!("{}:", key.text));
                key + &match &entry.node.value {
                    Value::Null => "null".to_owned(),
                    Value::Scalar(scalar) => format!("{:?}={}", scalar.kind, &*scalar.text),
                    Value::Seq(items) => format!("[{}]", shape(items)),
                    Value::Map(items) => format!("{{{}}}", shape(items)),
                }
            }
        })
        .collect();
    words.join(" ")
}

fn shapes(text: &str) -> Vec<String> {
    parse(text).iter().map(|document| shape(&document.items)).collect()
}

const LAYOUTS: &str = "\
# doc

# a
a: 1 # beside
# below a

b: # on key
  # c
  c: x
  # tail of c
# e
e:
- 1 # one
# two
- 2
-
  # inside
  k: |  # block
    t
  # end of list
f: [a, b] # flow
g: {}
# final
";

#[test]
fn comments_belong_where_sops_puts_them() {
    assert_eq!(
        shapes(LAYOUTS),
        ["# doc # a #= beside a:Int=1 # below a # on key b:{# c c:Str=x # tail of c} # e \
          e:[#= one Int=1 # two Int=2 {# inside #= block k:Str=t\n # end of list}] f:[# flow Str=a Str=b] g:{} # final"]
    );
}

#[test]
fn the_layout_is_that_of_sops() {
    let wanted = "\
# doc
# a
a: 1 # beside
# below a
# on key
b:
    # c
    c: x
    # tail of c
# e
e:
    - 1 # one
    # two
    - 2
    # inside
    - k: | # block
        t
      # end of list
f:
    # flow
    - a
    - b
g: {}
# final
";
    let emitted = emit(&parse(LAYOUTS));
    assert_eq!(&*emitted, wanted);
    assert_eq!(&*emit(&parse(&emitted)), wanted);
}

#[test]
fn a_comment_that_is_aligned_with_nothing_belongs_to_the_innermost() {
    assert_eq!(shapes("a:\n    b:\n        c: 1\n    # x\nd: 2\n"), ["a:{b:{c:Int=1 # x}} d:Int=2"]);
    assert_eq!(
        shapes("a:\n    b:\n        c: 1\n        # x\n    # y\n# z\nd: 2\n"),
        ["a:{b:{c:Int=1 # x} # y} # z d:Int=2"]
    );
}

#[test]
fn an_empty_mapping_with_a_comment_is_read_as_sops_writes_it() {
    let text = "a:\n    b: {\n        # c\n}\n    d: 1\n";
    assert_eq!(shapes(text), ["a:{b:{# c} d:Int=1}"]);
    assert_eq!(&*emit(&parse(text)), "a:\n    # c\n    b: {}\n    d: 1\n");
}

#[test]
fn documents_are_separate() {
    assert_eq!(
        shapes("# a\n---\n# b\na: 1\n---\nb: 2\n# c\n---\n# d\nc: 3\n"),
        ["# a # b a:Int=1", "b:Int=2 # c", "# d c:Int=3"]
    );
    assert_eq!(&*emit(&parse("a: 1\n---\nb: 2\n")), "a: 1\n---\nb: 2\n");
}

#[test]
fn aliases_are_written_out() {
    assert_eq!(shapes("a: &x {k: v}\nb: *x\nc: [&y 1, *y]\n"), ["a:{k:Str=v} b:{k:Str=v} c:[Int=1 Int=1]"]);
}

#[test]
fn what_cannot_be_sealed_is_told_without_showing_it() {
    assert_eq!(told("- geheim\n"), ["secret/top the document is a list, and only a mapping can be sealed"]);
    assert_eq!(
        told("geheim\n"),
        ["secret/top the document is a single value, and only a mapping can be sealed"]
    );
    assert_eq!(
        told("a: *geheim\n"),
        ["yaml/alias an alias names no anchor that stands before it in the document"]
    );
    assert_eq!(told("a: `geheim`\n"), ["yaml/syntax this is not valid YAML"]);
    assert_eq!(told("a: 18446744073709551615\n"), ["yaml/integer the integer does not fit into 64 bits"]);
    assert_eq!(told("a: !!int geheim\n"), ["yaml/tag the value does not fit its tag"]);
    assert_eq!(told("a: !!binary Z2VoZWlt\n"), ["yaml/tag the tag has no meaning here"]);
    assert_eq!(told("1: a\n"), ["yaml/key a key must be text"]);
    assert_eq!(told("<<: {a: 1}\n"), ["yaml/merge `<<` is not kept in a sealed file"]);
    assert_eq!(told("a: 1\na: 2\nb: 1\nb: 2\n").len(), 2, "all are told");
    assert_eq!(told("a: \"geheim\n"), ["yaml/syntax a quoted text that begins here never ends"]);
    assert_eq!(
        told(&format!("a: {}", "[".repeat(200)))[0],
        "yaml/depth values are nested more than 100 levels deep"
    );
}

#[test]
fn aliases_cannot_multiply_without_bounds() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..30 {
        text += &format!("a{level}: &a{level} [*a{}, *a{}, *a{}]\n", level - 1, level - 1, level - 1);
    }
    assert_eq!(told(&text), ["yaml/aliases anchors and aliases expand to too many values"]);
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..5000 {
        text += &format!("a{level}: &a{level} [*a{}]\n", level - 1);
    }
    assert!(told(&text).iter().any(|line| line.starts_with("yaml/depth")));
}

/// Lines of the second that the first has not.
fn changed(before: &str, after: &str) -> Vec<String> {
    let known: Vec<&str> = before.lines().collect();
    after.lines().filter(|line| !known.contains(line)).map(str::to_owned).collect()
}

const ODD: &str =
    "# head\na:   'x'   # c\n\nb:\n  c: \"y\"\n  d: {k: v}\n  e:\n  - one\n  - two # t\n\n# tail\n";

#[test]
fn an_edit_leaves_other_lines_alone() {
    let old = parse(ODD);
    let with = |change: &dyn Fn(&mut Vec<Item>)| {
        let mut new = old.clone();
        change(&mut new[0].items);
        let text = update(ODD, &old, &new);
        assert_eq!(parse(&text), new, "{}", &*text);
        text.to_string()
    };
    let member = |items: &mut Vec<Item>, key: &str, to: Value| {
        let entry = items.iter_mut().find(|item| item.key() == Some(key)).unwrap();
        entry.entry_mut().unwrap().node = Node::new(to);
    };
    assert_eq!(with(&|_| {}), ODD);
    let scalar = with(&|items| member(items, "a", "z: 1".into()));
    assert_eq!(scalar, ODD.replace("'x'", "'z: 1'"));
    let inner = with(&|items| {
        let Item::Entry(b) = &mut items[3] else { panic!() };
        let Value::Map(inner) = &mut b.node.value else { panic!() };
        member(inner, "c", "new".into());
        inner.insert(1, Item::member("n", "added"));
        inner.insert(2, Item::comment(" more"));
        let Item::Entry(e) = &mut inner[4] else { panic!() };
        let Value::Seq(list) = &mut e.node.value else { panic!() };
        list.remove(0);
    });
    assert_eq!(changed(ODD, &inner), ["  c: new", "  \"n\": added", "  # more"]);
    assert!(!inner.contains("one") && inner.contains("# head\na:   'x'   # c\n\nb:\n"));
    let removed = with(&|items| {
        items.remove(3);
    });
    assert_eq!(removed, "# head\na:   'x'   # c\n\n# tail\n");
    let block = with(&|items| member(items, "a", "l1\nl2\n".into()));
    assert_eq!(changed(ODD, &block), ["a: | # c", "  l1", "  l2"]);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ -~]{0,12}",
        1 => "[a-z0-9:#\\-? \n\t'\"\\[\\]{}&*!|>%@`,]{0,12}",
        1 => proptest::collection::vec(any::<char>(), 0..6).prop_map(|chars| chars.into_iter().collect()),
        1 => proptest::sample::select(vec!["yes", "~", "0x1F", "1e3", "2020-01-01", "<<", ".inf", "null", "012", "a\n b", "a \nb", "x\n\n"])
            .prop_map(str::to_owned),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    let of = |kind, text: String| Value::Scalar(Scalar { kind, text: text.into() });
    prop_oneof![
        4 => text().prop_map(|text| Value::from(text.as_str())),
        1 => any::<i64>().prop_map(move |int| of(Kind::Int, int.to_string())),
        1 => any::<f64>().prop_map(move |float| of(Kind::Float, typing::float_text(float))),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => (1..9999_u32, 1..13_u32, 1..29_u32).prop_map(move |(y, m, d)| of(Kind::Time, format!("{y:04}-{m:02}-{d:02}T01:02:03.5Z"))),
    ]
}

fn comment() -> impl Strategy<Value = Item> {
    ("[ -~é]{0,10}", any::<bool>())
        .prop_map(|(text, beside)| Item::Comment(Comment { text: text.into(), beside, place: None }))
}

fn collection(value: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    let entry = |keyed: bool| {
        (value.clone(), "[a-z.\\-_ ]{1,8}").prop_map(move |(value, key)| {
            Item::Entry(Entry {
                key: keyed.then_some(Key { text: key, place: None }),
                node: Node::new(value),
            })
        })
    };
    let unique = |items: Vec<Item>| {
        let mut known = std::collections::BTreeSet::new();
        items.into_iter().filter(|item| item.key().is_none_or(|key| known.insert(key.to_owned()))).collect()
    };
    prop_oneof![
        proptest::collection::vec(prop_oneof![1 => comment(), 3 => entry(true)], 0..5)
            .prop_map(move |items| Value::Map(unique(items))),
        proptest::collection::vec(prop_oneof![1 => comment(), 3 => entry(false)], 0..5).prop_map(Value::Seq),
    ]
}

pub(crate) fn document() -> impl Strategy<Value = Document> {
    let value = scalar().prop_recursive(4, 24, 5, |inner| collection(inner.boxed()));
    collection(prop_oneof![scalar(), value].boxed()).prop_filter_map("a mapping", |value| match value {
        Value::Map(items) => Some(Document { items }),
        _ => None,
    })
}

/// Without comments.
fn bare(items: &[Item]) -> Vec<Item> {
    let entries = items.iter().filter_map(Item::entry);
    entries
        .map(|entry| {
            let value = match &entry.node.value {
                Value::Map(items) => Value::Map(bare(items)),
                Value::Seq(items) => Value::Seq(bare(items)),
                value => value.clone(),
            };
            Item::Entry(Entry { key: entry.key.clone(), node: Node::new(value) })
        })
        .collect()
}

fn comments(items: &[Item], found: &mut Vec<String>) {
    for item in items {
        match item {
            Item::Comment(comment) => found.push(comment.text.to_string()),
            Item::Entry(entry) => comments(entry.node.items(), found),
        }
    }
}

/// What of a document must not get lost, wherever its comments stand.
pub(crate) fn values_and_comments(document: &Document) -> (Vec<Item>, Vec<String>) {
    let mut found = Vec::new();
    comments(&document.items, &mut found);
    found.sort();
    (bare(&document.items), found)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(documents in proptest::collection::vec(document(), 1..3)) {
        let once = parse(&emit(&documents));
        prop_assert_eq!(once.len(), documents.len());
        for (a, b) in once.iter().zip(&documents) {
            prop_assert_eq!(values_and_comments(a), values_and_comments(b));
        }
        // A comment may find its place only then; from there on all stays.
        let twice = parse(&emit(&once));
        prop_assert_eq!(&parse(&emit(&twice)), &twice);
    }

    #[test]
    fn an_update_gives_what_is_wanted(old in document(), new in document(), take in any::<u8>()) {
        let text = emit(&parse(&emit(&[old])));
        let old = parse(&text);
        // A mixture of both, so that much is equal.
        let mut mixed = old.clone();
        for (at, item) in new.items.into_iter().enumerate() {
            if take >> (at % 8) & 1 == 1 {
                mixed[0].items.retain(|known| known.key().is_none() || known.key() != item.key());
                let at = (at * 7) % (mixed[0].items.len() + 1);
                mixed[0].items.insert(at, item);
            }
        }
        let mixed = parse(&emit(&parse(&emit(&mixed))));
        let updated = update(&text, &old, &mixed);
        prop_assert_eq!(parse(&updated), mixed, "{}\n->\n{}", &*text, &*updated);
    }

    #[test]
    fn nothing_panics(text in "[a-c:#\\-? \n\t'\"\\[\\]{}&*!|>%,0-9]{0,40}") {
        let source = Sources::new().add("a.yaml", "");
        if let Some(documents) = read(&text, source, &mut Problems::new()) {
            let again = parse(&emit(&documents));
            prop_assert_eq!(again.len(), documents.len().max(usize::from(documents.is_empty()) * again.len()));
        }
    }
}
