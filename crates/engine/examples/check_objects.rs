//! Checks each manifest or Compose file named on standard input alone, every rule asked for, and prints the ids that other
//! tools give what is found: path, line, object (`Kind/name`, or `service/name`), container, id, rule, message; by tabs. Where the
//! services of a Compose file stand is printed as path, `@`, first line, last line, name.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a tool for developers: it reads files and prints"
)]
use std::io::{BufRead as _, Write as _};

use rayon::prelude::*;
use seaworthy_engine::check::{Config, check};
use seaworthy_engine::config::{Layer, Selector, Settings, resolve};
use seaworthy_engine::images::Day;
use seaworthy_engine::project::Project;
use seaworthy_engine::syntax::{LineIndex, Span};
use seaworthy_engine::{Files, Kind, Source, SourceId, parse};

fn main() {
    let kind =
        if std::env::args().nth(1).as_deref() == Some("compose") { Kind::Compose } else { Kind::Manifest };
    let paths: Vec<String> = std::io::stdin().lock().lines().map(Result::unwrap).collect();
    let lines: Vec<Vec<String>> = paths.par_iter().map(|path| findings(path, kind)).collect();
    let mut out = std::io::stdout().lock();
    for line in lines.iter().flatten() {
        writeln!(out, "{line}").unwrap();
    }
}

fn findings(path: &str, kind: Kind) -> Vec<String> {
    let Ok(bytes) = std::fs::read(path) else { return Vec::new() };
    let label = if kind == Kind::Compose { "compose.yaml" } else { "objects.yaml" };
    let source = Source::from_bytes(label, kind, bytes);
    let text = source.text.clone();
    let project = Project::of(vec![parse(SourceId(0), source)], Files::default());
    let asked = Layer { select: Some(vec![Selector::All]), ..Layer::default() };
    let mut scope = Settings::default().scope(&asked, &[]);
    // What a comment silences is found all the same.
    scope.no_pragmas = true;
    let config = Config {
        rules: resolve(&[&asked]),
        scopes: vec![scope.into()],
        today: Some(Day(20_778)),
        kubernetes: std::env::args().nth(2).and_then(|minor| minor.parse().ok()),
        fixes: false,
        ..Config::default()
    };
    let report = check(&project, &config);
    let lines = LineIndex::new(&text);
    let line = |at: u32| lines.position(&text, at).line;
    let mut found = Vec::new();
    let holds = |outer: Span, at: u32| outer.start <= at && at < outer.end.max(outer.start + 1);
    let containers: Vec<(Span, &str, Option<usize>)> = project
        .containers
        .iter()
        .map(|container| {
            let node = project.node(container.place).unwrap();
            let span =
                node.as_entry().map_or(node.full_span(), |e| e.key.full_span().to(e.value.full_span()));
            let object = container.workload.map(|w| project.workload(w).object.0 as usize);
            (span, container.name.value.as_str(), object)
        })
        .collect();
    if kind == Kind::Compose {
        for (span, name, _) in &containers {
            found.push(format!(
                "{path}\t@\t{}\t{}\t{name}",
                line(span.start),
                line(span.end.saturating_sub(1))
            ));
        }
    }
    // What says no image of any container, or has no pod at all, is part of something else.
    let part = |object: &seaworthy_engine::project::Object| {
        let runs = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod"];
        let mut own = project.workloads.iter().filter(|workload| workload.object == object.id);
        let named =
            own.any(|workload| workload.containers.iter().any(|id| !project.container(*id).image.is_unset()));
        runs.contains(&object.kind.value.as_str()) && !named
    };
    for object in project.objects.iter().filter(|object| object.patch || part(object)) {
        let name = object.name.as_ref().map_or("", |name| name.value.as_str());
        found.push(format!("{path}\t!\t{}/{name}", object.kind.value));
    }
    for diagnostic in &report.diagnostics {
        let at = diagnostic.span.start;
        let container = containers
            .iter()
            .filter(|(span, ..)| holds(*span, at))
            .min_by_key(|(span, ..)| span.end - span.start);
        let object =
            project.objects.iter().find(|object| holds(project.node(object.place).unwrap().full_span(), at));
        let owner = object.map(|object| {
            let name = object.name.as_ref().map_or("", |name| name.value.as_str());
            format!("{}/{name}", object.kind.value)
        });
        let owner = owner.unwrap_or_default();
        let container = container.map_or("", |(_, name, _)| name);
        let (rule, message) = (diagnostic.rule.name, &diagnostic.message);
        for id in diagnostic.ids.iter().copied().chain(std::iter::once(rule)) {
            found.push(format!("{path}\t{}\t{owner}\t{container}\t{id}\t{rule}\t{message}", line(at)));
        }
    }
    found
}
