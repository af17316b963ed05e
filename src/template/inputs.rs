//! What templates see: `inputs`, `vars`, `cluster`, `environment` and `component` as objects that know their
//! path and origin, and that log what is read.

use super::slots;
use crate::{
    diag::{Diagnostic, Problems},
    schema::member,
    yaml::{self, Key, Node, Origin},
};
use indexmap::IndexMap;
use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use std::{
    fmt::{self, Write},
    sync::Arc,
};

/// A variable that templates see. Cheap to clone, shared over templates and threads.
#[derive(Clone, Debug)]
pub struct Root(pub(super) Arc<Tracked>);

/// All variables that templates see.
#[derive(Clone, Debug)]
pub struct Context {
    /// `inputs`: of the component, checked and with defaults.
    pub inputs: Root,
    /// `vars`: of the environment.
    pub vars: Root,
    /// `cluster`: `name`, `domain`, `provides`.
    pub cluster: Root,
    /// `environment`: `name`, `kubernetes`, `flux`.
    pub environment: Root,
    /// `component`: `name`, `namespace`, `pack`, `stage`.
    pub component: Root,
}

/// The names of the variables that templates see.
pub(super) const ROOTS: [&str; 5] = ["inputs", "vars", "cluster", "environment", "component"];

/// A value with its path and origin.
pub(crate) struct Tracked {
    /// As a template writes it: `inputs.ports[0]`.
    pub(super) path: Arc<str>,
    /// The last member of the path; for an entry of a mapping the very text of its key.
    pub(super) key: Key,
    /// Where it was set.
    pub(super) origin: Origin,
    /// What it is.
    pub(super) kind: Kind,
}

/// What a tracked value is.
pub(super) enum Kind {
    /// A scalar as we write it, and as MiniJinja sees it.
    Scalar(yaml::Value, Value),
    /// A list.
    Seq(Vec<Arc<Tracked>>),
    /// A mapping in the author's order.
    Map(IndexMap<Key, Arc<Tracked>>),
}

impl Root {
    /// Wraps a value under the name that templates know it by.
    ///
    /// `None` if an error was pushed: a value contains one of the characters U+FDD0–U+FDD2, which stand for
    /// values during rendering.
    pub fn new(name: &'static str, node: &Node, problems: &mut Problems) -> Option<Root> {
        let mut good = true;
        let root = Tracked::new(name.into(), Key::new(name, None), node, problems, &mut good);
        good.then(|| Root(Arc::new(root)))
    }
}

impl Tracked {
    fn new(path: Arc<str>, key: Key, node: &Node, problems: &mut Problems, good: &mut bool) -> Self {
        let kind = match &node.value {
            yaml::Value::Seq(items) => {
                let items = items.iter().enumerate().map(|(index, item)| {
                    let path = format!("{path}[{index}]").into();
                    Arc::new(Tracked::new(path, Key::from(index.to_string()), item, problems, good))
                });
                Kind::Seq(items.collect())
            }
            yaml::Value::Map(map) => {
                let entries = map.iter().map(|(key, item)| {
                    check(&key.text, item, problems, good);
                    let path = member(&path, &key.text).into();
                    (key.clone(), Arc::new(Tracked::new(path, key.clone(), item, problems, good)))
                });
                Kind::Map(entries.collect())
            }
            scalar => {
                if let yaml::Value::Str(text) = scalar {
                    check(text, node, problems, good);
                }
                Kind::Scalar(scalar.clone(), scalar_value(scalar))
            }
        };
        Self { path, key, origin: node.origin.clone(), kind }
    }

    /// The value as MiniJinja sees it.
    pub(super) fn value(self: &Arc<Self>) -> Value {
        match &self.kind {
            Kind::Scalar(_, value) => value.clone(),
            Kind::Seq(_) | Kind::Map(_) => Value::from_dyn_object(self.clone()),
        }
    }

    /// The value, read just now.
    fn read(self: &Arc<Self>) -> Value {
        slots::log(self);
        self.value()
    }

    fn len(&self) -> Option<usize> {
        match &self.kind {
            Kind::Scalar(..) => None,
            Kind::Seq(items) => Some(items.len()),
            Kind::Map(map) => Some(map.len()),
        }
    }
}

fn check(text: &str, node: &Node, problems: &mut Problems, good: &mut bool) {
    if let Some((_, c)) = slots::forbidden(text) {
        *good = false;
        problems.push(forbidden(c).at(node.place()));
    }
}

/// The error for a character that stands for a value during rendering; without a place yet.
pub(super) fn forbidden(c: char) -> Diagnostic {
    let name = format!("the character U+{:04X} may not stand in values or templates", u32::from(c));
    Diagnostic::error("template/slot-character", name)
        .because("it is no character of any text: `gen` uses it to mark the place of a value while rendering")
        .help("remove it")
}

fn scalar_value(scalar: &yaml::Value) -> Value {
    match scalar {
        yaml::Value::Bool(b) => Value::from(*b),
        yaml::Value::Int(i) => Value::from(*i),
        yaml::Value::Float(f) => Value::from(*f),
        yaml::Value::Str(text) => Value::from(text.clone()),
        yaml::Value::Null | yaml::Value::Seq(_) | yaml::Value::Map(_) => Value::from(()),
    }
}

impl Object for Tracked {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match self.kind {
            Kind::Scalar(..) => ObjectRepr::Plain,
            Kind::Seq(_) => ObjectRepr::Seq,
            Kind::Map(_) => ObjectRepr::Map,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match &self.kind {
            Kind::Seq(items) => items.get(key.as_usize()?).map(Tracked::read),
            Kind::Map(_) => self.get_value_by_str(key.as_str()?),
            Kind::Scalar(..) => None,
        }
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let Kind::Map(map) = &self.kind else { return None };
        let found = map.get(key);
        if found.is_none() {
            slots::miss(self, key);
        }
        found.map(Tracked::read)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match &self.kind {
            Kind::Scalar(..) => Enumerator::NonEnumerable,
            Kind::Seq(items) => Enumerator::Seq(items.len()),
            Kind::Map(_) => Enumerator::KeyValueIter(Box::new(Entries { of: self.clone(), next: 0 })),
        }
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        self.len()
    }

    /// A list or mapping has no text form. Never the values: error messages of MiniJinja could show them.
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char(slots::POISON)
    }
}

impl fmt::Debug for Tracked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

/// The entries of a mapping, logged as they are handed out.
struct Entries {
    of: Arc<Tracked>,
    next: usize,
}

impl Iterator for Entries {
    type Item = (Value, Value);

    fn next(&mut self) -> Option<Self::Item> {
        let Kind::Map(map) = &self.of.kind else { return None };
        let (key, item) = map.get_index(self.next)?;
        self.next += 1;
        Some((Value::from(key.text.clone()), item.read()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.of.len().unwrap_or(0).saturating_sub(self.next);
        (left, Some(left))
    }
}

/// The variables by name, as MiniJinja looks them up.
#[derive(Debug)]
pub(super) struct Globals(pub(super) Context);

impl Object for Globals {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.0.root(key).map(|root| root.0.value())
    }
}

impl Context {
    /// A variable by its name.
    pub(super) fn root(&self, name: &str) -> Option<&Root> {
        Some(match name {
            "inputs" => &self.inputs,
            "vars" => &self.vars,
            "cluster" => &self.cluster,
            "environment" => &self.environment,
            "component" => &self.component,
            _ => return None,
        })
    }
}
