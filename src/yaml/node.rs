//! The value that runs through the whole program: a YAML value that knows where it came from.

use crate::diag::Place;
use foldhash::fast::RandomState;
use indexmap::IndexMap;
use std::{borrow::Borrow, hash::Hash, sync::Arc};

/// A value and its origin.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
    /// How it was written, if it was.
    pub style: Style,
}

/// A YAML value after resolution as Kubernetes (go-yaml) does it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~`, nothing.
    Null,
    /// `true` and what go-yaml takes for it.
    Bool(bool),
    /// An integer; those beyond `i64` are refused when read.
    Int(i64),
    /// A finite float.
    Float(f64),
    /// Text.
    Str(Arc<str>),
    /// A list.
    Seq(Vec<Node>),
    /// A mapping in the author's order.
    Map(Map),
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Not read from text.
    #[default]
    None,
    /// Without quotes: readers may disagree on it.
    Plain,
    /// `'…'` or `"…"`.
    Quoted,
    /// `|` or `>`.
    Block,
}

/// A key and where it stands; equal if the text is equal.
#[derive(Clone, Debug)]
pub struct Key {
    /// The text.
    pub text: Arc<str>,
    /// Where it stands.
    pub place: Option<Place>,
}

/// A mapping in the author's order.
#[derive(Clone, Debug, Default)]
pub struct Map(pub IndexMap<Key, Node, RandomState>);

/// Where a value came from.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Origin {
    /// Made by `gen` itself.
    #[default]
    None,
    /// Set in a config file (environment, layer, `pack.yaml` default, a manifest that was read).
    Config(Place),
    /// Literal text of a template.
    Template(Place),
    /// More is known.
    Rich(Arc<Trail>),
}

/// The long form of an origin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trail {
    /// The config line that set the value.
    pub config: Option<Place>,
    /// What it overrode, nearest first: lines of layers; in an object, of its template and of what changed it before.
    pub overrode: Vec<Place>,
    /// The references that led to it, outermost first.
    pub via: Vec<Place>,
    /// The template expression that printed it.
    pub template: Option<Place>,
    /// Inside a macro: its name and the line of the expression in it.
    pub within: Option<(Arc<str>, Option<Place>)>,
    /// The inputs read for a computed value; for an exact one, the input itself.
    pub reads: Vec<Read>,
    /// Is `config` exactly the line that set this value?
    pub exact: bool,
}

/// An input that was read: its path (`inputs.port`) and where it was set.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The path from the template's point of view.
    pub path: Arc<str>,
    /// Where it was set, if it was.
    pub place: Option<Place>,
}

impl Origin {
    /// The config line that set the value, if known.
    pub fn config(&self) -> Option<Place> {
        match self {
            Origin::Config(place) => Some(*place),
            Origin::Rich(trail) => trail.config.or_else(|| trail.reads.iter().find_map(|r| r.place)),
            Origin::None | Origin::Template(_) => None,
        }
    }

    /// The template line that wrote the value, if known.
    pub fn template(&self) -> Option<Place> {
        match self {
            Origin::Template(place) => Some(*place),
            Origin::Rich(trail) => trail.template,
            Origin::None | Origin::Config(_) => None,
        }
    }

    /// The place most useful to a person who wants to change the value.
    pub fn place(&self) -> Option<Place> {
        self.config().or_else(|| self.template())
    }

    /// What lower layers said, nearest first.
    pub fn overrode(&self) -> &[Place] {
        match self {
            Origin::Rich(trail) => &trail.overrode,
            _ => &[],
        }
    }

    /// The long form, to add to.
    pub fn trail(&self) -> Trail {
        match self {
            Origin::None => Trail { exact: true, ..Trail::default() },
            Origin::Config(place) => Trail { config: Some(*place), exact: true, ..Trail::default() },
            Origin::Template(place) => Trail { template: Some(*place), exact: true, ..Trail::default() },
            Origin::Rich(trail) => (**trail).clone(),
        }
    }
}

impl From<Trail> for Origin {
    fn from(trail: Trail) -> Self {
        Origin::Rich(Arc::new(trail))
    }
}

impl Node {
    /// A value without an origin.
    pub fn new(value: impl Into<Value>) -> Self {
        Self { value: value.into(), origin: Origin::None, style: Style::None }
    }

    /// A value with an origin.
    pub fn with(value: impl Into<Value>, origin: Origin) -> Self {
        Self { value: value.into(), origin, style: Style::None }
    }

    /// Where it was set, or written.
    pub fn place(&self) -> Option<Place> {
        self.origin.place()
    }

    /// The member of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map().and_then(|m| m.get(key))
    }

    /// The members of a mapping; none of anything else.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.as_map().into_iter().flat_map(Map::iter).map(|(key, node)| (&*key.text, node))
    }

    /// The members of a member; none where there is no mapping.
    pub fn members_at(&self, key: &str) -> impl Iterator<Item = (&str, &Node)> {
        self.get(key).into_iter().flat_map(Node::members)
    }

    /// A member of a member: `node.at(&["metadata", "name"])`.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// A member of a mapping or, by its number, an item of a list.
    pub fn part(&self, step: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(map) => map.get(step),
            Value::Seq(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// Notes that it overrode another value, and what that overrode: the line that wrote it where it stood, which in an
    /// object is a template's.
    pub fn overrides(&mut self, old: &Node) {
        let own = old.origin.template().or(old.place());
        let lower: Vec<Place> = own.into_iter().chain(old.origin.overrode().iter().copied()).collect();
        if !lower.is_empty() {
            let mut trail = self.origin.trail();
            trail.overrode = lower;
            self.origin = Origin::from(trail);
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Str(s) => Some(s),
            _ => None,
        }
    }

    /// The mapping.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(m) => Some(m),
            _ => None,
        }
    }

    /// The mapping, to change.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.value {
            Value::Map(m) => Some(m),
            _ => None,
        }
    }

    /// The list.
    pub fn as_seq(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Seq(s) => Some(s),
            _ => None,
        }
    }

    /// The boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// The integer.
    pub fn as_int(&self) -> Option<i64> {
        match self.value {
            Value::Int(i) => Some(i),
            _ => None,
        }
    }

    /// Is it null?
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// Equal values, whatever their origins, styles and the order of keys.
    pub fn same(&self, other: &Node) -> bool {
        self.value.same(&other.value)
    }
}

/// Equal values and key order, whatever their origins and styles.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Value {
    /// What it is called in messages: `a string`, `a mapping`.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Int(_) => "an integer",
            Value::Float(_) => "a number",
            Value::Str(_) => "a string",
            Value::Seq(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Seq(a), Value::Seq(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            (Value::Map(a), Value::Map(b)) => {
                a.len() == b.len() && a.iter().all(|(k, v)| b.get(&k.text).is_some_and(|w| v.same(w)))
            }
            (a, b) => a == b,
        }
    }
}

impl Map {
    /// An empty mapping.
    pub fn new() -> Self {
        Self::default()
    }

    /// Room for this many keys.
    pub fn with_capacity(keys: usize) -> Self {
        Self(IndexMap::with_capacity_and_hasher(keys, RandomState::default()))
    }

    /// The member with this key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.0.get(key)
    }

    /// The member with this key, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.0.get_mut(key)
    }

    /// The key itself, with its place, and the member.
    pub fn entry(&self, key: &str) -> Option<(&Key, &Node)> {
        self.0.get_key_value(key)
    }

    /// Adds or replaces; a replaced one keeps its position.
    pub fn insert(&mut self, key: impl Into<Key>, node: Node) -> Option<Node> {
        self.0.insert(key.into(), node)
    }

    /// Takes out, keeping the order of the rest.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        self.0.shift_remove(key)
    }

    /// Is there such a key?
    pub fn contains(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// How many members.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Has it no members?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Node)> {
        self.0.iter()
    }

    /// The members in order, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&Key, &mut Node)> {
        self.0.iter_mut()
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|k| &*k.text)
    }
}

/// Equal keys, values and order.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other.iter()).all(|((k, v), (l, w))| k == l && v == w)
    }
}

impl<K: Into<Key>> FromIterator<(K, Node)> for Map {
    fn from_iter<T: IntoIterator<Item = (K, Node)>>(iter: T) -> Self {
        Map(iter.into_iter().map(|(k, v)| (k.into(), v)).collect())
    }
}

impl IntoIterator for Map {
    type Item = (Key, Node);
    type IntoIter = indexmap::map::IntoIter<Key, Node>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Key {
    /// A key with its place.
    pub fn new(text: impl Into<Arc<str>>, place: Option<Place>) -> Self {
        Self { text: text.into(), place }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::new(text, None)
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::new(text, None)
    }
}

impl From<Arc<str>> for Key {
    fn from(text: Arc<str>) -> Self {
        Self::new(text, None)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Value::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Self {
        Value::Int(i)
    }
}

impl From<f64> for Value {
    fn from(f: f64) -> Self {
        Value::Float(f)
    }
}

impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Value::Str(s.into())
    }
}

impl From<String> for Value {
    fn from(s: String) -> Self {
        Value::Str(s.into())
    }
}

impl From<Arc<str>> for Value {
    fn from(s: Arc<str>) -> Self {
        Value::Str(s)
    }
}

impl From<Vec<Node>> for Value {
    fn from(s: Vec<Node>) -> Self {
        Value::Seq(s)
    }
}

impl From<Map> for Value {
    fn from(m: Map) -> Self {
        Value::Map(m)
    }
}
