//! What Prometheus' operator looks for.

pub(super) mod monitor;
pub(super) mod receiver;
