//! From the events of `granit-parser` to the tree.

use std::ops::Range;
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, StrInput, StructureStyle, options};

use super::arena::{Arena, DEPTH, ERRORS, Mark};
use super::{NONE, NodeId, NodeKind, Style, Text, Yaml, message, scalar};
use crate::{SourceId, Spanned};

/// The text that may be read again to mend quoted scalars, in bytes over all attempts.
const MENDING: usize = 64 << 20;

/// Reads any text.
///
/// The parser refuses quoted scalars whose lines are not indented below their key, which libyaml and Go's libraries accept.
/// Such a scalar is put on one line, byte for byte, and the text is parsed again; its value is decoded from what is written.
pub(super) fn read(source: SourceId, text: &Arc<str>) -> Yaml {
    let mut mended: Option<String> = None;
    let mut read = 0;
    loop {
        read += text.len();
        match attempt(source, text, mended.as_deref(), read < MENDING) {
            Ok(tree) => return tree,
            Err(lines) => {
                let whole = mended.get_or_insert_with(|| text.to_string());
                let line: String = text[lines.clone()]
                    .chars()
                    .map(|c| if matches!(c, '\n' | '\r') { ' ' } else { c })
                    .collect();
                whole.replace_range(lines, &line);
            }
        }
    }
}

/// Parses a text as `mended`, or says which quoted scalar to put on one line.
fn attempt(
    source: SourceId,
    text: &Arc<str>,
    mended: Option<&str>,
    may_mend: bool,
) -> Result<Yaml, Range<usize>> {
    let mut builder = Builder {
        text,
        parsed: mended.unwrap_or(text),
        may_mend,
        base: 0,
        arena: Arena::new(source, text),
        anchors_before: 0,
        document: None,
    };
    builder.control_characters();
    builder.read()?;
    Ok(builder.arena.finish())
}

struct Builder<'t> {
    text: &'t str,
    /// The text as the parser sees it, of the same length.
    parsed: &'t str,
    may_mend: bool,
    /// Where in the text the parser began.
    base: usize,
    arena: Arena,
    /// The anchors of parsers before this one.
    anchors_before: usize,
    /// Where the document being read starts, and the state before it, to return to when it breaks.
    document: Option<(usize, Mark)>,
}

impl Builder<'_> {
    /// Reads the file; a byte order mark at the start of a later document starts another parser.
    fn read(&mut self) -> Result<(), Range<usize>> {
        while let Some(next) = self.run()? {
            self.base = next;
            self.anchors_before = self.arena.anchors();
        }
        Ok(())
    }

    fn run(&mut self) -> Result<Option<usize>, Range<usize>> {
        let Some(text) = self.parsed.get(self.base..) else { return Ok(None) };
        let options = options! {
            emit_anchor_events: true,
            emit_unresolved_aliases: true,
            max_buffered_comment_events: usize::MAX,
            flow_nesting_limit: DEPTH,
            block_nesting_limit: DEPTH,
        };
        let mut parser: Parser<'_, StrInput<'_>> = Parser::new_from_str_with_options(text, options);
        if text.starts_with('\u{feff}') {
            self.arena.last_end = self.base + '\u{feff}'.len_utf8();
        }
        loop {
            let error = match parser.next() {
                None => return Ok(None),
                Some(Ok((event, span))) => {
                    self.event(event, &span);
                    continue;
                }
                Some(Err(error)) => error,
            };
            let at = self.base + error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
            if *error.kind() == ErrorKind::BomInsideDocument
                && let Some(next) = self.document_with_mark(at)
            {
                return Ok(Some(next));
            }
            if self.may_mend
                && *error.kind() == ErrorKind::InvalidQuotedScalarIndent
                && let Some(lines) = self.quoted_around(at)
            {
                return Err(lines);
            }
            self.broken(error.kind(), at);
            if self.arena.tree.errors.len() >= ERRORS {
                return Ok(None);
            }
            match parser.proceed_next_document() {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) => {
                    let at = self.base + error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
                    self.broken(error.kind(), at);
                    return Ok(None);
                }
            }
        }
    }

    /// The quoted scalar that is open at a byte.
    fn quoted_around(&self, at: usize) -> Option<Range<usize>> {
        let bytes = self.parsed.as_bytes();
        let mut open = self.arena.last_end;
        while open < at {
            let first = bytes[..open].iter().rev().find(|b| !matches!(b, b' ' | b'\t'));
            let begins =
                first.is_none_or(|b| b":-?,[{\n\r".contains(b)) || !matches!(bytes[open - 1], b':' | b'-');
            match bytes[open] {
                b'#' if open == 0 || bytes[open - 1].is_ascii_whitespace() => {
                    open += memchr::memchr2(b'\n', b'\r', &bytes[open..])?;
                }
                b'"' | b'\'' if begins && (open == 0 || b" \t\n\r[{,".contains(&bytes[open - 1])) => {
                    let end = open + scalar::quoted_length(self.parsed.get(open..)?)?;
                    if end > at {
                        return Some(open..end);
                    }
                    open = end;
                }
                _ => open += 1,
            }
        }
        None
    }

    /// Files that were joined carry byte order marks before later documents. Where one stands before any content of its
    /// document, reading goes on behind it.
    fn document_with_mark(&mut self, at: usize) -> Option<usize> {
        const MARK: &str = "\u{feff}";
        let at = at + self.text.get(at..)?.find(MARK).filter(|found| *found <= MARK.len())?;
        let empty = match self.document {
            Some((_, mark)) => mark.node() as usize == self.arena.tree.nodes.len() && self.arena.is_between(),
            None => true,
        };
        let line_start = self.text[..at].rfind('\n').map_or(0, |n| n + 1);
        if !empty || line_start != at || self.arena.last_end > at {
            return None;
        }
        let start = self.document.map_or(at, |(start, _)| start);
        self.document = Some((start, self.arena.mark()));
        Some(at + MARK.len())
    }

    fn event(&mut self, event: Event<'_>, span: &granit_parser::Span) {
        let bytes = span.byte_range().unwrap_or_default();
        let (start, end) = (self.base + bytes.start, self.base + bytes.end);
        match event {
            Event::DocumentStart(explicit, _) => {
                // A mark that a byte order mark left is this document's.
                if self.document.is_none() {
                    self.document = Some((start, self.arena.mark()));
                }
                if explicit {
                    self.arena.last_end = self.arena.last_end.max(end);
                }
            }
            Event::DocumentEnd => {
                self.arena.last_end = self.arena.last_end.max(end);
                if let Some((start, mark)) = self.document.take() {
                    self.arena.document(mark.node(), start);
                }
            }
            Event::Comment(..) => self.arena.tree.comments.push(self.arena.span(start, end)),
            Event::Anchor(..) => self.anchor_span(start, end),
            Event::Scalar(text, style, anchor, _) => {
                self.scalar(&text, style, start, end, self.anchor(anchor), tag(span));
            }
            Event::Alias(id) => self.arena.alias(self.anchor(id), start, end),
            Event::UnresolvedAlias(_) => self.arena.alias(None, start, end),
            Event::MappingStart(style, anchor, _) => {
                self.start(NodeKind::Mapping, style, anchor, start, end, tag(span));
            }
            Event::SequenceStart(style, anchor, _) => {
                self.start(NodeKind::Sequence, style, anchor, start, end, tag(span));
            }
            Event::MappingEnd | Event::SequenceEnd => self.end(start, end),
            _ => {}
        }
    }

    /// The number of an anchor over all parsers, from the parser's own, which is 0 for none.
    fn anchor(&self, id: usize) -> Option<usize> {
        (self.anchors_before + id).checked_sub(1).filter(|_| id > 0)
    }

    /// Drops what was read of a document that turns out not to be YAML.
    fn broken(&mut self, kind: &ErrorKind, at: usize) {
        let (start, mark) = self.document.take().unwrap_or((at, self.arena.mark()));
        self.arena.back(mark);
        let (text, span) = message::of(kind, self.text, at, start);
        let span = self.arena.span(span.start, span.end);
        self.arena.tree.errors.push(Spanned::new(text, span));
        self.arena.document(NONE, start);
    }

    /// Control characters are in no YAML file; a binary file is told by them.
    fn control_characters(&mut self) {
        let bad = |b: &u8| (*b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')) || *b == 0x7f;
        // Whole blocks first: that is quick.
        let block = self
            .text
            .as_bytes()
            .chunks(256)
            .position(|block| block.iter().fold(false, |any, b| any | bad(b)));
        let Some(from) = block.map(|n| n * 256) else { return };
        if let Some(at) = self.text.as_bytes()[from..].iter().position(bad).map(|n| from + n) {
            let text = format!(
                "control character U+{:04X}; YAML is text, so write it as an escape in double quotes or remove it",
                self.text.as_bytes()[at]
            );
            let span = self.arena.span(at, at + 1);
            self.arena.tree.errors.push(Spanned::new(text, span));
        }
    }

    fn tag_span(&mut self, node: u32, tag: Option<(usize, usize)>) {
        if let Some((start, end)) = tag {
            let span = self.arena.span(self.base + start, self.base + end);
            self.arena.tree.tags.push((NodeId(node), span));
        }
    }

    fn anchor_span(&mut self, start: usize, end: usize) {
        let node = self.arena.tree.nodes.len().saturating_sub(1);
        let span = self.arena.span(start, end);
        self.arena.tree.anchors.push((NodeId(node as u32), span));
        // An empty value stands behind its anchor.
        if let Some(raw) = self.arena.tree.nodes.get_mut(node)
            && raw.kind == NodeKind::Scalar
            && raw.start == raw.end
            && (raw.start as usize) < end
        {
            (raw.start, raw.end) = (end as u32, end as u32);
            self.arena.last_end = self.arena.last_end.max(end);
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        start: usize,
        end: usize,
        anchor: Option<usize>,
        tag: Option<(usize, usize)>,
    ) {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let (start, end, ended) = match style {
            Style::Plain if start >= end => {
                let at = self.empty_value(start, tag.map(|(_, end)| self.base + end));
                (at, at, true)
            }
            Style::Literal | Style::Folded => {
                let header = self.block_header(start);
                let end = scalar::block_end(self.text, header, start.max(header), end);
                (header, end, end < self.text.len())
            }
            _ => (start, end, true),
        };
        let node = self.arena.scalar(style, start, end, anchor);
        self.tag_span(node, tag);
        // The parser reads an empty value as `~`.
        let text = if start == end && style == Style::Plain { "" } else { text };
        // A last line that no line end closes has none in its text.
        let text = if ended { text } else { text.strip_suffix('\n').unwrap_or(text) };
        let written = self.text.get(start..end).unwrap_or_default();
        let unfolded;
        let text = if self.parsed.get(start..end) == Some(written) {
            text
        } else {
            let mut decoded = String::new();
            // The parser knows the escapes.
            _ = scalar::decode(written, style, &mut decoded);
            unfolded = decoded;
            &unfolded
        };
        let place = match style {
            Style::Literal if scalar::Literal::new(written, ended).is(text) => Text::Lines,
            Style::Literal | Style::Folded => Text::Table,
            _ if scalar::unquoted(written, style) == text => Text::Slice,
            _ => Text::Table,
        };
        self.arena.tree.nodes[node as usize].text = place;
        if place == Text::Table {
            let from = self.arena.tree.decoded.len();
            self.arena.tree.decoded.push_str(text);
            self.arena.decoded(node, from);
        }
    }

    /// Where an empty value stands: behind its tag, its `:`, its `-` or its `?`.
    fn empty_value(&self, at: usize, tag: Option<usize>) -> usize {
        if let Some(tag) = tag {
            return tag;
        }
        let Some((raw, children)) = self.arena.opened() else { return at };
        let from = self.arena.last_end.max(raw.start as usize);
        let indicator = match (raw.kind, children % 2, raw.style) {
            (NodeKind::Sequence, _, Style::Block) => b'-',
            (NodeKind::Mapping, 1, _) => b':',
            (NodeKind::Mapping, _, _) => b'?',
            _ => return at,
        };
        let indicated = skip_blank(self.text, from, b"");
        match self.text.as_bytes().get(indicated) {
            Some(b) if *b == indicator => indicated + 1,
            _ if indicator == b':' => from,
            _ => at,
        }
    }

    /// Where the `|` or `>` of a block scalar stands, from where its content does.
    fn block_header(&self, content: usize) -> usize {
        let bytes = self.text.as_bytes();
        let from = self.arena.opened().map_or(0, |(raw, _)| raw.start as usize);
        let at = self.skip_properties(skip_blank(self.text, self.arena.last_end.max(from), b"-:?,"));
        if at <= content && matches!(bytes.get(at), Some(b'|' | b'>')) { at } else { content }
    }

    /// The first `-` of a block sequence. For one that is not indented below its key, the parser points behind it.
    fn first_dash(&self, start: usize) -> usize {
        let Some((parent, _)) = self.arena.opened() else { return start };
        if parent.kind != NodeKind::Mapping {
            return start;
        }
        let from = self.arena.last_end.max(parent.start as usize);
        let at = self.skip_properties(skip_blank(self.text, from, b":?"));
        if at <= start && self.text.as_bytes().get(at) == Some(&b'-') { at } else { start }
    }

    /// The first byte behind anchors and tags.
    fn skip_properties(&self, mut at: usize) -> usize {
        let bytes = self.text.as_bytes();
        while let Some(b'&' | b'!') = bytes.get(at) {
            while bytes.get(at).is_some_and(|b| !b.is_ascii_whitespace()) {
                at += 1;
            }
            at = skip_blank(self.text, at, b"");
        }
        at
    }

    fn start(
        &mut self,
        kind: NodeKind,
        style: StructureStyle,
        anchor: usize,
        start: usize,
        end: usize,
        tag: Option<(usize, usize)>,
    ) {
        let style = match style {
            StructureStyle::Block => Style::Block,
            StructureStyle::Flow => Style::Flow,
        };
        let start = match (kind, style) {
            (NodeKind::Sequence, Style::Block) => self.first_dash(start),
            _ => start,
        };
        let anchor = self.anchor(anchor);
        let node = self.arena.open(kind, style, start, end.max(start), anchor);
        self.tag_span(node, tag);
    }

    fn end(&mut self, start: usize, end: usize) {
        let Some((raw, _)) = self.arena.opened() else { return };
        // A block collection ends with the last thing in it, and so does a pair in a sequence without braces.
        let bracket = if raw.kind == NodeKind::Mapping { "}" } else { "]" };
        let closed = raw.style == Style::Flow && self.text.get(start..end) == Some(bracket);
        self.arena.close(closed.then_some(end));
    }
}

fn tag(span: &granit_parser::Span) -> Option<(usize, usize)> {
    span.tag_span()?.byte_range().map(|r| (r.start, r.end))
}

/// The first byte from `at` on that is no white space, in no comment and none of `indicators`.
pub(super) fn skip_blank(text: &str, mut at: usize, indicators: &[u8]) -> usize {
    let bytes = text.as_bytes();
    while let Some(b) = bytes.get(at) {
        match b {
            b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            b'#' if at == 0 || bytes[at - 1].is_ascii_whitespace() => {
                at += memchr::memchr2(b'\n', b'\r', &bytes[at..]).unwrap_or(bytes.len() - at);
            }
            b if indicators.contains(b) => at += 1,
            _ => break,
        }
    }
    at
}
