//! The small languages inside of Compose's strings: durations, sizes, ports, volumes, command lines.

use seaworthy_syntax::path::clean;

use super::item::{Item, Map, Value};

/// A duration as Go writes it: `1m30s`, `1.5s`, `300ms`.
pub(super) fn duration_text(nanos: i64) -> String {
    if nanos == 0 {
        return "0s".to_owned();
    }
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    let part = |value: u64, unit: u64| {
        let (whole, rest) = (value / unit, value % unit);
        if rest == 0 {
            return whole.to_string();
        }
        let width = unit.ilog10() as usize;
        format!("{whole}.{}", format!("{rest:0width$}").trim_end_matches('0'))
    };
    match nanos {
        0..1_000 => format!("{sign}{nanos}ns"),
        1_000..1_000_000 => format!("{sign}{}µs", part(nanos, 1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", part(nanos, 1_000_000)),
        _ => {
            let minutes = nanos / 60_000_000_000;
            let seconds = part(nanos % 60_000_000_000, 1_000_000_000);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
                (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}

/// A size in bytes as Docker reads it: `512m`, `1.5GiB`, `64 kb`; `None` where it is none.
pub(super) fn bytes(text: &str) -> Option<i64> {
    let last = text.rfind(|c: char| c.is_ascii_digit() || c == '.' || c == ' ')?;
    let (number, unit) = text.split_at(last + 1);
    let number = number.strip_suffix(' ').unwrap_or(number);
    if number.is_empty() || number.contains(char::is_whitespace) {
        return None;
    }
    let number: f64 = number.parse().ok()?;
    if number < 0.0 || !number.is_finite() {
        return None;
    }
    let unit = unit.to_ascii_lowercase();
    let power = match unit.as_bytes() {
        [] | [b'b'] => 0,
        [prefix] | [prefix, b'b'] | [prefix, b'i', b'b'] => {
            b"kmgtp".iter().position(|p| p == prefix)? as i32 + 1
        }
        _ => return None,
    };
    Some((number * 1024_f64.powi(power)) as i64)
}

/// The long forms of a short port: one for each container port of a range.
///
/// # Errors
/// What is wrong with it.
pub(super) fn ports(item: &Item, text: &str) -> Result<Vec<Item>, String> {
    let last = text.rfind(':');
    let before = last.map(|at| &text[..at]);
    let container_at = last.map_or(0, |at| at + 1);
    let host_at = before.map(|b| b.rfind(':').map_or(0, |at| at + 1));
    let address = match (before, host_at) {
        (Some(before), Some(at @ 1..)) => &before[..at - 1],
        _ => "",
    };
    let container = &text[container_at..];
    let host = match (host_at, last) {
        (Some(from), Some(to)) => &text[from..to],
        _ => "",
    };
    let (container, protocol) = match container.split_once('/') {
        Some((port, protocol)) => (port, protocol),
        None => (container, ""),
    };
    let protocol = if protocol.is_empty() { "tcp".to_owned() } else { protocol.to_ascii_lowercase() };
    if container.is_empty() {
        return Err(format!("no port specified: {text}<empty>"));
    }
    if !matches!(&*protocol, "tcp" | "udp" | "sctp") {
        return Err(format!("invalid proto: {protocol}"));
    }
    let address = match address.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']').ok_or_else(|| format!("invalid IP address {address}"))?,
        None => address,
    };
    if !address.is_empty() && !is_address(address) {
        return Err(format!("invalid IP address: {address}"));
    }
    let range = |text: &str| -> Option<(u16, u16)> {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let to = to.split('-').next().unwrap_or_default();
        let range = (number(from)?, number(to)?);
        (range.0 <= range.1).then_some(range)
    };
    let (from, to) = range(container).ok_or_else(|| format!("invalid containerPort: {container}"))?;
    let published = match host {
        "" => None,
        host => Some(range(host).ok_or_else(|| format!("invalid hostPort: {host}"))?),
    };
    if let Some((first, last)) = published
        && last - first != to - from
        && from != to
    {
        return Err(format!("invalid ranges specified for container and host Ports: {container} and {host}"));
    }
    // Go sorts the ports as texts.
    let mut numbers: Vec<u16> = (from..=to).collect();
    numbers.sort_by_key(u16::to_string);
    let host_item = host_at.zip(last).map(|(from, to)| item.part(from, to));
    let ports = numbers.into_iter().map(|port| {
        let mut map = Map::new();
        let mut set = |key: &str, value: Item| map.insert(key.to_owned(), value);
        set("mode", Item::text("ingress"));
        set("protocol", Item::text(protocol.clone()));
        let mut target = item.part(container_at, text.len());
        target.value = Value::Int(i64::from(port));
        set("target", target);
        if !address.is_empty() {
            set("host_ip", item.with(Value::Str(address.to_owned())));
        }
        let published = published.map(|(first, last)| {
            let start = u32::from(first) + u32::from(port - from);
            if from == to && first != last { format!("{start}-{last}") } else { start.to_string() }
        });
        match (published, &host_item) {
            (Some(text), Some(host)) => {
                let mut published = host.clone();
                published.value = Value::Str(text);
                set("published", published);
            }
            // What a variable alone decides is published, nobody knows where.
            (None, Some(host)) if host.is_unknown() => {
                set("published", host.clone());
            }
            _ => {}
        }
        item.with(Value::Map(map))
    });
    Ok(ports.collect())
}

/// A port as Go reads it: digits only.
fn number(text: &str) -> Option<u16> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Whether it is an IP address; Go takes a zone for none.
pub(super) fn is_address(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}

/// Stands for what a variable without value would say.
const UNKNOWN: &str = "${}";

/// The long form of a short volume in which a variable decides what nobody knows; `None` where that is where it ends.
pub(super) fn unknown_volume(item: &Item) -> Option<Item> {
    let mut marked = item.as_str()?.to_owned();
    for at in item.unknown.iter().rev() {
        marked.insert_str(*at as usize, UNKNOWN);
    }
    let parts: Vec<&str> = marked.split(':').collect();
    let (source, target, options) = match *parts.as_slice() {
        [source, target] => (source, target, ""),
        [source, target, options] => (source, target, options),
        _ => return None,
    };
    if source.is_empty() || target.is_empty() || target.contains(UNKNOWN) {
        return None;
    }
    let mut source_item = item.with(Value::Str(source.replace(UNKNOWN, "")));
    source_item.unknown = if source.contains(UNKNOWN) { vec![0] } else { Vec::new() };
    // A variable alone is a path of the host far more often than the name of a volume.
    let bind = is_path(source) || source.starts_with(UNKNOWN);
    let read_only = options.split(',').any(|option| option == "ro");
    let entries = [
        ("type", Item::text(if bind { "bind" } else { "volume" })),
        ("source", source_item),
        ("target", item.with(Value::Str(clean(target)))),
        ("read_only", Item::implied(Value::Bool(read_only))),
    ];
    Some(item.with(Value::Map(entries.map(|(key, value)| (key.to_owned(), value)).into())))
}

/// The long form of a short volume.
///
/// # Errors
/// What is wrong with it.
pub(super) fn volume(item: &Item, text: &str) -> Result<Item, String> {
    let mut map = Map::new();
    if text.is_empty() {
        return Err("invalid empty volume spec".to_owned());
    }
    if text.len() <= 2 {
        map.insert("type".to_owned(), Item::text("volume"));
        map.insert("target".to_owned(), item.part(0, text.len()));
        return Ok(item.with(Value::Map(map)));
    }
    let mut sections: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices().filter(|(_, c)| *c == ':').chain([(text.len(), '\0')]) {
        let section = &text[start..at];
        let mut letters = section.chars();
        let drive = c == ':' && letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none();
        if drive {
            continue;
        }
        if section.is_empty() {
            return Err(format!("invalid spec: {text}: empty section between colons"));
        }
        sections.push((start, at));
        start = at + 1;
    }
    let part = |(from, to): (usize, usize)| item.part(from, to);
    let (source, target, options) = match *sections.as_slice() {
        [target] => (None, target, None),
        [source, target] => (Some(source), target, None),
        [source, target, options] => (Some(source), target, Some(options)),
        _ => return Err(format!("invalid spec: {text}: too many colons")),
    };
    let mut bind = Map::new();
    let mut nocopy = false;
    if let Some(options) = options {
        let mut read_only = None;
        for option in text[options.0..options.1].split(',') {
            match option {
                "ro" => read_only = Some(true),
                "rw" => read_only = Some(false),
                "nocopy" => nocopy = true,
                "rprivate" | "private" | "rshared" | "shared" | "rslave" | "slave" => {
                    bind.insert("propagation".to_owned(), Item::text(option));
                }
                "z" | "Z" => {
                    bind.insert("selinux".to_owned(), Item::text(option));
                }
                _ => {}
            }
        }
        if read_only == Some(true) {
            map.insert("read_only".to_owned(), part(options).with(Value::Bool(true)));
        }
    }
    let mut volume = Map::new();
    if nocopy {
        volume.insert("nocopy".to_owned(), Item::implied(Value::Bool(true)));
    }
    let is_path = source.is_some_and(|(from, to)| is_path(&text[from..to]));
    if is_path {
        bind.insert("create_host_path".to_owned(), Item::implied(Value::Bool(true)));
    }
    map.insert("type".to_owned(), Item::text(if is_path { "bind" } else { "volume" }));
    if !bind.is_empty() {
        map.insert("bind".to_owned(), Item::implied(Value::Map(bind)));
    }
    if nocopy || !is_path {
        map.insert("volume".to_owned(), Item::implied(Value::Map(volume)));
    }
    if let Some(source) = source {
        map.insert("source".to_owned(), part(source));
    }
    let mut target = part(target);
    if let Value::Str(path) = &mut target.value {
        *path = clean(path);
    }
    map.insert("target".to_owned(), target);
    Ok(item.with(Value::Map(map)))
}

/// Whether the source of a short volume is a path of the host.
fn is_path(source: &str) -> bool {
    let mut letters = source.chars();
    source.starts_with(['.', '/', '~'])
        || source.starts_with(r"\\")
        || letters.next().is_some_and(char::is_alphabetic) && letters.next() == Some(':')
}

/// A path below a directory; an absolute one stays.
pub(super) fn join(directory: &str, path: &str) -> String {
    if directory.is_empty() { clean(path) } else { clean(&format!("{directory}/{path}")) }
}

/// A path below a directory, or the path itself where it is absolute.
pub(super) fn in_directory(directory: &str, path: &str) -> String {
    if path.starts_with('/') { clean(path) } else { join(directory, path) }
}

/// The words of a command line, as Compose splits them; it ends at the first operator of a shell.
pub(crate) fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut some = false;
    let (mut escaped, mut single, mut double, mut back, mut dollar) = (false, false, false, false, false);
    for c in line.chars() {
        if escaped {
            word.push(c);
            escaped = false;
            some = true;
            continue;
        }
        if c == '\\' {
            if single {
                word.push(c);
            } else {
                escaped = true;
            }
            continue;
        }
        let quoted = single || double || back || dollar;
        match c {
            ' ' | '\t' | '\r' | '\n' => {
                if quoted {
                    word.push(c);
                } else if some {
                    words.push(std::mem::take(&mut word));
                    some = false;
                }
                continue;
            }
            '`' if !single && !double && !dollar => back = !back,
            ')' if !single && !double && !back => dollar = !dollar,
            '(' if !single && !double && !back => {
                if dollar || !word.ends_with('$') {
                    return None;
                }
                dollar = true;
                word.push(c);
                continue;
            }
            '"' if !single && !dollar => {
                some |= double;
                double = !double;
                continue;
            }
            '\'' if !double && !dollar => {
                some |= single;
                single = !single;
                continue;
            }
            ';' | '&' | '|' | '<' | '>' if !quoted => {
                if c == '>' && word.starts_with(|c: char| c.is_ascii_digit()) {
                    some = false;
                }
                break;
            }
            _ => {}
        }
        some = true;
        word.push(c);
    }
    if some {
        words.push(word);
    }
    (!(escaped || single || double || back || dollar)).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaworthy_syntax::duration::nanoseconds_of_compose;

    #[test]
    fn durations_read_and_written() {
        for (text, nanos, written) in [
            ("1m30s", 90_000_000_000, "1m30s"),
            ("90s", 90_000_000_000, "1m30s"),
            ("1.5h", 5_400_000_000_000, "1h30m0s"),
            ("2d", 172_800_000_000_000, "48h0m0s"),
            ("300ms", 300_000_000, "300ms"),
            ("1.5s", 1_500_000_000, "1.5s"),
            ("10us", 10_000, "10µs"),
            ("0", 0, "0s"),
            ("-1s", -1_000_000_000, "-1s"),
        ] {
            assert_eq!(nanoseconds_of_compose(text), Some(nanos), "{text}");
            assert_eq!(duration_text(nanos), written, "{text}");
        }
        for text in ["", "10", "s", "1x", "1 s", "99999999999999h"] {
            assert_eq!(nanoseconds_of_compose(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_as_docker_reads_them() {
        for (text, size) in [
            ("512", Some(512)),
            ("512m", Some(512 << 20)),
            ("1.5GiB", Some(3 << 29)),
            ("64 kb", Some(64 << 10)),
            ("1b", Some(1)),
            ("2G", Some(2 << 30)),
            ("1mm", None),
            ("m", None),
            ("-1m", None),
            ("", None),
        ] {
            assert_eq!(bytes(text), size, "{text}");
        }
    }

    #[test]
    fn command_lines_as_compose_splits_them() {
        for (line, expected) in [
            ("a 'b c' \"d e\"", Some(vec!["a", "b c", "d e"])),
            ("a\\ b c", Some(vec!["a b", "c"])),
            ("sh -c 'x && y' && z", Some(vec!["sh", "-c", "x && y"])),
            ("echo $(date +%s) 2>err", Some(vec!["echo", "$(date +%s)"])),
            ("''", Some(vec![""])),
            ("", Some(vec![])),
            ("a 'b", None),
            ("f (x)", None),
        ] {
            let expected = expected.map(|w| w.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(words(line), expected, "{line}");
        }
    }
}
