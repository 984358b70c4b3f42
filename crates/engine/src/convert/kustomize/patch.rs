//! From one object to another: as a strategic merge patch where that can say it, which people read, or else as JSON Patch.

use crate::convert::node::{Field, Node, field};

/// An object without its name.
pub(super) fn body(object: &Node) -> Vec<Field> {
    let Node::Map(fields) = object else { return Vec::new() };
    let nameless = |field: &Field| match &field.value {
        Node::Map(inner) if field.key == "metadata" => {
            let inner = inner.iter().filter(|field| field.key != "name").cloned().collect();
            Field { value: Node::Map(inner), ..field.clone() }
        }
        _ => field.clone(),
    };
    fields.iter().map(nameless).collect()
}

/// A strategic merge patch; `None` where it could not say the difference, or not for sure.
pub(super) fn merging(from: &Node, to: &Node) -> Option<Node> {
    let (Node::Map(old), Node::Map(new)) = (from, to) else { return None };
    let Node::Map(changed) = merged(old, new)? else { return None };
    let mut whole: Vec<Field> =
        ["apiVersion", "kind"].into_iter().filter_map(|key| Some(field(key, to.get(key)?.clone()))).collect();
    let mut metadata = vec![field("name", from.get("metadata")?.get("name")?.clone())];
    for entry in changed {
        match (entry.key.as_str(), entry.value) {
            ("apiVersion" | "kind", _) => return None,
            ("metadata", Node::Map(inner)) => {
                if inner.iter().any(|field| field.key == "name") {
                    return None;
                }
                metadata.extend(inner);
            }
            (key, value) => whole.push(Field { key: key.to_owned(), value, why: entry.why }),
        }
    }
    whole.insert(2.min(whole.len()), field("metadata", metadata));
    Some(Node::Map(whole))
}

/// The lists of objects whose items are merged by their names.
const BY_NAME: [&str; 2] = ["containers", "initContainers"];

/// The lists that a patch replaces as a whole.
const WHOLE: [&str; 2] = ["command", "args"];

fn merged(old: &[Field], new: &[Field]) -> Option<Node> {
    let mut changed = Vec::new();
    for before in old {
        if !new.iter().any(|after| after.key == before.key) {
            changed.push(field(&before.key, Node::Null));
        }
    }
    for after in new {
        let Some(before) = old.iter().find(|before| before.key == after.key) else {
            // What the list would be merged with is not there, so that nothing is.
            changed.push(after.clone());
            continue;
        };
        if before.value == after.value {
            continue;
        }
        let value = match (&before.value, &after.value) {
            (Node::Map(before), Node::Map(now)) if !now.is_empty() => merged(before, now)?,
            (Node::Map(_), _) | (_, Node::Map(_)) => return None,
            (Node::List(before), Node::List(now)) if BY_NAME.contains(&after.key.as_str()) => {
                items(before, now)?
            }
            (Node::List(_), Node::List(_)) if WHOLE.contains(&after.key.as_str()) => after.value.clone(),
            (Node::List(_), _) | (_, Node::List(_)) => return None,
            _ => after.value.clone(),
        };
        changed.push(Field { key: after.key.clone(), value, why: after.why.clone() });
    }
    Some(Node::Map(changed))
}

/// The items of a list that changed, where the same are there in the same order.
fn items(old: &[Node], new: &[Node]) -> Option<Node> {
    if old.len() != new.len() {
        return None;
    }
    let mut changed = Vec::new();
    for (before, after) in old.iter().zip(new) {
        let name = after.get("name")?;
        if before.get("name")? != name {
            return None;
        }
        if before == after {
            continue;
        }
        let (Node::Map(before), Node::Map(after)) = (before, after) else { return None };
        let Node::Map(mut inner) = merged(before, after)? else { return None };
        inner.insert(0, field("name", name.clone()));
        changed.push(Node::Map(inner));
    }
    Some(Node::List(changed))
}

/// The operations of a JSON Patch, in the order in which they are applied.
pub(super) fn operations(from: &Node, to: &Node) -> Vec<Node> {
    let mut operations = Vec::new();
    compare(from, to, "", &mut operations);
    operations
}

fn compare(from: &Node, to: &Node, at: &str, out: &mut Vec<Node>) {
    if from == to {
        return;
    }
    match (from, to) {
        (Node::Map(old), Node::Map(new)) => {
            for before in old {
                if !new.iter().any(|after| after.key == before.key) {
                    out.push(operation("remove", &below(at, &before.key), None));
                }
            }
            for after in new {
                let path = below(at, &after.key);
                match old.iter().find(|before| before.key == after.key) {
                    Some(before) => compare(&before.value, &after.value, &path, out),
                    None => out.push(operation("add", &path, Some(&after.value))),
                }
            }
        }
        // What is added at the end leaves room for what others add.
        (Node::List(old), Node::List(new)) if new.len() >= old.len() && same_items(old, new) => {
            for (n, (before, after)) in old.iter().zip(new).enumerate() {
                compare(before, after, &format!("{at}/{n}"), out);
            }
            for after in new.get(old.len()..).unwrap_or_default() {
                out.push(operation("add", &format!("{at}/-"), Some(after)));
            }
        }
        _ => out.push(operation("replace", at, Some(to))),
    }
}

/// Whether each item of the first list is the one at its place in the second, by name where it has one.
fn same_items(old: &[Node], new: &[Node]) -> bool {
    old.iter().zip(new).all(|(before, after)| match (before.get("name"), after.get("name")) {
        (Some(before), Some(after)) => before == after,
        _ => {
            before == after
                || matches!((before, after), (Node::Map(_), Node::Map(_))) && old.len() == new.len()
        }
    })
}

fn below(at: &str, key: &str) -> String {
    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn operation(name: &str, path: &str, value: Option<&Node>) -> Node {
    let mut fields = vec![field("op", name), field("path", path)];
    fields.extend(value.map(|value| field("value", value.clone())));
    Node::Map(fields)
}
