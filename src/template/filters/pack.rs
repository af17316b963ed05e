//! Functions over the pack and the component: its files, its Secrets; and `range`.

use super::text::shown;
use crate::{
    diag::{did_you_mean, list},
    hash::sha256,
    schema::canonical_json,
    template::convert::{error, mapping, to_node},
};
use minijinja::{Error, State, Value};
use std::{collections::BTreeMap, sync::Arc};

type Files = BTreeMap<String, Arc<str>>;

/// The text of a file under the pack's `files/`, verbatim.
pub(super) fn file(files: &Files, name: &str) -> Result<Value, Error> {
    if let Some(text) = files.get(name) {
        return Ok(Value::from(text.clone()));
    }
    let near = did_you_mean(name, files.keys().map(String::as_str));
    Err(error(match near {
        Some(near) => format!("the pack has no file `files/{name}`; did you mean `{near}`?"),
        None => format!("the pack has no file `files/{name}`"),
    }))
}

/// The files whose name matches, sorted: name → text. `*` and `?` do not cross `/`, `**` does.
pub(super) fn files(files: &Files, glob: &str) -> Result<Value, Error> {
    if glob.chars().count() > 200 {
        return Err(error("the pattern is longer than 200 characters"));
    }
    let found: Vec<_> = files.iter().filter(|(name, _)| matches(glob, name)).collect();
    if found.is_empty() {
        return Err(error(format!("no file under `files/` matches {}", shown(glob))));
    }
    Ok(mapping(found.into_iter().map(|(name, text)| (Value::from(name.as_str()), Value::from(text.clone())))))
}

/// Matches in time proportional to the product of both lengths, whatever the pattern.
fn matches(glob: &str, name: &str) -> bool {
    let glob: Vec<char> = glob.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // reach[i]: the pattern so far can match the first i characters
    let mut reach = vec![false; name.len() + 1];
    reach[0] = true;
    let mut at = 0;
    while at < glob.len() {
        let mut next = vec![false; name.len() + 1];
        let deep = glob[at] == '*' && glob.get(at + 1) == Some(&'*');
        for i in 0..=name.len() {
            let stepped = i > 0 && name[i - 1] != '/';
            next[i] = match glob[at] {
                '*' if deep => reach[i] || (i > 0 && next[i - 1]),
                '*' => reach[i] || (stepped && next[i - 1]),
                '?' => stepped && reach[i - 1],
                c => i > 0 && reach[i - 1] && name[i - 1] == c,
            };
        }
        at += if deep { 2 } else { 1 };
        // `**/` also stands for no folder at all
        if deep && glob.get(at) == Some(&'/') {
            let any = next.clone();
            for i in 0..=name.len() {
                next[i] = reach[i] || (i > 0 && name[i - 1] == '/' && any[i - 1]);
            }
            at += 1;
        }
        reach = next;
    }
    reach[name.len()]
}

/// Ten hexadecimal digits that change when the value does, whatever the order of its keys.
pub(super) fn content_hash(value: &Value) -> Result<String, Error> {
    let mut digits = sha256(canonical_json(&to_node(value)?).as_bytes());
    digits.truncate(10);
    Ok(digits)
}

/// The name of a Secret of the component: `<component>-<suffix>`.
pub(super) fn secret_ref(state: &State, secrets: &[String], suffix: &str) -> Result<String, Error> {
    if !secrets.iter().any(|s| s == suffix) {
        let known = list(secrets.iter().map(String::as_str));
        let near = did_you_mean(suffix, secrets.iter().map(String::as_str));
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it declares {known}"),
        };
        return Err(error(format!("the pack's `secrets:` does not declare `{suffix}`; {hint}")));
    }
    let component = state.lookup("component").and_then(|c| c.get_attr("name").ok());
    let name = component.as_ref().and_then(Value::as_str);
    let name = name.ok_or_else(|| error("the component's name is not known here"))?;
    Ok(format!("{name}-{suffix}"))
}

/// `range(end)`, `range(start, end, step)`: at most 100,000 integers.
pub(super) fn range(start: i64, end: Option<i64>, step: Option<i64>) -> Result<Value, Error> {
    let (start, end) = end.map_or((0, start), |end| (start, end));
    let (start, end, step) = (i128::from(start), i128::from(end), i128::from(step.unwrap_or(1)));
    if step == 0 {
        return Err(error("the step is 0"));
    }
    let count = if (end - start).signum() == step.signum() {
        ((end - start).abs() + step.abs() - 1) / step.abs()
    } else {
        0
    };
    if count > 100_000 {
        return Err(error("the range has more than 100,000 numbers"));
    }
    let number = |n: i128| i64::try_from(start + n * step).map(Value::from);
    let numbers: Result<Vec<Value>, _> = (0..count).map(number).collect();
    numbers.map(Value::from).map_err(|_| error("the range leaves 64 bits"))
}
