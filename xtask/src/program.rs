//! The built program, and others, run as whole processes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// What came of a run.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    pub(crate) time: Duration,
}

impl Run {
    /// Whether the program ended by a bug of its own: a panic, an abort, a signal.
    pub(crate) fn crashed(&self) -> bool {
        !matches!(self.code, Some(0..=2)) || self.stderr.contains("panicked at")
    }
}

/// The release build of the program, made anew where it is stale.
pub(crate) fn release(root: &Path) -> Result<PathBuf, String> {
    build(root, &["--package", "seaworthy"], &["--release"])?;
    Ok(target(root)?.join("release").join(format!("seaworthy{}", std::env::consts::EXE_SUFFIX)))
}

/// The release build of an example of the engine.
pub(crate) fn release_example(root: &Path, name: &str) -> Result<PathBuf, String> {
    build(root, &["--package", "seaworthy-engine", "--example", name], &["--release"])?;
    Ok(target(root)?.join("release/examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

/// The development build of a program or an example, which tests make too.
pub(crate) fn development(root: &Path, what: &[&str], path: &str) -> Result<PathBuf, String> {
    build(root, what, &[])?;
    Ok(target(root)?.join("debug").join(format!("{path}{}", std::env::consts::EXE_SUFFIX)))
}

fn build(root: &Path, what: &[&str], how: &[&str]) -> Result<(), String> {
    let mut cargo = Command::new(cargo());
    cargo.args(["build", "--quiet"]).args(how).args(what).current_dir(root);
    match cargo.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!("cannot build {}", what.join(" "))),
        Err(error) => Err(format!("cannot run cargo: {error}")),
    }
}

fn target(root: &Path) -> Result<PathBuf, String> {
    let mut metadata = Command::new(cargo());
    metadata.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root);
    let answer: Value = serde_json::from_slice(&run(&mut metadata)?.stdout).map_err(|e| e.to_string())?;
    answer["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .ok_or_else(|| "cargo names no target directory".into())
}

fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Result<Run, String> {
    let started = Instant::now();
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    Ok(Run {
        time: started.elapsed(),
        code: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// The most memory a command holds at once, in bytes; `None` where this machine does not tell.
pub(crate) fn peak(command: &Command, scratch: &Path) -> Option<u64> {
    let note = scratch.join("peak");
    let mut time = Command::new("/usr/bin/time");
    time.args(["-f", "%M", "-o"]).arg(&note).arg(command.get_program()).args(command.get_args());
    if let Some(directory) = command.get_current_dir() {
        time.current_dir(directory);
    }
    run(&mut time).ok()?;
    let kibibytes: u64 = fs::read_to_string(note).ok()?.lines().last()?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Where a program stands on the path.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|d| d.join(name)).find(|p| p.is_file())
}

/// A folder that is removed in the end.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("seaworthy-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(|error| format!("cannot create {}: {error}", path.display()))?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean.
        let _ = fs::remove_dir_all(&self.0);
    }
}
