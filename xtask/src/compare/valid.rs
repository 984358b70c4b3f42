//! Which manifests are valid: what kubeconform and a real API server say, and what we say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::piped;
use crate::program;
use crate::tree;

/// How many files kubeconform is given at once.
const BATCH: usize = 500;

/// Where `kubectl proxy` listens.
const PORT: &str = "18001";

/// What decides from the state of a cluster, not from the object: the namespace, the account or the class that is not there.
const ADMISSION: &str = "--allow-privileged=true \
    --disable-admission-plugins=NamespaceLifecycle,ServiceAccount,Priority,RuntimeClass,LimitRanger,ResourceQuota,PodSecurity";

/// The rules that hold manifests to their schemas.
const RULES: [&str; 4] = ["unknown-key", "missing-key", "invalid-value", "syntax-error"];

fn manifests(folder: &Path) -> Result<Vec<String>, String> {
    let mut files: Vec<String> = tree::files(folder)?
        .iter()
        .filter_map(|path| Some(folder.join(path).to_str()?.to_owned()))
        .filter(|path| [".yaml", ".yml", ".json"].iter().any(|end| path.ends_with(end)))
        .collect();
    files.sort();
    Ok(files)
}

/// `cargo xtask compare apiserver DIR [--breaks N] [--samples N] [--files N]`
pub(super) fn apiserver(root: &Path, words: &[&str]) -> Result<(), String> {
    let [folder, options @ ..] = words else { return Err("compare needs a folder".into()) };
    let (mut breaks, mut samples, mut most) = ("0", "10", usize::MAX);
    for pair in options.chunks(2) {
        match *pair {
            ["--breaks", n] => breaks = n,
            ["--samples", n] => samples = n,
            ["--files", n] => most = n.parse().map_err(|_| format!("not a number: {n}"))?,
            _ => return Err(format!("unknown option: {}", pair.join(" "))),
        }
    }
    let mut files = manifests(&fs::canonicalize(folder).map_err(|e| format!("{folder}: {e}"))?)?;
    if files.len() > most {
        // Spread over all of them, since neighbours are of one repository.
        let step = files.len() / most.max(1);
        files = files.into_iter().step_by(step.max(1)).take(most).collect();
    }
    let what = ["--package", "seaworthy-engine", "--example", "dry_run"];
    let program = program::development(root, &what, "examples/dry_run")?;
    let engines = std::env::var_os("ENGINES").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/seaworthy-engines"),
        PathBuf::from,
    );
    let script = |word: &str| {
        let mut command = Command::new(root.join("tests/engines/apiserver.sh"));
        let status = command.arg(word).env("APISERVER_FLAGS", ADMISSION).stdin(Stdio::null()).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            _ => Err(format!("apiserver.sh {word} failed")),
        }
    };
    script("up")?;
    let proxy = Command::new(engines.join("bin/kubectl"))
        .arg("--kubeconfig")
        .arg(engines.join("apiserver/admin.kubeconfig"))
        .args(["proxy", "--port", PORT, "--reject-methods=^$"])
        .stdout(Stdio::null())
        .spawn();
    let asked = proxy.map_err(|e| format!("kubectl: {e}")).and_then(|mut proxy| {
        let asked = ask(&program, breaks, samples, &files);
        end(&mut proxy);
        asked
    });
    script("down")?;
    print!("{}", asked?);
    Ok(())
}

fn ask(program: &Path, breaks: &str, samples: &str, files: &[String]) -> Result<String, String> {
    let address = format!("127.0.0.1:{PORT}");
    let started = std::time::Instant::now();
    while std::net::TcpStream::connect(&address).is_err() {
        if started.elapsed().as_secs() > 20 {
            return Err("kubectl proxy does not answer".into());
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    piped(Command::new(program).args([&address, breaks, samples]), files)
}

fn end(child: &mut Child) {
    // It holds nothing; one that is gone already is fine.
    let _ = child.kill();
    let _ = child.wait();
}

/// `cargo xtask compare kubeconform DIR --schemas LOCATION [--program FILE] [--samples N]`
pub(super) fn kubeconform(root: &Path, words: &[&str]) -> Result<(), String> {
    let [folder, options @ ..] = words else { return Err("compare needs a folder".into()) };
    let (mut program, mut schemas, mut samples) = (None, None, 10);
    for pair in options.chunks(2) {
        match *pair {
            ["--program", file] => program = Some(PathBuf::from(file)),
            ["--schemas", location] => schemas = Some(location),
            ["--samples", n] => samples = n.parse().map_err(|_| format!("not a number: {n}"))?,
            _ => return Err(format!("unknown option: {}", pair.join(" "))),
        }
    }
    let schemas = schemas.ok_or("say where the schemas of 1.34 are: --schemas LOCATION")?;
    let program = program.or_else(|| program::on_path("kubeconform")).ok_or("no kubeconform on the path")?;
    let files = manifests(&fs::canonicalize(folder).map_err(|e| format!("{folder}: {e}"))?)?;
    let theirs = kubeconform_of(&program, schemas, &files)?;

    let what = ["--package", "seaworthy-engine", "--example", "check_objects"];
    let example = program::development(root, &what, "examples/check_objects")?;
    let mut ours: BTreeMap<&str, String> = BTreeMap::new();
    let said = piped(Command::new(example).arg("manifest").arg("1.34"), &files)?;
    for line in said.lines() {
        if let [path, at, object, _, id, rule, message] = line.split('\t').collect::<Vec<_>>()[..]
            && RULES.contains(&rule)
            && id == rule
        {
            ours.entry(path).or_insert_with(|| format!("{at} {object} {rule}: {message}"));
        }
    }
    let held: Vec<&String> = files.iter().filter(|file| theirs.held.contains(*file)).collect();
    let (mut both, mut neither, mut only_they, mut only_we) = (0, 0, Vec::new(), Vec::new());
    for file in &held {
        match (theirs.refused.get(*file), ours.get(file.as_str())) {
            (Some(_), Some(_)) => both += 1,
            (None, None) => neither += 1,
            (Some(why), None) => only_they.push(format!("{file}\t{why}")),
            (None, Some(why)) => only_we.push(format!("{file}\t{why}")),
        }
    }
    let share = (both + neither) * 1000 / held.len().max(1);
    println!("{} files, {} of them with kinds that kubeconform has schemas of", files.len(), held.len());
    println!("valid to both {neither}, invalid to both {both}: {}.{} % agreed", share / 10, share % 10);
    println!("invalid to kubeconform alone {}, to us alone {}", only_they.len(), only_we.len());
    for (who, lines) in [("kubeconform", only_they), ("we", only_we)] {
        for line in lines.iter().take(samples) {
            println!("only {who}\t{line}");
        }
    }
    Ok(())
}

/// What kubeconform says of files.
#[derive(Default)]
struct Conform {
    /// Those that hold an object of a kind it has a schema of.
    held: BTreeSet<String>,
    /// Those it refuses, and why.
    refused: BTreeMap<String, String>,
}

fn kubeconform_of(program: &Path, schemas: &str, files: &[String]) -> Result<Conform, String> {
    let mut found = Conform::default();
    for batch in files.chunks(BATCH) {
        let mut command = Command::new(program);
        command.args(["-strict", "-ignore-missing-schemas", "-output", "json", "-verbose"]);
        command.args(["-schema-location", schemas]).args(batch);
        let run = program::run(&mut command)?;
        let answer: Value = serde_json::from_slice(&run.stdout).map_err(|e| format!("kubeconform: {e}"))?;
        for resource in answer["resources"].as_array().into_iter().flatten() {
            let text = |key: &str| resource[key].as_str().unwrap_or_default().to_owned();
            match resource["status"].as_str() {
                Some("statusValid") => _ = found.held.insert(text("filename")),
                Some("statusInvalid") => {
                    found.held.insert(text("filename"));
                    found.refused.entry(text("filename")).or_insert_with(|| text("msg"));
                }
                // What it cannot read at all, or knows no schema of, is not held to one.
                _ => {}
            }
        }
    }
    Ok(found)
}
