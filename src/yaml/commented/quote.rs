//! How scalars are written: in the style that go-yaml v3 chooses, so that every reader gets them back.

use super::{Kind, Scalar, Value, typing};
use crate::plain::PlainText;

/// How a string is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    /// A literal block, `|`.
    Block,
}

/// The style of a string; keys are never blocks.
pub(super) fn style(text: &str, is_key: bool) -> Style {
    let can = Can::of(text);
    if text.contains('\n') {
        return if can.block && !is_key { Style::Block } else { Style::Double };
    }
    let is_text = matches!(typing::resolve(text), Ok(Value::Scalar(Scalar { kind: Kind::Str, .. })));
    if !is_text || text == "<<" || is_base_60(text) || is_old_boolean(text) {
        Style::Double
    } else if can.plain {
        Style::Plain
    } else if can.single {
        Style::Single
    } else {
        Style::Double
    }
}

/// What the characters of a string allow.
struct Can {
    plain: bool,
    single: bool,
    block: bool,
}

impl Can {
    fn of(text: &str) -> Self {
        let printable = |c: char| matches!(c, '\n' | '\t') || is_printable(c);
        let special = !text.chars().all(printable);
        let tab = text.contains('\t');
        let space_break = text.contains(" \n");
        let ends_blank = text.ends_with(' ') || text.starts_with([' ', '\n']) || text.ends_with('\n');
        let single = !special && !tab && !space_break && !text.contains("\n ");
        Self {
            plain: single && !ends_blank && !text.contains('\n') && !has_indicator(text),
            single,
            block: !special
                && !space_break
                && !text.ends_with(' ')
                && !text.starts_with([' ', '\n', '\t'])
                && !text.contains("\n\t"),
        }
    }
}

/// Characters that stand as they are; what lies beyond the first plane is escaped.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// Does it begin with, or hold, something that means more in a block?
fn has_indicator(text: &str) -> bool {
    let blank_after = |at: usize| text[at..].chars().next().is_none_or(|c| matches!(c, ' ' | '\t'));
    let starts = match text.chars().next() {
        Some(
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`',
        ) => true,
        Some('?' | ':' | '-') => blank_after(1),
        _ => false,
    };
    starts
        || text.starts_with("---")
        || text.starts_with("...")
        || text.match_indices(':').any(|(at, _)| blank_after(at + 1))
        || text.contains(" #")
}

/// `190:20:30`: a number to YAML 1.1.
fn is_base_60(text: &str) -> bool {
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let Some((first, rest)) = rest.split_once(':') else { return false };
    let (parts, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    first.starts_with(|c: char| c.is_ascii_digit())
        && digits(first)
        && digits(fraction)
        && parts.split(':').all(|part| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
}

/// A boolean to YAML 1.1.
fn is_old_boolean(text: &str) -> bool {
    let words =
        ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF"];
    words.contains(&text)
}

/// Appends a scalar that takes no block.
pub(super) fn inline(out: &mut PlainText, scalar: &Scalar, is_key: bool) {
    match scalar.kind {
        Kind::Str => match style(&scalar.text, is_key) {
            Style::Plain => out.push_str(&scalar.text),
            Style::Single => single(out, &scalar.text),
            Style::Double | Style::Block => double(out, &scalar.text),
        },
        Kind::Bool => out.push_str(if &*scalar.text == "True" { "true" } else { "false" }),
        Kind::Float => out.push_str(&float(&scalar.text)),
        Kind::Int | Kind::Time => out.push_str(&scalar.text),
    }
}

fn single(out: &mut PlainText, text: &str) {
    out.push_str("'");
    for (at, part) in text.split('\'').enumerate() {
        if at > 0 {
            out.push_str("''");
        }
        out.push_str(part);
    }
    out.push_str("'");
}

fn double(out: &mut PlainText, text: &str) {
    out.push_str("\"");
    let mut done = 0;
    for (at, c) in text.char_indices() {
        if is_printable(c) && !matches!(c, '"' | '\\') {
            continue;
        }
        out.push_str(&text[done..at]);
        done = at + c.len_utf8();
        match escape(c) {
            Some(short) => out.push_str(short),
            None => {
                let code = u32::from(c);
                let long = match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                out.push_str(&long);
            }
        }
    }
    out.push_str(&text[done..]);
    out.push_str("\"");
}

fn escape(c: char) -> Option<&'static str> {
    Some(match c {
        '\0' => "\\0",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\u{b}' => "\\v",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        '\u{1b}' => "\\e",
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{85}' => "\\N",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        _ => return None,
    })
}

/// A float in the form that Go writes (`%g`), but always one that reads back as a float.
fn float(text: &str) -> String {
    let Ok(float) = text.parse::<f64>() else { return text.to_owned() };
    if float.is_nan() {
        return ".nan".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{float:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    let plain = float.to_string();
    if plain.contains('.') { plain } else { plain + ".0" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut out = PlainText::default();
        inline(&mut out, &Scalar::text(text), false);
        out.to_string()
    }

    #[test]
    fn strings_are_quoted_as_go_yaml_does() {
        for (text, wanted) in [
            ("x", "x"),
            ("", "\"\""),
            ("yes", "\"yes\""),
            ("12", "\"12\""),
            ("2020-01-01", "\"2020-01-01\""),
            ("1:20", "\"1:20\""),
            ("a: b", "'a: b'"),
            ("it's", "it's"),
            ("'x'", "'''x'''"),
            (" x", "' x'"),
            ("a\tb", "\"a\\tb\""),
            ("a\nb", "\"a\\nb\""),
            ("😀", "\"\\U0001F600\""),
            ("\u{feff}", "\"\\uFEFF\""),
            ("\u{85}", "\"\\N\""),
            (
                "ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]",
                "ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]",
            ),
        ] {
            assert_eq!(written(text), wanted);
        }
    }

    #[test]
    fn floats_stay_floats() {
        for (text, wanted) in [
            ("1.5", "1.5"),
            ("3", "3.0"),
            ("-0", "-0.0"),
            ("0.00001", "1e-05"),
            ("0.0001", "0.0001"),
            ("1000000", "1e+06"),
            ("1234567.5", "1.2345675e+06"),
            ("1000000000000000000000", "1e+21"),
            ("100000", "100000.0"),
            ("NaN", ".nan"),
            ("-Inf", "-.inf"),
        ] {
            assert_eq!(float(text), wanted);
        }
    }
}
