//! An ArtifactGenerator: an artifact of each component's folder, so that a component reconciles only when its own folder
//! changes.

use super::{Fields, NAMESPACE, ROOT, SourceKind};
use crate::yaml::Node;

/// The kind of what a generator makes, and what a Kustomization then reads.
pub const ARTIFACT: &str = "ExternalArtifact";

/// The generator of these artifacts: name, and folder of the root source (`./…`). A folder keeps its place in the
/// artifact, so that a path is the same in both. Format: Flux, source-watcher 2.2, `source.extensions.fluxcd.io/v1beta1`.
pub fn generator<'a>(kind: SourceKind, folders: impl Iterator<Item = (&'a str, &'a str)>) -> Node {
    let source = Fields::default().put("alias", "fleet").put("kind", kind.as_str()).put("name", ROOT);
    let artifacts = folders.map(|(name, folder)| {
        let folder = folder.trim_start_matches("./");
        let copy = Fields::default()
            .put("from", format!("@fleet/{folder}/**").as_str())
            .put("to", format!("@artifact/{folder}/").as_str());
        Fields::default()
            .put("name", name)
            .put("originRevision", "@fleet")
            .put("copy", vec![copy.node()])
            .node()
    });
    let spec = Fields::default()
        .put("sources", vec![source.node()])
        .put("artifacts", artifacts.collect::<Vec<Node>>());
    Fields::object(
        "source.extensions.fluxcd.io/v1beta1",
        "ArtifactGenerator",
        Fields::named("components", NAMESPACE),
    )
    .put("spec", spec)
    .node()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::json;

    #[test]
    fn each_folder_is_an_artifact() {
        let folders =
            [("kuard", "./fleet-out/prod/apps/kuard"), ("loki", "./fleet-out/prod/infrastructure/loki")];
        assert_eq!(
            json(&generator(SourceKind::OCIRepository, folders.into_iter())),
            concat!(
                r#"{"apiVersion":"source.extensions.fluxcd.io/v1beta1","kind":"ArtifactGenerator","#,
                r#""metadata":{"name":"components","namespace":"flux-system"},"spec":{"#,
                r#""sources":[{"alias":"fleet","kind":"OCIRepository","name":"flux-system"}],"artifacts":["#,
                r#"{"name":"kuard","originRevision":"@fleet","#,
                r#""copy":[{"from":"@fleet/fleet-out/prod/apps/kuard/**","to":"@artifact/fleet-out/prod/apps/kuard/"}]},"#,
                r#"{"name":"loki","originRevision":"@fleet","#,
                r#""copy":[{"from":"@fleet/fleet-out/prod/infrastructure/loki/**","to":"@artifact/fleet-out/prod/infrastructure/loki/"}]}"#,
                "]}}"
            )
        );
    }
}
