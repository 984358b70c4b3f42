//! The syntaxes of names, labels, quantities and schedules: each function says what is wrong, if something is.

/// A name of DNS with dots, of RFC 1123.
pub(super) fn subdomain(name: &str) -> Option<&'static str> {
    if name.len() > 253 {
        return Some("it has more than 253 characters");
    }
    name.split('.').find_map(|part| part_of_name(part, true))
}

/// A name of DNS without dots, of RFC 1123.
pub(super) fn label(name: &str) -> Option<&'static str> {
    if name.len() > 63 {
        return Some("it has more than 63 characters");
    }
    part_of_name(name, false)
}

/// The name of a service.
pub(super) fn service(name: &str) -> Option<&'static str> {
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return Some("it begins with a letter");
    }
    label(name)
}

/// The name of a `CronJob`, to which its jobs add eleven characters.
pub(super) fn cron_job(name: &str) -> Option<&'static str> {
    if name.len() > 52 { Some("it has more than 52 characters") } else { subdomain(name) }
}

fn part_of_name(part: &str, dots: bool) -> Option<&'static str> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = part.as_bytes();
    let ends = bytes.first().copied().is_some_and(fits) && bytes.last().copied().is_some_and(fits);
    if !bytes.iter().all(|b| fits(*b) || *b == b'-') {
        return Some(if dots {
            "it may hold lower case letters, digits, - and ."
        } else {
            "it may hold lower case letters, digits and -"
        });
    }
    (!ends).then_some("it begins and ends with a lower case letter or a digit")
}

/// The name of a port of a container.
pub(super) fn port_name(name: &str) -> Option<&'static str> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if name.is_empty() || name.len() > 15 {
        return Some("it has one to 15 characters");
    }
    if !name.bytes().all(fits) {
        return Some("it may hold lower case letters, digits and -");
    }
    if !name.bytes().any(|b| b.is_ascii_lowercase()) {
        return Some("it holds a letter");
    }
    let wrong = name.starts_with('-') || name.ends_with('-') || name.contains("--");
    wrong.then_some("a - stands alone between letters and digits")
}

/// The key of a label or an annotation.
pub(super) fn qualified(key: &str) -> Option<&'static str> {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    if let Some(prefix) = prefix
        && (prefix.is_empty() || subdomain(&prefix.to_ascii_lowercase()).is_some())
    {
        return Some("what stands before the / is a name of DNS");
    }
    if name.is_empty() || name.len() > 63 {
        return Some("its name has one to 63 characters");
    }
    word(name)
}

/// The value of a label.
pub(super) fn label_value(value: &str) -> Option<&'static str> {
    if value.len() > 63 {
        return Some("it has more than 63 characters");
    }
    if value.is_empty() { None } else { word(value) }
}

fn word(text: &str) -> Option<&'static str> {
    let bytes = text.as_bytes();
    let ends = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    if !bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
        return Some("it may hold letters, digits, -, _ and .");
    }
    let whole = ends(bytes.first()) && ends(bytes.last());
    (!whole).then_some("it begins and ends with a letter or a digit")
}

/// A key of a `ConfigMap` or a `Secret`.
pub(super) fn config_key(key: &str) -> Option<&'static str> {
    if key.is_empty() || key.len() > 253 {
        return Some("it has one to 253 characters");
    }
    if key == "." || key.starts_with("..") {
        return Some("it is a path");
    }
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (!key.bytes().all(fits)).then_some("it may hold letters, digits, -, _ and .")
}

/// Whether a text is an amount: `1.5Gi`, `250m`, `1e3`.
pub(crate) fn is_quantity(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let (number, suffix) = text.split_at(digits);
    let number =
        number.bytes().filter(|b| *b == b'.').count() <= 1 && number.bytes().any(|b| b.is_ascii_digit());
    let exponent = suffix.strip_prefix(['e', 'E']).is_some_and(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && exponent.bytes().all(|b| b.is_ascii_digit())
    });
    number
        && (exponent
            || matches!(
                suffix,
                "" | "n"
                    | "u"
                    | "m"
                    | "k"
                    | "M"
                    | "G"
                    | "T"
                    | "P"
                    | "E"
                    | "Ki"
                    | "Mi"
                    | "Gi"
                    | "Ti"
                    | "Pi"
                    | "Ei"
            ))
}

/// Whether a text is base 64 with its padding; line ends do not count.
pub(crate) fn is_base64(text: &str) -> bool {
    let mut count = 0_usize;
    let mut padding = 0_usize;
    for byte in text.bytes().filter(|b| !matches!(b, b'\r' | b'\n')) {
        match byte {
            b'=' => padding += 1,
            _ if padding > 0 => return false,
            b'+' | b'/' => {}
            _ if byte.is_ascii_alphanumeric() => {}
            _ => return false,
        }
        count += 1;
    }
    count.is_multiple_of(4) && padding <= 2
}

/// Whether a time zone may be called so. The list of cities grows; that of areas does not.
pub(super) fn is_time_zone(name: &str) -> bool {
    const AREAS: [&str; 16] = [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Brazil",
        "Canada",
        "Chile",
        "Etc",
        "Europe",
        "Indian",
        "Mexico",
        "Pacific",
        "US",
    ];
    // Names without an area are many and old.
    name.split_once('/').is_none_or(|(area, _)| AREAS.contains(&area)) && !name.contains(' ')
}

/// The five fields of cron, or a word for them.
pub(super) fn schedule(text: &str) -> Option<&'static str> {
    const FIELDS: [(u32, u32, &[&str]); 5] = [
        (0, 59, &[]),
        (0, 23, &[]),
        (1, 31, &[]),
        (1, 12, &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
        (0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
    ];
    let text = text.trim();
    if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
        return Some("the time zone belongs to timeZone");
    }
    if let Some(word) = text.strip_prefix('@') {
        let known =
            matches!(word, "yearly" | "annually" | "monthly" | "weekly" | "daily" | "midnight" | "hourly");
        return (!known && !word.starts_with("every ")).then_some("there is no such word for one");
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Some("it has five fields: minute, hour, day, month and day of the week");
    }
    let fits = |(field, (least, most, names)): (&&str, &(u32, u32, &[&str]))| {
        field.split(',').all(|part| is_range(part, *least, *most, names))
    };
    (!fields.iter().zip(&FIELDS).all(fits)).then_some("a field is out of its range")
}

fn is_range(part: &str, least: u32, most: u32, names: &[&str]) -> bool {
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    if step.is_some_and(|step| step.parse::<u32>().map_or(true, |step| step == 0)) {
        return false;
    }
    if matches!(range, "*" | "?") {
        return true;
    }
    let number = |text: &str| {
        let name = names.iter().position(|name| text.eq_ignore_ascii_case(name));
        let named = name.and_then(|at| u32::try_from(at).ok()).map(|at| at + least);
        named.or_else(|| text.parse().ok()).filter(|n| (least..=most).contains(n))
    };
    match range.split_once('-') {
        Some((from, to)) => number(from).zip(number(to)).is_some_and(|(from, to)| from <= to),
        None => number(range).is_some(),
    }
}
