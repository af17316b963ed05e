//! `.sops.yaml` at the top of the project.

use super::{
    files::{Files, Kind},
    model::SopsConfig,
};
use crate::{
    diag::{Diagnostic, Problems, Sources},
    yaml,
};

/// Where `sops`, which looks for the nearest above a file, would find another one first.
const NEARER: [&str; 2] = ["environments/.sops.yaml", "environments/secrets/.sops.yaml"];
/// The name of SOPS for its rules.
pub const SOPS_CONFIG: &str = ".sops.yaml";

/// Reads it. What cannot be read as a file stands there all the same, and is nobody's to write over.
pub(super) fn sops_config(
    files: &dyn Files,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Option<SopsConfig> {
    for nearer in NEARER.into_iter().filter(|path| files.kind(path) != Kind::Missing) {
        problems.push(
            Diagnostic::warning(
                "load/sops-config",
                format!("`{nearer}` hides the `{SOPS_CONFIG}` of the project"),
            )
            .because("`sops` goes by the one that is nearest above a file")
            .help("move what it says to the top of the project, or delete it"),
        );
    }
    let bytes = match files.kind(SOPS_CONFIG) {
        Kind::Missing => return None,
        Kind::File => files.read(SOPS_CONFIG).ok(),
        Kind::Folder | Kind::Refused(_) => None,
    };
    let text = bytes.as_deref().and_then(|bytes| yaml::decode(bytes).ok());
    let source = text.map(|text| sources.add(files.name(SOPS_CONFIG), text.as_str()));
    Some(SopsConfig { bytes: bytes.unwrap_or_default().into(), source })
}
