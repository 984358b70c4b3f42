//! Prints Compose projects as `docker-compose config --format json` does, and compares the two.
//!
//! ```text
//! compose_config [--profile NAME]… [-f FILE]… [DIRECTORY]      prints one project, and what is wrong with it
//! compose_config compare [--stored DIR] [--started] DIRECTORY  every Compose file below, and every directory with an
//!                                                              override, against docker-compose; with --started without
//!                                                              the services that a profile starts
//! compose_config change DIRECTORY                              writes every change into every service below, and looks
//!                                                              whether the project then says that and nothing else new
//! compose_config bless DIRECTORY                               stores what docker-compose says of the projects in it
//! ```
//!
//! The comparison runs `docker-compose` of `$DOCKER_COMPOSE` or the path in an environment without variables but `PATH` and
//! `HOME=/nonexistent`, or reads answers that were stored before: `a__b__compose.yml.json` and `.rc` for
//! `a/b/compose.yml`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a tool for developers: it reads files and prints"
)]
mod host;

use std::collections::BTreeMap;
use std::process::{Command, ExitCode};

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_engine::project::{Intent, Namespace, compose};
use seaworthy_engine::{Files, Kind, Project, Source, SourceId, parse};
use serde_json::Value as Json;

use host::{default_chain, differ, host, json, read};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1).peekable();
    if args.next_if_eq("compare").is_some() {
        return compare(args);
    }
    if args.next_if_eq("change").is_some() {
        return change(args.next().as_deref().unwrap_or("."));
    }
    if args.next_if_eq("bless").is_some() {
        return bless(args.next().as_deref().unwrap_or("."));
    }
    let mut profiles = Vec::new();
    let mut chain = Vec::new();
    let mut directory = Utf8PathBuf::from(".");
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--profile" => profiles.extend(args.next()),
            "-f" => chain.extend(args.next().map(Utf8PathBuf::from)),
            other => directory = Utf8PathBuf::from(other),
        }
    }
    let directory = directory.canonicalize_utf8().unwrap_or(directory);
    let mut chain: Vec<_> = chain.into_iter().map(|file| directory.join(file)).collect();
    if chain.is_empty() {
        chain = default_chain(&directory);
    }
    let host = host(&directory, "/nonexistent", profiles);
    let (composition, _) = read(&chain, &host, Utf8Path::to_owned);
    for problem in &composition.problems {
        eprintln!("{:?}: {}", problem.kind, problem.message);
    }
    let config = json(&compose::config(&composition));
    println!("{}", serde_json::to_string_pretty(&config).unwrap());
    ExitCode::SUCCESS
}

/// What docker-compose says of a file.
enum Answer {
    Config(Json),
    Refused(String),
}

fn compare(mut args: impl Iterator<Item = String>) -> ExitCode {
    let mut stored = None;
    let mut profiles = vec!["*".to_owned()];
    let mut root = None;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--started" => profiles.clear(),
            "--stored" => stored = args.next().map(Utf8PathBuf::from),
            other => root = Some(Utf8PathBuf::from(other)),
        }
    }
    let Some(root) = root else {
        eprintln!("which directory?");
        return ExitCode::from(2);
    };
    let mut files = Vec::new();
    find(&root, &mut files);
    files.sort();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for path in &files {
        let relative = path.strip_prefix(&root).unwrap_or(path).as_str();
        let directory = if path.is_dir() { path } else { path.parent().unwrap_or(Utf8Path::new("/")) };
        let chain = if path.is_dir() { default_chain(path) } else { vec![path.clone()] };
        let answer = if let Some(stored) = &stored {
            let name = if path.is_dir() { format!("{relative}/DIRECTORY") } else { relative.to_owned() };
            match recall(stored, &name) {
                Some(answer) => answer,
                None => continue,
            }
        } else {
            let mut arguments: Vec<&str> = Vec::new();
            profiles.iter().for_each(|profile| arguments.extend(["--profile", profile]));
            if path.is_file() {
                arguments.extend(["-f", path.as_str()]);
            }
            ask(directory, &arguments)
        };
        let home = if stored.is_some() { "/tmp/emptyhome" } else { "/nonexistent" };
        let (composition, broken) =
            read(&chain, &host(directory, home, profiles.clone()), Utf8Path::to_owned);
        let refused = composition.problems.iter().find(|problem| problem.kind.is_refused());
        let verdict = match (answer, refused) {
            (Answer::Refused(_), Some(_)) => "both refuse",
            (Answer::Refused(_), None) if broken => "both refuse",
            (Answer::Refused(why), None) => {
                println!(
                    "{relative}: only docker-compose refuses: {}",
                    why.trim().lines().last().unwrap_or_default()
                );
                "only docker-compose refuses"
            }
            (Answer::Config(_), Some(problem)) => {
                println!("{relative}: only we refuse: {:?} {}", problem.kind, problem.message);
                "only we refuse"
            }
            (Answer::Config(theirs), None) => {
                let ours = json(&compose::config(&composition));
                let mut differences = Vec::new();
                differ(&ours, &theirs, "", &mut differences);
                if differences.is_empty() {
                    "equal"
                } else {
                    for difference in differences.iter().take(4) {
                        println!("{relative}: {difference}");
                    }
                    "different"
                }
            }
        };
        *counts.entry(verdict).or_default() += 1;
    }
    println!();
    for (verdict, count) in &counts {
        println!("{count:6} {verdict}");
    }
    let good = ["equal", "both refuse"].iter().filter_map(|verdict| counts.get(verdict)).sum::<usize>();
    if good == counts.values().sum::<usize>() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn find(directory: &Utf8Path, files: &mut Vec<Utf8PathBuf>) {
    for entry in directory.read_dir_utf8().into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if default_chain(path).len() == 2 {
                files.push(path.to_owned());
            }
            find(path, files);
        } else if name.contains("compose") && (name.ends_with(".yml") || name.ends_with(".yaml")) {
            files.push(path.to_owned());
        }
    }
}

fn recall(stored: &Utf8Path, relative: &str) -> Option<Answer> {
    let name = stored.join(relative.replace('/', "__"));
    let code = std::fs::read_to_string(format!("{name}.rc")).ok()?;
    if code.trim() != "0" {
        return Some(Answer::Refused(std::fs::read_to_string(format!("{name}.err")).unwrap_or_default()));
    }
    let text = std::fs::read(format!("{name}.json")).ok()?;
    Some(Answer::Config(serde_json::from_slice(&text).ok()?))
}

fn ask(directory: &Utf8Path, arguments: &[&str]) -> Answer {
    let program = std::env::var("DOCKER_COMPOSE").unwrap_or_else(|_| "docker-compose".to_owned());
    let output = Command::new(program)
        .args(arguments)
        .args(["config", "--format", "json"])
        .current_dir(directory)
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("HOME", "/nonexistent")])
        .output();
    match output {
        Ok(output) if output.status.success() => match serde_json::from_slice(&output.stdout) {
            Ok(config) => Answer::Config(config),
            Err(error) => Answer::Refused(error.to_string()),
        },
        Ok(output) => Answer::Refused(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Answer::Refused(error.to_string()),
    }
}

/// Stores the answers of docker-compose for projects, each a directory with an `arguments` file if it needs one, as if
/// they lay in `/projects`.
fn bless(directory: &str) -> ExitCode {
    let directory = Utf8PathBuf::from(directory).canonicalize_utf8().unwrap();
    for entry in directory.read_dir_utf8().unwrap().flatten() {
        let project = entry.path();
        let arguments = std::fs::read_to_string(project.join("arguments")).unwrap_or_default();
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let text = match ask(project, &arguments) {
            Answer::Config(config) => serde_json::to_string_pretty(&config).unwrap() + "\n",
            Answer::Refused(why) => {
                let last = why.trim().lines().last().unwrap_or_default();
                serde_json::to_string_pretty(&Json::String(format!("refused: {last}"))).unwrap() + "\n"
            }
        };
        std::fs::write(project.join("expected.json"), text.replace(directory.as_str(), "/projects")).unwrap();
    }
    ExitCode::SUCCESS
}

/// The changes, and the keys of a service that each may touch.
fn intents() -> Vec<(Intent, &'static [&'static str])> {
    let text = str::to_owned;
    vec![
        (Intent::ReadOnlyRoot { scratch: vec![text("/tmp"), text("/run")] }, &["read_only", "tmpfs"]),
        (Intent::User { uid: 1001, gid: 1001 }, &["user"]),
        (Intent::DropCapabilities { keep: vec![text("CHOWN")] }, &["cap_drop", "cap_add"]),
        (Intent::NoPrivilegeEscalation, &["security_opt"]),
        (Intent::NotPrivileged, &["privileged"]),
        (Intent::DefaultSeccomp, &["security_opt"]),
        (Intent::RemoveCapability(text("SYS_ADMIN")), &["cap_add"]),
        (Intent::MemoryLimit(512 << 20), &["mem_limit", "deploy"]),
        (Intent::CpuLimit(500), &["cpus", "deploy"]),
        (Intent::PidsLimit(200), &["pids_limit", "deploy"]),
        (Intent::Image(text("example/changed:1")), &["image"]),
        (Intent::PullPolicy("always"), &["pull_policy"]),
        (Intent::OwnNamespace(Namespace::Network), &["network_mode", "networks"]),
        (Intent::OwnNamespace(Namespace::Pid), &["pid"]),
        (Intent::Restart("unless-stopped"), &["restart"]),
        (Intent::Init, &["init"]),
        (Intent::StopGrace(30), &["stop_grace_period"]),
    ]
}

fn change(root: &str) -> ExitCode {
    let mut files = Vec::new();
    find(Utf8Path::new(root), &mut files);
    let mut counts: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    let mut wrong = 0;
    for path in files.iter().filter(|path| path.is_file()) {
        let Ok(bytes) = std::fs::read(path) else { continue };
        let before = project(Source::from_bytes("compose.yaml", Kind::Compose, bytes));
        if before.parses().iter().any(|parse| !parse.errors().is_empty()) {
            continue;
        }
        let Some(config) = before.compositions.first().map(|c| json(&compose::config(c))) else { continue };
        let refused = |project: &Project| {
            let problems = project.compositions.iter().flat_map(|c| &c.problems);
            problems
                .filter(|problem| problem.kind.is_refused())
                .map(|p| p.message.clone())
                .collect::<Vec<_>>()
        };
        let refusals = refused(&before);
        for container in &before.containers {
            for (intent, keys) in intents() {
                let name = format!("{intent:?}");
                let count =
                    counts.entry(name.split(['(', ' ']).next().unwrap_or_default().to_owned()).or_default();
                let Some(edits) = before.set(container, &intent) else {
                    count[1] += 1;
                    continue;
                };
                count[0] += 1;
                let source = &before.parses()[0].source;
                let mut text = source.text.to_string();
                for edit in edits.iter().rev() {
                    text.replace_range(edit.span.range(), &edit.text);
                }
                let after = project(Source::new("compose.yaml", Kind::Compose, text.clone()));
                let mut say = |what: String| {
                    wrong += 1;
                    println!("{path}: {} {intent:?}: {what}", container.name.value);
                };
                if let Some(error) = after.parses()[0].errors().first() {
                    say(format!("no longer YAML: {}", error.value));
                    continue;
                }
                if refused(&after).len() > refusals.len() {
                    let new = refused(&after).into_iter().find(|message| !refusals.contains(message));
                    say(format!("refused: {}", new.unwrap_or_default()));
                }
                let Some(composition) = after.compositions.first() else { continue };
                let mut differences = Vec::new();
                differ(&json(&compose::config(composition)), &config, "", &mut differences);
                let allowed = |difference: &String| {
                    let service = format!(".services.{}.", container.name.value);
                    let default = difference.starts_with(".networks");
                    // What is extended changes with what it extends.
                    let extended = source.text.contains("extends");
                    default
                        || extended
                        || keys.iter().any(|key| difference.starts_with(&format!("{service}{key}")))
                };
                if let Some(difference) = differences.iter().find(|difference| !allowed(difference)) {
                    say(difference.clone());
                }
                let Some(changed) = after
                    .containers
                    .iter()
                    .find(|c| c.place == container.place || c.name.value == container.name.value)
                else {
                    say("the service is gone".to_owned());
                    continue;
                };
                if after.set(changed, &intent).is_some() && !matches!(intent, Intent::Image(_)) {
                    say("it is not settled".to_owned());
                }
            }
        }
    }
    for (name, [made, refused]) in &counts {
        println!("{made:7} made {refused:7} not  {name}");
    }
    println!("{wrong} wrong");
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn project(source: Source) -> Project {
    Project::of(vec![parse(SourceId(0), source)], Files::default())
}
