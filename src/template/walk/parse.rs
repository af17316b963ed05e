//! Syntax trees of templates, and syntax errors in our own words.

use super::Unit;
use crate::diag::{Diagnostic, Place, Problems, SourceId, did_you_mean};
use minijinja::{
    Error,
    machinery::{Token, ast::Stmt, parse as parse_template, tokenize},
    syntax::SyntaxConfig,
};
use std::ops::Range;

/// The statements that begin a tag.
const STATEMENTS: [&str; 20] = [
    "for",
    "endfor",
    "if",
    "elif",
    "else",
    "endif",
    "set",
    "endset",
    "with",
    "endwith",
    "macro",
    "endmacro",
    "call",
    "endcall",
    "filter",
    "endfilter",
    "include",
    "import",
    "from",
    "do",
];

/// The longest chain in one expression, and of `elif` in one `if`.
const LONGEST: usize = 200;

/// The tree of each template; `None` where it has a syntax error, which is reported.
pub(super) fn parse<'a>(units: &'a [Unit<'a>], mut problems: Option<&mut Problems>) -> Vec<Option<Stmt<'a>>> {
    let mut one = |unit: &'a Unit<'a>| {
        if let Some(range) = too_long(unit.text, unit.syntax) {
            if let Some(problems) = &mut problems {
                let said =
                    format!("more than {LONGEST} operators, members, filters or `elif` follow each other");
                let said = Diagnostic::error("template/syntax", said).at(unit.place(range));
                problems.push(said.help("split it with `set`, or take a mapping and look the answer up"));
            }
            return None;
        }
        tree(unit, &mut problems)
    };
    units.iter().map(&mut one).collect()
}

fn tree<'a>(unit: &'a Unit<'a>, problems: &mut Option<&mut Problems>) -> Option<Stmt<'a>> {
    match parse_template(unit.text, unit.name, unit.syntax.clone()) {
        Ok(tree) => Some(tree),
        Err(error) => {
            if let Some(problems) = problems {
                problems.push(syntax_error(&error, unit.source, unit.text, unit.syntax));
            }
            None
        }
    }
}

/// Where a chain gets too long. The parser counts parentheses and tags inside each other, but not `a + b + c`,
/// `a.b.c`, `a | b | c`, `not not a` and `elif`, which nest as deeply in its tree, and the stack has an end.
fn too_long(text: &str, syntax: &SyntaxConfig) -> Option<Range<usize>> {
    // Links so far in each bracket around, and in each `if`.
    let (mut brackets, mut ifs) = (vec![0_usize], Vec::new());
    let mut tag = false;
    for (token, span) in tokenize(text, false, syntax.clone()).map_while(Result::ok) {
        let first = std::mem::replace(&mut tag, matches!(token, Token::BlockStart));
        match token {
            Token::VariableStart | Token::BlockStart => brackets = vec![0],
            Token::Ident("if") if first => ifs.push(0),
            Token::Ident("endif") if first => drop(ifs.pop()),
            Token::Ident("elif") if first => ifs.iter_mut().rev().take(1).for_each(|links| *links += 1),
            Token::BracketOpen | Token::ParenOpen | Token::BraceOpen => {
                brackets.iter_mut().rev().take(1).for_each(|links| *links += 1);
                brackets.push(0);
            }
            Token::BracketClose | Token::ParenClose | Token::BraceClose if brackets.len() > 1 => {
                brackets.pop();
            }
            Token::Comma | Token::Colon => brackets.iter_mut().rev().take(1).for_each(|links| *links = 0),
            Token::Ident("not" | "and" | "or" | "in" | "is" | "if" | "else")
            | Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div
            | Token::FloorDiv
            | Token::Pow
            | Token::Mod
            | Token::Dot
            | Token::Tilde
            | Token::Pipe
            | Token::Eq
            | Token::Ne
            | Token::Gt
            | Token::Gte
            | Token::Lt
            | Token::Lte => brackets.iter_mut().rev().take(1).for_each(|links| *links += 1),
            _ => continue,
        }
        if brackets.iter().sum::<usize>() > LONGEST || ifs.iter().sum::<usize>() > LONGEST {
            return Some(super::span::range(span));
        }
    }
    None
}

/// What the tokenizer or parser refused, at its place in the template. `text` is the template, prepared or not.
pub(crate) fn syntax_error(error: &Error, source: SourceId, text: &str, syntax: &SyntaxConfig) -> Diagnostic {
    let detail = error.detail().unwrap_or("this is not a template");
    let range = error.range().unwrap_or_else(|| line(text, error.line().unwrap_or(1)));
    let place = Place::new(source, opening(detail, text, syntax).unwrap_or(range));
    let found = Diagnostic::error("template/syntax", detail.to_owned()).at(place);
    if let Some(name) = detail.strip_prefix("unknown statement ") {
        return unknown_statement(found, name, source, text, syntax);
    }
    if detail.starts_with("unexpected end of input")
        && let Some((name, range)) = unclosed(text, syntax, text.len())
    {
        return Diagnostic::error("template/syntax", format!("`{name}` is never closed"))
            .label(Place::new(source, range), "opened here")
            .help(format!("add {}", tag(&format!("end{name}"), syntax)));
    }
    found.help(remedy(detail, syntax))
}

fn tag(words: &str, syntax: &SyntaxConfig) -> String {
    let (open, close) = syntax.block_delimiters();
    format!("`{open} {words} {close}`")
}

/// Where a string, comment or raw block begins whose end is missing: it runs to the end of the text, where nothing
/// is to be seen.
fn opening(detail: &str, text: &str, syntax: &SyntaxConfig) -> Option<Range<usize>> {
    let what = detail.strip_prefix("unexpected end of ")?;
    if !matches!(what, "string" | "comment" | "raw block") {
        return None;
    }
    let tokens = tokenize(text, false, syntax.clone()).map_while(Result::ok);
    let mut at = tokens.last().map_or(0, |(_, span)| span.end_offset as usize);
    let (open, close) = syntax.comment_delimiters();
    loop {
        let rest = text.get(at..)?;
        let words = rest.trim_start();
        at += rest.len() - words.len();
        match words.strip_prefix(open).and_then(|inner| inner.find(close)) {
            Some(length) if what != "string" => at += open.len() + length + close.len(),
            _ => return Some(at..at + words.find('\n').unwrap_or(words.len())),
        }
    }
}

/// A word that begins no tag, or ends one that is not open.
fn unknown_statement(
    found: Diagnostic,
    name: &str,
    source: SourceId,
    text: &str,
    syntax: &SyntaxConfig,
) -> Diagnostic {
    let mut said = found.clone();
    said.message = format!("there is no tag `{name}`");
    if matches!(name, "else" | "elif") || STATEMENTS.contains(&name) && name.starts_with("end") {
        said.message = format!("`{name}` closes nothing that is open here");
        let before = found.labels.first().map_or(text.len(), |label| label.place.start as usize);
        return match unclosed(text, syntax, before) {
            Some((open, range)) => said
                .label(Place::new(source, range), format!("`{open}` is open"))
                .help(format!("close it first: {}", tag(&format!("end{open}"), syntax))),
            None => said.help(format!(
                "remove it, or open it before: {}",
                tag(name.trim_start_matches("end"), syntax)
            )),
        };
    }
    match did_you_mean(name, STATEMENTS) {
        Some(meant) => said.help(format!("did you mean `{meant}`?")),
        None => said.help(format!("write text with delimiters in it as {}", raw(syntax))),
    }
}

fn raw(syntax: &SyntaxConfig) -> String {
    let (open, close) = syntax.block_delimiters();
    format!("`{open} raw {close}…{open} endraw {close}`")
}

fn remedy(detail: &str, syntax: &SyntaxConfig) -> String {
    let (open, close) = syntax.variable_delimiters();
    if detail.contains("end of string") {
        return "close the string with the quote it began with".to_owned();
    }
    if detail.contains("end of comment") {
        return format!("close the comment: `{}`", syntax.comment_delimiters().1);
    }
    if detail.contains("end of raw block") {
        return format!("close it: {}", tag("endraw", syntax));
    }
    if detail.contains("end of variable block") {
        return format!(
            "one expression stands between `{open}` and `{close}`; check operators and the closing `{close}`"
        );
    }
    format!("check the expression or tag at the caret; literal delimiters are written {}", raw(syntax))
}

/// The innermost tag before a byte that waits for its end, and where its name stands.
fn unclosed<'t>(text: &'t str, syntax: &SyntaxConfig, before: usize) -> Option<(&'t str, Range<usize>)> {
    let mut open: Vec<(&str, Range<usize>)> = Vec::new();
    let mut tokens = tokenize(text, false, syntax.clone()).map_while(Result::ok).peekable();
    while let Some((token, _)) = tokens.next() {
        if !matches!(token, Token::BlockStart) {
            continue;
        }
        let Some((Token::Ident(name), span)) = tokens.next() else { continue };
        if span.start_offset as usize >= before {
            break;
        }
        let mut assigns = false;
        while let Some((token, _)) = tokens.next_if(|(token, _)| !matches!(token, Token::BlockEnd)) {
            assigns |= matches!(token, Token::Assign);
        }
        match name {
            "set" if assigns => {}
            "for" | "if" | "with" | "macro" | "call" | "filter" | "set" | "block" | "autoescape" => {
                open.push((name, super::span::range(span)));
            }
            _ if name.starts_with("end") => {
                open.pop();
            }
            _ => {}
        }
    }
    open.pop()
}

/// The bytes of a line, from 1.
fn line(text: &str, line: usize) -> Range<usize> {
    let start = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    start..start + text[start..].find('\n').unwrap_or(text.len() - start)
}
