//! What a plain scalar means: as Kubernetes (go-yaml behind `sigs.k8s.io/yaml`) reads it, and whether other
//! readers agree.

use super::{Style, Value};
use crate::diag::Diagnostic;
use std::sync::Arc;

/// What Kubernetes takes a plain scalar for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// `null`, `~`, nothing.
    Null,
    /// `true`, `yes`, `y`, `on` and the no-side.
    Bool(bool),
    /// An integer in any base.
    Int(i64),
    /// A finite float.
    Float(f64),
    /// Text; dates and `12:30:45` too.
    Str,
    /// An integer that does not fit into 64 bits with a sign.
    Huge,
    /// `.inf`, `.nan`: Kubernetes refuses the document.
    NonFinite,
}

/// Resolves a plain scalar as go-yaml does.
pub fn resolve(text: &str) -> Scalar {
    match text.bytes().next() {
        None => Scalar::Null,
        Some(b'0'..=b'9' | b'+' | b'-') => number(text),
        Some(b'.') if is_infinite(text) || is_nan(text) => Scalar::NonFinite,
        Some(b'.') => fraction(text).map_or(Scalar::Str, Scalar::Float),
        Some(b'~' | b'n' | b'N' | b'y' | b'Y' | b't' | b'T' | b'f' | b'F' | b'o' | b'O') => word(text),
        Some(_) => Scalar::Str,
    }
}

fn word(text: &str) -> Scalar {
    match text {
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => {
            Scalar::Bool(false)
        }
        _ => Scalar::Str,
    }
}

/// What begins with a digit or a sign. Go's base prefixes, a leading zero is octal, `_` means nothing.
fn number(text: &str) -> Scalar {
    if is_infinite(text) {
        return Scalar::NonFinite;
    }
    let without;
    let plain = if text.contains('_') {
        without = text.replace('_', "");
        &*without
    } else {
        text
    };
    if !plain.bytes().any(|b| b.is_ascii_digit()) {
        return Scalar::Str;
    }
    match integer(plain) {
        Some(Some(int)) => Scalar::Int(int),
        Some(None) => Scalar::Huge,
        None => decimal(plain),
    }
}

/// What begins with a dot: here `_` counts only between two digits.
pub(super) fn fraction(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return finite(text);
    }
    let between = |w: &[u8]| w[1] != b'_' || (w[0].is_ascii_digit() && w[2].is_ascii_digit());
    let good = !text.ends_with('_') && text.as_bytes().windows(3).all(between);
    good.then(|| finite(&text.replace('_', ""))).flatten()
}

/// What is no integer to Go: a float, digits that only look octal (`0189`), or a sign after `0b`.
fn decimal(plain: &str) -> Scalar {
    match finite(plain) {
        None => plain
            .strip_prefix("0b")
            .and_then(|bits| i64::from_str_radix(bits, 2).ok())
            .map_or(Scalar::Str, Scalar::Int),
        Some(float) if plain.contains(['.', 'e', 'E']) => Scalar::Float(float),
        Some(_) => plain.parse().map_or(Scalar::Huge, Scalar::Int),
    }
}

/// `Some(None)`: an integer, but one that only fits into 64 bits without a sign.
pub(super) fn integer(plain: &str) -> Option<Option<i64>> {
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(plain);
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &unsigned[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &unsigned[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if plain.starts_with('-') {
        return 0i64.checked_sub_unsigned(magnitude).map(Some);
    }
    match i64::try_from(magnitude) {
        Ok(int) => Some(Some(int)),
        Err(_) if plain.starts_with('+') => None,
        Err(_) => Some(None),
    }
}

/// A decimal float that fits; not `inf`, not hexadecimal.
pub(super) fn finite(plain: &str) -> Option<f64> {
    let rest = plain.strip_prefix(['+', '-']).unwrap_or(plain);
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let good = match mantissa.split_once('.') {
        None => digits(mantissa),
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
    };
    let exponent = exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)));
    (good && exponent).then(|| plain.parse::<f64>().ok()).flatten().filter(|f| f.is_finite())
}

pub(super) fn is_infinite(text: &str) -> bool {
    matches!(text.strip_prefix(['+', '-']).unwrap_or(text), ".inf" | ".Inf" | ".INF")
}

pub(super) fn is_nan(text: &str) -> bool {
    matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// Why readers (YAML 1.1, YAML 1.2, go-yaml, PyYAML, kustomize) disagree on a plain scalar, in a few words for a
/// message: "some readers take it for …". `None` if all read the same.
pub fn disputed(text: &str) -> Option<&'static str> {
    if !matches!(
        text.bytes().next()?,
        b'0'..=b'9' | b'+' | b'-' | b'.' | b'=' | b'<' | b'y' | b'Y' | b'n' | b'N' | b'o' | b'O'
    ) {
        return None;
    }
    if matches!(text, "=" | "<<") {
        return Some("some readers give it a meaning of its own");
    }
    if timestamp(text) {
        return Some("some readers take it for a date");
    }
    let ours = resolve(text);
    let (core, old) = (core(text), yaml11(text));
    if ours == core && ours == old {
        return None;
    }
    Some(match (ours, old) {
        (Scalar::Bool(_), _) => "some readers take it for a boolean, others for text",
        _ if text.contains(':') => "some readers take it for a number of base 60",
        (Scalar::Int(_) | Scalar::Huge, _) if octal_looking(text) => {
            "some readers take it for an octal number, others for a decimal one or text"
        }
        _ => "some readers take it for a number, others for text",
    })
}

fn octal_looking(text: &str) -> bool {
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(rest.as_bytes(), [b'0', b'o' | b'O' | b'0'..=b'9' | b'_', ..])
}

/// YAML 1.2 core schema.
fn core(text: &str) -> Scalar {
    if is_infinite(text) || is_nan(text) {
        return Scalar::NonFinite;
    }
    let parsed = |digits: &str, radix| i64::from_str_radix(digits, radix).map_or(Scalar::Huge, Scalar::Int);
    let all = |s: &str, radix| !s.is_empty() && s.chars().all(|c: char| c.is_digit(radix));
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        _ => {}
    }
    if let Some(digits) = text.strip_prefix("0x").filter(|d| all(d, 16)) {
        return parsed(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o").filter(|d| all(d, 8)) {
        return parsed(digits, 8);
    }
    if all(text.strip_prefix(['+', '-']).unwrap_or(text), 10) {
        return parsed(text, 10);
    }
    finite(text).map_or(Scalar::Str, Scalar::Float)
}

/// YAML 1.1 as PyYAML and its kin implement it; sexagesimal numbers stand as [`Scalar::NonFinite`], their value does
/// not matter.
fn yaml11(text: &str) -> Scalar {
    if is_infinite(text) || is_nan(text) {
        return Scalar::NonFinite;
    }
    let truth = word(text);
    if truth != Scalar::Str {
        return if text.len() == 1 && text != "~" { Scalar::Str } else { truth };
    }
    let (negative, rest) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let only = |s: &str, ok: fn(u8) -> bool| s.bytes().all(|b| ok(b) || b == b'_');
    let int = |digits: &str, radix| {
        let digits = format!("{}{}", if negative { "-" } else { "" }, digits.replace('_', ""));
        i64::from_str_radix(&digits, radix).map_or(Scalar::Huge, Scalar::Int)
    };
    let decimal_start = rest.as_bytes().first().is_some_and(u8::is_ascii_digit);
    match rest.as_bytes() {
        [b'0', b'b', _, ..] if only(&rest[2..], |b| matches!(b, b'0' | b'1')) => return int(&rest[2..], 2),
        [b'0', b'x', _, ..] if only(&rest[2..], |b| b.is_ascii_hexdigit()) => return int(&rest[2..], 16),
        [b'0', _, ..] if only(&rest[1..], |b| matches!(b, b'0'..=b'7')) => return int(&rest[1..], 8),
        [b'0'] => return Scalar::Int(0),
        [b'1'..=b'9', ..] if only(rest, |b| b.is_ascii_digit()) => return int(rest, 10),
        _ => {}
    }
    if decimal_start && sexagesimal(rest) {
        return Scalar::NonFinite;
    }
    if let Some((whole, fraction)) = rest.split_once('.') {
        let (fraction, exponent) = match fraction.find(['e', 'E']) {
            Some(at) => (&fraction[..at], Some(&fraction[at + 1..])),
            None => (fraction, None),
        };
        let exponent = exponent.is_none_or(|e| {
            e.strip_prefix(['+', '-']).is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
        });
        let digits = |s: &str| only(s, |b| b.is_ascii_digit());
        let bare = whole.is_empty()
            && text.starts_with('.')
            && fraction.as_bytes().first().is_some_and(u8::is_ascii_digit);
        if exponent && digits(fraction) && (bare || (decimal_start && digits(whole))) {
            return text.replace('_', "").parse().map_or(Scalar::Str, Scalar::Float);
        }
    }
    Scalar::Str
}

/// `12:30:45`, `190:20:30.15`.
fn sexagesimal(rest: &str) -> bool {
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or("");
    let mut count = 0;
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    digits(first)
        && digits(fraction)
        && parts.all(|part| {
            count += 1;
            matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9'])
        })
        && count > 0
}

/// `2024-04-01`, with or without a time of day.
fn timestamp(text: &str) -> bool {
    let part = |s: &str| matches!(s.len(), 1 | 2) && s.bytes().all(|b| b.is_ascii_digit());
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let day = rest.split(['T', 't', ' ', '\t']).next().unwrap_or("");
    let clock = &rest[day.len()..];
    year.len() == 4
        && year.bytes().all(|b| b.is_ascii_digit())
        && part(month)
        && part(day)
        && clock.bytes().all(|b| b.is_ascii_digit() || b"Tt \tZz:.+-".contains(&b))
}

/// The value of a scalar as it was written: `tag` like `!!str`, `!!int`, `!`.
///
/// # Errors
/// Integers beyond 64 bits, `.inf` and `.nan`, values that do not fit their tag, unknown tags. The diagnostic has no
/// place yet.
pub fn literal(text: &Arc<str>, style: Style, tag: Option<&str>) -> Result<Value, Box<Diagnostic>> {
    let plain = |resolved| match resolved {
        Scalar::Null => Ok(Value::Null),
        Scalar::Bool(b) => Ok(Value::Bool(b)),
        Scalar::Int(i) => Ok(Value::Int(i)),
        Scalar::Float(f) => Ok(Value::Float(f)),
        Scalar::Str => Ok(Value::Str(text.clone())),
        Scalar::Huge => Err(Box::new(
            Diagnostic::error("yaml/integer", format!("the integer `{text}` does not fit into 64 bits"))
                .help("quote it if it is meant as text"),
        )),
        Scalar::NonFinite => Err(Box::new(
            Diagnostic::error("yaml/float", format!("`{text}` is no number that Kubernetes can hold"))
                .help("quote it if it is meant as text"),
        )),
    };
    let Some(tag) = tag else {
        return if style == Style::Plain { plain(resolve(text)) } else { Ok(Value::Str(text.clone())) };
    };
    let resolved = resolve(text);
    match (tag, resolved) {
        ("!" | "!!str", _) => Ok(Value::Str(text.clone())),
        ("!!float", Scalar::Int(i)) => Ok(Value::Float(i as f64)),
        ("!!int", Scalar::Int(_) | Scalar::Huge)
        | ("!!float", Scalar::Float(_) | Scalar::NonFinite)
        | ("!!bool", Scalar::Bool(_))
        | ("!!null", Scalar::Null) => plain(resolved),
        ("!!int" | "!!float" | "!!bool" | "!!null", _) => Err(Box::new(
            Diagnostic::error("yaml/tag", format!("`{text}` does not fit its tag `{tag}`"))
                .help(format!("remove `{tag}` or correct the value")),
        )),
        _ => Err(unknown_tag(tag)),
    }
}

/// The error for a tag that is not one of YAML's own simple ones; without a place yet.
pub fn unknown_tag(tag: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::error("yaml/tag", format!("the tag `{tag}` has no meaning here")).help(
        "remove the tag; only `!!str`, `!!int`, `!!float`, `!!bool`, `!!null`, `!!map` and `!!seq` are known",
    ))
}

/// A float as a key, as Kubernetes' reader prints it: `%g` of 32 bits.
pub(super) fn float_key(float: f64) -> String {
    let scientific = format!("{:e}", float as f32);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(e) if !(-4..6).contains(&e) => {
            let sign = if e < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", e.unsigned_abs())
        }
        _ => format!("{}", float as f32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use Scalar::{Bool, Float, Huge, Int, NonFinite, Null, Str};

    /// kubectl's answers.
    const ANSWERS: &[(Scalar, &[&str])] = &[
        (Null, &["", "~", "null", "Null", "NULL"]),
        (Bool(true), &["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"]),
        (Bool(false), &["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"]),
        (Int(0), &["0", "-0", "+0", "00", "0_0", "0b+0"]),
        (Int(8), &["8", "08", "0_8", "010", "0o10", "+8", "0b1000"]),
        (Int(10), &["012", "10", "1_0", "1__0", "0xa", "0XA", "0x_A"]),
        (Int(31), &["0x1F", "0X1F", "0x1_F", "+0x1F"]),
        (Int(-1), &["-1", "-0b1", "0b-1", "-0x1", "-01", "-0o1", "-_1"]),
        (Int(493), &["0755", "0o755", "0O755"]),
        (Int(189), &["0189", "189"]),
        (Int(42798), &["0123456"]),
        (Int(i64::MAX), &["9223372036854775807", "0x7fffffffffffffff"]),
        (Int(i64::MIN), &["-9223372036854775808"]),
        (Float(1.1), &["1.1", "1.10", "+1.1", "1.1_0"]),
        (Float(0.5), &[".5", "+.5", "0.5", ".5_0", "5e-1", "5E-1", "00.5"]),
        (Float(1.0), &["1.", "1.0", "1e0", "1_0e-1"]),
        (Float(12e10), &["12e10", "12E10", "12e+10"]),
        (Float(685_230.15), &["685_230.15", "685230.15"]),
        (
            Huge,
            &["9223372036854775808", "12345678901234567890", "-9223372036854775809", "0xffffffffffffffff"],
        ),
        (NonFinite, &[".inf", ".Inf", ".INF", "+.inf", "-.INF", ".nan", ".NaN", ".NAN"]),
        (
            Str,
            &[
                "tRue",
                "yEs",
                "nUll",
                "oN",
                "0o8",
                "0x",
                "0x_",
                "0b_",
                "0b2",
                "._",
                "_1",
                "._5",
                ".5_",
                ".5__0",
                "1:20",
                "12:30:45",
                "190:20:30.15",
                "2024-04-01",
                "2001-12-14t21:59:43.10-05:00",
                "1e1000",
                "-1e1000",
                "=",
                "<<",
                "500m",
                "64Mi",
                "1.2.3",
                "1e",
                "1e+",
                "+",
                "-",
                "--1",
                "1-1",
                "inf",
                "nan",
                "+.nan",
                ".iNf",
                "0x1.8p3",
                "é",
                "0xffffffffffffffffff",
            ],
        ),
    ];

    #[test]
    fn plain_scalars_mean_what_kubernetes_says() {
        for (meaning, texts) in ANSWERS {
            for text in *texts {
                assert_eq!(resolve(text), *meaning, "{text}");
            }
        }
    }

    const AGREED: &[&str] = &[
        "",
        "~",
        "null",
        "true",
        "False",
        "0",
        "1",
        "-1",
        "+1",
        "8080",
        "0x1F",
        "1.10",
        "3.0",
        "1.",
        ".5",
        "-0.5",
        "1.5e+3",
        "500m",
        "64Mi",
        "30d",
        "1.2.3",
        "10.0.0.0/8",
        "a",
        "yellow",
        "none",
        "on-call",
        "12:99:99",
        "http://x:80",
        "2024-04-01-rc1",
        "-x",
        "tRue",
        "9223372036854775807",
        "-9223372036854775808",
    ];

    #[test]
    fn what_readers_disagree_on_is_disputed_and_the_rest_is_not() {
        let reason = |text| disputed(text).unwrap_or("-");
        for text in ["y", "N", "yes", "No", "ON", "off"] {
            assert_eq!(reason(text), "some readers take it for a boolean, others for text", "{text}");
        }
        for text in ["0755", "0o14", "08", "0189", "-012", "00_1"] {
            assert_eq!(
                reason(text),
                "some readers take it for an octal number, others for a decimal one or text",
                "{text}"
            );
        }
        for text in
            ["1e3", "12e10", "1E5", "1_000", "1.5e3", "-.5", "0b101", "0X1F", "+0x1F", ".5_0", "0x_", "1_0.5"]
        {
            assert_eq!(reason(text), "some readers take it for a number, others for text", "{text}");
        }
        for text in ["2024-04-01", "2024-4-1", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43"] {
            assert_eq!(reason(text), "some readers take it for a date", "{text}");
        }
        for text in ["12:30:45", "1:20", "190:20:30.15", "-1:30"] {
            assert_eq!(reason(text), "some readers take it for a number of base 60", "{text}");
        }
        for text in ["=", "<<"] {
            assert_eq!(reason(text), "some readers give it a meaning of its own", "{text}");
        }
        for text in AGREED {
            assert_eq!(disputed(text), None, "{text}");
        }
    }

    #[test]
    fn tags_decide_and_must_fit() {
        let read = |text: &str, style, tag| {
            literal(&text.into(), style, tag).map_err(|e| format!("{} {}", e.id, e.message))
        };
        assert_eq!(read("yes", Style::Plain, Some("!!str")), Ok("yes".into()));
        assert_eq!(read("5", Style::Plain, Some("!")), Ok("5".into()));
        assert_eq!(read("3", Style::Quoted, Some("!!int")), Ok(Value::Int(3)));
        assert_eq!(read("3", Style::Plain, Some("!!float")), Ok(Value::Float(3.0)));
        assert_eq!(read("yes", Style::Quoted, Some("!!bool")), Ok(Value::Bool(true)));
        assert_eq!(read("", Style::Quoted, Some("!!null")), Ok(Value::Null));
        assert_eq!(read("5", Style::Quoted, None), Ok("5".into()));
        assert_eq!(read("5", Style::Block, None), Ok("5".into()));
        let bad = |text, tag| read(text, Style::Plain, tag).expect_err("refused");
        assert_eq!(bad("x", Some("!!int")), "yaml/tag `x` does not fit its tag `!!int`");
        assert_eq!(bad("1.5", Some("!!int")), "yaml/tag `1.5` does not fit its tag `!!int`");
        assert_eq!(bad("aGk=", Some("!!binary")), "yaml/tag the tag `!!binary` has no meaning here");
        assert_eq!(bad("x", Some("!custom")), "yaml/tag the tag `!custom` has no meaning here");
        assert_eq!(
            bad("9223372036854775808", None),
            "yaml/integer the integer `9223372036854775808` does not fit into 64 bits"
        );
        assert_eq!(bad(".inf", Some("!!float")), "yaml/float `.inf` is no number that Kubernetes can hold");
    }

    #[test]
    fn float_keys_read_as_kubernetes_prints_them() {
        let table = [
            (1e3, "1000"),
            (1.1, "1.1"),
            (1e21, "1e+21"),
            (0.00001, "1e-05"),
            (0.0001, "0.0001"),
            (123_456.789, "123456.79"),
            (1_000_000.5, "1.0000005e+06"),
            (3.0, "3"),
            (-0.5, "-0.5"),
        ];
        for (float, text) in table {
            assert_eq!(float_key(float), text);
        }
    }
}
