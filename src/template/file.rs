//! What a template is before it is compiled: its text under a name, and the marks it is written with.

use crate::diag::SourceId;
use std::sync::Arc;

/// The text of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFile {
    /// Its path: relative to the pack's folder (`deployment.yaml.j2`), or `_lib/labels.j2`.
    pub path: Arc<str>,
    /// Its text, as diagnostics show it.
    pub source: SourceId,
    /// The text itself.
    pub text: Arc<str>,
}

/// The marks around expressions, tags and comments: each a start and an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delimiters {
    /// Around expressions, `{{` and `}}`.
    pub variable: (String, String),
    /// Around tags, `{%` and `%}`.
    pub block: (String, String),
    /// Around comments, `{#` and `#}`.
    pub comment: (String, String),
}
