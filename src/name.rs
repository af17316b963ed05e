//! Names that are valid by construction, and the versions that a requirement allows.

use std::{fmt, sync::Arc};
use unicode_normalization::UnicodeNormalization;

/// The longest DNS-1123 label (RFC 1123, as Kubernetes checks names of namespaces).
const LABEL_MAX: usize = 63;
/// The longest DNS-1123 subdomain, and the longest key of a Secret.
pub const SUBDOMAIN_MAX: usize = 253;
/// The longest name of a Helm release: Helm stores it with a prefix and a revision in a label's 63 characters.
pub const RELEASE_MAX: usize = 53;
/// The longest path of an environment, so that files below it stay within what file systems take.
const ENVIRONMENT_MAX: usize = 200;

/// Folders of a tree and of `environments/`: no part of an environment's path may be called so.
pub const RESERVED_SEGMENTS: [&str; 7] =
    ["cluster", "namespaces", "infrastructure", "apps", "outside", "secrets", "files"];
/// Flux Kustomizations that `gen` makes itself: no component may be called so.
pub const RESERVED_COMPONENTS: [&str; 2] = ["namespaces", "flux-system"];

/// The name of an environment or layer: DNS-1123 labels joined by `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvName(Arc<str>);

/// The name of a pack: a DNS-1123 label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackName(Arc<str>);

/// The name of a component: a DNS-1123 label of at most 53 characters, because a Helm release bears it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComponentName(Arc<str>);

impl EnvName {
    /// Checks a name.
    ///
    /// # Errors
    /// Says in a few words what is wrong with it, to be put behind the name.
    pub fn new(name: &str) -> Result<Self, String> {
        for segment in name.split('/') {
            folder(segment, LABEL_MAX).map_err(|why| match segment == name {
                true => why,
                false => format!("has the part `{segment}`, which {why}"),
            })?;
            if RESERVED_SEGMENTS.contains(&segment) {
                return Err(format!("has the part `{segment}`, which is reserved for folders of a tree"));
            }
        }
        if name.len() > ENVIRONMENT_MAX {
            return Err(format!("is longer than {ENVIRONMENT_MAX} characters"));
        }
        Ok(Self(name.into()))
    }

    /// Is this the name of a folder that the other one is in? `edge` holds `edge/store-001`.
    pub fn holds(&self, other: &EnvName) -> bool {
        other.0.strip_prefix(&*self.0).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl PackName {
    /// Checks a name.
    ///
    /// # Errors
    /// Says in a few words what is wrong with it, to be put behind the name.
    pub fn new(name: &str) -> Result<Self, String> {
        folder(name, LABEL_MAX).map(|()| Self(name.into()))
    }
}

impl ComponentName {
    /// Checks a name.
    ///
    /// # Errors
    /// Says in a few words what is wrong with it, to be put behind the name.
    pub fn new(name: &str) -> Result<Self, String> {
        folder(name, RELEASE_MAX)?;
        if RESERVED_COMPONENTS.contains(&name) {
            return Err("is the name of a Flux Kustomization that `gen` makes itself".to_owned());
        }
        Ok(Self(name.into()))
    }
}

/// A label that can be the name of a folder in any clone: Windows keeps some names for devices.
fn folder(name: &str, max: usize) -> Result<(), String> {
    label(name, max)?;
    let numbered = |device: &str| {
        name.strip_prefix(device).is_some_and(|number| matches!(number.as_bytes(), [b'1'..=b'9']))
    };
    if matches!(name, "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt") {
        return Err("is a device on Windows, where nobody could clone the repository".to_owned());
    }
    Ok(())
}

/// Is this a DNS-1123 label: lower-case letters, digits and `-`, which begins and ends with a letter or digit?
fn label(name: &str, max: usize) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if name.is_empty() {
        return Err("is empty".to_owned());
    }
    if let Some(bad) = name.chars().find(|c| !allowed(*c) && *c != '-') {
        return Err(match bad {
            'A'..='Z' => "has an upper-case letter".to_owned(),
            bad => format!(
                "has the character {bad:?}, but only lower-case letters, digits and `-` may stand there"
            ),
        });
    }
    if name.starts_with('-') || name.ends_with('-') {
        return Err("begins or ends with `-`".to_owned());
    }
    if name.len() > max {
        return Err(format!("is longer than {max} characters"));
    }
    Ok(())
}

/// Is this a DNS-1123 label of at most 63 characters, as names of namespaces are?
pub fn is_label(name: &str) -> bool {
    label(name, LABEL_MAX).is_ok()
}

/// Is this a DNS-1123 subdomain, as names of most objects are: parts of lower-case letters, digits and `-`, joined by
/// dots, 253 characters at most?
pub fn is_subdomain(name: &str) -> bool {
    name.len() <= SUBDOMAIN_MAX && name.split('.').all(|part| label(part, SUBDOMAIN_MAX).is_ok())
}

/// Checks the name of a cluster: it stands in a kubeconfig, in labels, in file names and in lines for a shell.
///
/// # Errors
/// Says in a few words what is wrong with it, to be put behind the name.
pub fn cluster_name(name: &str) -> Result<(), String> {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.is_empty() {
        return Err("is empty".to_owned());
    }
    if let Some(bad) = name.chars().find(|c| !inner(*c)) {
        return Err(format!("has the character {bad:?}"));
    }
    if ![name.chars().next(), name.chars().last()].iter().flatten().all(char::is_ascii_alphanumeric) {
        return Err("begins or ends with another character than a letter or digit".to_owned());
    }
    if name.len() > SUBDOMAIN_MAX {
        return Err(format!("is longer than {SUBDOMAIN_MAX} characters"));
    }
    Ok(())
}

/// Can this be a key of a Secret or ConfigMap (`IsConfigMapKey` of Kubernetes)?
pub fn is_data_key(key: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !key.is_empty()
        && key.len() <= SUBDOMAIN_MAX
        && key.chars().all(allowed)
        && key != "."
        && !key.starts_with("..")
}

macro_rules! text {
    ($($name:ident)*) => {$(
        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

text!(EnvName PackName ComponentName);

/// What two names have in common that some file system takes for one: case and Unicode form set aside.
pub fn folded(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    name.nfc().collect::<String>().to_lowercase().nfc().collect()
}

/// Does this version of `gen` meet a requirement such as `>=0.1, <2`?
///
/// # Errors
/// Says what is wrong with the requirement.
pub fn version_matches(requirement: &str) -> Result<bool, String> {
    let requirement = semver::VersionReq::parse(requirement).map_err(|e| e.to_string())?;
    let version = semver::Version::parse(VERSION).map_err(|e| e.to_string())?;
    Ok(requirement.matches(&version))
}

/// This version of `gen`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Is this one exact version (SemVer 2, a leading `v` allowed), and not a range?
pub fn is_exact_version(version: &str) -> bool {
    semver::Version::parse(version.strip_prefix('v').unwrap_or(version)).is_ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn environments_are_paths_of_labels() {
        for good in ["dev", "edge/store-001", "a/b/c", "1"] {
            assert_eq!(EnvName::new(good).unwrap().as_str(), good);
        }
        let why = |name: &str| EnvName::new(name).unwrap_err();
        assert_eq!(why(""), "is empty");
        assert_eq!(why("Prod"), "has an upper-case letter");
        assert_eq!(why("edge/"), "has the part ``, which is empty");
        assert_eq!(why("edge/-a"), "has the part `-a`, which begins or ends with `-`");
        assert_eq!(why("edge/files"), "has the part `files`, which is reserved for folders of a tree");
        assert_eq!(why("cluster"), "has the part `cluster`, which is reserved for folders of a tree");
        for device in ["aux", "edge/com1", "lpt9"] {
            assert!(why(device).ends_with("is a device on Windows, where nobody could clone the repository"));
        }
        assert!(ComponentName::new("nul").is_err() && PackName::new("con").is_err());
        assert!(
            EnvName::new("com0").is_ok() && EnvName::new("com10").is_ok() && EnvName::new("aux-1").is_ok()
        );
        assert!(why("a_b").starts_with("has the character '_'"));
        assert!(why("..").starts_with("has the character '.'"));
        assert_eq!(why(&"a".repeat(64)), "is longer than 63 characters");
        assert_eq!(why(&vec!["a".repeat(60); 4].join("/")), "is longer than 200 characters");
    }

    #[test]
    fn an_environment_holds_those_below_it() {
        let name = |n: &str| EnvName::new(n).unwrap();
        assert!(name("edge").holds(&name("edge/a")));
        assert!(!name("edge").holds(&name("edge")));
        assert!(!name("edge").holds(&name("edges/a")));
    }

    #[test]
    fn components_leave_room_for_helm_and_flux() {
        assert!(ComponentName::new(&"a".repeat(53)).is_ok());
        assert!(ComponentName::new(&"a".repeat(54)).is_err());
        assert!(ComponentName::new("flux-system").is_err());
        assert!(ComponentName::new("namespaces").is_err());
        assert!(ComponentName::new("flux-operator").is_ok());
        assert!(ComponentName::new("edge/x").is_err());
        assert!(PackName::new("web-app").is_ok());
        assert!(PackName::new("_lib").is_err());
    }

    #[test]
    fn subdomains_and_keys_are_those_of_kubernetes() {
        assert!(is_subdomain("a.b-c.1") && is_subdomain(&"a".repeat(253)));
        for bad in ["", "a..b", "a.", "-a", "a_b", "Ä", &"a".repeat(254)] {
            assert!(!is_subdomain(bad), "{bad:?}");
        }
        assert!(["a", ".dockerconfigjson", "tls.crt", "A_b-1"].iter().all(|key| is_data_key(key)));
        for bad in ["", ".", "..", "..a", "a b", "a/b", "ä", &"a".repeat(254)] {
            assert!(!is_data_key(bad), "{bad:?}");
        }
    }

    #[test]
    fn clusters_are_called_what_every_tool_takes() {
        for good in ["x", "prod-eu-1", "gke_project_europe-west1_prod", "Prod.example.com", &"a".repeat(253)]
        {
            assert_eq!(cluster_name(good), Ok(()), "{good}");
        }
        for bad in ["", "x`\ntouch /tmp/x #", "a\u{1b}[2J", "../../x", "*", "-a", "a.", "ä", &"a".repeat(254)]
        {
            assert!(cluster_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_are_compared_without_case_and_unicode_form() {
        assert_eq!(folded("Prod"), "prod");
        assert_eq!(folded("caf\u{e9}"), folded("cafe\u{301}"));
        assert_eq!(folded("CAFE\u{301}"), folded("caf\u{e9}"));
        assert_ne!(folded("prod"), folded("prod1"));
    }

    #[test]
    fn requirements_are_compared_with_this_version() {
        assert_eq!(version_matches(">=0.1, <2"), Ok(true));
        assert_eq!(version_matches(">=7"), Ok(false));
        assert!(version_matches("soon").is_err());
    }

    #[test]
    fn ranges_are_no_exact_versions() {
        for good in ["88.5.3", "v1.21.1", "1.0.0-rc.1+build"] {
            assert!(is_exact_version(good), "{good}");
        }
        for bad in ["1.2", "^1.2.3", "1.x", "*", ">=1.0.0", "latest", ""] {
            assert!(!is_exact_version(bad), "{bad}");
        }
    }
}
