//! Runs the program over real files: what it finds, and whether its fixes keep what they should.

mod comments;
mod converts;
mod engines;
mod fidelity;
mod marks;
mod survey;
mod variants;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::program::{self, Run};
use engines::Engines;

/// What was asked for.
struct Wish {
    program: PathBuf,
    folders: Vec<PathBuf>,
    /// Each folder in a folder is a project of its own.
    each: bool,
    /// Fixes that are unsafe too.
    unsafe_fixes: bool,
    /// What else is passed to the program.
    arguments: Vec<String>,
    /// Copies are converted, their secrets as marks.
    marks: bool,
    /// Who else is asked about fixed files.
    engines: Option<Engines>,
}

/// `cargo xtask corpus [--fix] [--variants] [--convert [--marks]] [--unsafe-fixes] [--engines] [--schemas LOCATION] [--each] [--program FILE] DIR… [-- ARGUMENT…]`
pub(crate) fn run(root: &Path, words: &[&str]) -> Result<(), String> {
    let mut wish = Wish {
        program: PathBuf::new(),
        folders: Vec::new(),
        each: false,
        unsafe_fixes: false,
        marks: false,
        arguments: Vec::new(),
        engines: None,
    };
    let (mut fix, mut variants, mut convert, mut engines, mut schemas) = (false, false, false, false, None);
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        match word {
            "--fix" => fix = true,
            "--variants" => variants = true,
            "--convert" => convert = true,
            "--marks" => wish.marks = true,
            "--engines" => engines = true,
            "--schemas" => schemas = Some((*words.next().ok_or("--schemas needs a location")?).to_owned()),
            "--unsafe-fixes" => wish.unsafe_fixes = true,
            "--each" => wish.each = true,
            "--program" => wish.program = words.next().ok_or("--program needs a file")?.into(),
            "--" => wish.arguments = words.by_ref().map(ToString::to_string).collect(),
            _ if word.starts_with('-') => return Err(format!("unknown option: {word}")),
            folder => wish.folders.push(folder.into()),
        }
    }
    if wish.folders.is_empty() {
        return Err("corpus needs a folder".into());
    }
    if wish.program.as_os_str().is_empty() {
        wish.program = program::release(root)?;
    }
    if engines {
        wish.engines = Some(Engines::new(schemas)?);
    }
    if convert {
        return converts::run(&wish);
    }
    if variants {
        return variants::run(&wish);
    }
    if fix { fidelity::run(&wish) } else { survey::run(&wish) }
}

impl Wish {
    fn check(&self, project: &Path) -> Result<(Run, Value), String> {
        let mut command = Command::new(&self.program);
        command.args(["check", "--format", "json"]).args(&self.arguments).arg(".").current_dir(project);
        let run = program::run(&mut command)?;
        let report = serde_json::from_slice(&run.stdout).unwrap_or(Value::Null);
        Ok((run, report))
    }

    fn fix(&self, project: &Path) -> Result<Run, String> {
        let mut command = Command::new(&self.program);
        command
            .arg("fix")
            .args(self.unsafe_fixes.then_some("--unsafe-fixes"))
            .args(&self.arguments)
            .arg(".")
            .current_dir(project);
        program::run(&mut command)
    }
}

fn findings(report: &Value) -> &[Value] {
    report["findings"].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// `path:line:column message`, as editors jump to it.
fn place(finding: &Value) -> String {
    let start = &finding["start"];
    format!("{}:{}:{}: {}", text(finding, "path"), start["line"], start["column"], text(finding, "message"))
}
