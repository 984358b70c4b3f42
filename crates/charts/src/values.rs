//! Values: how those of charts and those that are given come together.

use std::rc::Rc;

use crate::chart::Chart;
use crate::error::Failure;
use crate::value::{Data, Entries, Entry, Value};

fn entries(value: &Value) -> Entries {
    value.as_map().map(|map| map.entries.borrow().clone()).unwrap_or_default()
}

fn map(entries: Entries) -> Value {
    Value::map(entries)
}

/// Puts values over others, as several `--values` do.
pub(crate) fn over(base: Entries, top: &Entries) -> Entries {
    let mut merged = base;
    for (key, entry) in top {
        let both = merged.get(key).filter(|e| e.value.as_map().is_some() && entry.value.as_map().is_some());
        let value = match both {
            Some(below) => {
                map(over(entries(&below.value), &entries(&entry.value))).with_origin(entry.value.at)
            }
            None => entry.value.clone(),
        };
        merged.insert(Rc::clone(key), Entry { key: entry.key, value });
    }
    merged
}

/// The values that a chart and those in it have where these are given. `keeps` what is null, which takes a default away
/// otherwise.
pub(crate) fn coalesce(chart: &Chart, given: &Entries, keeps: bool) -> Result<Entries, Failure> {
    let mut values = deep(given);
    coalesce_values(chart, &mut values, keeps);
    for child in &chart.charts {
        let name: Rc<str> = child.name.as_str().into();
        let own = values.get(&name).cloned();
        let inner = match own {
            None => Entries::new(),
            Some(Entry { value, .. }) if value.as_map().is_some() => entries(&value),
            Some(Entry { value, .. }) if value.is_nil() => {
                // Nothing is handed on to it.
                Entries::new()
            }
            Some(_) => {
                return Err(Failure::new(format!("type mismatch on {}: expected a mapping", child.name)));
            }
        };
        let mut inner = inner;
        globals(&mut inner, &values, keeps);
        let inner = coalesce(child, &inner, keeps)?;
        let key = values.get(&name).map_or(crate::text::Origin::NOWHERE, |e| e.key);
        values.insert(name, Entry { key, value: map(inner) });
    }
    Ok(values)
}

fn deep(given: &Entries) -> Entries {
    given.iter().map(|(k, e)| (Rc::clone(k), Entry { key: e.key, value: e.value.deep_copy() })).collect()
}

fn coalesce_values(chart: &Chart, values: &mut Entries, keeps: bool) {
    for (key, entry) in entries(&chart.values) {
        match values.get(&key).cloned() {
            None => {
                values.insert(key, Entry { key: entry.key, value: entry.value.deep_copy() });
            }
            Some(there) if there.value.is_nil() && !keeps => {
                values.remove(&key);
            }
            Some(there) => {
                if there.value.as_map().is_some() && entry.value.as_map().is_some() {
                    let merged = tables(entries(&there.value), &entries(&entry.value), keeps);
                    let at = if there.value.at.is_place() { there.value.at } else { entry.value.at };
                    values.insert(key, Entry { key: there.key, value: map(merged).with_origin(at) });
                }
            }
        }
    }
}

/// Adds what a mapping lacks and another has.
pub(crate) fn tables(target: Entries, source: &Entries, keeps: bool) -> Entries {
    let mut target = target;
    for (key, entry) in source {
        match target.get(key).cloned() {
            None => {
                target.insert(Rc::clone(key), Entry { key: entry.key, value: entry.value.deep_copy() });
            }
            Some(there) if there.value.is_nil() && !keeps => {
                target.remove(key);
            }
            Some(there) => {
                if there.value.as_map().is_some() && entry.value.as_map().is_some() {
                    let merged = tables(entries(&there.value), &entries(&entry.value), keeps);
                    let at = if there.value.at.is_place() { there.value.at } else { entry.value.at };
                    target
                        .insert(Rc::clone(key), Entry { key: there.key, value: map(merged).with_origin(at) });
                }
            }
        }
    }
    target
}

/// Hands what is global on to a chart below.
fn globals(target: &mut Entries, source: &Entries, keeps: bool) {
    let table = |from: &Entries| match from.get("global") {
        None => Some(Entries::new()),
        Some(e) if e.value.is_nil() => Some(Entries::new()),
        Some(e) => e.value.as_map().map(|map| map.entries.borrow().clone()),
    };
    let (Some(mut own), Some(above)) = (table(target), table(source)) else { return };
    for (key, entry) in &above {
        if entry.value.as_map().is_some() {
            match own.get(key).cloned() {
                None => {
                    own.insert(Rc::clone(key), Entry { key: entry.key, value: entry.value.deep_copy() });
                }
                Some(there) if there.value.as_map().is_some() => {
                    // What stands above is louder.
                    let merged = tables(entries(&entry.value.deep_copy()), &entries(&there.value), keeps);
                    own.insert(Rc::clone(key), Entry { key: entry.key, value: map(merged) });
                }
                Some(_) => {}
            }
        } else if own.get(key).is_none_or(|e| e.value.as_map().is_none()) {
            own.insert(Rc::clone(key), entry.clone());
        }
    }
    let at = crate::text::Origin::NOWHERE;
    target.insert("global".into(), Entry { key: at, value: map(own) });
}

/// The value below a path with dots.
pub(crate) fn at_path(values: &Entries, path: &str) -> Option<Value> {
    let mut parts = path.split('.');
    let mut value = values.get(parts.next()?)?.value.clone();
    for part in parts {
        value = value.get(part)?;
    }
    Some(value)
}

/// Decides which charts below take part, and hands up what they export.
pub(crate) fn dependencies(chart: &mut Chart, given: &Entries) -> Result<(), Failure> {
    enable(chart, given, "")?;
    import(chart)
}

fn enable(chart: &mut Chart, given: &Entries, path: &str) -> Result<(), Failure> {
    if chart.requirements.is_empty() {
        // Those in charts/ that nobody asks for take part too, and so do theirs.
        let values = coalesce(chart, given, false)?;
        let _ = values;
        return Ok(());
    }
    let mut taken: Vec<Chart> = chart
        .charts
        .iter()
        .filter(|child| !chart.requirements.iter().any(|r| r.is(child)))
        .cloned()
        .collect();
    for requirement in &chart.requirements {
        if let Some(child) = chart.charts.iter().find(|child| requirement.is(child)) {
            taken.push(if requirement.alias.is_empty() {
                child.clone()
            } else {
                child.called(&requirement.alias)
            });
        }
    }
    chart.charts = taken;
    let values = coalesce(chart, given, false)?;
    let tags = values.get("tags").map(|e| entries(&e.value)).unwrap_or_default();
    let mut disabled: Vec<String> = Vec::new();
    for requirement in &chart.requirements {
        let mut enabled = true;
        let said: Vec<bool> = requirement
            .tags
            .iter()
            .filter_map(|tag| match tags.get(tag.as_str())?.value.data {
                Data::Bool(value) => Some(value),
                _ => None,
            })
            .collect();
        if !said.is_empty() && !said.contains(&true) {
            enabled = false;
        }
        for condition in requirement.condition.split(',').map(str::trim).filter(|c| !c.is_empty()) {
            if let Some(Value { data: Data::Bool(value), .. }) =
                at_path(&values, &format!("{path}{condition}"))
            {
                enabled = value;
                break;
            }
        }
        if !enabled {
            disabled.push(requirement.called().to_owned());
        }
    }
    chart.charts.retain(|child| !disabled.contains(&child.name));
    chart.requirements.retain(|r| !disabled.iter().any(|name| name == r.called()));
    for child in &mut chart.charts {
        let below = format!("{path}{}.", child.name);
        enable(child, &values, &below)?;
    }
    Ok(())
}

fn import(chart: &mut Chart) -> Result<(), Failure> {
    for child in &mut chart.charts {
        import(child)?;
    }
    if chart.requirements.iter().all(|r| r.import_values.is_empty()) {
        return Ok(());
    }
    let values = coalesce(chart, &Entries::new(), true)?;
    let mut imported = Entries::new();
    for requirement in &chart.requirements {
        let name = requirement.called();
        for item in &requirement.import_values {
            let (from, to) = if let Some(export) = item.as_str() {
                (format!("{name}.exports.{export}"), String::new())
            } else {
                let text = |key: &str| item.get(key).and_then(|v| v.as_str().map(str::to_owned));
                let (Some(from), Some(to)) = (text("child"), text("parent")) else { continue };
                (format!("{name}.{from}"), to)
            };
            let Some(found) = at_path(&values, &from).filter(|v| v.as_map().is_some()) else { continue };
            let mut table = entries(&found);
            if !to.is_empty() && to != "." {
                for part in to.rsplit('.') {
                    let mut around = Entries::new();
                    crate::value::put(&mut around, part, map(table));
                    table = around;
                }
            }
            imported = tables(imported, &table, true);
        }
    }
    chart.values = map(tables(values, &imported, true));
    Ok(())
}

/// Adds values in the notation of `--set`: `a.b[0].c=1,d={x,y}`.
///
/// # Errors
///
/// The text is in no such notation.
pub(crate) fn set(values: &mut Entries, text: &str) -> Result<(), Failure> {
    for assignment in split(text, ',') {
        let wrong = || Failure::new(format!("--set {assignment}: has to be KEY=VALUE"));
        let Some(at) = unescaped(&assignment, '=') else { return Err(wrong()) };
        let (path, value) = (&assignment[..at], &assignment[at + 1..]);
        let value = match value.strip_prefix('{').and_then(|v| v.strip_suffix('}')) {
            Some("") => Value::list(Vec::new()),
            Some(items) => Value::list(split(items, ',').iter().map(|item| typed(item)).collect()),
            None => typed(value),
        };
        let steps = steps(path).ok_or_else(wrong)?;
        let root = std::mem::take(values);
        let changed = put_at(map(root), &steps, value)?;
        *values = entries(&changed);
    }
    Ok(())
}

enum Step {
    Key(String),
    Item(usize),
}

fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for part in split(path, '.') {
        let (name, mut rest) = part.find('[').map_or((part.as_str(), ""), |at| part.split_at(at));
        if !name.is_empty() {
            steps.push(Step::Key(name.replace('\\', "")));
        }
        while let Some(inner) = rest.strip_prefix('[') {
            let (number, after) = inner.split_once(']')?;
            steps.push(Step::Item(number.trim().parse().ok().filter(|n| *n < 65_536)?));
            rest = after;
        }
    }
    (!steps.is_empty()).then_some(steps)
}

fn put_at(value: Value, steps: &[Step], new: Value) -> Result<Value, Failure> {
    let Some((step, rest)) = steps.split_first() else { return Ok(new) };
    if rest.len() > 64 {
        return Err(Failure::new("--set: too deep"));
    }
    match step {
        Step::Key(key) => {
            let mut all = entries(&value);
            let inner = all.get(key.as_str()).map_or(Value::NIL, |e| e.value.clone());
            crate::value::put(&mut all, key, put_at(inner, rest, new)?);
            Ok(map(all))
        }
        Step::Item(n) => {
            let mut items = value.as_list().map(|items| items.to_vec()).unwrap_or_default();
            if items.len() <= *n {
                items.resize(n + 1, Value::NIL);
            }
            let inner = items[*n].clone();
            items[*n] = put_at(inner, rest, new)?;
            Ok(Value::list(items))
        }
    }
}

fn typed(text: &str) -> Value {
    let plain = text.replace('\\', "");
    match text {
        "true" => Value::bool(true),
        "false" => Value::bool(false),
        "null" => Value::NIL,
        "0" => Value::new(Data::Int64(0)),
        _ if !text.starts_with('0') => {
            text.parse().map_or_else(|_| Value::str(plain), |n| Value::new(Data::Int64(n)))
        }
        _ => Value::str(plain),
    }
}

fn unescaped(text: &str, wanted: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c == wanted && !escaped {
            return Some(at);
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

/// Splits where a separator stands outside of braces and without a backslash before it.
fn split(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_u32;
    let mut escaped = false;
    for c in text.chars() {
        match c {
            '{' if !escaped => depth += 1,
            '}' if !escaped => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c == separator && depth == 0 && !escaped {
            parts.push(String::new());
        } else {
            let last = parts.len() - 1;
            parts[last].push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    parts
}
