//! Durations: Go's (`1h30m`, as Kubernetes and Flux take them) and Prometheus' (`30d`, `2w`).

/// A length of time in nanoseconds, not negative, at most 292 years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(i64);

const MS: i64 = 1_000_000;
const GO: [(&str, i64); 4] = [("h", 3_600_000 * MS), ("m", 60_000 * MS), ("s", 1000 * MS), ("ms", MS)];
const DAY: i64 = 24 * 3_600_000 * MS;
const LONG: [(&str, i64); 3] = [("y", 365 * DAY), ("w", 7 * DAY), ("d", DAY)];

impl Duration {
    /// Reads what Flux and Kubernetes read: numbers with `ms`, `s`, `m`, `h`; fractions are fine.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn go(text: &str) -> Result<Duration, String> {
        match parse(text, &GO) {
            Err(why) if parse(text, &all()).is_ok() => {
                Err(format!("{why}; days and weeks are written in hours here, `24h`"))
            }
            other => other,
        }
    }

    /// Reads what Prometheus reads: whole numbers with `y`, `w`, `d`, `h`, `m`, `s`, `ms`, in this order, or
    /// `0`. A year has 365 days.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn prometheus(text: &str) -> Result<Duration, String> {
        if text == "0" {
            return Ok(Duration(0));
        }
        if text.contains('.') {
            return Err("Prometheus takes no fractions".to_owned());
        }
        let units = all();
        let mut last = None;
        for (_, unit) in pieces(text)? {
            let index = units.iter().position(|(u, _)| *u == unit);
            if index.is_some() && index <= last {
                return Err(format!("`{unit}` stands in the wrong order: y w d h m s ms, each once"));
            }
            last = index.or(last);
        }
        parse(text, &units)
    }

    /// Reads either.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn any(text: &str) -> Result<Duration, String> {
        if text == "0" { Ok(Duration(0)) } else { parse(text, &all()) }
    }

    /// The sum; `None` if it is too long.
    #[must_use]
    pub fn checked_add(self, other: Duration) -> Option<Duration> {
        self.0.checked_add(other.0).map(Duration)
    }

    /// The product with a factor in billionths, rounded down to a nanosecond; `None` if it is too long or
    /// negative.
    #[must_use]
    pub fn checked_mul(self, billionths: i128) -> Option<Duration> {
        let product = i128::from(self.0).checked_mul(billionths)? / 1_000_000_000;
        i64::try_from(product).ok().filter(|n| *n >= 0).map(Duration)
    }

    /// Nanoseconds.
    pub fn nanos(self) -> i64 {
        self.0
    }

    /// As Go reads it, without empty parts: `1h30m`, `500ms`, `0s`.
    pub fn to_go(self) -> String {
        let mut text = String::new();
        let mut rest = self.0;
        for (unit, size) in GO {
            let count = rest / size;
            rest %= size;
            if unit == "ms" && rest > 0 {
                let fraction = format!("{rest:06}");
                text.push_str(&format!("{count}.{}ms", fraction.trim_end_matches('0')));
            } else if count > 0 {
                text.push_str(&format!("{count}{unit}"));
            }
        }
        if text.is_empty() { "0s".to_owned() } else { text }
    }

    /// As Prometheus writes it: years and weeks only when they fit exactly; `None` below a millisecond.
    pub fn to_prometheus(self) -> Option<String> {
        if self.0 % MS != 0 {
            return None;
        }
        if self.0 == 0 {
            return Some("0s".to_owned());
        }
        let mut text = String::new();
        let mut rest = self.0;
        for (unit, size) in all() {
            if matches!(unit, "y" | "w") && rest % size != 0 {
                continue;
            }
            if rest / size > 0 {
                text.push_str(&format!("{}{unit}", rest / size));
                rest %= size;
            }
        }
        Some(text)
    }
}

fn all() -> Vec<(&'static str, i64)> {
    LONG.into_iter().chain(GO).collect()
}

/// Numbers and their units.
fn pieces(text: &str) -> Result<Vec<(&str, &str)>, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if text.len() > 100 {
        return Err("it is too long".to_owned());
    }
    let mut rest = text;
    let mut list = Vec::new();
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (digits, more) = rest.split_at(number);
        let unit = more.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(more.len());
        let (unit, more) = more.split_at(unit);
        if !digits.bytes().any(|b| b.is_ascii_digit()) {
            return Err(format!("a number is missing before `{unit}`"));
        }
        if unit.is_empty() {
            return Err(format!("a unit is missing after `{digits}`"));
        }
        list.push((digits, unit));
        rest = more;
    }
    Ok(list)
}

fn parse(text: &str, units: &[(&str, i64)]) -> Result<Duration, String> {
    let mut total: i128 = 0;
    for (digits, unit) in pieces(text)? {
        let known = || units.iter().map(|(u, _)| *u).collect::<Vec<_>>().join(", ");
        let size = units.iter().find(|(u, _)| *u == unit).map(|(_, size)| i128::from(*size));
        let size = size.ok_or_else(|| format!("`{unit}` is not a unit; they are {}", known()))?;
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let number = |s: &str| if s.is_empty() { Some(0) } else { s.parse::<i128>().ok() };
        // no unit has more than 17 digits of nanoseconds
        let cut = &fraction[..fraction.len().min(17)];
        let part = number(cut).zip(u32::try_from(cut.len()).ok());
        let part = part.filter(|_| fraction.bytes().all(|b| b.is_ascii_digit()));
        let (part, places) = part.ok_or_else(|| format!("`{digits}` is not a number"))?;
        let amount = number(whole).and_then(|w| w.checked_mul(size));
        total = amount
            .and_then(|a| a.checked_add(part * size / 10_i128.pow(places)))
            .and_then(|a| total.checked_add(a))
            .ok_or_else(|| "it is too long".to_owned())?;
    }
    i64::try_from(total).map(Duration).map_err(|_| "it is too long".to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn go_durations() {
        for (given, expected) in [
            ("10m", "10m"),
            ("90s", "1m30s"),
            ("1.5h", "1h30m"),
            ("0s", "0s"),
            ("1h0m0s", "1h"),
            ("1500ms", "1s500ms"),
            ("0.5ms", "0.5ms"),
            ("24h", "24h"),
            ("1m1m", "2m"),
        ] {
            assert_eq!(Duration::go(given).unwrap().to_go(), expected, "{given}");
        }
        for bad in ["", "10", "m", "1d", "1 h", "-1h", "1.2.3s", "1h5", ".s", "9999999999h", "1µs", "٣s"] {
            assert!(Duration::go(bad).is_err(), "{bad}");
        }
        assert!(Duration::go("30d").unwrap_err().contains("24h"));
    }

    #[test]
    fn prometheus_durations() {
        for (given, expected) in [
            ("30d", "30d"),
            ("14d", "2w"),
            ("1y", "1y"),
            ("1h30m", "1h30m"),
            ("0", "0s"),
            ("90m", "1h30m"),
            ("1w1d", "8d"),
            ("5ms", "5ms"),
        ] {
            assert_eq!(Duration::prometheus(given).unwrap().to_prometheus().unwrap(), expected, "{given}");
        }
        for bad in ["", "1.5h", "1m1h", "1h1h", "1", "d", "1month", "99999y"] {
            assert!(Duration::prometheus(bad).is_err(), "{bad}");
        }
        assert_eq!(Duration::any("1d12h").unwrap().to_go(), "36h");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(nanos in 0_i64..) {
            let duration = Duration(nanos);
            prop_assert_eq!(Duration::go(&duration.to_go()), Ok(duration));
            if let Some(text) = duration.to_prometheus() {
                prop_assert_eq!(Duration::prometheus(&text), Ok(duration));
            }
        }

        #[test]
        fn no_text_panics(text in "([0-9.]{0,25}[a-zµ]{0,2}){0,5}") {
            let _ = (Duration::go(&text), Duration::prometheus(&text), Duration::any(&text));
        }
    }
}
