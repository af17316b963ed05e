//! Which kinds have no namespace, and which API groups every cluster has. From the API references of
//! Kubernetes 1.36, Gateway API, cert-manager, external-secrets and other projects that fleets install.

/// API groups of Kubernetes itself, beside the core (the empty group).
const BUILT_IN: [&str; 23] = [
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// Kinds without a namespace by API group, sorted by group.
const CLUSTER_SCOPED: [(&str, &[&str]); 34] = [
    ("", &["ComponentStatus", "Namespace", "Node", "PersistentVolume"]),
    (
        "admissionregistration.k8s.io",
        &[
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    (
        "apiextensions.crossplane.io",
        &["CompositeResourceDefinition", "Composition", "CompositionRevision", "Usage"],
    ),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("argoproj.io", &["ClusterAnalysisTemplate", "ClusterWorkflowTemplate"]),
    ("authentication.k8s.io", &["SelfSubjectReview", "TokenReview"]),
    ("authorization.k8s.io", &["SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"]),
    ("cert-manager.io", &["ClusterIssuer"]),
    ("certificates.k8s.io", &["CertificateSigningRequest", "ClusterTrustBundle"]),
    (
        "cilium.io",
        &[
            "CiliumBGPAdvertisement",
            "CiliumBGPClusterConfig",
            "CiliumBGPNodeConfig",
            "CiliumBGPNodeConfigOverride",
            "CiliumBGPPeerConfig",
            "CiliumBGPPeeringPolicy",
            "CiliumCIDRGroup",
            "CiliumClusterwideEnvoyConfig",
            "CiliumClusterwideNetworkPolicy",
            "CiliumEgressGatewayPolicy",
            "CiliumExternalWorkload",
            "CiliumIdentity",
            "CiliumL2AnnouncementPolicy",
            "CiliumLoadBalancerIPPool",
            "CiliumNode",
            "CiliumPodIPPool",
        ],
    ),
    ("external-secrets.io", &["ClusterExternalSecret", "ClusterPushSecret", "ClusterSecretStore"]),
    ("flowcontrol.apiserver.k8s.io", &["FlowSchema", "PriorityLevelConfiguration"]),
    ("gateway.networking.k8s.io", &["GatewayClass"]),
    ("generators.external-secrets.io", &["ClusterGenerator"]),
    ("groupsnapshot.storage.k8s.io", &["VolumeGroupSnapshotClass", "VolumeGroupSnapshotContent"]),
    ("internal.apiserver.k8s.io", &["StorageVersion"]),
    ("karpenter.k8s.aws", &["EC2NodeClass"]),
    ("karpenter.sh", &["NodeClaim", "NodePool"]),
    ("keda.sh", &["ClusterTriggerAuthentication"]),
    ("kyverno.io", &["ClusterCleanupPolicy", "ClusterPolicy", "GlobalContextEntry"]),
    ("networking.k8s.io", &["IPAddress", "IngressClass", "ServiceCIDR"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("operator.tigera.io", &["APIServer", "Goldmane", "Installation", "Whisker"]),
    (
        "pkg.crossplane.io",
        &["Configuration", "DeploymentRuntimeConfig", "Function", "ImageConfig", "Provider"],
    ),
    (
        "policies.kyverno.io",
        &[
            "DeletingPolicy",
            "GeneratingPolicy",
            "ImageValidatingPolicy",
            "MutatingPolicy",
            "ValidatingPolicy",
        ],
    ),
    (
        "policy.networking.k8s.io",
        &["AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"],
    ),
    ("postgresql.cnpg.io", &["ClusterImageCatalog"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding"]),
    ("resource.k8s.io", &["DeviceClass", "DeviceTaintRule", "ResourceSlice"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    ("snapshot.storage.k8s.io", &["VolumeSnapshotClass", "VolumeSnapshotContent"]),
    (
        "storage.k8s.io",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"],
    ),
    ("trust.cert-manager.io", &["Bundle"]),
];

/// Has a kind no namespace, as far as is known?
pub fn is_cluster_scoped(group: &str, kind: &str) -> bool {
    CLUSTER_SCOPED
        .binary_search_by_key(&group, |(known, _)| known)
        .is_ok_and(|index| CLUSTER_SCOPED[index].1.contains(&kind))
}

/// Is it an API group of Kubernetes itself?
pub fn is_built_in(group: &str) -> bool {
    group.is_empty() || BUILT_IN.contains(&group)
}

/// The API groups of Kubernetes itself, without the core.
pub(super) fn built_in() -> impl Iterator<Item = &'static str> {
    BUILT_IN.into_iter()
}

/// Is it an API group of Flux itself, without flux-operator?
pub fn is_flux(group: &str) -> bool {
    group.ends_with(".toolkit.fluxcd.io") || group == "source.extensions.fluxcd.io"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(BUILT_IN.is_sorted());
        assert!(CLUSTER_SCOPED.is_sorted_by_key(|(group, _)| *group));
    }

    #[test]
    fn scopes() {
        for (group, kind) in [
            ("", "Namespace"),
            ("rbac.authorization.k8s.io", "ClusterRole"),
            ("networking.k8s.io", "IngressClass"),
            ("cert-manager.io", "ClusterIssuer"),
            ("gateway.networking.k8s.io", "GatewayClass"),
            ("trust.cert-manager.io", "Bundle"),
        ] {
            assert!(is_cluster_scoped(group, kind), "{group}/{kind}");
        }
        for (group, kind) in [
            ("", "Service"),
            ("rbac.authorization.k8s.io", "Role"),
            ("networking.k8s.io", "Ingress"),
            ("monitoring.coreos.com", "ServiceMonitor"),
            ("helm.toolkit.fluxcd.io", "HelmRelease"),
            ("example.com", "Namespace"),
        ] {
            assert!(!is_cluster_scoped(group, kind), "{group}/{kind}");
        }
    }

    #[test]
    fn groups() {
        assert!(is_built_in("") && is_built_in("apps") && is_built_in("networking.k8s.io"));
        assert!(!is_built_in("gateway.networking.k8s.io") && !is_built_in("snapshot.storage.k8s.io"));
        assert!(is_flux("helm.toolkit.fluxcd.io") && is_flux("source.extensions.fluxcd.io"));
        assert!(!is_flux("fluxcd.controlplane.io"));
    }
}
