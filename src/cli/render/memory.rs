//! Environments of which nothing changed since their last render are not rendered again; see [`crate::cache`].

use super::{Arguments, Outcome, shown, target};
use crate::{
    cache::{Keys, Memory},
    diag::Problems,
    host::{self, Cache},
    pipeline::{self, Engine},
    tree::{Tree, TreePath},
    write::{Changes, Target},
};
use std::{collections::BTreeMap, path::Path};

/// What is remembered of earlier renders.
pub(super) struct Memories<'a> {
    keys: Keys<'a>,
    cache: Cache,
    arguments: &'a Arguments,
    root: &'a Path,
}

impl<'a> Memories<'a> {
    /// `None` where all is to be rendered: to compare, by force, in CI, and where nothing can be remembered.
    pub(super) fn new(
        engine: &'a Engine,
        notes: &BTreeMap<String, String>,
        arguments: &'a Arguments,
        root: &'a Path,
    ) -> Option<Self> {
        if arguments.check || arguments.stdout || arguments.force || host::is_ci() {
            return None;
        }
        let options = format!("{} {}", arguments.no_check, arguments.allow_missing_secrets);
        let cache = Cache::new("renders")?;
        Some(Self { keys: Keys::new(engine, notes, &options), cache, arguments, root })
    }

    /// The outcome for an environment of which nothing changed, neither what goes in nor what stands on the disk.
    pub(super) fn unchanged(&self, name: &str) -> Option<Outcome> {
        let (target, place) = self.place(name)?;
        let memory = Memory::parse(&self.cache.get(&place)?)?;
        let same = memory.key == self.keys.of(name)? && target.seen(&memory.paths)? == memory.seen;
        same.then(|| Outcome {
            changes: Some(Changes::none(shown(self.arguments, name), memory.paths.len())),
            remembered: true,
            ..Outcome::new(name.to_owned(), Problems::new())
        })
    }

    /// Remembers what was rendered and written without a word.
    pub(super) fn keep(&self, outcomes: &[Outcome]) {
        let written =
            |outcome: &&Outcome| outcome.changes.as_ref().is_some_and(|changes| !changes.is_empty());
        let new: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.paths.is_some()).collect();
        if new.iter().any(written) {
            // Whatever happens to a file after this has another time than our own write.
            host::wait_a_tick();
        }
        pipeline::parallel(&new, |outcome| self.keep_one(outcome));
    }

    fn keep_one(&self, outcome: &Outcome) -> Option<()> {
        let (target, place) = self.place(&outcome.name)?;
        let paths = outcome.paths.clone()?;
        let memory = Memory { key: self.keys.of(&outcome.name)?, seen: target.seen(&paths)?, paths };
        self.cache.put(&place, &memory.to_text());
        Some(())
    }

    fn place(&self, name: &str) -> Option<(Target, String)> {
        let target =
            target(self.arguments.out.as_deref(), self.root, name, &shown(self.arguments, name)).ok()?;
        let place = target.identity()?;
        Some((target, place))
    }
}

/// The paths of a tree of which there is nothing to say.
pub(super) fn paths(tree: &Tree, problems: &Problems) -> Option<Vec<TreePath>> {
    problems.0.is_empty().then(|| tree.files().map(|(path, _)| path.clone()).collect())
}
