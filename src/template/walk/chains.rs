//! What members an expression stands for, also through the parameters of macros: those stand for the arguments of all
//! calls in the pack.

use super::{
    pack::Pack,
    scope::{self, Kind, Scope, Visitor},
    span,
};
use minijinja::machinery::ast::{BinOpKind, Call, CallArg, Expr, Macro, Spanned, Stmt};
use std::collections::BTreeMap;

/// Loops bound to loops, and macros called by macros, are followed so far.
pub(super) const DEEPEST: usize = 8;

/// Members of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain<'a> {
    base: Base<'a>,
    names: Vec<String>,
}

impl Chain<'_> {
    fn unknown() -> Self {
        Self { base: Base::Unknown, names: Vec::new() }
    }

    /// Is nothing known of it?
    pub(super) fn is_unknown(&self) -> bool {
        self.base == Base::Unknown && self.names.is_empty()
    }
}

/// What members are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Base<'a> {
    /// A root: the first of the names.
    Root,
    /// The parameter of a macro: template, macro, parameter.
    Parameter(usize, &'a str, &'a str),
    /// Not known.
    Unknown,
}

/// All members that the value of an expression may be; `None` if it is computed.
pub(super) fn chains<'a>(
    expr: &'a Expr<'a>,
    scope: &Scope<'a>,
    roots: &[&str],
    depth: usize,
) -> Option<Vec<Chain<'a>>> {
    if let Some(names) = scope.chain(expr).filter(|names| roots.contains(&names[0].as_str())) {
        return Some(vec![Chain { base: Base::Root, names }]);
    }
    let (of, name) = match expr {
        Expr::Const(_) => return Some(Vec::new()),
        Expr::GetAttr(attr) if !scope.holder(&attr.expr) => (&attr.expr, attr.name),
        Expr::GetItem(item) => (&item.expr, span::text(&item.subscript_expr).unwrap_or("*")),
        Expr::Filter(filter) if span::keeps_value(filter.name) => {
            return chains(filter.expr.as_ref()?, scope, roots, depth);
        }
        Expr::Var(var) => return Some(local(var.id, scope, roots, depth)),
        _ => return None,
    };
    let mut found = chains(of, scope, roots, depth)?;
    found.iter_mut().for_each(|chain| chain.names.push(name.to_owned()));
    Some(found)
}

/// What a local name may stand for; nothing if that is computed.
fn local<'a>(name: &'a str, scope: &Scope<'a>, roots: &[&str], depth: usize) -> Vec<Chain<'a>> {
    let Some(binding) = scope.get(name).filter(|_| depth < DEEPEST) else { return vec![Chain::unknown()] };
    match (binding.kind, binding.expr) {
        (Kind::Parameter(of), _) => {
            vec![Chain { base: Base::Parameter(scope.unit, of, name), names: Vec::new() }]
        }
        // Another value leaves the key as it is.
        (Kind::Loop, _) if binding.key => Vec::new(),
        (Kind::Loop, Some(iter)) => items(iter, scope, roots, depth + 1).unwrap_or_default(),
        (Kind::Set | Kind::With, Some(expr)) => chains(expr, scope, roots, depth + 1).unwrap_or_default(),
        _ => vec![Chain::unknown()],
    }
}

/// What the items of a list, or the entries of a mapping, may be.
fn items<'a>(iter: &'a Expr<'a>, scope: &Scope<'a>, roots: &[&str], depth: usize) -> Option<Vec<Chain<'a>>> {
    match iter {
        Expr::List(list) => {
            let each = list.items.iter().map(|item| chains(item, scope, roots, depth));
            each.collect::<Option<Vec<_>>>().map(|all| all.into_iter().flatten().collect())
        }
        Expr::BinOp(op) if matches!(op.op, BinOpKind::Add) => {
            let mut all = items(&op.left, scope, roots, depth)?;
            all.extend(items(&op.right, scope, roots, depth)?);
            Some(all)
        }
        Expr::Filter(filter) if !span::keeps_value(filter.name) => {
            items(filter.expr.as_ref()?, scope, roots, depth)
        }
        _ => {
            let mut all = chains(iter, scope, roots, depth)?;
            all.iter_mut().for_each(|chain| chain.names.push("*".to_owned()));
            Some(all)
        }
    }
}

/// The arguments of all macros of a pack.
#[derive(Default)]
pub(super) struct Arguments<'a>(BTreeMap<Base<'a>, Vec<Given<'a>>>);

/// What a macro is given: members, or, in a mapping or list that the call writes out, a part of that.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Given<'a> {
    /// The way to the part.
    at: Vec<String>,
    chain: Chain<'a>,
}

impl<'a> Given<'a> {
    /// What an argument gives; what is computed in it is left out.
    fn of(expr: &'a Expr<'a>, scope: &Scope<'a>, roots: &[&str], at: &[String], all: &mut Vec<Self>) {
        let below = |step: &str| at.iter().cloned().chain([step.to_owned()]).collect::<Vec<_>>();
        match expr {
            Expr::Map(map) => {
                for (key, value) in map.keys.iter().zip(&map.values) {
                    Self::of(value, scope, roots, &below(span::text(key).unwrap_or("*")), all);
                }
            }
            Expr::List(list) => {
                list.items.iter().for_each(|item| Self::of(item, scope, roots, &below("*"), all));
            }
            _ => {
                let found = chains(expr, scope, roots, 0).unwrap_or_default().into_iter();
                all.extend(found.map(|chain| Self { at: at.to_vec(), chain }));
            }
        }
    }

    /// What of it members mean; `inside`: also what is inside of the part they end at.
    fn part(&self, names: &[String], inside: bool) -> Option<Chain<'a>> {
        let equal = |(at, name): (&String, &String)| at == name || at == "*" || name == "*";
        let fits = self.at.iter().zip(names).all(equal) && (inside || names.len() >= self.at.len());
        let mut chain = self.chain.clone();
        chain.names.extend(names.iter().skip(self.at.len()).cloned());
        fits.then_some(chain)
    }
}

impl<'a> Arguments<'a> {
    /// Looks at every call.
    pub(super) fn of(pack: &Pack<'a>, roots: &[&str]) -> Self {
        let mut calls = Calls { pack, roots, found: Self::default() };
        for unit in pack.parsed() {
            scope::walk(pack, unit, &mut calls);
        }
        calls.found
    }

    /// All that members may stand for: from a root on, or, if that is not known, the last of them. `inside`: also what is
    /// inside of what they stand for.
    pub(super) fn resolve(&self, chain: &Chain<'a>, inside: bool) -> Vec<(bool, Vec<String>)> {
        let mut all = Vec::new();
        self.resolve_within(chain, inside, 0, &mut all);
        all.sort();
        all.dedup();
        all
    }

    fn resolve_within(
        &self,
        chain: &Chain<'a>,
        inside: bool,
        depth: usize,
        all: &mut Vec<(bool, Vec<String>)>,
    ) {
        match self.0.get(&chain.base).filter(|_| depth < DEEPEST) {
            Some(arguments) => {
                for part in arguments.iter().filter_map(|given| given.part(&chain.names, inside)) {
                    self.resolve_within(&part, inside, depth + 1, all);
                }
            }
            None => all.push((chain.base == Base::Root, chain.names.clone())),
        }
    }
}

struct Calls<'p, 'a> {
    pack: &'p Pack<'a>,
    roots: &'p [&'p str],
    found: Arguments<'a>,
}

impl<'a> Visitor<'a> for Calls<'_, 'a> {
    fn statement(&mut self, statement: &'a Stmt<'a>, scope: &Scope<'a>) {
        if let Stmt::Macro(found) = statement {
            let parameters: Vec<&str> = found.args.iter().flat_map(span::targets).collect();
            for (name, default) in parameters.iter().rev().zip(found.defaults.iter().rev()) {
                self.add(scope.unit, found, name, Some(default), scope);
            }
        }
    }

    fn call(&mut self, call: &'a Spanned<Call<'a>>, scope: &Scope<'a>) {
        let Some((unit, called)) = scope.called(self.pack, call) else { return };
        let parameters: Vec<&str> = called.args.iter().flat_map(span::targets).collect();
        for (index, argument) in call.args.iter().enumerate() {
            let (name, value) = match argument {
                CallArg::Pos(value) => (parameters.get(index).copied(), value),
                CallArg::Kwarg(name, value) => (Some(*name), value),
                CallArg::PosSplat(value) | CallArg::KwargSplat(value) => (None, value),
            };
            match name {
                Some(name) => self.add(unit, called, name, Some(value), scope),
                None => parameters.iter().for_each(|name| self.add(unit, called, name, None, scope)),
            }
        }
    }
}

impl<'a> Calls<'_, 'a> {
    fn add(
        &mut self,
        unit: usize,
        called: &'a Spanned<Macro<'a>>,
        parameter: &str,
        value: Option<&'a Expr<'a>>,
        scope: &Scope<'a>,
    ) {
        let Some(parameter) = called.args.iter().flat_map(span::targets).find(|name| *name == parameter)
        else {
            return;
        };
        let all = self.found.0.entry(Base::Parameter(unit, called.name, parameter)).or_default();
        let mut found = Vec::new();
        match value {
            Some(value) => Given::of(value, scope, self.roots, &[], &mut found),
            None => found.push(Given { at: Vec::new(), chain: Chain::unknown() }),
        }
        for given in found {
            if !all.contains(&given) {
                all.push(given);
            }
        }
    }
}
