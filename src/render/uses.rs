//! What the templates of a component make of the values they see: asked after the fact, by `gen explain`.

use super::{Shared, is_object_template, release};
use crate::{
    diag::Problems,
    resolve::Environment,
    template::{Compiled, Reads},
    yaml::Node,
};
use std::sync::Arc;

/// One template of a component.
#[derive(Clone, Debug)]
pub struct Use {
    /// The template's path in its pack.
    pub template: Arc<str>,
    /// The release whose values it gives, if it does not give objects.
    pub release: Option<String>,
    /// The objects that it gives: kind and name.
    pub objects: Vec<(String, String)>,
    /// What it reads.
    pub reads: Reads,
}

/// All templates of a component that are rendered.
pub fn uses(environment: &Environment, shared: &Shared, index: usize, templates: &Compiled) -> Vec<Use> {
    let mut problems = Problems::new();
    let Some(component) = environment.components.get(index) else { return Vec::new() };
    let Some(context) = shared.context(component, &mut problems) else { return Vec::new() };
    let text =
        |node: &Node, path: &[&str]| node.at(path).and_then(Node::as_str).unwrap_or_default().to_owned();
    let mut all = Vec::new();
    for template in &component.pack.templates {
        let release = component.releases.iter().find(|r| *release::template(r) == *template.path);
        if release.is_none() && !is_object_template(&template.path) {
            continue;
        }
        let nodes = match release {
            None => templates.render(&template.path, &context, &mut problems).unwrap_or_default(),
            Some(_) => Vec::new(),
        };
        all.push(Use {
            template: template.path.clone(),
            release: release.map(|release| release.name.clone()),
            objects: nodes.iter().map(|n| (text(n, &["kind"]), text(n, &["metadata", "name"]))).collect(),
            reads: templates.reads(&template.path, &context),
        });
    }
    all
}
