//! What `gen secrets explain` says to programs.

use super::Explained;
use crate::{
    cli::report::{mapping, number, words},
    diag::Place,
    resolve::{Reader, Reason},
    seal::Seal,
    write::{self, Lookup},
    yaml::{Node, Value},
};

impl Explained<'_> {
    /// Everything that the text says and what it leaves out: whole keys, all environments.
    pub(super) fn to_node(&self, findings: Node) -> Node {
        let readers = self.rule.readers.iter().map(|reader| self.reader(reader));
        let seal = self.seal();
        mapping([
            ("path", Node::new(self.path.to_string())),
            ("owner", Node::new(self.path.owner.as_str())),
            ("isLayer", Node::new(self.rule.is_layer)),
            ("component", Node::new(self.path.component.as_str())),
            ("name", Node::new(self.path.name.as_str())),
            ("exists", Node::new(self.file.is_some() || self.is_unread())),
            ("agrees", Node::new(self.agrees())),
            ("environments", words(self.rule.environments.iter().map(String::as_str))),
            ("usedBy", words(self.users.iter().copied())),
            ("overriddenIn", words(self.nearer.iter().copied())),
            ("neededIn", words(self.needed.iter().map(|(environment, _)| *environment))),
            ("recipients", Node::new(readers.collect::<Vec<_>>())),
            ("file", seal.map_or(Node::new(Value::Null), |seal| self.file_node(&seal))),
            ("sops", self.sops()),
            ("findings", findings),
        ])
    }

    fn reader(&self, reader: &Reader) -> Node {
        let reason = |reason: &Reason| {
            let mut members = vec![
                ("environment", Node::new(reason.environment.as_str())),
                ("isCluster", Node::new(reason.is_cluster)),
            ];
            members.extend(self.place(reason.place));
            mapping(members)
        };
        mapping([
            ("name", Node::new(reader.name.as_str())),
            ("key", Node::new(reader.recipient.as_str())),
            ("reasons", Node::new(reader.reasons.iter().map(reason).collect::<Vec<_>>())),
        ])
    }

    fn file_node(&self, seal: &Seal) -> Node {
        let difference = self.rule.difference(seal);
        mapping([
            ("keys", words(seal.recipients.iter().map(|sealed| &*sealed.key))),
            ("services", words(seal.services.iter().map(String::as_str))),
            ("keyGroups", number(seal.groups)),
            ("missing", words(difference.missing.iter().map(|reader| &*reader.name))),
            ("additional", words(difference.additional.iter().map(|sealed| &*sealed.key))),
        ])
    }

    /// The rule that `sops` follows; null if there is none.
    fn sops(&self) -> Node {
        let project = &self.engine.project;
        let config = project.sops_config.as_ref();
        let found =
            config.map(|config| (config, write::lookup(config, &project.sources, &self.path.to_string())));
        let Some((config, Lookup::Rule(creation))) = found else { return Node::new(Value::Null) };
        let keys = creation.recipients.iter().map(String::as_str);
        let differs = write::sops_config_difference(self.rule, config, &project.sources).is_some();
        mapping([
            ("rule", number(creation.number)),
            ("pathRegex", creation.pattern.map_or(Node::new(Value::Null), Node::new)),
            ("keys", words(keys)),
            ("agrees", Node::new(!differs)),
        ])
    }

    fn place(&self, place: Option<Place>) -> Vec<(&'static str, Node)> {
        let sources = &self.engine.project.sources;
        let Some(place) = place else { return Vec::new() };
        let (line, column) = sources.line_column(place);
        vec![
            ("file", Node::new(sources.name(place.source))),
            ("line", number(line)),
            ("column", number(column)),
        ]
    }
}
