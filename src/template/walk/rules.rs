//! What no template may say: tags that do not exist here, computed includes, unknown filters and tests, an inline
//! `if` without `else`, slot characters.

use super::{
    Known, Unit,
    pack::{Export, Pack},
    scope::{Scope, Visitor},
    span,
};
use crate::diag::{Diagnostic, Place, Problems, did_you_mean, list};
use minijinja::{
    Value,
    machinery::ast::{CallArg, Expr, FromImport, Stmt},
};
use std::ops::Range;

/// Looks for them in one template.
pub(super) struct Rules<'p, 'a> {
    pack: &'p Pack<'a>,
    unit: &'p Unit<'a>,
    known: &'p Known<'p>,
    problems: &'p mut Problems,
}

impl<'p, 'a> Rules<'p, 'a> {
    /// For one template of the pack.
    pub(super) fn new(
        pack: &'p Pack<'a>,
        unit: usize,
        known: &'p Known<'p>,
        problems: &'p mut Problems,
    ) -> Self {
        Self { pack, unit: &pack.units[unit], known, problems }
    }

    fn place(&self, range: Range<usize>) -> Place {
        self.unit.place(range)
    }

    fn unsupported(&mut self, tag: &str, range: Range<usize>, help: &str) {
        let start = range.start..range.start + tag.len();
        self.problems.push(
            Diagnostic::error(
                "template/unsupported-tag",
                format!("`{tag}` does not exist in templates of `gen`"),
            )
            .at(self.place(start))
            .help(help),
        );
    }

    /// A path of `import` or `include`.
    fn target(&mut self, path: &Expr<'_>) {
        let place = self.place(span::extent(path));
        let Some(name) = span::text(path) else {
            self.problems.push(
                Diagnostic::error(
                    "template/computed-path",
                    "the path of an `import` or `include` is computed",
                )
                .at(place)
                .help("write one path in quotes; choose between several with `{% if %}`"),
            );
            return;
        };
        if self.pack.target(path).is_some() {
            return;
        }
        let mut found =
            Diagnostic::error("template/unknown-template", format!("there is no template `{name}`"))
                .at(place);
        let names = || self.pack.units.iter().map(|unit| unit.name);
        // A path like `./_x.yaml.j2` or `../_lib/x` is near to nothing; its last part may be.
        let near = did_you_mean(name, names()).or_else(|| {
            let last = |path: &'a str| path.rsplit('/').next().unwrap_or(path);
            names().find(|known| name.rsplit('/').next() == Some(last(known)))
        });
        if let Some(near) = near {
            found = found.help(format!("did you mean `{near}`?"));
        }
        self.problems.push(found.help("paths are relative to the pack, or begin with `_lib/`"));
    }

    fn imported(&mut self, from: &FromImport<'a>) {
        let Some(target) = self.pack.target(&from.expr) else { return };
        for (name, _) in &from.names {
            let Some(id) = span::targets(name).first().copied() else { continue };
            if matches!(self.pack.export(Some(target), id), Export::Missing) {
                let there = self.pack.units[target].name;
                let message = format!("`{there}` has no macro or value `{id}`");
                let place = self.place(span::extent(name));
                let found = Diagnostic::error("template/unknown-import", message).at(place);
                self.problems.push(suggest(found, id, &self.pack.exported(target)));
            }
        }
    }

    fn name(&mut self, what: &'static str, name: &str, range: Range<usize>) {
        let (id, known) = match what {
            "filter" => ("template/unknown-filter", self.known.filters),
            _ => ("template/unknown-test", self.known.tests),
        };
        if !known.contains(&name) {
            let found = Diagnostic::error(id, format!("there is no {what} `{name}`")).at(self.place(range));
            self.problems.push(match (what, name) {
                ("filter", "safe" | "escape" | "e") => {
                    found.help("leave it out: values are never escaped and never break the output")
                }
                ("filter", "format") => found.help("join texts with `~`"),
                _ => suggest(found, name, known),
            });
        }
    }

    /// `map("name")`, `select("name")`, `selectattr("attribute", "name")`: the name is checked like one behind `|`.
    fn by_name(&mut self, filter: &str, args: &[CallArg<'_>]) {
        let (what, at) = match filter {
            "map" => ("filter", 0),
            "select" | "reject" => ("test", 0),
            "selectattr" | "rejectattr" => ("test", 1),
            _ => return,
        };
        if let Some(CallArg::Pos(arg)) = args.get(at)
            && let Some(name) = span::text(arg)
        {
            self.name(what, name, span::extent(arg));
        }
    }
}

impl<'a> Visitor<'a> for Rules<'_, 'a> {
    fn statement(&mut self, statement: &'a Stmt<'a>, _scope: &Scope<'a>) {
        match statement {
            Stmt::AutoEscape(s) => self.unsupported(
                "autoescape",
                span::range(s.span()),
                "leave it out: values are never escaped and never break the output",
            ),
            Stmt::Block(s) => self.unsupported("block", span::range(s.span()), "use a macro or `include`"),
            Stmt::Extends(s) => {
                self.unsupported("extends", span::range(s.span()), "use a macro or `include`")
            }
            Stmt::Include(s) => self.target(&s.name),
            Stmt::Import(s) => self.target(&s.expr),
            Stmt::FromImport(s) => {
                self.target(&s.expr);
                self.imported(s);
            }
            Stmt::EmitRaw(s) => {
                let start = span::range(s.span()).start;
                for (at, length) in escapes(s.raw) {
                    self.problems.push(slot_character(self.unit.place(start + at..start + at + length)));
                }
            }
            _ => {}
        }
    }

    fn expression(&mut self, expr: &'a Expr<'a>, _scope: &Scope<'a>) {
        match expr {
            Expr::Const(c) if holds_slot_character(&c.value) => {
                self.problems.push(slot_character(self.place(span::range(c.span()))));
            }
            Expr::IfExpr(e) if e.false_expr.is_none() => {
                let value = &self.unit.text[span::extent(&e.true_expr)];
                let test = &self.unit.text[span::extent(&e.test_expr)];
                self.problems.push(
                    Diagnostic::error(
                        "template/inline-if",
                        "an inline `if` without `else` gives an undefined value",
                    )
                    .at(self.place(span::extent(expr)))
                    .help(format!("write `else omit`: `{value} if {test} else omit`")),
                );
            }
            Expr::Filter(e) => {
                self.name("filter", e.name, span::head(e.span(), e.name));
                self.by_name(e.name, &e.args);
            }
            Expr::Test(e) => self.name("test", e.name, span::head(e.span(), e.name)),
            _ => {}
        }
    }
}

/// Adds the nearest name, or all of them.
pub(super) fn suggest(found: Diagnostic, name: &str, known: &[&str]) -> Diagnostic {
    match did_you_mean(name, known.iter().copied()) {
        Some(near) => found.help(format!("did you mean `{near}`?")),
        None if known.is_empty() => found.help("remove it: there is nothing to choose from"),
        None => found.help(format!("known are {}", list(known.iter().copied()))),
    }
}

/// Refuses the characters that mark slots, wherever they stand in a template.
pub(super) fn slot_characters(units: &[Unit<'_>], problems: &mut Problems) {
    for unit in units {
        for (at, found) in unit.text.char_indices().filter(|(_, c)| is_slot_character(*c)) {
            problems.push(slot_character(unit.place(at..at + found.len_utf8())));
        }
    }
}

fn slot_character(place: Place) -> Diagnostic {
    Diagnostic::error(
        "template/slot-character",
        "the characters U+FDD0 to U+FDD2 may not stand in a template",
    )
    .at(place)
    .help("remove it: `gen` marks the places of values with them, and no text needs them")
}

fn is_slot_character(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdd2}')
}

fn holds_slot_character(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains(is_slot_character))
}

/// The YAML escapes of slot characters in literal text: where, and how long.
fn escapes(raw: &str) -> Vec<(usize, usize)> {
    let found = raw.match_indices('\\').filter_map(|(at, _)| {
        let rest = &raw.as_bytes()[at + 1..];
        let digits = match rest.first()? {
            b'u' => rest.get(1..5)?,
            b'U' => rest.get(1..9)?,
            _ => return None,
        };
        let code = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        char::from_u32(code).filter(|c| is_slot_character(*c)).map(|_| (at, digits.len() + 2))
    });
    found.collect()
}
