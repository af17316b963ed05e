//! What is wrong in the files of an environment and was taken out of them: it was told, and that it is missing is no news.

use crate::{diag::Problems, load::Project, yaml::Node};

/// Problems of values that a lower layer may set.
const OF_LOWER_LAYERS: [&str; 2] = ["input/required", "config/nothing-to-remove"];

/// What was taken out of the files of an environment.
#[derive(Debug, Default)]
pub(super) struct Faults<'p> {
    /// Files with something wrong in them: as written, and as read.
    files: Vec<(&'p Node, &'p Node)>,
    /// A layer is not there, or cannot be read: nobody knows what it says.
    unread: bool,
}

impl<'p> Faults<'p> {
    /// Those of the fleet's file and of an environment with these layers.
    pub(super) fn of(project: &'p Project, layers: &[String]) -> Self {
        let layers: Vec<_> = layers.iter().filter_map(|layer| project.environments.get(layer)).collect();
        let lower = layers.iter().flat_map(|layer| &layer.extends);
        let unread = lower.into_iter().any(|lower| !project.environments.contains_key(&lower.text));
        let files = layers.iter().map(|layer| (layer.written(), &layer.node));
        let files = files.chain([(project.fleet.written(), &project.fleet.node)]);
        let files = files.filter(|(written, read)| !std::ptr::eq(*written, *read)).collect();
        let faults = Self { files, unread };
        Self { unread: unread || faults.at(&["extends"]), ..faults }
    }

    /// May something be there that was taken out or cannot be read, here or below?
    pub(super) fn at(&self, path: &[&str]) -> bool {
        self.unread || self.files.iter().any(|(written, read)| written.at(path) != read.at(path))
    }

    /// Takes away what was said only because of them.
    pub(super) fn hush(&self, problems: &mut Problems) {
        problems.0.retain(|problem| !self.unread || !OF_LOWER_LAYERS.contains(&problem.id));
    }
}
