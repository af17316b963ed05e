//! Draws a diagnostic as text, with the user's own lines and carets. The only place that knows a
//! drawing library.

use super::{Diagnostic, Severity, Sources};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};

/// The text of a diagnostic: `error[id]: message`, the lines with carets, causes, help.
pub fn render(diagnostic: &Diagnostic, sources: &Sources, colour: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()).id(diagnostic.id));
    for (index, label) in diagnostic.labels.iter().enumerate() {
        let text = sources.text(label.place.source);
        let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let mut annotation = kind.span(widen(text, label.place.range()));
        if !label.text.is_empty() {
            annotation = annotation.label(label.text.as_str());
        }
        group = group
            .element(Snippet::source(text).path(sources.name(label.place.source)).annotation(annotation));
    }
    if let Some((first, more)) = diagnostic.outputs.split_first() {
        let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        group = group.element(Level::NOTE.message(format!("in {first}{more}")));
    }
    for because in &diagnostic.because {
        group = group.element(Level::NOTE.message(because.as_str()));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii).render(&[group])
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
