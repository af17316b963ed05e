//! The walk itself: every statement and expression of a template in order, with the names that are bound there.

use super::{
    pack::{Declared, Export, Found, Pack, declared},
    span,
};
use minijinja::machinery::ast::{Call, Expr, Filter, Macro, Spanned, Stmt};
use std::collections::BTreeMap;

/// What looks at a template: statements and expressions come from the outside in, callees and bindings do not come.
pub(super) trait Visitor<'a> {
    /// A statement, before what is inside it.
    fn statement(&mut self, _statement: &'a Stmt<'a>, _scope: &Scope<'a>) {}
    /// An expression that is no call, before what it is made of.
    fn expression(&mut self, _expr: &'a Expr<'a>, _scope: &Scope<'a>) {}
    /// A name or member that `set` or `with` gives a value, after the value was looked at.
    fn assignment(&mut self, _target: &'a Expr<'a>, _value: &'a Expr<'a>, _scope: &Scope<'a>) {}
    /// The condition of an `if` tag or of a loop.
    fn condition(&mut self, _expr: &'a Expr<'a>, _scope: &Scope<'a>) {}
    /// A call, before its arguments: an expression, the call of a call block, or `do`.
    fn call(&mut self, _call: &'a Spanned<Call<'a>>, _scope: &Scope<'a>) {}
}

/// How a name came to be.
#[derive(Clone, Copy)]
pub(super) enum Kind<'a> {
    /// `{% for name in … %}`.
    Loop,
    /// `{% set name = … %}`, once.
    Set,
    /// `{% with name = … %}`.
    With,
    /// A parameter of the macro.
    Parameter(&'a str),
    /// A macro, also an imported one.
    Macro(Found<'a>),
    /// `{% import … as name %}`.
    Module(Option<usize>),
    /// A value from another template.
    Imported,
    /// `loop`.
    LoopObject,
    /// `caller`.
    Caller,
    /// By a block, or in more than one way.
    Several,
}

/// A bound name.
#[derive(Clone)]
pub(super) struct Binding<'a> {
    /// How it came to be.
    pub(super) kind: Kind<'a>,
    /// The expression it was bound to, for loops the one that is looped over.
    pub(super) expr: Option<&'a Expr<'a>>,
    /// The chain of members it stands for, where that is certain.
    pub(super) chain: Option<Vec<String>>,
    /// The chain of members it was taken from: for loops, what is looped over.
    pub(super) of: Option<Vec<String>>,
    /// Is it the key in a loop over the pairs of a mapping?
    pub(super) key: bool,
}

impl<'a> Binding<'a> {
    fn of(kind: Kind<'a>) -> Self {
        Self { kind, expr: None, chain: None, of: None, key: false }
    }
}

/// The names bound at a point of a template.
pub(super) struct Scope<'a> {
    /// The template.
    pub(super) unit: usize,
    frames: Vec<BTreeMap<&'a str, Binding<'a>>>,
}

impl<'a> Scope<'a> {
    /// What a name is bound to; `None`: a root, a function, a name of the including template, or nothing.
    pub(super) fn get(&self, name: &str) -> Option<&Binding<'a>> {
        self.frames.iter().rev().find_map(|frame| frame.get(name))
    }

    /// Is this inside of a macro, or of a call block?
    pub(super) fn in_macro(&self) -> bool {
        self.frames.iter().any(|frame| frame.contains_key("caller"))
    }

    /// All bound names.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.frames.iter().flat_map(|frame| frame.keys().copied())
    }

    /// `loop` or a module: what has members but is no value.
    pub(super) fn holder(&self, expr: &Expr<'a>) -> bool {
        let Expr::Var(var) = expr else { return false };
        match self.get(var.id) {
            Some(binding) => matches!(binding.kind, Kind::LoopObject | Kind::Module(_)),
            None => var.id == "loop",
        }
    }

    /// The one macro that a call means here.
    pub(super) fn called(&self, pack: &Pack<'a>, call: &Call<'a>) -> Option<Found<'a>> {
        match &call.expr {
            Expr::Var(var) => match self.get(var.id)?.kind {
                Kind::Macro(found) => Some(found),
                _ => None,
            },
            Expr::GetAttr(attr) => match self.module(&attr.expr).map(|unit| pack.export(unit, attr.name))? {
                Export::Macro(found) => Some(found),
                _ => None,
            },
            _ => None,
        }
    }

    /// The template that a name of an imported one stands for; the inner `None` is an unknown one.
    pub(super) fn module(&self, expr: &Expr<'a>) -> Option<Option<usize>> {
        let Expr::Var(var) = expr else { return None };
        match self.get(var.id)?.kind {
            Kind::Module(unit) => Some(unit),
            _ => None,
        }
    }

    /// The chain of members from a root that an expression reads, where that is certain.
    pub(super) fn chain(&self, expr: &Expr<'a>) -> Option<Vec<String>> {
        match expr {
            Expr::Var(var) => match self.get(var.id) {
                Some(binding) => binding.chain.clone(),
                None => Some(vec![var.id.to_owned()]),
            },
            Expr::GetAttr(attr) if !self.holder(&attr.expr) => {
                self.chain(&attr.expr).map(|chain| joined(chain, attr.name))
            }
            Expr::GetItem(item) => {
                let member = span::text(&item.subscript_expr).unwrap_or("*");
                self.chain(&item.expr).map(|chain| joined(chain, member))
            }
            Expr::Filter(filter) if keeps_members(filter) => self.chain(filter.expr.as_ref()?),
            _ => None,
        }
    }

    /// The chains of a loop's variable, or of key and value where it has two.
    fn items(&self, iter: &Expr<'a>, pair: bool) -> Option<Vec<String>> {
        match iter {
            Expr::Filter(filter) => {
                let subject = filter.expr.as_ref()?;
                match filter.name {
                    "items" | "dictsort" => self.chain(subject).filter(|_| pair).map(|c| joined(c, "*")),
                    "values" => self.chain(subject).filter(|_| !pair).map(|c| joined(c, "*")),
                    "sort" | "unique" | "reverse" | "list" | "select" | "reject" | "selectattr"
                    | "rejectattr" => self.items(subject, pair),
                    _ if keeps_members(filter) => self.items(subject, pair),
                    _ => None,
                }
            }
            _ if pair => None,
            _ => self.chain(iter).map(|chain| joined(chain, "*")),
        }
    }

    fn bind(&mut self, name: &'a str, binding: Binding<'a>) {
        if let Some(frame) = self.frames.last_mut() {
            frame.insert(name, binding);
        }
    }

    /// Binds the names of a body for all of it, so that macros may use what is set after them.
    fn declare(&mut self, pack: &Pack<'a>, body: &'a [Stmt<'a>]) {
        let all = declared(body);
        for (name, what) in &all {
            let known = self.frames.last().and_then(|frame| frame.get(name));
            if matches!(known, Some(Binding { kind: Kind::Macro(_), .. })) {
                continue;
            }
            let alone = known.is_none() && all.iter().filter(|(other, _)| other == name).count() == 1;
            let kind = match what {
                Declared::Macro(found) => Kind::Macro((self.unit, found)),
                Declared::Module(import) => Kind::Module(pack.target(&import.expr)),
                Declared::Imported(from, there) => match pack.export(pack.target(&from.expr), there) {
                    Export::Macro(found) => Kind::Macro(found),
                    _ => Kind::Imported,
                },
                Declared::Value if alone => Kind::Set,
                Declared::Value => Kind::Several,
            };
            self.bind(name, Binding::of(kind));
        }
    }

    /// A name is set: from here on it is known to what, if this is the only place.
    fn set(&mut self, target: &'a Expr<'a>, expr: &'a Expr<'a>) {
        let chain = self.chain(expr);
        for name in span::targets(target) {
            let whole = matches!(target, Expr::Var(_));
            if let Some(binding) = self.frames.last_mut().and_then(|frame| frame.get_mut(name))
                && matches!(binding.kind, Kind::Set)
            {
                binding.expr = Some(expr);
                binding.chain = chain.clone().filter(|_| whole);
                binding.of = chain.clone();
            }
        }
    }

    fn bind_loop(&mut self, target: &'a Expr<'a>, iter: &'a Expr<'a>) {
        let pair = match target {
            Expr::List(list) => match list.items.as_slice() {
                [Expr::Var(_), Expr::Var(value)] => Some(value.id),
                _ => None,
            },
            _ => None,
        };
        let chain = match target {
            Expr::Var(_) => self.items(iter, false),
            _ => pair.and_then(|_| self.items(iter, true)),
        };
        let (mut subject, mut pairs) = (iter, false);
        while let Expr::Filter(filter) = subject
            && let Some(inner) = &filter.expr
        {
            pairs |= matches!(filter.name, "items" | "dictsort");
            subject = inner;
        }
        let of = self.chain(subject);
        for name in span::targets(target) {
            let mine = matches!(target, Expr::Var(_)) || pair == Some(name);
            let chain = chain.clone().filter(|_| mine);
            let key = pairs && pair.is_some() && !mine;
            self.bind(name, Binding { kind: Kind::Loop, expr: Some(iter), chain, of: of.clone(), key });
        }
        self.bind("loop", Binding::of(Kind::LoopObject));
    }
}

fn joined(mut chain: Vec<String>, member: &str) -> Vec<String> {
    chain.push(member.to_owned());
    chain
}

/// `default` without a value that could have members of its own, or `required`.
fn keeps_members(filter: &Filter<'_>) -> bool {
    span::keeps_value(filter.name)
        && filter.args.iter().all(|arg| match span::argument(arg) {
            Expr::Const(_) => true,
            Expr::List(list) => list.items.is_empty(),
            Expr::Map(map) => map.keys.is_empty(),
            Expr::Var(var) => var.id == "omit",
            _ => false,
        })
}

/// Walks a template.
pub(super) fn walk<'a>(pack: &Pack<'a>, unit: usize, visitor: &mut dyn Visitor<'a>) {
    let mut walker = Walker { pack, scope: Scope { unit, frames: Vec::new() }, visitor };
    walker.within(pack.body(unit), |_| {});
}

struct Walker<'p, 'a, 'v> {
    pack: &'p Pack<'a>,
    scope: Scope<'a>,
    visitor: &'v mut dyn Visitor<'a>,
}

impl<'a> Walker<'_, 'a, '_> {
    /// A body with a scope of its own.
    fn within(&mut self, body: &'a [Stmt<'a>], bind: impl FnOnce(&mut Self)) {
        self.scope.frames.push(BTreeMap::new());
        bind(self);
        let pack = self.pack;
        self.scope.declare(pack, body);
        self.body(body);
        self.scope.frames.pop();
    }

    fn body(&mut self, body: &'a [Stmt<'a>]) {
        for statement in body {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &'a Stmt<'a>) {
        self.visitor.statement(statement, &self.scope);
        match statement {
            Stmt::Template(s) => self.body(&s.children),
            Stmt::EmitExpr(s) => self.expr(&s.expr),
            Stmt::ForLoop(s) => {
                self.expr(&s.iter);
                self.within(&s.body, |walker| {
                    walker.scope.bind_loop(&s.target, &s.iter);
                    if let Some(filter) = &s.filter_expr {
                        walker.expr(filter);
                        walker.visitor.condition(filter, &walker.scope);
                    }
                });
                self.within(&s.else_body, |_| {});
            }
            Stmt::IfCond(s) => {
                self.expr(&s.expr);
                self.visitor.condition(&s.expr, &self.scope);
                self.body(&s.true_body);
                self.body(&s.false_body);
            }
            Stmt::WithBlock(s) => self.within(&s.body, |walker| {
                s.assignments.iter().for_each(|(target, expr)| walker.with(target, expr));
            }),
            Stmt::Set(s) => {
                self.member_target(&s.target);
                self.expr(&s.expr);
                self.visitor.assignment(&s.target, &s.expr, &self.scope);
                self.scope.set(&s.target, &s.expr);
            }
            Stmt::SetBlock(s) => {
                self.member_target(&s.target);
                self.all(&s.filter);
                self.body(&s.body);
            }
            Stmt::AutoEscape(s) => self.body(&s.body),
            Stmt::FilterBlock(s) => {
                self.expr(&s.filter);
                self.body(&s.body);
            }
            Stmt::Block(s) => self.within(&s.body, |_| {}),
            Stmt::Macro(s) => self.called(s),
            Stmt::CallBlock(s) => {
                self.call(&s.call);
                self.called(&s.macro_decl);
            }
            Stmt::Do(s) => self.call(&s.call),
            Stmt::EmitRaw(_)
            | Stmt::Import(_)
            | Stmt::FromImport(_)
            | Stmt::Extends(_)
            | Stmt::Include(_) => {}
            Stmt::Continue(_) | Stmt::Break(_) => {}
        }
    }

    /// One assignment of a `{% with %}`.
    fn with(&mut self, target: &'a Expr<'a>, expr: &'a Expr<'a>) {
        self.expr(expr);
        self.visitor.assignment(target, expr, &self.scope);
        let of = self.scope.chain(expr);
        for name in span::targets(target) {
            let (of, chain) = (of.clone(), of.clone().filter(|_| matches!(target, Expr::Var(_))));
            self.scope.bind(name, Binding { kind: Kind::With, expr: Some(expr), chain, of, key: false });
        }
    }

    /// `ns` in `{% set ns.member = … %}`.
    fn member_target(&mut self, target: &'a Expr<'a>) {
        if let Expr::GetAttr(attr) = target {
            self.expr(&attr.expr);
        }
    }

    /// The body of a macro or call block.
    fn called(&mut self, s: &'a Spanned<Macro<'a>>) {
        self.all(&s.defaults);
        self.within(&s.body, |walker| {
            for name in s.args.iter().flat_map(span::targets) {
                walker.scope.bind(name, Binding::of(Kind::Parameter(s.name)));
            }
            walker.scope.bind("caller", Binding::of(Kind::Caller));
        });
    }

    fn all(&mut self, exprs: impl IntoIterator<Item = &'a Expr<'a>>) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &'a Expr<'a>) {
        if let Expr::Call(call) = expr {
            return self.call(call);
        }
        self.visitor.expression(expr, &self.scope);
        match expr {
            Expr::GetAttr(attr) if self.scope.holder(&attr.expr) => {}
            Expr::Test(test) if matches!(test.name, "defined" | "undefined") && self.callable(&test.expr) => {
            }
            _ => self.all(span::children(expr)),
        }
    }

    fn callable(&self, expr: &Expr<'a>) -> bool {
        let Expr::Var(var) = expr else { return false };
        let kind = self.scope.get(var.id).map(|binding| binding.kind);
        matches!(kind, Some(Kind::Macro(_) | Kind::Caller | Kind::Module(_) | Kind::LoopObject))
    }

    fn call(&mut self, call: &'a Spanned<Call<'a>>) {
        self.visitor.call(call, &self.scope);
        match &call.expr {
            Expr::Var(_) => {}
            Expr::GetAttr(attr) if self.scope.holder(&attr.expr) => {}
            Expr::GetAttr(attr) => self.expr(&attr.expr),
            other => self.expr(other),
        }
        self.all(call.args.iter().map(span::argument));
    }
}
