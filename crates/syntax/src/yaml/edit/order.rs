//! Entries and items that change places.

use super::layout::{column, dash, line_end, line_start, prefix};
use super::{Edited, Refusal, is_shared};
use crate::yaml::{Node, NodeKind, Style};
use crate::{Edit, Span};

pub(super) fn reorder(collection: Node<'_>, order: &[usize]) -> Edited {
    let text = collection.tree.text();
    if collection.style() != Style::Block {
        return Err(Refusal::Layout);
    }
    if is_shared(collection) {
        return Err(Refusal::Shared);
    }
    let starts = starts(collection).ok_or(Refusal::Layout)?;
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..starts.len()) || starts.is_empty() {
        return Err(Refusal::Shape);
    }
    let lines: Vec<usize> = starts.iter().map(|start| line_start(text, *start)).collect();
    let indent = column(text, starts[0]);
    // Something else on the line of one of them, a dash or another entry, would have to stay there.
    let apart = lines.windows(2).all(|pair| pair[0] < pair[1])
        && starts
            .iter()
            .all(|start| prefix(text, *start).trim().is_empty() && column(text, *start) == indent);
    if !apart {
        return Err(Refusal::Layout);
    }
    let top = collection.parent().is_none();
    let begins: Vec<usize> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| {
            // What stands above the first entry of a document is about all of it.
            let floor = match at {
                0 if top => *line,
                0 => line_start(text, collection.parent().map_or(0, |p| p.span().start as usize)),
                _ => lines[at - 1] + 1,
            };
            with_comments(text, *line, indent, floor)
        })
        .collect();
    let end = line_end(text, trimmed_end(text, collection.full_span().end as usize));
    let within = text.get(begins[0]..end).ok_or(Refusal::Layout)?;
    // An alias must come behind its anchor, and a scalar that keeps its line ends would keep others.
    if [" &", " *", "<<:", "|+", ">+"].iter().any(|sign| within.contains(sign)) {
        return Err(Refusal::Shared);
    }
    let parts: Vec<(&str, &str)> = (0..begins.len())
        .map(|at| {
            let part = &text[begins[at]..begins.get(at + 1).copied().unwrap_or(end)];
            part.split_at(part.trim_end().len())
        })
        .collect();
    let mut written = String::with_capacity(within.len());
    for (place, from) in order.iter().enumerate() {
        written.push_str(parts[*from].0);
        written.push_str(parts[place].1);
    }
    Ok(Edit { span: Span::new(collection.tree.source(), begins[0], end), text: written })
}

/// Where each entry or item begins.
fn starts(collection: Node<'_>) -> Option<Vec<usize>> {
    if collection.kind() == NodeKind::Sequence {
        return collection.items().map(dash).collect();
    }
    Some(collection.entries().map(|entry| entry.key.full_span().start as usize).collect())
}

/// The start of the comments that stand right above a line, no further up than `floor`.
fn with_comments(text: &str, line: usize, indent: usize, floor: usize) -> usize {
    let mut begin = line;
    while begin > floor {
        let above = line_start(text, text[..begin].trim_end_matches(['\n', '\r']).len());
        let gap = text[above..begin].matches('\n').count();
        let words = text[above..begin].trim();
        let comment = words.starts_with('#')
            && column(text, above + (text[above..].len() - text[above..].trim_start().len())) == indent;
        if above < floor || gap != 1 || !comment || above == begin {
            break;
        }
        begin = above;
    }
    begin
}

/// The end of a text without the blanks and line ends before it.
fn trimmed_end(text: &str, end: usize) -> usize {
    text.get(..end).map_or(end, |text| text.trim_end().len())
}
