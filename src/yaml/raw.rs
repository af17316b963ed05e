//! YAML text as an unresolved tree with places: what stands in the text, aliases expanded, nothing interpreted.

use super::{Style, lint, marks::Marks, syntax};
use crate::diag::{Diagnostic, Place, Problems, SourceId};
use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use std::{borrow::Cow, collections::HashMap, sync::Arc};

/// Nesting beyond this is an error.
pub const MAX_DEPTH: usize = 100;

/// What aliases may add to a text, in values; a value weighs more the longer it is.
pub(super) const ALIAS_BUDGET: usize = 500_000;

/// One document of a stream.
#[derive(Clone, Debug)]
pub struct RawDocument {
    /// Its value.
    pub root: RawNode,
}

/// A value as it is written.
#[derive(Clone, Debug)]
pub struct RawNode {
    /// What it is.
    pub kind: RawKind,
    /// Its tag, as people write it: `!!str`, `!custom`, `!`.
    pub tag: Option<Arc<str>>,
    /// Where it stands, anchor and tag included, in bytes; the place of the key (or of the `-`) if nothing is written.
    pub place: Place,
    /// Has it an anchor?
    pub anchored: bool,
    /// The place of the `*alias` that this whole value was copied for; the places in it are those of the anchor.
    pub alias: Option<Place>,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum RawKind {
    /// Text, escapes and folding resolved.
    Scalar {
        /// The text.
        text: Arc<str>,
        /// How it is written.
        style: Style,
        /// Was it folded (`>`)?
        folded: bool,
    },
    /// A list.
    Seq(Vec<RawNode>),
    /// A mapping in the author's order; keys may be anything and may be equal.
    Map(Vec<(RawNode, RawNode)>),
}

impl RawNode {
    /// The text and style of a scalar.
    pub fn scalar(&self) -> Option<(&Arc<str>, Style)> {
        match &self.kind {
            RawKind::Scalar { text, style, .. } => Some((text, *style)),
            _ => None,
        }
    }

    /// Is nothing written here at all, as in `key:`?
    pub fn is_empty(&self) -> bool {
        self.tag.is_none()
            && self.scalar().is_some_and(|(text, style)| text.is_empty() && style == Style::Plain)
    }

    /// Is it the merge key, a plain `<<`?
    pub fn is_merge(&self) -> bool {
        matches!(self.tag.as_deref(), None | Some("!!merge"))
            && self.scalar().is_some_and(|(text, style)| &**text == "<<" && style == Style::Plain)
    }
}

/// Parses a text. Empty documents are dropped; a leading byte order mark and CRLF are accepted.
///
/// `None` if an error was pushed: bad syntax, nesting beyond [`MAX_DEPTH`], aliases that grow without bounds, and what
/// Kubernetes refuses (control characters, directives, `\/`, keys over 1,024 characters).
pub fn parse(text: &str, source: SourceId, problems: &mut Problems) -> Option<Vec<RawDocument>> {
    let mut found = Problems::new();
    let documents = parse_all(text, source, &mut found);
    let good = !found.has_errors();
    problems.extend(found);
    good.then_some(documents)
}

/// As [`parse`], but gives what could be read before an error too, so that more can be said about it.
pub(super) fn parse_all(text: &str, source: SourceId, problems: &mut Problems) -> Vec<RawDocument> {
    lint::characters(text, source, problems);
    let mut builder = Builder::new(text, source);
    builder.run(problems);
    builder.documents
}

/// A collection that is not finished.
struct Frame {
    anchor: usize,
    tag: Option<Arc<str>>,
    start: usize,
    items: Items,
}

enum Items {
    Seq(Vec<RawNode>),
    Map(Vec<(RawNode, RawNode)>, Option<RawNode>),
}

struct Builder<'t> {
    text: &'t str,
    source: SourceId,
    marks: Marks<'t>,
    escapes: bool,
    stack: Vec<Frame>,
    documents: Vec<RawDocument>,
    /// What anchors stand for, with its weight and depth.
    anchors: HashMap<usize, (RawNode, usize, usize)>,
    aliases: bool,
    spent: usize,
    /// Where directives of the next document may begin.
    between: usize,
    last_end: usize,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str, source: SourceId) -> Self {
        Self {
            text,
            source,
            marks: Marks::new(text),
            escapes: text.contains("\\/"),
            stack: Vec::new(),
            documents: Vec::new(),
            anchors: HashMap::new(),
            aliases: text.contains('*'),
            spent: 0,
            between: 0,
            last_end: 0,
        }
    }

    fn place(&self, start: usize, end: usize) -> Place {
        Place::new(self.source, start..end.max(start))
    }

    /// Reads up to the first error.
    fn run(&mut self, problems: &mut Problems) {
        let mut parser = Parser::new_from_str(self.text);
        while let Some(next) = parser.next_event() {
            let step = match next {
                Ok((event, span)) => self.event(event, span, problems),
                Err(error) => {
                    let at = self.marks.byte(error.marker().index());
                    Err(Box::new(syntax::explain(self.text, self.source, at, error.info())))
                }
            };
            if let Err(error) = step {
                problems.push(*error);
                return self.give_up(problems);
            }
        }
    }

    /// Closes what is open.
    fn give_up(&mut self, problems: &mut Problems) {
        self.aliases = false;
        while !self.stack.is_empty() {
            if self.close(self.last_end, problems).is_err() {
                return;
            }
        }
    }

    fn event(
        &mut self,
        event: Event<'_>,
        span: Span,
        problems: &mut Problems,
    ) -> Result<(), Box<Diagnostic>> {
        let start = self.marks.byte(span.start.index());
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd => {}
            Event::DocumentStart(_) => {
                if let Some(error) = lint::directive(self.text, self.source, self.between..start) {
                    problems.push(error);
                }
                self.anchors.clear();
                self.last_end = start;
            }
            Event::DocumentEnd => self.between = start,
            Event::Alias(id) => {
                let end = self.marks.byte(span.end.index());
                let place = self.place(start, end);
                let node = self.expand(id, place)?;
                self.last_end = end;
                self.add(node, problems);
            }
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(text, style, anchor, tag, span);
                if self.escapes && style == ScalarStyle::DoubleQuoted {
                    lint::escapes(self.text, node.place, problems);
                }
                self.keep(anchor, &node, 1 + node.scalar().map_or(0, |(text, _)| text.len() / 32), 0)?;
                self.add(node, problems);
            }
            Event::SequenceStart(anchor, tag) => self.open(anchor, tag, start, Items::Seq(Vec::new()))?,
            Event::MappingStart(anchor, tag) => {
                self.open(anchor, tag, start, Items::Map(Vec::new(), None))?
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let closes = self.text[start..].starts_with([']', '}']);
                self.close(if closes { start + 1 } else { self.last_end }, problems)?;
            }
        }
        Ok(())
    }

    fn open(
        &mut self,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        start: usize,
        items: Items,
    ) -> Result<(), Box<Diagnostic>> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(Box::new(syntax::too_deep(self.place(start, start + 1))));
        }
        self.stack.push(Frame { anchor, tag: tag.map(|t| tag_text(&t)), start, items });
        Ok(())
    }

    fn close(&mut self, end: usize, problems: &mut Problems) -> Result<(), Box<Diagnostic>> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let kind = match frame.items {
            Items::Seq(items) => RawKind::Seq(items),
            Items::Map(pairs, _) => RawKind::Map(pairs),
        };
        let node = RawNode {
            kind,
            tag: frame.tag,
            place: self.place(frame.start, end),
            anchored: frame.anchor != 0,
            alias: None,
        };
        self.last_end = self.last_end.max(end);
        if frame.anchor != 0 && self.aliases {
            let (weight, depth) = measure(&node);
            self.keep(frame.anchor, &node, weight, depth)?;
        }
        self.add(node, problems);
        Ok(())
    }

    /// Remembers what an anchor stands for.
    fn keep(
        &mut self,
        anchor: usize,
        node: &RawNode,
        weight: usize,
        depth: usize,
    ) -> Result<(), Box<Diagnostic>> {
        if anchor != 0 && self.aliases {
            self.spend(weight, node.place)?;
            self.anchors.insert(anchor, (node.clone(), weight, depth));
        }
        Ok(())
    }

    fn spend(&mut self, weight: usize, place: Place) -> Result<(), Box<Diagnostic>> {
        self.spent += weight;
        if self.spent > ALIAS_BUDGET {
            return Err(Box::new(syntax::too_many_aliases(place)));
        }
        Ok(())
    }

    fn expand(&mut self, id: usize, place: Place) -> Result<RawNode, Box<Diagnostic>> {
        let Some((_, weight, depth)) = self.anchors.get(&id) else {
            let name = &self.text[place.start as usize..place.end as usize];
            return Err(Box::new(syntax::bad_alias(name, self.stack.iter().any(|f| f.anchor == id), place)));
        };
        if self.stack.len() + depth > MAX_DEPTH {
            return Err(Box::new(syntax::too_deep(place)));
        }
        self.spend(*weight, place)?;
        let (node, ..) = &self.anchors[&id];
        Ok(RawNode { alias: Some(place), ..node.clone() })
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        span: Span,
    ) -> RawNode {
        let start = self.marks.byte(span.start.index());
        let end = self.marks.byte(span.end.index()).max(start);
        let (style, folded) = match style {
            ScalarStyle::Plain => (Style::Plain, false),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => (Style::Quoted, false),
            ScalarStyle::Literal => (Style::Block, false),
            ScalarStyle::Folded => (Style::Block, true),
        };
        let bare = anchor == 0 && tag.is_none();
        let start = if style == Style::Block && bare && !text.is_empty() {
            syntax::block_header(self.text, start)
        } else {
            start
        };
        let written = !(text.is_empty() && style == Style::Plain && bare);
        let place = if written {
            let end = start + self.text[start..end].trim_end().len();
            let end = if style == Style::Quoted { syntax::quoted_end(self.text, start, end) } else { end };
            self.last_end = self.last_end.max(end);
            self.place(start, end)
        } else {
            self.nothing(start)
        };
        let mut text = Arc::from(text);
        if style == Style::Block && end == self.text.len() {
            text = syntax::clip(text, &self.text[start..]);
        }
        RawNode {
            kind: RawKind::Scalar { text, style, folded },
            tag: tag.map(|t| tag_text(&t)),
            place,
            anchored: anchor != 0,
            alias: None,
        }
    }

    /// The place of a value that is not written: its key, or the `-` before it.
    fn nothing(&self, start: usize) -> Place {
        match self.stack.last().map(|f| &f.items) {
            Some(Items::Map(_, Some(key))) => key.place,
            Some(Items::Seq(_)) => {
                let dash = self.text[..start].rfind('-').unwrap_or(start);
                self.place(dash, start)
            }
            _ => self.place(start, start),
        }
    }

    fn add(&mut self, node: RawNode, problems: &mut Problems) {
        match self.stack.last_mut().map(|f| &mut f.items) {
            None if node.is_empty() => {}
            None => self.documents.push(RawDocument { root: node }),
            Some(Items::Seq(items)) => items.push(node),
            Some(Items::Map(pairs, key)) => match key.take() {
                None => {
                    lint::key(self.text, &node, problems);
                    *key = Some(node);
                }
                Some(key) => pairs.push((key, node)),
            },
        }
    }
}

/// Weight and depth of a value.
fn measure(node: &RawNode) -> (usize, usize) {
    let inner = |nodes: &mut dyn Iterator<Item = &RawNode>| {
        nodes.map(measure).fold((1, 0), |(weight, depth), (w, d)| (weight + w, depth.max(d)))
    };
    match &node.kind {
        RawKind::Scalar { text, .. } => (1 + text.len() / 32, 0),
        RawKind::Seq(items) => {
            let (weight, depth) = inner(&mut items.iter());
            (weight, depth + 1)
        }
        RawKind::Map(pairs) => {
            let (weight, depth) = inner(&mut pairs.iter().flat_map(|(k, v)| [k, v]));
            (weight, depth + 1)
        }
    }
}

/// `!!str` for the long form of YAML's own tags.
pub(super) fn tag_text(tag: &Tag) -> Arc<str> {
    let full = format!("{}{}", tag.handle, tag.suffix);
    match full.strip_prefix("tag:yaml.org,2002:") {
        Some(name) => format!("!!{name}").into(),
        None => full.into(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::diag::Sources;
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    fn source() -> SourceId {
        Sources::new().add("a.yaml", "")
    }

    fn parsed(text: &str) -> Vec<RawDocument> {
        let mut problems = Problems::new();
        let documents = parse(text, source(), &mut problems);
        documents.unwrap_or_else(|| panic!("{text:?}: {problems:?}"))
    }

    /// What stands at the place of every node, depth first, collections first.
    fn slices<'t>(text: &'t str, node: &RawNode, found: &mut Vec<&'t str>) {
        found.push(&text[node.place.range()]);
        match &node.kind {
            RawKind::Scalar { .. } => {}
            RawKind::Seq(items) => items.iter().for_each(|n| slices(text, n, found)),
            RawKind::Map(pairs) => pairs.iter().for_each(|(k, v)| {
                slices(text, k, found);
                slices(text, v, found);
            }),
        }
    }

    fn all_slices(text: &str) -> Vec<&str> {
        let mut found = Vec::new();
        parsed(text).iter().for_each(|d| slices(text, &d.root, &mut found));
        found
    }

    #[test]
    fn places_are_exact_in_bytes() {
        assert_eq!(all_slices("é: [ö, \"ü\" ] # c\n"), ["é: [ö, \"ü\" ]", "é", "[ö, \"ü\" ]", "ö", "\"ü\""]);
        assert_eq!(
            all_slices("a: \"x\"   # c\nb: 'it''s'  \n"),
            ["a: \"x\"   # c\nb: 'it''s'", "a", "\"x\"", "b", "'it''s'"]
        );
        assert_eq!(all_slices("a: !!str &x 1 # c\n"), ["a: !!str &x 1", "a", "!!str &x 1"]);
        assert_eq!(
            all_slices("a: &x \"q # \\\" '\" # c\n"),
            ["a: &x \"q # \\\" '\"", "a", "&x \"q # \\\" '\""]
        );
        assert_eq!(
            all_slices("a: |\n  x\n  y\n\nb: 1\r\n"),
            ["a: |\n  x\n  y\n\nb: 1", "a", "|\n  x\n  y", "b", "1"]
        );
        assert_eq!(all_slices("k: {a: 1}\n"), ["k: {a: 1}", "k", "{a: 1}", "a", "1"]);
    }

    #[test]
    fn what_is_not_written_points_at_its_key_or_dash() {
        assert_eq!(all_slices("a:\n  b:\nc: 1\n"), ["a:\n  b:\nc: 1", "a", "b", "b", "b", "c", "1"]);
        assert_eq!(all_slices("-\n- x\n"), ["-\n- x", "-", "x"]);
        let documents = parsed("a:\nb: ''\nc: null\n");
        let RawKind::Map(pairs) = &documents[0].root.kind else { panic!("a mapping") };
        assert_eq!(pairs.iter().map(|(_, v)| v.is_empty()).collect::<Vec<_>>(), [true, false, false]);
    }

    #[test]
    fn styles_tags_and_anchors_are_kept() {
        let documents =
            parsed("- p\n- 's'\n- \"d\"\n- |\n  l\n- >\n  f\n- !!str t\n- !x t\n- ! t\n- &a n\n- *a\n");
        let RawKind::Seq(items) = &documents[0].root.kind else { panic!("a list") };
        let styles: Vec<_> = items.iter().map(|n| n.scalar().unwrap().1).collect();
        let (p, q, b) = (Style::Plain, Style::Quoted, Style::Block);
        assert_eq!(styles, [p, q, q, b, b, p, p, p, p, p]);
        let folded: Vec<_> =
            items.iter().map(|n| matches!(n.kind, RawKind::Scalar { folded: true, .. })).collect();
        assert_eq!(folded.iter().position(|f| *f), Some(4));
        let tags: Vec<_> = items[5..8].iter().map(|n| n.tag.as_deref().unwrap()).collect();
        assert_eq!(tags, ["!!str", "!x", "!"]);
        assert!(items[8].anchored && items[8].alias.is_none());
        assert!(items[9].alias.is_some_and(|place| place.range() == (64..66)));
        assert_eq!(items[9].scalar().unwrap().0.as_ref(), "n");
    }

    #[test]
    fn an_anchor_may_be_set_again_and_the_nearest_before_counts() {
        let documents = parsed("a: &x 1\nb: *x\nc: &x 2\nd: *x\n");
        let RawKind::Map(pairs) = &documents[0].root.kind else { panic!("a mapping") };
        let texts: Vec<_> = pairs.iter().map(|(_, v)| v.scalar().unwrap().0.as_ref()).collect();
        assert_eq!(texts, ["1", "1", "2", "2"]);
    }

    #[test]
    fn empty_documents_are_dropped_and_anchors_end_with_their_document() {
        assert_eq!(parsed("---\n---\na: 1\n---\n# c\n---\nnull\n...\n").len(), 2);
        assert_eq!(parsed("").len(), 0);
        let mut problems = Problems::new();
        assert!(parse("a: &x 1\n---\nb: *x\n", source(), &mut problems).is_none());
        assert_eq!(problems.0[0].message, "no anchor `&x` stands before this alias in the document");
    }

    #[test]
    fn slots_of_templates_pass_unchanged() {
        let documents = parsed(
            "a: \u{fdd0}0\u{fdd1}\nb: \"x \u{fdd0}1\u{fdd1}\"\n\u{fdd0}2\u{fdd1}: |\n  y\u{fdd0}3\u{fdd1}\n",
        );
        let RawKind::Map(pairs) = &documents[0].root.kind else { panic!("a mapping") };
        let texts: Vec<_> =
            pairs.iter().flat_map(|(k, v)| [k, v]).map(|n| n.scalar().unwrap().0.as_ref()).collect();
        assert_eq!(
            texts,
            [
                "a",
                "\u{fdd0}0\u{fdd1}",
                "b",
                "x \u{fdd0}1\u{fdd1}",
                "\u{fdd0}2\u{fdd1}",
                "y\u{fdd0}3\u{fdd1}\n"
            ]
        );
    }

    #[allow(clippy::disallowed_methods, reason = "that it ends soon is the point")]
    #[test]
    fn nothing_hangs_or_overflows() {
        let laughs: String = (1..12)
            .map(|i| format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 10].join(", ")))
            .collect();
        let deep: String = (1..200).map(|i| format!("a{i}: &a{i} [*a{}]\n", i - 1)).collect();
        let table = [
            ("yaml/depth", "[".repeat(100_000)),
            ("yaml/depth", "{a: ".repeat(100_000)),
            ("yaml/depth", "- ".repeat(100_000)),
            ("yaml/depth", (0..3000).map(|i| format!("{}a:\n", " ".repeat(i))).collect()),
            ("yaml/depth", format!("a0: &a0 x\n{deep}")),
            ("yaml/aliases", format!("a0: &a0 x\n{laughs}")),
            ("yaml/alias", "a: &a [*a]\n".to_owned()),
            ("", format!("a: {}\n", "x".repeat(20_000_000))),
            ("", (0..200_000).map(|i| format!("k{i}: v\n")).collect()),
        ];
        for (id, text) in table {
            let start = Instant::now();
            let mut problems = Problems::new();
            let good = parse(&text, source(), &mut problems).is_some();
            let found: Vec<_> = problems.0.iter().map(|d| d.id).collect();
            assert_eq!(
                (good, found),
                (id.is_empty(), Some(id).filter(|id| !id.is_empty()).into_iter().collect())
            );
            assert!(start.elapsed() < Duration::from_secs(20), "{id}: {:?}", start.elapsed());
        }
    }

    #[test]
    fn a_hundred_levels_are_allowed() {
        assert_eq!(parsed(&format!("{}{}", "[".repeat(100), "]".repeat(100))).len(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn any_text_is_parsed_or_refused(text in "\\PC*") {
            let mut problems = Problems::new();
            prop_assert_eq!(parse(&text, source(), &mut problems).is_none(), problems.has_errors());
        }

        #[test]
        fn any_mixture_of_indicators_is_parsed_or_refused(
            text in "([-?:,\\[\\]{}#&*!|>'\"%@`~ \\t\\r\\n.ab0\u{e9}\u{feff}\u{0}]|\n  |: |- |--- |\\\\|<<: |!!str |&a |\\*a ){0,40}"
        ) {
            let mut problems = Problems::new();
            let documents = parse(&text, source(), &mut problems);
            prop_assert_eq!(documents.is_none(), problems.has_errors());
            for document in documents.into_iter().flatten() {
                let mut found = Vec::new();
                slices(&text, &document.root, &mut found);
            }
            for problem in &problems.0 {
                prop_assert!(!problem.labels.is_empty() && !problem.help.is_empty());
                for label in &problem.labels {
                    prop_assert!(text.get(label.place.range()).is_some(), "{:?}", label);
                }
            }
        }
    }
}
