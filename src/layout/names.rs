//! Names of files: `<kind>.yaml` for the object that is called as its component, else `<kind>-<name>.yaml`.

use crate::{
    hash::sha256,
    tree::{Document, Identity},
};
use std::collections::BTreeMap;

/// The longest name without `.yaml`: file systems take 255 bytes.
const LONGEST: usize = 200;

/// The names of a component's files, in the order of its objects. Different objects never get the same one, nor one
/// that is `taken`; the same object (an error, told elsewhere) gets the same name.
pub(super) fn file_names(component: &str, objects: &[Document], taken: &[&str]) -> Vec<String> {
    let identities: Vec<Identity> = objects.iter().map(Document::identity).collect();
    let mut detail = vec![0; objects.len()];
    loop {
        let names: Vec<String> = identities
            .iter()
            .zip(&detail)
            .map(|(identity, detail)| name(component, identity, *detail))
            .collect();
        let mut same: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, name) in names.iter().enumerate() {
            same.entry(name).or_default().push(index);
        }
        let mut changed = false;
        for (name, indices) in same {
            let first = &identities[indices[0]];
            if indices.iter().all(|index| identities[*index] == *first) && !taken.contains(&name) {
                continue;
            }
            for index in indices {
                changed |= detail[index] < MOST;
                detail[index] = MOST.min(detail[index] + 1);
            }
        }
        if !changed {
            return names;
        }
    }
}

/// How much can be told about an object: the API group, the namespace, a hash.
const MOST: usize = 3;

fn name(component: &str, identity: &Identity, detail: usize) -> String {
    let short = identity.name.is_empty() || identity.name == component && identity.kind != "Kustomization";
    let mut stem = identity.kind.clone();
    let more = [(!short).then_some(&identity.name), (detail > 0).then_some(&identity.group)];
    let more = more.into_iter().chain([(detail > 1).then_some(&identity.namespace)]);
    for part in more.flatten().filter(|part| !part.is_empty()) {
        stem.push('-');
        stem.push_str(part);
    }
    let mut stem: String = stem.to_lowercase().chars().map(plain).collect();
    if detail == MOST || stem.len() > LONGEST {
        let all = [&identity.group, &identity.kind, &identity.namespace, &identity.name].map(String::as_str);
        stem.truncate(LONGEST);
        stem.push('-');
        stem.push_str(&sha256(all.join("\n").as_bytes())[..8]);
    }
    format!("{stem}.yaml")
}

fn plain(c: char) -> char {
    if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-' { c } else { '-' }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::tests::object;

    fn names(objects: &[(&str, &str, &str, &str)], taken: &[&str]) -> Vec<String> {
        let objects: Vec<Document> =
            objects.iter().map(|(api, kind, namespace, name)| object(api, kind, namespace, name)).collect();
        file_names("kuard", &objects, taken)
    }

    #[test]
    fn kind_or_kind_and_name() {
        assert_eq!(
            names(
                &[
                    ("apps/v1", "Deployment", "kuard", "kuard"),
                    ("v1", "ConfigMap", "kuard", "kuard-Config:x_y"),
                    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "kuard", "kuard"),
                    ("kind.x-k8s.io/v1alpha4", "Cluster", "", ""),
                ],
                &[]
            ),
            [
                "deployment.yaml",
                "configmap-kuard-config-x-y.yaml",
                "kustomization-kuard.yaml",
                "cluster.yaml"
            ]
        );
    }

    #[test]
    fn equal_names_get_group_then_namespace_then_hash() {
        assert_eq!(
            names(
                &[
                    ("networking.k8s.io/v1", "Ingress", "kuard", "a"),
                    ("extensions/v1beta1", "Ingress", "kuard", "a"),
                    ("v1", "Secret", "x", "s"),
                    ("v1", "Secret", "y", "s"),
                    ("rbac.authorization.k8s.io/v1", "ClusterRole", "", "a:b"),
                    ("rbac.authorization.k8s.io/v1", "ClusterRole", "", "a-b"),
                ],
                &[]
            ),
            [
                "ingress-a-networking.k8s.io.yaml".to_owned(),
                "ingress-a-extensions.yaml".to_owned(),
                "secret-s-x.yaml".to_owned(),
                "secret-s-y.yaml".to_owned(),
                hashed(
                    "clusterrole-a-b-rbac.authorization.k8s.io",
                    "rbac.authorization.k8s.io\nClusterRole\n\na:b"
                ),
                hashed(
                    "clusterrole-a-b-rbac.authorization.k8s.io",
                    "rbac.authorization.k8s.io\nClusterRole\n\na-b"
                ),
            ]
        );
    }

    fn hashed(stem: &str, identity: &str) -> String {
        format!("{stem}-{}.yaml", &sha256(identity.as_bytes())[..8])
    }

    #[test]
    fn names_that_are_taken_are_left_alone() {
        assert_eq!(
            names(&[("v1", "ConfigMap", "kuard", "a.sops")], &["configmap-a.sops.yaml"]),
            ["configmap-a.sops-kuard.yaml"]
        );
    }

    #[test]
    fn one_object_twice_has_one_name() {
        let twice = [("v1", "ConfigMap", "kuard", "a"), ("v1", "ConfigMap", "kuard", "a")];
        assert_eq!(names(&twice, &[]), ["configmap-a.yaml", "configmap-a.yaml"]);
    }

    #[test]
    fn long_names_fit_a_file_system() {
        let long = "x".repeat(253);
        let names = names(&[("example.com/v1", "K", "kuard", &long)], &[]);
        assert_eq!(names[0].len(), LONGEST + "-12345678.yaml".len());
    }

    proptest::proptest! {
        #[test]
        fn different_objects_have_different_files(
            objects in proptest::collection::btree_set(("[ab]{0,1}", "[KkL]", "[xy]{0,1}", "[a.:-]{1,3}"), 1..12)
        ) {
            let all: Vec<Document> = objects
                .iter()
                .map(|(group, kind, namespace, name)| {
                    let api = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
                    object(&api, kind, namespace, name)
                })
                .collect();
            let names: std::collections::BTreeSet<String> = file_names("a", &all, &[]).into_iter().collect();
            proptest::prop_assert_eq!(names.len(), all.len());
        }
    }
}
