//! All checks: one file each, one line here.

mod change;
mod chart;
mod flux;
mod grafana;
mod kubernetes;
mod name;
mod namespace;
mod object;
mod prometheus;
mod secret;
mod yaml;

pub(super) use secret::missing::to_seal;

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
    &secret::missing::Missing,
    &secret::missing_key::MissingKey,
    &secret::plain::Plain,
    &secret::generator::Generator,
    &secret::private_key::PrivateKey,
    &secret::in_address::InAddress,
    &secret::clear::Clear,
    &secret::rule::Rule,
    &secret::comment_regex::CommentRegex,
    &secret::no_recipients::NoRecipients,
    &secret::unnamed_cluster::UnnamedCluster,
    &secret::flux_key::FluxKey,
    &secret::post_quantum::PostQuantum,
    &secret::cluster_key::ClusterKey,
    &secret::recipients::Recipients,
    &secret::key_groups::KeyGroups,
    &secret::stays_sealed::StaysSealed,
    &secret::decryption::Decryption,
    &secret::size::Size,
    &object::duplicate::Duplicate,
    &flux::path::Path,
    &flux::depends_on::DependsOn,
    &flux::source_ref::SourceRef,
    &flux::controller::Controller,
    &chart::values::Values,
    &kubernetes::selector::WorkloadSelector,
    &kubernetes::size::Size,
    &kubernetes::text::Text,
    &kubernetes::port_name::PortName,
    &kubernetes::service_port::ServicePort,
    &kubernetes::pod_names::PodNames,
    &kubernetes::port_clash::PortClash,
    &kubernetes::port_reference::PortReference,
    &kubernetes::service_selector::ServiceSelector,
    &kubernetes::scale_target::ScaleTarget,
    &kubernetes::scale_metric::ScaleMetric,
    &kubernetes::backend::Backend,
    &kubernetes::config_reference::ConfigReference,
    &prometheus::monitor::Monitor,
    &prometheus::receiver::Receiver,
    &prometheus::unreachable::Unreachable,
    &grafana::dashboard::Dashboard,
    &grafana::uid::Uid,
    &change::selector::ChangedSelector,
];

/// Those that need no whole tree.
pub(super) const WITHOUT_TREE: &[&dyn Check] = &[&secret::missing::Missing, &secret::missing_key::MissingKey];
