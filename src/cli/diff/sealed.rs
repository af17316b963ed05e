//! What changes in a sealed file: keys and recipients. Its encrypted texts say nothing to people.

use crate::{
    diag::{Problems, Sources, visible},
    load::SEALED,
    resolve::SealPolicy,
    secret::sops::{self, Did, Difference, Identities, Opened, Sealed, Version},
    write::{self, Change, Kind},
};

/// How sealed files are compared.
pub(super) struct Comparing<'a> {
    /// Names of recipients.
    pub(super) policy: &'a SealPolicy,
    /// Keys to look inside with; without one that fits, encrypted texts are compared.
    pub(super) identities: &'a Identities,
    /// Show values?
    pub(super) reveal: bool,
    pub(super) colour: bool,
}

const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const CYAN: &str = "\u{1b}[36m";
const RESET: &str = "\u{1b}[0m";

/// One side of the change.
enum Side {
    Sealed(Sealed),
    Opened(Box<Opened>),
}

impl Side {
    fn version(&self) -> Version<'_> {
        match self {
            Side::Sealed(sealed) => Version::Sealed(sealed),
            Side::Opened(opened) => Version::Opened(opened),
        }
    }
}

impl Comparing<'_> {
    /// The lines below the file's name; `None` for a file that is to be compared as text: by its name no sealed one, or
    /// with `reveal` one that cannot be read as such. With `reveal`, what keeps the values from being shown is told.
    pub(super) fn lines(&self, change: &Change, problems: &mut Problems) -> Option<String> {
        if !change.path.as_str().ends_with(SEALED) {
            return None;
        }
        let sides = [&change.before, &change.after].map(|bytes| self.side(bytes.as_deref(), problems));
        let [Some(before), Some(after)] = sides else {
            return (!self.reveal)
                .then(|| self.line('~', "not shown: one of the two is not sealed, or damaged"));
        };
        let (before, after) = (before.as_ref().map(Side::version), after.as_ref().map(Side::version));
        let is_open = |version: &Option<Version>| !matches!(version, Some(Version::Sealed(_)));
        if self.reveal && is_open(&before) && is_open(&after) {
            let text = |version: Option<Version>| version.map(|version| sops::textconv(version, true));
            let bytes = |text: &Option<crate::plain::PlainText>| {
                text.as_ref().map(|text| text.as_bytes().to_vec()).unwrap_or_default()
            };
            let (before, after) = (text(before), text(after));
            return Some(write::between(&bytes(&before), &bytes(&after), self.colour));
        }
        Some(self.told(&sops::difference(before, after), change.kind()))
    }

    /// `None` if it is no sealed file; the inner one if there is none.
    #[allow(clippy::option_option, reason = "no file at all is a side like any other")]
    fn side(&self, bytes: Option<&[u8]>, problems: &mut Problems) -> Option<Option<Side>> {
        let Some(bytes) = bytes else { return Some(None) };
        let text = std::str::from_utf8(bytes).ok()?;
        let source = Sources::new().add("", "");
        let sealed = Sealed::read(text, source, &mut Problems::new())?;
        let mut found = Problems::new();
        match sealed.clone().open(self.identities, &mut found) {
            Some(opened) => Some(Some(Side::Opened(Box::new(opened)))),
            None => {
                if self.reveal {
                    // The places are those of a copy: only what is said counts.
                    found.0.iter_mut().for_each(|problem| problem.labels.clear());
                    problems.extend(found);
                }
                Some(Some(Side::Sealed(sealed)))
            }
        }
    }

    /// One line of what is told.
    pub(super) fn line(&self, mark: char, text: &str) -> String {
        let style = match mark {
            '+' => GREEN,
            '-' => RED,
            _ => CYAN,
        };
        let text = visible(text);
        match self.colour {
            true => format!("{style}{mark} {text}{RESET}\n"),
            false => format!("{mark} {text}\n"),
        }
    }

    fn told(&self, difference: &Difference, kind: Kind) -> String {
        let mut out = String::new();
        let mut line = |mark: char, text: &str| out.push_str(&self.line(mark, text));
        let is_known = |name: &str| !matches!(name, "apiVersion" | "kind");
        for (name, did) in difference.values.iter().filter(|(name, _)| is_known(name)) {
            match did {
                Did::Added => line('+', name),
                Did::Changed => line('~', name),
                Did::Removed => line('-', name),
            }
        }
        let call = |key: &String| format!("recipient {}", self.policy.call(key).replace('`', ""));
        difference.added.iter().for_each(|key| line('+', &call(key)));
        difference.removed.iter().for_each(|key| line('-', &call(key)));
        if let Some(rule) = &difference.rule {
            line('~', &format!("{}: {}", rule.kind.name(), rule.pattern));
        }
        if difference.unknown {
            line('~', "every value is sealed anew; whether one changed only a key can tell");
        }
        if difference.is_empty() && kind == Kind::Changed {
            line('~', "no value and no recipient, only the seal");
        }
        out
    }
}
