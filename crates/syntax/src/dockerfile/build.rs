//! What `BuildKit` reads but refuses when the build gets there: words that never expand and values it does not know.
//!
//! Only what the file alone decides: a value with a variable is left to whoever knows the variable.

use super::flags::is_bool;
use super::{Arguments, Flag, Instruction, Keyword, Word, lex};
use crate::spelling::nearest;
use crate::{Span, Spanned};

const MOUNT_TYPES: [&str; 5] = ["bind", "cache", "tmpfs", "secret", "ssh"];
const SHARING: [&str; 3] = ["shared", "private", "locked"];
const MOUNT_KEYS: [&str; 19] = [
    "type",
    "from",
    "source",
    "target",
    "readonly",
    "id",
    "sharing",
    "required",
    "size",
    "mode",
    "uid",
    "gid",
    "src",
    "dst",
    "destination",
    "ro",
    "rw",
    "readwrite",
    "env",
];
const SIGNALS: [&str; 35] = [
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE",
    "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU",
    "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN",
];

type Wrong = Vec<Spanned<String>>;

/// Finds what makes the build fail at an instruction.
pub(super) fn check(instruction: &Instruction, wrong: &mut Wrong) {
    expansion(instruction, wrong);
    match &instruction.arguments {
        Arguments::Run(_) => instruction.flags("mount").for_each(|flag| mount(flag, wrong)),
        Arguments::Copy(_) => copy(instruction, wrong),
        Arguments::Expose(ports) => ports.iter().for_each(|port| expose(port, wrong)),
        Arguments::Stopsignal(word) => stop_signal(word, wrong),
        _ => {}
    }
}

fn expansion(instruction: &Instruction, wrong: &mut Wrong) {
    let special = |word: &&Word| word.escape.is_some_and(|e| word.text.contains(['$', '\'', '"', e]));
    for word in instruction.words().into_iter().filter(special) {
        if let Err(error) = word.expand(&lex::Unknown) {
            wrong.push(Spanned::new(error.message, error.span));
        }
    }
    if matches!(instruction.keyword.value, Keyword::Copy | Keyword::Add) {
        for heredoc in &instruction.heredocs {
            if let Err(error) = heredoc.expand(&lex::Unknown) {
                wrong.push(Spanned::new(error.message, error.span));
            }
        }
    }
}

fn mount(flag: &Flag, wrong: &mut Wrong) {
    let mut kind = Some("bind");
    let (mut from, mut sharing, mut source, mut target, mut id) = (None, None, false, false, false);
    let mut place = None;
    let mut owned: Vec<(&str, Span)> = Vec::new();
    for field in &flag.fields {
        let key = field.key.to_lowercase();
        let mut fail = |message: String, place: Span| wrong.push(Spanned::new(message, place));
        let tied = matches!(kind, Some("secret" | "ssh")) || kind.is_none();
        let Some(word) = &field.value else {
            match &*key {
                "readonly" | "ro" | "readwrite" | "rw" => {}
                "required" if tied => {}
                "required" => fail("`required` is only for mounts of type secret or ssh".into(), field.span),
                _ => fail(format!("`{key}` has to be `key=value`"), field.span),
            }
            continue;
        };
        let value = word.literal();
        let known = value.as_deref();
        match &*key {
            "type" => {
                let lower = known.map(str::to_lowercase);
                kind = match &lower {
                    None => None,
                    Some(value) => {
                        let found = MOUNT_TYPES.into_iter().find(|t| t == value);
                        if found.is_none() {
                            fail(unknown("type of mount", value, &MOUNT_TYPES), word.span);
                        }
                        found
                    }
                }
            }
            "from" => from = (known != Some("")).then_some(word.span),
            "source" | "src" => {
                source = known != Some("");
                place = source.then_some(field.span);
            }
            "target" | "dst" | "destination" => {
                target = known != Some("");
                if known.is_some_and(|path| !path.is_empty() && path.bytes().all(|b| b == b'/')) {
                    fail("a mount cannot be on `/`: name a directory below it".into(), word.span);
                }
            }
            "id" => id = known != Some(""),
            "readonly" | "ro" | "readwrite" | "rw" | "required" => {
                if key == "required" && !tied {
                    fail("`required` is only for mounts of type secret or ssh".into(), field.span);
                } else if let Some(value) = known.filter(|v| !is_bool(v)) {
                    fail(format!("`{key}` is `true` or `false`, not `{value}`"), word.span);
                }
            }
            "size" => {
                if kind.is_some_and(|k| k != "tmpfs") {
                    fail("`size` is only for mounts of type tmpfs".into(), field.span);
                } else if let Some(value) = known.filter(|v| !is_size(v)) {
                    fail(format!("`{value}` is no size: write `64m` or `1g` for example"), word.span);
                }
            }
            "sharing" => {
                sharing = Some(word.span);
                if let Some(value) = known.map(str::to_lowercase).filter(|v| !SHARING.contains(&&**v)) {
                    fail(unknown("sharing mode", &value, &SHARING), word.span);
                }
            }
            "mode" | "uid" | "gid" => {
                let radix = if key == "mode" { 8 } else { 10 };
                let digits =
                    |v: &str| !v.is_empty() && u32::from_str_radix(v, radix).is_ok() && !v.starts_with('+');
                if let Some(value) = known.filter(|v| !digits(v)) {
                    let base = if radix == 8 { "an octal number" } else { "a number" };
                    fail(format!("`{key}` has to be {base}, not `{value}`"), word.span);
                }
                let name = if key == "mode" { "mode" } else { "uid and gid" };
                owned.push((name, field.span));
            }
            "env" => {}
            _ => fail(unknown("key of a mount", &key, &MOUNT_KEYS), field.span),
        }
    }
    let Some(kind) = kind else { return };
    if let Some(place) = place.filter(|_| kind == "ssh") {
        wrong.push(Spanned::new("a mount of type ssh has no `source`: remove it".into(), place));
    }
    if matches!(kind, "bind" | "tmpfs") {
        for (name, place) in owned {
            wrong.push(Spanned::new(format!("a mount of type {kind} has no {name}: remove it"), place));
        }
    }
    if let Some(place) = sharing.filter(|_| kind != "cache") {
        wrong.push(Spanned::new(
            format!("a mount of type {kind} has no `sharing`: it is only for caches"),
            place,
        ));
    }
    if kind == "secret" {
        if let Some(place) = from {
            wrong.push(Spanned::new("a mount of type secret has no `from`: remove it".into(), place));
        }
        if !source && !target && !id {
            let message = "the secret has no name: add `id=…`";
            wrong.push(Spanned::new(message.into(), flag.span));
        }
        if source && id {
            let message = "the secret has a `source` and an `id`, which are the same: remove one of them";
            wrong.push(Spanned::new(message.into(), flag.span));
        }
    }
}

fn unknown(what: &str, value: &str, all: &[&str]) -> String {
    match nearest(value, all.iter().copied()) {
        Some(near) => format!("`{value}` is no {what}; did you mean `{near}`?"),
        None => format!("`{value}` is no {what}; there are {}", all.join(", ")),
    }
}

/// Whether `go-units` reads it as a size.
fn is_size(value: &str) -> bool {
    let Some(last) = value.rfind(|c: char| c.is_ascii_digit() || c == '.' || c == ' ') else { return false };
    let (number, suffix) = value.split_at(last + 1);
    let number = number.strip_suffix(' ').unwrap_or(number);
    let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let suffix = suffix.to_ascii_lowercase();
    let unit = match suffix.as_bytes() {
        [] | [b'b'] => true,
        [b'k' | b'm' | b'g' | b't' | b'p', rest @ ..] => matches!(rest, [] | [b'b'] | [b'i', b'b']),
        _ => false,
    };
    plain && unit && number.parse::<f64>().is_ok()
}

fn copy(instruction: &Instruction, wrong: &mut Wrong) {
    let Some(value) = instruction.flag("from").and_then(|f| f.value.as_ref()) else { return };
    if value.text.contains(['$', '\'', '"']) {
        let message = "`--from` takes no variable: give a stage `FROM` with the variable and name that stage";
        wrong.push(Spanned::new(message.into(), value.span));
    }
}

fn expose(port: &Word, wrong: &mut Wrong) {
    let Ok(expansion) = port.expand(&lex::Unknown) else { return };
    for word in &expansion.words {
        if let Err(message) = port_spec(word) {
            wrong.push(Spanned::new(message, port.span));
        }
    }
}

/// Checks `[address:][host:]port[-port][/protocol]`.
fn port_spec(spec: &str) -> Result<(), String> {
    let (address, host, container) = match spec.rsplit_once(':') {
        None => ("", "", spec),
        Some((before, container)) => match before.rsplit_once(':') {
            None => ("", before, container),
            Some((address, host)) => (address, host, container),
        },
    };
    let (port, protocol) = container.split_once('/').map_or((container, None), |(port, p)| (port, Some(p)));
    let example = "write `EXPOSE 8080` or `EXPOSE 53/udp` for example";
    if port.is_empty() {
        return Err(format!("`{spec}` has no port: {example}"));
    }
    if protocol.is_some_and(|p| !["", "tcp", "udp", "sctp"].iter().any(|known| p.eq_ignore_ascii_case(known)))
    {
        return Err(format!(
            "`{}` is no protocol: there are tcp, udp and sctp",
            protocol.unwrap_or_default()
        ));
    }
    let bare = address.strip_prefix('[').and_then(|a| a.strip_suffix(']')).unwrap_or(address);
    if !bare.is_empty() && bare.parse::<std::net::IpAddr>().is_err() {
        return Err(format!("`{address}` is no address: {example}"));
    }
    let Some((start, end)) = port_range(port) else { return Err(format!("`{port}` is no port: {example}")) };
    if !host.is_empty() {
        let Some((first, last)) = port_range(host) else {
            return Err(format!("`{host}` is no port: {example}"));
        };
        if end - start != last - first && end != start {
            return Err(format!("the ranges `{host}` and `{port}` are not of one length"));
        }
    }
    Ok(())
}

fn port_range(text: &str) -> Option<(u32, u32)> {
    let number = |text: &str| {
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        text.parse::<i64>().ok().and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= 65_535)
    };
    let (start, end) = text.split_once('-').unwrap_or((text, text));
    let (start, end) = (number(start)?, number(end)?);
    (start <= end).then_some((start, end))
}

fn stop_signal(word: &Word, wrong: &mut Wrong) {
    let Some(value) = word.literal() else { return };
    if let Ok(number) = value.parse::<i64>() {
        if number == 0 {
            wrong.push(Spanned::new(
                "0 is no signal: write `STOPSIGNAL SIGTERM` for example".into(),
                word.span,
            ));
        }
        return;
    }
    let upper = value.to_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let real_time = |prefix: &str, most: u32| {
        let number = name.strip_prefix(prefix)?;
        let number = number.parse::<u32>().ok().filter(|_| !number.starts_with(['0', '+']))?;
        (number <= most).then_some(())
    };
    let known = SIGNALS.contains(&name) || name == "RTMAX";
    if !known && real_time("RTMIN+", 15).is_none() && real_time("RTMAX-", 14).is_none() {
        let message = match nearest(name, SIGNALS.into_iter()) {
            Some(near) => format!("`{value}` is no signal; did you mean `SIG{near}`?"),
            None => format!("`{value}` is no signal: write `STOPSIGNAL SIGTERM` for example"),
        };
        wrong.push(Spanned::new(message, word.span));
    }
}
