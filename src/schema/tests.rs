//! Tests of the schema walker.
