//! Time in Go's notation, in UTC.

/// A time in a layout of Go's.
pub(crate) fn format(seconds: i64, layout: &str) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
    let days = seconds.div_euclid(86_400);
    let clock = seconds.rem_euclid(86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    let weekday = DAYS[usize::try_from(days.rem_euclid(7)).unwrap_or(0)];
    let named = MONTHS[usize::try_from(month - 1).unwrap_or(0)];
    let half = if hour % 12 == 0 { 12 } else { hour % 12 };
    // Longer words first: each is looked for before those that it begins with.
    let words: [(&str, String); 24] = [
        ("January", named.to_owned()),
        ("Monday", weekday.to_owned()),
        ("2006", format!("{year:04}")),
        ("-07:00", "+00:00".to_owned()),
        ("Z07:00", "Z".to_owned()),
        ("-0700", "+0000".to_owned()),
        ("MST", "UTC".to_owned()),
        ("Jan", named[..3].to_owned()),
        ("Mon", weekday[..3].to_owned()),
        (".000", ".000".to_owned()),
        ("01", format!("{month:02}")),
        ("02", format!("{day:02}")),
        ("03", format!("{half:02}")),
        ("04", format!("{minute:02}")),
        ("05", format!("{second:02}")),
        ("06", format!("{:02}", year % 100)),
        ("15", format!("{hour:02}")),
        ("PM", if hour < 12 { "AM" } else { "PM" }.to_owned()),
        ("_2", format!("{day:2}")),
        ("1", month.to_string()),
        ("2", day.to_string()),
        ("3", half.to_string()),
        ("4", minute.to_string()),
        ("5", second.to_string()),
    ];
    let mut out = String::new();
    let mut rest = layout;
    while let Some(c) = rest.chars().next() {
        if let Some((word, value)) = words.iter().find(|(word, _)| rest.starts_with(word)) {
            out.push_str(value);
            rest = &rest[word.len()..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// Year, month and day of a count of days since 1970.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Seconds of `2006-01-02`, with or without a time behind it.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|p| !p.is_empty());
    let mut next = || numbers.next().and_then(|n| n.parse::<i64>().ok());
    let (year, month, day) = (next()?, next()?, next()?);
    let clock = next().unwrap_or(0) * 3600 + next().unwrap_or(0) * 60 + next().unwrap_or(0);
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(days.checked_mul(86_400)?.saturating_add(clock))
}

/// Seconds as Go prints a duration.
pub(crate) fn duration(seconds: i64) -> String {
    let (sign, n) = if seconds < 0 { ("-", seconds.unsigned_abs()) } else { ("", seconds.unsigned_abs()) };
    match (n / 3600, n / 60 % 60, n % 60) {
        (0, 0, s) => format!("{sign}{s}s"),
        (0, m, s) => format!("{sign}{m}m{s}s"),
        (h, m, s) => format!("{sign}{h}h{m}m{s}s"),
    }
}

/// Seconds in the largest unit that they fill.
pub(crate) fn rounded(seconds: i64) -> String {
    let n = seconds.unsigned_abs();
    let units = [(31_557_600, "y"), (2_629_800, "mo"), (86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let unit = units.into_iter().find(|(size, _)| n >= *size);
    unit.map_or_else(|| "0s".to_owned(), |(size, name)| format!("{}{name}", n / size))
}

/// The seconds of a duration as Go writes one: `1h30m`, `-24h`.
pub(crate) fn span_of(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0.0_f64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        rest = &rest[end..];
        let units =
            [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
        let (unit, seconds) = units.iter().find(|(unit, _)| rest.starts_with(unit))?;
        total += number * seconds;
        rest = &rest[unit.len()..];
    }
    text.chars().any(|c| c.is_ascii_digit()).then_some(if negative { -total as i64 } else { total as i64 })
}
