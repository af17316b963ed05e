//! The documents that are sealed by one side and opened by the other.

/// A document, and what says which of its values are encrypted.
pub(super) struct Sample {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    /// A rule by its name in the metadata, and its pattern.
    pub(super) rule: (&'static str, &'static str),
    pub(super) mac_only_encrypted: bool,
}

const DATA: (&str, &str) = ("encrypted_regex", "^(data|stringData)$");
const ALL: (&str, &str) = ("unencrypted_suffix", "_unencrypted");

const fn all(name: &'static str, text: &'static str) -> Sample {
    Sample { name, text, rule: ALL, mac_only_encrypted: false }
}

const fn ruled(name: &'static str, rule: (&'static str, &'static str), text: &'static str) -> Sample {
    Sample { name, text, rule, mac_only_encrypted: false }
}

pub(super) const SAMPLES: &[Sample] = &[
    all(
        "strings-that-look-like-others",
        "a: \"yes\"\nb: 'no'\nc: \"~\"\nd: \"null\"\ne: \"true\"\nf: \"12\"\ng: \"0x1F\"\nh: \"1.5\"\ni: \"2020-01-01\"\nj: \"1:20\"\nk: \"<<\"\nl: \"=\"\nm: \"-\"\nn: \"0o14\"\no: \"1_000\"\np: \".inf\"\nq: \"ENC[x]\"\n",
    ),
    all(
        "words-that-readers-disagree-on",
        "a: yes\nb: no\nc: on\nd: off\ne: y\nf: n\ng: Yes\nh: NO\ni: True\nj: FALSE\n",
    ),
    all(
        "quotes-and-signs",
        "a: 'it''s'\nb: \"say \\\"x\\\"\"\nc: 'a: b'\nd: 'a #b'\ne: a#b\nf: a:b\ng: '- x'\nh: '? x'\ni: '[a]'\nj: '{a}'\nk: '*a'\nl: '&a'\nm: '!a'\nn: '%a'\no: '@a'\np: '`a'\nq: '|'\nr: '>'\ns: ',a'\n",
    ),
    all(
        "white-space",
        "a: ' x'\nb: 'x '\nc: \"a\\tb\"\nd: ' '\ne: \"\\n\"\nf: \"a\\n\"\ng: \"\\r\\n\"\nh: \"a\\n\\n\"\n",
    ),
    all(
        "unicode",
        "a: é\nb: 日本語\nc: \"\\U0001F600\"\nd: \"\\x00\\x07\\x1b\"\ne: \"\\u2028\\u2029\\x85\"\nf: \"\\uFEFF\"\ng: \"\\xA0\"\nключ: x\n",
    ),
    all(
        "several-lines",
        "a: |\n  one\n  two\nb: |-\n  one\n  two\nc: |+\n  one\n\nd: >\n  folded\n  text\n\n  more\ne: \"one\\n two\"\nf: |2\n   indented\n  two\ng: \"a \\nb\"\nh: |\n  # no comment\n  x\ni: >-\n  a\nj: \"x\\n\\ttab\\n\"\n",
    ),
    all(
        "empty-and-null",
        "a: \"\"\nb: ''\nc: ~\nd:\ne: null\nf: {}\ng: []\nh: {x: \"\"}\ni: [\"\", ~]\nj: |\nk: x\n",
    ),
    all("booleans", "a: true\nb: false\nc: True\nd: FALSE\ne: !!str true\n"),
    all(
        "integers",
        "a: 0\nb: -1\nc: 0o14\nd: 014\ne: 0x1F\nf: 0b101\ng: 1_000\nh: 9223372036854775807\ni: -9223372036854775808\nj: +5\nk: -0x10\nl: 0\n",
    ),
    all(
        "floats",
        "a: 1.5\nb: 1.50\nc: 1e3\nd: 1E-7\ne: .5\nf: 5.\ng: -0.0\nh: .inf\ni: -.Inf\nj: .nan\nk: 1e21\nl: 123456789012345678901234567890\nm: 089\nn: 0.1\no: 1.7976931348623157e308\np: 3.0\nq: !!float 3\n",
    ),
    all(
        "times",
        "a: 2020-01-01\nb: 2020-1-2\nc: 2020-01-01T10:20:30Z\nd: 2020-01-01t10:20:30.5+02:00\ne: 2020-01-01 10:20:30\nf: 2020-01-01 10:20:30.123456789\ng: 2020-13-01\nh: 2023-02-29\ni: 10:20:30\n",
    ),
    all(
        "lists",
        "a: [1, two, 3.5, true, ~, 2020-01-01, \"\"]\nb:\n- x\n- x\n- - y\n  - z\nc:\n    - k: v\n      l: [m]\n    - {n: o}\nd: [[], {}, [[]]]\n",
    ),
    all(
        "nested-mappings",
        "a:\n  b:\n    c:\n      d: x\n    e: y\n  f: {g: {h: z}}\n\"i j\":\n  \"k:l\": m\n  n.o/p: q\n",
    ),
    all(
        "keys",
        "\"yes\": a\n\"12\": b\n\"\": c\n'a b': d\n\"a: b\": e\n\"#x\": f\nENC: g\nsopsx: h\nkey-with-dash: i\nkey.with.dot: j\n",
    ),
    all("aliases", "a: &x {k: v, l: [1]}\nb: *x\nc: [*x, &y s, *y]\nd: *y\n"),
    all(
        "suffix-unencrypted",
        "a: x\nb_unencrypted: y\nc_unencrypted:\n  d: z\n  e: [1, true]\nf:\n  g_unencrypted: h\n  i: j\n",
    ),
    all(
        "clear-values-of-every-type",
        "a_unencrypted: {i: 0x1F, f: 1.50, b: True, n: ~, t: 2020-01-01, s: \"\", m: \"a\\nb\", l: [1_000]}\nb: x\n",
    ),
    ruled(
        "suffix-encrypted",
        ("encrypted_suffix", "_secret"),
        "a: x\nb_secret: y\nc_secret:\n  d: z\ne:\n  f_secret: [1, 2]\n",
    ),
    ruled(
        "regex-encrypted",
        ("encrypted_regex", "^(data|stringData)$"),
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  labels: {app: x}\ntype: Opaque\nstringData:\n  a: x\n  b: |\n    y\n    z\ndata:\n  c: eA==\n",
    ),
    ruled(
        "regex-encrypted-anywhere",
        ("encrypted_regex", "pass"),
        "a: x\npassword: y\nmy.pass.word: {b: z}\n",
    ),
    ruled(
        "regex-unencrypted",
        ("unencrypted_regex", "^(metadata|kind|apiVersion)$"),
        "apiVersion: v1\nkind: X\nmetadata: {name: a, n: 1}\nspec: {password: b, n: 2}\n",
    ),
    ruled(
        "comment-regex-encrypted",
        ("encrypted_comment_regex", "sops:enc"),
        "a: x\n# sops:enc\nb: y\n# other\nc: z\nd:\n  # sops:enc\n  # and this\n  e: {f: 1}\n  g: h\n",
    ),
    ruled(
        "comment-regex-unencrypted",
        ("unencrypted_comment_regex", "sops:clear"),
        "# secret\na: x\n# sops:clear\nb: y\nc:\n  # sops:clear\n  d: [1]\n  e: z\n",
    ),
    all(
        "comments",
        "# head\n\n# above a\na: x # beside a\n# below a\n\nb: # on b\n  # above c\n  c: y # beside c\n  # last of b\n# above d\nd: |  # on the block\n  text\n#no blank\ne: z\n#\nf: 1\n# end\n",
    ),
    all(
        "comments-on-items-of-lists",
        "a:\n  # above one\n  - one # beside one\n  # above two\n  - two\n  # above a mapping\n  - k: v # beside v\n    # between\n    l: w\n  - # on the dash\n    m: n\n  # last of a\nb: [x, y] # beside a list\n",
    ),
    all(
        "comments-between-blank-lines",
        "# a\n\n# b\n\na: x\n\n# c\n\nb:\n\n  # d\n\n  c: y\n\n  # e\n\n# f\nd: z\n",
    ),
    ruled(
        "comments-of-a-secret",
        DATA,
        "# head\napiVersion: v1\nkind: Secret\nmetadata:\n  name: a # the name\n# above\nstringData:\n  # above x\n  x: y # beside x\n  # last\n# end\n",
    ),
    ruled(
        "several-documents",
        DATA,
        "# first\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {x: y}\n---\n# second\napiVersion: v1\nkind: Secret\nmetadata: {name: b}\nstringData:\n  x: y\n  z: w\n# end\n",
    ),
    Sample {
        name: "mac-only-encrypted",
        text: "apiVersion: v1\nkind: Secret\nmetadata: {name: a, n: 1}\nstringData:\n  # c\n  a: x\n  b: \"\"\n",
        rule: DATA,
        mac_only_encrypted: true,
    },
    Sample {
        name: "mac-only-encrypted-of-several",
        text: "a: 1\nb_unencrypted: 2\n---\nc: 3\nd_unencrypted: 4\n",
        rule: ALL,
        mac_only_encrypted: true,
    },
];
