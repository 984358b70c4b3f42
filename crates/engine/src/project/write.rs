//! What the formats share in writing a change back.

use std::cmp::Reverse;

use seaworthy_syntax::yaml::edit::{self, New};
use seaworthy_syntax::yaml::{Entry, Node, NodeKind};
use seaworthy_syntax::{Edit, Span};

use super::Project;
use super::container::{Mount, Port};

/// Edits of one change, each with the depth of the node it is about.
#[derive(Default)]
pub(super) struct Changes {
    edits: Vec<(usize, Edit)>,
}

impl Changes {
    /// Adds an edit of a node; `None` where it was refused.
    pub(super) fn push(&mut self, node: Node<'_>, edited: edit::Edited) -> Option<()> {
        self.extend(node, [edited.ok()?]);
        Some(())
    }

    /// Adds edits of a node.
    pub(super) fn extend(&mut self, node: Node<'_>, edits: impl IntoIterator<Item = Edit>) {
        let depth = std::iter::successors(Some(node), |n| n.parent()).count();
        self.edits.extend(edits.into_iter().map(|edit| (depth, edit)));
    }

    /// The edits in order, those that meet made one; `None` where two are at odds.
    ///
    /// What is inserted at one place goes in from the deepest node outwards, as each node ends before those around it.
    pub(super) fn finish(mut self) -> Option<Vec<Edit>> {
        self.edits.sort_by_key(|(depth, edit)| (edit.span, Reverse(*depth)));
        let mut edits: Vec<Edit> = Vec::new();
        for (_, edit) in self.edits {
            match edits.last_mut().filter(|last| last.span.source == edit.span.source) {
                Some(last) if edit.span.start < last.span.end => return None,
                Some(last) if edit.span.start == last.span.end => {
                    last.span.end = edit.span.end;
                    last.text.push_str(&edit.text);
                }
                _ => edits.push(edit),
            }
        }
        (!edits.is_empty()).then_some(edits)
    }
}

/// The entry a mapping has of its own, not by a merge.
pub(super) fn own_entry<'t>(map: Node<'t>, key: &str) -> Option<Entry<'t>> {
    map.entries().filter(|entry| entry.key.scalar().is_some_and(|k| k == key)).last()
}

/// The mapping below a key that a mapping has of its own.
pub(super) fn own_map<'t>(map: Node<'t>, key: &str) -> Option<Node<'t>> {
    own_entry(map, key).map(|entry| entry.value).filter(|node| node.kind() == NodeKind::Mapping)
}

/// The entry around an entry that would be left empty without it, up to but without `top`.
pub(super) fn prunable<'t>(entry: Entry<'t>, top: Node<'t>) -> Entry<'t> {
    let mut entry = entry;
    while let Some(map) = entry.key.parent()
        && map.id() != top.id()
        && map.entries().count() == 1
        && let Some(around) = map.as_entry()
    {
        entry = around;
    }
    entry
}

/// Those of some paths that need scratch space: nothing is mounted there, and space at a path is space for all below it.
pub(super) fn without_space<'p>(paths: &'p [String], mounts: &[Mount]) -> Vec<&'p str> {
    let mut wanted: Vec<&str> = Vec::new();
    for path in paths.iter().map(|path| path.trim_end_matches('/')).filter(|path| path.starts_with('/')) {
        let mounted = |mount: &Mount| is_within(path, mount.target.trim_end_matches('/'));
        if !mounts.iter().any(mounted) && !wanted.contains(&path) {
            wanted.push(path);
        }
    }
    let all = wanted.clone();
    wanted.retain(|path| !all.iter().any(|other| other != path && is_within(path, other)));
    wanted
}

/// Whether a path is a directory or lies in it.
fn is_within(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Changes of what stands at a place, for rules whose findings know no more of it.
impl Project {
    /// The node whose bytes are exactly these.
    pub fn node_at(&self, at: Span) -> Option<Node<'_>> {
        self.parse(at.source)?.yaml()?.node_at(at)
    }

    /// The edits that write another value in the place of one; `None` where the place belongs to others too.
    pub fn write_at(&self, at: Span, value: &New) -> Option<Vec<Edit>> {
        Some(vec![edit::replace(self.node_at(at)?, value).ok()?])
    }

    /// The edits that take out the item of a list, or the entry that has its key or its value there, with what would be left
    /// empty around it; `None` where the place belongs to others too.
    pub fn take_out(&self, at: Span) -> Option<Vec<Edit>> {
        let node = self.node_at(at)?;
        let root = std::iter::successors(Some(node), |n| n.parent()).last()?;
        let entry = if let Some(entry) = node.as_entry() {
            entry
        } else {
            let list = node.parent().filter(|list| list.kind() == NodeKind::Sequence)?;
            if list.items().count() > 1 {
                return Some(vec![edit::remove_item(node).ok()?]);
            }
            list.as_entry()?
        };
        Some(vec![edit::remove(prunable(entry, root)).ok()?])
    }

    /// The edits that publish another port of a Compose service on the same port of the host.
    pub fn republish(&self, port: &Port, container: u16) -> Option<Vec<Edit>> {
        let node = self.node_at(port.span)?;
        if node.kind() == NodeKind::Mapping {
            return Some(vec![edit::set(node, "target", &New::Int(container.into())).ok()?]);
        }
        let text = node.scalar()?;
        let (published, protocol) = text.find('/').map_or((&*text, ""), |at| text.split_at(at));
        let (host, old) = published.rsplit_once(':')?;
        let whole = old.parse::<u16>().is_ok();
        whole.then(|| self.write_at(port.span, &New::Str(format!("{host}:{container}{protocol}"))))?
    }
}
