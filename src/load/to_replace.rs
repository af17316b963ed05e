//! The list of values that are to be replaced where they were issued.

use super::{
    environments::{SEALED, SECRETS, TO_REPLACE},
    files::{Files, Kind},
};
use crate::{
    diag::{Diagnostic, Problems, Sources},
    secret::ToReplace,
    yaml,
};
use std::sync::Arc;

/// The list as it stands in the project.
#[derive(Clone, Debug, Default)]
pub struct ToReplaceFile {
    /// What it says.
    pub list: ToReplace,
    /// Its bytes, if there is such a file.
    pub bytes: Option<Arc<[u8]>>,
}

/// How the list names a sealed file: `prod/kuard/kuard-tls`, whether its path is given or its name.
pub fn to_replace_name(file: &str) -> &str {
    let below = file.strip_prefix(SECRETS).unwrap_or(file);
    below.strip_suffix(SEALED).unwrap_or(below)
}

/// Reads it.
pub(super) fn to_replace(files: &dyn Files, sources: &mut Sources, problems: &mut Problems) -> ToReplaceFile {
    // What is no plain file was told by the walk over the folder.
    if files.kind(TO_REPLACE) != Kind::File {
        return ToReplaceFile::default();
    }
    let read = files.read(TO_REPLACE);
    let text = read.as_deref().map_err(String::clone).and_then(|bytes| {
        yaml::decode(bytes).map_err(|why| format!("cannot be read as text: {}", why.message))
    });
    match text {
        Ok(text) => {
            let source = sources.add(files.name(TO_REPLACE), text.as_str());
            let list = ToReplace::parse(&text, source, problems);
            ToReplaceFile { list, bytes: read.ok().map(Into::into) }
        }
        Err(why) => {
            problems.push(
                Diagnostic::error("load/file", format!("`{TO_REPLACE}` {why}"))
                    .help("take it from an earlier commit: it says which values somebody still knows"),
            );
            ToReplaceFile::default()
        }
    }
}
