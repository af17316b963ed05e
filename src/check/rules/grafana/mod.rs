//! What Grafana takes.

pub(super) mod dashboard;
