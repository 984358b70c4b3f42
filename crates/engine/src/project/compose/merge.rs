//! How a file is merged on another, attribute by attribute.

use std::collections::HashMap;

use super::build::Path;
use super::item::{Item, Map, Value};
use super::problem::{Problem, ProblemKind};
use super::units;

/// Merges a mapping over another.
pub(super) fn merge_maps(base: &mut Map, over: Map, path: &Path<'_>, problems: &mut Vec<Problem>) {
    let mut new = Vec::new();
    for (name, value) in over {
        match base.get_mut(&name) {
            Some(old) => *old = merge(std::mem::take(old), value, &path.key(&name), problems),
            None => new.push((name, value)),
        }
    }
    base.fill(new);
}

/// How an attribute is merged where it is not merged by its type.
#[derive(Clone, Copy)]
enum How {
    /// Lists of `name=value`, one after the other; mappings become lists.
    Sequence,
    /// The same without what is there already.
    Hosts,
    /// A path is a mapping with a context.
    Build,
    /// A list is a mapping of conditions.
    Dependencies,
    /// A list is a mapping without values.
    Names,
    /// Options count for one driver only.
    Logging,
    /// Pools with the same subnet are one.
    Pools,
    /// The later one alone counts.
    Replace,
}

fn how(path: &[&str]) -> Option<How> {
    Some(match path {
        ["networks", _, "ipam", "config"] => How::Pools,
        ["networks" | "volumes", _, "labels"]
        | ["services", _, "build", "args" | "additional_contexts" | "labels"]
        | ["services", _, "deploy", "labels"]
        | [
            "services",
            _,
            "annotations" | "dns" | "dns_opt" | "dns_search" | "env_file" | "label_file" | "environment"
            | "labels" | "sysctls" | "tmpfs",
        ] => How::Sequence,
        ["services", _, "extra_hosts"] | ["services", _, "build", "extra_hosts"] => How::Hosts,
        ["services", _, "build"] => How::Build,
        ["services", _, "depends_on"] => How::Dependencies,
        ["services", _, "networks" | "models"] => How::Names,
        ["services", _, "logging"] => How::Logging,
        ["services", _, "command" | "entrypoint"]
        | ["services", _, "healthcheck", "test"]
        | ["services", _, "ulimits", _] => How::Replace,
        _ => return None,
    })
}

/// Merges a value over another.
pub(super) fn merge(base: Item, over: Item, path: &Path<'_>, problems: &mut Vec<Problem>) -> Item {
    if let Some(how) = path.parts(how) {
        return special(how, base, over, path, problems);
    }
    if over.is_null() {
        return base;
    }
    let Item { value, .. } = &base;
    match (value, &over.value) {
        (Value::Map(_), Value::Map(_)) => merge_items(base, over, path, problems),
        (Value::List(_), Value::List(_)) => append(base, over),
        (Value::Map(_) | Value::List(_), _) => {
            if let Some(span) = over.span() {
                let message = "it cannot override a value of another type".to_owned();
                problems.push(Problem { kind: ProblemKind::InvalidValue, span, message });
            }
            base
        }
        _ => over,
    }
}

/// Merges two mappings that are items; the base keeps its place.
fn merge_items(mut base: Item, over: Item, path: &Path<'_>, problems: &mut Vec<Problem>) -> Item {
    let Value::Map(over) = over.value else { return base };
    if let Value::Map(map) = &mut base.value {
        merge_maps(map, over, path, problems);
    }
    base
}

fn append(mut base: Item, over: Item) -> Item {
    if let (Value::List(list), Value::List(more)) = (&mut base.value, over.value) {
        list.extend(more);
    }
    base
}

fn special(how: How, base: Item, over: Item, path: &Path<'_>, problems: &mut Vec<Problem>) -> Item {
    match how {
        How::Replace => over,
        How::Sequence => append(sequence(base), sequence(over)),
        How::Hosts => {
            let (base, mut over) = (sequence(base), sequence(over));
            if let Value::List(list) = &mut over.value {
                list.retain(|item| !base.items().contains(item));
            }
            append(base, over)
        }
        How::Build | How::Logging if base.is_null() => over,
        How::Build => merge_items(build(base), build(over), path, problems),
        How::Dependencies => merge_items(names(base, dependency), names(over, dependency), path, problems),
        How::Names => merge_items(
            names(base, |name| name.with(Value::Null)),
            names(over, |name| name.with(Value::Null)),
            path,
            problems,
        ),
        How::Logging => {
            let driver = |item: &Item| item.get("driver").cloned();
            match (driver(&base), driver(&over)) {
                (Some(a), Some(b)) if a != b => over,
                _ if over.is_null() => base,
                _ => merge_items(base, over, path, problems),
            }
        }
        How::Pools => pools(base, over, path, problems),
    }
}

/// The condition that a plain name in `depends_on` stands for.
pub(super) fn dependency(name: &Item) -> Item {
    let mut map = Map::new();
    map.insert("condition".to_owned(), Item::text("service_started"));
    map.insert("required".to_owned(), Item::implied(Value::Bool(true)));
    name.with(Value::Map(map))
}

/// A list of names as a mapping from them.
pub(super) fn names(mut item: Item, value: impl Fn(&Item) -> Item) -> Item {
    if let Value::List(list) = &item.value {
        let entries = list.iter().filter_map(|name| {
            let mut made = value(name);
            made.key = name.at;
            Some((name.as_str()?.to_owned(), made))
        });
        item.value = Value::Map(entries.collect());
    } else if item.is_null() {
        item.value = Value::Map(Map::new());
    }
    item
}

fn build(item: Item) -> Item {
    if item.as_str().is_none() {
        return item;
    }
    let outer = item.with(Value::Null);
    Item { value: Value::Map(Map::from([("context".to_owned(), item)])), ..outer }
}

/// A mapping as a list of `name=value` in the order of the names.
fn sequence(mut item: Item) -> Item {
    match item.value {
        Value::Map(map) => {
            let mut list = Vec::with_capacity(map.len());
            for (name, value) in map {
                match &value.value {
                    Value::Null => list.push(pair(&value, name)),
                    Value::List(values) => list.extend(
                        values.iter().map(|v| pair(v, format!("{name}={}", v.to_text().unwrap_or_default()))),
                    ),
                    _ => {
                        let text = format!("{name}={}", value.to_text().unwrap_or_default());
                        let mut made = pair(&value, text);
                        let shift = name.len() as u32 + 1;
                        made.unknown = value.unknown.iter().map(|at| at + shift).collect();
                        list.push(made);
                    }
                }
            }
            item.value = Value::List(list);
        }
        Value::Str(_) => {
            let outer = item.with(Value::Null);
            return Item { value: Value::List(vec![item]), ..outer };
        }
        Value::List(_) => {}
        _ => item.value = Value::List(Vec::new()),
    }
    item
}

fn pair(value: &Item, text: String) -> Item {
    value.with(Value::Str(text))
}

fn pools(base: Item, over: Item, path: &Path<'_>, problems: &mut Vec<Problem>) -> Item {
    let subnet = |item: &Item| item.get("subnet").and_then(Item::to_text);
    let mut pools: Vec<Item> = Vec::new();
    let outer = base.with(Value::Null);
    for original in base.items() {
        for over in over.items() {
            if subnet(over) != subnet(original) && !pools.iter().any(|p| subnet(p) == subnet(over)) {
                pools.push(over.clone());
                continue;
            }
            let merged = merge_items(original.clone(), over.clone(), path, problems);
            match pools.iter_mut().find(|p| subnet(p) == subnet(&merged)) {
                Some(pool) => *pool = merged,
                None => pools.push(merged),
            }
        }
    }
    Item { value: Value::List(pools), ..outer }
}

/// What makes two items of a list the same.
#[derive(Clone, Copy)]
enum Same {
    /// What stands before the `=`.
    Name,
    /// The path in the container.
    Target,
    /// The device in the container.
    Device,
    /// The path of a config or secret, below a directory.
    Mount(&'static str),
    /// Address, published port, port and protocol.
    Port,
    /// The number.
    Number,
    /// The path of a file.
    File,
}

fn same(path: &[&str]) -> Option<Same> {
    Some(match path {
        ["networks", _, "labels"]
        | ["networks", _, "ipam", "options"]
        | ["services", _, "build", "args" | "additional_contexts" | "platform" | "tags" | "labels"]
        | ["services", _, "deploy", "labels"]
        | ["services", _, "networks", _, "aliases" | "link_local_ips"]
        | [
            "services",
            _,
            "annotations" | "cap_add" | "cap_drop" | "dns" | "dns_opt" | "dns_search" | "environment"
            | "labels" | "links" | "profiles" | "sysctls" | "tmpfs",
        ] => Same::Name,
        ["services", _, "volumes"] => Same::Target,
        ["services", _, "devices"] => Same::Device,
        ["services", _, "configs"] => Same::Mount(""),
        ["services", _, "secrets"] => Same::Mount("/run/secrets"),
        ["services", _, "ports"] => Same::Port,
        ["services", _, "expose"] => Same::Number,
        ["services", _, "env_file"] => Same::File,
        _ => return None,
    })
}

/// Of items that are the same, the last counts, at the place of the first.
pub(super) fn unique(map: &mut Map, path: &Path<'_>, problems: &mut Vec<Problem>) {
    for (name, item) in map {
        let path = path.key(name);
        match &mut item.value {
            Value::Map(inner) => unique(inner, &path, problems),
            Value::List(list) => {
                let Some(same) = path.parts(same) else { continue };
                let mut places: HashMap<String, usize> = HashMap::new();
                let mut kept: Vec<Item> = Vec::with_capacity(list.len());
                for item in std::mem::take(list) {
                    let Some(key) = index(same, &item, problems) else {
                        kept.push(item);
                        continue;
                    };
                    if let Some(at) = places.get(&key) {
                        kept[*at] = item;
                    } else {
                        places.insert(key, kept.len());
                        kept.push(item);
                    }
                }
                *list = kept;
            }
            _ => {}
        }
    }
}

fn index(same: Same, item: &Item, problems: &mut Vec<Problem>) -> Option<String> {
    let text = item.as_str();
    let mut refuse = |message: &str| {
        if let Some(span) = item.span() {
            let message = message.to_owned();
            problems.push(Problem { kind: ProblemKind::InvalidValue, span, message });
        }
        None
    };
    // Values of different types never are the same.
    let typed = |item: Option<&Item>| match item.map(|i| &i.value) {
        Some(Value::Str(text)) => format!("\"{text}"),
        Some(_) => item.and_then(Item::to_text).unwrap_or_default(),
        None => String::new(),
    };
    match same {
        Same::Name => match text {
            Some(text) => Some(text.split_once('=').map_or(text, |(name, _)| name).to_owned()),
            None => refuse("an entry must be a string"),
        },
        Same::Target | Same::Device => match (&item.value, text) {
            (Value::Map(_), _) => match item.get("target").and_then(Item::as_str) {
                Some(target) => Some(target.to_owned()),
                None if matches!(same, Same::Target) => refuse("the mount has no target"),
                None => refuse("the device has no target"),
            },
            (_, Some(text)) if matches!(same, Same::Device) => {
                let mut parts = text.split(':');
                let first = parts.next();
                parts.next().or(first).map(str::to_owned)
            }
            (_, Some(text)) => match units::volume(item, text) {
                Ok(volume) => Some(volume.get("target")?.as_str()?.to_owned()),
                // Said when it is put into its long form.
                Err(_) => None,
            },
            _ => Some(String::new()),
        },
        Same::Mount(directory) => match (&item.value, text) {
            (Value::Map(_), _) => match item.get("target").and_then(Item::as_str) {
                Some(target) => Some(target.to_owned()),
                None => Some(format!(
                    "{directory}/{}",
                    item.get("source").and_then(Item::to_text).unwrap_or_default()
                )),
            },
            (_, Some(text)) => Some(format!("{directory}/{text}")),
            _ => None,
        },
        Same::Port => match &item.value {
            Value::Map(_) => {
                let Some(target) = item.get("target") else { return refuse("the port has no target") };
                Some(format!(
                    "{}|{}|{}|{}",
                    item.get("host_ip").and_then(Item::as_str).unwrap_or("0.0.0.0"),
                    typed(item.get("published")),
                    target.to_text().unwrap_or_default(),
                    item.get("protocol").and_then(Item::as_str).unwrap_or("tcp"),
                ))
            }
            Value::Str(text) => Some(text.clone()),
            Value::Int(port) => Some(port.to_string()),
            _ => Some(String::new()),
        },
        Same::Number => match &item.value {
            Value::Str(text) => Some(text.clone()),
            Value::Int(port) => Some(port.to_string()),
            _ => refuse("an entry must be a port"),
        },
        Same::File => match (&item.value, text) {
            (Value::Map(_), _) => Some(item.get("path")?.as_str()?.to_owned()),
            (_, Some(text)) => Some(text.to_owned()),
            _ => Some(String::new()),
        },
    }
}
