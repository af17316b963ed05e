//! What a schema cannot say about a file: durations, versions, coordinates, names. Each rule works on
//! the node, so that it can show the place, and passes over what has the wrong type: that was told.

use super::decode::removes;
use crate::{
    diag::{Diagnostic, Problems, list},
    name::{ComponentName, RESERVED_COMPONENTS, cluster_name, is_exact_version, is_label, version_matches},
    yaml::{Key, Node, Value},
};

mod chart;
mod flux;
mod pack;
mod secrets;
mod source;

pub use chart::chart;
pub use source::{component_source, reference};

pub(super) use pack::pack;

/// Under `cluster.provides`: every API group is there. What examples of packs have.
const EVERY_GROUP: &str = "*";

/// A member that is there, and not there to remove something.
fn member<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    node.get(key).filter(|n| !removes(n))
}

/// A member's text with its node.
fn text<'n>(node: &'n Node, key: &str) -> Option<(&'n str, &'n Node)> {
    member(node, key).and_then(|n| n.as_str().map(|text| (text, n)))
}

/// The members of a mapping that are there.
fn members(node: Option<&Node>) -> impl Iterator<Item = (&Key, &Node)> {
    node.and_then(Node::as_map).into_iter().flat_map(|map| map.iter()).filter(|(_, n)| !removes(n))
}

/// The texts of a list.
fn texts(node: Option<&Node>) -> impl Iterator<Item = (&str, &Node)> {
    node.and_then(Node::as_seq).into_iter().flatten().filter_map(|n| n.as_str().map(|text| (text, n)))
}

/// `environments/fleet.yaml`.
pub(super) fn fleet(node: &Node, problems: &mut Problems) {
    if let Some((wanted, at)) = text(node, "gen") {
        match version_matches(wanted) {
            Ok(true) => {}
            Ok(false) => problems.push(
                Diagnostic::error(
                    "config/gen",
                    format!("this project wants `gen` {wanted}, and this is {}", crate::name::VERSION),
                )
                .label(at.place(), "wanted here")
                .help("install a version that fits: another one may render other bytes"),
            ),
            Err(why) => problems.push(
                Diagnostic::error("config/gen", format!("`{wanted}` is not a range of versions: {why}"))
                    .at(at.place())
                    .help("write for example `gen: \">=0.1, <2\"`"),
            ),
        }
    }
    secrets::keys(node, problems);
    shared(node, problems);
}

/// An environment or a layer.
pub(super) fn environment(node: &Node, problems: &mut Problems) {
    minor(node, "kubernetes", "1.34", problems);
    shared(node, problems);
    if let Some(found) = member(node, "cluster") {
        cluster(found, problems);
    }
    if let Some(found) = member(node, "secrets") {
        secrets::secrets(found, problems);
    }
    for (name, _) in members(member(node, "namespaces")) {
        if !is_label(&name.text) {
            name_error("namespace", name, "is not a DNS label", NAME_HELP, problems);
        }
    }
    for (name, found) in members(member(node, "components")) {
        if let Err(why) = ComponentName::new(&name.text) {
            let help = match RESERVED_COMPONENTS.contains(&&*name.text) {
                true => "choose another name",
                false => NAME_HELP,
            };
            name_error("component", name, &why, help, problems);
        }
        component(found, problems);
    }
}

/// What a name may look like.
const NAME_HELP: &str = "use lower-case letters, digits and `-`, at most 53 characters, for example `my-app`";

fn name_error(what: &str, name: &Key, why: &str, help: &str, problems: &mut Problems) {
    problems.push(
        Diagnostic::error("config/name", format!("the {what} name `{}` {why}", name.text))
            .at(name.place)
            .help(help),
    );
}

/// What the fleet and its environments have in common.
fn shared(node: &Node, problems: &mut Problems) {
    if let Some(found) = member(node, "source") {
        source::fleet_source(found, problems);
    }
    if let Some(flux) = member(node, "flux") {
        minor(flux, "version", "2.9", problems);
        flux::install(flux, problems);
    }
}

fn cluster(node: &Node, problems: &mut Problems) {
    if let Some((name, at)) = text(node, "name")
        && let Err(why) = cluster_name(name)
    {
        problems.push(
            Diagnostic::error("config/name", format!("the cluster name `{name}` {why}")).at(at.place()).help(
                "use letters, digits, `.`, `-` and `_`, at most 253 characters, for example `prod-eu-1`",
            ),
        );
    }
    if let Some((domain, at)) = text(node, "domain") {
        let good = domain.len() <= 253 && domain.split('.').all(is_label);
        if !good {
            problems.push(
                Diagnostic::error("config/domain", format!("`{domain}` is not a DNS zone"))
                    .at(at.place())
                    .help("write the bare name, for example `prod.example.com`"),
            );
        }
    }
    texts(member(node, "provides"))
        .filter(|(group, _)| *group != EVERY_GROUP)
        .for_each(|(group, at)| api_group(group, at, problems));
}

/// Where the objects of a component or a pack live.
fn namespace(node: &Node, problems: &mut Problems) {
    if let Some((namespace, at)) = text(node, "namespace")
        && !is_label(namespace)
    {
        problems.push(
            Diagnostic::error("config/name", format!("the namespace name `{namespace}` is not a DNS label"))
                .at(at.place())
                .help("use lower-case letters, digits and `-`, at most 63 characters"),
        );
    }
}

/// A component, in an environment or in an example.
pub(super) fn component(node: &Node, problems: &mut Problems) {
    namespace(node, problems);
    if let Some(found) = member(node, "chart") {
        chart::parts(found, problems);
    }
    members(member(node, "charts")).for_each(|(_, found)| chart::parts(found, problems));
    if let (Some(_), Some(many)) = (member(node, "chart"), member(node, "charts")) {
        chart::both(many, problems);
    }
    api_groups(node, problems);
    if let Some(found) = member(node, "source") {
        source::component_source(found, problems);
    }
    if let (Some(base), Some(found)) = (member(node, "base"), member(node, "source")) {
        problems.push(
            Diagnostic::error("config/base", "a component has a `base` or a `source`, not both")
                .label(found.place(), "it lives elsewhere")
                .label(base.place(), "and here")
                .help("remove one of them"),
        );
    }
    if let Some(flux) = member(node, "flux") {
        for field in ["interval", "retryInterval", "timeout"] {
            duration(flux, field, true, problems);
        }
    }
}

/// The surroundings of an example.
pub(super) fn example(node: &Node, problems: &mut Problems) {
    minor(node, "kubernetes", "1.34", problems);
    if let Some(found) = member(node, "cluster") {
        cluster(found, problems);
    }
}

/// `provides` and `requires`.
fn api_groups(node: &Node, problems: &mut Problems) {
    for field in ["provides", "requires"] {
        for (group, condition) in members(member(node, field)) {
            api_group(&group.text, &Node { origin: key_origin(group, condition), ..Node::new("") }, problems);
            when(condition, problems);
        }
    }
}

fn key_origin(key: &Key, node: &Node) -> crate::yaml::Origin {
    key.place.map_or_else(|| node.origin.clone(), crate::yaml::Origin::Config)
}

/// A name such as `monitoring.coreos.com`, without a version.
fn api_group(group: &str, at: &Node, problems: &mut Problems) {
    if group.split('.').all(is_label) {
        return;
    }
    let said = Diagnostic::error("config/api-group", format!("`{group}` is not an API group")).at(at.place());
    problems.push(match group.split_once('/') {
        Some((bare, _)) => said.help(format!("leave the version away: `{bare}`")),
        None => said.help("write it as in `apiVersion`, for example `monitoring.coreos.com`"),
    });
}

/// WHEN: a boolean or the path of an input.
fn when(node: &Node, problems: &mut Problems) {
    let Some(path) = node.as_str() else { return };
    let good = path.strip_prefix("inputs.").is_some_and(|rest| rest.split('.').all(|step| !step.is_empty()));
    if !good {
        problems.push(
            Diagnostic::error("config/when", format!("`{path}` is not a condition"))
                .at(node.place())
                .help("write `true`, `false`, or the path of an input such as `inputs.monitoring`"),
        );
    }
}

/// Characters that templates mark values with, in keys and strings, however they were written.
pub(super) fn characters(node: &Node, problems: &mut Problems) {
    let mut check = |text: &str, place| {
        if let Some(found) = text.chars().find(|c| matches!(c, '\u{fdd0}'..='\u{fdd2}')) {
            problems.push(
                Diagnostic::error(
                    "config/character",
                    format!("U+{:04X} cannot stand in a text", u32::from(found)),
                )
                .at(place)
                .because("templates mark values with it; Unicode keeps it free for such uses")
                .help("remove the character"),
            );
        }
    };
    match &node.value {
        Value::Str(text) => check(text, node.place()),
        Value::Map(map) => {
            map.iter().for_each(|(key, _)| check(&key.text, key.place));
            map.iter().for_each(|(_, member)| characters(member, problems));
        }
        Value::Seq(items) => items.iter().for_each(|item| characters(item, problems)),
        _ => {}
    }
}

/// MAJOR.MINOR.
fn minor(node: &Node, field: &str, example: &str, problems: &mut Problems) {
    let Some((version, at)) = text(node, field) else { return };
    let digits = |part: &str| !part.is_empty() && part.len() < 6 && part.bytes().all(|b| b.is_ascii_digit());
    if version.split_once('.').is_some_and(|(major, minor)| digits(major) && digits(minor)) {
        return;
    }
    let said = Diagnostic::error("config/minor", format!("`{field}` is a minor version, not `{version}`"))
        .at(at.place());
    let parts: Vec<&str> = version.trim_start_matches('v').split('.').collect();
    problems.push(match parts.as_slice() {
        [major, minor, ..] if digits(major) && digits(minor) => {
            said.help(format!("write `\"{major}.{minor}\"`"))
        }
        _ => said.help(format!("write for example `\"{example}\"`")),
    });
}

/// A duration as Flux reads it: numbers with units; the timeout of a source takes no hours.
fn duration(node: &Node, field: &str, hours: bool, problems: &mut Problems) {
    let Some((written, at)) = text(node, field) else { return };
    if is_duration(written, hours) {
        return;
    }
    let units = if hours { ["ms", "s", "m", "h"].as_slice() } else { &["ms", "s", "m"] };
    let said = Diagnostic::error("config/duration", format!("`{field}` is not a duration: `{written}`"))
        .at(at.place())
        .because(format!("Flux reads numbers with the units {}, nothing else", list(units.iter().copied())));
    problems.push(said.help(match field {
        "interval" => "write for example `1h` or `10m30s`",
        _ => "write for example `5m` or `90s`",
    }));
}

/// `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`, as the custom resource definitions of Flux have it.
fn is_duration(written: &str, hours: bool) -> bool {
    let mut rest = written;
    while !rest.is_empty() {
        let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let whole = digits(rest);
        if whole == 0 {
            return false;
        }
        rest = &rest[whole..];
        if let Some(fraction) = rest.strip_prefix('.') {
            let part = digits(fraction);
            if part == 0 {
                return false;
            }
            rest = &fraction[part..];
        }
        let units: &[&str] = if hours { &["ms", "s", "m", "h"] } else { &["ms", "s", "m"] };
        match units.iter().find_map(|unit| rest.strip_prefix(unit)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    !written.is_empty()
}

/// Is it `sha256:` with 64 digits?
fn digest(node: &Node, problems: &mut Problems) {
    let Some((written, at)) = text(node, "digest") else { return };
    let good = written
        .strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
    if !good {
        problems.push(
            Diagnostic::error("config/digest", format!("`{written}` is not a digest"))
                .at(at.place())
                .help("write `sha256:` and its 64 hexadecimal digits"),
        );
    }
}

/// An exact version, no range.
fn exact_version(node: &Node, problems: &mut Problems) {
    let Some((written, at)) = text(node, "version") else { return };
    if !is_exact_version(written) {
        problems.push(
            Diagnostic::error("config/version", format!("`{written}` is not an exact version"))
                .at(at.place())
                .because("a range lets the same commit install different charts")
                .help("write all three numbers, for example `\"1.2.3\"`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_flux() {
        for good in ["1h", "10m30s", "1.5m", "250ms", "0s"] {
            assert!(is_duration(good, true), "{good}");
        }
        for bad in ["", "1d", "60", "5 m", "m", "1.h", ".5s", "-1m", "1h30"] {
            assert!(!is_duration(bad, true), "{bad}");
        }
        assert!(is_duration("90s", false));
        assert!(!is_duration("1h", false));
    }
}
