//! The conformance suite: the programs that read our output are its judges.
//!
//! `cargo test --test conformance` runs it, `-- sops` one judge, `-- sops/matrix` the cases whose names begin so. One
//! file a judge; each gives a [`suite::Judge`] and stands in the list below. `just judges` builds the programs. One that
//! is missing is told, and with `GEN_JUDGES=required` it fails.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs
)]

mod alerting;
mod amtool;
mod api_server;
mod cluster;
mod context;
mod creation_rules;
mod flate;
mod flux;
mod gitleaks;
mod harness;
mod helm;
#[path = "../hostile/mod.rs"]
mod hostile;
mod kube_score;
mod kubeconform;
mod kustomize;
mod language_server;
#[path = "../objects/mod.rs"]
mod objects;
mod outside;
mod programs;
mod promtool;
mod readers;
mod reconcile;
mod rendered;
mod sealed_secrets;
mod sops;
mod suite;
mod table;
mod trees;

use std::process::ExitCode;

/// Every judge, in the order of the table.
const JUDGES: &[&suite::Judge] = &[
    &readers::JUDGE,
    &kustomize::JUDGE,
    &flux::JUDGE,
    &flate::JUDGE,
    &api_server::JUDGE,
    &reconcile::JUDGE,
    &helm::JUDGE,
    &kubeconform::JUDGE,
    &kube_score::JUDGE,
    &promtool::JUDGE,
    &amtool::JUDGE,
    &gitleaks::JUDGE,
    &sops::JUDGE,
    &creation_rules::JUDGE,
    &sealed_secrets::JUDGE,
    &language_server::JUDGE,
    &harness::JUDGE,
];

fn main() -> ExitCode {
    suite::main(JUDGES)
}
