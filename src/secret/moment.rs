//! A point in time, given from outside: nothing here reads a clock.

use std::fmt;

/// A second, in UTC. Its text is RFC 3339: `2026-01-31T12:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Seconds since 1970-01-01T00:00:00Z; those beyond the year 9999 are cut.
    pub seconds: u64,
}

/// 9999-12-31T23:59:59Z.
const LAST: u64 = 253_402_300_799;

impl Moment {
    /// Its day: `2026-01-31`.
    pub fn day(&self) -> String {
        let mut text = self.to_string();
        text.truncate("2026-01-31".len());
        text
    }
}

impl fmt::Display for Moment {
    /// Days to a date in the way of Howard Hinnant's `civil_from_days`: years begin in March, so that leap days are last.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.seconds.min(LAST);
        let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
        let (era, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
        let year = year + era * 400 + u64::from(month <= 2);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_to_rfc_3339() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_795_653_160, "2026-11-26T00:32:40Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (u64::MAX, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(Moment { seconds }.to_string(), text);
            assert_eq!(Some(&*Moment { seconds }.day()), text.split('T').next());
        }
    }
}
