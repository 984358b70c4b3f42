//! What decides: comparisons, defaults, types.

use std::cmp::Ordering;

use super::{Args, Outcome};
use crate::error::Failure;
use crate::value::{Data, MapKind, Value};

pub(super) fn call(args: &Args<'_>) -> Option<Outcome> {
    let all = &args.all;
    Some(match args.name {
        "eq" => args.at_least(2).and_then(|()| {
            for other in &all[1..] {
                if equal(&all[0], other)? {
                    return Ok(Value::bool(true));
                }
            }
            Ok(Value::bool(false))
        }),
        "ne" => args.exactly(2).and_then(|()| Ok(Value::bool(!equal(&all[0], &all[1])?))),
        "lt" | "le" | "gt" | "ge" => args.exactly(2).and_then(|()| {
            let order = order(&all[0], &all[1])?;
            Ok(Value::bool(match (args.name, order) {
                (_, None) => false,
                ("lt", Some(order)) => order.is_lt(),
                ("le", Some(order)) => order.is_le(),
                ("gt", Some(order)) => order.is_gt(),
                (_, Some(order)) => order.is_ge(),
            }))
        }),
        "not" => args.exactly(1).map(|()| Value::bool(!all[0].is_true())),
        "len" => args.exactly(1).and_then(|()| length(&all[0])),
        "index" => args.at_least(1).and_then(|()| {
            let mut value = all[0].clone();
            for key in &all[1..] {
                value = index(&value, key)?.unwrapped();
            }
            Ok(value)
        }),
        "default" => args.at_least(1).map(|()| match all.get(1) {
            Some(given) if !given.is_empty() => given.clone(),
            _ => all[0].clone(),
        }),
        "empty" => args.exactly(1).map(|()| Value::bool(all[0].is_empty())),
        "coalesce" => Ok(all.iter().find(|v| !v.is_empty()).cloned().unwrap_or(Value::NIL)),
        "all" => Ok(Value::bool(all.iter().all(|v| !v.is_empty()))),
        "any" => Ok(Value::bool(all.iter().any(|v| !v.is_empty()))),
        "ternary" => args.exactly(3).and_then(|()| Ok(all[usize::from(!args.bool(2)?)].clone())),
        "typeOf" => args.exactly(1).map(|()| Value::str(all[0].type_name())),
        "kindOf" => args.exactly(1).map(|()| Value::str(all[0].kind_name())),
        "typeIs" => args.exactly(2).and_then(|()| Ok(Value::bool(all[1].type_name() == args.str(0)?))),
        "typeIsLike" => args.exactly(2).and_then(|()| {
            let (wanted, is) = (args.str(0)?, all[1].type_name());
            Ok(Value::bool(is == wanted || is.strip_prefix('*') == Some(wanted)))
        }),
        "kindIs" => args.exactly(2).and_then(|()| Ok(Value::bool(all[1].kind_name() == args.str(0)?))),
        "deepEqual" => args.exactly(2).map(|()| Value::bool(all[0].deep_equal(&all[1]))),
        _ => return None,
    })
}

#[derive(PartialEq)]
enum Basic<'v> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(&'v str),
    Other,
}

fn basic(value: &Value) -> Basic<'_> {
    match &value.data {
        Data::Bool(value) => Basic::Bool(*value),
        Data::Int(value) | Data::Int64(value) => Basic::Int(*value),
        Data::Float(value) => Basic::Float(*value),
        Data::Str(text) => Basic::Str(text.as_str()),
        _ => Basic::Other,
    }
}

fn equal(a: &Value, b: &Value) -> Result<bool, Failure> {
    match (basic(a), basic(b)) {
        (Basic::Other, Basic::Other) => {
            if a.is_nil() || b.is_nil() {
                return Ok(a.is_nil() && b.is_nil());
            }
            Err(Failure::new(format!("non-comparable types {}: {}", a.type_name(), b.type_name())))
        }
        (Basic::Bool(a), Basic::Bool(b)) => Ok(a == b),
        (Basic::Int(a), Basic::Int(b)) => Ok(a == b),
        (Basic::Float(a), Basic::Float(b)) => Ok(a == b),
        (Basic::Str(a), Basic::Str(b)) => Ok(a == b),
        _ if a.is_nil() || b.is_nil() => Ok(false),
        _ => Err(Failure::new("error calling eq: incompatible types for comparison")),
    }
}

fn order(a: &Value, b: &Value) -> Result<Option<Ordering>, Failure> {
    match (basic(a), basic(b)) {
        (Basic::Int(a), Basic::Int(b)) => Ok(Some(a.cmp(&b))),
        (Basic::Float(a), Basic::Float(b)) => Ok(a.partial_cmp(&b)),
        (Basic::Str(a), Basic::Str(b)) => Ok(Some(a.cmp(b))),
        (Basic::Other | Basic::Bool(_), _) | (_, Basic::Other | Basic::Bool(_)) => {
            Err(Failure::new("invalid type for comparison"))
        }
        _ => Err(Failure::new("incompatible types for comparison")),
    }
}

fn length(value: &Value) -> Outcome {
    let length = match &value.data {
        Data::Str(text) => text.len(),
        Data::List(items) => items.len(),
        Data::Map(map) => map.entries.borrow().len(),
        Data::Object(object) => match &**object {
            crate::object::Object::Files(files) => files.0.len(),
            crate::object::Object::ApiVersions(c) => c.api_versions.len(),
            _ => return Err(Failure::new(format!("len of type {}", value.type_name()))),
        },
        _ => return Err(Failure::new(format!("len of type {}", value.type_name()))),
    };
    Ok(Value::new(Data::Int(length as i64)))
}

fn index(value: &Value, key: &Value) -> Outcome {
    match &value.data {
        Data::Nil | Data::Null => Err(Failure::new("error calling index: index of untyped nil")),
        Data::Map(map) => {
            let Some(key) = key.as_str() else {
                return Err(Failure::new(format!("value has type {}; should be string", key.type_name())));
            };
            Ok(match map.entries.borrow().get(key) {
                Some(entry) => entry.value.clone(),
                None if map.kind == MapKind::Strings => Value::str(""),
                None => Value::NIL,
            })
        }
        Data::List(items) => {
            let (Data::Int(n) | Data::Int64(n)) = key.data else {
                return Err(Failure::new(format!("cannot index slice/array with type {}", key.type_name())));
            };
            let item = usize::try_from(n).ok().and_then(|n| items.get(n));
            item.cloned().ok_or_else(|| Failure::new(format!("error calling index: index out of range: {n}")))
        }
        Data::Str(text) => {
            let Data::Int(n) = key.data else { return Err(Failure::new("cannot index string")) };
            let byte = usize::try_from(n).ok().and_then(|n| text.as_str().as_bytes().get(n));
            byte.map(|b| Value::new(Data::Int(i64::from(*b))))
                .ok_or_else(|| Failure::new(format!("error calling index: index out of range: {n}")))
        }
        Data::Object(object) => match (&**object, key.as_str()) {
            (crate::object::Object::Files(files), Some(path)) => {
                Ok(files.get(path).map_or(Value::str(""), Value::text))
            }
            _ => Err(Failure::new(format!("can't index item of type {}", value.type_name()))),
        },
        _ => Err(Failure::new(format!("can't index item of type {}", value.type_name()))),
    }
}
