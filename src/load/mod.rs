//! A project in memory.

/// A template pack.
#[derive(Clone, Debug)]
pub struct Pack {}
