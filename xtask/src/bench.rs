//! Measures the program as a whole process, against reading and parsing alone and against others on this machine.
//!
//! What is compared runs in turns, and the best time of each counts: the rest is what else the machine had to do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::program::{self, Scratch};
use crate::tree;

struct Wish {
    dockerfiles: Option<PathBuf>,
    manifests: Option<PathBuf>,
    schemas: Option<String>,
    runs: usize,
}

/// Some files, in a folder of their own.
struct Set {
    name: &'static str,
    folder: PathBuf,
    files: usize,
    bytes: u64,
}

/// `cargo xtask bench [--dockerfiles DIR] [--manifests DIR] [--schemas LOCATION] [--runs N]`
pub(crate) fn run(root: &Path, words: &[&str]) -> Result<(), String> {
    let mut wish = Wish { dockerfiles: None, manifests: None, schemas: None, runs: 7 };
    for pair in words.chunks(2) {
        match *pair {
            ["--dockerfiles", folder] => wish.dockerfiles = Some(folder.into()),
            ["--manifests", folder] => wish.manifests = Some(folder.into()),
            ["--schemas", location] => wish.schemas = Some(location.to_owned()),
            ["--runs", n] => wish.runs = n.parse().map_err(|_| format!("not a number: {n}"))?,
            _ => return Err(format!("unknown option: {}", pair.join(" "))),
        }
    }
    let ours = program::release(root)?;
    let alone = program::release_example(root, "read_and_parse")?;
    let scratch = Scratch::new("bench")?;
    println!("Up to {} runs in turns, the best of each; on {}.\n", wish.runs, machine());
    println!("| what | files | MiB | seaworthy | against | it takes | ratio | must be |");
    println!("|---|--:|--:|--:|---|--:|--:|--:|");
    for (name, from, most) in [("Dockerfiles", &wish.dockerfiles, 1300), ("manifests", &wish.manifests, 5000)]
    {
        let Some(from) = from else { continue };
        let set = Set::of(name, from, most, 1, &scratch.path().join(name))?;
        let half = Set::of(name, from, most, 2, &scratch.path().join(format!("half {name}")))?;
        let check = |set: &Set| {
            let mut command = Command::new(&ours);
            command.args(["check", "--select", "all", "--format", "concise", "."]).current_dir(&set.folder);
            command
        };
        let mut parse = Command::new(&alone);
        parse.arg(".").current_dir(&set.folder);
        let times = turns(&mut [check(&set), parse, check(&half)], wish.runs)?;
        set.row(times[0], "reading and parsing alone", times[1], ratio(times[0], times[1]), "≤ 2");
        set.row(times[0], "half of the files", times[2], ratio(times[0], times[2]), "about 2");
        for (rival, command, least) in rivals(&set, &wish) {
            if let Some(peak) = program::peak(&command, scratch.path()) {
                println!(
                    "| {}, memory of {rival} | {} | {:.1} | | | {:.1} MiB | | |",
                    set.name,
                    set.files,
                    mebibytes(set.bytes),
                    mebibytes(peak)
                );
            }
            let times = turns(&mut [check(&set), command], wish.runs.min(3))?;
            set.row(times[0], rival, times[1], ratio(times[1], times[0]), least);
        }
        if let Some(peak) = program::peak(&check(&set), scratch.path()) {
            let (size, peak) = (mebibytes(set.bytes), mebibytes(peak));
            let most = size * 3.0 + 40.0;
            println!(
                "| {}, memory | {} | {size:.1} | {peak:.1} MiB | 3 × the bytes + 40 MiB | {most:.1} MiB | {:.2} | ≤ 1 |",
                set.name,
                set.files,
                peak / most
            );
        }
    }
    if wish.dockerfiles.is_some() {
        keystroke(root)?;
    }
    Ok(())
}

/// One Dockerfile of a thousand lines in process, as after each key in an editor.
fn keystroke(root: &Path) -> Result<(), String> {
    let run = program::run(&mut Command::new(program::release_example(root, "keystroke")?))?;
    println!("\n| a key in a Dockerfile of 1,000 lines | median | longest | must be |\n|---|--:|--:|--:|");
    for line in String::from_utf8_lossy(&run.stdout).lines() {
        let mut fields = line.split('\t');
        let (Some(what), Some(median), Some(longest)) = (fields.next(), fields.next(), fields.next()) else {
            return Err(format!("keystroke: {line}"));
        };
        println!("| {what} | {median} µs | {longest} µs | < 10,000 µs |");
    }
    Ok(())
}

impl Set {
    /// At most `most` files of a folder, spread evenly, and of these every `step`th.
    fn of(name: &'static str, from: &Path, most: usize, step: usize, to: &Path) -> Result<Self, String> {
        let all = tree::files(from)?;
        let mut set = Self { name, folder: to.to_owned(), files: 0, bytes: 0 };
        for n in (0..most.min(all.len())).step_by(step) {
            let file = &all[n * all.len() / most.min(all.len())];
            let target = to.join(file);
            let say = |error| format!("cannot copy {}: {error}", file.display());
            if let Some(folder) = target.parent() {
                fs::create_dir_all(folder).map_err(say)?;
            }
            set.bytes += fs::copy(from.join(file), target).map_err(say)?;
            set.files += 1;
        }
        if set.files == 0 { Err(format!("no files in {}", from.display())) } else { Ok(set) }
    }

    fn row(&self, ours: Duration, against: &str, theirs: Duration, ratio: f64, must: &str) {
        println!(
            "| {} | {} | {:.1} | {} | {against} | {} | {ratio:.2} | {must} |",
            self.name,
            self.files,
            mebibytes(self.bytes),
            milliseconds(ours),
            milliseconds(theirs)
        );
    }
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

fn mebibytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) / 1024.0
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// The programs that others use for such files, where they are on the path, and how many times faster we must be.
fn rivals(set: &Set, wish: &Wish) -> Vec<(&'static str, Command, &'static str)> {
    let on_path = |name: &'static str| Some(Command::new(program::on_path(name)?));
    let mut rivals = Vec::new();
    if set.name == "Dockerfiles" {
        let files = tree::files(&set.folder).unwrap_or_default();
        let hadolint = on_path("hadolint").map(|command| ("hadolint", command, vec![], "≥ 100"));
        let tally = on_path("tally").map(|command| ("tally", command, vec!["lint"], "≥ 100"));
        for (name, mut command, words, least) in hadolint.into_iter().chain(tally) {
            command.args(words).args(&files).current_dir(&set.folder);
            rivals.push((name, command, least));
        }
    } else if let (Some(mut kubeconform), Some(schemas)) = (on_path("kubeconform"), &wish.schemas) {
        let words = ["-strict", "-summary", "-ignore-missing-schemas", "-schema-location", schemas, "."];
        kubeconform.args(words).current_dir(&set.folder);
        rivals.push(("kubeconform -strict", kubeconform, "≥ 10"));
    }
    rivals
}

/// The best time of each command, all of them in turns; one turn is enough where it takes long.
fn turns(commands: &mut [Command], runs: usize) -> Result<Vec<Duration>, String> {
    let mut best = vec![Duration::MAX; commands.len()];
    for _ in 0..runs.max(1) {
        let started = Instant::now();
        for (command, best) in commands.iter_mut().zip(&mut best) {
            let run = program::run(command)?;
            if run.crashed() {
                return Err(format!("{command:?} ended with {:?}: {}", run.code, run.stderr.trim()));
            }
            *best = run.time.min(*best);
        }
        if started.elapsed() > Duration::from_secs(10) {
            break;
        }
    }
    Ok(best)
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let model = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    format!("{cores} cores, {}", model.as_deref().unwrap_or(std::env::consts::ARCH))
}
