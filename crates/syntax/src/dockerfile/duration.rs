//! Times as Go's `time.ParseDuration` reads them.

/// The nanoseconds of a time such as `1m30s`; `None` where it is none, or more than 292 years.
pub fn nanoseconds(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let whole = rest.bytes().take_while(u8::is_ascii_digit).count();
        let mut value: u128 = if whole == 0 { 0 } else { rest[..whole].parse().ok()? };
        rest = &rest[whole..];
        let mut fraction = (0_u128, 1_u128);
        let mut digits = 0;
        if let Some(after) = rest.strip_prefix('.') {
            digits = after.bytes().take_while(u8::is_ascii_digit).count();
            for digit in after.bytes().take(digits.min(18)) {
                fraction = (fraction.0 * 10 + u128::from(digit - b'0'), fraction.1 * 10);
            }
            rest = &after[digits..];
        }
        if whole == 0 && digits == 0 {
            return None;
        }
        let length = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
        let unit: u128 = match &rest[..length] {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        rest = &rest[length..];
        value = value.checked_mul(unit)?.checked_add(fraction.0 * unit / fraction.1)?;
        total = total.checked_add(value)?;
        if total > 1 << 63 {
            return None;
        }
    }
    let total = i128::try_from(total).ok()?;
    i64::try_from(if negative { -total } else { total }).ok()
}
