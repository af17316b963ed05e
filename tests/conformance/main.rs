//! The conformance suite: the programs that read our output are its judges.
//!
//! `cargo test --test conformance` runs it, `-- sops` one judge, `-- sops/matrix` the cases whose names begin so. One
//! file a judge; each gives a [`suite::Judge`] and stands in the list below. `just judges` builds the programs. One that
//! is missing is told, and with `GEN_JUDGES=required` it fails.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs
)]

mod api_server;
mod cluster;
mod context;
mod gitleaks;
mod helm;
mod kube_score;
mod kubeconform;
mod programs;
mod reconcile;
mod rendered;
mod suite;
mod table;

use std::process::ExitCode;

/// Every judge, in the order of the table.
const JUDGES: &[&suite::Judge] = &[
    &api_server::JUDGE,
    &reconcile::JUDGE,
    &helm::JUDGE,
    &kubeconform::JUDGE,
    &kube_score::JUDGE,
    &gitleaks::JUDGE,
];

fn main() -> ExitCode {
    suite::main(JUDGES)
}
