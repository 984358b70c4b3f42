//! Schemas in a compact form: what `cargo xtask schemas` packs, and what the definitions in a repository are lowered to.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::Minor;

/// The number of a type in its store.
pub(crate) type TypeId = u32;

/// Types that share what they have in common, over all releases.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Store {
    /// The names of fields.
    pub(super) names: Vec<Box<str>>,
    pub(super) types: Vec<Type>,
    /// The types that have a name, each with what it came to be in which release, the oldest first; `None` where it went.
    pub(super) named: Vec<Vec<(Minor, Option<TypeId>)>>,
    /// Sorted by kind and API version.
    pub(super) kinds: Vec<Kind>,
}

/// A kind of objects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Kind {
    #[serde(rename = "k")]
    pub(super) name: Box<str>,
    #[serde(rename = "v")]
    pub(super) api_version: Box<str>,
    /// Its place in [`Store::named`].
    #[serde(rename = "t")]
    pub(super) named: u32,
}

/// What a value may be.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Type {
    #[serde(rename = "f")]
    pub(super) form: Form,
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(super) limits: Option<Box<Limits>>,
}

/// The form of a value.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Form {
    /// Anything.
    #[serde(rename = "*")]
    Any,
    #[serde(rename = "s")]
    Text,
    /// A string of base 64.
    #[serde(rename = "y")]
    Bytes,
    /// A date and a time of RFC 3339.
    #[serde(rename = "t")]
    Time,
    /// An integer of 64 bits.
    #[serde(rename = "i")]
    Int,
    /// An integer of 32 bits.
    #[serde(rename = "j")]
    Int32,
    #[serde(rename = "n")]
    Number,
    #[serde(rename = "b")]
    Bool,
    /// A string or a number.
    #[serde(rename = "q")]
    Quantity,
    /// An integer or a string.
    #[serde(rename = "x")]
    IntOrText,
    /// A list of these.
    #[serde(rename = "l")]
    List(TypeId),
    /// A mapping with keys of the user's.
    #[serde(rename = "m")]
    Map(TypeId),
    #[serde(rename = "o")]
    Object(Object),
    /// A type of [`Store::named`].
    #[serde(rename = "r")]
    Named(u32),
}

/// A mapping with keys of the schema's.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Object {
    /// Sorted by name.
    #[serde(rename = "f")]
    pub(super) fields: Vec<Field>,
    /// Whether other keys may be there.
    #[serde(rename = "o", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) open: bool,
}

/// A key of a mapping.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(from = "(u32, TypeId, u8)", into = "(u32, TypeId, u8)")]
pub(crate) struct Field {
    /// In [`Store::names`].
    pub(super) name: u32,
    pub(super) of: TypeId,
    pub(super) required: bool,
}

impl From<(u32, TypeId, u8)> for Field {
    fn from((name, of, required): (u32, TypeId, u8)) -> Self {
        Self { name, of, required: required == 1 }
    }
}

impl From<Field> for (u32, TypeId, u8) {
    fn from(field: Field) -> Self {
        (field.name, field.of, u8::from(field.required))
    }
}

/// What a value has to keep to besides its form.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Limits {
    /// One of these strings.
    #[serde(rename = "e", skip_serializing_if = "Vec::is_empty")]
    pub(super) words: Vec<Box<str>>,
    #[serde(rename = "p", skip_serializing_if = "Option::is_none")]
    pub(super) pattern: Option<Pattern>,
    /// The least and the most, and whether these themselves are out.
    #[serde(rename = "i", skip_serializing_if = "Option::is_none")]
    pub(super) least: Option<(f64, bool)>,
    #[serde(rename = "a", skip_serializing_if = "Option::is_none")]
    pub(super) most: Option<(f64, bool)>,
    /// How many characters, items or keys.
    #[serde(rename = "s", skip_serializing_if = "Option::is_none")]
    pub(super) shortest: Option<u64>,
    #[serde(rename = "g", skip_serializing_if = "Option::is_none")]
    pub(super) longest: Option<u64>,
    /// The keys by which the items of a list are told apart.
    #[serde(rename = "k", skip_serializing_if = "Vec::is_empty")]
    pub(super) keys: Vec<Box<str>>,
    /// Whether no two items may be equal.
    #[serde(rename = "u", skip_serializing_if = "std::ops::Not::not")]
    pub(super) unique: bool,
    /// What it has to be besides: all of these, one or more of these, exactly one of these, and not this.
    #[serde(rename = "A", skip_serializing_if = "Vec::is_empty")]
    pub(super) all: Vec<TypeId>,
    #[serde(rename = "Y", skip_serializing_if = "Vec::is_empty")]
    pub(super) any: Vec<TypeId>,
    #[serde(rename = "O", skip_serializing_if = "Vec::is_empty")]
    pub(super) one: Vec<TypeId>,
    #[serde(rename = "N", skip_serializing_if = "Option::is_none")]
    pub(super) not: Option<TypeId>,
}

/// A pattern that a string has to match somewhere.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Box<str>", into = "Box<str>")]
pub(crate) struct Pattern {
    text: Box<str>,
    compiled: OnceLock<Option<Regex>>,
}

/// How much memory a pattern may take.
const PATTERN: usize = 1 << 18;

impl Pattern {
    pub(super) fn new(text: Box<str>) -> Self {
        Self { text, compiled: OnceLock::new() }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a text matches; any does where the pattern is none.
    pub(super) fn matches(&self, text: &str) -> bool {
        let compile = || RegexBuilder::new(&self.text).size_limit(PATTERN).build().ok();
        self.compiled.get_or_init(compile).as_ref().is_none_or(|pattern| pattern.is_match(text))
    }
}

impl From<Box<str>> for Pattern {
    fn from(text: Box<str>) -> Self {
        Self::new(text)
    }
}

impl From<Pattern> for Box<str> {
    fn from(pattern: Pattern) -> Self {
        pattern.text
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Store {
    /// Types as they are packed.
    pub(super) fn unpack(packed: &str) -> Self {
        serde_json::from_str(packed).unwrap_or_default()
    }

    /// Types as they are packed.
    pub fn pack(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether it has no kinds.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    pub(super) fn name(&self, field: &Field) -> &str {
        self.names.get(field.name as usize).map_or("", |name| name)
    }

    pub(super) fn field(&self, object: &Object, name: &str) -> Option<usize> {
        object.fields.binary_search_by(|field| self.name(field).cmp(name)).ok()
    }

    /// The kinds of a name, one for each API version.
    pub(super) fn kinds(&self, kind: &str) -> &[Kind] {
        let from = self.kinds.partition_point(|k| *k.name < *kind);
        let some = &self.kinds[from..];
        &some[..some.iter().take_while(|k| *k.name == *kind).count()]
    }

    /// Whether there is a kind of a group.
    pub(super) fn has_group(&self, group: &str) -> bool {
        self.kinds.iter().any(|kind| kind.api_version.rsplit_once('/').is_some_and(|(own, _)| own == group))
    }

    /// What a named type is in a release.
    pub(super) fn at(&self, named: u32, minor: Minor) -> Option<TypeId> {
        let versions = self.named.get(named as usize)?;
        versions.iter().rev().find(|(since, _)| *since <= minor)?.1
    }
}
