//! `.sops.yaml`, in which `sops` looks up who a new file is encrypted for: made from the same policy as everything
//! else, so that both say the same.
//!
//! It is ours if it begins with our first line and holds nothing but what we write. So a file that two branches
//! changed, with the marks of a conflict in it, is still ours and is written anew; one in which somebody wrote
//! something of his own is told, and one without our first line is never touched.

mod lookup;
mod text;

pub use lookup::{CreationRule, Lookup, lookup};

use super::{Kind, disk::replace, unified::file_difference};
use crate::{
    diag::{Diagnostic, Place, Problems, SourceId, Sources, list},
    load::{SOPS_CONFIG, SopsConfig},
    resolve::{SealPolicy, SealRule, SealedPath},
};
use std::{path::Path, sync::Arc};

/// No more rules are printed for a file that is not ours.
const MOST_RULES: usize = 5;

/// What becomes of `.sops.yaml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SopsConfigChange {
    /// The bytes on disk; absent if there is none.
    pub before: Option<Arc<[u8]>>,
    /// What is to stand there; absent if there is to be none.
    pub after: Option<Arc<[u8]>>,
}

impl SopsConfigChange {
    /// How it changes; `None` if it stays as it is.
    pub fn kind(&self) -> Option<Kind> {
        match (&self.before, &self.after) {
            (before, after) if before == after => None,
            (None, _) => Some(Kind::Added),
            (Some(_), Some(_)) => Some(Kind::Changed),
            (Some(_), None) => Some(Kind::Removed),
        }
    }

    /// The change as a unified diff; empty if there is none.
    pub fn unified(&self, colour: bool) -> String {
        file_difference(SOPS_CONFIG, self.before.as_deref(), self.after.as_deref(), colour)
    }

    /// Puts it in place, in the folder of the project.
    ///
    /// # Errors
    /// As [`replace`].
    pub fn apply(&self, root: &Path) -> Result<(), Box<Diagnostic>> {
        match self.kind() {
            Some(_) => replace(root, SOPS_CONFIG, self.before.as_deref(), self.after.as_deref()),
            None => Ok(()),
        }
    }
}

/// What a render makes of the `.sops.yaml` that was found. One that is not ours stays; it is told where it says
/// something else than the policy, and one of ours with an edit by hand too, unless `force` says to overwrite it.
pub fn sops_config(
    policy: &SealPolicy,
    found: Option<&SopsConfig>,
    sources: &Sources,
    force: bool,
    problems: &mut Problems,
) -> SopsConfigChange {
    let text = text::text(policy);
    let wanted = text.as_deref().map(|text| Arc::from(text.as_bytes()));
    let Some(found) = found else { return SopsConfigChange { before: None, after: wanted } };
    let before = Some(Arc::clone(&found.bytes));
    let stays = SopsConfigChange { before: before.clone(), after: before.clone() };
    let written = found.source.map(|id| (id, sources.text(id)));
    let Some((source, written)) = written.filter(|(_, text)| text::is_ours(text)) else {
        foreign(policy, found, sources, problems);
        return stays;
    };
    // A checkout may have turned the ends of lines.
    if text.as_deref().is_some_and(|text| *text == *written.replace("\r\n", "\n")) {
        return stays;
    }
    match text::edited(written).filter(|_| !force) {
        Some(line) => {
            problems.push(edited(source, line));
            stays
        }
        None => SopsConfigChange { before, after: wanted },
    }
}

fn edited(source: SourceId, line: std::ops::Range<usize>) -> Diagnostic {
    let message = format!("`{SOPS_CONFIG}` was edited by hand, and a render would undo that");
    Diagnostic::error("write/sops-config-edited", message)
        .label(Place::new(source, line), "`gen` does not write this")
        .help("change `keys` and `secrets` under environments/ instead")
        .help("to keep a file of your own, take its first line away: `gen` then only tells what it lacks")
        .help("`gen render --force` overwrites the edit")
}

/// Tells where a file that is not ours says something else than the policy.
fn foreign(policy: &SealPolicy, found: &SopsConfig, sources: &Sources, problems: &mut Problems) {
    let differing: Vec<(&SealRule, Option<Place>, String)> = policy
        .rules()
        .filter(|rule| !rule.readers.is_empty())
        .filter_map(|rule| {
            sops_config_difference(rule, found, sources).map(|(place, why)| (rule, place, why))
        })
        .collect();
    let Some((_, place, _)) = differing.first() else { return };
    let message =
        format!("`{SOPS_CONFIG}` is not made by `gen`, and does not say what `keys` and `secrets` say");
    let top = found.source.map(Place::top);
    let mut said = Diagnostic::warning("write/sops-config-foreign", message).at(place.or(top));
    for (rule, _, why) in differing.iter().take(MOST_RULES) {
        said = said.because(format!("files of `{}`: {why}", rule.owner));
    }
    let more = differing.len().saturating_sub(MOST_RULES);
    if more > 0 {
        said = said.because(format!("and files of {more} more"));
    }
    let rules = differing.iter().take(MOST_RULES).map(|(rule, ..)| text::rule(rule)).collect::<String>();
    let help = format!("begin its `creation_rules` with\n{}", rules.trim_end());
    problems.push(said.help(help).help("or delete the file, and `gen render` makes one"));
}

/// How the rule that `sops` would follow for the files of an owner differs from the policy, and where it stands; `None`
/// if both say the same.
pub fn sops_config_difference(
    rule: &SealRule,
    found: &SopsConfig,
    sources: &Sources,
) -> Option<(Option<Place>, String)> {
    let probe = SealedPath { owner: rule.owner.clone(), component: "component".into(), name: "name".into() };
    let creation = match lookup(found, sources, &probe.to_string()) {
        Lookup::Unreadable => return Some((None, "it cannot be read".to_owned())),
        Lookup::None => return Some((None, "no rule is for them".to_owned())),
        Lookup::Rule(creation) => creation,
    };
    let mut faults = Vec::new();
    let has = |text: &str| creation.recipients.iter().any(|r| r == text);
    let lacking: Vec<&str> =
        rule.readers.iter().filter(|r| !has(r.recipient.as_str())).map(|r| &*r.name).collect();
    if !lacking.is_empty() {
        faults.push(format!("lacks {}", list(lacking)));
    }
    let known = |text: &&String| rule.recipients().any(|r| r.as_str() == **text);
    let extra: Vec<&str> =
        creation.recipients.iter().filter(|r| !known(r)).chain(&creation.services).map(|r| &**r).collect();
    if !extra.is_empty() {
        faults.push(format!("has {} more", list(extra)));
    }
    if creation.groups > 1 {
        faults.push(format!("wants keys of {} groups", creation.groups));
    }
    if creation.encrypted_regex.as_deref() != Some(crate::seal::ENCRYPTED_REGEX) {
        faults.push(format!("does not say `encrypted_regex: {}`", crate::seal::ENCRYPTED_REGEX));
    }
    let number = creation.number;
    (!faults.is_empty()).then(|| (creation.place, format!("rule {number} {}", faults.join(", "))))
}

#[cfg(test)]
mod tests;
