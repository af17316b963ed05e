//! All templates of a pack as one thing: who is named what, who imports whom, which macros there are.

use super::{Unit, span};
use minijinja::machinery::ast::{CallBlock, Expr, FromImport, Import, Macro, Spanned, Stmt};
use std::collections::{BTreeMap, BTreeSet};

/// A macro and the template it stands in.
pub(super) type Found<'a> = (usize, &'a Spanned<Macro<'a>>);

/// A name that a body of statements binds for all of it.
#[derive(Clone, Copy)]
pub(super) enum Declared<'a> {
    /// A macro.
    Macro(&'a Spanned<Macro<'a>>),
    /// `{% set %}` in either form.
    Value,
    /// `{% import … as name %}`.
    Module(&'a Import<'a>),
    /// `{% from … import name %}`: the statement, and the name there.
    Imported(&'a FromImport<'a>, &'a str),
}

/// What a template gives under a name.
pub(super) enum Export<'a> {
    /// A macro.
    Macro(Found<'a>),
    /// A value it set, or a module it imported.
    Value,
    /// Nothing.
    Missing,
    /// The template does not exist or has a syntax error, which is reported elsewhere.
    Unclear,
}

/// The templates of a pack, indexed.
pub(super) struct Pack<'a> {
    /// All templates.
    pub(super) units: &'a [Unit<'a>],
    trees: Vec<Option<&'a [Stmt<'a>]>>,
    exports: Vec<BTreeMap<&'a str, Declared<'a>>>,
    macros: BTreeMap<&'a str, Vec<Found<'a>>>,
    aliases: BTreeMap<&'a str, BTreeSet<&'a str>>,
    included: BTreeSet<usize>,
    includes: BTreeSet<usize>,
    imported: BTreeSet<usize>,
    bound: BTreeSet<&'a str>,
}

impl<'a> Pack<'a> {
    /// Looks at every statement once.
    pub(super) fn index(units: &'a [Unit<'a>], trees: &'a [Option<Stmt<'a>>]) -> Self {
        let bodies = trees.iter().map(|tree| match tree {
            Some(Stmt::Template(template)) => Some(template.children.as_slice()),
            _ => None,
        });
        let mut pack = Pack {
            units,
            trees: bodies.collect(),
            exports: Vec::new(),
            macros: BTreeMap::new(),
            aliases: BTreeMap::new(),
            included: BTreeSet::new(),
            includes: BTreeSet::new(),
            imported: BTreeSet::new(),
            bound: BTreeSet::new(),
        };
        for unit in 0..units.len() {
            let body = pack.body(unit);
            let mut exports = BTreeMap::new();
            for (name, what) in declared(body) {
                if !matches!(exports.get(name), Some(Declared::Macro(_))) {
                    exports.insert(name, what);
                }
            }
            pack.exports.push(exports);
            pack.statements(unit, body);
        }
        pack
    }

    /// The templates that could be parsed.
    pub(super) fn parsed(&self) -> Vec<usize> {
        (0..self.units.len()).filter(|unit| self.trees[*unit].is_some()).collect()
    }

    /// The statements of a template; none if it could not be parsed.
    pub(super) fn body(&self, unit: usize) -> &'a [Stmt<'a>] {
        self.trees[unit].unwrap_or(&[])
    }

    /// The template that a constant path names.
    pub(super) fn target(&self, path: &Expr<'_>) -> Option<usize> {
        let path = span::text(path)?;
        self.units.iter().position(|unit| unit.name == path)
    }

    /// May a template read names that others set for it?
    pub(super) fn is_lenient(&self, unit: usize) -> bool {
        self.units[unit].partial || self.is_included(unit) || self.imported.contains(&unit)
    }

    /// Does an `include` name it? What it sets is then seen by the one that includes it.
    pub(super) fn is_included(&self, unit: usize) -> bool {
        self.included.contains(&unit)
    }

    /// Can another template see what this one sets?
    pub(super) fn hands_on(&self, unit: usize) -> bool {
        self.includes.contains(&unit) || self.is_included(unit) || self.imported.contains(&unit)
    }

    /// Is a name bound anywhere in the pack?
    pub(super) fn is_bound(&self, name: &str) -> bool {
        self.bound.contains(name)
    }

    /// A name and all names it was imported from, at any remove.
    pub(super) fn names(&self, name: &'a str) -> BTreeSet<&'a str> {
        let mut all = BTreeSet::from([name]);
        let mut open = vec![name];
        while let Some(next) = open.pop() {
            open.extend(self.aliases.get(next).into_iter().flatten().filter(|from| all.insert(from)));
        }
        all
    }

    /// All macros that a name may mean anywhere in the pack.
    pub(super) fn macros(&self, name: &'a str) -> Vec<Found<'a>> {
        self.names(name).iter().filter_map(|name| self.macros.get(name)).flatten().copied().collect()
    }

    /// What a template gives under a name.
    pub(super) fn export(&self, unit: Option<usize>, name: &str) -> Export<'a> {
        self.export_within(unit, name, self.units.len() + 1)
    }

    fn export_within(&self, unit: Option<usize>, name: &str, steps: usize) -> Export<'a> {
        let Some(unit) = unit.filter(|unit| self.trees[*unit].is_some() && steps > 0) else {
            return Export::Unclear;
        };
        match self.exports[unit].get(name) {
            Some(Declared::Macro(found)) => Export::Macro((unit, found)),
            Some(Declared::Value | Declared::Module(_)) => Export::Value,
            Some(Declared::Imported(from, there)) => {
                self.export_within(self.target(&from.expr), there, steps - 1)
            }
            None => Export::Missing,
        }
    }

    /// The names a template gives.
    pub(super) fn exported(&self, unit: usize) -> Vec<&'a str> {
        self.exports[unit].keys().copied().collect()
    }

    fn statements(&mut self, unit: usize, body: &'a [Stmt<'a>]) {
        for statement in body {
            self.statement(unit, statement);
            for inner in bodies(statement) {
                self.statements(unit, inner);
            }
        }
    }

    fn statement(&mut self, unit: usize, statement: &'a Stmt<'a>) {
        match statement {
            Stmt::ForLoop(each) => self.bound.extend(span::targets(&each.target)),
            Stmt::Set(set) => self.bound.extend(span::targets(&set.target)),
            Stmt::SetBlock(set) => self.bound.extend(span::targets(&set.target)),
            Stmt::WithBlock(with) => {
                self.bound.extend(with.assignments.iter().flat_map(|(target, _)| span::targets(target)));
            }
            Stmt::Macro(found) => self.found(unit, found),
            Stmt::CallBlock(call) => self.found(unit, caller(call)),
            Stmt::Import(import) => {
                self.bound.extend(span::targets(&import.name));
                self.imported.extend(self.target(&import.expr));
            }
            Stmt::FromImport(from) => {
                self.imported.extend(self.target(&from.expr));
                for (name, alias) in &from.names {
                    let (name, alias) = (span::targets(name), alias.as_ref().map(span::targets));
                    for (from, to) in name.iter().zip(alias.as_ref().unwrap_or(&name)) {
                        self.bound.insert(to);
                        self.aliases.entry(to).or_default().insert(from);
                    }
                }
            }
            Stmt::Include(include) => {
                self.included.extend(self.target(&include.name));
                self.includes.insert(unit);
            }
            _ => {}
        }
    }

    fn found(&mut self, unit: usize, found: &'a Spanned<Macro<'a>>) {
        self.bound.insert(found.name);
        self.bound.extend(found.args.iter().flat_map(span::targets));
        self.macros.entry(found.name).or_default().push((unit, found));
    }
}

/// The body of a call block as the macro `caller`.
pub(super) fn caller<'a>(call: &'a CallBlock<'a>) -> &'a Spanned<Macro<'a>> {
    &call.macro_decl
}

/// The bodies inside a statement.
pub(super) fn bodies<'e, 'a>(statement: &'e Stmt<'a>) -> Vec<&'e [Stmt<'a>]> {
    match statement {
        Stmt::Template(s) => vec![&s.children],
        Stmt::ForLoop(s) => vec![&s.body, &s.else_body],
        Stmt::IfCond(s) => vec![&s.true_body, &s.false_body],
        Stmt::WithBlock(s) => vec![&s.body],
        Stmt::SetBlock(s) => vec![&s.body],
        Stmt::AutoEscape(s) => vec![&s.body],
        Stmt::FilterBlock(s) => vec![&s.body],
        Stmt::Block(s) => vec![&s.body],
        Stmt::Macro(s) => vec![&s.body],
        Stmt::CallBlock(s) => vec![&s.macro_decl.body],
        _ => Vec::new(),
    }
}

/// The names that a body binds for all of it: not those of loops, macros and `with` inside, which have scopes of
/// their own.
pub(super) fn declared<'a>(body: &'a [Stmt<'a>]) -> Vec<(&'a str, Declared<'a>)> {
    let mut all = Vec::new();
    for statement in body {
        match statement {
            Stmt::Set(set) => all.extend(values(&set.target)),
            Stmt::SetBlock(set) => all.extend(values(&set.target)),
            Stmt::Macro(found) => all.push((found.name, Declared::Macro(found))),
            Stmt::Import(import) => {
                all.extend(span::targets(&import.name).into_iter().map(|n| (n, Declared::Module(import))));
            }
            Stmt::FromImport(from) => {
                for (name, alias) in &from.names {
                    let there = span::targets(name);
                    let here = span::targets(alias.as_ref().unwrap_or(name));
                    all.extend(here.into_iter().zip(there).map(|(h, t)| (h, Declared::Imported(from, t))));
                }
            }
            _ => {}
        }
        if matches!(
            statement,
            Stmt::IfCond(_) | Stmt::SetBlock(_) | Stmt::FilterBlock(_) | Stmt::AutoEscape(_) | Stmt::Block(_)
        ) {
            all.extend(bodies(statement).into_iter().flat_map(declared));
        }
    }
    all
}

fn values<'a>(target: &Expr<'a>) -> impl Iterator<Item = (&'a str, Declared<'a>)> {
    span::targets(target).into_iter().map(|name| (name, Declared::Value))
}
