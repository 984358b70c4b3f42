//! What `seaworthy init` makes of the programs of `tests/starts`: built, run as its Compose file says, asked, asked once
//! more by its own health check, and stopped.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::image::{Builder, command};
use super::run::{self, Kind};
use super::{Case, Needs, STOP, copy_permissions};
use crate::{program, tree};

/// The images that Dockerfiles of `init` name, and those of this machine that stand in for them.
const IMAGES: [(&str, &str); 15] = [
    ("busybox:1.37-musl", "busybox:1.36"),
    ("debian:trixie-slim", "debian:12-slim"),
    ("gcr.io/distroless/static-debian12:nonroot", "gcr.io/distroless/static-debian12:nonroot"),
    ("ghcr.io/astral-sh/uv:0.12.5", "ghcr.io/astral-sh/uv:0.9"),
    ("golang:1.26-trixie", "golang:1.26"),
    ("nginxinc/nginx-unprivileged:1.30-alpine", "nginxinc/nginx-unprivileged:1.27"),
    ("node:18-bookworm-slim", "node:20-slim"),
    ("node:20-trixie-slim", "node:20-slim"),
    ("node:22-trixie-slim", "node:20-slim"),
    ("node:24-trixie-slim", "node:20-slim"),
    ("python:3.11-slim-trixie", "python:3.11-slim"),
    ("python:3.12-slim-trixie", "python:3.11-slim"),
    ("python:3.13-slim-trixie", "python:3.11-slim"),
    ("rust:1.98-slim-trixie", "rust:1-slim"),
    ("eclipse-temurin:17-jre", "eclipse-temurin:17-jre"),
];

/// A table of `tests/starts/cases.toml`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Start {
    services: BTreeMap<String, Case>,
    not_built: Option<String>,
}

/// Makes the files of all programs, in copies, and builds and runs them; what is wrong, one line each.
#[expect(clippy::print_stdout, reason = "a program for the terminal")]
pub(super) fn run(
    root: &Path,
    builder: &Builder,
    runs: bool,
    wanted: &[&str],
) -> Result<Vec<String>, String> {
    let folder = root.join("tests/starts");
    let path = folder.join("cases.toml");
    let text = fs::read_to_string(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    let mut cases: BTreeMap<String, Start> =
        toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    for project in tree::projects(&folder, true)? {
        let name = project.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !cases.contains_key(&name) {
            return Err(format!("{} says nothing of {name}", path.display()));
        }
    }
    cases.retain(|name, _| wanted.is_empty() || wanted.contains(&name.as_str()));
    let work = builder.scratch("starts")?;
    tree::write(&work, &tree::read(&folder)?)?;
    copy_permissions(&folder, &work)?;
    let program = program::development(root, &["--package", "seaworthy"], "seaworthy")?;
    command(&root.join("tests/engines/build.sh").to_string_lossy(), |c| c.arg("dockerfile-oracle"))?;
    let oracle = builder.engine("dockerfile-oracle");
    let mut wrong = Vec::new();
    let (mut built, mut asked, mut checked) = (0, 0, 0);
    for (name, case) in &cases {
        let project = work.join(name);
        fs::create_dir_all(project.join(".git")).map_err(|e| e.to_string())?;
        let made = program::run(Command::new(&program).args(["init", "--quiet"]).current_dir(&project))?;
        let serves = |service: &String| {
            let file = service.split_once(':').map_or(service.as_str(), |(file, _)| file);
            fs::read_to_string(project.join(file)).is_ok_and(|text| text.contains("HEALTHCHECK"))
        };
        let mut check = Command::new(&program);
        check.args(["check", "--quiet", "--select", "correctness,security,reliability,efficiency"]);
        check.args(["--format", "concise"]).current_dir(&project);
        if !case.services.keys().all(serves) {
            // What serves nothing has nothing to be asked.
            check.args(["--ignore", "no-healthcheck"]);
        }
        for (what, done) in [("init", made), ("check", program::run(&mut check)?)] {
            if done.code != Some(0) {
                let said = String::from_utf8_lossy(&done.stdout).into_owned() + &done.stderr;
                wrong.push(format!("{name}: `seaworthy {what}` fails or finds something:\n{}", said.trim()));
            }
        }
        for (service, case_of) in &case.services {
            let (file, target) =
                service.split_once(':').map_or((service.as_str(), None), |(f, t)| (f, Some(t)));
            let file = project.join(file);
            if !file.exists() {
                wrong.push(format!("{name}: there is no {service}"));
                continue;
            }
            if let Some(why) = &case.not_built {
                checked += 1;
                println!("not built: {name}: {why}");
                wrong.extend(
                    unread(&oracle, &file)?
                        .map(|error| format!("{name}: BuildKit does not read {service}: {error}")),
                );
                continue;
            }
            let id = format!(
                "{name}.{}",
                target.unwrap_or_else(|| file
                    .parent()
                    .and_then(Path::file_name)
                    .and_then(|n| n.to_str())
                    .unwrap_or("made"))
            );
            match one(builder, &project, &file, target, &id, case_of, runs) {
                Ok(said) => {
                    built += 1;
                    asked += usize::from(runs);
                    println!("made: {name} {service}: {said}");
                }
                Err(error) => wrong.push(format!("{name} {service}: {error}")),
            }
        }
        let _ = fs::remove_dir_all(&project);
    }
    for error in &wrong {
        println!("wrong: {error}");
    }
    println!(
        "{} programs of init: {built} images built, {asked} of them run, asked and stopped; {checked} read and checked alone",
        cases.len()
    );
    Ok(wrong)
}

/// What BuildKit's parser says against a file.
fn unread(oracle: &Path, file: &Path) -> Result<Option<String>, String> {
    use std::io::Write as _;
    let mut child = Command::new(oracle)
        .arg("parse")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot run {}: {e}", oracle.display()))?;
    if let Some(mut input) = child.stdin.take() {
        writeln!(input, "{}", file.display()).map_err(|e| e.to_string())?;
    }
    let done = child.wait_with_output().map_err(|e| e.to_string())?;
    let line = String::from_utf8_lossy(&done.stdout).into_owned();
    let said: serde_json::Value = serde_json::from_str(line.trim()).map_err(|e| format!("{e}: {line}"))?;
    Ok(said["error"].as_str().filter(|error| !error.is_empty()).map(str::to_owned))
}

/// Builds one image, holds it against what is promised of it, and runs it.
fn one(
    builder: &Builder,
    project: &Path,
    file: &Path,
    target: Option<&str>,
    id: &str,
    case: &Case,
    runs: bool,
) -> Result<String, String> {
    let image = builder.build_from(project, file, target, id, &IMAGES)?;
    let (user, size) = (image.config["User"].as_str().unwrap_or_default().to_owned(), image.size);
    let health = !image.config["Healthcheck"].is_null();
    if health != case.port.is_some() {
        return Err("what listens has a health check, and what does not has none".to_owned());
    }
    let mounted = builder.mount(image)?;
    let faults: Vec<String> = mounted
        .faults(&case.code, &case.absent)
        .into_iter()
        .filter(|f| f != "it has a health check")
        .collect();
    if !faults.is_empty() {
        return Err(faults.join("; "));
    }
    if !runs {
        return Ok(format!("user {user}, {} MiB", size >> 20));
    }
    let needs = Needs { writable: case.writable.clone(), ..Needs::default() };
    let outcome = run::run(builder, &mounted, case, Kind::Made, &needs)?;
    let killed = outcome.stop > STOP || outcome.code == Some(137);
    // Compose starts it below an init, which ends it.
    if killed && !case.needs_init {
        return Err(format!("stops after {:.1} s, with {:?}", outcome.stop.as_secs_f64(), outcome.code));
    }
    Ok(format!(
        "user {user}, {} MiB, answers after {:.1} s, stops after {:.1} s",
        size >> 20,
        outcome.ready.as_secs_f64(),
        outcome.stop.as_secs_f64()
    ))
}
