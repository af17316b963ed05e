//! Environments of which nothing changed since their last render are not rendered again; see [`crate::cache`].

use super::{Arguments, Outcome, shown, target};
use crate::{
    cache::{Keys, Memory},
    diag::Problems,
    host::{self, Cache},
    pipeline::{self, Engine},
    tree::TreePath,
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

    /// Remembers what was rendered and written without a word. What others did to the files in the meantime is none of it:
    /// files that were as they should be count as they stood before they were read, and those written are read again.
    pub(super) fn keep(&self, outcomes: &[Outcome]) {
        let new: Vec<(&str, &Changes, Option<&str>)> = outcomes
            .iter()
            .filter(|outcome| outcome.quiet)
            .filter_map(|outcome| Some((&*outcome.name, outcome.changes.as_ref()?, outcome.seen.as_deref())))
            .collect();
        if new.iter().any(|(_, changes, _)| !changes.is_empty()) {
            host::wait_a_tick();
        }
        pipeline::parallel(&new, |(name, changes, seen)| self.keep_one(name, changes, *seen));
        if !new.is_empty() {
            self.cache.sweep();
        }
    }

    fn keep_one(&self, name: &str, changes: &Changes, seen: Option<&str>) -> Option<()> {
        let (target, place) = self.place(name)?;
        let recorded = changes.recorded();
        let paths: Vec<TreePath> = recorded.iter().map(|(path, _)| path.clone()).collect();
        let seen = match changes.is_empty() {
            true => seen?.to_owned(),
            false => target.seen(&paths).filter(|_| target.holds(recorded))?,
        };
        let memory = Memory { key: self.keys.of(name)?, seen, paths };
        self.cache.put(&place, &memory.to_text()).map(|_| ())
    }

    fn place(&self, name: &str) -> Option<(Target, String)> {
        let target =
            target(self.arguments.out.as_deref(), self.root, name, &shown(self.arguments, name)).ok()?;
        let place = target.identity()?;
        Some((target, place))
    }
}
