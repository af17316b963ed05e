//! What decides: the members that conditions, loops, `set`, arguments and computed expressions look at. A value that is
//! printed leaves a trace in the output; one that is only asked leaves none, so whoever wants to know what a value may
//! change finds it here.

use super::{
    Unit,
    chains::{Arguments, DEEPEST, chains},
    pack::{Pack, bodies},
    parse,
    scope::{self, Kind, Scope, Visitor},
    span,
};
use minijinja::machinery::ast::{BinOpKind, Call, Expr, Spanned, Stmt};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

/// Members that something depends on without printing them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    /// The expression that looks at them.
    pub(crate) range: Range<usize>,
    /// The emitted expression that it is a part of; none in a tag.
    pub(crate) emitted: Option<Range<usize>>,
    /// `inputs`, `web`, `port`; `*` stands for any member.
    pub(crate) chain: Vec<String>,
    /// Does the chain begin with a root? Else only its last members are known: those of a macro's parameter.
    pub(crate) anchored: bool,
    /// Does what is inside of it matter as well?
    pub(crate) deep: bool,
    /// Does it decide whether there are objects, not only what is in them?
    pub(crate) objects: bool,
    /// Is it only asked whether it is there? Another value leaves the answer as it is.
    pub(crate) presence: bool,
    /// It is only printed. That leaves a trace where it is a value, but none where it is a key.
    pub(crate) prints: bool,
    /// It stands in a macro: the output knows only where that was called.
    pub(crate) in_macro: bool,
}

/// All decisions of a pack's templates.
#[derive(Clone, Debug, Default)]
pub(crate) struct Decisions {
    /// By template.
    pub(crate) of: BTreeMap<String, Vec<Decision>>,
    /// Which templates a template names, directly.
    pub(crate) named: BTreeMap<String, BTreeSet<String>>,
}

impl Decisions {
    /// Looks at all templates; those with a syntax error give nothing.
    pub(crate) fn all(units: &[Unit<'_>], roots: &[&str]) -> Self {
        let trees = parse::parse(units, None);
        let pack = Pack::index(units, &trees);
        let mut all = Self::default();
        let arguments = Arguments::of(&pack, roots);
        for unit in pack.parsed() {
            let mut seen = Seen {
                pack: &pack,
                roots,
                arguments: &arguments,
                found: Vec::new(),
                named: BTreeSet::new(),
                at: At::default(),
            };
            scope::walk(&pack, unit, &mut seen);
            let name = units[unit].name.to_owned();
            all.named.insert(name.clone(), seen.named);
            all.of.insert(name, seen.found);
        }
        all
    }
}

impl Decision {
    /// Does it look at this path, from a root?
    pub(crate) fn looks_at(&self, path: &[String]) -> bool {
        let fits = |part: &[String]| {
            let equal = |(own, step): (&String, &String)| own == "*" || own == step;
            self.chain.len() <= part.len()
                && self.chain.iter().zip(part).all(equal)
                && (self.deep || self.chain.len() == part.len())
        };
        match self.anchored {
            true => fits(path),
            false => (1..=path.len()).any(|start| fits(&path[start..])),
        }
    }
}

/// Where the walk is.
#[derive(Default)]
struct At {
    emitted: Option<Range<usize>>,
    objects: bool,
    presence: bool,
    prints: bool,
    /// In how many names that were computed from others.
    depth: usize,
}

struct Seen<'p, 'a> {
    pack: &'p Pack<'a>,
    roots: &'p [&'p str],
    arguments: &'p Arguments<'a>,
    found: Vec<Decision>,
    named: BTreeSet<String>,
    at: At,
}

impl<'a> Seen<'_, 'a> {
    fn push(
        &mut self,
        expr: &Expr<'a>,
        scope: &Scope<'a>,
        (anchored, chain): (bool, Vec<String>),
        deep: bool,
    ) {
        let decision = Decision {
            range: span::extent(expr),
            emitted: self.at.emitted.clone(),
            chain,
            anchored,
            deep,
            objects: self.at.objects,
            presence: self.at.presence,
            prints: self.at.prints,
            in_macro: scope.in_macro(),
        };
        if !self.found.contains(&decision) {
            self.found.push(decision);
        }
    }

    /// Of what is printed as it is, only what chooses it.
    fn emitted(&mut self, expr: &'a Expr<'a>, scope: &Scope<'a>) {
        match expr {
            Expr::Filter(filter) if span::keeps_value(filter.name) => {
                filter.expr.iter().for_each(|subject| self.emitted(subject, scope));
            }
            Expr::Filter(filter) if matches!(filter.name, "trim" | "indent") => match &filter.expr {
                Some(subject @ (Expr::Call(_) | Expr::Filter(_))) => self.emitted(subject, scope),
                _ => self.looked_at(expr, scope, false),
            },
            Expr::IfExpr(choice) => {
                self.looked_at(&choice.test_expr, scope, false);
                self.emitted(&choice.true_expr, scope);
                choice.false_expr.iter().for_each(|other| self.emitted(other, scope));
            }
            Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_) => {
                self.at.prints = true;
                self.looked_at(expr, scope, true);
                self.at.prints = false;
                self.subscripts(expr, scope);
            }
            Expr::Call(_) | Expr::Const(_) => {}
            _ => self.looked_at(expr, scope, false),
        }
    }

    /// What a chain of members is subscripted with.
    fn subscripts(&mut self, expr: &'a Expr<'a>, scope: &Scope<'a>) {
        match expr {
            Expr::GetAttr(attr) => self.subscripts(&attr.expr, scope),
            Expr::GetItem(item) => {
                self.subscripts(&item.expr, scope);
                let prints = std::mem::take(&mut self.at.prints);
                self.looked_at(&item.subscript_expr, scope, false);
                self.at.prints = prints;
            }
            Expr::Filter(filter) => filter.expr.iter().for_each(|subject| self.subscripts(subject, scope)),
            _ => {}
        }
    }

    /// An expression whose value something depends on; `deep`: also on what is inside of a list or mapping.
    fn looked_at(&mut self, expr: &'a Expr<'a>, scope: &Scope<'a>, deep: bool) {
        if let Some(chain) = scope.chain(expr) {
            if chain.first().is_some_and(|root| self.roots.contains(&root.as_str())) {
                self.push(expr, scope, (true, chain), deep);
            } else {
                self.local(expr, scope, deep);
            }
            return self.subscripts(expr, scope);
        }
        match expr {
            // Arguments come as calls; what a macro gives is text.
            Expr::Call(_) | Expr::Const(_) => {}
            Expr::Var(_) => self.local(expr, scope, deep),
            Expr::GetAttr(_) | Expr::GetItem(_) => self.members(expr, scope, deep),
            Expr::Filter(filter) => {
                let keeps = span::keeps_value(filter.name)
                    || matches!(filter.name, "items" | "list" | "length" | "count" | "reverse");
                filter.expr.iter().for_each(|subject| self.looked_at(subject, scope, deep || !keeps));
                filter.args.iter().for_each(|arg| self.argument(span::argument(arg), scope));
            }
            Expr::Test(test) if matches!(test.name, "defined" | "undefined") => {
                let before = std::mem::replace(&mut self.at.presence, true);
                self.looked_at(&test.expr, scope, false);
                self.at.presence = before;
            }
            Expr::Test(test) => {
                self.looked_at(&test.expr, scope, deep || !test.args.is_empty());
                test.args.iter().for_each(|arg| self.argument(span::argument(arg), scope));
            }
            Expr::UnaryOp(_) | Expr::IfExpr(_) => self.all(expr, scope, deep),
            Expr::BinOp(op) if matches!(op.op, BinOpKind::ScAnd | BinOpKind::ScOr) => {
                self.all(expr, scope, deep)
            }
            _ => self.all(expr, scope, true),
        }
    }

    fn all(&mut self, expr: &'a Expr<'a>, scope: &Scope<'a>, deep: bool) {
        span::children(expr).into_iter().for_each(|child| self.looked_at(child, scope, deep));
    }

    /// The argument of a filter or test: a text may be the name of a member, as in `sort(attribute="weight")`.
    fn argument(&mut self, expr: &'a Expr<'a>, scope: &Scope<'a>) {
        if let Some(name) = span::text(expr) {
            let chain = name.split('.').map(str::to_owned).collect();
            self.push(expr, scope, (false, chain), true);
        }
        self.looked_at(expr, scope, true);
    }

    /// A local name: what it may stand for, or what it was computed from.
    fn local(&mut self, expr: &'a Expr<'a>, scope: &Scope<'a>, deep: bool) {
        let Expr::Var(var) = expr else { return };
        let Some(binding) = scope.get(var.id) else { return };
        match binding.kind {
            Kind::Macro(_) | Kind::Module(_) | Kind::LoopObject | Kind::Caller => {}
            // Another value leaves the key as it is.
            _ if binding.key => {}
            Kind::Set | Kind::With => {
                match binding.expr.filter(|own| chains(own, scope, self.roots, 0).is_none()) {
                    Some(computed) if self.at.depth < DEEPEST => {
                        self.at.depth += 1;
                        self.looked_at(computed, scope, true);
                        self.at.depth -= 1;
                    }
                    _ => self.members(expr, scope, deep),
                }
            }
            _ => self.members(expr, scope, deep),
        }
    }

    /// Members of what is not certain: a parameter of a macro, an entry of what that has.
    fn members(&mut self, expr: &'a Expr<'a>, scope: &Scope<'a>, deep: bool) {
        for found in chains(expr, scope, self.roots, 0).unwrap_or_default() {
            if found.is_unknown() {
                continue;
            }
            for members in self.arguments.resolve(&found, deep) {
                self.push(expr, scope, members, deep);
            }
        }
        self.subscripts(expr, scope);
        let mut base = expr;
        while let Expr::GetAttr(_) | Expr::GetItem(_) = base {
            base = span::children(base)[0];
        }
        if !matches!(base, Expr::Var(_)) {
            self.looked_at(base, scope, true);
        }
    }

    /// What a macro is given: what it does with it is seen there, but for what is computed.
    fn handed_on(&mut self, expr: &'a Expr<'a>, scope: &Scope<'a>) {
        match expr {
            Expr::Map(_) | Expr::List(_) => {
                span::children(expr).into_iter().for_each(|part| self.handed_on(part, scope));
            }
            _ if chains(expr, scope, self.roots, 0).is_some() => self.subscripts(expr, scope),
            _ => {
                let emitted = self.at.emitted.take();
                self.looked_at(expr, scope, true);
                self.at.emitted = emitted;
            }
        }
    }

    /// What is looped over: of a list that is written out, the items are only handed on.
    fn looped_over(&mut self, iter: &'a Expr<'a>, scope: &Scope<'a>) {
        match iter {
            Expr::List(list) => {
                for item in &list.items {
                    if chains(item, scope, self.roots, 0).is_none() {
                        self.looked_at(item, scope, true);
                    }
                }
            }
            Expr::BinOp(op) if matches!(op.op, BinOpKind::Add) => {
                self.looped_over(&op.left, scope);
                self.looped_over(&op.right, scope);
            }
            _ => self.looked_at(iter, scope, false),
        }
    }
}

impl<'a> Visitor<'a> for Seen<'_, 'a> {
    fn statement(&mut self, statement: &'a Stmt<'a>, scope: &Scope<'a>) {
        let objects = bodies(statement).into_iter().any(makes_objects);
        self.at = At { objects, ..At::default() };
        let named = match statement {
            Stmt::EmitExpr(emit) => {
                self.at.emitted = Some(span::range(emit.span()));
                return self.emitted(&emit.expr, scope);
            }
            // Its condition, and that of a loop, come as such.
            Stmt::ForLoop(each) => return self.looped_over(&each.iter, scope),
            Stmt::SetBlock(set) => return set.filter.iter().for_each(|f| self.looked_at(f, scope, true)),
            Stmt::FilterBlock(block) => return self.looked_at(&block.filter, scope, true),
            Stmt::Macro(found) => return found.defaults.iter().for_each(|d| self.looked_at(d, scope, false)),
            Stmt::Import(import) => &import.expr,
            Stmt::FromImport(from) => &from.expr,
            Stmt::Include(include) => &include.name,
            _ => return,
        };
        self.named.extend(span::text(named).map(str::to_owned));
    }

    fn assignment(&mut self, target: &'a Expr<'a>, value: &'a Expr<'a>, scope: &Scope<'a>) {
        // A name that stands for one thing is seen where it is used; else what comes of it is not known.
        let certain = |name: &&str| {
            let kind = scope.get(name).map(|binding| binding.kind);
            kind.is_none() || matches!(kind, Some(Kind::Set | Kind::With))
        };
        let names = span::targets(target);
        let seen = !names.is_empty() && names.iter().all(certain) && !self.pack.hands_on(scope.unit);
        if !seen {
            self.at.objects = true;
            self.looked_at(value, scope, false);
        }
    }

    fn condition(&mut self, expr: &'a Expr<'a>, scope: &Scope<'a>) {
        self.looked_at(expr, scope, false);
    }

    fn call(&mut self, call: &'a Spanned<Call<'a>>, scope: &Scope<'a>) {
        let known = scope.called(self.pack, call).is_some();
        for argument in call.args.iter().map(span::argument) {
            match known {
                true => self.handed_on(argument, scope),
                false => self.looked_at(argument, scope, true),
            }
        }
    }
}

/// Does a body write the head of an object, by itself or by what it includes?
fn makes_objects(body: &[Stmt<'_>]) -> bool {
    body.iter().any(|statement| match statement {
        Stmt::EmitRaw(raw) => {
            raw.raw.lines().any(|line| line.starts_with("kind:") || line.starts_with("apiVersion:"))
        }
        Stmt::Include(_) => true,
        other => bodies(other).into_iter().any(makes_objects),
    })
}
