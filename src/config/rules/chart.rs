//! Coordinates of charts.

use super::{digest, exact_version, member, text};
use crate::{
    diag::{Diagnostic, Problems},
    schema::Format,
    yaml::Node,
};

/// Checks coordinates that are complete, the component's merged over the pack's: `oci://` has the chart's name in
/// its address and may have a digest, `https://` has a `name`.
pub fn chart(node: &Node, problems: &mut Problems) {
    parts(node, problems);
    let Some((url, at)) = text(node, "url") else { return };
    let oci = url.starts_with("oci://");
    let said = match (oci, member(node, "name"), member(node, "digest")) {
        (true, Some(name), _) => Diagnostic::error("config/chart", "a chart in a registry has no `name`")
            .label(name.place(), "this is not used")
            .label(at.place(), "the address ends with the chart's name")
            .help("remove `name`, and end `url` with the chart's name"),
        (false, None, _) => Diagnostic::error("config/chart", "a chart in a repository needs its `name`")
            .label(at.place(), "which chart of this repository?")
            .help("add `name:` beside `url:`"),
        (false, _, Some(digest)) => {
            Diagnostic::error("config/chart", "only a chart in a registry has a digest")
                .at(digest.place())
                .help("remove `digest`, or use the chart's `oci://` address")
        }
        _ => return,
    };
    problems.push(said);
}

/// Checks each coordinate by itself.
pub(super) fn parts(node: &Node, problems: &mut Problems) {
    exact_version(node, problems);
    digest(node, problems);
    let Some((url, at)) = text(node, "url") else { return };
    let said = |why: &str| Diagnostic::error("config/chart", format!("`{url}` {why}")).at(at.place());
    if let Some(rest) = url.strip_prefix("oci://") {
        let last = rest.rsplit('/').next().unwrap_or("");
        if !rest.contains('/') || last.is_empty() {
            problems.push(said("has no chart in it").help("write `oci://REGISTRY/PATH/CHART`"));
        } else if last.contains([':', '@']) {
            problems.push(
                said("has a tag or digest")
                    .help("write the version under `version:`, the digest under `digest:`"),
            );
        } else if let Err(why) = Format::Url.check(url) {
            problems.push(
                said("is not the address of a chart").because(why).help("write `oci://REGISTRY/PATH/CHART`"),
            );
        }
    } else if !url.starts_with("https://") && !url.starts_with("http://") {
        problems.push(said("is not the address of a chart").help(
            "write `oci://REGISTRY/PATH/CHART`, or `https://…` of a repository and the chart's `name`",
        ));
    } else if let Err(why) = Format::Url.check(url) {
        problems.push(
            said("is not the address of a chart").because(why).help("write the `https://…` of a repository"),
        );
    }
    if let Some((name, at)) = text(node, "name")
        && !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    {
        problems.push(
            Diagnostic::error("config/chart", format!("`{name}` cannot be the name of a chart"))
                .at(at.place())
                .help("use letters, digits, `-`, `_` and `.`"),
        );
    }
}

/// `chart` and `charts` beside each other.
pub(super) fn both(charts: &Node, problems: &mut Problems) {
    problems.push(
        Diagnostic::error("config/chart", "`chart` and `charts` exclude each other")
            .at(charts.place())
            .help("name each release under `charts`, or keep the one `chart`"),
    );
}
