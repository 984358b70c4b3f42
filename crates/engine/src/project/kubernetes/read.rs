//! Typed reading of nodes as the Kubernetes API reads them. A value of another type than the API takes is no value.

use seaworthy_syntax::yaml::{Dialect, Node, NodeKind, Value};
use seaworthy_syntax::{Span, Spanned};

use crate::project::{Origin, Setting};

/// Labels or annotations.
pub type Labels = Vec<(Spanned<String>, Spanned<String>)>;

/// A port by its number or its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PortRef {
    /// Its number.
    Number(u16),
    /// Its name.
    Name(String),
}

impl std::fmt::Display for PortRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// The text of a scalar that is not null. A number counts as its text: where the API wants a string it refuses one, and
/// what was meant is plain.
pub(super) fn string(node: Node<'_>) -> Option<String> {
    node.scalar().filter(|_| !node.is_null()).map(std::borrow::Cow::into_owned)
}

pub(super) fn spanned_string(node: Node<'_>) -> Option<Spanned<String>> {
    string(node).map(|text| Spanned::new(text, node.span()))
}

pub(super) fn boolean(node: Node<'_>) -> Option<bool> {
    match node.value(Dialect::Kubernetes)? {
        Value::Bool(value) => Some(value),
        _ => None,
    }
}

pub(super) fn integer(node: Node<'_>) -> Option<i64> {
    match node.value(Dialect::Kubernetes)? {
        Value::Int(value) => Some(value),
        _ => None,
    }
}

/// An integer of a narrower type.
pub(super) fn number<T: TryFrom<i64>>(node: Node<'_>) -> Option<T> {
    T::try_from(integer(node)?).ok()
}

pub(super) fn spanned_number<T: TryFrom<i64>>(node: Node<'_>) -> Option<Spanned<T>> {
    number(node).map(|value| Spanned::new(value, node.span()))
}

pub(super) fn port(node: Node<'_>) -> Option<Spanned<PortRef>> {
    let port = match node.value(Dialect::Kubernetes)? {
        Value::Int(value) => PortRef::Number(u16::try_from(value).ok()?),
        Value::Str(name) if !name.is_empty() => PortRef::Name(name.into_owned()),
        _ => return None,
    };
    Some(Spanned::new(port, node.span()))
}

pub(super) fn strings(node: Option<Node<'_>>) -> Vec<Spanned<String>> {
    node.into_iter().flat_map(Node::items).filter_map(spanned_string).collect()
}

pub(super) fn labels(node: Option<Node<'_>>) -> Labels {
    let Some(map) = node else { return Vec::new() };
    map.merged()
        .into_iter()
        .filter_map(|entry| {
            let key = spanned_string(entry.key)?;
            let value = string(entry.value).or_else(|| entry.value.is_null().then(String::new))?;
            Some((key, Spanned::new(value, entry.value.span())))
        })
        .collect()
}

/// The value of a key in labels or annotations.
pub(super) fn lookup<'a>(labels: &'a Labels, key: &str) -> Option<&'a Spanned<String>> {
    labels.iter().rev().find(|(name, _)| name.value == key).map(|(_, value)| value)
}

/// Whether a text waits for somebody to fill it in before the API sees it: `${NAME}` of envsubst and Flux, `{{ name }}`
/// of Argo and Helm, `$(params.name)` of Tekton, `#{name}#` of Azure Pipelines, `<name>` of documentation.
pub(crate) fn is_placeholder(text: &str) -> bool {
    // Nearly every text of every object is asked, and nearly none has one of these.
    if !text.bytes().any(|b| matches!(b, b'$' | b'{' | b'#' | b'<' | b'@')) {
        return false;
    }
    ["${", "{{", "$(", "#{", "<%", "@@"].iter().any(|mark| text.contains(mark))
        || text.starts_with('<') && text.ends_with('>')
        || text.strip_prefix('$').is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        })
}

/// A key of a mapping as a setting.
pub(super) fn setting<'t, T>(
    map: Option<Node<'t>>,
    key: &str,
    origin: Origin,
    read: impl FnOnce(Node<'t>) -> Option<T>,
) -> Setting<T> {
    let Some(map) = map else { return Setting::default() };
    let Some(node) = map.get(key) else { return Setting::default() };
    let shared = node.kind() == NodeKind::Alias
        || node.parent().is_none_or(|parent| parent.id() != map.resolve().id());
    let origin = if origin == Origin::Own && shared { Origin::Anchor } else { origin };
    let at = Some(node.span());
    // Text that is filled in later can come to any type.
    if node.scalar().is_some_and(|text| is_placeholder(&text)) {
        return Setting::unknown(origin, at);
    }
    read(node).map_or_else(Setting::default, |value| Setting::known(value, origin, at))
}

/// From a key to the end of its value on the key's line: what to underline for an entry.
pub(super) fn entry_span(map: Node<'_>, key: &str) -> Option<Span> {
    let entry = map.entry(key)?;
    Some(if entry.value.kind() == NodeKind::Scalar || entry.value.kind() == NodeKind::Alias {
        entry.key.span().to(entry.value.span())
    } else {
        entry.key.span()
    })
}
