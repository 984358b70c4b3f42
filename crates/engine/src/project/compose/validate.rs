//! What a project must not say: unknown keys, wrong types, values that an attribute cannot have.

use std::collections::HashSet;
use std::fmt::Write as _;

use seaworthy_syntax::spelling::nearest;

use super::item::{Item, Map, Value};
use super::problem::{Problem, ProblemKind};
use super::schema::{Form, Names, Object, PROJECT, Shape, Types};
use super::units;

/// Finds what the schema of Compose does not allow in a project that is not yet in its long form throughout.
pub(super) fn validate(project: &Map, problems: &mut Vec<Problem>) {
    if let Shape::Object(object) = &PROJECT {
        Validator { problems }.object(project, None, object);
    }
}

/// The same for an `include`, which is taken out before.
pub(super) fn include(include: &Item, problems: &mut Vec<Problem>) {
    if let Shape::Object(object) = &PROJECT
        && let Some(field) = object.field("include")
    {
        Validator { problems }.item(Subject::key("include"), include, field.shape);
    }
}

/// What a message is about.
#[derive(Clone, Copy)]
struct Subject<'s> {
    key: &'s str,
    /// An entry of the list below the key.
    entry: bool,
}

impl<'s> Subject<'s> {
    fn key(key: &'s str) -> Self {
        Self { key, entry: false }
    }

    fn entry(self) -> Self {
        Self { entry: true, ..self }
    }
}

impl std::fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}`{}`", if self.entry { "an entry of " } else { "" }, self.key)
    }
}

struct Validator<'v> {
    problems: &'v mut Vec<Problem>,
}

impl Validator<'_> {
    fn say(&mut self, kind: ProblemKind, item: &Item, message: String) {
        if let Some(span) = item.span() {
            self.problems.push(Problem { kind, span, message });
        }
    }

    fn item(&mut self, subject: Subject<'_>, item: &Item, shape: &Shape) {
        if item.is_unknown() {
            return;
        }
        let Some(shape) = fitting(item, shape) else {
            let wanted = wanted(shape);
            return self.say(ProblemKind::InvalidValue, item, format!("{subject} must be {wanted}"));
        };
        match shape {
            Shape::Any | Shape::Command | Shape::Test => {}
            Shape::Scalar(_, form) => self.form(subject, item, *form),
            Shape::List { item: of, unique } => {
                for child in item.items() {
                    self.item(subject.entry(), child, of);
                }
                if *unique {
                    self.unique(item);
                }
            }
            Shape::Object(object) => {
                if let Some(map) = item.as_map() {
                    self.object(map, Some(item), object);
                }
            }
            Shape::Map { value, names } => {
                for (name, child) in item.as_map().into_iter().flatten() {
                    if *names == Names::Word && !is_word(name) {
                        let message =
                            format!("the name {name:?} may have letters, digits, '.', '_' and '-' only");
                        self.say(ProblemKind::UnknownKey, &keyed(child), message);
                    } else {
                        self.item(Subject::key(name), child, value);
                    }
                }
            }
            Shape::Pairs(_) | Shape::Hosts => match &item.value {
                Value::List(list) => {
                    for child in list.iter().filter(|c| !c.is_unknown() && c.as_str().is_none()) {
                        let message = format!("{} must be a string", subject.entry());
                        self.say(ProblemKind::InvalidValue, child, message);
                    }
                    self.unique(item);
                }
                Value::Map(map) => {
                    let listed = matches!(shape, Shape::Hosts);
                    for (name, child) in map {
                        let bad = match child.value {
                            Value::Map(_) => true,
                            Value::List(_) => !listed,
                            Value::Str(_) => false,
                            _ => listed,
                        };
                        if bad {
                            let message =
                                format!("`{name}` must be a string, a number, true or false, or null");
                            self.say(ProblemKind::InvalidValue, child, message);
                        }
                    }
                }
                _ => {}
            },
            Shape::Ulimit => {
                if let Some(map) = item.as_map() {
                    for key in ["soft", "hard"] {
                        if !map.contains_key(key) {
                            self.say(ProblemKind::MissingKey, item, format!("{key} is missing"));
                        }
                    }
                    for (name, child) in map {
                        if !matches!(name.as_str(), "soft" | "hard") && !name.starts_with("x-") {
                            self.say(
                                ProblemKind::UnknownKey,
                                &keyed(child),
                                format!("there is no key {name} here"),
                            );
                        }
                    }
                }
            }
            Shape::OneOf(_) => {}
        }
    }

    fn object(&mut self, map: &Map, item: Option<&Item>, object: &Object) {
        for required in object.required {
            if !map.contains_key(required)
                && let Some(item) = item
            {
                self.say(ProblemKind::MissingKey, item, format!("{required} is missing"));
            }
        }
        for (name, child) in map {
            if let Some(field) = object.field(name) {
                self.item(Subject::key(name), child, field.shape);
            } else if object.closed && !(object.extensions && name.starts_with("x-")) {
                let candidates = object.fields.iter().map(|field| field.name);
                let message = match nearest(name, candidates) {
                    Some(meant) => format!("there is no key {name} here; did you mean {meant}?"),
                    None => format!("there is no key {name} here"),
                };
                self.say(ProblemKind::UnknownKey, &keyed(child), message);
            }
        }
    }

    fn form(&mut self, subject: Subject<'_>, item: &Item, form: Form) {
        let message = match (form, &item.value) {
            (Form::Word(words), Value::Str(text)) if !words.contains(&text.as_str()) => {
                let meant = nearest(text, words.iter().copied());
                let hint = meant.map(|m| format!("; did you mean {m}?")).unwrap_or_default();
                format!("{text:?} is none of {}{hint}", words.join(", "))
            }
            (Form::Bounded(low, high), Value::Int(value)) if !(low..=high).contains(value) => {
                if *value < low {
                    format!("{subject} must be {low} or more")
                } else {
                    format!("{subject} must be {high} or less")
                }
            }
            (Form::ContainerName, Value::Str(text)) if !is_container_name(text) => {
                format!("{text:?} cannot be the name of a container")
            }
            (Form::PullPolicy, Value::Str(text)) if !is_pull_policy(text) => {
                format!(
                    "{text:?} is no pull policy: always, never, missing, build, daily, weekly or every_<duration>"
                )
            }
            _ => return,
        };
        self.say(ProblemKind::InvalidValue, item, message);
    }

    fn unique(&mut self, list: &Item) {
        let mut seen = HashSet::new();
        for item in list.items() {
            let mut key = String::new();
            fingerprint(item, &mut key);
            if !seen.insert(key) && !item.is_unknown() {
                self.say(ProblemKind::Duplicate, item, "it is listed twice".to_owned());
            }
        }
    }
}

/// An item whose key is underlined instead of its value.
fn keyed(item: &Item) -> Item {
    Item { at: item.key.or(item.at), key: None, ..Item::default() }
}

/// The shape among several that a value is of by its type.
pub(super) fn fitting<'s>(item: &Item, shape: &'s Shape) -> Option<&'s Shape> {
    let fits = match shape {
        Shape::OneOf(shapes) => return shapes.iter().find_map(|shape| fitting(item, shape)),
        Shape::Any => true,
        Shape::Scalar(types, _) => match &item.value {
            Value::Null => types.has(Types::NULL),
            Value::Bool(_) => types.has(Types::BOOL),
            Value::Int(_) => types.has(Types::INT),
            Value::Float(value) => types.has(Types::NUMBER) || value.fract() == 0.0 && types.has(Types::INT),
            Value::Str(_) => types.has(Types::STR),
            Value::List(_) | Value::Map(_) => false,
        },
        Shape::List { .. } => matches!(item.value, Value::List(_)),
        Shape::Object(object) => match item.value {
            Value::Null => object.nullable,
            Value::Map(_) => true,
            _ => false,
        },
        Shape::Map { .. } => matches!(item.value, Value::Map(_)),
        Shape::Pairs(_) | Shape::Hosts => matches!(item.value, Value::List(_) | Value::Map(_)),
        Shape::Command => match &item.value {
            Value::Null | Value::Str(_) => true,
            Value::List(list) => list.iter().all(|i| i.as_str().is_some()),
            _ => false,
        },
        Shape::Test => match &item.value {
            Value::Str(_) => true,
            Value::List(list) => list.iter().all(|i| i.as_str().is_some()),
            _ => false,
        },
        Shape::Ulimit => matches!(item.value, Value::Int(_) | Value::Str(_) | Value::Map(_)),
    };
    fits.then_some(shape)
}

/// What a value may be, in words.
fn wanted(shape: &Shape) -> String {
    fn collect(shape: &Shape, words: &mut Vec<&'static str>) {
        match shape {
            Shape::Any => {}
            Shape::Scalar(types, _) => {
                for (one, word) in [
                    (Types::STR, "a string"),
                    (Types::NUMBER, "a number"),
                    (Types::INT, "an integer"),
                    (Types::BOOL, "true or false"),
                    (Types::NULL, "null"),
                ] {
                    if types.has(one) && !(one == Types::INT && types.has(Types::NUMBER)) {
                        words.push(word);
                    }
                }
            }
            Shape::List { .. } => words.push("a list"),
            Shape::Object(_) | Shape::Map { .. } => words.push("a mapping"),
            Shape::Pairs(_) | Shape::Hosts => words.extend(["a mapping", "a list"]),
            Shape::Command | Shape::Test => words.extend(["a string", "a list of strings"]),
            Shape::Ulimit => words.extend(["an integer", "a mapping"]),
            Shape::OneOf(shapes) => shapes.iter().for_each(|shape| collect(shape, words)),
        }
    }
    let mut words = Vec::new();
    collect(shape, &mut words);
    match words.as_slice() {
        [] => "something else".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn is_word(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

fn is_container_name(text: &str) -> bool {
    text.as_bytes().windows(2).any(|pair| {
        pair[0].is_ascii_alphanumeric()
            && (pair[1].is_ascii_alphanumeric() || matches!(pair[1], b'_' | b'.' | b'-'))
    })
}

fn is_pull_policy(text: &str) -> bool {
    let every = |rest: &str| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && rest.as_bytes().get(digits).is_some_and(|b| b"wdhms".contains(b))
    };
    ["always", "never", "build", "if_not_present", "missing", "refresh", "daily", "weekly"]
        .iter()
        .any(|word| text.contains(word))
        || text.match_indices("every_").any(|(at, word)| every(&text[at + word.len()..]))
}

/// A text that is the same for equal values.
fn fingerprint(item: &Item, out: &mut String) {
    match &item.value {
        Value::Null => out.push('~'),
        Value::Bool(value) => out.push(if *value { 't' } else { 'f' }),
        #[expect(clippy::cast_precision_loss, reason = "JSON has one kind of number")]
        Value::Int(value) => {
            let _ = write!(out, "{}", *value as f64);
        }
        Value::Float(value) => {
            let _ = write!(out, "{value}");
        }
        Value::Str(text) => {
            let _ = write!(out, "{text:?}");
        }
        Value::List(list) => {
            out.push('[');
            for item in list {
                fingerprint(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (name, item) in map {
                let _ = write!(out, "{name:?}:");
                fingerprint(item, out);
                out.push(',');
            }
            out.push('}');
        }
    }
}

/// Finds what a project in its long form must not say besides.
pub(super) fn contents(project: &Map, problems: &mut Vec<Problem>) {
    let mut say = |kind, item: &Item, message: String| {
        if let Some(span) = item.span() {
            problems.push(Problem { kind, span, message });
        }
    };
    let children = |key: &str| project.get(key).and_then(Item::as_map).into_iter().flatten();
    for (name, volume) in children("volumes") {
        if volume.get("external").and_then(Item::as_bool) == Some(true) {
            for (key, item) in volume.as_map().into_iter().flatten() {
                if !matches!(key.as_str(), "name" | "external") && !key.starts_with("x-") {
                    say(
                        ProblemKind::Conflict,
                        item,
                        format!("the volume {name} is external and so cannot have {key}"),
                    );
                }
            }
        }
    }
    for (kind, keys) in
        [("configs", &["file", "environment", "content"][..]), ("secrets", &["file", "environment"][..])]
    {
        for (name, object) in children(kind) {
            let Some(map) = object.as_map() else { continue };
            let keyed = keyed(object);
            match keys.iter().filter(|key| map.contains_key(key)).count() {
                0 if map.contains_key("driver") || map.contains_key("external") => {}
                0 => say(ProblemKind::MissingKey, &keyed, format!("{name} needs one of {}", keys.join(", "))),
                1 => {}
                _ => say(
                    ProblemKind::Conflict,
                    &keyed,
                    format!("{name} may have only one of {}", keys.join(", ")),
                ),
            }
        }
    }
    for (_, service) in children("services") {
        for port in service.get("ports").map(Item::items).unwrap_or_default() {
            if let Some(address) = port.get("host_ip")
                && let Some(text) = address.as_str()
                && !address.is_unknown()
                && !units::is_address(text)
            {
                say(ProblemKind::InvalidValue, address, format!("{text:?} is no IP address"));
            }
        }
        let devices = service.at_path(&["deploy", "resources", "reservations", "devices"]);
        for device in [service.get("gpus"), devices].into_iter().flatten().flat_map(Item::items) {
            if device.as_map().is_some_and(|d| d.contains_key("count") && d.contains_key("device_ids")) {
                say(ProblemKind::Conflict, device, "count and device_ids exclude each other".to_owned());
            }
        }
        for trigger in service.at_path(&["develop", "watch"]).map(Item::items).unwrap_or_default() {
            if let Some(path) = trigger.get("path")
                && path.as_str() == Some("")
                && !path.is_unknown()
            {
                say(ProblemKind::InvalidValue, path, "the path is empty".to_owned());
            }
        }
    }
}
