//! What the real engines say of files before and after a fix.

use std::collections::{BTreeMap, BTreeSet};
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

    /// The path of an engine.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// Where kubeconform finds schemas.
    pub(super) fn schemas(&self) -> Option<&str> {
        self.schemas.as_deref()
    }

    /// The files, of those named, that an engine accepted in one folder and refuses in another, with its words.
    pub(super) fn refused(
        &self,
        before: &Path,
        after: &Path,
        files: &[&Path],
    ) -> Result<Vec<String>, String> {
        let mut refused = Vec::new();
        let (mut dockerfiles, mut manifests) = (Vec::new(), Vec::new());
        for &file in files {
            let is_yaml = file.extension().is_some_and(|end| end == "yml" || end == "yaml" || end == "json");
            if !is_yaml {
                dockerfiles.push(file);
                continue;
            }
            let text = std::fs::read_to_string(before.join(file)).unwrap_or_default();
            let top = |key: &str| text.lines().any(|line| line.starts_with(key));
            if top("services:") {
                if let Some(complaint) = self.compose(after, file)?
                    && self.compose(before, file)?.is_none()
                {
                    refused.push(format!("{}: {complaint}", file.display()));
                }
            } else if top("apiVersion:") {
                manifests.push(file);
            }
        }
        if let Some(schemas) = &self.schemas {
            let mut complaints = self.kubeconform(after, &manifests, schemas)?;
            let before = self.kubeconform(before, &manifests, schemas)?;
            complaints.retain(|file, _| !before.contains_key(file));
            refused.extend(
                complaints.into_iter().map(|(file, complaint)| format!("{}: {complaint}", file.display())),
            );
        }
        let accepted = self.buildkit(before, &dockerfiles)?;
        let still = self.buildkit(after, &dockerfiles)?;
        refused.extend(
            accepted.difference(&still).map(|file| format!("{}: BuildKit refuses it", file.display())),
        );
        Ok(refused)
    }

    /// What Compose has to say against a file: together with its override where that is merged unasked.
    fn compose(&self, root: &Path, file: &Path) -> Result<Option<String>, String> {
        let path = root.join(file);
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.trim_end_matches(".yaml").trim_end_matches(".yml").trim_end_matches(".override");
        let mut compose = Command::new(self.bin.join("docker-compose"));
        compose.args(["--profile", "*"]);
        if !matches!(stem, "compose" | "docker-compose") {
            compose.arg("-f").arg(&path);
        }
        compose.args(["config", "--quiet"]).env_clear();
        compose.current_dir(path.parent().unwrap_or(root)).env("HOME", root).env("PATH", "/usr/bin:/bin");
        let run = program::run(&mut compose)?;
        Ok((run.code != Some(0)).then(|| run.stderr.lines().last().unwrap_or_default().to_owned()))
    }

    /// The manifests that kubeconform refuses, and why.
    fn kubeconform<'f>(
        &self,
        root: &Path,
        files: &[&'f Path],
        schemas: &str,
    ) -> Result<BTreeMap<&'f Path, String>, String> {
        let mut refused = BTreeMap::new();
        // As many as a command line holds.
        for files in files.chunks(500) {
            let mut kubeconform = Command::new(self.bin.join("kubeconform"));
            kubeconform.args(["-strict", "-ignore-missing-schemas", "-output", "json"]);
            kubeconform.args(["-schema-location", schemas]).args(files.iter().map(|file| root.join(file)));
            let run = program::run(&mut kubeconform)?;
            let answer: Value = serde_json::from_slice(&run.stdout)
                .map_err(|error| format!("kubeconform: {error}: {}", run.stderr.trim()))?;
            for resource in answer["resources"].as_array().into_iter().flatten() {
                let named = |file: &&&Path| {
                    resource["filename"].as_str().is_some_and(|name| Path::new(name) == root.join(file))
                };
                if let Some(file) = files.iter().find(named) {
                    refused.insert(*file, resource["msg"].as_str().unwrap_or_default().to_owned());
                }
            }
        }
        Ok(refused)
    }

    /// The Dockerfiles that `BuildKit` accepts.
    pub(super) fn buildkit<'f>(&self, root: &Path, files: &[&'f Path]) -> Result<BTreeSet<&'f Path>, String> {
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
