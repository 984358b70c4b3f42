//! `ConfigMap`s and `Secret`s that a kustomization makes.

use super::{Behavior, Builder, Resource, add, empty, list, text_of};
use crate::encode;
use crate::error::Failure;
use crate::json;
use crate::kustomize::transform::{put, set};
use crate::text::{Origin, Text};
use crate::value::Value;

pub(super) fn run(
    builder: &mut Builder<'_>,
    directory: &str,
    value: &Value,
    resources: &mut Vec<Resource>,
) -> Result<(), Failure> {
    let general = value.get("generatorOptions").filter(|v| !v.is_nil());
    for (key, secret) in [("configMapGenerator", false), ("secretGenerator", true)] {
        for item in list(value, key) {
            let made = object(builder, directory, &item, general.as_ref(), secret)?;
            let same = |r: &Resource| {
                r.kind() == made.kind()
                    && r.was(&made.name(), None)
                    && (made.namespace().is_none() || r.namespace() == made.namespace())
            };
            if made.behavior == Behavior::Create {
                add(resources, made)?;
            } else {
                let Some(old) = resources.iter_mut().find(|r| same(r)) else {
                    return Err(Failure::new(format!("{} is to be changed, and is not there", made.name())));
                };
                for field in ["data", "binaryData"] {
                    let new = made.value.get(field);
                    if made.behavior == Behavior::Replace {
                        match new {
                            Some(new) => set(&old.value, &[field], new),
                            None => {
                                if let Some(map) = old.value.as_map() {
                                    map.entries.borrow_mut().remove(field);
                                }
                            }
                        }
                    } else if let Some(map) = new.as_ref().and_then(Value::as_map) {
                        if old.value.get(field).is_none() {
                            set(&old.value, &[field], empty());
                        }
                        let target = old.value.get(field).unwrap_or_else(empty);
                        for (name, entry) in map.entries.borrow().iter() {
                            put(&target, name, entry.value.clone(), entry.key);
                        }
                    }
                }
                for field in ["labels", "annotations"] {
                    if let Some(map) = made.value.get("metadata").and_then(|m| m.get(field)) {
                        for (name, entry) in map.as_map().into_iter().flat_map(|m| m.entries.borrow().clone())
                        {
                            set(&old.value, &["metadata", field, &name], entry.value);
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

fn object(
    builder: &mut Builder<'_>,
    directory: &str,
    item: &Value,
    general: Option<&Value>,
    secret: bool,
) -> Result<Resource, Failure> {
    let value = empty();
    let Some(name) = item.get("name").filter(|n| !n.is_empty()) else {
        return Err(Failure::new("a generator without a name"));
    };
    set(&value, &["apiVersion"], Value::str("v1"));
    set(&value, &["kind"], Value::str(if secret { "Secret" } else { "ConfigMap" }));
    set(&value, &["metadata", "name"], name);
    if let Some(namespace) = item.get("namespace").filter(|n| !n.is_empty()) {
        set(&value, &["metadata", "namespace"], namespace);
    }
    if secret {
        set(
            &value,
            &["type"],
            item.get("type").filter(|t| !t.is_empty()).unwrap_or_else(|| Value::str("Opaque")),
        );
    }
    if secret {
        set(&value, &["data"], empty());
    }
    let add_entry = |key: &str, text: Text, at: Origin| -> Result<(), Failure> {
        let binary = seaworthy_syntax::bytes_of(text.as_str()).is_some();
        let (field, text) = match (secret, binary) {
            (false, false) => ("data", text),
            (false, true) => ("binaryData", text.remade(in_lines(&encode::base64(text.as_str())))),
            (true, _) => ("data", text.remade(in_lines(&encode::base64(text.as_str())))),
        };
        if value.get(field).is_none() {
            set(&value, &[field], empty());
        }
        let target = value.get(field).unwrap_or_else(empty);
        if target.get(key).is_some() {
            return Err(Failure::new(format!("{key} is given twice")));
        }
        put(&target, key, Value::text(text), at);
        Ok(())
    };
    let mut envs = list(item, "envs");
    envs.extend(item.get("env").filter(|e| !e.is_nil()));
    for path in envs {
        let Some(path) = path.as_str() else { continue };
        let text = builder.content(&Builder::inside(directory, path)?)?;
        for line in text.as_str().lines() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((key, _)) = line.split_once('=') else {
                return Err(Failure::new(format!("{path}: a variable of the environment is not known here")));
            };
            let part = &line[key.len() + 1..];
            add_entry(key, text.part(part), text.part(key).origin())?;
        }
    }
    for file in list(item, "files") {
        let Some(entry) = file.as_str() else { continue };
        let (key, path) = match entry.split_once('=') {
            Some((key, path)) => (key, path),
            None => (entry.rsplit('/').next().unwrap_or(entry), entry),
        };
        let text = builder.content(&Builder::inside(directory, path)?)?;
        add_entry(key, text, file.at)?;
    }
    for literal in list(item, "literals") {
        let Some(text) = literal.as_text() else { return Err(Failure::new("a literal that is no text")) };
        let Some((key, rest)) = text.as_str().split_once('=') else {
            return Err(Failure::new(format!("{:?} is no literal", text.as_str())));
        };
        let quoted = rest
            .strip_prefix('"')
            .and_then(|r| r.strip_suffix('"'))
            .or_else(|| rest.strip_prefix('\'').and_then(|r| r.strip_suffix('\'')));
        add_entry(key, text.part(quoted.unwrap_or(rest)), text.part(key).origin())?;
    }
    let own = item.get("options").filter(|o| !o.is_nil());
    let mut hashed = true;
    for options in [general, own.as_ref()].into_iter().flatten() {
        for field in ["labels", "annotations"] {
            if let Some(map) = options.get(field) {
                for (name, entry) in map.as_map().into_iter().flat_map(|m| m.entries.borrow().clone()) {
                    set(&value, &["metadata", field, &name], Value::text(entry.value.display()));
                }
            }
        }
        if let Some(off) = options.get("disableNameSuffixHash") {
            hashed = !off.is_true();
        }
        if options.get("immutable").is_some_and(|v| v.is_true()) {
            set(&value, &["immutable"], Value::bool(true));
        }
    }
    let mut resource = Resource::new(value);
    resource.hashed = hashed;
    resource.behavior = match text_of(item, "behavior").as_deref() {
        Some("merge") => Behavior::Merge,
        Some("replace") => Behavior::Replace,
        Some("create" | "") | None => Behavior::Create,
        Some(other) => return Err(Failure::new(format!("an unknown behavior: {other}"))),
    };
    Ok(resource)
}

/// Long Base64 is broken into lines.
fn in_lines(text: &str) -> String {
    const LENGTH: usize = 70;
    if text.len() < LENGTH {
        return text.to_owned();
    }
    text.as_bytes().chunks(LENGTH).map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect()
}

/// The digest that the name of a generated object ends with.
pub(super) fn digest(resource: &Resource) -> String {
    let kind = resource.kind();
    let about = empty();
    set(&about, &["kind"], Value::str(kind.as_str()));
    // Kustomize looks for the name in the wrong place, so it is always empty.
    set(&about, &["name"], Value::str(""));
    set(&about, &["data"], resource.value.get("data").unwrap_or_else(|| Value::str("")));
    if kind == "Secret" {
        set(&about, &["type"], resource.value.get("type").unwrap_or_else(|| Value::str("")));
        if let Some(texts) = resource.value.get("stringData") {
            set(&about, &["stringData"], texts);
        }
    } else if let Some(binary) = resource.value.get("binaryData") {
        set(&about, &["binaryData"], binary);
    }
    let hash = encode::sha256(json::write(&about, true, false).as_str());
    hash.chars()
        .take(10)
        .map(|c| match c {
            '0' => 'g',
            '1' => 'h',
            '3' => 'k',
            'a' => 'm',
            'e' => 't',
            other => other,
        })
        .collect()
}
