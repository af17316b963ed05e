//! The syntax of names, as the API server has it (`k8s.io/apimachinery/pkg/util/validation`).

/// Longest DNS label, and longest name in a label's or annotation's key; longest value of a label.
pub(super) const LABEL: usize = 63;
/// Longest DNS subdomain.
pub(super) const SUBDOMAIN: usize = crate::name::SUBDOMAIN_MAX;

/// Lower-case letters, digits and `-`, an alphanumeric at both ends (RFC 1123).
pub(super) fn is_dns_label(text: &str) -> bool {
    crate::name::is_label(text)
}

/// As a DNS-1123 label, but a letter first (RFC 1035).
pub(super) fn is_dns_1035_label(text: &str) -> bool {
    is_dns_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase())
}

/// DNS labels of any length, joined by dots; 253 characters at most.
pub(super) fn is_dns_subdomain(text: &str) -> bool {
    crate::name::is_subdomain(text)
}

/// A name that can stand in a URL's path, as those of roles can.
pub(super) fn is_path_segment(text: &str) -> bool {
    !text.is_empty() && text != "." && text != ".." && !text.contains(['/', '%'])
}

/// Letters, digits, `-`, `_`, `.`, an alphanumeric at both ends; 63 characters at most.
fn is_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    bytes.len() <= LABEL
        && first.is_ascii_alphanumeric()
        && last.is_ascii_alphanumeric()
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// What is wrong with a key of a label or annotation, in a few words.
pub(super) fn key_fault(key: &str) -> Option<&'static str> {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    if prefix.is_some_and(|prefix| !is_dns_subdomain(prefix)) {
        return Some("what stands before `/` must be a DNS name of at most 253 characters");
    }
    if name.len() > LABEL {
        return Some("the name has more than 63 characters");
    }
    (!is_word(name))
        .then_some("the name takes letters, digits, `-`, `_` and `.`, with a letter or digit at both ends")
}

/// What is wrong with a value of a label, in a few words.
pub(super) fn value_fault(value: &str) -> Option<&'static str> {
    if value.len() > LABEL {
        return Some("it has more than 63 characters");
    }
    (!value.is_empty() && !is_word(value))
        .then_some("it takes letters, digits, `-`, `_` and `.`, with a letter or digit at both ends")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(
            is_dns_label("a-1")
                && !is_dns_label("a.b")
                && !is_dns_label("A")
                && !is_dns_label(&"a".repeat(64))
        );
        assert!(is_dns_1035_label("a1") && !is_dns_1035_label("1a"));
        assert!(is_path_segment("system:node") && !is_path_segment("a/b") && !is_path_segment(".."));
    }

    #[test]
    fn keys_and_values() {
        for good in ["app", "app.kubernetes.io/name", "a/B_c.d-1"] {
            assert_eq!(key_fault(good), None, "{good:?}");
        }
        for bad in ["", "a/", "/a", "-a", "a b", "a/b/c", "A.B/c", &format!("a/{}", "x".repeat(64))] {
            assert!(key_fault(bad).is_some(), "{bad:?}");
        }
        assert_eq!(value_fault(""), None);
        assert_eq!(value_fault("v1.2.3_x-y"), None);
        for bad in ["a.", "-a", "a b", "a+b", &"x".repeat(64)] {
            assert!(value_fault(bad).is_some(), "{bad:?}");
        }
    }
}
