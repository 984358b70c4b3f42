//! How a file is laid out, and where things stand in it.

use super::super::{Node, NodeKind, Role, Style, Yaml};

/// The habits of a file, where its closest neighbours do not tell.
#[derive(Clone, Copy, Debug)]
pub(in crate::yaml) struct Layout {
    pub(super) newline: &'static str,
    /// Columns from a mapping to a mapping below one of its keys.
    pub(super) step: usize,
    /// Columns from a mapping to the `-` of a sequence below one of its keys.
    pub(super) dash: usize,
    /// The quotes of a text that needs them.
    pub(super) quote: Style,
}

impl Layout {
    pub(in crate::yaml) fn of(tree: &Yaml) -> Self {
        let text = tree.text();
        let mut steps = [0_u32; 9];
        let mut dashes = [0_u32; 9];
        let (mut single, mut double) = (0_u32, 0_u32);
        for raw in &tree.nodes {
            match (raw.kind, raw.style) {
                (NodeKind::Scalar, Style::SingleQuoted) => single += 1,
                (NodeKind::Scalar, Style::DoubleQuoted) => double += 1,
                (NodeKind::Mapping | NodeKind::Sequence, Style::Block) if raw.role == Role::Value => {
                    let parent = tree.nodes[raw.parent as usize].start as usize;
                    let by = column(text, raw.start as usize).saturating_sub(column(text, parent)).min(8);
                    if raw.kind == NodeKind::Mapping { steps[by] += 1 } else { dashes[by] += 1 }
                }
                _ => {}
            }
        }
        let most = |counts: &[u32; 9], from: usize| {
            (from..9).rev().max_by_key(|n| counts[*n]).filter(|n| counts[*n] > 0)
        };
        let step = most(&steps, 1).or_else(|| most(&dashes, 1)).unwrap_or(2);
        let newline = match memchr::memchr2(b'\n', b'\r', text.as_bytes()) {
            Some(at) if text.as_bytes()[at..].starts_with(b"\r\n") => "\r\n",
            Some(at) if text.as_bytes()[at] == b'\r' => "\r",
            _ => "\n",
        };
        Self {
            newline,
            step,
            dash: most(&dashes, 0).unwrap_or(step),
            quote: if single > double { Style::SingleQuoted } else { Style::DoubleQuoted },
        }
    }
}

pub(super) fn line_start(text: &str, at: usize) -> usize {
    memchr::memrchr2(b'\n', b'\r', &text.as_bytes()[..at]).map_or(0, |n| n + 1)
}

/// The end of the line without its line end.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    memchr::memchr2(b'\n', b'\r', &text.as_bytes()[at..]).map_or(text.len(), |n| at + n)
}

/// The start of the next line, or the end of the text.
pub(super) fn next_line(text: &str, at: usize) -> usize {
    let end = line_end(text, at);
    let rest = &text[end..];
    end + if rest.starts_with("\r\n") { 2 } else { usize::from(!rest.is_empty()) }
}

/// What stands on the line before `at`, without a byte order mark.
pub(super) fn prefix(text: &str, at: usize) -> &str {
    text[line_start(text, at)..at].trim_start_matches('\u{feff}')
}

/// The columns before `at` on its line.
pub(super) fn column(text: &str, at: usize) -> usize {
    prefix(text, at).chars().count()
}

/// The white space and the comment from `at` to the end of its line.
pub(super) fn tail(text: &str, at: usize) -> &str {
    &text[at..line_end(text, at)]
}

/// The first byte from `at` on that is neither white space nor in a comment.
pub(super) fn skip(text: &str, at: usize) -> usize {
    super::super::events::skip_blank(text, at, b"")
}

/// The child of the same parent before this one.
pub(super) fn previous(node: Node<'_>) -> Option<Node<'_>> {
    let parent = node.parent()?;
    let mut before = node.tree.at(node.id.0.checked_sub(1)?)?;
    if before.id == parent.id {
        return None;
    }
    while before.parent()?.id != parent.id {
        before = before.parent()?;
    }
    Some(before)
}

/// The child of the same parent behind this one.
pub(super) fn next(node: Node<'_>) -> Option<Node<'_>> {
    let parent = node.parent()?;
    let after = node.after();
    if after < parent.after() { node.tree.at(after) } else { None }
}

/// The last node within this one, or itself.
pub(super) fn last_leaf(node: Node<'_>) -> Node<'_> {
    node.tree.at(node.after() - 1).unwrap_or(node)
}

/// Where the content of a value may begin: behind its `:`, `-`, anchor and tag.
pub(super) fn base(node: Node<'_>) -> Option<usize> {
    let text = node.tree.text();
    let indicator = match node.raw().role {
        Role::Root => {
            let start = node.full_span().start as usize;
            start - (prefix(text, start).len() - prefix(text, start).trim_end().len())
        }
        Role::Item if is_flow(node.parent()) => node.full_span().start as usize,
        Role::Item => dash(node)? + 1,
        Role::Value => colon(node.key()?)? + 1,
        Role::Key => return None,
    };
    let properties =
        [node.anchor_span(), node.tag_span()].into_iter().flatten().map(|s| s.end as usize).max();
    Some(properties.unwrap_or(0).max(indicator))
}

/// The `:` behind a key; `None` where there is none.
pub(super) fn colon(key: Node<'_>) -> Option<usize> {
    let text = key.tree.text();
    let at = skip(text, key.full_span().end as usize);
    (text.as_bytes().get(at) == Some(&b':')).then_some(at)
}

/// The `-` of an item.
pub(super) fn dash(item: Node<'_>) -> Option<usize> {
    let text = item.tree.text();
    let from = match previous(item) {
        Some(before) => before.full_span().end as usize,
        None => item.parent()?.span().start as usize,
    };
    let at = skip(text, from);
    (text.as_bytes().get(at) == Some(&b'-')).then_some(at)
}

pub(super) fn is_flow(node: Option<Node<'_>>) -> bool {
    node.is_some_and(|node| node.style() == Style::Flow)
}

/// Comments between `from` and a value that starts at `to`, without the line end before the value.
pub(super) fn gap(text: &str, from: usize, to: usize) -> &str {
    let gap = text.get(from..to).unwrap_or_default();
    if gap.contains('#') {
        let line = gap.rfind(['\n', '\r']).unwrap_or(gap.len());
        gap[..line].strip_suffix('\r').unwrap_or(&gap[..line])
    } else {
        gap.trim_end()
    }
}

/// Whether the lines of a block scalar may end here: nothing that follows would become a part of its text.
pub(super) fn may_end_block_scalar(text: &str, at: usize) -> bool {
    if !tail(text, at).is_empty() || line_end(text, at) == text.len() {
        return false;
    }
    let mut next = next_line(text, at);
    while next < text.len() && tail(text, next).is_empty() {
        next = next_line(text, next);
    }
    let line = tail(text, next);
    if !line.is_empty() && line.trim().is_empty() {
        return false;
    }
    !(line.starts_with([' ', '\t']) && line.trim_start().starts_with('#'))
}

/// The start of the next line with something on it, from the start of a line.
pub(super) fn skip_blank_lines(text: &str, mut at: usize) -> usize {
    while at < text.len() && tail(text, at).trim().is_empty() {
        at = next_line(text, at);
    }
    at
}
