//! Scalars as a person means them: numbers side by side, dates without quotes, numbers in quotes.

use super::Type;
use crate::yaml::{Node, Style, Value};

/// Compares two numbers, integers exactly.
pub(super) fn compare(a: &Node, b: &Node) -> Option<std::cmp::Ordering> {
    #[allow(clippy::cast_precision_loss)]
    let float = |n: &Node| match n.value {
        Value::Int(i) => Some(i as f64),
        Value::Float(f) => Some(f),
        _ => None,
    };
    match (&a.value, &b.value) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        _ => float(a)?.partial_cmp(&float(b)?),
    }
}

/// `2026-11-03`, also with a time, without quotes: YAML 1.1 readers make a date of it.
pub(super) fn is_plain_date(value: &Node) -> bool {
    let Some(text) = value.as_str().filter(|_| value.style == Style::Plain) else { return false };
    let bytes = text.as_bytes();
    let digits =
        |range: std::ops::Range<usize>| bytes.get(range).is_some_and(|b| b.iter().all(u8::is_ascii_digit));
    let rest = text.split_once('-').filter(|(year, _)| year.len() == 4).map(|(_, rest)| rest);
    let Some((month, day)) = rest.filter(|_| digits(0..4)).and_then(|r| r.split_once('-')) else {
        return false;
    };
    let number = |s: &str| (1..=2).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
    let cut = day.find(|c: char| !c.is_ascii_digit()).unwrap_or(day.len());
    let (day, time) = day.split_at(cut);
    let clock = time.trim_start_matches(['T', 't', ' ', '\t']);
    number(month) && number(day) && (time.is_empty() || (clock.len() < time.len() && clock.contains(':')))
}

/// A quoted text that would be what is wanted without its quotes.
pub(super) fn as_written(types: &[Type], text: &str) -> Option<&'static str> {
    if types.contains(&Type::Boolean) && matches!(text, "true" | "false") {
        return Some("a boolean then");
    }
    let integer = text.parse::<i64>().is_ok_and(|i| i.to_string() == text);
    let number = types.contains(&Type::Integer) || types.contains(&Type::Number);
    (number && integer).then_some("a number then")
}
