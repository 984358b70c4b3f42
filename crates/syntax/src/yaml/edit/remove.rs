//! Entries and items that go.

use super::layout::{
    base, colon, column, dash, last_leaf, line_end, line_start, next, next_line, prefix, previous, skip,
    skip_blank_lines, tail,
};
use super::{Edited, Refusal, close_up, edit, is_named_from_outside, is_shared};
use crate::yaml::{Entry, Node, NodeKind, Role, Style};

pub(super) fn entry(entry: Entry<'_>) -> Edited {
    let map = entry.key.parent().ok_or(Refusal::Shape)?;
    if entry.key.raw().role != Role::Key {
        return Err(Refusal::Shape);
    }
    let text = map.tree.text();
    let start = if map.style() == Style::Block {
        let start = entry.key.full_span().start as usize;
        let before = prefix(text, start);
        // An entry may begin with `?`.
        match before.trim_end().strip_suffix('?') {
            Some(_) => line_start(text, start) + text[line_start(text, start)..start].rfind('?').unwrap_or(0),
            None => start,
        }
    } else {
        let at = previous(entry.key)
            .map_or(map.span().start as usize + 1, |before| before.full_span().end as usize);
        // Behind the comma, at the `?` or the key.
        let at = skip(text, at);
        let at = if text.as_bytes().get(at) == Some(&b',') { skip(text, at + 1) } else { at };
        at.min(entry.key.full_span().start as usize)
    };
    drop_part(map, entry.key, entry.value, start)
}

pub(super) fn item(item: Node<'_>) -> Edited {
    let sequence = item.parent().ok_or(Refusal::Shape)?;
    if item.raw().role != Role::Item {
        return Err(Refusal::Shape);
    }
    let start = if sequence.style() == Style::Block {
        dash(item).ok_or(Refusal::Layout)?
    } else {
        item.full_span().start as usize
    };
    drop_part(sequence, item, item, start)
}

/// Removes what begins at `start` with `first` and ends with `last`.
fn drop_part(collection: Node<'_>, first: Node<'_>, last: Node<'_>, start: usize) -> Edited {
    if is_shared(collection) || is_named_from_outside(first, last) {
        return Err(Refusal::Shared);
    }
    let tree = collection.tree;
    let text = tree.text();
    let end = last.full_span().end as usize;
    let before = previous(first);
    let after = next(last);
    if collection.style() == Style::Flow {
        return in_brackets(collection, before, after, start, end);
    }
    if before.is_none() && after.is_none() {
        return empty(collection);
    }
    if let Some(before) = before
        && is_swallowed(last_leaf(before), end)
    {
        return Err(Refusal::Layout);
    }
    let line = line_start(text, start);
    if text[line..start].trim_start_matches('\u{feff}').trim().is_empty() {
        let margin = if text[line..].starts_with('\u{feff}') { 3 } else { 0 };
        let mut stop = next_line(text, end);
        if let Some(before) = before
            && keeps_blank_lines(last_leaf(before))
        {
            // Blank lines would become a part of the text above.
            stop = skip_blank_lines(text, stop);
        }
        // A file without a line end at its end stays so.
        if line_end(text, end) == text.len()
            && line > 0
            && before.is_some_and(|b| !matches!(last_leaf(b).style(), Style::Literal | Style::Folded))
        {
            let above = line_end(text, line - 1 - usize::from(text[..line].ends_with("\r\n")));
            return Ok(edit(tree, above, text.len(), String::new()));
        }
        return Ok(edit(tree, line + margin, stop, String::new()));
    }
    // The first of several, on the line of a `-` or `?`: what follows moves up.
    let Some(after) = after else { return Err(Refusal::Layout) };
    if before.is_some() {
        return Err(Refusal::Layout);
    }
    let following = next_line(text, end);
    let stop = skip_blank_lines(text, following);
    let margin = tail(text, stop).len() - tail(text, stop).trim_start().len();
    let content = stop + margin;
    if content > after.full_span().start as usize {
        return Err(Refusal::Layout);
    }
    if column(text, content) != column(text, start) && !text[content..].starts_with('#') {
        return Err(Refusal::Layout);
    }
    Ok(edit(tree, start, content, String::new()))
}

/// Writes `{}` or `[]` in the place of a block collection whose only part goes.
fn empty(collection: Node<'_>) -> Edited {
    let tree = collection.tree;
    let _text = tree.text();
    let (start, end) = (collection.span().start as usize, collection.span().end as usize);
    let brackets = if collection.kind() == NodeKind::Mapping { "{}" } else { "[]" };
    if collection.raw().role == Role::Root {
        return Ok(edit(tree, start, end, brackets.into()));
    }
    if collection.raw().role == Role::Key {
        return Err(Refusal::Layout);
    }
    if collection.raw().role == Role::Value && collection.key().and_then(colon).is_none() {
        return Err(Refusal::Layout);
    }
    let base = base(collection).ok_or(Refusal::Layout)?;
    Ok(close_up(collection, base, format!(" {brackets}"), false))
}

/// Whether what follows `end` would become text of the block scalar before it.
fn is_swallowed(scalar: Node<'_>, end: usize) -> bool {
    if scalar.kind() != NodeKind::Scalar || !matches!(scalar.style(), Style::Literal | Style::Folded) {
        return false;
    }
    let text = scalar.tree.text();
    let line = tail(text, skip_blank_lines(text, next_line(text, end)));
    line.starts_with([' ', '\t']) && line.trim_start().starts_with('#')
}

/// Whether blank lines behind a block scalar are its text.
fn keeps_blank_lines(scalar: Node<'_>) -> bool {
    let written = scalar.span().of(scalar.tree.text());
    matches!(scalar.style(), Style::Literal | Style::Folded)
        && scalar.kind() == NodeKind::Scalar
        && written[..line_end(written, 0)]
            .split([' ', '\t'])
            .next()
            .is_some_and(|indicators| indicators.contains('+'))
}

fn in_brackets(
    flow: Node<'_>,
    before: Option<Node<'_>>,
    after: Option<Node<'_>>,
    start: usize,
    end: usize,
) -> Edited {
    let tree = flow.tree;
    let text = tree.text();
    let bracket = flow.span().start as usize;
    if !matches!(text.as_bytes().get(bracket), Some(b'{' | b'[')) {
        return Err(Refusal::Layout);
    }
    let line = line_start(text, start);
    let own_line = line > bracket && text[line..start].trim().is_empty();
    let separator = skip(text, end);
    let comma = text.as_bytes().get(separator) == Some(&b',');
    match (before, after) {
        (_, Some(after)) => {
            let behind = tail(text, separator + 1).trim();
            if own_line && (behind.is_empty() || behind.starts_with('#')) {
                return Ok(edit(tree, line, next_line(text, separator), String::new()));
            }
            let stop = skip_to(text, separator + 1, after);
            if text[separator..stop].contains('#') || text[end..separator].contains('#') {
                return Err(Refusal::Layout);
            }
            Ok(edit(tree, start, stop, String::new()))
        }
        (Some(before), None) => {
            // The comma before it goes too, unless one stays behind it.
            let from = before.full_span().end as usize;
            let stop = if comma { separator } else { end };
            let behind = tail(text, stop + usize::from(comma)).trim();
            let between = &text[from..start];
            if !between.contains('#') && !own_line {
                return Ok(edit(tree, from, stop, String::new()));
            }
            if !own_line || !(behind.is_empty() || behind.starts_with('#')) {
                return if between.contains('#') {
                    Err(Refusal::Layout)
                } else {
                    Ok(edit(tree, from, stop, String::new()))
                };
            }
            if comma {
                return Ok(edit(tree, line, next_line(text, separator), String::new()));
            }
            let kept = skip(text, from);
            let kept =
                if text.as_bytes().get(kept) == Some(&b',') { kept } else { return Err(Refusal::Layout) };
            let lines = format!("{}{}", &text[from..kept], &text[kept + 1..line]);
            Ok(edit(tree, from, next_line(text, end), lines))
        }
        (None, None) => {
            let stop = flow.span().end as usize - 1;
            if text[bracket + 1..stop].contains('#') && {
                let inner = format!("{}{}", &text[bracket + 1..start], &text[end..stop]);
                inner.contains('#')
            } {
                return Err(Refusal::Layout);
            }
            Ok(edit(tree, bracket + 1, stop, String::new()))
        }
    }
}

/// Where the next part of a flow collection begins, at its `?` if it has one.
fn skip_to(text: &str, from: usize, after: Node<'_>) -> usize {
    skip(text, from).min(after.full_span().start as usize)
}
