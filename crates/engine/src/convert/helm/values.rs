//! The values of a chart and their schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Variables;
use crate::convert::node::{Field, Node, field};
use crate::convert::yaml::{Style, comment};
use crate::convert::{Plan, Planned};

/// What may be set.
#[derive(Debug, Default)]
pub(super) struct Values {
    services: Vec<(String, Vec<Field>)>,
    shared: Vec<Field>,
}

impl Values {
    /// Begins the values of a service.
    pub(super) fn add(&mut self, service: &Planned) {
        let why = match service.profiles.as_slice() {
            [] => "Whether it runs.".to_owned(),
            profiles => format!("Whether it runs: with the profile {}.", profiles.join(" or ")),
        };
        let enabled = Field { key: "enabled".to_owned(), value: Node::Bool(service.enabled), why: Some(why) };
        self.services.push((service.name.clone(), vec![enabled]));
    }

    fn of(&self, service: Option<&str>) -> Option<&Vec<Field>> {
        let Some(service) = service else { return Some(&self.shared) };
        self.services.iter().find(|(name, _)| name == service).map(|(_, fields)| fields)
    }

    /// What is said of a service, or of all, under some keys.
    pub(super) fn get(&self, service: Option<&str>, path: &[String]) -> Option<&Node> {
        let (first, rest) = path.split_first()?;
        let start = self.of(service)?.iter().find(|field| field.key == *first).map(|field| &field.value)?;
        rest.iter().try_fold(start, |node, key| node.get(key))
    }

    /// Says something under some keys.
    pub(super) fn set(&mut self, service: Option<&str>, path: &[String], value: Node) {
        let fields = match service {
            None => &mut self.shared,
            Some(service) => {
                let Some((_, fields)) = self.services.iter_mut().find(|(name, _)| name == service) else {
                    return;
                };
                fields
            }
        };
        put(fields, path, value);
    }

    /// `values.yaml`.
    pub(super) fn yaml(&self, plan: &Plan, variables: &Variables) -> String {
        let style = Style { explain: true, template: false };
        let mut out = String::new();
        comment(&format!("What may be set of the chart {}.", plan.name), 0, &mut out);
        let mut whole = Vec::new();
        let listed: Vec<Field> = variables
            .iter()
            .map(|(name, used)| {
                let users: Vec<&str> = used.services.iter().map(String::as_str).collect();
                let mut why = match users.as_slice() {
                    [] => "Used by all.".to_owned(),
                    users => format!("Used by {}.", users.join(", ")),
                };
                if let Some(message) = &used.required {
                    why.push_str(" It has to be set");
                    why.push_str(&if message.is_empty() { ".".to_owned() } else { format!(": {message}") });
                }
                let value = Node::from(used.first.clone().unwrap_or_default());
                Field { key: name.to_owned(), value, why: Some(why) }
            })
            .collect();
        if !listed.is_empty() {
            let why = "The variables of the Compose files: texts, so numbers stand in quotes.";
            whole.push(Field { key: "variables".into(), value: listed.into(), why: Some(why.into()) });
        }
        let services: Vec<Field> =
            self.services.iter().map(|(name, fields)| field(name, fields.clone())).collect();
        whole.push(Field { key: "services".into(), value: services.into(), why: None });
        if !self.shared.is_empty() {
            whole.push(field("shared", self.shared.clone()));
        }
        for entry in whole {
            out.push('\n');
            style.fields(&[entry], 0, &mut out);
        }
        out
    }

    /// `values.schema.json`: types, and no key that nothing reads.
    pub(super) fn schema(&self, variables: &Variables) -> String {
        let of_variables = variables.iter().map(|(name, used)| {
            let mut schema = json!({ "type": "string" });
            if let Some(message) = used.required.as_ref().filter(|message| !message.is_empty()) {
                schema["description"] = message.as_str().into();
            }
            (name.to_owned(), schema)
        });
        let mut properties = Map::new();
        properties.insert("global".into(), json!({ "type": "object" }));
        properties.insert("variables".into(), object(of_variables.collect()));
        let services = self.services.iter().map(|(name, fields)| {
            let entries = fields.iter().map(|field| (field.key.clone(), schema(&field.key, &field.value)));
            (name.clone(), object(entries.collect()))
        });
        properties.insert("services".into(), object(services.collect()));
        let shared = self.shared.iter().map(|field| (field.key.clone(), schema(&field.key, &field.value)));
        properties.insert("shared".into(), object(shared.collect()));
        let mut whole = object(properties.into_iter().collect());
        whole["$schema"] = "http://json-schema.org/draft-07/schema#".into();
        let mut text = serde_json::to_string_pretty(&whole).unwrap_or_default();
        text.push('\n');
        text
    }
}

fn put(fields: &mut Vec<Field>, path: &[String], value: Node) {
    let Some((first, rest)) = path.split_first() else { return };
    let at = fields.iter().position(|field| field.key == *first);
    if rest.is_empty() {
        match at {
            Some(at) => fields[at].value = value,
            None => fields.push(Field { key: first.clone(), value, why: comment_of(first) }),
        }
        return;
    }
    let at = at.unwrap_or_else(|| {
        fields.push(Field { key: first.clone(), value: Node::Map(Vec::new()), why: comment_of(first) });
        fields.len() - 1
    });
    if !matches!(fields[at].value, Node::Map(_)) {
        fields[at].value = Node::Map(Vec::new());
    }
    if let Node::Map(inner) = &mut fields[at].value {
        put(inner, rest, value);
    }
}

/// What a value is for.
fn comment_of(key: &str) -> Option<String> {
    let text = match key {
        "image" => "What is empty comes from the variables; a digest, `sha256:…`, counts more than a tag.",
        "replicas" => "How many pods run.",
        "minReplicas" => "How many pods run at least, and at most.",
        "resources" => "What a pod is sure to get, and what it may take at most.",
        "containers" => "Further containers of its pods.",
        "volumes" => "Where it keeps data.",
        _ => return None,
    };
    Some(text.to_owned())
}

fn object(properties: BTreeMap<String, Value>) -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

/// What a value may be: of the type that it has at first.
fn schema(key: &str, value: &Node) -> Value {
    match value {
        Node::Bool(_) => json!({ "type": "boolean" }),
        Node::Int(_) => json!({ "type": "integer", "minimum": 0 }),
        Node::Null | Node::Text(_) | Node::Scalar(_) | Node::Collection(_) => json!({ "type": "string" }),
        Node::List(_) => json!({ "type": "array" }),
        Node::Map(fields) if matches!(key, "image" | "containers" | "volumes") => {
            let entries = fields.iter().map(|field| {
                let inner = match &field.value {
                    Node::Map(inner) if key != "image" => {
                        let inner = inner.iter().map(|f| (f.key.clone(), schema(&f.key, &f.value)));
                        object(inner.collect())
                    }
                    value => schema(&field.key, value),
                };
                (field.key.clone(), inner)
            });
            object(entries.collect())
        }
        Node::Map(_) => json!({ "type": "object" }),
    }
}
