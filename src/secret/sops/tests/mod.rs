//! Sealing and opening as a whole. `made-by-sops/` was written by sops 3.13.3 for the test-only key.
#![allow(clippy::unwrap_used)]

mod attacks;
mod formats;
mod merging;
mod stable;
mod views;

use super::*;
use crate::{
    diag::{Problems, Sources, render},
    plain::Plain,
    recipient::Recipient,
    seal::MOST_BYTES,
    secret::{Moment, Policy, Reader},
    yaml::commented::{self, Document},
};

/// TEST ONLY: these keys are public.
const ALICE: &str = "AGE-SECRET-KEY-1H69TQUC6U3PY234F4DQNTRZHNJ0CZ2LMZY4UGJ4N9GKK932VCDMQVLNGKZ";
const ALICE_PUBLIC: &str = "age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux";

const SSH: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE2QZJpnwknT5OBtXcyOhvZnUoEtmmcoBSyxOHUTiv15";

const PLAIN: &str = "\
# a Secret
apiVersion: v1
kind: Secret
metadata:
    name: db
    namespace: shop
stringData:
    # who
    user: app
    password: geheim-1 # of the app
    empty: \"\"
    tls.key: |
        -----BEGIN-----
        geheim-2
        -----END-----
";

fn now(seconds: u64) -> Moment {
    Moment { seconds: 1_790_000_000 + seconds }
}

fn alice() -> Identities {
    let mut identities = Identities::new();
    identities.add("key", &Plain::from(ALICE), Form::File, &mut |_| None, &mut Problems::new());
    identities
}

fn reader(key: &str) -> Reader {
    Recipient::parse(key).unwrap_or_else(|fault| panic!("{key}: {}", fault.why)).into()
}

fn policy(keys: &[&str]) -> Policy {
    Policy::secret(keys.iter().map(|key| reader(key)))
}

/// What a message says, without the lines of the file it shows.
fn said(problems: &Problems, sources: &Sources) -> Vec<String> {
    let mut lines = Vec::new();
    let sources = sources.masked(problems.0.iter().flat_map(|problem| &problem.secrets));
    for problem in &problems.0 {
        assert!(!problem.help.is_empty(), "{problem:?}");
        let text = render(problem, &sources, false);
        assert!(!text.contains("geheim"), "{text}");
        let words = text.lines().map(str::trim_start).filter(|line| line.starts_with(['e', 'w', '=']));
        lines.extend(words.map(str::to_owned));
    }
    lines
}

/// Runs something on a text; what it gives, or what is said instead.
fn on<T>(
    text: &str,
    run: impl FnOnce(&str, crate::diag::SourceId, &mut Problems) -> Option<T>,
) -> Result<T, Vec<String>> {
    let (mut sources, mut problems) = (Sources::new(), Problems::new());
    let source = sources.add("a.sops.yaml", text);
    let result = run(text, source, &mut problems);
    let said = said(&problems, &sources);
    match result {
        Some(result) => {
            assert!(said.is_empty(), "{said:?}");
            Ok(result)
        }
        None => {
            assert!(problems.has_errors(), "nothing is given, and nothing is said");
            Err(said)
        }
    }
}

fn parse(text: &str) -> Vec<Document> {
    on(text, commented::read).unwrap()
}

fn seal_with(plain: &str, policy: &Policy) -> Result<String, Vec<String>> {
    on(plain, |text, source, problems| {
        let documents = commented::read(text, source, problems)?;
        seal(&documents, source, policy, now(0), problems)
    })
}

fn sealed(plain: &str) -> String {
    seal_with(plain, &policy(&[ALICE_PUBLIC])).unwrap()
}

fn open_with(text: &str, identities: &Identities) -> Result<Opened, Vec<String>> {
    on(text, |text, source, problems| Sealed::read(text, source, problems)?.open(identities, problems))
}

fn open(text: &str) -> Result<Opened, Vec<String>> {
    open_with(text, &alice())
}

fn plain(text: &str) -> String {
    commented::emit(open(text).unwrap().documents()).to_string()
}

fn read(text: &str) -> Sealed {
    on(text, Sealed::read).unwrap()
}

/// The first line of what is said, or nothing.
fn first<T>(result: Result<T, Vec<String>>) -> String {
    result.err().map_or_else(|| "opened".to_owned(), |lines| lines[0].clone())
}
