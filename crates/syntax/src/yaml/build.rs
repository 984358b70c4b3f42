//! From parser events to the tree.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, StrInput, StructureStyle, options};

use super::{
    Document, Duplicate, NONE, Node, NodeId, NodeKind, Raw, Role, Style, Text, Yaml, message, scalar,
};
use crate::{SourceId, Span, Spanned};

/// Collections within collections; what lies deeper is an error. Flow and block collections count apart.
const DEPTH: usize = 200;

/// The nodes that all aliases of a file may come to if a reader expands them.
const EXPANSION: u64 = 400_000;

/// After so many errors nothing more is read.
const ERRORS: usize = 100;

/// The text that may be read again to mend quoted scalars, in bytes over all attempts.
const MENDING: usize = 64 << 20;

/// Parses a text.
///
/// The parser refuses quoted scalars whose lines are not indented below their key, which libyaml and Go's libraries accept.
/// Such a scalar is put on one line, byte for byte, and the text is parsed again; its value is decoded from what is written.
pub(super) fn build(source: SourceId, text: &Arc<str>) -> Yaml {
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
    let tree = Yaml {
        source,
        text: text.clone(),
        nodes: Vec::with_capacity(text.len() / 16),
        documents: Vec::new(),
        anchors: Vec::new(),
        tags: Vec::new(),
        aliased: Vec::new(),
        decoded_at: Vec::new(),
        decoded: String::new(),
        comments: Vec::new(),
        errors: Vec::new(),
        duplicates: Vec::new(),
        layout: std::sync::OnceLock::new(),
    };
    let mut builder = Builder {
        text,
        parsed: mended.unwrap_or(text),
        may_mend,
        base: 0,
        tree,
        open: Vec::new(),
        anchors: Vec::new(),
        anchors_before: 0,
        last_end: 0,
        document: None,
        expanded: 0,
    };
    builder.control_characters();
    builder.read()?;
    Ok(builder.finish())
}

/// A collection whose end is not yet read.
struct Open {
    node: u32,
    /// The nodes in it, with those that its aliases come to.
    size: u64,
    /// The number of children so far.
    children: u32,
    anchor: usize,
}

/// What an anchor stands for.
#[derive(Clone, Copy)]
struct Anchored {
    node: u32,
    /// The nodes that an alias to it comes to; 0 while the node is still open.
    size: u64,
}

struct Builder<'t> {
    text: &'t str,
    /// The text as the parser sees it, of the same length.
    parsed: &'t str,
    may_mend: bool,
    /// Where in the text the parser began.
    base: usize,
    tree: Yaml,
    open: Vec<Open>,
    /// By the parser's number for the anchor.
    anchors: Vec<Anchored>,
    /// The anchors of parsers before this one.
    anchors_before: usize,
    /// The end of what was read last: a scalar, an alias, a bracket, a document marker.
    last_end: usize,
    /// The document being read: its start, and the numbers of nodes, anchors, tags and so on before it.
    document: Option<Mark>,
    /// The nodes that all aliases come to so far.
    expanded: u64,
}

/// The state before a document, to return to when it breaks.
#[derive(Clone, Copy)]
struct Mark {
    start: usize,
    nodes: usize,
    anchors: usize,
    tags: usize,
    decoded: usize,
    decoded_at: usize,
    duplicates: usize,
    errors: usize,
    aliased: usize,
}

impl Builder<'_> {
    /// Reads the file; a byte order mark at the start of a later document starts another parser.
    fn read(&mut self) -> Result<(), Range<usize>> {
        while let Some(next) = self.run()? {
            self.base = next;
            self.anchors_before = self.anchors.len();
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
            self.last_end = self.base + '\u{feff}'.len_utf8();
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
            if self.tree.errors.len() >= ERRORS {
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
        let mut open = self.last_end;
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
            Some(document) => document.nodes == self.tree.nodes.len() && self.open.is_empty(),
            None => true,
        };
        let line_start = self.text[..at].rfind('\n').map_or(0, |n| n + 1);
        if !empty || line_start != at || self.last_end > at {
            return None;
        }
        let start = self.document.take().map_or(at, |document| document.start);
        self.mark(start);
        Some(at + MARK.len())
    }

    fn event(&mut self, event: Event<'_>, span: &granit_parser::Span) {
        let bytes = span.byte_range().unwrap_or_default();
        let (start, end) = (self.base + bytes.start, self.base + bytes.end);
        match event {
            Event::DocumentStart(explicit, _) => {
                // A mark that a byte order mark left is this document's.
                if self.document.is_none() {
                    self.mark(start);
                }
                if explicit {
                    self.last_end = self.last_end.max(end);
                }
            }
            Event::DocumentEnd => {
                self.last_end = self.last_end.max(end);
                let root = self.document.map_or(NONE, |mark| mark.nodes as u32);
                let root = if self.empty_root(root) { NONE } else { root };
                self.end_document(root);
            }
            Event::Comment(..) => self.tree.comments.push(self.span(start, end)),
            Event::Anchor(..) => self.anchor_span(start, end),
            Event::Scalar(text, style, anchor, _) => {
                let node = self.scalar(&text, style, start, end, tag(span));
                self.name(anchor, node, 1);
                self.count(1);
            }
            Event::Alias(id) => self.alias(Some(id), start, end),
            Event::UnresolvedAlias(_) => self.alias(None, start, end),
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

    /// Whether a root is the empty scalar of an empty document.
    fn empty_root(&self, root: u32) -> bool {
        self.tree.nodes.get(root as usize).is_none_or(|raw| {
            raw.kind == NodeKind::Scalar
                && raw.start == raw.end
                && self.tree.anchors.last().is_none_or(|(id, _)| id.0 != root)
                && self.tree.tags.last().is_none_or(|(id, _)| id.0 != root)
        })
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.tree.source, start, end)
    }

    fn mark(&mut self, start: usize) {
        let tree = &self.tree;
        self.document = Some(Mark {
            start,
            nodes: tree.nodes.len(),
            anchors: tree.anchors.len(),
            tags: tree.tags.len(),
            decoded: tree.decoded.len(),
            decoded_at: tree.decoded_at.len(),
            duplicates: tree.duplicates.len(),
            errors: tree.errors.len(),
            aliased: tree.aliased.len(),
        });
    }

    fn end_document(&mut self, root: u32) {
        if let Some(mark) = self.document.take() {
            // A document that is a block scalar is said to begin behind the scalar's head.
            let head = self.tree.at(root).map_or(u32::MAX, |n| n.full_span().start);
            self.tree.documents.push(Document { root, start: head.min(mark.start as u32), end: 0 });
        }
        self.open.clear();
    }

    /// Drops what was read of a document that turns out not to be YAML.
    fn broken(&mut self, kind: &ErrorKind, at: usize) {
        if self.document.is_none() {
            self.mark(at);
        }
        let Some(mark) = self.document else { return };
        let tree = &mut self.tree;
        tree.nodes.truncate(mark.nodes);
        tree.anchors.truncate(mark.anchors);
        tree.tags.truncate(mark.tags);
        tree.decoded.truncate(mark.decoded);
        tree.decoded_at.truncate(mark.decoded_at);
        tree.duplicates.truncate(mark.duplicates);
        tree.errors.truncate(mark.errors);
        tree.aliased.truncate(mark.aliased);
        let (text, span) = message::of(kind, self.text, at, mark.start);
        tree.errors.push(Spanned::new(text, Span::new(tree.source, span.start, span.end)));
        self.end_document(NONE);
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
            self.tree.errors.push(Spanned::new(text, self.span(at, at + 1)));
        }
    }

    /// Adds a node to the collection that is open and returns its number.
    fn add(&mut self, kind: NodeKind, style: Style, start: usize, end: usize) -> u32 {
        let node = self.tree.nodes.len() as u32;
        let (parent, role) = match self.open.last_mut() {
            None => (NONE, Role::Root),
            Some(open) => {
                let mapping = self.tree.nodes[open.node as usize].kind == NodeKind::Mapping;
                let role = match (mapping, open.children % 2) {
                    (false, _) => Role::Item,
                    (true, 0) => Role::Key,
                    (true, _) => Role::Value,
                };
                open.children += 1;
                (open.node, role)
            }
        };
        self.tree.nodes.push(Raw {
            start: start as u32,
            end: end as u32,
            parent,
            link: NONE,
            kind,
            style,
            role,
            text: Text::Slice,
        });
        node
    }

    fn count(&mut self, size: u64) {
        if let Some(open) = self.open.last_mut() {
            open.size = open.size.saturating_add(size);
        }
    }

    fn name(&mut self, anchor: usize, node: u32, size: u64) {
        if anchor > 0 {
            let at = self.anchors_before + anchor - 1;
            if self.anchors.len() <= at {
                self.anchors.resize(at + 1, Anchored { node: NONE, size: 0 });
            }
            self.anchors[at] = Anchored { node, size };
        }
    }

    fn tag_span(&mut self, node: u32, tag: Option<(usize, usize)>) {
        if let Some((start, end)) = tag {
            let span = self.span(self.base + start, self.base + end);
            self.tree.tags.push((NodeId(node), span));
        }
    }

    fn anchor_span(&mut self, start: usize, end: usize) {
        let node = self.tree.nodes.len().saturating_sub(1);
        let span = self.span(start, end);
        self.tree.anchors.push((NodeId(node as u32), span));
        // An empty value stands behind its anchor.
        if let Some(raw) = self.tree.nodes.get_mut(node)
            && raw.kind == NodeKind::Scalar
            && raw.start == raw.end
            && (raw.start as usize) < end
        {
            (raw.start, raw.end) = (end as u32, end as u32);
            self.last_end = self.last_end.max(end);
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        start: usize,
        end: usize,
        tag: Option<(usize, usize)>,
    ) -> u32 {
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
        let node = self.add(NodeKind::Scalar, style, start, end);
        self.tag_span(node, tag);
        self.last_end = self.last_end.max(end);
        // The parser reads an empty value as `~`.
        let text = if start == end && style == Style::Plain { "" } else { text };
        // A last line that no line end closes has none in its text.
        let text = if ended { text } else { text.strip_suffix('\n').unwrap_or(text) };
        let written = self.text.get(start..end).unwrap_or_default();
        let unfolded;
        let text = if self.parsed.get(start..end) == Some(written) {
            text
        } else {
            unfolded = scalar::decode_quoted(written);
            &unfolded
        };
        let place = match style {
            Style::Literal if scalar::Literal::new(written, ended).is(text) => Text::Lines,
            Style::Literal | Style::Folded => Text::Table,
            _ if scalar::unquoted(written, style) == text => Text::Slice,
            _ => Text::Table,
        };
        let tree = &mut self.tree;
        let raw = &mut tree.nodes[node as usize];
        raw.text = place;
        if place == Text::Table {
            raw.link = tree.decoded_at.len() as u32;
            let from = tree.decoded.len();
            tree.decoded.push_str(text);
            tree.decoded_at.push((from as u32, tree.decoded.len() as u32));
        }
        node
    }

    /// Where an empty value stands: behind its tag, its `:`, its `-` or its `?`.
    fn empty_value(&self, at: usize, tag: Option<usize>) -> usize {
        if let Some(tag) = tag {
            return tag;
        }
        let Some(open) = self.open.last() else { return at };
        let raw = self.tree.nodes[open.node as usize];
        let from = self.last_end.max(raw.start as usize);
        let indicator = match (raw.kind, open.children % 2, raw.style) {
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
        let from = self.open.last().map_or(0, |open| self.tree.nodes[open.node as usize].start as usize);
        let at = self.skip_properties(skip_blank(self.text, self.last_end.max(from), b"-:?,"));
        if at <= content && matches!(bytes.get(at), Some(b'|' | b'>')) { at } else { content }
    }

    /// The first `-` of a block sequence. For one that is not indented below its key, the parser points behind it.
    fn first_dash(&self, start: usize) -> usize {
        let Some(open) = self.open.last() else { return start };
        let parent = self.tree.nodes[open.node as usize];
        if parent.kind != NodeKind::Mapping {
            return start;
        }
        let from = self.last_end.max(parent.start as usize);
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

    fn alias(&mut self, id: Option<usize>, start: usize, end: usize) {
        let node = self.add(NodeKind::Alias, Style::Plain, start, end);
        self.last_end = self.last_end.max(end);
        let anchored =
            id.and_then(|id| self.anchors.get((self.anchors_before + id).checked_sub(1)?).copied());
        let name = self.text.get(start + 1..end).unwrap_or_default();
        let error = match anchored {
            Some(Anchored { node: NONE, .. }) | None => Some(format!(
                "unknown anchor `{name}`; an anchor must stand before its alias, in the same document"
            )),
            Some(Anchored { size: 0, .. }) => Some(format!("the anchor `{name}` contains itself")),
            Some(Anchored { size, .. }) if self.expanded.saturating_add(size) > EXPANSION => Some(format!(
                "the aliases of this file come to more than {EXPANSION} values; the rest is not followed"
            )),
            Some(Anchored { node: target, size }) => {
                self.expanded += size;
                self.tree.nodes[node as usize].link = target;
                if self.tree.aliased.last() != Some(&NodeId(target)) {
                    self.tree.aliased.push(NodeId(target));
                }
                self.count(size);
                None
            }
        };
        if let Some(error) = error {
            let span = self.span(start, end);
            // Said once: what has too many aliases has many that are too many.
            if self.tree.errors.last().is_none_or(|last| last.value != error) {
                self.error(error, span);
            }
            self.count(1);
        }
    }

    fn error(&mut self, text: String, span: Span) {
        if self.tree.errors.len() < ERRORS {
            self.tree.errors.push(Spanned::new(text, span));
        }
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
        let node = self.add(kind, style, start, end.max(start));
        self.tag_span(node, tag);
        self.name(anchor, node, 0);
        self.open.push(Open { node, size: 1, children: 0, anchor });
        if style == Style::Flow {
            self.last_end = self.last_end.max(end);
        }
    }

    fn end(&mut self, start: usize, end: usize) {
        let Some(open) = self.open.pop() else { return };
        let after = self.tree.nodes.len() as u32;
        let raw = &mut self.tree.nodes[open.node as usize];
        raw.link = after;
        // A block collection ends with the last thing in it, and so does a pair in a sequence without braces.
        let bracket = if raw.kind == NodeKind::Mapping { "}" } else { "]" };
        let closed = raw.style == Style::Flow && self.text.get(start..end) == Some(bracket);
        if closed {
            raw.end = end as u32;
            self.last_end = self.last_end.max(end);
        } else {
            raw.end = raw.start.max(self.last_end as u32);
        }
        let raw = *raw;
        if raw.kind == NodeKind::Mapping {
            self.find_duplicates(open.node);
        }
        if open.anchor > 0 {
            self.name(open.anchor, open.node, open.size);
        }
        self.count(open.size);
    }

    fn find_duplicates(&mut self, mapping: u32) {
        const FEW: usize = 12;
        let tree = &self.tree;
        let map = Node { tree, id: NodeId(mapping) };
        // Most mappings have few keys that stand in the file as they are: compare each with those before it.
        let mut before = [""; FEW];
        let mut few = true;
        for (n, entry) in map.entries().enumerate() {
            let raw = entry.key.raw();
            if n == FEW || raw.kind != NodeKind::Scalar || raw.text != Text::Slice {
                few = false;
            }
            if !few {
                break;
            }
            let written = self.text.get(raw.start as usize..raw.end as usize).unwrap_or_default();
            let key = scalar::unquoted(written, raw.style);
            if before[..n].contains(&key) {
                few = false;
                break;
            }
            before[n] = key;
        }
        if few {
            return;
        }
        let mut before = HashMap::new();
        let mut found = Vec::new();
        for entry in map.entries() {
            let Some(key) = entry.key.scalar().filter(|_| entry.key.kind() == NodeKind::Scalar) else {
                continue;
            };
            match before.get(&key) {
                Some(first) => found.push((Duplicate { key: entry.key.id, first: *first }, key.into_owned())),
                None => drop(before.insert(key, entry.key.id)),
            }
        }
        for (duplicate, key) in found {
            self.tree.duplicates.push(duplicate);
            if self.tree.errors.len() >= ERRORS {
                continue;
            }
            let first = self.tree.node(duplicate.first).span().start as usize;
            let line = 1 + memchr::memchr_iter(b'\n', &self.text.as_bytes()[..first]).count();
            let key: String = key.chars().take(60).collect();
            let message = format!("the key `{key}` stands here a second time; the first is in line {line}");
            let span = self.tree.node(duplicate.key).span();
            self.error(message, span);
        }
    }

    fn finish(self) -> Yaml {
        let mut tree = self.tree;
        let mut end = self.text.len() as u32;
        for document in tree.documents.iter_mut().rev() {
            document.end = end;
            end = document.start;
        }
        tree.comments.sort_unstable();
        tree.comments.dedup();
        tree.errors.sort_by_key(|e| e.span);
        tree.anchors.sort_unstable_by_key(|(id, _)| *id);
        tree.tags.sort_unstable_by_key(|(id, _)| *id);
        tree.aliased.sort_unstable();
        tree.aliased.dedup();
        tree.nodes.shrink_to_fit();
        tree.comments.shrink_to_fit();
        tree.decoded.shrink_to_fit();
        tree
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
