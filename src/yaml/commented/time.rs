//! Points in time as go-yaml v3 takes them from plain scalars, in the text that Go writes for them (RFC 3339).

/// A date, with a time of day or without, in RFC 3339 with a fraction as needed; `None` if the text is none.
///
/// The forms are `2006-1-2`, `2006-1-2 15:4:5.9` (UTC) and `2006-1-2T15:4:5.9Z07:00`, with `t` for `T` as well.
pub(super) fn timestamp(text: &str) -> Option<String> {
    let (year, rest) = (text.get(..4)?, text.get(4..)?.strip_prefix('-')?);
    if !year.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (month, rest) = number(rest)?;
    let (day, rest) = number(rest.strip_prefix('-')?)?;
    let year: u32 = year.parse().ok()?;
    if !(1..=12).contains(&month) || day < 1 || day > days(year, month) {
        return None;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    if rest.is_empty() {
        return Some(format!("{date}T00:00:00Z"));
    }
    let zoned = !rest.starts_with(' ');
    let rest = rest.strip_prefix([' ', 'T', 't'])?;
    let (clock, rest) = clock(rest)?;
    let zone = if zoned { zone(rest)? } else { rest.is_empty().then_some("Z")? };
    Some(format!("{date}T{clock}{zone}"))
}

/// One or two digits, and what follows them.
fn number(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `15:4:5.90` as `15:04:05.9`, and what follows it.
fn clock(text: &str) -> Option<(String, &str)> {
    let (hour, rest) = number(text)?;
    let (minute, rest) = number(rest.strip_prefix(':')?)?;
    let (second, rest) = number(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let clock = format!("{hour:02}:{minute:02}:{second:02}");
    let Some(after) = rest.strip_prefix(['.', ',']) else { return Some((clock, rest)) };
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return None;
    }
    // Go keeps nanoseconds.
    let fraction = after[..digits.min(9)].trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    Some((format!("{clock}{dot}{fraction}"), &after[digits..]))
}

/// `Z` or `+01:30`; no offset at all is `Z`.
fn zone(text: &str) -> Option<&str> {
    if text == "Z" {
        return Some(text);
    }
    let two = |at: usize| {
        text.get(at..at + 2)?.bytes().all(|b| b.is_ascii_digit()).then(|| text[at..at + 2].parse().ok())?
    };
    let (hour, minute): (u32, u32) = (two(1)?, two(4)?);
    let formed = text.len() == 6 && text.starts_with(['+', '-']) && text.as_bytes()[3] == b':';
    // Go reads offsets up to 24:60 and refuses to write those of 24 hours and more.
    (formed && hour < 24 && minute < 60).then_some(if hour == 0 && minute == 0 { "Z" } else { text })
}

#[cfg(test)]
mod tests {
    use super::timestamp;

    #[test]
    fn forms_of_go_yaml() {
        for (text, wanted) in [
            ("2020-01-01", "2020-01-01T00:00:00Z"),
            ("2020-1-2", "2020-01-02T00:00:00Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z"),
            ("2020-01-01 1:2:3", "2020-01-01T01:02:03Z"),
            ("2020-01-01 10:20:30.500", "2020-01-01T10:20:30.5Z"),
            ("2020-01-01T10:20:30Z", "2020-01-01T10:20:30Z"),
            ("2020-01-01t10:20:30.1234567899+02:30", "2020-01-01T10:20:30.123456789+02:30"),
            ("2020-01-01T10:20:30+00:00", "2020-01-01T10:20:30Z"),
        ] {
            assert_eq!(timestamp(text).as_deref(), Some(wanted), "{text}");
        }
        for text in [
            "2020",
            "2020-13-01",
            "2023-02-29",
            "2020-00-01",
            "20-01-01",
            "2020-01-01T10:20:30",
            "2020-01-01 10:20",
            "2020-01-01 24:00:00",
            "2020-01-01 10:20:30 +1",
            "2020-01-01T10:20:30+1:00",
            "x",
            "2020-01-01x",
            "2020-01-01T10:20:30.Z",
            "éééé-1-1",
            "",
        ] {
            assert_eq!(timestamp(text), None, "{text}");
        }
    }
}
