//! (being built)

/// A schema: an object, its members and its named definitions.
#[derive(Clone, Debug, Default)]
pub struct Schema {}
