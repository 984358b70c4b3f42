//! Scalars in all styles.

use super::{Properties, Reader};
use crate::yaml::{Style, Text, scalar};

/// A plain or quoted scalar.
#[derive(Clone, Copy)]
pub(super) struct Token {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) style: Style,
    /// Whether its text stands in the file as it is.
    pub(super) as_written: bool,
}

/// What a byte may end.
static ENDS: [u8; 256] = {
    let mut ends = [0; 256];
    ends[b'\n' as usize] = PLAIN | DOUBLE | SINGLE;
    ends[b'\r' as usize] = PLAIN;
    ends[b':' as usize] = PLAIN;
    ends[b'#' as usize] = PLAIN;
    ends[b',' as usize] = FLOW;
    ends[b'[' as usize] = FLOW;
    ends[b']' as usize] = FLOW;
    ends[b'{' as usize] = FLOW;
    ends[b'}' as usize] = FLOW;
    ends[b'"' as usize] = DOUBLE;
    ends[b'\\' as usize] = DOUBLE;
    ends[b'\'' as usize] = SINGLE;
    ends
};
const PLAIN: u8 = 1;
const FLOW: u8 = 2;
const DOUBLE: u8 = 4;
const SINGLE: u8 = 8;

impl Reader<'_> {
    /// The first byte from a place on that may end such a scalar, or the end of the text.
    fn end_of(&self, at: usize, ends: u8) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        rest.iter().position(|b| ENDS[*b as usize] & ends != 0).map_or(self.bytes.len(), |n| at + n)
    }

    /// Reads a plain or quoted scalar of a block, the plain one on its first line.
    pub(super) fn token(&mut self) -> Option<Token> {
        let start = self.at;
        match self.byte(start) {
            b'"' | b'\'' => self.quoted(),
            b'[' | b'{' | b']' | b'}' | b',' | b'*' | b'&' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`'
            | b'#' => None,
            _ => {
                let (end, _) = self.plain(start, false);
                (end > start).then_some(Token { start, end, style: Style::Plain, as_written: true })
            }
        }
    }

    /// The end of a plain scalar on its line, without the white space behind it, and the byte that ends it.
    pub(super) fn plain(&self, start: usize, flow: bool) -> (usize, usize) {
        let ends = if flow { PLAIN | FLOW } else { PLAIN };
        let mut stop = start;
        loop {
            stop = self.end_of(stop, ends);
            let goes_on = match self.byte(stop) {
                b':' => !(self.is_blank(stop + 1) || (flow && b",[]{}".contains(&self.byte(stop + 1)))),
                b'#' => stop > start && !matches!(self.bytes[stop - 1], b' ' | b'\t'),
                _ => false,
            };
            if !goes_on {
                break;
            }
            stop += 1;
        }
        let mut end = stop;
        while end > start && matches!(self.bytes[end - 1], b' ' | b'\t') {
            end -= 1;
        }
        (end, stop)
    }

    /// Reads a quoted scalar. Its lines need no indentation.
    pub(super) fn quoted(&mut self) -> Option<Token> {
        let start = self.at;
        let double = self.byte(start) == b'"';
        let (style, ends) =
            if double { (Style::DoubleQuoted, DOUBLE) } else { (Style::SingleQuoted, SINGLE) };
        let mut as_written = true;
        let mut at = start + 1;
        loop {
            at = self.end_of(at, ends);
            match self.byte(at) {
                0 => return None,
                b'\n' => {
                    as_written = false;
                    at = self.quoted_line(at)?;
                }
                b'\\' => {
                    as_written = false;
                    at += if matches!(self.byte(at + 1), b'\n' | b'\r') { 1 } else { 2 };
                }
                b'\'' if self.byte(at + 1) == b'\'' => {
                    as_written = false;
                    at += 2;
                }
                _ => break,
            }
        }
        self.at = at + 1;
        Some(Token { start, end: self.at, style, as_written })
    }

    /// Goes from the end of a line to the content of the next in a quoted scalar.
    fn quoted_line(&mut self, mut at: usize) -> Option<usize> {
        let mut tab = false;
        loop {
            match self.byte(at) {
                b'\n' => {
                    at += 1;
                    self.line = at;
                    tab = false;
                }
                b' ' | b'\r' => at += 1,
                b'\t' => {
                    at += 1;
                    tab = true;
                }
                0 => return None,
                _ => break,
            }
        }
        (!(tab || (at == self.line && self.is_marker(at)))).then_some(at)
    }

    /// Reads a block scalar of a block collection at column `parent` and goes on to the next content.
    pub(super) fn block_scalar(&mut self, parent: isize, properties: Properties) -> Option<()> {
        let start = self.at;
        let style = if self.byte(start) == b'|' { Style::Literal } else { Style::Folded };
        let indicators = scalar::indicators(self.text.get(start..)?);
        let given = match indicators.as_bytes() {
            [] | [b'-' | b'+'] => 0,
            [digit @ b'1'..=b'9']
            | [b'-' | b'+', digit @ b'1'..=b'9']
            | [digit @ b'1'..=b'9', b'-' | b'+'] => usize::from(digit - b'0'),
            _ => return None,
        };
        if parent < 0 {
            return None;
        }
        let head = start + 1 + indicators.len();
        let first = self.line_below(head)?;
        let indent = if given == 0 { self.indent(first, parent)? } else { Some(parent as usize + given) };
        let (content, stop) = indent.map_or((None, first), |indent| self.block_lines(first, indent));
        let keep = indicators.contains('+');
        let end = match content {
            None if keep || given > 0 => return None,
            None => head,
            Some(_) if keep => self.kept_end(stop)?,
            Some(end) => end,
        };
        (self.at, self.line) = (stop, stop);
        self.advance();
        if self.tab {
            return None;
        }

        let anchor = self.anchor(properties);
        let node = self.arena.scalar(style, start, end, anchor);
        self.note(node, properties);
        let tree = &mut self.arena.tree;
        if style == Style::Literal && given == 0 {
            tree.nodes[node as usize].text = Text::Lines;
            return Some(());
        }
        let from = tree.decoded.len();
        if content.is_some() {
            let ended = end < self.bytes.len();
            let lines = self.text.get(first..end)?;
            scalar::decode_block(lines, indent.unwrap_or(0), style, &mut tree.decoded);
            if ended && !indicators.contains('-') {
                tree.decoded.push('\n');
            }
        }
        let written = scalar::Literal::new(self.text.get(start..end)?, end < self.bytes.len());
        if style == Style::Literal && written.is(&tree.decoded[from..]) {
            tree.decoded.truncate(from);
            tree.nodes[node as usize].text = Text::Lines;
        } else {
            self.arena.decoded(node, from);
        }
        Some(())
    }

    /// The start of the line below a block scalar's head, or the end of the text.
    fn line_below(&mut self, head: usize) -> Option<usize> {
        let mut at = head;
        while matches!(self.byte(at), b' ' | b'\t') {
            at += 1;
        }
        if self.byte(at) == b'#' && at > head {
            at = self.comment(at);
        }
        match self.byte(at) {
            b'\r' => Some(at + 2),
            b'\n' => Some(at + 1),
            0 => Some(at),
            _ => None,
        }
    }

    /// The indentation of a block scalar whose lines begin at a place, where it has text.
    #[expect(clippy::option_option, reason = "to give up is another thing than to have no text")]
    fn indent(&self, mut at: usize, parent: isize) -> Option<Option<usize>> {
        let mut blank = 0;
        loop {
            let spaces = self.spaces(at, usize::MAX);
            at += spaces;
            let text = spaces as isize > parent;
            match self.byte(at) {
                b'\r' => at += 2,
                b'\n' => at += 1,
                0 => return (blank == 0 && spaces == 0).then_some(None),
                b'\t' if !text => return None,
                _ if text => return (blank <= spaces).then_some(Some(spaces)),
                _ => return (blank == 0).then_some(None),
            }
            blank = blank.max(spaces);
        }
    }

    fn spaces(&self, at: usize, most: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        rest.iter().take(most).take_while(|b| **b == b' ').count()
    }

    /// The end of the last line of a block scalar that is not blank, and the start of the first line that is not its own.
    fn block_lines(&self, first: usize, indent: usize) -> (Option<usize>, usize) {
        let mut end = None;
        let mut line = first;
        loop {
            let spaces = self.spaces(line, indent);
            let at = line + spaces;
            match self.byte(at) {
                b'\r' => line = at + 2,
                b'\n' => line = at + 1,
                0 => return (end, line),
                _ if spaces < indent => return (end, line),
                _ => {
                    let Some(length) = memchr::memchr(b'\n', &self.bytes[at..]) else {
                        return (Some(self.bytes.len()), self.bytes.len());
                    };
                    let stop = at + length;
                    end = Some(if self.bytes[stop - 1] == b'\r' { stop - 1 } else { stop });
                    line = stop + 1;
                }
            }
        }
    }

    /// The end of a block scalar that keeps its blank lines, without its last line end.
    fn kept_end(&self, stop: usize) -> Option<usize> {
        if stop == self.bytes.len() && self.bytes[stop - 1] != b'\n' {
            return Some(stop);
        }
        // White space at the end of the text, which ends no line.
        if self.bytes[stop..].iter().all(|b| *b == b' ') && stop < self.bytes.len() {
            return None;
        }
        Some(if self.bytes[..stop].ends_with(b"\r\n") { stop - 2 } else { stop - 1 })
    }
}
