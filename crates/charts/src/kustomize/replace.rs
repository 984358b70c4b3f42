//! `replacements`: values that are copied from one object to others.

use super::patch::select;
use super::transform::put;
use super::{Builder, Resource, list, text_of};
use crate::error::Failure;
use crate::read_yaml;
use crate::text::Origin;
use crate::value::{Data, Value};

pub(super) fn run(
    builder: &mut Builder<'_>,
    directory: &str,
    value: &Value,
    resources: &[Resource],
) -> Result<(), Failure> {
    for item in list(value, "replacements") {
        let Some(path) = item.get("path").and_then(|p| p.as_str().map(str::to_owned)) else {
            one(&item, resources)?;
            continue;
        };
        let text = builder.text(&Builder::inside(directory, &path)?)?;
        let read = read_yaml::document(&text)?;
        match read.as_list() {
            Some(items) => items.iter().try_for_each(|item| one(item, resources))?,
            None => one(&read, resources)?,
        }
    }
    Ok(())
}

fn one(item: &Value, resources: &[Resource]) -> Result<(), Failure> {
    let Some(source) = item.get("source") else { return Err(Failure::new("a replacement without a source")) };
    let chosen = select(&source, resources)?;
    let [from] = chosen[..] else {
        return Err(Failure::new("a replacement whose source is not one object"));
    };
    let path = text_of(&source, "fieldPath").unwrap_or_else(|| "metadata.name".to_owned());
    let found = steps(&path)
        .iter()
        .try_fold(resources[from].value.clone(), |value, step| follow(&value, step))
        .ok_or_else(|| Failure::new(format!("{path} is not in the source of a replacement")))?;
    let found = match source.get("options").filter(|o| !o.is_nil()) {
        Some(options) => part(&found, &options)?,
        None => found,
    };
    for target in list(item, "targets") {
        let select_in = target.get("select").ok_or_else(|| Failure::new("a target without a selection"))?;
        let chosen = select(&select_in, resources)?;
        let mut rejected = Vec::new();
        for reject in list(&target, "reject") {
            rejected.extend(select(&reject, resources)?);
        }
        let mut paths: Vec<String> =
            list(&target, "fieldPaths").iter().filter_map(|p| p.as_str().map(str::to_owned)).collect();
        if paths.is_empty() {
            paths.push("metadata.name".to_owned());
        }
        let options = target.get("options").filter(|o| !o.is_nil());
        for at in chosen.into_iter().filter(|at| !rejected.contains(at)) {
            for path in &paths {
                if path == "metadata.name" || path == "metadata.namespace" {
                    return Err(Failure::new("replacements of names are not supported"));
                }
                let done = write(&resources[at].value, &steps(path), &found, options.as_ref())?;
                if !done {
                    return Err(Failure::new(format!("{path} is not in the target of a replacement")));
                }
            }
        }
    }
    Ok(())
}

enum Step {
    Key(String),
    /// All items, or those of which a key has a value.
    Items(Option<(String, String)>),
}

/// `a.b.[name=x].c`, with `[a.b]` and `\.` for keys that have dots.
fn steps(path: &str) -> Vec<Step> {
    let mut parts: Vec<String> = vec![String::new()];
    let mut depth = 0;
    let mut escaped = false;
    for c in path.chars() {
        let last = parts.len() - 1;
        match c {
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            '[' if !escaped => depth += 1,
            ']' if !escaped => depth -= 1,
            '.' if depth == 0 && !escaped => {
                parts.push(String::new());
                escaped = false;
                continue;
            }
            _ => {}
        }
        parts[last].push(c);
        escaped = false;
    }
    parts
        .into_iter()
        .filter(|p| !p.is_empty())
        .map(|part| {
            if part == "*" {
                return Step::Items(None);
            }
            match part.strip_prefix('[').and_then(|p| p.strip_suffix(']')) {
                Some(inner) => match inner.split_once('=') {
                    Some((key, value)) => Step::Items(Some((key.to_owned(), value.to_owned()))),
                    None => Step::Key(inner.to_owned()),
                },
                None => Step::Key(part),
            }
        })
        .collect()
}

fn is(item: &Value, wanted: Option<&(String, String)>) -> bool {
    wanted.is_none_or(|(key, value)| text_of(item, key).as_deref() == Some(value))
}

fn follow(value: &Value, step: &Step) -> Option<Value> {
    match step {
        Step::Key(key) => match &value.data {
            Data::List(items) => items.get(key.parse::<usize>().ok()?).cloned(),
            _ => value.get(key).filter(|v| !v.is_nil()),
        },
        Step::Items(wanted) => value.as_list()?.iter().find(|item| is(item, wanted.as_ref())).cloned(),
    }
}

fn separator(options: &Value) -> Option<String> {
    text_of(options, "delimiter").filter(|d| !d.is_empty())
}

fn index(options: &Value) -> i64 {
    options.get("index").map_or(0, |v| match v.data {
        Data::Float(n) => n as i64,
        Data::Int(n) | Data::Int64(n) => n,
        _ => 0,
    })
}

fn part(value: &Value, options: &Value) -> Result<Value, Failure> {
    let Some(separator) = separator(options) else { return Ok(value.clone()) };
    let text = value.display();
    let found = usize::try_from(index(options)).ok().and_then(|n| text.as_str().split(&*separator).nth(n));
    found
        .map(|part| Value::text(text.part(part)))
        .ok_or_else(|| Failure::new("a part that the source of a replacement does not have"))
}

fn write(value: &Value, steps: &[Step], new: &Value, options: Option<&Value>) -> Result<bool, Failure> {
    let Some((step, rest)) = steps.split_first() else { return Ok(false) };
    let creates = options.is_some_and(|o| o.get("create").is_some_and(|v| v.is_true()));
    match step {
        Step::Key(key) => {
            if let Data::List(items) = &value.data {
                let item = key.parse::<usize>().ok().and_then(|n| items.get(n).cloned());
                return match item {
                    Some(item) if !rest.is_empty() => write(&item, rest, new, options),
                    _ => Err(Failure::new("replacements of items are not supported")),
                };
            }
            let old = value.get(key).filter(|v| !v.is_nil());
            if rest.is_empty() {
                let written = match (&old, options.and_then(separator)) {
                    (None, _) if !creates => return Ok(false),
                    (Some(old), Some(separator)) => joined(old, new, &separator, options.map_or(0, index)),
                    (_, Some(_)) => return Err(Failure::new("a delimiter without a value")),
                    (_, None) => new.clone(),
                };
                put(value, key, written, Origin::NOWHERE);
                return Ok(true);
            }
            match old {
                Some(inner) => write(&inner, rest, new, options),
                None if creates && matches!(rest.first(), Some(Step::Key(_))) => {
                    let made = super::empty();
                    put(value, key, made.clone(), Origin::NOWHERE);
                    write(&made, rest, new, options)
                }
                None => Ok(false),
            }
        }
        Step::Items(wanted) => {
            let Some(items) = value.as_list() else { return Ok(false) };
            if rest.is_empty() {
                return Err(Failure::new("replacements of items are not supported"));
            }
            let mut done = false;
            for item in items.iter().filter(|item| is(item, wanted.as_ref())) {
                done |= write(item, rest, new, options)?;
            }
            Ok(done)
        }
    }
}

/// A text of which one part is replaced.
fn joined(old: &Value, new: &Value, separator: &str, index: i64) -> Value {
    let (old, new) = (old.display(), new.display());
    let mut parts: Vec<crate::text::Text> =
        old.as_str().split(separator).map(|part| old.part(part)).collect();
    match usize::try_from(index) {
        Err(_) => parts.insert(0, new),
        Ok(n) if n >= parts.len() => parts.push(new),
        Ok(n) => parts[n] = new,
    }
    let mut out = crate::text::Text::default();
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            out.push_made(separator);
        }
        out.push(part);
    }
    Value::text(out)
}
