//! Numbers, versions, time.

use super::{Args, Outcome};
use crate::error::Failure;
use crate::exec::State;
use crate::object::Object;
use crate::semver::{Version, matches};
use crate::text::{Origin, Text};
use crate::value::{Data, Value};

/// The time that templates see, in seconds since 1970: none is read here. What is made of it counts as generated.
const NOW: i64 = 1_767_225_600;

pub(super) fn call(state: &mut State, args: &Args<'_>) -> Option<Outcome> {
    let all = &args.all;
    let int64 = |value: i64| Value::new(Data::Int64(value));
    let float = |value: f64| Value::new(Data::Float(value));
    let fold = |first: f64, op: fn(f64, f64) -> f64| {
        Value::new(Data::Float(all.iter().skip(1).fold(first, |a, b| op(a, to_f64(b)))))
    };
    Some(match args.name {
        "int" => args.exactly(1).map(|()| Value::new(Data::Int(to_i64(&all[0])))),
        "int64" => args.exactly(1).map(|()| int64(to_i64(&all[0]))),
        "float64" => args.exactly(1).map(|()| float(to_f64(&all[0]))),
        "atoi" => args.exactly(1).and_then(|()| Ok(Value::new(Data::Int(args.str(0)?.parse().unwrap_or(0))))),
        "toDecimal" => {
            args.exactly(1).map(|()| int64(i64::from_str_radix(all[0].display().as_str(), 8).unwrap_or(0)))
        }
        "add" => Ok(int64(all.iter().map(to_i64).fold(0, i64::wrapping_add))),
        "add1" => args.exactly(1).map(|()| int64(to_i64(&all[0]).wrapping_add(1))),
        "sub" => args.exactly(2).map(|()| int64(to_i64(&all[0]).wrapping_sub(to_i64(&all[1])))),
        "mul" => args.at_least(1).map(|()| int64(all.iter().map(to_i64).fold(1, i64::wrapping_mul))),
        "div" | "mod" => args.exactly(2).and_then(|()| {
            let (a, b) = (to_i64(&all[0]), to_i64(&all[1]));
            let value = if args.name == "div" { a.checked_div(b) } else { a.checked_rem(b) };
            value.map(int64).ok_or_else(|| {
                Failure::new(format!("error calling {}: runtime error: integer divide by zero", args.name))
            })
        }),
        "max" | "biggest" => args.at_least(1).map(|()| int64(all.iter().map(to_i64).max().unwrap_or(0))),
        "min" => args.at_least(1).map(|()| int64(all.iter().map(to_i64).min().unwrap_or(0))),
        "maxf" => args.at_least(1).map(|()| fold(to_f64(&all[0]), f64::max)),
        "minf" => args.at_least(1).map(|()| fold(to_f64(&all[0]), f64::min)),
        "add1f" => args.exactly(1).map(|()| float(decimal(to_f64(&all[0]) + 1.0))),
        "addf" => Ok(float(decimal(all.iter().map(to_f64).sum()))),
        "subf" => args.at_least(1).map(|()| fold(to_f64(&all[0]), |a, b| decimal(a - b))),
        "mulf" => args.at_least(1).map(|()| fold(to_f64(&all[0]), |a, b| decimal(a * b))),
        "divf" => args.at_least(1).map(|()| fold(to_f64(&all[0]), |a, b| a / b)),
        "floor" => args.exactly(1).map(|()| float(to_f64(&all[0]).floor())),
        "ceil" => args.exactly(1).map(|()| float(to_f64(&all[0]).ceil())),
        "round" => args.at_least(2).map(|()| {
            let on = all.get(2).map_or(0.5, to_f64);
            let power = 10_f64.powi(to_i64(&all[1]).clamp(-300, 300) as i32);
            let digit = power * to_f64(&all[0]);
            let rest = digit.fract();
            float(if rest >= on { digit.ceil() } else { digit.floor() } / power)
        }),
        "randInt" => args
            .exactly(2)
            .and_then(|()| Ok(Value::new(Data::Int(args.int(0)?)).with_origin(Origin::GENERATED))),
        "semver" => args.exactly(1).and_then(|()| {
            let version = Version::parse(args.str(0)?)
                .ok_or_else(|| Failure::new("error calling semver: invalid semantic version"))?;
            Ok(Value::object(Object::Version(version)))
        }),
        "semverCompare" => args.exactly(2).and_then(|()| {
            let version = Version::parse(args.str(1)?)
                .ok_or_else(|| Failure::new("error calling semverCompare: invalid semantic version"))?;
            let matched = matches(args.str(0)?, &version).ok_or_else(|| {
                Failure::new(format!(
                    "error calling semverCompare: improper constraint: {}",
                    all[0].display().as_str()
                ))
            })?;
            Ok(Value::bool(matched))
        }),
        "now" => Ok(Value::object(Object::Time(NOW))),
        "toDate" | "mustToDate" => args
            .exactly(2)
            .and_then(|()| Ok(Value::object(Object::Time(crate::date::parse(args.str(1)?).unwrap_or(0))))),
        "dateModify" | "date_modify" | "mustDateModify" | "must_date_modify" => {
            args.exactly(2).and_then(|()| {
                let by = crate::date::span_of(args.str(0)?);
                Ok(match (&all[1].data, by) {
                    (Data::Object(object), Some(by)) => match &**object {
                        Object::Time(at) => Value::object(Object::Time(at.saturating_add(by))),
                        _ => all[1].clone(),
                    },
                    _ => all[1].clone(),
                })
            })
        }
        "date" => args.exactly(2).and_then(|()| Ok(dated(args.str(0)?, &all[1]))),
        "dateInZone" | "date_in_zone" => args.exactly(3).and_then(|()| Ok(dated(args.str(0)?, &all[1]))),
        "htmlDate" => args.exactly(1).map(|()| dated("2006-01-02", &all[0])),
        "htmlDateInZone" => args.exactly(2).map(|()| dated("2006-01-02", &all[0])),
        "unixEpoch" => args.exactly(1).map(|()| generated(seconds(&all[0]).to_string())),
        "ago" => args.exactly(1).map(|()| generated("0s".to_owned())),
        "duration" => args.exactly(1).map(|()| {
            // Only these two are read; of anything else nothing is left.
            let seconds = match &all[0].data {
                Data::Int64(_) | Data::Str(_) => to_i64(&all[0]),
                _ => 0,
            };
            Value::str(crate::date::duration(seconds))
        }),
        "durationRound" => args.exactly(1).map(|()| {
            let seconds = match &all[0].data {
                Data::Str(text) => crate::date::span_of(text.as_str()).unwrap_or(0),
                // In nanoseconds.
                Data::Int64(n) => *n / 1_000_000_000,
                _ => 0,
            };
            Value::str(crate::date::rounded(seconds))
        }),
        _ => {
            let _ = state;
            return None;
        }
    })
}

fn generated(text: String) -> Value {
    Value::text(Text::new(text, Origin::GENERATED))
}

fn seconds(value: &Value) -> i64 {
    match &value.data {
        Data::Object(object) => match &**object {
            Object::Time(seconds) => *seconds,
            _ => NOW,
        },
        Data::Int(n) | Data::Int64(n) => *n,
        _ => NOW,
    }
}

fn dated(layout: &str, time: &Value) -> Value {
    let text = crate::date::format(seconds(time), layout);
    match time.data {
        Data::Int(_) | Data::Int64(_) => Value::str(text),
        _ => generated(text),
    }
}

/// Without what binary fractions add: sprig computes in decimals.
fn decimal(value: f64) -> f64 {
    format!("{value:.12}").parse().unwrap_or(value)
}

/// An integer of anything, as sprig makes one: 0 where it is none.
pub(crate) fn to_i64(value: &Value) -> i64 {
    match &value.data {
        Data::Bool(value) => i64::from(*value),
        Data::Int(value) | Data::Int64(value) => *value,
        Data::Float(value) => {
            if value.abs() < 9.3e18 {
                *value as i64
            } else {
                i64::MIN
            }
        }
        Data::Str(text) => parse(text.as_str()).unwrap_or(0),
        _ => 0,
    }
}

fn parse(text: &str) -> Option<i64> {
    let text = match text.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => whole,
        _ => text,
    };
    match crate::template::number(text)? {
        crate::template::Number::Int(value) => Some(value),
        crate::template::Number::Float => None,
    }
}

/// A float of anything: 0 where it is none.
pub(crate) fn to_f64(value: &Value) -> f64 {
    match &value.data {
        Data::Bool(value) => f64::from(u8::from(*value)),
        Data::Int(value) | Data::Int64(value) => *value as f64,
        Data::Float(value) => *value,
        Data::Str(text) => text.as_str().parse().unwrap_or(0.0),
        _ => 0.0,
    }
}
