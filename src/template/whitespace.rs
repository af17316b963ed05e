//! White space of templates: a line that holds only tags or comments vanishes whole, every other line loses
//! nothing. Done before compiling, by a rewriting that keeps the length.
//!
//! The leading blanks of such a line move behind the opening delimiter, the blanks and the line break after it
//! move in front of the closing one. White space inside tags and comments means nothing, so the line is gone,
//! and every token inside a tag keeps its byte offset and its line: no map is needed anywhere.

use minijinja::{
    Error,
    machinery::{Token, tokenize},
    syntax::SyntaxConfig,
};
use std::ops::Range;

/// The template as it is compiled: as many bytes and lines as `source`, and what stands between delimiters at
/// the same offsets. `-` and `+` marks on lines of tags alone become blanks; elsewhere they stay.
///
/// # Errors
/// What the tokenizer refuses: an open string, an open comment, a character that begins no token.
pub(crate) fn prepare(source: &str, syntax: &SyntaxConfig) -> Result<String, Error> {
    let marks = Marks::of(source, syntax)?;
    let mut text = source.to_owned();
    let mut from = 0;
    while from < marks.len() {
        let mut to = from + 1;
        while to < marks.len() && blank(&source[marks[to - 1].range.end..marks[to].range.start]) {
            to += 1;
        }
        let run = &marks[from..to];
        if run.iter().all(|mark| mark.tag.is_some())
            && let Some(line) = alone(source, run[0].range.start..run[run.len() - 1].range.end)
        {
            text.replace_range(line.clone(), &rewritten(source, run, line));
        }
        from = to;
    }
    Ok(text)
}

/// The whole lines that a run of tags fills, with the last line break; `None` if other text stands there.
fn alone(source: &str, run: Range<usize>) -> Option<Range<usize>> {
    let start = source[..run.start].trim_end_matches([' ', '\t']);
    let end = source[run.end..].trim_start_matches([' ', '\t']);
    let rest = end.strip_prefix("\r\n").or_else(|| end.strip_prefix('\n'));
    let fills = (start.is_empty() || start.ends_with('\n')) && (end.is_empty() || rest.is_some());
    fills.then(|| start.len()..source.len() - rest.unwrap_or("").len())
}

/// The text of the lines that a run of tags fills, with all white space inside the tags.
fn rewritten(source: &str, run: &[Mark], line: Range<usize>) -> String {
    let mut text = String::with_capacity(line.len());
    let mut before = line.start..run[0].range.start;
    for (index, mark) in run.iter().enumerate() {
        let Some(tag) = &mark.tag else { continue };
        let behind = mark.range.end..run.get(index + 1).map_or(line.end, |next| next.range.start);
        text.push_str(&source[mark.range.start..tag.opened]);
        text.push_str(&source[before]);
        text.push_str(&" ".repeat(tag.inner.start - tag.opened));
        text.push_str(&source[tag.inner.clone()]);
        text.push_str(&" ".repeat(tag.closing - tag.inner.end));
        text.push_str(&source[behind.clone()]);
        text.push_str(&source[tag.closing..mark.range.end]);
        before = behind.end..behind.end;
    }
    text
}

fn blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t'))
}

/// Something between delimiters, with them.
struct Mark {
    range: Range<usize>,
    /// `None`: an expression, which is text for our purpose.
    tag: Option<Tag>,
}

/// The parts of a tag or comment. Between delimiter and content may stand a `-` or `+`.
struct Tag {
    /// Where the opening delimiter ends.
    opened: usize,
    /// The content without white space marks.
    inner: Range<usize>,
    /// Where the closing delimiter begins.
    closing: usize,
}

/// Finds the marks of a template in order.
struct Marks<'s> {
    source: &'s str,
    syntax: &'s SyntaxConfig,
    found: Vec<Mark>,
}

impl<'s> Marks<'s> {
    fn of(source: &'s str, syntax: &'s SyntaxConfig) -> Result<Vec<Mark>, Error> {
        let mut marks = Marks { source, syntax, found: Vec::new() };
        let (open, close) = syntax.block_delimiters();
        let mut done = 0;
        let mut start = 0..0;
        for token in tokenize(source, false, syntax.clone()) {
            let (token, span) = token?;
            let span = span.start_offset as usize..span.end_offset as usize;
            match token {
                Token::TemplateData(_) => {
                    marks.gap(done..span.start);
                    done = span.end;
                }
                Token::VariableStart | Token::BlockStart => {
                    marks.gap(done..span.start);
                    start = span;
                    // What is never closed is the parser's to report.
                    done = source.len();
                }
                Token::VariableEnd => {
                    marks.found.push(Mark { range: start.start..span.end, tag: None });
                    done = span.end;
                }
                Token::BlockEnd => {
                    let tag = Tag {
                        opened: start.start + open.len(),
                        inner: start.end..span.start,
                        closing: span.end - close.len(),
                    };
                    marks.found.push(Mark { range: start.start..span.end, tag: Some(tag) });
                    done = span.end;
                }
                _ => {}
            }
        }
        marks.gap(done..source.len());
        Ok(marks.found)
    }

    /// What the tokenizer passes over in silence: comments, the tags of raw blocks, trimmed white space.
    fn gap(&mut self, gap: Range<usize>) {
        let mut at = gap.start;
        while at < gap.end {
            let rest = &self.source[at..gap.end];
            let words = rest.trim_start();
            let start = at + rest.len() - words.len();
            let (comment, block) = (self.syntax.comment_delimiters(), self.syntax.block_delimiters());
            let fits = |pair: &(&str, &str)| words.starts_with(pair.0);
            let mut pairs = [comment, block];
            pairs.sort_by_key(|pair| std::cmp::Reverse(pair.0.len()));
            let Some((open, close)) = pairs.into_iter().find(fits) else { return };
            let opened = start + open.len();
            let inner = opened + usize::from(signed(self.source[opened..gap.end].bytes().next()));
            let Some(length) = self.source[inner..gap.end].find(close) else { return };
            let closing = inner + length;
            let sign = length > 0 && signed(self.source[inner..closing].bytes().last());
            let tag = Tag { opened, inner: inner..closing - usize::from(sign), closing };
            at = closing + close.len();
            self.found.push(Mark { range: start..at, tag: Some(tag) });
        }
    }
}

fn signed(byte: Option<u8>) -> bool {
    matches!(byte, Some(b'-' | b'+'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use minijinja::{Environment, context};
    use proptest::prelude::*;

    fn syntax() -> SyntaxConfig {
        SyntaxConfig::builder().keep_trailing_newline(true).build().unwrap()
    }

    fn angled() -> SyntaxConfig {
        SyntaxConfig::builder()
            .keep_trailing_newline(true)
            .variable_delimiters("<<", ">>")
            .block_delimiters("<%", "%>")
            .comment_delimiters("<#", "#>")
            .build()
            .unwrap()
    }

    /// All tokens inside tags and expressions, with their offsets.
    fn inner_tokens(text: &str, syntax: &SyntaxConfig) -> Vec<(String, u32, u32, u16)> {
        tokenize(text, false, syntax.clone())
            .map(Result::unwrap)
            .filter(|(token, _)| {
                !matches!(token, Token::TemplateData(_) | Token::BlockStart | Token::BlockEnd)
            })
            .map(|(token, span)| (format!("{token:?}"), span.start_offset, span.end_offset, span.start_line))
            .collect()
    }

    /// Renders a template after the rewriting, which keeps bytes, lines and tokens.
    fn rendered(source: &str, syntax: &SyntaxConfig) -> String {
        let text = prepare(source, syntax).unwrap();
        assert_eq!(text.len(), source.len(), "{source:?} became {text:?}");
        let breaks = |s: &str| s.match_indices('\n').map(|(at, _)| at).collect::<Vec<_>>();
        assert_eq!(breaks(&text).len(), breaks(source).len());
        assert_eq!(inner_tokens(&text, syntax), inner_tokens(source, syntax), "{source:?} became {text:?}");
        let mut environment = Environment::new();
        environment.set_syntax(syntax.clone());
        environment.render_str(&text, context! { yes => true, no => false, list => ["a", "b"] }).unwrap()
    }

    #[test]
    fn lines_of_tags_vanish_and_all_others_stay() {
        let pairs = [
            (
                "for in a list",
                "l:\n{% for x in list %}\n  - {{ x }}\n{% endfor %}\nz: 1\n",
                "l:\n  - a\n  - b\nz: 1\n",
            ),
            (
                "indented tags",
                "l:\n  {% for x in list %}\n  - {{ x }}\n  {% endfor %}\n",
                "l:\n  - a\n  - b\n",
            ),
            ("if and else", "{% if no %}\na: 1\n{% else %}\nb: 2\n{% endif %}\n", "b: 2\n"),
            (
                "elif",
                "m:\n  {% if no %}\n  a: 1\n  {% elif yes %}\n  b: 2\n  {% endif %}\nc: 3\n",
                "m:\n  b: 2\nc: 3\n",
            ),
            (
                "mapping",
                "m:\n  {% for x in list %}\n  {{ x }}: {{ loop.index }}\n  {% endfor %}\n",
                "m:\n  a: 1\n  b: 2\n",
            ),
            (
                "literal block",
                "t: |\n  top\n  {% for x in list %}\n  line {{ x }}\n  {% endfor %}\n  end\n",
                "t: |\n  top\n  line a\n  line b\n  end\n",
            ),
            (
                "stripped block",
                "t: |-\n  {% if yes %}\n  a\n\n  b\n  {% endif %}\nz: 1\n",
                "t: |-\n  a\n\n  b\nz: 1\n",
            ),
            (
                "flow list over lines",
                "l: [\n  {% for x in list %}\n  {{ x }},\n  {% endfor %}\n]\n",
                "l: [\n  a,\n  b,\n]\n",
            ),
            ("inline loop", "l: [{% for x in list %}{{ x }}, {% endfor %}]\n", "l: [a, b, ]\n"),
            ("inline if", "a: {% if yes %}1{% else %}2{% endif %}\nb: 1\n", "a: 1\nb: 1\n"),
            ("set over lines", "{% set m = {\n  'a': 1,\n} %}\na: {{ m.a }}\n", "a: 1\n"),
            ("closing delimiter in a string", "{% set s = '%} {# x #}' %}\na: {{ s }}\n", "a: %} {# x #}\n"),
            (
                "raw in a block scalar",
                "t: |\n  {% raw %}\n  {{ $labels.x }} {% if %}\n  {% endraw %}\nz: 1\n",
                "t: |\n  {{ $labels.x }} {% if %}\nz: 1\n",
            ),
            ("raw inline", "t: {% raw %}{{ x }}{% endraw %}\n", "t: {{ x }}\n"),
            ("empty raw alone", "a\n  {% raw %} {% endraw %}\nb\n", "a\nb\n"),
            (
                "two tags on a line",
                "{% for x in list %} {% if yes %}\n- {{ x }}\n{% endif %}{% endfor %}\n",
                "- a\n- b\n",
            ),
            ("tabs", "l:\n\t{% if yes %}\t\n  a: 1\n\t {% endif %} \n", "l:\n  a: 1\n"),
            ("windows line ends", "{% if yes %}\r\na: 1\r\n  {% endif %}\r\nb: 2\r\n", "a: 1\r\nb: 2\r\n"),
            ("no final newline", "a: 1\n{% if yes %}\nb: 2\n{% endif %}", "a: 1\nb: 2\n"),
            ("text without final newline", "{% if yes %}\nb: 2{% endif %}", "b: 2"),
            (
                "macro",
                "{% macro m(x) %}\n- {{ x }}\n{% endmacro %}\nl:\n{{ m(1) }}{{ m(2) }}",
                "l:\n- 1\n- 2\n",
            ),
            ("set block", "{% set t %}\n  a\n{% endset %}\nx:\n{{ t }}", "x:\n  a\n"),
            (
                "comment lines",
                "{# one #}\na: 1\n  {# two\n     lines #}\nb: 2 {# three #}\n",
                "a: 1\nb: 2 \n",
            ),
            ("comment beside a tag", "{# why #} {% if yes %} {# so #}\na: 1\n{% endif %}\n", "a: 1\n"),
            (
                "marks on a line of tags",
                "a: 1\n\n  {%- if yes -%}\n  b: 2\n  {%- endif +%}\nc: 3\n",
                "a: 1\n\n  b: 2\nc: 3\n",
            ),
            (
                "marks on comments and raw",
                "a\n {#- x -#}\n {%- raw -%}\n {{\n {%- endraw -%}\nb\n",
                "a\n {{\nb\n",
            ),
            ("shortest comments", "a\n{#-#}\n{#--#}\n{##}\n{#}#}\nb\n", "a\nb\n"),
            ("marks elsewhere", "a: [ {%- for x in list -%} {{ x }}, {%- endfor %} ]\n", "a: [a,b, ]\n"),
            ("expression alone", "a:\n  {{ 'x' }}\n", "a:\n  x\n"),
            ("empty lines stay", "\n{% if yes %}\n\na\n\n{% endif %}\n\n", "\n\na\n\n\n"),
            ("nothing", "", ""),
            ("only tags", "{% if yes %}\n{% endif %}\n", ""),
            ("braces in an expression", "a: {{ {'x': {'y': 1}}.x.y }}\n{# c #}\n", "a: 1\n"),
            ("not ascii", "ä: ö\n  {% set x = 'ü' %}\nß: {{ x }}\n", "ä: ö\nß: ü\n"),
        ];
        for (name, source, expected) in pairs {
            assert_eq!(rendered(source, &syntax()), expected, "{name}");
        }
    }

    #[test]
    fn custom_delimiters_follow_the_same_rule() {
        let source = "<# c #>\nl:\n  <%- for x in list %>\n  - << x >> {{ x }}\n  <% endfor %>\n<% raw %>\n<< y >>\n<% endraw %>\n";
        assert_eq!(rendered(source, &angled()), "l:\n  - a {{ x }}\n  - b {{ x }}\n<< y >>\n");
    }

    #[test]
    fn the_rewriting_is_what_the_module_says() {
        let text = prepare("a\n  {%- if x -%} \nb\n", &syntax()).unwrap();
        assert_eq!(text, "a\n{%    if x   \n%}b\n");
    }

    #[test]
    fn what_the_tokenizer_refuses_is_an_error_and_what_is_open_is_left_to_the_parser() {
        for bad in ["{% set x = 'a %}\n", "{# never closed\n", "{% raw %}\n{{ x }}\n", "{{ § }}\n"] {
            assert!(prepare(bad, &syntax()).is_err(), "{bad:?}");
        }
        assert_eq!(prepare("a\n  {% if x\n", &syntax()).unwrap(), "a\n  {% if x\n");
    }

    /// A template as lines, and what it must give.
    #[derive(Clone, Debug)]
    enum Item {
        /// Text with an expression or an inline tag in it.
        Line(String, String),
        /// Tags and comments alone.
        Tags(String),
        /// Tags around lines: how often the body comes, opening and closing line, body.
        Block(usize, String, String, Vec<Item>),
    }

    fn blanks() -> impl Strategy<Value = String> {
        "[ \t]{0,3}"
    }

    fn alone(open: impl Strategy<Value = &'static str>) -> impl Strategy<Value = String> {
        let sign = || prop::sample::select(vec!["", "-", "+"]);
        (blanks(), sign(), "[ \n]{1,2}", open, sign(), blanks(), prop::bool::ANY).prop_map(
            |(before, first, inner, words, second, after, comment)| {
                let more = if comment { "{#- %} -#}" } else { "" };
                format!("{before}{{%{first}{inner}{words} {second}%}}{after}{more}")
            },
        )
    }

    fn item() -> impl Strategy<Value = Item> {
        let text = prop::sample::select(vec![
            ("a: 1", "a: 1"),
            ("", ""),
            ("   ", "   "),
            ("  - {{ '%}' }}", "  - %}"),
            ("{{ 1 }}", "1"),
            ("x {# c #} ", "x  "),
            ("{% if yes %}b{% endif %} ", "b "),
            ("ä: {% raw %}{{ x }}{% endraw %}", "ä: {{ x }}"),
            ("{ # } % {", "{ # } % {"),
        ]);
        let leaf = prop_oneof![
            3 => (text, prop::sample::select(vec!["\n", "\r\n"]))
                .prop_map(|((source, out), end)| Item::Line(format!("{source}{end}"), format!("{out}{end}"))),
            1 => alone(prop::sample::select(vec!["set q = '{{'", "set q = 1", "set q = {\n'a': '%}'}"]))
                .prop_map(Item::Tags),
        ];
        leaf.prop_recursive(3, 24, 5, |inner| {
            let pair = prop::sample::select(vec![
                (1, "if yes", "endif"),
                (0, "if no", "endif"),
                (2, "for x in list", "endfor"),
                (1, "with z = 1", "endwith"),
            ]);
            (pair, prop::collection::vec(inner, 0..5)).prop_flat_map(|((turns, open, close), body)| {
                (alone(Just(open)), alone(Just(close)), Just(body))
                    .prop_map(move |(open, close, body)| Item::Block(turns, open, close, body))
            })
        })
    }

    fn write(items: &[Item], end: &str, source: &mut String, expected: &mut String) {
        for item in items {
            match item {
                Item::Line(text, out) => {
                    source.push_str(text);
                    expected.push_str(out);
                }
                Item::Tags(text) => *source += &format!("{text}{end}"),
                Item::Block(turns, open, close, body) => {
                    let mut out = String::new();
                    *source += &format!("{open}{end}");
                    write(body, end, source, &mut out);
                    *source += &format!("{close}{end}");
                    *expected += &out.repeat(*turns);
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn random_templates_agree_with_the_line_model(
            items in prop::collection::vec(item(), 0..6),
            end in prop::sample::select(vec!["\n", "\r\n"]),
        ) {
            let (mut source, mut expected) = (String::new(), String::new());
            write(&items, end, &mut source, &mut expected);
            prop_assert_eq!(rendered(&source, &syntax()), expected, "{:?}", source);
        }
    }
}
