//! Patches: strategic merges and RFC 6902.

use std::rc::Rc;

use regex::Regex;

use super::transform::put;
use super::{Builder, Resource, empty, key, list, text_of};
use crate::error::Failure;
use crate::read_yaml;
use crate::text::Text;
use crate::value::{Data, Entry, Map, Value};

/// `patchesStrategicMerge`: files, or patches themselves.
pub(super) fn strategic(
    builder: &mut Builder<'_>,
    directory: &str,
    value: &Value,
    resources: &mut Vec<Resource>,
) -> Result<(), Failure> {
    for item in list(value, "patchesStrategicMerge") {
        let Some(text) = item.as_text() else { return Err(Failure::new("a patch that is no text")) };
        let text = if text.as_str().contains('\n') || text.as_str().contains('{') {
            (**text).clone()
        } else {
            builder.text(&Builder::inside(directory, text.as_str())?)?
        };
        for patch in read_yaml::documents(&text)? {
            if !patch.is_nil() {
                by_name(&patch, resources)?;
            }
        }
    }
    Ok(())
}

/// `patches`: of either form, with or without a target.
pub(super) fn run(
    builder: &mut Builder<'_>,
    directory: &str,
    value: &Value,
    resources: &mut Vec<Resource>,
) -> Result<(), Failure> {
    for item in list(value, "patches") {
        let text = source(builder, directory, &item)?;
        let documents = read_yaml::documents(&text)?;
        let target = item.get("target").filter(|t| !t.is_nil());
        let renames = item.get("options").is_some_and(|options| {
            ["allowNameChange", "allowKindChange"].iter().any(|k| options.get(k).is_some_and(|v| v.is_true()))
        });
        let operations = documents.iter().any(|d| d.as_list().is_some());
        match target {
            Some(target) => {
                let chosen = select(&target, resources)?;
                for at in chosen {
                    for document in &documents {
                        if operations {
                            operate(&resources[at].value, document)?;
                        } else if merge_into(resources, at, document, renames)? {
                            break;
                        }
                    }
                }
                resources.retain(|r| !r.value.is_nil());
            }
            None if operations => return Err(Failure::new("a JSON patch without a target")),
            None => {
                for patch in &documents {
                    if !patch.is_nil() {
                        by_name(patch, resources)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// `patchesJson6902`.
pub(super) fn json6902(
    builder: &mut Builder<'_>,
    directory: &str,
    value: &Value,
    resources: &mut [Resource],
) -> Result<(), Failure> {
    for item in list(value, "patchesJson6902") {
        let text = source(builder, directory, &item)?;
        let operations = read_yaml::document(&text)?;
        let Some(target) = item.get("target") else {
            return Err(Failure::new("a JSON patch without a target"));
        };
        let chosen = select(&target, resources)?;
        if chosen.is_empty() {
            return Err(Failure::new("a JSON patch whose target is not there"));
        }
        for at in chosen {
            operate(&resources[at].value, &operations)?;
        }
    }
    Ok(())
}

fn source(builder: &mut Builder<'_>, directory: &str, item: &Value) -> Result<Text, Failure> {
    if let Some(text) = item.get("patch").and_then(|v| v.as_text().cloned()) {
        return Ok((*text).clone());
    }
    match item.get("path").and_then(|v| v.as_text().cloned()) {
        Some(path) => builder.text(&Builder::inside(directory, path.as_str())?),
        None => Err(Failure::new("a patch without a text")),
    }
}

/// Merges a patch into the object of its name.
fn by_name(patch: &Value, resources: &mut Vec<Resource>) -> Result<(), Failure> {
    let wanted = Resource::new(patch.clone());
    let namespace = wanted.namespace();
    let is = |r: &Resource| {
        r.kind() == wanted.kind()
            && r.group() == wanted.group()
            && r.was(&wanted.name(), namespace.as_deref())
    };
    let mut found: Vec<usize> = (0..resources.len()).filter(|n| is(&resources[*n])).collect();
    if namespace.is_none() && found.len() > 1 {
        // One without a namespace is meant first.
        found.retain(|n| resources[*n].before.iter().any(|(_, ns)| ns.is_none()));
    }
    match found[..] {
        [at] => {
            merge_into(resources, at, patch, false)?;
            resources.retain(|r| !r.value.is_nil());
            Ok(())
        }
        [] => {
            Err(Failure::new(format!("a patch for {} {}, which is not there", wanted.kind(), wanted.name())))
        }
        _ => Err(Failure::new(format!(
            "a patch for {} {}, of which there are several",
            wanted.kind(),
            wanted.name()
        ))),
    }
}

/// Merges a patch into an object; whether that takes it away.
fn merge_into(resources: &mut [Resource], at: usize, patch: &Value, renames: bool) -> Result<bool, Failure> {
    let resource = &mut resources[at];
    let keep = (resource.value.get("kind"), resource.value.get("metadata").and_then(|m| m.get("name")));
    let namespace = resource.value.get("metadata").and_then(|m| m.get("namespace"));
    let known = super::names::is_built_in(&resource.group());
    let merged = merged(Some(&resource.value), patch, "", known)?;
    resource.value = merged.unwrap_or(Value::NIL);
    if resource.value.is_nil() {
        return Ok(true);
    }
    if renames {
        return Err(Failure::new("patches that change names are not supported"));
    }
    // A patch says whom it is for by these, and does not change them.
    if let Some(kind) = keep.0 {
        put(&resource.value, "kind", kind, crate::text::Origin::NOWHERE);
    }
    if let Some(metadata) = resource.value.get("metadata") {
        if let Some(name) = keep.1 {
            put(&metadata, "name", name, crate::text::Origin::NOWHERE);
        }
        match namespace {
            Some(namespace) => put(&metadata, "namespace", namespace, crate::text::Origin::NOWHERE),
            None => {
                if let Some(map) = metadata.as_map() {
                    map.entries.borrow_mut().remove("namespace");
                }
            }
        }
    }
    Ok(false)
}

/// The keys by which items of a list are told apart; `None` for a list that is replaced as a whole.
fn merge_keys(field: &str, items: &[Value]) -> Option<&'static [&'static str]> {
    let has = |name: &str| items.iter().all(|item| item.get(name).is_some());
    Some(match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "env"
        | "volumes"
        | "imagePullSecrets"
        | "secrets"
        | "webhooks"
        | "resourceClaims" => &["name"],
        "ports" if has("containerPort") => &["containerPort", "protocol"],
        "ports" if has("port") => &["port", "protocol"],
        "volumeMounts" => &["mountPath"],
        "volumeDevices" => &["devicePath"],
        "hostAliases" => &["ip"],
        "topologySpreadConstraints" => &["topologyKey", "whenUnsatisfiable"],
        "conditions" => &["type"],
        "ownerReferences" => &["uid"],
        _ => return None,
    })
}

/// What a value comes to under a patch; `None` where it is taken away.
fn merged(old: Option<&Value>, patch: &Value, field: &str, known: bool) -> Result<Option<Value>, Failure> {
    match &patch.data {
        Data::Nil | Data::Null => Ok(None),
        Data::Map(changes) => {
            let directive = patch.get("$patch").and_then(|v| v.as_str().map(str::to_owned));
            if changes.entries.borrow().keys().any(|k| k.starts_with('$') && &**k != "$patch") {
                return Err(Failure::new("directives other than $patch are not supported"));
            }
            match directive.as_deref() {
                Some("delete") => return Ok(None),
                Some("replace") => return Ok(Some(without_directive(patch))),
                Some("merge") | None => {}
                Some(other) => return Err(Failure::new(format!("$patch: {other} is not known"))),
            }
            let base = match old {
                Some(old) if old.as_map().is_some() => old.clone(),
                _ => empty(),
            };
            let Some(map) = base.as_map() else { return Ok(None) };
            for (name, entry) in changes.entries.borrow().iter() {
                if &**name == "$patch" {
                    continue;
                }
                let before = map.entries.borrow().get(name).cloned();
                let new = merged(before.as_ref().map(|e| &e.value), &entry.value, name, known)?;
                let mut entries = map.entries.borrow_mut();
                match new {
                    Some(value) => {
                        let key = before.map_or(entry.key, |e| e.key);
                        entries.insert(Rc::clone(name), Entry { key, value });
                    }
                    None => _ = entries.remove(name),
                }
            }
            Ok(Some(base))
        }
        Data::List(items) => {
            let old_items = old.and_then(Value::as_list).map(|items| items.to_vec()).unwrap_or_default();
            if known && field == "finalizers" {
                let mut all = items.to_vec();
                all.extend(old_items.into_iter().filter(|o| !items.iter().any(|i| i.deep_equal(o))));
                return Ok(Some(Value::list(all)));
            }
            let keys = if known { merge_keys(field, items) } else { None };
            let Some(keys) = keys else {
                return Ok(Some(Value {
                    data: Data::List(Rc::new(items.iter().map(Value::deep_copy).collect())),
                    at: patch.at,
                }));
            };
            if items.iter().any(|i| {
                i.get("$patch").and_then(|v| v.as_str().map(str::to_owned)).as_deref() == Some("replace")
                    && i.as_map().is_some_and(|m| m.entries.borrow().len() == 1)
            }) {
                let rest: Vec<Value> = items.iter().filter(|i| i.get("$patch").is_none()).cloned().collect();
                return Ok(Some(Value::list(rest)));
            }
            let same = |a: &Value, b: &Value| {
                keys.iter().all(|key| {
                    let (a, b) = (a.get(key), b.get(key));
                    match (a, b) {
                        (Some(a), Some(b)) => a.deep_equal(&b),
                        (None, None) => true,
                        // Where nothing is said of a protocol it is TCP.
                        (Some(one), None) | (None, Some(one)) => {
                            *key == "protocol" && one.as_str() == Some("TCP")
                        }
                    }
                })
            };
            let mut left = old_items;
            let mut out = Vec::new();
            for item in items.iter() {
                let at = left.iter().position(|o| same(o, item));
                let before = at.map(|at| left.remove(at));
                out.extend(merged(before.as_ref(), item, "", known)?);
            }
            out.append(&mut left);
            Ok(Some(Value::list(out)))
        }
        // What a patch only repeats was said by the base.
        _ => Ok(Some(old.filter(|old| old.deep_equal(patch)).unwrap_or(patch).clone())),
    }
}

fn without_directive(patch: &Value) -> Value {
    let copy = patch.deep_copy();
    if let Some(map) = copy.as_map() {
        map.entries.borrow_mut().remove("$patch");
    }
    copy
}

/// The objects that a target is about.
pub(super) fn select(target: &Value, resources: &[Resource]) -> Result<Vec<usize>, Failure> {
    let pattern = |key: &str| -> Result<Option<Regex>, Failure> {
        let Some(text) = text_of(target, key).filter(|t| !t.is_empty()) else { return Ok(None) };
        Regex::new(&format!("^(?:{text})$"))
            .map(Some)
            .map_err(|_| Failure::new(format!("{text} is no pattern")))
    };
    let (name, namespace) = (pattern("name")?, pattern("namespace")?);
    let (kind, group, version) = (pattern("kind")?, pattern("group")?, pattern("version")?);
    let (labels, annotations) = (text_of(target, "labelSelector"), text_of(target, "annotationSelector"));
    let is = |r: &Resource| -> Result<bool, Failure> {
        let api = r.api_version();
        let of_version = api.rsplit('/').next().unwrap_or_default().to_owned();
        let all = |selector: &Option<String>, field: &str| match selector {
            Some(selector) => selected(&r.value, field, selector),
            None => Ok(true),
        };
        let names = r.before.iter().cloned().chain([(r.name(), r.namespace())]);
        let called = names.into_iter().any(|(n, ns)| {
            name.as_ref().is_none_or(|p| p.is_match(&n))
                && namespace.as_ref().is_none_or(|p| p.is_match(ns.as_deref().unwrap_or("default")))
        });
        Ok(called
            && kind.as_ref().is_none_or(|p| p.is_match(&r.kind()))
            && group.as_ref().is_none_or(|p| p.is_match(&r.group()))
            && version.as_ref().is_none_or(|p| p.is_match(&of_version))
            && all(&labels, "labels")?
            && all(&annotations, "annotations")?)
    };
    let mut found = Vec::new();
    for (n, resource) in resources.iter().enumerate() {
        if is(resource)? {
            found.push(n);
        }
    }
    Ok(found)
}

fn selected(value: &Value, field: &str, selector: &str) -> Result<bool, Failure> {
    let map = value.get("metadata").and_then(|m| m.get(field));
    let has = |key: &str| map.as_ref().and_then(|m| m.get(key)).map(|v| v.display().as_str().to_owned());
    for part in selector.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let matched = if let Some((key, wanted)) = part.split_once("!=") {
            has(key.trim()).as_deref() != Some(wanted.trim())
        } else if let Some((key, wanted)) = part.split_once("==").or_else(|| part.split_once('=')) {
            has(key.trim()).as_deref() == Some(wanted.trim())
        } else if part.contains(' ') {
            return Err(Failure::new(format!("the selector {selector} is not supported")));
        } else if let Some(key) = part.strip_prefix('!') {
            has(key).is_none()
        } else {
            has(part).is_some()
        };
        if !matched {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Runs the operations of a JSON patch.
fn operate(value: &Value, operations: &Value) -> Result<(), Failure> {
    let Some(operations) = operations.as_list() else {
        return Err(Failure::new("a JSON patch that is no list"));
    };
    for operation in operations.iter() {
        let text = |key: &str| text_of(operation, key).unwrap_or_default();
        let path = pointer(&text("path"))?;
        let new = || operation.get("value").map_or(Value::NIL, |v| v.deep_copy());
        match text("op").as_str() {
            "add" => change(value, &path, &Change::Add(new()))?,
            "replace" => change(value, &path, &Change::Replace(new()))?,
            "remove" => change(value, &path, &Change::Remove)?,
            "test" => {
                let found = lookup(value, &path);
                if !found.is_some_and(|found| found.deep_equal(&new())) {
                    return Err(Failure::new(format!(
                        "a test of {} in a JSON patch does not hold",
                        text("path")
                    )));
                }
            }
            word @ ("copy" | "move") => {
                let from = pointer(&text("from"))?;
                let Some(found) = lookup(value, &from) else {
                    return Err(Failure::new(format!("{} is not there", text("from"))));
                };
                if word == "move" {
                    change(value, &from, &Change::Remove)?;
                }
                change(value, &path, &Change::Add(found.deep_copy()))?;
            }
            other => return Err(Failure::new(format!("an unknown operation of a JSON patch: {other}"))),
        }
    }
    Ok(())
}

fn pointer(text: &str) -> Result<Vec<String>, Failure> {
    let Some(rest) = text.strip_prefix('/') else {
        return Err(Failure::new(format!("{text:?} is no JSON pointer")));
    };
    Ok(rest.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect())
}

fn lookup(value: &Value, path: &[String]) -> Option<Value> {
    path.iter().try_fold(value.clone(), |value, part| match &value.data {
        Data::List(items) => items.get(part.parse::<usize>().ok()?).cloned(),
        _ => value.get(part),
    })
}

enum Change {
    Add(Value),
    Replace(Value),
    Remove,
}

fn change(value: &Value, path: &[String], what: &Change) -> Result<(), Failure> {
    let changed = changed(value, path, what)?;
    // Mappings are changed in place; a list as the whole of an object is none.
    match changed {
        Some(_) => Err(Failure::new("a JSON patch of the whole object")),
        None => Ok(()),
    }
}

/// Changes what lies below a value; a list that changed is given back, since lists are not changed in place.
fn changed(value: &Value, path: &[String], what: &Change) -> Result<Option<Value>, Failure> {
    let Some((part, rest)) = path.split_first() else {
        return Err(Failure::new("a JSON patch of the whole object"));
    };
    let missing = || Failure::new(format!("a JSON patch of {part}, which is not there"));
    match &value.data {
        Data::Map(map) => {
            if rest.is_empty() {
                in_map(map, part, what).ok_or_else(missing)?;
                return Ok(None);
            }
            let inner = map.entries.borrow().get(&**part).map(|e| e.value.clone()).ok_or_else(missing)?;
            if let Some(new) = changed(&inner, rest, what)? {
                put(value, part, new, crate::text::Origin::NOWHERE);
            }
            Ok(None)
        }
        Data::List(items) => {
            let mut items = items.to_vec();
            let at = if part == "-" { Some(items.len()) } else { part.parse::<usize>().ok() };
            let at = at.filter(|at| *at <= items.len()).ok_or_else(missing)?;
            if !rest.is_empty() {
                let inner = items.get(at).cloned().ok_or_else(missing)?;
                return match changed(&inner, rest, what)? {
                    Some(new) => {
                        items[at] = new;
                        Ok(Some(Value { data: Data::List(Rc::new(items)), at: value.at }))
                    }
                    None => Ok(None),
                };
            }
            match what {
                Change::Add(new) => items.insert(at, new.clone()),
                Change::Replace(new) => *items.get_mut(at).ok_or_else(missing)? = new.clone(),
                Change::Remove => {
                    if at >= items.len() {
                        return Err(missing());
                    }
                    items.remove(at);
                }
            }
            Ok(Some(Value { data: Data::List(Rc::new(items)), at: value.at }))
        }
        _ => Err(missing()),
    }
}

fn in_map(map: &Map, part: &str, what: &Change) -> Option<()> {
    let mut entries = map.entries.borrow_mut();
    match what {
        Change::Add(new) => {
            entries.insert(key(part), Entry { key: new.at.derived(), value: new.clone() });
        }
        Change::Replace(new) => {
            let entry = entries.get_mut(part)?;
            entry.value = new.clone();
        }
        Change::Remove => {
            entries.remove(part)?;
        }
    }
    Some(())
}
