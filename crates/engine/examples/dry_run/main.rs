//! Holds what we say of objects against a real API server: is each taken or refused by both? `cargo xtask compare apiserver` runs it.
//!
//!     dry_run ADDRESS BREAKS SAMPLES <FILES
//!
//! Asks the server at an address (that of `kubectl proxy`) for a strict dry run of each object in the files that standard input names.
//! Objects of kinds that it does not serve are left out. With a number of breaks, objects that both take are broken on purpose in each
//! known way so many times, and asked again.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a tool for developers: it reads files, asks a server and prints"
)]

mod breaks;

use std::collections::BTreeMap;
use std::io::{BufRead as _, Read as _, Write as _};
use std::net::TcpStream;

use rayon::prelude::*;
use seaworthy_engine::check::{Config, check};
use seaworthy_engine::project::Project;
use seaworthy_engine::{Files, Kind, Source, SourceId, parse};
use serde_json::Value;

/// The rules whose findings an API server refuses an object for.
const REFUSES: [&str; 8] = [
    "duplicate-container-name",
    "invalid-value",
    "missing-key",
    "missing-volume",
    "selector-mismatch",
    "syntax-error",
    "unknown-key",
    "unsupported-restart-policy",
];

/// What a server says where the state of the cluster decides, not the object.
const OF_THE_CLUSTER: [&str; 4] =
    ["resourceVersion should not be set", "already exists", "not found", "is forbidden"];

/// Likewise, in what it says of an object that is invalid.
const OF_ADDRESSES: [&str; 3] =
    ["failed to allocate IP", "not configured for dual-stack", "provided IP is already"];

/// A kind that the server serves: where it is asked for.
struct Served {
    path: String,
    plural: String,
    namespaced: bool,
}

/// One object, as text.
#[derive(Clone)]
struct Object {
    file: String,
    text: String,
    api_version: String,
    kind: String,
    namespace: Option<String>,
}

/// What both say of an object: `None` for nothing against it.
struct Verdict {
    ours: Option<String>,
    theirs: Option<String>,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [address, breaks, samples] = &words[..] else { panic!("dry_run ADDRESS BREAKS SAMPLES") };
    let (breaks, samples): (usize, usize) = (breaks.parse().unwrap(), samples.parse().unwrap());
    let served = served(address);
    let paths: Vec<String> = std::io::stdin().lock().lines().map(Result::unwrap).collect();
    let objects: Vec<Object> = paths.par_iter().flat_map_iter(|path| objects(path)).collect();
    let known: Vec<(Object, Verdict)> = objects
        .into_par_iter()
        .filter_map(|object| Some((verdict(address, &served, &object)?, object)))
        .map(|(verdict, object)| (object, verdict))
        .collect();
    print("objects as they are", known.iter().map(|(object, verdict)| ("", object, verdict)), samples);
    if breaks == 0 {
        return;
    }
    let sound: Vec<&Object> =
        known.iter().filter(|(_, v)| v.ours.is_none() && v.theirs.is_none()).map(|(o, _)| o).collect();
    let broken: Vec<(&str, Object)> = breaks::ALL
        .par_iter()
        .flat_map_iter(|way| {
            // Not one file's again and again.
            let mut last = "";
            let changed = sound.iter().filter_map(move |object| {
                if last == object.file {
                    return None;
                }
                let text = way.of(&object.kind, &object.text)?;
                last = &object.file;
                Some((way.name, Object { text, ..(*object).clone() }))
            });
            changed.take(breaks)
        })
        .collect();
    let asked: Vec<(&str, Object, Verdict)> = broken
        .into_par_iter()
        .filter_map(|(name, object)| {
            let verdict = verdict(address, &served, &object)?;
            Some((name, object, verdict))
        })
        .collect();
    print("objects broken on purpose", asked.iter().map(|(name, o, v)| (*name, o, v)), samples);
}

fn print<'a>(title: &str, all: impl Iterator<Item = (&'a str, &'a Object, &'a Verdict)>, samples: usize) {
    let (mut taken, mut refused, mut only_we, mut only_they) = (0, 0, Vec::new(), Vec::new());
    for (name, object, verdict) in all {
        let about = format!("{name}\t{}\t{}", object.kind, object.file);
        match (&verdict.ours, &verdict.theirs) {
            (None, None) => taken += 1,
            (Some(_), Some(_)) => refused += 1,
            (Some(why), None) => only_we.push(format!("{about}\t{why}")),
            (None, Some(why)) => only_they.push(format!("{about}\t{why}")),
        }
    }
    let all = taken + refused + only_we.len() + only_they.len();
    let share = (taken + refused) * 1000 / all.max(1);
    println!("{title}: {all}, agreed {}.{} %", share / 10, share % 10);
    println!("  taken by both {taken}, refused by both {refused}");
    println!("  refused by us alone {}, by the server alone {}", only_we.len(), only_they.len());
    for (who, lines) in [("we", only_we), ("the server", only_they)] {
        for line in lines.iter().take(samples) {
            println!("only {who}\t{line}");
        }
    }
}

/// The objects of a file, each with its text.
fn objects(path: &str) -> Vec<Object> {
    let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
    let mut pieces = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if line.starts_with("---") {
            pieces.push(String::new());
        } else if let Some(last) = pieces.last_mut() {
            last.push_str(line);
        }
    }
    // A text that somebody fills in is no object yet.
    pieces.retain(|piece| !["{{", "${", "<no value>"].iter().any(|mark| piece.contains(mark)));
    let file = path.rsplit('/').next().unwrap_or(path);
    pieces.into_iter().filter_map(|text| object(file, text)).collect()
}

fn object(file: &str, text: String) -> Option<Object> {
    let project = project(&text);
    let [object] = &project.objects[..] else { return None };
    // A list is several, and what is no whole object is not meant to be taken.
    if object.patch || object.place.source != SourceId(0) || text.contains("\nitems:") {
        return None;
    }
    let (api_version, kind) = (object.api_version.value.clone(), object.kind.value.clone());
    let namespace = object.namespace.as_ref().map(|n| n.value.clone());
    Some(Object { file: file.to_owned(), api_version, kind, namespace, text })
}

fn project(text: &str) -> Project {
    let source = Source::new("object.yaml", Kind::Manifest, text);
    Project::of(vec![parse(SourceId(0), source)], Files::default())
}

/// `None` where the server does not serve the kind, or where the state of the cluster decides.
fn verdict(address: &str, served: &BTreeMap<(String, String), Served>, object: &Object) -> Option<Verdict> {
    let of = served.get(&(object.api_version.clone(), object.kind.clone()))?;
    let mut path = of.path.clone();
    if of.namespaced {
        path += &format!("/namespaces/{}", object.namespace.as_deref().unwrap_or("default"));
    }
    path += &format!("/{}?dryRun=All&fieldValidation=Strict", of.plural);
    let (code, answer) = ask(address, "POST", &path, &object.text)?;
    let theirs = match code {
        200..=299 | 409 => None,
        _ => {
            let message = answer["message"].as_str().unwrap_or("no reason").replace('\n', " ");
            if OF_ADDRESSES.iter().any(|words| message.contains(words))
                || OF_THE_CLUSTER.iter().any(|words| message.contains(words)) && code != 422
            {
                return None;
            }
            Some(message)
        }
    };
    let config = Config { kubernetes: "1.34".parse().ok(), fixes: false, ..Config::default() };
    let project = project(&object.text);
    let report = check(&project, &config);
    let found = report.diagnostics.iter().find(|d| REFUSES.contains(&d.rule.name));
    let ours = found.map(|d| {
        let line = object.text[..d.span.start as usize].lines().count();
        format!("{} (line {line}): {}", d.rule.name, d.message)
    });
    Some(Verdict { ours, theirs })
}

/// Every kind that the server serves, by API version and kind.
fn served(address: &str) -> BTreeMap<(String, String), Served> {
    let get = |path: &str| ask(address, "GET", path, "").map(|(_, body)| body).unwrap_or_default();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut versions = vec![("v1".to_owned(), "/api/v1".to_owned())];
    for group in list(&get("/apis")["groups"]) {
        for version in list(&group["versions"]) {
            let name = text(&version["groupVersion"]);
            versions.push((name.clone(), format!("/apis/{name}")));
        }
    }
    let mut all = BTreeMap::new();
    for (version, path) in versions {
        for kind in list(&get(&path)["resources"]) {
            let plural = text(&kind["name"]);
            let creates = list(&kind["verbs"]).iter().any(|verb| verb == "create");
            if creates && !plural.contains('/') {
                let namespaced = kind["namespaced"].as_bool().unwrap_or_default();
                let of = Served { path: path.clone(), plural, namespaced };
                all.insert((version.clone(), text(&kind["kind"])), of);
            }
        }
    }
    all
}

fn ask(address: &str, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/yaml\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer);
    let code = answer.split(' ').nth(1)?.parse().ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    Some((code, serde_json::from_str(body).unwrap_or_default()))
}
