//! Kubernetes objects as the suite handles them: the text that `gen` wrote, and what our own reader reads in it. The API
//! server gets the text, so its reading is compared with ours.

use fleetgen::{
    diag::{Problems, Sources},
    yaml,
};
use serde_json::Value as Json;
use std::fmt;

/// One object of a tree.
#[derive(Clone)]
pub(crate) struct Object {
    /// The bytes that `gen` wrote, without the mark between documents.
    pub(crate) text: String,
    pub(crate) json: Json,
}

impl Object {
    /// The objects of a file.
    pub(crate) fn read(text: &str) -> Vec<Self> {
        split(text).into_iter().map(|text| Self { json: json(&text), text }).collect()
    }

    /// An object that a test makes.
    pub(crate) fn new(json: Json) -> Self {
        Self { text: json.to_string(), json }
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity::of(&self.json)
    }
}

/// Which object it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identity {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    /// Empty if it has none.
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Identity {
    pub(crate) fn new(api_version: &str, kind: &str, namespace: &str, name: &str) -> Self {
        let [api_version, kind, namespace, name] = [api_version, kind, namespace, name].map(str::to_owned);
        Self { api_version, kind, namespace, name }
    }

    pub(crate) fn of(object: &Json) -> Self {
        let text = |pointer| object.pointer(pointer).and_then(Json::as_str).unwrap_or_default();
        Self::new(text("/apiVersion"), text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
    }

    /// Empty for the core group.
    pub(crate) fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let slash = if self.namespace.is_empty() { "" } else { "/" };
        write!(f, "{} {}{slash}{}", self.kind, self.namespace, self.name)
    }
}

/// What our own reader reads in a YAML document.
pub(crate) fn json(text: &str) -> Json {
    let mut problems = Problems::new();
    let source = Sources::default().add("object", text);
    let nodes = yaml::read_manifests(text, source, &mut problems);
    let Some([node]) = nodes.as_deref() else { panic!("not one document that can be read:\n{text}") };
    serde_json::from_str(&yaml::to_json(node, None)).unwrap()
}

/// The documents of a text; a line `---` stands between them, as `gen` and kustomize write it.
fn split(text: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if line.trim_end() == "---" {
            documents.push(String::new());
        } else {
            documents.last_mut().unwrap().push_str(line);
        }
    }
    documents.retain(|document| !document.trim().is_empty());
    documents
}
