//! YAML as a tree with spans, comments and styles; JSON is a part of YAML.
//!
//! The tree is an arena over the text: a node is a few numbers, and a scalar that stands in the text as it is
//! costs no allocation. Aliases are never expanded; a reader follows them one at a time.

pub mod edit;

use std::borrow::Cow;
use std::sync::Arc;

use crate::{SourceId, Span, Spanned};

/// A parsed YAML file.
#[derive(Debug)]
pub struct Yaml {
    source: SourceId,
    text: Arc<str>,
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
        Self { source, text: text.clone() }
    }

    /// The source it was parsed from.
    pub fn source(&self) -> SourceId {
        self.source
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The root of each document, in order; an empty document gives `None`.
    pub fn documents(&self) -> impl Iterator<Item = Option<Node<'_>>> {
        std::iter::empty()
    }

    /// The node of a number that came from this tree.
    pub fn node(&self, id: NodeId) -> Node<'_> {
        Node { tree: self, id }
    }

    /// All comments in order, each from its `#` to the end of its line.
    pub fn comments(&self) -> &[Span] {
        &[]
    }

    /// What is not YAML, and what is but must not be: duplicate keys, too deep nesting, unknown aliases.
    pub fn errors(&self) -> &[Spanned<String>] {
        &[]
    }
}

impl<'t> Node<'t> {
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
        unimplemented!()
    }

    /// What it is.
    pub fn kind(self) -> NodeKind {
        unimplemented!()
    }

    /// How it is written.
    pub fn style(self) -> Style {
        unimplemented!()
    }

    /// Its anchor's name.
    pub fn anchor(self) -> Option<&'t str> {
        unimplemented!()
    }

    /// Its tag as written, `!reset` for example.
    pub fn tag(self) -> Option<&'t str> {
        unimplemented!()
    }

    /// The node it is in: the mapping for keys and values, the sequence for items.
    pub fn parent(self) -> Option<Node<'t>> {
        unimplemented!()
    }

    /// The key this node is the value of.
    pub fn key(self) -> Option<Node<'t>> {
        unimplemented!()
    }

    /// The node an alias stands for, at the end of any chain; the node itself otherwise.
    #[must_use]
    pub fn resolve(self) -> Node<'t> {
        unimplemented!()
    }

    /// The entries written in this mapping (after [`Node::resolve`]), `<<` among them; none for anything else.
    pub fn entries(self) -> impl Iterator<Item = Entry<'t>> {
        std::iter::empty()
    }

    /// The entries that count, own ones first and then those merged by `<<` that no own key hides.
    pub fn merged(self) -> Vec<Entry<'t>> {
        unimplemented!()
    }

    /// The value of a key as [`Node::merged`] finds it, not yet resolved if it is an alias.
    pub fn get(self, _key: &str) -> Option<Node<'t>> {
        unimplemented!()
    }

    /// The entry of a key as [`Node::merged`] finds it.
    pub fn entry(self, _key: &str) -> Option<Entry<'t>> {
        unimplemented!()
    }

    /// The value below several keys, following aliases.
    pub fn at(self, _path: &[&str]) -> Option<Node<'t>> {
        unimplemented!()
    }

    /// The items of this sequence (after [`Node::resolve`]); none for anything else.
    pub fn items(self) -> impl Iterator<Item = Node<'t>> {
        std::iter::empty()
    }

    /// The text of a scalar (after [`Node::resolve`]) with quotes and folding undone, whatever its type; `None` for a collection.
    pub fn scalar(self) -> Option<Cow<'t, str>> {
        unimplemented!()
    }

    /// What a scalar (after [`Node::resolve`]) comes to in a dialect; `None` for a collection.
    pub fn value(self, _dialect: Dialect) -> Option<Value<'t>> {
        unimplemented!()
    }

    /// Whether it is empty, `~` or `null`.
    pub fn is_null(self) -> bool {
        unimplemented!()
    }
}
