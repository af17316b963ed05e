//! A FluxInstance: Flux and its root, kept by flux-operator.

use super::{Fields, NAMESPACE, PRUNE, SourceKind};
use crate::{
    diag::Spot,
    yaml::{Map, Node, Value},
};

/// The FluxInstance; its name is always `flux`.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// A range of versions, `2.9.x`.
    pub version: String,
    /// Where Flux's images come from.
    pub registry: String,
    /// The controllers.
    pub components: Vec<String>,
    /// What the root source is.
    pub kind: SourceKind,
    /// Its address.
    pub url: Spot,
    /// Which revision: a full reference (Git), a tag (OCI).
    pub reference: Option<Spot>,
    /// The root's folder in the source.
    pub path: String,
    /// The pull Secret.
    pub secret: Option<String>,
    /// How to sign in at the source.
    pub provider: Option<String>,
    /// `cluster`, as it is written.
    pub cluster: Option<Node>,
    /// `sharding`, as it is written.
    pub sharding: Option<Node>,
    /// `storage`, as it is written.
    pub storage: Option<Node>,
    /// Merged last into `spec`; `null` removes.
    pub over: Option<Node>,
}

impl Instance {
    /// The object. It stays when it leaves the tree: switching to another mode must not uninstall Flux.
    pub fn node(&self) -> Node {
        let components: Vec<Node> = self.components.iter().map(|name| Node::new(name.as_str())).collect();
        let distribution =
            Fields::default().put("version", self.version.as_str()).put("registry", self.registry.as_str());
        let spec = Fields::default()
            .put("distribution", distribution)
            .maybe("components", (!components.is_empty()).then_some(components))
            .maybe("cluster", self.cluster.clone())
            .maybe("sharding", self.sharding.clone())
            .maybe("storage", self.storage.clone())
            .put("sync", self.sync());
        let mut spec = spec.node();
        if let Some(over) = &self.over {
            merge(&mut spec, over);
        }
        let metadata =
            Fields::named("flux", NAMESPACE).put("annotations", Fields::default().put(PRUNE, "disabled"));
        Fields::object("fluxcd.controlplane.io/v1", "FluxInstance", metadata).put("spec", spec).node()
    }

    fn sync(&self) -> Fields {
        let sync = Fields::default().put("kind", self.kind.as_str());
        let sync = if self.kind == SourceKind::Bucket {
            let (endpoint, bucket, _) = super::source::bucket(&self.url.text);
            let at = |text: &str| Spot { text: text.to_owned(), place: self.url.place };
            sync.put("url", &at(endpoint)).put("ref", &at(bucket))
        } else {
            sync.put("url", &self.url).maybe("ref", self.reference.as_ref())
        };
        sync.put("path", self.path.as_str())
            .maybe("pullSecret", self.secret.as_deref())
            .maybe("provider", self.provider.as_deref())
    }
}

/// Merges mappings deeply (RFC 7386): everything else replaces, `null` removes.
fn merge(target: &mut Node, over: &Node) {
    let Value::Map(patch) = &over.value else {
        *target = over.clone();
        return;
    };
    if target.as_map().is_none() {
        *target = Node::with(Map::new(), over.origin.clone());
    }
    let Some(map) = target.as_map_mut() else { return };
    for (key, value) in patch.iter() {
        if value.is_null() {
            map.remove(&key.text);
        } else if let Some(member) = map.get_mut(&key.text) {
            merge(member, value);
        } else {
            let mut member = Node::new(Value::Null);
            merge(&mut member, value);
            map.insert(key.clone(), member);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::json;

    fn some() -> Instance {
        Instance {
            version: "2.9.x".into(),
            registry: "ghcr.io/fluxcd".into(),
            components: vec!["source-controller".into(), "kustomize-controller".into()],
            kind: SourceKind::GitRepository,
            url: Spot { text: "https://github.com/example/fleet".into(), place: None },
            reference: Some(Spot { text: "refs/heads/main".into(), place: None }),
            path: "./fleet-out/prod/cluster".into(),
            secret: Some("pull".into()),
            provider: Some("github".into()),
            cluster: None,
            sharding: None,
            storage: None,
            over: None,
        }
    }

    #[test]
    fn it_is_never_pruned_and_syncs_the_root() {
        assert_eq!(
            json(&some().node()),
            concat!(
                r#"{"apiVersion":"fluxcd.controlplane.io/v1","kind":"FluxInstance","#,
                r#""metadata":{"name":"flux","namespace":"flux-system","#,
                r#""annotations":{"kustomize.toolkit.fluxcd.io/prune":"disabled"}},"#,
                r#""spec":{"distribution":{"version":"2.9.x","registry":"ghcr.io/fluxcd"},"#,
                r#""components":["source-controller","kustomize-controller"],"#,
                r#""sync":{"kind":"GitRepository","url":"https://github.com/example/fleet","#,
                r#""ref":"refs/heads/main","path":"./fleet-out/prod/cluster","#,
                r#""pullSecret":"pull","provider":"github"}}}"#
            )
        );
    }

    #[test]
    fn what_the_user_says_is_merged_last() {
        let text = |t: &str| Node::new(t);
        let mut instance = some();
        instance.over = Some(Node::new(Map::from_iter([
            ("distribution", Node::new(Map::from_iter([("artifact", text("oci://x"))]))),
            ("components", Node::new(vec![text("source-controller")])),
            (
                "cluster",
                Node::new(Map::from_iter([("size", text("small")), ("domain", Node::new(Value::Null))])),
            ),
            (
                "sync",
                Node::new(Map::from_iter([("pullSecret", Node::new(Value::Null)), ("interval", text("5m"))])),
            ),
        ])));
        assert_eq!(
            instance.node().get("spec").map(json).unwrap_or_default(),
            concat!(
                r#"{"distribution":{"version":"2.9.x","registry":"ghcr.io/fluxcd","artifact":"oci://x"},"#,
                r#""components":["source-controller"],"#,
                r#""sync":{"kind":"GitRepository","url":"https://github.com/example/fleet","#,
                r#""ref":"refs/heads/main","path":"./fleet-out/prod/cluster","provider":"github","interval":"5m"},"#,
                r#""cluster":{"size":"small"}}"#
            )
        );
    }

    #[test]
    fn a_bucket_is_named_by_its_ref() {
        let mut instance = some();
        instance.kind = SourceKind::Bucket;
        instance.url.text = "https://s3.example.com/fleet".into();
        let node = instance.node();
        assert_eq!(node.at(&["spec", "sync", "url"]).and_then(Node::as_str), Some("s3.example.com"));
        assert_eq!(node.at(&["spec", "sync", "ref"]).and_then(Node::as_str), Some("fleet"));
    }
}
