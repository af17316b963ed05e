//! Captured text: which expressions are text with slots in it, and what may not be done to them.
//!
//! A macro, `{% call %}` and `{% set %}` block capture text that holds slots in place of values. To compare, test,
//! cut or store it would look at the slots. So names that ever hold captured text are found for the whole pack,
//! in whatever order things are executed, until nothing changes; then every use is judged. It may refuse too much
//! (a name used for both), never too little.

use super::{
    Known,
    pack::{Pack, caller},
    scope::{self, Kind, Scope, Visitor},
    span,
};
use crate::diag::{Diagnostic, Place, Problems};
use minijinja::machinery::ast::{BinOpKind, Call, CallArg, Expr, Filter, Macro, Spanned, Stmt, UnaryOpKind};
use std::collections::{BTreeMap, BTreeSet};

/// Judges all templates of a pack.
pub(super) fn check(pack: &Pack<'_>, known: &Known<'_>, problems: &mut Problems) {
    let mut taint = Taint { pack, known, names: BTreeMap::new(), parameters: BTreeSet::new() };
    loop {
        let before = (taint.names.len(), taint.parameters.len());
        for unit in pack.parsed() {
            scope::walk(pack, unit, &mut Spread { taint: &mut taint });
        }
        if before == (taint.names.len(), taint.parameters.len()) {
            break;
        }
    }
    for unit in pack.parsed() {
        scope::walk(pack, unit, &mut Judge { taint: &taint, problems });
    }
}

/// What is known to hold captured text.
struct Taint<'p, 'a> {
    pack: &'p Pack<'a>,
    known: &'p Known<'p>,
    /// Names by template, and where each was bound to captured text.
    names: BTreeMap<(&'a str, usize), Place>,
    /// Parameters by macro name and own name.
    parameters: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Taint<'_, 'a> {
    /// Where a variable was bound to captured text, if it may hold some.
    fn variable(&self, id: &'a str, scope: &Scope<'a>) -> Option<Place> {
        let place = Place::top(self.pack.units[scope.unit].source);
        let by_name = |name: &'a str, fits: &dyn Fn(usize) -> bool| {
            let mut all = self.names.range((name, 0)..=(name, usize::MAX));
            all.find(|((_, unit), _)| fits(*unit)).map(|(_, place)| *place)
        };
        // An included template sets names of the one that includes it.
        let included = |unit: usize| self.pack.is_included(unit);
        match scope.get(id).map(|binding| binding.kind) {
            Some(Kind::Parameter(of)) if self.parameters.contains(&(of, id)) => Some(place),
            Some(Kind::Parameter(_) | Kind::Loop) => by_name(id, &included),
            Some(Kind::Set | Kind::With) => by_name(id, &|unit| unit == scope.unit || included(unit)),
            _ => self.pack.names(id).into_iter().find_map(|name| {
                let parameter = self.parameters.iter().any(|(_, parameter)| *parameter == name);
                by_name(name, &|_| true).or_else(|| parameter.then_some(place))
            }),
        }
    }

    /// May an expression be captured text?
    fn captured(&self, expr: &'a Expr<'a>, scope: &Scope<'a>) -> bool {
        match expr {
            Expr::Var(var) => self.variable(var.id, scope).is_some(),
            Expr::BinOp(e) => {
                let keeps = matches!(
                    e.op,
                    BinOpKind::Concat | BinOpKind::Add | BinOpKind::Mul | BinOpKind::ScAnd | BinOpKind::ScOr
                );
                keeps && (self.captured(&e.left, scope) || self.captured(&e.right, scope))
            }
            Expr::IfExpr(e) => {
                self.captured(&e.true_expr, scope)
                    || e.false_expr.as_ref().is_some_and(|other| self.captured(other, scope))
            }
            Expr::Filter(e) => self.filtered(e, scope),
            Expr::Call(call) => self.called(call, scope),
            Expr::GetAttr(attr) if scope.module(&attr.expr).is_some() => {
                let names = self.pack.names(attr.name);
                self.names.keys().any(|(name, _)| names.contains(name))
            }
            _ => false,
        }
    }

    /// A filter of captured text; without a subject it is one of a captured block.
    fn filtered(&self, filter: &'a Filter<'a>, scope: &Scope<'a>) -> bool {
        let subject = filter.expr.as_ref().is_none_or(|subject| self.captured(subject, scope));
        match filter.name {
            "indent" | "trim" => subject,
            name if span::is_default(name) => {
                subject || filter.args.iter().any(|arg| self.captured(span::argument(arg), scope))
            }
            _ => false,
        }
    }

    /// Does a call return captured text? Macros, `caller` and `loop` do; functions do not, and what else is called
    /// is refused by [`super::names`].
    fn called(&self, call: &Call<'a>, scope: &Scope<'a>) -> bool {
        match &call.expr {
            Expr::Var(var) => match scope.get(var.id).map(|binding| binding.kind) {
                Some(kind) => {
                    matches!(kind, Kind::Macro(_) | Kind::Caller | Kind::LoopObject | Kind::Imported)
                }
                None => matches!(var.id, "caller" | "loop") || !self.pack.macros(var.id).is_empty(),
            },
            callee => matches!(callee, Expr::GetAttr(attr) if scope.module(&attr.expr).is_some()),
        }
    }

    /// The macros that a call may mean; `None`: something else.
    fn macros(&self, call: &Call<'a>, scope: &Scope<'a>) -> Option<Vec<&'a Spanned<Macro<'a>>>> {
        let name = match &call.expr {
            Expr::Var(var) => var.id,
            Expr::GetAttr(attr) if scope.holder(&attr.expr) => attr.name,
            _ => return None,
        };
        let found = self.pack.macros(name);
        (!found.is_empty()).then(|| found.into_iter().map(|(_, found)| found).collect())
    }
}

/// Carries captured text on to names and parameters.
struct Spread<'t, 'p, 'a> {
    taint: &'t mut Taint<'p, 'a>,
}

impl<'a> Spread<'_, '_, 'a> {
    fn name(&mut self, target: &Expr<'a>, scope: &Scope<'a>) {
        for name in span::targets(target) {
            let place = self.taint.pack.units[scope.unit].place(span::extent(target));
            self.taint.names.entry((name, scope.unit)).or_insert(place);
        }
    }

    fn defaults(&mut self, found: &'a Macro<'a>, scope: &Scope<'a>) {
        let names: Vec<&str> = found.args.iter().flat_map(span::targets).collect();
        let without = names.len().saturating_sub(found.defaults.len());
        for (name, default) in names[without..].iter().zip(&found.defaults) {
            if self.taint.captured(default, scope) {
                self.taint.parameters.insert((found.name, name));
            }
        }
    }
}

impl<'a> Visitor<'a> for Spread<'_, '_, 'a> {
    fn statement(&mut self, statement: &'a Stmt<'a>, scope: &Scope<'a>) {
        match statement {
            Stmt::SetBlock(set)
                if set.filter.as_ref().is_none_or(|filter| self.taint.captured(filter, scope)) =>
            {
                self.name(&set.target, scope);
            }
            Stmt::Macro(found) => self.defaults(found, scope),
            Stmt::CallBlock(call) => self.defaults(caller(call), scope),
            _ => {}
        }
    }

    fn assignment(&mut self, target: &'a Expr<'a>, value: &'a Expr<'a>, scope: &Scope<'a>) {
        if self.taint.captured(value, scope) {
            self.name(target, scope);
        }
    }

    fn call(&mut self, call: &'a Spanned<Call<'a>>, scope: &Scope<'a>) {
        let Some(macros) = self.taint.macros(call, scope) else { return };
        for (index, arg) in call.args.iter().enumerate() {
            if !self.taint.captured(span::argument(arg), scope) {
                continue;
            }
            for found in &macros {
                let mut names = found.args.iter().flat_map(span::targets);
                let name = match arg {
                    CallArg::Pos(_) => names.nth(index),
                    CallArg::Kwarg(name, _) => names.find(|own| own == name),
                    // Refused, see `Judge`.
                    CallArg::PosSplat(_) | CallArg::KwargSplat(_) => None,
                };
                self.taint.parameters.extend(name.map(|name| (found.name, name)));
            }
        }
    }
}

/// Refuses what may not be done to captured text.
struct Judge<'t, 'p, 'a> {
    taint: &'t Taint<'p, 'a>,
    problems: &'t mut Problems,
}

const TEST: &str = "decide on the input it was made from, before it becomes text";
const STORE: &str = "emit it where it belongs, or keep the values themselves, before they become text";

impl<'a> Judge<'_, '_, 'a> {
    fn refuse(&mut self, expr: &'a Expr<'a>, what: &str, help: &str, scope: &Scope<'a>) {
        if self.taint.captured(expr, scope) {
            self.say(expr, what, help, scope);
        }
    }

    fn say(&mut self, expr: &'a Expr<'a>, what: &str, help: &str, scope: &Scope<'a>) {
        let unit = &self.taint.pack.units[scope.unit];
        let range = span::extent(expr);
        let text = unit.text.get(range.clone()).unwrap_or_default();
        let message = format!("captured text `{text}` is {what}");
        let mut found = Diagnostic::error("template/captured-text", message)
            .label(unit.place(range), "a macro, `call` or `set` block made this text");
        if let Expr::Var(var) = expr
            && let Some(place) = self.taint.variable(var.id, scope).filter(|place| place.end > 0)
        {
            found = found.label(place, "captured here");
        }
        if self.taint.known.filters.contains(&"string") {
            found = found.help(format!("or turn it into plain text first: `{text} | string`"));
        }
        found.help.insert(0, help.to_owned());
        if let Expr::Var(var) = expr
            && matches!(scope.get(var.id).map(|b| b.kind), Some(Kind::Loop | Kind::With | Kind::Set))
        {
            found = found.help("if it is another variable of the same name, rename it");
        }
        self.problems.push(found);
    }

    fn refuse_all(&mut self, exprs: impl IntoIterator<Item = &'a Expr<'a>>, what: &str, scope: &Scope<'a>) {
        for expr in exprs {
            self.refuse(expr, what, STORE, scope);
        }
    }

    fn operation(&mut self, op: BinOpKind, left: &'a Expr<'a>, right: &'a Expr<'a>, scope: &Scope<'a>) {
        let what = match op {
            BinOpKind::Concat | BinOpKind::Add | BinOpKind::Mul => return,
            BinOpKind::ScAnd | BinOpKind::ScOr => return self.refuse(left, "tested for truth", TEST, scope),
            BinOpKind::In => "searched with `in`",
            BinOpKind::Sub | BinOpKind::Div | BinOpKind::FloorDiv | BinOpKind::Rem | BinOpKind::Pow => {
                "used in arithmetic"
            }
            _ => "compared",
        };
        self.refuse(left, what, TEST, scope);
        self.refuse(right, what, TEST, scope);
    }
}

impl<'a> Visitor<'a> for Judge<'_, '_, 'a> {
    fn statement(&mut self, statement: &'a Stmt<'a>, scope: &Scope<'a>) {
        match statement {
            Stmt::ForLoop(s) => self.refuse(&s.iter, "looped over", "loop over the input itself", scope),
            Stmt::SetBlock(s) => {
                let captured = s.filter.as_ref().is_none_or(|filter| self.taint.captured(filter, scope));
                if captured && !matches!(s.target, Expr::Var(_)) {
                    self.say(&s.target, "put into a namespace", "set a name of its own", scope);
                }
            }
            _ => {}
        }
    }

    fn assignment(&mut self, target: &'a Expr<'a>, value: &'a Expr<'a>, scope: &Scope<'a>) {
        match target {
            Expr::Var(_) => {}
            Expr::GetAttr(_) => self.refuse(value, "put into a namespace", STORE, scope),
            _ => self.refuse(value, "taken apart", STORE, scope),
        }
    }

    fn condition(&mut self, expr: &'a Expr<'a>, scope: &Scope<'a>) {
        self.refuse(expr, "tested for truth", TEST, scope);
    }

    fn expression(&mut self, expr: &'a Expr<'a>, scope: &Scope<'a>) {
        match expr {
            Expr::Slice(e) => {
                self.refuse(&e.expr, "sliced", STORE, scope);
                self.refuse_all(
                    [&e.start, &e.stop, &e.step].into_iter().flatten(),
                    "used as a number",
                    scope,
                );
            }
            Expr::UnaryOp(e) => match e.op {
                UnaryOpKind::Not => self.refuse(&e.expr, "tested for truth", TEST, scope),
                UnaryOpKind::Neg => self.refuse(&e.expr, "used in arithmetic", TEST, scope),
            },
            Expr::BinOp(e) => self.operation(e.op, &e.left, &e.right, scope),
            Expr::Compare(e) => {
                for part in [&e.expr].into_iter().chain(e.ops.iter().map(|op| &op.expr)) {
                    self.refuse(part, "compared", TEST, scope);
                }
            }
            Expr::IfExpr(e) => self.refuse(&e.test_expr, "tested for truth", TEST, scope),
            Expr::Filter(e) if !span::is_default(e.name) => {
                let what = format!("given to the filter `{}` as an argument", e.name);
                self.refuse_all(e.args.iter().map(span::argument), &what, scope);
            }
            Expr::Test(e) => {
                let what = format!("given to the test `{}` as an argument", e.name);
                self.refuse_all(e.args.iter().map(span::argument), &what, scope);
            }
            Expr::GetAttr(e) if !scope.holder(&e.expr) => {
                self.refuse(&e.expr, "asked for a member", STORE, scope)
            }
            Expr::GetItem(e) => {
                self.refuse(&e.expr, "asked for a member", STORE, scope);
                self.refuse(&e.subscript_expr, "used as a subscript", TEST, scope);
            }
            Expr::List(_) | Expr::Tuple(_) => {
                self.refuse_all(span::children(expr), "put into a list", scope);
            }
            Expr::Map(_) => self.refuse_all(span::children(expr), "put into a mapping", scope),
            _ => {}
        }
    }

    fn call(&mut self, call: &'a Spanned<Call<'a>>, scope: &Scope<'a>) {
        let to_macro = self.taint.macros(call, scope).is_some();
        for arg in &call.args {
            let (what, allowed) = match arg {
                CallArg::PosSplat(_) | CallArg::KwargSplat(_) => ("spread over arguments", false),
                _ => ("given to something that is not a macro of the pack", to_macro),
            };
            if !allowed {
                self.refuse(span::argument(arg), what, STORE, scope);
            }
        }
    }
}
