//! What `x-seaworthy` says at a project, a service, a network or a volume, where Compose has no word for it.

use super::plan::Out;
use super::unit::{Kind, Unit};
use crate::project::Composition;
use crate::project::compose::{Item, Value};
use crate::project::kubernetes::quantity;
use crate::project::links::closest;

/// A key of `x-seaworthy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What it says, in a sentence.
    pub meaning: &'static str,
}

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A text.
    Text,
    /// One of these.
    Word(&'static [&'static str]),
    /// A number of at least 0.
    Count,
    /// `true` or `false`.
    Flag,
    /// A user: `1000` or `1000:1000`.
    User,
    /// A quantity of Kubernetes: `250m`, `1Gi`.
    Quantity,
    /// A list of texts.
    Texts,
    /// A mapping of these keys.
    Keys(&'static [Key]),
}

const fn key(name: &'static str, takes: Takes, meaning: &'static str) -> Key {
    Key { name, takes, meaning }
}

const RESOURCES: &[Key] = &[
    key("cpu", Takes::Quantity, "CPU: `250m` is a quarter of one."),
    key("memory", Takes::Quantity, "Memory: `512Mi`."),
    key("ephemeral-storage", Takes::Quantity, "Local disk: `1Gi`."),
];

/// What may be said of a project.
pub const PROJECT: &[Key] = &[
    key("domain", Takes::Text, "The domain under which what is published by HTTP is reached."),
    key("registry", Takes::Text, "Where images that are built here are pushed to."),
];

/// What may be said of a service.
pub const SERVICE: &[Key] = &[
    key(
        "autoscale",
        Takes::Keys(&[
            key("min", Takes::Count, "The least pods."),
            key("max", Takes::Count, "The most pods."),
            key(
                "cpu",
                Takes::Count,
                "The share of the CPU set aside, in percent, that pods are added for; 80 where nothing is said.",
            ),
        ]),
        "An autoscaler sets how many pods run.",
    ),
    key("calls", Takes::Texts, "Services that it calls and nothing else shows: `db`, `cache:6379`."),
    key(
        "health",
        Takes::Text,
        "The path that tells by HTTP whether it serves: `/healthz`, or `/healthz:9000` on another port.",
    ),
    key("host", Takes::Text, "The name under which it is reached from outside."),
    key(
        "kind",
        Takes::Word(&["deployment", "statefulset", "daemonset", "job", "cronjob"]),
        "What keeps it running.",
    ),
    key("limits", Takes::Keys(RESOURCES), "What it may use at most."),
    key("path", Takes::Text, "The path below `host` that leads to it; `/` where nothing is said."),
    key(
        "publish",
        Takes::Word(&["ingress", "load-balancer", "node-port", "none"]),
        "How it is reached from outside.",
    ),
    key("read_only", Takes::Flag, "Whether its root file system cannot be written."),
    key("replicas", Takes::Count, "How many pods run it."),
    key("requests", Takes::Keys(RESOURCES), "What is set aside for it."),
    key("schedule", Takes::Text, "When it runs, as cron writes it: a CronJob."),
    key("user", Takes::User, "Whom it runs as, by number."),
    key("writable", Takes::Texts, "Paths that it writes besides its volumes."),
];

/// What may be said of a volume.
pub const VOLUME: &[Key] = &[
    key(
        "access",
        Takes::Word(&["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany"]),
        "How it may be mounted.",
    ),
    key("class", Takes::Text, "The storage class of its claim."),
    key("size", Takes::Quantity, "The size of its claim."),
];

/// What may be said of a network.
pub const NETWORK: &[Key] = &[key("namespace", Takes::Text, "The namespace of the project that shares it.")];

/// Checks what `x-seaworthy` says everywhere: a key that nobody knows, a value that it cannot take.
pub(super) fn check(composition: &Composition, out: &mut Out<'_>) {
    let model = &composition.model;
    object("x-seaworthy", model.get("x-seaworthy"), PROJECT, out);
    for (place, keys) in [("services", SERVICE), ("volumes", VOLUME), ("networks", NETWORK)] {
        for (name, item) in model.get(place).map(Item::entries).unwrap_or_default() {
            object(&format!("{place}.{name}.x-seaworthy"), item.get("x-seaworthy"), keys, out);
        }
    }
}

fn object(path: &str, item: Option<&Item>, keys: &[Key], out: &mut Out<'_>) {
    for (name, item) in item.map(Item::entries).unwrap_or_default() {
        let (path, span) = (format!("{path}.{name}"), item.key.or(item.at));
        let Some(key) = keys.iter().find(|key| key.name == name) else {
            let meant = closest(name, keys.iter().map(|key| key.name));
            let hint = meant.map_or_else(
                || {
                    format!(
                        "it knows {}",
                        keys.iter().map(|k| format!("`{}`", k.name)).collect::<Vec<_>>().join(", ")
                    )
                },
                |meant| format!("did you mean `{meant}`?"),
            );
            out.carried.refused(path, span, format!("`x-seaworthy` knows no `{name}` here; {hint}"));
            continue;
        };
        if let Takes::Keys(keys) = key.takes
            && item.as_map().is_some()
        {
            object(&path, Some(item), keys, out);
        } else if let Some(wanted) = key.takes.refuses(item) {
            out.carried.refused(path, span, format!("it takes {wanted}"));
        } else if !out.carried.has(&path) {
            let meaning = key.meaning.trim_end_matches('.');
            out.carried.mapped(path, span, format!("{}{}", meaning[..1].to_lowercase(), &meaning[1..]));
        }
    }
}

impl Takes {
    /// What it wants instead of a value that it cannot take.
    fn refuses(self, item: &Item) -> Option<String> {
        let text = item.to_text();
        let fits = match self {
            Self::Text => text.is_some(),
            Self::Word(words) => item.as_str().is_some_and(|word| words.contains(&word)),
            Self::Count => item.as_int().is_some_and(|n| n >= 0),
            Self::Flag => item.as_bool().is_some(),
            Self::User => text.as_deref().is_some_and(|text| user(text).is_some()),
            Self::Quantity => text.as_deref().is_some_and(|text| quantity::parse(text, 3).is_some()),
            Self::Texts => {
                item.as_list().is_some_and(|list| list.iter().all(|item| item.to_text().is_some()))
            }
            Self::Keys(_) => false,
        };
        (!fits).then(|| match self {
            Self::Text => "a text".to_owned(),
            Self::Word(words) => words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(" or "),
            Self::Count => "a number of at least 0".to_owned(),
            Self::Flag => "`true` or `false`".to_owned(),
            Self::User => "a user by number: `1000` or `1000:1000`".to_owned(),
            Self::Quantity => "a quantity: `250m`, `1Gi`".to_owned(),
            Self::Texts => "a list of texts".to_owned(),
            Self::Keys(_) => "a mapping".to_owned(),
        })
    }

    /// Its JSON Schema.
    fn schema(self) -> serde_json::Value {
        use serde_json::json;
        match self {
            Self::Text => json!({ "type": ["string", "number"] }),
            Self::Word(words) => json!({ "enum": words }),
            Self::Count => json!({ "type": "integer", "minimum": 0 }),
            Self::Flag => json!({ "type": "boolean" }),
            Self::User => json!({ "type": ["string", "integer"], "pattern": "^[0-9]+(:[0-9]+)?$" }),
            Self::Quantity => json!({ "type": ["string", "number"] }),
            Self::Texts => json!({ "type": "array", "items": { "type": ["string", "number"] } }),
            Self::Keys(keys) => schema_of(keys),
        }
    }
}

fn schema_of(keys: &[Key]) -> serde_json::Value {
    let properties: serde_json::Map<String, serde_json::Value> = keys
        .iter()
        .map(|key| {
            let mut schema = key.takes.schema();
            if let Some(schema) = schema.as_object_mut() {
                schema.insert("description".to_owned(), key.meaning.into());
            }
            (key.name.to_owned(), schema)
        })
        .collect();
    serde_json::json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

/// The JSON Schema of `x-seaworthy`, as part of one for Compose files: what is below it at each place.
pub fn schema() -> serde_json::Value {
    let place = |keys| serde_json::json!({ "properties": { "x-seaworthy": schema_of(keys) } });
    let each = |keys| serde_json::json!({ "additionalProperties": place(keys) });
    serde_json::json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "x-seaworthy in Compose files",
        "type": "object",
        "properties": {
            "x-seaworthy": schema_of(PROJECT),
            "services": each(SERVICE),
            "volumes": each(VOLUME),
            "networks": each(NETWORK),
        },
    })
}

/// A user and a group by number.
pub(super) fn user(text: &str) -> Option<(u32, Option<u32>)> {
    match text.split_once(':') {
        Some((uid, gid)) => Some((uid.parse().ok()?, Some(gid.parse().ok()?))),
        None => Some((text.parse().ok()?, None)),
    }
}

impl<'p> Unit<'p> {
    /// What `x-seaworthy` says of the service below some keys, where it can be taken.
    pub(super) fn says(&self, path: &[&str]) -> Option<&'p Item> {
        let item = self.item.get("x-seaworthy")?.at_path(path)?;
        let key = path.iter().try_fold((SERVICE, None), |(keys, _), name| {
            let key = keys.iter().find(|key| key.name == *name)?;
            Some((if let Takes::Keys(keys) = key.takes { keys } else { &[] }, Some(key)))
        })?;
        let takes = key.1?.takes;
        let is_mapping = matches!(takes, Takes::Keys(_)) && matches!(item.value, Value::Map(_));
        (is_mapping || takes.refuses(item).is_none()).then_some(item)
    }

    /// A number that `x-seaworthy` says.
    pub(super) fn says_count(&self, path: &[&str]) -> Option<u64> {
        u64::try_from(self.says(path)?.as_int()?).ok()
    }

    /// What keeps it running, where `x-seaworthy` says so.
    pub(super) fn says_kind(&self) -> Option<Kind> {
        if self.says(&["schedule"]).is_some() {
            return Some(Kind::CronJob);
        }
        Some(match self.says(&["kind"])?.as_str()? {
            "statefulset" => Kind::StatefulSet,
            "daemonset" => Kind::DaemonSet,
            "job" => Kind::Job,
            // Without a schedule there is none to keep.
            "cronjob" => Kind::Job,
            _ => Kind::Deployment,
        })
    }
}
