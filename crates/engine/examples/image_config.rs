//! What the model says of the image that each Dockerfile builds, as JSON lines in the names of the image format: `cargo xtask
//! builds` compares it with what is built. A key is left out where its value is not known.
//!
//!     image_config FILE…
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a tool for developers: it reads files and prints"
)]
use std::collections::BTreeMap;

use seaworthy_engine::parse::Files;
use seaworthy_engine::project::Setting;
use seaworthy_engine::project::container::User;
use seaworthy_engine::project::dockerfile::{ImageCommand, State};
use seaworthy_engine::{Kind, Project, Source, SourceId, parse};
use serde_json::{Map, Value, json};

fn main() {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path).unwrap();
        let tree = parse(SourceId(0), Source::from_bytes(&path, Kind::Dockerfile, bytes));
        let project = Project::of(vec![tree], Files::default());
        let Some(stage) = project.builds.first().and_then(|build| build.last()) else { continue };
        println!("{}", json!({ "path": path, "config": config(stage.end()) }));
    }
}

fn config(end: State<'_>) -> Value {
    let mut config = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            config.insert(key.to_owned(), value);
        }
    };
    put("User", known(end.user(), account, Value::Null));
    put("WorkingDir", known(end.workdir(), |path| path.as_str().into(), "/"));
    put("StopSignal", known(end.stop_signal(), |signal| signal.as_str().into(), ""));
    put("Entrypoint", known(end.entrypoint(), words, Value::Null));
    put("Cmd", known(end.command(), words, Value::Null));
    put("Healthcheck", end.healthcheck().is_unset().then_some(Value::Null));
    let variables = end.variables().into_iter();
    let variables: BTreeMap<&str, &str> = variables.filter_map(|v| Some((v.name, v.value?))).collect();
    put("Env", Some(json!(variables)));
    if end.ports_are_complete() {
        let mut ports: Vec<String> = Vec::new();
        for port in end.ports() {
            ports.extend((port.container..=port.container_end).map(|n| format!("{n}/{}", port.protocol)));
        }
        ports.sort();
        ports.dedup();
        put("ExposedPorts", Some(json!(ports)));
    }
    config.into()
}

fn known<T>(setting: &Setting<T>, show: impl Fn(&T) -> Value, unset: impl Into<Value>) -> Option<Value> {
    if setting.is_unset() { Some(unset.into()) } else { setting.value().map(show) }
}

/// The names and the numbers that are known of it.
fn account(user: &User) -> Value {
    json!({ "name": user.name, "uid": user.uid, "group": user.group, "gid": user.gid })
}

fn words(command: &ImageCommand) -> Value {
    match command {
        ImageCommand::Exec(words) => json!(words),
        ImageCommand::Shell { shell, line } if shell.is_empty() => json!(["/bin/sh", "-c", line]),
        ImageCommand::Shell { shell, line } => json!([shell.as_slice(), std::slice::from_ref(line)].concat()),
    }
}
