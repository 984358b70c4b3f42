//! What the real engines say of files before and after a fix.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::program;

/// The engines, as `tests/engines/build.sh` leaves them.
pub(super) struct Engines {
    bin: PathBuf,
    /// `kubeconform`'s `-schema-location`.
    schemas: Option<String>,
}

impl Engines {
    pub(super) fn new(schemas: Option<String>) -> Result<Self, String> {
        let root = std::env::var_os("ENGINES")
            .map(PathBuf::from)
            .or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cache/seaworthy-engines")));
        let bin = root.map(|root| root.join("bin")).filter(|bin| bin.join("docker-compose").is_file());
        Ok(Self { bin: bin.ok_or("no engines: run tests/engines/build.sh")?, schemas })
    }

    /// The files, of those named, that an engine accepted in one folder and refuses in another, with its words.
    pub(super) fn refused(
        &self,
        before: &Path,
        after: &Path,
        files: &[&Path],
    ) -> Result<Vec<String>, String> {
        let mut refused = Vec::new();
        let mut dockerfiles = Vec::new();
        for &file in files {
            let is_yaml = file.extension().is_some_and(|end| end == "yml" || end == "yaml" || end == "json");
            if !is_yaml {
                dockerfiles.push(file);
                continue;
            }
            let text = std::fs::read_to_string(before.join(file)).unwrap_or_default();
            let top = |key: &str| text.lines().any(|line| line.starts_with(key));
            let complaint = if top("services:") {
                Self::only_after(before, after, |root| self.compose(root, file))?
            } else if top("apiVersion:") {
                Self::only_after(before, after, |root| self.kubeconform(root, file))?
            } else {
                None
            };
            refused.extend(complaint.map(|complaint| format!("{}: {complaint}", file.display())));
        }
        let accepted = self.buildkit(before, &dockerfiles)?;
        let still = self.buildkit(after, &dockerfiles)?;
        refused.extend(
            accepted.difference(&still).map(|file| format!("{}: BuildKit refuses it", file.display())),
        );
        Ok(refused)
    }

    fn only_after(
        before: &Path,
        after: &Path,
        complaint: impl Fn(&Path) -> Result<Option<String>, String>,
    ) -> Result<Option<String>, String> {
        match complaint(after)? {
            Some(after) if complaint(before)?.is_none() => Ok(Some(after)),
            _ => Ok(None),
        }
    }

    fn compose(&self, root: &Path, file: &Path) -> Result<Option<String>, String> {
        let path = root.join(file);
        let mut compose = Command::new(self.bin.join("docker-compose"));
        compose.args(["--profile", "*", "-f"]).arg(&path).args(["config", "--quiet"]).env_clear();
        compose.current_dir(path.parent().unwrap_or(root)).env("HOME", root).env("PATH", "/usr/bin:/bin");
        let run = program::run(&mut compose)?;
        Ok((run.code != Some(0)).then(|| run.stderr.lines().last().unwrap_or_default().to_owned()))
    }

    fn kubeconform(&self, root: &Path, file: &Path) -> Result<Option<String>, String> {
        let Some(schemas) = &self.schemas else { return Ok(None) };
        let mut kubeconform = Command::new(self.bin.join("kubeconform"));
        kubeconform
            .args(["-strict", "-ignore-missing-schemas", "-schema-location", schemas])
            .arg(root.join(file));
        let run = program::run(&mut kubeconform)?;
        Ok((run.code != Some(0)).then(|| String::from_utf8_lossy(&run.stdout).trim().to_owned()))
    }

    /// The Dockerfiles that `BuildKit` accepts.
    fn buildkit<'f>(&self, root: &Path, files: &[&'f Path]) -> Result<BTreeSet<&'f Path>, String> {
        if files.is_empty() {
            return Ok(BTreeSet::new());
        }
        let say = |error: std::io::Error| format!("cannot run dockerfile-oracle: {error}");
        let mut child = Command::new(self.bin.join("dockerfile-oracle"))
            .arg("parse")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(say)?;
        let names: Vec<String> = files.iter().map(|file| root.join(file).display().to_string()).collect();
        let names = names.join(
            "
",
        );
        // Written aside: the oracle answers while it reads, and either pipe may be full.
        let mut stdin = child.stdin.take().ok_or("dockerfile-oracle has no standard input")?;
        let writer = std::thread::spawn(move || stdin.write_all(names.as_bytes()));
        let output = child.wait_with_output().map_err(say)?;
        writer.join().map_err(|_| "cannot write to dockerfile-oracle")?.map_err(say)?;
        let answers = String::from_utf8_lossy(&output.stdout);
        let accepted: BTreeSet<String> = answers
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|answer| answer["level"] == "")
            .filter_map(|answer| answer["path"].as_str().map(str::to_owned))
            .collect();
        Ok(files
            .iter()
            .copied()
            .filter(|file| accepted.contains(&*root.join(file).to_string_lossy()))
            .collect())
    }
}
