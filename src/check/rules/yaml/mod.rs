//! The text of files.

pub(super) mod readers;
pub(super) mod kustomize;
