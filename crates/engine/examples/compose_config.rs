//! Prints Compose projects as `docker-compose config --format json` does, and compares the two.
//!
//! ```text
//! compose_config [--profile NAME]… [-f FILE]… [DIRECTORY]      prints one project, and what is wrong with it
//! compose_config compare [--stored DIR] DIRECTORY              every Compose file below against docker-compose
//! ```
//!
//! The comparison runs `docker-compose` of `$DOCKER_COMPOSE` or the path in an environment without variables but `PATH` and
//! `HOME=/nonexistent`, or reads answers that were stored before: `a__b__compose.yml.json` and `.rc` for
//! `a/b/compose.yml`.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used, reason = "a tool for developers")]

use std::collections::BTreeMap;
use std::process::{Command, ExitCode};
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

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1).peekable();
    if args.next_if_eq("compare").is_some() {
        return compare(args);
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
    let chain: Vec<_> = chain.into_iter().map(|file| directory.join(file)).collect();
    let host = host(&directory, "/nonexistent", profiles);
    let (composition, _) = read(&directory, &chain, &host);
    for problem in &composition.problems {
        eprintln!("{:?}: {}", problem.kind, problem.message);
    }
    let config = json(&compose::config(&composition));
    println!("{}", serde_json::to_string_pretty(&config).unwrap());
    ExitCode::SUCCESS
}

fn host(directory: &Utf8Path, home: &str, profiles: Vec<String>) -> Host {
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

/// Loads a chain, or the files that Compose takes in a directory, and whatever they ask for.
fn read(directory: &Utf8Path, chain: &[Utf8PathBuf], host: &Host) -> (Composition, bool) {
    let mut chain = chain.to_vec();
    if chain.is_empty() {
        for names in [DEFAULTS, OVERRIDES] {
            chain.extend(names.iter().map(|name| directory.join(name)).find(|path| path.is_file()));
        }
    }
    let sources = chain.iter().enumerate().filter_map(|(number, path)| {
        let bytes = std::fs::read(path).ok()?;
        let source = Source::from_bytes(path.clone(), Kind::Compose, bytes);
        Some(parse(SourceId(number as u32), source))
    });
    let parses: Vec<_> = sources.collect();
    let mut files = Files::default();
    loop {
        let (composition, wanted) = compose::load(&parses, &files, &chain, host);
        if wanted.is_empty() {
            let errors = parses.iter().flat_map(|parse| parse.errors());
            let broken = errors.inspect(|error| eprintln!("syntax: {}", error.value)).count() > 0;
            return (composition, broken);
        }
        for path in wanted {
            let text = std::fs::read(&path).ok().map(|bytes| Arc::from(String::from_utf8_lossy(&bytes)));
            files.add_text(path, text);
        }
    }
}

fn json(item: &Item) -> Json {
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

/// What docker-compose says of a file.
enum Answer {
    Config(Json),
    Refused(String),
}

fn compare(mut args: impl Iterator<Item = String>) -> ExitCode {
    let mut stored = None;
    let mut root = None;
    while let Some(arg) = args.next() {
        match arg.as_str() {
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
        let answer = match &stored {
            Some(stored) => match recall(stored, relative) {
                Some(answer) => answer,
                None => continue,
            },
            None => ask(path),
        };
        let directory = path.parent().unwrap_or(Utf8Path::new("/"));
        let home = if stored.is_some() { "/tmp/emptyhome" } else { "/nonexistent" };
        let (composition, broken) =
            read(directory, std::slice::from_ref(path), &host(directory, home, vec!["*".to_owned()]));
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

fn ask(path: &Utf8Path) -> Answer {
    let program = std::env::var("DOCKER_COMPOSE").unwrap_or_else(|_| "docker-compose".to_owned());
    let output = Command::new(program)
        .args(["--profile", "*", "-f", path.as_str(), "config", "--format", "json"])
        .current_dir(path.parent().unwrap_or(Utf8Path::new("/")))
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

/// Where two values differ.
fn differ(ours: &Json, theirs: &Json, at: &str, differences: &mut Vec<String>) {
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
