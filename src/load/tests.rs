//! Whole projects in memory.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::diag::render;

/// All problems as text.
fn told(project: &Project, problems: &Problems) -> String {
    problems.0.iter().map(|d| render(d, &project.sources, false)).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn this_repository_is_a_project() {
    let files = Disk::new(std::path::Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut problems = Problems::new();
    let project = project(&files, &in_turn, &mut problems);
    assert_eq!(told(&project, &problems), "");
    assert_eq!(project.environments["prod"].layers, ["base", "observability", "prod"]);
    assert!(project.packs["loki"].builtin);
}
