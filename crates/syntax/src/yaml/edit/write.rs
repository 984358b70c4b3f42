//! Values as text.

use std::fmt::Write as _;

use super::super::{Dialect, Style, Value, scalar};
use super::New;

/// How values are written at one place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer {
    pub(super) newline: &'static str,
    pub(super) step: usize,
    pub(super) dash: usize,
    /// The spaces behind a `-`.
    pub(super) gap: usize,
    /// The quotes of a text that needs them.
    pub(super) quote: Style,
    /// Whether every text is quoted, and every key.
    pub(super) quote_values: bool,
    pub(super) quote_keys: bool,
    /// Whether a text of several lines may be written as a block.
    pub(super) literal: bool,
    /// No space behind `:` and `,` in brackets.
    pub(super) compact: bool,
}

impl Writer {
    /// Whether a value takes several lines outside of brackets.
    pub(super) fn is_block(value: &New) -> bool {
        match value {
            New::Seq(items) => !items.is_empty(),
            New::Map(entries) => !entries.is_empty(),
            _ => false,
        }
    }

    pub(super) fn key(&self, key: &str, flow: bool) -> String {
        self.text(key, flow, self.quote_keys)
    }

    fn text(&self, text: &str, flow: bool, quoted: bool) -> String {
        if !quoted && is_plain(text, flow) {
            return text.to_owned();
        }
        let printable = |c: char| !c.is_control() && !matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}');
        if self.quote == Style::SingleQuoted && text.chars().all(printable) {
            return format!("'{}'", text.replace('\'', "''"));
        }
        let mut out = String::with_capacity(text.len() + 2);
        out.push('"');
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                c if printable(c) => out.push(c),
                c => drop(write!(out, "\\u{:04x}", u32::from(c))),
            }
        }
        out.push('"');
        out
    }

    /// A value on one line.
    pub(super) fn inline(&self, value: &New, flow: bool) -> String {
        match value {
            New::Null => "null".into(),
            New::Bool(value) => value.to_string(),
            New::Int(value) => value.to_string(),
            New::Str(text) => self.text(text, flow, self.quote_values),
            New::Seq(items) => {
                let items: Vec<_> = items.iter().map(|item| self.inline(item, true)).collect();
                format!("[{}]", items.join(self.comma()))
            }
            New::Map(entries) => {
                let entries: Vec<_> = entries.iter().map(|(key, value)| self.pair(key, value)).collect();
                format!("{{{}}}", entries.join(self.comma()))
            }
        }
    }

    pub(super) fn comma(&self) -> &'static str {
        if self.compact { "," } else { ", " }
    }

    /// `key: value` within braces.
    pub(super) fn pair(&self, key: &str, value: &New) -> String {
        let colon = if self.compact { ":" } else { ": " };
        format!("{}{colon}{}", self.key(key, true), self.inline(value, true))
    }

    /// A value within braces that stand on several lines; `indent` is that of the line it begins on.
    pub(super) fn spread(&self, value: &New, indent: usize, out: &mut String) {
        let inner = indent + self.step;
        match value {
            New::Seq(items) if !items.is_empty() => {
                out.push('[');
                for (n, item) in items.iter().enumerate() {
                    out.push_str(if n > 0 { "," } else { "" });
                    self.line(inner, out);
                    self.spread(item, inner, out);
                }
                self.line(indent, out);
                out.push(']');
            }
            New::Map(entries) if !entries.is_empty() => {
                out.push('{');
                for (n, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if n > 0 { "," } else { "" });
                    self.line(inner, out);
                    self.spread_pair(key, value, inner, out);
                }
                self.line(indent, out);
                out.push('}');
            }
            _ => out.push_str(&self.inline(value, true)),
        }
    }

    pub(super) fn spread_pair(&self, key: &str, value: &New, indent: usize, out: &mut String) {
        out.push_str(&self.key(key, true));
        out.push_str(": ");
        self.spread(value, indent, out);
    }

    pub(super) fn line(&self, indent: usize, out: &mut String) {
        out.push_str(self.newline);
        out.extend(std::iter::repeat_n(' ', indent));
    }

    /// A value without brackets, its first line from where `out` ends and the others at `indent`.
    pub(super) fn block(&self, value: &New, indent: usize, out: &mut String) {
        match value {
            New::Seq(items) if !items.is_empty() => {
                for (n, item) in items.iter().enumerate() {
                    if n > 0 {
                        self.line(indent, out);
                    }
                    self.item(item, indent, out);
                }
            }
            New::Map(entries) if !entries.is_empty() => {
                for (n, (key, value)) in entries.iter().enumerate() {
                    if n > 0 {
                        self.line(indent, out);
                    }
                    self.entry(key, value, indent, out);
                }
            }
            _ => out.push_str(&self.inline(value, false)),
        }
    }

    /// `- value`, the `-` at `indent`.
    pub(super) fn item(&self, value: &New, indent: usize, out: &mut String) {
        out.push('-');
        out.extend(std::iter::repeat_n(' ', self.gap));
        let indent = indent + 1 + self.gap;
        match value {
            New::Str(text) if self.is_literal(text) => self.lines(text, indent, out),
            _ => self.block(value, indent, out),
        }
    }

    /// `key: value`, the key at `indent`.
    pub(super) fn entry(&self, key: &str, value: &New, indent: usize, out: &mut String) {
        out.push_str(&self.key(key, false));
        out.push(':');
        self.below(value, indent, out);
    }

    /// A value behind the `:` of a key at `indent`.
    pub(super) fn below(&self, value: &New, indent: usize, out: &mut String) {
        match value {
            New::Str(text) if self.is_literal(text) => {
                out.push(' ');
                self.lines(text, indent + self.step, out);
            }
            value if Self::is_block(value) => {
                let indent = indent + self.child(value);
                self.line(indent, out);
                self.block(value, indent, out);
            }
            value => {
                out.push(' ');
                out.push_str(&self.inline(value, false));
            }
        }
    }

    /// The columns from a mapping to a value below one of its keys.
    pub(super) fn child(&self, value: &New) -> usize {
        if matches!(value, New::Seq(_)) { self.dash } else { self.step }
    }

    /// Whether a text is written as `|` and lines.
    pub(super) fn is_literal(&self, text: &str) -> bool {
        self.literal
            && text.trim_end_matches('\n').contains('\n')
            && !text.starts_with([' ', '\n', '\t'])
            && text.chars().all(|c| {
                c == '\n'
                    || (!c.is_control() && !matches!(c, '\u{feff}' | '\u{85}' | '\u{2028}' | '\u{2029}'))
            })
            && !text.ends_with("\n\n")
            && !text.lines().any(|line| !line.is_empty() && line.trim().is_empty())
    }

    pub(super) fn lines(&self, text: &str, indent: usize, out: &mut String) {
        out.push_str(if text.ends_with('\n') { "|" } else { "|-" });
        for line in text.lines() {
            if line.is_empty() {
                out.push_str(self.newline);
            } else {
                self.line(indent, out);
                out.push_str(line);
            }
        }
    }
}

/// Whether every reader takes the text without quotes for this very text.
fn is_plain(text: &str, flow: bool) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    if b",[]{}#&*!|>'\"%@`=~<".contains(first)
        || first.is_ascii_whitespace()
        || last.is_ascii_whitespace()
        || *last == b':'
    {
        return false;
    }
    if matches!(first, b'-' | b'?' | b':')
        && bytes.get(1).is_none_or(|b| !b.is_ascii_alphanumeric() && !b"-/._".contains(b))
    {
        return false;
    }
    if text.starts_with("---") || text.starts_with("...") {
        return false;
    }
    if text.chars().any(|c| c.is_control() || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}')) {
        return false;
    }
    if text.contains(": ") || text.contains(" #") {
        return false;
    }
    if flow
        && (text.contains([',', '[', ']', '{', '}', '?']) || text.contains(":\"") || text.starts_with(':'))
    {
        return false;
    }
    let means_text =
        |dialect| matches!(scalar::value(text.into(), Style::Plain, None, dialect), Value::Str(_));
    means_text(Dialect::Kubernetes)
        && means_text(Dialect::Compose)
        && means_text(Dialect::Core)
        && !is_sexagesimal(text)
        && !is_timestamp(text)
}

/// Numbers to the base 60 and times of day, `22:22` for example, are numbers in YAML 1.1.
fn is_sexagesimal(text: &str) -> bool {
    text.contains(':')
        && text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'))
        && text.bytes().all(|b| b.is_ascii_digit() || b":._+-".contains(&b))
}

fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 8
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes[4] == b'-'
        && bytes[5].is_ascii_digit()
}
