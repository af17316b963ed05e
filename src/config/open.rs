//! Parts of a config file that its type leaves open: their nodes are taken by path.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use std::borrow::Cow;

/// Any value; it stays a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open;

/// Any mapping; it stays a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenMap;

impl<'de> Deserialize<'de> for Open {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Open)
    }
}

impl<'de> Deserialize<'de> for OpenMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| OpenMap)
    }
}

impl JsonSchema for Open {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Open".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({})
    }
}

impl JsonSchema for OpenMap {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OpenMap".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "additionalProperties": true})
    }
}

/// WHEN: `true`, `false`, or the path of an input (present and not false counts as true).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Always, or never.
    Fixed(bool),
    /// As the input says: its path, `inputs.` included.
    Input(String),
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Fixed(bool),
            Input(String),
        }
        Ok(match Written::deserialize(deserializer)? {
            Written::Fixed(fixed) => When::Fixed(fixed),
            Written::Input(path) => When::Input(path),
        })
    }
}

impl JsonSchema for When {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "When".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["boolean", "string"]})
    }
}
