//! Included text is put in as it stands, without the indentation of the tag: an `include` on an indented line whose
//! text begins at the margin would leave the structure that it stands in.

use super::{
    Unit,
    pack::{Pack, bodies},
    span,
};
use crate::diag::{Diagnostic, Problems};
use minijinja::machinery::ast::{Include, Spanned, Stmt};
use std::ops::Range;

/// Looks for them in the statements of a template.
pub(super) fn check(pack: &Pack<'_>, unit: &Unit<'_>, body: &[Stmt<'_>], problems: &mut Problems) {
    for statement in body {
        if let Stmt::Include(include) = statement {
            at_margin(pack, unit, include).into_iter().for_each(|told| problems.push(told));
        }
        // What these hold is written elsewhere, and may be indented there.
        if matches!(statement, Stmt::Macro(_) | Stmt::SetBlock(_) | Stmt::CallBlock(_) | Stmt::FilterBlock(_))
        {
            continue;
        }
        for inner in bodies(statement) {
            check(pack, unit, inner, problems);
        }
    }
}

fn at_margin(pack: &Pack<'_>, unit: &Unit<'_>, include: &Spanned<Include<'_>>) -> Option<Diagnostic> {
    let blanks = indentation(unit, span::range(include.span()).start)?;
    let target = pack.target(&include.name)?;
    let there = &pack.units[target];
    let line = margin(there, pack.body(target))?;
    let (name, (open, close)) = (there.name, unit.syntax.variable_delimiters());
    let message = format!("`{name}` is included on an indented line, but its text begins at the margin");
    Some(
        Diagnostic::error("template/include", message)
            .label(unit.place(span::extent(&include.name)), "included here")
            .label(there.place(line), "not indented")
            .because("`include` puts text in as it stands: the indentation of the tag does not count")
            .help(format!("make it a macro, and write `{open} name() | indent({blanks}) {close}` here"))
            .help(format!(
                "or indent the lines of `{name}`; if they belong at the margin, begin the tag there too"
            )),
    )
}

/// The blanks in front of a line that holds only tags, one of them at this byte: preparing the text has moved them.
fn indentation(unit: &Unit<'_>, at: usize) -> Option<usize> {
    let start = line_start(unit.written, at);
    let blanks = |text: &str| text[start..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    Some(blanks(unit.written)).filter(|written| *written > 0 && blanks(unit.text) == 0)
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// The first line that a template writes at the margin when it is included; YAML comments may stand there.
fn margin(unit: &Unit<'_>, body: &[Stmt<'_>]) -> Option<Range<usize>> {
    body.iter().find_map(|statement| match statement {
        Stmt::EmitRaw(raw) => {
            let start = span::range(raw.span()).start;
            let mut at = start;
            let lines = raw.raw.split_inclusive('\n').map(|line| {
                at += line.len();
                at - line.len()..at - line.len() + line.trim_end().len()
            });
            lines.into_iter().find(|line| {
                let text = &raw.raw[line.start - start..line.end - start];
                line_start(unit.written, line.start) == line.start
                    && !text.is_empty()
                    && !text.starts_with([' ', '\t', '#'])
            })
        }
        // Only as a key: another expression may bring its own indentation.
        Stmt::EmitExpr(emit) => {
            let at = span::range(emit.span()).start;
            let start = line_start(unit.written, at);
            let (open, close) = unit.syntax.variable_delimiters();
            let line = unit.written[start..].lines().next().unwrap_or("");
            let key = line.split_once(close).is_some_and(|(_, rest)| rest.starts_with(':'));
            let first = unit.written[start..at].trim_end_matches([' ', '-', '+']) == open;
            (key && first).then(|| start..start + line.trim_end().len())
        }
        // What these hold is written elsewhere, or changed.
        Stmt::Macro(_) | Stmt::SetBlock(_) | Stmt::CallBlock(_) | Stmt::FilterBlock(_) => None,
        _ => bodies(statement).into_iter().find_map(|inner| margin(unit, inner)),
    })
}
