//! `pack.yaml`.

use super::{api_groups, chart, duration, member, members, namespace, source, texts, when};
use crate::{
    diag::{Diagnostic, Problems, did_you_mean, list},
    name::{is_data_key, is_label},
    yaml::{Key, Node, Value},
};

/// What a pack is and takes.
pub(in super::super) fn pack(node: &Node, problems: &mut Problems) {
    if let Some(found) = member(node, "chart") {
        chart::chart(found, problems);
    }
    releases(node, problems);
    if let Some(found) = member(node, "source") {
        source::component_source(found, problems);
    }
    duration(node, "timeout", true, problems);
    api_groups(node, problems);
    namespace(node, problems);
    for (_, found) in members(member(node, "ignoreDrift")) {
        for (path, at) in texts(member(found, "paths")).filter(|(path, _)| !path.starts_with('/')) {
            problems.push(
                Diagnostic::error("pack/pointer", format!("`{path}` is not a JSON pointer"))
                    .at(at.place())
                    .help("begin with `/`, for example `/spec/replicas`"),
            );
        }
    }
    members(member(node, "exports")).for_each(|(name, value)| export(name, value, problems));
    members(member(node, "secrets")).for_each(|(suffix, found)| secret(suffix, found, problems));
    for (kind, at) in texts(member(node, "clusterScoped")) {
        let good = kind.split_once('/').is_some_and(|(group, kind)| {
            group.split('.').all(is_label)
                && kind.starts_with(|c: char| c.is_ascii_uppercase())
                && !kind.contains('/')
        });
        if !good {
            problems.push(
                Diagnostic::error("pack/cluster-scoped", format!("`{kind}` is not a group and a kind"))
                    .at(at.place())
                    .help("write for example `example.com/Widget`"),
            );
        }
    }
    if let Some(found) = member(node, "delimiters") {
        delimiters(found, problems);
    }
}

fn releases(node: &Node, problems: &mut Problems) {
    let charts = member(node, "charts");
    if let (Some(_), Some(many)) = (member(node, "chart"), charts) {
        chart::both(many, problems);
    }
    let names: Vec<&str> = members(charts).map(|(name, _)| &*name.text).collect();
    for (name, found) in members(charts) {
        if !is_label(&name.text) {
            problems.push(
                Diagnostic::error(
                    "config/name",
                    format!("the release name `{}` is not a DNS label", name.text),
                )
                .at(name.place)
                .help("use lower-case letters, digits and `-`"),
            );
        }
        chart::chart(found, problems);
        if let Some(condition) = member(found, "when") {
            when(condition, problems);
        }
        for (need, at) in texts(member(found, "needs")).filter(|(need, _)| !names.contains(need)) {
            let said = Diagnostic::error("pack/needs", format!("no release of this pack is named `{need}`"));
            problems.push(said.at(at.place()).help(match did_you_mean(need, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its releases are {}", list(names.iter().copied())),
            }));
        }
    }
    circle(charts, &names, problems);
}

/// Releases that wait for each other.
fn circle(charts: Option<&Node>, names: &[&str], problems: &mut Problems) {
    let needs = |name: &str| -> Vec<&str> {
        let release = charts.and_then(|c| c.get(name));
        texts(release.and_then(|r| r.get("needs"))).map(|(need, _)| need).collect()
    };
    for start in names {
        let (mut reached, mut next) = (Vec::new(), needs(start));
        while let Some(name) = next.pop() {
            if !reached.contains(&name) {
                reached.push(name);
                next.extend(needs(name));
            }
        }
        if reached.contains(start) {
            let place =
                charts.and_then(Node::as_map).and_then(|m| m.entry(start)).and_then(|(key, _)| key.place);
            problems.push(
                Diagnostic::error(
                    "pack/needs",
                    format!("the release `{start}` needs itself, by way of others"),
                )
                .at(place)
                .help("remove one of the `needs`"),
            );
            return;
        }
    }
}

fn export(name: &Key, value: &Node, problems: &mut Problems) {
    let reference = |map: &crate::yaml::Map| {
        map.len() == 1 && ["$from", "$text"].iter().any(|k| map.get(k).is_some_and(|n| n.as_str().is_some()))
    };
    let good = match &value.value {
        Value::Map(map) => reference(map),
        Value::Seq(_) | Value::Null => false,
        _ => true,
    };
    if !good {
        problems.push(
            Diagnostic::error("pack/export", format!("the export `{}` is {}", name.text, value.value.kind()))
                .at(value.place().or(name.place))
                .help("write a scalar, `{$from: PATH}` or `{$text: \"…{PATH}…\"}`"),
        );
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.text.is_empty() || !name.text.chars().all(plain) || matches!(&*name.text, "name" | "namespace") {
        let why = match &*name.text {
            "name" | "namespace" => "is there for every component already",
            _ => "has other characters than letters, digits, `_` and `-`",
        };
        problems.push(
            Diagnostic::error("pack/export", format!("the export name `{}` {why}", name.text))
                .at(name.place)
                .help("choose another name"),
        );
    }
}

fn secret(suffix: &Key, node: &Node, problems: &mut Problems) {
    if !is_label(&suffix.text) {
        problems.push(
            Diagnostic::error("config/name", format!("the suffix `{}` is not a DNS label", suffix.text))
                .at(suffix.place)
                .help("use lower-case letters, digits and `-`"),
        );
    }
    if let Some(condition) = member(node, "when") {
        when(condition, problems);
    }
    for (key, _) in members(member(node, "keys")) {
        if !is_data_key(&key.text) {
            problems.push(
                Diagnostic::error("pack/secret-key", format!("`{}` cannot be a key of a Secret", key.text))
                    .at(key.place)
                    .help("use letters, digits, `-`, `_` and `.`"),
            );
        }
    }
}

fn delimiters(node: &Node, problems: &mut Problems) {
    let mut starts: Vec<&str> = Vec::new();
    for field in ["variable", "block", "comment"] {
        let Some(pair) = member(node, field) else { continue };
        let marks: Vec<&str> = texts(Some(pair)).map(|(mark, _)| mark).collect();
        match marks.as_slice() {
            [start, end] if !start.trim().is_empty() && !end.trim().is_empty() && !start.contains('\n') => {
                if starts.contains(start) {
                    problems.push(
                        Diagnostic::error("pack/delimiters", format!("two delimiters begin with `{start}`"))
                            .at(pair.place())
                            .help("give `variable`, `block` and `comment` different starts"),
                    );
                }
                starts.push(start);
            }
            _ => problems.push(
                Diagnostic::error("pack/delimiters", format!("`{field}` takes a start and an end"))
                    .at(pair.place())
                    .help("write for example `[\"[[\", \"]]\"]`"),
            ),
        }
    }
}
