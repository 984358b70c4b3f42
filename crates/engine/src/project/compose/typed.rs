//! Values of a project in its long form become the types that Compose gives them.

use seaworthy_syntax::duration::nanoseconds_of_compose;

use super::canonical::truth;
use super::item::{Item, Value};
use super::problem::{Problem, ProblemKind};
use super::schema::{Form, Pairs, Shape};
use super::units;
use super::validate::fitting;

/// Turns a value into its type; what cannot be turned is said and stays.
pub(super) fn typed(item: &mut Item, shape: &Shape, problems: &mut Vec<Problem>) {
    if let Shape::OneOf([Shape::Scalar(..), list @ Shape::List { .. }]) = shape
        && item.as_str().is_some()
    {
        let outer = item.with(Value::Null);
        let text = std::mem::replace(item, outer);
        item.value = Value::List(vec![text]);
        return typed(item, list, problems);
    }
    let Some(shape) = fitting(item, shape) else { return };
    match shape {
        Shape::Any | Shape::OneOf(_) => {}
        Shape::Scalar(_, form) => scalar(item, *form, problems),
        Shape::List { item: of, .. } => {
            if let Value::List(list) = &mut item.value {
                list.iter_mut().for_each(|item| typed(item, of, problems));
            }
        }
        Shape::Object(object) => {
            for (name, child) in item.as_map_mut().into_iter().flatten() {
                if let Some(field) = object.field(name) {
                    typed(child, field.shape, problems);
                }
            }
        }
        Shape::Map { value, .. } => {
            item.as_map_mut().into_iter().flatten().for_each(|(_, child)| typed(child, value, problems));
        }
        Shape::Pairs(pairs) => self::pairs(item, *pairs, problems),
        Shape::Hosts => hosts(item, problems),
        Shape::Command => command(item, problems),
        Shape::Test => {
            if let Value::Str(_) = item.value {
                let outer = item.with(Value::Null);
                let line = std::mem::replace(item, outer);
                item.value = Value::List(vec![Item::text("CMD-SHELL"), line]);
            }
        }
        Shape::Ulimit => {
            if item.as_map().is_none() {
                scalar(item, Form::Count, problems);
            }
        }
    }
}

fn scalar(item: &mut Item, form: Form, problems: &mut Vec<Problem>) {
    if item.is_unknown() || item.is_null() {
        return;
    }
    let value = match (form, &item.value) {
        (Form::Text | Form::Word(_) | Form::ContainerName | Form::PullPolicy, Value::Str(_)) => return,
        (Form::Text | Form::Word(_) | Form::ContainerName | Form::PullPolicy, _) => {
            item.to_text().map(Value::Str)
        }
        (Form::Bool | Form::Flag | Form::OptOut, Value::Str(_)) => truth(item).map(Value::Bool),
        (Form::Int | Form::Count | Form::Bounded(..), Value::Str(text)) => text.parse().ok().map(Value::Int),
        (Form::Int | Form::Count | Form::Bounded(..), Value::Float(value)) => Some(Value::Int(*value as i64)),
        (Form::Float, Value::Str(text)) => text.parse().ok().map(single),
        (Form::Float, Value::Float(value)) => Some(single(*value as f32)),
        #[expect(clippy::cast_precision_loss, reason = "Compose counts CPUs in single precision")]
        (Form::Float, Value::Int(value)) => Some(single(*value as f32)),
        (Form::Bytes, Value::Str(text)) => units::bytes(text).map(|bytes| Value::Str(bytes.to_string())),
        (Form::Bytes, Value::Int(bytes)) => Some(Value::Str(bytes.to_string())),
        // Compose takes a fraction of a byte for nothing.
        (Form::Bytes, Value::Float(_)) => Some(Value::Str("0".to_owned())),
        (Form::Duration | Form::Period, Value::Str(text)) => {
            nanoseconds_of_compose(text).map(|nanos| Value::Str(units::duration_text(nanos)))
        }
        (Form::Mode, Value::Str(text)) => {
            i64::from_str_radix(text, 8).ok().map(|mode| Value::Str(format!("0{mode:o}")))
        }
        (Form::Mode, Value::Int(mode)) => Some(Value::Str(format!("0{mode:o}"))),
        (Form::Devices, Value::Str(text)) if text.eq_ignore_ascii_case("all") => Some(Value::Int(-1)),
        (Form::Devices, Value::Str(text)) => text.parse().ok().map(Value::Int),
        _ => return,
    };
    match value {
        Some(value) => item.value = value,
        None => {
            if let Some(span) = item.span() {
                let text = item.to_text().unwrap_or_default();
                let message = format!("{text:?} is no {}", form_name(form));
                problems.push(Problem { kind: ProblemKind::InvalidValue, span, message });
            }
        }
    }
}

/// A number in single precision by its shortest digits.
fn single(value: f32) -> Value {
    Value::Float(value.to_string().parse().unwrap_or_default())
}

fn form_name(form: Form) -> &'static str {
    match form {
        Form::Text | Form::Word(_) | Form::ContainerName | Form::PullPolicy => "string",
        Form::Bool | Form::Flag | Form::OptOut => "true or false",
        Form::Int | Form::Count | Form::Bounded(..) | Form::Devices => "integer",
        Form::Float => "number",
        Form::Bytes => "size",
        Form::Duration | Form::Period => "duration",
        Form::Mode => "file mode",
    }
}

fn pairs(item: &mut Item, pairs: Pairs, problems: &mut Vec<Problem>) {
    let mut map = Vec::new();
    match std::mem::take(&mut item.value) {
        Value::List(list) => {
            for entry in list {
                let text = entry.to_text().unwrap_or_default();
                let (name, mut value) = match text.split_once('=') {
                    Some((name, _)) => (name, entry.part(name.len() + 1, text.len())),
                    None => (text.as_str(), entry.with(Value::Null)),
                };
                if pairs == Pairs::Text && value.is_null() {
                    value.value = Value::Str(String::new());
                }
                if pairs == Pairs::Nullable
                    && name.ends_with(char::is_whitespace)
                    && let Some(span) = entry.span()
                {
                    let message = format!("the variable {:?} ends in a space", name.trim_end());
                    problems.push(Problem { kind: ProblemKind::InvalidValue, span, message });
                }
                value.key = entry.at;
                map.push((name.to_owned(), value));
            }
        }
        Value::Map(entries) => {
            for (name, mut value) in entries {
                match value.to_text() {
                    Some(text) => value.value = Value::Str(text),
                    None if value.is_null() && pairs == Pairs::Text => {
                        value.value = Value::Str(String::new());
                    }
                    None => {}
                }
                map.push((name, value));
            }
        }
        other => {
            item.value = other;
            return;
        }
    }
    item.value = Value::Map(map.into());
}

/// Hosts and addresses as a sorted list of `host=address`.
fn hosts(item: &mut Item, problems: &mut Vec<Problem>) {
    let mut hosts: Vec<(String, Item)> = Vec::new();
    let mut bad = |item: &Item, message: String| {
        if let Some(span) = item.span() {
            problems.push(Problem { kind: ProblemKind::InvalidValue, span, message });
        }
    };
    match &item.value {
        Value::List(list) => {
            for entry in list {
                let Some(text) = entry.to_text() else { continue };
                match text.split_once('=').or_else(|| text.split_once(':')) {
                    Some((host, addresses)) => {
                        for address in addresses.split(',') {
                            hosts.push((host.to_owned(), entry.with(Value::Str(address.to_owned()))));
                        }
                    }
                    None => bad(entry, format!("the host {text} has no address")),
                }
            }
        }
        Value::Map(map) => {
            for (host, value) in map {
                match &value.value {
                    Value::List(list) => {
                        hosts.extend(list.iter().map(|address| (host.clone(), address.clone())));
                    }
                    Value::Null => hosts.push((host.clone(), value.with(Value::Str(String::new())))),
                    _ => hosts.push((host.clone(), value.clone())),
                }
            }
        }
        _ => return,
    }
    let mut list: Vec<Item> = Vec::with_capacity(hosts.len());
    for (host, address) in hosts {
        if host.is_empty() || host.contains([':', '=']) {
            bad(&address, format!("bad host name {host:?}"));
        }
        let text = address.to_text().unwrap_or_default();
        let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).filter(|t| !t.is_empty());
        let text = format!("{host}={}", bare.unwrap_or(&text));
        list.push(Item { unknown: address.unknown.clone(), ..address.with(Value::Str(text)) });
    }
    list.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    item.value = Value::List(list);
}

fn command(item: &mut Item, problems: &mut Vec<Problem>) {
    let Some(line) = item.as_str() else { return };
    match units::words(line) {
        Some(words) => {
            let words: Vec<Item> = words
                .into_iter()
                .map(|word| {
                    let mut part = item.with(Value::Str(word));
                    // Which word is the unknown one is lost.
                    part.unknown.clone_from(&item.unknown);
                    part
                })
                .collect();
            item.value = Value::List(words);
        }
        None => {
            if let Some(span) = item.span() {
                let message =
                    "the command line cannot be split into words: a quote or parenthesis is open".to_owned();
                problems.push(Problem { kind: ProblemKind::InvalidValue, span, message });
            }
        }
    }
}
