//! Secrets.

pub(super) mod clear;
pub(super) mod cluster_key;
pub(super) mod comment_regex;
pub(super) mod decryption;
pub(super) mod flux_key;
pub(super) mod generator;
pub(super) mod in_address;
pub(super) mod key_groups;
pub(super) mod missing;
pub(super) mod missing_key;
pub(super) mod no_recipients;
pub(super) mod plain;
pub(super) mod post_quantum;
pub(super) mod private_key;
pub(super) mod recipients;
pub(super) mod rule;
pub(super) mod size;
pub(super) mod stays_sealed;
pub(super) mod unnamed_cluster;

/// A version of Flux such as `2.9` as numbers.
fn minor(version: &str) -> Option<(u32, u32)> {
    let (major, minor) = version.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
