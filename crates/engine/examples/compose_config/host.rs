//! Reads Compose projects from files as a machine would, and compares them with what docker-compose prints.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_engine::project::compose::{self, Composition, Home, Host, Item, Value};
use seaworthy_engine::{Files, Kind, Source, SourceId, parse};
use serde_json::Value as Json;

const DEFAULTS: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// A machine with nothing but a path, a home and the directory it is in.
pub(crate) fn host(directory: &Utf8Path, home: &str, profiles: Vec<String>) -> Host {
    Host {
        directory: Some(directory.to_string()),
        home: Some(Home::At(home.to_owned())),
        variables: Some(vec![
            ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
            ("HOME".to_owned(), home.to_owned()),
            ("PWD".to_owned(), directory.to_string()),
        ]),
        profiles,
    }
}

/// The files that Compose takes in a directory unasked.
pub(crate) fn default_chain(directory: &Utf8Path) -> Vec<Utf8PathBuf> {
    let first = |names: [&str; 4]| names.iter().map(|name| directory.join(name)).find(|path| path.is_file());
    [DEFAULTS, OVERRIDES].into_iter().filter_map(first).collect()
}

/// Loads a chain and whatever it asks for, and says whether a file is no YAML; `real` is where a path of the machine lies.
pub(crate) fn read(
    chain: &[Utf8PathBuf],
    host: &Host,
    real: impl Fn(&Utf8Path) -> Utf8PathBuf,
) -> (Composition, bool) {
    let sources = chain.iter().enumerate().filter_map(|(number, path)| {
        let bytes = std::fs::read(real(path)).ok()?;
        let source = Source::from_bytes(path.clone(), Kind::Compose, bytes);
        Some(parse(SourceId(number as u32), source))
    });
    let parses: Vec<_> = sources.collect();
    let mut files = Files::default();
    loop {
        let (composition, wanted) = compose::load(&parses, &files, chain, host);
        if wanted.is_empty() {
            let errors = parses.iter().flat_map(seaworthy_engine::Parse::errors);
            return (composition, errors.count() > 0);
        }
        for path in wanted {
            let text =
                std::fs::read(real(&path)).ok().map(|bytes| Arc::from(String::from_utf8_lossy(&bytes)));
            files.add_text(path, text);
        }
    }
}

/// A project's values as JSON; a `$` is written twice as docker-compose does.
pub(crate) fn json(item: &Item) -> Json {
    let escape = |text: &str| text.replace('$', "$$");
    match &item.value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => Json::from(*value),
        Value::Float(value) => Json::from(*value),
        Value::Str(text) => Json::String(escape(text)),
        Value::List(list) => Json::Array(list.iter().map(json).collect()),
        Value::Map(map) => map.iter().map(|(name, item)| (escape(name), json(item))).collect(),
    }
}

/// Where two values differ.
pub(crate) fn differ(ours: &Json, theirs: &Json, at: &str, differences: &mut Vec<String>) {
    match (ours, theirs) {
        (Json::Object(a), Json::Object(b)) => {
            let names: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for name in names {
                let at = format!("{at}.{name}");
                match (a.get(name), b.get(name)) {
                    (Some(a), Some(b)) => differ(a, b, &at, differences),
                    (Some(a), None) => differences.push(format!("{at}: only ours: {a}")),
                    (None, Some(b)) => differences.push(format!("{at}: only theirs: {b}")),
                    (None, None) => {}
                }
            }
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            for (n, (a, b)) in a.iter().zip(b).enumerate() {
                differ(a, b, &format!("{at}[{n}]"), differences);
            }
        }
        (Json::Number(a), Json::Number(b)) if a.as_f64() == b.as_f64() => {}
        (a, b) if a == b => {}
        (a, b) => differences.push(format!("{at}: ours {a}, theirs {b}")),
    }
}
