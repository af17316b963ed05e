//! Filters that the engine also has, with bounds: no value can make a text or a list grow beyond them.

use crate::template::convert::{error, kind};
use minijinja::{
    Error, State, Value, filters as own,
    value::{Kwargs, Rest, StringInput, ValueKind},
};

/// No text made by a filter is longer, in bytes.
pub(super) const LONGEST: usize = 16 << 20;

/// Refuses a text that would be too long.
pub(super) fn fits(bytes: usize) -> Result<(), Error> {
    if bytes > LONGEST { Err(error("the result is longer than 16 MiB")) } else { Ok(()) }
}

/// `default(other)`, `default(other, true)`: also for what is false or empty.
pub(super) fn default(state: &State, value: &Value, args: Rest<Value>) -> Result<Value, Error> {
    own::default(state, value, args)
}

/// `indent(width, first, blank)`; the width is at most 200.
pub(super) fn indent(
    value: StringInput<'_>,
    width: Option<usize>,
    first: Option<bool>,
    blank: Option<bool>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    let named = if width.is_none() && kwargs.has("width") { kwargs.peek("width")? } else { None };
    let many: usize = width.or(named).unwrap_or(4);
    if many > 200 {
        return Err(error("the width is more than 200"));
    }
    let lines = value.as_str().bytes().filter(|b| *b == b'\n').count() + 1;
    fits(value.as_str().len().saturating_add(many.saturating_mul(lines)))?;
    own::indent(value, width, first, blank, kwargs)
}

/// `replace(from, to)`.
pub(super) fn replace(
    state: &mut State,
    value: StringInput<'_>,
    from: StringInput<'_>,
    to: StringInput<'_>,
) -> Result<Value, Error> {
    let many = match from.as_str() {
        "" => value.as_str().chars().count() + 1,
        from => value.as_str().matches(from).count(),
    };
    fits(value.as_str().len().saturating_add(many.saturating_mul(to.as_str().len())))?;
    own::replace(state, value, from, to)
}

/// `join(between)`.
pub(super) fn join(
    state: &mut State,
    value: &Value,
    between: Option<StringInput<'_>>,
    attribute: Option<&str>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    let named = if kwargs.has("d") { kwargs.peek::<Option<&str>>("d")? } else { None };
    let length = between.as_ref().map(|b| b.as_str().len()).or(named.map(str::len)).unwrap_or_default();
    fits(value.len().unwrap_or_default().saturating_mul(length))?;
    own::join(state, value, between, attribute, kwargs)
}

/// `batch(count, filler)`: lists of `count` items.
pub(super) fn batch(
    state: &State,
    value: Value,
    count: usize,
    filler: Option<Value>,
) -> Result<Value, Error> {
    own::batch(state, value, few(count)?, filler)
}

/// `slice(count, filler)`: `count` lists.
pub(super) fn slice(
    state: &State,
    value: Value,
    count: usize,
    filler: Option<Value>,
) -> Result<Value, Error> {
    own::slice(state, value, few(count)?, filler)
}

fn few(count: usize) -> Result<usize, Error> {
    if count > 10_000 { Err(error("the count is more than 10,000")) } else { Ok(count) }
}

/// The keys of a mapping, in its order.
pub(super) fn keys(value: &Value) -> Result<Value, Error> {
    Ok(Value::from(members(value)?.into_iter().map(|(key, _)| key).collect::<Vec<_>>()))
}

/// The values of a mapping, in its order.
pub(super) fn values(value: &Value) -> Result<Value, Error> {
    Ok(Value::from(members(value)?.into_iter().map(|(_, item)| item).collect::<Vec<_>>()))
}

fn members(value: &Value) -> Result<Vec<(Value, Value)>, Error> {
    if value.kind() != ValueKind::Map {
        return Err(error(format!("it takes a mapping, not {}", kind(value))));
    }
    value.try_iter()?.map(|key| value.get_item(&key).map(|item| (key, item))).collect()
}

/// `x is containing(y)`: `y in x`.
pub(super) fn is_containing(state: &State, value: &Value, part: &Value) -> Result<bool, Error> {
    minijinja::tests::is_in(state, part, value)
}
