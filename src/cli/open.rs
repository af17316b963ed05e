//! Finds and opens the project that a command works on.

use super::{Exit, Format, Global, report};
use crate::{
    diag::{Diagnostic, Problems, Sources},
    host,
    load::{self, Disk, Memory, PacksOnly, Recorded},
    pipeline::Engine,
};
use std::{collections::BTreeMap, path::PathBuf};

/// The project's folder: `--project`, else this folder or the nearest above it that has `environments/`.
pub(super) fn root(global: &Global) -> PathBuf {
    match &global.project {
        Some(folder) => folder.clone(),
        None => load::find_project(std::path::Path::new(".")).unwrap_or_else(|| PathBuf::from(".")),
    }
}

/// The project with its packs; `None` if there is none, and `problems` says why.
pub(super) fn engine(global: &Global, problems: &mut Problems) -> Option<Engine> {
    Engine::open(&disk(global, problems)?, problems)
}

/// The project, and what was read of it: see [`crate::cache`].
pub(super) fn recorded(
    global: &Global,
    problems: &mut Problems,
) -> Option<(Engine, BTreeMap<String, String>)> {
    let disk = disk(global, problems)?;
    let recorded = Recorded::new(&disk);
    let engine = Engine::open(&recorded, problems)?;
    Some((engine, recorded.notes()))
}

/// The project's folder; `None` if there is none, and `problems` says why.
pub(super) fn disk(global: &Global, problems: &mut Problems) -> Option<Disk> {
    let root = root(global);
    let disk = Disk::new(&root).map_err(|error| {
        problems.push(
            Diagnostic::error("load/no-project", format!("`{}` {error}", root.display()))
                .help("name the project's folder with `--project DIR`"),
        );
    });
    disk.ok()
}

/// Is a needed Secret that is not sealed only worth a warning? Refused in CI, where nobody looks at one.
pub(super) fn missing_secrets(allowed: bool, engine: &mut Engine, problems: &mut Problems) {
    if allowed && host::is_ci() {
        problems.push(
            Diagnostic::error("usage/missing-secrets", "`--allow-missing-secrets` is not for CI")
                .because("an environment variable such as `CI` says that this is one")
                .help("seal the Secrets, or name those that come from elsewhere under `secrets.external`"),
        );
    }
    engine.allow_missing_secrets = allowed;
}

/// Tells of trees in `fleet-out/` whose environment is gone: the render of all others would keep silent about them.
pub(super) fn left_over(global: &Global, engine: &Engine, problems: &mut Problems) {
    let Ok(disk) = Disk::new(&root(global)) else { return };
    let (known, broken) = (engine.environments(), &engine.project.broken.environments);
    for name in load::rendered(&disk) {
        if known.contains(&name.as_str()) || broken.contains(&name) {
            continue;
        }
        problems.push(
            Diagnostic::warning("render/left-over", format!("`fleet-out/{name}` is of no environment"))
                .because("a cluster that reads it goes on running what stands there")
                .help("delete the folder when its cluster is gone or reads another one")
                .help(format!("or bring back `environments/{name}.yaml`")),
        );
    }
}

/// The project, or where there is none just the built-in packs.
pub(super) fn engine_or_builtin(global: &Global, problems: &mut Problems) -> Option<Engine> {
    if global.project.is_some() || load::find_project(std::path::Path::new(".")).is_some() {
        return engine(global, problems);
    }
    Engine::open(&PacksOnly::new(&Memory::default(), None), problems)
}

/// Prints why there is no project.
pub(super) fn failed(global: &Global, problems: &Problems) -> Exit {
    failed_in(global, problems, &Sources::new())
}

/// Prints why there is no result.
pub(super) fn failed_in(global: &Global, problems: &Problems, sources: &Sources) -> Exit {
    if global.format == Format::Json {
        report::json(&report::mapping([("findings", report::to_node(problems, sources))]));
    }
    report::findings(global, problems, sources);
    Exit::Unknown
}
