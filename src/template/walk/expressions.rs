//! What is emitted where: for the source map, which sees a range of bytes in a template and wants to know what was
//! written there.

use super::{
    Unit,
    pack::Pack,
    parse,
    scope::{self, Kind, Scope, Visitor},
    span,
};
use minijinja::machinery::ast::{Call, Expr, Stmt};
use std::{collections::BTreeMap, ops::Range};

/// What an emitted expression is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    /// Members of a root or of a local name, also behind `default` and `required`: `inputs.web.port`, `c.port`. A subscript
    /// that is computed is the member `*`.
    Chain(Vec<String>),
    /// A local name alone.
    Local {
        /// The name.
        name: String,
        /// The expression it was bound to as it is written, on one line; empty for parameters and blocks.
        bound_to: String,
        /// The chain of members that it was taken from, from a root, where that is certain: of a loop, what is
        /// looped over.
        of: Option<Vec<String>>,
        /// How it was bound.
        kind: LocalKind,
    },
    /// The call of a macro, also behind `trim` and `indent`, or a call block.
    Call {
        /// The macro's own name.
        name: String,
        /// The template it stands in.
        template: String,
        /// Its line there, from 1.
        line: usize,
    },
    /// Anything else.
    Computed,
}

/// How a local name was bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LocalKind {
    /// By a loop.
    Loop,
    /// By `set` or `with`.
    Set,
    /// By a `set` block, or in more than one way.
    Block,
    /// As the parameter of a macro.
    Parameter,
    /// In another template: imported, or set by the one that includes this.
    Elsewhere,
}

/// All emitted expressions of a pack's templates, by template and range of bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expressions {
    emitted: BTreeMap<String, BTreeMap<(usize, usize), Expression>>,
    includes: Vec<Included>,
}

/// That a template includes another.
#[derive(Clone, Debug)]
pub(crate) struct Included {
    /// What is included.
    pub(crate) template: String,
    /// Where the tag stands.
    pub(crate) by: String,
    /// The path in the tag, in bytes.
    pub(crate) range: Range<usize>,
}

impl Expressions {
    /// Looks at all templates; those with a syntax error give nothing.
    pub(crate) fn of(units: &[Unit<'_>]) -> Self {
        let trees = parse::parse(units, None);
        let pack = Pack::index(units, &trees);
        let mut all = Self::default();
        for unit in pack.parsed() {
            let mut emitted = BTreeMap::new();
            let includes = &mut all.includes;
            scope::walk(&pack, unit, &mut Emitted { pack: &pack, emitted: &mut emitted, includes });
            all.emitted.insert(units[unit].name.to_owned(), emitted);
        }
        all
    }

    /// What is emitted at the source range of an output span of a template; `None`: nothing.
    pub(crate) fn find(&self, template: &str, range: &Range<usize>) -> Option<&Expression> {
        self.emitted.get(template)?.get(&(range.start, range.end))
    }

    /// Where a template is included.
    pub(crate) fn includes(&self, template: &str) -> impl Iterator<Item = &Included> {
        self.includes.iter().filter(move |include| include.template == template)
    }
}

fn line(unit: &Unit<'_>, at: usize) -> usize {
    unit.text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

struct Emitted<'p, 'a> {
    pack: &'p Pack<'a>,
    emitted: &'p mut BTreeMap<(usize, usize), Expression>,
    includes: &'p mut Vec<Included>,
}

impl<'a> Emitted<'_, 'a> {
    fn classify(&self, expr: &'a Expr<'a>, scope: &Scope<'a>) -> Expression {
        match expr {
            Expr::Filter(filter) => match &filter.expr {
                Some(subject) if span::keeps_value(filter.name) => self.classify(subject, scope),
                Some(subject @ (Expr::Call(_) | Expr::Filter(_)))
                    if matches!(filter.name, "trim" | "indent") =>
                {
                    match self.classify(subject, scope) {
                        call @ Expression::Call { .. } => call,
                        _ => Expression::Computed,
                    }
                }
                _ => Expression::Computed,
            },
            Expr::Call(call) => self.called(call, scope),
            Expr::Var(var) => self.variable(var.id, scope),
            _ => members(expr, scope).map_or(Expression::Computed, Expression::Chain),
        }
    }

    fn variable(&self, id: &'a str, scope: &Scope<'a>) -> Expression {
        let local = |kind, bound_to, of| Expression::Local { name: id.to_owned(), bound_to, of, kind };
        let Some(binding) = scope.get(id) else {
            let elsewhere = self.pack.is_lenient(scope.unit) && self.pack.is_bound(id);
            return match elsewhere {
                true => local(LocalKind::Elsewhere, String::new(), None),
                false => Expression::Chain(vec![id.to_owned()]),
            };
        };
        let kind = match binding.kind {
            Kind::Loop => LocalKind::Loop,
            Kind::Set | Kind::With if binding.expr.is_some() => LocalKind::Set,
            Kind::Set | Kind::With | Kind::Several => LocalKind::Block,
            Kind::Parameter(_) => LocalKind::Parameter,
            Kind::Imported => LocalKind::Elsewhere,
            Kind::Macro(_) | Kind::Module(_) | Kind::LoopObject | Kind::Caller => {
                return Expression::Computed;
            }
        };
        let text =
            binding.expr.map(span::extent).and_then(|range| self.pack.units[scope.unit].text.get(range));
        let bound_to = text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        local(kind, bound_to, binding.of.clone())
    }

    fn called(&self, call: &Call<'a>, scope: &Scope<'a>) -> Expression {
        match scope.called(self.pack, call) {
            Some((unit, found)) => Expression::Call {
                name: found.name.to_owned(),
                template: self.pack.units[unit].name.to_owned(),
                line: line(&self.pack.units[unit], span::range(found.span()).start),
            },
            None => Expression::Computed,
        }
    }
}

impl<'a> Visitor<'a> for Emitted<'_, 'a> {
    fn statement(&mut self, statement: &'a Stmt<'a>, scope: &Scope<'a>) {
        let (span, what) = match statement {
            Stmt::EmitExpr(emit) => (emit.span(), self.classify(&emit.expr, scope)),
            Stmt::CallBlock(block) => (block.call_expr_span, self.called(&block.call, scope)),
            Stmt::FilterBlock(block) => (block.filter_span, Expression::Computed),
            Stmt::Include(include) => {
                let by = self.pack.units[scope.unit].name.to_owned();
                let path = span::text(&include.name).map(str::to_owned);
                let range = span::extent(&include.name);
                return self.includes.extend(path.map(|template| Included { template, by, range }));
            }
            _ => return,
        };
        let range = span::range(span);
        self.emitted.insert((range.start, range.end), what);
    }
}

/// The members that are read one from the other, as they are written.
fn members<'a>(expr: &Expr<'a>, scope: &Scope<'a>) -> Option<Vec<String>> {
    let (base, member) = match expr {
        Expr::Var(var) => return Some(vec![var.id.to_owned()]),
        Expr::GetAttr(attr) if !scope.holder(&attr.expr) => (&attr.expr, attr.name.to_owned()),
        Expr::GetItem(item) => {
            let member = match &item.subscript_expr {
                Expr::Const(constant) => constant.value.to_string(),
                _ => "*".to_owned(),
            };
            (&item.expr, member)
        }
        Expr::Filter(filter) if span::keeps_value(filter.name) => {
            return members(filter.expr.as_ref()?, scope);
        }
        _ => return None,
    };
    let mut chain = members(base, scope)?;
    chain.push(member);
    Some(chain)
}
