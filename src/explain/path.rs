//! A path through the config or through an object: `components.kuard.inputs.ports[0]`, `spec.replicas`.

use crate::{
    schema::member,
    yaml::{Node, Value},
};
use std::{fmt, sync::Arc};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A member of a mapping.
    Key(Arc<str>),
    /// An item of a list, from 0.
    Item(usize),
}

/// Steps from the top. Written as everywhere else in messages: `a.b[0]["c.d"]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// A path of keys.
    pub fn keys<'k>(keys: impl IntoIterator<Item = &'k str>) -> Self {
        Self(keys.into_iter().map(|key| Step::Key(key.into())).collect())
    }

    /// The path of a member.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.into()))
    }

    /// The path of an item.
    #[must_use]
    pub fn item(&self, index: usize) -> Self {
        self.with(Step::Item(index))
    }

    /// The path of a part.
    #[must_use]
    pub fn with(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }

    /// This path and another behind it.
    #[must_use]
    pub fn join(&self, rest: &[Step]) -> Self {
        Self(self.0.iter().chain(rest).cloned().collect())
    }

    /// The steps behind another path that this one begins with.
    pub fn below(&self, start: &Path) -> Option<&[Step]> {
        self.0.strip_prefix(start.0.as_slice())
    }

    /// The text of a step: a key, or the number of an item.
    pub fn text(&self, at: usize) -> Option<&str> {
        match self.0.get(at)? {
            Step::Key(key) => Some(key),
            Step::Item(_) => None,
        }
    }

    /// Are these the first steps?
    pub fn starts_with(&self, keys: &[&str]) -> bool {
        keys.iter().enumerate().all(|(at, key)| self.text(at) == Some(key))
    }

    /// The steps as texts, numbers for items: as references and layers are walked.
    pub fn steps(&self) -> Vec<String> {
        self.0.iter().map(|step| step.to_string()).collect()
    }

    /// What is there.
    pub fn of<'n>(&self, root: &'n Node) -> Option<&'n Node> {
        self.0.iter().try_fold(root, |node, step| match (step, &node.value) {
            (Step::Key(key), Value::Map(map)) => map.get(key),
            (Step::Item(index), Value::Seq(items)) => items.get(*index),
            _ => None,
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Key(key) => f.write_str(key),
            Step::Item(index) => write!(f, "{index}"),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.iter().fold(String::new(), |text, step| match step {
            Step::Key(key) => member(&text, key),
            Step::Item(index) => format!("{text}[{index}]"),
        });
        f.write_str(&text)
    }
}

/// Calls `visit` with every value that has no parts, and its path; an empty list or mapping is one.
pub(super) fn leaves<'n>(node: &'n Node, at: &Path, visit: &mut impl FnMut(&Path, &'n Node)) {
    match &node.value {
        Value::Map(map) if !map.is_empty() => {
            map.iter().for_each(|(key, node)| leaves(node, &at.key(&key.text), visit));
        }
        Value::Seq(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(index, node)| leaves(node, &at.item(index), visit));
        }
        _ => visit(at, node),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_in_messages() {
        let path = Path::keys(["components", "x", "values", "a.b"]).item(0).key("c");
        assert_eq!(path.to_string(), r#"components.x.values["a.b"][0].c"#);
        assert_eq!(path.steps(), ["components", "x", "values", "a.b", "0", "c"]);
        assert_eq!(path.below(&Path::keys(["components", "x"])).map(<[Step]>::len), Some(4));
        assert!(path.starts_with(&["components", "x"]) && !path.starts_with(&["x"]));
    }
}
