//! Changes to YAML that touch nothing else: in the file's own indentation, quoting, line ends and key order.

mod insert;
mod layout;
mod order;
mod remove;
mod write;

pub(in crate::yaml) use layout::Layout;
use layout::{
    base, colon, column, dash, gap, is_flow, line_end, line_start, may_end_block_scalar, prefix, tail,
};
use write::Writer;

use super::{Entry, Node, NodeKind, Role, Style, Yaml};
use crate::Edit;

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
/// A null node counts as an empty mapping.
///
/// # Errors
/// [`Refusal::Shared`] where the mapping lies in an anchored node or behind an alias.
pub fn set(map: Node<'_>, key: &str, value: &New) -> Edited {
    match own(map, key) {
        Some(entry) => replace(entry.value, value),
        None => insert::entries(map, &[(key, value)], None),
    }
}

/// Sets a key as [`set`] does; a new entry stands behind the entry of the first key in `after` that the mapping has.
///
/// # Errors
/// As [`set`].
pub fn set_after(map: Node<'_>, key: &str, value: &New, after: &[&str]) -> Edited {
    match own(map, key) {
        Some(entry) => replace(entry.value, value),
        None => insert::entries(map, &[(key, value)], after.iter().find_map(|key| own(map, key))),
    }
}

/// Sets a key of the mapping that a block document is; a new entry stands before all others, and apart from them where
/// they stand apart.
///
/// # Errors
/// As [`set`]; [`Refusal::Shape`] for any other mapping, [`Refusal::Layout`] where something stands before its first key.
pub fn set_first(root: Node<'_>, key: &str, value: &New) -> Edited {
    match own(root, key) {
        Some(entry) => replace(entry.value, value),
        None => insert::first(root, key, value),
    }
}

/// Sets the value below several keys and makes the mappings that are missing or null on the way.
///
/// # Errors
/// As [`set`]; [`Refusal::Shape`] where something on the way is no mapping.
pub fn set_path(map: Node<'_>, path: &[&str], value: &New) -> Edited {
    let mut map = map;
    let mut path = path;
    loop {
        let [key, rest @ ..] = path else { return Err(Refusal::Shape) };
        if rest.is_empty() {
            return set(map, key, value);
        }
        let nested =
            || rest.iter().rev().fold(value.clone(), |value, key| New::Map(vec![((*key).to_owned(), value)]));
        match own(map, key) {
            None => {
                // An own entry would hide all that a merge brings here.
                if map.kind() == NodeKind::Mapping && map.get(key).is_some_and(|merged| !merged.is_null()) {
                    return Err(Refusal::Shared);
                }
                return set(map, key, &nested());
            }
            Some(entry) => match entry.value.kind() {
                NodeKind::Mapping => (map, path) = (entry.value, rest),
                NodeKind::Alias => return Err(Refusal::Shared),
                NodeKind::Scalar if entry.value.is_null() => return replace(entry.value, &nested()),
                NodeKind::Scalar | NodeKind::Sequence => return Err(Refusal::Shape),
            },
        }
    }
}

/// Sets several keys of a mapping, and of the mappings in it where both the old and the new value are mappings.
///
/// The edits are sorted and disjoint.
///
/// # Errors
/// As [`set_path`].
pub fn merge(map: Node<'_>, entries: &[(String, New)]) -> Result<Vec<Edit>, Refusal> {
    fn collect(map: Node<'_>, entries: &[(String, New)], edits: &mut Vec<Edit>) -> Result<(), Refusal> {
        let mut missing: Vec<(&str, &New)> = Vec::new();
        for (key, value) in entries {
            match (own(map, key), value) {
                (None, New::Map(inner))
                    if !inner.is_empty()
                        && map.kind() == NodeKind::Mapping
                        && map.get(key).is_some_and(|merged| !merged.is_null()) =>
                {
                    return Err(Refusal::Shared);
                }
                (None, _) => missing.push((key, value)),
                (Some(entry), New::Map(inner)) if entry.value.kind() == NodeKind::Mapping => {
                    collect(entry.value, inner, edits)?;
                }
                (Some(entry), New::Map(_)) if entry.value.kind() == NodeKind::Alias => {
                    return Err(Refusal::Shared);
                }
                (Some(entry), _) => edits.push(replace(entry.value, value)?),
            }
        }
        if !missing.is_empty() {
            edits.push(insert::entries(map, &missing, None)?);
        }
        Ok(())
    }
    let mut edits = Vec::new();
    collect(map, entries, &mut edits)?;
    edits.sort_by_key(|edit| edit.span);
    if edits.windows(2).any(|pair| pair[0].span.end > pair[1].span.start) {
        return Err(Refusal::Layout);
    }
    Ok(edits)
}

/// Appends an item to a sequence; a null node counts as an empty one.
///
/// # Errors
/// As [`set`].
pub fn push(sequence: Node<'_>, value: &New) -> Edited {
    insert::item(sequence, value)
}

/// Removes an entry with its line and the comment on that line; a mapping that would be empty is written `{}`.
///
/// # Errors
/// As [`set`]. [`Refusal::Shared`] also where an alias elsewhere names something in the entry.
pub fn remove(entry: Entry<'_>) -> Edited {
    remove::entry(entry)
}

/// Removes an item of a sequence with its line; a sequence that would be empty is written `[]`.
///
/// # Errors
/// As [`remove`].
pub fn remove_item(item: Node<'_>) -> Edited {
    remove::item(item)
}

/// Puts the entries or items of a block collection in another order: `order` has the place that each new one has now.
///
/// The comments right above one go with it; blank lines stay where they are.
///
/// # Errors
/// [`Refusal::Shape`] where `order` is no order of them; [`Refusal::Shared`] where an anchor stands within;
/// [`Refusal::Layout`] where they do not stand on lines of their own.
pub fn reorder(collection: Node<'_>, order: &[usize]) -> Edited {
    order::reorder(collection, order)
}

/// Renames the key of an entry.
///
/// # Errors
/// As [`set`]; [`Refusal::Shape`] where the mapping has the new key already.
pub fn rename(entry: Entry<'_>, key: &str) -> Edited {
    let old = entry.key;
    let map = old.parent().ok_or(Refusal::Shape)?;
    if is_shared(old) {
        return Err(Refusal::Shared);
    }
    if old.kind() != NodeKind::Scalar || own(map, key).is_some() {
        return Err(Refusal::Shape);
    }
    if matches!(old.style(), Style::Literal | Style::Folded) || old.span().start == old.span().end {
        return Err(Refusal::Layout);
    }
    let mut writer = writer_in(map);
    writer.quote_keys = quotes(&mut writer, old);
    let edit = Edit { span: old.span(), text: writer.key(key, is_flow(Some(map))) };
    Ok(edit)
}

/// Replaces a node's value; its anchor, tag and comment stay. An alias gives way to the value.
///
/// A tag of YAML's own, `!!str` for example, gives way too: the new value says its type itself.
///
/// # Errors
/// As [`remove`].
pub fn replace(node: Node<'_>, value: &New) -> Edited {
    if is_shared(node) || is_named_from_outside(node, node) {
        return Err(Refusal::Shared);
    }
    let role = node.raw().role;
    if role == Role::Key {
        return Err(Refusal::Shape);
    }
    let (start, after_tag) = match node.tag_span() {
        Some(tag) if is_core_tag(tag.of(node.tree.text())) => {
            if node.anchor().is_some() {
                return Err(Refusal::Layout);
            }
            (Some(tag.start as usize), tag.end as usize)
        }
        _ => (None, 0),
    };
    let text = node.tree.text();
    let span = node.span();
    let (mut from, end) = (span.start as usize, span.end as usize);
    let mut writer = writer_at(node);
    if node.kind() == NodeKind::Scalar {
        writer.quote_values = quotes(&mut writer, node);
    }
    let in_flow = is_flow(node.parent());
    let block_collection = is_block_collection(node);
    // An empty value's place is behind its tag, which goes.
    let behind = match start {
        Some(tag) => {
            if block_collection || !text[after_tag..from].trim().is_empty() {
                return Err(Refusal::Layout);
            }
            from = tag;
            true
        }
        None => false,
    };
    if in_flow || !Writer::is_block(value) || is_filled_flow(node) {
        let mut written = writer.inline(value, in_flow || Writer::is_block(value));
        if let New::Str(lines) = value
            && !in_flow
            && !block_collection
            && role != Role::Root
            && writer.is_literal(lines)
            && header_comment(node).is_empty()
            && may_end_block_scalar(text, end)
        {
            let indent = match role {
                Role::Item => column(text, dash(node).ok_or(Refusal::Layout)?) + 1 + writer.gap,
                _ => {
                    node.parent().map_or(0, |parent| column(text, parent.span().start as usize)) + writer.step
                }
            };
            written.clear();
            writer.lines(lines, indent, &mut written);
        }
        if block_collection {
            let base = base(node).ok_or(Refusal::Layout)?;
            if role == Role::Root {
                return Ok(edit(node.tree, from, end, written));
            }
            return Ok(close_up(node, base, format!(" {written}"), true));
        }
        if matches!(node.style(), Style::Literal | Style::Folded) {
            written.push_str(header_comment(node));
        } else if in_flow && Writer::is_block(value) && spreads(node) {
            written.clear();
            let margin = prefix(text, from).len() - prefix(text, from).trim_start().len();
            writer.spread(value, margin, &mut written);
        }
        if from == end && !behind {
            // An empty value: a space keeps it from its `:`, `-` or anchor.
            let colon_missing = role == Role::Value && node.key().is_some_and(|key| colon(key).is_none());
            if colon_missing && !in_flow {
                return Err(Refusal::Layout);
            }
            if !(role == Role::Item && in_flow) {
                written.insert_str(0, if colon_missing { ": " } else { " " });
            }
        }
        return Ok(edit(node.tree, from, end, written));
    }
    if behind {
        return Err(Refusal::Layout);
    }
    become_block(node, value, &writer)
}

/// Writes a block collection in the place of a value.
fn become_block(node: Node<'_>, value: &New, writer: &Writer) -> Edited {
    let mut writer = *writer;
    let text = node.tree.text();
    let (start, end) = (node.span().start as usize, node.span().end as usize);
    let base = base(node).ok_or(Refusal::Layout)?;
    let parent_column = node.parent().map(|parent| column(text, parent.span().start as usize));
    let rest = tail(text, end);
    writer.literal = may_end_block_scalar(text, end);
    if is_block_collection(node) {
        let at = column(text, start);
        let below = node.raw().role == Role::Value && parent_column.is_some_and(|parent| at <= parent);
        if !(below && matches!(value, New::Map(_))) {
            let mut out = String::new();
            writer.block(value, at, &mut out);
            return Ok(edit(node.tree, start, end, out));
        }
        let at = parent_column.unwrap_or(0) + writer.step;
        let mut out = gap(text, base, start).to_owned();
        writer.line(at, &mut out);
        writer.block(value, at, &mut out);
        return Ok(edit(node.tree, base, end, out));
    }
    // A scalar, an alias or empty brackets: what stands between and behind them are comments.
    let indent = match (node.raw().role, parent_column) {
        (Role::Value, Some(parent)) => parent + writer.child(value),
        (Role::Item, Some(_)) => {
            let at = dash(node).ok_or(Refusal::Layout)?;
            column(text, at) + 1 + writer.gap
        }
        _ => 0,
    };
    if node.raw().role == Role::Value && !explicit_key_fits(node) {
        return Err(Refusal::Layout);
    }
    let gap = gap(text, base, start);
    let block_scalar = matches!(node.style(), Style::Literal | Style::Folded);
    let comment = if block_scalar { header_comment(node).trim_end() } else { rest.trim_end() };
    let properties = node.anchor_span().is_some() || node.tag_span().is_some();
    let mut out = gap.to_owned();
    if comment.trim().is_empty() && gap.is_empty() && !properties && node.raw().role != Role::Value {
        // Directly behind the `-`, or in the place of the whole document.
        if node.raw().role == Role::Item {
            out.extend(std::iter::repeat_n(' ', writer.gap));
        } else if !prefix(text, start).trim().is_empty() {
            writer.line(0, &mut out);
        }
        writer.block(value, indent, &mut out);
        return Ok(edit(node.tree, base, end, out));
    }
    if gap.contains('#') && !comment.trim().is_empty() {
        writer.line(indent, &mut out);
        out.push_str(comment.trim_start());
    } else {
        out.push_str(comment);
    }
    if !out.is_empty() || !prefix(text, start).is_empty() {
        writer.line(indent, &mut out);
    }
    let stop = if block_scalar { end } else { line_end(text, end) };
    writer.literal = may_end_block_scalar(text, stop);
    writer.block(value, indent, &mut out);
    Ok(edit(node.tree, base, stop, out))
}

/// Writes `text` in the place of a block collection. Comments before its content stay, and the one behind it if it is kept.
fn close_up(collection: Node<'_>, base: usize, mut text: String, keep: bool) -> Edit {
    let file = collection.tree.text();
    let (start, end) = (collection.span().start as usize, collection.span().end as usize);
    let before = gap(file, base, start);
    let behind = tail(file, end);
    text.push_str(before);
    if keep && (before.is_empty() || behind.trim().is_empty()) {
        let stop = if before.is_empty() { end } else { end + behind.len() };
        return edit(collection.tree, base, stop, text);
    }
    if keep {
        plain_writer(collection.tree).line(column(file, start), &mut text);
        text.push_str(behind.trim_start());
    }
    edit(collection.tree, base, end + behind.len(), text)
}

/// Whether a value below an explicit key (`? key`) has a place of its own.
fn explicit_key_fits(value: Node<'_>) -> bool {
    value.key().is_some_and(|key| colon(key).is_some())
}

fn edit(tree: &Yaml, start: usize, end: usize, text: String) -> Edit {
    Edit { span: tree.span(start as u32, end as u32), text }
}

/// The entry that is written in this mapping itself; the last of several.
fn own<'t>(map: Node<'t>, key: &str) -> Option<Entry<'t>> {
    if map.kind() != NodeKind::Mapping {
        return None;
    }
    map.entries()
        .filter(|e| e.key.kind() == NodeKind::Scalar && e.key.scalar().is_some_and(|k| k == key))
        .last()
}

/// Whether an alias elsewhere shows this place too.
fn is_shared(node: Node<'_>) -> bool {
    let mut at = Some(node);
    while let Some(node) = at {
        if node.is_aliased() {
            return true;
        }
        at = node.parent();
    }
    false
}

/// Whether an alias outside of the nodes `first` to `last` names one of them, so that they cannot go.
fn is_named_from_outside(first: Node<'_>, last: Node<'_>) -> bool {
    let tree = first.tree;
    let inside = first.id.0..last.after();
    let from = tree.aliased.partition_point(|id| id.0 < inside.start);
    let named = tree.aliased[from..].first().is_some_and(|id| id.0 < inside.end);
    named
        && (0_u32..).zip(&tree.nodes).any(|(id, raw)| {
            raw.kind == NodeKind::Alias && inside.contains(&raw.link) && !inside.contains(&id)
        })
}

fn is_core_tag(tag: &str) -> bool {
    tag == "!" || tag.starts_with("!!") || tag.starts_with("!<tag:yaml.org,2002:")
}

fn is_block_collection(node: Node<'_>) -> bool {
    matches!(node.kind(), NodeKind::Mapping | NodeKind::Sequence) && node.style() == Style::Block
}

/// Brackets with something in them.
fn is_filled_flow(node: Node<'_>) -> bool {
    node.style() == Style::Flow && node.after() > node.id.0 + 1
}

/// Whether the brackets around this node hold one thing a line.
fn spreads(node: Node<'_>) -> bool {
    let text = node.tree.text();
    node.parent().is_some_and(|parent| {
        parent.style() == Style::Flow
            && line_start(text, parent.span().start as usize) != line_start(text, node.span().start as usize)
    })
}

/// The comment in the header of a block scalar, with the space before it.
fn header_comment(node: Node<'_>) -> &str {
    if !matches!(node.style(), Style::Literal | Style::Folded) {
        return "";
    }
    let text = node.span().of(node.tree.text());
    let header = &text[..line_end(text, 0)];
    header.find(" #").or_else(|| header.find("\t#")).map_or("", |at| &header[at..])
}

/// Whether a new text is quoted as this scalar is; takes over its quotes.
fn quotes(writer: &mut Writer, scalar: Node<'_>) -> bool {
    match scalar.style() {
        style @ (Style::SingleQuoted | Style::DoubleQuoted) => {
            writer.quote = style;
            true
        }
        _ => writer.quote_values && scalar.is_null(),
    }
}

/// How to write in the collection that holds a node.
/// A value as a document of its own: two spaces a level, lists below their key, a line end at the end.
pub fn document(value: &New) -> String {
    let mut out = String::new();
    PLAIN.block(value, 0, &mut out);
    out.push('\n');
    out
}

/// A text as a scalar on one line, in quotes where a reader would take it for something else.
pub fn scalar(text: &str) -> String {
    PLAIN.inline(&New::Str(text.to_owned()), false)
}

/// How values are written where no file says otherwise.
const PLAIN: Writer = Writer {
    newline: "\n",
    step: 2,
    dash: 2,
    gap: 1,
    quote: Style::DoubleQuoted,
    quote_values: false,
    quote_keys: false,
    literal: true,
    compact: false,
};

fn writer_at(node: Node<'_>) -> Writer {
    match node.parent() {
        Some(parent) => writer_in(parent),
        None => plain_writer(node.tree),
    }
}

fn plain_writer(tree: &Yaml) -> Writer {
    let layout = tree.layout();
    Writer {
        newline: layout.newline,
        step: layout.step,
        dash: layout.dash,
        gap: 1,
        quote: layout.quote,
        quote_values: false,
        quote_keys: false,
        literal: true,
        compact: false,
    }
}

/// How many neighbours say how a new value is written.
const NEIGHBOURS: usize = 32;

/// How to write in a collection: as what is there already.
fn writer_in(collection: Node<'_>) -> Writer {
    let tree = collection.tree;
    let text = tree.text();
    let mut writer = plain_writer(tree);
    let is_map = collection.kind() == NodeKind::Mapping;
    let here = column(text, collection.span().start as usize);
    let (mut quoted, mut bare, mut quoted_keys, mut bare_keys) = (0, 0, 0, 0);
    for (n, child) in collection.children().take(NEIGHBOURS).enumerate() {
        let is_key = is_map && n % 2 == 0;
        let (quoted, bare) =
            if is_key { (&mut quoted_keys, &mut bare_keys) } else { (&mut quoted, &mut bare) };
        match (child.kind(), child.style()) {
            (NodeKind::Scalar, style @ (Style::SingleQuoted | Style::DoubleQuoted)) => {
                *quoted += 1;
                writer.quote = style;
            }
            (NodeKind::Scalar, Style::Plain) => {
                *bare += i32::from(matches!(child.value(super::Dialect::Core), Some(super::Value::Str(_))));
            }
            (NodeKind::Mapping, Style::Block) if is_map && !is_key => {
                let by = column(text, child.span().start as usize).saturating_sub(here);
                writer.step = if by > 0 { by } else { writer.step };
            }
            (NodeKind::Sequence, Style::Block) if is_map && !is_key => {
                writer.dash = column(text, child.span().start as usize).saturating_sub(here);
            }
            _ => {}
        }
        if !is_map
            && collection.style() == Style::Block
            && let Some(at) = dash(child)
        {
            let content = child.full_span().start as usize;
            if content > at + 1 && text[at + 1..content].bytes().all(|b| b == b' ') {
                writer.gap = content - at - 1;
            }
        }
    }
    writer.quote_values = quoted > 0 && bare == 0;
    writer.quote_keys = quoted_keys > 0 && bare_keys == 0;
    if collection.style() == Style::Flow {
        if is_json(tree, collection) {
            (writer.quote_keys, writer.quote_values, writer.quote) = (true, true, Style::DoubleQuoted);
        }
        let key = collection.entries().last().map(|e| e.key);
        writer.compact = key
            .and_then(colon)
            .is_some_and(|at| text.as_bytes().get(at + 1).is_some_and(|b| !b.is_ascii_whitespace()));
        writer.step = margin_step(collection).unwrap_or(writer.step);
    }
    writer
}

/// The columns from the line of an opening bracket to the lines within.
fn margin_step(flow: Node<'_>) -> Option<usize> {
    let text = flow.tree.text();
    let first = flow.children().next()?;
    let (outer, inner) = (flow.span().start as usize, first.span().start as usize);
    let margin = |at: usize| {
        let line = tail(text, line_start(text, at));
        line.len() - line.trim_start().len()
    };
    (line_start(text, outer) != line_start(text, inner)).then(|| margin(inner).checked_sub(margin(outer)))?
}

/// Whether a document in brackets is JSON: every key in double quotes, and no text without.
fn is_json(tree: &Yaml, collection: Node<'_>) -> bool {
    let mut root = collection;
    while let Some(parent) = root.parent() {
        root = parent;
    }
    if root.style() != Style::Flow {
        return false;
    }
    (root.id.0..root.after()).take(4 * NEIGHBOURS).filter_map(|id| tree.at(id)).all(|node| {
        match node.kind() {
            NodeKind::Scalar if node.style() == Style::Plain => {
                node.raw().role != Role::Key
                    && matches!(node.scalar().as_deref(), Some(text) if is_json_word(text))
            }
            NodeKind::Scalar => node.style() == Style::DoubleQuoted,
            NodeKind::Alias => false,
            NodeKind::Mapping | NodeKind::Sequence => true,
        }
    })
}

fn is_json_word(text: &str) -> bool {
    matches!(text, "null" | "true" | "false") || text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}
