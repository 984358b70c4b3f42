//! Builds the projects of `tests/ecosystems` and their variants with `BuildKit`, holds each image against what the model
//! says of it, and runs it: a variant as a stranger to root would be run on a cluster, an original as Docker runs it.

mod image;
mod run;
mod starts;
mod verify;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program;
use crate::tree;
use image::{Builder, Image, Mounted};
use run::{Kind, Outcome};

/// How long a variant may take to stop.
const STOP: Duration = Duration::from_secs(3);
/// How many containers run at once: most of their time is waiting.
const AT_ONCE: usize = 4;

/// A table of `tests/ecosystems/cases.toml`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Case {
    port: Option<u16>,
    ask: Option<String>,
    answer: Option<String>,
    log: Option<String>,
    code: Vec<String>,
    writable: Vec<String>,
    absent: Vec<String>,
    env: BTreeMap<String, String>,
    low_port: bool,
    /// Its program ends on no signal as the first process: Compose runs it below an init.
    needs_init: bool,
    /// The image that stands in for its base lacks the tool of its health check.
    no_check: bool,
    refused: Vec<String>,
}

/// An image, and what came of it.
struct Row {
    name: String,
    kind: Kind,
    wrong: Vec<String>,
    outcome: Option<Outcome>,
    user: String,
    size: u64,
    config_holds: bool,
}

/// `cargo xtask builds [--no-run | --verify] [NAME]…`
pub(crate) fn run(root: &Path, words: &[&str]) -> Result<(), String> {
    let started = Instant::now();
    let runs = !words.contains(&"--no-run");
    let verifies = words.contains(&"--verify");
    let wanted: Vec<&str> = words.iter().copied().filter(|w| !w.starts_with("--")).collect();
    let Some(builder) = Builder::start(root)? else { return Ok(()) };
    let folder = root.join("tests/ecosystems");
    let cases = cases(&folder, &wanted)?;
    let wrong_starts = if verifies { Vec::new() } else { starts::run(root, &builder, runs, &wanted)? };
    if cases.is_empty() {
        return if wrong_starts.is_empty() { Ok(()) } else { Err(wrong_starts.join("\n")) };
    }

    let work = builder.scratch("projects")?;
    tree::write(&work, &tree::read(&folder)?)?;
    copy_permissions(&folder, &work)?;
    let program = program::development(root, &["--package", "seaworthy"], "seaworthy")?;
    let mut vary = Command::new(&program);
    vary.args(["variant", "--format", "json"]).current_dir(&work);
    let varied = program::run(&mut vary)?;
    if varied.crashed() || varied.code == Some(2) {
        return Err(format!("`seaworthy variant` failed: {}", varied.stderr));
    }

    let (needs, none) = (needs(&varied.stdout)?, Needs::default());
    let mut images = Vec::new();
    for (name, case) in &cases {
        for kind in [Kind::Original, Kind::Variant] {
            let file = work.join(name).join(kind.file());
            images.push((name.as_str(), case, kind, file));
        }
    }
    let said = said(root, images.iter().map(|i| i.3.as_path()).filter(|f| f.exists()))?;
    let mut rows = Vec::new();
    let mut mounted = Vec::new();
    for (name, case, kind, file) in &images {
        let mut row = Row::new(name, *kind);
        if *kind == Kind::Variant {
            let named = needs.get(*name);
            let within = |path: &str| {
                let named = named.into_iter().flat_map(|n| n.writable.iter().chain(&n.filled));
                named.into_iter().any(|n| Path::new(path).starts_with(n))
            };
            let unnamed = case.writable.iter().filter(|path| !within(path));
            row.wrong
                .extend(unnamed.map(|path| format!("its report does not name {path}, which it writes to")));
        }
        if file.exists() {
            match builder.build(file, &format!("{name}.{}", kind.word())) {
                Ok(image) => mounted.push(hold(&builder, image, said.get(file), case, &mut row)),
                Err(error) => {
                    row.wrong.push(error);
                    mounted.push(None);
                }
            }
        } else {
            row.wrong.push("there is no variant".to_owned());
            mounted.push(None);
        }
        rows.push(row);
    }
    let built = started.elapsed();
    if verifies {
        let mut proved = Vec::new();
        for (n, (name, case, ..)) in images.iter().enumerate().step_by(2) {
            let pair: Vec<(Kind, &Mounted)> =
                (n..n + 2).filter_map(|n| Some((images[n].2, mounted[n].as_ref()?))).collect();
            match verify::verify(&program, &builder, name, case, &pair) {
                Ok(proofs) => proved.extend(proofs.into_iter().map(|(kind, proof)| (*name, kind, proof))),
                Err(error) => return Err(format!("{name}: {error}")),
            }
        }
        return prove(&proved, &cases);
    }
    if runs {
        let work = images.iter().zip(&mounted).enumerate();
        let jobs =
            Mutex::new(work.filter_map(|(n, ((_, case, kind, _), m))| Some((n, *case, *kind, m.as_ref()?))));
        let done = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| {
                    loop {
                        let next = jobs.lock().ok().and_then(|mut jobs| jobs.next());
                        let Some((n, case, kind, mounted)) = next else { break };
                        let needs = needs.get(images[n].0).unwrap_or(&none);
                        let outcome = run::run(&builder, mounted, case, kind, needs);
                        if let Ok(mut done) = done.lock() {
                            done.push((n, outcome));
                        }
                    }
                });
            }
        });
        for (n, outcome) in done.into_inner().unwrap_or_default() {
            rows[n].take(outcome);
        }
    }
    drop(mounted);
    report(&rows, &cases, &wrong_starts, built, started.elapsed())
}

/// The cases, or those that are named.
fn cases(folder: &Path, wanted: &[&str]) -> Result<BTreeMap<String, Case>, String> {
    let path = folder.join("cases.toml");
    let text = fs::read_to_string(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    let mut cases: BTreeMap<String, Case> =
        toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    for project in tree::projects(folder, true)? {
        let name = project.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !cases.contains_key(&name) {
            return Err(format!("{} says nothing of {name}", path.display()));
        }
    }
    if !wanted.is_empty() {
        cases.retain(|name, _| wanted.contains(&name.as_str()));
    }
    Ok(cases)
}

/// What the report on variants says that an image writes to.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    writable: Vec<String>,
    /// With files of the image in it.
    filled: Vec<String>,
}

/// What the report on variants says that each writes to, by its project.
fn needs(report: &[u8]) -> Result<BTreeMap<String, Needs>, String> {
    let report: Value = serde_json::from_slice(report).map_err(|e| format!("the report on variants: {e}"))?;
    let variants = report["variants"].as_array().into_iter().flatten();
    let paths = |variant: &Value, key: &str| {
        let paths = variant["needs"][key].as_array().into_iter().flatten();
        paths.filter_map(|path| path.as_str().map(str::to_owned)).collect()
    };
    Ok(variants
        .filter_map(|variant| {
            let (name, _) = variant["source"].as_str()?.split_once('/')?;
            let needs = Needs { writable: paths(variant, "writable"), filled: paths(variant, "filled") };
            Some((name.to_owned(), needs))
        })
        .collect())
}

/// A script that may be run stays one.
fn copy_permissions(from: &Path, to: &Path) -> Result<(), String> {
    for file in tree::files(from)? {
        let permissions = fs::metadata(from.join(&file)).map_err(|e| e.to_string())?.permissions();
        fs::set_permissions(to.join(&file), permissions).map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// What the model says of the image of each Dockerfile.
fn said<'a>(root: &Path, files: impl Iterator<Item = &'a Path>) -> Result<BTreeMap<PathBuf, Value>, String> {
    let arguments = ["--package", "seaworthy-engine", "--example", "image_config"];
    let model = program::development(root, &arguments, "examples/image_config")?;
    let answer = program::run(Command::new(model).args(files))?;
    let mut said = BTreeMap::new();
    for line in String::from_utf8_lossy(&answer.stdout).lines() {
        let value: Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
        said.insert(PathBuf::from(value["path"].as_str().unwrap_or_default()), value["config"].clone());
    }
    Ok(said)
}

/// Mounts an image, and notes where it is not what was promised.
fn hold(
    builder: &Builder,
    image: Image,
    said: Option<&Value>,
    case: &Case,
    row: &mut Row,
) -> Option<Mounted> {
    row.size = image.size;
    image.config["User"].as_str().unwrap_or_default().clone_into(&mut row.user);
    let differences =
        said.map_or_else(|| vec!["the model says nothing of it".to_owned()], |s| image.differences(s));
    row.config_holds = differences.is_empty();
    row.wrong.extend(differences);
    match builder.mount(image) {
        Ok(mounted) => {
            if row.kind == Kind::Variant {
                row.wrong.extend(mounted.faults(&case.code, &case.absent));
            }
            Some(mounted)
        }
        Err(error) => {
            row.wrong.push(error);
            None
        }
    }
}

impl Row {
    fn new(name: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            wrong: Vec::new(),
            outcome: None,
            user: String::new(),
            size: 0,
            config_holds: false,
        }
    }

    fn take(&mut self, outcome: Result<Outcome, String>) {
        match outcome {
            Ok(outcome) => {
                if self.kind == Kind::Variant {
                    if outcome.stop > STOP {
                        self.wrong.push(format!("stops after {:.1} s", outcome.stop.as_secs_f64()));
                    } else if outcome.code == Some(137) {
                        self.wrong.push("is killed".to_owned());
                    }
                }
                self.outcome = Some(outcome);
            }
            Err(error) => self.wrong.push(error),
        }
    }

    fn line(&self) -> String {
        let seconds = |time: Duration| format!("{:.1}", time.as_secs_f64());
        let ran = self.outcome.as_ref();
        let code = ran.and_then(|o| o.code).map_or_else(|| "–".to_owned(), |code| code.to_string());
        format!(
            "| {} | {} | {} | {} | {} | {} | {code} | {:.1} |",
            self.name,
            self.kind.word(),
            if self.user.is_empty() { "root" } else { &self.user },
            if self.config_holds { "yes" } else { "no" },
            ran.map_or_else(|| "–".to_owned(), |o| seconds(o.ready)),
            ran.map_or_else(|| "–".to_owned(), |o| seconds(o.stop)),
            f64::from(u32::try_from(self.size / 1024).unwrap_or(u32::MAX)) / 1024.0,
        )
    }
}

/// Prints what the Docker Engine showed; what is not so of a variant, and not expected, is wrong.
#[expect(clippy::print_stdout, reason = "a program for the terminal")]
fn prove(proved: &[(&str, Kind, verify::Proof)], cases: &BTreeMap<String, Case>) -> Result<(), String> {
    let mut wrong = Vec::new();
    for (name, kind, proof) in proved {
        println!("{name} {}: {}", kind.word(), proof.said);
        let known = cases.get(*name).map_or(&[][..], |case| &case.refused);
        for message in &proof.wrong {
            let expected = *kind == Kind::Original || known.iter().any(|known| message.contains(known));
            println!("{name} {} is not so: {message}", kind.word());
            if !expected {
                wrong.push(format!("{name} {}: {message}", kind.word()));
            }
        }
    }
    let all = |kind: Kind| proved.iter().filter(move |(_, of, _)| *of == kind);
    let so = |kind: Kind| all(kind).filter(|(.., proof)| proof.wrong.is_empty()).count();
    println!(
        "\n{} of {} variants and {} of {} originals are not root, stop in time, and are healthy with a read-only root and without capabilities",
        so(Kind::Variant),
        all(Kind::Variant).count(),
        so(Kind::Original),
        all(Kind::Original).count()
    );
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!("{} things are wrong:\n{}", wrong.len(), wrong.join("\n")))
    }
}

#[expect(clippy::print_stdout, reason = "a program for the terminal")]
fn report(
    rows: &[Row],
    cases: &BTreeMap<String, Case>,
    wrong_starts: &[String],
    built: Duration,
    all: Duration,
) -> Result<(), String> {
    println!(
        "| project | image | user | configuration as the model says | answers after, s | stops after, s | exit code | MiB |"
    );
    println!("|---|---|---|---|--:|--:|--:|--:|");
    for row in rows {
        println!("{}", row.line());
    }
    let mut wrong = wrong_starts.to_vec();
    for row in rows {
        let known = cases.get(&row.name).map_or(&[][..], |case| &case.refused);
        for message in &row.wrong {
            if row.kind == Kind::Variant && known.iter().any(|known| message.contains(known)) {
                let first = message.lines().next().unwrap_or_default();
                println!("known: {} {}: {first}", row.name, row.kind.word());
            } else {
                wrong.push(format!("{} {}: {message}", row.name, row.kind.word()));
            }
        }
    }
    for (name, case) in cases {
        for expected in &case.refused {
            let is = |row: &Row| row.kind == Kind::Variant && row.wrong.iter().any(|w| w.contains(expected));
            if !rows.iter().any(|row| row.name == *name && is(row)) {
                println!("mended: {name} variant: nothing says `{expected}` any longer");
            }
        }
    }
    let count =
        |kind: Kind, is: fn(&Row) -> bool| rows.iter().filter(|row| row.kind == kind && is(row)).count();
    println!(
        "\n{} variants: {} built, {} configured as the model says (of the originals {}), {} answered, {} with nothing wrong; \
         built in {:.0} s, all in {:.0} s",
        count(Kind::Variant, |_| true),
        count(Kind::Variant, |row| row.size > 0),
        count(Kind::Variant, |row| row.config_holds),
        count(Kind::Original, |row| row.config_holds),
        count(Kind::Variant, |row| row.outcome.is_some()),
        count(Kind::Variant, |row| row.wrong.is_empty()),
        built.as_secs_f64(),
        all.as_secs_f64()
    );
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!("{} things are wrong:\n{}", wrong.len(), wrong.join("\n")))
    }
}
