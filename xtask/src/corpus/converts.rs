//! Whether what Compose files become is what it should be.
//!
//! Every Compose file is converted in each way, in an environment whose values are marked. Nothing may crash, no mark may
//! be in any output, kubeconform has to take the manifests, and what Helm and Kustomize come to has to be the manifests.
//! With `--marks` it is copies that are converted, in which every secret is a mark too.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::engines::Engines;
use super::marks::{self, Marks};
use super::{Wish, text};
use crate::program::{self, Run, Scratch};
use crate::tree;

/// What every variable of the environment says.
const HOST: &str = "marked-value-of-the-host";

/// How many values a chart may ask for before it comes to anything.
const ASKED: usize = 100;

#[derive(Default)]
struct Tally {
    files: usize,
    converted: usize,
    fates: BTreeMap<String, usize>,
    refused: BTreeMap<String, usize>,
    time: Duration,
    wrong: BTreeMap<&'static str, Vec<String>>,
}

pub(super) fn run(wish: &Wish) -> Result<(), String> {
    let mut tally = Tally::default();
    let mut marks = Marks::default();
    for folder in &wish.folders {
        for project in tree::projects(folder, wish.each)? {
            let copy = Scratch::new("marked")?;
            let project = if wish.marks {
                marks.copy(&project, copy.path())?;
                copy.path()
            } else {
                &project
            };
            all(wish, project, &marks, &mut tally)?;
        }
    }
    if wish.marks {
        println!("{} values of secrets marked", marks.len());
    }
    let Tally { files, converted, fates, refused, time, wrong } = tally;
    println!("{files} files: {converted} converted in {} ms of whole processes", time.as_millis());
    for (what, counts) in [("keys", fates), ("not converted, since", refused)] {
        println!("{what}:");
        for (name, n) in counts {
            println!("  {n:6} {name}");
        }
    }
    let all: usize = wrong.values().map(Vec::len).sum();
    for (kind, what) in wrong {
        println!("{kind}: {}", what.len());
        for what in what {
            println!("  {what}");
        }
    }
    if all == 0 { Ok(()) } else { Err(format!("{all} things are not as they should be")) }
}

/// Converts every Compose file of a repository.
fn all(wish: &Wish, project: &Path, marks: &Marks, tally: &mut Tally) -> Result<(), String> {
    for path in tree::files(project)? {
        let is_yaml = path.extension().is_some_and(|end| end == "yml" || end == "yaml");
        let path = project.join(path);
        let is_compose = |text: String| {
            text.lines().any(|line| line.trim_end() == "services:" || line.starts_with("services: "))
        };
        if is_yaml && fs::read_to_string(&path).is_ok_and(is_compose) {
            let scratch = Scratch::new("convert")?;
            one(wish, &path, scratch.path(), marks, tally)?;
        }
    }
    Ok(())
}

fn one(wish: &Wish, path: &Path, scratch: &Path, marks: &Marks, tally: &mut Tally) -> Result<(), String> {
    let name = path.display().to_string();
    let directory = path.parent().unwrap_or(Path::new("."));
    let file = path.file_name().unwrap_or_default();
    let convert = |arguments: &[&str], marked: &[&str]| {
        let mut command = Command::new(&wish.program);
        command.arg("convert").arg(file).args(arguments).args(&wish.arguments).current_dir(directory);
        command.envs(marked.iter().map(|name| (name, HOST)));
        program::run(&mut command)
    };
    tally.files += 1;
    let manifests = convert(&["--format", "json"], &[])?;
    tally.time += manifests.time;
    let mut wrong = |kind: &'static str, what: String| tally.wrong.entry(kind).or_default().push(what);
    if manifests.crashed() {
        wrong("crashes", format!("{name}: {}", manifests.stderr));
        return Ok(());
    }
    if manifests.code == Some(2) {
        let why = manifests.stderr.lines().last().unwrap_or_default();
        let why = why.split_whitespace().skip(2).collect::<Vec<_>>().join(" ");
        *tally.refused.entry(why).or_default() += 1;
        return Ok(());
    }
    tally.converted += 1;
    let json = manifests.stderr.find("{\n").map_or("", |at| &manifests.stderr[at..]);
    let report: Value = serde_json::from_str(json).unwrap_or(Value::Null);
    let empty = Vec::new();
    let list = |key: &str| report[key].as_array().unwrap_or(&empty);
    for row in list("rows") {
        *tally.fates.entry(text(row, "fate").to_owned()).or_default() += 1;
    }
    let marked: Vec<&str> = list("variables").iter().map(|variable| text(variable, "name")).collect();
    let marked: Vec<&str> = marked.into_iter().filter(|name| !matches!(*name, "PATH" | "HOME")).collect();
    let (chart, base) = (scratch.join("chart"), scratch.join("kustomize"));
    for (to, out) in [("helm", &chart), ("kustomize", &base)] {
        let folder = out.display().to_string();
        let made = convert(&["--to", to, "--out", &folder, "--verbose"], &marked)?;
        if made.crashed() || made.code == Some(2) {
            wrong("not written", format!("{name}: {to}: {}", made.stderr));
            return Ok(());
        }
        let written =
            tree::read(out)?.into_values().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let printed = String::from_utf8_lossy(&made.stdout).into_owned();
        let said = String::from_utf8_lossy(&manifests.stdout).into_owned();
        for text in written.chain([printed, made.stderr, said, manifests.stderr.clone()]) {
            if text.contains(HOST) {
                wrong("values of the host", format!("{name}: {to}"));
            }
            // Each leak once: the others are of the same line or of another output.
            if let Some(line) = text.lines().find(|line| line.contains(marks::MARK)) {
                let meaning = marks.meaning(line).unwrap_or_default();
                wrong("values of secrets", format!("{name}: {to}: {} ({meaning})", line.trim()));
                break;
            }
        }
    }
    let Some(engines) = &wish.engines else { return Ok(()) };
    let engine = |name: &str, arguments: &[&str]| {
        let mut command = Command::new(engines.program(name));
        program::run(command.args(arguments).current_dir(scratch))
    };
    write(&scratch.join("all.yaml"), &manifests.stdout)?;
    if let Some(schemas) = engines.schemas() {
        let said = engine(
            "kubeconform",
            &["-strict", "-ignore-missing-schemas", "-schema-location", schemas, "all.yaml"],
        )?;
        if said.code != Some(0) {
            wrong("kubeconform", format!("{name}: {}", String::from_utf8_lossy(&said.stdout)));
        }
    }
    let expected = normal(engines, scratch, &manifests.stdout)?;
    let lint = engine("helm", &["lint", "--strict", "--quiet", "chart"])?;
    if lint.code != Some(0) {
        wrong("helm lint", format!("{name}: {}", String::from_utf8_lossy(&lint.stdout)));
    }
    let (templated, asked) = template(&engine, text(&report, "project"))?;
    if templated.code != Some(0) {
        wrong("helm template", format!("{name}: {}", templated.stderr));
    } else if asked == 0 && normal(engines, scratch, &templated.stdout)? != expected {
        wrong("helm differs", name.clone());
    }
    let built = engine("kustomize", &["build", "kustomize/base"])?;
    if built.code != Some(0) {
        wrong("kustomize", format!("{name}: {}", built.stderr));
    } else if normal(engines, scratch, &built.stdout)? != expected {
        wrong("kustomize differs", name.clone());
    }
    Ok(())
}

/// What a chart comes to, with a word for each value that it requires; and how many those are.
fn template(
    engine: &impl Fn(&str, &[&str]) -> Result<Run, String>,
    namespace: &str,
) -> Result<(Run, usize), String> {
    let mut sets: Vec<String> = Vec::new();
    loop {
        let mut arguments = vec!["template", "release", "chart", "--namespace", namespace];
        arguments.extend(sets.iter().flat_map(|set| ["--set-string", set]));
        let run = engine("helm", &arguments)?;
        // `execution error at (chart/templates/web.yaml:1:2): NAME: what is to be said`
        let name = run.stderr.split("): ").nth(1).and_then(|rest| rest.split([':', ' ']).next());
        match name.filter(|_| run.code != Some(0) && run.stderr.contains("execution error")) {
            Some(name) if sets.len() < ASKED => sets.push(format!("variables.{name}=word")),
            _ => return Ok((run, sets.len())),
        }
    }
}

/// Objects in one order and one hand, without the Namespace, which a chart cannot make.
fn normal(engines: &Engines, scratch: &Path, manifests: &[u8]) -> Result<Vec<u8>, String> {
    let folder: PathBuf = scratch.join("normal");
    write(&folder.join("all.yaml"), manifests)?;
    let kustomization = br#"{"resources": ["all.yaml"], "sortOptions": {"order": "legacy"}, "patches": [
        {"target": {"kind": "Namespace"}, "patch": "{\"$patch\": \"delete\", \"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"any\"}}"}]}"#;
    write(&folder.join("kustomization.yaml"), kustomization)?;
    let mut command = Command::new(engines.program("kustomize"));
    let run = program::run(command.arg("build").arg(&folder))?;
    Ok(if run.code == Some(0) { run.stdout } else { run.stderr.into_bytes() })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let say = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(say)?;
    fs::write(path, bytes).map_err(say)
}
