//! Short forms become long forms, and what is not said becomes its default.

use super::build::Cast;
use super::item::{Item, Map, Value};
use super::merge::{dependency, names};
use super::problem::{Problem, ProblemKind};
use super::units;

fn refuse(problems: &mut Vec<Problem>, kind: ProblemKind, item: &Item, message: impl Into<String>) {
    if let Some(span) = item.span() {
        problems.push(Problem { kind, span, message: message.into() });
    }
}

/// Puts everything into its long form.
pub(super) fn canonical(project: &mut Map, problems: &mut Vec<Problem>) {
    for service in children(project, "services") {
        if let Some(service) = service.as_map_mut() {
            canonical_service(service, problems);
        }
    }
    for kind in ["volumes", "networks", "secrets", "configs"] {
        for resource in children(project, kind) {
            if let Some(resource) = resource.as_map_mut() {
                canonical_external(resource, problems);
            }
        }
    }
}

fn children<'m>(map: &'m mut Map, key: &str) -> impl Iterator<Item = &'m mut Item> {
    map.get_mut(key).and_then(Item::as_map_mut).into_iter().flat_map(Map::values_mut)
}

/// The items of a list.
fn list<'m>(map: &'m mut Map, key: &str) -> impl Iterator<Item = &'m mut Item> {
    let items = match map.get_mut(key).map(|item| &mut item.value) {
        Some(Value::List(items)) => Some(items),
        _ => None,
    };
    items.into_iter().flatten()
}

fn canonical_service(service: &mut Map, problems: &mut Vec<Problem>) {
    if let Some(build) = service.get_mut("build") {
        if let Value::Str(_) = build.value {
            let outer = build.with(Value::Null);
            let context = std::mem::replace(build, outer);
            build.value = Value::Map(Map::from([("context".to_owned(), context)]));
        } else if let Some(build) = build.as_map_mut() {
            canonical_build(build, problems);
        }
    }
    if let Some(depends_on) = service.get_mut("depends_on") {
        if let Some(map) = depends_on.as_map_mut() {
            for dependency in map.values_mut().filter_map(Item::as_map_mut) {
                default(dependency, "condition", || Item::text("service_started"));
                default(dependency, "required", || Item::implied(Value::Bool(true)));
            }
        } else if let Value::List(_) = depends_on.value {
            *depends_on = names(std::mem::take(depends_on), dependency);
        }
    }
    if let Some(env_file) = service.get_mut("env_file") {
        into_list(env_file);
        if let Value::List(entries) = &mut env_file.value {
            for entry in entries {
                if let Value::Str(_) = entry.value {
                    let outer = entry.with(Value::Null);
                    let path = std::mem::replace(entry, outer);
                    entry.value = Value::Map(Map::from([("path".to_owned(), path)]));
                }
                if let Some(entry) = entry.as_map_mut() {
                    default(entry, "required", || Item::implied(Value::Bool(true)));
                }
            }
        }
    }
    for key in ["label_file", "dns"] {
        if let Some(item) = service.get_mut(key) {
            into_list(item);
        }
    }
    if let Some(extends) = service.get_mut("extends")
        && let Value::Str(_) = extends.value
    {
        let outer = extends.with(Value::Null);
        let name = std::mem::replace(extends, outer);
        extends.value = Value::Map(Map::from([("service".to_owned(), name)]));
    }
    if let Some(gpus) = service.get_mut("gpus")
        && let Value::Str(_) = gpus.value
    {
        let all = gpus.with(Value::Map(Map::from([("count".to_owned(), Item::text("all"))])));
        *gpus = gpus.with(Value::List(vec![all]));
    }
    for key in ["networks", "models"] {
        if let Some(item) = service.get_mut(key)
            && let Value::List(_) = item.value
        {
            *item = names(std::mem::take(item), |name| name.with(Value::Null));
        }
    }
    if let Some(dns) = service.get_mut("dns")
        && let Value::List(list) = &mut dns.value
    {
        list.retain(|item| !item.is_null() && (item.as_str() != Some("") || item.is_unknown()));
    }
    for volume in list(service, "volumes") {
        if let Some(text) = volume.as_str() {
            match units::volume(volume, text) {
                _ if volume.is_unknown() => {
                    if let Some(long) = units::unknown_volume(volume) {
                        *volume = long;
                    }
                }
                Ok(long) => *volume = long,
                Err(message) => refuse(problems, ProblemKind::InvalidValue, volume, message),
            }
        }
    }
    for device in list(service, "devices") {
        if let Some(text) = device.as_str() {
            let mut parts = text.split(':');
            let source = parts.next().unwrap_or_default().to_owned();
            let target = parts.next().filter(|t| !t.is_empty()).unwrap_or(&source).to_owned();
            let permissions = parts.next().unwrap_or("rwm").to_owned();
            if parts.next().is_some() {
                refuse(problems, ProblemKind::InvalidValue, device, "too many colons in the device");
            }
            let entries = [("source", source), ("target", target), ("permissions", permissions)];
            let map = entries.map(|(key, text)| (key.to_owned(), device.with(Value::Str(text))));
            *device = device.with(Value::Map(Map::from(map)));
        }
    }
    for key in ["secrets", "configs"] {
        for mount in list(service, key) {
            into_source(mount);
        }
    }
    if let Some(ports) = service.get_mut("ports")
        && let Value::List(list) = &mut ports.value
    {
        let mut long = Vec::with_capacity(list.len());
        for port in std::mem::take(list) {
            let text = match &port.value {
                Value::Int(number) => number.to_string(),
                Value::Str(text) => text.clone(),
                _ => {
                    long.push(port);
                    continue;
                }
            };
            match units::ports(&port, &text) {
                Ok(ports) => long.extend(ports),
                Err(_) if port.is_unknown() => long.push(port),
                Err(message) => refuse(problems, ProblemKind::InvalidValue, &port, message),
            }
        }
        *list = long;
    }
    if let Some(develop) = service.get_mut("develop").and_then(Item::as_map_mut) {
        for trigger in list(develop, "watch").filter_map(Item::as_map_mut) {
            for key in ["ignore", "include"] {
                if let Some(item) = trigger.get_mut(key) {
                    into_list(item);
                }
            }
        }
    }
}

fn canonical_build(build: &mut Map, problems: &mut Vec<Problem>) {
    for secret in list(build, "secrets") {
        into_source(secret);
    }
    for key in ["provenance", "sbom"] {
        if let Some(item) = build.get_mut(key)
            && let Some(text) = item.to_text()
        {
            *item = Item { unknown: item.unknown.clone(), ..item.with(Value::Str(text)) };
        }
    }
    if let Some(contexts) = build.get_mut("additional_contexts")
        && let Value::List(list) = &contexts.value
    {
        let mut map = Vec::new();
        for item in list {
            let Some(text) = item.as_str() else { continue };
            match text.split_once('=') {
                Some((name, _)) => {
                    map.push((name.to_owned(), item.part(name.len() + 1, text.len())));
                }
                None => refuse(problems, ProblemKind::InvalidValue, item, "it must be name=context"),
            }
        }
        contexts.value = Value::Map(map.into());
    }
    if let Some(ssh) = build.get_mut("ssh")
        && let Value::List(list) = &ssh.value
    {
        let mut map = Vec::new();
        for item in list {
            let Some(text) = item.as_str() else { continue };
            match text.split_once('=') {
                Some((name, _)) => {
                    map.push((name.to_owned(), item.part(name.len() + 1, text.len())));
                }
                None if text == "default" => {
                    map.push((text.to_owned(), item.with(Value::Null)));
                }
                None => refuse(problems, ProblemKind::InvalidValue, item, format!("invalid ssh key {text}")),
            }
        }
        ssh.value = Value::Map(map.into());
    }
}

fn canonical_external(resource: &mut Map, problems: &mut Vec<Problem>) {
    let Some(external) = resource.get_mut("external") else { return };
    let Value::Map(map) = &mut external.value else { return };
    let name = map.remove("name");
    external.value = Value::Bool(true);
    if let Some(name) = name {
        match resource.get("name") {
            Some(other) if *other != name => {
                refuse(problems, ProblemKind::Conflict, &name, "name and external.name differ");
            }
            Some(_) => {}
            None => {
                resource.insert("name".to_owned(), name);
            }
        }
    }
}

fn into_list(item: &mut Item) {
    if let Value::Str(_) = item.value {
        let outer = item.with(Value::Null);
        let text = std::mem::replace(item, outer);
        item.value = Value::List(vec![text]);
    }
}

fn into_source(item: &mut Item) {
    if let Value::Str(_) = item.value {
        let outer = item.with(Value::Null);
        let text = std::mem::replace(item, outer);
        item.value = Value::Map(Map::from([("source".to_owned(), text)]));
    }
}

fn default(map: &mut Map, key: &str, value: impl FnOnce() -> Item) {
    map.or_insert_with(key, value);
}

/// Adds the defaults that count after all files are merged.
pub(super) fn defaults(project: &mut Map) {
    for service in children(project, "services").filter_map(Item::as_map_mut) {
        if let Some(build) = service.get_mut("build").and_then(Item::as_map_mut) {
            default(build, "context", || Item::text("."));
        }
        for secret in list(service, "secrets").filter_map(Item::as_map_mut) {
            if !secret.contains_key("target") {
                let source = secret.get("source").and_then(Item::to_text).unwrap_or_default();
                secret.insert("target".to_owned(), Item::text(format!("/run/secrets/{source}")));
            }
        }
        for port in list(service, "ports").filter_map(Item::as_map_mut) {
            default(port, "protocol", || Item::text("tcp"));
            default(port, "mode", || Item::text("ingress"));
        }
        for volume in list(service, "volumes").filter_map(Item::as_map_mut) {
            if let Some(bind) = volume.get_mut("bind").and_then(Item::as_map_mut) {
                default(bind, "create_host_path", || Item::implied(Value::Bool(true)));
            }
        }
        for device in list(service, "gpus").filter_map(Item::as_map_mut) {
            count_devices(device);
        }
        let reservations = ["deploy", "resources", "reservations"]
            .iter()
            .try_fold(service, |map, key| map.get_mut(key).and_then(Item::as_map_mut));
        if let Some(reservations) = reservations {
            for device in list(reservations, "devices").filter_map(Item::as_map_mut) {
                count_devices(device);
            }
        }
    }
}

fn count_devices(device: &mut Map) {
    if !device.contains_key("device_ids") {
        default(device, "count", || Item::text("all"));
    }
}

/// Where relative paths start.
#[derive(Clone, Debug)]
pub(super) struct Base<'b> {
    pub(super) directory: &'b str,
    /// The home directory that `~` stands for: `None` leaves it as it is.
    pub(super) home: Option<&'b Home>,
}

/// What `~` stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// A directory.
    At(String),
    /// Compose does not know it, and takes `~` for the name of a directory.
    Unknown,
}

impl Base<'_> {
    fn resolve(&self, item: &mut Item, windows: bool) {
        // Nobody knows where a path leads that begins with something unknown.
        if item.unknown.first() == Some(&0) {
            return;
        }
        let Value::Str(path) = &mut item.value else { return };
        if path.starts_with('~') {
            match self.home {
                None => return,
                Some(Home::At(home)) => *path = units::join(home, path.trim_start_matches('~')),
                Some(Home::Unknown) => {}
            }
        }
        if path.starts_with('/') || path.is_empty() && !windows || windows && is_windows(path) {
            return;
        }
        *path = units::join(self.directory, path);
    }

    fn resolve_list(&self, item: &mut Item) {
        match &mut item.value {
            Value::List(list) => list.iter_mut().for_each(|item| self.resolve(item, false)),
            _ => self.resolve(item, false),
        }
    }

    fn resolve_context(&self, item: &mut Item) {
        let remote = |text: &str| {
            text.contains("://")
                || ["service:", "github.com/", "git@"].iter().any(|prefix| text.starts_with(prefix))
        };
        if !item.as_str().is_some_and(remote) {
            self.resolve(item, false);
        }
    }
}

/// Whether it is an absolute path of Windows.
fn is_windows(path: &str) -> bool {
    let bytes = path.as_bytes();
    let slash = |at: usize| bytes.get(at).is_some_and(|b| matches!(b, b'\\' | b'/'));
    path.starts_with(r"\\")
        || bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':') && slash(2)
}

/// Makes relative paths start at the directory.
pub(super) fn resolve_paths(project: &mut Map, base: &Base<'_>, problems: &mut Vec<Problem>) {
    for service in children(project, "services").filter_map(Item::as_map_mut) {
        if let Some(build) = service.get_mut("build").and_then(Item::as_map_mut) {
            if let Some(context) = build.get_mut("context") {
                base.resolve_context(context);
            }
            for context in children(build, "additional_contexts") {
                base.resolve_context(context);
            }
            for key in children(build, "ssh") {
                base.resolve(key, true);
            }
        }
        for file in list(service, "env_file").filter_map(Item::as_map_mut) {
            if let Some(path) = file.get_mut("path") {
                base.resolve(path, false);
            }
        }
        if let Some(files) = service.get_mut("label_file") {
            base.resolve_list(files);
        }
        if let Some(file) =
            service.get_mut("extends").and_then(Item::as_map_mut).and_then(|e| e.get_mut("file"))
        {
            base.resolve(file, false);
        }
        if let Some(develop) = service.get_mut("develop").and_then(Item::as_map_mut) {
            for trigger in list(develop, "watch").filter_map(Item::as_map_mut) {
                if let Some(path) = trigger.get_mut("path") {
                    base.resolve(path, false);
                }
            }
        }
        for volume in list(service, "volumes") {
            if volume.get("type").and_then(Item::as_str) != Some("bind") {
                continue;
            }
            if volume.get("source").is_none() {
                refuse(problems, ProblemKind::MissingKey, volume, "a bind mount needs a source");
            } else if let Some(source) = volume.as_map_mut().and_then(|v| v.get_mut("source")) {
                base.resolve(source, true);
            }
        }
    }
    for kind in ["configs", "secrets"] {
        for object in children(project, kind).filter_map(Item::as_map_mut) {
            if let Some(file) = object.get_mut("file") {
                base.resolve(file, true);
            }
        }
    }
    for volume in children(project, "volumes").filter_map(Item::as_map_mut) {
        if volume.get("driver").and_then(Item::as_str) != Some("local") {
            continue;
        }
        let Some(options) = volume.get_mut("driver_opts").and_then(Item::as_map_mut) else { continue };
        if options.get("o").and_then(Item::as_str) == Some("bind")
            && let Some(device) = options.get_mut("device")
        {
            base.resolve(device, true);
        }
    }
}

/// What a string is taken for where a boolean is wanted.
pub(super) fn truth(item: &Item) -> Option<bool> {
    match Cast::Bool.apply(item.as_str()?) {
        Some(Value::Bool(value)) => Some(value),
        _ => None,
    }
}
