//! The answers, as plain data; how they look is `cli`'s business. A secret value is [`SECRET`](super::SECRET) in all of them.

use super::{
    path::Path,
    references::{How, Word},
};
use crate::{diag::Place, yaml::Node};

/// Who set a value of the config.
#[derive(Clone, Debug)]
pub struct Value {
    /// Its path.
    pub path: Path,
    /// What it is in the end; `None`: nobody sets it.
    pub value: Option<Node>,
    /// Who says something about it: what counts first, then what that overrode, at last the defaults.
    pub setters: Vec<Setter>,
    /// What its references name.
    pub refers: Vec<Reference>,
    /// Of a list or mapping, the values in it.
    pub parts: Vec<Part>,
}

/// One who says something about a value.
#[derive(Clone, Debug)]
pub struct Setter {
    /// Who.
    pub by: By,
    /// Where; `None` if it is written nowhere.
    pub place: Option<Place>,
    /// What is written there; `None` if it sets nothing.
    pub written: Option<Node>,
    /// What it does.
    pub does: Does,
    /// Is it what counts in the end?
    pub wins: bool,
}

/// Who says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// `environments/fleet.yaml`.
    Fleet,
    /// A layer, or the environment itself.
    Layer(String),
    /// The default of a pack.
    Pack(String),
    /// What a pack exports.
    Export(String),
    /// A template of a pack that gives the values of a chart.
    Template(String),
    /// The default of a chart, by its name and the version whose facts say so.
    Chart(String),
    /// `gen` itself, by the rule in these words.
    Gen(String),
}

/// What somebody does to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// Sets it.
    Sets,
    /// Sets what it is a part of, to a reference.
    Refers,
    /// Removes it, or what it is a part of.
    Removes,
    /// Sets what it is a part of to something else.
    Replaces,
}

/// A reference and what it names.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Its form.
    pub word: Word,
    /// Where it stands.
    pub place: Option<Place>,
    /// What it names, as a path of the config, or of a file.
    pub target: String,
    /// Who set that; `None` for a file, and for what was told already.
    pub value: Option<Value>,
}

/// A value inside of another, in short.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its path.
    pub path: Path,
    /// What it is.
    pub value: Node,
    /// Where it was set, if it is written somewhere.
    pub place: Option<Place>,
}

/// A place in a template that uses a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Used {
    /// The expression.
    pub place: Place,
    /// What it does with it.
    pub how: How,
}

/// A place in the output that a value comes to.
#[derive(Clone, Debug)]
pub struct Reached {
    /// The file, `fleet-out/prod/apps/kuard/deployment.yaml`.
    pub file: String,
    /// The line and column of the value, from 1; `None`: anywhere in the file.
    pub at: Option<(usize, usize)>,
    /// The object, `Deployment/kuard`; empty for a list of files.
    pub object: String,
    /// The field in it.
    pub field: Option<Path>,
    /// What stands there.
    pub value: Option<Node>,
    /// How it comes there.
    pub how: How,
    /// Why, if it is not printed there.
    pub why: Option<String>,
    /// The place in a template that decides it.
    pub by: Option<Place>,
}

/// What is to be said about a path of the config.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who set it.
    pub value: Value,
    /// Template lines that use it.
    pub uses: Vec<Used>,
    /// Where it comes to in the output.
    pub reaches: Vec<Reached>,
    /// What else is to be known.
    pub notes: Vec<String>,
}

/// How a place of the output was made.
#[derive(Clone, Debug)]
pub enum Made {
    /// By a template.
    Template {
        /// The text or expression that wrote it.
        place: Place,
        /// Inside of a macro: its name and first line.
        within: Option<(String, Option<Place>)>,
        /// Literal text of the template: no value of the config is in it.
        literal: bool,
    },
    /// Written in the config, under `values`, `extra` or `patches`, as these words say.
    Config(String),
    /// By `gen` itself, by the rule in these words.
    Gen(String),
    /// Copied from a file as it is.
    Copied(Place),
}

/// What is to be said about a place of the output.
#[derive(Clone, Debug)]
pub struct Output {
    /// The file, `fleet-out/prod/apps/kuard/deployment.yaml`.
    pub file: String,
    /// Its line and column, from 1.
    pub at: (usize, usize),
    /// The object, `Deployment/kuard`; empty for what is no object.
    pub object: String,
    /// The field in it.
    pub field: Path,
    /// What stands there; `None` for a copied file.
    pub value: Option<Node>,
    /// How it was made; of a list or mapping, absent.
    pub made: Option<Made>,
    /// Is what is said about the config exactly what set it?
    pub exact: bool,
    /// What it overrode in the object: by a patch, or by the component's `values`.
    pub overrode: Vec<Place>,
    /// The values of the config that it is made of.
    pub values: Vec<(How, Value)>,
    /// Of a list or mapping, the values in it.
    pub parts: Vec<Part>,
    /// What else is to be known.
    pub notes: Vec<String>,
}

/// An answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// About the environment as a whole.
    Environment(Box<super::overview::Overview>),
    /// About a path of the config.
    Config(Box<Config>),
    /// About a place of the output.
    Output(Box<Output>),
    /// About a line of the config or of a template: the paths that stand there, or the places that it prints.
    Line(Box<Line>),
}

/// What is to be said about a line that one wrote.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where it is, `environments/prod.yaml:12`.
    pub file: String,
    /// The paths of the config that it sets.
    pub sets: Vec<Part>,
    /// What it prints.
    pub reaches: Vec<Reached>,
}
