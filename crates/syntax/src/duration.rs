//! Times as Go reads them.

const GO: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

const LONGER: [(&str, u64); 2] = [("d", 86_400_000_000_000), ("w", 604_800_000_000_000)];

/// The nanoseconds of a time such as `1m30s`, as `time.ParseDuration` reads it; `None` where it is none, or more than 292
/// years.
pub fn nanoseconds(text: &str) -> Option<i64> {
    read(text, |unit| GO.iter().find(|(name, _)| *name == unit))
}

/// The same with days and weeks besides, as Compose reads it: `1w2d`.
pub fn nanoseconds_of_compose(text: &str) -> Option<i64> {
    read(text, |unit| GO.iter().chain(&LONGER).find(|(name, _)| *name == unit))
}

fn read<'u>(text: &str, unit: impl Fn(&str) -> Option<&'u (&'u str, u64)>) -> Option<i64> {
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
        let value: u128 = if whole == 0 { 0 } else { rest[..whole].parse().ok()? };
        rest = &rest[whole..];
        let mut fraction = (0_u64, 1_u64);
        let mut digits = 0;
        if let Some(after) = rest.strip_prefix('.') {
            digits = after.bytes().take_while(u8::is_ascii_digit).count();
            for digit in after.bytes().take(digits.min(18)) {
                fraction = (fraction.0 * 10 + u64::from(digit - b'0'), fraction.1 * 10);
            }
            rest = &after[digits..];
        }
        if whole == 0 && digits == 0 {
            return None;
        }
        let length = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
        let (_, unit) = unit(&rest[..length])?;
        rest = &rest[length..];
        #[expect(clippy::cast_precision_loss, reason = "Go rounds it so")]
        let share = (fraction.0 as f64 * (*unit as f64 / fraction.1 as f64)) as u64;
        total = total.checked_add(value.checked_mul(u128::from(*unit))?.checked_add(u128::from(share))?)?;
        if total > 1 << 63 {
            return None;
        }
    }
    let total = i128::try_from(total).ok()?;
    i64::try_from(if negative { -total } else { total }).ok()
}
