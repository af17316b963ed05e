//! `gen secrets`: every sealed file, what is in it, and how it stands.

use crate::{
    cli::{
        Exit, Format, Global, open,
        report::{self, mapping, print, words},
        secret::{IdentityArguments, SealedProject},
    },
    diag::{Problems, visible},
    load::{self, SealedFile},
    pipeline,
    secret::{
        Policy,
        sops::{Identities, Sealed, Status},
    },
    yaml::{Node, Value},
};
use std::sync::Arc;

/// All sealed files: their keys, their recipients against what is wanted, whether they are genuine, values to replace
///
/// The code over all values is compared where a private key is found; no passphrase is asked for. Says no (exit code 1)
/// if a file is broken or was tampered with.
#[derive(Debug, Default, clap::Args)]
#[command(
    after_help = "Examples:\n  gen secrets list\n  gen secrets list prod 'edge/*' --format json\n  gen secrets list --exit-code   in CI: say no if recipients are not those that are wanted"
)]
pub(in crate::cli) struct Arguments {
    /// Environments with their layers, or layers alone: names or globs; or single files, `ENV/COMPONENT/NAME`
    /// [default: all]
    #[arg(value_name = "ENV")]
    named: Vec<String>,
    /// Say no (exit code 1) also if `gen rekey` would write a file
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    identities: IdentityArguments,
}

/// A line of the table.
struct Row {
    path: String,
    /// Absent if the file cannot be read as a sealed one, which was told.
    status: Option<Status>,
    /// What the keys at hand say of the code over all values.
    mac: Mac,
    problems: Problems,
}

/// What a key says of the code over all values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mac {
    /// It fits.
    Good,
    /// It does not, or a value was tampered with.
    Broken,
    /// There is no key for this file.
    Unknown,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    let Some(project) = SealedProject::open(global, &mut problems) else {
        return open::failed(global, &problems);
    };
    let meant = project.meant(&arguments.named, &mut problems);
    if problems.has_errors() {
        return open::failed_in(global, &problems, &project.project.sources);
    }
    let identities = arguments.identities.at_hand();
    let mut files = Vec::new();
    for (owner, of) in meant {
        // Where somebody's key is not known there is no policy to compare with, which a render tells.
        let policy = project.policy_of(owner, &mut Problems::new()).map(Arc::new);
        files.extend(of.into_iter().map(|(path, file)| (path, file, policy.clone())));
    }
    let mut rows =
        pipeline::parallel(&files, |(path, file, policy)| row(path, file, policy.as_deref(), &identities));
    let due = rows.iter().any(|row| row.status.as_ref().is_some_and(|status| !status.is_as_wanted()));
    let mut broken = false;
    for row in &mut rows {
        broken |= row.mac == Mac::Broken || row.status.is_none();
        problems.extend(std::mem::take(&mut row.problems));
    }
    // A list without what could not be read would look whole.
    problems.extend(project.told.clone());
    if global.format == Format::Json {
        report::json(&mapping([
            ("secrets", Node::new(rows.iter().map(|row| to_node(&project, row)).collect::<Vec<_>>())),
            ("gone", Node::new(gone(&project).into_iter().map(gone_node).collect::<Vec<_>>())),
            ("findings", report::to_node(&problems, &project.project.sources)),
        ]));
    } else {
        print(&table(&project, &rows));
        report::findings(global, &problems, &project.project.sources);
    }
    if broken || problems.has_errors() || (arguments.exit_code && due) { Exit::No } else { Exit::Yes }
}

fn row(path: &str, file: &SealedFile, policy: Option<&Policy>, identities: &Identities) -> Row {
    let mut problems = Problems::new();
    let sealed = Sealed::read(&file.text(), file.place.source, &mut problems);
    let nobody = Policy::secret([]);
    let status = sealed.as_ref().map(|sealed| sealed.status(policy.unwrap_or(&nobody)));
    let mut opening = Problems::new();
    let mac = match sealed {
        Some(sealed)
            if sealed.recipients().iter().any(|r| identities.recipients().iter().any(|own| own == r)) =>
        {
            match sealed.open(identities, &mut opening) {
                Some(_) => Mac::Good,
                None => Mac::Broken,
            }
        }
        _ => Mac::Unknown,
    };
    problems.extend(opening);
    let status = status.map(|mut status| {
        if policy.is_none() {
            (status.missing, status.extra) = (Vec::new(), Vec::new());
        }
        status
    });
    Row { path: path.to_owned(), status, mac, problems }
}

impl Row {
    fn name(&self) -> &str {
        load::to_replace_name(&self.path)
    }

    fn keys(&self) -> Vec<&str> {
        let secrets = self.status.iter().flat_map(|status| &status.secrets);
        secrets.flat_map(|secret| &secret.keys).map(String::as_str).collect()
    }

    /// `as wanted`, or who is too few and too many.
    fn recipients(&self, project: &SealedProject) -> String {
        let Some(status) = &self.status else { return "?".to_owned() };
        let missing = status.missing.iter().map(|reader| format!("+ {}", reader.name));
        let extra = status.extra.iter().map(|key| format!("- {}", project.policy.call(key).replace('`', "")));
        let rule = status.other_rule.iter().map(|_| "sealed by another rule".to_owned());
        let differ: Vec<String> = missing.chain(extra).chain(rule).collect();
        if differ.is_empty() { "as wanted".to_owned() } else { differ.join(", ") }
    }

    fn mac(&self) -> &'static str {
        match self.mac {
            Mac::Good => "good",
            Mac::Broken => "BROKEN",
            Mac::Unknown => "no key",
        }
    }

    fn to_replace<'p>(&self, project: &'p SealedProject) -> Vec<&'p str> {
        project.project.to_replace.list.of(self.name())
    }
}

/// Values to replace of files that are not there any more: whoever knows them still does.
fn gone(project: &SealedProject) -> Vec<(&str, Vec<&str>)> {
    let paths = project.paths();
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    for (file, value, _) in project.project.to_replace.list.iter() {
        if paths.iter().any(|path| load::to_replace_name(path) == file) {
            continue;
        }
        match found.last_mut().filter(|(other, _)| *other == file) {
            Some((_, values)) => values.push(value),
            None => found.push((file, vec![value])),
        }
    }
    found
}

fn gone_node((file, values): (&str, Vec<&str>)) -> Node {
    mapping([("name", Node::new(file)), ("toReplace", words(values))])
}

fn table(project: &SealedProject, rows: &[Row]) -> String {
    let head = ["SECRET", "KEYS", "RECIPIENTS", "MAC", "TO REPLACE"].map(str::to_owned).to_vec();
    let or_none = |words: Vec<&str>| if words.is_empty() { "-".to_owned() } else { words.join(", ") };
    let line = |row: &Row| {
        vec![
            row.name().to_owned(),
            or_none(row.keys()),
            row.recipients(project),
            row.mac().to_owned(),
            or_none(row.to_replace(project)),
        ]
    };
    let gone = gone(project).into_iter().map(|(file, values)| {
        vec![file.to_owned(), "-".to_owned(), "the file is gone".to_owned(), "-".to_owned(), or_none(values)]
    });
    let lines: Vec<Vec<String>> = [head].into_iter().chain(rows.iter().map(line)).chain(gone).collect();
    if lines.len() > 1 { columns(&lines) } else { String::new() }
}

/// Lines with their columns below each other.
fn columns(lines: &[Vec<String>]) -> String {
    let count = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let one = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{:width$}", visible(cell)));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(one).collect()
}

fn to_node(project: &SealedProject, row: &Row) -> Node {
    let status = row.status.as_ref();
    let missing = status.into_iter().flat_map(|status| &status.missing).map(|reader| reader.name.as_str());
    let extra = status.into_iter().flat_map(|status| &status.extra).map(String::as_str);
    let mac = match row.mac {
        Mac::Good => Node::new("good"),
        Mac::Broken => Node::new("broken"),
        Mac::Unknown => Node::new(Value::Null),
    };
    mapping([
        ("path", Node::new(row.path.as_str())),
        ("keys", words(row.keys())),
        ("missing", words(missing)),
        ("additional", words(extra)),
        ("asWanted", Node::new(status.is_some_and(Status::is_as_wanted))),
        ("mac", mac),
        ("toReplace", words(row.to_replace(project))),
    ])
}
