//! What both readers put their nodes into.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Document, Duplicate, NONE, Node, NodeId, NodeKind, Raw, Role, Style, Text, Yaml, scalar};
use crate::{SourceId, Span, Spanned};

/// Collections within collections; what lies deeper is an error. Flow and block collections count apart.
pub(super) const DEPTH: usize = 200;

/// After so many errors nothing more is read.
pub(super) const ERRORS: usize = 100;

/// The nodes that all aliases of a file may come to if a reader expands them.
const EXPANSION: u64 = 400_000;

/// A tree that grows in the order of the file.
pub(super) struct Arena {
    pub(super) tree: Yaml,
    open: Vec<Open>,
    /// By the number of the anchor.
    anchors: Vec<Anchored>,
    /// The end of what was read last: a scalar, an alias, a bracket, a document marker.
    pub(super) last_end: usize,
    /// The nodes that all aliases come to so far.
    expanded: u64,
}

/// A collection whose end is not yet read.
struct Open {
    node: u32,
    mapping: bool,
    /// The nodes in it, with those that its aliases come to.
    size: u64,
    /// The number of children so far.
    children: u32,
    anchor: Option<usize>,
}

/// What an anchor stands for.
#[derive(Clone, Copy)]
struct Anchored {
    node: u32,
    /// The nodes that an alias to it comes to; 0 while the node is still open.
    size: u64,
}

/// The sizes of a tree, to return to.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    nodes: usize,
    anchors: usize,
    tags: usize,
    decoded: usize,
    decoded_at: usize,
    duplicates: usize,
    errors: usize,
    aliased: usize,
}

impl Mark {
    /// The node that comes next.
    pub(super) fn node(self) -> u32 {
        self.nodes as u32
    }
}

impl Arena {
    pub(super) fn new(source: SourceId, text: &Arc<str>) -> Self {
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
        Self { tree, open: Vec::with_capacity(16), anchors: Vec::new(), last_end: 0, expanded: 0 }
    }

    pub(super) fn mark(&self) -> Mark {
        let tree = &self.tree;
        Mark {
            nodes: tree.nodes.len(),
            anchors: tree.anchors.len(),
            tags: tree.tags.len(),
            decoded: tree.decoded.len(),
            decoded_at: tree.decoded_at.len(),
            duplicates: tree.duplicates.len(),
            errors: tree.errors.len(),
            aliased: tree.aliased.len(),
        }
    }

    /// Drops all since a mark but comments.
    pub(super) fn back(&mut self, mark: Mark) {
        let tree = &mut self.tree;
        tree.nodes.truncate(mark.nodes);
        tree.anchors.truncate(mark.anchors);
        tree.tags.truncate(mark.tags);
        tree.decoded.truncate(mark.decoded);
        tree.decoded_at.truncate(mark.decoded_at);
        tree.duplicates.truncate(mark.duplicates);
        tree.errors.truncate(mark.errors);
        tree.aliased.truncate(mark.aliased);
        self.open.clear();
    }

    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.tree.source, start, end)
    }

    /// The innermost collection that is open, and the number of children it has.
    pub(super) fn opened(&self) -> Option<(&Raw, u32)> {
        self.open.last().map(|open| (&self.tree.nodes[open.node as usize], open.children))
    }

    /// The number of anchors so far.
    pub(super) fn anchors(&self) -> usize {
        self.anchors.len()
    }

    /// Whether nothing is open.
    pub(super) fn is_between(&self) -> bool {
        self.open.is_empty()
    }

    /// Adds a node to the collection that is open and returns its number.
    fn add(&mut self, kind: NodeKind, style: Style, start: usize, end: usize) -> u32 {
        let node = self.tree.nodes.len() as u32;
        let (parent, role) = match self.open.last_mut() {
            None => (NONE, Role::Root),
            Some(open) => {
                let role = match (open.mapping, open.children % 2) {
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

    fn name(&mut self, anchor: Option<usize>, node: u32, size: u64) {
        if let Some(at) = anchor {
            if self.anchors.len() <= at {
                self.anchors.resize(at + 1, Anchored { node: NONE, size: 0 });
            }
            self.anchors[at] = Anchored { node, size };
        }
    }

    /// A scalar whose text stands in the file as it is. The caller may say that it does not.
    pub(super) fn scalar(&mut self, style: Style, start: usize, end: usize, anchor: Option<usize>) -> u32 {
        let node = self.add(NodeKind::Scalar, style, start, end);
        self.last_end = self.last_end.max(end);
        self.name(anchor, node, 1);
        self.count(1);
        node
    }

    /// Makes what is decoded from `from` on the text of a scalar.
    pub(super) fn decoded(&mut self, scalar: u32, from: usize) {
        let tree = &mut self.tree;
        let raw = &mut tree.nodes[scalar as usize];
        raw.text = Text::Table;
        raw.link = tree.decoded_at.len() as u32;
        tree.decoded_at.push((from as u32, tree.decoded.len() as u32));
    }

    /// An alias to an anchor, if there is one of its name.
    pub(super) fn alias(&mut self, anchor: Option<usize>, start: usize, end: usize) {
        let node = self.add(NodeKind::Alias, Style::Plain, start, end);
        self.last_end = self.last_end.max(end);
        let text = self.tree.text.clone();
        let name = text.get(start + 1..end).unwrap_or_default();
        let error = match anchor.and_then(|at| self.anchors.get(at).copied()) {
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

    /// Opens a collection: what is added until it is closed lies in it.
    pub(super) fn open(
        &mut self,
        kind: NodeKind,
        style: Style,
        start: usize,
        end: usize,
        anchor: Option<usize>,
    ) -> u32 {
        let node = self.add(kind, style, start, end);
        self.name(anchor, node, 0);
        self.open.push(Open { node, mapping: kind == NodeKind::Mapping, size: 1, children: 0, anchor });
        if style == Style::Flow {
            self.last_end = self.last_end.max(end);
        }
        node
    }

    /// Closes the innermost collection. One that no bracket closes ends with the last thing in it.
    pub(super) fn close(&mut self, bracket: Option<usize>) {
        let Some(open) = self.open.pop() else { return };
        let after = self.tree.nodes.len() as u32;
        if let Some(end) = bracket {
            self.last_end = self.last_end.max(end);
        }
        let raw = &mut self.tree.nodes[open.node as usize];
        raw.link = after;
        raw.end = bracket.map_or(raw.start.max(self.last_end as u32), |end| end as u32);
        if open.mapping {
            self.find_duplicates(open.node);
        }
        if open.anchor.is_some() {
            self.name(open.anchor, open.node, open.size);
        }
        self.count(open.size);
    }

    /// Ends a document that began at `start` and whose root is `root`.
    pub(super) fn document(&mut self, root: u32, start: usize) {
        let root = if self.is_empty_root(root) { NONE } else { root };
        // A document that is a block scalar is said to begin behind the scalar's head.
        let head = self.tree.at(root).map_or(u32::MAX, |n| n.full_span().start);
        self.tree.documents.push(Document { root, start: head.min(start as u32), end: 0 });
        self.open.clear();
    }

    /// Whether a root is the empty scalar of an empty document.
    fn is_empty_root(&self, root: u32) -> bool {
        self.tree.nodes.get(root as usize).is_none_or(|raw| {
            raw.kind == NodeKind::Scalar
                && raw.start == raw.end
                && self.tree.anchors.last().is_none_or(|(id, _)| id.0 != root)
                && self.tree.tags.last().is_none_or(|(id, _)| id.0 != root)
        })
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
            let written = tree.text.get(raw.start as usize..raw.end as usize).unwrap_or_default();
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
            let line = 1 + memchr::memchr_iter(b'\n', &self.tree.text.as_bytes()[..first]).count();
            let key: String = key.chars().take(60).collect();
            let message = format!("the key `{key}` stands here a second time; the first is in line {line}");
            let span = self.tree.node(duplicate.key).span();
            self.error(message, span);
        }
    }

    pub(super) fn finish(self) -> Yaml {
        let mut tree = self.tree;
        let mut end = tree.text.len() as u32;
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
