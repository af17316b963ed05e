//! `.sops.yaml` at the top of the project.

use super::{
    files::{Files, Kind},
    model::SopsConfig,
};
use crate::{diag::Sources, yaml};

const PATH: &str = ".sops.yaml";

/// Reads it. What cannot be read as a file stands there all the same, and is nobody's to write over.
pub(super) fn sops_config(files: &dyn Files, sources: &mut Sources) -> Option<SopsConfig> {
    let bytes = match files.kind(PATH) {
        Kind::Missing => return None,
        Kind::File => files.read(PATH).ok(),
        Kind::Folder | Kind::Refused(_) => None,
    };
    let text = bytes.as_deref().and_then(|bytes| yaml::decode(bytes).ok());
    let source = text.map(|text| sources.add(files.name(PATH), text.as_str()));
    Some(SopsConfig { bytes: bytes.unwrap_or_default().into(), source })
}
