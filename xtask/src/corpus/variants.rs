//! Whether variants are what they should be.
//!
//! Every project is copied and its variants are made, twice. No original may change, the second run may change nothing,
//! `BuildKit` has to accept each variant of a Dockerfile that it accepts, a variant may not be said to drift from the
//! Dockerfile it was made of even where its header is gone, and what a variant promises may be found in none, unless the
//! report says why it was left out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::engines::Engines;
use super::{Wish, findings, place, text};
use crate::program::{self, Scratch};
use crate::tree;

/// The rules of `check` whose findings a variant promises to mend, each with the transformations that may say why not.
const PROMISES: [(&str, &[&str]); 4] = [
    ("root-user", &["numeric-user", "unprivileged-server", "unprivileged-port"]),
    ("shell-form-command", &["exec-command", "exec-script"]),
    ("shell-wrapped-command", &["exec-command", "exec-script"]),
    ("variant-drift", &[]),
];

#[derive(Default)]
struct Tally {
    projects: usize,
    variants: usize,
    unchanged: usize,
    left_out: BTreeMap<String, usize>,
    changes: BTreeMap<String, usize>,
    omissions: BTreeMap<String, usize>,
    check: Duration,
    variant: Duration,
    wrong: BTreeMap<&'static str, Vec<String>>,
}

pub(super) fn run(wish: &Wish) -> Result<(), String> {
    let engines = match &wish.engines {
        Some(engines) => engines,
        None => &Engines::new(None)?,
    };
    let mut tally = Tally::default();
    for folder in &wish.folders {
        for project in tree::projects(folder, wish.each)? {
            let scratch = Scratch::new("variants")?;
            one(wish, engines, &project, scratch.path(), &mut tally)?;
        }
    }
    let Tally { projects, variants, unchanged, left_out, changes, omissions, check, variant, wrong } = tally;
    println!("{projects} projects: {variants} variants, {unchanged} of them with no more than a header");
    println!("check {} ms, variant {} ms\n", check.as_millis(), variant.as_millis());
    for (what, counts) in
        [("changes", changes), ("changes left out", omissions), ("Dockerfiles left out", left_out)]
    {
        println!("{what}: {}", counts.values().sum::<usize>());
        let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(name, n)| (std::cmp::Reverse(*n), name.clone()));
        for (name, n) in counts.iter().take(40) {
            println!("  {n:6} {name}");
        }
        println!();
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

fn one(wish: &Wish, engines: &Engines, project: &Path, copy: &Path, tally: &mut Tally) -> Result<(), String> {
    let original = tree::read(project)?;
    tree::write(copy, &original)?;
    let name = project.display().to_string();
    let mut wrong = |kind: &'static str, what: String| tally.wrong.entry(kind).or_default().push(what);
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&wish.program);
        program::run(command.args(arguments).args(&wish.arguments).arg(".").current_dir(copy))
    };
    let checked = run(&["check", "--format", "json"])?;
    let made = run(&["variant", "--format", "json"])?;
    tally.projects += 1;
    tally.check += checked.time;
    tally.variant += made.time;
    if made.crashed() || checked.crashed() {
        wrong("crashes", format!("{name}: {}", made.stderr));
        return Ok(());
    }
    for line in made.stderr.lines().filter(|line| line.contains("a bug of seaworthy")) {
        wrong("fixes left out, since they are wrong", format!("{name}: {line}"));
    }
    let report: Value = serde_json::from_slice(&made.stdout).unwrap_or(Value::Null);
    let empty = Vec::new();
    let list = |value: &'_ Value, key: &str| value[key].as_array().unwrap_or(&empty).clone();
    let variants = list(&report, "variants");
    let first = tree::read(copy)?;
    for (path, bytes) in &original {
        if first.get(path) != Some(bytes) {
            wrong("originals changed", format!("{name}: {}", path.display()));
        }
    }
    run(&["variant", "--format", "json"])?;
    for (path, bytes) in &tree::read(copy)? {
        if first.get(path) != Some(bytes) {
            wrong("changes on a second run", format!("{name}: {}", path.display()));
        }
    }
    for left in list(&report, "left_out") {
        let reason = text(&left, "reason");
        let kind = reason.split([':', '`']).next().unwrap_or_default().trim().to_owned();
        *tally.left_out.entry(kind).or_default() += 1;
    }
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let mut bare: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
    for variant in &variants {
        tally.variants += 1;
        let changes = list(variant, "changes");
        tally.unchanged += usize::from(changes.is_empty());
        for change in &changes {
            *tally.changes.entry(text(change, "rule").to_owned()).or_default() += 1;
        }
        for omission in list(variant, "left_out") {
            let message = text(&omission, "message");
            // Names of files and programs do not tell one reason from another.
            let reason: String = message.split('`').step_by(2).collect::<Vec<_>>().join("…");
            *tally.omissions.entry(format!("{}: {reason}", text(&omission, "rule"))).or_default() += 1;
        }
        let (source, path) = (PathBuf::from(text(variant, "source")), PathBuf::from(text(variant, "path")));
        if let Some(bytes) = first.get(&path) {
            bare.insert(path.clone(), without_header(bytes));
        }
        before.push(source);
        after.push(path);
    }
    let accepted = engines.buildkit(copy, &before.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
    let still = engines.buildkit(copy, &after.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
    for (source, path) in before.iter().zip(&after) {
        if accepted.contains(source.as_path()) && !still.contains(path.as_path()) {
            wrong("refused by BuildKit", format!("{name}: {}", path.display()));
        }
    }
    // Without its header a variant is one that somebody wrote.
    tree::write(copy, &bare)?;
    let names = PROMISES.map(|(rule, _)| rule).join(",");
    let found = run(&["check", "--target", "kubernetes", "--format", "json", "--select", &names])?;
    let found: Value = serde_json::from_slice(&found.stdout).unwrap_or(Value::Null);
    for finding in findings(&found) {
        let path = text(finding, "path");
        let variant = variants.iter().find(|v| {
            text(v, "path") == path || text(finding, "rule") == "variant-drift" && text(v, "source") == path
        });
        let Some(variant) = variant else { continue };
        let reasons =
            PROMISES.iter().find(|(rule, _)| *rule == text(finding, "rule")).map_or(&[][..], |(_, r)| r);
        let said = list(variant, "left_out").iter().any(|o| reasons.contains(&text(o, "rule")));
        if !said {
            wrong("promised, and found", format!("{name}: {} {}", text(finding, "rule"), place(finding)));
        }
    }
    Ok(())
}

/// A file without the lines of its header.
fn without_header(bytes: &[u8]) -> Vec<u8> {
    let lines = bytes.split_inclusive(|b| *b == b'\n');
    let header: [&[u8]; 2] = [b"# The Kubernetes variant of ", b"# seaworthy-variant "];
    lines.filter(|line| !header.iter().any(|start| line.starts_with(start))).flatten().copied().collect()
}
