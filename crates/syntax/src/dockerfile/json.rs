//! JSON arrays of strings as Go's `encoding/json` reads them.

use std::ops::Range;

use super::Word;
use crate::Text;
use crate::text::Builder;

/// How deep Go's decoder goes.
const DEEPEST: usize = 10_000;

/// What an argument is as JSON.
#[derive(Debug)]
pub(super) enum Json {
    /// An array of strings; the range is that of the array.
    Strings(Vec<Word>, Range<usize>),
    /// A valid array in which this element is no string.
    OtherElement(Range<usize>),
    /// No JSON array. What is wrong with it where it was likely meant to be one.
    Not(Option<(String, Range<usize>)>),
}

/// Reads a text as JSON. `escape` is that of the words, which some instructions process again.
pub(super) fn parse(text: &Text, range: Range<usize>, escape: Option<char>) -> Json {
    let source = &text[range.clone()];
    let start = range.start + source.len() - source.trim_start().len();
    if !text[start..range.end].starts_with('[') {
        return Json::Not(None);
    }
    let mut parser = Parser { text, bytes: &text.as_bytes()[..range.end], at: start, escape };
    match parser.array() {
        Ok((words, None)) => Json::Strings(words, start..parser.end(start)),
        Ok((_, Some(other))) => Json::OtherElement(other),
        Err((message, at)) => {
            let source = &text[start..range.end];
            Json::Not(looks_meant(source).then_some((message, at)))
        }
    }
}

/// Whether a text that is no JSON was likely meant to be: not the test `[ … ]` and not the test `[[ … ]]`.
fn looks_meant(source: &str) -> bool {
    let inner = &source[1..];
    if inner.starts_with('[') {
        return false;
    }
    let first = inner.trim_start();
    if first.len() == inner.len() {
        // A test has space behind its bracket.
        return true;
    }
    // `[ "a", …` and `[ "a" ]`, but not `[ "a" = "b" ]`.
    let after = match first.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            first[1..].split_once(quote).map_or("", |(_, after)| after).trim_start()
        }
        Some('“' | '”' | '‘' | '’') => return true,
        _ => {
            let word = first.split(char::is_whitespace).next().unwrap_or_default();
            word.strip_suffix(',').map_or("", |bare| &word[bare.len()..])
        }
    };
    after.starts_with(',') || (after.starts_with(']') && after[1..].trim().is_empty())
}

struct Parser<'t> {
    text: &'t Text,
    bytes: &'t [u8],
    at: usize,
    escape: Option<char>,
}

type Failure = (String, Range<usize>);

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// The place behind the last character that is no space, from `start` on.
    fn end(&self, start: usize) -> usize {
        start + self.text[start..self.at].trim_end().len()
    }

    fn fail<T>(&self, message: &str) -> Result<T, Failure> {
        let length = self.text[self.at..self.bytes.len()].chars().next().map_or(0, char::len_utf8);
        Err((message.into(), self.at..self.at + length))
    }

    /// The strings of the array, and the first element that is none.
    fn array(&mut self) -> Result<(Vec<Word>, Option<Range<usize>>), Failure> {
        let mut words = Vec::new();
        let mut other = None;
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                self.space();
                let start = self.at;
                if self.peek() == Some(b'"') {
                    let text = self.string()?;
                    let span = self.text.span_of(start..self.at);
                    words.push(Word { text, span, escape: self.escape });
                } else {
                    self.value()?;
                    other.get_or_insert(start..self.at);
                }
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => {
                        self.at += 1;
                        break;
                    }
                    None => return self.fail("the closing `]` is missing"),
                    Some(_) => return self.fail("a comma is missing between two strings"),
                }
            }
        }
        self.space();
        if self.at < self.bytes.len() { self.fail("text follows the array") } else { Ok((words, other)) }
    }

    /// A string with its escapes decoded.
    fn string(&mut self) -> Result<Text, Failure> {
        let open = self.at;
        self.at += 1;
        let mut builder = Builder::new(self.text.source(), self.text.offset(self.at.min(self.text.len())));
        let mut run = self.at;
        loop {
            match self.peek() {
                None => return Err(("the closing `\"` is missing".into(), open..self.at)),
                Some(b'"') => {
                    builder.push_text(self.text, run..self.at);
                    self.at += 1;
                    return Ok(builder.finish());
                }
                Some(b'\\') => {
                    builder.push_text(self.text, run..self.at);
                    let start = self.at;
                    let decoded = self.escaped()?;
                    let mut buffer = [0; 4];
                    let place = self.text.offset(start);
                    builder.push_decoded(decoded.encode_utf8(&mut buffer), place, self.at - start);
                    run = self.at;
                }
                Some(0..0x20) => return self.fail("a control character has to be escaped in a string"),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escaped(&mut self) -> Result<char, Failure> {
        let start = self.at;
        self.at += 2;
        Ok(match self.bytes.get(start + 1) {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(*c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let Some(first) = self.hex(self.at) else { return self.bad_escape(start) };
                self.at += 4;
                if !(0xd800..0xe000).contains(&first) {
                    return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                // Go replaces a surrogate without its partner and reads on behind it.
                let second =
                    if self.bytes[self.at..].starts_with(b"\\u") { self.hex(self.at + 2) } else { None };
                match (first, second) {
                    (0xd800..0xdc00, Some(low @ 0xdc00..0xe000)) => {
                        self.at += 6;
                        let code = 0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00);
                        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                    }
                    _ => char::REPLACEMENT_CHARACTER,
                }
            }
            _ => return self.bad_escape(start),
        })
    }

    fn bad_escape<T>(&self, start: usize) -> Result<T, Failure> {
        let length = self.text[start + 1..self.bytes.len()].chars().next().map_or(0, char::len_utf8);
        let range = start..start + 1 + length;
        Err((
            format!("`{}` is no escape in JSON; write `\\\\` for a backslash", &self.text[range.clone()]),
            range,
        ))
    }

    fn hex(&self, at: usize) -> Option<u32> {
        let digits = self.bytes.get(at..at + 4)?;
        digits.iter().try_fold(0, |n, b| Some(n * 16 + char::from(*b).to_digit(16)?))
    }

    /// Skips a value that is no string, without recursion.
    fn value(&mut self) -> Result<(), Failure> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            self.space();
            let mut complete = true;
            match self.peek() {
                Some(b'"') => {
                    self.string()?;
                }
                Some(bracket @ (b'[' | b'{')) => {
                    // The array this value stands in counts too.
                    if open.len() + 2 > DEEPEST {
                        return self.fail("the array nests too deep");
                    }
                    self.at += 1;
                    self.space();
                    let close = if bracket == b'[' { b']' } else { b'}' };
                    if self.peek() == Some(close) {
                        self.at += 1;
                    } else {
                        open.push(close);
                        complete = false;
                        if close == b'}' {
                            self.key()?;
                        }
                    }
                }
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b'\'') => {
                    return self.fail("strings stand in double quotes in JSON, not in single quotes");
                }
                Some(b']') => return self.fail("a comma has to be followed by a string"),
                None => return self.fail("the closing `]` is missing"),
                Some(_) => self.literal()?,
            }
            // A complete value may complete what it stands in.
            while complete {
                let Some(&close) = open.last() else { return Ok(()) };
                self.space();
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        if close == b'}' {
                            self.key()?;
                        }
                        complete = false;
                    }
                    Some(b) if b == close => {
                        self.at += 1;
                        open.pop();
                    }
                    _ => return self.fail("a comma or a closing bracket is missing"),
                }
            }
        }
    }

    fn key(&mut self) -> Result<(), Failure> {
        self.space();
        if self.peek() != Some(b'"') {
            return self.fail("the key of a JSON object has to be a string");
        }
        self.string()?;
        self.space();
        if self.peek() != Some(b':') {
            return self.fail("a `:` is missing behind the key of a JSON object");
        }
        self.at += 1;
        Ok(())
    }

    fn literal(&mut self) -> Result<(), Failure> {
        for word in ["true", "false", "null"] {
            if self.bytes[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(());
            }
        }
        let end =
            self.text[self.at..self.bytes.len()].find([',', ']']).map_or(self.bytes.len(), |n| self.at + n);
        Err(("strings stand in double quotes in JSON".into(), self.at..self.end_of(end)))
    }

    fn end_of(&self, end: usize) -> usize {
        self.at + self.text[self.at..end].trim_end().len()
    }

    fn number(&mut self) -> Result<(), Failure> {
        let start = self.at;
        let digits = |p: &mut Self| {
            let from = p.at;
            while matches!(p.peek(), Some(b'0'..=b'9')) {
                p.at += 1;
            }
            p.at > from
        };
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let mut valid = if self.peek() == Some(b'0') {
            self.at += 1;
            true
        } else {
            digits(self)
        };
        if valid && self.peek() == Some(b'.') {
            self.at += 1;
            valid = digits(self);
        }
        if valid && matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            valid = digits(self);
        }
        let finite = self.text[start..self.at].parse::<f64>().is_ok_and(f64::is_finite);
        if valid && finite { Ok(()) } else { Err(("this is no JSON number".into(), start..self.at)) }
    }
}
