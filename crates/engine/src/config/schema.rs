//! The schema of `seaworthy.toml`, by which editors complete and check it.

use serde_json::{Map, Value, json};

use super::{LabelForm, OPTIONS};
use crate::render::HOME;
use crate::rule::{Category, Severity};
use crate::rules;

/// The JSON schema of `seaworthy.toml`: `docs/schema.json`.
pub fn schema() -> Value {
    let names: Vec<&str> = rules::ALL.iter().map(|rule| rule.name).collect();
    let mut aliases: Vec<&str> = rules::ALL.iter().flat_map(|rule| rule.aliases).copied().collect();
    aliases.sort_unstable();
    aliases.dedup();
    let groups: Vec<&str> = Category::ALL.into_iter().map(Category::as_str).chain(["all"]).collect();
    let properties: Map<String, Value> = OPTIONS
        .into_iter()
        .map(|(name, description)| {
            let mut option = shape(name);
            option["description"] = description.into();
            (name.to_owned(), option)
        })
        .collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": format!("{HOME}/blob/main/docs/schema.json"),
        "title": "seaworthy.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "definitions": {
            "rule": { "enum": names },
            "alias": { "enum": aliases },
            "group": { "enum": groups },
            "severity": { "enum": Severity::ALL.map(Severity::as_str) },
            "selectors": {
                "type": "array",
                "items": { "anyOf": [reference("rule"), reference("alias"), reference("group")] },
            },
            "settings": {
                "type": "object",
                "additionalProperties": false,
                "properties": { "severity": reference("severity") },
            },
        },
    })
}

/// What an option may be.
fn shape(option: &str) -> Value {
    let one = |definition: &str| json!({ "allOf": [reference(definition)] });
    match option {
        "select" | "extend-select" | "ignore" => one("selectors"),
        "per-file-ignores" => json!({ "type": "object", "additionalProperties": reference("selectors") }),
        "severity" => one("severity"),
        "fail-on" => {
            json!({ "enum": Severity::ALL.map(Severity::as_str).into_iter().chain(["never"]).collect::<Vec<_>>() })
        }
        "label-schema" => json!({
            "type": "object",
            "additionalProperties": { "enum": LabelForm::ALL.map(|(word, _)| word) },
        }),
        "schemas" => json!({ "type": "string" }),
        "strict-labels" => json!({ "type": "boolean" }),
        "kubernetes-version" => json!({ "type": "string", "pattern": "^v?1\\.[0-9]+(\\.[0-9]+)?$" }),
        "target" => json!({ "enum": ["docker", "kubernetes"] }),
        "rules" => json!({
            "type": "object",
            "propertyNames": { "anyOf": [reference("rule"), reference("alias")] },
            "additionalProperties": reference("settings"),
        }),
        _ => json!({ "type": "array", "items": { "type": "string" } }),
    }
}

fn reference(definition: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{definition}") })
}
