//! The text of scalars, and what it means.

use std::borrow::Cow;
use std::str::Chars;

use super::{Dialect, Style, Value};

/// The text between the quotes of a flow scalar.
pub(super) fn unquoted(written: &str, style: Style) -> &str {
    match style {
        Style::SingleQuoted | Style::DoubleQuoted => {
            written.get(1..written.len().saturating_sub(1)).unwrap_or_default()
        }
        _ => written,
    }
}

/// The length of the quoted scalar that a text begins with, its quotes included.
pub(super) fn quoted_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = *bytes.first()?;
    let mut at = 1;
    loop {
        at += memchr::memchr2(quote, b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'\\' {
            at += if quote == b'"' { 2 } else { 1 };
        } else if quote == b'\'' && bytes.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return Some(at + 1);
        }
    }
}

/// Adds the text of a plain or quoted scalar that is written on several lines or with escapes. `None` for an escape that there is
/// not.
pub(super) fn decode(written: &str, style: Style, out: &mut String) -> Option<()> {
    // What stands for something else; a line end is found once where nothing else is.
    let special = match style {
        Style::DoubleQuoted => b'\\',
        Style::SingleQuoted => b'\'',
        _ => b'\n',
    };
    let mut rest = unquoted(written, style);
    while let Some(at) = memchr::memchr3(special, b'\n', b'\r', rest.as_bytes()) {
        let (before, after) = rest.split_at(at);
        rest = match after.as_bytes()[0] {
            b'\n' | b'\r' => {
                out.push_str(before.trim_end_matches([' ', '\t']));
                let (breaks, rest) = skip_breaks(after);
                if breaks == 1 {
                    out.push(' ');
                }
                out.extend(std::iter::repeat_n('\n', breaks - 1));
                rest
            }
            b'\'' => {
                out.push_str(before);
                out.push('\'');
                after.get(2..).unwrap_or_default()
            }
            _ => {
                out.push_str(before);
                let after = &after[1..];
                if after.starts_with(['\n', '\r']) {
                    let (breaks, rest) = skip_breaks(after);
                    out.extend(std::iter::repeat_n('\n', breaks - 1));
                    rest
                } else {
                    let mut chars = after.chars();
                    out.push(escape(&mut chars)?);
                    chars.as_str()
                }
            }
        };
    }
    out.push_str(rest);
    Some(())
}

/// Counts the line ends at the start of a text, with white space between and behind them, and gives what follows.
fn skip_breaks(text: &str) -> (usize, &str) {
    let rest = text.trim_start_matches([' ', '\t', '\n', '\r']);
    let skipped = &text[..text.len() - rest.len()];
    (lines(skipped).count() - 1, rest)
}

/// A number of so many hexadecimal digits.
fn hex(digits: usize, chars: &mut Chars<'_>) -> Option<u32> {
    (0..digits).try_fold(0, |n, _| Some(n * 16 + chars.next()?.to_digit(16)?))
}

/// What stands behind a backslash.
fn escape(chars: &mut Chars<'_>) -> Option<char> {
    Some(match chars.next()? {
        '0' => '\0',
        'a' => '\x07',
        'b' => '\x08',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\x0b',
        'f' => '\x0c',
        'r' => '\r',
        'e' => '\x1b',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        'x' => char::from_u32(hex(2, chars)?)?,
        'U' => char::from_u32(hex(8, chars)?)?,
        'u' => {
            let high = hex(4, chars)?;
            if !(0xd800..0xdc00).contains(&high) {
                return char::from_u32(high);
            }
            // The second half of a character beyond 16 bits.
            if (chars.next(), chars.next()) != (Some('\\'), Some('u')) {
                return None;
            }
            let low = hex(4, chars)?.checked_sub(0xdc00).filter(|n| *n < 0x400)?;
            char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + low)?
        }
        c @ (' ' | '"' | '/' | '\\') => c,
        _ => return None,
    })
}

/// Adds the text of a block scalar's lines, without the end of the last.
pub(super) fn decode_block(text: &str, indent: usize, style: Style, out: &mut String) {
    // The line ends since the last line with text, and whether that one begins with white space.
    let mut ends = 0;
    let mut spaced = None;
    for (n, line) in lines(text).enumerate() {
        let spaces = line.bytes().take(indent).take_while(|b| *b == b' ').count();
        let line = &line[spaces..];
        ends += usize::from(n > 0);
        if line.is_empty() {
            continue;
        }
        let spaced_before = spaced.replace(line.starts_with([' ', '\t']));
        if style == Style::Folded && spaced_before == Some(false) && spaced == Some(false) {
            ends -= 1;
            if ends == 0 {
                out.push(' ');
            }
        }
        out.extend(std::iter::repeat_n('\n', ends));
        ends = 0;
        out.push_str(line);
    }
    out.extend(std::iter::repeat_n('\n', ends));
}

/// A literal block scalar as written, from its `|` to the end of its last line.
pub(super) struct Literal<'t> {
    /// The lines below the header; `None` without any.
    lines: Option<&'t str>,
    indent: usize,
    /// Whether its text ends with a line end.
    closed: bool,
}

impl<'t> Literal<'t> {
    /// `ended` says whether a line end follows in the file.
    pub(super) fn new(written: &'t str, ended: bool) -> Self {
        let (header, lines) = match written.find(['\n', '\r']) {
            Some(at) => {
                let (header, rest) = written.split_at(at);
                (header, Some(rest.strip_prefix("\r\n").unwrap_or_else(|| &rest[1..])))
            }
            None => (written, None),
        };
        let strip = indicators(header).contains('-');
        let indent = lines.and_then(first_indent).unwrap_or(0);
        Self { lines, indent, closed: lines.is_some() && ended && !strip }
    }

    /// The pieces of its text in order.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &'t str> {
        let lines = self.lines.into_iter().flat_map(lines).enumerate();
        let indent = self.indent;
        lines
            .flat_map(move |(n, line)| {
                let spaces = line.bytes().take(indent).take_while(|b| *b == b' ').count();
                [if n == 0 { "" } else { "\n" }, &line[spaces..]]
            })
            .chain(self.closed.then_some("\n"))
    }

    /// Whether its text is this one.
    pub(super) fn is(&self, text: &str) -> bool {
        let mut rest = text;
        for piece in self.pieces() {
            match rest.strip_prefix(piece) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        rest.is_empty()
    }
}

/// What stands in the header of a block scalar behind its `|` or `>`: an indentation, `+` or `-`.
pub(super) fn indicators(header: &str) -> &str {
    let tail = header.get(1..).unwrap_or_default();
    &tail[..tail.bytes().take_while(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-')).count()]
}

fn first_indent(lines_text: &str) -> Option<usize> {
    lines(lines_text).find_map(|line| {
        let spaces = line.bytes().take_while(|b| *b == b' ').count();
        (spaces < line.len()).then_some(spaces)
    })
}

/// The lines of a text without their ends; a text that ends with a line end has an empty last line.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(at) = memchr::memchr2(b'\n', b'\r', text.as_bytes()) else {
            rest = None;
            return Some(text);
        };
        let after = &text[at..];
        rest = Some(after.strip_prefix("\r\n").unwrap_or_else(|| &after[1..]));
        Some(&text[..at])
    })
}

/// The end of a block scalar without the line end of its last line.
///
/// `header` is where its `|` or `>` stands, `content` where its text begins, `limit` where the parser stopped reading it.
/// Blank lines at the end belong to it only with `+`.
pub(super) fn block_end(text: &str, header: usize, content: usize, limit: usize) -> usize {
    let bytes = text.as_bytes();
    let limit = limit.max(header).min(bytes.len());
    let indicators = indicators(text.get(header..limit).unwrap_or_default());
    let header_end = header + 1 + indicators.len();
    let Some(first) = memchr::memchr2(b'\n', b'\r', &bytes[header..limit]).map(|n| header + n) else {
        return header_end.min(limit);
    };
    let first = if bytes[first..].starts_with(b"\r\n") { first + 2 } else { first + 1 };
    let line_start = |at: usize| {
        memchr::memrchr2(b'\n', b'\r', &bytes[first.min(at)..at]).map_or(first.min(at), |n| first + n + 1)
    };
    let line_end = |at: usize| {
        let at = if at > first && bytes[at - 1] == b'\n' { at - 1 } else { at };
        if at > first && bytes[at - 1] == b'\r' { at - 1 } else { at }
    };
    let mut end = limit;
    if indicators.contains('+') {
        // What the parser skipped of a line that no longer belongs to the scalar.
        let start = line_start(end);
        let cut = start > first && start < end && end < bytes.len() && text[start..end].trim().is_empty();
        if cut {
            end = start;
        }
        return if end <= first {
            if limit > first || limit < bytes.len() { header_end } else { limit }
        } else {
            line_end(end)
        };
    }
    let mut indent = None;
    loop {
        if end < first {
            return header_end;
        }
        let stop = line_end(end);
        let start = line_start(stop);
        let line = &bytes[start..stop];
        let spaces = line.iter().take_while(|b| **b == b' ').count();
        let blank = spaces == line.len();
        if !blank
            || (spaces > 0 && spaces > *indent.get_or_insert_with(|| content_indent(text, content, first)))
        {
            // White space before whatever follows the scalar on its line is not its own.
            if !(blank && stop == limit && bytes.get(stop).is_some_and(|b| !matches!(b, b'\n' | b'\r'))) {
                return stop;
            }
        }
        if start <= first {
            return header_end;
        }
        end = start;
    }
}

fn content_indent(text: &str, content: usize, first: usize) -> usize {
    if content < first {
        return usize::MAX;
    }
    let line =
        memchr::memrchr2(b'\n', b'\r', &text.as_bytes()[first..content]).map_or(first, |n| first + n + 1);
    content - line
}

/// What a scalar comes to.
pub(super) fn value<'t>(text: Cow<'t, str>, style: Style, tag: Option<&str>, dialect: Dialect) -> Value<'t> {
    let tag = match tag {
        // Compose's reader takes the tag `!` for none.
        Some("!") if style == Style::Plain && dialect == Dialect::Compose => return plain(text, dialect),
        None if style == Style::Plain => return plain(text, dialect),
        None => return Value::Str(text),
        Some(tag) => tag
            .strip_prefix("!!")
            .or_else(|| tag.strip_prefix("!<tag:yaml.org,2002:").and_then(|t| t.strip_suffix('>'))),
    };
    match tag {
        Some("null") => Value::Null,
        Some("float") if dialect != Dialect::Kubernetes => match plain(text, dialect) {
            #[expect(clippy::cast_precision_loss, reason = "the tag asks for a float")]
            Value::Int(int) => Value::Float(int as f64),
            other => other,
        },
        Some("bool" | "int" | "float") => plain(text, dialect),
        Some("binary") => match base64(&text) {
            Some(decoded) => Value::Str(Cow::Owned(decoded)),
            None => Value::Str(text),
        },
        _ => Value::Str(text),
    }
}

/// What a scalar without quotes comes to.
fn plain(text: Cow<'_, str>, dialect: Dialect) -> Value<'_> {
    // All that is not a string is short and begins with one of these.
    let special = |b: &u8| b.is_ascii_digit() || b"+-.~tTfFnNyYoO".contains(b);
    match text.as_bytes().first() {
        None => return Value::Null,
        Some(first) if !special(first) => return Value::Str(text),
        Some(_) => {}
    }
    let t: &str = &text;
    match t {
        "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Value::Float(f64::NEG_INFINITY),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if dialect == Dialect::Kubernetes => {
            return Value::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if dialect == Dialect::Kubernetes => {
            return Value::Bool(false);
        }
        "-0" | "-0.0" if dialect == Dialect::Compose => return Value::Float(-0.0),
        _ => {}
    }
    let number = match dialect {
        Dialect::Kubernetes => go_number(t).map(json_number),
        Dialect::Compose => go_number(t),
        Dialect::Core => core_number(t),
    };
    number.unwrap_or(Value::Str(text))
}

/// A number as Go's YAML libraries read it.
fn go_number(text: &str) -> Option<Value<'static>> {
    if text.starts_with('.') {
        return float(text);
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-')) {
        return None;
    }
    let digits: Cow<'_, str> =
        if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    let (negative, unsigned) = match digits.strip_prefix(['+', '-']) {
        Some(rest) => (digits.starts_with('-'), rest),
        None => (false, &*digits),
    };
    let lower = unsigned.get(..2).map(str::to_ascii_lowercase);
    let (radix, body) = match lower.as_deref() {
        Some("0x") => (16, &unsigned[2..]),
        Some("0o") => (8, &unsigned[2..]),
        Some("0b") => (2, &unsigned[2..]),
        Some(_) if unsigned.starts_with('0') => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    integer(body, radix, negative, unsigned.len() == digits.len()).or_else(|| float(&digits))
}

/// kubectl turns YAML into JSON, where `1e3` and `1000` are one number.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small enough")]
fn json_number(value: Value<'static>) -> Value<'static> {
    match value {
        Value::Float(float) if float.fract() == 0.0 && float.abs() < 9e15 => Value::Int(float as i64),
        other => other,
    }
}

/// A number of the YAML 1.2 core schema.
fn core_number(text: &str) -> Option<Value<'static>> {
    if let Some(octal) = text.strip_prefix("0o") {
        return integer(octal, 8, false, true);
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return integer(hex, 16, false, true);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    integer(unsigned, 10, text.starts_with('-'), true).or_else(|| float(text))
}

#[expect(clippy::cast_precision_loss, reason = "an integer that does not fit is a float")]
fn integer(digits: &str, radix: u32, negative: bool, large: bool) -> Option<Value<'static>> {
    if digits.is_empty() || !digits.bytes().all(|b| char::from(b).is_digit(radix)) {
        return None;
    }
    let value = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0_i64.checked_sub_unsigned(value).map(Value::Int);
    }
    match i64::try_from(value) {
        Ok(value) => Some(Value::Int(value)),
        Err(_) => large.then_some(Value::Float(value as f64)),
    }
}

/// Digits with a point, an exponent or both; what does not fit is no number.
fn float(text: &str) -> Option<Value<'static>> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |t: &str| t.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(unsigned);
    let mut rest = &unsigned[whole..];
    if let Some(point) = rest.strip_prefix('.') {
        let fraction = digits(point);
        if whole + fraction == 0 {
            return None;
        }
        rest = &point[fraction..];
    } else if whole == 0 {
        return None;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if exponent.is_empty() || digits(exponent) != exponent.len() {
            return None;
        }
    } else if !rest.is_empty() {
        return None;
    }
    text.parse::<f64>().ok().filter(|f| f.is_finite()).map(Value::Float)
}

/// Standard base64 that comes to text; line ends in it count for nothing.
fn base64(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count, mut padding, mut length) = (0_u32, 0, 0, 0);
    for b in text.bytes().filter(|b| !matches!(b, b'\n' | b'\r')) {
        length += 1;
        if b == b'=' {
            padding += 1;
            continue;
        }
        let digit = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        if padding > 0 {
            return None;
        }
        bits = (bits << 6) | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    if length % 4 != 0 || padding > 2 {
        return None;
    }
    String::from_utf8(bytes).ok()
}
