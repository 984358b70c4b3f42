//! The quick reader: straight from the bytes to the tree, for the YAML that files are written in.
//!
//! It knows no errors. It gives up on a text that has one, and on what hardly any file has: `?` keys, directives, collections as
//! keys, pairs without braces, tags by handle. `events.rs` reads these; of all others both make the same tree.

mod block;
mod flow;
mod scalar;

use std::collections::HashMap;
use std::sync::Arc;

use super::arena::{Arena, DEPTH};
use super::{NodeId, NodeKind, Style, Yaml};
use crate::SourceId;
use scalar::Token;

/// The bytes an implicit key may have; the limit of YAML is 1024 characters.
const KEY: usize = 1000;

/// Reads a text, or gives up.
pub(super) fn read(source: SourceId, text: &Arc<str>) -> Option<Yaml> {
    let bytes = text.as_bytes();
    if !is_plain_text(bytes) {
        return None;
    }
    let start = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let mut reader = Reader {
        text,
        bytes,
        at: start,
        line: start,
        column: 0,
        tab: false,
        depth: 0,
        arena: Arena::new(source, text),
        names: HashMap::new(),
    };
    reader.arena.last_end = start;
    reader.documents()?;
    Some(reader.arena.finish())
}

/// What anchors and aliases have in their names besides letters and digits.
const NAME: &[u8] = b"_-./";

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Whether a text has only characters that may stand in a YAML file, no byte order mark but at its start, and no line ends but `\n`
/// and `\r\n`.
fn is_plain_text(bytes: &[u8]) -> bool {
    // Whole blocks at once: that is quick.
    let mut returns = false;
    let mut wide = false;
    for block in bytes.chunks(256) {
        let mut control = false;
        for b in block {
            control |= (*b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')) || *b == 0x7f;
            returns |= *b == b'\r';
            wide |= *b >= 0x80;
        }
        if control {
            return false;
        }
    }
    let returns_end_lines = || memchr::memchr_iter(b'\r', bytes).all(|at| bytes.get(at + 1) == Some(&b'\n'));
    let wide_are_printable = || {
        memchr::memchr2_iter(0xc2, 0xef, bytes).all(|at| match bytes[at..] {
            // The control characters beyond ASCII, but for the line end among them.
            [0xc2, next, ..] => next >= 0xa0 || next == 0x85,
            [0xef, 0xbb, 0xbf, ..] => at == 0,
            [0xef, 0xbf, last, ..] => last < 0xbe,
            _ => true,
        })
    };
    (!returns || returns_end_lines()) && (!wide || wide_are_printable())
}

/// A function of it that gives `None` gives up.
struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// Where the line of `at` starts.
    line: usize,
    /// The column of `at` where content was found; -1 for the end of the document.
    column: isize,
    /// Whether a tab stands before the content that was found, on its line.
    tab: bool,
    depth: usize,
    arena: Arena,
    /// The numbers of the anchors of this document.
    names: HashMap<&'t str, usize>,
}

/// The anchor and the tag before a node: their bytes.
#[derive(Clone, Copy, Default)]
struct Properties {
    anchor: Option<(usize, usize)>,
    tag: Option<(usize, usize)>,
}

impl Properties {
    fn is_none(self) -> bool {
        self.anchor.is_none() && self.tag.is_none()
    }

    fn end(self) -> usize {
        let end = |property: Option<(usize, usize)>| property.map_or(0, |(_, end)| end);
        end(self.anchor).max(end(self.tag))
    }

    /// The one of two that is there.
    fn or(self, other: Self) -> Option<Self> {
        if self.is_none() {
            Some(other)
        } else if other.is_none() {
            Some(self)
        } else {
            None
        }
    }
}

impl Reader<'_> {
    /// The byte at a place; 0 behind the end, which stands in no text that is read here.
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// Whether white space, a line end or the end of the text stands at a place.
    fn is_blank(&self, at: usize) -> bool {
        matches!(self.byte(at), b' ' | b'\t' | b'\n' | b'\r' | 0)
    }

    /// Whether `---` or `...` stands at the start of a line.
    fn is_marker(&self, at: usize) -> bool {
        self.bytes.get(at..at + 3).is_some_and(|b| b == b"---" || b == b"...") && self.is_blank(at + 3)
    }

    /// Goes to the next content, over white space, line ends and comments. Says whether a line ended before it, or the text.
    fn advance(&mut self) -> bool {
        let from = self.at;
        let mut at = from;
        let mut ended = false;
        self.tab = false;
        loop {
            match self.byte(at) {
                b' ' | b'\r' => at += 1,
                b'\n' => {
                    at += 1;
                    self.line = at;
                    self.tab = false;
                    ended = true;
                }
                b'\t' => {
                    at += 1;
                    self.tab = true;
                }
                b'#' if at > from || at == self.line => at = self.comment(at),
                _ => break,
            }
        }
        self.at = at;
        let end = at >= self.bytes.len();
        self.column =
            if end || (at == self.line && self.is_marker(at)) { -1 } else { (at - self.line) as isize };
        ended || end
    }

    /// Takes the comment at a place and gives its end.
    fn comment(&mut self, at: usize) -> usize {
        let end = memchr::memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |n| at + n);
        let without_return = if self.bytes[end - 1] == b'\r' { end - 1 } else { end };
        let span = self.arena.span(at, without_return);
        self.arena.tree.comments.push(span);
        end
    }

    /// Goes to the next content, which has to stand on a later line and not behind a tab.
    fn next_line(&mut self) -> Option<()> {
        (self.advance() && (!self.tab || self.column < 0)).then_some(())
    }

    fn documents(&mut self) -> Option<()> {
        self.advance();
        let mut implicit = true;
        while self.at < self.bytes.len() {
            let start = self.at;
            let root = self.arena.mark().node();
            if self.column < 0 && self.byte(start) == b'-' {
                self.at += 3;
                self.arena.last_end = self.at;
                self.node(-1, block::Place::Document)?;
            } else if implicit && self.column >= 0 && self.byte(start) != b'%' && !self.tab {
                self.node(-1, block::Place::Root)?;
            } else {
                return None;
            }
            if self.column >= 0 {
                return None;
            }
            self.arena.document(root, start);
            self.names.clear();
            implicit = self.byte(self.at) == b'.';
            if implicit {
                self.at += 3;
                self.arena.last_end = self.at;
                self.next_line()?;
            }
        }
        Some(())
    }

    fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth < DEPTH).then_some(())
    }

    /// Reads the anchor and the tag that stand here, up to the end of the last.
    fn properties(&mut self) -> Option<Properties> {
        let mut found = Properties::default();
        loop {
            let start = self.at;
            match self.byte(start) {
                b'&' if found.anchor.is_none() => {
                    self.at = self.name(start + 1, NAME)?;
                    found.anchor = Some((start, self.at));
                }
                b'!' if found.tag.is_none() => {
                    let second = usize::from(self.byte(start + 1) == b'!');
                    self.at = self.name(start + 1 + second, b"_-./:")?;
                    found.tag = Some((start, self.at));
                }
                _ => return None,
            }
            let mut next = self.at;
            while self.byte(next) == b' ' {
                next += 1;
            }
            if !matches!(self.byte(next), b'&' | b'!') {
                return Some(found);
            }
            self.at = next;
        }
    }

    /// The end of a name of letters, digits and some others, which white space follows.
    fn name(&self, start: usize, others: &[u8]) -> Option<usize> {
        let end = self.name_end(start, others);
        (end > start && self.is_blank(end)).then_some(end)
    }

    fn name_end(&self, start: usize, others: &[u8]) -> usize {
        let rest = self.bytes.get(start..).unwrap_or_default();
        start + rest.iter().take_while(|b| b.is_ascii_alphanumeric() || others.contains(b)).count()
    }

    /// Reads an alias. In a flow collection a comma or a bracket may follow at once.
    fn alias(&mut self, flow: bool) -> Option<()> {
        let start = self.at;
        let end = self.name_end(start + 1, NAME);
        let ends = self.is_blank(end) || (flow && matches!(self.byte(end), b',' | b']' | b'}'));
        if end == start + 1 || !ends {
            return None;
        }
        let anchor = self.names.get(self.text.get(start + 1..end)?).copied();
        self.arena.alias(anchor, start, end);
        self.at = end;
        Some(())
    }

    /// Gives a number to the anchor of a node that comes next.
    fn anchor(&mut self, properties: Properties) -> Option<usize> {
        let (start, end) = properties.anchor?;
        let number = self.arena.anchors();
        self.names.insert(&self.text[start + 1..end], number);
        Some(number)
    }

    fn note(&mut self, node: u32, properties: Properties) {
        if let Some((start, end)) = properties.anchor {
            let span = self.arena.span(start, end);
            self.arena.tree.anchors.push((NodeId(node), span));
        }
        if let Some((start, end)) = properties.tag {
            let span = self.arena.span(start, end);
            self.arena.tree.tags.push((NodeId(node), span));
        }
    }

    /// Opens a collection that begins at a place, with its bracket if it has one.
    fn open(&mut self, kind: NodeKind, style: Style, start: usize, properties: Properties) {
        let anchor = self.anchor(properties);
        let end = start + usize::from(style == Style::Flow);
        let node = self.arena.open(kind, style, start, end, anchor);
        self.note(node, properties);
    }

    /// Adds an empty value that stands behind its indicator, or behind its properties.
    fn empty(&mut self, behind: usize, properties: Properties) {
        let at = behind.max(properties.end());
        let anchor = self.anchor(properties);
        let node = self.arena.scalar(Style::Plain, at, at, anchor);
        self.note(node, properties);
    }

    /// Adds a plain or quoted scalar.
    fn push(&mut self, token: Token, properties: Properties) -> Option<()> {
        let anchor = self.anchor(properties);
        let node = self.arena.scalar(token.style, token.start, token.end, anchor);
        self.note(node, properties);
        if !token.as_written {
            let written = self.text.get(token.start..token.end)?;
            let decoded = &mut self.arena.tree.decoded;
            let from = decoded.len();
            super::scalar::decode(written, token.style, decoded)?;
            self.arena.decoded(node, from);
        }
        Some(())
    }
}
