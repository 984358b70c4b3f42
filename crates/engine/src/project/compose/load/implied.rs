//! What is implied: the default network, the names of resources, the dependencies that links and shared namespaces make.

use crate::project::compose::item::{Item, Map, Value};

/// What is implied: the default network, the names of resources, the dependencies that links and shared namespaces make.
pub(super) fn normalize(model: &mut Map, name: &str) {
    let mut uses_default = false;
    if let Some(services) = model.get_mut("services").and_then(Item::as_map_mut) {
        for service in services.values_mut() {
            if service.is_null() {
                service.value = Value::Map(Map::new());
            }
            let Some(service) = service.as_map_mut() else { continue };
            uses_default |= default_network(service);
            normalize_service(service);
        }
    }
    if uses_default {
        let networks = model.or_insert_with("networks", || Item::implied(Value::Map(Map::new())));
        if networks.is_null() {
            networks.value = Value::Map(Map::new());
        }
        if let Some(networks) = networks.as_map_mut() {
            networks.or_insert_with("default", Item::default);
        }
    }
    for kind in ["networks", "volumes", "configs", "secrets"] {
        let Some(resources) = model.get_mut(kind).and_then(Item::as_map_mut) else { continue };
        for (key, resource) in resources {
            if resource.is_null() {
                resource.value = Value::Map(Map::new());
            }
            let Some(map) = resource.as_map_mut() else { continue };
            if map.get("name").is_none_or(Item::is_null) {
                let external = map.get("external").is_some_and(|e| e.as_bool() == Some(true));
                let text = if external { key.clone() } else { format!("{name}_{key}") };
                map.insert("name".to_owned(), Item::text(text));
            }
        }
    }
    model.insert("name".to_owned(), Item::text(name));
}

fn default_network(service: &mut Map) -> bool {
    if service.contains_key("provider") || service.contains_key("network_mode") {
        return false;
    }
    let networks = service.or_insert_with("networks", Item::default);
    if networks.as_map().is_some_and(|map| !map.is_empty()) {
        return networks.as_map().is_some_and(|map| map.contains_key("default"));
    }
    networks.value = Value::Map(Map::from([("default".to_owned(), Item::default())]));
    true
}

fn normalize_service(service: &mut Map) {
    if let Some(policy) = service.get_mut("pull_policy")
        && policy.as_str() == Some("if_not_present")
    {
        policy.value = Value::Str("missing".to_owned());
    }
    if let Some(build) = service.get_mut("build").and_then(Item::as_map_mut) {
        if build.get("context").is_none_or(Item::is_null) {
            build.insert("context".to_owned(), Item::text("."));
        }
        let inline = build.get("dockerfile_inline").is_some_and(|i| !i.is_null());
        if !inline && build.get("dockerfile").is_none_or(Item::is_null) {
            build.insert("dockerfile".to_owned(), Item::text("Dockerfile"));
        }
    }
    if let Some(Value::List(volumes)) = service.get_mut("volumes").map(|v| &mut v.value) {
        for volume in volumes.iter_mut().filter_map(Item::as_map_mut) {
            if let Some(Value::Str(target)) = volume.get_mut("target").map(|t| &mut t.value) {
                *target = seaworthy_syntax::path::clean(target);
            }
        }
    }
    let mut implied: Vec<(Item, String, bool)> = Vec::new();
    let strings = |key: &str| service.get(key).map(Item::items).unwrap_or_default();
    for link in strings("links") {
        let Some(text) = link.as_str() else { continue };
        let mut parts = text.split(':');
        let name = match (parts.next(), parts.next(), parts.next()) {
            (Some(name), Some(_), None) => name,
            _ => text,
        };
        implied.push((link.clone(), name.to_owned(), true));
    }
    for key in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
        if let Some(item) = service.get(key)
            && let Some(name) = item.as_str().and_then(|text| text.strip_prefix("service:"))
        {
            implied.push((item.clone(), name.to_owned(), true));
        }
    }
    for from in strings("volumes_from") {
        let Some(text) = from.as_str().filter(|text| !text.starts_with("container:")) else { continue };
        let name = text.split(':').next().unwrap_or_default();
        implied.push((from.clone(), name.to_owned(), false));
    }
    if implied.is_empty() {
        return;
    }
    let depends_on = service.or_insert_with("depends_on", || Item::implied(Value::Map(Map::new())));
    let Some(depends_on) = depends_on.as_map_mut() else { return };
    // The first that implies a dependency counts.
    depends_on.fill(implied.into_iter().rev().map(|(from, name, restart)| {
        let dependency = from.with(Value::Map(Map::from([
            ("condition".to_owned(), Item::text("service_started")),
            ("required".to_owned(), Item::implied(Value::Bool(true))),
            ("restart".to_owned(), Item::implied(Value::Bool(restart))),
        ])));
        (name, dependency)
    }));
}
