//! Holds what is found in Dockerfiles against what hadolint and `BuildKit`'s checks find: the same places for each of their ids?
//!
//! A place is a file and the line that its instruction begins in. All rules are asked for. Files that the other refuses are left out.

mod objects;
mod valid;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::program::{self, Scratch};
use crate::tree;

/// How many files hadolint is given at once.
const BATCH: usize = 200;

/// hadolint's rules that are off unless their severity is raised.
const CONFIG: &str = "override:\n  info: [DL3057, DL1001]\n";

type Place = (String, u64);

/// The places of each id, and the files that were refused.
#[derive(Default)]
struct Found {
    places: BTreeMap<String, BTreeSet<Place>>,
    refused: BTreeSet<String>,
}

struct Wish {
    folder: PathBuf,
    /// hadolint itself, where it is not the one on the path.
    program: Option<PathBuf>,
    /// A `.hadolint.yaml` for both.
    config: Option<PathBuf>,
    /// How many places that differ are shown of each id.
    samples: usize,
}

/// `cargo xtask compare helm|kustomize DIR [--program FILE]`: the comparison itself is an example of the crate that renders.
fn rendered(root: &Path, rival: &str, folder: &str, options: &[&str]) -> Result<(), String> {
    let program = match options {
        [] => rival,
        ["--program", file] => file,
        _ => return Err(format!("unknown option: {}", options.join(" "))),
    };
    let status = Command::new("cargo")
        .current_dir(root)
        .args(["run", "--quiet", "--package", "seaworthy-charts", "--example", "fidelity", "--"])
        .args([rival, program])
        .arg(fs::canonicalize(folder).map_err(|e| format!("{folder}: {e}"))?)
        .status()
        .map_err(|e| format!("cargo: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("what is rendered is not what {rival} renders")) }
}

/// `cargo xtask compare hadolint|buildkit DIR [--program FILE] [--config FILE] [--samples N]`
pub(crate) fn run(root: &Path, rival: &str, words: &[&str]) -> Result<(), String> {
    if matches!(rival, "kube-score" | "checkov" | "compose-lint" | "dclint") {
        return objects::run(root, rival, words);
    }
    match rival {
        "apiserver" => return valid::apiserver(root, words),
        "kubeconform" => return valid::kubeconform(root, words),
        _ => {}
    }
    let [folder, options @ ..] = words else { return Err("compare needs a folder".into()) };
    if matches!(rival, "helm" | "kustomize") {
        return rendered(root, rival, folder, options);
    }
    let folder = fs::canonicalize(folder).map_err(|e| format!("{folder}: {e}"))?;
    let mut wish = Wish { folder, program: None, config: None, samples: 0 };
    for pair in options.chunks(2) {
        match *pair {
            ["--program", file] => wish.program = Some(file.into()),
            ["--config", file] => {
                wish.config = Some(fs::canonicalize(file).map_err(|e| format!("{file}: {e}"))?);
            }
            ["--samples", n] => wish.samples = n.parse().map_err(|_| format!("not a number: {n}"))?,
            _ => return Err(format!("unknown option: {}", pair.join(" "))),
        }
    }
    let files = dockerfiles(&wish.folder)?;
    let theirs = match rival {
        "hadolint" => hadolint(&wish, &files)?,
        "buildkit" => buildkit(&wish, &files)?,
        _ => return Err(format!("compare with hadolint, buildkit, helm or kustomize, not {rival}")),
    };
    let read: Vec<&String> = files.iter().filter(|file| !theirs.refused.contains(*file)).collect();
    let ours = ours(root, &wish, &read, |id| match rival {
        "hadolint" => id.starts_with("DL"),
        _ => {
            id.starts_with(|c: char| c.is_ascii_uppercase())
                && !id.contains(|c: char| c.is_ascii_digit() || c == '-')
        }
    })?;
    println!("{} files, of which {rival} refuses {}.\n", files.len(), theirs.refused.len());
    println!("| id | both | only {rival} | only we | agreement |\n|---|--:|--:|--:|--:|");
    let none = BTreeSet::new();
    let ids: BTreeSet<&String> = theirs.places.keys().chain(ours.keys()).collect();
    let mut samples = String::new();
    for id in ids {
        let (theirs, ours) = (theirs.places.get(id).unwrap_or(&none), ours.get(id).unwrap_or(&none));
        let both = theirs.intersection(ours).count();
        let all = theirs.union(ours).count();
        let agreement = both * 1000 / all.max(1);
        println!(
            "| {id} | {both} | {} | {} | {}.{} % |",
            theirs.len() - both,
            ours.len() - both,
            agreement / 10,
            agreement % 10
        );
        for (who, places) in [(rival, theirs.difference(ours)), ("we", ours.difference(theirs))] {
            for (file, line) in places.take(wish.samples) {
                samples += &format!("{id}: only {who}: {file}:{line}\n");
            }
        }
    }
    println!("\n{samples}");
    Ok(())
}

/// The Dockerfiles below a folder, by their names.
fn dockerfiles(folder: &Path) -> Result<Vec<String>, String> {
    let named = |path: &Path| {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_ascii_lowercase();
        let other = [".md", ".dockerignore", ".yml", ".yaml"].iter().any(|end| name.ends_with(end));
        (name.contains("dockerfile") || name.contains("containerfile")) && !other
    };
    let mut files: Vec<String> = tree::files(folder)?
        .iter()
        .filter(|p| named(p))
        .filter_map(|p| Some(p.to_str()?.to_owned()))
        .collect();
    files.sort();
    Ok(files)
}

/// What hadolint finds.
fn hadolint(wish: &Wish, files: &[String]) -> Result<Found, String> {
    let program =
        wish.program.clone().or_else(|| program::on_path("hadolint")).ok_or("no hadolint on the path")?;
    let scratch = Scratch::new("compare")?;
    let config = scratch.path().join("hadolint.yaml");
    fs::write(&config, CONFIG).map_err(|e| e.to_string())?;
    let config = wish.config.as_ref().unwrap_or(&config);
    let mut found = Found::default();
    for batch in files.chunks(BATCH) {
        let mut command = Command::new(&program);
        command.arg("--config").arg(config).args(["--no-fail", "--format", "json"]).args(batch);
        let run = program::run(command.current_dir(&wish.folder))?;
        let report: Value =
            serde_json::from_slice(&run.stdout).map_err(|e| format!("hadolint: {e}: {}", run.stderr))?;
        for finding in report.as_array().into_iter().flatten() {
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            if text("code") == "DL1000" {
                found.refused.insert(text("file"));
            } else if text("code").starts_with("DL") {
                let line = finding["line"].as_u64().unwrap_or_default();
                found.places.entry(text("code")).or_default().insert((text("file"), line));
            }
        }
    }
    found.forget_refused();
    Ok(found)
}

/// What `BuildKit`'s checks find, as `tests/engines/dockerfile-oracle` runs them.
fn buildkit(wish: &Wish, files: &[String]) -> Result<Found, String> {
    let cache = || Some(Path::new(&std::env::var_os("HOME")?).join(".cache/seaworthy-engines"));
    let engines = std::env::var_os("ENGINES").map(PathBuf::from).or_else(cache).unwrap_or_default();
    let oracle = wish.program.clone().unwrap_or(engines.join("bin/dockerfile-oracle"));
    let mut found = Found::default();
    for line in piped(Command::new(oracle).arg("lint").current_dir(&wish.folder), files)?.lines() {
        let report: Value = serde_json::from_str(line).map_err(|e| format!("dockerfile-oracle: {e}"))?;
        let path = report["path"].as_str().unwrap_or_default().to_owned();
        if report["error"].as_str().is_some_and(|error| !error.is_empty()) {
            found.refused.insert(path);
            continue;
        }
        for finding in report["findings"].as_array().into_iter().flatten() {
            let rule = finding["rule"].as_str().unwrap_or_default().to_owned();
            let line = finding["line"].as_u64().unwrap_or_default();
            found.places.entry(rule).or_default().insert((path.clone(), line));
        }
    }
    Ok(found)
}

impl Found {
    fn forget_refused(&mut self) {
        for places in self.places.values_mut() {
            places.retain(|(file, _)| !self.refused.contains(file));
        }
    }
}

/// What we find, under the ids that are asked for.
fn ours(
    root: &Path,
    wish: &Wish,
    files: &[&String],
    asked: impl Fn(&str) -> bool,
) -> Result<BTreeMap<String, BTreeSet<Place>>, String> {
    let example = program::release_example(root, "check_instructions")?;
    let mut found: BTreeMap<String, BTreeSet<Place>> = BTreeMap::new();
    let out = piped(Command::new(example).args(&wish.config).current_dir(&wish.folder), files)?;
    for line in out.lines() {
        let mut fields = line.split('\t');
        let (Some(file), Some(line), _, Some(id)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(format!("check_instructions: {line}"));
        };
        if asked(id) {
            let line = line.parse().map_err(|_| format!("not a line: {line}"))?;
            found.entry(id.to_owned()).or_default().insert((file.to_owned(), line));
        }
    }
    Ok(found)
}

/// Runs a program with lines as its input; what it prints.
fn piped(command: &mut Command, lines: &[impl AsRef<str>]) -> Result<String, String> {
    let failed = |e: std::io::Error| e.to_string();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot run {command:?}: {e}"))?;
    let mut input = child.stdin.take().ok_or("no input")?;
    let text: String = lines.iter().flat_map(|line| [line.as_ref(), "\n"]).collect();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().map_err(failed)?;
    writer.join().map_err(|_| "the writer panicked")?.map_err(failed)?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|e| e.to_string())
}
