//! The values of `format:` and what they accept.

use super::{duration::Duration, quantity::Quantity};
use std::net::IpAddr;

/// A format of strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Go's, as Flux takes it.
    Duration,
    /// Prometheus'.
    PrometheusDuration,
    /// Kubernetes'.
    Quantity,
    /// With a scheme.
    Uri,
    /// With a scheme and a host.
    Url,
    /// RFC 1123 subdomain.
    Hostname,
    /// RFC 1123 label.
    DnsLabel,
    /// `local@domain`
    Email,
    /// Address and prefix length.
    Cidr,
    /// IPv4 or IPv6.
    Ip,
    /// Semantic version 2.0.0.
    Semver,
    /// Five fields or `@daily`.
    Cron,
    /// Container image reference.
    Image,
    /// `YYYY-MM-DD`
    Date,
}

impl Format {
    /// The words that `format:` takes.
    pub const NAMES: [&'static str; 15] = [
        "cidr",
        "cron",
        "date",
        "dns-label",
        "dns-subdomain",
        "duration",
        "email",
        "hostname",
        "image",
        "ip",
        "prometheus-duration",
        "quantity",
        "semver",
        "uri",
        "url",
    ];

    /// The format with this name.
    pub fn named(name: &str) -> Option<Format> {
        Some(match name {
            "duration" => Format::Duration,
            "prometheus-duration" => Format::PrometheusDuration,
            "quantity" => Format::Quantity,
            "uri" => Format::Uri,
            "url" => Format::Url,
            "hostname" | "dns-subdomain" => Format::Hostname,
            "dns-label" => Format::DnsLabel,
            "email" => Format::Email,
            "cidr" => Format::Cidr,
            "ip" => Format::Ip,
            "semver" => Format::Semver,
            "cron" => Format::Cron,
            "image" => Format::Image,
            "date" => Format::Date,
            _ => return None,
        })
    }

    /// In a sentence: `not a valid …`.
    pub fn words(self) -> &'static str {
        match self {
            Format::Duration => "duration",
            Format::PrometheusDuration => "Prometheus duration",
            Format::Quantity => "quantity",
            Format::Uri => "URI",
            Format::Url => "URL",
            Format::Hostname => "host name",
            Format::DnsLabel => "DNS label",
            Format::Email => "email address",
            Format::Cidr => "CIDR",
            Format::Ip => "IP address",
            Format::Semver => "semantic version",
            Format::Cron => "cron schedule",
            Format::Image => "image reference",
            Format::Date => "date",
        }
    }

    /// For help: `write …`.
    pub fn example(self) -> &'static str {
        match self {
            Format::Duration => "a duration such as `30s`, `5m` or `1h30m`",
            Format::PrometheusDuration => "a duration such as `30s`, `12h` or `30d`",
            Format::Quantity => "a quantity such as `100m`, `512Mi` or `10Gi`",
            Format::Uri => "a URI such as `https://example.com/path`",
            Format::Url => "a URL such as `https://example.com/path`",
            Format::Hostname => "a host name such as `app.example.com`",
            Format::DnsLabel => "lower-case letters, digits and `-`, at most 63, such as `my-app`",
            Format::Email => "an address such as `ops@example.com`",
            Format::Cidr => "a network such as `10.0.0.0/16`",
            Format::Ip => "an address such as `10.0.0.1` or `fd00::1`",
            Format::Semver => "a version such as `1.2.3`",
            Format::Cron => "a schedule such as `0 3 * * *` or `@daily`",
            Format::Image => "a reference such as `registry.example.com/app:1.2.3`",
            Format::Date => "a date such as `\"2026-11-03\"`, in quotes",
        }
    }

    /// Does the text have this format?
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn check(self, text: &str) -> Result<(), String> {
        match self {
            Format::Duration => Duration::go(text).map(drop),
            Format::PrometheusDuration => Duration::prometheus(text).map(drop),
            Format::Quantity => Quantity::parse(text).map(drop),
            Format::Uri => uri(text).map(drop),
            Format::Url => url(text),
            Format::Hostname => hostname(text),
            Format::DnsLabel => label(text),
            Format::Email => email(text),
            Format::Cidr => cidr(text),
            Format::Ip => ensure(text.parse::<IpAddr>().is_ok(), "it is neither IPv4 nor IPv6"),
            Format::Semver => semver(text),
            Format::Cron => cron(text),
            Format::Image => image(text),
            Format::Date => date(text),
        }
    }
}

fn ensure(good: bool, why: impl Into<String>) -> Result<(), String> {
    if good { Ok(()) } else { Err(why.into()) }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// The part after the scheme.
fn uri(text: &str) -> Result<&str, String> {
    let bad =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '\\' | '^' | '`');
    ensure(!text.contains(bad), "it contains a blank or a character that must be percent-encoded")?;
    let (scheme, rest) = text.split_once(':').ok_or("it has no scheme such as `https:`")?;
    let first = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let good = first && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    ensure(good, "it has no scheme such as `https:`")?;
    ensure(!rest.is_empty(), "nothing follows the scheme")?;
    Ok(rest)
}

fn url(text: &str) -> Result<(), String> {
    let rest = uri(text)?.strip_prefix("//").ok_or("`//` is missing after the scheme")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = match host.strip_prefix('[') {
        Some(v6) => {
            let (host, rest) = v6.split_once(']').ok_or("`]` is missing")?;
            ensure(host.parse::<std::net::Ipv6Addr>().is_ok(), "the address in brackets is not IPv6")?;
            (host, rest.strip_prefix(':'))
        }
        None => host.split_once(':').map_or((host, None), |(h, p)| (h, Some(p))),
    };
    ensure(!host.is_empty(), "the host is missing")?;
    ensure(port.is_none_or(|p| p.parse::<u16>().is_ok()), "the port is not a number from 0 to 65535")
}

fn label(text: &str) -> Result<(), String> {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    ensure(!text.is_empty(), "it is empty")?;
    ensure(text.len() <= 63, "it is longer than 63 characters")?;
    ensure(text.chars().all(inner), "only lower-case letters, digits and `-` are allowed")?;
    ensure(!text.starts_with('-') && !text.ends_with('-'), "it begins or ends with `-`")
}

fn hostname(text: &str) -> Result<(), String> {
    ensure(text.len() <= 253, "it is longer than 253 characters")?;
    text.split('.').try_for_each(|part| label(part).map_err(|why| format!("in `{part}`: {why}")))
}

fn email(text: &str) -> Result<(), String> {
    let (local, domain) = text.rsplit_once('@').ok_or("`@` is missing")?;
    let good = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    ensure(!local.is_empty() && local.chars().all(good), "the part before `@` is not valid")?;
    hostname(&domain.to_ascii_lowercase())
}

fn cidr(text: &str) -> Result<(), String> {
    let (address, length) = text.split_once('/').ok_or("the prefix length is missing, such as `/16`")?;
    let address: IpAddr = address.parse().map_err(|_| "the address is neither IPv4 nor IPv6")?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let good = digits(length) && length.len() <= 3 && length.parse::<u32>().is_ok_and(|n| n <= most);
    ensure(good, format!("the prefix length is not from 0 to {most}"))
}

fn semver(text: &str) -> Result<(), String> {
    let (rest, build) = text.split_once('+').map_or((text, None), |(r, b)| (r, Some(b)));
    let (core, pre) = rest.split_once('-').map_or((rest, None), |(c, p)| (c, Some(p)));
    let numeric = |s: &str| digits(s) && s.len() <= 18 && (s == "0" || !s.starts_with('0'));
    let word = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    ensure(!text.starts_with(['v', 'V']), "it begins with `v`")?;
    let parts: Vec<&str> = core.split('.').collect();
    ensure(parts.len() == 3 && parts.iter().all(|p| numeric(p)), "it is not MAJOR.MINOR.PATCH")?;
    let pre = pre.is_none_or(|p| p.split('.').all(|s| word(s) && (!digits(s) || numeric(s))));
    ensure(pre, "the part after `-` is not valid")?;
    ensure(build.is_none_or(|b| b.split('.').all(word)), "the part after `+` is not valid")
}

fn cron(text: &str) -> Result<(), String> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    if text.starts_with('@') {
        let known = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
        return ensure(known.contains(&text), format!("it is not one of {}", known.join(", ")));
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    ensure(fields.len() == 5, format!("it has {} fields, not 5", fields.len()))?;
    let ranges: [(&str, u32, u32, &[&str]); 5] = [
        ("minute", 0, 59, &[]),
        ("hour", 0, 23, &[]),
        ("day of the month", 1, 31, &[]),
        ("month", 1, 12, &MONTHS),
        ("day of the week", 0, 7, &DAYS),
    ];
    for (field, (name, low, high, words)) in fields.into_iter().zip(ranges) {
        let first = if name == "month" { 1 } else { 0 };
        let number = |s: &str| -> Option<u32> {
            let word = words.iter().position(|w| *w == s.to_ascii_lowercase());
            let value = match word {
                Some(index) => u32::try_from(index).ok()? + first,
                None if digits(s) && s.len() <= 2 => s.parse().ok()?,
                None => return None,
            };
            (low..=high).contains(&value).then_some(value)
        };
        let part = |part: &str| {
            let (range, step) = part.split_once('/').map_or((part, None), |(r, s)| (r, Some(s)));
            let step = step.is_none_or(|s| digits(s) && s.parse::<u32>().is_ok_and(|n| n > 0));
            step && match range.split_once('-') {
                _ if matches!(range, "*" | "?") => true,
                Some((a, b)) => number(a).zip(number(b)).is_some_and(|(a, b)| a <= b),
                None => number(range).is_some(),
            }
        };
        ensure(field.split(',').all(part), format!("the {name} `{field}` is not valid, {low} to {high}"))?;
    }
    Ok(())
}

fn image(text: &str) -> Result<(), String> {
    let (rest, digest) = text.split_once('@').map_or((text, None), |(r, d)| (r, Some(d)));
    if let Some(digest) = digest {
        let hex = digest.strip_prefix("sha256:").filter(|h| h.len() == 64).unwrap_or_default();
        let good = !hex.is_empty() && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        ensure(good, "the digest is not `sha256:` and 64 hexadecimal digits")?;
    }
    let (name, tag) = match rest.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) {
        Some((name, tag)) => (name, Some(tag)),
        None => (rest, None),
    };
    let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    let tag_good =
        |t: &str| (1..=128).contains(&t.len()) && t.bytes().all(word) && !t.starts_with(['.', '-']);
    ensure(tag.is_none_or(tag_good), "the tag is not valid")?;
    let (registry, path) = match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), rest),
        _ => (None, name),
    };
    if let Some(registry) = registry {
        url(&format!("oci://{registry}")).map_err(|why| format!("in the registry: {why}"))?;
    }
    ensure(!path.is_empty() && name.len() <= 255, "the name is empty or too long")?;
    let part = |part: &str| {
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
        part.bytes().all(inner) && edge(part.chars().next()) && edge(part.chars().last())
    };
    ensure(
        path.split('/').all(part),
        "only lower-case letters, digits, `.`, `_` and `-` are allowed in names",
    )
}

fn date(text: &str) -> Result<(), String> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return Err("it is not YYYY-MM-DD".to_owned()) };
    let shape = [(year, 4), (month, 2), (day, 2)].iter().all(|(s, n)| digits(s) && s.len() == *n);
    ensure(shape, "it is not YYYY-MM-DD")?;
    let number = |s: &str| s.parse::<u32>().unwrap_or_default();
    let (year, month, day) = (number(year), number(month), number(day));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => 31,
    };
    ensure((1..=12).contains(&month) && (1..=days).contains(&day), "there is no such day")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_name_is_a_format_and_every_example_says_how() {
        for name in Format::NAMES {
            assert!(Format::named(name).is_some(), "{name}");
        }
        assert_eq!(Format::named("nope"), None);
    }

    #[test]
    fn good_and_bad_texts() {
        let digest = format!("app@sha256:{}", "a".repeat(64));
        let table: [(&str, &[&str], &[&str]); 14] = [
            ("duration", &["30s", "1h30m"], &["30", "1d"]),
            ("prometheus-duration", &["30d", "1h"], &["1.5h", "5"]),
            ("quantity", &["1Gi", "100m", "1"], &["1GB", ""]),
            ("uri", &["https://a/b", "mailto:x@y", "oci://r/x"], &["a b", "/path", ":x", "x:"]),
            (
                "url",
                &["https://a.b:80/c?d", "http://[::1]:8080/"],
                &["https:/a", "mailto:x@y", "https://", "http://a:99999"],
            ),
            ("hostname", &["a.example.com", "a"], &["A.com", "a..b", "-a", "*.a", ""]),
            ("dns-label", &["my-app", "0"], &["a.b", "a-", ""]),
            ("email", &["ops@example.com", "a+b@c"], &["a", "@b", "a b@c"]),
            (
                "cidr",
                &["10.0.0.0/8", "fd00::/8", "0.0.0.0/0"],
                &["10.0.0.0", "10.0.0.0/33", "10.0.0/8", "::/129", "1.1.1.1/+8"],
            ),
            ("ip", &["10.0.0.1", "::1"], &["10.0.0", "10.0.0.256", ""]),
            (
                "semver",
                &["1.2.3", "1.0.0-rc.1+b.5", "0.0.0"],
                &["v1.2.3", "1.2", "01.2.3", "1.2.3-01", "1.2.3-"],
            ),
            (
                "cron",
                &["0 3 * * *", "*/5 1-3 1,15 jan-mar MON", "@daily"],
                &["* * * *", "60 * * * *", "*/0 * * * *", "@sometimes", "5-1 * * * *"],
            ),
            (
                "image",
                &["nginx", "nginx:1.2", "gcr.io/a/b:blue", "localhost:5000/x", &digest],
                &["Nginx", "a:", "a b", "x@sha256:12", "a//b", ""],
            ),
            ("date", &["2026-11-03", "2024-02-29"], &["2026-11-31", "2023-02-29", "2026-1-1", "x"]),
        ];
        for (name, good, bad) in table {
            let format = Format::named(name).unwrap();
            for text in good {
                assert_eq!(format.check(text), Ok(()), "{name} {text}");
            }
            for text in bad {
                assert!(format.check(text).is_err(), "{name} {text}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}|[0-9a-z:/@.\\[\\]*,-]{0,40}") {
            for name in Format::NAMES {
                let _ = Format::named(name).unwrap().check(&text);
            }
        }
    }
}
