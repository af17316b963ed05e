//! What a Helm chart takes: its values as paths, types and defaults, read from `Chart.yaml`, `values.yaml` with its
//! comments, `values.schema.json`, and what templates read. Pure functions on text; the texts come from elsewhere.
//!
//! | want | use |
//! |---|---|
//! | facts of a chart's files | [`read()`] |
//! | facts as a text to keep, and back | [`write()`], [`parse`] |
//! | what of some values does not fit | [`judge`] |
//! | what two versions take differently | [`difference()`] |
//!
//! `values.yaml` is no schema: charts read keys that it does not name, and pass whole subtrees on. So facts say what is
//! *known*; where that is not enough to call a value wrong, a mapping is open and a type wide. A false alarm is worse than
//! a miss.

mod comments;
mod difference;
mod judge;
mod known;
mod read;
mod schema;
mod templates;
#[cfg(test)]
mod tests;
mod text;
mod values;

pub use difference::{Difference, Differs, Given, difference};
pub use judge::{Misfit, Wrong, judge};
pub use read::{ChartFiles, read};
pub use text::{NoFacts, head, parse, write};

use crate::yaml::Value;
use indexmap::IndexMap;
use std::sync::LazyLock;

/// The facts of one version of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Its name.
    pub name: String,
    /// Its version as `Chart.yaml` says.
    pub version: String,
    /// The version of what it installs.
    pub app_version: Option<String>,
    /// The charts in it.
    pub subcharts: Vec<Subchart>,
    /// Its values: a mapping. Those of a subchart stand under its key.
    pub values: Field,
}

impl Facts {
    /// What may stand at a path; items of lists are by number.
    pub fn field(&self, path: &[impl AsRef<str>]) -> Option<&Field> {
        path.iter().try_fold(&self.values, |field, key| {
            field.item(key.as_ref()).or_else(|| field.member(key.as_ref()))
        })
    }

    /// The same, if every key of the path is named.
    pub fn named(&self, path: &[impl AsRef<str>]) -> Option<&Field> {
        path.iter().try_fold(&self.values, |field, key| field.members.get(key.as_ref()))
    }
}

/// A chart in a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subchart {
    /// Its name.
    pub name: String,
    /// Its version or range of versions.
    pub version: String,
    /// The key of its values, where that is not its name.
    pub alias: Option<String>,
    /// Paths of booleans, the first of which that is set decides whether it is installed.
    pub conditions: Vec<String>,
}

impl Subchart {
    /// The key of its values.
    pub fn key(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}

/// What is known of one value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Field {
    /// The types it may have. `null` is always allowed: it takes a default away.
    pub kinds: Kinds,
    /// Its default, if that is a short scalar.
    pub default: Option<Value>,
    /// The beginning of a hash of its default, if that is a list or a longer text: whether two versions of a chart have the
    /// same is to be seen, and no more. Facts that were made before this was kept have none.
    pub long: Option<Box<str>>,
    /// Is it only named in a comment?
    pub hint: bool,
    /// The known keys of a mapping.
    pub members: IndexMap<String, Field>,
    /// The other keys of a mapping.
    pub others: Others,
    /// What the items of a list are; absent, anything.
    pub items: Option<Box<Field>>,
}

/// The keys of a mapping that are not named.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Others {
    /// There are none.
    None,
    /// There may be any.
    #[default]
    Any,
    /// There may be any, and this is what they hold.
    Each(Box<Field>),
}

/// A set of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// `true`, `false`.
    pub const BOOL: Self = Self(1);
    /// Whole numbers.
    pub const INT: Self = Self(2);
    /// All numbers.
    pub const NUMBER: Self = Self(2 | 4);
    /// Text.
    pub const STRING: Self = Self(8);
    /// A list.
    pub const LIST: Self = Self(16);
    /// A mapping.
    pub const MAP: Self = Self(32);
    /// All that is neither list nor mapping.
    pub const SCALAR: Self = Self(1 | 2 | 4 | 8);
    /// All.
    pub const ANY: Self = Self(63);
    /// None; `null` is left.
    pub const NONE: Self = Self(0);

    /// Both.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The others.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Has it all of the other's types?
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The type of a value; `None` for null.
    pub fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(_) => Self::BOOL,
            Value::Int(_) => Self::INT,
            Value::Float(f) if f.fract() == 0.0 => Self::INT,
            Value::Float(_) => Self::NUMBER,
            Value::Str(_) => Self::STRING,
            Value::Seq(_) => Self::LIST,
            Value::Map(_) => Self::MAP,
        })
    }
}

impl Default for Kinds {
    fn default() -> Self {
        Self::ANY
    }
}

impl Field {
    /// A value of these types; a mapping may hold anything.
    pub fn of(kinds: Kinds) -> Self {
        let others = if kinds.has(Kinds::MAP) { Others::Any } else { Others::None };
        Self { kinds, others, ..Self::default() }
    }

    /// A mapping that knows all its keys.
    pub fn closed(members: IndexMap<String, Field>) -> Self {
        Self { kinds: Kinds::MAP, members, others: Others::None, ..Self::default() }
    }

    /// Its types as facts write them: `bool|string`.
    pub fn types(&self) -> String {
        text::kinds(self)
    }

    /// May a mapping here have keys that are not named?
    pub fn open(&self) -> bool {
        self.others != Others::None
    }

    /// What an item of a list here is, by its number.
    fn item(&self, index: &str) -> Option<&Field> {
        self.items.as_deref().filter(|_| index.bytes().all(|b| b.is_ascii_digit()))
    }

    /// What a key of a mapping here may hold, if it may be there.
    pub fn member(&self, key: &str) -> Option<&Field> {
        static ANY: LazyLock<Field> = LazyLock::new(Field::default);
        self.members.get(key).or(match &self.others {
            Others::None => None,
            Others::Any => Some(&*ANY),
            Others::Each(field) => Some(&**field),
        })
    }
}
