//! Maps.

use std::rc::Rc;

use super::{Args, Outcome};
use crate::error::Failure;
use crate::text::Text;
use crate::value::{Data, Entries, Entry, Map, Value};

pub(super) fn call(args: &Args<'_>) -> Option<Outcome> {
    let all = &args.all;
    Some(match args.name {
        "dict" => {
            let mut entries = Entries::new();
            for pair in all.chunks(2) {
                let key = pair[0].display();
                let value = pair.get(1).cloned().unwrap_or_else(|| Value::str(""));
                entries.insert(key.as_str().into(), Entry { key: key.origin(), value });
            }
            Ok(Value::map(entries))
        }
        "get" => args.exactly(2).and_then(|()| {
            let map = args.map(0)?;
            let key = args.str(1)?;
            Ok(map.entries.borrow().get(key).map_or_else(|| Value::str(""), |e| e.value.clone()))
        }),
        "set" => args.exactly(3).and_then(|()| {
            let map = args.map(0)?;
            if all[0].is_nil() {
                return Err(Failure::new("error calling set: assignment to entry in nil map"));
            }
            let key = args.text(1)?;
            let entry = Entry { key: key.origin(), value: all[2].clone() };
            map.entries.borrow_mut().insert(key.as_str().into(), entry);
            Ok(all[0].clone())
        }),
        "unset" => args.exactly(2).and_then(|()| {
            args.map(0)?.entries.borrow_mut().remove(args.str(1)?);
            Ok(all[0].clone())
        }),
        "hasKey" => args
            .exactly(2)
            .and_then(|()| Ok(Value::bool(args.map(0)?.entries.borrow().contains_key(args.str(1)?)))),
        "pluck" => args.at_least(1).and_then(|()| {
            let key = args.str(0)?;
            let mut found = Vec::new();
            for n in 1..all.len() {
                found.extend(args.map(n)?.entries.borrow().get(key).map(|e| e.value.clone()));
            }
            Ok(Value::list(found))
        }),
        "keys" => {
            let mut names = Vec::new();
            for n in 0..all.len() {
                match args.map(n) {
                    Ok(map) => names.extend(
                        map.entries.borrow().iter().map(|(k, e)| Value::text(Text::new(&**k, e.key))),
                    ),
                    Err(failure) => return Some(Err(failure)),
                }
            }
            Ok(Value::list(names))
        }
        "values" => args.exactly(1).and_then(|()| {
            Ok(Value::list(args.map(0)?.entries.borrow().values().map(|e| e.value.clone()).collect()))
        }),
        "pick" | "omit" => args.at_least(1).and_then(|()| {
            let picks = args.name == "pick";
            let mut names = Vec::new();
            for n in 1..all.len() {
                names.push(args.str(n)?);
            }
            let map = args.map(0)?;
            let entries = map.entries.borrow();
            let kept = entries.iter().filter(|(key, _)| names.contains(&&***key) == picks);
            Ok(Value::map(kept.map(|(k, e)| (Rc::clone(k), e.clone())).collect()))
        }),
        "merge" | "mustMerge" | "mergeOverwrite" | "mustMergeOverwrite" => args.at_least(1).and_then(|()| {
            let target = args.map(0)?;
            let overwrites = args.name.ends_with("Overwrite");
            for n in 1..all.len() {
                merge(&target, &args.map(n)?, overwrites);
            }
            Ok(Value { data: Data::Map(target), at: all[0].at })
        }),
        "deepCopy" | "mustDeepCopy" => args.exactly(1).map(|()| all[0].deep_copy()),
        "dig" => args.at_least(3).and_then(|()| {
            let last = all.len() - 1;
            let mut value = all[last].clone();
            for n in 0..last - 1 {
                let key = args.str(n)?;
                let Some(map) = value.as_map().cloned() else {
                    return Err(Failure::new(format!(
                        "error calling dig: interface conversion: interface {{}} is {}, not map[string]interface {{}}",
                        value.type_name()
                    )));
                };
                let found = map.entries.borrow().get(key).map(|e| e.value.clone());
                match found {
                    Some(found) => value = found,
                    None => return Ok(all[last - 1].clone()),
                }
            }
            Ok(value)
        }),
        _ => return None,
    })
}

/// Adds what a map has to another, as mergo does it: what is empty there counts as missing.
fn merge(target: &Rc<Map>, source: &Rc<Map>, overwrites: bool) {
    if Rc::ptr_eq(target, source) {
        return;
    }
    let source: Vec<_> = source.entries.borrow().iter().map(|(k, e)| (Rc::clone(k), e.clone())).collect();
    for (key, entry) in source {
        let there = target.entries.borrow().get(&key).map(|e| e.value.clone());
        if entry.value.is_nil() {
            if overwrites {
                target.entries.borrow_mut().insert(key, entry);
            }
            continue;
        }
        if let (Some(Value { data: Data::Map(there), .. }), Data::Map(new)) = (&there, &entry.value.data)
            && !there.entries.borrow().is_empty()
        {
            merge(there, new, overwrites);
            continue;
        }
        if overwrites || there.as_ref().is_none_or(Value::is_empty) {
            target.entries.borrow_mut().insert(key, entry);
        }
    }
}
