//! The engine as a whole: templates and inputs in, documents or messages out.

mod compiling;
mod decisions;
mod hostile;
mod messages;
mod origins;
mod table;

use super::*;
use crate::{
    diag::{self, Problems, Sources},
    schema::Schema,
    yaml::{self, Node},
};
use std::{collections::BTreeMap, sync::Arc};

/// A pack of templates and the inputs of a component.
struct World {
    sources: Sources,
    templates: Vec<TemplateFile>,
    files: BTreeMap<String, Arc<str>>,
    secrets: Vec<String>,
    context: Context,
}

impl World {
    /// `inputs` is YAML: the file `environments/prod.yaml`.
    fn new(templates: &[(&str, &str)], inputs: &str) -> Self {
        let mut sources = Sources::new();
        let mut problems = Problems::new();
        let config = sources.add("environments/prod.yaml", inputs);
        let inputs = yaml::read_one(inputs, config, &mut problems).unwrap_or_else(|| panic!("{problems:?}"));
        Self::with(templates, &inputs, sources)
    }

    fn with(templates: &[(&str, &str)], inputs: &Node, mut sources: Sources) -> Self {
        let mut problems = Problems::new();
        let templates = templates
            .iter()
            .map(|(path, text)| {
                let source = sources.add(format!("templates/test/{path}"), *text);
                TemplateFile { path: (*path).into(), source, text: (*text).into() }
            })
            .collect();
        let extra = "{name: kuard, namespace: demo, pack: test, stage: apps}";
        let id = sources.add("component", extra);
        let component = yaml::read_one(extra, id, &mut problems).expect("YAML");
        let mut root = |name, node: &Node| Root::new(name, node, &mut problems).expect("no slot characters");
        let context = Context {
            inputs: root("inputs", inputs),
            vars: root("vars", &Node::new(yaml::Map::new())),
            cluster: root("cluster", &Node::new(yaml::Map::new())),
            environment: root("environment", &Node::new(yaml::Map::new())),
            component: root("component", &component),
        };
        Self { sources, templates, files: BTreeMap::new(), secrets: Vec::new(), context }
    }

    fn compile(&self, problems: &mut Problems) -> Option<Compiled> {
        let schema = Schema::default();
        let set = TemplateSet {
            pack: "test",
            templates: &self.templates,
            lib: &[],
            files: &self.files,
            delimiters: None,
            schema: &schema,
            secrets: &self.secrets,
        };
        compile(&set, problems)
    }

    /// The documents of the first template, or all messages.
    fn render(&self) -> Result<Vec<Node>, String> {
        let mut problems = Problems::new();
        let compiled = self.compile(&mut problems);
        let nodes = compiled
            .and_then(|compiled| compiled.render(&self.templates[0].path, &self.context, &mut problems));
        assert_eq!(nodes.is_none(), problems.has_errors(), "{problems:?}");
        nodes.ok_or_else(|| self.messages(&problems))
    }

    fn messages(&self, problems: &Problems) -> String {
        problems
            .0
            .iter()
            .map(|problem| diag::render(problem, &self.sources, false))
            .collect::<Vec<_>>()
            .join("\n\n")
    }
}

/// The documents of a template as JSON, one a line; or all messages.
fn json(template: &str, inputs: &str) -> String {
    match World::new(&[("object.yaml.j2", template)], inputs).render() {
        Ok(nodes) => nodes.iter().map(|node| yaml::to_json(node, None)).collect::<Vec<_>>().join("\n"),
        Err(messages) => messages,
    }
}
