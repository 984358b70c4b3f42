//! Versions and ranges of them, as the library of Helm reads them.

use std::cmp::Ordering;
use std::fmt;

/// A version; what is left out is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Version {
    /// As it was written.
    pub(crate) original: String,
    /// The first number.
    pub(crate) major: u64,
    /// The second.
    pub(crate) minor: u64,
    /// The third.
    pub(crate) patch: u64,
    /// What stands behind `-`.
    pub(crate) pre: String,
    /// What stands behind `+`.
    pub(crate) build: String,
}

impl Version {
    /// Reads `1.2.3-pre+build`, also `v1.2`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (version, given) = partial(text)?;
        (given > 0).then_some(version)
    }

    /// Their order; what was built does not count.
    pub(crate) fn cmp_version(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch)
            .cmp(&(other.major, other.minor, other.patch))
            .then_with(|| prerelease(&self.pre, &other.pre))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.build.is_empty() {
            write!(f, "+{}", self.build)?;
        }
        Ok(())
    }
}

fn prerelease(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let (x, y) = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => (x, y),
        };
        let order = match (x.parse::<u64>(), y.parse::<u64>()) {
            (Ok(x), Ok(y)) => x.cmp(&y),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => x.cmp(y),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// A version of which only so many numbers are given; `x` and `*` are none.
fn partial(text: &str) -> Option<(Version, usize)> {
    let text = text.trim();
    let body = text.strip_prefix('v').unwrap_or(text);
    let (body, build) = body.split_once('+').unwrap_or((body, ""));
    let (numbers, pre) = body.split_once('-').unwrap_or((body, ""));
    let valid = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    if !valid(pre) || !valid(build) {
        return None;
    }
    let mut version = Version {
        original: text.to_owned(),
        pre: pre.to_owned(),
        build: build.to_owned(),
        ..Version::default()
    };
    let mut given = 0;
    for (n, part) in numbers.split('.').enumerate() {
        if matches!(part, "x" | "X" | "*") {
            break;
        }
        let value = part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())??;
        match n {
            0 => version.major = value,
            1 => version.minor = value,
            2 => version.patch = value,
            _ => return None,
        }
        given = n + 1;
    }
    Some((version, given))
}

/// Whether a version is in a range; `None` for what is no range.
pub(crate) fn matches(range: &str, version: &Version) -> Option<bool> {
    let mut any = false;
    for part in range.split("||") {
        any |= all(part, version)?;
    }
    Some(any)
}

fn all(range: &str, version: &Version) -> Option<bool> {
    let spread;
    let range = if let Some((low, high)) = range.split_once(" - ") {
        spread = format!(">={} <={}", low.trim(), high.trim());
        &spread
    } else {
        range
    };
    let mut rest = range.trim();
    let mut matched = true;
    let mut count = 0;
    while !rest.is_empty() {
        let operator = rest.len() - rest.trim_start_matches(['=', '!', '>', '<', '~', '^']).len();
        let (symbol, after) = rest.split_at(operator);
        let after = after.trim_start();
        let end = after.find([',', ' ', '=', '!', '>', '<', '~', '^']).unwrap_or(after.len());
        let (wanted, after) = after.split_at(end);
        matched &= one(symbol, wanted, version)?;
        count += 1;
        rest = after.trim_start_matches([',', ' ']);
    }
    (count > 0).then_some(matched)
}

fn one(symbol: &str, wanted: &str, version: &Version) -> Option<bool> {
    let (bound, given) = partial(wanted)?;
    // A version before a release is only in a range that names one.
    if !version.pre.is_empty() && bound.pre.is_empty() {
        return Some(false);
    }
    let order = version.cmp_version(&bound);
    // Whether the numbers that are given are the same.
    let same = |count: usize| {
        (count < 1 || version.major == bound.major)
            && (count < 2 || version.minor == bound.minor)
            && (count < 3 || version.patch == bound.patch)
    };
    Some(match symbol {
        "" | "=" | "==" if given == 3 => order.is_eq(),
        "" | "=" | "==" => same(given),
        "!=" if given == 3 => !order.is_eq(),
        "!=" => !same(given),
        ">" if given == 3 => order.is_gt(),
        ">" => order.is_gt() && !same(given),
        "<" => order.is_lt(),
        ">=" | "=>" => order.is_ge(),
        "<=" | "=<" if given == 3 => order.is_le(),
        "<=" | "=<" => order.is_lt() || same(given),
        "~" | "~>" => given == 0 || order.is_ge() && same(given.clamp(1, 2)),
        "^" => {
            let fixed = if given == 0 {
                0
            } else if bound.major > 0 || given == 1 {
                1
            } else if bound.minor > 0 || given == 2 {
                2
            } else {
                3
            };
            order.is_ge() && same(fixed)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_what_helm_says() {
        let cases = [
            (">=1.19-0", "v1.34.0", true),
            (">= 1.14-0, < 1.22-0", "1.21.3", true),
            ("^1.19.0-0", "1.34.0", true),
            ("~1.2", "1.2.9", true),
            ("~1.2", "1.3.0", false),
            ("^0.2.3", "0.3.0", false),
            ("1.x", "1.9.9", true),
            ("*", "9.9.9", true),
            (">1.20", "1.20.5", false),
            (">=1.20", "1.20.0-alpha", false),
            ("<1.14-0", "1.34.0", false),
            ("1.2 - 1.4", "1.4.9", true),
            ("<1.0 || >=2", "2.1.0", true),
            ("!=1.2.3", "1.2.3", false),
        ];
        for (range, version, expected) in cases {
            let version = Version::parse(version).unwrap();
            assert_eq!(matches(range, &version), Some(expected), "{range} {version}");
        }
        assert_eq!(matches("abc", &Version::default()), None);
    }
}
