//! Everything that is said about a user's files: one type, [`Diagnostic`], with places, causes and
//! a remedy. How it is drawn is in [`render`]; who prints it is `cli`'s business.

mod render;
mod sources;
mod suggest;

pub use render::{render, visible};
pub use sources::{Place, SourceId, Sources, Spot};
pub use suggest::{did_you_mean, list};

use crate::address;
use std::{
    borrow::Cow,
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing, changes nothing.
    Info,
    /// Works, but risky or surprising.
    Warning,
    /// Stops the run: nothing is written.
    Error,
}

/// A place with a word about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What is to be seen there; may be empty.
    pub text: String,
}

/// One statement about the user's files.
///
/// `message` is lower case without a full stop and names things in backticks; `help` is an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable id: `group/name`.
    pub id: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// Where: the first is the primary one.
    pub labels: Vec<Label>,
    /// The file or folder that it is about as a whole, where no place in it can be named.
    pub path: Option<String>,
    /// The outputs it is about, `fleet-out/prod/apps/kuard/deployment.yaml` or with `:line`.
    pub outputs: Vec<String>,
    /// Further causes, one line each.
    pub because: Vec<String>,
    /// What to do, one line each.
    pub help: Vec<String>,
    /// Values that are never drawn, by this statement or any other ([`Sources::masked`]).
    pub secrets: Vec<Place>,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(id: &'static str, message: impl Into<String>) -> Self {
        Self::new(id, Severity::Error, message)
    }

    /// A warning without a place yet.
    pub fn warning(id: &'static str, message: impl Into<String>) -> Self {
        Self::new(id, Severity::Warning, message)
    }

    /// A statement of any weight, without a place yet.
    pub fn new(id: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            id,
            severity,
            message: shown(message),
            labels: Vec::new(),
            path: None,
            outputs: Vec::new(),
            because: Vec::new(),
            help: Vec::new(),
            secrets: Vec::new(),
        }
    }

    /// Adds a place without a word.
    #[must_use]
    pub fn at(self, place: impl Into<Option<Place>>) -> Self {
        self.label(place, "")
    }

    /// Adds a place with a word about it; `None` adds nothing.
    #[must_use]
    pub fn label(mut self, place: impl Into<Option<Place>>, text: impl Into<String>) -> Self {
        if let Some(place) = place.into() {
            self.labels.push(Label { place, text: shown(text) });
        }
        self
    }

    /// Names a value that is never drawn.
    #[must_use]
    pub fn secret(mut self, place: Option<Place>) -> Self {
        self.secrets.extend(place);
        self
    }

    /// The same without the words in backticks, of more than one character, that stand in a text which nothing shows.
    #[must_use]
    pub fn without_words_of(mut self, text: &str) -> Self {
        let lines = [&mut self.message].into_iter().chain(&mut self.because).chain(&mut self.help);
        for line in lines.chain(self.labels.iter_mut().map(|label| &mut label.text)) {
            let is_of = |part: &str| {
                part.chars().nth(1).is_some() && text.contains(part.trim_start_matches(['&', '*', '!']))
            };
            // Between the first backtick and the last: a word may hold some itself.
            let parts: Vec<&str> = line.split('`').collect();
            let last = parts.len() - 1;
            let part = |(at, part)| if at > 0 && at < last && is_of(part) { "…" } else { part };
            *line = parts.iter().copied().enumerate().map(part).collect::<Vec<_>>().join("`");
        }
        self
    }

    /// Names the file or folder that it is about as a whole.
    #[must_use]
    pub fn of(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Names the output file it is about.
    #[must_use]
    pub fn output(mut self, output: impl Into<String>) -> Self {
        self.outputs.push(output.into());
        self
    }

    /// Adds a cause.
    #[must_use]
    pub fn because(mut self, because: impl Into<String>) -> Self {
        self.because.push(shown(because));
        self
    }

    /// Adds a remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(shown(help));
        self
    }
}

/// What is quoted in a statement is shown without what is secret in addresses.
fn shown(text: impl Into<String>) -> String {
    let text = text.into();
    match address::masked(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(masked) => masked,
    }
}

impl Diagnostic {
    /// Equal for what says the same.
    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.id, &self.labels, &self.message, &self.because, &self.help).hash(&mut hasher);
        hasher.finish()
    }

    /// The same but for the outputs?
    fn says_the_same(&self, other: &Diagnostic) -> bool {
        self.id == other.id
            && self.labels == other.labels
            && self.message == other.message
            && self.severity == other.severity
            && self.because == other.because
            && self.help == other.help
    }
}

/// What a stage found. A stage reports every problem it finds, not the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Diagnostic>, Known);

/// Where in the list what was said stands, so that a hundred thousand statements take no time that grows with
/// their square.
#[derive(Clone, Debug, Default)]
struct Known {
    first: HashMap<u64, usize>,
    /// How many of the list are in `first`.
    upto: usize,
    /// How many errors were said again.
    repeated: usize,
}

/// A mere aid to finding: two lists are equal without it.
impl PartialEq for Known {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Known {}

impl From<Vec<Diagnostic>> for Problems {
    fn from(list: Vec<Diagnostic>) -> Self {
        Self(list, Known::default())
    }
}

impl Known {
    /// The place of what says the same as `diagnostic`, if any.
    fn find(&mut self, list: &[Diagnostic], diagnostic: &Diagnostic) -> Option<usize> {
        if self.upto > list.len() {
            *self = Self { repeated: self.repeated, ..Self::default() };
        }
        for (at, known) in list.iter().enumerate().skip(self.upto) {
            self.first.entry(known.digest()).or_insert(at);
        }
        self.upto = list.len();
        let at = *self.first.get(&diagnostic.digest())?;
        list.get(at).is_some_and(|known| known.says_the_same(diagnostic)).then_some(at)
    }
}

impl Problems {
    /// Nothing found yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one. What was said before of other outputs is said once, of all of them.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        match self.1.find(&self.0, &diagnostic).and_then(|at| self.0.get_mut(at)) {
            None => self.0.push(diagnostic),
            Some(known) => {
                self.1.repeated += usize::from(diagnostic.severity == Severity::Error);
                for output in diagnostic.outputs {
                    if !known.outputs.contains(&output) {
                        known.outputs.push(output);
                    }
                }
            }
        }
    }

    /// Adds what another stage or thread found.
    pub fn extend(&mut self, other: Problems) {
        for diagnostic in other.0 {
            self.push(diagnostic);
        }
    }

    /// Is there an error among them?
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// How many errors were pushed, also those that had been said before: it grows with each that is found.
    pub fn errors(&self) -> usize {
        self.0.iter().filter(|d| d.severity == Severity::Error).count() + self.1.repeated
    }

    /// Did nothing turn up at all?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_hidden_text_are_left_out() {
        let said = Diagnostic::error("a/b", "the key `geheim` is no `u32`").help("remove `&geheim`");
        let said = said.because("geheim").without_words_of("geheim: !geheim x");
        assert_eq!(said.message, "the key `…` is no `u32`");
        let odd =
            Diagnostic::error("a/b", "the key `x`geheim` is given twice").without_words_of("x`geheim: 1");
        assert_eq!(odd.message, "the key `x`…` is given twice");
        assert_eq!((said.because, said.help), (vec!["geheim".to_owned()], vec!["remove `…`".to_owned()]));
    }

    #[test]
    fn the_same_of_several_outputs_is_said_once_also_after_some_were_taken_out() {
        let said = |what: &str, output: &str| Diagnostic::error("a/b", what).output(output);
        let mut problems = Problems::new();
        for output in ["1", "2", "1"] {
            problems.push(said("x", output));
            problems.push(said("y", output));
        }
        problems.0.retain(|d| d.message == "y");
        problems.push(said("y", "3"));
        problems.push(said("x", "3"));
        let all: Vec<_> = problems.0.iter().map(|d| (d.message.as_str(), d.outputs.join(","))).collect();
        assert_eq!(all, [("y", "1,2,3".to_owned()), ("x", "3".to_owned())]);
    }

    /// Whoever asks whether a step found an error compares the counts before and after.
    #[test]
    fn an_error_that_is_said_again_counts() {
        let mut problems = Problems::new();
        for count in 1..=3 {
            problems.push(Diagnostic::error("a/b", "x"));
            problems.push(Diagnostic::warning("a/c", "y"));
            assert_eq!((problems.errors(), problems.0.len()), (count, 2));
        }
    }

    /// Minutes if each were compared with all before.
    #[test]
    fn two_hundred_thousand_are_no_matter() {
        let mut problems = Problems::new();
        (0..200_000).for_each(|n| problems.push(Diagnostic::error("a/b", format!("{n}"))));
        assert_eq!(problems.errors(), 200_000);
    }
}
