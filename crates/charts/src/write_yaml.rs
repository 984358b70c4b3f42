//! YAML as `toYaml` writes it.

use crate::number;
use crate::text::{Origin, Text};
use crate::value::{Data, Value};

/// The column after which a line is broken at the next space.
const WIDTH: usize = 80;

/// The text of a value, without a line end behind it.
pub(crate) fn to_yaml(value: &Value) -> Text {
    let mut writer = Writer { out: Text::default(), line: 0 };
    writer.node(value, 0, Around::Root);
    writer.out
}

/// What a node stands in.
#[derive(Clone, Copy, PartialEq)]
enum Around {
    Root,
    Mapping,
    Sequence,
}

struct Writer {
    out: Text,
    /// Where the line begins.
    line: usize,
}

impl Writer {
    fn put(&mut self, text: &str, origin: Origin) {
        self.out.push_str(text, origin);
    }

    fn made(&mut self, text: &str) {
        self.out.push_made(text);
    }

    fn new_line(&mut self, indent: usize) {
        self.made("\n");
        self.line = self.out.len();
        self.made(&" ".repeat(indent));
    }

    fn column(&self) -> usize {
        self.out.as_str()[self.line..].chars().count()
    }

    /// Writes a node; `indent` is the column of the collection that it is, or stands in.
    fn node(&mut self, value: &Value, indent: usize, around: Around) {
        let at = value.at.derived();
        match &value.data {
            Data::Nil | Data::Null => self.put("null", at),
            Data::Bool(value) => self.put(&value.to_string(), at),
            Data::Int(n) | Data::Int64(n) => self.put(&n.to_string(), at),
            Data::Float(n) => self.put(&float(*n), at),
            Data::Str(text) => self.scalar(text, indent + 2, false),
            Data::List(items) if items.is_empty() => self.made("[]"),
            Data::List(items) => {
                for (n, item) in items.iter().enumerate() {
                    // The first item of a list in a list stands behind its dash.
                    if n > 0 || around == Around::Mapping {
                        self.new_line(indent);
                    }
                    self.made("- ");
                    self.node(item, indent + 2, Around::Sequence);
                }
            }
            Data::Map(map) => {
                let entries = map.entries.borrow();
                if entries.is_empty() {
                    self.made("{}");
                    return;
                }
                let mut sorted: Vec<_> = entries.iter().collect();
                sorted.sort_by(|a, b| natural(a.0, b.0));
                for (n, (key, entry)) in sorted.into_iter().enumerate() {
                    if n > 0 || around == Around::Mapping {
                        self.new_line(indent);
                    }
                    self.scalar(&Text::new(&**key, entry.key), indent + 2, true);
                    self.made(":");
                    match &entry.value.data {
                        Data::Map(map) if !map.entries.borrow().is_empty() => {
                            self.node(&entry.value, indent + 2, Around::Mapping);
                        }
                        // Lists in mappings are not indented.
                        Data::List(items) if !items.is_empty() => {
                            self.node(&entry.value, indent, Around::Mapping);
                        }
                        Data::Object(object) => {
                            let value = object.exported();
                            match &value.data {
                                Data::Map(m) if !m.entries.borrow().is_empty() => {
                                    self.node(&value, indent + 2, Around::Mapping);
                                }
                                Data::List(items) if !items.is_empty() => {
                                    self.node(&value, indent, Around::Mapping);
                                }
                                _ => {
                                    self.made(" ");
                                    self.node(&value, indent, Around::Mapping);
                                }
                            }
                        }
                        _ => {
                            self.made(" ");
                            self.node(&entry.value, indent, Around::Mapping);
                        }
                    }
                }
            }
            Data::Object(object) => self.node(&object.exported(), indent, around),
        }
    }

    fn scalar(&mut self, text: &Text, indent: usize, key: bool) {
        let s = text.as_str();
        let shape = Shape::of(s);
        let breaks = !key;
        if s.contains('\n') && !key && shape.block {
            self.literal(text, indent);
        } else if s.contains('\n') || !shape.single || !is_string(s) {
            self.double(text, indent, breaks);
        } else if shape.plain && !s.is_empty() {
            self.flowing(text, indent, breaks, "");
        } else {
            self.flowing(text, indent, breaks, "'");
        }
    }

    /// A plain or single-quoted scalar, broken at spaces.
    fn flowing(&mut self, text: &Text, indent: usize, breaks: bool, quote: &str) {
        let s = text.as_str();
        self.made(quote);
        let mut from = 0;
        let mut spaced = false;
        // The columns are counted from where the line began.
        let mut column = self.column();
        for (n, c) in s.char_indices() {
            if c == ' ' {
                let next = s[n + 1..].chars().next();
                let inner = quote.is_empty() || n > 0 && n + 1 < s.len();
                if breaks && !spaced && column > WIDTH && inner && next != Some(' ') {
                    self.out.push_range(text, from..n);
                    self.new_line(indent);
                    from = n + 1;
                    column = indent;
                } else {
                    column += 1;
                }
                spaced = true;
                continue;
            }
            spaced = false;
            column += 1;
            if c == '\'' && !quote.is_empty() {
                self.out.push_range(text, from..n + 1);
                self.put("'", text.origin_at(n).derived());
                column += 1;
                from = n + 1;
            }
        }
        self.out.push_range(text, from..s.len());
        self.made(quote);
    }

    fn double(&mut self, text: &Text, indent: usize, breaks: bool) {
        let s = text.as_str();
        self.made("\"");
        let mut from = 0;
        let mut spaced = false;
        let mut column = self.column();
        for (n, c) in s.char_indices() {
            if let Some(escaped) = escaped(c) {
                self.out.push_range(text, from..n);
                column += escaped.len();
                self.put(&escaped, text.origin_at(n).derived());
                from = n + c.len_utf8();
                spaced = false;
            } else if c == ' ' {
                if breaks && !spaced && column > WIDTH && n > 0 && n + 1 < s.len() {
                    self.out.push_range(text, from..n);
                    self.new_line(indent);
                    column = indent;
                    if s[n + 1..].starts_with(' ') {
                        self.made("\\");
                        column += 1;
                    }
                    from = n + 1;
                } else {
                    column += 1;
                }
                spaced = true;
            } else {
                column += 1;
                spaced = false;
            }
        }
        self.out.push_range(text, from..s.len());
        self.made("\"");
    }

    fn literal(&mut self, text: &Text, indent: usize) {
        let s = text.as_str();
        let hint = if s.starts_with([' ', '\n']) { "2" } else { "" };
        let chomp = if !s.ends_with('\n') {
            "-"
        } else if s.len() == 1 || s.ends_with("\n\n") {
            "+"
        } else {
            ""
        };
        self.made(&format!("|{hint}{chomp}"));
        let body = s.strip_suffix('\n').unwrap_or(s);
        let mut at = 0;
        for line in body.split('\n') {
            self.made("\n");
            self.line = self.out.len();
            if !line.is_empty() {
                self.made(&" ".repeat(indent));
                self.out.push_range(text, at..at + line.len());
            }
            at += line.len() + 1;
        }
    }
}

fn float(n: f64) -> String {
    // It goes through JSON, which knows no difference between 1.0 and 1.
    if n.fract() == 0.0 && n.abs() < 1e19 { format!("{n:.0}") } else { number::shortest(n) }
}

/// How a scalar may be written.
struct Shape {
    plain: bool,
    single: bool,
    block: bool,
}

impl Shape {
    fn of(s: &str) -> Self {
        let special = s.chars().any(|c| c != '\n' && escaped(c).is_some_and(|_| !matches!(c, '"' | '\\')));
        let space_break = s.contains(" \n");
        let break_space = s.contains("\n ");
        let spaced = s.starts_with([' ', '\n']) || s.ends_with([' ', '\n']);
        let mut indicator = s.starts_with("---") || s.starts_with("...");
        let mut before = ' ';
        let mut chars = s.chars().peekable();
        let mut first = true;
        while let Some(c) = chars.next() {
            let ends = chars.peek().is_none_or(|n| matches!(n, ' ' | '\n' | '\t' | '\r'));
            indicator |= match c {
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
                | '`'
                    if first =>
                {
                    true
                }
                '?' | ':' | '-' if first => ends,
                ':' => ends,
                '#' => matches!(before, ' ' | '\n' | '\t'),
                _ => false,
            };
            before = c;
            first = false;
        }
        Self {
            plain: !special && !spaced && !indicator && !s.contains('\n'),
            single: !special && !space_break && !break_space,
            block: !special && !space_break && !s.ends_with(' '),
        }
    }
}

fn escaped(c: char) -> Option<String> {
    Some(match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\0' => "\\0".to_owned(),
        '\x07' => "\\a".to_owned(),
        '\x08' => "\\b".to_owned(),
        '\t' => "\\t".to_owned(),
        '\n' => "\\n".to_owned(),
        '\x0b' => "\\v".to_owned(),
        '\x0c' => "\\f".to_owned(),
        '\r' => "\\r".to_owned(),
        '\x1b' => "\\e".to_owned(),
        '\u{85}' => "\\N".to_owned(),
        '\u{a0}' => "\\_".to_owned(),
        '\u{2028}' => "\\L".to_owned(),
        '\u{2029}' => "\\P".to_owned(),
        '\u{feff}' => "\\uFEFF".to_owned(),
        c if (c as u32) < 0x20 || ('\x7f'..'\u{a0}').contains(&c) => format!("\\x{:02X}", c as u32),
        c if c as u32 > 0xffff => format!("\\U{:08X}", c as u32),
        _ => return None,
    })
}

/// Whether a plain scalar would be read as a string.
pub(crate) fn is_string(s: &str) -> bool {
    const WORDS: [&str; 38] = [
        "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE", "y", "Y", "yes",
        "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", ".nan", ".NaN",
        ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF",
    ];
    if s.is_empty() || WORDS.contains(&s) {
        return false;
    }
    let Some(first) = s.bytes().next() else { return false };
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return true;
    }
    !(is_number(&s.replace('_', "")) || is_base60(s) || is_time(s))
}

fn is_number(s: &str) -> bool {
    let body = s.strip_prefix(['+', '-']).unwrap_or(s);
    let digits = |text: &str, radix: u32| !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
    for (prefix, radix) in [("0x", 16), ("0X", 16), ("0b", 2), ("0B", 2), ("0o", 8), ("0O", 8)] {
        if let Some(rest) = body.strip_prefix(prefix) {
            return digits(rest, radix);
        }
    }
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], Some(&body[at + 1..])),
        None => (body, None),
    };
    if let Some(exponent) = exponent
        && !digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent), 10)
    {
        return false;
    }
    match mantissa.split_once('.') {
        Some(("", after)) => digits(after, 10),
        Some((before, after)) => digits(before, 10) && (after.is_empty() || digits(after, 10)),
        None => digits(mantissa, 10),
    }
}

fn is_base60(s: &str) -> bool {
    let body = s.strip_prefix(['+', '-']).unwrap_or(s);
    let mut parts = body.split(':');
    let head = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let two = |p: &str| matches!(p.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    head.starts_with(|c: char| c.is_ascii_digit())
        && head.bytes().all(|b| b.is_ascii_digit() || b == b'_')
        && !rest.is_empty()
        && rest.iter().enumerate().all(|(n, part)| {
            let part = if n + 1 == rest.len() { part.split('.').next().unwrap_or(part) } else { part };
            two(part)
        })
}

fn is_time(s: &str) -> bool {
    let bytes = s.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return false;
    }
    let date_end = s.find(['T', 't', ' ']).unwrap_or(s.len());
    let mut numbers =
        s[5..date_end].split('-').map(|p| (p.len() <= 2).then(|| p.parse::<u32>().ok()).flatten());
    let (Some(Some(1..=12)), Some(Some(1..=31)), None) = (numbers.next(), numbers.next(), numbers.next())
    else {
        return false;
    };
    let rest = s.get(date_end + 1..).unwrap_or_default();
    if date_end == s.len() {
        return true;
    }
    let clock_end = rest.find(['Z', '+', '-', ' ']).unwrap_or(rest.len());
    let clock: Vec<&str> = rest[..clock_end].split(':').collect();
    let zoned = clock_end < rest.len();
    clock.len() == 3
        && clock.iter().all(|p| p.starts_with(|c: char| c.is_ascii_digit()))
        && (bytes[date_end] == b' ') != zoned
}

/// The order of keys: letters last, digits by the numbers they make.
fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    let (x, y): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let differs = x.iter().zip(&y).position(|(a, b)| a != b);
    let Some(at) = differs else { return x.len().cmp(&y.len()) };
    match (x[at].is_alphabetic(), y[at].is_alphabetic()) {
        (true, true) => return x[at].cmp(&y[at]),
        (true, false) => return std::cmp::Ordering::Greater,
        (false, true) => return std::cmp::Ordering::Less,
        (false, false) => {}
    }
    // Within a number zeros count as digits.
    let mut start = 0;
    if x[at] == '0' || y[at] == '0' {
        let mut back = at;
        while back > 0 && x[back - 1].is_ascii_digit() {
            back -= 1;
            if x[back] != '0' {
                start = 1;
                break;
            }
        }
    }
    let run = |chars: &[char]| {
        let mut value: i64 = start;
        let mut end = at;
        while let Some(digit) = chars.get(end).and_then(|c| c.to_digit(10)) {
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
            end += 1;
        }
        (value, end)
    };
    run(&x).cmp(&run(&y)).then(x[at].cmp(&y[at]))
}
