//! An opened file, written again: with new values, for other recipients, with a new key. What did not change keeps its text.

use super::{
    file,
    metadata::{self, KeyEntry, Service},
    open::Opened,
    rule::Rule,
    seal::{self, Known, Reuse, Sealing},
    value::DataKey,
    wanted::{self, Key, Wanted},
};
use crate::{
    diag::{Diagnostic, Problems, list},
    secret::{Moment, Policy},
    yaml::commented::{self, Document, Item},
};

use std::collections::HashSet;

/// What writing a file again came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The new text of the file; `None` if nothing changed, and then nothing is to be written.
    pub text: Option<String>,
    /// Keys that can open it now and could not before.
    pub added: Vec<String>,
    /// Keys that could open it before.
    pub removed: Vec<String>,
    /// Has the file a new data key, and every value a new text?
    pub new_key: bool,
    /// The values that whoever was removed knows, and can read in the history for ever: to be replaced where they were
    /// issued. Names such as `stringData.password`.
    pub to_replace: Vec<String>,
}

impl Opened {
    /// Writes other values; recipients and rule stay. `None` if an error was pushed.
    pub fn reseal(&self, documents: &[Document], now: Moment, problems: &mut Problems) -> Option<Outcome> {
        self.write_with(documents, &Wanted::from(&self.sealed), None, now, problems)
    }

    /// Brings recipients and rule to policy. Adding recipients keeps the data key; removing one makes a new one. `None` if
    /// an error was pushed.
    pub fn rekey(&self, policy: &Policy, now: Moment, problems: &mut Problems) -> Option<Outcome> {
        self.update(&self.plain, policy, now, problems)
    }

    /// Makes a new data key, and encrypts every value anew. `None` if an error was pushed.
    pub fn rotate(&self, policy: &Policy, now: Moment, problems: &mut Problems) -> Option<Outcome> {
        let wanted = Wanted::from(policy);
        let plan = self.plan(&wanted, true, problems)?;
        self.write(&self.plain, &wanted.rule, plan, &self.known, now, problems)
    }

    /// Writes other values and brings recipients and rule to policy. `None` if an error was pushed.
    pub fn update(
        &self,
        documents: &[Document],
        policy: &Policy,
        now: Moment,
        problems: &mut Problems,
    ) -> Option<Outcome> {
        self.write_with(documents, &policy.into(), None, now, problems)
    }

    /// As [`Opened::update`], where values may also come from another version of the file: where that has the same data
    /// key, their texts are kept.
    pub(super) fn write_with(
        &self,
        documents: &[Document],
        wanted: &Wanted,
        other: Option<&Opened>,
        now: Moment,
        problems: &mut Problems,
    ) -> Option<Outcome> {
        let plan = self.plan(wanted, false, problems)?;
        let mut known = self.known.clone();
        if let Some(other) = other.filter(|other| other.key.bytes() == self.key.bytes()) {
            let own: HashSet<&str> = self.known.iter().map(|known| known.text.as_str()).collect();
            known.extend(other.known.iter().filter(|known| !own.contains(known.text.as_str())).cloned());
        }
        self.write(documents, &wanted.rule, plan, &known, now, problems)
    }

    fn write(
        &self,
        documents: &[Document],
        rule: &Rule,
        plan: Plan,
        known: &[Known],
        now: Moment,
        problems: &mut Problems,
    ) -> Option<Outcome> {
        let before = problems.errors();
        let sealed = &self.sealed;
        seal::check(documents, sealed.source, problems);
        let matcher = seal::matcher(rule, sealed.source, problems)?;
        let sealing = Sealing {
            key: plan.key(&self.key),
            matcher: &matcher,
            only_encrypted: sealed.metadata.mac_only_encrypted,
        };
        let known = if plan.fresh.is_some() { &[][..] } else { known };
        let encrypted = match documents == self.plain {
            true => sealing.encrypt(documents, &mut Reuse::new(known), problems),
            false => sealing.settled(documents, known, problems),
        };
        seal::something(&encrypted, rule, sealed.source, problems);
        if problems.errors() > before {
            return None;
        }
        let old = metadata::block(&sealed.documents.first()?.items)?.items();
        let mut block = old.to_vec();
        metadata::set_rule(&mut block, rule);
        if plan.fresh.is_some() || !plan.added.is_empty() {
            metadata::set_age(&mut block, &plan.age);
        }
        metadata::remove_pgp(&mut block, &plan.removed);
        let same = plan.fresh.is_none()
            && *rule == sealed.metadata.rule
            && encrypted.documents == sealed.documents();
        if !same {
            seal::stamp(&mut block, sealing.key, &encrypted.mac, now);
        }
        let text = self.text(encrypted.documents, &block, same && block == old);
        text.as_ref().is_none_or(|text| file::fits(text.len(), sealed.source, problems)).then_some(())?;
        let to_replace = if plan.removed.is_empty() { Vec::new() } else { encrypted.names };
        Some(Outcome {
            text,
            new_key: plan.fresh.is_some(),
            added: plan.added,
            removed: plan.removed,
            to_replace,
        })
    }

    fn text(&self, documents: Vec<Document>, block: &[Item], same: bool) -> Option<String> {
        if same {
            return None;
        }
        let new = file::with_block(documents, block);
        Some(commented::update(&self.sealed.text, &self.sealed.documents, &new).to_string())
    }

    /// Who gets the key, and which.
    fn plan(&self, wanted: &Wanted, fresh: bool, problems: &mut Problems) -> Option<Plan> {
        let before = problems.errors();
        let sealed = &self.sealed;
        wanted::somebody(wanted, problems);
        let now: Vec<String> =
            sealed.entries().filter(|entry| wanted::is_named(entry)).map(wanted::text).collect();
        let added: Vec<&Key> = wanted.keys.iter().filter(|key| !now.contains(&key.text)).collect();
        let removed: Vec<String> = now.into_iter().filter(|text| !wanted.has(text)).collect();
        let fresh = fresh || !removed.is_empty();
        if sealed.metadata.groups.len() > 1 {
            if fresh || !added.is_empty() {
                problems.push(
                    Diagnostic::error(
                        "secret/groups",
                        "the recipients of a file with key groups cannot be changed yet",
                    )
                    .at(sealed.metadata.place)
                    .help("use `sops updatekeys` or `sops rotate` for this file"),
                );
                return None;
            }
            return Some(Plan::default());
        }
        let key = if fresh { Some(DataKey::generate()) } else { None };
        let age = match &key {
            Some(key) => {
                self.refuse_foreign(&removed, problems);
                let age =
                    wanted.keys.iter().filter(|key| key.recipient.as_ref().is_none_or(|r| r.kind().is_age()));
                wanted::wrap_all(age, key, problems)
            }
            None => {
                let kept = sealed.entries().filter(|entry| entry.service == Service::Age);
                let kept = kept.map(|entry| (entry.name.clone(), entry.enc.clone()));
                kept.chain(wanted::wrap_all(added.iter().copied(), &self.key, problems)).collect()
            }
        };
        let added = added.into_iter().map(|key| key.text.clone()).collect();
        (problems.errors() == before).then_some(Plan { fresh: key, age, added, removed })
    }

    /// A new data key would lock out whoever opens the file by other means.
    fn refuse_foreign(&self, removed: &[String], problems: &mut Problems) {
        let stays =
            |entry: &&KeyEntry| entry.service != Service::Age && !removed.contains(&wanted::text(entry));
        let foreign: Vec<&KeyEntry> = self.sealed.entries().filter(stays).collect();
        if !foreign.is_empty() {
            let names: Vec<String> =
                foreign.iter().map(|entry| format!("{} {}", entry.service.name(), entry.name)).collect();
            problems.push(
                Diagnostic::error(
                    "secret/foreign",
                    format!("the new data key cannot be given to {}", list(names.iter().map(String::as_str))),
                )
                .at(self.sealed.metadata.place)
                .because(
                    "removing a recipient makes a new data key, and `gen` can hand it to age recipients only",
                )
                .help("use `sops rotate` for this file, or take those keys out of it first"),
            );
        }
    }
}

/// Who gets the key of a file.
#[derive(Default)]
struct Plan {
    /// A new data key.
    fresh: Option<DataKey>,
    /// Recipients with the key encrypted for them.
    age: Vec<(String, String)>,
    added: Vec<String>,
    removed: Vec<String>,
}

impl Plan {
    fn key<'k>(&'k self, old: &'k DataKey) -> &'k DataKey {
        self.fresh.as_ref().unwrap_or(old)
    }
}
