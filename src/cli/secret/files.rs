//! Many sealed files of a project at once, and the list of values to replace that goes with them.

use super::{SealedProject, find, now};
use crate::{
    cli::select,
    diag::{Diagnostic, Place, Problems},
    load::{self, SealedFile, TO_REPLACE, ToReplaceFile},
    resolve::SealedPath,
    secret::{
        ToReplace,
        sops::{Opened, Outcome, changed},
    },
    write,
    yaml::commented::Document,
};
use std::collections::BTreeSet;

impl SealedProject {
    /// What is wrong with single sealed files.
    pub(in crate::cli) fn told_of_files(&self) -> Problems {
        let mut told = self.told.clone();
        told.0.retain(|problem| self.is_of_file(problem));
        told
    }

    /// What else is wrong in the project.
    pub(in crate::cli) fn told_elsewhere(&self) -> Problems {
        let mut told = self.told.clone();
        told.0.retain(|problem| !self.is_of_file(problem));
        told
    }

    fn is_of_file(&self, problem: &Diagnostic) -> bool {
        let is_there = |place: Place| {
            let name = self.project.sources.name(place.source);
            name.starts_with(load::SECRETS) && name != TO_REPLACE
        };
        let loading = problem.id.strip_prefix("load/").unwrap_or_default();
        loading.starts_with("sealed-")
            || loading == "not-sealed"
            || problem.labels.first().is_some_and(|label| is_there(label.place))
            // What cannot be read at all has no place: a link, a folder, no text.
            || problem.path.as_ref().is_some_and(|path| path.starts_with(load::SECRETS))
    }

    /// The sealed files of an environment or layer with their paths.
    fn files_of<'p>(&'p self, owner: &'p str) -> impl Iterator<Item = (String, &'p SealedFile)> {
        let components = self.project.secrets.get(owner).into_iter().flatten();
        components.flat_map(move |(component, files)| {
            files.iter().map(move |file| {
                let name = file.name().to_owned();
                let path = SealedPath { owner: owner.to_owned(), component: component.clone(), name };
                (path.to_string(), file)
            })
        })
    }

    /// The sealed files that are meant with their paths, by the environment or layer that has them, sorted: all, those of
    /// names and globs, or single ones as the list prints them. An environment means its layers too, since they hold what
    /// it reads.
    pub(in crate::cli) fn meant(
        &self,
        named: &[String],
        problems: &mut Problems,
    ) -> Vec<(&str, Vec<(String, &SealedFile)>)> {
        let environments = &self.project.environments;
        let known: Vec<&str> = environments.keys().map(String::as_str).collect();
        let (mut owners, mut files) = (BTreeSet::new(), BTreeSet::new());
        for pattern in named {
            let matching = match select::matching(pattern, &known) {
                Ok(matching) => matching,
                Err(why) => {
                    problems.push(Diagnostic::error("usage/glob", format!("`{pattern}` is no glob: {why}")));
                    continue;
                }
            };
            if matching.is_empty() {
                files.extend(find::single(self, pattern, problems).map(|file| file.to_string()));
            }
            for source in matching.into_iter().map(|name| &environments[name]) {
                owners.extend(source.layers.iter().map(String::as_str).filter(|_| !source.is_abstract));
                owners.insert(&*source.name);
            }
        }
        let mut meant = Vec::new();
        for owner in known {
            let whole = named.is_empty() || owners.contains(owner);
            let of: Vec<_> = self.files_of(owner).filter(|(path, _)| whole || files.contains(path)).collect();
            if !of.is_empty() {
                meant.push((owner, of));
            }
        }
        meant
    }

    /// Keeps in mind what a file that is about to be written again means for the list of values to replace: those that
    /// somebody knows who was removed are on it, those that have a new value are not. Call it before the file is
    /// written, so that nothing is lost if the run ends between. `false` if an error was pushed.
    pub(in crate::cli) fn keep_in_mind(
        &mut self,
        path: &str,
        before: &Opened,
        after: &[Document],
        outcome: &Outcome,
        problems: &mut Problems,
    ) -> bool {
        let mut list = self.project.to_replace.list.clone();
        let new = changed(before.documents(), after);
        self.expose(&mut list, path, outcome);
        for value in &new {
            list.done(load::to_replace_name(path), value);
        }
        self.put_to_replace(&list).map_err(|problem| problems.push(*problem)).is_ok()
    }

    /// Puts the values on a list that somebody knows who was removed.
    pub(in crate::cli) fn expose(&self, list: &mut ToReplace, path: &str, outcome: &Outcome) {
        let today = now().day();
        for who in &outcome.removed {
            let who = self.policy.name(who).unwrap_or(who);
            let file = load::to_replace_name(path);
            outcome.to_replace.iter().for_each(|value| list.add(file, value, who, &today));
        }
    }

    /// Takes a file's values off the list of those to replace: it was sealed anew with others. `false` if an error was
    /// pushed.
    pub(in crate::cli) fn forget(&mut self, path: &str, problems: &mut Problems) -> bool {
        let file = load::to_replace_name(path);
        let mut list = self.project.to_replace.list.clone();
        for value in self.project.to_replace.list.of(file) {
            list.done(file, value);
        }
        self.put_to_replace(&list).map_err(|problem| problems.push(*problem)).is_ok()
    }

    /// Writes the list of values to replace, if it changed; an empty one has no file.
    ///
    /// # Errors
    /// As [`write::replace`]; `secret/to-replace` where the list that is there has lines that are none.
    pub(in crate::cli) fn put_to_replace(&mut self, list: &ToReplace) -> Result<(), Box<Diagnostic>> {
        let there = &self.project.to_replace;
        if there.list == *list {
            return Ok(());
        }
        // What of it cannot be read would be lost.
        if let Some(problem) = self.told.0.iter().find(|problem| problem.id == "secret/to-replace") {
            return Err(Box::new(problem.clone()));
        }
        let text = list.to_text();
        let (before, after) = (there.bytes.as_deref(), text.as_deref().map(str::as_bytes));
        write::replace(self.root(), TO_REPLACE, before, after)?;
        let bytes = after.map(Into::into);
        self.project.to_replace = ToReplaceFile { list: list.clone(), bytes };
        Ok(())
    }
}
