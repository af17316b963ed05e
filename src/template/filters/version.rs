//! Semantic versions.

use super::text::{shown, text_of};
use crate::template::convert::{error, mapping};
use minijinja::{Error, Value};
use semver::{Version, VersionReq};

pub(super) fn table() -> Vec<(&'static str, Value)> {
    vec![("semver", Value::from_function(semver)), ("semver_compare", Value::from_function(semver_compare))]
}

/// A version; a leading `v` and missing parts (`1.34`) are fine.
fn version(value: &Value) -> Result<Version, Error> {
    let text = text_of(value)?;
    let bare = text.strip_prefix('v').unwrap_or(&text);
    let end = bare.find(['-', '+']).unwrap_or(bare.len());
    let (core, rest) = bare.split_at(end);
    let missing = match core.matches('.').count() {
        0 => ".0.0",
        1 => ".0",
        _ => "",
    };
    Version::parse(&format!("{core}{missing}{rest}"))
        .map_err(|_| error(format!("{} is no version such as `1.2.3`", shown(&text))))
}

/// `{major, minor, patch, prerelease, build}`
fn semver(value: &Value) -> Result<Value, Error> {
    let version = version(value)?;
    Ok(mapping([
        (Value::from("major"), Value::from(version.major)),
        (Value::from("minor"), Value::from(version.minor)),
        (Value::from("patch"), Value::from(version.patch)),
        (Value::from("prerelease"), Value::from(version.pre.as_str())),
        (Value::from("build"), Value::from(version.build.as_str())),
    ]))
}

/// Does the version meet a requirement such as `>=1.2, <2`? A bare version would mean different things to
/// different tools and is refused.
fn semver_compare(value: &Value, requirement: &str) -> Result<bool, Error> {
    let bare = requirement.split(',').any(|part| part.trim().starts_with(|c: char| c.is_ascii_digit()));
    if bare {
        return Err(error(format!(
            "{} does not say how to compare; write `={requirement}`, `^{requirement}` or `>={requirement}`",
            shown(requirement)
        )));
    }
    let parsed = VersionReq::parse(requirement)
        .map_err(|_| error(format!("{} is no requirement such as `>=1.2, <2`", shown(requirement))))?;
    Ok(parsed.matches(&version(value)?))
}
