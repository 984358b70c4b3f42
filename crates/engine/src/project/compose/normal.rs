//! The normal form: what `docker-compose config` prints of a project.

use super::Composition;
use super::item::{Item, Map, Value};
use super::schema::{Field, Form, PROJECT, Pairs, SERVICE, Shape};

/// A project as `docker-compose config --format json` prints it: its services that its profiles start, with nothing that
/// they do not use.
pub fn config(composition: &Composition) -> Item {
    let model = composition.model.as_map();
    let empty = Map::new();
    let get = |key: &str| model.and_then(|m| m.get(key)).and_then(Item::as_map).unwrap_or(&empty);
    let mut out = Map::new();
    for (name, item) in model.into_iter().flatten() {
        if name.starts_with("x-") {
            out.insert(name.clone(), item.clone());
        }
    }
    out.insert("name".to_owned(), Item::text(composition.name.clone()));
    let services: Map = get("services")
        .iter()
        .filter(|(_, service)| is_enabled(service, &composition.profiles))
        .map(|(name, service)| (name.clone(), service.clone()))
        .collect();
    for kind in ["networks", "volumes", "secrets", "configs"] {
        let used: Map = get(kind)
            .iter()
            .filter(|(name, _)| services.values().any(|service| uses(service, kind, name)))
            .filter_map(|(name, item)| Some((name.clone(), normal(item, shape_of(kind)?)?)))
            .collect();
        if !used.is_empty() {
            out.insert(kind.to_owned(), Item::implied(Value::Map(used)));
        }
    }
    let services = services.into_iter().filter_map(|(name, mut service)| {
        if let Some(service) = service.as_map_mut() {
            service.remove("env_file");
            service.remove("label_file");
            if let Some(build) = service.get_mut("build").and_then(Item::as_map_mut)
                && let Some(args) = build.get_mut("args").and_then(Item::as_map_mut)
            {
                args.retain(|_, arg| !arg.is_null());
            }
            let scale = service.get("scale").cloned();
            if let Some(scale) = scale
                && let Some(deploy) = service.get_mut("deploy").and_then(Item::as_map_mut)
            {
                deploy.insert("replicas".to_owned(), scale);
            }
        }
        Some((name, normal(&service, &SERVICE)?))
    });
    out.insert("services".to_owned(), Item::implied(Value::Map(services.collect())));
    Item::implied(Value::Map(out))
}

/// Whether a service starts with these profiles.
pub(super) fn is_enabled(service: &Item, profiles: &[String]) -> bool {
    let own = service.get("profiles").map(Item::items).unwrap_or_default();
    own.is_empty() || profiles.iter().any(|p| p == "*" || own.iter().any(|own| own.as_str() == Some(p)))
}

fn uses(service: &Item, kind: &str, name: &str) -> bool {
    let source = |item: &Item| item.get("source").and_then(Item::as_str) == Some(name);
    let list = |path: &[&str]| service.at_path(path).map(Item::items).unwrap_or_default();
    match kind {
        "networks" => {
            service.get("networks").and_then(Item::as_map).is_some_and(|networks| networks.contains_key(name))
        }
        "volumes" => list(&["volumes"])
            .iter()
            .any(|volume| volume.get("type").and_then(Item::as_str) == Some("volume") && source(volume)),
        "secrets" => list(&["secrets"]).iter().chain(list(&["build", "secrets"])).any(source),
        _ => list(&["configs"]).iter().any(source),
    }
}

fn shape_of(kind: &str) -> Option<&'static Shape> {
    let Shape::Object(project) = &PROJECT else { return None };
    match project.field(kind)?.shape {
        Shape::Map { value, .. } => Some(value),
        _ => None,
    }
}

/// The normal form of a value; `None` where it is left out.
fn normal(item: &Item, shape: &Shape) -> Option<Item> {
    match shape {
        Shape::Any => Some(item.clone()),
        Shape::OneOf(shapes) => {
            let shape = shapes.iter().rev().find(|shape| !matches!(shape, Shape::Scalar(..)));
            match (&item.value, shape) {
                (Value::List(_) | Value::Map(_), Some(shape)) => normal(item, shape),
                _ => normal(item, shapes.first()?),
            }
        }
        Shape::Scalar(_, form) => (!is_zero(item, *form)).then(|| item.clone()),
        Shape::List { item: of, .. } => {
            let list: Vec<Item> = item
                .items()
                .iter()
                .map(|item| match of {
                    Shape::Scalar(..) => item.clone(),
                    of => normal(item, of).unwrap_or_default(),
                })
                .collect();
            (!list.is_empty()).then(|| item.with(Value::List(list)))
        }
        Shape::Object(object) => {
            let map = item.as_map()?;
            let mut out = Map::new();
            for field in object.fields {
                let value = map.get(field.name).and_then(|item| normal(item, field.shape));
                if let Some(value) = value.or_else(|| field.always.then(|| absent(field)).flatten()) {
                    out.insert(field.printed.to_owned(), value);
                }
            }
            Some(item.with(Value::Map(out)))
        }
        Shape::Map { value: of, .. } => {
            let map: Map =
                item.as_map()?.iter().map(|(name, item)| (name.clone(), normal_entry(item, of))).collect();
            (!map.is_empty()).then(|| item.with(Value::Map(map)))
        }
        Shape::Pairs(Pairs::Listed) => {
            let list = item.as_map()?.iter().map(|(name, value)| match value.to_text() {
                Some(text) => Item::text(format!("{name}={text}")),
                None => Item::text(name.clone()),
            });
            Some(item.with(Value::List(list.collect())))
        }
        Shape::Pairs(_) => (!item.as_map()?.is_empty()).then(|| item.clone()),
        Shape::Hosts | Shape::Test => (!item.items().is_empty()).then(|| item.clone()),
        Shape::Command => Some(item.clone()),
        Shape::Ulimit => Some(match item.as_map() {
            Some(map) => {
                let kept = map.iter().filter(|(name, value)| {
                    matches!(name.as_str(), "soft" | "hard") && value.as_int() != Some(0)
                });
                item.with(Value::Map(kept.map(|(name, value)| (name.clone(), value.clone())).collect()))
            }
            None if item.as_int() == Some(0) => item.with(Value::Map(Map::new())),
            None => item.clone(),
        }),
    }
}

/// A value of a mapping whose keys are the user's: never left out.
fn normal_entry(item: &Item, shape: &Shape) -> Item {
    match shape {
        Shape::Scalar(..) if item.is_null() => item.with(Value::Str(String::new())),
        Shape::Scalar(..) => item.clone(),
        Shape::Any => item.to_text().map_or_else(|| item.clone(), |text| item.with(Value::Str(text))),
        shape => normal(item, shape).unwrap_or_default(),
    }
}

/// What is printed of a field that is not set.
fn absent(field: &Field) -> Option<Item> {
    match field.shape {
        Shape::Command => Some(Item::default()),
        Shape::Object(_) => normal(&Item::implied(Value::Map(Map::new())), field.shape),
        Shape::Scalar(_, Form::Flag) => Some(Item::implied(Value::Bool(false))),
        Shape::Scalar(_, Form::Count) => Some(Item::implied(Value::Int(0))),
        Shape::Scalar(_, Form::Bytes) => Some(Item::text("0")),
        Shape::Scalar(..) => Some(Item::text("")),
        _ => None,
    }
}

fn is_zero(item: &Item, form: Form) -> bool {
    match (&item.value, form) {
        (Value::Null, _) | (Value::Bool(false), Form::Bool) | (Value::Bool(true), Form::OptOut) => true,
        (Value::Int(0), Form::Int | Form::Bounded(..) | Form::Devices) => true,
        (Value::Float(value), _) => *value == 0.0,
        (Value::Str(text), Form::Bytes) => text == "0",
        (Value::Str(text), Form::Duration) => text == "0s",
        (Value::Str(text), Form::Period | Form::Mode) => text.is_empty(),
        (Value::Str(text), _) => text.is_empty(),
        _ => false,
    }
}
