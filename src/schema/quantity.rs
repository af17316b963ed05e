//! Kubernetes quantities (`100m`, `1.5Gi`, `1e3`): parsing, exact arithmetic, canonical form.
//!
//! Grammar and canonical form follow k8s.io/apimachinery `pkg/api/resource/quantity.go`: precision to a
//! billionth, finer values are rounded away from zero; magnitudes up to 2^63-1. Where Kubernetes caps a
//! larger one silently, this is an error.

use std::{cmp::Ordering, fmt};

/// An exact amount and the family of suffixes it is shown with.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    nanos: i128,
    family: Family,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// `Ki Mi Gi Ti Pi Ei`
    Binary,
    /// `n u m k M G T P E`
    Decimal,
    /// `e3`
    Exponent,
}

const NANO: i128 = 1_000_000_000;
const GREATEST: i128 = (i64::MAX as i128) * NANO;
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];

impl Quantity {
    /// Reads a quantity.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Quantity, String> {
        if text.len() > 100 {
            return Err("it is too long".to_owned());
        }
        let (negative, rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, suffix) = rest.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return Err("it does not begin with a number".to_owned());
        }
        let (family, binary, exponent) = suffix_of(suffix)?;
        let nanos = scaled(whole, fraction, binary, exponent).filter(|n| *n <= GREATEST);
        let nanos = nanos.ok_or_else(|| "it is too large, the greatest is 2^63-1".to_owned())?;
        Ok(Quantity { nanos: if negative { -nanos } else { nanos }, family })
    }

    /// The sum, in the family of the first one that is not zero; `None` if it is too large.
    #[must_use]
    pub fn checked_add(self, other: Quantity) -> Option<Quantity> {
        let family = if self.nanos == 0 { other.family } else { self.family };
        Self::within(self.nanos.checked_add(other.nanos)?, family)
    }

    /// The product with a plain amount, rounded away from zero to a billionth; `None` if it is too large.
    #[must_use]
    pub fn checked_mul(self, factor: Quantity) -> Option<Quantity> {
        let whole = self.nanos.checked_mul(factor.nanos / NANO)?;
        let part = self.nanos.checked_mul(factor.nanos % NANO)?;
        Self::within(whole.checked_add(divide_up(part, NANO))?, self.family)
    }

    fn within(nanos: i128, family: Family) -> Option<Quantity> {
        (nanos.abs() <= GREATEST).then_some(Quantity { nanos, family })
    }

    /// The amount as a whole number, rounded away from zero: bytes.
    pub fn value(self) -> i64 {
        i64::try_from(divide_up(self.nanos, NANO)).unwrap_or(if self.nanos < 0 { i64::MIN } else { i64::MAX })
    }

    /// The amount in billionths.
    pub fn billionths(self) -> i128 {
        self.nanos
    }

    /// The amount in thousandths, rounded away from zero: millicores; `None` beyond 2^63-1.
    pub fn millis(self) -> Option<i64> {
        i64::try_from(divide_up(self.nanos, NANO / 1000)).ok()
    }
}

/// Divides, rounding away from zero.
fn divide_up(amount: i128, by: i128) -> i128 {
    let rest = amount % by;
    amount / by + if rest == 0 { 0 } else { rest.signum() }
}

/// Family, power of 1024, power of ten.
fn suffix_of(suffix: &str) -> Result<(Family, usize, i32), String> {
    if let Some(power) = BINARY.iter().skip(1).position(|s| *s == suffix) {
        return Ok((Family::Binary, power + 1, 0));
    }
    if let Some((_, power)) = DECIMAL.iter().find(|(s, _)| *s == suffix) {
        return Ok((Family::Decimal, 0, *power));
    }
    let power = suffix.strip_prefix(['e', 'E']).and_then(|digits| {
        let bare = digits.strip_prefix(['+', '-']).unwrap_or(digits);
        bare.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i32>().ok()).flatten()
    });
    match power {
        Some(power) => Ok((Family::Exponent, 0, power)),
        None => Err(format!(
            "`{}` is not a suffix; they are n u m k M G T P E, Ki Mi Gi Ti Pi Ei and e3",
            suffix.chars().take(12).collect::<String>()
        )),
    }
}

/// The number in billionths; `None` if it does not fit.
fn scaled(whole: &str, fraction: &str, binary: usize, exponent: i32) -> Option<i128> {
    let fraction = fraction.trim_end_matches('0');
    let digits: String = whole.chars().chain(fraction.chars()).collect();
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(0);
    }
    // what stands behind the thirtieth digit can only change the rounding
    let places = i64::try_from(fraction.len()).ok()?;
    let cut = digits.len().saturating_sub(30);
    let sticky = digits[digits.len() - cut..].bytes().any(|b| b != b'0');
    let amount: i128 = digits[..digits.len() - cut].parse().ok()?;
    let amount = if sticky && cut > 0 { amount.checked_add(1)? } else { amount };
    let power = i64::from(exponent) - places + 9 + i64::try_from(cut).ok()?;
    let amount = amount.checked_mul(1024_i128.checked_pow(u32::try_from(binary).ok()?)?);
    if power >= 0 {
        return amount?.checked_mul(10_i128.checked_pow(u32::try_from(power).ok()?)?);
    }
    match u32::try_from(-power).ok().and_then(|p| 10_i128.checked_pow(p)) {
        Some(by) => Some(divide_up(amount?, by)),
        None => Some(1),
    }
}

/// The canonical form: no fraction, the greatest suffix that loses nothing.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nanos == 0 {
            return f.write_str("0");
        }
        if self.family == Family::Binary && self.nanos.abs() >= 1024 * NANO {
            let mut amount = divide_up(self.nanos, NANO);
            let mut power = 0;
            while amount % 1024 == 0 && power < 6 {
                amount /= 1024;
                power += 1;
            }
            return write!(f, "{amount}{}", BINARY[power]);
        }
        let (mut amount, mut power) = (self.nanos, -9);
        while amount % 1000 == 0 && power < 18 {
            amount /= 1000;
            power += 3;
        }
        if self.family == Family::Exponent {
            return if power == 0 { write!(f, "{amount}") } else { write!(f, "{amount}e{power}") };
        }
        let suffix = DECIMAL.iter().find(|(_, p)| *p == power).map_or("", |(s, _)| s);
        write!(f, "{amount}{suffix}")
    }
}

/// Equal amounts, whatever their suffixes.
impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(text: &str) -> String {
        Quantity::parse(text).unwrap().to_string()
    }

    #[test]
    fn canonical_forms_are_those_of_kubernetes() {
        for (given, expected) in [
            ("0", "0"),
            ("0Gi", "0"),
            ("100m", "100m"),
            ("0.1", "100m"),
            (".5", "500m"),
            ("1.", "1"),
            ("1000m", "1"),
            ("1500m", "1500m"),
            ("1024", "1024"),
            ("1000", "1k"),
            ("1e3", "1e3"),
            ("100e3", "100e3"),
            ("1E3", "1e3"),
            ("1E", "1E"),
            ("12e-3", "12e-3"),
            ("1.5Gi", "1536Mi"),
            ("1024Mi", "1Gi"),
            ("0.5Ki", "512"),
            ("1.5Ki", "1536"),
            ("1Ei", "1Ei"),
            ("-1.5Gi", "-1536Mi"),
            ("+2", "2"),
            ("0.1n", "1n"),
            ("-0.0000000001", "-1n"),
            ("123456789n", "123456789n"),
            ("9223372036854775807", "9223372036854775807"),
            ("0.000000000000000000000000000000000000000001Ei", "1n"),
        ] {
            assert_eq!(canonical(given), expected, "{given}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for bad in [
            "",
            ".",
            "-",
            "1.2.3",
            "1 Gi",
            "1gi",
            "1KI",
            "Gi",
            "1e",
            "1e1.5",
            "1ee3",
            "0x10",
            "1_000",
            "8Ei",
            "1e19",
            "9223372036854775808",
            "1e99999",
            "1e99999999999",
            "1m5",
            "٣",
        ] {
            assert!(Quantity::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn arithmetic_is_exact_and_checked() {
        let q = |t: &str| Quantity::parse(t).unwrap();
        assert_eq!(q("0.1").checked_add(q("0.2")).unwrap().to_string(), "300m");
        assert_eq!(q("512Mi").checked_add(q("512Mi")).unwrap().to_string(), "1Gi");
        assert_eq!(q("0").checked_add(q("1Gi")).unwrap().to_string(), "1Gi");
        assert_eq!(q("1Gi").checked_mul(q("0.75")).unwrap().to_string(), "768Mi");
        assert_eq!(q("100m").checked_mul(q("-1.5")).unwrap().to_string(), "-150m");
        assert_eq!(q("7Ei").checked_add(q("7Ei")), None);
        assert_eq!(q("7Ei").checked_mul(q("2")), None);
        assert_eq!(q("1n").checked_mul(q("0.1")).unwrap().to_string(), "1n");
        assert_eq!(q("1500m").value(), 2);
        assert_eq!(q("1.0005").millis(), Some(1001));
        assert_eq!(q("7Ei").millis(), None);
        assert!(q("1Gi") > q("1G") && q("1024Mi") == q("1Gi"));
    }

    fn whole(amount: i64) -> Quantity {
        Quantity { nanos: i128::from(amount) * NANO, family: Family::Decimal }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-+]?[0-9.]{0,50}[a-zA-Zµ]{0,3}[-+0-9]{0,12}") {
            if let Ok(q) = Quantity::parse(&text) {
                let again = Quantity::parse(&q.to_string()).unwrap();
                let rounded = whole(q.value());
                prop_assert!(again == q || again == rounded, "{text} {q}");
                prop_assert_eq!(again.to_string(), q.to_string());
                let _ = (q.checked_mul(q), q.checked_add(q), q.millis());
            }
        }

        #[test]
        fn sums_and_products_are_those_of_integers(a in -1_000_000_000_000_i64..1_000_000_000_000, b in -1_000_000_i64..1_000_000, s in 0..3_usize) {
            let suffix = ["", "k", "Ki"][s];
            let scale = [1, 1000, 1024][s];
            let q = Quantity::parse(&format!("{a}{suffix}")).unwrap();
            let r = Quantity::parse(&format!("{b}{suffix}")).unwrap();
            prop_assert_eq!(q.checked_add(r).unwrap(), whole((a + b) * scale));
            if let Some(product) = a.checked_mul(b).and_then(|p| p.checked_mul(scale)) {
                prop_assert_eq!(q.checked_mul(whole(b)).unwrap(), whole(product));
            }
            prop_assert_eq!(q.cmp(&r), a.cmp(&b));
        }
    }
}
