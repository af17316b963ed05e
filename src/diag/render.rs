//! Draws a diagnostic as text, with the user's own lines and carets. The only place that knows a
//! drawing library.

use super::{Diagnostic, Severity, Sources};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet, renderer::DecorStyle};
use std::borrow::Cow;

/// No more places of one diagnostic are drawn: a circle of a thousand components is told by its beginning.
const MOST_PLACES: usize = 12;

/// A longer line is named but not drawn: nobody reads it, and drawing it two hundred times takes minutes.
const LONGEST_LINE: usize = 8 << 10;

/// The text of a diagnostic: `error[id]: message`, the lines with carets, causes, help.
pub fn render(diagnostic: &Diagnostic, sources: &Sources, colour: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let mut group = Group::with_title(level.primary_title(visible(&diagnostic.message)).id(diagnostic.id));
    for (index, label) in diagnostic.labels.iter().take(MOST_PLACES).enumerate() {
        let text = sources.text(label.place.source);
        let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let range = widen(text, label.place.range());
        let (number, first) = sources.line(label.place);
        let first = first.min(range.start);
        let line = text[first..].split_inclusive('\n').next().unwrap_or("");
        let name = visible(sources.name(label.place.source));
        if line.len() > LONGEST_LINE {
            let column = text[first..range.start].chars().count() + 1;
            group = group.element(Origin::path(name).line(number).char_column(column));
            continue;
        }
        let mut annotation = kind.span(range.start - first..range.end - first);
        if !label.text.is_empty() {
            annotation = annotation.label(visible(&label.text));
        }
        // Control characters of one byte are drawn as pictures; those of two are not, and move a cursor as well. What is
        // drawn instead is as many bytes long.
        let line = line.replace(|c| matches!(c, '\u{80}'..='\u{9f}'), "·");
        let line = line.replace(['\u{2028}', '\u{2029}'], "␤");
        let snippet = Snippet::source(line).line_start(number);
        group = group.element(snippet.path(name).annotation(annotation));
    }
    if let Some(more) = diagnostic.labels.len().checked_sub(MOST_PLACES).filter(|more| *more > 0) {
        group = group.element(Level::NOTE.message(format!("and {more} more places")));
    }
    if let Some((first, more)) = diagnostic.outputs.split_first() {
        let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        group = group.element(Level::NOTE.message(format!("in {}{more}", visible(first))));
    }
    for because in &diagnostic.because {
        group = group.element(Level::NOTE.message(visible(because)));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii).render(&[group])
}

/// A text without what a terminal would obey rather than show: control characters but for line breaks and tabs,
/// other ends of a line, and what turns the direction of writing. They are written `\u{1b}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    let hidden = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t')
            || matches!(c, '\u{2028}' | '\u{2029}')
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    let shown = text.chars().flat_map(|c| match hidden(c) {
        true => c.escape_default().collect::<Vec<_>>(),
        false => vec![c],
    });
    Cow::Owned(shown.collect())
}

/// A range that lies in the text, on character borders, on its first line only, and is not empty where a character
/// stands.
fn widen(text: &str, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let fit = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = fit(range.start);
    let mut end = fit(range.end).max(start);
    if let Some(line) = text[start..end].find('\n') {
        end = start + line;
    }
    if end == start {
        end = text[start..].chars().next().filter(|c| *c != '\n').map_or(start, |c| start + c.len_utf8());
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Place;

    const EVIL: &str = "a\u{1b}[31mb\u{9b}2J\u{7}\u{202e}c\u{7f}\u{85}\u{2028}\u{2029}\r";

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        let mut sources = Sources::new();
        let id = sources.add(format!("{EVIL}.yaml"), format!("x: 1\n{EVIL}: 2\n"));
        let place = Place::new(id, 5..5 + EVIL.len());
        let said = Diagnostic::error("a/b", EVIL).label(place, EVIL).output(EVIL).because(EVIL).help(EVIL);
        let text = render(&said, &sources, false);
        let left: Vec<char> = text.chars().filter(|c| c.is_control() && *c != '\n').collect();
        assert_eq!(left, []);
        assert!(!text.contains(['\u{202e}', '\u{2028}', '\u{2029}']));
        let shown = r"a\u{1b}[31mb\u{9b}2J\u{7}\u{202e}c\u{7f}\u{85}\u{2028}\u{2029}\r";
        assert!(text.starts_with(&format!("error[a/b]: {shown}\n")), "{text}");
        assert!(text.contains(&format!("= help: {shown}")), "{text}");
        assert!(text.contains(&format!("--> {shown}.yaml:2:1\n")), "{text}");
    }

    #[test]
    fn a_line_without_end_is_named_and_not_drawn() {
        let mut sources = Sources::new();
        let id = sources.add("a.yaml", format!("x: 1\nä{}", "y".repeat(100_000)));
        let said = Diagnostic::error("a/b", "long").at(Place::new(id, 50_000..50_001)).help("shorten it");
        let text = render(&said, &sources, false);
        assert!(text.contains("--> a.yaml:2:49995\n"), "{text}");
        assert!(text.contains("= help: shorten it") && text.len() < 200, "{text}");
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        assert!(matches!(visible("ä\t→\n😀"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_circle_of_a_thousand_is_told_by_its_beginning() {
        let mut sources = Sources::new();
        let id = sources.add("a.yaml", "x\n".repeat(1000));
        let said = Diagnostic::error("a/b", "circle");
        let said = (0..1000).fold(said, |said, n| said.at(Place::new(id, 2 * n..2 * n + 1)));
        let text = render(&said, &sources, false);
        assert_eq!(text.matches("a.yaml:").count(), 12);
        assert!(text.contains("= note: and 988 more places"), "{text}");
    }
}
