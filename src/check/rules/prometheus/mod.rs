//! What Prometheus' operator looks for.

pub(super) mod monitor;
pub(super) mod receiver;
mod scrapers;
mod targets;
pub(super) mod unreachable;
