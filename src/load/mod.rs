//! A project in memory: the input side of the disk. Start reading at [`project`].
//!
//! Every file is read once and parsed once. Environment files are checked one by one and stay nodes:
//! merging is `resolve`'s business, and so is what shows only then (two equal `cluster.name`).

mod archive;
mod base;
mod builtin;
mod chart_texts;
mod charts;
mod disk;
mod environments;
mod examples;
mod files;
mod keys;
mod layers;
mod mask;
mod model;
mod own;
mod packs;
mod reads;
mod record;
mod rendered;
mod secrets;
mod sops_config;
mod text;
mod to_replace;
mod tree;

pub use base::{base, inside};
pub use builtin::Builtin;
pub use chart_texts::ChartTexts;
pub use charts::{CHARTS, ChartFacts, ChartRef, Charts};
pub use disk::{Disk, find_project, named, project_of, project_path, real_path};
pub use environments::{SEALED, SECRETS, TO_REPLACE};
pub use examples::examples;
pub use files::{Entry, Files, Kind, Memory, PacksOnly};
pub use model::{
    BaseFile, Broken, EnvironmentSource, ExampleFiles, FileText, Fleet, FleetKey, InAddress, OwnFluxSystem,
    Pack, PackRelease, Project, SealedFile, SopsConfig,
};
pub use reads::input_paths;
pub use record::Recorded;
pub use rendered::rendered;
pub use secrets::{components_of, sealed_paths};
pub use sops_config::SOPS_CONFIG;
pub use text::{Each, in_turn, no_text};
pub use to_replace::{ToReplaceFile, to_replace_name};
pub use tree::tree;

use crate::diag::{Diagnostic, Problems, Sources};
use std::sync::Arc;

/// Reads a project, one file after the other; see [`project_with`].
pub fn project(files: &dyn Files, problems: &mut Problems) -> Option<Project> {
    project_with(files, &in_turn, problems)
}

/// Reads a project. All problems are told; what cannot be used is left out and named in [`Project::broken`], so
/// that later stages can still tell theirs. `None` if there is no project at all. `each` runs the jobs of reading
/// and parsing: [`in_turn`], or on threads.
pub fn project_with(files: &dyn Files, each: Each, problems: &mut Problems) -> Option<Project> {
    if files.kind("environments") == Kind::Missing {
        problems.push(
            Diagnostic::error("load/no-project", "there is no `environments/` here")
                .help("go to a project's folder, or start one with `gen init`"),
        );
        return None;
    }
    let mut sources = Sources::new();
    let mut read = environments::environments(files, each, &mut sources, problems);
    layers::layers(&mut read.environments, &read.broken.environments, problems);
    let packs = packs::packs(files, each, &mut sources, problems);
    let mut broken = Broken { packs: packs.broken, ..read.broken };
    let secrets = secrets::secrets(&read.sealed, &read.environments, &mut broken, each, problems);
    let bases = base::bases(files, &read.environments, &mut sources, &mut broken, problems);
    let own_flux_system = own::own_flux_systems(files, &read.environments, &mut sources);
    let sops_config = sops_config::sops_config(files, &mut sources, problems);
    let to_replace = to_replace::to_replace(files, &mut sources, problems);
    let mut hidden = mask::environments(&read.environments, &packs.packs);
    for source in read.unread {
        hidden.extend(mask::unread(source, sources.text(source), &packs.packs));
    }
    mask::bases(&bases, &sources, &mut hidden);
    hidden.extend(mask::private_keys(&sources));
    let addresses = mask::addresses(&sources, &read.environments, &packs.packs);
    hidden.extend(addresses.iter().map(|secret| secret.place));
    sources.mask(problems.0.iter().flat_map(|problem| &problem.secrets).chain(&hidden));
    Some(Project {
        sources,
        fleet: read.fleet,
        environments: read.environments,
        packs: packs.packs,
        lib: packs.lib,
        charts: Arc::new(packs.charts),
        secrets,
        files: read.files,
        bases,
        own_flux_system,
        sops_config,
        to_replace,
        addresses,
        broken,
    })
}

#[cfg(test)]
mod tests;
