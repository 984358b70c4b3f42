//! An object as JSON, as `kubectl` sends it.

use seaworthy_syntax::yaml::{Dialect, Node, NodeKind, Value};
use serde_json::{Map, Number, Value as Json};

use super::Object;
use crate::project::Project;

/// How deep an object may be; the API server takes no more than it finds in 3 MB of text.
const DEPTH: usize = 64;
/// How many values it may hold: an alias of an alias of an alias may stand for more than there is.
const VALUES: usize = 200_000;

impl Object {
    /// The whole object as JSON: aliases and merge keys become what they stand for. `None` where it is too large or too deep
    /// to be sent.
    pub fn json(&self, project: &Project) -> Option<Json> {
        let mut left = VALUES;
        json(project.node(self.place)?, DEPTH, &mut left)
    }
}

/// What a node comes to as JSON, as the API server reads it.
pub(super) fn json(node: Node<'_>, depth: usize, left: &mut usize) -> Option<Json> {
    *left = left.checked_sub(1)?;
    let depth = depth.checked_sub(1)?;
    let node = node.resolve();
    match node.kind() {
        NodeKind::Mapping => {
            let mut map = Map::new();
            for entry in node.merged() {
                // kubectl makes texts of numbers that are keys.
                let key = entry.key.scalar()?.into_owned();
                map.insert(key, json(entry.value, depth, left)?);
            }
            Some(Json::Object(map))
        }
        NodeKind::Sequence => {
            node.items().map(|item| json(item, depth, left)).collect::<Option<_>>().map(Json::Array)
        }
        _ => Some(match node.value(Dialect::Kubernetes) {
            None | Some(Value::Null) => Json::Null,
            Some(Value::Bool(value)) => Json::Bool(value),
            Some(Value::Int(value)) => Json::Number(value.into()),
            Some(Value::Float(value)) => Number::from_f64(value).map_or(Json::Null, Json::Number),
            Some(Value::Str(text)) => Json::String(text.into_owned()),
        }),
    }
}
