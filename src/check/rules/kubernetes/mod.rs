//! What Kubernetes' own objects refer to.

pub(super) mod selector;
pub(super) mod size;
pub(super) mod text;
pub(super) mod port_name;
pub(super) mod service_port;
pub(super) mod pod_names;
pub(super) mod port_clash;
pub(super) mod port_reference;
pub(super) mod service_selector;
pub(super) mod scale_target;
pub(super) mod scale_metric;
pub(super) mod backend;
pub(super) mod config_reference;
