//! `kustomization.yaml`: what belongs to a folder.

use super::Fields;
use crate::yaml::Node;

/// A `kustomization.yaml` that lists files and folders in the order given.
pub fn resources<'a>(paths: impl IntoIterator<Item = &'a str>) -> Node {
    let paths: Vec<Node> = paths.into_iter().map(Node::new).collect();
    Fields::default()
        .put("apiVersion", "kustomize.config.k8s.io/v1beta1")
        .put("kind", "Kustomization")
        .put("resources", paths)
        .node()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::json;

    #[test]
    fn it_lists() {
        assert_eq!(
            json(&resources(["base", "service.yaml"])),
            concat!(
                r#"{"apiVersion":"kustomize.config.k8s.io/v1beta1","kind":"Kustomization","#,
                r#""resources":["base","service.yaml"]}"#
            )
        );
    }
}
