//! Surveys what the model knows of the stages of real Dockerfiles: `survey_stages DIRECTORY [SHOW-EVERY]`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a tool for developers: it reads files and prints"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use seaworthy_engine::project::{Base, ImageCommand, Setting};
use seaworthy_engine::{Files, Kind, Project, Source, SourceId, parse};

fn show<T>(setting: &Setting<T>, text: impl Fn(&T) -> String) -> String {
    match setting.value() {
        Some(value) => format!("{} ({:?})", text(value), setting.origin),
        None if setting.is_unknown() => format!("unknown ({:?})", setting.origin),
        None => "unset".to_owned(),
    }
}

fn command(command: &ImageCommand) -> String {
    command.argv().join(" ")
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(directory) = arguments.next() else {
        eprintln!("usage: survey_stages DIRECTORY [SHOW-EVERY]");
        return;
    };
    let every: usize = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(directory).into_iter().flatten().flatten().map(|e| e.path()).collect();
    paths.sort();
    let (mut parsing, mut lowering, mut bytes) = (Duration::ZERO, Duration::ZERO, 0);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut unknown: BTreeMap<String, usize> = BTreeMap::new();
    for (number, path) in paths.iter().enumerate() {
        let Ok(content) = std::fs::read(path) else { continue };
        bytes += content.len();
        let source = Source::from_bytes(path.to_string_lossy().as_ref(), Kind::Dockerfile, content);
        let start = Instant::now();
        let parsed = parse(SourceId(0), source);
        parsing += start.elapsed();
        let start = Instant::now();
        let project = Project::of(vec![parsed], Files::default());
        lowering += start.elapsed();
        let mut count = |key: &str| *counts.entry(key.to_owned()).or_default() += 1;
        count("files");
        for build in &project.builds {
            for stage in &build.stages {
                count("stages");
                count(&format!("role {:?}", stage.role));
                count(match &stage.base {
                    Base::Stage(_) => "base: stage",
                    Base::Image(_) if stage.windows => "base: Windows image",
                    Base::Image(_) if stage.facts.is_some() => "base: known image",
                    Base::Image(_) => "base: other image",
                    Base::Scratch => "base: scratch",
                    Base::Unknown => "base: unknown",
                });
                if let (Base::Image(name), None, false) = (&stage.base, stage.facts, stage.windows) {
                    let name =
                        seaworthy_engine::project::ImageName { tag: None, digest: None, ..name.clone() };
                    *unknown.entry(name.to_string()).or_default() += 1;
                }
                // What a rule does at least once.
                for step in stage.walk(&project) {
                    std::hint::black_box((step.before.user(), step.after.workdir()));
                }
            }
            let Some(last) = build.last() else { continue };
            let user = last.end().user();
            count(match user.value().map(seaworthy_engine::project::User::is_root) {
                Some(Some(true)) => "user of the last stage: root",
                Some(Some(false)) if user.value().is_some_and(|u| u.uid.is_some()) => {
                    "user of the last stage: another, id known"
                }
                Some(_) => "user of the last stage: another, id unknown",
                None if user.is_unknown() => "user of the last stage: unknown",
                None => "user of the last stage: unset",
            });
            count(match last.distribution(&project) {
                Some(d) => match d.packages {
                    seaworthy_engine::images::PackageManager::None => "distribution: none",
                    _ => "distribution: known",
                },
                None => "distribution: unknown",
            });
        }
        if number % every == every - 1 {
            println!("== {}", path.display());
            println!("{}", project.parses()[0].source.text);
            for stage in project.builds.iter().flat_map(|b| &b.stages) {
                let end = stage.end();
                println!(
                    "-- {} {:?} {:?} {:?} windows {}\n   user {} workdir {}\n   entrypoint {} command {}\n   ports {:?} volumes {:?} uses {:?}\n   env {:?}",
                    stage.index,
                    stage.name.as_ref().map(|n| &n.value),
                    stage.base,
                    stage.role,
                    stage.windows,
                    show(end.user(), |u| format!("{u:?}")),
                    show(end.workdir(), String::clone),
                    show(end.entrypoint(), command),
                    show(end.command(), command),
                    end.ports().map(|p| (p.container, p.container_end)).collect::<Vec<_>>(),
                    end.volumes().map(|v| &v.value).collect::<Vec<_>>(),
                    stage.uses.iter().map(|u| &u.from).collect::<Vec<_>>(),
                    end.variables().iter().map(|v| (v.name, v.value)).collect::<Vec<_>>(),
                );
            }
        }
    }
    let parses = paths.iter().filter_map(|path| Some((path, std::fs::read(path).ok()?))).enumerate();
    let parses: Vec<_> = parses
        .map(|(id, (path, content))| {
            let kind = if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
                Kind::Manifest
            } else {
                Kind::Dockerfile
            };
            parse(SourceId(id as u32), Source::from_bytes(path.to_string_lossy().as_ref(), kind, content))
        })
        .collect();
    let start = Instant::now();
    let project = Project::of(parses, Files::default());
    println!("as one project: {:?}, {} links", start.elapsed(), project.links.selections.len());
    for (key, value) in &counts {
        println!("{value:6} {key}");
    }
    println!("{bytes} bytes: parsing {parsing:?}, lowering {lowering:?}");
    let mut unknown: Vec<_> = unknown.into_iter().collect();
    unknown.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    for (name, n) in unknown.iter().take(60) {
        print!("{name} {n}, ");
    }
    println!();
}
