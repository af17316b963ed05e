//! Private keys: where `sops` finds them, and files that the user names.

use crate::{
    diag::{Diagnostic, Problems, Severity},
    host::{self, Holds},
    plain::{Plain, PlainText},
    secret::sops::{Form, Identities},
};
use std::path::PathBuf;

/// What every command takes that opens sealed files.
#[derive(Clone, Debug, Default, clap::Args)]
pub(in crate::cli) struct IdentityArguments {
    /// A file of private keys, beside those that are found where sops finds them
    #[arg(short = 'i', long = "identity", value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Where a key was looked for, and what was there.
pub(in crate::cli) struct Ambient {
    /// The variable or file.
    pub(in crate::cli) name: String,
    /// The keys there.
    pub(in crate::cli) identities: Identities,
    /// Was anything there at all?
    pub(in crate::cli) is_there: bool,
}

impl IdentityArguments {
    /// All private keys at hand. What cannot be read is told; a file with a passphrase is asked for, and where there is
    /// nobody to ask it is an error only if there is no other key.
    pub(in crate::cli) fn find(&self, problems: &mut Problems) -> Identities {
        let mut found = Problems::new();
        let mut identities = Identities::new();
        for place in self.places(&mut found) {
            place_in(&place, &mut identities, &mut found);
        }
        if !identities.is_empty() {
            for told in found.0.iter_mut().filter(|told| told.id == "secret/passphrase") {
                told.severity = Severity::Warning;
            }
        }
        problems.extend(found);
        identities
    }

    /// The words that name these files to another command.
    pub(in crate::cli) fn words(&self) -> impl Iterator<Item = String> {
        self.files.iter().flat_map(|file| ["--identity".to_owned(), file.display().to_string()])
    }

    /// Is any file named?
    pub(in crate::cli) fn are_named(&self) -> bool {
        !self.files.is_empty()
    }

    /// The private keys that are at hand without a question. What cannot be read is passed over: this is for what can do
    /// without.
    pub(in crate::cli) fn at_hand(&self) -> Identities {
        let (mut identities, mut told) = (Identities::new(), Problems::new());
        for place in self.places(&mut told) {
            match &place.holds {
                Holds::File(content) => {
                    identities.add(&place.name, content, Form::File, &mut |_| None, &mut told);
                }
                Holds::Variable(content) => {
                    identities.add(&place.name, content, Form::Variable, &mut |_| None, &mut told);
                }
                Holds::Nothing | Holds::Ssh | Holds::Unreadable(_) => {}
            }
        }
        identities
    }

    /// What is named comes first: it is meant.
    fn places(&self, problems: &mut Problems) -> Vec<host::KeyPlace> {
        let mut places = Vec::new();
        for file in &self.files {
            let name = file.display().to_string();
            match host::read_secret(file) {
                Ok(content) => places.push(host::KeyPlace { name, holds: Holds::File(content) }),
                Err(why) => problems.push(unreadable(&name, &why)),
            }
        }
        places.extend(host::key_places());
        places
    }
}

/// Each place where keys are looked for, with what is there.
pub(in crate::cli) fn ambient(arguments: &IdentityArguments, problems: &mut Problems) -> Vec<Ambient> {
    let places = arguments.places(problems);
    let one = |place: host::KeyPlace| {
        let mut identities = Identities::new();
        place_in(&place, &mut identities, problems);
        let is_there = !matches!(place.holds, Holds::Nothing);
        Ambient { name: place.name, identities, is_there }
    };
    places.into_iter().map(one).collect()
}

fn place_in(place: &host::KeyPlace, identities: &mut Identities, problems: &mut Problems) {
    let name = &place.name;
    match &place.holds {
        Holds::Nothing => {}
        Holds::File(content) => identities.add(name, content, Form::File, &mut ask, problems),
        Holds::Variable(content) => identities.add(name, content, Form::Variable, &mut ask, problems),
        Holds::Ssh => {
            let mark = Plain::from("-----BEGIN OPENSSH PRIVATE KEY-----");
            identities.add(name, &mark, Form::File, &mut ask, problems);
        }
        Holds::Unreadable(why) => problems.push(unreadable(name, why)),
    }
}

fn unreadable(name: &str, why: &str) -> Diagnostic {
    Diagnostic::error("secret/identity", format!("`{name}` {why}"))
        .help("correct it: keys are looked for there before a sealed file is opened")
}

fn ask(file: &str) -> Option<PlainText> {
    host::ask_secret(&format!("Passphrase of {file}: ")).ok()
}
