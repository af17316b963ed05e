//! A project in a temporary folder: files that a test writes, trees that the real `gen` renders.

use super::tree::{self, Part};
use crate::{
    context::Context,
    trees::{self, Tree},
};
use std::{fs, path::PathBuf};

pub(crate) struct Project<'c> {
    pub(crate) context: &'c Context,
    pub(crate) folder: PathBuf,
}

impl<'c> Project<'c> {
    /// An empty one.
    pub(crate) fn new(context: &'c Context, name: &str) -> Self {
        Self { context, folder: context.folder(name) }
    }

    /// A copy of this repository's fleet, without what `gen` rendered.
    pub(crate) fn example(context: &'c Context) -> Self {
        let project = Self::new(context, "example-fleet");
        for folder in ["environments", "templates", "manifests"] {
            trees::copy(&context.root().join(folder), &project.folder.join(folder));
        }
        project
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces a text in a file that has it once.
    pub(crate) fn replace(&self, path: &str, old: &str, new: &str) {
        let file = self.folder.join(path);
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text.matches(old).count(), 1, "{path} has `{old}` once");
        fs::write(file, text.replace(old, new)).unwrap();
    }

    /// Renders an environment; what `gen` prints.
    pub(crate) fn render(&self, environment: &str) -> String {
        self.context.must_gen(&self.folder, &["render", environment])
    }

    /// The folder of an environment's tree.
    pub(crate) fn tree(&self, environment: &str) -> PathBuf {
        self.folder.join("fleet-out").join(environment)
    }

    /// An environment's tree in its source.
    pub(crate) fn environment(&self, environment: &str) -> Tree {
        let path = format!("fleet-out/{environment}");
        Tree { name: environment.to_owned(), root: self.folder.clone(), path }
    }

    /// What Flux applies of that tree.
    pub(crate) fn parts(&self, environment: &str) -> Vec<Part> {
        tree::parts(self.context, &self.environment(environment))
    }
}
