//! The Helm releases of a component: the pack's charts with what the component changes of them.

use super::{
    component::{Draft, holds},
    model::{Chart, Release, Spot},
};
use crate::{
    config::chart_rules,
    diag::{Diagnostic, Place, Problems, did_you_mean, list},
    load::{PackRelease, Project},
    name::RELEASE_MAX,
    yaml::{Map, Node, Origin},
};

/// The built-in pack without a chart of its own: its components name theirs.
const ANY_CHART: &str = "helm-release";

/// All releases that a component installs, in the pack's order. `None` if an error was pushed.
pub(super) fn releases(
    draft: &Draft,
    values: Option<Node>,
    inputs: &Node,
    project: &Project,
    problems: &mut Problems,
) -> Option<Vec<Release>> {
    let pack = &draft.pack;
    if pack.name == ANY_CHART && pack.releases.is_empty() {
        return lone_release(draft, values, project, problems).map(|release| vec![release]);
    }
    if pack.releases.is_empty() {
        unused(draft, values.as_ref(), problems);
    } else {
        unknown(draft, values.as_ref(), problems);
    }
    let installed = |release: &&PackRelease| release.when.as_ref().is_none_or(|when| holds(when, inputs));
    let releases: Vec<&PackRelease> = pack.releases.iter().filter(installed).collect();
    let mut made = Vec::new();
    for release in &releases {
        let mut one = one_release(draft, release, values.as_ref(), problems)?;
        one.needs.retain(|need| releases.iter().any(|other| other.key == *need));
        made.push(one);
    }
    Some(made)
}

/// The release of a component that brings its chart.
fn lone_release(
    draft: &Draft,
    values: Option<Node>,
    project: &Project,
    problems: &mut Problems,
) -> Option<Release> {
    let written = draft.node.get("chart");
    let lacks = |key: &&str| written.and_then(|n| n.get(key)).is_none();
    let missing: Vec<&str> = ["url", "version"].into_iter().filter(lacks).collect();
    if !missing.is_empty() {
        if missing.iter().all(|key| was_told(draft, key, project)) {
            return None;
        }
        let message = format!("the component `{}` does not say which chart it installs", draft.name);
        problems.push(
            Diagnostic::error("component/no-chart", message)
                .at(written.and_then(Node::place).unwrap_or(draft.place))
                .help("add `chart: {url: oci://registry.example.com/charts/NAME, version: \"1.2.3\"}`"),
        );
        return None;
    }
    let chart = chart(&coordinates(None, written), problems)?;
    Some(Release { key: String::new(), name: draft.name.clone(), chart, needs: Vec::new(), values })
}

/// Is a coordinate of the chart not there because it is wrong, which was told of its file?
fn was_told(draft: &Draft, key: &str, project: &Project) -> bool {
    let places = [draft.node.get("chart").and_then(Node::place), Some(draft.place)];
    let mut files = project
        .environments
        .values()
        .filter(|file| places.iter().flatten().any(|place| place.source == file.place.source));
    let path = ["components", draft.name.as_str(), "chart", key];
    files.any(|file| file.node.at(&path).is_none() && file.written().at(&path).is_some())
}

fn one_release(
    draft: &Draft,
    release: &PackRelease,
    values: Option<&Node>,
    problems: &mut Problems,
) -> Option<Release> {
    let key = release.key.as_str();
    let (written, name) = match key {
        "" => (draft.node.get("chart"), draft.name.clone()),
        key => (draft.node.at(&["charts", key]), format!("{}-{key}", draft.name)),
    };
    if name.len() > RELEASE_MAX {
        problems.push(
            Diagnostic::error("component/release-name", format!("the release name `{name}` is too long"))
                .at(draft.place)
                .because(format!("Helm takes {RELEASE_MAX} characters, and this has {}", name.len()))
                .help("give the component a shorter name"),
        );
    }
    let values = if key.is_empty() { values } else { values.and_then(|v| v.get(key)) };
    Some(Release {
        key: key.to_owned(),
        name,
        chart: chart(&coordinates(Some(&release.node), written), problems)?,
        needs: release.needs.iter().map(|s| s.text.clone()).collect(),
        values: values.filter(|v| !v.is_null()).cloned(),
    })
}

/// The component's coordinates laid over the pack's. A digest pins one chart: it does not outlive a change of
/// version or address; nor does the name in a repository outlive a move to a registry.
fn coordinates(pack: Option<&Node>, written: Option<&Node>) -> Node {
    let written = written.and_then(Node::as_map).cloned().unwrap_or_default();
    let mut merged = pack.and_then(Node::as_map).cloned().unwrap_or_default();
    merged.remove("needs");
    if written.contains("version") || written.contains("url") {
        merged.remove("digest");
    }
    if written.get("url").and_then(Node::as_str).is_some_and(|url| url.starts_with("oci://")) {
        merged.remove("name");
    }
    for (key, node) in written.into_iter().filter(|(_, node)| !node.is_null()) {
        merged.insert(key, node);
    }
    let origin = pack.map_or(Origin::None, |p| p.origin.clone());
    Node::with(merged, origin)
}

fn chart(node: &Node, problems: &mut Problems) -> Option<Chart> {
    let before = problems.errors();
    chart_rules(node, problems);
    let text = |key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
    let chart = Chart {
        url: Spot { text: text("url")?, place: node.get("url").and_then(Node::place) },
        name: text("name"),
        version: text("version")?,
        digest: text("digest"),
        place: node.get("version").and_then(Node::place),
    };
    (problems.errors() == before).then_some(chart)
}

/// Values and coordinates for a pack that installs no chart.
fn unused(draft: &Draft, values: Option<&Node>, problems: &mut Problems) {
    let pack = &draft.pack.name;
    if let Some(values) = values {
        let message = format!("the pack `{pack}` has no Helm release to give `values` to");
        problems.push(
            Diagnostic::error("component/no-values", message)
                .at(values.place().or(Some(draft.place)))
                .help("change its objects with `patches`"),
        );
    }
    for chart in ["chart", "charts"].iter().filter_map(|key| draft.node.get(key)) {
        problems.push(
            Diagnostic::error("component/no-release", format!("the pack `{pack}` installs no chart"))
                .at(chart.place().or(Some(draft.place)))
                .help(format!("for any chart by coordinates use the pack `{ANY_CHART}`")),
        );
    }
}

/// Values and coordinates for releases that the pack does not have.
fn unknown(draft: &Draft, values: Option<&Node>, problems: &mut Problems) {
    let keys: Vec<&str> =
        draft.pack.releases.iter().map(|r| r.key.as_str()).filter(|k| !k.is_empty()).collect();
    let mut tell = |key: &str, place: Option<Place>| {
        let message = format!("the pack `{}` has no release `{key}`", draft.pack.name);
        let diagnostic = Diagnostic::error("component/unknown-release", message).at(place);
        problems.push(match did_you_mean(key, keys.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None if keys.is_empty() => diagnostic.help("it has one release: write `chart:`"),
            None => diagnostic.help(format!("it has {}", list(keys.iter().copied()))),
        });
    };
    let members = |node: Option<&Node>| {
        let map = node.and_then(Node::as_map).into_iter().flat_map(Map::iter);
        map.map(|(key, _)| (key.text.clone(), key.place)).collect::<Vec<_>>()
    };
    let mut given = members(draft.node.get("charts"));
    if !keys.is_empty() {
        given.extend(members(values));
    }
    given.iter().filter(|(key, _)| !keys.contains(&&**key)).for_each(|(key, place)| tell(key, *place));
    if let (false, Some(chart)) = (keys.is_empty(), draft.node.get("chart")) {
        let message = format!("the pack `{}` has several charts", draft.pack.name);
        problems.push(
            Diagnostic::error("component/several-charts", message)
                .at(chart.place())
                .help(format!("write `charts: {{<release>: …}}` for {}", list(keys.iter().copied()))),
        );
    }
}
