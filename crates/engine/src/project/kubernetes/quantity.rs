//! Kubernetes resource quantities: `100m`, `1.5Gi`, `128e6`.

/// A quantity in units of `10^-scale`, rounded up as the API rounds: `scale` 3 gives thousandths, 0 gives whole units.
///
/// `None` where the text is no quantity, is negative or does not fit.
pub fn parse(text: &str, scale: u32) -> Option<u64> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let (base, exponent) = multiplier(suffix)?;
    // Trailing zeros carry nothing and would only overflow.
    let fraction = fraction.trim_end_matches('0');
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let mantissa: u128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    if mantissa == 0 {
        return Some(0);
    }
    let shift = i64::from(scale) - i64::try_from(fraction.len()).ok()?;
    let (value, shift) = match base {
        2 => (mantissa.checked_mul(1u128.checked_shl(u32::try_from(exponent).ok()?)?)?, shift),
        _ => (mantissa, shift + exponent),
    };
    let power = 10u128.checked_pow(u32::try_from(shift.unsigned_abs()).ok()?);
    let value = match (shift >= 0, power) {
        (true, Some(power)) => value.checked_mul(power)?,
        (false, Some(power)) => value.div_ceil(power),
        (true, None) => return None,
        (false, None) => 1,
    };
    u64::try_from(value).ok()
}

/// The base and the exponent of a suffix.
fn multiplier(suffix: &str) -> Option<(u32, i64)> {
    Some(match suffix {
        "" => (10, 0),
        "n" => (10, -9),
        "u" => (10, -6),
        "m" => (10, -3),
        "k" => (10, 3),
        "M" => (10, 6),
        "G" => (10, 9),
        "T" => (10, 12),
        "P" => (10, 15),
        "E" => (10, 18),
        "Ki" => (2, 10),
        "Mi" => (2, 20),
        "Gi" => (2, 30),
        "Ti" => (2, 40),
        "Pi" => (2, 50),
        "Ei" => (2, 60),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            (10, exponent.parse().ok()?)
        }
    })
}

/// The shortest way to write a number of bytes: `128Mi`, `1500000`.
pub fn bytes(value: u64) -> String {
    const UNITS: [(&str, u32); 6] = [("Ei", 60), ("Pi", 50), ("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)];
    UNITS
        .iter()
        .find(|(_, bits)| value != 0 && value.trailing_zeros() >= *bits)
        .map_or_else(|| value.to_string(), |(unit, bits)| format!("{}{unit}", value >> bits))
}

/// The shortest way to write thousandths: `250m`, `2`.
pub fn thousandths(value: u64) -> String {
    if value.is_multiple_of(1000) { (value / 1000).to_string() } else { format!("{value}m") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_as_the_api_reads_them() {
        let cases: &[(&str, u32, Option<u64>)] = &[
            ("100m", 3, Some(100)),
            ("0.1", 3, Some(100)),
            (".5", 3, Some(500)),
            ("5.", 3, Some(5000)),
            ("1", 3, Some(1000)),
            ("1k", 3, Some(1_000_000)),
            ("100u", 3, Some(1)),
            ("1500u", 3, Some(2)),
            ("1n", 0, Some(1)),
            ("128Mi", 0, Some(128 << 20)),
            ("1.5Gi", 0, Some(3 << 29)),
            ("0.5Ki", 0, Some(512)),
            ("128M", 0, Some(128_000_000)),
            ("128e6", 0, Some(128_000_000)),
            ("1E3", 0, Some(1000)),
            ("1E", 0, Some(1_000_000_000_000_000_000)),
            ("12e-1", 0, Some(2)),
            ("+5", 0, Some(5)),
            ("0", 0, Some(0)),
            ("0.000", 3, Some(0)),
            ("16Ei", 0, None),
            ("1e400", 0, None),
            ("1e-400", 0, Some(1)),
            ("-1", 0, None),
            ("", 0, None),
            (".", 0, None),
            ("Mi", 0, None),
            ("128mb", 0, None),
            ("128MB", 0, None),
            ("1 Gi", 0, None),
            ("1.2.3", 0, None),
            ("1e", 0, None),
            ("1e1.5", 0, None),
            ("½", 0, None),
        ];
        for (text, scale, expected) in cases {
            assert_eq!(parse(text, *scale), *expected, "{text}");
        }
    }

    #[test]
    fn written_quantities_read_the_same() {
        for value in [0, 1, 1000, 1024, 1536, 128 << 20, 3 << 29, 5 << 40, u64::MAX] {
            assert_eq!(parse(&bytes(value), 0), Some(value));
        }
        assert_eq!((bytes(128 << 20), bytes(1500)), ("128Mi".to_owned(), "1500".to_owned()));
        for value in [0, 1, 250, 1000, 2500] {
            assert_eq!(parse(&thousandths(value), 3), Some(value));
        }
    }
}
