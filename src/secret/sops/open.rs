//! A sealed file with a key: every value is decrypted, and the code over all of them is compared.

use super::{
    age::Closed,
    file::{Sealed, content},
    identity::Identities,
    metadata::{KeyEntry, Service},
    seal::{Known, Mac},
    shamir,
    value::{DataKey, Encrypted, Opened as Plainly, Refused, looks_encrypted},
    walk::{self, Becomes, Leaf, Site},
};
use crate::{
    diag::{Diagnostic, Place, Problems, list},
    plain::Plain,
    yaml::commented::{Comment, Document, Kind, Scalar},
};
use std::collections::BTreeSet;

/// An opened file: its values are in memory.
pub struct Opened {
    pub(super) sealed: Sealed,
    pub(super) plain: Vec<Document>,
    pub(super) key: DataKey,
    pub(super) known: Vec<Known>,
}

impl Sealed {
    /// Opens the file. `None` if an error was pushed: no fitting key, a value that was changed or moved, a code that does
    /// not fit. Nothing is given of a file that was tampered with.
    pub fn open(self, identities: &Identities, problems: &mut Problems) -> Option<Opened> {
        let key = self.data_key(identities, problems)?;
        let before = problems.errors();
        let matcher = self.metadata.rule.matcher().ok()?;
        let mut opening = Opening::new(&key, self.metadata.mac_only_encrypted);
        let documents: Vec<Document> = self.documents.iter().map(content).collect();
        let plain = walk::map(&documents, &matcher, &mut |site, leaf| opening.leaf(site, leaf));
        let Opening { known, mac, found, .. } = opening.judged();
        problems.extend(found);
        if problems.errors() == before {
            self.compare(&key, &mac.text(), problems);
        }
        (problems.errors() == before).then_some(Opened { sealed: self, plain, key, known })
    }

    /// The data key, or an error that says who could have it.
    fn data_key(&self, identities: &Identities, problems: &mut Problems) -> Option<DataKey> {
        let groups = &self.metadata.groups;
        let (parts, failures): (Vec<_>, Vec<_>) =
            groups.iter().map(|group| part(group, identities)).partition(Result::is_ok);
        let parts: Vec<Plain> = parts.into_iter().filter_map(Result::ok).collect();
        let needed = match groups.len() {
            1 => 1,
            many if self.metadata.threshold == 0 => many,
            _ => self.metadata.threshold,
        };
        if parts.len() < needed {
            let damaged = failures.into_iter().filter_map(Result::err).flatten().collect::<Vec<_>>();
            problems.push(self.closed(identities, &damaged, parts.len(), needed));
            return None;
        }
        let bytes = if groups.len() > 1 { shamir::combine(&parts) } else { parts.into_iter().next() };
        let key = bytes.and_then(DataKey::new);
        if key.is_none() {
            problems.push(
                Diagnostic::error("secret/data-key", "what the recipients hold of this file is no key")
                    .at(self.metadata.place)
                    .help("take the file from an earlier commit"),
            );
        }
        key
    }

    fn closed(&self, identities: &Identities, damaged: &[Place], parts: usize, needed: usize) -> Diagnostic {
        let recipients = self.recipients();
        if let Some(place) = damaged.first() {
            return Diagnostic::error(
                "secret/data-key",
                "the key of this file, encrypted for one of your keys, is damaged",
            )
            .at(*place)
            .help("take the file from an earlier commit, or open it with another key");
        }
        if recipients.is_empty() {
            let services: BTreeSet<&str> =
                self.foreign_keys().iter().map(|(service, _)| service.name()).collect();
            return Diagnostic::error(
                "secret/key-service",
                format!("only {} opens this file", list(services)),
            )
            .at(self.metadata.place)
            .because("`gen` opens with age keys only, so far")
            .help("open it with `sops`, or have somebody who can add an age recipient");
        }
        let passed_over = identities.passed_over().iter().map(ToString::to_string);
        let said = if identities.is_empty() {
            Diagnostic::error("secret/no-identity", "there is no key to open this file with")
                .help("name a key file with `--identity`, or in `SOPS_AGE_KEY_FILE`")
        } else if needed > 1 {
            Diagnostic::error(
                "secret/wrong-key",
                format!("your keys open {parts} of the key groups of this file, and {needed} are needed"),
            )
            .help("add the keys of the other groups with `--identity`")
        } else {
            Diagnostic::error("secret/wrong-key", "none of your keys opens this file")
                .because(format!(
                    "your keys are for {}",
                    list(identities.recipients().iter().map(String::as_str))
                ))
                .help("have somebody who can open it add your key to its recipients")
        };
        let said = said.at(self.metadata.place).because(format!("it is sealed for {}", list(recipients)));
        passed_over.fold(said, |said, what| said.because(what))
    }

    /// Compares the code with what was computed.
    fn compare(&self, key: &DataKey, computed: &str, problems: &mut Problems) {
        let top = self.metadata.place;
        let Some((mac, place)) = self.metadata.mac.as_ref().filter(|(text, _)| !text.is_empty()) else {
            return problems.push(
                Diagnostic::error(
                    "secret/mac-missing",
                    "the code over all values, `mac`, was removed from the `sops` block",
                )
                .at(top)
                .because("without it nobody can tell whether values were taken out or clear ones changed")
                .help("take the file from an earlier commit"),
            );
        };
        let place = place.or(top);
        let opened = Encrypted::parse(mac).map(|value| (key.open(&value, &self.metadata.modified), value));
        problems.push(match opened {
            Some((Ok(Plainly::Scalar(scalar)), _)) if *scalar.text == *computed => return,
            Some((Ok(_), _)) => Diagnostic::error("secret/mac", "the values of this file are not those that were sealed")
                .label(place, "this code was computed over other values")
                .because("each encrypted value is genuine: a value was removed, put in another order or added, or a clear one was changed")
                .help("compare it with an earlier commit; if the change is meant, make it there, to the opened file"),
            Some((Err(_), value)) if key.holds(&value, computed) => {
                Diagnostic::error("secret/modified", "`lastmodified` was changed after the file was sealed")
                    .label(place, "this code belongs to another time")
                    .help("take the `sops` block from an earlier commit: its lines belong together")
            }
            Some((Err(_), _)) | None => Diagnostic::error("secret/mac-damaged", "the code over all values, `mac`, was changed")
                .at(place)
                .help("take the file from an earlier commit"),
        });
    }
}

/// What one group gives; else the places of what is damaged.
fn part(group: &[KeyEntry], identities: &Identities) -> Result<Plain, Vec<Place>> {
    let mut damaged = Vec::new();
    for entry in group.iter().filter(|entry| entry.service == Service::Age) {
        match identities.unwrap(&entry.enc) {
            Ok(part) => return Ok(part),
            Err(Closed::NoKey) => {}
            Err(_) => damaged.extend(entry.place),
        }
    }
    Err(damaged)
}

/// A walk that decrypts.
struct Opening<'k> {
    key: &'k DataKey,
    known: Vec<Known>,
    mac: Mac,
    /// Values that do not open where they stand: the value, its path, people's name for it, and its place.
    forged: Vec<(Encrypted, String, String, Option<Place>)>,
    /// All paths with encrypted values.
    paths: BTreeSet<String>,
    found: Problems,
}

impl<'k> Opening<'k> {
    fn new(key: &'k DataKey, only_encrypted: bool) -> Self {
        Self {
            key,
            known: Vec::new(),
            mac: Mac::new(only_encrypted),
            forged: Vec::new(),
            paths: BTreeSet::new(),
            found: Problems::new(),
        }
    }

    fn leaf(&mut self, site: &Site, leaf: Leaf) -> Becomes {
        match leaf {
            Leaf::Comment(comment) if site.encrypted => self.comment(comment, site),
            Leaf::Comment(_) => Becomes::Same,
            Leaf::Scalar(scalar) if site.encrypted => self.scalar(scalar, site),
            Leaf::Scalar(scalar) => {
                self.mac.add(scalar, false);
                Becomes::Same
            }
        }
    }

    fn scalar(&mut self, scalar: &Scalar, site: &Site) -> Becomes {
        if scalar.text.is_empty() && scalar.kind == Kind::Str {
            return Becomes::Same;
        }
        self.paths.insert(site.path.to_owned());
        let name = site.keys.join(".");
        if scalar.kind != Kind::Str || !looks_encrypted(&scalar.text) {
            self.found.push(
                Diagnostic::error("secret/clear", format!("`{name}` stands in clear where the file's rule wants it encrypted"))
                    .at(site.place)
                    .secret(site.place)
                    .because("it was written into the sealed file by hand; whoever has read it knows it")
                    .help("take this line from an earlier commit and seal the new value; if it was committed, replace it where it was issued"),
            );
            return Becomes::Same;
        }
        let Some(value) = Encrypted::parse(&scalar.text) else {
            self.found.push(
                Diagnostic::error(
                    "secret/value-form",
                    format!("the encrypted value of `{name}` is not whole"),
                )
                .at(site.place)
                .help("take this line from an earlier commit"),
            );
            return Becomes::Same;
        };
        match self.key.open(&value, site.path) {
            Ok(opened) => self.opened(opened, &scalar.text, site),
            Err(why) => {
                match why {
                    Refused::Forged => self.forged.push((value, site.path.to_owned(), name, site.place)),
                    Refused::Type => self.wrong_type(&name, site),
                    Refused::Nonce => self.found.push(
                        Diagnostic::error(
                            "secret/nonce",
                            format!("the nonce of `{name}` has a size that no program writes"),
                        )
                        .at(site.place)
                        .help("take this line from an earlier commit"),
                    ),
                }
                Becomes::Same
            }
        }
    }

    fn opened(&mut self, opened: Plainly, text: &str, site: &Site) -> Becomes {
        match &opened {
            Plainly::Scalar(plain) => self.mac.add(plain, true),
            Plainly::Comment(_) if !site.listed => self.wrong_type(&site.keys.join("."), site),
            Plainly::Comment(_) => {}
        }
        self.known.push(Known {
            path: site.path.to_owned(),
            value: opened.clone(),
            text: text.to_owned(),
            hashed: false,
        });
        opened.into()
    }

    fn wrong_type(&mut self, name: &str, site: &Site) {
        self.found.push(
            Diagnostic::error("secret/type", format!("what `{name}` holds does not fit its `type:`"))
                .at(site.place)
                .because("the type is not protected like the value: somebody changed it")
                .help("take this line from an earlier commit"),
        );
    }

    /// A comment that was moved by hand still opens under the path of where it was: every key on its own path is tried.
    fn comment(&mut self, comment: &Comment, site: &Site) -> Becomes {
        if !looks_encrypted(&comment.text) {
            // One in clear was read by everybody already, and stays as it is until the file has a new key.
            let value = Plainly::Comment(comment.text.clone());
            let text = comment.text.to_string();
            self.known.push(Known { path: site.path.to_owned(), value, text, hashed: true });
            return Becomes::Same;
        }
        let above = (0..=site.keys.len()).rev().map(|count| site.keys[..count].join(":") + ":");
        let opened = Encrypted::parse(&comment.text)
            .and_then(|value| above.into_iter().find_map(|path| self.key.open(&value, &path).ok()));
        match opened {
            Some(opened) => {
                let text = match &opened {
                    Plainly::Comment(text) => text.clone(),
                    Plainly::Scalar(scalar) => scalar.text.clone(),
                };
                // As long as it stays where it is it keeps its text.
                self.known.push(Known {
                    path: site.path.to_owned(),
                    value: Plainly::Comment(text.clone()),
                    text: comment.text.to_string(),
                    hashed: true,
                });
                Becomes::Comment(Comment { text, ..comment.clone() })
            }
            None => {
                self.found.push(
                    Diagnostic::error(
                        "secret/comment",
                        "an encrypted comment was changed, or moved to another place",
                    )
                    .at(site.place)
                    .because("comments are not part of the code over all values")
                    .help("take the line from an earlier commit, or remove it"),
                );
                Becomes::Same
            }
        }
    }

    /// Says of each value that does not open whether it belongs to another key of this file.
    fn judged(mut self) -> Self {
        for (value, path, name, place) in std::mem::take(&mut self.forged) {
            let home =
                self.paths.iter().find(|other| **other != path && self.key.open(&value, other).is_ok());
            let said = match home {
                Some(home) => Diagnostic::error(
                    "secret/moved",
                    format!(
                        "`{name}` has the value that was sealed for `{}`",
                        home.trim_end_matches(':').replace(':', ".")
                    ),
                )
                .because("each value is bound to its key, so that nobody can swap two")
                .help("take this line from an earlier commit"),
                None => Diagnostic::error(
                    "secret/value",
                    format!("the value of `{name}` was changed, or belongs to another file"),
                )
                .because("its data, `iv` or `tag` is not what was sealed for this key in this file")
                .help("take this line from an earlier commit"),
            };
            self.found.push(said.at(place));
        }
        self
    }
}

impl Opened {
    /// The values: documents without their `sops` blocks.
    pub fn documents(&self) -> &[Document] {
        &self.plain
    }

    /// The file that was opened.
    pub fn sealed(&self) -> &Sealed {
        &self.sealed
    }
}

/// Nothing of the values.
impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opened(…)")
    }
}
