//! All checks: one file each, one line here.

mod change;
mod flux;
mod kubernetes;
mod name;
mod namespace;
mod object;
mod prometheus;
mod secret;
mod yaml;

use super::Check;

/// Every check, in the order of reports.
pub const CHECKS: &[&dyn Check] = &[
    &yaml::readers::Readers,
    &yaml::kustomize::Kustomize,
    &name::object::ObjectName,
    &name::release::ReleaseName,
    &name::label::Label,
    &name::annotation::Annotation,
    &namespace::scope::Scope,
    &namespace::missing::Missing,
    &namespace::pruned::Pruned,
    &secret::plain::Plain,
    &object::duplicate::Duplicate,
    &flux::path::Path,
    &flux::depends_on::DependsOn,
    &flux::source_ref::SourceRef,
    &kubernetes::selector::WorkloadSelector,
    &kubernetes::text::Text,
    &kubernetes::port_name::PortName,
    &kubernetes::service_selector::ServiceSelector,
    &kubernetes::scale_target::ScaleTarget,
    &kubernetes::backend::Backend,
    &kubernetes::config_reference::ConfigReference,
    &prometheus::monitor::Monitor,
    &change::selector::ChangedSelector,
];
