//! Components to documents with origins: templates, the HelmRelease that `gen` writes itself, objects
//! of the user's own, patches. A pure function of one component.

mod patch;
mod release;
mod uses;

pub use uses::{Use, uses};

use crate::{
    diag::{Diagnostic, Problems},
    resolve::{Component, Environment, Stage},
    template::{Compiled, Context, Root},
    tree::{Document, Rendered},
    yaml::Node,
};
use std::sync::Arc;

/// What the templates of all components of an environment see alike.
#[derive(Clone, Debug)]
pub struct Shared {
    vars: Root,
    cluster: Root,
    environment: Root,
}

impl Shared {
    /// Wraps the facts of an environment for its templates. `None` if an error was pushed.
    pub fn new(environment: &Environment, problems: &mut Problems) -> Option<Self> {
        let vars = Root::new("vars", &environment.vars, problems);
        let cluster = Root::new("cluster", &environment.cluster.node, problems);
        let environment = Root::new("environment", &environment.facts, problems);
        Some(Self { vars: vars?, cluster: cluster?, environment: environment? })
    }

    /// What the templates of a component see. `None` if an error was pushed.
    fn context(&self, component: &Component, problems: &mut Problems) -> Option<Context> {
        Some(Context {
            inputs: Root::new("inputs", &component.inputs, problems)?,
            vars: self.vars.clone(),
            cluster: self.cluster.clone(),
            environment: self.environment.clone(),
            component: Root::new("component", &component.facts, problems)?,
        })
    }
}

/// Renders the component at `index` of an environment. `None` if anything was wrong, and it was told.
pub fn component(
    environment: &Environment,
    shared: &Shared,
    index: usize,
    templates: &Compiled,
    problems: &mut Problems,
) -> Option<Rendered> {
    let component = environment.components.get(index)?;
    let mut found = Problems::new();
    let context = shared.context(component, problems)?;
    let owner: Arc<str> = component.name.as_str().into();
    let mut objects = Vec::new();
    for template in component.pack.templates.iter().filter(|t| is_object_template(&t.path)) {
        for node in templates.render(&template.path, &context, &mut found).unwrap_or_default() {
            push(&mut objects, node, &owner, component, &mut found);
        }
    }
    for release in &component.releases {
        objects.extend(release::documents(component, release, templates, &context, &mut found));
    }
    objects.extend(release::account(component));
    for (name, node) in &component.extra {
        if node.as_map().is_none() {
            let message =
                format!("`extra.{name}` of `{}` is {}, not an object", component.name, node.value.kind());
            found.push(Diagnostic::error("render/not-an-object", message).at(node.place()));
            continue;
        }
        push(&mut objects, node.clone(), &owner, component, &mut found);
    }
    patch::apply(&component.patches, &mut objects, &mut found);
    // What was an object before need not be one after.
    if !component.patches.is_empty() && !found.has_errors() && component.stage != Stage::Outside {
        objects.iter().for_each(|object| incomplete(object, &mut found));
    }
    let failed = found.has_errors();
    for diagnostic in found.0 {
        problems.push(for_component(diagnostic, environment, component));
    }
    (!failed).then_some(Rendered { index, objects })
}

/// Says of which output and for which component a template was wrong.
fn for_component(mut diagnostic: Diagnostic, environment: &Environment, component: &Component) -> Diagnostic {
    let folder = format!("fleet-out/{}/{}/{}", environment.name, component.stage.as_str(), component.name);
    if !diagnostic.labels.iter().any(|label| label.place.source == component.place.source) {
        diagnostic = diagnostic.label(component.place, "for this component");
    }
    if diagnostic.outputs.is_empty() { diagnostic.output(folder) } else { diagnostic }
}

/// Partials begin with `_`; values belong to a release.
fn is_object_template(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    !path.split('/').any(|part| part.starts_with('_'))
        && name != "values.yaml.j2"
        && !name.ends_with(".values.yaml.j2")
}

fn push(
    objects: &mut Vec<Document>,
    node: Node,
    owner: &Arc<str>,
    component: &Component,
    problems: &mut Problems,
) {
    let place = node.place().or_else(|| first_place(&node));
    let document = Document { node, component: Some(owner.clone()), place };
    // A file for another program (a kind cluster) need not be an object of Kubernetes.
    if component.stage != Stage::Outside {
        incomplete(&document, problems);
    }
    objects.push(document);
}

fn first_place(node: &Node) -> Option<crate::diag::Place> {
    node.as_map()?.iter().find_map(|(key, node)| key.place.or(node.place()))
}

fn incomplete(document: &Document, problems: &mut Problems) {
    let missing: Vec<&str> = [
        ("apiVersion", document.api_version()),
        ("kind", document.kind()),
        ("metadata.name", document.name()),
    ]
    .into_iter()
    .filter(|(_, value)| value.is_empty())
    .map(|(key, _)| key)
    .collect();
    let kind = document.kind();
    let ill: Vec<(&str, &Node)> = ["apiVersion", "kind", "metadata", "metadata.name", "metadata.namespace"]
        .into_iter()
        .filter_map(|key| Some((key, document.node.at(&key.split('.').collect::<Vec<_>>())?)))
        .filter(|(key, node)| match *key {
            "metadata" => node.as_map().is_none() && !node.is_null(),
            // Null is as good as absent, and layout fills it.
            "metadata.namespace" => node.as_str().is_none() && !node.is_null(),
            _ => node.as_str().is_none(),
        })
        .collect();
    if !ill.is_empty() {
        for (key, node) in ill {
            let wanted = if key == "metadata" { "a mapping" } else { "a string" };
            let said = format!("`{key}` of an object is {wanted}, not {}", node.value.kind());
            let said = Diagnostic::error("render/not-an-object", said).at(node.place().or(document.place));
            problems.push(match wanted {
                "a string" => said.help("give it a text; quote what is one but does not look it"),
                _ => said.help("write `metadata: {name: …}`"),
            });
        }
    } else if !missing.is_empty() {
        let named = if kind.is_empty() { "the object".to_owned() } else { format!("the {kind}") };
        problems.push(
            Diagnostic::error(
                "render/not-an-object",
                format!("{named} has no {}", crate::diag::list(missing)),
            )
            .at(document.place)
            .help("every object needs `apiVersion`, `kind` and `metadata.name`, all strings"),
        );
    } else if kind == "List" || kind.ends_with("List") && document.node.get("items").is_some() {
        problems.push(
            Diagnostic::error("render/list", format!("a `{kind}` is no object of its own"))
                .at(document.place)
                .help("write its items as documents, separated by `---`"),
        );
    }
}
