//! YAML as a tree with spans, comments and styles; JSON is a part of YAML.
//!
//! The tree is an arena over the text: a node is a few numbers, and a scalar that stands in the text as it is
//! costs no allocation. Aliases are never expanded; a reader follows them one at a time.

mod arena;
pub mod edit;
mod events;
mod message;
mod read;
mod scalar;
mod template;

use std::borrow::Cow;
use std::collections::{HashMap, hash_map};
use std::sync::{Arc, OnceLock};

use crate::{SourceId, Span, Spanned};
pub use template::is_template;

/// A parsed YAML file.
#[derive(Debug)]
pub struct Yaml {
    source: SourceId,
    text: Arc<str>,
    nodes: Vec<Raw>,
    documents: Vec<Document>,
    /// Sorted by node.
    anchors: Vec<(NodeId, Span)>,
    /// Sorted by node.
    tags: Vec<(NodeId, Span)>,
    /// The anchored nodes that an alias names, sorted.
    aliased: Vec<NodeId>,
    /// Where the text of each scalar that does not stand in the file as it is lies in `decoded`.
    decoded_at: Vec<(u32, u32)>,
    decoded: String,
    comments: Vec<Span>,
    errors: Vec<Spanned<String>>,
    duplicates: Vec<Duplicate>,
    layout: OnceLock<edit::Layout>,
}

/// A node in few bytes. Nodes lie in the order of the file, a collection before its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Raw {
    start: u32,
    end: u32,
    /// The collection it is in; [`NONE`] for a root.
    parent: u32,
    /// What this means depends on the kind. A collection: the node after all of its content. An alias: what it stands for,
    /// or [`NONE`]. A scalar of [`Text::Table`]: the number in [`Yaml::decoded_at`].
    link: u32,
    kind: NodeKind,
    style: Style,
    role: Role,
    text: Text,
}

const NONE: u32 = u32::MAX;

/// A node's place in its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Root,
    Item,
    Key,
    Value,
}

/// Where the text of a scalar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    /// In the file as it is, within the quotes if there are any.
    Slice,
    /// In the lines of a literal block scalar.
    Lines,
    /// Decoded beside the tree.
    Table,
}

/// A document of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Document {
    /// [`NONE`] where it is empty or broken.
    root: u32,
    /// From its `---`, or where its content can begin.
    start: u32,
    end: u32,
}

/// A key that a mapping has twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The later key; its value is the one that counts where the reader does not refuse.
    pub key: NodeId,
    /// The first.
    pub first: NodeId,
}

/// The number of a node in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A scalar in any style; also an empty value.
    Scalar,
    /// A mapping.
    Mapping,
    /// A sequence.
    Sequence,
    /// `*name`.
    Alias,
}

/// How a node is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A scalar without quotes; an empty value too.
    Plain,
    /// `'…'`.
    SingleQuoted,
    /// `"…"`.
    DoubleQuoted,
    /// `|`.
    Literal,
    /// `>`.
    Folded,
    /// A collection by indentation.
    Block,
    /// A collection in brackets.
    Flow,
}

/// Whose reading of plain scalars counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// kubectl (sigs.k8s.io/yaml).
    Kubernetes,
    /// Docker Compose (compose-go).
    Compose,
    /// GitHub, Gitea and GitLab CI: YAML 1.2 core.
    Core,
}

/// What a scalar comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'t> {
    /// Nothing, `~` or `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Str(Cow<'t, str>),
}

/// A node and the tree it belongs to.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    tree: &'t Yaml,
    id: NodeId,
}

/// A key and its value.
#[derive(Clone, Copy)]
pub struct Entry<'t> {
    /// The key.
    pub key: Node<'t>,
    /// The value; an empty scalar where none is written.
    pub value: Node<'t>,
}

impl Yaml {
    /// Parses a text. What cannot be read is an error in [`Yaml::errors`]; every document before and after it is kept.
    pub fn parse(source: SourceId, text: &Arc<str>) -> Self {
        read::read(source, text).unwrap_or_else(|| events::read(source, text))
    }

    /// Parses a text by one reader only: the quick one, which gives up on what is rare or wrong, or the one that reads all. Where
    /// both give a tree, [`Yaml::is_same`] holds.
    #[doc(hidden)]
    pub fn parse_by(source: SourceId, text: &Arc<str>, quick: bool) -> Option<Self> {
        if quick { read::read(source, text) } else { Some(events::read(source, text)) }
    }

    /// Whether two trees of a text have everything in common.
    #[doc(hidden)]
    pub fn is_same(&self, other: &Self) -> bool {
        self.nodes == other.nodes
            && self.documents == other.documents
            && self.anchors == other.anchors
            && self.tags == other.tags
            && self.aliased == other.aliased
            && self.decoded_at == other.decoded_at
            && self.decoded == other.decoded
            && self.comments == other.comments
            && self.errors == other.errors
            && self.duplicates == other.duplicates
    }

    /// The source it was parsed from.
    pub fn source(&self) -> SourceId {
        self.source
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The root of each document, in order; an empty document gives `None`, and so does one with an error in its syntax.
    pub fn documents(&self) -> impl Iterator<Item = Option<Node<'_>>> {
        self.documents.iter().map(|d| self.at(d.root))
    }

    /// The bytes of each document, in order: from its `---` or its directives to the next document.
    pub fn document_spans(&self) -> impl Iterator<Item = Span> {
        self.documents.iter().map(|d| self.span(d.start, d.end))
    }

    /// The node of a number that came from this tree.
    pub fn node(&self, id: NodeId) -> Node<'_> {
        Node { tree: self, id }
    }

    /// The node whose bytes are exactly these, without its anchor and its tag; the outermost of several.
    pub fn node_at(&self, span: Span) -> Option<Node<'_>> {
        let first = self.nodes.partition_point(|raw| raw.start < span.start);
        let here = self.nodes[first..].iter().take_while(|raw| raw.start == span.start);
        let at = first + here.clone().position(|raw| raw.end == span.end)?;
        (span.source == self.source).then(|| self.node(NodeId(at as u32)))
    }

    /// All comments in order, each from its `#` to the end of its line.
    pub fn comments(&self) -> &[Span] {
        &self.comments
    }

    /// What is not YAML, and what is but must not be: duplicate keys, too deep nesting, unknown aliases.
    pub fn errors(&self) -> &[Spanned<String>] {
        &self.errors
    }

    /// The keys written twice in one mapping; each is an error too. kubectl takes the last, Compose and GitHub refuse.
    pub fn duplicates(&self) -> &[Duplicate] {
        &self.duplicates
    }

    fn at(&self, index: u32) -> Option<Node<'_>> {
        (index != NONE).then(|| self.node(NodeId(index)))
    }

    fn span(&self, start: u32, end: u32) -> Span {
        Span { source: self.source, start, end }
    }

    /// What an alias or a merge key reaches, for a node that carries an anchor.
    fn is_aliased(&self, id: NodeId) -> bool {
        self.aliased.binary_search(&id).is_ok()
    }
}

impl<'t> Node<'t> {
    fn raw(self) -> &'t Raw {
        &self.tree.nodes[self.id.0 as usize]
    }

    /// The number of the node after this one and all of its content.
    fn after(self) -> u32 {
        let raw = self.raw();
        match raw.kind {
            NodeKind::Mapping | NodeKind::Sequence => raw.link,
            NodeKind::Scalar | NodeKind::Alias => self.id.0 + 1,
        }
    }

    /// The nodes directly in this one.
    fn children(self) -> impl Iterator<Item = Node<'t>> {
        let end = self.after();
        let mut next = self.id.0 + 1;
        std::iter::from_fn(move || {
            (next < end).then(|| {
                let node = Node { tree: self.tree, id: NodeId(next) };
                next = node.after();
                node
            })
        })
    }

    /// Its number.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// The tree it belongs to.
    pub fn tree(self) -> &'t Yaml {
        self.tree
    }

    /// The bytes of the node itself: a block scalar from its `|` or `>`, a quoted one with its quotes, without anchor, tag
    /// and comments. An empty value has an empty span behind the `:` or `-`.
    pub fn span(self) -> Span {
        let raw = self.raw();
        self.tree.span(raw.start, raw.end)
    }

    /// Its bytes with its anchor and its tag.
    pub fn full_span(self) -> Span {
        let mut span = self.span();
        for property in [self.anchor_span(), self.tag_span()].into_iter().flatten() {
            span = span.to(property);
        }
        span
    }

    /// What it is.
    pub fn kind(self) -> NodeKind {
        self.raw().kind
    }

    /// How it is written.
    pub fn style(self) -> Style {
        self.raw().style
    }

    /// Its anchor's name.
    pub fn anchor(self) -> Option<&'t str> {
        self.anchor_span()
            .and_then(|span| self.tree.text.get(span.range()))
            .map(|name| name.trim_start_matches('&'))
    }

    /// The bytes of its anchor, with the `&`.
    pub fn anchor_span(self) -> Option<Span> {
        find(&self.tree.anchors, self.id)
    }

    /// Whether an alias in the file stands for it.
    pub fn is_aliased(self) -> bool {
        self.tree.is_aliased(self.id)
    }

    /// Its tag as written, `!reset` for example.
    pub fn tag(self) -> Option<&'t str> {
        self.tag_span().and_then(|span| self.tree.text.get(span.range()))
    }

    /// The bytes of its tag.
    pub fn tag_span(self) -> Option<Span> {
        find(&self.tree.tags, self.id)
    }

    /// The node it is in: the mapping for keys and values, the sequence for items.
    pub fn parent(self) -> Option<Node<'t>> {
        self.tree.at(self.raw().parent)
    }

    /// The key this node is the value of.
    pub fn key(self) -> Option<Node<'t>> {
        if self.raw().role != Role::Value {
            return None;
        }
        // The node before a value is its key or the last node within its key.
        let mapping = self.raw().parent;
        let mut key = self.tree.at(self.id.0.checked_sub(1)?)?;
        while key.raw().parent != mapping {
            key = key.parent()?;
        }
        Some(key)
    }

    /// The entry this node is the key or the value of.
    pub fn as_entry(self) -> Option<Entry<'t>> {
        match self.raw().role {
            Role::Key => self.tree.at(self.after()).map(|value| Entry { key: self, value }),
            Role::Value => self.key().map(|key| Entry { key, value: self }),
            Role::Root | Role::Item => None,
        }
    }

    /// The node an alias stands for; the node itself otherwise, and for an alias that stands for nothing.
    #[must_use]
    pub fn resolve(self) -> Node<'t> {
        let raw = self.raw();
        if raw.kind == NodeKind::Alias { self.tree.at(raw.link).unwrap_or(self) } else { self }
    }

    /// The entries written in this mapping (after [`Node::resolve`]), `<<` among them; none for anything else.
    pub fn entries(self) -> impl Iterator<Item = Entry<'t>> {
        let node = self.resolve();
        let mut children = (node.kind() == NodeKind::Mapping).then(|| node.children());
        std::iter::from_fn(move || {
            let children = children.as_mut()?;
            Some(Entry { key: children.next()?, value: children.next()? })
        })
    }

    /// The entries that count, own ones first and then those merged by `<<` that no own key hides.
    ///
    /// Of a key written twice the last entry counts. The `<<` themselves are not among them.
    pub fn merged(self) -> Vec<Entry<'t>> {
        let map = self.resolve();
        // Almost every mapping is what is written: no key stands there twice, and nothing is merged.
        let tree = map.tree;
        if tree.duplicates.is_empty() && tree.aliased.is_empty() && !map.entries().any(Entry::is_merge) {
            return map.entries().collect();
        }
        let mut found = Merge::default();
        found.add(map);
        found.entries
    }

    /// The value of a key as [`Node::merged`] finds it, not yet resolved if it is an alias.
    pub fn get(self, key: &str) -> Option<Node<'t>> {
        self.entry(key).map(|entry| entry.value)
    }

    /// The entry of a key as [`Node::merged`] finds it.
    pub fn entry(self, key: &str) -> Option<Entry<'t>> {
        fn find<'t>(map: Node<'t>, key: &str, seen: &mut Vec<NodeId>) -> Option<Entry<'t>> {
            if map.kind() != NodeKind::Mapping {
                return None;
            }
            // Where no key stands twice the first that is found is the last too.
            let unique = map.tree.duplicates.is_empty();
            let mut own = None;
            let mut merges = false;
            let end = map.after();
            let mut next = map.id.0 + 1;
            while next < end {
                let name = map.sibling(next);
                let value = map.sibling(name.after());
                if value.id.0 >= end {
                    break;
                }
                next = value.after();
                let entry = Entry { key: name, value };
                if entry.key.is_text(key) && !entry.is_merge() {
                    own = Some(entry);
                    if unique {
                        break;
                    }
                } else {
                    merges = merges || entry.is_merge();
                }
            }
            if own.is_some() || !merges || seen.contains(&map.id) {
                return own;
            }
            seen.push(map.id);
            map.merge_sources().into_iter().find_map(|source| find(source, key, seen))
        }
        find(self.resolve(), key, &mut Vec::new())
    }

    /// Another node of its tree.
    fn sibling(self, index: u32) -> Node<'t> {
        Node { tree: self.tree, id: NodeId(index) }
    }

    /// Whether the text of a scalar is this: what [`Node::scalar`] tells too, for what is asked of every key.
    fn is_text(self, text: &str) -> bool {
        let raw = self.raw();
        if raw.kind == NodeKind::Scalar && raw.style == Style::Plain && raw.text == Text::Slice {
            let written = self.tree.text.as_bytes().get(raw.start as usize..raw.end as usize);
            return written == Some(text.as_bytes());
        }
        self.scalar().is_some_and(|own| own == text)
    }

    /// The mappings that the `<<` of this mapping name, the strongest first.
    fn merge_sources(self) -> Vec<Node<'t>> {
        let mut sources = Vec::new();
        for entry in self.entries().filter(|entry| entry.is_merge()) {
            let value = entry.value.resolve();
            match value.kind() {
                NodeKind::Mapping => sources.push(value),
                NodeKind::Sequence => {
                    sources
                        .extend(value.items().map(Node::resolve).filter(|n| n.kind() == NodeKind::Mapping));
                }
                NodeKind::Scalar | NodeKind::Alias => {}
            }
        }
        sources
    }

    /// The value below several keys, following aliases.
    pub fn at(self, path: &[&str]) -> Option<Node<'t>> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The items of this sequence (after [`Node::resolve`]); none for anything else.
    pub fn items(self) -> impl Iterator<Item = Node<'t>> {
        let node = self.resolve();
        let children = (node.kind() == NodeKind::Sequence).then(|| node.children());
        children.into_iter().flatten()
    }

    /// The text of a scalar (after [`Node::resolve`]) with quotes and folding undone, whatever its type; `None` for a collection.
    pub fn scalar(self) -> Option<Cow<'t, str>> {
        let node = self.resolve();
        let raw = node.raw();
        if raw.kind != NodeKind::Scalar {
            return None;
        }
        let text = self.tree.text.get(raw.start as usize..raw.end as usize)?;
        Some(match raw.text {
            Text::Slice => Cow::Borrowed(scalar::unquoted(text, raw.style)),
            Text::Lines => {
                let ended = self.tree.text.len() > raw.end as usize;
                Cow::Owned(scalar::Literal::new(text, ended).pieces().collect())
            }
            Text::Table => {
                let (start, end) = *self.tree.decoded_at.get(raw.link as usize)?;
                Cow::Borrowed(self.tree.decoded.get(start as usize..end as usize)?)
            }
        })
    }

    /// The text of a scalar (after [`Node::resolve`]) that knows where each of its bytes stands; `None` for a collection,
    /// and where escapes or folding make it another text than the file has.
    pub fn text(self) -> Option<crate::Text> {
        let node = self.resolve();
        let raw = node.raw();
        let file = &*node.tree.text;
        let written =
            file.get(raw.start as usize..raw.end as usize).filter(|_| raw.kind == NodeKind::Scalar)?;
        match raw.text {
            Text::Slice => {
                let inner = scalar::unquoted(written, raw.style);
                let quote = u32::from(inner.len() != written.len());
                Some(crate::Text::new(inner, node.tree.source, raw.start + quote))
            }
            Text::Lines => {
                let mut builder = crate::text::Builder::new(node.tree.source, raw.start as usize);
                let mut end = raw.start as usize;
                let ended = file.len() > raw.end as usize;
                for piece in scalar::Literal::new(written, ended).pieces() {
                    // A line is a slice of the file; what stands between two lines is not.
                    let place = piece.as_ptr().addr().wrapping_sub(file.as_ptr().addr());
                    let inside = (raw.start as usize..=raw.end as usize).contains(&place);
                    let place = if inside { place } else { end };
                    builder.push(piece, place);
                    end = place + piece.len();
                }
                Some(builder.finish())
            }
            Text::Table => None,
        }
    }

    /// What a scalar (after [`Node::resolve`]) comes to in a dialect; `None` for a collection.
    pub fn value(self, dialect: Dialect) -> Option<Value<'t>> {
        let node = self.resolve();
        let text = node.scalar()?;
        Some(scalar::value(text, node.style(), node.tag(), dialect))
    }

    /// Whether it is empty, `~` or `null`.
    pub fn is_null(self) -> bool {
        self.value(Dialect::Core) == Some(Value::Null)
    }
}

impl Entry<'_> {
    /// Whether it is `<<`, which merges other mappings into this one.
    pub fn is_merge(self) -> bool {
        let raw = self.key.raw();
        raw.kind == NodeKind::Scalar
            && raw.style == Style::Plain
            && raw.end - raw.start == 2
            && self.key.tree.text.get(raw.start as usize..raw.end as usize) == Some("<<")
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?}", self.kind(), self.span().of(&self.tree.text))
    }
}

impl std::fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {:?}", self.key, self.value)
    }
}

/// Collects the entries of a mapping and of those it merges, each mapping once.
#[derive(Default)]
struct Merge<'t> {
    entries: Vec<Entry<'t>>,
    at: HashMap<Cow<'t, str>, usize>,
    seen: Vec<NodeId>,
}

impl<'t> Merge<'t> {
    fn add(&mut self, map: Node<'t>) {
        if self.seen.contains(&map.id) {
            return;
        }
        self.seen.push(map.id);
        let before = self.entries.len();
        for entry in map.entries().filter(|entry| !entry.is_merge()) {
            let Some(key) = entry.key.scalar() else {
                self.entries.push(entry);
                continue;
            };
            match self.at.entry(key) {
                hash_map::Entry::Vacant(vacant) => {
                    vacant.insert(self.entries.len());
                    self.entries.push(entry);
                }
                // A later entry of the same mapping counts; what comes by a merge does not.
                hash_map::Entry::Occupied(at) if *at.get() >= before => self.entries[*at.get()] = entry,
                hash_map::Entry::Occupied(_) => {}
            }
        }
        for source in map.merge_sources() {
            self.add(source);
        }
    }
}

fn find(table: &[(NodeId, Span)], id: NodeId) -> Option<Span> {
    table.binary_search_by_key(&id, |(node, _)| *node).ok().map(|at| table[at].1)
}
