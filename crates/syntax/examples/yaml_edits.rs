//! Tries every kind of edit at many places of every YAML file below directories and prints what is right, refused or wrong:
//! `cargo run --release --example yaml_edits DIR… [--places N] [--show N]`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a tool for developers: it reads files and prints"
)]

#[path = "../tests/support/fidelity.rs"]
mod fidelity;

use std::path::{Path, PathBuf};

fn main() {
    let mut places = 40;
    let mut show = 20;
    let mut files = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--places" => places = arguments.next().unwrap().parse().unwrap(),
            "--show" => show = arguments.next().unwrap().parse().unwrap(),
            path => walk(Path::new(path), &mut files),
        }
    }
    files.sort();
    let mut outcome = fidelity::Outcome::default();
    for file in &files {
        if let Ok(text) = std::fs::read_to_string(file) {
            fidelity::check(&file.to_string_lossy(), &text, places, &mut outcome);
        }
    }
    for wrong in outcome.wrong.iter().take(show) {
        println!("{wrong}");
    }
    let right: usize = outcome.right.values().sum();
    let refused: usize = outcome.refused.values().sum();
    println!("right {:?}", outcome.right);
    println!("refused {:?}", outcome.refused);
    println!("{} files: {right} right, {refused} refused, {} WRONG", files.len(), outcome.wrong.len());
}

fn walk(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() && !path.is_symlink() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            walk(&entry.path(), files);
        }
    } else if path.is_file() && path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json") {
        files.push(path.to_owned());
    }
}
