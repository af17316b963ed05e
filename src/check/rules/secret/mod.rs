//! Secrets.

pub(super) mod plain;
