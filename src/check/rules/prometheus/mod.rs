//! What Prometheus' operator looks for.

pub(super) mod monitor;
