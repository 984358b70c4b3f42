//! New entries and items.

use super::layout::{
    Layout, column, is_flow, last_leaf, line_end, line_start, may_end_block_scalar, next_line, prefix,
    previous, tail,
};
use super::{
    Edited, New, Refusal, Writer, become_block, edit, is_block_collection, is_json, is_shared, plain_writer,
    replace, writer_at, writer_in,
};
use crate::yaml::{Entry, Node, NodeKind, Role, Style, Yaml};

/// Entries at the end of a mapping, or behind one of its own.
pub(super) fn entries(map: Node<'_>, new: &[(&str, &New)], after: Option<Entry<'_>>) -> Edited {
    let value = || New::Map(new.iter().map(|(key, value)| ((*key).to_owned(), (*value).clone())).collect());
    match map.kind() {
        NodeKind::Alias => return Err(Refusal::Shared),
        NodeKind::Scalar if map.is_null() && map.raw().role != Role::Key => return replace(map, &value()),
        NodeKind::Scalar | NodeKind::Sequence => return Err(Refusal::Shape),
        NodeKind::Mapping if is_shared(map) => return Err(Refusal::Shared),
        NodeKind::Mapping => {}
    }
    let Some(last) = after.or_else(|| map.entries().last()) else {
        return fill(map, &value());
    };
    let mut writer = writer_in(map);
    if map.style() == Style::Flow {
        let pairs = |writer: &Writer, indent: Option<usize>| {
            let mut out = Vec::new();
            for (key, value) in new {
                out.push(match indent {
                    Some(indent) => {
                        let mut text = String::new();
                        writer.spread_pair(key, value, indent, &mut text);
                        text
                    }
                    None => writer.pair(key, value),
                });
            }
            out
        };
        return in_brackets(map, last.key, last.value, &writer, pairs);
    }
    let text = map.tree.text();
    let before = prefix(text, map.span().start as usize);
    if before.contains('\t') {
        return Err(Refusal::Layout);
    }
    let indent = column(text, map.span().start as usize);
    if is_unended(last.value) {
        // A line behind it would give its text a line end: stand before it.
        let start = entry_start(last).ok_or(Refusal::Layout)?;
        let mut out = String::new();
        if let Some(above) = previous(last.key) {
            let at = end_of_block(map.tree, above, indent);
            writer.literal = may_end_block_scalar(text, at);
            for (key, value) in new {
                writer.line(indent, &mut out);
                writer.entry(key, value, indent, &mut out);
            }
            return Ok(edit(map.tree, at, at, out));
        }
        for (key, value) in new {
            writer.entry(key, value, indent, &mut out);
            writer.line(indent, &mut out);
        }
        return Ok(edit(map.tree, start, start, out));
    }
    let at = end_of_block(map.tree, last.value, indent);
    writer.literal = may_end_block_scalar(text, at);
    let mut out = String::new();
    for (key, value) in new {
        writer.line(indent, &mut out);
        writer.entry(key, value, indent, &mut out);
    }
    Ok(edit(map.tree, at, at, out))
}

/// An entry before all others of a document.
pub(super) fn first(root: Node<'_>, key: &str, value: &New) -> Edited {
    if root.raw().role != Role::Root || root.kind() != NodeKind::Mapping || root.style() == Style::Flow {
        return Err(Refusal::Shape);
    }
    if is_shared(root) {
        return Err(Refusal::Shared);
    }
    let text = root.tree.text();
    let mut entries = root.entries();
    let (Some(start), second) = (entries.next().and_then(entry_start), entries.next()) else {
        return Err(Refusal::Layout);
    };
    if !prefix(text, start).is_empty() {
        return Err(Refusal::Layout);
    }
    let above =
        second.and_then(entry_start).map(|at| text[..at].trim_end_matches([' ', '\t', '\r', '\n']).len());
    let apart = above.is_none_or(|end| text[end..].lines().nth(1).is_some_and(|line| line.trim().is_empty()));
    let writer = writer_in(root);
    let mut out = String::new();
    writer.entry(key, value, 0, &mut out);
    writer.line(0, &mut out);
    if apart {
        writer.line(0, &mut out);
    }
    Ok(edit(root.tree, start, start, out))
}

/// An item at the end of a sequence.
pub(super) fn item(sequence: Node<'_>, value: &New) -> Edited {
    match sequence.kind() {
        NodeKind::Alias => return Err(Refusal::Shared),
        NodeKind::Scalar if sequence.is_null() && sequence.raw().role != Role::Key => {
            return replace(sequence, &New::Seq(vec![value.clone()]));
        }
        NodeKind::Scalar | NodeKind::Mapping => return Err(Refusal::Shape),
        NodeKind::Sequence if is_shared(sequence) => return Err(Refusal::Shared),
        NodeKind::Sequence => {}
    }
    let Some(last) = sequence.items().last() else {
        return fill(sequence, &New::Seq(vec![value.clone()]));
    };
    let mut writer = writer_in(sequence);
    if sequence.style() == Style::Flow {
        let written = |writer: &Writer, indent: Option<usize>| {
            let mut out = String::new();
            match indent {
                Some(indent) => writer.spread(value, indent, &mut out),
                None => out = writer.inline(value, true),
            }
            vec![out]
        };
        return in_brackets(sequence, last, last, &writer, written);
    }
    let text = sequence.tree.text();
    if prefix(text, sequence.span().start as usize).contains('\t') {
        return Err(Refusal::Layout);
    }
    let indent = column(text, sequence.span().start as usize);
    let at = end_of_block(sequence.tree, last, indent);
    writer.literal = may_end_block_scalar(text, at);
    let mut out = String::new();
    if is_unended(last) {
        // `-` keeps its text without a line end when a line follows.
        let scalar = last_leaf(last).span();
        let (from, end) = (scalar.start as usize, scalar.end as usize);
        let written = &text[from..end];
        let header = line_end(written, 0);
        let stripped: String = match written[1..header].find('+') {
            Some(_) => written[..header].replacen('+', "-", 1) + &written[header..],
            None => format!("{}-{}", &written[..1], &written[1..]),
        };
        out.push_str(&stripped);
        writer.line(indent, &mut out);
        writer.item(value, indent, &mut out);
        return Ok(edit(sequence.tree, from, end, out));
    }
    writer.line(indent, &mut out);
    if own_line(last) {
        // The neighbour's content begins below its `-`.
        let content = column(text, last.full_span().start as usize);
        if Writer::is_block(value) && content > indent {
            out.push('-');
            writer.line(content, &mut out);
            writer.block(value, content, &mut out);
            return Ok(edit(sequence.tree, at, at, out));
        }
    }
    writer.item(value, indent, &mut out);
    Ok(edit(sequence.tree, at, at, out))
}

/// Whether an item's content begins on a line below its `-`.
fn own_line(item: Node<'_>) -> bool {
    let text = item.tree.text();
    let start = item.full_span().start as usize;
    is_block_collection(item)
        && prefix(text, start).trim().is_empty()
        && super::dash(item).is_some_and(|dash| line_start(text, dash) != line_start(text, start))
}

/// Something in a pair of empty brackets.
fn fill(node: Node<'_>, value: &New) -> Edited {
    let text = node.tree.text();
    let (start, end) = (node.span().start as usize, node.span().end as usize);
    if node.style() != Style::Flow {
        return Err(Refusal::Layout);
    }
    let inner = &text[start + 1..end - 1];
    let scalar_item = matches!(value, New::Seq(items) if !items.iter().any(Writer::is_block));
    let spread_out = is_flow(node.parent()) || node.raw().role == Role::Root || scalar_item;
    if !spread_out && inner.trim().is_empty() {
        return become_block(node, value, &writer_at(node));
    }
    let mut writer = if node.parent().is_some() { writer_at(node) } else { plain_writer(node.tree) };
    if node.raw().role == Role::Root || is_json(node.tree, node) {
        (writer.quote_keys, writer.quote_values, writer.quote) = (true, true, Style::DoubleQuoted);
    }
    let written = writer.inline(value, true);
    if inner.trim().is_empty() {
        let pad = if inner == " " || inner == "  " { " " } else { "" };
        let content = &written[1..written.len() - 1];
        let (open, close) = (&text[start..=start], &text[end - 1..end]);
        return Ok(edit(node.tree, start, end, format!("{open}{pad}{content}{pad}{close}")));
    }
    // Comments within stay behind the new content.
    let content = written[1..written.len() - 1].to_owned();
    Ok(edit(node.tree, start + 1, start + 1, content))
}

/// Something behind the last thing in brackets; `first` begins it and `last` ends it.
fn in_brackets(
    flow: Node<'_>,
    first: Node<'_>,
    last: Node<'_>,
    writer: &Writer,
    write: impl Fn(&Writer, Option<usize>) -> Vec<String>,
) -> Edited {
    let text = flow.tree.text();
    let bracket = flow.span().start as usize;
    if !matches!(text.as_bytes().get(bracket), Some(b'{' | b'[')) {
        return Err(Refusal::Layout);
    }
    let start = first.full_span().start as usize;
    let end = last.full_span().end as usize;
    let close = super::layout::skip(text, end);
    let comma = text.as_bytes().get(close) == Some(&b',');
    let closing_line = prefix(text, flow.span().end as usize - 1);
    let margin = prefix(text, start);
    let one_a_line = margin.trim().is_empty() && line_start(text, start) != line_start(text, bracket);
    let behind_empty = last.span().start == last.span().end;
    if !one_a_line || !closing_line.trim().is_empty() {
        let mut out = String::new();
        let written = if one_a_line { write(writer, Some(margin.len())) } else { write(writer, None) };
        for written in written {
            out.push_str(if behind_empty && out.is_empty() { " ," } else { "," });
            if one_a_line {
                out.push_str(writer.newline);
                out.push_str(margin);
            } else if !writer.compact {
                out.push(' ');
            }
            out.push_str(&written);
        }
        return Ok(edit(flow.tree, end, end, out));
    }
    let separator = format!("{}{margin}", writer.newline);
    let written = write(writer, Some(margin.chars().count())).join(&format!(",{separator}"));
    if comma {
        let line = line_end(text, close);
        if !is_comment(&text[close + 1..line]) {
            return Err(Refusal::Layout);
        }
        return Ok(edit(flow.tree, line, line, format!("{separator}{written},")));
    }
    // The comment of the line stays on it.
    let comment = tail(text, end);
    if !is_comment(comment) {
        return Err(Refusal::Layout);
    }
    let lead = if behind_empty { " ," } else { "," };
    if comment.trim().is_empty() {
        return Ok(edit(flow.tree, end, end, format!("{lead}{separator}{written}")));
    }
    Ok(edit(flow.tree, end, line_end(text, end), format!("{lead}{comment}{separator}{written}")))
}

fn is_comment(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.starts_with('#')
}

/// Whether the text of a node ends with the file, in a block scalar that would gain a line end.
fn is_unended(node: Node<'_>) -> bool {
    let last = last_leaf(node);
    let text = node.tree.text();
    matches!(last.style(), Style::Literal | Style::Folded)
        && last.kind() == NodeKind::Scalar
        && last.span().end as usize == text.len()
        && {
            let written = last.span().of(text);
            let header = &written[..line_end(written, 0)];
            let indicators = header.split([' ', '\t']).next().unwrap_or_default();
            !indicators.contains('-') && header.len() < written.len()
        }
}

/// Where an entry begins: its key with its properties, or the `?` before it.
fn entry_start(entry: Entry<'_>) -> Option<usize> {
    let text = entry.key.tree.text();
    let start = entry.key.full_span().start as usize;
    let before = prefix(text, start).trim_end();
    match before.strip_suffix('?') {
        Some(outer) if outer.is_empty() || outer.ends_with([' ', '-', ':']) => {
            Some(line_start(text, start) + text[line_start(text, start)..start].rfind('?')?)
        }
        Some(_) => None,
        None => Some(start),
    }
}

/// The end of the last line of a node, with its comment and the comments below that are indented deeper than `indent`.
fn end_of_block(tree: &Yaml, node: Node<'_>, indent: usize) -> usize {
    let text = tree.text();
    let mut at = line_end(text, node.full_span().end as usize);
    loop {
        let next = next_line(text, at);
        let line = tail(text, next);
        let margin = line.len() - line.trim_start_matches(' ').len();
        if next == at || margin <= indent || !line[margin..].starts_with('#') {
            return at;
        }
        at = next + line.len();
    }
}

impl Yaml {
    pub(super) fn layout(&self) -> &Layout {
        self.layout.get_or_init(|| Layout::of(self))
    }
}
