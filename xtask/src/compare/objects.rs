//! What tools for manifests and Compose files find, by the object, the container or the service that it is found in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::piped;
use crate::program;
use crate::tree;

/// How many files Checkov is given at once.
const BATCH: usize = 250;

/// A file, the object in it, and its container or service where that is told.
type Place = (String, String, String);

/// What a tool finds, by its ids, and what it does not read.
#[derive(Default)]
struct Found {
    places: BTreeMap<String, BTreeSet<Place>>,
    refused: BTreeSet<String>,
    /// Objects that it looks at for an id, or, under no id, at all; others are none of its business.
    seen: BTreeMap<String, BTreeSet<(String, String)>>,
}

impl Found {
    fn see(&mut self, id: &str, file: &str, object: &str) {
        self.seen.entry(id.to_owned()).or_default().insert((file.to_owned(), object.to_owned()));
    }

    fn add(&mut self, id: &str, place: Place) {
        self.places.entry(id.to_owned()).or_default().insert(place);
    }
}

/// What our own program finds, and where things stand.
#[derive(Default)]
struct Here {
    /// The services of each file with their first and last lines.
    services: BTreeMap<String, Vec<(u64, u64, String)>>,
    /// Objects that we take for patches.
    patches: BTreeSet<(String, String)>,
    found: Found,
}

/// `cargo xtask compare kube-score|checkov|compose-lint|dclint DIR [--program FILE] [--cache DIR] [--samples N]`
pub(super) fn run(root: &Path, rival: &str, words: &[&str]) -> Result<(), String> {
    let [folder, options @ ..] = words else { return Err("compare needs a folder".into()) };
    let folder = fs::canonicalize(folder).map_err(|e| format!("{folder}: {e}"))?;
    let (mut program, mut cache, mut samples) = (None, None, 0);
    for pair in options.chunks(2) {
        match *pair {
            ["--program", file] => program = Some(PathBuf::from(file)),
            ["--cache", dir] => cache = Some(PathBuf::from(dir)),
            ["--samples", n] => samples = n.parse().map_err(|_| format!("not a number: {n}"))?,
            _ => return Err(format!("unknown option: {}", pair.join(" "))),
        }
    }
    let program = program.or_else(|| program::on_path(rival)).ok_or(format!("no {rival} on the path"))?;
    let compose = matches!(rival, "compose-lint" | "dclint");
    let mut files: Vec<String> = tree::files(&folder)?
        .iter()
        .filter_map(|path| Some(path.strip_prefix(&folder).unwrap_or(path).to_str()?.to_owned()))
        .filter(|path| [".yaml", ".yml", ".json"].iter().any(|end| path.ends_with(end)))
        .collect();
    files.sort();
    let here = ours(root, &folder, compose, &files)?;
    let mut theirs = match rival {
        "kube-score" => kube_score(&program, &folder, &files)?,
        "checkov" => checkov(&program, &folder, &files, cache.as_deref())?,
        "compose-lint" => compose_lint(&program, &folder, &files)?,
        _ => dclint(&program, &folder, &files, &here)?,
    };
    theirs.places.values_mut().for_each(|places| {
        places.retain(|(file, object, _)| {
            !theirs.refused.contains(file) && !here.patches.contains(&(file.clone(), object.clone()))
        });
    });
    print(rival, &files, &theirs, &here, samples);
    Ok(())
}

fn print(rival: &str, files: &[String], theirs: &Found, here: &Here, samples: usize) {
    println!("{} files, of which {rival} refuses {}.\n", files.len(), theirs.refused.len());
    println!("| id | both | only {rival} | only we | agreement |\n|---|--:|--:|--:|--:|");
    let (mut both_all, mut all_all, mut shown) = (0, 0, String::new());
    for (id, theirs_places) in &theirs.places {
        let Some(ours) = here.found.places.get(id) else {
            println!("| {id} | - | {} | - | not found here |", theirs_places.len());
            continue;
        };
        let kinds: BTreeSet<&str> =
            theirs_places.iter().filter_map(|(_, object, _)| object.split('/').next()).collect();
        // Where the other names no container, neither do we.
        let by_container = theirs_places.iter().any(|(_, _, container)| !container.is_empty());
        let ours: BTreeSet<Place> = ours
            .iter()
            .filter(|(file, object, _)| {
                let seen = theirs.seen.get(id).or_else(|| theirs.seen.get(""));
                let looked_at = seen.is_none_or(|seen| seen.contains(&(file.clone(), object.clone())));
                // Checkov does not say which objects it looked at: those of the kinds that it ever names.
                let kinds = theirs.seen.contains_key("").then_some(&kinds);
                let kind = object.split('/').next().unwrap_or_default();
                looked_at
                    && !here.patches.contains(&(file.clone(), object.clone()))
                    && kinds.is_none_or(|kinds| kinds.contains(kind))
                    && !theirs.refused.contains(file)
            })
            .flat_map(|(file, object, container)| {
                let place = |container: &str| (file.clone(), object.clone(), container.to_owned());
                if !by_container {
                    return vec![place("")];
                }
                // What we find at the pod they find in each of its containers.
                let of_object = (file.clone(), object.clone(), String::new())..;
                let theirs: Vec<Place> = theirs_places
                    .range(of_object)
                    .take_while(|(f, o, _)| f == file && o == object && container.is_empty())
                    .cloned()
                    .collect();
                if theirs.is_empty() { vec![place(container)] } else { theirs }
            })
            .collect();
        let both = theirs_places.intersection(&ours).count();
        let all = theirs_places.union(&ours).count();
        (both_all, all_all) = (both_all + both, all_all + all);
        let share = both * 1000 / all.max(1);
        let (only_they, only_we) = (theirs_places.len() - both, ours.len() - both);
        println!("| {id} | {both} | {only_they} | {only_we} | {}.{} % |", share / 10, share % 10);
        for (who, places) in
            [(rival, theirs_places.difference(&ours)), ("we", ours.difference(theirs_places))]
        {
            for (file, object, container) in places.take(samples) {
                shown += &format!("{id}: only {who}: {file} {object} {container}\n");
            }
        }
    }
    let share = both_all * 1000 / all_all.max(1);
    println!("| all | {both_all} | | | {}.{} % |\n\n{shown}", share / 10, share % 10);
}

fn ours(root: &Path, folder: &Path, compose: bool, files: &[String]) -> Result<Here, String> {
    // A development build checks thousands of small files in seconds.
    let example = program::development(
        root,
        &["--package", "seaworthy-engine", "--example", "check_objects"],
        "examples/check_objects",
    )?;
    let mut command = Command::new(example);
    command.arg(if compose { "compose" } else { "manifests" }).current_dir(folder);
    let mut here = Here::default();
    for line in piped(&mut command, files)?.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields[..] {
            [file, "@", first, last, name] => {
                let lines =
                    (first.parse().unwrap_or_default(), last.parse().unwrap_or_default(), name.to_owned());
                here.services.entry(file.to_owned()).or_default().push(lines);
            }
            [file, "!", object] => _ = here.patches.insert((file.to_owned(), object.to_owned())),
            [file, _, object, container, id, ..] => {
                here.found.add(id, (file.to_owned(), object.to_owned(), container.to_owned()));
            }
            _ => return Err(format!("check_objects: {line}")),
        }
    }
    Ok(here)
}

/// Each file alone: objects of different ones have nothing to do with each other.
fn kube_score(program: &Path, folder: &Path, files: &[String]) -> Result<Found, String> {
    let mut found = Found::default();
    for file in files {
        let mut command = Command::new(program);
        command.args(["score", "--all-default-optional", "--output-format", "json"]);
        command.args(["--disable-ignore-checks-annotations", "--kubernetes-version", "v1.34"]).arg(file);
        let run = program::run(command.current_dir(folder))?;
        let Ok(report) = serde_json::from_slice::<Value>(&run.stdout) else {
            found.refused.insert(file.clone());
            continue;
        };
        for object in report.as_array().into_iter().flatten() {
            let kind = object["type_meta"]["kind"].as_str().unwrap_or_default();
            let name = format!("{kind}/{}", object["object_meta"]["name"].as_str().unwrap_or_default());
            for check in object["checks"].as_array().into_iter().flatten() {
                let skipped = check["skipped"].as_bool() == Some(true);
                let id = check["check"]["id"].as_str().unwrap_or_default();
                if !skipped {
                    found.see(id, file, &name);
                }
                if skipped || check["grade"].as_u64().unwrap_or(10) >= 10 {
                    continue;
                }
                let of_container =
                    id.starts_with("container-") || id == "environment-variable-key-duplication";
                let comments = check["comments"].as_array().into_iter().flatten();
                let paths: Vec<&str> = comments
                    .filter_map(|comment| comment["path"].as_str())
                    .filter(|path| of_container && !path.is_empty())
                    .collect();
                if paths.is_empty() {
                    found.add(id, (file.clone(), name.clone(), String::new()));
                }
                for path in paths {
                    found.add(id, (file.clone(), name.clone(), path.to_owned()));
                }
            }
        }
    }
    Ok(found)
}

fn checkov(program: &Path, folder: &Path, files: &[String], cache: Option<&Path>) -> Result<Found, String> {
    let mut found = Found::default();
    for (number, batch) in files.chunks(BATCH).enumerate() {
        let kept = cache.map(|cache| cache.join(format!("checkov-{number}.json")));
        let text = if let Some(text) = kept.as_ref().and_then(|path| fs::read_to_string(path).ok()) {
            text
        } else {
            let mut command = Command::new(program);
            command.args([
                "--framework",
                "kubernetes",
                "-o",
                "json",
                "--compact",
                "--quiet",
                "--skip-download",
            ]);
            command.arg("-f").args(batch);
            let run = program::run(command.current_dir(folder))?;
            let text = String::from_utf8_lossy(&run.stdout).into_owned();
            if let Some(path) = &kept {
                fs::write(path, &text).map_err(|e| e.to_string())?;
            }
            text
        };
        let report: Value = serde_json::from_str(&text).map_err(|e| format!("checkov: {e}"))?;
        let results = if report.is_array() { &report[0]["results"] } else { &report["results"] };
        let base = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        for file in results["parsing_errors"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            found.refused.insert(base(file));
        }
        for failed in results["failed_checks"].as_array().into_iter().flatten() {
            let file = base(failed["file_path"].as_str().unwrap_or_default());
            let id = failed["check_id"].as_str().unwrap_or_default();
            // `Deployment.default.api`; the pod of a template is told as `Pod.default.api.app-api`.
            let mut parts = failed["resource"].as_str().unwrap_or_default().splitn(3, '.');
            let (kind, _, name) = (parts.next(), parts.next(), parts.next());
            let mut object = format!("{}/{}", kind.unwrap_or_default(), name.unwrap_or_default());
            // What its graph finds it tells of the pod of a template: by the name of the workload and a label.
            if id.starts_with("CKV2") && kind == Some("Pod") {
                let name = name.unwrap_or_default();
                let runs = |o: &str| !o.starts_with("Service") && !o.starts_with("Ingress");
                let mut seen =
                    found.seen.get("").into_iter().flatten().filter(|(f, o)| *f == file && runs(o));
                let whole = seen.clone().any(|(_, o)| *o == object);
                let owner = seen.find(|(_, o)| {
                    o.split_once('/').is_some_and(|(_, own)| {
                        name.strip_prefix(own).is_some_and(|rest| rest.starts_with('.'))
                    })
                });
                if let Some((_, owner)) = owner.filter(|_| !whole) {
                    object.clone_from(owner);
                }
            }
            found.see("", &file, &object);
            found.add(id, (file, object, String::new()));
        }
    }
    Ok(found)
}

fn compose_lint(program: &Path, folder: &Path, files: &[String]) -> Result<Found, String> {
    let mut found = Found::default();
    for batch in files.chunks(100) {
        let mut command = Command::new(program);
        command.args(["check", "--format", "json"]).args(batch);
        let run = program::run(command.current_dir(folder))?;
        let report: Value =
            serde_json::from_slice(&run.stdout).map_err(|e| format!("compose-lint: {e}: {}", run.stderr))?;
        for error in report["errors"].as_array().into_iter().flatten() {
            found.refused.insert(error["file"].as_str().unwrap_or_default().to_owned());
        }
        for finding in report["findings"].as_array().into_iter().flatten() {
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            found.add(&text("rule_id"), (text("file"), String::new(), text("service")));
        }
    }
    Ok(found)
}

fn dclint(program: &Path, folder: &Path, files: &[String], here: &Here) -> Result<Found, String> {
    /// What it says of a file, not of a service.
    const OF_FILE: [&str; 4] = [
        "no-version-field",
        "require-project-name-field",
        "top-level-properties-order",
        "services-alphabetical-order",
    ];
    let scratch = program::Scratch::new("dclint")?;
    let out = scratch.path().join("report.json");
    let mut found = Found::default();
    for batch in files.chunks(50) {
        _ = fs::remove_file(&out);
        // Through a pipe it loses what is longer than 64 KiB.
        let mut command = Command::new(program);
        command.args(["-f", "json", "-o"]).arg(&out).args(batch);
        program::run(command.current_dir(folder))?;
        let text = fs::read_to_string(&out).map_err(|e| format!("dclint: {e}"))?;
        let report: Value = serde_json::from_str(&text).map_err(|e| format!("dclint: {e}"))?;
        for file in report.as_array().into_iter().flatten() {
            let path = file["filePath"].as_str().unwrap_or_default();
            let name = path.rsplit('/').next().unwrap_or(path).to_owned();
            for message in file["messages"].as_array().into_iter().flatten() {
                let line = message["line"].as_u64().unwrap_or_default();
                let id = message["rule"].as_str().unwrap_or_default();
                if id == "invalid-schema" || id == "invalid-yaml" {
                    found.refused.insert(name.clone());
                }
                let mut services = here.services.get(&name).into_iter().flatten();
                let service = services.rfind(|(first, last, _)| (*first..=*last).contains(&line));
                let service = service.filter(|_| !OF_FILE.contains(&id)).map_or("", |(_, _, name)| name);
                found.add(id, (name.clone(), String::new(), service.to_owned()));
            }
        }
    }
    Ok(found)
}
