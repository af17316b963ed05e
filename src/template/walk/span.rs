//! Places and shapes of expressions.

use minijinja::machinery::{
    Span,
    ast::{CallArg, Expr, GetAttr, Spanned},
};
use std::ops::Range;

/// The bytes of a span.
pub(super) fn range(span: Span) -> Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}

/// The bytes of a whole expression but for parentheses around it. (The parser's own span of filters, inline
/// `if` and comparisons covers more or less than that.)
pub(super) fn extent(expr: &Expr<'_>) -> Range<usize> {
    let own = range(expr.span());
    let inner = children(expr).into_iter().map(extent).reduce(|a, b| a.start.min(b.start)..a.end.max(b.end));
    match (expr, inner) {
        (Expr::IfExpr(_) | Expr::Compare(_) | Expr::BinOp(_) | Expr::UnaryOp(_), Some(inner)) => inner,
        (_, Some(inner)) => own.start.min(inner.start)..own.end.max(inner.end),
        (_, None) => own,
    }
}

/// The name behind the dot.
pub(super) fn attribute(attr: &Spanned<GetAttr<'_>>) -> Range<usize> {
    let end = range(attr.span()).end;
    end.saturating_sub(attr.name.len())..end
}

/// A name at the start of a span: of a filter or test, whose span goes on over its arguments.
pub(super) fn head(span: Span, name: &str) -> Range<usize> {
    let start = range(span).start;
    start..start + name.len()
}

/// The value of an argument of a call, filter or test.
pub(super) fn argument<'e, 'a>(argument: &'e CallArg<'a>) -> &'e Expr<'a> {
    match argument {
        CallArg::Pos(e) | CallArg::Kwarg(_, e) | CallArg::PosSplat(e) | CallArg::KwargSplat(e) => e,
    }
}

/// The expressions an expression is made of.
pub(super) fn children<'e, 'a>(expr: &'e Expr<'a>) -> Vec<&'e Expr<'a>> {
    fn with<'e, 'a>(
        first: impl IntoIterator<Item = &'e Expr<'a>>,
        args: &'e [CallArg<'a>],
    ) -> Vec<&'e Expr<'a>> {
        first.into_iter().chain(args.iter().map(argument)).collect()
    }
    match expr {
        Expr::Var(_) | Expr::Const(_) => Vec::new(),
        Expr::Slice(e) => [Some(&e.expr), e.start.as_ref(), e.stop.as_ref(), e.step.as_ref()]
            .into_iter()
            .flatten()
            .collect(),
        Expr::UnaryOp(e) => vec![&e.expr],
        Expr::BinOp(e) => vec![&e.left, &e.right],
        Expr::Compare(e) => [&e.expr].into_iter().chain(e.ops.iter().map(|op| &op.expr)).collect(),
        Expr::IfExpr(e) => [&e.true_expr, &e.test_expr].into_iter().chain(&e.false_expr).collect(),
        Expr::Filter(e) => with(&e.expr, &e.args),
        Expr::Test(e) => with([&e.expr], &e.args),
        Expr::GetAttr(e) => vec![&e.expr],
        Expr::GetItem(e) => vec![&e.expr, &e.subscript_expr],
        Expr::Call(e) => with([&e.expr], &e.args),
        Expr::List(e) => e.items.iter().collect(),
        Expr::Tuple(e) => e.items.iter().collect(),
        Expr::Map(e) => e.keys.iter().zip(&e.values).flat_map(|(k, v)| [k, v]).collect(),
    }
}

/// A constant string.
pub(super) fn text<'e>(expr: &'e Expr<'_>) -> Option<&'e str> {
    match expr {
        Expr::Const(constant) => constant.value.as_str(),
        _ => None,
    }
}

/// The filter that keeps its subject if there is one.
pub(super) fn is_default(filter: &str) -> bool {
    matches!(filter, "default" | "d")
}

/// The filters that give back what they are given, if there is something.
pub(super) fn keeps_value(filter: &str) -> bool {
    is_default(filter) || filter == "required"
}

/// The names that an assignment binds; members of namespaces are none.
pub(super) fn targets<'a>(target: &Expr<'a>) -> Vec<&'a str> {
    match target {
        Expr::Var(var) => vec![var.id],
        Expr::List(list) => list.items.iter().flat_map(targets).collect(),
        _ => Vec::new(),
    }
}
