//! Checks each Dockerfile named on standard input alone, every rule asked for, and prints the ids that other tools give what is
//! found: path, the line the instruction begins in, the line the finding begins in, id, rule, message; by tabs.
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
use seaworthy_engine::project::Project;
use seaworthy_engine::syntax::LineIndex;
use seaworthy_engine::{Files, Kind, Source, SourceId, parse};

fn main() {
    let settings =
        std::env::args().nth(1).map(|path| Settings::hadolint(&std::fs::read_to_string(path).unwrap()));
    let settings = settings.unwrap_or_default();
    let paths: Vec<String> = std::io::stdin().lock().lines().map(Result::unwrap).collect();
    let lines: Vec<Vec<String>> = paths.par_iter().map(|path| findings(path, &settings)).collect();
    let mut out = std::io::stdout().lock();
    for line in lines.iter().flatten() {
        writeln!(out, "{line}").unwrap();
    }
}

fn findings(path: &str, settings: &Settings) -> Vec<String> {
    let Ok(bytes) = std::fs::read(path) else { return Vec::new() };
    let source = Source::from_bytes("Dockerfile", Kind::Dockerfile, bytes);
    let text = source.text.clone();
    let project = Project::of(vec![parse(SourceId(0), source)], Files::default());
    let asked = Layer { select: Some(vec![Selector::All]), ..Layer::default() };
    let scope = settings.scope(&asked, &[]);
    let config = Config { rules: resolve(&[&asked]), scopes: vec![scope.into()], ..Config::default() };
    let report = check(&project, &config);
    let lines = LineIndex::new(&text);
    let line = |at: u32| lines.position(&text, at).line;
    let instructions = project.dockerfile(SourceId(0)).map_or(&[][..], |file| &file.instructions);
    let mut found = Vec::new();
    for diagnostic in &report.diagnostics {
        let at = diagnostic.span.start;
        let begins = instructions.partition_point(|i| i.span.start <= at).checked_sub(1);
        let begins = begins.map(|n| &instructions[n]).filter(|i| at <= i.span.end);
        let first = line(begins.map_or(at, |i| i.span.start));
        for id in diagnostic.ids {
            let (rule, message) = (diagnostic.rule.name, &diagnostic.message);
            found.push(format!("{path}\t{first}\t{}\t{id}\t{rule}\t{message}", line(at)));
        }
    }
    found
}
