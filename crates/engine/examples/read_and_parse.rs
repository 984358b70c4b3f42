//! Reads and parses every file below a folder, and nothing else: what checking is measured against. The scripts of a
//! Dockerfile's `RUN`s are syntax too.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a tool for developers: it reads files and prints"
)]
use std::path::PathBuf;

use rayon::prelude::*;
use seaworthy_engine::syntax::dockerfile::{Arguments, Command, Dockerfile};
use seaworthy_engine::syntax::shell;
use seaworthy_engine::{Kind, Parse, Source, SourceId, parse};

fn main() {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = std::env::args().skip(1).map(Into::into).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    let parses: Vec<_> = files
        .into_par_iter()
        .enumerate()
        .filter_map(|(n, path)| {
            let name = path.to_str()?;
            let is_yaml = [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end));
            let kind = if is_yaml { Kind::Manifest } else { Kind::Dockerfile };
            Some(parse(SourceId(n as u32), Source::from_bytes(name, kind, std::fs::read(&path).ok()?)))
        })
        .collect();
    let commands: usize = parses.par_iter().filter_map(Parse::dockerfile).map(commands).sum();
    let errors: usize = parses.iter().map(|parse| parse.errors().len()).sum();
    println!("{} files, {commands} commands, {errors} errors", parses.len());
}

fn commands(dockerfile: &Dockerfile) -> usize {
    let scripts = dockerfile.instructions.iter().filter_map(|instruction| match &instruction.arguments {
        Arguments::Run(Command::Shell(script)) => Some(script),
        _ => None,
    });
    scripts.map(|script| shell::parse(script).commands.len()).sum()
}
