//! What names mean: variables that nobody binds, members that no schema knows, calls of what cannot be called.

use super::{
    ChainVerdict, Known, Unit,
    pack::{Export, Found, Pack},
    rules::suggest,
    scope::{Kind, Scope, Visitor},
    span,
};
use crate::diag::{Diagnostic, Place, Problems, did_you_mean, list};
use minijinja::machinery::ast::{Call, CallArg, CallBlock, Expr, GetAttr, Spanned, Stmt};
use std::ops::Range;

/// The members of `loop`.
const LOOP: [&str; 13] = [
    "index",
    "index0",
    "revindex",
    "revindex0",
    "first",
    "last",
    "length",
    "depth",
    "depth0",
    "previtem",
    "nextitem",
    "cycle",
    "changed",
];

/// The roots that look alike in every pack, and their members.
const FIXED: [(&str, &[&str]); 3] = [
    ("cluster", &["name", "domain", "provides"]),
    ("environment", &["name", "kubernetes", "flux"]),
    ("component", &["name", "namespace", "pack", "stage"]),
];

/// Looks at the names of one template.
pub(super) struct Names<'p, 'a> {
    pack: &'p Pack<'a>,
    unit: &'p Unit<'a>,
    known: &'p Known<'p>,
    problems: &'p mut Problems,
    lenient: bool,
}

impl<'p, 'a> Names<'p, 'a> {
    /// For one template of the pack.
    pub(super) fn new(
        pack: &'p Pack<'a>,
        unit: usize,
        known: &'p Known<'p>,
        problems: &'p mut Problems,
    ) -> Self {
        let lenient = pack.is_lenient(unit);
        Self { pack, unit: &pack.units[unit], known, problems, lenient }
    }

    fn place(&self, range: Range<usize>) -> Place {
        self.unit.place(range)
    }

    fn error(&mut self, id: &'static str, message: String, range: Range<usize>, help: impl Into<String>) {
        let place = self.place(range);
        self.problems.push(Diagnostic::error(id, message).at(place).help(help));
    }

    fn variable(&mut self, id: &'a str, range: Range<usize>, scope: &Scope<'a>) {
        match scope.get(id).map(|binding| binding.kind) {
            Some(Kind::Macro(_) | Kind::Caller) => {
                let help = format!("call it: `{id}(…)`; a macro cannot be stored or passed on");
                self.error("template/macro-value", format!("`{id}` is a macro, not a value"), range, help);
            }
            Some(Kind::Module(_)) => {
                let help = format!("call one of its macros: `{id}.name(…)`");
                self.error(
                    "template/macro-value",
                    format!("`{id}` is an imported template, not a value"),
                    range,
                    help,
                );
            }
            Some(Kind::LoopObject) => {
                let help = format!("read one of its members: {}", list(LOOP));
                self.error("template/macro-value", "`loop` is not a value".to_owned(), range, help);
            }
            Some(_) => {}
            None if self.known.roots.contains(&id) || id == "omit" => {}
            None if self.known.functions.contains(&id) => {
                let message = format!("`{id}` is a function, not a value");
                self.error("template/macro-value", message, range, format!("call it: `{id}(…)`"));
            }
            None if self.lenient && self.pack.is_bound(id) => {}
            None => self.unknown(id, range, scope),
        }
    }

    fn unknown(&mut self, id: &str, range: Range<usize>, scope: &Scope<'a>) {
        let found = Diagnostic::error("template/unknown-variable", format!("nothing is called `{id}` here"))
            .at(self.place(range));
        let known = self.known.roots.iter().copied().chain(scope.names()).chain(["omit"]);
        let is_input = matches!((self.known.chain)(&["inputs", id]), ChainVerdict::Fine);
        let found = match did_you_mean(id, known) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None if is_input => found.help(format!("an input is read as `inputs.{id}`")),
            None => found.help(format!(
                "templates see {}, and what `set`, `with`, `for`, parameters and imports bind in the same scope",
                list(self.known.roots.iter().copied())
            )),
        };
        self.problems.push(found);
    }

    fn verdict(&self, chain: &[&str]) -> ChainVerdict {
        match FIXED.iter().find(|(root, _)| *root == chain[0]) {
            Some((_, members)) if chain.get(1).is_none_or(|m| *m == "*" || members.contains(m)) => {
                ChainVerdict::Fine
            }
            Some((_, members)) => {
                ChainVerdict::Unknown { at: 1, candidates: members.iter().map(|m| (*m).to_owned()).collect() }
            }
            None => (self.known.chain)(chain),
        }
    }

    /// A chain of members of a root.
    fn chain(&mut self, expr: &'a Expr<'a>, scope: &Scope<'a>) {
        let Some(chain) = scope.chain(expr) else { return };
        let chain: Vec<&str> = chain.iter().map(String::as_str).collect();
        if !self.known.roots.contains(&chain[0]) {
            return;
        }
        if let ChainVerdict::Unknown { at, candidates } = self.verdict(&chain)
            && let (Some(member), Some(above)) = (chain.get(at), chain.get(..at))
        {
            // A longer chain has the same fault as the one it goes on from, which is looked at by itself.
            if at + 1 == chain.len() && *member != "*" {
                let above = path(above);
                let message = format!("`{above}` has no member `{member}`");
                let place = self.place(member_place(expr));
                let found = Diagnostic::error("template/unknown-member", message).at(place);
                let candidates: Vec<&str> = candidates.iter().map(String::as_str).collect();
                self.problems.push(suggest(found, member, &candidates));
            }
        }
    }

    /// A member of `loop` or of an imported template: `Some` if it is a macro.
    fn held(&mut self, attr: &'a Spanned<GetAttr<'a>>, scope: &Scope<'a>) -> Option<Found<'a>> {
        let range = span::attribute(attr);
        let Some(target) = scope.module(&attr.expr) else {
            let place = span::range(attr.expr.span());
            if scope.get("loop").is_none() && !self.lenient {
                let help = "read it inside `{% for %}`".to_owned();
                self.error(
                    "template/unknown-variable",
                    "there is no loop around `loop`".to_owned(),
                    place,
                    help,
                );
            } else if !LOOP.contains(&attr.name) {
                let message = format!("`loop` has no member `{}`", attr.name);
                let found = Diagnostic::error("template/unknown-member", message).at(self.place(range));
                self.problems.push(suggest(found, attr.name, &LOOP));
            }
            return None;
        };
        match self.pack.export(target, attr.name) {
            Export::Macro(found) => return Some(found),
            Export::Missing => {
                let unit = target.unwrap_or(scope.unit);
                let message =
                    format!("`{}` has no macro or value `{}`", self.pack.units[unit].name, attr.name);
                let found = Diagnostic::error("template/unknown-import", message).at(self.place(range));
                self.problems.push(suggest(found, attr.name, &self.pack.exported(unit)));
            }
            Export::Value | Export::Unclear => {}
        }
        None
    }

    /// What a call calls: `Some` if it is one certain macro.
    fn callee(&mut self, call: &'a Call<'a>, scope: &Scope<'a>) -> Option<Found<'a>> {
        let range = span::extent(&call.expr);
        let text = self.unit.text.get(range.clone()).unwrap_or_default();
        match &call.expr {
            Expr::Var(var) => match scope.get(var.id).map(|binding| binding.kind) {
                Some(Kind::Macro(found)) => return Some(found),
                Some(Kind::Caller | Kind::LoopObject | Kind::Imported) => {}
                Some(_) => self.not_callable(text, range),
                None if self.known.functions.contains(&var.id) => {}
                None if self.lenient && (!self.pack.macros(var.id).is_empty() || var.id == "loop") => {}
                None => {
                    let message = format!("there is no function or macro `{}`", var.id);
                    let known: Vec<&str> =
                        self.known.functions.iter().copied().chain(scope.names()).collect();
                    let found = Diagnostic::error("template/unknown-function", message).at(self.place(range));
                    self.problems.push(suggest(found, var.id, &known));
                }
            },
            Expr::GetAttr(attr) if scope.holder(&attr.expr) => return self.held(attr, scope),
            _ => self.not_callable(text, range),
        }
        None
    }

    fn not_callable(&mut self, text: &str, range: Range<usize>) {
        let method = text.rsplit('.').next().unwrap_or(text);
        let help = if text.contains('.') && self.known.filters.contains(&method) {
            format!("values have no methods, use the filter: `| {method}`")
        } else {
            "only macros and functions can be called; work on values with filters".to_owned()
        };
        self.error("template/unknown-function", format!("`{text}` cannot be called"), range, help);
    }

    /// The arguments of a macro, which otherwise would be refused only on the branch taken.
    fn arguments(&mut self, (unit, called): Found<'a>, call: &'a Spanned<Call<'a>>) {
        let names: Vec<&str> = called.args.iter().flat_map(span::targets).collect();
        let declared = self.pack.units[unit].place(declaration(called));
        let positional = call.args.iter().filter(|arg| matches!(arg, CallArg::Pos(_))).count();
        let mut problems = Vec::new();
        if positional > names.len() {
            let message =
                format!("macro `{}` takes {} arguments, {positional} are given", called.name, names.len());
            let place = self.place(span::range(call.span()));
            problems.push(Diagnostic::error("template/macro-call", message).at(place).help(
                match names.as_slice() {
                    [] => "call it without arguments".to_owned(),
                    names => format!("it takes {}", list(names.iter().copied())),
                },
            ));
        }
        for arg in &call.args {
            if let CallArg::Kwarg(name, value) = arg
                && !names.contains(name)
                && *name != "caller"
            {
                let message = format!("macro `{}` has no parameter `{name}`", called.name);
                let place = self.place(span::extent(value));
                problems.push(suggest(
                    Diagnostic::error("template/macro-call", message).at(place),
                    name,
                    &names,
                ));
            }
        }
        for problem in problems {
            self.problems.push(problem.label(declared, "the macro"));
        }
    }

    /// `{% call %}` of a macro that never says `caller()` fails when rendered.
    fn call_block(&mut self, block: &'a CallBlock<'a>, scope: &Scope<'a>) {
        let Some((unit, called)) = scope.called(self.pack, &block.call) else { return };
        let text = self.pack.units[unit].text.get(span::range(called.span())).unwrap_or_default();
        if !text.contains("caller") {
            let message =
                format!("macro `{}` never says `caller()`, so `call` has no place for its body", called.name);
            let place = self.place(span::range(block.call_expr_span));
            let declared = self.pack.units[unit].place(declaration(called));
            self.problems.push(
                Diagnostic::error("template/macro-call", message)
                    .at(place)
                    .label(declared, "the macro")
                    .help(format!(
                        "emit `{}(…)` instead, or write `{{{{ caller() }}}}` in the macro",
                        called.name
                    )),
            );
        }
    }
}

impl<'a> Visitor<'a> for Names<'_, 'a> {
    fn statement(&mut self, statement: &'a Stmt<'a>, scope: &Scope<'a>) {
        if let Stmt::CallBlock(block) = statement {
            self.call_block(block, scope);
        }
    }

    fn expression(&mut self, expr: &'a Expr<'a>, scope: &Scope<'a>) {
        match expr {
            Expr::Var(var) => self.variable(var.id, span::range(var.span()), scope),
            Expr::GetAttr(attr) if scope.holder(&attr.expr) => {
                if let Some((_, found)) = self.held(attr, scope) {
                    let help = format!("call it: `{}(…)`; a macro cannot be stored or passed on", found.name);
                    let message = format!("`{}` is a macro, not a value", found.name);
                    self.error("template/macro-value", message, span::attribute(attr), help);
                }
            }
            Expr::GetAttr(_) | Expr::GetItem(_) => self.chain(expr, scope),
            _ => {}
        }
    }

    fn call(&mut self, call: &'a Spanned<Call<'a>>, scope: &Scope<'a>) {
        if let Some(found) = self.callee(call, scope) {
            self.arguments(found, call);
        }
    }
}

/// The first line of a macro, without its body.
pub(super) fn declaration(called: &Spanned<minijinja::machinery::ast::Macro<'_>>) -> Range<usize> {
    let start = span::range(called.span()).start;
    start..start + "macro ".len() + called.name.len()
}

/// The last member of a chain.
fn member_place(expr: &Expr<'_>) -> Range<usize> {
    match expr {
        Expr::GetAttr(attr) => span::attribute(attr),
        Expr::GetItem(item) => span::extent(&item.subscript_expr),
        _ => span::extent(expr),
    }
}

/// A chain as one would write it.
fn path(chain: &[&str]) -> String {
    chain.iter().enumerate().fold(String::new(), |mut text, (index, member)| {
        match *member {
            "*" => text.push_str("[…]"),
            member if index == 0 => text.push_str(member),
            member => {
                text.push('.');
                text.push_str(member);
            }
        }
        text
    })
}
