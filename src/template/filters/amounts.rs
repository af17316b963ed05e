//! Arithmetic of Kubernetes quantities and of durations.

use super::text::{shown, text_of};
use crate::{
    schema::{duration::Duration, quantity::Quantity},
    template::convert::error,
};
use minijinja::{Error, Value};

pub(super) fn table() -> Vec<(&'static str, Value)> {
    vec![
        ("duration", Value::from_function(duration)),
        ("duration_add", Value::from_function(duration_add)),
        ("duration_mul", Value::from_function(duration_mul)),
        ("duration_seconds", Value::from_function(duration_seconds)),
        ("prom_duration", Value::from_function(prom_duration)),
        ("quantity", Value::from_function(quantity)),
        ("quantity_add", Value::from_function(quantity_add)),
        ("quantity_compare", Value::from_function(quantity_compare)),
        ("quantity_mul", Value::from_function(quantity_mul)),
        ("to_bytes", Value::from_function(to_bytes)),
        ("to_millicores", Value::from_function(to_millicores)),
    ]
}

fn read(value: &Value) -> Result<Quantity, Error> {
    let text = text_of(value)?;
    Quantity::parse(&text).map_err(|why| error(format!("{} is no quantity: {why}", shown(&text))))
}

fn large() -> Error {
    error("the result is too large for a quantity")
}

/// A factor: a number, or its text.
fn factor(value: &Value) -> Result<Quantity, Error> {
    let text = text_of(value)?;
    let plain =
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'));
    let parsed = Quantity::parse(&text).ok().filter(|_| plain);
    parsed.ok_or_else(|| error(format!("{} is no factor; write a number such as 1.5", shown(&text))))
}

/// The canonical form: `1024Mi` → `1Gi`.
fn quantity(value: &Value) -> Result<String, Error> {
    Ok(read(value)?.to_string())
}

fn quantity_add(value: &Value, other: &Value) -> Result<String, Error> {
    Ok(read(value)?.checked_add(read(other)?).ok_or_else(large)?.to_string())
}

fn quantity_mul(value: &Value, by: &Value) -> Result<String, Error> {
    Ok(read(value)?.checked_mul(factor(by)?).ok_or_else(large)?.to_string())
}

/// -1, 0 or 1.
fn quantity_compare(value: &Value, other: &Value) -> Result<i64, Error> {
    Ok(read(value)?.cmp(&read(other)?) as i64)
}

fn to_bytes(value: &Value) -> Result<i64, Error> {
    Ok(read(value)?.value())
}

fn to_millicores(value: &Value) -> Result<i64, Error> {
    read(value)?.millis().ok_or_else(large)
}

fn length(value: &Value) -> Result<Duration, Error> {
    let text = text_of(value)?;
    Duration::any(&text).map_err(|why| error(format!("{} is no duration: {why}", shown(&text))))
}

fn long() -> Error {
    error("the result is too long for a duration, or negative")
}

/// As Go and Flux read it: `90m` → `1h30m`, `30d` → `720h`.
fn duration(value: &Value) -> Result<String, Error> {
    Ok(length(value)?.to_go())
}

fn duration_add(value: &Value, other: &Value) -> Result<String, Error> {
    Ok(length(value)?.checked_add(length(other)?).ok_or_else(long)?.to_go())
}

fn duration_mul(value: &Value, by: &Value) -> Result<String, Error> {
    Ok(length(value)?.checked_mul(factor(by)?.billionths()).ok_or_else(long)?.to_go())
}

/// Seconds: an integer, or a float if they are not whole.
fn duration_seconds(value: &Value) -> Result<Value, Error> {
    let nanos = length(value)?.nanos();
    let whole = nanos / 1_000_000_000;
    if nanos % 1_000_000_000 == 0 {
        return Ok(Value::from(whole));
    }
    #[allow(clippy::cast_precision_loss)]
    Ok(Value::from(nanos as f64 / 1e9))
}

/// As Prometheus writes it: `720h` → `30d`.
fn prom_duration(value: &Value) -> Result<String, Error> {
    length(value)?.to_prometheus().ok_or_else(|| error("Prometheus knows nothing shorter than a millisecond"))
}
