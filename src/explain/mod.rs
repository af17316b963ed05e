//! Who set this value? Answers about one environment: which layers set a value of its config and which counts, what its
//! references name, the template lines that use it and the places of the output that it comes to; and the way back, from
//! a place of the output to the config. Start reading at [`explain`].
//!
//! Nothing here is kept while rendering. The way back is in the origin of each value (`causes`); what `gen` writes itself
//! has a rule (`rules`); what templates decide without printing it is found by a walk of their syntax (`templates`).
//! Where it is not certain that a place depends on a value, the place is named and said to be uncertain: never is one
//! left out.

mod answer;
mod causes;
mod complete;
mod find;
mod known;
mod layers;
mod leaves;
mod overview;
mod path;
mod places;
mod reach;
mod references;
mod rules;
mod secrets;
mod templates;
mod wiring;

pub use answer::{
    Answer, By, Config, Does, Line, Made, Output, Part, Reached, Reference, Setter, Used, Value,
};
pub use overview::{Layer, Overview, Presence, Secret, Used as UsedPack};
pub use path::{Path, Step};
pub use references::{How, Word};
pub use secrets::{SECRET, Secrets};

use crate::{
    diag::Diagnostic,
    pipeline::{Built, Engine},
};
use known::Known;

/// What one may ask about an environment.
#[derive(Clone, Debug)]
pub enum Question {
    /// The environment in short.
    Environment,
    /// A path of the config, `components.kuard.inputs.port`; keys with dots may be quoted, `values["a.b"].c`.
    Path(String),
    /// A line of a file of the output.
    Output {
        /// Its path in the environment's tree, `apps/kuard/deployment.yaml`.
        file: String,
        /// The line, from 1; without one, the file as a whole.
        line: Option<usize>,
        /// The column, from 1.
        column: Option<usize>,
        /// What stands in the file on disk now.
        disk: Option<Vec<u8>>,
    },
    /// An object of the output, `Deployment/kuard`, and a field of it, `spec.replicas`.
    Object {
        /// Kind and name, if need be with API group or namespace.
        object: String,
        /// The field.
        field: Option<String>,
    },
    /// A line of a file that somebody wrote: `environments/prod.yaml`, or a template.
    Line {
        /// The file, as messages name it.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: Option<usize>,
    },
}

/// Answers a question about an environment.
///
/// # Errors
/// Says what there is not, and what may be meant.
pub fn explain(engine: &Engine, built: &Built, question: &Question) -> Result<Answer, Box<Diagnostic>> {
    let known = Known::new(engine, built);
    match question {
        Question::Environment => Ok(Answer::Environment(Box::new(known.overview()))),
        Question::Path(path) => known.config(path),
        Question::Output { file, line, column, disk } => known.output(file, *line, *column, disk.as_deref()),
        Question::Object { object, field } => known.object(object, field.as_deref()),
        Question::Line { file, line, column } => known.line(file, *line, *column),
    }
}

/// Every path of the config of an environment that can be explained, as it is written; for completion.
pub fn paths(engine: &Engine, built: &Built) -> Vec<String> {
    let known = Known::new(engine, built);
    known.all_paths().iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests;
