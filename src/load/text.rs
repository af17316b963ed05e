//! From a folder to texts: walks it, refuses what is no plain file, decodes, and registers each text as
//! a source. Reading can be spread over threads by the caller.

use super::files::{Files, Kind, join};
use crate::{
    diag::{Diagnostic, Place, Problems, SourceId, Sources},
    name::folded,
    yaml,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

/// Runs the jobs `0..count`, each once, in any order, on as many threads as it likes: [`in_turn`], or a
/// parallel loop of the caller's.
pub type Each<'e> = &'e (dyn Fn(usize, &(dyn Fn(usize) + Sync)) + Sync);

/// An [`Each`] that runs one job after the other.
pub fn in_turn(count: usize, job: &(dyn Fn(usize) + Sync)) {
    (0..count).for_each(job);
}

/// What the jobs give, in order.
pub(super) fn gather<T: Send + Sync>(each: Each, count: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let slots: Vec<OnceLock<T>> = std::iter::repeat_with(OnceLock::new).take(count).collect();
    each(count, &|index| {
        slots[index].get_or_init(|| job(index));
    });
    slots
        .into_iter()
        .enumerate()
        .map(|(index, slot)| slot.into_inner().unwrap_or_else(|| job(index)))
        .collect()
}

/// Folders do not nest deeper than this.
const DEEPEST: usize = 32;

/// Which files of a folder count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hidden {
    /// Those that begin with `.` or end with `~` do not.
    Skip,
    /// All do, but `.git`.
    Take,
}

/// All files below a folder, as sorted paths. Links that lead out, devices, names that some file system takes for
/// one, and names that no tree can bear are errors.
pub(super) fn walk(files: &dyn Files, folder: &str, hidden: Hidden, problems: &mut Problems) -> Vec<String> {
    let mut found = Vec::new();
    match files.kind(folder) {
        Kind::Folder => down(files, folder, hidden, 0, &mut found, problems),
        Kind::File => problems.push(refused(folder, "is not a folder")),
        Kind::Refused(why) => problems.push(refused(folder, why)),
        Kind::Missing => {}
    }
    found.sort();
    found
}

fn down(
    files: &dyn Files,
    folder: &str,
    hidden: Hidden,
    depth: usize,
    found: &mut Vec<String>,
    problems: &mut Problems,
) {
    if depth > DEEPEST {
        return problems.push(
            Diagnostic::error("load/depth", format!("`{folder}` is nested too deeply"))
                .of(folder)
                .help(format!("use at most {DEEPEST} folders in each other")),
        );
    }
    let entries = match files.list(folder) {
        Ok(entries) => entries,
        Err(why) => return problems.push(refused(folder, &why)),
    };
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for entry in entries {
        let name = entry.name;
        let skipped = match hidden {
            Hidden::Skip => name.starts_with('.') || name.ends_with('~'),
            Hidden::Take => matches!(&*name, ".git" | ".DS_Store"),
        };
        if skipped {
            continue;
        }
        let path = join(folder, &name);
        if name.contains('\\') || name.chars().any(char::is_control) {
            problems.push(refused(&path, "has a backslash or a control character in its name"));
            continue;
        }
        if let Some(first) = names.insert(folded(&name), path.clone()) {
            same(&first, &path, problems);
        }
        match entry.kind {
            Kind::File => found.push(path),
            Kind::Folder => down(files, &path, hidden, depth + 1, found, problems),
            Kind::Refused(why) => problems.push(refused(&path, why)),
            Kind::Missing => {}
        }
    }
}

fn same(first: &str, second: &str, problems: &mut Problems) {
    let said = format!("`{first}` and `{second}` differ only in case or Unicode form");
    let said = Diagnostic::error("load/same-name", said)
        .of(first)
        .because("a file system that takes them for one would lose one of them");
    let said = match first.is_ascii() && second.is_ascii() {
        true => said,
        false => {
            said.because(format!("spelt out: `{}` and `{}`", first.escape_default(), second.escape_default()))
        }
    };
    problems.push(said.help("rename one of them"));
}

fn refused(path: &str, why: &str) -> Diagnostic {
    let help = if why.contains("link") {
        "replace the link by what it leads to"
    } else if why.contains("read") {
        "check the permissions"
    } else {
        "move it away, or rename it"
    };
    Diagnostic::error("load/file", format!("`{path}` {why}")).of(path).help(help)
}

/// A file that was read.
pub(super) struct Text {
    /// Its path among the files it was read from.
    pub(super) path: String,
    /// Its bytes.
    pub(super) bytes: Arc<[u8]>,
    /// Its text, without a byte order mark.
    pub(super) text: Arc<str>,
    /// The text as a source.
    pub(super) source: SourceId,
}

impl Text {
    /// The file as such.
    pub(super) fn place(&self) -> Place {
        Place::top(self.source)
    }
}

/// Reads files; what cannot be read or is no text is an error and left out.
pub(super) fn texts(
    files: &dyn Files,
    paths: Vec<String>,
    each: Each,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Vec<Text> {
    let read = gather(each, paths.len(), |index| text(files, &paths[index]));
    let mut texts = Vec::new();
    for (path, read) in paths.into_iter().zip(read) {
        match read {
            Ok((bytes, text)) => {
                let source = sources.add(files.name(&path), Arc::clone(&text));
                texts.push(Text { path, bytes, text, source });
            }
            Err(problem) => problems.push(*problem),
        }
    }
    texts
}

/// Bytes, and the text in them.
type Decoded = (Arc<[u8]>, Arc<str>);

fn text(files: &dyn Files, path: &str) -> Result<Decoded, Box<Diagnostic>> {
    let name = &files.name(path);
    let bytes = files.read(path).map_err(|why| Box::new(refused(name, &why)))?;
    match yaml::decode(&bytes) {
        Ok(text) => Ok((bytes.into(), text.into())),
        Err(why) => Err(Box::new(no_text(name, &why))),
    }
}

/// Why the bytes of a file are no text.
pub fn no_text(name: &str, why: &yaml::Why) -> Diagnostic {
    Diagnostic::error("load/encoding", format!("`{name}` cannot be read as text: {}", why.message))
        .of(name)
        .because(format!("at byte {} of the file", why.offset))
        .help(why.help)
}

/// Characters that templates use for themselves: refused in texts that may become values.
pub(super) fn reserved(text: &Text, problems: &mut Problems) {
    if let Some((at, found)) = text.text.char_indices().find(|(_, c)| matches!(c, '\u{fdd0}'..='\u{fdd2}')) {
        problems.push(
            Diagnostic::error("load/character", format!("U+{:04X} cannot stand in a text", u32::from(found)))
                .at(Place::new(text.source, at..at + found.len_utf8()))
                .because("templates mark values with it; Unicode keeps it free for such uses")
                .help("remove the character"),
        );
    }
}
