//! What was sealed, told.

use super::SealedProject;
use crate::{
    cli::report::{self, mapping},
    diag::list,
    secret::{
        manifest,
        sops::{Did, Outcome},
    },
    yaml::{Node, commented::Document},
};

/// A file that was sealed.
#[derive(Debug)]
pub(in crate::cli) struct Written {
    /// Its path in the project.
    pub(in crate::cli) path: String,
    /// What became of its keys; those that stayed are not among them.
    pub(in crate::cli) keys: Vec<(String, Did)>,
    /// The public keys it is sealed for.
    pub(in crate::cli) recipients: Vec<String>,
    /// Did the file change?
    pub(in crate::cli) changed: bool,
    /// Names of values that somebody knows who cannot open the file any more.
    pub(in crate::cli) to_replace: Vec<String>,
    /// Who that is.
    pub(in crate::cli) removed: Vec<String>,
}

impl Written {
    /// A file as it stands.
    pub(in crate::cli) fn of<'r>(path: &str, recipients: impl IntoIterator<Item = &'r str>) -> Self {
        Self {
            path: path.to_owned(),
            keys: Vec::new(),
            recipients: recipients.into_iter().map(str::to_owned).collect(),
            changed: false,
            to_replace: Vec::new(),
            removed: Vec::new(),
        }
    }

    /// What writing it again came to.
    pub(in crate::cli) fn take(&mut self, outcome: &Outcome) {
        self.changed = outcome.text.is_some();
        self.recipients.retain(|key| !outcome.removed.contains(key));
        let new =
            outcome.added.iter().filter(|key| !self.recipients.contains(key)).cloned().collect::<Vec<_>>();
        self.recipients.extend(new);
        // What got another value just now is known to nobody who was removed.
        let is_new = |path: &String| {
            let key = path.split_once('.').map_or(path.as_str(), |(_, key)| key);
            self.keys.iter().any(|(own, did)| *did != Did::Removed && own == key)
        };
        self.to_replace = outcome.to_replace.iter().filter(|path| !is_new(path)).cloned().collect();
        self.removed.clone_from(&outcome.removed);
    }

    /// What is told of it.
    pub(in crate::cli) fn text(&self, project: &SealedProject) -> String {
        if !self.changed {
            return format!("{}: nothing changed", self.path);
        }
        let mut text = format!("sealed {}", self.path);
        for (did, word) in [(Did::Added, "added"), (Did::Changed, "changed"), (Did::Removed, "removed")] {
            let keys: Vec<&str> =
                self.keys.iter().filter(|(_, own)| *own == did).map(|(key, _)| key.as_str()).collect();
            if !keys.is_empty() {
                text.push_str(&format!("\n  {word} {}", keys.join(", ")));
            }
        }
        text.push_str(&format!("\n  for {}", project.call(self.recipients.iter().map(String::as_str))));
        if !self.removed.is_empty() {
            let removed = project.call(self.removed.iter().map(String::as_str));
            text.push_str(&format!("\n  no longer for {removed}, who can read the history for ever"));
        }
        if !self.removed.is_empty() && !self.to_replace.is_empty() {
            let values = list(self.to_replace.iter().map(String::as_str));
            text.push_str(&format!(": replace {values} where they were issued"));
        }
        text
    }

    pub(in crate::cli) fn to_node(&self, project: &SealedProject) -> Node {
        let key = |(key, did): &(String, Did)| {
            let did = match did {
                Did::Added => "added",
                Did::Changed => "changed",
                Did::Removed => "removed",
            };
            mapping([("key", Node::new(key.as_str())), ("did", Node::new(did))])
        };
        let names: Vec<String> =
            self.recipients.iter().map(|r| project.policy.name(r).unwrap_or(r).to_owned()).collect();
        mapping([
            ("file", Node::new(self.path.as_str())),
            ("changed", Node::new(self.changed)),
            ("keys", Node::new(self.keys.iter().map(key).collect::<Vec<_>>())),
            ("recipients", report::words(names.iter().map(String::as_str))),
            ("removed", report::words(self.removed.iter().map(String::as_str))),
            ("toReplace", report::words(self.to_replace.iter().map(String::as_str))),
        ])
    }
}

/// What became of the keys of a Secret.
pub(in crate::cli) fn difference(before: Option<&Document>, after: &Document) -> Vec<(String, Did)> {
    let keys = |document: Option<&Document>| -> Vec<String> {
        document.map(manifest::keys).unwrap_or_default().into_iter().map(str::to_owned).collect()
    };
    let (old, new) = (keys(before), keys(Some(after)));
    let did = |key: &String| match before.filter(|_| old.contains(key)) {
        None => Some(Did::Added),
        Some(before) if manifest::value(before, key) != manifest::value(after, key) => Some(Did::Changed),
        Some(_) => None,
    };
    let mut found: Vec<(String, Did)> = new.iter().filter_map(|key| Some((key.clone(), did(key)?))).collect();
    found.extend(old.into_iter().filter(|key| !new.contains(key)).map(|key| (key, Did::Removed)));
    found
}
