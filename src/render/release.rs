//! The HelmRelease and its source, which `gen` writes itself: the pack's template gives the values,
//! the component's `values` are merged last.

use crate::{
    diag::{Diagnostic, Problems},
    flux::helm,
    resolve::{Component, OnFailure, Release, overlay_values},
    template::{Compiled, Context},
    tree::Document,
    yaml::{Map, Node, Origin},
};

/// The source and the HelmRelease of one release.
pub(super) fn documents(
    component: &Component,
    release: &Release,
    templates: &Compiled,
    context: &Context,
    problems: &mut Problems,
) -> Vec<Document> {
    let Some(values) = values(component, release, templates, context, problems) else { return Vec::new() };
    let origin = release.chart.place.map_or(Origin::None, Origin::Config);
    let objects = helm::release(helm::Release {
        name: &release.name,
        namespace: &component.namespace,
        chart: helm::Chart {
            url: &release.chart.url,
            name: release.chart.name.as_deref(),
            version: &release.chart.version,
            digest: release.chart.digest.as_deref(),
            origin,
        },
        interval: &component.flux.interval,
        retry_interval: &component.flux.retry_interval,
        timeout: &component.flux.timeout,
        on_failure: match component.flux.on_failure {
            OnFailure::Retry => helm::OnFailure::Retry,
            OnFailure::Rollback => helm::OnFailure::Rollback,
        },
        crds: if component.brings_definitions() { helm::Crds::CreateReplace } else { helm::Crds::Skip },
        depends_on: release.needs.iter().map(|key| format!("{}-{key}", component.name)).collect(),
        ignore_drift: component
            .pack
            .file
            .ignore_drift
            .values()
            .map(|i| helm::IgnoreDrift {
                kind: i.kind.clone(),
                name: i.object.clone(),
                paths: i.paths.clone(),
            })
            .collect(),
        account: component.flux.account.as_deref(),
        shard: component.flux.shard.as_deref(),
        values,
    });
    let place = release.chart.place.or(Some(component.place));
    let owner = component.name.as_str();
    objects.into_iter().map(|node| Document { node, component: Some(owner.into()), place }).collect()
}

/// The ServiceAccount that the releases of a component act as where Flux is locked down, and its rights.
pub(super) fn account(component: &Component) -> Vec<Document> {
    let name = component.flux.account.as_deref().filter(|_| !component.releases.is_empty());
    let nodes = name.into_iter().flat_map(|name| helm::account(name, &component.namespace));
    let owner = component.name.as_str();
    nodes.map(|node| Document { node, component: Some(owner.into()), place: Some(component.place) }).collect()
}

/// The template that gives the values of a release.
pub(super) fn template(release: &Release) -> String {
    match release.key.as_str() {
        "" => "values.yaml.j2".to_owned(),
        key => format!("{key}.values.yaml.j2"),
    }
}

fn values(
    component: &Component,
    release: &Release,
    templates: &Compiled,
    context: &Context,
    problems: &mut Problems,
) -> Option<Node> {
    let path = template(release);
    let mut values = Node::new(Map::new());
    if component.pack.templates.iter().any(|t| *t.path == *path) {
        let mut documents = templates.render(&path, context, problems)?.into_iter();
        if let Some(first) = documents.next() {
            values = first;
        }
        let second = documents.next();
        if values.as_map().is_none() || second.is_some() {
            problems.push(
                Diagnostic::error(
                    "render/values",
                    format!("`{path}` of the pack `{}` must give one mapping", component.pack.name),
                )
                .at(second
                    .as_ref()
                    .unwrap_or(&values)
                    .place()
                    .or(Some(component.pack.place))),
            );
            return None;
        }
    }
    if let Some(own) = &release.values {
        if own.as_map().is_none() {
            problems.push(
                Diagnostic::error(
                    "render/values",
                    format!("the `values` of `{}` are {}, not a mapping", component.name, own.value.kind()),
                )
                .at(own.place()),
            );
            return None;
        }
        overlay_values(&mut values, own);
    }
    Some(values)
}
