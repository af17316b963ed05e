//! What `gen secrets explain` says to people.

use super::Explained;
use crate::{
    diag::{Place, list},
    load::SOPS_CONFIG,
    resolve::{Reader, seal_command},
    seal::Seal,
    write::{self, Lookup},
};

/// More names than this are counted, not listed.
const MANY: usize = 3;

impl Explained<'_> {
    pub(super) fn text(&self) -> String {
        let parts = [
            ("belongs to", vec![self.owner()]),
            ("recipients", self.recipients()),
            ("for sops", vec![self.for_sops()]),
            ("the file", self.state()),
            ("used by", self.uses()),
        ];
        let mut out = format!("{}\n\n", self.path);
        for (head, lines) in parts {
            for (index, line) in lines.iter().enumerate() {
                out.push_str(&format!("  {:<12}{line}\n", if index == 0 { head } else { "" }));
            }
        }
        out
    }

    fn owner(&self) -> String {
        let environments = &self.rule.environments;
        match (self.rule.is_layer, environments.len()) {
            (false, _) => format!("the environment {}", self.rule.owner),
            (true, 0) => format!("the layer {}, which no environment extends", self.rule.owner),
            (true, _) => {
                format!(
                    "the layer {}, for {}",
                    self.rule.owner,
                    some(environments.iter().map(String::as_str))
                )
            }
        }
    }

    fn recipients(&self) -> Vec<String> {
        if self.rule.readers.is_empty() {
            return vec!["nobody: neither `secrets.cluster` nor `secrets.recipients` names any".to_owned()];
        }
        let mut lines = Vec::new();
        for reader in &self.rule.readers {
            lines.push(format!("{}: {}, {}", reader.name, reader.recipient.short(), reader.recipient.kind()));
            lines.extend(self.reasons(reader).into_iter().map(|reason| format!("  {reason}")));
        }
        lines
    }

    /// Why someone can open it: once for each line that says so.
    fn reasons(&self, reader: &Reader) -> Vec<String> {
        type Line<'e> = (Option<Place>, bool, Vec<&'e str>);
        let mut by_line: Vec<Line> = Vec::new();
        for reason in &reader.reasons {
            let same = |line: &&mut Line| (line.0, line.1) == (reason.place, reason.is_cluster);
            match by_line.iter_mut().find(same) {
                Some((.., environments)) => environments.push(&reason.environment),
                None => by_line.push((reason.place, reason.is_cluster, vec![&reason.environment])),
            }
        }
        let one = |(place, is_cluster, environments): Line| {
            let role = if is_cluster { "the cluster's own key" } else { "a recipient" };
            format!("{role} of {} ({})", some(environments.into_iter()), self.locate(place))
        };
        by_line.into_iter().map(one).collect()
    }

    fn for_sops(&self) -> String {
        let Some(config) = &self.engine.project.sops_config else {
            return format!("there is no `{SOPS_CONFIG}`; `gen render` makes one");
        };
        let sources = &self.engine.project.sources;
        match write::lookup(config, sources, &self.path.to_string()) {
            Lookup::Unreadable => format!("`{SOPS_CONFIG}` cannot be read"),
            Lookup::None => format!("no rule of `{SOPS_CONFIG}` is for it"),
            Lookup::Rule(creation) => {
                let pattern = creation.pattern.as_deref().unwrap_or("every path");
                match write::sops_config_difference(self.rule, config, sources) {
                    None => format!("rule {} of `{SOPS_CONFIG}`: {pattern}", creation.number),
                    Some((_, why)) => format!("{why}, in `{SOPS_CONFIG}`: {pattern}"),
                }
            }
        }
    }

    /// The file against the policy.
    fn state(&self) -> Vec<String> {
        let Some(seal) = self.seal() else {
            let said = if self.is_unread() { "is there, and cannot be used" } else { "is not there" };
            return vec![said.to_owned()];
        };
        if !seal.is_whole {
            return vec!["is cut off: take the whole file from an earlier commit".to_owned()];
        }
        if seal.is_for_nobody() {
            return vec!["is sealed for nobody: seal it again from its values".to_owned()];
        }
        let mut lines = match (seal.groups, self.agrees()) {
            (1, true) => {
                let keys = seal.recipients.iter().map(|sealed| self.engine.policy.call(&sealed.key));
                vec![format!("is sealed for {}", keys.collect::<Vec<_>>().join(", "))]
            }
            (1, false) => self.difference(&seal),
            (groups, _) => vec![format!("is sealed with keys of {groups} groups, which are not compared")],
        };
        if !seal.services.is_empty() {
            lines.push(format!("and with keys of {}", list(seal.services.iter().map(String::as_str))));
        }
        lines
    }

    fn difference(&self, seal: &Seal) -> Vec<String> {
        let difference = self.rule.difference(seal);
        let mut lines = Vec::new();
        if !difference.missing.is_empty() {
            let names = difference.missing.iter().map(|reader| &*reader.name);
            lines.push(format!("is not yet sealed for {}", list(names)));
        }
        for sealed in &difference.additional {
            let who = self.engine.policy.call(&sealed.key);
            lines.push(format!("is still sealed for {who} ({})", self.locate(sealed.place)));
        }
        lines.push(format!("run: gen rekey {}", self.rule.owner));
        lines
    }

    fn uses(&self) -> Vec<String> {
        let users = || some(self.users.iter().copied());
        let mut lines = match (self.users.is_empty(), self.file) {
            (true, _) => vec!["nobody".to_owned()],
            (false, Some(_)) => vec![users()],
            (false, None) => vec![format!("nobody yet; {} would", users())],
        };
        if !self.nearer.is_empty() {
            lines.push(format!("not by {}: a nearer file wins there", some(self.nearer.iter().copied())));
        }
        if let Some((_, secret)) = self.needed.first() {
            let names = some(self.needed.iter().map(|(environment, _)| *environment));
            lines.push(format!("needed in {names}: {}", secret.description.trim_end_matches('.')));
            if self.file.is_none() && !self.is_unread() {
                let command = seal_command(&self.path, secret.secret_type.as_deref(), &secret.keys);
                lines.push(format!("run: {command}"));
            }
        }
        lines
    }

    fn locate(&self, place: Option<Place>) -> String {
        place.map(|place| self.engine.project.sources.locate(place)).unwrap_or_default()
    }
}

/// Names, the first few of many.
fn some<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.len().checked_sub(MANY).filter(|more| *more > 1) {
        Some(more) => format!("{} and {more} more", names[..MANY].join(", ")),
        None => names.join(", "),
    }
}
