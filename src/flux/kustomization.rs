//! A Flux Kustomization.

use super::{Fields, NAMESPACE, shard};
use crate::yaml::Node;

/// A Kustomization in `flux-system`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kustomization {
    /// Its name.
    pub name: String,
    /// How often to reconcile, `1h`.
    pub interval: String,
    /// How soon to try again after a failure, `2m`.
    pub retry_interval: String,
    /// How long to wait for what it applies, `5m`.
    pub timeout: String,
    /// A folder of the source, `./…`.
    pub path: String,
    /// Where from.
    pub source: SourceRef,
    /// Delete what leaves the folder?
    pub prune: bool,
    /// Wait until everything is ready?
    pub wait: bool,
    /// Leave it alone?
    pub suspend: bool,
    /// Kustomizations in `flux-system` that come first.
    pub depends_on: Vec<String>,
    /// The Secret with the key that opens sealed files.
    pub decryption: Option<String>,
    /// The ServiceAccount that it acts as, if not as Flux itself.
    pub account: Option<String>,
    /// The controllers that look after it.
    pub shard: Option<String>,
}

/// A source in `flux-system`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRef {
    /// Its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
}

impl Kustomization {
    /// The object.
    pub fn node(&self) -> Node {
        let depends_on: Vec<Node> =
            self.depends_on.iter().map(|name| Fields::default().put("name", name.as_str()).node()).collect();
        let source = Fields::default().put("kind", self.source.kind).put("name", self.source.name.as_str());
        let decryption = self.decryption.as_deref().map(|secret| {
            Fields::default().put("provider", "sops").put("secretRef", Fields::default().put("name", secret))
        });
        let spec = Fields::default()
            .maybe("dependsOn", (!depends_on.is_empty()).then_some(depends_on))
            .put("interval", self.interval.as_str())
            .put("retryInterval", self.retry_interval.as_str())
            .put("timeout", self.timeout.as_str())
            .put("sourceRef", source)
            .put("path", self.path.as_str())
            .put("prune", self.prune)
            .maybe("wait", self.wait.then_some(true))
            .maybe("suspend", self.suspend.then_some(true))
            .maybe("serviceAccountName", self.account.as_deref())
            .maybe("decryption", decryption);
        let metadata = Fields::named(&self.name, NAMESPACE).maybe("labels", shard(self.shard.as_deref()));
        Fields::object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", metadata).put("spec", spec).node()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::json;

    #[test]
    fn all_fields_and_no_absent_ones() {
        let mut some = Kustomization {
            name: "kuard".into(),
            interval: "1h".into(),
            retry_interval: "2m".into(),
            timeout: "5m".into(),
            path: "./fleet-out/prod/apps/kuard".into(),
            source: SourceRef { kind: "GitRepository", name: "flux-system".into() },
            prune: true,
            wait: true,
            suspend: true,
            depends_on: vec!["namespaces".into(), "ingress".into()],
            decryption: Some("sops-age".into()),
            account: Some("kustomize-controller".into()),
            shard: Some("second".into()),
        };
        let head = concat!(
            r#"{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization","#,
            r#""metadata":{"name":"kuard","namespace":"flux-system"@},"spec":{"#
        );
        let middle = concat!(
            r#""interval":"1h","retryInterval":"2m","timeout":"5m","#,
            r#""sourceRef":{"kind":"GitRepository","name":"flux-system"},"path":"./fleet-out/prod/apps/kuard","#
        );
        assert_eq!(
            json(&some.node()),
            format!(
                "{}{}{middle}{}",
                head.replace('@', r#","labels":{"sharding.fluxcd.io/key":"second"}"#),
                r#""dependsOn":[{"name":"namespaces"},{"name":"ingress"}],"#,
                concat!(
                    r#""prune":true,"wait":true,"suspend":true,"serviceAccountName":"kustomize-controller","#,
                    r#""decryption":{"provider":"sops","secretRef":{"name":"sops-age"}}}}"#
                )
            )
        );
        some.depends_on.clear();
        (some.decryption, some.account, some.shard) = (None, None, None);
        (some.prune, some.wait, some.suspend) = (false, false, false);
        assert_eq!(json(&some.node()), format!("{}{middle}{}", head.replace('@', ""), r#""prune":false}}"#));
    }
}
