//! Numbers as Go writes them.

/// The shortest text that reads back as the same number: `%v`, and `FormatFloat(f, 'g', -1, 64)`.
pub(crate) fn shortest(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() };
    }
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e6).contains(&size) { exponent(value) } else { format!("{value}") }
}

/// As `encoding/json` writes numbers.
pub(crate) fn json(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = exponent(value);
        // `1e-07` is written `1e-7`.
        return match text.split_once("e-0") {
            Some((head, tail)) => format!("{head}e-{tail}"),
            None => text,
        };
    }
    format!("{value}")
}

/// `d.ddde±dd`.
pub(crate) fn exponent(value: f64) -> String {
    let text = format!("{value:e}");
    let Some((mantissa, power)) = text.split_once('e') else { return text };
    let (sign, digits) = match power.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', power),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}
