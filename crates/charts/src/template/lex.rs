//! From the text of a template to text and actions, and from an action to tokens.

use crate::error::Failure;
use crate::text::Text;

/// A part of a template.
pub(super) enum Part {
    /// What is copied.
    Text(Text),
    /// What stands between `{{` and `}}`, comments left out.
    Action { tokens: Vec<Token>, start: usize, end: usize, line: u32 },
}

/// A token and where it begins.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether white space stands before it.
    pub(super) spaced: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// `.`
    Dot,
    /// `.name`
    Field(String),
    /// `$name`, `$`
    Variable(String),
    /// A name or a keyword.
    Word(String),
    /// A string, and whether it stands in its quotes as it is.
    Str(String, bool),
    Int(i64),
    Float(f64),
    Pipe,
    Open,
    Close,
    Comma,
    Declare,
    Assign,
}

const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// The parts of a template.
pub(super) fn parts(source: &Text) -> Result<Vec<Part>, (Failure, u32)> {
    let text = source.as_str();
    let mut parts = Vec::new();
    let mut at = 0;
    let mut line = 1;
    // Whether the action before trims what follows it.
    let mut trimmed = false;
    loop {
        let open = text[at..].find("{{").map(|n| at + n);
        let end = open.unwrap_or(text.len());
        let mut range = at..end;
        if trimmed {
            let rest = &text[range.clone()];
            range.start += rest.len() - rest.trim_start_matches(SPACE).len();
        }
        let marked = open.is_some_and(|open| {
            let rest = &text.as_bytes()[open + 2..];
            rest.first() == Some(&b'-') && rest.get(1).is_some_and(u8::is_ascii_whitespace)
        });
        if marked {
            range.end = range.start + text[range.clone()].trim_end_matches(SPACE).len();
        }
        if !range.is_empty() {
            parts.push(Part::Text(source.slice(range)));
        }
        line += lines(&text[at..end]);
        let Some(open) = open else { return Ok(parts) };
        let mut inner = open + 2;
        if marked {
            inner += 2;
        }
        let fail = |message: &str, line: u32| (Failure::new(message), line);
        let comment = text[inner..].trim_start_matches(SPACE);
        let comment_at = text.len() - comment.len();
        // A comment fills its action; nothing may stand before it.
        if comment.starts_with("/*") && (comment_at == inner || marked) {
            let close = text[comment_at..].find("*/").ok_or_else(|| fail("unclosed comment", line))?;
            let after = comment_at + close + 2;
            let rest = &text[after..];
            let (skip, trims) = if rest.starts_with("}}") {
                (2, false)
            } else if let Some(tail) = rest.strip_prefix(SPACE).filter(|tail| tail.starts_with("-}}")) {
                (rest.len() - tail.len() + 3, true)
            } else {
                return Err(fail("comment ends before closing delimiter", line));
            };
            line += lines(&text[open..after]);
            at = after + skip;
            trimmed = trims;
            continue;
        }
        let (tokens, after, trims) =
            tokens(text, inner).map_err(|(f, at)| (f, line + lines(&text[open..at.min(text.len())])))?;
        parts.push(Part::Action { tokens, start: open, end: after, line });
        line += lines(&text[open..after]);
        at = after;
        trimmed = trims;
    }
}

fn lines(text: &str) -> u32 {
    text.bytes().filter(|b| *b == b'\n').count() as u32
}

/// The tokens up to `}}`, the offset behind it, and whether it trims what follows.
fn tokens(text: &str, start: usize) -> Result<(Vec<Token>, usize, bool), (Failure, usize)> {
    let bytes = text.as_bytes();
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = start;
    let mut spaced = true;
    loop {
        let from = at;
        let fail = |message: String| (Failure::new(message), from);
        let Some(&byte) = bytes.get(at) else { return Err(fail("unclosed action".into())) };
        let rest = &text[at..];
        if byte.is_ascii_whitespace() {
            at += 1;
            if text[at..].starts_with("-}}") {
                return Ok((tokens, at + 3, true));
            }
            spaced = true;
            continue;
        }
        if rest.starts_with("}}") {
            return Ok((tokens, at + 2, false));
        }
        let begun = at;
        let kind = match byte {
            b'|' | b'(' | b')' | b',' | b'=' => {
                at += 1;
                match byte {
                    b'|' => Kind::Pipe,
                    b'(' => Kind::Open,
                    b')' => Kind::Close,
                    b',' => Kind::Comma,
                    _ => Kind::Assign,
                }
            }
            b':' if rest.starts_with(":=") => {
                at += 2;
                Kind::Declare
            }
            b'"' => {
                let (value, length) =
                    quoted(rest).ok_or_else(|| fail("unterminated quoted string".into()))?;
                at += length;
                let plain = value.len() + 2 == length;
                Kind::Str(value, plain)
            }
            b'`' => {
                let length =
                    rest[1..].find('`').ok_or_else(|| fail("unterminated raw quoted string".into()))?;
                at += length + 2;
                let value = rest[1..=length].replace('\r', "");
                let plain = value.len() == length;
                Kind::Str(value, plain)
            }
            b'\'' => {
                let (value, length) =
                    character(rest).ok_or_else(|| fail("malformed character constant".into()))?;
                at += length;
                Kind::Int(value)
            }
            b'.' if bytes.get(at + 1).is_none_or(|b| !b.is_ascii_digit()) => {
                let name = word(&rest[1..]);
                at += 1 + name.len();
                if name.is_empty() { Kind::Dot } else { Kind::Field(name.to_owned()) }
            }
            b'$' => {
                let name = word(&rest[1..]);
                at += 1 + name.len();
                Kind::Variable(format!("${name}"))
            }
            b'0'..=b'9' | b'+' | b'-' | b'.' => {
                let length = rest
                    .char_indices()
                    .find(|(n, c)| {
                        !(c.is_alphanumeric()
                            || matches!(c, '_' | '.')
                            || matches!(c, '+' | '-')
                                && (*n == 0 || rest[..*n].ends_with(['e', 'E', 'p', 'P'])))
                    })
                    .map_or(rest.len(), |(n, _)| n);
                at += length;
                number(&rest[..length])
                    .ok_or_else(|| fail(format!("bad number syntax: {:?}", &rest[..length])))?
            }
            _ => {
                let name = word(rest);
                if name.is_empty() {
                    let c = rest.chars().next().unwrap_or(' ');
                    return Err(fail(format!("unexpected {c:?} in action")));
                }
                at += name.len();
                Kind::Word(name.to_owned())
            }
        };
        tokens.push(Token { kind, start: begun, end: at, spaced });
        spaced = false;
    }
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// A number as Go writes it in a program.
pub(super) fn number(text: &str) -> Option<Kind> {
    let (negative, body) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let plain = body.replace('_', "");
    let lower = plain.to_ascii_lowercase();
    let parse = |digits: &str, radix| i64::from_str_radix(digits, radix).ok();
    let whole = if let Some(digits) = lower.strip_prefix("0x") {
        parse(digits, 16)
    } else if let Some(digits) = lower.strip_prefix("0b") {
        parse(digits, 2)
    } else if let Some(digits) = lower.strip_prefix("0o") {
        parse(digits, 8)
    } else if lower.len() > 1 && lower.starts_with('0') && lower.bytes().all(|b| b.is_ascii_digit()) {
        parse(&lower[1..], 8)
    } else {
        parse(&lower, 10)
    };
    if let Some(value) = whole {
        return Some(Kind::Int(if negative { -value } else { value }));
    }
    if let Some((mantissa, power)) = lower.strip_prefix("0x").and_then(|hex| hex.split_once('p')) {
        let mantissa = u32::from_str_radix(mantissa, 16).ok()?;
        let value = f64::from(mantissa) * 2_f64.powi(power.parse().ok()?);
        return Some(Kind::Float(if negative { -value } else { value }));
    }
    if !lower.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let value: f64 = lower.parse().ok()?;
    Some(Kind::Float(if negative { -value } else { value }))
}

/// The text of a Go string in double quotes that a text begins with, and the length with its quotes.
pub(super) fn quoted(text: &str) -> Option<(String, usize)> {
    let mut bytes = Vec::new();
    let mut rest = text.get(1..)?;
    loop {
        let c = rest.chars().next()?;
        match c {
            '"' => {
                let value = String::from_utf8(bytes)
                    .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
                return Some((value, text.len() - rest.len() + 1));
            }
            '\n' => return None,
            '\\' => rest = escape(&rest[1..], &mut bytes)?,
            c => {
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[c.len_utf8()..];
            }
        }
    }
}

/// What a backslash stands for; gives what follows.
fn escape<'t>(text: &'t str, out: &mut Vec<u8>) -> Option<&'t str> {
    let c = text.chars().next()?;
    let mut rest = &text[c.len_utf8()..];
    let mut hex = |digits: usize| {
        let value = u32::from_str_radix(rest.get(..digits)?, 16).ok()?;
        rest = &rest[digits..];
        Some(value)
    };
    match c {
        'a' => out.push(7),
        'b' => out.push(8),
        'f' => out.push(12),
        'n' => out.push(b'\n'),
        'r' => out.push(b'\r'),
        't' => out.push(b'\t'),
        'v' => out.push(11),
        '\\' | '\'' | '"' => out.push(c as u8),
        'x' => out.push(u8::try_from(hex(2)?).ok()?),
        'u' | 'U' => {
            let value = char::from_u32(hex(if c == 'u' { 4 } else { 8 })?)?;
            out.extend_from_slice(value.encode_utf8(&mut [0; 4]).as_bytes());
        }
        '0'..='7' => {
            let digits = text.get(..3)?;
            out.push(u8::from_str_radix(digits, 8).ok()?);
            rest = &text[3..];
        }
        _ => return None,
    }
    Some(rest)
}

fn character(text: &str) -> Option<(i64, usize)> {
    let rest = &text[1..];
    let c = rest.chars().next()?;
    let (value, after) = if c == '\\' {
        let mut bytes = Vec::new();
        let after = escape(&rest[1..], &mut bytes)?;
        (String::from_utf8(bytes).ok()?.chars().next()?, after)
    } else {
        (c, &rest[c.len_utf8()..])
    };
    let after = after.strip_prefix('\'')?;
    Some((i64::from(u32::from(value)), text.len() - after.len()))
}
