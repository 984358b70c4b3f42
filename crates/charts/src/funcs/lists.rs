//! Lists.

use super::{Args, Outcome, to_i64};
use crate::error::Failure;
use crate::exec::State;
use crate::text::Text;
use crate::value::{Data, Value};

/// The longest list that a function makes of a number.
const LONGEST: u64 = 1_000_000;

pub(super) fn call(state: &mut State, args: &Args<'_>) -> Option<Outcome> {
    let all = &args.all;
    let name = args.name.strip_prefix("must").map_or_else(
        || args.name.to_owned(),
        |rest| rest[..1].to_ascii_lowercase() + rest.get(1..).unwrap_or_default(),
    );
    Some(match name.as_str() {
        "list" | "tuple" => Ok(Value::list(all.clone())),
        "append" | "push" => args.exactly(2).and_then(|()| {
            let mut items = items(args, 0, "push on")?.to_vec();
            state.make(items.len())?;
            items.push(all[1].clone());
            Ok(Value::list(items))
        }),
        "prepend" => args.exactly(2).and_then(|()| {
            let old = items(args, 0, "prepend on")?;
            state.make(old.len())?;
            let mut items = Vec::with_capacity(old.len() + 1);
            items.push(all[1].clone());
            items.extend_from_slice(old);
            Ok(Value::list(items))
        }),
        "first" => args.exactly(1).and_then(|()| Ok(args.list(0)?.first().cloned().unwrap_or(Value::NIL))),
        "last" => args.exactly(1).and_then(|()| Ok(args.list(0)?.last().cloned().unwrap_or(Value::NIL))),
        "rest" => args.exactly(1).and_then(|()| {
            let items = args.list(0)?;
            Ok(if items.is_empty() { Value::NIL } else { Value::list(items[1..].to_vec()) })
        }),
        "initial" => args.exactly(1).and_then(|()| {
            let items = args.list(0)?;
            Ok(if items.is_empty() { Value::NIL } else { Value::list(items[..items.len() - 1].to_vec()) })
        }),
        "reverse" => {
            args.exactly(1).and_then(|()| Ok(Value::list(args.list(0)?.iter().rev().cloned().collect())))
        }
        "compact" => args.exactly(1).and_then(|()| {
            Ok(Value::list(args.list(0)?.iter().filter(|v| !v.is_empty()).cloned().collect()))
        }),
        "uniq" => args.exactly(1).and_then(|()| {
            let mut kept: Vec<Value> = Vec::new();
            for item in args.list(0)?.iter() {
                if !kept.iter().any(|k| k.deep_equal(item)) {
                    state.step()?;
                    kept.push(item.clone());
                }
                for _ in 0..kept.len() / 64 {
                    state.step()?;
                }
            }
            Ok(Value::list(kept))
        }),
        "without" => args.at_least(1).and_then(|()| {
            let kept = args.list(0)?.iter().filter(|item| !all[1..].iter().any(|o| o.deep_equal(item)));
            Ok(Value::list(kept.cloned().collect()))
        }),
        "has" => args.exactly(2).and_then(|()| {
            if all[1].is_nil() {
                return Ok(Value::bool(false));
            }
            Ok(Value::bool(items(args, 1, "find has on")?.iter().any(|item| item.deep_equal(&all[0]))))
        }),
        "slice" => args.at_least(1).and_then(|()| {
            let items = args.list(0)?;
            if items.is_empty() {
                return Ok(Value::NIL);
            }
            let start = all.get(1).map_or(0, to_i64);
            let end = all.get(2).map_or(items.len() as i64, to_i64);
            let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
            let part = range.and_then(|(start, end)| items.get(start..end));
            part.map(|part| Value::list(part.to_vec()))
                .ok_or_else(|| Failure::new("error calling slice: slice bounds out of range"))
        }),
        "concat" => {
            let mut joined = Vec::new();
            for n in 0..all.len() {
                match items(args, n, "concat") {
                    Ok(items) => joined.extend_from_slice(items),
                    Err(failure) => return Some(Err(failure)),
                }
            }
            state.make(joined.len()).map(|()| Value::list(joined))
        }
        "chunk" => args.exactly(2).and_then(|()| {
            let size = usize::try_from(args.int(0)?).ok().filter(|size| *size > 0);
            let size = size.ok_or_else(|| Failure::new("error calling chunk: size has to be positive"))?;
            Ok(Value::list(args.list(1)?.chunks(size).map(|c| Value::list(c.to_vec())).collect()))
        }),
        "sortAlpha" => args.exactly(1).map(|()| {
            let mut texts = texts(&all[0]);
            texts.sort_by(|a, b| a.as_str().cmp(b.as_str()));
            Value::list(texts.into_iter().map(Value::text).collect())
        }),
        "toStrings" => {
            args.exactly(1).map(|()| Value::list(texts(&all[0]).into_iter().map(Value::text).collect()))
        }
        "join" => args.exactly(2).and_then(|()| {
            let separator = args.text(0)?;
            let mut out = Text::default();
            for (n, text) in texts(&all[1]).iter().enumerate() {
                if n > 0 {
                    out.push(separator);
                }
                out.push(text);
                if n % 1024 == 0 {
                    state.make(0)?;
                }
            }
            Ok(Value::text(out))
        }),
        "splitList" => args.exactly(2).and_then(|()| {
            let text = args.text(1)?;
            let parts = split(args.str(0)?, text.as_str(), usize::MAX);
            state.make(text.len())?;
            Ok(Value::list(parts.into_iter().map(|p| Value::text(text.part(p))).collect()))
        }),
        "split" | "splitn" => args.exactly(if name == "split" { 2 } else { 3 }).and_then(|()| {
            let limit = if name == "split" {
                usize::MAX
            } else {
                usize::try_from(args.int(1)?).unwrap_or(usize::MAX)
            };
            let text = args.text(all.len() - 1)?;
            let parts = split(args.str(0)?, text.as_str(), limit);
            let mut entries = crate::value::Entries::new();
            for (n, part) in parts.into_iter().enumerate() {
                crate::value::put(&mut entries, &format!("_{n}"), Value::text(text.part(part)));
            }
            Ok(Value::strings(entries))
        }),
        "until" => args.exactly(1).and_then(|()| {
            let count = args.int(0)?;
            numbers(0, count, if count < 0 { -1 } else { 1 })
        }),
        "untilStep" => args.exactly(3).and_then(|()| numbers(args.int(0)?, args.int(1)?, args.int(2)?)),
        "seq" => {
            let numbers: Result<Vec<i64>, Failure> = (0..all.len()).map(|n| args.int(n)).collect();
            numbers.and_then(|numbers| sequence(&numbers))
        }
        _ => return None,
    })
}

fn items<'a>(args: &'a Args<'_>, n: usize, what: &str) -> Result<&'a [Value], Failure> {
    match &args.any(n).data {
        Data::List(items) => Ok(items),
        _ => Err(Failure::new(format!("Cannot {what} type {}", args.any(n).kind_name()))),
    }
}

/// The items of a list as texts, without those that are nothing.
fn texts(value: &Value) -> Vec<Text> {
    match &value.data {
        Data::List(items) => items.iter().filter(|v| !v.is_nil()).map(Value::display).collect(),
        Data::Nil | Data::Null => Vec::new(),
        _ => vec![value.display()],
    }
}

/// Splits as Go does: an empty separator parts all characters.
fn split<'t>(separator: &str, text: &'t str, limit: usize) -> Vec<&'t str> {
    if limit == 0 {
        return Vec::new();
    }
    if separator.is_empty() {
        let mut parts: Vec<&str> = text.char_indices().map(|(n, c)| &text[n..n + c.len_utf8()]).collect();
        if parts.len() > limit {
            let from = text.char_indices().nth(limit - 1).map_or(0, |(n, _)| n);
            parts.truncate(limit - 1);
            parts.push(&text[from..]);
        }
        return parts;
    }
    text.splitn(limit, separator).collect()
}

fn numbers(start: i64, stop: i64, step: i64) -> Outcome {
    if step == 0 || stop < start && step > 0 || stop > start && step < 0 {
        if step == 0 || stop < start {
            return Ok(Value::list(Vec::new()));
        }
        return Ok(Value::list(Vec::new()));
    }
    if start.abs_diff(stop) / step.unsigned_abs() > LONGEST {
        return Err(Failure::bounded(format!("a list of more than {LONGEST} numbers")));
    }
    let mut list = Vec::new();
    let mut n = start;
    while if step > 0 { n < stop } else { n > stop } {
        list.push(Value::new(Data::Int(n)));
        n = n.saturating_add(step);
    }
    Ok(Value::list(list))
}

/// The text of numbers that `seq` prints.
fn sequence(numbers: &[i64]) -> Outcome {
    let (start, step, end) = match *numbers {
        [end] => (1, if end < 1 { -1 } else { 1 }, end),
        [start, end] => (start, if end < start { -1 } else { 1 }, end),
        [start, step, end] => (start, step, end),
        _ => return Ok(Value::str("")),
    };
    if step == 0 || (end - start).signum() * step.signum() < 0 {
        return Ok(Value::str(""));
    }
    let past = if step > 0 { end.saturating_add(1) } else { end.saturating_sub(1) };
    let list = self::numbers(start, past, step)?;
    let texts: Vec<String> = texts(&list).iter().map(|t| t.as_str().to_owned()).collect();
    Ok(Value::str(texts.join(" ")))
}
