//! What a scalar means to go-yaml v3. It differs from Kubernetes' older reader: `yes` and `on` are text, a date is a point
//! in time, and digits that only look octal (`089`) are a float.

use super::{Kind, Scalar, Value, time};
use crate::plain::PlainText;
use crate::yaml::scalar::{finite, fraction, integer, is_infinite, is_nan};

/// Why a scalar cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// An integer that only fits into 64 bits without a sign.
    Integer,
    /// It does not fit its tag.
    Tag,
    /// `!!binary` and other tags of YAML's own that have no place here.
    UnknownTag,
}

/// The value of a scalar: `plain` without quotes, `tag` like `!!str`.
pub(super) fn value(text: &str, plain: bool, tag: Option<&str>) -> Result<Value, Unfit> {
    let of = |kind, text: String| Value::Scalar(Scalar { kind, text: text.into() });
    let Some(tag) = tag else { return if plain { resolve(text) } else { Ok(Value::from(text)) } };
    match tag {
        // go-yaml writes the text `<<` so.
        "!!str" | "!!merge" => return Ok(Value::from(text)),
        "!!null" | "!!bool" | "!!int" | "!!float" | "!!timestamp" => {}
        _ if tag.starts_with("!!") => return Err(Unfit::UnknownTag),
        // A tag of an application's own: text.
        _ => return Ok(Value::from(text)),
    }
    let value = resolve(text)?;
    let kind = match &value {
        Value::Scalar(scalar) => Some(scalar.kind),
        _ => None,
    };
    match (tag, kind, value) {
        ("!!float", Some(Kind::Int), Value::Scalar(scalar)) => {
            // Decimal digits, as far as they count.
            Ok(of(Kind::Float, float_text(scalar.text.parse().map_err(|_| Unfit::Tag)?)))
        }
        ("!!null", None, value)
        | ("!!bool", Some(Kind::Bool), value)
        | ("!!int", Some(Kind::Int), value)
        | ("!!float", Some(Kind::Float), value)
        | ("!!timestamp", Some(Kind::Time), value) => Ok(value),
        _ => Err(Unfit::Tag),
    }
}

/// The value of a plain scalar.
pub(super) fn resolve(text: &str) -> Result<Value, Unfit> {
    let of = |kind, text: String| Ok(Value::Scalar(Scalar { kind, text: text.into() }));
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(true.into()),
        "false" | "False" | "FALSE" => return Ok(false.into()),
        _ => {}
    }
    if is_nan(text) {
        return of(Kind::Float, "NaN".to_owned());
    }
    if is_infinite(text) {
        return of(Kind::Float, if text.starts_with('-') { "-Inf" } else { "+Inf" }.to_owned());
    }
    match text.as_bytes()[0] {
        b'.' => match fraction(text) {
            Some(float) => of(Kind::Float, float_text(float)),
            None => Ok(text.into()),
        },
        b'0'..=b'9' | b'+' | b'-' => match time::timestamp(text) {
            Some(time) => of(Kind::Time, time),
            None => number(text),
        },
        _ => Ok(text.into()),
    }
}

fn number(text: &str) -> Result<Value, Unfit> {
    let of = |kind, text: String| Ok(Value::Scalar(Scalar { kind, text: text.into() }));
    let plain = PlainText::new(text.replace('_', ""));
    match integer(&plain) {
        Some(Some(int)) => return of(Kind::Int, int.to_string()),
        Some(None) => return Err(Unfit::Integer),
        None => {}
    }
    if let Some(float) = finite(&plain) {
        return of(Kind::Float, float_text(float));
    }
    // A sign after the base, which Go forgives.
    let signed = |prefix, radix| i64::from_str_radix(plain.strip_prefix(prefix)?, radix).ok();
    match signed("0b", 2).or_else(|| signed("0o", 8)) {
        Some(int) => of(Kind::Int, int.to_string()),
        None => Ok(text.into()),
    }
}

impl Scalar {
    /// A scalar from text that a program wrote: `1`, `t` and `TRUE` are true, a float may have an exponent. `None` if the
    /// text does not fit the type.
    pub fn canonical(kind: Kind, text: PlainText) -> Option<Self> {
        let text = match kind {
            Kind::Str => text,
            Kind::Int => text.parse::<i64>().ok()?.to_string().into(),
            Kind::Float => float_text(text.parse().ok()?).into(),
            Kind::Bool => match &*text {
                "1" | "t" | "T" | "true" | "TRUE" | "True" => "True".into(),
                "0" | "f" | "F" | "false" | "FALSE" | "False" => "False".into(),
                _ => return None,
            },
            Kind::Time => time::timestamp(&text)?.into(),
        };
        Some(Self { kind, text })
    }
}

/// The shortest decimal that reads back the same, never with an exponent.
pub(super) fn float_text(float: f64) -> String {
    if float.is_nan() {
        return "NaN".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    float.to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_typed_as_go_yaml_v3_does() {
        use Kind::{Bool, Float, Int, Str, Time};
        for (text, kind, wanted) in [
            ("yes", Str, "yes"),
            ("on", Str, "on"),
            ("y", Str, "y"),
            ("True", Bool, "True"),
            ("false", Bool, "False"),
            ("0o14", Int, "12"),
            ("014", Int, "12"),
            ("0x1F", Int, "31"),
            ("0b1", Int, "1"),
            ("-0b11", Int, "-3"),
            ("1_000", Int, "1000"),
            ("+5", Int, "5"),
            ("089", Float, "89"),
            ("1e3", Float, "1000"),
            ("1.50", Float, "1.5"),
            (".5", Float, "0.5"),
            ("1e21", Float, "1000000000000000000000"),
            (".inf", Float, "+Inf"),
            ("-.INF", Float, "-Inf"),
            (".NaN", Float, "NaN"),
            ("99999999999999999999", Float, "100000000000000000000"),
            ("9223372036854775807", Int, "9223372036854775807"),
            ("-9223372036854775808", Int, "-9223372036854775808"),
            ("2020-01-01", Time, "2020-01-01T00:00:00Z"),
            ("12:30:45", Str, "12:30:45"),
            ("1.2.3", Str, "1.2.3"),
            ("0x", Str, "0x"),
            ("-", Str, "-"),
            ("<<", Str, "<<"),
        ] {
            let Value::Scalar(scalar) = resolve(text).unwrap() else { panic!("{text} is null") };
            assert_eq!((scalar.kind, &*scalar.text), (kind, wanted), "{text}");
        }
        assert_eq!(resolve("~"), Ok(Value::Null));
        assert_eq!(resolve("18446744073709551615"), Err(Unfit::Integer));
    }

    #[test]
    fn tags_decide() {
        let got = |text: &str, tag: &str| value(text, true, Some(tag));
        assert_eq!(got("1", "!!str"), Ok("1".into()));
        assert_eq!(got("1", "!x"), Ok("1".into()));
        assert_eq!(got("<<", "!!merge"), Ok("<<".into()));
        assert_eq!(got("1", "!"), Ok("1".into()));
        assert!(matches!(got("1", "!!float"), Ok(Value::Scalar(Scalar { kind: Kind::Float, .. }))));
        assert_eq!(got("x", "!!int"), Err(Unfit::Tag));
        assert_eq!(got("eA==", "!!binary"), Err(Unfit::UnknownTag));
        assert_eq!(value("1", false, None), Ok("1".into()));
    }
}
