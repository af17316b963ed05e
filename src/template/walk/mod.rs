//! What is known of a pack's templates before anything is rendered: a walk of the syntax trees of all
//! templates of a pack and of the `_lib` files it uses.
//!
//! [`check`] refuses what could break the promise that no value changes the structure of the output, and names
//! mistakes that would otherwise show only on the branch taken. [`Expressions`] tells the source map what an
//! emitted expression is.
//!
//! Text that a macro, `{% call %}` or `{% set %}` block captured holds slots instead of values. It may be
//! emitted, concatenated and passed on; whatever would look *at* it is refused here ([`taint`]).

mod chains;
mod decisions;
mod expressions;
mod include;
mod names;
mod pack;
mod parse;
mod rules;
mod scope;
mod span;
mod taint;

pub(crate) use decisions::{Decision, Decisions};
pub(crate) use expressions::{Expression, Expressions, LocalKind};
pub(crate) use parse::syntax_error;

use crate::diag::{Place, Problems, SourceId};
use minijinja::syntax::SyntaxConfig;
use std::ops::Range;

/// A template of a pack, or a `_lib` file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit<'a> {
    /// Its name as `import` and `include` say it: relative to the pack, or `_lib/…`.
    pub(crate) name: &'a str,
    /// The text as the user wrote it.
    pub(crate) source: SourceId,
    /// The text that is compiled, after [`super::whitespace::prepare`]: same offsets.
    pub(crate) text: &'a str,
    /// The text as it was before: same offsets, but for white space beside tags.
    pub(crate) written: &'a str,
    /// The marks it is written with.
    pub(crate) syntax: &'a SyntaxConfig,
    /// Never rendered alone: it may read names that whoever includes it has set.
    pub(crate) partial: bool,
}

impl Unit<'_> {
    fn place(&self, range: Range<usize>) -> Place {
        Place::new(self.source, range)
    }
}

/// What templates may use.
pub(crate) struct Known<'a> {
    /// All filters by name.
    pub(crate) filters: &'a [&'a str],
    /// All tests by name.
    pub(crate) tests: &'a [&'a str],
    /// All functions by name. They return plain values, never captured text.
    pub(crate) functions: &'a [&'a str],
    /// The variables that every template sees: `inputs`, `vars`, `cluster`, `environment`, `component`.
    pub(crate) roots: &'a [&'a str],
    /// Judges a chain like `inputs`, `web`, `port`; those of `cluster`, `environment` and `component` are known. The
    /// member `*` stands for any entry of a mapping or any item of a list: a loop's variable, or a computed
    /// subscript.
    pub(crate) chain: &'a dyn Fn(&[&str]) -> ChainVerdict,
}

/// Whether a chain of members can exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChainVerdict {
    /// It can, or nothing is known.
    Fine,
    /// It cannot.
    Unknown {
        /// Which member of the chain does not exist, from 0; never 0, which is the root.
        at: usize,
        /// The members that exist in its place.
        candidates: Vec<String>,
    },
}

/// Checks all templates of a pack together with the `_lib` files they use, and reports every problem.
pub(crate) fn check(units: &[Unit<'_>], known: &Known<'_>, problems: &mut Problems) {
    let trees = parse::parse(units, Some(problems));
    let pack = pack::Pack::index(units, &trees);
    rules::slot_characters(units, problems);
    for unit in pack.parsed() {
        include::check(&pack, &units[unit], pack.body(unit), problems);
        scope::walk(&pack, unit, &mut rules::Rules::new(&pack, unit, known, problems));
        scope::walk(&pack, unit, &mut names::Names::new(&pack, unit, known, problems));
    }
    taint::check(&pack, known, problems);
}

#[cfg(test)]
mod tests;
