//! Sources: GitRepository, OCIRepository, Bucket.

use super::{Fields, NAMESPACE};
use crate::{diag::Spot, yaml::Node};

/// Where Flux reads a tree from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A Git repository.
    GitRepository,
    /// An OCI artifact.
    OCIRepository,
    /// A bucket of an object store.
    Bucket,
}

impl SourceKind {
    /// The kind with this name.
    pub fn new(name: &str) -> Option<Self> {
        [Self::GitRepository, Self::OCIRepository, Self::Bucket]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }

    /// As Flux writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            SourceKind::GitRepository => "GitRepository",
            SourceKind::OCIRepository => "OCIRepository",
            SourceKind::Bucket => "Bucket",
        }
    }

    /// The members of `ref` that it knows (`spec.ref` of its CRD).
    pub fn references(self) -> &'static [&'static str] {
        match self {
            SourceKind::GitRepository => &["branch", "tag", "semver", "commit", "name"],
            SourceKind::OCIRepository => &["tag", "semver", "semverFilter", "digest"],
            SourceKind::Bucket => &[],
        }
    }
}

/// Which revision of a source. Flux takes the first of: digest or commit, name, semver, tag, branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// A branch (Git).
    pub branch: Option<Spot>,
    /// A tag.
    pub tag: Option<Spot>,
    /// A range of versions.
    pub semver: Option<Spot>,
    /// Which tags count for it (OCI): a regular expression of Go.
    pub semver_filter: Option<Spot>,
    /// A full reference (Git), `refs/heads/main`.
    pub name: Option<Spot>,
    /// A commit (Git).
    pub commit: Option<Spot>,
    /// A digest (OCI).
    pub digest: Option<Spot>,
}

/// A source in `flux-system`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: SourceKind,
    /// `https://…`, `http://…` or `ssh://…` (Git); `oci://…` without a tag; a bucket's endpoint and name,
    /// `https://s3.example.com/fleet`.
    pub url: Spot,
    /// Which revision; a bucket has none.
    pub reference: Reference,
    /// How often to look, `1m`.
    pub interval: String,
    /// How long a fetch may take, in `ms`, `s`, `m`.
    pub timeout: Option<Spot>,
    /// The pull Secret.
    pub secret: Option<Spot>,
    /// How to sign in.
    pub provider: Option<Spot>,
}

impl Source {
    /// The object.
    pub fn node(&self) -> Node {
        let mut spec =
            Fields::default().put("interval", self.interval.as_str()).maybe("timeout", self.timeout.as_ref());
        if self.kind == SourceKind::Bucket {
            let (endpoint, bucket, insecure) = bucket(&self.url.text);
            let at = |text: &str| Spot { text: text.to_owned(), place: self.url.place };
            spec = spec
                .put("bucketName", &at(bucket))
                .put("endpoint", &at(endpoint))
                .maybe("insecure", insecure.then_some(true));
        } else {
            spec = spec.put("url", &self.url);
            let reference = self.reference();
            spec = spec.maybe("ref", (!reference.0.is_empty()).then_some(reference));
        }
        let secret = self.secret.as_ref().map(|name| Fields::default().put("name", name));
        let spec = spec.maybe("provider", self.provider.as_ref()).maybe("secretRef", secret);
        let metadata = Fields::named(&self.name, NAMESPACE);
        Fields::object("source.toolkit.fluxcd.io/v1", self.kind.as_str(), metadata).put("spec", spec).node()
    }

    fn reference(&self) -> Fields {
        let reference = &self.reference;
        Fields::default()
            .maybe("branch", reference.branch.as_ref())
            .maybe("tag", reference.tag.as_ref())
            .maybe("semver", reference.semver.as_ref())
            .maybe("semverFilter", reference.semver_filter.as_ref())
            .maybe("name", reference.name.as_ref())
            .maybe("commit", reference.commit.as_ref())
            .maybe("digest", reference.digest.as_ref())
    }
}

/// Endpoint, name of the bucket, and whether it is reached without TLS.
pub(super) fn bucket(url: &str) -> (&str, &str, bool) {
    let insecure = url.starts_with("http://");
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/');
    let (endpoint, bucket) = rest.split_once('/').unwrap_or((rest, ""));
    (endpoint, bucket, insecure)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::flux::json;

    fn spot(text: &str) -> Spot {
        Spot { text: text.into(), place: None }
    }

    fn some(kind: SourceKind, url: &str) -> Source {
        Source {
            name: "flux-system".into(),
            kind,
            url: spot(url),
            reference: Reference::default(),
            interval: "1m".into(),
            timeout: None,
            secret: None,
            provider: None,
        }
    }

    #[test]
    fn git_with_a_branch_at_a_commit() {
        let mut git = some(SourceKind::GitRepository, "https://github.com/example/fleet");
        git.reference.branch = Some(spot("main"));
        git.reference.commit = Some(spot("abc"));
        git.secret = Some(spot("pull"));
        git.provider = Some(spot("github"));
        git.timeout = Some(spot("90s"));
        assert_eq!(
            json(&git.node()),
            concat!(
                r#"{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"GitRepository","#,
                r#""metadata":{"name":"flux-system","namespace":"flux-system"},"spec":{"interval":"1m","timeout":"90s","#,
                r#""url":"https://github.com/example/fleet","ref":{"branch":"main","commit":"abc"},"#,
                r#""provider":"github","secretRef":{"name":"pull"}}}"#
            )
        );
    }

    #[test]
    fn a_bucket_by_its_endpoint() {
        let node = some(SourceKind::Bucket, "http://minio.example.com:9000/fleet").node();
        assert_eq!(
            json(node.get("spec").unwrap()),
            r#"{"interval":"1m","bucketName":"fleet","endpoint":"minio.example.com:9000","insecure":true}"#
        );
    }

    #[test]
    fn no_reference_no_field() {
        let node = some(SourceKind::OCIRepository, "oci://ghcr.io/example/fleet").node();
        assert!(node.at(&["spec", "ref"]).is_none());
    }
}
