//! Judgement of a tree: [`check`] runs every [`Check`] over [`Facts`] that are gathered once. Checks judge
//! and change nothing, and work alike on a tree just rendered and on any folder of manifests.
//!
//! A check is one file under `rules/` and one line in [`rules::CHECKS`].

mod facts;
mod rules;
mod syntax;

pub use facts::{Facts, Object};
pub use rules::CHECKS;

use crate::{
    diag::{Diagnostic, Problems, Severity},
    resolve::Environment,
    tree::Tree,
    yaml::Node,
};

/// One thing that is looked for.
pub trait Check: Sync {
    /// A stable id, `group/name`.
    fn id(&self) -> &'static str;
    /// What it finds, in one line.
    fn summary(&self) -> &'static str;
    /// Why it matters and what to do, in a few sentences.
    fn explanation(&self) -> &'static str;
    /// How much a finding weighs.
    fn severity(&self) -> Severity;
    /// Looks for it.
    fn run(&self, facts: &Facts, findings: &mut Problems);

    /// A finding about a part of an object, at the lines that made it.
    fn finding(&self, facts: &Facts, object: &Object, node: Option<&Node>, message: String) -> Diagnostic {
        let config = node.and_then(|node| node.origin.config());
        let template = node.and_then(|node| node.origin.template());
        let finding = Diagnostic::new(self.id(), self.severity(), message).output(facts.output(object.path));
        let word = if config.is_some() { "written by this template" } else { "" };
        let finding = finding.at(config).label(template.filter(|place| Some(*place) != config), word);
        if finding.labels.is_empty() {
            finding.at(object.document.place.or(object.file.place))
        } else {
            finding
        }
    }

    /// Says of `metadata.labels` or `metadata.annotations` that it is no mapping.
    fn shape(&self, facts: &Facts, object: &Object, member: &str, findings: &mut Problems) {
        let node = object.document.node.at(&["metadata", member]);
        if let Some(node) = node.filter(|node| node.as_map().is_none() && !node.is_null()) {
            let message = format!("`metadata.{member}` is {}, not a mapping", node.value.kind());
            findings.push(
                self.finding(facts, object, Some(node), message)
                    .help("write `KEY: VALUE` pairs, or remove it"),
            );
        }
    }
}

/// What the checks are to know about a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What paths in findings begin with: `fleet-out/prod`.
    pub output: String,
    /// The tree's folder as `spec.path` of Flux names it, `./fleet-out/prod`; absent when that is not known.
    pub folder: Option<String>,
    /// The kind of the root source; absent when that is not known.
    pub source_kind: Option<String>,
    /// Was it laid out by `gen`, so that nothing changes its objects on the way to the cluster? Else parents may
    /// add namespaces, patches and prefixes.
    pub laid_out: bool,
}

impl Policy {
    /// For the tree of an environment.
    pub fn of(env: &Environment) -> Self {
        let output = format!("fleet-out/{}", env.name);
        Self {
            folder: Some(crate::layout::source_path(env, "")),
            source_kind: Some(env.source.kind.clone()),
            laid_out: true,
            output,
        }
    }

    /// For any folder of manifests.
    pub fn of_folder(folder: &str) -> Self {
        Self { output: folder.to_owned(), ..Self::default() }
    }
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The findings: by check in the order of [`CHECKS`], by file within.
    pub findings: Problems,
    /// How many objects were looked at.
    pub objects: usize,
}

/// Judges a tree, and what has changed since `before`.
pub fn check(now: &Tree, before: Option<&Tree>, policy: &Policy) -> Report {
    let facts = Facts::new(now, before, policy);
    let mut findings = Problems::new();
    for check in CHECKS {
        check.run(&facts, &mut findings);
    }
    Report { findings, objects: facts.objects.len() }
}

#[cfg(test)]
mod tests;
