//! Values that somebody who was removed can read in the history for ever. They stay on this list, a file that is
//! committed, until each of them was replaced where it was issued.
//!
//! One line a value, sorted, so that two branches merge: `SINCE  FILE  VALUE  WHO`, two blanks between. It holds no
//! secret, and no mark of one.

use crate::diag::{Diagnostic, Place, Problems, SourceId};
use std::collections::{BTreeMap, BTreeSet};

/// What stands above the lines.
const HEAD: &str = "\
# Values that whoever was removed can read in the history for ever. Replace each where it was issued, and seal the new
# one with `gen`, which then takes it off this list. For one that was sealed by other means, or need not be replaced, say
# `gen secrets replaced FILE [VALUE...]`.
# since  file  value  who knows it
";

/// The list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToReplace {
    /// By file and value.
    values: BTreeMap<(String, String), Exposed>,
}

/// Who knows a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// The day of the first removal, `2026-01-31`.
    pub since: String,
    /// Names, or public keys that have none any more.
    pub known_to: BTreeSet<String>,
}

impl ToReplace {
    /// Reads the file. Lines of both sides of a merge conflict count; any other line that is none is an error.
    pub fn parse(text: &str, source: SourceId, problems: &mut Problems) -> Self {
        let mut list = Self::default();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let at = start;
            start += line.len();
            let line = line.trim_end();
            let mark = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark));
            if line.is_empty() || line.starts_with('#') || mark {
                continue;
            }
            match fields(line) {
                Some((since, file, value, who)) => {
                    who.split(", ").for_each(|who| list.add(file, value, who, since));
                }
                None => problems.push(
                    Diagnostic::error(
                        "secret/to-replace",
                        "this is no line of the list of values to replace",
                    )
                    .at(Place::new(source, at..at + line.len()))
                    .help("a line is `SINCE  FILE  VALUE  WHO`, with two blanks between")
                    .help("take the line from an earlier commit, or remove it if its value was replaced"),
                ),
            }
        }
        list
    }

    /// The text of the file; `None` if there is nothing to replace, and then no file.
    pub fn to_text(&self) -> Option<String> {
        let line = |((file, value), exposed): (&(String, String), &Exposed)| {
            let who: Vec<&str> = exposed.known_to.iter().map(String::as_str).collect();
            format!("{}  {file}  {value}  {}\n", exposed.since, who.join(", "))
        };
        let lines: String = self.values.iter().map(line).collect();
        (!lines.is_empty()).then(|| HEAD.to_owned() + &lines)
    }

    /// A value of a file is known to somebody who can no longer open it. `value` is its name in the file,
    /// `stringData.password`, of which the key counts.
    pub fn add(&mut self, file: &str, value: &str, who: &str, since: &str) {
        let exposed = self
            .values
            .entry((file.to_owned(), key(value)))
            .or_insert_with(|| Exposed { since: since.to_owned(), known_to: BTreeSet::new() });
        exposed.known_to.insert(who.to_owned());
        if *since < *exposed.since {
            exposed.since = since.to_owned();
        }
    }

    /// Takes a value off the list; `false` if it is not on it.
    pub fn done(&mut self, file: &str, value: &str) -> bool {
        self.values.remove(&(file.to_owned(), key(value))).is_some()
    }

    /// The values of a file, sorted by name.
    pub fn of(&self, file: &str) -> Vec<&str> {
        self.iter().filter(|(other, ..)| *other == file).map(|(_, value, _)| value).collect()
    }

    /// All: file, value, and who knows it; sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &Exposed)> {
        self.values.iter().map(|((file, value), exposed)| (file.as_str(), value.as_str(), exposed))
    }
}

/// Since, file, value, who.
fn fields(line: &str) -> Option<(&str, &str, &str, &str)> {
    let (since, rest) = line.split_once("  ")?;
    let (file, rest) = rest.split_once("  ")?;
    let (value, who) = rest.rsplit_once("  ")?;
    let is_day = since.len() == 10 && since.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let whole = [file, value, who].iter().all(|field| !field.trim().is_empty());
    (is_day && whole).then_some((since, file, value, who))
}

/// The key of a value, whether it stands under `data` or `stringData`, fit for one line.
fn key(value: &str) -> String {
    let key = ["stringData.", "data."].iter().find_map(|part| value.strip_prefix(part)).unwrap_or(value);
    let visible = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    key.trim().chars().map(visible).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sources;

    fn read(text: &str) -> (ToReplace, Vec<String>) {
        let (mut sources, mut problems) = (Sources::new(), Problems::new());
        let source = sources.add("to-replace.txt", text);
        let list = ToReplace::parse(text, source, &mut problems);
        let told = problems.0.iter().map(|p| {
            let (line, column) = sources.line_column(p.labels[0].place);
            format!("{}:{line}:{column}", p.id)
        });
        (list, told.collect())
    }

    #[test]
    fn what_is_written_is_read() {
        let mut list = ToReplace::default();
        assert_eq!(list.to_text(), None);
        list.add("prod/db/db-admin", "stringData.password", "bob", "2026-02-01");
        list.add("prod/db/db-admin", "data.password", "carol", "2026-01-31");
        list.add("base/kuard/kuard-tls", "tls.key", "ssh-ed25519 AAAA", "2026-02-01");
        list.add("base/kuard/kuard-tls", "odd\nkey  of two", "bob", "2026-02-01");
        let text = list.to_text().expect("three values");
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            lines,
            [
                r"2026-02-01  base/kuard/kuard-tls  odd\nkey  of two  bob",
                "2026-02-01  base/kuard/kuard-tls  tls.key  ssh-ed25519 AAAA",
                "2026-01-31  prod/db/db-admin  password  bob, carol",
            ]
        );
        assert_eq!(read(&text), (list.clone(), vec![]));
        assert!(list.done("prod/db/db-admin", "stringData.password"));
        assert!(!list.done("prod/db/db-admin", "password"));
        assert_eq!(list.of("prod/db/db-admin").len(), 0);
        assert_eq!(list.of("base/kuard/kuard-tls").len(), 2);
    }

    #[test]
    fn both_sides_of_a_conflict_count_and_rubbish_is_told() {
        let (list, told) = read(
            "# head\n<<<<<<< ours\n2026-02-01  a/b/c  x  bob\n=======\n2026-02-02  a/b/c  x  carol\n\
             2026-02-02  a/b/c  y  carol\n>>>>>>> theirs\nfoo\n26  a/b/c  x  bob\n",
        );
        assert_eq!(told, ["secret/to-replace:8:1", "secret/to-replace:9:1"]);
        let lines: Vec<_> = list.iter().map(|(_, value, e)| (value, &*e.since, e.known_to.len())).collect();
        assert_eq!(lines, [("x", "2026-02-01", 2), ("y", "2026-02-02", 1)]);
    }
}
