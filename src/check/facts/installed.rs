//! The charts that HelmReleases install, with their sources beside them or not.

use super::{Facts, Object};
use crate::{load::ChartRef, yaml::Node};

/// The API group of sources.
const SOURCES: &str = "source.toolkit.fluxcd.io";

/// A HelmRelease and the chart that it names.
#[derive(Clone, Debug)]
pub struct Installed<'f, 'a> {
    /// The HelmRelease.
    pub object: &'f Object<'a>,
    /// The chart's address; empty where its source cannot be seen.
    pub url: &'f str,
    /// The chart's name.
    pub name: &'f str,
    /// The chart's version as Helm has it.
    pub version: String,
    /// What says the version.
    pub version_node: &'f Node,
    /// The values that it is given.
    pub values: Option<&'f Node>,
}

impl Installed<'_, '_> {
    /// The chart as such.
    pub fn chart(&self) -> ChartRef<'_> {
        ChartRef::new(self.url, Some(self.name), &self.version)
    }
}

impl<'a> Facts<'a> {
    /// Every HelmRelease that names a chart of one version.
    pub fn installed<'f>(&'f self) -> impl Iterator<Item = Installed<'f, 'a>> {
        let releases = self.of("helm.toolkit.fluxcd.io", "HelmRelease").filter(|object| !object.copied);
        releases.filter_map(|object| self.chart_of(object))
    }

    fn chart_of<'f>(&'f self, object: &'f Object<'a>) -> Option<Installed<'f, 'a>> {
        let spec = object.document.node.get("spec")?;
        let values = spec.get("values");
        let source = |kind: &str, reference: &Node| {
            let text = |key: &str| reference.get(key).and_then(Node::as_str);
            let namespace = text("namespace").unwrap_or(object.document.namespace());
            self.find(SOURCES, kind, namespace, text("name")?)?.document.node.get("spec")
        };
        if let Some(chart) = spec.at(&["chart", "spec"]) {
            let repository = chart.get("sourceRef").and_then(|reference| source("HelmRepository", reference));
            let url = repository.and_then(|spec| spec.get("url")).and_then(Node::as_str).unwrap_or_default();
            let version_node = chart.get("version")?;
            return Some(Installed {
                object,
                url,
                name: chart.get("chart")?.as_str()?,
                version: version_node.as_str()?.to_owned(),
                version_node,
                values,
            });
        }
        let source = source("OCIRepository", spec.get("chartRef")?)?;
        let url = source.get("url")?.as_str()?;
        let version_node = source.at(&["ref", "tag"])?;
        // `+` is no character of a tag; Helm pushes `_` instead.
        let version = version_node.as_str()?.replace('_', "+");
        Some(Installed {
            object,
            url,
            name: ChartRef::new(url, None, "").name,
            version,
            version_node,
            values,
        })
    }
}
