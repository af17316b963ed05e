//! The filters, tests and functions that templates have: an allow-list on an empty environment.
//!
//! Each one is wrapped: it refuses undefined values with its own name, and sees captured text (macros, set
//! blocks) with its slots filled in. `indent`, `trim` and `default` keep captured text captured.

mod amounts;
mod builtin;
mod network;
mod pack;
mod text;
mod version;

use super::convert::error;
use minijinja::{
    Environment, Error, State, Value, filters as own, functions, tests,
    value::{Kwargs, Rest, ValueOrKwargs},
};
use std::{collections::BTreeMap, sync::Arc};

/// Turns captured text into a plain string with its slots filled in; gives back everything else as it is.
pub(crate) type Fill = fn(&Value) -> Result<Value, Error>;

/// The filters that exist, sorted.
pub(crate) const NAMES: [&str; 73] = [
    "abs",
    "b64decode",
    "b64encode",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "cidr_contains",
    "cidr_host",
    "cidr_netmask",
    "cidr_subnet",
    "count",
    "d",
    "default",
    "dictsort",
    "dns_label",
    "duration",
    "duration_add",
    "duration_mul",
    "duration_seconds",
    "first",
    "float",
    "from_json",
    "from_yaml",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "keys",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "prom_duration",
    "quantity",
    "quantity_add",
    "quantity_compare",
    "quantity_mul",
    "regex_match",
    "regex_replace",
    "reject",
    "rejectattr",
    "replace",
    "required",
    "reverse",
    "round",
    "select",
    "selectattr",
    "semver",
    "semver_compare",
    "sha256",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "to_bytes",
    "to_json",
    "to_millicores",
    "to_yaml",
    "tojson",
    "trim",
    "unique",
    "upper",
    "urlencode",
    "values",
    "zip",
];

/// The tests that exist, sorted.
pub(crate) const TESTS: [&str; 37] = [
    "!=",
    "<",
    "<=",
    "==",
    ">",
    ">=",
    "boolean",
    "containing",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "even",
    "false",
    "float",
    "ge",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "regex_match",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "true",
    "undefined",
    "upper",
];

/// The functions that exist, sorted.
pub(crate) const FUNCTIONS: [&str; 7] =
    ["content_hash", "dict", "file", "files", "namespace", "range", "secret_ref"];

/// Adds everything that is allowed to an environment that was made with `Environment::empty()`.
///
/// `files` are the pack's `files/` by their path in it, `secrets` the suffixes of its `secrets:`.
pub(crate) fn register(
    env: &mut Environment<'static>,
    files: Arc<BTreeMap<String, Arc<str>>>,
    secrets: Arc<[String]>,
    fill: Fill,
) {
    for (name, function) in filter_table() {
        let keep = match name {
            "indent" | "trim" => Keep::First,
            "default" | "d" => Keep::All,
            "required" => Keep::Undefined,
            _ => Keep::Nothing,
        };
        env.add_filter(name, wrapped(Kind::Filter, name, function, keep, fill));
    }
    for (name, function) in test_table() {
        let keep = if matches!(name, "defined" | "undefined") { Keep::All } else { Keep::Nothing };
        env.add_test(name, wrapped(Kind::Test, name, function, keep, fill));
    }
    for (name, function) in function_table(files, secrets) {
        env.add_function(name, wrapped(Kind::Function, name, function, Keep::Nothing, fill));
    }
}

/// What a wrapped function may see unfilled or undefined.
#[derive(Clone, Copy, PartialEq)]
enum Keep {
    /// Nothing.
    Nothing,
    /// Its first argument may be undefined.
    Undefined,
    /// Its first argument stays captured.
    First,
    /// All stay captured and may be undefined.
    All,
}

#[derive(Clone, Copy)]
enum Kind {
    Filter,
    Test,
    Function,
}

const KINDS: [Kind; 3] = [Kind::Filter, Kind::Test, Kind::Function];

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Filter => "filter",
            Kind::Test => "test",
            Kind::Function => "function",
        }
    }
}

fn wrapped(
    kind: Kind,
    name: &'static str,
    function: Value,
    keep: Keep,
    fill: Fill,
) -> impl Fn(&mut State, Rest<ValueOrKwargs>) -> Result<Value, Error> + Send + Sync + 'static {
    move |state, args| {
        let mut args = args.into_values();
        let word = kind.word();
        for (index, arg) in args.iter_mut().enumerate() {
            let undefined_is_fine = keep == Keep::All || (keep == Keep::Undefined && index == 0);
            if arg.is_undefined() && !undefined_is_fine {
                return Err(error(match (index, kind) {
                    (0, Kind::Filter | Kind::Test) => {
                        format!("the {word} `{name}` was given an undefined value")
                    }
                    _ => format!("an argument of the {word} `{name}` is undefined"),
                }));
            }
            if keep == Keep::All || (keep == Keep::First && index == 0) {
                continue;
            }
            *arg = if arg.is_kwargs() { named(arg, fill)? } else { fill(arg)? };
        }
        // `default(other, true)` asks for the truth of what the text becomes, not of its slots
        if keep == Keep::All && args.len() > 2 && args[0].is_safe() {
            let filled = fill(&args[0])?;
            if !filled.is_true() {
                args[0] = filled;
            }
        }
        function.call(state, &args).map_err(|why| match why.detail() {
            Some(detail) if KINDS.iter().any(|k| detail.starts_with(&format!("the {} `", k.word()))) => why,
            Some(detail) => Error::new(why.kind(), format!("the {word} `{name}`: {detail}")),
            None => Error::new(why.kind(), format!("the {word} `{name}` cannot do this")),
        })
    }
}

/// Keyword arguments with captured text filled in.
fn named(arg: &Value, fill: Fill) -> Result<Value, Error> {
    let kwargs = Kwargs::try_from(arg.clone())?;
    let filled: Result<Vec<(String, Value)>, Error> =
        kwargs.args().map(|key| Ok((key.to_owned(), fill(&kwargs.peek::<Value>(key)?)?))).collect();
    Ok(Value::from(filled?.into_iter().collect::<Kwargs>()))
}

fn filter_table() -> Vec<(&'static str, Value)> {
    let mut table = vec![
        ("abs", Value::from_function(own::abs)),
        ("batch", Value::from_function(builtin::batch)),
        ("bool", Value::from_function(own::bool)),
        ("capitalize", Value::from_function(own::capitalize)),
        ("chain", Value::from_function(own::chain)),
        ("count", Value::from_function(own::length)),
        ("d", Value::from_function(builtin::default)),
        ("default", Value::from_function(builtin::default)),
        ("dictsort", Value::from_function(own::dictsort)),
        ("first", Value::from_function(own::first)),
        ("float", Value::from_function(own::float)),
        ("groupby", Value::from_function(own::groupby)),
        ("indent", Value::from_function(builtin::indent)),
        ("int", Value::from_function(own::int)),
        ("items", Value::from_function(own::items)),
        ("join", Value::from_function(builtin::join)),
        ("keys", Value::from_function(builtin::keys)),
        ("last", Value::from_function(own::last)),
        ("length", Value::from_function(own::length)),
        ("lines", Value::from_function(own::lines)),
        ("list", Value::from_function(own::list)),
        ("lower", Value::from_function(own::lower)),
        ("map", Value::from_function(own::map)),
        ("max", Value::from_function(own::max)),
        ("min", Value::from_function(own::min)),
        ("reject", Value::from_function(own::reject)),
        ("rejectattr", Value::from_function(own::rejectattr)),
        ("replace", Value::from_function(builtin::replace)),
        ("reverse", Value::from_function(own::reverse)),
        ("round", Value::from_function(own::round)),
        ("select", Value::from_function(own::select)),
        ("selectattr", Value::from_function(own::selectattr)),
        ("slice", Value::from_function(builtin::slice)),
        ("sort", Value::from_function(own::sort)),
        ("split", Value::from_function(own::split)),
        ("string", Value::from_function(own::string)),
        ("sum", Value::from_function(own::sum)),
        ("title", Value::from_function(own::title)),
        ("trim", Value::from_function(own::trim)),
        ("unique", Value::from_function(own::unique)),
        ("upper", Value::from_function(own::upper)),
        ("values", Value::from_function(builtin::values)),
        ("zip", Value::from_function(own::zip)),
    ];
    table.extend(text::table());
    table.extend(amounts::table());
    table.extend(network::table());
    table.extend(version::table());
    table
}

fn test_table() -> Vec<(&'static str, Value)> {
    vec![
        ("!=", Value::from_function(tests::is_ne)),
        ("<", Value::from_function(tests::is_lt)),
        ("<=", Value::from_function(tests::is_le)),
        ("==", Value::from_function(tests::is_eq)),
        (">", Value::from_function(tests::is_gt)),
        (">=", Value::from_function(tests::is_ge)),
        ("boolean", Value::from_function(tests::is_boolean)),
        ("containing", Value::from_function(builtin::is_containing)),
        ("defined", Value::from_function(tests::is_defined)),
        ("divisibleby", Value::from_function(tests::is_divisibleby)),
        ("endingwith", Value::from_function(tests::is_endingwith)),
        ("eq", Value::from_function(tests::is_eq)),
        ("equalto", Value::from_function(tests::is_eq)),
        ("even", Value::from_function(tests::is_even)),
        ("false", Value::from_function(tests::is_false)),
        ("float", Value::from_function(tests::is_float)),
        ("ge", Value::from_function(tests::is_ge)),
        ("gt", Value::from_function(tests::is_gt)),
        ("in", Value::from_function(tests::is_in)),
        ("integer", Value::from_function(tests::is_integer)),
        ("iterable", Value::from_function(tests::is_iterable)),
        ("le", Value::from_function(tests::is_le)),
        ("lower", Value::from_function(tests::is_lower)),
        ("lt", Value::from_function(tests::is_lt)),
        ("mapping", Value::from_function(tests::is_mapping)),
        ("ne", Value::from_function(tests::is_ne)),
        ("none", Value::from_function(tests::is_none)),
        ("number", Value::from_function(tests::is_number)),
        ("odd", Value::from_function(tests::is_odd)),
        ("regex_match", Value::from_function(text::regex_match)),
        ("sameas", Value::from_function(tests::is_sameas)),
        ("sequence", Value::from_function(tests::is_sequence)),
        ("startingwith", Value::from_function(tests::is_startingwith)),
        ("string", Value::from_function(tests::is_string)),
        ("true", Value::from_function(tests::is_true)),
        ("undefined", Value::from_function(tests::is_undefined)),
        ("upper", Value::from_function(tests::is_upper)),
    ]
}

fn function_table(
    files: Arc<BTreeMap<String, Arc<str>>>,
    secrets: Arc<[String]>,
) -> Vec<(&'static str, Value)> {
    let all = Arc::clone(&files);
    vec![
        ("content_hash", Value::from_function(pack::content_hash)),
        ("dict", Value::from_function(functions::dict)),
        ("file", Value::from_function(move |name: &str| pack::file(&files, name))),
        ("files", Value::from_function(move |glob: &str| pack::files(&all, glob))),
        ("namespace", Value::from_function(functions::namespace)),
        ("range", Value::from_function(pack::range)),
        (
            "secret_ref",
            Value::from_function(move |state: &State, suffix: &str| {
                pack::secret_ref(state, &secrets, suffix)
            }),
        ),
    ]
}

#[cfg(test)]
mod cases;
